// The column map of a file of people, and a registrant read by it, compared with itself.
#include "people/columns.h"
#include "people/keys.h"
#include "people/normalize.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace handoff;
  auto map = people::ColumnMap::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!map) {
    fuzz::require_told(map.error());
    return 0;
  }
  const std::vector<std::string> header{"id", "given", "family", "born", "phone", "mail", "street", "city", "zip"};
  std::vector<std::string> missing;
  map->bind(header, false, missing);
  if (const auto bound = people::none_missing(missing, header); !bound) {
    fuzz::require_told(bound.error());
    return 0;
  }
  (void)map->read({"1", "Maya", "de la Cruz-Obi", "30.02.1980", "+1 905 555 0142", "maya@example.org", "12 King St",
                   "Hamilton", "L8P 1A1"});
  return 0;
}
