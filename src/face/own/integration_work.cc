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

struct Trial {
  bool ok;
  std::string code, sentence;
};

// What an administrator reads after trying the settings.
Trial trial_of(const exchange::Verdict& verdict) {
  struct Words {
    Trial operator()(const exchange::StepDone&) const {
      return {true, "ok", "The destination answered and took the credentials."};
    }
    Trial operator()(const exchange::RetryLater& v) const {
      return {false, "destination.not_available", "The destination cannot answer now: " + v.why};
    }
    Trial operator()(const exchange::NeedsData&) const {
      return {true, "ok",
              "The destination answered; it did not like the empty question, which says nothing about the "
              "address or the credentials."};
    }
    Trial operator()(const exchange::Misconfigured& v) const { return {false, v.code, v.why}; }
    Trial operator()(const exchange::NeedsPerson& v) const { return {false, v.code, v.why}; }
    Trial operator()(const exchange::Gone& v) const { return {false, "destination.gone", v.why}; }
    Trial operator()(const exchange::TooLarge& v) const { return {false, "destination.too_large", v.why}; }
    Trial operator()(const exchange::Unknown& v) const {
      return {false, "destination.no_answer", "The destination gave no usable answer: " + v.why};
    }
  };
  return std::visit(Words{}, verdict);
}

}  // namespace

Result<net::Response> test_integration(Call& call) {
  const Integration integration = HANDOFF_TRY(find_integration(call));
  const exchange::Connector* connector = call.parts.connectors.find(integration.connector);
  if (!connector) return connector_missing();
  const auto request = HANDOFF_TRY(connector->probe(integration.settings, integration.secrets));
  const auto began = call.parts.clock.monotonic();
  const exchange::Reply reply = call.parts.prober.send(request);
  const auto took = call.parts.clock.monotonic() - began;
  const Trial trial = trial_of(exchange::verdict_of(reply, call.now()));
  const bool answered = reply.outcome == exchange::Reply::Outcome::answered;
  return call.answer(Json::object(
      {{"ok", trial.ok},
       {"code", trial.code},
       {"sentence", masked(trial.sentence, request.secrets)},
       {"httpStatus", answered ? Json(reply.status) : Json()},
       {"durationMs", static_cast<std::int64_t>(took.count())},
       {"request", Json::object({{"method", request.method}, {"url", masked(request.url, request.secrets)}})}}));
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
