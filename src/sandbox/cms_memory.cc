#include "sandbox/cms_memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/crypto.h"
#include "base/text.h"

namespace handoff::sandbox {

namespace {

constexpr std::string_view id_prefix = "case-";

Error no_such_referral() {
  return Error{Kind::not_found, "sandbox.unknown_referral", "There is no referral with this id", {}};
}

Error cannot_store(std::string_view what) {
  return Error{Kind::unavailable, "sandbox.not_stored", "The sandbox could not write to its store",
               "sandbox store: " + std::string(what)};
}

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace

Result<std::unique_ptr<CmsMemory>> CmsMemory::open(std::string file) {
  std::unique_ptr<CmsMemory> memory(new CmsMemory(std::move(file)));
  if (!memory->file_.empty()) HANDOFF_TRY(memory->replay());
  return memory;
}

CmsMemory::~CmsMemory() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<void> CmsMemory::replay() {
  std::error_code problem;
  std::filesystem::create_directories(file_ + ".files", problem);
  if (problem) return cannot_store("the folder of attachments cannot be made");
  descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (descriptor_ < 0) return cannot_store("the file cannot be opened");
  std::ifstream in(file_, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
    const Result<Json> line = Json::parse(std::string_view(text).substr(begin, end - begin));
    if (!line) {
      return Error{Kind::invalid_input, "sandbox.bad_store",
                   "The store file holds a line that is not the sandbox's own.", "sandbox store: unreadable line"};
    }
    apply(*line, nullptr);
    begin = end + 1;
  }
  // A process that is killed may leave half a line. Its sender got no answer, so it is as if it had never arrived.
  if (begin < text.size() && ::ftruncate(descriptor_, static_cast<off_t>(begin)) != 0) {
    return cannot_store("a half-written line cannot be cut off");
  }
  return {};
}

void CmsMemory::apply(const Json& line, std::shared_ptr<const std::string> bytes) {
  const std::string did = line["did"].text_or();
  const std::string id = line["id"].text_or();
  if (did == "forgot") {
    received_.clear();
    by_id_.clear();
    by_external_id_.clear();
    last_number_ = static_cast<std::uint64_t>(line["lastNumber"].int_or(0));
    return;
  }
  if (did == "created") {
    Received made;
    made.id = id;
    made.received_at = from_ms(line["receivedAt"].int_or(0));
    made.fields = line["fields"];
    by_id_[id] = received_.size();
    received_.push_back(std::move(made));
    index_external_id(received_.size() - 1);
    const auto number = parse_int(std::string_view(id).substr(std::min(id_prefix.size(), id.size())));
    last_number_ = std::max(last_number_, static_cast<std::uint64_t>(number.value_or(0)));
    return;
  }
  Received* known = find_locked(id);
  if (known == nullptr) return;
  if (did == "updated") {
    const std::string before = known->external_id();
    known->fields = line["fields"];
    ++known->updates;
    if (known->external_id() != before) index_external_id(by_id_[id]);
  } else if (did == "accepted") {
    known->accepted = true;
  } else if (did == "attached") {
    known->attachments.push_back({line["fileName"].text_or(), line["contentType"].text_or(),
                                  static_cast<std::uint64_t>(line["size"].int_or(0)), line["sha256"].text_or(),
                                  std::move(bytes)});
  }
}

// Written to the system before it counts, so that the sandbox being killed loses nothing it has acknowledged. Not
// synced to the disk: a sandbox need not survive the machine.
Result<void> CmsMemory::write(const Json& line) {
  if (descriptor_ < 0) return {};
  if (!write_all(descriptor_, line.dump() + "\n")) return cannot_store("a line cannot be written");
  return {};
}

Received* CmsMemory::find_locked(std::string_view id) {
  const auto at = by_id_.find(std::string(id));
  return at == by_id_.end() ? nullptr : &received_[at->second];
}

void CmsMemory::index_external_id(std::size_t position) {
  by_external_id_.emplace(received_[position].external_id(), position);
}

std::string CmsMemory::path_of(std::string_view sha256) const { return file_ + ".files/" + std::string(sha256); }

Result<std::string> CmsMemory::create(Json fields, Instant at) {
  const std::lock_guard lock(mutex_);
  const std::string number = std::to_string(last_number_ + 1);
  const std::string id =
      std::string(id_prefix) + std::string(6 - std::min<std::size_t>(6, number.size()), '0') + number;
  const Json line =
      Json::object({{"did", "created"}, {"id", id}, {"receivedAt", to_ms(at)}, {"fields", std::move(fields)}});
  HANDOFF_TRY(write(line));
  apply(line, nullptr);
  return id;
}

Result<void> CmsMemory::update(std::string_view id, Json fields) {
  const std::lock_guard lock(mutex_);
  if (find_locked(id) == nullptr) return no_such_referral();
  const Json line = Json::object({{"did", "updated"}, {"id", id}, {"fields", std::move(fields)}});
  HANDOFF_TRY(write(line));
  apply(line, nullptr);
  return {};
}

Result<ReceivedFile> CmsMemory::attach(std::string_view id, std::string file_name, std::string content_type,
                                       const net::Body& body, std::uint64_t offset, std::uint64_t size) {
  auto bytes = std::make_shared<const std::string>(HANDOFF_TRY(body.read(offset, static_cast<std::size_t>(size))));
  if (bytes->size() != size) return cannot_store("the request body is shorter than its parts");
  const std::string hash = hex(sha256(*bytes));
  const std::lock_guard lock(mutex_);
  Received* known = find_locked(id);
  if (known == nullptr) return no_such_referral();
  if (descriptor_ >= 0) {
    // A file named by its contents is complete under its name or not there at all.
    const std::string partial = path_of(hash) + ".partial";
    const int out = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (out < 0) return cannot_store("an attachment cannot be written");
    const bool written = write_all(out, *bytes);
    ::close(out);
    if (!written || ::rename(partial.c_str(), path_of(hash).c_str()) != 0) {
      return cannot_store("an attachment cannot be written");
    }
    bytes = nullptr;
  }
  const Json line = Json::object({{"did", "attached"},
                                  {"id", id},
                                  {"fileName", std::move(file_name)},
                                  {"contentType", std::move(content_type)},
                                  {"size", static_cast<std::int64_t>(size)},
                                  {"sha256", hash}});
  HANDOFF_TRY(write(line));
  apply(line, std::move(bytes));
  return known->attachments.back();
}

Result<void> CmsMemory::accept(std::string_view id) {
  const std::lock_guard lock(mutex_);
  if (find_locked(id) == nullptr) return no_such_referral();
  const Json line = Json::object({{"did", "accepted"}, {"id", id}});
  HANDOFF_TRY(write(line));
  apply(line, nullptr);
  return {};
}

Result<std::size_t> CmsMemory::forget() {
  const std::lock_guard lock(mutex_);
  const std::size_t count = received_.size();
  // Numbers go on: a sender that still holds an old id must not find another's referral under it.
  const Json line = Json::object({{"did", "forgot"}, {"lastNumber", static_cast<std::int64_t>(last_number_)}});
  if (descriptor_ >= 0) {
    if (::ftruncate(descriptor_, 0) != 0) return cannot_store("the file cannot be emptied");
    HANDOFF_TRY(write(line));
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(file_ + ".files", ignored)) {
      std::filesystem::remove(entry.path(), ignored);
    }
  }
  apply(line, nullptr);
  return count;
}

std::vector<Received> CmsMemory::all() const {
  const std::lock_guard lock(mutex_);
  return received_;
}

std::vector<Received> CmsMemory::with_external_id(std::string_view external_id) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::size_t> positions;
  const auto [begin, end] = by_external_id_.equal_range(std::string(external_id));
  for (auto at = begin; at != end; ++at) {
    // An update may have given it another external id since; such an entry of the index stays behind.
    if (received_[at->second].external_id() == external_id) positions.push_back(at->second);
  }
  std::sort(positions.begin(), positions.end());
  positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
  std::vector<Received> found;
  for (const std::size_t position : positions) found.push_back(received_[position]);
  return found;
}

std::optional<Received> CmsMemory::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto at = by_id_.find(std::string(id));
  if (at == by_id_.end()) return std::nullopt;
  return received_[at->second];
}

std::size_t CmsMemory::size() const {
  const std::lock_guard lock(mutex_);
  return received_.size();
}

Result<std::string> CmsMemory::bytes_of(const ReceivedFile& file) const {
  if (file.bytes != nullptr) return *file.bytes;
  std::ifstream in(path_of(file.sha256), std::ios::binary);
  if (!in) return Error{Kind::not_found, "sandbox.file_gone", "The bytes of this file are gone from the store", {}};
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

}  // namespace handoff::sandbox
