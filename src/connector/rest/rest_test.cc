// What is special about profiles; what every connector promises is asked by tests/contract.
#include "connector/rest/rest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connector/list.h"
#include "connector/rest/request.h"
#include "tests/contract/runner.h"
#include "tests/contract/samples.h"

namespace handoff::connector {
namespace {

using contract::full_sample;
using contract::Partner;
using contract::reply_of;
using contract::Runner;
using exchange::DeliveryKind;
using exchange::DeliveryView;
using exchange::HttpRequest;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Rest : public testing::Test {
 protected:
  const exchange::Connector& crms() { return *all_.find("crms"); }
  const exchange::Connector& cms() { return *all_.find("cms"); }

  // A profile made for one test; its text follows a common head.
  const exchange::Connector& made(const std::string& text) {
    std::string profile = R"(format = 1
id = "made"
name = "Made"
version = "1"
description = "Made for a test."
baseUrl = "{settings.baseUrl}"
)" + text + R"(
[settings.baseUrl]
label = "Address"
type = "url"
[settings.token]
label = "Token"
secret = true
[note]
target = "note"
)";
    if (profile.find("[[fields]]") == std::string::npos)
      profile += "[[fields]]\ntarget = \"name\"\nsource = \"registrant.lastName\"\n";
    const auto added = all_.add_profile(profile, "made.toml");
    EXPECT_TRUE(added.has_value()) << (added ? "" : added.error().for_caller);
    return *all_.find("made");
  }

  DeliveryView view() {
    DeliveryView view;
    view.delivery_id = "dlv_1";
    view.remote_mark = "ref_1";
    view.snapshot = &snapshot_;
    view.settings = &settings_;
    view.secrets = &secrets_;
    return view;
  }
  HttpRequest first(const exchange::Connector& connector, const DeliveryView& delivery,
                    exchange::Progress progress = {}) {
    auto step = connector.next(delivery, progress);
    EXPECT_TRUE(step.has_value()) << (step ? "" : step.error().for_caller);
    return step ? std::get<HttpRequest>(*step) : HttpRequest{};
  }
  Json body(const HttpRequest& request) { return Json::parse(contract::bytes_of(request, {})).value(); }

  Connectors all_;
  referral::Snapshot snapshot_ = full_sample();
  Json settings_ = Json::object({{"baseUrl", "https://crms.example.org/"}});
  std::map<std::string, Secret> secrets_{{"token", Secret("invented-token")}};
};

TEST_F(Rest, crms_gets_exactly_the_fields_of_its_document) {
  const HttpRequest request = first(crms(), view());
  EXPECT_EQ(request.method + " " + request.url, "POST https://crms.example.org/api/referrals");
  EXPECT_EQ(contract::header_of(request, "Authorization"), "Bearer invented-token");
  EXPECT_EQ(contract::header_of(request, "Content-Type"), "application/json");
  Json fields = body(request);
  const std::string note = fields["referralNote"].text_or();
  fields.erase("referralNote");
  EXPECT_EQ(fields,
            Json::parse(R"({"externalId": "ref_1", "firstName": "Amélie", "middleName": "Noor", "lastName": "Okafor",
    "dateOfBirth": "2004-02-29", "gender": "female", "address": "12 King St", "city": "Hamilton", "province": "ON",
    "country": "CA", "postalCode": "L8P 1A1", "preferredLanguage": "fr", "phoneMain": "+1 905 555 0142",
    "phoneAlt": "+1 905 555 0143", "email": "amelie@example.org", "requesterFirstName": "Sam", "requesterLastName": "Reid",
    "requesterOrganization": "Mill Clinic", "requesterPhone": "+1 905 555 0100",
    "appointmentStart": "2026-12-03T09:30:00-05:00", "appointmentDuration": 45, "appointmentLocation": "Main St office",
    "appointmentProviderFullName": "Dr. Lea Roy"})")
                .value())
      << fields.dump_pretty();
  EXPECT_THAT(note, HasSubstr("Living situation: shelter"));
  EXPECT_THAT(note, HasSubstr("sam@example.org")) << "the requester's email has no field over there";
}

