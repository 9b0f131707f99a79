#include "store/ledger.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "store/batch.h"

namespace handoff::store {
namespace {

using exchange::Command;
using exchange::CommandAnswer;
using exchange::LaneKey;
using Visible = std::pair<OrganizationId, ReferralId>;

// A command in the queue, whichever interface it came through.
struct Task {
  access::Actor actor;
  std::string cause;
  std::vector<Visible> referrals;
  std::vector<ListingId> listings;
  bool messages = false;
  std::vector<std::shared_ptr<const RoomNeeds>> rooms;
  std::optional<exchange::Idempotency> idempotency;
  std::function<Result<CommandAnswer>(CommandUnit&)> run;
  std::function<Result<void>(Connection&)> claim;  // instead of `run`: takes lanes once the batch has been written
  std::promise<Result<CommandAnswer>> answer;
};
using TaskPtr = std::unique_ptr<Task>;

constexpr Statement load_referrals{"load.referrals",
                                   "SELECT q.a, p.integration_errors, " HANDOFF_REFERRAL_COLUMNS("r.body") " FROM {pairs:$1} AS q "
                                   "JOIN party p ON p.organization_id = q.a AND p.referral_id = q.b "
                                   "JOIN referral r ON r.organization_id = p.owner_id AND r.id = p.referral_id ORDER "
                                   "BY r.organization_id, r.id {for_update_of_r}"};
constexpr Statement load_due{"load.due",
                             "SELECT r.organization_id, r.referral_id, r.integration_id, r.fence FROM {pairs:$1} AS q "
                             "JOIN party p ON p.organization_id = q.a AND p.referral_id = q.b "
                             "JOIN lane l ON l.owner_id = p.owner_id AND l.referral_id = p.referral_id "
                             "JOIN due r ON r.organization_id = l.organization_id AND r.referral_id = l.referral_id "
                             "AND r.integration_id = l.integration_id "
                             "ORDER BY r.organization_id, r.referral_id, r.integration_id {for_update_of_r}"};
constexpr Statement load_lanes{"load.lanes",
                               "SELECT l.organization_id, l.referral_id, l.integration_id, l.next_sequence, "
                               "l.remote_id, l.delivered_at, l.accepted_at, l.stopped, l.sent "
                               "FROM {pairs:$1} AS q JOIN party p ON p.organization_id = q.a AND p.referral_id = q.b "
                               "JOIN lane l ON l.owner_id = p.owner_id AND l.referral_id = p.referral_id"};
constexpr Statement load_deliveries{
    "load.deliveries",
    "SELECT d.organization_id, d.id, d.referral_id, d.integration_id, d.integration_version, d.change_id, d.kind, "
    "d.sequence, d.state, d.body, "
    "d.snapshot, d.next_attempt_at, d.created_at, d.updated_at FROM {pairs:$1} AS q "
    "JOIN party p ON p.organization_id = q.a AND p.referral_id = q.b "
    "JOIN lane l ON l.owner_id = p.owner_id AND l.referral_id = p.referral_id "
    "JOIN delivery d ON d.organization_id = l.organization_id AND d.referral_id = l.referral_id AND d.integration_id = "
    "l.integration_id "
    "WHERE d.state IN ('pending', 'sending', 'retrying', 'held', 'needs_data', 'needs_person', 'dead', 'stopped')"};
constexpr Statement load_messages{
    "load.messages",
    "SELECT m.id, m.referral_id, m.from_side, m.body, m.at, m.actor FROM {pairs:$1} AS q "
    "JOIN party p ON p.organization_id = q.a AND p.referral_id = q.b "
    "JOIN message m ON m.organization_id = p.owner_id AND m.referral_id = p.referral_id ORDER BY m.id"};
// Whose configuration the batch stands on: the actors', those of the referrals' parties, the named listings' owners.
constexpr Statement load_organizations{
    "load.organizations",
    "SELECT o.id, o.name, o.plan, o.block_duplicates, o.integration_contact, o.version, o.config_version, "
    "o.created_at, "
    "o.second_reader_for FROM organization o "
    "WHERE o.id IN (SELECT value FROM {set:$1}) "
    "OR o.id IN (SELECT p2.organization_id FROM {pairs:$2} AS q JOIN party p ON p.organization_id = q.a AND "
    "p.referral_id = q.b "
    "JOIN party p2 ON p2.owner_id = p.owner_id AND p2.referral_id = p.referral_id) "
    "OR o.id IN (SELECT p3.owner_id FROM {pairs:$2} AS q3 JOIN party p3 ON p3.organization_id = q3.a AND "
    "p3.referral_id = q3.b) "
    "OR o.id IN (SELECT l.organization_id FROM {set:$3} AS s JOIN listing l ON l.id = s.value) "
    "ORDER BY o.id {for_key_share_of_o}"};
// Whoever changes a configuration waits here for those who have decided by the old one, and whoever comes later waits
// for the new: otherwise a delivery could be held for an integration that was switched on in the same moment, and
// nothing would ever wake it.
constexpr Statement lock_organizations{
    "organization.lock",
    "SELECT id FROM organization WHERE id IN (SELECT value FROM {set:$1}) ORDER BY id {for_update}"};
constexpr Statement load_idempotency{"load.idempotency",
                                     "SELECT i.actor_id, i.key, i.fingerprint, i.answer FROM {pairs:$1} AS q JOIN "
                                     "idempotency i ON i.actor_id = q.a AND i.key = q.b "
                                     "WHERE i.organization_id IN (SELECT value FROM {set:$2})"};
constexpr Statement load_listings{
    "load.listings",
    "SELECT organization_id, id, body, version, created_at FROM listing WHERE organization_id = $1 ORDER BY id"};
constexpr Statement load_sub_statuses{
    "load.sub_statuses",
    "SELECT code, label, category FROM sub_status WHERE organization_id = $1 ORDER BY position, code"};
constexpr Statement load_integrations{"load.integrations",
                                      "SELECT organization_id, id, version, body, secrets, deleted, misconfigured, "
                                      "health_code, health_sentence, health_since "
                                      "FROM integration WHERE organization_id = $1 ORDER BY id"};
constexpr Statement bump_configuration{
    "organization.bump",
    "UPDATE organization SET config_version = config_version + 1 WHERE id = $1 AND config_version = $2"};
constexpr Statement take_numbers{
    "organization.numbers",
    "UPDATE organization SET next_number = next_number + $2 WHERE id = $1 RETURNING next_number"};
constexpr Statement insert_idempotency{"idempotency.insert",
                                       "INSERT INTO idempotency (organization_id, actor_id, key, fingerprint, answer, "
                                       "at) VALUES ($1, $2, $3, $4, $5, $6)"};
// The fence is random, not counted: a row that is deleted and made again must not repeat a number that somebody may
// still hold. The lanes are chosen once, before the update, so that they are never more than asked for.
constexpr Statement claim_lanes{
    "due.claim",
    "WITH chosen AS MATERIALIZED (SELECT organization_id, referral_id, integration_id FROM due "
    "WHERE due_at <= $1 AND lease_until <= $1 AND integration_id NOT IN (SELECT value FROM {set:$3}) "
    "ORDER BY due_at LIMIT $4 {skip_locked}) "
    "UPDATE due SET lease_until = $2, fence = $5 WHERE (organization_id, referral_id, integration_id) IN "
    "(SELECT organization_id, referral_id, integration_id FROM chosen) "
    "RETURNING organization_id, referral_id, integration_id, fence"};
constexpr Statement next_due_at{"due.next",
                                "SELECT MIN(CASE WHEN lease_until > due_at THEN lease_until ELSE due_at END) FROM due "
                                "WHERE due_at < 9223372036854775807"};

constexpr std::int64_t number_block = 64;
constexpr int busy_tries_max = 8;

std::string pairs_json(const std::set<Visible>& pairs) {
  Json out = Json::array();
  for (const auto& [organization, referral] : pairs) out.push_back(Json::array({organization.text(), referral.text()}));
  return out.dump();
}

std::string answer_text(const CommandAnswer& a) {
  return Json::object({{"status", a.status}, {"body", a.body}, {"version", a.version}, {"location", a.location}})
      .dump();
}
CommandAnswer answer_of(std::string_view text) {
  const Json stored = stored_json(text);
  return {static_cast<int>(stored["status"].int_or(200)), stored["body"], stored["version"].integer(),
          stored["location"].text_or()};
}

bool worth_running_again(const Error& error) { return error.code == "store.busy"; }

class LedgerOfBatches final : public WritingLedger {
 public:
  LedgerOfBatches(Database& database, const ServerKey& key, const Clock& clock, Random& random, LedgerOptions options)
      : database_(database), key_(key), clock_(clock), random_(random), options_(options) {}
  ~LedgerOfBatches() override { stop(); }

