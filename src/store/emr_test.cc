#include <gmock/gmock.h>

#include "store/pull_store.h"
#include "store/test_office.h"
#include "sync/destination.h"
#include "sync/reader.h"
#include "sync/store.h"

namespace handoff::store {
namespace {

using sync::HookKind;
using sync::LinkedRecord;
using sync::RecordState;
using sync::Worklist;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Goal: what sync/store.h and sync/reader.h ask of storage is kept alike on both databases. Method: commands of one
// organization against a real ledger, read back through the reader and, where it matters, past it.
class EmrStore : public testing_office::Office {
 protected:
  void SetUp() override {
    testing_office::Office::SetUp();
    if (HasFatalFailure()) return;
    reader_ = make_sync_reader(*pool_, *key_);
    pulls_ = open_pull_store(*database_, *ledger_, random_).value();
    id_ = make_connection("Hillside EMR");
  }
  void TearDown() override {
    pulls_.reset();
    testing_office::Office::TearDown();
  }

  EmrConnectionId make_connection(const std::string& name) {
    sync::EmrConnection connection;
    connection.id = EmrConnectionId::make(clock_.now(), random_);
    connection.organization = receiver_;
    connection.name = name;
    connection.base_url = "https://emr.example.org";
    connection.access_id = "clinic";
    connection.app_id = "42";
    connection.secret = Secret("open-sesame");
    connection.created_at = clock_.now();
    (void)run(receiver_, {}, [&](exchange::OfficeUnit& unit) -> Result<void> {
      part_of<sync::Unit>(unit).save(connection);
      return {};
    });
    return connection.id;
  }
  // One command with everything of the connection loaded.
  void work(const std::vector<std::string>& casefiles, std::function<Result<void>(sync::Unit&)> body,
            const std::vector<std::string>& destinations = {}) {
    auto wanted = std::make_shared<sync::Needs>();
    wanted->connection = id_;
    wanted->casefiles = casefiles;
    wanted->destinations = destinations;
    wanted->hooks = true;
    exchange::Needs needs;
    needs.rooms.push_back(wanted);
    (void)run(receiver_, needs, [&](exchange::OfficeUnit& unit) { return body(part_of<sync::Unit>(unit)); });
  }
  LinkedRecord record(const std::string& casefile, RecordState state = RecordState::linked) {
    LinkedRecord r;
    r.connection = id_;
    r.organization = receiver_;
    r.casefile = casefile;
    r.state = state;
    r.mr_number = "MR-" + casefile;
    r.row_digest = "digest-" + casefile;
    r.row_updated_at = clock_.now();
    r.changed_at = clock_.now();
    r.row_version = 1;
    r.chart = Private(Json::object({{"firstName", "Amélie"}}));
    return r;
  }
  void keep(const LinkedRecord& r) {
    work({r.casefile}, [&](sync::Unit& unit) -> Result<void> {
      unit.save(r);
      return {};
    });
  }
  std::vector<std::string> casefiles(sync::RecordFilter filter = {}) {
    std::vector<std::string> out;
    for (;;) {
      const auto page = reader_->records(receiver_, id_, filter).value();
      for (const auto& r : page.items) out.push_back(r.casefile);
      if (!page.next_cursor) return out;
      filter.cursor = page.next_cursor;
    }
  }
  std::vector<EmrConnectionId> claim(const std::set<EmrConnectionId>& leave_out = {}) {
    std::vector<EmrConnectionId> out;
    claimed_ = pulls_->claim(clock_.now(), milliseconds{60'000}, leave_out).value();
    for (const auto& each : claimed_) out.push_back(each.id);
    return out;
  }

  std::unique_ptr<sync::Reader> reader_;
  std::unique_ptr<sync::PullStore> pulls_;
  std::vector<sync::ClaimedConnection> claimed_;
  EmrConnectionId id_;
};
INSTANTIATE_TEST_SUITE_P(Both, EmrStore, testing::ValuesIn(testing_support::both_databases()),
                         testing_support::database_name);

TEST_P(EmrStore, AConnectionIsKeptWithItsSecretSealed) {
  const auto of = reader_->connection(receiver_, id_).value();
  ASSERT_TRUE(of);
  EXPECT_EQ(of->connection.name, "Hillside EMR");
  EXPECT_EQ(of->connection.secret.reveal(), "open-sesame");
  EXPECT_THAT(of->hooks, SizeIs(2));
  constexpr Statement raw{"test.raw", "SELECT body, secret FROM emr_connection"};
  const auto rows = connect()->query(raw, {}).value();
  EXPECT_EQ(rows.front().text(0).find("open-sesame"), std::string::npos);
  EXPECT_EQ(rows.front().text(1).find("open-sesame"), std::string::npos);
  EXPECT_FALSE(reader_->connection(stranger_, id_).value());
  EXPECT_TRUE(reader_->connection_for_hook(id_).value());
  work({}, [&](sync::Unit& unit) -> Result<void> {
    sync::EmrConnection next = *unit.connection(id_);
    EXPECT_EQ(next.secret.reveal(), "open-sesame");
    next.deleted = true;
    next.row_version += 1;
    unit.save(next);
    return {};
  });
  EXPECT_FALSE(reader_->connection(receiver_, id_).value());
  EXPECT_FALSE(reader_->connection_for_hook(id_).value());
  EXPECT_THAT(claim(), IsEmpty());
}

TEST_P(EmrStore, ARecordKeepsEverything) {
  LinkedRecord r = record("7:a", RecordState::locked);
  r.worklists = static_cast<unsigned>(Worklist::locked);
  r.location_id = "3";
  r.discharge_day = Date::parse("2026-11-01").value();
  r.locked_at = clock_.now();
  r.lock = sync::Lock{clock_.now(), EmrRunId::make(clock_.now(), random_), sync::LockCause::chart_hook_inactive, {}};
  r.opportunity = IntakeOpportunityId::make(clock_.now(), random_);
  r.applied = {"31", Text("Riverside")};
  r.referrals.push_back(
      {ReferralId::make(clock_.now(), random_), "R-2026-000001", 1, 1, r.applied, "listing:x", {}, {}});
  r.read_due = true;
  keep(r);
  const auto read = reader_->record(receiver_, id_, "7:a").value();
  ASSERT_TRUE(read);
  EXPECT_EQ(read->state, r.state);
  EXPECT_EQ(read->worklists, r.worklists);
  EXPECT_EQ(read->opportunity, r.opportunity);
  EXPECT_EQ(read->discharge_day, r.discharge_day);
  EXPECT_EQ(read->locked_at, r.locked_at);
  EXPECT_EQ(read->row_updated_at, r.row_updated_at);
  EXPECT_EQ(sync::record_to_stored(*read), sync::record_to_stored(r));
  EXPECT_EQ(reader_->record_of_opportunity(receiver_, *r.opportunity).value()->casefile, "7:a");
  EXPECT_FALSE(reader_->record(stranger_, id_, "7:a").value());
  const auto known = reader_->known(id_, {"7:a", "8:b"}).value();
  ASSERT_THAT(known, SizeIs(1));
  EXPECT_EQ(known.at("7:a").row_digest, "digest-7:a");
  EXPECT_TRUE(known.at("7:a").read_due);
  EXPECT_THAT(known.at("7:a").referrals, ElementsAre(r.referrals[0].id));
  EXPECT_EQ(known.at("7:a").destination_key, "31");
  EXPECT_THAT(reader_->read_due(id_).value(), ElementsAre("7:a"));
  EXPECT_THAT(reader_->locked_by_hook(id_, 10).value(), ElementsAre("7:a"));
  EXPECT_EQ(reader_->casefile_of_mr_number(id_, "MR-7:a").value(), "7:a");
  EXPECT_EQ(reader_->casefile_of_mr_number(id_, "MR-0").value(), "");
}

TEST_P(EmrStore, TwoCommandsOfABatchSeeEachOthersRecords) {
  keep(record("7:a"));
  work({"7:a"}, [&](sync::Unit& unit) -> Result<void> {
    LinkedRecord r = *unit.record(id_, "7:a");
    r.row_digest = "second";
    unit.save(r);
    EXPECT_EQ(unit.record(id_, "7:a")->row_digest, "second");
    EXPECT_EQ(unit.record(id_, "8:b"), nullptr);
    return {};
  });
  EXPECT_EQ(reader_->record(receiver_, id_, "7:a").value()->row_digest, "second");
}

TEST_P(EmrStore, APlaceIsTakenOnce) {
  const ReferralId referral = ReferralId::make(clock_.now(), random_);
  work({"7:a"}, [&](sync::Unit& unit) -> Result<void> {
    EXPECT_TRUE(unit.take_place(id_, "7:a", 1, 1, referral));
    EXPECT_FALSE(unit.take_place(id_, "7:a", 1, 1, referral));
    return {};
  });
  work({"7:a"}, [&](sync::Unit& unit) -> Result<void> {
    EXPECT_FALSE(unit.take_place(id_, "7:a", 1, 1, referral));
    EXPECT_TRUE(unit.take_place(id_, "7:a", 1, 2, referral));
    EXPECT_TRUE(unit.take_place(id_, "7:a", 2, 1, referral));
    return {};
  });
}

TEST_P(EmrStore, WorklistsComeByCauseLocationAgeAndDischarge) {
  for (int i = 0; i < 5; ++i) {
    clock_.advance(std::chrono::hours{1});
    LinkedRecord r = record(std::to_string(i) + ":x", RecordState::locked);
    r.worklists = static_cast<unsigned>(Worklist::locked);
    if (i != 2) r.worklists |= static_cast<unsigned>(Worklist::discharged_no_destination);
    r.locked_at = clock_.now();
    r.lock = sync::Lock{clock_.now(), {}, i < 3 ? sync::LockCause::policy : sync::LockCause::manual, {}};
    r.location_id = i % 2 == 0 ? "north" : "south";
    r.discharge_day = Date::parse("2026-10-0" + std::to_string(9 - i)).value();
    keep(r);
  }
  keep(record("9:y"));
  sync::RecordFilter filter;
  filter.limit = 2;
  EXPECT_THAT(casefiles(filter), ElementsAre("0:x", "1:x", "2:x", "3:x", "4:x", "9:y"));
  filter.worklist = Worklist::discharged_no_destination;
  EXPECT_THAT(casefiles(filter), ElementsAre("0:x", "1:x", "3:x", "4:x"));
  filter.oldest_discharge_first = true;
  EXPECT_THAT(casefiles(filter), ElementsAre("4:x", "3:x", "1:x", "0:x"));
  filter = {};
  filter.state = RecordState::locked;
  filter.lock_cause = sync::LockCause::policy;
  filter.location_id = "north";
  EXPECT_THAT(casefiles(filter), ElementsAre("0:x", "2:x"));
  filter = {};
  filter.locked_before = clock_.now() - std::chrono::minutes{90};
  EXPECT_THAT(casefiles(filter), ElementsAre("0:x", "1:x", "2:x"));
  const auto counts = reader_->counts(receiver_, id_).value();
  EXPECT_EQ(counts.by_worklist.at("locked"), 5);
  EXPECT_EQ(counts.by_worklist.at("discharged_no_destination"), 4);
  EXPECT_EQ(counts.by_worklist.at("failed"), 0);
  EXPECT_EQ(counts.by_state.at("linked"), 1);
  EXPECT_TRUE(counts.oldest_lock_at);
  EXPECT_THAT(reader_->discharged_without_destination(id_, Date::parse("2026-10-07").value()).value(),
              ElementsAre("0:x", "1:x", "2:x"));
  EXPECT_THAT(reader_->active_casefiles(id_).value(), ElementsAre("9:y"));
  EXPECT_THAT(reader_->casefiles_in(id_, RecordState::locked, {}, 2).value(), ElementsAre("0:x", "1:x"));
}

TEST_P(EmrStore, HooksAreCountedBesideWhatIsJudgedOfThem) {
  sync::HookSlot slot;
  work({}, [&](sync::Unit& unit) -> Result<void> {
    slot = unit.hook(id_, HookKind::chart_update);
    EXPECT_EQ(slot.token_hash, "");
    slot.token_hash = "hash";
    slot.issued_at = clock_.now();
    unit.save(slot);
    return {};
  });
  const Instant at = clock_.now();
  work({}, [&](sync::Unit& unit) -> Result<void> {
    unit.refused(id_, HookKind::chart_update, "body", 2, at);
    unit.add(sync::Receipt{id_, HookKind::chart_update, "7:a", at, "digest"});
    unit.add(sync::Receipt{id_, HookKind::chart_update, "", at, "digest"});
    return {};
  });
  // Judged by what was loaded before those arrived.
  work({}, [&](sync::Unit& unit) -> Result<void> {
    slot.uncovered_in_a_row = 3;
    slot.state = sync::HookState::suspect;
    unit.save(slot);
    return {};
  });
  const auto of = reader_->connection_for_hook(id_).value();
  const sync::HookSlot& read = of->hooks[static_cast<std::size_t>(HookKind::chart_update)];
  EXPECT_EQ(read.received, 2);
  EXPECT_EQ(read.refused, 2);
  EXPECT_EQ(read.refused_in_a_row, 0);
  EXPECT_EQ(read.last_refusal, "body");
  EXPECT_EQ(read.last_received_at, at);
  EXPECT_EQ(read.state, sync::HookState::suspect);
  EXPECT_EQ(read.uncovered_in_a_row, 3);
  EXPECT_EQ(of->hooks[static_cast<std::size_t>(HookKind::patient_creation)].token_hash, "");
  const auto receipts = reader_->latest_receipts(id_, HookKind::chart_update, {"7:a", "8:b"}, at).value();
  ASSERT_THAT(receipts, SizeIs(1));
  EXPECT_EQ(receipts.at("7:a"), at);
  EXPECT_THAT(reader_->latest_receipts(id_, HookKind::chart_update, {"7:a"}, at + seconds{1}).value(), IsEmpty());
}

TEST_P(EmrStore, AHintThatCameWhileItsReadWasUnderWayIsNotForgotten) {
  const auto hint = [&](const char* why) {
    work({}, [&](sync::Unit& unit) -> Result<void> {
      unit.add(sync::Hint{id_, "7:a", 0, clock_.now(), why});
      return {};
    });
  };
  hint("hook");
  const auto first = reader_->hints(id_, 10).value();
  ASSERT_THAT(first, SizeIs(1));
  hint("sync");
  hint("hook");
  work({}, [&](sync::Unit& unit) -> Result<void> {
    unit.forget_hint(id_, "7:a", first[0].number);
    return {};
  });
  const auto second = reader_->hints(id_, 10).value();
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_GT(second[0].number, first[0].number);
  EXPECT_EQ(second[0].why, "sync");
  work({}, [&](sync::Unit& unit) -> Result<void> {
    unit.forget_hint(id_, "7:a", second[0].number);
    return {};
  });
  EXPECT_THAT(reader_->hints(id_, 10).value(), IsEmpty());
}

TEST_P(EmrStore, DestinationsAreRememberedAndForgotten) {
  sync::DestinationLink link;
  link.connection = id_;
  link.key = "31";
  link.name = Text("Riverside");
  link.listing = listing_;
  link.linked_at = clock_.now();
  link.linked_by = "key_1";
  work({}, [&](sync::Unit& unit) -> Result<void> {
    unit.save(link);
    return {};
  });
  work({},
       [&](sync::Unit& unit) -> Result<void> {
         EXPECT_EQ(unit.destination(id_, "31")->listing, listing_);
         EXPECT_EQ(unit.destination(id_, "32"), nullptr);
         return {};
       },
       {"31", "32"});
  ASSERT_THAT(reader_->destinations(receiver_, id_).value(), SizeIs(1));
  EXPECT_THAT(reader_->destinations(stranger_, id_).value(), IsEmpty());
  work({},
       [&](sync::Unit& unit) -> Result<void> {
         unit.forget_destination(id_, "31");
         EXPECT_EQ(unit.destination(id_, "31"), nullptr);
         return {};
       },
       {"31"});
  EXPECT_THAT(reader_->destinations(receiver_, id_).value(), IsEmpty());
}

TEST_P(EmrStore, OneProcessHoldsAConnectionAtATime) {
  EXPECT_THAT(claim(), ElementsAre(id_));
  const auto first = claimed_.front();
  EXPECT_EQ(first.organization, receiver_);
  EXPECT_THAT(claim(), IsEmpty());
  EXPECT_TRUE(pulls_->hold(first, clock_.now() + seconds{90}).value());
  clock_.advance(seconds{61});
  EXPECT_THAT(claim(), IsEmpty());
  clock_.advance(seconds{30});
  EXPECT_THAT(claim({id_}), IsEmpty());
  EXPECT_THAT(claim(), ElementsAre(id_));
  EXPECT_NE(claimed_.front().fence, first.fence);
  // The first comes back late.
  EXPECT_FALSE(pulls_->hold(first, clock_.now() + seconds{90}).value());
  ASSERT_TRUE(pulls_->release(first));
  EXPECT_THAT(claim(), IsEmpty());
  work({}, [&](sync::Unit& unit) -> Result<void> {
    EXPECT_EQ(unit.fence(id_), claimed_.empty() ? unit.fence(id_) : claimed_.front().fence);
    return {};
  });
}

TEST_P(EmrStore, AConnectionIsDueByTimerHintRetryOrInterruptedRun) {
  EXPECT_THAT(claim(), ElementsAre(id_));
  const auto rest = [&](bool stopped, std::optional<EmrRunId> running = {}) {
    work({}, [&](sync::Unit& unit) -> Result<void> {
      sync::PullState state = unit.pull_state(id_);
      state.next_pull_at = clock_.now() + std::chrono::minutes{15};
      state.stopped = stopped;
      state.running = running;
      unit.save(id_, state);
      return {};
    });
  };
  const auto let_go = [&] { (void)pulls_->release(claimed_.front()).has_value(); };
  rest(false);
  let_go();
  EXPECT_THAT(claim(), IsEmpty());
  EXPECT_EQ(pulls_->next_due().value(), reader_->connection(receiver_, id_).value()->state.next_pull_at);
  work({}, [&](sync::Unit& unit) -> Result<void> {
    unit.save(sync::Retry{id_, "7:a", 1, clock_.now() + seconds{30}, {}, "code", "sentence"});
    return {};
  });
  EXPECT_THAT(claim(), IsEmpty());
  clock_.advance(seconds{31});
  EXPECT_THAT(claim(), ElementsAre(id_));
  let_go();
  ASSERT_THAT(reader_->retries(id_).value(), SizeIs(1));
  work({}, [&](sync::Unit& unit) -> Result<void> {
    unit.forget_retry(id_, "7:a");
    unit.add(sync::Hint{id_, "", 0, clock_.now(), "hook"});
    return {};
  });
  EXPECT_THAT(claim(), ElementsAre(id_));
  let_go();
  // One that a fault has stopped waits for somebody who asks.
  rest(true);
  EXPECT_THAT(claim(), IsEmpty());
  EXPECT_FALSE(pulls_->next_due().value());
  work({}, [&](sync::Unit& unit) -> Result<void> {
    unit.add(sync::Hint{id_, "", 0, clock_.now(), "sync"});
    return {};
  });
  EXPECT_TRUE(pulls_->next_due().value());
  EXPECT_THAT(claim(), ElementsAre(id_));
  let_go();
  const auto hints = reader_->hints(id_, 1).value();
  work({}, [&](sync::Unit& unit) -> Result<void> {
    unit.forget_hint(id_, "", hints[0].number);
    return {};
  });
  // A run that was cut off goes on.
  rest(false, EmrRunId::make(clock_.now(), random_));
  EXPECT_THAT(claim(), ElementsAre(id_));
}

TEST_P(EmrStore, WhatIsToldIsReadNewestFirstAndStandsInTheStreamToo) {
  for (const char* type : {"emr.record_locked", "emr.digest"}) {
    work({}, [&](sync::Unit& unit) -> Result<void> {
      unit.add(sync::EmrEvent{id_, receiver_, type, "7:a", "A sentence.", Json::object({{"cause", "policy"}}),
                              clock_.now()});
      return {};
    });
  }
  const auto events = make_emr_event_reader(*pool_);
  auto page = events->events(receiver_, id_, 1, {}).value();
  ASSERT_THAT(page.items, SizeIs(1));
  EXPECT_EQ(page.items[0].event.type, "emr.digest");
  page = events->events(receiver_, id_, 1, page.next_cursor).value();
  ASSERT_THAT(page.items, SizeIs(1));
  EXPECT_EQ(page.items[0].event.casefile, "7:a");
  EXPECT_FALSE(page.next_cursor);
  EXPECT_THAT(events->events(stranger_, id_, 10, {}).value().items, IsEmpty());
  EXPECT_THAT(events->events_after(receiver_, page.items[0].number, 10).value(), SizeIs(1));
  constexpr Statement streamed{
      "test.streamed", "SELECT type, subject_id, detail FROM stream_event WHERE type LIKE 'emr.%' ORDER BY sequence"};
  const auto rows = connect()->query(streamed, {}).value();
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows[0].text(0), "emr.record_locked");
  EXPECT_EQ(rows[0].text(1), id_.text());
  EXPECT_EQ(Json::parse(rows[0].text(2)).value()["sentence"].text_or(), "A sentence.");
}

TEST_P(EmrStore, RunsAreReadNewestFirst) {
  for (int i = 0; i < 3; ++i) {
    work({}, [&](sync::Unit& unit) -> Result<void> {
      sync::Run run;
      run.id = EmrRunId::make(clock_.now(), random_);
      run.connection = id_;
      run.organization = receiver_;
      run.started_at = clock_.now();
      run.rows = i;
      unit.save(run);
      run.state = sync::RunState::done;
      unit.save(run);
      return {};
    });
  }
  auto page = reader_->runs(receiver_, id_, 2, {}).value();
  ASSERT_THAT(page.items, SizeIs(2));
  EXPECT_EQ(page.items[0].rows, 2);
  EXPECT_EQ(page.items[0].state, sync::RunState::done);
  page = reader_->runs(receiver_, id_, 2, page.next_cursor).value();
  ASSERT_THAT(page.items, SizeIs(1));
  EXPECT_FALSE(page.next_cursor);
  EXPECT_EQ(reader_->run(receiver_, page.items[0].id).value()->rows, 0);
  EXPECT_FALSE(reader_->run(stranger_, page.items[0].id).value());
}

}  // namespace
}  // namespace handoff::store
