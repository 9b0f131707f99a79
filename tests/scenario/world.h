// The words in which the scenarios are told: a running handoff with its database and its clock, organizations that work
// with it over HTTP, and the systems it hands referrals to.
//
//   World world(GetParam());
//   Clinic riverside = world.clinic("Riverside Community Services");
//   Destination& crms = world.crms();
//   Integration intake = riverside.hands_over_to(crms, {{"triggers", Json::array({"closed.completed"})}});
//   Referral referral = riverside.refers(riverside.listing());
//   referral.is_closed("admitted");
//   world.settle();
//   EXPECT_TRUE(crms.holds(referral));
//
// The clock stands still until a test lets time pass, so that a schedule of days is tested in milliseconds and nothing
// happens early because the machine was slow. `settle()` waits until nothing is left to do at this moment: what is not
// there by then does not come.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "app/service.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/random.h"
#include "net/client.h"
#include "sandbox/cms_sandbox.h"
#include "tests/support/databases.h"

namespace handoff::scenario {

using testing_support::DatabaseKind;

class World;
class Destination;
class Referral;

// A literal of a test; the test fails where it is no JSON.
Json json(std::string_view text);
Json texts(std::initializer_list<const char*> items);
// `more` laid over `base`, member by member.
Json with(Json base, const Json& more);

struct Answer {
  int status = 0;
  Json body;
  std::string text;  // as received
  net::Headers headers;

  std::string code() const { return body["code"].text_or(); }
};

class Integration {
 public:
  Integration() = default;
  Integration(World& world, std::string key, std::string id)
      : world_(&world), key_(std::move(key)), id_(std::move(id)) {}
  const std::string& id() const { return id_; }
  Json shown() const;
  Json changes(const Json& patch) const;  // PATCH
  void is_switched(bool on) const { changes(Json::object({{"enabled", on}})); }

 private:
  World* world_ = nullptr;
  std::string key_, id_;
};

// One delivery as the API shows it.
struct Delivery {
  Json shown;
  std::string id() const { return shown["id"].text_or(); }
  std::string state() const { return shown["state"].text_or(); }
  std::string kind() const { return shown["kind"].text_or(); }
  std::string problem() const { return shown["problem"]["code"].text_or(); }
  std::string sentence() const { return shown["problem"]["sentence"].text_or(); }
  std::string who() const { return shown["problem"]["who"].text_or(); }
  std::vector<std::string> triggers() const;
  std::vector<std::int64_t> statuses() const;  // HTTP statuses of the attempts; 0 where none came
};

// A referral as one organization sees it and works on it. What is done must succeed, unless the name says "tries".
class Referral {
 public:
  Referral(World& world, std::string key, std::string id) : world_(&world), key_(std::move(key)), id_(std::move(id)) {}
  const std::string& id() const { return id_; }
  Json shown() const;
  std::string status() const { return shown()["status"].text_or(); }
  std::string sub_status() const { return shown()["subStatus"]["code"].text_or(); }
  std::int64_t errors() const { return shown()["integrationErrors"].int_or(-1); }

  void is_edited(const Json& patch) const;
  void becomes(const std::string& sub_status) const;
  std::string is_booked(const Json& more = Json::object()) const;  // the appointment's id
  void is_rescheduled(const std::string& appointment, const Json& patch) const;
  void is_unbooked(const std::string& appointment) const;
  void is_closed(const std::string& code) const;
  void is_reopened() const;
  void is_archived() const;
  void is_unarchived() const;
  void message(const std::string& from, const std::string& text) const;
  void note(const std::string& text) const;
  std::string is_routed_to(const std::string& listing) const;  // the child's id
  Json gets_file(const std::string& name, const std::string& type, const std::string& bytes) const;
  void is_submitted() const;
  Answer tries(const std::string& action, const Json& body) const;  // POST …/action
  Answer tries_edit(const Json& patch, const std::string& if_match = "") const;

  std::vector<std::string> events() const;  // types, oldest first
  std::vector<Json> event_list() const;
  std::vector<Delivery> deliveries() const;  // oldest first
  std::vector<Delivery> deliveries(const Integration& to) const;
  Delivery delivery(const Integration& to) const;  // the newest one that was not replaced; the test fails without any
  Json explain(const Integration& to) const;
  Delivery resend(const Delivery& delivery) const { return work(delivery, "resend"); }
  Delivery clear(const Delivery& delivery) const { return work(delivery, "clear"); }
  Delivery stop(const Delivery& delivery) const { return work(delivery, "stop"); }

