#include <algorithm>

#include "base/text.h"
#include "store/cursor.h"
#include "store/people_rows.h"
#include "store/readers.h"

namespace handoff::store {
namespace {

using people::Assertion;
using people::Link;
using people::Merge;
using people::Page;
using people::Person;
using people::ReferralOfPerson;
using people::Review;
using people::Split;
using people::StreamEvent;

constexpr Statement page_of_persons{
    "read.persons", "SELECT " HANDOFF_PERSON_COLUMNS
                    " FROM person n WHERE n.organization_id = $1 AND (CAST($2 AS TEXT) IS NULL OR n.status = $2) "
                    "AND n.id < $3 ORDER BY n.id DESC LIMIT $4"};
constexpr Statement registrants_of{"read.registrants",
                                   "SELECT s.id, s.registrant FROM source_record s WHERE s.organization_id = $1 "
                                   "AND s.id IN (SELECT value FROM {set:$2})"};
constexpr Statement referrals_of{
    "read.referrals_of_person",
    "SELECT r.id, r.number, r.status, r.created_at FROM referral r WHERE r.organization_id = $1 AND r.id < $3 "
    "AND r.id IN (SELECT l.referral_id FROM person_link l WHERE l.organization_id = $1 AND l.person_id = $2) "
    "ORDER BY r.id DESC LIMIT $4"};
constexpr Statement merges_of{
    "read.merges",
    "WITH RECURSIVE family (id) AS (SELECT CAST($2 AS TEXT) {by_bytes} UNION SELECT p.id FROM person p JOIN family f "
    "ON p.organization_id = $1 AND p.merged_into = f.id) "
    "SELECT " HANDOFF_MERGE_COLUMNS
    " FROM person_merge m WHERE m.organization_id = $1 AND (m.survivor_id IN (SELECT id FROM family) "
    "OR m.merged_id IN (SELECT id FROM family)) ORDER BY m.at, m.id LIMIT 1000"};
constexpr Statement page_of_assertions{"read.assertions",
                                       "SELECT " HANDOFF_ASSERTION_COLUMNS
                                       " FROM person_assertion t WHERE t.organization_id = $1 AND t.id < $2 "
                                       "ORDER BY t.id DESC LIMIT $3"};
// Most urgent first, then the likeliest: a place in this order that changes while somebody turns pages is met again or
// was met before, and the key of the place is whole, so that none is passed over that stays where it is.
constexpr Statement page_of_reviews{
    "read.reviews",
    "SELECT " HANDOFF_REVIEW_COLUMNS
    ", v.score FROM person_review v WHERE v.organization_id = $1 AND v.status IN (SELECT value FROM {set:$2}) "
    "AND (CAST($3 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM person_review_person p WHERE p.organization_id = $1 "
    "AND p.person_id = $3 AND p.review_id = v.id)) AND (CAST($8 AS TEXT) IS NULL OR v.kind = $8) "
    "AND (v.urgency > $4 OR (v.urgency = $4 AND (v.score < $5 OR (v.score = $5 AND v.id > $6)))) "
    "ORDER BY v.urgency, v.score DESC, v.id LIMIT $7"};
constexpr Statement one_review{
    "read.review", "SELECT " HANDOFF_REVIEW_COLUMNS " FROM person_review v WHERE v.organization_id = $1 AND v.id = $2"};
constexpr Statement figures_of_waiting{
    "read.review_figures",
    "SELECT v.status, v.source_name, COUNT(*), MIN(v.opened_at), SUM(CASE WHEN v.kind = 'split' THEN 1 ELSE 0 END), "
    "SUM(CASE WHEN v.opened_at > $2 THEN 1 ELSE 0 END), SUM(CASE WHEN v.opened_at > $3 THEN 1 ELSE 0 END), "
    "SUM(CASE WHEN v.opened_at > $4 THEN 1 ELSE 0 END) FROM person_review v WHERE v.organization_id = $1 "
    "AND v.status IN " HANDOFF_REVIEW_WAITING " GROUP BY v.status, v.source_name ORDER BY v.source_name"};
// The bands are those of people::band_starts, in millionths.
constexpr Statement figures_of_bands{
    "read.review_bands",
    "SELECT b.band, b.guarded, b.outcome, b.status, COUNT(*) FROM (SELECT CASE WHEN v.score < 200000 THEN 0 "
    "WHEN v.score < 350000 THEN 1 WHEN v.score < 500000 THEN 2 WHEN v.score < 650000 THEN 3 WHEN v.score < 800000 "
    "THEN 4 WHEN v.score < 900000 THEN 5 WHEN v.score < 950000 THEN 6 WHEN v.score < 980000 THEN 7 "
    "WHEN v.score < 990000 THEN 8 ELSE 9 END AS band, CASE WHEN v.cause = 'guards' THEN 1 ELSE 0 END AS guarded, "
    "COALESCE(v.outcome, '') AS outcome, v.status AS status FROM person_review v WHERE v.organization_id = $1 "
    "AND v.kind = 'match') AS b GROUP BY b.band, b.guarded, b.outcome, b.status ORDER BY b.band, b.guarded"};
constexpr Statement figures_of_splits{
    "read.split_figures",
    "SELECT v.outcome, COUNT(*) FROM person_review v WHERE v.organization_id = $1 AND v.kind = 'split' "
    "AND v.outcome IS NOT NULL GROUP BY v.outcome"};
constexpr Statement splits_of{"read.splits",
                              "SELECT " HANDOFF_SPLIT_COLUMNS
                              " FROM person_split s WHERE s.organization_id = $1 AND (s.person_id = $2 OR s.made_id = "
                              "$2) ORDER BY s.at, s.id LIMIT 1000"};
constexpr Statement events_of{
    "read.person_events",
    "SELECT e.moment, e.sequence, e.type, e.subject_id, e.other_id, e.detail, e.at FROM stream_event e "
    "WHERE e.organization_id = $1 AND e.sequence > $3 AND (e.subject_id = $2 OR e.other_id = $2) "
    "ORDER BY e.sequence LIMIT $4"};
constexpr Statement stream_after{
    "read.stream",
    "SELECT e.moment, e.sequence, e.type, e.subject_id, e.other_id, e.detail, e.at FROM stream_event e "
    "WHERE e.organization_id = $1 AND (e.moment, e.sequence) > ($2, $3) ORDER BY e.moment, e.sequence LIMIT $4",
    // A transaction that is still running may have a smaller number than one that has been committed: nothing is told
    // until all before it are through.
    "SELECT e.moment, e.sequence, e.type, e.subject_id, e.other_id, e.detail, e.at FROM stream_event e "
    "WHERE e.organization_id = $1 AND (e.moment, e.sequence) > ($2, $3) "
    "AND e.moment < pg_snapshot_xmin(pg_current_snapshot())::text::bigint ORDER BY e.moment, e.sequence LIMIT $4"};
constexpr Statement end_of_stream{"read.stream_end",
                                  "SELECT e.moment, e.sequence FROM stream_event e WHERE e.organization_id = $1 "
                                  "ORDER BY e.moment DESC, e.sequence DESC LIMIT 1",
                                  // As above: what is still being written comes after it.
                                  "SELECT e.moment, e.sequence FROM stream_event e WHERE e.organization_id = $1 "
                                  "AND e.moment < pg_snapshot_xmin(pg_current_snapshot())::text::bigint "
                                  "ORDER BY e.moment DESC, e.sequence DESC LIMIT 1"};

StreamEvent event_of_stream(const Row& row) {
  StreamEvent e;
  e.id = std::to_string(row.integer(0)) + "-" + std::to_string(row.integer(1));
  e.type = row.text(2);
  e.subject = row.text(3);
  e.other = row.optional_text(4);
  e.detail = stored_json(row.view(5));
  e.at = from_ms(row.integer(6));
  return e;
}

class PeopleReader final : public people::Reader {
 public:
  explicit PeopleReader(ReaderPool& pool) : pool_(pool) {}

