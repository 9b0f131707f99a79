// A chart as a record system tells it, in plain words of ours. What a system does not tell is absent, which is not the
// same as told empty: an absent key leaves what was known, null clears it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/private.h"
#include "base/time.h"
#include "sync/connection.h"
#include "sync/record.h"

namespace handoff::sync {

// The keys of a chart. Texts are as the system has them; they are normalised where they are compared or used.
struct ChartField {
  const char* key;
  const char* label;  // as people know it: "Discharging To"
};
const std::vector<ChartField>& chart_fields();

// One row of a list, or one detail.
struct ChartRow {
  std::string casefile;
  std::optional<Instant> updated_at;  // the system's own time of the last change
  std::string digest;                 // of everything the row says, unknown keys included
  Private<Json> chart;                // the told keys; unknown ones of the system under "other"
};

// `known` with everything that `told` says put over it.
Json merge_chart(Json known, const Json& told);
// True where the two say the same about the person and the stay; times of the system's own and spaces do not count.
bool same_chart(const Json& a, const Json& b);
// What differs, as people know it. The values are not told.
std::vector<WaitingChange> chart_differences(const Json& applied, const Json& read);

// Tabs, quotes, dashes and stray blanks as a person would type them; "UR LOC:" dropped. "" where absent or null.
std::string clean(const Json& chart, std::string_view key);
Destination destination_of(const Json& chart);
// The day a text names; one with an offset is taken to the zone of the chart's location, where one is set.
std::optional<Date> day_in_chart(const Json& chart, std::string_view key, const EmrConnection& connection);
// The time a text names; one without an offset is taken for UTC.
std::optional<Instant> instant_in_text(std::string_view text);

}  // namespace handoff::sync
