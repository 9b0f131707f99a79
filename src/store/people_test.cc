// Persons in the store, on both databases: what a search finds, who sees whom, and what merging moves.
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "people/curate.h"
#include "people/question.h"
#include "people/recognize.h"
#include "people/split.h"
#include "store/people_rows.h"
#include "store/test_office.h"
#include "store/verify.h"

namespace handoff::store::testing_office {
namespace {

using exchange::CommandAnswer;
using exchange::OfficeUnit;

class PersonsInStore : public Office {
 protected:
  void SetUp() override {
    Office::SetUp();
    people_ = make_people_reader(*pool_);
  }

  static Json registrant(const std::string& first, const std::string& last, const std::string& birth,
                         const std::string& phone = {}) {
    return Json::object({{"firstName", first},
                         {"lastName", last},
                         {"birthDate", birth.empty() ? Json() : Json(birth)},
                         {"phones", Json::object({{"main", phone.empty() ? Json() : Json(phone)}})}});
  }
  std::shared_ptr<const people::Prepared> prepared(const Json& registrant) {
    return people::prepare(people::registrant_of(registrant), clock_.now());
  }
  people::Arrival arrival(const OrganizationId& organization, const Json& who) {
    people::Arrival out;
    out.organization = organization;
    out.record = SourceRecordId::make(clock_.now(), random_);
    out.referral = ReferralId::make(clock_.now(), random_);
    out.method = "api";
    out.source_name = "Mill Clinic";
    out.prepared = prepared(who);
    return out;
  }
  PersonId arrive(const OrganizationId& organization, const Json& who) {
    PersonId id;
    (void)run(organization, {}, [&](OfficeUnit& unit) -> Result<void> {
      id = HANDOFF_TRY(people::recognize(part_of<people::Unit>(unit), arrival(organization, who))).person;
      return {};
    });
    return id;
  }
  Result<people::Candidates> search(const OrganizationId& organization, const Json& who) {
    return people::find_candidates(*people_, people::Model::standard(), organization, *prepared(who));
  }
  std::unique_ptr<people::Reader> people_;
  const Json noor_ = registrant("Noor", "Haddad", "1990-05-05", "+1 416 555 0199");
};
INSTANTIATE_TEST_SUITE_P(Both, PersonsInStore, testing::ValuesIn(testing_support::both_databases()),
                         testing_support::database_name);

TEST(CompactIds, ComeBackAsTheyWere) {
  SeededRandom random(3);
  for (int i = 0; i < 200; ++i) {
    const PersonId id = PersonId::make(from_ms(1'700'000'000'000 + i * 7919LL), random);
    EXPECT_EQ(compact(id).bytes.size(), 16U);
    EXPECT_EQ(expand_person(compact(id).bytes), id);
  }
}

TEST_P(PersonsInStore, AreFoundByWhoeverOwnsThemAndNobodyElse) {
  const PersonId noor = arrive(receiver_, noor_);
  const auto found = search(receiver_, noor_).value();
  ASSERT_EQ(found.ranked.size(), 1U);
  EXPECT_EQ(found.ranked[0].person, noor);
  EXPECT_TRUE(search(stranger_, noor_).value().ranked.empty());
  EXPECT_TRUE(people_->persons(stranger_, std::span(&noor, 1)).value().empty());
  EXPECT_TRUE(people_->links(stranger_, noor, 10).value().empty());
  EXPECT_NE(arrive(stranger_, noor_), noor);
}

// One command that brings the same person twice, and two commands of one batch, each see what came before.
TEST_P(PersonsInStore, AreSeenWithinACommandAndWithinABatch) {
  PersonId first, second;
  (void)run(receiver_, {}, [&](OfficeUnit& unit) -> Result<void> {
    auto& persons = part_of<people::Unit>(unit);
    first = HANDOFF_TRY(people::recognize(persons, arrival(receiver_, noor_))).person;
    second = HANDOFF_TRY(people::recognize(persons, arrival(receiver_, noor_))).person;
    return {};
  });
  EXPECT_EQ(first, second);
  std::vector<PersonId> found(16);
  std::vector<std::thread> threads;
  const Json other = registrant("Zoë", "Lindqvist", "1964-09-09", "+1 647 555 0188");
  for (auto& each : found) {
    threads.emplace_back([&, wanted = arrival(receiver_, other)] {
      exchange::Command command;
      command.actor = actor(receiver_);
      command.cause = "request";
      command.run = [&](OfficeUnit& unit) -> Result<CommandAnswer> {
        each = HANDOFF_TRY(people::recognize(part_of<people::Unit>(unit), wanted)).person;
        return CommandAnswer{};
      };
      exchange::Ledger& ledger = *ledger_;
      EXPECT_TRUE(ledger.run(std::move(command)));
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& each : found) EXPECT_EQ(each, found.front());
}

// Two processes on one PostgreSQL, or two ledgers on one SQLite file: nothing but the database knows of both.
TEST_P(PersonsInStore, AreSeenByTwoWritersAtOnce) {
  LedgerOptions options;
  options.writers = GetParam() == Database::Kind::sqlite ? 1 : 2;
  auto other = WritingLedger::start(*database_, *key_, clock_, random_, options).value();
  constexpr int rounds = 20;
  for (int round = 0; round < rounds; ++round) {
    const Json who =
        registrant("Ida" + std::string(1, static_cast<char>('a' + round)), "Berg",
                   "19" + std::to_string(50 + round) + "-03-04", "+1 514 555 01" + std::to_string(10 + round));
    std::vector<PersonId> found(4);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < found.size(); ++i) {
      threads.emplace_back([&, i, wanted = arrival(receiver_, who)] {
        exchange::Command command;
        command.actor = actor(receiver_);
        command.cause = "request";
        auto needs = std::make_shared<people::PersonNeeds>();
        needs->organization = receiver_;
        needs->prepared = wanted.prepared;
        if (i % 2 == 0) command.needs.rooms.push_back(needs);  // with and without saying so beforehand
        command.run = [&](OfficeUnit& unit) -> Result<CommandAnswer> {
          found[i] = HANDOFF_TRY(people::recognize(part_of<people::Unit>(unit), wanted)).person;
          return CommandAnswer{};
        };
        exchange::Ledger& ledger = i < 2 ? *ledger_ : *other;
        const auto done = ledger.run(std::move(command));
        EXPECT_TRUE(done) << done.error().code << done.error().for_log;
      });
    }
    for (auto& thread : threads) thread.join();
    for (const auto& each : found) EXPECT_EQ(each, found.front()) << "round " << round;
  }
  other->stop();
}

TEST_P(PersonsInStore, MovesKeysWithTheirPersons) {
  const PersonId noor = arrive(receiver_, noor_);
  const Json zoe = registrant("Zoë", "Lindqvist", "1964-09-09", "+1 647 555 0188");
  const PersonId other = arrive(receiver_, zoe);
  MergeId merge;
  (void)run(receiver_, {}, [&](OfficeUnit& unit) -> Result<void> {
    merge = HANDOFF_TRY(people::merge(part_of<people::Unit>(unit), receiver_, noor, other, "Same card")).id;
    return {};
  });
  EXPECT_EQ(search(receiver_, zoe).value().ranked.at(0).person, noor);
  EXPECT_EQ(arrive(receiver_, zoe), noor);
  (void)run(receiver_, {}, [&](OfficeUnit& unit) -> Result<void> {
    auto done = HANDOFF_TRY(people::unmerge(part_of<people::Unit>(unit), receiver_, merge, "Two cards"));
    EXPECT_EQ(done.restored.size(), 2U);
    return {};
  });
  EXPECT_EQ(search(receiver_, zoe).value().ranked.at(0).person, other);
  EXPECT_EQ(search(receiver_, noor_).value().ranked.at(0).person, noor);
}

// A second, naive model: a tree of who was merged into whom, and each record with whom it came to. Whatever is merged
// and undone in whatever order, both say the same; and when all is undone, everything is as it was.
TEST_P(PersonsInStore, AreMergedAndUndoneAsANaiveModelSays) {
  constexpr std::size_t count = 7;
  std::vector<PersonId> persons;
  for (std::size_t i = 0; i < count; ++i) {
    persons.push_back(
        arrive(receiver_, registrant("Person" + std::string(1, static_cast<char>('a' + i)),
                                     "Of" + std::string(3, static_cast<char>('b' + i)),
                                     "19" + std::to_string(31 + 7 * i) + "-0" + std::to_string(i + 1) + "-11")));
  }
  ASSERT_EQ(std::set<PersonId>(persons.begin(), persons.end()).size(), count);
  std::map<std::size_t, std::size_t> into;  // who was merged into whom
  std::map<std::size_t, MergeId> merges;    // by who was merged
  const auto root = [&](std::size_t who) {
    while (into.contains(who)) who = into.at(who);
    return who;
  };
  const auto check = [&] {
    for (std::size_t i = 0; i < count; ++i) {
      std::set<PersonId> homes;
      for (std::size_t j = 0; j < count; ++j) {
        if (root(j) == i) homes.insert(persons[j]);
      }
      std::set<PersonId> found;
      const auto links = people_->links(receiver_, persons[i], 100).value();
      for (const auto& link : links) found.insert(link.home);
      EXPECT_EQ(found, into.contains(i) ? std::set<PersonId>{} : homes) << i;
      EXPECT_EQ(people::standing_for(*people_, receiver_, persons[i]).value(), persons[root(i)]);
    }
  };
  SeededRandom dice(11);
  for (int step = 0; step < 60; ++step) {
    const std::size_t a = dice.below(count), b = dice.below(count);
    if (merges.contains(a) && dice.below(2) == 0) {
      (void)run(receiver_, {}, [&](OfficeUnit& unit) -> Result<void> {
        HANDOFF_TRY(people::unmerge(part_of<people::Unit>(unit), receiver_, merges.at(a), ""));
        return {};
      });
      merges.erase(a);
      into.erase(a);
    } else if (a != b && !into.contains(a) && !into.contains(b)) {
      (void)run(receiver_, {}, [&](OfficeUnit& unit) -> Result<void> {
        merges[a] =
            HANDOFF_TRY(people::merge(part_of<people::Unit>(unit), receiver_, persons[b], persons[a], "Alike")).id;
        return {};
      });
      into[a] = b;
    }
    check();
  }
  while (!merges.empty()) {
    auto each = merges.begin();
    std::advance(each, static_cast<std::ptrdiff_t>(dice.below(merges.size())));
    const auto [who, id] = *each;
    (void)run(receiver_, {}, [&](OfficeUnit& unit) -> Result<void> {
      HANDOFF_TRY(people::unmerge(part_of<people::Unit>(unit), receiver_, id, ""));
      return {};
    });
    merges.erase(who);
    into.erase(who);
  }
  check();
}

// A history of thousands of records is searched, shown, merged and undone like any other.
TEST_P(PersonsInStore, AnswersForAClusterOfFiveThousand) {
  constexpr std::size_t records = 5000;
  const PersonId noor = arrive(receiver_, noor_);
  for (std::size_t done = 1; done < records;) {
    (void)run(receiver_, {}, [&](OfficeUnit& unit) -> Result<void> {
      for (int i = 0; i < 500 && done < records; ++i, ++done) {
        clock_.advance(milliseconds(1));
        HANDOFF_TRY(people::link_to(part_of<people::Unit>(unit), arrival(receiver_, noor_), noor, nullptr,
                                    people::Origin::automatic));
      }
      return {};
    });
  }
  const auto found = search(receiver_, noor_).value();
  ASSERT_EQ(found.ranked.size(), 1U);
  EXPECT_EQ(found.ranked[0].person, noor);
  EXPECT_EQ(found.ranked[0].assessment.grade, people::Grade::certain);
  EXPECT_TRUE(found.truncated);
  EXPECT_EQ(arrive(receiver_, noor_), noor);
  const PersonId zoe = arrive(receiver_, registrant("Zoë", "Lindqvist", "1964-09-09", "+1 647 555 0188"));
  MergeId merge;
  (void)run(receiver_, {}, [&](OfficeUnit& unit) -> Result<void> {
    const auto done = HANDOFF_TRY(people::merge(part_of<people::Unit>(unit), receiver_, zoe, noor, "Same card"));
    EXPECT_EQ(done.records.size(), records + 1);
    merge = done.id;
    return {};
  });
  EXPECT_EQ(search(receiver_, noor_).value().ranked.at(0).person, zoe);
  (void)run(receiver_, {}, [&](OfficeUnit& unit) -> Result<void> {
    const auto done = HANDOFF_TRY(people::unmerge(part_of<people::Unit>(unit), receiver_, merge, ""));
    EXPECT_EQ(done.restored.size(), records + 1);
    return {};
  });
  EXPECT_EQ(people_->links(receiver_, zoe, 10).value().size(), 1U);
}

// Whoever comes every week fills the keys of a person alone; a relative who shares a key that is not full must not hide
// that.
TEST_P(PersonsInStore, AreRecognizedHoweverOftenTheyCome) {
  const auto living = [](Json who) {
    who.set("address", Json::object({{"line", "12 Elm Street"}, {"city", "Guelph"}, {"postalCode", "N1H 2T3"}}));
    return who;
  };
  const PersonId brother = arrive(receiver_, living(registrant("Sami", "Haddad", "1971-02-03", "+1 519 555 0110")));
  const Json noor = living(noor_);
  const PersonId first = arrive(receiver_, noor);
  EXPECT_NE(first, brother);
  for (int week = 0; week < 80; ++week) {
    clock_.advance(milliseconds(1));
    ASSERT_EQ(arrive(receiver_, noor), first) << "in week " << week;
  }
}

// A shelter's telephone says nothing, and the more of its people are known the less they are looked at: not being
// counted must not make it rare again.
TEST_P(PersonsInStore, WeighASharedTelephoneTheLessTheMoreShareIt) {
  const std::string shelter = "+1 416 555 0100";
  const char* const names[] = {"Ada", "Bela", "Cleo", "Dov", "Esra", "Femi", "Gita", "Hugo"};
  const char* const families[] = {"Abara", "Brandt", "Castro", "Dlamini", "Ekberg", "Fujita", "Grosz", "Horvat"};
  PersonId bela;
  for (int i = 0; i < 64; ++i) {
    clock_.advance(milliseconds(1));
    const auto id = arrive(receiver_, registrant(names[i % 8], families[i / 8],
                                                 "19" + std::to_string(20 + i) + "-0" + std::to_string(1 + i % 9) +
                                                     "-1" + std::to_string(i % 7),
                                                 shelter));
    if (i == 9) bela = id;
  }
  const auto found = search(receiver_, registrant("Bela", "Brandt", "1929-01-12", shelter)).value();
  ASSERT_FALSE(found.ranked.empty());
  EXPECT_EQ(found.ranked[0].person, bela);
  bool seen = false;
  for (const auto& line : found.ranked[0].assessment.evidence.fields) {
    if (line.field != people::Field::phone) continue;
    seen = true;
    EXPECT_NEAR(line.bits + line.frequency_bits, 0, 0.01);
  }
  EXPECT_TRUE(seen);
}

TEST_P(PersonsInStore, AreCountedWhenTheyHaveBecomeAQuarterMore) {
  auto connection = connect();
  arrive(receiver_, noor_);
  ASSERT_TRUE(count_persons(*connection, clock_.now()));
  EXPECT_EQ(people_->population(receiver_).value().version, 0) << "one person is not worth counting";
  const auto invent = [&](int from, int to) {
    for (int i = from; i < to; ++i) {
      // Names and days far from each other, so that nobody is taken for anybody else.
      std::string name = "O";
      for (const int step : {7, 11, 5, 17, 3, 19}) name += static_cast<char>('a' + (i * step + step) % 26);
      const std::string year = std::to_string(1930 + i * 37 % 70), month = std::to_string(1 + i % 9),
                        day = std::to_string(10 + i * 5 % 18);
      arrive(receiver_, registrant("Mary", name, year + "-0" + month + "-" + day));
    }
  };
  invent(0, 70);
  ASSERT_EQ(people_->list(receiver_, std::nullopt, 200, std::nullopt).value().items.size(), 71U);
  ASSERT_TRUE(count_persons(*connection, clock_.now()));
  const auto counted = people_->population(receiver_).value();
  EXPECT_EQ(counted.version, 1);
  EXPECT_EQ(counted.persons, 71);
  const auto mary = prepared(registrant("Mary", "Other", ""))->record;
  EXPECT_EQ(counted.frequencies->count(people::Value::given, mary.given.hash), 70U);
  EXPECT_EQ(counted.frequencies->total(people::Value::given), 71U);
  clock_.advance(milliseconds(10));
  invent(70, 80);
  ASSERT_TRUE(count_persons(*connection, clock_.now()));
  EXPECT_EQ(people_->population(receiver_).value().version, 1) << "ten more are no quarter";
}

// Goal: questions that an older model asked are looked at by the present one, each once.
TEST_P(PersonsInStore, AreAskedAboutAnewByAnotherModel) {
  Json mother = registrant("Amélie", "Okafor", "1987-02-11", "+1 905 555 0142");
  arrive(receiver_, mother);
  mother.set("firstName", "Bridget");
  const PersonId twin = arrive(receiver_, mother);
  people::ReviewFilter filter;
  filter.person = twin;
  const auto asked = people_->reviews(receiver_, filter).value().items;
  ASSERT_EQ(asked.size(), 1U);
  auto connection = connect();
  const std::string& present = people::Model::standard().version;
  EXPECT_TRUE(reviews_of_other_models(*connection, present, 10).value().empty());
  constexpr Statement age{"test.age", "UPDATE person_review SET model_version = 'older'"};
  ASSERT_TRUE(connection->query(age, {}));
  const auto found = reviews_of_other_models(*connection, present, 10).value();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].second, asked[0].id);
  (void)run(receiver_, {}, [&](OfficeUnit& unit) {
    return people::look_again(part_of<people::Unit>(unit), receiver_, found[0].second);
  });
  EXPECT_TRUE(reviews_of_other_models(*connection, present, 10).value().empty());
  const auto renewed = people_->review(receiver_, asked[0].id).value().value();
  EXPECT_EQ(renewed.version, asked[0].version + 1);
  EXPECT_EQ(renewed.status, people::ReviewStatus::open);
  EXPECT_EQ(renewed.evidence, asked[0].evidence);
}

// A naive model of merging, undoing it, splitting and undoing that, in whatever order: each record has a home, homes
// are merged into each other, and a split gives a record another home until it is taken back.
TEST_P(PersonsInStore, AreSplitAndPutBackAsANaiveModelSays) {
  constexpr std::size_t count = 5;
  std::vector<PersonId> persons;
  std::vector<SourceRecordId> records;  // two of each
  std::map<SourceRecordId, PersonId> home;
  for (std::size_t i = 0; i < count; ++i) {
    const Json who = registrant("Person" + std::string(1, static_cast<char>('a' + i)),
                                "Of" + std::string(3, static_cast<char>('b' + i)),
                                "19" + std::to_string(31 + 7 * i) + "-0" + std::to_string(i + 1) + "-11");
    persons.push_back(arrive(receiver_, who));
    ASSERT_EQ(arrive(receiver_, who), persons.back());
    const auto links = people_->links(receiver_, persons.back(), 10).value();
    for (const auto& link : links) {
      records.push_back(link.record);
      home.emplace(link.record, persons.back());
    }
  }
  ASSERT_EQ(records.size(), 2 * count);
  struct Cut {
    SplitId id;
    PersonId made, before;
  };
  std::map<PersonId, PersonId> into;
  std::map<PersonId, MergeId> merges;
  std::map<SourceRecordId, Cut> splits;
  const auto root = [&](PersonId who) {
    while (into.contains(who)) who = into.at(who);
    return who;
  };
  const auto check = [&](const std::string& when) {
    for (const auto& record : records) {
      const PersonId wanted = root(home.at(record));
      const auto links = people_->links(receiver_, wanted, 100).value();
      EXPECT_TRUE(std::any_of(links.begin(), links.end(), [&](const auto& link) {
        return link.record == record && link.home == home.at(record);
      })) << when;
    }
  };
  const auto in_unit = [&](auto work) {
    (void)run(receiver_, {}, [&](OfficeUnit& unit) -> Result<void> { return work(part_of<people::Unit>(unit)); });
  };
  SeededRandom dice(23);
  for (int step = 0; step < 60; ++step) {
    const auto& record = records[dice.below(records.size())];
    const PersonId a = persons[dice.below(count)], b = persons[dice.below(count)];
    if (dice.below(2) == 0) {
      if (splits.contains(record)) {
        in_unit([&](people::Unit& unit) -> Result<void> {
          EXPECT_EQ(HANDOFF_TRY(people::unsplit(unit, receiver_, splits.at(record).id)).undecided.size(), 0U);
          return {};
        });
        home.at(record) = splits.at(record).before;
        splits.erase(record);
      } else {
        const PersonId from = root(home.at(record));
        const auto held = people_->links(receiver_, from, 100).value();
        if (held.size() < 2) continue;
        in_unit([&](people::Unit& unit) -> Result<void> {
          const auto done = HANDOFF_TRY(people::split_off(unit, receiver_, from, {record}, "Another one's"));
          splits.emplace(record, Cut{done.id, done.made, home.at(record)});
          return {};
        });
        home.at(record) = splits.at(record).made;
      }
    } else if (merges.contains(a)) {
      in_unit([&](people::Unit& unit) -> Result<void> {
        HANDOFF_TRY(people::unmerge(unit, receiver_, merges.at(a), ""));
        return {};
      });
      merges.erase(a);
      into.erase(a);
    } else if (a != b && !into.contains(b)) {
      in_unit([&](people::Unit& unit) -> Result<void> {
        merges[a] = HANDOFF_TRY(people::merge(unit, receiver_, b, a, "Alike")).id;
        return {};
      });
      into[a] = b;
    }
    check("step " + std::to_string(step));
  }
}

// What two transactions write is told in an order in which nothing is passed over, however they end.
TEST_P(PersonsInStore, AreToldInAnOrderThatPassesNothingOver) {
  const std::string start = people_->stream_end(receiver_).value();
  constexpr Statement insert{"test.event",
                             "INSERT INTO stream_event (organization_id, type, subject_id, detail, at) VALUES ($1, $2, "
                             "'per_x', '{}', 0)"};
  if (GetParam() == Database::Kind::sqlite) {  // one writer: numbers are committed as they are handed out
    ASSERT_TRUE(connect()->query(insert, {receiver_.text(), std::string("first")}));
    EXPECT_EQ(people_->stream(receiver_, start, 10).value().size(), 1U);
    return;
  }
  auto slow = connect(), quick = connect();
  ASSERT_TRUE(slow->begin());
  ASSERT_TRUE(slow->query(insert, {receiver_.text(), std::string("first")}));
  ASSERT_TRUE(quick->begin());
  ASSERT_TRUE(quick->query(insert, {receiver_.text(), std::string("second")}));
  ASSERT_TRUE(quick->commit());
  EXPECT_TRUE(people_->stream(receiver_, start, 10).value().empty()) << "the first may still come";
  ASSERT_TRUE(slow->commit());
  // Transactions of other databases of the same server hold the stream back, too: asked until they are over.
  auto told = people_->stream(receiver_, start, 10).value();
  const auto patience = std::chrono::steady_clock::now() + std::chrono::minutes{2};
  while (told.size() < 2 && std::chrono::steady_clock::now() < patience)
    told = people_->stream(receiver_, start, 10).value();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].type, "first");
}

}  // namespace
}  // namespace handoff::store::testing_office
