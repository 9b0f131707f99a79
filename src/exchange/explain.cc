#include "exchange/explain.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace handoff::exchange {
namespace {

using referral::EventType;

// --- words
// -------------------------------------------------------------------------------------------------------------

// "22 November 2026, 08:20 UTC": a date that nobody reads the wrong way round.
std::string when(Instant at) {
  constexpr std::array months{"January", "February", "March",     "April",   "May",      "June",
                              "July",    "August",   "September", "October", "November", "December"};
  const std::string text = format_instant(at);  // YYYY-MM-DDTHH:MM…
  const auto month = static_cast<std::size_t>(parse_int(text.substr(5, 2)).value_or(1));
  const auto day = parse_int(text.substr(8, 2)).value_or(1);
  return std::to_string(day) + " " + months[(month - 1) % months.size()] + " " + text.substr(0, 4) + ", " +
         text.substr(11, 5) + " UTC";
}

// "Received (routed requests can be included)" is a remark for who chooses it, not for a sentence.
std::string short_label(std::string_view trigger) {
  const std::string label = trigger_label(trigger);
  return label.substr(0, label.find(" ("));
}

std::string or_list(const std::vector<std::string>& items) {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += i + 1 == items.size() ? " or " : ", ";
    out += "\"" + items[i] + "\"";
  }
  return out;
}

std::string labels(const std::vector<std::string>& triggers) {
  std::vector<std::string> out;
  for (const auto& trigger : triggers) out.push_back(short_label(trigger));
  return or_list(out);
}

bool starts(const std::string& text, std::string_view with) { return text.starts_with(with); }

// --- what is known
// -------------------------------------------------------------------------------------------------------

// The decision that says most about the present: the last one a chosen moment led to, whatever became of it.
const RecordedDecision* last_matched(const std::vector<RecordedDecision>& decisions) {
  const RecordedDecision* last = nullptr;
  for (const auto& recorded : decisions) {
    const Decision& decision = recorded.row.decision;
    if (decision.outcome != Outcome::none || !decision.matched.empty()) last = &recorded;
  }
  return last;
}

class Explainer {
 public:
  explicit Explainer(const ExplainFacts& facts)
      : f_(facts),
        name_("\"" + facts.integration.name + "\""),
        subject_("Referral " + facts.referral.number),
        matched_(last_matched(facts.decisions)) {
    // A delivery that was rebuilt is younger than what waits behind it; its place in the lane tells the order.
    for (const auto& d : f_.deliveries) {
      if (is_open(d.state) && (!head_ || d.sequence < head_->sequence)) head_ = &d;
      if (d.state != DeliveryState::superseded && (!last_settled_ || d.sequence >= last_settled_->sequence))
        last_settled_ = &d;
    }
    if (!f_.deliveries.empty()) newest_ = &f_.deliveries.back();
    handed_over_ = f_.lane && f_.lane->delivered_at.has_value();
  }

  Explanation run() {
    out_.referral = f_.referral.id;
    out_.integration = f_.integration.id;
    out_.delivered = handed_over_;
    if (head_) out_.next_attempt_at = head_->next_attempt_at;
    tell();
    out_.checks = {plan(),    enabled(), listing_linked(), trigger_matched(), routing(),
                   consent(), mode(),    mapping(),        destination()};
    return std::move(out_);
  }

 private:
  // --- the sentence --------------------------------------------------------------------------------------------------

  void say(std::string code, std::string sentence) {
    out_.code = std::move(code);
    out_.sentence = std::move(sentence);
  }

  // What ends every sentence that sends somebody to ask.
  std::string ask(const std::string& what) const {
    std::string whom = "your organization's integration administrator";
    if (f_.organization.integration_contact) {
      const std::string contact = directory::contact_text(*f_.organization.integration_contact);
      if (!contact.empty()) whom = contact;
    }
    return " " + what + ", ask " + whom + ".";
  }

