// Operator's commands over a database, each a function that prints to `out` and answers the exit status.
#pragma once

#include <ostream>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"

namespace handoff::app {

struct AdminContext {
  std::string database_url;
  std::string key_file;
  std::string profiles;  // directory with more connector profiles; "" for none
  bool json = false;
  std::ostream& out;
  Clock& clock;
  Random& random;
};

Result<void> admin_bootstrap(const AdminContext& context, const std::string& organization, const std::string& plan);
Result<void> admin_migrate(const AdminContext& context);
Result<void> admin_set_plan(const AdminContext& context, const std::string& organization, const std::string& plan);
// A record of the CRM data model under an id that another system gave it, whatever its beginning and its last three
// characters say. Registering it again replaces its fields. `fields` is a JSON object; nothing is required of it.
Result<void> admin_register_record(const AdminContext& context, const std::string& organization,
                                   const std::string& object, const std::string& id, const std::string& fields);
// False where something was found.
Result<bool> admin_verify_audit(const AdminContext& context);
Result<bool> admin_verify_decisions(const AdminContext& context);
// Every linked or once decided integration of the referral, or the one named.
Result<void> explain_referral(const AdminContext& context, const std::string& referral, const std::string& integration);
Result<bool> validate_connector(const AdminContext& context, const std::string& file);

}  // namespace handoff::app
