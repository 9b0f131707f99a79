// The walls and the lists of the reading side, asked of both databases: what is another organization's does not exist,
// and a list walked page by page while records change passes none over.
#include "store/readers.h"

#include <gmock/gmock.h>

#include "exchange/explain.h"
#include "store/cursor.h"
#include "store/test_office.h"

namespace handoff::store {
namespace {

using referral::Direction;
using referral::ListFilter;
using referral::Sort;
using testing::ElementsAre;
using testing::IsEmpty;

class Readers : public testing_office::Office {
 protected:
  std::vector<ReferralId> ids(const OrganizationId& asking, ListFilter filter) {
    auto page = referrals_->list(asking, filter);
    EXPECT_TRUE(page) << page.error().for_log;
    std::vector<ReferralId> out;
    if (page) {
      for (const auto& item : page->items) out.push_back(item.id);
    }
    return out;
  }
  std::vector<ReferralId> matching(const std::string& text) {
    ListFilter filter;
    filter.text = text;
    return ids(receiver_, filter);
  }
  // Every page of one record, with `between` done after each.
  std::vector<ReferralId> walk(const OrganizationId& asking, ListFilter filter, std::function<void(int)> between = {}) {
    std::vector<ReferralId> out;
    filter.limit = 1;
    for (int page = 0; page < 100; ++page) {
      auto answer = referrals_->list(asking, filter);
      EXPECT_TRUE(answer) << answer.error().for_log;
      if (!answer) break;
      for (const auto& item : answer->items) out.push_back(item.id);
      if (!answer->next_cursor) return out;
      filter.cursor = answer->next_cursor;
      if (between) between(page);
    }
    ADD_FAILURE() << "the list does not end";
    return out;
  }
};
INSTANTIATE_TEST_SUITE_P(Both, Readers, testing::ValuesIn(testing_support::both_databases()),
                         testing_support::database_name);

TEST_P(Readers, ShowAReferralToItsTwoSidesAndToNobodyElse) {
  const ReferralId id = send("Amélie", "Okafor");
  for (const auto& side : {receiver_, sender_}) {
    const auto found = referrals_->referral(side, id).value();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->owner, receiver_);
    EXPECT_EQ(found->content.reveal()["registrant"]["firstName"], Json("Amélie"));
    EXPECT_TRUE(referrals_->referral_version(side, id, 1).value());
    EXPECT_FALSE(referrals_->referral_version(side, id, 2).value());
    EXPECT_EQ(referrals_->events(side, id, 10, {}).value().items.size(), 1U);
  }
  change(sender_, id, [&](auto& unit) -> Result<void> {
    HANDOFF_TRY(commands_.message(unit, id, "requester", "Prefers mornings."));
    return {};
  });
  EXPECT_EQ(referrals_->messages(receiver_, id).value().size(), 1U);

  EXPECT_FALSE(referrals_->referral(stranger_, id).value());
  EXPECT_FALSE(referrals_->referral_version(stranger_, id, 1).value());
  EXPECT_THAT(referrals_->events(stranger_, id, 10, {}).value().items, IsEmpty());
  EXPECT_THAT(referrals_->messages(stranger_, id).value(), IsEmpty());
  EXPECT_THAT(referrals_->notes(stranger_, id).value(), IsEmpty());
  for (const auto direction : {Direction::received, Direction::sent}) {
    ListFilter filter;
    filter.direction = direction;
    EXPECT_THAT(ids(stranger_, filter), IsEmpty());
  }
}

TEST_P(Readers, KeepNotesWithTheOrganizationThatWroteThem) {
  const ReferralId id = send("Joe", "Clark");
  const auto note = [&](const OrganizationId& organization, const char* text) {
    change(organization, id, [&](auto& unit) -> Result<void> {
      HANDOFF_TRY(commands_.note(unit, id, text));
      return {};
    });
  };
  note(receiver_, "Called, no answer.");
  note(sender_, "Ask again on Friday.");
  ASSERT_EQ(referrals_->notes(receiver_, id).value().size(), 1U);
  EXPECT_EQ(referrals_->notes(receiver_, id).value()[0].text.reveal(), "Called, no answer.");
  EXPECT_EQ(referrals_->notes(sender_, id).value()[0].text.reveal(), "Ask again on Friday.");
  // Nor does the other side learn that there is one.
  for (const auto& side : {receiver_, sender_}) {
    int notes = 0;
    const auto page = referrals_->events(side, id, 10, {}).value();
    for (const auto& event : page.items) {
      if (event.type != referral::EventType::note_added) continue;
      ++notes;
      EXPECT_EQ(event.actor_organization.text(), side.text());
    }
    EXPECT_EQ(notes, 1);
  }
}

TEST_P(Readers, KeepADraftWithItsSenderThenAndLater) {
  const ReferralId id = send("Joe", "Clark", true);
  EXPECT_TRUE(referrals_->referral(sender_, id).value());
  EXPECT_FALSE(referrals_->referral(receiver_, id).value());
  ListFilter outbox;
  outbox.direction = Direction::sent;
  EXPECT_THAT(ids(sender_, outbox), ElementsAre(id));
  EXPECT_THAT(ids(receiver_, {}), IsEmpty());

  change(sender_, id, [&](auto& unit) { return commands_.submit(unit, id); });
  EXPECT_THAT(ids(receiver_, {}), ElementsAre(id));
  // What it looked like before it was sent, and that it lay around, stays the sender's.
  EXPECT_TRUE(referrals_->referral_version(sender_, id, 1).value());
  EXPECT_FALSE(referrals_->referral_version(receiver_, id, 1).value());
  EXPECT_TRUE(referrals_->referral_version(receiver_, id, 2).value());
  EXPECT_EQ(referrals_->events(sender_, id, 10, {}).value().items.size(), 2U);
  const auto seen = referrals_->events(receiver_, id, 10, {}).value().items;
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].type, referral::EventType::received);
}