  Result<people::Findings> find(const OrganizationId& organization, std::span<const people::Key> keys, std::size_t max,
                                people::Crowded crowded) override {
    return pool_.use([&](Connection& connection) { return read_found(connection, organization, keys, max, crowded); });
  }
  Result<std::vector<Person>> persons(const OrganizationId& organization, std::span<const PersonId> ids) override {
    return pool_.use([&](Connection& connection) { return read_persons(connection, organization, ids); });
  }
  Result<std::vector<Link>> links(const OrganizationId& organization, const PersonId& person,
                                  std::size_t max) override {
    return pool_.use([&](Connection& connection) { return read_links(connection, organization, person, max); });
  }
  Result<std::vector<Assertion>> assertions(const OrganizationId& organization,
                                            std::span<const PersonId> ids) override {
    return pool_.use([&](Connection& connection) { return read_assertions(connection, organization, ids); });
  }
  Result<people::Population> population(const OrganizationId& organization) override {
    return pool_.use([&](Connection& connection) { return read_population(connection, organization); });
  }

  Result<Page<Person>> list(const OrganizationId& asking, std::optional<people::PersonStatus> status, std::size_t limit,
                            const std::optional<std::string>& cursor) override {
    std::string before = "~";
    if (cursor) before = HANDOFF_TRY(read_cursor("persons", *cursor)).id;
    const auto rows =
        HANDOFF_TRY(query(page_of_persons, {asking.text(), status ? Value(std::string(word(*status))) : Value(), before,
                                            static_cast<std::int64_t>(limit + 1)}));
    return page<Person>(
        rows, limit, "persons", [](const Row& row) { return person_of(row, 0); },
        [](const Person& p) {
          return Position{0, p.id.text()};
        });
  }

