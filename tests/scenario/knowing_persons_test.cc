// Goal: the same person comes in through many doors and is known as one; who only looks alike is asked about and never
// made one in silence; whatever was decided can be taken back. Method: a house that takes referrals in, the clinic that
// sends most of them, and the people who answer the questions. No referral ever waits for an answer.
#include <set>
#include <thread>

#include "tests/scenario/world.h"

namespace handoff::scenario {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

// Whoever is referred, as a sender writes them down.
Json somebody(const std::string& first, const std::string& last, const std::string& born, const std::string& phone,
              const std::string& street = "12 King St") {
  return Json::object({{"registrant", Json::object({{"firstName", first},
                                                    {"lastName", last},
                                                    {"birthDate", born},
                                                    {"gender", Json()},
                                                    {"email", Json()},
                                                    {"phones", Json::object({{"main", phone}})},
                                                    {"address", Json::object({{"line", street},
                                                                              {"city", "Hamilton"},
                                                                              {"province", "ON"},
                                                                              {"country", "CA"},
                                                                              {"postalCode", "L8P 1A1"}})}})}});
}
const Json elizabeth = somebody("Elizabeth", "Lindqvist", "1964-09-09", "+1 647 555 0188");
const Json noor = somebody("Noor", "Haddad", "1990-05-05", "+1 416 555 0199", "7 Elm Road");
const Json amelie = somebody("Amélie", "Okafor", "1987-02-11", "+1 905 555 0142");
// Born on the same day, under the same roof, with the same telephone.
const Json annelise = somebody("Annelise", "Okafor", "1987-02-11", "+1 905 555 0142");

class KnowingPersons : public Scenario {
 protected:
  std::string person(const Referral& referral) const { return house.sees(referral).shown()["person"]["id"].text_or(); }
  bool is_asked_about(const Referral& referral) const {
    return house.sees(referral).shown()["person"]["inReview"].bool_or(false);
  }
  // The other referrals of the same person, as whoever reads this one sees them.
  std::vector<std::string> others(const Referral& referral) const {
    std::vector<std::string> out;
    const Json shown = house.sees(referral).shown()["person"];
    for (const Json& other : shown["otherReferrals"].items()) out.push_back(other["id"].text_or());
    return out;
  }
  std::vector<Json> questions() const { return house.list("/persons/reviews"); }
  Answer answers(const Json& question, const std::string& decision) const {
    return house.post("/persons/reviews/" + question["id"].text_or() + "/decide",
                      Json::object({{"decision", decision}, {"reason", "I asked them"}}));
  }
  std::string merges(const std::string& survivor, const std::string& merged) const {
    const Answer done = house.post(
        "/persons/merge",
        Json::object({{"survivorId", survivor}, {"mergedId", merged}, {"reason", "The health card is the same"}}));
    EXPECT_EQ(done.status, 200) << done.text;
    return done.body["mergeId"].text_or();
  }
  void unmerges(const std::string& merge) const {
    const Answer done = house.post("/persons/unmerge",
                                   Json::object({{"mergeId", merge}, {"reason", "They are two, I have seen both"}}));
    EXPECT_EQ(done.status, 200) << done.text;
  }
  // What happened to a person, oldest first.
  std::vector<std::string> story_of(const std::string& person) const {
    std::vector<std::string> out;
    for (const Json& event : house.list("/persons/" + person + "/events")) out.push_back(event["type"].text_or());
    return out;
  }

