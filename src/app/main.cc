// The command line: one binary, every command. Parsing only; what a command does stands in its room.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <map>
#include <thread>

#include "app/admin.h"
#include "app/config.h"
#include "app/machine.h"
#include "app/service.h"
#include "base/end_signals.h"
#include "base/log.h"
#include "face/cli/match.h"
#include "sandbox/cms_sandbox.h"
#include "sandbox/kipu_sandbox.h"

namespace {

using namespace handoff;

int fail(const Error& error) {
  std::cerr << "handoff: " << error.for_caller;
  if (!error.for_log.empty()) std::cerr << " (" << error.for_log << ")";
  std::cerr << "\n";
  for (const auto& fault : error.faults) std::cerr << "  " << fault.pointer << ": " << fault.message << "\n";
  return 1;
}

Level level_of(const std::string& word) {
  return word == "debug" ? Level::debug : word == "warn" ? Level::warn : word == "error" ? Level::error : Level::info;
}

int serve(const std::map<std::string, std::string>& given, const std::string& file, Clock& clock, Random& random) {
  auto config = app::Config::read(given, file, [](const char* name) { return std::getenv(name); });
  if (!config) return fail(config.error());
  Log::configure(&clock, level_of(config->text("log.level")));
  auto options = app::service_options(*config);
  if (!options) return fail(options.error());
  block_end_signals();
  auto service = app::Service::start(std::move(*options), clock, random);
  if (!service) return fail(service.error());
  std::cout << "ready " << (*service)->url() << std::endl;
  for (const auto& line : (*service)->how_to_try()) std::cout << line << std::endl;
  wait_for_end_signal();
  log_info("server.draining");
  (*service)->stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a peer that left is an error of its connection, not the end of us
  SystemClock clock;
  SystemRandom random;
  Log::configure(&clock, Level::info);

  const std::vector<std::string> words(argv + 1, argv + argc);
  if (const auto status =
          face::cli::run_match(words, {std::cout, std::cerr, clock, ::isatty(2) == 1, app::free_memory_bytes()}))
    return *status;

  CLI::App cli{"handoff: a self-hosted referral exchange", "handoff"};
  cli.set_version_flag("--version", HANDOFF_VERSION);
  cli.require_subcommand(1);

  auto* serve_command = cli.add_subcommand("serve", "Serve the API, the pages and the deliveries");
  std::map<std::string, std::string> settings;
  std::string config_file;
  bool demo = false, print_example = false;
  serve_command->add_option("--config", config_file, "Configuration file (TOML); HANDOFF_CONFIG")
      ->envname("HANDOFF_CONFIG");
  serve_command->add_flag("--print-example-config", print_example, "Print the annotated configuration file and end");
  for (const auto& row : app::setting_rows()) {
    const std::string key = row.key;
    std::string help = row.description;
    if (*row.fallback) help += " Default: " + std::string(row.fallback) + ".";
    help += " Variable " + app::variable_of(key) + ".";
    if (key == "demo") {
      serve_command->add_flag("--demo", demo, help);
    } else {
      serve_command->add_option_function<std::string>(
          app::flag_of(key), [&settings, key](const std::string& value) { settings[key] = value; }, help);
    }
  }

  std::string database, key_file, name, plan = "advanced_cbo";
  bool json = false;
  const auto with_database = [&](CLI::App* command) {
    command->add_option("--database", database, "sqlite:PATH or postgresql://…")
        ->envname("HANDOFF_DATABASE")
        ->required();
    command->add_option("--key-file", key_file, "File of the server key")->envname("HANDOFF_KEY_FILE");
    command->add_flag("--json", json, "Answer in JSON");
    return command;
  };
  auto* admin = cli.add_subcommand("admin", "Operator's work");
  admin->require_subcommand(1);
  auto* bootstrap =
      with_database(admin->add_subcommand("bootstrap", "Make an organization with an administrator and an API client"));
  bootstrap->add_option("--organization", name, "Its name")->required();
  bootstrap->add_option("--plan", plan, "basic, advanced_cbo or enterprise");
  auto* migrate = with_database(admin->add_subcommand("migrate", "Bring the database to this release's schema"));
  auto* plan_command = admin->add_subcommand("plan", "An organization's plan");
  plan_command->require_subcommand(1);
  auto* plan_set = with_database(plan_command->add_subcommand("set", "Set it"));
  plan_set->add_option("organization", name, "Id or name")->required();
  plan_set->add_option("plan", plan, "basic, advanced_cbo or enterprise")->required();
  auto* register_record = with_database(
      admin->add_subcommand("register-record", "Register a record of the CRM data model under an id from elsewhere"));
  std::string object, record_id, fields = "{}";
  register_record->add_option("--organization", name, "Id or name")->required();
  register_record->add_option("--object", object, "HealthcareProvider, Account, MemberPlan …")->required();
  register_record->add_option("--id", record_id, "15 or 18 characters, as the other system shows it")->required();
  register_record->add_option("--fields", fields, "Its fields, as a JSON object");
  auto* verify_audit =
      with_database(admin->add_subcommand("verify-audit", "Recompute the audit trail's hashes and seals"));
  auto* verify_decisions =
      with_database(admin->add_subcommand("verify-decisions", "Decide every recorded decision again and compare"));

  auto* explain = with_database(cli.add_subcommand("explain", "Why a referral is, or is not yet, in a destination"));
  std::string referral, integration, profiles;
  explain->add_option("--profiles", profiles, "Directory with more connector profiles")->envname("HANDOFF_PROFILES");
  explain->add_option("--referral", referral, "Its id")->required();
  explain->add_option("--integration", integration, "Only this one");

  auto* connectors = cli.add_subcommand("connectors", "Connector profiles");
  connectors->require_subcommand(1);
  auto* validate = connectors->add_subcommand("validate", "Check a profile");
  std::string profile_file;
  validate->add_option("file", profile_file, "The profile (TOML)")->required();

  auto* sandbox = cli.add_subcommand("sandbox", "A partner system to rehearse with");
  sandbox->require_subcommand(1);
  sandbox::CmsSandboxWords sandbox_words;
  std::vector<CLI::App*> products;
  for (const char* product : {"crms", "cms"}) {
    auto* command = sandbox->add_subcommand(
        product, std::string("Receives referrals like a client management system (") + product + ")");
    command->add_option("--listen", sandbox_words.listen, "HOST:PORT")->required();
    command->add_option("--token", sandbox_words.token, "Bearer token it asks for")->required();
    command->add_option("--require", sandbox_words.require, "Wire keys that must have a value, comma separated");
    command->add_option("--fail", sandbox_words.fail, "CODE:COUNT answers that fail at first");
    command->add_option("--latency", sandbox_words.latency, "Milliseconds before each answer");
    command->add_option("--store", sandbox_words.store, "File that keeps its memory over restarts");
    products.push_back(command);
  }
  sandbox::KipuSandboxWords kipu_words;
  auto* kipu = sandbox->add_subcommand("kipu", "A record system (EMR) that speaks like KIPU");
  kipu->add_option("--listen", kipu_words.listen, "HOST:PORT of the EMR's API")->required();
  kipu->add_option("--control", kipu_words.control, "HOST:PORT of the control plane, a loopback address")->required();
  kipu->add_option("--access-id", kipu_words.access_id, "Access id that clients sign with")->required();
  kipu->add_option("--secret", kipu_words.secret, "Secret key that clients sign with")->required();
  kipu->add_option("--app-id", kipu_words.app_id, "App id of this instance")->required();

  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return cli.exit(error);
  }

