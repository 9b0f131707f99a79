// Goal: a referral between two organizations: who finds it where, who may do what, what comes back, and that the wall
// between them holds. Method: a clinic that sends, an agency that receives, a third that has nothing to do with it.
#include "tests/scenario/world.h"

namespace handoff::scenario {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class TwoOrganizations : public Scenario {
 protected:
  static std::vector<std::string> actions(const Referral& referral) {
    std::vector<std::string> out;
    const Json shown = referral.shown();
    for (const auto& action : shown["allowedActions"].items()) out.push_back(action.text_or());
    return out;
  }
  static std::vector<std::string> ids(const std::vector<Json>& items) {
    std::vector<std::string> out;
    for (const auto& item : items) out.push_back(item["id"].text_or());
    return out;
  }
  // What the sender answers with where an action is the other side's.
  static int answer_to(const Referral& referral, const std::string& action, const char* body) {
    return referral.tries(action, json(body)).status;
  }

  Clinic riverside = world.clinic("Riverside Community Services");
  Clinic mill = world.clinic("Mill Clinic");
  Clinic stranger = world.clinic("Lakeside Practice");
  const std::string intake = riverside.listing("Intake", json(R"({"form": {"fields": [
      {"key": "livingSituation", "label": "Living situation", "type": "text"}]}})"));
};

TEST_P(TwoOrganizations, AnExchangeListingIsFoundByOthersAndAPrivateOneIsNot) {
  const std::string secret = riverside.listing("Staff only", json(R"({"visibility": "private"})"));
  std::vector<std::string> names;
  for (const auto& listing : mill.list("/listings?scope=exchange")) {
    names.push_back(listing["name"].text_or());
    EXPECT_EQ(listing["organization"]["name"].text_or(), "Riverside Community Services");
    EXPECT_FALSE(listing["form"].is_null());
    EXPECT_TRUE(listing["integrations"].is_null()) << "what it is linked to is its owner's";
  }
  EXPECT_THAT(names, ElementsAre("Intake"));
  EXPECT_EQ(mill.tries_to_refer(secret, {}).status, 400);
}

TEST_P(TwoOrganizations, TheSenderFindsItInTheOutboxAndTheReceiverInTheInbox) {
  const Referral sent = mill.refers(intake);
  const Referral received = riverside.sees(sent);
  EXPECT_THAT(ids(mill.list("/referrals?direction=sent")), ElementsAre(sent.id()));
  EXPECT_THAT(mill.list("/referrals"), IsEmpty());
  EXPECT_THAT(ids(riverside.list("/referrals")), ElementsAre(sent.id()));
  EXPECT_THAT(riverside.list("/referrals?direction=sent"), IsEmpty());
  received.becomes("accepted");
  EXPECT_EQ(sent.sub_status(), "accepted") << "the sender learns without asking anybody";
  EXPECT_EQ(sent.shown()["senderOrganizationId"].text_or(), mill.id());
  EXPECT_EQ(sent.shown()["receiverOrganizationId"].text_or(), riverside.id());
}

TEST_P(TwoOrganizations, ADraftIsTheSendersAloneUntilItIsSubmitted) {
  const Referral draft = mill.refers(intake, json(R"({"draft": true})"));
  EXPECT_THAT(riverside.list("/referrals"), IsEmpty());
  EXPECT_EQ(riverside.get("/referrals/" + draft.id()).status, 404);
  draft.is_submitted();
  EXPECT_THAT(ids(riverside.list("/referrals")), ElementsAre(draft.id()));
}

