#include "sync/apply.h"

#include <algorithm>

#include "base/text.h"
#include "sync/content.h"
#include "sync/lock.h"

namespace handoff::sync {
namespace {

Error record_moved() {
  return Error{Kind::conflict,
               "emr.record_moved",
               "The record changed while its chart was read; it is read again by itself.",
               {},
               {}};
}

constexpr const char* deleted_sentence =
    "The chart was deleted in the EMR after the referral had been sent: decide what becomes of the referral.";

ReferralFacts facts_of(const referral::Referral& r) {
  ReferralFacts facts;
  facts.exists = true;
  facts.draft = r.status == referral::Status::draft;
  facts.closed = r.status == referral::Status::closed;
  facts.discarded = facts.closed && !r.submitted_at;
  facts.accepted_once = r.accepted_once;
  facts.outside = !r.receiver.has_value();
  return facts;
}

// One chart being applied: what its steps share.
class Application {
 public:
  Application(referral::Unit& unit, referral::Commands& commands, const ApplyContext& context)
      : unit_(unit), part_(part_of<Unit>(unit)), commands_(commands), context_(context) {
    const directory::Organization* organization = unit.organization(context.connection->organization);
    if (organization != nullptr) organization_ = organization->name;
  }

  Result<void> carry_out(const LinkedRecord& before, Evaluation& evaluation, const Target& target) {
    LinkedRecord& after = evaluation.after;
    for (const EffectKind effect : evaluation.effects) {
      switch (effect) {
        case EffectKind::create: {
          std::optional<ReferralId> replaces;
          for (const auto& one : after.referrals) {
            if (one.stay == after.stay) replaces = one.id;
          }
          HANDOFF_TRY(create(after, target, replaces));
          break;
        }
        case EffectKind::reaim: HANDOFF_TRY(reaim(after, target)); break;
        case EffectKind::redirect: HANDOFF_TRY(redirect(after, target)); break;
        case EffectKind::discard: HANDOFF_TRY(discard(after)); break;
        case EffectKind::refresh: HANDOFF_TRY(refresh(before, after)); break;
      }
    }
    return {};
  }

  // A draft is void; of what was sent a person decides.
  Result<void> withdraw(LinkedRecord& record) {
    RecordReferral* stand = standing(record);
    if (stand == nullptr) return {};
    const referral::Referral* r = unit_.referral(stand->id);
    if (r == nullptr) return record_moved();
    if (r->status == referral::Status::draft) return discard(record);
    if (r->status != referral::Status::closed) {
      const bool told = std::any_of(record.flags.begin(), record.flags.end(),
                                    [](const RecordFlag& f) { return f.code == "deleted_in_emr"; });
      if (!told) record.flags.push_back({"deleted_in_emr", deleted_sentence, unit_.now()});
    }
    return {};
  }

  bool created() const { return created_; }
  bool altered() const { return altered_; }

 private:
  static RecordReferral* standing(LinkedRecord& record) {
    const RecordReferral* found = record.standing_referral();
    return found == nullptr ? nullptr : &record.referrals[static_cast<std::size_t>(found - record.referrals.data())];
  }

  Result<void> create(LinkedRecord& record, const Target& target, const std::optional<ReferralId>& replaces) {
    const Json& chart = record.chart.reveal();
    referral::NewReferral input;
    input.listing = target.listing;
    input.recipient = target.recipient;
    input.content = content_of(chart, *context_.connection, organization_);
    input.method = referral::Method::emr;
    input.source_name = context_.connection->name;
    input.test = context_.connection->test;
    input.owned_fields = owned_fields(*context_.connection);
    if (replaces) {
      if (const referral::Referral* earlier = unit_.referral(*replaces)) input.correlation_id = earlier->correlation_id;
    }
    input.warnings = hold_reasons(chart, *context_.connection);
    input.draft = context_.connection->on_discharge == OnDischarge::draft || !input.warnings.empty();
    Result<ReferralId> id = commands_.create(unit_, input);
    if (!id) id = create_with_less(input, id.error());
    if (!id) return id.error();
    if (!part_.take_place(record.connection, record.casefile, record.stay, record.revision, *id)) return record_moved();
    const referral::Referral* made = unit_.referral(*id);
    record.referrals.push_back({*id, made == nullptr ? "" : made->number, record.stay, record.revision,
                                destination_of(chart), target.text, replaces, ""});
    created_ = true;
    return {};
  }

