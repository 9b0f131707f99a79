// A client management system that only counts: it speaks the wire of crms and cms as far as a delivery needs it,
// answers at once from one thread, and notices what must not happen: a second create for one referral, a file twice, an
// older state after a newer one.
//
//   receiver ADDRESS:PORT      GET /stats, POST /reset
//
// Anything posted to /job counts as a create of its own; that is how the peers deliver.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <memory>
#include <set>
#include <unordered_map>

#include "base/crypto.h"
#include "bench/wire.h"

namespace handoff::bench {
namespace {

constexpr const char* program = "receiver";

struct File {
  std::string name;
  std::size_t size;
  std::string sha256;
};

struct Case {
  std::string external_id;
  std::vector<File> files;
  bool complete = false;
};

struct Counts {
  std::uint64_t requests = 0, creates = 0, updates = 0, files = 0, complete = 0;
  std::uint64_t duplicates = 0, duplicate_files = 0, out_of_order = 0, bytes = 0;
  std::int64_t first_ms = 0, last_ms = 0, last_create_ms = 0;
  std::vector<double> end_to_end_ms;  // from the moment the sender says it sent to the create here
};

// The text after "key=" up to where it stops being digits; -1 without one.
long long marked(std::string_view body, std::string_view mark) {
  for (std::size_t at = body.find(mark); at != std::string_view::npos; at = body.find(mark, at + 1)) {
    const std::size_t digits = at + mark.size();
    if (digits < body.size() && std::isdigit(static_cast<unsigned char>(body[digits])) != 0) {
      return std::atoll(std::string(body.substr(digits, 18)).c_str());
    }
  }
  return -1;
}

// The value of a top-level text of the flat JSON this wire has; its escapes do not matter for comparing.
std::string text_of(std::string_view body, std::string_view key) {
  const std::string start = "\"" + std::string(key) + "\":\"";
  const std::size_t at = body.find(start);
  if (at == std::string_view::npos) return {};
  const std::size_t begin = at + start.size();
  return std::string(body.substr(begin, body.find('"', begin) - begin));
}

class Receiver {
 public:
  std::string answer(const Message& message) {
    const std::size_t method_end = message.start.find(' ');
    const std::string_view method = message.start.substr(0, method_end);
    std::string_view target = message.start.substr(method_end + 1);
    target = target.substr(0, target.find(' '));
    if (method == "GET" && target == "/stats") return reply(200, stats());
    if (method == "POST" && target == "/reset") {
      counts_ = {};
      cases_.clear();
      by_external_id_.clear();
      states_.clear();
      return reply(200, "{}");
    }
    note(message.body);
    if (method == "POST" && target == "/job") return create(message.body, text_of(message.body, "id"));
    if (method == "POST" && target == "/api/referrals") {
      return create(message.body, text_of(message.body, "externalId"));
    }
    if (method == "GET" && target.starts_with("/api/referrals?externalId=")) return found(target.substr(26));
    constexpr std::string_view below = "/api/referrals/";
    if (!target.starts_with(below)) return reply(404, "{}");
    const std::string id(target.substr(below.size(), target.find('/', below.size()) - below.size()));
    const std::size_t number = std::strtoull(id.c_str(), nullptr, 10);
    if (number == 0 || number > cases_.size()) return reply(404, "{}");
    Case& one = cases_[number - 1];
    if (method == "POST") return attach(one, message);
    if (method == "PUT") {
      ++counts_.updates;
      see_state(one.external_id, message.body);
      return reply(200, "{\"id\":\"" + id + "\"}");
    }
    return reply(200, R"({"status":"new"})");
  }

 private:
  static std::string reply(int status, const std::string& body) {
    return "HTTP/1.1 " + std::to_string(status) + (status < 300 ? " OK" : " No") +
           "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  void note(std::string_view body) {
    ++counts_.requests;
    counts_.bytes += body.size();
    counts_.last_ms = now_us(CLOCK_REALTIME) / 1000;
    if (counts_.first_ms == 0) counts_.first_ms = counts_.last_ms;
  }

