// Goal: a person who comes through two doors is known as one, nobody is made one with a stranger by itself, and
// whatever people decide about persons can be taken back. Method: referrals with registrants that agree more or less,
// on both databases, over the real socket.
#include <set>

#include "net/test_support.h"
#include "tests/support/api.h"

namespace handoff::testing_support {
namespace {

Json registrant(const std::string& first, const std::string& last, const std::string& birth, const std::string& phone,
                const std::string& line = "12 King St") {
  return Json::object({{"firstName", first},
                       {"lastName", last},
                       {"birthDate", birth.empty() ? Json() : Json(birth)},
                       {"phones", Json::object({{"main", phone.empty() ? Json() : Json(phone)}})},
                       {"address", Json::object({{"line", line},
                                                 {"city", "Hamilton"},
                                                 {"province", "ON"},
                                                 {"country", "CA"},
                                                 {"postalCode", "L8P 1A1"}})}});
}
const Json amelie = registrant("Amélie", "Okafor", "1987-02-11", "+1 905 555 0142");
// Born on the same day under the same roof: nobody who does not know them can say whether they are two.
const Json twin = registrant("Annelise", "Okafor", "1987-02-11", "+1 905 555 0142");

class Persons : public ApiTest {
 protected:
  Persons() : listing(new_listing("Intake")) {}

  Json referral(const Json& who, const Office& sender, Json more = Json::object()) {
    Json body = Json::object(
        {{"listingId", listing},
         {"registrant", who},
         {"requester", Json::object({{"firstName", "Sam"}, {"lastName", "Reid"}, {"phone", "+1 905 555 0100"}})}});
    for (const auto& [key, value] : more.members()) body.set(key, value);
    const Answer made = sender.caller.post("/api/v1/referrals", body);
    EXPECT_EQ(made.status, 201) << made.body;
    return house.caller.get(path_of(made.json["id"].text_or())).json;
  }
  Json referral(const Json& who) { return referral(who, house); }
  static std::string person_of(const Json& referral) { return referral["person"]["id"].text_or(); }
  static std::string person_path(const std::string& id) { return "/api/v1/persons/" + id; }
  Answer merge(const std::string& survivor, const std::string& merged) {
    return house.caller.post(
        "/api/v1/persons/merge",
        Json::object({{"survivorId", survivor}, {"mergedId", merged}, {"reason", "Same health card"}}));
  }
  Answer unmerge(const std::string& merge_id) {
    return house.caller.post("/api/v1/persons/unmerge", Json::object({{"mergeId", merge_id}}));
  }
  Answer decide(const std::string& review, const std::string& decision, Json more = Json::object()) {
    Json body = Json::object({{"decision", decision}, {"reason", "Asked them"}});
    for (const auto& [key, value] : more.members()) body.set(key, value);
    return house.caller.post("/api/v1/persons/reviews/" + review + "/decide", body);
  }
  Answer match(const Json& who) {
    return house.caller.post("/api/v1/persons/match", Json::object({{"registrant", who}}));
  }
  std::vector<Json> waiting() {
    const Answer page = house.caller.get("/api/v1/persons/reviews");
    return page.json["items"].items();
  }
  // Whose records are whose: what merging and undoing must leave as it was.
  std::map<std::string, std::set<std::string>> who_is_who(const std::vector<std::string>& persons) {
    std::map<std::string, std::set<std::string>> out;
    for (const auto& id : persons) {
      const Json person = house.caller.get(person_path(id)).json;
      auto& records = out[id + " is " + person["id"].text_or()];
      for (const Json& record : person["records"].items()) records.insert(record["id"].text_or());
    }
    return out;
  }

