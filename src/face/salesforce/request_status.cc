#include "face/salesforce/request_status.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "record/object.h"

namespace handoff::face::salesforce {
namespace {

using referral::Category;
using referral::Referral;
using referral::Status;

// Outwards. Acceptance lives beside the status: `always`, `never`, or as the referral remembers it.
enum class Acceptance { never, always, remembered };
struct Row {
  Category category;
  const char* status;
  Acceptance accepted;
};
constexpr std::array rows_of_categories{
    Row{Category::requested, "Active", Acceptance::never},
    Row{Category::ready, "Active", Acceptance::never},
    Row{Category::received, "Active", Acceptance::never},
    Row{Category::accepted, "Active", Acceptance::always},
    Row{Category::in_progress, "Active", Acceptance::always},
    Row{Category::on_hold, "On-Hold", Acceptance::remembered},
    Row{Category::completed, "Completed", Acceptance::always},
    Row{Category::rejected, "Revoked", Acceptance::never},
    Row{Category::cancelled, "Revoked", Acceptance::remembered},
    Row{Category::failed, "Revoked", Acceptance::remembered},
    Row{Category::entered_in_error, "Entered-in-Error", Acceptance::remembered},
};
consteval bool every_category_once() {
  for (std::size_t i = 0; i < rows_of_categories.size(); ++i) {
    if (rows_of_categories[i].category != static_cast<Category>(i)) return false;
  }
  return rows_of_categories.size() == static_cast<std::size_t>(Category::entered_in_error) + 1;
}
static_assert(every_category_once(), "found by its place");

// Inwards.
constexpr std::array words{
    StatusWord{"Draft", RequestMove::draft, ""},
    StatusWord{"Active", RequestMove::open, ""},
    StatusWord{"Unknown", RequestMove::open, ""},
    StatusWord{"On-Hold", RequestMove::hold, ""},
    StatusWord{"Completed", RequestMove::complete, "outcome_not_recorded"},
    StatusWord{"Revoked", RequestMove::revoke, "cancelled_by_registrant"},
    StatusWord{"Entered-in-Error", RequestMove::err, "entered_in_error"},
};

bool fits(RequestMove move, Category category) {
  switch (move) {
    case RequestMove::complete: return category == Category::completed;
    case RequestMove::revoke:
      return category == Category::cancelled || category == Category::rejected || category == Category::failed;
    case RequestMove::err: return category == Category::entered_in_error;
    case RequestMove::draft:
    case RequestMove::open:
    case RequestMove::hold: break;
  }
  return false;
}

struct PriorityWord {
  const char* word;
  const char* priority;
};
constexpr std::array priorities{PriorityWord{"Routine", "routine"}, PriorityWord{"Urgent", "urgent"},
                                PriorityWord{"ASAP", "asap"}, PriorityWord{"Stat", "stat"}};

}  // namespace

RequestState state_of(const Referral& r, const std::vector<referral::SubStatus>& rows) {
  RequestState out;
  const bool booked = r.status == Status::booked;
  switch (r.status) {
    case Status::draft: out.status = "Draft"; return out;
    case Status::submitted:
    case Status::booked:
    case Status::closed: break;
  }
  if (r.status == Status::closed && !r.submitted_at) {
    out.status = "Entered-in-Error";  // a draft that was thrown away
    return out;
  }
  if (!r.category) {
    out.status = "Active";
    out.accepted = booked;
    return out;
  }
  const Row& row = rows_of_categories[static_cast<std::size_t>(*r.category)];
  out.status = row.status;
  out.accepted = row.accepted == Acceptance::always || (row.accepted == Acceptance::remembered && r.accepted_once) ||
                 (booked && row.accepted != Acceptance::remembered);
  if (referral::is_closing(*r.category)) {
    const auto found =
        std::find_if(rows.begin(), rows.end(), [&](const auto& each) { return each.code == r.sub_status; });
    out.reason = found == rows.end() ? r.sub_status : found->label;
  }
  return out;
}

const StatusWord* status_word(std::string_view word) {
  for (const StatusWord& each : words) {
    if (ascii_equal_fold(each.word, word)) return &each;
  }
  return nullptr;
}

std::string closing_code(const StatusWord& word, const std::string& reason,
                         const std::vector<referral::SubStatus>& rows) {
  for (const auto& row : rows) {
    if (fits(word.move, row.category) && !reason.empty() &&
        (ascii_equal_fold(row.code, reason) || ascii_equal_fold(row.label, reason)))
      return row.code;
  }
  std::string first;
  for (const auto& row : rows) {
    if (!fits(word.move, row.category)) continue;
    if (row.code == word.close_code) return row.code;
    if (first.empty()) first = row.code;
  }
  return first;
}

std::string code_of_category(Category category, const std::vector<referral::SubStatus>& rows) {
  std::string first;
  for (const auto& row : rows) {
    if (row.category != category) continue;
    if (row.code == referral::word(category)) return row.code;
    if (first.empty()) first = row.code;
  }
  return first;
}

bool is_known_type(std::string_view word) {
  const record::Field* field = record::find_field(*record::find_object("ClinicalServiceRequest"), "Type");
  const auto known = record::words_of(field->values);
  return std::any_of(known.begin(), known.end(), [&](const auto& each) { return ascii_equal_fold(each, word); });
}

std::optional<std::string> priority_of(std::string_view word) {
  for (const auto& each : priorities) {
    if (ascii_equal_fold(each.word, word)) return each.priority;
  }
  return std::nullopt;
}

std::string priority_word(std::string_view priority) {
  for (const auto& each : priorities) {
    if (each.priority == priority) return each.word;
  }
  return {};
}

}  // namespace handoff::face::salesforce
