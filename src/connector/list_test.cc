#include "connector/list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace handoff::connector {
namespace {

using testing::HasSubstr;

class ProfileDirectory : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::path(testing::TempDir()) / "handoff-profiles";
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  void TearDown() override { std::filesystem::remove_all(path_); }
  void write(const char* name, const std::string& text) { std::ofstream(path_ / name) << text; }
  std::filesystem::path path_;
};

std::string renamed(const char* id) {
  std::string text = shipped_profiles().front().text;
  const auto begin = text.find("\nid = \"");
  return text.replace(begin, text.find('\n', begin + 1) - begin, std::string("\nid = \"") + id + "\"");
}

TEST(Connectors, crms_and_cms_ship_as_their_documents_say) {
  const Connectors all;
  const exchange::Connector* crms = all.find("crms");
  const exchange::Connector* cms = all.find("cms");
  ASSERT_TRUE(crms != nullptr && cms != nullptr);
  EXPECT_EQ(all.find("nothing"), nullptr);
  const Json one = describe(*crms), two = describe(*cms);
  EXPECT_EQ(one["minimumPlan"], Json("advanced_cbo"));
  EXPECT_EQ(one["defaultMode"], Json("once"));
  EXPECT_EQ(one["includeRouted"], Json(true));
  EXPECT_EQ(one["updates"], Json(false));
  EXPECT_EQ(one["appointments"], Json(false));
  EXPECT_EQ(one["summaryPdfRequired"], Json(true));
  EXPECT_EQ(one["canBeAsked"], Json(true));
  EXPECT_EQ(one["settlesWithinMs"], Json(2000));
  EXPECT_EQ(one["fees"], Json("Check with your CRMS Software representative for any associated CRMS Software fees."));
  EXPECT_THAT(one["limitations"].dump(), HasSubstr("Appointments not synced"));
  EXPECT_THAT(one["limitations"].dump(), HasSubstr("Referral Updates - not currently supported"));
  for (const char* words : {"Import referrals", "Map referral data to fields", "Referral PDF summary", "Attachments"}) {
    EXPECT_THAT(one["capabilities"].dump(), HasSubstr(words));
  }
  EXPECT_EQ(two["defaultMode"], Json("until_accepted"));
  EXPECT_EQ(two["includeRouted"], Json(false));
  EXPECT_EQ(two["updates"], Json(true));
  EXPECT_EQ(two["reportsAcceptance"], Json(true));
  EXPECT_THAT(two["settings"].dump(), HasSubstr("statusPollSeconds"));
  EXPECT_NE(crms->profile_hash(), cms->profile_hash());
}

TEST_F(ProfileDirectory, adds_what_it_holds) {
  write("b.toml", renamed("second"));
  write("a.toml", renamed("first"));
  write("notes.txt", "not a profile");
  Connectors all;
  ASSERT_TRUE(all.load(path_.string()));
  ASSERT_EQ(all.all().size(), 5u);
  EXPECT_EQ(all.all()[3]->manifest().id, "first");
  EXPECT_NE(all.find("second"), nullptr);
}

TEST_F(ProfileDirectory, a_fault_names_file_line_and_key_and_adds_nothing) {
  write("a.toml", renamed("first"));
  write("b.toml", renamed("second") + "\nfeilds = 1\n");
  Connectors all;
  const auto loaded = all.load(path_.string());
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, "connector.profile_invalid");
  EXPECT_THAT(loaded.error().for_caller, HasSubstr("b.toml"));
  EXPECT_THAT(loaded.error().faults.at(0).pointer, HasSubstr("line "));
  EXPECT_EQ(all.all().size(), 3u);
}

TEST_F(ProfileDirectory, an_id_that_is_taken_is_refused) {
  write("a.toml", renamed("crms"));
  Connectors all;
  EXPECT_EQ(all.load(path_.string()).error().code, "connector.id_taken");
  EXPECT_EQ(all.load("/nowhere/at/all").error().code, "connector.profiles_unreadable");
}

TEST(ValidateProfile, answers_with_every_fault_or_the_manifest) {
  const Json good = validate_profile(renamed("fresh"));
  EXPECT_EQ(good["valid"], Json(true));
  EXPECT_EQ(good["faults"], Json::array());
  EXPECT_EQ(good["manifest"]["id"], Json("fresh"));
  const Json bad = validate_profile("format = 1\nname = 3\n");
  EXPECT_EQ(bad["valid"], Json(false));
  EXPECT_GE(bad["faults"].size(), 5u);
  EXPECT_TRUE(bad["manifest"].is_null());
  for (const Json& fault : bad["faults"].items()) {
    EXPECT_GE(fault["line"].int_or(0), 1);
    EXPECT_TRUE(fault["key"].is_string() && fault["code"].is_string() && fault["message"].is_string());
  }
}

}  // namespace
}  // namespace handoff::connector