  std::string listing;
};
INSTANTIATE_TEST_SUITE_P(Both, Persons, testing::ValuesIn(both_databases()), database_name);

TEST_P(Persons, the_same_person_through_two_doors_is_one) {
  const Json first = referral(amelie);
  // The clinic writes no accent, and the phone another way.
  const Json second = referral(registrant("Amelie", "OKAFOR", "1987-02-11", "905-555-0142", "12 King Street"), mill);
  ASSERT_FALSE(person_of(first).empty());
  EXPECT_EQ(person_of(first), person_of(second));
  EXPECT_FALSE(second["person"]["inReview"].bool_or(true));
  ASSERT_EQ(second["person"]["otherReferrals"].size(), 1u);
  EXPECT_EQ(second["person"]["otherReferrals"].items()[0]["id"], first["id"]);
  const Json person = house.caller.get(person_path(person_of(first))).json;
  ASSERT_EQ(person["records"].size(), 2u);
  const Json& record = person["records"].items()[1];
  EXPECT_EQ(record["origin"], Json("automatic"));
  EXPECT_FALSE(record["explanation"]["rule"].is_null());
  EXPECT_GT(record["explanation"]["fields"].size(), 3u);
  EXPECT_EQ(house.caller.get(person_path(person_of(first)) + "/referrals").json["items"].size(), 2u);
  const Json events = house.caller.get(person_path(person_of(first)) + "/events").json["items"];
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events.items()[1]["type"], Json("person.linked"));
}

TEST_P(Persons, the_referral_itself_is_not_changed_by_who_it_is_about) {
  const Json first = referral(amelie), other = referral(registrant("Noor", "Haddad", "1990-05-05", "+1 416 555 0199"));
  const Answer before = house.caller.get(path_of(other["id"].text_or()));
  ASSERT_EQ(merge(person_of(first), person_of(other)).status, 200);
  const Answer after = house.caller.get(path_of(other["id"].text_or()));
  EXPECT_EQ(before.etag(), after.etag());
  EXPECT_EQ(person_of(after.json), person_of(first));
  const Json events = house.caller.get(path_of(other["id"].text_or()) + "/events").json["items"];
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events.items()[0]["type"], Json("received"));
}

TEST_P(Persons, a_sender_is_not_told_whom_the_receiver_knows) {
  referral(amelie);
  const Json second = referral(amelie, mill);
  const Json seen = mill.caller.get(path_of(second["id"].text_or())).json;
  EXPECT_TRUE(seen["person"].is_null());
  EXPECT_EQ(mill.caller.get(person_path(person_of(second))).status, 404);
  EXPECT_EQ(mill.caller.get("/api/v1/persons").json["items"].size(), 0u);
  // The same registrant at the mill is another person there.
  const std::string own = new_listing(mill, Json::object({{"name", "Own"}}));
  const Answer at_mill =
      mill.caller.post("/api/v1/referrals", Json::object({{"listingId", own}, {"registrant", amelie}}));
  ASSERT_EQ(at_mill.status, 201);
  EXPECT_NE(person_of(at_mill.json), person_of(second));
}

TEST_P(Persons, twins_are_asked_about_and_carried_on_meanwhile) {
  const Json first = referral(amelie);
  const Json second = referral(twin);
  EXPECT_NE(person_of(first), person_of(second));
  EXPECT_TRUE(second["person"]["inReview"].bool_or(false));
  ASSERT_EQ(second["person"]["openReviews"].size(), 1u);
  // The referral is not held up.
  EXPECT_EQ(
      house.caller.post(path_of(second["id"].text_or()) + "/sub-status", Json::object({{"code", "ready"}})).status,
      200);
  const auto queue = waiting();
  ASSERT_EQ(queue.size(), 1u);
  const Json& review = queue[0];
  EXPECT_EQ(review["cause"], Json("guards"));
  EXPECT_EQ(review["subject"]["personId"].text_or(), person_of(second));
  ASSERT_EQ(review["options"].size(), 1u);
  EXPECT_EQ(review["options"].items()[0]["personId"].text_or(), person_of(first));
  EXPECT_THAT(review["options"].items()[0]["explanation"]["guards"].dump(), testing::HasSubstr("twins"));
  EXPECT_EQ(house.caller.get("/api/v1/persons/reviews/figures").json["open"], Json(1));

  const std::string id = review["id"].text_or();
  const Answer decided = decide(id, "different");
  ASSERT_EQ(decided.status, 200) << decided.body;
  EXPECT_EQ(decided.json["status"], Json("decided"));
  EXPECT_FALSE(house.caller.get(path_of(second["id"].text_or())).json["person"]["inReview"].bool_or(true));
  EXPECT_EQ(waiting().size(), 0u);
  // The second reviewer comes too late and is told so.
  const Answer late = decide(id, "same");
  EXPECT_EQ(late.status, 409);
  EXPECT_EQ(late.code(), "review.decided_already");
}

