#include "people/score.h"

#include <gtest/gtest.h>

#include "people/generate.h"
#include "people/normalize.h"
#include "people/policy.h"

namespace handoff::people {
namespace {

Registrant base() {
  Registrant r;
  r.first_name = Text("Wilhelmina");
  r.middle_name = Text("Joan");
  r.last_name = Text("Quillcroft");
  r.birth_date = Text("1987-02-11");
  r.gender = Text("female");
  r.line = Text("12 Ravensholm Street");
  r.city = Text("Hamilton");
  r.province = Text("ON");
  r.postal_code = Text("L8P 1A1");
  r.phones = {Text("905 522 0142")};
  r.emails = {Text("mina.q@example.org")};
  return r;
}
Record made(const Registrant& r) { return normalize(r, Locale{}); }

struct Known {
  NoFrequencies frequencies;
  Scorer scorer{Model::standard(), frequencies, Prior::of_persons(1'000'000)};
  Assessment judge(const Registrant& a, const Registrant& b) const {
    return assess(scorer, frequencies, made(a), made(b));
  }
};

bool has(const Assessment& assessment, Guard guard) {
  return std::find(assessment.guards.begin(), assessment.guards.end(), guard) != assessment.guards.end();
}

// Records of invented people, for properties that must hold for any two.
std::vector<Record> population(std::uint64_t seed, std::size_t households) {
  Dice dice(seed);
  const GenerateOptions how;
  std::vector<Record> records;
  for (std::size_t h = 0; h < households; ++h) {
    for (const auto& person : invent_household(dice, how, h * 10 + 1, h)) {
      for (int i = 0; i < 2; ++i) {
        const auto r = invent_record(dice, how, person, records.size(), i == 0);
        Registrant out;
        out.first_name = Text(r.first);
        out.middle_name = Text(r.middle);
        out.last_name = Text(r.last);
        out.birth_date = Text(r.birth);
        out.gender = Text(r.gender);
        out.line = Text(r.line);
        out.city = Text(r.city);
        out.postal_code = Text(r.postal_code);
        out.phones = {Text(r.phone), Text(r.alternate)};
        out.emails = {Text(r.email)};
        records.push_back(made(out));
      }
    }
  }
  return records;
}

TEST(Score, IsSymmetric) {
  const auto records = population(3, 60);
  CountedFrequencies frequencies;
  for (const auto& record : records) frequencies.add(record);
  const Scorer scorer(Model::standard(), frequencies, Prior::of_persons(1000));
  for (std::size_t i = 0; i < records.size(); ++i) {
    for (std::size_t j = i; j < records.size(); ++j) {
      ASSERT_EQ(compare(records[i], records[j]), compare(records[j], records[i])) << i << ' ' << j;
      ASSERT_DOUBLE_EQ(scorer.score(records[i], records[j]).total_bits,
                       scorer.score(records[j], records[i]).total_bits);
    }
  }
}

TEST(Score, BetterLevelsNeverWeighLess) {
  const auto& model = Model::standard();
  for (std::size_t f = 0; f < field_count; ++f) {
    const std::size_t size = ladders()[ladder_of(static_cast<Field>(f))].size();
    for (std::size_t i = 2; i <= size; ++i) {
      EXPECT_LE(model.stranger_bits[f][i], model.stranger_bits[f][i - 1] + 1e-5)
          << field_name(static_cast<Field>(f)) << i;
      EXPECT_LE(model.household_bits[f][i], model.household_bits[f][i - 1] + 1e-5)
          << field_name(static_cast<Field>(f)) << i;
    }
    EXPECT_GE(model.stranger_bits[f][1], 0)
        << "agreement never weighs less than silence: " << field_name(static_cast<Field>(f));
    EXPECT_GE(model.household_bits[f][1], 0) << field_name(static_cast<Field>(f));
  }
}

TEST(Score, AgreementNeverLowersIt) {
  const Known known;
  const auto records = population(5, 40);
  for (std::size_t i = 0; i + 1 < records.size(); ++i) {
    const auto& a = records[i];
    const auto& b = records[i + 1];
    const auto levels = compare(a, b);
    const double before = known.scorer.score(levels, a, b).total_bits;
    for (std::size_t f = 0; f < field_count; ++f) {
      if (levels.levels[f] <= level::exact) continue;
      auto better = levels;
      --better.levels[f];
      EXPECT_GE(known.scorer.score(better, a, b).total_bits, before - 1e-6) << field_name(static_cast<Field>(f));
    }
  }
}

TEST(Score, NothingKnownIsNoEvidence) {
  const Known known;
  const Record empty;
  EXPECT_DOUBLE_EQ(known.scorer.score(empty, empty).stranger_bits, 0);
  EXPECT_LT(known.scorer.score(empty, empty).probability, 1e-5);
}

TEST(Score, MissingColumnsLeaveDoubt) {
  const Known known;
  Registrant only_name;
  only_name.first_name = Text("Wilhelmina");
  only_name.last_name = Text("Quillcroft");
  EXPECT_LT(known.judge(only_name, only_name).evidence.score.probability, 0.5) << "a name among a million";
  auto with_birth = only_name;
  with_birth.birth_date = Text("1987-02-11");
  const auto both = known.judge(with_birth, with_birth);
  EXPECT_GT(both.evidence.score.probability, 0.5);
  EXPECT_NE(both.grade, Grade::none);
}

TEST(Score, CommonValuesSayLess) {
  CountedFrequencies frequencies;
  Registrant r = base();
  for (int i = 0; i < 400; ++i) {
    r.first_name = Text("Given" + std::string(1, static_cast<char>('a' + i % 26)) +
                        std::string(1, static_cast<char>('a' + i / 26)));
    r.last_name =
        Text(i % 4 == 0 ? "Smith"
                        : "Name" + std::string(1, static_cast<char>('a' + i % 26)) + static_cast<char>('a' + i / 26));
    frequencies.add(made(r));
  }
  const Scorer scorer(Model::standard(), frequencies, Prior::of_persons(400));
  Registrant smith, rare;
  smith.last_name = Text("Smith");
  rare.last_name = Text("Zwirnstein");
  EXPECT_LT(scorer.score(made(smith), made(smith)).bits, scorer.score(made(rare), made(rare)).bits - 3);
  // One telephone for everybody is no evidence, and says so as a guard.
  Registrant caller;
  caller.phones = {Text("905 522 0142")};
  EXPECT_NEAR(scorer.score(made(caller), made(caller)).stranger_bits, 0, 0.01);
}

TEST(Guards, TwinsAreNeverLinkedByThemselves) {
  const Known known;
  auto twin = base();
  twin.first_name = Text("Bertram");
  twin.middle_name = Text("");
  const auto judged = known.judge(base(), twin);
  EXPECT_TRUE(has(judged, Guard::twins));
  EXPECT_NE(judged.grade, Grade::certain);
  auto alike = base();
  alike.first_name = Text("Wilhelmine");
  alike.multiple_birth = true;
  EXPECT_TRUE(has(known.judge(base(), alike), Guard::twins)) << "names one letter apart, but a twin is on record";
}

TEST(Guards, ATwinMayBearTheOthersMiddleName) {
  const Known known;
  auto a = base(), b = base();
  b.first_name = Text("Joan");
  b.middle_name = Text("");
  EXPECT_TRUE(has(known.judge(a, b), Guard::twins));
  a.first_name = Text("Wilhelmina Joan");
  EXPECT_FALSE(has(known.judge(a, b), Guard::twins)) << "a word of a double name";
  // In each other's place and of another sex.
  a = base(), b = base();
  b.first_name = Text("Quillcroft");
  b.last_name = Text("Wilhelmin");
  EXPECT_FALSE(has(known.judge(a, b), Guard::twins));
  b.gender = Text("male");
  EXPECT_TRUE(has(known.judge(a, b), Guard::twins));
}

TEST(Guards, ParentAndChild) {
  const Known known;
  auto child = base();
  child.birth_date = Text("2012-09-30");
  EXPECT_TRUE(has(known.judge(base(), child), Guard::generations));
  auto senior = base(), junior = base();
  senior.suffix = Text("Sr");
  junior.suffix = Text("Jr");
  EXPECT_TRUE(has(known.judge(senior, junior), Guard::generations));
  auto slip = base();
  slip.birth_date = Text("1967-02-11");
  EXPECT_TRUE(has(known.judge(base(), slip), Guard::generations)) << "a slip in the decade, or the father";
  slip.birth_date = Text("1978-02-11");
  EXPECT_FALSE(has(known.judge(base(), slip), Guard::generations));
}

TEST(Guards, IdentifiersOfOneSystem) {
  const Known known;
  auto a = base(), b = base();
  a.identifiers = {{"urn:card", Text("4083159267")}};
  b.identifiers = {{"urn:card", Text("9876543211")}};
  EXPECT_TRUE(has(known.judge(a, b), Guard::identifiers_differ));
  b.identifiers = {{"urn:plan", Text("9876543211")}};
  EXPECT_FALSE(has(known.judge(a, b), Guard::identifiers_differ));
  a.identifiers = {{"urn:plan", Text("11112222"), false}};
  b.identifiers = {{"urn:plan", Text("11112223"), false}};
  EXPECT_FALSE(has(known.judge(a, b), Guard::identifiers_differ)) << "a plan's number may be a family's";
  a.identifiers = {{"urn:card", Text("4083159267")}};
  b.identifiers = {{"urn:card", Text("9267")}};
  EXPECT_FALSE(has(known.judge(a, b), Guard::identifiers_differ)) << "only the last digits were given";
}

TEST(Guards, ANumberThatAgreesAnswersForAlikeNamesOnly) {
  // One person's number on another's record is how two people become one.
  const Known known;
  auto a = base(), b = base();
  b.first_name = Text("Ottilie");
  a.identifiers = b.identifiers = {{"urn:card", Text("4083159267")}};
  EXPECT_TRUE(has(known.judge(a, b), Guard::twins));
  a.first_name = Text("Ka");
  b.first_name = Text("Kala");
  EXPECT_FALSE(has(known.judge(a, b), Guard::twins));
  a.identifiers = b.identifiers = {{"urn:plan", Text("4083159267"), false}};
  EXPECT_TRUE(has(known.judge(a, b), Guard::twins)) << "a family's number is the other twin's as well";
  a = base();
  a.identifiers = {{"urn:card", Text("4083159267")}};
  b = base();
  b.birth_date = Text("1957-06-20");
  b.identifiers = a.identifiers;
  EXPECT_TRUE(has(known.judge(a, b), Guard::generations));
  EXPECT_NE(known.judge(a, b).grade, Grade::certain);
}

TEST(Guards, AFamilysNumberTellsNoMembersApart) {
  const Known known;
  auto a = base(), b = base();
  b.birth_date = Text();
  b.phones.clear();
  b.emails.clear();
  a.identifiers = b.identifiers = {{"urn:plan", Text("4083159267"), false}};
  EXPECT_TRUE(has(known.judge(a, b), Guard::household)) << "without a birth date it may be the mother";
  a.identifiers = b.identifiers = {{"urn:card", Text("4083159267"), true}};
  EXPECT_FALSE(has(known.judge(a, b), Guard::household));
}

TEST(Guards, ATwinsBirthDateMayBeMistyped) {
  const Known known;
  auto a = base(), b = base();
  b.first_name = Text("Ottokar");
  for (const char* date : {"1987-11-02", "1987-02-12", "1987-02-11"}) {
    b.birth_date = Text(date);
    EXPECT_TRUE(has(known.judge(a, b), Guard::twins)) << date;
  }
  // Elsewhere another name and a birth date nearly the same are nobody's twin.
  b.birth_date = Text("1987-02-12");
  b.line = Text("77 Elsewhere Road");
  b.phones.clear();
  b.emails.clear();
  EXPECT_FALSE(has(known.judge(a, b), Guard::twins));
}

TEST(Guards, TwoSlipsAndNothingElseAreAskedAbout) {
  const auto person = [](std::string last, std::string birth) {
    Registrant r;
    r.first_name = Text("Mary");
    r.last_name = Text(std::move(last));
    r.birth_date = Text(std::move(birth));
    return r;
  };
  const Known known;
  EXPECT_TRUE(
      has(known.judge(person("Hartfield", "1980-03-12"), person("Hartfeld", "1980-03-13")), Guard::thin_evidence));
  EXPECT_TRUE(
      has(known.judge(person("Hartfield", "1980-03-12"), person("Hartfield", "1980-03-13")), Guard::thin_evidence))
      << "of one name many are born a digit apart";
  EXPECT_FALSE(
      has(known.judge(person("Hartfield", "1980-03-12"), person("Hartfeld", "1980-03-12")), Guard::thin_evidence));
  auto a = person("Hartfield", "1980-03-12"), b = person("Hartfeld", "1980-03-13");
  a.phones = b.phones = {Text("905-555-0142")};
  EXPECT_FALSE(has(known.judge(a, b), Guard::thin_evidence)) << "her telephone tells her from the other Mary";
}

TEST(Guards, TheNextTelephoneNumberIsTheNeighbours) {
  Registrant a, b;
  a.first_name = b.first_name = Text("Linda");
  a.last_name = Text("Moore");
  b.last_name = Text("Park");
  a.birth_date = b.birth_date = Text("1985-04-04");
  a.phones = {Text("416 555 0177")};
  b.phones = {Text("416 555 0178")};
  const Known known;
  EXPECT_NE(known.judge(a, b).grade, Grade::certain);
  b.last_name = Text("Moore");
  EXPECT_EQ(known.judge(a, b).grade, Grade::certain) << "under her own name it is a slip";
}

// Parents give twins names that go together. What follows from a slip of the pen must still be one person.
TEST(Guards, NamesThatGoTogetherAreTwoAndSlipsAreOne) {
  const Known known;
  const auto judged = [&](const char* first, const char* second) {
    auto a = base(), b = base();
    a.first_name = Text(first);
    b.first_name = Text(second);
    a.middle_name = b.middle_name = Text("");
    a.gender = b.gender = Text("");
    return known.judge(a, b);
  };
  const std::pair<const char*, const char*> twins[] = {
      {"Marina", "Karina"},   {"Jayden", "Hayden"}, {"Gurpreet", "Harpreet"}, {"Amina", "Amira"},
      {"Aiden", "Jaiden"},    {"Lena", "Elena"},    {"Eric", "Erica"},        {"Daniel", "Daniela"},
      {"Jan", "Jana"},        {"Samir", "Samira"},  {"Michael", "Michelle"},  {"Daniel", "Danielle"},
      {"Justin", "Justine"},  {"Tim", "Tom"},       {"Greta", "Gretchen"},    {"Mary Ann", "Mary Jane"},
      {"Jia Hao", "Jia Ming"}};
  for (const auto& [one, other] : twins) {
    EXPECT_TRUE(has(judged(one, other), Guard::twins)) << one << " and " << other;
    EXPECT_TRUE(has(judged(other, one), Guard::twins)) << other << " and " << one;
  }
  const std::pair<const char*, const char*> slips[] = {
      {"Katherine", "Katherin"}, {"Jonathan", "Jonathon"}, {"Mohammed", "Mohamed"},        {"Steven", "Stephen"},
      {"Robert", "Bob"},         {"Sara", "Sarah"},        {"Christopher", "Chirstopher"}, {"Gwendolyn", "Gwendolin"},
      {"Brian", "Bryan"},        {"Mary", "Mary Ann"},     {"Elizabeth", "Elizabteh"}};
  for (const auto& [one, other] : slips) EXPECT_EQ(judged(one, other).grade, Grade::certain) << one << " and " << other;
}

TEST(Normalize, AChildWithoutANameHasNone) {
  for (const char* first :
       {"Baby Boy", "Baby Girl", "Twin A", "Twin B", "Babyboy", "Baby Of Maria", "Newborn", "Triplet 2"}) {
    Registrant r;
    r.first_name = Text(first);
    r.last_name = Text("Farouk");
    const auto record = made(r);
    EXPECT_TRUE(record.given.empty()) << first;
    EXPECT_FALSE(record.family.empty());
  }
}

// At a shelter the postcode says no more than the house, which says nothing.
TEST(Score, ASheltersPostcodeIsTheShelters) {
  CountedFrequencies shelter;
  for (int i = 0; i < 60; ++i) {
    Registrant r;
    r.first_name = Text("N" + std::string(1, static_cast<char>('a' + i % 26)) + "ola");
    r.last_name = Text("F" + std::string(1, static_cast<char>('a' + i / 3)) + "rst");
    r.line = Text("1 Harbour Lane");
    r.postal_code = Text("N1H 2T3");
    shelter.add(made(r));
  }
  const Scorer scorer(Model::standard(), shelter, Prior::of_persons(1000));
  Registrant r;
  r.line = Text("1 Harbour Lane");
  r.postal_code = Text("N1H 2T3");
  const auto record = made(r);
  EXPECT_LT(scorer.score(record, record).bits, 1);
  const auto rarity = scorer.rarity(record);
  EXPECT_EQ(scorer.score(record, record).bits, scorer.score(record, record, rarity, rarity).bits);
}

TEST(Guards, NumbersThatDifferAreAskedAboutWhateverElseDiffers) {
  const Known known;
  auto a = base(), b = base();
  a.identifiers = {{"urn:card", Text("4083159267")}};
  b.identifiers = {{"urn:card", Text("4083159268")}};
  EXPECT_EQ(known.judge(a, b).grade, Grade::probable) << "mistyped, perhaps: a person decides";
  b.birth_date = Text("1987-02-12");
  EXPECT_EQ(known.judge(a, b).grade, Grade::probable) << "two slips of the pen are slips";
  b.birth_date = Text("1961-09-30");
  EXPECT_TRUE(has(known.judge(a, b), Guard::identifiers_differ));
  EXPECT_NE(known.judge(a, b).grade, Grade::certain);
  b = base();
  b.identifiers = {{"urn:card", Text("4083159268")}};
  b.last_name = Text("Ottokar");  // a marriage and a mistyped number: still one woman, perhaps
  EXPECT_TRUE(has(known.judge(a, b), Guard::identifiers_differ));
  EXPECT_NE(known.judge(a, b).grade, Grade::certain);
}

TEST(Compare, AYearFromAnAgeMayBeOneOff) {
  const auto born = [](std::string year) {
    Registrant r;
    r.birth_date = Text(std::move(year));
    return normalize(r, Locale{});
  };
  EXPECT_EQ(compare(born("1970"), born("1970")).of(Field::birth), level::birth::year);
  EXPECT_EQ(compare(born("1970"), born("1971")).of(Field::birth), level::birth::near);
  EXPECT_EQ(compare(born("1970"), born("1969-05-02")).of(Field::birth), level::birth::near);
  EXPECT_EQ(compare(born("1970"), born("1972")).of(Field::birth), level::birth::different);
}

TEST(Compare, TheFirstOfJanuaryOfTwoYearsIsNoAgreement) {
  const auto born = [](std::string date) {
    Registrant r;
    r.birth_date = Text(std::move(date));
    return normalize(r, Locale{});
  };
  EXPECT_EQ(compare(born("1941-01-01"), born("1973-01-01")).of(Field::birth), level::birth::different);
  EXPECT_EQ(compare(born("1969-01-01"), born("1970-01-01")).of(Field::birth), level::birth::near);
  EXPECT_EQ(compare(born("1941-01-01"), born("1951-01-01")).of(Field::birth), level::birth::parts) << "a digit off";
  EXPECT_EQ(compare(born("1941-05-20"), born("1973-05-20")).of(Field::birth), level::birth::parts);
}

TEST(Compare, SeesDistantLikenessAndDigitsLeftOut) {
  const auto of = [](Registrant a, Registrant b, Field field) { return compare(made(a), made(b)).of(field); };
  auto a = base(), b = base();
  b.last_name = Text("Quilcrft");
  EXPECT_EQ(of(a, b, Field::family), level::family::close);
  b.last_name = Text("Qvilkroft");
  EXPECT_EQ(of(a, b, Field::family), level::family::far);
  b.last_name = Text("Abernathy");
  EXPECT_EQ(of(a, b, Field::family), level::family::different);
  b = base();
  b.phones = {Text("905 522 014")};
  EXPECT_EQ(of(a, b, Field::phone), level::phone::edit);
  b.phones = {Text("905 522 999")};
  EXPECT_EQ(of(a, b, Field::phone), level::phone::different);
  b = base();
  b.birth_date = Text("1987-11-30");
  EXPECT_EQ(of(a, b, Field::birth), level::birth::near);
  b.emails = {Text("mina.q@exmaple.org")};
  EXPECT_EQ(of(a, b, Field::email), level::email::slip);
  // The only name given stands in the other field.
  Registrant single;
  single.first_name = Text("Quillcroft");
  EXPECT_EQ(of(base(), single, Field::order), level::order::swapped);
  EXPECT_EQ(of(base(), single, Field::family), level::exact);
  EXPECT_EQ(of(base(), single, Field::given), level::missing);
}

TEST(Guards, DeathImpossibleDatesAndThinEvidence) {
  const Known known;
  auto dead = base();
  dead.deceased = true;
  EXPECT_TRUE(has(known.judge(base(), dead), Guard::deceased));
  auto odd = base();
  odd.birth_date = Text("2001-02-30");
  EXPECT_TRUE(has(known.judge(base(), odd), Guard::doubtful_birth_date));
  EXPECT_TRUE(has(known.judge(odd, odd), Guard::doubtful_birth_date) == false) << "written alike, it agrees";
  Registrant name;
  name.first_name = Text("Wilhelmina");
  name.last_name = Text("Quillcroft");
  EXPECT_TRUE(has(known.judge(name, name), Guard::thin_evidence));
}

TEST(Policy, TheSamePersonIsCertainAndTheRuleIsNamed) {
  const Known known;
  const auto judged = known.judge(base(), base());
  EXPECT_EQ(judged.grade, Grade::certain);
  ASSERT_TRUE(judged.rule);
  EXPECT_EQ(judged.rule->id, "first+last+birth+phone");
  EXPECT_FALSE(judged.rule->fuzzy);
  EXPECT_FALSE(judged.keys.empty());
  const auto json = to_json(judged, Model::standard());
  EXPECT_EQ(json["modelVersion"].text_or(), Model::standard().version);
  EXPECT_EQ(json.dump().find("quillcroft"), std::string::npos) << "an explanation carries no personal data";
  auto day_off = base();
  day_off.birth_date = Text("1987-02-12");
  const auto fuzzy = known.judge(base(), day_off).rule;
  ASSERT_TRUE(fuzzy);
  EXPECT_TRUE(fuzzy->fuzzy);
}

TEST(Policy, LinksOnlyWithAMargin) {
  const Known known;
  const auto first = known.judge(base(), base());
  EXPECT_EQ(decide(Model::standard(), std::vector{first}).kind, Decision::Kind::link);
  const auto close = decide(Model::standard(), std::vector{first, first});
  EXPECT_EQ(close.kind, Decision::Kind::review);
  EXPECT_TRUE(close.too_close);
  EXPECT_EQ(decide(Model::standard(), {}).kind, Decision::Kind::create);
  auto twin = base();
  twin.first_name = Text("Wilma");
  twin.middle_name = Text("");
  auto sister = known.judge(base(), twin);
  ASSERT_TRUE(has(sister, Guard::twins));
  sister.evidence.score.total_bits = first.evidence.score.total_bits - 1;
  EXPECT_EQ(decide(Model::standard(), std::vector{first, sister}).kind, Decision::Kind::link)
      << "her sister's name is no slip for hers";
  auto stranger = base();
  stranger = Registrant{};
  stranger.first_name = Text("Otto");
  EXPECT_EQ(decide(Model::standard(), std::vector{known.judge(base(), stranger)}).kind, Decision::Kind::create);
}

TEST(Policy, AHumansWordIsFinal) {
  const Known known;
  const auto a = made(base());
  EXPECT_EQ(assess(known.scorer, known.frequencies, a, a, {.asserted_different = true}).grade, Grade::certainly_not);
  EXPECT_EQ(assess(known.scorer, known.frequencies, a, a, {.linked_by_person = true}).grade, Grade::probable);
}

TEST(Policy, AnOldAddressDoesNotCountAgainstWhoMoved) {
  const Known known;
  auto moved = base();
  moved.line = Text("99 Thornby Road");
  moved.city = Text("Ottawa");
  moved.postal_code = Text("K1A 0B1");
  const std::vector<Record> person{made(base()), made(moved)};
  const auto probe = made(moved);
  const auto whole = assess_person(known.scorer, known.frequencies, probe, person);
  const auto old_only = assess(known.scorer, known.frequencies, probe, person[0]);
  EXPECT_GT(whole.evidence.score.stranger_bits, old_only.evidence.score.stranger_bits);
  EXPECT_GE(whole.evidence.score.total_bits, old_only.evidence.score.total_bits);
}

TEST(Model, ReadsWhatItWrites) {
  const auto& model = Model::standard();
  const auto again = Model::parse(model.to_json().dump());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->to_json().dump(), model.to_json().dump());
  EXPECT_EQ(Model::parse("{}").error().code, "people.model.invalid");
  EXPECT_FALSE(Model::parse("not json"));
  auto broken = model.to_json();
  broken.set("policy", Json::object({{"certain", 0.5}}));
  EXPECT_EQ(Model::parse(broken.dump()).error().code, "people.model.invalid");
}

}  // namespace
}  // namespace handoff::people
