// What the codes of the platform mean to whom (salesforce REST guide, "Status Codes and Error Responses"; OAuth 2.0,
// RFC 6749, 5.2). No text made here repeats what the org wrote, but for record ids of a plain form.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "connector/salesforce/record_id.h"
#include "connector/salesforce/salesforce_connector.h"

namespace handoff::connector::salesforce {

using exchange::Misconfigured;
using exchange::NeedsPerson;
using exchange::Reply;
using exchange::RetryLater;
using exchange::Verdict;

namespace {

constexpr std::size_t candidates_max = 10;
constexpr minutes limit_pause{15};  // the org's limit counts the requests of a rolling day

enum class Meaning { later, limit, rights, settings, person };
struct CodeRow {
  const char* platform;  // the code of the platform
  Meaning meaning;
  const char* code;  // ours
  const char* why;
};

// One row for each code that says more than its status.
constexpr std::array known{
    CodeRow{"REQUEST_LIMIT_EXCEEDED", Meaning::limit, "", "The org has used up its requests for now."},
    CodeRow{"UNABLE_TO_LOCK_ROW", Meaning::later, "", "Somebody else is changing the same record in the org."},
    CodeRow{"SERVER_UNAVAILABLE", Meaning::later, "", "The org is overloaded or being maintained."},
    CodeRow{"UNKNOWN_EXCEPTION", Meaning::later, "", "The org had an error of its own."},
    CodeRow{"QUERY_TIMEOUT", Meaning::later, "", "The org was too slow to look it up."},
    CodeRow{"INVALID_SESSION_ID", Meaning::rights, "destination.unauthorized", "The org does not accept the sign-in."},
    CodeRow{"INSUFFICIENT_ACCESS", Meaning::rights, "destination.no_rights",
            "The user lacks a right. Give it a Health Cloud permission set and access to the records concerned."},
    CodeRow{"INSUFFICIENT_ACCESS_OR_READONLY", Meaning::rights, "destination.no_rights",
            "The user may not write this record. Give it a Health Cloud permission set and access to the records "
            "concerned."},
    CodeRow{"INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", Meaning::rights, "destination.no_rights",
            "The user may not use a record that the settings name, such as a performer. Share it with the user."},
    CodeRow{"API_DISABLED_FOR_ORG", Meaning::rights, "destination.api_off",
            "The API is switched off for this org or user. Its edition or the user's profile must allow it."},
    CodeRow{"API_CURRENTLY_DISABLED", Meaning::rights, "destination.api_off",
            "The API is switched off for this org at present."},
    CodeRow{"FUNCTIONALITY_NOT_ENABLED", Meaning::rights, "destination.feature_off",
            "The org lacks the licence or switch for referrals: Health Cloud, and under FHIR R4 Support Settings the "
            "FHIR-Aligned Clinical Data Model."},
    CodeRow{
        "INVALID_TYPE", Meaning::rights, "destination.feature_off",
        "The org does not know the objects of referrals, or does not show them to the user: switch on the FHIR-Aligned "
        "Clinical Data Model under FHIR R4 Support Settings, and give the user a Health Cloud permission set."},
    CodeRow{"INVALID_FIELD", Meaning::settings, "destination.field_unknown",
            "The org has no such field, or does not show it to the user. Give the user the right to it, or change the "
            "mapping; trying the integration names the field."},
    CodeRow{
        "INVALID_FIELD_FOR_INSERT_UPDATE", Meaning::settings, "destination.field_unknown",
        "The user may not write one of the fields. Give the user the right to it, or change the mapping; trying the "
        "integration names the field."},
    CodeRow{"MALFORMED_ID", Meaning::settings, "destination.unknown_record",
            "One of the record ids in the settings is not of the kind that is needed there."},
    CodeRow{"INVALID_ID_FIELD", Meaning::settings, "destination.unknown_record",
            "One of the record ids in the settings is not of the kind that is needed there."},
    CodeRow{"INVALID_CROSS_REFERENCE_KEY", Meaning::settings, "destination.unknown_record",
            "One of the record ids in the settings leads to no record of this org."},
    CodeRow{"ENTITY_IS_DELETED", Meaning::settings, "destination.unknown_record",
            "One of the records that the settings name has been deleted in the org."},
    CodeRow{"STORAGE_LIMIT_EXCEEDED", Meaning::rights, "destination.storage_full",
            "The org's storage is full. Free some there, or have it extended."},
    CodeRow{"MALFORMED_QUERY", Meaning::person, "destination.not_understood",
            "The org does not understand a question of this connector."},
    CodeRow{"JSON_PARSER_ERROR", Meaning::person, "destination.not_understood",
            "The org does not understand what this connector sent."},
};

struct SignIn {
  const char* error;
  const char* why;
};
constexpr std::array sign_in_words{
    SignIn{"invalid_client", "The org does not know the client id, or the secret is not the one that goes with it."},
    SignIn{"invalid_client_id", "The org does not know the client id."},
    SignIn{"invalid_grant",
           "The org does not accept the sign-in: look at user name and audience, at the certificate of the connected "
           "app, and whether the user is admitted to it."},
    SignIn{"invalid_app_access",
           "The user is not admitted to the connected app: an administrator of the org must do it."},
    SignIn{"inactive_user", "The user of the sign-in is not active in the org."},
    SignIn{"inactive_org", "The org is locked or closed."},
    SignIn{"unsupported_grant_type",
           "This kind of sign-in is not switched on for the connected app, or not offered at this address: client "
           "credentials need the org's own address (My Domain)."},
    SignIn{"unauthorized_client", "The connected app may not sign in this way."},
    SignIn{"invalid_scope", "The connected app lacks the scope \"api\"."},
};

std::string text_of(const Json& json, const char* first, const char* second) {
  const std::string text = json[first].text_or();
  return text.empty() ? json[second].text_or() : text;
}

}  // namespace

Refusal refusal_in(const Json& body) {
  Refusal refusal;
  const Json* said = &body;
  if (body.is_array() && body.size() > 0) said = &body.items()[0];
  if (const Json& error = (*said)["error"]; error.is_object()) said = &error;
  if (!said->is_object()) return refusal;
  refusal.code = text_of(*said, "errorCode", "code");
  if (const Json& fields = (*said)["fields"]; fields.is_array()) {
    for (const Json& field : fields.items()) {
      if (field.is_string()) refusal.fields.push_back(field.string());
    }
  }
  // The platform spells it "duplicateResut"; some answers have all of the word.
  const Json& found = said->contains("duplicateResut") ? (*said)["duplicateResut"] : (*said)["duplicateResult"];
  if (const Json& results = found["matchResults"]; results.is_array()) {
    for (const Json& result : results.items()) {
      const Json& records = result["matchRecords"];
      if (!records.is_array()) continue;
      for (const Json& record : records.items()) {
        const std::string id = record["record"]["Id"].text_or();
        if (is_given_id(id) && refusal.candidates.size() < candidates_max) refusal.candidates.push_back(id);
      }
    }
  }
  return refusal;
}

std::optional<Verdict> verdict_of_code(const Refusal& refusal, const Reply& reply) {
  if (refusal.code == "DUPLICATES_DETECTED") {
    const std::size_t count = refusal.candidates.size();
    const std::string held = count == 0   ? "The org holds records that may be this patient"
                             : count == 1 ? "The org holds a record that may be this patient: " + refusal.candidates[0]
                                          : "The org holds " + std::to_string(count) +
                                                " records that may be this patient: " + join(refusal.candidates, ", ");
    return NeedsPerson{"destination.duplicates_detected",
                       held +
                           ". Whoever knows the person chooses: write the id of the right record into the answer "
                           "\"salesforcePatientId\" of the referral, or have them merged over there"};
  }
  const auto row =
      std::find_if(known.begin(), known.end(), [&](const CodeRow& one) { return refusal.code == one.platform; });
  if (row == known.end()) return {};
  switch (row->meaning) {
    case Meaning::later: return RetryLater{row->why, exchange::retry_after(reply, reply.at)};
    case Meaning::limit:
      return RetryLater{row->why, std::max<milliseconds>(
                                      limit_pause, exchange::retry_after(reply, reply.at).value_or(milliseconds{0}))};
    case Meaning::person: return NeedsPerson{row->code, row->why};
    default: return Misconfigured{row->code, row->why, "put that right"};
  }
}

Misconfigured sign_in_refused(const Reply& reply) {
  const Json body = Json::parse(reply.body).value_or(Json());
  const std::string error = body["error"].text_or();
  for (const SignIn& row : sign_in_words) {
    if (error == row.error) return Misconfigured{"destination.unauthorized", row.why, "put that right"};
  }
  return Misconfigured{"destination.unauthorized", "The org gave no access token: the credentials are not accepted."};
}

std::chrono::milliseconds pause_asked(const Reply& reply) {
  // "api-usage=18/5000", on every answer but the list of versions
  for (const auto& [name, value] : reply.headers) {
    if (!ascii_equal_fold(name, "Sforce-Limit-Info")) continue;
    const auto at = value.find("api-usage=");
    if (at == std::string::npos) continue;
    const std::string usage = value.substr(at + 10, value.find_first_of(" ,;", at + 10) - at - 10);
    const auto slash = usage.find('/');
    if (slash == std::string::npos) continue;
    const auto used = parse_int(usage.substr(0, slash)), limit = parse_int(usage.substr(slash + 1));
    constexpr std::int64_t sane = 1'000'000'000;
    if (!used || !limit || *limit <= 0 || *used < 0 || *limit > sane || *used > sane) continue;
    const std::int64_t percent = *used * 100 / *limit;
    if (percent > 95) return seconds(30);
    if (percent > 90) return seconds(10);
    if (percent > 80) return seconds(2);
  }
  return milliseconds{0};
}

}  // namespace handoff::connector::salesforce
