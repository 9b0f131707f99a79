// Goal: staff, time, hooks and faults of the sandbox EMR do what the control plane promises. Method: the control plane
// and the API over HTTP; a receiver of hooks on a port of its own.
#include "sandbox/test_kipu.h"

namespace handoff::sandbox {
namespace {

using test::HookReceiver;
using test::instant;
using test::KipuSandboxTest;
using test::Signing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class KipuChartTest : public KipuSandboxTest {
 protected:
  std::string name_of_destination(const std::string& casefile) {
    return detail(casefile)["discharge_or_transition_name"].text_or();
  }
};

TEST_F(KipuChartTest, each_edit_has_its_time) {
  const std::string casefile = admit("Amara", "Dunmore");
  post("/clock", Json::object({{"advanceSeconds", 90}}));
  act("PATCH", "/patients/" + casefile, Json::object({{"phone", "+1 503 555 0142"}, {"levelOfCare", "Detox"}}));
  const Json patient = detail(casefile);
  EXPECT_EQ(patient["phone"].text_or(), "+1 503 555 0142");
  EXPECT_EQ(patient["level_of_care"].text_or(), "Detox");
  EXPECT_EQ(patient["created_at"].text_or(), "2026-03-01T15:04:05Z");
  EXPECT_EQ(patient["last_updated_at"].text_or(), "2026-03-01T15:05:35Z");
}

TEST_F(KipuChartTest, an_edit_that_cannot_be_is_named_and_changes_nothing) {
  const std::string casefile = admit("Amara", "Dunmore");
  const auto refusal = [&](const Json& body) {
    const net::ClientReply reply = ask("PATCH", "/patients/" + casefile, body);
    EXPECT_EQ(reply.status, 400);
    return errors(reply);
  };
  EXPECT_THAT(refusal(Json::object({{"fistName", "X"}})), HasSubstr("firstName"));
  EXPECT_THAT(refusal(Json::object({{"phone", "1"}, {"dateOfBirth", "1990-02-30"}})), HasSubstr("dateOfBirth"));
  EXPECT_THAT(refusal(Json::object({{"locationId", 77}})), HasSubstr("locationId"));
  EXPECT_THAT(refusal(Json::object({{"dischargeToContactId", 1}})), HasSubstr("dischargeToContactId"));
  EXPECT_TRUE(detail(casefile)["phone"].is_null());
  EXPECT_EQ(ask("PATCH", "/patients/1:nobody", Json::object()).status, 404);
}

TEST_F(KipuChartTest, a_destination_that_is_typed_becomes_a_contact) {
  const std::string casefile = admit("Amara", "Dunmore");
  const std::string chart = "/patients/" + casefile;
  act("PATCH", chart, Json::object({{"dischargeTo", "Harbor House"}}));
  const auto id = detail(casefile)["discharge_or_transition_id"].int_or(0);
  act("PATCH", chart, Json::object({{"dischargeTo", "harbor house, Inc."}}));
  EXPECT_NE(detail(casefile)["discharge_or_transition_id"].int_or(0), id) << "another spelling is another contact";
  act("PATCH", chart, Json::object({{"dischargeTo", "Harbor House"}}));
  EXPECT_EQ(detail(casefile)["discharge_or_transition_id"].int_or(0), id);
  const auto other = post("/contacts", Json::object({{"name", "Harbor House"}}))["contactId"];
  act("PATCH", chart, Json::object({{"dischargeToContactId", other}}));
  EXPECT_EQ(detail(casefile)["discharge_or_transition_id"], other);
  EXPECT_EQ(name_of_destination(casefile), "Harbor House");
  act("PATCH", chart, Json::object({{"dischargeTo", "Lakeside"}, {"dischargeToContactId", nullptr}}));
  EXPECT_EQ(name_of_destination(casefile), "Lakeside");
  EXPECT_TRUE(detail(casefile)["discharge_or_transition_id"].is_null());
  act("PATCH", chart, Json::object({{"dischargeTo", nullptr}}));
  EXPECT_EQ(name_of_destination(casefile), "");
}

TEST_F(KipuChartTest, a_discharge_can_be_undone) {
  const std::string casefile = admit("Amara", "Dunmore");
  post("/patients/" + casefile + "/discharge",
       Json::object({{"date", "2026-03-01"}, {"type", "AMA"}, {"typeCode", "02"}, {"dischargeTo", "Harbor House"}}));
  EXPECT_EQ(detail(casefile)["discharge_type_code"].text_or(), "02");
  EXPECT_THAT(census(), IsEmpty());
  post("/patients/" + casefile + "/undo-discharge");
  EXPECT_TRUE(detail(casefile)["discharge_date"].is_null());
  EXPECT_TRUE(detail(casefile)["discharge_type"].is_null());
  EXPECT_EQ(name_of_destination(casefile), "Harbor House");
  EXPECT_THAT(census(), ElementsAre(casefile));
}

TEST_F(KipuChartTest, a_readmission_keeps_the_casefile_or_opens_another) {
  const std::string casefile = admit("Amara", "Dunmore");
  const std::string chart = "/patients/" + casefile;
  post(chart + "/discharge", Json::object({{"date", "2026-02-25"}, {"dischargeTo", "Harbor House"}}));
  EXPECT_EQ(post(chart + "/readmit", Json::object({{"date", "2026-02-27"}}))["casefileId"].text_or(), casefile);
  EXPECT_EQ(detail(casefile)["admission_date"].text_or(), "2026-02-27");
  EXPECT_TRUE(detail(casefile)["discharge_date"].is_null());
  EXPECT_EQ(name_of_destination(casefile), "");

  post(chart + "/discharge", Json::object({{"date", "2026-02-28"}}));
  const std::string fresh = post(chart + "/readmit", Json::object({{"newCasefile", true}}))["casefileId"].text_or();
  EXPECT_NE(fresh, casefile);
  EXPECT_EQ(master_of(fresh), master_of(casefile)) << "it is the same person";
  EXPECT_EQ(detail(fresh)["admission_date"].text_or(), "2026-03-01");
  EXPECT_EQ(detail(casefile)["discharge_date"].text_or(), "2026-02-28");
}

TEST_F(KipuChartTest, a_transfer_moves_the_chart_or_in_the_older_way_opens_another) {
  const std::string casefile = admit("Amara", "Dunmore");
  const std::string chart = "/patients/" + casefile;
  EXPECT_EQ(post(chart + "/transfer")["casefileId"].text_or(), casefile);
  EXPECT_EQ(detail(casefile)["location_name"].text_or(), "Riverbend Outpatient");
  EXPECT_EQ(detail(casefile)["mr_number"].text_or(), "MR-Dunmore");
  const std::string fresh =
      post(chart + "/transfer", Json::object({{"locationId", 1}, {"newCasefile", true}}))["casefileId"].text_or();
  EXPECT_NE(fresh, casefile);
  EXPECT_EQ(name_of_destination(casefile), "Riverbend Residential");
  EXPECT_EQ(detail(casefile)["discharge_type"].text_or(), "Transfer");
  EXPECT_EQ(detail(fresh)["location_id"].int_or(0), 1);
  EXPECT_EQ(ask("POST", chart + "/transfer", Json::object({{"locationId", 9}})).status, 400);
  const auto third = post("/locations", Json::object({{"name", "Riverbend North"}}))["locationId"];
  post("/patients/" + fresh + "/transfer", Json::object({{"locationId", third}}));
  EXPECT_EQ(detail(fresh)["location_name"].text_or(), "Riverbend North");
}

TEST_F(KipuChartTest, invented_people_can_be_seeded) {
  EXPECT_EQ(post("/seed", Json::object({{"patients", 250}}))["patients"].int_or(0), 250);
  EXPECT_EQ(parsed(get("/api/patients/census?app_id=42&phi_level=low"))["pagination"]["total_records"].text_or(),
            "250");
  EXPECT_EQ(ask("POST", "/seed", Json::object({{"patients", 0}})).status, 400);
}

TEST_F(KipuChartTest, the_clock_is_set_moved_and_stopped) {
  EXPECT_EQ(act("GET", "/clock")["now"].text_or(), "2026-03-01T15:04:05Z");
  EXPECT_EQ(post("/clock", Json::object({{"now", "2026-04-01T09:30:00-05:00"}}))["now"].text_or(),
            "2026-04-01T14:30:00Z");
  clock_.advance(std::chrono::seconds(5));
  EXPECT_EQ(get("/api/locations?app_id=42").headers.get("Date"), "Wed, 01 Apr 2026 14:30:05 GMT");
  post("/clock", Json::object({{"stopped", true}}));
  clock_.advance(std::chrono::seconds(60));
  EXPECT_EQ(act("GET", "/clock")["now"].text_or(), "2026-04-01T14:30:05Z");
  const std::string one = admit("Amara", "Dunmore"), two = admit("Idris", "Juniper");
  EXPECT_EQ(detail(one)["last_updated_at"], detail(two)["last_updated_at"]);
  post("/clock", Json::object({{"stopped", false}}));
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(act("GET", "/clock")["now"].text_or(), "2026-04-01T14:30:06Z");
  EXPECT_EQ(ask("POST", "/clock", Json::object({{"now", "noon"}})).status, 400);
  EXPECT_EQ(ask("POST", "/clock", Json::object({{"later", 1}})).status, 400);
}

TEST_F(KipuChartTest, a_request_signed_long_before_the_clock_was_moved_is_stale) {
  Signing old;
  old.date = "Sun, 01 Mar 2026 15:04:05 GMT";
  EXPECT_EQ(get("/api/locations?app_id=42", old).status, 200);
  post("/clock", Json::object({{"advanceSeconds", 901}}));
  EXPECT_EQ(get("/api/locations?app_id=42", old).status, 403);
  EXPECT_EQ(act("GET", "/journal")["items"].items()[1]["signature"].text_or(), "stale_date");
}

class KipuFaultTest : public KipuSandboxTest {
 protected:
  void fault(const Json& body) { post("/faults", body); }
};

TEST_F(KipuFaultTest, a_status_is_answered_by_route_and_count) {
  const std::string casefile = admit("Amara", "Dunmore");
  for (const int status : {403, 410, 422, 429, 500, 502, 503, 504}) {
    fault(Json::object({{"route", "detail"}, {"status", status}, {"count", 2}}));
    EXPECT_EQ(get("/api/locations?app_id=42").status, 200) << "another route goes on";
    EXPECT_EQ(get(detail_uri(casefile)).status, status);
    EXPECT_EQ(get(detail_uri(casefile)).status, status);
    EXPECT_EQ(get(detail_uri(casefile)).status, 200);
  }
  fault(Json::object({{"route", "*"}, {"status", 503}, {"retryAfter", 7}}));
  EXPECT_EQ(get("/api/locations?app_id=42").headers.get("Retry-After"), "7");
  fault(Json::object({{"route", "detail"}, {"status", 500}, {"count", 9}}));
  act("DELETE", "/faults");
  EXPECT_EQ(get(detail_uri(casefile)).status, 200);
}

TEST_F(KipuFaultTest, a_status_may_be_for_one_page_or_one_chart) {
  const std::string one = admit("Amara", "Dunmore"), two = admit("Idris", "Juniper");
  fault(Json::object({{"route", "latest"}, {"status", 502}, {"page", 2}}));
  fault(Json::object({{"route", "detail"}, {"status", 500}, {"casefileId", two}}));
  EXPECT_EQ(get(latest_uri("2026-03-01", "2026-03-01", "&per=1&page=1")).status, 200);
  EXPECT_EQ(get(latest_uri("2026-03-01", "2026-03-01", "&per=1&page=2")).status, 502);
  EXPECT_EQ(get(latest_uri("2026-03-01", "2026-03-01", "&per=1&page=2")).status, 200);
  EXPECT_EQ(get(detail_uri(one)).status, 200);
  EXPECT_EQ(get(detail_uri(two)).status, 500);
}

TEST_F(KipuFaultTest, an_unsigned_request_meets_no_fault_and_uses_none_up) {
  fault(Json::object({{"route", "locations"}, {"status", 500}}));
  Signing wrong;
  wrong.secret = "another";
  EXPECT_EQ(get("/api/locations?app_id=42", wrong).status, 403);
  EXPECT_EQ(get("/api/locations?app_id=42").status, 500);
}

TEST_F(KipuFaultTest, a_body_may_be_cut_or_slow) {
  admit("Amara", "Dunmore");
  const std::string uri = latest_uri("2026-03-01", "2026-03-01");
  const std::string whole = get(uri).body;
  fault(Json::object({{"name", "truncatedJson"}, {"route", "latest"}}));
  const net::ClientReply cut = get(uri);
  EXPECT_EQ(cut.status, 200);
  EXPECT_EQ(cut.body, whole.substr(0, whole.size() / 2));
  fault(Json::object({{"name", "slowBody"}, {"route", "latest"}, {"ms", 30}}));
  const net::ClientReply slow = get(uri);
  EXPECT_EQ(slow.body, whole);
  EXPECT_GE(slow.duration, std::chrono::milliseconds(29));
  EXPECT_EQ(get(uri).body, whole);
}

TEST_F(KipuFaultTest, rows_and_pages_may_be_wrong) {
  std::vector<std::string> all;
  for (int i = 0; i < 6; ++i) all.push_back(admit("Person", "Number" + std::to_string(i)));
  const auto page = [&](int number) {
    return parsed(get(latest_uri("2026-03-01", "2026-03-01", "&per=2&page=" + std::to_string(number))));
  };
  fault(Json::object({{"name", "duplicateRow"}, {"route", "latest"}}));
  EXPECT_THAT(casefiles(page(1)), ElementsAre(all[0], all[0], all[1]));
  fault(Json::object({{"name", "missingPagination"}, {"route", "latest"}}));
  EXPECT_FALSE(page(1).contains("pagination"));
  EXPECT_TRUE(page(1).contains("pagination"));
  fault(Json::object({{"name", "skippedRow"}, {"route", "latest"}}));
  EXPECT_THAT(casefiles(page(1)), ElementsAre(all[0], all[1])) << "it waits for a page between two";
  const Json second = page(2);
  EXPECT_THAT(casefiles(second), ElementsAre(all[3], all[4]));
  EXPECT_EQ(second["pagination"]["total_records"].text_or(), "5");
  fault(Json::object({{"name", "skippedRow"}, {"route", "latest"}, {"silent", true}}));
  EXPECT_EQ(page(2)["pagination"]["total_records"].text_or(), "6");
  fault(Json::object({{"name", "halfCensus"}}));
  EXPECT_THAT(census(), SizeIs(3));
  EXPECT_THAT(census(), SizeIs(6));
}

TEST_F(KipuFaultTest, texts_may_be_dirty) {
  const std::string casefile =
      post("/patients",
           Json::object({{"firstName", "Amara"}, {"levelOfCare", "Detox"}, {"program", "Day"}}))["casefileId"]
          .text_or();
  post("/patients/" + casefile + "/discharge", Json::object({{"type", "Completed"}}));
  fault(Json::object({{"name", "dirtyText"}, {"count", 2}}));
  EXPECT_EQ(detail(casefile)["level_of_care"].text_or(), "UR LOC: Detox");
  const Json row = parsed(get(latest_uri("2026-03-01", "2026-03-01")))["patients"].items()[0];
  EXPECT_EQ(row["discharge_type"].text_or(), "\tCompleted – “confirmed”");
  EXPECT_EQ(row["program"].text_or(), " Day  ");
  EXPECT_EQ(detail(casefile)["level_of_care"].text_or(), "Detox");
}

TEST_F(KipuFaultTest, a_late_commit_is_seen_after_its_timestamp) {
  const std::string casefile = admit("Amara", "Dunmore");
  post("/clock", Json::object({{"advanceSeconds", 10}}));
  fault(Json::object({{"name", "lateCommit"}, {"seconds", 60}, {"count", 1}}));
  act("PATCH", "/patients/" + casefile, Json::object({{"dischargeTo", "Harbor House"}}));
  EXPECT_TRUE(detail(casefile)["discharge_or_transition_name"].is_null());
  EXPECT_EQ(detail(casefile)["last_updated_at"].text_or(), "2026-03-01T15:04:05Z");
  post("/clock", Json::object({{"advanceSeconds", 59}}));
  EXPECT_TRUE(detail(casefile)["discharge_or_transition_name"].is_null());
  post("/clock", Json::object({{"advanceSeconds", 1}}));
  EXPECT_EQ(detail(casefile)["discharge_or_transition_name"].text_or(), "Harbor House");
  EXPECT_EQ(detail(casefile)["last_updated_at"].text_or(), "2026-03-01T15:04:15Z") << "the time of the change itself";
}

TEST_F(KipuFaultTest, a_skewed_server_clock_is_seen_in_the_date_and_in_the_signing_window) {
  fault(Json::object({{"name", "clockSkew"}, {"seconds", 720}}));
  const net::ClientReply reply = get("/api/locations?app_id=42");
  EXPECT_EQ(reply.status, 200) << "twelve minutes are within the window";
  EXPECT_EQ(reply.headers.get("Date"), "Sun, 01 Mar 2026 15:16:05 GMT");
  fault(Json::object({{"name", "clockSkew"}, {"seconds", -1200}}));
  EXPECT_EQ(get("/api/locations?app_id=42").status, 403);
  EXPECT_EQ(get("/api/locations?app_id=42").headers.get("Date"), "Sun, 01 Mar 2026 14:44:05 GMT");
  fault(Json::object({{"name", "clockSkew"}, {"seconds", 0}}));
  EXPECT_EQ(get("/api/locations?app_id=42").status, 200);
}

TEST_F(KipuFaultTest, a_fault_that_does_not_exist_is_refused_with_those_that_do) {
  EXPECT_THAT(errors(ask("POST", "/faults", Json::object({{"name", "rain"}}))), HasSubstr("lateCommit"));
  EXPECT_THAT(errors(ask("POST", "/faults", Json::object({{"route", "lates"}, {"status", 500}}))), HasSubstr("latest"));
  EXPECT_EQ(ask("POST", "/faults", Json::object({{"route", "latest"}})).status, 400);
  EXPECT_EQ(ask("POST", "/faults", Json::object({{"route", "latest"}, {"status", 200}})).status, 400);
}

class KipuHookTest : public KipuSandboxTest {
 protected:
  void hook(const std::string& kind, const Json& more = Json::object()) {
    Json body = Json::object({{"url", receiver_.url()}, {"token", "hook-token"}, {"active", true}});
    for (const auto& [key, value] : more.members()) body.set(key, value);
    act("PUT", "/hooks/" + kind, body);
  }
  Json state(const std::string& kind) { return act("GET", "/hooks")[kind]; }
  // What became of the deliveries is known a moment after the receiver has answered.
  void wait_until(const std::string& kind, const char* key, std::int64_t value) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (state(kind)[key].int_or(-1) != value && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    EXPECT_EQ(state(kind)[key].int_or(-1), value) << key;
  }
  static std::vector<std::string> names(const std::vector<Json>& bodies) {
    std::vector<std::string> ids;
    for (const Json& body : bodies) ids.push_back(body["casefile_id"].text_or());
    return ids;
  }

