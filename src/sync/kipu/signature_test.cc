// Goal: what is signed is what KIPU expects, byte for byte. Method: known answers that two independent implementations
// computed beforehand.
#include "sync/kipu/signature.h"

#include <gtest/gtest.h>

namespace handoff::sync::kipu {
namespace {

const Credentials credentials{"handoff-access", Secret("handoff-test-secret")};
constexpr std::string_view date = "Sun, 01 Mar 2026 15:04:05 GMT";
constexpr std::string_view get_uri =
    "/api/patients/latest?app_id=42&start_date=2026-03-01&end_date=2026-03-02&page=1&per=100";
constexpr std::string_view post_body =
    R"({"document":{"recipient_id":"42","sending_app_name":"handoff","data":{"first_name":"Test",)"
    R"("last_name":"Person","dob":"1990-01-02"}}})";

Instant moment() { return parse_instant("2026-03-01T15:04:05Z").value().at; }

TEST(KipuSignature, a_get_keeps_the_two_leading_commas) {
  EXPECT_EQ(canonical_string({get_uri, {}, {}, date}), ",," + std::string(get_uri) + "," + std::string(date));
}

TEST(KipuSignature, known_answers_of_a_get) {
  EXPECT_EQ(signature(Scheme::sha1, credentials.secret_key, {get_uri, {}, {}, date}), "rbf8RbOevaH05ySO04xzVsEBuU0=");
  EXPECT_EQ(signature(Scheme::sha256, credentials.secret_key, {get_uri, {}, {}, date}),
            "LDsaFqQ586IDYQq0Ydq3o7oRaxQw8sPLCglnYzmgoPM=");
}

TEST(KipuSignature, known_answers_of_a_post) {
  ASSERT_EQ(post_body.size(), 132U);
  const std::string md5 = content_md5(post_body);
  EXPECT_EQ(md5, "lhOx9l1jAeJ5gUMJcb18Zw==");
  const ToSign request{"/api/patients", "application/json", md5, date};
  EXPECT_EQ(canonical_string(request), "application/json,lhOx9l1jAeJ5gUMJcb18Zw==,/api/patients," + std::string(date));
  EXPECT_EQ(signature(Scheme::sha1, credentials.secret_key, request), "Fa7PMbo/rvT++hacf8W+hkl45CE=");
  EXPECT_EQ(signature(Scheme::sha256, credentials.secret_key, request), "Pvf97i9evgpwdhTdhKQPuoxpxTFqLq6rzzwl3dNVDHc=");
}

TEST(KipuSignature, the_prefix_names_the_hash) {
  const SignedHeaders v3 = sign_get(Scheme::sha1, credentials, get_uri, moment());
  EXPECT_EQ(v3.authorization, "APIAuth handoff-access:rbf8RbOevaH05ySO04xzVsEBuU0=");
  EXPECT_EQ(v3.date, date);
  EXPECT_EQ(v3.content_type, "");
  EXPECT_EQ(v3.content_md5, "");
  EXPECT_EQ(sign_get(Scheme::sha256, credentials, get_uri, moment()).authorization,
            "APIAuth-HMAC-SHA256 handoff-access:LDsaFqQ586IDYQq0Ydq3o7oRaxQw8sPLCglnYzmgoPM=");
}

TEST(KipuSignature, a_request_with_a_body_says_its_hash) {
  const SignedHeaders headers =
      sign_body(Scheme::sha1, credentials, "/api/patients", "application/json", post_body, moment());
  EXPECT_EQ(headers.content_type, "application/json");
  EXPECT_EQ(headers.content_md5, "lhOx9l1jAeJ5gUMJcb18Zw==");
  EXPECT_EQ(headers.authorization, "APIAuth handoff-access:Fa7PMbo/rvT++hacf8W+hkl45CE=");
}

TEST(KipuSignature, every_byte_that_is_signed_counts) {
  const ToSign request{get_uri, {}, {}, date};
  const std::string right = signature(Scheme::sha1, credentials.secret_key, request);
  EXPECT_NE(signature(Scheme::sha1, Secret("handoff-test-secreT"), request), right);
  EXPECT_NE(signature(Scheme::sha1, credentials.secret_key, {std::string(get_uri) + "&", {}, {}, date}), right);
  EXPECT_NE(signature(Scheme::sha1, credentials.secret_key, {get_uri, "application/json", {}, date}), right);
  EXPECT_NE(signature(Scheme::sha1, credentials.secret_key, {get_uri, {}, {}, "Sun, 01 Mar 2026 15:04:06 GMT"}), right);
}

}  // namespace
}  // namespace handoff::sync::kipu
