// The assertion of the JWT bearer flow (RFC 7523): three parts, signed with RS256.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace handoff::face::salesforce {

struct JsonWebToken {
  std::string issuer, subject, audience;
  Instant expires{};
  std::string signed_text;  // header and claims, as they were signed
  std::string signature;    // raw
};
// Nothing where the text is no such token, is signed in another way, or lacks a claim.
std::optional<JsonWebToken> read_json_web_token(std::string_view text);
// RSASSA-PKCS1-v1_5 with SHA-256 by the key in `pem` (a public key or a certificate).
bool is_signed_by(const JsonWebToken& token, const std::string& pem);

}  // namespace handoff::face::salesforce
