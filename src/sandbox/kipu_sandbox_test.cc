// Goal: the sandbox EMR keeps each sentence of its wire. Method: the real server on a free port, a client that signs,
// and a clock that stands still until it is told.
#include "sandbox/kipu_sandbox.h"

#include "sandbox/test_kipu.h"

namespace handoff::sandbox {
namespace {

using test::KipuSandboxTest;
using test::Signing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class KipuApiTest : public KipuSandboxTest {};

TEST_F(KipuApiTest, a_wrong_signature_is_refused_with_403_or_with_401_where_told) {
  const std::string casefile = admit("Amara", "Dunmore");
  Signing wrong;
  wrong.secret = "another";
  EXPECT_EQ(get(detail_uri(casefile), wrong).status, 403);
  EXPECT_THAT(errors(get(detail_uri(casefile), wrong)), HasSubstr("failed to authenticate"));
  act("PUT", "/settings", Json::object({{"wrongSignatureStatus", 401}}));
  EXPECT_EQ(get(detail_uri(casefile), wrong).status, 401);
  EXPECT_EQ(get(detail_uri(casefile)).status, 200);

  Signing mixed;
  mixed.sha256 = true;
  mixed.prefix = "APIAuth";
  EXPECT_EQ(get(detail_uri(casefile), mixed).status, 401) << "a bare prefix means SHA-1";
  mixed.prefix.clear();
  EXPECT_EQ(get(detail_uri(casefile), mixed).status, 200);
}

TEST_F(KipuApiTest, another_instance_is_refused_and_a_missing_one_is_named) {
  EXPECT_EQ(get("/api/locations?app_id=43").status, 403);
  EXPECT_EQ(get("/api/locations").status, 422);
  EXPECT_EQ(get("/api/nowhere?app_id=42").status, 404);
  EXPECT_EQ(get("/elsewhere?app_id=42").status, 404);
  EXPECT_EQ(get("/api/locations?app_id=42").status, 200);
}

TEST_F(KipuApiTest, the_detail_tells_the_destination_and_as_much_of_the_person_as_its_level) {
  const std::string casefile = admit("Amara", "Dunmore");
  post("/patients/" + casefile + "/discharge",
       Json::object({{"date", "2026-03-01"}, {"type", "Completed"}, {"dischargeTo", "Harbor House"}}));
  const Json high = detail(casefile);
  EXPECT_EQ(high["casefile_id"].text_or(), casefile);
  EXPECT_EQ(high["first_name"].text_or(), "Amara");
  EXPECT_EQ(high["dob"].text_or(), "1990-01-02");
  EXPECT_EQ(high["discharge_date"].text_or(), "2026-03-01");
  EXPECT_EQ(high["discharge_type"].text_or(), "Completed");
  EXPECT_EQ(high["discharge_or_transition_name"].text_or(), "Harbor House");
  EXPECT_EQ(high["discharge_or_transition_id"].int_or(0), 501);
  EXPECT_EQ(high["last_updated_at"].text_or(), "2026-03-01T15:04:05Z");

  const Json medium = parsed(get(detail_uri(casefile, "medium")))["patient"];
  EXPECT_EQ(medium["first_name"].text_or(), "Amara");
  EXPECT_EQ(medium["dob"].text_or(), "1990");
  EXPECT_FALSE(medium.contains("discharge_or_transition_name"));
  const Json low = parsed(get(detail_uri(casefile, "low")))["patient"];
  EXPECT_EQ(low["admission_date"].text_or(), "2026-02-20");
  EXPECT_FALSE(low.contains("first_name"));
  EXPECT_FALSE(low.contains("dob"));

  EXPECT_EQ(get(detail_uri(casefile, "")).status, 422);
  EXPECT_EQ(get("/api/patients/" + id_of(casefile) + "?app_id=42&phi_level=high").status, 422);
  EXPECT_EQ(get("/api/patients/" + id_of(casefile) + "?app_id=42&phi_level=high&patient_master_id=x").status, 404);
}

TEST_F(KipuApiTest, pages_are_counted_in_texts) {
  for (int i = 0; i < 45; ++i) admit("Person", "Number" + std::to_string(i));
  const Json first = parsed(get(latest_uri("2026-03-01", "2026-03-01")));
  EXPECT_EQ(first["patients"].size(), 20U);
  EXPECT_EQ(
      first["pagination"],
      Json::object({{"current_page", "1"}, {"total_pages", "3"}, {"records_per_page", "20"}, {"total_records", "45"}}));
  EXPECT_EQ(parsed(get(latest_uri("2026-03-01", "2026-03-01", "&page=3")))["patients"].size(), 5U);
  EXPECT_EQ(parsed(get(latest_uri("2026-03-01", "2026-03-01", "&page=4")))["patients"].size(), 0U);
  EXPECT_EQ(parsed(get(latest_uri("2026-03-01", "2026-03-01", "&page=1&per=100")))["patients"].size(), 45U);
  EXPECT_EQ(get(latest_uri("2026-03-01", "2026-03-01", "&page=0")).status, 422);
  EXPECT_EQ(get(latest_uri("2026-03-01", "2026-03-01", "&per=1001")).status, 422);
}

TEST_F(KipuApiTest, a_change_between_two_pages_is_seen_by_the_second) {
  const std::string one = admit("Amara", "Dunmore"), two = admit("Idris", "Juniper"), three = admit("Vera", "Kestrel");
  const auto page = [&](int number) {
    const Json answer = parsed(get(latest_uri("2026-03-01", "2026-03-01", "&per=2&page=" + std::to_string(number))));
    EXPECT_EQ(answer["pagination"]["total_records"].text_or(), "3");
    return casefiles(answer);
  };
  EXPECT_THAT(page(1), ElementsAre(one, two));
  EXPECT_THAT(page(2), ElementsAre(three));
  post("/clock", Json::object({{"advanceSeconds", 1}}));
  act("PATCH", "/patients/" + one, Json::object({{"phone", "1"}}));
  EXPECT_THAT(page(2), ElementsAre(one)) << "a row has moved to the page that was read already";
  EXPECT_THAT(page(1), ElementsAre(two, three));
}

TEST_F(KipuApiTest, the_change_feed_takes_calendar_days_of_the_zone) {
  post("/clock", Json::object({{"now", "2026-03-02T03:30:00Z"}}));
  const std::string casefile = admit("Amara", "Dunmore");
  EXPECT_THAT(latest("2026-03-02", "2026-03-02"), ElementsAre(casefile));
  EXPECT_THAT(latest("2026-03-01", "2026-03-01"), IsEmpty());
  act("PUT", "/settings", Json::object({{"zone", "America/Toronto"}}));
  EXPECT_THAT(latest("2026-03-01", "2026-03-01"), ElementsAre(casefile)) << "there it is still the evening before";
  EXPECT_THAT(latest("2026-03-02", "2026-03-02"), IsEmpty());

  // The clocks go forward on 8 March; that day has 23 hours.
  post("/clock", Json::object({{"now", "2026-03-09T03:59:59Z"}}));
  const std::string late = admit("Idris", "Juniper");
  EXPECT_THAT(latest("2026-03-08", "2026-03-08"), ElementsAre(late));
  EXPECT_THAT(latest("2026-03-09", "2026-03-09"), IsEmpty());

  EXPECT_EQ(get("/api/patients/latest?app_id=42&start_date=2026-03-01").status, 422);
  EXPECT_EQ(get(latest_uri("yesterday", "2026-03-01")).status, 422);
  EXPECT_EQ(get(latest_uri("2026-03-01", "2026-03-20")).status, 200);
  act("PUT", "/settings", Json::object({{"refuseFutureEndDate", true}}));
  EXPECT_EQ(get(latest_uri("2026-03-01", "2026-03-20")).status, 422);
}

TEST_F(KipuApiTest, the_plain_census_has_those_who_are_here_and_the_ranged_one_those_who_were) {
  const std::string here = admit("Amara", "Dunmore");
  const std::string gone = admit("Idris", "Juniper");
  const std::string planned = post("/patients", Json::object({{"firstName", "Vera"}}))["casefileId"].text_or();
  const std::string deleted = admit("Otis", "Kestrel");
  post("/patients/" + gone + "/discharge", Json::object({{"date", "2026-02-25"}}));
  post("/patients/" + deleted + "/delete");
  EXPECT_THAT(census(), UnorderedElementsAre(here, planned));
  EXPECT_THAT(census("&exclude_preadmission=true"), UnorderedElementsAre(here));
  EXPECT_THAT(census("&start_date=2026-02-20&end_date=2026-03-01&exclude_preadmission=true"),
              UnorderedElementsAre(here, gone));
  EXPECT_THAT(census("&start_date=2026-02-26&end_date=2026-03-01&exclude_preadmission=true"),
              UnorderedElementsAre(here));
  EXPECT_THAT(latest(), UnorderedElementsAre(here, gone, planned)) << "the change feed has both";
  EXPECT_EQ(get("/api/patients/census?app_id=42").status, 422);

  const Json vault = parsed(get("/api/vaults/patients?app_id=42&start_date=2026-03-01&end_date=2026-03-01"));
  EXPECT_THAT(casefiles(vault), ElementsAre(deleted));
  EXPECT_EQ(get(detail_uri(deleted)).status, 404);
  const Json admitted =
      parsed(get("/api/patients/admissions?app_id=42&phi_level=low&start_date=2026-02-20&end_date=2026-02-20"));
  EXPECT_THAT(casefiles(admitted), UnorderedElementsAre(here, gone));
}

TEST_F(KipuApiTest, the_feed_may_leave_the_destination_out) {
  const std::string casefile = admit("Amara", "Dunmore");
  act("PATCH", "/patients/" + casefile, Json::object({{"dischargeTo", "Harbor House"}}));
  EXPECT_EQ(parsed(get(latest_uri("2026-03-01", "2026-03-01")))["patients"]
                .items()[0]["discharge_or_transition_name"]
                .text_or(),
            "Harbor House");
  act("PUT", "/settings", Json::object({{"latestOmitsDestination", true}}));
  EXPECT_FALSE(parsed(get(latest_uri("2026-03-01", "2026-03-01")))["patients"].items()[0].contains(
      "discharge_or_transition_name"));
  EXPECT_EQ(detail(casefile)["discharge_or_transition_name"].text_or(), "Harbor House");
}

TEST_F(KipuApiTest, version_4_calls_rosters_and_charts_episodes) {
  const std::string casefile = admit("Amara", "Dunmore");
  Signing v4;
  v4.sha256 = true;
  v4.accept = "application/vnd.kipusystems+json; version=4";
  const std::string tail = "/" + id_of(casefile) + "?app_id=42&phi_level=high&patient_master_id=" + master_of(casefile);
  const net::ClientReply reply = get("/api/episodes" + tail, v4);
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_GT(parsed(reply)["patient"]["treatment_episode_id"].int_or(0), 0);
  EXPECT_FALSE(detail(casefile).contains("treatment_episode_id"));
  EXPECT_EQ(get("/api/patients" + tail, v4).status, 404);
  EXPECT_EQ(get("/api/episodes" + tail).status, 404);
  EXPECT_EQ(get("/api/episodes/census?app_id=42&phi_level=low", v4).status, 200);
  EXPECT_EQ(get("/api/locations?app_id=42", v4).status, 200) << "what kept its name answers in both";
  v4.accept.clear();
  EXPECT_EQ(get("/api/episodes" + tail, v4).status, 200) << "without a version the path decides";
}

TEST_F(KipuApiTest, every_other_route_answers_in_its_own_words) {
  const std::string casefile = post("/patients", Json::object({{"firstName", "Amara"},
                                                               {"admissionDate", "2026-02-20"},
                                                               {"program", "Residential"},
                                                               {"bedName", "B2"},
                                                               {"insuranceCompany", "Evergreen Mutual"}}))["casefileId"]
                                   .text_or();
  const std::string chart = "/patients/" + casefile;
  const std::string own = "/api/patients/" + id_of(casefile);
  const std::string master = "?app_id=42&patient_master_id=" + master_of(casefile);
  post(chart + "/care-team", Json::object({{"role", "Counselor"}}));
  post(chart + "/consents", Json::object({{"name", "Release"}, {"complete", true}}));
  const Json evaluation = post(chart + "/evaluations", Json::object({{"name", "Discharge plan"}}));
  post(chart + "/appointments", Json::object({{"start_date", "2026-03-03"}}));
  const auto rows = [&](const std::string& uri, const char* key) {
    const net::ClientReply reply = get(uri);
    EXPECT_EQ(reply.status, 200) << uri << reply.body;
    return parsed(reply)[key].size();
  };
  EXPECT_EQ(rows("/api/locations?app_id=42", "locations"), 2U);
  EXPECT_EQ(rows("/api/care_levels?app_id=42", "care_levels"), 5U);
  EXPECT_EQ(rows("/api/contact_types?app_id=42", "contact_types"), 4U);
  EXPECT_EQ(rows("/api/patients/care_teams?app_id=42", "care_teams"), 1U);
  EXPECT_EQ(rows(own + "/care_team" + master, "care_team"), 1U);
  EXPECT_EQ(rows("/api/consent_form_records?app_id=42", "consent_form_records"), 1U);
  EXPECT_EQ(rows(own + "/consent_form_records" + master, "consent_form_records"), 1U);
  EXPECT_EQ(rows("/api/patient_evaluations?app_id=42", "patient_evaluations"), 1U);
  EXPECT_EQ(rows("/api/patient_evaluations?app_id=42&completed_only=true", "patient_evaluations"), 0U);
  EXPECT_EQ(rows("/api/patient_evaluations/" + evaluation["id"].number_text() + "?app_id=42", "patient_evaluation"),
            4U);
  EXPECT_EQ(rows("/api/scheduler/appointments?app_id=42&start_date=2026-03-01", "appointments"), 1U);
  EXPECT_EQ(rows("/api/scheduler/appointments?app_id=42&start_date=2026-03-04", "appointments"), 0U);
  EXPECT_EQ(rows("/api/patients/occupancy?app_id=42&phi_level=low", "occupancy"), 1U);
  EXPECT_EQ(rows("/api/insurances/latest?app_id=42&start_date=2026-03-01&end_date=2026-03-01", "insurances"), 1U);
  const Json history = parsed(get(own + "/program_history" + master))["patient"]["program_history"];
  ASSERT_EQ(history.size(), 1U);
  EXPECT_EQ(history.items()[0]["program"].text_or(), "Residential");
  const Json patient =
      parsed(get(detail_uri(casefile) + "&insurance_detail=v121&patient_status_detail=v121"))["patient"];
  EXPECT_EQ(patient["insurances"].items()[0]["insurance_company"].text_or(), "Evergreen Mutual");
  EXPECT_EQ(patient["patient_status"].text_or(), "Admitted");
}

TEST_F(KipuApiTest, contacts_are_found_and_written) {
  const Json id = post("/contacts", Json::object({{"name", "Harbor House"}, {"address_state", "OR"}}))["contactId"];
  post("/contacts", Json::object({{"name", "Lakeside Clinic"}, {"referrer", true}}));
  EXPECT_EQ(parsed(get("/api/contacts?app_id=42&contains=harbor"))["contacts"].size(), 1U);
  EXPECT_EQ(parsed(get("/api/contacts?app_id=42&begins_with=clinic"))["contacts"].size(), 0U);
  EXPECT_EQ(parsed(get("/api/contacts?app_id=42&address_state=OR"))["contacts"].size(), 1U);
  EXPECT_EQ(parsed(get("/api/contacts/referrers?app_id=42"))["contacts"].size(), 1U);
  const std::string document = R"({"document":{"recipient_id":"42","data":{"name":"Harbor House West"}}})";
  EXPECT_EQ(send("POST", "/api/contacts", document).status, 201);
  EXPECT_EQ(send("PATCH", "/api/contacts/" + id.number_text(), document).status, 200);
  EXPECT_EQ(parsed(get("/api/contacts/" + id.number_text() + "?app_id=42"))["contact"]["name"].text_or(),
            "Harbor House West");
  EXPECT_EQ(get("/api/contacts/9999?app_id=42").status, 404);
}

TEST_F(KipuApiTest, a_patient_is_created_and_updated_in_the_documents_of_the_api) {
  const net::ClientReply made = send("POST", "/api/patients",
                                     R"({"document":{"recipient_id":"42","sending_app_name":"handoff","data":)"
                                     R"({"first_name":"Test","last_name":"Person","dob":"1990-01-02","email":""}}})");
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string casefile = parsed(made)["casefile_id"].text_or();
  EXPECT_EQ(detail(casefile)["last_name"].text_or(), "Person");
  const std::string update =
      R"({"document":{"recipient_id":42,"data":{"discharge_to_name":"Harbor House","discharge_date":"2026-03-01"}}})";
  EXPECT_EQ(send("PATCH", "/api/patients/" + id_of(casefile), update).status, 200);
  EXPECT_EQ(detail(casefile)["discharge_or_transition_name"].text_or(), "Harbor House");
  Signing overriding;
  overriding.more.add("X-HTTP-Method-Override", "PATCH");
  EXPECT_EQ(send("POST", "/api/patients/" + id_of(casefile),
                 R"({"document":{"recipient_id":"42","data":{"phone":"+1 503 555 0142"}}})", overriding)
                .status,
            200);
  EXPECT_EQ(detail(casefile)["phone"].text_or(), "+1 503 555 0142");

  EXPECT_EQ(send("POST", "/api/patients", R"({"document":{"recipient_id":"42","data":{"first_name":"Test"}}})").status,
            422);
  EXPECT_EQ(send("POST", "/api/patients?app_id=42", R"({"data":{}})").status, 400);
  EXPECT_EQ(send("POST", "/api/patients?app_id=42", "{").status, 400);
}

TEST_F(KipuApiTest, a_patient_may_come_as_a_form_with_a_file) {
  const auto field = [](const std::string& name, const std::string& value) {
    return "--cut\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
  };
  const std::string form =
      field("document[recipient_id]", "42") + field("document[data][first_name]", "Test") +
      field("document[data][last_name]", "Person") + field("document[data][dob]", "1990-01-02") +
      field("document[attachments_attributes][0][attachment_name]", "id_image") +
      "--cut\r\nContent-Disposition: form-data; name=\"document[attachments_attributes][0][attachment]\"; "
      "filename=\"id.pdf\"\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n--cut--\r\n";
  const net::ClientReply made = send("POST", "/api/patients", form, {}, "multipart/form-data; boundary=cut");
  ASSERT_EQ(made.status, 201) << made.body;
  const Json chart = act("GET", "/patients/" + parsed(made)["casefile_id"].text_or());
  ASSERT_EQ(chart["attachments"].size(), 1U);
  EXPECT_EQ(chart["attachments"].items()[0]["attachment_name"].text_or(), "id_image");
  EXPECT_EQ(chart["attachments"].items()[0]["attachment"]["size"].int_or(0), 4);
  EXPECT_EQ(chart["fields"]["first_name"].text_or(), "Test");
}

TEST_F(KipuApiTest, too_many_requests_are_told_to_wait) {
  act("PUT", "/settings", Json::object({{"requestsPerSecond", 2}}));
  EXPECT_EQ(get("/api/locations?app_id=42").status, 200);
  EXPECT_EQ(get("/api/locations?app_id=42").status, 200);
  const net::ClientReply refused = get("/api/locations?app_id=42");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.get("Retry-After"), "1");
  clock_.advance(std::chrono::milliseconds(500));
  EXPECT_EQ(get("/api/locations?app_id=42").status, 200);
  EXPECT_EQ(get("/api/locations?app_id=42").status, 429);
}

TEST_F(KipuApiTest, the_journal_keeps_what_was_asked_and_how_it_was_signed) {
  Signing wrong;
  wrong.secret = "another";
  get("/api/locations?app_id=42", wrong);
  get(latest_uri("2026-03-01", "2026-03-01"));
  const Json journal = act("GET", "/journal");
  ASSERT_EQ(journal["items"].size(), 2U);
  const Json& first = journal["items"].items()[0];
  EXPECT_EQ(first["route"].text_or(), "locations");
  EXPECT_EQ(first["signature"].text_or(), "wrong_signature");
  EXPECT_EQ(first["status"].int_or(0), 403);
  const Json& second = journal["items"].items()[1];
  EXPECT_EQ(second["route"].text_or(), "latest");
  EXPECT_EQ(second["signature"].text_or(), "ok");
  EXPECT_EQ(second["query"].text_or(), "app_id=42&start_date=2026-03-01&end_date=2026-03-01");
  EXPECT_EQ(second["version"].int_or(0), 3);
  act("DELETE", "/journal");
  EXPECT_EQ(act("GET", "/journal")["items"].size(), 0U);
}

TEST(KipuSandboxWords, are_read_or_refused_by_name) {
  const KipuSandboxWords good{"127.0.0.1:9200", "[::1]:9201", "a", "s", "42"};
  const auto options = kipu_sandbox_options(good);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->port, 9200);
  EXPECT_EQ(options->control_host, "::1");
  EXPECT_EQ(options->control_port, 9201);
  EXPECT_EQ(options->app_id, "42");
  const auto code = [&](auto change) {
    KipuSandboxWords words = good;
    change(words);
    const auto read = kipu_sandbox_options(words);
    return read ? std::string() : read.error().code;
  };
  EXPECT_EQ(code([](auto& words) { words.listen = "9200"; }), "sandbox.bad_listen");
  EXPECT_EQ(code([](auto& words) { words.control = "127.0.0.1:70000"; }), "sandbox.bad_listen");
  EXPECT_EQ(code([](auto& words) { words.control = "0.0.0.0:9201"; }), "sandbox.control_not_loopback");
  EXPECT_EQ(code([](auto& words) { words.secret = ""; }), "sandbox.needs_credentials");
  EXPECT_EQ(code([](auto& words) { words.access_id = " "; }), "sandbox.needs_credentials");
  EXPECT_EQ(code([](auto& words) { words.app_id = ""; }), "sandbox.needs_credentials");
}

}  // namespace
}  // namespace handoff::sandbox
