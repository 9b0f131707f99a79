#include "exchange/lane_step.h"

#include <algorithm>

#include "base/crypto.h"
#include "base/text.h"
#include "exchange/preview.h"

namespace handoff::exchange {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

std::string hash_of(const HttpRequest& request, const referral::Snapshot* snapshot) {
  Sha256 hash;
  for (const auto& part : request.body) {
    if (part.attachment) {
      hash.add("attachment:" + *part.attachment);
    } else if (part.summary_pdf) {
      hash.add("summary:" + (snapshot ? snapshot->referral.id.text() + ":" + std::to_string(snapshot->referral.version)
                                      : std::string()));
    } else {
      hash.add(part.text);
    }
  }
  return hex(hash.finish());
}

std::string short_message(const Verdict& verdict) {
  constexpr std::size_t message_max = 2000;
  const std::string text =
      std::visit(Overloaded{[](const StepDone&) { return std::string(); }, [](const NeedsData& v) { return v.message; },
                            [](const auto& v) { return v.why; }},
                 verdict);
  return utf8_prefix(text, message_max);
}

class LaneStepper {
 public:
  LaneStepper(Unit& unit, const ConnectorSource& connectors, EphemeralSecrets& ephemeral, const StepInput& input)
      : unit_(unit), ephemeral_(ephemeral), input_(input), now_(unit.now()) {
    integration_ = unit.integration(input.key.organization, input.key.integration);
    organization_ = unit.organization(input.key.organization);
    referral_ = unit.referral(input.key.referral);
    if (integration_) connector_ = connectors.find(integration_->connector);
  }

  StepOutput run() {
    const Lane* lane = unit_.lane(input_.key);
    if (!lane || lane->fence != input_.fence || !referral_ || !integration_) {
      output_.lease_lost = true;
      return std::move(output_);
    }
    lane_ = *lane;
    if (!connector_) {
      hold_head("connector.not_installed",
                "The connector \"" + integration_->connector + "\" is not installed on this server.", "operator");
      return finish();
    }
    if (input_.sent && !file_answer()) return finish();
    if (input_.send_nothing) {
      unit_.schedule(input_.key, now_, true);
      return finish();
    }
    find_next();
    return finish();
  }

 private:
  StepOutput finish() {
    unit_.save(lane_);
    recount_errors(unit_, input_.key.organization, input_.key.referral);
    return std::move(output_);
  }

  // --- filing the answer -------------------------------------------------------------------------------------------

  // False where the lane has to wait.
  bool file_answer() {
    Sent sent = *input_.sent;
    if (!sent.delivery) return file_poll(sent);
    for (const auto& open : unit_.deliveries(input_.key)) {
      if (open.id == *sent.delivery) return file_attempt(sent, open);
    }
    return true;  // settled by a person meanwhile
  }

  bool file_attempt(Sent& sent, Delivery delivery) {
    const bool was_stopped = delivery.state == DeliveryState::stopped;
    DeliveryView view = view_of(delivery, *sent.snapshot);
    const Verdict verdict = connector_->judge(view, sent.request, *input_.reply, delivery.progress);
    sent.attempt.http_status = input_.reply->outcome == Reply::Outcome::answered ? input_.reply->status : 0;
    sent.attempt.verdict = verdict_word(verdict);
    sent.attempt.message = short_message(verdict);
    sent.attempt.duration_ms = input_.duration.count();
    unit_.settle(sent.attempt);
    bool go_on = file_verdict(delivery, verdict, sent.request.changes_destination);
    // It was mended while the bytes from before were on their way: what was refused is no longer what it says.
    if (delivery.state == DeliveryState::needs_data && must_rebuild(delivery)) {
      delivery.state = DeliveryState::pending;
      delivery.next_attempt_at = now_;
      go_on = true;
    }
    // A person stopped it while it was on its way: what the destination holds stays on record, nothing more is sent.
    if (was_stopped) {
      delivery.state = DeliveryState::stopped;
      delivery.next_attempt_at.reset();
    }
    if (const Json& remote = delivery.progress.data["remoteId"]; remote.is_string()) {
      delivery.remote_id = remote.string();
      lane_.remote_id = remote.string();
    }
    delivery.updated_at = now_;
    unit_.save(delivery);
    // What waits behind a delivery is not held up by its being given up.
    go_on = go_on || delivery.state == DeliveryState::dead;
    if (!go_on && !was_stopped && delivery.next_attempt_at && is_open(delivery.state)) {
      unit_.schedule(input_.key, *delivery.next_attempt_at, true);
      scheduled_ = true;
    }
    if (was_stopped || (!go_on && !scheduled_)) release();
    return go_on && !was_stopped;
  }

