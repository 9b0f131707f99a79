// Judges answers by docs/openapi.json: whether the operation may answer with this status, and whether the body has the
// shape that was promised. As much of JSON Schema 2020-12 as the document uses.
#pragma once

#include <algorithm>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "face/own/documentation.h"

namespace handoff::testing_support {

class OpenApi {
 public:
  static const OpenApi& document() {
    static const OpenApi one(Json::parse(face::own::openapi_text()).value());
    return one;
  }
  explicit OpenApi(Json json) : json_(std::move(json)) {}
  const Json& json() const { return json_; }

  // What an answer has that was not promised; empty when it is as it should be.
  std::vector<std::string> faults(std::string_view method, const std::string& path, int status,
                                  std::string_view media_type, std::string_view body) const {
    std::vector<std::string> out;
    const Json* operation = find(method, path);
    if (!operation) {
      // What stands nowhere is still refused in the one form that refusals have.
      judge_problem(body, media_type, out);
      return out;
    }
    const Json* told = (*operation)["responses"].find(std::to_string(status));
    // These belong to the server below the operations, or to whoever calls a path in a way it does not know.
    if (!told && (status == 405 || status == 408 || status == 413 || status == 417 || status == 431)) {
      judge_problem(body, media_type, out);
      return out;
    }
    if (!told) {
      out.push_back("the document does not say that " + std::string(method) + " " + path + " answers " +
                    std::to_string(status));
      return out;
    }
    const Json& content = resolved(*told)["content"];
    if (!content.is_object()) {
      if (!body.empty()) out.push_back("the document promises no body");
      return out;
    }
    const Json* media = content.find(media_type);
    if (!media) media = content.find("*/*");
    if (!media) {
      out.push_back("the document does not say that the body is " + std::string(media_type));
      return out;
    }
    if (media_type != "application/json" && media_type != "application/problem+json") return out;
    const auto parsed = Json::parse(body);
    if (!parsed) return {"the body is no JSON: " + parsed.error().code};
    judge(*parsed, (*media)["schema"], "", out);
    return out;
  }

