// A Salesforce org in memory: as much of one as a connector meets. It signs in, names its versions, finds providers by
// NPI, makes referrals and lets them be found by their mark, read, changed and given files. Each referral is held as a
// flat set of fields, the patient's among them, so that the suite reads it like any other destination's.
#pragma once

#include <gtest/gtest.h>

#include "tests/contract/partner.h"

namespace handoff::contract {

class OrgPartner : public Partner {
 public:
  explicit OrgPartner(const Options& options) : Partner(options) {}

  std::map<std::string, std::string> providers{{"1234567893", "0cm000000000007AAA"}};  // NPI to record id
  std::string instance;  // what the sign-in names; "" for the address it came to
  int newest = 67;       // of the API versions it offers, all of them from 50.0 on
  std::string limit_info = "api-usage=18/5000";
  std::vector<Json> bodies;  // of every create, in order
  std::size_t performers_max = 5;

  Reply answer(const HttpRequest& request) override {
    const std::string_view url = request.url;
    const auto host_end = url.find('/', 8);
    hosts.emplace_back(url.substr(0, host_end));
    std::string_view path = url.substr(host_end);
    const auto question = path.find('?');
    const std::string_view query = question == std::string_view::npos ? "" : path.substr(question + 1);
    path = path.substr(0, question);
    const std::string body = bytes_of(request, blobs);
    if (path == "/services/oauth2/token") return token(body, url.substr(0, host_end));
    if (path == "/services/data") return versions();
    if (header_of(request, "Authorization") != "Bearer " + token_ || token_.empty())
      return refusal(401, "INVALID_SESSION_ID", "Session expired or invalid");
    Reply reply = route(request, path, query, body);
    reply.headers.emplace_back("Sforce-Limit-Info", limit_info);
    return reply;
  }

  void expire_token() { token_.clear(); }
  static Reply refusal(int status, const char* code, const std::string& message, Json fields = {}) {
    Json error = Json::object({{"errorCode", code}, {"message", message}});
    if (!fields.is_null()) error.set("fields", std::move(fields));
    return reply_of(status, Json::array({std::move(error)}).dump());
  }

 private:
  Reply token(const std::string& form, std::string_view origin) {
    const bool known = form == "grant_type=client_credentials&client_id=handoff&client_secret=invented-secret";
    const bool signed_in =
        form.starts_with("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=");
    if (!known && !signed_in)
      return reply_of(400, R"({"error":"invalid_client","error_description":"invalid client credentials"})");
    token_ = "00D!invented-access-" + std::to_string(++tokens_issued);
    return reply_of(200, Json::object({{"access_token", token_},
                                       {"instance_url", instance.empty() ? std::string(origin) : instance},
                                       {"id", "https://login.example.org/id/00D000000000001EAA/005000000000001AAA"},
                                       {"token_type", "Bearer"}})
                             .dump());
  }

  Reply versions() const {
    Json list = Json::array();
    for (int version = 50; version <= newest; ++version)
      list.push_back(Json::object({{"label", "invented"}, {"version", std::to_string(version) + ".0"}}));
    return reply_of(200, list.dump());
  }

  static Reply records(Json list) {
    return reply_of(200,
                    Json::object({{"totalSize", list.size()}, {"done", true}, {"records", std::move(list)}}).dump());
  }

  Reply route(const HttpRequest& request, std::string_view path, std::string_view query, const std::string& body) {
    const std::string root = "/services/data/v" + std::to_string(std::min(newest, 66)) + ".0";
    if (!path.starts_with(root)) return refusal(404, "NOT_FOUND", "The requested resource does not exist");
    path = path.substr(root.size());
    if (path == "/query" && request.method == "GET") return select(percent_decode(query.substr(2), false).value_or(""));
    const auto json = Json::parse(body);
    if (!json || !json->is_object()) return refusal(400, "JSON_PARSER_ERROR", "no JSON");
    if (path == "/connect/health/referral-management/referrals" && request.method == "POST") return make(*json);
    if (path == "/sobjects/ContentVersion" && request.method == "POST") return attach(*json);
    constexpr std::string_view row = "/sobjects/ClinicalServiceRequest/", account = "/sobjects/Account/";
    if (path.starts_with(row) && request.method == "PATCH") return change(path.substr(row.size()), *json, true);
    if (path.starts_with(account) && request.method == "PATCH")
      return change(path.substr(account.size()), *json, false);
    return refusal(404, "NOT_FOUND", "The requested resource does not exist");
  }

