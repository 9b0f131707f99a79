#include "app/demo.h"

#include "base/log.h"
#include "store/operator.h"

namespace handoff::app {
namespace {

constexpr const char* receiver_name = "Riverside Community Services";
constexpr const char* sender_name = "Mill Clinic";
constexpr const char* sender_crm_name = "Mill Clinic CRM";
constexpr int crms_port = 9100, cms_port = 9101;

// The same at every start of the same server, so that notes and scripts stay true; nobody without the key file can
// guess it.
Secret demo_secret(const ServerKey& key, const std::string& what) {
  return Secret("hk_demo_" + key.keyed_hash("demo " + what).substr(0, 40));
}

Result<std::unique_ptr<sandbox::CmsSandbox>> start_sandbox(sandbox::CmsProduct product, int port,
                                                           const std::string& token, const std::string& store,
                                                           const Clock& clock, Random& random) {
  sandbox::CmsSandboxOptions options;
  options.product = product;
  options.port = port;
  options.token = token;
  options.store = store;
  auto started = sandbox::CmsSandbox::start(options, clock, random);
  if (started || port == 0) return started;
  options.port = 0;  // somebody else has the usual port
  return sandbox::CmsSandbox::start(options, clock, random);
}

const Json& intake_listing() {
  static const Json body = *Json::parse(R"({
    "name": "Intake", "description": "Counselling, day programs and supportive housing. We call within two working days.",
    "visibility": "exchange", "registrantRequired": [],
    "form": {"fields": [
      {"key": "reason", "label": "Reason for referral", "type": "longText", "required": false},
      {"key": "livingSituation", "label": "Living situation", "type": "choice", "options": ["own home", "with family", "shelter", "no fixed address"]},
      {"key": "interpreter", "label": "Interpreter needed", "type": "boolean"},
      {"key": "bestTime", "label": "Best time to call", "type": "text"},
      {"key": "documents", "label": "Documents", "type": "attachment"}]}})");
  return body;
}

struct Wish {
  const char* name;
  const char* connector;
  const char* preset;
};

}  // namespace

