// Ids that know their kind. Text is `<prefix>` and 26 characters of Crockford base32 over 48 bits of milliseconds and
// 80 random bits, so ids sort by time of creation.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"

namespace handoff {

// The 26 characters for a moment and ten random bytes.
std::string sortable_text(Instant at, Random& random);
// True where `text` is 26 characters of the alphabet.
bool is_sortable_text(std::string_view text);

template <class Tag>
class Id {
 public:
  Id() = default;
  static Result<Id> parse(std::string_view text) {
    if (text.starts_with(Tag::prefix) && is_sortable_text(text.substr(Tag::prefix.size())))
      return Id{std::string(text)};
    return Error{Kind::invalid_input,
                 "id.wrong_kind",
                 "An id here starts with \"" + std::string(Tag::prefix) + "\" followed by 26 characters.",
                 {},
                 {}};
  }
  // For ids read back from our own store, which holds only parsed or made ones.
  static Id trusted(std::string text) { return Id{std::move(text)}; }
  static Id make(Instant at, Random& random) { return Id{std::string(Tag::prefix) + sortable_text(at, random)}; }
  const std::string& text() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }
  friend auto operator<=>(const Id&, const Id&) = default;
  friend bool operator==(const Id&, const Id&) = default;

 private:
  explicit Id(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

#define HANDOFF_ID(Name, Prefix)                       \
  struct Name##Tag {                                   \
    static constexpr std::string_view prefix = Prefix; \
  };                                                   \
  using Name = Id<Name##Tag>

HANDOFF_ID(OrganizationId, "org_");
HANDOFF_ID(UserId, "usr_");
HANDOFF_ID(ApiKeyId, "key_");
HANDOFF_ID(ApiClientId, "cli_");
HANDOFF_ID(ListingId, "lst_");
HANDOFF_ID(ReferralId, "ref_");
HANDOFF_ID(AppointmentId, "apt_");
HANDOFF_ID(AttachmentId, "att_");
HANDOFF_ID(MessageId, "msg_");
HANDOFF_ID(NoteId, "nte_");
HANDOFF_ID(EventId, "evt_");
HANDOFF_ID(ChangeId, "chg_");
HANDOFF_ID(SourceRecordId, "src_");
HANDOFF_ID(PersonId, "per_");
HANDOFF_ID(ReviewId, "rev_");
HANDOFF_ID(MergeId, "mrg_");
HANDOFF_ID(AssertionId, "ast_");
HANDOFF_ID(IntegrationId, "int_");
HANDOFF_ID(DeliveryId, "dlv_");
HANDOFF_ID(NoticeId, "ntc_");
HANDOFF_ID(EmrConnectionId, "emr_");
HANDOFF_ID(EmrRunId, "run_");
HANDOFF_ID(IntakeOpportunityId, "opp_");

}  // namespace handoff
