// What is special about an org: settings, several performers, the mark, acceptance, duplicates, trying the settings.
// That it keeps the promises of every connector is asked in tests/contract.
#include "connector/salesforce/salesforce.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/rsa.h"
#include "base/text.h"
#include "connector/salesforce/options.h"
#include "exchange/preview.h"
#include "tests/contract/org.h"
#include "tests/contract/runner.h"
#include "tests/contract/samples.h"

namespace handoff::contract {
namespace {

using connector::make_salesforce_connector;
using exchange::DeliveryKind;
using exchange::Misconfigured;
using exchange::NeedsData;
using exchange::NeedsPerson;
using exchange::StepDone;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* address = "https://acme.my.salesforce.com";

// A key of this run alone.
const std::string& test_key() {
  static const std::string pem = [] {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_RSA_gen(2048), EVP_PKEY_free);
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_PrivateKey(memory.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    char* text = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &text);
    return std::string(text, static_cast<std::size_t>(size));
  }();
  return pem;
}

Json settings_with(Json performers) {
  return Json::object({{"baseUrl", address}, {"clientId", "handoff"}, {"performers", std::move(performers)}});
}
Json npi(const char* number) { return Json::object({{"npi", number}}); }
Json record(const std::string& id) { return Json::object({{"id", id}}); }
Json many(std::size_t count) {
  Json list = Json::array();
  for (std::size_t i = 0; i < count; ++i)
    list.push_back(record("0cm0000000001" + std::string(i < 10 ? "0" : "") + std::to_string(i) + "AAA"));
  return list;
}

class Salesforce : public testing::Test {
 protected:
  void SetUp() override {
    for (const std::string_view bytes : {consent_bytes, letter_bytes}) org_.blobs[hex(sha256(bytes))] = bytes;
  }
  DeliveryView view(DeliveryKind kind = DeliveryKind::create) {
    DeliveryView view;
    view.delivery_id = "dlv_1";
    view.remote_mark = snapshot_.referral.id.text();
    view.kind = kind;
    view.snapshot = &snapshot_;
    view.settings = &settings_;
    view.secrets = &secrets_;
    view.now = at("2026-11-20T12:00:00Z");
    return view;
  }
  DeliveryView update_after(const Course& created, DeliveryKind kind = DeliveryKind::update) {
    DeliveryView update = view(kind);
    update.delivery_id = "dlv_2";
    update.remote_id = created.end.remote_id;
    return update;
  }
  Runner runner() {
    return Runner(*connector_, [this](const HttpRequest& request) { return org_.answer(request); });
  }
  Course create() { return runner().run(view()); }
  Faults faults_of(const Json& settings, const std::map<std::string, Secret>& secrets, const Json& mapping = {}) {
    Faults faults;
    connector_->check(settings, secrets, mapping, faults);
    return faults;
  }

  std::unique_ptr<exchange::Connector> connector_ = make_salesforce_connector();
  OrgPartner org_{Partner::Options{}};
  referral::Snapshot snapshot_ = full_sample();
  Json settings_ = settings_with(Json::array({npi("1234567893")}));
  std::map<std::string, Secret> secrets_{{"clientSecret", Secret("invented-secret")}};
};

std::vector<std::string> pointers(const Faults& faults) {
  std::vector<std::string> out;
  for (const Fault& fault : faults) out.push_back(fault.pointer);
  return out;
}

// --- what is sent ----------------------------------------------------------------------------------------------------

TEST_F(Salesforce, AReferralIsToldInTheWordsOfTheApi) {
  const Course course = create();
  ASSERT_TRUE(course.finished);
  EXPECT_THAT(course.steps(), ElementsAre("token", "versions", "providers", "find", "create", "read", "attach:summary",
                                          "attach:att_1", "attach:att_2"));
  EXPECT_EQ(course.end.remote_id, "0lv000000000001AAA");
  ASSERT_EQ(org_.bodies.size(), 1u);
  const Json& body = org_.bodies[0];
  EXPECT_EQ(body["patient"]["fields"]["LastName"], Json("Okafor"));
  EXPECT_EQ(body["patient"]["fields"]["PersonBirthdate"], Json("2004-02-29"));
  EXPECT_EQ(body["patient"]["fields"]["PersonMailingStreet"], Json("12 King St"));
  EXPECT_FALSE(body["patient"].contains("id"));
  const Json& referral = body["referral"]["fields"];
  EXPECT_EQ(referral["Priority"], Json("Urgent"));
  EXPECT_EQ(referral["Status"], Json("Active"));
  EXPECT_EQ(referral["Type"], Json("Order"));
  EXPECT_EQ(referral["SourceSystem"], Json("handoff"));
  EXPECT_EQ(referral["SourceSystemIdentifier"], Json(snapshot_.referral.id.text()));
  EXPECT_EQ(referral["StartDate"], Json("2026-12-03T09:30:00-05:00"));
  EXPECT_FALSE(referral.contains("IsAccepted"));
  EXPECT_EQ(body["performers"], Json::array({record("0cm000000000007AAA")}));
  EXPECT_EQ(body["referralDetails"], Json::parse(R"([{"detailType":"Insurance","detailRecordType":"Member Plan",
                             "fields":{"Name":"Maple PPO","MemberNumber":"M-88"}}])")
                                         .value());
  EXPECT_EQ(body["shouldUseHighConfidenceMatch"], Json(true));
  EXPECT_FALSE(body.contains("requester"));
  const std::string note = body["referralNotes"].text_or();
  EXPECT_THAT(note,
              AllOf(HasSubstr("Mill Clinic"), HasSubstr("Noor"), HasSubstr("shelter"), HasSubstr("Prefers mornings.")));
  EXPECT_THAT(note, Not(HasSubstr("Maple PPO")));  // it has a place of its own
}