  // The EMR's data is what it is: a value that no referral can hold is left out and told, a form that asks for more
  // than a chart has makes a draft for a person to complete, and a listing that is gone becomes a name.
  Result<ReferralId> create_with_less(referral::NewReferral input, const Error& refused) {
    if (refused.faults.empty()) return refused;
    bool incomplete = false;
    for (const Fault& fault : refused.faults) {
      if (fault.code == "listing.not_found") {
        input.listing.reset();
        input.recipient = Json::object({{"name", "A listing that is not open any more"}, {"contactId", nullptr}});
        input.warnings.push_back({"/source", "emr.listing_gone",
                                  "The listing this destination was linked to is not open any more; link it anew."});
      } else if (fault.code == "property.required" || fault.code == "answer.required") {
        incomplete = true;
      } else if (!leave_out(input.content, fault.pointer)) {
        incomplete = true;
      } else {
        input.warnings.push_back(
            {"/source", "emr.value_left_out",
             "A value of the chart could not be taken over (" + fault.pointer + "); correct it in the EMR."});
      }
    }
    if (incomplete) {
      input.draft = true;
      input.warnings.push_back({"/source", "emr.listing_asks_for_more",
                                "Held back as a draft: the listing asks for more than the chart holds. Complete and "
                                "submit it."});
    }
    return commands_.create(unit_, input);
  }

  // Takes away what a pointer names; true where it was there.
  static bool leave_out(Json& content, const std::string& pointer) {
    Json patch;
    Json* here = &patch;
    const Json* there = &content;
    const auto steps = split(std::string_view(pointer).substr(std::min<std::size_t>(1, pointer.size())), '/');
    std::vector<Json> chain;
    for (const auto& step : steps) {
      there = there->find(step);
      if (there == nullptr) return false;
    }
    for (std::size_t i = 0; i < steps.size(); ++i) {
      here->set(steps[i], Json());
      here = &here->members().back().second;
    }
    content = merge_patch(std::move(content), patch);
    return true;
  }

  Result<void> reaim(LinkedRecord& record, const Target& target) {
    RecordReferral* stand = standing(record);
    HANDOFF_ASSERT(stand != nullptr);
    const Result<void> done = commands_.reaim(unit_, stand->id, target.listing, target.recipient);
    if (!done) {
      if (done.error().code != "referral.files_stay" && done.error().kind != Kind::invalid_input) return done.error();
      const ReferralId earlier = stand->id;
      HANDOFF_TRY(discard(record));
      return create(record, target, earlier);
    }
    if (const referral::Referral* r = unit_.referral(stand->id)) stand->number = r->number;
    // The place of a revision that only moved the draft is the draft's, too.
    static_cast<void>(part_.take_place(record.connection, record.casefile, record.stay, stand->revision, stand->id));
    altered_ = true;
    return {};
  }

  Result<void> redirect(LinkedRecord& record, const Target& target) {
    RecordReferral* stand = standing(record);
    HANDOFF_ASSERT(stand != nullptr);
    const ReferralId earlier = stand->id;
    const referral::Referral* r = unit_.referral(earlier);
    if (r == nullptr) return record_moved();
    if (r->status != referral::Status::closed) {
      HANDOFF_TRY(commands_.close(unit_, earlier, "redirected", "The destination was changed in the EMR."));
    }
    stand->ended = "redirected";
    altered_ = true;
    return create(record, target, earlier);
  }

