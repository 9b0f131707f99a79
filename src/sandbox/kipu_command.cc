// The command `handoff sandbox kipu`: its words, and running it.
#include <cstdio>

#include "base/end_signals.h"
#include "base/text.h"
#include "sandbox/kipu_sandbox.h"

namespace handoff::sandbox {

namespace {

Result<void> read_address(const std::string& text, std::string_view flag, std::string& host, int& port) {
  const std::size_t colon = text.rfind(':');
  const auto number = colon == std::string::npos ? std::nullopt : parse_int(std::string_view(text).substr(colon + 1));
  if (!number || *number < 0 || *number > 65535 || colon == 0) {
    return Error{Kind::invalid_input,
                 "sandbox.bad_listen",
                 "Write " + std::string(flag) + " as HOST:PORT, for example 127.0.0.1:9200.",
                 {}};
  }
  port = static_cast<int>(*number);
  host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {};
}

}  // namespace

Result<KipuSandboxOptions> kipu_sandbox_options(const KipuSandboxWords& words) {
  KipuSandboxOptions options;
  HANDOFF_TRY(read_address(words.listen, "--listen", options.host, options.port));
  HANDOFF_TRY(read_address(words.control, "--control", options.control_host, options.control_port));
  const auto loopback = HANDOFF_TRY(net::AddressRanges::parse({"127.0.0.0/8", "::1/128"}));
  if (options.control_host != "localhost" && !loopback.contains(options.control_host)) {
    return Error{Kind::invalid_input,
                 "sandbox.control_not_loopback",
                 "The control plane asks for no password, so --control must be a loopback address.",
                 {}};
  }
  options.credentials.access_id = std::string(trim(words.access_id));
  options.credentials.secret_key = Secret(words.secret);
  options.app_id = std::string(trim(words.app_id));
  if (options.credentials.access_id.empty() || words.secret.empty() || options.app_id.empty()) {
    return Error{Kind::invalid_input,
                 "sandbox.needs_credentials",
                 "Name what clients must sign with: --access-id A --secret S --app-id N.",
                 {}};
  }
  return options;
}

Result<void> run_kipu_sandbox(const KipuSandboxWords& words, const Clock& clock, Random& random) {
  KipuSandboxOptions options = HANDOFF_TRY(kipu_sandbox_options(words));
  block_end_signals();
  const std::unique_ptr<KipuSandbox> sandbox = HANDOFF_TRY(KipuSandbox::start(std::move(options), clock, random));
  std::printf("ready %s\n", sandbox->url().c_str());
  std::printf("control %s\n", sandbox->control_url().c_str());
  std::fflush(stdout);
  wait_for_end_signal();
  sandbox->stop();
  return {};
}

}  // namespace handoff::sandbox
