// A destination in memory that speaks the wire of the sandbox CMS: it finds, creates, updates, takes files and tells
// its state. And the weather between it and us: answers lost after saving, requests lost before, any status, any body.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/crypto.h"
#include "base/text.h"
#include "exchange/connector.h"

namespace handoff::contract {

using exchange::HttpRequest;
using exchange::Reply;

struct HeldFile {
  std::string name;
  std::string content_type;
  std::string sha256;
};
struct HeldReferral {
  std::string id;
  Json fields = Json::object();
  std::vector<HeldFile> files;
  std::string status = "new";
  int updates = 0;
};

inline Reply reply_of(int status, std::string body, const char* type = "application/json") {
  Reply reply;
  reply.status = status;
  reply.body = std::move(body);
  reply.headers.emplace_back("Content-Type", type);
  return reply;
}

// The bytes a request stands for, as the runner would send them.
inline std::string bytes_of(const HttpRequest& request, const std::map<std::string, std::string>& blobs) {
  std::string bytes;
  for (const exchange::PartBytes& part : request.body) {
    std::string piece = part.text;
    if (part.summary_pdf) {
      piece = "%PDF-1.7 an invented summary";
    } else if (part.attachment) {
      const auto found = blobs.find(*part.attachment);
      piece = found == blobs.end() ? std::string() : found->second;
    }
    bytes += part.base64 ? base64(piece) : piece;
  }
  return bytes;
}

inline std::string header_of(const HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (ascii_equal_fold(key, name)) return value;
  }
  return {};
}

class Partner {
 public:
  // How it lets callers in and what it can do; each kind of profile has its partner.
  struct Options {
    std::string authorization = "Bearer invented-token";
    bool wants_oauth = false;  // issues tokens at /oauth/token; `authorization` counts once one was issued
    bool takes_key = false;    // a repeated Idempotency-Key gets the first answer again
    std::size_t file_bytes_max = 1'000'000;
  };
  explicit Partner(Options options) : options_(std::move(options)) {}
  virtual ~Partner() = default;

  std::map<std::string, std::string> blobs;  // attachments by SHA-256
  std::vector<HeldReferral> held;
  std::vector<std::string> required;  // wire keys
  int tokens_issued = 0;
  std::vector<std::string> hosts;  // every host that was addressed

  virtual Reply answer(const HttpRequest& request) {
    const std::string_view url = request.url;
    const auto host_end = url.find('/', 8);
    hosts.emplace_back(url.substr(0, host_end));
    std::string_view path = url.substr(host_end);
    const auto question = path.find('?');
    const std::string_view query = question == std::string_view::npos ? "" : path.substr(question + 1);
    path = path.substr(0, question);
    const std::string body = bytes_of(request, blobs);
    if (options_.wants_oauth && path == "/oauth/token") return token(request);
    if (!let_in(request)) return reply_of(401, R"({"message":"who are you"})");
    const std::string key = header_of(request, "Idempotency-Key");
    if (options_.takes_key && !key.empty()) {
      if (const auto before = answered_.find(key); before != answered_.end()) return before->second;
    }
    Reply reply = route(request, path, query, body);
    if (options_.takes_key && !key.empty()) answered_.emplace(key, reply);
    return reply;
  }

  void revoke_token() { token_.clear(); }

 protected:
  const Options& options() const { return options_; }

 private:
  bool let_in(const HttpRequest& request) const {
    const std::string given = header_of(request, "Authorization");
    if (options_.wants_oauth) return !token_.empty() && given == "Bearer " + token_;
    return given == options_.authorization;
  }

  Reply token(const HttpRequest& request) {
    if (header_of(request, "Authorization") != options_.authorization)
      return reply_of(400, R"({"error":"invalid_client"})");
    token_ = "invented-access-" + std::to_string(++tokens_issued);
    return reply_of(200, R"({"access_token":")" + token_ + R"(","token_type":"Bearer","expires_in":3600})");
  }

  HeldReferral* find(std::string_view id) {
    for (HeldReferral& referral : held) {
      if (referral.id == id) return &referral;
    }
    return nullptr;
  }

