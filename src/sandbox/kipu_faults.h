// What the sandbox EMR was told to do wrong, by route and count.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "sandbox/kipu_api.h"

namespace handoff::sandbox {

enum class KipuFaultKind {
  status,              // answers {status} instead of doing what was asked
  slow_body,           // the second half of the body comes {ms} later
  truncated_json,      // the body ends in the middle; its length is honest
  missing_pagination,  // a list without saying how long it is
  duplicate_row,       // the first row of a page stands there twice
  skipped_row,         // a row falls between two pages
  half_census,         // the second half of the roster is missing and not counted
  dirty_text,          // tabs, curly quotes, dashes, stray blanks
  late_commit,         // the next {count} changes are seen {seconds} after their timestamp
  clock_skew,          // the server's time as clients meet it is {seconds} off, until told otherwise
};

struct KipuFault {
  KipuFaultKind kind = KipuFaultKind::status;
  std::string route;       // "" for every one
  std::int64_t count = 1;  // requests left
  int status = 0;
  std::string retry_after;
  std::int64_t page = 0;    // only this page; 0 for every one
  std::string casefile_id;  // only this chart; "" for every one
  std::int64_t amount = 0;  // ms or seconds
  bool silent = false;      // of skipped_row: total_records does not tell

  Json json() const;
};

class KipuFaults {
 public:
  // The words of the control plane. The error says what is wrong with them.
  static Result<KipuFault> parse(const Json& given);

  // A fault of the same kind, route, page and chart is replaced; a count of 0 only takes it away.
  void set(KipuFault fault);
  void clear() { faults_.clear(); }
  // Those that this request meets; each loses one of its count.
  std::vector<KipuFault> take(std::string_view route, const KipuCall& call);
  std::chrono::seconds clock_skew() const;
  Json json() const;

 private:
  std::vector<KipuFault> faults_;
};

// What the faults do to an answer before it is written: rows and texts.
void spoil(KipuAnswer& answer, const std::vector<KipuFault>& faults);
bool has(const std::vector<KipuFault>& faults, KipuFaultKind kind);

}  // namespace handoff::sandbox
