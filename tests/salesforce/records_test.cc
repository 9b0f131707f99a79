// Records, queries, tokens and walls of the Salesforce face.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/crypto.h"
#include "base/rsa.h"
#include "tests/salesforce/org.h"

namespace handoff::testing_support {
namespace {

using testing::HasSubstr;

class SalesforceRecords : public OrgTest {
 protected:
  std::string sobject(const std::string& object, const std::string& id) {
    return std::string(data) + "/sobjects/" + object + "/" + id;
  }
  Answer token(const std::string& form, std::map<std::string, std::string> headers = {}) {
    headers.emplace("Content-Type", "application/x-www-form-urlencoded");
    return server.send({"POST", "/services/oauth2/token", form, std::move(headers)}, "");
  }
  static std::vector<std::string> texts(const Answer& answer, const char* field) {
    std::vector<std::string> out;
    for (const Json& record : answer.json["records"].items()) out.push_back(record[field].text_or());
    return out;
  }
};
INSTANTIATE_TEST_SUITE_P(Both, SalesforceRecords, testing::ValuesIn(both_databases()), database_name);

TEST_P(SalesforceRecords, ATokenIsAskedForAndGivenBack) {
  const std::string credentials = "&client_id=" + house.client_id + "&client_secret=" + house.client_secret;
  const Answer given = token("grant_type=client_credentials" + credentials);
  ASSERT_EQ(given.status, 200) << given.body;
  EXPECT_EQ(given.json["token_type"].text_or(), "Bearer");
  EXPECT_EQ(given.json["instance_url"].text_or(), "https://referrals.example.org");
  const std::string id = given.json["id"].text_or();
  EXPECT_THAT(id, testing::MatchesRegex("https://referrals.example.org/id/00D[0-9A-Za-z]{15}/005[0-9A-Za-z]{15}"));
  EXPECT_TRUE(parse_int(given.json["issued_at"].text_or()));
  EXPECT_EQ(given.json["signature"].text_or(),
            base64(hmac_sha256(house.client_secret, id + given.json["issued_at"].text_or())));
  const Answer basic = token("grant_type=client_credentials",
                             {{"Authorization", "Basic " + base64(house.client_id + ":" + house.client_secret)}});
  EXPECT_EQ(basic.status, 200) << basic.body;

  const std::string access = given.json["access_token"].text_or();
  const Answer who = server.send({"GET", id.substr(29) + "?oauth_token=" + access, {}, {}}, "");
  EXPECT_EQ(who.status, 200) << who.body;
  EXPECT_EQ(who.json["user_type"].text_or(), "STANDARD");
  EXPECT_EQ(server.send({"POST", "/services/oauth2/revoke", "token=" + access, {}}, "").status, 200);
  EXPECT_EQ(refusal(server.send({"GET", std::string(data) + "/limits", {}, {}}, access)), "401 INVALID_SESSION_ID");
  EXPECT_EQ(server.send({"POST", "/services/oauth2/revoke", "token=" + access, {}}, "").status, 200);

  const auto error = [&](const Answer& answer) {
    return std::to_string(answer.status) + " " + answer.json["error"].text_or();
  };
  EXPECT_EQ(error(token("grant_type=client_credentials&client_id=" + house.client_id + "&client_secret=x")),
            "400 invalid_client");
  EXPECT_EQ(error(token("grant_type=password" + credentials)), "400 unsupported_grant_type");
  EXPECT_EQ(error(token("client_id=x")), "400 invalid_request");
  EXPECT_EQ(error(token("grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=a.b.c")),
            "400 invalid_grant");
}

// An RSA key of this test's own, as PEM: private and public.
std::pair<std::string, std::string> new_key() {
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using Bytes = std::unique_ptr<BIO, decltype(&BIO_free)>;
  const Key key(EVP_RSA_gen(2048), &EVP_PKEY_free);
  const auto text_of = [](BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return std::string(data, static_cast<std::size_t>(size));
  };
  const Bytes secret(BIO_new(BIO_s_mem()), &BIO_free), open(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  PEM_write_bio_PUBKEY(open.get(), key.get());
  return {text_of(secret.get()), text_of(open.get())};
}

TEST_P(SalesforceRecords, AClientWithAKeySignsInByAnAssertion) {
  const auto [secret, open] = new_key();
  const Answer client = house.caller.post(
      "/api/v1/api-clients",
      Json::object({{"name", "Signing client"}, {"scopes", Json::array({"referrals.read"})}, {"publicKey", open}}));
  ASSERT_EQ(client.status, 201) << client.body;
  const std::string id = client.json["id"].text_or();
  const auto assertion = [&](const std::string& key, const char* algorithm, const std::string& issuer,
                             const std::string& audience, std::int64_t seconds_ahead) {
    const auto now = to_ms(server.clock().now()) / 1000;
    const std::string head = Json::object({{"alg", algorithm}}).dump();
    const std::string claims =
        Json::object(
            {{"iss", issuer}, {"sub", "integration@example.org"}, {"aud", audience}, {"exp", now + seconds_ahead}})
            .dump();
    const std::string text = base64url(head) + "." + base64url(claims);
    return text + "." + base64url(sign_rs256(Secret(key), text).value());
  };
  const auto asks = [&](const std::string& token_text) {
    return token("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" + token_text);
  };
  const std::string login = "https://login.salesforce.com";
  const Answer given = asks(assertion(secret, "RS256", id, login, 180));
  ASSERT_EQ(given.status, 200) << given.body;
  const Caller signed_in(server, given.json["access_token"].text_or());
  EXPECT_EQ(signed_in.get(std::string(data) + "/query?q=SELECT+Id+FROM+Account").status, 200);
  EXPECT_EQ(refusal(signed_in.send({"POST",
                                    std::string(data) + "/sobjects/Account",
                                    R"({"Name": "x"})",
                                    {{"Content-Type", "application/json"}}})),
            "403 INSUFFICIENT_ACCESS_OR_READONLY");
  EXPECT_EQ(asks(assertion(secret, "RS256", id, "https://referrals.example.org", 180)).status, 200)
      << "this server is meant, too";
  const auto told = [](const Answer& answer) {
    return answer.json["error"].text_or() + ": " + answer.json["error_description"].text_or();
  };
  EXPECT_EQ(told(asks(assertion(secret, "RS256", id, "https://elsewhere.example", 180))),
            "invalid_grant: audience is invalid");
  EXPECT_EQ(told(asks(assertion(secret, "RS256", id, login, -60))), "invalid_grant: expired authorization code");
  EXPECT_EQ(told(asks(assertion(secret, "RS256", id, login, 7200))).substr(0, 13), "invalid_grant");
  EXPECT_EQ(told(asks(assertion(new_key().first, "RS256", id, login, 180))), "invalid_grant: invalid assertion");
  EXPECT_EQ(told(asks(assertion(secret, "none", id, login, 180))), "invalid_grant: invalid assertion");
  EXPECT_EQ(told(asks(assertion(secret, "RS256", house.client_id, login, 180))), "invalid_grant: invalid assertion")
      << "a client without a key";
}

TEST_P(SalesforceRecords, WhatNeedsNoTokenAndWhatDoes) {
  const Caller nobody = server.nobody();
  const Answer versions = nobody.get("/services/data");
  EXPECT_EQ(versions.status, 200);
  EXPECT_EQ(versions.json.size(), 10u);
  EXPECT_EQ(versions.json.items()[7]["url"].text_or(), "/services/data/v66.0");
  EXPECT_EQ(versions.headers.find("Sforce-Limit-Info"), nullptr);
  EXPECT_EQ(nobody.get("//services//data/").status, 200);
  for (const char* path : {"/services/data/v66.0", "/services/data/v66.0/sobjects", "/services/data/v12.0",
                           "/services/x", "/services/data/v66.0/query?q=x"})
    EXPECT_EQ(refusal(nobody.get(path)), "401 INVALID_SESSION_ID") << path;
  const Answer root = org.get(data);
  EXPECT_EQ(root.json["sobjects"].text_or(), "/services/data/v66.0/sobjects");
  EXPECT_THAT(root.json["identity"].text_or(), HasSubstr("/id/00D"));
  EXPECT_THAT(std::string(root.headers.get("Sforce-Limit-Info")), testing::MatchesRegex("api-usage=[0-9]+/1000000"));
  for (const char* path : {"/services/data/v58.0", "/services/data/v69.0", "/services/data/v66.0/sobjects/Lead",
                           "/services/data/v66.0/nothing", "/services/apexrest/x", "/id/x/y"})
    EXPECT_EQ(refusal(org.get(path)), "404 NOT_FOUND") << path;
  EXPECT_THAT(org.get(std::string(data) + "/limits").json["DailyApiRequests"]["Max"].int_or(0), 1'000'000);
}

TEST_P(SalesforceRecords, DescribeTellsWhatTheTableSays) {
  const Answer all = org.get(std::string(data) + "/sobjects");
  EXPECT_EQ(all.status, 200);
  const Answer one = org.get(std::string(data) + "/sobjects/ClinicalServiceRequest/describe");
  EXPECT_EQ(one.json["keyPrefix"].text_or(), "0lv");
  std::map<std::string, Json> fields;
  for (const Json& field : one.json["fields"].items()) fields[field["name"].text_or()] = field;
  EXPECT_EQ(fields["Status"]["picklistValues"].size(), 7u);
  EXPECT_EQ(fields["Status"]["restrictedPicklist"], Json(false));
  EXPECT_EQ(fields["QuantityType"]["restrictedPicklist"], Json(true));
  EXPECT_EQ(fields["PerformerId"]["referenceTo"].size(), 4u);
  EXPECT_EQ(fields["PatientId"]["updateable"], Json(false));
  EXPECT_EQ(fields["PatientInstruction"]["filterable"], Json(false));
  EXPECT_EQ(fields["Id"]["createable"], Json(false));
}

TEST_P(SalesforceRecords, ARecordIsMadeShownAndChanged) {
  const std::string id = create("Account", R"({"FirstName": "Ines", "LastName": "Okoro", "Phone": "555-0142"})");
  EXPECT_EQ(id.substr(0, 3), "001");
  const Answer shown = retrieve("Account", id);
  EXPECT_EQ(shown.json["attributes"]["url"].text_or(), sobject("Account", id));
  EXPECT_EQ(shown.json["Name"].text_or(), "Ines Okoro");
  EXPECT_EQ(shown.json["IsPersonAccount"], Json(true));
  EXPECT_TRUE(shown.json.contains("PersonEmail") && shown.json["PersonEmail"].is_null());
  EXPECT_THAT(shown.json["CreatedDate"].text_or(), testing::MatchesRegex("[0-9-]{10}T[0-9:.]{12}\\+0000"));
  // 15 characters, and 18 in any case, name the same record.
  EXPECT_EQ(retrieve("Account", id.substr(0, 15)).json["Id"].text_or(), id);
  EXPECT_EQ(retrieve("Account", ascii_lower(id.substr(0, 15)) + id.substr(15)).json["Id"].text_or(), id);
  EXPECT_EQ(patch(sobject("Account", id), R"({"FirstName": null, "Phone": "555-0143"})").status, 204);
  const Answer some = org.get(sobject("Account", id) + "?fields=Name,Phone");
  EXPECT_EQ(some.json.dump(), R"({"attributes":{"type":"Account","url":")" + sobject("Account", id) +
                                  R"("},"Name":"Okoro","Phone":"555-0143","Id":")" + id + "\"}");
  EXPECT_EQ(refusal(org.get(sobject("Account", id) + "?fields=Foo")), "400 INVALID_FIELD Foo");
  EXPECT_EQ(refusal(patch(sobject("Account", id), R"({"LastName": null})")), "400 REQUIRED_FIELD_MISSING LastName");
  EXPECT_EQ(refusal(patch(sobject("Account", id), R"({"Id": "x"})")), "400 INVALID_FIELD_FOR_INSERT_UPDATE Id");
  EXPECT_EQ(refusal(patch(sobject("Account", "001000000000009AAA"), R"({"Phone": "1"})")), "404 NOT_FOUND");
  EXPECT_EQ(refusal(retrieve("Account", "001000000000009AAA")), "404 NOT_FOUND");
  EXPECT_EQ(refusal(retrieve("Account", "0Sq000000000009AAA")), "400 MALFORMED_ID Id");
  EXPECT_EQ(refusal(retrieve("MemberPlan", id)), "400 MALFORMED_ID Id");
  EXPECT_EQ(
      refusal(post(std::string(data) + "/sobjects/MemberPlan", R"({"Name": "x", "MemberId": "001000000000009AAA"})")),
      "400 INVALID_CROSS_REFERENCE_KEY MemberId");
}

TEST_P(SalesforceRecords, AStrangersTokenSeesNothing) {
  registers_what_the_samples_name();
  const Answer made = post(referrals, sample("existing-patient.json"));
  const std::string request = made.json["referralIds"].items()[0].text_or();
  const Caller stranger(server, token_of(mill));
  EXPECT_EQ(refusal(stranger.get(sobject("ClinicalServiceRequest", request))), "404 NOT_FOUND");
  EXPECT_EQ(refusal(stranger.get(sobject("HealthcareProvider", "0cmRM0000004nAgYAI"))), "404 NOT_FOUND");
  EXPECT_EQ(refusal(stranger.send({"PATCH",
                                   sobject("ClinicalServiceRequest", request),
                                   R"({"Status": "Revoked"})",
                                   {{"Content-Type", "application/json"}}})),
            "404 NOT_FOUND");
  for (const char* object : {"Account", "ClinicalServiceRequest", "HealthcareProvider", "MemberPlan", "AuthorNote"}) {
    const Answer found =
        stranger.get(std::string(data) + "/query?q=" + percent_encode(std::string("SELECT Id FROM ") + object));
    EXPECT_EQ(found.json["totalSize"].int_or(-1), 0) << object;
  }
  const Answer several =
      stranger.get(std::string(data) + "/composite/sobjects/HealthcareProvider?ids=0cmRM0000004nAgYAI&fields=Name");
  EXPECT_EQ(several.body, "[null]");
  EXPECT_EQ(refusal(stranger.send(
                        {"POST", referrals, sample("existing-patient.json"), {{"Content-Type", "application/json"}}}))
                .substr(0, 3),
            "400");
}

TEST_P(SalesforceRecords, QueriesFilterSortAndWalk) {
  registers_what_the_samples_name();
  const std::string request =
      refer(R"({"SourceSystem": "handoff", "SourceSystemIdentifier": "ref-7F3a", "Priority": "Stat"})",
            R"(, "performers": [{"id": "0cmRM0000004nAgYAI"}, {"id": "0cmRM0000004nAgDZc"}])");
  refer(R"({"Status": "Draft"})");
  const Answer marked = query(
      "SELECT Id, PerformerId FROM ClinicalServiceRequest WHERE SourceSystem='handoff' AND "
      "SourceSystemIdentifier='ref-7F3a'");
  ASSERT_EQ(marked.json["totalSize"].int_or(0), 2) << marked.body;
  EXPECT_EQ(marked.json["done"], Json(true));
  EXPECT_EQ(texts(query("SELECT Status FROM ClinicalServiceRequest ORDER BY Status, Id"), "Status"),
            (std::vector<std::string>{"Active", "Active", "Draft"}));
  EXPECT_EQ(query("SELECT COUNT() FROM ClinicalServiceRequest WHERE Status = 'draft'").json["totalSize"].int_or(-1), 1);
  EXPECT_EQ(query("SELECT COUNT() FROM ClinicalServiceRequest WHERE NOT (Status = 'Draft' OR Priority = null)")
                .json["totalSize"]
                .int_or(-1),
            2);
  EXPECT_EQ(query("SELECT COUNT() FROM ClinicalServiceRequest WHERE Performer.Name LIKE 'dr. m%'")
                .json["totalSize"]
                .int_or(-1),
            1);
  EXPECT_EQ(
      query("SELECT COUNT() FROM ClinicalServiceRequest WHERE CreatedDate = TODAY AND SystemModstamp >= LAST_N_DAYS:1")
          .json["totalSize"]
          .int_or(-1),
      3);
  EXPECT_EQ(query("SELECT COUNT() FROM ClinicalServiceRequest WHERE SystemModstamp > 2100-01-01T00:00:00Z")
                .json["totalSize"]
                .int_or(-1),
            0);
  EXPECT_EQ(query("SELECT COUNT() FROM ClinicalServiceRequest WHERE Id IN ('" + request + "', '001000000000009AAA')")
                .json["totalSize"]
                .int_or(-1),
            1);
  EXPECT_EQ(
      texts(
          query("SELECT Name FROM HealthcareProvider WHERE Name != 'Mill Clinic' ORDER BY Name DESC LIMIT 2 OFFSET 1"),
          "Name"),
      (std::vector<std::string>{"Harbour Imaging", "Dr. Max Hill"}));
  const Answer walked = query(
      "SELECT Performer.Name, Performer.Type, Patient.LastName, Requester.Name FROM ClinicalServiceRequest WHERE Id = "
      "'" +
      request + "'");
  const Json& record = walked.json["records"].items()[0];
  EXPECT_EQ(record["Performer"]["Name"].text_or(), "Dr. Lea Roy");
  EXPECT_EQ(record["Performer"]["Type"].text_or(), "HealthcareProvider");
  EXPECT_EQ(record["Patient"]["attributes"]["type"].text_or(), "Account");
  EXPECT_TRUE(record["Requester"].is_null());
  // A change of the referral is a change of the request.
  const std::string mark = retrieve("ClinicalServiceRequest", request).json["SystemModstamp"].text_or();
  const std::string id = retrieve("ClinicalServiceRequest", request).json["HandoffReferral__c"].text_or();
  ASSERT_EQ(house.caller.post(path_of(id) + "/sub-status", json(R"({"code": "accepted"})")).status, 200);
  const Answer changed = query(
      "SELECT Id, IsAccepted FROM ClinicalServiceRequest WHERE SourceSystem = 'handoff' AND SystemModstamp > " + mark);
  ASSERT_EQ(changed.json["totalSize"].int_or(0), 1) << changed.body;
  EXPECT_EQ(changed.json["records"].items()[0]["IsAccepted"], Json(true));
}

TEST_P(SalesforceRecords, WhatAQueryMayNotSayIsToldClearly) {
  const auto message = [&](const std::string& soql) {
    const Answer answer = query(soql);
    return refusal(answer) + " " + answer.json.items()[0]["message"].text_or();
  };
  EXPECT_THAT(message("SELECT Foo FROM Account"),
              HasSubstr("400 INVALID_FIELD \nSELECT Foo FROM Account\n       ^\nERROR at Row:1:Column:8\nNo such "
                        "column 'Foo' on entity 'Account'"));
  EXPECT_THAT(message("SELECT Id FROM Lead"),
              HasSubstr("400 INVALID_TYPE \nSELECT Id FROM Lead\n               ^\nERROR at Row:1:Column:16\nsObject "
                        "type 'Lead' is not supported."));
  EXPECT_THAT(message("SELECT Id FROM Account GROUP BY Id"), HasSubstr("400 MALFORMED_QUERY"));
  EXPECT_THAT(message("SELECT Owner.Name FROM Account"), HasSubstr("400 INVALID_FIELD"));
  EXPECT_THAT(message("SELECT Id FROM ClinicalServiceRequest WHERE PatientInstruction = 'x'"),
              HasSubstr("can not be filtered"));
  EXPECT_THAT(message("SELECT Id FROM ClinicalServiceRequest WHERE IsAccepted = 'true'"),
              HasSubstr("must be of type boolean"));
  EXPECT_THAT(message("SELECT Id FROM Account WHERE CreatedDate > 5"), HasSubstr("must be of type dateTime"));
  EXPECT_THAT(message("SELECT Id FROM Account WHERE Id = 'x'"), HasSubstr("invalid ID field"));
  EXPECT_EQ(refusal(org.get(std::string(data) + "/query")), "400 MALFORMED_QUERY");
  EXPECT_EQ(refusal(org.get(std::string(data) + "/query/01gAAAA-2000")), "400 INVALID_QUERY_LOCATOR");
}

TEST_P(SalesforceRecords, ALongResultComesInPagesThatHoldTogether) {
  std::string body = R"({"allOrNone": true, "records": [)";
  for (int i = 0; i < 200; ++i) {
    body += (i ? "," : "") + std::string(R"({"attributes": {"type": "CodeSet"}, "Name": "c)") + std::to_string(i) +
            R"(", "Code": "k)" + std::to_string(i) + "\"}";
  }
  for (int i = 0; i < 3; ++i) ASSERT_EQ(post(std::string(data) + "/composite/sobjects", body + "]}").status, 200);
  for (const char* order : {"", " ORDER BY Code DESC"}) {
    std::set<std::string> seen;
    Answer page =
        org.send({"GET",
                  std::string(data) + "/query?q=" + percent_encode(std::string("SELECT Id, Code FROM CodeSet") + order),
                  {},
                  {{"Sforce-Query-Options", "batchSize=250"}}});
    int pages = 0;
    for (;;) {
      ASSERT_EQ(page.status, 200) << page.body;
      EXPECT_EQ(page.json["totalSize"].int_or(0), 600);
      for (const Json& record : page.json["records"].items()) EXPECT_TRUE(seen.insert(record["Id"].text_or()).second);
      if (++pages == 1)
        post(std::string(data) + "/composite/sobjects",
             R"({"records": [{"attributes": {"type": "CodeSet"}, "Name": "late", "Code": "zz"}]})");
      if (page.json["done"].bool_or(false)) break;
      EXPECT_THAT(page.json["nextRecordsUrl"].text_or(),
                  testing::MatchesRegex("/services/data/v66.0/query/01g.+-[0-9]+"));
      page = org.get(page.json["nextRecordsUrl"].text_or());
    }
    EXPECT_EQ(pages, 3);
    EXPECT_EQ(seen.size(), 600u) << "none twice, none left out, none that came later";
    // The late one stays, so the next round counts without it by deleting nothing: it begins anew with its own total.
    if (std::string(order).empty()) {
      const Answer all = query("SELECT COUNT() FROM CodeSet");
      EXPECT_EQ(all.json["totalSize"].int_or(0), 601);
      break;
    }
  }
  const Caller stranger(server, token_of(mill));
  const Answer first = org.send({"GET",
                                 std::string(data) + "/query?q=SELECT+Id+FROM+CodeSet+ORDER+BY+Code",
                                 {},
                                 {{"Sforce-Query-Options", "batchSize=200"}}});
  EXPECT_EQ(first.json["records"].size(), 200u);
  EXPECT_EQ(refusal(stranger.get(first.json["nextRecordsUrl"].text_or())), "400 INVALID_QUERY_LOCATOR");
  EXPECT_EQ(org.get(first.json["nextRecordsUrl"].text_or()).json["records"].size(), 200u);
}

TEST_P(SalesforceRecords, SeveralRecordsAtOnce) {
  const std::string good = R"({"attributes": {"type": "HealthcareProvider"}, "Name": "Dr. Lea Roy"})",
                    bad = R"({"attributes": {"type": "HealthcareProvider"}, "Foo": 1})";
  const Answer some = post(std::string(data) + "/composite/sobjects", R"({"records": [)" + good + "," + bad + "]}");
  EXPECT_EQ(some.json.items()[0]["success"], Json(true)) << some.body;
  EXPECT_EQ(some.json.items()[1]["errors"].items()[0]["statusCode"].text_or(), "INVALID_FIELD");
  const auto before = server.rows();
  const Answer none =
      post(std::string(data) + "/composite/sobjects", R"({"allOrNone": true, "records": [)" + good + "," + bad + "]}");
  EXPECT_EQ(none.json.items()[0]["errors"].items()[0]["statusCode"].text_or(), "ALL_OR_NONE_OPERATION_ROLLED_BACK");
  EXPECT_EQ(server.rows(), before);
  const std::string id = some.json.items()[0]["id"].text_or();
  const Answer changed = org.send(
      {"PATCH",
       std::string(data) + "/composite/sobjects",
       R"({"records": [{"attributes": {"type": "HealthcareProvider"}, "id": ")" + id + R"(", "Status": "Active"}]})",
       {{"Content-Type", "application/json"}}});
  EXPECT_EQ(changed.json.items()[0]["success"], Json(true)) << changed.body;
  const Answer got = post(std::string(data) + "/composite/sobjects/HealthcareProvider",
                          R"({"ids": ["0cm000000000009AAA", ")" + id + R"("], "fields": ["Status"]})");
  EXPECT_TRUE(got.json.items()[0].is_null());
  EXPECT_EQ(got.json.items()[1]["Status"].text_or(), "Active");
}

TEST_P(SalesforceRecords, EveryMoveOfARequestHasItsAnswer) {
  const std::string id = refer();
  const auto becomes = [&](const std::string& fields) {
    return patch(sobject("ClinicalServiceRequest", id), fields).status;
  };
  const auto stands = [&] {
    const Json r = retrieve("ClinicalServiceRequest", id).json;
    return r["Status"].text_or() + (r["IsAccepted"].bool_or(false) ? " accepted" : "") +
           (r["StatusReason"].is_string() ? " " + r["StatusReason"].string() : "");
  };
  EXPECT_EQ(becomes(R"({"IsAccepted": true})"), 204);
  EXPECT_EQ(stands(), "Active accepted");
  EXPECT_EQ(becomes(R"({"Status": "On-Hold"})"), 204);
  EXPECT_EQ(stands(), "On-Hold accepted");
  EXPECT_EQ(becomes(R"({"Status": "Active"})"), 204);
  EXPECT_EQ(stands(), "Active accepted");
  EXPECT_EQ(becomes(R"({"Status": "Completed", "StatusReason": "Admitted"})"), 204);
  EXPECT_EQ(stands(), "Completed accepted Admitted");
  EXPECT_EQ(becomes(R"({"Status": "Revoked"})"), 204);
  EXPECT_EQ(stands().substr(0, 7), "Revoked");
  EXPECT_EQ(becomes(R"({"Status": "Active"})"), 204);
  EXPECT_EQ(stands().substr(0, 6), "Active");
  EXPECT_EQ(becomes(R"({"Status": "Entered-in-Error"})"), 204);
  EXPECT_EQ(stands(), "Entered-in-Error accepted Entered in Error");
  EXPECT_EQ(refusal(patch(sobject("ClinicalServiceRequest", id), R"({"Status": "Draft"})")),
            "400 FIELD_INTEGRITY_EXCEPTION Status");
  EXPECT_EQ(becomes(R"({"Priority": "Stat", "PatientInstruction": "Bring your glasses."})"), 204);
  const Json r = referral_of(id);
  EXPECT_EQ(r["priority"].text_or(), "stat");
  EXPECT_THAT(r["details"].dump(), HasSubstr("Bring your glasses."));
}

TEST_P(SalesforceRecords, ANoteADetailAndAFileReachTheReferral) {
  registers_what_the_samples_name();
  const std::string id = refer();
  create("AuthorNote", R"({"ParentId": ")" + id + R"(", "NoteText": "Called twice."})");
  create("ClinicalServiceRequestDetail",
         R"({"ClinicalServiceRequestId": ")" + id +
             R"(", "DetailType": "Reason Reference", "DetailRecordId": "0j4RM0000004MunYAE"})");
  const std::string file =
      create("ContentVersion", R"({"Title": "Consent", "PathOnClient": "consent.pdf", "VersionData": ")" +
                                   base64("%PDF-1.4 invented") + R"(", "FirstPublishLocationId": ")" + id + "\"}");
  const Json r = referral_of(id);
  EXPECT_THAT(r["details"].dump(), HasSubstr("Knee pain"));
  ASSERT_EQ(r["attachments"].size(), 1u);
  EXPECT_EQ(r["attachments"].items()[0]["contentType"].text_or(), "application/pdf");
  const Json notes = house.caller.get(path_of(r["id"].text_or()) + "/notes").json;
  EXPECT_THAT(notes.dump(), HasSubstr("Called twice."));
  const Answer shown = retrieve("ContentVersion", file);
  EXPECT_EQ(shown.json["ContentSize"].int_or(0), 17);
  EXPECT_EQ(org.get(shown.json["VersionData"].text_or()).body, "%PDF-1.4 invented");
  EXPECT_EQ(refusal(post(std::string(data) + "/sobjects/ContentVersion",
                         R"({"Title": "x", "PathOnClient": "x", "VersionData": "AA=="})")),
            "400 ILLEGAL_ARGUMENT FirstPublishLocationId");
}

}  // namespace
}  // namespace handoff::testing_support
