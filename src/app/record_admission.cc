#include "app/record_admission.h"

#include "opportunity/admission.h"
#include "people/recognize.h"
#include "sync/chart.h"

namespace handoff::app {
namespace {

opportunity::Stage stage_of(const sync::LinkedRecord& record) {
  using sync::RecordState;
  if (record.state == RecordState::tombstoned) return opportunity::Stage::closed;
  if (record.discharged()) return opportunity::Stage::discharged;
  if (!record.admission_day) return opportunity::Stage::pre_admission;
  return opportunity::Stage::admitted;
}

// Whom of those known here the chart may be about: surely, or so that a person has to look.
void look_for_person(referral::Unit& unit, const OrganizationId& organization, const Json& chart,
                     opportunity::ChartFacts& facts) {
  Json registrant = facts.registrant.reveal();
  const auto text = [&](const char* key) { return Json(sync::clean(chart, key)); };
  registrant.set("gender", text("gender"));
  registrant.set("email", text("email"));
  registrant.set("phones", Json::object({{"main", text("phone")}}));
  registrant.set("address", Json::object({{"line", text("addressLine")},
                                          {"city", text("city")},
                                          {"province", text("province")},
                                          {"country", text("country")},
                                          {"postalCode", text("postalCode")}}));
  people::Unit& people = part_of<people::Unit>(unit);
  const auto prepared = people::prepare(people::registrant_of(registrant), unit.now());
  const auto found = people::find_candidates(people, organization, *prepared);
  if (!found || found->ranked.empty()) return;
  std::vector<people::Assessment> assessments;
  for (const auto& candidate : found->ranked) assessments.push_back(candidate.assessment);
  const auto decision = people::decide(people.model(), assessments);
  if (decision.kind == people::Decision::Kind::create) return;
  facts.person = found->ranked.front().person;
  facts.person_in_review = decision.kind == people::Decision::Kind::review;
}

}  // namespace

std::shared_ptr<const RoomNeeds> AdmissionOfRecords::needs(const EmrConnectionId& connection,
                                                           const std::vector<std::string>& casefiles) {
  auto needs = std::make_shared<opportunity::Needs>();
  for (const auto& casefile : casefiles) needs->charts.push_back({connection, casefile, 1});
  return needs;
}

void AdmissionOfRecords::follow(referral::Unit& unit, const sync::EmrConnection& connection,
                                const sync::LinkedRecord* before, sync::LinkedRecord& after) {
  const Json& chart = after.chart.reveal();
  const auto born = sync::day_in_chart(chart, "birthDate", connection);
  const auto text = [&](const char* key) {
    std::string value = sync::clean(chart, key);
    return value.empty() ? Json() : Json(std::move(value));
  };
  opportunity::ChartFacts facts;
  facts.key = {connection.id, after.casefile, after.stay};
  facts.connection_name = connection.name;
  facts.registrant = Private(Json::object({{"firstName", text("firstName")},
                                           {"lastName", text("lastName")},
                                           {"birthDate", born ? Json(born->text()) : Json()}}));
  facts.identifiers.push_back(after.casefile);
  if (const auto colon = after.casefile.find(':'); colon != std::string::npos)
    facts.identifiers.push_back(after.casefile.substr(colon + 1));
  if (!after.mr_number.empty()) facts.record_numbers.push_back(after.mr_number);
  facts.stage = stage_of(after);
  const bool new_stay = !before || before->stay < after.stay;
  if (new_stay && part_of<opportunity::Unit>(unit).awaits_chart(connection.organization))
    look_for_person(unit, connection.organization, chart, facts);
  after.opportunity = opportunity::follow_chart(unit, connection.organization, facts);
}

}  // namespace handoff::app
