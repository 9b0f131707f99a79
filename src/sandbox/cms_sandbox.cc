#include "sandbox/cms_sandbox.h"

#include <algorithm>
#include <chrono>

#include "base/crypto.h"
#include "base/text.h"
#include "net/multipart.h"
#include "net/uri.h"
#include "sandbox/cms_fields.h"
#include "sandbox/cms_page.h"

namespace handoff::sandbox {

namespace {

using net::Request;
using net::Response;

constexpr std::uint64_t body_bytes_max = 64 * 1024 * 1024;
constexpr std::size_t page_referrals_max = 200;
constexpr int latency_ms_max = 10 * 60 * 1000;

Response json_answer(int status, const Json& body) {
  Response response;
  response.status = status;
  response.headers.set("Content-Type", "application/json");
  response.body = body.dump();
  return response;
}

Response message_answer(int status, std::string_view message) {
  return json_answer(status, Json::object({{"message", message}}));
}

Response not_allowed(std::string_view allowed, std::string_view message) {
  Response response = message_answer(405, message);
  response.headers.set("Allow", std::string(allowed));
  return response;
}

// An error of the memory in the words of this CMS.
Response failure_answer(const Error& error) {
  return message_answer(error.kind == Kind::not_found ? 404 : 500, error.for_caller);
}

bool is_loopback(std::string_view address) { return address.starts_with("127.") || address == "::1"; }

std::string_view status_word(const Received& one) { return one.accepted ? "accepted" : "new"; }

std::string_view product_name(CmsProduct product) {
  return product == CmsProduct::crms ? "CRMS sandbox" : "CMS sandbox";
}

Result<Json> body_as_json(const Request& request) { return Json::parse(HANDOFF_TRY(request.body->all())); }

std::optional<std::string> query_value(const Request& request, std::string_view name) {
  const auto pairs = net::parse_query(request.query);
  if (!pairs) return std::nullopt;
  for (const auto& [key, value] : *pairs) {
    if (key == name) return value;
  }
  return std::nullopt;
}

Json fault_as_json(const CmsFault& fault) {
  return Json::object({{"status", fault.status == 0 ? Json() : Json(fault.status)},
                       {"count", fault.count},
                       {"latencyMs", fault.latency_ms},
                       {"dropAfterSave", fault.drop_after_save},
                       {"retryAfter", fault.retry_after.empty() ? Json() : Json(fault.retry_after)}});
}

Response fault_answer(const CmsFault& fault) {
  Response response = message_answer(
      fault.status,
      fault.message.empty() ? "The sandbox was told to answer " + std::to_string(fault.status) : fault.message);
  if (!fault.retry_after.empty()) response.headers.set("Retry-After", fault.retry_after);
  return response;
}

}  // namespace

Result<std::unique_ptr<CmsSandbox>> CmsSandbox::start(CmsSandboxOptions options, const Clock& clock, Random& random) {
  std::unique_ptr<CmsSandbox> sandbox(new CmsSandbox(std::move(options), clock));
  sandbox->memory_ = HANDOFF_TRY(CmsMemory::open(sandbox->options_.store));
  sandbox->fault_ = sandbox->options_.fault;
  net::ServerOptions server;
  server.host = sandbox->options_.host;
  server.port = sandbox->options_.port;
  server.io_threads = 1;
  sandbox->server_ = HANDOFF_TRY(net::Server::start(std::move(server), *sandbox, random));
  return sandbox;
}

CmsSandbox::~CmsSandbox() { stop(); }

void CmsSandbox::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopping_now_.notify_all();
  if (server_ != nullptr) server_->drain(std::chrono::seconds(2));
}

std::string CmsSandbox::url() const {
  const bool v6 = options_.host.find(':') != std::string::npos;
  return "http://" + (v6 ? "[" + options_.host + "]" : options_.host) + ":" + std::to_string(port());
}

void CmsSandbox::set_fault(CmsFault fault) {
  const std::lock_guard lock(mutex_);
  fault_ = std::move(fault);
}

CmsFault CmsSandbox::fault() const {
  const std::lock_guard lock(mutex_);
  return fault_;
}

