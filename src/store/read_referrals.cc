#include <algorithm>
#include <limits>

#include "base/text.h"
#include "store/cursor.h"
#include "store/readers.h"
#include "store/records.h"

namespace handoff::store {
namespace {

using referral::Event;
using referral::ListFilter;
using referral::Page;
using referral::Referral;

// Sorts behind every id and before every id.
constexpr const char* after_all = "~";
constexpr const char* before_all = "";

// --- one referral: found through the asking organization's own party row, which names the owner --------------------

constexpr Statement one_referral{"read.referral",
                                 "SELECT p.integration_errors, " HANDOFF_REFERRAL_COLUMNS("r.body") " FROM party p "
                                 "JOIN referral r ON r.organization_id = p.owner_id AND r.id = p.referral_id "
                                 "WHERE p.organization_id = $1 AND p.referral_id = $2"};
constexpr Statement one_version{
    "read.referral_version",
    "SELECT p.integration_errors, " HANDOFF_REFERRAL_COLUMNS("o.body") " FROM party p "
    "JOIN referral_version o ON o.organization_id = p.owner_id AND o.referral_id = p.referral_id AND o.version = $3 "
    "WHERE p.organization_id = $1 AND p.referral_id = $2"};
// The receiver's story begins with the arrival: what the sender did to its draft is the sender's. That a note was
// written is known to the organization that wrote it.
constexpr Statement page_of_events{
    "read.events",
    "SELECT e.sequence, e.organization_id, e.id, e.change_id, e.referral_id, e.version, e.type, e.at, e.actor_kind, "
    "e.actor_id, e.actor_name, e.actor_organization_id, e.side, e.cause, e.facts, e.detail FROM party p "
    "JOIN event e ON e.organization_id = p.owner_id AND e.referral_id = p.referral_id "
    "WHERE p.organization_id = $1 AND p.referral_id = $2 AND e.sequence > $3 "
    "AND (p.is_sender = 1 OR e.sequence >= (SELECT MIN(a.sequence) FROM event a WHERE a.organization_id = p.owner_id "
    "AND a.referral_id = p.referral_id AND a.type = 'received')) "
    "AND (e.type <> 'note_added' OR e.actor_organization_id = $1) ORDER BY e.sequence LIMIT $4"};
constexpr Statement all_messages{"read.messages",
                                 "SELECT m.id, m.referral_id, m.from_side, m.body, m.at, m.actor FROM party p "
                                 "JOIN message m ON m.organization_id = p.owner_id AND m.referral_id = p.referral_id "
                                 "WHERE p.organization_id = $1 AND p.referral_id = $2 ORDER BY m.id"};
// The party row is asked for, too: an organization that is no longer concerned reads nothing.
constexpr Statement own_notes{"read.notes",
                              "SELECT n.organization_id, n.id, n.referral_id, n.body, n.at, n.actor FROM party p "
                              "JOIN note n ON n.organization_id = p.organization_id AND n.referral_id = p.referral_id "
                              "WHERE p.organization_id = $1 AND p.referral_id = $2 ORDER BY n.id"};

// --- lists ---------------------------------------------------------------------------------------------------------

// Filters that are not asked for are null. Every word of a text filter must stand somewhere in number and name.
#define HANDOFF_PARTY_PAGE \
  "SELECT p.updated_at, p.referral_id, p.integration_errors, " HANDOFF_REFERRAL_COLUMNS("r.body") " FROM party p " \
  "JOIN referral r ON r.organization_id = p.owner_id AND r.id = p.referral_id "                            \
  "WHERE p.organization_id = $1 "                                                                          \
  "AND ((CAST($2 AS BIGINT) = 1 AND p.is_receiver = 1) OR (CAST($2 AS BIGINT) = 0 AND p.is_sender = 1)) "  \
  "AND p.archived = $3 "                                                                                   \
  "AND (CAST($4 AS TEXT) IS NULL OR p.status = $4) AND (CAST($5 AS TEXT) IS NULL OR p.sub_status = $5) "   \
  "AND (CAST($6 AS TEXT) IS NULL OR p.category = $6) AND (CAST($7 AS TEXT) IS NULL OR p.listing_id = $7) " \
  "AND (CAST($8 AS BIGINT) IS NULL OR p.updated_at >= $8) "                                                \
  "AND NOT EXISTS (SELECT 1 FROM {set:$9} AS word WHERE p.search NOT LIKE word.value ESCAPE '!') "
#define HANDOFF_NEWEST_FIRST "AND p.referral_id < $10 ORDER BY p.referral_id DESC LIMIT $11"
#define HANDOFF_OLDEST_FIRST "AND p.referral_id > $10 ORDER BY p.referral_id LIMIT $11"
// A record that changes while somebody turns pages moves to the end, where it is met again; none is passed over.
#define HANDOFF_BY_UPDATE \
  "AND (p.updated_at, p.referral_id) > ($10, $11) ORDER BY p.updated_at, p.referral_id LIMIT $12"
// Written out, so that both databases find the partial index of referrals with errors.
#define HANDOFF_WITH_ERRORS "AND p.integration_errors > 0 "
#define HANDOFF_WITHOUT_ERRORS "AND p.integration_errors = 0 "

struct PartyPage {
  const char* list;  // for the cursor
  Statement any, with_errors, without_errors;
};
constexpr PartyPage newest_first{
    "referrals.newest",
    {"read.list", HANDOFF_PARTY_PAGE HANDOFF_NEWEST_FIRST},
    {"read.list_with_errors", HANDOFF_PARTY_PAGE HANDOFF_WITH_ERRORS HANDOFF_NEWEST_FIRST},
    {"read.list_without_errors", HANDOFF_PARTY_PAGE HANDOFF_WITHOUT_ERRORS HANDOFF_NEWEST_FIRST}};
constexpr PartyPage oldest_first{
    "referrals.oldest",
    {"read.list_oldest", HANDOFF_PARTY_PAGE HANDOFF_OLDEST_FIRST},
    {"read.list_oldest_with_errors", HANDOFF_PARTY_PAGE HANDOFF_WITH_ERRORS HANDOFF_OLDEST_FIRST},
    {"read.list_oldest_without_errors", HANDOFF_PARTY_PAGE HANDOFF_WITHOUT_ERRORS HANDOFF_OLDEST_FIRST}};
constexpr PartyPage by_update{
    "referrals.updated",
    {"read.list_updated", HANDOFF_PARTY_PAGE HANDOFF_BY_UPDATE},
    {"read.list_updated_with_errors", HANDOFF_PARTY_PAGE HANDOFF_WITH_ERRORS HANDOFF_BY_UPDATE},
    {"read.list_updated_without_errors", HANDOFF_PARTY_PAGE HANDOFF_WITHOUT_ERRORS HANDOFF_BY_UPDATE}};

#undef HANDOFF_PARTY_PAGE
#undef HANDOFF_NEWEST_FIRST
#undef HANDOFF_OLDEST_FIRST
#undef HANDOFF_BY_UPDATE
#undef HANDOFF_WITH_ERRORS
#undef HANDOFF_WITHOUT_ERRORS

const PartyPage& page_of(referral::Sort sort) {
  switch (sort) {
    case referral::Sort::newest_first: break;
    case referral::Sort::oldest_first: return oldest_first;
    case referral::Sort::least_recently_updated: return by_update;
  }
  return newest_first;
}

// SQLite refuses longer patterns, and nobody's name is that long.
constexpr std::size_t text_filter_max = 200;  // characters

// The words of a text filter as LIKE patterns, each somewhere in the searched text; what LIKE would read as a wildcard
// stands for itself.
Result<std::string> patterns_of(const std::optional<std::string>& text) {
  if (!text) return texts_json({});
  // The words travel inside a JSON text, where the drivers' own check does not see such bytes.
  if (!is_utf8(*text) || text->find('\0') != std::string::npos) {
    return Error{Kind::invalid_input,
                 "store.value",
                 "The text to search for holds a NUL character or bytes that are not UTF-8.",
                 {},
                 {}};
  }
  if (utf8_length(*text) > text_filter_max) {
    return Error{Kind::invalid_input, "filter.too_long", "Search with at most 200 characters.", {}, {}};
  }
  std::vector<std::string> patterns;
  std::string pattern;
  const auto add = [&] {
    if (!pattern.empty()) patterns.push_back("%" + pattern + "%");
    pattern.clear();
  };
  for (const char c : ascii_lower(*text)) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      add();
      continue;
    }
    if (c == '%' || c == '_' || c == '!') pattern += '!';
    pattern += c;
  }
  add();
  return texts_json(patterns);
}

