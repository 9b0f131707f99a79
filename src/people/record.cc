#include "people/record.h"

#include <algorithm>
#include <bit>
#include <chrono>

#include "people/distance.h"
#include "people/phonetic.h"

namespace handoff::people {
namespace {

constexpr std::uint8_t form_version = 1;

// Which part of a record follows. A part that is missing takes no byte.
enum Part : std::uint8_t {
  part_given = 1,
  part_family,
  part_middle,
  part_former,
  part_birth,
  part_death,
  part_person,
  part_phone,
  part_email_local,
  part_email_domain,
  part_number,
  part_unit,
  part_postcode,
  part_region,
  part_street,
  part_locality,
  part_identifier,
  part_attribute,
};

class Writer {
 public:
  Writer() { out_.push_back(static_cast<char>(form_version)); }
  void part(Part part, std::string_view bytes) {
    out_.push_back(static_cast<char>(part));
    out_.push_back(static_cast<char>(bytes.size()));
    out_.append(bytes);
  }
  void text(Part part_id, std::string_view bytes) {
    if (!bytes.empty()) part(part_id, bytes);
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

void append_number(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

std::uint64_t read_number(std::string_view bytes, int count) {
  std::uint64_t value = 0;
  for (int i = 0; i < count; ++i)
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)])) << (8 * i);
  return value;
}

void write_name(Writer& out, Part part, const Name& name) {
  if (name.empty()) return;
  std::string bytes;
  append_number(bytes, name.starts, 4);
  bytes.append(name.view());
  out.part(part, bytes);
}

void derive(Name& name) {
  name.letters = letters_of(name.view());
  name.hash = static_cast<std::uint32_t>(hash_text(name.view()));
  name.sound = sound_code(name.view());
  name.nicknames = nickname_groups(name.word_count > 1 ? name.word(0) : name.view());
}

bool read_name(Name& name, std::string_view bytes) {
  if (bytes.size() < 5 || bytes.size() > 4 + Name::capacity) return false;
  name.starts = static_cast<std::uint32_t>(read_number(bytes, 4));
  bytes.remove_prefix(4);
  if ((name.starts & 1U) == 0 || (bytes.size() < 32 && (name.starts >> bytes.size()) != 0)) return false;
  std::memcpy(name.text, bytes.data(), bytes.size());
  name.length = static_cast<std::uint8_t>(bytes.size());
  name.word_count = static_cast<std::uint8_t>(std::popcount(name.starts));
  derive(name);
  return true;
}

void write_date(Writer& out, Part part, const PartialDate& date) {
  if (date.empty()) return;
  std::string bytes(date.view());
  bytes.push_back(static_cast<char>(date.kind));
  bytes.push_back(static_cast<char>((date.two_digit_year ? 1 : 0) | (date.implausible ? 2 : 0)));
  out.part(part, bytes);
}

bool read_date(PartialDate& date, std::string_view bytes) {
  if (bytes.size() != 10 || bytes[8] < 1 || bytes[8] > 4) return false;
  if (!std::all_of(bytes.begin(), bytes.begin() + 8, [](char c) { return c >= '0' && c <= '9'; })) return false;
  std::memcpy(date.digits, bytes.data(), 8);
  date.kind = static_cast<PartialDate::Kind>(bytes[8]);
  date.two_digit_year = (bytes[9] & 1) != 0;
  date.implausible = (bytes[9] & 2) != 0;
  return true;
}

bool read_part(Record& record, std::uint8_t part, std::string_view bytes, std::size_t& phones, std::size_t& identifiers,
               std::size_t& attributes) {
  const auto code = [&](Code& into) {
    into = make_code(bytes);
    return bytes.size() <= Code::capacity;
  };
  const auto word = [&](Word& into) {
    into = make_word(bytes);
    return bytes.size() <= Word::capacity;
  };
  switch (part) {
    case part_given: return read_name(record.given, bytes);
    case part_family: return read_name(record.family, bytes);
    case part_middle: return read_name(record.middle, bytes);
    case part_former: return read_name(record.former, bytes);
    case part_birth: return read_date(record.birth, bytes);
    case part_death: return read_date(record.death, bytes);
    case part_person:
      if (bytes.size() != 3 || bytes[0] < 0 || bytes[0] > 3) return false;
      record.gender = static_cast<Gender>(bytes[0]);
      record.generation = static_cast<std::uint8_t>(bytes[1]);
      record.deceased = (bytes[2] & 1) != 0;
      record.multiple_birth = (bytes[2] & 2) != 0;
      return true;
    case part_phone:
      if (bytes.size() != 8 || phones == record.phones.size()) return false;
      record.phones[phones++] = read_number(bytes, 8);
      return true;
    case part_email_local: return word(record.email_local);
    case part_email_domain: return word(record.email_domain);
    case part_number: return code(record.number);
    case part_unit: return code(record.unit);
    case part_postcode: return code(record.postcode);
    case part_region: return code(record.region);
    case part_street: return word(record.street);
    case part_locality: return word(record.locality);
    case part_identifier: {
      if (bytes.size() < 6 || bytes.size() > 5 + Code::capacity || identifiers == record.identifiers.size())
        return false;
      auto& into = record.identifiers[identifiers++];
      into.system = static_cast<std::uint32_t>(read_number(bytes, 4));
      into.unique = (bytes[4] & 1) != 0;
      into.tail = (bytes[4] & 2) != 0;
      into.value = make_code(bytes.substr(5));
      return true;
    }
    case part_attribute: {
      if (bytes.size() < 5 || bytes.size() > 4 + Code::capacity || attributes == record.attributes.size()) return false;
      auto& into = record.attributes[attributes++];
      into.name = static_cast<std::uint32_t>(read_number(bytes, 4));
      into.value = make_code(bytes.substr(4));
      return true;
    }
    default: return false;
  }
}

Error damaged() {
  return Error{Kind::malformed, "people.record.damaged", "A stored person record cannot be read.",
               "comparable record: bad bytes"};
}

}  // namespace

