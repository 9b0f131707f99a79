// Reading records outside of any unit of work. Every question carries the organization; another's records do not exist.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "record/record.h"
#include "referral/referral.h"

namespace handoff::record {

// A record, and of a ClinicalServiceRequest the referral it is a view of.
struct Found {
  Record record;
  std::optional<referral::Referral> referral;
  // The later of both: what LastModifiedDate and SystemModstamp say.
  Instant changed_at() const {
    return referral && referral->updated_at > record.updated_at ? referral->updated_at : record.updated_at;
  }
};

class Reader {
 public:
  virtual ~Reader() = default;
  // Those that are there, in no order; ids as they were sent.
  virtual Result<std::vector<Found>> by_ids(const OrganizationId& organization,
                                            const std::vector<std::string>& ids) = 0;
  // Records of an object whose keyed field has one of these values, each as key_of() writes it.
  virtual Result<std::vector<Found>> by_key(const OrganizationId& organization, std::string_view object,
                                            std::string_view field, const std::vector<std::string>& values) = 0;
  // Every record of an object that was changed at `since` or later, oldest change first, in pieces, until `take`
  // answers false.
  virtual Result<void> each(const OrganizationId& organization, std::string_view object, std::optional<Instant> since,
                            const std::function<Result<bool>(std::vector<Found> piece)>& take) = 0;
  virtual Result<std::int64_t> count(const OrganizationId& organization, std::string_view object) = 0;
  // The record that is a view of this referral.
  virtual Result<std::optional<Found>> of_referral(const OrganizationId& organization, const ReferralId& referral) = 0;
};

}  // namespace handoff::record
