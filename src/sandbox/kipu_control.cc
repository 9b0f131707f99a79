// The control plane of the sandbox EMR: staff at their screens, the clock on the wall, and what goes wrong.
#include <algorithm>

#include "base/text.h"
#include "net/uri.h"
#include "sandbox/kipu_sandbox.h"

namespace handoff::sandbox {

namespace {

constexpr std::int64_t seed_max = 200'000;
constexpr std::int64_t advance_seconds_max = 10LL * 366 * 86'400;

KipuControlAnswer refused(int status, std::string_view text) { return {status, Json::object({{"errors", text}})}; }
KipuControlAnswer nothing_here() { return refused(404, "There is nothing at this address"); }
KipuControlAnswer not_allowed(std::string_view methods) {
  return refused(405, "The methods here are " + std::string(methods));
}
KipuControlAnswer bad(const Error& error) { return refused(400, error.for_caller); }

KipuControlAnswer named(const Result<const KipuChart*>& chart, int status) {
  if (!chart) return bad(chart.error());
  return {status, Json::object({{"casefileId", (*chart)->casefile_id()}})};
}

KipuControlAnswer done(const Result<void>& result, const KipuChart& chart) {
  if (!result) return bad(result.error());
  return {200, Json::object({{"casefileId", chart.casefile_id()}})};
}

Json chart_as_json(const KipuChart& chart) {
  const KipuVersion& version = *chart.newest;
  return Json::object({{"casefileId", chart.casefile_id()},
                       {"createdAt", format_instant(chart.created_at)},
                       {"updatedAt", format_instant(version.updated_at)},
                       {"deletedAt", version.deleted_at ? Json(format_instant(*version.deleted_at)) : Json()},
                       {"uncommittedChanges", chart.waiting.size()},
                       {"attachments", chart.attachments},
                       {"fields", version.fields}});
}

Json settings_as_json(const KipuSettings& settings) {
  return Json::object({{"zone", settings.zone},
                       {"wrongSignatureStatus", settings.wrong_signature_status},
                       {"latestOmitsDestination", settings.latest_omits_destination},
                       {"refuseFutureEndDate", settings.refuse_future_end_date},
                       {"requestsPerSecond", settings.requests_per_second}});
}

}  // namespace

KipuControlAnswer KipuSandbox::control(std::string_view method, std::string_view path, const Json& body) {
  const auto segments = net::path_segments(path);
  if (!segments || segments->empty()) return nothing_here();
  KipuControlAnswer answer;
  {
    const std::lock_guard lock(mutex_);
    answer = act(method, *segments, body);
    tell_hooks();
  }
  if (segments->front() == "clock") hooks_->look_again();
  return answer;
}

KipuControlAnswer KipuSandbox::act(std::string_view method, const std::vector<std::string>& path, const Json& body) {
  const std::string& what = path[0];
  const bool alone = path.size() == 1;
  if (what == "clock" && alone) return act_on_clock(method, body);
  if (what == "settings" && alone) return act_on_settings(method, body);
  if (what == "faults" && alone) return act_on_faults(method, body);
  if (what == "journal" && alone) return act_on_journal(method);
  if (what == "patients") return act_on_charts(method, path, body);
  if (what == "hooks" && path.size() <= 2) {
    if (alone) return method == "GET" ? KipuControlAnswer{200, hooks_->json()} : not_allowed("GET");
    if (!KipuHooks::kind_of(path[1])) return nothing_here();
    if (method != "PUT") return not_allowed("PUT");
    const Result<void> set = hooks_->set(path[1], body);
    return set ? KipuControlAnswer{200, hooks_->json()[path[1]]} : bad(set.error());
  }
  if (what == "contacts" && alone) {
    if (method == "GET") return {200, Json::object({{"items", Json(clinic_.contacts())}})};
    if (method != "POST") return not_allowed("GET, POST");
    if (trim(body["name"].text_or()).empty()) return refused(400, "A contact needs a name");
    return {201, Json::object({{"contactId", clinic_.add_contact(body)}})};
  }
  if (what == "locations" && alone) {
    if (method == "GET") return {200, Json::object({{"items", Json(clinic_.locations())}})};
    if (method != "POST") return not_allowed("GET, POST");
    const auto id = clinic_.add_location(body["name"].text_or());
    return id ? KipuControlAnswer{201, Json::object({{"locationId", *id}})} : bad(id.error());
  }
  if (what == "seed" && alone) {
    if (method != "POST") return not_allowed("POST");
    const std::int64_t count = body["patients"].int_or(-1);
    if (count < 1 || count > seed_max) return refused(400, "patients is a number from 1 to 200000");
    const Result<void> seeded = clinic_.seed(count, moment());
    if (!seeded) return bad(seeded.error());
    return {201, Json::object({{"patients", clinic_.charts().size()}})};
  }
  return nothing_here();
}

KipuControlAnswer KipuSandbox::act_on_clock(std::string_view method, const Json& body) {
  if (method != "GET" && method != "POST") return not_allowed("GET, POST");
  if (method == "POST") {
    if (!body.is_object() || body.size() == 0) return refused(400, "Say now, advanceSeconds or stopped");
    std::optional<Instant> at;
    std::int64_t by = 0;
    for (const auto& [key, value] : body.members()) {
      if (key == "now" && value.is_string()) {
        const auto read = parse_instant(value.string());
        if (!read) return bad(read.error());
        at = read->at;
      } else if (key == "advanceSeconds" && value.is_integer() && std::abs(value.int_or(0)) <= advance_seconds_max) {
        by = value.int_or(0);
      } else if (key != "stopped" || !value.is_bool()) {
        return refused(400,
                       "The clock takes now (RFC 3339), advanceSeconds and stopped; check " + utf8_prefix(key, 100));
      }
    }
    if (at) clock_.set(*at);
    if (by != 0) clock_.advance(std::chrono::seconds(by));
    if (body.contains("stopped")) clock_.stop(body["stopped"].boolean());
  }
  return {200, Json::object({{"now", format_instant(clock_.now())}, {"stopped", clock_.stopped()}})};
}

KipuControlAnswer KipuSandbox::act_on_settings(std::string_view method, const Json& body) {
  if (method == "GET") return {200, settings_as_json(settings_)};
  if (method != "PUT") return not_allowed("GET, PUT");
  if (!body.is_object()) return refused(400, "The body must be a JSON object");
  KipuSettings settings = settings_;
  for (const auto& [key, value] : body.members()) {
    const std::int64_t number = value.int_or(-1);
    if (key == "zone" && value.is_string() && zone_exists(value.string())) {
      settings.zone = value.string();
    } else if (key == "wrongSignatureStatus" && (number == 401 || number == 403)) {
      settings.wrong_signature_status = static_cast<int>(number);
    } else if (key == "latestOmitsDestination" && value.is_bool()) {
      settings.latest_omits_destination = value.boolean();
    } else if (key == "refuseFutureEndDate" && value.is_bool()) {
      settings.refuse_future_end_date = value.boolean();
    } else if (key == "requestsPerSecond" && number >= 0 && number <= 100'000) {
      settings.requests_per_second = number;
    } else {
      return refused(400, "Check " + utf8_prefix(key, 100) +
                              ": the settings are zone, wrongSignatureStatus (403 or 401), latestOmitsDestination, "
                              "refuseFutureEndDate and requestsPerSecond (0 for no limit)");
    }
  }
  settings_ = settings;
  // A limit that is set begins with a full second's worth.
  tokens_ = static_cast<double>(settings_.requests_per_second);
  tokens_at_ = clock_.elapsed();
  return {200, settings_as_json(settings_)};
}

KipuControlAnswer KipuSandbox::act_on_faults(std::string_view method, const Json& body) {
  if (method == "DELETE") {
    faults_.clear();
    clinic_.commit_late(std::chrono::milliseconds(0), 0);
  } else if (method == "POST") {
    const Result<KipuFault> fault = KipuFaults::parse(body);
    if (!fault) return bad(fault.error());
    if (fault->kind == KipuFaultKind::late_commit) {
      clinic_.commit_late(std::chrono::seconds(fault->amount), fault->count);
    } else {
      faults_.set(*fault);
    }
  } else if (method != "GET") {
    return not_allowed("GET, POST, DELETE");
  }
  Json items = faults_.json();
  if (clinic_.late_count() > 0) {
    items.push_back(Json::object(
        {{"name", "lateCommit"}, {"count", clinic_.late_count()}, {"seconds", clinic_.late_by().count() / 1000}}));
  }
  return {200, Json::object({{"items", std::move(items)}})};
}

KipuControlAnswer KipuSandbox::act_on_journal(std::string_view method) {
  if (method == "DELETE") {
    journal_.clear();
    journal_dropped_ = 0;
    hooks_->forget();
  } else if (method != "GET") {
    return not_allowed("GET, DELETE");
  }
  Json items = Json::array();
  for (const Json& one : journal_) items.push_back(one);
  return {200,
          Json::object({{"items", std::move(items)}, {"dropped", journal_dropped_}, {"hooks", hooks_->deliveries()}})};
}

KipuControlAnswer KipuSandbox::act_on_charts(std::string_view method, const std::vector<std::string>& path,
                                             const Json& body) {
  if (path.size() == 1) {
    if (method == "POST") return named(clinic_.create(body.is_null() ? Json::object() : body, moment()), 201);
    if (method != "GET") return not_allowed("GET, POST");
    Json items = Json::array();
    for (const KipuChart& chart : clinic_.charts()) items.push_back(chart_as_json(chart));
    return {200, Json::object({{"items", std::move(items)}})};
  }
  KipuChart* chart = clinic_.find(path[1]);
  if (chart == nullptr) return refused(404, "There is no chart with this casefile id");
  if (path.size() == 2) {
    if (method == "GET") return {200, chart_as_json(*chart)};
    if (method != "PATCH") return not_allowed("GET, PATCH");
    if (chart->newest->deleted_at) return refused(409, "This chart is deleted");
    return done(clinic_.edit(*chart, body, moment()), *chart);
  }
  if (path.size() != 3) return nothing_here();
  if (method != "POST") return not_allowed("POST");
  return act_on_chart(*chart, path[2], body.is_null() ? Json::object() : body);
}

KipuControlAnswer KipuSandbox::act_on_chart(KipuChart& chart, std::string_view act, const Json& body) {
  if (chart.newest->deleted_at) return refused(409, "This chart is deleted");
  if (act == "discharge") return done(clinic_.discharge(chart, body, moment()), chart);
  if (act == "undo-discharge") return done(clinic_.undo_discharge(chart, moment()), chart);
  if (act == "readmit") return named(clinic_.readmit(chart, body, moment()), 200);
  if (act == "transfer") return named(clinic_.transfer(chart, body, moment()), 200);
  if (act == "delete") return done(clinic_.remove(chart, moment()), chart);
  if (act == "care-team" || act == "consents" || act == "evaluations" || act == "appointments") {
    const auto id = clinic_.add(chart, act, body, moment());
    return id ? KipuControlAnswer{201, Json::object({{"id", *id}})} : bad(id.error());
  }
  return nothing_here();
}

}  // namespace handoff::sandbox
