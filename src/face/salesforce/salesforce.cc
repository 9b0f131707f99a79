#include "face/salesforce/salesforce.h"

#include <map>
#include <mutex>

#include "access/rate_limit.h"
#include "base/log.h"
#include "base/text.h"
#include "face/credentials.h"
#include "face/salesforce/handlers.h"
#include "net/uri.h"

namespace handoff::face {

using namespace salesforce;

namespace {

constexpr std::uint64_t form_bytes_max = 64 * 1024, small_bytes_max = 64 * 1024;

// How often an organization has called today (UTC). Thread-safe.
class Usage {
 public:
  std::int64_t count(const std::string& organization, Instant now) {
    const std::lock_guard lock(mutex_);
    const auto day = to_ms(now) / 86'400'000;
    if (day != day_) counts_.clear();
    day_ = day;
    return ++counts_[organization];
  }

 private:
  std::mutex mutex_;
  std::int64_t day_ = 0;                        // guarded by mutex_
  std::map<std::string, std::int64_t> counts_;  // guarded by mutex_
};

Error no_such_resource() {
  return Error{Kind::not_found, "salesforce.no_such_resource", "The requested resource does not exist", {}, {}};
}

Error wrong_method(const Call& call, const char* allowed) {
  return Error{Kind::unsupported,
               "request.method_not_allowed",
               "HTTP Method '" + call.request.method + "' not allowed. Allowed are " + allowed,
               {},
               {}};
}

bool is_word(const std::string& segment, std::string_view word) { return ascii_equal_fold(segment, word); }

// The number of "v66.0"; nothing where it is none that is served.
bool is_served_version(const std::string& segment) {
  if (!segment.starts_with('v') || !segment.ends_with(".0")) return false;
  const auto number = parse_int(std::string_view(segment).substr(1, segment.size() - 3));
  return number && *number >= oldest_version && *number <= newest_version;
}

Result<net::Response> route_sobjects(Call& call, const std::vector<std::string>& rest) {
  const bool get = call.request.method == "GET", post = call.request.method == "POST";
  if (rest.empty()) return get ? Result<net::Response>(describe_all(call)) : wrong_method(call, "HEAD,GET");
  if (rest.size() == 1) {
    if (post) return create(call, rest[0]);
    return get ? describe_object(call, rest[0], false) : wrong_method(call, "HEAD,GET,POST");
  }
  if (rest.size() == 2 && is_word(rest[1], "describe"))
    return get ? describe_object(call, rest[0], true) : wrong_method(call, "HEAD,GET");
  if (rest.size() == 2) {
    if (get) return retrieve(call, rest[0], rest[1]);
    return call.request.method == "PATCH" ? change(call, rest[0], rest[1]) : wrong_method(call, "HEAD,GET,PATCH");
  }
  if (rest.size() == 3 && is_word(rest[0], "ContentVersion") && is_word(rest[2], "VersionData"))
    return get ? file_bytes(call, rest[1]) : wrong_method(call, "HEAD,GET");
  return no_such_resource();
}

Result<net::Response> route_composite(Call& call, const std::vector<std::string>& rest) {
  const std::string& method = call.request.method;
  if (rest.empty() || !is_word(rest[0], "sobjects") || rest.size() > 2) return no_such_resource();
  if (rest.size() == 2)
    return method == "GET" || method == "POST" ? retrieve_several(call, rest[1]) : wrong_method(call, "GET,POST");
  if (method == "POST") return create_several(call);
  return method == "PATCH" ? change_several(call) : wrong_method(call, "POST,PATCH");
}

}  // namespace

struct SalesforceFace::Inside {
  explicit Inside(SalesforceFaceParts parts)
      : shared{std::move(parts), {}},
        rate(std::max(shared.parts.settings.requests_per_second, 1.0), shared.parts.settings.request_burst) {}

