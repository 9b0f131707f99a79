#include "store/bootstrap.h"

#include "base/text.h"
#include "referral/status.h"
#include "store/records.h"

namespace handoff::store {
namespace {

constexpr Statement insert_organization{
    "bootstrap.organization",
    "INSERT INTO organization (id, name, plan, version, config_version, created_at) VALUES ($1, $2, $3, 1, 1, $4)"};
constexpr Statement insert_user{
    "bootstrap.user", "INSERT INTO app_user (organization_id, id, name, role, created_at) VALUES ($1, $2, $3, $4, $5)"};
constexpr Statement insert_key{
    "bootstrap.key",
    "INSERT INTO api_key (hash, organization_id, id, name, scopes, created_at) VALUES ($1, $2, $3, $4, $5, $6)"};
constexpr Statement insert_client{"bootstrap.client",
                                  "INSERT INTO api_client (id, organization_id, name, secret_hash, scopes, created_at) "
                                  "VALUES ($1, $2, $3, $4, $5, $6)"};
constexpr Statement insert_sub_status{
    "bootstrap.sub_status",
    "INSERT INTO sub_status (organization_id, code, label, category, position) VALUES ($1, $2, $3, $4, $5)"};
constexpr Statement insert_listing{"bootstrap.listing",
                                   "INSERT INTO listing (organization_id, id, name, visibility, body, version, "
                                   "created_at) VALUES ($1, $2, $3, 'private', $4, 1, $5)"};
}  // namespace

Result<Credentials> bootstrap(Database& database, const ServerKey& key, Instant now, Random& random,
                              const NewOrganization& organization) {
  if (trim(organization.name).empty() || utf8_length(organization.name) > 200) {
    return Error{Kind::invalid_input,
                 "organization.bad_name",
                 "An organization needs a name of at most 200 characters.",
                 {},
                 {}};
  }
  Credentials made;
  made.organization = OrganizationId::make(now, random);
  made.api_key = organization.api_key.value_or(Secret("hk_" + random_token(random, 32)));
  made.client = ApiClientId::make(now, random);
  made.client_secret = organization.client_secret.value_or(Secret("hs_" + random_token(random, 32)));
  const std::string id = made.organization.text(), scopes = texts_json(access::every_scope());
  directory::Listing unassigned;
  unassigned.id = ListingId::make(now, random);
  unassigned.organization = made.organization;
  unassigned.name = directory::unassigned_listing_name;
  unassigned.created_at = now;
  std::vector<Connection::Call> calls{
      {&insert_organization, {id, organization.name, std::string(directory::plan_code(organization.plan)), to_ms(now)}},
      {&insert_user,
       {id, UserId::make(now, random).text(), std::string("Administrator"), std::string("administrator"), to_ms(now)}},
      {&insert_key,
       {key.keyed_hash(made.api_key.reveal()), id, ApiKeyId::make(now, random).text(),
        std::string("Administrator's key"), scopes, to_ms(now)}},
      {&insert_client,
       {made.client.text(), id, std::string("First API client"), key.keyed_hash(made.client_secret.reveal()), scopes,
        to_ms(now)}},
      {&insert_listing,
       {id, unassigned.id.text(), unassigned.name, directory::listing_to_json(unassigned).dump(), to_ms(now)}},
  };
  std::int64_t position = 0;
  for (const auto& row : referral::standard_sub_statuses()) {
    calls.push_back({&insert_sub_status, {id, row.code, row.label, std::string(word(row.category)), position++}});
  }
  auto connection = HANDOFF_TRY(database.connect());
  HANDOFF_TRY(connection->begin());
  auto written = connection->execute_all(calls);
  if (!written) {
    connection->rollback();
    if (written.error().code == "store.constraint") {
      return Error{Kind::conflict, "organization.name_taken", "There is an organization of this name already.", {}, {}};
    }
    return std::move(written).error();
  }
  HANDOFF_TRY(connection->commit());
  return made;
}

}  // namespace handoff::store
