// A person who reads only the sentence knows what happened and who must do what. So the sentences themselves are the
// test, written out in full for the cases people ask about.
#include "exchange/explain.h"

#include <gmock/gmock.h>

#include "base/time.h"

namespace handoff::exchange {
namespace {

using referral::Category;
using referral::EventType;
using referral::Status;
using testing::EndsWith;
using testing::HasSubstr;

Instant at(const char* text) { return parse_instant(text).value().at; }
const Instant arrived = at("2026-11-02T14:05:00Z");
const Instant later = at("2026-11-03T09:30:00Z");

const Manifest& crms() {
  static const Manifest manifest = [] {
    Manifest m;
    m.id = "crms";
    m.name = "CRMS";
    m.minimum_plan = directory::Plan::advanced_cbo;
    return m;
  }();
  return manifest;
}

class Explain : public testing::Test {
 protected:
  Explain() {
    const OrganizationId receiver = OrganizationId::trusted("org_receiver");
    f_.organization.id = receiver;
    f_.organization.name = "Harbour Community Services";
    f_.organization.integration_contact = directory::IntegrationContact{"Rachel Vance", "rachel@example.org", {}};
    f_.referral.id = ReferralId::trusted("ref_1");
    f_.referral.number = "R-2026-000123";
    f_.referral.owner = receiver;
    f_.referral.receiver = receiver;
    f_.referral.sender = OrganizationId::trusted("org_sender");
    f_.referral.listing = ListingId::trusted("lst_1");
    f_.referral.submitted_at = arrived;
    f_.listing = directory::Listing{};
    f_.listing->id = *f_.referral.listing;
    f_.listing->name = "Counselling";
    f_.integration.id = IntegrationId::trusted("int_1");
    f_.integration.organization = receiver;
    f_.integration.name = "Intake desk";
    f_.integration.connector = "crms";
    f_.integration.listings = {{*f_.referral.listing, at("2026-01-15T08:00:00Z")}};
    f_.integration.triggers = {"closed.completed"};
    f_.manifest = &crms();
  }

  // An event and what was decided on it, given what the lane held.
  const Decision& happens(EventType type, Instant when, referral::Facts facts = {}, LaneView lane = {}) {
    RecordedDecision recorded;
    recorded.event_type = type;
    recorded.facts = facts;
    recorded.row.rule = rule_of(f_.integration, crms());
    recorded.row.lane = lane;
    recorded.row.integration_version = f_.integration.version;
    recorded.row.decision = decide(type, facts, recorded.row.rule, lane);
    recorded.row.at = when;
    f_.decisions.push_back(recorded);
    return f_.decisions.back().row.decision;
  }
  const Decision& is_completed(LaneView lane = {}) {
    referral::Facts facts;
    facts.category_after = Category::completed;
    facts.sub_status_after = "admitted";
    return happens(EventType::closed, later, facts, lane);
  }

  Delivery& is_delivery(DeliveryState state, std::optional<Problem> problem = std::nullopt) {
    Delivery d;
    d.sequence = static_cast<std::int64_t>(f_.deliveries.size()) + 1;
    d.kind = d.sequence == 1 ? DeliveryKind::create : DeliveryKind::update;
    d.state = state;
    d.triggers = {"closed.completed"};
    d.problem = std::move(problem);
    d.created_at = d.updated_at = later;
    f_.deliveries.push_back(d);
    if (!f_.lane) f_.lane = Lane{};
    return f_.deliveries.back();
  }
  void was_handed_over() {
    is_completed();
    is_delivery(DeliveryState::delivered);
    f_.lane->delivered_at = later;
    f_.lane->remote_id = "4711";
  }

  static Problem problem_of_retry() {
    return {"destination.unavailable",
            "\"Intake desk\" could not take it yet (503); it is tried again by itself.",
            {},
            "partner"};
  }

  Explanation explained() const {
    Explanation e = explain(f_);
    EXPECT_EQ(e.checks.size(), 9U);
    return e;
  }
  std::string sentence() const { return explained().sentence; }
  Check check(const char* name) const {
    for (const auto& c : explained().checks) {
      if (c.check == name) return c;
    }
    ADD_FAILURE() << "no check " << name;
    return {};
  }
  std::string result(const char* name) const { return check(name).result + " " + check(name).code; }

