#include "opportunity/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace handoff::opportunity {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

// Records in plain maps, and the parts of a unit of work that these rules touch.
class World final : public referral::Unit, public Unit {
 public:
  World() {
    actor_.organization = house;
    listing_.id = ListingId::make(now_, random_);
    listing_.organization = house;
    listing_.admission = true;
  }
  void* part(std::type_index kind) override {
    return kind == typeid(opportunity::Unit) ? static_cast<opportunity::Unit*>(this) : nullptr;
  }
  Instant now() const override { return now_; }
  Random& random() override { return random_; }
  const access::Actor& actor() const override { return actor_; }
  const std::string& cause() const override { return cause_; }
  const referral::Referral* referral(const ReferralId&) override { return nullptr; }
  const directory::Organization* organization(const OrganizationId&) override { return nullptr; }
  const directory::Listing* listing(const ListingId& id) override { return id == listing_.id ? &listing_ : nullptr; }
  const std::vector<referral::SubStatus>& sub_statuses(const OrganizationId&) override { return rows_; }
  void save(const referral::Referral&) override {}
  void add(const referral::Event&) override {}
  void add(const referral::Message&) override {}
  void add(const referral::Note&) override {}
  void add(const referral::SourceRecord&) override {}
  std::string take_number(const OrganizationId&, int) override { return {}; }
  void audit(const OrganizationId&, std::string action, std::string, std::string, Json) override {
    actions.push_back(std::move(action));
  }

  const IntakeOpportunity* opportunity(const IntakeOpportunityId& id) override {
    const auto found = all.find(id);
    return found == all.end() ? nullptr : &found->second;
  }
  const IntakeOpportunity* of_referral(const OrganizationId&, const ReferralId& referral) override {
    return first([&](const auto& o) { return o.referral == referral; });
  }
  const IntakeOpportunity* of_chart(const OrganizationId&, const ChartKey& chart) override {
    return first([&](const auto& o) { return o.chart == chart; });
  }
  std::vector<const IntakeOpportunity*> like(const OrganizationId&, const std::vector<std::string>& keys,
                                             const std::optional<PersonId>& person) override {
    std::vector<const IntakeOpportunity*> out;
    for (const auto& [id, o] : all) {
      const auto own = all_keys(o);
      const bool shared = std::any_of(own.begin(), own.end(), [&](const std::string& key) {
        return std::find(keys.begin(), keys.end(), key) != keys.end();
      });
      if (shared || (person && o.person == person)) out.push_back(&o);
    }
    return out;
  }
  bool awaits_chart(const OrganizationId&) override {
    return first([](const auto& o) { return o.stage == Stage::accepted && !o.chart; }) != nullptr;
  }
  void save(const IntakeOpportunity& o) override { all.insert_or_assign(o.id, o); }

  const IntakeOpportunity& only() {
    EXPECT_THAT(all, SizeIs(1));
    return all.begin()->second;
  }
  referral::Referral accepted(const std::string& first, const std::string& identifier = {}) {
    referral::Referral r;
    r.id = ReferralId::make(now_, random_);
    r.receiver = house;
    r.owner = house;
    r.listing = listing_.id;
    r.category = referral::Category::accepted;
    Json identifiers = Json::array();
    if (!identifier.empty()) identifiers.push_back(Json::object({{"system", "urn:example:mr"}, {"value", identifier}}));
    r.content = Private(Json::object({{"registrant", Json::object({{"firstName", first},
                                                                   {"lastName", "Okafor"},
                                                                   {"birthDate", "1987-02-11"},
                                                                   {"identifiers", std::move(identifiers)}})}}));
    return r;
  }
  ChartFacts chart(const std::string& first, const std::string& casefile, Stage stage = Stage::admitted) {
    ChartFacts facts;
    facts.key = {connection, casefile, 1};
    facts.connection_name = "Hillside EMR";
    facts.registrant =
        Private(Json::object({{"firstName", first}, {"lastName", "Okafor"}, {"birthDate", "1987-02-11"}}));
    facts.identifiers = {casefile};
    facts.record_numbers = {"MR-" + casefile};
    facts.stage = stage;
    return facts;
  }

  SeededRandom random_{4};
  Instant now_ = from_ms(1'790'000'000'000);
  OrganizationId house = OrganizationId::make(now_, random_);
  EmrConnectionId connection = EmrConnectionId::make(now_, random_);
  std::map<IntakeOpportunityId, IntakeOpportunity> all;
  std::vector<std::string> actions;
  directory::Listing listing_;

 private:
  template <class Wanted>
  const IntakeOpportunity* first(Wanted wanted) {
    for (const auto& [id, o] : all) {
      if (wanted(o)) return &o;
    }
    return nullptr;
  }
  access::Actor actor_;
  std::string cause_ = "test";
  std::vector<referral::SubStatus> rows_;
};

TEST(Admission, AnAcceptedReferralOfAnAdmittingListingHasOne) {
  World world;
  const auto referral = world.accepted("Amélie");
  follow_referral(world, nullptr, referral);
  EXPECT_EQ(world.only().referral, referral.id);
  EXPECT_EQ(world.only().stage, Stage::accepted);
  EXPECT_EQ(world.only().source, Source::referral);
  EXPECT_FALSE(world.only().in_review);
  // In progress after accepted is no second acceptance.
  auto later = referral;
  later.category = referral::Category::in_progress;
  follow_referral(world, &referral, later);
  EXPECT_THAT(world.all, SizeIs(1));
}

