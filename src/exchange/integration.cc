#include "exchange/integration.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "referral/intake.h"

namespace handoff::exchange {
namespace {

constexpr std::array mode_words{"once", "until_accepted", "every"};
constexpr const char* write_only = "write-only";

Json texts(const std::vector<std::string>& list) {
  Json out = Json::array();
  for (const auto& item : list) out.push_back(item);
  return out;
}

std::vector<std::string> read_triggers(const Json& value, const char* pointer, const Integration& integration,
                                       Faults& faults) {
  std::vector<std::string> out;
  if (value.is_null()) return out;
  if (!value.is_array()) {
    faults.push_back({pointer, "property.wrong_type", "Send a list of trigger ids; GET /triggers lists them."});
    return out;
  }
  std::vector<std::string> known;
  for (const auto& row : trigger_rows) known.emplace_back(row.id);
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string at = std::string(pointer) + "/" + std::to_string(i);
    const Json& item = value.items()[i];
    if (!item.is_string() || !is_trigger(item.string())) {
      const auto near = item.is_string() ? nearest(item.string(), known) : std::nullopt;
      faults.push_back({at, "trigger.unknown",
                        near ? "There is no such trigger; did you mean \"" + *near + "\"?"
                             : "There is no such trigger; GET /triggers lists them."});
    } else if ((item.string() == "referral.sent") != (integration.side == IntegrationSide::sent) &&
               (item.string() == "referral.sent" || item.string() == "referral.received")) {
      faults.push_back({at, "trigger.other_side",
                        integration.side == IntegrationSide::sent
                            ? "An integration of the sending side uses referral.sent in place of referral.received."
                            : "referral.sent is for integrations of the sending side."});
    } else if (std::find(out.begin(), out.end(), item.string()) == out.end()) {
      out.push_back(item.string());
    }
  }
  return out;
}

void read_flag(const Json& body, const char* key, bool& into, Faults& faults) {
  const Json& value = body[key];
  if (value.is_null()) return;
  if (!value.is_bool()) {
    faults.push_back({std::string("/") + key, "property.wrong_type", "Send true or false."});
  } else {
    into = value.boolean();
  }
}

// The process patterns of the founding documents.
void apply_preset(const std::string& preset, Integration& into, Faults& faults) {
  const std::vector<std::string> updates{"referral.edited", "appointment.booked",    "appointment.changed",
                                         "closed",          "message.from_provider", "message.from_requester"};
  if (preset == "handoff_at_end") {
    into.triggers = {"closed.completed"};
    into.update_triggers.clear();
    into.mode = Mode::once;
  } else if (preset == "import_when_received" || preset == "import_when_accepted") {
    into.triggers = {preset == "import_when_received"
                         ? (into.side == IntegrationSide::sent ? "referral.sent" : "referral.received")
                         : "substatus.accepted"};
    into.update_triggers = updates;
    into.mode = Mode::until_accepted;
  } else {
    faults.push_back({"/preset", "integration.unknown_preset",
                      "One of handoff_at_end, import_when_received, import_when_accepted."});
  }
}

void read_setting(const SettingRule& rule, const Json& value, Integration& into, Faults& faults) {
  const std::string at = "/settings/" + rule.key;
  if (rule.secret) {
    if (!value.is_string()) {
      faults.push_back({at, "property.wrong_type", "Send a text."});
    } else if (value.string() != write_only) {
      into.secrets.insert_or_assign(rule.key, Secret(value.string()));
    }
    return;
  }
  const bool fits = rule.type == SettingRule::Type::integer   ? value.is_integer()
                    : rule.type == SettingRule::Type::boolean ? value.is_bool()
                    : rule.type == SettingRule::Type::list    ? value.is_array()
                                                              : value.is_string();
  if (!fits) {
    faults.push_back({at, "property.wrong_type", rule.label + " is of another type."});
    return;
  }
  if (rule.type == SettingRule::Type::url) {
    const std::string& url = value.string();
    if (!url.starts_with("http://") && !url.starts_with("https://")) {
      faults.push_back({at, "setting.bad_url", "Write an address that starts with https:// or http://."});
      return;
    }
  }
  into.settings.set(rule.key, value);
}

}  // namespace

