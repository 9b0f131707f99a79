// Goal: of every action that can be taken on a referral, know which of the moments an organization may choose it is.
// Method: one integration for each trigger on each side, all switched off, so that a triggered change becomes a held
// delivery and nothing is sent. Each action is taken on a referral of its own; the integrations with a delivery that
// was not there before are the triggers that fired. The matrix is printed and compared with the table below.
#include <algorithm>
#include <functional>
#include <iomanip>
#include <iostream>
#include <map>
#include <set>

#include "exchange/trigger.h"
#include "tests/scenario/world.h"

namespace handoff::scenario {
namespace {

using Fired = std::set<std::string>;

// What an action is taken on: the referral as the receiver and as the sender see it.
struct Both {
  Referral at_receiver, at_sender;
};

struct Action {
  std::string name;
  std::function<Both()> before;          // the referral as it stands before
  std::function<void(const Both&)> act;  // what is done
  Fired received, sent;                  // triggers of the receiver's and of the sender's integrations
};

class TriggerMatrix : public Scenario {
 protected:
  static std::vector<std::string> every_trigger(exchange::IntegrationSide side) {
    std::vector<std::string> out;
    const std::string other = side == exchange::IntegrationSide::received ? "referral.sent" : "referral.received";
    for (const auto& row : exchange::trigger_rows) {
      if (row.id != other) out.emplace_back(row.id);
    }
    out.emplace_back("substatus:waitlisted");
    out.emplace_back("substatus:no_show");
    return out;
  }

  void listen(Clinic& clinic, const std::string& side) {
    const bool sent = side == "sent";
    for (const auto& trigger :
         every_trigger(sent ? exchange::IntegrationSide::sent : exchange::IntegrationSide::received)) {
      names_[clinic
                 .hands_over_to(cms_, Json::object({{"name", side + " " + trigger},
                                                    {"side", side},
                                                    {"mode", "every"},
                                                    {"enabled", false},
                                                    {"triggers", Json::array({trigger})}}))
                 .id()] = trigger;
    }
    if (sent) return;
    names_[clinic
               .hands_over_to(cms_, Json::object({{"name", "routed requests too"},
                                                  {"mode", "every"},
                                                  {"enabled", false},
                                                  {"includeRouted", true},
                                                  {"triggers", texts({"referral.received"})}}))
               .id()] = "referral.received + routed";
  }

  std::map<std::string, std::string> held(const Referral& referral) {
    std::map<std::string, std::string> out;  // delivery to trigger
    for (const auto& delivery : referral.deliveries()) {
      if (delivery.state() == "superseded") continue;
      out[delivery.id()] = names_[delivery.shown["integrationId"].text_or()];
    }
    return out;
  }

  static Fired fired_since(const std::map<std::string, std::string>& before,
                           const std::map<std::string, std::string>& after) {
    Fired out;
    for (const auto& [delivery, trigger] : after) {
      if (!before.contains(delivery)) out.insert(trigger);
    }
    return out;
  }

  void print(const std::vector<std::pair<std::string, std::pair<Fired, Fired>>>& rows) {
    std::vector<std::string> columns = every_trigger(exchange::IntegrationSide::received);
    columns.emplace_back("referral.sent");
    columns.emplace_back("referral.received + routed");
    std::cout << "Columns: R fired for the receiver's integration, S for the sender's, B for both.\n";
    for (std::size_t i = 0; i < columns.size(); ++i) std::cout << std::string(42 + 2 * i, ' ') << columns[i] << "\n";
    for (const auto& [name, fired] : rows) {
      std::cout << std::left << std::setw(42) << name;
      for (const auto& column : columns) {
        const bool r = fired.first.contains(column), s = fired.second.contains(column);
        std::cout << (r && s ? 'B' : r ? 'R' : s ? 'S' : '.') << ' ';
      }
      std::cout << "\n";
    }
  }

