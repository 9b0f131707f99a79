#include "app/demo_emr.h"

#include "base/log.h"
#include "sync/destination.h"
#include "sync/hook_health.h"
#include "sync/store.h"

namespace handoff::app {
namespace {

constexpr const char* connection_name = "Mill Clinic EMR";
constexpr const char* access_id = "mill-clinic";
constexpr const char* app_id = "42";
constexpr int api_port = 9102, control_port = 9103;
constexpr std::chrono::milliseconds wait_for_pull{60'000};

Result<std::unique_ptr<sandbox::KipuSandbox>> start_sandbox(const std::string& secret, const Clock& clock,
                                                            Random& random) {
  sandbox::KipuSandboxOptions options;
  options.port = api_port;
  options.control_port = control_port;
  options.credentials = {access_id, Secret(secret)};
  options.app_id = app_id;
  auto started = sandbox::KipuSandbox::start(options, clock, random);
  if (started) return started;
  options.port = options.control_port = 0;  // somebody else has the usual ports
  return sandbox::KipuSandbox::start(options, clock, random);
}

struct Patient {
  const char *first, *last, *born, *number, *admitted;
};
constexpr Patient patients[] = {
    {"Joe", "Clark", "1984-03-09", "MR-1001", "2026-10-20"},
    {"Hana", "Sato", "1991-07-30", "MR-1002", "2026-11-02"},
    {"Luis", "Ortega", "1979-12-01", "MR-1003", "2026-11-11"},
    {"Maya", "Lindgren", "1996-05-17", "MR-1004", "2026-10-28"},
};
constexpr std::size_t locked_patient = 3;

std::string today(const Clock& clock) { return Date::of(clock.now()).text(); }

}  // namespace

Result<std::unique_ptr<DemoEmr>> DemoEmr::start(exchange::Ledger& ledger, sync::Reader& reader, const ServerKey& key,
                                                const DemoClinic& clinic, const Clock& clock) {
  auto demo = std::make_unique<DemoEmr>();
  demo->clinic_ = clinic.clinic;
  demo->sandbox_ = HANDOFF_TRY(start_sandbox(clinic.secret, clock, demo->charts_));
  sandbox::KipuSandbox& emr = *demo->sandbox_;
  const auto act = [&](std::string_view method, const std::string& path, const Json& body) {
    const auto answer = emr.control(method, path, body);
    HANDOFF_ASSERT(answer.status < 300);
    return answer.body;
  };
  const std::string contact =
      std::to_string(act("POST", "/contacts", Json::object({{"name", clinic.partner_name}}))["contactId"].int_or(0));
  act("POST", "/contacts", Json::object({{"name", "Northside Recovery Homes"}}));
  for (std::size_t i = 0; i < std::size(patients); ++i) {
    const Patient& p = patients[i];
    const Json made = act("POST", "/patients",
                          Json::object({{"firstName", p.first},
                                        {"lastName", p.last},
                                        {"dateOfBirth", p.born},
                                        {"mrNumber", p.number},
                                        {"admissionDate", p.admitted}}));
    if (i == locked_patient) demo->locked_casefile_ = made["casefileId"].text_or();
  }
  act("POST", "/patients/" + demo->locked_casefile_ + "/discharge", Json::object({{"date", today(clock)}}));

  std::optional<sync::EmrConnection> standing;
  for (auto& of : HANDOFF_TRY(reader.connections(clinic.clinic))) {
    if (of.connection.name == connection_name) standing = std::move(of.connection);
  }
  exchange::Command command;
  if (standing) {
    auto needs = std::make_shared<sync::Needs>();
    needs->connection = standing->id;
    command.needs.rooms.push_back(needs);
  }
  command.actor.kind = access::ActorKind::operator_command;
  command.actor.id = command.actor.name = "demo";
  command.actor.organization = clinic.clinic;
  command.cause = "demo";
  command.run = [&](exchange::OfficeUnit& office) -> Result<exchange::CommandAnswer> {
    sync::Unit& unit = part_of<sync::Unit>(office);
    if (standing) {  // from an earlier start; the sandbox may listen elsewhere now
      sync::EmrConnection next = *unit.connection(standing->id);
      demo->connection_ = next.id;
      if (next.base_url == emr.url() && next.secret.reveal() == clinic.secret) return exchange::CommandAnswer{};
      next.base_url = emr.url();
      next.secret = Secret(clinic.secret);
      next.row_version += 1;
      unit.save(next);
      return exchange::CommandAnswer{};
    }
    const Json body = Json::object({{"name", connection_name},
                                    {"kind", "kipu"},
                                    {"consentExempt", true},
                                    {"onDischarge", "send"},
                                    {"settings", Json::object({{"baseUrl", emr.url()},
                                                               {"accessId", access_id},
                                                               {"secret", clinic.secret},
                                                               {"appId", app_id},
                                                               {"requestsPerSecond", 50}})}});
    sync::EmrConnection connection;
    Faults faults;
    sync::read_connection(body, true, Date::of(office.now()), connection, faults);
    HANDOFF_ASSERT(faults.empty());
    connection.id = EmrConnectionId::make(office.now(), office.random());
    connection.organization = clinic.clinic;
    connection.created_at = office.now();
    unit.save(connection);
    demo->connection_ = connection.id;

    sync::DestinationLink link;
    link.connection = connection.id;
    link.key = sync::destination_keys({contact, Text(clinic.partner_name)}).front();
    link.name = Text(clinic.partner_name);
    link.listing = clinic.partner_listing;
    link.linked_at = office.now();
    link.linked_by = "demo";
    unit.save(link);

    // Patient Creation works. Chart Update was switched off in the record system some time ago: what polling found
    // since had not been told of.
    for (const auto kind : sync::hook_kinds) {
      sync::HookSlot slot = unit.hook(connection.id, kind);
      slot.token_hash = key.keyed_hash(clinic.hook_token);
      slot.issued_at = office.now() - std::chrono::hours{48};
      if (kind == sync::HookKind::chart_update) {
        for (int i = 6; i > 0; --i) slot.judged.push_back({office.now() - std::chrono::hours{i}, false});
        slot.uncovered_in_a_row = static_cast<std::int64_t>(slot.judged.size());
        slot.first_uncovered_at = slot.judged.front().changed_at;
      }
      sync::settle_state(slot, connection.webhooks, office.now());
      unit.save(slot);
    }
    return exchange::CommandAnswer{};
  };
  HANDOFF_TRY(ledger.run(std::move(command)));
  const std::string hooks = clinic.public_url + "/hooks/emr/" + demo->connection_.text() + "/";
  for (const auto kind : sync::hook_kinds) {
    act("PUT", std::string("/hooks/") + word(kind),
        Json::object({{"url", hooks + word(kind)},
                      {"token", clinic.hook_token},
                      {"active", kind == sync::HookKind::patient_creation}}));
  }
  return demo;
}

std::vector<face::FrontPage::Line> DemoEmr::lines() const {
  return {{"Sandbox KIPU (a record system)", sandbox_->url(), ""},
          {"Control plane of the sandbox KIPU (its staff)", sandbox_->control_url(), ""},
          {"Connection of Mill Clinic to it", connection_.text(), ""}};
}

void DemoEmr::play(face::EmrDesk& desk) {
  player_ = std::thread([this, &desk] {
    const auto first = desk.pull(clinic_, connection_, wait_for_pull);
    if (!first || !*first) return;
    // Staff fill the field after the discharge: the record is locked by now, and the change waits.
    const auto filled = sandbox_->control("PATCH", "/patients/" + locked_casefile_,
                                          Json::object({{"dischargeTo", "Northside Recovery Homes"}}));
    if (filled.status >= 300) log_warn("demo.emr", {{"status", std::to_string(filled.status)}});
    (void)desk.pull(clinic_, connection_, wait_for_pull).has_value();
  });
}

void DemoEmr::stop() {
  if (player_.joinable()) player_.join();
  if (sandbox_) sandbox_->stop();
}

}  // namespace handoff::app
