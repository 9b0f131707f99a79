// The outbound client against servers that behave and servers that do not.
#include "net/client.h"

#include "net/test_support.h"

namespace handoff::net::test {
namespace {

using Outcome = ClientReply::Outcome;

std::string local(int port, std::string_view path = "/") {
  return "http://127.0.0.1:" + std::to_string(port) + std::string(path);
}

// A port on which nothing listens.
int closed_port() {
  int port = 0;
  {
    const RawServer gone([](int, int) {});
    port = gone.port();
  }
  return port;
}

TEST(Client, SendsAndReadsEveryMethod) {
  Served served;
  served.routes.routes["/echo"] = [](Request& request) {
    Response response;
    response.status = 201;
    response.headers.add("X-Two", "1");
    response.headers.add("X-Two", "2");
    response.body = request.method + "|" + std::string(request.headers.get("X-Given")) + "|" +
                    std::string(request.headers.get("Content-Length")) + "|" +
                    std::string(request.headers.get("Content-Type")) + "|" +
                    std::string(request.headers.get("Expect")) + "|" + request.body->all().value();
    return response;
  };
  const auto client = local_client();
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
    ClientRequest request = get(served.url("/echo"));
    request.method = method;
    request.headers.add("X-Given", "a: b");
    auto reply = client->send_and_wait(request);
    EXPECT_EQ(reply.outcome, Outcome::answered);
    EXPECT_EQ(reply.status, 201);
    const bool says_length = request.method != "GET" && request.method != "DELETE";
    EXPECT_EQ(reply.body, request.method + "|a: b|" + (says_length ? "0" : "") + "|||");
    request.headers.add("Content-Type", "text/x");
    request.body = {{"one ", {}, 0}, {"", {}, 0}, {"two", {}, 0}};
    reply = client->send_and_wait(request);
    EXPECT_EQ(reply.body, request.method + "|a: b|7|text/x||one two");
    EXPECT_EQ(reply.headers.items().size(), 6U);  // X-Two twice, Content-Length, Date, Server, X-Request-Id
  }
  ClientRequest head = get(served.url("/echo"));
  head.method = "HEAD";
  const auto reply = client->send_and_wait(head);
  EXPECT_EQ(reply.status, 201);
  EXPECT_EQ(reply.body, "");
}

TEST(Client, StreamsABodyFromItsSources) {
  Served served;
  served.routes.body_max = 64 << 20;
  served.routes.routes["/sum"] = [](Request& request) {
    Response response;
    const std::string all = request.body->all().value();
    response.body = std::to_string(all.size()) + " " + all.substr(0, 6) + all.substr(all.size() - 6);
    return response;
  };
  const auto client = local_client();
  ClientRequest request = post(served.url("/sum"), "begin ");
  std::atomic<std::size_t> largest{0};
  BodyPart source;
  source.size = 20'000'000;
  source.source = [&](std::uint64_t offset, std::size_t size_max) -> Result<std::string> {
    largest = std::max<std::size_t>(largest, size_max);
    EXPECT_LE(offset + size_max, 20'000'000U);
    return std::string(std::min<std::size_t>(size_max, 10'000), 's');
  };
  request.body.push_back(std::move(source));
  request.body.push_back({" ended", {}, 0});
  const auto reply = client->send_and_wait(std::move(request));
  EXPECT_EQ(reply.body, "20000012 begin  ended");
  EXPECT_LE(largest, 1'000'000U);  // pieces, never the whole
}

TEST(Client, SaysSoWhenASourceFails) {
  Served served;
  const auto client = local_client();
  for (const bool ends_early : {false, true}) {
    ClientRequest request = post(served.url("/x"), "begin ");
    BodyPart source;
    source.size = 1000;
    source.source = [ends_early](std::uint64_t, std::size_t) -> Result<std::string> {
      if (ends_early) return std::string{};
      return Error{Kind::unavailable, "attachment.lost", {}, {}};
    };
    request.body.push_back(std::move(source));
    const auto reply = client->send_and_wait(std::move(request));
    EXPECT_EQ(reply.outcome, Outcome::unknown);  // the header was on its way
    EXPECT_EQ(reply.problem_code, "body.unreadable");
  }
  EXPECT_EQ(served.routes.handled, 0);
}

TEST(Client, ReusesConnections) {
  RawServer server([](int file, int) {
    while (RawServer::read_until(file, "\r\n\r\n").ends_with("\r\n\r\n")) {
      RawServer::say(file, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
  });
  {
    const auto client = local_client();
    for (int i = 0; i < 5; ++i) EXPECT_EQ(client->send_and_wait(get(local(server.port()))).body, "ok");
    EXPECT_EQ(server.connections(), 1);
  }
}

TEST(Client, KnowsThatNothingWasSent) {
  const auto client = local_client();
  const auto expect = [&](const ClientRequest& request, std::string_view code) {
    const auto reply = client->send_and_wait(request);
    EXPECT_EQ(reply.outcome, Outcome::not_sent) << request.url;
    EXPECT_EQ(reply.problem_code, code) << request.url;
    EXPECT_FALSE(reply.problem.empty());
    EXPECT_EQ(reply.problem.find("127.0.0.1"), std::string::npos);
    EXPECT_EQ(reply.status, 0);
  };
  expect(post(local(closed_port()), "x"), "connect.refused");
  expect(post("http://nope.invalid/", "x"), "dns.failed");
  expect(post("ftp://127.0.0.1/", "x"), "request.bad_url");
  expect(post("file:///etc/passwd", "x"), "request.bad_url");
  expect(post("http://", "x"), "request.bad_url");
  expect(post("", "x"), "request.bad_url");
  ClientRequest split = post("http://127.0.0.1:1/", "x");
  split.headers.add("X-A", "b\r\nX-Evil: c");
  expect(split, "request.malformed");
  split = post("http://127.0.0.1:1/", "x");
  split.method = "POST /other HTTP/1.1\r\nX: ";
  expect(split, "request.malformed");
}

TEST(Client, RefusesSpecialAddressesHoweverTheyAreSpelled) {
  Served served;
  const std::string port = ":" + std::to_string(served.port()) + "/";
  const auto wary = Client::start({}).value();
  for (const std::string host :
       {"127.0.0.1", "localhost", "2130706433", "0x7f.1", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]"}) {
    const auto reply = wary->send_and_wait(post("http://" + host + port, "x"));
    EXPECT_EQ(reply.outcome, Outcome::not_sent) << host;
    EXPECT_EQ(reply.problem_code, "connect.address_not_allowed") << host;
  }
  EXPECT_EQ(served.routes.handled, 0);
}

TEST(Client, TakesNoProxyFromTheEnvironment) {
  Served served;
  const std::string nowhere = "http://127.0.0.1:" + std::to_string(closed_port());
  ::setenv("http_proxy", nowhere.c_str(), 1);
  ::setenv("ALL_PROXY", nowhere.c_str(), 1);
  const auto reply = local_client()->send_and_wait(get(served.url("/direct")));
  ::unsetenv("http_proxy");
  ::unsetenv("ALL_PROXY");
  EXPECT_EQ(reply.body, "GET /direct? ");
}

TEST(Client, FollowsNoRedirect) {
  RawServer server([](int file, int) {
    RawServer::read_until(file, "\r\n\r\n");
    RawServer::say(
        file,
        "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
  const auto reply = local_client()->send_and_wait(get(local(server.port())));
  EXPECT_EQ(reply.status, 302);
  EXPECT_EQ(reply.headers.get("location"), "http://169.254.169.254/");
  EXPECT_EQ(server.connections(), 1);
}

TEST(Client, DoesNotKnowWhenTheAnswerIsCutOff) {
  const auto outcome = [](std::string answer) {
    RawServer server([&](int file, int) {
      RawServer::read_until(file, "\r\n\r\nx");
      RawServer::say(file, answer);
    });
    const auto reply = local_client()->send_and_wait(post(local(server.port()), "x"));
    EXPECT_EQ(reply.outcome, Outcome::unknown) << answer;
    EXPECT_EQ(server.connections(), 1) << "sent twice";
    return std::pair(reply.status, reply.problem_code);
  };
  EXPECT_EQ(outcome(""), std::pair(0, std::string("connection.lost")));
  EXPECT_EQ(outcome("HTTP/1.1 20"), std::pair(0, std::string("connection.lost")));
  EXPECT_EQ(outcome("HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\nhalf"),
            std::pair(201, std::string("connection.lost")));
  EXPECT_EQ(outcome("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
            std::pair(201, std::string("connection.lost")));
  EXPECT_EQ(outcome("SSH-2.0-OpenSSH_9.2\r\n").second, "answer.malformed");
  EXPECT_EQ(outcome("HTTP/1.1 200 OK\r\nA: " + std::string(80'000, 'h') + "\r\n\r\n").second, "answer.malformed");
}

TEST(Client, DoesNotKnowWhenTheAnswerDoesNotCome) {
  Signal asked, over;
  RawServer server([&](int file, int) {
    RawServer::read_until(file, "\r\n\r\nx");
    asked.raise();
    over.wait();
  });
  ClientRequest request = post(local(server.port()), "x");
  request.timeout = 200ms;
  const auto reply = local_client()->send_and_wait(request);
  EXPECT_TRUE(asked.wait());
  over.raise();
  EXPECT_EQ(reply.outcome, Outcome::unknown);
  EXPECT_EQ(reply.problem_code, "timeout");
  EXPECT_GE(reply.duration, 190ms);
}

TEST(Client, KnowsThatATimeOutBeforeTheRequestSentNothing) {
  // A listener whose queue is full leaves a further connection unanswered; a TLS server that says nothing is simpler
  // and the same to the client: the request was not begun.
  Signal over;
  RawServer server([&](int, int) { over.wait(); });
  ClientRequest request = post("https://127.0.0.1:" + std::to_string(server.port()) + "/", "x");
  request.timeout = 200ms;
  const auto reply = local_client()->send_and_wait(request);
  over.raise();
  EXPECT_EQ(reply.outcome, Outcome::not_sent);
  EXPECT_EQ(reply.problem_code, "timeout");
}

TEST(Client, CutsAnEndlessAnswer) {
  RawServer server([](int file, int) {
    RawServer::read_until(file, "\r\n\r\n");
    RawServer::say(file, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = "1000\r\n" + std::string(4096, 'e') + "\r\n";
    while (::send(file, chunk.data(), chunk.size(), MSG_NOSIGNAL) > 0) continue;
  });
  ClientRequest request = get(local(server.port()));
  request.answer_bytes_max = 10'000;
  const auto reply = local_client()->send_and_wait(request);
  EXPECT_EQ(reply.outcome, Outcome::answered);
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.truncated);
  EXPECT_EQ(reply.body, std::string(10'000, 'e'));
}

TEST(Client, TakesAnAnswerOfExactlyTheLimitAsWhole) {
  Served served;
  ClientRequest request = get(served.url("/abc"));
  request.answer_bytes_max = 10;
  const auto reply = local_client()->send_and_wait(request);
  EXPECT_EQ(reply.body, "GET /abc? ");
  EXPECT_FALSE(reply.truncated);
}

TEST(Client, HearsAnAnswerThatComesBeforeTheBodyIsSent) {
  Served served;
  served.routes.body_max = 10;
  const auto reply = local_client()->send_and_wait(post(served.url("/x"), std::string(3'000'000, 'u')));
  EXPECT_EQ(reply.outcome, Outcome::answered);
  EXPECT_EQ(reply.status, 413);
}

// A server that keeps the first connection open and hangs up when the second request has been read from it.
struct Forgetful {
  std::atomic<int> requests{0};
  RawServer server{[this](int file, int) {
    for (int turn = 0; turn < 2; ++turn) {
      if (!RawServer::read_until(file, "\r\n\r\n").ends_with("\r\n\r\n")) return;
      ++requests;
      if (turn == 0) RawServer::say(file, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
  }};
};

TEST(Client, SendsAPostOnceOnAKeptConnectionThatDies) {
  Forgetful forgetful;
  const auto client = local_client();
  EXPECT_EQ(client->send_and_wait(get(local(forgetful.server.port()))).body, "ok");
  ClientRequest request = get(local(forgetful.server.port()));
  request.method = "POST";
  const auto reply = client->send_and_wait(request);
  EXPECT_EQ(reply.outcome, Outcome::unknown);
  EXPECT_EQ(reply.problem_code, "connection.lost");
  EXPECT_EQ(forgetful.requests, 2);
}

TEST(Client, RepeatsAGetOnAKeptConnectionThatDies) {
  Forgetful forgetful;
  const auto client = local_client();
  EXPECT_EQ(client->send_and_wait(get(local(forgetful.server.port()))).body, "ok");
  EXPECT_EQ(client->send_and_wait(get(local(forgetful.server.port()))).body, "ok");
  EXPECT_EQ(forgetful.requests, 3);
}

TEST(Client, UsesAFreshConnectionWhereTheKeptOneWasClosedMeanwhile) {
  RawServer server([](int file, int) {
    RawServer::read_until(file, "\r\n\r\n");
    RawServer::say(file, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  const auto client = local_client();
  for (int i = 0; i < 3; ++i) {
    ClientRequest request = get(local(server.port()));
    request.method = "POST";
    const auto reply = client->send_and_wait(request);
    // A hang-up that arrives before the request is noticed; one that races with it is honestly unknown.
    if (reply.outcome == Outcome::answered) {
      EXPECT_EQ(reply.body, "ok");
    } else {
      EXPECT_EQ(reply.outcome, Outcome::unknown);
    }
  }
}

TEST(Client, EndsWhatIsUnderWayWhenItStops) {
  Signal asked, over;
  RawServer server([&](int file, int) {
    RawServer::read_until(file, "\r\n\r\n");
    asked.raise();
    over.wait();
  });
  std::promise<ClientReply> promise;
  auto client = local_client();
  client->send(get(local(server.port())), [&](ClientReply reply) { promise.set_value(std::move(reply)); });
  ASSERT_TRUE(asked.wait());
  client.reset();
  over.raise();
  auto future = promise.get_future();
  ASSERT_EQ(future.wait_for(0s), std::future_status::ready);
  const auto reply = future.get();
  EXPECT_EQ(reply.outcome, Outcome::unknown);
  EXPECT_EQ(reply.problem_code, "client.stopped");
}

TEST(Client, AHungHostSpendsItsOwnConnectionsOnly) {
  Signal over;
  RawServer hung([&](int, int) { over.wait(); });
  Served served;
  const auto client = local_client();
  std::atomic<int> ended{0};
  for (int i = 0; i < 20; ++i) client->send(get(local(hung.port())), [&](ClientReply) { ++ended; });
  EXPECT_EQ(client->send_and_wait(get(served.url("/other"))).body, "GET /other? ");
  EXPECT_EQ(ended, 0);
  over.raise();
}

TEST(Client, SaysWhyItCannotStart) {
  ClientOptions options;
  options.ca_file = "/nonexistent.pem";
  const auto client = Client::start(options);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, "client.bad_ca_file");
}

}  // namespace
}  // namespace handoff::net::test
