// The reading side of the store: what the rooms ask for outside of any unit of work. Every statement carries the
// organization that asks; what is not its own does not exist for it.
#pragma once

#include <memory>

#include "access/credentials.h"
#include "base/crypto.h"
#include "exchange/reader.h"
#include "opportunity/reader.h"
#include "people/reader.h"
#include "record/reader.h"
#include "referral/reader.h"
#include "store/sql.h"
#include "sync/reader.h"

namespace handoff::store {

// `pool` and `key` outlive what is made here. Each may be used from many threads at once.
std::unique_ptr<referral::Reader> make_referral_reader(ReaderPool& pool);
std::unique_ptr<exchange::Reader> make_exchange_reader(ReaderPool& pool, const ServerKey& key);
std::unique_ptr<access::CredentialReader> make_credential_reader(ReaderPool& pool);
std::unique_ptr<people::Reader> make_people_reader(ReaderPool& pool);
std::unique_ptr<opportunity::Reader> make_opportunity_reader(ReaderPool& pool);
std::unique_ptr<sync::Reader> make_sync_reader(ReaderPool& pool, const ServerKey& key);
std::unique_ptr<sync::EventReader> make_emr_event_reader(ReaderPool& pool);
std::unique_ptr<record::Reader> make_record_reader(ReaderPool& pool);

}  // namespace handoff::store
