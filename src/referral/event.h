// What happened to a referral, append-only, with a compact set of facts: enough to decide deliveries again later
// without reading any personal content (design, the second thought).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "access/actor.h"
#include "referral/referral.h"

namespace handoff::referral {

struct Facts {
  Status status_before = Status::submitted, status_after = Status::submitted;
  std::string sub_status_before, sub_status_after;  // codes
  std::optional<Category> category_before, category_after;
  bool arrival = false;  // first appearance in the receiver's inbox
  bool routed = false;   // it arrived by routing
  bool test = false;
  std::string change;  // appointment_changed: "rescheduled" or "unbooked"
  std::optional<ListingId> listing;
  std::vector<std::string> changed;  // edited: which parts ("registrant.birthDate", "answers.housing", "attachments")
  std::vector<std::string> present;  // which parts have a value
  std::int64_t attachment_count = 0, attachment_bytes = 0;
  std::string priority;
  friend bool operator==(const Facts&, const Facts&) = default;
};
Json to_json(const Facts& facts);
Facts facts_from_json(const Json& json);

struct Event {
  EventId id;
  ChangeId change;  // one committed change may hold several events ("received" then "appointment_booked")
  OrganizationId owner;
  ReferralId referral;
  std::int64_t version = 0;  // of the referral after the change
  EventType type = EventType::edited;
  Instant at{};
  std::string actor_kind, actor_id, actor_name;
  OrganizationId actor_organization;
  Side side = Side::receiver;  // the actor's
  std::string cause;           // request id, or one id for a bulk action
  Facts facts;
  Json detail;  // no personal data: codes, appointment ids with old and new times
};

// The paths that have a value, and those that differ between two contents.
std::vector<std::string> present_paths(const Referral& referral);
std::vector<std::string> changed_paths(const Referral& before, const Referral& after);

}  // namespace handoff::referral
