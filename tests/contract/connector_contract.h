// Goal: every connector keeps the same eight promises (they are numbered as in the house's style page). Method: the
// connector talks to a partner in memory through the smallest runner there is, in all weathers; nothing is sent.
//
// A connector joins with one line: HANDOFF_CONNECTOR_CONTRACT(name, a function that makes its ContractCase).
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <set>
#include <sstream>

#include "base/log.h"
#include "connector/list.h"
#include "tests/contract/runner.h"
#include "tests/contract/samples.h"

namespace handoff::contract {

using exchange::DeliveryKind;
using exchange::Misconfigured;
using exchange::NeedsData;
using exchange::NeedsPerson;
using exchange::RetryLater;
using exchange::StepDone;
using exchange::TooLarge;
using exchange::Unknown;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct ContractCase {
  std::shared_ptr<const exchange::Connector> connector;
  Partner::Options partner;
  Json settings;
  std::map<std::string, Secret> secrets;
  std::string readme;  // path below the source; "" with a reason beside it
  // A destination that speaks another wire than the sandbox CMS.
  std::unique_ptr<Partner> (*make_partner)(const Partner::Options& options) = nullptr;
  std::string remote_id = "r1";          // what it calls the first referral
  std::string first_name = "firstName";  // its names for two fields
  std::string middle_name = "middleName";
  bool asks_first = false;         // it is asked for the mark before the first create, too
  bool summary_on_update = false;  // every update brings a new summary
  // How a retraction is told, where no note is written later: a field and its word.
  std::string retraction_field, retraction_word;
};

class ConnectorContract : public testing::TestWithParam<ContractCase (*)()> {
 protected:
  void SetUp() override {
    case_ = GetParam()();
    snapshot_ = full_sample();
  }

  std::unique_ptr<Partner> partner() const {
    auto fresh = case_.make_partner ? case_.make_partner(case_.partner) : std::make_unique<Partner>(case_.partner);
    for (const std::string_view bytes : {consent_bytes, letter_bytes}) fresh->blobs[hex(sha256(bytes))] = bytes;
    return fresh;
  }
  const exchange::Connector& connector() const { return *case_.connector; }
  const exchange::Manifest& manifest() const { return case_.connector->manifest(); }
  bool settles_doubt() const { return manifest().can_be_asked || manifest().idempotency_key; }

  DeliveryView view(DeliveryKind kind = DeliveryKind::create) const {
    DeliveryView view;
    view.delivery_id = kind == DeliveryKind::create ? "dlv_1" : "dlv_2";
    view.remote_mark = snapshot_.referral.id.text();
    view.kind = kind;
    view.triggers = {"closed.completed"};
    view.snapshot = &snapshot_;
    view.settings = &case_.settings;
    view.secrets = &case_.secrets;
    view.now = at("2026-11-20T12:00:00Z");
    return view;
  }
  Runner runner(Partner& far) const {
    return Runner(connector(), [&far](const HttpRequest& request) { return far.answer(request); });
  }

  // The whole of a create in fair weather.
  Course fair(Partner& far) const { return runner(far).run(view()); }

  void expect_held_once(const Partner& far, const std::string& what) const {
    ASSERT_EQ(far.held.size(), 1u) << what;
    std::multiset<std::string> contents;
    for (const HeldFile& file : far.held[0].files) contents.insert(file.sha256);
    for (const std::string& content : contents) EXPECT_EQ(contents.count(content), 1u) << what;
    EXPECT_EQ(contents.size(), 3u) << what;
  }

