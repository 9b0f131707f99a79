#include "base/rsa.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

namespace handoff {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

constexpr int key_bits_min = 2048;  // RFC 7518, 3.3

// OpenSSL would ask the terminal for the password of a protected key.
int no_password(char*, int, int, void*) { return -1; }

Key read_key(const Secret& pem) {
  const std::string& text = pem.reveal();
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())),
                                                         BIO_free);
  HANDOFF_ASSERT(memory != nullptr);
  Key key(PEM_read_bio_PrivateKey(memory.get(), nullptr, no_password, nullptr), EVP_PKEY_free);
  ERR_clear_error();
  return key;
}

std::optional<std::string> fault_of(const Secret& pem, const Key& key) {
  if (!key) {
    if (pem.reveal().find("ENCRYPTED") != std::string::npos)
      return "The private key is protected by a password; give it without one, it is sealed here.";
    if (pem.reveal().find("PUBLIC KEY") != std::string::npos || pem.reveal().find("CERTIFICATE") != std::string::npos)
      return "This is the public half of the key; the private one is needed, and the other side gets the public one.";
    return "This is no private key in PEM form (-----BEGIN PRIVATE KEY----- …).";
  }
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) return "The private key is not an RSA key.";
  if (EVP_PKEY_get_bits(key.get()) < key_bits_min) return "The private key is shorter than 2048 bits.";
  return {};
}

}  // namespace

std::optional<std::string> private_key_fault(const Secret& pem) { return fault_of(pem, read_key(pem)); }

Result<std::string> sign_rs256(const Secret& pem, std::string_view bytes) {
  const Key key = read_key(pem);
  if (auto fault = fault_of(pem, key))
    return Error{Kind::precondition_failed, "rsa.key_unfit", *std::move(fault), {}, {}};
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  HANDOFF_ASSERT(context != nullptr);
  HANDOFF_ASSERT(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1);
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t size = 0;
  HANDOFF_ASSERT(EVP_DigestSign(context.get(), nullptr, &size, data, bytes.size()) == 1);
  std::string signature(size, '\0');
  HANDOFF_ASSERT(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, data,
                                bytes.size()) == 1);
  signature.resize(size);
  return signature;
}

}  // namespace handoff