  // Applies the verdict to the delivery. True where the next step may follow at once.
  bool file_verdict(Delivery& d, const Verdict& verdict, bool changes_destination) {
    const auto wait = [&](DeliveryState state) {
      d.state = state;
      d.next_attempt_at.reset();
      d.problem = problem_of(verdict, *integration_, organization_);
      return false;
    };
    return std::visit(
        Overloaded{[&](const StepDone& done) {
                     if (done.forget_ephemeral) ephemeral_.forget(integration_->id);
                     if (!done.ephemeral.empty()) {
                       ephemeral_.keep(integration_->id, integration_->version, done.ephemeral,
                                       now_ + done.ephemeral_for);
                     }
                     d.doubtful = false;
                     step_done(d, changes_destination);
                     if (done.pause <= milliseconds{0}) return true;
                     d.next_attempt_at = now_ + done.pause;
                     return false;
                   },
                   [&](const TooLarge&) {
                     d.doubtful = false;
                     step_done(d, changes_destination);
                     return true;
                   },
                   [&](const RetryLater& later) {
                     output_.failed = true;
                     return retry(d, verdict, later.after, milliseconds{0});
                   },
                   [&](const Unknown&) {
                     output_.failed = true;
                     const Manifest& manifest = connector_->manifest();
                     if (!changes_destination) return retry(d, verdict, std::nullopt, milliseconds{0});
                     d.doubtful = true;
                     if (!manifest.can_be_asked && !manifest.idempotency_key) return wait(DeliveryState::needs_person);
                     return look_into(d, verdict, manifest.settles_within);
                   },
                   [&](const NeedsData&) {
                     output_.succeeded = true;  // the destination as a whole is well
                     return wait(DeliveryState::needs_data);
                   },
                   [&](const NeedsPerson&) {
                     output_.succeeded = true;
                     return wait(DeliveryState::needs_person);
                   },
                   [&](const auto& whole) {  // Misconfigured, Gone: nothing of this integration can be delivered
                     ephemeral_.forget(integration_->id);
                     wait(DeliveryState::held);
                     // Of many lanes refused at once the first has said it; a change of configuration is not free.
                     if (!integration_->health.misconfigured || integration_->health.code != d.problem->code) {
                       unit_.save_health(input_.key.organization, integration_->id,
                                         Health{true, d.problem->code, d.problem->sentence, now_});
                     }
                     unit_.open_notice(input_.key.organization, integration_->id, d.problem->code, d.problem->sentence);
                     (void)whole;
                     return false;
                   }},
        verdict);
  }

  void step_done(Delivery& d, bool changes_destination) {
    output_.succeeded = true;
    d.state = DeliveryState::pending;  // the next step may follow
    d.next_attempt_at = now_;
    // That it answers a question does not end a row of failures: the step that matters has still not succeeded.
    if (!changes_destination) return;
    d.failure_count = d.look_count = 0;
    d.failing_since.reset();
  }

  // An unknown outcome is looked into after `settles`, outside the schedule; where outcomes keep being unknown the
  // schedule takes over.
  bool look_into(Delivery& d, const Verdict& verdict, milliseconds settles) {
    constexpr std::int64_t looks_outside_schedule = 3;
    if (d.look_count >= looks_outside_schedule) return retry(d, verdict, std::nullopt, settles);
    d.look_count += 1;
    if (!d.failing_since) d.failing_since = now_;
    d.problem = problem_of(verdict, *integration_, organization_);
    d.state = DeliveryState::retrying;
    d.next_attempt_at = now_ + settles;
    return false;
  }

