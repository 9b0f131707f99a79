#include "store/records.h"

#include "base/log.h"

namespace handoff::store {
namespace {

std::optional<Instant> optional_instant(const Row& row, std::size_t column) {
  const auto ms = row.optional_integer(column);
  return ms ? std::optional(from_ms(*ms)) : std::nullopt;
}

std::optional<Instant> optional_instant(const Json& value) {
  const auto ms = value.integer();
  return ms ? std::optional(from_ms(*ms)) : std::nullopt;
}
Json instant_json(const std::optional<Instant>& at) { return at ? Json(to_ms(*at)) : Json(); }

}  // namespace

Json stored_json(std::string_view text) {
  auto parsed = Json::parse(text, Json::Limits{256});
  return parsed ? std::move(*parsed) : Json();
}

std::string texts_json(const std::vector<std::string>& texts) {
  Json out = Json::array();
  for (const auto& text : texts) out.push_back(text);
  return out.dump();
}

std::vector<std::string> texts_of(std::string_view json) {
  std::vector<std::string> out;
  const Json parsed = stored_json(json);
  if (parsed.is_array()) {
    for (const auto& item : parsed.items()) out.push_back(item.text_or());
  }
  return out;
}

referral::Referral referral_of(const Row& row, std::size_t from) {
  referral::Referral referral;
  referral::from_stored(stored_json(row.view(from)), referral);
  if (!row.is_null(from + 1)) referral.person = PersonId::trusted(row.text(from + 1));
  referral.person_in_review = row.integer(from + 2) > 0;
  return referral;
}

referral::Event event_of(const Row& row, std::size_t from) {
  referral::Event e;
  e.owner = OrganizationId::trusted(row.text(from + 1));
  e.id = EventId::trusted(row.text(from + 2));
  e.change = ChangeId::trusted(row.text(from + 3));
  e.referral = ReferralId::trusted(row.text(from + 4));
  e.version = row.integer(from + 5);
  e.type = referral::event_type_of(row.view(from + 6)).value_or(referral::EventType::edited);
  e.at = from_ms(row.integer(from + 7));
  e.actor_kind = row.text(from + 8);
  e.actor_id = row.text(from + 9);
  e.actor_name = row.text(from + 10);
  e.actor_organization = OrganizationId::trusted(row.text(from + 11));
  e.side = row.view(from + 12) == "sender" ? referral::Side::sender : referral::Side::receiver;
  e.cause = row.text(from + 13);
  e.facts = referral::facts_from_json(stored_json(row.view(from + 14)));
  e.detail = stored_json(row.view(from + 15));
  return e;
}

referral::Message message_of(const Row& row, std::size_t from) {
  return {MessageId::trusted(row.text(from)),
          ReferralId::trusted(row.text(from + 1)),
          row.view(from + 2) == "sender" ? referral::Side::sender : referral::Side::receiver,
          Text(row.text(from + 3)),
          from_ms(row.integer(from + 4)),
          row.text(from + 5)};
}

referral::Note note_of(const Row& row, std::size_t from) {
  return {NoteId::trusted(row.text(from + 1)),     ReferralId::trusted(row.text(from + 2)),
          OrganizationId::trusted(row.text(from)), Text(row.text(from + 3)),
          from_ms(row.integer(from + 4)),          row.text(from + 5)};
}

directory::Organization organization_of(const Row& row, std::size_t from) {
  directory::Organization o;
  o.id = OrganizationId::trusted(row.text(from));
  o.name = row.text(from + 1);
  o.plan = directory::plan_of(row.view(from + 2)).value_or(directory::Plan::basic);
  o.block_duplicates = row.integer(from + 3) != 0;
  if (!row.is_null(from + 4)) {
    const Json contact = stored_json(row.view(from + 4));
    const auto text = [&](const char* key) {
      return contact[key].is_string() ? std::optional(contact[key].string()) : std::nullopt;
    };
    o.integration_contact = directory::IntegrationContact{text("name"), text("email"), text("phone")};
  }
  o.version = row.integer(from + 5);
  o.config_version = row.integer(from + 6);
  o.created_at = from_ms(row.integer(from + 7));
  o.second_reader_for = texts_of(row.view(from + 8));
  return o;
}

directory::Listing listing_of(const Row& row, std::size_t from) {
  directory::Listing listing;
  Json body = stored_json(row.view(from + 2));
  for (const char* column : {"id", "organizationId", "version", "createdAt"}) body.erase(column);
  Faults faults;  // what was stored passed the same reading once
  directory::read_listing(body, listing, faults);
  listing.organization = OrganizationId::trusted(row.text(from));
  listing.id = ListingId::trusted(row.text(from + 1));
  listing.version = row.integer(from + 3);
  listing.created_at = from_ms(row.integer(from + 4));
  return listing;
}

referral::SubStatus sub_status_of(const Row& row, std::size_t from) {
  return {row.text(from), row.text(from + 1),
          referral::category_of(row.view(from + 2)).value_or(referral::Category::requested)};
}

exchange::Integration integration_of(const Row& row, std::size_t from, const ServerKey& key) {
  exchange::Integration i;
  exchange::integration_from_stored(stored_json(row.view(from + 3)), i);
  i.organization = OrganizationId::trusted(row.text(from));
  i.id = IntegrationId::trusted(row.text(from + 1));
  i.version = row.integer(from + 2);
  const Json secrets = stored_json(row.view(from + 4));
  if (secrets.is_object()) {
    for (const auto& [name, sealed] : secrets.members()) {
      auto opened = key.open(sealed.text_or(), i.id.text() + "/" + name);
      if (opened) {
        i.secrets.emplace(name, std::move(*opened));
      } else {
        log_error("store.secret_unreadable",
                  {{"integration", i.id.text()}, {"setting", name}, {"error", opened.error().code}});
      }
    }
  }
  i.deleted = row.integer(from + 5) != 0;
  i.health.misconfigured = row.integer(from + 6) != 0;
  i.health.code = row.text(from + 7);
  i.health.sentence = row.text(from + 8);
  i.health.since = optional_instant(row, from + 9);
  return i;
}

std::string sealed_secrets(const exchange::Integration& integration, const ServerKey& key, Random& random) {
  Json out = Json::object();
  for (const auto& [name, secret] : integration.secrets)
    out.set(name, key.seal(secret, integration.id.text() + "/" + name, random));
  return out.dump();
}

exchange::Lane lane_of(const Row& row, std::size_t from) {
  exchange::Lane lane;
  lane.key = {OrganizationId::trusted(row.text(from)), ReferralId::trusted(row.text(from + 1)),
              IntegrationId::trusted(row.text(from + 2))};
  lane.next_sequence = row.integer(from + 3);
  lane.remote_id = row.optional_text(from + 4);
  lane.delivered_at = optional_instant(row, from + 5);
  lane.accepted_at = optional_instant(row, from + 6);
  lane.stopped = row.integer(from + 7) != 0;
  lane.sent = stored_json(row.view(from + 8));
  return lane;
}

std::string delivery_body(const exchange::Delivery& d) {
  Json triggers = Json::array();
  for (const auto& trigger : d.triggers) triggers.push_back(trigger);
  Json problem;
  if (d.problem) {
    problem = Json::object({{"code", d.problem->code},
                            {"sentence", d.problem->sentence},
                            {"field", d.problem->field},
                            {"who", d.problem->who}});
  }
  return Json::object({{"triggers", std::move(triggers)},
                       {"retraction", d.retraction},
                       {"doubtful", d.doubtful},
                       {"attemptCount", d.attempt_count},
                       {"failureCount", d.failure_count},
                       {"lookCount", d.look_count},
                       {"failingSince", instant_json(d.failing_since)},
                       {"lastAttemptAt", instant_json(d.last_attempt_at)},
                       {"remoteId", d.remote_id},
                       {"problem", std::move(problem)},
                       {"progress", d.progress.data},
                       {"snapshotVersion", d.snapshot_version},
                       {"replaces", d.replaces},
                       {"eventAt", to_ms(d.event_at)}})
      .dump();
}

exchange::Delivery delivery_of(const Row& row, std::size_t from) {
  exchange::Delivery d;
  d.lane = {OrganizationId::trusted(row.text(from)), ReferralId::trusted(row.text(from + 2)),
            IntegrationId::trusted(row.text(from + 3))};
  d.id = DeliveryId::trusted(row.text(from + 1));
  d.integration_version = row.integer(from + 4);
  d.change = ChangeId::trusted(row.text(from + 5));
  d.kind = exchange::delivery_kind_of(row.view(from + 6)).value_or(exchange::DeliveryKind::create);
  d.sequence = row.integer(from + 7);
  d.state = exchange::delivery_state_of(row.view(from + 8)).value_or(exchange::DeliveryState::pending);
  const Json body = stored_json(row.view(from + 9));
  if (body["triggers"].is_array()) {
    for (const auto& trigger : body["triggers"].items()) d.triggers.push_back(trigger.text_or());
  }
  d.retraction = body["retraction"].bool_or(false);
  d.doubtful = body["doubtful"].bool_or(false);
  d.attempt_count = body["attemptCount"].int_or(0);
  d.failure_count = body["failureCount"].int_or(0);
  d.look_count = body["lookCount"].int_or(0);
  d.failing_since = optional_instant(body["failingSince"]);
  d.last_attempt_at = optional_instant(body["lastAttemptAt"]);
  if (body["remoteId"].is_string()) d.remote_id = body["remoteId"].string();
  if (const Json& problem = body["problem"]; problem.is_object()) {
    d.problem =
        exchange::Problem{problem["code"].text_or(), problem["sentence"].text_or(),
                          problem["field"].is_string() ? std::optional(problem["field"].string()) : std::nullopt,
                          problem["who"].text_or()};
  }
  d.progress.data = body["progress"].is_object() ? body["progress"] : Json::object();
  d.snapshot_version = body["snapshotVersion"].int_or(0);
  d.replaces = body["replaces"].text_or();
  d.event_at = from_ms(body["eventAt"].int_or(0));
  if (!row.is_null(from + 10)) d.snapshot = Private(stored_json(row.view(from + 10)));
  d.next_attempt_at = optional_instant(row, from + 11);
  d.created_at = from_ms(row.integer(from + 12));
  d.updated_at = from_ms(row.integer(from + 13));
  return d;
}

exchange::Attempt attempt_of(const Row& row, std::size_t from) {
  exchange::Attempt a;
  a.organization = OrganizationId::trusted(row.text(from));
  a.delivery = DeliveryId::trusted(row.text(from + 1));
  a.number = row.integer(from + 2);
  a.at = from_ms(row.integer(from + 3));
  a.step = row.text(from + 4);
  a.body_hash = row.text(from + 5);
  a.http_status = static_cast<int>(row.integer(from + 6));
  a.verdict = row.text(from + 7);
  a.message = row.text(from + 8);
  a.duration_ms = row.integer(from + 9);
  return a;
}

std::string decision_body(const exchange::DecisionRow& r) {
  Json matched = Json::array();
  for (const auto& trigger : r.decision.matched) matched.push_back(trigger);
  return Json::object({{"profileHash", r.profile_hash},
                       {"plan", r.plan},
                       {"enabled", r.integration_enabled},
                       {"lane", to_json(r.lane)},
                       {"rule", to_json(r.rule)},
                       {"version", r.version},
                       {"outcome", word(r.decision.outcome)},
                       {"code", r.decision.code},
                       {"matched", std::move(matched)}})
      .dump();
}

exchange::DecisionRow decision_of(const Row& row, std::size_t from) {
  exchange::DecisionRow r;
  r.organization = OrganizationId::trusted(row.text(from));
  r.event = EventId::trusted(row.text(from + 1));
  r.integration = IntegrationId::trusted(row.text(from + 2));
  r.referral = ReferralId::trusted(row.text(from + 3));
  r.integration_version = row.integer(from + 4);
  const Json body = stored_json(row.view(from + 5));
  r.profile_hash = body["profileHash"].text_or();
  r.plan = body["plan"].text_or();
  r.integration_enabled = body["enabled"].bool_or(true);
  r.lane = exchange::lane_view_from_json(body["lane"]);
  r.rule = exchange::rule_from_json(body["rule"]);
  r.version = static_cast<int>(body["version"].int_or(0));
  r.decision.code = body["code"].text_or();
  const std::string outcome = body["outcome"].text_or();
  for (const auto known :
       {exchange::Outcome::none, exchange::Outcome::create, exchange::Outcome::merge, exchange::Outcome::update,
        exchange::Outcome::event, exchange::Outcome::retract, exchange::Outcome::cancel}) {
    if (outcome == word(known)) r.decision.outcome = known;
  }
  if (body["matched"].is_array()) {
    for (const auto& trigger : body["matched"].items()) r.decision.matched.push_back(trigger.text_or());
  }
  r.delivery = row.text(from + 6);
  r.at = from_ms(row.integer(from + 7));
  return r;
}

}  // namespace handoff::store