TEST_F(Salesforce, WhatAMemberPlanDoesNotTakeStandsInTheNotes) {
  set_content(snapshot_, R"({"details": [
    {"type": "Insurance", "recordType": "Member Plan", "fields": {"Name": "Maple PPO", "MemberNumber": "M-88",
      "RelationshipToSubscriber": "Cousin", "EffectiveFrom": "last year", "CoPay": 12}},
    {"type": "Body Site", "recordType": "Health Condition", "fields": {"detailCodeId": "0hs000000000001AAA"}},
    {"type": "Insurance", "recordType": "Member Plan", "fields": {"MemberNumber": "nameless"}}]})");
  ASSERT_TRUE(create().finished);
  const Json& body = org_.bodies[0];
  ASSERT_EQ(body["referralDetails"].size(), 1u);
  EXPECT_EQ(body["referralDetails"].items()[0]["fields"].size(), 2u);
  for (const char* said : {"Cousin", "last year", "12", "0hs000000000001AAA", "nameless"})
    EXPECT_THAT(body["referralNotes"].text_or(), HasSubstr(said));
}

TEST_F(Salesforce, NamesMayBeMappedElsewhereAndStatusesReworded) {
  const Json mapping = Json::parse(R"({"fields": [
    {"target": "patient.HealthCloudGA__Gender__pc", "source": "registrant.gender", "values": {"female": "Female"}},
    {"target": "referral.StatusReason", "source": "subStatus.label"},
    {"target": "referral.Status", "values": {"ready": "Draft"}}]})")
                           .value();
  EXPECT_TRUE(faults_of(settings_, secrets_, mapping).empty());
  DeliveryView create = view();
  create.mapping = &mapping;
  ASSERT_TRUE(runner().run(create).finished);
  EXPECT_EQ(org_.bodies[0]["patient"]["fields"]["HealthCloudGA__Gender__pc"], Json("Female"));
  EXPECT_EQ(org_.bodies[0]["referral"]["fields"]["StatusReason"], Json("Ready"));
  EXPECT_EQ(org_.bodies[0]["referral"]["fields"]["Status"], Json("Draft"));
  snapshot_.referral.category = referral::Category::failed;  // a word that the mapping does not name
  org_.held.clear();
  ASSERT_TRUE(runner().run(create).finished);
  EXPECT_EQ(org_.bodies[1]["referral"]["fields"]["Status"], Json("Revoked"));
  snapshot_.referral.category.reset();
  org_.held.clear();
  ASSERT_TRUE(runner().run(create).finished);
  EXPECT_EQ(org_.bodies[2]["referral"]["fields"]["Status"], Json("Active"));
}

TEST_F(Salesforce, EveryCategoryHasAStatusAndAcceptanceOnlyWhereEachEventIsTold) {
  using referral::Category;
  const std::vector<std::tuple<Category, const char*, Json>> expected{
      {Category::requested, "Active", false},
      {Category::ready, "Active", false},
      {Category::received, "Active", false},
      {Category::accepted, "Active", true},
      {Category::in_progress, "Active", true},
      {Category::on_hold, "On-Hold", {}},
      {Category::completed, "Completed", true},
      {Category::rejected, "Revoked", false},
      {Category::cancelled, "Revoked", {}},
      {Category::failed, "Revoked", {}},
      {Category::entered_in_error, "Entered-in-Error", {}}};
  ASSERT_EQ(expected.size(), static_cast<std::size_t>(Category::entered_in_error) + 1);
  snapshot_.referral.status = referral::Status::submitted;
  for (const auto& [category, status, accepted] : expected) {
    snapshot_.referral.category = category;
    for (const auto kind : {DeliveryKind::create, DeliveryKind::event}) {
      org_.held.clear();
      org_.bodies.clear();
      ASSERT_TRUE(runner().run(view(kind)).finished);
      const Json& fields = org_.bodies[0]["referral"]["fields"];
      EXPECT_EQ(fields["Status"], Json(status));
      EXPECT_EQ(fields["IsAccepted"], kind == DeliveryKind::event ? accepted : Json()) << status;
    }
  }
}

