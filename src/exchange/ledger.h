// How a face changes anything: a command names what it needs loaded, runs pure over a unit of work, and its answer is
// given only after the commit.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/audit.h"
#include "access/credentials.h"
#include "exchange/store.h"

namespace handoff::exchange {

// The unit of work with what administrators change.
class OfficeUnit : public Unit {
 public:
  virtual void save(const directory::Organization& organization) = 0;
  virtual void save(const directory::Listing& listing) = 0;
  virtual void save(const OrganizationId& organization, const referral::SubStatus& row) = 0;
  virtual void save(const Integration& integration) = 0;  // a new version row, its secrets sealed
  virtual void save(const access::ApiClient& client) = 0;
  virtual void save(const access::ApiKey& key) = 0;
  virtual void save(const access::AccessToken& token) = 0;
  virtual void revoke_token(const std::string& hash) = 0;
  // The caller's own listings and API clients, loaded with its organization.
  virtual std::vector<const directory::Listing*> listings(const OrganizationId& organization) = 0;
  using Unit::add;
  using Unit::save;
};

struct CommandAnswer {
  int status = 200;
  Json body;                            // null: no body
  std::optional<std::int64_t> version;  // becomes the ETag
  std::string location;                 // "" for none
};

struct Needs {
  std::vector<ReferralId> referrals;  // as the actor's organization may see them
  std::vector<ListingId> listings;    // own ones, and others' of visibility exchange
  bool messages = false;
  std::vector<std::shared_ptr<const RoomNeeds>> rooms;  // what other rooms are to load
};

struct Idempotency {
  std::string key;          // the caller's
  std::string fingerprint;  // SHA-256 in hex over method, path and body
};

struct Command {
  access::Actor actor;
  std::string cause;  // request id, or the bulk id
  Needs needs;        // the actor's organization is always loaded
  std::optional<Idempotency> idempotency;
  // May run more than once: it must have no effect but through the unit. Errors leave nothing behind.
  std::function<Result<CommandAnswer>(OfficeUnit&)> run;
};

class Ledger {
 public:
  virtual ~Ledger() = default;
  // Waits for the commit. A repeated idempotency key gives the first answer again; with another fingerprint
  // "idempotency.other_body" (conflict).
  virtual Result<CommandAnswer> run(Command command) = 0;
  // Audit rows of reads, durable when this returns; asked at most once per actor, record and minute.
  virtual Result<void> audit_read(std::vector<access::AuditRow> rows) = 0;
};

}  // namespace handoff::exchange
