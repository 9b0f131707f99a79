// What a delivery remembers between its steps: the members of Progress::data, by name.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "exchange/connector.h"

namespace handoff::connector {

class Memory {
 public:
  explicit Memory(const Json& data) : data_(data.is_object() ? data : Json::object()) {}
  const Json& data() const { return data_; }

  // Present but empty where the destination took the referral and gives no ids.
  std::optional<std::string> remote_id() const {
    const Json* id = data_.find("remoteId");
    if (id == nullptr || !id->is_string()) return {};
    return id->string();
  }
  void set_remote_id(std::string id) { data_.set("remoteId", std::move(id)); }

  void put(const char* key, Json value) { data_.set(key, std::move(value)); }

  bool is(const char* flag) const { return data_[flag].bool_or(false); }
  void set(const char* flag) { data_.set(flag, true); }
  void clear(const char* flag) { data_.erase(flag); }

  bool has(const char* list, std::string_view text) const {
    const Json& items = data_[list];
    if (!items.is_array()) return false;
    for (const Json& item : items.items()) {
      if (item.is_string() && item.string() == text) return true;
    }
    return false;
  }
  void add(const char* list, const std::string& text) {
    if (has(list, text)) return;
    Json items = data_[list].is_array() ? data_[list] : Json::array();
    items.push_back(text);
    data_.set(list, std::move(items));
  }
  void remove(const char* list, std::string_view text) {
    Json items = Json::array();
    if (const Json* old = data_.find(list); old != nullptr && old->is_array()) {
      for (const Json& item : old->items()) {
        if (item.text_or() != text) items.push_back(item);
      }
      data_.set(list, std::move(items));
    }
  }
  std::set<std::string, std::less<>> all(const char* list) const {
    std::set<std::string, std::less<>> out;
    if (const Json& items = data_[list]; items.is_array()) {
      for (const Json& item : items.items()) out.insert(item.text_or());
    }
    return out;
  }

  bool left_out(std::string_view file) const {
    const Json& items = data_["leftOut"];
    if (!items.is_array()) return false;
    for (const Json& item : items.items()) {
      if (item["file"].text_or() == file) return true;
    }
    return false;
  }
  void leave_out(const std::string& file, const char* code) {
    if (left_out(file)) return;
    Json items = data_["leftOut"].is_array() ? data_["leftOut"] : Json::array();
    items.push_back(Json::object({{"file", file}, {"code", code}}));
    data_.set("leftOut", std::move(items));
  }

 private:
  Json data_;
};

}  // namespace handoff::connector
