#include "referral/snapshot.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace handoff::referral {
namespace {

Error malformed(std::string what) {
  return Error{Kind::internal,
               "snapshot.malformed",
               "The kept picture of this referral cannot be read. The operator finds the delivery in the log.",
               "snapshot: " + std::move(what),
               {}};
}

template <class Tag>
Json id_json(const std::optional<Id<Tag>>& id) {
  return id ? Json(id->text()) : Json();
}
Result<Referral> referral_from(const Json& json) {
  if (!json["id"].is_string() || !json["content"].is_object()) return malformed("no referral");
  if (!status_of(json["status"].text_or())) return malformed("the status is no word of ours");
  Referral referral;
  from_stored(json, referral);
  return referral;
}

// read_listing() leaves who a listing is to its caller, and refuses it in what it reads.
constexpr std::array listing_identity{"id", "organizationId", "version", "createdAt"};

Result<directory::Listing> listing_from(const Json& json) {
  Json record = json["record"];
  for (const char* key : listing_identity) record.erase(key);
  directory::Listing listing;
  // What was a lawful form when the picture was taken is read as it stands, even where a later release asks for more.
  Faults ignored;
  directory::read_listing(record, listing, ignored);
  if (listing.name.empty()) return malformed("a listing without a name");
  listing.id = ListingId::trusted(json["record"]["id"].text_or());
  listing.organization = OrganizationId::trusted(json["record"]["organizationId"].text_or());
  listing.version = json["record"]["version"].int_or(1);
  listing.created_at = from_ms(json["createdAt"].int_or(0));
  return listing;
}

// The words of the API for who wrote a message.
const char* message_side(Side side) { return side == Side::receiver ? "provider" : "requester"; }

Json message_json(const Message& message) {
  return Json::object({
      {"id", message.id.text()},
      {"referralId", message.referral.text()},
      {"from", message_side(message.from)},
      {"text", message.text.reveal()},
      {"at", to_ms(message.at)},
      {"actor", message.actor},
  });
}

Result<Message> message_from(const Json& json) {
  const std::string side = json["from"].text_or();
  if (side != "provider" && side != "requester") return malformed("a message comes from neither side");
  Message message;
  message.id = MessageId::trusted(json["id"].text_or());
  message.referral = ReferralId::trusted(json["referralId"].text_or());
  message.from = side == "provider" ? Side::receiver : Side::sender;
  message.text = Text(json["text"].text_or());
  message.at = from_ms(json["at"].int_or(0));
  message.actor = json["actor"].text_or();
  return message;
}

// A key may hold dots of its own ("intake.reason" among the answers), so the longest member name that the rest of the
// path begins with is tried first.
const Json* walk(const Json& from, std::string_view path) {
  if (path.empty()) return &from;
  if (from.is_array()) {
    const auto end = std::min(path.find('.'), path.size());
    const auto index = parse_int(path.substr(0, end));
    if (!index || *index < 0 || std::size_t(*index) >= from.size()) return nullptr;
    return walk(from.items()[std::size_t(*index)], path.substr(std::min(end + 1, path.size())));
  }
  if (!from.is_object()) return nullptr;
  for (auto end = path.size(); end != std::string_view::npos && end > 0; end = path.rfind('.', end - 1)) {
    const Json* member = from.find(path.substr(0, end));
    if (!member) continue;
    if (const Json* found = walk(*member, path.substr(std::min(end + 1, path.size())))) return found;
  }
  return nullptr;
}

// Lists and objects become one text too, for a destination that has a single field for an address.
std::string plain_text(const Json& json) {
  if (json.is_string()) return json.string();
  if (json.is_bool()) return json.boolean() ? "true" : "false";
  if (json.is_number()) return json.number_text();
  std::vector<std::string> parts;
  const auto take = [&parts](const Json& part) {
    if (std::string text = plain_text(part); !text.empty()) parts.push_back(std::move(text));
  };
  if (json.is_array()) {
    for (const Json& item : json.items()) take(item);
  } else if (json.is_object()) {
    for (const auto& [key, member] : json.members()) take(member);
  }
  return join(parts, ", ");
}

std::optional<Text> text_at(const Json& root, std::string_view path) {
  const Json* found = walk(root, path);
  if (!found || found->is_null()) return std::nullopt;
  if ((found->is_array() || found->is_object()) && plain_text(*found).empty()) return std::nullopt;
  return Text(plain_text(*found));
}

}  // namespace

