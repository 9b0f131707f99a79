// The ledger: batches of commands in one commit, lanes that are claimed, and what must hold when they meet.
#include <atomic>
#include <set>
#include <thread>

#include "store/test_office.h"

namespace handoff::store::testing_office {
namespace {

using exchange::CommandAnswer;
using exchange::LaneKey;
using exchange::OfficeUnit;
using namespace std::chrono_literals;

class Ledgers : public Office {
 protected:
  exchange::Command command(const OrganizationId& organization, exchange::Needs needs,
                            std::function<Result<CommandAnswer>(OfficeUnit&)> work) {
    exchange::Command made;
    made.actor = actor(organization);
    made.cause = "request-1";
    made.needs = std::move(needs);
    made.run = std::move(work);
    return made;
  }
  exchange::Ledger& ledger() { return *ledger_; }
  exchange::LaneStore& lanes() { return *ledger_; }

  exchange::Command creating(const std::string& last_name) {
    referral::NewReferral input;
    input.listing = listing_;
    input.content = Json::object(
        {{"registrant", Json::object({{"firstName", "Noor"}, {"lastName", last_name}})},
         {"requester", Json::object({{"firstName", "Sam"}, {"lastName", "Reid"}, {"phone", "+1 905 555 0100"}})}});
    exchange::Needs needs;
    needs.listings = {listing_};
    return command(sender_, needs, [this, input](OfficeUnit& unit) -> Result<CommandAnswer> {
      const ReferralId id = HANDOFF_TRY(commands_.create(unit, input));
      CommandAnswer answer;
      answer.body = Json::object({{"id", id.text()}, {"number", unit.referral(id)->number}});
      return answer;
    });
  }
  exchange::Command naming_listing(const ListingId& id, const std::string& name) {
    return command(receiver_, {}, [this, id, name](OfficeUnit& unit) -> Result<CommandAnswer> {
      directory::Listing listing;
      listing.id = id;
      listing.organization = receiver_;
      listing.name = name;
      listing.created_at = unit.now();
      unit.save(listing);
      return CommandAnswer{};
    });
  }
  std::int64_t count(const char* sql) {
    const Statement statement{"test.count", sql};
    return connect()->query(statement, {}).value().front().integer(0);
  }
  // Runs all of them at once, so that they share batches.
  std::vector<Result<CommandAnswer>> together(std::vector<exchange::Command> commands) {
    std::vector<Result<CommandAnswer>> answers(commands.size(), CommandAnswer{});
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < commands.size(); ++i)
      threads.emplace_back([&, i] { answers[i] = ledger().run(std::move(commands[i])); });
    for (auto& thread : threads) thread.join();
    return answers;
  }
  LaneKey due_lane() {
    const IntegrationId integration = make_integration("CMS", {"referral.received"});
    return {receiver_, send("Noor", "Example"), integration};
  }
  Result<void> on_lane(const LaneKey& key, std::function<Result<void>(exchange::Unit&)> work) {
    std::vector<exchange::LaneCommand> commands;
    commands.push_back({key, false, std::move(work)});
    return std::move(lanes().run(std::move(commands)).front());
  }
  std::vector<exchange::ClaimedLane> claim() { return lanes().claim(clock_.now(), 20s, 8, {}).value(); }
};
INSTANTIATE_TEST_SUITE_P(Both, Ledgers, testing::ValuesIn(testing_support::both_databases()),
                         testing_support::database_name);

TEST_P(Ledgers, GiveEveryReferralOfManyThreadsANumberOfItsOwn) {
  constexpr int threads = 32, each = 5;
  std::mutex mutex;
  std::set<std::string> numbers;
  std::vector<std::thread> writers;
  for (int t = 0; t < threads; ++t) {
    writers.emplace_back([&] {
      for (int i = 0; i < each; ++i) {
        auto answer = ledger().run(creating("Example"));
        ASSERT_TRUE(answer) << answer.error().for_log;
        const std::lock_guard lock(mutex);
        EXPECT_TRUE(numbers.insert(answer->body["number"].text_or()).second);
      }
    });
  }
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(numbers.size(), static_cast<std::size_t>(threads * each));
  EXPECT_EQ(count("SELECT COUNT(*) FROM referral"), threads * each);
  EXPECT_EQ(count("SELECT COUNT(*) FROM event"), threads * each);
}

// A number of the block in hand that is taken already spoils one command, not all that follow.
TEST_P(Ledgers, DropABlockOfNumbersThatCollides) {
  ASSERT_EQ(ledger().run(creating("First")).value().body["number"].text_or(), "R-2026-000001");
  const Statement take_the_next{"test.take", "UPDATE referral SET number = 'R-2026-000002'"};
  ASSERT_TRUE(connect()->query(take_the_next, {}));
  EXPECT_FALSE(ledger().run(creating("Second")));
  const auto third = ledger().run(creating("Third"));
  ASSERT_TRUE(third) << third.error().for_log;
  EXPECT_EQ(third->body["number"].text_or(), "R-2026-000065") << "gaps are allowed";
}

TEST_P(Ledgers, RunTwoCommandsOnOneReferralInTheirOrder) {
  const ReferralId id = send("Noor", "Example");
  exchange::Needs needs;
  needs.referrals = {id};
  constexpr int edits = 24;
  std::vector<exchange::Command> commands;
  for (int i = 0; i < edits; ++i) {
    commands.push_back(command(receiver_, needs, [&, i](OfficeUnit& unit) -> Result<CommandAnswer> {
      HANDOFF_TRY(commands_.note(unit, id, "note " + std::to_string(i)));
      HANDOFF_TRY(commands_.set_sub_status(unit, id, i % 2 == 0 ? "in_progress" : "on_hold"));
      CommandAnswer answer;
      answer.version = unit.referral(id)->version;
      return answer;
    }));
  }
  for (const auto& answer : together(std::move(commands))) ASSERT_TRUE(answer) << answer.error().for_log;
  const auto version = referrals_->referral(receiver_, id).value()->version;
  EXPECT_EQ(count("SELECT COUNT(*) FROM note"), edits);
  EXPECT_EQ(count("SELECT COUNT(*) FROM referral_version"), version) << "each version is kept once, none was run over";
}

TEST_P(Ledgers, LeaveNothingOfACommandThatFailsBesideOthersThatDoNot) {
  std::vector<exchange::Command> commands;
  for (int i = 0; i < 12; ++i) commands.push_back(creating("Example " + std::to_string(i)));
  for (int i = 0; i < 12; ++i) {
    auto failing = creating("Refused");
    failing.run = [work = std::move(failing.run)](OfficeUnit& unit) -> Result<CommandAnswer> {
      HANDOFF_TRY(work(unit));
      return Error{Kind::conflict, "test.refused", "No.", {}, {}};
    };
    commands.push_back(std::move(failing));
  }
  int refused = 0;
  for (const auto& answer : together(std::move(commands))) refused += answer ? 0 : 1;
  EXPECT_EQ(refused, 12);
  for (const char* table : {"referral", "event", "source_record", "referral_version"})
    EXPECT_EQ(count(("SELECT COUNT(*) FROM " + std::string(table)).c_str()), 12) << table;
}

// The database refuses one of them; the others are run again one by one and commit.
TEST_P(Ledgers, RunABatchAgainOneByOneWhenTheDatabaseRefusesOneOfIt) {
  const ListingId taken = ListingId::make(clock_.now(), random_);
  std::vector<exchange::Command> commands;
  for (int i = 0; i < 12; ++i) commands.push_back(creating("Example " + std::to_string(i)));
  // A listing's id is unique over all organizations.
  commands.push_back(naming_listing(taken, "Ours"));
  auto theirs = naming_listing(taken, "Theirs");
  theirs.actor = actor(stranger_);
  theirs.run = [this, taken](OfficeUnit& unit) -> Result<CommandAnswer> {
    directory::Listing listing;
    listing.id = taken;
    listing.organization = stranger_;
    listing.name = "Theirs";
    listing.created_at = unit.now();
    unit.save(listing);
    return CommandAnswer{};
  };
  commands.push_back(std::move(theirs));
  int refused = 0;
  for (const auto& answer : together(std::move(commands))) {
    if (answer) continue;
    ++refused;
    EXPECT_EQ(answer.error().code, "record.conflict");
    EXPECT_EQ(answer.error().kind, Kind::conflict);
  }
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(count("SELECT COUNT(*) FROM referral"), 12);
}

TEST_P(Ledgers, AnswerARepeatedKeyWithTheFirstAnswerInOneBatchAndLater) {
  const auto keyed = [&](const std::string& fingerprint) {
    auto made = creating("Example");
    made.idempotency = exchange::Idempotency{"key-1", fingerprint};
    return made;
  };
  std::vector<exchange::Command> commands;
  for (int i = 0; i < 16; ++i) commands.push_back(keyed("same"));
  std::set<std::string> ids;
  for (const auto& answer : together(std::move(commands))) {
    ASSERT_TRUE(answer) << answer.error().code;
    ids.insert(answer->body["id"].text_or());
  }
  const auto later = ledger().run(keyed("same"));
  ids.insert(later.value().body["id"].text_or());
  EXPECT_EQ(ids.size(), 1u);
  EXPECT_EQ(count("SELECT COUNT(*) FROM referral"), 1);
  const auto other = ledger().run(keyed("another body"));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, "idempotency.other_body");
}

