// The demo: two invented organizations, listings with a form, sandboxes to send to, and integrations between them. Made
// once; the sandboxes start with the server and remember what they got.
#pragma once

#include <memory>
#include <vector>

#include "app/demo_emr.h"
#include "exchange/ledger.h"
#include "face/own/own.h"
#include "sandbox/cms_sandbox.h"
#include "store/bootstrap.h"

namespace handoff::app {

class Demo {
 public:
  // `directory` is where the sandboxes keep their memory.
  static Result<std::unique_ptr<Demo>> start(store::Database& database, exchange::Ledger& ledger,
                                             const exchange::ConnectorSource& connectors, const ServerKey& key,
                                             const std::string& directory, sync::Reader& emr,
                                             const std::string& public_url, const Clock& clock, Random& random);
  // What begins once the server serves.
  void play(face::EmrDesk& desk) { emr_->play(desk); }
  std::vector<face::FrontPage::Line> sign_in() const { return sign_in_; }
  std::vector<face::FrontPage::Line> sandboxes() const { return sandboxes_; }
  void stop();

 private:
  std::vector<face::FrontPage::Line> sign_in_, sandboxes_;
  std::unique_ptr<sandbox::CmsSandbox> crms_, cms_;
  std::unique_ptr<DemoEmr> emr_;
};

}  // namespace handoff::app
