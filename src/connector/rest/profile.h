// A destination described in a file: how to sign in, what to say, how to read what it answers. docs/formats/profile.md
// is the specification. A profile is data; it holds no conditions, no loops and no code.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exchange/connector.h"
#include "exchange/mapping.h"

namespace handoff::connector {

using Pairs = std::vector<std::pair<std::string, std::string>>;

enum class AuthKind { none, basic, bearer, header, oauth2_client_credentials };
// Every text is a template over the settings.
struct Auth {
  AuthKind kind = AuthKind::none;
  std::string user, password;  // basic
  std::string token;           // bearer
  std::string header, value;   // header
  std::string token_url;       // oauth2: absolute, or a path under the address of the destination
  std::string client_id, client_secret, scope;
  bool credentials_in_body = false;
};

enum class BodyKind { none, json, form, multipart, raw };

struct StepRule {
  std::string method;
  std::string path;
  Pairs query;
  Pairs headers;
  BodyKind body = BodyKind::none;
  Json members;             // json: a tree whose text "{fields}" stands for the field table; null: the table itself
  Pairs parts;              // form, multipart: what goes along with the fields or the file
  std::string file_part;    // multipart of the attach step: the part that carries the file
  bool repeatable = false;  // sending it twice does no harm
  // Answers, by JSON pointer; "" where the profile does not tell.
  std::string id;     // find (below an item), create; "header:Location" takes the last segment of an address
  std::string items;  // find
  std::string mark;   // find, below an item: must be our mark
  std::string files;  // find, below an item
  std::string file_name, file_sha256;  // find, below a file
  std::string state;                   // status
  std::vector<std::string> accepted;   // status: the words that mean it has taken the case on
};

struct Profile {
  std::string id;
  std::string hash;  // SHA-256 of the text
  exchange::Manifest manifest;
  std::string base_url;  // template over settings
  Auth auth;
  std::optional<StepRule> find, create, update, attach, status, probe;
  bool summary_on_update = false;
  bool extra_fields = false;            // an integration may add fields of its own
  std::vector<std::string> file_types;  // empty: all; "image/*" is a family
  std::vector<std::string> message_pointers, field_pointers;
  exchange::Mapping mapping;
};

struct ProfileFault {
  int line = 0;
  std::string key;  // "steps.create.path"
  std::string code;
  std::string message;
};

struct ParsedProfile {
  std::optional<Profile> profile;    // where there are no faults
  std::vector<ProfileFault> faults;  // all of them, by line
};
ParsedProfile parse_profile(std::string_view text);

// Names that templates may use beside the settings and, in bodies, the referral's own data.
const std::vector<std::string>& template_variables();

}  // namespace handoff::connector
