#include "sandbox/kipu_hooks.h"

#include <algorithm>

#include "base/text.h"

namespace handoff::sandbox {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t waiting_max = 200'000;
constexpr std::size_t attempts_max = 20'000;
constexpr milliseconds hold_max = std::chrono::seconds(2);  // where nothing comes that could overtake
constexpr milliseconds first_retry = std::chrono::seconds(30);
constexpr milliseconds retries_end = std::chrono::hours(48);
constexpr milliseconds look_at_least = std::chrono::seconds(10);
constexpr milliseconds look_at_most = milliseconds(1);

std::string_view word(KipuEvent event) {
  return event == KipuEvent::chart_update ? "chart-update" : "patient-creation";
}

std::string_view payload_word(KipuEvent event) {
  return event == KipuEvent::chart_update ? "chart_update" : "patient_creation";
}

Error bad_hook(std::string text) { return Error{Kind::invalid_input, "sandbox.bad_request", std::move(text), {}}; }

// Invented charts are no reason to call on other machines: hooks reach this one only.
bool is_on_this_machine(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos || (url.substr(0, scheme) != "http" && url.substr(0, scheme) != "https")) {
    return false;
  }
  std::string_view host = url.substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (host.starts_with('[')) {
    host = host.substr(1, host.find(']') == std::string_view::npos ? 0 : host.find(']') - 1);
  } else {
    host = host.substr(0, host.find(':'));
  }
  static const auto loopback = net::AddressRanges::parse({"127.0.0.0/8", "::1/128"});
  return host == "localhost" || (loopback && loopback->contains(host));
}

}  // namespace

Result<std::unique_ptr<KipuHooks>> KipuHooks::start(std::string app_id, const KipuClock& clock, Random& random) {
  std::unique_ptr<KipuHooks> hooks(new KipuHooks(std::move(app_id), clock, random));
  net::ClientOptions options;
  options.allow = HANDOFF_TRY(net::AddressRanges::parse({"127.0.0.0/8", "::1/128"}));
  hooks->client_ = HANDOFF_TRY(net::Client::start(std::move(options)));
  hooks->thread_ = std::thread([self = hooks.get()] { self->run(); });
  return hooks;
}

KipuHooks::~KipuHooks() { stop(); }

void KipuHooks::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::optional<KipuEvent> KipuHooks::kind_of(std::string_view kind) {
  if (kind == word(KipuEvent::patient_creation)) return KipuEvent::patient_creation;
  if (kind == word(KipuEvent::chart_update)) return KipuEvent::chart_update;
  return std::nullopt;
}

Result<void> KipuHooks::set(std::string_view kind, const Json& given) {
  const auto event = kind_of(kind);
  if (!event) return bad_hook("The hooks are patient-creation and chart-update");
  if (!given.is_object()) return bad_hook("The body must be a JSON object");
  const std::lock_guard lock(mutex_);
  KipuHook hook = slot(*event).hook;
  for (const auto& [key, value] : given.members()) {
    const std::int64_t number = value.int_or(-1);
    const double rate = value.is_number() ? value.real().value_or(-1) : -1;
    if (key == "url" && value.is_string() && is_on_this_machine(value.string())) {
      hook.url = value.string();
    } else if (key == "url" && value.is_string()) {
      return bad_hook("url must be an http address of this machine, such as http://127.0.0.1:8080/hooks");
    } else if (key == "token" &&
               (value.is_null() || (value.is_string() && value.string().find_first_of("\r\n") == std::string::npos))) {
      hook.token = value.text_or();
    } else if (key == "active" && value.is_bool()) {
      hook.active = value.boolean();
    } else if (key == "delayMs" && number >= 0 && number <= 86'400'000) {
      hook.delay_ms = number;
    } else if (key == "duplicate" && (value.is_bool() || (number >= 0 && number <= 100))) {
      hook.copies = value.is_bool() ? (value.boolean() ? 1 : 0) : number;
    } else if (key == "reorder" && value.is_bool()) {
      hook.reorder = value.boolean();
    } else if (key == "dropRate" && rate >= 0 && rate <= 1) {
      hook.drop_rate = rate;
    } else {
      return bad_hook("Check " + utf8_prefix(key, 100) +
                      ": a hook has url, token, active, delayMs, duplicate (true, or how many copies), reorder and "
                      "dropRate (0 to 1)");
    }
  }
  if (hook.active && hook.url.empty()) return bad_hook("An active hook needs a url");
  Slot fresh;
  fresh.hook = std::move(hook);
  slot(*event) = std::move(fresh);
  return {};
}

void KipuHooks::tell(const KipuChange& change) {
  const std::lock_guard lock(mutex_);
  Slot& own = slot(change.event);
  if (!own.hook.active || stopping_) return;
  Delivery delivery;
  delivery.event = change.event;
  delivery.casefile_id = std::to_string(change.patient_id) + ":" + change.master_id;
  delivery.body = Json::object({{"event", payload_word(change.event)},
                                {"app_id", app_id_},
                                {"casefile_id", delivery.casefile_id},
                                {"patient_id", change.patient_id},
                                {"patient_master_id", change.master_id},
                                {"occurred_at", format_instant(change.occurred_at)}})
                      .dump();
  auto due = std::max(change.visible_at, clock_.elapsed()) + milliseconds(own.hook.delay_ms);
  if (own.hook.reorder) {
    delivery.held = own.hold_next;
    own.hold_next = !own.hold_next;
    if (delivery.held) due += hold_max;
  }
  for (std::int64_t copy = 0; copy <= own.hook.copies; ++copy) {
    const bool lost =
        own.hook.drop_rate > 0 && static_cast<double>(random_.below(1'000'000)) < own.hook.drop_rate * 1'000'000;
    if (lost || waiting_.size() >= waiting_max) {
      ++own.dropped;
    } else {
      waiting_.emplace(due, delivery);
    }
  }
  looked_at_ = false;
  changed_.notify_all();
}

