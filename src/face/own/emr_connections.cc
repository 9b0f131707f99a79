// Connections to record systems: made, changed, tried, looked at.
#include "face/own/emr.h"
#include "face/own/handlers.h"
#include "sync/hook_health.h"
#include "sync/inquiry.h"
#include "sync/promise.h"

namespace handoff::face::own {
namespace {

using exchange::CommandAnswer;
using exchange::OfficeUnit;
using sync::ConnectionWithState;
using sync::EmrConnection;

constexpr std::array fixed_members{"id", "version", "createdAt", "pull", "hooks", "counts", "states", "oldestLockAt"};
constexpr std::size_t preview_charts_max = 200;
constexpr std::chrono::milliseconds wait_for_run{110'000};

std::shared_ptr<const RoomNeeds> needs_of(const EmrConnectionId& id, bool hooks = false) {
  auto needs = std::make_shared<sync::Needs>();
  needs->connection = id;
  needs->hooks = hooks;
  return needs;
}

// As it stands in the unit of work, for the answer of a command.
ConnectionWithState standing(sync::Unit& unit, const EmrConnectionId& id) {
  ConnectionWithState of;
  of.connection = *unit.connection(id);
  of.state = unit.pull_state(id);
  for (const auto kind : sync::hook_kinds) of.hooks.push_back(unit.hook(id, kind));
  return of;
}

sync::RecordCounts nothing_counted() {
  sync::RecordCounts counts;
  for (const auto list : sync::worklists) counts.by_worklist[word(list)] = 0;
  for (const auto state : sync::record_states) counts.by_state[word(state)] = 0;
  return counts;
}

// Whoever saves the settings has looked after them: what stood still for their sake is tried again.
void start_anew(sync::Unit& unit, const EmrConnectionId& id, Instant now) {
  sync::PullState state = unit.pull_state(id);
  state.stopped = false;
  state.failures = 0;
  state.fault_code.clear();
  state.fault_sentence.clear();
  state.fault_since.reset();
  state.disabled_routes.clear();
  state.next_pull_at = now;
  unit.save(id, state);
}

}  // namespace

Error no_such_connection() {
  return Error{Kind::not_found,
               "emr_connection.not_found",
               "There is no such connection to a record system for this organization.",
               {},
               {}};
}
std::string connection_path(const EmrConnectionId& id) { return "/api/v1/emr-connections/" + id.text(); }
std::string hook_url(const Call& call, const EmrConnectionId& id, sync::HookKind kind) {
  return call.parts.settings.public_url + "/hooks/emr/" + id.text() + "/" + word(kind);
}

Result<ConnectionWithState> find_connection(Call& call) {
  const auto id = EmrConnectionId::parse(call.names.at(0));
  if (!id) return no_such_connection();
  auto found = HANDOFF_TRY(call.parts.emr.connection(call.organization(), *id));
  if (!found) return no_such_connection();
  return *std::move(found);
}

Json connection_json(const Call& call, const ConnectionWithState& of, const sync::RecordCounts& counts) {
  Json out = sync::connection_to_json(of.connection);
  out.set("pull", sync::pull_state_to_json(of.state));
  Json hooks = Json::object();
  for (const auto& hook : of.hooks) {
    sync::HookSlot slot = hook;
    sync::settle_state(slot, of.connection.webhooks, call.now());
    Json shown = sync::hook_to_json(slot);
    shown.set("url", slot.token_hash.empty() ? Json() : Json(hook_url(call, of.connection.id, slot.kind)));
    hooks.set(word(slot.kind), std::move(shown));
  }
  out.set("hooks", std::move(hooks));
  Json by_worklist = Json::object(), by_state = Json::object();
  for (const auto& [list, count] : counts.by_worklist) by_worklist.set(list, count);
  for (const auto& [state, count] : counts.by_state) by_state.set(state, count);
  out.set("counts", std::move(by_worklist));
  out.set("states", std::move(by_state));
  out.set("oldestLockAt", counts.oldest_lock_at ? Json(format_instant(*counts.oldest_lock_at)) : Json());
  return out;
}

Result<net::Response> list_emr_connections(Call& call) {
  auto all = HANDOFF_TRY(call.parts.emr.connections(call.organization()));
  std::vector<Json> shown;
  for (const auto& of : all) {
    shown.push_back(
        connection_json(call, of, HANDOFF_TRY(call.parts.emr.counts(call.organization(), of.connection.id))));
  }
  return page_by_key(
      call, std::move(shown), [](const Json& each) { return each["id"].text_or(); },
      [](const Json& each) { return each; });
}

Result<net::Response> create_emr_connection(Call& call) {
  if (!call.body.is_object()) return fault_error({{"", "property.wrong_type", "Send an object."}});
  EmrConnection connection;
  Faults faults;
  sync::read_connection(call.body, true, Date::of(call.now()), connection, faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  connection.organization = call.organization();
  connection.id = EmrConnectionId::make(call.now(), call.parts.random);
  connection.created_at = call.now();
  auto answer = call.change({}, [&](OfficeUnit& office) -> Result<CommandAnswer> {
    sync::Unit& unit = part_of<sync::Unit>(office);
    unit.save(connection);
    start_anew(unit, connection.id, office.now());
    office.audit(call.organization(), "emr_connection.create", "emr_connection", connection.id.text(),
                 Json::object({{"kind", connection.kind}}));
    return CommandAnswer{201, connection_json(call, standing(unit, connection.id), nothing_counted()),
                         connection.row_version, connection_path(connection.id)};
  });
  if (answer) call.parts.emr_desk.look_at(connection.id);
  return answer;
}

Result<net::Response> get_emr_connection(Call& call) {
  const ConnectionWithState of = HANDOFF_TRY(find_connection(call));
  const auto counts = HANDOFF_TRY(call.parts.emr.counts(call.organization(), of.connection.id));
  return Call::json(200, connection_json(call, of, counts), of.connection.row_version);
}

Result<net::Response> patch_emr_connection(Call& call) {
  const ConnectionWithState of = HANDOFF_TRY(find_connection(call));
  if (!call.body.is_object())
    return fault_error({{"", "property.wrong_type", "Send an object with the properties to change."}});
  const EmrConnectionId id = of.connection.id;
  const auto counts = HANDOFF_TRY(call.parts.emr.counts(call.organization(), id));
  exchange::Needs needs;
  needs.rooms.push_back(needs_of(id, true));
  auto answer = call.change(std::move(needs), [&](OfficeUnit& office) -> Result<CommandAnswer> {
    sync::Unit& unit = part_of<sync::Unit>(office);
    const EmrConnection* connection = unit.connection(id);
    if (!connection || connection->deleted) return no_such_connection();
    HANDOFF_TRY(call.match(connection->row_version));
    Json body = sync::connection_to_json(*connection);
    for (const char* fixed : fixed_members) body.erase(fixed);
    EmrConnection next = *connection;
    Faults faults;
    sync::read_connection(merge_patch(std::move(body), call.body), false, Date::of(office.now()), next, faults);
    if (!faults.empty()) return fault_error(std::move(faults));
    next.row_version += 1;
    const bool means_other =
        next.consent_exempt != connection->consent_exempt || next.on_discharge != connection->on_discharge ||
        next.non_destinations != connection->non_destinations || next.own_locations != connection->own_locations ||
        next.field_ownership != connection->field_ownership;
    unit.save(next);
    // What was held back or passed over by the old settings is looked at by the new ones.
    if (means_other) unit.read_again(id);
    start_anew(unit, id, office.now());
    office.audit(call.organization(), "emr_connection.edit", "emr_connection", id.text(),
                 Json::object({{"version", next.row_version}}));
    return CommandAnswer{200, connection_json(call, standing(unit, id), counts), next.row_version, {}};
  });
  if (answer) call.parts.emr_desk.look_at(id);
  return answer;
}

Result<net::Response> delete_emr_connection(Call& call) {
  const ConnectionWithState of = HANDOFF_TRY(find_connection(call));
  const EmrConnectionId id = of.connection.id;
  exchange::Needs needs;
  needs.rooms.push_back(needs_of(id));
  auto answer = call.change(std::move(needs), [&](OfficeUnit& office) -> Result<CommandAnswer> {
    sync::Unit& unit = part_of<sync::Unit>(office);
    const EmrConnection* connection = unit.connection(id);
    if (!connection || connection->deleted) return no_such_connection();
    HANDOFF_TRY(call.match(connection->row_version));
    // What it made stays; nothing is pulled any more, and its secret is forgotten.
    EmrConnection next = *connection;
    next.deleted = true;
    next.enabled = false;
    next.secret = {};
    next.row_version += 1;
    unit.save(next);
    office.audit(call.organization(), "emr_connection.delete", "emr_connection", id.text());
    return CommandAnswer{204, {}, std::nullopt, {}};
  });
  if (answer) call.parts.emr_desk.look_at(id);
  return answer;
}

// --- trying and looking ---------------------------------------------------------------------------------------------

Result<net::Response> test_emr_connection(Call& call) {
  const ConnectionWithState of = HANDOFF_TRY(find_connection(call));
  return call.answer(sync::diagnose(
      of.connection, [&](const sync::Request& request) { return call.parts.emr_desk.ask(request); },
      [&] { return call.now(); }));
}

Result<net::Response> preview_emr_connection(Call& call) {
  const ConnectionWithState of = HANDOFF_TRY(find_connection(call));
  const auto links = HANDOFF_TRY(call.parts.emr.destinations(call.organization(), of.connection.id));
  HANDOFF_TRY(call.looked("emr_connection.preview", "emr_connection", of.connection.id.text(), {call.organization()}));
  return Call::json(
      200, HANDOFF_TRY(sync::preview(
               of.connection, links, [&](const sync::Request& request) { return call.parts.emr_desk.ask(request); },
               [&] { return call.now(); }, preview_charts_max)));
}

Result<net::Response> sync_emr_connection(Call& call) {
  Faults faults;
  const bool wait = call.flag("wait", faults).value_or(false);
  if (!faults.empty()) return fault_error(std::move(faults));
  const ConnectionWithState of = HANDOFF_TRY(find_connection(call));
  if (!of.connection.enabled) {
    return Error{Kind::conflict,
                 "emr_connection.disabled",
                 "This connection is switched off; set enabled to true to pull from it.",
                 {},
                 {}};
  }
  exchange::Command asked;
  asked.actor = call.actor;
  asked.cause = call.request.id;
  asked.run = [&](OfficeUnit& office) -> Result<CommandAnswer> {
    office.audit(call.organization(), "emr_connection.sync", "emr_connection", of.connection.id.text());
    return CommandAnswer{};
  };
  HANDOFF_TRY(call.parts.ledger.run(std::move(asked)));
  const auto pull = HANDOFF_TRY(call.parts.emr_desk.pull(call.organization(), of.connection.id,
                                                         wait ? wait_for_run : std::chrono::milliseconds{0}));
  if (!wait) {
    return call.change({}, [&](OfficeUnit&) -> Result<CommandAnswer> {
      return CommandAnswer{
          202, Json::object({{"connectionId", of.connection.id.text()}, {"state", "queued"}}), std::nullopt, {}};
    });
  }
  if (pull) return call.answer(sync::run_to_json(*pull));
  // Longer than anybody should wait: the run as it stands.
  const auto runs = HANDOFF_TRY(call.parts.emr.runs(call.organization(), of.connection.id, 1, std::nullopt));
  if (!runs.items.empty()) return call.answer(sync::run_to_json(runs.items.front()));
  return Error{Kind::unavailable,
               "emr_connection.busy",
               "The pull has not begun yet; look at the runs of the connection in a moment.",
               {},
               {}};
}

Result<net::Response> list_emr_runs(Call& call) {
  const ConnectionWithState of = HANDOFF_TRY(find_connection(call));
  Faults faults;
  const std::size_t limit = call.limit(faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  const auto page = HANDOFF_TRY(call.parts.emr.runs(call.organization(), of.connection.id, limit, call.cursor()));
  Json items = Json::array();
  for (const auto& run : page.items) items.push_back(sync::run_to_json(run));
  return Call::page(std::move(items), page.next_cursor);
}

Result<net::Response> list_emr_events(Call& call) {
  const ConnectionWithState of = HANDOFF_TRY(find_connection(call));
  Faults faults;
  const std::size_t limit = call.limit(faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  const auto page =
      HANDOFF_TRY(call.parts.emr_events.events(call.organization(), of.connection.id, limit, call.cursor()));
  Json items = Json::array();
  for (const auto& [number, event] : page.items) {
    items.push_back(Json::object({{"id", std::to_string(number)},
                                  {"type", event.type},
                                  {"casefileId", event.casefile.empty() ? Json() : Json(event.casefile)},
                                  {"sentence", event.sentence},
                                  {"detail", event.detail.is_null() ? Json::object() : event.detail},
                                  {"at", format_instant(event.at)}}));
  }
  return Call::page(std::move(items), page.next_cursor);
}

Result<net::Response> get_emr_run(Call& call) {
  const ConnectionWithState of = HANDOFF_TRY(find_connection(call));
  const auto id = HANDOFF_TRY(call.id<EmrRunId>(1, "emr_run"));
  const auto run = HANDOFF_TRY(call.parts.emr.run(call.organization(), id));
  if (!run || run->connection != of.connection.id) return Call::not_found("emr_run");
  return Call::json(200, sync::run_to_json(*run));
}

}  // namespace handoff::face::own
