#include "base/rsa.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>

namespace handoff {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

std::string pem_of(const Key& key, const char* password = nullptr) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PrivateKey(memory.get(), key.get(), password ? EVP_aes_128_cbc() : nullptr,
                           reinterpret_cast<const unsigned char*>(password), password ? 4 : 0, nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

TEST(Rsa, WhatItSignsThePublicHalfConfirms) {
  const Key key(EVP_RSA_gen(2048), EVP_PKEY_free);
  const Secret pem(pem_of(key));
  EXPECT_FALSE(private_key_fault(pem));
  const std::string text = "head.claims", signature = sign_rs256(pem, text).value();
  EXPECT_EQ(signature, sign_rs256(pem, text).value());
  const auto confirms = [&](const std::string& said) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get());
    return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                            reinterpret_cast<const unsigned char*>(said.data()), said.size()) == 1;
  };
  EXPECT_TRUE(confirms(text));
  EXPECT_FALSE(confirms("head.claimz"));
}

TEST(Rsa, AnUnfitKeySaysWhy) {
  const Key curve(EVP_EC_gen("P-256"), EVP_PKEY_free), small(EVP_RSA_gen(1024), EVP_PKEY_free),
      fit(EVP_RSA_gen(2048), EVP_PKEY_free);
  for (const auto& [pem, said] : std::vector<std::pair<std::string, std::string>>{
           {"", "no private key"},
           {"-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----", "public half"},
           {pem_of(curve), "not an RSA key"},
           {pem_of(small), "2048"},
           {pem_of(fit, "word"), "password"}}) {
    const auto fault = private_key_fault(Secret(pem));
    ASSERT_TRUE(fault) << said;
    EXPECT_NE(fault->find(said), std::string::npos) << *fault;
    EXPECT_EQ(sign_rs256(Secret(pem), "x").error().code, "rsa.key_unfit");
  }
}

}  // namespace
}  // namespace handoff
