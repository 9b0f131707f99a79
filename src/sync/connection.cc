#include "sync/connection.h"

#include <algorithm>
#include <array>

#include "referral/intake.h"
#include "sync/words.h"

namespace handoff::sync {
namespace {

constexpr std::array lock_policy_words{"missing_hook", "quiet_days", "never"};
constexpr std::array read_mode_words{"shadow", "strict"};
constexpr std::array on_discharge_words{"draft", "send"};
constexpr std::array webhooks_words{"expected", "not_used"};
constexpr std::array lock_release_words{"offer", "automatic"};
constexpr std::array ownership_words{"emr", "ours", "first_wins"};
constexpr const char* write_only = "write-only";

// The words of the source's routes that a setting may bend.
const std::vector<std::string> route_words{"latest", "census", "detail", "vaults", "locations", "contacts"};

class BodyReader {
 public:
  BodyReader(const Json& body, std::string at, Faults& faults) : body_(body), at_(std::move(at)), faults_(faults) {}

  void fault(const char* key, const char* code, std::string message) {
    faults_.push_back({at_ + "/" + key, code, std::move(message)});
  }
  // What is not told leaves `into` as it was.
  void text(const char* key, std::string& into, std::size_t max, bool required) {
    const Json& value = body_[key];
    if (value.is_null()) {
      if (required && into.empty()) fault(key, "property.required", std::string(key) + " is required.");
      return;
    }
    if (!value.is_string()) return fault(key, "property.wrong_type", "Send a text.");
    if (utf8_length(value.string()) > max)
      return fault(key, "property.too_long", "At most " + std::to_string(max) + " characters.");
    into = std::string(trim(value.string()));
    if (required && into.empty()) fault(key, "property.required", std::string(key) + " is required.");
  }
  // An id that some write as a number.
  void id(const char* key, std::string& into, bool required) {
    if (body_[key].is_integer()) {
      into = body_[key].number_text();
    } else {
      text(key, into, 200, required);
    }
  }
  void whole(const char* key, int& into, int least, int most) {
    const Json& value = body_[key];
    if (value.is_null()) return;
    const auto number = value.integer();
    if (!number || *number < least || *number > most) {
      return fault(key, "property.out_of_range",
                   "A whole number from " + std::to_string(least) + " to " + std::to_string(most) + ".");
    }
    into = static_cast<int>(*number);
  }
  void flag(const char* key, bool& into) {
    const Json& value = body_[key];
    if (value.is_null()) return;
    if (!value.is_bool()) return fault(key, "property.wrong_type", "Send true or false.");
    into = value.boolean();
  }
  template <class Enum, std::size_t N>
  void choice(const char* key, Enum& into, const std::array<const char*, N>& words) {
    const Json& value = body_[key];
    if (value.is_null()) return;
    const auto found = value.is_string() ? value_of<Enum>(words, value.string()) : std::nullopt;
    if (!found) {
      return fault(key, "property.unknown_value",
                   "One of " + join(std::vector<std::string>(words.begin(), words.end()), ", ") + ".");
    }
    into = *found;
  }
  void texts(const char* key, std::vector<std::string>& into, std::size_t count_max) {
    const Json& value = body_[key];
    if (value.is_null()) return;
    if (!value.is_array()) return fault(key, "property.wrong_type", "Send a list of texts.");
    if (value.size() > count_max)
      return fault(key, "property.too_many", "At most " + std::to_string(count_max) + " entries.");
    std::vector<std::string> list;
    for (std::size_t i = 0; i < value.size(); ++i) {
      const Json& item = value.items()[i];
      const std::string text = item.is_integer() ? item.number_text() : std::string(trim(item.text_or()));
      if (text.empty() || utf8_length(text) > 200) {
        faults_.push_back(
            {at_ + "/" + key + "/" + std::to_string(i), "property.wrong_type", "A text of 1 to 200 characters."});
      } else {
        list.push_back(text);
      }
    }
    into = std::move(list);
  }

