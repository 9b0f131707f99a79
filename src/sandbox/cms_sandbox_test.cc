// Goal: the sandbox CMS keeps each sentence of its wire. Method: a real server on a free port, a real client, and a
// look into the sandbox's memory.
#include "sandbox/cms_sandbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "base/crypto.h"
#include "base/text.h"
#include "net/client.h"

namespace handoff::sandbox {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Outcome = net::ClientReply::Outcome;

constexpr std::string_view token = "sandbox-token";
constexpr Instant start_time = std::chrono::sys_days(std::chrono::year(2026) / 12 / 1) + std::chrono::hours(15);

Json amelie() {
  return Json::object({{"externalId", "ref_01"},
                       {"firstName", "Amélie"},
                       {"lastName", "Okafor"},
                       {"dateOfBirth", "1987-02-11"},
                       {"preferredLanguage", "fr"},
                       {"referralNote", "Lives in a shelter.\nLikes <b>tea</b>."}});
}

class CmsSandboxTest : public ::testing::Test {
 protected:
  void SetUp() override {
    net::ClientOptions options;
    options.allow = net::AddressRanges::parse({"127.0.0.1/32"}).value();
    client_ = net::Client::start(std::move(options)).value();
  }

  void open(CmsSandboxOptions options = {}) {
    options.token = token;
    sandbox_.reset();
    Result<std::unique_ptr<CmsSandbox>> started = CmsSandbox::start(std::move(options), clock_, random_);
    ASSERT_TRUE(started) << started.error().code;
    sandbox_ = std::move(*started);
  }

  void open(CmsProduct product) {
    CmsSandboxOptions options;
    options.product = product;
    open(std::move(options));
  }

  net::ClientReply send(std::string_view method, std::string_view path, std::string body = {},
                        std::string_view bearer = token, std::string_view type = "application/json") {
    net::ClientRequest request;
    request.method = method;
    request.url = sandbox_->url() + std::string(path);
    if (!bearer.empty()) request.headers.add("Authorization", "Bearer " + std::string(bearer));
    if (!body.empty()) {
      request.headers.add("Content-Type", std::string(type));
      net::BodyPart part;
      part.bytes = std::move(body);
      request.body.push_back(std::move(part));
    }
    return client_->send_and_wait(std::move(request));
  }

  net::ClientReply send_file(std::string_view id, std::string_view file_name, std::string_view bytes) {
    const std::string form = "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" +
                             std::string(file_name) + "\"\r\nContent-Type: application/pdf\r\n\r\n" +
                             std::string(bytes) + "\r\n--cut--\r\n";
    return send("POST", "/api/referrals/" + std::string(id) + "/attachments", form, token,
                "multipart/form-data; boundary=cut");
  }

  static Json parsed(const net::ClientReply& reply) { return Json::parse(reply.body).value_or(Json()); }
  static std::string message(const net::ClientReply& reply) { return parsed(reply)["message"].text_or(); }

  std::string create(const Json& fields = amelie()) {
    const net::ClientReply reply = send("POST", "/api/referrals", fields.dump());
    EXPECT_EQ(reply.status, 201) << reply.body;
    return parsed(reply)["id"].text_or();
  }

  Json listed() { return parsed(send("GET", "/_sandbox/referrals", {}, ""))["items"]; }

