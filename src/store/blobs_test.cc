// The promises of Blobs, asked of files and of rows in both databases.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "base/clock.h"
#include "base/crypto.h"
#include "store/sql.h"
#include "tests/support/databases.h"

namespace handoff::store {
namespace {

using testing_support::DatabaseKind;

constexpr Migration tables[] = {
    {1, "blobs",
     "CREATE TABLE blob (organization_id {text} NOT NULL, sha256 {text} NOT NULL, size {int} NOT NULL,"
     " created_at {int} NOT NULL, PRIMARY KEY (organization_id, sha256)) {strict};"
     "CREATE TABLE blob_chunk (organization_id {text} NOT NULL, sha256 {text} NOT NULL, part {int} NOT NULL,"
     " bytes {blob} NOT NULL, PRIMARY KEY (organization_id, sha256, part)) {strict};"},
};

enum class Place { files, sqlite_rows, postgres_rows };

class BlobPlaces : public testing::TestWithParam<Place> {
 protected:
  void SetUp() override {
    if (GetParam() != Place::files) {
      ASSERT_NE(fresh_.url(), "");
      database_ = std::move(Database::open(fresh_.url())).value();
      ASSERT_TRUE(migrate(*database_, tables));
    }
    blobs_ = open(&clock_);
    ASSERT_NE(blobs_, nullptr);
  }

  std::unique_ptr<Blobs> open(const Clock* clock) {
    auto opened = GetParam() == Place::files ? open_file_blobs(fresh_.directory() + "/blobs", clock)
                                             : open_database_blobs(*database_, clock);
    EXPECT_TRUE(opened) << opened.error().for_log;
    return opened ? std::move(*opened) : nullptr;
  }

  std::string put(std::string_view organization, std::string_view bytes) {
    auto sha256 = blobs_->put(organization, bytes);
    EXPECT_TRUE(sha256) << sha256.error().for_log;
    return sha256 ? *sha256 : "";
  }

  Result<int> sweep_all_but(const std::set<std::string>& kept, std::int64_t before_ms) {
    return blobs_->sweep(
        [&](std::string_view organization, std::string_view sha256) -> Result<bool> {
          return kept.contains(std::string(organization) + "/" + std::string(sha256));
        },
        before_ms);
  }

  testing_support::FreshDatabase fresh_{GetParam() == Place::postgres_rows ? DatabaseKind::postgres
                                                                           : DatabaseKind::sqlite};
  ManualClock clock_{Instant{std::chrono::milliseconds{1'700'000'000'000}}};
  std::unique_ptr<Database> database_;
  std::unique_ptr<Blobs> blobs_;
};
std::string place_name(const testing::TestParamInfo<Place>& info) {
  constexpr const char* names[] = {"files", "sqlite_rows", "postgres_rows"};
  return names[static_cast<int>(info.param)];
}
INSTANTIATE_TEST_SUITE_P(All, BlobPlaces, testing::Values(Place::files, Place::sqlite_rows, Place::postgres_rows),
                         place_name);

std::string noise(std::size_t size) {
  std::string bytes(size, '\0');
  SeededRandom random(size);
  random.fill({reinterpret_cast<unsigned char*>(bytes.data()), bytes.size()});
  return bytes;
}

constexpr std::size_t megabyte = 1 << 20;

TEST_P(BlobPlaces, BytesComeBackFromAnyOffset) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, megabyte - 1, megabyte, megabyte + 1, 3 * megabyte + 17}) {
    const std::string bytes = noise(size);
    const std::string sha256 = put("org_A", bytes);
    EXPECT_EQ(sha256, hex(handoff::sha256(bytes)));
    EXPECT_EQ(blobs_->size("org_A", sha256).value(), size);
    EXPECT_EQ(blobs_->read("org_A", sha256, 0, size + 100).value(), bytes);
    EXPECT_EQ(blobs_->read("org_A", sha256, size, 10).value(), "");
    EXPECT_EQ(blobs_->read("org_A", sha256, size + 5 * megabyte, 10).value(), "");
    EXPECT_EQ(blobs_->read("org_A", sha256, 0, 0).value(), "");
    for (const std::size_t offset : {std::size_t{0}, std::size_t{7}, megabyte - 3, megabyte, 2 * megabyte - 1}) {
      if (offset > size) continue;
      for (const std::size_t length : {std::size_t{1}, std::size_t{6}, megabyte, 2 * megabyte}) {
        EXPECT_EQ(blobs_->read("org_A", sha256, offset, length).value(), bytes.substr(offset, length));
      }
    }
  }
}

