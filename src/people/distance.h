// Distances between short folded texts. The buffers they are called with are zero-padded to 32 bytes, which lets the
// compiler compare a letter with sixteen others at once.
#pragma once

#include <cstddef>
#include <string_view>

namespace handoff::people {

// Jaro-Winkler, 0 … 1. Both texts lie in zero-padded buffers of 32 bytes; lengths are at most 32.
double jaro_winkler(const char* a, std::size_t a_length, const char* b, std::size_t b_length);
// For any text; the first 32 bytes count.
double jaro_winkler(std::string_view a, std::string_view b);
// Optimal string alignment (insert, delete, replace, swap of neighbours), at most 32 bytes each; answers `limit + 1`
// as soon as it is known to be more than `limit`.
int edits(std::string_view a, std::string_view b, int limit);

}  // namespace handoff::people
