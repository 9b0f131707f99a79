// An intake opportunity: one possible admission of one person. It comes from an accepted referral to a listing that
// admits people, or from a chart that a record system holds; where both tell of the same stay, it is one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/json.h"
#include "base/private.h"
#include "base/time.h"

namespace handoff::opportunity {

// How far the admission has come. What a chart says stands above what was said by hand.
enum class Stage {
  accepted,       // the referral was accepted; no chart yet
  pre_admission,  // a chart is open, the stay is planned
  admitted,
  discharged,
  closed,  // nothing came of it
};
struct StageRow {
  Stage stage;
  const char* code;
  const char* label;
};
inline constexpr StageRow stage_rows[] = {
    {Stage::accepted, "accepted", "Accepted"}, {Stage::pre_admission, "pre_admission", "Pre-Admission"},
    {Stage::admitted, "admitted", "Admitted"}, {Stage::discharged, "discharged", "Discharged"},
    {Stage::closed, "closed", "Closed"},
};
const char* word(Stage stage);
const char* label(Stage stage);
std::optional<Stage> stage_of(std::string_view word);

enum class Source { referral, emr };
const char* word(Source source);
std::optional<Source> source_of(std::string_view word);

// One stay in one chart. A readmission into the same casefile is another stay.
struct ChartKey {
  EmrConnectionId connection;
  std::string casefile;
  std::int64_t stay = 1;
  friend auto operator<=>(const ChartKey&, const ChartKey&) = default;
  friend bool operator==(const ChartKey&, const ChartKey&) = default;
};

// Why a referral and a chart stand in one opportunity.
enum class LinkBasis {
  none,        // there is only one of the two
  identifier,  // the referral named the chart, the patient or the record number
  person,      // both belong to the same known person: somebody has to look
  name,        // name and date of birth agree: somebody has to look
  hand,        // a person said so
};
const char* word(LinkBasis basis);
std::optional<LinkBasis> basis_of(std::string_view word);

struct IntakeOpportunity {
  IntakeOpportunityId id;
  OrganizationId organization;
  std::int64_t version = 0;
  Stage stage = Stage::accepted;
  Source source = Source::referral;
  std::string source_name;  // the sender's or the connection's name
  // Whom it is about today: the referral's person where there is a referral, else who goes on for `home`.
  std::optional<PersonId> person;
  std::optional<PersonId> home;  // as it was recognized; merges do not touch it, so undoing them is exact
  bool person_in_review = false;
  Private<Json> registrant;  // {firstName, lastName, birthDate}
  // What it is found by, see match_keys(): as the referral and as the chart tell it.
  std::vector<std::string> referral_keys, chart_keys;
  std::optional<ListingId> listing;
  std::optional<ReferralId> referral;  // the inbound one
  std::optional<ChartKey> chart;
  LinkBasis basis = LinkBasis::none;
  bool in_review = false;                     // the link, or that there is none, awaits a person's word
  std::vector<IntakeOpportunityId> possible;  // others that may be the same admission
  Instant created_at{};
  Instant updated_at{};
};

// As the API shows it, but for linkedEmrRecord and actions, which the record beside it decides.
Json to_json(const IntakeOpportunity& opportunity);
// Everything that is not a column of its own. from_stored() trusts what to_stored() wrote.
Json to_stored(const IntakeOpportunity& opportunity);
void from_stored(const Json& stored, IntakeOpportunity& into);

// What a person can be found again by, strongest first: hashes over folded texts, so that they say nothing by
// themselves. Each begins with its kind.
struct Told {
  std::string first_name, last_name, birth_date;  // YYYY-MM-DD
  std::vector<std::string> identifiers;           // casefile ids, master ids: unique in the world
  std::vector<std::string> record_numbers;        // MR numbers: unique in one house, so the birth date goes with them
};
std::vector<std::string> match_keys(const Told& told);
bool is_identifier_key(std::string_view key);
std::vector<std::string> all_keys(const IntakeOpportunity& opportunity);

}  // namespace handoff::opportunity
