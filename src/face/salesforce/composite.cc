// Several records of one call: composite/sobjects.
#include <map>

#include "base/text.h"
#include "face/salesforce/handlers.h"
#include "face/salesforce/view.h"
#include "face/salesforce/writes.h"
#include "record/record_id.h"

namespace handoff::face::salesforce {
namespace {

using exchange::CommandAnswer;
using exchange::OfficeUnit;

constexpr std::size_t retrieve_max = 2000, write_max = 200;

std::vector<std::string> words(std::string_view list) {
  std::vector<std::string> out;
  for (const auto& each : split(list, ',')) {
    if (!trim(each).empty()) out.emplace_back(trim(each));
  }
  return out;
}

Result<std::vector<std::string>> texts(Call& call, const Json& body, const char* name) {
  const Json& list = body[name];
  std::vector<std::string> out;
  if (!list.is_array())
    return call.unreadable(list.is_null() ? "" : std::string("/") + name,
                           std::string("Cannot deserialize instance of list '") + name + "'");
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!list.items()[i].is_string())
      return call.unreadable("/" + std::string(name) + "/" + std::to_string(i),
                             "Cannot deserialize instance of string");
    out.push_back(list.items()[i].string());
  }
  return out;
}

Json outcome_of(const Error& error) {
  const Refusal refusal = refusal_of(error);
  Json fields = Json::array();
  for (const auto& field : refusal.fields) fields.push_back(field);
  return Json::object(
      {{"success", false},
       {"errors", Json::array({Json::object(
                      {{"statusCode", refusal.code}, {"message", refusal.message}, {"fields", std::move(fields)}})})}});
}
Json outcome_of(const std::string& stored_id) {
  return Json::object({{"id", record::shown_id(stored_id)}, {"success", true}, {"errors", Json::array()}});
}

Result<RecordWrite> prepare(Call& call, const Json& item, bool changing) {
  const std::string type = item["attributes"]["type"].text_or();
  const record::Object* object = record::find_object(type);
  if (object == nullptr)
    return Error{
        Kind::invalid_input, "salesforce.unknown_object", "sObject type '" + type + "' is not supported.", {}, {}};
  Json fields = item;
  fields.erase("attributes");
  if (!changing) return prepare_create(call, *object, fields);
  std::string id;
  for (const char* name : {"id", "Id"}) {
    if (!fields[name].is_string()) continue;
    id = fields[name].string();
    fields.erase(name);
  }
  return prepare_change(call, *object, id, fields);
}

Result<net::Response> write_several(Call& call, bool changing) {
  HANDOFF_TRY(call.needs_scope("referrals.write"));
  const Json body = HANDOFF_TRY(call.read_json());
  const Json& items = body["records"];
  if (!items.is_array()) return call.unreadable("", "Cannot deserialize instance of list 'records'");
  if (items.size() == 0 || items.size() > write_max) {
    return Error{Kind::invalid_input,
                 "salesforce.not_allowed_here",
                 "The request takes 1 to 200 records; it has " + std::to_string(items.size()) + ".",
                 {},
                 {}};
  }
  const bool all_or_none = body["allOrNone"].bool_or(false);
  std::vector<Result<RecordWrite>> writes;
  exchange::Needs needs;
  bool refused = false;
  for (const Json& item : items.items()) {
    writes.push_back(prepare(call, item, changing));
    if (!writes.back()) {
      refused = true;
    } else {
      add_needs(needs, writes.back()->needs);
    }
  }
  std::vector<Json> outcomes(writes.size());
  if (!all_or_none) {
    // Each in a commit of its own: one that is refused takes nothing else with it.
    for (std::size_t i = 0; i < writes.size(); ++i) {
      if (!writes[i]) {
        outcomes[i] = outcome_of(writes[i].error());
        continue;
      }
      const auto done = call.commit(
          writes[i]->needs,
          [&](OfficeUnit& unit) -> Result<CommandAnswer> {
            return CommandAnswer{200, Json(HANDOFF_TRY(run_write(call, unit, *writes[i]))), std::nullopt, {}};
          },
          std::to_string(i));
      outcomes[i] = done ? outcome_of(done->body.text_or()) : outcome_of(done.error());
    }
  } else {
    std::size_t failed = writes.size();
    std::optional<Error> error;
    if (!refused) {
      const auto done = call.commit(needs, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
        for (std::size_t i = 0; i < writes.size(); ++i) {
          auto id = run_write(call, unit, *writes[i]);
          if (!id) {
            failed = i;
            return id.error();
          }
          outcomes[i] = outcome_of(*id);
        }
        return CommandAnswer{};
      });
      if (!done && failed == writes.size()) return done.error();  // not one record's fault
      if (!done) error = done.error();
    }
    if (refused || error) {
      const Error rolled_back{
          Kind::conflict,
          "salesforce.rolled_back",
          "Record rolled back because not all records were valid and the request was using AllOrNone header",
          {},
          {}};
      for (std::size_t i = 0; i < writes.size(); ++i)
        outcomes[i] = outcome_of(!writes[i] ? writes[i].error() : i == failed ? *error : rolled_back);
    }
  }
  Json out = Json::array();
  for (auto& outcome : outcomes) out.push_back(std::move(outcome));
  return json_answer(200, out);
}

}  // namespace

