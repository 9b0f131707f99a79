// What the words on paper promise: links lead somewhere, the tour names what exists, nothing of the workshop is left.
#pragma once

#include <string>
#include <vector>

#include "tests/tidy/tree.h"

namespace handoff::tidy {

// Relative links of every Markdown file that lead nowhere, anchors included.
std::vector<std::string> dead_links(const Tree& tree);

// Stops of a tour that are gone. A file is named in backticks by its path; symbols are the words in backticks that
// follow it with nothing but punctuation, "and" or "in" between: `src/base/id.h`: `Id`, `parse`. A test is
// `Suite.test_name`.
std::vector<std::string> stale_stops(const Tree& tree, const File& tour);

// Rooms (folders of src/, and the folders of rooms that are cut into folders) without a README.md.
std::vector<std::string> rooms_without_readme(const Tree& tree);

// Sources of more than `lines_max` lines.
std::vector<std::string> long_files(const Tree& tree, std::size_t lines_max);

// Lines that tell of one machine, of a package registry, or of unfinished work.
std::vector<std::string> forbidden_words(const Tree& tree);

// GitHub's way to make an anchor of a heading: "Who may act?" -> "who-may-act".
std::string anchor_of(std::string_view heading);

}  // namespace handoff::tidy
