// Goal: what the connector for Salesforce says and what the face of that dialect hears is one language. Method: two
// organizations, one of which hands its referrals over to the other's org, a handoff itself; between them a line that
// can drop what was answered, or what was asked.
#include <mutex>

#include "net/server.h"
#include "tests/scenario/world.h"

namespace handoff::scenario {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

// Passes every request on, but for those that a test lets it lose.
class Line : public net::Handler {
 public:
  explicit Line(std::string far) : far_(std::move(far)) {
    net::ClientOptions options;
    options.allow = net::AddressRanges::parse({"127.0.0.1/32"}).value();
    client_ = net::Client::start(std::move(options)).value();
    server_ = net::Server::start({}, *this, random_).value();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }

  // Of the next requests whose method and path hold these words: how many answers are lost, how many never arrive.
  void loses(std::string method, std::string path, int answers, int requests) {
    const std::lock_guard lock(mutex_);
    method_ = std::move(method);
    path_ = std::move(path);
    answers_ = answers;
    requests_ = requests;
  }
  int passed(const std::string& method, const std::string& path) const {
    const std::lock_guard lock(mutex_);
    int count = 0;
    for (const auto& one : passed_) count += one.starts_with(method + " ") && one.find(path) != std::string::npos;
    return count;
  }

  Admission admit(const net::Request&) override { return {{64 * 1024 * 1024}, std::nullopt}; }
  net::Response refuse(int, std::string_view, std::string_view) override { return dropped(); }
  net::Response handle(net::Request& request) override {
    bool keep_answer = true;
    {
      const std::lock_guard lock(mutex_);
      const bool meant = request.method == method_ && request.path.find(path_) != std::string::npos;
      if (meant && answers_ > 0) {
        --answers_;
        keep_answer = false;
      } else if (meant && requests_ > 0) {
        --requests_;
        return dropped();
      }
      passed_.push_back(request.method + " " + request.path);
    }
    net::ClientRequest on;
    on.method = request.method;
    on.url = far_ + request.path + (request.query.empty() ? "" : "?" + request.query);
    for (const char* name : {"Authorization", "Content-Type", "Accept", "Host"}) {
      const std::string_view value = request.headers.get(name);
      if (!value.empty()) on.headers.add(name, std::string(value));
    }
    on.body.push_back({request.body->all().value(), nullptr, 0});
    on.answer_bytes_max = 64 * 1024 * 1024;
    const net::ClientReply reply = client_->send_and_wait(std::move(on));
    if (!keep_answer || reply.outcome != net::ClientReply::Outcome::answered) return dropped();
    net::Response response;
    response.status = reply.status;
    for (const char* name : {"Content-Type", "Sforce-Limit-Info"}) {
      const std::string_view value = reply.headers.get(name);
      if (!value.empty()) response.headers.set(name, std::string(value));
    }
    response.body = reply.body;
    return response;
  }

 private:
  static net::Response dropped() {
    net::Response response;
    response.drop_connection = true;
    return response;
  }

  const std::string far_;
  SystemRandom random_;
  mutable std::mutex mutex_;
  std::string method_, path_;        // guarded by mutex_
  int answers_ = 0, requests_ = 0;   // guarded by mutex_
  std::vector<std::string> passed_;  // guarded by mutex_
  std::unique_ptr<net::Client> client_;
  std::unique_ptr<net::Server> server_;
};

class IntoAnOrg : public Scenario {
 protected:
  void SetUp() override {
    if (HasFailure()) return;
    const Answer client =
        harbour_.post("/api-clients", Json::object({{"name", "Mill Clinic"},
                                                    {"scopes", texts({"referrals.read", "referrals.write"})},
                                                    {"defaultListingId", harbour_.listing("Counselling")}}));
    ASSERT_EQ(client.status, 201) << client.text;
    client_ = client.body;
    line_ = std::make_unique<Line>(world.url());
    listing_ = mill_.listing("Intake");
  }
  void TearDown() override {
    Scenario::TearDown();
    line_.reset();
  }

  Integration hands_over(const Json& more = Json::object(), const Json& settings = Json::object()) {
    const Json all = with(
        Json::object(
            {{"baseUrl", line_->url()}, {"clientId", client_["clientId"]}, {"clientSecret", client_["clientSecret"]}}),
        settings);
    return mill_.makes_integration(with(Json::object({{"name", "Harbour's org"},
                                                      {"connector", "salesforce"},
                                                      {"listingIds", Json::array({listing_})},
                                                      {"preset", "import_when_received"},
                                                      {"settings", all}}),
                                        more));
  }
  std::vector<Json> inbox() const { return harbour_.list("/referrals"); }

