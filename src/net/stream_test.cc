// Streamed answers and the drain.
#include "net/test_support.h"

namespace handoff::net::test {
namespace {

Response streamed(Chunks chunks, std::string type = "application/octet-stream") {
  Response response;
  response.headers.add("Content-Type", std::move(type));
  response.chunks = std::move(chunks);
  return response;
}

// `count` pieces of `size` bytes.
Chunks pieces(std::size_t count, std::size_t size) {
  return [left = count, size]() mutable -> Result<std::string> {
    if (left == 0) return std::string{};
    --left;
    return std::string(size, 'p');
  };
}

TEST(Stream, IsChunkedOrSizedOrEndsWithTheConnection) {
  Served served;
  served.routes.routes["/unknown"] = [](Request&) { return streamed(pieces(10, 1000)); };
  served.routes.routes["/known"] = [](Request&) {
    auto response = streamed(pieces(10, 1000));
    response.chunks_size = 10'000;
    return response;
  };
  RawClient client(served.port());
  auto answer = client.ask("GET /unknown HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
  EXPECT_EQ(answer.headers.get("Transfer-Encoding"), "chunked");
  EXPECT_EQ(answer.headers.find("Content-Encoding"), nullptr);
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.body.size(), 10'000U);
  answer = client.ask("GET /known HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(answer.headers.get("Content-Length"), "10000");
  EXPECT_EQ(answer.body.size(), 10'000U);
  client.send("HEAD /known HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.answer(true).headers.get("Content-Length"), "10000");
  EXPECT_EQ(client.ask("GET /known HTTP/1.1\r\nHost: x\r\n\r\n").body.size(), 10'000U);
  RawClient old(served.port());
  answer = old.ask("GET /unknown HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(answer.headers.find("Transfer-Encoding"), nullptr);
  EXPECT_EQ(answer.headers.get("Connection"), "close");
  EXPECT_EQ(answer.body.size(), 10'000U);
  EXPECT_TRUE(answer.complete);
}

TEST(Stream, ThatFailsOrBreaksItsPromiseIsCut) {
  Served served;
  served.routes.routes["/fails"] = [](Request&) {
    return streamed([turn = 0]() mutable -> Result<std::string> {
      if (turn++ == 0) return std::string("first");
      return Error{Kind::internal, "store.lost", {}, {}};
    });
  };
  served.routes.routes["/throws"] = [](Request&) {
    return streamed([]() -> Result<std::string> { throw std::runtime_error("no"); });
  };
  served.routes.routes["/short"] = [](Request&) {
    auto response = streamed(pieces(1, 10));
    response.chunks_size = 11;
    return response;
  };
  served.routes.routes["/long"] = [](Request&) {
    auto response = streamed(pieces(2, 10));
    response.chunks_size = 11;
    return response;
  };
  for (const char* path : {"/fails", "/throws", "/short", "/long"}) {
    RawClient client(served.port());
    const auto answer = client.ask("GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_FALSE(answer.complete) << path;
    EXPECT_FALSE(client.more());
  }
  // Without a length and without chunks only a reset tells a part from the whole.
  RawClient old(served.port());
  old.send("GET /fails HTTP/1.0\r\n\r\n");
  while (old.more()) continue;
  EXPECT_TRUE(old.reset());
}

TEST(Stream, PullsOnlyAsFastAsTheClientReads) {
  Served served;
  std::atomic<std::size_t> pulled{0};
  constexpr std::size_t piece = 64 * 1024, count = 2000;  // 128 MB, more than any socket buffer
  served.routes.routes["/large"] = [&](Request&) {
    return streamed([&, inner = pieces(count, piece)]() mutable {
      ++pulled;
      return inner();
    });
  };
  RawClient client(served.port());
  client.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.head().status, 200);
  // Waits until the pulls have stopped for a while; a source without back-pressure would run to its end.
  for (std::size_t before = 0, quiet = 0; quiet < 10;) {
    std::this_thread::sleep_for(20ms);
    quiet = pulled == before ? quiet + 1 : 0;
    before = pulled;
  }
  EXPECT_LT(pulled, count / 2);
  std::size_t received = 0;
  for (bool ok = true; ok;) {
    const std::string data = client.chunk(ok);
    if (data.empty()) break;
    received += data.size();
  }
  EXPECT_EQ(received, count * piece);
}

TEST(Stream, CarriesEventsAsTheyHappenWithoutHoldingAWorker) {
  ServerOptions options;
  options.worker_threads = 1;
  Served served(options);
  std::mutex mutex;
  std::string waiting = "data: one\n\n";
  served.routes.routes["/events"] = [&](Request&) {
    return streamed(
        [&]() -> Result<std::string> {
          const std::lock_guard lock(mutex);
          if (waiting.empty()) return not_yet();
          return std::exchange(waiting, {});
        },
        "text/event-stream");
  };
  RawClient listener(served.port());
  listener.send("GET /events HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
  EXPECT_EQ(listener.head().headers.get("Transfer-Encoding"), "chunked");
  bool ok = false;
  EXPECT_EQ(listener.chunk(ok), "data: one\n\n");
  // The only worker is free for others in between.
  RawClient other(served.port());
  EXPECT_EQ(other.ask("GET /b HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
  {
    const std::lock_guard lock(mutex);
    waiting = "data: two\n\n";
  }
  EXPECT_EQ(listener.chunk(ok), "data: two\n\n");
  // A drain ends it at once and whole: the listener comes back by itself.
  const auto before = std::chrono::steady_clock::now();
  served.server->drain(60s);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 10s);
  EXPECT_EQ(listener.chunk(ok), "");
  EXPECT_TRUE(ok);
}

TEST(Stream, EndsWhenTheClientHasGone) {
  Served served;
  auto held = std::make_shared<int>(0);
  std::weak_ptr<int> watch = held;
  Signal writing_gone, waiting_gone;
  struct Tell {
    Signal* signal;
    ~Tell() { signal->raise(); }
  };
  served.routes.routes["/writing"] = [&](Request&) {
    return streamed(
        [tell = std::make_shared<Tell>(&writing_gone)]() -> Result<std::string> { return std::string(1000, 'w'); });
  };
  served.routes.routes["/waiting"] = [&](Request&) {
    return streamed([tell = std::make_shared<Tell>(&waiting_gone)]() -> Result<std::string> { return not_yet(); });
  };
  RawClient writing(served.port()), waiting(served.port());
  writing.send("GET /writing HTTP/1.1\r\nHost: x\r\n\r\n");
  waiting.send("GET /waiting HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(writing.head().status, 200);
  EXPECT_EQ(waiting.head().status, 200);
  writing.close();
  waiting.close();
  EXPECT_TRUE(writing_gone.wait());
  EXPECT_TRUE(waiting_gone.wait());
}

TEST(Drain, LetsARequestInFlightEndAndTakesNoOther) {
  Served served;
  Signal entered, leave;
  served.routes.routes["/wait"] = [&](Request&) {
    entered.raise();
    leave.wait();
    Response response;
    response.body = "done";
    return response;
  };
  RawClient busy(served.port()), idle(served.port());
  EXPECT_EQ(idle.ask("GET /a HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
  busy.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\nGET /never HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(entered.wait());
  std::thread drainer([&] { served.server->drain(30s); });
  // The idle one is closed at once, which also shows that the drain has begun.
  EXPECT_EQ(idle.rest(), "");
  EXPECT_TRUE(idle.ended());
  EXPECT_FALSE(RawClient(served.port()).connected());
  leave.raise();
  const auto answer = busy.answer();
  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(answer.headers.get("Connection"), "close");
  EXPECT_EQ(busy.rest(), "");
  drainer.join();
  EXPECT_EQ(served.routes.handled, 2);
  served.server->drain(30s);  // nothing is left to wait for
}

TEST(Drain, ServesWhatWasAlreadyConnected) {
  Served served;
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<RawClient>(served.port()));
    clients.back()->send("GET /early HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  served.server->drain(30s);
  for (auto& client : clients) EXPECT_EQ(client->answer().status, 200);
}

TEST(Drain, EndsEvenWhereAStreamDoesNot) {
  Served served;
  served.routes.routes["/endless"] = [](Request&) {
    return streamed([]() -> Result<std::string> { return std::string(1000, 'e'); });
  };
  served.routes.routes["/silent"] = [](Request&) {
    return streamed([]() -> Result<std::string> { return not_yet(); });
  };
  RawClient endless(served.port()), silent(served.port()), stuck(served.port());
  endless.send("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
  silent.send("GET /silent HTTP/1.1\r\nHost: x\r\n\r\n");
  stuck.send("POST /half HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n");
  EXPECT_EQ(endless.head().status, 200);
  EXPECT_EQ(silent.head().status, 200);
  const auto before = std::chrono::steady_clock::now();
  served.server->drain(200ms);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 4s);
  served.server->drain(200ms);
  EXPECT_EQ(stuck.rest(), "");
  EXPECT_TRUE(silent.rest().find("0\r\n\r\n") == std::string::npos);
}

TEST(Drain, IsSafeFromManyThreadsAndBeforeAnything) {
  Served served;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { served.server->drain(100ms); });
  for (auto& thread : threads) thread.join();
}

TEST(Drain, TheEndOfTheServerClosesEverything) {
  auto served = std::make_unique<Served>();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(std::make_unique<RawClient>(served->port()));
  EXPECT_EQ(clients.front()->ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
  served.reset();
  for (auto& client : clients) EXPECT_EQ(client->rest(), "");
}

}  // namespace
}  // namespace handoff::net::test
