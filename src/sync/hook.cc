#include "sync/hook.h"

#include <array>

#include "base/text.h"
#include "sync/hook_health.h"
#include "sync/words.h"

namespace handoff::sync {
namespace {
constexpr std::array kind_words{"patient-creation", "chart-update"};
constexpr std::array kind_labels{"Patient Creation", "Chart Update"};
constexpr std::array state_words{"not_used", "unconfigured", "never_seen", "healthy",
                                 "quiet",    "suspect",      "inactive",   "failing"};

std::string scalar(const Json& value) {
  return value.is_number() ? value.number_text() : std::string(trim(value.text_or()));
}

// The subject as told by one object, then by what lies in it.
void look_for_subject(const Json& value, HookSubject& found) {
  if (value.is_array()) {
    for (const Json& item : value.items()) look_for_subject(item, found);
    return;
  }
  if (!value.is_object()) return;
  if (found.casefile.empty()) {
    const std::string casefile = scalar(value["casefile_id"]);
    const std::string patient = scalar(value["patient_id"]), master = scalar(value["patient_master_id"]);
    if (is_casefile(casefile)) {
      found.casefile = casefile;
    } else if (is_casefile(patient + ":" + master)) {
      found.casefile = patient + ":" + master;
    }
  }
  if (found.mr_number.empty()) {
    const std::string number = scalar(value["mr_number"]);
    if (number.size() <= 200) found.mr_number = number;
  }
  for (const auto& [key, item] : value.members()) look_for_subject(item, found);
}

// a[b][c]=1 as a tree is not needed: only the last name in brackets says what a value is.
Result<Json> read_form(std::string_view body) {
  Json out = Json::object();
  for (const auto& pair : split(body, '&')) {
    if (pair.empty()) continue;
    const std::size_t sign = pair.find('=');
    const auto name = percent_decode(pair.substr(0, sign), true);
    const auto value = percent_decode(sign == std::string::npos ? "" : pair.substr(sign + 1), true);
    if (!name || !value || name->empty() || !is_utf8(*name) || !is_utf8(*value) || sign == std::string::npos) {
      return Error{Kind::malformed,
                   "emr_hook.unreadable",
                   "The body is neither JSON nor a form; send one that carries a casefile id.",
                   {},
                   {}};
    }
    std::string key = *name;
    if (key.ends_with(']')) {
      key.pop_back();
      key = key.substr(key.rfind('[') + 1);
    }
    if (!out.contains(key)) out.set(key, *value);
  }
  return out;
}

}  // namespace

const char* word(HookKind kind) { return kind_words[static_cast<std::size_t>(kind)]; }
const char* label(HookKind kind) { return kind_labels[static_cast<std::size_t>(kind)]; }
std::optional<HookKind> hook_kind_of(std::string_view word) { return value_of<HookKind>(kind_words, word); }
const char* word(HookState state) { return state_words[static_cast<std::size_t>(state)]; }

bool is_casefile(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon > 18) return false;
  if (text.substr(0, colon).find_first_not_of("0123456789") != std::string_view::npos) return false;
  const std::string_view uuid = text.substr(colon + 1);
  if (uuid.size() != 36) return false;
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = uuid[i];
    const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !digit) return false;
  }
  return true;
}

Json hook_to_stored(const HookSlot& s) {
  Json pending = Json::array(), judged = Json::array();
  for (const auto& p : s.pending) {
    pending.push_back(
        Json::object({{"casefile", p.casefile}, {"changed", to_ms(p.changed_at)}, {"found", to_ms(p.found_at)}}));
  }
  for (const auto& one : s.judged) {
    judged.push_back(Json::object({{"changed", to_ms(one.changed_at)}, {"covered", one.covered}}));
  }
  return Json::object({{"issuedAt", ms_json(s.issued_at)},
                       {"lastReceivedAt", ms_json(s.last_received_at)},
                       {"received", s.received},
                       {"refused", s.refused},
                       {"refusedInARow", s.refused_in_a_row},
                       {"lastRefusedAt", ms_json(s.last_refused_at)},
                       {"lastRefusal", s.last_refusal},
                       {"pending", std::move(pending)},
                       {"judged", std::move(judged)},
                       {"uncoveredInARow", s.uncovered_in_a_row},
                       {"firstUncoveredAt", ms_json(s.first_uncovered_at)},
                       {"lastCoveredAt", ms_json(s.last_covered_at)},
                       {"state", word(s.state)},
                       {"stateSince", ms_json(s.state_since)}});
}

void hook_from_stored(const Json& j, HookSlot& s) {
  s.issued_at = ms_of(j["issuedAt"]);
  s.last_received_at = ms_of(j["lastReceivedAt"]);
  s.received = j["received"].int_or(0);
  s.refused = j["refused"].int_or(0);
  s.refused_in_a_row = j["refusedInARow"].int_or(0);
  s.last_refused_at = ms_of(j["lastRefusedAt"]);
  s.last_refusal = j["lastRefusal"].text_or();
  s.pending.clear();
  if (j["pending"].is_array()) {
    for (const Json& p : j["pending"].items()) {
      s.pending.push_back({p["casefile"].text_or(), from_ms(p["changed"].int_or(0)), from_ms(p["found"].int_or(0))});
    }
  }
  s.judged.clear();
  if (j["judged"].is_array()) {
    for (const Json& one : j["judged"].items()) {
      s.judged.push_back({from_ms(one["changed"].int_or(0)), one["covered"].bool_or(false)});
    }
  }
  s.uncovered_in_a_row = j["uncoveredInARow"].int_or(0);
  s.first_uncovered_at = ms_of(j["firstUncoveredAt"]);
  s.last_covered_at = ms_of(j["lastCoveredAt"]);
  s.state = value_of<HookState>(state_words, j["state"].text_or()).value_or(HookState::unconfigured);
  s.state_since = ms_of(j["stateSince"]);
}

Json hook_to_json(const HookSlot& s) {
  const auto share = coverage_percent(s);
  return Json::object({{"kind", word(s.kind)},
                       {"label", label(s.kind)},
                       {"state", word(s.state)},
                       {"sentence", state_sentence(s)},
                       {"since", instant_json(s.state_since)},
                       {"issuedAt", instant_json(s.issued_at)},
                       {"lastReceivedAt", instant_json(s.last_received_at)},
                       {"lastCoveredAt", instant_json(s.last_covered_at)},
                       {"coverage", share ? Json(*share) : Json()},
                       {"judgedChanges", static_cast<std::int64_t>(s.judged.size())},
                       {"received", s.received},
                       {"refused", s.refused},
                       {"lastRefusedAt", instant_json(s.last_refused_at)},
                       {"lastRefusal", text_or_null(s.last_refusal)}});
}

Result<HookSubject> hook_subject(std::string_view content_type, std::string_view body) {
  HookSubject found;
  const bool form = ascii_lower(content_type).starts_with("application/x-www-form-urlencoded");
  const Result<Json> read = form ? read_form(body) : Json::parse(body);
  if (!read || (!form && !read->is_object() && !read->is_array())) {
    return Error{Kind::malformed,
                 "emr_hook.unreadable",
                 "The body is neither JSON nor a form; send one that carries a casefile id.",
                 {},
                 {}};
  }
  look_for_subject(*read, found);
  return found;
}

}  // namespace handoff::sync