TEST_P(Persons, a_review_answered_with_same_makes_one_person_of_two_and_can_be_taken_back) {
  const Json first = referral(amelie), second = referral(twin);
  const std::string id = waiting().at(0)["id"].text_or();
  const auto before = who_is_who({person_of(first), person_of(second)});
  const Answer decided = decide(id, "same");
  ASSERT_EQ(decided.status, 200) << decided.body;
  EXPECT_EQ(person_of(house.caller.get(path_of(second["id"].text_or())).json), person_of(first));
  const Json gone = house.caller.get(person_path(person_of(second))).json;
  EXPECT_EQ(gone["id"].text_or(), person_of(first));
  EXPECT_EQ(gone["requestedId"].text_or(), person_of(second));

  const Answer undone = house.caller.post("/api/v1/persons/reviews/" + id + "/undo",
                                          Json::object({{"reason", "Looked at the wrong chart"}}));
  ASSERT_EQ(undone.status, 200) << undone.body;
  EXPECT_EQ(undone.json["status"], Json("open"));
  EXPECT_EQ(who_is_who({person_of(first), person_of(second)}), before);
  EXPECT_TRUE(house.caller.get(path_of(second["id"].text_or())).json["person"]["inReview"].bool_or(false));
  // Nothing was said to be different: the question is as open as it was.
  EXPECT_EQ(house.caller.get("/api/v1/persons/assertions").json["items"].size(), 0u);
  EXPECT_EQ(decide(id, "unsure").json["status"], Json("unsure"));
  EXPECT_EQ(decide(id, "same").status, 200);
  EXPECT_EQ(house.caller.post("/api/v1/persons/reviews/" + id + "/undo", Json::object({{"reason", "Again"}})).status,
            200);
  const Answer stale = house.caller.send({"POST",
                                          "/api/v1/persons/reviews/" + id + "/decide",
                                          Json::object({{"decision", "same"}, {"reason", "Late"}}).dump(),
                                          {{"Content-Type", "application/json"}, {"If-Match", "\"1\""}}});
  EXPECT_EQ(stale.status, 412);
}

TEST_P(Persons, merges_are_undone_in_any_order) {
  std::vector<std::string> ids;
  for (const char* name : {"Ada", "Bela", "Cleo", "Dora"}) {
    const std::string n = std::to_string(ids.size());
    ids.push_back(
        person_of(referral(registrant(name, "Person" + n, "19" + n + "0-0" + std::to_string(ids.size() + 1) + "-15",
                                      "+1 416 555 010" + n, std::to_string(10 + 7 * ids.size()) + " Elm Road"))));
  }
  const auto before = who_is_who(ids);
  ASSERT_EQ(before.size(), 4u);
  for (const auto& order :
       std::vector<std::vector<std::size_t>>{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {1, 2, 0}, {0, 2, 1}}) {
    // A chain: D into C, C into B, B into A.
    std::vector<std::string> merges;
    for (const std::size_t i : {3u, 2u, 1u}) {
      const Answer done = merge(ids[i - 1], ids[i]);
      ASSERT_EQ(done.status, 200) << done.body;
      merges.push_back(done.json["mergeId"].text_or());
    }
    EXPECT_EQ(house.caller.get(person_path(ids[3])).json["id"].text_or(), ids[0]);
    EXPECT_EQ(house.caller.get(person_path(ids[0])).json["records"].size(), 4u);
    for (const std::size_t which : order) ASSERT_EQ(unmerge(merges[which]).status, 200);
    EXPECT_EQ(who_is_who(ids), before);
    const Answer again = unmerge(merges[0]);
    EXPECT_EQ(again.status, 409);
    EXPECT_EQ(again.code(), "merge.undone_already");
  }
}