TEST_P(Readers, ListByEveryFilterAlone) {
  const ReferralId a = send("Ana", "Silva"), b = send("Bo", "Lind"), c = send("Cy", "Moss");
  EXPECT_THAT(ids(receiver_, {}), ElementsAre(c, b, a));
  ListFilter outbox;
  outbox.direction = Direction::sent;
  EXPECT_THAT(ids(sender_, outbox), ElementsAre(c, b, a));
  EXPECT_THAT(ids(receiver_, outbox), IsEmpty());
  EXPECT_THAT(ids(sender_, {}), IsEmpty());

  set_sub_status(b, "waitlisted");
  close(c, "no_show");
  const auto with = [&](auto set) {
    ListFilter filter;
    set(filter);
    return ids(receiver_, filter);
  };
  EXPECT_THAT(with([](auto& f) { f.status = referral::Status::closed; }), ElementsAre(c));
  EXPECT_THAT(with([](auto& f) { f.sub_status = "waitlisted"; }), ElementsAre(b));
  EXPECT_THAT(with([](auto& f) { f.category = referral::Category::on_hold; }), ElementsAre(b));
  EXPECT_THAT(with([&](auto& f) { f.listing = listing_; }), ElementsAre(c, b, a));
  EXPECT_THAT(with([](auto& f) { f.listing = ListingId::trusted("lst_none"); }), IsEmpty());
  EXPECT_THAT(with([](auto& f) { f.sort = Sort::oldest_first; }), ElementsAre(a, b, c));
  EXPECT_THAT(with([](auto& f) { f.sort = Sort::least_recently_updated; }), ElementsAre(a, b, c));
  const auto changed = referrals_->referral(receiver_, b).value()->updated_at;
  EXPECT_THAT(with([&](auto& f) { f.updated_since = changed; }), ElementsAre(c, b));
  EXPECT_THAT(with([&](auto& f) {
                f.updated_since = changed;
                f.status = referral::Status::submitted;
                f.text = "lind";
              }),
              ElementsAre(b));

  change(receiver_, a, [&](auto& unit) { return commands_.archive(unit, a, true); });
  EXPECT_THAT(with([](auto&) {}), ElementsAre(c, b));
  EXPECT_THAT(with([](auto& f) { f.archived = true; }), ElementsAre(a));
  EXPECT_THAT(ids(sender_, outbox), ElementsAre(c, b, a));  // the receiver's archive is not the sender's
}