  ExplainFacts f_;
};

TEST_F(Explain, AnswersTheQuestionWhyAReferralIsNotPresentInCrms) {
  f_.integration.listings.clear();
  EXPECT_EQ(
      sentence(),
      "Referral R-2026-000123 is not in \"Intake desk\" (CRMS), because its listing \"Counselling\" is not linked "
      "to that integration. An administrator of integrations can link it; from then on the referral is handed "
      "over at its next chosen moment: \"Closed - Completed\". To have the listing linked, ask Rachel Vance "
      "(rachel@example.org).");
  EXPECT_EQ(explained().code, "listing.not_linked");
  EXPECT_EQ(result("listing_linked"), "fail listing.not_linked");
  EXPECT_FALSE(explained().delivered);
}

TEST_F(Explain, NamesTheChecksInTheContractsOrder) {
  std::vector<std::string> names;
  for (const auto& c : explained().checks) names.push_back(c.check);
  EXPECT_THAT(names, testing::ElementsAre("plan", "integration_enabled", "listing_linked", "trigger_matched", "routing",
                                          "consent", "mode", "mapping", "destination"));
  const Json json = to_json(explained());
  EXPECT_EQ(json["checks"].size(), 9U);
  EXPECT_TRUE(json.contains("nextAttemptAt"));
  EXPECT_EQ(result("consent"), "not_applicable consent.not_required");
}

TEST_F(Explain, SaysSinceWhenAListingIsLinkedThatWasLinkedTooLate) {
  f_.integration.listings[0].since = later;
  EXPECT_EQ(
      sentence(),
      "Referral R-2026-000123 is not in \"Intake desk\" (CRMS), because its listing \"Counselling\" was linked to "
      "that integration only on 3 November 2026, 09:30 UTC, after the referral had arrived on 2 November 2026, "
      "14:05 UTC. It is handed over on \"Closed - Completed\". If it should be there now, ask Rachel Vance "
      "(rachel@example.org).");
  EXPECT_EQ(result("listing_linked"), "pass listing.linked_later");
  f_.integration.triggers = {"referral.received"};
  EXPECT_THAT(sentence(), HasSubstr("Its only chosen moment is its arrival, which does not come again"));
}

TEST_F(Explain, SaysWhatWouldTriggerIt) {
  f_.integration.triggers = {"closed.completed", "referral.archived"};
  happens(EventType::received, arrived);
  happens(EventType::appointment_booked, later);
  EXPECT_EQ(
      sentence(),
      "Referral R-2026-000123 is not in \"Intake desk\" (CRMS) yet, because none of the moments chosen for it has "
      "come. It is handed over on \"Closed - Completed\" or \"Archived\". So far: \"Received\" on 2 November "
      "2026, 14:05 UTC; \"Booked\" on 3 November 2026, 09:30 UTC. If it should be there now, ask Rachel Vance "
      "(rachel@example.org).");
  EXPECT_EQ(result("trigger_matched"), "waiting trigger.not_chosen");
  EXPECT_EQ(result("mode"), "not_applicable mode.nothing_to_decide");
  EXPECT_EQ(result("destination"), "not_applicable delivery.none");
}

TEST_F(Explain, SaysThatAMomentWasChosenOnlyAfterItHadCome) {
  f_.integration.triggers = {"referral.archived"};
  is_completed();
  f_.integration.version = 2;
  f_.integration.triggers = {"closed.completed"};
  EXPECT_EQ(explained().code, "trigger.chosen_later");
  EXPECT_THAT(sentence(), HasSubstr("\"Closed - Completed\" on 3 November 2026, 09:30 UTC came before that moment was "
                                    "chosen"));
}

TEST_F(Explain, SaysThatOnlyUpdatesWereTriggered) {
  f_.integration.update_triggers = {"referral.edited"};
  happens(EventType::edited, later);
  EXPECT_EQ(explained().code, "trigger.only_updates");
  EXPECT_THAT(sentence(), HasSubstr("(\"Edited\", 3 November 2026, 09:30 UTC) only updates what is there already. It "
                                    "is handed over on \"Closed - Completed\"."));
  EXPECT_EQ(result("trigger_matched"), "waiting trigger.only_updates");
}

TEST_F(Explain, SaysThatNoTriggerIsChosen) {
  f_.integration.triggers.clear();
  EXPECT_EQ(explained().code, "trigger.none");
  EXPECT_THAT(sentence(), EndsWith("To have one chosen, ask Rachel Vance (rachel@example.org)."));
}

TEST_F(Explain, SaysWhereAndSinceWhenItIs) {
  was_handed_over();
  EXPECT_EQ(sentence(),
            "Referral R-2026-000123 is in \"Intake desk\" (CRMS): it was handed over on 3 November 2026, 09:30 UTC and "
            "is known there as 4711.");
  const auto e = explained();
  EXPECT_TRUE(e.delivered);
  EXPECT_EQ(e.code, "delivered");
  EXPECT_EQ(result("trigger_matched"), "pass trigger.matched");
  EXPECT_EQ(result("mode"), "pass mode.once");
  EXPECT_EQ(result("destination"), "pass destination.delivered");
}

TEST_F(Explain, SaysWhyALaterChangeIsNotThere) {
  was_handed_over();
  f_.integration.triggers = {"closed.completed", "referral.edited"};
  LaneView lane;
  lane.holds = LaneHolds::delivered;
  happens(EventType::edited, at("2026-11-04T10:00:00Z"), {}, lane);
  EXPECT_THAT(sentence(), EndsWith("What came later (\"Edited\", 4 November 2026, 10:00 UTC) was not sent: this "
                                   "integration hands a referral over once."));
  EXPECT_EQ(result("mode"), "fail mode.already_handed_off");
  EXPECT_EQ(explained().code, "delivered");

  f_.integration.mode = Mode::until_accepted;
  happens(EventType::edited, at("2026-11-05T10:00:00Z"), {}, lane);
  EXPECT_THAT(sentence(), EndsWith("was not sent: CRMS takes no updates."));
  EXPECT_EQ(result("mode"), "fail mode.update_not_supported");
}

TEST_F(Explain, SaysThatTheDestinationHasAcceptedIt) {
  was_handed_over();
  f_.integration.mode = Mode::until_accepted;
  f_.lane->accepted_at = at("2026-11-05T12:00:00Z");
  LaneView lane;
  lane.holds = LaneHolds::accepted;
  is_completed(lane);
  EXPECT_THAT(sentence(), EndsWith("It was accepted there on 5 November 2026, 12:00 UTC, and updates have ended with "
                                   "that."));
  EXPECT_EQ(explained().code, "accepted");
  EXPECT_EQ(result("mode"), "fail mode.accepted");
  EXPECT_EQ(result("destination"), "pass destination.accepted");
}

TEST_F(Explain, SaysThatItIsOnItsWay) {
  is_completed();
  is_delivery(DeliveryState::pending).next_attempt_at = later;
  EXPECT_EQ(sentence(),
            "Referral R-2026-000123 is on its way to \"Intake desk\" (CRMS) since 3 November 2026, 09:30 UTC, because "
            "of \"Closed - Completed\"; nobody needs to do anything.");
  EXPECT_EQ(explained().next_attempt_at, later);
  EXPECT_EQ(result("destination"), "waiting delivery.pending");
}

TEST_F(Explain, TellsWhatIsMissingBeforeTheFarEndRefuses) {
  is_completed();
  is_delivery(DeliveryState::pending);
  f_.missing = {{"/registrant/birthDate", "mapping.required", "CRMS needs \"Date of Birth\"."}};
  EXPECT_THAT(sentence(), EndsWith("It will be refused until it has what is required: CRMS needs \"Date of Birth\"."));
  EXPECT_EQ(check("mapping").result, "fail");
  EXPECT_EQ(check("mapping").detail, "CRMS needs \"Date of Birth\".");
  f_.deliveries[0].state = DeliveryState::delivered;
  f_.lane->delivered_at = later;
  EXPECT_EQ(check("mapping").result, "pass");
}

TEST_F(Explain, SaysWhenItIsTriedAgain) {
  is_completed();
  is_delivery(DeliveryState::retrying, problem_of_retry()).next_attempt_at = at("2026-11-03T09:35:00Z");
  EXPECT_EQ(sentence(),
            "Referral R-2026-000123 is not yet in \"Intake desk\" (CRMS). \"Intake desk\" could not take it yet (503); "
            "it is tried again by itself. The next attempt is on 3 November 2026, 09:35 UTC. Nobody needs to do "
            "anything.");
  EXPECT_EQ(result("destination"), "waiting destination.unavailable");
}

TEST_F(Explain, RepeatsTheDestinationsMessageAndWhoMendsIt) {
  is_completed();
  is_delivery(DeliveryState::needs_data,
              Problem{"destination.refused_data",
                      "\"Intake desk\" refused the referral: \"Date of birth is required\". Edit the referral and save "
                      "it; it is sent again by itself. If the message is unclear or stays, ask Rachel Vance "
                      "(rachel@example.org).",
                      "registrant.birthDate", "coordinator"});
  EXPECT_EQ(sentence(),
            "Referral R-2026-000123 is not in \"Intake desk\" (CRMS). \"Intake desk\" refused the referral: \"Date of "
            "birth is required\". Edit the referral and save it; it is sent again by itself. If the message is unclear "
            "or stays, ask Rachel Vance (rachel@example.org).");
  EXPECT_EQ(result("destination"), "fail destination.refused_data");

  f_.deliveries[0].state = DeliveryState::pending;  // it was edited
  EXPECT_EQ(sentence(),
            "Referral R-2026-000123 was mended and is on its way to \"Intake desk\" (CRMS) again; its error is gone as "
            "soon as it has been taken.");
}

TEST_F(Explain, SendsDoubtToAPerson) {
  is_completed();
  is_delivery(DeliveryState::needs_person,
              Problem{"destination.conflict", "\"Intake desk\" reports a conflict (409).", {}, "coordinator"});
  EXPECT_THAT(sentence(), EndsWith("If it is not clear what to do, ask Rachel Vance (rachel@example.org)."));
  EXPECT_EQ(result("destination"), "fail destination.conflict");
}

TEST_F(Explain, ExplainsAHoldByWhatHoldsItNow) {
  is_completed();
  is_delivery(DeliveryState::held, Problem{"integration.disabled", "switched off", {}, "administrator"});
  f_.integration.enabled = false;
  EXPECT_EQ(sentence(),
            "Referral R-2026-000123 is not yet in \"Intake desk\" (CRMS). The integration \"Intake desk\" is switched "
            "off. It waits in order and is sent by itself once that changes. To have it switched on, ask Rachel Vance "
            "(rachel@example.org).");
  EXPECT_EQ(explained().code, "integration.disabled");
  EXPECT_EQ(result("integration_enabled"), "fail integration.disabled");
  EXPECT_EQ(check("destination").result, "waiting");

  f_.organization.plan = directory::Plan::basic;
  EXPECT_THAT(sentence(), HasSubstr("The CRMS integration needs the Advanced CBO plan or higher; this organization is "
                                    "on Basic."));
  EXPECT_EQ(explained().code, "plan.connector_not_included");
  EXPECT_EQ(result("plan"), "fail plan.connector_not_included");

  f_.organization.plan = directory::Plan::enterprise;
  f_.integration.enabled = true;
  f_.integration.health = {true, "destination.unauthorized", "\"Intake desk\" does not accept our requests (401).",
                           later};
  EXPECT_THAT(sentence(), EndsWith("To have it put right, ask Rachel Vance (rachel@example.org)."));
  EXPECT_EQ(explained().code, "destination.unauthorized");
  EXPECT_EQ(check("destination").result, "fail");

  f_.integration.health = {};
  EXPECT_THAT(sentence(), HasSubstr("was held and is released"));
}

TEST_F(Explain, SaysThatAPersonStoppedIt) {
  is_completed();
  is_delivery(DeliveryState::stopped);
  f_.lane->stopped = true;
  EXPECT_EQ(sentence(),
            "Referral R-2026-000123 is not in \"Intake desk\" (CRMS): a person stopped it on 3 November 2026, 09:30 "
            "UTC. It stays stopped until somebody sends the delivery again.");
  EXPECT_EQ(result("mode"), "fail mode.stopped");
}

TEST_F(Explain, SaysThatADeliveryWasGivenUpOrCleared) {
  is_completed();
  is_delivery(DeliveryState::dead, Problem{"destination.gave_up", "It was given up.", {}, "administrator"});
  EXPECT_THAT(sentence(), HasSubstr("It was given up. Once the destination can be reached again, the delivery can be "
                                    "sent again."));
  EXPECT_EQ(result("destination"), "fail destination.gave_up");
  f_.deliveries[0].state = DeliveryState::cleared;
  EXPECT_EQ(
      sentence(),
      "Referral R-2026-000123 is not in \"Intake desk\" (CRMS): its delivery was cleared from the error list on 3 "
      "November 2026, 09:30 UTC. It is handed over anew on \"Closed - Completed\".");
}

TEST_F(Explain, TellsALateChangeFromAReferralThatIsNotThere) {
  was_handed_over();
  is_delivery(DeliveryState::retrying, problem_of_retry());
  EXPECT_THAT(sentence(), EndsWith("The referral itself was handed over on 3 November 2026, 09:30 UTC."));
  EXPECT_TRUE(explained().delivered);
  EXPECT_EQ(check("destination").result, "waiting");
}

TEST_F(Explain, SaysThatARebuiltDeliveryIsTheOneThatWaits) {
  is_completed();
  is_delivery(DeliveryState::superseded, Problem{"delivery.rebuilt", "It goes out anew.", {}, "coordinator"});
  is_delivery(DeliveryState::pending);                                    // an update behind it
  is_delivery(DeliveryState::retrying, problem_of_retry()).sequence = 1;  // the create, made anew
  EXPECT_EQ(explained().code, "destination.unavailable");
}

TEST_F(Explain, SaysThatItWasTakenBack) {
  is_completed();
  is_delivery(DeliveryState::superseded, Problem{"event.entered_in_error", "Taken back.", {}, "coordinator"});
  EXPECT_THAT(sentence(), HasSubstr("was entered in error and was taken back before it left"));

  f_.deliveries.clear();
  f_.decisions.clear();
  was_handed_over();
  is_delivery(DeliveryState::delivered).retraction = true;
  EXPECT_THAT(sentence(), HasSubstr("it was told that the referral had been entered in error"));
}

TEST_F(Explain, SaysThatARoutedRequestWasLeftOut) {
  f_.referral.routed_from = ReferralId::trusted("ref_0");
  f_.integration.triggers = {"referral.received", "closed.completed"};
  referral::Facts facts;
  facts.routed = true;
  happens(EventType::received, arrived, facts);
  EXPECT_EQ(
      sentence(),
      "Referral R-2026-000123 is not in \"Intake desk\" (CRMS): it was routed here from another listing, and this "
      "integration leaves routed requests out when they arrive. It is handed over on \"Closed - Completed\". To "
      "have routed requests included, ask Rachel Vance (rachel@example.org).");
  EXPECT_EQ(result("routing"), "fail routing.not_included");
}

TEST_F(Explain, KeepsDraftsAndTestsApart) {
  f_.referral.submitted_at.reset();
  f_.referral.status = Status::draft;
  EXPECT_THAT(sentence(), HasSubstr("it is still a draft"));
  f_.referral.status = Status::closed;
  EXPECT_THAT(sentence(), HasSubstr("a draft that was thrown away"));

  f_.referral.submitted_at = arrived;
  f_.referral.test = true;
  EXPECT_EQ(explained().code, "test.not_marked");
  EXPECT_EQ(result("trigger_matched"), "fail test.not_marked");
  f_.referral.test = false;
  f_.integration.test = true;
  EXPECT_EQ(explained().code, "test.live_referral");
}

TEST_F(Explain, KnowsTheSidesOfTheWall) {
  f_.referral.receiver = OrganizationId::trusted("org_other");
  EXPECT_EQ(explained().code, "side.not_concerned");
  EXPECT_THAT(sentence(), HasSubstr("takes the referrals that Harbour Community Services receives"));
  f_.referral.receiver.reset();
  f_.referral.listing.reset();
  EXPECT_EQ(explained().code, "listing.none");
  f_.integration.side = IntegrationSide::sent;
  f_.referral.sender = f_.organization.id;
  EXPECT_EQ(result("listing_linked"), "not_applicable side.sent");
  EXPECT_EQ(explained().code, "trigger.not_chosen");
}

TEST_F(Explain, NamesSomebodyToAskEvenWhereNobodyIsNamed) {
  f_.organization.integration_contact.reset();
  f_.integration.listings.clear();
  EXPECT_THAT(sentence(), EndsWith("ask your organization's integration administrator."));
  f_.manifest = nullptr;
  EXPECT_EQ(explained().code, "connector.not_installed");
  EXPECT_EQ(result("integration_enabled"), "fail connector.not_installed");
}

}  // namespace
}  // namespace handoff::exchange