TEST_F(Rest, a_file_goes_by_reference_with_a_clean_name) {
  snapshot_.referral.attachments[0].file_name = Text("../a\"b\r\nc.pdf");
  exchange::Progress progress;
  progress.data = Json::parse(R"({"remoteId": "r 1/2", "done": ["create"], "sent": ["summary"]})").value();
  const HttpRequest request = first(crms(), view(), progress);
  EXPECT_EQ(request.step, "attach:att_1");
  EXPECT_EQ(request.url, "https://crms.example.org/api/referrals/r%201%2F2/attachments");
  ASSERT_EQ(request.body.size(), 3u);
  EXPECT_THAT(request.body[0].text, HasSubstr("filename=\"_a_bc.pdf\"\r\nContent-Type: application/pdf\r\n\r\n"));
  EXPECT_EQ(request.body[1].attachment, snapshot_.referral.attachments[0].sha256);
  EXPECT_EQ(request.body[1].attachment_size, snapshot_.referral.attachments[0].size);
  EXPECT_THAT(contract::header_of(request, "Content-Type"),
              testing::StartsWith("multipart/form-data; boundary=handoff-"));
}

TEST_F(Rest, after_an_unknown_outcome_the_destination_is_asked_first) {
  DeliveryView doubtful = view();
  doubtful.doubtful = true;
  const HttpRequest request = first(crms(), doubtful);
  EXPECT_EQ(request.step, "find");
  EXPECT_EQ(request.url, "https://crms.example.org/api/referrals?externalId=ref_1");
  EXPECT_FALSE(request.changes_destination);
  exchange::Progress progress;
  const std::string summary = R"({"fileName": "Referral Summary.pdf", "size": 9, "sha256": "00"})";
  const auto verdict = crms().judge(
      doubtful, request, reply_of(200, R"({"items": [{"id": "r7", "attachments": [)" + summary + "]}]}"), progress);
  EXPECT_STREQ(exchange::verdict_word(verdict), "done");
  EXPECT_EQ(first(crms(), view(), progress).step, "attach:att_1") << "the record and its summary are there";
}

TEST_F(Rest, a_server_error_may_hide_a_saved_record_and_a_busy_one_does_not) {
  const HttpRequest create = first(crms(), view());
  for (const auto& [status, next] :
       std::map<int, std::string>{{500, "find"}, {502, "find"}, {504, "find"}, {503, "create"}, {429, "create"}}) {
    exchange::Progress progress;
    (void)crms().judge(view(), create, reply_of(status, "{}"), progress);
    EXPECT_EQ(first(crms(), view(), progress).step, next) << status;
  }
}

TEST_F(Rest, a_note_that_is_too_large_is_sent_short_once) {
  contract::set_content(snapshot_, (R"({"notes": ")" + std::string(50'000, 'n') + "\"}").c_str());
  exchange::Progress progress;
  const HttpRequest create = first(crms(), view());
  EXPECT_STREQ(exchange::verdict_word(crms().judge(view(), create, reply_of(413, ""), progress)), "too_large");
  const HttpRequest shorter = first(crms(), view(), progress);
  EXPECT_EQ(shorter.step, "create");
  EXPECT_LE(body(shorter)["referralNote"].string().size(), 2100u);
  EXPECT_THAT(body(shorter)["referralNote"].string(), HasSubstr("The rest stands in the Referral Summary PDF."));
  EXPECT_STREQ(exchange::verdict_word(crms().judge(view(), shorter, reply_of(413, ""), progress)), "needs_person");
}

