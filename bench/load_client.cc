// Posts invented referrals over N keep-alive connections, each sending its next as soon as the last answer is in, and
// prints one JSON object: how many a second, and how long an answer took.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <map>

#include "bench/wire.h"

namespace handoff::bench {
namespace {

constexpr const char* program = "load_client";

struct Options {
  std::string host = "127.0.0.1";
  int port = 8080;
  std::string path = "/api/v1/referrals";
  std::string key;
  std::string listing;
  bool salesforce = false;  // referrals of new patients as a Salesforce client sends them, matching on
  int connections = 16;
  double seconds = 10;
  double warm = 0;          // seconds that are not counted
  std::uint64_t count = 0;  // instead of seconds
  std::size_t size = 4096;  // bytes of a body, about
  std::uint64_t first = 0;  // number of the first referral, so that a second run has other names
};

// "Kelora Vinatu": every number has a name of its own that no other has, spread over the alphabet as names are, so that
// looking for duplicates has neither nothing to do nor one heap of equal names.
std::string name_of(std::uint64_t number) {
  static constexpr std::array<const char*, 16> syllables{"ka",  "lo",  "mi",  "ru",  "ne",  "sa",  "to",  "vi",
                                                         "bel", "dor", "fen", "gal", "hin", "jor", "pet", "wes"};
  // A multiplication that can be turned back mixes the digits without making two numbers one.
  std::uint32_t mixed = static_cast<std::uint32_t>(number) * 2654435761u;
  std::string name;
  for (int i = 0; i < 8; ++i) {
    if (i == 4) name += ' ';
    std::string syllable = syllables[mixed & 15u];
    if (i % 4 == 0) syllable[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(syllable[0])));
    name += syllable;
    mixed >>= 4;
  }
  return name;
}

std::string salesforce_body_of(const Options& options, std::uint64_t number) {
  const std::string name = name_of(number);
  const std::size_t space = name.find(' ');
  std::array<char, 1200> text{};
  const auto n = static_cast<unsigned long long>(number);
  const int length = std::snprintf(
      text.data(), text.size(),
      R"({"patient":{"fields":{"FirstName":"%s","LastName":"%s","PersonBirthdate":"%04llu-%02llu-%02llu",)"
      R"("PersonMailingStreet":"%llu Example Street","PersonMailingCity":"Hamilton","PersonMailingPostalCode":"L8P 1A1",)"
      R"("Phone":"+1 905 555 %04llu","PersonEmail":"r%llu@example.org"}},"referral":{"fields":{"Priority":"Routine",)"
      R"("SourceSystem":"bench","SourceSystemIdentifier":"b-%llu"}},"shouldUseHighConfidenceMatch":true,"referralNotes":")",
      name.substr(0, space).c_str(), name.substr(space + 1).c_str(), 1940 + n % 70, 1 + n / 70 % 12, 1 + n / 840 % 28,
      n % 9000 + 1, n % 10000, n, n);
  std::string body(text.data(), static_cast<std::size_t>(length));
  static constexpr std::string_view words = "Low mood and poor sleep for six weeks; asks for an intake assessment. ";
  while (body.size() + words.size() + 2 < options.size) body += words;
  body += "\"}";
  return body;
}

std::string body_of(const Options& options, std::uint64_t number) {
  if (options.salesforce) return salesforce_body_of(options, number);
  const std::string name = name_of(number);
  const std::size_t space = name.find(' ');
  std::array<char, 1600> text{};
  const auto n = static_cast<unsigned long long>(number);
  // The receiver reads T (when it was sent) and S (which state of the referral this is) out of whatever arrives.
  const int length = std::snprintf(
      text.data(), text.size(),
      R"({"listingId":"%s","registrant":{"firstName":"%s","lastName":"%s","birthDate":"%04llu-%02llu-%02llu",)"
      R"("gender":"unknown","preferredLanguage":"en","address":{"line":"%llu Example Street","city":"Hamilton",)"
      R"("province":"ON","country":"CA","postalCode":"L8P 1A1"},"phones":{"main":"+1 905 555 %04llu"},)"
      R"("email":"r%llu@example.org"},"requester":{"firstName":"Sam","lastName":"Reid","organization":"Mill Clinic",)"
      R"("phone":"+1 905 555 0100"},"priority":"routine","notes":"T=%lld S=0 )",
      options.listing.c_str(), name.substr(0, space).c_str(), name.substr(space + 1).c_str(), 1940 + n % 70,
      1 + n / 70 % 12, 1 + n / 840 % 28, n % 9000 + 1, n % 10000, n,
      static_cast<long long>(now_us(CLOCK_REALTIME) / 1000));
  std::string body(text.data(), static_cast<std::size_t>(length));
  static constexpr std::string_view words = "Low mood and poor sleep for six weeks; asks for an intake assessment. ";
  while (body.size() + words.size() + 2 < options.size) body += words;
  body += "\"}";
  return body;
}

