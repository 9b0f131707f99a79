#include "net/body.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace handoff::net {
namespace {

class MemoryBody final : public Body {
 public:
  explicit MemoryBody(std::string bytes) : bytes_(std::move(bytes)) {}
  std::uint64_t size() const override { return bytes_.size(); }
  Result<std::string> read(std::uint64_t offset, std::size_t size_max) const override {
    if (offset >= bytes_.size()) return std::string{};
    return bytes_.substr(static_cast<std::size_t>(offset), size_max);
  }

 private:
  const std::string bytes_;
};

class FileBody final : public Body {
 public:
  FileBody(int file, std::uint64_t size) : file_(file), size_(size) {}
  ~FileBody() override { ::close(file_); }
  FileBody(const FileBody&) = delete;
  FileBody& operator=(const FileBody&) = delete;
  std::uint64_t size() const override { return size_; }
  Result<std::string> read(std::uint64_t offset, std::size_t size_max) const override {
    if (offset >= size_) return std::string{};
    std::string out(static_cast<std::size_t>(std::min<std::uint64_t>(size_max, size_ - offset)), '\0');
    for (std::size_t done = 0; done < out.size();) {
      const auto count = ::pread(file_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) {
        return Error{Kind::internal, "body.unreadable", "The request body could not be read back.",
                     count == 0 ? "the temporary file is shorter than what was written" : std::strerror(errno)};
      }
      done += static_cast<std::size_t>(count);
    }
    return out;
  }

 private:
  const int file_;
  const std::uint64_t size_;
};

// Without a name from the start where the file system can do that, so that a crash leaves nothing behind.
int open_unnamed(const std::string& dir) {
  const int file = ::open(dir.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0) return file;
  std::string name = dir + "/handoff-body-XXXXXX";
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

}  // namespace

std::unique_ptr<Body> body_of(std::string bytes) { return std::make_unique<MemoryBody>(std::move(bytes)); }

BodySink::BodySink(std::size_t memory_max, std::string temporary_dir)
    : memory_max_(memory_max), temporary_dir_(std::move(temporary_dir)) {}

BodySink::~BodySink() {
  if (file_ >= 0) ::close(file_);
}

Result<void> BodySink::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::write(file_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      return Error{Kind::unavailable, "body.not_stored", "The server has no room for the body now. Try again later.",
                   std::strerror(errno)};
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> BodySink::add(std::string_view bytes) {
  if (file_ < 0 && memory_.size() + bytes.size() <= memory_max_) {
    memory_.append(bytes);
    size_ += bytes.size();
    return {};
  }
  if (file_ < 0) {
    std::error_code problem;
    const std::string dir =
        temporary_dir_.empty() ? std::filesystem::temp_directory_path(problem).string() : temporary_dir_;
    file_ = open_unnamed(problem ? "/tmp" : dir);
    if (file_ < 0) {
      return Error{Kind::unavailable, "body.not_stored", "The server has no room for the body now. Try again later.",
                   std::strerror(errno)};
    }
    HANDOFF_TRY(write(memory_));
    std::string{}.swap(memory_);
  }
  HANDOFF_TRY(write(bytes));
  size_ += bytes.size();
  return {};
}

std::unique_ptr<Body> BodySink::finish() {
  if (file_ < 0) return std::make_unique<MemoryBody>(std::move(memory_));
  return std::make_unique<FileBody>(std::exchange(file_, -1), size_);
}

}  // namespace handoff::net