  std::string listing_name() const { return f_.listing ? "\"" + f_.listing->name + "\"" : "its listing"; }
  std::string system_name() const { return f_.manifest ? f_.manifest->name : f_.integration.connector; }
  // "CRMS intake" (CRMS), unless the one says the other.
  std::string full_name() const {
    if (ascii_lower(f_.integration.name).find(ascii_lower(system_name())) != std::string::npos) return name_;
    return name_ + " (" + system_name() + ")";
  }
  std::string not_there() const { return subject_ + " is not in " + full_name(); }

  bool concerned() const {
    return f_.integration.side == IntegrationSide::received ? f_.referral.receiver == f_.organization.id
                                                            : f_.referral.sender == f_.organization.id;
  }
  bool plan_allows() const { return !f_.manifest || f_.organization.plan >= f_.manifest->minimum_plan; }
  bool listing_counts() const { return f_.integration.side == IntegrationSide::received; }
  const ListingLink* link() const {
    for (const auto& link : f_.integration.listings) {
      if (f_.referral.listing == link.listing) return &link;
    }
    return nullptr;
  }
  bool linked_late() const {
    const ListingLink* found = link();
    return listing_counts() && found && f_.referral.submitted_at && found->since > *f_.referral.submitted_at &&
           f_.decisions.empty();
  }

  void tell() {
    if (head_) return tell_open();
    if (f_.lane && f_.lane->stopped) return tell_stopped();
    if (last_settled_ && last_settled_->state == DeliveryState::dead) return tell_dead();
    if (handed_over_) return tell_handed_over();
    if (last_settled_) return tell_cleared();
    if (newest_ && newest_->problem && newest_->problem->code == "event.entered_in_error") {
      return say("event.entered_in_error",
                 subject_ + " was entered in error and was taken back before it left, so nothing of it is in " +
                     full_name() + "; nobody needs to do anything.");
    }
    tell_nothing_sent();
  }

  // --- something is on its way

  void tell_open() {
    const Delivery& d = *head_;
    const std::string code = d.problem ? d.problem->code : std::string();
    switch (d.state) {
      case DeliveryState::pending: return tell_pending(d);
      case DeliveryState::sending:
        return say("delivery.sending", subject_ + " is being sent to " + full_name() +
                                           " at this moment; nobody needs to do anything." + there_before());
      case DeliveryState::retrying:
        return say(code.empty() ? "delivery.retrying" : code,
                   yet() + " " + problem_sentence(d) +
                       (d.next_attempt_at ? " The next attempt is on " + when(*d.next_attempt_at) + "." : "") +
                       " Nobody needs to do anything." + there_before());
      case DeliveryState::needs_data: return say(code, not_there_now() + " " + problem_sentence(d) + there_before());
      case DeliveryState::needs_person:
        return say(code,
                   not_there_now() + " " + problem_sentence(d) + there_before() + ask("If it is not clear what to do"));
      case DeliveryState::held: return tell_held(d);
      default: return;
    }
  }

  std::string yet() const {
    return subject_ + (handed_over_ ? " has a change that is" : " is") + " not yet in " + full_name() + ".";
  }
  std::string not_there_now() const {
    return handed_over_ ? subject_ + " has a change that is not in " + full_name() + "." : not_there() + ".";
  }
  std::string there_before() const {
    if (!handed_over_) return {};
    return " The referral itself was handed over on " + when(*f_.lane->delivered_at) + ".";
  }
  static std::string problem_sentence(const Delivery& d) {
    if (!d.problem || d.problem->sentence.empty()) return "The destination has not taken it.";
    return d.problem->sentence;
  }

  void tell_pending(const Delivery& d) {
    std::string sentence;
    if (d.problem) {
      sentence = subject_ + " was mended and is on its way to " + full_name() +
                 " again; its error is gone as soon as it has been taken.";
    } else if (d.kind == DeliveryKind::create || !handed_over_) {
      sentence = subject_ + " is on its way to " + full_name() + " since " + when(d.created_at) + moment_of(d) +
                 "; nobody needs to do anything.";
    } else {
      sentence = subject_ + " has a change that is on its way to " + full_name() + " since " + when(d.created_at) +
                 moment_of(d) + "; nobody needs to do anything." + there_before();
    }
    if (!f_.missing.empty()) sentence += " It will be refused until it has what is required: " + missing_text();
    say("delivery.pending", std::move(sentence));
  }

