// The demo's record system: a sandbox KIPU with invented charts, the sending clinic's connection to it, and one record
// that stands locked with a change waiting behind it, so that unlocking can be tried at once.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "exchange/ledger.h"
#include "face/own/own.h"
#include "sandbox/kipu_sandbox.h"
#include "sync/reader.h"

namespace handoff::app {

// What the demo has set up before.
struct DemoClinic {
  OrganizationId clinic;
  ListingId partner_listing;  // where the record system's contact of the partner leads
  std::string partner_name;
  std::string secret;      // of the sandbox, the same at every start
  std::string hook_token;  // of its webhooks
  std::string public_url;
};

class DemoEmr {
 public:
  static Result<std::unique_ptr<DemoEmr>> start(exchange::Ledger& ledger, sync::Reader& reader, const ServerKey& key,
                                                const DemoClinic& clinic, const Clock& clock);
  ~DemoEmr() { stop(); }
  std::vector<face::FrontPage::Line> lines() const;
  // Pulls, lets staff fill a field of the locked record, and pulls again; on a thread of its own.
  void play(face::EmrDesk& desk);
  void stop();

 private:
  SeededRandom charts_{20261127};  // the same charts at every start
  std::unique_ptr<sandbox::KipuSandbox> sandbox_;
  OrganizationId clinic_;
  EmrConnectionId connection_;
  std::string locked_casefile_;
  std::thread player_;
};

}  // namespace handoff::app
