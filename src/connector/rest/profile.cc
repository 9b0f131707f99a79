#include "connector/rest/profile.h"

#include <algorithm>
#include <set>

#include "base/crypto.h"
#include "base/text.h"
#include "base/toml.h"
#include "connector/rest/table.h"

namespace handoff::connector {
namespace {

using exchange::FieldRule;
using exchange::Manifest;
using exchange::Mode;
using exchange::SettingRule;

constexpr const char* settings_prefix = "settings.";

// What a template may name depends on where its text ends up.
enum class Place {
  address,  // path, query: addresses are logged by everybody on the way, so neither secrets nor personal data
  header,   // secrets, but no personal data
  body,     // both
};

std::optional<std::chrono::milliseconds> duration_of(std::string_view text) {
  struct Unit {
    std::string_view word;
    std::int64_t ms;
  };
  for (const Unit& unit : {Unit{"ms", 1}, Unit{"s", 1000}, Unit{"m", 60'000}, Unit{"h", 3'600'000}}) {
    if (!text.ends_with(unit.word)) continue;
    const auto count = parse_int(text.substr(0, text.size() - unit.word.size()));
    if (count && *count >= 0 && *count <= 1'000'000) return std::chrono::milliseconds(*count * unit.ms);
  }
  return {};
}

std::optional<std::uint64_t> size_of(const Json& json) {
  if (const auto number = json.integer(); number && *number > 0) return static_cast<std::uint64_t>(*number);
  const std::string text = json.text_or();
  struct Unit {
    std::string_view word;
    std::int64_t bytes;
  };
  for (const Unit& unit : {Unit{"KB", 1024}, Unit{"MB", 1024 * 1024}}) {
    if (!text.ends_with(unit.word)) continue;
    const auto count = parse_int(trim(std::string_view(text).substr(0, text.size() - 2)));
    if (count && *count > 0 && *count <= 1'000'000) return static_cast<std::uint64_t>(*count * unit.bytes);
  }
  return {};
}

class Reader {
 public:
  Reader(const Json& root, Faults& faults) : root_(root), faults_(faults) {}

  Profile read() {
    Table top(root_, "", faults_);
    if (const Json* format = top.find("format"); format == nullptr || format->int_or(0) != 1) {
      top.fault(format == nullptr ? "" : "format", "profile.format",
                "A profile begins with format = 1, the version of the format it is written in.");
    }
    read_head(top);
    read_settings(top);
    read_address(top);
    read_auth(top);
    read_steps(top);
    read_refusal(top);
    read_limits(top);
    read_fields(top);
    top.done();
    derive();
    return std::move(profile_);
  }

 private:
  void read_head(Table& top) {
    Manifest& manifest = profile_.manifest;
    profile_.id = manifest.id = top.text("id", true);
    const bool plain = std::all_of(profile_.id.begin(), profile_.id.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
    if (!plain || profile_.id.size() > 40) {
      top.fault("id", "profile.bad_id", "An id has small letters, digits, - and _, at most 40 of them.");
    }
    manifest.name = top.text("name", true);
    manifest.version = top.text("version", true);
    manifest.description = top.text("description", true);
    manifest.fees = top.text("fees");
    std::vector<std::string> plans;
    for (const auto& plan : directory::plan_words) plans.emplace_back(plan.code);
    const std::string plan = top.word("minimumPlan", plans);
    for (const auto& known : directory::plan_words) {
      if (plan == known.code) manifest.minimum_plan = known.plan;
    }
    const std::string mode = top.word("defaultMode", {"once", "until_accepted", "every"});
    manifest.default_mode = mode == "every"            ? Mode::every
                            : mode == "until_accepted" ? Mode::until_accepted
                                                       : Mode::once;
    manifest.include_routed_default = top.truth("includeRouted", false);
    manifest.appointments = top.truth("appointments", false);
    manifest.reports_acceptance = top.truth("acceptanceByHook", false);
    manifest.capabilities = top.texts("capabilities");
    manifest.limitations = top.texts("limitations");
    manifest.triggers = top.texts("triggers");
    manifest.summary_pdf_required = top.word("summaryPdf", {"optional", "required"}) == "required";
    profile_.summary_on_update = top.truth("summaryOnUpdate", false);
    profile_.extra_fields = top.truth("extraFields", false);
    if (const std::string text = top.text("settlesWithin"); !text.empty()) {
      const auto settles = duration_of(text);
      if (settles) manifest.settles_within = *settles;
      if (!settles)
        top.fault("settlesWithin", "profile.bad_duration", "A duration is a number with ms, s, m or h: \"2s\".");
    }
  }

  void read_settings(Table& top) {
    const Json* settings = top.find("settings");
    if (settings == nullptr || !settings->is_object()) {
      return top.fault(settings == nullptr ? "" : "settings", "profile.missing_key",
                       "A profile needs [settings.…] tables: at least the address of the destination.");
    }
    for (const auto& [key, json] : settings->members()) {
      Table table(json, "/settings/" + pointer_escape(key), faults_);
      if (!json.is_object()) {
        table.fault("", "profile.wrong_type", "A setting is described by a table.");
        continue;
      }
      SettingRule rule;
      rule.key = key;
      rule.label = table.text("label", true);
      rule.description = table.text("description");
      rule.required = table.truth("required", false);
      rule.secret = table.truth("secret", false);
      const std::string type = table.word("type", {"text", "url", "integer", "boolean", "list"});
      rule.type = type == "url"       ? SettingRule::Type::url
                  : type == "integer" ? SettingRule::Type::integer
                  : type == "boolean" ? SettingRule::Type::boolean
                  : type == "list"    ? SettingRule::Type::list
                                      : SettingRule::Type::text;
      if (const Json* fallback = table.find("default")) rule.fallback = *fallback;
      if (rule.secret && !rule.fallback.is_null()) {
        table.fault("default", "profile.secret_in_file", "A secret has no default: a profile is no place for secrets.");
      }
      table.done();
      profile_.manifest.settings.push_back(std::move(rule));
    }
  }

  const SettingRule* setting(std::string_view name) const {
    if (!name.starts_with(settings_prefix)) return nullptr;
    for (const SettingRule& rule : profile_.manifest.settings) {
      if (name.substr(std::string_view(settings_prefix).size()) == rule.key) return &rule;
    }
    return nullptr;
  }

  std::vector<std::string> names(bool step) const {
    std::vector<std::string> all;
    for (const SettingRule& rule : profile_.manifest.settings) all.push_back(settings_prefix + rule.key);
    if (step) all.insert(all.end(), template_variables().begin(), template_variables().end());
    return all;
  }

  void check_template(Table& table, std::string_view key, const std::string& text, Place place, bool step) {
    const auto used = exchange::template_names(text);
    if (!used) return table.fault(key, "profile.bad_template", "Braces come in pairs and hold a name: \"{mark}\".");
    const auto known = names(step);
    for (const std::string& name : *used) {
      const SettingRule* rule = setting(name);
      if (rule != nullptr && rule->secret && place == Place::address) {
        table.fault(key, "profile.secret_in_address",
                    "\"" + name + "\" is a secret and must not stand in an address, which is logged along the way.");
      }
      const bool file_name = name == "file.name" && place != Place::body;  // people name files after people
      if (!file_name && std::find(known.begin(), known.end(), name) != known.end()) continue;
      if (file_name || exchange::is_source_path(name)) {
        if (place == Place::body && step) continue;
        table.fault(key, "profile.person_in_address",
                    "\"" + name + "\" is about a person and must not stand in an address or a header.");
        continue;
      }
      table.fault(key, "profile.unknown_name", "There is no \"" + name + "\" here." + meant(name, known));
    }
  }

  void read_address(Table& top) {
    profile_.base_url = top.text("baseUrl", true);
    if (profile_.base_url.empty()) return;
    const auto used = exchange::template_names(profile_.base_url);
    const SettingRule* rule = used && used->size() == 1 ? setting(used->front()) : nullptr;
    // The host comes from the integration's settings and from nowhere else: an administrator allowed it by name.
    if (rule == nullptr || rule->secret || rule->type != SettingRule::Type::url ||
        !profile_.base_url.starts_with("{") || profile_.base_url.find_first_of(":@?#") != std::string::npos) {
      top.fault("baseUrl", "profile.bad_address",
                "The address begins with one setting of type url, such as \"{settings.baseUrl}\", and may go on with a "
                "path.");
    }
  }

  std::string credential(Table& table, const char* key, bool required) {
    std::string text = table.text(key, required);
    check_template(table, key, text, Place::header, false);
    return text;
  }

  void read_auth(Table& top) {
    const Json* json = top.find("auth");
    if (json == nullptr) return;
    Table table(*json, "/auth", faults_);
    if (!json->is_object()) return table.fault("", "profile.wrong_type", "\"auth\" is a table.");
    Auth& auth = profile_.auth;
    const std::string kind =
        table.word("kind", {"none", "basic", "bearer", "header", "oauth2_client_credentials"}, true);
    if (kind == "basic") {
      auth.kind = AuthKind::basic;
      auth.user = credential(table, "user", true);
      auth.password = credential(table, "password", true);
    } else if (kind == "bearer") {
      auth.kind = AuthKind::bearer;
      auth.token = credential(table, "token", true);
    } else if (kind == "header") {
      auth.kind = AuthKind::header;
      auth.header = table.text("header", true);
      check_header_name(table, "header", auth.header);
      auth.value = credential(table, "value", true);
    } else if (kind == "oauth2_client_credentials") {
      auth.kind = AuthKind::oauth2_client_credentials;
      auth.token_url = table.text("tokenUrl", true);
      check_template(table, "tokenUrl", auth.token_url, Place::address, false);
      const auto used = exchange::template_names(auth.token_url).value_or(std::vector<std::string>{});
      const SettingRule* host = used.empty() ? nullptr : setting(used.front());
      const bool from_setting =
          auth.token_url.starts_with("{") && host != nullptr && host->type == SettingRule::Type::url;
      if (!from_setting && !auth.token_url.starts_with("/")) {
        table.fault("tokenUrl", "profile.bad_address",
                    "The token's address is a setting of type url or a path that begins with /.");
      }
      auth.client_id = credential(table, "clientId", true);
      auth.client_secret = credential(table, "clientSecret", true);
      auth.scope = credential(table, "scope", false);
      auth.credentials_in_body = table.word("credentials", {"header", "body"}) == "body";
    }
    table.done();
  }

  void check_header_name(Table& table, std::string_view key, const std::string& name) {
    const bool token = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
    if (!token) table.fault(key, "profile.bad_header", "\"" + name + "\" is not the name of a header.");
    for (const char* own :
         {"host", "content-length", "content-type", "transfer-encoding", "connection", "authorization"}) {
      if (ascii_equal_fold(name, own))
        table.fault(key, "profile.bad_header", "handoff writes the header \"" + name + "\" itself.");
    }
  }

  void read_steps(Table& top) {
    const Json* json = top.find("steps");
    if (json == nullptr || !json->is_object()) {
      return top.fault("", "profile.missing_key", "A profile needs [steps.create]: how a referral is handed over.");
    }
    Table table(*json, "/steps", faults_);
    read_step(table, "find", "GET", profile_.find);
    read_step(table, "create", "POST", profile_.create);
    read_step(table, "update", "PUT", profile_.update);
    read_step(table, "attach", "POST", profile_.attach);
    read_step(table, "status", "GET", profile_.status);
    read_step(table, "probe", "GET", profile_.probe);
    table.done();
    if (!profile_.create)
      table.fault("", "profile.missing_key", "A profile needs [steps.create]: how a referral is handed over.");
  }

  void read_step(Table& steps, const std::string& name, const char* method, std::optional<StepRule>& into) {
    const Json* json = steps.find(name.c_str());
    if (json == nullptr) return;
    Table table(*json, "/steps/" + name, faults_);
    if (!json->is_object()) return table.fault("", "profile.wrong_type", "A step is described by a table.");
    StepRule rule;
    rule.method = table.text("method");
    if (rule.method.empty()) rule.method = method;
    const bool asks = name == "find" || name == "status" || name == "probe";
    const std::vector<std::string> methods =
        asks ? std::vector<std::string>{"GET", "POST"} : std::vector<std::string>{"POST", "PUT", "PATCH"};
    if (std::find(methods.begin(), methods.end(), rule.method) == methods.end()) {
      table.fault("method", "profile.unknown_word", "This step is sent with " + join(methods, " or ") + ".");
    }
    rule.path = table.text("path", true);
    check_path(table, rule.path);
    rule.query = table.pairs("query");
    for (const auto& [key, value] : rule.query) check_template(table, "query", value, Place::address, true);
    rule.headers = table.pairs("headers");
    for (const auto& [key, value] : rule.headers) {
      check_header_name(table, "headers", key);
      check_template(table, "headers", value, Place::header, true);
    }
    read_body(table, name, rule);
    rule.repeatable = table.truth("repeatable", asks || rule.method == "PUT");
    read_answer(table, name, rule);
    table.done();
    into = std::move(rule);
  }

  void check_path(Table& table, const std::string& path) {
    if (path.empty()) return;
    if (path.front() != '/' || path.starts_with("//") || path.find_first_of("?# ") != std::string::npos ||
        path.find("/../") != std::string::npos) {
      table.fault("path", "profile.bad_path",
                  "A path begins with one / and holds no query; that is written under \"query\".");
    }
    check_template(table, "path", path, Place::address, true);
  }

  void read_body(Table& table, const std::string& name, StepRule& rule) {
    const bool attach = name == "attach";
    const bool fields = name == "create" || name == "update";
    std::vector<std::string> kinds{"none", "json", "form"};
    if (fields) kinds = {"json", "form", "multipart"};
    if (attach) kinds = {"multipart", "raw"};
    const std::string kind = table.word("body", kinds);
    rule.body = kind == "json"        ? BodyKind::json
                : kind == "form"      ? BodyKind::form
                : kind == "multipart" ? BodyKind::multipart
                : kind == "raw"       ? BodyKind::raw
                                      : BodyKind::none;
    if (rule.body == BodyKind::json) {
      if (const Json* members = table.find("members")) {
        rule.members = *members;
        bool has_fields = false;
        check_members(table, *members, table.at("members"), has_fields);
        if (fields && !has_fields) {
          table.fault("members", "profile.fields_missing",
                      "Some text in it must be \"{fields}\", where the field table goes.");
        }
      }
    }
    if (rule.body == BodyKind::form || rule.body == BodyKind::multipart) {
      rule.parts = table.pairs("parts");
      for (const auto& [key, value] : rule.parts) check_template(table, "parts", value, Place::body, true);
    }
    if (attach && rule.body == BodyKind::multipart) {
      rule.file_part = table.text("filePart");
      if (rule.file_part.empty()) rule.file_part = "file";
    }
  }

  void check_members(Table& table, const Json& json, const std::string& pointer, bool& has_fields) {
    if (json.is_string()) {
      if (json.string() == "{fields}") {
        has_fields = true;
        return;
      }
      const std::size_t before = faults_.size();
      check_template(table, "members", json.string(), Place::body, true);
      for (std::size_t i = before; i < faults_.size(); ++i) faults_[i].pointer = pointer;
    } else if (json.is_array()) {
      for (std::size_t i = 0; i < json.size(); ++i) {
        check_members(table, json.items()[i], pointer + "/" + std::to_string(i), has_fields);
      }
    } else if (json.is_object()) {
      for (const auto& [key, value] : json.members()) {
        check_members(table, value, pointer + "/" + pointer_escape(key), has_fields);
      }
    }
  }

  std::string pointer(Table& table, const char* key, bool required = false) {
    const std::string text = table.text(key, required);
    if (!text.empty() && text.front() != '/' && !text.starts_with("header:")) {
      table.fault(key, "profile.bad_pointer", "A place in an answer is a JSON pointer such as \"/id\".");
    }
    return text;
  }

  void read_answer(Table& step, const std::string& name, StepRule& rule) {
    const Json* json = step.find("answer");
    static const Json nothing = Json::object();
    if (json != nullptr && !json->is_object()) step.fault("answer", "profile.wrong_type", "\"answer\" is a table.");
    if (json == nullptr && (name == "find" || name == "status")) {
      step.fault("", "profile.missing_key", "[steps." + name + ".answer] is missing: how its answer is read.");
      return;
    }
    Table table(json != nullptr ? *json : nothing, "/steps/" + name + "/answer", faults_);
    if (name == "create") rule.id = pointer(table, "id");
    if (name == "find") {
      rule.items = pointer(table, "items");
      rule.id = pointer(table, "id", true);
      rule.mark = pointer(table, "mark");
      rule.files = pointer(table, "files");
      rule.file_name = pointer(table, "fileName");
      rule.file_sha256 = pointer(table, "fileSha256");
      if (!rule.files.empty() && rule.file_name.empty()) {
        table.fault("files", "profile.missing_key", "Where files are listed, \"fileName\" says how each is called.");
      }
    }
    if (name == "status") {
      rule.state = pointer(table, "state", true);
      rule.accepted = table.texts("accepted");
      if (rule.accepted.empty()) {
        table.fault("", "profile.missing_key",
                    "\"accepted\" lists the words that mean the destination has taken the case on.");
      }
    }
    table.done();
  }

  void read_refusal(Table& top) {
    const Json* json = top.find("refusal");
    if (json == nullptr) return;
    Table table(*json, "/refusal", faults_);
    profile_.message_pointers = table.texts("message");
    profile_.field_pointers = table.texts("field");
    for (const auto* list : {&profile_.message_pointers, &profile_.field_pointers}) {
      for (const std::string& text : *list) {
        if (text.empty() || text.front() == '/') continue;
        table.fault(list == &profile_.message_pointers ? "message" : "field", "profile.bad_pointer",
                    "A place in an answer is a JSON pointer such as \"/message\".");
      }
    }
    table.done();
  }

  void read_limits(Table& top) {
    const Json* json = top.find("limits");
    if (json == nullptr) return;
    Table table(*json, "/limits", faults_);
    if (const Json* size = table.find("fileBytes")) {
      profile_.manifest.file_bytes_max = size_of(*size);
      if (!profile_.manifest.file_bytes_max) {
        table.fault("fileBytes", "profile.bad_size", "A size is a number of bytes, or a text such as \"25 MB\".");
      }
    }
    profile_.file_types = table.texts("fileTypes");
    table.done();
  }

  void read_fields(Table& top) {
    const Json* fields = top.find("fields");
    if (fields == nullptr || !fields->is_array() || fields->size() == 0) {
      top.fault(fields == nullptr ? "" : "fields", "profile.missing_key",
                "A profile needs [[fields]]: which data go where.");
    } else {
      std::set<std::string> targets;
      for (std::size_t i = 0; i < fields->size(); ++i) {
        const std::string at = "/fields/" + std::to_string(i);
        FieldRule rule;
        exchange::read_field_rule(fields->items()[i], at, template_variables(), rule, faults_);
        if (!rule.target.empty() && !targets.insert(rule.target).second) {
          faults_.push_back({at + "/target", "profile.duplicate", "\"" + rule.target + "\" is filled twice."});
        }
        profile_.mapping.fields.push_back(std::move(rule));
      }
    }
    const Json* note = top.find("note");
    if (note == nullptr) {
      return top.fault("", "profile.missing_key",
                       "A profile needs [note]: the field that takes whatever has no field of its own.");
    }
    Table table(*note, "/note", faults_);
    exchange::NoteRule rule;
    rule.target = table.text("target", true);
    rule.label = table.text("label");
    if (const Json* length = table.find("maxLength")) {
      const std::int64_t count = length->int_or(0);
      if (count < 200) table.fault("maxLength", "profile.out_of_range", "A note takes at least 200 characters.");
      if (count >= 200) rule.length_max = static_cast<std::size_t>(count);
    }
    table.done();
    profile_.mapping.note = std::move(rule);
  }

  // What a destination can do follows from its steps, so that a profile cannot claim otherwise.
  void derive() {
    Manifest& manifest = profile_.manifest;
    manifest.updates = profile_.update.has_value();
    manifest.can_be_asked = profile_.find.has_value();
    manifest.attachments = profile_.attach.has_value();
    manifest.reports_acceptance = manifest.reports_acceptance || profile_.status.has_value();
    manifest.idempotency_key = profile_.create && profile_.create->repeatable;
    if (manifest.summary_pdf_required && !profile_.attach) {
      faults_.push_back({"/summaryPdf", "profile.inconsistent",
                         "A summary PDF that is required needs [steps.attach] to be sent with."});
    }
    const auto uses_id = [](const std::optional<StepRule>& step) {
      return step && step->path.find("{remoteId}") != std::string::npos;
    };
    const bool wanted = uses_id(profile_.update) || uses_id(profile_.attach) || uses_id(profile_.status);
    if (wanted && profile_.create && profile_.create->id.empty()) {
      faults_.push_back({"/steps/create", "profile.inconsistent",
                         "Later steps name {remoteId}, so [steps.create.answer] must say where the id stands."});
    }
    if (profile_.status) {
      SettingRule poll;
      poll.key = "statusPollSeconds";
      poll.label = "Seconds between questions";
      poll.description = "How often the destination is asked whether it has accepted the referral.";
      poll.type = SettingRule::Type::integer;
      poll.fallback = Json(60);
      manifest.settings.push_back(std::move(poll));
    }
  }

  const Json& root_;
  Faults& faults_;
  Profile profile_;
};

std::string dotted(std::string_view pointer) {
  std::string key(pointer.empty() ? pointer : pointer.substr(1));
  std::replace(key.begin(), key.end(), '/', '.');
  return key;
}

}  // namespace

const std::vector<std::string>& template_variables() {
  static const std::vector<std::string> names{"mark",        "remoteId",  "delivery.id",     "delivery.sequence",
                                              "file.sha256", "file.name", "file.contentType"};
  return names;
}

ParsedProfile parse_profile(std::string_view text) {
  ParsedProfile parsed;
  const Result<Toml> toml = parse_toml(text);
  if (!toml) {
    for (const Fault& fault : toml.error().faults) {
      parsed.faults.push_back({static_cast<int>(parse_int(fault.pointer).value_or(1)), "", fault.code, fault.message});
    }
    return parsed;
  }
  Faults faults;
  Profile profile = Reader(toml->root, faults).read();
  for (Fault& fault : faults) {
    parsed.faults.push_back({std::max(1, toml->line_of(fault.pointer)), dotted(fault.pointer), std::move(fault.code),
                             std::move(fault.message)});
  }
  std::stable_sort(parsed.faults.begin(), parsed.faults.end(),
                   [](const ProfileFault& a, const ProfileFault& b) { return a.line < b.line; });
  if (!parsed.faults.empty()) return parsed;
  profile.hash = hex(sha256(text));
  parsed.profile = std::move(profile);
  return parsed;
}

}  // namespace handoff::connector
