// Between a referral's state and the words of a ClinicalServiceRequest: Status, IsAccepted, StatusReason, Priority. One
// table each way; a test walks every status of ours through it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "referral/referral.h"

namespace handoff::face::salesforce {

// How a referral shows.
struct RequestState {
  std::string status;  // "Active"
  bool accepted = false;
  std::optional<std::string> reason;  // of a closed one: the label of its sub-status
};
RequestState state_of(const referral::Referral& referral, const std::vector<referral::SubStatus>& rows);

// What a Status that is sent asks for.
enum class RequestMove {
  draft,     // stays with its sender
  open,      // in the inbox, to be worked on
  hold,      // open, with a sub-status on hold
  complete,  // closed as completed
  revoke,    // closed as cancelled
  err,       // closed as entered in error
};
struct StatusWord {
  const char* word;
  RequestMove move;
  const char* close_code;  // the sub-status that closes where no reason names another; "" where it does not close
};
// nullptr for a word that is none of the list: it is kept and shown, and means what Active means.
const StatusWord* status_word(std::string_view word);
// What closes a referral so: the sub-status that `reason` names by code or label, else the word's own, else the first
// one of the category. "" where the organization has none.
std::string closing_code(const StatusWord& word, const std::string& reason,
                         const std::vector<referral::SubStatus>& rows);
// The first sub-status of a category, the category's own name preferred; "" for none.
std::string code_of_category(referral::Category category, const std::vector<referral::SubStatus>& rows);

bool is_known_type(std::string_view word);
// "urgent" for "Urgent"; nothing for a word that is none of the list.
std::optional<std::string> priority_of(std::string_view word);
std::string priority_word(std::string_view priority);

}  // namespace handoff::face::salesforce
