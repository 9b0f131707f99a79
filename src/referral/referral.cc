#include "referral/referral.h"

#include <array>

namespace handoff::referral {
namespace {

constexpr std::array method_words{"form", "api", "salesforce", "emr", "user"};

std::optional<std::string> optional_text(const Json& value) {
  return value.is_string() ? std::optional(value.string()) : std::nullopt;
}

template <class AnyId>
Json id_or_null(const std::optional<AnyId>& id) {
  return id ? Json(id->text()) : Json();
}
template <class AnyId>
std::optional<AnyId> optional_id(const Json& value) {
  return value.is_string() ? std::optional(AnyId::trusted(value.string())) : std::nullopt;
}

Instant stored_instant(const Json& value) { return from_ms(value.int_or(0)); }

}  // namespace

const char* word(Method method) { return method_words[static_cast<std::size_t>(method)]; }
std::optional<Method> method_of(std::string_view word) {
  for (std::size_t i = 0; i < method_words.size(); ++i) {
    if (word == method_words[i]) return static_cast<Method>(i);
  }
  return std::nullopt;
}

const Appointment* chosen_appointment(const std::vector<Appointment>& appointments, Instant now) {
  const Appointment* next = nullptr;
  const Appointment* latest = nullptr;
  for (const auto& appointment : appointments) {
    if (appointment.start >= now && (!next || appointment.start < next->start)) next = &appointment;
    if (!latest || appointment.start > latest->start) latest = &appointment;
  }
  return next ? next : latest;
}

Json appointment_to_json(const Appointment& a) {
  return Json::object({{"id", a.id.text()},
                       {"start", format_instant(a.start, a.offset)},
                       {"durationMinutes", a.duration_minutes},
                       {"timeZone", a.time_zone},
                       {"location", a.location},
                       {"providerName", a.provider_name}});
}

Json attachment_to_json(const Attachment& a) {
  return Json::object({{"id", a.id.text()},
                       {"fileName", a.file_name.reveal()},
                       {"contentType", a.content_type},
                       {"size", static_cast<std::int64_t>(a.size)},
                       {"sha256", a.sha256},
                       {"field", a.field}});
}

namespace {
Json warnings_to_json(const std::vector<Warning>& warnings) {
  Json out = Json::array();
  for (const auto& w : warnings) {
    out.push_back(Json::object({{"pointer", w.pointer}, {"code", w.code}, {"message", w.message}}));
  }
  return out;
}
Json texts_to_json(const std::vector<std::string>& texts) {
  Json out = Json::array();
  for (const auto& text : texts) out.push_back(text);
  return out;
}
Json ids_to_json(const std::vector<ReferralId>& ids) {
  Json out = Json::array();
  for (const auto& id : ids) out.push_back(id.text());
  return out;
}
}  // namespace

Json to_json(const Referral& r) {
  const Json& content = r.content.reveal();
  Json appointments = Json::array(), attachments = Json::array();
  for (const auto& a : r.appointments) appointments.push_back(appointment_to_json(a));
  for (const auto& a : r.attachments) attachments.push_back(attachment_to_json(a));
  return Json::object(
      {{"id", r.id.text()},
       {"number", r.number},
       {"version", r.version},
       {"listingId", id_or_null(r.listing)},
       {"senderOrganizationId", id_or_null(r.sender)},
       {"receiverOrganizationId", id_or_null(r.receiver)},
       {"recipient", r.recipient.reveal()},
       {"routedFromId", id_or_null(r.routed_from)},
       {"routedToIds", ids_to_json(r.routed_to)},
       {"correlationId", r.correlation_id},
       {"source",
        Json::object({{"method", word(r.method)}, {"name", r.source_name.empty() ? Json() : Json(r.source_name)}})},
       {"status", word(r.status)},
       {"subStatus", nullptr},
       {"archived", r.archived},
       {"cancellationRequested", r.cancellation_requested},
       {"test", r.test},
       {"registrant", content["registrant"]},
       {"requester", content["requester"]},
       {"priority", content["priority"]},
       {"notes", content["notes"]},
       {"answers", content["answers"]},
       {"details", content["details"]},
       {"appointments", std::move(appointments)},
       {"attachments", std::move(attachments)},
       {"person", r.person ? Json::object({{"id", r.person->text()}, {"inReview", r.person_in_review}}) : Json()},
       {"warnings", warnings_to_json(r.warnings)},
       {"allowedActions", Json::array()},
       {"integrationErrors", r.integration_errors},
       {"createdAt", format_instant(r.created_at)},
       {"updatedAt", format_instant(r.updated_at)}});
}

Json to_stored(const Referral& r) {
  Json appointments = Json::array(), attachments = Json::array();
  for (const auto& a : r.appointments) {
    appointments.push_back(Json::object({{"id", a.id.text()},
                                         {"start", to_ms(a.start)},
                                         {"offset", static_cast<std::int64_t>(a.offset.count())},
                                         {"duration", a.duration_minutes},
                                         {"zone", a.time_zone},
                                         {"location", a.location},
                                         {"provider", a.provider_name}}));
  }
  for (const auto& a : r.attachments) attachments.push_back(attachment_to_json(a));
  return Json::object({{"id", r.id.text()},
                       {"owner", r.owner.text()},
                       {"number", r.number},
                       {"version", r.version},
                       {"listing", id_or_null(r.listing)},
                       {"sender", id_or_null(r.sender)},
                       {"receiver", id_or_null(r.receiver)},
                       {"recipient", r.recipient.reveal()},
                       {"routedFrom", id_or_null(r.routed_from)},
                       {"routedTo", ids_to_json(r.routed_to)},
                       {"correlation", r.correlation_id},
                       {"method", word(r.method)},
                       {"sourceName", r.source_name},
                       {"status", word(r.status)},
                       {"subStatus", r.sub_status},
                       {"category", r.category ? Json(word(*r.category)) : Json()},
                       {"openSubStatus", r.open_sub_status},
                       {"submittedAt", r.submitted_at ? Json(to_ms(*r.submitted_at)) : Json()},
                       {"archived", r.archived},
                       {"archivedBySender", r.archived_by_sender},
                       {"cancellationRequested", r.cancellation_requested},
                       {"acceptedOnce", r.accepted_once},
                       {"test", r.test},
                       {"content", r.content.reveal()},
                       {"attachments", std::move(attachments)},
                       {"appointments", std::move(appointments)},
                       {"warnings", warnings_to_json(r.warnings)},
                       {"ownedFields", texts_to_json(r.owned_fields)},
                       {"createdAt", to_ms(r.created_at)},
                       {"updatedAt", to_ms(r.updated_at)}});
}

void from_stored(const Json& s, Referral& r) {
  r.id = ReferralId::trusted(s["id"].text_or());
  r.owner = OrganizationId::trusted(s["owner"].text_or());
  r.number = s["number"].text_or();
  r.version = s["version"].int_or(0);
  r.listing = optional_id<ListingId>(s["listing"]);
  r.sender = optional_id<OrganizationId>(s["sender"]);
  r.receiver = optional_id<OrganizationId>(s["receiver"]);
  r.recipient = Private(s["recipient"]);
  r.routed_from = optional_id<ReferralId>(s["routedFrom"]);
  r.routed_to.clear();
  if (s["routedTo"].is_array()) {
    for (const auto& id : s["routedTo"].items()) r.routed_to.push_back(ReferralId::trusted(id.text_or()));
  }
  r.correlation_id = s["correlation"].text_or();
  r.method = method_of(s["method"].text_or()).value_or(Method::api);
  r.source_name = s["sourceName"].text_or();
  r.status = status_of(s["status"].text_or()).value_or(Status::submitted);
  r.sub_status = s["subStatus"].text_or();
  r.category = category_of(s["category"].text_or());
  r.open_sub_status = s["openSubStatus"].text_or();
  r.submitted_at = s["submittedAt"].integer() ? std::optional(stored_instant(s["submittedAt"])) : std::nullopt;
  r.archived = s["archived"].bool_or(false);
  r.archived_by_sender = s["archivedBySender"].bool_or(false);
  r.cancellation_requested = s["cancellationRequested"].bool_or(false);
  r.accepted_once = s["acceptedOnce"].bool_or(false);
  r.test = s["test"].bool_or(false);
  r.content = Private(s["content"]);
  r.attachments.clear();
  if (s["attachments"].is_array()) {
    for (const auto& a : s["attachments"].items()) {
      r.attachments.push_back({AttachmentId::trusted(a["id"].text_or()), Text(a["fileName"].text_or()),
                               a["contentType"].text_or(), static_cast<std::uint64_t>(a["size"].int_or(0)),
                               a["sha256"].text_or(), optional_text(a["field"])});
    }
  }
  r.appointments.clear();
  if (s["appointments"].is_array()) {
    for (const auto& a : s["appointments"].items()) {
      r.appointments.push_back({AppointmentId::trusted(a["id"].text_or()), stored_instant(a["start"]),
                                minutes{a["offset"].int_or(0)}, a["duration"].int_or(0), optional_text(a["zone"]),
                                optional_text(a["location"]), optional_text(a["provider"])});
    }
  }
  r.warnings.clear();
  if (s["warnings"].is_array()) {
    for (const auto& w : s["warnings"].items()) {
      r.warnings.push_back({w["pointer"].text_or(), w["code"].text_or(), w["message"].text_or()});
    }
  }
  r.owned_fields.clear();
  if (s["ownedFields"].is_array()) {
    for (const auto& path : s["ownedFields"].items()) r.owned_fields.push_back(path.text_or());
  }
  r.created_at = stored_instant(s["createdAt"]);
  r.updated_at = stored_instant(s["updatedAt"]);
}

}  // namespace handoff::referral
