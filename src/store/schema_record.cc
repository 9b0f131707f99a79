#include "store/schema.h"

namespace handoff::store {

// Fields are one value: what they are is said by the table of objects (record/object.cc), not by columns. Those a
// record is looked up by stand in crm_key as well. A page of an object, and what was changed since, come from the index
// by change.
const char* const record_schema = R"sql(
CREATE TABLE crm_record (
  organization_id {text} NOT NULL REFERENCES organization (id),
  id {text} NOT NULL,
  object {text} NOT NULL,
  referral_id {text},
  fields {text} NOT NULL,
  version {int} NOT NULL CHECK (version > 0),
  created_at {int} NOT NULL,
  updated_at {int} NOT NULL,
  created_by {text} NOT NULL,
  PRIMARY KEY (organization_id, id)
) {strict};
CREATE INDEX crm_record_by_change ON crm_record (organization_id, object, updated_at, id);
CREATE UNIQUE INDEX crm_record_of_referral ON crm_record (organization_id, referral_id) WHERE referral_id IS NOT NULL;

CREATE TABLE crm_key (
  organization_id {text} NOT NULL,
  object {text} NOT NULL,
  field {text} NOT NULL,
  value {text} NOT NULL,
  id {text} NOT NULL,
  PRIMARY KEY (organization_id, object, field, value, id)
) {strict};
)sql";

}  // namespace handoff::store
