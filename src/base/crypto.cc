#include "base/crypto.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace handoff {
namespace {

const unsigned char* raw(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

std::string digest(const EVP_MD* kind, std::string_view bytes) {
  std::string out(static_cast<std::size_t>(EVP_MD_get_size(kind)), '\0');
  unsigned length = 0;
  HANDOFF_ASSERT(EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()), &length, kind,
                            nullptr) == 1);
  return out;
}

std::string keyed(const EVP_MD* kind, std::string_view key, std::string_view bytes) {
  std::string out(static_cast<std::size_t>(EVP_MD_get_size(kind)), '\0');
  unsigned length = 0;
  HANDOFF_ASSERT(HMAC(kind, key.data(), static_cast<int>(key.size()), raw(bytes), bytes.size(),
                      reinterpret_cast<unsigned char*>(out.data()), &length) != nullptr);
  return out;
}

constexpr std::size_t nonce_size = 12, tag_size = 16;
constexpr std::string_view seal_version = "v1.";
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

Error broken_seal() {
  return Error{Kind::internal,
               "secret.cannot_open",
               "A stored secret cannot be opened with this server key.",
               "AES-GCM tag mismatch: wrong HANDOFF_KEY_FILE?",
               {}};
}

Error key_file(const std::string& path, const char* what) {
  return Error{Kind::internal,
               "key_file.unreadable",
               "The server key file cannot be used.",
               std::string(what) + " " + path + ": " + std::strerror(errno),
               {}};
}

}  // namespace

std::string sha256(std::string_view bytes) { return digest(EVP_sha256(), bytes); }
std::string sha1(std::string_view bytes) { return digest(EVP_sha1(), bytes); }
std::string md5(std::string_view bytes) { return digest(EVP_md5(), bytes); }
std::string hmac_sha256(std::string_view key, std::string_view bytes) { return keyed(EVP_sha256(), key, bytes); }
std::string hmac_sha1(std::string_view key, std::string_view bytes) { return keyed(EVP_sha1(), key, bytes); }

std::string hex(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    out.push_back(digits[(static_cast<unsigned char>(c)) >> 4]);
    out.push_back(digits[c & 15]);
  }
  return out;
}

std::string base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), raw(bytes), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(length));
  return out;
}

std::string base64url(std::string_view bytes) {
  std::string out = base64(bytes);
  while (!out.empty() && out.back() == '=') out.pop_back();
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

Result<std::string> base64_decode(std::string_view text) {
  const Error bad{Kind::invalid_input, "base64.malformed", "The data is not valid base64.", {}, {}};
  if (text.size() % 4 != 0) return bad;
  std::size_t padding = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool letter =
        (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
    if (c == '=' && i + 2 >= text.size()) {
      ++padding;
    } else if (!letter || padding > 0) {
      return bad;
    }
  }
  std::string out(text.size() / 4 * 3 + 1, '\0');
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), raw(text), static_cast<int>(text.size()));
  if (length < 0) return bad;
  out.resize(static_cast<std::size_t>(length) - padding);
  return out;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_token(Random& random, std::size_t byte_count) {
  std::string bytes(byte_count, '\0');
  random.fill({reinterpret_cast<unsigned char*>(bytes.data()), bytes.size()});
  return base64url(bytes);
}

bool verify_rs256(std::string_view pem, std::string_view bytes, std::string_view signature) {
  using Source = std::unique_ptr<BIO, decltype(&BIO_free)>;
  using PublicKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
  using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
  const auto source = [&] { return Source(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free); };
  const Source as_key = source();
  PublicKey key(PEM_read_bio_PUBKEY(as_key.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  if (!key) {
    const Source as_certificate = source();
    const Certificate certificate(PEM_read_bio_X509(as_certificate.get(), nullptr, nullptr, nullptr), &X509_free);
    if (certificate) key.reset(X509_get_pubkey(certificate.get()));
  }
  if (!key || EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA) return false;
  const Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  return context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), raw(signature), signature.size(), raw(bytes), bytes.size()) == 1;
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  HANDOFF_ASSERT(EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_), EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_)); }
void Sha256::add(std::string_view bytes) {
  HANDOFF_ASSERT(EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_), bytes.data(), bytes.size()) == 1);
}
std::string Sha256::finish() {
  std::string out(32, '\0');
  unsigned length = 0;
  HANDOFF_ASSERT(EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_), reinterpret_cast<unsigned char*>(out.data()),
                                    &length) == 1);
  return out;
}

