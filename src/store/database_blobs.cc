// Blobs as rows: one in blob, and one in blob_chunk for every megabyte. What is in blob is complete, since both are
// written in one transaction.
#include <algorithm>
#include <mutex>

#include "base/clock.h"
#include "store/blobs.h"
#include "store/driver.h"

namespace handoff::store {
namespace {

constexpr std::size_t chunk_size = 1 << 20;
constexpr std::int64_t page_size = 200;
constexpr std::size_t readers_max = 4;

// Each database has its own word for the present, in milliseconds.
constexpr Statement now_ms{"blob.now", "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
                           "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"};
constexpr Statement insert{"blob.insert",
                           "INSERT INTO blob (organization_id, sha256, size, created_at) VALUES ($1, $2, $3, $4)"
                           " ON CONFLICT (organization_id, sha256) DO NOTHING RETURNING size"};
constexpr Statement renew{"blob.renew",
                          "UPDATE blob SET created_at = $3 WHERE organization_id = $1 AND sha256 = $2 RETURNING size"};
constexpr Statement insert_chunk{
    "blob.insert_chunk", "INSERT INTO blob_chunk (organization_id, sha256, part, bytes) VALUES ($1, $2, $3, $4)"};
constexpr Statement size_of{"blob.size", "SELECT size FROM blob WHERE organization_id = $1 AND sha256 = $2"};
constexpr Statement chunk{"blob.chunk",
                          "SELECT bytes FROM blob_chunk WHERE organization_id = $1 AND sha256 = $2 AND part = $3"};
constexpr Statement old_ones{"blob.old",
                             "SELECT organization_id, sha256 FROM blob WHERE (organization_id, sha256) > ($1, $2)"
                             " AND created_at < $3 ORDER BY organization_id, sha256 LIMIT $4"};
constexpr Statement remove{
    "blob.remove", "DELETE FROM blob WHERE organization_id = $1 AND sha256 = $2 AND created_at < $3 RETURNING size"};
constexpr Statement remove_chunks{"blob.remove_chunks",
                                  "DELETE FROM blob_chunk WHERE organization_id = $1 AND sha256 = $2"};

class DatabaseBlobs final : public Blobs {
 public:
  DatabaseBlobs(Database& database, const Clock* clock, std::unique_ptr<Connection> writer)
      : clock_(clock), writer_(std::move(writer)), readers_(database, readers_max) {}

  using Blobs::put;
  Result<std::string> put(std::string_view organization, const Source& source, std::uint64_t size) override {
    if (!is_blob_owner(organization)) return bad_blob_owner();
    // The hash is the address of every row, so the source is read once for it, and once more where the bytes are new.
    const std::string sha256 =
        HANDOFF_TRY(pour(source, size, chunk_size, [](std::string_view) { return Result<void>(); }));
    const std::lock_guard lock(mutex_);
    HANDOFF_TRY(transaction([&] { return write(std::string(organization), sha256, source, size); }));
    return sha256;
  }

  Result<std::string> read(std::string_view organization, std::string_view sha256, std::uint64_t offset,
                           std::size_t size_max) override {
    if (!is_blob_address(organization, sha256)) return blob_not_found();
    return readers_.use([&](Connection& reading) -> Result<std::string> {
      const std::string owner(organization), hash(sha256);
      const std::uint64_t size = HANDOFF_TRY(size_in(reading, owner, hash));
      std::string bytes;
      if (offset >= size) return bytes;
      const std::uint64_t end = offset + std::min<std::uint64_t>(size_max, size - offset);
      for (std::uint64_t at = offset; at < end;) {
        const std::uint64_t part = at / chunk_size, from = at % chunk_size;
        Rows rows = HANDOFF_TRY(reading.query(chunk, {owner, hash, static_cast<std::int64_t>(part)}));
        if (rows.empty()) return blob_not_found();  // swept between two chunks
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(end - at, chunk_size - from));
        const std::string_view piece = rows[0].view(0).substr(static_cast<std::size_t>(from), wanted);
        if (piece.size() != wanted) return failure(Failure::broken, chunk.name, {}, "a chunk is too short");
        if (bytes.empty() && at + wanted == end && from == 0 && wanted == rows[0].view(0).size())
          return rows[0].take(0);
        bytes += piece;
        at += wanted;
      }
      return bytes;
    });
  }

