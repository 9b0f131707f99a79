// A small exchange with real rooms and a real database, where the clock, the network and the dice are ours: an
// organization with one listing, destinations with a memory, and a lane runner that is ticked by hand.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "base/log.h"
#include "connector/list.h"
#include "exchange/follow.h"
#include "exchange/runner.h"
#include "referral/commands.h"
#include "store/bootstrap.h"
#include "store/ledger.h"
#include "store/readers.h"
#include "store/schema.h"
#include "tests/contract/partner.h"
#include "tests/support/databases.h"

namespace handoff::lane_world {

using namespace std::chrono_literals;
using exchange::Delivery;
using exchange::DeliveryState;
using exchange::DeliveryWithAttempts;
using exchange::HttpRequest;
using exchange::Integration;
using exchange::LaneKey;
using exchange::Reply;
using testing_support::DatabaseKind;

// What happens to one request on its way.
struct Weather {
  enum class Kind {
    fair,               // the destination answers
    lost,               // it does what is asked, and its answer never arrives
    vanished,           // nothing arrives there, and we cannot know
    not_sent,           // no connection
    answers,            // `reply` instead of doing what is asked
    saves_and_answers,  // does what is asked and answers `reply`
  } kind = Kind::fair;
  Reply reply{};
  milliseconds takes{20};
};
inline Weather fair() { return {}; }
inline Weather slow(milliseconds takes) { return {Weather::Kind::fair, {}, takes}; }
inline Weather lost(milliseconds takes = 15s) { return {Weather::Kind::lost, {}, takes}; }
inline Weather vanished(milliseconds takes = 15s) { return {Weather::Kind::vanished, {}, takes}; }
inline Weather not_sent() { return {Weather::Kind::not_sent, {}, 5ms}; }
inline Weather answers(int status, std::string body = R"({"message":"invented"})",
                       std::vector<std::pair<std::string, std::string>> headers = {}) {
  Weather weather{Weather::Kind::answers, contract::reply_of(status, std::move(body)), 20ms};
  for (auto& header : headers) weather.reply.headers.push_back(std::move(header));
  return weather;
}

// The network. Each request is recorded, meets the weather that the test has made, and what comes back arrives when
// its time has come.
class FakeNetwork final : public exchange::Transport {
 public:
  using Sky = std::function<Weather(const HttpRequest&)>;
  explicit FakeNetwork(const Clock& clock) : clock_(clock) {}

  // Weather for the next requests, in order; then the sky; then fair.
  void next(Weather weather) { next_.push_back(std::move(weather)); }
  Sky sky;
  // Who answers for a host ("https://one.example.org").
  std::map<std::string, contract::Partner*> partners;

  struct Record {
    Instant at{};
    HttpRequest request;
  };
  std::vector<Record> sent;
  std::vector<std::string> steps() const {
    std::vector<std::string> out;
    for (const auto& record : sent) out.push_back(record.request.step.substr(0, record.request.step.find(':')));
    return out;
  }

  void send(exchange::Outgoing outgoing) override {
    sent.push_back({clock_.now(), outgoing.request});
    Weather weather;
    if (!next_.empty()) {
      weather = std::move(next_.front());
      next_.pop_front();
    } else if (sky) {
      weather = sky(outgoing.request);
    }
    Reply reply;
    reply.outcome = Reply::Outcome::unknown;
    reply.problem = "timeout";
    switch (weather.kind) {
      case Weather::Kind::fair: reply = far(outgoing.request); break;
      case Weather::Kind::lost: (void)far(outgoing.request); break;
      case Weather::Kind::vanished: break;
      case Weather::Kind::not_sent: reply.outcome = Reply::Outcome::not_sent; break;
      case Weather::Kind::saves_and_answers: (void)far(outgoing.request); [[fallthrough]];
      case Weather::Kind::answers: reply = weather.reply; break;
    }
    reply.at = clock_.now() + weather.takes;
    under_way_.emplace(reply.at, exchange::Arrived{outgoing.ticket, std::move(reply), weather.takes});
  }

  std::vector<exchange::Arrived> take_arrived() override {
    std::vector<exchange::Arrived> out;
    while (!under_way_.empty() && under_way_.begin()->first <= clock_.now()) {
      out.push_back(std::move(under_way_.begin()->second));
      under_way_.erase(under_way_.begin());
    }
    return out;
  }

