// Bodies, their framing and their packing, without a socket.
#include "net/body.h"

#include <gtest/gtest.h>

#include "net/body_reader.h"
#include "net/chunked.h"
#include "net/gzip.h"
#include "net/test_support.h"

namespace handoff::net {
namespace {

TEST(Body, KeepsItsBytesInMemoryOrInAFile) {
  for (const std::size_t memory_max : {0UL, 5UL, 10UL, 1000UL}) {
    BodySink sink(memory_max, {});
    ASSERT_TRUE(sink.add("hello "));
    ASSERT_TRUE(sink.add(""));
    ASSERT_TRUE(sink.add("world"));
    EXPECT_EQ(sink.size(), 11U);
    const auto body = sink.finish();
    EXPECT_EQ(body->size(), 11U);
    EXPECT_EQ(body->all().value(), "hello world");
    EXPECT_EQ(body->read(6, 3).value(), "wor");
    EXPECT_EQ(body->read(6, 300).value(), "world");
    EXPECT_EQ(body->read(11, 1).value(), "");
    EXPECT_EQ(body->read(UINT64_MAX, SIZE_MAX).value(), "");
  }
  EXPECT_EQ(body_of("x")->all().value(), "x");
}

TEST(Body, SaysWhereItCannotBeStored) {
  BodySink sink(2, "/nonexistent");
  EXPECT_TRUE(sink.add("ab"));
  const auto stored = sink.add("c");
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().code, "body.not_stored");
}

// The body and what is left over, fed in pieces of one size; nothing where it was refused.
std::optional<std::pair<std::string, std::string>> dechunked(std::string_view text, std::size_t size) {
  ChunkDecoder decoder;
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto step = decoder.next(text.substr(at, size));
    at += step.used;
    out.append(step.data);
    if (step.bad) return std::nullopt;
    if (step.done) return std::pair(out, std::string(text.substr(at)));
    if (step.used == 0) return std::nullopt;
  }
  return std::nullopt;
}

TEST(Chunked, IsReadWhateverThePiecesAre) {
  const std::string text = "3\r\nabc\r\n00A;x=\"y\"\r\n0123456789\r\n0 \r\nA: b\r\nC: d\r\n\r\nnext";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    const auto read = dechunked(text, size);
    ASSERT_TRUE(read) << size;
    EXPECT_EQ(read->first, "abc0123456789");
    EXPECT_EQ(read->second, "next");
  }
}

TEST(Chunked, AllowsExtensionsInProportion) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "a;ext=1\r\n0123456789\r\n";
  EXPECT_TRUE(dechunked(text + "0\r\n\r\n", 4096));
  text.clear();
  for (int i = 0; i < 10'000; ++i) text += "1;ext=1\r\nx\r\n";
  EXPECT_FALSE(dechunked(text + "0\r\n\r\n", 4096));
}

TEST(Gzip, PacksAndUnpacksInAnyPieces) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += std::to_string(i * 7919);
  const std::string packed = gzip(text);
  EXPECT_LT(packed.size(), text.size());
  for (const std::size_t size : {1UL, 7UL, 1000UL, 1'000'000UL}) {
    GzipDecoder decoder;
    std::string out;
    for (std::size_t at = 0; at < packed.size(); at += size) {
      EXPECT_FALSE(decoder.complete());
      ASSERT_TRUE(decoder.feed(std::string_view(packed).substr(at, size), [&](std::string_view piece) -> Result<void> {
        out.append(piece);
        return {};
      }));
    }
    EXPECT_TRUE(decoder.complete());
    EXPECT_EQ(out, text);
  }
}

TEST(Gzip, ExactMultiplesOfThePieceEndWell) {
  for (const std::size_t size : {32'767UL, 32'768UL, 32'769UL, 65'536UL}) {
    GzipDecoder decoder;
    std::size_t made = 0;
    ASSERT_TRUE(decoder.feed(gzip(std::string(size, 'x')), [&](std::string_view piece) -> Result<void> {
      made += piece.size();
      return {};
    }));
    EXPECT_EQ(made, size);
    EXPECT_TRUE(decoder.complete());
  }
}

TEST(Gzip, StopsWhenTheTakerHasEnough) {
  GzipDecoder decoder;
  std::size_t made = 0;
  const auto fed = decoder.feed(gzip(std::string(50'000'000, 'b')), [&](std::string_view piece) -> Result<void> {
    made += piece.size();
    if (made > 100'000) return Error{Kind::too_large, "enough", {}, {}};
    return {};
  });
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().code, "enough");
  EXPECT_LT(made, 200'000U);
}

Head head_of(std::string_view text) {
  HeadParser parser(16 * 1024);
  const auto fed = parser.feed(text);
  EXPECT_TRUE(fed.done);
  EXPECT_EQ(fed.used, text.size());
  return parser.take();
}

TEST(BodyReader, LeavesTheNextRequestAlone) {
  const Head head = head_of("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n");
  BodyReader reader(head, {100}, 100, {});
  auto fed = reader.feed("ab");
  EXPECT_EQ(fed.used, 2U);
  EXPECT_FALSE(reader.done());
  fed = reader.feed("cGET /");
  EXPECT_EQ(fed.used, 1U);
  EXPECT_TRUE(reader.done());
  EXPECT_EQ(reader.finish()->all().value(), "abc");
}

TEST(BodyReader, TakesExactlyTheLimit) {
  for (const auto& [length, refused] : {std::pair{"10", false}, {"11", true}}) {
    const Head head = head_of(std::string("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: ") + length + "\r\n\r\n");
    EXPECT_EQ(BodyReader::refusal_of(head, {10}).has_value(), refused);
  }
  const Head head = head_of("PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  {
    BodyReader reader(head, {10}, 100, {});
    EXPECT_FALSE(reader.feed("a\r\n0123456789\r\n0\r\n\r\n").refusal);
    EXPECT_TRUE(reader.done());
  }
  {
    BodyReader reader(head, {10}, 100, {});
    EXPECT_EQ(reader.feed("b\r\n0123456789x\r\n0\r\n\r\n").refusal->status, 413);
  }
  {
    BodyReader reader(head, {UINT64_MAX}, 100, {});
    EXPECT_FALSE(reader.feed("b\r\n0123456789x\r\n0\r\n\r\n").refusal);
  }
}

}  // namespace
}  // namespace handoff::net
