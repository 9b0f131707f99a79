#include "tests/scenario/world.h"

#include <thread>

#include "store/operator.h"
#include "store/verify.h"

namespace handoff::scenario {
namespace {

using namespace std::chrono_literals;

// Long enough for a machine that does much else; a test that reaches it has failed.
constexpr auto patience = 60s;
constexpr auto between_looks = 2ms;
constexpr const char* api = "/api/v1";

constexpr store::Statement count_work{"test.open_work",
                                      "SELECT COUNT(*) FROM due WHERE due_at <= $1 OR lease_until > $1"};

Json invented_person() {
  return json(R"({
    "registrant": {"firstName": "Amélie", "lastName": "Okafor", "birthDate": "1987-02-11", "gender": "female",
      "preferredLanguage": "fr", "phones": {"main": "+1 905 555 0142"}, "email": "amelie@example.org",
      "address": {"line": "12 King St", "city": "Hamilton", "province": "ON", "country": "CA", "postalCode": "L8P 1A1"}},
    "requester": {"firstName": "Sam", "lastName": "Reid", "organization": "Mill Clinic", "phone": "+1 905 555 0100"}})");
}

void expect_status(const Answer& answer, int status, const std::string& what) {
  EXPECT_EQ(answer.status, status) << what << ": " << answer.text;
}

}  // namespace

Json json(std::string_view text) {
  auto parsed = Json::parse(text);
  if (parsed) return std::move(*parsed);
  ADD_FAILURE() << "not JSON: " << text;
  return {};
}

Json texts(std::initializer_list<const char*> items) {
  Json out = Json::array();
  for (const char* item : items) out.push_back(item);
  return out;
}

Json with(Json base, const Json& more) {
  if (!more.is_object()) return base;
  for (const auto& [key, value] : more.members()) base.set(key, value);
  return base;
}

std::vector<std::string> Delivery::triggers() const {
  std::vector<std::string> out;
  for (const auto& item : shown["triggers"].items()) out.push_back(item.text_or());
  return out;
}

std::vector<std::int64_t> Delivery::statuses() const {
  std::vector<std::int64_t> out;
  for (const auto& item : shown["attempts"].items()) out.push_back(item["httpStatus"].int_or(0));
  return out;
}

// ---- integrations --------------------------------------------------------------------------------------------------

Json Integration::shown() const {
  const Answer answer = world_->call(key_, "GET", "/integrations/" + id_);
  expect_status(answer, 200, "reading the integration");
  return answer.body;
}

Json Integration::changes(const Json& patch) const {
  const Answer answer = world_->call(key_, "PATCH", "/integrations/" + id_, patch);
  expect_status(answer, 200, "changing the integration");
  return answer.body;
}

// ---- referrals -----------------------------------------------------------------------------------------------------

Json Referral::shown() const {
  const Answer answer = world_->call(key_, "GET", "/referrals/" + id_);
  expect_status(answer, 200, "reading the referral");
  return answer.body;
}

Answer Referral::tries(const std::string& action, const Json& body) const {
  return world_->call(key_, "POST", "/referrals/" + id_ + "/" + action, body);
}

Answer Referral::tries_edit(const Json& patch, const std::string& if_match) const {
  net::Headers headers;
  if (!if_match.empty()) headers.set("If-Match", if_match);
  return world_->call(key_, "PATCH", "/referrals/" + id_, patch, headers);
}

Answer Referral::act(const std::string& action, const Json& body, int expected) const {
  Answer answer = tries(action, body);
  expect_status(answer, expected, action);
  return answer;
}

void Referral::is_edited(const Json& patch) const { expect_status(tries_edit(patch), 200, "editing"); }
void Referral::becomes(const std::string& code) const { act("sub-status", Json::object({{"code", code}})); }
void Referral::is_closed(const std::string& code) const { act("close", Json::object({{"code", code}})); }
void Referral::is_reopened() const { act("reopen", json(R"({"reason": "The outcome was recorded too early."})")); }
void Referral::is_archived() const { act("archive", {}); }
void Referral::is_unarchived() const { act("unarchive", {}); }
void Referral::is_submitted() const { act("submit", {}); }

std::string Referral::is_booked(const Json& more) const {
  const Json standard = json(R"({"start": "2026-12-03T09:30:00-05:00", "durationMinutes": 45,
    "timeZone": "America/Toronto", "location": "Main St office", "providerName": "Dr. Lea Roy"})");
  return act("appointments", with(standard, more), 201).body["id"].text_or();
}

void Referral::is_rescheduled(const std::string& appointment, const Json& patch) const {
  expect_status(world_->call(key_, "PATCH", "/referrals/" + id_ + "/appointments/" + appointment, patch), 200,
                "rescheduling");
}

