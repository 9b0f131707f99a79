// Nothing lost, nothing twice: shown on the real process, killed as a power cut would kill it.
//
// Goal: every referral that was acknowledged is at the destination exactly once, with its summary and each of its files
// exactly once, however often the server dies and whatever the destination does meanwhile; and nothing stays open.
// Method: the built program serves on a real database; several threads post referrals, each under an Idempotency-Key of
// its own, and repeat what was not answered; a client management system with a memory of its own receives. The
// server is killed at points that are seen from outside, by what has arrived. HANDOFF_KILL_REFERRALS sets how many
// referrals there are (script/kill-test: 1,000).
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>

#include "base/crypto.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "net/client.h"
#include "sandbox/cms_sandbox.h"
#include "tests/fault/process.h"
#include "tests/support/databases.h"

namespace handoff::fault {
namespace {

using namespace std::chrono_literals;
using testing_support::DatabaseKind;

constexpr const char* token = "an-invented-token";
constexpr auto settles_within = 150s;
constexpr std::size_t posting_threads = 4;

std::size_t referral_count() {
  const char* asked = std::getenv("HANDOFF_KILL_REFERRALS");
  return asked ? static_cast<std::size_t>(std::strtoul(asked, nullptr, 10)) : 300;
}

std::string file_text(std::size_t number, int file) {
  return "An invented file, number " + std::to_string(file) + " of referral " + std::to_string(number) + ".\n";
}

class Exchange {
 public:
  explicit Exchange(DatabaseKind kind, int latency_ms = 0) : database_(kind) {
    Log::configure(nullptr, Level::warn);  // the sandbox's requests are too many to read
    sandbox::CmsSandboxOptions receiver;
    receiver.token = token;
    receiver.latency_ms = latency_ms;
    cms_ = sandbox::CmsSandbox::start(std::move(receiver), clock_, random_).value();
    net::ClientOptions options;
    options.allow = net::AddressRanges::parse({"127.0.0.1/32"}).value();
    options.connections_per_host_max = 16;
    client_ = net::Client::start(std::move(options)).value();
    environment_ = {{"HANDOFF_OUTBOUND_ALLOW", "127.0.0.1/32"},
                    {"HANDOFF_KEY_FILE", database_.directory() + "/server.key"},
                    {"HANDOFF_RATE_LIMIT", "off"},
                    {"HANDOFF_LOG_LEVEL", "error"}};
  }

  sandbox::CmsSandbox& cms() { return *cms_; }

  // An organization with one listing whose referrals go to the sandbox as they are received.
  void found() {
    Process bootstrap({HANDOFF_BINARY, "admin", "bootstrap", "--database", database_.url(), "--organization",
                       "Harbour Community Services", "--json"},
                      environment_);
    const auto made = Json::parse(bootstrap.line());
    ASSERT_EQ(bootstrap.wait(), 0);
    ASSERT_TRUE(made);
    key_ = (*made)["apiKey"].text_or();
    start();
    const Json listing = post("/api/v1/listings", Json::object({{"name", "Intake"}}));
    listing_ = listing["id"].text_or();
    ASSERT_FALSE(listing_.empty()) << listing.dump();
    const Json integration = post(
        "/api/v1/integrations", Json::object({{"name", "CRMS intake"},
                                              {"connector", "crms"},
                                              {"listingIds", Json::array({listing_})},
                                              {"settings", Json::object({{"baseUrl", cms_->url()}, {"token", token}})},
                                              {"triggers", Json::array({"referral.received"})}}));
    ASSERT_TRUE(integration["id"].is_string()) << integration.dump();
  }

  void start() { addresses({launch()}); }
  void start_another() {
    auto now = addresses();
    now.push_back(launch());
    addresses(std::move(now));
  }
  Process& server(std::size_t which = 0) { return *servers_.at(which); }
  void kill_and_restart() {
    servers_.front()->kill();
    servers_.clear();
    start();
  }
  // Without a restart; the others go on.
  void kill_first() {
    servers_.front()->kill();
    servers_.erase(servers_.begin());
    auto now = addresses();
    now.erase(now.begin());
    addresses(std::move(now));
  }
  int terminate() {
    server().signal(SIGTERM);
    const int code = server().wait();
    servers_.clear();
    return code;
  }

  net::ClientReply ask(const std::string& method, const std::string& path, const std::string& body,
                       const std::string& idempotency_key = {}, std::size_t which = 0) {
    net::ClientRequest request;
    request.method = method;
    const auto now = addresses();
    request.url = now.at(which % now.size()) + path;
    request.headers.set("Authorization", "Bearer " + key_);
    if (!idempotency_key.empty()) request.headers.set("Idempotency-Key", idempotency_key);
    if (!body.empty()) {
      request.headers.set("Content-Type", "application/json");
      request.body.push_back({body, {}, 0});
    }
    request.timeout = 60s;
    return client_->send_and_wait(std::move(request));
  }
  Json get(const std::string& path) { return Json::parse(ask("GET", path, {}).body).value_or(Json()); }
  Json post(const std::string& path, const Json& body) {
    return Json::parse(ask("POST", path, body.dump()).body).value_or(Json());
  }