TEST_P(TwoOrganizations, TheReceiverWorksItAndTheSenderMayNot) {
  const Referral sent = mill.refers(intake);
  const Referral received = riverside.sees(sent);
  EXPECT_THAT(actions(received), Contains("book"));
  EXPECT_THAT(actions(received), Contains("route"));
  EXPECT_THAT(actions(sent), Not(Contains("book")));
  EXPECT_EQ(answer_to(sent, "sub-status", R"({"code": "accepted"})"), 403);
  EXPECT_EQ(answer_to(sent, "appointments", R"({"start": "2026-12-03T09:30:00-05:00", "durationMinutes": 45})"), 403);
  EXPECT_EQ(answer_to(sent, "close", R"({"code": "admitted"})"), 403);
  EXPECT_EQ(answer_to(sent, "route", ("{\"listingId\": \"" + intake + "\"}").c_str()), 403);
  received.is_closed("admitted");
  EXPECT_EQ(answer_to(sent, "reopen", R"({"reason": "A mistake."})"), 403);
  EXPECT_GE(sent.tries_edit(json(R"({"priority": "urgent"})")).status, 400) << "the sender edits while it is open";
  EXPECT_EQ(sent.shown()["priority"].text_or(), "routine");
}

TEST_P(TwoOrganizations, TheSenderMayEditWhileItIsOpenAndTheReceiverSeesIt) {
  const Referral sent = mill.refers(intake);
  sent.is_edited(json(R"({"registrant": {"phones": {"main": "+1 905 555 0177"}}})"));
  EXPECT_EQ(riverside.sees(sent).shown()["registrant"]["phones"]["main"].text_or(), "+1 905 555 0177");
}

TEST_P(TwoOrganizations, CancellingBeforeAcceptanceClosesAndAfterItAsks) {
  const Referral early = mill.refers(intake);
  early.is_closed("cancelled_by_registrant");
  EXPECT_EQ(riverside.sees(early).status(), "closed");

  const Referral late = mill.refers(intake);
  riverside.sees(late).becomes("accepted");
  late.is_closed("redirected");
  EXPECT_EQ(late.status(), "submitted") << "the receiver decides";
  EXPECT_TRUE(riverside.sees(late).shown()["cancellationRequested"].bool_or(false));
  EXPECT_THAT(riverside.sees(late).events(), Contains("cancellation_requested"));
  riverside.sees(late).is_closed("redirected");
  EXPECT_FALSE(late.shown()["cancellationRequested"].bool_or(true));
  EXPECT_EQ(late.sub_status(), "redirected");
}

TEST_P(TwoOrganizations, AMessageReachesTheOtherSideAndComesFromTheCallersOwn) {
  const Referral sent = mill.refers(intake);
  const Referral received = riverside.sees(sent);
  received.message("provider", "We can see her on Thursday.");
  sent.message("requester", "Thank you.");
  EXPECT_EQ(answer_to(sent, "messages", R"({"from": "provider", "text": "Not mine to say."})"), 403);
  EXPECT_EQ(answer_to(received, "messages", R"({"from": "requester", "text": "Not mine to say."})"), 403);
  const auto seen = mill.list("/referrals/" + sent.id() + "/messages");
  ASSERT_EQ(seen.size(), 2U);
  std::vector<std::string> said;
  for (const auto& message : seen) said.push_back(message["text"].text_or());
  EXPECT_THAT(said, UnorderedElementsAre("We can see her on Thursday.", "Thank you."));
}

TEST_P(TwoOrganizations, ANoteStaysWithItsAuthorsOrganization) {
  const Referral sent = mill.refers(intake);
  riverside.sees(sent).note("Ask for the health card.");
  sent.note("She prefers mornings.");
  EXPECT_EQ(mill.list("/referrals/" + sent.id() + "/notes").size(), 1U);
  EXPECT_EQ(riverside.list("/referrals/" + sent.id() + "/notes").size(), 1U);
}

TEST_P(TwoOrganizations, EachSideArchivesItsOwnList) {
  const Referral sent = mill.refers(intake);
  sent.is_archived();
  EXPECT_THAT(mill.list("/referrals?direction=sent"), IsEmpty());
  EXPECT_EQ(mill.list("/referrals?direction=sent&archived=true").size(), 1U);
  EXPECT_EQ(riverside.list("/referrals").size(), 1U);
  EXPECT_FALSE(riverside.sees(sent).shown()["archived"].bool_or(true));
}

