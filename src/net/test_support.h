// What the tests of this room share: raw sockets to say things no decent client says, a server that answers by script,
// a handler made of functions, certificates made on the spot, and the log caught in a file.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "net/client.h"
#include "net/server.h"

namespace handoff::net::test {

using namespace std::chrono_literals;
constexpr auto patience = 10'000ms;  // for what happens at once on a machine that is not overloaded

// Log lines of one test. The file is one for all tests: a server that is still ending may write a line after its test.
class CaughtLog {
 public:
  CaughtLog() : from_(::lseek(file(), 0, SEEK_END)) { Log::configure(nullptr, Level::debug, file()); }
  std::string text() const {
    std::string out(static_cast<std::size_t>(::lseek(file(), 0, SEEK_END) - from_), '\0');
    out.resize(static_cast<std::size_t>(::pread(file(), out.data(), out.size(), from_)));
    return out;
  }

 private:
  static int file() {
    static const int opened = ::memfd_create("log", MFD_CLOEXEC);
    return opened;
  }
  const off_t from_;
};

// One answer as read from a raw connection.
struct RawAnswer {
  int status = 0;
  Headers headers;
  std::string body;       // without the chunk frames
  bool complete = false;  // the body ended as its header says
};

// A blocking connection that says exactly what it is told to.
class RawClient {
 public:
  explicit RawClient(int port, SSL_CTX* tls = nullptr) {
    file_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(file_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
    const int on = 1;
    ::setsockopt(file_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const timeval limit{10, 0};
    ::setsockopt(file_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(file_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (tls != nullptr && connected_) {
      ssl_ = SSL_new(tls);
      SSL_set_fd(ssl_, file_);
      connected_ = SSL_connect(ssl_) == 1;
    }
  }
  ~RawClient() {
    if (ssl_ != nullptr) SSL_free(ssl_);
    close();
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  int file() const { return file_; }
  void close() {
    if (file_ >= 0) ::close(std::exchange(file_, -1));
  }
  void close_writing() { ::shutdown(file_, SHUT_WR); }

  // False where the far side does not take it any more.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto count = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                                         : ::send(file_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  // Receives something into the buffer; false at the end, on a reset and when nothing comes for ten seconds.
  bool more() {
    char piece[16 * 1024];
    const auto count = ssl_ != nullptr ? SSL_read(ssl_, piece, sizeof piece) : ::recv(file_, piece, sizeof piece, 0);
    ended_ = count == 0;
    reset_ = count < 0 && errno == ECONNRESET;
    if (count <= 0) return false;
    in_.append(piece, static_cast<std::size_t>(count));
    return true;
  }
  bool ended() const { return ended_; }
  bool reset() const { return reset_; }

  // Everything until the far side closes.
  std::string rest() {
    while (more()) continue;
    return std::exchange(in_, {});
  }

  std::string until(std::string_view mark) {
    for (;;) {
      const auto at = in_.find(mark);
      if (at != std::string::npos) {
        std::string out = in_.substr(0, at + mark.size());
        in_.erase(0, out.size());
        return out;
      }
      if (!more()) return {};
    }
  }

  std::string exactly(std::size_t size) {
    while (in_.size() < size && more()) continue;
    std::string out = in_.substr(0, size);
    in_.erase(0, out.size());
    return out;
  }

  RawAnswer head() {
    RawAnswer answer;
    const std::string text = until("\r\n\r\n");
    if (text.empty()) return answer;
    const auto lines = split(text, '\n');
    answer.status = static_cast<int>(parse_int(text.substr(9, 3)).value_or(0));
    for (std::size_t i = 1; i < lines.size(); ++i) {
      const auto colon = lines[i].find(':');
      if (colon == std::string::npos) continue;
      answer.headers.add(lines[i].substr(0, colon), std::string(trim(std::string_view(lines[i]).substr(colon + 1))));
    }
    return answer;
  }

  // One chunk; "" for the last one and for a line that broke off (`ok` tells them apart).
  std::string chunk(bool& ok) {
    const std::string line = until("\r\n");
    ok = !line.empty();
    const auto size = std::strtoul(line.c_str(), nullptr, 16);
    std::string data = exactly(size + 2);
    ok = ok && data.size() == size + 2;
    data.resize(std::min(data.size(), size));
    return data;
  }

  RawAnswer answer(bool head_only = false) {
    RawAnswer answer = head();
    if (answer.status == 0) return answer;
    answer.complete = true;
    if (head_only || answer.status == 204 || answer.status == 304 || answer.status == 100) return answer;
    if (const auto* length = answer.headers.find("Content-Length")) {
      const auto size = static_cast<std::size_t>(parse_int(*length).value());
      answer.body = exactly(size);
      answer.complete = answer.body.size() == size;
    } else if (answer.headers.get("Transfer-Encoding") == "chunked") {
      for (;;) {
        const std::string piece = chunk(answer.complete);
        if (!answer.complete || piece.empty()) break;
        answer.body += piece;
      }
    } else {
      answer.body = rest();
      answer.complete = ended_;
    }
    return answer;
  }

  RawAnswer ask(std::string_view request) {
    send(request);
    return answer();
  }

 private:
  int file_ = -1;
  SSL* ssl_ = nullptr;
  bool connected_ = false;
  bool ended_ = false;
  bool reset_ = false;
  std::string in_;
};

// Accepts connections on a port of its own and gives each to `serve`, one at a time on one thread.
class RawServer {
 public:
  using Serve = std::function<void(int file, int turn)>;
  explicit RawServer(Serve serve) : serve_(std::move(serve)) {
    file_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(file_, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(::listen(file_, 16), 0);
    socklen_t size = sizeof at;
    ::getsockname(file_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this] {
      for (int turn = 0;; ++turn) {
        const int accepted = ::accept(file_, nullptr, nullptr);
        if (accepted < 0) return;
        connections_ = turn + 1;
        serve_(accepted, turn);
        ::close(accepted);
      }
    });
  }
  ~RawServer() {
    ::shutdown(file_, SHUT_RDWR);
    thread_.join();
    ::close(file_);
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;
  int port() const { return port_; }
  int connections() const { return connections_; }

  // Reads until the mark has come, or the far side closes.
  static std::string read_until(int file, std::string_view mark) {
    std::string in;
    char byte = 0;
    while (in.find(mark) == std::string::npos && ::recv(file, &byte, 1, 0) == 1) in.push_back(byte);
    return in;
  }
  static void say(int file, std::string_view text) { (void)!::send(file, text.data(), text.size(), MSG_NOSIGNAL); }

 private:
  Serve serve_;
  int file_ = -1;
  int port_ = 0;
  std::atomic<int> connections_{0};
  std::thread thread_;
};

// A handler whose routes are functions; the others echo what they got.
class Routes : public Handler {
 public:
  std::map<std::string, std::function<Response(Request&)>> routes;
  std::uint64_t body_max = 1024 * 1024;
  std::atomic<int> handled{0};

  Response handle(Request& request) override {
    ++handled;
    const auto route = routes.find(request.path);
    if (route != routes.end()) return route->second(request);
    Response response;
    response.headers.add("Content-Type", "text/plain");
    response.body = request.method + " " + request.path + "?" + request.query + " " + request.body->all().value();
    return response;
  }
  Admission admit(const Request& head) override {
    if (head.headers.get("Authorization") == "nobody") return {{body_max}, refuse(401, "auth.unknown", "")};
    return {{body_max}, {}};
  }
  Response refuse(int status, std::string_view code, std::string_view) override {
    Response response;
    response.status = status;
    response.headers.add("Content-Type", "text/plain");
    response.body = code;
    return response;
  }
};

// A server with its handler, gone at the end of the test.
struct Served {
  explicit Served(ServerOptions options = {}) {
    options.worker_threads = std::min(options.worker_threads, 8);
    auto started = Server::start(std::move(options), routes, random);
    EXPECT_TRUE(started.has_value()) << started.error().code << " " << started.error().for_log;
    server = std::move(started).value();
  }
  int port() const { return server->port(); }
  std::string url(std::string_view path) const {
    return "http://127.0.0.1:" + std::to_string(port()) + std::string(path);
  }

  CaughtLog log;
  SystemRandom random;
  Routes routes;
  std::unique_ptr<Server> server;
};

inline std::unique_ptr<Client> local_client(std::string ca_file = {}) {
  ClientOptions options;
  options.allow = AddressRanges::parse({"127.0.0.0/8", "::1"}).value();
  options.ca_file = std::move(ca_file);
  return Client::start(std::move(options)).value();
}

inline ClientRequest get(std::string url) {
  ClientRequest request;
  request.method = "GET";
  request.url = std::move(url);
  return request;
}

inline ClientRequest post(std::string url, std::string body) {
  ClientRequest request;
  request.method = "POST";
  request.url = std::move(url);
  request.body.push_back({std::move(body), {}, 0});
  return request;
}

// A directory that goes with the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "net-test-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A key and a certificate for 127.0.0.1 that signs itself, as PEM files.
struct Certificate {
  TemporaryDirectory directory;
  std::string certificate_file = directory.file("certificate.pem"), key_file = directory.file("key.pem");

  Certificate() {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    for (const auto& [id, text] :
         {std::pair{NID_subject_alt_name, "IP:127.0.0.1"}, {NID_basic_constraints, "CA:TRUE"}}) {
      X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, text);
      X509_add_ext(certificate, extension, -1);
      X509_EXTENSION_free(extension);
    }
    X509_sign(certificate, key, EVP_sha256());
    FILE* file = std::fopen(certificate_file.c_str(), "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
    file = std::fopen(key_file.c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
};

// Something that happens once and can be waited for with a bound.
class Signal {
 public:
  void raise() {
    if (!raised_.exchange(true)) promise_.set_value();
  }
  bool wait(std::chrono::milliseconds time = patience) { return future_.wait_for(time) == std::future_status::ready; }

 private:
  std::atomic<bool> raised_{false};
  std::promise<void> promise_;
  std::shared_future<void> future_{promise_.get_future()};
};

}  // namespace handoff::net::test
