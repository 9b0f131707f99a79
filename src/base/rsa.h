// RSA signatures (PKCS #1 v1.5 with SHA-256), as RS256 of JSON Web Tokens asks for (RFC 7518, 3.3). OpenSSL.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/private.h"
#include "base/result.h"

namespace handoff {

// What keeps a text from being used as a private key: no PEM, another kind of key, protected by a password, shorter
// than 2048 bits. A sentence without any of the text; nothing where it is fit.
std::optional<std::string> private_key_fault(const Secret& pem);
// The raw signature. An unfit key is Kind::precondition_failed, code "rsa.key_unfit". The same input gives the same
// bytes.
Result<std::string> sign_rs256(const Secret& pem, std::string_view bytes);

}  // namespace handoff
