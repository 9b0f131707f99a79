// Records as this face shows them. What a ClinicalServiceRequest says about its state comes from its referral.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "face/salesforce/call.h"

namespace handoff::face::salesforce {

// The value of a field; absent ones are null, absent booleans false.
class View {
 public:
  explicit View(Call& call) : call_(call) {}

  // Reads what showing needs beside the records (labels of sub-statuses), once.
  Result<void> prepare();
  Json value(const record::Found& found, const record::Field& field) const;
  Json attributes(const record::Found& found) const;  // {type, url}
  // Flat, with `attributes` first: the named fields, or every one of the object.
  Json record(const record::Found& found, const std::vector<const record::Field*>& fields) const;
  std::string url(const record::Found& found) const;

 private:
  std::optional<Json> request_value(const record::Found& found, std::string_view name) const;
  Call& call_;
  std::vector<referral::SubStatus> rows_;
};

// Every field of the object, the system's first.
std::vector<const record::Field*> every_field(const record::Object& object);

}  // namespace handoff::face::salesforce
