// Invented referrals for tests of what leaves: one with everything, one with almost nothing.
#pragma once

#include <string>

#include "base/crypto.h"
#include "referral/snapshot.h"

namespace handoff::contract {

inline Instant at(const char* text) { return parse_instant(text).value().at; }

inline referral::Attachment attachment(const char* id, const char* name, const char* type, std::string_view bytes) {
  referral::Attachment attachment;
  attachment.id = AttachmentId::trusted(std::string("att_") + id);
  attachment.file_name = Text(name);
  attachment.content_type = type;
  attachment.size = bytes.size();
  attachment.sha256 = hex(sha256(bytes));
  return attachment;
}

inline referral::Appointment appointment(const char* id, const char* start, const char* location) {
  referral::Appointment appointment;
  const OffsetInstant parsed = parse_instant(start).value();
  appointment.id = AppointmentId::trusted(std::string("apt_") + id);
  appointment.start = parsed.at;
  appointment.offset = parsed.offset;
  appointment.duration_minutes = 45;
  appointment.time_zone = "America/Toronto";
  appointment.location = location;
  appointment.provider_name = "Dr. Lea Roy";
  return appointment;
}

// The bytes of the attachments of full_sample().
inline constexpr std::string_view consent_bytes = "%PDF-1.7 invented consent";
inline constexpr std::string_view letter_bytes = "an invented letter";

inline Json full_content() {
  return Json::parse(R"({
    "registrant": {"firstName": "Amélie", "middleName": "Noor", "lastName": "Okafor", "birthDate": "2004-02-29",
      "gender": "female", "preferredLanguage": "fr",
      "address": {"line": "12 King St", "city": "Hamilton", "province": "ON", "country": "CA", "postalCode": "L8P 1A1"},
      "phones": {"main": "+1 905 555 0142", "alternate": "+1 905 555 0143"}, "email": "amelie@example.org"},
    "requester": {"firstName": "Sam", "lastName": "Reid", "organization": "Mill Clinic", "phone": "+1 905 555 0100",
      "email": "sam@example.org"},
    "priority": "urgent", "notes": "Prefers mornings.\nBrings a friend.",
    "answers": {"livingSituation": "shelter", "languages": ["fr", "ig"], "odd.key": "kept"},
    "details": [{"type": "Insurance", "recordType": "Member Plan", "fields": {"Name": "Maple PPO", "MemberNumber": "M-88"}}]
  })")
      .value();
}

inline referral::Snapshot full_sample() {
  referral::Snapshot snapshot;
  referral::Referral& referral = snapshot.referral;
  referral.id = ReferralId::trusted("ref_01J9ZZZZZZZZZZZZZZZZZZZZZZ");
  referral.owner = OrganizationId::trusted("org_01J9ZZZZZZZZZZZZZZZZZZZZZA");
  referral.number = "R-2026-000123";
  referral.version = 4;
  referral.listing = ListingId::trusted("lst_01J9ZZZZZZZZZZZZZZZZZZZZZB");
  referral.status = referral::Status::booked;
  referral.sub_status = "ready";
  referral.category = referral::Category::ready;
  referral.content = Private<Json>(full_content());
  referral.attachments = {attachment("1", "consent.pdf", "application/pdf", consent_bytes),
                          attachment("2", "lettre d'été.txt", "text/plain", letter_bytes),
                          attachment("3", "consent copy.pdf", "application/pdf", consent_bytes)};
  referral.appointments = {appointment("1", "2026-11-02T14:00:00-05:00", "Side St office"),
                           appointment("2", "2026-12-03T09:30:00-05:00", "Main St office")};
  referral.created_at = at("2026-11-01T10:00:00Z");
  referral.updated_at = at("2026-11-02T10:00:00Z");
  directory::Listing listing;
  listing.id = *referral.listing;
  listing.name = "Intake";
  listing.form = {{"livingSituation", "Living situation", directory::FieldType::text, false, {}, {}},
                  {"languages", "Languages spoken", directory::FieldType::multi_choice, false, {"fr", "ig"}, {}}};
  snapshot.listing = listing;
  snapshot.sender_name = "Mill Clinic";
  snapshot.receiver_name = "Harbour House";
  snapshot.sub_status_label = "Ready";
  referral::Message message;
  message.id = MessageId::trusted("msg_1");
  message.referral = referral.id;
  message.from = referral::Side::sender;
  message.text = Text("Could she come with her brother?");
  message.at = at("2026-11-02T09:00:00Z");
  snapshot.messages = {message};
  snapshot.taken_at = at("2026-11-20T12:00:00Z");
  return snapshot;
}

// First and last name, and nothing else that may be left out.
inline referral::Snapshot bare_sample() {
  referral::Snapshot snapshot = full_sample();
  snapshot.referral.content = Private<Json>(Json::parse(R"({
    "registrant": {"firstName": "Bo", "middleName": null, "lastName": "Li", "birthDate": null, "gender": null,
      "preferredLanguage": null,
      "address": {"line": null, "city": null, "province": null, "country": null, "postalCode": null},
      "phones": {"main": null, "alternate": null}, "email": null},
    "requester": {"firstName": null, "lastName": null, "organization": null, "phone": null, "email": null},
    "priority": "routine", "notes": null, "answers": {}, "details": []})")
                                                .value());
  snapshot.referral.attachments.clear();
  snapshot.referral.appointments.clear();
  snapshot.referral.sub_status.clear();
  snapshot.referral.category.reset();
  snapshot.listing.reset();
  snapshot.messages.clear();
  snapshot.sub_status_label.clear();
  return snapshot;
}

inline void set_content(referral::Snapshot& snapshot, const char* patch) {
  snapshot.referral.content =
      Private<Json>(merge_patch(snapshot.referral.content.reveal(), Json::parse(patch).value()));
}

}  // namespace handoff::contract
