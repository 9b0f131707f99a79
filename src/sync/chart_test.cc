#include "sync/chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace handoff::sync {
namespace {

TEST(Chart, DirtyTextIsCleanedForUseAndKeptAsItWas) {
  const Json chart = Json::object({{"dischargeType", "\tAgainst \xE2\x80\x9CMedical\xE2\x80\x9D \xE2\x80\x93 Advice "},
                                   {"levelOfCare", "UR LOC: Residential"}});
  EXPECT_EQ(clean(chart, "dischargeType"), "Against \"Medical\" - Advice");
  EXPECT_EQ(clean(chart, "levelOfCare"), "Residential");
  EXPECT_EQ(chart["levelOfCare"].string(), "UR LOC: Residential");
}

TEST(Chart, MergingLeavesWhatIsNotTold) {
  const Json known = Json::object({{"firstName", "Ada"}, {"phone", "1"}, {"other", Json::object({{"a", 1}})}});
  const Json told = Json::object({{"phone", nullptr}, {"other", Json::object({{"b", 2}})}});
  const Json merged = merge_chart(known, told);
  EXPECT_EQ(merged["firstName"].text_or(), "Ada");
  EXPECT_TRUE(merged["phone"].is_null());
  EXPECT_EQ(merged["other"]["a"].int_or(0), 1);
  EXPECT_EQ(merged["other"]["b"].int_or(0), 2);
}

TEST(Chart, DifferencesAreNamedOnceAndWithoutValues) {
  const Json applied = Json::object({{"firstName", "Ada"}});
  const Json read = Json::object(
      {{"firstName", " Ada"}, {"destinationName", "Serenity"}, {"destinationId", "12"}, {"updatedAt", "now"}});
  const auto waiting = chart_differences(applied, read);
  ASSERT_EQ(waiting.size(), 1U);
  EXPECT_EQ(waiting[0].label, "Discharging To");
}

TEST(Chart, DaysAreThoseOfThePlace) {
  EmrConnection connection;
  connection.location_zones["1"] = "America/Los_Angeles";
  const auto day = [&](const char* text, const char* location) {
    const Json chart = Json::object({{"dischargeDate", text}, {"locationId", location}});
    const auto found = day_in_chart(chart, "dischargeDate", connection);
    return found ? found->text() : "";
  };
  EXPECT_EQ(day("2026-03-02", "1"), "2026-03-02");
  EXPECT_EQ(day("2026-03-02T05:30:00Z", "1"), "2026-03-01");
  EXPECT_EQ(day("2026-03-02T05:30:00Z", "2"), "2026-03-02");  // no zone is set for it
  EXPECT_EQ(day("2026-03-02T23:30:00", "1"), "2026-03-02");   // naive: local already
  EXPECT_EQ(day("03/02/2026", "1"), "2026-03-02");
  EXPECT_EQ(day("soon", "1"), "");
}

}  // namespace
}  // namespace handoff::sync