  Clinic riverside = world.clinic("Riverside Community Services");
  Clinic mill = world.clinic("Mill Clinic");
  Destination& cms_ = world.cms();
  std::map<std::string, std::string> names_;  // integration to trigger
};

TEST_P(TriggerMatrix, EveryActionFiresExactlyItsTriggers) {
  const std::string intake = riverside.listing();
  const std::string housing = riverside.listing("Housing");
  ASSERT_EQ(riverside.post("/sub-statuses", json(R"({"code": "bed_ready", "label": "Bed ready", "category": "ready"})"))
                .status,
            201);
  listen(riverside, "received");
  listen(mill, "sent");

  const auto refer = [&](const Json& more) {
    const Referral sent = mill.refers(intake, more);
    return Both{riverside.sees(sent), sent};
  };
  const auto fresh = [&] { return refer({}); };
  const auto after = [&](const std::function<void(const Referral&)>& first) {
    return [=] {
      const Both both = fresh();
      first(both.at_receiver);
      return both;
    };
  };
  // An action that makes the referral: nothing was there before.
  const Both nobody{riverside.sees(""), mill.sees("")};
  Both made = nobody;
  const auto nothing = [&] { return nobody; };
  const auto makes = [&](const Json& more) { return [&, more](const Both&) { made = refer(more); }; };

  const Json slot = json(R"({"start": "2026-12-03T09:30:00-05:00", "durationMinutes": 45})");
  std::string appointment, other_appointment;
  const auto booked = after([&](const Referral& r) { appointment = r.is_booked(); });
  const auto closes = [](const std::string& code) { return [code](const Both& b) { b.at_receiver.is_closed(code); }; };
  const auto becomes = [](const std::string& code) { return [code](const Both& b) { b.at_receiver.becomes(code); }; };
  const auto closed_as = [&](const std::string& code) {
    return after([code](const Referral& r) { r.is_closed(code); });
  };
  const auto on_both = [](Fired fired) { return std::pair(fired, fired); };
  std::vector<Action> actions;
  const auto add = [&](std::string name, std::function<Both()> before, std::function<void(const Both&)> act,
                       std::pair<Fired, Fired> fired) {
    actions.push_back({std::move(name), std::move(before), std::move(act), fired.first, fired.second});
  };

  const Fired arrival{"referral.received", "referral.received + routed"}, sent{"referral.sent"};
  const Fired arrival_booked{"referral.received", "referral.received + routed", "appointment.booked"};
  add("create", nothing, makes({}), {arrival, sent});
  add("create as draft", nothing, makes(json(R"({"draft": true})")), {});
  add(
      "submit a draft", [&] { return refer(json(R"({"draft": true})")); },
      [](const Both& b) { b.at_sender.is_submitted(); }, {arrival, sent});
  add(
      "discard a draft", [&] { return refer(json(R"({"draft": true})")); },
      [](const Both& b) { b.at_sender.is_closed("entered_in_error"); }, {});
  add("create booked", nothing, makes(Json::object({{"appointment", slot}})),
      {arrival_booked, Fired{"referral.sent", "appointment.booked"}});
  add("create with sub-status ready", nothing, makes(json(R"({"subStatus": "ready"})")), {arrival, sent});
  add("create with sub-status received", nothing, makes(json(R"({"subStatus": "received"})")), {arrival, sent});
  add(
      "edit by the receiver", fresh, [](const Both& b) { b.at_receiver.is_edited(json(R"({"priority": "urgent"})")); },
      on_both({"referral.edited"}));
  add(
      "edit by the sender", fresh,
      [](const Both& b) { b.at_sender.is_edited(json(R"({"registrant": {"lastName": "Okafor-Lind"}})")); },
      on_both({"referral.edited"}));
  add("save without a change", fresh,
      [](const Both& b) { b.at_receiver.is_edited(json(R"({"priority": "routine"})")); }, {});
  add(
      "add a file", fresh, [](const Both& b) { b.at_receiver.gets_file("letter.txt", "text/plain", "Dear colleague"); },
      on_both({"referral.edited"}));
  add("sub-status requested", fresh, becomes("requested"), {});
  add("sub-status ready", fresh, becomes("ready"), on_both({"substatus.ready"}));
  add("sub-status ready again", after([](const Referral& r) { r.becomes("ready"); }), becomes("ready"), {});
  add("own sub-status of category ready", fresh, becomes("bed_ready"), on_both({"substatus.ready"}));
  add("sub-status received", fresh, becomes("received"), on_both({"substatus.received"}));
  add("sub-status accepted", fresh, becomes("accepted"), on_both({"substatus.accepted"}));
  add("sub-status in_progress", fresh, becomes("in_progress"), {});
  add("sub-status on_hold", fresh, becomes("on_hold"), {});
  add("sub-status waitlisted", fresh, becomes("waitlisted"), on_both({"substatus:waitlisted"}));
  add(
      "book", fresh, [](const Both& b) { b.at_receiver.is_booked(); }, on_both({"appointment.booked"}));
  add(
      "book a second appointment", booked,
      [](const Both& b) { b.at_receiver.is_booked(json(R"({"start": "2026-12-10T09:30:00-05:00"})")); },
      on_both({"appointment.booked"}));
  add(
      "reschedule", booked,
      [&](const Both& b) {
        b.at_receiver.is_rescheduled(appointment, json(R"({"start": "2026-12-04T10:00:00-05:00"})"));
      },
      on_both({"appointment.changed"}));
  add("reschedule to the same slot", booked,
      [&](const Both& b) { b.at_receiver.is_rescheduled(appointment, json(R"({"start": "2026-12-03T14:30:00Z"})")); },
      {});
  add(
      "unbook", booked, [&](const Both& b) { b.at_receiver.is_unbooked(appointment); },
      on_both({"appointment.changed"}));
  add(
      "unbook one of two", after([&](const Referral& r) {
        appointment = r.is_booked();
        other_appointment = r.is_booked(json(R"({"start": "2026-12-11T09:30:00-05:00"})"));
      }),
      [&](const Both& b) { b.at_receiver.is_unbooked(other_appointment); }, on_both({"appointment.changed"}));

  const std::vector<std::pair<std::string, std::string>> outcomes{{"admitted", "closed.completed"},
                                                                  {"outcome_not_recorded", "closed.completed"},
                                                                  {"ineligible", "closed.rejected"},
                                                                  {"cancelled_by_registrant", "closed.cancelled"},
                                                                  {"cancelled_by_provider_event", "closed.cancelled"},
                                                                  {"cancelled_by_provider_group", "closed.cancelled"},
                                                                  {"redirected", "closed.cancelled"},
                                                                  {"incomplete", "closed.failed"},
                                                                  {"entered_in_error", "closed.error"}};
  for (const auto& [code, trigger] : outcomes) add("close: " + code, fresh, closes(code), on_both({trigger, "closed"}));
  add("close: no_show", booked, closes("no_show"), on_both({"closed.failed", "closed", "substatus:no_show"}));
  add(
      "sender closes before acceptance", fresh, [](const Both& b) { b.at_sender.is_closed("cancelled_by_registrant"); },
      on_both({"closed.cancelled", "closed"}));
  add("sender asks to cancel after acceptance", after([](const Referral& r) { r.becomes("accepted"); }),
      [](const Both& b) { b.at_sender.is_closed("cancelled_by_registrant"); }, {});
  add("outcome inside its category", closed_as("cancelled_by_registrant"), closes("redirected"), {});
  add("outcome into another category", closed_as("incomplete"), closes("admitted"),
      on_both({"closed.completed", "closed"}));
  add("the same outcome again", closed_as("admitted"), closes("admitted"), {});
  add("reopen", closed_as("admitted"), [](const Both& b) { b.at_receiver.is_reopened(); }, {});
  add("close again after reopening", after([](const Referral& r) {
        r.is_closed("admitted");
        r.is_reopened();
      }),
      closes("admitted"), on_both({"closed.completed", "closed"}));
  add("archive by the receiver", fresh, [](const Both& b) { b.at_receiver.is_archived(); },
      {Fired{"referral.archived"}, Fired{}});
  add("archive by the sender", fresh, [](const Both& b) { b.at_sender.is_archived(); },
      {Fired{}, Fired{"referral.archived"}});
  add("unarchive", after([](const Referral& r) { r.is_archived(); }),
      [](const Both& b) { b.at_receiver.is_unarchived(); }, {});
  add(
      "message from the provider", fresh, [](const Both& b) { b.at_receiver.message("provider", "We will call."); },
      on_both({"message.from_provider"}));
  add(
      "message from the requester", fresh, [](const Both& b) { b.at_sender.message("requester", "Thank you."); },
      on_both({"message.from_requester"}));
  add("internal note", fresh, [](const Both& b) { b.at_receiver.note("Ask for the health card."); }, {});
  add("route (the routed referral)", fresh, [&](const Both& b) { b.at_receiver.is_routed_to(housing); }, {});
  add("route (the new referral)", nothing,
      [&](const Both&) {
        const std::string id = fresh().at_receiver.is_routed_to(housing);
        made = {riverside.sees(id), mill.sees("")};
      },
      {Fired{"referral.received + routed"}, Fired{}});

  std::vector<std::pair<std::string, std::pair<Fired, Fired>>> rows;
  for (const Action& action : actions) {
    made = nobody;
    Both both = action.before();
    const bool creating = both.at_receiver.id().empty();
    std::map<std::string, std::string> received, sent_before;
    if (!creating) {
      // A draft is not in the receiver's inbox yet.
      if (both.at_sender.status() != "draft") received = held(both.at_receiver);
      sent_before = held(both.at_sender);
    }
    action.act(both);
    if (creating) both = made;
    const bool reached = both.at_receiver.tries_edit(Json::object()).status == 200;
    const Fired at_receiver = reached ? fired_since(received, held(both.at_receiver)) : Fired{};
    const Fired at_sender = both.at_sender.id().empty() ? Fired{} : fired_since(sent_before, held(both.at_sender));
    EXPECT_EQ(at_receiver, action.received) << action.name << ", at the receiver";
    EXPECT_EQ(at_sender, action.sent) << action.name << ", at the sender";
    rows.push_back({action.name, {at_receiver, at_sender}});
  }
  print(rows);

  // A column that never fired would prove nothing about its trigger.
  Fired ever;
  for (const auto& [name, fired] : rows) {
    ever.insert(fired.first.begin(), fired.first.end());
    ever.insert(fired.second.begin(), fired.second.end());
  }
  for (const auto& row : exchange::trigger_rows) EXPECT_TRUE(ever.contains(row.id)) << row.id << " never fired";
}

TEST_P(TriggerMatrix, TriggersAreListedInTheWordsOfTheDocuments) {
  std::map<std::string, std::string> labels;
  for (const auto& item : riverside.list("/triggers")) labels[item["id"].text_or()] = item["label"].text_or();
  EXPECT_EQ(labels["referral.received"], "Received (routed requests can be included)");
  EXPECT_EQ(labels["referral.edited"], "Edited");
  EXPECT_EQ(labels["substatus.ready"], "Edited Status - Ready");
  EXPECT_EQ(labels["substatus.received"], "Edited Status - Received");
  EXPECT_EQ(labels["closed.completed"], "Closed - Completed");
  EXPECT_EQ(labels["closed.rejected"], "Closed - Rejected");
  EXPECT_EQ(labels["closed.cancelled"], "Closed - Cancelled");
  EXPECT_EQ(labels["closed.failed"], "Closed - Failed");
  EXPECT_EQ(labels["closed.error"], "Closed - Error");
  EXPECT_EQ(labels["closed"], "Closed");
  EXPECT_EQ(labels["appointment.booked"], "Booked");
  EXPECT_EQ(labels["appointment.changed"], "Rescheduled/Unbooked");
  EXPECT_EQ(labels["referral.archived"], "Archived");
  EXPECT_EQ(labels["message.from_provider"], "Message from Provider");
  EXPECT_EQ(labels["message.from_requester"], "Message from Requester");
}

INSTANTIATE_TEST_SUITE_P(On, TriggerMatrix, testing::ValuesIn(testing_support::both_databases()),
                         testing_support::database_name);

}  // namespace
}  // namespace handoff::scenario
