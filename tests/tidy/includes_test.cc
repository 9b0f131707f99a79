// Goal: no room includes what its row of docs/rooms.md does not name. Method: read every #include under src/, and show
// on small invented trees that the rule finds what it should find.
#include "tests/tidy/includes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace handoff::tidy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

IncludeTable real_table() {
  const File* document = tree().find("docs/rooms.md");
  return document == nullptr ? IncludeTable{} : IncludeTable::parse(*document);
}

TEST(Includes, follow_the_table) {
  const IncludeTable table = real_table();
  ASSERT_GE(table.rows.size(), 18u) << "docs/rooms.md has lost its table";
  for (const std::string& fault : include_faults(tree(), table)) ADD_FAILURE() << fault;
}

TEST(Includes, every_room_of_the_tree_has_sources_that_were_read) {
  std::size_t count = 0;
  for (const File* file : tree().below("src", {".h", ".cc"})) count += !file->path.empty();
  EXPECT_GT(count, 20u);
}

TEST(Includes, a_room_may_not_reach_past_its_row) {
  const Tree small = Tree::of({{"src/base/id.h", ""},
                               {"src/net/http.h", "#include <string>\n#include \"base/id.h\"\n"},
                               {"src/people/name.cc", "#include \"base/id.h\"\n  #  include \"net/http.h\"\n"}});
  EXPECT_THAT(
      include_faults(small, real_table()),
      ElementsAre("src/people/name.cc:2: #include \"net/http.h\" is not allowed: 'people' may not include 'net'"));
}

TEST(Includes, connectors_and_faces_are_walls_to_each_other) {
  const Tree small = Tree::of({{"src/connector/fhir/task.h", ""},
                               {"src/connector/rest/auth.h", ""},
                               {"src/connector/rest/rest.cc",
                                "#include \"connector/rest/auth.h\"\n"
                                "#include \"connector/fhir/task.h\"\n"
                                "#include \"exchange/connector.h\"\n"
                                "#include \"exchange/lane.h\"\n"},
                               {"src/connector/list.cc", "#include \"connector/fhir/task.h\"\n"},
                               {"src/exchange/connector.h", ""},
                               {"src/exchange/lane.h", ""},
                               {"src/face/own/api.h", ""},
                               {"src/face/words.h", ""},
                               {"src/face/cli/run.cc", "#include \"face/own/api.h\"\n#include \"face/words.h\"\n"}});
  EXPECT_THAT(include_faults(small, real_table()),
              ElementsAre(HasSubstr("src/connector/rest/rest.cc:2:"), HasSubstr("src/connector/rest/rest.cc:4:"),
                          HasSubstr("src/face/cli/run.cc:1:")));
}

TEST(Includes, a_header_of_the_table_brings_what_it_names_itself_and_no_more) {
  const Tree small = Tree::of({{"src/referral/status.h", ""},
                               {"src/referral/event.h", "#include \"referral/status.h\"\n"},
                               {"src/referral/snapshot.h", "#include \"referral/event.h\"\n"},
                               {"src/connector/rest/a.cc", "#include \"referral/event.h\"\n"},
                               {"src/connector/rest/b.cc", "#include \"referral/status.h\"\n"}});
  EXPECT_THAT(include_faults(small, real_table()), ElementsAre(HasSubstr("src/connector/rest/b.cc:1:")));
}

TEST(Includes, stores_stay_away_from_faces_connectors_and_the_network) {
  const Tree small = Tree::of({{"src/face/words.h", ""},
                               {"src/exchange/connector.h", ""},
                               {"src/net/http.h", ""},
                               {"src/sandbox/store.h", ""},
                               {"src/store/driver.h", ""},
                               {"src/store/sqlite/sqlite.h", ""},
                               {"src/store/postgres/p.cc",
                                "#include \"store/driver.h\"\n"
                                "#include \"store/sqlite/sqlite.h\"\n"
                                "#include \"face/words.h\"\n"
                                "#include \"net/http.h\"\n"
                                "#include \"sandbox/store.h\"\n"}});
  EXPECT_THAT(include_faults(small, real_table()),
              ElementsAre(HasSubstr("p.cc:2:"), HasSubstr("p.cc:3:"), HasSubstr("p.cc:4:")));
}

TEST(Includes, unknown_rooms_missing_headers_and_bare_names_are_told) {
  const Tree small = Tree::of({{"src/base/id.h", ""},
                               {"src/attic/old.cc", "#include \"base/id.h\"\n"},
                               {"src/base/id.cc", "#include \"id.h\"\n#include \"base/gone.h\"\n"}});
  EXPECT_THAT(
      include_faults(small, real_table()),
      ElementsAre(HasSubstr("'attic' has no row"), HasSubstr("does not name its room"), HasSubstr("names no file")));
}

TEST(Includes, tests_may_include_everything) {
  const Tree small = Tree::of({{"src/net/http.h", ""}, {"src/people/name_test.cc", "#include \"net/http.h\"\n"}});
  EXPECT_THAT(include_faults(small, real_table()), IsEmpty());
}

}  // namespace
}  // namespace handoff::tidy
