#include "app/service.h"

#include <sys/stat.h>

#include <thread>

#include "app/bell.h"
#include "app/demo.h"
#include "app/emr_worker.h"
#include "app/front_door.h"
#include "app/outbound.h"
#include "base/log.h"
#include "base/text.h"
#include "connector/list.h"
#include "exchange/runner.h"
#include "face/own/own.h"
#include "net/client.h"
#include "net/server.h"
#include "opportunity/admission.h"
#include "people/question.h"
#include "people/recognize.h"
#include "store/ledger.h"
#include "store/operator.h"
#include "store/pull_store.h"
#include "store/readers.h"
#include "store/schema.h"
#include "store/verify.h"

namespace handoff::app {
namespace {

constexpr std::size_t readers_max = 8, painters = 2;
constexpr int outbound_connections_max =
    256;                                 // as many as the runner has in flight: destinations that hang fill no queue
constexpr milliseconds tick_every{200};  // beside being woken: lanes other processes made due, and schedules
constexpr seconds keep_house_every{5};

class Registry final : public exchange::ConnectorSource {
 public:
  connector::Connectors connectors;
  const exchange::Connector* find(std::string_view id) const override { return connectors.find(id); }
};

class BlobFiles final : public referral::Files {
 public:
  explicit BlobFiles(store::Blobs& blobs) : blobs_(blobs) {}
  Result<std::string> put(const OrganizationId& organization, std::uint64_t size, const Source& source) override {
    return blobs_.put(organization.text(), source, size);
  }
  Result<std::string> read(const OrganizationId& organization, const std::string& sha256, std::uint64_t offset,
                           std::size_t size_max) override {
    return blobs_.read(organization.text(), sha256, offset, size_max);
  }

 private:
  store::Blobs& blobs_;
};

constexpr store::Statement count_deliveries{"metrics.deliveries",
                                            "SELECT state, COUNT(*), MIN(created_at) FROM delivery WHERE state NOT IN "
                                            "('delivered', 'superseded', 'cleared') GROUP BY state"};
constexpr store::Statement ping{"ready.ping", "SELECT 1"};
// A single process owns a SQLite database: leases of one that was killed need not be waited for.
constexpr store::Statement release_leases{"due.release_all", "UPDATE due SET lease_until = 0 WHERE lease_until > 0"};
constexpr store::Statement release_pulls{"emr.release_all",
                                         "UPDATE emr_pull SET lease_until = 0 WHERE lease_until > 0"};

class RunningService final : public Service {
 public:
  RunningService(ServiceOptions options, ServerKey key, Clock& clock, Random& random)
      : options_(std::move(options)), key_(std::move(key)), clock_(clock), random_(random) {}
  ~RunningService() override { stop(); }

  Result<void> open() {
    database_ = HANDOFF_TRY(store::Database::open(options_.database_url));
    HANDOFF_TRY(store::migrate(*database_, store::migrations()));
    const bool sqlite = database_->kind() == store::Database::Kind::sqlite;
    pool_ = std::make_unique<store::ReaderPool>(*database_, readers_max);
    std::string data = options_.data_directory;
    if (data.empty() && sqlite) data = database_->file_path() + ".data";
    if (!data.empty()) ::mkdir(data.c_str(), 0700);
    if (sqlite) {
      blobs_ = HANDOFF_TRY(store::open_file_blobs(data + "/files", &clock_));
      auto connection = HANDOFF_TRY(database_->connect());
      HANDOFF_TRY(connection->query(release_leases, {}));
      HANDOFF_TRY(connection->query(release_pulls, {}));
    } else {
      blobs_ = HANDOFF_TRY(store::open_database_blobs(*database_, &clock_));
    }
    HANDOFF_TRY(store::wake_everything_held(*database_, clock_.now()));
    files_ = std::make_unique<BlobFiles>(*blobs_);
    if (!options_.profiles_directory.empty()) HANDOFF_TRY(registry_.connectors.load(options_.profiles_directory));

    std::vector<std::string> allowed = options_.outbound_allow;
    if (options_.demo) allowed.insert(allowed.end(), {"127.0.0.0/8", "::1/128"});
    net::ClientOptions outbound;
    outbound.allow = HANDOFF_TRY(net::AddressRanges::parse(allowed));
    outbound.ca_file = options_.outbound_ca_file;
    outbound.connections_max = outbound_connections_max;
    client_ = HANDOFF_TRY(net::Client::start(std::move(outbound)));
    outbound_ = std::make_unique<Outbound>(
        *client_, *blobs_, clock_, [this] { bell_.ring(); }, painters);

    store::LedgerOptions ledger;
    ledger.writers = sqlite ? 1 : 2;
    ledger_ = HANDOFF_TRY(store::WritingLedger::start(*database_, key_, clock_, random_, ledger));
    ledger_->on_due([this] { bell_.ring(); });
    runner_ = std::make_unique<exchange::Runner>(*ledger_, *outbound_, registry_, exchange::RunnerOptions{});
    follow_ = std::make_unique<exchange::Follow>(registry_);
    admission_ = std::make_unique<opportunity::Follow>(*follow_);
    commands_ = std::make_unique<referral::Commands>(*admission_);
    referrals_ = store::make_referral_reader(*pool_);
    deliveries_ = store::make_exchange_reader(*pool_, key_);
    people_ = store::make_people_reader(*pool_);
    // What telephone numbers look like is read once; the first caller should not wait for it.
    people::Registrant nobody;
    nobody.first_name = Text("Warm");
    nobody.phones.emplace_back("+1 416 555 0100");
    (void)people::prepare(nobody, clock_.now());
    credentials_ = store::make_credential_reader(*pool_);
    emr_ = store::make_sync_reader(*pool_, key_);
    emr_events_ = store::make_emr_event_reader(*pool_);
    opportunities_ = store::make_opportunity_reader(*pool_);
    emr_worker_ =
        std::make_unique<EmrWorker>(*client_, HANDOFF_TRY(store::open_pull_store(*database_, *ledger_, random_)), *emr_,
                                    *commands_, clock_, random_);
    records_ = store::make_record_reader(*pool_);
    if (options_.demo) {
      demo_ = HANDOFF_TRY(Demo::start(*database_, *ledger_, registry_, key_, data.empty() ? std::string(".") : data,
                                      *emr_, options_.public_url, clock_, random_));
    }
    HANDOFF_TRY(open_face());
    worker_ = std::thread([this] { work(); });
    emr_worker_->start();
    if (demo_) demo_->play(*emr_worker_);
    housekeeper_ = std::thread([this] { keep_house(); });
    return {};
  }