// The command line writes while the server runs: what the server remembers of a configuration is not what it decides
// by.
TEST_P(Ledgers, DecideByWhatASecondLedgerHasJustWritten) {
  const IntegrationId integration = make_integration("CMS", {"referral.received"});
  (void)send("Noor", "First");  // now it is remembered
  EXPECT_EQ(count("SELECT COUNT(*) FROM delivery WHERE state = 'pending'"), 1);
  auto other = WritingLedger::start(*database_, *key_, clock_, random_, {}).value();
  exchange::Ledger& command_line = *other;
  ASSERT_TRUE(command_line.run(command(receiver_, {}, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    exchange::Integration next = *unit.integration(receiver_, integration);
    next.enabled = false;
    next.version += 1;
    unit.save(next);
    return CommandAnswer{};
  })));
  (void)send("Noor", "Second");
  EXPECT_EQ(count("SELECT COUNT(*) FROM delivery WHERE state = 'held'"), 1);
  other->stop();
}

// Switched on in the moment in which referrals arrive: none may be held for an integration that is on.
TEST_P(Ledgers, HoldNothingForAnIntegrationThatIsSwitchedOnMeanwhile) {
  const IntegrationId integration = make_integration("CMS", {"referral.received"});
  auto other = WritingLedger::start(*database_, *key_, clock_, random_, {}).value();
  exchange::Ledger& office = *other;
  const auto enable = [&](bool on) {
    return office.run(command(receiver_, {}, [&, on](OfficeUnit& unit) -> Result<CommandAnswer> {
      exchange::Integration next = *unit.integration(receiver_, integration);
      next.enabled = on;
      next.version += 1;
      unit.save(next);
      unit.wake(receiver_, integration);
      return CommandAnswer{};
    }));
  };
  std::atomic<bool> done{false};
  std::thread sender([&] {
    for (int i = 0; i < 40; ++i) EXPECT_TRUE(ledger().run(creating("Example")));
    done = true;
  });
  while (!done) {
    EXPECT_TRUE(enable(false));
    EXPECT_TRUE(enable(true));
  }
  sender.join();
  // Whatever is held is due, so that the next look at its lane lets it go.
  EXPECT_EQ(count("SELECT COUNT(*) FROM delivery d WHERE d.state = 'held' AND NOT EXISTS (SELECT 1 FROM due WHERE "
                  "due.referral_id = d.referral_id AND due.integration_id = d.integration_id)"),
            0);
  other->stop();
}