TEST_F(Salesforce, ARequesterIsNamedAndNeverMade) {
  org_.providers["1999999984"] = "0cm000000000010AAA";
  settings_.set("requester", "1999999984");
  ASSERT_TRUE(create().finished);
  EXPECT_EQ(org_.bodies[0]["requester"], record("0cm000000000010AAA"));
  EXPECT_EQ(org_.bodies[0]["performers"], Json::array({record("0cm000000000007AAA")}));
  settings_.set("requester", "001000000000005AAA");
  org_.held.clear();
  ASSERT_TRUE(create().finished);
  EXPECT_EQ(org_.bodies[1]["requester"], record("001000000000005AAA"));
}

// --- several performers ----------------------------------------------------------------------------------------------

TEST_F(Salesforce, MoreThanFivePerformersAreSplitUnderOneMarkAndOnePatient) {
  settings_ = settings_with(many(12));
  const Course course = create();
  ASSERT_TRUE(course.finished);
  ASSERT_EQ(org_.bodies.size(), 3u);
  EXPECT_EQ(org_.bodies[0]["performers"].size(), 5u);
  EXPECT_EQ(org_.bodies[1]["performers"].size(), 5u);
  EXPECT_EQ(org_.bodies[2]["performers"].size(), 2u);
  EXPECT_TRUE(org_.bodies[0]["patient"].contains("fields"));
  EXPECT_EQ(org_.bodies[1]["patient"], record("001000000000001AAA"));
  EXPECT_EQ(org_.bodies[2]["patient"], record("001000000000001AAA"));
  ASSERT_EQ(org_.held.size(), 12u);
  for (const HeldReferral& referral : org_.held) {
    EXPECT_EQ(referral.fields["SourceSystemIdentifier"], Json(snapshot_.referral.id.text()));
    EXPECT_EQ(referral.files.size(), 3u);
  }
  EXPECT_EQ(split(course.end.remote_id, ',').size(), 12u);
}

TEST_F(Salesforce, WhateverIsLostOnTheWayEachPerformerGetsOneReferralAndEachFileOnce) {
  settings_ = settings_with(many(7));
  const std::vector<Weather> all{Weather::answer_lost,     Weather::request_lost,    Weather::not_sent,
                                 Weather::stop_after_save, Weather::stop_after_step, Weather::server_error,
                                 Weather::unavailable};
  constexpr std::size_t requests = 40;
  for (std::size_t lost = 0; lost < requests; ++lost) {
    for (const Weather weather : all) {
      OrgPartner org{Partner::Options{}};
      org.blobs = org_.blobs;
      Runner runner(*connector_, [&](const HttpRequest& request) { return org.answer(request); });
      const Course course = runner.run(view(), {}, [&](std::size_t index, const HttpRequest&) {
        return index == lost || index == lost + 2 ? weather : Weather::fair;
      });
      const std::string what = std::to_string(lost) + "/" + std::to_string(static_cast<int>(weather));
      ASSERT_TRUE(course.finished) << what;
      ASSERT_EQ(org.held.size(), 7u) << what;
      std::set<std::string> performers, patients;
      for (const HeldReferral& referral : org.held) {
        performers.insert(referral.fields["PerformerId"].text_or());
        patients.insert(referral.fields["PatientId"].text_or());
        std::multiset<std::string> files;
        for (const HeldFile& file : referral.files) files.insert(file.name);
        EXPECT_EQ(files, (std::multiset<std::string>{"Referral Summary.pdf", "consent.pdf", "lettre d'été.txt"}))
            << what;
      }
      EXPECT_EQ(performers.size(), 7u) << what;
      EXPECT_EQ(patients.size(), 1u) << what;
      if (HasFailure()) return;
    }
  }
}

TEST_F(Salesforce, OnlyPerformersWithoutAReferralAreSent) {
  settings_ = settings_with(many(3));
  ASSERT_TRUE(create().finished);
  org_.held.erase(org_.held.begin() + 1);
  org_.bodies.clear();
  const Course again = create();
  ASSERT_TRUE(again.finished);
  ASSERT_EQ(org_.bodies.size(), 1u);
  EXPECT_EQ(org_.bodies[0]["performers"], Json::array({many(3).items()[1]}));
  EXPECT_EQ(org_.bodies[0]["patient"], record("001000000000001AAA"));
}

TEST_F(Salesforce, ACopyMadeByHandIsNotTakenForOurs) {
  ASSERT_TRUE(create().finished);
  HeldReferral copy = org_.held[0];
  copy.id = "0lv000000000009AAA";
  copy.files.clear();
  org_.held.push_back(copy);
  const Course again = create();
  ASSERT_TRUE(again.finished);
  EXPECT_EQ(again.end.remote_id, "0lv000000000001AAA");
  EXPECT_TRUE(org_.held[1].files.empty());
}

