#include "record/value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "record/record.h"

namespace handoff::record {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<std::string> codes(const Faults& faults) {
  std::vector<std::string> out;
  for (const auto& fault : faults) out.push_back(fault.pointer + " " + fault.code);
  return out;
}
Json read(const char* object, const char* text, Faults& faults, Write write = Write::create) {
  return read_fields(*find_object(object), Json::parse(text).value(), write, faults);
}

TEST(RecordValue, EveryFaultIsNamedAtOnce) {
  Faults faults;
  read("Account", R"({"FirstName": "Ines", "Foo": 1, "PersonBirthdate": "11.2.1987", "PersonEmail": "x", "Id": "001",
       "Phone": 5, "Suffix": "0123456789012345678901234567890123456789x"})",
       faults);
  EXPECT_THAT(codes(faults), UnorderedElementsAre("/Foo record.unknown_field", "/PersonBirthdate record.wrong_type",
                                                  "/PersonEmail record.bad_email", "/Id record.not_writable",
                                                  "/Phone record.wrong_type", "/Suffix record.text_too_long",
                                                  "/LastName record.field_missing"));
}

TEST(RecordValue, AnAccountIsAPersonOrABusiness) {
  Faults faults;
  EXPECT_EQ(read("Account", R"({"Name": "Mill Clinic", "phone": "+1 905 555 0100"})", faults).dump(),
            R"({"Name":"Mill Clinic","Phone":"+1 905 555 0100"})");
  read("Account", R"({"LastName": "Okoro"})", faults);
  EXPECT_THAT(codes(faults), IsEmpty());
  read("Account", "{}", faults);
  EXPECT_THAT(codes(faults), ElementsAre("/LastName record.field_missing"));
  faults.clear();
  read("Account", R"({"LastName": "Okoro", "Name": "Ines Okoro"})", faults);
  EXPECT_THAT(codes(faults), ElementsAre("/Name record.not_writable"));
}

TEST(RecordValue, OpenListsTakeAnyWordAndClosedOnesDoNot) {
  Faults faults;
  read("ClinicalServiceRequest",
       R"({"PatientId": "001000000000001AAA", "Status": "Waiting", "Type": "Wish", "Priority": "Whenever"})", faults);
  EXPECT_THAT(codes(faults), IsEmpty());
  read("ClinicalServiceRequest", R"({"PatientId": "001000000000001AAA", "QuantityType": "Dozen"})", faults);
  EXPECT_THAT(codes(faults), ElementsAre("/QuantityType record.value_not_offered"));
}

TEST(RecordValue, AChangeMayNotEmptyWhatIsRequired) {
  Faults faults;
  read("MemberPlan", R"({"Name": null, "GroupNumber": null})", faults, Write::change);
  EXPECT_THAT(codes(faults), ElementsAre("/Name record.field_missing"));
  faults.clear();
  read("ClinicalServiceRequest", R"({"PatientId": "001000000000001AAA"})", faults, Write::change);
  EXPECT_THAT(codes(faults), ElementsAre("/PatientId record.not_writable"));
}

TEST(RecordValue, TimesHaveOneSpelling) {
  EXPECT_EQ(format_date_time(parse_instant("2026-01-31T09:15:00Z")->at), "2026-01-31T09:15:00.000+0000");
  for (const char* text : {"2026-01-31T09:15:00.000+0000", "2026-01-31T09:15:00Z", "2026-01-31T04:15:00-05:00"})
    EXPECT_EQ(format_date_time(read_date_time(text).value()), "2026-01-31T09:15:00.000+0000") << text;
  EXPECT_FALSE(read_date_time("2026-01-31 09:15"));
  Faults faults;
  EXPECT_EQ(
      read("HealthcareProvider", R"({"Name": "x", "EffectiveFrom": "2026-01-31T09:15:00Z"})", faults)["EffectiveFrom"],
      Json("2026-01-31"));
}

TEST(RecordObjects, TheTableHoldsTogether) {
  for (const Object& object : objects()) {
    EXPECT_EQ(std::string_view(object.prefix).size(), 3u) << object.name;
    EXPECT_EQ(object_of_prefix(object.prefix), &object) << "prefix used twice: " << object.prefix;
    for (const Field& field : object.fields) {
      EXPECT_EQ(find_field(object, field.name), field.use & hidden ? nullptr : &field)
          << object.name << "." << field.name;
      const bool fits_a_key = field.length > 0 && field.length <= 255;
      EXPECT_TRUE(fits_a_key || !(field.use & keyed)) << object.name << "." << field.name;
      if (field.type != FieldType::reference) continue;
      for (const auto& name : words_of(field.values)) EXPECT_FALSE(name.empty()) << object.name << "." << field.name;
    }
  }
  // Every label that a referral's detail may carry (Referral Detail Input).
  for (const char* label : {"Care Observation", "Care Plan", "Care Registered Device", "Care Specialty",
                            "Clinical Service Request", "Diagnostic Summary", "Health Condition", "Healthcare Facility",
                            "Medication Request", "Member Plan", "Work Type"})
    EXPECT_NE(object_labelled(label), nullptr) << label;
}

}  // namespace
}  // namespace handoff::record