  Result<void> discard(LinkedRecord& record) {
    RecordReferral* stand = standing(record);
    HANDOFF_ASSERT(stand != nullptr);
    HANDOFF_TRY(commands_.close(unit_, stand->id, "entered_in_error", std::nullopt));
    stand->ended = "voided";
    altered_ = true;
    return {};
  }

  Result<void> refresh(const LinkedRecord& before, LinkedRecord& record) {
    const RecordReferral* stand = record.standing_referral();
    if (stand == nullptr) return {};
    const referral::Referral* r = unit_.referral(stand->id);
    if (r == nullptr) return record_moved();
    if (r->status == referral::Status::closed) return {};
    const std::int64_t version = r->version;
    const EmrConnection& connection = *context_.connection;
    const Json& chart = record.chart.reveal();
    HANDOFF_TRY(commands_.own(unit_, stand->id, owned_fields(connection)));
    r = unit_.referral(stand->id);
    Json patch = content_patch(r->content.reveal(), before.chart.reveal(), chart, connection, organization_);
    std::vector<referral::Warning> reasons;
    if (patch.size() > 0) {
      Result<void> edited = commands_.edit_as_owner(unit_, stand->id, patch);
      if (!edited && !edited.error().faults.empty()) {
        for (const Fault& fault : edited.error().faults) {
          if (!leave_out_of_patch(patch, fault.pointer)) return edited.error();
          reasons.push_back(
              {"/source", "emr.value_left_out",
               "A value of the chart could not be taken over (" + fault.pointer + "); correct it in the EMR."});
        }
        edited = commands_.edit_as_owner(unit_, stand->id, patch);
      }
      if (!edited) return edited.error();
    }
    r = unit_.referral(stand->id);
    if (r->status == referral::Status::draft) {
      const bool held_before = std::any_of(r->warnings.begin(), r->warnings.end(), is_hold_reason);
      const auto holds = hold_reasons(chart, connection);
      reasons.insert(reasons.begin(), holds.begin(), holds.end());
      for (const auto& warning : r->warnings) {
        const bool stays = warning.code == "emr.listing_asks_for_more" || warning.code == "emr.listing_gone";
        if (stays) reasons.push_back(warning);
      }
      HANDOFF_TRY(commands_.warn(unit_, stand->id, reasons));
      // Held back until now, and nothing holds it any more: the chart has what was missing, or the settings changed.
      if (connection.on_discharge == OnDischarge::send && holds.empty() && held_before) {
        const Result<void> sent = commands_.submit(unit_, stand->id);
        if (!sent && sent.error().kind != Kind::invalid_input) return sent.error();
      }
    }
    r = unit_.referral(stand->id);
    if (r->version != version) altered_ = true;
    return {};
  }

  // A value that cannot be written is not written: its key leaves the patch.
  static bool leave_out_of_patch(Json& patch, const std::string& pointer) {
    const auto steps = split(std::string_view(pointer).substr(std::min<std::size_t>(1, pointer.size())), '/');
    Json* here = &patch;
    for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
      if (!here->is_object()) return false;
      const auto found = std::find_if(here->members().begin(), here->members().end(),
                                      [&](const Json::Member& member) { return member.first == steps[i]; });
      if (found == here->members().end()) return false;
      here = &found->second;
    }
    return here->is_object() && here->erase(steps.back());
  }