TEST_F(Rest, an_integration_changes_rules_of_the_profile) {
  const Json mapping = Json::parse(R"({"fields": [{"target": "gender", "values": {"female": "F"}},
                                                  {"target": "dateOfBirth", "required": true}]})")
                           .value();
  Faults faults;
  crms().check(settings_, secrets_, mapping, faults);
  EXPECT_TRUE(faults.empty());
  DeliveryView delivery = view();
  delivery.mapping = &mapping;
  EXPECT_EQ(body(first(crms(), delivery))["gender"], Json("F"));
  contract::set_content(snapshot_, R"({"registrant": {"birthDate": null}})");
  const Faults missing = crms().missing(delivery);
  ASSERT_EQ(missing.size(), 1u);
  EXPECT_EQ(missing[0].pointer, "/registrant/birthDate");
  crms().check(settings_, secrets_, Json::parse(R"({"fields": [{"target": "dateOfBrith"}], "x": 1})").value(), faults);
  ASSERT_EQ(faults.size(), 2u);
  EXPECT_THAT(faults[1].message, HasSubstr("\"dateOfBirth\""));
}

TEST_F(Rest, cms_asks_before_each_update_and_again_after_a_failure) {
  DeliveryView update = view();
  update.kind = DeliveryKind::update;
  update.remote_id = "r1";
  exchange::Progress progress;
  EXPECT_EQ(first(cms(), update, progress).step, "status");
  (void)cms().judge(update, first(cms(), update, progress), reply_of(200, R"({"status": "new"})"), progress);
  const HttpRequest put = first(cms(), update, progress);
  EXPECT_EQ(put.method + " " + put.url, "PUT https://crms.example.org/api/referrals/r1");
  (void)cms().judge(update, put, reply_of(503, ""), progress);
  EXPECT_EQ(first(cms(), update, progress).step, "status");
  (void)cms().judge(update, first(cms(), update, progress), reply_of(200, R"({"status": "accepted"})"), progress);
  const auto end = cms().next(update, progress);
  ASSERT_TRUE(end);
  EXPECT_TRUE(std::get<exchange::Finished>(*end).accepted);
}

TEST_F(Rest, an_update_without_an_id_finds_the_record_by_its_mark) {
  DeliveryView update = view();
  update.kind = DeliveryKind::update;
  exchange::Progress progress;
  const HttpRequest find = first(cms(), update);
  EXPECT_EQ(find.step, "find");
  (void)cms().judge(update, find, reply_of(200, R"({"items": []})"), progress);
  EXPECT_EQ(cms().next(update, progress).error().code, "connector.nothing_to_update");
  (void)cms().judge(update, find, reply_of(200, R"({"items": [{"id": "r5", "attachments": []}]})"), progress);
  EXPECT_EQ(first(cms(), update, progress).step, "status");
}

TEST_F(Rest, a_token_is_fetched_renewed_once_and_never_kept_in_progress) {
  const auto& connector = made(R"(
[settings.clientId]
label = "Client"
[auth]
kind = "oauth2_client_credentials"
tokenUrl = "/token"
clientId = "{settings.clientId}"
clientSecret = "{settings.token}"
scope = "referrals"
[steps.create]
path = "/cases"
[steps.create.answer]
id = "/id"
)");
  settings_.set("clientId", "hand:off");
  const HttpRequest token = first(connector, view());
  EXPECT_EQ(token.step, "token");
  EXPECT_EQ(token.url, "https://crms.example.org/token");
  EXPECT_EQ(contract::bytes_of(token, {}), "grant_type=client_credentials&scope=referrals");
  EXPECT_EQ(contract::header_of(token, "Authorization"), "Basic " + base64("hand%3Aoff:invented-token"));
  exchange::Progress progress;
  const auto earned =
      connector.judge(view(), token, reply_of(200, R"({"access_token": "brief", "expires_in": 100})"), progress);
  const auto& done = std::get<exchange::StepDone>(earned);
  EXPECT_EQ(done.ephemeral.at("access_token"), Secret("brief"));
  EXPECT_EQ(done.ephemeral_for, seconds(70));
  EXPECT_THAT(progress.data.dump(), Not(HasSubstr("brief")));
  DeliveryView signed_in = view();
  signed_in.ephemeral = &done.ephemeral;
  const HttpRequest create = first(connector, signed_in, progress);
  EXPECT_EQ(contract::header_of(create, "Authorization"), "Bearer brief");
  EXPECT_THAT(create.secrets, testing::Contains(Secret("brief")));
  const auto revoked = connector.judge(signed_in, create, reply_of(401, ""), progress);
  EXPECT_TRUE(std::get<exchange::StepDone>(revoked).forget_ephemeral);
  EXPECT_STREQ(exchange::verdict_word(connector.judge(signed_in, create, reply_of(401, ""), progress)),
               "misconfigured");
  EXPECT_STREQ(
      exchange::verdict_word(connector.judge(view(), token, reply_of(400, R"({"error": "invalid_client"})"), progress)),
      "misconfigured");
}

