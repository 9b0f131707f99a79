// Deliveries and the work on those that need somebody.
#include "exchange/follow.h"
#include "face/own/handlers.h"
#include "face/own/problem.h"
#include "face/own/referral_view.h"

namespace handoff::face::own {
namespace {

using exchange::CommandAnswer;
using exchange::Delivery;
using exchange::DeliveryFilter;
using exchange::DeliveryState;
using exchange::DeliveryWithAttempts;
using exchange::OfficeUnit;

constexpr std::size_t reason_max = 1000;
constexpr const char* state_words =
    "One of pending, sending, retrying, held, needs_data, needs_person, delivered, dead, stopped, superseded, cleared.";

std::int64_t version_of(const Delivery& delivery) { return to_ms(delivery.updated_at); }

void read_state(const std::string& text, const std::string& at, std::optional<DeliveryState>& into, Faults& faults) {
  into = exchange::delivery_state_of(text);
  if (!into) faults.push_back({at, "property.unknown_value", state_words});
}

void read_integration_id(const std::string& text, const std::string& at, std::optional<IntegrationId>& into,
                         Faults& faults) {
  const auto id = IntegrationId::parse(text);
  if (id) {
    into = *id;
  } else {
    faults.push_back({at, id.error().code, id.error().for_caller});
  }
}

Result<net::Response> list(Call& call, std::optional<ReferralId> referral) {
  DeliveryFilter filter;
  Faults faults;
  filter.referral = std::move(referral);
  if (const auto* state = call.parameter("state")) read_state(*state, "?state", filter.state, faults);
  if (const auto* id = call.parameter("integrationId"))
    read_integration_id(*id, "?integrationId", filter.integration, faults);
  filter.since = call.instant("since", faults);
  filter.limit = call.limit(faults);
  filter.cursor = call.cursor();
  if (!faults.empty()) return fault_error(std::move(faults));
  const auto page = HANDOFF_TRY(call.parts.deliveries.deliveries(call.organization(), filter));
  Json items = Json::array();
  std::vector<std::string> ids;
  for (const auto& found : page.items) {
    items.push_back(exchange::delivery_to_json(found.delivery, found.attempts));
    ids.push_back(found.delivery.id.text());
  }
  HANDOFF_TRY(call.looked_at_list("delivery.list", "delivery", std::move(ids)));
  return Call::page(std::move(items), page.next_cursor);
}

Result<DeliveryWithAttempts> find_delivery(Call& call) {
  const auto id = HANDOFF_TRY(call.id<DeliveryId>(0, "delivery"));
  auto found = HANDOFF_TRY(call.parts.deliveries.delivery(call.organization(), id));
  if (!found) return Call::not_found("delivery");
  return std::move(*found);
}

std::optional<Delivery> delivery_in(OfficeUnit& unit, const Delivery& wanted) {
  for (auto& delivery : unit.deliveries(wanted.lane)) {
    if (delivery.id == wanted.id) return delivery;
  }
  return std::nullopt;
}

using Work = Result<void> (*)(OfficeUnit&, const Delivery&, const std::string& reason);

Result<net::Response> work_on(Call& call, Work work, DeliveryState then, const std::string& reason) {
  const DeliveryWithAttempts found = HANDOFF_TRY(find_delivery(call));
  exchange::Needs needs;
  needs.referrals.push_back(found.delivery.lane.referral);
  return call.change(std::move(needs), [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    const auto standing = delivery_in(unit, found.delivery);
    HANDOFF_TRY(call.match(version_of(standing.value_or(found.delivery))));
    // One that settled in a way nobody works on is not in the unit any more: the state says so better than "not found".
    if (!standing) {
      return Error{Kind::conflict,
                   "delivery.settled",
                   std::string("A delivery that is ") + exchange::word(found.delivery.state) +
                       " is settled: there is nothing to do about it.",
                   {},
                   {}};
    }
    HANDOFF_TRY(work(unit, *standing, reason));
    Delivery after = *standing;
    if (const auto saved = delivery_in(unit, found.delivery)) {
      after = *saved;
    } else {
      after.state = then;
      after.next_attempt_at.reset();
      after.updated_at = unit.now();
    }
    return CommandAnswer{200, exchange::delivery_to_json(after, found.attempts), version_of(after), {}};
  });
}

Result<std::string> read_reason(Call& call) {
  Faults faults;
  if (call.body.is_null()) return std::string();
  call.members({"reason"}, faults);
  const auto reason = call.optional_text("reason", reason_max, faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  return reason.value_or("");
}

}  // namespace

Result<net::Response> list_deliveries(Call& call) { return list(call, std::nullopt); }

Result<net::Response> list_deliveries_of_referral(Call& call) {
  const referral::Referral r = HANDOFF_TRY(look_at_referral(call, "referral.read_deliveries"));
  return list(call, r.id);
}

Result<net::Response> get_delivery(Call& call) {
  const DeliveryWithAttempts found = HANDOFF_TRY(find_delivery(call));
  HANDOFF_TRY(call.looked("delivery.read", "delivery", found.delivery.id.text(), {call.organization()}));
  return Call::json(200, exchange::delivery_to_json(found.delivery, found.attempts), version_of(found.delivery));
}

Result<net::Response> resend_delivery(Call& call) {
  return work_on(
      call,
      [](OfficeUnit& unit, const Delivery& d, const std::string&) { return exchange::resend(unit, d.lane, d.id); },
      DeliveryState::pending, "");
}

Result<net::Response> clear_delivery(Call& call) {
  const std::string reason = HANDOFF_TRY(read_reason(call));
  return work_on(
      call,
      [](OfficeUnit& unit, const Delivery& d, const std::string& why) {
        return exchange::clear(unit, d.lane, d.id, why);
      },
      DeliveryState::cleared, reason);
}

Result<net::Response> stop_delivery(Call& call) {
  const std::string reason = HANDOFF_TRY(read_reason(call));
  return work_on(
      call,
      [](OfficeUnit& unit, const Delivery& d, const std::string& why) {
        return exchange::stop(unit, d.lane, d.id, why);
      },
      DeliveryState::stopped, reason);
}

Result<net::Response> resend_deliveries(Call& call) {
  DeliveryFilter filter;
  filter.limit = 200;
  Faults faults;
  call.members({"state", "integrationId", "referralId", "since"}, faults);
  const std::string state = call.text("state", 64, faults);
  if (!state.empty()) read_state(state, "/state", filter.state, faults);
  const bool can_be_sent = filter.state && *filter.state != DeliveryState::sending &&
                           (exchange::is_open(*filter.state) || *filter.state == DeliveryState::dead ||
                            *filter.state == DeliveryState::stopped);
  if (filter.state && !can_be_sent)
    faults.push_back({"/state", "delivery.state_not_resendable",
                      "One of pending, retrying, held, needs_data, needs_person, dead, stopped."});
  if (const auto id = call.optional_text("integrationId", 64, faults))
    read_integration_id(*id, "/integrationId", filter.integration, faults);
  if (const auto text = call.optional_text("referralId", 64, faults)) {
    const auto id = ReferralId::parse(*text);
    if (id) {
      filter.referral = *id;
    } else {
      faults.push_back({"/referralId", id.error().code, id.error().for_caller});
    }
  }
  if (const auto since = call.optional_text("since", 64, faults)) {
    const auto at = parse_instant(*since);
    if (at) {
      filter.since = at->at;
    } else {
      faults.push_back({"/since", at.error().code, at.error().for_caller});
    }
  }
  if (!faults.empty()) return fault_error(std::move(faults));
  const auto page = HANDOFF_TRY(call.parts.deliveries.deliveries(call.organization(), filter));
  exchange::Needs needs;
  for (const auto& found : page.items) needs.referrals.push_back(found.delivery.lane.referral);
  const std::string cause = "blk_" + sortable_text(call.now(), call.parts.random);
  return call.change(
      std::move(needs),
      [&](OfficeUnit& unit) -> Result<CommandAnswer> {
        Json items = Json::array();
        for (const auto& found : page.items) {
          const auto done = exchange::resend(unit, found.delivery.lane, found.delivery.id);
          items.push_back(Json::object({{"id", found.delivery.id.text()},
                                        {"ok", done.has_value()},
                                        {"problem", done ? Json() : problem_json(done.error())}}));
        }
        return CommandAnswer{
            200,
            Json::object({{"causeId", cause}, {"items", std::move(items)}, {"more", page.next_cursor.has_value()}}),
            std::nullopt,
            {}};
      },
      cause);
}

}  // namespace handoff::face::own
