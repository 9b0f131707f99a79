// Links a whole file and writes the cluster of each record. What has been scored is kept beside the output until the
// run is complete, so that an interrupted run can be resumed; the output itself appears only when it is whole.
#pragma once

#include <string>

#include "base/json.h"
#include "people/batch.h"
#include "people/dataset.h"

namespace handoff::people {

struct LinkOptions {
  unsigned threads = 1;
  bool resume = false;
  double from_probability = -1;  // negative: the model's
  std::function<void(std::uint64_t, std::uint64_t)> progress;
};

struct LinkReport {
  std::size_t records = 0, clusters = 0, largest = 0, reviews = 0;
  std::uint64_t pairs_scored = 0, chunks_resumed = 0, unions_refused = 0, blocks_cut = 0;
  std::array<std::uint64_t, key_kind_count> pairs_by_key{};
  std::array<std::uint64_t, 12> bits_histogram{};  // of kept pairs, by five bits of total evidence from -10 up
  std::string model_version;
  Json to_json() const;
};

Result<LinkReport> link_file(const Dataset& data, const Model& model, const std::string& out_path,
                             const LinkOptions& options);

// Error "people.file.unwritable" where nothing can be written under this name: asked before hours of work.
Result<void> can_write(const std::string& path);
// Writes under another name first, so that a reader never sees half a file.
Result<void> write_file(const std::string& path, std::string_view text);

}  // namespace handoff::people
