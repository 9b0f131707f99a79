// The life of a referral through the API, each step as a clinic would take it.
#include "tests/support/api.h"

namespace handoff::testing_support {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class Referrals : public ApiTest {
 protected:
  std::vector<std::string> allowed(const Answer& answer) {
    std::vector<std::string> out;
    for (const Json& action : answer.json["allowedActions"].items()) out.push_back(action.string());
    return out;
  }
  Json slot() {
    return Json::object(
        {{"start", "2030-05-01T10:00:00-04:00"}, {"durationMinutes", 30}, {"timeZone", "America/Toronto"}});
  }
};
INSTANTIATE_TEST_SUITE_P(Both, Referrals, testing::ValuesIn(both_databases()), database_name);

TEST_P(Referrals, a_new_one_is_answered_whole_and_can_be_read_again) {
  const std::string listing =
      new_listing(house, Json::parse(R"({"name": "Intake", "visibility": "exchange", "arrivalSubStatus": "requested",
                             "form": {"fields": [{"key": "living", "label": "Living situation", "type": "text"}]}})")
                             .value());
  Json body = for_listing(listing);
  body.set("registrant",
           Json::parse(R"({"firstName": "Amélie", "lastName": "欧阳", "phones": {"main": "801XXXXX89"}})").value());
  body.set("answers", Json::object({{"living", "shelter"}}));
  body.set("priority", "urgent");
  const Answer made = mill.caller.post("/api/v1/referrals", body);
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.location(), path_of(made.json["id"].text_or()));
  EXPECT_EQ(made.etag(), "\"1\"");
  EXPECT_EQ(made.json["senderOrganizationId"].text_or(), mill.id.text());
  EXPECT_EQ(made.json["receiverOrganizationId"].text_or(), house.id.text());
  EXPECT_EQ(made.json["source"]["method"].text_or(), "api");
  EXPECT_EQ(made.json["status"].text_or(), "submitted");
  EXPECT_EQ(made.json["subStatus"]["label"].text_or(), "Requested");
  EXPECT_EQ(made.json["registrant"]["lastName"].text_or(), "欧阳");
  EXPECT_EQ(made.json["registrant"]["phones"]["main"].text_or(), "801XXXXX89") << "kept exactly as given";
  ASSERT_EQ(made.json["warnings"].size(), 1u);
  EXPECT_EQ(made.json["warnings"].items()[0]["code"].text_or(), "phone.doubtful");
  EXPECT_EQ(mill.caller.get(made.location()).json, made.json);

  // The receiver reads the same referral with its own actions.
  const Answer received = house.caller.get(made.location());
  ASSERT_EQ(received.status, 200);
  EXPECT_THAT(allowed(received), Contains("book"));
  EXPECT_THAT(allowed(made), testing::Not(Contains("book")));
}

TEST_P(Referrals, go_from_ready_to_booked_to_closed_and_back) {
  const std::string id = new_referral(new_listing());
  const std::string at = path_of(id);
  Answer answer = house.caller.post(at + "/sub-status", Json::object({{"code", "ready"}}));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json["subStatus"]["label"].text_or(), "Ready");
  EXPECT_EQ(answer.etag(), "\"2\"");
  // The present one again is fine and makes no version.
  EXPECT_EQ(house.caller.post(at + "/sub-status", Json::object({{"code", "ready"}})).etag(), "\"2\"");

  answer = house.caller.post(at + "/appointments", slot());
  ASSERT_EQ(answer.status, 201) << answer.body;
  const std::string appointment = answer.location();
  EXPECT_EQ(answer.json["start"].text_or(), "2030-05-01T10:00:00-04:00");
  EXPECT_EQ(house.caller.get(appointment).json, answer.json);
  answer = house.caller.patch(appointment, Json::object({{"start", "2030-05-02T10:00:00-04:00"}}));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json["status"].text_or(), "booked");
  EXPECT_EQ(answer.json["appointments"].items()[0]["start"].text_or(), "2030-05-02T10:00:00-04:00");
  answer = house.caller.remove(appointment);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json["status"].text_or(), "submitted");
  EXPECT_EQ(answer.json["subStatus"]["code"].text_or(), "ready") << "unbooking keeps the sub-status";
  EXPECT_EQ(house.caller.get(appointment).status, 404);

  answer = house.caller.post(at + "/close", Json::object({{"code", "admitted"}, {"reason", "A bed was free"}}));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json["status"].text_or(), "closed");
  EXPECT_EQ(answer.json["subStatus"]["category"].text_or(), "completed");
  answer = house.caller.post(at + "/reopen", Json::object({{"reason", "Closed by mistake"}}));
  EXPECT_EQ(answer.json["status"].text_or(), "submitted");
  answer = house.caller.post(at + "/archive");
  EXPECT_TRUE(answer.json["archived"].boolean());
  answer = house.caller.post(at + "/unarchive", Json::object());
  EXPECT_FALSE(answer.json["archived"].boolean());

  const Answer events = house.caller.get(at + "/events");
  std::vector<std::string> types;
  for (const Json& event : events.json["items"].items()) types.push_back(event["type"].string());
  EXPECT_THAT(types, ElementsAre("received", "sub_status_changed", "appointment_booked", "appointment_changed",
                                 "appointment_changed", "closed", "reopened", "archived", "unarchived"));
  // The reasons are internal notes.
  EXPECT_EQ(house.caller.get(at + "/notes").json["items"].size(), 2u);
}

