// Where the bytes of attachments are kept. Declared here because the core needs it; the store keeps them, app wires it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/id.h"
#include "base/result.h"

namespace handoff::referral {

class Files {
 public:
  virtual ~Files() = default;
  // Reads `size` bytes from `source` piece by piece, perhaps twice; answers their SHA-256 in hex once they are durable.
  // The same bytes put twice are kept once.
  using Source = std::function<Result<std::string>(std::uint64_t offset, std::size_t size_max)>;
  virtual Result<std::string> put(const OrganizationId& organization, std::uint64_t size, const Source& source) = 0;
  // Up to `size_max` bytes from `offset`; fewer only at the end.
  virtual Result<std::string> read(const OrganizationId& organization, const std::string& sha256, std::uint64_t offset,
                                   std::size_t size_max) = 0;
};

}  // namespace handoff::referral
