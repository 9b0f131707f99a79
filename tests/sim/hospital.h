// A site with an EMR, the people who keep its charts, webhooks and a network in bad weather, and handoff pulling from
// it with its real rooms and a real database. Clock, network and dice are ours; nothing is waited for.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>

#include "base/http_date.h"
#include "base/log.h"
#include "base/text.h"
#include "connector/list.h"
#include "exchange/follow.h"
#include "net/uri.h"
#include "sandbox/kipu_api.h"
#include "store/bootstrap.h"
#include "store/ledger.h"
#include "store/pull_store.h"
#include "store/readers.h"
#include "store/schema.h"
#include "sync/hook_health.h"
#include "sync/lock.h"
#include "sync/puller.h"
#include "tests/support/databases.h"

namespace handoff::hospital {

using namespace std::chrono_literals;
using testing_support::DatabaseKind;

// How bad the weather is: chances in a thousand, of each request or delivery.
struct Weather {
  std::uint64_t no_answer = 0, server_fault = 0, cut_off = 0, refused_chart = 0;
  std::uint64_t hook_lost = 0, hook_twice = 0, hook_late = 0;
  std::uint64_t commits_late = 0;
};

// The EMR's side of the network: requests arrive there after a while, and answers come back after another.
class Network final : public sync::Transport {
 public:
  Network(sandbox::KipuClinic& clinic, const Clock& clock, Random& dice)
      : clinic_(clinic), clock_(clock), dice_(dice) {}
  Weather weather;
  std::int64_t requests = 0;

  void send(sync::Outgoing outgoing) override {
    ++requests;
    sync::Reply reply;
    const bool chart = outgoing.request.url.reveal().find("patient_master_id") != std::string::npos;
    if (chance(weather.no_answer)) {
      reply.error = "timeout";
    } else if (chance(weather.server_fault)) {
      reply = answered(503, R"({"errors":"upgrading"})");
    } else if (chart && chance(weather.refused_chart)) {
      reply = answered(422, R"({"errors":"this chart is being edited"})");
    } else {
      reply = serve(outgoing.request.url.reveal());
      if (chance(weather.cut_off)) reply.body.resize(reply.body.size() / 2);
    }
    const auto takes = milliseconds{static_cast<std::int64_t>(20 + dice_.below(180))};
    under_way_.emplace(clock_.now() + takes, sync::Arrived{outgoing.ticket, std::move(reply)});
  }
  std::vector<sync::Arrived> take_arrived() override {
    std::vector<sync::Arrived> out;
    while (!under_way_.empty() && under_way_.begin()->first <= clock_.now()) {
      out.push_back(std::move(under_way_.begin()->second));
      under_way_.erase(under_way_.begin());
    }
    return out;
  }
  std::optional<Instant> next() const {
    return under_way_.empty() ? std::nullopt : std::optional(under_way_.begin()->first);
  }
  void forget() { under_way_.clear(); }

 private:
  bool chance(std::uint64_t in_thousand) { return in_thousand > 0 && dice_.below(1000) < in_thousand; }
  sync::Reply answered(int status, std::string body) const {
    sync::Reply reply;
    reply.status = status;
    reply.headers = {{"Date", format_http_date(clock_.now())}};
    reply.body = std::move(body);
    return reply;
  }
  sync::Reply serve(const std::string& url) {
    const std::string rest = url.substr(url.find("/api/") + 5);
    sandbox::KipuCall call;
    call.method = "GET";
    call.version = 3;
    call.path = *net::path_segments("/" + rest.substr(0, rest.find('?')));
    call.query = *net::parse_query(rest.substr(rest.find('?') + 1));
    call.at = {clock_.now(), clock_.monotonic()};
    clinic_.settle(clock_.monotonic());
    const sandbox::KipuRoute* route = sandbox::find_kipu_route(call);
    if (route == nullptr) return answered(404, "{}");
    const auto answer = sandbox::answer_kipu(*route, call, clinic_, settings_, roster_);
    return answered(answer.status, answer.body.dump());
  }

