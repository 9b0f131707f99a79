// Files on their way in and out.
#include "tests/support/api.h"

namespace handoff::testing_support {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Attachments : public ApiTest {
 protected:
  Attachments() : at(path_of(new_referral(new_listing()))) {}
  std::string at;
};
INSTANTIATE_TEST_SUITE_P(Both, Attachments, testing::ValuesIn(both_databases()), database_name);

TEST_P(Attachments, come_back_byte_for_byte) {
  std::string bytes = "%PDF-1.7\n";
  for (int i = 0; i < 3'000'000; ++i) bytes.push_back(static_cast<char>(i * 7));
  const Answer made = house.caller.upload(at + "/attachments", "Überweisung (1).pdf", "application/pdf", bytes);
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.json["fileName"].text_or(), "Überweisung (1).pdf");
  EXPECT_EQ(made.json["size"].int_or(0), static_cast<std::int64_t>(bytes.size()));
  EXPECT_EQ(made.json["sha256"].text_or(), hex(sha256(bytes)));
  const Answer back = house.caller.get(made.location());
  EXPECT_EQ(back.status, 200);
  EXPECT_EQ(back.headers.get("Content-Type"), "application/pdf");
  EXPECT_EQ(back.headers.get("X-Content-Type-Options"), "nosniff");
  EXPECT_THAT(std::string(back.headers.get("Content-Disposition")), HasSubstr("filename*=UTF-8''%C3%9Cberweisung"));
  EXPECT_TRUE(back.body == bytes);
  const Answer referral = house.caller.get(at);
  EXPECT_EQ(referral.json["attachments"].items().at(0), made.json);
  EXPECT_EQ(referral.json["version"].int_or(0), 2) << "an attachment is an edit";
}

TEST_P(Attachments, come_with_a_new_referral_as_base64) {
  Json body = for_listing(new_listing("Second"));
  body.set("attachments",
           Json::parse(R"([{"fileName": "../../etc/notes.txt", "contentType": "text/plain", "data": "aGVsbG8="},
                                          {"fileName": "b.bin", "contentType": "application/octet-stream", "data": "JVBERi0xLjQ="}])")
               .value());
  const Answer made = house.caller.post("/api/v1/referrals", body);
  ASSERT_EQ(made.status, 201) << made.body;
  const auto& files = made.json["attachments"].items();
  EXPECT_EQ(files.at(0)["fileName"].text_or(), "notes.txt");
  EXPECT_EQ(files.at(1)["contentType"].text_or(), "application/pdf")
      << "a type that says nothing gives way to what is seen";
  EXPECT_EQ(house.caller.get(made.location() + "/attachments/" + files.at(0)["id"].text_or()).body, "hello");
}

TEST_P(Attachments, that_lie_are_too_large_empty_or_unnamed_leave_nothing) {
  const auto before = server.rows();
  const Answer lie = house.caller.upload(at + "/attachments", "scan.jpg", "image/jpeg", "%PDF-1.4");
  EXPECT_EQ(lie.status, 400);
  EXPECT_THAT(lie.faults(), ElementsAre("/file attachment.type_mismatch"));
  EXPECT_THAT(lie.body, testing::AllOf(HasSubstr("image/jpeg"), HasSubstr("application/pdf")));
  EXPECT_EQ(house.caller.upload(at + "/attachments", "big.bin", "", std::string(25 * 1024 * 1024 + 1, 'x')).status,
            413);
  EXPECT_EQ(house.caller.upload(at + "/attachments", "big.bin", "", std::string(30 * 1024 * 1024, 'x')).status, 413);
  EXPECT_THAT(house.caller.upload(at + "/attachments", "empty.txt", "text/plain", "").faults(),
              ElementsAre("/file attachment.empty"));
  EXPECT_THAT(house.caller.upload(at + "/attachments", "a.txt", "text/plain", "hello", "nowhere").faults(),
              ElementsAre("/field attachment.unknown_field"));
  EXPECT_EQ(house.caller.post(at + "/attachments", Json::object()).status, 415);
  EXPECT_EQ(house.caller
                .send({"POST", at + "/attachments", "no parts", {{"Content-Type", "multipart/form-data; boundary=x"}}})
                .status,
            400);
  EXPECT_EQ(server.rows(), before);
}

TEST_P(Attachments, may_be_twenty_and_no_more) {
  for (int i = 0; i < 20; ++i)
    ASSERT_EQ(house.caller.upload(at + "/attachments", "a.txt", "text/plain", "file " + std::to_string(i)).status, 201);
  const Answer refused = house.caller.upload(at + "/attachments", "a.txt", "text/plain", "one more");
  EXPECT_EQ(refused.status, 413);
  EXPECT_EQ(refused.code(), "attachment.too_many");
}

TEST_P(Attachments, answer_the_question_they_name) {
  const std::string listing = new_listing(house, Json::parse(R"({"name": "With consent", "form": {"fields": [
          {"key": "consent", "label": "Signed consent", "type": "attachment", "required": true}]}})")
                                                     .value());
  EXPECT_THAT(house.caller.post("/api/v1/referrals", for_listing(listing)).faults(),
              ElementsAre("/answers/consent answer.required"));
  Json body = for_listing(listing);
  body.set(
      "attachments",
      Json::parse(R"([{"fileName": "c.txt", "contentType": "text/plain", "data": "aGVsbG8=", "field": "consent"}])")
          .value());
  const Answer made = house.caller.post("/api/v1/referrals", body);
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.json["attachments"].items().at(0)["field"].text_or(), "consent");
  EXPECT_EQ(house.caller.upload(made.location() + "/attachments", "d.txt", "text/plain", "again", "consent").status,
            201);
}

}  // namespace
}  // namespace handoff::testing_support
