// What a file is, by its first bytes. A type that is told is not trusted: bytes of a known type that contradict it are
// refused, and bytes of no known type are taken as declared.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace handoff::face {

inline constexpr std::size_t sniffed_bytes = 4096;

// The media type that the first bytes show; nothing where they show none.
std::optional<std::string> recognized_type(std::string_view first_bytes);

// The type a file is kept under. `declared` may be empty. Error "attachment.type_mismatch" names both types.
Result<std::string> settled_type(std::string_view first_bytes, std::string_view declared);

// A name that is safe to show and to save: without folders, control characters and marks that turn the writing around.
std::string clean_file_name(std::string_view name);

}  // namespace handoff::face
