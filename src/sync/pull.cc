#include "sync/pull.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "sync/words.h"

namespace handoff::sync {
namespace {

constexpr seconds hint_collapse{5};
constexpr std::size_t hints_at_once = 100;
constexpr int passes_max = 3;  // the first, and twice again

std::string day_text(Instant at, int days_later) { return Date::of(at + std::chrono::days{days_later}).text(); }

std::string said(const Heard& heard) {
  std::string text = heard.status == 0 ? std::string("no answer") : "status " + std::to_string(heard.status);
  if (!heard.said.empty()) text += ": " + heard.said;
  return text;
}

}  // namespace

PullOfOne::PullOfOne(PullTools tools, ClaimedConnection claimed, Instant now)
    : tools_(std::move(tools)),
      claimed_(std::move(claimed)),
      conversation_([this](Request request) { return tools_.send(claimed_.organization, std::move(request)); },
                    tools_.random),
      lease_until_(now + tools_.options.lease) {}

void PullOfOne::ask(std::uint64_t number, bool reconcile) {
  over_ = false;
  waiting_.emplace_back(number, reconcile);
}

bool PullOfOne::arrived(std::uint64_t ticket, const Reply& reply, Instant now) {
  return conversation_.arrived(ticket, reply, now);
}

// A pull that has run into trouble while somebody waits behind it is theirs, too: it says within the time they may wait
// what is wrong, instead of being followed by another one that would say the same.
void PullOfOne::join(Instant now) {
  if (!run_) return conversation_.hurry(now, now);
  for (const auto& [number, reconcile] : waiting_) answers_.push_back(number);
  waiting_.clear();
  conversation_.hurry(now, now + tools_.options.manual_retry_for);
}

std::optional<Instant> PullOfOne::next_at(Instant now) {
  if (over_) return std::nullopt;
  if (step_ == Step::commit) return commit_at_;
  if (!conversation_.quiet()) return conversation_.next_at(now);
  return now;
}

bool PullOfOne::tick(Instant now) {
  if (over_) return false;
  if (lease_until_ - now < tools_.options.lease / 2) {
    const auto held = tools_.store.hold(claimed_, now + tools_.options.lease);
    if (held && *held) {
      lease_until_ = now + tools_.options.lease;
    } else if (held || lease_until_ <= now) {
      lost_ = true;  // somebody else goes on from what was committed
    }
  }
  if (lost_) {
    conversation_.forget();
    over_ = true;
    return true;
  }
  if (stopping_) {
    if (conversation_.in_flight()) return false;
    conversation_.forget();
    over_ = true;
    return true;
  }
  if (!waiting_.empty() && conversation_.in_trouble(now)) join(now);
  bool any = false;
  // A bound on the steps of one tick: the others are waiting, too.
  for (int i = 0; i < 64 && !over_ && !lost_; ++i) {
    if (step_ == Step::commit) {
      if (now < commit_at_) return any;
      if (!commit(now)) return any;
      any = true;
      continue;
    }
    any = conversation_.tick(now) || any;
    if (!conversation_.quiet()) return any;
    any = true;
    switch (step_) {
      case Step::choose:
        if (!choose(now)) over_ = true;
        break;
      case Step::list: list_heard(now); break;
      case Step::probe: probe_heard(now); break;
      case Step::details: details_heard(now); break;
      case Step::commit: break;
    }
  }
  return any;
}

bool PullOfOne::load(Instant) {
  auto read = tools_.reader.connection(claimed_.organization, claimed_.id);
  if (!read) {
    log_error("emr.read_failed", {{"connection", claimed_.id.text()}, {"code", read.error().code}});
    return false;
  }
  if (!*read || (*read)->connection.deleted || !(*read)->connection.enabled) return false;
  of_ = std::move(**read);
  if (find_source(of_->connection.kind) == nullptr) return false;
  conversation_.use(of_->connection, of_->state.skew_ms);
  return true;
}

// Between two steps: hints come first, then the run under way, then whatever makes a run due.
bool PullOfOne::choose(Instant now) {
  if (!run_ && !load(now)) return false;
  if (rest_until_ && now < *rest_until_ && waiting_.empty() && !run_) return false;
  const bool stands = of_->state.stopped && waiting_.empty() && !run_;
  auto hints = tools_.reader.hints(claimed_.id, hints_at_once);
  if (!hints) return false;
  bool early = false;
  for (const Hint& hint : *hints) {
    if (!hint.casefile.empty() || hint.at > now) continue;
    early = true;
    if (!run_) early_number_ = std::max(early_number_, hint.number);
  }
  const bool asked =
      std::any_of(hints->begin(), hints->end(), [](const Hint& h) { return h.casefile.empty() && h.why == "sync"; });
  if (stands && !asked) return false;
  if (!stands && choose_hints(now)) return true;
  if (run_) return do_stage(now);
  const bool due = !of_->state.next_pull_at || *of_->state.next_pull_at <= now;
  if (!waiting_.empty() || early || of_->state.running || (due && !of_->state.stopped)) {
    begin_run(now);
    return true;
  }
  return choose_retries(now);
}

bool PullOfOne::choose_hints(Instant now) {
  const auto hints = tools_.reader.hints(claimed_.id, hints_at_once);
  if (!hints) return false;
  std::vector<Item> items;
  std::vector<Hint> passed;
  bool by_hook = true;
  std::erase_if(hint_read_at_, [&](const auto& one) { return one.second + hint_collapse <= now; });
  std::map<std::string, KnownRow> known;
  if (of_->connection.read_mode == ReadMode::strict) {
    std::vector<std::string> casefiles;
    for (const Hint& hint : *hints) casefiles.push_back(hint.casefile);
    auto found = tools_.reader.known(claimed_.id, casefiles);
    if (!found) return false;
    known = std::move(*found);
  }
  for (const Hint& hint : *hints) {
    if (hint.casefile.empty() || hint.at > now) continue;
    const auto standing = known.find(hint.casefile);
    if (standing != known.end() && standing->second.state == RecordState::locked) {
      passed.push_back(hint);  // a locked record is not read, whoever asks
      continue;
    }
    if (hint_read_at_.contains(hint.casefile)) continue;
    hint_read_at_[hint.casefile] = now;
    Item item;
    item.casefile = hint.casefile;
    item.hint_number = hint.number;
    by_hook = by_hook && hint.why == "hook";
    items.push_back(std::move(item));
  }
  if (items.empty() && passed.empty()) return false;
  begin_small(std::move(items), by_hook ? RunCause::hook : RunCause::unlock, by_hook, now);
  batch_.passed = std::move(passed);
  return true;
}

bool PullOfOne::choose_retries(Instant now) {
  const auto retries = tools_.reader.retries(claimed_.id);
  if (!retries) return false;
  std::vector<Item> items;
  for (const Retry& retry : *retries) {
    retries_[retry.casefile] = retry;
    if (retry.next_at > now || items.size() >= hints_at_once) continue;
    Item item;
    item.casefile = retry.casefile;
    items.push_back(std::move(item));
  }
  if (items.empty()) return false;
  begin_small(std::move(items), RunCause::timer, false, now);
  return true;
}

void PullOfOne::begin_small(std::vector<Item> items, RunCause cause, bool by_hook, Instant now) {
  small_run_ = Run{};
  small_run_.id = EmrRunId::make(now, tools_.random);
  small_run_.connection = claimed_.id;
  small_run_.organization = claimed_.organization;
  small_run_.cause = cause;
  small_run_.started_at = now;
  conversation_.give_up_at(std::nullopt);
  batch_ = Batch{};
  batch_.small = true;
  batch_.by_hook = by_hook;
  batch_.items = std::move(items);
  for (const Item& item : batch_.items) {
    Question question;
    question.goal = Goal::detail;
    question.casefile = item.casefile;
    conversation_.ask(std::move(question));
  }
  step_ = Step::details;
}

void PullOfOne::begin_run(Instant now) {
  const PullState& state = of_->state;
  answers_.clear();
  reconcile_ = false;
  for (const auto& [number, reconcile] : waiting_) {
    answers_.push_back(number);
    reconcile_ = reconcile_ || reconcile;
  }
  waiting_.clear();
  stage_ = Stage::locations;
  step_ = Step::choose;
  feed_ = Feed{};
  list_page_ = 1;
  list_location_ = 0;
  refused_.reset();
  succeeded_ = false;
  notes_.clear();
  notes_code_.clear();
  disabled_.clear();
  locations_.reset();
  vault_.clear();
  census_.clear();
  leftovers_.clear();
  gathered_ = half_census_ = false;
  batch_ = Batch{};
  retries_.clear();
  ending_ = end_stops_ = false;
  end_code_.clear();
  end_sentence_.clear();
  if (const auto retries = tools_.reader.retries(claimed_.id)) {
    for (const Retry& retry : *retries) retries_[retry.casefile] = retry;
  }
  run_ = Run{};
  if (state.running) {
    const auto interrupted = tools_.reader.run(claimed_.organization, *state.running);
    if (interrupted && *interrupted && (*interrupted)->state == RunState::running && resume(**interrupted)) {
      conversation_.give_up_at(answers_.empty() ? std::nullopt : std::optional(now + tools_.options.manual_retry_for));
      return;
    }
    run_ = Run{};
  }
  run_->id = EmrRunId::make(now, tools_.random);
  run_->connection = claimed_.id;
  run_->organization = claimed_.organization;
  run_->cause = !answers_.empty() ? RunCause::manual : !state.last_pull_at ? RunCause::first_connect : RunCause::timer;
  run_->started_at = now;
  run_->watermark_before = state.watermark;
  const std::string today = day_text(conversation_.server_now(now), 0);
  // Where the change feed is switched off, the rosters are all there is.
  reconcile_ = reconcile_ || state.reconciled_day != today || state.disabled_routes.contains(word(Goal::changes));
  run_->reconciliation = reconcile_;
  conversation_.give_up_at(answers_.empty() ? std::nullopt : std::optional(now + tools_.options.manual_retry_for));
}

Json PullOfOne::progress_json() const {
  return Json::object({{"stage", stage_ == Stage::locations || stage_ == Stage::feed ? "feed" : "after"},
                       {"location", static_cast<std::int64_t>(feed_.location)},
                       {"page", feed_.page},
                       {"endOffset", feed_.end_offset},
                       {"total", feed_.total ? Json(*feed_.total) : Json()},
                       {"passes", feed_.passes},
                       {"moved", feed_.moved},
                       {"newest", ms_json(feed_.newest)},
                       {"stamped", feed_.stamped},
                       {"unstamped", feed_.unstamped},
                       {"reconcile", reconcile_}});
}

// Goes on with the page after the last one that was committed, in the same window.
bool PullOfOne::resume(const Run& interrupted) {
  const Json& at = interrupted.progress;
  if (!at.is_object() || !interrupted.window_to) return false;
  run_ = interrupted;
  reconcile_ = at["reconcile"].bool_or(false);
  feed_.location = static_cast<std::size_t>(at["location"].int_or(0));
  feed_.page = static_cast<int>(at["page"].int_or(1));
  feed_.end_offset = static_cast<int>(at["endOffset"].int_or(1));
  feed_.total = at["total"].integer();
  feed_.passes = static_cast<int>(at["passes"].int_or(1));
  feed_.moved = at["moved"].bool_or(false);
  feed_.newest = ms_of(at["newest"]);
  feed_.stamped = at["stamped"].bool_or(false);
  feed_.unstamped = at["unstamped"].bool_or(false);
  stage_ = at["stage"].text_or() == "feed" ? Stage::feed : Stage::vaults;
  return true;
}

void PullOfOne::next_stage() {
  stage_ = static_cast<Stage>(static_cast<int>(stage_) + 1);
  list_page_ = 1;
  list_location_ = 0;
  step_ = Step::choose;
}

void PullOfOne::ask_list(Goal goal, int page) {
  Question question;
  question.goal = goal;
  question.page = page;
  const auto& places = of_->connection.locations;
  if (goal == Goal::changes) {
    question.first_day = run_->first_day;
    question.last_day = run_->last_day;
    if (feed_.location < places.size()) question.location = places[feed_.location];
  } else if (goal == Goal::vaults) {
    question.first_day = run_->first_day;
    question.last_day = run_->last_day;
  } else if (goal == Goal::census) {
    question.first_day = day_text(*run_->window_to, -of_->connection.reconcile_days);
    question.last_day = run_->last_day;
    if (list_location_ < places.size()) question.location = places[list_location_];
  }
  conversation_.ask(std::move(question));
  step_ = Step::list;
}

// By the system's clock only: up to now, less what may still be committing; from the watermark, less the overlap. The
// feed takes days, so a day more on both sides.
void PullOfOne::window(Instant now) {
  const EmrConnection& connection = of_->connection;
  const Instant server_now = conversation_.server_now(now);
  Instant from = connection.created_at;
  if (of_->state.watermark) {
    from = *of_->state.watermark;
  } else if (connection.start_date) {
    from = std::min(from, parse_instant(connection.start_date->text() + "T00:00:00Z").value().at);
  }
  run_->window_to = server_now - seconds{connection.settle_seconds};
  run_->window_from = std::min(from - minutes{connection.overlap_minutes}, *run_->window_to);
  run_->first_day = day_text(*run_->window_from, -1);
  run_->last_day = day_text(server_now, feed_.end_offset);
}

bool PullOfOne::do_stage(Instant now) {
  const auto& disabled = of_->state.disabled_routes;
  switch (stage_) {
    case Stage::locations:
      if ((of_->state.locations.empty() || reconcile_) && !disabled.contains(word(Goal::locations))) {
        ask_list(Goal::locations, 1);
      } else {
        next_stage();
      }
      return true;
    case Stage::feed:
      if (!run_->window_to) window(now);
      if (disabled.contains(word(Goal::changes))) {
        next_stage();
      } else {
        ask_list(Goal::changes, feed_.page);
      }
      return true;
    case Stage::vaults:
      if (disabled.contains(word(Goal::vaults))) {
        next_stage();
      } else {
        ask_list(Goal::vaults, list_page_);
      }
      return true;
    case Stage::census:
      if (feed_is_off() && disabled.contains(word(Goal::census))) {
        fail("emr.route_gone",
             "The EMR has switched off both the change feed and the roster for this instance: ask its vendor to enable "
             "one of them, or set another path.",
             false, now);
      } else if (!reconcile_ || disabled.contains(word(Goal::census))) {
        next_stage();
      } else {
        ask_list(Goal::census, list_page_);
      }
      return true;
    case Stage::leftovers: {
      if (!gathered_) gather_leftovers(now);
      if (leftovers_.empty()) {
        next_stage();
        return true;
      }
      const std::size_t count = std::min(leftovers_.size(), static_cast<std::size_t>(of_->connection.page_size));
      std::vector<Item> chunk(std::make_move_iterator(leftovers_.end() - static_cast<std::ptrdiff_t>(count)),
                              std::make_move_iterator(leftovers_.end()));
      leftovers_.resize(leftovers_.size() - count);
      read_details(std::move(chunk), false);
      return true;
    }
    case Stage::finish:
      ending_ = true;
      batch_ = Batch{};
      commit_at_ = now;
      step_ = Step::commit;
      return true;
  }
  return false;
}

void PullOfOne::list_heard(Instant now) {
  std::vector<Conversation::Told> told = conversation_.take();
  HANDOFF_ASSERT(told.size() == 1);
  Heard heard = std::move(told.front().heard);
  if (conversation_.clock_is_off()) {
    const auto off = std::abs(conversation_.skew_ms()) / 60'000;
    return fail("emr.clock_off",
                "The clock of the EMR and ours differ by " + std::to_string(off) +
                    " minutes: set the clocks right. Nothing was applied, since times could not be trusted.",
                false, now);
  }
  if (heard.trouble == Trouble::none) succeeded_ = true;
  switch (told.front().question.goal) {
    case Goal::locations:
      if (heard.trouble == Trouble::none) {
        locations_.emplace();
        for (const NamedThing& thing : heard.answer.named) locations_->insert_or_assign(thing.id, thing.name);
      } else {
        degrade(Goal::locations, heard, now);
        if (ending_) return;
      }
      return next_stage();
    case Goal::changes: return feed_heard(std::move(heard), now);
    case Goal::vaults: return vaults_heard(std::move(heard), now);
    case Goal::census: return census_heard(std::move(heard), now);
    default: return;
  }
}

bool PullOfOne::feed_is_off() const {
  const std::string feed = word(Goal::changes);
  return disabled_.contains(feed) || of_->state.disabled_routes.contains(feed);
}

void PullOfOne::degrade(Goal goal, const Heard& heard, Instant now) {
  const std::string route = word(goal);
  if (heard.trouble == Trouble::not_allowed) return give_up(goal, heard, now);
  if (heard.trouble == Trouble::gone) disabled_[route] = day_text(conversation_.server_now(now), 0);
  if (heard.trouble == Trouble::refused && goal == Goal::locations && !succeeded_) return;  // the next one will tell
  notes_code_ = heard.trouble == Trouble::gone      ? "emr.route_gone"
                : heard.trouble == Trouble::refused ? "emr.permission_missing"
                                                    : "emr.route_failed";
  notes_ = "The route \"" + route + "\" was left out (" + said(heard) + "); the others went on.";
}

void PullOfOne::give_up(Goal goal, const Heard& heard, Instant now) {
  const std::string route = word(goal);
  switch (heard.trouble) {
    case Trouble::not_allowed:
      return fail("emr.address_not_allowed",
                  "The EMR's address is not permitted here: let the operator add it to outbound.allow.", true, now);
    case Trouble::gone:
      return fail("emr.route_gone",
                  "The EMR says that the route \"" + route +
                      "\" is switched off for this instance: ask its vendor to enable it, or set another path.",
                  true, now);
    case Trouble::bad_request:
    case Trouble::not_there:
      return fail("emr.request_refused",
                  "The EMR refused a request to the route \"" + route + "\" (" + said(heard) +
                      "): check base URL, version, app id and the path of the route.",
                  true, now);
    case Trouble::refused:
      if (heard.status == 403 && succeeded_) {
        return fail("emr.permission_missing",
                    "The EMR refuses the route \"" + route +
                        "\" while others answer: the access id lacks the permission for it; ask for it at the EMR.",
                    true, now);
      }
      if (heard.status == 403 && !refused_) {
        // Uniform or for this route alone? One other route tells.
        refused_ = goal;
        refusal_ = heard;
        Question question;
        question.goal = goal == Goal::locations ? Goal::contacts : Goal::locations;
        conversation_.ask(std::move(question));
        step_ = Step::probe;
        return;
      }
      return fail("emr.credentials_refused",
                  "The EMR refuses our signature (" + said(heard) +
                      "): access id, secret and app id must be of one instance, and version and address must fit. "
                      "Pulling stands until they are corrected.",
                  true, now);
    case Trouble::slow_down:
      return fail("emr.slow_down", "The EMR asks to wait longer than a pull may; the next one is made later.", false,
                  now);
    default:
      return fail("emr.not_answering", "The EMR could not answer (" + said(heard) + "); the next pull tries again.",
                  false, now);
  }
}

void PullOfOne::probe_heard(Instant now) {
  const auto told = conversation_.take();
  HANDOFF_ASSERT(told.size() == 1 && refused_);
  if (told.front().heard.trouble == Trouble::none) succeeded_ = true;
  give_up(*refused_, refusal_, now);
}

void PullOfOne::fail(std::string code, std::string sentence, bool stop, Instant now) {
  conversation_.forget();
  end_code_ = std::move(code);
  end_sentence_ = std::move(sentence);
  end_stops_ = stop;
  ending_ = true;
  // A small run that fails ends the one it was put into, too, and leaves its hints for later.
  const bool small = batch_.small && !run_;
  batch_ = Batch{};
  batch_.small = small;
  commit_at_ = now;
  step_ = Step::commit;
}

void PullOfOne::feed_heard(Heard heard, Instant now) {
  if (heard.trouble == Trouble::bad_request && feed_.page == 1 && feed_.end_offset > -1) {
    // Some instances refuse a day that has not come where they are.
    feed_.end_offset -= 1;
    run_->last_day = day_text(conversation_.server_now(now), feed_.end_offset);
    step_ = Step::choose;
    return;
  }
  if (heard.trouble == Trouble::gone) {
    degrade(Goal::changes, heard, now);
    reconcile_ = true;
    run_->reconciliation = true;
    return next_stage();
  }
  if (heard.trouble != Trouble::none) return give_up(Goal::changes, heard, now);

  Answer& answer = heard.answer;
  run_->pages += 1;
  run_->rows += static_cast<std::int64_t>(answer.rows.size());
  if (answer.total_records) {
    if (feed_.total && *feed_.total != *answer.total_records) feed_.moved = true;
    feed_.total = answer.total_records;
  }
  // The newest row of a casefile where a page holds it twice.
  std::map<std::string, const ChartRow*> rows;
  bool any_new = false;
  for (const ChartRow& row : answer.rows) {
    any_new = feed_.seen.insert(row.digest).second || any_new;
    const ChartRow*& place = rows[row.casefile];
    if (place == nullptr || (row.updated_at && (!place->updated_at || *row.updated_at >= *place->updated_at))) {
      place = &row;
    }
    (row.updated_at ? feed_.stamped : feed_.unstamped) = true;
    if (row.updated_at && (!feed_.newest || *feed_.newest < *row.updated_at)) feed_.newest = row.updated_at;
  }
  std::vector<std::string> casefiles;
  for (const auto& [casefile, row] : rows) casefiles.push_back(casefile);
  const auto known = tools_.reader.known(claimed_.id, casefiles);
  if (!known)
    return fail("emr.store_failed", "Our own store could not be read; the next pull tries again.", false, now);
  std::vector<Item> items;
  for (const auto& [casefile, row] : rows) {
    const auto found = known->find(casefile);
    if (found != known->end()) {
      const KnownRow& standing = found->second;
      const bool unread = standing.state == RecordState::locked && of_->connection.read_mode == ReadMode::strict;
      const bool retried = retries_.contains(casefile);
      if (unread || (standing.row_digest == row->digest && !standing.read_due && !retried)) {
        run_->unchanged += 1;
        continue;
      }
    }
    Item item;
    item.casefile = casefile;
    item.row = RowMark{row->digest, row->updated_at};
    items.push_back(std::move(item));
  }
  const bool last = answer.total_pages
                        ? feed_.page >= *answer.total_pages
                        : answer.rows.size() < static_cast<std::size_t>(of_->connection.page_size) || !any_new;
  if (!last) feed_.page += 1;
  read_details(std::move(items), last);
}

// After the last page of a place: again where the set moved under the pages, the next place, or the next stage.
void PullOfOne::after_commit(Instant) {
  if (batch_.small || stage_ != Stage::feed) {
    step_ = Step::choose;
    return;
  }
  if (batch_.last_page) {
    if (feed_.moved && feed_.passes < passes_max) {
      feed_.passes += 1;
      feed_.page = 1;
    } else if (feed_.location + 1 < of_->connection.locations.size()) {
      feed_.location += 1;
      feed_.page = 1;
      feed_.passes = 1;
    } else {
      return next_stage();
    }
    feed_.moved = false;
    feed_.total.reset();
    feed_.seen.clear();
  }
  step_ = Step::choose;
}

void PullOfOne::read_details(std::vector<Item> items, bool last_page) {
  batch_ = Batch{};
  batch_.items = std::move(items);
  batch_.last_page = last_page;
  for (const Item& item : batch_.items) {
    Question question;
    question.goal = Goal::detail;
    question.casefile = item.casefile;
    conversation_.ask(std::move(question));
  }
  step_ = Step::details;
}

void PullOfOne::details_heard(Instant now) {
  std::vector<Conversation::Told> told = conversation_.take();
  HANDOFF_ASSERT(told.size() == batch_.items.size());
  if (!told.empty() && conversation_.clock_is_off()) {
    return fail("emr.clock_off",
                "The clock of the EMR and ours differ by more than ten minutes: set the clocks right. Nothing was "
                "applied, since times could not be trusted.",
                false, now);
  }
  const bool some =
      std::any_of(told.begin(), told.end(), [](const auto& one) { return one.heard.trouble == Trouble::none; });
  if (some) succeeded_ = true;
  for (std::size_t i = 0; i < told.size(); ++i) {
    Item& item = batch_.items[i];
    Heard& heard = told[i].heard;
    const bool of_the_route =
        heard.trouble == Trouble::refused || heard.trouble == Trouble::gone || heard.trouble == Trouble::not_allowed;
    if (of_the_route && !some) return give_up(Goal::detail, heard, now);
    run().read += 1;
    if (heard.trouble == Trouble::none) {
      item.chart = std::move(heard.answer.rows.front());
    } else if (heard.trouble == Trouble::not_there) {
      item.missing = true;
      item.deleted = vault_.contains(item.casefile);
    } else {
      item.problem_code = "emr.chart_not_read";
      item.problem = "The chart could not be read (" + said(heard) + "); it is tried again by itself.";
    }
  }
  // Without any answer at all the system is down; the hints stay for later.
  const bool silent = !told.empty() && batch_.small && std::all_of(told.begin(), told.end(), [](const auto& one) {
    return one.heard.trouble == Trouble::no_answer || one.heard.trouble == Trouble::slow_down;
  });
  if (silent) return give_up(Goal::detail, told.front().heard, now);
  commit_at_ = now;
  commit_tries_ = 0;
  step_ = Step::commit;
}

}  // namespace handoff::sync