  // Posts one referral with two files until it is acknowledged, as a careful sender does.
  void send(std::size_t number) {
    Json files = Json::array();
    for (int file = 1; file <= 2; ++file) {
      files.push_back(Json::object({{"fileName", "note-" + std::to_string(file) + ".txt"},
                                    {"contentType", "text/plain"},
                                    {"data", base64(file_text(number, file))}}));
    }
    const Json body = Json::object(
        {{"listingId", listing_},
         {"registrant", Json::object({{"firstName", "Noor"}, {"lastName", "Example " + std::to_string(number)}})},
         {"requester", Json::object({{"firstName", "Sam"}, {"lastName", "Reid"}, {"phone", "+1 905 555 0100"}})},
         {"attachments", std::move(files)}});
    const std::string key = "referral-" + std::to_string(number);
    const bool done = comes_true(120s, [&] {
      const auto reply = ask("POST", "/api/v1/referrals", body.dump(), key, number);
      if (reply.outcome != net::ClientReply::Outcome::answered) return false;
      if (reply.status >= 500) return false;
      EXPECT_EQ(reply.status, 201) << reply.body;
      const std::lock_guard lock(mutex_);
      acknowledged_.insert(Json::parse(reply.body).value_or(Json())["id"].text_or());
      return true;
    });
    EXPECT_TRUE(done) << "referral " << number << " was never acknowledged";
  }
  void send_all(std::size_t count) {
    std::atomic<std::size_t> next{0};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < posting_threads; ++i) {
      threads.emplace_back([&] {
        for (std::size_t number = next++; number < count; number = next++) send(number);
      });
    }
    for (auto& thread : threads) thread.join();
  }

  bool arrived(std::size_t count) {
    return comes_true(120s, [&] { return cms_->memory().size() >= count; });
  }

  // Waits until no delivery waits for anything.
  void settle() {
    std::string left;
    const bool settled = comes_true(settles_within, [&] {
      for (const char* state : {"pending", "sending", "retrying", "held", "needs_data", "needs_person", "dead"}) {
        const Json page = get(std::string("/api/v1/deliveries?limit=1&state=") + state);
        left = page.dump();
        if (!page["items"].is_array() || page["items"].size() > 0) return false;
      }
      return true;
    });
    EXPECT_TRUE(settled) << "still open: " << left;
  }

  // What the destination holds is what was acknowledged: each once, each file once.
  void expect_each_once(std::size_t count) {
    EXPECT_EQ(acknowledged_.size(), count);
    std::map<std::string, int> referrals;
    for (const auto& received : cms_->memory().all()) {
      referrals[received.external_id()] += 1;
      std::map<std::string, int> files;
      std::set<std::string> names;
      for (const auto& file : received.attachments) {
        files[file.sha256] += 1;
        names.insert(file.file_name);
      }
      EXPECT_EQ(received.attachments.size(), 3u) << received.external_id();
      for (const auto& [sha256, times] : files) EXPECT_EQ(times, 1) << received.external_id() << " " << sha256;
      EXPECT_EQ(names, (std::set<std::string>{"Referral Summary.pdf", "note-1.txt", "note-2.txt"}))
          << received.external_id();
      std::size_t number = 0;
      const std::string last_name = received.fields["lastName"].text_or();
      if (last_name.starts_with("Example ")) number = std::stoul(last_name.substr(8));
      for (int file = 1; file <= 2; ++file) EXPECT_TRUE(files.contains(hex(sha256(file_text(number, file)))));
    }
    for (const auto& [id, times] : referrals) {
      EXPECT_EQ(times, 1) << id << " is at the destination " << times << " times";
      EXPECT_TRUE(acknowledged_.contains(id)) << id << " was never acknowledged";
    }
    for (const auto& id : acknowledged_) EXPECT_TRUE(referrals.contains(id)) << id << " is lost";
  }

  const std::set<std::string>& acknowledged() const { return acknowledged_; }

 private:
  std::string launch() {
    auto process =
        std::make_unique<Process>(std::vector<std::string>{HANDOFF_BINARY, "serve", "--database", database_.url(),
                                                           "--listen", "127.0.0.1:0", "--data", database_.directory()},
                                  environment_);
    const std::string ready = process->line();
    EXPECT_TRUE(ready.starts_with("ready http://")) << "\"" << ready << "\"";
    servers_.push_back(std::move(process));
    return ready.size() > 6 ? ready.substr(6) : "";
  }
  std::vector<std::string> addresses() {
    const std::lock_guard lock(mutex_);
    return addresses_;
  }
  void addresses(std::vector<std::string> now) {
    const std::lock_guard lock(mutex_);
    addresses_ = std::move(now);
  }

