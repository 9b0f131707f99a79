#include "app/admin.h"

#include <fstream>
#include <sstream>

#include "app/service.h"
#include "base/text.h"
#include "connector/list.h"
#include "exchange/explain.h"
#include "record/record_id.h"
#include "record/store.h"
#include "record/value.h"
#include "store/ledger.h"
#include "store/operator.h"
#include "store/readers.h"
#include "store/schema.h"
#include "store/verify.h"

namespace handoff::app {
namespace {

Result<directory::Plan> plan_named(const std::string& word) {
  if (const auto plan = directory::plan_of(word)) return *plan;
  return Error{
      Kind::invalid_input, "plan.unknown", "There is no such plan; one of basic, advanced_cbo, enterprise.", {}, {}};
}

Result<std::unique_ptr<store::Database>> open_checked(const AdminContext& context) {
  auto database = HANDOFF_TRY(store::Database::open(context.database_url));
  HANDOFF_TRY(store::check_schema(*database, store::migrations()));
  return database;
}

}  // namespace

Result<void> admin_bootstrap(const AdminContext& context, const std::string& organization, const std::string& plan) {
  const directory::Plan chosen = HANDOFF_TRY(plan_named(plan));
  const ServerKey key = HANDOFF_TRY(server_key(context.database_url, context.key_file, context.random));
  auto database = HANDOFF_TRY(store::Database::open(context.database_url));
  HANDOFF_TRY(store::migrate(*database, store::migrations()));
  const auto made = HANDOFF_TRY(store::bootstrap(*database, key, context.clock.now(), context.random,
                                                 {organization, chosen, std::nullopt, std::nullopt}));
  if (context.json) {
    context.out << Json::object({{"organizationId", made.organization.text()},
                                 {"apiKey", made.api_key.reveal()},
                                 {"clientId", made.client.text()},
                                 {"clientSecret", made.client_secret.reveal()}})
                       .dump()
                << "\n";
  } else {
    context.out << "Organization  " << made.organization.text() << "\nAPI key       " << made.api_key.reveal()
                << "\nClient id     " << made.client.text() << "\nClient secret " << made.client_secret.reveal()
                << "\nThese are shown once; only their hashes are kept.\n";
  }
  return {};
}

Result<void> admin_migrate(const AdminContext& context) {
  auto database = HANDOFF_TRY(store::Database::open(context.database_url));
  const int before = HANDOFF_TRY(store::schema_number(*database));
  HANDOFF_TRY(store::migrate(*database, store::migrations()));
  const int after = HANDOFF_TRY(store::schema_number(*database));
  if (context.json) {
    context.out << Json::object({{"before", before}, {"after", after}}).dump() << "\n";
  } else if (before == after) {
    context.out << "The schema is up to date (" << after << ").\n";
  } else {
    context.out << "Migrated from schema " << before << " to " << after << ".\n";
  }
  return {};
}

Result<void> admin_set_plan(const AdminContext& context, const std::string& organization, const std::string& plan) {
  const directory::Plan chosen = HANDOFF_TRY(plan_named(plan));
  auto database = HANDOFF_TRY(open_checked(context));
  HANDOFF_TRY(store::set_plan(*database, organization, chosen, context.clock.now()));
  if (context.json) {
    context.out << Json::object({{"organization", organization}, {"plan", directory::plan_code(chosen)}}).dump()
                << "\n";
  } else {
    context.out << organization << " is on " << directory::plan_label(chosen) << " now.\n";
  }
  return {};
}

Result<void> admin_register_record(const AdminContext& context, const std::string& organization,
                                   const std::string& object_name, const std::string& id, const std::string& fields) {
  const record::Object* object = record::find_object(object_name);
  if (object == nullptr || std::string_view(object->name) == "ClinicalServiceRequest") {
    return Error{
        Kind::invalid_input,
        "record.unknown_object",
        "There is no such object to register; one that is: HealthcareProvider, Account, MemberPlan, CodeSet. A "
        "ClinicalServiceRequest comes with a referral.",
        {},
        {}};
  }
  if (!record::has_id_form(id))
    return Error{Kind::invalid_input, "record.id_malformed", "An id has 15 or 18 letters and digits.", {}, {}};
  auto given = Json::parse(fields);
  if (!given || !given->is_object()) {
    return Error{Kind::invalid_input,
                 "record.fields_unreadable",
                 "--fields takes one JSON object, for example '{\"Name\": \"Mill Clinic\"}'.",
                 {},
                 {}};
  }
  Faults faults;
  Json read = record::read_fields(*object, *given, record::Write::create, faults);
  std::erase_if(faults, [](const Fault& fault) { return fault.code == "record.field_missing"; });
  if (!faults.empty()) return fault_error(std::move(faults));

  const ServerKey key = HANDOFF_TRY(server_key(context.database_url, context.key_file, context.random));
  auto database = HANDOFF_TRY(open_checked(context));
  std::optional<OrganizationId> owner;
  if (auto parsed = OrganizationId::parse(organization)) owner = *parsed;
  if (!owner) owner = HANDOFF_TRY(store::organization_named(*database, organization));
  const auto no_organization = [] {
    return Error{Kind::not_found, "organization.not_found", "There is no organization with this id or name.", {}, {}};
  };
  if (!owner) return no_organization();
  auto ledger = HANDOFF_TRY(store::WritingLedger::start(*database, key, context.clock, context.random, {}));
  exchange::Command command;
  command.actor.kind = access::ActorKind::operator_command;
  command.actor.id = "operator";
  command.actor.name = "Operator";
  command.actor.organization = *owner;
  auto needs = std::make_shared<record::Needs>();
  needs->changing = {id};
  command.needs.rooms.push_back(needs);
  command.run = [&](exchange::OfficeUnit& unit) -> Result<exchange::CommandAnswer> {
    if (unit.organization(*owner) == nullptr) return no_organization();
    auto& records = part_of<record::Unit>(unit);
    record::Record record;
    const record::Record* standing = records.record(id);
    // A neighbour whose first fifteen characters this id may stand for is another record.
    if (standing && standing->id != record::registered_id(id)) standing = nullptr;
    if (standing && standing->object != object) {
      return Error{Kind::conflict,
                   "record.exists",
                   std::string("A record of ") + standing->object->name + " stands under this id already.",
                   {},
                   {}};
    }
    if (standing) record = *standing;
    record.organization = *owner;
    record.id = record::registered_id(id);
    record.object = object;
    record.fields = Private(read);
    record.version += 1;
    record.updated_at = unit.now();
    if (!standing) record.created_at = unit.now();
    if (!standing) record.created_by = unit.actor().id;
    records.save(record);
    unit.audit(*owner, "record.register", "record", record::shown_id(record.id),
               Json::object({{"object", object->name}, {"version", record.version}}));
    return exchange::CommandAnswer{standing ? 200 : 201, Json(record::shown_id(record.id)), std::nullopt, {}};
  };
  exchange::Ledger& commands = *ledger;
  auto done = commands.run(std::move(command));
  ledger->stop();
  const auto answer = HANDOFF_TRY(std::move(done));
  if (context.json) {
    context.out
        << Json::object({{"id", answer.body}, {"object", object->name}, {"created", answer.status == 201}}).dump()
        << "\n";
  } else {
    context.out << object->label << " " << answer.body.text_or()
                << (answer.status == 201 ? " is registered.\n" : " was there and has these fields now.\n");
  }
  return {};
}

Result<bool> admin_verify_audit(const AdminContext& context) {
  auto database = HANDOFF_TRY(open_checked(context));
  const auto report = HANDOFF_TRY(store::verify_audit(*database));
  const auto number = [](const std::optional<std::int64_t>& value) { return value ? Json(*value) : Json(); };
  if (context.json) {
    Json fault;
    if (report.fault) {
      fault = Json::object(
          {{"row", number(report.fault->row)}, {"block", number(report.fault->block)}, {"what", report.fault->what}});
    }
    context.out << Json::object({{"rows", report.rows},
                                 {"blocks", report.blocks},
                                 {"unsealed", report.unsealed},
                                 {"lastRoot", report.last_root.empty() ? Json() : Json(report.last_root)},
                                 {"fault", std::move(fault)}})
                       .dump()
                << "\n";
  } else if (report.fault) {
    context.out << report.fault->what << "\n";
  } else {
    context.out << report.rows << " rows in " << report.blocks << " sealed blocks hold together; " << report.unsealed
                << " rows at the end are not sealed yet.\n";
    if (!report.last_root.empty()) context.out << "Last root " << report.last_root << "\n";
  }
  return !report.fault.has_value();
}

Result<bool> admin_verify_decisions(const AdminContext& context) {
  auto database = HANDOFF_TRY(open_checked(context));
  const auto report = HANDOFF_TRY(store::verify_decisions(*database));
  if (context.json) {
    Json mismatches = Json::array();
    for (const auto& each : report.mismatches) {
      mismatches.push_back(Json::object({{"organizationId", each.organization},
                                         {"eventId", each.event},
                                         {"integrationId", each.integration},
                                         {"what", each.what}}));
    }
    context.out << Json::object({{"checked", report.checked},
                                 {"otherVersions", report.other_versions},
                                 {"mismatchCount", report.mismatch_count},
                                 {"mismatches", std::move(mismatches)}})
                       .dump()
                << "\n";
  } else {
    context.out << report.checked << " decisions were made again, " << report.mismatch_count << " came out otherwise; "
                << report.other_versions << " were made by an earlier release and are left alone.\n";
    for (const auto& each : report.mismatches) {
      context.out << "  " << each.event << " for " << each.integration << ": " << each.what << "\n";
    }
  }
  return report.mismatch_count == 0;
}

Result<void> explain_referral(const AdminContext& context, const std::string& referral,
                              const std::string& integration) {
  const ReferralId id = HANDOFF_TRY(ReferralId::parse(referral));
  const ServerKey key = HANDOFF_TRY(server_key(context.database_url, context.key_file, context.random));
  auto database = HANDOFF_TRY(open_checked(context));
  store::ReaderPool pool(*database, 1);
  const auto referrals = store::make_referral_reader(pool);
  const auto deliveries = store::make_exchange_reader(pool, key);
  connector::Connectors connectors;
  if (!context.profiles.empty()) HANDOFF_TRY(connectors.load(context.profiles));
  Json all = Json::array();
  for (const auto& organization : HANDOFF_TRY(store::parties_of(*database, id))) {
    for (const auto& each : HANDOFF_TRY(deliveries->integrations(organization))) {
      if (!integration.empty() && each.id.text() != integration) continue;
      const auto facts = HANDOFF_TRY(
          exchange::gather(*referrals, *deliveries, connectors.find(each.connector), organization, id, each));
      const auto explanation = exchange::explain(facts);
      if (context.json) {
        all.push_back(exchange::to_json(explanation));
      } else {
        context.out << each.name << ": " << explanation.sentence << "\n";
        for (const auto& check : explanation.checks)
          context.out << "  " << check.check << ": " << check.result << " " << check.code << "  " << check.detail
                      << "\n";
      }
    }
  }
  if (context.json)
    context.out << (integration.empty() || all.size() != 1 ? all : all.items().front()).dump_pretty() << "\n";
  return {};
}

Result<bool> validate_connector(const AdminContext& context, const std::string& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  if (!in) return Error{Kind::not_found, "profile.unreadable", "The file cannot be read.", file, {}};
  const Json answer = connector::validate_profile(text.str());
  context.out << answer.dump_pretty() << "\n";
  return answer["valid"].bool_or(false);
}

}  // namespace handoff::app
