// What both places for blobs share. Only they include this.
#pragma once

#include <string>
#include <string_view>

#include "store/sql.h"

namespace handoff::store {

// Organization and hash become names of files, so only letters, digits, - and _ make one.
bool is_blob_owner(std::string_view organization);
bool is_blob_address(std::string_view organization, std::string_view sha256);
Error blob_not_found();
// An organization's name that no id of ours looks like.
Error bad_blob_owner();

// Hands the source's bytes to `take` in pieces of `piece_max`, all but the last of them full, and answers their
// SHA-256.
Result<std::string> pour(const Blobs::Source& source, std::uint64_t size, std::size_t piece_max,
                         const std::function<Result<void>(std::string_view piece)>& take);

}  // namespace handoff::store
