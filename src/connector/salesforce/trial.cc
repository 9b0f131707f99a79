// Trying the settings: one question after the other, none of which changes anything, and what they found in plain
// words.
#include <algorithm>

#include "base/text.h"
#include "connector/salesforce/record_id.h"
#include "connector/salesforce/salesforce_connector.h"

namespace handoff::connector::salesforce {

using exchange::Exchanged;
using exchange::HttpRequest;
using exchange::Reply;
using exchange::Trial;
using exchange::TrialCheck;
using exchange::TrialStep;
using exchange::Verdict;
using Found = TrialCheck::Result;

namespace {

constexpr const char* request_object = "ClinicalServiceRequest";
constexpr const char* detail_object = "ClinicalServiceRequestDetail";
constexpr const char* no_mark = "handoff-trial";  // no referral has it

// Code and sentence of a verdict that is no success.
std::pair<std::string, std::string> words_of(const Verdict& verdict) {
  const Trial trial = exchange::trial_of(verdict);
  return {trial.code, trial.sentence};
}

// One look at an org. Reads the answers so far in the order of the questions; where one is not there yet it is the
// next.
class Look {
 public:
  Look(const Json& settings, const std::map<std::string, Secret>& secrets, const Json& mapping, Instant now,
       const std::vector<Exchanged>& so_far)
      : options_(options_of(settings, secrets)), now_(now), so_far_(so_far) {
    Faults ignored;
    mapping_ = mapping_with(options_, mapping, ignored);
  }

  Result<TrialStep> next() {
    const Reply* reply = answer("token");
    if (reply == nullptr) return TrialStep(HANDOFF_TRY(Org(options_).sign_in(now_)));
    if (!signed_in(*reply)) return finish();
    const Org org(options_, &session_);
    reply = answer("versions");
    if (reply == nullptr) return TrialStep(org.versions());
    if (!negotiated(*reply)) return finish();

    reply = answer("objects");
    if (reply == nullptr) return TrialStep(org.get("objects", "/sobjects"));
    if (!objects(*reply)) return finish();
    for (const char* name : {request_object, detail_object, "Account", "MemberPlan", "ContentVersion"}) {
      const std::string step = std::string("describe:") + name;
      reply = answer(step);
      if (reply == nullptr && exists(name))
        return TrialStep(org.get(step, std::string("/sobjects/") + name + "/describe"));
      describe(name, reply);
    }
    if (failed()) return finish();
    reply = answer("mark");
    if (reply == nullptr) return TrialStep(org.query("mark", mark_query(options_, no_mark)));
    mark(*reply);
    if (const auto npis = npis_wanted(); !npis.empty()) {
      reply = answer("providers");
      if (reply == nullptr) return TrialStep(org.query("providers", providers_query(npis)));
      if (!providers(*reply)) return finish();
    }
    for (const std::string& object : {std::string("HealthcareProvider"), std::string("Account")}) {
      const auto ids = ids_wanted(object);
      if (ids.empty()) continue;
      const std::string step = "records:" + object;
      reply = answer(step);
      if (reply == nullptr)
        return TrialStep(org.query(step, "SELECT Id FROM " + object + " WHERE Id IN (" + soql_list(ids) + ")"));
      records(object, ids, *reply);
    }
    other_kinds();
    if (options_.performers.empty()) {
      add("performers", Found::not_applicable, "ok", "No performer is named: each referral is made without one.");
    } else if (!failed()) {
      add("performers", Found::pass, "ok",
          options_.performers.size() == 1
              ? "The performer is there."
              : "All " + std::to_string(options_.performers.size()) + " performers are there.");
    }
    return finish();
  }

 private:
  const Reply* answer(const std::string& step) const {
    for (const Exchanged& one : so_far_) {
      if (one.request.step == step) return &one.reply;
    }
    return nullptr;
  }

