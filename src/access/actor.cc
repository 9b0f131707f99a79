#include "access/actor.h"

#include <algorithm>

namespace handoff::access {

const char* word(ActorKind kind) {
  switch (kind) {
    case ActorKind::api_key: return "api_key";
    case ActorKind::api_client: return "api_client";
    case ActorKind::user: return "user";
    case ActorKind::rule: return "rule";
    case ActorKind::destination: return "destination";
    case ActorKind::operator_command: return "operator";
  }
  return "operator";
}

std::vector<std::string> every_scope() { return {scope_words.begin(), scope_words.end()}; }
bool is_scope(std::string_view word) {
  return std::find(scope_words.begin(), scope_words.end(), word) != scope_words.end();
}

}  // namespace handoff::access