// --- directory -------------------------------------------------------------------------------------------------------

constexpr Statement one_organization{"read.organization",
                                     "SELECT id, name, plan, block_duplicates, integration_contact, version, "
                                     "config_version, created_at, second_reader_for FROM organization WHERE id = $1"};
constexpr Statement own_listings{
    "read.listings",
    "SELECT organization_id, id, body, version, created_at FROM listing WHERE organization_id = $1 ORDER BY id"};
constexpr Statement listings_of_others{"read.exchange_listings",
                                       "SELECT organization_id, id, body, version, created_at FROM listing "
                                       "WHERE visibility = 'exchange' AND organization_id <> $1 ORDER BY id"};
constexpr Statement one_listing{"read.listing",
                                "SELECT organization_id, id, body, version, created_at FROM listing "
                                "WHERE id = $2 AND (organization_id = $1 OR visibility = 'exchange')"};
constexpr Statement own_sub_statuses{
    "read.sub_statuses",
    "SELECT code, label, category FROM sub_status WHERE organization_id = $1 ORDER BY position, code"};

template <class T, class Of>
std::optional<T> first(const Rows& rows, Of&& of) {
  return rows.empty() ? std::nullopt : std::optional<T>(of(rows.front()));
}
template <class T, class Of>
std::vector<T> each(const Rows& rows, Of&& of) {
  std::vector<T> out;
  out.reserve(rows.size());
  for (const auto& row : rows) out.push_back(of(row));
  return out;
}

