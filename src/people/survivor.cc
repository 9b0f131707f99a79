#include "people/survivor.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace handoff::people {
namespace {

bool is_verified(const Said& said) { return said.method == "edit" || said.method == "user"; }

bool says_nothing(const Json& value) {
  if (value.is_null()) return true;
  if (value.is_string()) return value.string().empty();
  if (value.is_array()) return value.size() == 0;
  if (!value.is_object()) return false;
  const auto& members = value.members();
  return std::all_of(members.begin(), members.end(), [](const auto& member) { return says_nothing(member.second); });
}

struct Survivor {
  Json value;
  Json source;
};

template <class Get>
Survivor survive(const std::vector<Said>& said, Get get) {
  const Said* best = nullptr;
  std::tuple<bool, Instant, std::int64_t> best_rank{};
  for (const Said& each : said) {
    const Json& value = get(each.registrant.reveal());
    if (says_nothing(value)) continue;
    const auto alike = std::count_if(said.begin(), said.end(),
                                     [&](const Said& other) { return get(other.registrant.reveal()) == value; });
    const std::tuple rank{is_verified(each), each.at, static_cast<std::int64_t>(alike)};
    if (best != nullptr && rank <= best_rank) continue;
    best = &each;
    best_rank = rank;
  }
  if (best == nullptr) return {};
  return {get(best->registrant.reveal()), best->record.text()};
}

}  // namespace

Json survivor_of(const std::vector<Said>& said) {
  Json registrant = Json::object(), sources = Json::object();
  for (const char* name :
       {"firstName", "middleName", "lastName", "birthDate", "gender", "preferredLanguage", "address", "email"}) {
    Survivor found = survive(said, [&](const Json& r) -> const Json& { return r[name]; });
    registrant.set(name, std::move(found.value));
    sources.set(name, std::move(found.source));
  }
  Json phones = Json::object();
  for (const char* name : {"main", "alternate"}) {
    Survivor found = survive(said, [&](const Json& r) -> const Json& { return r["phones"][name]; });
    phones.set(name, std::move(found.value));
    sources.set(std::string("phones.") + name, std::move(found.source));
  }
  registrant.set("phones", std::move(phones));
  Json identifiers = Json::array();
  for (const Said& each : said) {
    const Json& own = each.registrant.reveal()["identifiers"];
    if (!own.is_array()) continue;
    for (const Json& identifier : own.items()) {
      const auto& kept = identifiers.items();
      if (std::find(kept.begin(), kept.end(), identifier) == kept.end()) identifiers.push_back(identifier);
    }
  }
  registrant.set("identifiers", std::move(identifiers));
  return Json::object({{"registrant", std::move(registrant)}, {"sources", std::move(sources)}});
}

}  // namespace handoff::people
