// The OpenAPI document, docs/openapi.json, built into the binary, and the page at /docs made from it.
#pragma once

#include <string>
#include <string_view>

namespace handoff::face::own {

std::string_view openapi_text();
// One page of HTML without scripts and without anything fetched from elsewhere.
std::string documentation_page();

}  // namespace handoff::face::own