TEST_P(Persons, what_comes_after_a_merge_goes_with_the_half_it_speaks_of) {
  const Json first = referral(amelie);
  const Json wrong = referral(registrant("Noor", "Haddad", "1990-05-05", "+1 416 555 0199", "7 Elm Road"));
  const std::string merged = merge(person_of(first), person_of(wrong)).json["mergeId"].text_or();
  const Json later = referral(registrant("Noor", "Haddad", "1990-05-05", "+1 416 555 0199", "7 Elm Road"));
  EXPECT_EQ(person_of(later), person_of(first));
  const Answer undone = unmerge(merged);
  ASSERT_EQ(undone.status, 200);
  EXPECT_EQ(undone.json["restoredRecordIds"].size(), 2u);
  EXPECT_EQ(person_of(house.caller.get(path_of(later["id"].text_or())).json), person_of(wrong));
}

TEST_P(Persons, who_was_declared_different_is_never_linked_by_itself) {
  const Json first = referral(amelie);
  const std::string other =
      person_of(referral(registrant("Noor", "Haddad", "1990-05-05", "+1 416 555 0199", "7 Elm Road")));
  const Answer said = house.caller.post(
      "/api/v1/persons/assertions",
      Json::object({{"a", person_of(first)}, {"b", other}, {"kind", "different"}, {"reason", "I know both"}}));
  ASSERT_EQ(said.status, 201) << said.body;
  // The second one's registrant is now written exactly as the first one's.
  const std::string referral_id =
      house.caller.get(person_path(other) + "/referrals").json["items"].items().at(0)["id"].text_or();
  ASSERT_EQ(house.caller.patch(path_of(referral_id), Json::object({{"registrant", amelie}})).status, 200);
  EXPECT_EQ(person_of(house.caller.get(path_of(referral_id)).json), other);
  // Without that word it would have been one.
  const Json third = referral(registrant("Nour", "Hadad", "1971-01-31", "+1 647 555 0123", "9 Oak Road"));
  ASSERT_EQ(house.caller
                .patch(path_of(third["id"].text_or()),
                       Json::object({{"registrant",
                                      registrant("Zoë", "Lindqvist", "1964-09-09", "+1 647 555 0188", "3 Pine Road")}}))
                .status,
            200);
  const Json zoe = referral(registrant("Zoë", "Lindqvist", "1964-09-09", "+1 647 555 0188", "3 Pine Road"));
  EXPECT_EQ(person_of(zoe), person_of(third));
}

TEST_P(Persons, a_corrected_registrant_is_recognized_again) {
  const Json first = referral(amelie);
  const Json slip = referral(registrant("Bernard", "Tremblay", "1950-01-02", "+1 514 555 0111", "5 Rue Un"));
  ASSERT_NE(person_of(first), person_of(slip));
  ASSERT_EQ(house.caller.patch(path_of(slip["id"].text_or()), Json::object({{"registrant", amelie}})).status, 200);
  const Json mended = house.caller.get(path_of(slip["id"].text_or())).json;
  EXPECT_EQ(person_of(mended), person_of(first));
  const Json left = house.caller.get(person_path(person_of(slip))).json;
  EXPECT_EQ(left["status"], Json("inactive"));
  const Json events = house.caller.get(person_path(person_of(slip)) + "/events").json["items"];
  std::vector<std::string> types;
  for (const Json& event : events.items()) types.push_back(event["type"].text_or());
  EXPECT_THAT(types, testing::ElementsAre("person.linked", "person.unlinked"));
}