  std::optional<Instant> next_arrival() const {
    return under_way_.empty() ? std::nullopt : std::optional(under_way_.begin()->first);
  }
  // The process died: nobody is there to take what comes.
  void forget_what_is_under_way() { under_way_.clear(); }

 private:
  Reply far(const HttpRequest& request) {
    const std::string host = request.url.substr(0, request.url.find('/', 8));
    const auto found = partners.find(host);
    if (found == partners.end()) return contract::reply_of(404, "{}");
    return found->second->answer(request);
  }

  const Clock& clock_;
  std::deque<Weather> next_;
  std::multimap<Instant, exchange::Arrived> under_way_;
};

// The text of a profile that ships, to be changed.
inline std::string shipped_text(std::string_view file_name) {
  for (const auto& profile : connector::shipped_profiles()) {
    if (profile.file_name == file_name) return profile.text;
  }
  return {};
}

class World {
 public:
  explicit World(DatabaseKind kind, std::uint64_t seed = 11) : fresh_(kind), random_(seed) {
    Log::configure(nullptr, Level::error);
    auto opened = store::Database::open(fresh_.url());
    HANDOFF_ASSERT(opened.has_value());
    database_ = std::move(*opened);
    HANDOFF_ASSERT(store::migrate(*database_, store::migrations()).has_value());
    key_ = ServerKey::from_bytes(std::string(32, 'k')).value();
    pool_ = std::make_unique<store::ReaderPool>(*database_, 2);
    referrals_ = store::make_referral_reader(*pool_);
    deliveries_ = store::make_exchange_reader(*pool_, *key_);
    store::NewOrganization wanted;
    wanted.name = "Harbour Community Services";
    organization_ = store::bootstrap(*database_, *key_, clock_.now(), random_, wanted).value().organization;
    ledger_ = start_ledger();
    restart();
    make_listing();
  }
  ~World() { ledger_->stop(); }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  std::unique_ptr<store::WritingLedger> start_ledger() {
    return store::WritingLedger::start(*database_, *key_, clock_, random_, {}).value();
  }

  // --- time ----------------------------------------------------------------------------------------------------------

  // A new runner, as after a crash: what was under way is forgotten, leases stand until they end.
  void restart() {
    network.forget_what_is_under_way();
    runner = std::make_unique<exchange::Runner>(*ledger_, network, connectors, exchange::RunnerOptions{});
  }
  bool tick() {
    auto done = runner->tick(clock_.now());
    EXPECT_TRUE(done) << done.error().for_log;
    return done && *done;
  }
  // Ticks as long as there is something to do at this moment.
  void settle_now() {
    while (tick()) {
    }
  }
  // Lets time pass from one happening to the next, for as long.
  void pass(milliseconds time) {
    const Instant until = clock_.now() + time;
    for (;;) {
      settle_now();
      if (clock_.now() >= until) return;
      clock_.set(std::min(until, next_happening().value_or(until)));
    }
  }
  // As long until nothing is due or under way any more; how long it took. Status polls never end, so they are not for
  // this.
  milliseconds pass_until_quiet(milliseconds at_most) {
    const Instant begun = clock_.now();
    while (clock_.now() < begun + at_most) {
      settle_now();
      const auto next = next_happening();
      if (!next) return clock_.now() - begun;
      clock_.set(*next);
    }
    ADD_FAILURE() << "not quiet after " << at_most.count() << " ms";
    return at_most;
  }

  // When something arrives or is due; nothing where all is done.
  std::optional<Instant> next_happening() {
    const auto arrival = network.next_arrival();
    auto due = ledger_->next_due().value();
    // Lanes that are left alone, of a destination whose circuit is open, stay due: they are looked at again in a while.
    if (due && *due <= clock_.now()) due = clock_.now() + 1s;
    if (!arrival || !due) return arrival ? arrival : due;
    return std::min(*arrival, *due);
  }

  // --- what people do ------------------------------------------------------------------------------------------------

