// What was tampered with is found and named; what was not, is not. On both databases.
#include "store/verify.h"

#include <gmock/gmock.h>

#include <thread>

#include "store/test_office.h"

namespace handoff::store {
namespace {

using testing::HasSubstr;

class Verify : public testing_office::Office {
 protected:
  // Somebody with access to the database, who writes what he likes.
  void tamper(const std::string& sql) {
    const auto done = connect()->script(sql);
    ASSERT_TRUE(done) << done.error().for_log;
  }
  std::int64_t seal() {
    auto sealed = seal_audit(*connect(), clock_.now(), clock_.now() + seconds(1));
    EXPECT_TRUE(sealed) << sealed.error().for_log;
    return sealed ? *sealed : -1;
  }
  AuditReport audit() {
    auto report = verify_audit(*database_);
    EXPECT_TRUE(report) << report.error().for_log;
    return report ? *report : AuditReport{};
  }
  DecisionReport decisions() {
    auto report = verify_decisions(*database_);
    EXPECT_TRUE(report) << report.error().for_log;
    return report ? *report : DecisionReport{};
  }
  // Two sealed blocks of two and four rows, and two unsealed rows.
  void make_trail() {
    send("Ana", "Silva");
    ASSERT_EQ(seal(), 2);
    send("Bo", "Lind");
    send("Cy", "Moss");
    ASSERT_EQ(seal(), 4);
    send("Di", "Park");
    ASSERT_FALSE(audit().fault);
  }
};
INSTANTIATE_TEST_SUITE_P(Both, Verify, testing::ValuesIn(testing_support::both_databases()),
                         testing_support::database_name);

TEST_P(Verify, AnUntouchedTrailIsWhole) {
  EXPECT_EQ(audit().rows, 0);
  EXPECT_EQ(audit().last_root, "");
  make_trail();
  const auto report = audit();
  EXPECT_EQ(report.rows, 8);
  EXPECT_EQ(report.blocks, 2);
  EXPECT_EQ(report.unsealed, 2);
  EXPECT_EQ(report.last_root.size(), 64U);
  EXPECT_EQ(seal(), 2);
  EXPECT_EQ(seal(), 0);
  EXPECT_EQ(audit().unsealed, 0);
}

TEST_P(Verify, AChangedRowIsNamed) {
  make_trail();
  tamper("UPDATE audit SET actor_id = 'somebody else' WHERE number = (SELECT MAX(number) - 3 FROM audit)");
  const auto report = audit();
  ASSERT_TRUE(report.fault);
  EXPECT_EQ(report.fault->block, 2);
  ASSERT_TRUE(report.fault->row);
  EXPECT_THAT(report.fault->what, HasSubstr("Row " + std::to_string(*report.fault->row)));
}

TEST_P(Verify, AChangedDetailIsFoundWhateverItsSpelling) {
  make_trail();
  tamper("UPDATE audit SET detail = '{\"version\": 1}' WHERE number = (SELECT MIN(number) FROM audit)");
  ASSERT_TRUE(audit().fault);
  EXPECT_EQ(audit().fault->block, 1);
}

TEST_P(Verify, ARowChangedTogetherWithItsHashIsFoundByTheBlock) {
  make_trail();
  tamper(
      "UPDATE audit SET at = (SELECT x.at FROM audit x ORDER BY number LIMIT 1), actor_id = y.actor_id, hash = y.hash, "
      "organization_id = y.organization_id, record_id = y.record_id, actor_organization_id = y.actor_organization_id "
      "FROM (SELECT * FROM audit ORDER BY number LIMIT 1) AS y WHERE audit.number = "
      "(SELECT number FROM audit ORDER BY number LIMIT 1 OFFSET 1)");
  const auto report = audit();
  ASSERT_TRUE(report.fault);
  EXPECT_EQ(report.fault->block, 1);
  EXPECT_EQ(report.fault->row, std::nullopt);
  EXPECT_THAT(report.fault->what, HasSubstr("was replaced"));
}

TEST_P(Verify, RemovedAndAddedRowsAreFound) {
  make_trail();
  tamper("DELETE FROM audit WHERE number = (SELECT MIN(number) FROM audit)");
  ASSERT_TRUE(audit().fault);
  EXPECT_EQ(audit().fault->block, 1);
  EXPECT_THAT(audit().fault->what, HasSubstr("sealed over 2 rows and now has 1"));
}

TEST_P(Verify, RowsMovedBetweenBlocksAreFound) {
  make_trail();
  tamper("UPDATE audit SET block = 1 WHERE block = 2 AND number = (SELECT MIN(number) FROM audit WHERE block = 2)");
  ASSERT_TRUE(audit().fault);
  EXPECT_EQ(audit().fault->block, 1);
}

TEST_P(Verify, AChangedReplacedOrRemovedBlockIsFound) {
  make_trail();
  tamper("UPDATE audit_block SET root = rows_root WHERE number = 2");
  ASSERT_TRUE(audit().fault);
  EXPECT_EQ(audit().fault->block, 2);
  tamper("UPDATE audit_block SET previous_root = rows_root WHERE number = 2");
  EXPECT_THAT(audit().fault->what, HasSubstr("does not follow"));
  tamper("DELETE FROM audit_block WHERE number = 1");
  EXPECT_THAT(audit().fault->what, HasSubstr("Block 1 is missing"));
  tamper("DELETE FROM audit_block");
  ASSERT_TRUE(audit().fault);
  EXPECT_THAT(audit().fault->what, HasSubstr("names block 1, which does not exist"));
}

TEST_P(Verify, AnUnsealedRowIsCheckedByItsOwnHashAndStaysWrongWhenSealed) {
  make_trail();
  tamper("UPDATE audit SET action = 'referral.read' WHERE number = (SELECT MAX(number) FROM audit)");
  ASSERT_TRUE(audit().fault);
  EXPECT_EQ(audit().fault->block, std::nullopt);
  EXPECT_EQ(seal(), 2);
  ASSERT_TRUE(audit().fault);
  EXPECT_EQ(audit().fault->block, 3);
}

TEST_P(Verify, RowsStillOnTheirWayAreNotSealedOverOnPostgres) {
  send("Ana", "Silva");
  const bool waits = GetParam() == testing_support::DatabaseKind::postgres;
  EXPECT_EQ(seal_audit(*connect(), clock_.now() + seconds(1)).value(), waits ? 0 : 2);
  EXPECT_EQ(seal_audit(*connect(), clock_.now() + seconds(6)).value(), waits ? 2 : 0);
  // What comes after a row that is too young waits with it, so that blocks stay in order.
  const Instant before = clock_.now();
  send("Bo", "Lind");
  EXPECT_EQ(seal_audit(*connect(), clock_.now(), before).value(), 0);
}

TEST_P(Verify, TwoWhoSealAtOnceSealEachRowOnce) {
  for (int i = 0; i < 20; ++i) send("Ana", "Silva");
  std::vector<std::thread> sealers;
  std::atomic<std::int64_t> sealed{0};
  for (int i = 0; i < 4; ++i) {
    sealers.emplace_back([&] {
      auto connection = connect();
      for (int n = 0; n < 5; ++n)
        sealed += seal_audit(*connection, clock_.now(), clock_.now() + seconds(1)).value_or(std::int64_t{0});
    });
  }
  for (auto& sealer : sealers) sealer.join();
  EXPECT_EQ(sealed, 40);
  EXPECT_EQ(audit().unsealed, 0);
  EXPECT_FALSE(audit().fault);
}

TEST_P(Verify, EveryDecisionIsMadeAgainAndCompared) {
  const IntegrationId integration = make_integration("Intake desk", {"referral.received", "closed.completed"});
  const ReferralId id = send("Ana", "Silva");
  set_sub_status(id, "ready");
  close(id, "admitted");
  auto report = decisions();
  EXPECT_EQ(report.checked, 3);
  EXPECT_EQ(report.mismatch_count, 0);
  EXPECT_EQ(report.other_versions, 0);

  // A later change of the integration leaves what was decided under the earlier version alone.
  make_integration("Intake desk", {"referral.edited"}, 2, integration);
  EXPECT_EQ(decisions().mismatch_count, 0);

  tamper("UPDATE event SET type = 'edited' WHERE type = 'sub_status_changed'");  // means nothing else to this rule
  EXPECT_EQ(decisions().mismatch_count, 0);
  tamper("UPDATE event SET type = 'edited' WHERE type = 'received'");
  report = decisions();
  ASSERT_EQ(report.mismatch_count, 1);
  EXPECT_EQ(report.mismatches[0].what, "outcome");
  EXPECT_EQ(report.mismatches[0].integration, integration.text());
  tamper("UPDATE event SET type = 'received' WHERE version = 1");

  tamper("UPDATE decision SET code = 'trigger.not_chosen' WHERE code = 'create'");
  report = decisions();
  ASSERT_EQ(report.mismatch_count, 1);
  EXPECT_EQ(report.mismatches[0].what, "record");
  tamper("UPDATE decision SET code = 'create' WHERE outcome = 'create'");

  tamper("UPDATE integration_version SET body = (SELECT body FROM integration) WHERE version = 1");
  report = decisions();
  EXPECT_EQ(report.mismatch_count, 3);
  EXPECT_EQ(report.mismatches[0].what, "rule");
}

TEST_P(Verify, DecisionsOfAnotherVersionAreCountedAndLeft) {
  make_integration("Intake desk", {"referral.received"});
  send("Ana", "Silva");
  tamper("UPDATE decision SET function_version = 7, body = REPLACE(body, '\"version\":1', '\"version\":7')");
  const auto report = decisions();
  EXPECT_EQ(report.checked, 0);
  EXPECT_EQ(report.other_versions, 1);
  // A row that only pretends to be of another version is looked at.
  tamper("UPDATE decision SET function_version = 1");
  EXPECT_EQ(decisions().mismatch_count, 1);
}

TEST_P(Verify, WhatHasRunOutIsSwept) {
  const Instant now = clock_.now();
  (void)run(receiver_, {}, [&](exchange::OfficeUnit& unit) -> Result<void> {
    const ApiClientId client = credentials_of_.at(receiver_).client;
    unit.save(access::AccessToken{"old", client, receiver_, {}, now - seconds(1)});
    unit.save(access::AccessToken{"new", client, receiver_, {}, now + minutes(60)});
    return {};
  });
  exchange::Command command;
  command.actor = actor(receiver_);
  command.idempotency = exchange::Idempotency{"key-1", "fingerprint"};
  command.run = [](exchange::OfficeUnit&) -> Result<exchange::CommandAnswer> { return exchange::CommandAnswer{}; };
  exchange::Ledger& ledger = *ledger_;
  ASSERT_TRUE(ledger.run(command));

  auto swept = sweep(*connect(), clock_.now()).value();
  EXPECT_EQ(swept.tokens, 1);
  EXPECT_EQ(swept.idempotency_keys, 0);
  EXPECT_TRUE(credentials_->actor_of_token("new", now).value());
  swept = sweep(*connect(), clock_.now() + std::chrono::hours(25)).value();
  EXPECT_EQ(swept.tokens, 1);
  EXPECT_EQ(swept.idempotency_keys, 1);
}

}  // namespace
}  // namespace handoff::store
