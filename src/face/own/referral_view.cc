#include "face/own/referral_view.h"

#include "exchange/preview.h"
#include "face/own/problem.h"

namespace handoff::face::own {

using referral::Referral;
using referral::SubStatus;

Json referral_json(const Referral& r, const std::vector<SubStatus>& rows, const OrganizationId& reader) {
  Json out = referral::to_json(r);
  if (!r.sub_status.empty()) {
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const SubStatus& s) { return s.code == r.sub_status; });
    out.set("subStatus", Json::object({{"code", r.sub_status},
                                       {"label", row == rows.end() ? r.sub_status : row->label},
                                       {"category", r.category ? Json(referral::word(*r.category)) : Json()}}));
  }
  // Whom the receiver knows is the receiver's: a sender is not told that two of its referrals met there.
  if (reader != r.owner) out.set("person", nullptr);
  const unsigned sides = referral::sides_of(r, reader);
  // Whoever only sent it has an outbox of its own to keep tidy.
  if (!(sides & referral::by_receiver)) out.set("archived", r.archived_by_sender);
  Json actions = Json::array();
  for (const auto& action : referral::allowed_actions(r, reader)) actions.push_back(action);
  out.set("allowedActions", std::move(actions));
  return out;
}

Json list_item_json(const Referral& r, const std::vector<SubStatus>& rows, const OrganizationId& reader) {
  Json out = referral_json(r, rows, reader);
  for (const char* left_out : {"answers", "details", "notes", "attachments"}) out.erase(left_out);
  return out;
}

Json message_json(const referral::Message& m) {
  return Json::object({{"id", m.id.text()},
                       {"referralId", m.referral.text()},
                       {"from", m.from == referral::Side::receiver ? "provider" : "requester"},
                       {"text", m.text.reveal()},
                       {"at", format_instant(m.at)},
                       {"author", m.actor}});
}

Json note_json(const referral::Note& n) {
  return Json::object({{"id", n.id.text()},
                       {"referralId", n.referral.text()},
                       {"text", n.text.reveal()},
                       {"at", format_instant(n.at)},
                       {"author", n.actor}});
}

exchange::CommandAnswer referral_answer(Call& call, exchange::OfficeUnit& unit, const ReferralId& id, int status,
                                        const std::string& location) {
  const Referral* r = unit.referral(id);
  HANDOFF_ASSERT(r != nullptr);
  return {status, referral_json(*r, unit.sub_statuses(r->owner), call.organization()), r->version, location};
}

Result<Referral> find_referral(Call& call) {
  const auto id = HANDOFF_TRY(call.id<ReferralId>(0, "referral"));
  auto referral = HANDOFF_TRY(call.parts.referrals.referral(call.organization(), id));
  if (!referral) return Call::not_found("referral");
  return std::move(*referral);
}

Result<void> looked_at_referral(Call& call, const Referral& referral, const char* action) {
  return call.looked(action, "referral", referral.id.text(), {referral.owner, call.organization()});
}

Result<Referral> look_at_referral(Call& call, const char* action) {
  Referral referral = HANDOFF_TRY(find_referral(call));
  HANDOFF_TRY(looked_at_referral(call, referral, action));
  return referral;
}

Result<referral::Snapshot> snapshot_of(Call& call, const Referral& r, Instant taken_at) {
  referral::Reader& reader = call.parts.referrals;
  std::optional<directory::Listing> listing;
  if (r.listing) listing = HANDOFF_TRY(reader.listing(r.receiver.value_or(call.organization()), *r.listing));
  std::optional<directory::Organization> sender, receiver;
  if (r.sender) sender = HANDOFF_TRY(reader.organization(*r.sender));
  if (r.receiver) receiver = HANDOFF_TRY(reader.organization(*r.receiver));
  const auto rows = HANDOFF_TRY(reader.sub_statuses(r.owner));
  const auto messages = HANDOFF_TRY(reader.messages(call.organization(), r.id));
  return exchange::take_snapshot(r, listing ? &*listing : nullptr, sender ? &*sender : nullptr,
                                 receiver ? &*receiver : nullptr, rows, messages, taken_at);
}

namespace {

constexpr std::size_t events_page = 200;

// Whoever lost the race is told what won it.
Result<std::string> other_change(Call& call, const ReferralId& id) {
  std::optional<referral::Event> last;
  std::optional<std::string> cursor;
  do {
    auto page = HANDOFF_TRY(call.parts.referrals.events(call.organization(), id, events_page, cursor));
    if (!page.items.empty()) last = std::move(page.items.back());
    cursor = page.next_cursor;
  } while (cursor);
  if (!last) return std::string();
  return " The last change: " + std::string(referral::word(last->type)) + " by " + last->actor_name + " at " +
         format_instant(last->at) + ".";
}

}  // namespace

Result<net::Response> change_referral(Call& call, const ReferralId& id, exchange::Needs needs, const Call::Work& work) {
  needs.referrals.push_back(id);
  auto done = call.change(std::move(needs), [&](exchange::OfficeUnit& unit) -> Result<exchange::CommandAnswer> {
    const Referral* r = unit.referral(id);
    if (r == nullptr) return Call::not_found("referral");
    HANDOFF_TRY(call.match(r->version));
    return work(unit);
  });
  if (done) return done;
  Error error = std::move(done).error();
  if (error.kind == Kind::precondition_failed) {
    error.for_caller += HANDOFF_TRY(other_change(call, id));
    return error;
  }
  if (error.kind != Kind::conflict) return error;
  const auto standing = HANDOFF_TRY(call.parts.referrals.referral(call.organization(), id));
  if (!standing) return error;
  Json actions = Json::array();
  for (const auto& action : referral::allowed_actions(*standing, call.organization())) actions.push_back(action);
  return problem(error, Json::object({{"allowedActions", std::move(actions)}}));
}

std::string referral_path(const ReferralId& id) { return "/api/v1/referrals/" + id.text(); }

}  // namespace handoff::face::own
