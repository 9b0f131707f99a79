// Blobs as files: DIRECTORY/organization/ab/abcd…, the hash in full. A file is written under .incoming and renamed when
// it is whole and synced, so every file with a hash for a name is complete.
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "store/blobs.h"
#include "store/driver.h"

namespace handoff::store {
namespace {

constexpr std::size_t piece_max = 256 * 1024;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }
  bool open() const { return number_ >= 0; }

 private:
  int number_;
};

Error trouble(const char* what, const std::string& path) {
  return failure(Failure::failed, "blob", {}, std::string(what) + " " + path + ": " + std::strerror(errno));
}

Result<void> write_all(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return trouble("cannot write", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> sync_directory(const std::string& path) {
  const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.open() || ::fsync(directory.number()) != 0) return trouble("cannot sync directory", path);
  return {};
}

// A directory that survives a power cut, which takes a sync of the one it is in.
Result<void> make_directory(const std::string& parent, const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0) return sync_directory(parent);
  if (errno != EEXIST) return trouble("cannot make directory", path);
  return {};
}

// The names in a directory; none where it is absent.
std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
  if (directory == nullptr) return names;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  return names;
}

std::int64_t changed_ms(const struct stat& status) {
  return std::int64_t{status.st_mtim.tv_sec} * 1000 + status.st_mtim.tv_nsec / 1'000'000;
}

// A file under .incoming, removed again unless it was renamed. A lock on it tells the sweep that somebody is writing.
class Incoming {
 public:
  static Result<std::unique_ptr<Incoming>> create(const std::string& directory) {
    for (;;) {
      std::string path = directory + "/XXXXXX";
      const int descriptor = ::mkostemp(path.data(), O_CLOEXEC);
      if (descriptor < 0) return trouble("cannot create a file in", directory);
      auto incoming = std::unique_ptr<Incoming>(new Incoming(descriptor, std::move(path)));
      // A sweep may have taken it between these two lines; then it has no name any more.
      struct stat status {};
      if (::flock(descriptor, LOCK_EX) != 0 || ::fstat(descriptor, &status) != 0)
        return trouble("cannot lock", incoming->path_);
      if (status.st_nlink > 0) return incoming;
    }
  }
  ~Incoming() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  Incoming(const Incoming&) = delete;
  Incoming& operator=(const Incoming&) = delete;
  int descriptor() const { return descriptor_.number(); }
  const std::string& path() const { return path_; }
  Result<void> rename_to(const std::string& path) {
    if (::rename(path_.c_str(), path.c_str()) != 0) return trouble("cannot rename to", path);
    path_.clear();
    return {};
  }

 private:
  Incoming(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  Descriptor descriptor_;
  std::string path_;
};

class FileBlobs final : public Blobs {
 public:
  FileBlobs(std::string directory, const Clock* clock, int lock)
      : directory_(std::move(directory)), incoming_(directory_ + "/.incoming"), clock_(clock), lock_(lock) {}

  using Blobs::put;
  Result<std::string> put(std::string_view organization, const Source& source, std::uint64_t size) override {
    if (!is_blob_owner(organization)) return bad_blob_owner();
    auto incoming = HANDOFF_TRY(Incoming::create(incoming_));
    const std::string sha256 = HANDOFF_TRY(pour(source, size, piece_max, [&](std::string_view piece) {
      return write_all(incoming->descriptor(), piece, incoming->path());
    }));
    if (clock_ != nullptr) {
      const std::int64_t now = to_ms(clock_->now());
      const timespec at{now / 1000, now % 1000 * 1'000'000};
      const timespec both[] = {at, at};
      if (::futimens(incoming->descriptor(), both) != 0) return trouble("cannot date", incoming->path());
    }
    if (::fsync(incoming->descriptor()) != 0) return trouble("cannot sync", incoming->path());

    const std::string of_organization = directory_ + "/" + std::string(organization);
    const std::string of_prefix = of_organization + "/" + sha256.substr(0, 2);
    HANDOFF_TRY(make_directory(directory_, of_organization));
    HANDOFF_TRY(make_directory(of_organization, of_prefix));
    {
      // The same bytes may be here already. The new file replaces the old one: it is as good, and young, which keeps it
      // from the sweep until the commit that names it.
      const Locked locked(*this);
      HANDOFF_TRY(incoming->rename_to(of_prefix + "/" + sha256));
    }
    HANDOFF_TRY(sync_directory(of_prefix));
    return sha256;
  }