  Result<void> open() {
    for (std::size_t i = 0; i < options_.writers; ++i) {
      Writer writer{HANDOFF_TRY(database_.connect()), {}};
      threads_.emplace_back([this, owned = std::move(writer)]() mutable { write_batches(owned); });
    }
    claiming_ = HANDOFF_TRY(database_.connect());
    return {};
  }

  void on_due(std::function<void()> wake) override {
    const std::lock_guard lock(mutex_);
    wake_ = std::move(wake);
  }

  void stop() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    queued_.notify_all();
    for (auto& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
    threads_.clear();
  }

  Result<CommandAnswer> run(Command command) override {
    auto task = std::make_unique<Task>();
    task->cause = std::move(command.cause);
    for (const auto& id : command.needs.referrals) task->referrals.emplace_back(command.actor.organization, id);
    task->listings = std::move(command.needs.listings);
    task->messages = command.needs.messages;
    task->rooms = std::move(command.needs.rooms);
    task->idempotency = std::move(command.idempotency);
    task->actor = std::move(command.actor);
    task->run = [run = std::move(command.run)](CommandUnit& unit) { return run(unit); };
    return submit(std::move(task)).get();
  }

  Result<void> audit_read(std::vector<access::AuditRow> rows) override {
    auto task = std::make_unique<Task>();
    task->run = [rows = std::move(rows)](CommandUnit& unit) -> Result<CommandAnswer> {
      for (const auto& row : rows) unit.add(row);
      return CommandAnswer{};
    };
    auto answer = submit(std::move(task)).get();
    if (!answer) return std::move(answer).error();
    return {};
  }

