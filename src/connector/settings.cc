#include "connector/settings.h"

#include <algorithm>

#include "base/text.h"

namespace handoff::connector {

using exchange::Manifest;
using exchange::Mapping;
using exchange::SettingRule;

namespace {

bool fits(SettingRule::Type type, const Json& value) {
  switch (type) {
    case SettingRule::Type::text:
    case SettingRule::Type::url: return value.is_string();
    case SettingRule::Type::integer: return value.is_integer();
    case SettingRule::Type::boolean: return value.is_bool();
    case SettingRule::Type::list: return value.is_array();
  }
  return false;
}

const char* type_words(SettingRule::Type type) {
  switch (type) {
    case SettingRule::Type::text:
    case SettingRule::Type::url: return "a text";
    case SettingRule::Type::integer: return "a whole number";
    case SettingRule::Type::boolean: return "true or false";
    case SettingRule::Type::list: return "a list";
  }
  return "";
}

}  // namespace

std::optional<std::string> address_fault(std::string_view url) {
  const bool https = url.starts_with("https://");
  if (!https && !url.starts_with("http://")) return "An address begins with https:// or http://.";
  const std::string_view rest = url.substr(https ? 8 : 7);
  const std::string_view host = rest.substr(0, rest.find('/'));
  if (host.empty() || host.front() == ':') return "The address names no host.";
  if (host.find('@') != std::string_view::npos)
    return "A user or password does not belong into an address; use the settings for them.";
  if (rest.find_first_of("?#") != std::string_view::npos)
    return "The address ends with its path: leave out what follows ? or #.";
  for (const char c : url) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7F || c == '\\') return "The address holds a character that addresses do not have.";
  }
  return {};
}

void check_settings(const Manifest& manifest, const Json& settings, const std::map<std::string, Secret>& secrets,
                    Faults& faults) {
  std::vector<std::string> known;
  for (const SettingRule& rule : manifest.settings) {
    known.push_back(rule.key);
    const std::string pointer = "/settings/" + pointer_escape(rule.key);
    const Json* value = settings.find(rule.key);
    const bool given = rule.secret ? secrets.contains(rule.key) && !secrets.at(rule.key).reveal().empty()
                                   : value != nullptr && !value->is_null() && *value != Json("");
    if (!given) {
      if (rule.required && rule.fallback.is_null()) {
        faults.push_back(
            {pointer, "connector.setting_missing", "\"" + rule.label + "\" is needed by " + manifest.name + "."});
      }
      continue;
    }
    if (rule.secret) continue;
    if (!fits(rule.type, *value)) {
      faults.push_back({pointer, "connector.setting_type", "\"" + rule.label + "\" is " + type_words(rule.type) + "."});
    } else if (rule.type == SettingRule::Type::url) {
      if (const auto fault = address_fault(value->string()))
        faults.push_back({pointer, "connector.address_invalid", *fault});
    } else if (rule.key == "statusPollSeconds" && (value->int_or(0) < 1 || value->int_or(0) > 86400)) {
      faults.push_back({pointer, "connector.setting_range", "\"" + rule.label + "\" is between 1 and 86400."});
    }
  }
  if (!settings.is_object()) return;
  for (const auto& member : settings.members()) {
    if (std::find(known.begin(), known.end(), member.first) != known.end()) continue;
    faults.push_back({"/settings/" + pointer_escape(member.first), "connector.setting_unknown",
                      manifest.name + " has no setting \"" + member.first + "\"." + meant(member.first, known)});
  }
}

Mapping overridden(Mapping mapping, const Json& overrides, const OverrideRules& rules, Faults& faults) {
  if (overrides.is_null()) return mapping;
  if (!overrides.is_object()) {
    faults.push_back({"/mapping", "profile.wrong_type", "A mapping is an object with \"fields\"."});
    return mapping;
  }
  for (const auto& member : overrides.members()) {
    if (member.first == "fields") continue;
    faults.push_back({"/mapping/" + pointer_escape(member.first), "profile.unknown_key",
                      "\"" + member.first + "\" is not known here." + meant(member.first, {"fields"})});
  }
  const Json* fields = overrides.find("fields");
  if (fields == nullptr) return mapping;
  if (!fields->is_array()) {
    faults.push_back({"/mapping/fields", "profile.wrong_type", "\"fields\" is a list."});
    return mapping;
  }
  std::vector<std::string> targets;
  for (const auto& rule : mapping.fields) targets.push_back(rule.target);
  for (std::size_t i = 0; i < fields->size(); ++i) {
    const Json& json = fields->items()[i];
    const std::string pointer = "/mapping/fields/" + std::to_string(i);
    const std::string target = json["target"].text_or();
    auto rule = std::find_if(mapping.fields.begin(), mapping.fields.end(),
                             [&](const auto& known) { return known.target == target; });
    if (rule == mapping.fields.end()) {
      if (!rules.extra_fields && !target.empty()) {
        faults.push_back({pointer + "/target", "connector.field_unknown",
                          rules.connector + " has no field \"" + target + "\"." + meant(target, targets)});
        continue;
      }
      rule = mapping.fields.insert(mapping.fields.end(), exchange::FieldRule{});
    }
    exchange::read_field_rule(json, pointer, rules.variables, *rule, faults);
  }
  return mapping;
}

std::string meant(std::string_view word, const std::vector<std::string>& known) {
  const auto near = nearest(word, known);
  if (near) return " Did you mean \"" + *near + "\"?";
  return " Known are: " + join(known, ", ") + ".";
}

}  // namespace handoff::connector
