#include "face/own/own.h"

#include "access/rate_limit.h"
#include "base/log.h"
#include "base/text.h"
#include "face/own/documentation.h"
#include "face/own/emr.h"
#include "face/own/problem.h"
#include "face/own/routes.h"
#include "face/own/sign_in.h"
#include "net/uri.h"

namespace handoff::face {

using namespace own;

namespace {

constexpr std::uint64_t form_bytes_max = 64 * 1024;
constexpr std::uint64_t hook_bytes_max = 256 * 1024;
constexpr std::uint64_t small_bytes_max = 64 * 1024;     // where no body is expected
constexpr std::uint64_t unusual_bytes = 1024 * 1024;     // worth asking the store who sends it
constexpr std::uint64_t multipart_overhead = 64 * 1024;  // frames and plain fields around a file

std::uint64_t body_bytes_max(const Route& route, const OwnFaceSettings& settings) {
  switch (route.body) {
    case BodyKind::none: return small_bytes_max;
    case BodyKind::form: return form_bytes_max;
    case BodyKind::hook: return hook_bytes_max;
    case BodyKind::multipart: return settings.file_bytes_max + multipart_overhead;
    case BodyKind::json:
    case BodyKind::optional_json:
    case BodyKind::empty:
    case BodyKind::patch: break;
  }
  return settings.json_bytes_max;
}

bool names_token(std::string_view query) {
  const auto pairs = net::parse_query(query);
  return pairs && std::any_of(pairs->begin(), pairs->end(), [](const auto& pair) { return pair.first == "token"; });
}

// A body that would be refused for its size or coding: worth asking beforehand whether the caller is known at all,
// because an unknown one is told 401 and nothing else.
bool has_unusual_body(const net::Request& head) {
  if (head.headers.find("Transfer-Encoding") || head.headers.find("Content-Encoding") || head.headers.find("Expect"))
    return true;
  const auto length = parse_int(head.headers.get("Content-Length"));
  return length && static_cast<std::uint64_t>(*length) > unusual_bytes;
}

// Reads the parameters of the query; every one that the route does not take is a fault.
Result<void> read_query(Call& call) {
  call.query = HANDOFF_TRY(net::parse_query(call.request.query));
  std::vector<std::string> known;
  for (auto& name : split(call.route.query, ' ')) {
    if (!name.empty()) known.push_back(std::move(name));
  }
  Faults faults;
  std::vector<std::string> seen;
  for (const auto& [name, value] : call.query) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      const auto near = nearest(name, known);
      faults.push_back({"?" + name, "request.unknown_parameter",
                        near ? "There is no such parameter here; did you mean \"" + *near + "\"?"
                        : known.empty()
                            ? "This route takes no parameters."
                            : "There is no such parameter here; those there are: " + join(known, ", ") + "."});
    } else if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
      faults.push_back({"?" + name, "request.repeated_parameter", "Send this parameter once."});
    }
    seen.push_back(name);
  }
  if (!faults.empty()) return fault_error(std::move(faults));
  return {};
}

Result<void> read_body(Call& call) {
  const BodyKind kind = call.route.body;
  if (kind == BodyKind::none || kind == BodyKind::form || kind == BodyKind::hook) return {};
  const std::string type = net::media_type(call.request.headers.get("Content-Type"));
  if (kind == BodyKind::multipart) {
    if (type == "multipart/form-data") return {};
    return Error{Kind::unsupported, "request.unsupported_type", "Send the file as multipart/form-data.", {}, {}};
  }
  if (call.request.body->size() == 0) {
    if (kind == BodyKind::optional_json || kind == BodyKind::empty) return {};
    return Error{Kind::malformed, "request.body_missing", "This request needs a JSON body.", {}, {}};
  }
  const bool fits =
      type.empty() || type == "application/json" || (kind == BodyKind::patch && type == "application/merge-patch+json");
  if (!fits) {
    return Error{Kind::unsupported,
                 "request.unsupported_type",
                 kind == BodyKind::patch
                     ? "Send a merge patch as Content-Type: application/merge-patch+json or application/json."
                     : "Send JSON, with Content-Type: application/json.",
                 {},
                 {}};
  }
  const std::string text = HANDOFF_TRY(call.request.body->all());
  call.body = HANDOFF_TRY(Json::parse(text, call.parts.settings.json));
  if (kind == BodyKind::empty) {
    Faults faults;
    call.members({}, faults);
    if (!faults.empty()) return fault_error(std::move(faults));
  }
  return {};
}

Result<net::Response> serve(Call& call) {
  const Route& route = call.route;
  if (*route.scope != '\0' && !call.actor.may(route.scope)) {
    return Error{Kind::forbidden,
                 "access.scope_missing",
                 std::string("This needs the scope ") + route.scope + "; whoever made the key or client can grant it.",
                 {},
                 {}};
  }
  HANDOFF_TRY(read_query(call));
  HANDOFF_TRY(read_body(call));
  return route.handle(call);
}

}  // namespace

