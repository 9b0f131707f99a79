// Goal: a question about a person is answered alone or by two, put off until what is written down is right, looked at
// anew when that changes, never asked twice over the same, and every answer can be taken back. Method: referrals with
// registrants that agree more or less, on both databases, over the real socket.
#include <set>

#include "tests/support/api.h"

namespace handoff::testing_support {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Json registrant(const std::string& first, const std::string& last, const std::string& birth, const std::string& phone,
                const std::string& line = "12 King St") {
  return Json::object({{"firstName", first},
                       {"lastName", last},
                       {"birthDate", birth.empty() ? Json() : Json(birth)},
                       {"phones", Json::object({{"main", phone.empty() ? Json() : Json(phone)}})},
                       {"address", Json::object({{"line", line}, {"city", "Hamilton"}, {"postalCode", "L8P 1A1"}})}});
}
const Json amelie = registrant("Amélie", "Okafor", "1987-02-11", "+1 905 555 0142");
const Json twin = registrant("Bridget", "Okafor", "1987-02-11", "+1 905 555 0142");
const Json noor = registrant("Noor", "Haddad", "1990-05-05", "+1 416 555 0199", "7 Elm Road");

class Reviews : public ApiTest {
 protected:
  Reviews() : listing(new_listing("Intake")) {
    const Answer client = house.caller.post(
        "/api/v1/api-clients",
        Json::object({{"name", "Second desk"}, {"scopes", Json::array({"persons.read", "persons.write"})}}));
    EXPECT_EQ(client.status, 201) << client.body;
    const Answer token =
        server.nobody().send({"POST",
                              "/oauth2/token",
                              "grant_type=client_credentials&client_id=" + client.json["clientId"].text_or() +
                                  "&client_secret=" + client.json["clientSecret"].text_or(),
                              {{"Content-Type", "application/x-www-form-urlencoded"}}});
    EXPECT_EQ(token.status, 200) << token.body;
    colleague = std::make_unique<Caller>(server, token.json["access_token"].text_or());
  }

  std::string refers(const Json& who) {
    const Answer made =
        house.caller.post("/api/v1/referrals", Json::object({{"listingId", listing}, {"registrant", who}}));
    EXPECT_EQ(made.status, 201) << made.body;
    return made.json["id"].text_or();
  }
  void corrects(const std::string& referral, const Json& change) {
    const Answer done = house.caller.patch(path_of(referral), Json::object({{"registrant", change}}));
    EXPECT_EQ(done.status, 200) << done.body;
  }
  std::string person_of(const std::string& referral) {
    return house.caller.get(path_of(referral)).json["person"]["id"].text_or();
  }
  bool in_review(const std::string& referral) {
    return house.caller.get(path_of(referral)).json["person"]["inReview"].bool_or(false);
  }
  Json person(const std::string& id) { return house.caller.get("/api/v1/persons/" + id).json; }
  std::vector<Json> waiting(const std::string& more = "") {
    return house.caller.get("/api/v1/persons/reviews" + more).json["items"].items();
  }
  Json review(const std::string& id) { return house.caller.get("/api/v1/persons/reviews/" + id).json; }
  static Answer answers(const Caller& caller, const std::string& id, const std::string& decision,
                        Json more = Json::object()) {
    Json body = Json::object({{"decision", decision}, {"reason", "Asked them"}});
    for (const auto& [key, value] : more.members()) body.set(key, value);
    return caller.post("/api/v1/persons/reviews/" + id + "/decide", body);
  }
  Answer undoes(const std::string& id) {
    return house.caller.post("/api/v1/persons/reviews/" + id + "/undo", Json::object({{"reason", "A mistake"}}));
  }
  void wants_two_for(const char* cause) {
    const Answer done = house.caller.patch("/api/v1/organizations/" + house.id.text(),
                                           Json::object({{"secondReaderFor", Json::array({cause})}}));
    ASSERT_EQ(done.status, 200) << done.body;
    EXPECT_EQ(done.json["secondReaderFor"].items()[0].text_or(), cause);
  }
  static std::vector<std::string> standings(const Json& review) {
    std::vector<std::string> out;
    for (const Json& decided : review["decisions"].items())
      out.push_back(decided["decision"].text_or() + " " + decided["standing"].text_or());
    return out;
  }
  // Each record with its person: what splitting and undoing must leave as it was.
  std::map<std::string, std::string> whose(const std::vector<std::string>& persons) {
    std::map<std::string, std::string> out;
    for (const auto& id : persons) {
      const Json shown = person(id);
      for (const Json& record : shown["records"].items())
        out[record["id"].text_or()] =
            shown["id"].text_or() + " home " + record["homePersonId"].text_or() + " " + record["origin"].text_or();
    }
    return out;
  }