Json to_json(const Snapshot& snapshot) {
  Json messages = Json::array();
  for (const Message& message : snapshot.messages) messages.push_back(message_json(message));
  Json listing;
  if (snapshot.listing) {
    // The instant is kept as a number beside the record, whose text for it is for people and may change.
    listing = Json::object({{"record", directory::listing_to_json(*snapshot.listing)},
                            {"createdAt", to_ms(snapshot.listing->created_at)}});
  }
  return Json::object({
      {"referral", to_stored(snapshot.referral)},
      {"integrationErrors", snapshot.referral.integration_errors},
      {"listing", std::move(listing)},
      {"senderName", snapshot.sender_name},
      {"receiverName", snapshot.receiver_name},
      {"subStatusLabel", snapshot.sub_status_label},
      {"messages", messages},
      {"takenAt", to_ms(snapshot.taken_at)},
  });
}

Result<Snapshot> snapshot_from_json(const Json& json) {
  if (!json.is_object()) return malformed("not an object");
  Snapshot snapshot;
  snapshot.referral = HANDOFF_TRY(referral_from(json["referral"]));
  snapshot.referral.integration_errors = json["integrationErrors"].int_or(0);
  if (json["listing"].is_object()) snapshot.listing = HANDOFF_TRY(listing_from(json["listing"]));
  snapshot.sender_name = json["senderName"].text_or();
  snapshot.receiver_name = json["receiverName"].text_or();
  snapshot.sub_status_label = json["subStatusLabel"].text_or();
  if (json["messages"].is_array()) {
    for (const Json& message : json["messages"].items()) {
      snapshot.messages.push_back(HANDOFF_TRY(message_from(message)));
    }
  }
  if (!json["takenAt"].is_integer()) return malformed("no time");
  snapshot.taken_at = from_ms(json["takenAt"].int_or(0));
  return snapshot;
}

std::optional<Text> value_at(const Snapshot& snapshot, std::string_view path) {
  const Referral& referral = snapshot.referral;
  const auto dot = std::min(path.find('.'), path.size());
  const std::string_view root = path.substr(0, dot);
  const std::string_view rest = path.substr(std::min(dot + 1, path.size()));
  if (root.empty() || path.ends_with('.')) return std::nullopt;
  // Most mappings read content alone; it is walked where it stands.
  if (referral.content.reveal().contains(root)) return text_at(referral.content.reveal(), path);
  if (root == "appointment") {
    const Appointment* chosen = chosen_appointment(referral.appointments, snapshot.taken_at);
    if (!chosen) return std::nullopt;
    return text_at(appointment_to_json(*chosen), rest);
  }
  if (root == "subStatus") {
    if (referral.sub_status.empty()) return std::nullopt;
    const std::string& label = snapshot.sub_status_label;
    if (rest.empty()) return Text(label.empty() ? referral.sub_status : label);
    return text_at(Json::object({{"code", referral.sub_status},
                                 {"label", label.empty() ? Json() : Json(label)},
                                 {"category", referral.category ? Json(word(*referral.category)) : Json()}}),
                   rest);
  }
  if (root == "listing") {
    if (!snapshot.listing) return std::nullopt;
    return text_at(Json::object({{"name", snapshot.listing->name},
                                 {"description", snapshot.listing->description},
                                 {"id", snapshot.listing->id.text()}}),
                   rest.empty() ? "name" : rest);
  }
  if (root == "sender" || root == "receiver") {
    const auto& name = root == "sender" ? snapshot.sender_name : snapshot.receiver_name;
    const auto& id = root == "sender" ? referral.sender : referral.receiver;
    return text_at(Json::object({{"name", name.empty() ? Json() : Json(name)}, {"id", id_json(id)}}),
                   rest.empty() ? "name" : rest);
  }
  if (root == "messages") {
    Json messages = Json::array();
    for (const Message& message : snapshot.messages) {
      messages.push_back(Json::object(
          {{"from", message_side(message.from)}, {"at", format_instant(message.at)}, {"text", message.text.reveal()}}));
    }
    return text_at(messages, rest);
  }
  return text_at(to_json(referral), path);
}

}  // namespace handoff::referral
