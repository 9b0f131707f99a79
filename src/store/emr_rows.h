// Rows of connections, linked records, runs, hooks and intake opportunities to records and back.
#pragma once

#include "opportunity/opportunity.h"
#include "store/records.h"
#include "sync/connection.h"
#include "sync/hook.h"
#include "sync/record.h"
#include "sync/run.h"

namespace handoff::store {

// Each macro lists columns in exactly the order in which the function below it reads them, from `from` on.

#define HANDOFF_EMR_CONNECTION_COLUMNS \
  "c.organization_id, c.id, c.row_version, c.body, c.secret, c.deleted, c.created_at"
// The secret is opened with the server key; one that cannot be opened is left empty and logged.
sync::EmrConnection emr_connection_of(const Row& row, std::size_t from, const ServerKey& key);
inline constexpr std::size_t emr_connection_column_count = 7;
std::string sealed_secret(const sync::EmrConnection& connection, const ServerKey& key, Random& random);

#define HANDOFF_EMR_RECORD_COLUMNS                                                                              \
  "r.organization_id, r.connection_id, r.casefile, r.row_version, r.state, r.worklists, r.location_id, "        \
  "r.mr_number, r.row_digest, r.row_updated_at, r.opportunity_id, r.locked_at, r.discharge_day, r.changed_at, " \
  "r.read_at, r.body"
sync::LinkedRecord emr_record_of(const Row& row, std::size_t from);

#define HANDOFF_EMR_HOOK_COLUMNS                                                                    \
  "h.connection_id, h.kind, h.token_hash, h.issued_at, h.last_received_at, h.received, h.refused, " \
  "h.refused_in_a_row, h.last_refused_at, h.last_refusal, h.body"
sync::HookSlot emr_hook_of(const Row& row, std::size_t from);
// As it is before anything was issued.
sync::HookSlot fresh_hook(const EmrConnectionId& id, sync::HookKind kind);

#define HANDOFF_EMR_RUN_COLUMNS "u.organization_id, u.id, u.connection_id, u.state, u.started_at, u.body"
sync::Run emr_run_of(const Row& row, std::size_t from);

#define HANDOFF_EMR_DESTINATION_COLUMNS "d.connection_id, d.key, d.body, d.linked_at, d.linked_by"
sync::DestinationLink emr_destination_of(const Row& row, std::size_t from);
std::string emr_destination_body(const sync::DestinationLink& link);

// The person is who stands for it today, as with referrals: nothing has to be rewritten when persons are merged, undone
// or split.
#define HANDOFF_OPPORTUNITY_COLUMNS                                                                              \
  "o.organization_id, o.id, o.version, o.stage, o.source, o.referral_id, o.connection_id, o.casefile, o.stay, "  \
  "o.body, o.created_at, o.updated_at, COALESCE((SELECT l.person_id FROM person_link l WHERE l.organization_id " \
  "= o.organization_id AND l.referral_id = o.referral_id ORDER BY l.record_id DESC LIMIT 1), "                   \
  "(WITH RECURSIVE chain (id, step) AS (SELECT o.person_id, 0 UNION ALL SELECT p.merged_into, c.step + 1 "       \
  "FROM chain c JOIN person p ON p.organization_id = o.organization_id AND p.id = c.id "                         \
  "WHERE p.merged_into IS NOT NULL AND c.step < 1000) SELECT c.id FROM chain c ORDER BY c.step DESC LIMIT 1)), " \
  "(SELECT COUNT(*) FROM person_review v WHERE v.organization_id = o.organization_id "                           \
  "AND v.referral_id = o.referral_id AND v.kind = 'match' AND v.status IN " HANDOFF_REVIEW_WAITING ")"
opportunity::IntakeOpportunity opportunity_of(const Row& row, std::size_t from);

}  // namespace handoff::store