  std::string listing;
  std::unique_ptr<Caller> colleague;
};
INSTANTIATE_TEST_SUITE_P(Both, Reviews, testing::ValuesIn(both_databases()), database_name);

// ---- a second reader -----------------------------------------------------------------------------------------------

TEST_P(Reviews, without_being_asked_for_one_reader_is_enough) {
  EXPECT_THAT(house.caller.get("/api/v1/organizations/" + house.id.text()).json["secondReaderFor"].items(), IsEmpty());
  refers(amelie);
  refers(twin);
  EXPECT_EQ(answers(house.caller, waiting().at(0)["id"].text_or(), "same").json["status"].text_or(), "decided");
}

TEST_P(Reviews, a_second_reader_must_be_somebody_else_and_say_the_same) {
  wants_two_for("guards");
  const std::string first = refers(amelie), second = refers(twin);
  const std::string id = waiting().at(0)["id"].text_or();
  const Answer once = answers(house.caller, id, "same");
  ASSERT_EQ(once.status, 200) << once.body;
  EXPECT_EQ(once.json["status"].text_or(), "second_reader");
  EXPECT_THAT(standings(once.json), ElementsAre("same waits"));
  EXPECT_NE(person_of(first), person_of(second)) << "one answer does nothing yet";
  EXPECT_TRUE(in_review(second));
  const Answer twice = answers(house.caller, id, "same");
  EXPECT_EQ(twice.status, 409);
  EXPECT_EQ(twice.code(), "review.needs_another_reader");
  const Answer agreed = answers(*colleague, id, "same");
  ASSERT_EQ(agreed.status, 200) << agreed.body;
  EXPECT_EQ(agreed.json["status"].text_or(), "decided");
  EXPECT_THAT(standings(agreed.json), ElementsAre("same confirmed", "same in_force"));
  EXPECT_EQ(person_of(first), person_of(second));
  // Step by step back: first the answer that was in force, then the one that had waited.
  EXPECT_EQ(undoes(id).json["status"].text_or(), "second_reader");
  EXPECT_NE(person_of(first), person_of(second));
  EXPECT_EQ(undoes(id).json["status"].text_or(), "open");
  EXPECT_EQ(undoes(id).code(), "review.not_decided");
}

TEST_P(Reviews, two_readers_who_differ_leave_it_unsure_and_a_third_settles_it) {
  wants_two_for("guards");
  const std::string first = refers(amelie), second = refers(twin);
  const std::string id = waiting().at(0)["id"].text_or();
  answers(house.caller, id, "same");
  const Answer differs = answers(*colleague, id, "different");
  ASSERT_EQ(differs.status, 200) << differs.body;
  EXPECT_EQ(differs.json["status"].text_or(), "unsure");
  EXPECT_THAT(standings(differs.json), ElementsAre("same waits", "different waits"));
  EXPECT_NE(person_of(first), person_of(second));
  EXPECT_THAT(house.caller.get("/api/v1/persons/assertions").json["items"].items(), IsEmpty());
  // The administrator's client is a third one.
  const Answer token = server.nobody().send(
      {"POST",
       "/oauth2/token",
       "grant_type=client_credentials&client_id=" + house.client_id + "&client_secret=" + house.client_secret,
       {{"Content-Type", "application/x-www-form-urlencoded"}}});
  const Caller third(server, token.json["access_token"].text_or());
  const Answer settled = answers(third, id, "different");
  ASSERT_EQ(settled.status, 200) << settled.body;
  EXPECT_EQ(settled.json["status"].text_or(), "decided");
  EXPECT_THAT(standings(settled.json), ElementsAre("same overruled", "different confirmed", "different in_force"));
  EXPECT_THAT(house.caller.get("/api/v1/persons/assertions").json["items"].items(), SizeIs(1));
  EXPECT_EQ(undoes(id).json["status"].text_or(), "unsure");
}

TEST_P(Reviews, an_answer_that_waits_is_void_when_the_record_changes) {
  wants_two_for("guards");
  refers(amelie);
  const std::string second = refers(twin);
  const std::string id = waiting().at(0)["id"].text_or();
  answers(house.caller, id, "same");
  corrects(second, Json::object({{"firstName", "Brigitta"}}));
  const Json renewed = review(id);
  EXPECT_EQ(renewed["status"].text_or(), "open");
  EXPECT_THAT(standings(renewed), ElementsAre("same undone"));
  EXPECT_EQ(answers(house.caller, id, "same").json["status"].text_or(), "second_reader");
}

TEST_P(Reviews, wrong_settings_are_refused_one_by_one) {
  const Answer refused =
      house.caller.patch("/api/v1/organizations/" + house.id.text(),
                         Json::object({{"secondReaderFor", Json::array({"guards", "twins", Json(7)})}}));
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.faults(),
              ElementsAre("/secondReaderFor/1 property.unknown_value", "/secondReaderFor/2 property.unknown_value"));
}