  referral::Unit& unit_;
  Unit& part_;
  referral::Commands& commands_;
  const ApplyContext& context_;
  std::string organization_;
  bool created_ = false, altered_ = false;
};

LinkedRecord new_record(const referral::Unit& unit, const ApplyContext& context, const std::string& casefile) {
  LinkedRecord record;
  record.connection = context.connection->id;
  record.organization = context.connection->organization;
  record.casefile = casefile;
  record.first_seen_at = unit.now();
  record.created_by_run = context.run;
  return record;
}

void save(Unit& part, LinkedRecord& record) {
  record.worklists = worklists_of(record);
  record.row_version += 1;
  part.save(record);
}

// The state after a chart was applied; locks where the discharge finds the Chart Update hook missing.
bool settle(referral::Unit& unit, const ApplyContext& context, LinkedRecord& record) {
  const bool incomplete = !missing_names(record.chart.reveal()).empty() ||
                          !missing_prerequisites(record.chart.reveal(), *context.connection).empty();
  if (record.discharged()) {
    if (record.unlocked_at) {
      record.state = RecordState::unlocked;
      return false;
    }
    const HookSlot& hook = part_of<Unit>(unit).hook(context.connection->id, HookKind::chart_update);
    if (const auto cause = lock_cause(*context.connection, hook, record, unit.now())) {
      set_lock(unit, record, *cause, context.run);
      return true;
    }
  }
  record.state = incomplete            ? RecordState::waiting_for_chart
                 : record.discharged() ? RecordState::discharged_open
                                       : RecordState::linked;
  return false;
}

// A locked record follows its chart only where the discharge that locked it is gone.
bool stays_locked(const LinkedRecord& record, const Json& chart, const EmrConnection& connection) {
  if (record.state != RecordState::locked) return false;
  const auto admission = day_in_chart(chart, "admissionDate", connection);
  const bool readmitted = admission && record.admission_day && record.discharge_day &&
                          *admission != *record.admission_day && *admission >= *record.discharge_day;
  return day_in_chart(chart, "dischargeDate", connection).has_value() && !readmitted;
}

// What evaluate() wants to know beside the chart: where the destination leads today, and how its referral stands.
Result<Circumstances> circumstances_of(referral::Unit& unit, const ApplyContext& context, const LinkedRecord& before,
                                       const Destination& destination, std::optional<Instant> chart_updated_at) {
  Unit& part = part_of<Unit>(unit);
  const EmrConnection& connection = *context.connection;
  std::vector<const DestinationLink*> links;
  for (const auto& key : destination_keys(destination)) links.push_back(part.destination(connection.id, key));
  Circumstances circumstances;
  circumstances.connection = &connection;
  circumstances.state = context.state;
  circumstances.target = resolve(destination, connection, *context.state, links);
  circumstances.chart_updated_at = chart_updated_at;
  circumstances.now = unit.now();
  if (const RecordReferral* stand = before.standing_referral()) {
    const referral::Referral* r = unit.referral(stand->id);
    if (r == nullptr) return record_moved();
    circumstances.standing = facts_of(*r);
  }
  return circumstances;
}

}  // namespace

