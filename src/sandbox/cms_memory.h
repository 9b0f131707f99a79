// What a sandbox CMS has received. With a file it survives a restart: a line of JSON for each thing that happened, and
// the bytes of attachments in a folder beside it ("FILE.files").
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "net/http.h"

namespace handoff::sandbox {

struct ReceivedFile {
  std::string file_name;
  std::string content_type;
  std::uint64_t size = 0;
  std::string sha256;                        // hex
  std::shared_ptr<const std::string> bytes;  // null when they lie in the folder
};

struct Received {
  std::string id;
  Instant received_at;
  int updates = 0;
  bool accepted = false;
  Json fields;  // as sent
  std::vector<ReceivedFile> attachments;

  std::string external_id() const { return fields["externalId"].text_or(); }
};

class CmsMemory {
 public:
  // `file` may be empty: everything is forgotten with the process.
  static Result<std::unique_ptr<CmsMemory>> open(std::string file);
  ~CmsMemory();
  CmsMemory(const CmsMemory&) = delete;
  CmsMemory& operator=(const CmsMemory&) = delete;

  // Each sender gets a record of its own, the same external id or not: this CMS has no idempotency key.
  Result<std::string> create(Json fields, Instant at);  // the new id
  // For these an unknown id is Kind::not_found.
  Result<void> update(std::string_view id, Json fields);
  Result<ReceivedFile> attach(std::string_view id, std::string file_name, std::string content_type,
                              const net::Body& body, std::uint64_t offset, std::uint64_t size);
  Result<void> accept(std::string_view id);
  Result<std::size_t> forget();  // everything; how many there were

  std::vector<Received> all() const;  // in order of arrival
  std::vector<Received> with_external_id(std::string_view external_id) const;
  std::optional<Received> find(std::string_view id) const;
  std::size_t size() const;
  Result<std::string> bytes_of(const ReceivedFile& file) const;

 private:
  explicit CmsMemory(std::string file) : file_(std::move(file)) {}
  Result<void> replay();
  void apply(const Json& line, std::shared_ptr<const std::string> bytes);
  Result<void> write(const Json& line);
  Received* find_locked(std::string_view id);
  void index_external_id(std::size_t position);
  std::string path_of(std::string_view sha256) const;

  const std::string file_;
  mutable std::mutex mutex_;
  int descriptor_ = -1;             // guarded by mutex_, as all below
  std::vector<Received> received_;  // in order of arrival; positions stay until everything is forgotten
  std::unordered_map<std::string, std::size_t> by_id_;
  std::unordered_multimap<std::string, std::size_t> by_external_id_;
  std::uint64_t last_number_ = 0;
};

}  // namespace handoff::sandbox