// ---- what is written down wrongly ----------------------------------------------------------------------------------

TEST_P(Reviews, wrong_data_are_put_right_first_and_the_question_is_looked_at_anew) {
  const std::string first = refers(amelie), second = refers(twin);
  const std::string id = waiting().at(0)["id"].text_or();
  const Answer told = answers(house.caller, id, "fix_data");
  ASSERT_EQ(told.status, 200) << told.body;
  EXPECT_EQ(told.json["status"].text_or(), "correction");
  EXPECT_THAT(told.json["correction"]["referralIds"].items(), ElementsAre(Json(second)));
  EXPECT_THAT(told.json["correction"]["sentence"].text_or(), HasSubstr("Correct it"));
  // Whoever opens the referral sees the task, and the queue counts it.
  const Json open = house.caller.get(path_of(second)).json["person"]["openReviews"].items().at(0);
  EXPECT_EQ(open["status"].text_or(), "correction");
  EXPECT_THAT(open["task"].text_or(), HasSubstr(second));
  EXPECT_TRUE(in_review(second));
  EXPECT_EQ(house.caller.get("/api/v1/persons/reviews/figures").json["correction"], Json(1));
  // A correction that leaves a doubt asks anew …
  corrects(second, Json::object({{"firstName", "Brigitta"}}));
  EXPECT_EQ(review(id)["status"].text_or(), "open");
  EXPECT_TRUE(review(id)["correction"].is_null());
  // … and one that leaves none answers by itself.
  ASSERT_EQ(answers(house.caller, id, "fix_data").status, 200);
  corrects(second, Json::object({{"firstName", "Amélie"}}));
  EXPECT_EQ(person_of(second), person_of(first));
  EXPECT_EQ(review(id)["status"].text_or(), "closed");
  EXPECT_THAT(waiting(), IsEmpty());
}

TEST_P(Reviews, the_wrong_data_may_be_the_other_ones) {
  const std::string first = refers(amelie), second = refers(twin);
  const std::string id = waiting().at(0)["id"].text_or();
  const Answer told = answers(house.caller, id, "fix_data", Json::object({{"personId", person_of(first)}}));
  ASSERT_EQ(told.status, 200) << told.body;
  EXPECT_THAT(told.json["correction"]["referralIds"].items(), ElementsAre(Json(first)));
  corrects(first, Json::object({{"birthDate", "1958-03-17"}, {"phones", Json::object({{"main", "+1 416 555 0171"}})}}));
  EXPECT_NE(review(id)["status"].text_or(), "correction");
  EXPECT_EQ(
      answers(house.caller, id, "fix_data", Json::object({{"personId", "per_01ARZ3NDEKTSV4RRFFQ69G5FAV"}})).status,
      review(id)["status"].text_or() == "closed" ? 409 : 400);
  EXPECT_EQ(person_of(second), person_of(second));
}

// ---- looked at anew, asked once ------------------------------------------------------------------------------------

