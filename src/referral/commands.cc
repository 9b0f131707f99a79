#include "referral/commands.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "people/recognize.h"
#include "referral/intake.h"

namespace handoff::referral {
namespace {

Error no_such_referral() {
  return Error{Kind::not_found, "referral.not_found", "There is no such referral for this organization.", {}, {}};
}

const SubStatus* find_sub_status(const std::vector<SubStatus>& rows, std::string_view code) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const SubStatus& row) { return row.code == code; });
  return found == rows.end() ? nullptr : &*found;
}

Error unknown_sub_status(const std::vector<SubStatus>& rows, const std::string& code, const char* pointer,
                         bool closing) {
  std::vector<std::string> fitting;
  for (const auto& row : rows) {
    if (is_closing(row.category) == closing) fitting.push_back(row.code);
  }
  const bool exists = find_sub_status(rows, code) != nullptr;
  return fault_error({{pointer, exists ? "sub_status.wrong_phase" : "sub_status.unknown",
                       (exists ? (closing ? "This sub-status does not close a referral; one that does: "
                                          : "This sub-status closes a referral; use close for it, or one of: ")
                               : "The receiving organization has no such sub-status; one of: ") +
                           join(fitting, ", ") + "."}});
}

// What is the receiver's sub-statuses' owner: the referral's owner.
const std::vector<SubStatus>& rows_of(Unit& unit, const Referral& referral) {
  return unit.sub_statuses(referral.owner);
}

void take_category(Referral& referral, const SubStatus& row) {
  referral.sub_status = row.code;
  referral.category = row.category;
  if (!is_closing(row.category)) referral.open_sub_status = row.code;
  if (row.category == Category::accepted || row.category == Category::in_progress) referral.accepted_once = true;
}

}  // namespace

unsigned sides_of(const Referral& referral, const OrganizationId& organization) {
  unsigned sides = 0;
  if (referral.sender == organization) sides |= by_sender;
  if (referral.receiver == organization && referral.submitted_at) sides |= by_receiver;
  // Outside the exchange there is no receiver with an account: the sender works the referral by hand.
  if (!referral.receiver && referral.sender == organization && referral.submitted_at) sides |= by_receiver;
  return sides;
}

std::vector<std::string> allowed_actions(const Referral& referral, const OrganizationId& organization) {
  const unsigned sides = sides_of(referral, organization);
  std::vector<std::string> out;
  for (const Move& move : moves) {
    if (move.from != referral.status || (move.sides & sides) == 0) continue;
    const bool archived = (sides & by_receiver) ? referral.archived : referral.archived_by_sender;
    if (move.act == Act::archive && archived) continue;
    if (move.act == Act::unarchive && !archived) continue;
    if (referral.status == Status::closed && !referral.submitted_at) continue;  // a discarded draft is over
    out.emplace_back(word(move.act));
  }
  return out;
}

Result<const Move*> permitted(const Referral& referral, const OrganizationId& organization, Act act) {
  const unsigned sides = sides_of(referral, organization);
  if (sides == 0) return no_such_referral();
  const Move* move = find_move(referral.status, act);
  if (!move || (referral.status == Status::closed && !referral.submitted_at)) {
    return Error{Kind::conflict,
                 "referral.action_not_allowed",
                 std::string("The action \"") + word(act) + "\" is not possible while the referral is " +
                     word(referral.status) + "; allowedActions lists what is.",
                 {},
                 {}};
  }
  if ((move->sides & sides) == 0) {
    return Error{Kind::forbidden,
                 "referral.not_your_side",
                 std::string("Only the ") + (move->sides == by_receiver ? "receiving" : "sending") +
                     " organization may do this; ask it with a message.",
                 {},
                 {}};
  }
  return move;
}

struct Commands::Change {
  const Move* move = nullptr;
  unsigned sides = 0;
  std::optional<Referral> before;
  Referral after;
  ChangeId id;
  std::vector<Event> events;
};

Result<Commands::Change> Commands::begin(Unit& unit, const ReferralId& id, Act act) {
  const Referral* referral = unit.referral(id);
  if (!referral) return no_such_referral();
  Change change;
  change.move = HANDOFF_TRY(permitted(*referral, unit.actor().organization, act));
  change.sides = sides_of(*referral, unit.actor().organization);
  change.before = *referral;
  change.after = *referral;
  change.id = ChangeId::make(unit.now(), unit.random());
  return change;
}