  // ", because of "Closed - Completed""
  static std::string moment_of(const Delivery& d) {
    return d.triggers.empty() ? std::string() : ", because of " + labels(d.triggers);
  }

  // A hold is explained by what holds it now: what was put right since is no reason any more.
  void tell_held(const Delivery& d) {
    const std::string code = d.problem ? d.problem->code : std::string();
    if (!f_.manifest) return tell_not_installed();
    if (!plan_allows()) return tell_plan();
    if (!f_.integration.enabled || f_.integration.deleted) return tell_disabled();
    if (f_.integration.health.misconfigured) {
      return say(f_.integration.health.code.empty() ? "integration.misconfigured" : f_.integration.health.code,
                 yet() + " " + f_.integration.health.sentence + " It is sent by itself as soon as that is put right." +
                     there_before() + ask("To have it put right"));
    }
    if (code == "integration.disabled" || code == "integration.misconfigured" || starts(code, "plan.") ||
        starts(code, "connector.") || starts(code, "destination.")) {
      return say("delivery.pending", subject_ + " was held and is released: it is on its way to " + full_name() +
                                         "; nobody needs to do anything." + there_before());
    }
    say(code.empty() ? "delivery.held" : code,
        yet() + " " + problem_sentence(d) + there_before() + ask("If it is not clear what to do"));
  }

  void tell_not_installed() {
    say("connector.not_installed", yet() + " The connector \"" + f_.integration.connector +
                                       "\" is not installed on this server, which its operator can change." +
                                       there_before() + ask("To have it installed"));
  }
  std::string plan_sentence() const {
    return "The " + f_.manifest->name + " integration needs the " + directory::plan_label(f_.manifest->minimum_plan) +
           " plan or higher; this organization is on " + directory::plan_label(f_.organization.plan) + ".";
  }
  void tell_plan() {
    say("plan.connector_not_included",
        yet() + " " + plan_sentence() + waits_or_starts() + there_before() + ask("To change the plan"));
  }
  void tell_disabled() {
    say("integration.disabled", yet() + " The integration " + name_ + " is switched off." + waits_or_starts() +
                                    there_before() + ask("To have it switched on"));
  }
  std::string waits_or_starts() const {
    if (head_) return " It waits in order and is sent by itself once that changes.";
    if (!f_.integration.triggers.empty())
      return " Besides, none of its chosen moments has come: " + labels(f_.integration.triggers) + ".";
    return {};
  }

  // --- nothing is on its way, and something was

  void tell_stopped() {
    std::optional<Instant> at;
    for (const auto& d : f_.deliveries) {
      if (d.state == DeliveryState::stopped) at = d.updated_at;
    }
    say("mode.stopped",
        (handed_over_ ? subject_ + " is told nothing more to " + full_name() + ":" : not_there() + ":") +
            " a person stopped it" + (at ? " on " + when(*at) : "") +
            ". It stays stopped until somebody sends the delivery again." + there_before());
  }

  void tell_dead() {
    const Delivery& d = *last_settled_;
    say(d.problem ? d.problem->code : "delivery.dead",
        not_there_now() + " " + problem_sentence(d) +
            " Once the destination can be reached again, the delivery can be sent again." + there_before() +
            ask("If it cannot be reached"));
  }

