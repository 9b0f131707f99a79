// The referral POST: the two published samples byte for byte, what becomes of what is sent, and every refusal.
#include "tests/salesforce/org.h"

namespace handoff::testing_support {
namespace {

using testing::HasSubstr;

class SalesforceReferrals : public OrgTest {};
INSTANTIATE_TEST_SUITE_P(Both, SalesforceReferrals, testing::ValuesIn(both_databases()), database_name);

TEST_P(SalesforceReferrals, BothPublishedSamplesAnswerTwoIds) {
  registers_what_the_samples_name();
  for (const char* name : {"existing-patient.json", "new-patient.json"}) {
    const Answer made = post(referrals, sample(name));
    ASSERT_EQ(made.status, 201) << name << made.body;
    EXPECT_TRUE(made.json["error"].is_null());
    EXPECT_TRUE(made.json.contains("error"));
    ASSERT_EQ(made.json["referralIds"].size(), 2u);
    EXPECT_EQ(made.json.size(), 2u);
    for (const Json& id : made.json["referralIds"].items()) {
      EXPECT_EQ(id.text_or().size(), 18u);
      EXPECT_EQ(id.text_or().substr(0, 3), "0lv");
    }
  }
}

TEST_P(SalesforceReferrals, TheExistingPatientsReferralIsInTheInboxWithEverything) {
  registers_what_the_samples_name();
  const Answer made = post(referrals, sample("existing-patient.json"));
  ASSERT_EQ(made.status, 201) << made.body;
  // Not said otherwise, it is active: it has arrived.
  const Answer inbox = house.caller.get("/api/v1/referrals");
  ASSERT_EQ(inbox.json["items"].size(), 2u);
  const Json r = referral_of(made.json["referralIds"].items()[0].text_or());
  EXPECT_EQ(r["status"].text_or(), "submitted");
  EXPECT_EQ(r["source"]["method"].text_or(), "salesforce");
  EXPECT_EQ(r["registrant"]["firstName"].text_or(), "Amélie");
  EXPECT_EQ(r["registrant"]["lastName"].text_or(), "Okafor");
  EXPECT_EQ(r["requester"]["organization"].text_or(), "Mill Clinic");
  EXPECT_EQ(r["priority"].text_or(), "urgent");
  EXPECT_EQ(r["notes"].text_or(), "This is an urgent request");
  EXPECT_EQ(r["receiverOrganizationId"].text_or(), house.id.text());
  const std::string details = r["details"].dump();
  EXPECT_THAT(
      details,
      HasSubstr(
          R"({"type":"Insurance","recordType":"Member Plan","fields":{"Name":"Aetna PPO","MemberNumber":"2345678"}})"));
  EXPECT_THAT(details, HasSubstr(R"("Name":"Birch Plus","MemberNumber":"B-77","Id":"0SqRM0000004F2z0AE")"));
  EXPECT_THAT(details, HasSubstr("Need Appointment ASAP."));
  EXPECT_THAT(details, HasSubstr("Dr. Lea Roy"));
  // In no listing of its own it lies in the one that every organization has.
  const Answer listing = house.caller.get("/api/v1/listings/" + r["listingId"].text_or());
  EXPECT_EQ(listing.json["name"].text_or(), "Unassigned");

  const Answer shown = retrieve("ClinicalServiceRequest", made.json["referralIds"].items()[1].text_or());
  EXPECT_EQ(shown.json["Status"].text_or(), "Active");
  EXPECT_EQ(shown.json["Type"].text_or(), "Order");
  EXPECT_EQ(shown.json["Priority"].text_or(), "Urgent");
  EXPECT_EQ(shown.json["PatientId"].text_or(), "005S7000001xLk1IAE");
  EXPECT_EQ(shown.json["RequesterId"].text_or(), "0cmS70000004CAuIAM");
  EXPECT_EQ(shown.json["PerformerId"].text_or(), "0cmRM0000004nAgDZc") << "an id from elsewhere is known by all it has";
  EXPECT_EQ(shown.json["PatientInstruction"].text_or(), "Need Appointment ASAP.");
  EXPECT_EQ(shown.json["IsAccepted"], Json(false));
}

TEST_P(SalesforceReferrals, TheNewPatientsReferralIsADraftUntilItIsActive) {
  registers_what_the_samples_name();
  const std::string listing = new_listing("Physiotherapy");
  registers("HealthcareProvider", "0cmRM0000000l2JYAQ",
            R"({"Name": "Harbour Physio", "HandoffListing__c": ")" + listing + "\"}");
  const Answer made = post(referrals, sample("new-patient.json"));
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(house.caller.get("/api/v1/referrals").json["items"].size(), 0u) << "a draft has not arrived";
  const std::string id = made.json["referralIds"].items()[0].text_or();
  const Answer draft = retrieve("ClinicalServiceRequest", id);
  EXPECT_EQ(draft.json["Status"].text_or(), "Draft");
  EXPECT_EQ(draft.json["Type"].text_or(), "Plan");
  EXPECT_EQ(referral_of(id)["status"].text_or(), "draft");
  EXPECT_EQ(referral_of(id)["listingId"].text_or(), listing);
  EXPECT_NE(referral_of(made.json["referralIds"].items()[1].text_or())["listingId"].text_or(), listing);

