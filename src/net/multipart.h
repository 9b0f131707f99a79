// multipart/form-data (RFC 7578), both ways.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"

namespace handoff::net {

struct FormPart {
  std::string name;
  std::string file_name;     // "" when it is a plain field
  std::string content_type;  // "" when not told
  std::uint64_t offset = 0;  // where its bytes lie in the body
  std::uint64_t size = 0;
};

// Reads the parts of a body in pieces, never holding a file in memory. At most `parts_max` parts.
// Content-Disposition file names: quoted strings, and filename* (RFC 8187) wins.
Result<std::vector<FormPart>> parse_multipart(const Body& body, std::string_view content_type,
                                              std::size_t parts_max = 100);

// A form to send: the pieces with their frames, ready for ClientRequest::body. The caller makes the boundary (from
// Random) and says it in Content-Type.
struct FormPiece {
  std::string name;
  std::string file_name;     // "" for a plain field
  std::string content_type;  // "" to say none
  BodyPart body;
};
std::vector<BodyPart> write_multipart(std::vector<FormPiece> pieces, std::string_view boundary);

}  // namespace handoff::net