TEST_P(Readers, SearchForWordsAndTakeWildcardsAsTheyStand) {
  const ReferralId okafor = send("Amélie", "Okafor"), percent = send("Per%Cent", "Under_Score"),
                   bang = send("Wow!", "O'Brien");
  EXPECT_THAT(matching("OKA"), ElementsAre(okafor));
  EXPECT_THAT(matching("okafor amélie"), ElementsAre(okafor));  // in any order
  EXPECT_THAT(matching("okafor bo"), IsEmpty());
  EXPECT_THAT(matching("r%t"), IsEmpty());
  EXPECT_THAT(matching("r%c"), ElementsAre(percent));
  EXPECT_THAT(matching("r_S"), ElementsAre(percent));
  EXPECT_THAT(matching("%"), ElementsAre(percent));
  EXPECT_THAT(matching("_"), ElementsAre(percent));
  EXPECT_THAT(matching("!"), ElementsAre(bang));
  EXPECT_THAT(matching("o'brien"), ElementsAre(bang));
  EXPECT_THAT(matching("\\"), IsEmpty());
  EXPECT_EQ(matching("  ").size(), 3U);
  EXPECT_THAT(matching(referrals_->referral(receiver_, bang).value()->number), ElementsAre(bang));
  ListFilter filter;
  filter.text = std::string(201, 'a');
  EXPECT_EQ(referrals_->list(receiver_, filter).error().code, "filter.too_long");
  filter.text = std::string("a\0b", 3);
  EXPECT_EQ(referrals_->list(receiver_, filter).error().code, "store.value");
}

TEST_P(Readers, PassNoRecordOverWhileRecordsChange) {
  std::vector<ReferralId> all;
  for (const char* name : {"Ana", "Bo", "Cy", "Di", "Ed"}) all.push_back(send(name, "Walker"));
  const auto everything = std::vector<ReferralId>(all.rbegin(), all.rend());
  // A new one comes in front, and every record changes under the reader's hands.
  EXPECT_EQ(walk(receiver_, {},
                 [&](int page) {
                   set_sub_status(all[static_cast<std::size_t>(page)], "waitlisted");
                   if (page == 1) send("New", "Comer");
                 }),
            everything);
  ListFilter oldest;
  oldest.sort = Sort::oldest_first;
  const auto upwards = walk(receiver_, oldest);
  EXPECT_EQ(std::vector<ReferralId>(upwards.begin(), upwards.begin() + 5), all);

  // What changes moves to the end and is met again there.
  ListFilter by_update;
  by_update.sort = Sort::least_recently_updated;
  const auto seen = walk(receiver_, by_update, [&](int page) {
    if (page < 3) set_sub_status(all[0], page % 2 == 0 ? "ready" : "received");
  });
  for (const auto& id : all) EXPECT_THAT(seen, testing::Contains(id));
}

TEST_P(Readers, WalkEventsAndDeliveriesPageByPage) {
  make_integration("Intake desk", {"referral.received", "referral.edited"});
  const ReferralId id = send("Ana", "Silva");
  set_sub_status(id, "ready");
  set_sub_status(id, "received");
  std::vector<referral::EventType> types;
  std::optional<std::string> cursor;
  do {
    const auto page = referrals_->events(receiver_, id, 1, cursor).value();
    ASSERT_EQ(page.items.size(), 1U);
    types.push_back(page.items[0].type);
    cursor = page.next_cursor;
  } while (cursor);
  using referral::EventType;
  EXPECT_THAT(types, ElementsAre(EventType::received, EventType::sub_status_changed, EventType::sub_status_changed));

  const ReferralId second = send("Bo", "Lind");
  exchange::DeliveryFilter filter;
  filter.limit = 1;
  const auto first = deliveries_->deliveries(receiver_, filter).value();
  ASSERT_EQ(first.items.size(), 1U);
  EXPECT_EQ(first.items[0].delivery.lane.referral, second);
  filter.cursor = first.next_cursor;
  const auto last = deliveries_->deliveries(receiver_, filter).value();
  ASSERT_EQ(last.items.size(), 1U);
  EXPECT_EQ(last.items[0].delivery.lane.referral, id);
  EXPECT_FALSE(last.next_cursor);
}

TEST_P(Readers, RefuseCursorsOfOtherListsAndMadeUpOnes) {
  send("Ana", "Silva");
  send("Bo", "Lind");
  ListFilter filter;
  filter.limit = 1;
  const auto page = referrals_->list(receiver_, filter).value();
  ASSERT_TRUE(page.next_cursor);
  EXPECT_EQ(page.next_cursor->find_first_of("+/="), std::string::npos);
  ListFilter other = filter;
  other.sort = Sort::oldest_first;
  other.cursor = page.next_cursor;
  for (const std::string& cursor :
       {*other.cursor, std::string("x"), std::string(), std::string("bm90aGluZw"), std::string(2000, 'a'),
        write_cursor("referrals.oldest", {0, "' OR 1=1"}), std::string("cmVmZXJyYWxzLm9sZGVzdDowOg==")}) {
    other.cursor = cursor;
    const auto refused = referrals_->list(receiver_, other);
    ASSERT_FALSE(refused) << cursor;
    EXPECT_EQ(refused.error().code, "cursor.invalid");
    EXPECT_EQ(refused.error().kind, Kind::invalid_input);
  }
}

