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

// Nothing more to say.
struct Finished {
  std::string remote_id;  // "" where the destination gives none
  bool accepted = false;  // a status step found the case taken on: an update ends with mode.accepted
};
using Step = std::variant<HttpRequest, Finished>;

// What has been confirmed so far. Saved after each step, so that a crash resumes at the next one. Only connectors read
// and write its inside; it must not hold personal data beyond remote ids.
struct Progress {
  Json data = Json::object();  // {"remoteId": "…", "done": ["create", "attach:summary"]}
};

enum class DeliveryKind { create, update, event };

// All a connector may know.
struct DeliveryView {
  std::string delivery_id;  // the message id, unchanged by retries
  std::string remote_mark;  // what the destination knows the referral by (externalId): the referral's id
  DeliveryKind kind = DeliveryKind::create;
  std::int64_t sequence = 1;  // per lane
  std::vector<std::string> triggers;
  std::optional<std::string> remote_id;  // known from an earlier delivery of the lane
  bool retraction = false;               // an update that takes back what was sent (entered in error)
  bool doubtful = false;                 // the last attempt's outcome is unknown: find before repeating
  const referral::Snapshot* snapshot = nullptr;
  const Json* settings = nullptr;  // without secrets
  const std::map<std::string, Secret>* secrets = nullptr;
  const Json* mapping = nullptr;  // the integration's own overrides, null for none
  bool summary_pdf = true;
  bool attachments = true;
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
struct StepDone {};  // confirmed; progress was updated; ask next()
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
};  // 401, 403, 404, 405, 406, 415, 501, 3xx: the administrator's
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

class Connector {
 public:
  virtual ~Connector() = default;
  virtual const Manifest& manifest() const = 0;
  // Changes with anything that changes what would be sent; written with every decision.
  virtual std::string profile_hash() const = 0;
  // Checks an integration's settings and mapping; adds faults with pointers such as "/settings/baseUrl".
  virtual void check(const Json& settings, const std::map<std::string, Secret>& secrets, const Json& mapping,
                     Faults& faults) const = 0;
  virtual Result<Step> next(const DeliveryView& delivery, const Progress& progress) const = 0;
  // Reads a reply to `request` and updates `progress` where the verdict is StepDone or TooLarge.
  virtual Verdict judge(const DeliveryView& delivery, const HttpRequest& request, const Reply& reply,
                        Progress& progress) const = 0;
  // A harmless request that shows whether address and credentials work.
  virtual Result<HttpRequest> probe(const Json& settings, const std::map<std::string, Secret>& secrets) const = 0;
  // Asks whether the destination has taken the case on; nothing where it cannot say. judge() of step "status" answers
  // through progress.data.accepted.
  virtual std::optional<HttpRequest> status_request(const DeliveryView& delivery) const = 0;
  // Fields the destination requires and this snapshot lacks, as paths with labels: known before sending.
  virtual Faults missing(const DeliveryView& delivery) const = 0;
};

// The verdict a status code alone gives, by the one table of the domain reference (5.2); a connector refines it with
// what the body says. `now` is for Retry-After dates.
Verdict verdict_of(const Reply& reply, Instant now);
// Retry-After as seconds or HTTP date, bounded to a day.
std::optional<std::chrono::milliseconds> retry_after(const Reply& reply, Instant now);

}  // namespace handoff::exchange
