#include "connector/list.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "connector/rest/rest.h"
#include "connector/salesforce/salesforce.h"

namespace handoff::connector {
namespace {

constexpr std::size_t profile_bytes_max = 1024 * 1024;

Error unreadable(const std::string& what) {
  return Error{
      Kind::invalid_input, "connector.profiles_unreadable", "The profiles cannot be read: " + what + ".", {}, {}};
}

std::string place_of(const ProfileFault& fault) {
  return "line " + std::to_string(fault.line) + (fault.key.empty() ? std::string() : ", " + fault.key);
}

Error profile_error(const std::string& file_name, const std::vector<ProfileFault>& found) {
  Faults faults;
  std::string sentence = "The profile " + file_name + " has faults:";
  for (const ProfileFault& fault : found) {
    faults.push_back({place_of(fault), fault.code, fault.message});
    sentence += " " + place_of(fault) + ": " + fault.message;
  }
  return Error{Kind::invalid_input, "connector.profile_invalid", std::move(sentence), {}, std::move(faults)};
}

Result<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return unreadable(path.filename().string());
  std::ostringstream text;
  text << in.rdbuf();
  if (text.str().size() > profile_bytes_max) return unreadable(path.filename().string() + " is larger than 1 MB");
  return text.str();
}

}  // namespace

Connectors::Connectors() {
  for (const ShippedProfile& profile : shipped_profiles()) {
    // A test validates each of them; one with faults is our own mistake.
    add_profile(profile.text, profile.file_name).value();
  }
  add(make_salesforce_connector()).value();
}

const exchange::Connector* Connectors::find(std::string_view id) const {
  for (const auto& connector : all_) {
    if (connector->manifest().id == id) return connector.get();
  }
  return nullptr;
}

Result<void> Connectors::add(std::unique_ptr<exchange::Connector> connector) {
  const std::string& id = connector->manifest().id;
  if (find(id) != nullptr) {
    return Error{Kind::conflict,
                 "connector.id_taken",
                 "There is a connector \"" + id + "\" already; give this one another id.",
                 {},
                 {}};
  }
  all_.push_back(std::move(connector));
  return {};
}

Result<void> Connectors::add_profile(std::string_view text, const std::string& file_name) {
  ParsedProfile parsed = parse_profile(text);
  if (!parsed.profile) return profile_error(file_name, parsed.faults);
  return add(make_rest_connector(*std::move(parsed.profile)));
}

Result<void> Connectors::load(const std::string& directory) {
  std::error_code failure;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory, failure)) {
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  }
  if (failure) return unreadable(directory + ": " + failure.message());
  std::sort(files.begin(), files.end());
  const std::size_t before = all_.size();
  for (const auto& file : files) {
    const Result<std::string> text = read_file(file);
    const Result<void> added = text ? add_profile(*text, file.filename().string()) : Result<void>(text.error());
    if (added) continue;
    all_.resize(before);
    return added.error();
  }
  return {};
}

Json describe(const exchange::Connector& connector) {
  return manifest_json(connector.manifest(), connector.profile_hash());
}

Json validate_profile(std::string_view toml) {
  const ParsedProfile parsed = parse_profile(toml);
  Json faults = Json::array();
  for (const ProfileFault& fault : parsed.faults) {
    faults.push_back(
        Json::object({{"line", fault.line}, {"key", fault.key}, {"code", fault.code}, {"message", fault.message}}));
  }
  const bool valid = parsed.profile.has_value();
  return Json::object({{"valid", valid},
                       {"faults", std::move(faults)},
                       {"manifest", valid ? manifest_json(parsed.profile->manifest, parsed.profile->hash) : Json()}});
}

}  // namespace handoff::connector
