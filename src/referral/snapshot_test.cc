#include "referral/snapshot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "referral/snapshot_samples.h"

namespace handoff::referral {
namespace {

std::string at(const Snapshot& snapshot, std::string_view path) {
  const auto value = value_at(snapshot, path);
  return value ? value->reveal() : "(nothing)";
}

// "label: value" of the datum at a path; several for the same path would be a mistake, so the first is enough.
std::string line(const Snapshot& snapshot, std::string_view path) {
  for (const Datum& datum : all_data(snapshot)) {
    if (datum.path == path) return datum.label + ": " + datum.value.reveal();
  }
  return "(nothing)";
}

TEST(Snapshot, ComesBackFromJsonExactly) {
  const Snapshot before = samples::amelie();
  const std::string text = to_json(before).dump();
  const auto after = snapshot_from_json(Json::parse(text).value());
  ASSERT_TRUE(after) << after.error().for_log;
  EXPECT_EQ(to_json(*after).dump(), text);
  EXPECT_EQ(to_json(after->referral), to_json(before.referral));
  ASSERT_TRUE(after->listing);
  EXPECT_EQ(after->listing->id, before.listing->id);
  EXPECT_EQ(after->listing->created_at, before.listing->created_at);
  EXPECT_EQ(after->listing->form.size(), before.listing->form.size());
  EXPECT_EQ(after->referral.appointments, before.referral.appointments);
  EXPECT_EQ(after->taken_at, before.taken_at);
  ASSERT_EQ(after->messages.size(), 2u);
  EXPECT_EQ(after->messages[0].from, Side::sender);
  EXPECT_EQ(after->messages[1].text, before.messages[1].text);
}

TEST(Snapshot, ComesBackWithoutListingSenderAndMessages) {
  Snapshot before = samples::amelie();
  before.listing.reset();
  before.referral.listing.reset();
  before.referral.sender.reset();
  before.referral.integration_errors = 3;
  before.referral.recipient = Private(Json::object({{"name", "Dr. Outside"}, {"contactId", "c-9"}}));
  before.messages.clear();
  const auto after = snapshot_from_json(to_json(before));
  ASSERT_TRUE(after);
  EXPECT_EQ(to_json(*after), to_json(before));
  EXPECT_FALSE(after->listing);
  EXPECT_EQ(after->referral.integration_errors, 3);
}

TEST(Snapshot, WhatIsNoSnapshotIsRefused) {
  for (const char* text :
       {"null", "[]", "{}", R"({"referral": {}})", R"({"referral": {"id": "ref_1"}, "takenAt": 1})"}) {
    const auto result = snapshot_from_json(Json::parse(text).value());
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().code, "snapshot.malformed");
  }
  Json no_time = to_json(samples::amelie());
  no_time.erase("takenAt");
  EXPECT_FALSE(snapshot_from_json(no_time));
  Json stranger = to_json(samples::amelie());
  Json message = stranger["messages"].items()[0];
  message.set("from", "somebody");
  stranger.set("messages", Json::array({message}));
  EXPECT_FALSE(snapshot_from_json(stranger));
}

TEST(ValueAt, ReadsTheApisJsonUnchanged) {
  const Snapshot s = samples::amelie();
  EXPECT_EQ(at(s, "number"), "R-2026-000123");
  EXPECT_EQ(at(s, "version"), "4");
  EXPECT_EQ(at(s, "status"), "booked");
  EXPECT_EQ(at(s, "registrant.firstName"), "Amélie");
  EXPECT_EQ(at(s, "registrant.preferredLanguage"), "fr");
  EXPECT_EQ(at(s, "registrant.address.city"), "Hamilton");
  EXPECT_EQ(at(s, "requester.phone"), "+1 905 555 0100");
  EXPECT_EQ(at(s, "answers.livingSituation"), "shelter");
  EXPECT_EQ(at(s, "answers.children"), "2");
  EXPECT_EQ(at(s, "answers.consentGiven"), "true");
  EXPECT_EQ(at(s, "answers.languages"), "French, English");
  EXPECT_EQ(at(s, "details.0.fields.MemberNumber"), "M-88");
  EXPECT_EQ(at(s, "appointments.0.start"), "2026-12-03T09:30:00-05:00");
  EXPECT_EQ(at(s, "attachments.0.fileName"), "consent Okafor.pdf");
  EXPECT_EQ(at(s, "source.name"), "Mill Clinic EMR");
  EXPECT_EQ(at(s, "priority"), "urgent");
}

TEST(ValueAt, KnowsWhatStandsBesideTheReferral) {
  const Snapshot s = samples::amelie();
  EXPECT_EQ(at(s, "listing.name"), "Adult Intake");
  EXPECT_EQ(at(s, "sender.name"), "Mill Clinic");
  EXPECT_EQ(at(s, "receiver"), "Harbour Community Services");
  EXPECT_EQ(at(s, "subStatus.code"), "waitlisted");
  EXPECT_EQ(at(s, "subStatus.label"), "Waitlisted");
  EXPECT_EQ(at(s, "subStatus.category"), "on_hold");
  EXPECT_EQ(at(s, "subStatus"), "Waitlisted");
  EXPECT_EQ(at(s, "messages.1.text"), "Yes, on Thursday.");
  EXPECT_EQ(at(s, "messages.1.from"), "provider");
  EXPECT_EQ(at(s, "registrant.address"), "12 King St, Hamilton, ON, CA, L8P 1A1, Apt 4");
}

TEST(ValueAt, AbsentNullAndEmptyAreNothing) {
  const Snapshot s = samples::amelie();
  for (const char* path :
       {"", ".", "nonsense", "registrant.nonsense", "registrant.firstName.more", "answers.empty", "answers.",
        "details.3", "details.x", "details.-1", "details.2.fields", "details.2.recordType", "recipient",
        "recipient.name", "appointments.2.start", "listing.nonsense", "routedFromId"}) {
    EXPECT_EQ(at(s, path), "(nothing)") << path;
  }
  Snapshot bare;
  bare.referral.content = Private(Json::object());
  for (const char* path : {"appointment.start", "listing.name", "subStatus", "subStatus.code", "sender",
                           "receiver.name", "registrant.firstName", "messages.0.text"}) {
    EXPECT_EQ(at(bare, path), "(nothing)") << path;
  }
}

TEST(ValueAt, TheAppointmentIsTheNextOneWhenThePictureWasTaken) {
  Snapshot s = samples::amelie();
  EXPECT_EQ(at(s, "appointment.start"), "2026-12-03T09:30:00-05:00");
  EXPECT_EQ(at(s, "appointment.durationMinutes"), "45");
  EXPECT_EQ(at(s, "appointment.location"), "Main St office");
  EXPECT_EQ(at(s, "appointment.providerName"), "Dr. Lea Roy");
  EXPECT_EQ(at(s, "appointment.timeZone"), "America/Toronto");
  s.taken_at = parse_instant("2027-01-01T00:00:00Z").value().at;
  EXPECT_EQ(at(s, "appointment.start"), "2027-07-05T10:00:00-03:00");
  EXPECT_EQ(at(s, "appointment.providerName"), "(nothing)");
}

TEST(ValueAt, AKeyMayHoldDots) {
  Snapshot s = samples::amelie();
  samples::set_content(s, {"answers", "intake.reason"}, "housing");
  samples::set_content(s, {"answers", "intake"}, Json::object({{"other", "x"}}));
  EXPECT_EQ(at(s, "answers.intake.reason"), "housing");
  EXPECT_EQ(at(s, "answers.intake.other"), "x");
}

TEST(AllData, StandsInTheOrderAPersonExpects) {
  std::vector<std::string> sections;
  for (const Datum& datum : all_data(samples::amelie())) {
    if (sections.empty() || sections.back() != datum.section) sections.push_back(datum.section);
  }
  EXPECT_EQ(
      join(sections, "|"),
      "Referral|Registrant|Requester|Answers|Details|Notes|Further Information|Appointments|Messages|Attachments");
}

TEST(AllData, SpeaksTheWordsOfTheCrmsDocument) {
  std::vector<std::string> labels;
  for (const Datum& datum : all_data(samples::amelie())) {
    if (datum.section == "Registrant" || datum.section == "Requester") labels.push_back(datum.label);
  }
  EXPECT_EQ(join(labels, "|"),
            "First Name|Middle Name|Last Name|Date of Birth|Gender|Address|City|Province|Country|Postal Code|"
            "Preferred Language|Phone (Home/Main)|Phone (Alt)|Email|Address – Unit|Phones – Work|Health Card Number|"
            "First Name|Last Name|Organization|Phone|Email|OHIP Billing Number");
  const Snapshot s = samples::amelie();
  EXPECT_EQ(line(s, "registrant.preferredLanguage"), "Preferred Language: fr (French)");
  EXPECT_EQ(line(s, "registrant.address.country"), "Country: CA (Canada)");
  EXPECT_EQ(line(s, "registrant.birthDate"), "Date of Birth: 1987-02-11");
}

TEST(AllData, AnswersStandInFormOrderUnderTheFormsLabels) {
  std::vector<std::string> lines;
  for (const Datum& datum : all_data(samples::amelie())) {
    if (datum.section == "Answers") lines.push_back(datum.label + ": " + datum.value.reveal());
  }
  EXPECT_EQ(join(lines, "|"),
            "Living situation: shelter|Has consent been given?: Yes|Veteran: No|Number of children: 2|"
            "Supports wanted: Housing; Income, benefits|Languages at home: French, English|"
            "Where do they stay? – Line: 7 Bay Rd|Where do they stay? – City: Dundas|retired_question: kept answer");
}

TEST(AllData, HeaderAppointmentsDetailsMessagesAndFilesReadAsAPersonReadsThem) {
  const Snapshot s = samples::amelie();
  EXPECT_EQ(line(s, "status"), "Status: Booked");
  EXPECT_EQ(line(s, "subStatus"), "Sub-status: Waitlisted (On Hold)");
  EXPECT_EQ(line(s, "sender.name"), "Sender: Mill Clinic");
  EXPECT_EQ(line(s, "source"), "Source: API – Mill Clinic EMR");
  EXPECT_EQ(line(s, "createdAt"), "Created: Mon 30 Nov 2026, 15:04 (UTC)");
  EXPECT_EQ(line(s, "details.0.fields.Name"), "Insurance (Member Plan) – Name: Maple PPO");
  EXPECT_EQ(line(s, "details.0.fields.MemberNumber"), "Insurance (Member Plan) – Member Number: M-88");
  EXPECT_EQ(line(s, "details.1.fields.Name"), "Insurance (Member Plan) 2 – Name: Birch Plus");
  EXPECT_EQ(line(s, "details.1.detailRecordId"), "Insurance (Member Plan) 2 – Detail Record Id: x-12");
  EXPECT_EQ(line(s, "details.2"), "Detail 3: Reason");
  EXPECT_EQ(line(s, "urgencyReason.code"), "Urgency Reason – Code: Z59");
  EXPECT_EQ(line(s, "appointments.0.start"),
            "Appointment 1 – Start: Thu 3 Dec 2026, 09:30 (America/Toronto, UTC-05:00)");
  EXPECT_EQ(line(s, "appointments.1.start"), "Appointment 2 – Start: Mon 5 Jul 2027, 10:00 (UTC-03:00)");
  EXPECT_EQ(line(s, "appointments.0.durationMinutes"), "Appointment 1 – Duration: 45 minutes");
  EXPECT_EQ(line(s, "messages.1.text"), "Provider, Tue 1 Dec 2026, 16:20 (UTC): Yes, on Thursday.");
  EXPECT_EQ(line(s, "attachments.0"),
            "Attachment 1: consent Okafor.pdf\napplication/pdf, 18,231 bytes\n"
            "SHA-256 b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c\nAnswers: Signed consent");
  Snapshot single = samples::amelie();
  single.referral.appointments.pop_back();
  EXPECT_EQ(line(single, "appointments.0.start"), "Start: Thu 3 Dec 2026, 09:30 (America/Toronto, UTC-05:00)");
}

// The provider's zone decides, also on the two days a year when clocks jump and where the caller wrote another offset.
TEST(AllData, TimesAreThoseOfTheProvidersPlace) {
  Snapshot s = samples::amelie();
  s.referral.appointments.pop_back();
  Appointment& a = s.referral.appointments[0];
  a.offset = minutes{120};
  EXPECT_EQ(line(s, "appointments.0.start"), "Start: Thu 3 Dec 2026, 09:30 (America/Toronto, UTC-05:00)");
  a.start = parse_instant("2026-03-08T06:59:00Z").value().at;
  EXPECT_EQ(line(s, "appointments.0.start"), "Start: Sun 8 Mar 2026, 01:59 (America/Toronto, UTC-05:00)");
  a.start = parse_instant("2026-03-08T07:00:00Z").value().at;
  EXPECT_EQ(line(s, "appointments.0.start"), "Start: Sun 8 Mar 2026, 03:00 (America/Toronto, UTC-04:00)");
  a.start = parse_instant("2026-11-01T05:30:00Z").value().at;
  EXPECT_EQ(line(s, "appointments.0.start"), "Start: Sun 1 Nov 2026, 01:30 (America/Toronto, UTC-04:00)");
  a.start = parse_instant("2026-11-01T06:30:00Z").value().at;
  EXPECT_EQ(line(s, "appointments.0.start"), "Start: Sun 1 Nov 2026, 01:30 (America/Toronto, UTC-05:00)");
  a.time_zone = "Asia/Kathmandu";
  EXPECT_EQ(line(s, "appointments.0.start"), "Start: Sun 1 Nov 2026, 12:15 (Asia/Kathmandu, UTC+05:45)");
}

// Collects every plain value of a JSON tree.
void plain_values(const Json& json, std::vector<std::string>& into) {
  if (json.is_string() && !trim(json.string()).empty()) into.push_back(json.string());
  if (json.is_number()) into.push_back(json.number_text());
  if (json.is_array()) {
    for (const Json& item : json.items()) plain_values(item, into);
  }
  if (json.is_object()) {
    for (const auto& [key, member] : json.members()) plain_values(member, into);
  }
}

TEST(AllData, NothingOfTheContentIsLost) {
  Snapshot s = samples::amelie();
  samples::set_content(s, {"registrant", "nested"},
                       Json::parse(R"({"a": [{"b": "deep-1"}, {"b": ["deep-2", 5]}]})").value());
  samples::set_content(s, {"requester", "address"}, Json::object({{"line", "req-line"}}));
  samples::set_content(s, {"answers", "table"}, Json::parse(R"([{"row": "cell-1"}, [["cell-2"]], null])").value());
  samples::set_content(s, {"answers", "empty"}, "now answered");
  std::string everything;
  for (const Datum& datum : all_data(s)) everything += datum.label + "\n" + datum.value.reveal() + "\n";
  std::vector<std::string> values;
  plain_values(s.referral.content.reveal(), values);
  ASSERT_GT(values.size(), 40u);
  for (const std::string& value : values) EXPECT_NE(everything.find(value), std::string::npos) << value;
  EXPECT_EQ(everything.find("not told to destinations"), std::string::npos);
}

TEST(AllData, ContentOfTheWrongShapeStillComesOut) {
  Snapshot s = samples::amelie();
  s.referral.content = Private(Json::parse(R"({"registrant": "only a name", "requester": ["Sam", "Reid"],
    "answers": [{"q": "one"}], "details": {"loose": "two"}, "notes": {"text": "three"}, "more": ["four", {"x": "five"}]})")
                                   .value());
  std::string everything;
  for (const Datum& datum : all_data(s)) everything += datum.label + "=" + datum.value.reveal() + "\n";
  for (const char* value : {"only a name", "Sam, Reid", "one", "two", "three", "four", "five"}) {
    EXPECT_NE(everything.find(value), std::string::npos) << value;
  }
  Snapshot bare;
  EXPECT_FALSE(all_data(bare).empty());
}

