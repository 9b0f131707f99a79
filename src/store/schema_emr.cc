// The tables of connections to record systems, linked records, runs, hooks, intake opportunities.
#include "store/schema.h"

namespace handoff::store {

const char* const emr_schema = R"sql(
)sql";

}  // namespace handoff::store