  Clinic mill_ = world.clinic("Mill Clinic", directory::Plan::basic);
  Clinic harbour_ = world.clinic("Harbour House");
  Json client_;
  std::unique_ptr<Line> line_;
  std::string listing_;
};
INSTANTIATE_TEST_SUITE_P(Both, IntoAnOrg, testing::ValuesIn(testing_support::both_databases()),
                         testing_support::database_name);

TEST_P(IntoAnOrg, AReferralArrivesInTheOtherInboxWithInsuranceAndNotes) {
  const Integration org = hands_over();
  const Referral sent = mill_.refers(
      listing_,
      json(
          R"({"registrant": {"firstName": "Amélie", "lastName": "Okafor", "birthDate": "1987-02-11"}, "priority": "urgent",
               "notes": "Please call before ten.",
               "details": [{"type": "Insurance", "recordType": "Member Plan",
                            "fields": {"Name": "Maple PPO", "MemberNumber": "M-88"}}]})"));
  world.settle();
  EXPECT_EQ(sent.delivery(org).state(), "delivered") << sent.delivery(org).shown.dump();
  ASSERT_THAT(inbox(), SizeIs(1));
  const Json arrived = harbour_.get("/referrals/" + inbox()[0]["id"].text_or()).body;
  EXPECT_EQ(arrived["registrant"]["firstName"], Json("Amélie"));
  EXPECT_EQ(arrived["registrant"]["lastName"], Json("Okafor"));
  EXPECT_EQ(arrived["registrant"]["birthDate"], Json("1987-02-11"));
  EXPECT_EQ(arrived["priority"], Json("urgent"));
  EXPECT_EQ(arrived["source"]["method"], Json("salesforce"));
  EXPECT_THAT(arrived["notes"].text_or(), HasSubstr("Please call before ten."));
  EXPECT_THAT(arrived["details"].dump(), HasSubstr("Maple PPO"));
  EXPECT_THAT(arrived["details"].dump(), HasSubstr("M-88"));
  EXPECT_TRUE(sent.explain(org)["delivered"].bool_or(false));
}

TEST_P(IntoAnOrg, SentTwiceOverADroppingLineItExistsOnce) {
  const Integration org = hands_over();
  line_->loses("POST", "/referral-management/referrals", 1, 1);
  const Referral sent = mill_.refers(listing_);
  for (int i = 0; i < 30 && sent.delivery(org).state() != "delivered"; ++i) world.pass(std::chrono::minutes(1));
  EXPECT_EQ(sent.delivery(org).state(), "delivered") << sent.delivery(org).shown.dump();
  EXPECT_THAT(inbox(), SizeIs(1));
  EXPECT_EQ(line_->passed("POST", "/referral-management/referrals"), 1);

  line_->loses("POST", "/referral-management/referrals", 0, 2);
  const Referral second = mill_.refers(listing_);
  for (int i = 0; i < 60 && second.delivery(org).state() != "delivered"; ++i) world.pass(std::chrono::minutes(1));
  EXPECT_THAT(inbox(), SizeIs(2));

  line_->loses("POST", "/sobjects/ContentVersion", 1, 0);
  const Referral third = mill_.refers(listing_);
  for (int i = 0; i < 30 && third.delivery(org).state() != "delivered"; ++i) world.pass(std::chrono::minutes(1));
  EXPECT_THAT(inbox(), SizeIs(3));
  EXPECT_EQ(line_->passed("POST", "/sobjects/ContentVersion"), 3) << "each summary once";
}

TEST_P(IntoAnOrg, AcceptanceOverThereIsFoundAndEndsTheUpdates) {
  const Integration org = hands_over();
  const Referral sent = mill_.refers(listing_);
  world.settle();
  ASSERT_THAT(inbox(), SizeIs(1));
  sent.is_edited(json(R"({"priority": "stat"})"));
  world.settle();
  const Referral arrived = harbour_.sees(inbox()[0]["id"].text_or());
  EXPECT_EQ(arrived.shown()["priority"], Json("stat"));
  arrived.becomes("accepted");
  world.pass(std::chrono::minutes(2));
  sent.is_edited(json(R"({"priority": "routine"})"));
  world.settle();
  EXPECT_EQ(arrived.shown()["priority"], Json("stat"));
  const Json why = sent.explain(org);
  EXPECT_EQ(why["code"], Json("accepted")) << why.dump();
  EXPECT_THAT(why["sentence"].text_or(), HasSubstr("updates have ended with that"));
}

TEST_P(IntoAnOrg, TryingTheSettingsSaysThatAllIsThereAndWhatIsNot) {
  const Integration org = hands_over();
  Answer tried = mill_.post("/integrations/" + org.id() + "/test", Json::object());
  EXPECT_EQ(tried.status, 200);
  EXPECT_TRUE(tried.body["ok"].bool_or(false)) << tried.text;
  EXPECT_GE(tried.body["checks"].size(), 9u);
  org.changes(Json::object({{"settings", json(R"({"performers": [{"npi": "1999999984"}]})")}}));
  tried = mill_.post("/integrations/" + org.id() + "/test", Json::object());
  EXPECT_FALSE(tried.body["ok"].bool_or(true));
  EXPECT_EQ(tried.body["code"], Json("destination.provider_not_found"));
  EXPECT_THAT(tried.body["sentence"].text_or(), HasSubstr("1999999984"));
  org.changes(Json::object({{"settings", Json::object({{"clientSecret", "another"}})}}));
  tried = mill_.post("/integrations/" + org.id() + "/test", Json::object());
  EXPECT_EQ(tried.body["code"], Json("destination.unauthorized"));
  EXPECT_THAT(tried.text, Not(HasSubstr("another")));
  EXPECT_TRUE(inbox().empty());
}

TEST_P(IntoAnOrg, AWrongSecretHoldsEverythingUntilItIsMended) {
  const Integration org = hands_over({}, Json::object({{"clientSecret", "not the one"}}));
  const Referral sent = mill_.refers(listing_);
  world.settle();
  EXPECT_EQ(sent.delivery(org).state(), "held");
  EXPECT_EQ(sent.delivery(org).who(), "administrator");
  EXPECT_EQ(sent.explain(org)["code"], Json("destination.unauthorized"));
  org.changes(Json::object({{"settings", Json::object({{"clientSecret", client_["clientSecret"]}})}}));
  world.settle();
  EXPECT_EQ(sent.delivery(org).state(), "delivered");
  EXPECT_THAT(inbox(), SizeIs(1));
}

}  // namespace
}  // namespace handoff::scenario
