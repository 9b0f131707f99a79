#include "face/own/integrations.h"

#include "base/text.h"
#include "face/own/handlers.h"

namespace handoff::face::own {
namespace {

using exchange::CommandAnswer;
using exchange::Connector;
using exchange::Integration;
using exchange::OfficeUnit;

constexpr std::size_t id_max = 64;
constexpr std::array fixed_members{"id", "version", "health", "createdAt", "warnings"};

const char* setting_type(exchange::SettingRule::Type type) {
  using T = exchange::SettingRule::Type;
  switch (type) {
    case T::text: return "text";
    case T::url: return "url";
    case T::integer: return "integer";
    case T::boolean: return "boolean";
    case T::list: return "list";
  }
  return "text";
}

Json sentences(const std::vector<std::string>& list) {
  Json out = Json::array();
  for (const auto& item : list) out.push_back(item);
  return out;
}

Json plan_json(directory::Plan plan) {
  return Json::object({{"code", directory::plan_code(plan)}, {"label", directory::plan_label(plan)}});
}

Json connector_json(const Connector& connector) {
  const exchange::Manifest& m = connector.manifest();
  Json settings = Json::array();
  for (const auto& rule : m.settings) {
    settings.push_back(Json::object({{"key", rule.key},
                                     {"label", rule.label},
                                     {"description", rule.description},
                                     {"type", setting_type(rule.type)},
                                     {"required", rule.required},
                                     {"secret", rule.secret},
                                     {"default", rule.fallback}}));
  }
  return Json::object({{"id", m.id},
                       {"name", m.name},
                       {"version", m.version},
                       {"description", m.description},
                       {"minimumPlan", plan_json(m.minimum_plan)},
                       {"defaultMode", exchange::word(m.default_mode)},
                       {"includeRouted", m.include_routed_default},
                       {"updates", m.updates},
                       {"reportsAcceptance", m.reports_acceptance},
                       {"appointments", m.appointments},
                       {"attachments", m.attachments},
                       {"summaryPdfRequired", m.summary_pdf_required},
                       {"idempotencyKey", m.idempotency_key},
                       {"canBeAsked", m.can_be_asked},
                       {"settlesWithinMs", static_cast<std::int64_t>(m.settles_within.count())},
                       {"fileBytesMax", m.file_bytes_max ? Json(static_cast<std::int64_t>(*m.file_bytes_max)) : Json()},
                       {"triggers", sentences(m.triggers)},
                       {"capabilities", sentences(m.capabilities)},
                       {"limitations", sentences(m.limitations)},
                       {"fees", m.fees},
                       {"settings", std::move(settings)},
                       {"profileHash", connector.profile_hash()}});
}

std::string place_key(std::size_t place) {
  const std::string digits = std::to_string(place);
  return std::string(4 - std::min<std::size_t>(digits.size(), 4), '0') + digits;
}

// Records that are always the same keep the order of their table.
template <class Item, class Show>
Result<net::Response> page_in_order(const Call& call, const std::vector<Item>& items, Show show) {
  std::vector<std::size_t> places(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) places[i] = i;
  return page_by_key(call, std::move(places), place_key, [&](std::size_t place) { return show(items[place]); });
}

// Every linked listing must be the organization's own.
void check_listings(const Call& call, OfficeUnit& unit, const Integration& integration, Faults& faults) {
  const auto own = unit.listings(call.organization());
  for (std::size_t i = 0; i < integration.listings.size(); ++i) {
    const bool known = std::any_of(own.begin(), own.end(), [&](const directory::Listing* listing) {
      return listing->id == integration.listings[i].listing;
    });
    if (!known)
      faults.push_back({"/listingIds/" + std::to_string(i), "listing.not_found",
                        "The organization has no such listing; GET /listings shows those there are."});
  }
}

Error plan_too_low(const exchange::Manifest& manifest, directory::Plan plan) {
  return Error{Kind::forbidden,
               "plan.connector_not_included",
               "The " + manifest.name + " integration needs the " + directory::plan_label(manifest.minimum_plan) +
                   " plan or higher; this organization is on " + directory::plan_label(plan) + ".",
               {},
               {}};
}

Error unknown_connector(const Call& call, const std::string& id) {
  const auto near = nearest(id, call.parts.connector_ids);
  return fault_error({{"/connector", id.empty() ? "property.required" : "connector.unknown",
                       near ? "There is no such connector; did you mean \"" + *near + "\"?"
                            : "One of " + join(call.parts.connector_ids, ", ") + "."}});
}

std::string integration_path(const IntegrationId& id) { return "/api/v1/integrations/" + id.text(); }

Result<const Integration*> standing_integration(const Call& call, OfficeUnit& unit, const IntegrationId& id) {
  const Integration* integration = unit.integration(call.organization(), id);
  if (!integration || integration->deleted) return Call::not_found("integration");
  return integration;
}

// A setting told as null is taken away, a secret one too.
void take_away_secrets(const Json& patch, Integration& into) {
  const Json& settings = patch["settings"];
  if (!settings.is_object()) return;
  for (const auto& [key, value] : settings.members()) {
    if (value.is_null()) into.secrets.erase(key);
  }
}

}  // namespace

Json integration_json(const Call& call, const Integration& integration) {
  std::vector<std::string> warnings;
  if (const Connector* connector = call.parts.connectors.find(integration.connector)) {
    warnings = exchange::integration_warnings(integration, connector->manifest());
  } else {
    warnings.emplace_back("The connector of this integration is not installed: nothing will be sent.");
  }
  return exchange::integration_to_json(integration, warnings);
}

Error connector_missing() {
  return Error{Kind::conflict,
               "connector.not_installed",
               "The connector of this integration is not installed on this server; ask its operator.",
               {},
               {}};
}

Result<Integration> find_integration(Call& call) {
  const auto id = HANDOFF_TRY(call.id<IntegrationId>(0, "integration"));
  auto integration = HANDOFF_TRY(call.parts.deliveries.integration(call.organization(), id));
  if (!integration || integration->deleted) return Call::not_found("integration");
  return std::move(*integration);
}

Result<net::Response> list_triggers(Call& call) {
  const std::vector<exchange::TriggerRow> rows(exchange::trigger_rows.begin(), exchange::trigger_rows.end());
  return page_in_order(call, rows, [](const exchange::TriggerRow& row) {
    return Json::object({{"id", row.id}, {"label", row.label}, {"description", row.description}});
  });
}

Result<net::Response> list_connectors(Call& call) {
  return page_in_order(call, call.parts.connector_ids, [&](const std::string& id) {
    const Connector* connector = call.parts.connectors.find(id);
    HANDOFF_ASSERT(connector != nullptr);
    return connector_json(*connector);
  });
}

Result<net::Response> validate_connector(Call& call) {
  Faults faults;
  call.members({"profile"}, faults);
  const std::string profile = call.text("profile", 1024 * 1024, faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  Json judged = call.parts.validate_profile(profile);
  if (judged["manifest"].is_object()) {
    Json manifest = judged["manifest"];
    if (const auto plan = directory::plan_of(manifest["minimumPlan"].text_or()))
      manifest.set("minimumPlan", plan_json(*plan));
    judged.set("manifest", std::move(manifest));
  }
  return call.answer(judged);
}

Result<net::Response> list_integrations(Call& call) {
  return page_by_key(
      call, HANDOFF_TRY(call.parts.deliveries.integrations(call.organization())),
      [](const Integration& i) { return i.id.text(); },
      [&](const Integration& i) { return integration_json(call, i); });
}

Result<net::Response> create_integration(Call& call) {
  if (!call.body.is_object()) return fault_error({{"", "property.wrong_type", "Send an object."}});
  const Json& wanted = call.body["connector"];
  if (!wanted.is_null() && !wanted.is_string())
    return fault_error({{"/connector", "property.wrong_type", "Send a text."}});
  const std::string connector_id = wanted.text_or();
  const Connector* connector = connector_id.size() > id_max ? nullptr : call.parts.connectors.find(connector_id);
  if (!connector) return unknown_connector(call, connector_id);
  return call.change({}, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    const directory::Organization* organization = unit.organization(call.organization());
    HANDOFF_ASSERT(organization != nullptr);
    // The plan comes before the body: nobody should mend a body that cannot be taken.
    if (organization->plan < connector->manifest().minimum_plan)
      return plan_too_low(connector->manifest(), organization->plan);
    Integration integration;
    Faults faults;
    exchange::read_integration(call.body, *connector, true, unit.now(), integration, faults);
    check_listings(call, unit, integration, faults);
    if (!faults.empty()) return fault_error(std::move(faults));
    integration.id = IntegrationId::make(unit.now(), unit.random());
    integration.organization = call.organization();
    integration.created_at = unit.now();
    unit.save(integration);
    unit.audit(call.organization(), "integration.create", "integration", integration.id.text(),
               Json::object({{"connector", integration.connector}}));
    return CommandAnswer{201, integration_json(call, integration), integration.version,
                         integration_path(integration.id)};
  });
}

Result<net::Response> get_integration(Call& call) {
  const Integration integration = HANDOFF_TRY(find_integration(call));
  return Call::json(200, integration_json(call, integration), integration.version);
}

Result<net::Response> patch_integration(Call& call) {
  const auto id = HANDOFF_TRY(call.id<IntegrationId>(0, "integration"));
  if (!call.body.is_object())
    return fault_error({{"", "property.wrong_type", "Send an object with the properties to change."}});
  return call.change({}, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    const Integration* standing = HANDOFF_TRY(standing_integration(call, unit, id));
    HANDOFF_TRY(call.match(standing->version));
    const Connector* connector = call.parts.connectors.find(standing->connector);
    if (!connector) return connector_missing();
    Json body = exchange::integration_to_json(*standing, {});
    for (const char* fixed : fixed_members) body.erase(fixed);
    Integration next = *standing;
    take_away_secrets(call.body, next);
    Faults faults;
    exchange::read_integration(merge_patch(std::move(body), call.body), *connector, false, unit.now(), next, faults);
    check_listings(call, unit, next, faults);
    if (!faults.empty()) return fault_error(std::move(faults));
    next.version += 1;
    // Whoever saves the settings has looked after them: what stood still for their sake is tried again.
    next.health = {};
    unit.save(next);
    unit.save_health(call.organization(), id, next.health);
    unit.close_notices(call.organization(), id);
    unit.wake(call.organization(), id);
    unit.audit(call.organization(), "integration.edit", "integration", id.text(),
               Json::object({{"version", next.version}}));
    return CommandAnswer{200, integration_json(call, next), next.version, {}};
  });
}

