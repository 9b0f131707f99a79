// One record to be made or changed: everything that can be refused or stored before the commit is done in preparing,
// the rest runs in the unit of work.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "face/salesforce/requests.h"

namespace handoff::face::salesforce {

struct SavedFile {  // of a ContentVersion; its bytes are stored already
  std::string name, content_type, sha256, md5;
  std::uint64_t size = 0;
};

struct RecordWrite {
  const record::Object* object = nullptr;
  std::string id;  // of the record to change, as sent; "" to make one
  Json fields = Json::object();
  std::optional<SavedFile> file;
  exchange::Needs needs;
};

// Reads `fields` and what the write needs loaded. Errors with every fault; "salesforce.no_such_record".
Result<RecordWrite> prepare_create(Call& call, const record::Object& object, const Json& fields);
Result<RecordWrite> prepare_change(Call& call, const record::Object& object, const std::string& id, const Json& fields);
// Answers the stored id. What must have been loaded: `write.needs`.
Result<std::string> run_write(Call& call, exchange::OfficeUnit& unit, const RecordWrite& write);
// Adds what one write needs to what several need.
void add_needs(exchange::Needs& into, const exchange::Needs& needs);

// By name in a path or a body. Error "salesforce.no_such_resource".
Result<const record::Object*> object_named(const std::string& name);
Error no_such_record();

}  // namespace handoff::face::salesforce
