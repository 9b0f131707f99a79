// The audit trail: who looked at or changed whose record, when and with what outcome. Rows are never changed; they
// carry their own hash and are sealed in blocks (design, section 4), so that a tampered row is found.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "access/actor.h"
#include "base/json.h"
#include "base/time.h"

namespace handoff::access {

struct AuditRow {
  OrganizationId organization;  // whose trail it stands in
  Instant at{};
  std::string actor_kind;
  std::string actor_id;
  OrganizationId actor_organization;
  std::string action;       // "referral.read", "referral.close", …
  std::string record_kind;  // "referral"
  std::string record_id;
  std::string request_id;
  Json detail;  // no personal data: ids, codes, counts
};

// SHA-256 in hex over a canonical text of the row's every column.
std::string row_hash(const AuditRow& row);
// Merkle root in hex over row hashes in order; odd nodes are carried up.
std::string merkle_root(std::vector<std::string> hashes);
// The root a block is sealed with: over its rows' root and the previous block's root.
std::string block_root(const std::string& rows_root, const std::string& previous_root, std::int64_t block_number);

}  // namespace handoff::access
