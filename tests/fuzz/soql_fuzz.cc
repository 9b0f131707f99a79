// A SOQL query, and the places that errors in a body and a JSON web token are told by: whatever stands there, reading
// it ends, with a query or a sentence that shows the place.
#include "face/salesforce/call.h"
#include "face/salesforce/json_web_token.h"
#include "face/salesforce/soql.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace sf = handoff::face::salesforce;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto query = sf::parse_soql(text);
  if (query) {
    handoff::fuzz::require(!query->object.empty(), "a query has an object");
    handoff::fuzz::require(query->count || !query->select.empty(), "a query asks for something");
  } else {
    handoff::fuzz::require(!query.error().for_caller.empty(), "a refusal has a sentence");
  }
  const std::size_t half = size / 2;
  sf::soql_like(text.substr(0, half), text.substr(half));
  sf::read_json_web_token(text);
  handoff::fuzz::require(sf::place_in_json(text, "/patient/0/fields").starts_with("[line:"), "a place is always told");
  return 0;
}
