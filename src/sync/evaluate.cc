#include "sync/evaluate.h"

#include <algorithm>
#include <array>

namespace handoff::sync {
namespace {

constexpr std::array effect_words{"create", "reaim", "redirect", "discard", "refresh"};

constexpr const char* removed_sentence =
    "The destination was removed in the EMR after the referral had been sent: close the referral, or fill \"Discharge/"
    "Transition To (Discharging To)\" again.";
constexpr const char* undone_sentence =
    "The discharge was undone in the EMR after the referral had been made: see whether the referral still holds.";

bool has_flag(const LinkedRecord& record, const char* code) {
  return std::any_of(record.flags.begin(), record.flags.end(), [&](const RecordFlag& f) { return f.code == code; });
}
void set_flag(LinkedRecord& record, const char* code, const char* sentence, Instant now) {
  if (!has_flag(record, code)) record.flags.push_back({code, sentence, now});
}
void drop_flag(LinkedRecord& record, const char* code) {
  std::erase_if(record.flags, [&](const RecordFlag& f) { return f.code == code; });
}

RecordReferral* standing_in(LinkedRecord& record) {
  const RecordReferral* found = record.standing_referral();
  return found == nullptr ? nullptr : &record.referrals[static_cast<std::size_t>(found - record.referrals.data())];
}

// A readmission: the admission moved to a day on or after the last known discharge.
bool is_new_stay(const LinkedRecord& before, const std::optional<Date>& admission) {
  return admission && before.admission_day && before.discharge_day && *admission != *before.admission_day &&
         *admission >= *before.discharge_day;
}

void begin_stay(LinkedRecord& record) {
  for (auto& referral : record.referrals) {
    if (referral.standing()) referral.ended = "earlier_stay";
  }
  record.stay += 1;
  record.revision = 0;
  record.applied = {};
  record.flags.clear();
  record.lock.reset();
  record.locked_at.reset();
  record.unlocked_at.reset();
  record.unlocked_by.clear();
  record.unlock_reason.clear();
  record.waiting.clear();
  record.historical = false;
  record.opportunity.reset();
}

// Found discharged by the first look, from before the start date, and not touched since the connection was made.
bool is_historical(const LinkedRecord& record, const Circumstances& c) {
  if (c.connection->create_historical || !record.discharge_day || !c.connection->start_date) return false;
  if (*record.discharge_day >= *c.connection->start_date) return false;
  return !c.chart_updated_at || *c.chart_updated_at < c.connection->created_at;
}

// Written once for a stay; the current level of care follows the EMR (kipu-dazos, 10.2).
Json with_admitting_care(Json chart, bool begins) {
  if (begins || clean(chart, "admittingLevelOfCare").empty()) chart.set("admittingLevelOfCare", chart["levelOfCare"]);
  return chart;
}

void compare_destination(Evaluation& out, const Destination& read, const Circumstances& c) {
  LinkedRecord& after = out.after;
  RecordReferral* stand = standing_in(after);
  const ReferralFacts& facts = c.standing;
  const bool names_missing = !missing_names(after.chart.reveal()).empty();
  if (c.target.real() && !after.historical) {
    drop_flag(after, "destination_removed");
    if (names_missing && stand == nullptr) return;
    if (stand == nullptr || !facts.exists) {
      after.revision += 1;
      out.effects.push_back(EffectKind::create);
      return;
    }
    // Two contacts that were linked to one organization are one destination.
    const bool linked_alike = c.target.kind != TargetKind::unmapped && stand->target == c.target.text;
    if (same_destination(stand->destination, read) || linked_alike) {
      stand->destination = read;
      if (stand->target != c.target.text) {
        // Somebody linked the destination meanwhile.
        if (facts.draft) {
          out.effects.push_back(EffectKind::reaim);
        } else if (c.target.kind != TargetKind::unmapped && facts.outside && !facts.closed && !facts.accepted_once) {
          after.revision += 1;
          out.effects.push_back(EffectKind::redirect);
          return;
        }
        stand->target = c.target.text;
      }
      out.effects.push_back(EffectKind::refresh);
      return;
    }
    after.revision += 1;
    if (facts.draft) {
      stand->destination = read;
      stand->target = c.target.text;
      stand->revision = after.revision;
      out.effects.push_back(EffectKind::reaim);
      out.effects.push_back(EffectKind::refresh);
    } else {
      out.effects.push_back(EffectKind::redirect);
    }
    return;
  }
  if (stand == nullptr) return;
  if (!facts.exists || facts.discarded) {
    stand->ended = "voided";
  } else if (facts.draft) {
    out.effects.push_back(EffectKind::discard);
  } else if (!facts.closed) {
    set_flag(after, "destination_removed", removed_sentence, c.now);
  }
}

}  // namespace

const char* word(EffectKind kind) { return effect_words[static_cast<std::size_t>(kind)]; }

std::vector<std::string> missing_names(const Json& chart) {
  std::vector<std::string> missing;
  if (clean(chart, "firstName").empty()) missing.emplace_back("first name");
  if (clean(chart, "lastName").empty()) missing.emplace_back("last name");
  return missing;
}

std::vector<std::string> missing_prerequisites(const Json& chart, const EmrConnection& connection) {
  std::vector<std::string> missing;
  if (clean(chart, "mrNumber").empty()) missing.emplace_back("MR number");
  if (!day_in_chart(chart, "admissionDate", connection)) missing.emplace_back("admission date");
  if (!day_in_chart(chart, "birthDate", connection)) missing.emplace_back("date of birth");
  return missing;
}

unsigned worklists_of(const LinkedRecord& record) {
  unsigned bits = 0;
  const auto add = [&](Worklist list) { bits |= static_cast<unsigned>(list); };
  const bool there = record.state != RecordState::tombstoned && record.state != RecordState::missing;
  const bool unfilled = record.applied.empty();
  if (record.state == RecordState::locked) add(Worklist::locked);
  if (there && record.discharged() && unfilled && !record.historical) add(Worklist::discharged_no_destination);
  if (there && !record.discharged() && record.anticipated_discharge_day && unfilled)
    add(Worklist::anticipated_no_destination);
  const RecordReferral* stand = record.standing_referral();
  if (there && stand != nullptr && stand->target.starts_with("unmapped:")) add(Worklist::unmapped_destination);
  if (record.historical) add(Worklist::historical);
  if (!record.problem_code.empty()) add(Worklist::failed);
  if (!record.flags.empty()) add(Worklist::flagged);
  return bits;
}

Evaluation evaluate(const LinkedRecord& before, const Json& chart, const Circumstances& c) {
  Evaluation out;
  out.after = before;
  LinkedRecord& after = out.after;
  const auto admission = day_in_chart(chart, "admissionDate", *c.connection);
  const auto discharge = day_in_chart(chart, "dischargeDate", *c.connection);
  const bool is_new = before.row_version == 0;
  out.changed = is_new || !same_chart(before.chart.reveal(), chart);
  out.new_stay = !is_new && is_new_stay(before, admission);
  out.undone = !out.new_stay && before.discharge_day && !discharge;
  if (out.new_stay) begin_stay(after);

  after.chart = Private(with_admitting_care(chart, is_new || out.new_stay));
  after.admission_day = admission;
  after.discharge_day = discharge;
  after.anticipated_discharge_day = day_in_chart(chart, "anticipatedDischargeDate", *c.connection);
  after.location_id = clean(chart, "locationId");
  after.mr_number = clean(chart, "mrNumber");
  const Destination read = destination_of(chart);
  const bool other_destination = !same_destination(before.applied, read);
  if (is_new) after.historical = is_historical(after, c);
  if (!is_new && after.historical && (other_destination || !discharge)) after.historical = false;

  after.disposition = c.target.kind == TargetKind::non_destination ? clean(chart, "destinationName") : "";
  after.internal_transfer = c.target.kind == TargetKind::internal_transfer;
  compare_destination(out, read, c);
  after.applied = read;
  after.waiting.clear();

  if (out.undone) {
    // The lock goes with the discharge that caused it; that it was unlocked once is remembered for the stay.
    after.lock.reset();
    after.locked_at.reset();
    if (after.standing_referral() != nullptr) set_flag(after, "discharge_undone", undone_sentence, c.now);
  } else if (discharge) {
    drop_flag(after, "discharge_undone");
  }
  if (has_flag(after, "deleted_in_emr")) drop_flag(after, "deleted_in_emr");
  return out;
}

}  // namespace handoff::sync
