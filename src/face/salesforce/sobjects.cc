// One record: retrieve, create, change, and the bytes of a file.
#include "base/text.h"
#include "face/salesforce/handlers.h"
#include "face/salesforce/view.h"
#include "face/salesforce/writes.h"
#include "net/multipart.h"
#include "net/uri.h"
#include "record/record_id.h"

namespace handoff::face::salesforce {
namespace {

using exchange::CommandAnswer;
using exchange::OfficeUnit;

constexpr std::size_t entity_max = 1024 * 1024, download_piece = 256 * 1024;

Json created_json(const std::string& stored_id) {
  return Json::object({{"id", record::shown_id(stored_id)}, {"success", true}, {"errors", Json::array()}});
}

// A ContentVersion as multipart/form-data: the record as JSON in the first part, the bytes in VersionData.
Result<Json> read_multipart_file(Call& call) {
  const net::Body& body = *call.request.body;
  const auto parts = HANDOFF_TRY(net::parse_multipart(body, call.request.headers.get("Content-Type")));
  Json fields;
  std::optional<std::string> bytes, name;
  for (const auto& part : parts) {
    if (part.name == "VersionData") {
      bytes = HANDOFF_TRY(body.read(part.offset, static_cast<std::size_t>(part.size)));
      if (!part.file_name.empty()) name = part.file_name;
    } else if (fields.is_null() && part.size <= entity_max) {
      auto parsed = Json::parse(HANDOFF_TRY(body.read(part.offset, static_cast<std::size_t>(part.size))),
                                call.parts.settings.json);
      if (!parsed) return Error{Kind::malformed, "salesforce.unreadable", parsed.error().for_caller, {}, {}};
      fields = std::move(*parsed);
    }
  }
  if (!fields.is_object() || !bytes) {
    return Error{Kind::malformed,
                 "salesforce.unreadable",
                 "Send the record as JSON in one part and the bytes as VersionData in another.",
                 {},
                 {}};
  }
  if (name && fields["PathOnClient"].is_null()) fields.set("PathOnClient", *name);
  fields.set("VersionData", base64(*bytes));
  return fields;
}

Result<Json> read_record(Call& call, const record::Object& object) {
  const bool form = net::media_type(call.request.headers.get("Content-Type")) == "multipart/form-data";
  if (form && std::string_view(object.name) == "ContentVersion") return read_multipart_file(call);
  Json body = HANDOFF_TRY(call.read_json());
  if (!body.is_object()) return call.unreadable("", "Cannot deserialize instance of " + std::string(object.name));
  return body;
}

}  // namespace

Result<net::Response> retrieve(Call& call, const std::string& name, const std::string& id) {
  HANDOFF_TRY(call.needs_scope("referrals.read"));
  const record::Object* object = HANDOFF_TRY(object_named(name));
  std::vector<const record::Field*> fields = every_field(*object);
  if (const std::string* wanted = call.parameter("fields")) {
    fields.clear();
    Faults faults;
    for (const auto& each : split(*wanted, ',')) {
      const std::string field_name(trim(each));
      if (field_name.empty()) continue;
      if (const record::Field* field = record::find_field(*object, field_name)) {
        fields.push_back(field);
      } else {
        faults.push_back({"/" + field_name, "record.unknown_field",
                          "No such column '" + field_name + "' on sobject of type " + object->name});
      }
    }
    if (!faults.empty()) return fault_error(std::move(faults));
    // Where fields are asked for by name, the id comes with them.
    if (std::none_of(fields.begin(), fields.end(),
                     [](const auto* each) { return each->name == std::string_view("Id"); }))
      fields.push_back(record::find_field(*object, "Id"));
  }
  if (!record::has_id_form(id)) {
    return fault_error(
        {{"/Id", "record.id_malformed", std::string(object->label) + " ID: id value of incorrect type: " + id}});
  }
  const auto found = HANDOFF_TRY(call.parts.records.by_ids(call.organization(), {id}));
  if (found.empty()) {
    const std::string_view other = record::object_name_of_prefix(id);
    if (!other.empty() && other != object->name) {
      return fault_error({{"/Id", "record.id_of_another_object",
                           std::string(object->label) + " ID: id value of incorrect type: " + id}});
    }
    return no_such_record();
  }
  if (found.front().record.object != object) {
    return fault_error({{"/Id", "record.id_of_another_object",
                         std::string(object->label) + " ID: id value of incorrect type: " + id}});
  }
  View view(call);
  HANDOFF_TRY(view.prepare());
  HANDOFF_TRY(call.looked_at("record.read", "record", {record::shown_id(found.front().record.id)}));
  return json_answer(200, view.record(found.front(), fields));
}

Result<net::Response> create(Call& call, const std::string& name) {
  HANDOFF_TRY(call.needs_scope("referrals.write"));
  const record::Object* object = HANDOFF_TRY(object_named(name));
  const RecordWrite write = HANDOFF_TRY(prepare_create(call, *object, HANDOFF_TRY(read_record(call, *object))));
  const auto answer = HANDOFF_TRY(call.commit(write.needs, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    return CommandAnswer{201, created_json(HANDOFF_TRY(run_write(call, unit, write))), std::nullopt, {}};
  }));
  net::Response response = json_answer(answer.status, answer.body);
  response.headers.set("Location",
                       call.path("/sobjects/" + std::string(object->name) + "/" + answer.body["id"].text_or()));
  return response;
}

Result<net::Response> change(Call& call, const std::string& name, const std::string& id) {
  HANDOFF_TRY(call.needs_scope("referrals.write"));
  const record::Object* object = HANDOFF_TRY(object_named(name));
  const Json body = HANDOFF_TRY(read_record(call, *object));
  const RecordWrite write = HANDOFF_TRY(prepare_change(call, *object, id, body));
  HANDOFF_TRY(call.commit(write.needs, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    HANDOFF_TRY(run_write(call, unit, write));
    return CommandAnswer{204, {}, std::nullopt, {}};
  }));
  net::Response response;
  response.status = 204;
  return response;
}

Result<net::Response> file_bytes(Call& call, const std::string& id) {
  HANDOFF_TRY(call.needs_scope("referrals.read"));
  const auto found = HANDOFF_TRY(call.parts.records.by_ids(call.organization(), {id}));
  if (found.empty() || std::string_view(found.front().record.object->name) != "ContentVersion") return no_such_record();
  const record::Record& file = found.front().record;
  const auto requests =
      HANDOFF_TRY(call.parts.records.by_ids(call.organization(), {file.field("FirstPublishLocationId").text_or()}));
  if (requests.empty() || !requests.front().referral) return no_such_record();
  const referral::Referral& r = *requests.front().referral;
  for (const referral::Attachment& attachment : r.attachments) {
    if (attachment.id.text() != file.field("AttachmentId").text_or()) continue;
    HANDOFF_TRY(call.looked_at("attachment.read", "attachment", {attachment.id.text()}));
    net::Response response;
    response.headers.set("Content-Type", "application/octet-stream");
    response.headers.set("Cache-Control", "private, no-transform, no-store");
    response.chunks_size = attachment.size;
    response.chunks = [&files = call.parts.files, owner = r.owner, sha256_hex = attachment.sha256,
                       size = attachment.size, at = std::uint64_t{0}]() mutable -> Result<std::string> {
      if (at >= size) return std::string();
      std::string piece = HANDOFF_TRY(files.read(owner, sha256_hex, at, download_piece));
      at += piece.size();
      return piece;
    };
    return response;
  }
  return no_such_record();
}

}  // namespace handoff::face::salesforce
