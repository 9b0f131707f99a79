// Invents people: households with twins, juniors and shared telephones, shelters, moves, marriages, nicknames, and
// records of them with several errors at once. Public test sets have no families, so they cannot show false links.
// The same seed gives the same file on every machine.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/random.h"
#include "base/result.h"

namespace handoff::people {

struct GenerateOptions {
  std::uint64_t persons = 1000;
  std::uint64_t seed = 1;
  int errors_max = 3;  // in one record, 0 to 10
  int year_now = 2026;
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

struct InventedRecord {
  std::string id, person, household;
  std::string first, middle, last, former, suffix, birth, gender;
  std::string line, city, province, postal_code, phone, alternate, email, health_number;
};

struct InventedPerson {
  std::uint64_t number = 0, household = 0;
  InventedRecord truth;
  int birth_year = 1980;
  bool twin = false, junior = false;
};

// Dice with the few shapes a population needs.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
  bool chance(double probability) { return static_cast<double>(random_.next() >> 11) * 0x1.0p-53 < probability; }
  // 0 … size-1, the first far more often than the last (Zipf with a bend).
  std::size_t ranked(std::size_t size);
  template <class List>
  const auto& any(const List& list) {
    return list[below(list.size())];
  }

 private:
  SeededRandom random_;
};

// The members of one household, with what they share. `first_number` numbers them.
std::vector<InventedPerson> invent_household(Dice& dice, const GenerateOptions& options, std::uint64_t first_number,
                                             std::uint64_t household);
// One more record of a person as some sender would have written it.
InventedRecord invent_record(Dice& dice, const GenerateOptions& options, const InventedPerson& person,
                             std::uint64_t number, bool first);
// One slip of finger, eye or ear in a text.
std::string with_slip(Dice& dice, std::string_view text);

// Writes the file; answers how many records, persons, households, twins and juniors it has.
Result<Json> generate_file(const std::string& path, const GenerateOptions& options);
// The column map that belongs to it.
std::string_view generated_columns();

}  // namespace handoff::people