TEST_F(Salesforce, FewerReferralsThanPerformersAreAPersonsMatterAndNeverALoop) {
  settings_ = settings_with(many(3));
  std::size_t creates = 0;
  Runner thrifty(*connector_, [&](const HttpRequest& request) {
    if (request.step != "create") return org_.answer(request);
    ++creates;
    HttpRequest one = request;
    Json body = Json::parse(request.body[0].text).value();
    body.set("performers", Json::array({body["performers"].items()[0]}));
    one.body[0].text = body.dump();
    return org_.answer(one);
  });
  const Course course = thrifty.run(view());
  ASSERT_TRUE(course.stopped);
  ASSERT_TRUE(std::holds_alternative<NeedsPerson>(*course.stopped));
  EXPECT_EQ(std::get<NeedsPerson>(*course.stopped).code, "destination.incomplete");
  EXPECT_EQ(creates, 1u);
}

TEST_F(Salesforce, AnOrgThatDoesNotShowWhatItTookHoldsTheIntegration) {
  Runner blind(*connector_, [&](const HttpRequest& request) {
    if (request.step == "read" || request.step == "find")
      return reply_of(200, R"({"totalSize":0,"done":true,"records":[]})");
    return org_.answer(request);
  });
  const Course course = blind.run(view());
  ASSERT_TRUE(course.stopped);
  ASSERT_TRUE(std::holds_alternative<Misconfigured>(*course.stopped));
  EXPECT_EQ(std::get<Misconfigured>(*course.stopped).code, "destination.not_readable");
  EXPECT_EQ(org_.held.size(), 1u);
}

// --- duplicates, refusals, tokens ------------------------------------------------------------------------------------

TEST_F(Salesforce, APersonChoosesAmongDuplicatesByAnAnswer) {
  set_content(snapshot_, R"({"answers": {"salesforcePatientId": "001000000000301AAA"}})");
  ASSERT_TRUE(create().finished);
  EXPECT_EQ(org_.bodies[0]["patient"], record("001000000000301AAA"));
  set_content(snapshot_, R"({"answers": {"salesforcePatientId": "the one from Hamilton"}})");
  org_.held.clear();
  const Course refused = create();
  ASSERT_TRUE(refused.stopped);
  ASSERT_TRUE(std::holds_alternative<NeedsData>(*refused.stopped));
  EXPECT_EQ(std::get<NeedsData>(*refused.stopped).field, "/answers/salesforcePatientId");
  EXPECT_TRUE(org_.held.empty());
}

TEST_F(Salesforce, ATokenThatRunsOutIsRenewedOnce) {
  const Course course = runner().run(view(), {}, [&](std::size_t index, const HttpRequest&) {
    if (index == 4) org_.expire_token();
    return Weather::fair;
  });
  ASSERT_TRUE(course.finished);
  EXPECT_EQ(org_.tokens_issued, 2);
  EXPECT_EQ(org_.held.size(), 1u);
  Runner locked(*connector_, [&](const HttpRequest& request) {
    if (request.step == "token" || request.step == "versions") return org_.answer(request);
    return OrgPartner::refusal(401, "INVALID_SESSION_ID", "Session expired or invalid");
  });
  const Course refused = locked.run(view());
  ASSERT_TRUE(refused.stopped);
  EXPECT_EQ(std::get<Misconfigured>(*refused.stopped).code, "destination.unauthorized");
  EXPECT_EQ(org_.tokens_issued, 4);
}

TEST_F(Salesforce, WhatWasThereBeforeIsBroughtUpToDate) {
  ASSERT_TRUE(create().finished);
  set_content(snapshot_, R"({"registrant": {"phones": {"main": "+1 905 555 0199"}}, "priority": "stat"})");
  const Course again = create();
  ASSERT_TRUE(again.finished);
  ASSERT_EQ(org_.held.size(), 1u);
  EXPECT_EQ(org_.held[0].updates, 1);
  EXPECT_EQ(org_.held[0].fields["Priority"], Json("Stat"));
  EXPECT_EQ(org_.held[0].fields["Phone"], Json("+1 905 555 0199"));
  EXPECT_EQ(org_.held[0].files.size(), 3u);
  org_.held[0].status = "accepted";
  const Course after = create();
  EXPECT_TRUE(after.end.accepted);
  EXPECT_EQ(org_.held[0].updates, 1);
}

TEST_F(Salesforce, AnUpdateBringsTheSummaryOfItsVersionAndLeavesThePatientAloneWhereAsked) {
  settings_.set("updatePatient", false);
  const Course created = create();
  snapshot_.referral.version = 5;
  set_content(snapshot_, R"({"registrant": {"firstName": "Amelia"}, "priority": "routine"})");
  const Course updated = runner().run(update_after(created), exchange::carried_over(created.progress));
  ASSERT_TRUE(updated.finished);
  EXPECT_THAT(updated.steps(), ElementsAre("token", "versions", "status", "update", "attach:summary"));
  EXPECT_EQ(org_.held[0].fields["Priority"], Json("Routine"));
  EXPECT_EQ(org_.held[0].fields["FirstName"], Json("Amélie"));
  EXPECT_EQ(org_.held[0].files.back().name, "Referral Summary, version 5.pdf");
}

