// The queue of questions about persons, and the stream of what happened to them.
#include "base/text.h"
#include "face/own/handlers.h"
#include "face/own/person_view.h"
#include "people/model.h"
#include "people/review.h"

namespace handoff::face::own {
namespace {

using exchange::CommandAnswer;
using exchange::OfficeUnit;
using people::Review;
using people::ReviewStatus;

constexpr std::size_t reason_max = 2000;
constexpr milliseconds stream_every{250}, stream_breath{15'000};
constexpr std::size_t stream_page = 200;

// Decided and shown as it stands afterwards: what is shown is read, and reading is only possible once it is written.
Result<net::Response> after_decision(Call& call, const ReviewId& id, const Call::Work& work) {
  auto done = HANDOFF_TRY(call.commit({}, work));
  const auto review = HANDOFF_TRY(call.parts.people.review(call.organization(), id));
  if (!review) return Call::not_found("review");
  return Call::json(200, HANDOFF_TRY(review_json(call, *review)), review->version);
}

Result<void> as_expected(Call& call, people::Unit& persons, const ReviewId& id) {
  const auto standing = HANDOFF_TRY(persons.review(call.organization(), id));
  if (!standing) return Call::not_found("review");
  return call.match(standing->version);
}

}  // namespace

Result<net::Response> list_reviews(Call& call) {
  Faults faults;
  people::ReviewFilter filter;
  filter.limit = call.limit(faults);
  filter.cursor = call.cursor();
  if (const auto* status = call.parameter("status")) {
    filter.statuses.clear();
    for (const auto& word : split(*status, ',')) {
      const auto known = people::review_status_of(word);
      if (known)
        filter.statuses.push_back(*known);
      else
        faults.push_back({"?status", "property.unknown_value",
                          "One or more of open, unsure, second_reader, correction, decided, closed."});
    }
  }
  if (const auto* word = call.parameter("kind")) {
    filter.kind = people::review_kind_of(*word);
    if (!filter.kind) faults.push_back({"?kind", "property.unknown_value", "Either match or split."});
  }
  if (const auto* person = call.parameter("personId")) {
    const auto id = PersonId::parse(*person);
    if (id)
      filter.person = *id;
    else
      faults.push_back({"?personId", id.error().code, id.error().for_caller});
  }
  if (!faults.empty()) return fault_error(std::move(faults));
  const auto page = HANDOFF_TRY(call.parts.people.reviews(call.organization(), filter));
  Json items = Json::array();
  std::vector<std::string> ids;
  for (const Review& review : page.items) {
    items.push_back(HANDOFF_TRY(review_json(call, review)));
    ids.push_back(review.id.text());
  }
  HANDOFF_TRY(call.looked_at_list("review.list", "review", std::move(ids)));
  return Call::page(std::move(items), page.next_cursor);
}

namespace {

Json threshold_json(const people::ThresholdProposal& proposal) {
  return Json::object(
      {{"present", proposal.present}, {"proposed", proposal.proposed}, {"sentence", proposal.sentence}});
}

}  // namespace

Result<net::Response> count_reviews(Call& call) {
  static constexpr std::array ages{"lessThanADay", "lessThanAWeek", "lessThanThirtyDays", "longer"};
  const auto figures = HANDOFF_TRY(call.parts.people.figures(call.organization(), call.now()));
  Json sources = Json::array(), by_age = Json::object(), bands = Json::array();
  for (const auto& [name, count] : figures.by_source)
    sources.push_back(Json::object({{"sourceName", name.empty() ? Json() : Json(name)}, {"waiting", count}}));
  for (std::size_t i = 0; i < ages.size(); ++i) by_age.set(ages[i], figures.by_age[i]);
  for (const auto& band : figures.bands) {
    const auto share = people::share_of(band.same, band.answered());
    const bool known = band.answered() > 0;
    bands.push_back(Json::object({{"from", band.from},
                                  {"to", band.to},
                                  {"guarded", band.guarded},
                                  {"same", band.same},
                                  {"different", band.different},
                                  {"unsure", band.unsure},
                                  {"waiting", band.waiting},
                                  {"shareSame", known ? Json(share.observed) : Json()},
                                  {"shareLow", known ? Json(share.low) : Json()},
                                  {"shareHigh", known ? Json(share.high) : Json()}}));
  }
  const people::Model& model = people::Model::standard();
  const auto proposal = people::propose(figures.bands, model.policy);
  const auto waiting = [&](people::ReviewStatus status) { return figures.waiting[static_cast<std::size_t>(status)]; };
  return Call::json(
      200,
      Json::object(
          {{"open", waiting(people::ReviewStatus::open)},
           {"unsure", waiting(people::ReviewStatus::unsure)},
           {"secondReader", waiting(people::ReviewStatus::second_reader)},
           {"correction", waiting(people::ReviewStatus::correction)},
           {"oldestOpenedAt", figures.oldest ? Json(format_instant(*figures.oldest)) : Json()},
           {"bySource", std::move(sources)},
           {"byAge", std::move(by_age)},
           {"bands", std::move(bands)},
           {"splits",
            Json::object({{"waiting", figures.waiting_splits}, {"right", figures.right}, {"split", figures.split}})},
           {"thresholds",
            Json::object({{"certain", threshold_json(proposal.certain)}, {"review", threshold_json(proposal.review)}})},
           {"modelVersion", model.version}}));
}

Result<net::Response> get_review(Call& call) {
  const auto id = HANDOFF_TRY(call.id<ReviewId>(0, "review"));
  const auto review = HANDOFF_TRY(call.parts.people.review(call.organization(), id));
  if (!review) return Call::not_found("review");
  const Json shown = HANDOFF_TRY(review_json(call, *review));
  HANDOFF_TRY(call.looked("review.read", "review", id.text(), {call.organization()}));
  return Call::json(200, shown, review->version);
}

Result<net::Response> decide_review(Call& call) {
  const auto id = HANDOFF_TRY(call.id<ReviewId>(0, "review"));
  Faults faults;
  call.members({"decision", "personId", "recordIds", "reason"}, faults);
  people::Answer answer;
  const std::string word = call.text("decision", 20, faults);
  if (const auto verdict = people::verdict_of(word)) {
    answer.verdict = *verdict;
  } else if (!word.empty()) {
    faults.push_back({"/decision", "property.unknown_value",
                      "One of same, different, unsure, fix_data; of a split: right, split, unsure, fix_data."});
  }
  if (const auto text = call.optional_text("personId", 64, faults)) {
    const auto parsed = PersonId::parse(*text);
    if (parsed)
      answer.person = *parsed;
    else
      faults.push_back({"/personId", parsed.error().code, parsed.error().for_caller});
  }
  answer.records = record_ids(call, "recordIds", faults);
  answer.reason = call.text("reason", reason_max, faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  return after_decision(call, id, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    people::Unit& persons = part_of<people::Unit>(unit);
    HANDOFF_TRY(as_expected(call, persons, id));
    if (const auto* organization = unit.organization(call.organization()))
      answer.two_readers_for = organization->second_reader_for;
    const auto review = HANDOFF_TRY(people::decide_review(persons, call.organization(), id, answer));
    unit.audit(call.organization(), "review." + word, "review", id.text(), Json::object({{"version", review.version}}));
    return CommandAnswer{200, Json::object({{"id", id.text()}}), review.version, {}};
  });
}

Result<net::Response> undo_review(Call& call) {
  const auto id = HANDOFF_TRY(call.id<ReviewId>(0, "review"));
  Faults faults;
  call.members({"reason"}, faults);
  const std::string reason = call.text("reason", reason_max, faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  return after_decision(call, id, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    people::Unit& persons = part_of<people::Unit>(unit);
    HANDOFF_TRY(as_expected(call, persons, id));
    const auto review = HANDOFF_TRY(people::undo_review(persons, call.organization(), id, reason));
    unit.audit(call.organization(), "review.undo", "review", id.text(), Json::object({{"version", review.version}}));
    return CommandAnswer{200, Json::object({{"id", id.text()}}), review.version, {}};
  });
}

// Server-sent events: ids, types and instants, nothing about a person. Whoever comes back names the last one it saw.
Result<net::Response> stream_events(Call& call) {
  people::Reader& reader = call.parts.people;
  const OrganizationId organization = call.organization();
  const std::string* last = call.request.headers.find("Last-Event-ID");
  if (last == nullptr) last = call.parameter("lastEventId");
  std::string after = last ? *last : HANDOFF_TRY(reader.stream_end(organization));
  // A wrong id is told at once and not by a connection that breaks.
  HANDOFF_TRY(reader.stream(organization, after, 1));
  net::Response response;
  response.headers.set("Content-Type", "text/event-stream");
  response.headers.set("Cache-Control", "no-store");
  Clock& clock = call.parts.clock;
  response.chunks = [&reader, &clock, organization, after, next = clock.monotonic(), told = milliseconds{0},
                     begun = false]() mutable -> Result<std::string> {
    const milliseconds now = clock.monotonic();
    if (!begun) {
      begun = true;
      told = now;
      return std::string("retry: 2000\n\n");
    }
    if (now < next) return net::not_yet();
    next = now + stream_every;
    std::string out;
    for (const auto& event : HANDOFF_TRY(reader.stream(organization, after, stream_page))) {
      out += "id: " + event.id + "\nevent: " + event.type + "\ndata: " + stream_event_json(event).dump() + "\n\n";
      after = event.id;
    }
    if (out.empty() && now - told < stream_breath) return net::not_yet();
    told = now;
    return out.empty() ? std::string(": still here\n\n") : out;
  };
  return response;
}

}  // namespace handoff::face::own
