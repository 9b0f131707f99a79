// What can be done to a referral. Each command is pure over its unit of work: it reads what was loaded, refuses or
// writes, and calls the consequences once per change.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "referral/store.h"

namespace handoff::people {
struct Prepared;
}

namespace handoff::referral {

// Content that was read before the command runs, so that a batch does not wait for one referral's telephone numbers.
// It was judged by the listing as it stood; where that has changed since, the command reads the content again.
struct ContentRead {
  std::int64_t listing_version = 0;  // 0: without a listing
  Json content;
  Faults faults;
  std::vector<Warning> warnings;
  // The registrant made ready for recognizing the person; null for a draft and where there are faults.
  std::shared_ptr<const people::Prepared> person;
};

struct NewReferral {
  std::optional<ListingId> listing;
  Json recipient;  // where there is no listing
  Json content;    // as sent
  std::optional<std::string> sub_status;
  Json appointment;                     // null for none
  std::vector<Attachment> attachments;  // bytes already stored
  bool draft = false;
  bool test = false;
  Method method = Method::api;
  std::string source_name;
  std::vector<Warning> warnings;              // of the face (attachment types), or of the record system
  std::vector<std::string> owned_fields;      // Referral::owned_fields
  std::optional<std::string> correlation_id;  // of a referral that this one takes the place of
  std::shared_ptr<const ContentRead> read;    // of the same content, draft and attachments; null: create() reads it
};

// For NewReferral::read; `listing` is null where there is none.
std::shared_ptr<const ContentRead> read_ahead(const NewReferral& input, const directory::Listing* listing, Instant now);
// What the command that creates it should name in its needs, so that two who bring the same person at the same moment
// wait for each other in one order; null where nothing was read ahead.
std::shared_ptr<const RoomNeeds> person_needs(const NewReferral& input, const OrganizationId& caller);

// Which sides of the referral the organization stands on: bits of by_receiver and by_sender; 0 for a stranger.
unsigned sides_of(const Referral& referral, const OrganizationId& organization);
// What this organization may do now, in table order: the contract's `allowedActions`.
std::vector<std::string> allowed_actions(const Referral& referral, const OrganizationId& organization);
// Error "referral.action_not_allowed" (conflict) or "referral.not_your_side" (forbidden) where `act` is not allowed.
Result<const Move*> permitted(const Referral& referral, const OrganizationId& organization, Act act);

class Commands {
 public:
  explicit Commands(Consequences& consequences) : consequences_(consequences) {}

  Result<ReferralId> create(Unit& unit, const NewReferral& input);
  Result<void> submit(Unit& unit, const ReferralId& id);
  Result<void> edit(Unit& unit, const ReferralId& id, const Json& patch);
  // The record system's own edit: it may write the fields it owns, which edit() refuses.
  Result<void> edit_as_owner(Unit& unit, const ReferralId& id, const Json& patch);
  // A draft is for somebody else: a listing, or a recipient where there is none. It keeps its id and history; where it
  // comes to belong to another organization it gets a number of that one's. Error "referral.files_stay" (conflict)
  // where files would have to move along.
  Result<void> reaim(Unit& unit, const ReferralId& id, const std::optional<ListingId>& listing, const Json& recipient);
  // Takes the place of the warnings at "/source". No event: nothing happened to the referral.
  Result<void> warn(Unit& unit, const ReferralId& id, const std::vector<Warning>& warnings);
  // Who may change which fields has been settled anew where the referral comes from. No event either.
  Result<void> own(Unit& unit, const ReferralId& id, const std::vector<std::string>& fields);
  Result<void> attach(Unit& unit, const ReferralId& id, const std::vector<Attachment>& attachments,
                      const std::vector<Warning>& warnings);
  Result<void> set_sub_status(Unit& unit, const ReferralId& id, const std::string& code);
  Result<AppointmentId> book(Unit& unit, const ReferralId& id, const Json& body);
  Result<void> reschedule(Unit& unit, const ReferralId& id, const AppointmentId& appointment, const Json& patch);
  Result<void> unbook(Unit& unit, const ReferralId& id, const AppointmentId& appointment);
  Result<void> close(Unit& unit, const ReferralId& id, const std::string& code,
                     const std::optional<std::string>& reason);
  Result<void> reopen(Unit& unit, const ReferralId& id, const std::string& reason);
  Result<void> archive(Unit& unit, const ReferralId& id, bool archived);
  Result<ReferralId> route(Unit& unit, const ReferralId& id, const ListingId& listing);
  Result<MessageId> message(Unit& unit, const ReferralId& id, const std::string& from, const std::string& text);
  Result<NoteId> note(Unit& unit, const ReferralId& id, const std::string& text);

 private:
  struct Change;
  Result<Change> begin(Unit& unit, const ReferralId& id, Act act);
  void happened(Unit& unit, Change& change, EventType type, Json detail = {});
  void commit(Unit& unit, Change& change, const char* action);
  Result<void> apply_edit(Unit& unit, Change change, const Json& patch);
  // Keeps the registrant as it was said and recognizes the person, in the change's own commit. That is no change of the
  // referral: whom it speaks of fires nothing.
  enum class Known { no, again, same_person };
  Result<void> said(Unit& unit, Change& change, std::string method, std::string source_name,
                    std::shared_ptr<const people::Prepared> prepared, Known known);
  Consequences& consequences_;
};

}  // namespace handoff::referral
