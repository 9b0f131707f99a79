#include <algorithm>

#include "base/text.h"
#include "exchange/lane_step.h"
#include "store/batch.h"

namespace handoff::store {
namespace {

Value id_or_null(const std::string& text) { return text.empty() ? Value() : Value(text); }
Value ms(Instant at) { return Value(to_ms(at)); }
Value ms_or_null(const std::optional<Instant>& at) { return at ? Value(to_ms(*at)) : Value(); }
Value flag(bool value) { return Value(std::int64_t{value ? 1 : 0}); }

constexpr Statement insert_version{
    "referral_version.insert",
    "INSERT INTO referral_version (organization_id, referral_id, version, body, at) VALUES ($1, $2, $3, $4, $5)"};
constexpr Statement insert_event{"event.insert",
                                 "INSERT INTO event (organization_id, id, change_id, referral_id, version, type, at, "
                                 "actor_kind, actor_id, actor_name, "
                                 "actor_organization_id, side, cause, facts, detail) VALUES ($1, $2, $3, $4, $5, $6, "
                                 "$7, $8, $9, $10, $11, $12, $13, $14, $15)"};
constexpr Statement insert_message{"message.insert",
                                   "INSERT INTO message (organization_id, id, referral_id, from_side, body, at, actor) "
                                   "VALUES ($1, $2, $3, $4, $5, $6, $7)"};
constexpr Statement insert_note{
    "note.insert",
    "INSERT INTO note (organization_id, id, referral_id, body, at, actor) VALUES ($1, $2, $3, $4, $5, $6)"};
constexpr Statement insert_source{
    "source_record.insert",
    "INSERT INTO source_record (organization_id, id, referral_id, version, registrant, method, source_name, at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"};
constexpr Statement insert_audit{"audit.insert",
                                 "INSERT INTO audit (organization_id, at, actor_kind, actor_id, actor_organization_id, "
                                 "action, record_kind, record_id, request_id, "
                                 "detail, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"};
constexpr Statement insert_decision{"decision.insert",
                                    "INSERT INTO decision (organization_id, event_id, integration_id, referral_id, "
                                    "integration_version, function_version, body, outcome, "
                                    "code, delivery_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"};
constexpr Statement insert_attempt{"attempt.insert",
                                   "INSERT INTO attempt (organization_id, delivery_id, number, at, step, body_hash, "
                                   "http_status, verdict, message, duration_ms) "
                                   "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"};
constexpr Statement settle_attempt{"attempt.settle",
                                   "UPDATE attempt SET http_status = $4, verdict = $5, message = $6, duration_ms = $7 "
                                   "WHERE organization_id = $1 AND delivery_id = $2 AND number = $3"};
constexpr Statement update_health{
    "integration.health",
    "UPDATE integration SET misconfigured = $3, health_code = $4, health_sentence = $5, health_since = $6 "
    "WHERE organization_id = $1 AND id = $2"};
constexpr Statement insert_notice{
    "notice.open",
    "INSERT INTO notice (organization_id, id, integration_id, code, sentence, opened_at) VALUES ($1, $2, $3, $4, $5, "
    "$6) "
    "ON CONFLICT (organization_id, integration_id, code) WHERE closed_at IS NULL DO NOTHING"};
constexpr Statement end_notices{
    "notice.close",
    "UPDATE notice SET closed_at = $3 WHERE organization_id = $1 AND integration_id = $2 AND closed_at IS NULL"};
constexpr Statement save_organization{"organization.update",
                                      "UPDATE organization SET name = $2, plan = $3, block_duplicates = $4, "
                                      "integration_contact = $5, version = $6, second_reader_for = $7 WHERE id = $1"};
constexpr Statement save_listing{"listing.save",
                                 "INSERT INTO listing (organization_id, id, name, visibility, body, version, "
                                 "created_at) VALUES ($1, $2, $3, $4, $5, $6, $7) "
                                 "ON CONFLICT (organization_id, id) DO UPDATE SET name = excluded.name, visibility = "
                                 "excluded.visibility, body = excluded.body, "
                                 "version = excluded.version"};
constexpr Statement save_sub_status{
    "sub_status.save",
    "INSERT INTO sub_status (organization_id, code, label, category, position) VALUES ($1, $2, $3, $4, $5) "
    "ON CONFLICT (organization_id, code) DO UPDATE SET label = excluded.label"};
constexpr Statement save_integration{
    "integration.save",
    "INSERT INTO integration (organization_id, id, version, body, secrets, deleted) VALUES ($1, $2, $3, $4, $5, $6) "
    "ON CONFLICT (organization_id, id) DO UPDATE SET version = excluded.version, body = excluded.body, secrets = "
    "excluded.secrets, "
    "deleted = excluded.deleted"};
constexpr Statement insert_integration_version{"integration_version.insert",
                                               "INSERT INTO integration_version (organization_id, integration_id, "
                                               "version, body, at, actor_id) VALUES ($1, $2, $3, $4, $5, $6)"};
constexpr Statement save_client{"api_client.save",
                                "INSERT INTO api_client (id, organization_id, name, secret_hash, scopes, "
                                "default_listing_id, public_key, created_at, revoked_at) "
                                "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO UPDATE SET name = "
                                "excluded.name, scopes = excluded.scopes, "
                                "default_listing_id = excluded.default_listing_id, public_key = excluded.public_key, "
                                "revoked_at = excluded.revoked_at"};
constexpr Statement save_key{"api_key.save",
                             "INSERT INTO api_key (hash, organization_id, id, name, scopes, created_at, revoked_at) "
                             "VALUES ($1, $2, $3, $4, $5, $6, $7) "
                             "ON CONFLICT (hash) DO UPDATE SET revoked_at = excluded.revoked_at"};
constexpr Statement insert_token{
    "access_token.insert",
    "INSERT INTO access_token (hash, organization_id, client_id, scopes, expires_at) VALUES ($1, $2, $3, $4, $5)"};
constexpr Statement delete_token{"access_token.delete", "DELETE FROM access_token WHERE hash = $1"};

}  // namespace

const referral::Referral* CommandUnit::referral(const ReferralId& id) {
  const std::pair who{actor_.organization, id};
  if (!batch_.visible.contains(who) && !visible_.contains(who)) return nullptr;
  if (const auto found = over_.referrals.find(id); found != over_.referrals.end()) return &found->second;
  const auto found = batch_.records.referrals.find(id);
  return found == batch_.records.referrals.end() ? nullptr : &found->second;
}

const Configuration* CommandUnit::configuration(const OrganizationId& id) {
  if (const auto found = changing_.find(id); found != changing_.end()) return found->second.get();
  const auto found = batch_.records.configurations.find(id);
  return found == batch_.records.configurations.end() ? nullptr : found->second.get();
}

Configuration& CommandUnit::change_configuration(const OrganizationId& id) {
  auto& changing = changing_[id];
  if (!changing) {
    const auto found = batch_.records.configurations.find(id);
    HANDOFF_ASSERT(found != batch_.records.configurations.end());
    changing = std::make_shared<Configuration>(*found->second);
  }
  writes_.configured.insert(id);
  return *changing;
}

const directory::Organization* CommandUnit::organization(const OrganizationId& id) {
  const Configuration* found = configuration(id);
  return found ? &found->organization : nullptr;
}

const directory::Listing* CommandUnit::listing(const ListingId& id) {
  const auto in = [&](const Configuration* configuration) -> const directory::Listing* {
    if (!configuration) return nullptr;
    for (const auto& listing : configuration->listings) {
      if (listing.id == id) return &listing;
    }
    return nullptr;
  };
  for (const auto& [organization, loaded] : batch_.records.configurations) {
    if (const auto* found = in(configuration(organization))) return found;
  }
  return nullptr;
}

const std::vector<referral::SubStatus>& CommandUnit::sub_statuses(const OrganizationId& organization) {
  static const std::vector<referral::SubStatus> none;
  const Configuration* found = configuration(organization);
  return found ? found->sub_statuses : none;
}

// A draft that is for somebody else now: its past goes along. Drafts have neither lanes, deliveries nor messages.
constexpr std::array move_draft{
    Statement{"referral.move", "DELETE FROM referral WHERE organization_id = $1 AND id = $2 AND $1 <> $3"},
    Statement{"referral_version.move",
              "UPDATE referral_version SET organization_id = $3 WHERE organization_id = $1 AND referral_id = $2"},
    Statement{"source_record.move",
              "UPDATE source_record SET organization_id = $3 WHERE organization_id = $1 AND referral_id = $2"},
    Statement{"event.move", "UPDATE event SET organization_id = $3 WHERE organization_id = $1 AND referral_id = $2"},
    Statement{"party.move", "UPDATE party SET owner_id = $3 WHERE owner_id = $1 AND referral_id = $2"},
};

void CommandUnit::save(const referral::Referral& r) {
  const referral::Referral* standing = referral(r.id);
  const OrganizationId owner_before = standing ? standing->owner : r.owner;
  over_.referrals.insert_or_assign(r.id, r);
  if (r.sender) visible_.insert({*r.sender, r.id});
  if (r.receiver && r.submitted_at) visible_.insert({*r.receiver, r.id});
  std::string& body = bodies_[r.id];
  body = referral::to_stored(r).dump();
  write(insert_version, {r.owner.text(), r.id.text(), r.version, body, to_ms(r.updated_at)});
  if (owner_before == r.owner) return;
  for (const Statement& statement : move_draft) write(statement, {owner_before.text(), r.id.text(), r.owner.text()});
}

void CommandUnit::add(const referral::Event& e) {
  write(insert_event,
        {e.owner.text(), e.id.text(), e.change.text(), e.referral.text(), e.version, std::string(word(e.type)),
         to_ms(e.at), e.actor_kind, e.actor_id, e.actor_name, e.actor_organization.text(), std::string(word(e.side)),
         e.cause, referral::to_json(e.facts).dump(), e.detail.dump()});
}

void CommandUnit::add(const referral::Message& m) {
  const referral::Referral* about = referral(m.referral);
  HANDOFF_ASSERT(about != nullptr);
  write(insert_message, {about->owner.text(), m.id.text(), m.referral.text(), std::string(word(m.from)),
                         m.text.reveal(), to_ms(m.at), m.actor});
  messages_[m.referral].push_back(m);
}

void CommandUnit::add(const referral::Note& n) {
  write(insert_note, {n.organization.text(), n.id.text(), n.referral.text(), n.text.reveal(), to_ms(n.at), n.actor});
}

void CommandUnit::add(const referral::SourceRecord& r) {
  write(insert_source, {r.organization.text(), r.id.text(), r.referral.text(), r.version, r.registrant.reveal().dump(),
                        r.method, r.source_name, to_ms(r.at)});
}

std::string CommandUnit::take_number(const OrganizationId& organization, int year) {
  auto number = context_.take_number(organization);
  if (!number) {
    fail(number.error());
    return {};
  }
  std::string digits = std::to_string(*number);
  if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
  return "R-" + std::to_string(year) + "-" + digits;
}

void CommandUnit::add(const access::AuditRow& r) {
  write(insert_audit, {r.organization.text(), to_ms(r.at), r.actor_kind, r.actor_id, r.actor_organization.text(),
                       r.action, r.record_kind, r.record_id, r.request_id,
                       r.detail.is_null() ? std::string() : r.detail.dump(), access::row_hash(r)});
}

void CommandUnit::audit(const OrganizationId& trail, std::string action, std::string record_kind, std::string record_id,
                        Json detail) {
  add(access::AuditRow{trail, now(), access::word(actor_.kind), actor_.id, actor_.organization, std::move(action),
                       std::move(record_kind), std::move(record_id), cause_, std::move(detail)});
}

std::vector<const exchange::Integration*> CommandUnit::integrations(const OrganizationId& organization) {
  std::vector<const exchange::Integration*> out;
  if (const Configuration* found = configuration(organization)) {
    for (const auto& integration : found->integrations) {
      if (!integration.deleted) out.push_back(&integration);
    }
  }
  return out;
}

const exchange::Integration* CommandUnit::integration(const OrganizationId& organization, const IntegrationId& id) {
  if (const Configuration* found = configuration(organization)) {
    for (const auto& integration : found->integrations) {
      if (integration.id == id) return &integration;
    }
  }
  return nullptr;
}

const exchange::Lane* CommandUnit::lane(const exchange::LaneKey& key) {
  if (const auto found = over_.lanes.find(key); found != over_.lanes.end()) return &found->second;
  const auto found = batch_.records.lanes.find(key);
  return found == batch_.records.lanes.end() ? nullptr : &found->second;
}

std::vector<exchange::LaneKey> CommandUnit::lanes(const ReferralId& referral) {
  std::set<exchange::LaneKey> keys;
  for (const auto* records : {&batch_.records, &over_}) {
    for (const auto& [key, lane] : records->lanes) {
      if (key.referral == referral) keys.insert(key);
    }
  }
  return {keys.begin(), keys.end()};
}

std::vector<exchange::Delivery> CommandUnit::deliveries(const exchange::LaneKey& key) {
  std::map<std::pair<std::int64_t, DeliveryId>, exchange::Delivery> by_sequence;
  for (const auto* records : {&batch_.records, &over_}) {  // the overlay comes last and wins
    for (const auto& [id, delivery] : records->deliveries) {
      if (delivery.lane == key) by_sequence.insert_or_assign({delivery.sequence, id}, delivery);
    }
  }
  std::vector<exchange::Delivery> out;
  for (auto& [sequence, delivery] : by_sequence) {
    using exchange::DeliveryState;
    if (exchange::is_open(delivery.state) || delivery.state == DeliveryState::dead ||
        delivery.state == DeliveryState::stopped) {
      out.push_back(std::move(delivery));
    }
  }
  return out;
}

const std::vector<referral::Message>& CommandUnit::messages(const ReferralId& referral) {
  static const std::vector<referral::Message> none;
  const auto found = batch_.messages.find(referral);
  return found == batch_.messages.end() ? none : found->second;
}

void CommandUnit::save(const exchange::Lane& lane) { over_.lanes.insert_or_assign(lane.key, lane); }
void CommandUnit::save(const exchange::Delivery& delivery) { over_.deliveries.insert_or_assign(delivery.id, delivery); }

void CommandUnit::add(const exchange::DecisionRow& r) {
  write(insert_decision, {r.organization.text(), r.event.text(), r.integration.text(), r.referral.text(),
                          r.integration_version, std::int64_t{r.version}, decision_body(r),
                          std::string(word(r.decision.outcome)), r.decision.code, r.delivery, to_ms(r.at)});
}

void CommandUnit::add(const exchange::Attempt& a) {
  write(insert_attempt, {a.organization.text(), a.delivery.text(), a.number, to_ms(a.at), a.step, a.body_hash,
                         std::int64_t{a.http_status}, a.verdict, a.message, a.duration_ms});
}

void CommandUnit::settle(const exchange::Attempt& a) {
  write(settle_attempt, {a.organization.text(), a.delivery.text(), a.number, std::int64_t{a.http_status}, a.verdict,
                         a.message, a.duration_ms});
}

void CommandUnit::schedule(const exchange::LaneKey& key, Instant due, bool release) {
  writes_.due[key] = {due, release};
}
void CommandUnit::unschedule(const exchange::LaneKey& key, bool release) { writes_.due[key] = {std::nullopt, release}; }

void CommandUnit::hold(const exchange::LaneKey& key, Instant lease_until) { writes_.held[key] = lease_until; }

void CommandUnit::save_health(const OrganizationId& organization, const IntegrationId& id,
                              const exchange::Health& health) {
  for (auto& integration : change_configuration(organization).integrations) {
    if (integration.id == id) integration.health = health;
  }
  write(update_health, {organization.text(), id.text(), flag(health.misconfigured), health.code, health.sentence,
                        ms_or_null(health.since)});
}

void CommandUnit::wake(const OrganizationId& organization, const IntegrationId& id) {
  writes_.wake.insert({organization, id});
}

void CommandUnit::set_integration_errors(const OrganizationId& organization, const ReferralId& referral,
                                         std::int64_t count) {
  writes_.errors[{organization, referral}] = count;
}

void CommandUnit::open_notice(const OrganizationId& organization, const IntegrationId& id, std::string code,
                              std::string sentence) {
  write(insert_notice, {organization.text(), NoticeId::make(now(), random()).text(), id.text(), std::move(code),
                        std::move(sentence), ms(now())});
}

void CommandUnit::close_notices(const OrganizationId& organization, const IntegrationId& id) {
  write(end_notices, {organization.text(), id.text(), ms(now())});
}

void CommandUnit::save(const directory::Organization& o) {
  change_configuration(o.id).organization = o;
  Value contact;
  if (o.integration_contact) {
    contact = Json::object({{"name", o.integration_contact->name},
                            {"email", o.integration_contact->email},
                            {"phone", o.integration_contact->phone}})
                  .dump();
  }
  write(save_organization, {o.id.text(), o.name, std::string(directory::plan_code(o.plan)), flag(o.block_duplicates),
                            std::move(contact), o.version, texts_json(o.second_reader_for)});
}

void CommandUnit::save(const directory::Listing& l) {
  auto& listings = change_configuration(l.organization).listings;
  const auto found =
      std::find_if(listings.begin(), listings.end(), [&](const auto& other) { return other.id == l.id; });
  if (found == listings.end()) {
    listings.push_back(l);
  } else {
    *found = l;
  }
  write(save_listing, {l.organization.text(), l.id.text(), l.name,
                       std::string(l.visibility == directory::Visibility::exchange ? "exchange" : "private"),
                       directory::listing_to_json(l).dump(), l.version, to_ms(l.created_at)});
}

void CommandUnit::save(const OrganizationId& organization, const referral::SubStatus& row) {
  auto& rows = change_configuration(organization).sub_statuses;
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const auto& other) { return other.code == row.code; });
  const auto position = static_cast<std::int64_t>(found - rows.begin());
  if (found == rows.end()) {
    rows.push_back(row);
  } else {
    *found = row;
  }
  write(save_sub_status, {organization.text(), row.code, row.label, std::string(word(row.category)), position});
}

