#include "exchange/runner.h"

#include <algorithm>

#include "base/log.h"

namespace handoff::exchange {
namespace {
constexpr int failures_that_open = 5;
constexpr milliseconds open_for = seconds{15};
}  // namespace

Result<bool> Runner::tick(Instant now) {
  const bool filed = HANDOFF_TRY(file_arrived(now));
  const bool claimed = HANDOFF_TRY(claim(now));
  return filed || claimed;
}

Result<bool> Runner::file_arrived(Instant now) {
  std::vector<Work> work;
  for (auto& arrived : transport_.take_arrived()) {
    const auto found = in_flight_.find(arrived.ticket);
    if (found == in_flight_.end()) continue;
    Work one;
    one.sent = found->second;
    one.reply = std::make_shared<Reply>(std::move(arrived.reply));
    one.input.key = one.sent->key;
    one.input.fence = one.sent->fence;
    one.input.duration = arrived.duration;
    one.input.send_nothing = !claiming_;
    in_flight_.erase(found);
    if (--in_flight_of_[one.input.key.integration] == 0) in_flight_of_.erase(one.input.key.integration);
    work.push_back(std::move(one));
  }
  in_flight_count_ = in_flight_.size();
  if (work.empty()) return false;
  run(std::move(work), now);
  return true;
}

Result<bool> Runner::claim(Instant now) {
  bool any = false;
  while (claiming_ && in_flight_.size() < options_.in_flight_max) {
    std::set<IntegrationId> leave_out;
    for (const auto& [integration, circuit] : circuits_) {
      // Once the time is over a few try it; the others wait for what becomes of them.
      const bool being_tried = circuit.failures >= failures_that_open && in_flight_of_.contains(integration);
      if (circuit.open_until > now || being_tried) leave_out.insert(integration);
    }
    // Any of the lanes that come may be of the busiest integration that is not left out.
    std::size_t room = std::min({options_.claim_at_once_max, options_.in_flight_max - in_flight_.size(),
                                 options_.in_flight_per_integration_max});
    for (const auto& [integration, count] : in_flight_of_) {
      if (leave_out.contains(integration)) continue;
      if (count + options_.claim_at_once_min > options_.in_flight_per_integration_max) {
        leave_out.insert(integration);
      } else {
        room = std::min(room, options_.in_flight_per_integration_max - count);
      }
    }
    const auto claimed = HANDOFF_TRY(store_.claim(now, lane_lease, room, leave_out));
    if (claimed.empty()) return any;
    any = true;
    std::vector<Work> work;
    for (const auto& lane : claimed) {
      Work one;
      one.input.key = lane.key;
      one.input.fence = lane.fence;
      work.push_back(std::move(one));
    }
    run(std::move(work), now);
    if (claimed.size() < room) return any;
  }
  return any;
}

void Runner::run(std::vector<Work> work, Instant now) {
  std::vector<LaneCommand> commands;
  for (auto& one : work) {
    one.output = std::make_shared<StepOutput>();
    LaneCommand command;
    command.key = one.input.key;
    command.with_messages = true;
    command.run = [this, &one](Unit& unit) -> Result<void> {
      one.input.sent = one.sent.get();
      one.input.reply = one.reply.get();
      *one.output = step_lane(unit, connectors_, ephemeral_, one.input);
      return {};
    };
    commands.push_back(std::move(command));
  }
  const auto results = store_.run(std::move(commands));
  for (std::size_t i = 0; i < work.size(); ++i) {
    StepOutput& output = *work[i].output;
    const IntegrationId integration = work[i].input.key.integration;
    if (!results[i]) {
      // Nothing was filed; the lease ends by itself and the delivery is looked into as one whose end is unknown.
      log_error("lane.step_failed", {{"integration", integration.text()},
                                     {"code", results[i].error().code},
                                     {"detail", results[i].error().for_log}});
      continue;
    }
    if (output.lease_lost) {
      log_warn("lane.lease_lost",
               {{"integration", integration.text()}, {"referral", work[i].input.key.referral.text()}});
      continue;
    }
    note_outcome(integration, output, now);
    if (!output.send) continue;
    const std::uint64_t ticket = next_ticket_++;
    auto sent = std::make_shared<Sent>(std::move(*output.send));
    Outgoing outgoing{ticket,         sent->request,   sent->snapshot->referral.owner,
                      sent->snapshot, request_timeout, sent->leased_at};
    in_flight_[ticket] = std::move(sent);
    in_flight_of_[integration] += 1;
    in_flight_count_ = in_flight_.size();
    transport_.send(std::move(outgoing));
  }
}

void Runner::note_outcome(const IntegrationId& integration, const StepOutput& output, Instant now) {
  if (output.succeeded) {
    circuits_.erase(integration);
  } else if (output.failed) {
    Circuit& circuit = circuits_[integration];
    if (++circuit.failures >= failures_that_open) {
      circuit.open_until = now + open_for;
      log_warn("circuit.open", {{"integration", integration.text()}, {"failures", circuit.failures}});
    }
  }
}

}  // namespace handoff::exchange