struct Connection {
  int socket = -1;
  std::string out;
  std::size_t sent = 0;
  std::string in;
  std::int64_t since = 0;
  bool waiting = false;
};

class Load {
 public:
  explicit Load(Options options) : options_(std::move(options)), next_(options_.first) {}

  int run() {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    connections_.resize(static_cast<std::size_t>(options_.connections));
    started_ = now_us(CLOCK_MONOTONIC);
    counted_from_ = started_ + static_cast<std::int64_t>(options_.warm * 1e6);
    ends_ = options_.count > 0 ? INT64_MAX : counted_from_ + static_cast<std::int64_t>(options_.seconds * 1e6);
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      open(i);
      begin(i);
    }
    std::array<epoll_event, 64> events{};
    while (busy_ > 0) {
      const int ready = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 30'000);
      if (ready == 0) fail(program, "no answer for 30 seconds");
      for (int i = 0; i < ready; ++i) on_event(events[static_cast<std::size_t>(i)]);
    }
    print();
    return errors_ > 0 && answers_ == errors_ ? 1 : 0;
  }

 private:
  void open(std::size_t index) {
    Connection& connection = connections_[index];
    connection.socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(options_.port));
    if (inet_pton(AF_INET, options_.host.c_str(), &address.sin_addr) != 1) fail(program, "the host must be an address");
    if (connect(connection.socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      fail(program, std::string("cannot connect: ") + std::strerror(errno));
    }
    const int on = 1;
    setsockopt(connection.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    fcntl(connection.socket, F_SETFL, O_NONBLOCK);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = index;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.socket, &event);
  }

  void begin(std::size_t index) {
    Connection& connection = connections_[index];
    const std::int64_t now = now_us(CLOCK_MONOTONIC);
    const bool enough = options_.count > 0 ? next_ - options_.first >= options_.count : now >= ends_;
    if (enough) return;
    const std::string body = body_of(options_, next_++);
    connection.out = "POST " + options_.path + " HTTP/1.1\r\nHost: " + options_.host +
                     "\r\nContent-Type: application/json\r\nAuthorization: Bearer " + options_.key +
                     "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    connection.sent = 0;
    connection.in.clear();
    connection.since = now_us(CLOCK_MONOTONIC);
    connection.waiting = true;
    ++busy_;
    flush(index);
  }

  void flush(std::size_t index) {
    Connection& connection = connections_[index];
    while (connection.sent < connection.out.size()) {
      const ssize_t count = send(connection.socket, connection.out.data() + connection.sent,
                                 connection.out.size() - connection.sent, MSG_NOSIGNAL);
      if (count < 0 && errno == EAGAIN) break;
      if (count <= 0) return lost(index);
      connection.sent += static_cast<std::size_t>(count);
    }
    epoll_event event{};
    event.events = connection.sent < connection.out.size() ? EPOLLIN | EPOLLOUT : EPOLLIN;
    event.data.u64 = index;
    epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.socket, &event);
  }

  void on_event(const epoll_event& event) {
    const std::size_t index = event.data.u64;
    Connection& connection = connections_[index];
    if ((event.events & EPOLLOUT) != 0) flush(index);
    if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
    std::array<char, 32768> buffer{};
    const ssize_t count = recv(connection.socket, buffer.data(), buffer.size(), 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) return lost(index);
    connection.in.append(buffer.data(), static_cast<std::size_t>(count));
    const std::optional<Message> answer = first_message(connection.in);
    if (!answer || !connection.waiting) return;
    if (answer->start.size() < 12) fail(program, "an answer that is not HTTP");
    settle(connection, std::atoi(std::string(answer->start.substr(9, 3)).c_str()), answer->body);
    begin(index);
  }

  void lost(std::size_t index) {
    Connection& connection = connections_[index];
    close(connection.socket);
    const bool waited = connection.waiting;
    if (waited) settle(connection, 0, "the connection was closed without an answer");
    open(index);
    if (waited) begin(index);
  }

  void settle(Connection& connection, int status, std::string_view body) {
    const std::int64_t now = now_us(CLOCK_MONOTONIC);
    connection.waiting = false;
    --busy_;
    ++answers_;
    ++statuses_[status];
    if (status < 200 || status > 299) {
      ++errors_;
      if (bad_.empty()) bad_ = body.substr(0, 400);
    } else {
      ++created_;
    }
    if (connection.since < counted_from_) return;
    milliseconds_.push_back(static_cast<double>(now - connection.since) / 1000);
    last_ = now;
  }

  void print() {
    const double seconds = static_cast<double>(std::max<std::int64_t>(last_ - counted_from_, 1)) / 1e6;
    std::string statuses;
    for (const auto& [status, count] : statuses_) {
      statuses += (statuses.empty() ? "\"" : ",\"") + std::to_string(status) + "\":" + std::to_string(count);
    }
    const double p50 = quantile(milliseconds_, 0.5);
    const double p90 = quantile(milliseconds_, 0.9);
    const double p99 = quantile(milliseconds_, 0.99);
    const double most = quantile(milliseconds_, 1);
    std::printf(
        R"({"created":%llu,"errors":%llu,"counted":%zu,"seconds":%.2f,"perSecond":%.1f,"p50Ms":%.2f,"p90Ms":%.2f,)"
        R"("p99Ms":%.2f,"maxMs":%.2f,"statuses":{%s},"bodyBytes":%zu})"
        "\n",
        static_cast<unsigned long long>(created_), static_cast<unsigned long long>(errors_), milliseconds_.size(),
        seconds, static_cast<double>(milliseconds_.size()) / seconds, p50, p90, p99, most, statuses.c_str(),
        body_of(options_, 0).size());
    if (!bad_.empty()) std::fprintf(stderr, "%s: first answer that was not 2xx: %s\n", program, bad_.c_str());
  }

  const Options options_;
  int epoll_ = -1;
  std::vector<Connection> connections_;
  std::uint64_t next_;
  std::int64_t started_ = 0, counted_from_ = 0, ends_ = 0, last_ = 0;
  std::uint64_t busy_ = 0, answers_ = 0, created_ = 0, errors_ = 0;
  std::vector<double> milliseconds_;
  std::map<int, std::uint64_t> statuses_;
  std::string bad_;
};