TEST_F(Salesforce, AStatusIsWrittenWhereOursHasChangedAndNotOverTheirs) {
  const Course created = create();
  org_.held[0].fields.set("Status", "On-Hold");  // by somebody over there
  set_content(snapshot_, R"({"priority": "stat"})");
  const Course edited = runner().run(update_after(created), exchange::carried_over(created.progress));
  ASSERT_TRUE(edited.finished);
  EXPECT_EQ(org_.held[0].fields["Priority"], Json("Stat"));
  EXPECT_EQ(org_.held[0].fields["Status"], Json("On-Hold"));
  snapshot_.referral.category = referral::Category::cancelled;
  const Course closed = runner().run(update_after(created), exchange::carried_over(edited.progress));
  EXPECT_EQ(org_.held[0].fields["Status"], Json("Revoked"));
  snapshot_.referral.category = referral::Category::ready;
  (void)runner().run(update_after(created), exchange::carried_over(closed.progress));
  EXPECT_EQ(org_.held[0].fields["Status"], Json("Active"));
}

TEST_F(Salesforce, TheNextEventOfALaneTellsWhetherItWasTakenOnHere) {
  const Course created = runner().run(view(DeliveryKind::event));
  ASSERT_TRUE(created.finished);
  EXPECT_EQ(org_.held[0].updates, 0);
  snapshot_.referral.category = referral::Category::accepted;
  org_.held[0].status = "accepted";
  const Course told =
      runner().run(update_after(created, DeliveryKind::event), exchange::carried_over(created.progress));
  ASSERT_TRUE(told.finished);
  EXPECT_EQ(org_.held[0].updates, 1);
  EXPECT_EQ(org_.held[0].fields["IsAccepted"], Json(true));
}

// --- signing in ------------------------------------------------------------------------------------------------------

TEST_F(Salesforce, AKeySignsInByJwtBearer) {
  secrets_ = {{"privateKey", Secret(test_key())}};
  settings_.set("username", "intake@acme.example");
  settings_.set("loginUrl", "https://login.salesforce.com");
  org_.instance = address;
  EXPECT_TRUE(faults_of(settings_, secrets_).empty());
  const Course course = create();
  ASSERT_TRUE(course.finished);
  const HttpRequest& token = course.sent[0].request;
  EXPECT_EQ(token.url, "https://login.salesforce.com/services/oauth2/token");
  const std::string form = token.body[0].text, assertion = form.substr(form.find("assertion=") + 10);
  const auto parts = split(assertion, '.');
  ASSERT_EQ(parts.size(), 3u);
  const auto decoded = [](std::string text) {
    for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
    while (text.size() % 4 != 0) text += '=';
    return base64_decode(text).value();
  };
  const Json claims = Json::parse(decoded(parts[1])).value();
  EXPECT_EQ(claims["iss"], Json("handoff"));
  EXPECT_EQ(claims["sub"], Json("intake@acme.example"));
  EXPECT_EQ(claims["aud"], Json("https://login.salesforce.com"));
  EXPECT_EQ(claims["exp"].int_or(0), to_ms(at("2026-11-20T12:03:00Z")) / 1000);
  EXPECT_EQ(Json::parse(decoded(parts[0])).value()["alg"], Json("RS256"));
  EXPECT_EQ(decoded(parts[2]), sign_rs256(Secret(test_key()), parts[0] + "." + parts[1]).value());
  // What signs and what was signed are masked wherever the request is shown.
  EXPECT_THAT(token.secrets, Contains(Secret(assertion)));
  EXPECT_THAT(token.secrets, Contains(Secret(test_key())));
}

TEST_F(Salesforce, OnlyHostsOfTheOrgAreFollowed) {
  using connector::salesforce::is_of_org;
  using connector::salesforce::options_of;
  const auto known = [&](const char* base, const char* domain, const char* url) {
    return is_of_org(options_of(Json::object({{"baseUrl", base}, {"domain", domain}}), {}), url);
  };
  EXPECT_TRUE(known(address, "", "https://acme.my.salesforce.com"));
  EXPECT_TRUE(known(address, "", "https://ACME--uat.sandbox.my.salesforce.com:443"));
  EXPECT_TRUE(known("https://login.salesforce.com", "", "https://acme.my.salesforce.com"));
  EXPECT_TRUE(known("https://crm.acme.example", "acme.example", "https://api.acme.example"));
  EXPECT_TRUE(known("http://127.0.0.1:8080", "", "http://127.0.0.1:8080"));
  for (const char* url : {"http://acme.my.salesforce.com", "https://evilsalesforce.com",
                          "https://salesforce.com.evil.example", "https://acme.my.salesforce.com@evil.example",
                          "https://evil.example/acme.my.salesforce.com", "https://evil.example\\.salesforce.com",
                          "ftp://acme.my.salesforce.com", "", "https://acme.my.salesforce.com:8443"})
    EXPECT_FALSE(known(address, "", url)) << url;
  EXPECT_FALSE(known("https://crm.acme.example", "", "https://api.acme.example"));
  EXPECT_FALSE(known("http://127.0.0.1:8080", "", "http://127.0.0.1:8081"));
}

