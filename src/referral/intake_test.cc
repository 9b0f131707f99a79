#include "referral/intake.h"

#include <gtest/gtest.h>

#include <set>

namespace handoff::referral {
namespace {

const Instant now = parse_instant("2026-11-22T10:00:00Z")->at;

struct Read {
  Json content;
  Faults faults;
  std::vector<Warning> warnings;
  std::string code_at(std::string_view pointer) const {
    for (const auto& fault : faults) {
      if (fault.pointer == pointer) return fault.code;
    }
    return "";
  }
};

Read read(std::string_view body, const directory::Listing* listing = nullptr, bool draft = false) {
  Read out;
  ContentRules rules;
  rules.listing = listing;
  rules.now = now;
  rules.draft = draft;
  out.content = read_content(*Json::parse(body), rules, out.faults, out.warnings);
  return out;
}

directory::Listing listing_with(std::string_view form) {
  directory::Listing listing;
  Faults faults;
  directory::read_listing(*Json::parse(form), listing, faults);
  EXPECT_TRUE(faults.empty());
  return listing;
}

TEST(Intake, EveryFaultIsNamedAtOnceWithItsPointer) {
  const Read got =
      read(R"({"registrant": {"firstName": 3, "birthDate": "2026-02-30", "phones": {"main": "none"}, "adress": {}},
                            "requester": {"email": "nobody"}, "priority": "hot", "details": [{"type": "Insurance", "fields": {"a": []}}]})");
  EXPECT_EQ(got.code_at("/registrant/firstName"), "property.wrong_type");
  EXPECT_EQ(got.code_at("/registrant/lastName"), "property.required");
  EXPECT_EQ(got.code_at("/registrant/birthDate"), "date.impossible");
  EXPECT_EQ(got.code_at("/registrant/phones/main"), "phone.no_digit");
  EXPECT_EQ(got.code_at("/registrant/adress"), "property.unknown");
  EXPECT_EQ(got.code_at("/requester/email"), "email.malformed");
  EXPECT_EQ(got.code_at("/priority"), "property.unknown_value");
  EXPECT_EQ(got.code_at("/details/0/fields/a"), "property.wrong_type");
  EXPECT_EQ(got.faults.size(), 8U);
}

TEST(Intake, ContentIsCompleteWhateverWasSent) {
  const Read got = read(R"({"registrant": {"firstName": "小龙", "lastName": "李"}})");
  EXPECT_TRUE(got.faults.empty());
  EXPECT_EQ(got.content["registrant"]["firstName"].string(), "小龙");
  EXPECT_TRUE(got.content["registrant"]["address"]["city"].is_null());
  EXPECT_TRUE(got.content["registrant"].contains("birthDate"));
  EXPECT_EQ(got.content["priority"].string(), "routine");
  EXPECT_TRUE(got.content["answers"].is_object());
  EXPECT_TRUE(got.content["details"].is_array());
}

TEST(Intake, AMaskedPhoneIsKeptAsGivenWithAWarning) {
  const Read got = read(
      R"({"registrant": {"firstName": "Joe", "lastName": "Clark", "phones": {"main": "801XXXXX89", "alternate": "+1 905 555 0142"}}})");
  EXPECT_TRUE(got.faults.empty());
  EXPECT_EQ(got.content["registrant"]["phones"]["main"].string(), "801XXXXX89");
  ASSERT_EQ(got.warnings.size(), 1U);
  EXPECT_EQ(got.warnings[0].pointer, "/registrant/phones/main");
  EXPECT_EQ(got.warnings[0].code, "phone.doubtful");
}

TEST(Intake, ABirthDateIsADayThatHasCome) {
  const auto born = [](const char* date) {
    return read(std::string(R"({"registrant": {"firstName": "A", "lastName": "B", "birthDate": ")") + date + "\"}}")
        .code_at("/registrant/birthDate");
  };
  EXPECT_EQ(born("2026-11-22"), "");
  EXPECT_EQ(born("2026-11-23"), "");  // it is already the 23rd in Kiribati
  EXPECT_EQ(born("2026-11-24"), "birth_date.in_future");
  EXPECT_EQ(born("1804-01-01"), "birth_date.too_old");
  EXPECT_EQ(born("1988-02-29"), "");
}

TEST(Intake, AListingAsksForMore) {
  const auto listing =
      listing_with(R"({"name": "Intake", "registrantRequired": ["birthDate", "address.city"], "form": {"fields": [
      {"key": "housing", "label": "Living situation", "type": "choice", "options": ["shelter", "own home"], "required": true},
      {"key": "langs", "label": "Languages", "type": "multiChoice", "options": ["en", "fr"]},
      {"key": "story", "label": "Story", "type": "longText", "maxLength": 5},
      {"key": "papers", "label": "Papers", "type": "attachment", "required": true}]}})");
  const Read got = read(R"({"registrant": {"firstName": "A", "lastName": "B"},
                            "answers": {"langs": ["en", "de"], "story": "longer than five", "houzing": "x"}})",
                        &listing);
  EXPECT_EQ(got.code_at("/registrant/birthDate"), "property.required");
  EXPECT_EQ(got.code_at("/registrant/address/city"), "property.required");
  EXPECT_EQ(got.code_at("/answers/housing"), "answer.required");
  EXPECT_EQ(got.code_at("/answers/langs"), "answer.not_offered");
  EXPECT_EQ(got.code_at("/answers/story"), "property.too_long");
  EXPECT_EQ(got.code_at("/answers/houzing"), "answer.not_in_form");
  EXPECT_EQ(got.code_at("/answers/papers"), "answer.required");
  EXPECT_EQ(got.faults.size(), 7U);
}

TEST(Intake, ADraftMayLackWhatIsRequiredButNotBeWrong) {
  const auto listing = listing_with(R"({"name": "Intake", "registrantRequired": ["birthDate"]})");
  EXPECT_TRUE(read(R"({"registrant": {"firstName": "A"}})", &listing, true).faults.empty());
  EXPECT_EQ(read(R"({"registrant": {"firstName": 1}})", &listing, true).code_at("/registrant/firstName"),
            "property.wrong_type");
}

TEST(Intake, AnAppointmentKeepsItsPlacesTime) {
  Faults faults;
  const auto read_one = read_appointment(
      *Json::parse(R"({"start": "2026-07-03T14:30:00Z", "durationMinutes": 45, "timeZone": "America/Toronto"})"), "",
      faults);
  EXPECT_TRUE(faults.empty());
  EXPECT_EQ(appointment_to_json(read_one)["start"].string(), "2026-07-03T10:30:00-04:00");
  read_appointment(
      *Json::parse(R"({"start": "2026-07-03", "durationMinutes": 0, "timeZone": "Mars/Olympus", "room": 3})"),
      "/appointment", faults);
  std::set<std::string> pointers;
  for (const auto& fault : faults) pointers.insert(fault.pointer);
  EXPECT_EQ(pointers, (std::set<std::string>{"/appointment/start", "/appointment/durationMinutes",
                                             "/appointment/timeZone", "/appointment/room"}));
}

}  // namespace
}  // namespace handoff::referral
