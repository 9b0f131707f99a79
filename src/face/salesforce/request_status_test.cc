#include "face/salesforce/request_status.h"

#include <gtest/gtest.h>

namespace handoff::face::salesforce {
namespace {

using referral::Category;
using referral::Referral;
using referral::Status;

Referral at(Status status, const char* sub_status = "") {
  Referral r;
  r.status = status;
  if (status != Status::draft) r.submitted_at = from_ms(1);
  for (const auto& row : referral::standard_sub_statuses()) {
    if (row.code != sub_status) continue;
    r.sub_status = row.code;
    r.category = row.category;
    r.accepted_once = row.category == Category::accepted || row.category == Category::in_progress;
  }
  return r;
}
RequestState shown(const Referral& r) { return state_of(r, referral::standard_sub_statuses()); }

TEST(RequestStatus, EveryStatusOfOursHasAWord) {
  struct Expected {
    const char* code;
    const char* status;
    bool accepted;
  };
  const std::vector<Expected> table{
      {"requested", "Active", false},
      {"ready", "Active", false},
      {"received", "Active", false},
      {"accepted", "Active", true},
      {"in_progress", "Active", true},
      {"on_hold", "On-Hold", false},
      {"waitlisted", "On-Hold", false},
      {"admitted", "Completed", true},
      {"outcome_not_recorded", "Completed", true},
      {"ineligible", "Revoked", false},
      {"cancelled_by_registrant", "Revoked", false},
      {"cancelled_by_provider_event", "Revoked", false},
      {"cancelled_by_provider_group", "Revoked", false},
      {"redirected", "Revoked", false},
      {"incomplete", "Revoked", false},
      {"no_show", "Revoked", false},
      {"entered_in_error", "Entered-in-Error", false},
  };
  ASSERT_EQ(table.size(), referral::standard_sub_statuses().size()) << "a new sub-status needs its row";
  for (const auto& row : referral::standard_sub_statuses()) {
    const auto expected =
        std::find_if(table.begin(), table.end(), [&](const auto& each) { return row.code == each.code; });
    ASSERT_NE(expected, table.end()) << row.code;
    const bool closing = referral::is_closing(row.category);
    const RequestState state = shown(at(closing ? Status::closed : Status::submitted, row.code.c_str()));
    EXPECT_EQ(state.status, expected->status) << row.code;
    EXPECT_EQ(state.accepted, expected->accepted) << row.code;
    EXPECT_EQ(state.reason.value_or(""), closing ? row.label : "");
    // What is shown is a word of the list, and asks for the same when it is sent.
    const StatusWord* word = status_word(state.status);
    ASSERT_NE(word, nullptr) << state.status;
    EXPECT_EQ(closing_code(*word, state.reason.value_or(""), referral::standard_sub_statuses()),
              closing ? row.code : std::string())
        << row.code;
  }
  EXPECT_EQ(shown(at(Status::draft)).status, "Draft");
  EXPECT_EQ(shown(at(Status::submitted)).status, "Active");
  EXPECT_FALSE(shown(at(Status::submitted)).accepted);
  EXPECT_TRUE(shown(at(Status::booked)).accepted) << "booked is accepted";
  EXPECT_TRUE(shown(at(Status::booked, "received")).accepted);
  Referral discarded = at(Status::closed, "entered_in_error");
  discarded.submitted_at.reset();
  EXPECT_EQ(shown(discarded).status, "Entered-in-Error");
  Referral held = at(Status::submitted, "on_hold");
  held.accepted_once = true;
  EXPECT_TRUE(shown(held).accepted) << "acceptance is remembered while it is on hold";
}

TEST(RequestStatus, WordsThatCloseFindASubStatus) {
  const auto& rows = referral::standard_sub_statuses();
  EXPECT_EQ(closing_code(*status_word("Completed"), "", rows), "outcome_not_recorded");
  EXPECT_EQ(closing_code(*status_word("Completed"), "Admitted", rows), "admitted");
  EXPECT_EQ(closing_code(*status_word("revoked"), "", rows), "cancelled_by_registrant");
  EXPECT_EQ(closing_code(*status_word("Revoked"), "no_show", rows), "no_show");
  EXPECT_EQ(closing_code(*status_word("Entered-in-Error"), "Admitted", rows), "entered_in_error");
  EXPECT_EQ(closing_code(*status_word("Completed"), "", {{"done", "Done", Category::completed}}), "done");
  EXPECT_EQ(closing_code(*status_word("Completed"), "", {}), "");
  EXPECT_EQ(status_word("Waiting for a bed"), nullptr);
}

TEST(RequestStatus, PrioritiesAndTypes) {
  for (const char* priority : {"routine", "urgent", "asap", "stat"})
    EXPECT_EQ(priority_of(priority_word(priority)), priority);
  EXPECT_EQ(priority_of("Whenever"), std::nullopt);
  EXPECT_TRUE(is_known_type("Filler-Order"));
  EXPECT_FALSE(is_known_type("Wish"));
}

}  // namespace
}  // namespace handoff::face::salesforce
