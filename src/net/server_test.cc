#include "net/server.h"

#include <gtest/gtest.h>

#include "net/client.h"

namespace handoff::net {
namespace {
struct Echo : Handler {
  Response handle(Request& request) override {
    Response r;
    r.body = request.method + " " + request.path + " " + request.body->all().value();
    return r;
  }
  Admission admit(const Request&) override { return {{1000}, {}}; }
  Response refuse(int status, std::string_view code, std::string_view) override {
    Response r;
    r.status = status;
    r.body = code;
    return r;
  }
};
TEST(Server, AnswersTheClient) {
  Echo echo;
  SystemRandom random;
  auto server = Server::start({}, echo, random).value();
  ClientOptions options;
  options.allow = AddressRanges::parse({"127.0.0.1"}).value();
  auto client = Client::start(std::move(options)).value();
  for (int i = 0; i < 3; ++i) {
    ClientRequest request;
    request.method = "POST";
    request.url = "http://127.0.0.1:" + std::to_string(server->port()) + "/x?y=1";
    request.body.push_back({"hello", {}, 0});
    const auto reply = client->send_and_wait(std::move(request));
    EXPECT_EQ(reply.status, 200) << reply.problem << reply.problem_code;
    EXPECT_EQ(reply.body, "POST /x hello");
  }
}
}  // namespace
}  // namespace handoff::net
