// Checking values that come from outside against the table of objects. Every fault at once; a fault's pointer is the
// field's name behind a slash.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "record/object.h"

namespace handoff::record {

enum class Write { create, change };

// The value as it is kept: dates and times in one spelling, booleans and numbers also from texts, ids by their stored
// form being left to whoever looks the records up. Nothing, and a fault, where it is not of the field's type.
//   record.wrong_type, record.text_too_long, record.value_not_offered, record.bad_email, record.id_malformed
std::optional<Json> read_value(const Field& field, const Json& value, Faults& faults);

// {name: value} with the names in the table's spelling. Beside the faults of values:
//   record.unknown_field   no such field of the object
//   record.not_writable    the system's own, or given once and for all
//   record.field_missing   a required one is absent or empty, on create; or is emptied by a change
Json read_fields(const Object& object, const Json& fields, Write write, Faults& faults);

// How the value of a keyed field is looked up: ids by their stored form, texts without regard to case.
std::string key_of(const Field& field, std::string_view value);

// The objects a reference may name, and whether one of them is `object`.
bool may_name(const Field& field, std::string_view object);

// An instant as this data model writes it: "2026-01-31T09:15:00.000+0000". The reader takes RFC 3339 as well.
std::string format_date_time(Instant at);
std::optional<Instant> read_date_time(std::string_view text);

}  // namespace handoff::record
