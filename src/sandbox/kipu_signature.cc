#include "sandbox/kipu_signature.h"

#include "base/crypto.h"
#include "base/http_date.h"
#include "base/text.h"

namespace handoff::sandbox {

namespace {

constexpr std::chrono::seconds window{900};

}  // namespace

std::string_view word(KipuVerdict verdict) {
  switch (verdict) {
    case KipuVerdict::ok: return "ok";
    case KipuVerdict::missing: return "missing";
    case KipuVerdict::unknown_scheme: return "unknown_scheme";
    case KipuVerdict::unknown_access_id: return "unknown_access_id";
    case KipuVerdict::missing_date: return "missing_date";
    case KipuVerdict::stale_date: return "stale_date";
    case KipuVerdict::missing_md5: return "missing_md5";
    case KipuVerdict::wrong_md5: return "wrong_md5";
    case KipuVerdict::wrong_signature: return "wrong_signature";
  }
  return "";
}

KipuVerdict verify_kipu_request(const net::Request& request, std::string_view body, const KipuCredentials& credentials,
                                Instant now) {
  const std::string_view authorization = trim(request.headers.get("Authorization"));
  if (authorization.empty()) return KipuVerdict::missing;
  const std::size_t space = authorization.find(' ');
  const std::string_view scheme = authorization.substr(0, space);
  const bool sha256_named = scheme == "APIAuth-HMAC-SHA256";
  if (!sha256_named && scheme != "APIAuth") return KipuVerdict::unknown_scheme;
  const std::string_view given = space == std::string_view::npos ? "" : trim(authorization.substr(space + 1));
  const std::size_t colon = given.rfind(':');
  if (colon == std::string_view::npos || given.substr(0, colon) != credentials.access_id) {
    return KipuVerdict::unknown_access_id;
  }

  // Who sends X-Auth-Date does so because some library writes Date by itself.
  const std::string* own_date = request.headers.find("X-Auth-Date");
  const std::string_view date = own_date != nullptr ? *own_date : request.headers.get("Date");
  const std::optional<Instant> at = parse_http_date(date);
  if (!at) return KipuVerdict::missing_date;
  const auto distance = *at > now ? *at - now : now - *at;
  if (distance > window) return KipuVerdict::stale_date;

  // Some clients send the hash of the empty body with a GET; a hash that is sent must be right wherever it stands.
  const std::string* body_hash = request.headers.find("Content-MD5");
  if (body_hash == nullptr && !body.empty()) return KipuVerdict::missing_md5;
  if (body_hash != nullptr && *body_hash != base64(md5(body))) return KipuVerdict::wrong_md5;

  std::string signed_text(request.headers.get("Content-Type"));
  signed_text.append(",").append(body_hash == nullptr ? std::string_view() : *body_hash).append(",");
  signed_text.append(request.path);
  if (!request.query.empty()) signed_text.append("?").append(request.query);
  signed_text.append(",").append(date);
  const std::string& key = credentials.secret_key.reveal();
  const std::string right = base64(sha256_named ? hmac_sha256(key, signed_text) : hmac_sha1(key, signed_text));
  return equal_in_constant_time(given.substr(colon + 1), right) ? KipuVerdict::ok : KipuVerdict::wrong_signature;
}

}  // namespace handoff::sandbox
