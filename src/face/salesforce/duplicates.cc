#include "face/salesforce/duplicates.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "people/recognize.h"
#include "record/record_id.h"

namespace handoff::face::salesforce {
namespace {

using exchange::OfficeUnit;
using record::Record;

constexpr std::size_t accounts_max = 50, persons_max = 10, links_max = 20;

bool agrees(const Record& account, const Json& fields) {
  for (const auto& [name, value] : fields.members()) {
    const record::Field* field = record::find_field(*account.object, name);
    if (value.is_null() || field == nullptr || field->type == record::FieldType::reference) continue;
    const Json& known = account.field(name);
    const bool same = value.is_string() && known.is_string()
                          ? ascii_equal_fold(trim(value.string()), trim(known.string()))
                          : value == known;
    if (!same) return false;
  }
  return true;
}

std::vector<Record> all_that_agree(OfficeUnit& unit, const Json& fields) {
  Record probe;
  probe.object = record::find_object("Account");
  probe.fields = Private(fields);
  const std::string name = record::person_name_of(probe);
  std::vector<Record> out;
  if (name.empty()) return out;
  for (auto& each : part_of<record::Unit>(unit).with_key("Account", record::person_name_key, name, accounts_max)) {
    if (agrees(each, fields)) out.push_back(std::move(each));
  }
  return out;
}

void add(std::vector<Duplicate>& into, const Record& account, double confidence) {
  const bool known =
      std::any_of(into.begin(), into.end(), [&](const Duplicate& each) { return each.account.id == account.id; });
  if (!known) into.push_back({account, confidence});
}

}  // namespace

std::optional<Record> one_that_agrees(OfficeUnit& unit, const Json& fields) {
  auto found = all_that_agree(unit, fields);
  return found.size() == 1 ? std::optional(std::move(found.front())) : std::nullopt;
}

Result<std::vector<Duplicate>> duplicates_of(OfficeUnit& unit, const Json& fields, const Json& registrant) {
  std::vector<Duplicate> out;
  for (const auto& account : all_that_agree(unit, fields)) add(out, account, 100);
  auto& persons = part_of<people::Unit>(unit);
  auto& records = part_of<record::Unit>(unit);
  const OrganizationId& organization = unit.actor().organization;
  const auto prepared = people::prepare(people::registrant_of(registrant), unit.now());
  people::Search search;
  search.count = persons_max;
  const auto candidates = HANDOFF_TRY(people::find_candidates(persons, organization, *prepared, search));
  for (const auto& candidate : candidates.ranked) {
    const auto grade = candidate.assessment.grade;
    if (grade != people::Grade::certain && grade != people::Grade::probable) continue;
    for (const auto& link : HANDOFF_TRY(persons.links(organization, candidate.person, links_max))) {
      const auto request = records.of_referral(link.referral);
      if (!request) continue;  // came through another door
      const Record* account = records.record(request->field("PatientId").text_or());
      std::optional<Record> read;
      if (account == nullptr) read = records.read(request->field("PatientId").text_or());
      if (account || read) add(out, account ? *account : *read, std::round(candidate.score() * 1000) / 10);
    }
  }
  return out;
}

Json duplicates_answer(const Call& call, const std::vector<Duplicate>& duplicates) {
  Json records = Json::array();
  if (call.actor.may("referrals.read")) {
    for (const auto& duplicate : duplicates) {
      const std::string id = record::shown_id(duplicate.account.id);
      records.push_back(Json::object(
          {{"additionalInformation", Json::array()},
           {"fieldDiffs", Json::array()},
           {"matchConfidence", duplicate.confidence},
           {"record", Json::object({{"attributes", Json::object({{"type", "Account"},
                                                                 {"url", call.path("/sobjects/Account/" + id)}})},
                                    {"Id", id}})}}));
    }
  }
  const std::string sentence = "Use one of these records?";
  const auto size = records.size();
  Json result = Json::object({{"entityType", "Account"},
                              {"errors", Json::array()},
                              {"matchEngine", "FuzzyMatchEngine"},
                              {"rule", "Patient_Match"},
                              {"size", size},
                              {"success", true},
                              {"matchRecords", std::move(records)}});
  return Json::array(
      {Json::object({{"errorCode", "DUPLICATES_DETECTED"},
                     {"message", sentence},
                     {"duplicateResut", Json::object({{"allowSave", false},
                                                      {"duplicateRule", "Patient_Rule"},
                                                      {"duplicateRuleEntityType", "Account"},
                                                      {"errorMessage", sentence},
                                                      {"matchResults", Json::array({std::move(result)})}})}})});
}

}  // namespace handoff::face::salesforce