  Result<net::Response> route(Call& call, std::int64_t used) {
    const auto& path = call.segments;
    const bool get = call.request.method == "GET";
    if (path.front() == "id") return get ? identity(call) : wrong_method(call, "HEAD,GET");
    // /services/data/vNN.0/…
    if (path.size() < 3 || !is_word(path[1], "data") || !is_served_version(path[2])) return no_such_resource();
    call.version = path[2];
    const std::vector<std::string> rest(path.begin() + 3, path.end());
    if (rest.empty()) return get ? Result<net::Response>(version_root(call)) : wrong_method(call, "HEAD,GET");
    const std::vector<std::string> below(rest.begin() + 1, rest.end());
    if (is_word(rest[0], "sobjects")) return route_sobjects(call, below);
    if (is_word(rest[0], "composite")) return route_composite(call, below);
    if (is_word(rest[0], "query") || is_word(rest[0], "queryAll")) {
      if (!get) return wrong_method(call, "HEAD,GET");
      if (below.empty()) return query(call);
      return below.size() == 1 ? query_more(call, below[0]) : Result<net::Response>(no_such_resource());
    }
    if (is_word(rest[0], "limits") && below.empty())
      return get ? Result<net::Response>(limits_answer(used)) : wrong_method(call, "HEAD,GET");
    if (is_word(rest[0], "connect") && below.size() == 3 && is_word(below[0], "health") &&
        is_word(below[1], "referral-management")) {
      const bool guest = is_word(below[2], "guest-referrals");
      if (!guest && !is_word(below[2], "referrals")) return no_such_resource();
      return call.request.method == "POST" ? create_referrals(call, guest) : wrong_method(call, "POST");
    }
    return no_such_resource();
  }

