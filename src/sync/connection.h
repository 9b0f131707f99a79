// A connection to a record system: where it is, how to read it, and what a value found there becomes. Each change is a
// new version. How the pulling goes stands beside the version, in PullState.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/json.h"
#include "base/private.h"
#include "base/time.h"

namespace handoff::sync {

// When a discharged record stops following the EMR (kipu-dazos, 10.3).
enum class LockPolicy { missing_hook, quiet_days, never };
// What happens while a record is locked: `shadow` reads and compares without applying, `strict` does not read.
enum class ReadMode { shadow, strict };
enum class OnDischarge { draft, send };
// `not_used`: the site's EMR has no webhooks; then nothing is missing, and `quiet_days` takes the place of
// `missing_hook`.
enum class Webhooks { expected, not_used };
// What becomes of locks caused by a missing hook once it is healthy again.
enum class LockRelease { offer, automatic };
// Who says what a field holds after the referral was made: the EMR, always; we, after the first time; or the EMR until
// somebody edits it here.
enum class Ownership { emr, ours, first_wins };

const char* word(LockPolicy value);
const char* word(ReadMode value);
const char* word(OnDischarge value);
const char* word(Webhooks value);
const char* word(LockRelease value);
const char* word(Ownership value);

// A route of the EMR where an instance differs from its documents. Empty path, version 0: as the source has it.
struct RouteSetting {
  std::string path;
  int version = 0;
};

struct EmrConnection {
  EmrConnectionId id;
  OrganizationId organization;  // the sender of what is found
  std::string name;
  std::string kind = "kipu";
  bool enabled = true;
  bool deleted = false;
  bool test = false;  // what it makes are test referrals

  // settings: how the EMR is reached
  std::string base_url;  // without a trailing slash; its host must be allowed for outbound requests
  int version = 3;       // of the EMR's API
  std::string access_id;
  std::string app_id;
  Secret secret;                               // sealed in storage, shown as "write-only"
  std::map<std::string, RouteSetting> routes;  // by the source's word for it: latest, census, detail, vaults, …
  int requests_per_second = 4;
  int parallel_reads = 4;
  int page_size = 100;

  std::vector<std::string> locations;  // ids to read; empty: all
  int schedule_minutes = 15;           // 1 … 60
  int overlap_minutes = 120;
  int settle_seconds = 60;
  int reconcile_days = 35;
  std::optional<Date> start_date;  // discharges before it are "historical"; the day it was made where not told
  bool create_historical = false;  // … and make referrals only where this is ticked
  LockPolicy lock_policy = LockPolicy::missing_hook;
  int quiet_days = 30;
  LockRelease lock_release = LockRelease::offer;
  ReadMode read_mode = ReadMode::shadow;
  Webhooks webhooks = Webhooks::expected;
  OnDischarge on_discharge = OnDischarge::draft;
  bool consent_exempt = false;
  std::vector<std::string> non_destinations;          // names that are a disposition; folded when compared
  std::vector<std::string> own_locations;             // names beside those that the EMR lists
  std::map<std::string, Ownership> field_ownership;   // by path of the referral's content, "registrant.phones.main"
  std::map<std::string, std::string> location_zones;  // location id to IANA zone; the EMR's own have been found wrong

  std::int64_t row_version = 1;  // of these settings, for the ETag
  Instant created_at{};
};

// How the pulling goes. Written by the pull with each page.
struct PullState {
  std::optional<Instant> watermark;        // server time up to which everything was applied
  std::optional<Instant> last_pull_at;     // end of the last run that read everything
  std::optional<Instant> next_pull_at;     // the timer; a hint or a person may be earlier
  std::optional<EmrRunId> running;         // with progress in its row
  std::int64_t failures = 0;               // failed runs in a row
  std::int64_t skew_ms = 0;                // server clock minus ours, of the last answer
  std::string fault_code, fault_sentence;  // what stops or spoils pulling; "" for nothing. Names the remedy
  bool stopped = false;                    // only a change of the settings or "sync now" starts it again
  std::optional<Instant> fault_since;
  std::map<std::string, std::string> disabled_routes;  // 410: word of the route to the day it was first refused
  std::string reconciled_day;                    // "" before the first reconciliation; a day of the server's clock
  std::map<std::string, std::string> locations;  // id to name, as the EMR lists them
  std::optional<Instant> digest_at;              // of the last daily digest
  std::int64_t missed_by_feed = 0;               // changes that only reconciliation found, ever
};

// The standard non-destinations (kipu-dazos, 10.2): Home, Self, AMA, Deceased, N/A, Unknown.
const std::vector<std::string>& standard_non_destinations();
// The paths of a referral's content that a connection fills, with who owns each where nothing else is set.
const std::map<std::string, Ownership>& standard_ownership();
Ownership ownership_of(const EmrConnection& connection, const std::string& path);

// Reads the body of POST, or a whole one after a merge patch (connection_to_json's shape, `settings` nested). Every
// fault is added with its pointer. settings.secret goes to `secret`; "write-only" or its absence leaves it as it was.
// `today` is the start date where none is told.
void read_connection(const Json& body, bool creating, Date today, EmrConnection& into, Faults& faults);
// As the API shows it, but for `hooks`, `counts` and the state, which other records know; the secret as "write-only".
Json connection_to_json(const EmrConnection& connection);
// How the pulling goes, as the API shows it beside the settings.
Json pull_state_to_json(const PullState& state);

// For storage: everything but id, organization, secret, row_version and created_at.
Json connection_to_stored(const EmrConnection& connection);
void connection_from_stored(const Json& stored, EmrConnection& into);
Json pull_state_to_stored(const PullState& state);
PullState pull_state_from_stored(const Json& stored);

// What a person linked a destination to. By contact id; where the chart has only a name, by "name:" and the folded name
// (destination.h).
struct DestinationLink {
  EmrConnectionId connection;
  std::string key;
  Text name;                         // as the chart had it, for showing
  std::optional<ListingId> listing;  // one of three
  Json recipient;                    // {name, contactId}, else null
  std::string disposition;           // "" for none: a non-destination by hand
  Instant linked_at{};
  std::string linked_by;
};
// {listingId | recipient | disposition}; every fault is added.
void read_destination_link(const Json& body, DestinationLink& into, Faults& faults);
Json destination_link_to_json(const DestinationLink& link);

}  // namespace handoff::sync