  Result<void> run(exchange::Needs needs, std::function<Result<void>(exchange::OfficeUnit&)> work) {
    exchange::Command command;
    command.actor.kind = access::ActorKind::api_key;
    command.actor.id = "key_coordinator";
    command.actor.name = "Coordinator";
    command.actor.organization = organization_;
    command.cause = "request";
    command.needs = std::move(needs);
    command.run = [work = std::move(work)](exchange::OfficeUnit& unit) -> Result<exchange::CommandAnswer> {
      HANDOFF_TRY(work(unit));
      return exchange::CommandAnswer{};
    };
    exchange::Ledger& ledger = *ledger_;
    auto answer = ledger.run(std::move(command));
    if (!answer) return std::move(answer).error();
    return {};
  }
  Result<void> change(const ReferralId& id, std::function<Result<void>(exchange::OfficeUnit&)> work) {
    exchange::Needs needs;
    needs.referrals = {id};
    needs.listings = {listing_};
    needs.messages = true;
    return run(std::move(needs), std::move(work));
  }
  void must(const Result<void>& done) {
    EXPECT_TRUE(done) << done.error().code << " " << done.error().for_caller << " " << done.error().for_log;
  }

  IntegrationId integrate(const std::string& connector, std::vector<std::string> triggers,
                          std::vector<std::string> updates = {}, const std::string& host = "https://one.example.org") {
    if (!network.partners.contains(host)) {
      held_.push_back(std::make_unique<contract::Partner>(contract::Partner::Options{}));
      network.partners[host] = held_.back().get();
    }
    Integration integration;
    integration.id = IntegrationId::make(clock_.now(), random_);
    integration.organization = organization_;
    integration.name = "Intake of " + host.substr(8, 3);
    integration.connector = connector;
    integration.listings = {{listing_, clock_.now()}};
    integration.triggers = std::move(triggers);
    integration.update_triggers = std::move(updates);
    integration.mode = connectors.find(connector)->manifest().default_mode;
    integration.settings = Json::object({{"baseUrl", host}, {"statusPollSeconds", 60}});
    integration.secrets.emplace("token", Secret("invented-token"));
    integration.created_at = clock_.now();
    must(run({}, [&](exchange::OfficeUnit& unit) -> Result<void> {
      unit.save(integration);
      return {};
    }));
    return integration.id;
  }
  // What an administrator does who saves the settings: a new version, looked after, and what stood still goes on.
  void edit_integration(const IntegrationId& id, const std::function<void(Integration&)>& edit) {
    must(run({}, [&](exchange::OfficeUnit& unit) -> Result<void> {
      Integration next = *unit.integration(organization_, id);
      edit(next);
      next.version += 1;
      next.health = {};
      unit.save(next);
      unit.save_health(organization_, id, next.health);
      unit.close_notices(organization_, id);
      unit.wake(organization_, id);
      return {};
    }));
  }

  ReferralId create(const std::string& last_name = "Example", const std::vector<std::string>& files = {}) {
    ReferralId id;
    referral::NewReferral input;
    input.listing = listing_;
    input.content = Json::object(
        {{"registrant", Json::object({{"firstName", "Noor"}, {"lastName", last_name}})},
         {"requester", Json::object({{"firstName", "Sam"}, {"lastName", "Reid"}, {"phone", "+1 905 555 0100"}})}});
    for (const auto& bytes : files) {
      const std::string address = hex(sha256(bytes));
      for (auto& [host, partner] : network.partners) partner->blobs[address] = bytes;
      input.attachments.push_back({AttachmentId::make(clock_.now(), random_), Text("note.txt"), "text/plain",
                                   bytes.size(), address, std::nullopt});
    }
    exchange::Needs needs;
    needs.listings = {listing_};
    must(run(needs, [&](exchange::OfficeUnit& unit) -> Result<void> {
      id = HANDOFF_TRY(commands_.create(unit, input));
      return {};
    }));
    return id;
  }
  Result<void> try_edit(const ReferralId& id, const std::string& notes) {
    return change(id, [&](exchange::OfficeUnit& unit) {
      return commands_.edit(unit, id, Json::object({{"notes", notes}}));
    });
  }
  void edit(const ReferralId& id, const std::string& notes) { must(try_edit(id, notes)); }
  Result<void> try_close(const ReferralId& id, const std::string& code) {
    return change(id, [&](exchange::OfficeUnit& unit) { return commands_.close(unit, id, code, {}); });
  }
  void close(const ReferralId& id, const std::string& code) { must(try_close(id, code)); }
  void stop(const LaneKey& key, const DeliveryId& id) {
    must(change(key.referral, [&](exchange::OfficeUnit& unit) { return exchange::stop(unit, key, id, "invented"); }));
  }
  void resend(const LaneKey& key, const DeliveryId& id) {
    must(change(key.referral, [&](exchange::OfficeUnit& unit) { return exchange::resend(unit, key, id); }));
  }