  ContractCase case_;
  referral::Snapshot snapshot_;
};

inline std::string words_of(const Verdict& verdict) {
  struct Words {
    std::string operator()(const StepDone&) const { return {}; }
    std::string operator()(const RetryLater& v) const { return v.why; }
    std::string operator()(const NeedsData&) const { return {}; }  // the destination's own message, for who mends it
    std::string operator()(const Misconfigured& v) const { return v.code + " " + v.why; }
    std::string operator()(const NeedsPerson& v) const { return v.code + " " + v.why; }
    std::string operator()(const exchange::Gone& v) const { return v.why; }
    std::string operator()(const TooLarge& v) const { return v.why; }
    std::string operator()(const Unknown& v) const { return v.why; }
  };
  return std::visit(Words{}, verdict);
}

// ---- 1. The manifest is honest -------------------------------------------------------------------------------------

TEST_P(ConnectorContract, q1_what_the_manifest_promises_is_so) {
  auto far = partner();
  const Course created = fair(*far);
  ASSERT_TRUE(created.finished);
  EXPECT_EQ(far->held.size(), 1u);
  EXPECT_EQ(!far->held[0].files.empty(), manifest().attachments);

  DeliveryView update = view(DeliveryKind::update);
  update.remote_id = created.end.remote_id;
  const Course updated = runner(*far).run(update, exchange::carried_over(created.progress));
  EXPECT_EQ(updated.finished, manifest().updates);
  EXPECT_EQ(far->held[0].updates, manifest().updates ? 1 : 0);
  if (!manifest().updates) {
    ASSERT_TRUE(updated.stopped);
    // This delivery's trouble alone: the integration goes on with others.
    EXPECT_TRUE(std::holds_alternative<NeedsPerson>(*updated.stopped));
  }

  Runner asking = runner(*far);
  asking.run(view());  // signs in where that is a step
  update.ephemeral = &asking.ephemeral;
  EXPECT_LE(connector().status_request(update).has_value(), manifest().reports_acceptance);
  EXPECT_FALSE(manifest().id.empty());
  EXPECT_FALSE(manifest().description.empty());
  EXPECT_FALSE(manifest().capabilities.empty());
  EXPECT_FALSE(connector().profile_hash().empty());
}

TEST_P(ConnectorContract, q1_manifest_and_readme_agree) {
  if (case_.readme.empty()) GTEST_SKIP() << "a profile made up for these tests has no page";
  std::ifstream in(std::string(HANDOFF_SOURCE_DIR) + "/" + case_.readme);
  std::stringstream text;
  text << in.rdbuf();
  ASSERT_FALSE(text.str().empty());
  EXPECT_THAT(text.str(), HasSubstr("`" + manifest().id + "`"));
  for (const auto* sentences : {&manifest().capabilities, &manifest().limitations}) {
    for (const std::string& sentence : *sentences) EXPECT_THAT(text.str(), HasSubstr(sentence));
  }
  EXPECT_THAT(text.str(), HasSubstr(manifest().fees));
  for (const auto& setting : manifest().settings) EXPECT_THAT(text.str(), HasSubstr("`" + setting.key + "`"));
}

TEST_P(ConnectorContract, q1_settings_are_checked_and_every_fault_is_named) {
  Faults faults;
  connector().check(case_.settings, case_.secrets, Json(), faults);
  EXPECT_TRUE(faults.empty());
  connector().check(Json::object({{"baseUrl", "ftp://x"}, {"bsaeUrl", 1}}), {}, Json(), faults);
  EXPECT_GE(faults.size(), 3u);  // a bad address, an unknown setting, a secret that is missing
  for (const Fault& fault : faults) EXPECT_THAT(fault.pointer, StartsWith("/settings/"));
}

// ---- 2. Same input, same bytes; no host but the one in the settings -------------------------------------------------

TEST_P(ConnectorContract, q2_the_same_input_gives_the_same_bytes) {
  auto one = partner(), two = partner();
  const Course first = fair(*one), second = fair(*two);
  ASSERT_EQ(first.sent.size(), second.sent.size());
  for (std::size_t i = 0; i < first.sent.size(); ++i) {
    const HttpRequest &a = first.sent[i].request, &b = second.sent[i].request;
    EXPECT_EQ(a.method + a.url, b.method + b.url);
    EXPECT_EQ(a.headers, b.headers);
    EXPECT_EQ(bytes_of(a, one->blobs), bytes_of(b, two->blobs));
  }
}

TEST_P(ConnectorContract, q2_only_the_host_of_the_settings_is_addressed) {
  auto far = partner();
  set_content(snapshot_,
              R"({"registrant": {"firstName": "http://elsewhere.example/", "lastName": "@elsewhere.example"}})");
  ASSERT_TRUE(fair(*far).finished);
  for (const std::string& host : far->hosts) EXPECT_EQ(host, case_.settings["baseUrl"].string());
}

TEST_P(ConnectorContract, q2_a_header_is_one_line_and_secrets_are_named_for_masking) {
  auto far = partner();
  for (const Sent& sent : fair(*far).sent) {
    for (const auto& [name, value] : sent.request.headers) {
      EXPECT_EQ(value.find_first_of("\r\n"), std::string::npos);
      for (const auto& [key, secret] : case_.secrets) {
        if (value.find(secret.reveal()) == std::string::npos) continue;
        EXPECT_THAT(sent.request.secrets, Contains(secret));
      }
    }
  }
}

// ---- 3. Nothing disappears -----------------------------------------------------------------------------------------

TEST_P(ConnectorContract, q3_every_datum_arrives_in_a_field_or_in_the_note) {
  auto far = partner();
  ASSERT_TRUE(fair(*far).finished);
  std::vector<std::string> texts;
  for (const auto& [key, value] : far->held[0].fields.members()) {
    texts.push_back(value.is_number() ? value.number_text() : value.text_or());
  }
  for (const referral::Datum& datum : referral::all_data(snapshot_)) {
    const auto raw = datum.path.empty() ? std::nullopt : referral::value_at(snapshot_, datum.path);
    // A destination may write a word its own way: "Urgent" is "urgent".
    const bool in_a_field = raw && std::any_of(texts.begin(), texts.end(), [&](const std::string& text) {
                              return ascii_equal_fold(text, raw->reveal());
                            });
    if (in_a_field) continue;
    for (const std::string& line : split(datum.value.reveal(), '\n')) {
      EXPECT_THAT(texts, Contains(HasSubstr(std::string(trim(line))))) << datum.section << ", " << datum.label;
    }
  }
}

TEST_P(ConnectorContract, q3_the_summary_comes_first_and_each_content_once) {
  auto far = partner();
  ASSERT_TRUE(fair(*far).finished);
  std::vector<std::string> names;
  for (const HeldFile& file : far->held[0].files) names.push_back(file.name);
  EXPECT_THAT(names, ElementsAre("Referral Summary.pdf", "consent.pdf", "lettre d'été.txt"));
}

TEST_P(ConnectorContract, q3_a_retraction_says_so_first) {
  if (!manifest().updates) GTEST_SKIP() << "what was sent cannot be taken back; the manifest says so";
  auto far = partner();
  const Course created = fair(*far);
  DeliveryView update = view(DeliveryKind::update);
  update.remote_id = created.end.remote_id;
  update.retraction = true;
  far->held[0].status = "accepted";  // a retraction goes out all the same
  ASSERT_TRUE(runner(*far).run(update, exchange::carried_over(created.progress)).finished);
  EXPECT_EQ(far->held[0].updates, 1);
  const auto& fields = far->held[0].fields.members();
  EXPECT_TRUE(std::any_of(fields.begin(), fields.end(), [&](const auto& field) {
    if (!case_.retraction_field.empty())
      return field.first == case_.retraction_field && field.second == Json(case_.retraction_word);
    return field.second.text_or().starts_with("This referral was entered in error and must be disregarded.");
  }));
}

// ---- 4. One referral and each file once, whatever happens
// -------------------------------------------------------------

inline const std::vector<Weather>& bad_weather() {
  static const std::vector<Weather> all{Weather::answer_lost,     Weather::request_lost,    Weather::not_sent,
                                        Weather::stop_after_save, Weather::stop_after_step, Weather::server_error,
                                        Weather::unavailable};
  return all;
}

TEST_P(ConnectorContract, q4_any_two_mishaps_leave_one_referral_and_each_file_once) {
  if (!settles_doubt()) GTEST_SKIP() << "asked by the next test: doubt waits for a person";
  constexpr std::size_t index_max = 11;
  for (std::size_t first = 0; first < index_max; ++first) {
    for (std::size_t second = first; second < index_max; ++second) {
      for (const Weather one : bad_weather()) {
        for (const Weather two : {Weather::answer_lost, Weather::stop_after_save, Weather::not_sent}) {
          auto far = partner();
          const Course run = runner(*far).run(view(), {}, [&](std::size_t index, const HttpRequest&) {
            return index == first ? one : index == second ? two : Weather::fair;
          });
          const std::string what = std::to_string(first) + "/" + std::to_string(static_cast<int>(one)) + " " +
                                   std::to_string(second) + "/" + std::to_string(static_cast<int>(two));
          EXPECT_TRUE(run.finished) << what;
          EXPECT_EQ(run.end.remote_id, case_.remote_id) << what;
          expect_held_once(*far, what);
          if (HasFailure()) return;
        }
      }
    }
  }
}

TEST_P(ConnectorContract, q4_doubt_that_nothing_can_settle_waits_for_a_person) {
  if (settles_doubt()) GTEST_SKIP() << "the partner can be asked or takes a key; asked by the test before";
  for (std::size_t index = 0; index < 4; ++index) {
    for (const Weather weather : {Weather::answer_lost, Weather::request_lost, Weather::stop_after_save}) {
      auto far = partner();
      const Course run = runner(*far).run(
          view(), {}, [&](std::size_t i, const HttpRequest&) { return i == index ? weather : Weather::fair; });
      EXPECT_FALSE(run.finished);
      ASSERT_TRUE(run.stopped);
      EXPECT_TRUE(std::holds_alternative<NeedsPerson>(*run.stopped));
      EXPECT_LE(far->held.size(), 1u);
    }
  }
}

TEST_P(ConnectorContract, q4_a_partner_that_says_duplicate_holds_it_already) {
  auto far = partner();
  const Course before = fair(*far);
  std::size_t refused = 0;
  Runner again(connector(), [&](const HttpRequest& request) {
    if (request.step != "create") return far->answer(request);
    ++refused;
    return reply_of(409, R"({"message": "Duplicate referral", "id": "r1"})");
  });
  const Course run = again.run(view());
  EXPECT_TRUE(run.finished);
  EXPECT_EQ(run.end.remote_id, case_.remote_id);
  EXPECT_EQ(refused, case_.asks_first ? 0u : 1u);  // who asks first has no need to hear it
  EXPECT_EQ(far->held.size(), 1u);
}

TEST_P(ConnectorContract, q4_a_file_that_is_too_large_is_left_out_and_told) {
  case_.partner.file_bytes_max = letter_bytes.size() + 4;  // the letter fits, the consent does not
  auto far = partner();
  DeliveryView create = view();
  const Course run = Runner(connector(), [&](const HttpRequest& request) {
                       return request.step == "attach:summary" ? reply_of(201, "{}") : far->answer(request);
                     }).run(create);
  ASSERT_TRUE(run.finished);
  ASSERT_EQ(run.end.left_out.size(), 1u);
  EXPECT_EQ(run.end.left_out[0].file, "att_1");
  ASSERT_EQ(far->held[0].files.size(), 1u);
  EXPECT_EQ(far->held[0].files[0].name, "lettre d'été.txt");
}

TEST_P(ConnectorContract, q4_an_update_carries_only_the_files_that_are_new) {
  if (!manifest().updates) GTEST_SKIP() << "takes no updates";
  auto far = partner();
  const Course created = fair(*far);
  constexpr std::string_view extra = "a later file";
  far->blobs[hex(sha256(extra))] = extra;
  snapshot_.referral.attachments.push_back(attachment("9", "later.txt", "text/plain", extra));
  DeliveryView update = view(DeliveryKind::update);
  update.remote_id = created.end.remote_id;
  const Course updated = runner(*far).run(update, exchange::carried_over(created.progress));
  ASSERT_TRUE(updated.finished);
  EXPECT_EQ(far->held[0].files.size(), case_.summary_on_update ? 5u : 4u);
  EXPECT_THAT(updated.steps(), Contains("attach:att_9"));
  EXPECT_THAT(updated.steps(), Not(Contains("attach:att_1")));
}

TEST_P(ConnectorContract, q4_a_mishap_during_an_update_leaves_each_file_once) {
  if (!manifest().updates || !settles_doubt()) GTEST_SKIP() << "takes no updates, or doubt waits for a person";
  constexpr std::string_view extra = "a later file";
  for (std::size_t at = 0; at < 8; ++at) {
    for (const Weather weather : bad_weather()) {
      auto far = partner();
      far->blobs[hex(sha256(extra))] = extra;
      snapshot_ = full_sample();
      const Course created = fair(*far);
      snapshot_.referral.attachments.push_back(attachment("9", "later.txt", "text/plain", extra));
      set_content(snapshot_, R"({"registrant": {"firstName": "Amelia", "middleName": null}})");
      DeliveryView update = view(DeliveryKind::update);
      update.remote_id = created.end.remote_id;
      const Course updated = runner(*far).run(
          update, exchange::carried_over(created.progress),
          [&](std::size_t index, const HttpRequest&) { return index == at ? weather : Weather::fair; });
      const std::string what = std::to_string(at) + "/" + std::to_string(static_cast<int>(weather));
      EXPECT_TRUE(updated.finished) << what;
      ASSERT_EQ(far->held.size(), 1u) << what;
      EXPECT_EQ(far->held[0].files.size(), case_.summary_on_update ? 5u : 4u) << what;
      EXPECT_EQ(far->held[0].fields[case_.first_name], Json("Amelia")) << what;
      EXPECT_EQ(far->held[0].fields[case_.middle_name], Json()) << "what was removed is blanked out, " << what;
    }
  }
}

TEST_P(ConnectorContract, q4_a_case_that_was_taken_on_gets_no_update) {
  if (!manifest().updates || !manifest().reports_acceptance) GTEST_SKIP() << "does not tell whether it has accepted";
  auto far = partner();
  const Course created = fair(*far);
  DeliveryView update = view(DeliveryKind::update);
  update.remote_id = created.end.remote_id;
  far->held[0].status = "accepted";
  const Course run = runner(*far).run(update, exchange::carried_over(created.progress));
  ASSERT_TRUE(run.finished);
  EXPECT_TRUE(run.end.accepted);
  EXPECT_EQ(far->held[0].updates, 0);
  update.even_if_accepted = true;
  EXPECT_TRUE(runner(*far).run(update, exchange::carried_over(created.progress)).finished);
  EXPECT_EQ(far->held[0].updates, 1);
}

// ---- 5. Every reply has a verdict
// ------------------------------------------------------------------------------------

TEST_P(ConnectorContract, q5_every_status_from_100_to_599_has_a_verdict) {
  auto far = partner();
  const Course run = fair(*far);
  for (const Sent& sent : run.sent) {
    for (int status = 100; status < 600; ++status) {
      Progress progress;
      Reply reply = reply_of(status, R"({"message": "x"})");
      reply.headers.emplace_back("Retry-After", "7");
      const Verdict verdict = connector().judge(view(), sent.request, reply, progress);
      const auto* later = std::get_if<RetryLater>(&verdict);
      if (later != nullptr) {
        EXPECT_EQ(later->after, seconds(7)) << status;
      }
      for (const int again : {408, 425, 429, 500, 502, 503, 504}) {
        EXPECT_TRUE(status != again || later != nullptr) << status << " " << sent.request.step;
      }
      if (status >= 300 && status < 400) {
        EXPECT_TRUE(std::holds_alternative<Misconfigured>(verdict)) << status;
      }
      if (status == 404 || status == 405 || status == 501 || status == 401) {
        EXPECT_TRUE(std::holds_alternative<Misconfigured>(verdict)) << status;
      }
      if ((status == 400 || status == 422) && sent.request.step != "token") {
        EXPECT_TRUE(std::holds_alternative<NeedsData>(verdict)) << status;
      }
      if (status < 200 || status >= 300) {
        EXPECT_FALSE(std::holds_alternative<StepDone>(verdict)) << status << " " << sent.request.step;
      }
    }
  }
}

TEST_P(ConnectorContract, q5_a_2xx_that_is_no_answer_is_no_success) {
  auto far = partner();
  const Course run = fair(*far);
  const auto create =
      std::find_if(run.sent.begin(), run.sent.end(), [](const Sent& s) { return s.request.step == "create"; });
  ASSERT_NE(create, run.sent.end());
  const std::string huge(5'000'000, 'x'), deep(100'000, '[');
  for (const std::string& body :
       std::vector<std::string>{"", "<html>sign in</html>", "{", "null", "[]", "7", R"({"id": null})", R"({"id": {}})",
                                R"({"id": ""})", R"({"id": "a\nb"})", R"({"ID": "r1"})", "\xff\xfe", huge, deep,
                                R"({"id": ")" + std::string(400, 'i') + "\"}"}) {
    Progress progress;
    const Verdict verdict = connector().judge(view(), create->request, reply_of(200, body), progress);
    EXPECT_TRUE(std::holds_alternative<Unknown>(verdict)) << body.substr(0, 40);
    EXPECT_FALSE(progress.data.contains("remoteId"));
  }
  Progress progress;
  Reply cut = reply_of(201, R"({"id": "r1"})");
  cut.truncated = true;
  EXPECT_TRUE(std::holds_alternative<Unknown>(connector().judge(view(), create->request, cut, progress)));
}

TEST_P(ConnectorContract, q5_wrong_types_in_place_of_every_answer_do_no_harm) {
  auto far = partner();
  const Course run = fair(*far);
  std::vector<HttpRequest> requests;
  for (const Sent& sent : run.sent) requests.push_back(sent.request);
  for (const char* step : {"find", "status", "update", "token", "probe", "unheard-of", "attach:att_9"}) {
    requests.push_back(run.sent.back().request);
    requests.back().step = step;
  }
  for (const HttpRequest& request : requests) {
    for (const std::string& body :
         std::vector<std::string>{"", "{}", "[]", "null", R"({"items": {}})", R"({"items": [1, null, "x", {}]})",
                                  R"({"items": [{"id": 3}]})", R"({"items": [{"id": "r1", "attachments": "no"}]})",
                                  R"({"items": [{"id": "r1", "attachments": [1, {}]}]})", R"({"status": []})",
                                  R"({"access_token": 5})", "<html>", std::string(70, '[')}) {
      for (const int status : {200, 204, 400, 409, 413, 500}) {
        Progress progress;
        (void)connector().judge(view(), request, reply_of(status, body), progress);
        // A late answer to something that is settled already.
        Progress late = run.progress;
        (void)connector().judge(view(), request, reply_of(status, body), late);
        EXPECT_TRUE(late.data.is_object());
        EXPECT_EQ(late.data["remoteId"].text_or(), run.progress.data["remoteId"].text_or());
      }
    }
  }
}

// ---- 6. A refusal reaches who can mend it
// ----------------------------------------------------------------------------

TEST_P(ConnectorContract, q6_the_partners_message_and_the_field_reach_the_person) {
  auto far = partner();
  far->required = {"dateOfBirth"};
  set_content(snapshot_, R"({"registrant": {"birthDate": null}})");
  const Course refused = fair(*far);
  ASSERT_TRUE(refused.stopped);
  const auto* needs = std::get_if<NeedsData>(&*refused.stopped);
  ASSERT_NE(needs, nullptr);
  EXPECT_EQ(needs->message, "Date of birth is required");
  EXPECT_EQ(needs->field, "registrant.birthDate");

  // Mended, it goes out as a delivery of its own.
  set_content(snapshot_, R"({"registrant": {"birthDate": "1987-02-11"}})");
  DeliveryView mended = view();
  mended.delivery_id = "dlv_3";
  EXPECT_TRUE(runner(*far).run(mended, exchange::carried_over(refused.progress)).finished);
  expect_held_once(*far, "mended");
}

// ---- 7. Nothing private in words that others read
// --------------------------------------------------------------------

TEST_P(ConnectorContract, q7_marked_values_stay_out_of_verdicts_progress_and_log) {
  const std::vector<std::string> marks{"Zanzibarmark", "1931-01-13", "invented-token", "invented-secret"};
  char name[] = "/tmp/handoff-contract-log.XXXXXX";
  const int log = ::mkstemp(name);
  ASSERT_GE(log, 0);
  Log::configure(nullptr, Level::debug, log);
  set_content(snapshot_, R"({"registrant": {"firstName": "Zanzibarmark", "birthDate": "1931-01-13"}})");
  snapshot_.referral.attachments[0].file_name = Text("Zanzibarmark.pdf");
  auto far = partner();
  const Course run = fair(*far);
  ASSERT_TRUE(run.finished);
  std::string words = run.progress.data.dump();
  for (const exchange::LeftOut& left : run.end.left_out) words += left.why;
  for (const Sent& sent : run.sent) {
    for (int status = 200; status < 600; ++status) {
      Progress progress;
      const Reply echo =
          reply_of(status, R"({"message": "Zanzibarmark born 1931-01-13 invented-token invented-secret"})");
      words += words_of(connector().judge(view(), sent.request, echo, progress)) + progress.data.dump() + "\n";
    }
    EXPECT_THAT(sent.request.url, Not(HasSubstr("Zanzibarmark")));
  }
  DeliveryView doubtful = view(DeliveryKind::update);
  doubtful.doubtful = true;
  if (const auto step = connector().next(doubtful, {}); !step) words += step.error().for_caller + step.error().for_log;
  Faults faults;
  connector().check(case_.settings, case_.secrets, Json("x"), faults);
  for (const Fault& fault : faults) words += fault.message;
  for (const Fault& fault : connector().missing(view())) words += fault.message;
  Log::configure(nullptr, Level::info, 2);
  ::close(log);
  std::ifstream in(name);
  std::stringstream logged;
  logged << in.rdbuf();
  ::unlink(name);
  for (const std::string& mark : marks) {
    EXPECT_THAT(words, Not(HasSubstr(mark)));
    EXPECT_THAT(logged.str(), Not(HasSubstr(mark)));
  }
}

// ---- 8. People as they are
// -------------------------------------------------------------------------------------------

TEST_P(ConnectorContract, q8_little_is_enough) {
  snapshot_ = bare_sample();
  auto far = partner();
  ASSERT_TRUE(fair(*far).finished);
  ASSERT_EQ(far->held.size(), 1u);
  for (const auto& [key, value] : far->held[0].fields.members()) {
    EXPECT_FALSE(value.is_null()) << key << " is absent and was sent as null";
  }
}

TEST_P(ConnectorContract, q8_names_dates_and_times_arrive_as_they_are) {
  const std::string long_name(5000, 'a');
  for (const std::string& name : std::vector<std::string>{"Zoë", "Zoe\xCC\x88", "محمد عبد الله", "ᐃᓄᒃ", "李",
                                                          "O'Neil \"Bo\" \\ <x>", long_name}) {
    set_content(snapshot_,
                ("{\"registrant\": {\"firstName\": " + json_quote(name) + ", \"birthDate\": \"2004-02-29\"}}").c_str());
    auto far = partner();
    ASSERT_TRUE(fair(*far).finished);
    std::vector<std::string> texts;
    for (const auto& [key, value] : far->held[0].fields.members()) texts.push_back(value.text_or());
    EXPECT_THAT(texts, Contains(HasSubstr(name)));
    EXPECT_THAT(texts, Contains("2004-02-29"));
  }
}

TEST_P(ConnectorContract, q8_two_time_zones_keep_their_own_clocks) {
  snapshot_.referral.appointments = {appointment("1", "2026-12-03T09:30:00-05:00", "Main St office"),
                                     appointment("2", "2027-01-03T09:30:00-03:30", "St. John's office")};
  auto far = partner();
  ASSERT_TRUE(fair(*far).finished);
  std::string all;
  for (const auto& [key, value] : far->held[0].fields.members()) all += value.text_or() + "\n";
  EXPECT_THAT(all, HasSubstr("2026-12-03T09:30:00-05:00"));
  EXPECT_THAT(all, HasSubstr("St. John's office"));
}

#define HANDOFF_CONNECTOR_CONTRACT(name, make)                                                              \
  INSTANTIATE_TEST_SUITE_P(name, ConnectorContract, testing::Values(static_cast<ContractCase (*)()>(make)), \
                           [](const auto&) { return std::string(#name); })

}  // namespace handoff::contract
