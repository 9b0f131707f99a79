// Three invented organizations in an empty database, and a ledger to work with: for tests of what is read and checked
// after something happened. A receiver with a listing of the exchange, a sender, and a stranger who has no part in it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "exchange/follow.h"
#include "referral/commands.h"
#include "store/bootstrap.h"
#include "store/ledger.h"
#include "store/readers.h"
#include "store/schema.h"
#include "tests/support/databases.h"

namespace handoff::store::testing_office {

// A destination that is never spoken to: these tests end where a lane begins.
class SilentConnector final : public exchange::Connector {
 public:
  SilentConnector() {
    manifest_.id = "silent";
    manifest_.name = "Silent";
    manifest_.updates = true;
  }
  const exchange::Manifest& manifest() const override { return manifest_; }
  std::string profile_hash() const override { return "silent-1"; }
  void check(const Json&, const std::map<std::string, Secret>&, const Json&, Faults&) const override {}
  Result<exchange::Step> next(const exchange::DeliveryView&, const exchange::Progress&) const override {
    return exchange::Step(exchange::Finished{});
  }
  exchange::Verdict judge(const exchange::DeliveryView&, const exchange::HttpRequest&, const exchange::Reply&,
                          exchange::Progress&) const override {
    return exchange::StepDone{};
  }
  Result<exchange::HttpRequest> probe(const Json&, const std::map<std::string, Secret>&) const override {
    return exchange::HttpRequest{};
  }
  std::optional<exchange::HttpRequest> status_request(const exchange::DeliveryView&) const override { return {}; }
  Faults missing(const exchange::DeliveryView&) const override { return {}; }

 private:
  exchange::Manifest manifest_;
};

class OneConnector final : public exchange::ConnectorSource {
 public:
  const exchange::Connector* find(std::string_view id) const override { return id == "silent" ? &connector_ : nullptr; }

 private:
  SilentConnector connector_;
};

class Office : public testing::TestWithParam<testing_support::DatabaseKind> {
 protected:
  static Instant start() { return parse_instant("2026-11-02T14:05:00Z").value().at; }

  void SetUp() override {
    ASSERT_NE(fresh_.url(), "");
    auto opened = Database::open(fresh_.url());
    ASSERT_TRUE(opened) << opened.error().for_log;
    database_ = std::move(*opened);
    ASSERT_TRUE(migrate(*database_, migrations()));
    key_ = ServerKey::from_bytes(std::string(32, 'k')).value();
    pool_ = std::make_unique<ReaderPool>(*database_, 2);
    referrals_ = make_referral_reader(*pool_);
    deliveries_ = make_exchange_reader(*pool_, *key_);
    credentials_ = make_credential_reader(*pool_);
    receiver_ = found("Harbour Community Services");
    sender_ = found("Mill Clinic");
    stranger_ = found("Far Away Services");
    auto ledger = WritingLedger::start(*database_, *key_, clock_, random_, {});
    ASSERT_TRUE(ledger) << ledger.error().for_log;
    ledger_ = std::move(*ledger);
    listing_ = make_listing("Counselling", directory::Visibility::exchange);
  }
  void TearDown() override {
    if (ledger_) ledger_->stop();
  }

  std::unique_ptr<Connection> connect() { return database_->connect().value(); }

  OrganizationId found(const std::string& name) {
    NewOrganization organization;
    organization.name = name;
    auto made = bootstrap(*database_, *key_, clock_.now(), random_, organization);
    EXPECT_TRUE(made) << made.error().for_log;
    credentials_of_.emplace(made->organization, *made);
    return made->organization;
  }

  access::Actor actor(const OrganizationId& organization) const {
    access::Actor actor;
    actor.kind = access::ActorKind::api_key;
    actor.id = "key_of_" + organization.text().substr(20);
    actor.name = "Coordinator";
    actor.organization = organization;
    return actor;
  }