  // The durable schedule; never sooner than `asked`.
  bool retry(Delivery& d, const Verdict& verdict, std::optional<milliseconds> asked, milliseconds settles) {
    d.failure_count += 1;
    if (!d.failing_since) d.failing_since = now_;
    d.problem = problem_of(verdict, *integration_, organization_);
    std::optional<milliseconds> delay = retry_delay(d.failure_count, now_ - *d.failing_since);
    if (delay) {
      *delay += milliseconds{
          static_cast<std::int64_t>(unit_.random().below(static_cast<std::uint64_t>(delay->count() / 10 + 1)))};
      delay = std::max(*delay, settles);
    }
    if (!delay) {
      d.state = DeliveryState::dead;
      d.next_attempt_at.reset();
      d.problem->code = "destination.gave_up";
      d.problem->sentence = "\"" + integration_->name +
                            "\" could not be reached for four days and this delivery was given up; the administrator "
                            "can send it again. Last answer: " +
                            d.problem->sentence;
      d.problem->who = "administrator";
      unit_.open_notice(input_.key.organization, integration_->id, d.problem->code,
                        "\"" + integration_->name + "\": deliveries were given up after four days without success.");
      return false;
    }
    if (asked && *asked > *delay) delay = asked;
    d.state = DeliveryState::retrying;
    d.next_attempt_at = now_ + *delay;
    return false;
  }

  // --- finding what is next ----------------------------------------------------------------------------------------

  void find_next() {
    for (;;) {
      std::optional<Delivery> head;
      for (auto& delivery : unit_.deliveries(input_.key)) {
        if (is_open(delivery.state)) {
          head = std::move(delivery);
          break;
        }
      }
      if (!head) {
        if (!poll_status()) release();
        return;
      }
      if (!proceed(*head)) return;
    }
  }

  // True where the head was settled and the next one may be looked at.
  bool proceed(Delivery& d) {
    if (lane_.stopped) return release(), false;
    if (d.state == DeliveryState::sending) {
      // Its holder never came back: nobody knows what the destination got. That is noted before anything else may hold
      // the delivery back.
      d.doubtful = true;
      d.state = DeliveryState::retrying;
      d.next_attempt_at = std::max(now_, d.last_attempt_at.value_or(now_) + connector_->manifest().settles_within);
      const Manifest& manifest = connector_->manifest();
      if (!manifest.can_be_asked && !manifest.idempotency_key) {
        d.state = DeliveryState::needs_person;
        d.next_attempt_at.reset();
        d.problem = problem_of(Unknown{"The connection was lost while sending."}, *integration_, organization_);
      }
      d.updated_at = now_;
      unit_.save(d);
      return true;
    }
    if (!d.retraction && nothing_there(d) && retraction_waits()) {
      return supersede(d, "event.entered_in_error",
                       "The referral was entered in error before the destination had taken it, so nothing is sent."),
             true;
    }
    if (gate_closed(d)) return false;
    if (d.state == DeliveryState::needs_data || d.state == DeliveryState::needs_person) return release(), false;
    if (d.next_attempt_at && *d.next_attempt_at > now_) {
      unit_.save(d);
      unit_.schedule(input_.key, *d.next_attempt_at, true);
      scheduled_ = true;
      return false;
    }
    // What an update was to change never arrived: it becomes the create.
    if (d.kind == DeliveryKind::update && !lane_.delivered_at && !d.remote_id && !lane_.remote_id) {
      if (d.retraction)
        return supersede(d, "event.entered_in_error", "Nothing had arrived, so there is nothing to take back."), true;
      d.kind = DeliveryKind::create;
      d.doubtful = d.doubtful || left_in_doubt(unit_.deliveries(input_.key));
    }
    if (d.kind == DeliveryKind::update && lane_.accepted_at && !d.retraction) {
      return supersede(d, "mode.accepted", "The destination has accepted the referral; updates end."), true;
    }
    if (must_rebuild(d)) d = rebuild(d);
    if (d.snapshot.reveal().is_null()) leave_first(d);
    return say_next(d);
  }