class ReferralReader final : public referral::Reader {
 public:
  explicit ReferralReader(ReaderPool& pool) : pool_(pool) {}

  Result<std::optional<Referral>> referral(const OrganizationId& asking, const ReferralId& id) override {
    const auto rows = HANDOFF_TRY(query(one_referral, {asking.text(), id.text()}));
    return first<Referral>(rows, with_errors);
  }

  Result<std::optional<Referral>> referral_version(const OrganizationId& asking, const ReferralId& id,
                                                   std::int64_t version) override {
    const auto rows = HANDOFF_TRY(query(one_version, {asking.text(), id.text(), version}));
    auto found = first<Referral>(rows, with_errors);
    // A version from before the referral was submitted is the sender's draft.
    if (found && !found->submitted_at && found->sender != asking) found.reset();
    return found;
  }

  Result<Page<Referral>> list(const OrganizationId& asking, const ListFilter& filter) override {
    const PartyPage& page = page_of(filter.sort);
    const Statement& statement = !filter.has_integration_errors   ? page.any
                                 : *filter.has_integration_errors ? page.with_errors
                                                                  : page.without_errors;
    const bool by_time = filter.sort == referral::Sort::least_recently_updated;
    Position from{std::numeric_limits<std::int64_t>::min(),
                  filter.sort == referral::Sort::newest_first ? after_all : before_all};
    if (filter.cursor) from = HANDOFF_TRY(read_cursor(page.list, *filter.cursor));
    const auto limit = std::max<std::size_t>(filter.limit, 1);
    Values values{asking.text(),
                  std::int64_t{filter.direction == referral::Direction::received ? 1 : 0},
                  std::int64_t{filter.archived ? 1 : 0},
                  filter.status ? Value(std::string(word(*filter.status))) : Value(),
                  nullable(filter.sub_status),
                  filter.category ? Value(std::string(word(*filter.category))) : Value(),
                  filter.listing ? Value(filter.listing->text()) : Value(),
                  filter.updated_since ? Value(to_ms(*filter.updated_since)) : Value(),
                  HANDOFF_TRY(patterns_of(filter.text))};
    if (by_time) values.emplace_back(from.key);
    values.emplace_back(from.id);
    values.emplace_back(static_cast<std::int64_t>(limit + 1));  // one more tells whether there is another page
    const auto rows = HANDOFF_TRY(query(statement, values));
    Page<Referral> out;
    for (std::size_t i = 0; i < std::min(rows.size(), limit); ++i) {
      Referral item = referral_of(rows[i], 3);
      item.integration_errors = rows[i].integer(2);
      out.items.push_back(std::move(item));
    }
    if (rows.size() > limit) {
      const Row& last = rows[limit - 1];
      out.next_cursor = write_cursor(page.list, {by_time ? last.integer(0) : 0, last.text(1)});
    }
    return out;
  }

