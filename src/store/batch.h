// One batch of commands: what was loaded, what they changed, and what must be written. Internal to the ledger.
#pragma once

#include <map>
#include <memory>
#include <set>

#include "exchange/ledger.h"
#include "store/records.h"
#include "store/room_batch.h"

namespace handoff::store {

// The configuration of one organization as of its config_version.
struct Configuration {
  directory::Organization organization;
  std::vector<directory::Listing> listings;
  std::vector<referral::SubStatus> sub_statuses;
  std::vector<exchange::Integration> integrations;  // deleted ones too
};
using ConfigurationPtr = std::shared_ptr<const Configuration>;

struct DueChange {
  std::optional<Instant> at;  // nothing: not due
  bool release = false;
};

// Records by key; the same shape holds what was loaded and what a command puts over it.
struct Records {
  std::map<ReferralId, referral::Referral> referrals;
  std::map<exchange::LaneKey, exchange::Lane> lanes;
  std::map<DeliveryId, exchange::Delivery> deliveries;
  std::map<OrganizationId, ConfigurationPtr> configurations;
};

// What a command wants written beside the records.
struct Writes {
  std::vector<Connection::Call> rows;  // appended rows, in order
  std::map<exchange::LaneKey, DueChange> due;
  std::map<exchange::LaneKey, Instant> held;  // leases renewed
  std::map<std::pair<OrganizationId, ReferralId>, std::int64_t> errors;
  std::set<std::pair<OrganizationId, IntegrationId>> wake;
  std::set<OrganizationId> configured;  // whose configuration changed
};

// What the batch stands on: loaded records, who may see which referral, and the written ones put over them.
struct BatchState {
  Records records;
  std::set<std::pair<OrganizationId, ReferralId>> visible;
  std::map<ReferralId, std::vector<referral::Message>> messages;
  std::map<std::pair<std::string, std::string>, std::pair<std::string, std::string>>
      idempotency;  // actor, key -> fingerprint, answer
  // What is written of each changed referral, as its newest version row has it too.
  std::map<ReferralId, std::string> changed_referrals;
  std::set<exchange::LaneKey> changed_lanes;
  std::set<DeliveryId> changed_deliveries;
  Writes writes;
  std::vector<std::unique_ptr<RoomBatch>> rooms = room_batches();
};

struct UnitContext {
  Instant now{};
  Random* random = nullptr;
  const ServerKey* key = nullptr;
  // Numbers come in blocks; asking for one may fetch a block in the batch's transaction.
  std::function<Result<std::int64_t>(const OrganizationId&)> take_number;
};

// The unit of work of one command: an overlay that is merged into the batch where the command succeeds.
class CommandUnit final : public exchange::OfficeUnit {
 public:
  CommandUnit(BatchState& batch, const UnitContext& context, const access::Actor& actor, const std::string& cause)
      : batch_(batch), context_(context), actor_(actor), cause_(cause) {
    for (const auto& room : batch_.rooms) room->begin(*this);
  }

  void merge();                                                   // into the batch
  const std::optional<Error>& broken() const { return broken_; }  // the store failed under the command
  void fail(Error error) {
    if (!broken_) broken_ = std::move(error);
  }
  const ServerKey& key() const { return *context_.key; }

  void* part(std::type_index kind) override {
    for (const auto& room : batch_.rooms) {
      if (room->kind() == kind) return room->part();
    }
    return nullptr;
  }
  Instant now() const override { return context_.now; }
  Random& random() override { return *context_.random; }
  const access::Actor& actor() const override { return actor_; }
  const std::string& cause() const override { return cause_; }
  const referral::Referral* referral(const ReferralId& id) override;
  const directory::Organization* organization(const OrganizationId& id) override;
  const directory::Listing* listing(const ListingId& id) override;
  const std::vector<referral::SubStatus>& sub_statuses(const OrganizationId& organization) override;
  void save(const referral::Referral& referral) override;
  void add(const referral::Event& event) override;
  void add(const referral::Message& message) override;
  void add(const referral::Note& note) override;
  void add(const referral::SourceRecord& record) override;
  std::string take_number(const OrganizationId& organization, int year) override;
  void audit(const OrganizationId& trail, std::string action, std::string record_kind, std::string record_id,
             Json detail) override;

  std::vector<const exchange::Integration*> integrations(const OrganizationId& organization) override;
  const exchange::Integration* integration(const OrganizationId& organization, const IntegrationId& id) override;
  const exchange::Lane* lane(const exchange::LaneKey& key) override;
  std::vector<exchange::LaneKey> lanes(const ReferralId& referral) override;
  std::vector<exchange::Delivery> deliveries(const exchange::LaneKey& key) override;
  const std::vector<referral::Message>& messages(const ReferralId& referral) override;
  void save(const exchange::Lane& lane) override;
  void save(const exchange::Delivery& delivery) override;
  void add(const exchange::DecisionRow& row) override;
  void add(const exchange::Attempt& attempt) override;
  void settle(const exchange::Attempt& attempt) override;
  void schedule(const exchange::LaneKey& key, Instant due, bool release) override;
  void unschedule(const exchange::LaneKey& key, bool release) override;
  void hold(const exchange::LaneKey& key, Instant lease_until) override;
  void save_health(const OrganizationId& organization, const IntegrationId& id,
                   const exchange::Health& health) override;
  void wake(const OrganizationId& organization, const IntegrationId& id) override;
  void set_integration_errors(const OrganizationId& organization, const ReferralId& referral,
                              std::int64_t count) override;
  void open_notice(const OrganizationId& organization, const IntegrationId& id, std::string code,
                   std::string sentence) override;
  void close_notices(const OrganizationId& organization, const IntegrationId& id) override;

  void save(const directory::Organization& organization) override;
  void save(const directory::Listing& listing) override;
  void save(const OrganizationId& organization, const referral::SubStatus& row) override;
  void save(const exchange::Integration& integration) override;
  void save(const access::ApiClient& client) override;
  void save(const access::ApiKey& key) override;
  void save(const access::AccessToken& token) override;
  void revoke_token(const std::string& hash) override;
  std::vector<const directory::Listing*> listings(const OrganizationId& organization) override;
  // An audit row made elsewhere (reads).
  void add(const access::AuditRow& row);

 private:
  const Configuration* configuration(const OrganizationId& id);
  Configuration& change_configuration(const OrganizationId& id);
  void write(const Statement& statement, Values values) { writes_.rows.push_back({&statement, std::move(values)}); }

  BatchState& batch_;
  const UnitContext& context_;
  const access::Actor& actor_;
  const std::string& cause_;
  Records over_;
  std::set<std::pair<OrganizationId, ReferralId>> visible_;
  std::map<ReferralId, std::string> bodies_;  // of the referrals in over_
  std::map<ReferralId, std::vector<referral::Message>> messages_;
  std::map<OrganizationId, std::shared_ptr<Configuration>> changing_;
  Writes writes_;
  std::optional<Error> broken_;
};

// What the batch's final records become: the calls that write them, in an order every batch keeps.
std::vector<Connection::Call> record_calls(const BatchState& batch, Instant now);

}  // namespace handoff::store
