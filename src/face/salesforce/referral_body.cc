#include "face/salesforce/referral_body.h"

#include <algorithm>

#include "base/text.h"

namespace handoff::face::salesforce {
namespace {

constexpr std::size_t details_max = 50, notes_max = 50'000;

class BodyReader {
 public:
  BodyReader(const Call& call, const Json& body, bool guest) : call_(call), body_(body), guest_(guest) {}

  Result<ReferralBody> run() {
    if (!body_.is_object()) return call_.unreadable("", "Cannot deserialize instance of referral management input");
    HANDOFF_TRY(only_known());
    HANDOFF_TRY(shapes());
    HANDOFF_TRY(required());
    HANDOFF_TRY(limits());
    return std::move(out_);
  }

 private:
  const char* performers_name() const { return guest_ ? "performer" : "performers"; }

  // --- unknown properties

  Result<void> only(const Json& object, const std::string& at, const std::vector<std::string>& known) const {
    if (!object.is_object()) return {};
    for (const auto& [name, value] : object.members()) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      return call_.unreadable(at + "/" + pointer_escape(name), "Unrecognized field \"" + name + "\"");
    }
    return {};
  }
  // An object, or each of a list.
  Result<void> only_each(const char* name, const std::vector<std::string>& known) const {
    const Json& value = body_[name];
    const std::string at = "/" + std::string(name);
    if (!value.is_array()) return only(value, at, known);
    for (std::size_t i = 0; i < value.size(); ++i)
      HANDOFF_TRY(only(value.items()[i], at + "/" + std::to_string(i), known));
    return {};
  }
  Result<void> only_known() const {
    std::vector<std::string> known{"patient",
                                   "requester",
                                   performers_name(),
                                   "referral",
                                   "referralDetails",
                                   "referralNotes",
                                   "shouldUseHighConfidenceMatch"};
    if (guest_) {
      known.emplace_back("captchaToken");
      known.emplace_back("performers");  // the word of its sibling, for callers who use both
    }
    HANDOFF_TRY(only(body_, "", known));
    for (const char* name : {"patient", "requester", "performers", "performer", "referral"})
      HANDOFF_TRY(only_each(name, {"id", "fields"}));
    HANDOFF_TRY(
        only_each("referralDetails", {"detailType", "detailRecordType", "detailRecordId", "detailCodeId", "fields"}));
    return only(body_["captchaToken"], "/captchaToken", {"type", "token", "siteKeyDeveloperName"});
  }

  // --- shapes

  Error shape(const std::string& at, const char* wanted, const Json& value) const {
    const char* got = value.is_string()   ? "VALUE_STRING"
                      : value.is_number() ? "VALUE_NUMBER"
                      : value.is_bool()   ? "VALUE_BOOLEAN"
                      : value.is_array()  ? "START_ARRAY"
                      : value.is_object() ? "START_OBJECT"
                                          : "VALUE_NULL";
    return call_.unreadable(at, std::string("Cannot deserialize instance of ") + wanted + " from " + got);
  }

  Result<std::optional<std::string>> text(const Json& object, const std::string& at, const char* name) const {
    const Json& value = object[name];
    if (value.is_null()) return std::optional<std::string>();
    if (!value.is_string()) return shape(at + "/" + name, "string", value);
    return trim(value.string()).empty() ? std::optional<std::string>() : std::optional(value.string());
  }

  Result<RecordInput> input(const Json& value, const std::string& at) const {
    if (!value.is_object()) return shape(at, "Record Fields Input", value);
    RecordInput out;
    out.id = HANDOFF_TRY(text(value, at, "id"));
    if (const Json& fields = value["fields"]; !fields.is_null()) {
      if (!fields.is_object()) return shape(at + "/fields", "map", fields);
      out.fields = fields;
    }
    return out;
  }

  // The guide types these as lists, and every example sends one object.
  Result<std::optional<RecordInput>> one(const char* name) const {
    const Json& value = body_[name];
    const std::string at = "/" + std::string(name);
    if (value.is_null()) return std::optional<RecordInput>();
    if (!value.is_array()) return std::optional(HANDOFF_TRY(input(value, at)));
    if (value.size() == 0) return std::optional<RecordInput>();
    if (value.size() > 1) return shape(at, "one Record Fields Input", value);
    return std::optional(HANDOFF_TRY(input(value.items().front(), at + "/0")));
  }

