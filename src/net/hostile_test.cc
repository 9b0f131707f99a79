// The server over raw sockets: what only an attacker or a broken client sends. Each case must end in a refusal and a
// closed connection, never in a request that is routed and never in waiting for more.
#include "net/test_support.h"

namespace handoff::net::test {
namespace {

struct Hostile {
  const char* name;
  std::string bytes;
  int status;
  const char* code;
};

std::string headed(std::string_view fields, std::string_view body = {}) {
  return "POST /routed HTTP/1.1\r\nHost: x\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

const std::string chunked_field = "Transfer-Encoding: chunked\r\n";

class HostileInput : public ::testing::TestWithParam<Hostile> {};

TEST_P(HostileInput, IsRefusedAndTheConnectionCloses) {
  Served served;
  RawClient client(served.port());
  client.send(GetParam().bytes);
  const auto answer = client.answer();
  EXPECT_EQ(answer.status, GetParam().status);
  EXPECT_EQ(answer.body, GetParam().code);
  EXPECT_EQ(answer.headers.get("Connection"), "close");
  EXPECT_FALSE(answer.headers.get("X-Request-Id").empty());
  client.close_writing();
  EXPECT_EQ(client.rest(), "");
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(served.routes.handled, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Table, HostileInput,
    ::testing::Values(
        Hostile{"chunk_size_negative", headed(chunked_field, "-2\r\nab\r\n0\r\n\r\n"), 400, "request.bad_chunk"},
        Hostile{"chunk_size_plus", headed(chunked_field, "+2\r\nab\r\n0\r\n\r\n"), 400, "request.bad_chunk"},
        Hostile{"chunk_size_hex_prefix", headed(chunked_field, "0x2\r\nab\r\n0\r\n\r\n"), 400, "request.bad_chunk"},
        Hostile{"chunk_size_overflow", headed(chunked_field, "10000000000000002\r\nab\r\n"), 400, "request.bad_chunk"},
        Hostile{"chunk_size_huge", headed(chunked_field, "fffffffffffffff\r\nab\r\n" + std::string(2 << 20, 'a')), 413,
                "request.too_large"},
        Hostile{"chunk_size_empty", headed(chunked_field, "\r\nab\r\n0\r\n\r\n"), 400, "request.bad_chunk"},
        Hostile{"chunk_bare_lf", headed(chunked_field, "2\nab\n0\n\n"), 400, "request.bad_chunk"},
        Hostile{"chunk_extension_bare_lf", headed(chunked_field, "2;\nxx\r\nab\r\n0\r\n\r\n"), 400, "request.bad_chunk"},
        Hostile{"chunk_longer_than_said", headed(chunked_field, "2\r\nabc\r\n0\r\n\r\n"), 400, "request.bad_chunk"},
        Hostile{"chunk_extension_endless", headed(chunked_field, "2;" + std::string(100'000, 'e')), 400, "request.bad_chunk"},
        Hostile{"trailer_endless", headed(chunked_field, "0\r\n" + std::string(100'000, 't')), 400, "request.bad_chunk"},
        Hostile{"length_and_chunked", headed("Content-Length: 6\r\n" + chunked_field, "0\r\n\r\nG"), 400, "request.bad_framing"},
        Hostile{"chunked_and_length", headed(chunked_field + "Content-Length: 6\r\n", "0\r\n\r\nG"), 400, "request.bad_framing"},
        Hostile{"two_lengths", headed("Content-Length: 1\r\nContent-Length: 2\r\n", "ab"), 400, "request.bad_framing"},
        Hostile{"length_list", headed("Content-Length: 1, 2\r\n", "ab"), 400, "request.bad_framing"},
        Hostile{"length_negative", headed("Content-Length: -1\r\n"), 400, "request.bad_framing"},
        Hostile{"length_plus", headed("Content-Length: +1\r\n", "a"), 400, "request.bad_framing"},
        Hostile{"length_overflow", headed("Content-Length: 18446744073709551617\r\n", "a"), 400, "request.bad_framing"},
        Hostile{"length_largest", headed("Content-Length: 18446744073709551615\r\n", "a"), 413, "request.too_large"},
        Hostile{"coding_twice", headed(chunked_field + chunked_field, "0\r\n\r\n"), 400, "request.bad_framing"},
        Hostile{"coding_gzip_chunked", headed("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501,
                "request.unknown_transfer_encoding"},
        Hostile{"coding_identity", headed("Transfer-Encoding: identity\r\n"), 501, "request.unknown_transfer_encoding"},
        Hostile{"coding_disguised", headed("Transfer-Encoding: xchunked\r\n"), 501, "request.unknown_transfer_encoding"},
        Hostile{"coding_in_http_1_0", "POST /routed HTTP/1.0\r\n" + chunked_field + "\r\n0\r\n\r\n", 400, "request.bad_framing"},
        Hostile{"coding_space_before_colon", headed("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), 400, "request.malformed"},
        Hostile{"header_70_kb", headed("A: " + std::string(70'000, 'h') + "\r\n"), 431, "request.header_too_large"},
        Hostile{"header_of_many_lines",
                [] {
                  std::string lines;
                  for (int i = 0; i < 5000; ++i) lines += "A" + std::to_string(i) + ": b\r\n";
                  return headed(lines);
                }(),
                431, "request.header_too_large"},
        Hostile{"target_70_kb", "GET /" + std::string(70'000, 't') + " HTTP/1.1\r\nHost: x\r\n\r\n", 431,
                "request.header_too_large"},
        Hostile{"bare_lf", "GET /routed HTTP/1.1\nHost: x\n\n", 505, "request.bad_version"},
        Hostile{"bare_lf_in_a_field", "GET /routed HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400, "request.malformed"},
        Hostile{"bare_cr_in_a_field", "GET /routed HTTP/1.1\r\nHost: x\rA: b\r\n\r\n", 400, "request.malformed"},
        Hostile{"nul_in_a_field", std::string("GET /routed HTTP/1.1\r\nHost: x\0y\r\n\r\n", 36), 400, "request.malformed"},
        Hostile{"host_space", "GET /routed HTTP/1.1\r\nHost : x\r\n\r\n", 400, "request.malformed"},
        Hostile{"no_host", "GET /routed HTTP/1.1\r\n\r\n", 400, "request.bad_host"},
        Hostile{"two_hosts", "GET /routed HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "request.bad_host"},
        Hostile{"field_without_name", "GET /routed HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n", 400, "request.malformed"},
        Hostile{"field_without_colon", "GET /routed HTTP/1.1\r\nHost: x\r\nnothing\r\n\r\n", 400, "request.malformed"},
        Hostile{"space_before_first_field", "GET /routed HTTP/1.1\r\n Host: x\r\n\r\n", 400, "request.malformed"},
        Hostile{"http_2", "GET /routed HTTP/2.0\r\nHost: x\r\n\r\n", 505, "request.bad_version"},
        Hostile{"http_2_preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "request.bad_version"},
        Hostile{"http_0_9", "GET /routed\r\n\r\n", 400, "request.malformed"},
        Hostile{"target_with_fragment", "GET /routed#a HTTP/1.1\r\nHost: x\r\n\r\n", 400, "request.bad_target"},
        Hostile{"target_without_slash", "GET routed HTTP/1.1\r\nHost: x\r\n\r\n", 400, "request.bad_target"},
        Hostile{"connect", "CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "request.bad_target"},
        Hostile{"method_with_a_colon", "G:T /routed HTTP/1.1\r\nHost: x\r\n\r\n", 400, "request.malformed"},
        Hostile{"tls_on_a_plain_port", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), 400, "request.malformed"}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(Hostile, EndlessChunksAreCutAtTheLimit) {
  Served served;
  RawClient client(served.port());
  client.send("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "10000\r\n" + std::string(65'536, 'c') + "\r\n";
  bool taken = true;
  for (int i = 0; i < 40 && taken; ++i) taken = client.send(chunk);
  const auto answer = client.answer();
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(served.routes.handled, 0);
}

TEST(Hostile, ASmuggledSecondRequestIsNotSeen) {
  Served served;
  RawClient client(served.port());
  client.send(
      "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /b "
      "HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.answer().status, 400);
  client.close_writing();
  EXPECT_EQ(client.rest(), "");
  EXPECT_EQ(served.routes.handled, 0);
}

TEST(Hostile, AnEndlessGzipBodyThatUnpacksToNothingIsCut) {
  Served served;
  served.routes.body_max = 10'000;
  RawClient client(served.port());
  // A gzip header, then empty stored blocks for ever.
  std::string body("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
  for (int i = 0; i < 20'000; ++i) body.append("\0\0\0\xff\xff", 5);
  client.send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n");
  char line[16];
  std::snprintf(line, sizeof line, "%zx\r\n", body.size());
  client.send(line + body);
  EXPECT_EQ(client.answer().status, 413);
}

TEST(Hostile, ASlowHeaderIsToldAndClosed) {
  ServerOptions options;
  options.header_timeout = 200ms;
  Served served(options);
  RawClient client(served.port());
  // A byte now and then does not move the deadline.
  const std::string head = "GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(1000, 'a');
  std::atomic<bool> stop{false};
  std::thread drip([&] {
    for (std::size_t i = 0; i < head.size() && !stop; ++i) {
      if (!client.send({&head[i], 1})) return;
      std::this_thread::sleep_for(5ms);
    }
  });
  const auto answer = client.answer();
  stop = true;
  drip.join();
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.body, "request.header_timeout");
}

TEST(Hostile, ASlowBodyIsToldAndClosed) {
  ServerOptions options;
  options.body_timeout = 200ms;
  Served served(options);
  {
    RawClient client(served.port());
    const auto answer = client.ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf");
    EXPECT_EQ(answer.status, 408);
    EXPECT_EQ(answer.body, "request.body_timeout");
    EXPECT_EQ(answer.headers.get("Connection"), "close");
  }
  {
    // Single bytes are not progress.
    RawClient client(served.port());
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
    std::atomic<bool> stop{false};
    std::thread drip([&] {
      for (int i = 0; i < 900 && !stop; ++i) {
        if (!client.send("x")) return;
        std::this_thread::sleep_for(5ms);
      }
    });
    EXPECT_EQ(client.answer().status, 408);
    stop = true;
    drip.join();
  }
  EXPECT_EQ(served.routes.handled, 0);
}

TEST(Hostile, ASilentConnectionIsClosedWithoutAWord) {
  ServerOptions options;
  options.header_timeout = 100ms;
  options.idle_timeout = 100ms;
  Served served(options);
  RawClient silent(served.port());
  EXPECT_EQ(silent.rest(), "");
  EXPECT_TRUE(silent.ended());
  RawClient idle(served.port());
  EXPECT_EQ(idle.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
  EXPECT_EQ(idle.rest(), "");
  EXPECT_TRUE(idle.ended());
}

TEST(Hostile, AClientThatDoesNotReadIsLetGo) {
  ServerOptions options;
  options.write_timeout = 200ms;
  Served served(options);
  served.routes.routes["/huge"] = [](Request&) {
    Response response;
    response.body = std::string(64 << 20, 'h');
    return response;
  };
  RawClient client(served.port());
  client.send("GET /huge HTTP/1.1\r\nHost: x\r\n\r\n");
  // Nothing is read until the server has given up, which the drain shows: it waits for the connection to end.
  served.server->drain(8000ms);
  EXPECT_NE(served.log.text().find(R"("cut":true)"), std::string::npos);
}

TEST(Hostile, AClientThatLeavesInTheMiddleHarmsNobody) {
  Served served;
  for (const std::string& part : {std::string("GE"), std::string("GET / HTTP/1.1\r\nHost: x\r\n"),
                                  headed("Content-Length: 100\r\n", "half"), headed(chunked_field, "5\r\nab")}) {
    RawClient client(served.port());
    client.send(part);
    client.close_writing();
    EXPECT_EQ(client.rest(), "");
  }
  EXPECT_EQ(served.routes.handled, 0);
  RawClient client(served.port());
  EXPECT_EQ(client.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
}

}  // namespace
}  // namespace handoff::net::test