  Result<Page<Event>> events(const OrganizationId& asking, const ReferralId& id, std::size_t limit,
                             const std::optional<std::string>& cursor) override {
    Position from;
    if (cursor) from = HANDOFF_TRY(read_cursor("events", *cursor));
    limit = std::max<std::size_t>(limit, 1);
    const auto rows =
        HANDOFF_TRY(query(page_of_events, {asking.text(), id.text(), from.key, static_cast<std::int64_t>(limit + 1)}));
    Page<Event> out;
    for (std::size_t i = 0; i < std::min(rows.size(), limit); ++i) out.items.push_back(event_of(rows[i], 0));
    if (rows.size() > limit) out.next_cursor = write_cursor("events", {rows[limit - 1].integer(0), ""});
    return out;
  }

  Result<std::vector<referral::Message>> messages(const OrganizationId& asking, const ReferralId& id) override {
    const auto rows = HANDOFF_TRY(query(all_messages, {asking.text(), id.text()}));
    return each<referral::Message>(rows, [](const Row& row) { return message_of(row, 0); });
  }

  Result<std::vector<referral::Note>> notes(const OrganizationId& asking, const ReferralId& id) override {
    const auto rows = HANDOFF_TRY(query(own_notes, {asking.text(), id.text()}));
    return each<referral::Note>(rows, [](const Row& row) { return note_of(row, 0); });
  }

  Result<std::optional<directory::Organization>> organization(const OrganizationId& id) override {
    const auto rows = HANDOFF_TRY(query(one_organization, {id.text()}));
    return first<directory::Organization>(rows, [](const Row& row) { return organization_of(row, 0); });
  }

  Result<std::vector<directory::Listing>> listings(const OrganizationId& asking) override {
    return listings_by(own_listings, asking);
  }
  Result<std::vector<directory::Listing>> exchange_listings(const OrganizationId& asking) override {
    return listings_by(listings_of_others, asking);
  }

  Result<std::optional<directory::Listing>> listing(const OrganizationId& asking, const ListingId& id) override {
    const auto rows = HANDOFF_TRY(query(one_listing, {asking.text(), id.text()}));
    return first<directory::Listing>(rows, [](const Row& row) { return listing_of(row, 0); });
  }

  Result<std::vector<referral::SubStatus>> sub_statuses(const OrganizationId& organization) override {
    const auto rows = HANDOFF_TRY(query(own_sub_statuses, {organization.text()}));
    return each<referral::SubStatus>(rows, [](const Row& row) { return sub_status_of(row, 0); });
  }

 private:
  Result<Rows> query(const Statement& statement, const Values& values) {
    return pool_.use(
        [&](Connection& connection) { return connection.query(statement, std::span<const Value>(values)); });
  }
  static Referral with_errors(const Row& row) {
    Referral found = referral_of(row, 1);
    found.integration_errors = row.integer(0);
    return found;
  }
  Result<std::vector<directory::Listing>> listings_by(const Statement& statement, const OrganizationId& asking) {
    const auto rows = HANDOFF_TRY(query(statement, {asking.text()}));
    return each<directory::Listing>(rows, [](const Row& row) { return listing_of(row, 0); });
  }

  ReaderPool& pool_;
};

}  // namespace

std::unique_ptr<referral::Reader> make_referral_reader(ReaderPool& pool) {
  return std::make_unique<ReferralReader>(pool);
}

}  // namespace handoff::store