TEST_P(Ledgers, ShowNobodyAReferralOfOthers) {
  const ReferralId id = send("Noor", "Example");
  exchange::Needs needs;
  needs.referrals = {id};
  bool seen = true;
  ASSERT_TRUE(ledger().run(command(stranger_, needs, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    seen = unit.referral(id) != nullptr || !unit.lanes(id).empty();
    return CommandAnswer{};
  })));
  EXPECT_FALSE(seen);
}

TEST_P(Ledgers, LendALaneToOneHolderAtATime) {
  const LaneKey key = due_lane();
  const auto first = claim();
  ASSERT_EQ(first.size(), 1u);
  EXPECT_TRUE(first[0].key == key);
  EXPECT_TRUE(claim().empty());
  clock_.advance(21s);
  const auto second = claim();
  ASSERT_EQ(second.size(), 1u) << "a lease ends";
  EXPECT_NE(second[0].fence, first[0].fence) << "and its holder is told apart from the next";
  std::int64_t fence = 0;
  ASSERT_TRUE(on_lane(key, [&](exchange::Unit& unit) -> Result<void> {
    fence = unit.lane(key)->fence;
    unit.hold(key, clock_.now() + 60s);
    return {};
  }));
  EXPECT_EQ(fence, second[0].fence);
  clock_.advance(30s);
  EXPECT_TRUE(claim().empty()) << "a lease that was prolonged";
}

