// POST …/connect/health/referral-management/referrals and guest-referrals. What is wrong is told in this order: JSON,
// unknown property, shape, required, limits, form of ids, kind of ids, existence, fields, duplicates; then all of it is
// written in one commit.
#include <algorithm>

#include "base/text.h"
#include "face/salesforce/duplicates.h"
#include "face/salesforce/handlers.h"
#include "face/salesforce/referral_body.h"
#include "face/salesforce/requests.h"
#include "record/record_id.h"
#include "record/value.h"

namespace handoff::face::salesforce {
namespace {

using exchange::CommandAnswer;
using exchange::OfficeUnit;
using record::Record;

constexpr const char* parties = "Account;Asset;HealthcareProvider;CareRegisteredDevice";
constexpr const char* codes = "CodeSet;CodeSetBundle";

const char* detail_records() {
  static const record::Field* field =
      record::find_field(*record::find_object("ClinicalServiceRequestDetail"), "DetailRecordId");
  return field->values;
}

// What stands in the body, with the fields read; their faults are told when it is their turn.
struct Read {
  ReferralBody body;
  std::optional<Json> patient, requester;  // fields of new ones
  Json request = Json::object();
  std::vector<std::optional<Json>> details;  // fields of new records, by entry
  Faults faults;
};

// A field's fault names the field, and stands in `fields` whichever part of the body it is in.
void read_all_fields(Read& read) {
  const auto of = [&](const char* object, const Json& fields) {
    return record::read_fields(*record::find_object(object), fields, record::Write::create, read.faults);
  };
  const ReferralBody& body = read.body;
  if (body.patient.fields && !body.patient.id) read.patient = of("Account", *body.patient.fields);
  if (body.requester && body.requester->fields && !body.requester->id)
    read.requester = of("Account", *body.requester->fields);
  // The patient is not told in the request's own fields.
  Json request = body.referral;
  request.erase("PatientId");
  Faults faults;
  read.request =
      record::read_fields(*record::find_object("ClinicalServiceRequest"), request, record::Write::create, faults);
  std::erase_if(faults, [](const Fault& f) { return f.code == "record.field_missing" && f.pointer == "/PatientId"; });
  read.faults.insert(read.faults.end(), faults.begin(), faults.end());
  for (const auto& detail : body.details) {
    read.details.emplace_back();
    if (!detail.fields) continue;
    const record::Object& object = *record::object_labelled(detail.record_type);
    Faults of_record;
    read.details.back() = record::read_fields(object, *detail.fields, record::Write::create, of_record);
    // Whose plan or condition it is, the service fills in.
    std::erase_if(of_record, [](const Fault& f) {
      return f.code == "record.field_missing" && (f.pointer == "/MemberId" || f.pointer == "/PatientId");
    });
    read.faults.insert(read.faults.end(), of_record.begin(), of_record.end());
  }
}

// The ids that the whole body names.
std::vector<std::string> named_ids(const Read& read) {
  std::vector<std::string> out;
  const auto add = [&](const std::optional<std::string>& id) {
    if (id) out.push_back(*id);
  };
  const auto add_fields = [&](const char* object, const std::optional<Json>& fields) {
    if (!fields) return;
    for (auto& id : ids_in(*record::find_object(object), *fields)) out.push_back(std::move(id));
  };
  add(read.body.patient.id);
  if (read.body.requester) add(read.body.requester->id);
  for (const auto& performer : read.body.performers) out.push_back(performer);
  for (std::size_t i = 0; i < read.body.details.size(); ++i) {
    const auto& detail = read.body.details[i];
    add(detail.record_id);
    add(detail.code_id);
    if (detail.fields) add_fields(record::object_labelled(detail.record_type)->name, read.details[i]);
  }
  add_fields("Account", read.patient);
  add_fields("Account", read.requester);
  add_fields("ClinicalServiceRequest", read.request);
  return out;
}

// Forms first, then kinds, then whether they are there: a fault of an earlier question hides those of later ones.
Faults first_rank(Faults faults) {
  const auto rank = [](const Fault& fault) {
    return fault.code == "record.id_malformed" ? 0 : fault.code == "record.id_of_another_object" ? 1 : 2;
  };
  int least = 2;
  for (const auto& fault : faults) least = std::min(least, rank(fault));
  std::erase_if(faults, [&](const Fault& fault) { return rank(fault) != least; });
  return faults;
}

struct Named {
  std::optional<Record> patient, requester;
  std::vector<Record> performers;              // without repetitions, in the order they were sent
  std::vector<std::optional<Record>> details;  // records and codes, by entry
};

Result<Named> look_up(OfficeUnit& unit, const Read& read) {
  Named out;
  Faults faults;
  const auto find = [&](const std::string& id, const char* objects,
                        const std::string& pointer) -> std::optional<Record> {
    const Record* found = referenced(unit, id, objects, pointer, faults);
    return found ? std::optional(*found) : std::nullopt;
  };
  const ReferralBody& body = read.body;
  if (body.patient.id) out.patient = find(*body.patient.id, "Account", "/Id");
  if (body.requester && body.requester->id) out.requester = find(*body.requester->id, parties, "/requester");
  std::vector<std::string> seen;
  for (const auto& id : body.performers) {
    if (std::find(seen.begin(), seen.end(), id) != seen.end()) continue;
    seen.push_back(id);
    if (auto found = find(id, parties, "/performers")) out.performers.push_back(*std::move(found));
  }
  for (const auto& detail : body.details) {
    out.details.emplace_back();
    if (detail.record_id) out.details.back() = find(*detail.record_id, detail_records(), "/detailRecordId");
    if (detail.code_id) out.details.back() = find(*detail.code_id, codes, "/detailCodeId");
  }
  if (!faults.empty()) return fault_error(first_rank(std::move(faults)));
  return out;
}

// Keeps a new record after its references have been looked at.
Result<Record> make_record(OfficeUnit& unit, const record::Object& object, Json fields) {
  Faults faults;
  check_references(unit, object, fields, faults);
  if (!faults.empty()) return fault_error(first_rank(std::move(faults)));
  Record made = new_record(unit, object, std::move(fields));
  part_of<record::Unit>(unit).save(made);
  return made;
}

// A detail as the referral carries it, and the record that ties it to a request.
struct Detail {
  Json shown;
  Json row;  // fields of a ClinicalServiceRequestDetail, without the request
};

Result<std::vector<Detail>> make_details(OfficeUnit& unit, const Read& read, const Named& named,
                                         const Record& patient) {
  std::vector<Detail> out;
  for (std::size_t i = 0; i < read.body.details.size(); ++i) {
    const DetailInput& detail = read.body.details[i];
    Detail made;
    made.row = Json::object({{"DetailType", detail.type}});
    if (detail.fields) {
      const record::Object& object = *record::object_labelled(detail.record_type);
      Json fields = *read.details[i];
      for (const char* whose : {"MemberId", "PatientId"}) {
        if (record::find_field(object, whose) && fields[whose].is_null())
          fields.set(whose, record::shown_id(patient.id));
      }
      const Record kept = HANDOFF_TRY(make_record(unit, object, std::move(fields)));
      // As it was sent, so that whoever reads the referral reads what the sender wrote.
      Json told = Json::object();
      for (const auto& [name, value] : read.details[i]->members()) told.set(name, value);
      made.shown = Json::object({{"type", detail.type}, {"recordType", object.label}, {"fields", std::move(told)}});
      made.row.set("DetailRecordId", record::shown_id(kept.id));
    } else {
      const Record& found = *named.details[i];
      made.shown = detail_of(detail.type, detail.record_type, found);
      made.row.set(detail.code_id ? "DetailCodeId" : "DetailRecordId", record::shown_id(found.id));
    }
    out.push_back(std::move(made));
  }
  return out;
}

struct Made {
  std::vector<std::string> ids;       // stored ones, of the requests
  std::vector<Duplicate> duplicates;  // where not empty, nothing was made
};

// Everything, in one unit of work.
Result<Made> make_all(Call& call, OfficeUnit& unit, const Read& read) {
  const Named named = HANDOFF_TRY(look_up(unit, read));
  if (!read.faults.empty()) return fault_error(read.faults);
  const record::Object& account = *record::find_object("Account");
  std::optional<Record> known = named.patient;
  if (!known && read.body.match) known = one_that_agrees(unit, *read.patient);
  if (!known) {
    const directory::Organization* organization = unit.organization(call.organization());
    if (organization && organization->block_duplicates) {
      Record probe;
      probe.object = &account;
      probe.fields = Private(*read.patient);
      Made blocked;
      blocked.duplicates = HANDOFF_TRY(duplicates_of(unit, *read.patient, registrant_of(probe)));
      if (!blocked.duplicates.empty()) return blocked;
    }
  }
  const Record patient = known ? *known : HANDOFF_TRY(make_record(unit, account, *read.patient));
  std::optional<Record> requester = named.requester;
  if (!requester && read.requester) requester = HANDOFF_TRY(make_record(unit, account, *read.requester));
  const auto details = HANDOFF_TRY(make_details(unit, read, named, patient));

  Faults faults;
  Json fields = read.request;
  check_references(unit, *record::find_object("ClinicalServiceRequest"), fields, faults);
  if (!faults.empty()) return fault_error(first_rank(std::move(faults)));
  std::vector<const Record*> performers;
  for (const auto& performer : named.performers) performers.push_back(&performer);
  if (performers.empty()) performers.push_back(nullptr);
  Made made;
  std::vector<std::string> kept;
  if (!known) kept.push_back(record::shown_id(patient.id));
  if (requester && !named.requester) kept.push_back(record::shown_id(requester->id));
  for (std::size_t i = 0; i < details.size(); ++i) {
    if (read.body.details[i].fields) kept.push_back(details[i].row["DetailRecordId"].text_or());
  }
  const auto add = [&](const Record& record) {
    part_of<record::Unit>(unit).save(record);
    kept.push_back(record::shown_id(record.id));
  };
  for (const Record* performer : performers) {
    NewRequest request;
    request.patient = &patient;
    request.requester = requester ? &*requester : nullptr;
    request.performer = performer;
    request.fields = fields;
    request.notes = read.body.notes;
    for (const auto& detail : details) request.details.push_back(detail.shown);
    const std::string id = HANDOFF_TRY(make_request(call, unit, request));
    const std::string shown = record::shown_id(id);
    kept.insert(kept.begin(), shown);
    for (const auto& detail : details) {
      Json row = detail.row;
      row.set("ClinicalServiceRequestId", shown);
      add(new_record(unit, *record::find_object("ClinicalServiceRequestDetail"), std::move(row)));
    }
    if (!read.body.notes.empty()) {
      add(new_record(unit, *record::find_object("AuthorNote"),
                     Json::object({{"ParentId", shown}, {"NoteText", read.body.notes}})));
    }
    made.ids.push_back(id);
  }
  audit_records(unit, "record.create", kept);
  return made;
}

}  // namespace

Result<net::Response> create_referrals(Call& call, bool guest) {
  HANDOFF_TRY(call.needs_scope("referrals.write"));
  const Json body = HANDOFF_TRY(call.read_json());
  Read read;
  read.body = HANDOFF_TRY(read_referral_body(call, body, guest));
  read_all_fields(read);
  exchange::Needs needs;
  auto records = std::make_shared<record::Needs>();
  records->read = named_ids(read);
  needs.rooms.push_back(records);
  const auto answer = HANDOFF_TRY(call.commit(needs, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    Json ids = Json::array();
    const Made made = HANDOFF_TRY(make_all(call, unit, read));
    if (!made.duplicates.empty()) return CommandAnswer{400, duplicates_answer(call, made.duplicates), std::nullopt, {}};
    for (const auto& id : made.ids) ids.push_back(record::shown_id(id));
    if (guest) {
      // By which a file finds its way to the referral: as FirstPublishLocationId of a ContentVersion.
      return CommandAnswer{201, Json::object({{"error", nullptr}, {"token", ids.items().front()}}), std::nullopt, {}};
    }
    return CommandAnswer{201, Json::object({{"error", nullptr}, {"referralIds", std::move(ids)}}), std::nullopt, {}};
  }));
  return json_answer(answer.status, answer.body);
}

}  // namespace handoff::face::salesforce