namespace {

constexpr std::size_t stop_page = 100;

// One round of stopping what is owed; how many it stopped.
Result<std::size_t> stop_some(Call& call, const IntegrationId& id) {
  std::vector<exchange::LaneKey> lanes;
  std::vector<DeliveryId> deliveries;
  for (int state = 0; exchange::is_open(static_cast<exchange::DeliveryState>(state)); ++state) {
    exchange::DeliveryFilter filter;
    filter.integration = id;
    filter.state = static_cast<exchange::DeliveryState>(state);
    filter.limit = stop_page;
    for (auto& found : HANDOFF_TRY(call.parts.deliveries.deliveries(call.organization(), filter)).items) {
      if (std::find(lanes.begin(), lanes.end(), found.delivery.lane) != lanes.end()) continue;
      lanes.push_back(found.delivery.lane);
      deliveries.push_back(found.delivery.id);
    }
    if (lanes.size() >= stop_page) break;
  }
  if (lanes.empty()) return std::size_t{0};
  std::size_t stopped = 0;
  exchange::Command command;
  command.actor = call.actor;
  command.cause = call.request.id;
  for (const auto& lane : lanes) command.needs.referrals.push_back(lane.referral);
  command.run = [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    stopped = 0;
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      // One that was settled between looking and now needs no stopping.
      const auto done = exchange::stop(unit, lanes[i], deliveries[i], "The integration is deleted.");
      if (!done && done.error().kind != Kind::conflict && done.error().kind != Kind::not_found) return done.error();
      stopped += done ? 1 : 0;
    }
    return CommandAnswer{};
  };
  HANDOFF_TRY(call.parts.ledger.run(std::move(command)));
  return stopped;
}

}  // namespace

