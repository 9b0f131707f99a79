#include "connector/salesforce/content.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "connector/salesforce/record_id.h"
#include "connector/settings.h"

namespace handoff::connector::salesforce {

using exchange::FieldRule;
using exchange::Mapping;
using exchange::WritePolicy;

namespace {

constexpr std::size_t note_characters_max = 32'000;  // of a long text area
constexpr const char* type_variable = "settings.defaultType";
constexpr const char* product = "Salesforce Health Cloud";

FieldRule field(const char* target, const char* label, const char* source, std::size_t length_max,
                std::vector<std::string> aliases = {}) {
  FieldRule rule;
  rule.target = target;
  rule.label = label;
  rule.source = source;
  if (length_max > 0) rule.length_max = length_max;
  rule.aliases = std::move(aliases);
  return rule;
}
FieldRule written_once(FieldRule rule) {
  rule.write = WritePolicy::once;
  return rule;
}
FieldRule worded(FieldRule rule, std::map<std::string, std::string> values) {
  rule.values = std::move(values);
  return rule;
}

std::map<std::string, std::string> status_words(const Options& options) {
  const std::string& open = options.status;
  return {{"requested", open},
          {"ready", open},
          {"received", open},
          {"accepted", open},
          {"in_progress", open},
          {"on_hold", "On-Hold"},
          {"completed", "Completed"},
          {"rejected", "Revoked"},
          {"cancelled", "Revoked"},
          {"failed", "Revoked"},
          {"entered_in_error", "Entered-in-Error"}};
}

// --- details ---------------------------------------------------------------------------------------------------------

// What a Member Plan takes from outside. A field that an org does not know would refuse the whole referral, so that
// only these are sent; everything else stands in the notes.
struct PlanField {
  const char* name;
  std::size_t length_max;
  const char* words;  // "A;B" where only those are taken
};
constexpr std::array plan_fields{
    PlanField{"Name", 255, ""},
    PlanField{"MemberNumber", 64, ""},
    PlanField{"GroupNumber", 64, ""},
    PlanField{"IssuerNumber", 64, ""},
    PlanField{"EffectiveFrom", 10, "date"},
    PlanField{"EffectiveTo", 10, "date"},
    PlanField{"PrimarySecondaryTertiary", 255, "Primary;Secondary;Tertiary"},
    PlanField{"RelationshipToSubscriber", 255, "Self;Spouse;Child;Unknown;Other Relationship"},
    PlanField{"VerificationStatus", 255, "Active - Verified;Rejected;Not Checked;Unknown;Inactive"},
    PlanField{"Notes", 32'000, ""},
};

bool is_taken(const PlanField& field, const std::string& text) {
  if (trim(text).empty() || utf8_length(text) > field.length_max) return false;
  const std::string_view words = field.words;
  if (words.empty()) return true;
  if (words == "date") return Date::parse(text).has_value();
  const auto all = split(words, ';');
  return std::find(all.begin(), all.end(), text) != all.end();
}

// A Member Plan of insurance is told as one; what it does not take, and details of any other kind, stay for the notes.
// Record ids in details are of another system and mean nothing to this org.
std::optional<Json> member_plan(const Json& detail, const std::string& path, std::set<std::string, std::less<>>& told) {
  if (!detail.is_object() || detail["type"].text_or() != "Insurance") return {};
  const std::string record_type = detail["recordType"].text_or();
  if (!record_type.empty() && record_type != "Member Plan") return {};
  Json fields = Json::object();
  std::vector<std::string> paths;
  for (const PlanField& field : plan_fields) {
    const Json& value = detail["fields"][field.name];
    const std::string text = value.is_number() ? value.number_text() : value.text_or();
    if (!is_taken(field, text)) continue;
    fields.set(field.name, text);
    paths.push_back(path + ".fields." + field.name);
  }
  if (!fields.contains("Name")) return {};  // a plan without a name is refused
  told.insert(paths.begin(), paths.end());
  return Json::object(
      {{"detailType", "Insurance"}, {"detailRecordType", "Member Plan"}, {"fields", std::move(fields)}});
}

// --- acceptance ------------------------------------------------------------------------------------------------------

// Where each event is told, the org learns whether the case was taken on here. In the other modes the org is the one
// who accepts, and its word must not be mistaken for ours.
std::optional<bool> accepted_here(const referral::Snapshot& snapshot) {
  using referral::Category;
  if (!snapshot.referral.category) return {};
  switch (*snapshot.referral.category) {
    case Category::accepted:
    case Category::in_progress:
    case Category::completed: return true;
    case Category::rejected: return false;
    case Category::requested:
    case Category::ready:
    case Category::received: return snapshot.referral.status == referral::Status::booked;
    default: return {};
  }
}

bool is_field_name(std::string_view name) {
  return !name.empty() && !(name.front() >= '0' && name.front() <= '9') &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return c == '_' || is_alphanumeric({&c, 1});
         });
}

}  // namespace