TEST_P(Reviews, a_question_follows_what_it_rests_on) {
  const std::string first = refers(amelie);
  const std::string second = refers(twin);
  const std::string id = waiting().at(0)["id"].text_or();
  const Json before = review(id);
  // What does not concern the comparison leaves it as it is.
  corrects(second, Json::object({{"preferredLanguage", "fr"}}));
  EXPECT_EQ(review(id)["version"], before["version"]);
  EXPECT_NE(review(id)["recordId"], before["recordId"]);
  // What does: the birth date is another one now, and the two have little in common.
  corrects(second,
           Json::object({{"birthDate", "1958-03-17"}, {"phones", Json::object({{"main", "+1 416 555 0171"}})}}));
  EXPECT_EQ(review(id)["status"].text_or(), "closed") << review(id).dump_pretty();
  EXPECT_FALSE(in_review(second));
  EXPECT_THAT(waiting(), IsEmpty());
  EXPECT_NE(person_of(first), person_of(second));
}

TEST_P(Reviews, persons_are_not_made_one_by_a_correction_elsewhere_but_asked_about_with_the_new_evidence) {
  const std::string first = refers(amelie), again = refers(amelie), second = refers(twin);
  const std::string id = waiting().at(0)["id"].text_or();
  EXPECT_EQ(review(id)["cause"].text_or(), "guards");
  // One of the first one's referrals had the wrong name: it reads like the twin's now.
  corrects(again, Json::object({{"firstName", "Bridget"}}));
  EXPECT_NE(person_of(first), person_of(second));
  const Json renewed = review(id);
  EXPECT_EQ(renewed["status"].text_or(), "open");
  EXPECT_GT(renewed["version"].int_or(0), 1);
  EXPECT_EQ(renewed["cause"].text_or(), "certain");
  EXPECT_THAT(renewed["options"].items(), SizeIs(1));
  EXPECT_THAT(waiting("?kind=split"), SizeIs(1)) << "and the first one's records contradict each other";
}

TEST_P(Reviews, what_was_answered_is_not_asked_again_over_the_same_evidence) {
  const std::string first = refers(amelie), second = refers(twin);
  const std::string id = waiting().at(0)["id"].text_or();
  ASSERT_EQ(answers(house.caller, id, "different").status, 200);
  corrects(second, Json::object({{"preferredLanguage", "fr"}}));
  corrects(first, Json::object({{"preferredLanguage", "fr"}}));
  corrects(second, Json::object({{"gender", "female"}}));
  EXPECT_THAT(waiting(), IsEmpty());
  EXPECT_THAT(waiting("?status=decided"), SizeIs(1));
}

TEST_P(Reviews, a_merge_that_is_undone_takes_its_answer_back) {
  refers(amelie);
  refers(twin);
  const std::string id = waiting().at(0)["id"].text_or();
  const Answer decided = answers(house.caller, id, "same");
  const std::string merge = decided.json["decisions"].items().at(0)["mergeId"].text_or();
  ASSERT_EQ(house.caller.post("/api/v1/persons/unmerge", Json::object({{"mergeId", merge}})).status, 200);
  const Json after = review(id);
  EXPECT_EQ(standings(after), std::vector<std::string>{"same undone"});
  EXPECT_EQ(after["options"].items().at(0)["decided"].text_or(), "different");
  const Json bands = house.caller.get("/api/v1/persons/reviews/figures").json["bands"];
  ASSERT_THAT(bands.items(), SizeIs(1));
  EXPECT_EQ(bands.items()[0]["different"], Json(1));
  EXPECT_EQ(bands.items()[0]["same"], Json(0));
  EXPECT_THAT(waiting(), IsEmpty());
}

// ---- figures -------------------------------------------------------------------------------------------------------

TEST_P(Reviews, figures_tell_each_band_and_propose_nothing_that_few_answers_cannot_show) {
  const Json none = house.caller.get("/api/v1/persons/reviews/figures").json;
  EXPECT_THAT(none["bands"].items(), IsEmpty());
  EXPECT_THAT(none["thresholds"]["certain"]["sentence"].text_or(), HasSubstr("No question"));
  refers(amelie);
  refers(twin);
  answers(house.caller, waiting().at(0)["id"].text_or(), "different");
  refers(registrant("Carolina", "Okafor", "1987-02-11", "+1 905 555 0142"));
  const Json some = house.caller.get("/api/v1/persons/reviews/figures").json;
  EXPECT_EQ(some["open"], Json(1));
  EXPECT_EQ(some["byAge"]["lessThanADay"], Json(1));
  std::int64_t different = 0, waits = 0;
  for (const Json& band : some["bands"].items()) {
    EXPECT_TRUE(band["guarded"].bool_or(false));
    different += band["different"].int_or(0);
    waits += band["waiting"].int_or(0);
    if (band["different"].int_or(0) == 1) {
      EXPECT_EQ(band["shareSame"], Json(0));
      EXPECT_NEAR(band["shareHigh"].real().value_or(0), 0.793, 0.001) << "one answer shows next to nothing";
    }
  }
  EXPECT_EQ(different, 1);
  EXPECT_EQ(waits, 1);
  EXPECT_EQ(some["thresholds"]["certain"]["proposed"], some["thresholds"]["certain"]["present"]);
}

