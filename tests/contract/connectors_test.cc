// The connectors that keep the contract. The shipped ones, and three made from them: one that signs in with OAuth
// 2, one whose partner takes a key and cannot be asked, one whose partner takes neither.
#include <algorithm>

#include "tests/contract/connector_contract.h"
#include "tests/contract/org.h"

namespace handoff::contract {
namespace {

constexpr const char* base_url = "https://partner.example.org";

std::shared_ptr<const connector::Connectors> shipped() {
  static const auto all = std::make_shared<const connector::Connectors>();
  return all;
}

ContractCase of_shipped(const char* id) {
  const auto all = shipped();
  ContractCase made;
  made.connector = std::shared_ptr<const exchange::Connector>(all, all->find(id));
  made.settings = Json::object({{"baseUrl", base_url}});
  made.secrets.emplace("token", Secret("invented-token"));
  made.readme = "src/connector/rest/README.md";
  return made;
}

std::string shipped_text(std::string_view file_name) {
  for (const auto& profile : connector::shipped_profiles()) {
    if (profile.file_name == file_name) return profile.text;
  }
  return {};
}

// Replaces what lies between two words of a profile, the first included.
void replace(std::string& text, std::string_view from, std::string_view until, std::string_view with) {
  const auto begin = text.find(from);
  ASSERT_NE(begin, std::string::npos) << from;
  const auto end = text.find(until, begin + from.size());
  ASSERT_NE(end, std::string::npos) << until;
  text.replace(begin, end - begin, with);
}

ContractCase of_text(std::string text) {
  replace(text, "id = \"", "name", "id = \"made_up\"\n");
  auto all = std::make_shared<connector::Connectors>();
  const auto added = all->add_profile(text, "made_up.toml");
  EXPECT_TRUE(added.has_value()) << (added ? "" : added.error().for_caller);
  ContractCase made;
  made.connector = std::shared_ptr<const exchange::Connector>(all, all->find("made_up"));
  made.settings = Json::object({{"baseUrl", base_url}});
  made.secrets.emplace("token", Secret("invented-token"));
  return made;
}

ContractCase crms() { return of_shipped("crms"); }
ContractCase cms() { return of_shipped("cms"); }

ContractCase oauth() {
  std::string text = shipped_text("cms.toml");
  replace(
      text, "[auth]", "[steps.find]",
      "[settings.clientId]\nlabel = \"Client id\"\nrequired = true\n\n[auth]\nkind = \"oauth2_client_credentials\"\n"
      "tokenUrl = \"/oauth/token\"\nclientId = \"{settings.clientId}\"\nclientSecret = \"{settings.token}\"\n\n");
  ContractCase made = of_text(std::move(text));
  made.settings.set("clientId", "handoff");
  made.secrets["token"] = Secret("invented-secret");
  made.partner.authorization = "Basic " + base64("handoff:invented-secret");
  made.partner.wants_oauth = true;
  return made;
}

ContractCase keyed() {
  std::string text = shipped_text("crms.toml");
  replace(text, "[steps.find]", "[steps.create]", "");
  replace(text, "[steps.create.answer]",
          "id = ", "repeatable = true\nheaders = { \"Idempotency-Key\" = \"{delivery.id}\" }\n[steps.create.answer]\n");
  replace(text, "filePart", "\n",
          "repeatable = true\nheaders = { \"Idempotency-Key\" = \"{delivery.id}-{file.sha256}\" }\n");
  ContractCase made = of_text(std::move(text));
  made.partner.takes_key = true;
  return made;
}

ContractCase mute() {
  std::string text = shipped_text("crms.toml");
  replace(text, "[steps.find]", "[steps.create]", "");
  return of_text(std::move(text));
}

ContractCase salesforce() {
  ContractCase made = of_shipped("salesforce");
  made.settings = Json::object({{"baseUrl", base_url},
                                {"clientId", "handoff"},
                                {"performers", Json::array({Json::object({{"npi", "1234567893"}})})}});
  made.secrets = {{"clientSecret", Secret("invented-secret")}};
  made.readme = "src/connector/salesforce/README.md";
  made.make_partner = &make_org;
  made.remote_id = "0lv000000000001AAA";
  made.first_name = "FirstName";
  made.middle_name = "MiddleName";
  made.asks_first = true;
  made.summary_on_update = true;
  made.retraction_field = "Status";
  made.retraction_word = "Entered-in-Error";
  return made;
}

// The page about the format ends with a profile; whoever copies it starts from one that works.
TEST(ProfileFormat, the_example_of_its_page_has_no_faults) {
  std::ifstream in(std::string(HANDOFF_SOURCE_DIR) + "/docs/formats/profile.md");
  std::stringstream page;
  page << in.rdbuf();
  const std::string text = page.str();
  const auto begin = text.find("```toml\n");
  ASSERT_NE(begin, std::string::npos);
  const Json report = connector::validate_profile(text.substr(begin + 8, text.find("```", begin + 8) - begin - 8));
  EXPECT_EQ(report["valid"], Json(true)) << report.dump_pretty();
}

HANDOFF_CONNECTOR_CONTRACT(crms, crms);
HANDOFF_CONNECTOR_CONTRACT(cms, cms);
HANDOFF_CONNECTOR_CONTRACT(oauth, oauth);
HANDOFF_CONNECTOR_CONTRACT(keyed, keyed);
HANDOFF_CONNECTOR_CONTRACT(mute, mute);
HANDOFF_CONNECTOR_CONTRACT(salesforce, salesforce);

}  // namespace
}  // namespace handoff::contract
