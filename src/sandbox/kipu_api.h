// The routes of the EMR: which request asks for what, and the answer from the clinic. Signatures, faults of the wire
// and the journal are the sandbox's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sandbox/kipu_clinic.h"

namespace handoff::sandbox {

// How this instance of the EMR behaves where KIPU's documents leave it open.
struct KipuSettings {
  std::string zone = "UTC";               // decides which day a change belongs to
  int wrong_signature_status = 403;       // or 401
  bool latest_omits_destination = false;  // the change feed does not carry the destination
  bool refuse_future_end_date = false;    // 422 where end_date is after today
  std::int64_t requests_per_second = 0;   // above: 429; 0 for no limit
};

struct KipuCall {
  std::string method;                                      // after X-HTTP-Method-Override
  std::vector<std::string> path;                           // without "api"
  std::vector<std::pair<std::string, std::string>> query;  // decoded
  int version = 0;                                         // of the Accept header; 0 where it names none
  Json body;                                               // {"document": …}; null for a GET
  KipuMoment at;
  // Faults that have to be known while rows are counted.
  bool half_census = false;
  bool skip_row = false;  // between pages: each page but the first begins one row late
  bool skip_silently = false;

  std::optional<std::string> parameter(std::string_view name) const;
};

struct KipuAnswer {
  int status = 200;
  Json body;
  std::string rows;  // the member that is the list; "" for none
};

// The rows of the roster asked for last. Who reads page after page of many charts has them looked for once; any change
// that readers can see makes it worthless.
struct KipuRoster {
  std::string asked;
  std::uint64_t revision = 0;
  std::vector<std::pair<const KipuChart*, const KipuVersion*>> found;
};

struct KipuRoute;
// The route of a request, without looking at its parameters; nullptr for none. Its word is what faults name.
const KipuRoute* find_kipu_route(const KipuCall& call);
std::string_view word(const KipuRoute& route);
std::vector<std::string> kipu_route_words();

KipuAnswer answer_kipu(const KipuRoute& route, const KipuCall& call, KipuClinic& clinic, const KipuSettings& settings,
                       KipuRoster& roster);
KipuAnswer kipu_error(int status, std::string_view text);  // {"errors": "…"}

}  // namespace handoff::sandbox
