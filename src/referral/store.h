// What the core wants from storage: a unit of work over records that were loaded and locked beforehand. Nothing in here
// waits; refusals happen before the first write, and a unit whose command failed leaves nothing behind.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "access/actor.h"
#include "base/clock.h"
#include "base/part.h"
#include "base/random.h"
#include "referral/event.h"
#include "referral/referral.h"

namespace handoff::referral {

// Every registrant exactly as received, never changed.
struct SourceRecord {
  SourceRecordId id;
  OrganizationId organization;
  ReferralId referral;
  std::int64_t version = 0;
  Private<Json> registrant;
  std::string method, source_name;
  Instant at{};
};

class Unit : public WithParts {
 public:
  virtual Instant now() const = 0;
  virtual Random& random() = 0;
  virtual const access::Actor& actor() const = 0;
  virtual const std::string& cause() const = 0;  // request id or bulk id

  // nullptr where it does not exist or is not this caller's to see. Valid until the next save of the same record.
  virtual const Referral* referral(const ReferralId& id) = 0;
  virtual const directory::Organization* organization(const OrganizationId& id) = 0;
  virtual const directory::Listing* listing(const ListingId& id) = 0;
  virtual const std::vector<SubStatus>& sub_statuses(const OrganizationId& organization) = 0;

  virtual void save(const Referral& referral) = 0;  // inserts version 1, updates otherwise; keeps every version
  virtual void add(const Event& event) = 0;
  virtual void add(const Message& message) = 0;
  virtual void add(const Note& note) = 0;
  virtual void add(const SourceRecord& record) = 0;
  virtual std::string take_number(const OrganizationId& organization, int year) = 0;  // "R-2026-000123"
  virtual void audit(const OrganizationId& trail, std::string action, std::string record_kind, std::string record_id,
                     Json detail = {}) = 0;
};

// What follows from a change. Declared here because the core needs it; exchange implements it, app wires it.
class Consequences {
 public:
  virtual ~Consequences() = default;
  // `before` is null for a new referral. Called once per change, inside its unit of work.
  virtual void follow(Unit& unit, const Referral* before, const Referral& after, std::span<const Event> events) = 0;
};

}  // namespace handoff::referral
