#include "app/config.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "base/text.h"
#include "base/toml.h"

namespace handoff::app {
namespace {

const std::set<std::string> number_keys{"limits.connections", "threads.io", "threads.workers", "drain.seconds",
                                        "salesforce.daily_requests"};
const std::set<std::string> flag_keys{"rate_limit", "demo"};

bool is_flag_word(const std::string& word) {
  static const std::set<std::string> words{"on", "off", "true", "false", "yes", "no", "1", "0"};
  return words.contains(ascii_lower(word));
}

// Flattens the file's tables to dotted keys.
void flatten(const Json& table, const std::string& prefix, std::map<std::string, std::string>& into, Faults& faults) {
  for (const auto& [key, value] : table.members()) {
    const std::string path = prefix + key;
    if (value.is_object()) {
      flatten(value, path + ".", into, faults);
    } else if (value.is_string()) {
      into[path] = value.string();
    } else if (value.is_integer()) {
      into[path] = value.number_text();
    } else if (value.is_bool()) {
      into[path] = value.boolean() ? "on" : "off";
    } else if (value.is_array()) {
      std::vector<std::string> items;
      for (const auto& item : value.items()) items.push_back(item.text_or());
      into[path] = join(items, ",");
    } else {
      faults.push_back({path, "config.wrong_type", "Write a text, a whole number, true or false, or a list of texts."});
    }
  }
}

std::vector<std::string> known_keys() {
  std::vector<std::string> keys;
  for (const auto& row : setting_rows()) keys.emplace_back(row.key);
  return keys;
}

}  // namespace

const std::vector<SettingRow>& setting_rows() {
  static const std::vector<SettingRow> rows{
      {"database", "", "Where everything is kept: sqlite:PATH or postgresql://USER@HOST/NAME."},
      {"listen", "127.0.0.1:8080", "Address and port the server listens on."},
      {"data", "", "Directory for attachments with SQLite; by default beside the database file."},
      {"key_file", "",
       "File with the server key that hashes API keys and seals secrets; created with mode 0600 if absent. "
       "By default <database path>.key with SQLite; with PostgreSQL it must be named. Back it up apart from the "
       "database."},
      {"demo", "off", "Makes a demo organization and starts the sandboxes; opens loopback as a destination."},
      {"public_url", "",
       "How the server is reached from outside, for links and hook addresses; by default http://LISTEN."},
      {"outbound.allow", "",
       "Address ranges that are private or special and yet allowed as destinations, comma separated "
       "(127.0.0.1/32,10.1.0.0/16)."},
      {"outbound.ca_file", "", "Certificates that destinations are checked against; by default the system's."},
      {"rate_limit", "on", "Limits requests of each credential; off only for benchmarks."},
      {"tls.certificate", "", "Certificate chain in PEM; with tls.key the server speaks TLS itself."},
      {"tls.key", "", "Private key in PEM."},
      {"proxy.trusted", "", "Address ranges of proxies whose X-Forwarded-For is believed, comma separated."},
      {"profiles", "", "Directory with more connector profiles (*.toml)."},
      {"log.level", "info", "debug, info, warn or error."},
      {"limits.connections", "4096", "Connections at once; more are answered 503."},
      {"threads.io", "2", "Threads that move bytes."},
      {"threads.workers", "32", "Threads that answer requests; each waits for its own commit."},
      {"drain.seconds", "20", "How long requests and deliveries in flight may take to end after SIGTERM."},
      {"salesforce.daily_requests", "1000000",
       "Calls an organization may make to the Salesforce face in a day (UTC), counted by each process."},
  };
  return rows;
}

std::string flag_of(const std::string& key) {
  std::string flag = "--" + key;
  std::replace_if(
      flag.begin(), flag.end(), [](char c) { return c == '.' || c == '_'; }, '-');
  return flag;
}

std::string variable_of(const std::string& key) {
  std::string name = "HANDOFF_" + key;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return c == '.' ? '_' : static_cast<char>(std::toupper(c)); });
  return name;
}

