// What is done to a referral, one command each.
#include "base/text.h"
#include "face/own/handlers.h"
#include "face/own/problem.h"
#include "face/own/referral_view.h"

namespace handoff::face::own {
namespace {

using exchange::CommandAnswer;
using exchange::OfficeUnit;

constexpr std::size_t code_max = 64, reason_max = 4000, text_max = 100'000;
constexpr std::size_t bulk_max = 200;

Result<ReferralId> referral_id(const Call& call) { return call.id<ReferralId>(0, "referral"); }

// A command that answers with the referral as it then stands.
Result<net::Response> act(Call& call, const std::function<Result<void>(OfficeUnit&, const ReferralId&)>& command,
                          exchange::Needs needs = {}) {
  const auto id = HANDOFF_TRY(referral_id(call));
  return change_referral(call, id, std::move(needs), [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    HANDOFF_TRY(command(unit, id));
    return referral_answer(call, unit, id);
  });
}

// Submitting and editing judge the content by the listing's form, which may be another organization's.
Result<exchange::Needs> with_listing(Call& call, const ReferralId& id) {
  exchange::Needs needs;
  const auto referral = HANDOFF_TRY(call.parts.referrals.referral(call.organization(), id));
  if (referral && referral->listing) needs.listings.push_back(*referral->listing);
  return needs;
}

struct BulkAction {
  const char* word;
  bool needs_code;
  bool needs_reason;
  Result<void> (*run)(const Call&, OfficeUnit&, const ReferralId&, const std::string& code,
                      const std::optional<std::string>& reason);
};
constexpr std::array bulk_actions{
    BulkAction{"sub-status", true, false,
               [](const Call& call, OfficeUnit& unit, const ReferralId& id, const std::string& code, const auto&) {
                 return call.parts.commands.set_sub_status(unit, id, code);
               }},
    BulkAction{
        "close", true, false,
        [](const Call& call, OfficeUnit& unit, const ReferralId& id, const std::string& code,
           const std::optional<std::string>& reason) { return call.parts.commands.close(unit, id, code, reason); }},
    BulkAction{"reopen", false, true,
               [](const Call& call, OfficeUnit& unit, const ReferralId& id, const std::string&,
                  const std::optional<std::string>& reason) {
                 return call.parts.commands.reopen(unit, id, reason.value_or(""));
               }},
    BulkAction{"archive", false, false,
               [](const Call& call, OfficeUnit& unit, const ReferralId& id, const std::string&, const auto&) {
                 return call.parts.commands.archive(unit, id, true);
               }},
    BulkAction{"unarchive", false, false,
               [](const Call& call, OfficeUnit& unit, const ReferralId& id, const std::string&, const auto&) {
                 return call.parts.commands.archive(unit, id, false);
               }},
};

std::vector<std::string> read_ids(const Call& call, const char* key, Faults& faults) {
  std::vector<std::string> ids;
  const std::string at = std::string("/") + key;
  const Json& list = call.body[key];
  if (!list.is_array() || list.size() == 0 || list.size() > bulk_max) {
    faults.push_back({at, list.is_null() ? "property.required" : "request.bad_list", "Send a list of 1 to 200 ids."});
    return ids;
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Json& item = list.items()[i];
    if (!item.is_string()) {
      faults.push_back({at + "/" + std::to_string(i), "property.wrong_type", "Send a text."});
    } else if (std::find(ids.begin(), ids.end(), item.string()) != ids.end()) {
      faults.push_back({at + "/" + std::to_string(i), "request.repeated_id", "Name each record once."});
    } else {
      ids.push_back(item.string());
    }
  }
  return ids;
}

}  // namespace

Result<net::Response> patch_referral(Call& call) {
  const auto id = HANDOFF_TRY(referral_id(call));
  return act(
      call, [&](OfficeUnit& unit, const ReferralId& at) { return call.parts.commands.edit(unit, at, call.body); },
      HANDOFF_TRY(with_listing(call, id)));
}

Result<net::Response> submit_referral(Call& call) {
  const auto id = HANDOFF_TRY(referral_id(call));
  return act(
      call, [&](OfficeUnit& unit, const ReferralId& at) { return call.parts.commands.submit(unit, at); },
      HANDOFF_TRY(with_listing(call, id)));
}

Result<net::Response> set_sub_status(Call& call) {
  Faults faults;
  call.members({"code"}, faults);
  const std::string code = call.text("code", code_max, faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  return act(
      call, [&](OfficeUnit& unit, const ReferralId& id) { return call.parts.commands.set_sub_status(unit, id, code); });
}

Result<net::Response> close_referral(Call& call) {
  Faults faults;
  call.members({"code", "reason"}, faults);
  const std::string code = call.text("code", code_max, faults);
  const auto reason = call.optional_text("reason", reason_max, faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  return act(call,
             [&](OfficeUnit& unit, const ReferralId& id) { return call.parts.commands.close(unit, id, code, reason); });
}

Result<net::Response> reopen_referral(Call& call) {
  Faults faults;
  call.members({"reason"}, faults);
  const std::string reason = call.text("reason", reason_max, faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  return act(call,
             [&](OfficeUnit& unit, const ReferralId& id) { return call.parts.commands.reopen(unit, id, reason); });
}

Result<net::Response> archive_referral(Call& call) {
  return act(call, [&](OfficeUnit& unit, const ReferralId& id) { return call.parts.commands.archive(unit, id, true); });
}

Result<net::Response> unarchive_referral(Call& call) {
  return act(call,
             [&](OfficeUnit& unit, const ReferralId& id) { return call.parts.commands.archive(unit, id, false); });
}

namespace {

constexpr std::size_t copy_piece = 1024 * 1024;

// A routed referral belongs to whoever receives it, with its files; their bytes go along before the commit that names
// them.
Result<void> lend_files(Call& call, const referral::Referral& referral, const OrganizationId& to) {
  if (referral.owner == to) return {};
  for (const auto& attachment : referral.attachments) {
    const auto source = [&](std::uint64_t offset, std::size_t size_max) {
      return call.parts.files.read(referral.owner, attachment.sha256, offset, std::min(size_max, copy_piece));
    };
    HANDOFF_TRY(call.parts.files.put(to, attachment.size, source));
  }
  return {};
}

}  // namespace

Result<net::Response> route_referral(Call& call) {
  const auto id = HANDOFF_TRY(referral_id(call));
  Faults faults;
  call.members({"listingId"}, faults);
  const std::string text = call.text("listingId", code_max, faults);
  const auto listing = ListingId::parse(text);
  if (faults.empty() && !listing) faults.push_back({"/listingId", listing.error().code, listing.error().for_caller});
  if (!faults.empty()) return fault_error(std::move(faults));
  exchange::Needs needs;
  needs.listings.push_back(*listing);
  const auto referral = HANDOFF_TRY(call.parts.referrals.referral(call.organization(), id));
  const auto target = HANDOFF_TRY(call.parts.referrals.listing(call.organization(), *listing));
  if (referral && target && referral::permitted(*referral, call.organization(), referral::Act::route))
    HANDOFF_TRY(lend_files(call, *referral, target->organization));
  return change_referral(call, id, std::move(needs), [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    const auto child = HANDOFF_TRY(call.parts.commands.route(unit, id, *listing));
    return CommandAnswer{200, Json::object({{"childId", child.text()}}), unit.referral(id)->version, {}};
  });
}

Result<net::Response> act_on_referrals(Call& call) {
  Faults faults;
  call.members({"ids", "action", "code", "reason"}, faults);
  const auto ids = read_ids(call, "ids", faults);
  const std::string word = call.text("action", code_max, faults);
  const auto code = call.optional_text("code", code_max, faults);
  const auto reason = call.optional_text("reason", reason_max, faults);
  const auto action =
      std::find_if(bulk_actions.begin(), bulk_actions.end(), [&](const BulkAction& row) { return row.word == word; });
  if (action == bulk_actions.end()) {
    if (!word.empty())
      faults.push_back({"/action", "property.unknown_value", "One of sub-status, close, reopen, archive, unarchive."});
  } else {
    if (action->needs_code && !code) faults.push_back({"/code", "property.required", "This action needs a code."});
    if (!action->needs_code && code)
      faults.push_back({"/code", "property.not_for_action", "This action takes no code; leave it out."});
    if (action->needs_reason && (!reason || trim(*reason).empty()))
      faults.push_back({"/reason", "property.required", "This action needs a reason."});
  }
  if (!faults.empty()) return fault_error(std::move(faults));
  exchange::Needs needs;
  for (const auto& text : ids) {
    if (const auto id = ReferralId::parse(text)) needs.referrals.push_back(*id);
  }
  const std::string cause = "blk_" + sortable_text(call.now(), call.parts.random);
  return call.change(
      std::move(needs),
      [&](OfficeUnit& unit) -> Result<CommandAnswer> {
        Json items = Json::array();
        for (const auto& text : ids) {
          const auto id = ReferralId::parse(text);
          // A command refuses before it writes, so one that fails leaves the others as they are.
          Result<void> done =
              id ? action->run(call, unit, *id, code.value_or(""), reason) : Result<void>(Call::not_found("referral"));
          const referral::Referral* r = id ? unit.referral(*id) : nullptr;
          items.push_back(Json::object({{"id", text},
                                        {"ok", done.has_value()},
                                        {"version", done && r ? Json(r->version) : Json()},
                                        {"problem", done ? Json() : problem_json(done.error())}}));
        }
        return CommandAnswer{200, Json::object({{"causeId", cause}, {"items", std::move(items)}}), std::nullopt, {}};
      },
      cause);
}

Result<net::Response> book_appointment(Call& call) {
  const auto id = HANDOFF_TRY(referral_id(call));
  return change_referral(call, id, {}, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    const auto booked = HANDOFF_TRY(call.parts.commands.book(unit, id, call.body));
    const referral::Referral* r = unit.referral(id);
    const auto appointment = std::find_if(r->appointments.begin(), r->appointments.end(),
                                          [&](const referral::Appointment& a) { return a.id == booked; });
    HANDOFF_ASSERT(appointment != r->appointments.end());
    return CommandAnswer{201, referral::appointment_to_json(*appointment), r->version,
                         referral_path(id) + "/appointments/" + booked.text()};
  });
}

Result<net::Response> reschedule_appointment(Call& call) {
  const auto appointment = HANDOFF_TRY(call.id<AppointmentId>(1, "appointment"));
  if (!call.body.is_object())
    return fault_error({{"", "property.wrong_type", "Send an object with the properties to change."}});
  return act(call, [&](OfficeUnit& unit, const ReferralId& id) {
    return call.parts.commands.reschedule(unit, id, appointment, call.body);
  });
}

Result<net::Response> unbook_appointment(Call& call) {
  const auto appointment = HANDOFF_TRY(call.id<AppointmentId>(1, "appointment"));
  return act(call,
             [&](OfficeUnit& unit, const ReferralId& id) { return call.parts.commands.unbook(unit, id, appointment); });
}

Result<net::Response> send_message(Call& call) {
  const auto id = HANDOFF_TRY(referral_id(call));
  Faults faults;
  call.members({"from", "text"}, faults);
  const std::string from = call.text("from", code_max, faults);
  const std::string text = call.text("text", text_max, faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  return change_referral(call, id, {}, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    const auto message = HANDOFF_TRY(call.parts.commands.message(unit, id, from, text));
    const referral::Message told{
        message,    id,         from == "provider" ? referral::Side::receiver : referral::Side::sender,
        Text(text), unit.now(), unit.actor().name};
    Json shown = message_json(told);
    const auto version = version_of(shown);
    return CommandAnswer{201, std::move(shown), version, referral_path(id) + "/messages/" + message.text()};
  });
}

Result<net::Response> add_note(Call& call) {
  const auto id = HANDOFF_TRY(referral_id(call));
  Faults faults;
  call.members({"text"}, faults);
  const std::string text = call.text("text", text_max, faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  return change_referral(call, id, {}, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    const auto note = HANDOFF_TRY(call.parts.commands.note(unit, id, text));
    Json shown = note_json({note, id, call.organization(), Text(text), unit.now(), unit.actor().name});
    const auto version = version_of(shown);
    return CommandAnswer{201, std::move(shown), version, referral_path(id) + "/notes/" + note.text()};
  });
}

}  // namespace handoff::face::own