TEST_P(TwoOrganizations, TheSendersOwnSystemIsFedByWhatComesBack) {
  Destination& crm = world.cms();
  Destination& agency = world.cms();
  const Integration at_sender = mill.hands_over_to(crm, json(R"({"name": "Our CRM", "side": "sent", "mode": "every",
                    "triggers": ["referral.sent", "substatus.accepted", "appointment.booked", "closed",
                                 "message.from_provider"]})"));
  EXPECT_TRUE(at_sender.shown()["listingIds"].is_null());
  const Integration at_receiver = riverside.hands_over_to(
      agency, json(R"({"name": "Case files", "mode": "every", "triggers": ["referral.received"]})"));
  const Referral sent = mill.refers(intake);
  const Referral received = riverside.sees(sent);
  received.becomes("accepted");
  received.is_booked();
  received.message("provider", "We can see her on Thursday.");
  received.is_closed("admitted");
  world.settle();
  std::vector<std::string> told;
  for (const auto& delivery : sent.deliveries(at_sender)) {
    EXPECT_EQ(delivery.state(), "delivered");
    for (const auto& trigger : delivery.triggers()) told.push_back(trigger);
  }
  EXPECT_THAT(told, ElementsAre("referral.sent", "substatus.accepted", "appointment.booked", "message.from_provider",
                                "closed"));
  EXPECT_EQ(crm.record_of(sent).updates, 4);
  EXPECT_EQ(agency.record_of(sent).updates, 0);
  const Json explanation = sent.explain(at_sender);
  for (const auto& check : explanation["checks"].items()) {
    if (check["check"].text_or() == "listing_linked") {
      EXPECT_EQ(check["result"].text_or(), "not_applicable");
    }
  }
  // Each sees its own deliveries and errors only.
  EXPECT_THAT(sent.deliveries(at_receiver), IsEmpty());
  EXPECT_THAT(received.deliveries(at_sender), IsEmpty());
  EXPECT_EQ(riverside.get("/integrations/" + at_sender.id()).status, 404);
  EXPECT_EQ(mill.get("/referrals/" + sent.id() + "/explain?integrationId=" + at_receiver.id()).status, 404);
}

TEST_P(TwoOrganizations, AnErrorOfOneSideIsNotTheOthers) {
  Destination& strict = world.cms({"middleName"});
  const Integration at_sender =
      mill.hands_over_to(strict, json(R"({"name": "Our CRM", "side": "sent", "triggers": ["referral.sent"]})"));
  const Referral sent = mill.refers(intake);
  world.settle();
  EXPECT_EQ(sent.delivery(at_sender).state(), "needs_data");
  EXPECT_EQ(sent.errors(), 1);
  EXPECT_EQ(riverside.sees(sent).errors(), 0);
  EXPECT_THAT(riverside.list("/referrals?hasIntegrationErrors=true"), IsEmpty());
  EXPECT_EQ(mill.list("/referrals?direction=sent&hasIntegrationErrors=true").size(), 1U);
}

TEST_P(TwoOrganizations, AStrangerFindsNothing) {
  Destination& crms = world.crms();
  const Integration to = riverside.hands_over_to(crms, json(R"({"triggers": ["referral.received"]})"));
  const Referral sent = mill.refers(intake);
  const Json file = riverside.sees(sent).gets_file("letter.txt", "text/plain", "Dear colleague");
  world.settle();
  const std::string path = "/referrals/" + sent.id();
  const std::string attachment =
      file["attachments"].is_array() ? file["attachments"].items()[0]["id"].text_or() : file["id"].text_or();
  for (const std::string& each : {path, path + "/events", path + "/deliveries", path + "/messages", path + "/notes",
                                  path + "/summary.pdf", path + "/explain", path + "/attachments/" + attachment,
                                  "/integrations/" + to.id(), "/deliveries/" + riverside.sees(sent).delivery(to).id()})
    EXPECT_EQ(stranger.get(each).status, 404) << each;
  EXPECT_EQ(stranger.sees(sent).tries("sub-status", json(R"({"code": "ready"})")).status, 404);
  EXPECT_EQ(stranger.sees(sent).tries_edit(json(R"({"priority": "stat"})")).status, 404);
  EXPECT_THAT(stranger.list("/referrals"), IsEmpty());
}