void CommandUnit::save(const exchange::Integration& i) {
  auto& list = change_configuration(i.organization).integrations;
  const auto found = std::find_if(list.begin(), list.end(), [&](const auto& other) { return other.id == i.id; });
  if (found == list.end()) {
    list.push_back(i);
  } else {
    *found = i;
  }
  const std::string body = exchange::integration_to_stored(i).dump();
  write(save_integration, {i.organization.text(), i.id.text(), i.version, body,
                           sealed_secrets(i, *context_.key, *context_.random), flag(i.deleted)});
  write(insert_integration_version, {i.organization.text(), i.id.text(), i.version, body, ms(now()), actor_.id});
}

void CommandUnit::save(const access::ApiClient& c) {
  write(save_client, {c.id.text(), c.organization.text(), c.name, c.secret_hash, texts_json(c.scopes),
                      nullable(c.default_listing), c.public_key, to_ms(c.created_at), ms_or_null(c.revoked_at)});
}
void CommandUnit::save(const access::ApiKey& k) {
  write(save_key, {k.hash, k.organization.text(), k.id.text(), k.name, texts_json(k.scopes), to_ms(k.created_at),
                   ms_or_null(k.revoked_at)});
}
void CommandUnit::save(const access::AccessToken& t) {
  write(insert_token, {t.hash, t.organization.text(), t.client.text(), texts_json(t.scopes), to_ms(t.expires_at)});
}
void CommandUnit::revoke_token(const std::string& hash) { write(delete_token, {hash}); }

