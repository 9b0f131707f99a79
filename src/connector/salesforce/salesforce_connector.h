// The class behind make_salesforce_connector(): say.cc decides what to say, judge.cc what an answer means, refusal.cc
// what the codes of the platform mean, trial.cc what trying the settings finds.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "connector/files.h"
#include "connector/memory.h"
#include "connector/salesforce/content.h"
#include "connector/salesforce/options.h"
#include "connector/salesforce/org.h"

namespace handoff::connector::salesforce {

// A referral that the org holds for ours; one for each performer.
struct Row {
  std::string id;
  std::string performer;  // "" where none was named
  std::string name;       // its number over there; "" until it was read back
};

// What a delivery remembers, beside the members that all connectors share:
//   rows     the referrals the org holds, in the order they were found or made
//   patient  the Account behind them
//   asked    the org was asked by our mark, and nothing was sent since
//   posted   this delivery has made at least one of the rows
//   sentTo   performers whose referral the org said it made; "" for one without a performer
//   refresh  rows were there before this delivery and are brought up to date
class OrgMemory : public Memory {
 public:
  explicit OrgMemory(const Json& data) : Memory(data) {}
  std::vector<Row> rows() const;
  void set_rows(const std::vector<Row>& rows);  // and the remote id with them
  std::string patient() const { return data()["patient"].text_or(); }
};

// Remote ids of a delivery: record ids with a comma between.
std::vector<std::string> ids_of(const OrgMemory& memory, const exchange::DeliveryView& delivery);

// What an answer of the platform says when it refuses.
struct Refusal {
  std::string code;  // "DUPLICATES_DETECTED"; "" where it names none
  std::vector<std::string> fields;
  std::vector<std::string> candidates;  // record ids, of a duplicate
};
Refusal refusal_in(const Json& body);
// The verdict for a code of the platform; nothing where the status alone decides.
std::optional<exchange::Verdict> verdict_of_code(const Refusal& refusal, const exchange::Reply& reply);
// Why a sign-in was refused, from the words of OAuth 2.
exchange::Misconfigured sign_in_refused(const exchange::Reply& reply);
// How long the next step should wait: the answer tells how much of the day's requests is used.
std::chrono::milliseconds pause_asked(const exchange::Reply& reply);

// What a sign-in answered; an error that says who must mend what.
Result<Session> session_in(const exchange::Reply& reply, const Options& options);
// "v66.0", the newest that both sides speak.
Result<std::string> version_in(const Json& body, const Options& options);
// Adds the records behind NPIs; an error names those that have none.
Result<void> take_providers(const Json& body, const Options& options, Session& session);

class SalesforceConnector final : public exchange::Connector {
 public:
  SalesforceConnector();
  const exchange::Manifest& manifest() const override { return manifest_; }
  std::string profile_hash() const override { return hash_; }
  void check(const Json& settings, const std::map<std::string, Secret>& secrets, const Json& mapping,
             Faults& faults) const override;
  Result<exchange::Step> next(const exchange::DeliveryView& delivery,
                              const exchange::Progress& progress) const override;
  exchange::Verdict judge(const exchange::DeliveryView& delivery, const exchange::HttpRequest& request,
                          const exchange::Reply& reply, exchange::Progress& progress) const override;
  Result<exchange::HttpRequest> probe(const Json& settings,
                                      const std::map<std::string, Secret>& secrets) const override;
  Result<exchange::TrialStep> try_next(const Json& settings, const std::map<std::string, Secret>& secrets,
                                       const Json& mapping, Instant now,
                                       const std::vector<exchange::Exchanged>& so_far) const override;
  std::optional<exchange::Reply> rehearse(const exchange::DeliveryView& delivery, const exchange::Progress& progress,
                                          const exchange::HttpRequest& request) const override;
  std::optional<exchange::HttpRequest> status_request(const exchange::DeliveryView& delivery) const override;
  Faults missing(const exchange::DeliveryView& delivery) const override;

 private:
  // One delivery as this connector sees it.
  struct Sight {
    const exchange::DeliveryView& delivery;
    Options options;
    std::optional<Session> session;
    explicit Sight(const exchange::DeliveryView& view);
    Org org() const { return Org(options, session ? &*session : nullptr); }
    // Every performer's record; nothing until all NPIs were looked up. One "" where none is configured.
    std::optional<std::vector<std::string>> performers() const;
    bool knows_providers() const;
  };

  // Asking and saying
  Result<exchange::Step> say(const Sight& sight, const OrgMemory& memory) const;
  Result<exchange::Step> say_create(const Sight& sight, const OrgMemory& memory) const;
  Result<exchange::Step> say_update(const Sight& sight, const OrgMemory& memory) const;
  Result<std::optional<exchange::HttpRequest>> say_changes(const Sight& sight, const OrgMemory& memory) const;
  Result<exchange::Step> say_files(const Sight& sight, const OrgMemory& memory) const;
  // The sign-in, the versions or the providers, where one of them is still to be asked.
  Result<std::optional<exchange::HttpRequest>> prepare(const Sight& sight, bool with_providers) const;
  Result<exchange::HttpRequest> create_request(const Sight& sight, const OrgMemory& memory,
                                               const std::vector<std::string>& performers) const;
  exchange::HttpRequest attach_request(const Sight& sight, const File& file, const std::string& step,
                                       const std::string& row) const;

  // Reading
  exchange::Verdict judge_success(const Sight& sight, const exchange::HttpRequest& request,
                                  const exchange::Reply& reply, OrgMemory& memory) const;
  exchange::Verdict judge_refusal(const Sight& sight, const exchange::HttpRequest& request,
                                  const exchange::Reply& reply, exchange::Verdict verdict, OrgMemory& memory) const;
  exchange::Verdict judge_rows(const Sight& sight, const std::string& step, const Json& answer,
                               OrgMemory& memory) const;
  exchange::Verdict judge_create(const Sight& sight, const exchange::Reply& reply, OrgMemory& memory) const;
  exchange::Verdict judge_files(const Sight& sight, const Json& answer, OrgMemory& memory) const;
  exchange::NeedsData with_field(const Sight& sight, const Refusal& refusal, exchange::NeedsData verdict) const;

  exchange::Manifest manifest_;
  std::string hash_;
};

// Performers that no row stands for yet, in order.
std::vector<std::string> still_missing(const std::vector<std::string>& performers, const std::vector<Row>& rows);
// The files of a delivery; the summary of an update is a file of its own, named after the version it shows.
std::vector<File> files_for(const exchange::DeliveryView& delivery);
// Fields whose last word of ours is remembered in `filled`, as "referral.Status=Active": words of a list, nothing
// private.
inline constexpr std::array told_fields{"Status", "IsAccepted"};
std::string told_key(const char* field, const Json& value);
// How a file of ours is known again over there: the text its description ends with.
std::string file_mark(const File& file);
// What `sent` remembers of a file at the row of that index.
std::string sent_key(const File& file, const std::vector<std::string>& rows, std::size_t index);
std::string attach_step(const File& file, std::size_t index);

}  // namespace handoff::connector::salesforce
