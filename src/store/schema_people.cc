// The tables of persons, what links source records to them, the keys that find candidates, reviews.
#include "store/schema.h"

namespace handoff::store {

const char* const people_schema = R"sql(
)sql";

}  // namespace handoff::store
