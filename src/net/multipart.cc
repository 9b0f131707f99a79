#include "net/multipart.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "net/uri.h"

namespace handoff::net {
namespace {

constexpr std::size_t window_bytes = 64 * 1024;
constexpr std::size_t part_header_bytes_max = 8 * 1024;
constexpr std::size_t boundary_characters_max = 70;  // RFC 2046, 5.1.1

Error malformed(std::string_view what) {
  return Error{Kind::malformed, "multipart.malformed", "The multipart body cannot be read: " + std::string(what), {}};
}

// Looks at any place of a body through one window that moves; a file is never held whole.
class Window {
 public:
  explicit Window(const Body& body) : body_(body) {}

  // Up to `size` bytes at `offset`, fewer at the end of the body. Good until the next call.
  Result<std::string_view> at(std::uint64_t offset, std::size_t size) {
    if (offset < start_ || offset + size > start_ + bytes_.size()) {
      if (!(offset >= start_ && start_ + bytes_.size() == body_.size() && !bytes_.empty())) {
        bytes_ = HANDOFF_TRY(body_.read(offset, std::max(size, window_bytes)));
        start_ = offset;
      }
    }
    const auto skip = static_cast<std::size_t>(std::min<std::uint64_t>(offset - start_, bytes_.size()));
    return std::string_view(bytes_).substr(skip, size);
  }

  // Where `needle` next begins, from `offset` on.
  Result<std::optional<std::uint64_t>> find(std::string_view needle, std::uint64_t offset) {
    while (offset + needle.size() <= body_.size()) {
      // Whatever of the window lies behind `offset`, but enough for the needle: steps overlap by its length less one.
      const std::uint64_t held =
          offset >= start_ && offset < start_ + bytes_.size() ? start_ + bytes_.size() - offset : 0;
      const std::size_t size = held >= needle.size() ? static_cast<std::size_t>(held) : window_bytes;
      const std::string_view text = HANDOFF_TRY(at(offset, size));
      if (text.size() < needle.size()) break;
      const auto found = text.find(needle);
      if (found != std::string_view::npos) return std::optional<std::uint64_t>(offset + found);
      offset += text.size() - needle.size() + 1;
    }
    return std::optional<std::uint64_t>();
  }

 private:
  const Body& body_;
  std::string bytes_;
  std::uint64_t start_ = 0;
};

// What follows a delimiter: the end of the body, or a line end after which a part begins.
struct After {
  bool delimiter = false;  // false: a longer line that only begins like one
  bool last = false;
  std::uint64_t next = 0;
};

Result<After> after_delimiter(Window& window, std::uint64_t offset) {
  constexpr std::size_t padding_max = 64;
  const std::string_view text = HANDOFF_TRY(window.at(offset, padding_max));
  if (text.starts_with("--")) return After{true, true, offset + 2};
  const auto end = text.find_first_not_of(" \t");
  if (end == std::string_view::npos || text.substr(end, 2) != "\r\n") return After{};
  return After{true, false, offset + end + 2};
}

// "C:\scans\letter.pdf" and "../letter.pdf" are letter.pdf: a path tells about the sender's disk and helps nobody here.
std::string last_name(std::string name) {
  const auto slash = name.find_last_of("/\\");
  return slash == std::string::npos ? name : name.substr(slash + 1);
}

// RFC 8187: UTF-8'en'na%C3%AFve.txt
std::optional<std::string> extended_value(std::string_view text) {
  const auto first = text.find('\'');
  const auto second = first == std::string_view::npos ? first : text.find('\'', first + 1);
  if (second == std::string_view::npos || !ascii_equal_fold(text.substr(0, first), "utf-8")) return std::nullopt;
  return percent_decode(text.substr(second + 1), false);
}

Result<FormPart> read_part_header(std::string_view header) {
  FormPart part;
  bool disposed = false;
  while (!header.empty()) {
    const auto end = header.find("\r\n");
    const std::string_view line = header.substr(0, end);
    header.remove_prefix(end == std::string_view::npos ? header.size() : end + 2);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return malformed("a line of a part's header has no colon.");
    const std::string_view name = trim(line.substr(0, colon));
    const std::string_view value = trim(line.substr(colon + 1));
    if (ascii_equal_fold(name, "Content-Disposition")) {
      const auto field = header_parameter(value, "name");
      if (disposed || media_type(value) != "form-data" || !field) {
        return malformed("each part says once: Content-Disposition: form-data; name=\"...\".");
      }
      disposed = true;
      part.name = *field;
      if (const auto file = header_parameter(value, "filename")) part.file_name = *file;
      if (const auto raw = header_parameter(value, "filename*")) {
        const auto file = extended_value(*raw);
        if (!file) return malformed("a filename* is not UTF-8 in the form of RFC 8187.");
        part.file_name = *file;
      }
    } else if (ascii_equal_fold(name, "Content-Type")) {
      part.content_type = value;
    } else if (ascii_equal_fold(name, "Content-Transfer-Encoding")) {
      const std::string coding = ascii_lower(value);
      if (coding != "7bit" && coding != "8bit" && coding != "binary") {
        return malformed("a part has a transfer encoding; RFC 7578 sends bytes as they are.");
      }
    }
  }
  if (!disposed) return malformed("a part has no Content-Disposition.");
  part.file_name = last_name(std::move(part.file_name));
  for (const std::string* text : {&part.name, &part.file_name, &part.content_type}) {
    if (!is_utf8(*text) || text->find('\0') != std::string::npos) return malformed("a name in it is not UTF-8 text.");
  }
  return part;
}

// A name inside quotes, as browsers write it (HTML, 4.10.21.8).
std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    switch (c) {
      case '"': out += "%22"; break;
      case '\r': out += "%0D"; break;
      case '\n': out += "%0A"; break;
      default: out.push_back(c);
    }
  }
  return out + "\"";
}

}  // namespace