  SystemRandom dice_;
  HookReceiver receiver_{dice_};
};

TEST_F(KipuHookTest, no_hook_is_set_at_first_and_each_kind_tells_its_own) {
  EXPECT_FALSE(state("chart-update")["active"].bool_or(true));
  admit("Nobody", "Told");
  hook("patient-creation");
  const std::string casefile = admit("Amara", "Dunmore");
  act("PATCH", "/patients/" + casefile, Json::object({{"phone", "1"}}));
  ASSERT_THAT(receiver_.wait_for(1), SizeIs(1));
  EXPECT_EQ(receiver_.wait_for(1)[0], Json::object({{"event", "patient_creation"},
                                                    {"app_id", "42"},
                                                    {"casefile_id", casefile},
                                                    {"patient_id", parse_int(id_of(casefile)).value()},
                                                    {"patient_master_id", master_of(casefile)},
                                                    {"occurred_at", "2026-03-01T15:04:05Z"}}));
  EXPECT_EQ(receiver_.bearer(0), "Bearer hook-token");
  hook("chart-update");
  act("PATCH", "/patients/" + casefile, Json::object({{"phone", "2"}}));
  ASSERT_THAT(receiver_.wait_for(2), SizeIs(2)) << "the change before the hook was on is not told";
  EXPECT_EQ(receiver_.wait_for(2)[1]["event"].text_or(), "chart_update");
  act("PUT", "/hooks/chart-update", Json::object({{"active", false}}));
  act("PATCH", "/patients/" + casefile, Json::object({{"phone", "3"}}));
  EXPECT_EQ(state("chart-update")["waiting"].int_or(-1), 0);
}

TEST_F(KipuHookTest, a_delivery_can_be_delayed_and_doubled) {
  hook("chart-update", Json::object({{"delayMs", 60'000}, {"duplicate", 2}}));
  const std::string casefile = admit("Amara", "Dunmore");
  act("PATCH", "/patients/" + casefile, Json::object({{"phone", "1"}}));
  EXPECT_EQ(state("chart-update")["waiting"].int_or(-1), 3);
  post("/clock", Json::object({{"advanceSeconds", 59}}));
  EXPECT_EQ(state("chart-update")["waiting"].int_or(-1), 3);
  EXPECT_EQ(receiver_.count(), 0U);
  post("/clock", Json::object({{"advanceSeconds", 1}}));
  EXPECT_THAT(receiver_.wait_for(3), SizeIs(3));
  wait_until("chart-update", "delivered", 3);
}

TEST_F(KipuHookTest, a_delivery_can_be_overtaken) {
  hook("patient-creation", Json::object({{"reorder", true}}));
  const std::string one = admit("Amara", "Dunmore"), two = admit("Idris", "Juniper");
  EXPECT_THAT(names(receiver_.wait_for(2)), ElementsAre(two, one));
}

TEST_F(KipuHookTest, a_delivery_can_be_lost) {
  hook("patient-creation", Json::object({{"dropRate", 1.0}}));
  admit("Amara", "Dunmore");
  EXPECT_EQ(state("patient-creation")["dropped"].int_or(-1), 1);
  EXPECT_EQ(state("patient-creation")["waiting"].int_or(-1), 0);
  hook("patient-creation", Json::object({{"dropRate", 0.5}}));
  for (int i = 0; i < 40; ++i) admit("Person", "Number" + std::to_string(i));
  const auto dropped = state("patient-creation")["dropped"].int_or(-1);
  EXPECT_GT(dropped, 5);
  EXPECT_LT(dropped, 35);
  wait_until("patient-creation", "delivered", 40 - dropped);
}

TEST_F(KipuHookTest, a_refused_delivery_is_tried_again_until_after_two_days_the_hook_is_off) {
  hook("patient-creation");
  receiver_.answer_with(500);
  admit("Amara", "Dunmore");
  wait_until("patient-creation", "failed", 1);
  EXPECT_EQ(state("patient-creation")["waiting"].int_or(-1), 1);
  post("/clock", Json::object({{"advanceSeconds", 30}}));
  wait_until("patient-creation", "failed", 2);
  EXPECT_TRUE(state("patient-creation")["active"].bool_or(false));
  post("/clock", Json::object({{"advanceSeconds", 48 * 3600}}));
  wait_until("patient-creation", "failed", 3);
  EXPECT_FALSE(state("patient-creation")["active"].bool_or(true));
  EXPECT_EQ(state("patient-creation")["waiting"].int_or(-1), 0);
  const Json attempts = act("GET", "/journal")["hooks"];
  ASSERT_EQ(attempts.size(), 3U);
  EXPECT_EQ(attempts.items()[2]["attempt"].int_or(0), 3);
  EXPECT_EQ(attempts.items()[2]["status"].int_or(0), 500);
}

TEST_F(KipuHookTest, a_retry_that_is_taken_ends_the_trying) {
  hook("patient-creation");
  receiver_.answer_with(503);
  admit("Amara", "Dunmore");
  wait_until("patient-creation", "failed", 1);
  receiver_.answer_with(202);
  post("/clock", Json::object({{"advanceSeconds", 30}}));
  wait_until("patient-creation", "delivered", 1);
  EXPECT_EQ(state("patient-creation")["waiting"].int_or(-1), 0);
}

TEST_F(KipuHookTest, a_late_commit_is_told_when_it_is_committed) {
  hook("chart-update");
  const std::string casefile = admit("Amara", "Dunmore");
  post("/faults", Json::object({{"name", "lateCommit"}, {"seconds", 60}}));
  act("PATCH", "/patients/" + casefile, Json::object({{"phone", "1"}}));
  EXPECT_EQ(state("chart-update")["waiting"].int_or(-1), 1);
  post("/clock", Json::object({{"advanceSeconds", 60}}));
  EXPECT_THAT(receiver_.wait_for(1), SizeIs(1));
}

TEST_F(KipuHookTest, hooks_go_to_this_machine_only) {
  for (const char* url : {"http://203.0.113.9/hooks", "http://127.0.0.1@example.org/", "ftp://127.0.0.1/",
                          "http://127.example.org/", "here"}) {
    EXPECT_EQ(ask("PUT", "/hooks/chart-update", Json::object({{"url", url}})).status, 400) << url;
  }
  for (const char* url : {"http://127.0.0.1:1/x", "http://localhost:1/x", "http://[::1]:1/x"}) {
    EXPECT_EQ(ask("PUT", "/hooks/chart-update", Json::object({{"url", url}})).status, 200) << url;
  }
  EXPECT_EQ(ask("PUT", "/hooks/chart-closed", Json::object()).status, 404);
  EXPECT_EQ(ask("PUT", "/hooks/chart-update", Json::object({{"dropRate", 2}})).status, 400);
  EXPECT_EQ(ask("PUT", "/hooks/patient-creation", Json::object({{"active", true}})).status, 400);
}

}  // namespace
}  // namespace handoff::sandbox
