#include "net/client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "base/text.h"
#include "net/threads.h"

namespace handoff::net {
namespace {

constexpr std::size_t answer_header_bytes_max = 64 * 1024;  // all header lines of an answer, 1xx answers included
// A connection that idled longer than the far side keeps it open dies under the next request. A request that may not
// be repeated therefore only takes a connection used within the shortest idle limit servers are known for.
constexpr long reuse_seconds_max_repeatable = 60;
constexpr long reuse_seconds_max = 4;

thread_local bool on_client_thread = false;

bool repeatable(std::string_view method) { return method == "GET" || method == "HEAD" || method == "OPTIONS"; }

bool plain_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool plain_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

// Both handles are void* to curl, so each has its own way to be freed.
struct EasyFree {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiFree {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct ListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// One request on its way. Only the client's thread touches it.
struct Transfer {
  ClientRequest request;
  std::function<void(ClientReply)> done;
  const AddressRanges* allow = nullptr;
  std::unique_ptr<CURL, EasyFree> easy;
  std::unique_ptr<curl_slist, ListFree> headers;
  ClientReply reply;
  std::uint64_t body_size = 0;
  std::uint64_t body_at = 0;
  std::size_t header_bytes = 0;
  bool address_refused = false;
  bool body_failed = false;
  bool headers_too_large = false;
  bool second_try_refused = false;
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();

  // Bytes of the request that left. curl counts them over every attempt, so zero means: surely nothing was sent.
  bool nothing_left() const {
    long bytes = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_REQUEST_SIZE, &bytes);
    return bytes == 0;
  }