void KipuHooks::look_again() {
  const std::lock_guard lock(mutex_);
  looked_at_ = false;
  changed_.notify_all();
}

void KipuHooks::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto now = clock_.elapsed();
    if (!waiting_.empty() && waiting_.begin()->first <= now) {
      Delivery next = std::move(waiting_.extract(waiting_.begin()).mapped());
      attempt(lock, std::move(next));
      continue;
    }
    looked_at_ = true;
    const auto wake =
        waiting_.empty() ? look_at_least : std::clamp(waiting_.begin()->first - now, look_at_most, look_at_least);
    changed_.wait_for(lock, wake, [&] { return stopping_ || !looked_at_; });
  }
}

// One at a time, so that they arrive in the order they are told in unless they are asked not to.
void KipuHooks::attempt(std::unique_lock<std::mutex>& lock, Delivery delivery) {
  const KipuHook hook = slot(delivery.event).hook;
  if (!hook.active) return;
  net::ClientRequest request;
  request.method = "POST";
  request.url = hook.url;
  request.headers.add("Content-Type", "application/json");
  if (!hook.token.empty()) request.headers.add("Authorization", "Bearer " + hook.token);
  request.body.push_back({delivery.body, {}, 0});
  request.timeout = std::chrono::seconds(10);
  reply_.reset();
  lock.unlock();
  client_->send(std::move(request), [this](net::ClientReply reply) {
    const std::lock_guard inside(mutex_);
    reply_ = std::move(reply);
    changed_.notify_all();
  });
  lock.lock();
  changed_.wait(lock, [&] { return stopping_ || reply_.has_value(); });
  if (reply_) settle(std::move(delivery), *reply_);
}

void KipuHooks::settle(Delivery delivery, const net::ClientReply& reply) {
  Slot& own = slot(delivery.event);
  const bool taken = reply.outcome == net::ClientReply::Outcome::answered && reply.status >= 200 && reply.status < 300;
  const auto now = clock_.elapsed();
  if (++delivery.attempts == 1) delivery.first_at = now;
  attempts_.push_back(Json::object({{"at", format_instant(clock_.now())},
                                    {"kind", word(delivery.event)},
                                    {"casefileId", delivery.casefile_id},
                                    {"attempt", delivery.attempts},
                                    {"status", reply.status == 0 ? Json() : Json(reply.status)},
                                    {"problem", reply.problem_code.empty() ? Json() : Json(reply.problem_code)}}));
  if (attempts_.size() > attempts_max) attempts_.pop_front();

  if (taken) {
    ++own.delivered;
  } else {
    ++own.failed;
    auto pause = retries_end;
    if (delivery.attempts < 20) pause = std::min(pause, first_retry * (1 << (delivery.attempts - 1)));
    if (now + pause - delivery.first_at > retries_end) {
      // As the providers of hooks do it: after two days of failures the hook is off, and nobody is told.
      own.hook.active = false;
      std::erase_if(waiting_, [&](const auto& one) { return one.second.event == delivery.event; });
      return;
    }
    delivery.held = false;
    waiting_.emplace(now + pause, delivery);
  }
  if (!own.hook.reorder) return;
  // It has overtaken those that were held back for it.
  std::vector<Delivery> released;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    if (at->second.held && at->second.event == delivery.event && !delivery.held) {
      released.push_back(std::move(at->second));
      at = waiting_.erase(at);
    } else {
      ++at;
    }
  }
  for (Delivery& one : released) {
    one.held = false;
    waiting_.emplace(now, std::move(one));
  }
}

Json KipuHooks::json() const {
  const std::lock_guard lock(mutex_);
  Json out = Json::object();
  for (const KipuEvent event : {KipuEvent::patient_creation, KipuEvent::chart_update}) {
    const Slot& own = slots_[event == KipuEvent::chart_update ? 1 : 0];
    const auto waiting =
        std::count_if(waiting_.begin(), waiting_.end(), [&](const auto& one) { return one.second.event == event; });
    out.set(word(event), Json::object({{"url", own.hook.url.empty() ? Json() : Json(own.hook.url)},
                                       {"active", own.hook.active},
                                       {"delayMs", own.hook.delay_ms},
                                       {"duplicate", own.hook.copies},
                                       {"reorder", own.hook.reorder},
                                       {"dropRate", own.hook.drop_rate},
                                       {"delivered", own.delivered},
                                       {"failed", own.failed},
                                       {"dropped", own.dropped},
                                       {"waiting", static_cast<std::int64_t>(waiting)}}));
  }
  return out;
}

Json KipuHooks::deliveries() const {
  const std::lock_guard lock(mutex_);
  Json out = Json::array();
  for (const Json& one : attempts_) out.push_back(one);
  return out;
}

void KipuHooks::forget() {
  const std::lock_guard lock(mutex_);
  attempts_.clear();
}

}  // namespace handoff::sandbox
