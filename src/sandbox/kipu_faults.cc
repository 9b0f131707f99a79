#include "sandbox/kipu_faults.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace handoff::sandbox {

namespace {

using K = KipuFaultKind;

struct Name {
  K kind;
  std::string_view word;
  std::string_view amount;  // the key of its amount; "" where it has none
};
constexpr std::array names{
    Name{K::status, "status", ""},
    Name{K::slow_body, "slowBody", "ms"},
    Name{K::truncated_json, "truncatedJson", ""},
    Name{K::missing_pagination, "missingPagination", ""},
    Name{K::duplicate_row, "duplicateRow", ""},
    Name{K::skipped_row, "skippedRow", ""},
    Name{K::half_census, "halfCensus", ""},
    Name{K::dirty_text, "dirtyText", ""},
    Name{K::late_commit, "lateCommit", "seconds"},
    Name{K::clock_skew, "clockSkew", "seconds"},
};

const Name& name_of(K kind) {
  return *std::find_if(names.begin(), names.end(), [&](const Name& one) { return one.kind == kind; });
}

Error bad_fault(std::string text) { return Error{Kind::invalid_input, "sandbox.bad_request", std::move(text), {}}; }

std::string known_names() {
  std::string text;
  for (const Name& one : names) {
    if (one.kind != K::status) text.append(text.empty() ? "" : ", ").append(one.word);
  }
  return text;
}

// Each in the way that the field of a real chart was seen to be dirty.
void soil(Json& row) {
  if (!row.is_object()) return;
  for (auto& [key, value] : row.members()) {
    if (!value.is_string() || value.string().empty()) continue;
    const std::string& text = value.string();
    if (key == "discharge_type") value = "\t" + text + " – “confirmed”";
    if (key == "level_of_care") value = "UR LOC: " + text;
    if (key == "program" || key == "insurance_company") value = " " + text + "  ";
    if (key == "discharge_or_transition_name") value = text + "\t ";
    if (key == "last_name" && text.find('\'') != std::string::npos) {
      std::string curly = text;
      curly.replace(curly.find('\''), 1, "’");
      value = curly;
    }
  }
}

}  // namespace

Json KipuFault::json() const {
  const Name& name = name_of(kind);
  Json out = Json::object({{"name", name.word}, {"route", route.empty() ? Json() : Json(route)}, {"count", count}});
  if (kind == K::status) out.set("status", status);
  if (!retry_after.empty()) out.set("retryAfter", retry_after);
  if (page != 0) out.set("page", page);
  if (!casefile_id.empty()) out.set("casefileId", casefile_id);
  if (!name.amount.empty()) out.set(name.amount, amount);
  if (silent) out.set("silent", true);
  return out;
}

Result<KipuFault> KipuFaults::parse(const Json& given) {
  if (!given.is_object()) return bad_fault("The body must be a JSON object");
  KipuFault fault;
  const std::string name = given["name"].text_or("status");
  const auto found = std::find_if(names.begin(), names.end(), [&](const Name& one) { return one.word == name; });
  if (found == names.end()) return bad_fault("The faults are a status, or by name " + known_names());
  fault.kind = found->kind;
  for (const auto& [key, value] : given.members()) {
    const std::int64_t number = value.int_or(-1);
    if (value.is_null() || key == "name") continue;
    if (key == "route" && value.is_string()) {
      const auto words = kipu_route_words();
      fault.route = value.string() == "*" ? "" : value.string();
      if (!fault.route.empty() && std::find(words.begin(), words.end(), fault.route) == words.end()) {
        return bad_fault("The routes are * and " + join(words, ", "));
      }
    } else if (key == "status" && fault.kind == K::status && number >= 400 && number <= 599) {
      fault.status = static_cast<int>(number);
    } else if (key == "count" && number >= 0 && number <= 1'000'000'000) {
      fault.count = number;
    } else if (key == "retryAfter" && number >= 0) {
      fault.retry_after = std::to_string(number);
    } else if (key == "page" && number >= 1) {
      fault.page = number;
    } else if (key == "casefileId" && value.is_string()) {
      fault.casefile_id = value.string();
    } else if (key == found->amount && value.is_integer() && std::abs(value.int_or(0)) <= 10'000'000 &&
               (fault.kind == K::clock_skew || number >= 0)) {
      fault.amount = value.int_or(0);
    } else if (key == "silent" && fault.kind == K::skipped_row && value.is_bool()) {
      fault.silent = value.boolean();
    } else {
      return bad_fault("Check " + utf8_prefix(key, 100) +
                       ": a fault has status (400 to 599) or name, route, count, page, casefileId, retryAfter, and "
                       "what its name asks for: ms, seconds or silent");
    }
  }
  if (fault.kind == K::status && fault.status == 0 && fault.count != 0) {
    return bad_fault("A fault has a status (400 to 599), or one of the names " + known_names());
  }
  return fault;
}

void KipuFaults::set(KipuFault fault) {
  std::erase_if(faults_, [&](const KipuFault& one) {
    return one.kind == fault.kind && one.route == fault.route && one.page == fault.page &&
           one.casefile_id == fault.casefile_id;
  });
  if (fault.kind == K::clock_skew && fault.amount == 0) return;
  if (fault.count > 0) faults_.push_back(std::move(fault));
}

std::vector<KipuFault> KipuFaults::take(std::string_view route, const KipuCall& call) {
  std::vector<KipuFault> met;
  for (KipuFault& one : faults_) {
    if (!one.route.empty() && one.route != route) continue;
    if (one.kind == K::clock_skew || one.kind == K::late_commit) continue;  // of the server, not of a request
    if (one.kind == K::half_census && route != "census") continue;
    if (one.kind == K::skipped_row && parse_int(call.parameter("page").value_or("1")).value_or(1) < 2) continue;
    if (one.page != 0 && parse_int(call.parameter("page").value_or("1")) != one.page) continue;
    if (!one.casefile_id.empty() &&
        (call.path.size() < 2 ||
         one.casefile_id != call.path[1] + ":" + call.parameter("patient_master_id").value_or(""))) {
      continue;
    }
    --one.count;
    met.push_back(one);
  }
  std::erase_if(faults_, [](const KipuFault& one) { return one.count <= 0; });
  return met;
}

std::chrono::seconds KipuFaults::clock_skew() const {
  for (const KipuFault& one : faults_) {
    if (one.kind == K::clock_skew) return std::chrono::seconds{one.amount};
  }
  return std::chrono::seconds{0};
}

Json KipuFaults::json() const {
  Json items = Json::array();
  for (const KipuFault& one : faults_) items.push_back(one.json());
  return items;
}

void spoil(KipuAnswer& answer, const std::vector<KipuFault>& faults) {
  if (answer.status >= 300) return;
  if (has(faults, K::missing_pagination)) answer.body.erase("pagination");
  for (auto& [key, value] : answer.body.members()) {
    if (key == "patient" && has(faults, K::dirty_text)) soil(value);
    if (key != answer.rows || value.size() == 0) continue;
    if (has(faults, K::duplicate_row)) {
      Json first = value.items().front();
      value.items().insert(value.items().begin(), std::move(first));
    }
    if (has(faults, K::dirty_text)) {
      for (Json& row : value.items()) soil(row);
    }
  }
}

bool has(const std::vector<KipuFault>& faults, KipuFaultKind kind) {
  return std::any_of(faults.begin(), faults.end(), [&](const KipuFault& one) { return one.kind == kind; });
}

}  // namespace handoff::sandbox