  void add(std::string check, Found result, std::string code, std::string detail) {
    trial_.checks.push_back({std::move(check), result, std::move(code), std::move(detail)});
  }
  bool failed() const {
    return std::any_of(trial_.checks.begin(), trial_.checks.end(),
                       [](const TrialCheck& check) { return check.result == Found::fail; });
  }
  void fail(const char* check, const Verdict& verdict) {
    auto [code, sentence] = words_of(verdict);
    add(check, Found::fail, std::move(code), std::move(sentence));
  }

  // The body of a success; nothing where it is none, and then a check says why.
  std::optional<Json> body_of(const char* check, const Reply& reply) {
    Verdict verdict = exchange::verdict_of(reply, reply.at, exchange::Expect::json);
    if (std::holds_alternative<exchange::StepDone>(verdict)) {
      if (auto body = Json::parse(reply.body)) return *std::move(body);
      verdict = exchange::Unknown{"The answer is empty."};
    }
    if (const auto body = Json::parse(reply.body)) {
      if (auto by_code = verdict_of_code(refusal_in(*body), reply)) verdict = *std::move(by_code);
    }
    // The address answered, and a plain question was refused: that is no fault of anybody's data.
    if (std::holds_alternative<exchange::NeedsData>(verdict))
      verdict =
          exchange::Misconfigured{"destination.not_understood", "The org refused a plain question of this check."};
    fail(check, verdict);
    return {};
  }

  bool signed_in(const Reply& reply) {
    const bool answered = reply.outcome == Reply::Outcome::answered;
    if (answered && (reply.status == 400 || reply.status == 401)) return fail("sign_in", sign_in_refused(reply)), false;
    if (!body_of("sign_in", reply)) return false;
    auto session = session_in(reply, options_);
    if (!session) {
      const bool other_org = session.error().code == "destination.other_organization";
      if (other_org) add("sign_in", Found::pass, "ok", "The org gave an access token.");
      add(other_org ? "organization" : "sign_in", Found::fail, session.error().code, session.error().for_caller);
      return false;
    }
    session_ = *std::move(session);
    add("sign_in", Found::pass, "ok", "The org gave an access token.");
    if (options_.organization_id.empty()) {
      add("organization", Found::not_applicable, "ok",
          "No organization id is set: write it into the settings, and a sign-in elsewhere is noticed.");
    } else {
      add("organization", Found::pass, "ok", "It is the org whose id stands in the settings.");
    }
    return true;
  }

  bool negotiated(const Reply& reply) {
    const auto body = body_of("api_version", reply);
    if (!body) return false;
    auto version = version_in(*body, options_);
    if (!version) {
      add("api_version", Found::fail, version.error().code, version.error().for_caller);
      return false;
    }
    session_.version = *std::move(version);
    add("api_version", Found::pass, "ok", "Both sides speak API version " + session_.version.substr(1) + ".");
    return true;
  }

  bool objects(const Reply& reply) {
    const auto body = body_of("objects", reply);
    if (!body) return false;
    if (!(*body)["sobjects"].is_array()) {
      fail("objects", exchange::Unknown{"The org answered without its objects."});
      return false;
    }
    for (const Json& object : (*body)["sobjects"].items()) objects_[object["name"].text_or()] = object;
    return true;
  }
  bool exists(const std::string& name) const { return objects_.contains(name); }

  static const char* check_of(std::string_view object) {
    if (object == request_object) return "referral_object";
    if (object == detail_object) return "detail_object";
    if (object == "Account") return "patient_object";
    return object == "MemberPlan" ? "member_plan" : "files";
  }

