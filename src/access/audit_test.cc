#include "access/audit.h"

#include <gtest/gtest.h>

namespace handoff::access {
namespace {

AuditRow row() {
  AuditRow row;
  row.organization = OrganizationId::trusted("org_1");
  row.at = from_ms(5);
  row.actor_kind = "api_key";
  row.actor_id = "key_1";
  row.action = "referral.read";
  row.record_kind = "referral";
  row.record_id = "ref_1";
  row.detail = Json::object({{"version", 2}});
  return row;
}

TEST(Audit, EveryColumnCountsInTheHash) {
  const std::string hash = row_hash(row());
  EXPECT_EQ(row_hash(row()), hash);
  const auto changed = [&](auto change) {
    AuditRow other = row();
    change(other);
    return row_hash(other) != hash;
  };
  EXPECT_TRUE(changed([](AuditRow& r) { r.organization = OrganizationId::trusted("org_2"); }));
  EXPECT_TRUE(changed([](AuditRow& r) { r.at = from_ms(6); }));
  EXPECT_TRUE(changed([](AuditRow& r) { r.actor_kind = "user"; }));
  EXPECT_TRUE(changed([](AuditRow& r) { r.actor_id = "key_2"; }));
  EXPECT_TRUE(changed([](AuditRow& r) { r.actor_organization = OrganizationId::trusted("org_3"); }));
  EXPECT_TRUE(changed([](AuditRow& r) { r.action = "referral.edit"; }));
  EXPECT_TRUE(changed([](AuditRow& r) { r.record_kind = "listing"; }));
  EXPECT_TRUE(changed([](AuditRow& r) { r.record_id = "ref_2"; }));
  EXPECT_TRUE(changed([](AuditRow& r) { r.request_id = "q"; }));
  EXPECT_TRUE(changed([](AuditRow& r) { r.detail = Json(); }));
}

TEST(Audit, TheRootDependsOnEveryHashAndOnOrder) {
  const std::string root = merkle_root({"a", "b", "c"});
  EXPECT_EQ(merkle_root({"a", "b", "c"}), root);
  EXPECT_NE(merkle_root({"a", "c", "b"}), root);
  EXPECT_NE(merkle_root({"a", "b"}), root);
  EXPECT_NE(merkle_root({"a", "b", "d"}), root);
  EXPECT_NE(block_root(root, "p", 1), block_root(root, "q", 1));
  EXPECT_NE(block_root(root, "p", 1), block_root(root, "p", 2));
}

}  // namespace
}  // namespace handoff::access
