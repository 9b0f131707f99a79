#include "store/blobs.h"

#include <algorithm>

#include "base/crypto.h"

namespace handoff::store {

bool is_blob_owner(std::string_view organization) {
  return !organization.empty() && organization.size() <= 64 && std::ranges::all_of(organization, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool is_blob_address(std::string_view organization, std::string_view sha256) {
  return is_blob_owner(organization) && sha256.size() == 64 &&
         std::ranges::all_of(sha256, [](char c) { return (c >= 'a' && c <= 'f') || (c >= '0' && c <= '9'); });
}

Error blob_not_found() {
  return Error{handoff::Kind::not_found, "blob.not_found", "There is no such file here.", {}, {}};
}

Error bad_blob_owner() {
  return Error{handoff::Kind::internal,
               "store.broken",
               "Something went wrong on our side.",
               "blob: the organization is not an id",
               {}};
}

Result<std::string> pour(const Blobs::Source& source, std::uint64_t size, std::size_t piece_max,
                         const std::function<Result<void>(std::string_view piece)>& take) {
  Sha256 hash;
  std::string piece;
  for (std::uint64_t offset = 0; offset < size;) {
    piece.clear();
    while (piece.size() < piece_max && offset < size) {
      const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(piece_max - piece.size(), size - offset));
      std::string more = HANDOFF_TRY(source(offset, wanted));
      if (more.empty() || more.size() > wanted) {
        return Error{handoff::Kind::malformed,
                     "blob.cut_short",
                     "The file ended before its announced size. Send it again.",
                     "a source of " + std::to_string(size) + " bytes answered " + std::to_string(more.size()) +
                         " instead of " + std::to_string(wanted) + " at " + std::to_string(offset),
                     {}};
      }
      offset += more.size();
      if (piece.empty()) {
        piece = std::move(more);
      } else {
        piece += more;
      }
    }
    hash.add(piece);
    HANDOFF_TRY(take(piece));
  }
  return hex(hash.finish());
}

Result<std::string> Blobs::put(std::string_view organization, std::string_view bytes) {
  const Source from_memory = [bytes](std::uint64_t offset, std::size_t size_max) -> Result<std::string> {
    return std::string(bytes.substr(static_cast<std::size_t>(offset), size_max));
  };
  return put(organization, from_memory, bytes.size());
}

}  // namespace handoff::store
