// The head of an answer and what is decided about it: gzip, length, chunked, keep-alive.
#pragma once

#include <string>
#include <string_view>

#include "net/http.h"

namespace handoff::net {

// Packs the body where the client accepts it and it is worth it; says Vary wherever the answer could have been packed.
void pack_answer(Response& response, std::string_view accept_encoding, std::size_t gzip_from);

struct AnswerFacts {
  std::string_view request_id;
  bool head_only = false;
  bool http_1_0 = false;
  bool keep_alive = true;
};

struct AnswerHead {
  std::string text;        // status line and header, with the empty line
  bool body = true;        // a body follows
  bool chunked = false;    // in chunks
  bool keep_alive = true;  // the connection can be used again
};

AnswerHead answer_head(const Response& response, const AnswerFacts& facts);

}  // namespace handoff::net
