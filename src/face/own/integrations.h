// An integration as administrators see and change it.
#pragma once

#include "face/own/call.h"

namespace handoff::face::own {

Json integration_json(const Call& call, const exchange::Integration& integration);
Result<exchange::Integration> find_integration(Call& call);
Error connector_missing();  // the integration names one that is not installed any more

}  // namespace handoff::face::own
