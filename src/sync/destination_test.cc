#include "sync/destination.h"

#include <gtest/gtest.h>

namespace handoff::sync {
namespace {

Destination named(const char* name, const char* id = "") { return {id, Text(name)}; }

TEST(Destination, NamesAreOneWhenOnlySpacesCaseQuotesAndSuffixesDiffer) {
  EXPECT_TRUE(same_destination(named("Serenity Sober Living, LLC"), named("  serenity  sober living ")));
  EXPECT_TRUE(same_destination(named("St. Mary\xE2\x80\x99s Hospital"), named("St Mary's hospital Inc.")));
  EXPECT_FALSE(same_destination(named("Serenity East"), named("Serenity West")));
  // A suffix that is the whole name stays.
  EXPECT_FALSE(same_destination(named("Co"), named("Inc")));
}

TEST(Destination, IdsDecideWhereBothAreThere) {
  EXPECT_TRUE(same_destination(named("Old Name", "12"), named("New Name", "12")));
  EXPECT_FALSE(same_destination(named("Serenity", "12"), named("Serenity", "13")));
  EXPECT_TRUE(same_destination(named("Serenity"), named("SERENITY", "13")));
}

TEST(Destination, IsResolvedByLinkThenListsThenAsUnmapped) {
  EmrConnection connection;
  connection.non_destinations = standard_non_destinations();
  connection.own_locations = {"Hill House"};
  PullState state;
  state.locations["1"] = "Riverbend Outpatient";
  const auto kind = [&](const Destination& d, std::vector<const DestinationLink*> links = {}) {
    return resolve(d, connection, state, links).kind;
  };
  EXPECT_EQ(kind(named("")), TargetKind::none);
  for (const char* word : {"home", "Self ", "AMA", "deceased", "n/a", "UNKNOWN"}) {
    EXPECT_EQ(kind(named(word)), TargetKind::non_destination) << word;
  }
  EXPECT_EQ(kind(named("hill house")), TargetKind::internal_transfer);
  EXPECT_EQ(kind(named("Riverbend outpatient")), TargetKind::internal_transfer);
  const Target unmapped = resolve(named("Serenity", "12"), connection, state, {});
  EXPECT_EQ(unmapped.kind, TargetKind::unmapped);
  EXPECT_EQ(unmapped.recipient["name"].text_or(), "Serenity");
  EXPECT_EQ(unmapped.recipient["contactId"].text_or(), "12");

  DestinationLink link;
  link.key = "12";
  link.disposition = "Went home";
  EXPECT_EQ(kind(named("Serenity", "12"), {&link}), TargetKind::non_destination);
  link.key = "name:serenity";
  link.disposition.clear();
  link.recipient = Json::object({{"name", "Serenity House"}});
  EXPECT_EQ(kind(named("Serenity", "12"), {nullptr, &link}), TargetKind::recipient);
}

}  // namespace
}  // namespace handoff::sync