  void tell_handed_over() {
    const Lane& lane = *f_.lane;
    std::string sentence = subject_ + " is in " + full_name() + ": it was handed over on " + when(*lane.delivered_at);
    if (lane.remote_id && !lane.remote_id->empty()) sentence += " and is known there as " + *lane.remote_id;
    sentence += ".";
    const Delivery* last = last_settled_;
    if (last && last->state == DeliveryState::delivered && last->retraction) {
      sentence = subject_ + " was handed over to " + full_name() + " on " + when(*lane.delivered_at) + ", and on " +
                 when(last->updated_at) + " it was told that the referral had been entered in error.";
      return say("event.entered_in_error", std::move(sentence));
    }
    if (lane.accepted_at) {
      sentence += " It was accepted there on " + when(*lane.accepted_at) +
                  (f_.integration.mode == Mode::until_accepted ? ", and updates have ended with that." : ".");
    } else if (last && last->sequence > 1 && last->state == DeliveryState::delivered) {
      sentence += " It was last told of a change on " + when(last->updated_at) + ".";
    } else if (last && last->state == DeliveryState::cleared) {
      sentence += " A later change was cleared from the error list on " + when(last->updated_at) + " and not sent.";
    }
    if (last && last->state == DeliveryState::delivered && last->problem) sentence += " " + last->problem->sentence;
    if (!lane.accepted_at && matched_ && matched_->row.decision.outcome == Outcome::none) {
      if (const std::string why = mode_sentence(matched_->row.decision.code); !why.empty()) {
        sentence += " What came later (" + labels(matched_->row.decision.matched) + ", " + when(matched_->row.at) +
                    ") was not sent: " + why;
      }
    }
    say(lane.accepted_at ? "accepted" : "delivered", std::move(sentence));
  }

  std::string mode_sentence(std::string_view code) const {
    if (code == "mode.already_handed_off") return "this integration hands a referral over once.";
    if (code == "mode.update_not_supported") return system_name() + " takes no updates.";
    if (code == "mode.accepted") return "the destination has accepted the referral, and updates end with that.";
    if (code == "mode.stopped") return "a person has stopped it.";
    return {};
  }

  void tell_cleared() {
    say("delivery.cleared", not_there() + ": its delivery was cleared from the error list on " +
                                when(last_settled_->updated_at) + "." + next_moment("It is handed over anew"));
  }

  // --- nothing was ever sent

  void tell_nothing_sent() {
    if (!f_.referral.submitted_at) {
      const bool draft = f_.referral.status == referral::Status::draft;
      return say(draft ? "referral.draft" : "referral.discarded",
                 draft
                     ? not_there() + ": it is still a draft, and nothing is sent anywhere until its sender submits it."
                     : not_there() + ": it was a draft that was thrown away, so nothing is sent.");
    }
    if (!concerned()) return tell_not_concerned();
    if (!f_.manifest) return tell_not_installed();
    if (listing_counts() && !link()) return tell_not_linked();
    if (f_.referral.test != f_.integration.test) return tell_test();
    if (!plan_allows()) return tell_plan();
    if (!f_.integration.enabled) return tell_disabled();
    if (linked_late()) return tell_linked_late();
    if (f_.integration.triggers.empty()) {
      return say("trigger.none",
                 not_there() + ": no moment is chosen at which it hands a referral over." + ask("To have one chosen"));
    }
    if (const std::string chosen = chosen_later(); !chosen.empty()) {
      return say("trigger.chosen_later", not_there() + ": " + chosen +
                                             " came before that moment was chosen for this integration." +
                                             next_moment("It is handed over") + ask("If it should be there now"));
    }
    if (matched_ && matched_->row.decision.code == "routing.not_included") return tell_routing();
    if (matched_ && matched_->row.decision.code == "trigger.only_updates") {
      return say("trigger.only_updates", not_there() + " yet: what came so far (" +
                                             labels(matched_->row.decision.matched) + ", " + when(matched_->row.at) +
                                             ") only updates what is there already." +
                                             next_moment("It is handed over") + ask("If it should be there now"));
    }
    say("trigger.not_chosen", not_there() + " yet, because none of the moments chosen for it has come." +
                                  next_moment("It is handed over") + so_far() + ask("If it should be there now"));
  }

  void tell_not_concerned() {
    const bool received = listing_counts();
    if (received && !f_.referral.listing) {
      return say("listing.none", not_there() +
                                     ": it is for a recipient outside the exchange and belongs to no "
                                     "listing, and this integration takes the referrals of its listings.");
    }
    say("side.not_concerned", not_there() + ": this integration takes the referrals that " + f_.organization.name +
                                  (received ? " receives" : " sends") + ", and this one was " +
                                  (received ? "sent to another organization." : "sent by another organization."));
  }

