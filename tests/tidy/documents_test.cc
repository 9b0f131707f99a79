// Goal: what documents say stays true, and nothing of the workshop is left in the tree. Method: read the whole tree,
// and show on small invented trees that each rule finds what it should find.
#include "tests/tidy/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace handoff::tidy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Documents, links_lead_somewhere) {
  for (const std::string& fault : dead_links(tree())) ADD_FAILURE() << fault;
}

TEST(Documents, the_tour_names_files_and_symbols_that_exist) {
  const File* tour = tree().find("docs/tour.md");
  ASSERT_NE(tour, nullptr) << "docs/tour.md is missing";
  for (const std::string& fault : stale_stops(tree(), *tour)) ADD_FAILURE() << fault;
}

TEST(Documents, every_room_has_a_readme) {
  for (const std::string& fault : rooms_without_readme(tree())) ADD_FAILURE() << fault;
}

TEST(Documents, no_file_is_longer_than_800_lines) {
  for (const std::string& fault : long_files(tree(), 800)) ADD_FAILURE() << fault;
}

TEST(Documents, nothing_of_the_workshop_is_left_in_the_tree) {
  for (const std::string& fault : forbidden_words(tree())) ADD_FAILURE() << fault;
}

TEST(Documents, a_dead_link_is_found_and_examples_are_not_links) {
  const Tree small =
      Tree::of({{"README.md", "# Handoff\nSee [tour](docs/tour.md), [it](#handoff), [x](#gone).\n"},
                {"docs/tour.md", "[up](../README.md#handoff) [no](b.md) `[a](b)` [w](https://a.example)\n"}});
  EXPECT_THAT(dead_links(small), ElementsAre("README.md:2: the link to #gone names a heading that is not there",
                                             "docs/tour.md:1: the link to b.md leads nowhere"));
}

TEST(Documents, anchors_are_made_as_github_makes_them) {
  EXPECT_EQ(anchor_of("Who may act?"), "who-may-act");
  EXPECT_EQ(anchor_of("`request.too_large`"), "requesttoo_large");
}

TEST(Documents, a_stale_stop_of_the_tour_is_found) {
  const Tree small = Tree::of({{"src/base/id.h", "class Id { static Id parse(); };\nTEST(IdTest, sorts) {}\n"}});
  const File tour{"docs/tour.md",
                  "`src/base/id.h`: `Id`, `Id::parse()` and `Id::gone`\n"
                  "`src/base/lost.h` `Id`\n"
                  "| `src/base/id.h` | `IdTest.sorts` | `IdTest.counts` |\n"
                  "`src/base/id.h` answers `GET` and knows `nothing_of_this`\n"};
  EXPECT_THAT(stale_stops(small, tour), ElementsAre("docs/tour.md:1: src/base/id.h has no Id::gone",
                                                    "docs/tour.md:2: src/base/lost.h does not exist",
                                                    "docs/tour.md:3: src/base/id.h has no IdTest.counts"));
}

TEST(Documents, a_room_without_readme_is_found) {
  const Tree small = Tree::of({{"src/base/id.h", ""},
                               {"src/base/README.md", ""},
                               {"src/net/http.h", ""},
                               {"src/connector/README.md", ""},
                               {"src/connector/list.cc", ""},
                               {"src/connector/rest/rest.cc", ""},
                               {"src/store/README.md", ""},
                               {"src/store/sqlite/sqlite.cc", ""}});
  EXPECT_THAT(rooms_without_readme(small),
              ElementsAre("src/connector/rest has no README.md", "src/net has no README.md"));
}

TEST(Documents, long_files_and_forbidden_words_are_found) {
  const std::string machine = std::string("see \"/ho") + "me/someone/x\"\n";
  const std::string unfinished = std::string("// TO") + "DO: later\n";
  const Tree small = Tree::of({{"src/a/a.cc", "1\n2\n3\n"}, {"docs/b.md", machine + "fine\n" + unfinished}});
  EXPECT_THAT(long_files(small, 2), ElementsAre("src/a/a.cc has 3 lines"));
  EXPECT_THAT(forbidden_words(small),
              ElementsAre(HasSubstr("docs/b.md:1: a path of one machine"), HasSubstr("docs/b.md:3: unfinished work")));
  EXPECT_THAT(forbidden_words(Tree::of({{"docs/c.md", "https://clinic.example/home/ and /homeless/ are fine\n"}})),
              IsEmpty());
}

}  // namespace
}  // namespace handoff::tidy
