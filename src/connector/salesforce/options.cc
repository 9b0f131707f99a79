#include "connector/salesforce/options.h"

#include <algorithm>
#include <charconv>

#include "base/rsa.h"
#include "base/text.h"
#include "connector/salesforce/record_id.h"

namespace handoff::connector::salesforce {

using exchange::SettingRule;
using Type = SettingRule::Type;

namespace {

constexpr std::size_t npi_digits = 10, word_max = 40, name_max = 255;
constexpr const char* production_login = "https://login.salesforce.com";
constexpr const char* sandbox_login = "https://test.salesforce.com";
constexpr const char* default_version = "66.0";
constexpr const char* vendor_domain = "salesforce.com";

bool digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}
bool is_npi(std::string_view text) { return text.size() == npi_digits && digits(text); }

std::string without_slash(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  return text;
}

bool is_below(std::string_view host, std::string_view domain) {
  return !domain.empty() && (host == domain || host.ends_with("." + std::string(domain)));
}

// Salesforce hosts talk to each other under one name; anywhere else only what the settings name is trusted.
std::string default_domain(const std::string& base_url, const std::string& login_url) {
  for (const std::string& url : {base_url, login_url}) {
    const auto origin = origin_of(url);
    if (origin && is_below(origin->host, vendor_domain)) return vendor_domain;
  }
  return {};
}

std::string default_audience(const std::string& login_url) {
  const auto origin = origin_of(login_url);
  if (!origin || !is_below(origin->host, vendor_domain)) return login_url;
  const bool sandbox = origin->host == "test.salesforce.com" || origin->host.find(".sandbox.") != std::string::npos;
  return sandbox ? sandbox_login : production_login;
}

std::optional<int> version_of(std::string_view text) {
  int number = 0;
  if (!text.ends_with(".0")) return {};
  text.remove_suffix(2);
  const auto done = std::from_chars(text.data(), text.data() + text.size(), number);
  if (done.ec != std::errc{} || done.ptr != text.data() + text.size() || number < 1 || number > 999) return {};
  return number;
}

std::optional<Provider> provider_of(std::string_view text) {
  if (is_npi(text)) return Provider{std::string(text), {}};
  if (is_record_id(text)) return Provider{{}, std::string(text)};
  return {};
}

SettingRule rule(const char* key, const char* label, Type type, Json fallback, std::string description) {
  SettingRule made;
  made.key = key;
  made.label = label;
  made.type = type;
  made.fallback = std::move(fallback);
  made.description = std::move(description);
  return made;
}
SettingRule required(SettingRule made) {
  made.required = true;
  return made;
}
SettingRule secret(SettingRule made) {
  made.secret = true;
  return made;
}

}  // namespace

std::vector<SettingRule> setting_rules() {
  return {
      required(rule("baseUrl", "Address", Type::url, {},
                    "Address of the org, as My Domain names it: https://acme.my.salesforce.com")),
      rule("loginUrl", "Sign-in address", Type::url, {},
           "Where tokens are fetched, when that is not the address: https://login.salesforce.com"),
      required(rule("clientId", "Client id", Type::text, {}, "Consumer key of the connected app.")),
      secret(rule("clientSecret", "Client secret", Type::text, {},
                  "Consumer secret, for the client credentials flow. Leave empty where a private key signs.")),
      secret(rule("privateKey", "Private key", Type::text, {},
                  "RSA key in PEM form without a password, for the JWT bearer flow; the app holds its certificate.")),
      rule("username", "User name", Type::text, {}, "User that the JWT bearer flow signs in."),
      rule("audience", "Audience", Type::text, {},
           "Audience of the signed token; the sign-in host of Salesforce where empty."),
      rule(
          "domain", "Domain", Type::text, {},
          "Domain that the org's API addresses belong to; salesforce.com where the address does, else the host alone."),
      rule("organizationId", "Organization id", Type::text, {},
           "Id of the org (00D…): a sign-in that ends in another org is refused."),
      rule("version", "API version", Type::text, default_version, "Newest API version to speak; at least 59.0."),
      rule("sourceSystem", "Source system", Type::text, "handoff",
           "Written to SourceSystem; with the referral's id it is the mark by which a referral is found again."),
      rule("performers", "Performers", Type::list, Json::array(),
           "Providers that shall perform: {\"npi\": \"…\"} or {\"id\": \"…\"}, at most 25; one referral is made for "
           "each."),
      rule("requester", "Requester", Type::text, {},
           "Provider that requests, by NPI or record id. Where empty the requester stands in the notes."),
      rule("defaultStatus", "Status", Type::text, "Active", "Status of a referral that is open here."),
      rule("defaultType", "Type", Type::text, "Order", "Type of every referral."),
      rule("patientRecordTypeId", "Patient record type", Type::text, {},
           "Record type of new patients (012…), where the user's default is no person account."),
      rule("matchPatients", "Match patients", Type::boolean, true,
           "Lets the org use the patient that it holds already and is sure of."),
      rule("updatePatient", "Update patient", Type::boolean, true,
           "Changes of the registrant are written to the patient until the referral is accepted."),
      rule("statusPollSeconds", "Seconds between questions", Type::integer, 60,
           "How often the org is asked whether a referral has been accepted: one request for each that is open. Raise "
           "it "
           "where the org's daily limit is small."),
  };
}