  // Which object, and whether its fields may be written.
  void describe(const std::string& name, const Reply* reply) {
    const char* check = check_of(name);
    const bool needed = name == request_object || name == "Account";
    if (reply == nullptr) {
      std::string sentence = "The org has no " + name + ", or does not show it to the user.";
      if (needed || name == detail_object) {
        sentence +=
            " Switch on the FHIR-Aligned Clinical Data Model under FHIR R4 Support Settings, and give the user a "
            "Health Cloud permission set.";
      } else if (name == "MemberPlan") {
        sentence += " Insurance then cannot arrive as a Member Plan: give the user the right to it.";
      }
      add(check, needed ? Found::fail : Found::warning, "destination.feature_off", std::move(sentence));
      return;
    }
    if (reply->truncated) {
      add(check, Found::warning, "destination.no_answer", "The org says more of " + name + " than is read here.");
      return;
    }
    const auto body = body_of(check, *reply);
    if (!body) return;
    std::vector<std::string> absent, locked;
    for (const std::string& field : fields_wanted(name)) {
      const Json* found = nullptr;
      if (const Json& fields = (*body)["fields"]; fields.is_array()) {
        for (const Json& one : fields.items()) {
          if (one["name"].text_or() == field) found = &one;
        }
      }
      if (found == nullptr) {
        absent.push_back(field);
      } else if (!(*found)["createable"].bool_or(true)) {
        locked.push_back(field);
      }
      if (found != nullptr && name == request_object) words(field, *found);
    }
    const bool person = name != "Account" || !absent_person(absent);
    const bool createable = (*body)["createable"].bool_or(true);
    const Found worst = needed ? Found::fail : Found::warning;
    if (!createable) {
      add(check, worst, "destination.no_rights", "The user may not create " + name + ": give it that right.");
    } else if (!person) {
      add(check, Found::fail, "destination.feature_off",
          "The org has no person accounts, or does not show their fields to the user: without them no patient can be "
          "made. Switch them on, or give the user the rights to their fields.");
    } else if (!absent.empty() || !locked.empty()) {
      std::string sentence;
      if (!absent.empty()) sentence += name + " has no " + join(absent, ", ") + ", or does not show it to the user. ";
      if (!locked.empty()) sentence += "The user may not write " + join(locked, ", ") + " of " + name + ". ";
      add(check, worst, "destination.field_unknown",
          sentence + "Give the user the right, or map what goes there to another field.");
    } else {
      add(check, Found::pass, "ok", "The user may create " + name + " with all fields that are sent.");
    }
  }

  static bool absent_person(const std::vector<std::string>& absent) {
    return std::find(absent.begin(), absent.end(), "LastName") != absent.end();
  }

  std::vector<std::string> fields_wanted(const std::string& object) const {
    std::vector<std::string> out;
    const std::string_view prefix = object == "Account" ? patient_prefix : referral_prefix;
    if (object == request_object) {
      out = {"SourceSystem", "SourceSystemIdentifier", "PatientId", "IsAccepted"};
      if (!options_.performers.empty()) out.emplace_back("PerformerId");
      if (options_.requester) out.emplace_back("RequesterId");
    }
    if (object == "ContentVersion")
      return {"Title", "PathOnClient", "VersionData", "FirstPublishLocationId", "Description"};
    if (object == "MemberPlan") return {"Name", "MemberNumber"};
    if (object == detail_object) return {"DetailType"};
    for (const auto& rule : mapping_.fields) {
      if (rule.target.starts_with(prefix) && rule.target != "patient.id")
        out.push_back(rule.target.substr(prefix.size()));
    }
    if (object == "Account" && !options_.patient_record_type.empty()) out.emplace_back("RecordTypeId");
    return out;
  }

  // The words of a list: an org may have its own.
  void words(const std::string& field, const Json& found) {
    const std::string wanted = field == "Status" ? options_.status : field == "Type" ? options_.type : "";
    const Json& values = found["picklistValues"];
    if (wanted.empty() || !values.is_array() || values.size() == 0) return;
    std::vector<std::string> known;
    for (const Json& value : values.items()) {
      if (value["active"].bool_or(true)) known.push_back(value["value"].text_or());
    }
    if (std::find(known.begin(), known.end(), wanted) != known.end()) return;
    add("picklists", Found::warning, "destination.word_unknown",
        "The list of " + field +
            " in the org does not have the word that the settings name. It has: " + join(known, ", ") + ".");
  }

