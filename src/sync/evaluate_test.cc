// Every row of the table in kipu-dazos, 10.2, by example.
#include "sync/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace handoff::sync {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using K = EffectKind;

class Evaluate : public testing::Test {
 protected:
  Evaluate() {
    connection_.created_at = now_ - std::chrono::days{30};
    connection_.start_date = Date::parse("2026-04-01").value();
    connection_.non_destinations = standard_non_destinations();
    connection_.own_locations = {"Hill House"};
    chart_ = Json::object({{"firstName", "Ada"},
                           {"lastName", "Lindqvist"},
                           {"birthDate", "1990-01-02"},
                           {"mrNumber", "MR-7"},
                           {"admissionDate", "2026-04-20"}});
  }

  // Reads the chart as it stands now and carries effects out the way apply.h does, on paper.
  std::vector<K> read() {
    Circumstances c;
    c.connection = &connection_;
    c.state = &state_;
    c.target = resolve(destination_of(chart_), connection_, state_, links_);
    c.standing = facts_;
    c.chart_updated_at = now_;
    c.now = now_;
    const Evaluation out = evaluate(record_, chart_, c);
    last_ = out;
    record_ = out.after;
    record_.row_version += 1;
    for (const K effect : out.effects) {
      RecordReferral* stand = nullptr;
      for (auto& one : record_.referrals) {
        if (one.stay == record_.stay && one.standing()) stand = &one;
      }
      if (effect == K::redirect) stand->ended = "redirected";
      if (effect == K::discard) stand->ended = "voided";
      if (effect == K::create || effect == K::redirect) {
        record_.referrals.push_back({ReferralId::make(now_, random_),
                                     "R",
                                     record_.stay,
                                     record_.revision,
                                     destination_of(chart_),
                                     c.target.text,
                                     {},
                                     ""});
        facts_ = {true, true, false, false, false, true};
      }
      if (effect == K::discard) facts_ = {};
    }
    return out.effects;
  }
  void fill(const char* name, const char* id = nullptr) {
    chart_.set("destinationName", name == nullptr ? Json() : Json(name));
    chart_.set("destinationId", id == nullptr ? Json() : Json(id));
  }
  void sent() { facts_.draft = false; }

  Instant now_ = parse_instant("2026-05-01T12:00:00Z").value().at;
  SeededRandom random_{7};
  EmrConnection connection_;
  PullState state_;
  std::vector<const DestinationLink*> links_;
  LinkedRecord record_;
  ReferralFacts facts_;
  Json chart_;
  Evaluation last_;
};

TEST_F(Evaluate, EmptyBecomesAReferralOnce) {
  EXPECT_THAT(read(), IsEmpty());
  fill("Serenity");
  EXPECT_THAT(read(), ElementsAre(K::create));
  EXPECT_EQ(record_.revision, 1);
  EXPECT_THAT(read(), ElementsAre(K::refresh));
  EXPECT_FALSE(last_.changed);
}

TEST_F(Evaluate, RetypedOrWithAnIdItIsTheSame) {
  fill("Serenity Sober Living");
  read();
  sent();
  fill(" serenity sober living LLC", "12");
  EXPECT_THAT(read(), ElementsAre(K::refresh));
  EXPECT_EQ(record_.standing_referral()->destination.contact_id, "12");
  EXPECT_EQ(record_.revision, 1);
}

TEST_F(Evaluate, ChangedBeforeAnyoneActedTheDraftIsReaimed) {
  fill("Serenity");
  read();
  fill("Harbor House");
  EXPECT_THAT(read(), ElementsAre(K::reaim, K::refresh));
  EXPECT_EQ(record_.revision, 2);
  EXPECT_EQ(record_.referrals.size(), 1U);
}

TEST_F(Evaluate, ChangedAfterItWasSentItIsRedirectedAndBackAgainIsTheNextRevision) {
  fill("Serenity");
  read();
  sent();
  fill("Harbor House");
  EXPECT_THAT(read(), ElementsAre(K::redirect));
  sent();
  fill("Serenity");
  EXPECT_THAT(read(), ElementsAre(K::redirect));
  EXPECT_EQ(record_.revision, 3);
  EXPECT_EQ(record_.referrals.size(), 3U);
}

TEST_F(Evaluate, ClearedUntouchedIsVoidAndSentIsFlagged) {
  fill("Serenity");
  read();
  fill(nullptr);
  EXPECT_THAT(read(), ElementsAre(K::discard));
  fill("Serenity");
  EXPECT_THAT(read(), ElementsAre(K::create));
  sent();
  fill(nullptr);
  EXPECT_THAT(read(), IsEmpty());
  ASSERT_EQ(record_.flags.size(), 1U);
  EXPECT_EQ(record_.flags[0].code, "destination_removed");
  fill("Serenity");
  EXPECT_THAT(read(), ElementsAre(K::refresh));
  EXPECT_THAT(record_.flags, IsEmpty());
}

TEST_F(Evaluate, AnUndoneDischargeKeepsTheReferralAndTakesTheLockAway) {
  fill("Serenity");
  chart_.set("dischargeDate", "2026-05-01");
  read();
  record_.lock = Lock{};
  record_.locked_at = now_;
  chart_.set("dischargeDate", nullptr);
  EXPECT_THAT(read(), ElementsAre(K::refresh));
  EXPECT_TRUE(last_.undone);
  EXPECT_FALSE(record_.lock);
  ASSERT_EQ(record_.flags.size(), 1U);
  EXPECT_EQ(record_.flags[0].code, "discharge_undone");
  chart_.set("dischargeDate", "2026-05-03");
  read();
  EXPECT_THAT(record_.flags, IsEmpty());
}

