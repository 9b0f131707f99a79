#include "people/registrant.h"

#include "base/text.h"
#include "base/time.h"
#include "people/keys.h"
#include "people/normalize.h"
#include "people/recognize.h"

namespace handoff::people {
namespace {

Text text_of(const Json& value) { return Text(value.text_or()); }

}  // namespace

Registrant registrant_of(const Json& from) {
  Registrant out;
  out.first_name = text_of(from["firstName"]);
  out.middle_name = text_of(from["middleName"]);
  out.last_name = text_of(from["lastName"]);
  out.birth_date = text_of(from["birthDate"]);
  out.gender = text_of(from["gender"]);
  const Json& address = from["address"];
  out.line = text_of(address["line"]);
  out.city = text_of(address["city"]);
  out.province = text_of(address["province"]);
  out.country = text_of(address["country"]);
  out.postal_code = text_of(address["postalCode"]);
  for (const char* which : {"main", "alternate"}) {
    const Json& phone = from["phones"][which];
    if (phone.is_string()) out.phones.emplace_back(phone.string());
  }
  if (from["email"].is_string()) out.emails.emplace_back(from["email"].string());
  if (from["identifiers"].is_array()) {
    for (const Json& identifier : from["identifiers"].items()) {
      if (identifier["system"].is_string() && identifier["value"].is_string())
        out.identifiers.push_back({identifier["system"].string(), text_of(identifier["value"]), true});
    }
  }
  return out;
}

std::shared_ptr<const Prepared> prepare(const Registrant& registrant, Instant now) {
  auto out = std::make_shared<Prepared>();
  Locale locale;
  locale.year_now = static_cast<int>(parse_int(Date::of(now).text().substr(0, 4)).value_or(locale.year_now));
  out->record = normalize(registrant, locale);
  out->probe = probe_keys(out->record);
  out->stored = stored_keys(out->record);
  out->bytes = serialize(out->record);
  return out;
}

}  // namespace handoff::people
