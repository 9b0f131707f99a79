#include "net/body_reader.h"

#include <algorithm>

#include "base/text.h"

namespace handoff::net {
namespace {

enum class Coding { none, gzip, unknown };

Coding coding_of(const Headers& headers) {
  Coding coding = Coding::none;
  for (const auto& [name, value] : headers.items()) {
    if (!ascii_equal_fold(name, "Content-Encoding")) continue;
    for (const auto& word : split(value, ',')) {
      const std::string plain = ascii_lower(trim(word));
      if (plain.empty() || plain == "identity") continue;
      const bool known = plain == "gzip" || plain == "x-gzip";
      // Twice packed has no use but to hide a bomb.
      coding = known && coding == Coding::none ? Coding::gzip : Coding::unknown;
    }
  }
  return coding;
}

Refusal too_large(const BodyLimit& limit) {
  return {413, "request.too_large",
          "The body is larger than the " + std::to_string(limit.bytes_max) + " bytes allowed here."};
}

// Packed data that cannot be made smaller grows a little; and a packed body that unpacks to nothing may not be endless.
std::uint64_t received_max(const BodyLimit& limit, bool packed) {
  if (!packed) return limit.bytes_max;
  const std::uint64_t more = limit.bytes_max / 1000 + 1024;
  return limit.bytes_max > UINT64_MAX - more ? UINT64_MAX : limit.bytes_max + more;
}

}  // namespace

std::optional<Refusal> BodyReader::refusal_of(const Head& head, const BodyLimit& limit) {
  const bool has_body = head.chunked || head.content_length.value_or(0) > 0;
  if (!has_body) return std::nullopt;
  const Coding coding = coding_of(head.request.headers);
  if (coding == Coding::unknown) {
    return Refusal{415, "request.unknown_content_encoding", "The only content encoding read is gzip."};
  }
  if (head.content_length.value_or(0) > received_max(limit, coding == Coding::gzip)) return too_large(limit);
  return std::nullopt;
}

BodyReader::BodyReader(const Head& head, BodyLimit limit, std::size_t memory_max, std::string temporary_dir)
    : limit_(limit), sink_(memory_max, std::move(temporary_dir)), left_(head.content_length.value_or(0)) {
  if (head.chunked) chunks_.emplace();
  done_ = !head.chunked && left_ == 0;
  if (!done_ && coding_of(head.request.headers) == Coding::gzip) gzip_.emplace();
}

std::optional<Refusal> BodyReader::take(std::string_view bytes) {
  received_ += bytes.size();
  if (received_ > received_max(limit_, gzip_.has_value())) return too_large(limit_);
  bool over = false;
  const auto store = [&](std::string_view plain) -> Result<void> {
    if (plain.size() > limit_.bytes_max - sink_.size()) {
      over = true;
      return Error{Kind::too_large, "request.too_large", {}, {}};
    }
    return sink_.add(plain);
  };
  const Result<void> stored = gzip_ ? gzip_->feed(bytes, store) : store(bytes);
  if (stored) return std::nullopt;
  if (over) return too_large(limit_);
  const Error& error = stored.error();
  return Refusal{error.kind == Kind::malformed ? 400 : 503, error.code, error.for_caller};
}

std::optional<Refusal> BodyReader::end() {
  done_ = true;
  if (gzip_ && !gzip_->complete()) {
    return Refusal{400, "request.bad_gzip", "The gzip data of the body ends too early."};
  }
  return std::nullopt;
}

BodyReader::Fed BodyReader::feed(std::string_view bytes) {
  Fed fed;
  if (!chunks_) {
    fed.used = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    left_ -= fed.used;
    fed.refusal = take(bytes.substr(0, fed.used));
    if (!fed.refusal && left_ == 0) fed.refusal = end();
    return fed;
  }
  while (fed.used < bytes.size()) {
    const ChunkDecoder::Step step = chunks_->next(bytes.substr(fed.used));
    fed.used += step.used;
    if (step.bad) {
      fed.refusal = Refusal{400, "request.bad_chunk", "The chunks of the body are not well-formed."};
      return fed;
    }
    if (!step.data.empty()) fed.refusal = take(step.data);
    if (step.done && !fed.refusal) fed.refusal = end();
    if (fed.refusal || done_) return fed;
  }
  return fed;
}

}  // namespace handoff::net