Result<ServerKey> ServerKey::from_bytes(std::string bytes) {
  if (bytes.size() != 32) {
    return Error{
        Kind::internal, "key_file.wrong_size", "The server key must be 32 bytes.", "server key of the wrong size", {}};
  }
  return ServerKey(std::move(bytes));
}

Result<ServerKey> ServerKey::from_file(const std::string& path, Random& random) {
  // Created whole under another name and linked into place, so that two commands starting at once agree on one key.
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 && errno == ENOENT) {
    std::string bytes(32, '\0');
    random.fill({reinterpret_cast<unsigned char*>(bytes.data()), bytes.size()});
    const std::string fresh = path + "." + std::to_string(::getpid());
    const int out = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (out < 0) return key_file(fresh, "create");
    const bool written = ::write(out, bytes.data(), bytes.size()) == 32 && ::fsync(out) == 0;
    ::close(out);
    const bool linked = written && (::link(fresh.c_str(), path.c_str()) == 0 || errno == EEXIST);
    ::unlink(fresh.c_str());
    if (!linked) return key_file(path, "create");
    file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  }
  if (file < 0) return key_file(path, "open");
  std::string bytes(33, '\0');
  const auto length = ::read(file, bytes.data(), bytes.size());
  ::close(file);
  if (length < 0) return key_file(path, "read");
  bytes.resize(static_cast<std::size_t>(length));
  return from_bytes(std::move(bytes));
}

std::string ServerKey::keyed_hash(std::string_view text) const { return hex(hmac_sha256(bytes_.reveal(), text)); }

std::string ServerKey::seal(const Secret& secret, std::string_view context, Random& random) const {
  const std::string& plain = secret.reveal();
  const std::string key = hmac_sha256(bytes_.reveal(), "seal");
  std::string out(nonce_size + plain.size() + tag_size, '\0');
  auto* bytes = reinterpret_cast<unsigned char*>(out.data());
  random.fill({bytes, nonce_size});
  const Cipher cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int length = 0;
  HANDOFF_ASSERT(EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, raw(key), bytes) == 1);
  HANDOFF_ASSERT(EVP_EncryptUpdate(cipher.get(), nullptr, &length, raw(context), static_cast<int>(context.size())) ==
                 1);
  HANDOFF_ASSERT(
      EVP_EncryptUpdate(cipher.get(), bytes + nonce_size, &length, raw(plain), static_cast<int>(plain.size())) == 1);
  HANDOFF_ASSERT(EVP_EncryptFinal_ex(cipher.get(), bytes + nonce_size + length, &length) == 1);
  HANDOFF_ASSERT(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, tag_size, bytes + nonce_size + plain.size()) ==
                 1);
  return std::string(seal_version) + base64(out);
}

Result<Secret> ServerKey::open(std::string_view sealed, std::string_view context) const {
  if (!sealed.starts_with(seal_version)) return broken_seal();
  auto decoded = base64_decode(sealed.substr(seal_version.size()));
  if (!decoded || decoded->size() < nonce_size + tag_size) return broken_seal();
  const std::string key = hmac_sha256(bytes_.reveal(), "seal");
  auto* bytes = reinterpret_cast<unsigned char*>(decoded->data());
  const std::size_t size = decoded->size() - nonce_size - tag_size;
  std::string plain(size, '\0');
  const Cipher cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int length = 0;
  HANDOFF_ASSERT(EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, raw(key), bytes) == 1);
  HANDOFF_ASSERT(EVP_DecryptUpdate(cipher.get(), nullptr, &length, raw(context), static_cast<int>(context.size())) ==
                 1);
  HANDOFF_ASSERT(EVP_DecryptUpdate(cipher.get(), reinterpret_cast<unsigned char*>(plain.data()), &length,
                                   bytes + nonce_size, static_cast<int>(size)) == 1);
  HANDOFF_ASSERT(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, tag_size, bytes + nonce_size + size) == 1);
  unsigned char rest[16];
  if (EVP_DecryptFinal_ex(cipher.get(), rest, &length) != 1) return broken_seal();
  return Secret(std::move(plain));
}

}  // namespace handoff
