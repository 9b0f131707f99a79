// Ids of the CRM data model: 15 characters in which case matters, and 18 with three more that say where the capitals
// are, for systems that lose case. 15 are stored, 18 are shown, both are understood. (Salesforce, "What is the
// difference between 15 and 18 digit IDs".)
//
// Published samples hold ids whose last three characters do not fit the others. Such an id is *lenient*: it names a
// record only where that record was registered under it, and then by all of its 18 characters, whatever they say.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/time.h"

namespace handoff::record {

// The three characters that go with 15.
std::string suffix_of(std::string_view fifteen);

// True for 15 or 18 letters and digits.
bool has_id_form(std::string_view text);

// The 15 characters an id stands for. Given 18 in wrong case, the case is restored from the last three. Nothing where
// the text has no id's form, or the last three do not fit.
std::optional<std::string> plain_id(std::string_view text);

// Under which ids a record may be stored that is asked for by `text`, the likeliest first: a lenient id by all of its
// characters, then the 15 it may stand for. Empty where the text has no id's form.
std::vector<std::string> stored_ids(std::string_view text);

// What is stored for a record registered as `text`: 15 characters, or all 18 of a lenient one.
std::string registered_id(std::string_view text);

// A stored id as it is shown: always 18 characters.
std::string shown_id(std::string_view stored);

// A new id. Those of one prefix sort by time: seven characters of milliseconds, five of chance.
std::string make_id(std::string_view prefix, Instant now, Random& random);

// An id that stands for something kept elsewhere (an organization, a client): the same for the same text.
std::string derived_id(std::string_view prefix, std::string_view text);

}  // namespace handoff::record