  Result<void> shapes() {
    if (auto patient = HANDOFF_TRY(one("patient"))) out_.patient = *std::move(patient);
    out_.requester = HANDOFF_TRY(one("requester"));
    if (auto referral = HANDOFF_TRY(one("referral"))) {
      referral_given_ = referral->fields.has_value();
      if (referral->fields) out_.referral = *std::move(referral->fields);
    }
    for (const char* name : {"performers", "performer"}) {
      const Json& performers = body_[name];
      if (performers.is_null()) continue;
      const std::string at = "/" + std::string(name);
      if (performers.is_object()) {
        performers_.push_back(HANDOFF_TRY(input(performers, at)));
      } else if (!performers.is_array()) {
        return shape(at, "list of Record Fields Input", performers);
      } else {
        for (std::size_t i = 0; i < performers.size(); ++i)
          performers_.push_back(HANDOFF_TRY(input(performers.items()[i], at + "/" + std::to_string(i))));
      }
    }
    HANDOFF_TRY(details());
    const Json& notes = body_["referralNotes"];
    if (!notes.is_null() && !notes.is_string()) return shape("/referralNotes", "string", notes);
    out_.notes = trim(notes.text_or()).empty() ? "" : notes.text_or();
    const Json& match = body_["shouldUseHighConfidenceMatch"];
    if (match.is_string() && (match.string() == "true" || match.string() == "false")) {
      out_.match = match.string() == "true";
    } else if (!match.is_null() && !match.is_bool()) {
      return shape("/shouldUseHighConfidenceMatch", "boolean", match);
    } else {
      out_.match = match.bool_or(false);
    }
    if (guest_ && !body_["captchaToken"].is_null() && !body_["captchaToken"].is_object())
      return shape("/captchaToken", "Captcha Token Input", body_["captchaToken"]);
    return {};
  }

  Result<void> details() {
    const Json& list = body_["referralDetails"];
    if (list.is_null()) return {};
    if (!list.is_array()) return shape("/referralDetails", "list of Referral Detail Input", list);
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string at = "/referralDetails/" + std::to_string(i);
      const Json& item = list.items()[i];
      if (!item.is_object()) return shape(at, "Referral Detail Input", item);
      DetailInput detail;
      detail.type = HANDOFF_TRY(text(item, at, "detailType")).value_or("");
      detail.record_type = HANDOFF_TRY(text(item, at, "detailRecordType")).value_or("");
      detail.record_id = HANDOFF_TRY(text(item, at, "detailRecordId"));
      detail.code_id = HANDOFF_TRY(text(item, at, "detailCodeId"));
      if (const Json& fields = item["fields"]; !fields.is_null()) {
        if (!fields.is_object()) return shape(at + "/fields", "map", fields);
        if (fields.size() > 0) detail.fields = fields;
      }
      out_.details.push_back(std::move(detail));
    }
    return {};
  }

  // --- required

  Result<void> required() {
    Faults faults;
    const auto missing = [&](const std::string& name) {
      faults.push_back({"/" + name, "salesforce.missing", "Required fields are missing: [" + name + "]"});
    };
    if (!out_.patient.id && !out_.patient.fields) missing("patient");
    if (!referral_given_) missing("referral");
    if (out_.requester && !out_.requester->id && !out_.requester->fields) missing("requester");
    for (const auto& performer : performers_) {
      if (performer.id) {
        out_.performers.push_back(*performer.id);
      } else {
        missing("id");
        break;
      }
    }
    for (const auto& detail : out_.details) {
      if (detail.type.empty()) missing("detailType");
      const int given = detail.record_id.has_value() + detail.code_id.has_value() + detail.fields.has_value();
      if (given == 0) missing("detailRecordId");
      if (detail.fields && detail.record_type.empty()) missing("detailRecordType");
    }
    if (guest_) {
      for (const char* name : {"type", "token", "siteKeyDeveloperName"}) {
        const Json& value = body_["captchaToken"][name];
        if (!value.is_string() || trim(value.string()).empty()) missing(name);
      }
    }
    if (faults.empty()) return {};
    return fault_error(std::move(faults));
  }

  // --- limits and rules

  Result<void> limits() const {
    const auto rule = [](const char* pointer, const std::string& sentence) {
      return fault_error({{pointer, "salesforce.not_allowed_here", sentence}});
    };
    if (performers_.size() > performers_max) {
      return rule("/performers", "You can provide a maximum of 5 provider IDs in a request; it has " +
                                     std::to_string(performers_.size()) + ".");
    }
    if (out_.details.size() > details_max) return rule("/referralDetails", "A referral takes at most 50 details.");
    if (utf8_length(out_.notes) > notes_max) {
      return fault_error(
          {{"/referralNotes", "record.text_too_long", "Referral Notes: data value too large (max length=50000)"}});
    }
    for (const auto& detail : out_.details) {
      const int given = detail.record_id.has_value() + detail.code_id.has_value() + detail.fields.has_value();
      if (given > 1)
        return rule("/referralDetails", "A detail names a record, a code or the fields of a new record: one of them.");
      if (!detail.record_type.empty() && record::object_labelled(detail.record_type) == nullptr) {
        return fault_error({{"/detailRecordType", "record.value_not_offered",
                             "bad value for restricted picklist field: " + detail.record_type}});
      }
    }
    return {};
  }

  const Call& call_;
  const Json& body_;
  const bool guest_;
  ReferralBody out_;
  std::vector<RecordInput> performers_;
  bool referral_given_ = false;
};

}  // namespace

Result<ReferralBody> read_referral_body(const Call& call, const Json& body, bool guest) {
  return BodyReader(call, body, guest).run();
}

}  // namespace handoff::face::salesforce
