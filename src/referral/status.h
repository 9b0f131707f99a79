// Where a referral stands, and every legal move. One table gives events, allowed actions and the diagram in docs.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace handoff::referral {

enum class Status { draft, submitted, booked, closed };

// What a sub-status means. Sub-statuses are rows of an organization that point at one of these; the categories are
// fixed. (Choosing when to import referrals, table of event triggers.)
enum class Category {
  requested,
  ready,
  received,
  accepted,
  in_progress,
  on_hold,  // open
  completed,
  rejected,
  cancelled,
  failed,
  entered_in_error,  // closing
};
constexpr bool is_closing(Category category) { return category >= Category::completed; }

// What is done to a referral. The words are those of `allowedActions` and of the routes.
enum class Act {
  edit,
  submit,
  discard,
  set_sub_status,
  book,
  reschedule,
  unbook,
  close,
  reopen,
  archive,
  unarchive,
  route,
  message,
  note,
};

// What happened. Triggers of integrations are chosen among these (exchange/trigger.h).
enum class EventType {
  drafted,   // a draft was saved; nothing else happens
  received,  // appears in the receiver's inbox for the first time
  edited,    // the content changed
  sub_status_changed,
  appointment_booked,
  appointment_changed,  // rescheduled or unbooked; the detail says which
  closed,
  outcome_changed,  // closed already; another sub-status of a closing category
  reopened,
  archived,
  unarchived,
  archived_by_sender,
  routed,  // the parent's event; the child has its own `received`
  message_from_provider,
  message_from_requester,
  note_added,
  cancellation_requested,
  discarded,  // a draft was thrown away
};

enum class Side { receiver, sender };

// Who may do it: a bit set of sides.
inline constexpr unsigned by_receiver = 1, by_sender = 2, by_both = 3;

struct Move {
  Status from;
  Act act;
  Status to;
  EventType event;
  unsigned sides;
};

// Unbooking leads back to submitted with the last appointment only; with others standing the referral stays booked.
inline constexpr std::array moves{
    // draft: the sender's alone
    Move{Status::draft, Act::edit, Status::draft, EventType::edited, by_sender},
    Move{Status::draft, Act::submit, Status::submitted, EventType::received, by_sender},
    Move{Status::draft, Act::discard, Status::closed, EventType::discarded, by_sender},
    // submitted
    Move{Status::submitted, Act::edit, Status::submitted, EventType::edited, by_both},
    Move{Status::submitted, Act::set_sub_status, Status::submitted, EventType::sub_status_changed, by_receiver},
    Move{Status::submitted, Act::book, Status::booked, EventType::appointment_booked, by_receiver},
    Move{Status::submitted, Act::close, Status::closed, EventType::closed, by_both},
    Move{Status::submitted, Act::archive, Status::submitted, EventType::archived, by_both},
    Move{Status::submitted, Act::unarchive, Status::submitted, EventType::unarchived, by_both},
    Move{Status::submitted, Act::route, Status::submitted, EventType::routed, by_receiver},
    Move{Status::submitted, Act::message, Status::submitted, EventType::message_from_provider, by_both},
    Move{Status::submitted, Act::note, Status::submitted, EventType::note_added, by_both},
    // booked
    Move{Status::booked, Act::edit, Status::booked, EventType::edited, by_both},
    Move{Status::booked, Act::set_sub_status, Status::booked, EventType::sub_status_changed, by_receiver},
    Move{Status::booked, Act::book, Status::booked, EventType::appointment_booked, by_receiver},
    Move{Status::booked, Act::reschedule, Status::booked, EventType::appointment_changed, by_receiver},
    Move{Status::booked, Act::unbook, Status::submitted, EventType::appointment_changed, by_receiver},
    Move{Status::booked, Act::close, Status::closed, EventType::closed, by_both},
    Move{Status::booked, Act::archive, Status::booked, EventType::archived, by_both},
    Move{Status::booked, Act::unarchive, Status::booked, EventType::unarchived, by_both},
    Move{Status::booked, Act::route, Status::booked, EventType::routed, by_receiver},
    Move{Status::booked, Act::message, Status::booked, EventType::message_from_provider, by_both},
    Move{Status::booked, Act::note, Status::booked, EventType::note_added, by_both},
    // closed
    Move{Status::closed, Act::edit, Status::closed, EventType::edited, by_receiver},
    Move{Status::closed, Act::close, Status::closed, EventType::outcome_changed, by_receiver},
    Move{Status::closed, Act::reopen, Status::submitted, EventType::reopened, by_receiver},
    Move{Status::closed, Act::archive, Status::closed, EventType::archived, by_both},
    Move{Status::closed, Act::unarchive, Status::closed, EventType::unarchived, by_both},
    Move{Status::closed, Act::message, Status::closed, EventType::message_from_provider, by_both},
    Move{Status::closed, Act::note, Status::closed, EventType::note_added, by_both},
};

constexpr const Move* find_move(Status from, Act act) {
  for (const Move& move : moves) {
    if (move.from == from && move.act == act) return &move;
  }
  return nullptr;
}
consteval bool one_answer_each() {
  for (std::size_t i = 0; i < moves.size(); ++i) {
    for (std::size_t j = i + 1; j < moves.size(); ++j) {
      if (moves[i].from == moves[j].from && moves[i].act == moves[j].act) return false;
    }
  }
  return true;
}
static_assert(one_answer_each());

// Words, both ways. The same words stand in the API, in storage and in docs.
const char* word(Status status);
const char* word(Category category);
const char* word(Act act);
const char* word(EventType type);
const char* word(Side side);
std::optional<Status> status_of(std::string_view word);
std::optional<Category> category_of(std::string_view word);
std::optional<EventType> event_type_of(std::string_view word);
const char* category_label(Category category);  // "Entered in Error"

// A sub-status of an organization.
struct SubStatus {
  std::string code;
  std::string label;
  Category category;
};
// What every organization starts with, in the founding documents' words.
const std::vector<SubStatus>& standard_sub_statuses();

// The diagram of the table in Mermaid, as docs/referral-lifecycle.md carries it (a test compares).
std::string moves_diagram();

}  // namespace handoff::referral