TEST_F(Rest, doubt_outlives_a_token_step) {
  // The token was lost with a restart while a create was under way: signing in again must not make us forget to ask.
  const auto& connector = made(R"(
[auth]
kind = "oauth2_client_credentials"
tokenUrl = "/token"
clientId = "x"
clientSecret = "{settings.token}"
[steps.find]
path = "/cases"
[steps.find.answer]
id = "/id"
[steps.create]
path = "/cases"
[steps.create.answer]
id = "/id"
)");
  DeliveryView doubtful = view();
  doubtful.doubtful = true;
  exchange::Progress progress;
  (void)connector.judge(doubtful, first(connector, doubtful), reply_of(200, R"({"access_token": "brief"})"), progress);
  const std::map<std::string, Secret> token{{"access_token", Secret("brief")}};
  DeliveryView after = view();
  after.ephemeral = &token;
  EXPECT_EQ(first(connector, after, progress).step, "find");
}

TEST_F(Rest, bodies_take_a_frame_a_form_or_parts) {
  const auto& framed = made(R"(
[steps.create]
path = "/cases"
members = { data = { kind = "referral", mark = "{mark}", attributes = "{fields}" }, sent = 1 }
[[fields]]
target = "person.name.last"
source = "registrant.lastName"
)");
  const Json json = body(first(framed, view()));
  EXPECT_EQ(json["data"]["attributes"]["person"]["name"]["last"], Json("Okafor"));
  EXPECT_EQ(json["data"]["mark"], Json("ref_1"));
  EXPECT_EQ(json["sent"], Json(1));
}