  const app::AdminContext context{database, key_file, profiles, json, std::cout, clock, random};
  const auto done = [](const Result<void>& result) { return result ? 0 : fail(result.error()); };
  const auto found = [](const Result<bool>& result) { return !result ? fail(result.error()) : *result ? 0 : 1; };
  if (*serve_command) {
    if (print_example) {
      std::cout << app::example_file();
      return 0;
    }
    if (demo) settings["demo"] = "on";
    return serve(settings, config_file, clock, random);
  }
  Log::configure(&clock, Level::warn);
  if (*bootstrap) return done(app::admin_bootstrap(context, name, plan));
  if (*migrate) return done(app::admin_migrate(context));
  if (*plan_set) return done(app::admin_set_plan(context, name, plan));
  if (*register_record) return done(app::admin_register_record(context, name, object, record_id, fields));
  if (*verify_audit) return found(app::admin_verify_audit(context));
  if (*verify_decisions) return found(app::admin_verify_decisions(context));
  if (*explain) return done(app::explain_referral(context, referral, integration));
  if (*validate) return found(app::validate_connector(context, profile_file));
  for (auto* command : products) {
    if (!*command) continue;
    sandbox_words.product = command->get_name();
    return done(sandbox::run_cms_sandbox(sandbox_words, clock, random));
  }
  if (*kipu) {
    return done(sandbox::run_kipu_sandbox(kipu_words, clock, random));
  }
  return 2;
}