TEST_F(Salesforce, SettingsAreCheckedAndEveryFaultIsNamed) {
  EXPECT_TRUE(faults_of(settings_, secrets_).empty());
  const Json wrong =
      Json::parse(R"({"baseUrl": "acme", "clientId": "x", "organizationId": "005000000000001", "version": "58.0",
    "domain": "https://x", "requester": "Dr. Roy", "patientRecordTypeId": "001000000000001", "statusPollSeconds": 0,
    "performers": [{"npi": "123"}, {"id": "0cm"}, {}, {"npi": "1234567893", "id": "0cm000000000007AAA"}, "x",
                   {"id": "0cm000000000007AAA"}, {"id": "0cm000000000007AAA"}, {"npi": "1234567893", "name": "x"}]})")
          .value();
  const Json mapping = Json::parse(R"({"fields": [{"target": "Account.Name", "source": "registrant.lastName"},
                                 {"target": "referral.SourceSystem", "source": "number"}]})")
                           .value();
  const auto found = pointers(faults_of(wrong, {}, mapping));
  for (const char* pointer :
       {"/settings/baseUrl", "/settings/clientSecret", "/settings/organizationId", "/settings/version",
        "/settings/domain", "/settings/requester", "/settings/patientRecordTypeId", "/settings/statusPollSeconds",
        "/settings/performers/0/npi", "/settings/performers/1/id", "/settings/performers/2", "/settings/performers/3",
        "/settings/performers/4", "/settings/performers/6", "/settings/performers/7/name", "/mapping/fields"})
    EXPECT_THAT(found, Contains(pointer)) << pointer;
  const auto signing = [&](const std::string& key, const char* user) {
    Json settings = settings_;
    settings.set("username", user);
    return pointers(faults_of(settings, {{"privateKey", Secret(key)}}));
  };
  EXPECT_TRUE(signing(test_key(), "u").empty());
  EXPECT_THAT(signing(test_key(), ""), ElementsAre("/settings/username"));
  EXPECT_THAT(signing("-----BEGIN CERTIFICATE-----", "u"), ElementsAre("/settings/privateKey"));
  auto both = secrets_;
  both.emplace("privateKey", Secret(test_key()));
  EXPECT_THAT(pointers(faults_of(settings_, both)), Contains("/settings/privateKey"));
  EXPECT_THAT(pointers(faults_of(settings_with(many(26)), secrets_)), ElementsAre("/settings/performers"));
}

// --- replies ---------------------------------------------------------------------------------------------------------

