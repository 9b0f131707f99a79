// Reading referrals.
#include "base/text.h"
#include "exchange/explain.h"
#include "exchange/summary.h"
#include "face/own/handlers.h"
#include "face/own/person_view.h"
#include "face/own/referral_view.h"

namespace handoff::face::own {
namespace {

using referral::ListFilter;
using referral::Referral;

struct SortWord {
  const char* word;
  referral::Sort sort;
};
constexpr std::array sort_words{
    SortWord{"-createdAt", referral::Sort::newest_first},
    SortWord{"createdAt", referral::Sort::oldest_first},
    SortWord{"updatedAt", referral::Sort::least_recently_updated},
};
constexpr std::size_t search_max = 200;

ListFilter read_filter(const Call& call, Faults& faults) {
  ListFilter filter;
  const auto unknown = [&](const char* name, const std::string& remedy) {
    faults.push_back({"?" + std::string(name), "property.unknown_value", remedy});
  };
  if (const auto* direction = call.parameter("direction")) {
    if (*direction != "received" && *direction != "sent") unknown("direction", "Either received or sent.");
    filter.direction = *direction == "sent" ? referral::Direction::sent : referral::Direction::received;
  }
  if (const auto* status = call.parameter("status")) {
    filter.status = referral::status_of(*status);
    if (!filter.status) unknown("status", "One of draft, submitted, booked, closed.");
  }
  if (const auto* sub_status = call.parameter("subStatus")) filter.sub_status = *sub_status;
  if (const auto* category = call.parameter("category")) {
    filter.category = referral::category_of(*category);
    if (!filter.category) {
      unknown("category",
              "One of requested, ready, received, accepted, in_progress, on_hold, completed, rejected, cancelled, "
              "failed, entered_in_error.");
    }
  }
  if (const auto* listing = call.parameter("listingId")) {
    const auto id = ListingId::parse(*listing);
    if (id) {
      filter.listing = *id;
    } else {
      faults.push_back({"?listingId", id.error().code, id.error().for_caller});
    }
  }
  filter.archived = call.flag("archived", faults).value_or(false);
  filter.has_integration_errors = call.flag("hasIntegrationErrors", faults);
  filter.updated_since = call.instant("updatedSince", faults);
  if (const auto* text = call.parameter("q"); text && !trim(*text).empty()) {
    if (utf8_length(*text) > search_max) faults.push_back({"?q", "property.too_long", "At most 200 characters."});
    filter.text = std::string(trim(*text));
  }
  if (const auto* sort = call.parameter("sort")) {
    const auto row = std::find_if(sort_words.begin(), sort_words.end(), [&](const auto& r) { return r.word == *sort; });
    if (row == sort_words.end()) {
      unknown("sort", "One of -createdAt (newest first), createdAt, updatedAt (longest untouched first).");
    } else {
      filter.sort = row->sort;
    }
  }
  filter.limit = call.limit(faults);
  filter.cursor = call.cursor();
  return filter;
}

Json event_json(const referral::Event& e) {
  return Json::object({{"id", e.id.text()},
                       {"changeId", e.change.text()},
                       {"referralId", e.referral.text()},
                       {"version", e.version},
                       {"type", referral::word(e.type)},
                       {"at", format_instant(e.at)},
                       {"actor", Json::object({{"kind", e.actor_kind},
                                               {"id", e.actor_id},
                                               {"name", e.actor_name},
                                               {"organizationId", e.actor_organization.text()}})},
                       {"side", referral::word(e.side)},
                       {"cause", e.cause},
                       {"facts", referral::to_json(e.facts)},
                       {"detail", e.detail}});
}

// One record of a referral by the path's second id.
template <class Item, class AnyId>
Result<net::Response> find_among(const std::vector<Item>& items, const AnyId& id, Json (*show)(const Item&),
                                 const char* what) {
  const auto found = std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.id == id; });
  if (found == items.end()) return Call::not_found(what);
  const Json shown = show(*found);
  return Call::json(200, shown, version_of(shown));
}

}  // namespace

