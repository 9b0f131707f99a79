// Invented referrals for tests and benchmarks. Nobody in here exists.
#pragma once

#include <string>

#include "referral/snapshot.h"

namespace handoff::referral::samples {

inline directory::FormField field(std::string key, std::string label,
                                  directory::FieldType type = directory::FieldType::text) {
  directory::FormField made;
  made.key = std::move(key);
  made.label = std::move(label);
  made.type = type;
  return made;
}

// A referral with something in every place where something can stand.
inline Snapshot amelie() {
  using directory::FieldType;
  Snapshot s;
  Referral& r = s.referral;
  r.id = ReferralId::trusted("ref_01JE5Z7Q4M8R2T6V9XB3CD5EFG");
  r.owner = OrganizationId::trusted("org_01JE5Z7Q4M8R2T6V9XB3CD5EFH");
  r.number = "R-2026-000123";
  r.version = 4;
  r.listing = ListingId::trusted("lst_01JE5Z7Q4M8R2T6V9XB3CD5EFJ");
  r.sender = OrganizationId::trusted("org_01JE5Z7Q4M8R2T6V9XB3CD5EFK");
  r.receiver = r.owner;
  r.correlation_id = "01JE5Z7Q4M8R2T6V9XB3CD5EFL";
  r.method = Method::api;
  r.source_name = "Mill Clinic EMR";
  r.status = Status::booked;
  r.sub_status = "waitlisted";
  r.category = Category::on_hold;
  r.created_at = parse_instant("2026-11-30T15:04:05Z").value().at;
  r.updated_at = parse_instant("2026-12-01T16:20:00Z").value().at;
  r.content = Private(Json::parse(R"json({
    "registrant": {"firstName": "Amélie", "middleName": "Rose", "lastName": "Okafor", "birthDate": "1987-02-11",
      "gender": "female", "preferredLanguage": "fr",
      "address": {"line": "12 King St", "city": "Hamilton", "province": "ON", "country": "CA", "postalCode": "L8P 1A1",
                  "unit": "Apt 4"},
      "phones": {"main": "+1 905 555 0142", "alternate": "+1 905 555 0143", "work": "+1 905 555 0144"},
      "email": "amelie@example.org", "healthCardNumber": "9999-123-456-AB"},
    "requester": {"firstName": "Sam", "lastName": "Reid", "organization": "Mill Clinic", "phone": "+1 905 555 0100",
      "email": "sam@example.org", "OHIPBillingNumber": 88123},
    "priority": "urgent",
    "notes": "Prefers mornings.\nPlease call before noon.",
    "answers": {"supports": ["Housing", "Income, benefits"], "retired_question": "kept answer", "children": 2,
      "livingSituation": "shelter", "consentGiven": true, "veteran": false, "languages": ["French", "English"],
      "homeAddress": {"line": "7 Bay Rd", "city": "Dundas"}, "empty": null, "blank": "  "},
    "details": [
      {"type": "Insurance", "recordType": "Member Plan", "fields": {"Name": "Maple PPO", "MemberNumber": "M-88"}},
      {"type": "Insurance", "recordType": "Member Plan", "fields": {"Name": "Birch Plus"}, "detailRecordId": "x-12"},
      {"type": "Reason", "recordType": null, "fields": {}}],
    "urgencyReason": {"code": "Z59", "words": ["no fixed address"]}
  })json")
                          .value());
  Appointment first;
  first.id = AppointmentId::trusted("apt_01JE5Z7Q4M8R2T6V9XB3CD5EFM");
  first.start = parse_instant("2026-12-03T14:30:00Z").value().at;
  first.offset = minutes{-300};
  first.duration_minutes = 45;
  first.time_zone = "America/Toronto";
  first.location = "Main St office";
  first.provider_name = "Dr. Lea Roy";
  Appointment second = first;
  second.id = AppointmentId::trusted("apt_01JE5Z7Q4M8R2T6V9XB3CD5EFN");
  second.start = parse_instant("2027-07-05T13:00:00Z").value().at;
  second.offset = minutes{-180};
  second.duration_minutes = 30;
  second.time_zone.reset();
  second.location = "Telephone";
  second.provider_name.reset();
  r.appointments = {first, second};
  r.attachments.push_back({AttachmentId::trusted("att_01JE5Z7Q4M8R2T6V9XB3CD5EFP"), Text("consent Okafor.pdf"),
                           "application/pdf", 18231, "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
                           "consentForm"});
  r.attachments.push_back({AttachmentId::trusted("att_01JE5Z7Q4M8R2T6V9XB3CD5EFQ"),
                           Text("letter.txt"),
                           "text/plain",
                           1,
                           "7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730",
                           {}});
  r.warnings.push_back({"/registrant/phones/main", "phone.not_valid", "This warning is not told to destinations."});
  directory::Listing listing;
  listing.id = *r.listing;
  listing.organization = r.owner;
  listing.name = "Adult Intake";
  listing.created_at = parse_instant("2026-01-05T09:00:00Z").value().at;
  listing.form = {field("livingSituation", "Living situation"),
                  field("consentGiven", "Has consent been given?", FieldType::boolean),
                  field("veteran", "Veteran", FieldType::boolean),
                  field("children", "Number of children", FieldType::number),
                  field("supports", "Supports wanted", FieldType::multi_choice),
                  field("languages", "Languages at home", FieldType::multi_choice),
                  field("homeAddress", "Where do they stay?", FieldType::address),
                  field("empty", "Never answered"),
                  field("consentForm", "Signed consent", FieldType::attachment)};
  listing.form[4].options = {"Housing", "Income, benefits"};
  listing.form[5].options = {"French", "English"};
  s.listing = listing;
  s.sender_name = "Mill Clinic";
  s.receiver_name = "Harbour Community Services";
  s.sub_status_label = "Waitlisted";
  const auto message = [&](const char* id, Side side, const char* text, const char* at) {
    s.messages.push_back({MessageId::trusted(id), r.id, side, Text(text), parse_instant(at).value().at,
                          "usr_01JE5Z7Q4M8R2T6V9XB3CD5EFR"});
  };
  message("msg_01JE5Z7Q4M8R2T6V9XB3CD5EFS", Side::sender, "Is there a place before Christmas?", "2026-11-30T18:00:00Z");
  message("msg_01JE5Z7Q4M8R2T6V9XB3CD5EFT", Side::receiver, "Yes, on Thursday.", "2026-12-01T16:20:00Z");
  s.taken_at = parse_instant("2026-12-01T16:21:00Z").value().at;
  return s;
}

// The member of a sample's content at a path of keys, for changing it.
inline void set_content(Snapshot& snapshot, std::initializer_list<const char*> path, Json value) {
  Json content = snapshot.referral.content.reveal();
  Json* at = &content;
  for (const char* key : path) at = at->contains(key) ? const_cast<Json*>(at->find(key)) : &at->set(key, Json());
  *at = std::move(value);
  snapshot.referral.content = Private(std::move(content));
}

}  // namespace handoff::referral::samples