Options options_of(int count, char** words) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (i + 1 >= count) fail(program, word + " needs a value");
    const std::string value = words[++i];
    if (word == "--server") {
      const std::size_t colon = value.rfind(':');
      if (colon == std::string::npos) fail(program, "write --server as ADDRESS:PORT");
      options.host = value.substr(0, colon);
      options.port = std::atoi(value.c_str() + colon + 1);
    } else if (word == "--path") {
      options.path = value;
    } else if (word == "--key") {
      options.key = value;
    } else if (word == "--listing") {
      options.listing = value;
    } else if (word == "--dialect") {
      options.salesforce = value == "salesforce";
      if (options.salesforce) options.path = "/services/data/v66.0/connect/health/referral-management/referrals";
    } else if (word == "--connections") {
      options.connections = std::max(1, std::atoi(value.c_str()));
    } else if (word == "--seconds") {
      options.seconds = std::atof(value.c_str());
    } else if (word == "--warm") {
      options.warm = std::atof(value.c_str());
    } else if (word == "--count") {
      options.count = std::strtoull(value.c_str(), nullptr, 10);
    } else if (word == "--size") {
      options.size = std::strtoull(value.c_str(), nullptr, 10);
    } else if (word == "--first") {
      options.first = std::strtoull(value.c_str(), nullptr, 10);
    } else {
      fail(program, "unknown option " + word);
    }
  }
  return options;
}

}  // namespace
}  // namespace handoff::bench

int main(int count, char** words) { return handoff::bench::Load(handoff::bench::options_of(count, words)).run(); }
