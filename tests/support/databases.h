// Empty databases for tests, of both kinds. PostgreSQL is the server that HANDOFF_TEST_POSTGRES names;
// script/with-postgres starts one. A test without it fails and says so: nothing is skipped.
//
//   class Notes : public testing::TestWithParam<DatabaseKind> {};
//   INSTANTIATE_TEST_SUITE_P(Both, Notes, testing::ValuesIn(both_databases()), database_name);
//   TEST_P(Notes, AreKept) {
//     const auto fresh = fresh_database(GetParam());
//     auto database = Database::open(fresh.url());
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "store/sql.h"

namespace handoff::testing_support {

using DatabaseKind = store::Database::Kind;

inline std::vector<DatabaseKind> both_databases() { return {DatabaseKind::sqlite, DatabaseKind::postgres}; }

inline std::string database_name(const testing::TestParamInfo<DatabaseKind>& info) {
  return info.param == DatabaseKind::sqlite ? "sqlite" : "postgres";
}

// An empty directory, removed with everything in it when the object dies.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "handoff-test.XXXXXX").string();
    const char* made = ::mkdtemp(pattern.data());
    HANDOFF_ASSERT(made != nullptr);
    path_ = made;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(TemporaryDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The server for tests; "" where none is named.
inline std::string postgres_server() {
  const char* url = std::getenv("HANDOFF_TEST_POSTGRES");
  return url == nullptr ? "" : url;
}

// An empty database; url() is "" when it could not be made, and the test has failed by then.
class FreshDatabase {
 public:
  explicit FreshDatabase(DatabaseKind kind) {
    if (kind == DatabaseKind::sqlite) {
      url_ = "sqlite:" + directory_.path() + "/handoff.db";
      return;
    }
    const std::string server = postgres_server();
    if (server.empty()) {
      ADD_FAILURE()
          << "HANDOFF_TEST_POSTGRES names no PostgreSQL server. Run this as: script/with-postgres --fast COMMAND";
      return;
    }
    static std::atomic<int> count{0};
    const std::string name = "handoff_test_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
    if (!on_server("CREATE DATABASE " + name + " ENCODING 'UTF8' TEMPLATE template0")) return;
    name_ = name;
    // …/postgres becomes …/NAME, whatever options follow.
    const std::size_t scheme = server.find("://") + 3;
    const std::size_t options = std::min(server.find('?'), server.size());
    const std::size_t slash = std::min(server.find('/', scheme), options);
    url_ = server.substr(0, slash) + "/" + name + server.substr(options);
  }
  ~FreshDatabase() {
    if (!name_.empty()) on_server("DROP DATABASE " + name_ + " WITH (FORCE)");
  }
  FreshDatabase(FreshDatabase&& other) noexcept
      : directory_(std::move(other.directory_)), name_(std::exchange(other.name_, {})), url_(std::move(other.url_)) {}
  FreshDatabase(const FreshDatabase&) = delete;
  FreshDatabase& operator=(const FreshDatabase&) = delete;

  const std::string& url() const { return url_; }
  // A directory beside the database, for files of the test.
  const std::string& directory() const { return directory_.path(); }

 private:
  static bool on_server(const std::string& sql) {
    auto server = store::Database::open(postgres_server());
    auto connection = server ? (*server)->connect() : Result<std::unique_ptr<store::Connection>>(server.error());
    auto done = connection ? (*connection)->script(sql) : Result<void>(connection.error());
    if (!done) ADD_FAILURE() << "HANDOFF_TEST_POSTGRES: " << done.error().for_log;
    return done.has_value();
  }

  TemporaryDirectory directory_;
  std::string name_;  // on the PostgreSQL server
  std::string url_;
};

inline FreshDatabase fresh_database(DatabaseKind kind) { return FreshDatabase(kind); }

}  // namespace handoff::testing_support