  Result<std::uint64_t> size(std::string_view organization, std::string_view sha256) override {
    if (!is_blob_address(organization, sha256)) return blob_not_found();
    return readers_.use(
        [&](Connection& reading) { return size_in(reading, std::string(organization), std::string(sha256)); });
  }

  Result<int> sweep(const std::function<Result<bool>(std::string_view, std::string_view)>& keep,
                    std::int64_t before_ms) override {
    int swept = 0;
    std::string organization, sha256;  // the last one looked at
    for (;;) {
      Rows page = HANDOFF_TRY(readers_.use([&](Connection& reading) {
        return reading.query(old_ones, {organization, sha256, before_ms, page_size});
      }));
      if (page.empty()) return swept;
      for (Row& row : page) {
        organization = row.take(0);
        sha256 = row.take(1);
        if (HANDOFF_TRY(keep(organization, sha256))) continue;
        const std::lock_guard lock(mutex_);
        HANDOFF_TRY(transaction([&]() -> Result<void> {
          // Put again while `keep` was asked, it is young and stays.
          const Rows gone = HANDOFF_TRY(writer_->query(remove, {organization, sha256, before_ms}));
          if (gone.empty()) return {};
          HANDOFF_TRY(writer_->query(remove_chunks, {organization, sha256}));
          ++swept;
          return {};
        }));
      }
    }
  }

 private:
  static Result<std::uint64_t> size_in(Connection& reading, const std::string& organization,
                                       const std::string& sha256) {
    const Rows rows = HANDOFF_TRY(reading.query(size_of, {organization, sha256}));
    if (rows.empty()) return blob_not_found();
    return static_cast<std::uint64_t>(rows[0].integer(0));
  }

  // With mutex_ held.
  Result<std::int64_t> now() {
    if (clock_ != nullptr) return to_ms(clock_->now());
    return HANDOFF_TRY(writer_->query(now_ms, {})).at(0).integer(0);
  }

  // With mutex_ held. Another writer may hold the file, or a deadlock be broken at our cost: a few turns, then the
  // caller hears.
  template <class Work>
  Result<void> transaction(Work&& work) {
    for (int turns_left = 3;; --turns_left) {
      Result<void> done = writer_->begin();
      if (done) done = work();
      if (done) done = writer_->commit();
      if (done) return done;
      writer_->rollback();
      if (done.error().code != "store.busy" || turns_left == 0) return done;
    }
  }

  Result<void> write(const std::string& organization, const std::string& sha256, const Source& source,
                     std::uint64_t size) {
    const std::int64_t created_at = HANDOFF_TRY(now());
    // A row that is in the way may be swept before it is renewed; then it is our turn to insert.
    for (;;) {
      const Rows inserted =
          HANDOFF_TRY(writer_->query(insert, {organization, sha256, static_cast<std::int64_t>(size), created_at}));
      if (!inserted.empty()) break;
      const Rows renewed = HANDOFF_TRY(writer_->query(renew, {organization, sha256, created_at}));
      if (!renewed.empty()) return {};
    }
    std::int64_t part = 0;
    const std::string again = HANDOFF_TRY(pour(source, size, chunk_size, [&](std::string_view piece) -> Result<void> {
      HANDOFF_TRY(writer_->query(insert_chunk, {organization, sha256, part++, Blob{std::string(piece)}}));
      return {};
    }));
    if (again != sha256)
      return failure(Failure::broken, insert.name, {}, "the source answered other bytes the second time");
    return {};
  }

  const Clock* const clock_;
  std::mutex mutex_;
  const std::unique_ptr<Connection> writer_;  // guarded by mutex_
  ReaderPool readers_;
};

}  // namespace

Result<std::unique_ptr<Blobs>> open_database_blobs(Database& database, const Clock* clock) {
  auto writer = HANDOFF_TRY(database.connect());
  return std::unique_ptr<Blobs>(std::make_unique<DatabaseBlobs>(database, clock, std::move(writer)));
}

}  // namespace handoff::store