Result<Config> Config::read(const std::map<std::string, std::string>& given, const std::string& path,
                            const std::function<const char*(const char*)>& environment) {
  Faults faults;
  std::map<std::string, std::string> file;
  if (!path.empty()) {
    std::ifstream in(path);
    std::stringstream text;
    text << in.rdbuf();
    if (!in) {
      return Error{
          Kind::invalid_input, "config.unreadable", "The configuration file " + path + " cannot be opened.", {}, {}};
    }
    const auto parsed = parse_toml(text.str());
    if (!parsed) {
      const auto& error = parsed.error();
      const std::string line =
          error.faults.empty() ? "" : " in line " + error.faults.front().pointer + ": " + error.faults.front().message;
      return Error{
          Kind::invalid_input, "config.unreadable", "The configuration file " + path + " is no TOML" + line, {}, {}};
    }
    flatten(parsed->root, "", file, faults);
  }
  const auto keys = known_keys();
  for (const auto& [key, value] : file) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    const auto near = nearest(key, keys);
    faults.push_back(
        {key, "config.unknown_setting",
         near ? "There is no such setting; did you mean \"" + *near + "\"?" : "There is no such setting."});
  }
  Config config;
  for (const auto& row : setting_rows()) {
    const std::string key = row.key;
    const char* variable = environment(variable_of(key).c_str());
    const auto flag = given.find(key);
    const auto written = file.find(key);
    std::string value = flag != given.end()     ? flag->second
                        : variable              ? variable
                        : written != file.end() ? written->second
                                                : row.fallback;
    if (number_keys.contains(key)) {
      const auto number = parse_int(value);
      if (!number || *number < 1 || *number > 1'000'000)
        faults.push_back({key, "config.not_a_number", "Write a whole number from 1 to 1000000."});
    }
    if (flag_keys.contains(key) && !is_flag_word(value))
      faults.push_back({key, "config.not_a_flag", "Write on or off."});
    config.values_[key] = std::move(value);
  }
  if (config.values_["tls.certificate"].empty() != config.values_["tls.key"].empty()) {
    faults.push_back({"tls.certificate", "config.half_tls", "TLS needs both tls.certificate and tls.key."});
  }
  if (!faults.empty()) return Error{Kind::invalid_input, "config.invalid", "The settings have faults:", {}, faults};
  return config;
}

const std::string& Config::text(const std::string& key) const {
  const auto found = values_.find(key);
  HANDOFF_ASSERT(found != values_.end());
  return found->second;
}
std::int64_t Config::number(const std::string& key) const { return parse_int(text(key)).value_or(0); }
bool Config::flag(const std::string& key) const {
  const std::string word = ascii_lower(text(key));
  return word == "on" || word == "true" || word == "yes" || word == "1";
}
std::vector<std::string> Config::list(const std::string& key) const {
  std::vector<std::string> out;
  for (const auto& item : split(text(key), ',')) {
    if (!trim(item).empty()) out.emplace_back(trim(item));
  }
  return out;
}

std::string example_file() {
  std::string out =
      "# Configuration of `handoff serve --config FILE`. Flags and HANDOFF_… variables win over this file.\n"
      "# Every setting is shown with its default.\n";
  std::string table;
  for (const bool tables : {false, true}) {
    for (const auto& row : setting_rows()) {
      const std::string key = row.key;
      const auto dot = key.find('.');
      if ((dot != std::string::npos) != tables) continue;
      if (tables && key.substr(0, dot) != table) {
        table = key.substr(0, dot);
        out += "\n[" + table + "]\n";
      }
      const bool bare = number_keys.contains(key);
      out +=
          "\n# " + std::string(row.description) + "\n# Flag " + flag_of(key) + ", variable " + variable_of(key) + ".\n";
      out += "# " + (tables ? key.substr(dot + 1) : key) + " = " +
             (bare ? row.fallback : "\"" + std::string(row.fallback) + "\"") + "\n";
    }
  }
  return out;
}

}  // namespace handoff::app