Result<std::unique_ptr<Demo>> Demo::start(store::Database& database, exchange::Ledger& ledger,
                                          const exchange::ConnectorSource& connectors, const ServerKey& key,
                                          const std::string& directory, sync::Reader& emr,
                                          const std::string& public_url, const Clock& clock, Random& random) {
  auto demo = std::make_unique<Demo>();
  const std::string crms_token = demo_secret(key, "crms").reveal(), cms_token = demo_secret(key, "cms").reveal();
  demo->crms_ = HANDOFF_TRY(start_sandbox(sandbox::CmsProduct::crms, crms_port, crms_token,
                                          directory + "/sandbox-crms.jsonl", clock, random));
  demo->cms_ = HANDOFF_TRY(
      start_sandbox(sandbox::CmsProduct::cms, cms_port, cms_token, directory + "/sandbox-cms.jsonl", clock, random));

  std::vector<OrganizationId> organizations;
  for (const char* name : {receiver_name, sender_name}) {
    auto found = HANDOFF_TRY(store::organization_named(database, name));
    const Secret api_key = demo_secret(key, name);
    if (!found) {
      const auto made = HANDOFF_TRY(store::bootstrap(
          database, key, clock.now(), random,
          {name, directory::Plan::advanced_cbo, api_key, demo_secret(key, std::string(name) + " client")}));
      found = made.organization;
    }
    organizations.push_back(*found);
    demo->sign_in_.push_back({std::string(name) + (name == receiver_name ? " (receives)" : " (sends)"),
                              "Authorization: Bearer " + api_key.reveal(), ""});
  }

  ListingId intake;
  // Listings and integrations of the receiver, as an administrator would make them; addresses follow the sandboxes.
  exchange::Command command;
  command.actor.kind = access::ActorKind::operator_command;
  command.actor.id = command.actor.name = "demo";
  command.actor.organization = organizations.front();
  command.cause = "demo";
  command.run = [&](exchange::OfficeUnit& unit) -> Result<exchange::CommandAnswer> {
    const OrganizationId owner = organizations.front();
    directory::Organization organization = *unit.organization(owner);
    if (!organization.integration_contact) {
      organization.integration_contact =
          directory::IntegrationContact{"Rosa Lindqvist", "integrations@riverside.example", "+1 905 555 0111"};
      organization.version += 1;
      unit.save(organization);
    }
    for (const auto* listing : unit.listings(owner)) {
      if (listing->name == "Intake") intake = listing->id;
    }
    if (intake.empty()) {
      directory::Listing listing;
      Faults faults;
      directory::read_listing(intake_listing(), listing, faults);
      HANDOFF_ASSERT(faults.empty());
      listing.id = intake = ListingId::make(unit.now(), unit.random());
      listing.organization = owner;
      listing.created_at = unit.now();
      unit.save(listing);
    }
    for (const Wish& wish : {Wish{"CRMS intake", "crms", "handoff_at_end"},
                             Wish{"Case management (early import)", "cms", "import_when_accepted"}}) {
      const bool is_crms = std::string_view(wish.connector) == "crms";
      const std::string url = is_crms ? demo->crms_->url() : demo->cms_->url();
      exchange::Integration integration;
      bool exists = false;
      for (const auto* known : unit.integrations(owner)) {
        if (known->name == wish.name) {
          integration = *known;
          exists = true;
        }
      }
      if (exists && integration.settings["baseUrl"].text_or() == url) continue;
      if (exists) {
        integration.settings.set("baseUrl", url);
        integration.version += 1;
      } else {
        const exchange::Connector* connector = connectors.find(wish.connector);
        HANDOFF_ASSERT(connector != nullptr);
        Faults faults;
        const Json body =
            Json::object({{"name", wish.name},
                          {"listingIds", Json::array({intake.text()})},
                          {"preset", wish.preset},
                          {"settings", Json::object({{"baseUrl", url}, {"token", is_crms ? crms_token : cms_token}})}});
        exchange::read_integration(body, *connector, true, unit.now(), integration, faults);
        for (const auto& fault : faults)
          log_error("demo.integration", {{"pointer", fault.pointer}, {"code", fault.code}});
        HANDOFF_ASSERT(faults.empty());
        integration.id = IntegrationId::make(unit.now(), unit.random());
        integration.organization = owner;
        integration.created_at = unit.now();
      }
      unit.save(integration);
      unit.wake(owner, integration.id);
    }
    return exchange::CommandAnswer{};
  };

  HANDOFF_TRY(ledger.run(std::move(command)));

  // The sender's own CRM hears what the sender sends, and what becomes of it.
  exchange::Command of_sender;
  of_sender.actor.kind = access::ActorKind::operator_command;
  of_sender.actor.id = of_sender.actor.name = "demo";
  of_sender.actor.organization = organizations.back();
  of_sender.cause = "demo";
  of_sender.run = [&](exchange::OfficeUnit& unit) -> Result<exchange::CommandAnswer> {
    const OrganizationId owner = organizations.back();
    exchange::Integration integration;
    for (const auto* known : unit.integrations(owner)) {
      if (known->name == sender_crm_name) integration = *known;
    }
    if (integration.settings["baseUrl"].text_or() == demo->cms_->url()) return exchange::CommandAnswer{};
    if (integration.id.empty()) {
      Faults faults;
      exchange::read_integration(
          Json::object({{"name", sender_crm_name},
                        {"side", "sent"},
                        {"triggers", Json::array({"referral.sent"})},
                        {"updateTriggers", Json::array({"substatus.accepted", "appointment.booked", "closed"})},
                        {"settings", Json::object({{"baseUrl", demo->cms_->url()}, {"token", cms_token}})}}),
          *connectors.find("cms"), true, unit.now(), integration, faults);
      HANDOFF_ASSERT(faults.empty());
      integration.id = IntegrationId::make(unit.now(), unit.random());
      integration.organization = owner;
      integration.created_at = unit.now();
    } else {
      integration.settings.set("baseUrl", demo->cms_->url());
      integration.version += 1;
    }
    unit.save(integration);
    unit.wake(owner, integration.id);
    return exchange::CommandAnswer{};
  };
  HANDOFF_TRY(ledger.run(std::move(of_sender)));

  DemoClinic clinic;
  clinic.clinic = organizations.back();
  clinic.partner_listing = intake;
  clinic.partner_name = receiver_name;
  clinic.secret = demo_secret(key, "kipu").reveal();
  clinic.hook_token = demo_secret(key, "kipu hooks").reveal();
  clinic.public_url = public_url;
  demo->emr_ = HANDOFF_TRY(DemoEmr::start(ledger, emr, key, clinic, clock));
  // With the tokens, so that anyone can make integrations of their own to them.
  demo->sandboxes_ = {{"Sandbox CRMS (takes a referral once)", demo->crms_->url(), demo->crms_->url() + "/"},
                      {"Token of the sandbox CRMS", crms_token, ""},
                      {"Sandbox CMS (takes updates until it accepts)", demo->cms_->url(), demo->cms_->url() + "/"},
                      {"Token of the sandbox CMS", cms_token, ""}};
  for (auto& line : demo->emr_->lines()) demo->sandboxes_.push_back(std::move(line));
  return demo;
}

void Demo::stop() {
  if (emr_) emr_->stop();
  if (crms_) crms_->stop();
  if (cms_) cms_->stop();
}

}  // namespace handoff::app