  int port() const override { return server_->port(); }
  std::string url() const override {
    const bool v6 = options_.host.find(':') != std::string::npos;
    return std::string(options_.tls_certificate.empty() ? "http://" : "https://") +
           (v6 ? "[" + options_.host + "]" : options_.host) + ":" + std::to_string(port());
  }
  std::vector<std::string> how_to_try() const override {
    std::vector<std::string> lines;
    if (!demo_) return lines;
    for (const auto& line : demo_->sign_in()) lines.push_back(line.label + ": " + line.text);
    for (const auto& line : demo_->sandboxes())
      lines.push_back(line.label + ": " + (line.link.empty() ? line.text : line.link));
    lines.push_back("Documentation: " + url() + "/docs");
    return lines;
  }
  store::Database& database() override { return *database_; }
  const ServerKey& key() const override { return key_; }

  // Requests first, then deliveries in flight, then the ledger that both write to.
  void stop() override {
    if (stopped_.exchange(true)) return;
    if (emr_worker_) emr_worker_->hurry();
    if (server_) server_->drain(std::chrono::duration_cast<std::chrono::seconds>(options_.drain));
    if (runner_) runner_->stop_claiming();
    if (emr_worker_) emr_worker_->stop(std::chrono::duration_cast<std::chrono::seconds>(options_.drain));
    stopping_ = true;
    bell_.ring();
    house_bell_.ring();
    if (worker_.joinable()) worker_.join();
    if (housekeeper_.joinable()) housekeeper_.join();
    if (outbound_) outbound_->stop();
    client_.reset();
    if (ledger_) ledger_->stop();
    if (demo_) demo_->stop();
    server_.reset();
  }

 private:
  Result<void> open_face() {
    face::OwnFaceSettings settings;
    settings.public_url = options_.public_url;
    if (!options_.rate_limit) settings.requests_per_second = 0;
    std::vector<std::string> ids;
    for (const auto& connector : registry_.connectors.all()) ids.push_back(connector->manifest().id);
    own_ = std::make_unique<face::OwnFace>(
        face::OwnFaceParts{*ledger_,
                           *referrals_,
                           *deliveries_,
                           *people_,
                           *credentials_,
                           *emr_,
                           *emr_events_,
                           *opportunities_,
                           *emr_worker_,
                           registry_,
                           std::move(ids),
                           *commands_,
                           *files_,
                           *outbound_,
                           key_,
                           clock_,
                           random_,
                           settings,
                           [](const std::string& text) { return connector::validate_profile(text); },
                           [this] { return figures(); },
                           [this] { return ready(); },
                           [this] { return front_page(); }});
    face::SalesforceFaceSettings dialect;
    dialect.instance_url = options_.public_url_given ? options_.public_url : "";
    dialect.tls = !options_.tls_certificate.empty();
    dialect.requests_per_day = options_.rate_limit ? options_.salesforce_daily_requests : 0;
    if (!options_.rate_limit) dialect.requests_per_second = 0;
    salesforce_ = std::make_unique<face::SalesforceFace>(
        face::SalesforceFaceParts{*ledger_, *referrals_, *records_, *credentials_, *commands_, *files_, own_->metrics(),
                                  key_, clock_, random_, dialect});
    front_door_ = std::make_unique<FrontDoor>(*own_, *salesforce_);
    net::ServerOptions server;
    server.host = options_.host;
    server.port = options_.port;
    server.io_threads = options_.io_threads;
    server.worker_threads = options_.worker_threads;
    server.connections_max = options_.connections_max;
    server.certificate_file = options_.tls_certificate;
    server.key_file = options_.tls_key;
    server.trusted_proxies = options_.trusted_proxies;
    server_ = HANDOFF_TRY(net::Server::start(std::move(server), *front_door_, random_));
    return {};
  }