void Commands::happened(Unit& unit, Change& change, EventType type, Json detail) {
  Event event;
  event.id = EventId::make(unit.now(), unit.random());
  event.change = change.id;
  event.owner = change.after.owner;
  event.referral = change.after.id;
  event.type = type;
  event.at = unit.now();
  const access::Actor& actor = unit.actor();
  event.actor_kind = access::word(actor.kind);
  event.actor_id = actor.id;
  event.actor_name = actor.name;
  event.actor_organization = actor.organization;
  event.side = (change.sides & by_receiver) ? Side::receiver : Side::sender;
  event.cause = unit.cause();
  event.detail = std::move(detail);
  change.events.push_back(std::move(event));
}

void Commands::commit(Unit& unit, Change& change, const char* action) {
  const bool altered = change.after.version == 0 || to_stored(change.after) != to_stored(*change.before);
  if (altered) {
    change.after.version += 1;
    change.after.updated_at = unit.now();
    unit.save(change.after);
  }
  Facts facts;
  const Referral& before = change.before ? *change.before : change.after;
  facts.status_before = before.status;
  facts.sub_status_before = change.before ? before.sub_status : "";
  facts.category_before = change.before ? before.category : std::nullopt;
  facts.status_after = change.after.status;
  facts.sub_status_after = change.after.sub_status;
  facts.category_after = change.after.category;
  facts.routed = change.after.routed_from.has_value();
  facts.test = change.after.test;
  facts.listing = change.after.listing;
  facts.present = present_paths(change.after);
  if (change.before) facts.changed = changed_paths(before, change.after);
  facts.attachment_count = static_cast<std::int64_t>(change.after.attachments.size());
  for (const auto& a : change.after.attachments) facts.attachment_bytes += static_cast<std::int64_t>(a.size);
  facts.priority = change.after.content.reveal()["priority"].text_or();
  for (Event& event : change.events) {
    event.version = change.after.version;
    event.facts = facts;
    event.facts.arrival = event.type == EventType::received;
    if (event.type == EventType::appointment_changed) event.facts.change = event.detail["change"].text_or();
    unit.add(event);
  }
  std::set<OrganizationId> trails{change.after.owner};
  if (change.after.sender) trails.insert(*change.after.sender);
  // An internal note concerns nobody on the other side, not even that there is one.
  const bool internal = !change.events.empty() && change.events.front().type == EventType::note_added;
  if (internal) trails = {unit.actor().organization};
  for (const auto& trail : trails) {
    unit.audit(trail, action, "referral", change.after.id.text(), Json::object({{"version", change.after.version}}));
  }
  if (!change.events.empty()) {
    consequences_.follow(unit, change.before ? &*change.before : nullptr, change.after, change.events);
  }
}

std::shared_ptr<const ContentRead> read_ahead(const NewReferral& input, const directory::Listing* listing,
                                              Instant now) {
  auto read = std::make_shared<ContentRead>();
  read->listing_version = listing ? listing->version : 0;
  ContentRules rules{listing, now, input.draft, nullptr, &input.attachments};
  rules.first_name_required = input.method != Method::salesforce;
  read->content = read_content(input.content, rules, read->faults, read->warnings);
  if (read->faults.empty() && !input.draft && !input.test)
    read->person = people::prepare(people::registrant_of(read->content["registrant"]), now);
  return read;
}

std::shared_ptr<const RoomNeeds> person_needs(const NewReferral& input, const OrganizationId& caller) {
  if (!input.read || !input.read->person) return nullptr;
  auto needs = std::make_shared<people::PersonNeeds>();
  if (input.listing)
    needs->listing = *input.listing;
  else
    needs->organization = caller;
  needs->prepared = input.read->person;
  return needs;
}

