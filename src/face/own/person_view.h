// A person, and a question about one, as a reader is shown them.
#pragma once

#include "face/own/call.h"
#include "people/reader.h"

namespace handoff::face::own {

// The person with what survives of its records. `requested`: under which id it was asked for.
Result<Json> person_json(Call& call, const people::Person& person, const std::optional<PersonId>& requested);
Json short_person_json(const people::Person& person, const Json& survivor);
// {registrant, sources} over at most as many records as are shown.
Result<Json> survivor_json(Call& call, const PersonId& person);
Result<Json> review_json(Call& call, const people::Review& review);
Json merge_json(const people::Merge& merge);
Json split_json(const people::Split& split);
Json assertion_json(const people::Assertion& assertion);
Json stream_event_json(const people::StreamEvent& event);

// The referral's person with its other referrals here and the questions still open about it.
Result<Json> person_of_referral(Call& call, const referral::Referral& referral);

// Ids of records in a member of the body, none where it is left out; each wrong one is a fault.
std::vector<SourceRecordId> record_ids(const Call& call, const char* key, Faults& faults);

template <class AnyId>
Json ids_json(const std::vector<AnyId>& ids) {
  Json out = Json::array();
  for (const auto& id : ids) out.push_back(id.text());
  return out;
}

// Whoever goes on for the person of this id today. Error "person.not_found".
Result<people::Person> find_person(Call& call, const PersonId& id);

}  // namespace handoff::face::own
