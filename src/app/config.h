// Settings of `handoff serve`: from flags, then HANDOFF_… variables, then the configuration file, then the defaults.
// One table holds them all; `serve --help` and docs/handoff.example.toml are written from it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace handoff::app {

struct SettingRow {
  const char* key;       // "outbound.allow": a dotted path in the file, --outbound-allow, HANDOFF_OUTBOUND_ALLOW
  const char* fallback;  // "" for none
  const char* description;
};
const std::vector<SettingRow>& setting_rows();

class Config {
 public:
  // `given` holds flags by key. Reads `path` where it is not empty. Every fault of every source is named at once.
  static Result<Config> read(const std::map<std::string, std::string>& given, const std::string& path,
                             const std::function<const char*(const char*)>& environment);
  const std::string& text(const std::string& key) const;  // asserts that the key is known
  std::int64_t number(const std::string& key) const;
  bool flag(const std::string& key) const;                      // on, true, yes, 1
  std::vector<std::string> list(const std::string& key) const;  // comma separated

 private:
  std::map<std::string, std::string> values_;
};

std::string flag_of(const std::string& key);      // "outbound.allow" -> "--outbound-allow"
std::string variable_of(const std::string& key);  // "outbound.allow" -> "HANDOFF_OUTBOUND_ALLOW"
std::string example_file();                       // the annotated configuration file

}  // namespace handoff::app
