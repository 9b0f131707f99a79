// "Discharge/Transition To (Discharging To)": when two values are one destination, and what a destination is here.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sync/connection.h"
#include "sync/record.h"

namespace handoff::sync {

// Trimmed, spaces collapsed, case and quotes folded, legal suffixes (Inc, LLC, …) dropped (kipu-dazos, 10.2).
std::string fold_name(std::string_view name);
// Equal contact ids; or equal folded names where either id is absent.
bool same_destination(const Destination& a, const Destination& b);
// Where a link may stand: under the contact id, else under "name:" and the folded name. Empty for an empty one.
std::vector<std::string> destination_keys(const Destination& destination);

enum class TargetKind { none, non_destination, internal_transfer, listing, recipient, unmapped };

struct Target {
  TargetKind kind = TargetKind::none;
  std::string text;  // "listing:lst_…", "recipient:…", "unmapped:…": compares one target with another
  std::optional<ListingId> listing;  // kind listing
  Json recipient;                    // kinds recipient and unmapped: {name, contactId}
  bool real() const {
    return kind == TargetKind::listing || kind == TargetKind::recipient || kind == TargetKind::unmapped;
  }
};

// `links`: those of the connection under destination_keys(); others are passed over. A link by hand comes before the
// lists of non-destinations and own locations.
Target resolve(const Destination& destination, const EmrConnection& connection, const PullState& state,
               const std::vector<const DestinationLink*>& links);

}  // namespace handoff::sync
