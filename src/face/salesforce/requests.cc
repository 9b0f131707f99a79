#include "face/salesforce/requests.h"

#include <algorithm>

#include "base/text.h"
#include "face/salesforce/request_status.h"
#include "record/record_id.h"
#include "record/value.h"

namespace handoff::face::salesforce {
namespace {

using exchange::OfficeUnit;
using record::Field;
using record::FieldType;
using record::Record;
using referral::Category;
using referral::Referral;
using referral::Status;
using referral::Warning;

constexpr const char* own_detail = "Referral";  // the type of the detail that carries the request's own fields
constexpr const char* reopen_reason = "Made active again through the Salesforce API.";

// Fields of the request that stand elsewhere in the referral, or only tie records together.
bool stands_elsewhere(std::string_view name) {
  static constexpr std::array names{"PatientId", "RequesterId", "PerformerId", "Status", "Priority", "IsAccepted"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What the request says beyond what a referral has a place for, as one detail; null for nothing.
Json own_detail_of(OfficeUnit& unit, const Json& fields) {
  const record::Object& object = *record::find_object("ClinicalServiceRequest");
  Json said = Json::object();
  for (const Field& field : object.fields) {
    const Json& value = fields[field.name];
    if (value.is_null()) continue;
    if (field.type == FieldType::reference) {
      if (stands_elsewhere(field.name)) continue;
      const Record* named = part_of<record::Unit>(unit).record(value.text_or());
      const std::string name = named ? record::name_of(*named) : "";
      said.set(*field.parent ? field.parent : field.name, name.empty() ? value : Json(name));
      continue;
    }
    const std::string_view name = field.name;
    // A word of the caller's own is worth telling; the words of the list are said by the referral itself.
    const bool own_word =
        (name == "Status" && !status_word(value.text_or())) || (name == "Priority" && !priority_of(value.text_or()));
    if (!stands_elsewhere(name) || own_word) said.set(name, value);
  }
  if (said.size() == 0) return nullptr;
  return Json::object({{"type", own_detail}, {"recordType", object.label}, {"fields", std::move(said)}});
}

std::vector<Warning> warnings_about(const Json& fields) {
  std::vector<Warning> out;
  const auto unknown = [&](const char* name, bool known, const char* meant) {
    if (!fields[name].is_string() || known) return;
    out.push_back({std::string("/source/fields/") + name, "salesforce.unknown_word",
                   std::string("This ") + name + " is none of the usual ones; it is kept as given" + meant});
  };
  unknown("Status", status_word(fields["Status"].text_or()) != nullptr, " and treated as Active.");
  unknown("Priority", priority_of(fields["Priority"].text_or()).has_value(), " and treated as Routine.");
  unknown("Type", is_known_type(fields["Type"].text_or()), ".");
  return out;
}

Error no_sub_status(const char* what) {
  return fault_error({{"/Status", "referral.action_not_allowed",
                       std::string("The organization has no sub-status that means ") + what + "."}});
}

Error cannot_move(const char* from, const std::string& to) {
  return fault_error({{"/Status", "referral.action_not_allowed",
                       std::string("A request that is ") + from + " cannot become " + to + "."}});
}

// Brings the referral to where a Status points, from wherever it is.
Result<void> move(referral::Commands& commands, OfficeUnit& unit, const ReferralId& id, const StatusWord& word,
                  const std::string& reason) {
  const Referral* r = unit.referral(id);
  HANDOFF_ASSERT(r != nullptr);
  const auto rows = unit.sub_statuses(r->owner);
  const RequestState before = state_of(*r, rows);
  const bool discarded = r->status == Status::closed && !r->submitted_at;
  if (word.move == RequestMove::draft) {
    if (r->status == Status::draft) return {};
    return cannot_move(before.status.c_str(), word.word);
  }
  if (discarded) return word.move == RequestMove::err ? Result<void>() : cannot_move("discarded", word.word);
  const bool closes = *word.close_code != '\0';
  if (closes) {
    const std::string code = closing_code(word, reason, rows);
    if (code.empty()) return no_sub_status(word.word);
    if (r->status == Status::draft) {
      if (word.move != RequestMove::complete) return commands.close(unit, id, "entered_in_error", std::nullopt);
      HANDOFF_TRY(commands.submit(unit, id));
    }
    // Closed so already: only another reason is news.
    if (r->status == Status::closed && before.status == word.word && reason.empty()) return {};
    return commands.close(unit, id, code, std::nullopt);
  }
  if (r->status == Status::draft) {
    HANDOFF_TRY(commands.submit(unit, id));
  } else if (r->status == Status::closed) {
    HANDOFF_TRY(commands.reopen(unit, id, reason.empty() ? reopen_reason : reason));
  }
  r = unit.referral(id);
  const bool on_hold = r->category == Category::on_hold;
  if (on_hold == (word.move == RequestMove::hold)) return {};
  const bool was_accepted = r->accepted_once;
  const Category wanted = word.move == RequestMove::hold ? Category::on_hold
                          : was_accepted                 ? Category::accepted
                                                         : Category::received;
  const std::string code = code_of_category(wanted, rows);
  if (code.empty()) return no_sub_status(word.word);
  return commands.set_sub_status(unit, id, code);
}

Result<void> accept(referral::Commands& commands, OfficeUnit& unit, const ReferralId& id, bool accepted) {
  const Referral* r = unit.referral(id);
  // A draft is accepted by nobody, and what is closed says by its outcome whether it was.
  if (r->status == Status::draft || r->status == Status::closed) return {};
  const auto& rows = unit.sub_statuses(r->owner);
  if (state_of(*r, rows).accepted == accepted) return {};
  const std::string code = code_of_category(accepted ? Category::accepted : Category::received, rows);
  if (code.empty()) return no_sub_status(accepted ? "accepted" : "received");
  return commands.set_sub_status(unit, id, code);
}

// The provider's listing, else the client's, else the one every organization has.
Result<ListingId> listing_for(OfficeUnit& unit, const Record* performer) {
  const OrganizationId& organization = unit.actor().organization;
  const std::string named = performer ? performer->field("HandoffListing__c").text_or() : "";
  for (const std::string& text : {named, unit.actor().default_listing}) {
    if (text.empty()) continue;
    const auto id = ListingId::parse(text);
    const directory::Listing* listing = id ? unit.listing(*id) : nullptr;
    if (listing && listing->organization == organization) return listing->id;
    if (text == named) {
      return fault_error({{"/HandoffListing__c", "record.no_such_listing",
                           "The listing of the provider is none of this organization's."}});
    }
  }
  for (const directory::Listing* listing : unit.listings(organization)) {
    if (listing->name == directory::unassigned_listing_name) return listing->id;
  }
  return Error{Kind::internal, "store.broken", "Something went wrong on our side.", "no listing Unassigned", {}};
}

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

}  // namespace

Json registrant_of(const Record& account) {
  const auto& get = [&](const char* name) { return account.field(name); };
  Json main = get("Phone"), alternate = get("PersonMobilePhone");
  for (const char* other : {"PersonMobilePhone", "PersonHomePhone", "PersonOtherPhone"}) {
    if (main.is_null()) {
      main = get(other);
    } else if (alternate.is_null() && get(other) != main) {
      alternate = get(other);
    }
  }
  if (alternate == main) alternate = nullptr;
  Json identifiers = Json::array();
  const auto identifier = [&](const std::string& system, const Json& value) {
    if (value.is_string()) identifiers.push_back(Json::object({{"system", system}, {"value", value}}));
  };
  identifier("HealthCloudGA__MedicalRecordNumber__c", get("HealthCloudGA__MedicalRecordNumber__c"));
  identifier(get("HealthCloudGA__SourceSystem__c").text_or("HealthCloudGA__SourceSystemId__c"),
             get("HealthCloudGA__SourceSystemId__c"));
  Json gender = get("HealthCloudGA__Gender__pc");
  if (gender.is_null()) gender = get("PersonGenderIdentity");
  if (gender.is_string()) gender = ascii_lower(gender.string());
  Json first = get("FirstName"), last = get("LastName");
  // A business that is referred has its name alone.
  if (last.is_null()) last = get("Name");
  return Json::object({{"firstName", first},
                       {"middleName", get("MiddleName")},
                       {"lastName", last},
                       {"birthDate", get("PersonBirthdate")},
                       {"gender", gender},
                       {"preferredLanguage", get("HealthCloudGA__PrimaryLanguage__pc")},
                       {"address", Json::object({{"line", get("PersonMailingStreet")},
                                                 {"city", get("PersonMailingCity")},
                                                 {"province", get("PersonMailingState")},
                                                 {"country", get("PersonMailingCountry")},
                                                 {"postalCode", get("PersonMailingPostalCode")}})},
                       {"phones", Json::object({{"main", main}, {"alternate", alternate}})},
                       {"email", get("PersonEmail")},
                       {"identifiers", std::move(identifiers)}});
}

Json requester_of(const Record& requester) {
  const bool person = record::is_person(requester);
  Json phone = requester.field("Phone");
  // A requester's phone that no phone can be is no reason to refuse a patient's referral.
  if (phone.is_string() && phone.string().find_first_of("0123456789") == std::string::npos) phone = nullptr;
  return Json::object({{"firstName", person ? requester.field("FirstName") : Json()},
                       {"lastName", person ? requester.field("LastName") : Json()},
                       {"organization", person ? Json() : text_or_null(record::name_of(requester))},
                       {"phone", phone},
                       {"email", requester.field("PersonEmail")}});
}

Json detail_of(const std::string& type, const std::string& record_type, const Record& r) {
  Json fields = Json::object();
  for (const Field& field : r.object->fields) {
    const Json& value = r.field(field.name);
    const bool data = field.type != FieldType::reference && field.type != FieldType::base64;
    if (value.is_null() || !data || (field.use & record::hidden)) continue;
    fields.set(field.name, value);
  }
  fields.set("Id", record::shown_id(r.id));
  return Json::object({{"type", type},
                       {"recordType", record_type.empty() ? std::string(r.object->label) : record_type},
                       {"fields", std::move(fields)}});
}

Record new_record(OfficeUnit& unit, const record::Object& object, Json fields) {
  Record out;
  out.organization = unit.actor().organization;
  out.id = part_of<record::Unit>(unit).fresh_id(object);
  out.object = &object;
  out.fields = Private(std::move(fields));
  out.version = 1;
  out.created_at = out.updated_at = unit.now();
  out.created_by = unit.actor().id;
  return out;
}

void audit_records(OfficeUnit& unit, const char* action, const std::vector<std::string>& ids) {
  if (ids.empty()) return;
  Json told = Json::array();
  for (const auto& id : ids) told.push_back(id);
  unit.audit(unit.actor().organization, action, "record", ids.front(), Json::object({{"ids", std::move(told)}}));
}

std::vector<std::string> ids_in(const record::Object& object, const Json& fields) {
  std::vector<std::string> out;
  for (const auto& [name, value] : fields.members()) {
    const Field* field = record::find_field(object, name);
    if (field && field->type == FieldType::reference && value.is_string()) out.push_back(value.string());
  }
  return out;
}

const Record* referenced(OfficeUnit& unit, const std::string& id, const char* objects, const std::string& pointer,
                         Faults& faults) {
  const auto names = record::words_of(objects);
  const auto fits = [&](std::string_view object) {
    return std::find(names.begin(), names.end(), object) != names.end();
  };
  const auto fault = [&](const char* code, const std::string& message) -> const Record* {
    faults.push_back({pointer, code, message});
    return nullptr;
  };
  const std::string wrong = join(names, " or ") + " ID: id value of incorrect type: " + id;
  if (!record::has_id_form(id)) return fault("record.id_malformed", wrong);
  if (const Record* found = part_of<record::Unit>(unit).record(id)) {
    return fits(found->object->name) ? found : fault("record.id_of_another_object", wrong);
  }
  // Nobody knows it. Its beginning may say that it never could have stood here.
  const std::string_view object = record::object_name_of_prefix(id);
  if (!fits(object)) return fault("record.id_of_another_object", wrong);
  if (!record::plain_id(id)) return fault("record.id_malformed", wrong);
  return fault("salesforce.unknown_reference", "invalid cross reference id: " + id);
}

void check_references(OfficeUnit& unit, const record::Object& object, Json& fields, Faults& faults) {
  const Json given = fields;
  for (const auto& [name, value] : given.members()) {
    const Field* field = record::find_field(object, name);
    if (!field || field->type != FieldType::reference || !value.is_string()) continue;
    const auto names = record::words_of(field->values);
    const bool kept_here = std::any_of(names.begin(), names.end(),
                                       [](const std::string& each) { return record::find_object(each) != nullptr; });
    if (!kept_here) continue;  // record types, plans, identifiers: taken as they are
    if (const Record* found = referenced(unit, value.string(), field->values, "/" + name, faults))
      fields.set(name, record::shown_id(found->id));
  }
}

Result<std::string> make_request(Call& call, OfficeUnit& unit, const NewRequest& input) {
  HANDOFF_ASSERT(input.patient != nullptr);
  Json fields = input.fields;
  const std::string status = fields["Status"].text_or("Active");
  const StatusWord* word = status_word(status);
  if (fields["Type"].is_null()) fields.set("Type", "Order");

  referral::NewReferral made;
  made.listing = HANDOFF_TRY(listing_for(unit, input.performer));
  made.method = referral::Method::salesforce;
  made.source_name = fields["SourceSystem"].text_or(call.actor.name);
  made.draft = word && word->move == RequestMove::draft;
  made.warnings = warnings_about(fields);
  Json details = input.details;
  if (input.performer) {
    const std::string name = record::name_of(*input.performer);
    details.push_back(
        Json::object({{"type", "Performer"},
                      {"recordType", input.performer->object->label},
                      {"fields", name.empty() ? Json::object({{"Id", record::shown_id(input.performer->id)}})
                                              : Json::object({{"Name", name}})}}));
  }
  // Last, as a change puts it, so that a change of something else leaves the list as it is.
  if (Json own = own_detail_of(unit, fields); !own.is_null()) details.push_back(std::move(own));
  made.content = Json::object({{"registrant", registrant_of(*input.patient)},
                               {"priority", priority_of(fields["Priority"].text_or()).value_or("routine")},
                               {"notes", text_or_null(input.notes)},
                               {"details", std::move(details)}});
  if (input.requester) made.content.set("requester", requester_of(*input.requester));
  const ReferralId id = HANDOFF_TRY(call.parts.commands.create(unit, made));
  if (word && !made.draft) HANDOFF_TRY(move(call.parts.commands, unit, id, *word, fields["StatusReason"].text_or()));
  if (fields["IsAccepted"].bool_or(false)) HANDOFF_TRY(accept(call.parts.commands, unit, id, true));

  // What the referral tells by itself is not kept twice; a word of the caller's own is.
  if (word && word->move != RequestMove::open) fields.erase("Status");
  if (status == "Active") fields.erase("Status");
  fields.erase("IsAccepted");
  fields.set("PatientId", record::shown_id(input.patient->id));
  if (input.requester) fields.set("RequesterId", record::shown_id(input.requester->id));
  if (input.performer) fields.set("PerformerId", record::shown_id(input.performer->id));
  Record request = new_record(unit, *record::find_object("ClinicalServiceRequest"), std::move(fields));
  request.referral = id;
  part_of<record::Unit>(unit).save(request);
  return request.id;
}

Result<void> change_request(Call& call, OfficeUnit& unit, const Record& before, const Json& fields) {
  HANDOFF_ASSERT(before.referral.has_value());
  const ReferralId id = *before.referral;
  if (unit.referral(id) == nullptr)
    return Error{Kind::not_found, "salesforce.no_such_record", "The requested resource does not exist", {}, {}};
  Record after = before;
  Json kept = merge_patch(before.fields.reveal(), fields);
  // A reason belongs to the status it came with.
  if (fields.contains("Status") && !fields.contains("StatusReason")) kept.erase("StatusReason");
  Json patch = Json::object();
  if (fields.contains("Priority")) patch.set("priority", priority_of(fields["Priority"].text_or()).value_or("routine"));
  Json details = Json::array();
  for (const Json& detail : unit.referral(id)->content.reveal()["details"].items()) {
    if (detail["type"].text_or() != own_detail) details.push_back(detail);
  }
  if (Json own = own_detail_of(unit, kept); !own.is_null()) details.push_back(std::move(own));
  patch.set("details", std::move(details));
  HANDOFF_TRY(call.parts.commands.edit(unit, id, patch));
  HANDOFF_TRY(call.parts.commands.warn(unit, id, warnings_about(kept)));

  const std::string reason = fields["StatusReason"].text_or();
  if (fields["Status"].is_string()) {
    const std::string& status = fields["Status"].string();
    static const StatusWord& active = *status_word("Active");
    const StatusWord* word = status_word(status);
    HANDOFF_TRY(move(call.parts.commands, unit, id, word ? *word : active, reason));
    if (word && (word->move != RequestMove::open || ascii_equal_fold(word->word, "Active"))) kept.erase("Status");
  } else if (!reason.empty() && unit.referral(id)->status == Status::closed) {
    // Another reason of the same outcome.
    const auto& rows = unit.sub_statuses(unit.referral(id)->owner);
    if (const StatusWord* word = status_word(state_of(*unit.referral(id), rows).status))
      HANDOFF_TRY(move(call.parts.commands, unit, id, *word, reason));
  }
  if (fields["IsAccepted"].is_bool())
    HANDOFF_TRY(accept(call.parts.commands, unit, id, fields["IsAccepted"].boolean()));
  kept.erase("IsAccepted");
  after.fields = Private(std::move(kept));
  after.version += 1;
  after.updated_at = unit.now();
  part_of<record::Unit>(unit).save(after);
  return {};
}

}  // namespace handoff::face::salesforce
