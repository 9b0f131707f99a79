#include "connector/rest/rest.h"

#include <algorithm>

#include "base/text.h"
#include "connector/rest/memory.h"
#include "connector/rest/request.h"
#include "connector/rest/table.h"

namespace handoff::connector {
namespace {

using exchange::DeliveryKind;
using exchange::DeliveryView;
using exchange::Finished;
using exchange::HttpRequest;
using exchange::LeftOut;
using exchange::Manifest;
using exchange::MapContext;
using exchange::Mapped;
using exchange::Mapping;
using exchange::Misconfigured;
using exchange::NeedsData;
using exchange::NeedsPerson;
using exchange::Progress;
using exchange::Reply;
using exchange::SettingRule;
using exchange::Step;
using exchange::StepDone;
using exchange::TooLarge;
using exchange::Unknown;
using exchange::Verdict;

constexpr const char* retraction_sentence = "This referral was entered in error and must be disregarded.";
constexpr std::size_t short_note_characters = 2000;
constexpr std::size_t remote_id_bytes_max = 255;
constexpr const char* attach_prefix = "attach:";
constexpr const char* token_name = "access_token";

const Json no_settings = Json::object();
const std::map<std::string, Secret> no_secrets;
const Json no_json;

const Json& settings_of(const DeliveryView& delivery) {
  return delivery.settings == nullptr ? no_settings : *delivery.settings;
}
const std::map<std::string, Secret>& secrets_of(const DeliveryView& delivery) {
  return delivery.secrets == nullptr ? no_secrets : *delivery.secrets;
}
const Json& mapping_of(const DeliveryView& delivery) {
  return delivery.mapping == nullptr ? no_json : *delivery.mapping;
}

std::optional<Secret> token_of(const DeliveryView& delivery) {
  if (delivery.ephemeral == nullptr) return {};
  const auto found = delivery.ephemeral->find(token_name);
  if (found == delivery.ephemeral->end()) return {};
  return found->second;
}

// A remote id as it may stand in an address later; nothing where the value is no id.
std::optional<std::string> id_text(const Json* json) {
  if (json == nullptr) return {};
  std::string id = json->is_number() ? json->number_text() : json->text_or();
  const bool plain = std::all_of(id.begin(), id.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x20; });
  if (trim(id).empty() || id.size() > remote_id_bytes_max || !plain) return {};
  return id;
}

// The type is told by whoever uploaded the file; a family is written "image/*".
bool type_is_taken(const Profile& profile, const std::string& type) {
  if (profile.file_types.empty()) return true;
  return std::any_of(profile.file_types.begin(), profile.file_types.end(), [&](const std::string& taken) {
    if (taken.ends_with("/*")) return type.starts_with(taken.substr(0, taken.size() - 1));
    return ascii_equal_fold(taken, type);
  });
}

std::string bytes_text(std::uint64_t size) {
  constexpr std::uint64_t megabyte = 1024 * 1024;
  if (size >= megabyte && size % megabyte == 0) return std::to_string(size / megabyte) + " MB";
  return std::to_string(size) + " bytes";
}

class RestConnector final : public exchange::Connector {
 public:
  explicit RestConnector(Profile profile) : profile_(std::move(profile)) {}

  const Manifest& manifest() const override { return profile_.manifest; }
  std::string profile_hash() const override { return profile_.hash; }
  void check(const Json& settings, const std::map<std::string, Secret>& secrets, const Json& mapping,
             Faults& faults) const override;
  Result<Step> next(const DeliveryView& delivery, const Progress& progress) const override;
  Verdict judge(const DeliveryView& delivery, const HttpRequest& request, const Reply& reply,
                Progress& progress) const override;
  Result<HttpRequest> probe(const Json& settings, const std::map<std::string, Secret>& secrets) const override;
  std::optional<HttpRequest> status_request(const DeliveryView& delivery) const override;
  Faults missing(const DeliveryView& delivery) const override;