void Referral::is_unbooked(const std::string& appointment) const {
  expect_status(world_->call(key_, "DELETE", "/referrals/" + id_ + "/appointments/" + appointment), 200, "unbooking");
}

void Referral::message(const std::string& from, const std::string& text) const {
  act("messages", Json::object({{"from", from}, {"text", text}}), 201);
}

void Referral::note(const std::string& text) const { act("notes", Json::object({{"text", text}}), 201); }

std::string Referral::is_routed_to(const std::string& listing) const {
  return act("route", Json::object({{"listingId", listing}})).body["childId"].text_or();
}

Json Referral::gets_file(const std::string& name, const std::string& type, const std::string& bytes) const {
  const std::string body = "--lines\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name +
                           "\"\r\nContent-Type: " + type + "\r\n\r\n" + bytes + "\r\n--lines--\r\n";
  net::Headers headers;
  headers.set("Content-Type", "multipart/form-data; boundary=lines");
  const Answer answer = world_->send(key_, "POST", "/referrals/" + id_ + "/attachments", body, headers);
  expect_status(answer, 201, "uploading");
  return answer.body;
}

std::vector<Json> Referral::event_list() const {
  const Answer answer = world_->call(key_, "GET", "/referrals/" + id_ + "/events?limit=200");
  expect_status(answer, 200, "reading events");
  return answer.body["items"].is_array() ? answer.body["items"].items() : std::vector<Json>{};
}

std::vector<std::string> Referral::events() const {
  std::vector<std::string> out;
  for (const auto& event : event_list()) out.push_back(event["type"].text_or());
  return out;
}

std::vector<Delivery> Referral::deliveries() const {
  const Answer answer = world_->call(key_, "GET", "/referrals/" + id_ + "/deliveries?limit=200");
  expect_status(answer, 200, "reading deliveries");
  std::vector<Delivery> out;
  if (!answer.body["items"].is_array()) return out;
  for (const auto& item : answer.body["items"].items()) out.push_back({item});
  std::stable_sort(out.begin(), out.end(), [](const Delivery& a, const Delivery& b) {
    return a.shown["sequence"].int_or(0) < b.shown["sequence"].int_or(0);
  });
  return out;
}

std::vector<Delivery> Referral::deliveries(const Integration& to) const {
  std::vector<Delivery> out;
  for (auto& delivery : deliveries()) {
    if (delivery.shown["integrationId"].text_or() == to.id()) out.push_back(std::move(delivery));
  }
  return out;
}

Delivery Referral::delivery(const Integration& to) const {
  Delivery newest;
  for (auto& delivery : deliveries(to)) {
    if (delivery.state() != "superseded") newest = std::move(delivery);
  }
  EXPECT_FALSE(newest.shown.is_null()) << "the referral has no delivery to this integration";
  return newest;
}

Json Referral::explain(const Integration& to) const {
  const Answer answer = world_->call(key_, "GET", "/referrals/" + id_ + "/explain?integrationId=" + to.id());
  expect_status(answer, 200, "explaining");
  return answer.body;
}

Delivery Referral::work(const Delivery& delivery, const std::string& action) const {
  const Answer answer = world_->call(key_, "POST", "/deliveries/" + delivery.id() + "/" + action, {});
  expect_status(answer, 200, action);
  return {answer.body};
}

// ---- organizations -------------------------------------------------------------------------------------------------

Answer Clinic::get(const std::string& path) const { return world_->call(key_, "GET", path); }
Answer Clinic::post(const std::string& path, const Json& body) const { return world_->call(key_, "POST", path, body); }
Answer Clinic::patch(const std::string& path, const Json& body) const {
  return world_->call(key_, "PATCH", path, body);
}
Answer Clinic::remove(const std::string& path) const { return world_->call(key_, "DELETE", path); }

std::vector<Json> Clinic::list(const std::string& path) const {
  std::vector<Json> out;
  std::string cursor;
  do {
    const std::string more = path.find('?') == std::string::npos ? "?" : "&";
    const Answer answer = get(path + (cursor.empty() ? "" : more + "cursor=" + cursor));
    expect_status(answer, 200, path);
    if (!answer.body["items"].is_array()) break;
    for (const auto& item : answer.body["items"].items()) out.push_back(item);
    cursor = answer.body["nextCursor"].text_or();
  } while (!cursor.empty());
  return out;
}

std::string Clinic::listing(const std::string& name, const Json& more) {
  for (const auto& [known, id] : listings_) {
    if (known == name) return id;
  }
  const Answer answer = post("/listings", with(Json::object({{"name", name}, {"visibility", "exchange"}}), more));
  expect_status(answer, 201, "making the listing");
  listings_.emplace_back(name, answer.body["id"].text_or());
  return listings_.back().second;
}

