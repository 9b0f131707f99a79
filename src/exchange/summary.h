// The Referral Summary PDF: every datum of a snapshot under its label. The same snapshot gives the same bytes.
#pragma once

#include <string>

#include "base/result.h"
#include "referral/snapshot.h"

namespace handoff::exchange {

// Raised with any change of what a page looks like; stands in the PDF and in the key it is remembered by.
inline constexpr int summary_version = 1;
inline constexpr const char* summary_file_name = "Referral Summary.pdf";

// Several milliseconds; never inside a batch. Safe from any thread; threads take turns (summary_fonts.h says why).
Result<std::string> render_summary(const referral::Snapshot& snapshot);

}  // namespace handoff::exchange
