// What an answer of a destination means, and what is remembered of it.
#include <algorithm>

#include "base/text.h"
#include "connector/rest/rest_connector.h"

namespace handoff::connector {

using exchange::DeliveryKind;
using exchange::DeliveryView;
using exchange::HttpRequest;
using exchange::Mapping;
using exchange::Misconfigured;
using exchange::NeedsData;
using exchange::NeedsPerson;
using exchange::Progress;
using exchange::Reply;
using exchange::StepDone;
using exchange::TooLarge;
using exchange::Unknown;
using exchange::Verdict;

namespace {

constexpr std::size_t remote_id_bytes_max = 255;

// A remote id as it may stand in an address later; nothing where the value is no id.
std::optional<std::string> id_text(const Json* json) {
  if (json == nullptr) return {};
  std::string id = json->is_number() ? json->number_text() : json->text_or();
  const bool plain = std::all_of(id.begin(), id.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x20; });
  if (trim(id).empty() || id.size() > remote_id_bytes_max || !plain) return {};
  return id;
}

}  // namespace

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
  if (std::holds_alternative<TooLarge>(verdict) && request.changes_destination) {
    memory.clear("ask");
    memory.clear("unknown");
  }
  if (auto* large = std::get_if<TooLarge>(&verdict)) return judge_too_large(delivery, step, std::move(*large), memory);
  if (!std::holds_alternative<StepDone>(verdict)) return verdict;
  if (!request.changes_destination) {
    return NeedsPerson{"destination.conflict", "The destination answered a question with 409, which says nothing."};
  }
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

}  // namespace handoff::connector