Answer Clinic::tries_to_hand_over_to(const Destination& destination, const Json& more) {
  Json listings = Json::array();
  for (const auto& [name, id] : listings_) listings.push_back(id);
  Json body = Json::object(
      {{"name", std::string("To ") + (destination.connector() == std::string("crms") ? "CRMS" : "the CMS")},
       {"connector", destination.connector()},
       {"settings", Json::object({{"baseUrl", destination.url()}, {"token", destination.token()}})}});
  if (more["side"].text_or() != "sent") body.set("listingIds", listings);
  return post("/integrations", with(body, more));
}

Integration Clinic::hands_over_to(const Destination& destination, const Json& more) {
  const Answer answer = tries_to_hand_over_to(destination, more);
  expect_status(answer, 201, "making the integration");
  return {*world_, key_, answer.body["id"].text_or()};
}

Integration Clinic::makes_integration(const Json& body) const {
  const Answer answer = post("/integrations", body);
  expect_status(answer, 201, "making the integration");
  return {*world_, key_, answer.body["id"].text_or()};
}

Answer Clinic::tries_to_refer(const std::string& listing, const Json& more) const {
  return post("/referrals", with(with(invented_person(), Json::object({{"listingId", listing}})), more));
}

Referral Clinic::refers(const std::string& listing, const Json& more) const {
  const Answer answer = tries_to_refer(listing, more);
  expect_status(answer, 201, "referring");
  return {*world_, key_, answer.body["id"].text_or()};
}

// ---- destinations --------------------------------------------------------------------------------------------------

Destination::Destination(World& world, sandbox::CmsProduct product, std::vector<std::string> required)
    : world_(&world),
      product_(product),
      required_(std::move(required)),
      token_(product == sandbox::CmsProduct::crms ? "crms-door-key" : "cms-door-key"),
      store_(world.database_.directory() + "/" + connector() + std::to_string(world.destinations_.size())) {
  start(0);
}

void Destination::start(int port) {
  sandbox::CmsSandboxOptions options;
  options.product = product_;
  options.port = port;
  options.token = token_;
  options.required = required_;
  options.store = store_;
  auto started = sandbox::CmsSandbox::start(options, world_->clock_, world_->random_);
  HANDOFF_ASSERT(started.has_value());
  sandbox_ = std::move(*started);
  port_ = sandbox_->port();
}

std::string Destination::url() const { return "http://127.0.0.1:" + std::to_string(port_); }
void Destination::goes_down() { sandbox_->stop(); }
void Destination::comes_back() {
  sandbox_.reset();
  start(port_);
}

std::vector<sandbox::Received> Destination::all_of(const Referral& referral) const {
  return sandbox_->memory().with_external_id(referral.id());
}

sandbox::Received Destination::record_of(const Referral& referral) const {
  auto all = all_of(referral);
  EXPECT_EQ(all.size(), 1U) << "records of the referral at the destination";
  return all.empty() ? sandbox::Received{} : all.front();
}

std::string Destination::field(const Referral& referral, const std::string& key) const {
  return record_of(referral).fields[key].text_or();
}

std::vector<std::string> Destination::files_of(const Referral& referral) const {
  std::vector<std::string> out;
  for (const auto& file : record_of(referral).attachments) out.push_back(file.file_name);
  return out;
}

std::string Destination::bytes_of(const Referral& referral, const std::string& file) const {
  for (const auto& each : record_of(referral).attachments) {
    if (each.file_name != file) continue;
    auto bytes = sandbox_->memory().bytes_of(each);
    EXPECT_TRUE(bytes.has_value());
    return bytes.value_or("");
  }
  ADD_FAILURE() << "the destination holds no file " << file;
  return {};
}

void Destination::accepts(const Referral& referral) {
  EXPECT_TRUE(sandbox_->memory().accept(record_of(referral).id).has_value());
}

void Destination::answers(int status, int times, const std::string& message, const std::string& retry_after) {
  sandbox::CmsFault fault;
  fault.status = status;
  fault.count = times;
  fault.message = message;
  fault.retry_after = retry_after;
  sandbox_->set_fault(fault);
}

void Destination::slows_down(int times) {
  sandbox::CmsFault fault;
  fault.latency_ms = 400;
  fault.count = times;
  heard_ = sandbox_->api_requests();
  sandbox_->set_fault(fault);
}

void Destination::hears(std::uint64_t requests) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (sandbox_->api_requests() < heard_ + requests) {
    if (std::chrono::steady_clock::now() > deadline) {
      ADD_FAILURE() << "the destination did not hear " << requests << " requests";
      return;
    }
    std::this_thread::sleep_for(between_looks);
  }
}

void Destination::saves_and_drops(int times) {
  sandbox::CmsFault fault;
  fault.drop_after_save = true;
  fault.count = times;
  sandbox_->set_fault(fault);
}

// ---- the world -----------------------------------------------------------------------------------------------------

