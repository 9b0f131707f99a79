// What a sign-in, the list of versions and the look-up of providers answered.
#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "connector/salesforce/record_id.h"
#include "connector/salesforce/salesforce_connector.h"

namespace handoff::connector::salesforce {

using exchange::Reply;

namespace {

Error settings_fault(const char* code, std::string why) {
  return Error{Kind::precondition_failed, code, std::move(why), {}, {}};
}
Error no_answer(std::string why) { return Error{Kind::unavailable, "destination.no_answer", std::move(why), {}, {}}; }

// "https://login.salesforce.com/id/00Dxx0000001gPLEAY/005xx…": the org's part.
std::string organization_in(std::string_view identity) {
  const auto at = identity.find("/id/");
  if (at == std::string_view::npos) return {};
  const std::string_view rest = identity.substr(at + 4);
  return std::string(rest.substr(0, rest.find('/')));
}

}  // namespace

Result<Session> session_in(const Reply& reply, const Options& options) {
  const Json answer = Json::parse(reply.body).value_or(Json());
  Session session;
  session.token = Secret(answer["access_token"].text_or());
  if (session.token.reveal().empty() || session.token.reveal().find_first_of("\r\n") != std::string::npos)
    return no_answer("The org answered without an access token.");
  session.instance = answer["instance_url"].text_or(options.base_url);
  while (session.instance.ends_with('/')) session.instance.pop_back();
  const auto origin = origin_of(session.instance);
  if (!origin || !is_of_org(options, session.instance)) {
    return settings_fault("destination.other_host",
                          "The sign-in leads to another host than the settings allow. If it is the org's own, write it "
                          "into the address, or its domain into the domain.");
  }
  session.instance = origin->scheme + "://" + origin->host + (origin->port.empty() ? "" : ":" + origin->port);
  if (!options.organization_id.empty() &&
      !same_record(organization_in(answer["id"].text_or()), options.organization_id)) {
    return settings_fault("destination.other_organization",
                          "The sign-in ends in another org than the one whose id stands in the settings.");
  }
  // Few orgs say how long; the 401 that ends it is understood in any case.
  constexpr std::int64_t unstated = 3600, margin = 30, day = 86400;
  const std::int64_t told = std::clamp<std::int64_t>(answer["expires_in"].int_or(unstated), 1, day);
  session.until_ms = to_ms(reply.at) + 1000 * std::max<std::int64_t>(1, told - std::min(margin, told / 2));
  return session;
}

Result<std::string> version_in(const Json& body, const Options& options) {
  if (!body.is_array()) return no_answer("The org answered without its API versions.");
  int best = 0;
  for (const Json& item : body.items()) {
    const std::string text = item["version"].text_or();
    int number = 0;
    const auto done = std::from_chars(text.data(), text.data() + text.size(), number);
    if (done.ec != std::errc{} || std::string_view(done.ptr, text.data() + text.size()) != ".0") continue;
    if (number <= options.version_max) best = std::max(best, number);
  }
  if (best < version_min) {
    return settings_fault("destination.version_too_old", "The org offers no API version from 59.0 to " +
                                                             std::to_string(options.version_max) +
                                                             ".0, and Referral Management begins with 59.0.");
  }
  return "v" + std::to_string(best) + ".0";
}

Result<void> take_providers(const Json& body, const Options& options, Session& session) {
  std::map<std::string, std::vector<std::string>> found;
  for (const Json& record : body["records"].items()) {
    const std::string id = record["HealthcareProviderId"].text_or();
    if (!is_given_id(id) || !record["IsActive"].bool_or(true)) continue;
    auto& ids = found[record["Npi"].text_or()];
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  std::vector<std::string> absent, several;
  const auto take = [&](const Provider& provider) {
    if (provider.npi.empty() || session.record_of(provider)) return;
    const auto ids = found.find(provider.npi);
    if (ids == found.end()) {
      absent.push_back(provider.npi);
    } else if (ids->second.size() > 1) {
      several.push_back(provider.npi);
    } else {
      session.providers.emplace(provider.npi, ids->second.front());
    }
  };
  for (const Provider& performer : options.performers) take(performer);
  if (options.requester) take(*options.requester);
  if (!absent.empty()) {
    return settings_fault("destination.provider_not_found",
                          "The org has no active HealthcareProviderNpi that leads to a provider for " +
                              join(absent, ", ") + ". Add it there, or name the provider by its record id.");
  }
  if (!several.empty()) {
    return settings_fault("destination.provider_ambiguous", "The org has several providers for " + join(several, ", ") +
                                                                ". Name the one that is meant by its record id.");
  }
  return {};
}

}  // namespace handoff::connector::salesforce
