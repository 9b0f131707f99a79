#include "sync/inquiry.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "sync/conversation.h"
#include "sync/evaluate.h"
#include "sync/words.h"

namespace handoff::sync {
namespace {

constexpr int pages_max = 100;

// Questions one after the other, each waited for.
class Interview {
 public:
  Interview(const EmrConnection& connection, const Ask& ask, const std::function<Instant()>& now)
      : connection_(connection), source_(*find_source(connection.kind)), ask_(ask), now_(now) {}

  Heard ask(const Question& question) {
    const Reply reply = ask_(source_.ask(connection_, question, now_() + milliseconds{skew_ms_}));
    Heard heard = source_.hear(connection_, question, reply);
    if (heard.server_time) {
      skew_ms_ = (*heard.server_time - now_()).count() + 500;
      clock_known_ = true;
    }
    return heard;
  }
  Heard ask(Goal goal, int days_back = 1) {
    Question question;
    question.goal = goal;
    const Instant at = now_() + milliseconds{skew_ms_};
    if (goal == Goal::changes || goal == Goal::census || goal == Goal::vaults) {
      question.first_day = Date::of(at - std::chrono::days{days_back}).text();
      question.last_day = Date::of(at).text();
    }
    return ask(question);
  }
  std::int64_t skew_ms() const { return skew_ms_; }
  bool clock_known() const { return clock_known_; }
  Instant server_now() const { return now_() + milliseconds{skew_ms_}; }

 private:
  const EmrConnection& connection_;
  const Source& source_;
  const Ask& ask_;
  const std::function<Instant()>& now_;
  std::int64_t skew_ms_ = 0;
  bool clock_known_ = false;
};

class Findings {
 public:
  void add(const char* check, const char* result, const char* code, std::string detail) {
    items_.push_back(
        Json::object({{"check", check}, {"result", result}, {"code", code}, {"detail", std::move(detail)}}));
    if (std::string_view(result) == "fail") ok_ = false;
  }
  Json done(const Interview& interview, Json locations) {
    return Json::object({{"ok", ok_},
                         {"checks", std::move(items_)},
                         {"skewSeconds", interview.clock_known() ? Json(interview.skew_ms() / 1000) : Json()},
                         {"locations", std::move(locations)}});
  }

