#include "face/file_type.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "net/uri.h"

namespace handoff::face {
namespace {

using namespace std::string_view_literals;

struct Signature {
  std::size_t offset;
  std::string_view bytes;
  const char* type;
};

constexpr const char* zip = "application/zip";
constexpr const char* ole = "application/x-ole-storage";

constexpr std::array signatures{
    Signature{0, "%PDF-"sv, "application/pdf"},
    Signature{0, "\x89PNG\r\n\x1a\n"sv, "image/png"},
    Signature{0, "\xFF\xD8\xFF"sv, "image/jpeg"},
    Signature{0, "GIF87a"sv, "image/gif"},
    Signature{0, "GIF89a"sv, "image/gif"},
    Signature{0, "II*\0"sv, "image/tiff"},
    Signature{0, "MM\0*"sv, "image/tiff"},
    Signature{8, "WEBPVP8"sv, "image/webp"},
    Signature{8, "WAVEfmt "sv, "audio/wav"},
    Signature{4, "ftypheic"sv, "image/heic"},
    Signature{4, "ftypheix"sv, "image/heic"},
    Signature{4, "ftypmif1"sv, "image/heic"},
    Signature{4, "ftypisom"sv, "video/mp4"},
    Signature{4, "ftypmp42"sv, "video/mp4"},
    Signature{4, "ftypqt  "sv, "video/quicktime"},
    Signature{0, "ID3"sv, "audio/mpeg"},
    Signature{0, "OggS"sv, "audio/ogg"},
    Signature{0, "{\\rtf"sv, "application/rtf"},
    Signature{0, "PK\x03\x04"sv, zip},
    Signature{0, "PK\x05\x06"sv, zip},
    Signature{0, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv, ole},
    Signature{0, "\x1F\x8B\x08"sv, "application/gzip"},
    Signature{0, "7z\xBC\xAF\x27\x1C"sv, "application/x-7z-compressed"},
    Signature{0, "Rar!\x1A\x07"sv, "application/vnd.rar"},
    Signature{0, "MZ\x90\0"sv, "application/vnd.microsoft.portable-executable"},
    Signature{0,
              "\x7F"
              "ELF"sv,
              "application/x-elf"},
    Signature{0, "\xCA\xFE\xBA\xBE"sv, "application/java-vm"},
    Signature{0, "BM"sv, "image/bmp"},
};

// What else a recognized type may rightly be called.
struct OtherName {
  std::string_view recognized;
  std::string_view declared;
};
constexpr std::array other_names{
    OtherName{"image/jpeg", "image/jpg"},
    OtherName{"image/jpeg", "image/pjpeg"},
    OtherName{"image/bmp", "image/x-ms-bmp"},
    OtherName{"image/heic", "image/heif"},
    OtherName{"image/tiff", "image/x-tiff"},
    OtherName{"application/pdf", "application/x-pdf"},
    OtherName{"application/rtf", "text/rtf"},
    OtherName{"application/rtf", "text/plain"},
    OtherName{"application/rtf", "application/msword"},  // what word processors save under .doc
    OtherName{"application/zip", "application/x-zip-compressed"},
    OtherName{"application/zip", "application/vnd.oasis.opendocument.text"},
    OtherName{"application/zip", "application/vnd.oasis.opendocument.spreadsheet"},
    OtherName{"application/zip", "application/vnd.oasis.opendocument.presentation"},
    OtherName{"application/zip", "application/epub+zip"},
    OtherName{"application/x-ole-storage", "application/msword"},
    OtherName{"application/x-ole-storage", "application/vnd.ms-excel"},
    OtherName{"application/x-ole-storage", "application/vnd.ms-powerpoint"},
    OtherName{"application/x-ole-storage", "application/vnd.ms-outlook"},
    OtherName{"application/gzip", "application/x-gzip"},
    OtherName{"audio/mpeg", "audio/mp3"},
    OtherName{"audio/wav", "audio/x-wav"},
    OtherName{"audio/wav", "audio/wave"},
    OtherName{"audio/ogg", "video/ogg"},
    OtherName{"audio/ogg", "application/ogg"},
    OtherName{"video/mp4", "audio/mp4"},
    OtherName{"text/html", "application/xhtml+xml"},
    OtherName{"text/html", "text/plain"},
    OtherName{"text/xml", "application/xml"},
    OtherName{"text/xml", "application/xhtml+xml"},
    OtherName{"text/xml", "text/html"},
    OtherName{"text/xml", "text/plain"},
    OtherName{"text/xml", "image/svg+xml"},
    OtherName{"text/xml", "application/fhir+xml"},
    OtherName{"text/xml", "application/hl7-sda+xml"},
};

// Office files are zip archives whose first entries give them away.
const char* kind_of_zip(std::string_view bytes) {
  if (bytes.find("word/") != std::string_view::npos)
    return "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
  if (bytes.find("xl/") != std::string_view::npos)
    return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
  if (bytes.find("ppt/") != std::string_view::npos)
    return "application/vnd.openxmlformats-officedocument.presentationml.presentation";
  return zip;
}

bool is_office(std::string_view type) { return type.starts_with("application/vnd.openxmlformats-officedocument."); }

// Markup begins with a word, after a byte order mark and blanks.
std::optional<std::string> recognized_markup(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  const std::string start = ascii_lower(trim(bytes.substr(0, 256)).substr(0, 32));
  if (start.starts_with("<!doctype html") || start.starts_with("<html")) return "text/html";
  if (start.starts_with("<?xml") || start.starts_with("<svg")) return "text/xml";
  return std::nullopt;
}

// A bitmap is marked by two letters only, which a text may begin with as well.
bool is_bitmap(std::string_view bytes) {
  return bytes.size() > 30 && bytes.substr(6, 4) == std::string_view("\0\0\0\0", 4);
}

bool is_media_type(std::string_view type) {
  const auto slash = type.find('/');
  return slash != std::string_view::npos && slash > 0 && slash + 1 < type.size() && type.size() <= 127 &&
         std::all_of(type.begin(), type.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  std::string_view("/!#$&^_.+-").find(c) != std::string_view::npos;
         });
}

bool means_nothing(std::string_view declared) {
  return declared.empty() || declared == "application/octet-stream" || declared == "binary/octet-stream";
}

bool may_be_called(std::string_view recognized, std::string_view declared) {
  if (recognized == declared) return true;
  // The entries that give an office file away may lie beyond the bytes looked at, and a plain archive may hold a
  // folder of their names.
  if ((recognized == zip && is_office(declared)) || (is_office(recognized) && declared == zip)) return true;
  return std::any_of(other_names.begin(), other_names.end(),
                     [&](const OtherName& row) { return row.recognized == recognized && row.declared == declared; });
}

// Marks that change the direction or the look of a name without being seen.
bool is_hidden_mark(std::string_view text, std::size_t at) {
  const std::string_view three = text.substr(at, 3);
  return three == "\u200E" || three == "\u200F" || three == "\u202A" || three == "\u202B" || three == "\u202C" ||
         three == "\u202D" || three == "\u202E" || three == "\u2066" || three == "\u2067" || three == "\u2068" ||
         three == "\u2069" || three == "\uFEFF" || three == "\u200B" || three == "\u2028" || three == "\u2029";
}

}  // namespace