  bool gate_closed(Delivery& d) {
    const Manifest& manifest = connector_->manifest();
    if (organization_ && organization_->plan < manifest.minimum_plan) {
      hold(d, "plan.connector_not_included",
           "The " + manifest.name + " integration needs the " + directory::plan_label(manifest.minimum_plan) +
               " plan or higher; this organization is on " + directory::plan_label(organization_->plan) + ".",
           "administrator");
      return true;
    }
    if (integration_->deleted || !integration_->enabled) {
      hold(d, "integration.disabled",
           "The integration \"" + integration_->name +
               "\" is switched off; it is sent when the administrator switches it on.",
           "administrator");
      return true;
    }
    if (integration_->health.misconfigured) {
      hold(d, integration_->health.code, integration_->health.sentence, "administrator");
      return true;
    }
    if (d.state == DeliveryState::held) {
      d.state = DeliveryState::pending;
      d.problem.reset();
      d.next_attempt_at = now_;
    }
    return false;
  }

  void hold(Delivery& d, std::string code, std::string sentence, std::string who) {
    d.state = DeliveryState::held;
    d.problem = Problem{std::move(code), std::move(sentence), std::nullopt, std::move(who)};
    d.next_attempt_at.reset();
    d.updated_at = now_;
    unit_.save(d);
    release();
  }

  void hold_head(std::string code, std::string sentence, std::string who) {
    for (auto& d : unit_.deliveries(input_.key)) {
      if (is_open(d.state)) return hold(d, std::move(code), std::move(sentence), std::move(who));
    }
    release();
  }

  void supersede(Delivery& d, const char* code, const char* sentence) {
    d.state = DeliveryState::superseded;
    d.problem = Problem{code, sentence, std::nullopt, "coordinator"};
    d.next_attempt_at.reset();
    d.snapshot = {};
    d.updated_at = now_;
    unit_.save(d);
  }

  // Only where nothing of it can be at the destination, and what it would say has changed since it first left.
  bool must_rebuild(const Delivery& d) const {
    // A refusal is definite: what was refused and mended may be said anew even where earlier steps were taken, because
    // a rebuilt delivery knows what the destination holds.
    const bool mended = !d.doubtful && !d.progress.data["ask"].bool_or(false) && d.problem &&
                        d.problem->code == "destination.refused_data";
    return d.attempt_count > 0 && !d.snapshot.reveal().is_null() && (mended || nothing_of_it_there(d)) &&
           d.snapshot_version != referral_->version;
  }
  static bool nothing_of_it_there(const Delivery& d) {
    const Json& done = d.progress.data["done"];
    return !d.doubtful && !d.progress.data["ask"].bool_or(false) && (!done.is_array() || done.size() == 0);
  }
  // The destination surely holds nothing of the referral.
  bool nothing_there(const Delivery& d) const {
    return nothing_of_it_there(d) && !lane_.delivered_at && !lane_.remote_id && !d.remote_id;
  }
  bool retraction_waits() {
    const auto open = unit_.deliveries(input_.key);
    return std::any_of(open.begin(), open.end(),
                       [](const Delivery& other) { return other.retraction && is_open(other.state); });
  }

  Delivery rebuild(Delivery& old) {
    Delivery fresh = old;
    supersede(old, "delivery.rebuilt", "");
    old.problem.reset();  // it is mended; the delivery that replaces it says how it goes on
    unit_.save(old);
    fresh.id = DeliveryId::make(now_, unit_.random());
    fresh.replaces = old.id.text();
    fresh.progress = carried_over(fresh.progress);
    fresh.snapshot = {};
    fresh.snapshot_version = 0;
    fresh.attempt_count = 0;
    fresh.integration_version = integration_->version;
    fresh.created_at = now_;
    return fresh;
  }

