#include "face/salesforce/refusal.h"

#include <algorithm>
#include <array>

#include "base/log.h"
#include "base/text.h"

namespace handoff::face::salesforce {
namespace {

// --- by code, where a code says more than its kind

struct CodeRow {
  const char* ours;
  const char* theirs;
  int status;
};
constexpr std::array code_rows{
    CodeRow{"salesforce.not_signed_in", "INVALID_SESSION_ID", 401},
    CodeRow{"salesforce.unreadable", "JSON_PARSER_ERROR", 400},
    CodeRow{"salesforce.missing", "REQUIRED_FIELD_MISSING", 400},
    CodeRow{"salesforce.not_allowed_here", "ILLEGAL_ARGUMENT", 400},
    CodeRow{"salesforce.bad_parameter", "ILLEGAL_QUERY_PARAMETER_VALUE", 400},
    CodeRow{"salesforce.malformed_query", "MALFORMED_QUERY", 400},
    CodeRow{"salesforce.unknown_object", "INVALID_TYPE", 400},
    CodeRow{"salesforce.unknown_column", "INVALID_FIELD", 400},
    CodeRow{"salesforce.bad_locator", "INVALID_QUERY_LOCATOR", 400},
    CodeRow{"salesforce.query_too_wide", "QUERY_TIMEOUT", 400},
    CodeRow{"salesforce.limit_reached", "REQUEST_LIMIT_EXCEEDED", 403},
    CodeRow{"salesforce.unknown_reference", "INVALID_CROSS_REFERENCE_KEY", 400},
    CodeRow{"salesforce.rolled_back", "ALL_OR_NONE_OPERATION_ROLLED_BACK", 400},
    CodeRow{"record.unknown_field", "INVALID_FIELD", 400},
    CodeRow{"record.not_writable", "INVALID_FIELD_FOR_INSERT_UPDATE", 400},
    CodeRow{"record.field_missing", "REQUIRED_FIELD_MISSING", 400},
    CodeRow{"record.wrong_type", "JSON_PARSER_ERROR", 400},
    CodeRow{"record.text_too_long", "STRING_TOO_LONG", 400},
    CodeRow{"record.value_not_offered", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", 400},
    CodeRow{"record.bad_email", "INVALID_EMAIL_ADDRESS", 400},
    CodeRow{"record.id_malformed", "MALFORMED_ID", 400},
    CodeRow{"record.id_of_another_object", "MALFORMED_ID", 400},
    CodeRow{"record.no_such_listing", "FIELD_INTEGRITY_EXCEPTION", 400},
    CodeRow{"property.required", "REQUIRED_FIELD_MISSING", 400},
    CodeRow{"property.too_long", "STRING_TOO_LONG", 400},
    CodeRow{"property.wrong_type", "JSON_PARSER_ERROR", 400},
    CodeRow{"email.malformed", "INVALID_EMAIL_ADDRESS", 400},
    CodeRow{"request.method_not_allowed", "METHOD_NOT_ALLOWED", 405},
    CodeRow{"referral.action_not_allowed", "FIELD_INTEGRITY_EXCEPTION", 400},
    CodeRow{"referral.not_your_side", "INSUFFICIENT_ACCESS_OR_READONLY", 403},
    CodeRow{"idempotency.bad_key", "ILLEGAL_ARGUMENT", 400},
};

// --- by kind

struct KindRow {
  Kind kind;
  const char* theirs;
  int status;
};
constexpr std::array kind_rows{
    // Rules of a listing, a phone without a digit: what an org would say by its own validation rules.
    KindRow{Kind::invalid_input, "FIELD_CUSTOM_VALIDATION_EXCEPTION", 400},
    KindRow{Kind::malformed, "JSON_PARSER_ERROR", 400},
    KindRow{Kind::unauthenticated, "INVALID_SESSION_ID", 401},
    KindRow{Kind::forbidden, "INSUFFICIENT_ACCESS_OR_READONLY", 403},
    KindRow{Kind::not_found, "NOT_FOUND", 404},
    KindRow{Kind::conflict, "CONFLICT", 409},
    KindRow{Kind::precondition_failed, "PRECONDITION_FAILED", 412},
    KindRow{Kind::too_large, "REQUEST_TOO_LARGE", 413},
    KindRow{Kind::unsupported, "UNSUPPORTED_MEDIA_TYPE", 415},
    KindRow{Kind::rate_limited, "REQUEST_LIMIT_EXCEEDED", 403},
    KindRow{Kind::unavailable, "SERVER_UNAVAILABLE", 503},
    KindRow{Kind::internal, "UNKNOWN_EXCEPTION", 500},
};
consteval bool in_order() {
  for (std::size_t i = 0; i < kind_rows.size(); ++i) {
    if (kind_rows[i].kind != static_cast<Kind>(i)) return false;
  }
  return true;
}
static_assert(in_order(), "found by its place");

std::pair<std::string, int> theirs_of(const std::string& code, Kind kind) {
  for (const auto& row : code_rows) {
    if (row.ours == code) return {row.theirs, row.status};
  }
  const KindRow& row = kind_rows[static_cast<std::size_t>(kind)];
  return {row.theirs, row.status};
}

struct FieldRow {
  const char* pointer;
  const char* field;
};
constexpr std::array field_rows{
    FieldRow{"/registrant/firstName", "FirstName"},
    FieldRow{"/registrant/middleName", "MiddleName"},
    FieldRow{"/registrant/lastName", "LastName"},
    FieldRow{"/registrant/birthDate", "PersonBirthdate"},
    FieldRow{"/registrant/gender", "HealthCloudGA__Gender__pc"},
    FieldRow{"/registrant/preferredLanguage", "HealthCloudGA__PrimaryLanguage__pc"},
    FieldRow{"/registrant/email", "PersonEmail"},
    FieldRow{"/registrant/phones/main", "Phone"},
    FieldRow{"/registrant/phones/alternate", "PersonMobilePhone"},
    FieldRow{"/registrant/phones", "Phone"},
    FieldRow{"/registrant/address/line", "PersonMailingStreet"},
    FieldRow{"/registrant/address/city", "PersonMailingCity"},
    FieldRow{"/registrant/address/province", "PersonMailingState"},
    FieldRow{"/registrant/address/postalCode", "PersonMailingPostalCode"},
    FieldRow{"/registrant/address/country", "PersonMailingCountry"},
    FieldRow{"/requester/organization", "Name"},
    FieldRow{"/requester/phone", "Phone"},
    FieldRow{"/notes", "referralNotes"},
    FieldRow{"/listingId", "HandoffListing__c"},
};

}  // namespace

std::string field_behind(std::string_view pointer) {
  for (const auto& row : field_rows) {
    if (row.pointer == pointer) return row.field;
  }
  const auto slash = pointer.rfind('/');
  return std::string(slash == std::string_view::npos ? pointer : pointer.substr(slash + 1));
}

Refusal refusal_of(const Error& error) {
  Refusal out;
  if (error.faults.empty()) {
    std::tie(out.code, out.status) = theirs_of(error.code, error.kind);
    out.message = error.for_caller;
    if (error.kind == Kind::internal)
      out.message =
          "Something went wrong on our side. Ask the operator and name the request id " + RequestScope::current() + ".";
    return out;
  }
  std::tie(out.code, out.status) = theirs_of(error.faults.front().code, error.kind);
  std::vector<std::string> sentences;
  for (const Fault& fault : error.faults) {
    if (theirs_of(fault.code, error.kind).first != out.code) continue;
    const std::string field = field_behind(fault.pointer);
    if (!field.empty() && std::find(out.fields.begin(), out.fields.end(), field) == out.fields.end())
      out.fields.push_back(field);
    if (std::find(sentences.begin(), sentences.end(), fault.message) == sentences.end())
      sentences.push_back(fault.message);
  }
  out.message = out.code == "REQUIRED_FIELD_MISSING" && !out.fields.empty()
                    ? "Required fields are missing: [" + join(out.fields, ", ") + "]"
                    : join(sentences, "; ");
  return out;
}

Json to_json(const Refusal& refusal) {
  Json out = Json::object({{"message", refusal.message}, {"errorCode", refusal.code}});
  if (!refusal.fields.empty()) {
    Json fields = Json::array();
    for (const auto& field : refusal.fields) fields.push_back(field);
    out.set("fields", std::move(fields));
  }
  return out;
}

net::Response json_answer(int status, const Json& body) {
  net::Response response;
  response.status = status;
  response.headers.set("Content-Type", "application/json;charset=UTF-8");
  response.headers.set("Cache-Control", "no-store");
  response.body = body.dump();
  return response;
}

net::Response answer(const Refusal& refusal) {
  net::Response response = json_answer(refusal.status, Json::array({to_json(refusal)}));
  if (refusal.status == 401) response.headers.set("WWW-Authenticate", "Token");
  return response;
}

net::Response answer(const Error& error) {
  if (error.kind == Kind::internal || !error.for_log.empty())
    log_error("api.error", {{"code", error.code}, {"detail", error.for_log}});
  return answer(refusal_of(error));
}

}  // namespace handoff::face::salesforce
