#include "referral/status.h"

#include <map>
#include <set>

namespace handoff::referral {
namespace {

constexpr std::array status_words{"draft", "submitted", "booked", "closed"};
constexpr std::array category_words{"requested", "ready",    "received",  "accepted", "in_progress",     "on_hold",
                                    "completed", "rejected", "cancelled", "failed",   "entered_in_error"};
constexpr std::array category_labels{"Requested", "Ready",    "Received",  "Accepted", "In Progress",     "On Hold",
                                     "Completed", "Rejected", "Cancelled", "Failed",   "Entered in Error"};
constexpr std::array act_words{"edit",  "submit", "discard", "sub-status", "book",  "reschedule", "unbook",
                               "close", "reopen", "archive", "unarchive",  "route", "message",    "note"};
constexpr std::array event_words{"drafted",
                                 "received",
                                 "edited",
                                 "sub_status_changed",
                                 "appointment_booked",
                                 "appointment_changed",
                                 "closed",
                                 "outcome_changed",
                                 "reopened",
                                 "archived",
                                 "unarchived",
                                 "archived_by_sender",
                                 "routed",
                                 "message_from_provider",
                                 "message_from_requester",
                                 "note_added",
                                 "cancellation_requested",
                                 "discarded"};

template <class Enum, std::size_t n>
std::optional<Enum> of(const std::array<const char*, n>& words, std::string_view word) {
  for (std::size_t i = 0; i < n; ++i) {
    if (word == words[i]) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

const char* word(Status status) { return status_words[static_cast<std::size_t>(status)]; }
const char* word(Category category) { return category_words[static_cast<std::size_t>(category)]; }
const char* word(Act act) { return act_words[static_cast<std::size_t>(act)]; }
const char* word(EventType type) { return event_words[static_cast<std::size_t>(type)]; }
const char* word(Side side) { return side == Side::receiver ? "receiver" : "sender"; }
std::optional<Status> status_of(std::string_view word) { return of<Status>(status_words, word); }
std::optional<Category> category_of(std::string_view word) { return of<Category>(category_words, word); }
std::optional<EventType> event_type_of(std::string_view word) { return of<EventType>(event_words, word); }
const char* category_label(Category category) { return category_labels[static_cast<std::size_t>(category)]; }

const std::vector<SubStatus>& standard_sub_statuses() {
  using C = Category;
  static const std::vector<SubStatus> rows{
      {"requested", "Requested", C::requested},
      {"ready", "Ready", C::ready},
      {"received", "Received", C::received},
      {"accepted", "Accepted", C::accepted},
      {"in_progress", "In Progress", C::in_progress},
      {"on_hold", "On Hold", C::on_hold},
      {"waitlisted", "Waitlisted", C::on_hold},
      {"admitted", "Admitted", C::completed},
      {"outcome_not_recorded", "Outcome Not Recorded", C::completed},
      {"ineligible", "Ineligible", C::rejected},
      {"cancelled_by_registrant", "Cancelled by Registrant", C::cancelled},
      {"cancelled_by_provider_event", "Cancelled by Provider (Event)", C::cancelled},
      {"cancelled_by_provider_group", "Cancelled by Provider (Group)", C::cancelled},
      {"redirected", "Redirected", C::cancelled},
      {"incomplete", "Incomplete", C::failed},
      {"no_show", "No Show", C::failed},
      {"entered_in_error", "Entered in Error", C::entered_in_error},
  };
  return rows;
}

std::string moves_diagram() {
  std::string out = "stateDiagram-v2\n    [*] --> draft\n    [*] --> submitted\n";
  std::map<std::pair<Status, Status>, std::string> arrows;
  for (const Move& move : moves) {
    std::string& label = arrows[{move.from, move.to}];
    if (!label.empty()) label += ", ";
    label += word(move.act);
  }
  for (const auto& [ends, label] : arrows) {
    out += std::string("    ") + word(ends.first) + " --> " + word(ends.second) + ": " + label + "\n";
  }
  return out;
}

}  // namespace handoff::referral