  ManualClock clock_{start_time};
  SeededRandom random_{7};
  std::unique_ptr<net::Client> client_;
  std::unique_ptr<CmsSandbox> sandbox_;
};

TEST_F(CmsSandboxTest, keeps_what_it_is_sent_and_finds_it_by_external_id) {
  open();
  const std::string id = create();
  ASSERT_FALSE(id.empty());
  EXPECT_EQ(send("GET", "/api/referrals?externalId=ref_01").body,
            R"({"items":[{"id":")" + id + R"(","attachments":[]}]})");
  EXPECT_EQ(send("GET", "/api/referrals?externalId=ref_02").body, R"({"items":[]})");

  const Json items = listed();
  ASSERT_EQ(items.size(), 1u);
  const Json& one = items.items()[0];
  EXPECT_EQ(one["id"].text_or(), id);
  EXPECT_EQ(one["externalId"].text_or(), "ref_01");
  EXPECT_EQ(one["receivedAt"].text_or(), "2026-12-01T15:00:00Z");
  EXPECT_EQ(one["updates"].int_or(-1), 0);
  EXPECT_EQ(one["status"].text_or(), "new");
  EXPECT_EQ(one["fields"], amelie());
  EXPECT_EQ(one["attachments"], Json::array());
}

TEST_F(CmsSandboxTest, without_the_token_the_api_answers_401_before_anything_else) {
  open();
  for (const std::string_view bearer : {"", "wrong", "sandbox-toke", "sandbox-token2"}) {
    const net::ClientReply reply = send("POST", "/api/referrals", "not even json", bearer);
    EXPECT_EQ(reply.status, 401) << bearer;
    EXPECT_THAT(message(reply), HasSubstr("token"));
  }
  EXPECT_EQ(send("GET", "/api/referrals?externalId=x", {}, "").status, 401);
  EXPECT_EQ(send("GET", "/_sandbox/referrals", {}, "").status, 200) << "the control routes are open on loopback";
  EXPECT_EQ(send("GET", "/", {}, "").status, 200);
}

TEST_F(CmsSandboxTest, a_stranger_from_elsewhere_needs_the_token_for_control_routes_and_page) {
  open();
  net::Request head;
  head.method = "GET";
  head.remote_address = "203.0.113.9";
  for (const std::string path : {"/", "/_sandbox/referrals", "/referrals/case-000001/attachments/0"}) {
    head.path = path;
    head.headers = {};
    ASSERT_TRUE(sandbox_->admit(head).refuse.has_value()) << path;
    EXPECT_EQ(sandbox_->admit(head).refuse->status, 401) << path;
    head.headers.add("Authorization", "Basic " + base64("anyone:" + std::string(token)));
    EXPECT_FALSE(sandbox_->admit(head).refuse.has_value()) << path;
  }
  head.path = "/api/referrals";
  EXPECT_TRUE(sandbox_->admit(head).refuse.has_value()) << "the api takes the bearer token only";
}

TEST_F(CmsSandboxTest, a_missing_required_field_is_named_in_the_sentence_of_the_document) {
  CmsSandboxOptions options;
  options.required = {"email", "dateOfBirth", "requesterFirstName"};
  open(std::move(options));
  Json fields = amelie();
  fields.set("email", "a@example.org");
  fields.set("requesterFirstName", "Sam");
  for (const Json& nothing : {Json(), Json(""), Json("   ")}) {
    fields.set("dateOfBirth", nothing);
    const net::ClientReply reply = send("POST", "/api/referrals", fields.dump());
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.body, R"({"message":"Date of birth is required"})");
  }
  fields.set("dateOfBirth", "1987-02-11");
  fields.erase("requesterFirstName");
  EXPECT_EQ(message(send("POST", "/api/referrals", fields.dump())), "Requester first name is required");
  EXPECT_EQ(sandbox_->memory().size(), 0u);
  fields.set("requesterFirstName", "Sam");
  create(fields);
}

TEST_F(CmsSandboxTest, what_is_not_of_the_wire_is_refused_and_not_kept) {
  open();
  const std::vector<std::pair<std::string, std::string>> bad{
      {"{", "not JSON"},
      {"[]", "must be a JSON object"},
      {R"({"externalId":"a","birthDate":"1987-02-11"})", "Unknown field: birthDate"},
      {R"({"address":{"line":"12 King St"}})", "Address must be a text"},
      {R"({"firstName":7})", "First name must be a text"},
      {R"({"appointmentDuration":true})", "Appointment duration must be a number of minutes"},
      {R"({"firstName":"a","firstName":"b"})", "not JSON"},
  };
  for (const auto& [body, words] : bad) {
    const net::ClientReply reply = send("POST", "/api/referrals", body);
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_THAT(message(reply), HasSubstr(words));
  }
  EXPECT_EQ(sandbox_->memory().size(), 0u);
  create(Json::object({{"externalId", "a"}, {"appointmentDuration", 45}, {"middleName", nullptr}}));
}

TEST_F(CmsSandboxTest, attachments_are_kept_in_order_with_size_and_hash) {
  open();
  const std::string id = create();
  const std::string pdf = "%PDF-1.7 invented \0 bytes";
  EXPECT_EQ(send_file(id, "Referral Summary.pdf", pdf).status, 201);
  EXPECT_EQ(send_file(id, "plan d’étage.pdf", "second").status, 201);
  const Json found = parsed(send("GET", "/api/referrals?externalId=ref_01"))["items"].items()[0]["attachments"];
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found.items()[0], Json::object({{"fileName", "Referral Summary.pdf"},
                                            {"size", static_cast<std::int64_t>(pdf.size())},
                                            {"sha256", hex(sha256(pdf))}}));
  EXPECT_EQ(found.items()[1]["fileName"].text_or(), "plan d’étage.pdf");
  EXPECT_EQ(listed().items()[0]["attachments"].items()[1]["contentType"].text_or(), "application/pdf");

  const net::ClientReply download = send("GET", "/referrals/" + id + "/attachments/0", {}, "");
  EXPECT_EQ(download.status, 200);
  EXPECT_EQ(download.body, pdf);
  EXPECT_EQ(send("GET", "/referrals/" + id + "/attachments/2", {}, "").status, 404);
  EXPECT_EQ(send_file("case-999999", "a.pdf", "x").status, 404);
  EXPECT_EQ(send("POST", "/api/referrals/" + id + "/attachments", "{}").status, 400);
}