  Result<std::string> body_bytes(std::size_t size_max) const {
    std::uint64_t start = 0;
    for (const auto& part : request.body) {
      const std::uint64_t size = part.source ? part.size : part.bytes.size();
      if (body_at < start + size) {
        const std::uint64_t offset = body_at - start;
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(size_max, size - offset));
        if (!part.source) return part.bytes.substr(static_cast<std::size_t>(offset), wanted);
        return part.source(offset, wanted);
      }
      start += size;
    }
    return std::string{};
  }
};

// The callbacks of curl. An exception must not run through its C frames; what could throw here is memory only.

std::size_t on_read(char* buffer, std::size_t size, std::size_t count, void* context) noexcept {
  auto& transfer = *static_cast<Transfer*>(context);
  const auto bytes = transfer.body_bytes(size * count);
  // A source that gives less than it promised would leave the far side waiting for the rest of Content-Length.
  if (!bytes || bytes->size() > size * count || (bytes->empty() && transfer.body_at < transfer.body_size)) {
    transfer.body_failed = true;
    return CURL_READFUNC_ABORT;
  }
  bytes->copy(buffer, bytes->size());
  transfer.body_at += bytes->size();
  return bytes->size();
}

int on_seek(void* context, curl_off_t offset, int origin) noexcept {
  if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_FAIL;
  static_cast<Transfer*>(context)->body_at = static_cast<std::uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

std::size_t on_write(char* buffer, std::size_t size, std::size_t count, void* context) noexcept {
  auto& transfer = *static_cast<Transfer*>(context);
  const std::size_t room = transfer.request.answer_bytes_max - transfer.reply.body.size();
  const std::size_t length = size * count;
  transfer.reply.body.append(buffer, std::min(room, length));
  if (length <= room) return length;
  transfer.reply.truncated = true;
  return 0;  // ends the transfer: whoever sends without end is not listened to any longer
}

std::size_t on_header(char* buffer, std::size_t size, std::size_t count, void* context) noexcept {
  auto& transfer = *static_cast<Transfer*>(context);
  const std::size_t length = size * count;
  transfer.header_bytes += length;
  if (transfer.header_bytes > answer_header_bytes_max) {
    transfer.headers_too_large = true;
    return 0;
  }
  const std::string_view line = trim(std::string_view(buffer, length));
  if (line.starts_with("HTTP/")) {
    transfer.reply.headers = {};  // what came before was an interim answer
    return length;
  }
  const auto colon = line.find(':');
  if (colon != std::string_view::npos && colon > 0) {
    transfer.reply.headers.add(std::string(line.substr(0, colon)), std::string(trim(line.substr(colon + 1))));
  }
  return length;
}

curl_socket_t on_open_socket(void* context, curlsocktype, curl_sockaddr* address) noexcept {
  auto& transfer = *static_cast<Transfer*>(context);
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = nullptr;
  if (address->family == AF_INET) bytes = &reinterpret_cast<const sockaddr_in*>(&address->addr)->sin_addr;
  if (address->family == AF_INET6) bytes = &reinterpret_cast<const sockaddr_in6*>(&address->addr)->sin6_addr;
  const bool numeric =
      bytes != nullptr && ::inet_ntop(address->family, bytes, text.data(), static_cast<socklen_t>(text.size()));
  if (!numeric || (is_special_address(text.data()) && !transfer.allow->contains(text.data()))) {
    transfer.address_refused = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// Called when a connection stands and the request is about to be written. curl writes a request a second time where a
// kept connection turns out to be dead; for a request that may not be done twice that is not ours to risk, because the
// far side may have read the first one before it hung up.
int on_before_request(void* context, char*, char*, int, int) noexcept {
  auto& transfer = *static_cast<Transfer*>(context);
  if (repeatable(transfer.request.method) || transfer.nothing_left()) return CURL_PREREQFUNC_OK;
  transfer.second_try_refused = true;
  return CURL_PREREQFUNC_ABORT;
}

struct Problem {
  std::string_view code, text;
};

Problem problem_of(const Transfer& transfer, CURLcode code) {
  if (transfer.body_failed) return {"body.unreadable", "A part of the request body could not be read."};
  if (transfer.headers_too_large) return {"answer.malformed", "The header of the answer is too large."};
  if (transfer.second_try_refused) {
    return {"connection.lost", "The kept connection was lost while the request was under way."};
  }
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return {"dns.failed", "The name of the host was not found."};
    case CURLE_COULDNT_CONNECT:
      if (transfer.address_refused) {
        return {"connect.address_not_allowed", "The host's address is special and is not allowed by outbound.allow."};
      }
      return {"connect.refused", "The host does not accept connections."};
    case CURLE_OPERATION_TIMEDOUT: return {"timeout", "The host did not answer in time."};
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH: return {"tls.failed", "The secure connection could not be set up."};
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      if (transfer.nothing_left()) {
        return {"request.bad_url", "The address cannot be used: http and https are spoken here."};
      }
      return {"answer.malformed", "The answer is not HTTP."};
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_HTTP2: return {"answer.malformed", "The answer is not HTTP."};
    default: return {"connection.lost", "The connection was lost."};
  }
}

void settle(Transfer& transfer, CURLcode code) {
  ClientReply& reply = transfer.reply;
  long status = 0;
  curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &status);
  reply.status = static_cast<int>(status);
  const bool cut_by_us = code == CURLE_WRITE_ERROR && reply.truncated;
  if (code == CURLE_OK || cut_by_us) {
    reply.outcome = ClientReply::Outcome::answered;
    return;
  }
  reply.outcome = transfer.nothing_left() ? ClientReply::Outcome::not_sent : ClientReply::Outcome::unknown;
  const Problem problem = problem_of(transfer, code);
  reply.problem_code = problem.code;
  reply.problem = problem.text;
}

void hand_over(Transfer& transfer) {
  transfer.reply.duration =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - transfer.started);
  // What was lent to curl goes before `done` runs, which may well start the next request.
  transfer.easy.reset();
  transfer.headers.reset();
  transfer.done(std::move(transfer.reply));
}

void refuse(Transfer& transfer, ClientReply::Outcome outcome, std::string_view code, std::string_view text) {
  transfer.reply.outcome = outcome;
  transfer.reply.problem_code = code;
  transfer.reply.problem = text;
  hand_over(transfer);
}

class CurlClient final : public Client {
 public:
  CurlClient(ClientOptions options, std::unique_ptr<CURLM, MultiFree> multi)
      : options_(std::move(options)), multi_(std::move(multi)) {
    curl_multi_setopt(multi_.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(options_.connections_max));
    curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS,
                      static_cast<long>(options_.connections_per_host_max));
    curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(options_.connections_max));
    const SignalsBlocked blocked;
    thread_ = std::thread([this] { run(); });
  }

