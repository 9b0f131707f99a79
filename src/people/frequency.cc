#include "people/frequency.h"

#include <algorithm>

namespace handoff::people {
namespace {

constexpr int count_bits = 24;
constexpr std::uint64_t count_mask = (1ULL << count_bits) - 1;

std::uint64_t mix(std::uint64_t value) {
  value ^= value >> 33;
  value *= 0xFF51AFD7ED558CCDULL;
  value ^= value >> 33;
  value *= 0xC4CEB9FE1A85EC53ULL;
  return value ^ (value >> 33);
}

}  // namespace

std::uint64_t value_key(Value kind, std::uint64_t hash) {
  return mix(hash + 0x9E3779B97F4A7C15ULL * (static_cast<std::uint64_t>(kind) + 1));
}

std::size_t CountedFrequencies::Table::find(std::uint64_t key) const {
  const std::size_t mask = slots_.size() - 1;
  // Addressed by the high bits, the ones that are kept, so that growing finds every entry's new place.
  std::size_t at = (key >> count_bits) & mask;
  while (slots_[at] != 0 && (slots_[at] >> count_bits) != (key >> count_bits)) at = (at + 1) & mask;
  return at;
}

std::uint32_t CountedFrequencies::Table::get(std::uint64_t key) const {
  return static_cast<std::uint32_t>(slots_[find(key)] & count_mask);
}

bool CountedFrequencies::Table::insert_or_count(std::uint64_t key) {
  auto& slot = slots_[find(key)];
  if (slot != 0) {
    if ((slot & count_mask) != count_mask) ++slot;
    return false;
  }
  slot = (key & ~count_mask) | 1;
  if (++used_ * 10 > slots_.size() * 6) grow();
  return true;
}

void CountedFrequencies::Table::grow() {
  std::vector<std::uint64_t> old(slots_.size() * 2);
  old.swap(slots_);
  for (const auto slot : old) {
    if (slot != 0) slots_[find(slot)] = slot;
  }
}

CountedFrequencies::CountedFrequencies() = default;

void CountedFrequencies::note(Value kind, std::uint64_t hash, std::uint64_t person) {
  const auto key = value_key(kind, hash);
  if (!seen_.insert_or_count(mix(key ^ person))) return;
  counts_.insert_or_count(key);
}

void CountedFrequencies::add(const Record& record) {
  const std::uint64_t person =
      mix((std::uint64_t{record.given.hash} << 32 | record.family.hash) ^ hash_text(record.birth.view(), 7));
  bool had[value_count]{};
  for_each_value(record, [&](Value kind, std::uint64_t hash) {
    note(kind, hash, person);
    had[static_cast<std::size_t>(kind)] = true;
  });
  for (std::size_t i = 0; i < value_count; ++i) totals_[i] += had[i] ? 1U : 0U;
}

std::uint32_t CountedFrequencies::count(Value kind, std::uint64_t hash) const {
  return counts_.get(value_key(kind, hash));
}

}  // namespace handoff::people