  // One command of an organization; a millisecond passes before each, so that ids sort as they were made.
  Result<exchange::CommandAnswer> run(const OrganizationId& organization, exchange::Needs needs,
                                      std::function<Result<void>(exchange::OfficeUnit&)> work) {
    clock_.advance(milliseconds(1));
    exchange::Command command;
    command.actor = actor(organization);
    command.cause = "request-1";
    command.needs = std::move(needs);
    command.run = [work = std::move(work)](exchange::OfficeUnit& unit) -> Result<exchange::CommandAnswer> {
      auto done = work(unit);
      if (!done) return std::move(done).error();
      return exchange::CommandAnswer{};
    };
    exchange::Ledger& ledger = *ledger_;
    auto answer = ledger.run(std::move(command));
    EXPECT_TRUE(answer) << answer.error().code << " " << answer.error().for_caller << " " << answer.error().for_log;
    return answer;
  }

  ListingId make_listing(const std::string& name, directory::Visibility visibility) {
    directory::Listing listing;
    listing.id = ListingId::make(clock_.now(), random_);
    listing.organization = receiver_;
    listing.name = name;
    listing.visibility = visibility;
    listing.created_at = clock_.now();
    (void)run(receiver_, {}, [&](exchange::OfficeUnit& unit) -> Result<void> {
      unit.save(listing);
      return {};
    });
    return listing.id;
  }

  IntegrationId make_integration(const std::string& name, std::vector<std::string> triggers, std::int64_t version = 1,
                                 std::optional<IntegrationId> id = std::nullopt) {
    exchange::Integration integration;
    integration.id = id.value_or(IntegrationId::make(clock_.now(), random_));
    integration.organization = receiver_;
    integration.name = name;
    integration.connector = "silent";
    integration.version = version;
    integration.listings = {{listing_, clock_.now()}};
    integration.triggers = std::move(triggers);
    integration.mode = exchange::Mode::until_accepted;
    integration.secrets.emplace("token", Secret("a-secret-of-" + name));
    integration.created_at = clock_.now();
    (void)run(receiver_, {}, [&](exchange::OfficeUnit& unit) -> Result<void> {
      unit.save(integration);
      return {};
    });
    return integration.id;
  }

  // From the sender to the receiver's listing.
  ReferralId send(const std::string& first_name, const std::string& last_name, bool draft = false) {
    ReferralId id;
    referral::NewReferral input;
    input.listing = listing_;
    input.content = Json::object(
        {{"registrant", Json::object({{"firstName", first_name}, {"lastName", last_name}})},
         {"requester", Json::object({{"firstName", "Sam"}, {"lastName", "Reid"}, {"phone", "+1 905 555 0100"}})}});
    input.draft = draft;
    exchange::Needs needs;
    needs.listings = {listing_};
    (void)run(sender_, needs, [&](exchange::OfficeUnit& unit) -> Result<void> {
      id = HANDOFF_TRY(commands_.create(unit, input));
      return {};
    });
    return id;
  }

  void change(const OrganizationId& organization, const ReferralId& id,
              std::function<Result<void>(exchange::OfficeUnit&)> work) {
    exchange::Needs needs;
    needs.referrals = {id};
    (void)run(organization, needs, std::move(work));
  }
  void set_sub_status(const ReferralId& id, const std::string& code) {
    change(receiver_, id, [&](exchange::OfficeUnit& unit) { return commands_.set_sub_status(unit, id, code); });
  }
  void close(const ReferralId& id, const std::string& code) {
    change(receiver_, id, [&](exchange::OfficeUnit& unit) { return commands_.close(unit, id, code, {}); });
  }

  testing_support::FreshDatabase fresh_{GetParam()};
  ManualClock clock_{start()};
  SeededRandom random_{7};
  std::unique_ptr<Database> database_;
  std::optional<ServerKey> key_;
  std::unique_ptr<ReaderPool> pool_;
  std::unique_ptr<referral::Reader> referrals_;
  std::unique_ptr<exchange::Reader> deliveries_;
  std::unique_ptr<access::CredentialReader> credentials_;
  std::unique_ptr<WritingLedger> ledger_;
  OneConnector connectors_;
  exchange::Follow follow_{connectors_};
  referral::Commands commands_{follow_};
  OrganizationId receiver_, sender_, stranger_;
  std::map<OrganizationId, Credentials> credentials_of_;
  ListingId listing_;
};

}  // namespace handoff::store::testing_office
