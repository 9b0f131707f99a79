// How long a search for one person takes among many stored in a database, through the statements and the code that a
// referral goes through: candidates by key, score, guards, grade; on one thread.
//
//   person_search_bench URL PERSONS [PROBES]
//
// Makes the database at URL one of handoff's, with an organization that has one record of each of PERSONS invented
// people (households, twins and shelters among them), and counts their values as the housekeeper does. Then searches
// with other records of some of them, written with errors, and with people who are not stored. A database that is
// filled already is used as it is. Passes are said to be cold where the system's page cache was dropped before, which
// takes root; on PostgreSQL its own buffers stay.
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "people/generate.h"
#include "people/normalize.h"
#include "people/recognize.h"
#include "store/bootstrap.h"
#include "store/people_rows.h"
#include "store/readers.h"
#include "store/schema.h"
#include "store/verify.h"

namespace {

using namespace handoff;
using namespace handoff::people;
using store::Blob;
using store::Statement;
using store::Values;

const Statement add_person{"bench_add_person",
                           "INSERT INTO person (organization_id, id, version, status, created_at, updated_at) "
                           "VALUES ($1, $2, 1, 'active', $3, $3)"};
const Statement add_link{
    "bench_add_link",
    "INSERT INTO person_link (organization_id, referral_id, record_id, person_id, home_id, origin, model_version, "
    "method, source_name, keys, body, at) VALUES ($1, $2, $3, $4, $4, 'created', 'bench', 'api', 'bench', '[]', $5, "
    "$6)"};
const Statement add_key{"bench_add_key",
                        "INSERT INTO person_key (slot, space, record, person, body) VALUES ($1, $5, $2, $3, $4)"};
const Statement add_probe{"bench_add_probe", "INSERT INTO bench_probe (number, expected, body) VALUES ($1, $2, $3)"};
const Statement all_probes{"bench_all_probes", "SELECT expected, body FROM bench_probe ORDER BY number LIMIT $1"};
const Statement state{"bench_state", "SELECT persons, organization FROM bench_state"};
const Statement set_state{"bench_set_state", "INSERT INTO bench_state (persons, organization) VALUES ($1, $2)"};

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().for_log.c_str());
    std::exit(1);
  }
  return std::move(result).value();
}
void must(Result<void> result) {
  if (result) return;
  std::fprintf(stderr, "%s\n", result.error().for_log.c_str());
  std::exit(1);
}

Record record_of(const InventedRecord& said) {
  Registrant r;
  r.first_name = Text(said.first);
  r.middle_name = Text(said.middle);
  r.last_name = Text(said.last);
  r.former_name = Text(said.former);
  r.suffix = Text(said.suffix);
  r.birth_date = Text(said.birth);
  r.date_format = "%Y-%m-%d";
  r.gender = Text(said.gender);
  r.line = Text(said.line);
  r.city = Text(said.city);
  r.province = Text(said.province);
  r.postal_code = Text(said.postal_code);
  if (!said.phone.empty()) r.phones.emplace_back(said.phone);
  if (!said.alternate.empty()) r.phones.emplace_back(said.alternate);
  if (!said.email.empty()) r.emails.emplace_back(said.email);
  return normalize(r, {});
}

constexpr std::int64_t first_moment = 1'700'000'000'000;