std::vector<const directory::Listing*> CommandUnit::listings(const OrganizationId& organization) {
  std::vector<const directory::Listing*> out;
  if (const Configuration* found = configuration(organization)) {
    for (const auto& listing : found->listings) out.push_back(&listing);
  }
  return out;
}

void CommandUnit::merge() {
  for (const auto& room : batch_.rooms) room->merge();
  for (auto& [id, referral] : over_.referrals) {
    batch_.changed_referrals.insert_or_assign(id, std::move(bodies_.at(id)));
    batch_.records.referrals.insert_or_assign(id, std::move(referral));
  }
  for (auto& [key, lane] : over_.lanes) {
    batch_.changed_lanes.insert(key);
    batch_.records.lanes.insert_or_assign(key, std::move(lane));
  }
  for (auto& [id, delivery] : over_.deliveries) {
    batch_.changed_deliveries.insert(id);
    batch_.records.deliveries.insert_or_assign(id, std::move(delivery));
  }
  for (auto& [id, configuration] : changing_)
    batch_.records.configurations.insert_or_assign(id, std::move(configuration));
  for (auto& [id, list] : messages_) {
    auto& all = batch_.messages[id];
    all.insert(all.end(), list.begin(), list.end());
  }
  batch_.visible.merge(visible_);
  auto& into = batch_.writes;
  into.rows.insert(into.rows.end(), std::make_move_iterator(writes_.rows.begin()),
                   std::make_move_iterator(writes_.rows.end()));
  for (auto& [key, change] : writes_.due) {
    // A lease given back earlier in the batch stays given back.
    const auto before = into.due.find(key);
    if (before != into.due.end() && before->second.release) change.release = true;
    into.due.insert_or_assign(key, change);
  }
  for (auto& [key, until] : writes_.held) into.held.insert_or_assign(key, until);
  for (auto& [key, count] : writes_.errors) into.errors.insert_or_assign(key, count);
  into.wake.merge(writes_.wake);
  into.configured.merge(writes_.configured);
}

