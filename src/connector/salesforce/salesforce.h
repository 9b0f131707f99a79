// The connector for Salesforce Health Cloud: hands referrals to an org's Referral Management API. README.md tells what
// it sends, what it cannot, what to configure, and what people will meet.
#pragma once

#include <memory>

#include "exchange/connector.h"

namespace handoff::connector {

std::unique_ptr<exchange::Connector> make_salesforce_connector();

}  // namespace handoff::connector