TEST_P(Readers, ShowListingsToTheirOwnersAndThoseOfTheExchangeToAll) {
  const ListingId hidden = make_listing("Hidden", directory::Visibility::private_listing);
  EXPECT_TRUE(referrals_->listing(receiver_, hidden).value());
  EXPECT_FALSE(referrals_->listing(sender_, hidden).value());
  EXPECT_TRUE(referrals_->listing(sender_, listing_).value());
  const auto offered = referrals_->exchange_listings(sender_).value();
  ASSERT_EQ(offered.size(), 1U);
  EXPECT_EQ(offered[0].name, "Counselling");
  EXPECT_THAT(referrals_->exchange_listings(receiver_).value(), IsEmpty());
  EXPECT_EQ(referrals_->listings(receiver_).value().size(), 3U);  // Unassigned, too
  EXPECT_EQ(referrals_->listings(stranger_).value().size(), 1U);
  EXPECT_EQ(referrals_->sub_statuses(receiver_).value().size(), referral::standard_sub_statuses().size());
  EXPECT_EQ(referrals_->organization(receiver_).value()->name, "Harbour Community Services");
  EXPECT_FALSE(referrals_->organization(OrganizationId::trusted("org_none")).value());
}

TEST_P(Readers, ShowIntegrationsLanesAndDecisionsToTheirOrganizationOnly) {
  const IntegrationId integration = make_integration("Intake desk", {"referral.received"});
  make_integration("Intake desk, renamed", {"referral.received", "closed"}, 2, integration);
  const ReferralId id = send("Ana", "Silva");
  close(id, "admitted");

  const auto found = deliveries_->integration(receiver_, integration).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, "Intake desk, renamed");
  EXPECT_EQ(found->secrets.at("token").reveal(), "a-secret-of-Intake desk, renamed");
  const auto old = deliveries_->integration_version(receiver_, integration, 1).value();
  ASSERT_TRUE(old);
  EXPECT_EQ(old->name, "Intake desk");
  EXPECT_EQ(old->version, 1);
  EXPECT_EQ(old->secrets.at("token").reveal(), "a-secret-of-Intake desk, renamed");  // always the newest
  EXPECT_TRUE(deliveries_->integration_for_hook(integration).value());
  EXPECT_EQ(deliveries_->integrations(receiver_).value().size(), 1U);

  const exchange::LaneKey key{receiver_, id, integration};
  ASSERT_TRUE(deliveries_->lane(key).value());
  const auto decisions = deliveries_->decisions(receiver_, id, integration).value();
  ASSERT_EQ(decisions.size(), 2U);
  EXPECT_EQ(decisions[0].row.decision.outcome, exchange::Outcome::create);
  EXPECT_TRUE(decisions[0].facts.arrival);
  EXPECT_EQ(decisions[1].event_type, referral::EventType::closed);
  EXPECT_EQ(deliveries_->owed(receiver_, integration).value(), 1);
  exchange::DeliveryFilter filter;
  filter.referral = id;
  filter.integration = integration;
  filter.state = exchange::DeliveryState::pending;
  filter.since = start();
  const auto page = deliveries_->deliveries(receiver_, filter).value();
  ASSERT_EQ(page.items.size(), 1U);
  const DeliveryId delivery = page.items[0].delivery.id;
  EXPECT_TRUE(deliveries_->delivery(receiver_, delivery).value());
  filter.since = clock_.now() + seconds(1);
  EXPECT_THAT(deliveries_->deliveries(receiver_, filter).value().items, IsEmpty());

  for (const auto& other : {sender_, stranger_}) {
    EXPECT_FALSE(deliveries_->integration(other, integration).value());
    EXPECT_FALSE(deliveries_->integration_version(other, integration, 1).value());
    EXPECT_THAT(deliveries_->integrations(other).value(), IsEmpty());
    EXPECT_FALSE(deliveries_->lane({other, id, integration}).value());
    EXPECT_THAT(deliveries_->decisions(other, id, integration).value(), IsEmpty());
    EXPECT_THAT(deliveries_->deliveries(other, {}).value().items, IsEmpty());
    EXPECT_FALSE(deliveries_->delivery(other, delivery).value());
    EXPECT_EQ(deliveries_->owed(other, integration).value(), 0);
    EXPECT_THAT(deliveries_->notices(other).value(), IsEmpty());
    EXPECT_FALSE(deliveries_->lane_of_remote(other, integration, "4711").value());
  }
}

