// Webhooks of a record system: issued to an administrator, received from the EMR. A delivery is a hint to read a chart
// again; it is answered when the hint is durable.
#include "base/text.h"
#include "face/own/emr.h"
#include "face/own/handlers.h"
#include "face/own/problem.h"
#include "face/own/sign_in.h"
#include "net/uri.h"
#include "sync/hook_health.h"

namespace handoff::face::own {
namespace {

using exchange::CommandAnswer;
using exchange::OfficeUnit;

constexpr std::size_t token_bytes = 32;
constexpr std::chrono::milliseconds repeated_within{5000};

Error unknown_hook_token() {
  return Error{Kind::unauthenticated,
               "emr_hook.not_signed_in",
               "Send the token of this webhook as Authorization: Bearer … or as ?token=; POST "
               "/emr-connections/{id}/hooks/{kind} issues it.",
               {},
               {}};
}

// Refusals are part of a webhook's health. They are counted at most once a second, so that whoever sends junk makes
// little work.
void note_refusal(Call& call, const sync::ConnectionWithState& of, sync::HookKind kind, const char* why) {
  const std::string key = of.connection.id.text() + "/" + word(kind);
  const std::int64_t count = call.shared.refused_hooks.take(key, call.parts.clock.monotonic());
  if (count == 0) return;
  exchange::Command command;
  command.actor = {
      access::ActorKind::destination, of.connection.id.text(), of.connection.name, of.connection.organization, {}, {}};
  command.cause = call.request.id;
  command.run = [&](OfficeUnit& office) -> Result<CommandAnswer> {
    part_of<sync::Unit>(office).refused(of.connection.id, kind, why, count, office.now());
    return CommandAnswer{};
  };
  (void)call.parts.ledger.run(std::move(command)).has_value();
}

}  // namespace

Result<access::Actor> sign_in_emr_hook(Call& call) {
  std::optional<std::string> token = bearer_token(call.request.headers);
  if (!token) {
    if (const auto query = net::parse_query(call.request.query)) {
      for (const auto& [name, value] : *query) {
        if (name == "token") token = value;
      }
    }
  }
  const auto id = EmrConnectionId::parse(call.names.at(0));
  const auto kind = sync::hook_kind_of(call.names.at(1));
  if (!id || !kind || !token) return unknown_hook_token();
  const auto of = HANDOFF_TRY(call.parts.emr.connection_for_hook(*id));
  if (!of) return unknown_hook_token();
  const sync::HookSlot& slot = of->hooks[static_cast<std::size_t>(*kind)];
  if (slot.token_hash.empty() || !equal_in_constant_time(slot.token_hash, call.parts.key.keyed_hash(*token))) {
    if (!slot.token_hash.empty()) note_refusal(call, *of, *kind, "token");
    return unknown_hook_token();
  }
  return access::Actor{access::ActorKind::destination,
                       of->connection.id.text(),
                       of->connection.name,
                       of->connection.organization,
                       {},
                       {}};
}

Result<net::Response> issue_emr_hook(Call& call) {
  const auto of = HANDOFF_TRY(find_connection(call));
  const EmrConnectionId id = of.connection.id;
  const auto kind = sync::hook_kind_of(call.names.at(1));
  if (!kind) return Call::not_found("emr_hook");
  const std::string token = "hook_" + random_token(call.parts.random, token_bytes);
  const std::string context = "emr-hook-token:" + id.text();
  // The answer may be kept for an idempotency key, so the token lies sealed in it and is opened on its way out.
  const std::string sealed = call.parts.key.seal(Secret(token), context, call.parts.random);
  exchange::Needs needs;
  auto wanted = std::make_shared<sync::Needs>();
  wanted->connection = id;
  wanted->hooks = true;
  needs.rooms.push_back(wanted);
  auto done = HANDOFF_TRY(call.commit(std::move(needs), [&](OfficeUnit& office) -> Result<CommandAnswer> {
    sync::Unit& unit = part_of<sync::Unit>(office);
    const sync::EmrConnection* connection = unit.connection(id);
    if (!connection || connection->deleted) return no_such_connection();
    sync::HookSlot slot = unit.hook(id, *kind);
    slot.token_hash = call.parts.key.keyed_hash(token);
    if (!slot.issued_at) slot.issued_at = office.now();
    sync::settle_state(slot, connection->webhooks, office.now());
    unit.save(slot);
    office.audit(call.organization(), "emr_connection.hook_token", "emr_connection", id.text(),
                 Json::object({{"kind", word(*kind)}}));
    return CommandAnswer{200, Json::object({{"url", hook_url(call, id, *kind)}, {"token", sealed}}), std::nullopt, {}};
  }));
  const Secret opened = HANDOFF_TRY(call.parts.key.open(done.body["token"].text_or(), context));
  done.body.set("token", opened.reveal());
  return Call::json(done.status, done.body, done.version);
}

Result<net::Response> receive_emr_hook(Call& call) {
  const auto id = EmrConnectionId::parse(call.names.at(0)).value();
  const auto kind = sync::hook_kind_of(call.names.at(1)).value();
  if (const auto wait = call.shared.hook_rate.take(id.text() + "/" + word(kind), call.parts.clock.monotonic());
      wait && call.parts.settings.requests_per_second > 0) {
    net::Response response = problem(Error{Kind::rate_limited,
                                           "request.too_many",
                                           "Too many deliveries of this webhook; wait as Retry-After says.",
                                           {},
                                           {}});
    response.headers.set("Retry-After", std::to_string((wait->count() + 999) / 1000));
    return response;
  }
  const std::string body = HANDOFF_TRY(call.request.body->all());
  auto subject = sync::hook_subject(call.request.headers.get("Content-Type"), body);
  if (!subject) {
    if (const auto of = HANDOFF_TRY(call.parts.emr.connection_for_hook(id))) note_refusal(call, *of, kind, "body");
    return subject.error();
  }
  // Something that names no chart may still be a hint that something changed; nothing at all is none.
  if (const auto told = trim(body); subject->empty() && (told == "{}" || told == "[]" || told.empty())) {
    if (const auto of = HANDOFF_TRY(call.parts.emr.connection_for_hook(id))) note_refusal(call, *of, kind, "body");
    return Error{
        Kind::malformed, "emr_hook.empty", "The delivery says nothing; send one that carries a casefile id.", {}, {}};
  }
  const Json accepted = Json::object({{"accepted", true}});
  const std::string digest = hex(sha256(body));
  const std::string delivery = id.text() + "/" + word(kind) + "/" + digest;
  const Instant at = call.now();
  // The same bytes again within seconds are the same delivery, sent twice.
  if (call.shared.recent_hooks.is_repeated(delivery, call.parts.clock.monotonic(), repeated_within))
    return Call::json(202, accepted);
  std::string casefile = subject->casefile;
  if (casefile.empty() && !subject->mr_number.empty())
    casefile = HANDOFF_TRY(call.parts.emr.casefile_of_mr_number(id, subject->mr_number));
  exchange::Command command;
  command.actor = call.actor;
  command.cause = call.request.id;
  command.run = [&](OfficeUnit& office) -> Result<CommandAnswer> {
    sync::Unit& unit = part_of<sync::Unit>(office);
    unit.add(sync::Receipt{id, kind, casefile, at, digest});
    unit.add(sync::Hint{id, casefile, 0, at, "hook"});
    return CommandAnswer{};
  };
  auto done = call.parts.ledger.run(std::move(command));
  if (!done) {
    call.shared.recent_hooks.forget(delivery);
    return std::move(done).error();
  }
  call.parts.emr_desk.look_at(id);
  return Call::json(202, accepted);
}

}  // namespace handoff::face::own