Result<net::Response> delete_integration(Call& call) {
  Faults faults;
  const bool stop = call.flag("stop", faults).value_or(false);
  if (!faults.empty()) return fault_error(std::move(faults));
  const Integration integration = HANDOFF_TRY(find_integration(call));
  HANDOFF_TRY(call.match(integration.version));
  const std::int64_t owed = HANDOFF_TRY(call.parts.deliveries.owed(call.organization(), integration.id));
  if (owed > 0 && !stop) {
    return Error{Kind::conflict,
                 "integration.deliveries_owed",
                 "This integration still owes " + std::to_string(owed) + (owed == 1 ? " delivery" : " deliveries") +
                     ". Let them arrive, or delete it with ?stop=true, which stops them for good.",
                 {},
                 {}};
  }
  auto answer = call.change({}, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    Integration next = *HANDOFF_TRY(standing_integration(call, unit, integration.id));
    HANDOFF_TRY(call.match(next.version));
    next.deleted = true;
    next.enabled = false;
    next.secrets.clear();
    next.version += 1;
    unit.save(next);
    unit.close_notices(call.organization(), next.id);
    unit.audit(call.organization(), "integration.delete", "integration", next.id.text());
    return CommandAnswer{204, {}, std::nullopt, {}};
  });
  // Nothing new is made for a deleted integration, so stopping comes to an end.
  if (answer && stop) {
    while (HANDOFF_TRY(stop_some(call, integration.id)) > 0) {
    }
  }
  return answer;
}

Result<net::Response> list_integration_versions(Call& call) {
  const Integration integration = HANDOFF_TRY(find_integration(call));
  std::vector<std::int64_t> versions;
  for (std::int64_t version = 1; version <= integration.version; ++version) versions.push_back(version);
  Faults faults;
  const std::size_t limit = call.limit(faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  const auto after = HANDOFF_TRY(key_of_cursor(call.cursor()));
  const auto from = static_cast<std::size_t>(after ? parse_int(*after).value_or(0) : 0);
  Json items = Json::array();
  std::size_t at = std::min(from, versions.size());
  for (; at < versions.size() && items.size() < limit; ++at) {
    auto version =
        HANDOFF_TRY(call.parts.deliveries.integration_version(call.organization(), integration.id, versions[at]));
    if (version) items.push_back(integration_json(call, *version));
  }
  std::optional<std::string> next;
  if (at < versions.size()) next = cursor_after(std::to_string(at));
  return Call::page(std::move(items), next);
}

Result<net::Response> get_integration_version(Call& call) {
  const Integration integration = HANDOFF_TRY(find_integration(call));
  const auto number = parse_int(call.names[1]);
  if (!number) return Call::not_found("integration");
  const auto version =
      HANDOFF_TRY(call.parts.deliveries.integration_version(call.organization(), integration.id, *number));
  if (!version) return Call::not_found("integration");
  return Call::json(200, integration_json(call, *version), version->version);
}

}  // namespace handoff::face::own
