#include "face/own/problem.h"

#include <array>

#include "base/log.h"

namespace handoff::face::own {
namespace {

constexpr std::array kind_rows{
    KindRow{Kind::invalid_input, 400, "The request has faults"},
    KindRow{Kind::malformed, 400, "The request cannot be read"},
    KindRow{Kind::unauthenticated, 401, "Not signed in"},
    KindRow{Kind::forbidden, 403, "Not allowed"},
    KindRow{Kind::not_found, 404, "Not found"},
    KindRow{Kind::conflict, 409, "Not possible now"},
    KindRow{Kind::precondition_failed, 412, "Changed meanwhile"},
    KindRow{Kind::too_large, 413, "Too large"},
    KindRow{Kind::unsupported, 415, "Not served"},
    KindRow{Kind::rate_limited, 429, "Too many requests"},
    KindRow{Kind::unavailable, 503, "Not available now"},
    KindRow{Kind::internal, 500, "Something went wrong here"},
};

consteval bool in_order() {
  for (std::size_t i = 0; i < kind_rows.size(); ++i) {
    if (kind_rows[i].kind != static_cast<Kind>(i)) return false;
  }
  return true;
}
static_assert(in_order(), "row_of() finds a kind by its place");

const char* title_of(int status) {
  for (const auto& row : kind_rows) {
    if (row.status == status) return row.title;
  }
  return status >= 500 ? "Not available" : "The request was refused";
}

Json body_of(int status, const char* title, const std::string& code, const std::string& detail, Json errors) {
  return Json::object({{"type", "urn:handoff:error:" + code},
                       {"title", title},
                       {"status", status},
                       {"detail", detail},
                       {"code", code},
                       {"errors", std::move(errors)}});
}

net::Response response_of(int status, const Json& body) {
  net::Response response;
  response.status = status;
  response.body = body.dump();
  response.headers.set("Content-Type", "application/problem+json");
  response.headers.set("Cache-Control", "no-store");
  if (status == 401) response.headers.set("WWW-Authenticate", "Bearer realm=\"handoff\"");
  return response;
}

}  // namespace

const KindRow& row_of(Kind kind) { return kind_rows[static_cast<std::size_t>(kind)]; }

int status_of(const Error& error) {
  if (error.code == "request.method_not_allowed") return 405;
  return row_of(error.kind).status;
}

Json problem_json(const Error& error, const Json& more) {
  Json errors = Json::array();
  for (const auto& fault : error.faults) {
    errors.push_back(Json::object({{"pointer", fault.pointer}, {"code", fault.code}, {"message", fault.message}}));
  }
  const KindRow& row = row_of(error.kind);
  std::string detail = error.for_caller;
  if (error.kind == Kind::internal) {
    // What went wrong inside is for the operator; whoever asked gets the id under which the log has it.
    detail =
        "Something went wrong on our side. Ask the operator and name the request id " + RequestScope::current() + ".";
  }
  Json body = body_of(status_of(error), row.title, error.code, detail, std::move(errors));
  if (more.is_object()) {
    for (const auto& [key, value] : more.members()) body.set(key, value);
  }
  return body;
}

net::Response problem(const Error& error, const Json& more) {
  if (error.kind == Kind::internal || !error.for_log.empty()) {
    log_error("api.error", {{"code", error.code}, {"detail", error.for_log}});
  }
  return response_of(status_of(error), problem_json(error, more));
}

net::Response problem(int status, std::string_view code, std::string_view detail) {
  return response_of(status, body_of(status, title_of(status), std::string(code), std::string(detail), Json::array()));
}

}  // namespace handoff::face::own
