#include "store/emr_rows.h"

#include "base/log.h"

namespace handoff::store {
namespace {

std::optional<Instant> instant_at(const Row& row, std::size_t column) {
  const auto ms = row.optional_integer(column);
  return ms ? std::optional(from_ms(*ms)) : std::nullopt;
}

std::string sealed_for(const sync::EmrConnection& connection) { return connection.id.text() + "/secret"; }

}  // namespace

sync::EmrConnection emr_connection_of(const Row& row, std::size_t at, const ServerKey& key) {
  sync::EmrConnection c;
  sync::connection_from_stored(stored_json(row.view(at + 3)), c);
  c.organization = OrganizationId::trusted(row.text(at));
  c.id = EmrConnectionId::trusted(row.text(at + 1));
  c.row_version = row.integer(at + 2);
  c.deleted = row.integer(at + 5) != 0;
  c.created_at = from_ms(row.integer(at + 6));
  if (row.view(at + 4).empty()) return c;
  auto opened = key.open(row.text(at + 4), sealed_for(c));
  if (opened) {
    c.secret = std::move(*opened);
  } else {
    log_error("store.secret_unreadable",
              {{"connection", c.id.text()}, {"setting", "secret"}, {"error", opened.error().code}});
  }
  return c;
}

std::string sealed_secret(const sync::EmrConnection& connection, const ServerKey& key, Random& random) {
  if (connection.secret.reveal().empty()) return {};
  return key.seal(connection.secret, sealed_for(connection), random);
}

sync::LinkedRecord emr_record_of(const Row& row, std::size_t at) {
  sync::LinkedRecord r;
  sync::record_from_stored(stored_json(row.view(at + 15)), r);
  r.organization = OrganizationId::trusted(row.text(at));
  r.connection = EmrConnectionId::trusted(row.text(at + 1));
  r.casefile = row.text(at + 2);
  r.row_version = row.integer(at + 3);
  r.state = sync::record_state_of(row.view(at + 4)).value_or(sync::RecordState::linked);
  r.worklists = static_cast<unsigned>(row.integer(at + 5));
  r.location_id = row.text(at + 6);
  r.mr_number = row.text(at + 7);
  r.row_digest = row.text(at + 8);
  r.row_updated_at = instant_at(row, at + 9);
  r.opportunity = row.is_null(at + 10) ? std::nullopt : std::optional(IntakeOpportunityId::trusted(row.text(at + 10)));
  r.locked_at = instant_at(row, at + 11);
  r.discharge_day.reset();
  if (!row.is_null(at + 12)) {
    if (auto day = Date::parse(row.view(at + 12))) r.discharge_day = *day;
  }
  r.changed_at = instant_at(row, at + 13);
  r.read_at = instant_at(row, at + 14);
  return r;
}

sync::HookSlot fresh_hook(const EmrConnectionId& id, sync::HookKind kind) {
  sync::HookSlot slot;
  slot.connection = id;
  slot.kind = kind;
  return slot;
}

sync::HookSlot emr_hook_of(const Row& row, std::size_t at) {
  sync::HookSlot slot;
  sync::hook_from_stored(stored_json(row.view(at + 10)), slot);
  slot.connection = EmrConnectionId::trusted(row.text(at));
  slot.kind = sync::hook_kind_of(row.view(at + 1)).value_or(sync::HookKind::chart_update);
  // What is counted while it is received stands in columns of its own.
  slot.token_hash = row.text(at + 2);
  slot.issued_at = instant_at(row, at + 3);
  slot.last_received_at = instant_at(row, at + 4);
  slot.received = row.integer(at + 5);
  slot.refused = row.integer(at + 6);
  slot.refused_in_a_row = row.integer(at + 7);
  slot.last_refused_at = instant_at(row, at + 8);
  slot.last_refusal = row.text(at + 9);
  return slot;
}

sync::Run emr_run_of(const Row& row, std::size_t at) {
  sync::Run run;
  sync::run_from_stored(stored_json(row.view(at + 5)), run);
  run.organization = OrganizationId::trusted(row.text(at));
  run.id = EmrRunId::trusted(row.text(at + 1));
  run.connection = EmrConnectionId::trusted(row.text(at + 2));
  run.state = sync::run_state_of(row.view(at + 3)).value_or(sync::RunState::interrupted);
  run.started_at = from_ms(row.integer(at + 4));
  return run;
}

sync::DestinationLink emr_destination_of(const Row& row, std::size_t at) {
  sync::DestinationLink link;
  link.connection = EmrConnectionId::trusted(row.text(at));
  link.key = row.text(at + 1);
  const Json body = stored_json(row.view(at + 2));
  link.name = Text(body["name"].text_or());
  if (body["listing"].is_string()) link.listing = ListingId::trusted(body["listing"].string());
  link.recipient = body["recipient"];
  link.disposition = body["disposition"].text_or();
  link.linked_at = from_ms(row.integer(at + 3));
  link.linked_by = row.text(at + 4);
  return link;
}

std::string emr_destination_body(const sync::DestinationLink& link) {
  return Json::object({{"name", link.name.reveal()},
                       {"listing", link.listing ? Json(link.listing->text()) : Json()},
                       {"recipient", link.recipient},
                       {"disposition", link.disposition}})
      .dump();
}

}  // namespace handoff::store