  static inline const std::string org = "/services/data/v66.0";
  Clinic house = world.clinic("Harbour House");
  Clinic mill = world.clinic("Mill Clinic");
  const std::string intake = house.listing("Intake");
};
INSTANTIATE_TEST_SUITE_P(Both, KnowingPersons, testing::ValuesIn(testing_support::both_databases()),
                         testing_support::database_name);

TEST_P(KnowingPersons, ATypoAndANicknameAreTheSamePersonAndEachReferralShowsTheOthers) {
  const Referral first = house.refers(intake, elizabeth);
  // The clinic knows her as Liz, and a colleague there hits the wrong key.
  const Referral as_liz =
      mill.refers(intake, somebody("Liz", "Lindqvist", "1964-09-09", "647-555-0188", "12 King Street"));
  const Referral mistyped = mill.refers(intake, somebody("Elizabeth", "Lindqivst", "1964-09-09", "(647) 555-0188"));
  EXPECT_EQ(person(as_liz), person(first));
  EXPECT_EQ(person(mistyped), person(first));
  EXPECT_THAT(questions(), IsEmpty());
  EXPECT_THAT(others(first), UnorderedElementsAre(as_liz.id(), mistyped.id()));
  EXPECT_THAT(others(mistyped), UnorderedElementsAre(first.id(), as_liz.id()));
  // Why it was linked can be read, field by field.
  const Json known = house.get("/persons/" + person(first)).body;
  for (const Json& record : known["records"].items()) {
    if (record["referralId"].text_or() != as_liz.id()) continue;
    EXPECT_EQ(record["origin"].text_or(), "automatic");
    EXPECT_THAT(record["explanation"].dump(), HasSubstr("nickname"));
  }
  // The sender is not told whom the house knows.
  EXPECT_TRUE(mill.sees(as_liz).shown()["person"].is_null());
}

TEST_P(KnowingPersons, ATwinIsAskedAboutWhileTheReferralIsWorkedOnAndTheAnswerMovesIt) {
  Destination& crms = world.crms();
  const Integration at_the_end = house.hands_over_to(crms, json(R"({"triggers": ["closed.completed"]})"));
  const Referral first = house.refers(intake, amelie);
  const Referral second = mill.refers(intake, annelise);
  EXPECT_NE(person(second), person(first)) << "nobody is made one with a twin in silence";
  EXPECT_TRUE(is_asked_about(second));
  ASSERT_THAT(questions(), SizeIs(1));
  EXPECT_THAT(questions()[0]["options"].items()[0]["explanation"]["guards"].dump(), HasSubstr("twins"));

  // Nobody waits for the answer.
  const Referral at_work = house.sees(second);
  at_work.becomes("accepted");
  at_work.is_booked();
  at_work.is_closed("admitted");
  world.settle();
  EXPECT_TRUE(crms.holds(second));
  const auto version = at_work.shown()["version"];
  const auto deliveries = at_work.deliveries().size();
  const std::string as_two = person(second);

  // There is no twin: the clinic's form had put her second name first.
  EXPECT_EQ(answers(questions()[0], "same").status, 200);
  EXPECT_EQ(person(second), person(first));
  EXPECT_FALSE(is_asked_about(second));
  EXPECT_THAT(others(first), ElementsAre(second.id()));
  EXPECT_EQ(house.get("/persons/" + as_two).body["id"].text_or(), person(first)) << "the old id leads on";
  EXPECT_THAT(story_of(as_two), ElementsAre("person.linked", "person.merged"));
  // The referral has not changed by that, and nothing more is sent of it.
  world.settle();
  EXPECT_EQ(at_work.shown()["version"], version);
  EXPECT_THAT(at_work.deliveries(), SizeIs(deliveries));
}

TEST_P(KnowingPersons, MergesByMistakeAreUndoneInAnotherOrderThanTheyWereMade) {
  const Referral of_elizabeth = house.refers(intake, elizabeth), of_noor = house.refers(intake, noor),
                 of_amelie = house.refers(intake, amelie);
  const std::string liz = person(of_elizabeth), noor_herself = person(of_noor), amelie_herself = person(of_amelie);
  const std::string first = merges(liz, noor_herself);
  const std::string second = merges(amelie_herself, liz);
  EXPECT_EQ(person(of_noor), amelie_herself) << "a chain leads to its end";
  // While they are one, Noor comes again: she is recognized in what is known of the merged one.
  const Referral again = mill.refers(intake, noor);
  EXPECT_EQ(person(again), amelie_herself);

  // The older merge first, though the newer one stands on it.
  unmerges(first);
  EXPECT_EQ(person(of_noor), noor_herself);
  EXPECT_EQ(person(again), noor_herself) << "what came meanwhile goes with whom it spoke of";
  EXPECT_EQ(person(of_elizabeth), amelie_herself);
  unmerges(second);
  EXPECT_EQ(person(of_elizabeth), liz);
  EXPECT_EQ(person(of_amelie), amelie_herself);
  EXPECT_EQ(house.post("/persons/unmerge", Json::object({{"mergeId", first}})).code(), "merge.undone_already");
  EXPECT_THAT(story_of(noor_herself), testing::IsSupersetOf({"person.linked", "person.merged", "person.unmerged"}));
}

TEST_P(KnowingPersons, OfTwoWhoAnswerAtOnceOneIsToldWhoWasFirst) {
  house.refers(intake, amelie);
  house.refers(intake, annelise);
  const Json question = questions().at(0);
  std::vector<Answer> answered(2);
  std::thread one([&] { answered[0] = answers(question, "same"); });
  std::thread two([&] { answered[1] = answers(question, "different"); });
  one.join();
  two.join();
  if (answered[0].status != 200) std::swap(answered[0], answered[1]);
  EXPECT_EQ(answered[0].status, 200) << answered[0].text;
  EXPECT_EQ(answered[1].status, 409) << answered[1].text;
  EXPECT_EQ(answered[1].code(), "review.decided_already");
  const Json decided = house.get("/persons/reviews/" + question["id"].text_or()).body;
  EXPECT_EQ(decided["status"].text_or(), "decided");
  EXPECT_THAT(decided["decisions"].items(), SizeIs(1)) << "half of an answer is none";
}

TEST_P(KnowingPersons, DifferentIsRememberedForEver) {
  const Referral first = house.refers(intake, amelie), second = house.refers(intake, annelise);
  ASSERT_EQ(answers(questions().at(0), "different").status, 200);
  // The twin's referral is corrected until it reads like her sister's: still nobody is made one.
  house.sees(second).is_edited(Json::object({{"registrant", Json::object({{"firstName", "Amélie"}})}}));
  EXPECT_NE(person(second), person(first));
  EXPECT_THAT(questions(), IsEmpty()) << "what was answered is not asked again";
  // Nor after her sister was merged with somebody and that was undone.
  const Referral other = house.refers(intake, noor);
  const std::string merge = merges(person(first), person(other));
  house.sees(second).is_edited(Json::object({{"registrant", Json::object({{"middleName", "Rose"}})}}));
  EXPECT_NE(person(second), person(first));
  unmerges(merge);
  house.sees(second).is_edited(Json::object({{"registrant", Json::object({{"middleName", "Ann"}})}}));
  EXPECT_NE(person(second), person(first));
  EXPECT_THAT(questions(), IsEmpty());
}

TEST_P(KnowingPersons, AWrongNameIsCorrectedBeforeAnybodyDecides) {
  const Referral first = house.refers(intake, amelie), second = mill.refers(intake, annelise);
  const Json question = questions().at(0);
  EXPECT_EQ(answers(question, "fix_data").body["status"].text_or(), "correction");
  // Whoever opens the referral is told what to do, and does it a day later.
  EXPECT_THAT(house.sees(second).shown()["person"]["openReviews"].dump(), HasSubstr("Correct it"));
  world.pass(std::chrono::hours{24});
  EXPECT_NE(person(second), person(first));
  house.sees(second).is_edited(Json::object({{"registrant", Json::object({{"firstName", "Amélie"}})}}));
  EXPECT_EQ(person(second), person(first));
  EXPECT_THAT(questions(), IsEmpty());
}

TEST_P(KnowingPersons, ASistersDataWrittenOverHersAreFoundAndGivenAPersonOfTheirOwn) {
  Destination& crms = world.crms();
  house.hands_over_to(crms, json(R"({"triggers": ["closed.completed"]})"));
  const Referral first = house.refers(intake, amelie), second = house.refers(intake, amelie);
  ASSERT_EQ(person(second), person(first));
  world.pass(std::chrono::hours{1});
  second.is_edited(Json::object({{"registrant", Json::object({{"firstName", "Bridget"}})}}));
  EXPECT_EQ(person(second), person(first)) << "nothing is torn apart in silence";
  const auto splits = house.list("/persons/reviews?kind=split");
  ASSERT_THAT(splits, SizeIs(1));
  EXPECT_THAT(splits[0]["parts"].items(), SizeIs(2));
  // The referral goes on meanwhile.
  second.is_closed("admitted");
  world.settle();
  EXPECT_TRUE(crms.holds(second));

  EXPECT_EQ(answers(splits[0], "split").status, 200);
  const std::string sister = person(second);
  EXPECT_NE(sister, person(first));
  EXPECT_THAT(others(first), IsEmpty());
  EXPECT_THAT(story_of(sister), testing::Contains("person.linked"));
  EXPECT_THAT(questions(), IsEmpty());
  // It was her nickname after all: back to where it was.
  const Answer undone = house.post("/persons/reviews/" + splits[0]["id"].text_or() + "/undo",
                                   Json::object({{"reason", "Bridget is what her friends call her"}}));
  EXPECT_EQ(undone.status, 200) << undone.text;
  EXPECT_EQ(person(second), person(first));
  EXPECT_THAT(others(first), ElementsAre(second.id()));
}

// The referral API of Salesforce asks by a flag whether a patient who is known may be taken.
TEST_P(KnowingPersons, TheFlagOfTheReferralApiTakesWhoAgreesInEverythingAndAsksAboutWhoDoesNot) {
  struct Sent {
    std::string patient, person;
    bool asked = false;
  };
  std::set<std::string> seen;
  const auto refers = [&](const std::string& first_name, bool match) {
    const Json fields = Json::object({{"FirstName", first_name},
                                      {"LastName", "Okafor"},
                                      {"PersonBirthdate", "1987-02-11"},
                                      {"Phone", "905-555-0142"},
                                      {"PersonMailingStreet", "12 King St"},
                                      {"PersonMailingPostalCode", "L8P 1A1"}});
    const Answer made = house.post(org + "/connect/health/referral-management/referrals",
                                   Json::object({{"patient", Json::object({{"fields", fields}})},
                                                 {"referral", Json::object({{"fields", Json::object()}})},
                                                 {"shouldUseHighConfidenceMatch", match}}));
    EXPECT_EQ(made.status, 201) << made.text;
    const std::string request = made.body["referralIds"].items().at(0).text_or();
    Sent sent;
    sent.patient = house.get(org + "/sobjects/ClinicalServiceRequest/" + request).body["PatientId"].text_or();
    for (const Json& referral : house.list("/referrals")) {
      const std::string id = referral["id"].text_or();
      if (!seen.insert(id).second) continue;
      sent.person = person(house.sees(id));
      sent.asked = is_asked_about(house.sees(id));
    }
    return sent;
  };
  const Sent first = refers("Amelie", true), again = refers("Amelie", true);
  EXPECT_EQ(again.patient, first.patient) << "the patient who is known";
  EXPECT_EQ(again.person, first.person);

  // Without the flag the sender gets a new patient; who that is, the house knows all the same.
  const Sent unasked = refers("Amelie", false);
  EXPECT_NE(unasked.patient, first.patient);
  EXPECT_EQ(unasked.person, first.person);
  EXPECT_THAT(questions(), IsEmpty());

  // A twin agrees in everything but her name: a patient of her own, and a question.
  const Sent twin = refers("Annelise", true);
  EXPECT_NE(twin.patient, first.patient);
  EXPECT_NE(twin.person, first.person);
  EXPECT_TRUE(twin.asked);
  ASSERT_THAT(questions(), SizeIs(1));
  EXPECT_THAT(questions()[0]["options"].dump(), HasSubstr(first.person));
}

}  // namespace
}  // namespace handoff::scenario
