#include "net/answer.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "base/log.h"
#include "base/text.h"
#include "net/gzip.h"
#include "net/uri.h"

namespace handoff::net {
namespace {

std::string_view reason_of(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 207: return "Multi-Status";
    case 300: return "Multiple Choices";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 423: return "Locked";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Status";
  }
}

bool packable_type(std::string_view content_type) {
  const std::string type = media_type(content_type);
  return type.starts_with("text/") || type == "application/json" || type.ends_with("+json") ||
         type == "application/xml" || type.ends_with("+xml") || type == "application/javascript" ||
         type == "application/x-ndjson";
}

// RFC 9110, 12.5.3: gzip is acceptable where it, or else "*", is named with a weight above zero.
bool accepts_gzip(std::string_view accept) {
  std::optional<bool> named, any;
  for (const auto& item : split(accept, ',')) {
    const std::string coding = media_type(item);
    bool wanted = true;
    if (const auto weight = header_parameter(item, "q")) {
      wanted = weight->find_first_not_of("0.") != std::string::npos;
    }
    if (coding == "gzip" || coding == "x-gzip") named = wanted;
    if (coding == "*") any = wanted;
  }
  return named.value_or(any.value_or(false));
}

// An answer is built from data that may come from outside; a line end in it would start a header of its own.
bool safe_field(const Headers::Item& item) {
  const auto token = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !item.first.empty() && std::all_of(item.first.begin(), item.first.end(), token) &&
         std::none_of(item.second.begin(), item.second.end(),
                      [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; });
}

// What the server says itself.
bool own_field(std::string_view name) {
  for (const std::string_view own :
       {"Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Date", "Server", "X-Request-Id"}) {
    if (ascii_equal_fold(name, own)) return true;
  }
  return false;
}

// "Sun, 06 Nov 1994 08:49:37 GMT", made once a second.
std::string_view http_date() {
  thread_local std::time_t at = 0;
  thread_local std::array<char, 32> text{};
  thread_local std::size_t length = 0;
  if (const std::time_t now = std::time(nullptr); now != at) {
    at = now;
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    length = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  }
  return {text.data(), length};
}

}  // namespace

void pack_answer(Response& response, std::string_view accept_encoding, std::size_t gzip_from) {
  if (response.chunks || response.body.size() < gzip_from || response.body.empty()) return;
  if (response.status < 200 || response.status == 204 || response.status == 206 || response.status == 304) return;
  if (response.headers.find("Content-Encoding") != nullptr) return;
  if (response.headers.get("Cache-Control").find("no-transform") != std::string_view::npos) return;
  if (!packable_type(response.headers.get("Content-Type"))) return;
  response.headers.add("Vary", "Accept-Encoding");
  if (!accepts_gzip(accept_encoding)) return;
  response.body = gzip(response.body);
  response.headers.set("Content-Encoding", "gzip");
}

AnswerHead answer_head(const Response& response, const AnswerFacts& facts) {
  AnswerHead head;
  int status = response.status;
  if (status < 200 || status > 599) {
    log_error("http.bad_status", {{"status", status}});
    status = 500;
  }
  const bool never_body = status == 204 || status == 304;
  head.keep_alive = facts.keep_alive && !ascii_equal_fold(response.headers.get("Connection"), "close");
  head.body = !never_body && !facts.head_only;

  std::string& text = head.text;
  text.reserve(512);
  text.append("HTTP/1.1 ").append(std::to_string(status)).append(" ").append(reason_of(status)).append("\r\n");
  for (const auto& item : response.headers.items()) {
    if (own_field(item.first)) continue;
    if (!safe_field(item)) {
      log_error("http.bad_answer_header", {{"status", status}});
      continue;
    }
    text.append(item.first).append(": ").append(item.second).append("\r\n");
  }
  if (!never_body) {
    if (!response.chunks) {
      text.append("Content-Length: ").append(std::to_string(response.body.size())).append("\r\n");
    } else if (response.chunks_size) {
      text.append("Content-Length: ").append(std::to_string(*response.chunks_size)).append("\r\n");
    } else if (!facts.http_1_0) {
      text.append("Transfer-Encoding: chunked\r\n");
      head.chunked = true;
    } else if (head.body) {
      head.keep_alive = false;  // the end of the connection is the end of the body
    }
  }
  // A partner to rehearse with may have a clock of its own; everyone else leaves the date to us.
  const std::string* own_date = response.headers.find("Date");
  const bool dated = own_date != nullptr && safe_field({"Date", *own_date});
  text.append("Date: ").append(dated ? std::string_view(*own_date) : http_date());
  text.append("\r\nServer: handoff\r\nX-Request-Id: ");
  text.append(facts.request_id).append("\r\n");
  if (!head.keep_alive) {
    text.append("Connection: close\r\n");
  } else if (facts.http_1_0) {
    text.append("Connection: keep-alive\r\n");
  }
  text.append("\r\n");
  return head;
}

}  // namespace handoff::net