TEST_F(CmsSandboxTest, two_creates_with_one_external_id_are_two_referrals) {
  open();
  const std::string first = create();
  const std::string second = create();
  EXPECT_NE(first, second);
  EXPECT_EQ(parsed(send("GET", "/api/referrals?externalId=ref_01"))["items"].size(), 2u);
}

TEST_F(CmsSandboxTest, crms_takes_no_updates) {
  open(CmsProduct::crms);
  const std::string id = create();
  EXPECT_EQ(send("PUT", "/api/referrals/" + id, amelie().dump()).status, 405);
  EXPECT_EQ(send("GET", "/api/referrals/" + id).status, 405);
  EXPECT_EQ(listed().items()[0]["updates"].int_or(-1), 0);
}

TEST_F(CmsSandboxTest, cms_takes_updates_and_tells_whether_it_has_accepted) {
  open(CmsProduct::cms);
  const std::string id = create();
  EXPECT_EQ(parsed(send("GET", "/api/referrals/" + id))["status"].text_or(), "new");
  Json edited = amelie();
  edited.set("city", "Hamilton");
  EXPECT_EQ(send("PUT", "/api/referrals/" + id, edited.dump()).status, 200);
  EXPECT_EQ(listed().items()[0]["updates"].int_or(-1), 1);
  EXPECT_EQ(listed().items()[0]["fields"], edited);

  EXPECT_EQ(send("POST", "/_sandbox/referrals/" + id + "/accept", {}, "").status, 200);
  EXPECT_EQ(parsed(send("GET", "/api/referrals/" + id))["status"].text_or(), "accepted");
  EXPECT_EQ(listed().items()[0]["status"].text_or(), "accepted");

  EXPECT_EQ(send("PUT", "/api/referrals/case-999999", edited.dump()).status, 404);
  EXPECT_EQ(send("GET", "/api/referrals/case-999999").status, 404);
  EXPECT_EQ(send("POST", "/_sandbox/referrals/case-999999/accept", {}, "").status, 404);
}

TEST_F(CmsSandboxTest, a_fault_meets_the_next_requests_under_api_and_then_is_over) {
  open();
  const net::ClientReply set = send("POST", "/_sandbox/faults", R"({"status":503,"count":2,"retryAfter":7})", "");
  EXPECT_EQ(set.status, 200) << set.body;
  EXPECT_EQ(send("GET", "/_sandbox/referrals", {}, "").status, 200);
  const net::ClientReply first = send("POST", "/api/referrals", amelie().dump());
  EXPECT_EQ(first.status, 503);
  EXPECT_EQ(first.headers.get("Retry-After"), "7");
  EXPECT_EQ(send("GET", "/api/referrals?externalId=ref_01").status, 503);
  EXPECT_EQ(sandbox_->memory().size(), 0u);
  create();

  send("POST", "/_sandbox/faults", R"({"status":500,"count":9})", "");
  send("POST", "/_sandbox/faults", R"({"count":0})", "");
  create();
  EXPECT_EQ(send("POST", "/_sandbox/faults", R"({"status":"503"})", "").status, 400);
  EXPECT_EQ(send("POST", "/_sandbox/faults", R"({"sattus":503})", "").status, 400);
}

TEST_F(CmsSandboxTest, the_first_requests_fail_where_the_command_says_so) {
  CmsSandboxOptions options;
  options.fault.status = 500;
  options.fault.count = 1;
  open(std::move(options));
  EXPECT_EQ(send("POST", "/api/referrals", amelie().dump()).status, 500);
  create();
}

TEST_F(CmsSandboxTest, drop_after_save_keeps_the_request_and_answers_nothing) {
  open();
  send("POST", "/_sandbox/faults", R"({"dropAfterSave":true,"count":1})", "");
  const net::ClientReply reply = send("POST", "/api/referrals", amelie().dump());
  EXPECT_EQ(reply.outcome, Outcome::unknown);
  EXPECT_EQ(sandbox_->memory().size(), 1u);
  EXPECT_EQ(parsed(send("GET", "/api/referrals?externalId=ref_01"))["items"].size(), 1u);
}

