#include "connector/salesforce/org.h"

#include "base/crypto.h"
#include "base/rsa.h"
#include "base/text.h"

namespace handoff::connector::salesforce {

using exchange::HttpRequest;

namespace {

constexpr const char* token_key = "access_token";
constexpr const char* instance_key = "instance_url";
constexpr const char* version_key = "version";
constexpr const char* until_key = "until";
constexpr std::string_view provider_prefix = "npi:";
constexpr const char* jwt_grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr std::int64_t assertion_seconds = 180;  // "a few minutes ahead"
constexpr const char* row_fields = "Id, Name, Status, IsAccepted, PatientId, PerformerId";

void hide(HttpRequest& request, const std::string& text) {
  if (text.empty()) return;
  request.secrets.emplace_back(text);
  if (std::string encoded = percent_encode(text); encoded != text) request.secrets.emplace_back(std::move(encoded));
}

}  // namespace

std::optional<std::string> Session::record_of(const Provider& provider) const {
  if (!provider.id.empty()) return provider.id;
  const auto found = providers.find(provider.npi);
  if (found == providers.end()) return {};
  return found->second;
}

std::map<std::string, Secret> Session::as_secrets() const {
  std::map<std::string, Secret> out;
  out.emplace(token_key, token);
  out.emplace(instance_key, Secret(instance));
  out.emplace(until_key, Secret(std::to_string(until_ms)));
  if (!version.empty()) out.emplace(version_key, Secret(version));
  for (const auto& [npi, id] : providers) out.emplace(std::string(provider_prefix) + npi, Secret(id));
  return out;
}

std::optional<Session> session_of(const std::map<std::string, Secret>* ephemeral) {
  if (ephemeral == nullptr) return {};
  const auto text = [&](const char* key) {
    const auto found = ephemeral->find(key);
    return found == ephemeral->end() ? std::string() : found->second.reveal();
  };
  Session session;
  session.token = Secret(text(token_key));
  session.instance = text(instance_key);
  session.version = text(version_key);
  session.until_ms = parse_int(text(until_key)).value_or(0);
  if (session.token.reveal().empty() || session.instance.empty()) return {};
  for (const auto& [key, value] : *ephemeral) {
    if (key.starts_with(provider_prefix)) session.providers.emplace(key.substr(provider_prefix.size()), value.reveal());
  }
  return session;
}

HttpRequest Org::start(const std::string& step, const char* method, const std::string& url) const {
  HttpRequest request;
  request.step = step;
  request.method = method;
  request.url = url;
  request.changes_destination = request.method != "GET";
  hide(request, options_.client_secret.reveal());
  hide(request, options_.private_key.reveal());
  if (session_ != nullptr) {
    hide(request, session_->token.reveal());
    request.headers.emplace_back("Authorization", "Bearer " + session_->token.reveal());
  }
  request.headers.emplace_back("Accept", "application/json");
  return request;
}

Result<HttpRequest> Org::sign_in(Instant now) const {
  HttpRequest request = Org(options_).start("token", "POST", options_.login_url + "/services/oauth2/token");
  request.changes_destination = false;
  std::string form;
  if (options_.signs()) {
    const std::int64_t expires = to_ms(now) / 1000 + assertion_seconds;
    const Json claims = Json::object(
        {{"iss", options_.client_id}, {"sub", options_.username}, {"aud", options_.audience}, {"exp", expires}});
    const std::string head = base64url(R"({"alg":"RS256"})") + "." + base64url(claims.dump());
    const std::string assertion = head + "." + base64url(HANDOFF_TRY(sign_rs256(options_.private_key, head)));
    form = "grant_type=" + percent_encode(jwt_grant) + "&assertion=" + percent_encode(assertion);
    hide(request, assertion);
  } else {
    form = "grant_type=client_credentials&client_id=" + percent_encode(options_.client_id) +
           "&client_secret=" + percent_encode(options_.client_secret.reveal());
  }
  request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  request.body.push_back({std::move(form), {}, 0, false, false});
  return request;
}

HttpRequest Org::versions() const { return start("versions", "GET", session_->instance + "/services/data"); }

HttpRequest Org::get(const std::string& step, const std::string& path) const {
  return start(step, "GET", session_->instance + "/services/data/" + session_->version + path);
}

HttpRequest Org::query(const std::string& step, const std::string& soql) const {
  return get(step, "/query?q=" + percent_encode(soql));
}

HttpRequest Org::send(const std::string& step, const char* method, const std::string& path, const Json& body) const {
  return send(step, method, path, {exchange::PartBytes{body.dump(), {}, 0, false, false}});
}

HttpRequest Org::send(const std::string& step, const char* method, const std::string& path,
                      std::vector<exchange::PartBytes> body) const {
  HttpRequest request = start(step, method, session_->instance + "/services/data/" + session_->version + path);
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = std::move(body);
  return request;
}

std::string soql_text(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string soql_list(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const std::string& text : texts) quoted.push_back(soql_text(text));
  return join(quoted, ", ");
}

std::string providers_query(const std::vector<std::string>& npis) {
  return "SELECT Npi, HealthcareProviderId, IsActive FROM HealthcareProviderNpi WHERE Npi IN (" + soql_list(npis) + ")";
}

std::string mark_query(const Options& options, std::string_view mark) {
  return std::string("SELECT ") + row_fields +
         " FROM ClinicalServiceRequest WHERE SourceSystem = " + soql_text(options.source_system) +
         " AND SourceSystemIdentifier = " + soql_text(mark);
}

std::string rows_query(const std::vector<std::string>& ids) {
  return std::string("SELECT ") + row_fields + " FROM ClinicalServiceRequest WHERE Id IN (" + soql_list(ids) + ")";
}

}  // namespace handoff::connector::salesforce