  void tell_not_linked() {
    if (!f_.referral.listing) return tell_not_concerned();
    const bool before = !f_.decisions.empty();
    say("listing.not_linked",
        not_there() + ", because its listing " + listing_name() + (before ? " is no longer linked" : " is not linked") +
            " to that integration. An administrator of integrations can link it; from then on the referral is handed "
            "over at its next chosen moment" +
            (f_.integration.triggers.empty() ? "" : ": " + labels(f_.integration.triggers)) + "." +
            ask("To have the listing linked"));
  }

  void tell_test() {
    say(f_.referral.test ? "test.not_marked" : "test.live_referral",
        f_.referral.test
            ? not_there() + ": it is a test referral, and those reach only integrations that are marked as test; " +
                  name_ + " is not."
            : not_there() + ": " + name_ + " is marked as test and takes test referrals only; this is a real one.");
  }

  void tell_linked_late() {
    say("listing.linked_later", not_there() + ", because its listing " + listing_name() +
                                    " was linked to that integration only on " + when(link()->since) +
                                    ", after the referral had arrived on " + when(*f_.referral.submitted_at) + "." +
                                    next_moment("It is handed over") + ask("If it should be there now"));
  }

  void tell_routing() {
    say("routing.not_included",
        not_there() +
            ": it was routed here from another listing, and this integration leaves routed requests out when "
            "they arrive." +
            next_moment("It is handed over") + ask("To have routed requests included"));
  }

  // " It is handed over on "Closed - Completed" or "Archived"."
  std::string next_moment(const std::string& what) const {
    std::vector<std::string> coming = f_.integration.triggers;
    // It arrives once: naming that moment would be a promise that cannot come true.
    if (f_.referral.submitted_at && coming.size() > 1) {
      std::erase_if(coming, [](const auto& id) { return id == "referral.received" || id == "referral.sent"; });
    }
    if (coming.empty()) return {};
    if (coming.size() == 1 && (coming[0] == "referral.received" || coming[0] == "referral.sent")) {
      return " Its only chosen moment is its arrival, which does not come again; an administrator can send it.";
    }
    return " " + what + " on " + labels(coming) + ".";
  }

  // " So far: "Received" on …, "Booked" on …."
  std::string so_far() const {
    constexpr std::size_t told_max = 3;
    std::vector<std::string> told;
    for (const auto& recorded : f_.decisions) {
      const auto meant = triggers_of(recorded.event_type, recorded.facts, {f_.integration.side, false, false});
      if (meant.empty()) continue;
      told.push_back("\"" + short_label(meant.front()) + "\" on " + when(recorded.row.at));
    }
    if (told.empty()) return {};
    if (told.size() > told_max) told.erase(told.begin(), told.end() - static_cast<std::ptrdiff_t>(told_max));
    return " So far: " + join(told, "; ") + ".";
  }

  // The moment that today's triggers name and that had passed when they were chosen; "" where there is none.
  std::string chosen_later() const {
    for (const auto& recorded : f_.decisions) {
      if (recorded.row.integration_version >= f_.integration.version) continue;
      if (recorded.row.decision.code != "trigger.not_chosen") continue;
      const auto meant = triggers_of(
          recorded.event_type, recorded.facts,
          {f_.integration.side, f_.integration.edited_includes_status, f_.integration.arrival_fires_sub_status});
      for (const auto& id : meant) {
        const auto& chosen = f_.integration.triggers;
        if (std::find(chosen.begin(), chosen.end(), id) != chosen.end())
          return "\"" + short_label(id) + "\" on " + when(recorded.row.at);
      }
    }
    return {};
  }

  std::string missing_text() const {
    std::vector<std::string> out;
    for (const auto& fault : f_.missing) out.push_back(fault.message);
    return join(out, " ");
  }

  // --- the nine checks -----------------------------------------------------------------------------------------------

