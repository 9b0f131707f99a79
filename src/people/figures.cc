#include "people/figures.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace handoff::people {
namespace {

constexpr double z = 1.959964;         // of a normal distribution, 95 in 100
constexpr double safe_share = 0.99;    // of what is linked without asking
constexpr double futile_share = 0.02;  // below it a question is not worth a person's time
constexpr double missed_share = 0.5;   // where the least likely questions are answered so, more lie below

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}
std::string percent(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", value * 100);
  return text;
}
std::string counted(std::int64_t same, std::int64_t answered) {
  return std::to_string(same) + " of " + std::to_string(answered);
}

// How many answers in a row, all the same, show a share above `share`.
std::int64_t answers_needed(double share) { return static_cast<std::int64_t>(std::ceil(z * z * share / (1 - share))); }

std::vector<Band> in_order(std::vector<Band> bands) {
  std::sort(bands.begin(), bands.end(), [](const Band& a, const Band& b) { return a.from < b.from; });
  return bands;
}

ThresholdProposal propose_certain(const std::vector<Band>& bands, const Policy& policy) {
  ThresholdProposal out{policy.certain, policy.certain, {}};
  // From the present threshold downwards, all bands together, as long as it stays safe.
  std::int64_t same = 0, answered = 0, best_same = 0, best_answered = 0;
  for (auto band = bands.rbegin(); band != bands.rend(); ++band) {
    if (band->guarded || band->to > policy.certain) continue;
    same += band->same;
    answered += band->answered();
    const Share own = share_of(band->same, band->answered());
    if (band->answered() == 0 || own.observed < safe_share) break;
    if (share_of(same, answered).low < safe_share) continue;
    out.proposed = band->from;
    best_same = same;
    best_answered = answered;
  }
  if (out.proposed < out.present) {
    out.sentence = "Without a guard, " + counted(best_same, best_answered) + " questions between " +
                   number(out.proposed) + " and " + number(out.present) + " were the same person: at least " +
                   percent(share_of(best_same, best_answered).low) +
                   " of them are, so they could be linked without asking.";
  } else if (answered == 0) {
    out.sentence = "No question without a guard below " + number(out.present) + " has been answered yet.";
  } else {
    const Share share = share_of(same, answered);
    out.sentence = "Without a guard, " + counted(same, answered) + " questions below " + number(out.present) +
                   " were the same person, which says no more than at least " + percent(share.low) +
                   "; linking without asking wants 99 % (" + std::to_string(answers_needed(safe_share)) +
                   " answers where all are the same).";
  }
  return out;
}

ThresholdProposal propose_review(const std::vector<Band>& bands, const Policy& policy) {
  ThresholdProposal out{policy.review, policy.review, {}};
  std::int64_t same = 0, answered = 0;
  double end = policy.review;
  for (std::size_t i = 0; i < bands.size();) {
    // With and without a guard: both are asked from the same threshold.
    Band band = bands[i];
    for (++i; i < bands.size() && bands[i].from == band.from; ++i) {
      band.same += bands[i].same;
      band.different += bands[i].different;
    }
    if (band.to <= policy.review || band.to > policy.certain) continue;
    if (band.answered() == 0 && answered == 0) continue;
    if (band.answered() == 0) break;
    const Share with_it = share_of(same + band.same, answered + band.answered());
    const bool first = answered == 0;
    if (!first && with_it.high > futile_share) break;
    same += band.same;
    answered += band.answered();
    end = band.to;
    if (with_it.high > futile_share) break;
  }
  if (answered == 0) {
    out.sentence = "No question has been answered yet.";
    return out;
  }
  const Share share = share_of(same, answered);
  const std::string what = counted(same, answered) + " questions between " + number(out.present) + " and " +
                           number(end) + " were the same person";
  if (share.high <= futile_share) {
    out.proposed = end;
    out.sentence =
        what + ": at most " + percent(share.high) + ", so asking from " + number(end) + " on would spare them.";
  } else if (share.low >= missed_share) {
    out.proposed = std::max(0.01, out.present / 2);
    out.sentence = what + ": at least " + percent(share.low) + ", so more of them lie below; asking from " +
                   number(out.proposed) + " on would find them.";
  } else {
    out.sentence = what + ": between " + percent(share.low) + " and " + percent(share.high) +
                   (share.low > futile_share ? ", so the questions are worth asking."
                                             : "; that is too few answers to tell whether asking is worth it.");
  }
  return out;
}

}  // namespace

Share share_of(std::int64_t same, std::int64_t answered) {
  if (answered <= 0) return {};
  const double n = static_cast<double>(answered), p = static_cast<double>(same) / n;
  const double middle = p + z * z / (2 * n), spread = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  const double whole = 1 + z * z / n;
  return {p, std::clamp((middle - spread) / whole, 0.0, 1.0), std::clamp((middle + spread) / whole, 0.0, 1.0)};
}

Proposal propose(const std::vector<Band>& bands, const Policy& policy) {
  const auto ordered = in_order(bands);
  return {propose_certain(ordered, policy), propose_review(ordered, policy)};
}

}  // namespace handoff::people