  void work() {
    milliseconds drain_ends{0};
    while (!stopping_ || runner_->in_flight() > 0) {
      auto done = runner_->tick(clock_.now());
      if (!done) log_error("lane.tick_failed", {{"code", done.error().code}, {"detail", done.error().for_log}});
      if (stopping_ && drain_ends == milliseconds{0}) drain_ends = clock_.monotonic() + options_.drain + seconds{16};
      if (stopping_ && clock_.monotonic() > drain_ends) return;  // requests end by their own timeout
      if (!done || !*done) bell_.wait(tick_every);
    }
  }

  void keep_house() {
    Instant next_sweep = clock_.now() + std::chrono::minutes{1}, next_count = clock_.now();
    auto connection = database_->connect();  // one that was lost is replaced at its next transaction
    while (!stopping_) {
      house_bell_.wait(std::chrono::duration_cast<milliseconds>(keep_house_every));
      if (!connection) connection = database_->connect();
      if (!connection) continue;
      const Instant now = clock_.now();
      if (auto sealed = store::seal_audit(**connection, now); !sealed)
        log_error("audit.seal_failed", {{"code", sealed.error().code}});
      if (now >= next_count) {
        next_count = now + std::chrono::minutes{1};
        if (auto counted = store::count_persons(**connection, now); !counted)
          log_error("person.count_failed", {{"code", counted.error().code}});
        look_at_questions_of_other_models(**connection);
      }
      if (now < next_sweep) continue;
      next_sweep = now + std::chrono::minutes{10};
      if (auto swept = store::sweep(**connection, now); !swept)
        log_error("store.sweep_failed", {{"code", swept.error().code}});
    }
  }

  // Each in a commit of its own: whoever answers one meanwhile is not waited for.
  void look_at_questions_of_other_models(store::Connection& connection) {
    constexpr std::size_t at_once = 200;
    const std::string& version = people::Model::standard().version;
    const auto found = store::reviews_of_other_models(connection, version, at_once);
    if (!found) return log_error("review.look_again_failed", {{"code", found.error().code}});
    for (const auto& [organization, id] : *found) {
      if (stopping_) return;
      exchange::Command command;
      command.actor.kind = access::ActorKind::rule;
      command.actor.id = command.actor.name = "model " + version;
      command.actor.organization = organization;
      command.cause = "model";
      command.run = [&organization = organization,
                     &id = id](exchange::OfficeUnit& unit) -> Result<exchange::CommandAnswer> {
        HANDOFF_TRY(people::look_again(part_of<people::Unit>(unit), organization, id));
        return exchange::CommandAnswer{};
      };
      exchange::Ledger& ledger = *ledger_;
      if (auto done = ledger.run(std::move(command)); !done)
        log_error("review.look_again_failed", {{"code", done.error().code}});
    }
  }

  Result<face::DeliveryFigures> figures() {
    return pool_->use([&](store::Connection& connection) -> Result<face::DeliveryFigures> {
      face::DeliveryFigures out;
      for (const auto& row : HANDOFF_TRY(connection.query(count_deliveries, {}))) {
        out.by_state[row.text(0)] = row.integer(1);
        if (row.text(0) == "pending")
          out.oldest_pending_seconds = static_cast<double>(to_ms(clock_.now()) - row.integer(2)) / 1000;
      }
      return out;
    });
  }

  Result<void> ready() {
    return pool_->use([&](store::Connection& connection) -> Result<void> {
      HANDOFF_TRY(connection.query(ping, {}));
      return {};
    });
  }

  face::FrontPage front_page() {
    face::FrontPage page;
    page.version = HANDOFF_VERSION;
    page.demo = options_.demo;
    if (demo_) {
      page.sign_in = demo_->sign_in();
      page.sandboxes = demo_->sandboxes();
    }
    return page;
  }

