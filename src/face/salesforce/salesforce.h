// The Salesforce face: /services/… and /id/…, answering as a Health Cloud org does. It turns requests into commands of
// the rooms and their answers back into that dialect; it knows neither the store nor a connector.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "access/credentials.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "exchange/ledger.h"
#include "face/metrics.h"
#include "net/http.h"
#include "record/reader.h"
#include "referral/commands.h"
#include "referral/files.h"
#include "referral/reader.h"

namespace handoff::face {

struct SalesforceFaceSettings {
  // Where callers find this server, as token answers tell them, without a slash at its end. "": as the caller itself
  // names it in its Host header.
  std::string instance_url;
  bool tls = false;                                 // of the URL that is made from a Host header
  std::uint64_t json_bytes_max = 16 * 1024 * 1024;  // above: 413
  std::uint64_t file_bytes_max = 25 * 1024 * 1024;  // of a ContentVersion, above: 413
  Json::Limits json{};
  double requests_per_second = 1000, request_burst = 5000;  // of each credential; 0: no limit
  std::int64_t requests_per_day = 1'000'000;  // of each organization, counted by this process; 0: no limit
};

// Everything passed by reference outlives the face.
struct SalesforceFaceParts {
  exchange::Ledger& ledger;
  referral::Reader& referrals;
  record::Reader& records;
  access::CredentialReader& credentials;
  referral::Commands& commands;
  referral::Files& files;
  Metrics& metrics;
  const ServerKey& key;
  Clock& clock;
  Random& random;
  SalesforceFaceSettings settings;
};

class SalesforceFace final : public net::Handler {
 public:
  explicit SalesforceFace(SalesforceFaceParts parts);
  ~SalesforceFace() override;
  net::Response handle(net::Request& request) override;
  Admission admit(const net::Request& head) override;
  net::Response refuse(int status, std::string_view code, std::string_view detail) override;

  // True for paths that are this face's, however many slashes stand in them.
  static bool serves(std::string_view path);

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace handoff::face