OrganizationId fill(store::Database& database, std::uint64_t persons_max, std::size_t probes) {
  must(store::migrate(database, store::migrations()));
  SeededRandom random(2027);
  const ServerKey key = must(ServerKey::from_bytes(std::string(32, 'b')));
  const auto organization =
      must(store::bootstrap(database, key, from_ms(first_moment), random, {"Bench", {}, {}, {}})).organization;
  auto connection = must(database.connect());
  const bool sqlite = database.kind() == store::Database::Kind::sqlite;
  must(connection->script(
      std::string("CREATE TABLE bench_probe (number BIGINT NOT NULL, expected TEXT NOT NULL, body ") +
      (sqlite ? "BLOB" : "BYTEA") +
      " NOT NULL); CREATE TABLE bench_state (persons BIGINT NOT NULL, organization TEXT NOT NULL);"));
  struct Entry {
    std::int64_t slot;
    std::uint32_t record;
  };
  struct Kept {
    std::int64_t mark;
    std::string person, body;
  };
  std::vector<Entry> entries;
  std::vector<Kept> kept;
  std::vector<store::Connection::Call> calls;
  const auto send = [&](bool all) {
    if (calls.empty() || (!all && calls.size() < 2000)) return;
    must(connection->execute_all(calls));
    calls.clear();
  };
  GenerateOptions how;
  Dice dice(2027);
  std::uint64_t number = 0, household = 0, drawn = 0, asked = 0;
  // Seven probes of ten have a stored record, and as many people as the other three are kept out.
  const std::uint64_t every = std::max<std::uint64_t>(1, persons_max / probes);
  must(connection->begin());
  while (kept.size() < persons_max) {
    for (const auto& person : invent_household(dice, how, number + 1, ++household)) {
      ++number;
      const bool probe = ++drawn % every == 0 && asked < probes, stored = !probe || asked % 10 < 7;
      std::string expected;
      if (stored) {
        const auto record = record_of(invent_record(dice, how, person, number, true));
        const std::int64_t ms = first_moment + static_cast<std::int64_t>(kept.size());
        const auto id = PersonId::make(from_ms(ms), random);
        const auto source = SourceRecordId::make(from_ms(ms), random);
        expected = id.text();
        for (const auto& each : stored_keys(record))
          entries.push_back({store::slot_of(organization, each), static_cast<std::uint32_t>(kept.size())});
        kept.push_back({store::as_stored(mark_of(source)), store::compact(id).bytes, serialize(record)});
        calls.push_back({&add_person, {organization.text(), id.text(), ms}});
        calls.push_back({&add_link,
                         {organization.text(), ReferralId::make(from_ms(ms), random).text(), source.text(), id.text(),
                          Blob{kept.back().body}, ms}});
      }
      if (probe)
        calls.push_back({&add_probe,
                         {static_cast<std::int64_t>(asked++), expected,
                          Blob{serialize(record_of(invent_record(dice, how, person, number, false)))}}});
      send(false);
      if (kept.size() == persons_max) break;
    }
  }
  std::sort(entries.begin(), entries.end(),
            [&](const Entry& a, const Entry& b) { return a.slot != b.slot ? a.slot < b.slot : a.record < b.record; });
  std::size_t stored = 0;
  const std::int64_t space = store::space_of(organization);
  for (std::size_t i = 0, first = 0; i < entries.size(); ++i) {
    if (entries[i].slot != entries[first].slot) first = i;
    if (i - first >= crowded_from) continue;  // as the store leaves them out
    const auto& of = kept[entries[i].record];
    calls.push_back(
        {&add_key,
         {entries[i].slot + static_cast<std::int64_t>(i - first), of.mark, Blob{of.person}, Blob{of.body}, space}});
    ++stored;
    send(false);
  }
  calls.push_back({&set_state, {static_cast<std::int64_t>(persons_max), organization.text()}});
  send(true);
  must(connection->commit());
  must(store::count_persons(*connection, from_ms(first_moment + static_cast<std::int64_t>(persons_max))));
  must(connection->script(sqlite ? "PRAGMA wal_checkpoint(TRUNCATE); ANALYZE" : "VACUUM ANALYZE"));
  std::fprintf(stderr, "filled: %zu keys, %zu of them stored\n", entries.size(), stored);
  return organization;
}

// Whether the system has forgotten what it has read of the database's files.
bool drop_page_cache() {
  ::sync();
  const int file = ::open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool done = ::write(file, "3", 1) == 1;
  ::close(file);
  return done;
}

// Of this thread: what others on the machine take does not count.
double processor_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

