#include "net/head.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <utility>

#include "base/crypto.h"
#include "base/text.h"

namespace handoff::net {
namespace {

namespace http = boost::beast::http;

bool plain_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

// The four forms of a target (RFC 9112, 3.2); the authority of the absolute form is dropped, CONNECT is not spoken.
bool split_target(std::string_view target, Request& request) {
  if (target.find('#') != std::string_view::npos) return false;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.size() > scheme.size() && ascii_equal_fold(target.substr(0, scheme.size()), scheme)) {
      target.remove_prefix(scheme.size());
      const auto path = target.find_first_of("/?");
      target = path == std::string_view::npos ? std::string_view{} : target.substr(path);
      if (target.empty() || target.front() == '?') {
        request.path = "/";
        request.query = target.empty() ? "" : target.substr(1);
        return true;
      }
      break;
    }
  }
  if (target == "*" && request.method == "OPTIONS") {
    request.path = target;
    return true;
  }
  if (!target.starts_with('/')) return false;
  const auto question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string_view::npos) request.query = target.substr(question + 1);
  return true;
}

}  // namespace

// Beast's parser without its containers and bodies: it checks the grammar, the fields come straight to us, and it is
// told to stop after the head because the body is read by BodyReader.
class HeadParser::State final : public http::basic_parser<true> {
 public:
  using error_code = boost::beast::error_code;
  using string_view = boost::beast::string_view;

  Head head;
  std::optional<Refusal> refusal;
  int content_lengths = 0, hosts = 0, transfer_encodings = 0;

  void on_request_impl(http::verb, string_view method, string_view target, int version, error_code&) override {
    head.request.method.assign(method.data(), method.size());
    head.http_1_0 = version == 10;
    if (!split_target({target.data(), target.size()}, head.request)) {
      refusal = Refusal{400, "request.bad_target", "The request target is not a path."};
    }
  }
  void on_field_impl(http::field name, string_view text, string_view value, error_code&) override {
    const std::string_view plain(value.data(), value.size());
    if (name == http::field::host) ++hosts;
    if (name == http::field::content_length) ++content_lengths;
    if (name == http::field::transfer_encoding) {
      ++transfer_encodings;
      if (!ascii_equal_fold(trim(plain), "chunked")) {
        refusal = Refusal{501, "request.unknown_transfer_encoding", "The only transfer coding served is chunked."};
      }
    }
    if (name == http::field::expect) {
      (ascii_equal_fold(trim(plain), "100-continue") ? head.expects_continue : head.expects_other) = true;
    }
    head.request.headers.add(std::string(text.data(), text.size()), std::string(plain));
  }
  void on_header_impl(error_code&) override {}
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view body, error_code&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override { return body.size(); }
  void on_finish_impl(error_code&) override {}

  // What the grammar allows and the protocol does not; each of these is a way to make two servers disagree about
  // where a request ends or whom it is for.
  void judge() {
    if (refusal) return;
    if (hosts > 1 || (hosts == 0 && !head.http_1_0)) {
      refusal = Refusal{400, "request.bad_host", "A request carries exactly one Host header."};
    } else if (transfer_encodings > 0 && head.http_1_0) {
      refusal = Refusal{400, "request.bad_framing", "HTTP/1.0 has no transfer codings."};
    } else if (transfer_encodings > 1 || (transfer_encodings > 0 && content_lengths > 0)) {
      refusal = Refusal{400, "request.bad_framing", "The length of the body is told in two ways."};
    }
  }
};

HeadParser::HeadParser(std::size_t bytes_max) : state_(std::make_unique<State>()) {
  state_->header_limit(static_cast<std::uint32_t>(bytes_max));
  state_->body_limit(boost::none);
  state_->skip(true);
}

HeadParser::~HeadParser() = default;

HeadParser::Fed HeadParser::feed(std::string_view bytes) {
  Fed fed;
  boost::beast::error_code problem;
  // put() may stop between the start line and the fields; it is asked until it wants more than there is.
  while (fed.used < bytes.size() && !state_->is_header_done()) {
    const std::string_view rest = bytes.substr(fed.used);
    const std::size_t used = state_->put(boost::asio::const_buffer(rest.data(), rest.size()), problem);
    fed.used += used;
    if (problem == http::error::need_more) {
      if (used == 0) return fed;
      problem = {};
      continue;
    }
    if (problem) break;
  }
  if (problem == http::error::header_limit) {
    fed.refusal = Refusal{431, "request.header_too_large", "The header of the request is too large."};
  } else if (problem == http::error::bad_version) {
    fed.refusal = Refusal{505, "request.bad_version", "HTTP/1.1 and HTTP/1.0 are served."};
  } else if (problem == http::error::bad_transfer_encoding || problem == http::error::bad_content_length) {
    fed.refusal = Refusal{400, "request.bad_framing", "The length of the body is not told, or is told in two ways."};
  } else if (problem) {
    fed.refusal = Refusal{400, "request.malformed", "The request is not well-formed HTTP."};
  } else if (state_->is_header_done()) {
    state_->judge();
    fed.refusal = state_->refusal;
    fed.done = !fed.refusal;
  }
  return fed;
}

Head HeadParser::take() {
  Head head = std::move(state_->head);
  head.keep_alive = state_->keep_alive();
  head.chunked = state_->chunked();
  if (const auto length = state_->content_length()) head.content_length = *length;
  if (head.http_1_0) head.expects_continue = head.expects_other = false;  // RFC 9110, 10.1.1
  if (head.request.method == "HEAD") {
    head.head_only = true;
    head.request.method = "GET";
  }
  return head;
}

std::string request_id(const Headers& headers, Random& random) {
  const std::string_view given = headers.get("X-Request-Id");
  return plain_id(given) ? std::string(given) : random_token(random, 12);
}

std::string remote_address(std::string_view peer, const Headers& headers, const AddressRanges& trusted) {
  std::string address(peer);
  if (!trusted.contains(address)) return address;
  std::vector<std::string> hops;
  for (const auto& [name, value] : headers.items()) {
    if (!ascii_equal_fold(name, "X-Forwarded-For")) continue;
    for (auto& hop : split(value, ',')) hops.push_back(std::move(hop));
  }
  // From the nearest hop outwards: only what a trusted proxy wrote is believed.
  for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
    std::string_view text = trim(*hop);
    if (const auto end = text.find(']'); text.starts_with('[') && end != std::string_view::npos) {
      text = text.substr(1, end - 1);
    } else if (std::count(text.begin(), text.end(), ':') == 1) {
      text = text.substr(0, text.find(':'));
    }
    const auto parsed = AddressRanges::parse({std::string(text)});
    if (!parsed || text.find('/') != std::string_view::npos) return address;
    address = text;
    if (!trusted.contains(address)) return address;
  }
  return address;
}

std::string path_for_log(std::string_view path) {
  constexpr std::size_t characters_max = 256;
  std::string shown = is_utf8(path) ? std::string(path) : percent_encode(path);
  if (shown.size() > characters_max) shown = utf8_prefix(shown, characters_max) + "...";
  return shown;
}

}  // namespace handoff::net