  void leave_first(Delivery& d) {
    const directory::Listing* listing = referral_->listing ? unit_.listing(*referral_->listing) : nullptr;
    const auto organization = [&](const std::optional<OrganizationId>& id) {
      return id ? unit_.organization(*id) : nullptr;
    };
    const auto snapshot =
        take_snapshot(*referral_, listing, organization(referral_->sender), organization(referral_->receiver),
                      unit_.sub_statuses(referral_->owner), unit_.messages(referral_->id), now_);
    d.snapshot = Private(referral::to_json(snapshot));
    d.snapshot_version = referral_->version;
    d.integration_version = integration_->version;
    if (d.kind != DeliveryKind::create && lane_.sent.size() > 0) {
      Progress earlier;
      earlier.data = lane_.sent;
      d.progress = carried_over(earlier);
    }
  }

  DeliveryView view_of(const Delivery& d, const referral::Snapshot& snapshot) {
    DeliveryView view;
    view.delivery_id = d.id.text();
    view.remote_mark = referral_->id.text();
    view.kind = d.kind;
    view.sequence = d.sequence;
    view.triggers = d.triggers;
    view.remote_id = d.remote_id ? d.remote_id : lane_.remote_id;
    view.retraction = d.retraction;
    view.even_if_accepted = d.retraction;
    view.doubtful = d.doubtful;
    view.snapshot = &snapshot;
    view.settings = &integration_->settings;
    view.secrets = &integration_->secrets;
    ephemeral_set_ = ephemeral_.find(integration_->id, integration_->version, now_);
    view.ephemeral = ephemeral_set_.get();
    view.mapping = &integration_->mapping;
    view.summary_pdf = integration_->summary_pdf;
    view.attachments = integration_->attachments;
    view.now = now_;
    return view;
  }

  // Asks the connector. True where the delivery was settled and the next one may be looked at.
  bool say_next(Delivery& d) {
    auto parsed = referral::snapshot_from_json(d.snapshot.reveal());
    HANDOFF_ASSERT(parsed.has_value());  // we wrote it
    const auto snapshot = std::make_shared<const referral::Snapshot>(std::move(*parsed));
    const DeliveryView view = view_of(d, *snapshot);
    auto step = connector_->next(view, d.progress);
    if (!step) {
      const bool go_on = file_verdict(d, verdict_of(step.error()), false);
      d.updated_at = now_;
      unit_.save(d);
      if (go_on || d.state == DeliveryState::dead) return true;
      if (d.next_attempt_at && is_open(d.state)) {
        unit_.schedule(input_.key, *d.next_attempt_at, true);
        scheduled_ = true;
      } else if (!scheduled_) {
        release();
      }
      return false;
    }
    if (const auto* finished = std::get_if<Finished>(&*step)) {
      settle(d, *finished);
      return true;
    }
    auto& request = std::get<HttpRequest>(*step);
    d.state = DeliveryState::sending;
    d.attempt_count += 1;
    d.last_attempt_at = now_;
    d.next_attempt_at.reset();
    d.updated_at = now_;
    Sent sent;
    sent.key = input_.key;
    sent.fence = input_.fence;
    sent.delivery = d.id;
    sent.leased_at = now_;
    sent.snapshot = snapshot;
    sent.attempt = Attempt{
        d.id, input_.key.organization, d.attempt_count, now_, request.step, hash_of(request, snapshot.get()), 0, "", "",
        0};
    sent.request = std::move(request);
    unit_.save(d);
    unit_.add(sent.attempt);
    unit_.hold(input_.key, now_ + lane_lease);
    output_.send = std::move(sent);
    return false;
  }