  Result<std::vector<exchange::ClaimedLane>> claim(Instant now, milliseconds lease, std::size_t count_max,
                                                   const std::set<IntegrationId>& leave_out) override {
    std::vector<std::string> left_out;
    for (const auto& id : leave_out) left_out.push_back(id.text());
    const Values values{to_ms(now), to_ms(now + lease), texts_json(left_out), static_cast<std::int64_t>(count_max),
                        static_cast<std::int64_t>(random_.next() >> 1)};
    std::vector<exchange::ClaimedLane> out;
    const auto take = [&](Connection& connection) -> Result<void> {
      out.clear();
      for (const auto& row : HANDOFF_TRY(connection.query(claim_lanes, values))) {
        out.push_back({{OrganizationId::trusted(row.text(0)), ReferralId::trusted(row.text(1)),
                        IntegrationId::trusted(row.text(2))},
                       row.integer(3)});
      }
      return {};
    };
    if (database_.kind() == Database::Kind::sqlite) {
      // SQLite has one writer; a second connection would only wait for it, and both would sync.
      auto task = std::make_unique<Task>();
      task->claim = take;
      auto answer = submit(std::move(task)).get();
      if (!answer) return std::move(answer).error();
    } else {
      const std::lock_guard lock(claim_mutex_);
      HANDOFF_TRY(take(*claiming_));
    }
    return out;
  }