  SystemClock clock_;
  SystemRandom random_;
  testing_support::FreshDatabase database_;
  std::unique_ptr<sandbox::CmsSandbox> cms_;
  std::unique_ptr<net::Client> client_;
  Environment environment_;
  std::string key_, listing_;
  std::vector<std::unique_ptr<Process>> servers_;
  std::mutex mutex_;
  std::vector<std::string> addresses_;  // guarded by mutex_
  std::set<std::string> acknowledged_;  // guarded by mutex_ while threads post
};

class Kill : public testing::TestWithParam<DatabaseKind> {};
INSTANTIATE_TEST_SUITE_P(Both, Kill, testing::ValuesIn(testing_support::both_databases()),
                         testing_support::database_name);

// Killed five times while referrals arrive and leave, beside a destination that answers 503, is slow, and saves without
// answering.
TEST_P(Kill, InTheMiddleOfDeliveriesLosesNothingAndSendsNothingTwice) {
  const std::size_t count = referral_count();
  constexpr std::size_t kills = 5;
  Exchange exchange(GetParam());
  ASSERT_NO_FATAL_FAILURE(exchange.found());
  std::thread sender([&] { exchange.send_all(count); });
  for (std::size_t kill = 1; kill <= kills; ++kill) {
    // A second 503 for the same delivery would wait five minutes, so there is one short shower of them.
    if (kill == 1) exchange.cms().set_fault({503, 2, 0, false, {}, {}});
    if (kill == 2) exchange.cms().set_fault({0, 4, 0, true, {}, {}});
    if (kill == 3) exchange.cms().set_fault({0, 40, 50, false, {}, {}});
    if (kill == 4) exchange.cms().set_fault({0, 4, 100, true, {}, {}});
    EXPECT_TRUE(exchange.arrived(kill * count / (kills + 2)));
    exchange.kill_and_restart();
  }
  sender.join();
  exchange.settle();
  exchange.expect_each_once(count);
}

// One referral at a time, killed at a moment that is known from what has arrived: the referral saved and its answer not
// yet given, the summary saved, one of the files saved.
TEST_P(Kill, BetweenTwoStepsGoesOnWithTheNext) {
  constexpr std::size_t moments = 3;
  Exchange exchange(GetParam(), 700);  // the destination saves at once and answers later
  ASSERT_NO_FATAL_FAILURE(exchange.found());
  for (std::size_t files = 0; files < moments; ++files) {
    exchange.send(files);
    EXPECT_TRUE(comes_true(30s, [&] {
      const auto all = exchange.cms().memory().all();
      return all.size() == files + 1 && all.back().attachments.size() == files;
    }));
    exchange.kill_and_restart();
  }
  exchange.settle();
  exchange.expect_each_once(moments);
  for (const auto& id : exchange.acknowledged()) {
    const Json deliveries = exchange.get("/api/v1/referrals/" + id + "/deliveries");
    ASSERT_EQ(deliveries["items"].size(), 1u);
    std::map<std::string, int> steps;
    for (const auto& attempt : deliveries["items"].items().front()["attempts"].items())
      steps[attempt["step"].text_or().substr(0, 6)] += 1;
    EXPECT_EQ(steps["create"], 1) << "what was confirmed or found is not made again";
    EXPECT_GE(steps["find"], 1) << "what is not known is asked";
  }
}

// SIGTERM lets what is under way end: exit 0, every request that was sent has its answer on file, the rest goes out
// after the next start.
TEST_P(Kill, TermEndsWhatIsUnderWay) {
  constexpr std::size_t count = 40;
  Exchange exchange(GetParam(), 100);
  ASSERT_NO_FATAL_FAILURE(exchange.found());
  exchange.send_all(count);
  EXPECT_TRUE(exchange.arrived(count / 4));
  EXPECT_EQ(exchange.terminate(), 0);
  EXPECT_LT(exchange.cms().memory().size(), count) << "there was nothing left to go out later";
  exchange.start();
  exchange.settle();
  exchange.expect_each_once(count);
  for (const auto& id : exchange.acknowledged()) {
    const Json deliveries = exchange.get("/api/v1/referrals/" + id + "/deliveries");
    for (const auto& attempt : deliveries["items"].items().front()["attempts"].items())
      EXPECT_TRUE(attempt["verdict"].is_string()) << attempt.dump();
  }
}

// PostgreSQL carries several processes without a leader: lanes are claimed by one of them, and what one leaves behind
// when it dies the other takes over.
TEST(KillOneOfTwo, TheOtherGoesOnAndNothingIsSentTwice) {
  const std::size_t count = referral_count() / 2;
  Exchange exchange(DatabaseKind::postgres);
  ASSERT_NO_FATAL_FAILURE(exchange.found());
  exchange.start_another();
  std::thread sender([&] { exchange.send_all(count); });
  EXPECT_TRUE(exchange.arrived(count / 3));
  exchange.kill_first();
  EXPECT_TRUE(exchange.arrived(count / 2));
  exchange.start_another();
  sender.join();
  exchange.settle();
  exchange.expect_each_once(count);
}

}  // namespace
}  // namespace handoff::fault