 private:
  const Json& body_;
  const std::string at_;
  Faults& faults_;
};

void read_routes(const Json& value, EmrConnection& into, Faults& faults) {
  if (value.is_null()) return;
  const std::string at = "/settings/routes";
  if (!value.is_object()) {
    faults.push_back({at, "property.wrong_type", "Send an object with a path or a version for each route."});
    return;
  }
  referral::refuse_unknown(value, at, route_words, faults);
  into.routes.clear();
  for (const auto& [route, setting] : value.members()) {
    if (std::find(route_words.begin(), route_words.end(), route) == route_words.end()) continue;
    const std::string here = at + "/" + route;
    if (!setting.is_object()) {
      faults.push_back({here, "property.wrong_type", "Send an object with path, version or both."});
      continue;
    }
    referral::refuse_unknown(setting, here, {"path", "version"}, faults);
    RouteSetting one;
    BodyReader reader(setting, here, faults);
    reader.text("path", one.path, 300, false);
    if (!one.path.empty() && (one.path[0] != '/' || one.path.find_first_of("?# ") != std::string::npos)) {
      reader.fault("path", "setting.bad_path", "A path begins with / and carries no query.");
    }
    if (route == "detail" && !one.path.empty() && one.path.find("{id}") == std::string::npos) {
      reader.fault("path", "setting.bad_path", "The path of a chart holds {id} where the patient's number goes.");
    }
    reader.whole("version", one.version, 1, 9);
    into.routes.insert_or_assign(route, one);
  }
}

void read_settings(const Json& settings, bool creating, EmrConnection& into, Faults& faults) {
  if (!settings.is_null() && !settings.is_object()) {
    faults.push_back({"/settings", "property.wrong_type", "Send an object."});
    return;
  }
  if (settings.is_object()) {
    referral::refuse_unknown(settings, "/settings",
                             {"baseUrl", "version", "accessId", "secret", "appId", "routes", "requestsPerSecond",
                              "parallelReads", "pageSize"},
                             faults);
  }
  BodyReader reader(settings, "/settings", faults);
  reader.text("baseUrl", into.base_url, 500, true);
  while (into.base_url.ends_with('/')) into.base_url.pop_back();
  if (!into.base_url.empty() && !into.base_url.starts_with("https://") && !into.base_url.starts_with("http://")) {
    reader.fault("baseUrl", "setting.bad_url", "Write an address that starts with https:// or http://.");
  }
  reader.whole("version", into.version, 3, 4);
  reader.text("accessId", into.access_id, 200, true);
  reader.id("appId", into.app_id, true);
  const Json& secret = settings["secret"];
  if (secret.is_string() && !secret.string().empty()) {
    if (secret.string() != write_only) into.secret = Secret(secret.string());
  } else if (!secret.is_null()) {
    reader.fault("secret", "property.wrong_type", "Send the secret key as a text.");
  }
  if (into.secret.reveal().empty() && (creating || secret.is_null())) {
    reader.fault("secret", "property.required", "The secret key that belongs to the access id is required.");
  }
  read_routes(settings["routes"], into, faults);
  reader.whole("requestsPerSecond", into.requests_per_second, 0, 1000);
  reader.whole("parallelReads", into.parallel_reads, 1, 64);
  reader.whole("pageSize", into.page_size, 1, 1000);
}

template <class Value, class Read>
void read_map(const Json& value, const char* key, std::map<std::string, Value>& into, Faults& faults,
              const Read& read) {
  if (value.is_null()) return;
  const std::string at = std::string("/") + key;
  if (!value.is_object()) {
    faults.push_back({at, "property.wrong_type", "Send an object."});
    return;
  }
  into.clear();
  for (const auto& [name, item] : value.members()) read(at + "/" + pointer_escape(name), name, item);
}

}  // namespace

const char* word(LockPolicy value) { return lock_policy_words[static_cast<std::size_t>(value)]; }
const char* word(ReadMode value) { return read_mode_words[static_cast<std::size_t>(value)]; }
const char* word(OnDischarge value) { return on_discharge_words[static_cast<std::size_t>(value)]; }
const char* word(Webhooks value) { return webhooks_words[static_cast<std::size_t>(value)]; }
const char* word(LockRelease value) { return lock_release_words[static_cast<std::size_t>(value)]; }
const char* word(Ownership value) { return ownership_words[static_cast<std::size_t>(value)]; }

const std::vector<std::string>& standard_non_destinations() {
  static const std::vector<std::string> names{"Home", "Self", "AMA", "Deceased", "N/A", "Unknown"};
  return names;
}

const std::map<std::string, Ownership>& standard_ownership() {
  static const std::map<std::string, Ownership> rows{
      {"registrant.firstName", Ownership::emr},    {"registrant.middleName", Ownership::emr},
      {"registrant.lastName", Ownership::emr},     {"registrant.birthDate", Ownership::emr},
      {"registrant.gender", Ownership::emr},       {"registrant.preferredLanguage", Ownership::emr},
      {"registrant.address", Ownership::emr},      {"registrant.phones.main", Ownership::emr},
      {"registrant.email", Ownership::emr},        {"registrant.identifiers", Ownership::emr},
      {"requester.organization", Ownership::ours}, {"details", Ownership::first_wins},
  };
  return rows;
}

Ownership ownership_of(const EmrConnection& connection, const std::string& path) {
  const auto own = connection.field_ownership.find(path);
  if (own != connection.field_ownership.end()) return own->second;
  const auto standard = standard_ownership().find(path);
  return standard == standard_ownership().end() ? Ownership::ours : standard->second;
}

void read_connection(const Json& body, bool creating, Date today, EmrConnection& into, Faults& faults) {
  if (!body.is_object()) {
    faults.push_back({"", "property.wrong_type", "Send an object."});
    return;
  }
  referral::refuse_unknown(body, "", {"name",          "kind",           "enabled",         "test",
                                      "settings",      "locations",      "scheduleMinutes", "overlapMinutes",
                                      "settleSeconds", "reconcileDays",  "startDate",       "createHistorical",
                                      "lockPolicy",    "quietDays",      "lockRelease",     "readMode",
                                      "webhooks",      "onDischarge",    "consentExempt",   "nonDestinations",
                                      "ownLocations",  "fieldOwnership", "locationZones"},
                           faults);
  BodyReader reader(body, "", faults);
  reader.text("name", into.name, 200, true);
  std::string kind = into.kind;
  reader.text("kind", kind, 40, true);
  if (kind != "kipu") {
    reader.fault("kind", "emr_connection.unknown_kind", "The record systems that can be read: kipu.");
  } else if (!creating && kind != into.kind) {
    reader.fault("kind", "emr_connection.kind_is_fixed", "Another kind is another connection; make a new one.");
  }
  into.kind = kind;
  reader.flag("enabled", into.enabled);
  reader.flag("test", into.test);
  read_settings(body["settings"], creating, into, faults);
  reader.texts("locations", into.locations, 500);
  reader.whole("scheduleMinutes", into.schedule_minutes, 1, 60);
  reader.whole("overlapMinutes", into.overlap_minutes, 0, 7 * 24 * 60);
  reader.whole("settleSeconds", into.settle_seconds, 0, 3600);
  reader.whole("reconcileDays", into.reconcile_days, 1, 365);
  if (creating) {
    // A day earlier than today's: what is today somewhere counts as today.
    const auto before = parse_instant(today.text() + "T00:00:00Z").value().at - std::chrono::days{1};
    into.start_date = Date::of(before);
  }
  const Json& start = body["startDate"];
  if (!start.is_null()) {
    const auto day = start.is_string() ? Date::parse(start.string()) : Result<Date>(Error{});
    if (!day) {
      reader.fault("startDate", "date.malformed", "Write a date as YYYY-MM-DD.");
    } else {
      into.start_date = *day;
    }
  }
  reader.flag("createHistorical", into.create_historical);
  reader.choice("lockPolicy", into.lock_policy, lock_policy_words);
  reader.whole("quietDays", into.quiet_days, 1, 365);
  reader.choice("lockRelease", into.lock_release, lock_release_words);
  reader.choice("readMode", into.read_mode, read_mode_words);
  reader.choice("webhooks", into.webhooks, webhooks_words);
  reader.choice("onDischarge", into.on_discharge, on_discharge_words);
  reader.flag("consentExempt", into.consent_exempt);
  if (creating) into.non_destinations = standard_non_destinations();
  reader.texts("nonDestinations", into.non_destinations, 500);
  reader.texts("ownLocations", into.own_locations, 500);
  read_map(body["fieldOwnership"], "fieldOwnership", into.field_ownership, faults,
           [&](const std::string& at, const std::string& path, const Json& item) {
             if (!standard_ownership().contains(path)) {
               std::vector<std::string> known;
               for (const auto& [name, owner] : standard_ownership()) known.push_back(name);
               faults.push_back({at, "property.unknown", "The fields that the EMR fills: " + join(known, ", ") + "."});
               return;
             }
             const auto owner = item.is_string() ? value_of<Ownership>(ownership_words, item.string()) : std::nullopt;
             if (!owner) {
               faults.push_back({at, "property.unknown_value", "One of emr, ours, first_wins."});
             } else {
               into.field_ownership.insert_or_assign(path, *owner);
             }
           });
  read_map(body["locationZones"], "locationZones", into.location_zones, faults,
           [&](const std::string& at, const std::string& location, const Json& item) {
             if (!item.is_string() || !zone_exists(item.string())) {
               faults.push_back({at, "time_zone.unknown", "Write an IANA time zone such as America/Toronto."});
             } else {
               into.location_zones.insert_or_assign(location, item.string());
             }
           });
}

namespace {

Json routes_json(const EmrConnection& connection) {
  Json out = Json::object();
  for (const auto& [route, setting] : connection.routes) {
    out.set(route, Json::object({{"path", text_or_null(setting.path)},
                                 {"version", setting.version == 0 ? Json() : Json(setting.version)}}));
  }
  return out;
}

Json settings_json(const EmrConnection& c) {
  return Json::object({{"baseUrl", c.base_url},
                       {"version", c.version},
                       {"accessId", c.access_id},
                       {"appId", c.app_id},
                       {"routes", routes_json(c)},
                       {"requestsPerSecond", c.requests_per_second},
                       {"parallelReads", c.parallel_reads},
                       {"pageSize", c.page_size}});
}

Json body_json(const EmrConnection& c) {
  Json ownership = Json::object(), zones = Json::object();
  for (const auto& [path, owner] : c.field_ownership) ownership.set(path, word(owner));
  for (const auto& [location, zone] : c.location_zones) zones.set(location, zone);
  return Json::object({{"name", c.name},
                       {"kind", c.kind},
                       {"enabled", c.enabled},
                       {"test", c.test},
                       {"settings", settings_json(c)},
                       {"locations", texts_json(c.locations)},
                       {"scheduleMinutes", c.schedule_minutes},
                       {"overlapMinutes", c.overlap_minutes},
                       {"settleSeconds", c.settle_seconds},
                       {"reconcileDays", c.reconcile_days},
                       {"startDate", day_json(c.start_date)},
                       {"createHistorical", c.create_historical},
                       {"lockPolicy", word(c.lock_policy)},
                       {"quietDays", c.quiet_days},
                       {"lockRelease", word(c.lock_release)},
                       {"readMode", word(c.read_mode)},
                       {"webhooks", word(c.webhooks)},
                       {"onDischarge", word(c.on_discharge)},
                       {"consentExempt", c.consent_exempt},
                       {"nonDestinations", texts_json(c.non_destinations)},
                       {"ownLocations", texts_json(c.own_locations)},
                       {"fieldOwnership", std::move(ownership)},
                       {"locationZones", std::move(zones)}});
}

}  // namespace

Json connection_to_json(const EmrConnection& c) {
  Json out = Json::object({{"id", c.id.text()}});
  Json body = body_json(c);
  for (auto& [key, value] : body.members()) out.set(key, std::move(value));
  Json settings = settings_json(c);
  settings.set("secret", write_only);
  out.set("settings", std::move(settings));
  out.set("version", c.row_version);
  out.set("createdAt", format_instant(c.created_at));
  return out;
}

Json connection_to_stored(const EmrConnection& c) {
  Json out = body_json(c);
  out.set("deleted", c.deleted);
  return out;
}

void connection_from_stored(const Json& stored, EmrConnection& into) {
  // What was stored was checked; a reader that adds its faults to nobody keeps the two forms one.
  Json body = stored;
  into.deleted = stored["deleted"].bool_or(false);
  body.erase("deleted");
  Faults ignored;
  into.kind = stored["kind"].text_or("kipu");
  read_connection(body, false, Date{}, into, ignored);
}

Json pull_state_to_json(const PullState& s) {
  Json routes = Json::object();
  for (const auto& [route, day] : s.disabled_routes) routes.set(route, day);
  return Json::object({{"watermark", instant_json(s.watermark)},
                       {"lastPullAt", instant_json(s.last_pull_at)},
                       {"nextPullAt", s.stopped ? Json() : instant_json(s.next_pull_at)},
                       {"running", s.running ? Json(s.running->text()) : Json()},
                       {"failuresInARow", s.failures},
                       {"clockSkewSeconds", s.skew_ms / 1000},
                       {"stopped", s.stopped},
                       {"fault", s.fault_code.empty() ? Json()
                                                      : Json::object({{"code", s.fault_code},
                                                                      {"sentence", s.fault_sentence},
                                                                      {"since", instant_json(s.fault_since)}})},
                       {"disabledRoutes", std::move(routes)},
                       {"lastReconciliation", text_or_null(s.reconciled_day)},
                       {"missedByFeed", s.missed_by_feed}});
}

Json pull_state_to_stored(const PullState& s) {
  Json routes = Json::object(), locations = Json::object();
  for (const auto& [route, day] : s.disabled_routes) routes.set(route, day);
  for (const auto& [id, name] : s.locations) locations.set(id, name);
  return Json::object({{"watermark", ms_json(s.watermark)},
                       {"lastPullAt", ms_json(s.last_pull_at)},
                       {"nextPullAt", ms_json(s.next_pull_at)},
                       {"running", s.running ? Json(s.running->text()) : Json()},
                       {"failures", s.failures},
                       {"skewMs", s.skew_ms},
                       {"faultCode", s.fault_code},
                       {"faultSentence", s.fault_sentence},
                       {"stopped", s.stopped},
                       {"faultSince", ms_json(s.fault_since)},
                       {"disabledRoutes", std::move(routes)},
                       {"reconciledDay", s.reconciled_day},
                       {"locations", std::move(locations)},
                       {"digestAt", ms_json(s.digest_at)},
                       {"missedByFeed", s.missed_by_feed}});
}

PullState pull_state_from_stored(const Json& j) {
  PullState s;
  s.watermark = ms_of(j["watermark"]);
  s.last_pull_at = ms_of(j["lastPullAt"]);
  s.next_pull_at = ms_of(j["nextPullAt"]);
  if (j["running"].is_string()) s.running = EmrRunId::trusted(j["running"].string());
  s.failures = j["failures"].int_or(0);
  s.skew_ms = j["skewMs"].int_or(0);
  s.fault_code = j["faultCode"].text_or();
  s.fault_sentence = j["faultSentence"].text_or();
  s.stopped = j["stopped"].bool_or(false);
  s.fault_since = ms_of(j["faultSince"]);
  const Json& routes = j["disabledRoutes"];
  if (routes.is_object()) {
    for (const auto& [route, day] : routes.members()) s.disabled_routes[route] = day.text_or();
  }
  s.reconciled_day = j["reconciledDay"].text_or();
  const Json& locations = j["locations"];
  if (locations.is_object()) {
    for (const auto& [id, name] : locations.members()) s.locations[id] = name.text_or();
  }
  s.digest_at = ms_of(j["digestAt"]);
  s.missed_by_feed = j["missedByFeed"].int_or(0);
  return s;
}

void read_destination_link(const Json& body, DestinationLink& into, Faults& faults) {
  if (!body.is_object()) {
    faults.push_back({"", "property.wrong_type", "Send an object with listingId, recipient or disposition."});
    return;
  }
  referral::refuse_unknown(body, "", {"listingId", "recipient", "disposition"}, faults);
  const int told = !body["listingId"].is_null() + !body["recipient"].is_null() + !body["disposition"].is_null();
  if (told != 1) {
    faults.push_back({"", "emr_destination.one_of_three",
                      "Send exactly one of listingId, recipient ({name, contactId}) and disposition."});
    return;
  }
  into.listing.reset();
  into.recipient = nullptr;
  into.disposition.clear();
  if (const Json& listing = body["listingId"]; !listing.is_null()) {
    const auto id = listing.is_string() ? ListingId::parse(listing.string()) : Result<ListingId>(Error{});
    if (!id) {
      faults.push_back({"/listingId", "id.wrong_kind", "The id of a listing, lst_…."});
    } else {
      into.listing = *id;
    }
  } else if (!body["recipient"].is_null()) {
    into.recipient = referral::read_recipient(body["recipient"], "/recipient", faults);
  } else {
    BodyReader(body, "", faults).text("disposition", into.disposition, 200, true);
  }
}

Json destination_link_to_json(const DestinationLink& link) {
  return Json::object({{"contactId", link.key},
                       {"name", text_or_null(link.name.reveal())},
                       {"listingId", link.listing ? Json(link.listing->text()) : Json()},
                       {"recipient", link.recipient},
                       {"disposition", text_or_null(link.disposition)},
                       {"linkedAt", format_instant(link.linked_at)},
                       {"linkedBy", text_or_null(link.linked_by)}});
}

}  // namespace handoff::sync
