// The server over real sockets: what a decent client sees.
#include "net/server.h"

#include "net/gzip.h"
#include "net/test_support.h"

namespace handoff::net::test {
namespace {

std::string unpacked(std::string_view packed) {
  std::string out;
  GzipDecoder decoder;
  EXPECT_TRUE(decoder.feed(packed, [&](std::string_view piece) -> Result<void> {
    out.append(piece);
    return {};
  }));
  EXPECT_TRUE(decoder.complete());
  return out;
}

std::string chunked(std::string_view body, std::size_t size) {
  std::string out;
  for (; !body.empty(); body.remove_prefix(std::min(size, body.size()))) {
    const std::string_view piece = body.substr(0, size);
    char line[32];
    std::snprintf(line, sizeof line, "%zX;a=\"b\"\r\n", piece.size());
    out.append(line).append(piece).append("\r\n");
  }
  return out + "0\r\nTrailing: dropped\r\n\r\n";
}

TEST(Server, AnswersAndKeepsTheConnection) {
  Served served;
  RawClient client(served.port());
  for (int turn = 0; turn < 3; ++turn) {
    const auto answer = client.ask("POST /a/b?c=d HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "POST /a/b?c=d hello");
    EXPECT_EQ(answer.headers.get("Server"), "handoff");
    EXPECT_EQ(answer.headers.get("Date").size(), 29U);
    EXPECT_FALSE(answer.headers.get("X-Request-Id").empty());
    EXPECT_EQ(answer.headers.find("Connection"), nullptr);
  }
}

TEST(Server, AnAnswerMayHaveADateOfItsOwn) {
  Served served;
  std::string date = "Sun, 01 Mar 2026 15:04:05 GMT";
  served.routes.routes["/dated"] = [&](Request&) {
    Response response;
    response.headers.add("Date", date);
    return response;
  };
  RawClient client(served.port());
  const auto dates = [&] {
    std::vector<std::string> found;
    const auto answer = client.ask("GET /dated HTTP/1.1\r\nHost: x\r\n\r\n");
    for (const auto& [name, value] : answer.headers.items()) {
      if (name == "Date") found.push_back(value);
    }
    return found;
  };
  EXPECT_EQ(dates(), std::vector<std::string>{date});
  date = "now\r\nX-Own: 1";
  const auto refused = dates();
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].size(), 29U) << "what is no field of a header is not repeated";
}

TEST(Server, ServesManyAtOnceOverAllLanes) {
  Served served;
  const auto client = local_client();
  std::vector<std::future<ClientReply>> replies;
  for (int i = 0; i < 200; ++i) {
    auto promise = std::make_shared<std::promise<ClientReply>>();
    replies.push_back(promise->get_future());
    client->send(post(served.url("/n"), std::to_string(i)),
                 [promise](ClientReply reply) { promise->set_value(std::move(reply)); });
  }
  for (int i = 0; i < 200; ++i)
    EXPECT_EQ(replies[static_cast<std::size_t>(i)].get().body, "POST /n? " + std::to_string(i));
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  Served served;
  RawClient client(served.port());
  std::string all;
  for (int i = 0; i < 50; ++i) {
    all += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
    all += "\r\nGET /g" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  }
  client.send(all);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(client.answer().body, "POST /" + std::to_string(i) + "? abc");
    EXPECT_EQ(client.answer().body, "GET /g" + std::to_string(i) + "? ");
  }
}

TEST(Server, UnderstandsARequestThatComesByteByByte) {
  Served served;
  RawClient client(served.port());
  const std::string request =
      "POST /slow HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  for (int turn = 0; turn < 2; ++turn) {
    for (const char c : request) client.send({&c, 1});
    EXPECT_EQ(client.answer().body, "POST /slow? abc");
  }
  // The last chunk as the first, also in single bytes.
  for (const char c : std::string("POST /e HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"))
    client.send({&c, 1});
  EXPECT_EQ(client.answer().body, "POST /e? ");
}