  sandbox::KipuClinic& clinic_;
  const Clock& clock_;
  Random& dice_;
  sandbox::KipuSettings settings_;
  sandbox::KipuRoster roster_;
  std::multimap<Instant, sync::Arrived> under_way_;
};

class NoFollower final : public sync::RecordFollower {
 public:
  std::shared_ptr<const RoomNeeds> needs(const EmrConnectionId&, const std::vector<std::string>&) override {
    return nullptr;
  }
  void follow(referral::Unit&, const sync::EmrConnection&, const sync::LinkedRecord*, sync::LinkedRecord&) override {}
};

class Hospital {
 public:
  Hospital(DatabaseKind kind, std::uint64_t seed, Json settings = Json::object())
      : clock(parse_instant("2026-01-05T06:00:00Z").value().at),
        dice(seed),
        clinic(dice),
        network(clinic, clock, weather_dice_),
        fresh_(testing_support::fresh_database(kind)),
        weather_dice_(seed * 31 + 7),
        ids_(seed * 17 + 3) {
    Log::configure(nullptr, Level::error);
    database_ = store::Database::open(fresh_.url()).value();
    HANDOFF_ASSERT(store::migrate(*database_, store::migrations()).has_value());
    key_ = ServerKey::from_bytes(std::string(32, 'k')).value();
    pool_ = std::make_unique<store::ReaderPool>(*database_, 2);
    referrals = store::make_referral_reader(*pool_);
    reader = store::make_sync_reader(*pool_, *key_);
    events = store::make_emr_event_reader(*pool_);
    store::NewOrganization wanted;
    wanted.name = "Hillside Recovery";
    organization = store::bootstrap(*database_, *key_, clock.now(), ids_, wanted).value().organization;
    ledger_ = store::WritingLedger::start(*database_, *key_, clock, ids_, {}).value();
    pulls_ = store::open_pull_store(*database_, *ledger_, ids_).value();
    connect(std::move(settings));
    restart();
  }
  ~Hospital() {
    puller.reset();
    ledger_->stop();
  }
  Hospital(const Hospital&) = delete;
  Hospital& operator=(const Hospital&) = delete;

  // --- the clock and the machine -------------------------------------------------------------------------------------

