#include "face/own/call.h"

#include "base/text.h"
#include "referral/intake.h"

namespace handoff::face::own {
namespace {

constexpr std::size_t limit_fallback = 50, limit_max = 200;
constexpr std::size_t idempotency_key_max = 255;
constexpr std::size_t hash_piece = 256 * 1024;
constexpr std::string_view cursor_mark = "after:";

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

Error bad_cursor() {
  return fault_error({{"?cursor", "request.bad_cursor",
                       "Send the nextCursor of the page before, unchanged, or none for the first page."}});
}

}  // namespace

std::int64_t version_of(const Json& record) {
  std::int64_t version = 0;
  for (const char c : sha256(record.dump()).substr(0, 6)) version = version * 256 + static_cast<unsigned char>(c);
  return version;
}

std::string cursor_after(const std::string& key) { return base64url(std::string(cursor_mark) + key); }

Result<std::optional<std::string>> key_of_cursor(const std::optional<std::string>& cursor) {
  if (!cursor) return std::optional<std::string>();
  std::string plain = *cursor;
  std::replace(plain.begin(), plain.end(), '-', '+');
  std::replace(plain.begin(), plain.end(), '_', '/');
  plain.append((4 - plain.size() % 4) % 4, '=');
  const auto decoded = base64_decode(plain);
  if (!decoded || !decoded->starts_with(cursor_mark)) return bad_cursor();
  return std::optional(decoded->substr(cursor_mark.size()));
}

Call::Call(Shared& shared_state, net::Request& incoming, const Route& matched, std::vector<std::string> path_names)
    : shared(shared_state),
      parts(shared_state.parts),
      request(incoming),
      route(matched),
      names(std::move(path_names)) {}

Error Call::not_found(const char* what) {
  return Error{Kind::not_found,
               std::string(what) + ".not_found",
               std::string("There is no such ") + what + " for this organization.",
               {},
               {}};
}

const std::string* Call::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::size_t Call::limit(Faults& faults) const {
  const std::string* text = parameter("limit");
  if (text == nullptr) return limit_fallback;
  const auto number = parse_int(*text);
  if (!number || *number < 1 || *number > static_cast<std::int64_t>(limit_max)) {
    faults.push_back({"?limit", "request.bad_limit", "A whole number from 1 to 200."});
    return limit_fallback;
  }
  return static_cast<std::size_t>(*number);
}

std::optional<std::string> Call::cursor() const {
  const std::string* text = parameter("cursor");
  return text == nullptr ? std::nullopt : std::optional(*text);
}

std::optional<bool> Call::flag(std::string_view name, Faults& faults) const {
  const std::string* text = parameter(name);
  if (text == nullptr) return std::nullopt;
  if (*text != "true" && *text != "false") {
    faults.push_back({"?" + std::string(name), "property.unknown_value", "Either true or false."});
    return std::nullopt;
  }
  return *text == "true";
}

std::optional<Instant> Call::instant(std::string_view name, Faults& faults) const {
  const std::string* text = parameter(name);
  if (text == nullptr) return std::nullopt;
  // A plus sign that nobody escaped has become a space on its way.
  std::string mended = *text;
  std::replace(mended.begin(), mended.end(), ' ', '+');
  const auto parsed = parse_instant(mended);
  if (!parsed) {
    faults.push_back({"?" + std::string(name), parsed.error().code, parsed.error().for_caller});
    return std::nullopt;
  }
  return parsed->at;
}

std::string Call::text(std::string_view key, std::size_t max, Faults& faults) const {
  const std::size_t before = faults.size();
  auto value = optional_text(key, max, faults);
  if ((!value || trim(*value).empty()) && faults.size() == before) {
    faults.push_back({"/" + std::string(key), "property.required", "This is required."});
  }
  return value.value_or("");
}

std::optional<std::string> Call::optional_text(std::string_view key, std::size_t max, Faults& faults) const {
  const Json& value = body[key];
  if (value.is_null()) return std::nullopt;
  if (!value.is_string()) {
    faults.push_back({"/" + std::string(key), "property.wrong_type", "Send a text."});
    return std::nullopt;
  }
  if (utf8_length(value.string()) > max) {
    faults.push_back({"/" + std::string(key), "property.too_long", "At most " + std::to_string(max) + " characters."});
  }
  return value.string();
}

bool Call::flag_member(std::string_view key, bool fallback, Faults& faults) const {
  const Json& value = body[key];
  if (value.is_null()) return fallback;
  if (!value.is_bool()) {
    faults.push_back({"/" + std::string(key), "property.wrong_type", "Send true or false."});
    return fallback;
  }
  return value.boolean();
}

bool Call::members(const std::vector<std::string>& known, Faults& faults) const {
  if (!body.is_object()) {
    faults.push_back({"", "property.wrong_type", "Send an object."});
    return false;
  }
  referral::refuse_unknown(body, "", known, faults);
  return true;
}

net::Response Call::json(int status, const Json& body, std::optional<std::int64_t> version,
                         const std::string& location) {
  net::Response response;
  response.status = status;
  response.headers.set("Cache-Control", "no-store");
  if (version) response.headers.set("ETag", "\"" + std::to_string(*version) + "\"");
  if (!location.empty()) response.headers.set("Location", location);
  if (!body.is_null()) {
    response.headers.set("Content-Type", "application/json");
    response.body = body.dump();
  }
  return response;
}

net::Response Call::page(Json items, const std::optional<std::string>& next_cursor) {
  return json(200, Json::object({{"items", std::move(items)}, {"nextCursor", next_cursor}}));
}

Result<void> Call::match(std::int64_t version) const {
  const std::string* header = request.headers.find("If-Match");
  if (header == nullptr) return {};
  for (const auto& item : split(*header, ',')) {
    std::string_view tag = trim(item);
    if (tag == "*") return {};
    // Whoever packs an answer on its way may have weakened the tag; a version says the same either way.
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"') tag = tag.substr(1, tag.size() - 2);
    if (tag == std::to_string(version)) return {};
  }
  return Error{Kind::precondition_failed,
               "request.stale_version",
               "The record was changed meanwhile and stands at version " + std::to_string(version) +
                   ". Read it again and send the change with its ETag.",
               {},
               {}};
}

Result<std::optional<exchange::Idempotency>> Call::idempotency() const {
  const std::string* key = request.headers.find("Idempotency-Key");
  if (key == nullptr || request.method != "POST") return std::optional<exchange::Idempotency>();
  if (key->empty() || key->size() > idempotency_key_max || !printable(*key)) {
    return Error{Kind::invalid_input,
                 "idempotency.bad_key",
                 "An Idempotency-Key is 1 to 255 printable characters without spaces, for example a UUID.",
                 {},
                 {}};
  }
  Sha256 hash;
  hash.add(request.method + "\n" + request.path + "\n");
  for (std::uint64_t at = 0; at < request.body->size();) {
    const std::string piece = HANDOFF_TRY(request.body->read(at, hash_piece));
    if (piece.empty()) break;
    hash.add(piece);
    at += piece.size();
  }
  return std::optional(exchange::Idempotency{*key, hex(hash.finish())});
}

Result<exchange::CommandAnswer> Call::commit(exchange::Needs needs, Work work, const std::string& cause) {
  exchange::Command command;
  command.actor = actor;
  command.cause = cause.empty() ? request.id : cause;
  command.needs = std::move(needs);
  command.idempotency = HANDOFF_TRY(idempotency());
  command.run = std::move(work);
  return parts.ledger.run(std::move(command));
}

Result<net::Response> Call::change(exchange::Needs needs, Work work, const std::string& cause) {
  const exchange::CommandAnswer answer = HANDOFF_TRY(commit(std::move(needs), std::move(work), cause));
  return json(answer.status, answer.body, answer.version, answer.location);
}

Result<net::Response> Call::answer(const Json& told) {
  if (request.headers.find("Idempotency-Key") == nullptr) return json(200, told);
  return change({}, [told](exchange::OfficeUnit&) -> Result<exchange::CommandAnswer> {
    return exchange::CommandAnswer{200, told, std::nullopt, {}};
  });
}

Result<void> Call::looked(const char* action, const char* record_kind, const std::string& record_id,
                          const std::vector<OrganizationId>& trails) {
  const Instant at = now();
  const std::string look = actor.id + ' ' + action + ' ' + record_id;
  if (shared.looks.is_known(look, at)) return {};
  std::vector<access::AuditRow> rows;
  for (const OrganizationId& trail : trails) {
    const bool twice =
        std::any_of(rows.begin(), rows.end(), [&](const access::AuditRow& row) { return row.organization == trail; });
    if (twice) continue;
    rows.push_back({trail, at, access::word(actor.kind), actor.id, actor.organization, action, record_kind, record_id,
                    request.id, Json::object()});
  }
  HANDOFF_TRY(parts.ledger.audit_read(std::move(rows)));
  shared.looks.remember(look, at);
  return {};
}

Result<void> Call::looked_at_list(const char* action, const char* record_kind, std::vector<std::string> ids) {
  const Instant at = now();
  const auto look = [&](const std::string& id) { return actor.id + ' ' + action + ' ' + id; };
  std::erase_if(ids, [&](const std::string& id) { return shared.looks.is_known(look(id), at); });
  if (ids.empty()) return {};
  Json told = Json::array();
  for (const auto& id : ids) told.push_back(id);
  std::vector<access::AuditRow> rows;
  rows.push_back({actor.organization, at, access::word(actor.kind), actor.id, actor.organization, action, record_kind,
                  "", request.id, Json::object({{"ids", std::move(told)}})});
  HANDOFF_TRY(parts.ledger.audit_read(std::move(rows)));
  for (const auto& id : ids) shared.looks.remember(look(id), at);
  return {};
}

}  // namespace handoff::face::own
