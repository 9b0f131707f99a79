// Checking the APIAuth signature of a request as KIPU's server does: from the headers that arrived, never from what a
// client should have sent. Deliberately shares nothing with our own signing but the hashes of `base`.
#pragma once

#include <string>
#include <string_view>

#include "base/private.h"
#include "base/time.h"
#include "net/http.h"

namespace handoff::sandbox {

enum class KipuVerdict {
  ok,
  missing,            // no Authorization
  unknown_scheme,     // neither APIAuth nor APIAuth-HMAC-SHA256
  unknown_access_id,  // of another instance, or mistyped
  missing_date,       // neither Date nor X-Auth-Date, or not a date of HTTP
  stale_date,         // more than 900 s from the server's time
  missing_md5,        // a body without Content-MD5
  wrong_md5,          // Content-MD5 of other bytes
  wrong_signature,
};
std::string_view word(KipuVerdict verdict);  // "ok", "wrong_signature"

struct KipuCredentials {
  std::string access_id;
  Secret secret_key;
};

KipuVerdict verify_kipu_request(const net::Request& request, std::string_view body, const KipuCredentials& credentials,
                                Instant now);

}  // namespace handoff::sandbox
