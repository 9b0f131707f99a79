#include "referral/event.h"

#include <algorithm>
#include <map>

namespace handoff::referral {
namespace {

Json words(const std::vector<std::string>& list) {
  Json out = Json::array();
  for (const auto& item : list) out.push_back(item);
  return out;
}
std::vector<std::string> words_from(const Json& json) {
  std::vector<std::string> out;
  if (json.is_array()) {
    for (const auto& item : json.items()) out.push_back(item.text_or());
  }
  return out;
}

// Flattens content to "registrant.address.city" -> value; lists count as one value.
void flatten(const Json& value, const std::string& path, std::map<std::string, const Json*>& into) {
  if (value.is_object()) {
    for (const auto& [key, member] : value.members()) flatten(member, path.empty() ? key : path + "." + key, into);
  } else if (!value.is_null() && !(value.is_array() && value.size() == 0)) {
    into[path] = &value;
  }
}

std::map<std::string, const Json*> flat(const Referral& referral) {
  std::map<std::string, const Json*> out;
  flatten(referral.content.reveal(), "", out);
  return out;
}

std::vector<std::string> attachment_ids(const Referral& referral) {
  std::vector<std::string> ids;
  for (const auto& a : referral.attachments) ids.push_back(a.id.text());
  return ids;
}

Json category_json(const std::optional<Category>& category) { return category ? Json(word(*category)) : Json(); }

}  // namespace

Json to_json(const Facts& f) {
  return Json::object({{"statusBefore", word(f.status_before)},
                       {"statusAfter", word(f.status_after)},
                       {"subStatusBefore", f.sub_status_before},
                       {"subStatusAfter", f.sub_status_after},
                       {"categoryBefore", category_json(f.category_before)},
                       {"categoryAfter", category_json(f.category_after)},
                       {"arrival", f.arrival},
                       {"routed", f.routed},
                       {"test", f.test},
                       {"change", f.change},
                       {"listing", f.listing ? Json(f.listing->text()) : Json()},
                       {"changed", words(f.changed)},
                       {"present", words(f.present)},
                       {"attachmentCount", f.attachment_count},
                       {"attachmentBytes", f.attachment_bytes},
                       {"priority", f.priority}});
}

Facts facts_from_json(const Json& j) {
  Facts f;
  f.status_before = status_of(j["statusBefore"].text_or()).value_or(Status::submitted);
  f.status_after = status_of(j["statusAfter"].text_or()).value_or(Status::submitted);
  f.sub_status_before = j["subStatusBefore"].text_or();
  f.sub_status_after = j["subStatusAfter"].text_or();
  f.category_before = category_of(j["categoryBefore"].text_or());
  f.category_after = category_of(j["categoryAfter"].text_or());
  f.arrival = j["arrival"].bool_or(false);
  f.routed = j["routed"].bool_or(false);
  f.test = j["test"].bool_or(false);
  f.change = j["change"].text_or();
  if (j["listing"].is_string()) f.listing = ListingId::trusted(j["listing"].string());
  f.changed = words_from(j["changed"]);
  f.present = words_from(j["present"]);
  f.attachment_count = j["attachmentCount"].int_or(0);
  f.attachment_bytes = j["attachmentBytes"].int_or(0);
  f.priority = j["priority"].text_or();
  return f;
}

std::vector<std::string> present_paths(const Referral& referral) {
  std::vector<std::string> out;
  for (const auto& [path, value] : flat(referral)) out.push_back(path);
  return out;
}

std::vector<std::string> changed_paths(const Referral& before, const Referral& after) {
  const auto old_values = flat(before), new_values = flat(after);
  std::vector<std::string> out;
  for (const auto& [path, value] : new_values) {
    const auto old = old_values.find(path);
    if (old == old_values.end() || !(*old->second == *value)) out.push_back(path);
  }
  for (const auto& [path, value] : old_values) {
    if (!new_values.contains(path)) out.push_back(path);
  }
  if (attachment_ids(before) != attachment_ids(after)) out.emplace_back("attachments");
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace handoff::referral