std::optional<Origin> origin_of(std::string_view url) {
  const bool https = url.starts_with("https://");
  if (!https && !url.starts_with("http://")) return {};
  std::string_view rest = url.substr(https ? 8 : 7);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  if (rest.find_first_of("@\\ ") != std::string_view::npos) return {};
  const auto colon = rest.find(']') == std::string_view::npos ? rest.find(':') : rest.find(':', rest.find(']'));
  Origin origin{https ? "https" : "http", ascii_lower(rest.substr(0, colon)), {}};
  if (colon != std::string_view::npos) origin.port = std::string(rest.substr(colon + 1));
  if (origin.port == (https ? "443" : "80")) origin.port.clear();
  if (origin.host.empty() || (!origin.port.empty() && !digits(origin.port))) return {};
  return origin;
}

bool is_of_org(const Options& options, std::string_view url) {
  const auto wanted = origin_of(url);
  if (!wanted) return false;
  for (const std::string& known : {options.base_url, options.login_url}) {
    const auto origin = origin_of(known);
    if (origin && origin->scheme == wanted->scheme && origin->host == wanted->host && origin->port == wanted->port)
      return true;
  }
  return wanted->scheme == "https" && wanted->port.empty() && is_below(wanted->host, options.domain);
}

Options options_of(const Json& settings, const std::map<std::string, Secret>& secrets) {
  const auto text = [&](const char* key) { return std::string(trim(settings[key].text_or())); };
  const auto hidden = [&](const char* key) {
    const auto found = secrets.find(key);
    return found == secrets.end() ? Secret() : found->second;
  };
  const auto or_else = [](std::string value, std::string fallback) {
    return value.empty() ? std::move(fallback) : std::move(value);
  };
  Options options;
  options.base_url = without_slash(text("baseUrl"));
  options.login_url = or_else(without_slash(text("loginUrl")), options.base_url);
  options.domain = or_else(ascii_lower(text("domain")), default_domain(options.base_url, options.login_url));
  options.client_id = text("clientId");
  options.client_secret = hidden("clientSecret");
  options.private_key = hidden("privateKey");
  options.username = text("username");
  options.audience = or_else(text("audience"), default_audience(options.login_url));
  options.organization_id = text("organizationId");
  options.version_max = version_of(text("version")).value_or(version_default);
  options.source_system = or_else(text("sourceSystem"), "handoff");
  options.status = or_else(text("defaultStatus"), "Active");
  options.type = or_else(text("defaultType"), "Order");
  options.patient_record_type = text("patientRecordTypeId");
  options.match_patients = settings["matchPatients"].bool_or(true);
  options.update_patient = settings["updatePatient"].bool_or(true);
  options.requester = provider_of(text("requester"));
  if (const Json& performers = settings["performers"]; performers.is_array()) {
    for (const Json& item : performers.items()) {
      const std::string npi = item["npi"].text_or(), id = item["id"].text_or();
      if (!npi.empty() || !id.empty()) options.performers.push_back({npi, npi.empty() ? id : std::string()});
    }
  }
  return options;
}

