// Listings with their forms, and the sub-statuses an organization works with.
#include "base/text.h"
#include "face/own/handlers.h"

namespace handoff::face::own {
namespace {

using directory::Listing;
using exchange::CommandAnswer;
using exchange::OfficeUnit;
using referral::SubStatus;

constexpr std::size_t code_max = 64, label_max = 200;

Json link_json(const exchange::Integration& integration, const ListingId& listing) {
  for (const auto& link : integration.listings) {
    if (link.listing == listing) {
      return Json::object({{"id", integration.id.text()},
                           {"name", integration.name},
                           {"connector", integration.connector},
                           {"since", format_instant(link.since)}});
    }
  }
  return {};
}

// The listing with the integrations it is linked to, for its own organization.
template <class Integrations>
Json own_listing_json(const Listing& listing, const Integrations& integrations) {
  Json out = directory::listing_to_json(listing);
  Json links = Json::array();
  for (const auto& each : integrations) {
    const exchange::Integration* integration = nullptr;
    if constexpr (std::is_pointer_v<std::decay_t<decltype(each)>>) {
      integration = each;
    } else {
      integration = &each;
    }
    if (integration->deleted) continue;
    Json link = link_json(*integration, listing.id);
    if (!link.is_null()) links.push_back(std::move(link));
  }
  out.set("integrations", std::move(links));
  return out;
}

// What others see of a listing that is open to the exchange.
Result<Json> exchange_listing_json(Call& call, const Listing& listing) {
  const auto owner = HANDOFF_TRY(call.parts.referrals.organization(listing.organization));
  const Json whole = directory::listing_to_json(listing);
  return Json::object({{"id", whole["id"]},
                       {"name", whole["name"]},
                       {"description", whole["description"]},
                       {"organization", Json::object({{"id", listing.organization.text()},
                                                      {"name", owner ? Json(owner->name) : Json()}})},
                       {"registrantRequired", whole["registrantRequired"]},
                       {"form", whole["form"]}});
}

CommandAnswer listing_answer(const Call& call, OfficeUnit& unit, const Listing& listing, int status) {
  return {status, own_listing_json(listing, unit.integrations(call.organization())), listing.version,
          status == 201 ? "/api/v1/listings/" + listing.id.text() : ""};
}

Json sub_status_json(const SubStatus& row) {
  return Json::object({{"code", row.code}, {"label", row.label}, {"category", referral::word(row.category)}});
}

std::optional<referral::Category> read_category(const Call& call, Faults& faults) {
  const std::string word = call.text("category", code_max, faults);
  const auto category = referral::category_of(word);
  if (!category && !word.empty()) {
    faults.push_back({"/category", "property.unknown_value",
                      "One of requested, ready, received, accepted, in_progress, on_hold, completed, rejected, "
                      "cancelled, failed, entered_in_error."});
  }
  return category;
}

// "Waiting for bed (floor 2)" gives waiting_for_bed_floor_2.
std::string code_from(std::string_view label) {
  std::string code;
  for (const char c : ascii_lower(label)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain) {
      code.push_back(c);
    } else if (!code.empty() && code.back() != '_') {
      code.push_back('_');
    }
  }
  while (!code.empty() && code.back() == '_') code.pop_back();
  return code.substr(0, code_max);
}

bool is_code(std::string_view code) {
  return !code.empty() && code.size() <= code_max && std::all_of(code.begin(), code.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

const SubStatus* find_row(const std::vector<SubStatus>& rows, std::string_view code) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const SubStatus& row) { return row.code == code; });
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace

Result<net::Response> list_listings(Call& call) {
  bool of_others = false;
  if (const auto* scope = call.parameter("scope")) {
    if (*scope != "own" && *scope != "exchange")
      return fault_error({{"?scope", "property.unknown_value", "Either own or exchange."}});
    of_others = *scope == "exchange";
  }
  const auto key = [](const Listing& listing) { return listing.id.text(); };
  if (!of_others) {
    const auto integrations = HANDOFF_TRY(call.parts.deliveries.integrations(call.organization()));
    return page_by_key(call, HANDOFF_TRY(call.parts.referrals.listings(call.organization())), key,
                       [&](const Listing& listing) { return own_listing_json(listing, integrations); });
  }
  std::vector<Json> shown;
  for (const auto& listing : HANDOFF_TRY(call.parts.referrals.exchange_listings(call.organization())))
    shown.push_back(HANDOFF_TRY(exchange_listing_json(call, listing)));
  return page_by_key(
      call, std::move(shown), [](const Json& j) { return j["id"].string(); }, [](const Json& j) { return j; });
}

Result<net::Response> create_listing(Call& call) {
  Listing listing;
  Faults faults;
  directory::read_listing(call.body, listing, faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  listing.id = ListingId::make(call.now(), call.parts.random);
  listing.organization = call.organization();
  listing.created_at = call.now();
  return call.change({}, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    unit.save(listing);
    unit.audit(listing.organization, "listing.create", "listing", listing.id.text());
    return listing_answer(call, unit, listing, 201);
  });
}

Result<net::Response> get_listing(Call& call) {
  const auto id = HANDOFF_TRY(call.id<ListingId>(0, "listing"));
  const auto listing = HANDOFF_TRY(call.parts.referrals.listing(call.organization(), id));
  if (!listing) return Call::not_found("listing");
  if (listing->organization != call.organization())
    return Call::json(200, HANDOFF_TRY(exchange_listing_json(call, *listing)), listing->version);
  const auto integrations = HANDOFF_TRY(call.parts.deliveries.integrations(call.organization()));
  return Call::json(200, own_listing_json(*listing, integrations), listing->version);
}

Result<net::Response> patch_listing(Call& call) {
  const auto id = HANDOFF_TRY(call.id<ListingId>(0, "listing"));
  if (!call.body.is_object())
    return fault_error({{"", "property.wrong_type", "Send an object with the properties to change."}});
  exchange::Needs needs;
  needs.listings.push_back(id);
  return call.change(std::move(needs), [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    const Listing* standing = unit.listing(id);
    if (!standing || standing->organization != call.organization()) return Call::not_found("listing");
    HANDOFF_TRY(call.match(standing->version));
    Json body = directory::listing_to_json(*standing);
    for (const char* fixed : {"id", "organizationId", "version", "createdAt"}) body.erase(fixed);
    Listing next = *standing;
    Faults faults;
    directory::read_listing(merge_patch(std::move(body), call.body), next, faults);
    if (faults.empty() && standing->name == directory::unassigned_listing_name && next.name != standing->name)
      faults.push_back({"/name", "listing.unassigned_is_fixed",
                        "Every organization keeps its listing Unassigned; make another one instead."});
    if (!faults.empty()) return fault_error(std::move(faults));
    if (directory::listing_to_json(next) == directory::listing_to_json(*standing))
      return listing_answer(call, unit, next, 200);  // a save that changes nothing is no change
    next.version += 1;
    unit.save(next);
    unit.audit(next.organization, "listing.edit", "listing", id.text(), Json::object({{"version", next.version}}));
    return listing_answer(call, unit, next, 200);
  });
}

Result<net::Response> list_sub_statuses(Call& call) {
  const auto rows = HANDOFF_TRY(call.parts.referrals.sub_statuses(call.organization()));
  // Rows are only ever added at the end, so their place is as good as a name.
  std::vector<std::size_t> places(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) places[i] = i;
  const auto key = [](std::size_t place) {
    const std::string digits = std::to_string(place);
    return std::string(8 - std::min<std::size_t>(digits.size(), 8), '0') + digits;
  };
  return page_by_key(call, std::move(places), key, [&](std::size_t place) { return sub_status_json(rows[place]); });
}

Result<net::Response> create_sub_status(Call& call) {
  Faults faults;
  call.members({"code", "label", "category"}, faults);
  const std::string label = call.text("label", label_max, faults);
  const auto category = read_category(call, faults);
  const std::string code = call.optional_text("code", code_max, faults).value_or(code_from(label));
  if (!label.empty() && !is_code(code))
    faults.push_back({"/code", "sub_status.bad_code", "A code holds small letters, digits and _ only, at most 64."});
  if (!faults.empty()) return fault_error(std::move(faults));
  return call.change({}, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    if (find_row(unit.sub_statuses(call.organization()), code))
      return Error{Kind::conflict,
                   "sub_status.exists",
                   "There is a sub-status with this code already; rename it or choose another code.",
                   {},
                   {}};
    const SubStatus row{code, label, *category};
    unit.save(call.organization(), row);
    unit.audit(call.organization(), "sub_status.create", "sub_status", code);
    Json shown = sub_status_json(row);
    const auto version = version_of(shown);
    return CommandAnswer{201, std::move(shown), version, "/api/v1/sub-statuses/" + code};
  });
}

Result<net::Response> get_sub_status(Call& call) {
  const auto rows = HANDOFF_TRY(call.parts.referrals.sub_statuses(call.organization()));
  const SubStatus* row = find_row(rows, call.names[0]);
  if (!row) return Call::not_found("sub_status");
  const Json shown = sub_status_json(*row);
  return Call::json(200, shown, version_of(shown));
}

Result<net::Response> patch_sub_status(Call& call) {
  Faults faults;
  call.members({"label"}, faults);
  const std::string label = call.text("label", label_max, faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  return call.change({}, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    const SubStatus* standing = find_row(unit.sub_statuses(call.organization()), call.names[0]);
    if (!standing) return Call::not_found("sub_status");
    HANDOFF_TRY(call.match(version_of(sub_status_json(*standing))));
    SubStatus next = *standing;
    next.label = label;
    if (next.label != standing->label) {
      unit.save(call.organization(), next);
      unit.audit(call.organization(), "sub_status.rename", "sub_status", next.code);
    }
    Json shown = sub_status_json(next);
    const auto version = version_of(shown);
    return CommandAnswer{200, std::move(shown), version, {}};
  });
}

}  // namespace handoff::face::own
