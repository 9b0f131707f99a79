#include "net/multipart.h"

#include <gtest/gtest.h>

namespace handoff::net {
namespace {

constexpr std::string_view type = "multipart/form-data; boundary=frontier";

std::string part(std::string_view disposition, std::string_view content, std::string_view more = {}) {
  return "--frontier\r\nContent-Disposition: form-data; " + std::string(disposition) + "\r\n" + std::string(more) +
         "\r\n" + std::string(content) + "\r\n";
}

std::string content_of(const Body& body, const FormPart& part) {
  return body.read(part.offset, static_cast<std::size_t>(part.size)).value();
}

std::string code_of(std::string body, std::string_view content_type = type) {
  const auto parsed = parse_multipart(*body_of(std::move(body)), content_type);
  return parsed ? "" : parsed.error().code;
}

TEST(Multipart, ReadsFieldsAndFiles) {
  const auto body =
      body_of("a preamble\r\n" + part("name=\"note\"", "see attached") +
              part("name=\"file\"; filename=\"scan.pdf\"", "%PDF\r\n--frontie", "Content-Type: application/pdf\r\n") +
              part("name=empty", "") + "--frontier--\r\nan epilogue");
  const auto parts = parse_multipart(*body, type).value();
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[0].name, "note");
  EXPECT_EQ(parts[0].file_name, "");
  EXPECT_EQ(content_of(*body, parts[0]), "see attached");
  EXPECT_EQ(parts[1].file_name, "scan.pdf");
  EXPECT_EQ(parts[1].content_type, "application/pdf");
  EXPECT_EQ(content_of(*body, parts[1]), "%PDF\r\n--frontie");
  EXPECT_EQ(parts[2].name, "empty");
  EXPECT_EQ(parts[2].size, 0U);
}

TEST(Multipart, FindsBoundariesWhereverTheyFall) {
  // The window is 64 KiB; the delimiter is moved over both of its edges byte by byte.
  for (const std::size_t edge : {65'536UL, 131'072UL}) {
    for (std::size_t size = edge - 140; size < edge + 20; ++size) {
      const std::string content = std::string(size, 'x');
      const auto body = body_of(part("name=a", content) + part("name=b", "\r\n--frontierX\r\n") + "--frontier--");
      const auto parts = parse_multipart(*body, type);
      ASSERT_TRUE(parts) << size << " " << parts.error().for_caller;
      ASSERT_EQ(parts->size(), 2U);
      EXPECT_EQ((*parts)[0].size, size);
      EXPECT_EQ(content_of(*body, (*parts)[1]), "\r\n--frontierX\r\n");
    }
  }
}

TEST(Multipart, UnderstandsTheWaysToNameAFile) {
  const auto named = [](std::string_view disposition) {
    return parse_multipart(*body_of(part(disposition, "x") + "--frontier--"), type).value().at(0);
  };
  EXPECT_EQ(named("name=\"a \\\"b\\\"; c\"").name, "a \"b\"; c");
  EXPECT_EQ(named("name=f; filename=plain.txt").file_name, "plain.txt");
  EXPECT_EQ(named("name=f; filename=\"ascii.txt\"; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.txt").file_name,
            "naïve €.txt");
  EXPECT_EQ(named("name=f; filename*=utf-8'en'a.txt; filename=\"b.txt\"").file_name, "a.txt");
  EXPECT_EQ(named("name=f; filename=\"C:\\scans\\letter.pdf\"").file_name, "letter.pdf");
  EXPECT_EQ(named("name=f; filename=\"../../etc/passwd\"").file_name, "passwd");
  EXPECT_EQ(named("name=f; filename*=UTF-8''..%2F..%2Fx.txt").file_name, "x.txt");
}

TEST(Multipart, RefusesWhatIsNotWhole) {
  EXPECT_EQ(code_of(part("name=a", "x")), "multipart.malformed");  // no end boundary
  EXPECT_EQ(code_of(""), "multipart.malformed");
  EXPECT_EQ(code_of("nothing here"), "multipart.malformed");
  EXPECT_EQ(code_of("--frontier\r\nContent-Disposition: form-data; name=a\r\n"), "multipart.malformed");
  EXPECT_EQ(code_of("--frontier\r\n\r\nno header\r\n--frontier--"), "multipart.malformed");
  EXPECT_EQ(code_of(part("filename=a", "x") + "--frontier--"), "multipart.malformed");
  EXPECT_EQ(code_of("--frontier\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--frontier--"),
            "multipart.malformed");
  EXPECT_EQ(code_of(part("name=a", "x", "no colon\r\n") + "--frontier--"), "multipart.malformed");
  EXPECT_EQ(code_of(part("name=a", "x", "Content-Disposition: form-data; name=b\r\n") + "--frontier--"),
            "multipart.malformed");
  EXPECT_EQ(code_of(part("name=a", "eA==", "Content-Transfer-Encoding: base64\r\n") + "--frontier--"),
            "multipart.malformed");
  EXPECT_EQ(code_of(part("name=\"\xff\"", "x") + "--frontier--"), "multipart.malformed");
  EXPECT_EQ(code_of(part("name=a; filename*=UTF-8''%00", "x") + "--frontier--"), "multipart.malformed");
  EXPECT_EQ(code_of(part("name=a; filename*=ISO-8859-1''x", "x") + "--frontier--"), "multipart.malformed");
  EXPECT_EQ(code_of(part("name=a", "x", "A: " + std::string(10'000, 'h') + "\r\n") + "--frontier--"),
            "multipart.malformed");
  EXPECT_EQ(code_of("--frontier--", "multipart/form-data"), "multipart.no_boundary");
  EXPECT_EQ(code_of("--frontier--", "multipart/mixed; boundary=frontier"), "multipart.no_boundary");
  EXPECT_EQ(code_of("--frontier--", "multipart/form-data; boundary=" + std::string(71, 'b')), "multipart.no_boundary");
  EXPECT_EQ(code_of("--frontier--"), "");
  EXPECT_EQ(code_of("--frontier  \r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--frontier--"), "");
}

TEST(Multipart, BoundsTheNumberOfParts) {
  std::string body;
  for (int i = 0; i < 6; ++i) body += part("name=a", "x");
  body += "--frontier--";
  EXPECT_EQ(parse_multipart(*body_of(body), type, 6).value().size(), 6U);
  const auto parsed = parse_multipart(*body_of(body), type, 5);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, "multipart.too_many_parts");
}

TEST(Multipart, StaysQuickWhenEveryLineLooksLikeABoundary) {
  std::string content;
  while (content.size() < 5'000'000) content += "\r\n--frontierX";
  const auto body = body_of(part("name=a", content) + "--frontier--");
  EXPECT_EQ(parse_multipart(*body, type).value().at(0).size, content.size());
}

TEST(Multipart, ReadsWhatItWrites) {
  std::vector<FormPiece> pieces(3);
  pieces[0] = {"note", "", "", {"hello", {}, 0}};
  pieces[1] = {"a \"file\"\r\n", "päper.pdf", "application/pdf", {std::string(100'000, 'f'), {}, 0}};
  pieces[2] = {"none", "", "", {}};
  std::string text;
  for (const auto& piece : write_multipart(std::move(pieces), "frontier")) text += piece.bytes;
  const auto body = body_of(text);
  const auto parts = parse_multipart(*body, type).value();
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(content_of(*body, parts[0]), "hello");
  EXPECT_EQ(parts[1].name, "a %22file%22%0D%0A");
  EXPECT_EQ(parts[1].file_name, "päper.pdf");
  EXPECT_EQ(parts[1].content_type, "application/pdf");
  EXPECT_EQ(parts[1].size, 100'000U);
  EXPECT_EQ(parts[2].size, 0U);
}

}  // namespace
}  // namespace handoff::net
