#include "sandbox/kipu_sandbox.h"

#include <algorithm>

#include "base/http_date.h"
#include "base/text.h"
#include "net/multipart.h"
#include "net/uri.h"

namespace handoff::sandbox {

namespace {

using net::Request;
using net::Response;

constexpr std::uint64_t body_bytes_max = 64 * 1024 * 1024;
constexpr std::size_t journal_max = 20'000;

Response json_response(int status, const Json& body) {
  Response response;
  response.status = status;
  response.headers.set("Content-Type", "application/json");
  response.body = body.dump();
  return response;
}

std::string url_of(const std::string& host, int port) {
  const bool v6 = host.find(':') != std::string::npos;
  return "http://" + (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool is_loopback(std::string_view address) { return address.starts_with("127.") || address == "::1"; }

// "application/vnd.kipusystems+json; version=3"; 0 where no version is named.
int version_of(std::string_view accept) {
  const auto text = net::header_parameter(accept, "version");
  return text ? static_cast<int>(parse_int(*text).value_or(0)) : 0;
}

// Sets "document[data][first_name]" as it would stand in JSON. Numbered entries become members, and the list of
// attachments is made of them at the end.
void set_bracketed(Json& root, std::string_view name, Json value) {
  std::vector<std::string> keys;
  std::string key;
  for (const char c : name) {
    if (c == '[' || c == ']') {
      if (!key.empty()) keys.push_back(std::exchange(key, {}));
    } else {
      key.push_back(c);
    }
  }
  if (!key.empty()) keys.push_back(key);
  if (keys.empty() || keys.size() > 8) return;
  Json* at = &root;
  for (std::size_t i = 0; i + 1 < keys.size(); ++i) {
    if (!at->contains(keys[i]) || !(*at)[keys[i]].is_object()) at->set(keys[i], Json::object());
    at = &at->set(keys[i], (*at)[keys[i]]);
  }
  at->set(keys.back(), std::move(value));
}

Result<Json> read_document(const Request& request, std::string_view body) {
  if (body.empty()) return Json();
  const std::string type = net::media_type(request.headers.get("Content-Type"));
  if (type != "multipart/form-data") return Json::parse(body);
  const auto parts = HANDOFF_TRY(net::parse_multipart(*request.body, request.headers.get("Content-Type")));
  Json root = Json::object();
  for (const net::FormPart& part : parts) {
    Json value = Json::object({{"file_name", part.file_name}, {"size", static_cast<std::int64_t>(part.size)}});
    if (part.file_name.empty()) value = body.substr(part.offset, part.size);
    set_bracketed(root, part.name, std::move(value));
  }
  const Json& attachments = root["document"]["attachments_attributes"];
  if (attachments.is_object()) {
    Json list = Json::array();
    // A single one may come without a number.
    if (attachments.contains("attachment")) {
      list.push_back(attachments);
    } else {
      for (const auto& [number, one] : attachments.members()) list.push_back(one);
    }
    Json document = root["document"];
    document.set("attachments_attributes", std::move(list));
    root.set("document", std::move(document));
  }
  return root;
}

}  // namespace

class KipuSandbox::Face final : public net::Handler {
 public:
  using Serve = std::function<Response(Request&)>;
  Face(Serve serve, const KipuClock& clock, bool only_loopback)
      : serve_(std::move(serve)), clock_(clock), only_loopback_(only_loopback) {}

  Response handle(Request& request) override { return serve_(request); }

  Admission admit(const Request& head) override {
    Admission admission{{body_bytes_max}, {}};
    if (only_loopback_ && !is_loopback(head.remote_address)) {
      admission.refuse = refuse(403, {}, "The control plane is for this machine only");
    }
    return admission;
  }

  Response refuse(int status, std::string_view, std::string_view detail) override {
    Response response = json_response(status, Json::object({{"errors", detail}}));
    if (!only_loopback_) response.headers.set("Date", format_http_date(clock_.now()));
    return response;
  }

 private:
  const Serve serve_;
  const KipuClock& clock_;
  const bool only_loopback_;
};

Result<std::unique_ptr<KipuSandbox>> KipuSandbox::start(KipuSandboxOptions options, const Clock& clock,
                                                        Random& random) {
  std::unique_ptr<KipuSandbox> sandbox(new KipuSandbox(std::move(options), clock, random));
  KipuSandbox& self = *sandbox;
  self.hooks_ = HANDOFF_TRY(KipuHooks::start(self.options_.app_id, self.clock_, random));
  self.emr_face_ =
      std::make_unique<Face>([&self](Request& request) { return self.serve(request); }, self.clock_, false);
  self.control_face_ = std::make_unique<Face>(
      [&self](Request& request) {
        const auto bytes = request.body->all();
        const Result<Json> body = !bytes ? Result<Json>(bytes.error()) : bytes->empty() ? Json() : Json::parse(*bytes);
        if (!body) return json_response(400, Json::object({{"errors", "The body is not JSON"}}));
        const KipuControlAnswer answer = self.control(request.method, request.path, *body);
        return json_response(answer.status, answer.body);
      },
      self.clock_, true);
  net::ServerOptions server;
  server.host = self.options_.host;
  server.port = self.options_.port;
  server.io_threads = 1;
  self.server_ = HANDOFF_TRY(net::Server::start(std::move(server), *self.emr_face_, random));
  net::ServerOptions control;
  control.host = self.options_.control_host;
  control.port = self.options_.control_port;
  control.io_threads = 1;
  control.worker_threads = 2;
  self.control_server_ = HANDOFF_TRY(net::Server::start(std::move(control), *self.control_face_, random));
  return sandbox;
}

KipuSandbox::~KipuSandbox() { stop(); }

void KipuSandbox::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopping_now_.notify_all();
  if (server_ != nullptr) server_->drain(std::chrono::seconds(2));
  if (control_server_ != nullptr) control_server_->drain(std::chrono::seconds(2));
  if (hooks_ != nullptr) hooks_->stop();
}

std::string KipuSandbox::url() const { return url_of(options_.host, port()); }
std::string KipuSandbox::control_url() const { return url_of(options_.control_host, control_port()); }

// Being slow is what is rehearsed; stopping does not wait for it.
void KipuSandbox::wait(std::int64_t milliseconds) {
  std::unique_lock lock(mutex_);
  stopping_now_.wait_for(lock, std::chrono::milliseconds(milliseconds), [&] { return stopping_; });
}

void KipuSandbox::tell_hooks() {
  for (const KipuChange& change : clinic_.take_changes()) hooks_->tell(change);
}

bool KipuSandbox::over_rate_limit() {
  if (settings_.requests_per_second == 0) return false;
  const auto rate = static_cast<double>(settings_.requests_per_second);
  const auto now = clock_.elapsed();
  tokens_ = std::min(rate, tokens_ + rate * static_cast<double>((now - tokens_at_).count()) / 1000.0);
  tokens_at_ = now;
  if (tokens_ < 1) return true;
  tokens_ -= 1;
  return false;
}

// A request with what was found out about it.
struct KipuSandbox::Heard {
  const Request& request;
  std::string_view body;
  KipuCall call;
  KipuVerdict verdict = KipuVerdict::missing;
  std::string_view route;  // "" where there is none
  std::vector<KipuFault> faults;
  std::string retry_after;
};

KipuAnswer KipuSandbox::answer(Heard& heard) {
  heard.verdict =
      verify_kipu_request(heard.request, heard.body, options_.credentials, heard.call.at.now + faults_.clock_skew());
  const auto path = net::path_segments(heard.request.path);
  auto query = net::parse_query(heard.request.query);
  const bool readable = path && query && !path->empty() && path->front() == "api";
  const KipuRoute* route = nullptr;
  if (readable) {
    heard.call.path.assign(path->begin() + 1, path->end());
    heard.call.query = std::move(*query);
    if (!heard.call.path.empty() && heard.call.path[0] == "episodes" && heard.call.version == 0) {
      heard.call.version = 4;
    }
    route = find_kipu_route(heard.call);
    if (route != nullptr) heard.route = word(*route);
  }
  if (heard.verdict != KipuVerdict::ok) {
    return kipu_error(settings_.wrong_signature_status, "The API client app failed to authenticate");
  }
  if (over_rate_limit()) {
    heard.retry_after = "1";
    return kipu_error(429, "Too many requests");
  }
  if (route == nullptr) return kipu_error(404, "There is nothing at this address");

  heard.faults = faults_.take(heard.route, heard.call);
  for (const KipuFault& fault : heard.faults) {
    if (fault.kind != KipuFaultKind::status) continue;
    heard.retry_after = fault.retry_after;
    return kipu_error(fault.status, "The sandbox was told to answer " + std::to_string(fault.status));
  }
  auto document = read_document(heard.request, heard.body);
  if (!document) return kipu_error(400, "The body cannot be read");
  heard.call.body = std::move(*document);
  std::string app_id = heard.call.parameter("app_id").value_or("");
  if (app_id.empty()) {
    const Json& recipient = heard.call.body["document"]["recipient_id"];
    app_id = recipient.is_number() ? recipient.number_text() : recipient.text_or();
  }
  if (app_id.empty()) return kipu_error(422, "app_id is missing");
  if (app_id != options_.app_id) return kipu_error(403, "This app_id is of another instance");

  heard.call.half_census = has(heard.faults, KipuFaultKind::half_census);
  for (const KipuFault& fault : heard.faults) {
    if (fault.kind != KipuFaultKind::skipped_row) continue;
    heard.call.skip_row = true;
    heard.call.skip_silently = fault.silent;
  }
  KipuAnswer given = answer_kipu(*route, heard.call, clinic_, settings_, roster_);
  spoil(given, heard.faults);
  return given;
}

Response KipuSandbox::serve(Request& request) {
  const Result<std::string> bytes = request.body->all();
  if (!bytes) return json_response(500, Json::object({{"errors", "The body cannot be read"}}));
  Heard heard{request, *bytes, {}, KipuVerdict::missing, {}, {}, {}};
  heard.call.method = request.method;
  const std::string_view other = request.headers.get("X-HTTP-Method-Override");
  if (request.method == "POST" && !other.empty()) heard.call.method = other;
  heard.call.version = version_of(request.headers.get("Accept"));

  KipuAnswer answered;
  Instant dated;
  {
    const std::lock_guard lock(mutex_);
    heard.call.at = moment();
    dated = heard.call.at.now + faults_.clock_skew();
    clinic_.settle(heard.call.at.elapsed);
    answered = answer(heard);
    tell_hooks();
    journal_.push_back(Json::object({{"at", format_instant(heard.call.at.now)},
                                     {"method", heard.call.method},
                                     {"route", heard.route.empty() ? Json() : Json(heard.route)},
                                     {"path", request.path},
                                     {"query", request.query},
                                     {"version", heard.call.version == 0 ? Json() : Json(heard.call.version)},
                                     {"signature", word(heard.verdict)},
                                     {"status", answered.status}}));
    if (journal_.size() > journal_max) {
      journal_.pop_front();
      ++journal_dropped_;
    }
  }
  Response response = write(std::move(answered), heard.faults);
  response.headers.set("Date", format_http_date(dated));
  if (!heard.retry_after.empty()) response.headers.set("Retry-After", heard.retry_after);
  return response;
}

Response KipuSandbox::write(KipuAnswer answer, const std::vector<KipuFault>& faults) {
  Response response = json_response(answer.status, answer.body);
  if (has(faults, KipuFaultKind::truncated_json)) response.body.resize(response.body.size() / 2);
  for (const KipuFault& fault : faults) {
    if (fault.kind != KipuFaultKind::slow_body) continue;
    response.chunks_size = response.body.size();
    response.chunks = [this, body = response.body, ms = fault.amount, piece = 0]() mutable -> Result<std::string> {
      const std::size_t half = body.size() / 2;
      if (++piece == 1) return body.substr(0, half);
      if (piece > 2) return std::string();
      wait(ms);
      return body.substr(half);
    };
  }
  return response;
}

}  // namespace handoff::sandbox
