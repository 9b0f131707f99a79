// The settings of one integration with an org, read and checked.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "exchange/connector.h"

namespace handoff::connector::salesforce {

inline constexpr int version_min = 59;      // the first with the Referral Management API
inline constexpr int version_default = 66;  // the newest this connector was written against
inline constexpr std::size_t performers_max = 25;
inline constexpr std::size_t performers_per_request = 5;  // the API's own limit

// Who is meant by an entry of `performers` or by `requester`: an NPI that is looked up, or a record.
struct Provider {
  std::string npi;  // ten digits, or ""
  std::string id;   // a record id, or ""
};

struct Options {
  std::string base_url, login_url;  // without a closing slash
  std::string domain;               // hosts below it are the org's, too; "" for none
  std::string client_id, username, audience;
  Secret client_secret, private_key;  // one of both
  std::string organization_id;        // "" for any
  int version_max = version_default;
  std::string source_system, status, type, patient_record_type;
  std::vector<Provider> performers;
  std::optional<Provider> requester;
  bool match_patients = true;
  bool update_patient = true;

  bool signs() const { return !private_key.reveal().empty(); }  // JWT bearer in place of client credentials
};

std::vector<exchange::SettingRule> setting_rules();
// Takes settings as they are: what check_options() refuses is read as far as it goes.
Options options_of(const Json& settings, const std::map<std::string, Secret>& secrets);
// What the manifest's rules do not say already.
void check_options(const Json& settings, const std::map<std::string, Secret>& secrets, Faults& faults);

// "https://acme.my.salesforce.com:443/x" in parts; the port is "" where none is written.
struct Origin {
  std::string scheme, host, port;
};
std::optional<Origin> origin_of(std::string_view url);
// True where the org's API may be looked for at `url`: the host of the settings, or one of the domain.
bool is_of_org(const Options& options, std::string_view url);

}  // namespace handoff::connector::salesforce
