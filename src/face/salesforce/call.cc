#include "face/salesforce/call.h"

#include <algorithm>

#include "base/text.h"
#include "net/uri.h"
#include "record/record_id.h"

namespace handoff::face::salesforce {
namespace {

constexpr std::size_t hash_piece = 256 * 1024, idempotency_key_max = 255, host_max = 255;

bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= host_max && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == ':' || c == '[' || c == ']' || c == '_';
  });
}

// Walks a text that is known to be JSON.
class Walker {
 public:
  Walker(std::string_view text, std::vector<std::string> steps) : text_(text), steps_(std::move(steps)) {}
  std::size_t find() {
    std::size_t found = 0;
    for (const auto& step : steps_) {
      space();
      const bool object = at_ < text_.size() && text_[at_] == '{';
      if (at_ >= text_.size() || (!object && text_[at_] != '[')) return found;
      ++at_;
      if (!enter(step, object, found)) return found;
    }
    return found;
  }

 private:
  // Steps to the member or item; `found` is where its name or value begins.
  bool enter(const std::string& step, bool object, std::size_t& found) {
    for (std::size_t i = 0;; ++i) {
      space();
      if (at_ >= text_.size() || text_[at_] == '}' || text_[at_] == ']') return false;
      const std::size_t begins = at_;
      std::string name = std::to_string(i);
      if (object) {
        skip_string();
        const auto parsed = Json::parse(text_.substr(begins, at_ - begins));
        name = parsed ? parsed->text_or() : "";
        space();
        ++at_;  // the colon
        space();
      }
      if (name == step) {
        found = begins;
        return true;
      }
      skip_value();
      space();
      if (at_ < text_.size() && text_[at_] == ',') ++at_;
    }
  }
  void space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
      ++at_;
  }
  void skip_string() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    ++at_;
  }
  void skip_value() {
    std::size_t depth = 0;
    do {
      if (at_ >= text_.size()) return;
      const char c = text_[at_];
      if (c == '"') {
        skip_string();
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') {
        if (depth == 0) return;
        --depth;
      }
      if (c == ',' && depth == 0) return;
      ++at_;
    } while (depth > 0 || (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}' && text_[at_] != ']'));
  }
  std::string_view text_;
  std::vector<std::string> steps_;
  std::size_t at_ = 0;
};

}  // namespace

std::string place_in_json(std::string_view text, std::string_view pointer) {
  std::vector<std::string> steps;
  if (!pointer.empty()) {
    for (auto step : split(pointer.substr(1), '/')) {
      for (const auto& [from, to] : {std::pair("~1", "/"), std::pair("~0", "~")}) {
        for (auto at = step.find(from); at != std::string::npos; at = step.find(from, at + 1)) step.replace(at, 2, to);
      }
      steps.push_back(std::move(step));
    }
  }
  const std::size_t found = std::min(Walker(text, std::move(steps)).find(), text.size());
  const auto before = text.substr(0, found);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto begins = before.rfind('\n');
  const std::size_t column = begins == std::string_view::npos ? found + 1 : found - begins;
  return "[line:" + std::to_string(line) + ", column:" + std::to_string(column) + "]";
}

const std::string* Call::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string Call::base_url() const {
  if (!parts.settings.instance_url.empty()) return parts.settings.instance_url;
  const std::string_view host = request.headers.get("Host");
  return std::string(parts.settings.tls ? "https://" : "http://") + std::string(is_host(host) ? host : "localhost");
}

std::string Call::organization_id() const {
  return record::shown_id(record::derived_id("00D", actor.organization.text()));
}
std::string Call::user_id() const { return record::shown_id(record::derived_id("005", actor.id)); }

Result<void> Call::needs_scope(const char* scope) const {
  if (actor.may(scope)) return {};
  return Error{Kind::forbidden,
               "access.scope_missing",
               std::string("insufficient access rights: this needs the scope ") + scope +
                   "; whoever made the client can grant it.",
               {},
               {}};
}

Error Call::unreadable(std::string_view pointer, const std::string& sentence) const {
  return Error{Kind::malformed, "salesforce.unreadable", sentence + " at " + place_in_json(text_, pointer), {}, {}};
}

Result<Json> Call::read_json() {
  const std::string type = net::media_type(request.headers.get("Content-Type"));
  if (!type.empty() && type != "application/json") {
    return Error{Kind::unsupported,
                 "request.unsupported_type",
                 "Content-Type '" + type + "' is not supported here; send application/json.",
                 {},
                 {}};
  }
  text_ = HANDOFF_TRY(request.body->all());
  if (trim(text_).empty()) {
    return Error{Kind::malformed,
                 "salesforce.unreadable",
                 "The HTTP entity body is required, but this request has no "
                 "entity body.",
                 {},
                 {}};
  }
  auto parsed = Json::parse(text_, parts.settings.json);
  if (!parsed) return Error{Kind::malformed, "salesforce.unreadable", parsed.error().for_caller, {}, {}};
  return parsed;
}

Result<exchange::CommandAnswer> Call::commit(exchange::Needs needs, Work work, const std::string& part) {
  exchange::Command command;
  command.actor = actor;
  command.cause = request.id;
  command.needs = std::move(needs);
  if (const std::string* key = request.headers.find("Idempotency-Key"); key && request.method == "POST") {
    const bool plain = std::all_of(key->begin(), key->end(), [](char c) { return c > 0x20 && c < 0x7F; });
    if (key->empty() || key->size() > idempotency_key_max || !plain) {
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
    command.idempotency = exchange::Idempotency{part.empty() ? *key : *key + "#" + part, hex(hash.finish())};
  }
  command.run = std::move(work);
  return parts.ledger.run(std::move(command));
}

Result<void> Call::looked_at(const char* action, const char* record_kind, std::vector<std::string> ids) {
  const Instant at = now();
  const auto look = [&](const std::string& id) { return actor.id + ' ' + action + ' ' + id; };
  std::erase_if(ids, [&](const std::string& id) { return shared.looks.is_known(look(id), at); });
  if (ids.empty()) return {};
  Json told = Json::array();
  for (const auto& id : ids) told.push_back(id);
  const bool one = ids.size() == 1;
  std::vector<access::AuditRow> rows;
  rows.push_back({actor.organization, at, access::word(actor.kind), actor.id, actor.organization, action, record_kind,
                  one ? ids.front() : "", request.id, one ? Json::object() : Json::object({{"ids", std::move(told)}})});
  HANDOFF_TRY(parts.ledger.audit_read(std::move(rows)));
  for (const auto& id : ids) shared.looks.remember(look(id), at);
  return {};
}

}  // namespace handoff::face::salesforce