TEST(Server, TakesChunkedBodiesLargeAndSmall) {
  ServerOptions options;
  options.memory_body_max = 1000;
  Served served(options);
  served.routes.body_max = 8 * 1024 * 1024;
  served.routes.routes["/size"] = [](Request& request) {
    EXPECT_EQ(request.headers.find("Transfer-Encoding"), nullptr);
    Response response;
    response.body = std::to_string(request.body->size()) + " " + std::string(request.headers.get("Content-Length")) +
                    " " + request.body->read(request.body->size() - 4, 10).value();
    return response;
  };
  RawClient client(served.port());
  for (const std::size_t size : {1UL, 999UL, 1000UL, 1001UL, 70'000UL, 5'000'000UL}) {
    const std::string body = std::string(size - 1, 'a') + "z";
    std::thread sender([&] {
      client.send("POST /size HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(body, 777));
    });
    const auto answer = client.answer();
    sender.join();
    const std::string tail = size >= 4 ? "aaaz" : "";
    EXPECT_EQ(answer.body, std::to_string(size) + " " + std::to_string(size) + " " + tail);
  }
}

TEST(Server, LeavesNoTemporaryFileBehind) {
  TemporaryDirectory directory;
  ServerOptions options;
  options.memory_body_max = 10;
  options.temporary_dir = directory.path();
  Served served(options);
  served.routes.routes["/names"] = [&](Request& request) {
    Response response;
    response.body = std::to_string(std::distance(std::filesystem::directory_iterator(directory.path()), {})) +
                    std::to_string(request.body->size());
    return response;
  };
  RawClient client(served.port());
  EXPECT_EQ(client.ask("POST /names HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\nabcdefabcdef").body, "012");
}

TEST(Server, SaysUnavailableWhereABodyCannotBeStored) {
  ServerOptions options;
  options.memory_body_max = 10;
  options.temporary_dir = "/nonexistent";
  Served served(options);
  RawClient client(served.port());
  const auto answer = client.ask("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\nabcdefabcdef");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, "body.not_stored");
  EXPECT_EQ(answer.headers.get("Retry-After"), "1");
}

TEST(Server, KeepsHttp10Rules) {
  Served served;
  {
    RawClient client(served.port());
    const auto answer = client.ask("GET /a HTTP/1.0\r\n\r\n");
    EXPECT_EQ(answer.body, "GET /a? ");
    EXPECT_EQ(answer.headers.get("Connection"), "close");
    EXPECT_FALSE(client.more());
    EXPECT_TRUE(client.ended());
  }
  {
    RawClient client(served.port());
    const auto answer = client.ask("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(answer.headers.get("Connection"), "keep-alive");
    EXPECT_EQ(client.ask("GET /b HTTP/1.0\r\n\r\n").body, "GET /b? ");
  }
  {
    RawClient client(served.port());
    EXPECT_EQ(client.ask("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").headers.get("Connection"), "close");
    EXPECT_FALSE(client.more());
    EXPECT_TRUE(client.ended());
  }
}

TEST(Server, AnswersHeadAsGetWithoutItsBody) {
  Served served;
  RawClient client(served.port());
  client.send("HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\nGET /abc HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto head = client.answer(true);
  const auto whole = client.answer();
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(whole.body, "GET /abc? ");
  EXPECT_EQ(head.headers.get("Content-Length"), whole.headers.get("Content-Length"));
  EXPECT_NE(served.log.text().find(R"("method":"HEAD")"), std::string::npos);
}

TEST(Server, SendsNoBodyWithNoContent) {
  Served served;
  served.routes.routes["/gone"] = [](Request&) {
    Response response;
    response.status = 204;
    response.body = "not to be seen";
    return response;
  };
  RawClient client(served.port());
  const auto answer = client.ask("DELETE /gone HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.headers.find("Content-Length"), nullptr);
  EXPECT_EQ(client.ask("GET /b HTTP/1.1\r\nHost: x\r\n\r\n").body, "GET /b? ");
}

TEST(Server, UnderstandsTheFormsOfATarget) {
  Served served;
  RawClient client(served.port());
  EXPECT_EQ(client.ask("GET http://example.org/a?b HTTP/1.1\r\nHost: x\r\n\r\n").body, "GET /a?b ");
  EXPECT_EQ(client.ask("GET http://example.org HTTP/1.1\r\nHost: x\r\n\r\n").body, "GET /? ");
  EXPECT_EQ(client.ask("GET http://example.org?q HTTP/1.1\r\nHost: x\r\n\r\n").body, "GET /?q ");
  EXPECT_EQ(client.ask("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n").body, "OPTIONS *? ");
}

TEST(Server, SaysContinueOnlyAfterItIsWilling) {
  Served served;
  served.routes.body_max = 10;
  {
    RawClient client(served.port());
    client.send("POST /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    EXPECT_EQ(client.answer().status, 100);
    EXPECT_EQ(client.ask("hello").body, "POST /x? hello");
    client.send("POST /y HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nTransfer-Encoding: chunked\r\n\r\n");
    EXPECT_EQ(client.answer().status, 100);
    EXPECT_EQ(client.ask("1\r\na\r\n0\r\n\r\n").body, "POST /y? a");
  }
  for (const auto& [headers, status] : {std::pair{"Authorization: nobody\r\nContent-Length: 5\r\n", 401},
                                        {"Content-Length: 11\r\n", 413},
                                        {"Content-Encoding: br\r\nContent-Length: 5\r\n", 415}}) {
    RawClient client(served.port());
    const auto answer =
        client.ask(std::string("POST /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n") + headers + "\r\n");
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.headers.get("Connection"), "close");
    client.close_writing();
    EXPECT_EQ(client.rest(), "");
  }
  {
    RawClient client(served.port());
    EXPECT_EQ(client.ask("POST /x HTTP/1.1\r\nHost: x\r\nExpect: a-miracle\r\nContent-Length: 5\r\n\r\n").status, 417);
  }
  {
    // Whoever did not wait gets no interim answer.
    RawClient client(served.port());
    EXPECT_EQ(
        client.ask("POST /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello").status,
        200);
  }
  EXPECT_EQ(served.routes.handled, 3);
}

TEST(Server, RefusesWithoutABodyAndKeepsTheConnection) {
  Served served;
  RawClient client(served.port());
  EXPECT_EQ(client.ask("GET /x HTTP/1.1\r\nHost: x\r\nAuthorization: nobody\r\n\r\n").status, 401);
  EXPECT_EQ(client.ask("GET /x HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
}

TEST(Server, LetsTheClientSeeAnEarlyRefusalOfALargeUpload) {
  Served served;
  RawClient client(served.port());
  std::string upload = "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n" + std::string(4'000'000, 'u');
  // Everything is written before anything is read, as simple clients do.
  EXPECT_TRUE(client.send(upload));
  const auto answer = client.answer();
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.body, "request.too_large");
  EXPECT_EQ(answer.headers.get("Connection"), "close");
  EXPECT_EQ(served.routes.handled, 0);
}

TEST(Server, CountsAChunkedBody) {
  Served served;
  served.routes.body_max = 1000;
  RawClient client(served.port());
  client.send("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 100; ++i) client.send("64\r\n" + std::string(100, 'c') + "\r\n");
  const auto answer = client.answer();
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(served.routes.handled, 0);
}

TEST(Server, UnpacksGzipBodies) {
  Served served;
  served.routes.body_max = 100'000;
  served.routes.routes["/h"] = [](Request& request) {
    Response response;
    response.body = request.body->all().value() + "|" + std::string(request.headers.get("Content-Encoding"));
    return response;
  };
  RawClient client(served.port());
  const std::string packed = gzip("a packed body");
  const std::string head = "POST /h HTTP/1.1\r\nHost: x\r\nContent-Encoding: GZip\r\n";
  EXPECT_EQ(client.ask(head + "Content-Length: " + std::to_string(packed.size()) + "\r\n\r\n" + packed).body,
            "a packed body|");
  EXPECT_EQ(client.ask(head + "Transfer-Encoding: chunked\r\n\r\n" + chunked(packed + gzip(" in two members"), 5)).body,
            "a packed body in two members|");
  EXPECT_EQ(client.ask("POST /h HTTP/1.1\r\nHost: x\r\nContent-Encoding: identity\r\nContent-Length: 1\r\n\r\na").body,
            "a|");
}

TEST(Server, RefusesBadGzip) {
  Served served;
  const std::string packed = gzip(std::string(5000, 'q'));
  for (const std::string& body :
       {std::string("not gzip at all"), packed.substr(0, packed.size() - 3), packed + "tail"}) {
    RawClient client(served.port());
    const auto answer = client.ask("POST /h HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: " +
                                   std::to_string(body.size()) + "\r\n\r\n" + body);
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.body, "request.bad_gzip");
  }
  RawClient client(served.port());
  EXPECT_EQ(
      client.ask("POST /h HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 1\r\n\r\na").body,
      "request.unknown_content_encoding");
  EXPECT_EQ(served.routes.handled, 0);
}

TEST(Server, StopsAZipBombAtTheLimitOfTheRoute) {
  Served served;
  const std::string bomb = gzip(std::string(200'000'000, '\0'));
  ASSERT_LT(bomb.size(), 1'048'576U);
  RawClient client(served.port());
  const auto answer = client.ask("POST /h HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: " +
                                 std::to_string(bomb.size()) + "\r\n\r\n" + bomb);
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.body, "request.too_large");
  EXPECT_EQ(served.routes.handled, 0);
}

TEST(Server, PacksLargeTextAnswersForThoseWhoAcceptIt) {
  Served served;
  served.routes.routes["/big"] = [](Request& request) {
    Response response;
    response.headers.add("Content-Type", request.query.empty() ? "application/fhir+json" : request.query);
    response.body = std::string(5000, 'j');
    return response;
  };
  RawClient client(served.port());
  const auto packed = client.ask("GET /big HTTP/1.1\r\nHost: x\r\nAccept-Encoding: br, gzip;q=0.5\r\n\r\n");
  EXPECT_EQ(packed.headers.get("Content-Encoding"), "gzip");
  EXPECT_EQ(packed.headers.get("Vary"), "Accept-Encoding");
  EXPECT_LT(packed.body.size(), 200U);
  EXPECT_EQ(unpacked(packed.body), std::string(5000, 'j'));
  const auto plain = client.ask("GET /big HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip;q=0, *\r\n\r\n");
  EXPECT_EQ(plain.headers.find("Content-Encoding"), nullptr);
  EXPECT_EQ(plain.headers.get("Vary"), "Accept-Encoding");
  EXPECT_EQ(plain.body.size(), 5000U);
  const auto picture = client.ask("GET /big?image/png HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
  EXPECT_EQ(picture.headers.find("Content-Encoding"), nullptr);
  client.send("HEAD /big HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
  EXPECT_EQ(client.answer(true).headers.get("Content-Length"), std::to_string(packed.body.size()));
}

TEST(Server, KeepsAPlainRequestIdAndReplacesAnyOther) {
  Served served;
  served.routes.routes["/id"] = [](Request& request) {
    Response response;
    response.headers.add("X-Request-Id", "not this");
    response.body = request.id + " " + RequestScope::current();
    return response;
  };
  RawClient client(served.port());
  auto answer = client.ask("GET /id HTTP/1.1\r\nHost: x\r\nX-Request-Id: abc-1.2_3\r\n\r\n");
  EXPECT_EQ(answer.headers.get("X-Request-Id"), "abc-1.2_3");
  EXPECT_EQ(answer.body, "abc-1.2_3 abc-1.2_3");
  for (const std::string& odd : {std::string("a b"), std::string("a\"b"), std::string(65, 'a'), std::string()}) {
    answer = client.ask("GET /id HTTP/1.1\r\nHost: x\r\nX-Request-Id: " + odd + "\r\n\r\n");
    const std::string id(answer.headers.get("X-Request-Id"));
    EXPECT_EQ(id.size(), 16U);
    EXPECT_EQ(answer.body, id + " " + id);
  }
}

TEST(Server, LogsOneLineARequestWithoutTheQuery) {
  Served served;
  RawClient client(served.port());
  client.ask("GET /seen?name=Quill HTTP/1.1\r\nHost: x\r\nX-Request-Id: line-1\r\n\r\n");
  client.ask("GET /seen HTTP/1.1\r\nHost: x\r\n\r\n");  // the first line was written before this answer was
  const std::string text = served.log.text();
  const std::string line = text.substr(0, text.find('\n'));
  const Json object = Json::parse(line).value();
  EXPECT_EQ(object["event"].text_or(), "http.request");
  EXPECT_EQ(object["requestId"].text_or(), "line-1");
  EXPECT_EQ(object["method"].text_or(), "GET");
  EXPECT_EQ(object["path"].text_or(), "/seen");
  EXPECT_EQ(object["status"].int_or(0), 200);
  EXPECT_TRUE(object["ms"].is_integer());
  EXPECT_EQ(object["bytes"].int_or(0), 21);
  EXPECT_EQ(text.find("Quill"), std::string::npos);
}

TEST(Server, TellsTheAddressATrustedProxySaw) {
  ServerOptions options;
  options.trusted_proxies = {"127.0.0.1", "10.0.0.0/8"};
  Served trusting(options);
  Served wary;
  const auto tell = [](Request& request) {
    Response response;
    response.body = request.remote_address;
    return response;
  };
  trusting.routes.routes["/from"] = tell;
  wary.routes.routes["/from"] = tell;
  const std::string request =
      "GET /from HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 6.6.6.6, 192.0.2.7\r\nX-Forwarded-For: 10.1.1.1\r\n\r\n";
  EXPECT_EQ(RawClient(trusting.port()).ask(request).body, "192.0.2.7");
  EXPECT_EQ(RawClient(wary.port()).ask(request).body, "127.0.0.1");
}

TEST(Server, AnswersForAHandlerThatThrows) {
  Served served;
  served.routes.routes["/throws"] = [](Request&) -> Response { throw std::runtime_error("secret text"); };
  RawClient client(served.port());
  const auto answer = client.ask("GET /throws HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body, "server.failed");
  EXPECT_EQ(served.log.text().find("secret"), std::string::npos);
  EXPECT_EQ(client.ask("GET /b HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
}

TEST(Server, DropsAnAnswerHeaderThatWouldStartAnother) {
  Served served;
  served.routes.routes["/split"] = [](Request&) {
    Response response;
    response.headers.add("X-Good", "yes");
    response.headers.add("X-Bad", "a\r\nSet-Cookie: evil");
    response.headers.add("Bad Name", "x");
    response.headers.add("Content-Length", "7");
    response.body = "ok";
    return response;
  };
  RawClient client(served.port());
  const auto answer = client.ask("GET /split HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(answer.headers.get("X-Good"), "yes");
  EXPECT_EQ(answer.headers.find("X-Bad"), nullptr);
  EXPECT_EQ(answer.headers.find("Set-Cookie"), nullptr);
  EXPECT_EQ(answer.headers.find("Bad Name"), nullptr);
  EXPECT_EQ(answer.body, "ok");
}

TEST(Server, SaysBusyWhenTheQueueIsFull) {
  ServerOptions options;
  options.worker_threads = 1;
  options.queue_max = 1;
  Served served(options);
  Signal entered, leave;
  served.routes.routes["/wait"] = [&](Request&) {
    entered.raise();
    leave.wait();
    return Response{};
  };
  RawClient first(served.port()), second(served.port()), third(served.port());
  first.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(entered.wait());
  second.send("GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  third.send("GET /c HTTP/1.1\r\nHost: x\r\n\r\n");
  // One of the two waits in the queue, the other is told.
  pollfd either[2] = {{second.file(), POLLIN, 0}, {third.file(), POLLIN, 0}};
  ASSERT_EQ(::poll(either, 2, 10'000), 1);
  RawClient& told = either[0].revents != 0 ? second : third;
  RawClient& queued = either[0].revents != 0 ? third : second;
  const auto busy = told.answer();
  EXPECT_EQ(busy.status, 503);
  EXPECT_EQ(busy.body, "server.busy");
  EXPECT_EQ(busy.headers.get("Retry-After"), "1");
  leave.raise();
  EXPECT_EQ(first.answer().status, 200);
  EXPECT_EQ(queued.answer().status, 200);
  EXPECT_EQ(told.ask("GET /again HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
}

TEST(Server, TellsConnectionsBeyondTheLimit) {
  ServerOptions options;
  options.connections_max = 2;
  Served served(options);
  RawClient first(served.port()), second(served.port());
  EXPECT_EQ(first.ask("GET /a HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
  EXPECT_EQ(second.ask("GET /a HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
  RawClient third(served.port());
  const auto answer = third.ask("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, "server.too_many_connections");
  EXPECT_EQ(answer.headers.get("Connection"), "close");
}

TEST(Server, StartsWithAnErrorThatSaysWhy) {
  Routes routes;
  SystemRandom random;
  Served served;
  ServerOptions options;
  options.port = served.port();
  const auto taken = Server::start(options, routes, random);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, "server.cannot_listen");
  options.port = 0;
  options.certificate_file = options.key_file = "/nonexistent.pem";
  const auto uncertified = Server::start(options, routes, random);
  ASSERT_FALSE(uncertified);
  EXPECT_EQ(uncertified.error().code, "server.bad_certificate");
  options.certificate_file = options.key_file = "";
  options.trusted_proxies = {"a proxy"};
  EXPECT_FALSE(Server::start(options, routes, random));
}

TEST(Server, ListensOnIpv6ForBothFamilies) {
  ServerOptions options;
  options.host = "::";
  Served served(options);
  served.routes.routes["/from"] = [](Request& request) {
    Response response;
    response.body = request.remote_address;
    return response;
  };
  EXPECT_EQ(RawClient(served.port()).ask("GET /from HTTP/1.1\r\nHost: x\r\n\r\n").body, "127.0.0.1");
}

TEST(Server, SpeaksTls) {
  Certificate certificate;
  ServerOptions options;
  options.certificate_file = certificate.certificate_file;
  options.key_file = certificate.key_file;
  Served served(options);
  const std::string url = "https://127.0.0.1:" + std::to_string(served.port()) + "/tls";
  const auto client = local_client(certificate.certificate_file);
  const std::string large(3'000'000, 'L');
  served.routes.body_max = 4'000'000;
  for (int turn = 0; turn < 3; ++turn) {
    const auto reply = client->send_and_wait(post(url, large));
    EXPECT_EQ(reply.status, 200) << reply.problem_code;
    EXPECT_TRUE(reply.truncated);
  }
  const auto reply = client->send_and_wait(post(url, "small"));
  EXPECT_EQ(reply.body, "POST /tls? small");

  // A client that does not know the certificate says nothing of its request.
  const auto stranger = local_client()->send_and_wait(post(url, "not for everyone"));
  EXPECT_EQ(stranger.outcome, ClientReply::Outcome::not_sent);
  EXPECT_EQ(stranger.problem_code, "tls.failed");

  // Plain HTTP on the port gets nowhere and disturbs nobody.
  RawClient plain(served.port());
  plain.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(plain.rest().find("HTTP/1.1 200"), std::string::npos);
  EXPECT_EQ(client->send_and_wait(post(url, "still")).body, "POST /tls? still");
}

TEST(Server, KeepsTimeLimitsAndEarlyRefusalsUnderTls) {
  Certificate certificate;
  ServerOptions options;
  options.certificate_file = certificate.certificate_file;
  options.key_file = certificate.key_file;
  options.header_timeout = 150ms;
  Served served(options);
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  {
    RawClient client(served.port(), context.get());
    ASSERT_TRUE(client.connected());
    EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHo").status, 408);
  }
  {
    RawClient client(served.port(), context.get());
    client.send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n" + std::string(100'000, 'u'));
    EXPECT_EQ(client.answer().status, 413);
  }
  {
    RawClient client(served.port());  // never begins its handshake
    EXPECT_EQ(client.rest(), "");
    EXPECT_TRUE(client.ended());
  }
}

}  // namespace
}  // namespace handoff::net::test