std::optional<std::string> recognized_type(std::string_view first_bytes) {
  for (const auto& row : signatures) {
    if (first_bytes.size() < row.offset + row.bytes.size()) continue;
    if (first_bytes.substr(row.offset, row.bytes.size()) != row.bytes) continue;
    if (row.type == zip) return kind_of_zip(first_bytes);
    if (row.bytes == "BM" && !is_bitmap(first_bytes)) continue;
    return row.type;
  }
  return recognized_markup(first_bytes);
}

Result<std::string> settled_type(std::string_view first_bytes, std::string_view declared) {
  const std::string told = net::media_type(declared);
  if (!told.empty() && !is_media_type(told)) {
    return Error{Kind::invalid_input,
                 "attachment.bad_type",
                 "Declare the content as a media type such as application/pdf.",
                 {},
                 {}};
  }
  const auto seen = recognized_type(first_bytes);
  if (!seen) return told.empty() ? std::string("application/octet-stream") : told;
  if (means_nothing(told)) return *seen;
  if (may_be_called(*seen, told)) return told;
  return Error{Kind::invalid_input,
               "attachment.type_mismatch",
               "The file was declared as " + told + ", but its content is " + *seen +
                   ". Send it with its own type, or the file that was meant.",
               {},
               {}};
}

std::string clean_file_name(std::string_view name) {
  if (const auto slash = name.find_last_of("/\\"); slash != std::string_view::npos) name.remove_prefix(slash + 1);
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto byte = static_cast<unsigned char>(name[i]);
    if (is_hidden_mark(name, i)) {
      i += 2;
    } else if (byte < 0x20 || byte == 0x7F || std::string_view("<>:\"|?*").find(name[i]) != std::string_view::npos) {
      out.push_back('_');
    } else {
      out.push_back(name[i]);
    }
  }
  std::string_view trimmed = trim(out);
  while (!trimmed.empty() && (trimmed.front() == '.' || trimmed.front() == ' ')) trimmed.remove_prefix(1);
  while (!trimmed.empty() && (trimmed.back() == '.' || trimmed.back() == ' ')) trimmed.remove_suffix(1);
  if (trimmed.empty()) return "file";
  constexpr std::size_t length_max = 200, ending_max = 10;
  if (utf8_length(trimmed) <= length_max) return std::string(trimmed);
  // A name that is too long keeps its ending, because people and programs go by it.
  const auto dot = trimmed.rfind('.');
  const std::string_view ending =
      dot == std::string_view::npos || trimmed.size() - dot > ending_max ? std::string_view() : trimmed.substr(dot);
  return utf8_prefix(trimmed, length_max - ending.size()) + std::string(ending);
}

}  // namespace handoff::face
