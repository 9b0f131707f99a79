// What an administrator is shown before anything is sent: the requests in full, every secret masked, files by name and
// size, and what the destination would miss. With the shipped profiles and one that signs in with OAuth 2.
#include "exchange/preview.h"

#include <gmock/gmock.h>

#include "connector/list.h"
#include "tests/contract/samples.h"

namespace handoff::contract {
namespace {

using exchange::Integration;
using testing::HasSubstr;
using testing::Not;

constexpr const char* mask = "•••";

Integration integration_of(const char* connector) {
  Integration integration;
  integration.connector = connector;
  integration.name = "Intake desk";
  integration.triggers = {"closed.completed"};
  integration.settings = Json::object({{"baseUrl", "https://partner.example.org"}});
  integration.secrets.emplace("token", Secret("invented-token"));
  return integration;
}

std::vector<std::string> steps_of(const Json& preview) {
  std::vector<std::string> steps;
  for (const auto& request : preview["requests"].items()) steps.push_back(request["step"].text_or());
  return steps;
}

TEST(Preview, ShowsTheRequestsOfAHandOffInOrder) {
  const connector::Connectors connectors;
  const Json shown = exchange::preview(*connectors.find("crms"), integration_of("crms"), full_sample());
  EXPECT_TRUE(shown["problem"].is_null()) << shown.dump();
  EXPECT_EQ(shown["missing"].size(), 0U);
  // Each content once: the third file holds the same bytes as the first.
  EXPECT_THAT(steps_of(shown), testing::ElementsAre("create", "attach:summary", "attach:att_1", "attach:att_2"));

  const Json& create = shown["requests"].items()[0];
  EXPECT_EQ(create["method"], Json("POST"));
  EXPECT_EQ(create["url"], Json("https://partner.example.org/api/referrals"));
  EXPECT_EQ(create["body"]["firstName"], Json("Amélie"));
  EXPECT_EQ(create["body"]["externalId"], Json(full_sample().referral.id.text()));
  EXPECT_FALSE(create.contains("parts"));

  const Json& summary = shown["requests"].items()[1];
  EXPECT_FALSE(summary.contains("body"));
  ASSERT_EQ(summary["parts"].size(), 1U) << summary.dump();
  const Json& pdf = summary["parts"].items()[0];
  EXPECT_EQ(pdf["name"], Json("file"));
  EXPECT_EQ(pdf["fileName"], Json("Referral Summary.pdf"));
  EXPECT_EQ(pdf["contentType"], Json("application/pdf"));
  EXPECT_EQ(pdf["source"], Json("summary"));

  const Json& file = shown["requests"].items()[2]["parts"].items()[0];
  EXPECT_EQ(file["fileName"], Json("consent.pdf"));
  EXPECT_EQ(file["size"], Json(consent_bytes.size()));
  EXPECT_EQ(file["source"], Json("attachment"));
  // The number is not known yet, and the address says so.
  EXPECT_EQ(shown["requests"].items()[2]["url"],
            Json("https://partner.example.org/api/referrals/ASSIGNED-BY-DESTINATION/attachments"));
}

TEST(Preview, MasksSecretsWhereverTheyStand) {
  const connector::Connectors connectors;
  Integration integration = integration_of("crms");
  integration.secrets.insert_or_assign("token", Secret("s3cr\"t/token"));
  // A person may well have written it into a note.
  referral::Snapshot snapshot = full_sample();
  set_content(snapshot, R"({"notes": "The token is s3cr\"t/token, they said."})");
  const Json shown = exchange::preview(*connectors.find("crms"), integration, snapshot);
  EXPECT_THAT(shown.dump(), Not(HasSubstr("s3cr")));
  EXPECT_EQ(shown["requests"].items()[0]["headers"]["Authorization"], Json(std::string("Bearer ") + mask));
}

TEST(Preview, MasksATokenThatHasToBeFetchedFirst) {
  std::string text;
  for (const auto& profile : connector::shipped_profiles()) {
    if (std::string_view(profile.file_name) == "cms.toml") text = profile.text;
  }
  const auto id = text.find("id = \"cms\"");
  ASSERT_NE(id, std::string::npos);
  text.replace(id, 10, "id = \"made_up\"");
  const auto auth = text.find("[auth]"), after = text.find("\n[", auth + 1);
  ASSERT_NE(after, std::string::npos);
  text.replace(auth, after - auth,
               "[auth]\nkind = \"oauth2_client_credentials\"\ntokenUrl = \"/oauth/token\"\nclientId = \"handoff\"\n"
               "clientSecret = \"{settings.token}\"\n");
  connector::Connectors connectors;
  const auto added = connectors.add_profile(text, "made_up.toml");
  ASSERT_TRUE(added) << added.error().for_caller;
  const Json shown = exchange::preview(*connectors.find("made_up"), integration_of("made_up"), full_sample());
  const auto steps = steps_of(shown);
  ASSERT_GE(steps.size(), 2U) << shown.dump();
  EXPECT_EQ(steps[0], "token");
  EXPECT_EQ(steps[1], "create");
  EXPECT_THAT(shown.dump(), Not(HasSubstr("invented-token")));
  EXPECT_THAT(shown.dump(), Not(HasSubstr("TOKEN-OF-DESTINATION")));
  EXPECT_EQ(shown["requests"].items()[1]["headers"]["Authorization"], Json(std::string("Bearer ") + mask));
}

TEST(Preview, NamesWhatTheDestinationWouldMiss) {
  const connector::Connectors connectors;
  Integration integration = integration_of("crms");
  integration.mapping = Json::parse(R"({"fields": [{"target": "dateOfBirth", "required": true}]})").value();
  const Json shown = exchange::preview(*connectors.find("crms"), integration, bare_sample());
  ASSERT_EQ(shown["missing"].size(), 1U);
  EXPECT_EQ(shown["missing"].items()[0]["pointer"], Json("/registrant/birthDate"));
  EXPECT_THAT(shown["missing"].items()[0]["message"].text_or(), HasSubstr("Date of Birth"));
}

TEST(Preview, SaysTheSameTwice) {
  const connector::Connectors connectors;
  for (const char* id : {"crms", "cms"}) {
    const auto shown = [&] {
      return exchange::preview(*connectors.find(id), integration_of(id), full_sample()).dump();
    };
    EXPECT_EQ(shown(), shown());
  }
}

TEST(TakeSnapshot, BringsMessagesIntoOrderAndLabelsTheSubStatus) {
  const referral::Snapshot sample = full_sample();
  directory::Organization sender, receiver;
  sender.name = "Mill Clinic";
  receiver.name = "Harbour House";
  std::vector<referral::Message> messages(2, sample.messages[0]);
  messages[0].at = sample.messages[0].at + seconds(60);
  messages[0].id = MessageId::trusted("msg_2");
  referral::Referral referral = sample.referral;
  referral.integration_errors = 3;
  const auto taken = exchange::take_snapshot(referral, &*sample.listing, &sender, &receiver,
                                             referral::standard_sub_statuses(), messages, sample.taken_at);
  EXPECT_EQ(taken.sub_status_label, "Ready");
  EXPECT_EQ(taken.sender_name, "Mill Clinic");
  EXPECT_EQ(taken.receiver_name, "Harbour House");
  EXPECT_EQ(taken.listing->name, "Intake");
  EXPECT_EQ(taken.messages[0].id, sample.messages[0].id);
  EXPECT_EQ(taken.referral.integration_errors, 0);  // of no concern to a destination
  const auto nobody = exchange::take_snapshot(referral, nullptr, nullptr, nullptr, {}, {}, sample.taken_at);
  EXPECT_FALSE(nobody.listing);
  EXPECT_EQ(nobody.sender_name, "");
}

}  // namespace
}  // namespace handoff::contract
