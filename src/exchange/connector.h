// What a connector is: it decides what to say and what an answer means, and does no input or output. The lane runner
// talks, waits, retries and remembers.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/private.h"
#include "base/result.h"
#include "directory/organization.h"
#include "referral/snapshot.h"

namespace handoff::exchange {

enum class Mode { once, until_accepted, every };

// A setting an administrator fills in.
struct SettingRule {
  std::string key;  // "baseUrl"
  std::string label;
  std::string description;
  bool required = false;
  bool secret = false;  // sealed in storage, write-only in the API, masked in previews
  enum class Type { text, url, integer, boolean, list } type = Type::text;
  Json fallback;  // null: none
};

// What a connector can and cannot do, honestly. Shown by GET /connectors; the contract suite holds code to it.
struct Manifest {
  std::string id;    // "crms"
  std::string name;  // "CRMS"
  std::string version;
  std::string description;
  directory::Plan minimum_plan = directory::Plan::basic;
  Mode default_mode = Mode::once;
  bool include_routed_default = false;
  bool updates = false;             // takes a change of what it already holds
  bool reports_acceptance = false;  // has a status step, or tells by hook
  bool appointments = false;        // syncs into a calendar (the crms document: it does not)
  bool attachments = false;
  bool summary_pdf_required = false;
  bool idempotency_key = false;  // repeating a request is safe by its key
  bool can_be_asked = false;     // has a find step: after an unknown outcome the destination is asked
  std::chrono::milliseconds settles_within{60000};  // an unknown outcome is looked into no sooner
  std::optional<std::uint64_t> file_bytes_max;
  std::vector<std::string> triggers;      // ids it accepts; empty: all
  std::vector<std::string> capabilities;  // sentences
  std::vector<std::string> limitations;   // sentences
  std::string fees;                       // the sentence on fees, "" when none
  std::vector<SettingRule> settings;
};

// Where the bytes of a part of a request come from.
struct PartBytes {
  std::string text;                       // literal bytes, or …
  std::optional<std::string> attachment;  // … the attachment's SHA-256 (size beside it), or …
  std::uint64_t attachment_size = 0;
  bool summary_pdf = false;  // … the Referral Summary PDF of the delivery's snapshot
  bool base64 = false;       // the file's bytes leave as base64 with padding, as inside a JSON text
};

// A request as it will be sent. The URL is absolute; its host comes from the integration's settings alone.
struct HttpRequest {
  std::string step;  // "find", "create", "update", "attach:summary", "attach:att_…", "status", "token"
  std::string method;
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;  // secrets included: never logged, masked by `secrets`
  std::vector<PartBytes> body;
  std::vector<Secret> secrets;      // texts to mask wherever this request is shown
  bool changes_destination = true;  // false for find, status, token: repeating is always safe
};

// A file that the destination does not take. The delivery goes on without it and says so.
struct LeftOut {
  std::string file;  // attachment id, or "summary" for the Referral Summary PDF
  std::string code;  // "destination.file_too_large", "destination.file_type"
  std::string why;   // a sentence without the file's name
};

// Nothing more to say. A TooLarge answer to a file lands in `left_out`, as do files the profile's limits exclude.
struct Finished {
  std::string remote_id;  // "" where the destination gives none
  bool accepted = false;  // a status step found the case taken on: an update ends with mode.accepted
  std::vector<LeftOut> left_out{};
};
using Step = std::variant<HttpRequest, Finished>;

// What has been confirmed so far. Saved after every judge(), whatever the verdict, so that a crash resumes at the next
// step. Only connectors read and write its inside; it must not hold personal data beyond remote ids. Members that all
// connectors use alike:
//   remoteId  what the destination calls the referral, once known
//   done      steps confirmed by this delivery: ["create", "attach:summary", "attach:att_…"]
//   sent      files the destination holds, over the lane's whole life: SHA-256 of attachments, and "summary"
//   filled    target fields that were given a value, over the lane's whole life (names, not values)
//   leftOut   files it does not take: [{"file": "att_…", "code": "destination.file_too_large"}]
//   ask       true: ask the destination before a step that changes it is repeated
//   accepted  true: a status step found the case taken on
struct Progress {
  Json data = Json::object();
};
// What a later delivery of the same lane starts with, and a delivery rebuilt after a definite refusal: remoteId, sent
// and filled. A lane that starts anew (resent "as new", cleared, dead) starts with nothing.
Progress carried_over(const Progress& earlier);

enum class DeliveryKind { create, update, event };

// All a connector may know.
struct DeliveryView {
  std::string delivery_id;  // the message id, unchanged by retries
  std::string remote_mark;  // what the destination knows the referral by (externalId): the referral's id
  DeliveryKind kind = DeliveryKind::create;
  std::int64_t sequence = 1;  // per lane
  std::vector<std::string> triggers;
  // Known from an earlier delivery of the lane. A create that has one is taken as created and goes on with its files.
  std::optional<std::string> remote_id;
  bool retraction = false;        // an update that takes back what was sent (entered in error)
  bool even_if_accepted = false;  // goes out although the destination has taken the case on: withdrawal of consent
  // A step that changes the destination was sent and its outcome is unknown (verdict Unknown, or the lane was taken
  // over while sending). The first StepDone after that clears it, the one of the find step included; nothing else does
  // but a person who resends a delivery that waited for one (it then starts from carried_over()).
  bool doubtful = false;
  const referral::Snapshot* snapshot = nullptr;
  const Json* settings = nullptr;  // without secrets
  const std::map<std::string, Secret>* secrets = nullptr;
  // Short-lived secrets earned by a "token" step of this integration (StepDone::ephemeral); null or empty: none yet.
  const std::map<std::string, Secret>* ephemeral = nullptr;
  const Json* mapping = nullptr;  // the integration's own overrides, null for none
  bool summary_pdf = true;
  bool attachments = true;
  Instant now{};  // when it is asked: for assertions that run out. Nothing that changes the destination is made of it
};

struct Reply {
  enum class Outcome { answered, not_sent, unknown } outcome = Outcome::answered;
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool truncated = false;
  std::string problem;  // for not_sent and unknown
  Instant at{};
};

// What a reply means. Every reply has exactly one verdict.
// Confirmed; progress was updated; ask next(). A token step brings secrets that are kept in memory only, one set for
// each integration and version of its settings, and handed to the views of all its deliveries while `ephemeral_for`
// lasts. `forget_ephemeral`: the destination no longer takes them; drop the set and ask next(). A verdict Misconfigured
// drops the set too.
struct StepDone {
  std::map<std::string, Secret> ephemeral{};
  std::chrono::milliseconds ephemeral_for{0};
  bool forget_ephemeral = false;
  // The destination asks for patience: the next step leaves no sooner, the next question for the status far later.
  std::chrono::milliseconds pause{0};
};
struct RetryLater {
  std::string why;
  std::optional<std::chrono::milliseconds> after;
};  // transient; `after` from Retry-After
struct NeedsData {
  std::string message;
  std::optional<std::string> field;
};  // 400, 422: field is a path of ours where known
struct Misconfigured {
  std::string code, why;
  std::string must{"check its address and credentials"};  // what the administrator must do, where `why` does not say it
};                                                        // 401, 403, 404, 405, 406, 415, 501, 3xx: the administrator's
struct NeedsPerson {
  std::string code, why;
};  // doubt: 409, 412
struct Gone {
  std::string why;
};  // 410: the receiver has left
struct TooLarge {
  std::string why;
};  // 413: the large part is left out, told in the view, and the rest goes on
struct Unknown {
  std::string why;
};  // sent, no usable answer
using Verdict = std::variant<StepDone, RetryLater, NeedsData, Misconfigured, NeedsPerson, Gone, TooLarge, Unknown>;
const char* verdict_word(const Verdict& verdict);  // "done", "retry_later", "needs_data", …

// Trying an integration's settings: a few harmless requests, one after the other, and what they found.
struct Exchanged {
  HttpRequest request;
  Reply reply;
};
struct TrialCheck {
  std::string check;  // "sign_in", "api_version", "referral_object"
  enum class Result { pass, fail, warning, not_applicable } result = Result::pass;
  std::string code;    // as in docs/reference/errors.md; "ok" where it passed
  std::string detail;  // a sentence in plain words: what was found, and who can mend it
};
const char* word(TrialCheck::Result result);
struct Trial {
  bool ok = false;  // deliveries may be expected to arrive
  std::string code, sentence;
  std::vector<TrialCheck> checks;  // in the order they were made; none where there was but one question
};
using TrialStep = std::variant<HttpRequest, Trial>;
inline constexpr std::size_t trial_requests_max = 20;
// What one answer to a harmless request says of address and credentials.
Trial trial_of(const Verdict& verdict);

class Connector {
 public:
  virtual ~Connector() = default;
  virtual const Manifest& manifest() const = 0;
  // Changes with anything that changes what would be sent; written with every decision.
  virtual std::string profile_hash() const = 0;
  // Checks an integration's settings and mapping; adds faults with pointers such as "/settings/baseUrl".
  virtual void check(const Json& settings, const std::map<std::string, Secret>& secrets, const Json& mapping,
                     Faults& faults) const = 0;
  // Where nothing can be sent the error says who must act; verdict_of(Error) turns it into the verdict to file.
  virtual Result<Step> next(const DeliveryView& delivery, const Progress& progress) const = 0;
  // Reads a reply to `request` and updates `progress`: what is confirmed, or that it must be asked first.
  virtual Verdict judge(const DeliveryView& delivery, const HttpRequest& request, const Reply& reply,
                        Progress& progress) const = 0;
  // A harmless request that shows whether address and credentials work.
  virtual Result<HttpRequest> probe(const Json& settings, const std::map<std::string, Secret>& secrets) const = 0;
  // The same in several steps, where a connector has more to ask: the next request after those in `so_far`, or what all
  // of them found. By default the probe alone. Ends within trial_requests_max requests.
  virtual Result<TrialStep> try_next(const Json& settings, const std::map<std::string, Secret>& secrets,
                                     const Json& mapping, Instant now, const std::vector<Exchanged>& so_far) const;
  // What a willing destination would answer, for previews: nothing where the general answer of preview.cc will do.
  virtual std::optional<Reply> rehearse(const DeliveryView& delivery, const Progress& progress,
                                        const HttpRequest& request) const;
  // Asks whether the destination has taken the case on; nothing where it cannot say. judge() of step "status" answers
  // through progress.data.accepted. Where a token is needed first the request is of step "token": judge it, ask again.
  virtual std::optional<HttpRequest> status_request(const DeliveryView& delivery) const = 0;
  // Fields the destination requires and this snapshot lacks, as paths with labels: known before sending.
  virtual Faults missing(const DeliveryView& delivery) const = 0;
};

// Whether a 2xx answer must be JSON to count as one.
enum class Expect { anything, json };
// The verdict a status code alone gives, by the one table of the domain reference (5.2); a connector refines it with
// what the body says. `now` is for Retry-After dates.
Verdict verdict_of(const Reply& reply, Instant now, Expect expect = Expect::anything);
// The verdict for an error of next(): conflict is for a person, invalid_input for who can mend the data, unavailable is
// tried again, the rest is the administrator's.
Verdict verdict_of(const Error& error);
// Retry-After as seconds or HTTP date, bounded to a day.
std::optional<std::chrono::milliseconds> retry_after(const Reply& reply, Instant now);
// The destination's own words in a refusal: at the first of `pointers` (RFC 6901) that leads to some, else where such
// messages usually stand, else a plain text body. One line, bounded; "" when there are none. For NeedsData only: such
// a text may repeat what a person wrote.
std::string message_of(const Reply& reply, const std::vector<std::string>& pointers);
// The value at a JSON pointer; nullptr where there is none.
const Json* at_pointer(const Json& json, std::string_view pointer);

}  // namespace handoff::exchange