// ---- splits --------------------------------------------------------------------------------------------------------

// Of two referrals of one person one is overwritten with her sister's name.
TEST_P(Reviews, an_overlay_is_found_and_answered_by_right_which_binds) {
  const std::string first = refers(amelie), second = refers(amelie);
  ASSERT_EQ(person_of(first), person_of(second));
  corrects(second, Json::object({{"firstName", "Bridget"}}));
  EXPECT_EQ(person_of(first), person_of(second)) << "nothing is split in silence";
  const auto splits = waiting("?kind=split");
  ASSERT_THAT(splits, SizeIs(1));
  EXPECT_THAT(waiting("?kind=match"), IsEmpty());
  const Json& question = splits[0];
  EXPECT_EQ(question["cause"].text_or(), "overlay");
  EXPECT_EQ(question["subject"]["personId"].text_or(), person_of(first));
  ASSERT_THAT(question["parts"].items(), SizeIs(2));
  EXPECT_THAT(question["parts"].items()[1]["explanation"]["guards"].dump(), HasSubstr("twins"));
  EXPECT_TRUE(question["parts"].items()[0]["explanation"].is_null());
  EXPECT_FALSE(in_review(second)) << "whose it is stands until somebody says otherwise";
  EXPECT_THAT(house.caller.get(path_of(first)).json["person"]["openReviews"].items(), SizeIs(1));
  const std::string id = question["id"].text_or();
  EXPECT_THAT(answers(house.caller, id, "same").faults(), ElementsAre("/decision review.other_question"));
  const Answer right = answers(house.caller, id, "right");
  ASSERT_EQ(right.status, 200) << right.body;
  EXPECT_EQ(right.json["status"].text_or(), "decided");
  // Bound: neither a further referral nor a change of something else brings it up again.
  refers(amelie);
  corrects(first, Json::object({{"preferredLanguage", "fr"}}));
  EXPECT_THAT(waiting(), IsEmpty());
  EXPECT_EQ(house.caller.get("/api/v1/persons/reviews/figures").json["splits"]["right"], Json(1));
  // A record that says something else does, and so does taking the answer back.
  corrects(second, Json::object({{"firstName", "Carolina"}}));
  ASSERT_THAT(waiting("?kind=split"), SizeIs(1));
  corrects(second, Json::object({{"firstName", "Bridget"}}));
  EXPECT_THAT(waiting(), IsEmpty()) << "that was answered";
  EXPECT_EQ(undoes(id).json["status"].text_or(), "open");
}

TEST_P(Reviews, an_overlay_is_split_off_into_a_person_of_its_own_and_that_is_taken_back_exactly) {
  const std::string first = refers(amelie), second = refers(amelie);
  const std::string known = person_of(first);
  corrects(second, Json::object({{"firstName", "Bridget"}}));
  const std::string id = waiting("?kind=split").at(0)["id"].text_or();
  const auto before = whose({known});
  const Answer split = answers(house.caller, id, "split");
  ASSERT_EQ(split.status, 200) << split.body;
  const std::string made = person_of(second);
  EXPECT_NE(made, known);
  EXPECT_EQ(person_of(first), known);
  EXPECT_THAT(waiting(), IsEmpty()) << "nobody asks whether the two are one";
  // What comes later finds the right one of the two.
  EXPECT_EQ(person_of(refers(registrant("Bridget", "Okafor", "1987-02-11", "+1 905 555 0142"))), made);
  const Answer undone = undoes(id);
  ASSERT_EQ(undone.status, 200) << undone.body;
  EXPECT_EQ(undone.json["status"].text_or(), "open");
  EXPECT_EQ(person_of(second), known);
  auto after = whose({known});
  EXPECT_EQ(after, before);
  EXPECT_EQ(person(made)["status"].text_or(), "active") << "what came to it since is its own";
  EXPECT_THAT(house.caller.get("/api/v1/persons/assertions").json["items"].items().at(0)["takenBackAt"].text_or(),
              testing::Not(IsEmpty()));
}