TEST_F(Evaluate, AReadmissionToTheSameDestinationIsAnotherReferral) {
  fill("Serenity");
  chart_.set("dischargeDate", "2026-05-01");
  read();
  sent();
  record_.unlocked_at = now_;
  chart_.set("dischargeDate", nullptr);
  chart_.set("admissionDate", "2026-05-10");
  fill(nullptr);
  EXPECT_THAT(read(), IsEmpty());
  EXPECT_TRUE(last_.new_stay);
  EXPECT_EQ(record_.stay, 2);
  EXPECT_FALSE(record_.unlocked_at);
  EXPECT_THAT(record_.flags, IsEmpty());
  facts_ = {};
  fill("Serenity");
  EXPECT_THAT(read(), ElementsAre(K::create));
  EXPECT_EQ(record_.revision, 1);
  EXPECT_EQ(record_.referrals.size(), 2U);
}

TEST_F(Evaluate, ACorrectedAdmissionDateIsNoReadmission) {
  chart_.set("dischargeDate", "2026-05-01");
  read();
  chart_.set("admissionDate", "2026-04-19");
  read();
  EXPECT_FALSE(last_.new_stay);
  EXPECT_EQ(record_.stay, 1);
}

TEST_F(Evaluate, NonDestinationsAreADispositionAndOwnLocationsATransfer) {
  fill("Home");
  EXPECT_THAT(read(), IsEmpty());
  EXPECT_EQ(record_.disposition, "Home");
  fill("Hill House");
  EXPECT_THAT(read(), IsEmpty());
  EXPECT_TRUE(record_.internal_transfer);
  EXPECT_EQ(record_.disposition, "");
  fill("Serenity");
  EXPECT_THAT(read(), ElementsAre(K::create));
}

TEST_F(Evaluate, AMissingNameMakesNoneUntilItIsThere) {
  chart_.set("firstName", nullptr);
  fill("Serenity");
  EXPECT_THAT(read(), IsEmpty());
  EXPECT_THAT(missing_names(chart_), ElementsAre("first name"));
  chart_.set("firstName", "Ada");
  EXPECT_THAT(read(), ElementsAre(K::create));
}

TEST_F(Evaluate, AMissingNumberDoesNotHoldTheReferralBackFromBeingADraft) {
  chart_.set("mrNumber", nullptr);
  fill("Serenity");
  EXPECT_THAT(read(), ElementsAre(K::create));
  EXPECT_THAT(missing_prerequisites(chart_, connection_), ElementsAre("MR number"));
}

TEST_F(Evaluate, LinkingAnUnmappedDestinationReaimsTheDraftAndRedirectsWhatWasSent) {
  fill("Serenity", "12");
  read();
  DestinationLink link;
  link.key = "12";
  link.listing = ListingId::make(now_, random_);
  links_ = {&link};
  EXPECT_THAT(read(), ElementsAre(K::reaim, K::refresh));
  EXPECT_EQ(record_.revision, 1);

  links_.clear();
  record_ = {};
  facts_ = {};
  read();
  sent();
  links_ = {&link};
  EXPECT_THAT(read(), ElementsAre(K::redirect));
}

TEST_F(Evaluate, TwoContactsOfOneOrganizationAreOneDestination) {
  DestinationLink one, two;
  one.key = "12";
  two.key = "13";
  one.listing = two.listing = ListingId::make(now_, random_);
  links_ = {&one, &two};
  fill("Serenity", "12");
  read();
  sent();
  facts_.outside = false;
  fill("Serenity Sober Lvng", "13");
  EXPECT_THAT(read(), ElementsAre(K::refresh));
}

TEST_F(Evaluate, WhatWasDischargedBeforeTheStartDateIsHistoricalUntilItsDestinationChanges) {
  chart_.set("admissionDate", "2026-03-01");
  chart_.set("dischargeDate", "2026-03-20");
  fill("Serenity");
  const Instant today = now_;
  now_ = connection_.created_at - std::chrono::days{5};  // the chart's own time
  EXPECT_THAT(read(), IsEmpty());
  EXPECT_TRUE(record_.historical);
  EXPECT_NE(worklists_of(record_) & static_cast<unsigned>(Worklist::historical), 0U);
  now_ = today;
  fill("Harbor House");
  EXPECT_THAT(read(), ElementsAre(K::create));
}

TEST_F(Evaluate, ADischargeEnteredLateIsNotHistorical) {
  chart_.set("dischargeDate", "2026-03-20");
  fill("Serenity");
  EXPECT_THAT(read(), ElementsAre(K::create));
}

TEST_F(Evaluate, WorklistsSayWhoIsWaitedFor) {
  chart_.set("anticipatedDischargeDate", "2026-05-05");
  read();
  record_.state = RecordState::linked;
  EXPECT_EQ(worklists_of(record_), static_cast<unsigned>(Worklist::anticipated_no_destination));
  chart_.set("dischargeDate", "2026-05-05");
  read();
  record_.state = RecordState::discharged_open;
  EXPECT_EQ(worklists_of(record_), static_cast<unsigned>(Worklist::discharged_no_destination));
  fill("Serenity");
  read();
  EXPECT_EQ(worklists_of(record_), static_cast<unsigned>(Worklist::unmapped_destination));
}

}  // namespace
}  // namespace handoff::sync
