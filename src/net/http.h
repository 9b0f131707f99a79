// Plain requests and responses. Beast and libcurl stay behind server.cc and client.cc; nothing else knows them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace handoff::net {

// Header names compare without case; order and repetition are kept.
class Headers {
 public:
  using Item = std::pair<std::string, std::string>;
  void add(std::string name, std::string value) { items_.emplace_back(std::move(name), std::move(value)); }
  void set(std::string_view name, std::string value);    // replaces every one of that name
  const std::string* find(std::string_view name) const;  // the first; nullptr when absent
  std::string_view get(std::string_view name) const;     // the first; "" when absent
  void remove(std::string_view name);                    // every one of that name
  const std::vector<Item>& items() const { return items_; }

 private:
  std::vector<Item> items_;
};

// A request body: in memory when small, in an unlinked temporary file when large. Already within its limit, already
// decoded (chunked, gzip). Read it through chunks, or whole where the route's limit is small.
class Body {
 public:
  virtual ~Body() = default;
  virtual std::uint64_t size() const = 0;
  // Up to `size_max` bytes from `offset`; shorter only at the end.
  virtual Result<std::string> read(std::uint64_t offset, std::size_t size_max) const = 0;
  Result<std::string> all() const { return read(0, static_cast<std::size_t>(size())); }
};
std::unique_ptr<Body> body_of(std::string bytes);

// A piece of a body that is sent: bytes in memory, or a source read when it is its turn (an attachment).
struct BodyPart {
  std::string bytes;
  std::function<Result<std::string>(std::uint64_t offset, std::size_t size_max)> source;  // set: `size` bytes from here
  std::uint64_t size = 0;
};

struct Request {
  std::string id;      // request id: the caller's X-Request-Id where it is plain, else made here
  std::string method;  // as sent ("GET"); HEAD arrives as GET, its answer loses its body on the way out
  std::string path;    // percent-decoded per segment is the router's work; this is raw, without query
  std::string query;   // raw, without '?'
  Headers headers;
  std::string remote_address;  // the peer, or what a trusted proxy says
  std::unique_ptr<Body> body;  // never null
};

// Gives the next piece of a streamed answer; "" at its end. Called on a worker, from one thread at a time.
// It may wait, but then it holds a worker: a stream that waits for events returns not_yet() instead and is asked again
// a moment later. Any other error cuts the connection, so that the client does not take the part for the whole.
using Chunks = std::function<Result<std::string>()>;

inline Error not_yet() { return Error{Kind::unavailable, "stream.not_yet", {}, {}}; }

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  Chunks chunks;                             // where set, `body` is ignored and the answer is streamed
  std::optional<std::uint64_t> chunks_size;  // where known, Content-Length instead of chunked
  bool drop_connection = false;              // closes without a word; for partners that rehearse doing that
};

// How much of a body a request may carry; asked after the header is read and before any of the body is.
struct BodyLimit {
  std::uint64_t bytes_max;
};

class Handler {
 public:
  virtual ~Handler() = default;
  // Called on a worker thread, may wait. Must not throw.
  virtual Response handle(Request& request) = 0;
  // Called on an io thread with method, path and headers only; must not wait.
  // An answer here is sent at once without reading the body (401 before anything else of a request is looked at).
  struct Admission {
    BodyLimit limit;
    std::optional<Response> refuse;
  };
  virtual Admission admit(const Request& head) = 0;
  // The answer to what the server itself refuses: 400 (cannot be parsed), 408, 413, 415 (content encoding), 417, 431,
  // 500 (handle threw), 501 (transfer encoding), 503 and 505. `code` is stable. Called on any thread; must not wait.
  virtual Response refuse(int status, std::string_view code, std::string_view detail) = 0;
};

}  // namespace handoff::net