  void settle(Delivery& d, const Finished& finished) {
    if (finished.accepted && !lane_.accepted_at) lane_.accepted_at = now_;
    if (finished.accepted && d.kind == DeliveryKind::update && !d.retraction) {
      // The status step found the case taken on before the update was sent.
      return supersede(d, "mode.accepted", "The destination has accepted the referral; updates end.");
    }
    d.state = DeliveryState::delivered;
    d.problem.reset();
    d.next_attempt_at.reset();
    d.doubtful = false;
    if (!finished.remote_id.empty()) d.remote_id = lane_.remote_id = finished.remote_id;
    if (!finished.left_out.empty()) {
      d.problem = Problem{finished.left_out.front().code,
                          "It was handed over, but " + std::to_string(finished.left_out.size()) +
                              (finished.left_out.size() == 1 ? " file was" : " files were") +
                              " left out: " + finished.left_out.front().why + " Send it another way.",
                          std::nullopt, "coordinator"};
    }
    if (!lane_.delivered_at) lane_.delivered_at = now_;
    lane_.sent = carried_over(d.progress).data;
    d.snapshot = {};
    d.updated_at = now_;
    unit_.save(d);
  }

  // --- whether the destination has taken the case on ---------------------------------------------------------------

  bool polls() const {
    return integration_->mode == Mode::until_accepted && integration_->enabled && !integration_->deleted &&
           !integration_->health.misconfigured && connector_->manifest().reports_acceptance && lane_.delivered_at &&
           !lane_.accepted_at && !lane_.stopped && lane_.remote_id && now_ - *lane_.delivered_at < status_polls_for;
  }
  milliseconds poll_every() const {
    return seconds{std::max<std::int64_t>(integration_->settings["statusPollSeconds"].int_or(60), 1)};
  }

  // True where a poll was sent or scheduled.
  bool poll_status() {
    if (!polls()) return false;
    const bool just_delivered = input_.sent && input_.sent->delivery;
    if (polled_ || just_delivered) {
      unit_.schedule(input_.key, now_ + std::max(poll_every(), poll_pause_), true);
      scheduled_ = true;
      return true;
    }
    Delivery pseudo;
    pseudo.lane = input_.key;
    pseudo.kind = DeliveryKind::update;
    referral::Snapshot snapshot;
    snapshot.referral = *referral_;
    const DeliveryView view = view_of(pseudo, snapshot);
    auto request = connector_->status_request(view);
    if (!request) return false;
    Sent sent;
    sent.key = input_.key;
    sent.fence = input_.fence;
    sent.leased_at = now_;
    sent.snapshot = std::make_shared<const referral::Snapshot>(std::move(snapshot));
    sent.request = std::move(*request);
    sent.poll_progress.data = Json::object({{"remoteId", *lane_.remote_id}});
    unit_.hold(input_.key, now_ + lane_lease);
    output_.send = std::move(sent);
    return true;
  }

  bool file_poll(Sent& sent) {
    Delivery pseudo;
    pseudo.lane = input_.key;
    pseudo.kind = DeliveryKind::update;
    const DeliveryView view = view_of(pseudo, *sent.snapshot);
    const Verdict verdict = connector_->judge(view, sent.request, *input_.reply, sent.poll_progress);
    if (const auto* done = std::get_if<StepDone>(&verdict)) {
      output_.succeeded = true;
      if (done->forget_ephemeral) ephemeral_.forget(integration_->id);
      if (!done->ephemeral.empty())
        ephemeral_.keep(integration_->id, integration_->version, done->ephemeral, now_ + done->ephemeral_for);
      polled_ = sent.request.step == "status";
      // Where a destination asks for patience a question can wait far longer than a delivery.
      constexpr int polls_wait_longer = 60;
      poll_pause_ = done->pause * polls_wait_longer;
    } else {
      polled_ = true;  // a poll that failed is simply made again later
      output_.failed = true;
      if (const auto* later = std::get_if<RetryLater>(&verdict)) poll_pause_ = later->after.value_or(milliseconds{0});
    }
    if (sent.poll_progress.data["accepted"].bool_or(false)) lane_.accepted_at = now_;
    return true;
  }

  void release() {
    unit_.unschedule(input_.key, true);
    scheduled_ = true;
  }