  static Check check(const char* name, const char* result, std::string code, std::string detail) {
    return {name, result, std::move(code), std::move(detail)};
  }

  Check plan() const {
    if (!f_.manifest) return check("plan", "not_applicable", "connector.not_installed", "The connector is not known.");
    if (!plan_allows()) return check("plan", "fail", "plan.connector_not_included", plan_sentence());
    return check("plan", "pass", "plan.included",
                 std::string("The plan ") + directory::plan_label(f_.organization.plan) + " includes " +
                     f_.manifest->name + ".");
  }

  Check enabled() const {
    constexpr const char* name = "integration_enabled";
    if (!f_.manifest) {
      return check(name, "fail", "connector.not_installed",
                   "The connector \"" + f_.integration.connector + "\" is not installed on this server.");
    }
    if (!f_.integration.enabled || f_.integration.deleted)
      return check(name, "fail", "integration.disabled", "The integration " + name_ + " is switched off.");
    return check(name, "pass", "integration.enabled", "The integration " + name_ + " is switched on.");
  }

  Check listing_linked() const {
    constexpr const char* name = "listing_linked";
    if (!listing_counts()) {
      return check(name, "not_applicable", "side.sent", "An integration of the sending side takes every listing.");
    }
    if (!f_.referral.listing) return check(name, "fail", "listing.none", "The referral belongs to no listing.");
    const ListingLink* found = link();
    if (!found) {
      return check(name, "fail", "listing.not_linked",
                   "The listing " + listing_name() + " is not linked to " + name_ + ".");
    }
    return check(name, "pass", linked_late() ? "listing.linked_later" : "listing.linked",
                 "The listing " + listing_name() + " is linked since " + when(found->since) + ".");
  }

  Check trigger_matched() const {
    constexpr const char* name = "trigger_matched";
    if (!f_.referral.submitted_at) return check(name, "waiting", "referral.draft", "A draft is handed over to nobody.");
    const bool test_kept_out = f_.decisions.empty() ? f_.referral.test != f_.integration.test
                                                    : starts(f_.decisions.back().row.decision.code, "test.");
    if (test_kept_out && f_.deliveries.empty()) {
      return check(name, "fail", f_.referral.test ? "test.not_marked" : "test.live_referral",
                   "Test referrals reach integrations marked as test, and only those.");
    }
    const bool only_updates = matched_ && matched_->row.decision.code == "trigger.only_updates";
    if (matched_ && !only_updates) {
      const auto& triggers = matched_->row.decision.matched;
      return check(name, "pass", "trigger.matched",
                   (triggers.empty() ? std::string("Entered in error") : labels(triggers)) + ", " +
                       when(matched_->row.at) + ".");
    }
    if (!f_.deliveries.empty()) return check(name, "pass", "trigger.by_hand", "It was sent by a person.");
    if (f_.integration.triggers.empty())
      return check(name, "fail", "trigger.none", "No trigger is chosen that starts an import.");
    if (only_updates) {
      return check(name, "waiting", "trigger.only_updates",
                   labels(matched_->row.decision.matched) + " only updates; it starts with " +
                       labels(f_.integration.triggers) + ".");
    }
    if (!chosen_later().empty()) {
      return check(
          name, "waiting", "trigger.chosen_later",
          chosen_later() + " came before it was chosen; it starts with " + labels(f_.integration.triggers) + ".");
    }
    return check(name, "waiting", "trigger.not_chosen", "It starts with " + labels(f_.integration.triggers) + ".");
  }

  Check routing() const {
    if (!f_.referral.routed_from || !listing_counts())
      return check("routing", "not_applicable", "routing.not_routed", "The referral was not routed here.");
    if (matched_ && matched_->row.decision.code == "routing.not_included" && f_.deliveries.empty()) {
      return check("routing", "fail", "routing.not_included",
                   "Routed requests are left out when they arrive; \"includeRouted\" is off.");
    }
    return check("routing", "pass", f_.integration.include_routed ? "routing.included" : "routing.other_moment",
                 f_.integration.include_routed ? "Routed requests are included."
                                               : "Another moment than its arrival handed it over, or will.");
  }

