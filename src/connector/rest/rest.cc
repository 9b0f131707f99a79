#include "connector/rest/rest.h"

#include <algorithm>

#include "base/text.h"
#include "connector/rest/rest_connector.h"

namespace handoff::connector {

using exchange::DeliveryKind;
using exchange::DeliveryView;
using exchange::Finished;
using exchange::HttpRequest;
using exchange::LeftOut;
using exchange::Manifest;
using exchange::MapContext;
using exchange::Mapped;
using exchange::Mapping;
using exchange::Progress;
using exchange::Step;

namespace {

constexpr const char* retraction_sentence = "This referral was entered in error and must be disregarded.";
constexpr std::size_t short_note_characters = 2000;

const Json no_settings = Json::object();
const std::map<std::string, Secret> no_secrets;
const Json no_json;

const Json& settings_of(const DeliveryView& delivery) {
  return delivery.settings == nullptr ? no_settings : *delivery.settings;
}
const std::map<std::string, Secret>& secrets_of(const DeliveryView& delivery) {
  return delivery.secrets == nullptr ? no_secrets : *delivery.secrets;
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

bool doubtful(const DeliveryView& delivery, const Memory& memory) { return delivery.doubtful || memory.is("ask"); }

Error doubt(const std::string& name, const std::string& what) {
  return Error{
      Kind::conflict,
      "connector.doubtful",
      name + " may or may not have taken " + what + ", and it cannot be asked. Look there, then resend it or clear it.",
      {},
      {}};
}

}  // namespace

const Json& mapping_of(const DeliveryView& delivery) {
  return delivery.mapping == nullptr ? no_json : *delivery.mapping;
}

std::optional<Secret> token_of(const DeliveryView& delivery) {
  if (delivery.ephemeral == nullptr) return {};
  const auto found = delivery.ephemeral->find(token_name);
  if (found == delivery.ephemeral->end()) return {};
  return found->second;
}

// ---- settings and mapping ------------------------------------------------------------------------------------------

void RestConnector::check(const Json& settings, const std::map<std::string, Secret>& secrets, const Json& mapping,
                          Faults& faults) const {
  check_settings(profile_.manifest, settings, secrets, faults);
  (void)mapping_for(mapping, faults);
}

Mapping RestConnector::mapping_for(const Json& overrides, Faults& faults) const {
  return overridden(profile_.mapping, overrides, {profile_.manifest.name, profile_.extra_fields, template_variables()},
                    faults);
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
    return Error{Kind::conflict,
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
  // The first event of a lane creates, and has said everything with that: an update after it would say it twice.
  const bool creates = !known || memory.has("done", "create");
  if (delivery.kind == DeliveryKind::create || (delivery.kind == DeliveryKind::event && creates)) {
    return say_create(delivery, memory);
  }
  return say_update(delivery, memory);
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
  // Conflict, not the administrator's: one delivery waits, the others of the integration go on.
  if (!profile_.update) {
    return Error{Kind::conflict,
                 "connector.no_updates",
                 profile_.manifest.name +
                     " takes no changes of a referral that it already holds. Tell them another way, then clear this.",
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
  // Who asked for every event is told every event, the case taken on or not.
  const bool regardless = delivery.retraction || delivery.even_if_accepted || delivery.kind == DeliveryKind::event;
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

std::unique_ptr<exchange::Connector> make_rest_connector(Profile profile) {
  return std::make_unique<RestConnector>(std::move(profile));
}

}  // namespace handoff::connector
