// Where the bytes of a request body are kept: in memory while they are few, then in an unlinked temporary file.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/http.h"

namespace handoff::net {

class BodySink {
 public:
  BodySink(std::size_t memory_max, std::string temporary_dir);
  ~BodySink();
  BodySink(const BodySink&) = delete;
  BodySink& operator=(const BodySink&) = delete;

  Result<void> add(std::string_view bytes);
  std::uint64_t size() const { return size_; }
  std::unique_ptr<Body> finish();  // once; the sink is empty afterwards

 private:
  Result<void> write(std::string_view bytes);
  const std::size_t memory_max_;
  const std::string temporary_dir_;
  std::string memory_;
  int file_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace handoff::net
