#include "base/crypto.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace handoff {
namespace {

TEST(Crypto, HashesGiveTheirKnownAnswers) {
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hex(md5("abc")), "900150983cd24fb0d6963f7d28e17f72");
  // RFC 4231, test case 2.
  EXPECT_EQ(hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  Sha256 pieces;
  pieces.add("a");
  pieces.add("bc");
  EXPECT_EQ(hex(pieces.finish()), hex(sha256("abc")));
}

TEST(Crypto, Base64RefusesWhatIsNone) {
  EXPECT_EQ(base64("hello"), "aGVsbG8=");
  EXPECT_EQ(base64_decode("aGVsbG8=").value(), "hello");
  EXPECT_EQ(base64_decode("").value(), "");
  for (const char* text : {"aGVsbG8", "aGVsbG8==", "aGVs bG8=", "aG=sbG8=", "===="})
    EXPECT_FALSE(base64_decode(text).has_value()) << text;
}

TEST(Crypto, ASealOpensWithItsKeyAndContextOnly) {
  SeededRandom random(7);
  const auto key = *ServerKey::from_bytes(std::string(32, 'k')), other = *ServerKey::from_bytes(std::string(32, 'o'));
  const std::string sealed = key.seal(Secret("token"), "int_1/token", random);
  EXPECT_EQ(sealed.find("token"), std::string::npos);
  EXPECT_EQ(key.open(sealed, "int_1/token")->reveal(), "token");
  EXPECT_FALSE(key.open(sealed, "int_2/token").has_value());
  EXPECT_FALSE(other.open(sealed, "int_1/token").has_value());
  std::string tampered = sealed;
  tampered[tampered.size() / 2] = tampered[tampered.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(key.open(tampered, "int_1/token").has_value());
  EXPECT_NE(key.seal(Secret("token"), "int_1/token", random), sealed);
  EXPECT_NE(key.keyed_hash("a"), other.keyed_hash("a"));
}

TEST(Crypto, TheKeyFileIsMadeOnceAndIsPrivate) {
  char folder[] = "/tmp/handoff-key-XXXXXX";
  ASSERT_NE(::mkdtemp(folder), nullptr);
  const std::string path = std::string(folder) + "/server.key";
  SystemRandom random;
  const auto first = ServerKey::from_file(path, random), second = ServerKey::from_file(path, random);
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_EQ(first->keyed_hash("x"), second->keyed_hash("x"));
  struct stat facts {};
  ASSERT_EQ(::stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600U);
  ::unlink(path.c_str());
  ::rmdir(folder);
}

}  // namespace
}  // namespace handoff