 private:
  Answer act(const std::string& action, const Json& body, int expected = 200) const;
  Delivery work(const Delivery& delivery, const std::string& action) const;
  World* world_;
  std::string key_, id_;
};

// An organization that works with handoff through its API key.
class Clinic {
 public:
  Clinic(World& world, std::string name, std::string id, std::string key)
      : world_(&world), name_(std::move(name)), id_(std::move(id)), key_(std::move(key)) {}
  const std::string& id() const { return id_; }
  const std::string& name() const { return name_; }

  Answer get(const std::string& path) const;
  Answer post(const std::string& path, const Json& body) const;
  Answer patch(const std::string& path, const Json& body) const;
  Answer remove(const std::string& path) const;
  std::vector<Json> list(const std::string& path) const;  // every page of a list

  // A listing that is open to the exchange; the same one every time it is asked for by the same name.
  std::string listing(const std::string& name = "Intake", const Json& more = Json::object());
  // An integration of all listings so far that were asked for, else of `listingIds` in `more`.
  Integration hands_over_to(const Destination& destination, const Json& more);
  Answer tries_to_hand_over_to(const Destination& destination, const Json& more);
  Integration makes_integration(const Json& body) const;  // of any connector
  // A referral of an invented person, `more` laid over it.
  Referral refers(const std::string& listing, const Json& more = Json::object()) const;
  Answer tries_to_refer(const std::string& listing, const Json& more) const;
  // The same referral with this organization's eyes.
  Referral sees(const Referral& referral) const { return {*world_, key_, referral.id()}; }
  Referral sees(const std::string& referral) const { return {*world_, key_, referral}; }

 private:
  World* world_;
  std::string name_, id_, key_;
  std::vector<std::pair<std::string, std::string>> listings_;  // name, id
};

// A client management system with a memory.
class Destination {
 public:
  Destination(World& world, sandbox::CmsProduct product, std::vector<std::string> required);
  const char* connector() const { return product_ == sandbox::CmsProduct::crms ? "crms" : "cms"; }
  std::string url() const;
  const std::string& token() const { return token_; }

  std::vector<sandbox::Received> everything() const { return sandbox_->memory().all(); }
  std::vector<sandbox::Received> all_of(const Referral& referral) const;
  bool holds(const Referral& referral) const { return !all_of(referral).empty(); }
  // The one record of the referral; the test fails where there is none or more than one.
  sandbox::Received record_of(const Referral& referral) const;
  std::string field(const Referral& referral, const std::string& key) const;
  std::vector<std::string> files_of(const Referral& referral) const;
  std::string bytes_of(const Referral& referral, const std::string& file) const;
  void accepts(const Referral& referral);
  std::uint64_t requests() const { return sandbox_->api_requests(); }

  void answers(int status, int times = 1, const std::string& message = "", const std::string& retry_after = "");
  // The next requests are answered so late that a test can prepare what the one after them meets …
  void slows_down(int times);
  void hears(std::uint64_t requests);  // … once that many have come since
  void saves_and_drops(int times = 1);
  void is_well() { sandbox_->set_fault({}); }
  void goes_down();  // nobody listens any more
  void comes_back();

 private:
  void start(int port);
  World* world_;
  sandbox::CmsProduct product_;
  std::vector<std::string> required_;
  std::string token_, store_;
  int port_ = 0;
  std::uint64_t heard_ = 0;  // when it was told to slow down
  std::unique_ptr<sandbox::CmsSandbox> sandbox_;
};

class World {
 public:
  explicit World(DatabaseKind kind);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Clinic clinic(const std::string& name, directory::Plan plan = directory::Plan::advanced_cbo);
  Destination& crms(std::vector<std::string> required = {});
  Destination& cms(std::vector<std::string> required = {});
  void set_plan(const Clinic& clinic, directory::Plan plan);  // what the operator's `admin plan set` does

  Answer call(const std::string& key, const std::string& method, const std::string& path, const Json& body = {},
              const net::Headers& headers = {});
  Answer send(const std::string& key, const std::string& method, const std::string& path, std::string bytes,
              const net::Headers& headers);

  std::string url() const;                        // of the service
  void settle();                                  // until nothing is left to do at this moment
  void pass(std::chrono::milliseconds duration);  // settles, lets the time go by, settles
  Instant now() const { return clock_.now(); }
  // Every decision comes out the same when it is made again, and the audit trail is whole.
  void check_books();

 private:
  friend class Destination;
  std::size_t open_work();
  testing_support::FreshDatabase database_;
  ManualClock clock_;
  SystemRandom random_;
  std::unique_ptr<app::Service> service_;
  std::unique_ptr<store::Connection> looking_;
  std::unique_ptr<net::Client> client_;
  std::deque<Destination> destinations_;
};

// Every suite of stories runs on both databases, and whatever the story, the books are in order at its end.
class Scenario : public testing::TestWithParam<DatabaseKind> {
 protected:
  void TearDown() override { world.check_books(); }
  World world{GetParam()};
};

}  // namespace handoff::scenario
