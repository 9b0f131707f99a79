// One request on its way through the Salesforce face.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "face/salesforce/refusal.h"
#include "face/salesforce/salesforce.h"
#include "record/store.h"

namespace handoff::face::salesforce {

inline constexpr int oldest_version = 59, newest_version = 68;

// What lives as long as the face.
struct Shared {
  SalesforceFaceParts parts;
  AuditedLooks looks;
};

class Call {
 public:
  Call(Shared& shared_state, net::Request& incoming)
      : shared(shared_state), parts(shared_state.parts), request(incoming) {}

  Shared& shared;
  const SalesforceFaceParts& parts;
  net::Request& request;
  access::Actor actor;
  std::vector<std::string> segments;  // of the path, decoded; empty ones are dropped
  std::vector<std::pair<std::string, std::string>> query;
  std::string version;  // "v66.0"; "" outside of a version

  const OrganizationId& organization() const { return actor.organization; }
  Instant now() const { return parts.clock.now(); }
  const std::string* parameter(std::string_view name) const;

  // Where this server is for the caller: "https://referrals.example.org".
  std::string base_url() const;
  // "/services/data/v66.0" and what follows.
  std::string path(std::string_view below) const { return "/services/data/" + version + std::string(below); }
  // Ids of this face for the organization and for whoever acts.
  std::string organization_id() const;
  std::string user_id() const;

  Result<void> needs_scope(const char* scope) const;

  // The body as JSON; its text stays at hand for the place of a fault. Error "salesforce.unreadable".
  Result<Json> read_json();
  const std::string& text() const { return text_; }
  // A fault of the body at `pointer`, with line and column.
  Error unreadable(std::string_view pointer, const std::string& sentence) const;

  using Work = std::function<Result<exchange::CommandAnswer>(exchange::OfficeUnit&)>;
  // Runs in one commit, under the request's Idempotency-Key where it has one. Where a request makes several commits,
  // `part` tells them apart.
  Result<exchange::CommandAnswer> commit(exchange::Needs needs, Work work, const std::string& part = {});

  // Writes down a look at records before they are shown, once per actor, record and minute.
  Result<void> looked_at(const char* action, const char* record_kind, std::vector<std::string> ids);

 private:
  std::string text_;
};

// "[line:2, column:14]" of the value, or of the member's name, that `pointer` leads to in a valid JSON text.
std::string place_in_json(std::string_view text, std::string_view pointer);

}  // namespace handoff::face::salesforce
