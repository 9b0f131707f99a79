// Two registrants, a line for each field, folded and compared; and bytes that claim to be a stored record.
#include <string>
#include <vector>

#include "people/keys.h"
#include "people/model.h"
#include "people/normalize.h"
#include "people/record.h"
#include "people/score.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace handoff;

people::Registrant registrant_of(const std::vector<std::string_view>& lines, std::size_t from) {
  const auto line = [&](std::size_t i) { return Text(std::string(from + i < lines.size() ? lines[from + i] : "")); };
  people::Registrant r;
  r.first_name = line(0);
  r.last_name = line(1);
  r.middle_name = line(2);
  r.birth_date = line(3);
  r.phones = {line(4), line(5)};
  r.emails = {line(6)};
  r.line = line(7);
  r.city = line(8);
  r.postal_code = line(9);
  r.gender = line(10);
  r.identifiers = {{"urn:example", line(11), true}};
  return r;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto stored = people::deserialize(text)) {
    const auto again = people::deserialize(people::serialize(*stored));
    fuzz::require(again.has_value(), "what is written can be read");
  }
  std::vector<std::string_view> lines;
  for (std::size_t at = 0; at <= size && lines.size() < 24;) {
    const auto end = std::min(text.find('\n', at), size);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  const auto a = people::normalize(registrant_of(lines, 0), {}), b = people::normalize(registrant_of(lines, 12), {});
  fuzz::require(people::stored_keys(a).size() <= people::stored_keys_max, "at most eight keys are stored");
  const auto again = people::deserialize(people::serialize(a));
  fuzz::require(again.has_value(), "a record survives being written");
  static const people::NoFrequencies none;
  const people::Scorer scorer(people::Model::standard(), none, people::Prior::of_persons(1000));
  const auto one = scorer.score(a, b), other = scorer.score(b, a);
  fuzz::require(one.probability == other.probability, "a score is the same in both directions");
  fuzz::require(one.probability >= 0 && one.probability <= 1, "a probability is one");
  fuzz::require(scorer.score(*again, b).probability == one.probability, "a stored record scores as the fresh one");
  return 0;
}
