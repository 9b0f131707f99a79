// The pull of one connection, from the claim to the release (kipu-dazos, 10.1). What it does next follows from what
// came back and from the time it is told; it never waits for the network. Internal to the puller.
#pragma once

#include <deque>
#include <map>
#include <set>

#include "sync/apply.h"
#include "sync/conversation.h"
#include "sync/puller.h"

namespace handoff::sync {

// What the pull of one connection works with; all of it outlives it.
struct PullTools {
  PullStore& store;
  Reader& reader;
  referral::Commands& commands;
  RecordFollower& follower;
  Random& random;
  const PullerOptions& options;
  std::function<std::uint64_t(const OrganizationId&, Request)> send;
};

class PullOfOne {
 public:
  PullOfOne(PullTools tools, ClaimedConnection claimed, Instant now);

  // Somebody waits for a run that has not asked for anything yet.
  void ask(std::uint64_t number, bool reconcile);
  // New hints, other settings.
  void look_again() { over_ = false; }
  // True where something was done.
  bool tick(Instant now);
  bool arrived(std::uint64_t ticket, const Reply& reply, Instant now);
  // Nothing to do any more: to be given back.
  bool over() const { return over_; }
  // No more requests; over() once nothing is under way.
  void stop() { stopping_ = true; }
  bool in_flight() const { return conversation_.in_flight(); }
  std::optional<Instant> next_at(Instant now);
  std::vector<std::pair<std::uint64_t, Run>> take_finished() { return std::exchange(finished_, {}); }
  const ClaimedConnection& claimed() const { return claimed_; }
  // After a failure that is nobody's in particular: not to be claimed before, but for somebody who asks.
  std::optional<Instant> rest_until() const { return rest_until_; }

 private:
  enum class Stage { locations, feed, vaults, census, leftovers, finish };
  enum class Step { choose, list, probe, details, commit };

  // What is to be said of one casefile in a commit.
  struct Item {
    std::string casefile;
    std::optional<RowMark> row;
    std::optional<ChartRow> chart;
    bool missing = false, deleted = false, release = false, missed = false;
    std::string problem_code, problem;
    std::int64_t hint_number = 0;
  };
  // What is read together and committed together.
  struct Batch {
    std::vector<Item> items;
    std::vector<Hint> passed;  // hints for what is not read
    bool small = false;        // a run of its own: hints, or retries that are due
    bool by_hook = false;
    bool last_page = false;
  };
  // Where the feed is.
  struct Feed {
    std::size_t location = 0;
    int page = 1;
    int end_offset = 1;  // days after today that are asked for
    std::optional<std::int64_t> total;
    int passes = 1;
    bool moved = false;  // total_records changed under way
    std::optional<Instant> newest;
    bool stamped = false, unstamped = false;  // rows with and without a time of the system's own
    std::set<std::string> seen;               // digests of this pass: an answer without paging may repeat itself
  };

  bool choose(Instant now);
  bool load(Instant now);
  bool choose_hints(Instant now);
  bool choose_retries(Instant now);
  void begin_run(Instant now);
  void begin_small(std::vector<Item> items, RunCause cause, bool by_hook, Instant now);
  void next_stage();
  bool do_stage(Instant now);
  void ask_list(Goal goal, int page);
  void window(Instant now);

  void list_heard(Instant now);
  void feed_heard(Heard heard, Instant now);
  void vaults_heard(Heard heard, Instant now);
  void census_heard(Heard heard, Instant now);
  void probe_heard(Instant now);
  void read_details(std::vector<Item> items, bool last_page);
  void details_heard(Instant now);
  void gather_leftovers(Instant now);
  void compare_rosters(Instant now);

  // The optional routes of a run degrade; the others end it.
  void degrade(Goal goal, const Heard& heard, Instant now);
  void join(Instant now);
  bool feed_is_off() const;  // the EMR said so (410), in this run or a day ago
  void give_up(Goal goal, const Heard& heard, Instant now);
  void fail(std::string code, std::string sentence, bool stop, Instant now);
  Run& run() { return batch_.small ? small_run_ : *run_; }
  const Run& run() const { return batch_.small ? small_run_ : *run_; }

  bool commit(Instant now);
  Result<void> commit_once(Instant now, std::size_t& at_fault);
  // What one commit leaves behind here, once it stands.
  struct Written {
    Run run;
    PullState state;
    std::map<std::string, Retry> retries;
  };
  Result<void> write(referral::Unit& unit, Instant now, std::size_t& at_fault, Written& out) const;
  Result<void> write_item(referral::Unit& unit, Instant now, const Item& item, const EmrConnection& connection,
                          Written& out) const;
  void end(referral::Unit& unit, Instant now, const EmrConnection& connection, Written& out) const;
  void judge_hooks(referral::Unit& unit, const EmrConnection& connection, Instant now) const;
  void tell(referral::Unit& unit, const char* type, std::string sentence, Json detail) const;
  Result<PullCommand> gather(Instant now);
  void after_commit(Instant now);
  Json progress_json() const;
  bool resume(const Run& interrupted);

  PullTools tools_;
  const ClaimedConnection claimed_;
  Conversation conversation_;
  Instant lease_until_;
  bool over_ = false, stopping_ = false, lost_ = false;

  std::optional<ConnectionWithState> of_;
  std::deque<std::pair<std::uint64_t, bool>> waiting_;  // asked for, with whether to reconcile
  std::vector<std::uint64_t> answers_;                  // those the present run answers
  std::vector<std::pair<std::uint64_t, Run>> finished_;
  std::map<std::string, Instant> hint_read_at_;  // hints for one casefile within 5 s collapse to one read

  std::optional<Run> run_;
  Run small_run_;
  Stage stage_ = Stage::locations;
  Step step_ = Step::choose;
  Feed feed_;
  int list_page_ = 1;
  std::size_t list_location_ = 0;
  std::optional<Goal> refused_;  // that a probe is to judge
  Heard refusal_;
  bool succeeded_ = false;  // something was answered in this run
  bool reconcile_ = false;
  std::string notes_;  // what the run had to leave out, for its problem sentence
  std::string notes_code_;
  std::map<std::string, std::string> disabled_;  // routes found gone in this run
  std::optional<std::map<std::string, std::string>> locations_;
  std::set<std::string> vault_;
  std::map<std::string, std::optional<Instant>> census_;
  std::vector<Item> leftovers_;
  bool gathered_ = false;
  bool half_census_ = false;
  Batch batch_;
  std::map<std::string, Retry> retries_;
  std::map<std::string, Instant> receipts_[2];  // by kind, for the casefiles that wait to be judged
  RecordCounts counts_;
  // How the run ends, when it does.
  bool ending_ = false;
  std::string end_code_, end_sentence_;
  bool end_stops_ = false;
  Instant commit_at_{};
  int commit_tries_ = 0;
  std::int64_t early_number_ = 0;  // hints for an early look that were there when the run began
  std::optional<Instant> rest_until_;
};

}  // namespace handoff::sync