  Result<std::string> read(std::string_view organization, std::string_view sha256, std::uint64_t offset,
                           std::size_t size_max) override {
    if (!is_blob_address(organization, sha256)) return blob_not_found();
    const std::string path = path_of(organization, sha256);
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.open()) return errno == ENOENT ? blob_not_found() : trouble("cannot open", path);
    struct stat status {};
    if (::fstat(file.number(), &status) != 0) return trouble("cannot read", path);
    const auto size = static_cast<std::uint64_t>(status.st_size);
    std::string bytes(static_cast<std::size_t>(std::min<std::uint64_t>(offset < size ? size - offset : 0, size_max)),
                      '\0');
    for (std::size_t done = 0; done < bytes.size();) {
      const ssize_t got =
          ::pread(file.number(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return trouble("cannot read", path);
      done += static_cast<std::size_t>(got);
    }
    return bytes;
  }

  Result<std::uint64_t> size(std::string_view organization, std::string_view sha256) override {
    if (!is_blob_address(organization, sha256)) return blob_not_found();
    const std::string path = path_of(organization, sha256);
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return errno == ENOENT ? blob_not_found() : trouble("cannot read", path);
    return static_cast<std::uint64_t>(status.st_size);
  }

  Result<int> sweep(const std::function<Result<bool>(std::string_view, std::string_view)>& keep,
                    std::int64_t before_ms) override {
    int swept = 0;
    for (const std::string& organization : names_in(directory_)) {
      if (!is_blob_owner(organization)) continue;
      for (const std::string& prefix : names_in(directory_ + "/" + organization)) {
        for (const std::string& sha256 : names_in(directory_ + "/" + organization + "/" + prefix)) {
          // What lies here and is no blob is somebody else's.
          if (!is_blob_address(organization, sha256) || !sha256.starts_with(prefix)) continue;
          const std::string path = path_of(organization, sha256);
          if (!is_older(path, before_ms) || HANDOFF_TRY(keep(organization, sha256))) continue;
          const Locked locked(*this);
          if (!is_older(path, before_ms)) continue;  // put again while `keep` was asked
          if (::unlink(path.c_str()) != 0) return trouble("cannot remove", path);
          ++swept;
        }
      }
    }
    sweep_incoming();
    return swept;
  }

 private:
  // Keeps a put from renaming between a sweep's look at a file and its removal, also in another process.
  class Locked {
   public:
    explicit Locked(FileBlobs& blobs) : blobs_(blobs), held_(blobs.mutex_) {
      while (::flock(blobs_.lock_.number(), LOCK_EX) != 0 && errno == EINTR) {
      }
    }
    ~Locked() { ::flock(blobs_.lock_.number(), LOCK_UN); }
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;

   private:
    FileBlobs& blobs_;
    const std::lock_guard<std::mutex> held_;
  };

  std::string path_of(std::string_view organization, std::string_view sha256) const {
    return directory_ + "/" + std::string(organization) + "/" + std::string(sha256.substr(0, 2)) + "/" +
           std::string(sha256);
  }

  static bool is_older(const std::string& path, std::int64_t before_ms) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && changed_ms(status) < before_ms;
  }

  // Leftovers of a process that died while writing: nobody holds their lock.
  void sweep_incoming() const {
    for (const std::string& name : names_in(incoming_)) {
      const std::string path = incoming_ + "/" + name;
      const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
      if (file.open() && ::flock(file.number(), LOCK_EX | LOCK_NB) == 0) ::unlink(path.c_str());
    }
  }

  const std::string directory_;
  const std::string incoming_;
  const Clock* const clock_;
  std::mutex mutex_;  // beside lock_, which is per process
  const Descriptor lock_;
};

}  // namespace

Result<std::unique_ptr<Blobs>> open_file_blobs(const std::string& directory, const Clock* clock) {
  const std::size_t slash = directory.find_last_not_of('/');
  if (slash == std::string::npos) return failure(Failure::failed, "blob", {}, "no directory for blobs");
  const std::string base = directory.substr(0, slash + 1);
  const std::size_t parent = base.find_last_of('/');
  HANDOFF_TRY(make_directory(parent == std::string::npos ? "." : base.substr(0, parent + 1), base));
  HANDOFF_TRY(make_directory(base, base + "/.incoming"));
  const std::string lock = base + "/.lock";
  const int descriptor = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return trouble("cannot open", lock);
  return std::unique_ptr<Blobs>(std::make_unique<FileBlobs>(base, clock, descriptor));
}

}  // namespace handoff::store