const char* word(Mode mode) { return mode_words[static_cast<std::size_t>(mode)]; }
std::optional<Mode> mode_of(std::string_view word) {
  for (std::size_t i = 0; i < mode_words.size(); ++i) {
    if (word == mode_words[i]) return static_cast<Mode>(i);
  }
  return std::nullopt;
}

bool linked(const Integration& integration, const ListingId& listing) {
  return std::any_of(integration.listings.begin(), integration.listings.end(),
                     [&](const ListingLink& link) { return link.listing == listing; });
}

Json integration_to_json(const Integration& i, const std::vector<std::string>& warnings) {
  Json settings = i.settings;
  for (const auto& [key, secret] : i.secrets) settings.set(key, write_only);
  Json listings;
  if (i.side == IntegrationSide::received) {
    listings = Json::array();
    for (const auto& link : i.listings) listings.push_back(link.listing.text());
  }
  return Json::object(
      {{"id", i.id.text()},
       {"name", i.name},
       {"connector", i.connector},
       {"side", word(i.side)},
       {"listingIds", std::move(listings)},
       {"enabled", i.enabled},
       {"settings", std::move(settings)},
       {"triggers", texts(i.triggers)},
       {"updateTriggers", texts(i.update_triggers)},
       {"includeRouted", i.include_routed},
       {"editedIncludesStatus", i.edited_includes_status},
       {"arrivalFiresSubStatus", i.arrival_fires_sub_status},
       {"mode", word(i.mode)},
       {"summaryPdf", i.summary_pdf},
       {"attachments", i.attachments},
       {"mapping", i.mapping},
       {"test", i.test},
       {"version", i.version},
       {"health", Json::object({{"state", i.health.misconfigured ? "misconfigured" : "ok"},
                                {"sentence", i.health.misconfigured ? Json(i.health.sentence) : Json()},
                                {"since", i.health.since ? Json(format_instant(*i.health.since)) : Json()}})},
       {"createdAt", format_instant(i.created_at)},
       {"warnings", texts(warnings)}});
}

Json integration_to_stored(const Integration& i) {
  Json listings = Json::array();
  for (const auto& link : i.listings)
    listings.push_back(Json::object({{"id", link.listing.text()}, {"since", to_ms(link.since)}}));
  return Json::object({{"name", i.name},
                       {"connector", i.connector},
                       {"side", word(i.side)},
                       {"listings", std::move(listings)},
                       {"enabled", i.enabled},
                       {"settings", i.settings},
                       {"triggers", texts(i.triggers)},
                       {"updateTriggers", texts(i.update_triggers)},
                       {"includeRouted", i.include_routed},
                       {"editedIncludesStatus", i.edited_includes_status},
                       {"arrivalFiresSubStatus", i.arrival_fires_sub_status},
                       {"mode", word(i.mode)},
                       {"summaryPdf", i.summary_pdf},
                       {"attachments", i.attachments},
                       {"mapping", i.mapping},
                       {"test", i.test},
                       {"deleted", i.deleted},
                       {"hookTokenHash", i.hook_token_hash},
                       {"createdAt", to_ms(i.created_at)}});
}

