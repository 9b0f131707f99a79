#include "sync/destination.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "people/fold.h"
#include "sync/words.h"

namespace handoff::sync {
namespace {
constexpr std::array legal_suffixes{"inc", "incorporated", "llc",  "ltd", "limited", "corp", "corporation",
                                    "co",  "company",      "pllc", "pc",  "lp",      "llp"};

bool named(const std::vector<std::string>& names, const std::string& folded) {
  return std::any_of(names.begin(), names.end(), [&](const auto& name) { return fold_name(name) == folded; });
}
}  // namespace

std::string fold_name(std::string_view name) {
  std::vector<std::string> words = people::words(people::fold(name));
  const auto is_suffix = [](const std::string& word) {
    return std::find(legal_suffixes.begin(), legal_suffixes.end(), word) != legal_suffixes.end();
  };
  while (words.size() > 1 && is_suffix(words.back())) words.pop_back();
  return join(words, " ");
}

bool same_destination(const Destination& a, const Destination& b) {
  if (!a.contact_id.empty() && !b.contact_id.empty()) return a.contact_id == b.contact_id;
  return fold_name(a.name.reveal()) == fold_name(b.name.reveal());
}

std::vector<std::string> destination_keys(const Destination& destination) {
  std::vector<std::string> keys;
  if (!destination.contact_id.empty()) keys.push_back(destination.contact_id);
  const std::string folded = fold_name(destination.name.reveal());
  if (!folded.empty()) keys.push_back("name:" + folded);
  return keys;
}

Target resolve(const Destination& destination, const EmrConnection& connection, const PullState& state,
               const std::vector<const DestinationLink*>& links) {
  Target out;
  const std::vector<std::string> keys = destination_keys(destination);
  if (keys.empty()) return out;
  for (const auto& key : keys) {
    const auto link = std::find_if(links.begin(), links.end(),
                                   [&](const DestinationLink* one) { return one != nullptr && one->key == key; });
    if (link == links.end()) continue;
    const DestinationLink& found = **link;
    if (!found.disposition.empty()) {
      out.kind = TargetKind::non_destination;
    } else if (found.listing) {
      out.kind = TargetKind::listing;
      out.listing = found.listing;
      out.text = "listing:" + found.listing->text();
    } else {
      out.kind = TargetKind::recipient;
      out.recipient = found.recipient;
      out.text = "recipient:" + key + ":" + found.recipient["name"].text_or();
    }
    return out;
  }
  const std::string folded = fold_name(destination.name.reveal());
  if (named(connection.non_destinations, folded)) {
    out.kind = TargetKind::non_destination;
    return out;
  }
  const bool own = named(connection.own_locations, folded) ||
                   std::any_of(state.locations.begin(), state.locations.end(),
                               [&](const auto& one) { return fold_name(one.second) == folded; });
  if (own && !folded.empty()) {
    out.kind = TargetKind::internal_transfer;
    return out;
  }
  out.kind = TargetKind::unmapped;
  const std::string name(trim(destination.name.reveal()));
  out.recipient =
      Json::object({{"name", name.empty() ? Json("Contact " + destination.contact_id) : Json(utf8_prefix(name, 200))},
                    {"contactId", text_or_null(destination.contact_id)}});
  out.text = "unmapped:" + keys.front();
  return out;
}

}  // namespace handoff::sync