  void mark(const Reply& reply) {
    const auto body = body_of("mark", reply);
    if (!body) return;
    if (!(*body)["records"].is_array()) return fail("mark", exchange::Unknown{"The org answered without a list."});
    add("mark", Found::pass, "ok", "Referrals can be found again by source system and source system identifier.");
  }

  std::vector<std::string> npis_wanted() const {
    std::vector<std::string> npis;
    for (const Provider& one : options_.performers) {
      if (!one.npi.empty()) npis.push_back(one.npi);
    }
    if (options_.requester && !options_.requester->npi.empty()) npis.push_back(options_.requester->npi);
    return npis;
  }

  bool providers(const Reply& reply) {
    const auto body = body_of("performers", reply);
    if (!body) return false;
    if (!(*body)["records"].is_array())
      return fail("performers", exchange::Unknown{"The org answered without a list."}), false;
    const auto taken = take_providers(*body, options_, session_);
    if (taken) return true;
    add("performers", Found::fail, taken.error().code, taken.error().for_caller);
    return false;
  }

  std::string object_of(const std::string& id) const {
    for (const auto& [name, object] : objects_) {
      const std::string prefix = object["keyPrefix"].text_or();
      if (!prefix.empty() && id.starts_with(prefix)) return name;
    }
    return {};
  }
  std::vector<Provider> everyone() const {
    std::vector<Provider> all = options_.performers;
    if (options_.requester) all.push_back(*options_.requester);
    return all;
  }
  std::vector<std::string> ids_wanted(const std::string& object) const {
    std::vector<std::string> ids;
    for (const Provider& one : everyone()) {
      if (!one.id.empty() && object_of(one.id) == object) ids.push_back(one.id);
    }
    return ids;
  }
  void records(const std::string& object, const std::vector<std::string>& ids, const Reply& reply) {
    const auto body = body_of("performers", reply);
    if (!body) return;
    std::vector<std::string> absent;
    for (const std::string& id : ids) {
      bool there = false;
      if (const Json& list = (*body)["records"]; list.is_array()) {
        for (const Json& record : list.items()) there = there || same_record(record["Id"].text_or(), id);
      }
      if (!there) absent.push_back(id);
    }
    if (absent.empty()) return;
    add("performers", Found::fail, "destination.unknown_record",
        "The org has no " + object + " with the id " + join(absent, ", ") + ", or does not show it to the user.");
  }
  // Ids of something that cannot perform or request at all.
  void other_kinds() {
    for (const Provider& one : everyone()) {
      if (one.id.empty()) continue;
      const std::string object = object_of(one.id);
      if (object == "HealthcareProvider" || object == "Account" || object == "Asset" ||
          object == "CareRegisteredDevice")
        continue;
      add("performers", Found::fail, "destination.unknown_record",
          "The id " + one.id + " belongs to " + (object.empty() ? "no object that the user sees" : object) +
              "; needed is a HealthcareProvider, an Account, an Asset or a CareRegisteredDevice.");
    }
  }

  TrialStep finish() {
    trial_.ok = !failed();
    trial_.code = "ok";
    trial_.sentence = "The org answers, takes the credentials, and has all that a referral needs.";
    for (const TrialCheck& check : trial_.checks) {
      if (check.result != Found::fail) continue;
      trial_.code = check.code;
      trial_.sentence = check.detail;
      break;
    }
    return trial_;
  }

  Options options_;
  exchange::Mapping mapping_;
  Instant now_;
  const std::vector<Exchanged>& so_far_;
  Session session_;
  std::map<std::string, Json> objects_;
  Trial trial_;
};

}  // namespace

Result<TrialStep> SalesforceConnector::try_next(const Json& settings, const std::map<std::string, Secret>& secrets,
                                                const Json& mapping, Instant now,
                                                const std::vector<Exchanged>& so_far) const {
  return Look(settings, secrets, mapping, now, so_far).next();
}

}  // namespace handoff::connector::salesforce