TEST_P(Readers, ShowADeliveryWithItsAttemptsAndTheLaneBehindARemoteNumber) {
  const IntegrationId integration = make_integration("Intake desk", {"referral.received"});
  const ReferralId id = send("Ana", "Silva"), other = send("Bo", "Lind");
  const exchange::LaneKey key{receiver_, id, integration};
  change(receiver_, id, [&](exchange::OfficeUnit& unit) -> Result<void> {
    exchange::Lane lane = *unit.lane(key);
    lane.remote_id = "4711";
    unit.save(lane);
    exchange::Delivery delivery = unit.deliveries(key).front();
    delivery.state = exchange::DeliveryState::needs_data;
    delivery.problem = exchange::Problem{"destination.refused_data", "Refused.", "registrant.birthDate", "coordinator"};
    delivery.snapshot = Private(Json::object({{"kept", true}}));
    unit.save(delivery);
    for (std::int64_t number = 1; number <= 2; ++number) {
      exchange::Attempt attempt;
      attempt.organization = receiver_;
      attempt.delivery = delivery.id;
      attempt.number = number;
      attempt.at = unit.now();
      attempt.step = "create";
      attempt.verdict = "needs_data";
      unit.add(attempt);
    }
    unit.set_integration_errors(receiver_, id, 1);
    unit.open_notice(receiver_, integration, "destination.unauthorized", "It does not let us in.");
    return {};
  });
  exchange::DeliveryFilter filter;
  filter.state = exchange::DeliveryState::needs_data;
  const auto page = deliveries_->deliveries(receiver_, filter).value();
  ASSERT_EQ(page.items.size(), 1U);
  EXPECT_EQ(page.items[0].attempts.size(), 2U);
  EXPECT_EQ(page.items[0].attempts[1].number, 2);
  EXPECT_EQ(page.items[0].delivery.problem->field, "registrant.birthDate");
  EXPECT_TRUE(page.items[0].delivery.snapshot.reveal().is_null());  // stays where it is
  filter.integration = IntegrationId::trusted("int_other");
  EXPECT_THAT(deliveries_->deliveries(receiver_, filter).value().items, IsEmpty());
  filter.integration = integration;
  EXPECT_EQ(deliveries_->deliveries(receiver_, filter).value().items.size(), 1U);
  filter.referral = other;
  EXPECT_THAT(deliveries_->deliveries(receiver_, filter).value().items, IsEmpty());
  filter.referral.reset();
  filter.state.reset();
  EXPECT_EQ(deliveries_->deliveries(receiver_, filter).value().items.size(), 2U);
  EXPECT_EQ(deliveries_->lane_of_remote(receiver_, integration, "4711").value(), key);
  EXPECT_FALSE(deliveries_->lane_of_remote(receiver_, integration, "4712").value());
  EXPECT_EQ(deliveries_->notices(receiver_).value().size(), 1U);

  // The receiver's errors are its own.
  EXPECT_EQ(referrals_->referral(receiver_, id).value()->integration_errors, 1);
  EXPECT_EQ(referrals_->referral(sender_, id).value()->integration_errors, 0);
  ListFilter errors;
  errors.has_integration_errors = true;
  EXPECT_THAT(ids(receiver_, errors), ElementsAre(id));
  errors.sort = Sort::least_recently_updated;
  EXPECT_THAT(ids(receiver_, errors), ElementsAre(id));
  errors.has_integration_errors = false;
  errors.sort = Sort::oldest_first;
  EXPECT_THAT(ids(receiver_, errors), ElementsAre(other));
}

TEST_P(Readers, GatherWhatExplainNeedsAndNothingForAStranger) {
  const IntegrationId id = make_integration("Intake desk", {"closed.completed"});
  const ReferralId referral = send("Ana", "Silva");
  const auto integration = deliveries_->integration(receiver_, id).value();
  ASSERT_TRUE(integration);
  const auto explained = [&] {
    auto facts =
        exchange::gather(*referrals_, *deliveries_, connectors_.find("silent"), receiver_, referral, *integration);
    EXPECT_TRUE(facts) << facts.error().for_log;
    return facts ? exchange::explain(*facts) : exchange::Explanation{};
  };
  EXPECT_EQ(explained().code, "trigger.not_chosen");
  EXPECT_THAT(explained().sentence, testing::HasSubstr("So far: \"Received\" on 2 November 2026, 14:05 UTC."));
  close(referral, "admitted");
  EXPECT_EQ(explained().code, "delivery.pending");
  EXPECT_EQ(exchange::gather(*referrals_, *deliveries_, nullptr, stranger_, referral, *integration).error().code,
            "referral.not_found");
}