TEST_P(Referrals, close_in_each_of_the_five_categories) {
  const std::string listing = new_listing();
  for (const auto& [code, category] : std::map<std::string, std::string>{{"admitted", "completed"},
                                                                         {"ineligible", "rejected"},
                                                                         {"redirected", "cancelled"},
                                                                         {"no_show", "failed"},
                                                                         {"entered_in_error", "entered_in_error"}}) {
    const Answer closed = house.caller.post(path_of(new_referral(listing)) + "/close", Json::object({{"code", code}}));
    EXPECT_EQ(closed.status, 200) << closed.body;
    EXPECT_EQ(closed.json["subStatus"]["category"].text_or(), category);
  }
}

TEST_P(Referrals, are_edited_by_merge_patch_of_either_media_type) {
  const std::string id = new_referral(new_listing());
  Answer answer = house.caller.patch(
      path_of(id),
      Json::parse(R"({"registrant": {"birthDate": "1990-01-02", "email": null}, "notes": "Knows the way"})").value());
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json["registrant"]["birthDate"].text_or(), "1990-01-02");
  EXPECT_EQ(answer.json["registrant"]["firstName"].text_or(), "Amélie") << "what is left out stays";
  EXPECT_EQ(answer.json["version"].int_or(0), 2);
  answer = house.caller.patch(path_of(id), Json::object({{"notes", nullptr}}), {{"Content-Type", "application/json"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.json["notes"].is_null());
  answer = house.caller.patch(path_of(id), Json::object({{"priority", "routine"}}));
  EXPECT_EQ(answer.json["version"].int_or(0), 3) << "a save that changes nothing is no edit";
  answer = house.caller.patch(path_of(id), Json::object(), {{"Content-Type", "text/plain"}});
  EXPECT_EQ(answer.status, 415);
}

TEST_P(Referrals, a_draft_is_the_senders_own_until_it_is_submitted) {
  const std::string listing = new_listing();
  Json body = for_listing(listing);
  body.set("draft", true);
  body.set("registrant", Json::object({{"firstName", "Amélie"}}));
  const Answer draft = mill.caller.post("/api/v1/referrals", body);
  ASSERT_EQ(draft.status, 201) << draft.body;
  EXPECT_EQ(draft.json["status"].text_or(), "draft");
  const std::string at = draft.location();
  EXPECT_EQ(house.caller.get(at).status, 404) << "the receiver sees no drafts";
  EXPECT_EQ(mill.caller.get("/api/v1/referrals?direction=sent").json["items"].size(), 1u);
  EXPECT_THAT(mill.caller.post(at + "/submit").faults(), Contains("/registrant/lastName property.required"));
  EXPECT_EQ(mill.caller.patch(at, Json::object({{"registrant", Json::object({{"lastName", "Okafor"}})}})).status, 200);
  const Answer submitted = mill.caller.post(at + "/submit");
  EXPECT_EQ(submitted.json["status"].text_or(), "submitted") << submitted.body;
  EXPECT_EQ(house.caller.get(at).status, 200);

  body.set("registrant", person());
  const Answer other = mill.caller.post("/api/v1/referrals", body);
  EXPECT_THAT(mill.caller.post(other.location() + "/close", Json::object({{"code", "admitted"}})).faults(),
              ElementsAre("/code referral.draft_closes_as_error"));
  EXPECT_EQ(mill.caller.post(other.location() + "/close", Json::object({{"code", "entered_in_error"}}))
                .json["status"]
                .text_or(),
            "closed");
  EXPECT_EQ(house.caller.get(other.location()).status, 404) << "a discarded draft was never received";
}

TEST_P(Referrals, each_side_may_do_its_own) {
  const std::string listing = new_listing();
  const Answer made = mill.caller.post("/api/v1/referrals", for_listing(listing));
  const std::string at = made.location();
  EXPECT_EQ(mill.caller.post(at + "/sub-status", Json::object({{"code", "ready"}})).code(), "referral.not_your_side");
  EXPECT_EQ(mill.caller.post(at + "/appointments", slot()).status, 403);
  EXPECT_EQ(mill.caller.post(at + "/close", Json::object({{"code", "admitted"}})).code(),
            "referral.sender_may_only_cancel");
  // Messages come from one's own side and are read by both; notes stay at home.
  EXPECT_EQ(mill.caller.post(at + "/messages", Json::object({{"from", "provider"}, {"text", "Hello"}})).status, 403);
  const Answer message =
      mill.caller.post(at + "/messages", Json::object({{"from", "requester"}, {"text", "Any news?"}}));
  ASSERT_EQ(message.status, 201) << message.body;
  EXPECT_EQ(house.caller.get(message.location()).json, message.json);
  const Answer note = mill.caller.post(at + "/notes", Json::object({{"text", "Ask again on Monday"}}));
  ASSERT_EQ(note.status, 201) << note.body;
  EXPECT_EQ(mill.caller.get(note.location()).json, note.json);
  EXPECT_EQ(house.caller.get(note.location()).status, 404);
  EXPECT_EQ(house.caller.get(at + "/notes").json["items"].size(), 0u);
  // Each tidies its own box.
  EXPECT_TRUE(mill.caller.post(at + "/archive").json["archived"].boolean());
  EXPECT_FALSE(house.caller.get(at).json["archived"].boolean());
  EXPECT_EQ(mill.caller.get("/api/v1/referrals?direction=sent&archived=true").json["items"].size(), 1u);
  // Before acceptance the sender's word closes it, afterwards it asks.
  EXPECT_EQ(house.caller.post(at + "/sub-status", Json::object({{"code", "accepted"}})).status, 200);
  const Answer asked = mill.caller.post(at + "/close", Json::object({{"code", "cancelled_by_registrant"}}));
  EXPECT_EQ(asked.json["status"].text_or(), "submitted") << asked.body;
  EXPECT_TRUE(asked.json["cancellationRequested"].boolean());
}

TEST_P(Referrals, an_action_that_is_not_possible_now_says_what_is) {
  const std::string at = path_of(new_referral(new_listing()));
  const auto before = server.rows();
  const Answer refused = house.caller.post(at + "/reopen", Json::object({{"reason", "Why not"}}));
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.code(), "referral.action_not_allowed");
  EXPECT_THAT(allowed(refused), Contains("close"));
  EXPECT_EQ(house.caller.post(at + "/submit").status, 409);
  EXPECT_THAT(house.caller.post(at + "/sub-status", Json::object({{"code", "admitted"}})).faults(),
              ElementsAre("/code sub_status.wrong_phase"));
  EXPECT_EQ(server.rows(), before);
}