std::uint64_t hash_text(std::string_view text, std::uint64_t seed) {
  // FNV-1a with a final mix: short texts that differ in one letter must differ in their high bits too.
  std::uint64_t value = 0xCBF29CE484222325ULL ^ (seed * 0x9E3779B97F4A7C15ULL);
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  value ^= value >> 33;
  value *= 0xFF51AFD7ED558CCDULL;
  value ^= value >> 33;
  value *= 0xC4CEB9FE1A85EC53ULL;
  return value ^ (value >> 33);
}

std::string_view Name::word(std::size_t index) const {
  std::uint32_t left = starts;
  for (std::size_t i = 0; i < index && left != 0; ++i) left &= left - 1;
  if (left == 0) return {};
  const auto begin = static_cast<std::size_t>(std::countr_zero(left));
  left &= left - 1;
  const std::size_t end = left == 0 ? length : static_cast<std::size_t>(std::countr_zero(left));
  return {text + begin, end - begin};
}

int PartialDate::day_number() const {
  using namespace std::chrono;
  return static_cast<int>(sys_days{std::chrono::year{year()} / std::chrono::month{static_cast<unsigned>(month())} /
                                   std::chrono::day{static_cast<unsigned>(day())}}
                              .time_since_epoch()
                              .count());
}

Name make_name(const std::vector<std::string>& words) {
  Name name;
  for (const auto& word : words) {
    const std::size_t room = Name::capacity - name.length;
    const std::size_t count = std::min(word.size(), room);
    if (count == 0) continue;
    name.starts |= 1U << name.length;
    std::memcpy(name.text + name.length, word.data(), count);
    name.length = static_cast<std::uint8_t>(name.length + count);
    ++name.word_count;
  }
  if (!name.empty()) derive(name);
  return name;
}

Word make_word(std::string_view folded) {
  Word word;
  word.length = static_cast<std::uint8_t>(std::min(folded.size(), Word::capacity));
  std::memcpy(word.text, folded.data(), word.length);
  word.letters = letters_of(word.view());
  word.hash = word.empty() ? 0 : static_cast<std::uint32_t>(hash_text(word.view()));
  return word;
}

Code make_code(std::string_view text) {
  Code code;
  code.length = static_cast<std::uint8_t>(std::min(text.size(), Code::capacity));
  std::memcpy(code.text, text.data(), code.length);
  return code;
}

std::string serialize(const Record& record) {
  Writer out;
  write_name(out, part_given, record.given);
  write_name(out, part_family, record.family);
  write_name(out, part_middle, record.middle);
  write_name(out, part_former, record.former);
  write_date(out, part_birth, record.birth);
  write_date(out, part_death, record.death);
  const char person[3] = {static_cast<char>(record.gender), static_cast<char>(record.generation),
                          static_cast<char>((record.deceased ? 1 : 0) | (record.multiple_birth ? 2 : 0))};
  if (person[0] != 0 || person[1] != 0 || person[2] != 0) out.part(part_person, {person, 3});
  for (const auto phone : record.phones) {
    if (phone == 0) continue;
    std::string bytes;
    append_number(bytes, phone, 8);
    out.part(part_phone, bytes);
  }
  out.text(part_email_local, record.email_local.view());
  out.text(part_email_domain, record.email_domain.view());
  out.text(part_number, record.number.view());
  out.text(part_unit, record.unit.view());
  out.text(part_postcode, record.postcode.view());
  out.text(part_region, record.region.view());
  out.text(part_street, record.street.view());
  out.text(part_locality, record.locality.view());
  for (const auto& identifier : record.identifiers) {
    if (identifier.value.empty()) continue;
    std::string bytes;
    append_number(bytes, identifier.system, 4);
    bytes.push_back(static_cast<char>((identifier.unique ? 1 : 0) | (identifier.tail ? 2 : 0)));
    bytes.append(identifier.value.view());
    out.part(part_identifier, bytes);
  }
  for (const auto& attribute : record.attributes) {
    if (attribute.value.empty()) continue;
    std::string bytes;
    append_number(bytes, attribute.name, 4);
    bytes.append(attribute.value.view());
    out.part(part_attribute, bytes);
  }
  return out.take();
}

Result<Record> deserialize(std::string_view bytes) {
  if (bytes.empty() || static_cast<std::uint8_t>(bytes.front()) != form_version) return damaged();
  Record record;
  std::size_t phones = 0, identifiers = 0, attributes = 0;
  for (std::size_t at = 1; at < bytes.size();) {
    if (at + 2 > bytes.size()) return damaged();
    const auto part = static_cast<std::uint8_t>(bytes[at]);
    const auto size = static_cast<std::size_t>(static_cast<unsigned char>(bytes[at + 1]));
    at += 2;
    if (size == 0 || at + size > bytes.size()) return damaged();
    if (!read_part(record, part, bytes.substr(at, size), phones, identifiers, attributes)) return damaged();
    at += size;
  }
  return record;
}

}  // namespace handoff::people
