// Hashes, keyed hashes, sealing, encodings. All of it OpenSSL.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "base/private.h"
#include "base/random.h"
#include "base/result.h"

namespace handoff {

std::string sha256(std::string_view bytes);  // 32 raw bytes
std::string sha1(std::string_view bytes);    // 20 raw bytes; only where a protocol asks for it
std::string md5(std::string_view bytes);     // 16 raw bytes; only where a protocol asks for it
std::string hmac_sha256(std::string_view key, std::string_view bytes);  // 32 raw bytes
std::string hmac_sha1(std::string_view key, std::string_view bytes);    // 20 raw bytes
std::string hex(std::string_view bytes);
std::string base64(std::string_view bytes);
std::string base64url(std::string_view bytes);             // without padding
Result<std::string> base64_decode(std::string_view text);  // padding required, whitespace refused
bool equal_in_constant_time(std::string_view a, std::string_view b);
std::string random_token(Random& random, std::size_t byte_count);  // base64url of that many random bytes

// RSASSA-PKCS1-v1_5 with SHA-256 by the public key or certificate in PEM; false for whatever is no such key.
bool verify_rs256(std::string_view pem, std::string_view bytes, std::string_view signature);

// Hashing piece by piece.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void add(std::string_view bytes);
  std::string finish();  // raw bytes; once

 private:
  void* context_;
};

// The server's own key: hashes API keys and seals secrets. 32 bytes.
class ServerKey {
 public:
  static Result<ServerKey> from_bytes(std::string bytes);
  // Reads the file, or creates it with mode 0600 and a fresh key.
  static Result<ServerKey> from_file(const std::string& path, Random& random);
  std::string keyed_hash(std::string_view text) const;  // hex; for looking a key up
  std::string seal(const Secret& secret, std::string_view context,
                   Random& random) const;  // AES-256-GCM, "v1." and base64url
  Result<Secret> open(std::string_view sealed, std::string_view context) const;

 private:
  explicit ServerKey(std::string bytes) : bytes_(std::move(bytes)) {}
  Private<std::string> bytes_;
};

}  // namespace handoff