TEST_P(Ledgers, KeepTheLeaseOfALaneThatIsScheduledMeanwhile) {
  const LaneKey key = due_lane();
  ASSERT_EQ(claim().size(), 1u);
  ASSERT_TRUE(on_lane(key, [&](exchange::Unit& unit) -> Result<void> {
    unit.schedule(key, clock_.now(), false);
    return {};
  }));
  EXPECT_TRUE(claim().empty());
  ASSERT_TRUE(on_lane(key, [&](exchange::Unit& unit) -> Result<void> {
    unit.schedule(key, clock_.now(), true);
    return {};
  }));
  EXPECT_EQ(claim().size(), 1u) << "given back";
}

TEST_P(Ledgers, ForgetALaneWhenNothingIsDueAndNobodyHoldsIt) {
  const LaneKey key = due_lane();
  const auto never = [&](bool release) {
    EXPECT_TRUE(on_lane(key, [&](exchange::Unit& unit) -> Result<void> {
      unit.unschedule(key, release);
      return {};
    }));
  };
  ASSERT_EQ(claim().size(), 1u);
  never(false);
  EXPECT_EQ(count("SELECT COUNT(*) FROM due"), 1) << "its holder must find its fence";
  EXPECT_FALSE(lanes().next_due().value());
  never(true);
  EXPECT_EQ(count("SELECT COUNT(*) FROM due"), 0);
  EXPECT_TRUE(on_lane(key, [&](exchange::Unit& unit) -> Result<void> {
    unit.schedule(key, clock_.now(), false);
    return {};
  }));
  never(false);
  EXPECT_EQ(count("SELECT COUNT(*) FROM due"), 0) << "nobody held it";
}

TEST_P(Ledgers, AnswerWhatIsQueuedBeforeTheyStopAndRefuseWhatComesLater) {
  ASSERT_TRUE(ledger().run(creating("Example")));
  ledger_->stop();
  ledger_->stop();
  const auto late = ledger().run(creating("Late"));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, "store.stopped");
  EXPECT_EQ(late.error().kind, Kind::unavailable);
  EXPECT_EQ(count("SELECT COUNT(*) FROM referral"), 1);
}

}  // namespace
}  // namespace handoff::store::testing_office