void integration_from_stored(const Json& s, Integration& i) {
  const auto list = [&](const char* key) {
    std::vector<std::string> out;
    if (s[key].is_array()) {
      for (const auto& item : s[key].items()) out.push_back(item.text_or());
    }
    return out;
  };
  i.name = s["name"].text_or();
  i.connector = s["connector"].text_or();
  i.side = s["side"].text_or() == "sent" ? IntegrationSide::sent : IntegrationSide::received;
  i.listings.clear();
  if (s["listings"].is_array()) {
    for (const auto& link : s["listings"].items())
      i.listings.push_back({ListingId::trusted(link["id"].text_or()), from_ms(link["since"].int_or(0))});
  }
  i.enabled = s["enabled"].bool_or(true);
  i.settings = s["settings"];
  i.triggers = list("triggers");
  i.update_triggers = list("updateTriggers");
  i.include_routed = s["includeRouted"].bool_or(false);
  i.edited_includes_status = s["editedIncludesStatus"].bool_or(false);
  i.arrival_fires_sub_status = s["arrivalFiresSubStatus"].bool_or(false);
  i.mode = mode_of(s["mode"].text_or()).value_or(Mode::once);
  i.summary_pdf = s["summaryPdf"].bool_or(true);
  i.attachments = s["attachments"].bool_or(true);
  i.mapping = s["mapping"];
  i.test = s["test"].bool_or(false);
  i.deleted = s["deleted"].bool_or(false);
  i.hook_token_hash = s["hookTokenHash"].text_or();
  i.created_at = from_ms(s["createdAt"].int_or(0));
}

void read_integration(const Json& body, const Connector& connector, bool creating, Instant now, Integration& into,
                      Faults& faults) {
  const Manifest& manifest = connector.manifest();
  std::vector<std::string> known{"name",
                                 "connector",
                                 "side",
                                 "listingIds",
                                 "enabled",
                                 "settings",
                                 "triggers",
                                 "updateTriggers",
                                 "includeRouted",
                                 "editedIncludesStatus",
                                 "arrivalFiresSubStatus",
                                 "mode",
                                 "summaryPdf",
                                 "attachments",
                                 "mapping",
                                 "test"};
  if (creating) known.emplace_back("preset");
  referral::refuse_unknown(body, "", known, faults);
  if (!body["name"].is_string() || trim(body["name"].string()).empty()) {
    faults.push_back({"/name", "property.required", "Give the integration the name people will read in explanations."});
  } else if (utf8_length(body["name"].string()) > 200) {
    faults.push_back({"/name", "property.too_long", "At most 200 characters."});
  } else {
    into.name = body["name"].string();
  }
  if (creating) {
    into.connector = manifest.id;
    into.mode = manifest.default_mode;
    into.include_routed = manifest.include_routed_default;
    const Json& side = body["side"];
    if (!side.is_null() && side.text_or() != "received" && side.text_or() != "sent") {
      faults.push_back({"/side", "property.unknown_value", "Either received or sent."});
    }
    into.side = side.text_or() == "sent" ? IntegrationSide::sent : IntegrationSide::received;
    if (body["preset"].is_string()) {
      apply_preset(body["preset"].string(), into, faults);
    } else if (!body["preset"].is_null()) {
      faults.push_back({"/preset", "property.wrong_type", "Send a text."});
    }
  } else if (body["connector"].text_or(into.connector) != into.connector ||
             body["side"].text_or(word(into.side)) != word(into.side)) {
    faults.push_back(
        {"/connector", "integration.fixed", "Connector and side stay as they are; make another integration instead."});
  }
  const Json& listings = body["listingIds"];
  if (into.side == IntegrationSide::sent) {
    if (!listings.is_null() && listings.size() > 0) {
      faults.push_back({"/listingIds", "integration.sent_has_no_listings",
                        "An integration of the sending side stands on no listing; send null."});
    }
    into.listings.clear();
  } else if (listings.is_array()) {
    std::vector<ListingLink> links;
    for (std::size_t n = 0; n < listings.size(); ++n) {
      const auto id = ListingId::parse(listings.items()[n].text_or());
      if (!id) {
        faults.push_back({"/listingIds/" + std::to_string(n), id.error().code, id.error().for_caller});
        continue;
      }
      const auto before = std::find_if(into.listings.begin(), into.listings.end(),
                                       [&](const ListingLink& link) { return link.listing == *id; });
      links.push_back({*id, before == into.listings.end() ? now : before->since});
    }
    into.listings = std::move(links);
  } else if (!listings.is_null()) {
    faults.push_back({"/listingIds", "property.wrong_type", "Send a list of listing ids."});
  } else if (!creating) {
    into.listings.clear();
  }
  read_flag(body, "enabled", into.enabled, faults);
  read_flag(body, "includeRouted", into.include_routed, faults);
  read_flag(body, "editedIncludesStatus", into.edited_includes_status, faults);
  read_flag(body, "arrivalFiresSubStatus", into.arrival_fires_sub_status, faults);
  read_flag(body, "summaryPdf", into.summary_pdf, faults);
  read_flag(body, "attachments", into.attachments, faults);
  read_flag(body, "test", into.test, faults);
  if (manifest.summary_pdf_required && !into.summary_pdf) {
    faults.push_back({"/summaryPdf", "integration.summary_required",
                      manifest.name + " imports every referral with its summary PDF; it cannot be switched off."});
  }
  if (const Json& mode = body["mode"]; !mode.is_null()) {
    if (const auto known_mode = mode_of(mode.text_or())) {
      into.mode = *known_mode;
    } else {
      faults.push_back({"/mode", "property.unknown_value", "One of once, until_accepted, every."});
    }
  }
  if (!body["triggers"].is_null() || !creating)
    into.triggers = read_triggers(body["triggers"], "/triggers", into, faults);
  if (!body["updateTriggers"].is_null() || !creating)
    into.update_triggers = read_triggers(body["updateTriggers"], "/updateTriggers", into, faults);

  const Json& settings = body["settings"];
  into.settings = Json::object();
  std::vector<std::string> setting_keys;
  for (const auto& rule : manifest.settings) setting_keys.push_back(rule.key);
  if (settings.is_object()) {
    referral::refuse_unknown(settings, "/settings", setting_keys, faults);
  } else if (!settings.is_null()) {
    faults.push_back({"/settings", "property.wrong_type", "Send an object."});
  }
  for (const auto& rule : manifest.settings) {
    const Json& value = settings[rule.key];
    if (!value.is_null()) {
      read_setting(rule, value, into, faults);
    } else if (rule.required && !(rule.secret && into.secrets.contains(rule.key))) {
      faults.push_back({"/settings/" + rule.key, "property.required", rule.label + " is required."});
    } else if (!rule.fallback.is_null()) {
      into.settings.set(rule.key, rule.fallback);
    }
  }
  into.mapping = body["mapping"];
  // Whatever else is wrong, the connector says what is: nobody should mend a body twice. What was told already is not
  // told again in other words.
  Faults own;
  connector.check(into.settings, into.secrets, into.mapping, own);
  for (Fault& fault : own) {
    const bool told =
        std::any_of(faults.begin(), faults.end(), [&](const Fault& before) { return before.pointer == fault.pointer; });
    if (!told) faults.push_back(std::move(fault));
  }
}

