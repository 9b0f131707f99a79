// Blocking keys: two records are compared only when a key of one is a key of the other. At most eight are stored with a
// record; a search asks for more (swapped dates, neighbouring years, single words of a name), which costs nothing at
// rest. A key whose part is missing is left out, never widened.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "people/record.h"

namespace handoff::people {

inline constexpr std::size_t stored_keys_max = 8;

enum class KeyKind : std::uint8_t {
  identifier,
  birth_initials,  // of both names, in either order
  birth_initial,   // of the given name
  names,
  phone,
  email,
  family_year,
  given_month,
  address,
  family_postcode,
  given_postcode,
  family_locality,
  given_locality,
  family_initial,
  given_initial,
  birth_place,
  rescue,      // only over a whole file
  every_pair,  // no key: a small file is compared with itself entirely
};
inline constexpr std::size_t key_kind_count = 18;
std::string_view key_name(KeyKind kind);

struct Key {
  KeyKind kind = KeyKind::names;
  std::uint64_t hash = 0;  // of kind and value: what the store indexes
  friend bool operator==(const Key&, const Key&) = default;
};

// Whether few share it by its nature: an identifier, a telephone, an e-mail, a house, a birth date with both initials.
bool is_telling(KeyKind kind);
// What one telephone stands under.
Key phone_key(std::uint64_t number);

// Adds the kinds of the probe's keys under which a record is stored, each once.
void add_shared_kinds(const std::vector<Key>& probe, const Record& stored, std::vector<KeyKind>& kinds);

// What is stored beside a record, most telling first.
std::vector<Key> stored_keys(const Record& record);
// What a search for this record asks for: the stored keys first, then the expansions.
std::vector<Key> probe_keys(const Record& record);
// What a whole file is compared by, where nothing has to be stored and both sides can be expanded: the keys of a search
// and single slips in any part. Two records that share one of them are a pair.
std::vector<Key> file_keys(const Record& record);

}  // namespace handoff::people
