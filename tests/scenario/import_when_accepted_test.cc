// The story of an early import: a referral is not in the CMS while it is only received, is there when it is accepted,
// is kept up to date, and is left alone once the CMS has taken the case on.
#include "tests/scenario/world.h"

namespace handoff::scenario {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class EarlyImport : public Scenario {
 protected:
  static void edit(const Referral& referral, const std::string& name) {
    referral.is_edited(Json::object({{"registrant", Json::object({{"lastName", name}})}}));
  }

  Clinic riverside = world.clinic("Riverside Community Services");
  Destination& cms = world.cms();
  const std::string intake = riverside.listing("Intake", json(R"({"form": {"fields": [
      {"key": "livingSituation", "label": "Living situation", "type": "text"}]}})"));
};

TEST_P(EarlyImport, ImportWhenAcceptedWithAcceptanceFoundByAsking) {
  const Integration to =
      riverside.hands_over_to(cms, json(R"({"name": "Case files", "preset": "import_when_accepted"})"));
  EXPECT_EQ(to.shown()["mode"].text_or(), "until_accepted");
  const Referral referral = riverside.refers(intake, json(R"({"answers": {"livingSituation": "shelter"}})"));
  referral.becomes("received");
  world.settle();
  EXPECT_THAT(cms.everything(), IsEmpty()) << "received is not accepted";
  EXPECT_THAT(referral.explain(to)["sentence"].text_or(), HasSubstr("Accepted"));

  referral.becomes("accepted");
  world.settle();
  EXPECT_EQ(cms.field(referral, "firstName"), "Amélie");
  EXPECT_THAT(cms.field(referral, "referralNote"), HasSubstr("Living situation"));
  EXPECT_THAT(cms.files_of(referral), ElementsAre("Referral Summary.pdf"));

  edit(referral, "Okafor-Lind");
  referral.is_booked();
  referral.message("provider", "We look forward to meeting you.");
  world.settle();
  EXPECT_EQ(cms.field(referral, "lastName"), "Okafor-Lind");
  EXPECT_EQ(cms.field(referral, "appointmentLocation"), "Main St office");
  const int updates = cms.record_of(referral).updates;
  EXPECT_GE(updates, 1);

  cms.accepts(referral);
  world.pass(std::chrono::seconds{61});
  edit(referral, "Lind");
  referral.is_closed("admitted");
  world.settle();
  EXPECT_EQ(cms.field(referral, "lastName"), "Okafor-Lind") << "the case is theirs now";
  EXPECT_EQ(cms.record_of(referral).updates, updates);
  EXPECT_THAT(referral.explain(to)["sentence"].text_or(), HasSubstr("accepted"));
}

TEST_P(EarlyImport, AcceptanceReportedByTheHookOfTheDestination) {
  const Integration to = riverside.hands_over_to(cms, json(R"({"preset": "import_when_accepted"})"));
  const Answer hook = riverside.post("/integrations/" + to.id() + "/hook", {});
  ASSERT_EQ(hook.status, 200) << hook.text;
  const Referral referral = riverside.refers(intake);
  referral.becomes("accepted");
  world.settle();
  const std::string remote = cms.record_of(referral).id;
  const Json report = Json::object({{"remoteId", remote}, {"status", "accepted"}});
  EXPECT_EQ(world.call("a stranger's token", "POST", "/hooks/destination/" + to.id(), report).status, 401);
  const Answer taken = world.call(hook.body["token"].text_or(), "POST", "/hooks/destination/" + to.id(), report);
  EXPECT_EQ(taken.status, 200) << taken.text;
  const std::uint64_t requests = cms.requests();
  edit(referral, "Okafor-Lind");
  world.pass(std::chrono::minutes{5});
  EXPECT_EQ(cms.field(referral, "lastName"), "Okafor");
  EXPECT_EQ(cms.requests(), requests) << "and nobody asks any more";
}