void line(const char* metric, double value, const char* unit, const std::string& conditions) {
  std::printf("{\"bench\":\"persons\",\"metric\":\"%s\",\"value\":%.4f,\"unit\":\"%s\",\"conditions\":\"%s\"}\n",
              metric, value, unit, conditions.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: person_search_bench URL PERSONS [PROBES]\n");
    return 2;
  }
  const std::uint64_t persons = std::stoull(argv[2]);
  const std::size_t probes_max = argc > 3 ? std::stoull(argv[3]) : 3000;
  auto database = must(store::Database::open(argv[1]));
  OrganizationId organization;
  {
    auto connection = must(database->connect());
    const auto there = connection->query(state, Values{});
    if (there && !there->empty() && there->front().integer(0) == static_cast<std::int64_t>(persons))
      organization = OrganizationId::trusted(there->front().text(1));
  }
  if (organization.empty()) organization = fill(*database, persons, probes_max);
  std::vector<std::pair<std::string, Prepared>> probes;
  {
    auto connection = must(database->connect_reading());
    for (const auto& row : must(connection->query(all_probes, Values{static_cast<std::int64_t>(probes_max)}))) {
      Prepared probe;
      probe.record = must(deserialize(row.view(1)));
      probe.probe = probe_keys(probe.record);
      probe.stored = stored_keys(probe.record);
      probes.emplace_back(row.text(0), std::move(probe));
    }
  }
  store::ReaderPool pool(*database, 1);
  const auto reader = store::make_people_reader(pool);
  const Model& model = Model::standard();
  const auto population = must(reader->population(organization));  // read once in the life of a server
  // Whether a person's record says enough to be asked about at all, whatever the keys find.
  const auto is_askable = [&](const Prepared& probe, const PersonId& person) {
    const ProbeFrequencies frequencies(population.frequencies, probe.record);
    const Scorer scorer(model, frequencies, Prior::of_persons(std::max(population.persons, persons_least)));
    for (const auto& link : must(reader->links(organization, person, 1))) {
      if (scorer.score(probe.record, link.data).probability >= model.policy.review) return true;
    }
    return false;
  };
  const bool cold = drop_page_cache();
  // On a machine that does other things the best of several passes is nearest to what a search costs.
  std::vector<double> best(probes.size(), 1e9), best_processor(probes.size(), 1e9);
  for (const std::string pass : {cold ? "cold" : "first", "warm 1", "warm 2", "warm 3", "best of warm 1 to 3"}) {
    const bool first_pass = pass == "cold" || pass == "first", summary = pass.starts_with("best");
    std::vector<double> times, processor;
    double right = 0, with_partner = 0, false_links = 0, alone = 0, linked = 0, truncated = 0, lost = 0, thin = 0,
           reviews = 0;
    for (std::size_t number = 0; number < probes.size() && !summary; ++number) {
      const auto& [expected, probe] = probes[number];
      const double spent = processor_ms();
      const auto start = std::chrono::steady_clock::now();
      const auto found = must(find_candidates(*reader, model, organization, probe));
      times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
      processor.push_back(processor_ms() - spent);
      if (!first_pass) {
        best[number] = std::min(best[number], times.back());
        best_processor[number] = std::min(best_processor[number], processor.back());
      }
      std::vector<Assessment> assessments;
      for (const auto& each : found.ranked) assessments.push_back(each.assessment);
      const auto decision = decide(model, assessments);
      const bool links = decision.kind == Decision::Kind::link;
      const bool is_right = !found.ranked.empty() && found.ranked.front().person.text() == expected;
      truncated += found.truncated ? 1 : 0;
      reviews += decision.kind == Decision::Kind::review ? 1 : 0;
      if (!expected.empty()) {
        with_partner += 1;
        right += is_right ? 1 : 0;
        linked += is_right && links ? 1 : 0;
        const bool is_offered = std::any_of(found.ranked.begin(), found.ranked.end(),
                                            [&](const auto& each) { return each.person.text() == expected; });
        if (!is_offered && first_pass) (is_askable(probe, PersonId::trusted(expected)) ? lost : thin) += 1;
      } else {
        alone += 1;
      }
      false_links += links && !is_right ? 1 : 0;
    }
    const auto at = [](std::vector<double>& values, double share) {
      std::sort(values.begin(), values.end());
      return values[std::min(values.size() - 1, static_cast<std::size_t>(share * static_cast<double>(values.size())))];
    };
    if (summary) times = best, processor = best_processor;
    const auto count = static_cast<double>(probes.size());
    const std::string conditions =
        database->describe().substr(0, database->kind() == store::Database::Kind::sqlite ? 6 : 10) + ", " +
        std::to_string(persons) + " persons, one thread, " + std::to_string(probes.size()) + " probes, " + pass;
    line("p50", at(times, 0.5), "ms", conditions);
    line("p90", at(times, 0.9), "ms", conditions);
    line("p99", at(times, 0.99), "ms", conditions);
    line("processor_p50", at(processor, 0.5), "ms", conditions);
    line("processor_p99", at(processor, 0.99), "ms", conditions);
    if (!first_pass) continue;
    line("right_first", right / std::max(1.0, with_partner), "share", conditions);
    line("not_offered_by_keys", lost / std::max(1.0, with_partner), "share", conditions);
    line("not_offered_by_score", thin / std::max(1.0, with_partner), "share", conditions);
    line("linked", linked / std::max(1.0, with_partner), "share", conditions);
    line("asked", reviews / count, "share", conditions);
    line("false_links", 1000 * false_links / count, "per 1000 probes", conditions);
    line("truncated", truncated / count, "share", conditions);
  }
  return 0;
}
