// How common a value is among the people known here. Common names say little, and a telephone that twenty people gave
// says nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "people/record.h"

namespace handoff::people {

enum class Value : std::uint8_t {
  given,
  family,
  birth,
  phone,
  email,
  address,
  locality,
  postcode,
  region,
  identifier,
  attribute,
  middle
};
inline constexpr std::size_t value_count = 12;

// The key of a value; also what a store keeps counts under.
std::uint64_t value_key(Value kind, std::uint64_t hash);

class Frequencies {
 public:
  virtual ~Frequencies() = default;
  // Persons with this value, and persons who have any value of the kind.
  virtual std::uint32_t count(Value kind, std::uint64_t hash) const = 0;
  virtual std::uint32_t total(Value kind) const = 0;
};

// Nothing is known yet: every value has the model's average weight.
class NoFrequencies final : public Frequencies {
 public:
  std::uint32_t count(Value, std::uint64_t) const override { return 0; }
  std::uint32_t total(Value) const override { return 0; }
};

// Counts of a file or of all stored records. Records that repeat the same name and birth date count once, so that one
// person's many records do not make the person's own values look common.
class CountedFrequencies final : public Frequencies {
 public:
  CountedFrequencies();
  void add(const Record& record);
  std::uint32_t count(Value kind, std::uint64_t hash) const override;
  std::uint32_t total(Value kind) const override { return totals_[static_cast<std::size_t>(kind)]; }

 private:
  // Open addressing; an entry is 40 bits of key and 24 of count, since a million records bring ten million values.
  class Table {
   public:
    Table() : slots_(1024) {}
    std::uint32_t get(std::uint64_t key) const;
    bool insert_or_count(std::uint64_t key);  // true when new

   private:
    std::size_t find(std::uint64_t key) const;
    void grow();
    std::vector<std::uint64_t> slots_;
    std::size_t used_ = 0;
  };
  void note(Value kind, std::uint64_t hash, std::uint64_t person);

  Table counts_, seen_;
  std::uint32_t totals_[value_count]{};
};

// What few persons share: telephone, e-mail, house, identifier. Calls note(kind, hash) for each value.
template <class Note>
void for_each_shared(const Record& record, Note&& note) {
  for (const auto phone : record.phones) {
    if (phone != 0) note(Value::phone, phone);
  }
  if (!record.email_local.empty()) note(Value::email, hash_text(record.email_local.view(), record.email_domain.hash));
  if (!record.street.empty()) note(Value::address, hash_text(record.number.view(), record.street.hash));
  for (const auto& identifier : record.identifiers) {
    if (!identifier.value.empty()) note(Value::identifier, hash_text(identifier.value.view(), identifier.system));
  }
}

// What is counted of a record: calls note(kind, hash) for each value.
template <class Note>
void for_each_value(const Record& record, Note&& note) {
  const auto words = [&](Value kind, const Name& name) {
    if (name.empty()) return;
    note(kind, std::uint64_t{name.hash});
    if (name.word_count < 2) return;
    for (std::size_t i = 0; i < name.word_count; ++i) {
      if (name.word(i).size() >= 3) note(kind, static_cast<std::uint32_t>(hash_text(name.word(i))));
    }
  };
  words(Value::given, record.given);
  words(Value::family, record.family);
  if (!record.middle.empty()) note(Value::middle, std::uint64_t{record.middle.hash});
  if (!record.birth.empty()) note(Value::birth, hash_text(record.birth.view()));
  for_each_shared(record, note);
  if (!record.locality.empty()) note(Value::locality, std::uint64_t{record.locality.hash});
  if (!record.postcode.empty()) note(Value::postcode, hash_text(record.postcode.view()));
  if (!record.region.empty()) note(Value::region, hash_text(record.region.view()));
  for (const auto& attribute : record.attributes) {
    if (!attribute.value.empty()) note(Value::attribute, hash_text(attribute.value.view(), attribute.name));
  }
}

}  // namespace handoff::people