Result<net::Response> list_referrals(Call& call) {
  Faults faults;
  const ListFilter filter = read_filter(call, faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  const auto page = HANDOFF_TRY(call.parts.referrals.list(call.organization(), filter));
  Json items = Json::array();
  std::vector<std::string> ids;
  std::map<OrganizationId, std::vector<referral::SubStatus>> rows;
  for (const Referral& r : page.items) {
    if (!rows.contains(r.owner)) rows[r.owner] = HANDOFF_TRY(call.parts.referrals.sub_statuses(r.owner));
    items.push_back(list_item_json(r, rows[r.owner], call.organization()));
    ids.push_back(r.id.text());
  }
  HANDOFF_TRY(call.looked_at_list("referral.list", "referral", std::move(ids)));
  return Call::page(std::move(items), page.next_cursor);
}

Result<net::Response> get_referral(Call& call) {
  const Referral r = HANDOFF_TRY(look_at_referral(call, "referral.read"));
  const auto rows = HANDOFF_TRY(call.parts.referrals.sub_statuses(r.owner));
  Json shown = referral_json(r, rows, call.organization());
  shown.set("person", HANDOFF_TRY(person_of_referral(call, r)));
  return Call::json(200, shown, r.version);
}

Result<net::Response> list_events(Call& call) {
  Faults faults;
  const std::size_t limit = call.limit(faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  const Referral r = HANDOFF_TRY(look_at_referral(call, "referral.read_events"));
  const auto page = HANDOFF_TRY(call.parts.referrals.events(call.organization(), r.id, limit, call.cursor()));
  Json items = Json::array();
  for (const auto& event : page.items) items.push_back(event_json(event));
  return Call::page(std::move(items), page.next_cursor);
}

Result<net::Response> list_messages(Call& call) {
  const Referral r = HANDOFF_TRY(look_at_referral(call, "referral.read_messages"));
  return page_by_key(
      call, HANDOFF_TRY(call.parts.referrals.messages(call.organization(), r.id)),
      [](const referral::Message& m) { return m.id.text(); }, message_json);
}

Result<net::Response> get_message(Call& call) {
  const Referral r = HANDOFF_TRY(look_at_referral(call, "referral.read_messages"));
  const auto id = HANDOFF_TRY(call.id<MessageId>(1, "message"));
  const auto messages = HANDOFF_TRY(call.parts.referrals.messages(call.organization(), r.id));
  return find_among(messages, id, message_json, "message");
}

Result<net::Response> list_notes(Call& call) {
  const Referral r = HANDOFF_TRY(look_at_referral(call, "referral.read_notes"));
  return page_by_key(
      call, HANDOFF_TRY(call.parts.referrals.notes(call.organization(), r.id)),
      [](const referral::Note& n) { return n.id.text(); }, note_json);
}

Result<net::Response> get_note(Call& call) {
  const Referral r = HANDOFF_TRY(look_at_referral(call, "referral.read_notes"));
  const auto id = HANDOFF_TRY(call.id<NoteId>(1, "note"));
  const auto notes = HANDOFF_TRY(call.parts.referrals.notes(call.organization(), r.id));
  return find_among(notes, id, note_json, "note");
}

Result<net::Response> get_appointment(Call& call) {
  const Referral r = HANDOFF_TRY(look_at_referral(call, "referral.read"));
  const auto id = HANDOFF_TRY(call.id<AppointmentId>(1, "appointment"));
  for (const auto& appointment : r.appointments) {
    if (appointment.id == id) return Call::json(200, referral::appointment_to_json(appointment), r.version);
  }
  return Call::not_found("appointment");
}

Result<net::Response> get_summary(Call& call) {
  const Referral r = HANDOFF_TRY(look_at_referral(call, "referral.read_summary"));
  // As of the last change, so that the same version of a referral gives the same bytes.
  const auto snapshot = HANDOFF_TRY(snapshot_of(call, r, r.updated_at));
  net::Response response;
  response.body = HANDOFF_TRY(exchange::render_summary(snapshot));
  response.headers.set("Content-Type", "application/pdf");
  response.headers.set("Content-Disposition", "inline; filename=\"" + std::string(exchange::summary_file_name) + "\"");
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("ETag",
                       "\"" + std::to_string(r.version) + "-" + hex(sha256(response.body)).substr(0, 12) + "\"");
  return response;
}

Result<net::Response> explain_referral(Call& call) {
  const Referral r = HANDOFF_TRY(look_at_referral(call, "referral.explain"));
  exchange::Reader& reader = call.parts.deliveries;
  const auto explained = [&](const exchange::Integration& integration) -> Result<Json> {
    const exchange::Connector* connector = call.parts.connectors.find(integration.connector);
    const auto facts =
        HANDOFF_TRY(exchange::gather(call.parts.referrals, reader, connector, call.organization(), r.id, integration));
    return exchange::to_json(exchange::explain(facts));
  };
  if (const std::string* wanted = call.parameter("integrationId")) {
    const auto id = IntegrationId::parse(*wanted);
    if (!id) return Call::not_found("integration");
    auto integration = HANDOFF_TRY(reader.integration(call.organization(), *id));
    if (!integration || integration->deleted) return Call::not_found("integration");
    return Call::json(200, HANDOFF_TRY(explained(*integration)));
  }
  std::vector<Json> every;
  for (auto& integration : HANDOFF_TRY(reader.integrations(call.organization())))
    every.push_back(HANDOFF_TRY(explained(integration)));
  return page_by_key(
      call, std::move(every), [](const Json& j) { return j["integrationId"].string(); },
      [](const Json& j) { return j; });
}

}  // namespace handoff::face::own