  static Check consent() {
    return check("consent", "not_applicable", "consent.not_required", "No consent is asked for on this way.");
  }

  Check mode() const {
    const std::string code = matched_ ? matched_->row.decision.code : std::string();
    if (f_.lane && f_.lane->stopped)
      return check("mode", "fail", "mode.stopped", "A person has stopped it; it is silent until it is sent again.");
    if (starts(code, "mode.")) {
      if (code == "mode.stopped" && !f_.deliveries.empty())
        return check("mode", "pass", "mode.resumed", "It was stopped, and sent again since.");
      return check("mode", "fail", code, "Not sent: " + mode_sentence(code));
    }
    if (!matched_ || starts(code, "trigger.") || starts(code, "routing."))
      return check("mode", "not_applicable", "mode.nothing_to_decide", "No chosen moment has come.");
    return check("mode", "pass", std::string("mode.") + word(f_.integration.mode), mode_detail());
  }
  std::string mode_detail() const {
    switch (f_.integration.mode) {
      case Mode::once: return "A referral is handed over once.";
      case Mode::until_accepted: return "A referral is updated until the destination has accepted it.";
      case Mode::every: break;
    }
    return "Every chosen moment is sent.";
  }

  Check mapping() const {
    if (!f_.manifest)
      return check("mapping", "not_applicable", "connector.not_installed", "The connector is not known.");
    // What is there was complete when it was taken; only what is still to be sent can be refused.
    if (!f_.missing.empty() && (!handed_over_ || head_))
      return check("mapping", "fail", "mapping.required", missing_text());
    return check("mapping", "pass", "mapping.complete", "Nothing that the destination is known to require is missing.");
  }

  Check destination() const {
    constexpr const char* name = "destination";
    if (head_) {
      const std::string code = head_->problem ? head_->problem->code : "delivery." + std::string(word(head_->state));
      const std::string detail = head_->problem ? head_->problem->sentence : out_.sentence;
      const bool fails = head_->state == DeliveryState::needs_data || head_->state == DeliveryState::needs_person ||
                         (head_->state == DeliveryState::held && f_.integration.health.misconfigured);
      return check(name, fails ? "fail" : "waiting", code, detail);
    }
    if (last_settled_ && last_settled_->state == DeliveryState::dead)
      return check(name, "fail", out_.code, problem_sentence(*last_settled_));
    if (handed_over_) {
      return check(name, "pass", f_.lane->accepted_at ? "destination.accepted" : "destination.delivered",
                   "Handed over on " + when(*f_.lane->delivered_at) + ".");
    }
    if (last_settled_) return check(name, "fail", std::string("delivery.") + word(last_settled_->state), out_.sentence);
    return check(name, "not_applicable", "delivery.none", "Nothing was sent there.");
  }

  const ExplainFacts& f_;
  const std::string name_, subject_;
  const RecordedDecision* matched_;
  const Delivery* head_ = nullptr;          // the first open one: the others wait behind it
  const Delivery* last_settled_ = nullptr;  // the newest that was not replaced by another
  const Delivery* newest_ = nullptr;
  bool handed_over_ = false;
  Explanation out_;
};

}  // namespace

Json to_json(const Explanation& e) {
  Json checks = Json::array();
  for (const auto& c : e.checks) {
    checks.push_back(Json::object({{"check", c.check}, {"result", c.result}, {"code", c.code}, {"detail", c.detail}}));
  }
  return Json::object({{"referralId", e.referral.text()},
                       {"integrationId", e.integration.text()},
                       {"delivered", e.delivered},
                       {"code", e.code},
                       {"sentence", e.sentence},
                       {"checks", std::move(checks)},
                       {"nextAttemptAt", e.next_attempt_at ? Json(format_instant(*e.next_attempt_at)) : Json()}});
}

Explanation explain(const ExplainFacts& facts) { return Explainer(facts).run(); }

}  // namespace handoff::exchange