  Reply select(const std::string& soql) {
    Json list = Json::array();
    if (soql.find("FROM HealthcareProviderNpi") != std::string::npos) {
      for (const auto& [npi, id] : providers) {
        if (soql.find("'" + npi + "'") == std::string::npos) continue;
        list.push_back(Json::object({{"Npi", npi}, {"HealthcareProviderId", id}, {"IsActive", true}}));
      }
    } else if (soql.find("FROM ContentVersion") != std::string::npos) {
      for (const HeldReferral& referral : held) {
        if (soql.find("'" + referral.id + "'") == std::string::npos) continue;
        for (const HeldFile& file : referral.files) {
          list.push_back(Json::object(
              {{"Title", file.name}, {"Description", file.content_type}, {"FirstPublishLocationId", referral.id}}));
        }
      }
    } else {
      for (const HeldReferral& referral : held) {
        const bool by_mark = soql.find("SourceSystemIdentifier = '" +
                                       referral.fields["SourceSystemIdentifier"].text_or() + "'") != std::string::npos;
        if (!by_mark && soql.find("'" + referral.id + "'") == std::string::npos) continue;
        list.push_back(Json::object({{"Id", referral.id},
                                     {"Name", "CSR-" + referral.id.substr(12, 3)},
                                     {"Status", referral.fields["Status"]},
                                     {"IsAccepted", referral.status == "accepted"},
                                     {"PatientId", referral.fields["PatientId"]},
                                     {"PerformerId", referral.fields["PerformerId"]}}));
      }
    }
    return records(std::move(list));
  }

  std::optional<Reply> refused(const Json& patient) const {
    for (const std::string& key : required) {
      if (key == "dateOfBirth" && patient["PersonBirthdate"].text_or().empty())
        return refusal(400, "REQUIRED_FIELD_MISSING", "Date of birth is required", Json::array({"PersonBirthdate"}));
    }
    return {};
  }

  Reply make(const Json& body) {
    bodies.push_back(body);
    const Json& performers = body["performers"];
    if (performers.size() > performers_max) return refusal(400, "ILLEGAL_ARGUMENT", "At most 5 performers.");
    if (body["patient"].contains("fields")) {
      if (const auto refusal = refused(body["patient"]["fields"])) return *refusal;
    }
    const std::string patient =
        body["patient"].contains("id") ? body["patient"]["id"].text_or() : id_of("001", ++patients_);
    Json ids = Json::array();
    for (std::size_t i = 0; i < std::max<std::size_t>(performers.size(), 1); ++i) {
      HeldReferral referral;
      referral.id = id_of("0lv", held.size() + 1);
      for (const Json* fields : {&body["patient"]["fields"], &body["referral"]["fields"]}) {
        if (!fields->is_object()) continue;
        for (const auto& [key, value] : fields->members()) referral.fields.set(key, value);
      }
      if (const Json& details = body["referralDetails"]; details.is_array()) {
        for (const Json& detail : details.items()) {
          for (const auto& [key, value] : detail["fields"].members()) referral.fields.set("plan." + key, value);
        }
      }
      referral.fields.set("PatientId", patient);
      if (performers.size() > 0) referral.fields.set("PerformerId", performers.items()[i]["id"]);
      if (body.contains("referralNotes")) referral.fields.set("referralNotes", body["referralNotes"]);
      ids.push_back(referral.id);
      held.push_back(std::move(referral));
    }
    return reply_of(201, Json::object({{"error", nullptr}, {"referralIds", std::move(ids)}}).dump());
  }

  Reply change(std::string_view id, const Json& fields, bool row) {
    bool found = false;
    for (HeldReferral& referral : held) {
      if (row ? referral.id != id : referral.fields["PatientId"].text_or() != id) continue;
      found = true;
      for (const auto& [key, value] : fields.members()) referral.fields.set(key, value);
      referral.updates += row ? 1 : 0;
    }
    if (!found) return refusal(404, "NOT_FOUND", "The requested resource does not exist");
    return reply_of(204, "");
  }

  Reply attach(const Json& body) {
    const auto bytes = base64_decode(body["VersionData"].text_or());
    if (!bytes || body["Title"].text_or().empty() || body["PathOnClient"].text_or().empty())
      return refusal(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [VersionData]");
    if (bytes->size() > options().file_bytes_max) return reply_of(413, "[]");
    for (HeldReferral& referral : held) {
      if (referral.id != body["FirstPublishLocationId"].text_or()) continue;
      // The suite asks for names and hashes; the description is what is found again.
      referral.files.push_back({body["Title"].text_or(), body["Description"].text_or(), hex(sha256(*bytes))});
      return reply_of(201, R"({"id":"068000000000001AAA","success":true,"errors":[]})");
    }
    return refusal(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id");
  }

  static std::string id_of(const char* prefix, std::size_t number) {
    std::string digits = std::to_string(number);
    return prefix + std::string(12 - digits.size(), '0') + digits + "AAA";
  }

  std::string token_;
  std::size_t patients_ = 0;
};

inline std::unique_ptr<Partner> make_org(const Partner::Options& options) {
  return std::make_unique<OrgPartner>(options);
}

}  // namespace handoff::contract