TEST_P(Reviews, an_overlay_that_is_corrected_closes_by_itself) {
  const std::string first = refers(amelie), second = refers(amelie);
  corrects(second, Json::object({{"firstName", "Bridget"}}));
  const std::string id = waiting("?kind=split").at(0)["id"].text_or();
  EXPECT_EQ(answers(house.caller, id, "fix_data").json["status"].text_or(), "correction");
  corrects(second, Json::object({{"firstName", "Amélie"}}));
  EXPECT_EQ(review(id)["status"].text_or(), "closed");
  EXPECT_EQ(person_of(first), person_of(second));
}

TEST_P(Reviews, records_are_split_off_by_hand_and_put_back_whatever_happened_meanwhile) {
  const std::string first = refers(amelie), second = refers(amelie);
  const std::string known = person_of(first);
  ASSERT_EQ(person_of(second), known);
  const std::string other = person_of(refers(noor));
  const auto before = whose({known, other});
  std::string record;
  const Json shown = person(known);
  for (const Json& each : shown["records"].items()) {
    if (each["referralId"].text_or() == second) record = each["id"].text_or();
  }
  const auto split = [&](const Json& body) { return house.caller.post("/api/v1/persons/split", body); };
  const Answer done =
      split(Json::object({{"personId", known}, {"recordIds", Json::array({record})}, {"reason", "Her daughter's"}}));
  ASSERT_EQ(done.status, 200) << done.body;
  const std::string made = done.json["newPersonId"].text_or();
  EXPECT_EQ(person_of(second), made);
  EXPECT_EQ(person_of(first), known);
  EXPECT_THAT(person(known)["splits"].items(), SizeIs(1));
  EXPECT_THAT(person(made)["assertions"].items(), SizeIs(1)) << "they are not joined again by themselves";
  EXPECT_THAT(waiting(), IsEmpty());
  std::vector<std::string> types;
  const Json events = house.caller.get("/api/v1/persons/" + made + "/events").json["items"];
  for (const Json& event : events.items()) types.push_back(event["type"].text_or());
  EXPECT_THAT(types, ElementsAre("person.unlinked", "person.linked"));

  // The old person is merged into another one meanwhile: what was hers goes there.
  const Answer merged = house.caller.post(
      "/api/v1/persons/merge", Json::object({{"survivorId", other}, {"mergedId", known}, {"reason", "One card"}}));
  ASSERT_EQ(merged.status, 200) << merged.body;
  const Answer undone = house.caller.post("/api/v1/persons/unsplit", Json::object({{"splitId", done.json["splitId"]}}));
  ASSERT_EQ(undone.status, 200) << undone.body;
  EXPECT_THAT(undone.json["restoredRecordIds"].items(), ElementsAre(Json(record)));
  EXPECT_EQ(person_of(second), other);
  EXPECT_EQ(person(made)["status"].text_or(), "inactive");
  ASSERT_EQ(house.caller.post("/api/v1/persons/unmerge", Json::object({{"mergeId", merged.json["mergeId"]}})).status,
            200);
  EXPECT_EQ(whose({known, other}), before);
  EXPECT_EQ(house.caller.post("/api/v1/persons/unsplit", Json::object({{"splitId", done.json["splitId"]}})).code(),
            "split.undone_already");

  // And every fault of a wrong one is named.
  EXPECT_EQ(
      split(Json::object({{"personId", known}, {"recordIds", Json::array({record, "nonsense"})}, {"reason", "x"}}))
          .status,
      400);
  EXPECT_THAT(
      split(Json::object({{"personId", other}, {"recordIds", Json::array({record})}, {"reason", "x"}})).faults(),
      ElementsAre("/recordIds/0 split.not_its_record"));
  Json all = Json::array();
  const Json again = person(known);
  for (const Json& each : again["records"].items()) all.push_back(each["id"]);
  EXPECT_THAT(split(Json::object({{"personId", known}, {"recordIds", all}, {"reason", "x"}})).faults(),
              ElementsAre("/recordIds split.nothing_left"));
}

}  // namespace
}  // namespace handoff::testing_support
