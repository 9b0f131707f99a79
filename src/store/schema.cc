#include "store/schema.h"

#include <array>

namespace handoff::store {
namespace {

// Statuses, categories and states are repeated as CHECKs: the database keeps the law, too.
constexpr const char* first = R"sql(
CREATE TABLE organization (
  id {text} PRIMARY KEY,
  name {text} NOT NULL UNIQUE,
  plan {text} NOT NULL CHECK (plan IN ('basic', 'advanced_cbo', 'enterprise')),
  block_duplicates {int} NOT NULL DEFAULT 0,
  second_reader_for {text} NOT NULL DEFAULT '[]',
  integration_contact {text},
  version {int} NOT NULL,
  config_version {int} NOT NULL,
  next_number {int} NOT NULL DEFAULT 1,
  created_at {int} NOT NULL
) {strict};

CREATE TABLE app_user (
  organization_id {text} NOT NULL REFERENCES organization (id),
  id {text} NOT NULL,
  name {text} NOT NULL,
  role {text} NOT NULL,
  created_at {int} NOT NULL,
  PRIMARY KEY (organization_id, id)
) {strict};

CREATE TABLE api_key (
  hash {text} PRIMARY KEY,
  organization_id {text} NOT NULL REFERENCES organization (id),
  id {text} NOT NULL,
  name {text} NOT NULL,
  scopes {text} NOT NULL,
  created_at {int} NOT NULL,
  revoked_at {int}
) {strict};

CREATE TABLE api_client (
  id {text} PRIMARY KEY,
  organization_id {text} NOT NULL REFERENCES organization (id),
  name {text} NOT NULL,
  secret_hash {text} NOT NULL,
  scopes {text} NOT NULL,
  default_listing_id {text},
  public_key {text} NOT NULL DEFAULT '',
  created_at {int} NOT NULL,
  revoked_at {int}
) {strict};
CREATE INDEX api_client_by_organization ON api_client (organization_id);

CREATE TABLE access_token (
  hash {text} PRIMARY KEY,
  organization_id {text} NOT NULL,
  client_id {text} NOT NULL REFERENCES api_client (id),
  scopes {text} NOT NULL,
  expires_at {int} NOT NULL
) {strict};
CREATE INDEX access_token_by_expiry ON access_token (expires_at);

CREATE TABLE sub_status (
  organization_id {text} NOT NULL REFERENCES organization (id),
  code {text} NOT NULL,
  label {text} NOT NULL,
  category {text} NOT NULL CHECK (category IN ('requested', 'ready', 'received', 'accepted', 'in_progress', 'on_hold',
    'completed', 'rejected', 'cancelled', 'failed', 'entered_in_error')),
  position {int} NOT NULL,
  PRIMARY KEY (organization_id, code)
) {strict};

CREATE TABLE listing (
  organization_id {text} NOT NULL REFERENCES organization (id),
  id {text} NOT NULL,
  name {text} NOT NULL,
  visibility {text} NOT NULL CHECK (visibility IN ('private', 'exchange')),
  body {text} NOT NULL,
  version {int} NOT NULL,
  created_at {int} NOT NULL,
  PRIMARY KEY (organization_id, id)
) {strict};
CREATE UNIQUE INDEX listing_by_id ON listing (id);
CREATE INDEX listing_of_exchange ON listing (visibility, id);

CREATE TABLE integration (
  organization_id {text} NOT NULL REFERENCES organization (id),
  id {text} NOT NULL,
  version {int} NOT NULL,
  body {text} NOT NULL,
  secrets {text} NOT NULL,
  deleted {int} NOT NULL DEFAULT 0,
  misconfigured {int} NOT NULL DEFAULT 0,
  health_code {text} NOT NULL DEFAULT '',
  health_sentence {text} NOT NULL DEFAULT '',
  health_since {int},
  PRIMARY KEY (organization_id, id)
) {strict};
CREATE UNIQUE INDEX integration_by_id ON integration (id);

CREATE TABLE integration_version (
  organization_id {text} NOT NULL,
  integration_id {text} NOT NULL,
  version {int} NOT NULL,
  body {text} NOT NULL,
  at {int} NOT NULL,
  actor_id {text} NOT NULL,
  PRIMARY KEY (organization_id, integration_id, version)
) {strict};

CREATE TABLE referral (
  organization_id {text} NOT NULL REFERENCES organization (id),
  id {text} NOT NULL,
  version {int} NOT NULL CHECK (version > 0),
  number {text} NOT NULL,
  status {text} NOT NULL CHECK (status IN ('draft', 'submitted', 'booked', 'closed')),
  body {text} NOT NULL,
  created_at {int} NOT NULL,
  updated_at {int} NOT NULL,
  PRIMARY KEY (organization_id, id),
  UNIQUE (organization_id, number)
) {strict};

CREATE TABLE referral_version (
  organization_id {text} NOT NULL,
  referral_id {text} NOT NULL,
  version {int} NOT NULL,
  body {text} NOT NULL,
  at {int} NOT NULL,
  PRIMARY KEY (organization_id, referral_id, version)
) {strict};

CREATE TABLE source_record (
  organization_id {text} NOT NULL,
  id {text} NOT NULL,
  referral_id {text} NOT NULL,
  version {int} NOT NULL,
  registrant {text} NOT NULL,
  method {text} NOT NULL,
  source_name {text} NOT NULL,
  at {int} NOT NULL,
  PRIMARY KEY (organization_id, id)
) {strict};
CREATE INDEX source_record_by_referral ON source_record (organization_id, referral_id);

-- One row per organization concerned with a referral, with the columns a list needs.
CREATE TABLE party (
  organization_id {text} NOT NULL,
  referral_id {text} NOT NULL,
  owner_id {text} NOT NULL,
  is_receiver {int} NOT NULL,
  is_sender {int} NOT NULL,
  status {text} NOT NULL,
  sub_status {text} NOT NULL,
  category {text} NOT NULL,
  listing_id {text},
  archived {int} NOT NULL,
  search {text} NOT NULL,
  integration_errors {int} NOT NULL DEFAULT 0,
  updated_at {int} NOT NULL,
  PRIMARY KEY (organization_id, referral_id)
) {strict};
CREATE INDEX party_of_referral ON party (owner_id, referral_id);
CREATE INDEX party_by_update ON party (organization_id, updated_at, referral_id);
CREATE INDEX party_with_errors ON party (organization_id, referral_id) WHERE integration_errors > 0;

CREATE TABLE event (
  sequence {identity},
  organization_id {text} NOT NULL,
  id {text} NOT NULL UNIQUE,
  change_id {text} NOT NULL,
  referral_id {text} NOT NULL,
  version {int} NOT NULL,
  type {text} NOT NULL,
  at {int} NOT NULL,
  actor_kind {text} NOT NULL,
  actor_id {text} NOT NULL,
  actor_name {text} NOT NULL,
  actor_organization_id {text} NOT NULL,
  side {text} NOT NULL,
  cause {text} NOT NULL,
  facts {text} NOT NULL,
  detail {text} NOT NULL
) {strict};
CREATE INDEX event_by_referral ON event (organization_id, referral_id, sequence);

CREATE TABLE message (
  organization_id {text} NOT NULL,
  id {text} NOT NULL,
  referral_id {text} NOT NULL,
  from_side {text} NOT NULL CHECK (from_side IN ('receiver', 'sender')),
  body {text} NOT NULL,
  at {int} NOT NULL,
  actor {text} NOT NULL,
  PRIMARY KEY (organization_id, referral_id, id)
) {strict};

CREATE TABLE note (
  organization_id {text} NOT NULL,
  id {text} NOT NULL,
  referral_id {text} NOT NULL,
  body {text} NOT NULL,
  at {int} NOT NULL,
  actor {text} NOT NULL,
  PRIMARY KEY (organization_id, referral_id, id)
) {strict};

CREATE TABLE lane (
  organization_id {text} NOT NULL,
  referral_id {text} NOT NULL,
  integration_id {text} NOT NULL,
  owner_id {text} NOT NULL,
  next_sequence {int} NOT NULL,
  remote_id {text},
  delivered_at {int},
  accepted_at {int},
  stopped {int} NOT NULL DEFAULT 0,
  sent {text} NOT NULL,
  PRIMARY KEY (organization_id, referral_id, integration_id)
) {strict};
CREATE INDEX lane_by_remote ON lane (organization_id, integration_id, remote_id);
CREATE INDEX lane_of_referral ON lane (owner_id, referral_id);

CREATE TABLE delivery (
  organization_id {text} NOT NULL,
  id {text} NOT NULL,
  referral_id {text} NOT NULL,
  integration_id {text} NOT NULL,
  integration_version {int} NOT NULL,
  change_id {text} NOT NULL,
  kind {text} NOT NULL CHECK (kind IN ('create', 'update', 'event')),
  sequence {int} NOT NULL,
  state {text} NOT NULL CHECK (state IN ('pending', 'sending', 'retrying', 'held', 'needs_data', 'needs_person',
    'delivered', 'dead', 'stopped', 'superseded', 'cleared')),
  body {text} NOT NULL,
  snapshot {text},
  next_attempt_at {int},
  created_at {int} NOT NULL,
  updated_at {int} NOT NULL,
  PRIMARY KEY (organization_id, id)
) {strict};
-- A delivery rebuilt after a refusal keeps its place, so the sequence alone is not unique.
CREATE INDEX delivery_of_lane ON delivery (organization_id, referral_id, integration_id, sequence);
CREATE INDEX delivery_by_state ON delivery (organization_id, state, id);
CREATE INDEX delivery_by_integration ON delivery (organization_id, integration_id, id);

CREATE TABLE attempt (
  organization_id {text} NOT NULL,
  delivery_id {text} NOT NULL,
  number {int} NOT NULL,
  at {int} NOT NULL,
  step {text} NOT NULL,
  body_hash {text} NOT NULL,
  http_status {int} NOT NULL,
  verdict {text} NOT NULL,
  message {text} NOT NULL,
  duration_ms {int} NOT NULL,
  PRIMARY KEY (organization_id, delivery_id, number)
) {strict};

CREATE TABLE decision (
  organization_id {text} NOT NULL,
  event_id {text} NOT NULL,
  integration_id {text} NOT NULL,
  referral_id {text} NOT NULL,
  integration_version {int} NOT NULL,
  function_version {int} NOT NULL,
  body {text} NOT NULL,
  outcome {text} NOT NULL,
  code {text} NOT NULL,
  delivery_id {text} NOT NULL,
  at {int} NOT NULL,
  PRIMARY KEY (organization_id, event_id, integration_id)
) {strict};
CREATE INDEX decision_by_lane ON decision (organization_id, referral_id, integration_id);

-- What the lane runner looks at. No personal data.
CREATE TABLE due (
  organization_id {text} NOT NULL,
  referral_id {text} NOT NULL,
  integration_id {text} NOT NULL,
  due_at {int} NOT NULL,
  lease_until {int} NOT NULL DEFAULT 0,
  fence {int} NOT NULL DEFAULT 0,
  PRIMARY KEY (organization_id, referral_id, integration_id)
) {strict};
CREATE INDEX due_by_time ON due (due_at);

CREATE TABLE notice (
  organization_id {text} NOT NULL,
  id {text} NOT NULL,
  integration_id {text} NOT NULL,
  code {text} NOT NULL,
  sentence {text} NOT NULL,
  opened_at {int} NOT NULL,
  closed_at {int},
  PRIMARY KEY (organization_id, id)
) {strict};
CREATE UNIQUE INDEX notice_open ON notice (organization_id, integration_id, code) WHERE closed_at IS NULL;

CREATE TABLE idempotency (
  organization_id {text} NOT NULL,
  actor_id {text} NOT NULL,
  key {text} NOT NULL,
  fingerprint {text} NOT NULL,
  answer {text} NOT NULL,
  at {int} NOT NULL,
  PRIMARY KEY (organization_id, actor_id, key)
) {strict};
CREATE INDEX idempotency_by_age ON idempotency (at);

CREATE TABLE audit (
  number {identity},
  organization_id {text} NOT NULL,
  at {int} NOT NULL,
  actor_kind {text} NOT NULL,
  actor_id {text} NOT NULL,
  actor_organization_id {text} NOT NULL,
  action {text} NOT NULL,
  record_kind {text} NOT NULL,
  record_id {text} NOT NULL,
  request_id {text} NOT NULL,
  detail {text} NOT NULL,
  hash {text} NOT NULL,
  block {int}
) {strict};
CREATE INDEX audit_by_organization ON audit (organization_id, number);
CREATE INDEX audit_by_record ON audit (organization_id, record_id, number);
CREATE INDEX audit_unsealed ON audit (number) WHERE block IS NULL;
CREATE INDEX audit_by_block ON audit (block, number);

CREATE TABLE audit_block (
  number {int} PRIMARY KEY,
  row_count {int} NOT NULL,
  rows_root {text} NOT NULL,
  previous_root {text} NOT NULL,
  root {text} NOT NULL,
  sealed_at {int} NOT NULL
) {strict};

CREATE TABLE blob (
  organization_id {text} NOT NULL,
  sha256 {text} NOT NULL,
  size {int} NOT NULL,
  created_at {int} NOT NULL,
  PRIMARY KEY (organization_id, sha256)
) {strict};
CREATE TABLE blob_chunk (
  organization_id {text} NOT NULL,
  sha256 {text} NOT NULL,
  part {int} NOT NULL,
  bytes {blob} NOT NULL,
  PRIMARY KEY (organization_id, sha256, part)
) {strict};
)sql";

const std::array all{Migration{1, "first", first}, Migration{2, "people", people_schema},
                     Migration{3, "record", record_schema}, Migration{4, "emr", emr_schema}};

}  // namespace

std::span<const Migration> migrations() { return all; }

}  // namespace handoff::store