TEST(AllData, EveryPathLeadsToAValueAndNoneStandsTwice) {
  const Snapshot s = samples::amelie();
  std::set<std::string> seen;
  for (const Datum& datum : all_data(s)) {
    EXPECT_FALSE(datum.label.empty());
    if (datum.path.empty()) continue;
    EXPECT_TRUE(value_at(s, datum.path)) << datum.path;
    EXPECT_TRUE(seen.insert(datum.path).second) << datum.path;
  }
}

TEST(AllData, LabelsHoldNothingAboutThePerson) {
  for (const Datum& datum : all_data(samples::amelie())) {
    for (const char* mark : {"Am", "Okafor", "1987", "555", "consent Okafor"}) {
      EXPECT_EQ(datum.label.find(mark), std::string::npos) << datum.path;
    }
  }
}

TEST(AllData, WithoutAFormAnswersStandUnderTheirKeys) {
  Snapshot s = samples::amelie();
  s.listing.reset();
  EXPECT_EQ(line(s, "answers.livingSituation"), "livingSituation: shelter");
  EXPECT_EQ(line(s, "listing.name"), "(nothing)");
  s.sender_name.clear();
  EXPECT_EQ(line(s, "senderOrganizationId"), "Sender: " + s.referral.sender->text());
}

TEST(AllData, ARecipientOutsideTheExchangeIsNamed) {
  Snapshot s = samples::amelie();
  s.referral.recipient = Private(Json::object({{"name", "Dr. Outside"}, {"contactId", "c-9"}}));
  s.referral.routed_from = ReferralId::trusted("ref_parent");
  s.referral.routed_to = {ReferralId::trusted("ref_a"), ReferralId::trusted("ref_b")};
  s.referral.test = s.referral.archived = s.referral.cancellation_requested = true;
  EXPECT_EQ(line(s, "recipient.name"), "Recipient: Dr. Outside");
  EXPECT_EQ(line(s, "recipient.contactId"), "Recipient – Contact Id: c-9");
  EXPECT_EQ(line(s, "routedFromId"), "Routed From: ref_parent");
  EXPECT_EQ(line(s, "routedToIds"), "Routed To: ref_a, ref_b");
  EXPECT_EQ(line(s, "test"), "Test Referral: Yes");
  EXPECT_EQ(line(s, "archived"), "Archived: Yes");
  EXPECT_EQ(line(s, "cancellationRequested"), "Cancellation Requested: Yes");
}

}  // namespace
}  // namespace handoff::referral