TEST_P(EarlyImport, RejectedReferralsAreNeverImported) {
  const Integration to = riverside.hands_over_to(cms, json(R"({"preset": "import_when_accepted"})"));
  const Referral referral = riverside.refers(intake);
  referral.becomes("received");
  referral.is_closed("ineligible");
  world.settle();
  EXPECT_THAT(referral.deliveries(to), IsEmpty());
  EXPECT_THAT(cms.everything(), IsEmpty());
}

TEST_P(EarlyImport, ImportWhenReceivedIsThereAtOnceAndUpdatedByTheClose) {
  const Integration to = riverside.hands_over_to(cms, json(R"({"preset": "import_when_received"})"));
  const Referral referral = riverside.refers(intake);
  world.settle();
  EXPECT_TRUE(cms.holds(referral));
  referral.is_closed("admitted");
  world.settle();
  EXPECT_EQ(cms.record_of(referral).updates, 1);
  EXPECT_THAT(cms.field(referral, "referralNote"), HasSubstr("Admitted"));
  EXPECT_THAT(referral.delivery(to).triggers(), ElementsAre("closed"));
}

INSTANTIATE_TEST_SUITE_P(On, EarlyImport, testing::ValuesIn(testing_support::both_databases()),
                         testing_support::database_name);

// The most common process: nothing leaves before the end, then everything at once and only once.
class HandOffAtTheEnd : public Scenario {
 protected:
  Clinic riverside = world.clinic("Riverside Community Services");
  Destination& crms = world.crms();
  const std::string intake = riverside.listing("Intake", json(R"({"form": {"fields": [
      {"key": "livingSituation", "label": "Living situation", "type": "text"},
      {"key": "documents", "label": "Documents", "type": "attachment"}]}})"));
};

TEST_P(HandOffAtTheEnd, TheCompletedReferralArrivesOnceWithFieldsNoteSummaryAndFiles) {
  const Integration to = riverside.hands_over_to(crms, json(R"({"name": "CRMS intake", "preset": "handoff_at_end"})"));
  EXPECT_EQ(to.shown()["mode"].text_or(), "once");
  EXPECT_TRUE(to.shown()["includeRouted"].bool_or(false));
  const Referral referral = riverside.refers(intake, json(R"({
      "registrant": {"firstName": "小龙", "middleName": "Wei", "lastName": "王", "birthDate": "1990-05-17", "gender": "male",
        "preferredLanguage": "zh", "email": "wang@example.org",
        "phones": {"main": "+1 905 555 0142", "alternate": "+1 905 555 0143"},
        "address": {"line": "12 King St", "city": "Hamilton", "province": "ON", "country": "CA", "postalCode": "L8P 1A1"}},
      "answers": {"livingSituation": "shelter"},
      "attachments": [{"fileName": "letter.txt", "contentType": "text/plain", "data": "RGVhciBjb2xsZWFndWU=", "field": "documents"},
                      {"fileName": "consent.txt", "contentType": "text/plain", "data": "SSBhZ3JlZQ==", "field": "documents"}]})"));
  referral.becomes("ready");
  referral.is_booked();
  world.settle();
  EXPECT_THAT(crms.everything(), IsEmpty());
  referral.is_closed("admitted");
  world.settle();
  const Json fields = crms.record_of(referral).fields;
  const std::vector<std::pair<const char*, const char*>> expected{{"firstName", "小龙"},
                                                                  {"middleName", "Wei"},
                                                                  {"lastName", "王"},
                                                                  {"dateOfBirth", "1990-05-17"},
                                                                  {"gender", "male"},
                                                                  {"address", "12 King St"},
                                                                  {"city", "Hamilton"},
                                                                  {"province", "ON"},
                                                                  {"country", "CA"},
                                                                  {"postalCode", "L8P 1A1"},
                                                                  {"preferredLanguage", "zh"},
                                                                  {"phoneMain", "+1 905 555 0142"},
                                                                  {"phoneAlt", "+1 905 555 0143"},
                                                                  {"email", "wang@example.org"},
                                                                  {"requesterFirstName", "Sam"},
                                                                  {"requesterLastName", "Reid"},
                                                                  {"requesterOrganization", "Mill Clinic"},
                                                                  {"requesterPhone", "+1 905 555 0100"},
                                                                  {"appointmentStart", "2026-12-03T09:30:00-05:00"},
                                                                  {"appointmentLocation", "Main St office"},
                                                                  {"appointmentProviderFullName", "Dr. Lea Roy"}};
  for (const auto& [key, value] : expected) EXPECT_EQ(fields[key].text_or(), value) << key;
  EXPECT_EQ(fields["appointmentDuration"].int_or(0), 45);
  EXPECT_THAT(fields["referralNote"].text_or(), HasSubstr("Living situation: shelter"));
  EXPECT_THAT(crms.files_of(referral), ElementsAre("Referral Summary.pdf", "letter.txt", "consent.txt"));
  EXPECT_THAT(crms.bytes_of(referral, "Referral Summary.pdf"), ::testing::StartsWith("%PDF-"));
  EXPECT_EQ(crms.bytes_of(referral, "letter.txt"), "Dear colleague");

  referral.is_edited(json(R"({"priority": "urgent"})"));
  referral.is_closed("incomplete");
  referral.is_closed("outcome_not_recorded");
  world.settle();
  EXPECT_EQ(crms.all_of(referral).size(), 1U) << "a one-time hand-off";
  EXPECT_EQ(referral.deliveries(to).size(), 1U);
}

