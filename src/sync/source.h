// What a record system must offer to be pulled from. A source does no input or output: it says the request for a goal
// and reads the answer into plain chart rows. What is asked when, and what follows, is the pull's.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sync/chart.h"
#include "sync/connection.h"
#include "sync/transport.h"

namespace handoff::sync {

enum class Goal {
  changes,    // charts that changed on the days asked for
  census,     // charts that were here on one of the days asked for
  detail,     // one chart, authoritative
  vaults,     // charts that were deleted
  locations,  // the site's own locations
  contacts,   // the directory of destinations
};
const char* word(Goal goal);  // of the route, as in settings.routes: "latest", "census", …

struct Question {
  Goal goal = Goal::changes;
  std::string first_day, last_day;  // calendar days, both included; "" where not asked
  int page = 1;
  std::string casefile;  // of a detail
  std::string location;  // "" for all
};

struct NamedThing {
  std::string id;
  std::string name;
};

// A page of a list, or a detail.
struct Answer {
  std::vector<ChartRow> rows;
  std::vector<NamedThing> named;                           // locations, contacts
  std::optional<std::int64_t> total_pages, total_records;  // where the system tells
};

enum class Trouble {
  none,
  no_answer,     // nothing came back, or half of it: try again
  server_fault,  // 5xx, or a body that is not what it should be: try again
  slow_down,     // 429: not before `retry_after`
  refused,       // 401, 403: never again by itself
  bad_request,   // 400, 422: never again by itself
  not_there,     // 404
  gone,          // 410: the route is switched off for this instance
  not_allowed,   // our own rules forbid the address
};

struct Heard {
  Trouble trouble = Trouble::none;
  Answer answer;
  int status = 0;
  std::string said;  // what the system said of it, shortened; may be shown to an administrator
  std::optional<std::chrono::milliseconds> retry_after;
  std::optional<Instant> server_time;  // of the Date header
};

class Source {
 public:
  virtual ~Source() = default;
  virtual const std::string& kind() const = 0;
  // `server_now`: by the system's own clock as far as it is known; signatures carry it.
  virtual Request ask(const EmrConnection& connection, const Question& question, Instant server_now) const = 0;
  virtual Heard hear(const EmrConnection& connection, const Question& question, const Reply& reply) const = 0;
};

// nullptr for a kind nobody knows.
const Source* find_source(std::string_view kind);

}  // namespace handoff::sync
