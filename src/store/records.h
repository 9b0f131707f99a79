// Rows to records and back. What has a column of its own is read from it; the rest stands in `body` as JSON.
#pragma once

#include "access/audit.h"
#include "access/credentials.h"
#include "base/crypto.h"
#include "exchange/reader.h"
#include "referral/reader.h"
#include "referral/store.h"
#include "store/sql.h"

namespace handoff::store {

// The states in which a review waits for somebody, see people::is_waiting.
#define HANDOFF_REVIEW_WAITING "('open', 'unsure', 'second_reader', 'correction')"

// Each SELECTs its columns in exactly this order; `from` is the first of them in the row.
// Of a row p of party and the body of the referral: who it is about and whether somebody is asked about that.
#define HANDOFF_REFERRAL_COLUMNS(body)                                                                      \
  body ", (SELECT l.person_id FROM person_link l WHERE l.organization_id = p.owner_id AND l.referral_id = " \
       "p.referral_id ORDER BY l.record_id DESC LIMIT 1), (SELECT COUNT(*) FROM person_review v "           \
       "WHERE v.organization_id = p.owner_id AND v.referral_id = p.referral_id "                            \
       "AND v.kind = 'match' AND v.status IN " HANDOFF_REVIEW_WAITING ")"
referral::Referral referral_of(const Row& row, std::size_t from);

// sequence, organization_id, id, change_id, referral_id, version, type, at, actor_kind, actor_id, actor_name,
// actor_organization_id, side, cause, facts, detail
referral::Event event_of(const Row& row, std::size_t from);
// id, referral_id, from_side, body, at, actor
referral::Message message_of(const Row& row, std::size_t from);
// organization_id, id, referral_id, body, at, actor
referral::Note note_of(const Row& row, std::size_t from);

// id, name, plan, block_duplicates, integration_contact, version, config_version, created_at, second_reader_for
directory::Organization organization_of(const Row& row, std::size_t from);
// organization_id, id, body, version, created_at
directory::Listing listing_of(const Row& row, std::size_t from);
// code, label, category
referral::SubStatus sub_status_of(const Row& row, std::size_t from);

// organization_id, id, version, body, secrets, deleted, misconfigured, health_code, health_sentence, health_since.
// Secrets are opened with the server key; one that cannot be opened is left out and logged.
exchange::Integration integration_of(const Row& row, std::size_t from, const ServerKey& key);
std::string sealed_secrets(const exchange::Integration& integration, const ServerKey& key, Random& random);

// organization_id, referral_id, integration_id, next_sequence, remote_id, delivered_at, accepted_at, stopped, sent
exchange::Lane lane_of(const Row& row, std::size_t from);
// organization_id, id, referral_id, integration_id, integration_version, change_id, kind, sequence, state, body,
// snapshot, next_attempt_at, created_at, updated_at
exchange::Delivery delivery_of(const Row& row, std::size_t from);
std::string delivery_body(const exchange::Delivery& delivery);
// organization_id, delivery_id, number, at, step, body_hash, http_status, verdict, message, duration_ms
exchange::Attempt attempt_of(const Row& row, std::size_t from);
// organization_id, event_id, integration_id, referral_id, integration_version, body, delivery_id, at
exchange::DecisionRow decision_of(const Row& row, std::size_t from);
std::string decision_body(const exchange::DecisionRow& row);

std::string texts_json(const std::vector<std::string>& texts);
std::vector<std::string> texts_of(std::string_view json);
// Trusts what we wrote; null for what cannot be read.
Json stored_json(std::string_view text);

}  // namespace handoff::store
