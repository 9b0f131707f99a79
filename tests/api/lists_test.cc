// Goal: a list read in pages holds every record once, whatever changes meanwhile. Method: pages of one, with changes
// between them.
#include <set>

#include "tests/support/api.h"

namespace handoff::testing_support {
namespace {

class Lists : public ApiTest {
 protected:
  // Every id of a list read one by one; `between` runs after each page.
  template <class Between>
  std::vector<std::string> read(const Caller& caller, const std::string& path, const char* key, Between between) {
    std::vector<std::string> ids;
    std::string cursor;
    for (int pages = 0; pages < 200; ++pages) {
      const std::string sign = path.find('?') == std::string::npos ? "?" : "&";
      const Answer page =
          caller.get(path + sign + "limit=1" + (cursor.empty() ? "" : "&cursor=" + percent_encode(cursor)));
      EXPECT_EQ(page.status, 200) << page.body;
      EXPECT_LE(page.json["items"].size(), 1u);
      for (const Json& item : page.json["items"].items())
        ids.push_back(item[key].is_string() ? item[key].string() : item[key].dump());
      if (page.json["nextCursor"].is_null()) return ids;
      cursor = page.json["nextCursor"].string();
      between(pages);
    }
    ADD_FAILURE() << "the list does not end";
    return ids;
  }
  std::vector<std::string> read(const Caller& caller, const std::string& path, const char* key = "id") {
    return read(caller, path, key, [](int) {});
  }
};
INSTANTIATE_TEST_SUITE_P(Both, Lists, testing::ValuesIn(both_databases()), database_name);

TEST_P(Lists, no_referral_is_passed_over_or_shown_twice_while_they_change) {
  const std::string listing = new_listing();
  std::set<std::string> made;
  std::vector<std::string> order;
  for (int i = 0; i < 6; ++i) {
    order.push_back(new_referral(listing));
    made.insert(order.back());
  }
  for (const char* sort : {"-createdAt", "createdAt"}) {
    const auto read_ids = read(house.caller, std::string("/api/v1/referrals?sort=") + sort, "id", [&](int page) {
      // Records change behind and before the reader, and new ones come.
      house.caller.patch(path_of(order[static_cast<std::size_t>(page) % order.size()]),
                         Json::object({{"notes", std::string(sort) + std::to_string(page)}}));
      if (page < 3) new_referral(listing);
    });
    const std::set<std::string> seen(read_ids.begin(), read_ids.end());
    EXPECT_EQ(seen.size(), read_ids.size()) << "none twice";
    for (const auto& id : made) EXPECT_TRUE(seen.contains(id)) << sort;
  }
}

TEST_P(Lists, filters_say_what_they_mean) {
  const std::string listing = new_listing(), other = new_listing("Other");
  const std::string first = new_referral(listing), second = new_referral(listing), third = new_referral(other);
  Json marked = for_listing(listing);
  marked.set("registrant", person("Zoë", "Ångström"));
  const std::string named = house.caller.post("/api/v1/referrals", marked).json["id"].text_or();
  EXPECT_EQ(house.caller.post(path_of(first) + "/sub-status", Json::object({{"code", "ready"}})).status, 200);
  EXPECT_EQ(house.caller.post(path_of(second) + "/close", Json::object({{"code", "no_show"}})).status, 200);
  EXPECT_EQ(house.caller.post(path_of(third) + "/archive").status, 200);
  const auto ids = [&](const std::string& query) {
    const auto found = read(house.caller, "/api/v1/referrals?" + query);
    return std::set<std::string>(found.begin(), found.end());
  };
  using Ids = std::set<std::string>;
  EXPECT_EQ(ids("status=submitted"), (Ids{first, named}));
  EXPECT_EQ(ids("status=closed"), Ids{second});
  EXPECT_EQ(ids("subStatus=ready"), Ids{first});
  EXPECT_EQ(ids("category=failed"), Ids{second});
  EXPECT_EQ(ids("archived=true"), Ids{third});
  EXPECT_EQ(ids("listingId=" + listing), (Ids{first, second, named}));
  EXPECT_EQ(ids("listingId=" + other + "&archived=true"), Ids{third});
  EXPECT_EQ(ids("hasIntegrationErrors=true"), Ids{});
  EXPECT_EQ(ids("q=%C3%85ngstr%C3%B6m%20ZO%C3%AB"), Ids{named});
  EXPECT_EQ(ids("updatedSince=2999-01-01T00:00:00Z"), Ids{});
  EXPECT_EQ(ids("updatedSince=2020-01-01T00:00:00+00:00").size(), 3u);
  const Answer page = house.caller.get("/api/v1/referrals");
  for (const char* left_out : {"answers", "details", "notes", "attachments"})
    EXPECT_FALSE(page.json["items"].items().at(0).contains(left_out)) << left_out;
}

TEST_P(Lists, every_other_list_reads_to_its_end_too) {
  const std::string listing = new_listing();
  new_listing("Second");
  const std::string integration =
      house.caller.post("/api/v1/integrations", integration_body(listing, "http://127.0.0.1:9")).json["id"].text_or();
  EXPECT_EQ(house.caller.patch("/api/v1/integrations/" + integration, Json::object({{"enabled", false}})).status, 200);
  const std::string at = path_of(new_referral(listing));
  new_referral(listing);
  for (const char* text : {"one", "two", "three"}) {
    EXPECT_EQ(house.caller.post(at + "/notes", Json::object({{"text", text}})).status, 201);
    EXPECT_EQ(house.caller.post(at + "/messages", Json::object({{"from", "provider"}, {"text", text}})).status, 201);
  }
  const std::map<std::string, std::pair<const char*, std::size_t>> expected{
      {at + "/notes", {"id", 3}},
      {at + "/messages", {"id", 3}},
      {at + "/events", {"id", 7}},
      {at + "/deliveries", {"id", 1}},
      {at + "/explain", {"integrationId", 1}},
      {"/api/v1/listings", {"id", 3}},
      {"/api/v1/sub-statuses", {"code", 17}},
      {"/api/v1/triggers", {"id", 17}},
      {"/api/v1/connectors", {"id", 3}},
      {"/api/v1/integrations", {"id", 1}},
      {"/api/v1/integrations/" + integration + "/versions", {"version", 2}},
      {"/api/v1/deliveries", {"id", 2}},
      {"/api/v1/api-clients", {"id", 1}},
  };
  for (const auto& [path, what] : expected) {
    const auto found = read(house.caller, path, what.first);
    EXPECT_EQ(found.size(), what.second) << path;
    EXPECT_EQ(std::set<std::string>(found.begin(), found.end()).size(), found.size()) << path;
  }
  EXPECT_GT(read(house.caller, "/api/v1/audit", "number").size(), 10u);
  EXPECT_EQ(read(mill.caller, "/api/v1/listings?scope=exchange").size(), 2u);
}

}  // namespace
}  // namespace handoff::testing_support
