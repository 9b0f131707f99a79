// The tables of persons, what links source records to them, the keys that find candidates, reviews.
#include "store/schema.h"

namespace handoff::store {

const char* const people_schema = R"sql(
CREATE TABLE person (
  organization_id {text} NOT NULL REFERENCES organization (id),
  id {text} NOT NULL,
  version {int} NOT NULL,
  status {text} NOT NULL CHECK (status IN ('active', 'merged', 'inactive')),
  merged_into {text},
  created_at {int} NOT NULL,
  updated_at {int} NOT NULL,
  PRIMARY KEY (organization_id, id),
  CHECK ((status = 'merged') = (merged_into IS NOT NULL))
) {strict};
CREATE INDEX person_of_survivor ON person (organization_id, merged_into) WHERE merged_into IS NOT NULL;

-- Which person a source record speaks of. `home_id` is whom it was linked to when it came: merging changes `person_id`
-- alone. `keys` are the first places of its keys in person_key.
CREATE TABLE person_link (
  organization_id {text} NOT NULL,
  referral_id {text} NOT NULL,
  record_id {text} NOT NULL,
  person_id {text} NOT NULL,
  home_id {text} NOT NULL,
  home_doubtful {int} NOT NULL DEFAULT 0,
  superseded {int} NOT NULL DEFAULT 0,
  origin {text} NOT NULL CHECK (origin IN ('created', 'automatic', 'human')),
  model_version {text} NOT NULL,
  explanation {text},
  method {text} NOT NULL,
  source_name {text} NOT NULL,
  keys {text} NOT NULL,
  body {blob} NOT NULL,
  at {int} NOT NULL,
  PRIMARY KEY (organization_id, referral_id, record_id)
) {strict};
CREATE INDEX person_link_of_person ON person_link (organization_id, person_id, record_id);

-- What finds candidates: under each key of an organization (slot_of() in people_rows.h) there are places for 64 records,
-- filled in order of arrival. `space` is a hash of the organization, `record` one of the record's id, `person` the
-- sixteen bytes of its id: up to eight rows for each record, so that each byte counts. `body` is what a comparison needs.
CREATE TABLE person_key (
  slot {int} PRIMARY KEY,
  space {int} NOT NULL,
  record {int} NOT NULL,
  person {blob} NOT NULL,
  body {blob} NOT NULL
) {strict};

CREATE TABLE person_assertion (
  organization_id {text} NOT NULL,
  id {text} NOT NULL,
  a_id {text} NOT NULL,
  b_id {text} NOT NULL,
  kind {text} NOT NULL CHECK (kind IN ('same', 'different')),
  body {text} NOT NULL,
  at {int} NOT NULL,
  taken_back_at {int},
  PRIMARY KEY (organization_id, id)
) {strict};
CREATE INDEX person_assertion_a ON person_assertion (organization_id, a_id);
CREATE INDEX person_assertion_b ON person_assertion (organization_id, b_id);

CREATE TABLE person_merge (
  organization_id {text} NOT NULL,
  id {text} NOT NULL,
  survivor_id {text} NOT NULL,
  merged_id {text} NOT NULL,
  body {text} NOT NULL,
  at {int} NOT NULL,
  undone_at {int},
  PRIMARY KEY (organization_id, id)
) {strict};
-- A person is merged into at most one other at a time, whoever tries.
CREATE UNIQUE INDEX person_merge_once ON person_merge (organization_id, merged_id) WHERE undone_at IS NULL;
CREATE INDEX person_merge_of_survivor ON person_merge (organization_id, survivor_id);

-- Records split off into a person of their own; `body` lists each link as it was.
CREATE TABLE person_split (
  organization_id {text} NOT NULL,
  id {text} NOT NULL,
  person_id {text} NOT NULL,
  made_id {text} NOT NULL,
  body {text} NOT NULL,
  at {int} NOT NULL,
  undone_at {int},
  PRIMARY KEY (organization_id, id)
) {strict};
CREATE INDEX person_split_of_person ON person_split (organization_id, person_id);
CREATE INDEX person_split_of_made ON person_split (organization_id, made_id);

-- `outcome` is what was answered: of a match about its likeliest option.
CREATE TABLE person_review (
  organization_id {text} NOT NULL,
  id {text} NOT NULL,
  kind {text} NOT NULL CHECK (kind IN ('match', 'split')),
  version {int} NOT NULL,
  status {text} NOT NULL
    CHECK (status IN ('open', 'unsure', 'second_reader', 'correction', 'decided', 'closed')),
  subject_id {text} NOT NULL,
  referral_id {text} NOT NULL,
  urgency {int} NOT NULL,
  score {int} NOT NULL,
  cause {text} NOT NULL,
  outcome {text} CHECK (outcome IN ('same', 'different', 'right', 'split')),
  model_version {text} NOT NULL,
  source_name {text} NOT NULL,
  body {text} NOT NULL,
  opened_at {int} NOT NULL,
  updated_at {int} NOT NULL,
  PRIMARY KEY (organization_id, id)
) {strict};
CREATE INDEX person_review_queue ON person_review (organization_id, status, urgency, score, id);
CREATE UNIQUE INDEX person_review_waiting ON person_review (organization_id, kind, referral_id)
  WHERE status IN ('open', 'unsure', 'second_reader', 'correction');
-- Whom a review asks about, the subject among them.
CREATE TABLE person_review_person (
  organization_id {text} NOT NULL,
  person_id {text} NOT NULL,
  review_id {text} NOT NULL,
  PRIMARY KEY (organization_id, person_id, review_id)
) {strict};

-- What is told to those who listen. `moment` is the transaction on PostgreSQL, where a later number may be committed
-- first; a reader passes nothing over that is read by (moment, sequence) below the oldest running transaction.
CREATE TABLE stream_event (
  sequence {identity},
  moment {moment} NOT NULL,
  organization_id {text} NOT NULL,
  type {text} NOT NULL,
  subject_id {text} NOT NULL,
  other_id {text},
  detail {text} NOT NULL,
  at {int} NOT NULL
) {strict};
CREATE INDEX stream_event_in_order ON stream_event (organization_id, moment, sequence);
CREATE INDEX stream_event_of_subject ON stream_event (organization_id, subject_id, sequence);
CREATE INDEX stream_event_of_other ON stream_event (organization_id, other_id, sequence) WHERE other_id IS NOT NULL;

-- How common values are among an organization's persons, counted anew when they have become a quarter more.
CREATE TABLE person_count (
  organization_id {text} PRIMARY KEY REFERENCES organization (id),
  version {int} NOT NULL,
  persons {int} NOT NULL,
  body {blob} NOT NULL,
  at {int} NOT NULL
) {strict};
)sql";

}  // namespace handoff::store
