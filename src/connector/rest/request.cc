#include "connector/rest/request.h"

#include <algorithm>

#include "base/crypto.h"
#include "base/text.h"

namespace handoff::connector {
namespace {

using exchange::HttpRequest;
using exchange::Mapped;
using exchange::MappedValue;
using exchange::PartBytes;

Error misconfigured(const char* code, std::string text) {
  return Error{Kind::precondition_failed, code, std::move(text), {}, {}};
}

// A header value is one line; a line break in it would begin another header.
std::string header_value(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F) out += c;
  }
  return std::string(trim(out));
}

std::string form_encode(const Pairs& pairs) {
  std::string out;
  for (const auto& [key, value] : pairs) {
    if (!out.empty()) out += '&';
    out += percent_encode(key) + "=" + percent_encode(value);
  }
  return out;
}

std::string value_text(const Json& json) {
  if (json.is_string()) return json.string();
  if (json.is_number()) return json.number_text();
  if (json.is_bool()) return json.boolean() ? "true" : "false";
  if (json.is_null()) return {};
  std::vector<std::string> parts;
  for (const Json& item : json.items()) parts.push_back(value_text(item));
  return join(parts, ", ");
}

void set_nested(Json& object, std::string_view target, const Json& value) {
  const auto dot = target.find('.');
  if (dot == std::string_view::npos) {
    object.set(target, value);
    return;
  }
  const std::string_view name = target.substr(0, dot);
  Json inner = object[name].is_object() ? object[name] : Json::object();
  set_nested(inner, target.substr(dot + 1), value);
  object.set(name, std::move(inner));
}

Json field_object(const Mapped& mapped) {
  Json object = Json::object();
  for (const MappedValue& value : mapped.values) set_nested(object, value.target, value.value);
  return object;
}

// Made from what is sent, so that a retry repeats the same bytes; long enough not to stand in a file by chance.
std::string boundary_of(std::string_view seed) { return "handoff-" + hex(sha256(seed)).substr(0, 40); }

std::string part_head(const std::string& boundary, std::string_view name) {
  return "--" + boundary + "\r\nContent-Disposition: form-data; name=" + quoted_parameter(name);
}

std::string text_part(const std::string& boundary, std::string_view name, std::string_view value) {
  return part_head(boundary, name) + "\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + std::string(value) +
         "\r\n";
}

}  // namespace

std::string quoted_parameter(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"': out += "%22"; break;
      case '\r': out += "%0D"; break;
      case '\n': out += "%0A"; break;
      default: out += c;
    }
  }
  return out + "\"";
}

Wire::Wire(const Profile& profile, const Json& settings, const std::map<std::string, Secret>& secrets)
    : profile_(profile), secrets_(secrets) {
  for (const exchange::SettingRule& rule : profile.manifest.settings) {
    if (rule.secret) {
      if (const auto found = secrets.find(rule.key); found != secrets.end()) {
        secret_.variables["settings." + rule.key] = found->second.reveal();
      }
      continue;
    }
    const Json* value = settings.find(rule.key);
    plain_.variables["settings." + rule.key] =
        value_text(value != nullptr && !value->is_null() ? *value : rule.fallback);
  }
}

std::string Wire::filled(std::string_view text, exchange::Encode encode) const {
  return exchange::fill_template(text, nullptr, plain_, encode);
}

std::string Wire::filled_with_secrets(std::string_view text) const {
  exchange::MapContext both = plain_;
  both.variables.insert(secret_.variables.begin(), secret_.variables.end());
  return exchange::fill_template(text, nullptr, both, nullptr);
}

// Bodies may speak of the referral, and carry a key where a destination wants it there.
std::string Wire::body_text(std::string_view text) const {
  exchange::MapContext both = plain_;
  both.variables.insert(secret_.variables.begin(), secret_.variables.end());
  return exchange::fill_template(text, snapshot_, both, nullptr);
}

Result<std::string> Wire::base_url() const {
  std::string url = filled(profile_.base_url, nullptr);
  while (url.ends_with('/')) url.pop_back();
  if (url.empty()) return misconfigured("connector.address_missing", "The address of the destination is not set.");
  if (const auto fault = address_fault(url)) return misconfigured("connector.address_invalid", *fault);
  return url;
}

void Wire::mask(HttpRequest& request, const std::string& text) const {
  if (text.empty()) return;
  // As it may stand in a header, in a form and in JSON.
  const std::string quoted = json_quote(text);
  for (const std::string& form : {text, percent_encode(text), quoted.substr(1, quoted.size() - 2)}) {
    const Secret secret(form);
    if (std::find(request.secrets.begin(), request.secrets.end(), secret) == request.secrets.end()) {
      request.secrets.push_back(secret);
    }
  }
}

void Wire::authorize(HttpRequest& request) const {
  const Auth& auth = profile_.auth;
  std::string name = "Authorization", value;
  switch (auth.kind) {
    case AuthKind::none: return;
    case AuthKind::basic: {
      const std::string encoded = base64(filled_with_secrets(auth.user) + ":" + filled_with_secrets(auth.password));
      mask(request, encoded);
      value = "Basic " + encoded;
      break;
    }
    case AuthKind::bearer: value = "Bearer " + filled_with_secrets(auth.token); break;
    case AuthKind::header:
      name = auth.header;
      value = filled_with_secrets(auth.value);
      break;
    case AuthKind::oauth2_client_credentials:
      if (!token_) return;
      mask(request, token_->reveal());
      value = "Bearer " + token_->reveal();
      break;
  }
  request.headers.emplace_back(std::move(name), header_value(value));
}