Result<void> Commands::said(Unit& unit, Change& change, std::string method, std::string source_name,
                            std::shared_ptr<const people::Prepared> prepared, Known known) {
  Referral& r = change.after;
  const Json& registrant = r.content.reveal()["registrant"];
  const SourceRecord record{SourceRecordId::make(unit.now(), unit.random()),
                            r.owner,
                            r.id,
                            r.version + 1,
                            Private(registrant),
                            std::move(method),
                            std::move(source_name),
                            unit.now()};
  unit.add(record);
  // A draft is nobody's business but its sender's: who it is about is asked when it is sent. A test referral is about
  // nobody, and must not become evidence about anybody.
  if (!r.submitted_at || r.test) return {};
  if (!prepared) prepared = people::prepare(people::registrant_of(registrant), unit.now());
  const std::string priority = r.content.reveal()["priority"].text_or();
  const int urgency = priority == "stat" ? 0 : priority == "asap" ? 1 : priority == "urgent" ? 2 : 3;
  const people::Arrival arrival{r.owner, record.id,          r.id, record.method, record.source_name,
                                urgency, std::move(prepared)};
  people::Unit& persons = part_of<people::Unit>(unit);
  people::Recognition recognized;
  if (known == Known::again) {
    recognized = HANDOFF_TRY(people::recognize_again(persons, arrival));
  } else if (known == Known::same_person && r.person) {
    recognized = HANDOFF_TRY(people::link_to(persons, arrival, *r.person, nullptr, people::Origin::automatic));
  } else {
    recognized = HANDOFF_TRY(people::recognize(persons, arrival));
  }
  r.person = recognized.person;
  r.person_in_review = recognized.in_review;
  return {};
}

Result<ReferralId> Commands::create(Unit& unit, const NewReferral& input) {
  Faults faults;
  Change change;
  Referral& r = change.after;
  const directory::Listing* listing = nullptr;
  const OrganizationId caller = unit.actor().organization;
  if (input.listing) {
    listing = unit.listing(*input.listing);
    const bool open =
        listing && (listing->organization == caller || listing->visibility == directory::Visibility::exchange);
    if (!open) {
      listing = nullptr;
      faults.push_back({"/listingId", "listing.not_found",
                        "There is no such listing for this organization; GET /listings and GET "
                        "/listings?scope=exchange show those there are."});
    }
    if (!input.recipient.is_null())
      faults.push_back({"/recipient", "referral.two_destinations", "Send either listingId or recipient, not both."});
  } else if (input.recipient.is_null()) {
    faults.push_back({"/listingId", "property.required",
                      "Name the listing the referral is for, or a recipient outside the exchange."});
  } else {
    r.recipient = Private(read_recipient(input.recipient, "/recipient", faults));
  }
  if (listing) {
    r.listing = listing->id;
    r.receiver = listing->organization;
  }
  r.sender = caller;
  r.owner = r.receiver.value_or(caller);
  std::vector<Warning> warnings = input.warnings;
  const bool read_already = input.read && input.read->listing_version == (listing ? listing->version : 0);
  const auto read = read_already ? input.read : read_ahead(input, listing, unit.now());
  r.content = Private(read->content);
  faults.insert(faults.end(), read->faults.begin(), read->faults.end());
  warnings.insert(warnings.end(), read->warnings.begin(), read->warnings.end());
  r.attachments = input.attachments;
  r.warnings = std::move(warnings);

  const std::string arrival =
      input.sub_status.value_or(listing && listing->arrival_sub_status ? *listing->arrival_sub_status : "");
  if (!arrival.empty() && (listing || input.sub_status)) {
    const auto& rows = unit.sub_statuses(r.owner);
    const SubStatus* row = find_sub_status(rows, arrival);
    if (row && !is_closing(row->category)) {
      take_category(r, *row);
    } else if (input.sub_status) {
      const Error error = unknown_sub_status(rows, arrival, "/subStatus", false);
      faults.insert(faults.end(), error.faults.begin(), error.faults.end());
    }
  }
  Appointment appointment;
  if (!input.appointment.is_null()) {
    appointment = read_appointment(input.appointment, "/appointment", faults);
    if (input.draft)
      faults.push_back({"/appointment", "referral.draft_cannot_book", "A draft cannot be booked; submit it first."});
  }
  if (!faults.empty()) return fault_error(std::move(faults));

  const Instant now = unit.now();
  r.id = ReferralId::make(now, unit.random());
  change.id = ChangeId::make(now, unit.random());
  r.number = unit.take_number(r.owner, static_cast<int>(parse_int(Date::of(now).text().substr(0, 4)).value_or(0)));
  r.correlation_id = input.correlation_id.value_or(r.id.text());
  r.owned_fields = input.owned_fields;
  r.method = input.method;
  r.source_name = input.source_name;
  r.test = input.test;
  r.created_at = now;
  r.status = input.draft ? Status::draft : Status::submitted;
  if (!input.draft) r.submitted_at = now;
  change.sides = by_sender;
  if (!input.draft && r.receiver == caller) change.sides |= by_receiver;
  happened(unit, change, input.draft ? EventType::drafted : EventType::received);
  if (!input.appointment.is_null()) {
    appointment.id = AppointmentId::make(now, unit.random());
    r.appointments.push_back(appointment);
    r.status = Status::booked;
    r.accepted_once = true;
    happened(unit, change, EventType::appointment_booked,
             Json::object({{"appointmentId", appointment.id.text()},
                           {"start", format_instant(appointment.start, appointment.offset)}}));
  }
  HANDOFF_TRY(said(unit, change, word(r.method), r.source_name, read->person, Known::no));
  commit(unit, change, "referral.create");
  return r.id;
}