TEST(Admission, OtherListingsTestsAndUnacceptedReferralsHaveNone) {
  World world;
  auto received = world.accepted("Amélie");
  received.category = referral::Category::received;
  follow_referral(world, nullptr, received);
  auto test = world.accepted("Amélie");
  test.test = true;
  follow_referral(world, nullptr, test);
  world.listing_.admission = false;
  follow_referral(world, &received, world.accepted("Amélie"));
  EXPECT_THAT(world.all, IsEmpty());
}

TEST(Admission, AChartThatTheReferralNamesIsTheSameAdmission) {
  World world;
  // Another first name: the record number and the birth date decide.
  follow_referral(world, nullptr, world.accepted("Amy", "MR-7:a"));
  follow_chart(world, world.house, world.chart("Amélie", "7:a"));
  EXPECT_EQ(world.only().basis, LinkBasis::identifier);
  EXPECT_FALSE(world.only().in_review);
  EXPECT_EQ(world.only().stage, Stage::admitted);
  EXPECT_EQ(world.only().registrant.reveal()["firstName"].text_or(), "Amélie");
}

TEST(Admission, NameAndBirthDateAloneAwaitAPersonsWord) {
  World world;
  follow_referral(world, nullptr, world.accepted("AMÉLIE"));
  follow_chart(world, world.house, world.chart("Amelie", "7:a"));
  EXPECT_EQ(world.only().basis, LinkBasis::name);
  EXPECT_TRUE(world.only().in_review);
  const auto id = world.only().id;
  ASSERT_TRUE(confirm_link(world, id));
  EXPECT_FALSE(world.only().in_review);
  EXPECT_EQ(confirm_link(world, id).error().code, "opportunity.nothing_to_review");
}

TEST(Admission, ASeparatedChartHasOneOfItsOwn) {
  World world;
  follow_referral(world, nullptr, world.accepted("Amélie"));
  follow_chart(world, world.house, world.chart("Amélie", "7:a"));
  const auto id = world.only().id;
  const auto made = separate_link(world, id);
  ASSERT_TRUE(made);
  EXPECT_EQ(world.all.at(id).stage, Stage::accepted);
  EXPECT_FALSE(world.all.at(id).chart);
  EXPECT_EQ(world.all.at(*made).chart->casefile, "7:a");
  // The chart's next change finds its own again.
  EXPECT_EQ(follow_chart(world, world.house, world.chart("Amélie", "7:a", Stage::discharged)), *made);
  EXPECT_EQ(world.all.at(*made).stage, Stage::discharged);
  EXPECT_EQ(world.all.at(id).stage, Stage::accepted);
}

TEST(Admission, OneOfSeveralIsNotGuessed) {
  World world;
  follow_referral(world, nullptr, world.accepted("Amélie"));
  follow_referral(world, nullptr, world.accepted("Amélie"));
  const auto id = follow_chart(world, world.house, world.chart("Amélie", "7:a"));
  EXPECT_THAT(world.all, SizeIs(3));
  EXPECT_TRUE(world.all.at(id).in_review);
  EXPECT_THAT(world.all.at(id).possible, SizeIs(2));
  // A person says which.
  const auto which = world.all.at(id).possible.front();
  ASSERT_TRUE(join(world, which, id));
  EXPECT_EQ(world.all.at(which).chart->casefile, "7:a");
  EXPECT_EQ(world.all.at(which).basis, LinkBasis::hand);
  EXPECT_EQ(world.all.at(id).stage, Stage::closed);
  EXPECT_EQ(join(world, which, id).error().code, "opportunity.cannot_be_joined");
}

TEST(Admission, AReferralAfterTheChartJoinsIt) {
  World world;
  const auto id = follow_chart(world, world.house, world.chart("Amélie", "7:a", Stage::pre_admission));
  EXPECT_EQ(world.all.at(id).source, Source::emr);
  const auto referral = world.accepted("Amélie", "7:a");
  follow_referral(world, nullptr, referral);
  EXPECT_EQ(world.only().referral, referral.id);
  EXPECT_EQ(world.only().stage, Stage::pre_admission);
  EXPECT_EQ(world.only().basis, LinkBasis::identifier);
}

TEST(Admission, AReadmissionIsAnotherAdmission) {
  World world;
  const auto first = follow_chart(world, world.house, world.chart("Amélie", "7:a", Stage::discharged));
  auto again = world.chart("Amélie", "7:a");
  again.key.stay = 2;
  const auto second = follow_chart(world, world.house, again);
  EXPECT_NE(first, second);
  EXPECT_EQ(world.all.at(first).stage, Stage::discharged);
  EXPECT_EQ(world.all.at(second).stage, Stage::admitted);
}

TEST(Admission, AStayThatHasEndedTakesNobodysReferral) {
  World world;
  follow_referral(world, nullptr, world.accepted("Amélie"));
  follow_chart(world, world.house, world.chart("Amélie", "7:a", Stage::discharged));
  EXPECT_THAT(world.all, SizeIs(2));
}

TEST(Admission, AnUnchangedChartWritesNothing) {
  World world;
  follow_chart(world, world.house, world.chart("Amélie", "7:a"));
  const auto written = world.actions.size();
  follow_chart(world, world.house, world.chart("Amélie", "7:a"));
  EXPECT_THAT(world.actions, SizeIs(written));
}

TEST(Opportunity, KeepsEverythingInStorage) {
  World world;
  follow_chart(world, world.house, world.chart("Amélie", "7:a"));
  IntakeOpportunity o = world.only();
  o.person = PersonId::make(world.now_, world.random_);
  o.person_in_review = true;
  o.listing = world.listing_.id;
  o.possible = {o.id};
  IntakeOpportunity read;
  from_stored(to_stored(o), read);
  EXPECT_EQ(to_stored(read), to_stored(o));
}

}  // namespace
}  // namespace handoff::opportunity
