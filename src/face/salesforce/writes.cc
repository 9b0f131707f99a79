#include "face/salesforce/writes.h"

#include <algorithm>

#include "base/text.h"
#include "face/file_type.h"
#include "record/record_id.h"
#include "record/value.h"

namespace handoff::face::salesforce {
namespace {

using exchange::OfficeUnit;
using record::Record;

constexpr std::string_view request_object = "ClinicalServiceRequest";

bool is(const record::Object& object, std::string_view name) { return name == object.name; }

std::shared_ptr<record::Needs> record_needs(exchange::Needs& needs) {
  auto made = std::make_shared<record::Needs>();
  needs.rooms.push_back(made);
  return made;
}

// The referral behind the request that a field names: it must be loaded to be written to.
Result<void> need_referral_of(Call& call, const Json& id, exchange::Needs& needs) {
  if (!id.is_string()) return {};
  for (const auto& found : HANDOFF_TRY(call.parts.records.by_ids(call.organization(), {id.string()}))) {
    if (found.record.referral) needs.referrals.push_back(*found.record.referral);
  }
  return {};
}

// The field by which a record hangs on a request; "" for none.
const char* parent_field(const record::Object& object) {
  if (is(object, "AuthorNote")) return "ParentId";
  if (is(object, "ClinicalServiceRequestDetail")) return "ClinicalServiceRequestId";
  if (is(object, "ContentVersion")) return "FirstPublishLocationId";
  return "";
}

Result<SavedFile> store_file(Call& call, const Json& fields) {
  const auto bytes = base64_decode(fields["VersionData"].text_or());
  SavedFile file;
  file.name = clean_file_name(fields["PathOnClient"].text_or());
  if (!bytes || bytes->empty()) return fault_error({{"/VersionData", "attachment.empty", "The file is empty."}});
  if (bytes->size() > call.parts.settings.file_bytes_max)
    return Error{Kind::too_large, "attachment.too_large", "A file has at most 25 MB.", {}, {}};
  auto type = settled_type(std::string_view(*bytes).substr(0, sniffed_bytes), "");
  file.content_type = type ? *type : "application/octet-stream";
  file.size = bytes->size();
  file.md5 = hex(md5(*bytes));
  file.sha256 = HANDOFF_TRY(
      call.parts.files.put(call.organization(), bytes->size(), [&](std::uint64_t offset, std::size_t size_max) {
        const auto from = static_cast<std::size_t>(std::min<std::uint64_t>(offset, bytes->size()));
        return Result<std::string>(bytes->substr(from, size_max));
      }));
  return file;
}

Result<std::string> make_file(Call& call, OfficeUnit& unit, const RecordWrite& write, Json fields) {
  const Record* place = part_of<record::Unit>(unit).record(fields["FirstPublishLocationId"].text_or());
  if (!place || !place->referral) {
    return fault_error({{"/FirstPublishLocationId", "salesforce.not_allowed_here",
                         "A file belongs to a request: send the id of a ClinicalServiceRequest."}});
  }
  const SavedFile& file = *write.file;
  const referral::Attachment attachment{AttachmentId::make(unit.now(), unit.random()),
                                        Text(file.name),
                                        file.content_type,
                                        file.size,
                                        file.sha256,
                                        std::nullopt};
  HANDOFF_TRY(call.parts.commands.attach(unit, *place->referral, {attachment}, {}));
  const auto dot = file.name.rfind('.');
  fields.erase("VersionData");
  fields.set("ContentSize", file.size);
  fields.set("Checksum", file.md5);
  fields.set("VersionNumber", "1");
  if (dot != std::string::npos) fields.set("FileExtension", ascii_lower(file.name.substr(dot + 1)));
  fields.set("FileType", file.content_type);
  fields.set("AttachmentId", attachment.id.text());  // ours, not among the object's fields
  Record record = new_record(unit, *write.object, std::move(fields));
  Json kept = record.fields.reveal();
  kept.set("ContentDocumentId", record::shown_id("069" + record.id.substr(3)));
  record.fields = Private(std::move(kept));
  part_of<record::Unit>(unit).save(record);
  return record.id;
}

Result<std::string> make_request_from(Call& call, OfficeUnit& unit, const Json& fields) {
  auto& records = part_of<record::Unit>(unit);
  const auto named = [&](const char* field) {
    return fields[field].is_string() ? records.record(fields[field].string()) : nullptr;
  };
  NewRequest input;
  const Record* patient = named("PatientId");
  HANDOFF_ASSERT(patient != nullptr);  // a required reference, checked
  // What the unit answers is valid until the next save.
  const Record patient_copy = *patient;
  std::optional<Record> requester, performer;
  if (const Record* found = named("RequesterId")) requester = *found;
  if (const Record* found = named("PerformerId")) performer = *found;
  input.patient = &patient_copy;
  input.requester = requester ? &*requester : nullptr;
  input.performer = performer ? &*performer : nullptr;
  input.fields = fields;
  return make_request(call, unit, input);
}

}  // namespace

Error no_such_record() {
  return Error{Kind::not_found, "salesforce.no_such_record", "The requested resource does not exist", {}, {}};
}

Result<const record::Object*> object_named(const std::string& name) {
  const record::Object* object = record::find_object(name);
  if (object == nullptr)
    return Error{Kind::not_found, "salesforce.no_such_resource", "The requested resource does not exist", {}, {}};
  return object;
}

void add_needs(exchange::Needs& into, const exchange::Needs& needs) {
  into.referrals.insert(into.referrals.end(), needs.referrals.begin(), needs.referrals.end());
  into.listings.insert(into.listings.end(), needs.listings.begin(), needs.listings.end());
  into.rooms.insert(into.rooms.end(), needs.rooms.begin(), needs.rooms.end());
}

Result<RecordWrite> prepare_create(Call& call, const record::Object& object, const Json& fields) {
  Faults faults;
  RecordWrite write;
  write.object = &object;
  write.fields = record::read_fields(object, fields, record::Write::create, faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  record_needs(write.needs)->read = ids_in(object, write.fields);
  if (const char* parent = parent_field(object); *parent)
    HANDOFF_TRY(need_referral_of(call, write.fields[parent], write.needs));
  if (is(object, "ContentVersion")) write.file = HANDOFF_TRY(store_file(call, write.fields));
  return write;
}

Result<RecordWrite> prepare_change(Call& call, const record::Object& object, const std::string& id,
                                   const Json& fields) {
  const auto found = HANDOFF_TRY(call.parts.records.by_ids(call.organization(), {id}));
  if (found.empty() || found.front().record.object != &object) return no_such_record();
  Faults faults;
  RecordWrite write;
  write.object = &object;
  write.id = id;
  write.fields = record::read_fields(object, fields, record::Write::change, faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  const auto needs = record_needs(write.needs);
  needs->changing = {id};
  needs->read = ids_in(object, write.fields);
  if (found.front().record.referral) {
    write.needs.referrals.push_back(*found.front().record.referral);
    // The detail that says what the request says names these records.
    for (auto& named : ids_in(object, found.front().record.fields.reveal())) needs->read.push_back(std::move(named));
  }
  return write;
}

namespace {

Result<std::string> write_record(Call& call, OfficeUnit& unit, const RecordWrite& write) {
  Faults faults;
  Json fields = write.fields;
  check_references(unit, *write.object, fields, faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  auto& records = part_of<record::Unit>(unit);
  if (!write.id.empty()) {
    const Record* before = records.record(write.id);
    if (before == nullptr || before->object != write.object) return no_such_record();
    const Record standing = *before;
    if (standing.referral) {
      HANDOFF_TRY(change_request(call, unit, standing, fields));
      return standing.id;
    }
    Record after = standing;
    Json merged = merge_patch(standing.fields.reveal(), fields);
    if (is(*write.object, "Account") && merged["LastName"].is_null() && merged["Name"].is_null()) {
      const char* needed = record::is_person(standing) ? "LastName" : "Name";
      return fault_error({{std::string("/") + needed, "record.field_missing", "An account keeps its name."}});
    }
    after.fields = Private(std::move(merged));
    after.version += 1;
    after.updated_at = unit.now();
    records.save(after);
    return after.id;
  }
  if (is(*write.object, request_object)) return make_request_from(call, unit, fields);
  if (write.file) return make_file(call, unit, write, std::move(fields));

  const char* parent = parent_field(*write.object);
  if (*parent) {
    const Record* request = records.record(fields[parent].text_or());
    HANDOFF_ASSERT(request != nullptr);  // a required reference, checked
    if (!request->referral || unit.referral(*request->referral) == nullptr) return no_such_record();
    const ReferralId referral = *request->referral;
    if (is(*write.object, "AuthorNote")) {
      HANDOFF_TRY(call.parts.commands.note(unit, referral, fields["NoteText"].text_or()));
    } else {
      const Json& named = fields["DetailRecordId"].is_null() ? fields["DetailCodeId"] : fields["DetailRecordId"];
      Json details = unit.referral(referral)->content.reveal()["details"];
      const Record* detail = named.is_string() ? records.record(named.string()) : nullptr;
      details.push_back(
          detail ? detail_of(fields["DetailType"].text_or(), "", *detail)
                 : Json::object({{"type", fields["DetailType"]}, {"recordType", nullptr}, {"fields", Json::object()}}));
      HANDOFF_TRY(call.parts.commands.edit(unit, referral, Json::object({{"details", std::move(details)}})));
    }
  }
  const Record made = new_record(unit, *write.object, std::move(fields));
  records.save(made);
  return made.id;
}

}  // namespace

Result<std::string> run_write(Call& call, OfficeUnit& unit, const RecordWrite& write) {
  std::string id = HANDOFF_TRY(write_record(call, unit, write));
  audit_records(unit, write.id.empty() ? "record.create" : "record.change", {record::shown_id(id)});
  return id;
}

}  // namespace handoff::face::salesforce