Result<void> Commands::submit(Unit& unit, const ReferralId& id) {
  Change change = HANDOFF_TRY(begin(unit, id, Act::submit));
  Referral& r = change.after;
  const directory::Listing* listing = r.listing ? unit.listing(*r.listing) : nullptr;
  if (r.listing && !listing)
    return fault_error(
        {{"/listingId", "listing.not_found", "The listing of this draft is not open any more; choose another."}});
  Faults faults;
  std::vector<Warning> warnings;
  ContentRules rules{listing, unit.now(), false, nullptr, &r.attachments};
  rules.first_name_required = r.method != Method::salesforce;
  Json content = read_content(r.content.reveal(), rules, faults, warnings);
  if (!faults.empty()) return fault_error(std::move(faults));
  r.content = Private(std::move(content));
  r.status = Status::submitted;
  r.submitted_at = unit.now();
  // What held the draft back was weighed by whoever submits it.
  std::erase_if(r.warnings, [](const Warning& w) { return w.pointer.starts_with("/source"); });
  if (r.sub_status.empty() && listing && listing->arrival_sub_status) {
    if (const SubStatus* row = find_sub_status(rows_of(unit, r), *listing->arrival_sub_status)) take_category(r, *row);
  }
  HANDOFF_TRY(said(unit, change, word(r.method), r.source_name, nullptr, Known::no));
  happened(unit, change, EventType::received);
  commit(unit, change, "referral.submit");
  return {};
}

namespace {

bool is_of_source(const Warning& warning) { return warning.pointer.starts_with("/source"); }

const Json& at_path(const Json& content, const std::string& path) {
  const Json* here = &content;
  for (const auto& step : split(path, '.')) here = &(*here)[step];
  return *here;
}

// Faults for what `patch` would change of the fields that a record system keeps; saying the same again is no change.
void refuse_owned(const Referral& referral, const Json& patch, Faults& faults) {
  const Json& before = referral.content.reveal();
  const Json after = merge_patch(before, patch);
  for (const auto& path : referral.owned_fields) {
    if (at_path(before, path) == at_path(after, path)) continue;
    std::string pointer;
    for (const auto& step : split(path, '.')) pointer += "/" + pointer_escape(step);
    faults.push_back({pointer, "referral.field_of_the_emr",
                      "This field is kept by the record system (" + referral.source_name +
                          "): change it there, or let the connection's fieldOwnership say that it is ours."});
  }
}

}  // namespace

Result<void> Commands::edit(Unit& unit, const ReferralId& id, const Json& patch) {
  Change change = HANDOFF_TRY(begin(unit, id, Act::edit));
  if ((change.sides & by_sender) && patch.is_object()) {
    Faults faults;
    refuse_owned(change.after, patch, faults);
    if (!faults.empty()) return fault_error(std::move(faults));
  }
  return apply_edit(unit, std::move(change), patch);
}

Result<void> Commands::edit_as_owner(Unit& unit, const ReferralId& id, const Json& patch) {
  return apply_edit(unit, HANDOFF_TRY(begin(unit, id, Act::edit)), patch);
}