  ASSERT_EQ(patch(std::string(data) + "/sobjects/ClinicalServiceRequest/" + id, R"({"Status": "Active"})").status, 204);
  EXPECT_EQ(house.caller.get("/api/v1/referrals").json["items"].size(), 1u);
  const Json r = referral_of(id);
  EXPECT_EQ(r["status"].text_or(), "submitted");
  EXPECT_EQ(r["registrant"]["phones"]["main"].text_or(), "801XXXXX89") << "kept as given";
  EXPECT_THAT(r["warnings"].dump(), HasSubstr("phone.doubtful"));
  const std::string details = r["details"].dump();
  EXPECT_THAT(details, HasSubstr("Left knee"));
  EXPECT_THAT(details, HasSubstr("Knee pain"));
  EXPECT_THAT(details, HasSubstr(R"("type":"Body Site","recordType":"Health Condition")"));
  EXPECT_EQ(r["requester"]["organization"].text_or(), "Dr. Lea Roy");
}

TEST_P(SalesforceReferrals, RecordsOfAllKindsComeOfOneCommit) {
  registers_what_the_samples_name();
  ASSERT_EQ(post(referrals, sample("new-patient.json")).status, 201);
  const auto count = [&](const std::string& from) {
    return query("SELECT COUNT() FROM " + from).json["totalSize"].int_or(-1);
  };
  EXPECT_EQ(count("ClinicalServiceRequest"), 2);
  EXPECT_EQ(count("ClinicalServiceRequestDetail"), 8);
  EXPECT_EQ(count("AuthorNote"), 2);
  EXPECT_EQ(count("MemberPlan WHERE Member.LastName = 'Clark'"), 1) << "the new plan is the new patient's";
  EXPECT_EQ(count("Account WHERE LastName = 'Clark'"), 1);
  const Answer details = query(
      "SELECT DetailType, DetailCode.Name, DetailRecord.Type, ClinicalServiceRequest.Patient.LastName FROM "
      "ClinicalServiceRequestDetail WHERE DetailType = 'Body Site'");
  ASSERT_EQ(details.json["totalSize"].int_or(0), 2) << details.body;
  EXPECT_EQ(details.json["records"].items()[0]["DetailCode"]["Name"].text_or(), "Left knee");
  EXPECT_EQ(details.json["records"].items()[0]["ClinicalServiceRequest"]["Patient"]["LastName"].text_or(), "Clark");
}

TEST_P(SalesforceReferrals, ListsOfOneAreTakenForOne) {
  const std::string body = R"({"patient": [{"fields": {"LastName": "Okoro"}}], "referral": [{"fields": {}}],
    "requester": [{"fields": {"Name": "Mill Clinic", "Phone": "+1 905 555 0100"}}], "performers": []})";
  const Answer made = post(referrals, body);
  ASSERT_EQ(made.status, 201) << made.body;
  ASSERT_EQ(made.json["referralIds"].size(), 1u) << "without a performer there is one referral";
  const Json r = referral_of(made.json["referralIds"].items()[0].text_or());
  EXPECT_EQ(r["requester"]["organization"].text_or(), "Mill Clinic");
  EXPECT_TRUE(r["registrant"]["firstName"].is_null()) << "a CRM knows persons by their last name alone";
}

