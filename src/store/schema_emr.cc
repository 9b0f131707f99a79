// The tables of connections to record systems, linked records, runs, hooks, intake opportunities.
#include "store/schema.h"

namespace handoff::store {

const char* const emr_schema = R"sql(
CREATE TABLE intake_opportunity (
  organization_id {text} NOT NULL REFERENCES organization (id),
  id {text} NOT NULL,
  version {int} NOT NULL CHECK (version > 0),
  stage {text} NOT NULL CHECK (stage IN ('accepted', 'pre_admission', 'admitted', 'discharged', 'closed')),
  source {text} NOT NULL CHECK (source IN ('referral', 'emr')),
  person_id {text},
  referral_id {text},
  connection_id {text},
  casefile {text},
  stay {int},
  in_review {int} NOT NULL,
  body {text} NOT NULL,
  created_at {int} NOT NULL,
  updated_at {int} NOT NULL,
  PRIMARY KEY (organization_id, id)
) {strict};
CREATE UNIQUE INDEX intake_opportunity_of_referral ON intake_opportunity (organization_id, referral_id)
  WHERE referral_id IS NOT NULL;
CREATE UNIQUE INDEX intake_opportunity_of_chart ON intake_opportunity (organization_id, connection_id, casefile, stay)
  WHERE connection_id IS NOT NULL;
CREATE INDEX intake_opportunity_of_person ON intake_opportunity (organization_id, person_id)
  WHERE person_id IS NOT NULL;

-- What an opportunity is found by again: hashes of identifiers, of names with a date of birth.
CREATE TABLE intake_opportunity_key (
  organization_id {text} NOT NULL,
  key {text} NOT NULL,
  opportunity_id {text} NOT NULL,
  PRIMARY KEY (organization_id, key, opportunity_id)
) {strict};
CREATE INDEX intake_opportunity_key_of ON intake_opportunity_key (organization_id, opportunity_id);
)sql";

}  // namespace handoff::store