  Result<std::vector<std::pair<SourceRecordId, Private<Json>>>> registrants(
      const OrganizationId& asking, std::span<const SourceRecordId> records) override {
    std::vector<std::string> ids;
    for (const auto& id : records) ids.push_back(id.text());
    std::vector<std::pair<SourceRecordId, Private<Json>>> out;
    for (const Row& row : HANDOFF_TRY(query(registrants_of, {asking.text(), texts_json(ids)})))
      out.emplace_back(SourceRecordId::trusted(row.text(0)), Private(stored_json(row.view(1))));
    return out;
  }

  Result<Page<ReferralOfPerson>> referrals(const OrganizationId& asking, const PersonId& person, std::size_t limit,
                                           const std::optional<std::string>& cursor) override {
    std::string before = "~";
    if (cursor) before = HANDOFF_TRY(read_cursor("person.referrals", *cursor)).id;
    const auto rows =
        HANDOFF_TRY(query(referrals_of, {asking.text(), person.text(), before, static_cast<std::int64_t>(limit + 1)}));
    return page<ReferralOfPerson>(
        rows, limit, "person.referrals",
        [](const Row& row) {
          return ReferralOfPerson{ReferralId::trusted(row.text(0)), row.text(1), row.text(2), from_ms(row.integer(3))};
        },
        [](const ReferralOfPerson& r) {
          return Position{0, r.id.text()};
        });
  }

  Result<std::vector<Merge>> merges(const OrganizationId& asking, const PersonId& person) override {
    std::vector<Merge> out;
    for (const Row& row : HANDOFF_TRY(query(merges_of, {asking.text(), person.text()})))
      out.push_back(merge_of(row, 0));
    return out;
  }

  Result<Page<Assertion>> all_assertions(const OrganizationId& asking, std::size_t limit,
                                         const std::optional<std::string>& cursor) override {
    std::string before = "~";
    if (cursor) before = HANDOFF_TRY(read_cursor("assertions", *cursor)).id;
    const auto rows =
        HANDOFF_TRY(query(page_of_assertions, {asking.text(), before, static_cast<std::int64_t>(limit + 1)}));
    return page<Assertion>(
        rows, limit, "assertions", [](const Row& row) { return assertion_of(row, 0); },
        [](const Assertion& t) {
          return Position{0, t.id.text()};
        });
  }

  Result<Page<Review>> reviews(const OrganizationId& asking, const people::ReviewFilter& filter) override {
    // Urgency and score stand in one number: fewer than ten urgencies, scores up to a million.
    constexpr std::int64_t score_end = 10'000'000;
    Position from{-1, ""};
    std::int64_t urgency = -1, score = 0;
    if (filter.cursor) {
      from = HANDOFF_TRY(read_cursor("reviews", *filter.cursor));
      urgency = from.key / score_end;
      score = from.key % score_end;
    }
    std::vector<std::string> statuses;
    for (const auto status : filter.statuses) statuses.emplace_back(word(status));
    const auto rows = HANDOFF_TRY(query(
        page_of_reviews, {asking.text(), texts_json(statuses), filter.person ? Value(filter.person->text()) : Value(),
                          urgency, score, from.id, static_cast<std::int64_t>(filter.limit + 1),
                          filter.kind ? Value(std::string(word(*filter.kind))) : Value()}));
    return page<Review>(
        rows, filter.limit, "reviews", [](const Row& row) { return review_of(row, 0); },
        [&](const Review& v) {
          const std::int64_t stored_score = rows[std::min(filter.limit, rows.size()) - 1].integer(review_column_count);
          return Position{v.urgency * score_end + stored_score, v.id.text()};
        });
  }
  Result<std::optional<Review>> review(const OrganizationId& asking, const ReviewId& id) override {
    const auto rows = HANDOFF_TRY(query(one_review, {asking.text(), id.text()}));
    if (rows.empty()) return std::optional<Review>();
    return std::optional(review_of(rows.front(), 0));
  }
  Result<people::ReviewFigures> figures(const OrganizationId& asking, Instant now) override {
    static constexpr std::array age_days{1, 7, 30};
    people::ReviewFigures out;
    Values values{asking.text()};
    for (const int days : age_days) values.emplace_back(to_ms(now - std::chrono::hours{24 * days}));
    for (const Row& row : HANDOFF_TRY(query(figures_of_waiting, values))) {
      const auto status = people::review_status_of(row.view(0)).value_or(people::ReviewStatus::open);
      out.waiting[static_cast<std::size_t>(status)] += row.integer(2);
      const Instant oldest = from_ms(row.integer(3));
      if (!out.oldest || oldest < *out.oldest) out.oldest = oldest;
      out.waiting_splits += row.integer(4);
      for (std::size_t i = 0; i < age_days.size(); ++i)
        out.by_age[i] += row.integer(5 + i) - (i == 0 ? 0 : row.integer(4 + i));
      out.by_age.back() += row.integer(2) - row.integer(7);
      if (out.by_source.empty() || out.by_source.back().first != row.text(1))
        out.by_source.emplace_back(row.text(1), 0);
      out.by_source.back().second += row.integer(2);
    }
    for (const Row& row : HANDOFF_TRY(query(figures_of_bands, {asking.text()}))) {
      const auto place = static_cast<std::size_t>(row.integer(0));
      people::Band band;
      band.from = people::band_starts.at(place);
      band.to = place + 1 < people::band_starts.size() ? people::band_starts[place + 1] : 1;
      band.guarded = row.integer(1) != 0;
      if (out.bands.empty() || out.bands.back().from != band.from || out.bands.back().guarded != band.guarded)
        out.bands.push_back(band);
      const auto status = people::review_status_of(row.view(3)).value_or(people::ReviewStatus::open);
      const std::string_view outcome = row.view(2);
      people::Band& into = out.bands.back();
      if (outcome == "same") {
        into.same += row.integer(4);
      } else if (outcome == "different") {
        into.different += row.integer(4);
      } else if (status == people::ReviewStatus::unsure) {
        into.unsure += row.integer(4);
      } else if (people::is_waiting(status)) {
        into.waiting += row.integer(4);
      }
    }
    for (const Row& row : HANDOFF_TRY(query(figures_of_splits, {asking.text()})))
      (row.view(0) == "right" ? out.right : out.split) += row.integer(1);
    return out;
  }
  Result<std::vector<Split>> splits(const OrganizationId& asking, const PersonId& person) override {
    std::vector<Split> out;
    for (const Row& row : HANDOFF_TRY(query(splits_of, {asking.text(), person.text()})))
      out.push_back(split_of(row, 0));
    return out;
  }