TEST_P(SalesforceReferrals, PerformersThatAreEqualAreOne) {
  registers_what_the_samples_name();
  const auto performers = [&](std::vector<std::string> ids) {
    std::string list;
    for (const auto& id : ids) list += (list.empty() ? "" : ",") + ("{\"id\": \"" + id + "\"}");
    return post(
        referrals,
        R"({"patient": {"fields": {"LastName": "Okoro"}}, "referral": {"fields": {}}, "performers": [)" + list + "]}");
  };
  const std::string roy = "0cmRM0000004nAgYAI", hill = "0cmRM0000004nAgDZc";
  EXPECT_EQ(performers({roy, roy, hill, roy, hill}).json["referralIds"].size(), 2u);
  const auto before = server.rows();
  EXPECT_EQ(refusal(performers({roy, roy, roy, roy, roy, roy})), "400 ILLEGAL_ARGUMENT performers") << "six as sent";
  EXPECT_EQ(server.rows(), before);
}

TEST_P(SalesforceReferrals, WordsOfOnesOwnAreKeptAndWarnedOf) {
  const std::string id = refer(R"({"Status": "Waiting for a bed", "Type": "Wish", "Priority": "Whenever"})");
  const Answer shown = retrieve("ClinicalServiceRequest", id);
  EXPECT_EQ(shown.json["Status"].text_or(), "Waiting for a bed");
  EXPECT_EQ(shown.json["Type"].text_or(), "Wish");
  EXPECT_EQ(shown.json["Priority"].text_or(), "Whenever");
  const Json r = referral_of(id);
  EXPECT_EQ(r["status"].text_or(), "submitted");
  EXPECT_EQ(r["priority"].text_or(), "routine");
  int warnings = 0;
  for (const Json& warning : r["warnings"].items()) warnings += warning["code"].text_or() == "salesforce.unknown_word";
  EXPECT_EQ(warnings, 3);
  // What happens to it later shows.
  house.caller.post(path_of(r["id"].text_or()) + "/close", json(R"({"code": "no_show"})"));
  EXPECT_EQ(retrieve("ClinicalServiceRequest", id).json["Status"].text_or(), "Revoked");
}