TEST_P(Referrals, are_routed_with_their_files_and_both_name_each_other) {
  const std::string from = new_listing("Intake");
  const std::string to = new_listing(mill, Json::object({{"name", "Clinic beds"}, {"visibility", "exchange"}}));
  const std::string at = path_of(new_referral(from));
  const Answer file = house.caller.upload(at + "/attachments", "consent.pdf", "application/pdf", "%PDF-1.4 consent");
  ASSERT_EQ(file.status, 201) << file.body;
  const Answer routed = house.caller.post(at + "/route", Json::object({{"listingId", to}}));
  ASSERT_EQ(routed.status, 200) << routed.body;
  const std::string child = routed.json["childId"].text_or();
  const Answer parent = house.caller.get(at);
  EXPECT_EQ(parent.json["routedToIds"].items().at(0).text_or(), child);
  const Answer received = mill.caller.get(path_of(child));
  ASSERT_EQ(received.status, 200);
  EXPECT_EQ(path_of(received.json["routedFromId"].text_or()), at);
  EXPECT_EQ(received.json["correlationId"], parent.json["correlationId"]);
  // The receiver has the bytes, and may not look at the parent.
  const std::string attachment = received.json["attachments"].items().at(0)["id"].text_or();
  EXPECT_EQ(mill.caller.get(path_of(child) + "/attachments/" + attachment).body, "%PDF-1.4 consent");
  EXPECT_EQ(mill.caller.get(at).status, 404);
  EXPECT_THAT(
      house.caller.post(at + "/route", Json::object({{"listingId", "lst_01ARZ3NDEKTSV4RRFFQ69G5FAV"}})).faults(),
      ElementsAre("/listingId listing.not_found"));
}

