// Instants, dates and the dates of HTTP: what is written again reads as the same moment.
#include "base/http_date.h"
#include "base/time.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace handoff;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto instant = parse_instant(text)) {
    const auto again = parse_instant(format_instant(instant->at, instant->offset));
    fuzz::require(again && to_ms(again->at) / 1000 == to_ms(instant->at) / 1000, "an instant survives being written");
  }
  if (const auto date = Date::parse(text)) {
    const auto again = Date::parse(date->text());
    fuzz::require(again && *again == *date, "a date survives being written");
  }
  if (const auto at = parse_http_date(text)) {
    const auto again = parse_http_date(format_http_date(*at));
    fuzz::require(again && *again == *at, "a date of HTTP survives being written");
  }
  return 0;
}