Result<void> Commands::apply_edit(Unit& unit, Change change, const Json& patch) {
  Referral& r = change.after;
  Faults faults;
  if (!patch.is_object())
    return fault_error({{"", "property.wrong_type", "Send an object with the properties to change."}});
  refuse_unknown(patch, "", content_members(), faults);
  const Json before = r.content.reveal();
  const directory::Listing* listing = r.listing ? unit.listing(*r.listing) : nullptr;
  std::vector<Warning> warnings;
  ContentRules rules{listing, unit.now(), r.status == Status::draft, &before, &r.attachments};
  rules.first_name_required = r.method != Method::salesforce;
  Json content = read_content(merge_patch(before, patch), rules, faults, warnings);
  // A patch is refused for what it says, not for what a form began to ask after the referral was sent.
  std::erase_if(faults, [&](const Fault& f) {
    if (f.code != "answer.required" && f.code != "property.required") return false;
    const std::string& path = f.pointer;
    const Json* told = &patch;
    for (const auto& step : split(std::string_view(path).substr(1), '/')) {
      told = told->find(step);
      if (!told) return true;
    }
    return false;
  });
  if (!faults.empty()) return fault_error(std::move(faults));
  const bool registrant_changed = !(content["registrant"] == before["registrant"]);
  r.content = Private(std::move(content));
  std::erase_if(r.warnings,
                [](const Warning& w) { return !w.pointer.starts_with("/attachments") && !is_of_source(w); });
  r.warnings.insert(r.warnings.end(), warnings.begin(), warnings.end());
  if (changed_paths(*change.before, r).empty()) return {};  // a save that changes nothing is no edit
  if (registrant_changed) HANDOFF_TRY(said(unit, change, "edit", unit.actor().name, nullptr, Known::again));
  happened(unit, change, EventType::edited);
  commit(unit, change, "referral.edit");
  return {};
}