TEST_F(Rest, a_form_encodes_everything) {
  contract::set_content(snapshot_, R"({"registrant": {"lastName": "O'Neil & Sön"}})");
  const auto& form = made("[steps.create]\npath = \"/cases\"\nbody = \"form\"\nparts = { kind = \"a b\" }\n");
  EXPECT_THAT(contract::bytes_of(first(form, view()), {}),
              testing::StartsWith("kind=a%20b&name=O%27Neil%20%26%20S%C3%B6n&note="));
}

TEST_F(Rest, a_location_header_may_carry_the_id) {
  const auto& connector = made("[steps.create]\npath = \"/cases\"\n[steps.create.answer]\nid = \"header:Location\"\n");
  exchange::Progress progress;
  exchange::Reply reply = reply_of(201, "");
  reply.headers.emplace_back("location", "https://crms.example.org/cases/c-9?x=1");
  (void)connector.judge(view(), first(connector, view()), reply, progress);
  EXPECT_EQ(progress.data["remoteId"], Json("c-9"));
}

TEST_F(Rest, files_beyond_the_limits_are_left_out_and_the_note_says_so) {
  const auto& connector = made(R"(
[steps.create]
path = "/cases"
[steps.create.answer]
id = "/id"
[steps.attach]
path = "/cases/{remoteId}/files"
[limits]
fileBytes = 20
fileTypes = ["application/pdf", "image/*"]
)");
  const std::string note = body(first(connector, view()))["note"].string();
  EXPECT_THAT(note, HasSubstr("Not sent along: \"consent.pdf\". Made takes no file larger than 20 bytes."));
  EXPECT_THAT(note, HasSubstr("Not sent along: \"lettre d'été.txt\". Made takes no file of this type."));
  exchange::Progress progress;
  progress.data = Json::parse(R"({"remoteId": "r1", "sent": ["summary"]})").value();
  const auto end = connector.next(view(), progress);
  ASSERT_TRUE(end);
  const auto& left = std::get<exchange::Finished>(*end).left_out;
  ASSERT_EQ(left.size(), 2u);
  EXPECT_EQ(left[0].code, "destination.file_too_large");
  EXPECT_EQ(left[1].code, "destination.file_type");
}

TEST_F(Rest, a_trigger_that_is_not_listed_is_declined) {
  const auto& connector = made("triggers = [\"closed.completed\"]\n[steps.create]\npath = \"/cases\"\n");
  DeliveryView delivery = view();
  delivery.triggers = {"referral.edited"};
  EXPECT_EQ(connector.next(delivery, {}).error().code, "connector.trigger_not_taken");
  delivery.triggers.emplace_back("closed.completed");
  EXPECT_TRUE(connector.next(delivery, {}));
}

TEST_F(Rest, an_address_that_is_not_fit_is_the_administrators) {
  for (const char* address : {"", "crms.example.org", "ftp://crms.example.org", "https://",
                              "https://a:b@crms.example.org", "https://x/?a=1", "https://x y"}) {
    settings_.set("baseUrl", address);
    const auto step = crms().next(view(), {});
    ASSERT_FALSE(step) << address;
    EXPECT_STREQ(exchange::verdict_word(exchange::verdict_of(step.error())), "misconfigured");
  }
}

TEST_F(Rest, a_probe_asks_for_a_mark_that_nobody_has) {
  const auto probe = crms().probe(settings_, secrets_);
  ASSERT_TRUE(probe);
  EXPECT_EQ(probe->method + " " + probe->url, "GET https://crms.example.org/api/referrals?externalId=handoff-probe");
  exchange::Progress progress;
  EXPECT_STREQ(exchange::verdict_word(crms().judge(view(), *probe, reply_of(200, R"({"items": []})"), progress)),
               "done");
  EXPECT_STREQ(exchange::verdict_word(crms().judge(view(), *probe, reply_of(200, "<html>"), progress)), "unknown");
  EXPECT_STREQ(exchange::verdict_word(crms().judge(view(), *probe, reply_of(401, ""), progress)), "misconfigured");
}

TEST(FileNames, are_cleaned_and_told_apart) {
  EXPECT_EQ(clean_file_name("consent.pdf"), "consent.pdf");
  EXPECT_EQ(clean_file_name("été 2026 (1).pdf"), "été 2026 (1).pdf");
  EXPECT_EQ(clean_file_name("../../etc/passwd"), "_.._etc_passwd");
  EXPECT_EQ(clean_file_name("a\\b:c*?\"<>|\x01.txt"), "a_b_c______.txt");
  EXPECT_EQ(clean_file_name(" . "), "file");
  EXPECT_EQ(clean_file_name(std::string(300, 'x') + ".jpeg").size(), 120u);
  EXPECT_TRUE(clean_file_name(std::string(300, 'x') + ".jpeg").ends_with(".jpeg"));
  EXPECT_EQ(quoted_parameter("a\"b"), "\"a%22b\"");
  EXPECT_EQ(clean_content_type("Application/PDF; x=y"), "application/pdf");
  for (const char* bad : {"", "/", "text", "a/b\r\nX: y", "a//b", "/x"})
    EXPECT_EQ(clean_content_type(bad), "application/octet-stream");

  referral::Snapshot snapshot = full_sample();
  snapshot.referral.attachments = {contract::attachment("1", "Referral Summary.pdf", "application/pdf", "a"),
                                   contract::attachment("2", "scan.pdf", "application/pdf", "b"),
                                   contract::attachment("3", "SCAN.pdf", "application/pdf", "c"),
                                   contract::attachment("4", "other.pdf", "application/pdf", "b")};
  DeliveryView view;
  view.snapshot = &snapshot;
  std::vector<std::string> names;
  for (const File& file : files_of(view)) names.push_back(file.name);
  EXPECT_THAT(names, ElementsAre("Referral Summary.pdf", "Referral Summary (2).pdf", "scan.pdf", "SCAN (2).pdf"));
}

}  // namespace
}  // namespace handoff::connector