std::vector<std::string> integration_warnings(const Integration& i, const Manifest& manifest) {
  std::vector<std::string> out;
  if (!manifest.updates && (i.mode != Mode::once || !i.update_triggers.empty())) {
    out.push_back(manifest.name +
                  " takes no updates: what changes after the first hand-off cannot be told to it. Triggers that only "
                  "update are without effect.");
  }
  if (!manifest.updates && i.mode == Mode::once) {
    for (const auto& trigger : i.triggers) {
      if (trigger == "referral.received" || trigger == "referral.sent" || trigger.starts_with("substatus") ||
          trigger == "referral.edited") {
        out.push_back("The trigger \"" + trigger_label(trigger) + "\" hands the referral over early and " +
                      manifest.name + " takes no updates: what happens to it later stays here.");
        break;
      }
    }
  }
  if (i.mode == Mode::until_accepted && !manifest.reports_acceptance) {
    out.push_back(manifest.name +
                  " does not report that it has accepted a referral: updates go on until a hook reports it.");
  }
  if (i.triggers.empty()) out.emplace_back("No trigger is chosen that starts an import: nothing will be sent.");
  if (i.side == IntegrationSide::received && i.listings.empty())
    out.emplace_back("No listing is linked: nothing will be sent.");
  if (!manifest.attachments && i.attachments) out.push_back(manifest.name + " takes no files: attachments stay here.");
  return out;
}

}  // namespace handoff::exchange