struct OwnFace::Inside {
  explicit Inside(OwnFaceParts parts)
      : shared{std::move(parts), {}, {}, {}, documentation_page(), {}, {}},
        rate(std::max(shared.parts.settings.requests_per_second, 1.0), shared.parts.settings.request_burst) {}
  // How long a credential that asks too fast has to wait.
  std::optional<milliseconds> too_fast(const std::string& credential) {
    if (shared.parts.settings.requests_per_second <= 0) return std::nullopt;
    return rate.take(credential, shared.parts.clock.monotonic());
  }
  Shared shared;
  access::RateLimit rate;
};

OwnFace::OwnFace(OwnFaceParts parts) : inside_(std::make_unique<Inside>(std::move(parts))) {}
OwnFace::~OwnFace() = default;
Metrics& OwnFace::metrics() { return inside_->shared.metrics; }

net::Handler::Admission OwnFace::admit(const net::Request& head) {
  Shared& shared = inside_->shared;
  const auto segments = net::path_segments(head.path);
  const Match match = segments ? find_route(head.method, *segments) : Match{};
  Admission admission{{shared.parts.settings.json_bytes_max}, std::nullopt};
  if (match.route) admission.limit.bytes_max = body_bytes_max(*match.route, shared.parts.settings);
  const Access access = match.route ? match.route->access : Access::caller;
  if (access == Access::open || access == Access::client) return admission;
  const auto token = bearer_token(head.headers);
  const bool is_hook = access == Access::hook || access == Access::emr_hook;
  if (!token && !(is_hook && names_token(head.query))) {
    admission.refuse = problem(not_signed_in());
    shared.metrics.count(match.route ? match.route->operation_id : "none", 401, {});
    return admission;
  }
  if (is_hook || !has_unusual_body(head)) return admission;
  // This asks the store on an io thread, which is otherwise never done: only for callers not seen before who send
  // something large, so that a stranger is told 401 and not 413.
  if (!shared.known.contains(shared.parts.key.keyed_hash(*token))) {
    if (const auto actor = sign_in(shared, head.headers); !actor) admission.refuse = problem(actor.error());
  }
  return admission;
}

net::Response OwnFace::handle(net::Request& request) {
  Shared& shared = inside_->shared;
  const auto began = shared.parts.clock.monotonic();
  const auto segments = net::path_segments(request.path);
  const Match match = segments ? find_route(request.method, *segments) : Match{};
  static constexpr Route nothing{"", "", Access::caller, "", BodyKind::none, "", nullptr, "none"};
  Call call(shared, request, match.route ? *match.route : nothing, match.names);

  const auto answer = [&]() -> Result<net::Response> {
    // Nothing of the request is looked at before it is known who asks.
    if (call.route.access == Access::caller) {
      call.actor = HANDOFF_TRY(sign_in(shared, request.headers));
      if (const auto wait = inside_->too_fast(call.actor.id)) {
        net::Response response = problem(Error{Kind::rate_limited,
                                               "request.too_many",
                                               "Too many requests with this credential; wait as Retry-After says.",
                                               {},
                                               {}});
        response.headers.set("Retry-After", std::to_string((wait->count() + 999) / 1000));
        return response;
      }
    }
    if (call.route.access == Access::hook) call.actor = HANDOFF_TRY(sign_in_destination(call));
    if (call.route.access == Access::emr_hook) call.actor = HANDOFF_TRY(sign_in_emr_hook(call));
    if (!segments) return segments.error();
    if (!match.route && !match.methods.empty()) {
      net::Response response = problem(Error{Kind::unsupported,
                                             "request.method_not_allowed",
                                             "This path takes " + join(match.methods, ", ") + ".",
                                             {},
                                             {}});
      response.headers.set("Allow", join(match.methods, ", "));
      return response;
    }
    if (!match.route) {
      return Error{
          Kind::not_found, "request.no_such_path", "Nothing stands at this path; /docs lists what there is.", {}, {}};
    }
    return serve(call);
  };
  auto answered = answer();
  net::Response response = answered ? std::move(*answered) : problem(answered.error());
  response.headers.set("X-Content-Type-Options", "nosniff");
  const std::string_view operation = *call.route.operation_id == '\0' ? "alias" : call.route.operation_id;
  shared.metrics.count(operation, response.status, shared.parts.clock.monotonic() - began);
  return response;
}

net::Response OwnFace::refuse(int status, std::string_view code, std::string_view detail) {
  inside_->shared.metrics.count("refused", status, {});
  return problem(status, code, detail);
}

}  // namespace handoff::face