Result<Applied> apply_chart(referral::Unit& unit, referral::Commands& commands, RecordFollower& follower,
                            const ApplyContext& context, const ChartRow& detail, const std::optional<RowMark>& row) {
  Unit& part = part_of<Unit>(unit);
  const EmrConnection& connection = *context.connection;
  const LinkedRecord* found = part.record(connection.id, detail.casefile);
  const LinkedRecord before = found != nullptr ? *found : new_record(unit, context, detail.casefile);
  const Json chart = merge_chart(before.chart.reveal(), detail.chart.reveal());
  Applied out;
  out.is_new = found == nullptr;

  LinkedRecord marked = before;
  if (row) {
    marked.row_digest = row->digest;
    marked.row_updated_at = row->updated_at;
  } else if (detail.updated_at) {
    marked.row_updated_at = detail.updated_at;
  }
  marked.read_at = unit.now();
  marked.read_due = false;
  marked.problem_code.clear();
  marked.problem_sentence.clear();

  if (stays_locked(before, chart, connection)) {
    marked.waiting = chart_differences(before.chart.reveal(), chart);
    out.changed = marked.waiting != before.waiting;
    if (out.changed) {
      marked.changed_at = unit.now();
      out.changed_at = detail.updated_at;
    }
    // A link is ours and no update of the EMR: it reaches the chart as it was applied.
    const RecordReferral* stand = before.standing_referral();
    if (stand != nullptr) {
      const Circumstances as_applied =
          HANDOFF_TRY(circumstances_of(unit, context, before, before.applied, before.row_updated_at));
      if (as_applied.target.real() && as_applied.target.text != stand->target) {
        Evaluation evaluation = evaluate(marked, before.chart.reveal(), as_applied);
        Application application(unit, commands, context);
        HANDOFF_TRY(application.carry_out(before, evaluation, as_applied.target));
        out.created = application.created();
        out.altered = application.altered();
        evaluation.after.waiting = marked.waiting;
        if (out.created || out.altered) follower.follow(unit, connection, &before, evaluation.after);
        marked = std::move(evaluation.after);
      }
    }
    save(part, marked);
    return out;
  }

  const Circumstances circumstances =
      HANDOFF_TRY(circumstances_of(unit, context, before, destination_of(chart), detail.updated_at));
  Evaluation evaluation = evaluate(marked, chart, circumstances);
  LinkedRecord& after = evaluation.after;
  out.changed = evaluation.changed;
  if (evaluation.changed) {
    after.changed_at = unit.now();
    out.changed_at = detail.updated_at;
  }
  Application application(unit, commands, context);
  HANDOFF_TRY(application.carry_out(before, evaluation, circumstances.target));
  out.created = application.created();
  out.altered = application.altered();
  // Evaluated first, locked afterwards: a date and a destination saved together lose nothing (kipu-dazos, 10.3).
  out.locked = settle(unit, context, after);
  if (out.is_new || evaluation.changed || before.state != after.state || out.created || out.altered) {
    follower.follow(unit, connection, found != nullptr ? &before : nullptr, after);
  }
  save(part, after);
  return out;
}

Result<Applied> apply_deleted(referral::Unit& unit, referral::Commands& commands, RecordFollower& follower,
                              const ApplyContext& context, const std::string& casefile) {
  Unit& part = part_of<Unit>(unit);
  const LinkedRecord* found = part.record(context.connection->id, casefile);
  Applied out;
  if (found == nullptr || found->state == RecordState::tombstoned) return out;
  const LinkedRecord before = *found;
  LinkedRecord after = before;
  Application application(unit, commands, context);
  HANDOFF_TRY(application.withdraw(after));
  after.state = RecordState::tombstoned;
  after.lock.reset();
  after.locked_at.reset();
  after.waiting.clear();
  after.read_due = false;
  after.problem_code.clear();
  after.problem_sentence.clear();
  after.row_digest.clear();  // should it come back, its row is new
  after.changed_at = unit.now();
  follower.follow(unit, *context.connection, &before, after);
  save(part, after);
  out.changed = true;
  out.altered = application.altered();
  return out;
}

Result<Applied> apply_missing(referral::Unit& unit, RecordFollower& follower, const ApplyContext& context,
                              const std::string& casefile) {
  Unit& part = part_of<Unit>(unit);
  const LinkedRecord* found = part.record(context.connection->id, casefile);
  Applied out;
  if (found == nullptr || found->state == RecordState::tombstoned || found->state == RecordState::missing) return out;
  const LinkedRecord before = *found;
  LinkedRecord after = before;
  after.state = RecordState::missing;
  after.read_due = false;
  after.row_digest.clear();
  after.changed_at = unit.now();
  follower.follow(unit, *context.connection, &before, after);
  save(part, after);
  out.changed = true;
  return out;
}

void apply_problem(referral::Unit& unit, const ApplyContext& context, const std::string& casefile,
                   const std::string& code, const std::string& sentence) {
  Unit& part = part_of<Unit>(unit);
  const LinkedRecord* found = part.record(context.connection->id, casefile);
  if (found == nullptr || found->problem_code == code) return;
  LinkedRecord record = *found;
  record.problem_code = code;
  record.problem_sentence = sentence;
  save(part, record);
}

}  // namespace handoff::sync