 private:
  Json items_ = Json::array();
  bool ok_ = true;
};

std::string told(const Heard& heard) {
  std::string text = "It answered with status " + std::to_string(heard.status);
  return heard.said.empty() ? text + "." : text + ": " + heard.said;
}

void check_clock(const Interview& interview, Findings& out) {
  if (!interview.clock_known()) return out.add("clock", "skipped", "", "No answer told the time.");
  const std::int64_t off = std::abs(interview.skew_ms());
  const std::string text = "The clocks differ by " + std::to_string(off / 1000) + " seconds.";
  if (off >= milliseconds{skew_fault}.count()) {
    out.add("clock", "fail", "emr.clock_off", text + " Set them right: signatures and times depend on it.");
  } else if (off >= milliseconds{skew_warning}.count()) {
    out.add("clock", "pass", "emr.clock_drifts", text + " Set them right before it is ten minutes.");
  } else {
    out.add("clock", "pass", "", text);
  }
}

}  // namespace

Json diagnose(const EmrConnection& connection, const Ask& ask, const std::function<Instant()>& now) {
  Findings out;
  Interview interview(connection, ask, now);
  // The three that matter, and two that a pull can do without.
  const std::vector<std::pair<const char*, Goal>> routes{{"route_latest", Goal::changes},
                                                         {"route_census", Goal::census},
                                                         {"route_locations", Goal::locations},
                                                         {"route_vaults", Goal::vaults},
                                                         {"route_contacts", Goal::contacts}};
  std::vector<Heard> heard;
  for (const auto& [check, goal] : routes) {
    heard.push_back(interview.ask(goal));
    // The first answer tells the time there; signed with it, the same question tells what is wrong beside the clock.
    const bool first = heard.size() == 1 && heard.back().trouble == Trouble::refused && interview.clock_known();
    if (first && std::abs(interview.skew_ms()) >= milliseconds{skew_warning}.count())
      heard.back() = interview.ask(goal);
    const Trouble trouble = heard.back().trouble;
    if (trouble == Trouble::no_answer || trouble == Trouble::not_allowed) break;
  }
  const auto any = [&](Trouble trouble) {
    return std::any_of(heard.begin(), heard.end(), [&](const Heard& h) { return h.trouble == trouble; });
  };
  const auto all = [&](Trouble trouble) {
    return std::all_of(heard.begin(), heard.end(), [&](const Heard& h) { return h.trouble == trouble; });
  };

  if (any(Trouble::not_allowed)) {
    out.add("address", "fail", "emr.address_not_allowed",
            "The address is not permitted here: let the operator add it to outbound.allow.");
    return out.done(interview, Json::array());
  }
  if (heard.front().trouble == Trouble::no_answer) {
    out.add("address", "fail", "emr.not_answering",
            "Nothing answers at the base URL (" + heard.front().said + "): check its host and port.");
    return out.done(interview, Json::array());
  }
  out.add("address", "pass", "", "The base URL answers.");
  check_clock(interview, out);
  const bool clock_off = interview.clock_known() && std::abs(interview.skew_ms()) >= milliseconds{skew_fault}.count();

  if (all(Trouble::not_there)) {
    out.add("uri", "fail", "emr.request_refused",
            "No route is known there: the base URL has a wrong path, or the version is not that of the instance.");
    return out.done(interview, Json::array());
  }
  if (all(Trouble::refused)) {
    out.add("credentials", clock_off ? "skipped" : "fail", clock_off ? "emr.clock_off" : "emr.credentials_refused",
            clock_off ? "Every route refuses the signature; set the clocks right first."
                      : "Every route refuses the signature (" + told(heard.front()) +
                            "): access id, secret and app id must be of one instance, and the version must fit.");
    return out.done(interview, Json::array());
  }
  out.add("credentials", "pass", "", "The signature is accepted.");
  Json locations = Json::array();
  for (std::size_t i = 0; i < heard.size(); ++i) {
    const Heard& h = heard[i];
    const char* check = routes[i].first;
    const bool needed = routes[i].second == Goal::changes;
    switch (h.trouble) {
      case Trouble::none: out.add(check, "pass", "", "It answers."); break;
      case Trouble::refused:
        out.add(check, "fail", "emr.permission_missing",
                "This route is refused while others answer: the access id lacks the permission for it.");
        break;
      case Trouble::gone:
        out.add(check, needed ? "fail" : "skipped", "emr.route_gone",
                std::string("This route is switched off for the instance") +
                    (needed ? "." : "; pulling goes on without it."));
        break;
      case Trouble::not_there:
        out.add(check, "fail", "emr.request_refused", "This route is not known there: check its path and version.");
        break;
      default: out.add(check, "fail", "emr.route_failed", told(h)); break;
    }
    for (const NamedThing& thing : h.answer.named) {
      if (routes[i].second == Goal::locations) {
        locations.push_back(Json::object({{"id", thing.id}, {"name", thing.name}}));
      }
    }
  }
  return out.done(interview, std::move(locations));
}

Result<Json> preview(const EmrConnection& connection, const std::vector<DestinationLink>& links, const Ask& ask,
                     const std::function<Instant()>& now, std::size_t charts_max) {
  Interview interview(connection, ask, now);
  PullState state;
  const Heard places = interview.ask(Goal::locations);
  for (const NamedThing& thing : places.answer.named) state.locations[thing.id] = thing.name;
  std::vector<const DestinationLink*> by_hand;
  for (const auto& link : links) by_hand.push_back(&link);

  std::map<std::string, ChartRow> charts;
  bool complete = true;
  // What a first import would see: who is here, and who changed since the start date.
  const auto days_since = [&] {
    const auto start = parse_instant(connection.start_date.value_or(Date::of(now())).text() + "T00:00:00Z").value().at;
    return static_cast<int>(
        std::clamp<std::int64_t>((interview.server_now() - start) / std::chrono::days{1} + 1, 1, 3650));
  }();
  for (const Goal goal : {Goal::census, Goal::changes}) {
    Question question;
    question.goal = goal;
    question.last_day = Date::of(interview.server_now()).text();
    const int back = goal == Goal::census ? connection.reconcile_days : days_since;
    question.first_day = Date::of(interview.server_now() - std::chrono::days{back}).text();
    for (question.page = 1; question.page <= pages_max && charts.size() < charts_max; ++question.page) {
      Heard heard = interview.ask(question);
      if (heard.trouble == Trouble::gone) break;
      if (heard.trouble != Trouble::none) {
        return Error{Kind::unavailable,
                     "emr.preview_failed",
                     "The EMR could not be read; POST …/test tells what is wrong.",
                     {},
                     {}};
      }
      const std::size_t before = charts.size();
      for (ChartRow& row : heard.answer.rows) {
        if (charts.size() >= charts_max) break;
        std::string casefile = row.casefile;
        charts.insert_or_assign(std::move(casefile), std::move(row));
      }
      const bool last =
          heard.answer.total_pages
              ? question.page >= *heard.answer.total_pages
              : heard.answer.rows.size() < static_cast<std::size_t>(connection.page_size) || charts.size() == before;
      if (last) break;
    }
    if (charts.size() >= charts_max) complete = false;
  }

  Json would = Json::array();
  std::int64_t dispositions = 0, transfers = 0, unmapped = 0, historical = 0, unfilled = 0;
  for (auto& [casefile, row] : charts) {
    Json chart = row.chart.reveal();
    // The lists may leave the destination out; the chart itself does not.
    if (!chart.contains("destinationName") && !chart.contains("destinationId")) {
      Question question;
      question.goal = Goal::detail;
      question.casefile = casefile;
      Heard heard = interview.ask(question);
      if (heard.trouble == Trouble::none)
        chart = merge_chart(std::move(chart), heard.answer.rows.front().chart.reveal());
    }
    LinkedRecord record;
    record.connection = connection.id;
    record.casefile = casefile;
    Circumstances c;
    c.connection = &connection;
    c.state = &state;
    c.target = resolve(destination_of(chart), connection, state, by_hand);
    c.chart_updated_at = row.updated_at;
    c.now = now();
    const Evaluation evaluation = evaluate(record, chart, c);
    if (evaluation.after.historical) ++historical;
    if (c.target.kind == TargetKind::non_destination) ++dispositions;
    if (c.target.kind == TargetKind::internal_transfer) ++transfers;
    if (c.target.kind == TargetKind::none && evaluation.after.discharged()) ++unfilled;
    if (evaluation.effects.empty()) continue;
    if (c.target.kind == TargetKind::unmapped) ++unmapped;
    const auto missing = missing_prerequisites(chart, connection);
    const bool draft = connection.on_discharge == OnDischarge::draft || !connection.consent_exempt || !missing.empty();
    would.push_back(Json::object({{"casefileId", casefile},
                                  {"destination", clean(chart, "destinationName")},
                                  {"contactId", text_or_null(clean(chart, "destinationId"))},
                                  {"mapped", c.target.kind != TargetKind::unmapped},
                                  {"effect", draft ? "draft" : "sent"},
                                  {"heldFor", !connection.consent_exempt ? Json("consent")
                                              : missing.empty()          ? Json()
                                                                         : Json(join(missing, ", "))}}));
  }
  return Json::object({{"charts", static_cast<std::int64_t>(charts.size())},
                       {"wouldCreate", std::move(would)},
                       {"nonDestinations", dispositions},
                       {"internalTransfers", transfers},
                       {"unmapped", unmapped},
                       {"historical", historical},
                       {"dischargedWithoutDestination", unfilled},
                       {"complete", complete}});
}

}  // namespace handoff::sync
