#include <gmock/gmock.h>

#include "opportunity/admission.h"
#include "people/curate.h"
#include "store/test_office.h"

namespace handoff::store {
namespace {

using opportunity::ChartFacts;
using opportunity::IntakeOpportunity;
using opportunity::Stage;
using testing::SizeIs;

// Goal: opportunities keep what opportunity/store.h promises on both databases, in one batch and over several.
class Opportunities : public testing_office::Office {
 protected:
  void SetUp() override {
    testing_office::Office::SetUp();
    if (HasFatalFailure()) return;
    reader_ = make_opportunity_reader(*pool_);
    connection_ = EmrConnectionId::make(clock_.now(), random_);
    (void)run(receiver_, {}, [&](exchange::OfficeUnit& unit) -> Result<void> {
      directory::Listing listing = *unit.listing(listing_);
      listing.admission = true;
      listing.version += 1;
      unit.save(listing);
      return {};
    });
  }
  ChartFacts chart(const std::string& first, const std::string& casefile, Stage stage = Stage::admitted) {
    ChartFacts facts;
    facts.key = {connection_, casefile, 1};
    facts.connection_name = "Hillside EMR";
    facts.registrant =
        Private(Json::object({{"firstName", first}, {"lastName", "Okafor"}, {"birthDate", "1987-02-11"}}));
    facts.identifiers = {casefile};
    facts.record_numbers = {"MR-" + casefile};
    facts.stage = stage;
    return facts;
  }
  IntakeOpportunityId follow(const ChartFacts& facts, bool loaded_before = false) {
    IntakeOpportunityId id;
    exchange::Needs needs;
    if (loaded_before) {
      auto wanted = std::make_shared<opportunity::Needs>();
      wanted->charts = {facts.key};
      needs.rooms.push_back(wanted);
    }
    (void)run(receiver_, needs, [&](exchange::OfficeUnit& unit) -> Result<void> {
      id = opportunity::follow_chart(unit, receiver_, facts);
      return {};
    });
    return id;
  }
  ReferralId accepted(const std::string& first) {
    ReferralId id;
    referral::NewReferral input;
    input.listing = listing_;
    input.content = Json::object(
        {{"registrant", Json::object({{"firstName", first}, {"lastName", "Okafor"}, {"birthDate", "1987-02-11"}})},
         {"requester", Json::object({{"firstName", "Sam"}, {"lastName", "Reid"}})}});
    exchange::Needs needs;
    needs.listings = {listing_};
    (void)run(sender_, needs, [&](exchange::OfficeUnit& unit) -> Result<void> {
      id = HANDOFF_TRY(commands_of_admission_.create(unit, input));
      return {};
    });
    change(receiver_, id,
           [&](exchange::OfficeUnit& unit) { return commands_of_admission_.set_sub_status(unit, id, "accepted"); });
    return id;
  }
  std::vector<IntakeOpportunity> all(opportunity::ListFilter filter = {}) {
    return reader_->list(receiver_, filter).value().items;
  }

  std::unique_ptr<opportunity::Reader> reader_;
  EmrConnectionId connection_;
  opportunity::Follow admission_{follow_};
  referral::Commands commands_of_admission_{admission_};
};
INSTANTIATE_TEST_SUITE_P(Both, Opportunities, testing::ValuesIn(testing_support::both_databases()),
                         testing_support::database_name);

TEST_P(Opportunities, AcceptanceMakesOneInItsOwnCommit) {
  const ReferralId referral = accepted("Amélie");
  const auto found = all();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].referral, referral);
  EXPECT_EQ(found[0].listing, listing_);
  EXPECT_EQ(found[0].stage, Stage::accepted);
  EXPECT_EQ(found[0].registrant.reveal()["firstName"].text_or(), "Amélie");
  EXPECT_TRUE(reader_->list(sender_, {}).value().items.empty());
  EXPECT_FALSE(reader_->opportunity(stranger_, found[0].id).value().has_value());
  EXPECT_EQ(reader_->opportunity(receiver_, found[0].id).value()->referral, referral);
}

TEST_P(Opportunities, AChartFindsTheReferralsAndItsOwnAgain) {
  accepted("Amélie");
  const auto id = follow(chart("Amelie", "7:a"));
  ASSERT_THAT(all(), SizeIs(1));
  EXPECT_EQ(all()[0].id, id);
  EXPECT_TRUE(all()[0].in_review);
  EXPECT_EQ(follow(chart("Amelie", "7:a", Stage::discharged), true), id);
  EXPECT_EQ(all()[0].stage, Stage::discharged);
  auto again = chart("Amelie", "7:a");
  again.key.stay = 2;
  const auto second = follow(again, true);
  EXPECT_NE(second, id);
  const auto of_charts = reader_->of_charts(receiver_, {{connection_, "7:a", 2}}).value();
  ASSERT_THAT(of_charts, SizeIs(1));
  EXPECT_EQ(of_charts[0].id, second);
}

