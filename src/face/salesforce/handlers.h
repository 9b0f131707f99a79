// Every handler of the Salesforce face; salesforce.cc says where each stands.
#pragma once

#include "face/salesforce/call.h"

namespace handoff::face::salesforce {

// sign_in.cc: answers in the words of OAuth, not in this face's errors.
net::Response issue_token(Call& call);
net::Response revoke_token(Call& call);
Result<net::Response> identity(Call& call);

// describe.cc
net::Response versions(Call& call);
net::Response version_root(Call& call);
net::Response describe_all(Call& call);
Result<net::Response> describe_object(Call& call, const std::string& name, bool whole);

// sobjects.cc: retrieve, create, change
Result<net::Response> retrieve(Call& call, const std::string& object, const std::string& id);
Result<net::Response> create(Call& call, const std::string& object);
Result<net::Response> change(Call& call, const std::string& object, const std::string& id);
Result<net::Response> file_bytes(Call& call, const std::string& id);
// composite.cc
Result<net::Response> retrieve_several(Call& call, const std::string& object);
Result<net::Response> create_several(Call& call);
Result<net::Response> change_several(Call& call);

// query.cc
Result<net::Response> query(Call& call);
Result<net::Response> query_more(Call& call, const std::string& locator);

// referrals.cc
Result<net::Response> create_referrals(Call& call, bool guest);

}  // namespace handoff::face::salesforce
