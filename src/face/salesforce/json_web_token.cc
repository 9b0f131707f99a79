#include "face/salesforce/json_web_token.h"

#include "base/crypto.h"
#include "base/json.h"
#include "base/text.h"

namespace handoff::face::salesforce {
namespace {

constexpr std::size_t token_max = 16 * 1024;

std::optional<std::string> decoded(std::string_view part) {
  std::string plain(part);
  for (char& c : plain) {
    if (c == '-') {
      c = '+';
    } else if (c == '_') {
      c = '/';
    }
  }
  plain.append((4 - plain.size() % 4) % 4, '=');
  auto bytes = base64_decode(plain);
  return bytes ? std::optional(std::move(*bytes)) : std::nullopt;
}

std::optional<Json> decoded_json(std::string_view part) {
  const auto text = decoded(part);
  if (!text) return std::nullopt;
  auto json = Json::parse(*text);
  return json && json->is_object() ? std::optional(std::move(*json)) : std::nullopt;
}

}  // namespace

std::optional<JsonWebToken> read_json_web_token(std::string_view text) {
  if (text.size() > token_max) return std::nullopt;
  const auto parts = split(text, '.');
  if (parts.size() != 3) return std::nullopt;
  const auto header = decoded_json(parts[0]), claims = decoded_json(parts[1]);
  const auto signature = decoded(parts[2]);
  if (!header || !claims || !signature || (*header)["alg"].text_or() != "RS256") return std::nullopt;
  JsonWebToken out;
  out.issuer = (*claims)["iss"].text_or();
  out.subject = (*claims)["sub"].text_or();
  const Json& audience = (*claims)["aud"];
  out.audience = audience.is_array() && audience.size() == 1 ? audience.items().front().text_or() : audience.text_or();
  const auto expires = (*claims)["exp"].real();
  constexpr double latest = 253402300799;  // the year 9999
  if (!expires || *expires < 0 || *expires > latest) return std::nullopt;
  out.expires = from_ms(static_cast<std::int64_t>(*expires * 1000));
  out.signed_text = parts[0] + "." + parts[1];
  out.signature = *signature;
  return out;
}

bool is_signed_by(const JsonWebToken& token, const std::string& pem) {
  return verify_rs256(pem, token.signed_text, token.signature);
}

}  // namespace handoff::face::salesforce