  std::vector<Result<void>> run(std::vector<exchange::LaneCommand> commands) override {
    std::vector<std::future<Result<CommandAnswer>>> waiting;
    for (auto& command : commands) {
      auto task = std::make_unique<Task>();
      task->actor.kind = access::ActorKind::rule;
      task->actor.id = command.key.integration.text();
      task->actor.name = "Lane runner";
      task->actor.organization = command.key.organization;
      task->referrals.emplace_back(command.key.organization, command.key.referral);
      task->messages = command.with_messages;
      task->run = [run = std::move(command.run)](CommandUnit& unit) -> Result<CommandAnswer> {
        auto done = run(unit);
        if (!done) return std::move(done).error();
        return CommandAnswer{};
      };
      waiting.push_back(submit(std::move(task)));
    }
    std::vector<Result<void>> out;
    for (auto& each : waiting) {
      auto answer = each.get();
      out.push_back(answer ? Result<void>() : Result<void>(std::move(answer).error()));
    }
    return out;
  }

  Result<std::optional<Instant>> next_due() override {
    const std::lock_guard lock(claim_mutex_);
    auto rows = claiming_->query(next_due_at, {});
    if (!rows) return std::move(rows).error();
    const auto at = rows->empty() ? std::nullopt : rows->front().optional_integer(0);
    return at ? std::optional(from_ms(*at)) : std::nullopt;
  }

 private:
  using Numbers = std::map<OrganizationId, std::pair<std::int64_t, std::int64_t>>;  // next and end of the block in hand
  struct Writer {
    std::unique_ptr<Connection> connection;
    Numbers numbers;
  };

  std::future<Result<CommandAnswer>> submit(TaskPtr task) {
    auto future = task->answer.get_future();
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) {
        task->answer.set_value(
            Error{Kind::unavailable, "store.stopped", "The server is shutting down; try again.", {}, {}});
        return future;
      }
      queue_.push_back(std::move(task));
    }
    queued_.notify_one();
    return future;
  }

