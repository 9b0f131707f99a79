// The objects of the CRM data model that are kept here, as one table: a face describes, checks and shows them from it.
// Names, types and values are those of the Health Cloud Developer Guide.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace handoff::record {

enum class FieldType {
  id,
  text,
  text_area,
  picklist,
  multi_picklist,
  boolean,
  date,
  date_time,
  number,
  phone,
  email,
  url,
  reference,
  base64,
};

// How a field may be used; combined with |.
enum : unsigned {
  plain = 0,
  required = 1,         // on create
  read_only = 2,        // the system's: neither created nor changed by a caller
  once = 4,             // given on create and never changed
  restricted = 8,       // of a picklist: other values than the listed ones are refused
  keyed = 16,           // found without looking through every record
  not_filterable = 32,  // no condition of a query may name it
  of_person = 64,       // of an account: only where it is a person
  hidden = 128,         // a key of ours: no caller sees or names it
};

struct Field {
  const char* name;
  const char* label;
  FieldType type;
  unsigned length;     // characters; 0 where it has none
  unsigned use;        // see above
  const char* values;  // of a picklist, with ';' between; the objects a reference may name
  const char* parent;  // of a reference: the name under which a query walks to it; "" for none
};

// Under which persons' accounts of one name are found: "okoro|ines".
inline constexpr const char* person_name_key = "PersonNameKey";

struct Object {
  const char* name;    // "MemberPlan"
  const char* label;   // "Member Plan"
  const char* plural;  // "Member Plans"
  const char* prefix;  // of its ids
  std::span<const Field> fields;
};

std::span<const Object> objects();
const Object* find_object(std::string_view name);       // by its name; letter case does not matter
const Object* object_labelled(std::string_view label);  // "Member Plan", as `detailRecordType` names it
const Object* object_of_prefix(std::string_view id);
// The name of the object that ids of this prefix belong to, of those not kept here, too ("User"); "" for unknown ones.
std::string_view object_name_of_prefix(std::string_view id);

// What every record has: Id, CreatedDate, LastModifiedDate, SystemModstamp, IsDeleted, OwnerId …
std::span<const Field> system_fields();
// An object's own or a system field, hidden ones left out; letter case does not matter.
const Field* find_field(const Object& object, std::string_view name);
// The reference whose records a query reaches as `name`.Field.
const Field* find_parent(const Object& object, std::string_view name);
// The words of `values`.
std::vector<std::string> words_of(const char* values);

}  // namespace handoff::record