  Reply route(const HttpRequest& request, std::string_view path, std::string_view query, const std::string& body) {
    constexpr std::string_view root = "/api/referrals";
    if (!path.starts_with(root)) return reply_of(404, "{}");
    if (path == root && request.method == "GET") return found(query);
    if (path == root && request.method == "POST") return create(body);
    const auto parts = split(path.substr(root.size() + 1), '/');
    HeldReferral* referral = parts.empty() ? nullptr : find(parts.front());
    if (referral == nullptr) return reply_of(404, "{}");
    if (parts.size() == 2 && parts[1] == "attachments" && request.method == "POST")
      return attach(request, *referral, body);
    if (parts.size() == 1 && request.method == "PUT") return update(*referral, body);
    if (parts.size() == 1 && request.method == "GET")
      return reply_of(200, Json::object({{"status", referral->status}}).dump());
    return reply_of(405, "{}");
  }

  std::optional<Reply> refused(const Json& fields) const {
    for (const std::string& key : required) {
      if (fields[key].text_or().empty())
        return reply_of(400, Json::object({{"message", said(key) + " is required"}}).dump());
    }
    return {};
  }
  static std::string said(const std::string& key) {
    if (key == "dateOfBirth") return "Date of birth";
    if (key == "requesterPhone") return "Requester phone";
    return key;
  }

  Reply found(std::string_view query) {
    Json items = Json::array();
    for (const HeldReferral& referral : held) {
      if (query != "externalId=" + percent_encode(referral.fields["externalId"].text_or())) continue;
      Json files = Json::array();
      for (const HeldFile& file : referral.files) {
        files.push_back(Json::object({{"fileName", file.name}, {"size", 1}, {"sha256", file.sha256}}));
      }
      items.push_back(Json::object({{"id", referral.id}, {"attachments", std::move(files)}}));
    }
    return reply_of(200, Json::object({{"items", std::move(items)}}).dump());
  }

  Reply create(const std::string& body) {
    const auto fields = Json::parse(body);
    if (!fields || !fields->is_object()) return reply_of(400, R"({"message":"not JSON"})");
    if (const auto refusal = refused(*fields)) return *refusal;
    HeldReferral referral;
    referral.id = "r" + std::to_string(held.size() + 1);
    referral.fields = *fields;
    held.push_back(referral);
    return reply_of(201, Json::object({{"id", referral.id}}).dump());
  }

  Reply update(HeldReferral& referral, const std::string& body) {
    const auto fields = Json::parse(body);
    if (!fields || !fields->is_object()) return reply_of(400, R"({"message":"not JSON"})");
    if (const auto refusal = refused(*fields)) return *refusal;
    for (const auto& [key, value] : fields->members()) referral.fields.set(key, value);
    ++referral.updates;
    return reply_of(200, Json::object({{"id", referral.id}}).dump());
  }

  Reply attach(const HttpRequest& request, HeldReferral& referral, const std::string& body) {
    const std::string type = header_of(request, "Content-Type");
    const auto at = type.find("boundary=");
    if (at == std::string::npos) return reply_of(415, "{}");
    const std::string boundary = "--" + type.substr(at + 9);
    const auto head_end = body.find("\r\n\r\n");
    const auto end = body.rfind("\r\n" + boundary + "--");
    if (!body.starts_with(boundary) || head_end == std::string::npos || end == std::string::npos ||
        end < head_end + 4) {
      return reply_of(400, R"({"message":"not multipart"})");
    }
    const std::string head = body.substr(0, head_end);
    const std::string bytes = body.substr(head_end + 4, end - head_end - 4);
    if (bytes.size() > options_.file_bytes_max) return reply_of(413, "{}");
    const auto name_at = head.find("filename=\"");
    if (name_at == std::string::npos || head.find("name=\"file\"") == std::string::npos) return reply_of(400, "{}");
    const auto name_end = head.find('"', name_at + 10);
    const auto type_at = head.find("Content-Type: ");
    referral.files.push_back({head.substr(name_at + 10, name_end - name_at - 10),
                              type_at == std::string::npos ? "" : head.substr(type_at + 14), hex(sha256(bytes))});
    return reply_of(201, Json::object({{"id", "f" + std::to_string(referral.files.size())}}).dump());
  }

  Options options_;
  std::string token_;
  std::map<std::string, Reply> answered_;
};

}  // namespace handoff::contract