namespace {

constexpr Statement save_referral{"referral.save",
                                  "INSERT INTO referral (organization_id, id, version, number, status, body, "
                                  "created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
                                  "ON CONFLICT (organization_id, id) DO UPDATE SET version = excluded.version, status "
                                  "= excluded.status, body = excluded.body, "
                                  "updated_at = excluded.updated_at"};
constexpr Statement save_party{
    "party.save",
    "INSERT INTO party (organization_id, referral_id, owner_id, is_receiver, is_sender, status, sub_status, category, "
    "listing_id, archived, "
    "search, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
    "ON CONFLICT (organization_id, referral_id) DO UPDATE SET is_receiver = excluded.is_receiver, is_sender = "
    "excluded.is_sender, "
    "status = excluded.status, sub_status = excluded.sub_status, category = excluded.category, listing_id = "
    "excluded.listing_id, "
    "archived = excluded.archived, search = excluded.search, updated_at = excluded.updated_at"};
constexpr Statement save_lane{
    "lane.save",
    "INSERT INTO lane (organization_id, referral_id, integration_id, owner_id, next_sequence, remote_id, delivered_at, "
    "accepted_at, stopped, sent) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (organization_id, referral_id, integration_id) DO "
    "UPDATE SET "
    "next_sequence = excluded.next_sequence, remote_id = excluded.remote_id, delivered_at = excluded.delivered_at, "
    "accepted_at = excluded.accepted_at, stopped = excluded.stopped, sent = excluded.sent"};
constexpr Statement save_delivery{
    "delivery.save",
    "INSERT INTO delivery (organization_id, id, referral_id, integration_id, integration_version, change_id, kind, "
    "sequence, state, body, snapshot, "
    "next_attempt_at, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) "
    "ON CONFLICT (organization_id, id) DO UPDATE SET integration_version = excluded.integration_version, kind = "
    "excluded.kind, state = excluded.state, "
    "body = excluded.body, snapshot = excluded.snapshot, next_attempt_at = excluded.next_attempt_at, updated_at = "
    "excluded.updated_at"};
constexpr Statement set_due{
    "due.set",
    "INSERT INTO due (organization_id, referral_id, integration_id, due_at) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (organization_id, referral_id, integration_id) DO UPDATE SET due_at = excluded.due_at"};
constexpr Statement set_due_and_release{
    "due.set_and_release",
    "INSERT INTO due (organization_id, referral_id, integration_id, due_at) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (organization_id, referral_id, integration_id) DO UPDATE SET due_at = excluded.due_at, lease_until = "
    "0"};
// The row stays while somebody may hold its lease: what comes back must find its fence.
constexpr Statement never_due{"due.never",
                              "UPDATE due SET due_at = 9223372036854775807 WHERE organization_id = $1 AND referral_id "
                              "= $2 AND integration_id = $3"};
constexpr Statement never_due_and_release{
    "due.never_and_release", "DELETE FROM due WHERE organization_id = $1 AND referral_id = $2 AND integration_id = $3"};
constexpr Statement forget_if_free{
    "due.forget",
    "DELETE FROM due WHERE organization_id = $1 AND referral_id = $2 AND integration_id = $3 AND lease_until = 0"};
constexpr Statement hold_lease{
    "due.hold",
    "UPDATE due SET lease_until = $4 WHERE organization_id = $1 AND referral_id = $2 AND integration_id = $3"};
constexpr Statement set_errors{"party.errors",
                               "UPDATE party SET integration_errors = $3 WHERE organization_id = $1 AND referral_id = "
                               "$2 AND integration_errors <> $3"};
constexpr Statement wake_lanes{
    "due.wake",
    "INSERT INTO due (organization_id, referral_id, integration_id, due_at) "
    "SELECT DISTINCT organization_id, referral_id, integration_id, CAST($3 AS BIGINT) FROM delivery "
    "WHERE organization_id = $1 AND integration_id = $2 AND state IN ('pending', 'sending', 'retrying', 'held') "
    "ON CONFLICT (organization_id, referral_id, integration_id) DO UPDATE SET due_at = excluded.due_at"};
// While an integration is off or misconfigured nobody asks whether its referrals were accepted; asking begins again.
constexpr Statement wake_polls{
    "due.wake_polls",
    "INSERT INTO due (organization_id, referral_id, integration_id, due_at) "
    "SELECT organization_id, referral_id, integration_id, CAST($3 AS BIGINT) FROM lane "
    "WHERE organization_id = $1 AND integration_id = $2 AND remote_id IS NOT NULL AND accepted_at IS NULL "
    "AND stopped = 0 AND delivered_at > $4 "
    "ON CONFLICT (organization_id, referral_id, integration_id) DO NOTHING"};

void party_call(const referral::Referral& r, const OrganizationId& organization, bool receiver, bool sender,
                std::vector<Connection::Call>& calls) {
  const Json& registrant = r.content.reveal()["registrant"];
  const std::string search =
      ascii_lower(r.number + " " + registrant["firstName"].text_or() + " " + registrant["lastName"].text_or());
  calls.push_back(
      {&save_party,
       {organization.text(), r.id.text(), r.owner.text(), flag(receiver), flag(sender), std::string(word(r.status)),
        r.sub_status, std::string(r.category ? word(*r.category) : ""), id_or_null(r.listing ? r.listing->text() : ""),
        flag(receiver ? r.archived : r.archived_by_sender), search, to_ms(r.updated_at)}});
}

}  // namespace