  void write_batches(Writer& writer) {
    for (;;) {
      std::vector<TaskPtr> batch;
      {
        std::unique_lock lock(mutex_);
        queued_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) return;
        while (!queue_.empty() && batch.size() < options_.batch_max) {
          batch.push_back(std::move(queue_.front()));
          queue_.pop_front();
        }
      }
      std::vector<std::optional<Result<CommandAnswer>>> answers(batch.size());
      auto failed = process(writer, batch, answers);
      if (failed && batch.size() > 1) {
        for (auto& task : batch) {
          std::vector<TaskPtr> single;
          single.push_back(std::move(task));
          run_single(writer, single);
        }
        continue;
      }
      if (failed) {
        run_single(writer, batch, std::move(failed));
        continue;
      }
      for (std::size_t i = 0; i < batch.size(); ++i) batch[i]->answer.set_value(std::move(*answers[i]));
    }
  }

  // The one place where a busy or deadlocked transaction is run again.
  void run_single(Writer& writer, std::vector<TaskPtr>& single, std::optional<Error> failed = std::nullopt) {
    for (int attempt = 0; attempt < busy_tries_max; ++attempt) {
      if (failed && !worth_running_again(*failed)) break;
      std::vector<std::optional<Result<CommandAnswer>>> answers(1);
      failed = process(writer, single, answers);
      if (!failed) {
        single.front()->answer.set_value(std::move(*answers.front()));
        return;
      }
    }
    log_error("store.command_failed", {{"code", failed->code}, {"detail", failed->for_log}});
    if (failed->code == "store.constraint") {
      failed = Error{Kind::conflict,
                     "record.conflict",
                     "Another record has this name or code already; choose another.",
                     failed->for_log,
                     {}};
    }
    single.front()->answer.set_value(*failed);
  }

  // One transaction. An error means that nothing was committed.
  std::optional<Error> process(Writer& writer, std::vector<TaskPtr>& batch,
                               std::vector<std::optional<Result<CommandAnswer>>>& answers) {
    Connection& connection = *writer.connection;
    BatchState state;
    UnitContext context;
    context.now = clock_.now();
    context.random = &random_;
    context.key = &key_;
    // Blocks of numbers fetched in this transaction are this writer's only once it commits.
    auto numbers = writer.numbers;
    context.take_number = [&](const OrganizationId& organization) {
      return take_number(connection, organization, numbers);
    };
    const auto fail = [&](Error error) {
      connection.rollback();
      // Whatever made a number collide, the rest of its block may collide, too.
      if (error.code == "store.constraint") writer.numbers.clear();
      return std::optional(std::move(error));
    };
    if (auto begun = connection.begin(); !begun) return fail(std::move(begun).error());
    if (auto loaded = load(connection, batch, state); !loaded) return fail(std::move(loaded).error());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (batch[i]->claim) continue;
      std::optional<Error> broken;
      answers[i] = run_one(*batch[i], state, context, broken);
      if (broken) return fail(*std::move(broken));
    }
    if (!state.writes.configured.empty()) {
      std::vector<std::string> ids;
      for (const auto& organization : state.writes.configured) ids.push_back(organization.text());
      if (auto locked = connection.query(lock_organizations, {texts_json(ids)}); !locked)
        return fail(std::move(locked).error());
    }
    auto calls = record_calls(state, context.now);
    for (const auto& room : state.rooms) room->write(calls);
    for (const auto& organization : state.writes.configured) {
      calls.push_back(
          {&bump_configuration,
           {organization.text(), state.records.configurations.at(organization)->organization.config_version}});
    }
    if (!calls.empty()) {
      auto written = connection.execute_all(calls);
      if (!written) return fail(std::move(written).error());
      for (std::size_t i = calls.size() - state.writes.configured.size(); i < calls.size(); ++i) {
        if ((*written)[i] != 1)
          return fail(Error{Kind::unavailable, "store.busy", "Try again.", "configuration changed meanwhile", {}});
      }
    }
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (!batch[i]->claim) continue;
      if (auto claimed = batch[i]->claim(connection); !claimed) return fail(std::move(claimed).error());
      answers[i] = CommandAnswer{};
    }
    if (auto committed = connection.commit(); !committed) {
      // Nobody knows the outcome: the commands are not run again blindly; the caller may ask again with its key. What
      // may have been used or fetched of the blocks of numbers is not used again.
      Error error = std::move(committed).error();
      if (worth_running_again(error)) return error;
      writer.numbers.clear();
      for (auto& answer : answers) answer = Result<CommandAnswer>(error);
      return std::nullopt;
    }
    writer.numbers = std::move(numbers);
    after_commit(state, context.now);
    return std::nullopt;
  }

  Result<CommandAnswer> run_one(Task& task, BatchState& state, const UnitContext& context,
                                std::optional<Error>& broken) {
    std::pair<std::string, std::string> remembered;
    if (task.idempotency) {
      remembered = {task.actor.id, task.idempotency->key};
      if (const auto found = state.idempotency.find(remembered); found != state.idempotency.end()) {
        if (found->second.first == task.idempotency->fingerprint) return answer_of(found->second.second);
        return Error{Kind::conflict,
                     "idempotency.other_body",
                     "This Idempotency-Key was used with another request; use a new key for a new request.",
                     {},
                     {}};
      }
    }
    CommandUnit unit(state, context, task.actor, task.cause);
    auto answer = task.run(unit);
    if (unit.broken()) {
      broken = unit.broken();
      return *unit.broken();
    }
    if (!answer) return answer;
    unit.merge();
    if (task.idempotency) {
      const std::string text = answer_text(*answer);
      state.idempotency[remembered] = {task.idempotency->fingerprint, text};
      state.writes.rows.push_back({&insert_idempotency,
                                   {task.actor.organization.text(), task.actor.id, task.idempotency->key,
                                    task.idempotency->fingerprint, text, to_ms(context.now)}});
    }
    return answer;
  }

  Result<void> load(Connection& connection, const std::vector<TaskPtr>& batch, BatchState& state) {
    std::set<Visible> referrals, with_messages;
    std::set<std::string> organizations, listings;
    Json keys = Json::array();
    for (const auto& task : batch) {
      if (!task->actor.organization.empty()) organizations.insert(task->actor.organization.text());
      referrals.insert(task->referrals.begin(), task->referrals.end());
      if (task->messages) with_messages.insert(task->referrals.begin(), task->referrals.end());
      for (const auto& id : task->listings) listings.insert(id.text());
      if (task->idempotency) keys.push_back(Json::array({task->actor.id, task->idempotency->key}));
    }
    const std::string organization_set = texts_json({organizations.begin(), organizations.end()});
    const std::string referral_pairs = pairs_json(referrals);
    std::vector<Connection::Call> calls;
    std::vector<const Statement*> order;
    const auto ask = [&](const Statement& statement, Values values) {
      calls.push_back({&statement, std::move(values)});
      order.push_back(&statement);
    };
    // Organizations come first in the order of locks: a change of configuration holds them while it wakes lanes.
    if (!organizations.empty())
      ask(load_organizations, {organization_set, referral_pairs, texts_json({listings.begin(), listings.end()})});
    if (!referrals.empty()) {
      ask(load_referrals, {referral_pairs});
      ask(load_due, {referral_pairs});
      ask(load_lanes, {referral_pairs});
      ask(load_deliveries, {referral_pairs});
    }
    if (!with_messages.empty()) ask(load_messages, {pairs_json(with_messages)});
    if (keys.size() > 0) ask(load_idempotency, {keys.dump(), organization_set});
    if (calls.empty()) return load_rooms(connection, batch, state);
    const auto answers = HANDOFF_TRY(connection.query_all(calls));
    std::map<LaneKey, std::int64_t> fences;
    std::vector<directory::Organization> found;
    for (std::size_t i = 0; i < calls.size(); ++i) {
      for (const Row& row : answers[i]) {
        if (order[i] == &load_referrals) {
          referral::Referral referral = referral_of(row, 2);
          state.visible.insert({OrganizationId::trusted(row.text(0)), referral.id});
          state.records.referrals.insert_or_assign(referral.id, std::move(referral));
        } else if (order[i] == &load_due) {
          fences[{OrganizationId::trusted(row.text(0)), ReferralId::trusted(row.text(1)),
                  IntegrationId::trusted(row.text(2))}] = row.integer(3);
        } else if (order[i] == &load_lanes) {
          exchange::Lane lane = lane_of(row, 0);
          state.records.lanes.insert_or_assign(lane.key, std::move(lane));
        } else if (order[i] == &load_deliveries) {
          exchange::Delivery delivery = delivery_of(row, 0);
          state.records.deliveries.insert_or_assign(delivery.id, std::move(delivery));
        } else if (order[i] == &load_messages) {
          referral::Message message = message_of(row, 0);
          auto& list = state.messages[message.referral];
          const bool known = std::any_of(list.begin(), list.end(), [&](const auto& m) { return m.id == message.id; });
          if (!known) list.push_back(std::move(message));
        } else if (order[i] == &load_organizations) {
          found.push_back(organization_of(row, 0));
        } else {
          state.idempotency[{row.text(0), row.text(1)}] = {row.text(2), row.text(3)};
        }
      }
    }
    for (auto& [key, lane] : state.records.lanes) {
      const auto fence = fences.find(key);
      if (fence != fences.end()) lane.fence = fence->second;
    }
    HANDOFF_TRY(load_configurations(connection, found, state));
    return load_rooms(connection, batch, state);
  }

  static Result<void> load_rooms(Connection& connection, const std::vector<TaskPtr>& batch, BatchState& state) {
    for (const auto& room : state.rooms) {
      for (const auto& task : batch) {
        for (const auto& needs : task->rooms) room->need(task->actor, *needs);
      }
      HANDOFF_TRY(room->load(connection, state));
    }
    return {};
  }

  Result<void> load_configurations(Connection& connection, const std::vector<directory::Organization>& found,
                                   BatchState& state) {
    std::vector<Connection::Call> calls;
    std::vector<const directory::Organization*> stale;
    for (const auto& organization : found) {
      const std::lock_guard lock(configurations_mutex_);
      const auto cached = configurations_.find(organization.id);
      if (cached != configurations_.end() &&
          cached->second->organization.config_version == organization.config_version) {
        state.records.configurations[organization.id] = cached->second;
        continue;
      }
      stale.push_back(&organization);
      for (const Statement* statement : {&load_listings, &load_sub_statuses, &load_integrations})
        calls.push_back({statement, {organization.id.text()}});
    }
    if (calls.empty()) return {};
    const auto answers = HANDOFF_TRY(connection.query_all(calls));
    for (std::size_t i = 0; i < stale.size(); ++i) {
      auto fresh = std::make_shared<Configuration>();
      fresh->organization = *stale[i];
      for (const Row& row : answers[3 * i]) fresh->listings.push_back(listing_of(row, 0));
      for (const Row& row : answers[3 * i + 1]) fresh->sub_statuses.push_back(sub_status_of(row, 0));
      for (const Row& row : answers[3 * i + 2]) fresh->integrations.push_back(integration_of(row, 0, key_));
      state.records.configurations[stale[i]->id] = fresh;
      const std::lock_guard lock(configurations_mutex_);
      configurations_[stale[i]->id] = fresh;
    }
    return {};
  }

  static Result<std::int64_t> take_number(Connection& connection, const OrganizationId& organization,
                                          Numbers& numbers) {
    auto& [next, end] = numbers[organization];
    if (next == end) {
      auto rows = HANDOFF_TRY(connection.query(take_numbers, {organization.text(), number_block}));
      if (rows.empty())
        return Error{Kind::internal, "store.broken", "Something went wrong here.", "no such organization", {}};
      end = rows.front().integer(0);
      next = end - number_block;
    }
    return next++;
  }

  void after_commit(const BatchState& state, Instant now) {
    {
      const std::lock_guard lock(configurations_mutex_);
      for (const auto& organization : state.writes.configured) configurations_.erase(organization);
    }
    bool due = !state.writes.wake.empty();
    for (const auto& [key, change] : state.writes.due) due = due || (change.at && *change.at <= now);
    if (!due) return;
    std::function<void()> wake;
    {
      const std::lock_guard lock(mutex_);
      wake = wake_;
    }
    if (wake) wake();
  }

  Database& database_;
  const ServerKey& key_;
  const Clock& clock_;
  Random& random_;
  const LedgerOptions options_;

  std::mutex mutex_;
  std::condition_variable queued_;
  std::deque<TaskPtr> queue_;   // guarded by mutex_
  bool stopping_ = false;       // guarded by mutex_
  std::function<void()> wake_;  // guarded by mutex_
  std::vector<std::thread> threads_;

  std::mutex claim_mutex_;
  std::unique_ptr<Connection> claiming_;  // guarded by claim_mutex_
  std::mutex configurations_mutex_;
  std::map<OrganizationId, ConfigurationPtr> configurations_;  // guarded by configurations_mutex_
};

}  // namespace

Result<std::unique_ptr<WritingLedger>> WritingLedger::start(Database& database, const ServerKey& key,
                                                            const Clock& clock, Random& random, LedgerOptions options) {
  auto ledger = std::make_unique<LedgerOfBatches>(database, key, clock, random, options);
  HANDOFF_TRY(ledger->open());
  return std::unique_ptr<WritingLedger>(std::move(ledger));
}

}  // namespace handoff::store
