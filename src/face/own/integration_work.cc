// What is done with an integration: trying it, showing what it would send, sending by hand, and hearing from the
// destination.
#include "base/text.h"
#include "exchange/by_hand.h"
#include "exchange/preview.h"
#include "face/own/handlers.h"
#include "face/own/integrations.h"
#include "face/own/problem.h"
#include "face/own/referral_view.h"

namespace handoff::face::own {
namespace {

using exchange::CommandAnswer;
using exchange::Integration;
using exchange::OfficeUnit;

constexpr std::size_t id_max = 64, remote_id_max = 500, send_max = 200;
constexpr std::size_t hook_token_bytes = 32;

std::string masked(std::string text, const std::vector<Secret>& secrets) {
  for (const Secret& secret : secrets) {
    const std::string& hidden = secret.reveal();
    if (hidden.empty()) continue;
    for (auto at = text.find(hidden); at != std::string::npos; at = text.find(hidden, at + 3))
      text.replace(at, hidden.size(), "•••");
  }
  return text;
}

}  // namespace

Result<net::Response> test_integration(Call& call) {
  const Integration integration = HANDOFF_TRY(find_integration(call));
  const exchange::Connector* connector = call.parts.connectors.find(integration.connector);
  if (!connector) return connector_missing();
  // One question after the other, each decided by the answers before it. A worker waits for all of them, so that the
  // time they may take together is bounded: the last one may begin within it.
  constexpr milliseconds together_max{30'000};
  const auto began = call.parts.clock.monotonic();
  std::vector<exchange::Exchanged> so_far;
  std::vector<Secret> secrets;
  for (const auto& [key, secret] : integration.secrets) secrets.push_back(secret);
  exchange::Trial trial;
  for (;;) {
    auto step = HANDOFF_TRY(
        connector->try_next(integration.settings, integration.secrets, integration.mapping, call.now(), so_far));
    if (auto* found = std::get_if<exchange::Trial>(&step)) {
      trial = std::move(*found);
      break;
    }
    auto& request = std::get<exchange::HttpRequest>(step);
    HANDOFF_ASSERT(so_far.size() < exchange::trial_requests_max);
    if (call.parts.clock.monotonic() - began > together_max) {
      trial =
          exchange::trial_of(exchange::Unknown{"It is too slow to answer all that is asked of it in half a minute."});
      break;
    }
    secrets.insert(secrets.end(), request.secrets.begin(), request.secrets.end());
    exchange::Reply reply = call.parts.prober.send(request);
    so_far.push_back({std::move(request), std::move(reply)});
  }
  const auto took = call.parts.clock.monotonic() - began;
  Json checks = Json::array();
  for (const auto& check : trial.checks) {
    checks.push_back(Json::object({{"check", check.check},
                                   {"result", exchange::word(check.result)},
                                   {"code", check.code},
                                   {"detail", masked(check.detail, secrets)}}));
  }
  Json last, status;
  if (!so_far.empty()) {
    const auto& [request, reply] = so_far.back();
    last = Json::object({{"method", request.method}, {"url", masked(request.url, secrets)}});
    if (reply.outcome == exchange::Reply::Outcome::answered) status = reply.status;
  }
  return call.answer(Json::object({{"ok", trial.ok},
                                   {"code", trial.code},
                                   {"sentence", masked(trial.sentence, secrets)},
                                   {"httpStatus", std::move(status)},
                                   {"durationMs", static_cast<std::int64_t>(took.count())},
                                   {"request", std::move(last)},
                                   {"checks", std::move(checks)}}));
}

Result<net::Response> preview_integration(Call& call) {
  Faults faults;
  call.members({"referralId"}, faults);
  const std::string text = call.text("referralId", id_max, faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  const Integration integration = HANDOFF_TRY(find_integration(call));
  const exchange::Connector* connector = call.parts.connectors.find(integration.connector);
  if (!connector) return connector_missing();
  const auto id = ReferralId::parse(text);
  std::optional<referral::Referral> r;
  if (id) r = HANDOFF_TRY(call.parts.referrals.referral(call.organization(), *id));
  if (!r) {
    return fault_error({{"/referralId", "referral.not_found", "There is no such referral for this organization."}});
  }
  HANDOFF_TRY(looked_at_referral(call, *r, "referral.preview"));
  const auto snapshot = HANDOFF_TRY(snapshot_of(call, *r, call.now()));
  return call.answer(exchange::preview(*connector, integration, snapshot));
}

Result<net::Response> send_by_hand(Call& call) {
  const auto id = HANDOFF_TRY(call.id<IntegrationId>(0, "integration"));
  Faults faults;
  call.members({"referralIds", "as"}, faults);
  const std::string as = call.text("as", id_max, faults);
  if (!as.empty() && as != "new" && as != "update")
    faults.push_back({"/as", "property.unknown_value", "Either new or update."});
  std::vector<std::string> ids;
  const Json& list = call.body["referralIds"];
  if (!list.is_array() || list.size() == 0 || list.size() > send_max) {
    faults.push_back({"/referralIds", list.is_null() ? "property.required" : "request.bad_list",
                      "Send a list of 1 to 200 referral ids."});
  } else {
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string at = "/referralIds/" + std::to_string(i);
      const Json& item = list.items()[i];
      if (!item.is_string()) {
        faults.push_back({at, "property.wrong_type", "Send a text."});
      } else if (std::find(ids.begin(), ids.end(), item.string()) != ids.end()) {
        faults.push_back({at, "request.repeated_id", "Name each record once."});
      } else {
        ids.push_back(item.string());
      }
    }
  }
  if (!faults.empty()) return fault_error(std::move(faults));
  exchange::Needs needs;
  for (const auto& text : ids) {
    if (const auto referral = ReferralId::parse(text)) needs.referrals.push_back(*referral);
  }
  const std::string cause = "blk_" + sortable_text(call.now(), call.parts.random);
  return call.change(
      std::move(needs),
      [&](OfficeUnit& unit) -> Result<CommandAnswer> {
        const Integration* integration = unit.integration(call.organization(), id);
        if (!integration || integration->deleted) return Call::not_found("integration");
        const exchange::Connector* connector = call.parts.connectors.find(integration->connector);
        if (!connector) return connector_missing();
        const auto how = as == "new" ? exchange::SendAs::new_referral : exchange::SendAs::update;
        Json items = Json::array();
        for (const auto& text : ids) {
          const auto referral = ReferralId::parse(text);
          Result<DeliveryId> sent =
              referral ? exchange::send_by_hand(unit, *integration, connector->manifest(), *referral, how)
                       : Result<DeliveryId>(Call::not_found("referral"));
          items.push_back(Json::object({{"id", text},
                                        {"ok", sent.has_value()},
                                        {"deliveryId", sent ? Json(sent->text()) : Json()},
                                        {"problem", sent ? Json() : problem_json(sent.error())}}));
        }
        return CommandAnswer{200, Json::object({{"causeId", cause}, {"items", std::move(items)}}), std::nullopt, {}};
      },
      cause);
}

Result<net::Response> issue_hook_token(Call& call) {
  const auto id = HANDOFF_TRY(call.id<IntegrationId>(0, "integration"));
  const std::string token = "hook_" + random_token(call.parts.random, hook_token_bytes);
  const std::string context = "hook-token:" + id.text();
  // The answer may be kept for an idempotency key, so the token lies sealed in it and is opened on its way out.
  const std::string sealed = call.parts.key.seal(Secret(token), context, call.parts.random);
  auto done = HANDOFF_TRY(call.commit({}, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    const Integration* standing = unit.integration(call.organization(), id);
    if (!standing || standing->deleted) return Call::not_found("integration");
    HANDOFF_TRY(call.match(standing->version));
    Integration next = *standing;
    next.hook_token_hash = call.parts.key.keyed_hash(token);
    next.version += 1;
    unit.save(next);
    unit.audit(call.organization(), "integration.hook_token", "integration", id.text());
    return CommandAnswer{
        200,
        Json::object(
            {{"url", call.parts.settings.public_url + "/api/v1/hooks/destination/" + id.text()}, {"token", sealed}}),
        next.version,
        {}};
  }));
  const Secret opened = HANDOFF_TRY(call.parts.key.open(done.body["token"].text_or(), context));
  done.body.set("token", opened.reveal());
  return Call::json(done.status, done.body, done.version);
}

Result<net::Response> report_acceptance(Call& call) {
  Faults faults;
  call.members({"remoteId", "status"}, faults);
  const std::string remote_id = call.text("remoteId", remote_id_max, faults);
  const std::string status = call.text("status", id_max, faults);
  if (!status.empty() && status != "accepted")
    faults.push_back({"/status", "property.unknown_value", "The only status to report is accepted."});
  if (!faults.empty()) return fault_error(std::move(faults));
  const auto id = HANDOFF_TRY(call.id<IntegrationId>(0, "integration"));
  const auto key = HANDOFF_TRY(call.parts.deliveries.lane_of_remote(call.organization(), id, remote_id));
  if (!key)
    return Error{Kind::not_found, "hook.unknown_remote", "No referral was handed over under this remoteId.", {}, {}};
  exchange::Needs needs;
  needs.referrals.push_back(key->referral);
  return call.change(std::move(needs), [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    const Instant at = HANDOFF_TRY(exchange::accepted_by_destination(unit, *key));
    return CommandAnswer{200,
                         Json::object({{"referralId", key->referral.text()},
                                       {"integrationId", key->integration.text()},
                                       {"remoteId", remote_id},
                                       {"status", "accepted"},
                                       {"acceptedAt", format_instant(at)}}),
                         std::nullopt,
                         {}};
  });
}

}  // namespace handoff::face::own
