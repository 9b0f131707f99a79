#include "connector/files.h"

#include <algorithm>
#include <set>

#include "base/text.h"

namespace handoff::connector {
namespace {

constexpr std::size_t file_name_characters_max = 120;
constexpr const char* summary_file_name = "Referral Summary.pdf";  // the name the CRMS document gives it

std::string with_number(const std::string& name, int number) {
  const auto dot = name.rfind('.');
  const std::string suffix = " (" + std::to_string(number) + ")";
  if (dot == std::string::npos || dot == 0) return name + suffix;
  return name.substr(0, dot) + suffix + name.substr(dot);
}

}  // namespace

std::vector<File> files_of(const exchange::DeliveryView& delivery) {
  std::vector<File> files;
  std::set<std::string> names, contents;
  if (delivery.summary_pdf) {
    files.push_back({summary_key, summary_key, summary_file_name, "application/pdf", 0, true});
    names.insert(ascii_lower(summary_file_name));
  }
  if (!delivery.attachments || delivery.snapshot == nullptr) return files;
  for (const referral::Attachment& attachment : delivery.snapshot->referral.attachments) {
    if (!contents.insert(attachment.sha256).second) continue;
    // Two contents under one name would look like one file over there, or replace each other.
    const std::string clean = clean_file_name(attachment.file_name.reveal());
    std::string name = clean;
    for (int number = 2; !names.insert(ascii_lower(name)).second; ++number) name = with_number(clean, number);
    files.push_back({attachment.sha256, attachment.id.text(), std::move(name),
                     clean_content_type(attachment.content_type), attachment.size, false});
  }
  return files;
}

std::string clean_file_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) continue;
    out += std::string_view("/\\:*?\"<>|").find(c) == std::string_view::npos ? c : '_';
  }
  out = std::string(trim(out));
  while (!out.empty() && (out.front() == '.' || out.front() == ' ')) out.erase(0, 1);
  while (!out.empty() && (out.back() == '.' || out.back() == ' ')) out.pop_back();
  if (out.empty()) return "file";
  const std::size_t length = utf8_length(out);
  if (length <= file_name_characters_max) return out;
  const auto dot = out.rfind('.');
  std::string ending = dot != std::string::npos && out.size() - dot <= 10 ? out.substr(dot) : std::string();
  return utf8_prefix(out, file_name_characters_max - utf8_length(ending)) + ending;
}

std::string clean_content_type(std::string_view type) {
  const std::string_view plain = trim(type.substr(0, type.find(';')));
  const bool fit = std::count(plain.begin(), plain.end(), '/') == 1 && plain.front() != '/' && plain.back() != '/' &&
                   std::all_of(plain.begin(), plain.end(), [](char c) {
                     return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                            std::string_view("/!#$&-^_.+").find(c) != std::string_view::npos;
                   });
  return fit ? ascii_lower(plain) : "application/octet-stream";
}

}  // namespace handoff::connector
