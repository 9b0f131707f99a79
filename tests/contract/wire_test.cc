// Goal: the shipped profiles and the sandboxes people rehearse with speak the same wire. Method: the least runner
// drives the profiles over real HTTP against a sandbox in this process, lost answers included.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connector/list.h"
#include "net/client.h"
#include "sandbox/cms_sandbox.h"
#include "tests/contract/runner.h"
#include "tests/contract/samples.h"

namespace handoff::contract {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Wire : public testing::Test {
 protected:
  void SetUp() override {
    net::ClientOptions options;
    options.allow = net::AddressRanges::parse({"127.0.0.1/32"}).value();
    client_ = net::Client::start(std::move(options)).value();
    for (const std::string_view bytes : {consent_bytes, letter_bytes}) blobs_[hex(sha256(bytes))] = bytes;
  }

  void open(sandbox::CmsProduct product, std::vector<std::string> required = {}) {
    sandbox::CmsSandboxOptions options;
    options.product = product;
    options.token = "invented-token";
    options.required = std::move(required);
    sandbox_ = sandbox::CmsSandbox::start(std::move(options), clock_, random_).value();
    settings_ = Json::object({{"baseUrl", sandbox_->url()}});
  }

  Reply send(const HttpRequest& request) {
    net::ClientRequest out;
    out.method = request.method;
    out.url = request.url;
    for (const auto& [name, value] : request.headers) out.headers.add(name, value);
    net::BodyPart part;
    part.bytes = bytes_of(request, blobs_);
    if (!part.bytes.empty()) out.body.push_back(std::move(part));
    const net::ClientReply in = client_->send_and_wait(std::move(out));
    Reply reply;
    reply.outcome = in.outcome == net::ClientReply::Outcome::answered   ? Reply::Outcome::answered
                    : in.outcome == net::ClientReply::Outcome::not_sent ? Reply::Outcome::not_sent
                                                                        : Reply::Outcome::unknown;
    reply.status = in.status;
    reply.headers = in.headers.items();
    reply.body = in.body;
    reply.truncated = in.truncated;
    reply.problem = in.problem;
    reply.at = clock_.now();
    return reply;
  }

  DeliveryView view() {
    DeliveryView view;
    view.delivery_id = "dlv_1";
    view.remote_mark = snapshot_.referral.id.text();
    view.snapshot = &snapshot_;
    view.settings = &settings_;
    view.secrets = &secrets_;
    return view;
  }
  Course run(const char* connector, const DeliveryView& delivery, Progress progress = {}) {
    return Runner(*all_.find(connector), [this](const HttpRequest& request) { return send(request); })
        .run(delivery, std::move(progress));
  }
  std::vector<std::string> file_names() {
    std::vector<std::string> names;
    const auto received = sandbox_->memory().all();
    for (const auto& file : received.at(0).attachments) names.push_back(file.file_name);
    return names;
  }

  ManualClock clock_{at("2026-11-20T12:00:00Z")};
  SystemRandom random_;
  std::unique_ptr<net::Client> client_;
  std::unique_ptr<sandbox::CmsSandbox> sandbox_;
  connector::Connectors all_;
  referral::Snapshot snapshot_ = full_sample();
  std::map<std::string, std::string> blobs_;
  Json settings_;
  const std::map<std::string, Secret> secrets_{{"token", Secret("invented-token")}};
};

TEST_F(Wire, crms_takes_the_referral_its_summary_and_its_files) {
  open(sandbox::CmsProduct::crms);
  const Course course = run("crms", view());
  ASSERT_TRUE(course.finished);
  ASSERT_EQ(sandbox_->memory().size(), 1u);
  const auto received = sandbox_->memory().all().at(0);
  EXPECT_EQ(course.end.remote_id, received.id);
  EXPECT_EQ(received.fields["firstName"], Json("Amélie"));
  EXPECT_EQ(received.fields["appointmentDuration"], Json(45));
  EXPECT_THAT(file_names(), ElementsAre("Referral Summary.pdf", "consent.pdf", "lettre d'été.txt"));
  EXPECT_EQ(received.attachments[1].sha256, hex(sha256(consent_bytes)));
  EXPECT_EQ(received.attachments[1].content_type, "application/pdf");
}

TEST_F(Wire, an_answer_lost_after_saving_makes_no_second_record) {
  for (int lost = 1; lost <= 3; ++lost) {
    open(sandbox::CmsProduct::crms);
    sandbox::CmsFault fault;
    fault.count = lost;
    fault.drop_after_save = true;
    sandbox_->set_fault(fault);
    ASSERT_TRUE(run("crms", view()).finished);
    EXPECT_EQ(sandbox_->memory().size(), 1u);
    EXPECT_EQ(file_names().size(), 3u);
  }
}

TEST_F(Wire, a_refusal_names_the_field) {
  open(sandbox::CmsProduct::crms, {"phoneMain"});
  set_content(snapshot_, R"({"registrant": {"phones": {"main": null}}})");
  const Course course = run("crms", view());
  ASSERT_TRUE(course.stopped);
  const auto& refusal = std::get<exchange::NeedsData>(*course.stopped);
  EXPECT_EQ(refusal.message, "Phone (home/main) is required");
  EXPECT_EQ(refusal.field, "registrant.phones.main");
}

TEST_F(Wire, cms_takes_updates_until_it_has_accepted) {
  open(sandbox::CmsProduct::cms);
  const Course created = run("cms", view());
  ASSERT_TRUE(created.finished);
  set_content(snapshot_, R"({"registrant": {"firstName": "Amelia", "phones": {"alternate": null}}})");
  DeliveryView update = view();
  update.kind = exchange::DeliveryKind::update;
  update.remote_id = created.end.remote_id;
  ASSERT_TRUE(run("cms", update, exchange::carried_over(created.progress)).finished);
  auto received = sandbox_->memory().all().at(0);
  EXPECT_EQ(received.updates, 1);
  EXPECT_EQ(received.fields["firstName"], Json("Amelia"));
  EXPECT_TRUE(received.fields["phoneAlt"].is_null());
  EXPECT_EQ(received.attachments.size(), 3u);
  ASSERT_TRUE(sandbox_->memory().accept(received.id));
  EXPECT_TRUE(run("cms", update, exchange::carried_over(created.progress)).end.accepted);
  EXPECT_EQ(sandbox_->memory().all().at(0).updates, 1);
  update.retraction = true;
  ASSERT_TRUE(run("cms", update, exchange::carried_over(created.progress)).finished);
  received = sandbox_->memory().all().at(0);
  EXPECT_EQ(received.updates, 2);
  EXPECT_THAT(received.fields["referralNote"].text_or(),
              testing::StartsWith("This referral was entered in error and must be disregarded."));
}

}  // namespace
}  // namespace handoff::contract
