// Files on their way in.
#pragma once

#include "face/own/call.h"
#include "referral/commands.h"

namespace handoff::face::own {

inline constexpr std::size_t files_max = 20;

// The attachments of a new referral: `attachments: [{fileName, contentType, data, field?}]`, decoded and judged, not
// yet stored. Every fault is added.
struct SentFile {
  referral::Attachment attachment;
  std::string bytes;
};
std::vector<SentFile> read_sent_files(Call& call, const directory::Listing* listing, Faults& faults);

}  // namespace handoff::face::own
