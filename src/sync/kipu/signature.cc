#include "sync/kipu/signature.h"

#include "base/crypto.h"
#include "base/http_date.h"

namespace handoff::sync::kipu {

namespace {

SignedHeaders sign(Scheme scheme, const Credentials& credentials, std::string_view request_uri,
                   std::string content_type, std::string md5_of_content, Instant at) {
  SignedHeaders headers;
  headers.date = format_http_date(at);
  headers.content_type = std::move(content_type);
  headers.content_md5 = std::move(md5_of_content);
  const std::string signed_text =
      signature(scheme, credentials.secret_key, {request_uri, headers.content_type, headers.content_md5, headers.date});
  headers.authorization = (scheme == Scheme::sha1 ? "APIAuth " : "APIAuth-HMAC-SHA256 ") + credentials.access_id;
  headers.authorization.append(":").append(signed_text);
  return headers;
}

}  // namespace

std::string content_md5(std::string_view body) { return base64(md5(body)); }

std::string canonical_string(const ToSign& request) {
  std::string text;
  text.append(request.content_type).append(",").append(request.content_md5).append(",");
  text.append(request.request_uri).append(",").append(request.date);
  return text;
}

std::string signature(Scheme scheme, const Secret& secret_key, const ToSign& request) {
  const std::string text = canonical_string(request);
  const std::string& key = secret_key.reveal();
  return base64(scheme == Scheme::sha1 ? hmac_sha1(key, text) : hmac_sha256(key, text));
}

SignedHeaders sign_get(Scheme scheme, const Credentials& credentials, std::string_view request_uri, Instant at) {
  return sign(scheme, credentials, request_uri, {}, {}, at);
}

SignedHeaders sign_body(Scheme scheme, const Credentials& credentials, std::string_view request_uri,
                        std::string_view content_type, std::string_view body, Instant at) {
  return sign(scheme, credentials, request_uri, std::string(content_type), content_md5(body), at);
}

}  // namespace handoff::sync::kipu