  void see_state(const std::string& external_id, std::string_view body) {
    const long long state = std::max(marked(body, "S="), 0LL);
    long long& last = states_[external_id];
    if (state < last) ++counts_.out_of_order;
    last = std::max(last, state);
  }

  std::string create(std::string_view body, const std::string& external_id) {
    ++counts_.creates;
    counts_.last_create_ms = counts_.last_ms;
    const long long sent_ms = marked(body, "T=");
    if (sent_ms > 0) counts_.end_to_end_ms.push_back(static_cast<double>(counts_.last_ms - sent_ms));
    if (by_external_id_.contains(external_id)) ++counts_.duplicates;
    see_state(external_id, body);
    cases_.push_back({external_id, {}, false});
    by_external_id_.emplace(external_id, cases_.size());
    return reply(201, "{\"id\":\"" + std::to_string(cases_.size()) + "\"}");
  }

  std::string attach(Case& one, const Message& message) {
    const std::string_view part = message.body;
    const std::size_t begin = part.find("\r\n\r\n");
    const std::size_t line = part.find("\r\n");
    if (begin == std::string_view::npos || line == std::string_view::npos) return reply(400, "{}");
    const std::string closing = "\r\n" + std::string(part.substr(0, line)) + "--";
    const std::size_t end = part.rfind(closing);
    if (end == std::string_view::npos || end < begin + 4) return reply(400, "{}");
    const std::string_view bytes = part.substr(begin + 4, end - begin - 4);
    const std::size_t name = part.find("filename=\"");
    const std::size_t name_begin = name == std::string_view::npos ? 0 : name + 10;
    File file{std::string(part.substr(name_begin, part.find('"', name_begin) - name_begin)), bytes.size(),
              hex(sha256(bytes))};
    ++counts_.files;
    const auto same = [&](const File& other) { return other.name == file.name && other.sha256 == file.sha256; };
    if (std::any_of(one.files.begin(), one.files.end(), same)) ++counts_.duplicate_files;
    one.files.push_back(std::move(file));
    if (!one.complete) {
      one.complete = true;
      ++counts_.complete;
    }
    return reply(201, "{}");
  }

  std::string found(std::string_view external_id) {
    std::string items;
    const auto [begin, end] = by_external_id_.equal_range(std::string(external_id));
    for (auto at = begin; at != end; ++at) {
      std::string files;
      for (const File& file : cases_[at->second - 1].files) {
        files += (files.empty() ? "" : ",") + std::string("{\"fileName\":\"") + file.name +
                 "\",\"size\":" + std::to_string(file.size) + ",\"sha256\":\"" + file.sha256 + "\"}";
      }
      items += (items.empty() ? "" : ",") + std::string("{\"id\":\"") + std::to_string(at->second) +
               "\",\"attachments\":[" + files + "]}";
    }
    return reply(200, "{\"items\":[" + items + "]}");
  }

  std::string stats() {
    std::vector<double> delays = counts_.end_to_end_ms;
    const double seconds = static_cast<double>(counts_.last_ms - counts_.first_ms) / 1000;
    const double creating = static_cast<double>(counts_.last_create_ms - counts_.first_ms) / 1000;
    std::array<char, 700> text{};
    const double p50 = quantile(delays, 0.5);
    const double p99 = quantile(delays, 0.99);
    const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
    std::snprintf(text.data(), text.size(),
                  R"({"requests":%llu,"creates":%llu,"distinct":%zu,"updates":%llu,"files":%llu,"withFiles":%llu,)"
                  R"("duplicates":%llu,"duplicateFiles":%llu,"outOfOrder":%llu,"bytes":%llu,"seconds":%.3f,)"
                  R"("createsPerSecond":%.1f,"endToEndP50Ms":%.0f,"endToEndP99Ms":%.0f})",
                  number(counts_.requests), number(counts_.creates), states_.size(), number(counts_.updates),
                  number(counts_.files), number(counts_.complete), number(counts_.duplicates),
                  number(counts_.duplicate_files), number(counts_.out_of_order), number(counts_.bytes), seconds,
                  creating > 0 ? static_cast<double>(counts_.creates) / creating : 0, p50, p99);
    return text.data();
  }

