// What is posted here is handed over like any other referral.
#include "sandbox/cms_sandbox.h"
#include "tests/salesforce/org.h"

namespace handoff::testing_support {
namespace {

using testing::HasSubstr;

class SalesforceDelivery : public OrgTest {};
INSTANTIATE_TEST_SUITE_P(Both, SalesforceDelivery, testing::ValuesIn(both_databases()), database_name);

TEST_P(SalesforceDelivery, ASampleReachesTheClientManagementSystemWithItsInsuranceAndNote) {
  registers_what_the_samples_name();
  sandbox::CmsSandboxOptions options;
  options.token = "sandbox-token";
  const auto crms = sandbox::CmsSandbox::start(std::move(options), server.clock(), server.random()).value();
  const Answer listings = house.caller.get("/api/v1/listings");
  const std::string unassigned = listings.json["items"].items()[0]["id"].text_or();
  ASSERT_EQ(house.caller.post("/api/v1/integrations", integration_body(unassigned, crms->url())).status, 201);
  const Answer made = post(referrals, sample("existing-patient.json"));
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string referral = referral_of(made.json["referralIds"].items()[0].text_or())["id"].text_or();
  const Answer deliveries = until([&] { return house.caller.get(path_of(referral) + "/deliveries"); },
                                  [](const Answer& answer) {
                                    return answer.json["items"].size() == 1 &&
                                           answer.json["items"].items()[0]["state"].text_or() == "delivered";
                                  });
  ASSERT_EQ(deliveries.json["items"].size(), 1u) << deliveries.body;
  EXPECT_EQ(deliveries.json["items"].items()[0]["state"].text_or(), "delivered");
  const auto held = crms->memory().with_external_id(referral);
  ASSERT_EQ(held.size(), 1u);
  const std::string told = held.front().fields.dump();
  for (const char* words : {"Aetna PPO", "2345678", "This is an urgent request", "Need Appointment ASAP.", "Okafor"})
    EXPECT_THAT(told, HasSubstr(words));
}

}  // namespace
}  // namespace handoff::testing_support
