#include "exchange/decision.h"

#include <algorithm>
#include <array>

namespace handoff::exchange {
namespace {

constexpr std::array holds_words{"nothing", "open_create", "delivered", "accepted", "stopped"};
constexpr std::array outcome_words{"none", "create", "merge", "update", "event", "retract", "cancel"};

Json texts(const std::vector<std::string>& list) {
  Json out = Json::array();
  for (const auto& item : list) out.push_back(item);
  return out;
}
std::vector<std::string> texts_from(const Json& json) {
  std::vector<std::string> out;
  if (json.is_array()) {
    for (const auto& item : json.items()) out.push_back(item.text_or());
  }
  return out;
}

std::vector<std::string> chosen(const std::vector<std::string>& meant, const std::vector<std::string>& wanted) {
  std::vector<std::string> out;
  for (const auto& id : meant) {
    if (std::find(wanted.begin(), wanted.end(), id) != wanted.end()) out.push_back(id);
  }
  return out;
}

Decision no(std::string code, std::vector<std::string> matched = {}) {
  return {Outcome::none, std::move(code), std::move(matched)};
}

// Entered in error, and nobody chose that it starts an import: take back what waits, retract what was sent.
Decision take_back(const Rule& rule, const LaneView& lane) {
  const bool sent = lane.in_flight || lane.delivered_before || lane.holds == LaneHolds::delivered ||
                    lane.holds == LaneHolds::accepted;
  if (lane.holds == LaneHolds::stopped) return no("mode.stopped");
  if (!sent) return lane.waiting ? Decision{Outcome::cancel, "cancelled", {}} : no("trigger.not_chosen");
  if (!rule.updates_supported && rule.mode != Mode::every) return no("mode.update_not_supported");
  return {Outcome::retract, "retract", {}};
}

}  // namespace

const char* word(LaneHolds holds) { return holds_words[static_cast<std::size_t>(holds)]; }
const char* word(Outcome outcome) { return outcome_words[static_cast<std::size_t>(outcome)]; }

Decision decide(referral::EventType type, const referral::Facts& facts, const Rule& rule, const LaneView& lane) {
  using referral::Category;
  using referral::EventType;
  if (facts.test != rule.test) return no(facts.test ? "test.not_marked" : "test.live_referral");
  const auto meant = triggers_of(type, facts, {rule.side, rule.edited_includes_status, rule.arrival_fires_sub_status});
  std::vector<std::string> starting = chosen(meant, rule.triggers);
  std::vector<std::string> updating = chosen(meant, rule.update_triggers);
  const bool entered_in_error = (type == EventType::closed || type == EventType::outcome_changed) &&
                                facts.category_after == Category::entered_in_error &&
                                facts.category_before != Category::entered_in_error;
  if (entered_in_error && rule.mode != Mode::every) {
    // What may only update starts nothing: a referral that should never have existed is not imported for its sake.
    if (starting.empty()) return take_back(rule, lane);
    // A retraction is told even to whoever has taken the case on.
    if (lane.holds == LaneHolds::accepted && rule.mode == Mode::until_accepted && rule.updates_supported)
      return take_back(rule, lane);
  } else if (entered_in_error && starting.empty() && updating.empty()) {
    return take_back(rule, lane);
  }
  // A routed request is left out where it arrives, unless it is included; what happens to it later is judged by the
  // lane.
  if (type == EventType::received && facts.routed && rule.side == IntegrationSide::received && !rule.include_routed) {
    const auto left_out = std::erase(starting, "referral.received") + std::erase(updating, "referral.received");
    if (left_out > 0 && starting.empty() && updating.empty()) return no("routing.not_included", {"referral.received"});
  }
  std::vector<std::string> matched = starting;
  for (auto& id : updating) {
    if (std::find(matched.begin(), matched.end(), id) == matched.end()) matched.push_back(std::move(id));
  }
  if (matched.empty()) return no("trigger.not_chosen");
  if (lane.holds == LaneHolds::stopped) return no("mode.stopped", std::move(matched));
  if (rule.mode == Mode::every) {
    // One delivery per committed change, carrying every matched trigger.
    if (lane.same_change) return {Outcome::merge, "merged", std::move(matched)};
    return {Outcome::event, "event", std::move(matched)};
  }
  switch (lane.holds) {
    case LaneHolds::nothing:
      if (starting.empty()) return no("trigger.only_updates", std::move(matched));
      return {Outcome::create, "create", std::move(matched)};
    case LaneHolds::open_create:
      // What may be there already is not silently replaced: the change follows it as an update.
      if (lane.in_flight && !lane.same_change && rule.mode == Mode::until_accepted && rule.updates_supported) {
        if (lane.coalescible && matched == std::vector<std::string>{"referral.edited"})
          return {Outcome::merge, "merged", std::move(matched)};
        return {Outcome::update, "update", std::move(matched)};
      }
      return {Outcome::merge, "merged", std::move(matched)};
    case LaneHolds::delivered:
      if (rule.mode == Mode::once) return no("mode.already_handed_off", std::move(matched));
      if (!rule.updates_supported) return no("mode.update_not_supported", std::move(matched));
      if (lane.same_change && lane.waiting) return {Outcome::merge, "merged", std::move(matched)};
      // Rapid edits: an unsent update of edits alone takes the next edit in.
      if (lane.coalescible && matched == std::vector<std::string>{"referral.edited"})
        return {Outcome::merge, "merged", std::move(matched)};
      return {Outcome::update, "update", std::move(matched)};
    case LaneHolds::accepted:
      return no(rule.mode == Mode::once ? "mode.already_handed_off" : "mode.accepted", std::move(matched));
    case LaneHolds::stopped: break;
  }
  return no("mode.stopped", std::move(matched));
}

Rule rule_of(const Integration& i, const Manifest& manifest) {
  return {i.side, i.triggers, i.update_triggers, i.include_routed, i.edited_includes_status, i.arrival_fires_sub_status,
          i.mode, i.test,     manifest.updates};
}

Json to_json(const LaneView& v) {
  return Json::object({{"holds", word(v.holds)},
                       {"inFlight", v.in_flight},
                       {"waiting", v.waiting},
                       {"sameChange", v.same_change},
                       {"coalescible", v.coalescible},
                       {"deliveredBefore", v.delivered_before}});
}
LaneView lane_view_from_json(const Json& j) {
  LaneView v;
  const std::string holds = j["holds"].text_or();
  for (std::size_t i = 0; i < holds_words.size(); ++i) {
    if (holds == holds_words[i]) v.holds = static_cast<LaneHolds>(i);
  }
  v.in_flight = j["inFlight"].bool_or(false);
  v.waiting = j["waiting"].bool_or(false);
  v.same_change = j["sameChange"].bool_or(false);
  v.coalescible = j["coalescible"].bool_or(false);
  v.delivered_before = j["deliveredBefore"].bool_or(false);
  return v;
}

Json to_json(const Rule& r) {
  return Json::object({{"side", word(r.side)},
                       {"triggers", texts(r.triggers)},
                       {"updateTriggers", texts(r.update_triggers)},
                       {"includeRouted", r.include_routed},
                       {"editedIncludesStatus", r.edited_includes_status},
                       {"arrivalFiresSubStatus", r.arrival_fires_sub_status},
                       {"mode", word(r.mode)},
                       {"test", r.test},
                       {"updatesSupported", r.updates_supported}});
}
Rule rule_from_json(const Json& j) {
  Rule r;
  r.side = j["side"].text_or() == "sent" ? IntegrationSide::sent : IntegrationSide::received;
  r.triggers = texts_from(j["triggers"]);
  r.update_triggers = texts_from(j["updateTriggers"]);
  r.include_routed = j["includeRouted"].bool_or(false);
  r.edited_includes_status = j["editedIncludesStatus"].bool_or(false);
  r.arrival_fires_sub_status = j["arrivalFiresSubStatus"].bool_or(false);
  r.mode = mode_of(j["mode"].text_or()).value_or(Mode::once);
  r.test = j["test"].bool_or(false);
  r.updates_supported = j["updatesSupported"].bool_or(false);
  return r;
}

}  // namespace handoff::exchange