TEST_P(Opportunities, JoiningAndSeparatingMovesTheChartWithinOneCommit) {
  accepted("Amélie");
  const auto id = follow(chart("Amelie", "7:a"));
  IntakeOpportunityId made;
  (void)run(receiver_, {}, [&](exchange::OfficeUnit& unit) -> Result<void> {
    made = HANDOFF_TRY(opportunity::separate_link(unit, id));
    return {};
  });
  EXPECT_THAT(all(), SizeIs(2));
  EXPECT_FALSE(reader_->opportunity(receiver_, id).value()->chart);
  (void)run(receiver_, {}, [&](exchange::OfficeUnit& unit) { return opportunity::join(unit, id, made); });
  EXPECT_EQ(reader_->opportunity(receiver_, id).value()->chart->casefile, "7:a");
  EXPECT_EQ(reader_->opportunity(receiver_, made).value()->stage, Stage::closed);
  // Both at once: the later command sees what the earlier one of its batch left.
  (void)run(receiver_, {}, [&](exchange::OfficeUnit& unit) -> Result<void> {
    made = HANDOFF_TRY(opportunity::separate_link(unit, id));
    return opportunity::join(unit, id, made);
  });
  EXPECT_EQ(reader_->opportunity(receiver_, id).value()->chart->casefile, "7:a");
}

TEST_P(Opportunities, ListsByStageSourceAndReviewPageByPage) {
  for (const char* casefile : {"1:a", "2:b", "3:c"}) follow(chart(std::string("Person ") + casefile, casefile));
  follow(chart("Fourth", "4:d", Stage::discharged));
  accepted("Fifth");
  opportunity::ListFilter filter;
  filter.stage = Stage::admitted;
  filter.limit = 2;
  auto page = reader_->list(receiver_, filter).value();
  EXPECT_THAT(page.items, SizeIs(2));
  ASSERT_TRUE(page.next_cursor);
  filter.cursor = page.next_cursor;
  page = reader_->list(receiver_, filter).value();
  ASSERT_THAT(page.items, SizeIs(1));
  EXPECT_EQ(page.items[0].chart->casefile, "1:a");
  EXPECT_FALSE(page.next_cursor);
  filter = {};
  filter.source = opportunity::Source::referral;
  EXPECT_THAT(all(filter), SizeIs(1));
  filter = {};
  filter.in_review = true;
  EXPECT_THAT(all(filter), SizeIs(0));
}

// Goal: merging persons and undoing it moves opportunities along, exactly. Method: one that came with a referral and
// one that a chart began, saved again while the two persons are one.
TEST_P(Opportunities, AreAboutWhoeverStandsForTheirPersonToday) {
  accepted("Amélie");
  accepted("Bartholomew");
  auto found = all();
  ASSERT_THAT(found, SizeIs(2));
  ASSERT_TRUE(found[0].person && found[1].person);
  const PersonId survivor = *found[1].person, merged = *found[0].person;
  ASSERT_NE(survivor, merged);
  auto facts = chart("Zoë", "9:z", Stage::discharged);  // a stay that has ended joins no other
  facts.registrant = Private(Json::object({{"firstName", "Zoë"}, {"lastName", "Lindqvist"}}));
  facts.person = merged;
  const auto of_chart = follow(facts);
  const auto person_of = [&](const IntakeOpportunityId& id) {
    return reader_->opportunity(receiver_, id).value()->person.value();
  };
  EXPECT_EQ(person_of(of_chart), merged);

  MergeId merge;
  (void)run(receiver_, {}, [&](exchange::OfficeUnit& unit) -> Result<void> {
    merge = HANDOFF_TRY(people::merge(part_of<people::Unit>(unit), receiver_, survivor, merged, "One card")).id;
    return {};
  });
  for (const auto& each : all()) EXPECT_EQ(each.person, survivor);
  (void)run(receiver_, {}, [&](exchange::OfficeUnit& unit) -> Result<void> {
    EXPECT_THAT(part_of<opportunity::Unit>(unit).like(receiver_, {}, survivor), SizeIs(3));
    EXPECT_THAT(part_of<opportunity::Unit>(unit).like(receiver_, {}, merged), SizeIs(0));
    return {};
  });
  facts.person = survivor;
  facts.registrant = Private(Json::object({{"firstName", "Zoe"}, {"lastName", "Lindqvist"}}));
  EXPECT_EQ(follow(facts), of_chart) << "written anew while the two are one";
  EXPECT_EQ(reader_->opportunity(receiver_, of_chart).value()->version, 2);

  (void)run(receiver_, {}, [&](exchange::OfficeUnit& unit) -> Result<void> {
    HANDOFF_TRY(people::unmerge(part_of<people::Unit>(unit), receiver_, merge, "Two cards"));
    return {};
  });
  EXPECT_EQ(person_of(of_chart), merged);
  EXPECT_EQ(person_of(found[0].id), merged);
  EXPECT_EQ(person_of(found[1].id), survivor);
  (void)run(receiver_, {}, [&](exchange::OfficeUnit& unit) -> Result<void> {
    EXPECT_THAT(part_of<opportunity::Unit>(unit).like(receiver_, {}, merged), SizeIs(2));
    return {};
  });
}

}  // namespace
}  // namespace handoff::store
