// Signing requests to KIPU (APIAuth). Pure functions: what is signed comes in, what is sent goes out.
//
// The sandbox checks signatures with code of its own and shares only the hashes of `base` with this file. A mistake
// about the canonical string would otherwise be made on both sides at once, and the rehearsal would pass where the real
// EMR refuses. Both sides are held to the same known answers.
#pragma once

#include <string>
#include <string_view>

#include "base/private.h"
#include "base/time.h"

namespace handoff::sync::kipu {

// Version 3 of the API signs with HMAC-SHA1, version 4 with HMAC-SHA256 and says so in the prefix; a bare `APIAuth`
// means SHA-1 to the server whatever was computed.
enum class Scheme { sha1, sha256 };

struct Credentials {
  std::string access_id;
  Secret secret_key;
};

// What of a request is signed; the method is not. A GET has neither content type nor body.
struct ToSign {
  std::string_view request_uri;   // path and query exactly as they are sent, byte for byte
  std::string_view content_type;  // "" where none is sent
  std::string_view content_md5;   // of content_md5(); "" where no body is sent
  std::string_view date;          // as sent, in Date or X-Auth-Date
};

// Base64 of the MD5 of the exact bytes of the body, multipart bodies too.
std::string content_md5(std::string_view body);
// "Content-Type,Content-MD5,request_uri,Date"; the commas of what is absent stay.
std::string canonical_string(const ToSign& request);
// Base64 of the keyed hash of the canonical string.
std::string signature(Scheme scheme, const Secret& secret_key, const ToSign& request);

// The headers of a signed request. `content_type` and `content_md5` are "" where there is no body.
struct SignedHeaders {
  std::string authorization;
  std::string date;
  std::string content_type;
  std::string content_md5;
};
SignedHeaders sign_get(Scheme scheme, const Credentials& credentials, std::string_view request_uri, Instant at);
SignedHeaders sign_body(Scheme scheme, const Credentials& credentials, std::string_view request_uri,
                        std::string_view content_type, std::string_view body, Instant at);

}  // namespace handoff::sync::kipu
