#include "sync/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sync/hook.h"
#include "sync/record.h"

namespace handoff::sync {
namespace {

using testing::UnorderedElementsAre;

const Date today = Date::parse("2026-05-01").value();

std::vector<std::string> pointers(const Faults& faults) {
  std::vector<std::string> out;
  for (const auto& fault : faults) out.push_back(fault.pointer);
  return out;
}

Json minimal() {
  return Json::object({{"name", "Hillside"},
                       {"kind", "kipu"},
                       {"settings", Json::object({{"baseUrl", "https://emr.example.org/"},
                                                  {"version", 3},
                                                  {"accessId", "a"},
                                                  {"secret", "s"},
                                                  {"appId", "42"}})}});
}

TEST(Connection, DefaultsAreTheValuesNamedFirst) {
  EmrConnection c;
  Faults faults;
  read_connection(minimal(), true, today, c, faults);
  EXPECT_THAT(faults, testing::IsEmpty());
  EXPECT_EQ(c.base_url, "https://emr.example.org");
  EXPECT_EQ(c.schedule_minutes, 15);
  EXPECT_EQ(c.lock_policy, LockPolicy::missing_hook);
  EXPECT_EQ(c.read_mode, ReadMode::shadow);
  EXPECT_EQ(c.webhooks, Webhooks::expected);
  EXPECT_EQ(c.on_discharge, OnDischarge::draft);
  EXPECT_FALSE(c.consent_exempt);
  EXPECT_EQ(c.quiet_days, 30);
  EXPECT_EQ(c.non_destinations, standard_non_destinations());
  EXPECT_EQ(c.start_date, Date::parse("2026-04-30").value());
  EXPECT_EQ(connection_to_json(c)["settings"]["secret"].text_or(), "write-only");
}

TEST(Connection, AllFaultsAreNamed) {
  Json body = minimal();
  body.set("scheduleMinutes", 61);
  body.set("lockPolicy", "sometimes");
  body.set("colour", "blue");
  body.set("fieldOwnership", Json::object({{"registrant.shoeSize", "emr"}}));
  body.set("locationZones", Json::object({{"1", "Mars/Olympus"}}));
  Json settings = body["settings"];
  settings.set("baseUrl", "ftp://emr");
  settings.erase("secret");
  settings.set("routes", Json::object({{"detail", Json::object({{"path", "/api/charts"}})}}));
  body.set("settings", settings);
  EmrConnection c;
  Faults faults;
  read_connection(body, true, today, c, faults);
  EXPECT_THAT(pointers(faults),
              UnorderedElementsAre("/scheduleMinutes", "/lockPolicy", "/colour", "/fieldOwnership/registrant.shoeSize",
                                   "/locationZones/1", "/settings/baseUrl", "/settings/secret",
                                   "/settings/routes/detail/path"));
}

TEST(Connection, StorageKeepsEverythingButTheSecret) {
  Json body = minimal();
  body.set("startDate", "2026-02-03");
  body.set("nonDestinations", Json::array({"Home"}));
  body.set("ownLocations", Json::array({"Hill House"}));
  body.set("fieldOwnership", Json::object({{"registrant.email", "first_wins"}}));
  body.set("webhooks", "not_used");
  EmrConnection c;
  Faults faults;
  read_connection(body, true, today, c, faults);
  const Json stored = connection_to_stored(c);
  EXPECT_EQ(stored.dump().find("\"s\""), std::string::npos);
  EmrConnection back;
  connection_from_stored(stored, back);
  back.secret = c.secret;
  EXPECT_EQ(connection_to_json(back), connection_to_json(c));
}

TEST(Connection, ASecretThatIsNotSentStays) {
  EmrConnection c;
  Faults faults;
  read_connection(minimal(), true, today, c, faults);
  Json body = connection_to_json(c);
  for (const char* key : {"id", "version", "createdAt"}) body.erase(key);
  read_connection(body, false, today, c, faults);
  EXPECT_THAT(faults, testing::IsEmpty());
  EXPECT_EQ(c.secret.reveal(), "s");
}

TEST(DestinationLink, IsOneOfThree) {
  const auto faults_of = [](const Json& body) {
    DestinationLink link;
    Faults faults;
    read_destination_link(body, link, faults);
    return faults.size();
  };
  EXPECT_EQ(faults_of(Json::object({{"disposition", "Home"}})), 0U);
  EXPECT_EQ(faults_of(Json::object({{"recipient", Json::object({{"name", "Serenity"}})}})), 0U);
  EXPECT_EQ(faults_of(Json::object()), 1U);
  EXPECT_EQ(faults_of(Json::object({{"disposition", "Home"}, {"listingId", "lst_1"}})), 1U);
  EXPECT_EQ(faults_of(Json::object({{"listingId", "ref_1"}})), 1U);
}

TEST(HookSubject, IsFoundAtAnyDepthInJsonAndForms) {
  const std::string id = "7:9f6c1a52-3f7b-4a53-9a39-0f6f2a1b7c11";
  const auto casefile = [](const char* type, const std::string& body) {
    const auto subject = hook_subject(type, body);
    return subject ? subject->casefile : "unreadable";
  };
  EXPECT_EQ(casefile("application/json", R"({"event":"x","data":[{"patient":{"casefile_id":")" + id + R"("}}]})"), id);
  EXPECT_EQ(
      casefile("application/json", R"({"patient_id":7,"patient_master_id":"9f6c1a52-3f7b-4a53-9a39-0f6f2a1b7c11"})"),
      id);
  EXPECT_EQ(casefile("application/x-www-form-urlencoded", "event=x&data%5Bcasefile_id%5D=7%3A" + id.substr(2)), id);
  EXPECT_EQ(casefile("application/json", R"({"hello":"world"})"), "");
  EXPECT_EQ(casefile("application/json", "<xml/>"), "unreadable");
  EXPECT_EQ(hook_subject("application/json", R"({"a":{"mr_number":77}})")->mr_number, "77");
}

TEST(Casefile, IsANumberAndAUuid) {
  EXPECT_TRUE(is_casefile("7:9f6c1a52-3f7b-4a53-9a39-0f6f2a1b7c11"));
  for (const char* text :
       {"", "7", "7:", ":9f6c1a52-3f7b-4a53-9a39-0f6f2a1b7c11", "x:9f6c1a52-3f7b-4a53-9a39-0f6f2a1b7c11",
        "7:9f6c1a52-3f7b-4a53-9a39-0f6f2a1b7c1", "7:9f6c1a52_3f7b-4a53-9a39-0f6f2a1b7c11"}) {
    EXPECT_FALSE(is_casefile(text)) << text;
  }
}

}  // namespace
}  // namespace handoff::sync
