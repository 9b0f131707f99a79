#include "exchange/mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/contract/samples.h"

namespace handoff::exchange {
namespace {

using contract::full_sample;
using contract::set_content;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

FieldRule rule(const char* json) {
  FieldRule made;
  Faults faults;
  read_field_rule(Json::parse(json).value(), "/fields/0", {"mark"}, made, faults);
  EXPECT_THAT(faults, IsEmpty()) << (faults.empty() ? "" : faults[0].message);
  return made;
}

Mapping with(std::vector<const char*> rules) {
  Mapping mapping;
  for (const char* json : rules) mapping.fields.push_back(rule(json));
  mapping.note = NoteRule{"note", "Note", {}};
  return mapping;
}

Json value_of(const Mapped& mapped, std::string_view target) {
  for (const MappedValue& value : mapped.values) {
    if (value.target == target) return value.value;
  }
  return Json("(absent)");
}

Json one(const char* json, const referral::Snapshot& snapshot = full_sample()) {
  const Mapping mapping = with({json});
  return value_of(map_referral(mapping, snapshot, {}), mapping.fields[0].target);
}

TEST(Mapping, takes_a_path_or_a_template) {
  EXPECT_EQ(one(R"({"target": "a", "source": "registrant.birthDate"})"), Json("2004-02-29"));
  EXPECT_EQ(one(R"({"target": "a", "source": "{requester.firstName} {requester.lastName}"})"), Json("Sam Reid"));
  EXPECT_EQ(one(R"({"target": "a", "source": "answers.odd.key"})"), Json("kept"));
  EXPECT_EQ(one(R"({"target": "a", "source": "listing.name"})"), Json("Intake"));
  EXPECT_EQ(one(R"({"target": "a", "source": "subStatus.label"})"), Json("Ready"));
  auto snapshot = full_sample();
  set_content(snapshot, R"({"requester": {"firstName": null}})");
  EXPECT_EQ(one(R"({"target": "a", "source": "Dr. {requester.firstName} {requester.lastName}"})", snapshot),
            Json("Dr. Reid"));
  set_content(snapshot, R"({"requester": {"lastName": null}})");
  EXPECT_EQ(one(R"({"target": "a", "source": "Dr. {requester.firstName} {requester.lastName}"})", snapshot),
            Json("(absent)"));
}

TEST(Mapping, takes_the_next_appointment_else_the_latest) {
  auto snapshot = full_sample();
  EXPECT_EQ(one(R"({"target": "a", "source": "appointment.start"})", snapshot), Json("2026-12-03T09:30:00-05:00"));
  EXPECT_EQ(one(R"({"target": "a", "source": "appointment.durationMinutes", "type": "integer"})", snapshot), Json(45));
  snapshot.taken_at = contract::at("2030-01-01T00:00:00Z");
  EXPECT_EQ(one(R"({"target": "a", "source": "appointment.location"})", snapshot), Json("Main St office"));
  snapshot.taken_at = contract::at("2026-10-01T00:00:00Z");
  EXPECT_EQ(one(R"({"target": "a", "source": "appointment.location"})", snapshot), Json("Side St office"));
}

TEST(Mapping, transforms_are_few_and_named) {
  const auto of = [](const char* transform, const char* source) {
    return one(
        (std::string(R"({"target": "a", "source": ")") + source + R"(", "transform": )" + transform + "}").c_str());
  };
  EXPECT_EQ(of(R"(["upper"])", "registrant.address.city"), Json("HAMILTON"));
  EXPECT_EQ(of(R"("lower")", "registrant.address.city"), Json("hamilton"));
  EXPECT_EQ(of(R"(["digits"])", "registrant.phones.main"), Json("19055550142"));
  EXPECT_EQ(of(R"(["date:%d/%m/%Y"])", "registrant.birthDate"), Json("29/02/2004"));
  EXPECT_EQ(of(R"(["date:%Y%m%d %H.%M"])", "appointment.start"), Json("20261203 09.30")) << "the place's own clock";
  EXPECT_EQ(of(R"(["prefix:CA-", "suffix:!"])", "registrant.address.province"), Json("CA-ON!"));
  EXPECT_EQ(of(R"(["upper", "join:; "])", "answers.languages"), Json("FR; IG"));
}

TEST(Mapping, a_value_is_of_its_type_or_stands_in_the_note) {
  EXPECT_EQ(one(R"({"target": "a", "source": "answers.languages", "type": "list"})"), Json::array({"fr", "ig"}));
  const auto mapped = map_referral(with({R"({"target": "a", "source": "answers.livingSituation", "type": "integer"})"}),
                                   full_sample(), {});
  EXPECT_EQ(value_of(mapped, "a"), Json("(absent)"));
  EXPECT_THAT(mapped.note, HasSubstr("Living situation: shelter"));
  ASSERT_EQ(mapped.warnings.size(), 1u);
  EXPECT_EQ(mapped.warnings[0].code, "mapping.wrong_type");
  EXPECT_EQ(mapped.warnings[0].pointer, "/answers/livingSituation");
  EXPECT_THAT(mapped.warnings[0].message, Not(HasSubstr("shelter"))) << "a warning carries no data of a person";
}

TEST(Mapping, a_value_without_a_word_over_there_goes_to_the_note) {
  const char* known = R"({"target": "a", "source": "registrant.gender", "values": {"female": "F", "male": "M"}})";
  auto snapshot = full_sample();
  EXPECT_EQ(one(known, snapshot), Json("F"));
  set_content(snapshot, R"({"registrant": {"gender": "two-spirit"}})");
  const auto mapped = map_referral(with({known}), snapshot, {});
  EXPECT_EQ(value_of(mapped, "a"), Json("(absent)"));
  EXPECT_THAT(mapped.note, HasSubstr("Gender: two-spirit"));
  EXPECT_EQ(mapped.warnings.at(0).code, "mapping.unknown_value");
  const auto other =
      map_referral(with({R"({"target": "a", "source": "registrant.gender", "values": {"*": "X"}})"}), snapshot, {});
  EXPECT_EQ(value_of(other, "a"), Json("X"));
  EXPECT_THAT(other.note, HasSubstr("Gender: two-spirit")) << "what was said is not lost in \"other\"";
}

TEST(Mapping, what_is_cut_stands_whole_in_the_note) {
  auto snapshot = full_sample();
  set_content(snapshot, R"({"registrant": {"firstName": "Éléonore-Marguerite"}})");
  const auto mapped =
      map_referral(with({R"({"target": "a", "source": "registrant.firstName", "maxLength": 8})"}), snapshot, {});
  EXPECT_EQ(value_of(mapped, "a"), Json("Éléonore")) << "characters, not bytes";
  EXPECT_THAT(mapped.note, HasSubstr("Éléonore-Marguerite"));
  EXPECT_EQ(mapped.warnings.at(0).code, "mapping.cut");
}

TEST(Mapping, required_and_default) {
  auto snapshot = full_sample();
  set_content(snapshot, R"({"registrant": {"birthDate": null, "email": null}})");
  MapContext context;
  context.destination = "CRMS";
  const auto mapped = map_referral(
      with({R"({"target": "dob", "label": "Date of Birth", "source": "registrant.birthDate", "required": true})",
            R"({"target": "mail", "source": "registrant.email", "default": "none", "required": true})"}),
      snapshot, context);
  ASSERT_EQ(mapped.missing.size(), 1u);
  EXPECT_EQ(mapped.missing[0].pointer, "/registrant/birthDate");
  EXPECT_EQ(mapped.missing[0].message, "CRMS needs \"Date of Birth\".");
  EXPECT_EQ(value_of(mapped, "mail"), Json("none"));
}

TEST(Mapping, the_note_holds_what_no_field_holds_in_form_order) {
  const auto mapped = map_referral(with({R"({"target": "a", "source": "registrant.firstName"})",
                                         R"({"target": "b", "source": "appointment.start"})"}),
                                   full_sample(), {});
  EXPECT_THAT(mapped.note, Not(HasSubstr("First Name: Amélie")));
  EXPECT_THAT(mapped.note, HasSubstr("\n\nRegistrant\nMiddle Name: Noor\n"));
  EXPECT_LT(mapped.note.find("Living situation: shelter"), mapped.note.find("Languages spoken"));
  EXPECT_THAT(mapped.note, HasSubstr("Notes:\n  Prefers mornings.\n  Brings a friend."));
  EXPECT_THAT(mapped.note, HasSubstr("Side St office")) << "the appointment that was not chosen";
  EXPECT_THAT(mapped.note, HasSubstr("Could she come with her brother?"));
  EXPECT_TRUE(mapped.covered.contains("appointments.1.start"));
  for (const auto& datum : mapped.overflow) EXPECT_FALSE(mapped.covered.contains(datum.path));
}

TEST(Mapping, a_lossy_date_stands_whole_in_the_note_too) {
  const auto mapped = map_referral(
      with({R"({"target": "a", "source": "registrant.birthDate", "transform": ["date:%Y"]})"}), full_sample(), {});
  EXPECT_EQ(value_of(mapped, "a"), Json("2004"));
  EXPECT_THAT(mapped.note, HasSubstr("2004-02-29"));
}

TEST(Mapping, a_note_without_room_says_where_the_rest_is) {
  Mapping mapping = with({});
  mapping.note->length_max = 300;
  const auto mapped = map_referral(mapping, full_sample(), {});
  EXPECT_TRUE(mapped.note_cut);
  EXPECT_EQ(value_of(mapped, "note"), Json(mapped.note));
  EXPECT_TRUE(mapped.note.ends_with("The rest stands in the Referral Summary PDF."));
  EXPECT_LE(mapped.note.size(), 310u);
  MapContext context;
  context.summary_follows = false;
  EXPECT_THAT(map_referral(mapping, full_sample(), context).note, Not(HasSubstr("PDF.")));
}

TEST(Mapping, write_policies_of_an_update) {
  auto snapshot = full_sample();
  set_content(snapshot, R"({"registrant": {"email": null}})");
  const auto update = [&](const char* policy, bool filled, const char* source) {
    MapContext context;
    context.update = true;
    if (filled) context.filled.insert("a");
    const std::string json =
        std::string(R"({"target": "a", "source": ")") + source + R"(", "write": ")" + policy + "\"}";
    return value_of(map_referral(with({json.c_str()}), snapshot, context), "a");
  };
  EXPECT_EQ(update("always", true, "registrant.email"), Json()) << "removed here, blanked out there";
  EXPECT_EQ(update("always", false, "registrant.email"), Json("(absent)"));
  EXPECT_EQ(update("never_blank_out", true, "registrant.email"), Json("(absent)"));
  EXPECT_EQ(update("never_blank_out", true, "registrant.gender"), Json("female"));
  EXPECT_EQ(update("once", false, "registrant.gender"), Json("(absent)"));
  EXPECT_EQ(update("if_empty", true, "registrant.gender"), Json("(absent)"));
  EXPECT_EQ(update("if_empty", false, "registrant.gender"), Json("female"));
}

TEST(Mapping, notices_stand_first) {
  MapContext context;
  context.notices = {"This referral was entered in error and must be disregarded."};
  EXPECT_TRUE(map_referral(with({}), full_sample(), context).note.starts_with(context.notices[0] + "\n\n"));
}

TEST(FieldRule, names_every_fault_and_the_nearest_known_word) {
  FieldRule into;
  Faults faults;
  read_field_rule(
      Json::parse(R"({"target": "a", "source": "registrant.birthdate", "transfrom": "upper", "write": "allways",
                                  "type": "int", "transform": ["uper", "date", "upper:x"], "maxLength": 0})")
          .value(),
      "/fields/3", {"mark"}, into, faults);
  std::vector<std::string> all;
  for (const Fault& fault : faults) all.push_back(fault.pointer + " " + fault.code);
  EXPECT_THAT(all, testing::UnorderedElementsAre(
                       "/fields/3/transfrom profile.unknown_key", "/fields/3/source profile.unknown_path",
                       "/fields/3/transform profile.unknown_transform", "/fields/3/transform profile.bad_transform",
                       "/fields/3/transform profile.bad_transform", "/fields/3/maxLength profile.out_of_range",
                       "/fields/3/write profile.unknown_word", "/fields/3/type profile.unknown_word"));
  for (const Fault& fault : faults) {
    if (fault.code == "profile.unknown_path") {
      EXPECT_THAT(fault.message, HasSubstr("\"registrant.birthDate\""));
    }
    if (fault.pointer.ends_with("/transfrom")) {
      EXPECT_THAT(fault.message, HasSubstr("Did you mean \"transform\"?"));
    }
  }
}

TEST(Template, names_and_braces) {
  EXPECT_THAT(*template_names("a {b} {{c}} {d.e}"), ElementsAre("b", "d.e"));
  EXPECT_EQ(template_names("a {b"), std::nullopt);
  EXPECT_EQ(template_names("a }"), std::nullopt);
  EXPECT_EQ(template_names("{}"), std::nullopt);
  MapContext context;
  context.variables["b"] = "1 2";
  EXPECT_EQ(fill_template("{{{b}}}", nullptr, context, nullptr), "{1 2}");
}

TEST(RuleNamed, finds_the_field_a_refusal_speaks_of) {
  const Mapping mapping = with(
      {R"({"target": "firstName", "label": "First Name", "source": "registrant.firstName"})",
       R"({"target": "requesterFirstName", "label": "Requester First Name", "source": "requester.firstName"})",
       R"j({"target": "phoneMain", "label": "Phone (Home/Main)", "aliases": ["Phone"], "source": "registrant.phones.main"})j"});
  const auto named = [&](const char* key, const char* message) {
    const FieldRule* found = rule_named(mapping, key, message);
    return found == nullptr ? std::string() : found->target;
  };
  EXPECT_EQ(named("", "First name is required"), "firstName");
  EXPECT_EQ(named("", "Requester first name is required"), "requesterFirstName");
  EXPECT_EQ(named("", "Phone (home/main) must be a text"), "phoneMain");
  EXPECT_EQ(named("", "phone is wrong"), "phoneMain");
  EXPECT_EQ(named("", "phoneMain: wrong"), "phoneMain");
  EXPECT_EQ(named("requesterFirstName", "First name is required"), "requesterFirstName");
  EXPECT_EQ(named("", "Surname is required"), "");
  EXPECT_EQ(named("", "microphone"), "") << "whole words";
}

}  // namespace
}  // namespace handoff::exchange
