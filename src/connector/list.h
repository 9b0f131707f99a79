// Every connector there is: the profiles that ship, those an operator adds, and those written in C++.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "exchange/connector.h"

namespace handoff::connector {

// A profile inside the binary (made by the build from profiles/).
struct ShippedProfile {
  const char* file_name;
  std::string text;
};
const std::vector<ShippedProfile>& shipped_profiles();

class Connectors {
 public:
  // With the shipped profiles, which have passed the same checks as any other.
  Connectors();

  const exchange::Connector* find(std::string_view id) const;  // nullptr where there is none
  const std::vector<std::unique_ptr<exchange::Connector>>& all() const { return all_; }

  // Adds one; an id that is taken is refused.
  Result<void> add(std::unique_ptr<exchange::Connector> connector);
  // Adds a profile. Faults carry "line 12, steps.create.path" as pointer.
  Result<void> add_profile(std::string_view text, const std::string& file_name);
  // Adds every *.toml of a directory, in order of their names. A file with faults is an error that names all of them;
  // nothing of the directory is added then.
  Result<void> load(const std::string& directory);

 private:
  std::vector<std::unique_ptr<exchange::Connector>> all_;
};

// A manifest as GET /connectors shows it.
Json describe(const exchange::Connector& connector);
// For POST /connectors/validate and `handoff connectors validate FILE`:
// {"valid", "faults": [{"line", "key", "code", "message"}], "manifest"}; the manifest is null where there are faults.
Json validate_profile(std::string_view toml);

}  // namespace handoff::connector
