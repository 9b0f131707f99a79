// KIPU as a source: paths of versions 3 and 4, signed requests, lists with numbers as texts, and two names for the
// destination (kipu-dazos, 3 to 6 and 8).
#pragma once

#include "sync/kipu/signature.h"
#include "sync/source.h"

namespace handoff::sync::kipu {

class KipuSource final : public Source {
 public:
  const std::string& kind() const override;
  Request ask(const EmrConnection& connection, const Question& question, Instant server_now) const override;
  Heard hear(const EmrConnection& connection, const Question& question, const Reply& reply) const override;
};

// A patient as the wire has it, in the keys of chart.h.
Json chart_of(const Json& patient);
// The casefile, from casefile_id or from patient_id and patient_master_id; "" where the row has neither.
std::string casefile_of(const Json& patient);

}  // namespace handoff::sync::kipu
