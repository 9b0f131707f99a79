#include "access/audit.h"

#include "base/crypto.h"

namespace handoff::access {

std::string row_hash(const AuditRow& row) {
  // JSON quoting keeps the columns apart whatever they contain.
  const Json canonical = Json::array({row.organization.text(), to_ms(row.at), row.actor_kind, row.actor_id,
                                      row.actor_organization.text(), row.action, row.record_kind, row.record_id,
                                      row.request_id, row.detail.is_null() ? std::string() : row.detail.dump()});
  return hex(sha256(canonical.dump()));
}

std::string merkle_root(std::vector<std::string> hashes) {
  if (hashes.empty()) return hex(sha256(""));
  while (hashes.size() > 1) {
    std::vector<std::string> up;
    for (std::size_t i = 0; i + 1 < hashes.size(); i += 2)
      up.push_back(hex(sha256("node:" + hashes[i] + hashes[i + 1])));
    if (hashes.size() % 2 == 1) up.push_back(hashes.back());
    hashes = std::move(up);
  }
  return hashes.front();
}

std::string block_root(const std::string& rows_root, const std::string& previous_root, std::int64_t block_number) {
  return hex(sha256("block:" + std::to_string(block_number) + ":" + previous_root + ":" + rows_root));
}

}  // namespace handoff::access