TEST_P(SalesforceReferrals, EveryRefusalHasItsCodeAndLeavesNothing) {
  registers_what_the_samples_name();
  const std::string plan = create("MemberPlan", R"({"Name": "Maple PPO", "MemberId": "005S7000001xLk1IAE"})");
  const auto before = server.rows();
  const auto body = [](const std::string& patient, const std::string& referral, const std::string& more = "") {
    return "{\"patient\": " + patient + ", \"referral\": " + referral + more + "}";
  };
  const std::string good = R"({"fields": {"LastName": "Okoro"}})", empty = R"({"fields": {}})";
  struct Row {
    std::string body, expected;
  };
  const std::vector<Row> table{
      {"", "400 JSON_PARSER_ERROR"},
      {"{", "400 JSON_PARSER_ERROR"},
      {"[]", "400 JSON_PARSER_ERROR"},
      {"{\"patient\": 1, \"patient\": 2}", "400 JSON_PARSER_ERROR"},
      {std::string(80, '[') + std::string(80, ']'), "400 JSON_PARSER_ERROR"},
      {body(good, empty, R"(, "patients": {})"), "400 JSON_PARSER_ERROR"},
      {body(R"({"field": {}})", empty), "400 JSON_PARSER_ERROR"},
      {body("\"x\"", empty), "400 JSON_PARSER_ERROR"},
      {body("[{}, {}]", empty), "400 JSON_PARSER_ERROR"},
      {body(good, empty, R"(, "performers": "0cmRM0000004nAgYAI")"), "400 JSON_PARSER_ERROR"},
      {body(good, empty, R"(, "shouldUseHighConfidenceMatch": 1)"), "400 JSON_PARSER_ERROR"},
      {body(good, R"({"fields": {"IsAccepted": "perhaps"}})"), "400 JSON_PARSER_ERROR IsAccepted"},
      {"{}", "400 REQUIRED_FIELD_MISSING patient referral"},
      {body("{}", empty), "400 REQUIRED_FIELD_MISSING patient"},
      {body(good, "{}"), "400 REQUIRED_FIELD_MISSING referral"},
      {body(good, empty, R"(, "performers": [{}])"), "400 REQUIRED_FIELD_MISSING id"},
      {body(good, empty, R"(, "referralDetails": [{"detailRecordId": "0SqRM0000004F2z0AE"}])"),
       "400 REQUIRED_FIELD_MISSING detailType"},
      {body(good, empty, R"(, "referralDetails": [{"detailType": "Insurance"}])"),
       "400 REQUIRED_FIELD_MISSING detailRecordId"},
      {body(R"({"fields": {"FirstName": "Ines"}})", empty), "400 REQUIRED_FIELD_MISSING LastName"},
      {body(
           good, empty,
           R"(, "referralDetails": [{"detailType": "Insurance", "detailRecordType": "Member Plan", "fields": {"MemberNumber": "1"}}])"),
       "400 REQUIRED_FIELD_MISSING Name"},
      {body(R"({"fields": {"LastName": "Okoro", "Foo": 1}})", empty), "400 INVALID_FIELD Foo"},
      {body(good, R"({"fields": {"ReferralDate": "2026-01-01"}})"), "400 INVALID_FIELD ReferralDate"},
      {body(R"({"id": "nonsense"})", empty), "400 MALFORMED_ID Id"},
      {body(R"({"id": "0SqRM0000004F2z0AE"})", empty), "400 MALFORMED_ID Id"},
      {body(R"({"id": "0cmRM0000004nAgYAI"})", empty), "400 MALFORMED_ID Id"},
      {body(good, empty, R"(, "performers": [{"id": "001000000000301AAA"}])"),
       "400 INVALID_CROSS_REFERENCE_KEY performers"},
      {body(good, empty, R"(, "performers": [{"id": "0SqRM0000004F2z0AE"}])"), "400 MALFORMED_ID performers"},
      {body(good, empty, R"(, "performers": [{"id": "0cmRM0000004nAgDZd"}])"), "400 MALFORMED_ID performers"},
      {body(good, empty, R"(, "performers": [{"id": "0cm000000000009AAA"}])"),
       "400 INVALID_CROSS_REFERENCE_KEY performers"},
      {body(R"({"id": "001000000000009AAA"})", empty), "400 INVALID_CROSS_REFERENCE_KEY Id"},
      {body(good, empty, R"(, "referralDetails": [{"detailType": "Body Site", "detailCodeId": "0SqRM0000004F2z0AE"}])"),
       "400 MALFORMED_ID detailCodeId"},
      {body(
           good, empty,
           R"(, "referralDetails": [{"detailType": "Insurance", "detailRecordType": "Coffee", "detailRecordId": "0SqRM0000004F2z0AE"}])"),
       "400 INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST detailRecordType"},
      {body(
           good, empty,
           R"(, "referralDetails": [{"detailType": "Insurance", "detailRecordId": "0SqRM0000004F2z0AE", "detailCodeId": "0hsRM000000043aYAA"}])"),
       "400 ILLEGAL_ARGUMENT referralDetails"},
      {body(good, R"({"fields": {"QuantityType": "Dozen"}})"),
       "400 INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST QuantityType"},
      {body(R"({"fields": {"LastName": "Okoro", "PersonEmail": "nobody"}})", empty),
       "400 INVALID_EMAIL_ADDRESS PersonEmail"},
      {body(R"({"fields": {"LastName": "Okoro", "Phone": "none"}})", empty),
       "400 FIELD_CUSTOM_VALIDATION_EXCEPTION Phone"},
      {body(R"({"fields": {"LastName": "Okoro", "PersonBirthdate": "yesterday"}})", empty),
       "400 JSON_PARSER_ERROR PersonBirthdate"},
      {body(R"({"fields": {"LastName": ")" + std::string(81, 'x') + "\"}}", empty), "400 STRING_TOO_LONG LastName"},
      // An earlier question hides the answers to later ones.
      {body(R"({"fields": {"FirstName": "Ines"}})", empty, R"(, "performers": [{"id": "nonsense"}])"),
       "400 MALFORMED_ID performers"},
      {body(R"({"fields": {"FirstName": "Ines"}})", empty, R"(, "extra": 1)"), "400 JSON_PARSER_ERROR"},
  };
  for (const Row& row : table) EXPECT_EQ(refusal(post(referrals, row.body)), row.expected) << row.body;
  EXPECT_EQ(refusal(post(referrals, "<xml/>", {{"Content-Type", "application/xml"}})), "415 UNSUPPORTED_MEDIA_TYPE");
  EXPECT_EQ(server.rows(), before) << "what is refused leaves nothing";
  EXPECT_FALSE(plan.empty());
}

