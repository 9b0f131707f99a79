// A referral as it stands: one row, one version number. Personal content is one private JSON value of a checked shape.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/json.h"
#include "base/private.h"
#include "base/time.h"
#include "directory/organization.h"
#include "referral/status.h"

namespace handoff::referral {

enum class Method { form, api, salesforce, emr, user };
const char* word(Method method);
std::optional<Method> method_of(std::string_view word);

struct Appointment {
  AppointmentId id;
  Instant start{};
  minutes offset{0};  // of `start`, as the place's zone had it or as the caller wrote it
  std::int64_t duration_minutes = 0;
  std::optional<std::string> time_zone;  // IANA
  std::optional<std::string> location;
  std::optional<std::string> provider_name;
  friend bool operator==(const Appointment&, const Appointment&) = default;
};
// The next one at `now`, else the latest; nullptr when there is none. (Contract: the appointment fields of crms.)
const Appointment* chosen_appointment(const std::vector<Appointment>& appointments, Instant now);

struct Attachment {
  AttachmentId id;
  Text file_name;
  std::string content_type;
  std::uint64_t size = 0;
  std::string sha256;                // hex; the address of its bytes
  std::optional<std::string> field;  // the form field it answers
};

// A warning at "/source" was made by the record system the referral came from and stays until that changes it, or until
// the draft is submitted.
struct Warning {
  std::string pointer;
  std::string code;
  std::string message;  // no personal data
  friend bool operator==(const Warning&, const Warning&) = default;
};

// A message goes to the other side; a note stays with its author's organization.
struct Message {
  MessageId id;
  ReferralId referral;
  Side from;
  Text text;
  Instant at{};
  std::string actor;
};
struct Note {
  NoteId id;
  ReferralId referral;
  OrganizationId organization;
  Text text;
  Instant at{};
  std::string actor;
};

struct Referral {
  ReferralId id;
  OrganizationId owner;  // the receiver; the sender where the recipient stands outside the exchange
  std::string number;    // "R-2026-000123", unique per owner
  std::int64_t version = 0;
  std::optional<ListingId> listing;
  std::optional<OrganizationId> sender;
  std::optional<OrganizationId> receiver;
  Private<Json> recipient;  // {name, contactId} outside the exchange, else null
  std::optional<ReferralId> routed_from;
  std::vector<ReferralId> routed_to;
  std::string correlation_id;  // one along a chain of routed referrals
  Method method = Method::api;
  std::string source_name;
  Status status = Status::submitted;
  std::string sub_status;  // code; "" when none
  std::optional<Category> category;
  std::string open_sub_status;          // the last open one: what a reopened referral returns to
  std::optional<Instant> submitted_at;  // nothing for a draft and for a discarded one: the receiver never saw it
  bool archived = false;
  bool archived_by_sender = false;
  bool cancellation_requested = false;
  bool accepted_once = false;  // a sender's cancellation closes before this and asks after it
  bool test = false;
  // {registrant, requester, priority, notes, answers, details}, complete and checked (intake.h)
  Private<Json> content;
  std::vector<Attachment> attachments;
  std::vector<Appointment> appointments;
  std::vector<Warning> warnings;
  // Paths of the content that a record system keeps: its next change would undo what anybody wrote there.
  std::vector<std::string> owned_fields;
  // Beside the version, too: that persons are merged does not change a referral. Nothing for a draft.
  std::optional<PersonId> person;
  bool person_in_review = false;
  std::int64_t integration_errors = 0;  // kept beside the version: deliveries do not change a referral
  Instant created_at{};
  Instant updated_at{};
};

// The referral as the API shows it (contract, section 2), but for `allowedActions` and the sub-status's label, which
// depend on the reader.
Json to_json(const Referral& referral);
// For storage: everything that is not a column of its own. from_stored() trusts what to_stored() wrote.
Json to_stored(const Referral& referral);
void from_stored(const Json& stored, Referral& into);
Json appointment_to_json(const Appointment& appointment);
Json attachment_to_json(const Attachment& attachment);

}  // namespace handoff::referral
