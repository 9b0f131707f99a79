#include "connector/rest/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connector/list.h"

namespace handoff::connector {
namespace {

using testing::HasSubstr;

// The least a profile must say.
const char* const least = R"(format = 1
id = "small"
name = "Small"
version = "1"
description = "A small destination."
baseUrl = "{settings.baseUrl}"

[settings.baseUrl]
label = "Address"
type = "url"
required = true

[settings.key]
label = "Key"
secret = true

[steps.create]
path = "/cases"

[[fields]]
target = "name"
source = "registrant.lastName"

[note]
target = "note"
)";

std::string changed(std::string_view from, std::string_view to) {
  std::string text = least;
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

// The first fault as "line key code"; "" where there is none.
std::string fault(const std::string& text) {
  const ParsedProfile parsed = parse_profile(text);
  EXPECT_EQ(parsed.profile.has_value(), parsed.faults.empty());
  if (parsed.faults.empty()) return {};
  const ProfileFault& first = parsed.faults.front();
  return std::to_string(first.line) + " " + first.key + " " + first.code;
}

TEST(Profile, the_least_is_enough_and_claims_nothing) {
  const ParsedProfile parsed = parse_profile(least);
  ASSERT_TRUE(parsed.profile) << (parsed.faults.empty() ? "" : parsed.faults[0].message);
  const exchange::Manifest& manifest = parsed.profile->manifest;
  EXPECT_FALSE(manifest.updates || manifest.can_be_asked || manifest.attachments || manifest.reports_acceptance);
  EXPECT_FALSE(manifest.idempotency_key || manifest.appointments || manifest.summary_pdf_required);
  EXPECT_EQ(manifest.minimum_plan, directory::Plan::basic);
  EXPECT_EQ(manifest.default_mode, exchange::Mode::once);
  EXPECT_EQ(manifest.settles_within, seconds(60));
  EXPECT_EQ(parsed.profile->hash.size(), 64u);
}

TEST(Profile, each_fault_names_line_key_and_what_was_meant) {
  EXPECT_EQ(fault(changed("format = 1", "format = 2")), "1 format profile.format");
  EXPECT_EQ(fault(changed("id = \"small\"", "id = \"Small One\"")), "2 id profile.bad_id");
  EXPECT_EQ(fault(changed("description = \"A small destination.\"", "descripton = \"x\"")), "1  profile.missing_key");
  EXPECT_EQ(fault(changed("[note]", "[noet]")), "1  profile.missing_key");
  EXPECT_EQ(fault(changed("path = \"/cases\"", "path = \"cases\"")), "18 steps.create.path profile.bad_path");
  EXPECT_EQ(fault(changed("path = \"/cases\"", "path = \"/cases?x=1\"")), "18 steps.create.path profile.bad_path");
  EXPECT_EQ(fault(changed("path = \"/cases\"", "path = \"/cases\"\nmethod = \"GET\"")),
            "19 steps.create.method profile.unknown_word");
  EXPECT_EQ(fault(changed("source = \"registrant.lastName\"", "source = \"registrant.lastname\"")),
            "22 fields.0.source profile.unknown_path");
  EXPECT_EQ(fault(changed("type = \"url\"", "type = \"address\"")), "6 baseUrl profile.bad_address");
  EXPECT_EQ(fault(std::string(least) + "maxLength = 5\n"), "26 note.maxLength profile.out_of_range");
  EXPECT_EQ(fault(std::string(least) + "x = \n"), "26  toml.malformed");
  const ParsedProfile parsed = parse_profile(changed("[steps.create]", "[steps.craete]"));
  ASSERT_FALSE(parsed.faults.empty());
  EXPECT_THAT(parsed.faults.front().message, HasSubstr("Did you mean \"create\"?"));
  EXPECT_EQ(parsed.faults.front().line, 17);
}

TEST(Profile, all_faults_at_once) {
  std::string text = least;
  text +=
      "[[fields]]\ntarget = \"name\"\nsource = \"nobody\"\n[limits]\nfileBytes = \"much\"\n[steps.find]\npath = "
      "\"/x\"\n";
  const ParsedProfile parsed = parse_profile(text);
  std::vector<std::string> codes;
  for (const ProfileFault& found : parsed.faults) codes.push_back(found.code);
  EXPECT_THAT(codes, testing::ElementsAre("profile.duplicate", "profile.unknown_path", "profile.bad_size",
                                          "profile.missing_key"));
}

TEST(Profile, secrets_and_people_stay_out_of_addresses_and_headers) {
  EXPECT_EQ(fault(changed("path = \"/cases\"", "path = \"/cases/{settings.key}\"")),
            "18 steps.create.path profile.secret_in_address");
  EXPECT_EQ(fault(changed("path = \"/cases\"", "path = \"/cases/{registrant.lastName}\"")),
            "18 steps.create.path profile.person_in_address");
  EXPECT_EQ(fault(changed("path = \"/cases\"", "path = \"/cases\"\nquery = { q = \"{settings.key}\" }")),
            "19 steps.create.query profile.secret_in_address");
  EXPECT_EQ(fault(changed("path = \"/cases\"", "path = \"/cases\"\nheaders = { X-Name = \"{registrant.lastName}\" }")),
            "19 steps.create.headers profile.person_in_address");
  EXPECT_EQ(fault(changed("path = \"/cases\"", "path = \"/cases\"\nheaders = { X-Key = \"{settings.key}\" }")), "");
  EXPECT_EQ(fault(changed("path = \"/cases\"", "path = \"/cases\"\nheaders = { Host = \"x\" }")),
            "19 steps.create.headers profile.bad_header");
  EXPECT_EQ(fault(changed("secret = true", "secret = true\ndefault = \"x\"")),
            "16 settings.key.default profile.secret_in_file");
}

TEST(Profile, the_host_comes_from_the_settings_alone) {
  for (const char* address :
       {"https://evil.example", "https://{settings.baseUrl}", "{settings.key}", "{settings.baseUrl}@x", "{mark}"}) {
    EXPECT_EQ(fault(changed("baseUrl = \"{settings.baseUrl}\"", std::string("baseUrl = \"") + address + "\"")),
              "6 baseUrl profile.bad_address")
        << address;
  }
  EXPECT_EQ(fault(changed("baseUrl = \"{settings.baseUrl}\"", "baseUrl = \"{settings.baseUrl}/v2\"")), "");
  EXPECT_EQ(
      fault(std::string(least) + "[auth]\nkind = \"oauth2_client_credentials\"\ntokenUrl = \"https://evil.example/t\"\n"
                                 "clientId = \"a\"\nclientSecret = \"{settings.key}\"\n"),
      "28 auth.tokenUrl profile.bad_address");
}

TEST(Profile, it_cannot_claim_what_its_steps_do_not_do) {
  EXPECT_EQ(fault(changed("version = \"1\"", "version = \"1\"\nupdates = true")), "5 updates profile.unknown_key");
  EXPECT_EQ(fault(changed("version = \"1\"", "version = \"1\"\nsummaryPdf = \"required\"")),
            "5 summaryPdf profile.inconsistent");
  EXPECT_EQ(fault(std::string(least) + "[steps.attach]\npath = \"/cases/{remoteId}/files\"\nbody = \"multipart\"\n"),
            "17 steps.create profile.inconsistent");
}

TEST(Profile, shipped_ones_have_no_faults) {
  ASSERT_EQ(shipped_profiles().size(), 2u);
  for (const ShippedProfile& shipped : shipped_profiles()) {
    const Json report = validate_profile(shipped.text);
    EXPECT_EQ(report["valid"], Json(true)) << report.dump_pretty();
    EXPECT_TRUE(report["manifest"].is_object());
  }
}

}  // namespace
}  // namespace handoff::connector