 private:
  // Asking and saying
  Result<Step> say(const DeliveryView& delivery, const Memory& memory) const;
  Result<Step> say_create(const DeliveryView& delivery, const Memory& memory) const;
  Result<Step> say_update(const DeliveryView& delivery, const Memory& memory) const;
  Result<Step> say_files(const DeliveryView& delivery, const Memory& memory) const;
  Result<Step> ask(const DeliveryView& delivery, const Memory& memory) const;
  Result<Step> send_fields(const char* name, const StepRule& step, const DeliveryView& delivery,
                           const Memory& memory) const;
  Wire wire(const DeliveryView& delivery, const Memory& memory) const;
  bool wants_token(const DeliveryView& delivery) const {
    return profile_.auth.kind == AuthKind::oauth2_client_credentials && !token_of(delivery);
  }

  // Reading
  Verdict judge_token(const Reply& reply, Memory& memory) const;
  Verdict judge_find(const DeliveryView& delivery, const Json& answer, Memory& memory) const;
  Verdict judge_create(const DeliveryView& delivery, const Reply& reply, Memory& memory) const;
  Verdict judge_status(const Json& answer, Memory& memory) const;
  Verdict judge_refusal(const DeliveryView& delivery, const HttpRequest& request, const Reply& reply, Verdict verdict,
                        Memory& memory) const;
  Verdict judge_too_large(const DeliveryView& delivery, const std::string& step, TooLarge verdict,
                          Memory& memory) const;
  NeedsData with_field(NeedsData refusal, const DeliveryView& delivery, const Reply& reply) const;
  void remember_fields(const DeliveryView& delivery, Memory& memory) const;

  // Mapping
  Mapping mapping_for(const Json& overrides, Faults& faults) const;
  MapContext context(const DeliveryView& delivery, const Memory& memory) const;
  Mapped map(const DeliveryView& delivery, const Memory& memory) const;
  std::optional<LeftOut> limit_fault(const File& file) const;
  std::vector<LeftOut> left_out(const DeliveryView& delivery, const Memory& memory) const;