  std::int64_t day_limit() const {
    const std::int64_t limit = shared.parts.settings.requests_per_day;
    return limit > 0 ? limit : std::int64_t{1'000'000'000};
  }

  net::Response limits_answer(std::int64_t used) const {
    const auto pair = [](std::int64_t max, std::int64_t left) {
      return Json::object({{"Max", max}, {"Remaining", std::max<std::int64_t>(left, 0)}});
    };
    return json_answer(200, Json::object({{"DailyApiRequests", pair(day_limit(), day_limit() - used)}}));
  }

  Result<net::Response> serve(Call& call, std::string& limit_info) {
    SalesforceFaceParts& parts = shared.parts;
    std::optional<std::string> token = bearer_token(call.request.headers);
    // Clients ask who they are with the token in the query.
    if (!token && call.segments.front() == "id") {
      for (const char* name : {"oauth_token", "access_token"}) {
        if (const std::string* given = call.parameter(name)) token = *given;
      }
    }
    std::optional<access::Actor> actor;
    if (token) actor = HANDOFF_TRY(actor_of(parts.credentials, parts.key, parts.clock.now(), *token));
    if (!actor) return Error{Kind::unauthenticated, "salesforce.not_signed_in", "Session expired or invalid", {}, {}};
    call.actor = *std::move(actor);
    const std::int64_t used = usage.count(call.organization().text(), parts.clock.now());
    limit_info = "api-usage=" + std::to_string(std::min(used, day_limit())) + "/" + std::to_string(day_limit());
    if (used > day_limit())
      return Error{Kind::rate_limited, "salesforce.limit_reached", "TotalRequests Limit exceeded.", {}, {}};
    if (parts.settings.requests_per_second > 0) {
      if (const auto wait = rate.take(call.actor.id, parts.clock.monotonic())) {
        net::Response response = answer(Error{Kind::rate_limited,
                                              "salesforce.limit_reached",
                                              "Too many requests a second with this credential.",
                                              {},
                                              {}});
        response.headers.set("Retry-After", std::to_string((wait->count() + 999) / 1000));
        return response;
      }
    }
    return route(call, used);
  }

  salesforce::Shared shared;
  access::RateLimit rate;
  Usage usage;
};

SalesforceFace::SalesforceFace(SalesforceFaceParts parts) : inside_(std::make_unique<Inside>(std::move(parts))) {}
SalesforceFace::~SalesforceFace() = default;

bool SalesforceFace::serves(std::string_view path) {
  const auto segments = net::path_segments(path);
  return segments && !segments->empty() && (segments->front() == "services" || segments->front() == "id");
}

net::Handler::Admission SalesforceFace::admit(const net::Request& head) {
  const auto& settings = inside_->shared.parts.settings;
  const auto segments = net::path_segments(head.path);
  std::uint64_t max = small_bytes_max;
  const bool oauth = segments && segments->size() > 1 && is_word((*segments)[1], "oauth2");
  const bool file = segments && segments->size() > 4 && is_word((*segments)[4], "ContentVersion");
  if (oauth) {
    max = form_bytes_max;
  } else if (head.method == "POST" || head.method == "PATCH") {
    // A file travels as base64 in JSON, or as it is in a form.
    max = file ? settings.file_bytes_max / 3 * 4 + form_bytes_max : settings.json_bytes_max;
  }
  Admission admission{{max}, std::nullopt};
  const bool open = oauth || (segments && segments->size() == 2 && is_word((*segments)[1], "data"));
  const bool who_am_i = segments && !segments->empty() && segments->front() == "id";
  if (!open && !who_am_i && !bearer_token(head.headers)) {
    admission.refuse =
        answer(Error{Kind::unauthenticated, "salesforce.not_signed_in", "Session expired or invalid", {}, {}});
    inside_->shared.parts.metrics.count("salesforce", 401, {});
    return admission;
  }
  // Said here, where the answer can be in this face's form.
  const auto length = parse_int(head.headers.get("Content-Length"));
  if (length && static_cast<std::uint64_t>(*length) > max) {
    admission.refuse = answer(Error{Kind::too_large,
                                    "salesforce.too_large",
                                    "The request has more than " + std::to_string(max) + " bytes.",
                                    {},
                                    {}});
    admission.refuse->headers.set("Connection", "close");
  }
  return admission;
}

net::Response SalesforceFace::handle(net::Request& request) {
  const auto began = inside_->shared.parts.clock.monotonic();
  Call call(inside_->shared, request);
  std::string limit_info;
  const auto work = [&]() -> Result<net::Response> {
    call.segments = HANDOFF_TRY(net::path_segments(request.path));
    if (call.segments.empty()) return no_such_resource();
    call.query = HANDOFF_TRY(net::parse_query(request.query));
    if (call.segments.size() == 3 && call.segments[0] == "services" && is_word(call.segments[1], "oauth2")) {
      if (is_word(call.segments[2], "token")) return issue_token(call);
      if (is_word(call.segments[2], "revoke")) return revoke_token(call);
    }
    if (call.segments.size() == 2 && is_word(call.segments[1], "data"))
      return request.method == "GET" ? Result<net::Response>(versions(call)) : wrong_method(call, "HEAD,GET");
    return inside_->serve(call, limit_info);
  };
  auto done = work();
  net::Response response = done ? std::move(*done) : answer(done.error());
  if (!limit_info.empty()) response.headers.set("Sforce-Limit-Info", limit_info);
  response.headers.set("X-Content-Type-Options", "nosniff");
  inside_->shared.parts.metrics.count("salesforce", response.status, inside_->shared.parts.clock.monotonic() - began);
  return response;
}

net::Response SalesforceFace::refuse(int status, std::string_view code, std::string_view detail) {
  Refusal refusal;
  refusal.status = status;
  refusal.code = status == 413 ? "REQUEST_TOO_LARGE" : status >= 500 ? "SERVER_UNAVAILABLE" : "JSON_PARSER_ERROR";
  refusal.message = std::string(detail) + " (" + std::string(code) + ")";
  return answer(refusal);
}

}  // namespace handoff::face
