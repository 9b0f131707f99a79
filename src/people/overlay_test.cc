// Goal: records of two people in one person are told apart, and what only lacks or updates something is not.
#include "people/overlay.h"

#include <gmock/gmock.h>

#include "people/normalize.h"

namespace handoff::people {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

Record person(const char* first, const char* last, const char* birth, const char* phone = "", const char* line = "") {
  Registrant r;
  r.first_name = Text(first);
  r.last_name = Text(last);
  r.birth_date = Text(birth);
  if (*phone) r.phones = {Text(phone)};
  r.line = Text(line);
  return normalize(r, Locale{});
}

std::vector<std::vector<std::size_t>> parts(const std::vector<Record>& records,
                                            std::function<bool(std::size_t, std::size_t)> agree = {}) {
  const NoFrequencies frequencies;
  const Scorer scorer(Model::standard(), frequencies, Prior::of_persons(10'000));
  return parts_of(
      scorer, frequencies, records, agree ? agree : [](std::size_t, std::size_t) { return false; });
}

TEST(Overlay, StrangersAreTwoParts) {
  EXPECT_THAT(parts({person("Noor", "Haddad", "1990-05-05", "+1 416 555 0199"),
                     person("Zoe", "Lindqvist", "1964-09-09", "+1 647 555 0188"),
                     person("Nour", "Haddad", "1990-05-05", "+1 416 555 0199")}),
              ElementsAre(ElementsAre(0u, 2u), ElementsAre(1u)));
}

TEST(Overlay, AThirdRecordThatFitsBothDoesNotHideIt) {
  const auto found = parts({person("Noor", "Haddad", "1990-05-05", "+1 416 555 0199", "7 Elm Road"),
                            person("", "Haddad", "", "+1 416 555 0199", "7 Elm Road"),
                            person("Bashir", "Haddad", "1951-01-31", "", "7 Elm Road")});
  EXPECT_THAT(found, SizeIs(2));
}

TEST(Overlay, WhoMovesMarriesOrIsBadlyWrittenIsOne) {
  EXPECT_THAT(parts({person("Elizabeth", "Lindqvist", "1964-09-09", "+1 647 555 0188", "12 King St"),
                     person("Liz", "Lindqvist", "1964-09-09", "+1 416 555 0177", "3 Pine Road"),
                     person("Elizabeth", "Lindqivst", "1964-09-09"), person("Elizabeth", "Lindqvist", "")}),
              SizeIs(1));
}

TEST(Overlay, TwinsInOnePersonAreTwo) {
  const std::vector<Record> twins{person("Marta", "Okafor", "1987-02-11", "+1 905 555 0142", "12 King St"),
                                  person("Bridget", "Okafor", "1987-02-11", "+1 905 555 0142", "12 King St")};
  EXPECT_THAT(parts(twins), SizeIs(2));
  // Somebody has said that it is one.
  EXPECT_THAT(parts(twins, [](std::size_t, std::size_t) { return true; }), SizeIs(1));
}

TEST(Overlay, OneRecordOrNoneIsOnePart) {
  EXPECT_THAT(parts({person("Noor", "Haddad", "1990-05-05")}), SizeIs(1));
  EXPECT_THAT(parts({}), ElementsAre(testing::IsEmpty()));
}

}  // namespace
}  // namespace handoff::people
