// Organizations, their plan, and their service listings with the form each listing asks to be filled.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/json.h"
#include "base/time.h"

namespace handoff::directory {

// In order: a higher plan includes what a lower one has (Integration Summary, pre-requisites: "Advanced CBO plan or
// higher").
enum class Plan { basic, advanced_cbo, enterprise };
struct PlanWord {
  Plan plan;
  const char* code;
  const char* label;
};
inline constexpr std::array plan_words{
    PlanWord{Plan::basic, "basic", "Basic"},
    PlanWord{Plan::advanced_cbo, "advanced_cbo", "Advanced CBO"},
    PlanWord{Plan::enterprise, "enterprise", "Enterprise"},
};
const char* plan_code(Plan plan);
const char* plan_label(Plan plan);
std::optional<Plan> plan_of(std::string_view code);

// Whom to ask about integrations: ends every sentence that says "ask".
struct IntegrationContact {
  std::optional<std::string> name, email, phone;
};
// "Rachel Vance (rachel@example.org, +1 …)"; "" when nobody is named.
std::string contact_text(const IntegrationContact& contact);

struct Organization {
  OrganizationId id;
  std::string name;
  Plan plan = Plan::advanced_cbo;
  bool block_duplicates = false;  // duplicatePolicy: review (false) or block
  // Causes of questions about persons that two people have to answer alike; none: one person's answer is in force.
  std::vector<std::string> second_reader_for;
  std::optional<IntegrationContact> integration_contact;
  std::int64_t version = 1;         // of this record, for its ETag
  std::int64_t config_version = 1;  // grows with every change of its listings, sub-statuses, integrations and of itself
  Instant created_at{};
};

enum class FieldType {
  text,
  long_text,
  choice,
  multi_choice,
  date,
  number,
  boolean,
  phone,
  email,
  address,
  attachment
};
const char* field_type_code(FieldType type);
std::optional<FieldType> field_type_of(std::string_view code);

struct FormField {
  std::string key;
  std::string label;
  FieldType type = FieldType::text;
  bool required = false;
  std::vector<std::string> options;        // for choice and multi_choice
  std::optional<std::int64_t> max_length;  // in characters
};

enum class Visibility { private_listing, exchange };

struct Listing {
  ListingId id;
  OrganizationId organization;
  std::string name;
  std::optional<std::string> description;
  Visibility visibility = Visibility::private_listing;
  bool admission = false;
  std::optional<std::string> arrival_sub_status;  // sub-status code put on arrival: requested or ready
  std::vector<std::string> registrant_required;   // keys of the registrant beside first and last name
  std::vector<FormField> form;
  std::int64_t version = 1;
  Instant created_at{};
};
const FormField* find_field(const Listing& listing, std::string_view key);

inline constexpr const char* unassigned_listing_name = "Unassigned";

// The listing as the API shows it and as it is stored, without `integrations`, which another room knows.
Json listing_to_json(const Listing& listing);
// Reads the body of POST /listings, or a stored or patched listing. Every fault is added; id, organization, version and
// created_at are left alone.
void read_listing(const Json& body, Listing& into, Faults& faults);

}  // namespace handoff::directory