  Unit& unit_;
  EphemeralSecrets& ephemeral_;
  const StepInput& input_;
  const Instant now_;
  const Integration* integration_ = nullptr;
  const directory::Organization* organization_ = nullptr;
  const referral::Referral* referral_ = nullptr;
  const Connector* connector_ = nullptr;
  Lane lane_;
  std::shared_ptr<const std::map<std::string, Secret>> ephemeral_set_;  // outlives the view that points at it
  bool scheduled_ = false;
  bool polled_ = false;
  milliseconds poll_pause_{0};  // the next poll comes no sooner
  StepOutput output_;
};

std::string ask_whom(const directory::Organization* organization) {
  if (organization && organization->integration_contact) {
    const std::string contact = directory::contact_text(*organization->integration_contact);
    if (!contact.empty()) return "ask " + contact;
  }
  return "ask your integration administrator";
}

}  // namespace

std::shared_ptr<const std::map<std::string, Secret>> EphemeralSecrets::find(const IntegrationId& id,
                                                                            std::int64_t version, Instant now) const {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(id);
  if (found == kept_.end() || found->second.version != version || found->second.until <= now) return nullptr;
  return found->second.secrets;
}
void EphemeralSecrets::keep(const IntegrationId& id, std::int64_t version, std::map<std::string, Secret> secrets,
                            Instant until) {
  const std::lock_guard lock(mutex_);
  kept_[id] = {version, std::make_shared<const std::map<std::string, Secret>>(std::move(secrets)), until};
}
void EphemeralSecrets::forget(const IntegrationId& id) {
  const std::lock_guard lock(mutex_);
  kept_.erase(id);
}

Problem problem_of(const Verdict& verdict, const Integration& integration,
                   const directory::Organization* organization) {
  const std::string name = "\"" + integration.name + "\"";
  return std::visit(
      Overloaded{[&](const StepDone&) { return Problem{}; },
                 [&](const TooLarge& v) {
                   return Problem{"destination.too_large", name + " does not take something this large: " + v.why,
                                  std::nullopt, "coordinator"};
                 },
                 [&](const RetryLater& v) {
                   return Problem{"destination.unavailable",
                                  name + " could not take it yet (" + v.why + "); it is tried again by itself.",
                                  std::nullopt, "partner"};
                 },
                 [&](const Unknown& v) {
                   const bool can_look = integration.connector != "webhook";
                   return Problem{"destination.unknown_outcome",
                                  name + " gave no usable answer (" + v.why +
                                      "), so it is not known whether it arrived; " +
                                      (can_look ? "the destination is asked before anything is sent again."
                                                : "look there before it is sent again."),
                                  std::nullopt, "partner"};
                 },
                 [&](const NeedsData& v) {
                   return Problem{"destination.refused_data",
                                  name + " refused the referral: \"" + v.message +
                                      "\". Edit the referral and save it; it is sent again by itself. If the message "
                                      "is unclear or stays, " +
                                      ask_whom(organization) + ".",
                                  v.field, "coordinator"};
                 },
                 [&](const Misconfigured& v) {
                   return Problem{v.code.empty() ? std::string("integration.misconfigured") : v.code,
                                  name + " does not accept our requests (" + v.why + "). The administrator must " +
                                      v.must + "; nothing on the referral needs editing.",
                                  std::nullopt, "administrator"};
                 },
                 [&](const Gone& v) {
                   return Problem{"destination.gone",
                                  name + " has been given up at the other end (" + v.why +
                                      "). The administrator must choose another address or switch it off.",
                                  std::nullopt, "administrator"};
                 },
                 [&](const NeedsPerson& v) {
                   return Problem{
                       v.code.empty() ? std::string("destination.conflict") : v.code,
                       name + " reports a conflict (" + v.why +
                           "). Compare the referral with what the destination holds, then send it again or clear it.",
                       std::nullopt, "coordinator"};
                 }},
      verdict);
}

StepOutput step_lane(Unit& unit, const ConnectorSource& connectors, EphemeralSecrets& ephemeral,
                     const StepInput& input) {
  return LaneStepper(unit, connectors, ephemeral, input).run();
}

}  // namespace handoff::exchange
