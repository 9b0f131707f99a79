// What every connector asks of an integration's settings and mapping, in the same words.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exchange/connector.h"
#include "exchange/mapping.h"

namespace handoff::connector {

// Faults of an address an administrator typed; empty where it is fit to be called.
std::optional<std::string> address_fault(std::string_view url);

// Settings against the manifest's rules: what is missing, of another type, out of range or unknown. Faults carry
// pointers such as "/settings/baseUrl".
void check_settings(const exchange::Manifest& manifest, const Json& settings,
                    const std::map<std::string, Secret>& secrets, Faults& faults);

// How an integration may change a connector's mapping.
struct OverrideRules {
  std::string connector;               // its name, for sentences
  bool extra_fields = false;           // it may add fields of its own
  std::vector<std::string> variables;  // names that sources may use beside the referral's own
};
// The connector's mapping with the integration's overrides laid over it: {"fields": [rules]}; null for none.
exchange::Mapping overridden(exchange::Mapping mapping, const Json& overrides, const OverrideRules& rules,
                             Faults& faults);

// " Did you mean "baseUrl"?", or which words are known.
std::string meant(std::string_view word, const std::vector<std::string>& known);

}  // namespace handoff::connector