// A referral that was corrected to somebody else: what it said before must not bring the one it named before, nor that
// one's other referrals, to the one it names now.
TEST_P(Persons, what_a_corrected_referral_said_before_is_evidence_for_nobody) {
  const Json wilma = registrant("Wilma", "Haas", "1969-05-06", "+1 416 555 1302", "3 Lake Road");
  const Json pavel = registrant("Pavel", "Cerny", "1991-10-10", "+1 604 555 7789", "8 Hill Way");
  const Json slip = referral(wilma);
  ASSERT_EQ(house.caller.patch(path_of(slip["id"].text_or()), Json::object({{"registrant", pavel}})).status, 200);
  const std::string pavels = person_of(house.caller.get(path_of(slip["id"].text_or())).json);
  EXPECT_NE(person_of(referral(wilma)), pavels);
  EXPECT_EQ(person_of(referral(pavel)), pavels);
  const Json person = house.caller.get(person_path(pavels)).json;
  EXPECT_EQ(person["registrant"]["firstName"], Json("Pavel"));
  EXPECT_EQ(person["records"].items().at(0)["superseded"], Json(true));
  EXPECT_EQ(person["records"].items().at(1)["superseded"], Json(false));

  const Json lotte = registrant("Lotte", "Maas", "1977-03-14", "+1 416 555 1440", "21 Canal Street");
  const Json piotr = registrant("Piotr", "Nowak", "1954-12-01", "+1 613 555 2277", "90 Fir Crescent");
  const Json one = referral(lotte), other = referral(lotte);
  const std::string lottes = person_of(one);
  ASSERT_EQ(person_of(other), lottes);
  ASSERT_EQ(house.caller.patch(path_of(one["id"].text_or()), Json::object({{"registrant", piotr}})).status, 200);
  Json moved = lotte;
  moved.set("address", Json::object({{"line", "4 Quay Lane"},
                                     {"city", "Hamilton"},
                                     {"province", "ON"},
                                     {"country", "CA"},
                                     {"postalCode", "L8P 4K2"}}));
  ASSERT_EQ(house.caller.patch(path_of(other["id"].text_or()), Json::object({{"registrant", moved}})).status, 200);
  EXPECT_EQ(person_of(house.caller.get(path_of(other["id"].text_or())).json), lottes);
  EXPECT_NE(person_of(house.caller.get(path_of(one["id"].text_or())).json), lottes);
}

TEST_P(Persons, a_test_referral_is_about_nobody) {
  const Json made = referral(amelie, house, Json::object({{"test", true}}));
  EXPECT_TRUE(made["person"].is_null());
  ASSERT_EQ(house.caller.patch(path_of(made["id"].text_or()), Json::object({{"registrant", twin}})).status, 200);
  EXPECT_TRUE(house.caller.get(path_of(made["id"].text_or())).json["person"].is_null());
  EXPECT_EQ(match(amelie).json["items"].size(), 0U);
}

TEST_P(Persons, a_draft_is_nobody_until_it_is_sent) {
  const Json first = referral(amelie);
  Json body = Json::object(
      {{"listingId", listing},
       {"registrant", amelie},
       {"requester", Json::object({{"firstName", "Sam"}, {"lastName", "Reid"}, {"phone", "+1 905 555 0100"}})},
       {"draft", true}});
  const Answer draft = mill.caller.post("/api/v1/referrals", body);
  ASSERT_EQ(draft.status, 201);
  EXPECT_EQ(house.caller.get(person_path(person_of(first))).json["records"].size(), 1u);
  ASSERT_EQ(mill.caller.post(path_of(draft.json["id"].text_or()) + "/submit").status, 200);
  EXPECT_EQ(person_of(house.caller.get(path_of(draft.json["id"].text_or())).json), person_of(first));
}