  Result<Page<StreamEvent>> events(const OrganizationId& asking, const PersonId& person, std::size_t limit,
                                   const std::optional<std::string>& cursor) override {
    Position from;
    if (cursor) from = HANDOFF_TRY(read_cursor("person.events", *cursor));
    const auto rows =
        HANDOFF_TRY(query(events_of, {asking.text(), person.text(), from.key, static_cast<std::int64_t>(limit + 1)}));
    return page<StreamEvent>(rows, limit, "person.events", event_of_stream, [&](const StreamEvent&) {
      return Position{rows[std::min(limit, rows.size()) - 1].integer(1), ""};
    });
  }

  Result<std::vector<StreamEvent>> stream(const OrganizationId& asking, const std::string& after,
                                          std::size_t limit) override {
    const auto dash = after.find('-');
    const auto moment = parse_int(std::string_view(after).substr(0, dash));
    const auto sequence =
        dash == std::string::npos ? std::nullopt : parse_int(std::string_view(after).substr(dash + 1));
    if (!moment || !sequence)
      return Error{Kind::invalid_input,
                   "stream.bad_event_id",
                   "Last-Event-ID is the id of an event that was told before, unchanged.",
                   {},
                   {}};
    std::vector<StreamEvent> out;
    for (const Row& row :
         HANDOFF_TRY(query(stream_after, {asking.text(), *moment, *sequence, static_cast<std::int64_t>(limit)})))
      out.push_back(event_of_stream(row));
    return out;
  }
  Result<std::string> stream_end(const OrganizationId& asking) override {
    const auto rows = HANDOFF_TRY(query(end_of_stream, {asking.text()}));
    if (rows.empty()) return std::string("0-0");
    return std::to_string(rows.front().integer(0)) + "-" + std::to_string(rows.front().integer(1));
  }

 private:
  Result<Rows> query(const Statement& statement, const Values& values) {
    return pool_.use(
        [&](Connection& connection) { return connection.query(statement, std::span<const Value>(values)); });
  }
  template <class Item, class Of, class At>
  static Page<Item> page(const Rows& rows, std::size_t limit, const char* name, Of of, At at) {
    Page<Item> out;
    for (std::size_t i = 0; i < std::min(rows.size(), limit); ++i) out.items.push_back(of(rows[i]));
    if (rows.size() > limit) out.next_cursor = write_cursor(name, at(out.items.back()));
    return out;
  }

  ReaderPool& pool_;
};

}  // namespace

std::unique_ptr<people::Reader> make_people_reader(ReaderPool& pool) { return std::make_unique<PeopleReader>(pool); }

}  // namespace handoff::store
