// Errors as RFC 9457 says them, from one table of kinds.
#pragma once

#include "base/json.h"
#include "net/http.h"

namespace handoff::face::own {

struct KindRow {
  Kind kind;
  int status;
  const char* title;
};
const KindRow& row_of(Kind kind);
// The status of an error: that of its kind, but for the two whose code says it more exactly.
int status_of(const Error& error);

// {type, title, status, detail, code, errors} and the members of `more`.
Json problem_json(const Error& error, const Json& more = {});
net::Response problem(const Error& error, const Json& more = {});
// What the server itself refused.
net::Response problem(int status, std::string_view code, std::string_view detail);

}  // namespace handoff::face::own