  ~CurlClient() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    curl_multi_wakeup(multi_.get());
    thread_.join();
  }

  void send(ClientRequest request, std::function<void(ClientReply)> done) override {
    auto transfer = std::make_unique<Transfer>();
    transfer->request = std::move(request);
    transfer->done = std::move(done);
    transfer->allow = &options_.allow;
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(transfer));
    }
    curl_multi_wakeup(multi_.get());
  }

 private:
  void run() {
    on_client_thread = true;
    pthread_setname_np(pthread_self(), "net-client");
    for (;;) {
      std::deque<std::unique_ptr<Transfer>> fresh;
      bool stopping = false;
      {
        const std::lock_guard lock(mutex_);
        fresh.swap(waiting_);
        stopping = stopping_;
      }
      if (stopping) return stop(std::move(fresh));
      for (auto& transfer : fresh) begin(std::move(transfer));
      int running = 0;
      curl_multi_perform(multi_.get(), &running);
      collect();
      // The wake-up ends the wait as soon as there is something new; the bound is only for curl's own housekeeping.
      curl_multi_poll(multi_.get(), nullptr, 0, 10'000, nullptr);
    }
  }

  void begin(std::unique_ptr<Transfer> transfer) {
    if (!prepare(*transfer)) {
      return refuse(*transfer, ClientReply::Outcome::not_sent, "request.malformed",
                    "The method, a header or the size of the body cannot be sent.");
    }
    CURL* easy = transfer->easy.get();
    Transfer& held = *running_.emplace(easy, std::move(transfer)).first->second;
    if (curl_multi_add_handle(multi_.get(), easy) != CURLM_OK) {
      const auto taken = std::move(running_.extract(easy).mapped());
      refuse(held, ClientReply::Outcome::not_sent, "client.busy", "The request could not be started.");
    }
  }

  bool prepare(Transfer& transfer) {
    const ClientRequest& request = transfer.request;
    if (!plain_token(request.method) || !plain_value(request.url)) return false;
    transfer.easy.reset(curl_easy_init());
    CURL* easy = transfer.easy.get();
    if (easy == nullptr) return false;
    for (const auto& part : request.body) transfer.body_size += part.source ? part.size : part.bytes.size();
    const auto ms = [](std::chrono::milliseconds time) {
      return static_cast<long>(std::max<std::int64_t>(1, time.count()));
    };

    curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    // Without this a name server that does not answer would hold the whole loop when its request times out.
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, ms(request.connect_timeout));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, ms(request.timeout));
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN,
                     repeatable(request.method) ? reuse_seconds_max_repeatable : reuse_seconds_max);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_before_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
    if (!options_.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
    prepare_body(transfer);
    return prepare_headers(transfer);
  }

  static void prepare_body(Transfer& transfer) {
    CURL* easy = transfer.easy.get();
    const std::string& method = transfer.request.method;
    if (transfer.body_size > 0) {
      curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
      curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(transfer.body_size));
      curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
      curl_easy_setopt(easy, CURLOPT_READDATA, &transfer);
      curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
      curl_easy_setopt(easy, CURLOPT_SEEKDATA, &transfer);
    } else if (method == "POST" || method == "PUT" || method == "PATCH") {
      // These say Content-Length: 0; some servers answer 411 without it.
      curl_easy_setopt(easy, CURLOPT_POST, 1L);
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, 0L);
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
    } else if (method == "HEAD") {
      curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    }
    if (method != "HEAD") curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
  }

  static bool prepare_headers(Transfer& transfer) {
    const auto append = [&](const std::string& line) {
      curl_slist* longer = curl_slist_append(transfer.headers.get(), line.c_str());
      if (longer == nullptr) return false;
      // The head of the list stays the same but for the first line.
      if (!transfer.headers) transfer.headers.reset(longer);
      return true;
    };
    for (const auto& [name, value] : transfer.request.headers.items()) {
      if (!plain_token(name) || !plain_value(value)) return false;
      // The length and the framing follow from the body parts; a second opinion in a header could only contradict.
      if (ascii_equal_fold(name, "Content-Length") || ascii_equal_fold(name, "Transfer-Encoding")) continue;
      // curl's spelling for a header with an empty value.
      if (!append(trim(value).empty() ? name + ";" : name + ": " + value)) return false;
    }
    if (transfer.request.headers.find("Expect") == nullptr && !append("Expect:")) return false;
    if (transfer.request.headers.find("Content-Type") == nullptr && !append("Content-Type:")) return false;
    curl_easy_setopt(transfer.easy.get(), CURLOPT_HTTPHEADER, transfer.headers.get());
    return true;
  }

  void collect() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* easy = message->easy_handle;
      const CURLcode code = message->data.result;  // the message goes with the handle
      curl_multi_remove_handle(multi_.get(), easy);
      const auto transfer = std::move(running_.extract(easy).mapped());
      settle(*transfer, code);
      hand_over(*transfer);
    }
  }

  void stop(std::deque<std::unique_ptr<Transfer>> fresh) {
    auto running = std::move(running_);
    running_.clear();
    for (auto& [easy, transfer] : running) {
      curl_multi_remove_handle(multi_.get(), easy);
      refuse(*transfer, ClientReply::Outcome::unknown, "client.stopped", "The client was stopped.");
    }
    // What `done` asks for while everything stops ends here as well.
    while (!fresh.empty()) {
      for (auto& transfer : fresh) {
        refuse(*transfer, ClientReply::Outcome::not_sent, "client.stopped", "The client was stopped.");
      }
      fresh.clear();
      const std::lock_guard lock(mutex_);
      fresh.swap(waiting_);
    }
  }

  const ClientOptions options_;
  const std::unique_ptr<CURLM, MultiFree> multi_;  // the client's thread; only its wake-up is called from others
  std::mutex mutex_;
  std::deque<std::unique_ptr<Transfer>> waiting_;                 // guarded by mutex_
  bool stopping_ = false;                                         // guarded by mutex_
  std::unordered_map<CURL*, std::unique_ptr<Transfer>> running_;  // the client's thread only
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Client>> Client::start(ClientOptions options) {
  // Thread-safe and once for the process; never undone, because other threads may still be inside when it ends.
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  std::unique_ptr<CURLM, MultiFree> multi(ready == CURLE_OK ? curl_multi_init() : nullptr);
  if (!multi) {
    return Error{Kind::internal, "client.cannot_start", "The outbound client could not be started.",
                 ready == CURLE_OK ? "curl_multi_init failed" : curl_easy_strerror(ready)};
  }
  if (!options.ca_file.empty() && ::access(options.ca_file.c_str(), R_OK) != 0) {
    return Error{Kind::invalid_input, "client.bad_ca_file", "The file of certificate authorities cannot be read.",
                 options.ca_file};
  }
  return std::unique_ptr<Client>(std::make_unique<CurlClient>(std::move(options), std::move(multi)));
}

ClientReply Client::send_and_wait(ClientRequest request) {
  // The thread that would wait is the one that would have to finish the request.
  HANDOFF_ASSERT(!on_client_thread);
  std::mutex mutex;
  std::condition_variable answered;
  std::optional<ClientReply> reply;  // guarded by mutex
  send(std::move(request), [&](ClientReply arrived) {
    const std::lock_guard lock(mutex);
    reply = std::move(arrived);
    answered.notify_one();
  });
  std::unique_lock lock(mutex);
  answered.wait(lock, [&] { return reply.has_value(); });
  return std::move(*reply);
}

}  // namespace handoff::net
