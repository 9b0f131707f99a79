// What commands over records want from storage: a part of the unit of work.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/part.h"
#include "record/record.h"

namespace handoff::record {

// What a command names beforehand; ids as they were sent, of the actor's organization.
struct Needs final : RoomNeeds {
  std::vector<std::string> read;
  std::vector<std::string> changing;  // locked until the commit
};

class Unit {
 public:
  virtual ~Unit() = default;
  // Of what was needed, and of what this batch has saved; nullptr where there is none. Valid until the next save.
  virtual const Record* record(std::string_view id) = 0;
  // The actor's organization's records of an object whose keyed field has this value, oldest first; asks the store.
  virtual std::vector<Record> with_key(std::string_view object, std::string_view field, const std::string& value,
                                       std::size_t count_max) = 0;
  // Like record(), of one that nobody named beforehand; asks the store. Not to be changed.
  virtual std::optional<Record> read(std::string_view id) = 0;
  // The record that is a view of this referral; asks the store.
  virtual std::optional<Record> of_referral(const ReferralId& referral) = 0;
  // An id that no record of this batch has.
  virtual std::string fresh_id(const Object& object) = 0;
  // Version 1 is inserted; a version above replaces the one before it, which must have been `changing`.
  virtual void save(const Record& record) = 0;
};

}  // namespace handoff::record