Result<net::Response> retrieve_several(Call& call, const std::string& name) {
  HANDOFF_TRY(call.needs_scope("referrals.read"));
  const record::Object* object = HANDOFF_TRY(object_named(name));
  std::vector<std::string> ids, names;
  if (call.request.method == "GET") {
    const std::string *id_list = call.parameter("ids"), *field_list = call.parameter("fields");
    if (id_list) ids = words(*id_list);
    if (field_list) names = words(*field_list);
  } else {
    const Json body = HANDOFF_TRY(call.read_json());
    ids = HANDOFF_TRY(texts(call, body, "ids"));
    names = HANDOFF_TRY(texts(call, body, "fields"));
  }
  if (ids.empty() || names.empty())
    return Error{Kind::invalid_input, "salesforce.missing", "ids and fields are required.", {}, {}};
  if (ids.size() > retrieve_max) {
    return Error{Kind::invalid_input, "salesforce.not_allowed_here", "At most 2000 records in one call.", {}, {}};
  }
  std::vector<const record::Field*> fields;
  Faults faults;
  for (const auto& each : names) {
    const record::Field* field = record::find_field(*object, each);
    if (field == nullptr) {
      faults.push_back(
          {"/" + each, "record.unknown_field", "No such column '" + each + "' on sobject of type " + object->name});
    } else {
      fields.push_back(field);
    }
  }
  for (const auto& id : ids) {
    if (!record::has_id_form(id)) faults.push_back({"/Id", "record.id_malformed", "malformed id " + id});
  }
  if (!faults.empty()) return fault_error(std::move(faults));
  if (std::none_of(fields.begin(), fields.end(), [](const auto* each) { return each->name == std::string_view("Id"); }))
    fields.push_back(record::find_field(*object, "Id"));

  std::map<std::string, record::Found> found;
  for (auto& each : HANDOFF_TRY(call.parts.records.by_ids(call.organization(), ids))) {
    std::string id = each.record.id;
    found.emplace(std::move(id), std::move(each));
  }
  View view(call);
  HANDOFF_TRY(view.prepare());
  Json out = Json::array();
  std::vector<std::string> shown;
  for (const auto& id : ids) {
    const record::Found* record = nullptr;
    for (const auto& stored : record::stored_ids(id)) {
      const auto at = found.find(stored);
      if (record == nullptr && at != found.end() && at->second.record.object == object) record = &at->second;
    }
    if (record) shown.push_back(record::shown_id(record->record.id));
    out.push_back(record ? view.record(*record, fields) : Json());
  }
  HANDOFF_TRY(call.looked_at("record.read", "record", std::move(shown)));
  return json_answer(200, out);
}

Result<net::Response> create_several(Call& call) { return write_several(call, false); }
Result<net::Response> change_several(Call& call) { return write_several(call, true); }

}  // namespace handoff::face::salesforce
