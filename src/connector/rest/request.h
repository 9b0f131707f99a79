// From a step of a profile to the bytes of a request. Pure: the same delivery gives the same bytes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connector/files.h"
#include "connector/rest/profile.h"
#include "connector/settings.h"

namespace handoff::connector {

// The value of a multipart parameter in quotes (RFC 7578, as browsers write it).
std::string quoted_parameter(std::string_view text);

// The settings of one integration as templates see them.
class Wire {
 public:
  Wire(const Profile& profile, const Json& settings, const std::map<std::string, Secret>& secrets);

  // Names beside the settings: mark, remoteId, delivery.id …
  void set(std::string name, std::string value) { plain_.variables[std::move(name)] = std::move(value); }
  void set_token(const Secret& token) { token_ = token; }
  void set_snapshot(const referral::Snapshot* snapshot) { snapshot_ = snapshot; }

  Result<exchange::HttpRequest> request(const std::string& name, const StepRule& step) const;
  // With the mapped fields as body.
  Result<exchange::HttpRequest> request_with(const std::string& name, const StepRule& step,
                                             const exchange::Mapped& mapped) const;
  Result<exchange::HttpRequest> request_with(const std::string& name, const StepRule& step, const File& file,
                                             const std::string& boundary_seed) const;
  Result<exchange::HttpRequest> token_request() const;

 private:
  Result<std::string> base_url() const;
  Result<exchange::HttpRequest> start(const std::string& name, const StepRule& step) const;
  void authorize(exchange::HttpRequest& request) const;
  void mask(exchange::HttpRequest& request, const std::string& text) const;
  std::string filled(std::string_view text, exchange::Encode encode) const;  // without secrets
  std::string filled_with_secrets(std::string_view text) const;
  std::string body_text(std::string_view text) const;
  Json members(const Json& tree, const Json& fields) const;

  const Profile& profile_;
  const std::map<std::string, Secret>& secrets_;
  exchange::MapContext plain_;
  exchange::MapContext secret_;  // the secrets alone
  std::optional<Secret> token_;
  const referral::Snapshot* snapshot_ = nullptr;
};

}  // namespace handoff::connector