std::uint64_t CmsSandbox::api_requests() const {
  const std::lock_guard lock(mutex_);
  return api_requests_;
}

CmsFault CmsSandbox::take_fault() {
  const std::lock_guard lock(mutex_);
  ++api_requests_;
  if (fault_.count <= 0) return {};
  --fault_.count;
  return fault_;
}

// Being slow is what is rehearsed; stopping does not wait for it.
void CmsSandbox::wait(int milliseconds) {
  if (milliseconds <= 0) return;
  std::unique_lock lock(mutex_);
  stopping_now_.wait_for(lock, std::chrono::milliseconds(milliseconds), [&] { return stopping_; });
}

bool CmsSandbox::has_token(const Request& head) const {
  constexpr std::string_view scheme = "bearer ";
  const std::string_view given = head.headers.get("Authorization");
  if (given.size() < scheme.size() || !ascii_equal_fold(given.substr(0, scheme.size()), scheme)) return false;
  return equal_in_constant_time(trim(given.substr(scheme.size())), options_.token);
}

// How a browser on another machine gets at the page: any name, and the token as the password.
bool CmsSandbox::has_token_as_password(const Request& head) const {
  constexpr std::string_view scheme = "basic ";
  const std::string_view given = head.headers.get("Authorization");
  if (given.size() < scheme.size() || !ascii_equal_fold(given.substr(0, scheme.size()), scheme)) return false;
  const Result<std::string> pair = base64_decode(trim(given.substr(scheme.size())));
  if (!pair || pair->find(':') == std::string::npos) return false;
  return equal_in_constant_time(std::string_view(*pair).substr(pair->find(':') + 1), options_.token);
}

net::Handler::Admission CmsSandbox::admit(const Request& head) {
  Admission admission{{body_bytes_max}, {}};
  const bool api = head.path == "/api" || head.path.starts_with("/api/");
  if (has_token(head) || (!api && (is_loopback(head.remote_address) || has_token_as_password(head)))) return admission;
  admission.refuse = message_answer(401, "The bearer token is missing or not the one of this CMS");
  admission.refuse->headers.set("WWW-Authenticate", api ? "Bearer" : "Basic realm=\"Referral inbox\"");
  return admission;
}

Response CmsSandbox::refuse(int status, std::string_view, std::string_view detail) {
  return message_answer(status, detail);
}

Response CmsSandbox::handle(Request& request) {
  const Result<std::vector<std::string>> segments = net::path_segments(request.path);
  if (!segments) return message_answer(400, segments.error().for_caller);
  const std::vector<std::string>& path = *segments;
  if (path.empty()) {
    if (request.method != "GET") return not_allowed("GET", "The page can only be read");
    Response page;
    page.headers.set("Content-Type", "text/html; charset=utf-8");
    page.headers.set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
    page.headers.set("Cache-Control", "no-store");
    page.body = inbox_page(product_name(options_.product), memory_->all(), page_referrals_max);
    return page;
  }
  if (path[0] == "api") return with_faults(request, path);
  if (path[0] == "_sandbox") return control(request, path);
  if (path.size() == 4 && path[0] == "referrals" && path[2] == "attachments" && request.method == "GET") {
    return download(path);
  }
  return message_answer(404, "There is nothing at this address");
}

Response CmsSandbox::with_faults(Request& request, const std::vector<std::string>& path) {
  const CmsFault fault = take_fault();
  // The work comes before the waiting: a sender that gives up on a slow answer has been heard all the same, and what it
  // sent is there when it asks.
  Response response = fault.status != 0 && !fault.drop_after_save ? fault_answer(fault) : api(request, path);
  if (fault.status == 0 && !fault.retry_after.empty()) response.headers.set("Retry-After", fault.retry_after);
  wait(options_.latency_ms + fault.latency_ms);
  if (fault.drop_after_save) {
    response = {};
    response.drop_connection = true;
  }
  return response;
}

