// Goal: one story through everything. A field in KIPU becomes an outbound referral, stands in the partner's inbox, is
// closed as completed, reaches the partner's CRMS once; the sender's own CRM and the sender itself hear of it. Method:
// the released service, sandboxes over real HTTP, both databases.
#include "sandbox/cms_sandbox.h"
#include "tests/api/emr_world.h"

namespace handoff::testing_support {
namespace {

class EmrStory : public EmrTest {
 protected:
  std::unique_ptr<sandbox::CmsSandbox> destination(sandbox::CmsProduct product) {
    sandbox::CmsSandboxOptions options;
    options.product = product;
    options.token = "sandbox-token";
    return sandbox::CmsSandbox::start(std::move(options), server.clock(), server.random()).value();
  }
  static Json settings_of(const sandbox::CmsSandbox& at) {
    return Json::object({{"baseUrl", at.url()}, {"token", "sandbox-token"}});
  }
  std::vector<sandbox::Received> until_held(sandbox::CmsSandbox& at, std::size_t count) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (at.memory().all().size() < count && std::chrono::steady_clock::now() < give_up)
      std::this_thread::sleep_for(std::chrono::milliseconds{20});  // between two looks: the sandbox tells nobody
    return at.memory().all();
  }
};
INSTANTIATE_TEST_SUITE_P(Both, EmrStory, testing::ValuesIn(both_databases()), database_name);

TEST_P(EmrStory, FromAFieldInKipuToThePartnersCrmsAndBack) {
  const auto crms = destination(sandbox::CmsProduct::crms), own_crm = destination(sandbox::CmsProduct::cms);
  const std::string listing = new_listing();
  ASSERT_EQ(house.caller
                .post("/api/v1/integrations", Json::object({{"name", "CRMS"},
                                                            {"connector", "crms"},
                                                            {"preset", "handoff_at_end"},
                                                            {"listingIds", Json::array({listing})},
                                                            {"settings", settings_of(*crms)}}))
                .status,
            201);
  ASSERT_EQ(mill.caller
                .post("/api/v1/integrations", Json::object({{"name", "Own CRM"},
                                                            {"connector", "cms"},
                                                            {"side", "sent"},
                                                            {"triggers", Json::array({"referral.sent"})},
                                                            {"updateTriggers", Json::array({"closed"})},
                                                            {"settings", settings_of(*own_crm)}}))
                .status,
            201);
  const std::string connection = connect(Json::object({{"consentExempt", true}, {"onDischarge", "send"}}));
  const std::string contact =
      std::to_string(staff("POST", "/contacts", Json::object({{"name", "Harbour House"}}))["contactId"].int_or(0));
  ASSERT_EQ(mill.caller
                .send({"PUT",
                       at(connection, "/destinations/" + contact),
                       Json::object({{"listingId", listing}}).dump(),
                       {{"Content-Type", "application/json"}}})
                .status,
            200);

  // Staff fill the field; the next pull brings it.
  const std::string casefile = admit("Amélie", "Okafor", Json::object({{"phone", "+1 905 555 0142"}}));
  fill(casefile, "Harbour House");
  pulled(connection);
  const Answer inbox = house.caller.get("/api/v1/referrals");
  ASSERT_EQ(inbox.json["items"].size(), 1U) << inbox.body;
  const std::string referral = inbox.json["items"].items()[0]["id"].text_or();
  EXPECT_EQ(until_held(*own_crm, 1).size(), 1U);
  EXPECT_EQ(crms->memory().all().size(), 0U);

  // The partner takes it on and closes it as completed; CRMS has it once.
  ASSERT_EQ(house.caller.post(path_of(referral) + "/sub-status", Json::object({{"code", "accepted"}})).status, 200);
  ASSERT_EQ(house.caller.post(path_of(referral) + "/close", Json::object({{"code", "admitted"}})).status, 200);
  const auto arrived = until_held(*crms, 1);
  ASSERT_EQ(arrived.size(), 1U);
  EXPECT_EQ(arrived[0].fields["firstName"].text_or(), "Amélie");
  EXPECT_EQ(arrived[0].fields["phoneMain"].text_or(), "+1 905 555 0142");

  // The sender sees what became of it, and so does its CRM.
  const Answer sent = mill.caller.get(path_of(referral));
  EXPECT_EQ(sent.json["status"].text_or(), "closed");
  EXPECT_EQ(sent.json["subStatus"]["category"].text_or(), "completed");
  until([&] { return mill.caller.get(path_of(referral) + "/deliveries"); },
        [](const Answer& a) {
          for (const Json& each : a.json["items"].items()) {
            if (each["kind"].text_or() == "update" && each["state"].text_or() == "delivered") return true;
          }
          return false;
        });
  EXPECT_GE(own_crm->memory().all().at(0).updates, 1);

  // Pulled again, nothing is made twice anywhere.
  pulled(connection);
  EXPECT_EQ(house.caller.get("/api/v1/referrals").json["items"].size(), 1U);
  EXPECT_EQ(crms->memory().all().size(), 1U);
  EXPECT_EQ(own_crm->memory().all().size(), 1U);
}

}  // namespace
}  // namespace handoff::testing_support
