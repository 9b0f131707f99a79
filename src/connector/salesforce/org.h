// What is said to one org: signing in, and requests of the session that a sign-in began. Pure; the clock is an
// argument.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "connector/salesforce/options.h"

namespace handoff::connector::salesforce {

// What a sign-in gave, kept in memory alone (StepDone::ephemeral) until it runs out.
struct Session {
  Secret token;
  std::string instance;                          // address of the API
  std::string version;                           // "v66.0"; "" until it is negotiated
  std::map<std::string, std::string> providers;  // NPI to record id; grows as they are looked up
  std::int64_t until_ms = 0;

  // The record meant by a setting; nothing until its NPI was looked up.
  std::optional<std::string> record_of(const Provider& provider) const;
  std::map<std::string, Secret> as_secrets() const;
};
std::optional<Session> session_of(const std::map<std::string, Secret>* ephemeral);

class Org {
 public:
  explicit Org(const Options& options, const Session* session = nullptr) : options_(options), session_(session) {}

  Result<exchange::HttpRequest> sign_in(Instant now) const;
  exchange::HttpRequest versions() const;
  exchange::HttpRequest query(const std::string& step, const std::string& soql) const;
  exchange::HttpRequest get(const std::string& step, const std::string& path) const;  // path below /services/data/vNN.0
  exchange::HttpRequest send(const std::string& step, const char* method, const std::string& path,
                             const Json& body) const;
  exchange::HttpRequest send(const std::string& step, const char* method, const std::string& path,
                             std::vector<exchange::PartBytes> body) const;

 private:
  exchange::HttpRequest start(const std::string& step, const char* method, const std::string& url) const;
  const Options& options_;
  const Session* session_;
};

// A text inside a SOQL statement, with its quotes.
std::string soql_text(std::string_view text);
// "'a', 'b'"
std::string soql_list(const std::vector<std::string>& texts);

// Which providers stand behind NPIs.
std::string providers_query(const std::vector<std::string>& npis);
// The referrals of ours by their mark, or by their ids.
std::string mark_query(const Options& options, std::string_view mark);
std::string rows_query(const std::vector<std::string>& ids);

}  // namespace handoff::connector::salesforce