std::vector<Connection::Call> record_calls(const BatchState& batch, Instant now) {
  std::vector<Connection::Call> calls;
  for (const auto& [id, body] : batch.changed_referrals) {
    const referral::Referral& r = batch.records.referrals.at(id);
    calls.push_back({&save_referral,
                     {r.owner.text(), r.id.text(), r.version, r.number, std::string(word(r.status)), body,
                      to_ms(r.created_at), to_ms(r.updated_at)}});
    const bool seen = r.submitted_at.has_value();
    if (r.receiver && r.sender == r.receiver) {
      party_call(r, *r.receiver, seen, true, calls);
    } else {
      if (r.receiver && seen) party_call(r, *r.receiver, true, false, calls);
      if (r.sender) party_call(r, *r.sender, false, true, calls);
    }
  }
  for (const auto& key : batch.changed_lanes) {
    const exchange::Lane& l = batch.records.lanes.at(key);
    const auto referral = batch.records.referrals.find(key.referral);
    HANDOFF_ASSERT(referral != batch.records.referrals.end());
    calls.push_back({&save_lane,
                     {key.organization.text(), key.referral.text(), key.integration.text(),
                      referral->second.owner.text(), l.next_sequence, nullable(l.remote_id), ms_or_null(l.delivered_at),
                      ms_or_null(l.accepted_at), flag(l.stopped), l.sent.dump()}});
  }
  for (const auto& id : batch.changed_deliveries) {
    const exchange::Delivery& d = batch.records.deliveries.at(id);
    calls.push_back(
        {&save_delivery,
         {d.lane.organization.text(), d.id.text(), d.lane.referral.text(), d.lane.integration.text(),
          d.integration_version, d.change.text(), std::string(word(d.kind)), d.sequence, std::string(word(d.state)),
          delivery_body(d), d.snapshot.reveal().is_null() ? Value() : Value(d.snapshot.reveal().dump()),
          ms_or_null(d.next_attempt_at), to_ms(d.created_at), to_ms(d.updated_at)}});
  }
  calls.insert(calls.end(), batch.writes.rows.begin(), batch.writes.rows.end());
  for (const auto& [who, count] : batch.writes.errors)
    calls.push_back({&set_errors, {who.first.text(), who.second.text(), count}});
  for (const auto& [organization, integration] : batch.writes.wake) {
    calls.push_back({&wake_lanes, {organization.text(), integration.text(), to_ms(now)}});
    for (const auto& one : batch.records.configurations.at(organization)->integrations) {
      if (one.id != integration || one.mode != exchange::Mode::until_accepted) continue;
      calls.push_back({&wake_polls,
                       {organization.text(), integration.text(), to_ms(now), to_ms(now - exchange::status_polls_for)}});
    }
  }
  for (const auto& [key, until] : batch.writes.held) {
    calls.push_back(
        {&hold_lease, {key.organization.text(), key.referral.text(), key.integration.text(), to_ms(until)}});
  }
  for (const auto& [key, change] : batch.writes.due) {
    Values values{key.organization.text(), key.referral.text(), key.integration.text()};
    if (change.at) values.push_back(to_ms(*change.at));
    const Statement* statement = change.at ? (change.release ? &set_due_and_release : &set_due)
                                           : (change.release ? &never_due_and_release : &never_due);
    if (statement == &never_due) calls.push_back({&forget_if_free, values});
    calls.push_back({statement, std::move(values)});
  }
  return calls;
}

}  // namespace handoff::store