Result<std::vector<FormPart>> parse_multipart(const Body& body, std::string_view content_type, std::size_t parts_max) {
  const auto boundary = header_parameter(content_type, "boundary");
  if (media_type(content_type) != "multipart/form-data" || !boundary || boundary->empty() ||
      boundary->size() > boundary_characters_max) {
    return Error{Kind::malformed,
                 "multipart.no_boundary",
                 "Send Content-Type: multipart/form-data with a boundary of 1 to 70 characters.",
                 {}};
  }
  Window window(body);
  const std::string opening = "--" + *boundary;
  const std::string delimiter = "\r\n" + opening;

  // The first delimiter stands at the very start, or after a preamble that nobody reads.
  std::uint64_t at = 0;
  After after;
  if (HANDOFF_TRY(window.at(0, opening.size())) == opening)
    after = HANDOFF_TRY(after_delimiter(window, opening.size()));
  while (!after.delimiter) {
    const auto found = HANDOFF_TRY(window.find(delimiter, at));
    if (!found) return malformed("its boundary does not occur in it.");
    at = *found + delimiter.size();
    after = HANDOFF_TRY(after_delimiter(window, at));
  }

  std::vector<FormPart> parts;
  while (!after.last) {
    if (parts.size() == parts_max) {
      return Error{Kind::too_large,
                   "multipart.too_many_parts",
                   "The body has more than the " + std::to_string(parts_max) + " parts allowed.",
                   {}};
    }
    const std::string_view start = HANDOFF_TRY(window.at(after.next, part_header_bytes_max));
    const auto header_end = start.find("\r\n\r\n");
    if (header_end == std::string_view::npos) return malformed("the header of a part has no end, or is too long.");
    FormPart part = HANDOFF_TRY(read_part_header(start.substr(0, header_end)));
    part.offset = after.next + header_end + 4;
    // The line end that closes the header of an empty part may also be the one that opens the next delimiter.
    std::uint64_t from = part.offset - 2;
    for (after = {}; !after.delimiter;) {
      const auto found = HANDOFF_TRY(window.find(delimiter, from));
      if (!found) return malformed("its end boundary is missing.");
      part.size = *found > part.offset ? *found - part.offset : 0;
      from = *found + 2;
      after = HANDOFF_TRY(after_delimiter(window, *found + delimiter.size()));
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

std::vector<BodyPart> write_multipart(std::vector<FormPiece> pieces, std::string_view boundary) {
  std::vector<BodyPart> body;
  std::string text;
  for (auto& piece : pieces) {
    text += "--" + std::string(boundary) + "\r\nContent-Disposition: form-data; name=" + quoted(piece.name);
    if (!piece.file_name.empty()) text += "; filename=" + quoted(piece.file_name);
    if (!piece.content_type.empty()) text += "\r\nContent-Type: " + piece.content_type;
    text += "\r\n\r\n";
    body.push_back({std::exchange(text, "\r\n"), {}, 0});
    body.push_back(std::move(piece.body));
  }
  text += "--" + std::string(boundary) + "--\r\n";
  body.push_back({std::move(text), {}, 0});
  return body;
}

}  // namespace handoff::net
