// From a referral to what an org is told of it: the patient, the referral's own fields, its details, and the notes that
// take up everything else.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connector/salesforce/options.h"
#include "exchange/mapping.h"

namespace handoff::connector::salesforce {

inline constexpr const char* patient_prefix = "patient.";
inline constexpr const char* referral_prefix = "referral.";
inline constexpr const char* note_target = "referralNotes";
inline constexpr const char* retraction_sentence = "This referral was entered in error and must be disregarded.";

// The connector's own field table for an integration; targets begin with "patient." or "referral.". "patient.id" names
// the patient by a record id of the org in place of fields.
exchange::Mapping own_mapping(const Options& options);
// With the integration's overrides; adds faults for targets that no org could have.
exchange::Mapping mapping_with(const Options& options, const Json& overrides, Faults& faults);

struct Content {
  std::optional<std::string> patient_id;  // chosen by a person
  Json patient = Json::object();          // fields of the patient's Account
  Json referral = Json::object();         // fields of ClinicalServiceRequest
  Json details = Json::array();           // referralDetails
  std::string note;
  std::vector<std::string> filled;  // targets that have a value
  std::vector<std::string> blank;   // targets that are blanked out
  bool note_cut = false;
  Faults missing;
};

struct ContentContext {
  bool update = false;
  std::set<std::string, std::less<>> filled;
  bool summary_follows = true;
  std::optional<std::size_t> note_length_max;
};
Content content_of(const exchange::DeliveryView& delivery, const Options& options, const ContentContext& context);

}  // namespace handoff::connector::salesforce
