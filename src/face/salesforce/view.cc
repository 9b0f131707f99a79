#include "face/salesforce/view.h"

#include "base/text.h"
#include "face/salesforce/request_status.h"
#include "record/record_id.h"
#include "record/value.h"

namespace handoff::face::salesforce {

using record::Field;
using record::FieldType;
using record::Found;

std::vector<const Field*> every_field(const record::Object& object) {
  std::vector<const Field*> out;
  for (const std::span<const Field> list : {record::system_fields(), object.fields}) {
    for (const Field& field : list) {
      if (!(field.use & record::hidden)) out.push_back(&field);
    }
  }
  return out;
}

Result<void> View::prepare() {
  if (rows_.empty()) rows_ = HANDOFF_TRY(call_.parts.referrals.sub_statuses(call_.organization()));
  return {};
}

std::string View::url(const Found& found) const {
  return call_.path("/sobjects/" + std::string(found.record.object->name) + "/" + record::shown_id(found.record.id));
}

Json View::attributes(const Found& found) const {
  return Json::object({{"type", found.record.object->name}, {"url", url(found)}});
}

std::optional<Json> View::request_value(const Found& found, std::string_view name) const {
  if (!found.referral) return std::nullopt;
  const referral::Referral& r = *found.referral;
  if (name == "Name") return Json(r.number);
  if (name == "HandoffReferral__c") return Json(r.id.text());
  if (name == "Priority") {
    // As given while that is what it still means; a priority changed elsewhere shows as what it is now.
    const Json& given = found.record.field("Priority");
    const std::string now = r.content.reveal()["priority"].text_or();
    if (now == priority_of(given.text_or()).value_or("routine")) return given;
    return Json(priority_word(now));
  }
  if (name != "Status" && name != "IsAccepted" && name != "StatusReason") return std::nullopt;
  const RequestState state = state_of(r, rows_);
  if (name == "IsAccepted") return Json(state.accepted);
  if (name == "StatusReason") return state.reason ? Json(*state.reason) : found.record.field("StatusReason");
  // A word of the caller's own means Active, and shows as long as the referral is what Active means.
  const Json& given = found.record.field("Status");
  return state.status == "Active" && given.is_string() ? given : Json(state.status);
}

Json View::value(const Found& found, const Field& field) const {
  const record::Record& r = found.record;
  const std::string_view name = field.name;
  if (name == "Id") return record::shown_id(r.id);
  if (name == "IsDeleted") return false;
  if (name == "CreatedDate") return record::format_date_time(r.created_at);
  if (name == "LastModifiedDate" || name == "SystemModstamp") return record::format_date_time(found.changed_at());
  if (name == "OwnerId" || name == "CreatedById" || name == "LastModifiedById")
    return record::shown_id(record::derived_id("005", r.created_by));
  if (std::string_view(r.object->name) == "ClinicalServiceRequest") {
    if (auto value = request_value(found, name)) return *std::move(value);
  }
  if (name == "IsPersonAccount") return record::is_person(r);
  if (name == "Name") {
    const std::string made = record::name_of(r);
    return made.empty() ? Json() : Json(made);
  }
  if (name == "VersionData") return url(found) + "/VersionData";
  if (name == "IsLatest") return true;
  const Json& kept = r.field(name);
  if (kept.is_null() && field.type == FieldType::boolean) return false;
  return kept;
}

Json View::record(const Found& found, const std::vector<const Field*>& fields) const {
  Json out = Json::object({{"attributes", attributes(found)}});
  for (const Field* field : fields) out.set(field->name, value(found, *field));
  return out;
}

}  // namespace handoff::face::salesforce