  Counts counts_;
  std::vector<Case> cases_;
  std::unordered_multimap<std::string, std::size_t> by_external_id_;  // number of the case, from 1
  std::unordered_map<std::string, long long> states_;                 // newest state seen
};

struct Peer {
  std::string in, out;
  std::size_t sent = 0;
  bool continued = false;
};

class Loop {
 public:
  Loop(const std::string& host, int port) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) fail(program, "the host must be an address");
    if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
        listen(listener_, 512) != 0) {
      fail(program, std::string("cannot listen: ") + std::strerror(errno));
    }
    socklen_t size = sizeof(address);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    watch(listener_, EPOLL_CTL_ADD, EPOLLIN);
    std::printf("ready http://%s:%d\n", host.c_str(), ntohs(address.sin_port));
    std::fflush(stdout);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 128> events{};
    for (;;) {
      const int ready = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < ready; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (event.data.fd == listener_) {
          accept_all();
        } else {
          on_event(event);
        }
      }
    }
  }

 private:
  void watch(int socket, int how, std::uint32_t what) {
    epoll_event event{};
    event.events = what;
    event.data.fd = socket;
    epoll_ctl(epoll_, how, socket, &event);
  }

  void accept_all() {
    for (;;) {
      const int socket = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (socket < 0) return;
      const int on = 1;
      setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      peers_[socket] = {};
      watch(socket, EPOLL_CTL_ADD, EPOLLIN);
    }
  }

  void on_event(const epoll_event& event) {
    const int socket = event.data.fd;
    Peer& peer = peers_[socket];
    if ((event.events & EPOLLIN) != 0) {
      std::array<char, 65536> buffer;
      const ssize_t count = recv(socket, buffer.data(), buffer.size(), 0);
      if (count == 0 || (count < 0 && errno != EAGAIN)) return end(socket);
      if (count > 0) peer.in.append(buffer.data(), static_cast<std::size_t>(count));
      while (const std::optional<Message> message = first_message(peer.in)) {
        peer.out += receiver_.answer(*message);
        peer.in.erase(0, message->bytes);
        peer.continued = false;
      }
      const std::size_t head = peer.in.find("\r\n\r\n");
      if (head != std::string::npos && !peer.continued && !header(peer.in.substr(0, head), "Expect").empty()) {
        peer.out += "HTTP/1.1 100 Continue\r\n\r\n";
        peer.continued = true;
      }
    } else if ((event.events & (EPOLLHUP | EPOLLERR)) != 0) {
      return end(socket);
    }
    while (peer.sent < peer.out.size()) {
      const ssize_t count = send(socket, peer.out.data() + peer.sent, peer.out.size() - peer.sent, MSG_NOSIGNAL);
      if (count < 0 && errno == EAGAIN) return watch(socket, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
      if (count <= 0) return end(socket);
      peer.sent += static_cast<std::size_t>(count);
    }
    peer.out.clear();
    peer.sent = 0;
    if ((event.events & EPOLLOUT) != 0) watch(socket, EPOLL_CTL_MOD, EPOLLIN);
  }

  void end(int socket) {
    close(socket);
    peers_.erase(socket);
  }

  int listener_ = -1, epoll_ = -1;
  std::unordered_map<int, Peer> peers_;
  Receiver receiver_;
};

}  // namespace
}  // namespace handoff::bench

int main(int count, char** words) {
  const std::string listen = count == 2 ? words[1] : "";
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string::npos) handoff::bench::fail("receiver", "receiver ADDRESS:PORT");
  handoff::bench::Loop(listen.substr(0, colon), std::atoi(listen.c_str() + colon + 1)).run();
}