  // --- what can be seen ----------------------------------------------------------------------------------------------

  LaneKey key(const ReferralId& referral, const IntegrationId& integration) const {
    return {organization_, referral, integration};
  }
  // Of a lane, in the order they were made.
  std::vector<DeliveryWithAttempts> deliveries(const ReferralId& referral, const IntegrationId& integration) {
    exchange::DeliveryFilter filter;
    filter.referral = referral;
    filter.integration = integration;
    filter.limit = 200;
    auto page = deliveries_->deliveries(organization_, filter).value();
    std::reverse(page.items.begin(), page.items.end());
    return page.items;
  }
  Delivery delivery(const ReferralId& referral, const IntegrationId& integration) {
    const auto all = deliveries(referral, integration);
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? Delivery{} : all.back().delivery;
  }
  std::vector<std::string> states(const ReferralId& referral, const IntegrationId& integration) {
    std::vector<std::string> out;
    for (const auto& one : deliveries(referral, integration)) out.emplace_back(word(one.delivery.state));
    return out;
  }
  std::int64_t owed(const IntegrationId& integration) { return deliveries_->owed(organization_, integration).value(); }
  exchange::Lane lane(const ReferralId& referral, const IntegrationId& integration) {
    return deliveries_->lane(key(referral, integration)).value().value();
  }
  std::vector<exchange::Notice> notices() { return deliveries_->notices(organization_).value(); }
  Integration integration(const IntegrationId& id) {
    return deliveries_->integration(organization_, id).value().value();
  }
  referral::Referral referral(const ReferralId& id) { return referrals_->referral(organization_, id).value().value(); }
  std::int64_t count(const char* sql) {
    const store::Statement statement{"test.count", sql};
    return database_->connect_reading().value()->query(statement, {}).value().front().integer(0);
  }

  contract::Partner& partner(const std::string& host = "https://one.example.org") { return *network.partners.at(host); }
  Instant now() const { return clock_.now(); }
  ManualClock& clock() { return clock_; }
  Random& random() { return random_; }
  const OrganizationId& organization() const { return organization_; }
  store::WritingLedger& ledger() { return *ledger_; }
  store::Database& database() { return *database_; }

 private:
  class Source final : public exchange::ConnectorSource {
   public:
    connector::Connectors all;
    const exchange::Connector* find(std::string_view id) const override { return all.find(id); }
  };

  void make_listing() {
    directory::Listing listing;
    listing.id = listing_ = ListingId::make(clock_.now(), random_);
    listing.organization = organization_;
    listing.name = "Intake";
    listing.created_at = clock_.now();
    must(run({}, [&](exchange::OfficeUnit& unit) -> Result<void> {
      unit.save(listing);
      return {};
    }));
  }

  testing_support::FreshDatabase fresh_;
  ManualClock clock_{parse_instant("2026-11-02T14:05:00Z").value().at};
  SeededRandom random_;
  std::unique_ptr<store::Database> database_;
  std::optional<ServerKey> key_;
  std::unique_ptr<store::ReaderPool> pool_;
  std::unique_ptr<referral::Reader> referrals_;
  std::unique_ptr<exchange::Reader> deliveries_;
  OrganizationId organization_;
  ListingId listing_;
  std::vector<std::unique_ptr<contract::Partner>> held_;

 public:
  Source connectors;
  FakeNetwork network{clock_};

 private:
  std::unique_ptr<store::WritingLedger> ledger_;
  exchange::Follow follow_{connectors};
  referral::Commands commands_{follow_};

 public:
  std::unique_ptr<exchange::Runner> runner;
};

// Tests of lanes run on both databases.
class Lanes : public testing::TestWithParam<DatabaseKind> {
 protected:
  World world_{GetParam()};
};

}  // namespace handoff::lane_world
