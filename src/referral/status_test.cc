#include "referral/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace handoff::referral {
namespace {

// The text between "```mermaid" and the closing fence of the page.
std::string diagram_of_the_page() {
  std::ifstream in(std::string(HANDOFF_SOURCE_DIR) + "/docs/referral-lifecycle.md");
  std::stringstream text;
  text << in.rdbuf();
  const std::string page = text.str(), fence = "```mermaid\n";
  const auto begin = page.find(fence);
  if (begin == std::string::npos) return {};
  const auto end = page.find("```", begin + fence.size());
  return page.substr(begin + fence.size(), end - begin - fence.size());
}

TEST(Moves, TheDiagramInTheDocumentsIsTheTable) { EXPECT_EQ(diagram_of_the_page(), moves_diagram()); }

TEST(Moves, ADraftIsItsSendersAlone) {
  for (const Move& move : moves) {
    if (move.from == Status::draft) {
      EXPECT_EQ(move.sides, by_sender) << word(move.act);
    }
  }
}

TEST(Moves, NothingLeadsBackToADraftAndAClosedOneIsOnlyReopened) {
  for (const Move& move : moves) {
    if (move.from != Status::draft) {
      EXPECT_NE(move.to, Status::draft) << word(move.act);
    }
    if (move.from == Status::closed && move.to != Status::closed) {
      EXPECT_EQ(move.act, Act::reopen);
    }
  }
}

TEST(Moves, EveryOpenStatusCanBeEditedAndClosed) {
  for (const Status status : {Status::submitted, Status::booked}) {
    EXPECT_NE(find_move(status, Act::edit), nullptr);
    EXPECT_NE(find_move(status, Act::close), nullptr);
  }
  EXPECT_NE(find_move(Status::closed, Act::edit), nullptr);
  EXPECT_EQ(find_move(Status::draft, Act::archive), nullptr);
}

TEST(Words, GoBothWays) {
  for (const Status status : {Status::draft, Status::submitted, Status::booked, Status::closed})
    EXPECT_EQ(status_of(word(status)), status);
  for (int i = 0; i <= static_cast<int>(Category::entered_in_error); ++i)
    EXPECT_EQ(category_of(word(static_cast<Category>(i))), static_cast<Category>(i));
  for (int i = 0; i <= static_cast<int>(EventType::discarded); ++i)
    EXPECT_EQ(event_type_of(word(static_cast<EventType>(i))), static_cast<EventType>(i));
  EXPECT_FALSE(status_of("lost").has_value());
}

TEST(SubStatuses, EveryClosingCategoryHasOneToBeginWith) {
  std::set<Category> closing;
  std::set<std::string> codes;
  for (const SubStatus& row : standard_sub_statuses()) {
    if (is_closing(row.category)) closing.insert(row.category);
    EXPECT_TRUE(codes.insert(row.code).second) << row.code;
  }
  EXPECT_EQ(closing.size(), 5u);
}

}  // namespace
}  // namespace handoff::referral
