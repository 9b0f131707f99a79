// The files that go along with a delivery: which, in which order, under which names. Shared by the connectors, so that
// a file is called the same wherever it arrives.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exchange/connector.h"

namespace handoff::connector {

// A file that goes along: the summary PDF or an attachment of the referral.
struct File {
  std::string key;   // what `sent` remembers: SHA-256, or "summary"
  std::string id;    // attachment id, or "summary"
  std::string name;  // clean, unlike every other of the delivery
  std::string content_type;
  std::uint64_t size = 0;
  bool summary = false;
};
inline constexpr const char* summary_key = "summary";
inline constexpr const char* attach_prefix = "attach:";  // of the step that sends a file

// Every file of a delivery in the order it is sent: the summary, then the attachments, each content once.
std::vector<File> files_of(const exchange::DeliveryView& delivery);

// A file name without what systems trip over: separators, control characters, leading dots, quotes; bounded.
std::string clean_file_name(std::string_view name);
// "type/subtype", or application/octet-stream where it is not of that form.
std::string clean_content_type(std::string_view type);

}  // namespace handoff::connector
