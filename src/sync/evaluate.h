// From field to referral (kipu-dazos, 10.2): what a chart as it was read makes of a linked record as it was applied,
// and what follows for its referral. Pure: no store, no network, no clock.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sync/chart.h"
#include "sync/connection.h"
#include "sync/destination.h"
#include "sync/record.h"

namespace handoff::sync {

// What is known of the referral that stands for the record; asked of the referral room beforehand.
struct ReferralFacts {
  bool exists = false;
  bool draft = false;      // nobody but the sender has seen it
  bool discarded = false;  // a draft that a person threw away
  bool closed = false;
  bool accepted_once = false;  // the receiver took it on
  bool outside = false;        // for a recipient outside the exchange
};

struct Circumstances {
  const EmrConnection* connection = nullptr;
  const PullState* state = nullptr;
  Target target;  // of the destination as read
  ReferralFacts standing;
  std::optional<Instant> chart_updated_at;  // the system's own time
  Instant now{};
};

enum class EffectKind {
  create,    // a referral for the destination; `replaces` where another one stood
  reaim,     // the draft is for somebody else now
  redirect,  // the one that was sent is closed as redirected, and another one created
  discard,   // the draft is void
  refresh,   // the content follows the chart; a draft that was held back may go out
};
const char* word(EffectKind kind);

struct Evaluation {
  LinkedRecord after;  // with everything but state, worklists and the ids of referrals
  std::vector<EffectKind> effects;
  bool changed = false;   // the chart says something else than was applied
  bool new_stay = false;  // readmission
  bool undone = false;    // the discharge was taken back
};

// `chart`: what was known merged with what was read. `before` with row_version 0 for a casefile that is new.
Evaluation evaluate(const LinkedRecord& before, const Json& chart, const Circumstances& circumstances);

// First and last name: without them there is nothing to refer.
std::vector<std::string> missing_names(const Json& chart);
// What holds a referral back as a draft: "MR number", "admission date", "date of birth".
std::vector<std::string> missing_prerequisites(const Json& chart, const EmrConnection& connection);
// The worklists a record stands in, from everything else it holds.
unsigned worklists_of(const LinkedRecord& record);

}  // namespace handoff::sync
