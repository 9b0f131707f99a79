// The tables of connections to record systems, linked records, runs, hooks, intake opportunities.
#include "store/schema.h"

namespace handoff::store {

const char* const emr_schema = R"sql(
CREATE TABLE emr_connection (
  organization_id {text} NOT NULL REFERENCES organization (id),
  id {text} NOT NULL,
  row_version {int} NOT NULL CHECK (row_version > 0),
  body {text} NOT NULL,
  secret {text} NOT NULL,
  deleted {int} NOT NULL DEFAULT 0,
  created_at {int} NOT NULL,
  PRIMARY KEY (organization_id, id)
) {strict};
CREATE UNIQUE INDEX emr_connection_by_id ON emr_connection (id);

CREATE TABLE emr_connection_version (
  organization_id {text} NOT NULL,
  connection_id {text} NOT NULL,
  row_version {int} NOT NULL,
  body {text} NOT NULL,
  at {int} NOT NULL,
  actor_id {text} NOT NULL,
  PRIMARY KEY (organization_id, connection_id, row_version)
) {strict};

-- How the pulling of a connection goes, whose turn it is and who holds it. One process pulls at a time.
CREATE TABLE emr_pull (
  organization_id {text} NOT NULL,
  connection_id {text} NOT NULL,
  body {text} NOT NULL,
  enabled {int} NOT NULL,
  stopped {int} NOT NULL DEFAULT 0,
  running {int} NOT NULL DEFAULT 0,
  due_at {int} NOT NULL,
  lease_until {int} NOT NULL DEFAULT 0,
  fence {int} NOT NULL DEFAULT 0,
  PRIMARY KEY (organization_id, connection_id)
) {strict};

CREATE TABLE emr_record (
  organization_id {text} NOT NULL,
  connection_id {text} NOT NULL,
  casefile {text} NOT NULL,
  row_version {int} NOT NULL,
  state {text} NOT NULL CHECK (state IN ('linked', 'discharged_open', 'locked', 'unlocked', 'waiting_for_chart',
    'missing', 'tombstoned')),
  worklists {int} NOT NULL DEFAULT 0,
  lock_cause {text},
  location_id {text} NOT NULL,
  mr_number {text} NOT NULL,
  row_digest {text} NOT NULL,
  row_updated_at {int},
  opportunity_id {text},
  locked_at {int},
  discharge_day {text},
  no_destination {int} NOT NULL DEFAULT 0,
  changed_at {int},
  read_at {int},
  read_due {int} NOT NULL DEFAULT 0,
  standing {text},
  destination_key {text} NOT NULL DEFAULT '',
  body {text} NOT NULL,
  PRIMARY KEY (organization_id, connection_id, casefile)
) {strict};
CREATE INDEX emr_record_by_state ON emr_record (organization_id, connection_id, state, worklists, locked_at);
CREATE INDEX emr_record_to_work_on ON emr_record (organization_id, connection_id, casefile) WHERE worklists <> 0;
CREATE INDEX emr_record_by_number ON emr_record (organization_id, connection_id, mr_number);
CREATE INDEX emr_record_to_read ON emr_record (organization_id, connection_id) WHERE read_due = 1;
CREATE INDEX emr_record_by_opportunity ON emr_record (organization_id, opportunity_id)
  WHERE opportunity_id IS NOT NULL;

-- The backstop: whoever races, a revision of a stay's destination becomes one referral.
CREATE TABLE emr_place (
  organization_id {text} NOT NULL,
  connection_id {text} NOT NULL,
  casefile {text} NOT NULL,
  stay {int} NOT NULL,
  revision {int} NOT NULL,
  referral_id {text} NOT NULL,
  PRIMARY KEY (organization_id, connection_id, casefile, stay, revision)
) {strict};

CREATE TABLE emr_destination (
  organization_id {text} NOT NULL,
  connection_id {text} NOT NULL,
  key {text} NOT NULL,
  body {text} NOT NULL,
  linked_at {int} NOT NULL,
  linked_by {text} NOT NULL,
  PRIMARY KEY (organization_id, connection_id, key)
) {strict};

-- What was received is counted beside what is judged of it, so that a delivery waits for no pull.
CREATE TABLE emr_hook (
  organization_id {text} NOT NULL,
  connection_id {text} NOT NULL,
  kind {text} NOT NULL CHECK (kind IN ('patient-creation', 'chart-update')),
  token_hash {text} NOT NULL,
  issued_at {int},
  last_received_at {int},
  received {int} NOT NULL DEFAULT 0,
  refused {int} NOT NULL DEFAULT 0,
  refused_in_a_row {int} NOT NULL DEFAULT 0,
  last_refused_at {int},
  last_refusal {text} NOT NULL DEFAULT '',
  body {text} NOT NULL,
  PRIMARY KEY (organization_id, connection_id, kind)
) {strict};

CREATE TABLE emr_receipt (
  number {identity},
  organization_id {text} NOT NULL,
  connection_id {text} NOT NULL,
  kind {text} NOT NULL,
  casefile {text} NOT NULL,
  at {int} NOT NULL,
  body_digest {text} NOT NULL
) {strict};
CREATE INDEX emr_receipt_of ON emr_receipt (organization_id, connection_id, kind, casefile, at);
CREATE INDEX emr_receipt_by_age ON emr_receipt (at);

CREATE TABLE emr_hint (
  organization_id {text} NOT NULL,
  connection_id {text} NOT NULL,
  casefile {text} NOT NULL,
  number {int} NOT NULL,
  at {int} NOT NULL,
  why {text} NOT NULL,
  PRIMARY KEY (organization_id, connection_id, casefile)
) {strict};

CREATE TABLE emr_run (
  organization_id {text} NOT NULL,
  id {text} NOT NULL,
  connection_id {text} NOT NULL,
  state {text} NOT NULL CHECK (state IN ('running', 'done', 'failed', 'interrupted')),
  started_at {int} NOT NULL,
  body {text} NOT NULL,
  PRIMARY KEY (organization_id, id)
) {strict};
CREATE INDEX emr_run_of ON emr_run (organization_id, connection_id, id);
CREATE INDEX emr_run_by_age ON emr_run (started_at);

CREATE TABLE emr_retry (
  organization_id {text} NOT NULL,
  connection_id {text} NOT NULL,
  casefile {text} NOT NULL,
  attempts {int} NOT NULL,
  next_at {int} NOT NULL,
  row_updated_at {int},
  code {text} NOT NULL,
  sentence {text} NOT NULL,
  PRIMARY KEY (organization_id, connection_id, casefile)
) {strict};
CREATE INDEX emr_retry_by_time ON emr_retry (organization_id, connection_id, next_at);

-- What administrators and coordinators are told. No personal data.
CREATE TABLE emr_event (
  number {identity},
  organization_id {text} NOT NULL,
  connection_id {text} NOT NULL,
  type {text} NOT NULL,
  casefile {text} NOT NULL,
  sentence {text} NOT NULL,
  detail {text} NOT NULL,
  at {int} NOT NULL
) {strict};
CREATE INDEX emr_event_of ON emr_event (organization_id, number);
CREATE INDEX emr_event_by_connection ON emr_event (organization_id, connection_id, number);
CREATE INDEX emr_event_by_age ON emr_event (at);

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

CREATE INDEX intake_opportunity_waiting ON intake_opportunity (organization_id)
  WHERE stage = 'accepted' AND connection_id IS NULL;

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
