// The built program and an unmodified jsforce 3, each a process of its own, on both databases.
#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/fault/process.h"
#include "tests/support/databases.h"

namespace handoff::testing_support {
namespace {

using fault::Environment;
using fault::Process;

class Jsforce : public testing::TestWithParam<DatabaseKind> {};
INSTANTIATE_TEST_SUITE_P(Both, Jsforce, testing::ValuesIn(both_databases()), database_name);

TEST_P(Jsforce, WorksUnmodified) {
  const FreshDatabase database(GetParam());
  Environment environment{{"HANDOFF_DATABASE", database.url()},
                          {"HANDOFF_KEY_FILE", database.directory() + "/server.key"},
                          {"HANDOFF_LOG_LEVEL", "error"}};
  Process bootstrap({HANDOFF_BINARY, "admin", "bootstrap", "--organization", "Harbour House", "--json"}, environment);
  const auto made = Json::parse(bootstrap.line());
  ASSERT_TRUE(made);
  const auto registers = [&](const char* id, const char* name) {
    Process process(
        {HANDOFF_BINARY, "admin", "register-record", "--organization", "Harbour House", "--object",
         "HealthcareProvider", "--id", id, "--fields", std::string("{\"Name\": \"") + name + "\"}", "--json"},
        environment);
    EXPECT_NE(process.line().find(id), std::string::npos);
  };
  registers("0cmS70000004CAuIAM", "Mill Clinic");
  registers("0cmRM0000004nAgYAI", "Dr. Lea Roy");
  registers("0cmRM0000004nAgDZc", "Dr. Max Hill");
  Process server({HANDOFF_BINARY, "serve", "--listen", "127.0.0.1:0", "--data", database.directory()}, environment);
  const std::string ready = server.line();
  ASSERT_TRUE(ready.starts_with("ready http://")) << ready;

  environment["HANDOFF_URL"] = ready.substr(6);
  environment["HANDOFF_CLIENT_ID"] = (*made)["clientId"].text_or();
  environment["HANDOFF_CLIENT_SECRET"] = (*made)["clientSecret"].text_or();
  environment["HANDOFF_ORGANIZATION"] = (*made)["organizationId"].text_or();
  if (std::getenv("HANDOFF_NODE_MODULES") == nullptr) environment["HANDOFF_NODE_MODULES"] = HANDOFF_NODE_MODULES_HERE;
  // It honours proxies, and would ask one for this machine.
  Process client({"/usr/bin/env", "-u", "http_proxy", "-u", "https_proxy", "-u", "HTTP_PROXY", "-u", "HTTPS_PROXY",
                  "node", HANDOFF_SOURCE_DIR "/tests/salesforce/jsforce.cjs"},
                 environment);
  EXPECT_EQ(client.line(), "jsforce is content") << "what it says stands above";
}

}  // namespace
}  // namespace handoff::testing_support
