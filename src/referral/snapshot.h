// A referral as a destination is told of it: one consistent picture, taken when a delivery first leaves and kept with
// it until the delivery is settled, so that every retry says the same.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "referral/referral.h"

namespace handoff::referral {

struct Snapshot {
  Referral referral;
  std::optional<directory::Listing> listing;  // name and form, labels and order of the answers
  std::string sender_name;                    // "" where there is none
  std::string receiver_name;
  std::string sub_status_label;
  std::vector<Message> messages;  // between the two sides, oldest first; never internal notes
  Instant taken_at{};             // decides which appointment is the next one
};

Json to_json(const Snapshot& snapshot);  // for keeping with the delivery
Result<Snapshot> snapshot_from_json(const Json& json);

// One datum under the label a person knows it by. `path` addresses it in the API's JSON ("registrant.birthDate",
// "answers.livingSituation", "appointments.0.start"); empty for derived lines.
struct Datum {
  std::string section;  // "Registrant", "Requester", "Answers", …
  std::string path;
  std::string label;
  Text value;  // as text a person reads; may hold line breaks
};
// Every datum of the snapshot, in the order a person expects: header, registrant, requester, answers in form order,
// details, notes, appointments, messages, attachments. Nothing that has a value is left out. The one list that the
// summary PDF, the note field and the coverage of a mapping are made from.
std::vector<Datum> all_data(const Snapshot& snapshot);
// The value at a path of the API's JSON as text, nothing where it is absent or null. Values unchanged ("fr", "female").
std::optional<Text> value_at(const Snapshot& snapshot, std::string_view path);

}  // namespace handoff::referral