TEST_P(Referrals, go_to_somebody_outside_the_exchange_by_name) {
  Json body = Json::object({{"recipient", Json::object({{"name", "Dr. Outside"}})}, {"registrant", person()}});
  const Answer made = house.caller.post("/api/v1/referrals", body);
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.json["recipient"]["name"].text_or(), "Dr. Outside");
  EXPECT_TRUE(made.json["listingId"].is_null());
  EXPECT_TRUE(made.json["receiverOrganizationId"].is_null());
}

TEST_P(Referrals, many_are_acted_on_with_a_result_for_each_and_one_cause) {
  const std::string listing = new_listing();
  const std::string first = new_referral(listing), second = new_referral(listing);
  EXPECT_EQ(house.caller.post(path_of(second) + "/close", Json::object({{"code", "no_show"}})).status, 200);
  const Answer answer = house.caller.post(
      "/api/v1/referrals/bulk",
      Json::object(
          {{"ids", Json::array({first, second, "ref_nothing"})}, {"action", "sub-status"}, {"code", "ready"}}));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto& items = answer.json["items"].items();
  EXPECT_TRUE(items.at(0)["ok"].boolean());
  EXPECT_EQ(items.at(0)["version"].int_or(0), 2);
  EXPECT_EQ(items.at(1)["problem"]["code"].text_or(), "referral.action_not_allowed");
  EXPECT_EQ(items.at(2)["problem"]["code"].text_or(), "referral.not_found");
  const Json events = house.caller.get(path_of(first) + "/events").json["items"];
  EXPECT_EQ(events.items().back()["cause"], answer.json["causeId"]);
  EXPECT_THAT(house.caller.post("/api/v1/referrals/bulk", Json::object({{"ids", Json::array()}, {"action", "closes"}}))
                  .faults(),
              testing::UnorderedElementsAre("/ids request.bad_list", "/action property.unknown_value"));
}

TEST_P(Referrals, have_a_summary_that_is_the_same_for_the_same_version) {
  const std::string at = path_of(new_referral(new_listing()));
  const Answer first = house.caller.get(at + "/summary.pdf"), second = house.caller.get(at + "/summary.pdf");
  ASSERT_EQ(first.status, 200);
  EXPECT_TRUE(first.body.starts_with("%PDF-"));
  EXPECT_EQ(first.body, second.body);
}

TEST_P(Referrals, looks_are_audited_once_a_minute_and_lists_in_one_row) {
  const std::string listing = new_listing();
  const std::string id = new_referral(listing);
  new_referral(listing);
  const auto audited = [&](const std::string& filter) {
    return house.caller.get("/api/v1/audit?" + filter).json["items"].size();
  };
  house.caller.get(path_of(id));
  house.caller.get(path_of(id));
  // A minute may turn between the two.
  EXPECT_THAT(audited("recordId=" + id + "&action=referral.read"), testing::AnyOf(1u, 2u));
  house.caller.get("/api/v1/referrals");
  const Answer lists = house.caller.get("/api/v1/audit?action=referral.list");
  ASSERT_EQ(lists.json["items"].size(), 1u);
  EXPECT_EQ(lists.json["items"].items()[0]["detail"]["ids"].size(), 2u);
  EXPECT_THAT(audited("recordId=" + id + "&action=referral.create"), 1u);
  // A look by the sender stands in the receiver's trail as well.
  const Answer sent = mill.caller.post("/api/v1/referrals", for_listing(listing));
  mill.caller.get(sent.location());
  EXPECT_EQ(audited("recordId=" + sent.json["id"].text_or() + "&action=referral.read"), 1u);
}

}  // namespace
}  // namespace handoff::testing_support
