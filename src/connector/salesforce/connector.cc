// The manifest, the check of an integration, and the willing org of previews.
#include <algorithm>

#include "base/crypto.h"
#include "base/text.h"
#include "connector/salesforce/salesforce.h"
#include "connector/salesforce/salesforce_connector.h"
#include "connector/settings.h"

namespace handoff::connector {

namespace salesforce {

using exchange::DeliveryView;
using exchange::HttpRequest;
using exchange::Reply;

namespace {

// Raised with every change of what is sent that the field table does not show.
constexpr const char* wire_version = "salesforce 1";

std::string hash_of_table() {
  std::string text = wire_version;
  for (const auto& rule : own_mapping(Options{}).fields) {
    text += "\n" + rule.target + " = " + rule.source + " " + std::to_string(rule.length_max.value_or(0));
    for (const auto& [ours, theirs] : rule.values) text += " " + ours + ":" + theirs;
  }
  return hex(sha256(text));
}

// Ids of a preview: nobody's, and of the right form.
std::string placeholder(const char* prefix, std::size_t number) {
  const std::string digits = std::to_string(number);
  return prefix + std::string("0ASSIGNED") + std::string(3 - std::min<std::size_t>(digits.size(), 3), '0') + digits;
}

Json row_of(const std::string& performer, std::size_t number) {
  return Json::object({{"Id", placeholder("0lv", number)},
                       {"Name", "ASSIGNED-BY-DESTINATION"},
                       {"Status", "Active"},
                       {"IsAccepted", false},
                       {"PatientId", placeholder("001", 0)},
                       {"PerformerId", performer.empty() ? Json() : Json(performer)}});
}

}  // namespace

SalesforceConnector::SalesforceConnector() : hash_(hash_of_table()) {
  manifest_.id = "salesforce";
  manifest_.name = "Salesforce Health Cloud";
  manifest_.version = "1";
  manifest_.description =
      "A Salesforce org with Health Cloud, reached through its Referral Management API (59.0 or newer).";
  manifest_.default_mode = exchange::Mode::until_accepted;
  manifest_.updates = true;
  manifest_.reports_acceptance = true;
  manifest_.attachments = true;
  manifest_.can_be_asked = true;
  manifest_.capabilities = {
      "Import referrals: a referral arrives as one ClinicalServiceRequest for each performer, with the patient's "
      "account.",
      "Find providers: performers and requester are named by NPI or by record id.",
      "Insurance arrives as a Member Plan; everything else without a field arrives in the referral notes.",
      "Referral updates: status, priority, appointment and the patient's data are written until the org has accepted; "
      "a "
      "new Referral Summary PDF comes with each.",
      "Acceptance: the org is asked whether the referral has been accepted (Is Accepted).",
      "Attachments: the Referral Summary PDF and the files of the referral arrive as files of each referral made.",
      "Try the settings: sign-in, org, API version, objects, fields, picklists and performers are looked at and what "
      "is "
      "missing is told in plain words.",
  };
  manifest_.limitations = {
      "Referral notes are written once: the API takes none later, so that changed notes arrive in the new Referral "
      "Summary "
      "PDF.",
      "Appointments not synced: nothing is written into a calendar; the next appointment is told as the referral's "
      "start "
      "date.",
      "A file that is removed from the referral stays in the org.",
      "Record ids in details (codes, conditions) are of the system they came from; they are told in the notes.",
      "Performers that are added to the settings later apply to referrals handed over afterwards.",
  };
  manifest_.settings = setting_rules();
}

void SalesforceConnector::check(const Json& settings, const std::map<std::string, Secret>& secrets, const Json& mapping,
                                Faults& faults) const {
  check_settings(manifest_, settings, secrets, faults);
  check_options(settings, secrets, faults);
  (void)mapping_with(options_of(settings, secrets), mapping, faults);
}

Faults SalesforceConnector::missing(const DeliveryView& delivery) const {
  if (delivery.snapshot == nullptr) return {};
  return content_of(delivery, Sight(delivery).options, {}).missing;
}

Result<HttpRequest> SalesforceConnector::probe(const Json& settings,
                                               const std::map<std::string, Secret>& secrets) const {
  // The one question that needs neither credentials nor the time of day.
  const Options options = options_of(settings, secrets);
  Session nobody;
  nobody.instance = options.base_url;
  HttpRequest request = Org(options, &nobody).versions();
  std::erase_if(request.headers, [](const auto& header) { return header.first == "Authorization"; });
  request.step = "probe";
  return request;
}

std::optional<Reply> SalesforceConnector::rehearse(const DeliveryView& delivery, const exchange::Progress& progress,
                                                   const HttpRequest& request) const {
  const Sight sight(delivery);
  const OrgMemory memory(progress.data);
  const std::string& step = request.step;
  Json body;
  if (step == "token") {
    const std::string& organization = sight.options.organization_id;
    body = Json::object(
        {{"access_token", "TOKEN-OF-DESTINATION"},
         {"instance_url", sight.options.base_url},
         {"id", sight.options.login_url + "/id/" + (organization.empty() ? placeholder("00D", 0) : organization) + "/" +
                    placeholder("005", 0)},
         {"token_type", "Bearer"}});
    // A sign-in host has no API of its own; which address it would lead to is not known before.
  } else if (step == "versions") {
    body = Json::array({Json::object({{"version", std::to_string(sight.options.version_max) + ".0"}})});
  } else if (step == "providers") {
    Json records = Json::array();
    std::size_t number = 0;
    const auto add = [&](const Provider& provider) {
      if (provider.npi.empty()) return;
      records.push_back(Json::object(
          {{"Npi", provider.npi}, {"HealthcareProviderId", placeholder("0cm", ++number)}, {"IsActive", true}}));
    };
    for (const Provider& performer : sight.options.performers) add(performer);
    const auto same = [&](const Provider& one) { return sight.options.requester->npi == one.npi; };
    if (sight.options.requester && std::none_of(sight.options.performers.begin(), sight.options.performers.end(), same))
      add(*sight.options.requester);
    body = Json::object({{"records", std::move(records)}});
  } else if (step == "find" || step == "files") {
    body = Json::object({{"totalSize", 0}, {"done", true}, {"records", Json::array()}});
  } else if (step == "read") {
    Json records = Json::array();
    std::size_t number = 0;
    for (const Row& row : memory.rows()) records.push_back(row_of(row.performer, ++number));
    body = Json::object({{"records", std::move(records)}});
  } else if (step == "create") {
    Json ids = Json::array();
    auto sent = still_missing(sight.performers().value_or(std::vector<std::string>{""}), memory.rows());
    if (sent.size() > performers_per_request) sent.resize(performers_per_request);
    for (std::size_t i = 0; i < sent.size(); ++i) ids.push_back(placeholder("0lv", memory.rows().size() + i + 1));
    body = Json::object({{"error", nullptr}, {"referralIds", std::move(ids)}});
  } else {
    return {};
  }
  Reply reply;
  reply.at = delivery.now;
  reply.status = step == "create" ? 201 : 200;
  reply.headers = {{"Content-Type", "application/json"}};
  reply.body = body.dump();
  return reply;
}

}  // namespace salesforce

std::unique_ptr<exchange::Connector> make_salesforce_connector() {
  return std::make_unique<salesforce::SalesforceConnector>();
}

}  // namespace handoff::connector