TEST_P(SalesforceReferrals, AnUnknownPropertyIsNamedWithItsPlace) {
  const Answer refused = post(
      referrals,
      "{\n  \"patient\": {\"fields\": {\"LastName\": \"O\\\"k]\"}},\n  \"referral\": {\"fields\": {}},\n  \"x\": 1\n}");
  EXPECT_EQ(refused.json.items()[0]["message"].text_or(), "Unrecognized field \"x\" at [line:4, column:3]");
}

TEST_P(SalesforceReferrals, TheSameKeyIsAnsweredOnce) {
  const std::string body = R"({"patient": {"fields": {"LastName": "Okoro"}}, "referral": {"fields": {}}})";
  const Answer first = post(referrals, body, {{"Idempotency-Key", "k-1"}});
  const Answer again = post(referrals, body, {{"Idempotency-Key", "k-1"}});
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(first.body, again.body);
  EXPECT_EQ(query("SELECT COUNT() FROM ClinicalServiceRequest").json["totalSize"].int_or(0), 1);
  EXPECT_EQ(refusal(post(referrals, R"({"patient": {"fields": {"LastName": "Clark"}}, "referral": {"fields": {}}})",
                         {{"Idempotency-Key", "k-1"}})),
            "409 CONFLICT");
}

TEST_P(SalesforceReferrals, APatientWhoAgreesInEverythingIsTheOneThatIsKnown) {
  const auto patient_of = [&](const std::string& fields, bool match) {
    const Answer made = post(referrals, R"({"patient": {"fields": )" + fields +
                                            R"(}, "referral": {"fields": {}}, "shouldUseHighConfidenceMatch": )" +
                                            (match ? "true}" : "false}"));
    EXPECT_EQ(made.status, 201) << made.body;
    return retrieve("ClinicalServiceRequest", made.json["referralIds"].items()[0].text_or())
        .json["PatientId"]
        .text_or();
  };
  const std::string clark = R"({"FirstName": "Joe", "LastName": "Clark", "Phone": "801XXXXX89"})";
  const std::string first = patient_of(clark, true);
  EXPECT_EQ(patient_of(clark, true), first) << "the raw phone agrees";
  EXPECT_EQ(patient_of(R"({"FirstName": "joe", "LastName": "CLARK"})", true), first) << "all that was sent";
  EXPECT_NE(patient_of(R"({"FirstName": "Joe", "LastName": "Clark", "Phone": "801XXXXX80"})", true), first);
  const std::string second = patient_of(clark, false);
  EXPECT_NE(second, first) << "without the flag nobody is taken for another";
  const std::string third = patient_of(clark, true);
  EXPECT_NE(third, first) << "two agree, so neither is taken";
  EXPECT_NE(third, second);
}