  void judge(const Json& value, const Json& schema, const std::string& at, std::vector<std::string>& out) const {
    if (schema.contains("$ref")) return judge(value, resolved(schema), at, out);
    for (const char* choice : {"oneOf", "anyOf"}) {
      if (schema.contains(choice)) judge_choice(value, schema[choice], choice, at, out);
    }
    if (const Json* fixed = schema.find("const"); fixed && !(*fixed == value))
      out.push_back(at + " is not the constant");
    if (const Json* known = schema.find("enum")) {
      const auto& items = known->items();
      if (std::find(items.begin(), items.end(), value) == items.end())
        out.push_back(at + " is none of the values: " + value.dump());
    }
    if (schema.contains("type") && !has_type(value, schema["type"])) {
      out.push_back(at + " is not of type " + schema["type"].dump());
      return;
    }
    if (value.is_string()) judge_text(value.string(), schema, at, out);
    if (value.is_number()) {
      if (const auto least = schema["minimum"].real(); least && *value.real() < *least)
        out.push_back(at + " is too small");
      if (const auto most = schema["maximum"].real(); most && *value.real() > *most)
        out.push_back(at + " is too large");
    }
    if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        if (schema.contains("items")) judge(value.items()[i], schema["items"], at + "/" + std::to_string(i), out);
      }
      if (const auto most = schema["maxItems"].integer(); most && value.size() > static_cast<std::size_t>(*most))
        out.push_back(at + " has too many items");
    }
    if (value.is_object()) judge_object(value, schema, at, out);
  }

  // The operation of a method and a concrete path; nullptr where there is none.
  const Json* find(std::string_view method, std::string path) const {
    if (path.starts_with("/hooks/")) path = "/api/v1" + path;  // other spellings of documented routes
    if (path == "/api/v1/oauth2/token") path = "/oauth2/token";
    const std::string verb = ascii_lower(method);
    const Json* best = nullptr;
    std::size_t fewest = std::string::npos;
    for (const auto& [route, methods] : json_["paths"].members()) {
      const auto placeholders = static_cast<std::size_t>(std::count(route.begin(), route.end(), '{'));
      if (placeholders < fewest && methods.contains(verb) && matches(route, path)) {
        best = methods.find(verb);
        fewest = placeholders;
      }
    }
    return best;
  }

 private:
  static bool matches(const std::string& route, const std::string& path) {
    const auto wanted = split(route, '/'), given = split(path, '/');
    if (wanted.size() != given.size()) return false;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (!wanted[i].starts_with('{') && wanted[i] != given[i]) return false;
    }
    return true;
  }
  const Json& resolved(const Json& value) const {
    const Json* ref = value.find("$ref");
    if (!ref) return value;
    const Json* at = &json_;
    for (const auto& step : split(std::string_view(ref->string()).substr(2), '/')) {
      at = at->find(step);
      HANDOFF_ASSERT(at != nullptr);
    }
    return *at;
  }
  static bool is_of(const Json& value, std::string_view type) {
    if (type == "null") return value.is_null();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_bool();
    if (type == "integer") return value.is_integer();
    if (type == "number") return value.is_number();
    if (type == "array") return value.is_array();
    return type == "object" && value.is_object();
  }
  static bool has_type(const Json& value, const Json& types) {
    if (types.is_string()) return is_of(value, types.string());
    return std::any_of(types.items().begin(), types.items().end(),
                       [&](const Json& type) { return is_of(value, type.string()); });
  }
  void judge_choice(const Json& value, const Json& choices, std::string_view how, const std::string& at,
                    std::vector<std::string>& out) const {
    std::size_t fitting = 0;
    std::vector<std::string> why;
    for (const Json& choice : choices.items()) {
      std::vector<std::string> found;
      judge(value, choice, at, found);
      if (found.empty()) ++fitting;
      why.insert(why.end(), found.begin(), found.end());
    }
    if (fitting == 0) out.push_back(at + " fits none of " + std::string(how) + ": " + join(why, "; "));
    if (fitting > 1 && how == "oneOf") out.push_back(at + " fits more than one of oneOf");
  }
  static void judge_text(const std::string& text, const Json& schema, const std::string& at,
                         std::vector<std::string>& out) {
    const std::string format = schema["format"].text_or();
    if (format == "date-time" && !parse_instant(text)) out.push_back(at + " is no instant: " + text);
    if (format == "date" && !Date::parse(text)) out.push_back(at + " is no date: " + text);
    if (format == "uri" && text.find(':') == std::string::npos) out.push_back(at + " is no URI: " + text);
    if (schema["pattern"].is_string() && !std::regex_search(text, std::regex(schema["pattern"].string())))
      out.push_back(at + " does not have the pattern");
  }
  void judge_object(const Json& value, const Json& schema, const std::string& at, std::vector<std::string>& out) const {
    if (schema["required"].is_array()) {
      for (const Json& name : schema["required"].items()) {
        if (!value.contains(name.string())) out.push_back(at + "/" + name.string() + " is missing");
      }
    }
    for (const auto& [name, member] : value.members()) {
      if (const Json* property = schema["properties"].find(name)) {
        judge(member, *property, at + "/" + name, out);
      } else if (schema["additionalProperties"].is_bool() && !schema["additionalProperties"].boolean()) {
        out.push_back(at + "/" + name + " was not promised");
      }
    }
  }
  void judge_problem(std::string_view body, std::string_view media_type, std::vector<std::string>& out) const {
    if (media_type != "application/problem+json") out.push_back("a refusal is not application/problem+json");
    const auto parsed = Json::parse(body);
    if (!parsed) {
      out.push_back("the body is no JSON");
      return;
    }
    judge(*parsed, json_["components"]["schemas"]["Problem"], "", out);
  }

  const Json json_;
};

}  // namespace handoff::testing_support
