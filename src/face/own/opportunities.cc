// Intake opportunities, each with its Linked EMR Record.
#include "face/own/emr.h"
#include "face/own/handlers.h"
#include "opportunity/admission.h"
#include "sync/lock.h"
#include "sync/promise.h"

namespace handoff::face::own {
namespace {

using exchange::CommandAnswer;
using exchange::OfficeUnit;
using opportunity::IntakeOpportunity;

constexpr std::size_t id_max = 64, reason_max = 1000;

Error no_emr_record() {
  return Error{Kind::conflict,
               "opportunity.no_emr_record",
               "No record of a record system is linked to this intake opportunity.",
               {},
               {}};
}

Result<IntakeOpportunity> find_opportunity(Call& call) {
  const auto id = HANDOFF_TRY(call.id<IntakeOpportunityId>(0, "opportunity"));
  auto found = HANDOFF_TRY(call.parts.opportunities.opportunity(call.organization(), id));
  if (!found) return Call::not_found("opportunity");
  return *std::move(found);
}

// What stands behind an opportunity's chart.
struct Behind {
  std::optional<sync::LinkedRecord> record;
  std::optional<sync::ConnectionWithState> of;
};
Result<Behind> behind(const Call& call, const IntakeOpportunity& o) {
  Behind found;
  if (!o.chart) return found;
  found.of = HANDOFF_TRY(call.parts.emr.connection(call.organization(), o.chart->connection));
  if (found.of)
    found.record = HANDOFF_TRY(call.parts.emr.record(call.organization(), o.chart->connection, o.chart->casefile));
  return found;
}

Json shown(const Call& call, const IntakeOpportunity& o, const Behind& found) {
  return opportunity_json(call, o, found.record ? &*found.record : nullptr, found.of ? &*found.of : nullptr);
}

// Loads the opportunity and, where it has one, its chart.
exchange::Needs needs_of(const IntakeOpportunity& o) {
  exchange::Needs needs;
  auto own = std::make_shared<opportunity::Needs>();
  own->opportunities = {o.id};
  needs.rooms.push_back(own);
  if (o.chart) {
    auto chart = std::make_shared<sync::Needs>();
    chart->connection = o.chart->connection;
    chart->casefiles = {o.chart->casefile};
    needs.rooms.push_back(chart);
  }
  return needs;
}

// An opportunity shows its linked record, so its ETag changes with both; neither version ever falls.
std::int64_t version_of(const IntakeOpportunity& o, const sync::LinkedRecord* record) {
  return o.version + (record ? record->row_version : 0);
}
const sync::LinkedRecord* record_in(OfficeUnit& office, const IntakeOpportunity& o) {
  return o.chart ? part_of<sync::Unit>(office).record(o.chart->connection, o.chart->casefile) : nullptr;
}

// The answer with everything as the unit of work leaves it.
CommandAnswer answer_of(const Call& call, OfficeUnit& office, const IntakeOpportunityId& id, const Behind& found) {
  const IntakeOpportunity& o = *part_of<opportunity::Unit>(office).opportunity(id);
  const sync::LinkedRecord* record = nullptr;
  std::optional<sync::ConnectionWithState> of = found.of;
  if (o.chart && of && of->connection.id == o.chart->connection) {
    sync::Unit& unit = part_of<sync::Unit>(office);
    record = unit.record(o.chart->connection, o.chart->casefile);
    of->state = unit.pull_state(o.chart->connection);
  }
  return {200, opportunity_json(call, o, record, of ? &*of : nullptr), version_of(o, record_in(office, o)), {}};
}

using Work = std::function<Result<void>(OfficeUnit&, const IntakeOpportunity&)>;
Result<net::Response> act(Call& call, const Work& work) {
  const IntakeOpportunity o = HANDOFF_TRY(find_opportunity(call));
  const Behind found = HANDOFF_TRY(behind(call, o));
  auto answer = call.change(needs_of(o), [&](OfficeUnit& office) -> Result<CommandAnswer> {
    const IntakeOpportunity* standing = part_of<opportunity::Unit>(office).opportunity(o.id);
    if (!standing) return Call::not_found("opportunity");
    HANDOFF_TRY(call.match(version_of(*standing, record_in(office, *standing))));
    const IntakeOpportunity before = *standing;
    HANDOFF_TRY(work(office, before));
    return answer_of(call, office, o.id, found);
  });
  if (answer && o.chart) call.parts.emr_desk.look_at(o.chart->connection);
  return answer;
}

std::string optional_reason(Call& call, Faults& faults) {
  if (call.body.is_null()) return {};
  call.members({"reason"}, faults);
  return call.optional_text("reason", reason_max, faults).value_or("");
}

}  // namespace

Json opportunity_json(const Call& call, const IntakeOpportunity& o, const sync::LinkedRecord* record,
                      const sync::ConnectionWithState* of) {
  Json out = opportunity::to_json(o);
  Json actions = Json::array(), linked;
  if (record && of && o.chart) {
    linked = record_json(call, *record, *of);
    const bool current = record->stay == o.chart->stay;
    linked.set("stay", o.chart->stay);
    linked.set("earlierStay", !current);
    if (current && record->state == sync::RecordState::locked) actions.push_back("unlock_emr_updates");
    if (!current) {
      // The chart has gone on to another stay: of this one only what it became is left.
      Json referrals = Json::array();
      for (const auto& referral : record->referrals) {
        if (referral.stay == o.chart->stay) referrals.push_back(referral.id.text());
      }
      linked.set("referralIds", std::move(referrals));
      linked.set("whyNoReferral", Json());
      linked.set("whyNoReferralCode", Json());
    }
  }
  if (o.in_review && o.referral && o.chart) {
    actions.push_back("confirm_link");
    actions.push_back("separate_link");
  }
  out.set("linkedEmrRecord", std::move(linked));
  out.set("actions", std::move(actions));
  return out;
}

Result<net::Response> list_opportunities(Call& call) {
  Faults faults;
  opportunity::ListFilter filter;
  if (const auto* stage = call.parameter("stage")) {
    filter.stage = opportunity::stage_of(*stage);
    if (!filter.stage)
      faults.push_back(
          {"?stage", "property.unknown_value", "One of accepted, pre_admission, admitted, discharged, closed."});
  }
  if (const auto* source = call.parameter("source")) {
    filter.source = opportunity::source_of(*source);
    if (!filter.source) faults.push_back({"?source", "property.unknown_value", "Either referral or emr."});
  }
  if (const auto* referral = call.parameter("referralId")) {
    const auto id = ReferralId::parse(*referral);
    if (id) {
      filter.referral = *id;
    } else {
      faults.push_back({"?referralId", id.error().code, id.error().for_caller});
    }
  }
  filter.in_review = call.flag("inReview", faults);
  filter.limit = call.limit(faults);
  filter.cursor = call.cursor();
  if (!faults.empty()) return fault_error(std::move(faults));
  const auto page = HANDOFF_TRY(call.parts.opportunities.list(call.organization(), filter));
  std::map<EmrConnectionId, sync::ConnectionWithState> connections;
  for (auto& of : HANDOFF_TRY(call.parts.emr.connections(call.organization()))) {
    const EmrConnectionId id = of.connection.id;
    connections.emplace(id, std::move(of));
  }
  Json items = Json::array();
  std::vector<std::string> ids;
  for (const auto& o : page.items) {
    Behind found;
    if (o.chart) {
      const auto of = connections.find(o.chart->connection);
      if (of != connections.end()) {
        found.of = of->second;
        found.record = HANDOFF_TRY(call.parts.emr.record(call.organization(), o.chart->connection, o.chart->casefile));
      }
    }
    items.push_back(shown(call, o, found));
    ids.push_back(o.id.text());
  }
  HANDOFF_TRY(call.looked_at_list("opportunity.list", "intake_opportunity", std::move(ids)));
  return Call::page(std::move(items), page.next_cursor);
}

Result<net::Response> get_opportunity(Call& call) {
  const IntakeOpportunity o = HANDOFF_TRY(find_opportunity(call));
  const Behind found = HANDOFF_TRY(behind(call, o));
  HANDOFF_TRY(call.looked("opportunity.read", "intake_opportunity", o.id.text(), {call.organization()}));
  return Call::json(200, shown(call, o, found), version_of(o, found.record ? &*found.record : nullptr));
}

Result<net::Response> unlock_emr_updates(Call& call) {
  Faults faults;
  const std::string reason = optional_reason(call, faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  return act(call, [&](OfficeUnit& office, const IntakeOpportunity& o) -> Result<void> {
    if (!o.chart) return no_emr_record();
    const auto* record = part_of<sync::Unit>(office).record(o.chart->connection, o.chart->casefile);
    if (!record) return no_emr_record();
    if (record->stay != o.chart->stay) return {};  // that stay is over; there is nothing left to unlock
    HANDOFF_TRY(sync::unlock(office, o.chart->connection, o.chart->casefile, reason));
    return {};
  });
}

Result<net::Response> lock_emr_updates(Call& call) {
  return act(call, [&](OfficeUnit& office, const IntakeOpportunity& o) -> Result<void> {
    if (!o.chart) return no_emr_record();
    const auto* record = part_of<sync::Unit>(office).record(o.chart->connection, o.chart->casefile);
    if (!record || record->stay != o.chart->stay) return no_emr_record();
    HANDOFF_TRY(sync::lock_by_hand(office, o.chart->connection, o.chart->casefile));
    return {};
  });
}

Result<net::Response> confirm_opportunity_link(Call& call) {
  return act(call,
             [](OfficeUnit& office, const IntakeOpportunity& o) { return opportunity::confirm_link(office, o.id); });
}

Result<net::Response> separate_opportunity_link(Call& call) {
  return act(call, [](OfficeUnit& office, const IntakeOpportunity& o) -> Result<void> {
    const auto made = HANDOFF_TRY(opportunity::separate_link(office, o.id));
    // The chart's record stands for the opportunity that has the chart now.
    sync::Unit& unit = part_of<sync::Unit>(office);
    if (const auto* record = unit.record(o.chart->connection, o.chart->casefile);
        record && record->stay == o.chart->stay) {
      sync::LinkedRecord next = *record;
      next.opportunity = made;
      next.row_version += 1;
      unit.save(next);
    }
    return {};
  });
}

Result<net::Response> join_opportunities(Call& call) {
  Faults faults;
  call.members({"opportunityId"}, faults);
  const std::string text = call.text("opportunityId", id_max, faults);
  const auto other_id = IntakeOpportunityId::parse(text);
  if (faults.empty() && !other_id)
    faults.push_back({"/opportunityId", other_id.error().code, other_id.error().for_caller});
  if (!faults.empty()) return fault_error(std::move(faults));
  const IntakeOpportunity o = HANDOFF_TRY(find_opportunity(call));
  const auto other = HANDOFF_TRY(call.parts.opportunities.opportunity(call.organization(), *other_id));
  if (!other) {
    return fault_error(
        {{"/opportunityId", "opportunity.not_found", "There is no such intake opportunity for this organization."}});
  }
  const IntakeOpportunity& with_chart = o.chart ? o : *other;
  const Behind found = HANDOFF_TRY(behind(call, with_chart));
  exchange::Needs needs = needs_of(with_chart);
  auto both = std::make_shared<opportunity::Needs>();
  both->opportunities = {o.id, other->id};
  needs.rooms.push_back(both);
  return call.change(std::move(needs), [&](OfficeUnit& office) -> Result<CommandAnswer> {
    const IntakeOpportunity* standing = part_of<opportunity::Unit>(office).opportunity(o.id);
    if (!standing) return Call::not_found("opportunity");
    HANDOFF_TRY(call.match(version_of(*standing, record_in(office, *standing))));
    HANDOFF_TRY(opportunity::join(office, o.id, other->id));
    sync::Unit& unit = part_of<sync::Unit>(office);
    if (with_chart.chart) {
      const auto* record = unit.record(with_chart.chart->connection, with_chart.chart->casefile);
      if (record && record->stay == with_chart.chart->stay) {
        sync::LinkedRecord next = *record;
        next.opportunity = o.id;
        next.row_version += 1;
        unit.save(next);
      }
    }
    return answer_of(call, office, o.id, found);
  });
}

}  // namespace handoff::face::own
