#include "net/gzip.h"

#include <zlib.h>

#include <array>

namespace handoff::net {
namespace {
constexpr int window_bits_gzip = 15 + 16;  // zlib's way to say: the gzip wrapper and no other
constexpr std::size_t piece_bytes = 32 * 1024;

Bytef* bytes_of(std::string_view text) { return reinterpret_cast<Bytef*>(const_cast<char*>(text.data())); }
}  // namespace

std::string gzip(std::string_view text) {
  z_stream stream{};
  HANDOFF_ASSERT(deflateInit2(&stream, 4, Z_DEFLATED, window_bits_gzip, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = bytes_of(text);
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = bytes_of(packed);
  stream.avail_out = static_cast<uInt>(packed.size());
  const int end = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  HANDOFF_ASSERT(end == Z_STREAM_END);
  return packed;
}

struct GzipDecoder::State {
  z_stream stream{};
  bool member_ended = false;
  std::array<char, piece_bytes> piece{};
};

GzipDecoder::GzipDecoder() : state_(std::make_unique<State>()) {
  HANDOFF_ASSERT(inflateInit2(&state_->stream, window_bits_gzip) == Z_OK);
}

GzipDecoder::~GzipDecoder() { inflateEnd(&state_->stream); }

Result<void> GzipDecoder::feed(std::string_view bytes, const Out& out) {
  z_stream& stream = state_->stream;
  stream.next_in = bytes_of(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  for (;;) {
    if (state_->member_ended) {
      if (stream.avail_in == 0) return {};
      inflateReset(&stream);  // a gzip body may be several members, one after the other
      state_->member_ended = false;
    }
    stream.next_out = bytes_of({state_->piece.data(), state_->piece.size()});
    stream.avail_out = static_cast<uInt>(state_->piece.size());
    const int status = inflate(&stream, Z_NO_FLUSH);
    const std::size_t made = state_->piece.size() - stream.avail_out;
    if (made > 0) HANDOFF_TRY(out({state_->piece.data(), made}));
    if (status == Z_STREAM_END) {
      state_->member_ended = true;
    } else if (status == Z_BUF_ERROR || (status == Z_OK && stream.avail_in == 0 && stream.avail_out > 0)) {
      return {};  // everything given is used up
    } else if (status != Z_OK) {
      return Error{
          Kind::malformed, "request.bad_gzip", "The body is not the gzip data that Content-Encoding says.", {}};
    }
  }
}

bool GzipDecoder::complete() const { return state_->member_ended; }

}  // namespace handoff::net
