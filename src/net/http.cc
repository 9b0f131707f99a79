#include "net/http.h"

#include <algorithm>

#include "base/text.h"

namespace handoff::net {

void Headers::set(std::string_view name, std::string value) {
  bool done = false;
  std::erase_if(items_, [&](Item& item) {
    if (!ascii_equal_fold(item.first, name)) return false;
    if (done) return true;
    item.second = value;
    done = true;
    return false;
  });
  if (!done) items_.emplace_back(std::string(name), std::move(value));
}

const std::string* Headers::find(std::string_view name) const {
  for (const auto& [key, value] : items_) {
    if (ascii_equal_fold(key, name)) return &value;
  }
  return nullptr;
}

std::string_view Headers::get(std::string_view name) const {
  const std::string* value = find(name);
  return value == nullptr ? std::string_view{} : std::string_view{*value};
}

void Headers::remove(std::string_view name) {
  std::erase_if(items_, [&](const Item& item) { return ascii_equal_fold(item.first, name); });
}

}  // namespace handoff::net