Response CmsSandbox::api(Request& request, const std::vector<std::string>& path) {
  const bool takes_updates = options_.product == CmsProduct::cms;
  if (path.size() < 2 || path.size() > 4 || path[1] != "referrals") {
    return message_answer(404, "There is nothing at this address");
  }
  if (path.size() == 2) {
    if (request.method == "POST") return create(request);
    if (request.method == "GET") return find(request);
    return not_allowed("GET, POST", "Referrals can be created and found here");
  }
  if (path.size() == 4) {
    if (path[3] != "attachments") return message_answer(404, "There is nothing at this address");
    if (request.method == "POST") return attach(request, path[2]);
    return not_allowed("POST", "Attachments can only be added");
  }
  if (!takes_updates) return not_allowed("", "This CMS does not support referral updates");
  if (request.method == "PUT") return update(request, path[2]);
  if (request.method != "GET") return not_allowed("GET, PUT", "A referral can be read and replaced here");
  const std::optional<Received> one = memory_->find(path[2]);
  if (!one) return message_answer(404, "There is no referral with this id");
  return json_answer(200, Json::object({{"id", one->id}, {"status", status_word(*one)}}));
}

Response CmsSandbox::create(Request& request) {
  Result<Json> fields = body_as_json(request);
  if (!fields) return message_answer(400, "The body is not JSON: " + fields.error().for_caller);
  const std::string refusal = refusal_of(*fields, options_.required);
  if (!refusal.empty()) return message_answer(400, refusal);
  const Result<std::string> id = memory_->create(std::move(*fields), clock_.now());
  if (!id) return failure_answer(id.error());
  return json_answer(201, Json::object({{"id", *id}}));
}

Response CmsSandbox::find(const Request& request) {
  const std::optional<std::string> external_id = query_value(request, "externalId");
  if (!external_id || external_id->empty()) return message_answer(400, "The query needs an externalId");
  Json items = Json::array();
  for (const Received& one : memory_->with_external_id(*external_id)) {
    Json attachments = Json::array();
    for (const ReceivedFile& file : one.attachments) {
      attachments.push_back(Json::object(
          {{"fileName", file.file_name}, {"size", static_cast<std::int64_t>(file.size)}, {"sha256", file.sha256}}));
    }
    items.push_back(Json::object({{"id", one.id}, {"attachments", std::move(attachments)}}));
  }
  return json_answer(200, Json::object({{"items", std::move(items)}}));
}

Response CmsSandbox::update(Request& request, std::string_view id) {
  if (!memory_->find(id)) return message_answer(404, "There is no referral with this id");
  Result<Json> fields = body_as_json(request);
  if (!fields) return message_answer(400, "The body is not JSON: " + fields.error().for_caller);
  const std::string refusal = refusal_of(*fields, options_.required);
  if (!refusal.empty()) return message_answer(400, refusal);
  const Result<void> updated = memory_->update(id, std::move(*fields));
  if (!updated) return failure_answer(updated.error());
  return json_answer(200, Json::object({{"id", id}}));
}

Response CmsSandbox::attach(Request& request, std::string_view id) {
  if (!memory_->find(id)) return message_answer(404, "There is no referral with this id");
  const auto parts = net::parse_multipart(*request.body, request.headers.get("Content-Type"));
  if (!parts) return message_answer(400, "The body is not multipart/form-data: " + parts.error().for_caller);
  const auto file = std::find_if(parts->begin(), parts->end(), [](const net::FormPart& part) {
    return part.name == "file" && !part.file_name.empty();
  });
  if (file == parts->end()) return message_answer(400, "The form needs a part named file with a file name");
  const Result<ReceivedFile> stored =
      memory_->attach(id, file->file_name, file->content_type, *request.body, file->offset, file->size);
  if (!stored) return failure_answer(stored.error());
  return json_answer(201, Json::object({{"fileName", stored->file_name},
                                        {"size", static_cast<std::int64_t>(stored->size)},
                                        {"sha256", stored->sha256}}));
}