TEST_P(BlobPlaces, ASourceMayAnswerInSmallPieces) {
  const std::string bytes = noise(megabyte + 1000);
  const Blobs::Source slow = [&](std::uint64_t offset, std::size_t size_max) -> Result<std::string> {
    return bytes.substr(static_cast<std::size_t>(offset), std::min<std::size_t>(size_max, 999));
  };
  const auto sha256 = blobs_->put("org_A", slow, bytes.size());
  ASSERT_TRUE(sha256) << sha256.error().for_log;
  EXPECT_EQ(blobs_->read("org_A", *sha256, 0, 2 * megabyte).value(), bytes);
}

TEST_P(BlobPlaces, TheSameBytesTwiceAreOneBlob) {
  const std::string sha256 = put("org_A", "a referral letter");
  EXPECT_EQ(put("org_A", "a referral letter"), sha256);
  EXPECT_EQ(open(nullptr)->put("org_A", "a referral letter").value(), sha256);
  clock_.set(Instant{std::chrono::milliseconds{4'000'000'000'000}});
  EXPECT_EQ(sweep_all_but({}, 3'900'000'000'000).value(), 1);
}

TEST_P(BlobPlaces, AnotherOrganizationFindsNothing) {
  const std::string sha256 = put("org_A", "a referral letter");
  for (const auto& [organization, hash] : std::vector<std::pair<std::string, std::string>>{
           {"org_B", sha256},
           {"org_A", std::string(64, 'a')},
           {"org_A", ""},
           {"", sha256},
           {"org_B/../org_A", sha256},
           {"org_A", "../" + sha256},
           {"..", "../../../../../../../../../../../../../../../../../../../etc/passwd"},
           {"org_A", std::string(sha256).replace(0, 1, "G")}}) {
    EXPECT_EQ(blobs_->read(organization, hash, 0, 10).error().code, "blob.not_found") << organization << hash;
    EXPECT_EQ(blobs_->size(organization, hash).error().code, "blob.not_found");
  }
  EXPECT_EQ(blobs_->put("../org_A", "bytes").error().code, "store.broken");
  EXPECT_EQ(blobs_->put("", "bytes").error().code, "store.broken");
  EXPECT_EQ(put("org_B", "a referral letter"), sha256);
  EXPECT_EQ(blobs_->read("org_B", sha256, 2, 8).value(), "referral");
}

TEST_P(BlobPlaces, ASourceThatFailsLeavesNothing) {
  const std::string bytes = noise(2 * megabyte);
  int reads = 0;
  // Fails late, so that rows or a file have been begun: with rows only in the second reading.
  const int fails_at = GetParam() == Place::files ? 5 : 4;
  const Blobs::Source broken = [&](std::uint64_t offset, std::size_t size_max) -> Result<std::string> {
    if (++reads == fails_at) return Error{Kind::unavailable, "test.gone", "", "", {}};
    return bytes.substr(static_cast<std::size_t>(offset), size_max);
  };
  EXPECT_EQ(blobs_->put("org_A", broken, bytes.size()).error().code, "test.gone");
  const Blobs::Source short_one = [](std::uint64_t, std::size_t) -> Result<std::string> { return std::string(); };
  EXPECT_EQ(blobs_->put("org_A", short_one, 10).error().code, "blob.cut_short");
  const Blobs::Source long_one = [](std::uint64_t, std::size_t size) -> Result<std::string> {
    return std::string(size + 1, 'x');
  };
  EXPECT_EQ(blobs_->put("org_A", long_one, 10).error().code, "blob.cut_short");
  EXPECT_EQ(blobs_->size("org_A", hex(sha256(bytes))).error().code, "blob.not_found");
  EXPECT_EQ(sweep_all_but({}, 4'000'000'000'000).value(), 0);
  EXPECT_EQ(put("org_A", bytes), hex(sha256(bytes)));
}

