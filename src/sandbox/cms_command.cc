// The command `handoff sandbox crms|cms`: its words, and running it.
#include <cstdio>

#include "base/end_signals.h"
#include "base/text.h"
#include "sandbox/cms_fields.h"
#include "sandbox/cms_sandbox.h"

namespace handoff::sandbox {

namespace {

std::vector<std::string> wire_keys() {
  std::vector<std::string> keys;
  for (const WireField& field : wire_fields()) keys.emplace_back(field.key);
  return keys;
}

}  // namespace

Result<CmsSandboxOptions> cms_sandbox_options(const CmsSandboxWords& words) {
  CmsSandboxOptions options;
  if (words.product != "crms" && words.product != "cms") {
    return Error{Kind::invalid_input, "sandbox.unknown_product", "There are the sandboxes crms and cms.", {}};
  }
  options.product = words.product == "crms" ? CmsProduct::crms : CmsProduct::cms;

  const std::size_t colon = words.listen.rfind(':');
  const auto port = colon == std::string::npos ? std::nullopt : parse_int(words.listen.substr(colon + 1));
  if (!port || *port < 0 || *port > 65535 || colon == 0) {
    return Error{
        Kind::invalid_input, "sandbox.bad_listen", "Write --listen as HOST:PORT, for example 127.0.0.1:9100.", {}};
  }
  options.port = static_cast<int>(*port);
  options.host = words.listen.substr(0, colon);
  if (options.host.starts_with('[') && options.host.ends_with(']')) {
    options.host = options.host.substr(1, options.host.size() - 2);
  }

  if (trim(words.token).empty()) {
    return Error{Kind::invalid_input, "sandbox.needs_token", "Name the token that senders must show: --token T.", {}};
  }
  options.token = std::string(trim(words.token));

  for (const std::string& part : split(words.require, ',')) {
    const std::string key(trim(part));
    if (key.empty()) continue;
    if (find_wire_field(key) == nullptr) {
      const std::optional<std::string> near = nearest(key, wire_keys());
      return Error{Kind::invalid_input,
                   "sandbox.unknown_field",
                   "--require takes wire keys such as dateOfBirth; " + key + " is none." +
                       (near ? " Did you mean " + *near + "?" : std::string()),
                   {}};
    }
    options.required.push_back(key);
  }

  if (!words.fail.empty()) {
    const std::vector<std::string> parts = split(words.fail, ':');
    const auto status = parse_int(parts.front());
    const auto count = parts.size() == 2 ? parse_int(parts.back()) : std::nullopt;
    if (!status || *status < 200 || *status > 599 || !count || *count < 0 || *count > 1'000'000'000) {
      return Error{Kind::invalid_input, "sandbox.bad_fail", "Write --fail as CODE:COUNT, for example 503:2.", {}};
    }
    options.fault.status = static_cast<int>(*status);
    options.fault.count = static_cast<int>(*count);
  }

  if (!words.latency.empty()) {
    const auto latency = parse_int(words.latency);
    if (!latency || *latency < 0 || *latency > 600'000) {
      return Error{Kind::invalid_input, "sandbox.bad_latency", "Write --latency in milliseconds, at most 600000.", {}};
    }
    options.latency_ms = static_cast<int>(*latency);
  }
  options.store = words.store;
  return options;
}

Result<void> run_cms_sandbox(const CmsSandboxWords& words, const Clock& clock, Random& random) {
  CmsSandboxOptions options = HANDOFF_TRY(cms_sandbox_options(words));
  block_end_signals();
  const std::unique_ptr<CmsSandbox> sandbox = HANDOFF_TRY(CmsSandbox::start(std::move(options), clock, random));
  std::printf("ready %s\n", sandbox->url().c_str());
  std::fflush(stdout);
  wait_for_end_signal();
  sandbox->stop();
  return {};
}

}  // namespace handoff::sandbox
