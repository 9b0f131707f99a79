#include "base/text.h"
#include "face/salesforce/handlers.h"
#include "face/salesforce/view.h"

namespace handoff::face::salesforce {
namespace {

using record::Field;
using record::FieldType;
using record::Object;

struct Release {
  int version;
  const char* label;
};
constexpr Release releases[] = {{59, "Winter '24"}, {60, "Spring '24"}, {61, "Summer '24"}, {62, "Winter '25"},
                                {63, "Spring '25"}, {64, "Summer '25"}, {65, "Winter '26"}, {66, "Spring '26"},
                                {67, "Summer '26"}, {68, "Winter '27"}};

const char* type_word(FieldType type) {
  switch (type) {
    case FieldType::id: return "id";
    case FieldType::text: return "string";
    case FieldType::text_area: return "textarea";
    case FieldType::picklist: return "picklist";
    case FieldType::multi_picklist: return "multipicklist";
    case FieldType::boolean: return "boolean";
    case FieldType::date: return "date";
    case FieldType::date_time: return "datetime";
    case FieldType::number: return "double";
    case FieldType::phone: return "phone";
    case FieldType::email: return "email";
    case FieldType::url: return "url";
    case FieldType::reference: return "reference";
    case FieldType::base64: return "base64";
  }
  return "string";
}

const char* soap_word(FieldType type) {
  switch (type) {
    case FieldType::id:
    case FieldType::reference: return "tns:ID";
    case FieldType::boolean: return "xsd:boolean";
    case FieldType::date: return "xsd:date";
    case FieldType::date_time: return "xsd:dateTime";
    case FieldType::number: return "xsd:double";
    case FieldType::base64: return "xsd:base64Binary";
    default: return "xsd:string";
  }
}

Json list_of(const char* words) {
  Json out = Json::array();
  for (const auto& word : record::words_of(words)) out.push_back(word);
  return out;
}

Json field_json(const Object& object, const Field& field) {
  const bool own = !(field.use & record::read_only);
  const bool needed = (field.use & record::required) != 0;
  const bool picklist = field.type == FieldType::picklist || field.type == FieldType::multi_picklist;
  // Every object has these, made by the system and never empty.
  const bool always = std::string_view(field.name) == "Id" || (!own && field.type == FieldType::date_time) ||
                      field.type == FieldType::boolean;
  Json values = Json::array();
  if (picklist) {
    for (const auto& word : record::words_of(field.values)) {
      values.push_back(Json::object(
          {{"active", true}, {"defaultValue", false}, {"label", word}, {"validFor", nullptr}, {"value", word}}));
    }
  }
  const bool is_status = std::string_view(object.name) == "ClinicalServiceRequest" &&
                         (std::string_view(field.name) == "Status" || std::string_view(field.name) == "Type");
  return Json::object(
      {{"name", field.name},
       {"label", field.label},
       {"type", type_word(field.type)},
       {"soapType", soap_word(field.type)},
       {"length", static_cast<std::int64_t>(field.length)},
       {"byteLength", static_cast<std::int64_t>(field.length) * 3},
       {"nillable", !needed && !always && !is_status},
       {"defaultedOnCreate", is_status || (always && own) || !own},
       {"createable", own},
       {"updateable", own && !(field.use & record::once)},
       {"filterable", !(field.use & record::not_filterable)},
       {"sortable", !(field.use & record::not_filterable)},
       {"groupable", false},
       {"aggregatable", false},
       {"unique", false},
       {"externalId", false},
       {"idLookup", std::string_view(field.name) == "Id"},
       {"custom", std::string_view(field.name).ends_with("__c")},
       {"autoNumber", !own && std::string_view(field.name) == "Name"},
       {"calculated", false},
       {"nameField", std::string_view(field.name) == "Name"},
       {"restrictedPicklist", picklist && (field.use & record::restricted) != 0},
       {"picklistValues", std::move(values)},
       {"referenceTo", field.type == FieldType::reference ? list_of(field.values) : Json::array()},
       {"relationshipName", *field.parent == '\0' ? Json() : Json(field.parent)},
       {"polymorphicForeignKey", field.type == FieldType::reference && record::words_of(field.values).size() > 1}});
}

Json object_json(const Call& call, const Object& object) {
  const std::string at = call.path("/sobjects/" + std::string(object.name));
  return Json::object(
      {{"name", object.name},
       {"label", object.label},
       {"labelPlural", object.plural},
       {"keyPrefix", object.prefix},
       {"custom", false},
       {"customSetting", false},
       {"activateable", false},
       {"createable", true},
       {"updateable", true},
       {"deletable", false},
       {"undeletable", false},
       {"mergeable", false},
       {"queryable", true},
       {"retrieveable", true},
       {"searchable", false},
       {"replicateable", false},
       {"layoutable", false},
       {"triggerable", false},
       {"feedEnabled", false},
       {"hasSubtypes", false},
       {"deprecatedAndHidden", false},
       {"urls", Json::object({{"sobject", at}, {"describe", at + "/describe"}, {"rowTemplate", at + "/{ID}"}})}});
}

}  // namespace

net::Response versions(Call&) {
  Json out = Json::array();
  for (const Release& release : releases) {
    const std::string number = std::to_string(release.version) + ".0";
    out.push_back(Json::object({{"label", release.label}, {"url", "/services/data/v" + number}, {"version", number}}));
  }
  return json_answer(200, out);
}

net::Response version_root(Call& call) {
  return json_answer(
      200, Json::object({{"sobjects", call.path("/sobjects")},
                         {"query", call.path("/query")},
                         {"queryAll", call.path("/queryAll")},
                         {"composite", call.path("/composite")},
                         {"connect", call.path("/connect")},
                         {"limits", call.path("/limits")},
                         {"identity", call.base_url() + "/id/" + call.organization_id() + "/" + call.user_id()}}));
}

net::Response describe_all(Call& call) {
  Json list = Json::array();
  for (const Object& object : record::objects()) list.push_back(object_json(call, object));
  return json_answer(200, Json::object({{"encoding", "UTF-8"}, {"maxBatchSize", 200}, {"sobjects", std::move(list)}}));
}

Result<net::Response> describe_object(Call& call, const std::string& name, bool whole) {
  const Object* object = record::find_object(name);
  if (object == nullptr)
    return Error{Kind::not_found, "salesforce.no_such_resource", "The requested resource does not exist", {}, {}};
  Json out = object_json(call, *object);
  if (!whole)
    return json_answer(200, Json::object({{"objectDescribe", std::move(out)}, {"recentItems", Json::array()}}));
  Json fields = Json::array();
  for (const Field* field : every_field(*object)) fields.push_back(field_json(*object, *field));
  out.set("fields", std::move(fields));
  Json children = Json::array();
  for (const Object& other : record::objects()) {
    for (const Field& field : other.fields) {
      if (field.type != FieldType::reference) continue;
      const auto names = record::words_of(field.values);
      if (std::find(names.begin(), names.end(), object->name) == names.end()) continue;
      children.push_back(Json::object({{"childSObject", other.name},
                                       {"field", field.name},
                                       {"relationshipName", nullptr},
                                       {"cascadeDelete", false}}));
    }
  }
  out.set("childRelationships", std::move(children));
  out.set("recordTypeInfos", Json::array());
  return json_answer(200, out);
}

}  // namespace handoff::face::salesforce