Response CmsSandbox::control(Request& request, const std::vector<std::string>& path) {
  if (path.size() == 2 && path[1] == "faults") {
    if (request.method == "POST") return set_fault_from(request);
    if (request.method == "GET") return json_answer(200, fault_as_json(fault()));
    return not_allowed("GET, POST", "Faults are set with POST");
  }
  if (path.size() == 2 && path[1] == "referrals") {
    if (request.method == "DELETE") {
      const Result<std::size_t> count = memory_->forget();
      if (!count) return failure_answer(count.error());
      return json_answer(200, Json::object({{"deleted", *count}}));
    }
    if (request.method != "GET") return not_allowed("GET, DELETE", "Referrals can be listed and forgotten here");
    Json items = Json::array();
    for (const Received& one : memory_->all()) {
      Json attachments = Json::array();
      for (const ReceivedFile& file : one.attachments) {
        attachments.push_back(Json::object({{"fileName", file.file_name},
                                            {"contentType", file.content_type},
                                            {"size", static_cast<std::int64_t>(file.size)},
                                            {"sha256", file.sha256}}));
      }
      items.push_back(Json::object({{"id", one.id},
                                    {"externalId", one.fields["externalId"]},
                                    {"receivedAt", format_instant(one.received_at)},
                                    {"updates", one.updates},
                                    {"status", status_word(one)},
                                    {"fields", one.fields},
                                    {"attachments", std::move(attachments)}}));
    }
    return json_answer(200, Json::object({{"items", std::move(items)}}));
  }
  if (path.size() == 4 && path[1] == "referrals" && path[3] == "accept") {
    if (request.method != "POST") return not_allowed("POST", "A referral is accepted with POST");
    const Result<void> accepted = memory_->accept(path[2]);
    if (!accepted) return failure_answer(accepted.error());
    return json_answer(200, Json::object({{"id", path[2]}, {"status", "accepted"}}));
  }
  return message_answer(404, "There is nothing at this address");
}

Response CmsSandbox::set_fault_from(Request& request) {
  const Result<Json> body = body_as_json(request);
  if (!body || !body->is_object()) return message_answer(400, "The body must be a JSON object");
  CmsFault fault;
  fault.count = 1;
  for (const auto& [key, value] : body->members()) {
    const std::int64_t number = value.int_or(-1);
    if (value.is_null()) continue;
    if (key == "status" && number >= 200 && number <= 599) {
      fault.status = static_cast<int>(number);
    } else if (key == "count" && number >= 0 && number <= 1'000'000'000) {
      fault.count = static_cast<int>(number);
    } else if (key == "latencyMs" && number >= 0 && number <= latency_ms_max) {
      fault.latency_ms = static_cast<int>(number);
    } else if (key == "dropAfterSave" && value.is_bool()) {
      fault.drop_after_save = value.boolean();
    } else if (key == "retryAfter" &&
               (number >= 0 || (value.is_string() && value.string().find_first_of("\r\n") == std::string::npos))) {
      fault.retry_after = value.is_string() ? value.string() : std::to_string(number);
    } else if (key == "message" && value.is_string()) {
      fault.message = value.string();
    } else {
      return message_answer(400,
                            "A fault has status (200 to 599), count, latencyMs, dropAfterSave, retryAfter and "
                            "message; check " +
                                utf8_prefix(key, 100));
    }
  }
  set_fault(fault);
  return json_answer(200, fault_as_json(fault));
}

Response CmsSandbox::download(const std::vector<std::string>& path) {
  const std::optional<Received> one = memory_->find(path[1]);
  const std::optional<std::int64_t> index = parse_int(path[3]);
  if (!one || !index || *index < 0 || *index >= static_cast<std::int64_t>(one->attachments.size())) {
    return message_answer(404, "There is no such attachment");
  }
  const ReceivedFile& file = one->attachments[static_cast<std::size_t>(*index)];
  Result<std::string> bytes = memory_->bytes_of(file);
  if (!bytes) return failure_answer(bytes.error());
  Response response;
  // What a stranger declared is repeated only where a browser does nothing with it but show it.
  const std::string type = net::media_type(file.content_type);
  const bool shown = type == "application/pdf" || type == "image/png" || type == "image/jpeg";
  response.headers.set("Content-Type", shown ? type : "application/octet-stream");
  response.headers.set("X-Content-Type-Options", "nosniff");
  response.headers.set("Content-Disposition", (shown ? "inline" : "attachment") + std::string("; filename*=UTF-8''") +
                                                  percent_encode(file.file_name));
  response.body = std::move(*bytes);
  return response;
}

}  // namespace handoff::sandbox