TEST_P(BlobPlaces, ASweepTakesWhatIsOldAndUnnamed) {
  const std::int64_t start = to_ms(clock_.now());
  const std::string named = put("org_A", "named"), orphan = put("org_A", "orphan"), other = put("org_B", "orphan");
  const std::string again = put("org_A", "put again");
  clock_.advance(std::chrono::hours(2));
  const std::string young = put("org_A", "young");
  put("org_A", "put again");
  EXPECT_EQ(sweep_all_but({}, start).value(), 0);  // nothing is older than the first
  EXPECT_EQ(sweep_all_but({"org_A/" + named}, start + 3'600'000).value(), 2);
  EXPECT_TRUE(blobs_->size("org_A", named));
  EXPECT_TRUE(blobs_->size("org_A", young));
  EXPECT_TRUE(blobs_->size("org_A", again));
  EXPECT_EQ(blobs_->size("org_A", orphan).error().code, "blob.not_found");
  EXPECT_EQ(blobs_->read("org_B", other, 0, 10).error().code, "blob.not_found");
  const auto failed = blobs_->sweep(
      [](std::string_view, std::string_view) -> Result<bool> {
        return Error{Kind::unavailable, "test.gone", "", "", {}};
      },
      start + 3'600'000);
  EXPECT_EQ(failed.error().code, "test.gone");
  EXPECT_TRUE(blobs_->size("org_A", named));
}

// Between the question whether a blob is named and its removal, the same bytes may be put again: they stay.
TEST_P(BlobPlaces, WhatIsPutAgainDuringASweepStays) {
  const std::string sha256 = put("org_A", "letter");
  clock_.advance(std::chrono::hours(2));
  const auto swept = blobs_->sweep(
      [&](std::string_view, std::string_view) -> Result<bool> {
        put("org_A", "letter");
        return false;
      },
      to_ms(clock_.now()) - 3'600'000);
  EXPECT_EQ(swept.value(), 0);
  EXPECT_EQ(blobs_->read("org_A", sha256, 0, 100).value(), "letter");
}

TEST_P(BlobPlaces, ManyAreSweptPageByPage) {
  std::set<std::string> kept;
  for (int i = 0; i < 450; ++i) {
    const std::string sha256 = put("org_A", "letter " + std::to_string(i));
    if (i % 3 == 0) kept.insert("org_A/" + sha256);
  }
  EXPECT_EQ(sweep_all_but(kept, to_ms(clock_.now()) + 1).value(), 300);
  EXPECT_EQ(sweep_all_but(kept, to_ms(clock_.now()) + 1).value(), 0);
}

TEST_P(BlobPlaces, SeveralPutTheSameAtOnce) {
  const std::string bytes = noise(megabyte + 5);
  auto other = open(nullptr);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 5; ++round) {
        const auto sha256 = (i % 2 == 0 ? *blobs_ : *other).put("org_A", bytes);
        ASSERT_TRUE(sha256) << sha256.error().for_log;
        ASSERT_EQ(blobs_->read("org_A", *sha256, 0, 2 * megabyte).value(), bytes);
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST_P(BlobPlaces, WithoutAClockAgesAreOfToday) {
  auto without = open(nullptr);
  const std::string sha256 = without->put("org_A", "letter").value();
  const std::int64_t now = to_ms(SystemClock().now());
  EXPECT_EQ(sweep_all_but({}, now - 60'000).value(), 0);
  EXPECT_EQ(sweep_all_but({}, now + 60'000).value(), 1);
}

TEST(FileBlobs, AreTheOwnersAloneAndLeaveNoLeftovers) {
  const testing_support::TemporaryDirectory directory;
  const std::string base = directory.path() + "/blobs";
  auto blobs = open_file_blobs(base + "/").value();
  const std::string sha256 = blobs->put("org_A", "letter").value();
  const std::string path = base + "/org_A/" + sha256.substr(0, 2) + "/" + sha256;
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat((base + "/org_A").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  EXPECT_TRUE(std::filesystem::is_empty(base + "/.incoming"));

  // What a process left that was stopped while writing, and files that are nobody's blobs.
  std::ofstream(base + "/.incoming/left") << "half";
  std::ofstream(base + "/org_A/README") << "not ours";
  const auto nothing_named = [](std::string_view, std::string_view) -> Result<bool> { return false; };
  EXPECT_EQ(blobs->sweep(nothing_named, 4'000'000'000'000).value(), 1);
  EXPECT_TRUE(std::filesystem::is_empty(base + "/.incoming"));
  EXPECT_TRUE(std::filesystem::exists(base + "/org_A/README"));
}

TEST(FileBlobs, SayWhereTheyCannotBe) {
  const testing_support::TemporaryDirectory directory;
  std::ofstream(directory.path() + "/file") << "x";
  for (const std::string& place : {directory.path() + "/file", directory.path() + "/not/there", std::string()}) {
    const auto refused = open_file_blobs(place);
    ASSERT_FALSE(refused) << place;
    EXPECT_EQ(refused.error().code, "store.failed");
    EXPECT_THAT(refused.error().for_log, testing::HasSubstr(place));
  }
}

}  // namespace
}  // namespace handoff::store
