// The tables of records of the CRM data model.
#include "store/schema.h"

namespace handoff::store {

const char* const record_schema = R"sql(
)sql";

}  // namespace handoff::store
