// One request on its way through a route: who asks, what was sent, and the answers handlers make.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/actor.h"
#include "face/own/shared.h"
#include "net/http.h"

namespace handoff::face::own {

class Call;
using Handle = Result<net::Response> (*)(Call&);

// Who may speak on a route.
enum class Access {
  open,      // anybody
  caller,    // an API key or access token
  client,    // an API client that asks for a token, by its own credentials
  hook,      // a destination, by its integration's hook token
  emr_hook,  // a record system, by the token of its webhook
};
enum class BodyKind {
  none,
  json,
  optional_json,  // an object or nothing
  empty,          // {} or nothing
  patch,          // a merge patch
  multipart,
  form,
  hook,  // whatever a webhook of a record system sends: JSON or a form, small
};

struct Route {
  const char* method;
  const char* path;  // "/api/v1/referrals/{referralId}"
  Access access;
  const char* scope;  // "" where any caller may
  BodyKind body;
  const char* query;  // the parameters it takes, with spaces between
  Handle handle;
  const char* operation_id;  // as in the OpenAPI document; "" for another spelling of a route above it
};

// A version number out of a record that carries none of its own.
std::int64_t version_of(const Json& record);

class Call {
 public:
  Call(Shared& shared, net::Request& request, const Route& route, std::vector<std::string> names);

  Shared& shared;
  const OwnFaceParts& parts;
  net::Request& request;
  const Route& route;
  access::Actor actor;
  std::vector<std::string> names;  // what stands in the path for {…}, in order
  std::vector<std::pair<std::string, std::string>> query;
  Json body;  // null for none

  const OrganizationId& organization() const { return actor.organization; }
  Instant now() const { return parts.clock.now(); }

  // An id from the path. One of another kind names nothing, so it is not found.
  template <class AnyId>
  Result<AnyId> id(std::size_t index, const char* what) const {
    auto parsed = AnyId::parse(names.at(index));
    if (!parsed) return not_found(what);
    return parsed;
  }
  static Error not_found(const char* what);  // "referral" gives "referral.not_found"

  // Parameters of the query; each adds its fault.
  const std::string* parameter(std::string_view name) const;
  std::size_t limit(Faults& faults) const;
  std::optional<std::string> cursor() const;
  std::optional<bool> flag(std::string_view name, Faults& faults) const;
  std::optional<Instant> instant(std::string_view name, Faults& faults) const;

  // Members of the body; each adds its fault.
  std::string text(std::string_view key, std::size_t max, Faults& faults) const;  // required
  std::optional<std::string> optional_text(std::string_view key, std::size_t max, Faults& faults) const;
  bool flag_member(std::string_view key, bool fallback, Faults& faults) const;
  // A fault for each member beyond `known`; false where the body is no object at all.
  bool members(const std::vector<std::string>& known, Faults& faults) const;

  // Answers.
  static net::Response json(int status, const Json& body, std::optional<std::int64_t> version = std::nullopt,
                            const std::string& location = {});
  static net::Response page(Json items, const std::optional<std::string>& next_cursor);

  // Error "request.stale_version" where If-Match names another version than the one that stands.
  Result<void> match(std::int64_t version) const;

  // Runs in one commit. The actor, the request id and the idempotency key go with it.
  using Work = std::function<Result<exchange::CommandAnswer>(exchange::OfficeUnit&)>;
  Result<exchange::CommandAnswer> commit(exchange::Needs needs, Work work, const std::string& cause = {});
  Result<net::Response> change(exchange::Needs needs, Work work, const std::string& cause = {});
  // For answers that change nothing but are POSTs: an idempotency key is kept with them, too.
  Result<net::Response> answer(const Json& body);

  // Writes down a look at records before they are shown. `records` holds the ids not looked at this minute.
  Result<void> looked(const char* action, const char* record_kind, const std::string& record_id,
                      const std::vector<OrganizationId>& trails);
  Result<void> looked_at_list(const char* action, const char* record_kind, std::vector<std::string> ids);

 private:
  Result<std::optional<exchange::Idempotency>> idempotency() const;
};

// A cursor that names the last record of a page by its key.
std::string cursor_after(const std::string& key);
Result<std::optional<std::string>> key_of_cursor(const std::optional<std::string>& cursor);

// A page of records that are read all at once, ordered by `key`, which is also the cursor. A record that comes or goes
// moves no other one across a page's edge.
template <class Item, class Key, class Show>
Result<net::Response> page_by_key(const Call& call, std::vector<Item> items, Key key, Show show) {
  Faults faults;
  const std::size_t limit = call.limit(faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  std::sort(items.begin(), items.end(), [&](const Item& a, const Item& b) { return key(a) < key(b); });
  const auto after = HANDOFF_TRY(key_of_cursor(call.cursor()));
  Json shown = Json::array();
  std::string last;
  for (const Item& item : items) {
    const std::string at = key(item);
    if (after && at <= *after) continue;
    if (shown.size() == limit) return Call::page(std::move(shown), cursor_after(last));
    shown.push_back(show(item));
    last = at;
  }
  return Call::page(std::move(shown), std::nullopt);
}

}  // namespace handoff::face::own
