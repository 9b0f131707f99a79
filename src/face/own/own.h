// The native API, /api/v1, and the few pages beside it. It turns requests into commands of the rooms and their answers
// back into JSON; it knows neither the store nor a connector.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/credentials.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "exchange/follow.h"
#include "exchange/ledger.h"
#include "exchange/prober.h"
#include "exchange/reader.h"
#include "face/metrics.h"
#include "net/http.h"
#include "opportunity/reader.h"
#include "people/reader.h"
#include "referral/commands.h"
#include "referral/files.h"
#include "referral/reader.h"
#include "sync/reader.h"
#include "sync/transport.h"

namespace handoff::face {

// What stands on the page at `/`.
struct FrontPage {
  struct Line {
    std::string label, text;
    std::string link;  // "" for none
  };
  std::string version;
  bool demo = false;
  std::vector<Line> sign_in;    // in demo mode the keys to try it with
  std::vector<Line> sandboxes;  // partner systems to rehearse with
};

// For /metrics: what is on its way to destinations.
struct DeliveryFigures {
  std::map<std::string, std::int64_t> by_state;
  double oldest_pending_seconds = 0;
};

struct OwnFaceSettings {
  std::string public_url;                           // "https://referrals.example.org", without a slash at its end
  std::uint64_t json_bytes_max = 16 * 1024 * 1024;  // above: 413
  std::uint64_t file_bytes_max = 25 * 1024 * 1024;  // above: 413
  Json::Limits json{};
  // Of each credential; above: 429 with Retry-After. 0: no limit.
  double requests_per_second = 1000, request_burst = 5000;
};

// What a caller may want done with a record system, beyond what is stored. App lends it.
class EmrDesk {
 public:
  virtual ~EmrDesk() = default;
  // A pull now, or the one that is under way; waits for its end at most so long and answers nothing where it goes on.
  // The asking is kept, so that another process that holds the connection hears of it, too.
  virtual Result<std::optional<sync::Run>> pull(const OrganizationId& organization, const EmrConnectionId& id,
                                                std::chrono::milliseconds at_most) = 0;
  // Something was stored that a pull should know soon: a hint, an unlocked record, other settings. Returns at once.
  virtual void look_at(const EmrConnectionId& id) = 0;
  virtual sync::Reply ask(const sync::Request& request) = 0;  // waits
};

// Everything passed by reference outlives the face.
struct OwnFaceParts {
  exchange::Ledger& ledger;
  referral::Reader& referrals;
  exchange::Reader& deliveries;
  people::Reader& people;
  access::CredentialReader& credentials;
  sync::Reader& emr;
  sync::EventReader& emr_events;
  opportunity::Reader& opportunities;
  EmrDesk& emr_desk;
  const exchange::ConnectorSource& connectors;
  std::vector<std::string> connector_ids;  // those of the source, in the order they are shown
  referral::Commands& commands;
  referral::Files& files;
  exchange::Prober& prober;
  const ServerKey& key;
  Clock& clock;
  Random& random;
  OwnFaceSettings settings;
  // Reads a connector profile: {"valid", "faults": [{"line", "key", "code", "message"}], "manifest"}, the manifest as a
  // connector shows it, but for its plan, which is a code here.
  std::function<Json(const std::string& text)> validate_profile;
  std::function<Result<DeliveryFigures>()> figures;
  std::function<Result<void>()> ready;
  std::function<FrontPage()> front_page;
};

class OwnFace final : public net::Handler {
 public:
  explicit OwnFace(OwnFaceParts parts);
  ~OwnFace() override;
  net::Response handle(net::Request& request) override;
  Admission admit(const net::Request& head) override;
  net::Response refuse(int status, std::string_view code, std::string_view detail) override;
  // What /metrics shows; another face counts its requests here, too.
  Metrics& metrics();

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace handoff::face