TEST_P(Readers, DeleteAnIntegrationFromSightButNotFromHistory) {
  const IntegrationId integration = make_integration("Intake desk", {"referral.received"});
  auto found = deliveries_->integration(receiver_, integration).value();
  ASSERT_TRUE(found);
  found->deleted = true;
  found->version = 2;
  (void)run(receiver_, {}, [&](exchange::OfficeUnit& unit) -> Result<void> {
    unit.save(*found);
    return {};
  });
  EXPECT_FALSE(deliveries_->integration(receiver_, integration).value());
  EXPECT_FALSE(deliveries_->integration_for_hook(integration).value());
  EXPECT_THAT(deliveries_->integrations(receiver_).value(), IsEmpty());
  EXPECT_TRUE(deliveries_->integration_version(receiver_, integration, 1).value());
}

TEST_P(Readers, KnowWhoComesWithAKeyOrAToken) {
  const Credentials& made = credentials_of_.at(receiver_);
  const auto by_key = credentials_->actor_of_key(key_->keyed_hash(made.api_key.reveal())).value();
  ASSERT_TRUE(by_key);
  EXPECT_EQ(by_key->organization, receiver_);
  EXPECT_TRUE(by_key->may("referrals.write"));
  EXPECT_FALSE(credentials_->actor_of_key(key_->keyed_hash("another")).value());

  const Instant expires = clock_.now() + minutes(60);
  (void)run(receiver_, {}, [&](exchange::OfficeUnit& unit) -> Result<void> {
    unit.save(access::AccessToken{"hash-of-token", made.client, receiver_, {"referrals.read"}, expires});
    return {};
  });
  const auto by_token = credentials_->actor_of_token("hash-of-token", clock_.now()).value();
  ASSERT_TRUE(by_token);
  EXPECT_EQ(by_token->id, made.client.text());
  EXPECT_EQ(by_token->kind, access::ActorKind::api_client);
  EXPECT_TRUE(by_token->may("referrals.read"));
  EXPECT_FALSE(by_token->may("referrals.write"));
  EXPECT_FALSE(credentials_->actor_of_token("hash-of-token", expires).value());

  auto client = credentials_->client(made.client).value();
  ASSERT_TRUE(client);
  EXPECT_EQ(credentials_->clients(receiver_).value().size(), 1U);
  client->revoked_at = clock_.now();
  (void)run(receiver_, {}, [&](exchange::OfficeUnit& unit) -> Result<void> {
    unit.save(*client);
    return {};
  });
  EXPECT_TRUE(credentials_->client(made.client).value()->revoked_at);
  EXPECT_FALSE(credentials_->actor_of_token("hash-of-token", clock_.now()).value());
}

TEST_P(Readers, ShowEachOrganizationItsOwnTrail) {
  const ReferralId id = send("Ana", "Silva");
  set_sub_status(id, "ready");
  access::AuditFilter filter;
  filter.record_id = id.text();
  EXPECT_EQ(credentials_->audit(receiver_, filter).value().first.size(), 2U);
  EXPECT_EQ(credentials_->audit(sender_, filter).value().first.size(), 2U);
  EXPECT_THAT(credentials_->audit(stranger_, filter).value().first, IsEmpty());
  filter.action = "referral.create";
  filter.actor_id = actor(sender_).id;
  EXPECT_EQ(credentials_->audit(receiver_, filter).value().first.size(), 1U);

  access::AuditFilter paged;
  paged.limit = 1;
  std::vector<std::int64_t> numbers;
  do {
    const auto [entries, next] = credentials_->audit(receiver_, paged).value();
    for (const auto& entry : entries) numbers.push_back(entry.number);
    paged.cursor = next;
  } while (paged.cursor);
  EXPECT_EQ(numbers.size(), 2U);
  EXPECT_TRUE(std::is_sorted(numbers.rbegin(), numbers.rend()));
}

}  // namespace
}  // namespace handoff::store
