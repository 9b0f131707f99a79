// What sync wants from storage. One page of a pull is one commit: records, referrals, watermark and the run row stand
// or fall together.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/part.h"
#include "referral/store.h"
#include "sync/connection.h"
#include "sync/hook.h"
#include "sync/record.h"
#include "sync/run.h"

namespace handoff::sync {

// Something an administrator or coordinator is told: on the stream, by webhook. Without personal data.
struct EmrEvent {
  EmrConnectionId connection;
  OrganizationId organization;
  std::string type;  // emr.record_locked, emr.record_unlocked, emr.hook_inactive, emr.hook_healthy, emr.digest,
                     // emr.connection_fault, emr.connection_recovered, emr.destination_removed, emr.half_census, …
  std::string casefile;  // "" where it is about the connection
  std::string sentence;
  Json detail;  // ids, codes, counts
  Instant at{};
};

// The part of a unit of work that keeps the records of this room. Connections are the actor's organization's own.
class Unit {
 public:
  virtual ~Unit() = default;
  // nullptr where it does not exist or was not named in the needs. Valid until the next save of the same record.
  virtual const EmrConnection* connection(const EmrConnectionId& id) = 0;
  virtual void save(const EmrConnection& connection) = 0;  // inserts row_version 1, else updates; the secret sealed
  // Present for each connection; a fresh one where nothing was saved.
  virtual const PullState& pull_state(const EmrConnectionId& id) = 0;
  virtual void save(const EmrConnectionId& id, const PullState& state) = 0;
  // The fence of whoever holds the connection's lease: what comes late must not write.
  virtual std::int64_t fence(const EmrConnectionId& id) = 0;

  virtual const LinkedRecord* record(const EmrConnectionId& id, const std::string& casefile) = 0;
  virtual void save(const LinkedRecord& record) = 0;  // row_version as the caller raised it
  // The settings changed: records with a destination are read in the next cycle, whatever their timestamp, locked ones
  // left out.
  virtual void read_again(const EmrConnectionId& id) = 0;
  // The backstop of idempotence, unique on its first four: false where that place is taken already.
  virtual bool take_place(const EmrConnectionId& id, const std::string& casefile, std::int64_t stay,
                          std::int64_t revision, const ReferralId& referral) = 0;

  virtual const DestinationLink* destination(const EmrConnectionId& id, const std::string& key) = 0;
  virtual void save(const DestinationLink& link) = 0;
  virtual void forget_destination(const EmrConnectionId& id, const std::string& key) = 0;

  // Present for each kind; a fresh one where none was issued.
  virtual const HookSlot& hook(const EmrConnectionId& id, HookKind kind) = 0;
  virtual void save(const HookSlot& slot) = 0;
  virtual void add(const Receipt& receipt) = 0;
  // Deliveries that were refused since the last time this was told: their count, and the code of the last one.
  virtual void refused(const EmrConnectionId& id, HookKind kind, const std::string& code, std::int64_t count,
                       Instant at) = 0;
  // Takes the place of an older one for the casefile; the number is given by the store.
  virtual void add(const Hint& hint) = 0;
  virtual void forget_hint(const EmrConnectionId& id, const std::string& casefile, std::int64_t number_max) = 0;

  virtual void save(const Run& run) = 0;
  virtual void save(const Retry& retry) = 0;
  virtual void forget_retry(const EmrConnectionId& id, const std::string& casefile) = 0;
  virtual void add(const EmrEvent& event) = 0;
};

// What a command wants loaded and locked. Connection, pull state and fence come with the id.
struct Needs final : RoomNeeds {
  EmrConnectionId connection;
  std::vector<std::string> casefiles;
  std::vector<std::string> destinations;  // keys
  bool hooks = false;
};

// What follows from a record, inside its unit of work: the admission side keeps an opportunity for each stay. Declared
// here because sync needs it; app wires it.
class RecordFollower {
 public:
  virtual ~RecordFollower() = default;
  // What following these records wants loaded; nullptr for nothing.
  virtual std::shared_ptr<const RoomNeeds> needs(const EmrConnectionId& connection,
                                                 const std::vector<std::string>& casefiles) = 0;
  // Called after each change that was applied, with `before` null for a new record, and before `after` is saved; may
  // set `after.opportunity`. A new stay is one whose number is higher than before.
  virtual void follow(referral::Unit& unit, const EmrConnection& connection, const LinkedRecord* before,
                      LinkedRecord& after) = 0;
};

// One commit of a pull.
struct PullCommand {
  access::Actor actor;  // the connection as a rule, with the organization it belongs to
  std::string cause;    // the run's id
  Needs needs;
  std::vector<ReferralId> referrals;
  std::vector<ListingId> listings;
  std::vector<std::shared_ptr<const RoomNeeds>> others;
  // May run more than once: no effect but through the unit. The part is part_of<sync::Unit>(unit).
  std::function<Result<void>(referral::Unit&)> run;
};

struct ClaimedConnection {
  EmrConnectionId id;
  OrganizationId organization;
  std::int64_t fence = 0;
};

// What the puller wants beside the reader: whose turn it is, and commits.
class PullStore {
 public:
  virtual ~PullStore() = default;
  // Enabled connections that are due and that nobody holds: their timer is over, a hint or a retry is due, or a run of
  // theirs was interrupted. Each with a new fence, for `lease`. Those left out are never claimed.
  virtual Result<std::vector<ClaimedConnection>> claim(Instant now, std::chrono::milliseconds lease,
                                                       const std::set<EmrConnectionId>& leave_out) = 0;
  // False where somebody else took it over.
  virtual Result<bool> hold(const ClaimedConnection& claimed, Instant lease_until) = 0;
  virtual Result<void> release(const ClaimedConnection& claimed) = 0;
  // When the next connection is due that nobody holds; nothing when none is.
  virtual Result<std::optional<Instant>> next_due() = 0;
  // Waits for the commit.
  virtual Result<void> run(PullCommand command) = 0;
};

}  // namespace handoff::sync