TEST_P(Persons, a_routed_referral_keeps_its_person) {
  const Json first = referral(registrant("Li", "Wu", "", "", ""));
  const std::string next = new_listing("Beds");
  const Answer routed =
      house.caller.post(path_of(first["id"].text_or()) + "/route", Json::object({{"listingId", next}}));
  ASSERT_EQ(routed.status, 200) << routed.body;
  EXPECT_EQ(person_of(house.caller.get(path_of(routed.json["childId"].text_or())).json), person_of(first));
}

TEST_P(Persons, two_who_arrive_at_the_same_moment_see_each_other) {
  constexpr int doors = 12;
  std::vector<std::string> found(doors);
  std::vector<std::thread> threads;
  for (int i = 0; i < doors; ++i)
    threads.emplace_back([&, i] {
      const Answer made =
          house.caller.post("/api/v1/referrals", Json::object({{"listingId", listing}, {"registrant", amelie}}));
      found[static_cast<std::size_t>(i)] = person_of(made.json);
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(std::set<std::string>(found.begin(), found.end()).size(), 1u);
  EXPECT_EQ(house.caller.get(person_path(found[0])).json["records"].size(), static_cast<std::size_t>(doors));
}

TEST_P(Persons, of_two_merges_at_once_one_wins) {
  const std::string a = person_of(referral(amelie));
  const std::string b =
      person_of(referral(registrant("Noor", "Haddad", "1990-05-05", "+1 416 555 0199", "7 Elm Road")));
  const std::string c =
      person_of(referral(registrant("Zoë", "Lindqvist", "1964-09-09", "+1 647 555 0188", "3 Pine Road")));
  std::vector<int> statuses(2);
  std::thread one([&] { statuses[0] = merge(a, c).status; }), two([&] { statuses[1] = merge(b, c).status; });
  one.join();
  two.join();
  std::sort(statuses.begin(), statuses.end());
  EXPECT_THAT(statuses, testing::ElementsAre(200, 409));
}

TEST_P(Persons, bad_merges_are_refused_by_name_and_leave_nothing) {
  const std::string a = person_of(referral(amelie));
  const std::string b =
      person_of(referral(registrant("Noor", "Haddad", "1990-05-05", "+1 416 555 0199", "7 Elm Road")));
  const Answer itself = merge(a, a);
  EXPECT_EQ(itself.status, 400);
  EXPECT_EQ(itself.faults(), std::vector<std::string>{"/mergedId person.merge_with_itself"});
  EXPECT_EQ(merge(a, "per_01ARZ3NDEKTSV4RRFFQ69G5FAV").status, 404);
  EXPECT_EQ(merge(a, "somebody").status, 400);
  EXPECT_EQ(house.caller.post("/api/v1/persons/merge", Json::object({})).faults().size(), 3u);
  EXPECT_EQ(unmerge("mrg_01ARZ3NDEKTSV4RRFFQ69G5FAV").status, 404);
  ASSERT_EQ(merge(a, b).status, 200);
  const Answer twice = merge(a, b);
  EXPECT_EQ(twice.status, 409);
  EXPECT_EQ(twice.code(), "person.merged_already");
  EXPECT_THAT(twice.json["detail"].text_or(), testing::HasSubstr(a));
  EXPECT_EQ(house.caller.get(person_path(a)).json["merges"].size(), 1u);
}

TEST_P(Persons, a_match_is_ranked_graded_and_explained) {
  const std::string a = person_of(referral(amelie));
  referral(registrant("Noor", "Haddad", "1990-05-05", "+1 416 555 0199", "7 Elm Road"));
  const Answer sure = match(amelie);
  ASSERT_EQ(sure.status, 200) << sure.body;
  ASSERT_GE(sure.json["items"].size(), 1u);
  const Json& best = sure.json["items"].items()[0];
  EXPECT_EQ(best["personId"].text_or(), a);
  EXPECT_EQ(best["grade"], Json("certain"));
  EXPECT_GT(best["score"].real().value_or(0), 0.99);
  EXPECT_GE(best["explanation"]["keys"].size(), 2u);
  EXPECT_EQ(best["explanation"]["guards"].size(), 0u);
  EXPECT_EQ(sure.json["outcome"], Json("link"));
  double running = best["explanation"]["priorBits"].real().value();
  for (const Json& field : best["explanation"]["fields"].items()) {
    running += field["bits"].real().value() + field["frequencyBits"].real().value();
    EXPECT_NEAR(field["runningBits"].real().value(), running, 0.1);
  }
  EXPECT_EQ(match(registrant("Somebody", "Else", "2001-03-04", "+1 604 555 0170", "99 Far Road")).json["items"].size(),
            0u);
  EXPECT_EQ(match(twin).json["items"].items()[0]["grade"], Json("probable"));
  // Nothing to look for, a day that is none, and other faults, each by its name.
  EXPECT_EQ(match(Json::object({})).faults(), std::vector<std::string>{"/registrant person.nothing_to_match"});
  EXPECT_EQ(match(registrant("Unknown", "Unknown", "", "")).status, 200) << "an address can be looked for";
  EXPECT_EQ(match(registrant("Amélie", "Okafor", "2001-02-30", "")).status, 400);
  EXPECT_EQ(house.caller.post("/api/v1/persons/match", Json::object({{"registrant", amelie}, {"count", 0}})).faults(),
            std::vector<std::string>{"/count person.bad_count"});
}

TEST_P(Persons, what_survives_is_what_was_corrected_here_then_the_newest) {
  const Json first = referral(amelie);
  Json moved = amelie;
  moved.set("address", Json::object({{"line", "80 Bay St"},
                                     {"city", "Toronto"},
                                     {"province", "ON"},
                                     {"country", "CA"},
                                     {"postalCode", "M5J 2R8"}}));
  const Json second = referral(moved, mill);
  ASSERT_EQ(person_of(first), person_of(second));
  EXPECT_EQ(house.caller.get(person_path(person_of(first))).json["registrant"]["address"]["line"], Json("80 Bay St"));
  ASSERT_EQ(house.caller
                .patch(path_of(first["id"].text_or()),
                       Json::object({{"registrant", Json::object({{"firstName", "Amélie-Anne"}})}}))
                .status,
            200);
  const Json person = house.caller.get(person_path(person_of(first))).json;
  EXPECT_EQ(person["registrant"]["firstName"], Json("Amélie-Anne"));
  EXPECT_EQ(person["records"].size(), 3u);
}

TEST_P(Persons, the_stream_tells_what_happens_and_whoever_comes_back_misses_nothing) {
  const Json first = referral(amelie);
  const Json events = house.caller.get(person_path(person_of(first)) + "/events").json["items"];
  ASSERT_EQ(events.size(), 1u);
  const std::string b =
      person_of(referral(registrant("Noor", "Haddad", "1990-05-05", "+1 416 555 0199", "7 Elm Road")));
  ASSERT_EQ(merge(person_of(first), b).status, 200);

  net::test::RawClient listener(server.service().port());
  ASSERT_TRUE(listener.send("GET /api/v1/stream HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer " + house.caller.key() +
                            "\r\nLast-Event-ID: " + events.items()[0]["id"].text_or() + "\r\n\r\n"));
  const std::string heard = listener.until("event: person.merged");
  EXPECT_THAT(heard, testing::HasSubstr("text/event-stream"));
  EXPECT_THAT(heard, testing::HasSubstr("event: person.linked"));
  EXPECT_THAT(heard, testing::Not(testing::HasSubstr("id: " + events.items()[0]["id"].text_or() + "\n")));
  // What happens from now on, too.
  referral(registrant("Zoë", "Lindqvist", "1964-09-09", "+1 647 555 0188", "3 Pine Road"));
  EXPECT_THAT(listener.until("event: person.linked"), testing::HasSubstr("person.linked"));
  listener.close();
  EXPECT_EQ(house.caller.send({"GET", "/api/v1/stream", {}, {{"Last-Event-ID", "nonsense"}}}).status, 400);
}

}  // namespace
}  // namespace handoff::testing_support
