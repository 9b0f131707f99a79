// Trying an integration's settings: what one answer says, and the trial of a connector that has no more than one
// question.
#include "exchange/connector.h"

namespace handoff::exchange {

const char* word(TrialCheck::Result result) {
  switch (result) {
    case TrialCheck::Result::pass: return "pass";
    case TrialCheck::Result::fail: return "fail";
    case TrialCheck::Result::warning: return "warning";
    case TrialCheck::Result::not_applicable: return "not_applicable";
  }
  return "";
}

// What an administrator reads after trying the settings.
Trial trial_of(const Verdict& verdict) {
  struct Words {
    Trial operator()(const StepDone&) const {
      return {true, "ok", "The destination answered and took the credentials.", {}};
    }
    Trial operator()(const RetryLater& v) const {
      return {false, "destination.not_available", "The destination cannot answer now: " + v.why, {}};
    }
    Trial operator()(const NeedsData&) const {
      return {true,
              "ok",
              "The destination answered; it did not like the empty question, which says nothing about the "
              "address or the credentials.",
              {}};
    }
    Trial operator()(const Misconfigured& v) const { return {false, v.code, v.why, {}}; }
    Trial operator()(const NeedsPerson& v) const { return {false, v.code, v.why, {}}; }
    Trial operator()(const Gone& v) const { return {false, "destination.gone", v.why, {}}; }
    Trial operator()(const TooLarge& v) const { return {false, "destination.too_large", v.why, {}}; }
    Trial operator()(const Unknown& v) const {
      return {false, "destination.no_answer", "The destination gave no usable answer: " + v.why, {}};
    }
  };
  return std::visit(Words{}, verdict);
}

Result<TrialStep> Connector::try_next(const Json& settings, const std::map<std::string, Secret>& secrets, const Json&,
                                      Instant now, const std::vector<Exchanged>& so_far) const {
  if (so_far.empty()) return TrialStep(HANDOFF_TRY(probe(settings, secrets)));
  return TrialStep(trial_of(verdict_of(so_far.front().reply, now)));
}

std::optional<Reply> Connector::rehearse(const DeliveryView&, const Progress&, const HttpRequest&) const { return {}; }

}  // namespace handoff::exchange
