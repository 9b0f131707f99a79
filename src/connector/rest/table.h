// Reads one table of a profile. Each question names a key; what nobody asked about is unknown and is a fault.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "connector/settings.h"

namespace handoff::connector {

class Table {
 public:
  Table(const Json& json, std::string pointer, Faults& faults)
      : json_(json), pointer_(std::move(pointer)), faults_(faults) {}

  const Json* find(const char* key) {
    known_.emplace_back(key);
    return json_.find(key);
  }
  std::string at(std::string_view key) const { return pointer_ + "/" + pointer_escape(key); }
  void fault(std::string_view key, const char* code, std::string message) {
    faults_.push_back({key.empty() ? pointer_ : at(key), code, std::move(message)});
  }
  Faults& faults() { return faults_; }

  std::string text(const char* key, bool required = false) {
    const Json* found = find(key);
    if (found == nullptr) {
      if (required) fault("", "profile.missing_key", "\"" + std::string(key) + "\" is missing here.");
      return {};
    }
    if (!found->is_string()) fault(key, "profile.wrong_type", "\"" + std::string(key) + "\" is a text in quotes.");
    if (required && found->is_string() && trim(found->string()).empty()) {
      fault(key, "profile.wrong_type", "\"" + std::string(key) + "\" must not be empty.");
    }
    return found->text_or();
  }

  bool truth(const char* key, bool fallback) {
    const Json* found = find(key);
    if (found == nullptr) return fallback;
    if (!found->is_bool()) fault(key, "profile.wrong_type", "\"" + std::string(key) + "\" is true or false.");
    return found->bool_or(fallback);
  }

  std::vector<std::string> texts(const char* key) {
    std::vector<std::string> out;
    const Json* found = find(key);
    if (found == nullptr) return out;
    if (found->is_string()) return {found->string()};
    const bool all = found->is_array() && std::all_of(found->items().begin(), found->items().end(),
                                                      [](const Json& item) { return item.is_string(); });
    if (!all) {
      fault(key, "profile.wrong_type", "\"" + std::string(key) + "\" is a list of texts.");
      return out;
    }
    for (const Json& item : found->items()) out.push_back(item.string());
    return out;
  }

  std::vector<std::pair<std::string, std::string>> pairs(const char* key) {
    std::vector<std::pair<std::string, std::string>> out;
    const Json* found = find(key);
    if (found == nullptr) return out;
    if (!found->is_object()) {
      fault(key, "profile.wrong_type", "\"" + std::string(key) + "\" is a table of texts.");
      return out;
    }
    for (const auto& [name, value] : found->members()) {
      if (value.is_string()) {
        out.emplace_back(name, value.string());
      } else {
        faults_.push_back(
            {at(key) + "/" + pointer_escape(name), "profile.wrong_type", "The value is a text in quotes."});
      }
    }
    return out;
  }

  // One of a few words; the first is taken where the key is absent.
  std::string word(const char* key, const std::vector<std::string>& words, bool required = false) {
    const std::string given = text(key, required);
    if (std::find(words.begin(), words.end(), given) != words.end()) return given;
    if (!given.empty())
      fault(key, "profile.unknown_word", "\"" + given + "\" is not known here." + meant(given, words));
    return words.front();
  }

  // Names every key that nobody asked about, with the nearest that is known.
  void done() {
    if (!json_.is_object()) return;
    for (const auto& member : json_.members()) {
      if (std::find(known_.begin(), known_.end(), member.first) != known_.end()) continue;
      fault(member.first, "profile.unknown_key",
            "\"" + member.first + "\" is not known here." + meant(member.first, known_));
    }
  }

 private:
  const Json& json_;
  std::string pointer_;
  Faults& faults_;
  std::vector<std::string> known_;
};

}  // namespace handoff::connector