TEST_P(HandOffAtTheEnd, TheSameFileIsSentOnce) {
  riverside.hands_over_to(crms, json(R"({"preset": "handoff_at_end"})"));
  const Referral referral = riverside.refers(intake);
  referral.gets_file("letter.txt", "text/plain", "Dear colleague");
  referral.gets_file("letter again.txt", "text/plain", "Dear colleague");
  referral.is_closed("admitted");
  world.settle();
  EXPECT_THAT(crms.files_of(referral), ElementsAre("Referral Summary.pdf", "letter.txt"));
}

TEST_P(HandOffAtTheEnd, WhatTheConnectorCanAndCannotIsSaidBeforeItIsChosen) {
  Json shown;
  for (const auto& each : riverside.list("/connectors")) {
    if (each["id"].text_or() == "crms") shown = each;
  }
  EXPECT_EQ(shown["minimumPlan"]["label"].text_or(), "Advanced CBO");
  EXPECT_FALSE(shown["updates"].bool_or(true));
  EXPECT_FALSE(shown["appointments"].bool_or(true));
  EXPECT_TRUE(shown["summaryPdfRequired"].bool_or(false));
  const std::string all = shown.dump();
  EXPECT_THAT(all, HasSubstr("Check with your CRMS Software representative for any associated CRMS Software fees."));
  EXPECT_THAT(all, HasSubstr("Appointments not synced"));
  EXPECT_THAT(all, HasSubstr("Referral Updates - not currently supported"));
  const Answer without =
      riverside.tries_to_hand_over_to(crms, json(R"({"triggers": ["closed"], "summaryPdf": false})"));
  EXPECT_EQ(without.status, 400) << "every referral is imported with its summary";
}

TEST_P(HandOffAtTheEnd, ThePreviewShowsTheRequestsAndSendsNothing) {
  const Integration to = riverside.hands_over_to(crms, json(R"({"preset": "handoff_at_end"})"));
  const Referral referral = riverside.refers(intake);
  const Answer preview =
      riverside.post("/integrations/" + to.id() + "/preview", Json::object({{"referralId", referral.id()}}));
  ASSERT_EQ(preview.status, 200) << preview.text;
  EXPECT_THAT(preview.text, HasSubstr("dateOfBirth"));
  EXPECT_THAT(preview.text, Not(HasSubstr(crms.token())));
  EXPECT_THAT(crms.everything(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(On, HandOffAtTheEnd, testing::ValuesIn(testing_support::both_databases()),
                         testing_support::database_name);

}  // namespace
}  // namespace handoff::scenario