World::World(DatabaseKind kind)
    : database_(testing_support::fresh_database(kind)), clock_(parse_instant("2026-11-02T14:00:00Z")->at) {
  if (database_.url().empty()) return;  // the test has failed by then
  app::ServiceOptions options;
  options.database_url = database_.url();
  options.data_directory = database_.directory() + "/data";
  options.key_file = database_.directory() + "/server.key";
  options.outbound_allow = {"127.0.0.1/32"};
  options.public_url = "https://handoff.example";
  options.io_threads = 1;
  options.worker_threads = 4;
  auto service = app::Service::start(options, clock_, random_);
  if (!service) {
    ADD_FAILURE() << service.error().code << ": " << service.error().for_log;
    return;
  }
  service_ = std::move(*service);
  auto looking = service_->database().connect_reading();
  HANDOFF_ASSERT(looking.has_value());
  looking_ = std::move(*looking);
  net::ClientOptions client;
  auto loopback = net::AddressRanges::parse({"127.0.0.1/32"});
  HANDOFF_ASSERT(loopback.has_value());
  client.allow = *loopback;
  auto started = net::Client::start(std::move(client));
  HANDOFF_ASSERT(started.has_value());
  client_ = std::move(*started);
}

World::~World() {
  client_.reset();  // its connections first, so that the service need not wait for them
  if (service_) service_->stop();
  looking_.reset();
  service_.reset();
}

Clinic World::clinic(const std::string& name, directory::Plan plan) {
  auto made = store::bootstrap(service_->database(), service_->key(), clock_.now(), random_,
                               {name, plan, std::nullopt, std::nullopt});
  HANDOFF_ASSERT(made.has_value());
  return {*this, name, made->organization.text(), made->api_key.reveal()};
}

Destination& World::crms(std::vector<std::string> required) {
  return destinations_.emplace_back(*this, sandbox::CmsProduct::crms, std::move(required));
}
Destination& World::cms(std::vector<std::string> required) {
  return destinations_.emplace_back(*this, sandbox::CmsProduct::cms, std::move(required));
}

void World::set_plan(const Clinic& clinic, directory::Plan plan) {
  EXPECT_TRUE(store::set_plan(service_->database(), clinic.name(), plan, clock_.now()).has_value());
}

Answer World::call(const std::string& key, const std::string& method, const std::string& path, const Json& body,
                   const net::Headers& headers) {
  net::Headers all = headers;
  if (!body.is_null()) all.set("Content-Type", "application/json");
  return send(key, method, path, body.is_null() ? std::string() : body.dump(), all);
}

Answer World::send(const std::string& key, const std::string& method, const std::string& path, std::string bytes,
                   const net::Headers& headers) {
  net::ClientRequest request;
  request.method = method;
  // What is no path of the native API is another dialect's.
  request.url = service_->url() + (path.starts_with("/services/") ? "" : api) + path;
  request.headers = headers;
  request.headers.set("Authorization", "Bearer " + key);
  request.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(patience);
  request.answer_bytes_max = 64 * 1024 * 1024;
  if (!bytes.empty()) request.body.push_back({std::move(bytes), nullptr, 0});
  auto reply = client_->send_and_wait(std::move(request));
  Answer answer;
  EXPECT_EQ(reply.outcome, net::ClientReply::Outcome::answered) << method << " " << path << ": " << reply.problem;
  answer.status = reply.status;
  answer.headers = reply.headers;
  answer.text = std::move(reply.body);
  if (auto parsed = Json::parse(answer.text)) answer.body = std::move(*parsed);
  return answer;
}

std::string World::url() const { return service_->url(); }

std::size_t World::open_work() {
  auto rows = looking_->query(count_work, {to_ms(clock_.now())});
  if (!rows) {
    ADD_FAILURE() << rows.error().for_log;
    return 0;
  }
  return static_cast<std::size_t>(rows->front().integer(0));
}

void World::settle() {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (open_work() > 0) {
    if (std::chrono::steady_clock::now() > deadline) {
      ADD_FAILURE() << open_work() << " lanes still have something to do";
      return;
    }
    std::this_thread::sleep_for(between_looks);
  }
}

void World::pass(std::chrono::milliseconds duration) {
  settle();
  clock_.advance(duration);
  settle();
}

void World::check_books() {
  if (!service_) return;  // the test has failed by then
  settle();
  const auto decisions = store::verify_decisions(service_->database());
  ASSERT_TRUE(decisions.has_value()) << decisions.error().for_log;
  EXPECT_EQ(decisions->mismatch_count, 0);
  EXPECT_EQ(decisions->other_versions, 0);
  const auto trail = store::verify_audit(service_->database());
  ASSERT_TRUE(trail.has_value()) << trail.error().for_log;
  EXPECT_FALSE(trail->fault.has_value()) << trail->fault->what;
}

}  // namespace handoff::scenario