namespace {

void check_performers(const Json& performers, Faults& faults) {
  if (!performers.is_array()) return;
  if (performers.size() > performers_max) {
    faults.push_back(
        {"/settings/performers", "connector.setting_range", "At most 25 performers; each gets a referral of its own."});
  }
  std::vector<std::string> seen;
  for (std::size_t i = 0; i < performers.size(); ++i) {
    const std::string at = "/settings/performers/" + std::to_string(i);
    const Json& item = performers.items()[i];
    if (!item.is_object()) {
      faults.push_back({at, "connector.setting_type", "A performer is an object with \"npi\" or \"id\"."});
      continue;
    }
    for (const auto& [key, value] : item.members()) {
      if (key == "npi" || key == "id") continue;
      faults.push_back({at + "/" + pointer_escape(key), "connector.setting_unknown",
                        "A performer is told by \"npi\" or by \"id\" and nothing else."});
    }
    const bool has_npi = item.contains("npi"), has_id = item.contains("id");
    if (has_npi == has_id) {
      faults.push_back({at, "connector.setting_missing", "Tell a performer by either \"npi\" or \"id\"."});
      continue;
    }
    const std::string key = has_npi ? "npi" : "id", value = item[key].text_or();
    if (has_npi && !is_npi(value)) {
      faults.push_back({at + "/npi", "connector.setting_range", "An NPI is a text of ten digits."});
    } else if (has_id && !is_record_id(value)) {
      faults.push_back(
          {at + "/id", "connector.setting_range", "A record id is a text of 15 or 18 letters and digits."});
    } else if (std::find(seen.begin(), seen.end(), value) != seen.end()) {
      faults.push_back({at, "connector.setting_range", "This performer stands in the list twice."});
    }
    seen.push_back(value);
  }
}

}  // namespace

void check_options(const Json& settings, const std::map<std::string, Secret>& secrets, Faults& faults) {
  const auto fault = [&](const char* key, const char* code, std::string message) {
    faults.push_back({std::string("/settings/") + key, code, std::move(message)});
  };
  const auto bounded = [&](const char* key, std::size_t length_max) {
    if (utf8_length(settings[key].text_or()) > length_max)
      fault(key, "connector.setting_range", "At most " + std::to_string(length_max) + " characters.");
  };
  const Options options = options_of(settings, secrets);
  const bool has_secret = !options.client_secret.reveal().empty();
  if (!has_secret && !options.signs()) {
    fault("clientSecret", "connector.setting_missing",
          "Give a client secret (client credentials) or a private key (JWT bearer).");
  } else if (has_secret && options.signs()) {
    fault("privateKey", "connector.setting_range",
          "Give a client secret or a private key, not both: it would not be clear which one signs in.");
  }
  if (options.signs()) {
    if (const auto unfit = private_key_fault(options.private_key))
      fault("privateKey", "connector.setting_range", *unfit);
    if (options.username.empty())
      fault("username", "connector.setting_missing", "The JWT bearer flow needs the user name it signs in.");
  }
  if (!options.organization_id.empty() &&
      !(is_record_id(options.organization_id) && options.organization_id.starts_with("00D"))) {
    fault("organizationId", "connector.setting_range", "The id of an org begins with 00D and has 15 or 18 characters.");
  }
  if (const Json& version = settings["version"]; version.is_string() && !version.string().empty()) {
    const auto number = version_of(trim(version.string()));
    if (!number) {
      fault("version", "connector.setting_range", "An API version is written like 66.0.");
    } else if (*number < version_min) {
      fault("version", "connector.setting_range", "Referral Management begins with API version 59.0.");
    }
  }
  if (const std::string domain = settings["domain"].text_or();
      domain.find_first_of("/:@ ") != std::string::npos || domain.starts_with('.')) {
    fault("domain", "connector.setting_range", "A domain is written like my.salesforce.com, without https:// or path.");
  }
  if (const Json& requester = settings["requester"];
      requester.is_string() && !trim(requester.string()).empty() && !options.requester) {
    fault("requester", "connector.setting_range", "Ten digits of an NPI, or a record id of 15 or 18 characters.");
  }
  if (!options.patient_record_type.empty() &&
      !(is_record_id(options.patient_record_type) && options.patient_record_type.starts_with("012"))) {
    fault("patientRecordTypeId", "connector.setting_range",
          "The id of a record type begins with 012 and has 15 or 18 characters.");
  }
  bounded("sourceSystem", name_max);
  bounded("defaultStatus", word_max);
  bounded("defaultType", word_max);
  check_performers(settings["performers"], faults);
}

}  // namespace handoff::connector::salesforce