  ServiceOptions options_;
  const ServerKey key_;
  Clock& clock_;
  Random& random_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<store::ReaderPool> pool_;
  std::unique_ptr<store::Blobs> blobs_;
  std::unique_ptr<BlobFiles> files_;
  Registry registry_;
  std::unique_ptr<net::Client> client_;
  std::unique_ptr<Outbound> outbound_;
  std::unique_ptr<store::WritingLedger> ledger_;
  std::unique_ptr<exchange::Runner> runner_;
  std::unique_ptr<exchange::Follow> follow_;
  std::unique_ptr<opportunity::Follow> admission_;
  std::unique_ptr<referral::Commands> commands_;
  std::unique_ptr<referral::Reader> referrals_;
  std::unique_ptr<exchange::Reader> deliveries_;
  std::unique_ptr<people::Reader> people_;
  std::unique_ptr<access::CredentialReader> credentials_;
  std::unique_ptr<sync::Reader> emr_;
  std::unique_ptr<sync::EventReader> emr_events_;
  std::unique_ptr<opportunity::Reader> opportunities_;
  std::unique_ptr<EmrWorker> emr_worker_;
  std::unique_ptr<record::Reader> records_;
  std::unique_ptr<Demo> demo_;
  std::unique_ptr<face::OwnFace> own_;
  std::unique_ptr<face::SalesforceFace> salesforce_;
  std::unique_ptr<FrontDoor> front_door_;
  std::unique_ptr<net::Server> server_;
  Bell bell_, house_bell_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> stopped_{false};
  std::thread worker_, housekeeper_;
};

}  // namespace

Result<ServerKey> server_key(const std::string& database_url, const std::string& key_file, Random& random) {
  if (!key_file.empty()) return ServerKey::from_file(key_file, random);
  constexpr std::string_view sqlite = "sqlite:";
  if (database_url.starts_with(sqlite))
    return ServerKey::from_file(database_url.substr(sqlite.size()) + ".key", random);
  return Error{Kind::invalid_input,
               "key_file.not_named",
               "With PostgreSQL the file of the server key must be named: --key-file FILE or HANDOFF_KEY_FILE.",
               {},
               {}};
}

Result<ServiceOptions> service_options(const Config& config) {
  ServiceOptions options;
  options.database_url = config.text("database");
  if (options.database_url.empty()) {
    return Error{Kind::invalid_input,
                 "config.no_database",
                 "Name the database: --database sqlite:PATH or --database postgresql://…",
                 {},
                 {}};
  }
  const std::string& listen = config.text("listen");
  const auto colon = listen.rfind(':');
  const auto port = colon == std::string::npos ? std::nullopt : parse_int(listen.substr(colon + 1));
  if (!port || *port < 0 || *port > 65535 || colon == 0) {
    return Error{
        Kind::invalid_input, "config.bad_listen", "Write --listen HOST:PORT, for example 127.0.0.1:8080.", {}, {}};
  }
  options.host = listen.substr(0, colon);
  if (options.host.size() > 2 && options.host.front() == '[' && options.host.back() == ']')
    options.host = options.host.substr(1, options.host.size() - 2);
  options.port = static_cast<int>(*port);
  options.data_directory = config.text("data");
  options.key_file = config.text("key_file");
  options.public_url = config.text("public_url");
  options.public_url_given = !options.public_url.empty();
  if (options.public_url.empty()) options.public_url = "http://" + listen;
  options.outbound_allow = config.list("outbound.allow");
  options.outbound_ca_file = config.text("outbound.ca_file");
  options.profiles_directory = config.text("profiles");
  options.tls_certificate = config.text("tls.certificate");
  options.tls_key = config.text("tls.key");
  options.trusted_proxies = config.list("proxy.trusted");
  options.demo = config.flag("demo");
  options.rate_limit = config.flag("rate_limit");
  options.salesforce_daily_requests = config.number("salesforce.daily_requests");
  options.io_threads = static_cast<int>(config.number("threads.io"));
  options.worker_threads = static_cast<int>(config.number("threads.workers"));
  options.connections_max = static_cast<std::size_t>(config.number("limits.connections"));
  options.drain = std::chrono::seconds{config.number("drain.seconds")};
  return options;
}

Result<std::unique_ptr<Service>> Service::start(ServiceOptions options, Clock& clock, Random& random) {
  auto key = HANDOFF_TRY(server_key(options.database_url, options.key_file, random));
  auto service = std::make_unique<RunningService>(std::move(options), std::move(key), clock, random);
  HANDOFF_TRY(service->open());
  return std::unique_ptr<Service>(std::move(service));
}

}  // namespace handoff::app
