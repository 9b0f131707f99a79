// Goal: the sandbox accepts what KIPU accepts and refuses the rest, each for its own reason. Method: known answers that
// two independent implementations computed beforehand, then requests with one thing wrong.
#include "sandbox/kipu_signature.h"

#include <gtest/gtest.h>

#include "base/crypto.h"

namespace handoff::sandbox {
namespace {

const KipuCredentials credentials{"handoff-access", Secret("handoff-test-secret")};
constexpr std::string_view date = "Sun, 01 Mar 2026 15:04:05 GMT";
constexpr std::string_view post_body =
    R"({"document":{"recipient_id":"42","sending_app_name":"handoff","data":{"first_name":"Test",)"
    R"("last_name":"Person","dob":"1990-01-02"}}})";

Instant moment() { return parse_instant("2026-03-01T15:04:05Z").value().at; }

net::Request get_request() {
  net::Request request;
  request.method = "GET";
  request.path = "/api/patients/latest";
  request.query = "app_id=42&start_date=2026-03-01&end_date=2026-03-02&page=1&per=100";
  request.headers.add("Date", std::string(date));
  request.headers.add("Authorization", "APIAuth handoff-access:rbf8RbOevaH05ySO04xzVsEBuU0=");
  return request;
}

net::Request post_request() {
  net::Request request;
  request.method = "POST";
  request.path = "/api/patients";
  request.headers.add("Date", std::string(date));
  request.headers.add("Content-Type", "application/json");
  request.headers.add("Content-MD5", "lhOx9l1jAeJ5gUMJcb18Zw==");
  request.headers.add("Authorization", "APIAuth handoff-access:Fa7PMbo/rvT++hacf8W+hkl45CE=");
  return request;
}

KipuVerdict verdict(const net::Request& request, std::string_view body = {}, Instant now = moment()) {
  return verify_kipu_request(request, body, credentials, now);
}

TEST(KipuSandboxSignature, known_answers_are_right) {
  net::Request request = get_request();
  EXPECT_EQ(verdict(request), KipuVerdict::ok);
  request.headers.set("Authorization",
                      "APIAuth-HMAC-SHA256 handoff-access:LDsaFqQ586IDYQq0Ydq3o7oRaxQw8sPLCglnYzmgoPM=");
  EXPECT_EQ(verdict(request), KipuVerdict::ok);
  request = post_request();
  EXPECT_EQ(verdict(request, post_body), KipuVerdict::ok);
  request.headers.set("Authorization",
                      "APIAuth-HMAC-SHA256 handoff-access:Pvf97i9evgpwdhTdhKQPuoxpxTFqLq6rzzwl3dNVDHc=");
  EXPECT_EQ(verdict(request, post_body), KipuVerdict::ok);
}

TEST(KipuSandboxSignature, the_prefix_selects_the_hash_and_bare_means_sha1) {
  net::Request request = get_request();
  request.headers.set("Authorization", "APIAuth handoff-access:LDsaFqQ586IDYQq0Ydq3o7oRaxQw8sPLCglnYzmgoPM=");
  EXPECT_EQ(verdict(request), KipuVerdict::wrong_signature);
  request.headers.set("Authorization", "APIAuth-HMAC-SHA256 handoff-access:rbf8RbOevaH05ySO04xzVsEBuU0=");
  EXPECT_EQ(verdict(request), KipuVerdict::wrong_signature);
  request.headers.set("Authorization", "APIAuth-HMAC-SHA512 handoff-access:rbf8RbOevaH05ySO04xzVsEBuU0=");
  EXPECT_EQ(verdict(request), KipuVerdict::unknown_scheme);
}

TEST(KipuSandboxSignature, another_id_another_address_or_no_signature) {
  net::Request request = get_request();
  request.query += "&location_id=2";
  EXPECT_EQ(verdict(request), KipuVerdict::wrong_signature);
  request = get_request();
  request.headers.set("Authorization", "APIAuth somebody-else:rbf8RbOevaH05ySO04xzVsEBuU0=");
  EXPECT_EQ(verdict(request), KipuVerdict::unknown_access_id);
  request.headers.remove("Authorization");
  EXPECT_EQ(verdict(request), KipuVerdict::missing);
}

TEST(KipuSandboxSignature, the_date_may_be_a_quarter_of_an_hour_off_in_either_direction) {
  const net::Request request = get_request();
  EXPECT_EQ(verdict(request, {}, moment() + std::chrono::seconds(900)), KipuVerdict::ok);
  EXPECT_EQ(verdict(request, {}, moment() - std::chrono::seconds(900)), KipuVerdict::ok);
  EXPECT_EQ(verdict(request, {}, moment() + std::chrono::seconds(901)), KipuVerdict::stale_date);
  EXPECT_EQ(verdict(request, {}, moment() - std::chrono::seconds(901)), KipuVerdict::stale_date);
}

TEST(KipuSandboxSignature, a_client_that_cannot_set_the_date_says_it_in_a_header_of_its_own) {
  net::Request request = get_request();
  request.headers.set("Date", "Sun, 01 Mar 2026 15:04:09 GMT");
  request.headers.add("X-Auth-Date", std::string(date));
  EXPECT_EQ(verdict(request), KipuVerdict::ok);
  request.headers.remove("Date");
  EXPECT_EQ(verdict(request), KipuVerdict::ok);
  request.headers.remove("X-Auth-Date");
  EXPECT_EQ(verdict(request), KipuVerdict::missing_date);
  request.headers.set("Date", "2026-03-01T15:04:05Z");
  EXPECT_EQ(verdict(request), KipuVerdict::missing_date);
}

TEST(KipuSandboxSignature, the_hash_of_a_body_is_needed_and_must_be_that_of_its_bytes) {
  net::Request request = post_request();
  EXPECT_EQ(verdict(request, "{}"), KipuVerdict::wrong_md5);
  request.headers.remove("Content-MD5");
  EXPECT_EQ(verdict(request, post_body), KipuVerdict::missing_md5);
}

TEST(KipuSandboxSignature, a_get_may_carry_a_content_type_and_the_hash_of_nothing) {
  net::Request request = get_request();
  const std::string hash = base64(md5(""));
  request.headers.add("Content-Type", "application/json");
  request.headers.add("Content-MD5", hash);
  EXPECT_EQ(verdict(request), KipuVerdict::wrong_signature) << "the headers that came are what is signed";
  const std::string text =
      "application/json," + hash + "," + request.path + "?" + request.query + "," + std::string(date);
  request.headers.set("Authorization", "APIAuth handoff-access:" + base64(hmac_sha1("handoff-test-secret", text)));
  EXPECT_EQ(verdict(request), KipuVerdict::ok);
}

}  // namespace
}  // namespace handoff::sandbox