TEST_P(TwoOrganizations, ARoutedChildTakesItsFilesAlongIntoTheOtherOrganization) {
  Clinic harbour = world.clinic("Harbour House");
  const std::string beds = harbour.listing("Supportive housing");
  Destination& crms = world.crms();
  const Integration to = harbour.hands_over_to(crms, json(R"({"triggers": ["referral.received"]})"));
  const Referral sent = mill.refers(intake, json(R"({"answers": {"livingSituation": "shelter"}})"));
  riverside.sees(sent).gets_file("letter.txt", "text/plain", "Dear colleague");
  const Referral child = harbour.sees(riverside.sees(sent).is_routed_to(beds));
  world.settle();

  const Json shown = child.shown();
  EXPECT_EQ(shown["routedFromId"].text_or(), sent.id());
  EXPECT_EQ(shown["senderOrganizationId"].text_or(), riverside.id());
  ASSERT_EQ(shown["attachments"].size(), 1U);
  const std::string attachment = shown["attachments"].items()[0]["id"].text_or();
  const Answer file = harbour.get("/referrals/" + child.id() + "/attachments/" + attachment);
  EXPECT_EQ(file.status, 200);
  EXPECT_EQ(file.text, "Dear colleague");
  EXPECT_EQ(child.delivery(to).state(), "delivered") << "crms includes routed requests";
  EXPECT_THAT(crms.files_of(child), ElementsAre("Referral Summary.pdf", "letter.txt"));
  EXPECT_EQ(crms.bytes_of(child, "letter.txt"), "Dear colleague");
  EXPECT_THAT(crms.field(child, "referralNote"), HasSubstr("livingSituation: shelter"))
      << "a question that the form of the house does not know goes under its key";

  // The parent stays the agency's; the house knows its number and nothing else of it.
  EXPECT_EQ(harbour.get("/referrals/" + sent.id()).status, 404);
  EXPECT_EQ(mill.get("/referrals/" + child.id()).status, 404);
  const Json parent = riverside.sees(sent).shown();
  EXPECT_THAT(parent["routedToIds"].dump(), HasSubstr(child.id()));
  child.is_closed("admitted");
  EXPECT_EQ(riverside.sees(child).status(), "closed") << "who routed it sees what became of it";
  EXPECT_EQ(sent.status(), "submitted");
}

TEST_P(TwoOrganizations, ARecipientWithoutAnAccountIsWorkedByTheSender) {
  const Answer made = mill.post("/referrals", json(R"({"recipient": {"name": "Dr. Ana Petrov", "contactId": null},
      "registrant": {"firstName": "Joe", "lastName": "Clark"}, "requester": {"firstName": "Sam", "lastName": "Reid"}})"));
  ASSERT_EQ(made.status, 201) << made.text;
  const Referral referral = mill.sees(made.body["id"].text_or());
  EXPECT_TRUE(referral.shown()["receiverOrganizationId"].is_null());
  EXPECT_EQ(mill.list("/referrals?direction=sent").size(), 1U);
  referral.is_closed("admitted");
  EXPECT_EQ(referral.status(), "closed");
}

INSTANTIATE_TEST_SUITE_P(On, TwoOrganizations, testing::ValuesIn(testing_support::both_databases()),
                         testing_support::database_name);

}  // namespace
}  // namespace handoff::scenario
