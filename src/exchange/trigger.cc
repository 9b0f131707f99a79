#include "exchange/trigger.h"

#include <algorithm>

namespace handoff::exchange {

using referral::Category;
using referral::EventType;
using referral::Facts;

bool is_trigger(std::string_view id) {
  if (id.starts_with(sub_status_trigger_prefix)) return id.size() > sub_status_trigger_prefix.size();
  return std::any_of(trigger_rows.begin(), trigger_rows.end(), [&](const TriggerRow& row) { return id == row.id; });
}

std::string trigger_label(std::string_view id) {
  for (const auto& row : trigger_rows) {
    if (id == row.id) return row.label;
  }
  if (id.starts_with(sub_status_trigger_prefix)) {
    return "Edited Status - " + std::string(id.substr(sub_status_trigger_prefix.size()));
  }
  return std::string(id);
}

const char* word(IntegrationSide side) { return side == IntegrationSide::received ? "received" : "sent"; }

namespace {

void add_sub_status(const Facts& facts, bool with_edited, std::vector<std::string>& out) {
  if (with_edited) out.emplace_back("referral.edited");
  // A sub-status of the organization's own inside the category counts when the category is entered; the standard one
  // whenever it is set.
  const auto entered = [&](Category category, const char* code) {
    return facts.sub_status_after == code || (facts.category_after == category && facts.category_before != category);
  };
  if (entered(Category::ready, "ready")) out.emplace_back("substatus.ready");
  if (entered(Category::received, "received")) out.emplace_back("substatus.received");
  if (entered(Category::accepted, "accepted")) out.emplace_back("substatus.accepted");
  if (!facts.sub_status_after.empty()) out.push_back(std::string(sub_status_trigger_prefix) + facts.sub_status_after);
}

void add_closed(const Facts& facts, std::vector<std::string>& out) {
  if (!facts.category_after) return;
  switch (*facts.category_after) {
    case Category::completed: out.emplace_back("closed.completed"); break;
    case Category::rejected: out.emplace_back("closed.rejected"); break;
    case Category::cancelled: out.emplace_back("closed.cancelled"); break;
    case Category::failed: out.emplace_back("closed.failed"); break;
    case Category::entered_in_error: out.emplace_back("closed.error"); break;
    default: return;
  }
  out.emplace_back("closed");
  out.push_back(std::string(sub_status_trigger_prefix) + facts.sub_status_after);
}

}  // namespace

std::vector<std::string> triggers_of(EventType type, const Facts& facts, const TriggerOptions& options) {
  std::vector<std::string> out;
  const bool sent = options.side == IntegrationSide::sent;
  switch (type) {
    case EventType::received:
      out.emplace_back(sent ? "referral.sent" : "referral.received");
      if (options.arrival_fires_sub_status && !facts.sub_status_after.empty()) add_sub_status(facts, false, out);
      break;
    case EventType::edited: out.emplace_back("referral.edited"); break;
    case EventType::sub_status_changed: add_sub_status(facts, options.edited_includes_status, out); break;
    case EventType::closed: add_closed(facts, out); break;
    case EventType::outcome_changed:
      // Another outcome inside the same category is no new closing.
      if (facts.category_before != facts.category_after) add_closed(facts, out);
      break;
    case EventType::appointment_booked: out.emplace_back("appointment.booked"); break;
    case EventType::appointment_changed: out.emplace_back("appointment.changed"); break;
    case EventType::archived:
      if (!sent) out.emplace_back("referral.archived");
      break;
    case EventType::archived_by_sender:
      if (sent) out.emplace_back("referral.archived");
      break;
    case EventType::message_from_provider: out.emplace_back("message.from_provider"); break;
    case EventType::message_from_requester: out.emplace_back("message.from_requester"); break;
    case EventType::drafted:
    case EventType::reopened:
    case EventType::unarchived:
    case EventType::routed:
    case EventType::note_added:
    case EventType::cancellation_requested:
    case EventType::discarded: break;
  }
  return out;
}

}  // namespace handoff::exchange