// A client that silently sends again on a fresh connection would make two of one.
TEST_F(CmsSandboxTest, a_lost_answer_on_a_connection_used_before_is_not_sent_again_by_the_client) {
  open();
  for (int i = 0; i < 3; ++i) create();
  sandbox_->set_fault({0, 1, 0, true, {}, {}});
  EXPECT_EQ(send("POST", "/api/referrals", amelie().dump()).outcome, Outcome::unknown);
  EXPECT_EQ(sandbox_->memory().size(), 4u);
  EXPECT_EQ(sandbox_->fault().count, 0);
}

TEST_F(CmsSandboxTest, a_slow_answer_comes_late_and_stopping_does_not_wait_for_it) {
  CmsSandboxOptions options;
  options.latency_ms = 40;
  open(std::move(options));
  EXPECT_GE(send("GET", "/api/referrals?externalId=x").duration.count(), 40);
  EXPECT_LT(send("GET", "/_sandbox/referrals", {}, "").duration.count(), 40 + 1000);

  sandbox_->set_fault({0, 1, 600'000, false, {}, {}});
  auto slow = std::async(std::launch::async, [&] { return send("POST", "/api/referrals", amelie().dump()); });
  while (sandbox_->memory().size() == 0) std::this_thread::yield();
  sandbox_->stop();
  EXPECT_EQ(slow.get().status, 201);
}

TEST_F(CmsSandboxTest, the_memory_can_be_wiped_and_old_ids_do_not_come_back) {
  open();
  const std::string before = create();
  EXPECT_EQ(send("DELETE", "/_sandbox/referrals", {}, "").status, 200);
  EXPECT_EQ(listed(), Json::array());
  EXPECT_NE(create(), before);
}

TEST_F(CmsSandboxTest, unknown_addresses_and_methods_are_told) {
  open();
  EXPECT_EQ(send("GET", "/nowhere", {}, "").status, 404);
  EXPECT_EQ(send("GET", "/api/clients").status, 404);
  EXPECT_EQ(send("DELETE", "/api/referrals").status, 405);
  EXPECT_EQ(send("GET", "/_sandbox/elsewhere", {}, "").status, 404);
  EXPECT_EQ(send("POST", "/", "{}", "").status, 405);
  EXPECT_EQ(send("GET", "/api/referrals").status, 400);
}

TEST_F(CmsSandboxTest, the_page_shows_every_label_value_and_file_escaped) {
  open();
  Json fields = amelie();
  fields.set("city", "<script>alert(1)</script>");
  fields.set("appointmentDuration", 45);
  const std::string id = create(fields);
  send_file(id, "Referral Summary.pdf", "%PDF-1.7");
  send_file(id, "consent <1>.pdf", "%PDF-1.7");
  const net::ClientReply page = send("GET", "/", {}, "");
  EXPECT_THAT(std::string(page.headers.get("Content-Type")), HasSubstr("text/html"));
  for (const std::string_view words : {"Referral inbox",
                                       "First Name",
                                       "Middle Name",
                                       "Last Name",
                                       "Date of Birth",
                                       "Gender",
                                       "Address",
                                       "City",
                                       "Province",
                                       "Country",
                                       "Postal Code",
                                       "Preferred Language",
                                       "Phone (Home/Main)",
                                       "Phone (Alt)",
                                       "Email",
                                       "Requester information",
                                       "Organization",
                                       "Appointment information",
                                       "Start",
                                       "Duration",
                                       "Location",
                                       "Provider Full Name",
                                       "Referral Note",
                                       "Referral Summary PDF",
                                       "Amélie",
                                       "1987-02-11",
                                       "45 minutes",
                                       "Likes &lt;b&gt;tea&lt;/b&gt;.",
                                       "consent &lt;1&gt;.pdf",
                                       "1 referral has arrived"}) {
    EXPECT_THAT(page.body, HasSubstr(words));
  }
  EXPECT_THAT(page.body, Not(HasSubstr("<script>")));
  EXPECT_THAT(page.body, HasSubstr("href=\"/referrals/" + id + "/attachments/1\""));
}

class CmsStoreTest : public CmsSandboxTest {
 protected:
  void SetUp() override {
    CmsSandboxTest::SetUp();
    folder_ = std::filesystem::temp_directory_path() / ("handoff-sandbox-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    options_.product = CmsProduct::cms;
    options_.store = (folder_ / "memory.jsonl").string();
  }
  void TearDown() override {
    sandbox_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::filesystem::path folder_;
  CmsSandboxOptions options_;
};

TEST_F(CmsStoreTest, the_memory_survives_a_restart) {
  open(options_);
  const std::string id = create();
  create();
  send_file(id, "Referral Summary.pdf", "%PDF-1.7 one");
  Json edited = amelie();
  edited.set("externalId", "ref_77");
  send("PUT", "/api/referrals/" + id, edited.dump());
  send("POST", "/_sandbox/referrals/" + id + "/accept", {}, "");
  const Json before = listed();

  open(options_);
  EXPECT_EQ(listed(), before);
  EXPECT_EQ(send("GET", "/referrals/" + id + "/attachments/0", {}, "").body, "%PDF-1.7 one");
  EXPECT_EQ(parsed(send("GET", "/api/referrals?externalId=ref_77"))["items"].size(), 1u);
  EXPECT_EQ(parsed(send("GET", "/api/referrals?externalId=ref_01"))["items"].size(), 1u);
  EXPECT_NE(create(), id);
}

TEST_F(CmsStoreTest, half_a_line_of_a_killed_process_is_cut_off) {
  open(options_);
  create();
  sandbox_.reset();
  std::ofstream(options_.store, std::ios::app) << R"({"did":"created","id":"case-0)";
  open(options_);
  EXPECT_EQ(sandbox_->memory().size(), 1u);
  create();
  open(options_);
  EXPECT_EQ(sandbox_->memory().size(), 2u);
}

TEST_F(CmsStoreTest, a_wiped_memory_stays_wiped) {
  open(options_);
  const std::string id = create();
  send_file(id, "a.pdf", "x");
  send("DELETE", "/_sandbox/referrals", {}, "");
  open(options_);
  EXPECT_EQ(sandbox_->memory().size(), 0u);
  EXPECT_NE(create(), id);
}

TEST_F(CmsStoreTest, a_file_that_is_not_its_own_is_refused) {
  std::ofstream(options_.store) << "name,birthday\n";
  const auto started = CmsSandbox::start(options_, clock_, random_);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, "sandbox.bad_store");
}

TEST(CmsSandboxWords, are_read_as_the_command_line_has_them) {
  const Result<CmsSandboxOptions> options =
      cms_sandbox_options({"cms", "[::1]:9101", "t", "dateOfBirth, email", "503:2", "250", "memory.jsonl"});
  ASSERT_TRUE(options) << options.error().for_caller;
  EXPECT_EQ(options->product, CmsProduct::cms);
  EXPECT_EQ(options->host, "::1");
  EXPECT_EQ(options->port, 9101);
  EXPECT_THAT(options->required, ElementsAre("dateOfBirth", "email"));
  EXPECT_EQ(options->fault.status, 503);
  EXPECT_EQ(options->fault.count, 2);
  EXPECT_EQ(options->latency_ms, 250);
  EXPECT_EQ(options->store, "memory.jsonl");
}

TEST(CmsSandboxWords, that_cannot_be_meant_are_refused_with_the_remedy) {
  const CmsSandboxWords good{"crms", "127.0.0.1:9100", "t", "", "", "", ""};
  ASSERT_TRUE(cms_sandbox_options(good));
  const auto code_of = [&](auto change) {
    CmsSandboxWords words = good;
    change(words);
    const auto options = cms_sandbox_options(words);
    return options ? std::string("accepted") : options.error().code;
  };
  EXPECT_EQ(code_of([](auto& w) { w.product = "salesforce"; }), "sandbox.unknown_product");
  for (const char* listen : {"", "9100", ":9100", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000"}) {
    EXPECT_EQ(code_of([&](auto& w) { w.listen = listen; }), "sandbox.bad_listen") << listen;
  }
  EXPECT_EQ(code_of([](auto& w) { w.token = " "; }), "sandbox.needs_token");
  EXPECT_EQ(code_of([](auto& w) { w.require = "birthDate"; }), "sandbox.unknown_field");
  for (const char* fail : {"503", "503:", "99:1", "x:1", "503:-1", "503:1:2"}) {
    EXPECT_EQ(code_of([&](auto& w) { w.fail = fail; }), "sandbox.bad_fail") << fail;
  }
  EXPECT_EQ(code_of([](auto& w) { w.latency = "-1"; }), "sandbox.bad_latency");
  EXPECT_THAT(cms_sandbox_options({"crms", "h:1", "t", "dateofBirth", "", "", ""}).error().for_caller,
              HasSubstr("Did you mean dateOfBirth?"));
}

}  // namespace
}  // namespace handoff::sandbox