Result<HttpRequest> Wire::start(const std::string& name, const StepRule& step) const {
  HttpRequest request;
  request.step = name;
  request.method = step.method;
  request.url = HANDOFF_TRY(base_url()) + filled(step.path, percent_encode);
  Pairs query;
  for (const auto& [key, value] : step.query) query.emplace_back(key, filled(value, nullptr));
  if (!query.empty()) request.url += "?" + form_encode(query);
  for (const auto& [key, secret] : secrets_) mask(request, secret.reveal());
  authorize(request);
  request.headers.emplace_back("Accept", "application/json");
  for (const auto& [key, value] : step.headers) {
    request.headers.emplace_back(key, header_value(filled_with_secrets(value)));
  }
  request.changes_destination = !(name == "find" || name == "status" || name == "probe");
  return request;
}

Json Wire::members(const Json& tree, const Json& fields) const {
  if (tree.is_string()) return tree.string() == "{fields}" ? fields : Json(body_text(tree.string()));
  if (tree.is_array()) {
    Json out = Json::array();
    for (const Json& item : tree.items()) out.push_back(members(item, fields));
    return out;
  }
  if (tree.is_object()) {
    Json out = Json::object();
    for (const auto& [key, value] : tree.members()) out.set(key, members(value, fields));
    return out;
  }
  return tree;
}

Result<HttpRequest> Wire::request(const std::string& name, const StepRule& step) const {
  HttpRequest request = HANDOFF_TRY(start(name, step));
  if (step.body == BodyKind::json) {
    request.headers.emplace_back("Content-Type", "application/json");
    request.body.push_back({members(step.members, Json::object()).dump(), {}, 0, false});
  } else if (step.body == BodyKind::form) {
    Pairs pairs;
    for (const auto& [key, value] : step.parts) pairs.emplace_back(key, body_text(value));
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    request.body.push_back({form_encode(pairs), {}, 0, false});
  }
  return request;
}

Result<HttpRequest> Wire::request_with(const std::string& name, const StepRule& step, const Mapped& mapped) const {
  HttpRequest request = HANDOFF_TRY(start(name, step));
  if (step.body == BodyKind::json) {
    const Json fields = field_object(mapped);
    request.headers.emplace_back("Content-Type", "application/json");
    request.body.push_back({(step.members.is_null() ? fields : members(step.members, fields)).dump(), {}, 0, false});
    return request;
  }
  Pairs pairs;
  for (const auto& [key, value] : step.parts) pairs.emplace_back(key, body_text(value));
  for (const MappedValue& value : mapped.values) pairs.emplace_back(value.target, value_text(value.value));
  if (step.body == BodyKind::form) {
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    request.body.push_back({form_encode(pairs), {}, 0, false});
    return request;
  }
  const std::string boundary = boundary_of(form_encode(pairs));
  std::string body;
  for (const auto& [key, value] : pairs) body += text_part(boundary, key, value);
  request.headers.emplace_back("Content-Type", "multipart/form-data; boundary=" + boundary);
  request.body.push_back({body + "--" + boundary + "--\r\n", {}, 0, false});
  return request;
}

Result<HttpRequest> Wire::request_with(const std::string& name, const StepRule& step, const File& file,
                                       const std::string& boundary_seed) const {
  HttpRequest request = HANDOFF_TRY(start(name, step));
  PartBytes bytes;
  bytes.summary_pdf = file.summary;
  if (!file.summary) {
    bytes.attachment = file.key;
    bytes.attachment_size = file.size;
  }
  if (step.body == BodyKind::raw) {
    request.headers.emplace_back("Content-Type", file.content_type);
    request.body.push_back(std::move(bytes));
    return request;
  }
  const std::string boundary = boundary_of(boundary_seed + "\n" + file.key + "\n" + file.name);
  std::string head;
  for (const auto& [key, value] : step.parts) head += text_part(boundary, key, body_text(value));
  head += part_head(boundary, step.file_part) + "; filename=" + quoted_parameter(file.name) +
          "\r\nContent-Type: " + file.content_type + "\r\n\r\n";
  request.headers.emplace_back("Content-Type", "multipart/form-data; boundary=" + boundary);
  request.body.push_back({std::move(head), {}, 0, false});
  request.body.push_back(std::move(bytes));
  request.body.push_back({"\r\n--" + boundary + "--\r\n", {}, 0, false});
  return request;
}

Result<HttpRequest> Wire::token_request() const {
  const Auth& auth = profile_.auth;
  HttpRequest request;
  request.step = "token";
  request.method = "POST";
  request.changes_destination = false;
  const std::string url = filled(auth.token_url, nullptr);
  request.url = auth.token_url.starts_with("/") ? HANDOFF_TRY(base_url()) + url : url;
  if (const auto fault = address_fault(request.url)) return misconfigured("connector.address_invalid", *fault);
  for (const auto& [key, secret] : secrets_) mask(request, secret.reveal());
  const std::string id = filled_with_secrets(auth.client_id), secret = filled_with_secrets(auth.client_secret);
  Pairs form{{"grant_type", "client_credentials"}};
  if (const std::string scope = filled_with_secrets(auth.scope); !scope.empty()) form.emplace_back("scope", scope);
  if (auth.credentials_in_body) {
    form.emplace_back("client_id", id);
    form.emplace_back("client_secret", secret);
  } else {
    // RFC 6749, 2.3.1: both are form-encoded before they are joined.
    const std::string encoded = base64(percent_encode(id) + ":" + percent_encode(secret));
    mask(request, encoded);
    request.headers.emplace_back("Authorization", "Basic " + encoded);
  }
  request.headers.emplace_back("Accept", "application/json");
  request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  request.body.push_back({form_encode(form), {}, 0, false});
  return request;
}

}  // namespace handoff::connector
