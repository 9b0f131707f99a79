// POST /referrals: everything a new referral comes with, judged at once and written in one commit.
#include "face/own/attachments.h"
#include "face/own/handlers.h"
#include "face/own/referral_view.h"
#include "referral/intake.h"

namespace handoff::face::own {
namespace {

using exchange::CommandAnswer;
using exchange::OfficeUnit;

constexpr std::size_t code_max = 64;

std::optional<ListingId> read_listing_id(const Call& call, Faults& faults) {
  const Json& value = call.body["listingId"];
  if (value.is_null()) return std::nullopt;
  if (!value.is_string()) {
    faults.push_back({"/listingId", "property.wrong_type", "Send a text."});
    return std::nullopt;
  }
  const auto id = ListingId::parse(value.string());
  if (!id) {
    faults.push_back({"/listingId", id.error().code, id.error().for_caller});
    return std::nullopt;
  }
  return *id;
}

// True where the content alone would not be refused: files are stored before the commit that names them, and for a
// referral that cannot come to be none are.
bool worth_storing(const referral::NewReferral& input) {
  Faults faults = input.read->faults;
  if (!input.appointment.is_null()) referral::read_appointment(input.appointment, "/appointment", faults);
  return faults.empty();
}

}  // namespace

Result<net::Response> create_referral(Call& call) {
  Faults faults;
  std::vector<std::string> known = referral::content_members();
  for (const char* more : {"listingId", "recipient", "subStatus", "appointment", "draft", "test", "attachments"})
    known.emplace_back(more);
  if (!call.members(known, faults)) return fault_error(std::move(faults));
  if (call.body["attachments"].is_array() && call.body["attachments"].size() > files_max)
    return Error{Kind::too_large, "attachment.too_many", "A referral holds at most 20 files.", {}, {}};

  referral::NewReferral input;
  input.listing = read_listing_id(call, faults);
  const bool bad_listing = !faults.empty() && faults.back().pointer == "/listingId";
  input.recipient = call.body["recipient"];
  input.content = Json::object();
  for (const auto& member : referral::content_members()) {
    if (const Json* value = call.body.find(member)) input.content.set(member, *value);
  }
  input.sub_status = call.optional_text("subStatus", code_max, faults);
  input.appointment = call.body["appointment"];
  input.draft = call.flag_member("draft", false, faults);
  input.test = call.flag_member("test", false, faults);
  const bool is_person = call.actor.kind == access::ActorKind::user;
  input.method = is_person ? referral::Method::user : referral::Method::api;
  input.source_name = call.actor.name;

  std::optional<directory::Listing> listing;
  if (input.listing) listing = HANDOFF_TRY(call.parts.referrals.listing(call.organization(), *input.listing));
  std::vector<SentFile> files = read_sent_files(call, listing ? &*listing : nullptr, faults);
  for (const auto& file : files) input.attachments.push_back(file.attachment);
  input.read = referral::read_ahead(input, listing ? &*listing : nullptr, call.now());

  bool stored = files.empty();
  if (!files.empty() && faults.empty() && (listing || !input.recipient.is_null()) && worth_storing(input)) {
    const OrganizationId owner = listing ? listing->organization : call.organization();
    for (const auto& file : files) {
      HANDOFF_TRY(call.parts.files.put(owner, file.bytes.size(), [&](std::uint64_t offset, std::size_t size_max) {
        const auto from = static_cast<std::size_t>(std::min<std::uint64_t>(offset, file.bytes.size()));
        return Result<std::string>(file.bytes.substr(from, size_max));
      }));
    }
    stored = true;
  }

  exchange::Needs needs;
  if (input.listing) needs.listings.push_back(*input.listing);
  if (auto persons = referral::person_needs(input, call.organization())) needs.rooms.push_back(std::move(persons));
  return call.change(std::move(needs), [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    // The command runs even where this body is refused already, so that its faults are told together with ours; what
    // it writes goes with the unit.
    auto created = call.parts.commands.create(unit, input);
    Faults all = faults;
    if (!created) {
      if (created.error().faults.empty()) return created.error();
      for (auto& fault : created.error().faults) {
        if (bad_listing && fault.pointer == "/listingId") continue;
        all.push_back(std::move(fault));
      }
    }
    if (!all.empty()) return fault_error(std::move(all));
    // The form may have changed since it was looked at; a referral never names files that are not there.
    if (!stored)
      return Error{Kind::unavailable, "attachment.try_again", "The listing was just changed; try again.", {}, {}};
    return referral_answer(call, unit, *created, 201, referral_path(*created));
  });
}

}  // namespace handoff::face::own
