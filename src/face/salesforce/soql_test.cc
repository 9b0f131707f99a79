#include "face/salesforce/soql.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace handoff::face::salesforce {
namespace {

using testing::HasSubstr;

std::string refusal(std::string_view query) {
  const auto parsed = parse_soql(query);
  if (parsed) return "understood";
  EXPECT_EQ(parsed.error().code, "salesforce.malformed_query");
  return parsed.error().for_caller;
}

TEST(Soql, AQueryWithEverything) {
  const auto q = parse_soql(
      "select Id, r.Patient.LastName FROM ClinicalServiceRequest r\n WHERE (Status = 'Active' OR NOT Priority IN "
      "('Stat','Urgent')) AND CreatedDate >= LAST_N_DAYS:7 AND IsAccepted != false "
      "ORDER BY Patient.LastName DESC NULLS LAST, Id LIMIT 10 OFFSET 5");
  ASSERT_TRUE(q) << q.error().for_caller;
  EXPECT_EQ(q->object, "ClinicalServiceRequest");
  ASSERT_EQ(q->select.size(), 2u);
  EXPECT_EQ(q->select[1].text(), "Patient.LastName");
  EXPECT_EQ(q->limit, 10);
  EXPECT_EQ(q->offset, 5);
  ASSERT_TRUE(q->where);
  EXPECT_EQ(q->where->kind, SoqlCondition::Kind::all);
  ASSERT_EQ(q->where->parts.size(), 3u);
  EXPECT_EQ(q->where->parts[0].kind, SoqlCondition::Kind::any);
  EXPECT_EQ(q->where->parts[0].parts[1].kind, SoqlCondition::Kind::none);
  EXPECT_EQ(q->where->parts[1].values[0].text, "LAST_N_DAYS");
  EXPECT_EQ(q->where->parts[1].values[0].count, 7);
  ASSERT_EQ(q->order.size(), 2u);
  EXPECT_TRUE(q->order[0].descending);
  EXPECT_TRUE(q->order[0].nulls_last);
}

TEST(Soql, Values) {
  const auto q = parse_soql(
      "SELECT Id FROM X WHERE a = 'O\\'Hara' AND b = -1.5 AND c = null AND d = 2026-01-31 AND e "
      "> 2026-01-31T09:15:00.000+0000 AND f = 2026-01-31T09:15:00Z AND g LIKE '50\\%'");
  ASSERT_TRUE(q) << q.error().for_caller;
  const auto& parts = q->where->parts;
  EXPECT_EQ(parts[0].values[0].text, "O'Hara");
  EXPECT_EQ(parts[1].values[0].kind, SoqlValue::Kind::number);
  EXPECT_EQ(parts[2].values[0].kind, SoqlValue::Kind::null);
  EXPECT_EQ(parts[3].values[0].kind, SoqlValue::Kind::date);
  EXPECT_EQ(parts[4].values[0].text, parts[5].values[0].text);
  EXPECT_TRUE(soql_like("50%", parts[6].values[0].text));
  EXPECT_FALSE(soql_like("505", parts[6].values[0].text));
}

TEST(Soql, Counting) {
  const auto q = parse_soql("SELECT COUNT() FROM Account");
  ASSERT_TRUE(q);
  EXPECT_TRUE(q->count);
  EXPECT_TRUE(parse_soql("SELECT Count FROM Account")) << "a field may have that name";
}

TEST(Soql, WhatIsOutsideIsNamedWithItsPlace) {
  EXPECT_EQ(refusal("SELECT Id FROM Account GROUP BY Name"),
            "\nSELECT Id FROM Account GROUP BY Name\n                       ^\nERROR at Row:1:Column:24\nunexpected "
            "token: 'GROUP'. GROUP is not part of the SOQL that is served here.");
  EXPECT_THAT(refusal("SELECT (SELECT Id FROM Contacts) FROM Account"), HasSubstr("query inside a query"));
  EXPECT_THAT(refusal("SELECT MAX(CreatedDate) FROM Account"), HasSubstr("the function MAX"));
  EXPECT_THAT(refusal("SELECT FIELDS(ALL) FROM Account"), HasSubstr("the function FIELDS"));
  EXPECT_THAT(refusal("SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact)"),
              HasSubstr("inside a query"));
  EXPECT_THAT(refusal("SELECT Id FROM Account FOR UPDATE"), HasSubstr("'FOR'"));
  EXPECT_THAT(refusal("SELECT Id FROM Account, Contact"), HasSubstr("Only one object"));
}

TEST(Soql, WhatIsWrongIsToldWithItsPlace) {
  EXPECT_THAT(refusal(""), HasSubstr("unexpected end"));
  EXPECT_THAT(refusal("DELETE FROM Account"), HasSubstr("'DELETE'"));
  EXPECT_THAT(refusal("SELECT Id\nFROM Account\nWHERE Name = 'x"),
              HasSubstr("ERROR at Row:3:Column:14\nunterminated string"));
  EXPECT_THAT(refusal("SELECT Id FROM Account WHERE a = 'x' AND b = 'y' OR c = 'z'"), HasSubstr("parentheses"));
  EXPECT_THAT(refusal("SELECT Id FROM Account WHERE a = 2026-02-30"), HasSubstr("invalid date"));
  EXPECT_THAT(refusal("SELECT Id FROM Account LIMIT -1"), HasSubstr("'-1'"));
  EXPECT_THAT(refusal("SELECT Id FROM Account LIMIT 99999999"), HasSubstr("at most"));
  EXPECT_THAT(refusal("SELECT Id FROM Account WHERE a = :name"), HasSubstr("bound variable"));
  EXPECT_THAT(refusal("SELECT Id FROM Account WHERE a = 'b'; DROP TABLE"), HasSubstr("';'"));
  EXPECT_THAT(refusal("SELECT Id FROM Account WHERE n = 'é' AND ü = 1"), HasSubstr("'ü'"));
  EXPECT_THAT(refusal(std::string(30'000, 'x')), HasSubstr("longer than"));
  std::string deep = "SELECT Id FROM Account WHERE ";
  EXPECT_THAT(refusal(deep + std::string(5000, '(')), HasSubstr("too deeply"));
  for (int i = 0; i < 3000; ++i) deep += "NOT ";
  EXPECT_THAT(refusal(deep + "a = 1"), HasSubstr("too deeply"));
}

TEST(Soql, LikeKnowsItsMarks) {
  EXPECT_TRUE(soql_like("Okafor", "ok%"));
  EXPECT_TRUE(soql_like("Okafor", "%AF%"));
  EXPECT_TRUE(soql_like("Amélie", "Am_lie"));
  EXPECT_FALSE(soql_like("Okafor", "ok"));
  EXPECT_TRUE(soql_like("", "%"));
  EXPECT_FALSE(soql_like("", "_"));
  EXPECT_TRUE(soql_like("a_b", "a\\_b"));
  EXPECT_FALSE(soql_like("axb", "a\\_b"));
  EXPECT_TRUE(soql_like(std::string(2000, 'a') + "b", "%a%a%a%a%b"));
}

// Whatever stands in a query, reading it ends with a query or a sentence.
TEST(Soql, RandomQueriesEndWell) {
  SeededRandom random(20260101);
  const std::vector<std::string> words{
      "SELECT",      "FROM", "WHERE", "Id",   "Account", "(",          ")",     ",",  ".",     "'a'",  "=",     "IN",
      "NOT",         "AND",  "OR",    "LIKE", "1",       "2026-01-01", "ORDER", "BY", "LIMIT", "null", "COUNT", "()",
      "LAST_N_DAYS", ":",    "5",     "\\",   "'",       "\n",         "é",     "<",  ">",     "!"};
  int understood = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string query = random.below(2) ? "SELECT Id FROM Account WHERE " : "";
    for (std::uint64_t n = random.below(12); n > 0; --n)
      query += words[random.below(words.size())] + (random.below(5) ? " " : "");
    const auto parsed = parse_soql(query);
    if (parsed) {
      ++understood;
    } else {
      EXPECT_FALSE(parsed.error().for_caller.empty());
    }
  }
  EXPECT_GT(understood, 0);
}

}  // namespace
}  // namespace handoff::face::salesforce
