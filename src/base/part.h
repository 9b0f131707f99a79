// A unit of work has a part for each room that keeps records of its own. The rooms do not know each other, so a command
// asks the unit it runs on for the part it needs, by the interface that the room declares in its store.h.
#pragma once

#include <typeindex>

#include "base/result.h"

namespace handoff {

// What a command wants loaded before it runs. Each room derives its own from it; a room passes over those of others.
struct RoomNeeds {
  virtual ~RoomNeeds() = default;
};

class WithParts {
 public:
  virtual ~WithParts() = default;
  // A Part* as void*, where `kind` is typeid(Part); nullptr where no room keeps such a part.
  virtual void* part(std::type_index kind) = 0;
};

// Valid while the command runs. Every store of ours keeps every part, so a missing one is a mistake of the wiring.
template <class Part>
Part& part_of(WithParts& unit) {
  void* found = unit.part(typeid(Part));
  HANDOFF_ASSERT(found != nullptr);
  return *static_cast<Part*>(found);
}

}  // namespace handoff
