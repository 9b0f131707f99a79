#include "people/normalize.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "people/distance.h"
#include "people/fold.h"
#include "people/phonetic.h"

namespace handoff::people {
namespace {

Registrant person(std::string first, std::string last) {
  Registrant out;
  out.first_name = Text(std::move(first));
  out.last_name = Text(std::move(last));
  return out;
}

PartialDate date(std::string_view text, std::string_view format = {}) { return normalize_date(text, format, Locale{}); }

TEST(Fold, BringsScriptsToPlainLetters) {
  EXPECT_EQ(fold("Amélie O'Neil-Łoś"), "amelie oneil los");
  EXPECT_EQ(fold("Straße  ÆØ"), "strasse aeo");
  EXPECT_EQ(fold("Иванов"), "ivanov");
  EXPECT_EQ(fold("ᐃᓄᒃ"), "inuk");
  EXPECT_FALSE(fold("王秀英").empty());
  EXPECT_FALSE(fold("محمد").empty());
  EXPECT_EQ(fold(""), "");
  EXPECT_EQ(fold("  --  "), "");
}

TEST(Fold, ComposesWithoutChangingLetters) { EXPECT_EQ(compose("Ame\u0301lie"), "Am\u00e9lie"); }

TEST(Names, KeepsWordsInOrderAndDropsTitles) {
  const auto names = normalize_names(person("Dr. Mary-Ann", "van der Berg Jr"));
  EXPECT_EQ(names.given.view(), "maryann");
  EXPECT_EQ(names.given.word(1), "ann");
  EXPECT_EQ(names.family.view(), "vanderberg");
  EXPECT_EQ(names.family.word_count, 3);
  EXPECT_EQ(names.generation, 2);
}

TEST(Names, ApostropheBlankAndHyphenAreNoDifference) {
  const auto a = normalize_names(person("O'Hara", "Law-rence")), b = normalize_names(person("O Hara", "Lawrence"));
  EXPECT_TRUE(a.given.equals(b.given));
  EXPECT_TRUE(a.family.equals(b.family));
}

TEST(Names, ValuesThatFillAFieldAreMissing) {
  for (const auto& [first, last] :
       {std::pair{"Unk", "Unk"}, {"Baby", "Girl"}, {"John", "Doe"}, {"Unknown", ""}, {"Baby Boy", ""}}) {
    const auto names = normalize_names(person(first, last));
    EXPECT_TRUE(names.given.empty()) << first;
    EXPECT_TRUE(names.family.empty()) << last;
  }
  EXPECT_EQ(normalize_names(person("Rosa", "Girl")).family.view(), "girl");
}

TEST(Names, AreCutAtTheirRoomAndNeverTorn) {
  const auto names = normalize_names(person(std::string(500, 'x') + " y", ""));
  EXPECT_EQ(names.given.length, Name::capacity);
}

TEST(Dates, KeepsWhatWasSaid) {
  EXPECT_EQ(date("1949-7-22", "%Y-%m-%d").view(), "19490722");
  EXPECT_EQ(date("19081209", "%Y%m%d").kind, PartialDate::Kind::day);
  EXPECT_EQ(date("1964-10", "%Y-%m-%d").kind, PartialDate::Kind::month);
  EXPECT_EQ(date("1964").kind, PartialDate::Kind::year);
  EXPECT_EQ(date("9/28/42", "%Y-%m-%d").view(), "19420928");
  EXPECT_TRUE(date("9/28/42").two_digit_year);
  EXPECT_EQ(date("28/9/1942").view(), "19420928");
  EXPECT_EQ(date("3 April 2001").view(), "20010403");
  EXPECT_EQ(date("1990-05-06T00:00:00Z").view(), "19900506");
}

TEST(Dates, ImpossibleOnesStayText) {
  const auto february = date("1987-02-30");
  EXPECT_EQ(february.kind, PartialDate::Kind::impossible);
  EXPECT_EQ(february.view(), "19870230");
  EXPECT_EQ(date("19331361", "%Y%m%d").kind, PartialDate::Kind::impossible);
  EXPECT_EQ(date("3000-01-01").kind, PartialDate::Kind::impossible);
  EXPECT_EQ(date("2023-02-29").kind, PartialDate::Kind::impossible);
  EXPECT_EQ(date("2024-02-29").kind, PartialDate::Kind::day);
}

TEST(Dates, NothingAndFillersAreMissing) {
  for (const auto* text :
       {"", "--", "unknown", "Missing, but age 23", "1900-01-01", "0000-00-00", "99999999999999999999"}) {
    EXPECT_TRUE(date(text).empty()) << text;
  }
}

TEST(Phones, CompareByNationalNumber) {
  const Locale canada;
  EXPECT_EQ(normalize_phone("+1 (905) 522-0142 ext. 9", canada), 9055220142U);
  EXPECT_EQ(normalize_phone("905.522.0142", canada), 9055220142U);
  EXPECT_EQ(normalize_phone("801XXXXX89", canada), 0U) << "a masked number is no number";
  EXPECT_EQ(normalize_phone("999-999-9999", canada), 0U);
  EXPECT_EQ(normalize_phone("call me", canada), 0U);
  EXPECT_EQ(normalize_phone("", canada), 0U);
}

TEST(Emails, TagsAndNoReply) {
  const auto tagged = normalize_email(" A.Smith+news@Gmail.com ");
  EXPECT_EQ(tagged.local.view(), "asmith");
  EXPECT_EQ(tagged.domain.view(), "gmail.com");
  EXPECT_TRUE(normalize_email("no-reply@example.org").local.empty());
  EXPECT_TRUE(normalize_email("nobody").local.empty());
  EXPECT_TRUE(normalize_email("@x").local.empty());
}

TEST(Addresses, PartsStandAlone) {
  Registrant r;
  r.line = Text("c/o Mail Program\n0227 North Christine Street Apt. 660");
  r.postal_code = Text("90210-1234");
  const auto a = normalize_address(r);
  EXPECT_EQ(a.number.view(), "227");
  EXPECT_EQ(a.unit.view(), "660");
  EXPECT_EQ(a.postcode.view(), "90210");
  Registrant other;
  other.line = Text("227 Christine St. #660");
  const auto b = normalize_address(other);
  EXPECT_EQ(b.unit.view(), "660");
  EXPECT_EQ(b.street.view(), "christine");
}

TEST(Records, SurviveStorage) {
  Registrant r = person("Zoë Anne", "Quillcroft");
  r.birth_date = Text("1987-02-30");
  r.phones = {Text("905 522 0142"), Text("416 555 0199")};
  r.emails = {Text("zoe@example.org")};
  r.line = Text("12 King St Apt 4");
  r.city = Text("Hamilton");
  r.identifiers = {{"urn:card", Text("123 456 788")}};
  r.attributes = {{"occupation", Text("baker")}};
  r.multiple_birth = true;
  const auto record = normalize(r, Locale{});
  const auto bytes = serialize(record);
  EXPECT_LT(bytes.size(), 200U);
  const auto back = deserialize(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(serialize(*back), bytes);
  EXPECT_EQ(back->given.word_count, 2);
  EXPECT_TRUE(back->multiple_birth);
  // Every cut of the bytes is refused or readable, never anything else.
  for (std::size_t i = 0; i < bytes.size(); ++i) (void)deserialize(bytes.substr(0, i));
  EXPECT_EQ(deserialize("").error().code, "people.record.damaged");
  EXPECT_FALSE(deserialize("\x07garbage"));
}

TEST(Sounds, MeetAcrossSpellings) {
  for (const auto& [a, b] : {std::pair{"catherine", "kathryn"},
                             {"philip", "filip"},
                             {"meier", "meyer"},
                             {"schmidt", "schmitt"},
                             {"amy", "ami"}}) {
    EXPECT_EQ(sound(a), sound(b)) << a;
  }
  EXPECT_NE(sound("miller"), sound("weber"));
  EXPECT_EQ(sound_code("123"), 0U);
}

TEST(Distances, AgreeWithKnownValues) {
  EXPECT_NEAR(jaro_winkler("martha", "marhta"), 0.9611, 1e-3);
  EXPECT_NEAR(jaro_winkler("dixon", "dicksonx"), 0.8133, 1e-3);
  EXPECT_DOUBLE_EQ(jaro_winkler("", ""), 1.0);
  EXPECT_DOUBLE_EQ(jaro_winkler("a", ""), 0.0);
  EXPECT_EQ(edits("smith", "smiht", 2), 1);
  EXPECT_EQ(edits("smith", "smythe", 2), 2);
  EXPECT_EQ(edits("smith", "jones", 2), 3) << "more than the limit";
}

TEST(Distances, EditsAreThoseOfThePlainTable) {
  const auto plain = [](std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) {
      for (std::size_t j = 0; j <= b.size(); ++j) {
        if (i == 0 || j == 0) {
          d[i][j] = i + j;
          continue;
        }
        d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
          d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
    return static_cast<int>(d[a.size()][b.size()]);
  };
  SeededRandom random(4);
  for (int round = 0; round < 20'000; ++round) {
    std::string a, b;
    // Few letters, so that swaps and repeats are frequent; lengths up to the most that is compared.
    const auto letters = 2 + random.below(4);
    for (auto n = random.below(round % 10 == 0 ? 33 : 9); n > 0; --n)
      a.push_back(static_cast<char>('a' + random.below(letters)));
    for (auto n = random.below(round % 10 == 0 ? 33 : 9); n > 0; --n)
      b.push_back(static_cast<char>('a' + random.below(letters)));
    const int wanted = plain(a, b);
    ASSERT_EQ(edits(a, b, 40), wanted) << a << ' ' << b;
    for (const int limit : {1, 2, 3}) ASSERT_EQ(edits(a, b, limit), std::min(wanted, limit + 1)) << a << ' ' << b;
  }
}

TEST(Distances, LettersAloneNeverPromiseTooLittle) {
  const char* names[] = {"jennifer", "robert", "anna", "hanna", "oneil", "neil",
                         "maryann",  "ann",    "jo",   "zoe",   "smith", "smiht"};
  for (const auto* x : names) {
    for (const auto* y : names) {
      const auto a = make_word(x), b = make_word(y);
      const auto best = reach(a.text, a.length, a.letters, b.text, b.length, b.letters);
      EXPECT_GE(best.similarity + 1e-9, jaro_winkler(x, y)) << x << ' ' << y;
      EXPECT_LE(best.edits, edits(x, y, 20)) << x << ' ' << y;
    }
  }
}

}  // namespace
}  // namespace handoff::people