Mapping own_mapping(const Options& options) {
  Mapping mapping;
  FieldRule status = worded(field("referral.Status", "Status", "subStatus.category", 40), status_words(options));
  status.fallback = options.status;
  mapping.fields = {
      field("patient.id", "Patient", "answers.salesforcePatientId", 0),
      field("patient.FirstName", "First Name", "registrant.firstName", 40),
      field("patient.LastName", "Last Name", "registrant.lastName", 80),
      field("patient.PersonBirthdate", "Birthdate", "registrant.birthDate", 10, {"Date of birth", "Birth date"}),
      field("patient.Phone", "Phone", "registrant.phones.main", 40),
      field("patient.PersonOtherPhone", "Other Phone", "registrant.phones.alternate", 40),
      field("patient.PersonEmail", "Email", "registrant.email", 80),
      field("patient.PersonMailingStreet", "Mailing Street", "registrant.address.line", 255, {"Street"}),
      field("patient.PersonMailingCity", "Mailing City", "registrant.address.city", 40, {"City"}),
      field("patient.PersonMailingState", "Mailing State/Province", "registrant.address.province", 80,
            {"State", "Province"}),
      field("patient.PersonMailingPostalCode", "Mailing Zip/Postal Code", "registrant.address.postalCode", 20,
            {"Postal code", "Zip"}),
      field("patient.PersonMailingCountry", "Mailing Country", "registrant.address.country", 80, {"Country"}),
      worded(field("referral.Priority", "Priority", "priority", 40),
             {{"routine", "Routine"}, {"urgent", "Urgent"}, {"asap", "ASAP"}, {"stat", "Stat"}}),
      std::move(status),
      written_once(field("referral.Type", "Type", type_variable, 40)),
      field("referral.StartDate", "Start Date", "appointment.start", 0),
      written_once(field("referral.DateSigned", "Date Signed", "createdAt", 0)),
      field("referral.SourceSystemModified", "Source System Modified", "updatedAt", 0),
  };
  mapping.note = exchange::NoteRule{note_target, "Referral Notes", note_characters_max};
  return mapping;
}

Mapping mapping_with(const Options& options, const Json& overrides, Faults& faults) {
  const Mapping own = own_mapping(options);
  Mapping mapping = overridden(own, overrides, {product, true, {type_variable}}, faults);
  // Words are changed one by one: what an integration does not name keeps the connector's own. A default is a word of
  // theirs already.
  for (std::size_t i = 0; i < own.fields.size(); ++i) {
    FieldRule& rule = mapping.fields[i];
    if (own.fields[i].values.empty() || rule.source != own.fields[i].source) continue;
    rule.values.insert(own.fields[i].values.begin(), own.fields[i].values.end());
    if (rule.fallback) rule.values.emplace(*rule.fallback, *rule.fallback);
  }
  for (const FieldRule& rule : mapping.fields) {
    const std::string_view target = rule.target;
    const bool patient = target.starts_with(patient_prefix), referral = target.starts_with(referral_prefix);
    const std::string_view name = target.substr(target.find('.') + 1);
    const bool ours = name == "SourceSystem" || name == "SourceSystemIdentifier" || name == "PatientId";
    if ((!patient && !referral) || !is_field_name(name)) {
      faults.push_back({"/mapping/fields", "connector.field_unknown",
                        "\"" + rule.target +
                            "\" is no field of an org: write patient.NAME for a field of the patient's account, or "
                            "referral.NAME for one of ClinicalServiceRequest, with the API name."});
    } else if (referral && ours) {
      faults.push_back({"/mapping/fields", "connector.field_unknown",
                        "\"" + rule.target + "\" is written by the connector and cannot be mapped."});
    }
  }
  return mapping;
}

Content content_of(const exchange::DeliveryView& delivery, const Options& options, const ContentContext& context) {
  static const Json none;
  const referral::Snapshot& snapshot = *delivery.snapshot;
  Content content;
  exchange::MapContext around;
  around.variables = {{type_variable, options.type}};
  around.destination = product;
  around.update = context.update;
  around.filled = context.filled;
  around.summary_follows = context.summary_follows;
  around.note_length_max = context.note_length_max;
  if (delivery.retraction) around.notices.emplace_back(retraction_sentence);
  if (const Json& details = snapshot.referral.content.reveal()["details"]; details.is_array()) {
    for (std::size_t i = 0; i < details.size(); ++i) {
      if (auto plan = member_plan(details.items()[i], "details." + std::to_string(i), around.told))
        content.details.push_back(*std::move(plan));
    }
  }
  Faults ignored;  // check() told them when the integration was saved
  const Mapping mapping = mapping_with(options, delivery.mapping == nullptr ? none : *delivery.mapping, ignored);
  exchange::Mapped mapped = exchange::map_referral(mapping, snapshot, around);
  content.note = mapped.note;
  content.note_cut = mapped.note_cut;
  content.missing = std::move(mapped.missing);
  for (exchange::MappedValue& value : mapped.values) {
    const std::string_view target = value.target;
    (value.value.is_null() ? content.blank : content.filled).push_back(value.target);
    if (target == "patient.id") {
      content.patient_id = value.value.text_or();
    } else if (target.starts_with(patient_prefix)) {
      content.patient.set(target.substr(std::string_view(patient_prefix).size()), std::move(value.value));
    } else if (target.starts_with(referral_prefix)) {
      content.referral.set(target.substr(std::string_view(referral_prefix).size()), std::move(value.value));
    }
  }
  if (content.patient_id && !is_record_id(*content.patient_id)) {
    content.missing.push_back({"/answers/salesforcePatientId", "connector.patient_id",
                               "The patient's record id has 15 or 18 letters and digits, as Salesforce shows it."});
  }
  if (!options.patient_record_type.empty() && !context.update)
    content.patient.set("RecordTypeId", options.patient_record_type);
  if (delivery.kind == exchange::DeliveryKind::event && !content.referral.contains("IsAccepted")) {
    if (const auto accepted = accepted_here(snapshot)) content.referral.set("IsAccepted", *accepted);
  }
  if (delivery.retraction) content.referral.set("Status", "Entered-in-Error");
  return content;
}

}  // namespace handoff::connector::salesforce