  Profile profile_;
};

// ---- settings and mapping ------------------------------------------------------------------------------------------

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

void RestConnector::check(const Json& settings, const std::map<std::string, Secret>& secrets, const Json& mapping,
                          Faults& faults) const {
  std::vector<std::string> known;
  for (const SettingRule& rule : profile_.manifest.settings) {
    known.push_back(rule.key);
    const std::string pointer = "/settings/" + pointer_escape(rule.key);
    const Json* value = settings.find(rule.key);
    const bool given = rule.secret ? secrets.contains(rule.key) && !secrets.at(rule.key).reveal().empty()
                                   : value != nullptr && !value->is_null() && *value != Json("");
    if (!given) {
      if (rule.required && rule.fallback.is_null()) {
        faults.push_back({pointer, "connector.setting_missing",
                          "\"" + rule.label + "\" is needed by " + profile_.manifest.name + "."});
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
  if (settings.is_object()) {
    for (const auto& member : settings.members()) {
      if (std::find(known.begin(), known.end(), member.first) != known.end()) continue;
      faults.push_back(
          {"/settings/" + pointer_escape(member.first), "connector.setting_unknown",
           profile_.manifest.name + " has no setting \"" + member.first + "\"." + Table::meant(member.first, known)});
    }
  }
  (void)mapping_for(mapping, faults);
}

Mapping RestConnector::mapping_for(const Json& overrides, Faults& faults) const {
  Mapping mapping = profile_.mapping;
  if (overrides.is_null()) return mapping;
  Table table(overrides, "/mapping", faults);
  if (!overrides.is_object()) {
    table.fault("", "profile.wrong_type", "A mapping is an object with \"fields\".");
    return mapping;
  }
  const Json* fields = table.find("fields");
  table.done();
  if (fields == nullptr) return mapping;
  if (!fields->is_array()) {
    table.fault("fields", "profile.wrong_type", "\"fields\" is a list.");
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
      if (!profile_.extra_fields && !target.empty()) {
        faults.push_back(
            {pointer + "/target", "connector.field_unknown",
             profile_.manifest.name + " has no field \"" + target + "\"." + Table::meant(target, targets)});
        continue;
      }
      rule = mapping.fields.insert(mapping.fields.end(), exchange::FieldRule{});
    }
    exchange::read_field_rule(json, pointer, template_variables(), *rule, faults);
  }
  return mapping;
}

MapContext RestConnector::context(const DeliveryView& delivery, const Memory& memory) const {
  MapContext context;
  context.variables = {{"mark", delivery.remote_mark},
                       {"remoteId", memory.remote_id().value_or(delivery.remote_id.value_or(""))},
                       {"delivery.id", delivery.delivery_id},
                       {"delivery.sequence", std::to_string(delivery.sequence)}};
  context.destination = profile_.manifest.name;
  context.update =
      delivery.kind != DeliveryKind::create && memory.remote_id().value_or(delivery.remote_id.value_or("")) != "";
  context.filled = memory.all("filled");
  context.summary_follows = delivery.summary_pdf && profile_.attach.has_value();
  if (delivery.retraction) context.notices.emplace_back(retraction_sentence);
  if (delivery.attachments && profile_.attach) {
    for (const File& file : files_of(delivery)) {
      const auto fault = limit_fault(file);
      if (fault) context.notices.push_back("Not sent along: \"" + file.name + "\". " + fault->why);
    }
  }
  if (memory.is("shortNote")) context.note_length_max = short_note_characters;
  return context;
}

Mapped RestConnector::map(const DeliveryView& delivery, const Memory& memory) const {
  Faults ignored;  // check() told them when the integration was saved
  return exchange::map_referral(mapping_for(mapping_of(delivery), ignored), *delivery.snapshot,
                                context(delivery, memory));
}

Faults RestConnector::missing(const DeliveryView& delivery) const {
  if (delivery.snapshot == nullptr) return {};
  return map(delivery, Memory(Json::object())).missing;
}

// ---- what to say ---------------------------------------------------------------------------------------------------

Wire RestConnector::wire(const DeliveryView& delivery, const Memory& memory) const {
  Wire wire(profile_, settings_of(delivery), secrets_of(delivery));
  for (const auto& [name, value] : context(delivery, memory).variables) wire.set(name, value);
  wire.set_snapshot(delivery.snapshot);
  if (const auto token = token_of(delivery)) wire.set_token(*token);
  return wire;
}

Result<Step> RestConnector::next(const DeliveryView& delivery, const Progress& progress) const {
  if (delivery.snapshot == nullptr) {
    return Error{
        Kind::internal, "connector.no_snapshot", "There is nothing to send: the referral is no longer kept.", {}, {}};
  }
  const auto& accepted = profile_.manifest.triggers;
  const bool wanted = accepted.empty() || delivery.triggers.empty() ||
                      std::any_of(delivery.triggers.begin(), delivery.triggers.end(), [&](const std::string& trigger) {
                        return std::find(accepted.begin(), accepted.end(), trigger) != accepted.end();
                      });
  if (!wanted) {
    return Error{Kind::unsupported,
                 "connector.trigger_not_taken",
                 profile_.manifest.name + " does not take this event; remove the trigger from the integration.",
                 {},
                 {}};
  }
  Step step = HANDOFF_TRY(say(delivery, Memory(progress.data)));
  // A token is fetched when there is something to say with it, and not before.
  if (std::holds_alternative<HttpRequest>(step) && wants_token(delivery)) {
    return Step(HANDOFF_TRY(wire(delivery, Memory(progress.data)).token_request()));
  }
  return step;
}

Result<Step> RestConnector::say(const DeliveryView& delivery, const Memory& memory) const {
  const bool known = memory.remote_id().has_value() || delivery.remote_id.has_value();
  if (delivery.kind == DeliveryKind::create || (delivery.kind == DeliveryKind::event && !known)) {
    return say_create(delivery, memory);
  }
  return say_update(delivery, memory);
}

bool doubtful(const DeliveryView& delivery, const Memory& memory) { return delivery.doubtful || memory.is("ask"); }

Error doubt(const std::string& name, const std::string& what) {
  return Error{
      Kind::conflict,
      "connector.doubtful",
      name + " may or may not have taken " + what + ", and it cannot be asked. Look there, then resend it or clear it.",
      {},
      {}};
}

Result<Step> RestConnector::ask(const DeliveryView& delivery, const Memory& memory) const {
  return Step(HANDOFF_TRY(wire(delivery, memory).request("find", *profile_.find)));
}

Result<Step> RestConnector::say_create(const DeliveryView& delivery, const Memory& memory) const {
  if (memory.remote_id() || delivery.remote_id) return say_files(delivery, memory);
  if (doubtful(delivery, memory) && !profile_.create->repeatable) {
    if (profile_.find) return ask(delivery, memory);
    // An answer that it failed is no doubt worth a person's time; an answer that never came is.
    if (delivery.doubtful || memory.is("unknown")) return doubt(profile_.manifest.name, "the referral");
  }
  return send_fields("create", *profile_.create, delivery, memory);
}

Result<Step> RestConnector::say_update(const DeliveryView& delivery, const Memory& memory) const {
  const bool known = memory.remote_id().has_value() || delivery.remote_id.has_value();
  if (!profile_.update) {
    return Error{Kind::unsupported,
                 "connector.no_updates",
                 profile_.manifest.name + " takes no changes of a referral that it already holds.",
                 {},
                 {}};
  }
  if (!known) {
    if (profile_.find && !memory.is("absent")) return ask(delivery, memory);
    return Error{
        Kind::conflict,
        "connector.nothing_to_update",
        profile_.manifest.name + " does not hold this referral, so there is nothing to update. Resend it as new.",
        {},
        {}};
  }
  const bool regardless = delivery.retraction || delivery.even_if_accepted;
  if (profile_.status && !regardless && !memory.has("done", "update")) {
    if (memory.is("accepted")) {
      return Step(Finished{memory.remote_id().value_or(delivery.remote_id.value_or("")), true, {}});
    }
    if (!memory.has("done", "status")) {
      return Step(HANDOFF_TRY(wire(delivery, memory).request("status", *profile_.status)));
    }
  }
  if (!memory.has("done", "update")) {
    const bool unknown = delivery.doubtful || memory.is("unknown");
    if (unknown && !profile_.update->repeatable) return doubt(profile_.manifest.name, "the change");
    return send_fields("update", *profile_.update, delivery, memory);
  }
  return say_files(delivery, memory);
}

Result<Step> RestConnector::send_fields(const char* name, const StepRule& step, const DeliveryView& delivery,
                                        const Memory& memory) const {
  const Mapped mapped = map(delivery, memory);
  if (mapped.note_cut && !(delivery.summary_pdf && profile_.attach)) {
    return Error{Kind::precondition_failed,
                 "connector.note_too_long",
                 "What has no field of its own does not fit into the note of " + profile_.manifest.name +
                     ", and the Referral Summary PDF that would carry it is switched off. Switch it on.",
                 {},
                 {}};
  }
  return Step(HANDOFF_TRY(wire(delivery, memory).request_with(name, step, mapped)));
}

std::optional<LeftOut> RestConnector::limit_fault(const File& file) const {
  const auto& max = profile_.manifest.file_bytes_max;
  if (!file.summary && max && file.size > *max) {
    return LeftOut{file.id, "destination.file_too_large",
                   profile_.manifest.name + " takes no file larger than " + bytes_text(*max) + "."};
  }
  if (!file.summary && !type_is_taken(profile_, file.content_type)) {
    return LeftOut{file.id, "destination.file_type", profile_.manifest.name + " takes no file of this type."};
  }
  return {};
}

std::vector<LeftOut> RestConnector::left_out(const DeliveryView& delivery, const Memory& memory) const {
  std::vector<LeftOut> out;
  if (!profile_.attach) return out;
  for (const File& file : files_of(delivery)) {
    if (auto fault = limit_fault(file)) {
      out.push_back(*std::move(fault));
    } else if (memory.left_out(file.id)) {
      out.push_back(
          {file.id, "destination.file_too_large", profile_.manifest.name + " refused the file as too large."});
    }
  }
  return out;
}

Result<Step> RestConnector::say_files(const DeliveryView& delivery, const Memory& memory) const {
  const std::string remote_id = memory.remote_id().value_or(delivery.remote_id.value_or(""));
  if (profile_.attach) {
    const bool summary_again = profile_.summary_on_update && delivery.kind != DeliveryKind::create;
    for (const File& file : files_of(delivery)) {
      const std::string step = attach_prefix + file.id;
      const bool again = file.summary && summary_again;
      if (memory.has("done", step) || (memory.has("sent", file.key) && !again)) continue;
      if (memory.left_out(file.id) || limit_fault(file)) continue;
      if (doubtful(delivery, memory) && !profile_.attach->repeatable) {
        // Only a list of what it holds can tell whether this file is there; a summary sent again has nothing to tell
        // by.
        if (profile_.find && !profile_.find->files.empty() && !again) return ask(delivery, memory);
        if (delivery.doubtful || memory.is("unknown")) return doubt(profile_.manifest.name, "a file");
      }
      Wire words = wire(delivery, memory);
      words.set("file.sha256", file.key);
      words.set("file.name", file.name);
      words.set("file.contentType", file.content_type);
      return Step(HANDOFF_TRY(words.request_with(step, *profile_.attach, file, delivery.delivery_id)));
    }
  }
  return Step(Finished{remote_id, memory.is("accepted"), left_out(delivery, memory)});
}

Result<HttpRequest> RestConnector::probe(const Json& settings, const std::map<std::string, Secret>& secrets) const {
  Wire words(profile_, settings, secrets);
  if (profile_.auth.kind == AuthKind::oauth2_client_credentials) return words.token_request();
  words.set("mark", "handoff-probe");
  if (profile_.probe) return words.request("probe", *profile_.probe);
  if (profile_.find) return words.request("probe", *profile_.find);
  StepRule plain;
  plain.method = "GET";
  plain.path = "/";
  return words.request("probe", plain);
}

std::optional<HttpRequest> RestConnector::status_request(const DeliveryView& delivery) const {
  if (!profile_.status || !delivery.remote_id) return {};
  const Memory memory(Json::object());
  auto request = wants_token(delivery) ? wire(delivery, memory).token_request()
                                       : wire(delivery, memory).request("status", *profile_.status);
  if (!request) return {};
  return std::move(request).value();
}

// ---- what an answer means ------------------------------------------------------------------------------------------

Verdict RestConnector::judge(const DeliveryView& delivery, const HttpRequest& request, const Reply& reply,
                             Progress& progress) const {
  Memory memory(progress.data);
  // The runner forgets its doubt with the first step that is done; this keeps it until the destination was asked.
  if (delivery.doubtful) {
    memory.set("ask");
    memory.set("unknown");
  }
  const std::string& step = request.step;
  // A delivery may outlive a version of its profile: an answer to a step that is gone is judged by its status alone.
  const bool asks = (step == "find" && profile_.find) || (step == "status" && profile_.status);
  const bool needs_json = asks || (step == "create" && profile_.create && profile_.create->id.starts_with("/"));
  Verdict verdict =
      exchange::verdict_of(reply, reply.at, needs_json ? exchange::Expect::json : exchange::Expect::anything);
  const bool success = reply.outcome == Reply::Outcome::answered && reply.status >= 200 && reply.status < 300 &&
                       std::holds_alternative<StepDone>(verdict);
  if (step == "token") {
    verdict = judge_token(reply, memory);
  } else if (step == "probe") {
    // An address that answers and lets us in is what was asked; a page in place of data is not the destination.
    if (success && profile_.find && !profile_.probe)
      verdict = exchange::verdict_of(reply, reply.at, exchange::Expect::json);
  } else if (!success) {
    verdict = judge_refusal(delivery, request, reply, std::move(verdict), memory);
  } else {
    memory.clear("tokenRenewed");
    if (asks) {
      const auto answer = Json::parse(reply.body);
      if (!answer) {
        verdict = Unknown{"The destination answered " + std::to_string(reply.status) + " with nothing in it."};
      } else {
        verdict = step == "find" ? judge_find(delivery, *answer, memory) : judge_status(*answer, memory);
      }
    } else if (step == "create") {
      verdict = judge_create(delivery, reply, memory);
    } else {
      memory.clear("ask");
      memory.clear("unknown");
      memory.add("done", step);
      if (step == "update") remember_fields(delivery, memory);
      for (const File& file : files_of(delivery)) {
        if (step == attach_prefix + file.id) memory.add("sent", file.key);
      }
    }
  }
  progress.data = memory.data();
  return verdict;
}

Verdict RestConnector::judge_token(const Reply& reply, Memory& memory) const {
  Verdict verdict = exchange::verdict_of(reply, reply.at, exchange::Expect::json);
  // A token endpoint answers 400 where it does not know the client (RFC 6749, 5.2): nobody's data are wrong.
  if (std::holds_alternative<NeedsData>(verdict)) {
    return Misconfigured{"destination.unauthorized",
                         "The destination gave no access token: the credentials are not accepted."};
  }
  if (!std::holds_alternative<StepDone>(verdict)) return verdict;
  const auto answer = Json::parse(reply.body);
  const std::string token = answer ? (*answer)["access_token"].text_or() : std::string();
  if (token.empty()) return Unknown{"The destination answered without an access token."};
  StepDone done;
  done.ephemeral.emplace(token_name, Secret(token));
  // A little less than it says, so that a token does not run out on its way.
  constexpr std::int64_t margin = 30, unstated = 300, day = 86400;
  const std::int64_t seconds_told = std::clamp<std::int64_t>((*answer)["expires_in"].int_or(unstated), 1, day);
  done.ephemeral_for = seconds(std::max<std::int64_t>(1, seconds_told - std::min(margin, seconds_told / 2)));
  (void)memory;
  return done;
}

Verdict RestConnector::judge_find(const DeliveryView& delivery, const Json& answer, Memory& memory) const {
  const StepRule& rule = *profile_.find;
  const Json* items = exchange::at_pointer(answer, rule.items);
  if (items == nullptr || !items->is_array())
    return Unknown{"The destination answered without the list that was asked for."};
  const std::string expected = memory.remote_id().value_or(delivery.remote_id.value_or(""));
  const Json* found = nullptr;
  std::string id;
  for (const Json& item : items->items()) {
    if (!rule.mark.empty()) {
      const Json* mark = exchange::at_pointer(item, rule.mark);
      if (mark == nullptr || mark->text_or() != delivery.remote_mark) continue;
    }
    const auto text = id_text(exchange::at_pointer(item, rule.id));
    if (!text) return Unknown{"The destination answered with a record that has no id."};
    if (!expected.empty() && *text != expected) continue;
    found = &item;
    id = *text;
    break;
  }
  memory.clear("ask");
  memory.clear("unknown");
  if (found == nullptr) {
    if (memory.is("duplicate")) {
      return NeedsPerson{"destination.duplicate_not_found",
                         "The destination says that it holds this referral already, and does not find it by its mark."};
    }
    if (delivery.kind == DeliveryKind::update) memory.set("absent");
    return StepDone{};
  }
  memory.clear("absent");
  memory.clear("duplicate");
  memory.set_remote_id(id);
  if (delivery.kind == DeliveryKind::create) {
    memory.add("done", "create");
    remember_fields(delivery, memory);
  }
  const Json* files = rule.files.empty() ? nullptr : exchange::at_pointer(*found, rule.files);
  if (files == nullptr || !files->is_array()) return StepDone{};
  for (const File& file : files_of(delivery)) {
    for (const Json& there : files->items()) {
      const Json* hash = rule.file_sha256.empty() ? nullptr : exchange::at_pointer(there, rule.file_sha256);
      const Json* name = exchange::at_pointer(there, rule.file_name);
      const bool same_hash = hash != nullptr && ascii_equal_fold(hash->text_or(), file.key);
      const bool same_name = name != nullptr && name->text_or() == file.name;
      // The summary is made anew with every version, so it is known by its name; so is a file without a hash.
      if (same_hash || (same_name && (file.summary || hash == nullptr))) memory.add("sent", file.key);
    }
  }
  return StepDone{};
}

Verdict RestConnector::judge_create(const DeliveryView& delivery, const Reply& reply, Memory& memory) const {
  const std::string& where = profile_.create->id;
  std::optional<std::string> id;
  if (where.empty()) {
    id = "";
  } else if (where.starts_with("header:")) {
    for (const auto& [name, value] : reply.headers) {
      if (!ascii_equal_fold(name, std::string_view(where).substr(7))) continue;
      const std::string path = value.substr(0, value.find_first_of("?#"));
      const Json segment(path.substr(path.find_last_of('/') + 1));
      id = id_text(&segment);
    }
  } else if (const auto answer = Json::parse(reply.body)) {
    id = id_text(exchange::at_pointer(*answer, where));
  }
  if (!id) {
    memory.set("ask");
    memory.set("unknown");
    return Unknown{"The destination answered " + std::to_string(reply.status) + " without the id of the referral."};
  }
  memory.clear("ask");
  memory.clear("unknown");
  memory.clear("duplicate");
  memory.set_remote_id(*id);
  memory.add("done", "create");
  remember_fields(delivery, memory);
  return StepDone{};
}

Verdict RestConnector::judge_status(const Json& answer, Memory& memory) const {
  const Json* state = exchange::at_pointer(answer, profile_.status->state);
  if (state == nullptr || !(state->is_string() || state->is_bool() || state->is_number())) {
    return Unknown{"The destination answered without the state that was asked for."};
  }
  const std::string word = state->is_string() ? state->string()
                           : state->is_bool() ? (state->boolean() ? "true" : "false")
                                              : state->number_text();
  memory.add("done", "status");
  const auto& accepted = profile_.status->accepted;
  if (std::find(accepted.begin(), accepted.end(), word) != accepted.end()) memory.set("accepted");
  return StepDone{};
}

Verdict RestConnector::judge_refusal(const DeliveryView& delivery, const HttpRequest& request, const Reply& reply,
                                     Verdict verdict, Memory& memory) const {
  const std::string& step = request.step;
  const bool answered = reply.outcome == Reply::Outcome::answered;
  if (answered && reply.status == 401 && token_of(delivery) && !memory.is("tokenRenewed")) {
    // Tokens are revoked before their time. One new one is tried; a second refusal is the administrator's.
    memory.set("tokenRenewed");
    StepDone done;
    done.forget_ephemeral = true;
    return done;
  }
  if (std::holds_alternative<Unknown>(verdict) && request.changes_destination) {
    memory.set("ask");
    memory.set("unknown");
  }
  // It failed over there, or in front of it, perhaps after the record was saved.
  const bool may_be_saved =
      answered && (reply.status == 408 || reply.status == 500 || reply.status == 502 || reply.status >= 504);
  if (may_be_saved && request.changes_destination && std::holds_alternative<exchange::RetryLater>(verdict))
    memory.set("ask");
  // A later try of an update asks afresh whether the case was taken on in the meantime.
  if (step == "update") memory.remove("done", "status");
  if (auto* refusal = std::get_if<NeedsData>(&verdict)) return with_field(std::move(*refusal), delivery, reply);
  if (auto* large = std::get_if<TooLarge>(&verdict)) return judge_too_large(delivery, step, std::move(*large), memory);
  if (!std::holds_alternative<StepDone>(verdict)) return verdict;
  // 409 with "duplicate": what was sent is there already.
  memory.clear("unknown");
  if (step == "create") {
    const auto answer = Json::parse(reply.body);
    const Json* id =
        answer && profile_.create->id.starts_with("/") ? exchange::at_pointer(*answer, profile_.create->id) : nullptr;
    if (const auto text = id_text(id)) {
      memory.set_remote_id(*text);
    } else if (profile_.find) {
      if (memory.is("duplicate")) {
        return NeedsPerson{
            "destination.duplicate_not_found",
            "The destination says that it holds this referral already, and does not find it by its mark."};
      }
      memory.set("duplicate");
      memory.set("ask");
      return StepDone{};
    } else if (profile_.create->id.empty()) {
      memory.set_remote_id("");
    } else {
      return NeedsPerson{
          "destination.duplicate_without_id",
          "The destination holds this referral already and does not say under which id, so its files cannot follow."};
    }
    memory.clear("ask");
    memory.add("done", "create");
    remember_fields(delivery, memory);
    return StepDone{};
  }
  memory.clear("ask");
  memory.add("done", step);
  for (const File& file : files_of(delivery)) {
    if (step == attach_prefix + file.id) memory.add("sent", file.key);
  }
  return StepDone{};
}

Verdict RestConnector::judge_too_large(const DeliveryView& delivery, const std::string& step, TooLarge verdict,
                                       Memory& memory) const {
  memory.clear("ask");
  memory.clear("unknown");
  if (step.starts_with(attach_prefix)) {
    memory.leave_out(step.substr(std::string_view(attach_prefix).size()), "destination.file_too_large");
    return verdict;
  }
  // Of the fields only the note grows without end. It is sent short once; the summary PDF carries the whole of it.
  const bool fields = step == "create" || step == "update";
  if (fields && !memory.is("shortNote") && delivery.summary_pdf && profile_.attach) {
    memory.set("shortNote");
    return verdict;
  }
  return NeedsPerson{"destination.too_large", std::move(verdict.why)};
}

NeedsData RestConnector::with_field(NeedsData refusal, const DeliveryView& delivery, const Reply& reply) const {
  if (const std::string own = exchange::message_of(reply, profile_.message_pointers); !own.empty())
    refusal.message = own;
  std::string key;
  if (const auto body = Json::parse(reply.body)) {
    for (const std::string& pointer : profile_.field_pointers) {
      const Json* found = exchange::at_pointer(*body, pointer);
      if (found != nullptr && found->is_string()) {
        key = found->string();
        break;
      }
    }
  }
  Faults ignored;
  const Mapping mapping = mapping_for(mapping_of(delivery), ignored);
  const auto* rule = exchange::rule_named(mapping, key, refusal.message);
  if (rule != nullptr) {
    const std::string path = exchange::source_path(*rule);
    if (exchange::is_source_path(path)) refusal.field = path;
  }
  return refusal;
}

void RestConnector::remember_fields(const DeliveryView& delivery, Memory& memory) const {
  for (const exchange::MappedValue& value : map(delivery, memory).values) {
    if (value.value.is_null()) {
      memory.remove("filled", value.target);
    } else {
      memory.add("filled", value.target);
    }
  }
}

const char* mode_word(exchange::Mode mode) {
  switch (mode) {
    case exchange::Mode::once: return "once";
    case exchange::Mode::until_accepted: return "until_accepted";
    case exchange::Mode::every: return "every";
  }
  return "";
}

const char* type_word(SettingRule::Type type) {
  switch (type) {
    case SettingRule::Type::text: return "text";
    case SettingRule::Type::url: return "url";
    case SettingRule::Type::integer: return "integer";
    case SettingRule::Type::boolean: return "boolean";
    case SettingRule::Type::list: return "list";
  }
  return "";
}

Json texts_json(const std::vector<std::string>& texts) {
  Json list = Json::array();
  for (const std::string& text : texts) list.push_back(text);
  return list;
}

}  // namespace

std::unique_ptr<exchange::Connector> make_rest_connector(Profile profile) {
  return std::make_unique<RestConnector>(std::move(profile));
}

Json manifest_json(const Manifest& manifest, const std::string& profile_hash) {
  Json settings = Json::array();
  for (const SettingRule& rule : manifest.settings) {
    settings.push_back(Json::object({{"key", rule.key},
                                     {"label", rule.label},
                                     {"description", rule.description},
                                     {"type", type_word(rule.type)},
                                     {"required", rule.required},
                                     {"secret", rule.secret},
                                     {"default", rule.fallback}}));
  }
  return Json::object(
      {{"id", manifest.id},
       {"name", manifest.name},
       {"version", manifest.version},
       {"description", manifest.description},
       {"minimumPlan", directory::plan_code(manifest.minimum_plan)},
       {"defaultMode", mode_word(manifest.default_mode)},
       {"includeRouted", manifest.include_routed_default},
       {"updates", manifest.updates},
       {"reportsAcceptance", manifest.reports_acceptance},
       {"appointments", manifest.appointments},
       {"attachments", manifest.attachments},
       {"summaryPdfRequired", manifest.summary_pdf_required},
       {"idempotencyKey", manifest.idempotency_key},
       {"canBeAsked", manifest.can_be_asked},
       {"settlesWithinMs", static_cast<std::int64_t>(manifest.settles_within.count())},
       {"fileBytesMax", manifest.file_bytes_max ? Json(static_cast<std::size_t>(*manifest.file_bytes_max)) : Json()},
       {"triggers", texts_json(manifest.triggers)},
       {"capabilities", texts_json(manifest.capabilities)},
       {"limitations", texts_json(manifest.limitations)},
       {"fees", manifest.fees},
       {"settings", std::move(settings)},
       {"profileHash", profile_hash}});
}

}  // namespace handoff::connector