TEST_P(SalesforceReferrals, WhereTheOrganizationWantsItADoubleIsRefused) {
  const std::string ines =
      R"({"patient": {"fields": {"FirstName": "Ines", "LastName": "Okoro", "PersonBirthdate": "1987-02-11", "Phone": "555-0142"}}, "referral": {"fields": {}}})";
  const Answer first = post(referrals, ines);
  ASSERT_EQ(first.status, 201);
  const std::string patient =
      retrieve("ClinicalServiceRequest", first.json["referralIds"].items()[0].text_or()).json["PatientId"].text_or();
  ASSERT_EQ(
      house.caller.patch("/api/v1/organizations/" + house.id.text(), json(R"({"duplicatePolicy": "block"})")).status,
      200);
  const auto before = server.rows();
  const Answer refused = post(referrals, ines);
  EXPECT_EQ(refusal(refused), "400 DUPLICATES_DETECTED");
  EXPECT_EQ(server.rows(), before);
  const Json& result = refused.json.items()[0]["duplicateResut"];
  EXPECT_EQ(result["duplicateRuleEntityType"].text_or(), "Account");
  const Json& match = result["matchResults"].items()[0];
  EXPECT_EQ(match["size"].int_or(0), 1);
  EXPECT_EQ(match["matchRecords"].items()[0]["record"]["Id"].text_or(), patient);
  EXPECT_EQ(match["matchRecords"].items()[0]["record"]["attributes"]["url"].text_or(),
            "/services/data/v66.0/sobjects/Account/" + patient);
  // A person chooses, and the referral is sent again with the id.
  EXPECT_EQ(post(referrals, R"({"patient": {"id": ")" + patient + R"("}, "referral": {"fields": {}}})").status, 201);
  EXPECT_EQ(post(referrals, R"({"patient": {"fields": {"LastName": "Somebody"}}, "referral": {"fields": {}}})").status,
            201);
}

TEST_P(SalesforceReferrals, AGuestReferralNeedsItsCaptchaAndAnswersAToken) {
  const std::string path = "/services/data/v66.0/connect/health/referral-management/guest-referrals";
  registers_what_the_samples_name();
  const std::string start =
      R"({"patient": {"fields": {"LastName": "Okoro"}}, "referral": {"fields": {}}, "performer": [{"id": "0cmRM0000004nAgYAI"}])";
  EXPECT_EQ(refusal(post(path, start + "}")), "400 REQUIRED_FIELD_MISSING type token siteKeyDeveloperName");
  const Answer made =
      post(path, start + R"(, "captchaToken": {"type": "RECAPTCHA", "token": "t", "siteKeyDeveloperName": "s"}})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_TRUE(made.json["error"].is_null());
  // By the token a file finds its way.
  const Answer file = post(
      std::string(data) + "/sobjects/ContentVersion",
      R"({"Title": "Consent", "PathOnClient": "consent.txt", "VersionData": "SGVsbG8=", "FirstPublishLocationId": ")" +
          made.json["token"].text_or() + "\"}");
  EXPECT_EQ(file.status, 201) << file.body;
  const Json r = house.caller.get("/api/v1/referrals").json["items"].items()[0];
  EXPECT_EQ(house.caller.get(path_of(r["id"].text_or())).json["attachments"].items()[0]["fileName"].text_or(),
            "consent.txt");
}

TEST_P(SalesforceReferrals, EveryServedVersionAndNoOther) {
  const std::string body = R"({"patient": {"fields": {"LastName": "Okoro"}}, "referral": {"fields": {}}})";
  for (int version = 57; version <= 70; ++version) {
    const std::string path =
        "/services/data/v" + std::to_string(version) + ".0/connect/health/referral-management/referrals";
    const Answer answer = post(path, body);
    if (version >= 59 && version <= 68) {
      EXPECT_EQ(answer.status, 201) << version;
    } else {
      EXPECT_EQ(refusal(answer), "404 NOT_FOUND") << version;
    }
  }
  EXPECT_EQ(post("//services//data/v66.0/connect/health/referral-management/referrals", body).status, 201);
  EXPECT_EQ(refusal(org.get(referrals)), "405 METHOD_NOT_ALLOWED");
}

}  // namespace
}  // namespace handoff::testing_support