Result<void> Commands::reaim(Unit& unit, const ReferralId& id, const std::optional<ListingId>& listing_id,
                             const Json& recipient) {
  Change change = HANDOFF_TRY(begin(unit, id, Act::edit));
  Referral& r = change.after;
  if (r.status != Status::draft) {
    return Error{Kind::conflict,
                 "referral.action_not_allowed",
                 "Only a draft can be given to somebody else; route the referral, or close it as redirected.",
                 {},
                 {}};
  }
  const OrganizationId caller = unit.actor().organization;
  const directory::Listing* listing = listing_id ? unit.listing(*listing_id) : nullptr;
  if (listing_id &&
      (!listing || (listing->organization != caller && listing->visibility != directory::Visibility::exchange))) {
    return fault_error({{"/listingId", "listing.not_found", "There is no such listing for this organization."}});
  }
  Faults faults;
  Json outside = listing ? Json() : read_recipient(recipient, "/recipient", faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  if (r.listing == listing_id && r.recipient.reveal() == outside) return {};
  r.listing = listing_id;
  r.recipient = Private(std::move(outside));
  r.receiver = listing ? std::optional(listing->organization) : std::nullopt;
  const OrganizationId owner = r.receiver.value_or(caller);
  if (owner != r.owner) {
    if (!r.attachments.empty()) {
      return Error{Kind::conflict,
                   "referral.files_stay",
                   "The files of this draft belong to the organization it was for; make a new referral.",
                   {},
                   {}};
    }
    r.owner = owner;
    r.number =
        unit.take_number(owner, static_cast<int>(parse_int(Date::of(unit.now()).text().substr(0, 4)).value_or(0)));
  }
  // Sub-statuses are the receiver's; the arrival one is put on when the draft is submitted.
  r.sub_status.clear();
  r.open_sub_status.clear();
  r.category.reset();
  happened(unit, change, EventType::edited, Json::object({{"reaimed", true}}));
  commit(unit, change, "referral.reaim");
  return {};
}

Result<void> Commands::warn(Unit& unit, const ReferralId& id, const std::vector<Warning>& warnings) {
  Change change = HANDOFF_TRY(begin(unit, id, Act::edit));
  std::erase_if(change.after.warnings, is_of_source);
  change.after.warnings.insert(change.after.warnings.end(), warnings.begin(), warnings.end());
  if (change.after.warnings != change.before->warnings) commit(unit, change, "referral.warn");
  return {};
}

Result<void> Commands::own(Unit& unit, const ReferralId& id, const std::vector<std::string>& fields) {
  Change change = HANDOFF_TRY(begin(unit, id, Act::edit));
  change.after.owned_fields = fields;
  if (change.after.owned_fields != change.before->owned_fields) commit(unit, change, "referral.own");
  return {};
}

Result<void> Commands::attach(Unit& unit, const ReferralId& id, const std::vector<Attachment>& attachments,
                              const std::vector<Warning>& warnings) {
  Change change = HANDOFF_TRY(begin(unit, id, Act::edit));
  Referral& r = change.after;
  constexpr std::size_t files_max = 20;
  if (r.attachments.size() + attachments.size() > files_max) {
    return Error{Kind::too_large, "attachment.too_many", "A referral holds at most 20 files.", {}, {}};
  }
  r.attachments.insert(r.attachments.end(), attachments.begin(), attachments.end());
  r.warnings.insert(r.warnings.end(), warnings.begin(), warnings.end());
  happened(unit, change, EventType::edited);
  commit(unit, change, "referral.attach");
  return {};
}

Result<void> Commands::set_sub_status(Unit& unit, const ReferralId& id, const std::string& code) {
  Change change = HANDOFF_TRY(begin(unit, id, Act::set_sub_status));
  Referral& r = change.after;
  const auto& rows = rows_of(unit, r);
  const SubStatus* row = find_sub_status(rows, code);
  if (!row || is_closing(row->category)) return unknown_sub_status(rows, code, "/code", false);
  if (r.sub_status == code) return {};
  take_category(r, *row);
  happened(unit, change, EventType::sub_status_changed,
           Json::object(
               {{"from", change.before->sub_status.empty() ? Json() : Json(change.before->sub_status)}, {"to", code}}));
  commit(unit, change, "referral.sub_status");
  return {};
}

Result<AppointmentId> Commands::book(Unit& unit, const ReferralId& id, const Json& body) {
  Change change = HANDOFF_TRY(begin(unit, id, Act::book));
  Faults faults;
  Appointment appointment = read_appointment(body, "", faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  constexpr std::size_t appointments_max = 200;
  if (change.after.appointments.size() >= appointments_max) {
    return Error{Kind::conflict, "appointment.too_many", "A referral holds at most 200 appointments.", {}, {}};
  }
  appointment.id = AppointmentId::make(unit.now(), unit.random());
  change.after.appointments.push_back(appointment);
  change.after.status = change.move->to;
  change.after.accepted_once = true;
  happened(unit, change, EventType::appointment_booked,
           Json::object({{"appointmentId", appointment.id.text()},
                         {"start", format_instant(appointment.start, appointment.offset)}}));
  commit(unit, change, "referral.book");
  return appointment.id;
}

namespace {
std::vector<Appointment>::iterator find_appointment(Referral& r, const AppointmentId& id) {
  return std::find_if(r.appointments.begin(), r.appointments.end(), [&](const Appointment& a) { return a.id == id; });
}
Error no_such_appointment() {
  return Error{Kind::not_found, "appointment.not_found", "The referral has no such appointment.", {}, {}};
}
}  // namespace

Result<void> Commands::reschedule(Unit& unit, const ReferralId& id, const AppointmentId& appointment,
                                  const Json& patch) {
  Change change = HANDOFF_TRY(begin(unit, id, Act::reschedule));
  const auto found = find_appointment(change.after, appointment);
  if (found == change.after.appointments.end()) return no_such_appointment();
  Json body = appointment_to_json(*found);
  body.erase("id");
  Faults faults;
  Appointment next = read_appointment(merge_patch(std::move(body), patch), "", faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  next.id = found->id;
  // The same slot is no change: what a provider's calendar does inside does not concern anybody else.
  Appointment same = *found;
  same.offset = next.offset;
  if (next == same) return {};
  Json detail = Json::object({{"change", "rescheduled"},
                              {"appointmentId", next.id.text()},
                              {"from", appointment_to_json(*found)},
                              {"to", appointment_to_json(next)}});
  *found = next;
  happened(unit, change, EventType::appointment_changed, std::move(detail));
  commit(unit, change, "referral.reschedule");
  return {};
}

Result<void> Commands::unbook(Unit& unit, const ReferralId& id, const AppointmentId& appointment) {
  Change change = HANDOFF_TRY(begin(unit, id, Act::unbook));
  const auto found = find_appointment(change.after, appointment);
  if (found == change.after.appointments.end()) return no_such_appointment();
  Json detail = Json::object({{"change", "unbooked"},
                              {"appointmentId", found->id.text()},
                              {"from", appointment_to_json(*found)},
                              {"to", nullptr}});
  change.after.appointments.erase(found);
  if (change.after.appointments.empty()) change.after.status = change.move->to;  // the sub-status stays
  happened(unit, change, EventType::appointment_changed, std::move(detail));
  commit(unit, change, "referral.unbook");
  return {};
}

Result<void> Commands::close(Unit& unit, const ReferralId& id, const std::string& code,
                             const std::optional<std::string>& reason) {
  const Referral* standing = unit.referral(id);
  if (!standing) return no_such_referral();
  const bool is_draft = standing->status == Status::draft;
  if (is_draft && sides_of(*standing, unit.actor().organization) != 0 && code != "entered_in_error") {
    return fault_error({{"/code", "referral.draft_closes_as_error",
                         "A draft can only be discarded, with the code entered_in_error."}});
  }
  Change change = HANDOFF_TRY(begin(unit, id, is_draft ? Act::discard : Act::close));
  Referral& r = change.after;
  const auto& rows = rows_of(unit, r);
  const SubStatus* row = find_sub_status(rows, code);
  if (!row || !is_closing(row->category)) return unknown_sub_status(rows, code, "/code", true);
  Json detail = Json::object({{"from", change.before->sub_status.empty() ? Json() : Json(change.before->sub_status)},
                              {"to", code},
                              {"hasReason", reason.has_value()}});
  if (!(change.sides & by_receiver) && !is_draft) {
    if (code != "cancelled_by_registrant" && code != "redirected") {
      return Error{
          Kind::forbidden,
          "referral.sender_may_only_cancel",
          "The sender may close with cancelled_by_registrant or redirected; every other outcome is the receiver's.",
          {},
          {}};
    }
    if (r.accepted_once) {
      if (r.cancellation_requested) return {};
      r.cancellation_requested = true;
      happened(unit, change, EventType::cancellation_requested, std::move(detail));
      commit(unit, change, "referral.request_cancellation");
      return {};
    }
  }
  if (r.sub_status == code && r.status == Status::closed) return {};
  const bool was_closed = r.status == Status::closed;
  take_category(r, *row);
  r.status = Status::closed;
  r.cancellation_requested = false;
  happened(unit, change,
           is_draft     ? EventType::discarded
           : was_closed ? EventType::outcome_changed
                        : EventType::closed,
           std::move(detail));
  if (reason && !trim(*reason).empty()) {
    unit.add(Note{NoteId::make(unit.now(), unit.random()), r.id, unit.actor().organization,
                  Text("Reason for closing: " + *reason), unit.now(), unit.actor().name});
  }
  commit(unit, change, "referral.close");
  return {};
}

Result<void> Commands::reopen(Unit& unit, const ReferralId& id, const std::string& reason) {
  Change change = HANDOFF_TRY(begin(unit, id, Act::reopen));
  if (trim(reason).empty()) return fault_error({{"/reason", "property.required", "Say why the referral is reopened."}});
  Referral& r = change.after;
  r.status = r.appointments.empty() ? change.move->to : Status::booked;
  const SubStatus* row = find_sub_status(rows_of(unit, r), r.open_sub_status);
  r.sub_status = row ? row->code : "";
  r.category = row ? std::optional(row->category) : std::nullopt;
  unit.add(Note{NoteId::make(unit.now(), unit.random()), r.id, unit.actor().organization,
                Text("Reason for reopening: " + reason), unit.now(), unit.actor().name});
  happened(unit, change, EventType::reopened, Json::object({{"from", change.before->sub_status}}));
  commit(unit, change, "referral.reopen");
  return {};
}

Result<void> Commands::archive(Unit& unit, const ReferralId& id, bool archived) {
  Change change = HANDOFF_TRY(begin(unit, id, archived ? Act::archive : Act::unarchive));
  const bool as_receiver = (change.sides & by_receiver) != 0;
  bool& flag = as_receiver ? change.after.archived : change.after.archived_by_sender;
  if (flag == archived) return {};
  flag = archived;
  const EventType type = !archived     ? EventType::unarchived
                         : as_receiver ? EventType::archived
                                       : EventType::archived_by_sender;
  happened(unit, change, type);
  commit(unit, change, archived ? "referral.archive" : "referral.unarchive");
  return {};
}

Result<ReferralId> Commands::route(Unit& unit, const ReferralId& id, const ListingId& listing_id) {
  Change change = HANDOFF_TRY(begin(unit, id, Act::route));
  const directory::Listing* listing = unit.listing(listing_id);
  const OrganizationId caller = unit.actor().organization;
  if (!listing || (listing->organization != caller && listing->visibility != directory::Visibility::exchange)) {
    return fault_error({{"/listingId", "listing.not_found", "There is no such listing to route to."}});
  }
  if (change.after.listing == listing_id) {
    return fault_error({{"/listingId", "referral.routed_to_itself", "The referral is in this listing already."}});
  }
  Change child;
  Referral& c = child.after;
  const Instant now = unit.now();
  c = change.after;  // content and attachments are copied; the two live on separately
  c.id = ReferralId::make(now, unit.random());
  c.version = 0;
  c.listing = listing->id;
  c.receiver = listing->organization;
  c.sender = caller;
  c.owner = listing->organization;
  c.routed_from = id;
  c.routed_to.clear();
  c.status = Status::submitted;
  c.sub_status.clear();
  c.open_sub_status.clear();
  c.category.reset();
  c.appointments.clear();
  c.archived = c.archived_by_sender = c.cancellation_requested = c.accepted_once = false;
  // Another organization does not know its persons by our names.
  if (c.owner != change.after.owner) c.person.reset();
  c.person_in_review = false;
  c.integration_errors = 0;
  c.created_at = now;
  c.submitted_at = now;
  c.method = Method::user;
  c.source_name = "Routed";
  c.number = unit.take_number(c.owner, static_cast<int>(parse_int(Date::of(now).text().substr(0, 4)).value_or(0)));
  if (listing->arrival_sub_status) {
    if (const SubStatus* row = find_sub_status(unit.sub_statuses(c.owner), *listing->arrival_sub_status))
      take_category(c, *row);
  }
  child.id = ChangeId::make(now, unit.random());
  child.sides = by_sender | (c.receiver == caller ? by_receiver : 0U);
  happened(unit, child, EventType::received, Json::object({{"routedFromId", id.text()}}));
  HANDOFF_TRY(said(unit, child, "routed", c.source_name, nullptr, Known::same_person));
  commit(unit, child, "referral.create");

  change.after.routed_to.push_back(c.id);
  happened(unit, change, EventType::routed, Json::object({{"childId", c.id.text()}}));
  commit(unit, change, "referral.route");
  return c.id;
}

Result<MessageId> Commands::message(Unit& unit, const ReferralId& id, const std::string& from,
                                    const std::string& text) {
  Change change = HANDOFF_TRY(begin(unit, id, Act::message));
  Faults faults;
  if (from != "provider" && from != "requester")
    faults.push_back({"/from", "property.unknown_value", "Either provider or requester."});
  if (trim(text).empty()) faults.push_back({"/text", "property.required", "A message needs a text."});
  if (utf8_length(text) > 20'000) faults.push_back({"/text", "property.too_long", "At most 20000 characters."});
  if (!faults.empty()) return fault_error(std::move(faults));
  const bool provider = from == "provider";
  if (!(change.sides & (provider ? by_receiver : by_sender))) {
    return Error{Kind::forbidden,
                 "message.not_your_side",
                 "A message comes from the caller's own side of the referral.",
                 {},
                 {}};
  }
  const Message message{MessageId::make(unit.now(), unit.random()),
                        id,
                        provider ? Side::receiver : Side::sender,
                        Text(text),
                        unit.now(),
                        unit.actor().name};
  unit.add(message);
  happened(unit, change, provider ? EventType::message_from_provider : EventType::message_from_requester,
           Json::object({{"messageId", message.id.text()}}));
  commit(unit, change, "referral.message");
  return message.id;
}

Result<NoteId> Commands::note(Unit& unit, const ReferralId& id, const std::string& text) {
  Change change = HANDOFF_TRY(begin(unit, id, Act::note));
  if (trim(text).empty()) return fault_error({{"/text", "property.required", "A note needs a text."}});
  if (utf8_length(text) > 20'000) return fault_error({{"/text", "property.too_long", "At most 20000 characters."}});
  const Note note{NoteId::make(unit.now(), unit.random()),
                  id,
                  unit.actor().organization,
                  Text(text),
                  unit.now(),
                  unit.actor().name};
  unit.add(note);
  happened(unit, change, EventType::note_added, Json::object({{"noteId", note.id.text()}}));
  commit(unit, change, "referral.note");
  return note.id;
}

}  // namespace handoff::referral