TEST_F(Salesforce, EveryReplyOfTheFolderHasItsVerdict) {
  settings_.set("organizationId", "00D000000000001EAA");
  std::size_t count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(HANDOFF_SOURCE_DIR) + "/src/connector/salesforce/replies")) {
    std::ifstream in(entry.path());
    std::stringstream text;
    text << in.rdbuf();
    const auto parsed = Json::parse(text.str());
    const std::string what = entry.path().filename().string();
    ASSERT_TRUE(parsed) << what;
    const Json& sample = *parsed;
    ++count;
    Reply reply = reply_of(static_cast<int>(sample["status"].int_or(0)), sample["body"].dump());
    reply.at = at("2026-11-20T12:00:00Z");
    if (sample["headers"].is_object()) {
      for (const auto& [name, value] : sample["headers"].members()) reply.headers.emplace_back(name, value.text_or());
    }
    HttpRequest request;
    request.step = sample["step"].text_or();
    request.changes_destination =
        request.step == "create" || request.step == "update" || request.step.starts_with("attach");
    // A session in which only the NPI is still unknown.
    std::map<std::string, Secret> ephemeral{{"access_token", Secret("00D!invented")},
                                            {"instance_url", Secret(address)},
                                            {"version", Secret("v66.0")},
                                            {"until", Secret(std::to_string(to_ms(reply.at) + 600'000))}};
    DeliveryView delivery =
        view(request.step == "update" || request.step == "status" ? DeliveryKind::update : DeliveryKind::create);
    delivery.ephemeral = &ephemeral;
    Progress progress;
    const Verdict verdict = connector_->judge(delivery, request, reply, progress);
    EXPECT_EQ(std::string(exchange::verdict_word(verdict)), sample["verdict"].text_or()) << what;
    std::string code, says;
    if (const auto* v = std::get_if<Misconfigured>(&verdict)) code = v->code, says = v->why;
    if (const auto* v = std::get_if<NeedsPerson>(&verdict)) code = v->code, says = v->why;
    if (const auto* v = std::get_if<NeedsData>(&verdict)) {
      says = v->message;
      EXPECT_EQ(v->field.value_or(""), sample["field"].text_or()) << what;
    }
    EXPECT_EQ(code, sample["code"].text_or()) << what;
    EXPECT_THAT(says, HasSubstr(sample["says"].text_or())) << what;
    if (const auto* v = std::get_if<exchange::RetryLater>(&verdict); v != nullptr && sample.contains("afterSeconds")) {
      EXPECT_EQ(v->after, seconds(sample["afterSeconds"].int_or(0))) << what;
    }
    if (const auto* v = std::get_if<StepDone>(&verdict)) {
      EXPECT_EQ(v->forget_ephemeral, sample["forgets"].bool_or(false)) << what;
      EXPECT_EQ(v->pause, seconds(sample["pauseSeconds"].int_or(0))) << what;
    }
    EXPECT_EQ(progress.data["remoteId"].text_or(), sample["remoteId"].text_or()) << what;
    if (sample.contains("accepted")) {
      EXPECT_EQ(progress.data["accepted"].bool_or(false), sample["accepted"].bool_or(false)) << what;
    }
  }
  EXPECT_GE(count, 45u);
}

// --- preview ---------------------------------------------------------------------------------------------------------

TEST_F(Salesforce, APreviewShowsEveryRequestWithSecretsMasked) {
  exchange::Integration integration;
  integration.connector = "salesforce";
  integration.settings = settings_with(many(7));
  integration.settings.set("organizationId", "00D000000000001EAA");
  integration.secrets = secrets_;
  const Json shown = exchange::preview(*connector_, integration, snapshot_);
  EXPECT_TRUE(shown["problem"].is_null()) << shown.dump();
  std::vector<std::string> steps;
  for (const Json& request : shown["requests"].items()) steps.push_back(request["step"].text_or());
  ASSERT_GE(steps.size(), 9u) << shown.dump();
  EXPECT_THAT(std::vector<std::string>(steps.begin(), steps.begin() + 8),
              ElementsAre("token", "versions", "find", "create", "read", "create", "read", "attach:summary"));
  EXPECT_EQ(steps.size(), 7u + 7u * 3u);
  EXPECT_THAT(shown.dump(), Not(HasSubstr("invented-secret")));
  EXPECT_THAT(shown.dump(), Not(HasSubstr("TOKEN-OF-DESTINATION")));
  EXPECT_EQ(shown.dump(), exchange::preview(*connector_, integration, snapshot_).dump());
}

// --- trying the settings ---------------------------------------------------------------------------------------------

// An org that describes itself; a test takes away what is to be missing.
class Trying : public Salesforce {
 protected:
  Trying() {
    for (const char* name : {"ClinicalServiceRequest", "ClinicalServiceRequestDetail", "Account", "MemberPlan",
                             "ContentVersion", "HealthcareProvider", "Asset", "CareRegisteredDevice"})
      objects_.set(name, Json::object());
    fields_ = {
        {"ClinicalServiceRequest",
         {"SourceSystem", "SourceSystemIdentifier", "SourceSystemModified", "PatientId", "IsAccepted", "PerformerId",
          "RequesterId", "Priority", "Status", "Type", "StartDate", "DateSigned"}},
        {"ClinicalServiceRequestDetail", {"DetailType"}},
        {"Account",
         {"FirstName", "LastName", "PersonBirthdate", "Phone", "PersonOtherPhone", "PersonEmail", "PersonMailingStreet",
          "PersonMailingCity", "PersonMailingState", "PersonMailingPostalCode", "PersonMailingCountry"}},
        {"MemberPlan", {"Name", "MemberNumber"}},
        {"ContentVersion", {"Title", "PathOnClient", "VersionData", "FirstPublishLocationId", "Description"}}};
  }

  Reply answer(const HttpRequest& request) {
    const std::string& url = request.url;
    if (url.ends_with("/sobjects")) {
      Json list = Json::array();
      for (const auto& [name, about] : objects_.members()) {
        list.push_back(Json::object({{"name", name},
                                     {"keyPrefix", name == "HealthcareProvider" ? "0cm"
                                                   : name == "Account"          ? "001"
                                                                                : "0zz"},
                                     {"createable", true}}));
      }
      return reply_of(200, Json::object({{"sobjects", std::move(list)}}).dump());
    }
    if (const auto at = url.find("/sobjects/"); at != std::string::npos) {
      const std::string name = url.substr(at + 10, url.find('/', at + 10) - at - 10);
      Json list = Json::array();
      for (const std::string& field : fields_[name]) {
        Json one = Json::object({{"name", field}, {"createable", !locked_.contains(field)}});
        if (field == "Status")
          one.set("picklistValues",
                  Json::parse(R"([{"value":"Active","active":true},{"value":"Draft","active":true}])").value());
        list.push_back(std::move(one));
      }
      return reply_of(200, Json::object({{"createable", true}, {"fields", std::move(list)}}).dump());
    }
    if (request.step.starts_with("records:")) {
      Json list = Json::array();
      for (const std::string& id : known_ids_) list.push_back(Json::object({{"Id", id}}));
      return reply_of(200, Json::object({{"records", std::move(list)}}).dump());
    }
    return org_.answer(request);
  }

  exchange::Trial tried() {
    std::vector<exchange::Exchanged> so_far;
    for (;;) {
      auto step = connector_->try_next(settings_, secrets_, Json(), at("2026-11-20T12:00:00Z"), so_far).value();
      if (auto* found = std::get_if<exchange::Trial>(&step)) {
        asked_ = so_far.size();
        return *found;
      }
      EXPECT_LT(so_far.size(), exchange::trial_requests_max);
      const HttpRequest request = std::get<HttpRequest>(step);
      EXPECT_TRUE(request.method == "GET" || request.step == "token");
      so_far.push_back({request, answer(request)});
    }
  }
  static std::vector<std::string> results(const exchange::Trial& trial) {
    std::vector<std::string> out;
    for (const auto& check : trial.checks)
      out.push_back(check.check + " " + exchange::word(check.result) + (check.code == "ok" ? "" : " " + check.code));
    return out;
  }

  Json objects_ = Json::object();
  std::map<std::string, std::vector<std::string>> fields_;
  std::set<std::string> locked_;
  std::vector<std::string> known_ids_{"0cm000000000007AAA"};
  std::size_t asked_ = 0;
};

TEST_F(Trying, AnOrgThatHasEverythingPasses) {
  settings_.set("organizationId", "00D000000000001EAA");
  const auto trial = tried();
  EXPECT_TRUE(trial.ok);
  EXPECT_THAT(results(trial), ElementsAre("sign_in pass", "organization pass", "api_version pass",
                                          "referral_object pass", "detail_object pass", "patient_object pass",
                                          "member_plan pass", "files pass", "mark pass", "performers pass"));
  EXPECT_TRUE(org_.held.empty());
}

TEST_F(Trying, WhatIsMissingIsToldInPlainWords) {
  settings_.set("defaultStatus", "Open");
  objects_.erase("MemberPlan");
  fields_["Account"].pop_back();
  locked_ = {"Priority"};
  auto trial = tried();
  EXPECT_FALSE(trial.ok);
  EXPECT_EQ(trial.code, "destination.field_unknown");
  EXPECT_THAT(results(trial), ElementsAre("sign_in pass", "organization not_applicable", "api_version pass",
                                          "picklists warning destination.word_unknown",
                                          "referral_object fail destination.field_unknown", "detail_object pass",
                                          "patient_object fail destination.field_unknown",
                                          "member_plan warning destination.feature_off", "files pass"));
  EXPECT_THAT(trial.checks[3].detail, HasSubstr("Active, Draft"));
  EXPECT_THAT(trial.checks[4].detail, HasSubstr("may not write Priority"));
  EXPECT_THAT(trial.checks[6].detail, HasSubstr("PersonMailingCountry"));
  locked_.clear();
  objects_.erase("ClinicalServiceRequest");
  trial = tried();
  EXPECT_EQ(trial.code, "destination.feature_off");
  EXPECT_THAT(trial.sentence, HasSubstr("FHIR-Aligned Clinical Data Model"));
}

TEST_F(Trying, WithoutPersonAccountsNoPatientCanBeMade) {
  fields_["Account"] = {"Phone"};
  const auto trial = tried();
  EXPECT_THAT(results(trial), Contains("patient_object fail destination.feature_off"));
  EXPECT_THAT(trial.sentence, HasSubstr("person accounts"));
}

TEST_F(Trying, PerformersAreLookedUp) {
  org_.providers.clear();
  EXPECT_THAT(results(tried()), Contains("performers fail destination.provider_not_found"));
  settings_.set("performers", Json::array({record("0cm000000000007AAA"), record("0cm000000000009AAA")}));
  auto trial = tried();
  EXPECT_FALSE(trial.ok);
  EXPECT_THAT(trial.sentence, AllOf(HasSubstr("0cm000000000009AAA"), Not(HasSubstr("0cm000000000007AAA"))));
  settings_.set("performers", Json::array({record("003000000000001AAA")}));
  trial = tried();
  EXPECT_THAT(trial.sentence, HasSubstr("no object that the user sees"));
  settings_.set("performers", Json::array());
  EXPECT_TRUE(tried().ok);
}

TEST_F(Trying, ItEndsAtTheFirstQuestionThatCannotBeAsked) {
  secrets_ = {{"clientSecret", Secret("another")}};
  auto trial = tried();
  EXPECT_THAT(results(trial), ElementsAre("sign_in fail destination.unauthorized"));
  EXPECT_EQ(asked_, 1u);
  secrets_ = {{"clientSecret", Secret("invented-secret")}};
  settings_.set("organizationId", "00D000000000002EAA");
  EXPECT_THAT(results(tried()), ElementsAre("sign_in pass", "organization fail destination.other_organization"));
  settings_.erase("organizationId");
  org_.newest = 59;
  EXPECT_TRUE(tried().ok);
  org_.newest = 58;
  trial = tried();
  EXPECT_THAT(results(trial), ElementsAre("sign_in pass", "organization not_applicable",
                                          "api_version fail destination.version_too_old"));
  org_.newest = 67;
  org_.instance = "https://elsewhere.example.org";
  EXPECT_THAT(results(tried()), ElementsAre("sign_in fail destination.other_host"));
}

}  // namespace
}  // namespace handoff::contract