  // As after a crash: what was under way is forgotten, the lease stands until it ends.
  void restart() {
    network.forget();
    runs.clear();  // a new process numbers its questions anew
    puller =
        std::make_unique<sync::Puller>(*pulls_, *reader, network, commands_, follower_, ids_, sync::PullerOptions{},
                                       [this](std::uint64_t number, const sync::Run& run) { runs[number] = run; });
  }
  // Lets the time go by, from one thing that happens to the next.
  void pass(milliseconds duration) {
    const Instant until = clock.now() + duration;
    while (true) {
      deliver_hooks();
      for (int i = 0; i < 10'000; ++i) {
        const auto done = puller->tick(clock.now());
        EXPECT_TRUE(done) << (done ? "" : done.error().code);
        if (!done || !*done) break;
        ASSERT_LT(i, 9'999) << "the puller does not come to rest";
      }
      if (clock.now() >= until) return;
      Instant next = until;
      if (const auto at = network.next()) next = std::min(next, *at);
      if (!hooks_.empty()) next = std::min(next, hooks_.begin()->first);
      // Timers are looked at once a second in production; here when something can be due.
      if (puller->in_flight() == 0) {
        if (const auto due = pulls_->next_due(); due && *due) next = std::min(next, std::max(**due, clock.now() + 1s));
      }
      if (const auto at = puller->next_at(); at && *at > clock.now() && network.next()) next = std::min(next, *at);
      clock.set(std::max(next, clock.now() + 1ms));
    }
  }
  // A pull that somebody waits for.
  sync::Run pull(bool reconcile = false) {
    write([&](sync::Unit& part) {
      sync::Hint hint;
      hint.connection = connection;
      hint.at = clock.now();
      hint.why = "sync";
      part.add(hint);
    });
    const std::uint64_t number = puller->ask(connection, reconcile);
    for (int i = 0; i < 3600 && !runs.contains(number); ++i) pass(1s);
    EXPECT_TRUE(runs.contains(number)) << "the pull was not answered within an hour";
    return runs[number];
  }

  // --- staff ---------------------------------------------------------------------------------------------------------

  sandbox::KipuMoment moment() const { return {clock.now(), clock.monotonic()}; }
  std::string day(int days = 0) const { return Date::of(clock.now() + std::chrono::days{days}).text(); }
  std::string admit(const std::string& first, const std::string& last) {
    const auto made = clinic.create(Json::object({{"firstName", first},
                                                  {"lastName", last},
                                                  {"dateOfBirth", "1990-01-02"},
                                                  {"mrNumber", "MR-" + std::to_string(++admitted_)},
                                                  {"admissionDate", day()}}),
                                    moment());
    changed();
    return (*made)->casefile_id();
  }
  sandbox::KipuChart& chart(const std::string& casefile) { return *clinic.find(std::string_view(casefile)); }
  void edit(const std::string& casefile, const Json& given) {
    EXPECT_TRUE(clinic.edit(chart(casefile), given, moment()));
    changed();
  }
  void fill(const std::string& casefile, const std::string& name) {
    edit(casefile, Json::object({{"dischargeTo", name.empty() ? Json() : Json(name)}}));
  }
  void discharge(const std::string& casefile, const std::string& to = "") {
    Json given = Json::object({{"date", day()}, {"type", "Completed"}});
    if (!to.empty()) given.set("dischargeTo", to);
    EXPECT_TRUE(clinic.discharge(chart(casefile), given, moment()));
    changed();
  }
  void undo(const std::string& casefile) {
    EXPECT_TRUE(clinic.undo_discharge(chart(casefile), moment()));
    changed();
  }
  void readmit(const std::string& casefile) {
    EXPECT_TRUE(clinic.readmit(chart(casefile), Json::object(), moment()));
    changed();
  }
  void remove(const std::string& casefile) {
    EXPECT_TRUE(clinic.remove(chart(casefile), moment()));
    changed();
  }

  // --- webhooks ------------------------------------------------------------------------------------------------------

  bool hooks_active = false;
  void issue_hooks() {
    write([&](sync::Unit& part) {
      for (const auto kind : sync::hook_kinds) {
        sync::HookSlot slot = part.hook(connection, kind);
        slot.token_hash = "issued";
        slot.issued_at = clock.now();
        sync::settle_state(slot, sync::Webhooks::expected, clock.now());
        part.save(slot);
      }
    });
    hooks_active = true;
  }

  // --- handoff -------------------------------------------------------------------------------------------------------

  sync::LinkedRecord record(const std::string& casefile) {
    const auto found = reader->record(organization, connection, casefile).value();
    EXPECT_TRUE(found) << casefile << " is not linked";
    return found.value_or(sync::LinkedRecord{});
  }
  std::vector<sync::LinkedRecord> records(sync::RecordFilter filter = {}) {
    std::vector<sync::LinkedRecord> out;
    filter.limit = 200;
    while (true) {
      auto page = reader->records(organization, connection, filter).value();
      for (auto& one : page.items) out.push_back(std::move(one));
      if (!page.next_cursor) return out;
      filter.cursor = page.next_cursor;
    }
  }
  referral::Referral referral(const ReferralId& id) {
    const auto found = referrals->referral(organization, id).value();
    EXPECT_TRUE(found);
    return found.value_or(referral::Referral{});
  }
  std::vector<referral::Referral> outbound() {
    std::vector<referral::Referral> out;
    referral::ListFilter filter;
    filter.direction = referral::Direction::sent;
    filter.limit = 200;
    while (true) {
      auto page = referrals->list(organization, filter).value();
      for (auto& one : page.items) out.push_back(std::move(one));
      if (!page.next_cursor) return out;
      filter.cursor = page.next_cursor;
    }
  }
  sync::PullState state() { return reader->connection(organization, connection).value()->state; }
  bool unlock(const std::string& casefile) {
    bool was_locked = false;
    sync::PullCommand command = command_of({casefile});
    command.run = [&](referral::Unit& unit) -> Result<void> {
      was_locked = HANDOFF_TRY(sync::unlock(unit, connection, casefile, ""));
      return {};
    };
    EXPECT_TRUE(pulls_->run(std::move(command)));
    puller->look_at(connection);
    return was_locked;
  }
  // A person's act on a referral of the organization.
  void act(const ReferralId& id, const std::function<Result<void>(referral::Commands&, referral::Unit&)>& what) {
    sync::PullCommand command = command_of({});
    command.referrals.push_back(id);
    command.run = [&](referral::Unit& unit) { return what(commands_, unit); };
    const auto done = pulls_->run(std::move(command));
    EXPECT_TRUE(done) << (done ? "" : done.error().code);
  }
  std::int64_t events_of(const std::string& type) {
    std::int64_t count = 0;
    const auto all = events->events_after(organization, 0, 1'000'000).value();
    for (const auto& one : all) count += one.event.type == type;
    return count;
  }

  ManualClock clock;
  SeededRandom dice;
  sandbox::KipuClinic clinic;
  Network network;
  OrganizationId organization;
  EmrConnectionId connection;
  std::unique_ptr<referral::Reader> referrals;
  std::unique_ptr<sync::Reader> reader;
  std::unique_ptr<sync::EventReader> events;
  std::unique_ptr<sync::Puller> puller;
  std::map<std::uint64_t, sync::Run> runs;

 private:
  struct Delivery {
    sync::HookKind kind;
    std::string casefile;
  };
  class Source final : public exchange::ConnectorSource {
   public:
    connector::Connectors all;
    const exchange::Connector* find(std::string_view id) const override { return all.find(id); }
  };

  sync::PullCommand command_of(std::vector<std::string> casefiles) {
    sync::PullCommand command;
    command.actor.kind = access::ActorKind::user;
    command.actor.id = "usr_simulated";
    command.actor.name = "Simulated Coordinator";
    command.actor.organization = organization;
    command.cause = "simulated";
    command.needs.connection = connection;
    command.needs.casefiles = std::move(casefiles);
    command.needs.hooks = true;
    return command;
  }
  void write(const std::function<void(sync::Unit&)>& what) {
    sync::PullCommand command = command_of({});
    command.run = [&](referral::Unit& unit) -> Result<void> {
      what(part_of<sync::Unit>(unit));
      return {};
    };
    const auto done = pulls_->run(std::move(command));
    EXPECT_TRUE(done) << (done ? "" : done.error().code + " " + done.error().for_log);
  }
  void connect(Json settings) {
    Json body = Json::object({{"name", "Hillside EMR"},
                              {"kind", "kipu"},
                              {"settings", Json::object({{"baseUrl", "https://emr.invalid"},
                                                         {"accessId", "a"},
                                                         {"secret", "s"},
                                                         {"appId", "42"},
                                                         {"requestsPerSecond", 0},
                                                         {"pageSize", 200}})}});
    for (const auto& [key, value] : settings.members()) body.set(key, value);
    sync::EmrConnection made;
    Faults faults;
    sync::read_connection(body, true, Date::of(clock.now()), made, faults);
    HANDOFF_ASSERT(faults.empty());
    made.id = connection = EmrConnectionId::make(clock.now(), ids_);
    made.organization = organization;
    made.created_at = clock.now();
    write([&](sync::Unit& part) {
      part.save(made);
      sync::PullState fresh;
      fresh.next_pull_at = clock.now();
      part.save(made.id, fresh);
    });
  }
  // The EMR tells its hooks what changed; the weather decides what becomes of it.
  void changed() {
    if (network.weather.commits_late > 0 && dice.below(1000) < network.weather.commits_late) clinic.commit_late(90s, 1);
    for (const auto& change : clinic.take_changes()) {
      if (!hooks_active || dice.below(1000) < network.weather.hook_lost) continue;
      const Delivery delivery{change.event == sandbox::KipuEvent::patient_creation ? sync::HookKind::patient_creation
                                                                                   : sync::HookKind::chart_update,
                              std::to_string(change.patient_id) + ":" + change.master_id};
      const bool late = dice.below(1000) < network.weather.hook_late;
      const auto after = late ? milliseconds{static_cast<std::int64_t>(dice.below(8 * 60'000))} : milliseconds{800};
      hooks_.emplace(clock.now() + after, delivery);
      if (dice.below(1000) < network.weather.hook_twice) hooks_.emplace(clock.now() + after + 3s, delivery);
    }
  }
  void deliver_hooks() {
    bool any = false;
    while (!hooks_.empty() && hooks_.begin()->first <= clock.now()) {
      const Delivery delivery = hooks_.begin()->second;
      hooks_.erase(hooks_.begin());
      any = true;
      write([&](sync::Unit& part) {
        part.add(sync::Receipt{connection, delivery.kind, delivery.casefile, clock.now(), "digest"});
        sync::Hint hint;
        hint.connection = connection;
        hint.casefile = delivery.casefile;
        hint.at = clock.now();
        hint.why = "hook";
        part.add(hint);
      });
    }
    if (any) puller->look_at(connection);
  }

  testing_support::FreshDatabase fresh_;
  SeededRandom weather_dice_, ids_;
  std::unique_ptr<store::Database> database_;
  std::optional<ServerKey> key_;
  std::unique_ptr<store::ReaderPool> pool_;
  std::unique_ptr<store::WritingLedger> ledger_;
  std::unique_ptr<sync::PullStore> pulls_;
  Source connectors_;
  exchange::Follow follow_{connectors_};
  referral::Commands commands_{follow_};
  NoFollower follower_;
  std::multimap<Instant, Delivery> hooks_;
  std::int64_t admitted_ = 0;
};

}  // namespace handoff::hospital
