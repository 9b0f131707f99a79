#include "exchange/preview.h"

#include <algorithm>

#include "base/text.h"

namespace handoff::exchange {
namespace {

// Twenty files, a token, a search and an update; far more is a connector that does not come to an end.
constexpr int steps_max = 64;
constexpr const char* masked = "•••";
// Stands where the destination would have given its own number.
constexpr const char* assigned = "ASSIGNED-BY-DESTINATION";

// --- masking ---------------------------------------------------------------------------------------------------------

class Mask {
 public:
  void add(const std::string& secret) {
    if (secret.empty()) return;
    const std::string quoted = Json(secret).dump();
    // As it is, as an address writes it, and inside a JSON text.
    for (std::string form : {secret, percent_encode(secret), quoted.substr(1, quoted.size() - 2)}) {
      if (std::find(forms_.begin(), forms_.end(), form) == forms_.end()) forms_.push_back(std::move(form));
    }
    // A secret that contains another one goes first, or its rest would stay in sight.
    std::sort(forms_.begin(), forms_.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  }

  std::string operator()(std::string text) const {
    for (const std::string& form : forms_) {
      for (std::size_t at = text.find(form); at != std::string::npos; at = text.find(form, at)) {
        text.replace(at, form.size(), masked);
        at += std::string_view(masked).size();
      }
    }
    return text;
  }

 private:
  std::vector<std::string> forms_;
};

// --- showing a request
// -------------------------------------------------------------------------------------------------

const std::string* header(const HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (ascii_equal_fold(key, name)) return &value;
  }
  return nullptr;
}

// name="…" of a header's parameters; nothing where it is absent.
std::optional<std::string> parameter(std::string_view head, std::string_view name) {
  const std::string opening = "; " + std::string(name) + "=\"";
  const auto at = head.find(opening);
  if (at == std::string_view::npos) return std::nullopt;
  const auto from = at + opening.size();
  const auto end = head.find('"', from);
  if (end == std::string_view::npos) return std::nullopt;
  return std::string(head.substr(from, end - from));
}

Json file_json(const PartBytes& bytes) {
  Json out = Json::object();
  if (bytes.summary_pdf) {
    out.set("source", "summary");
    out.set("size", nullptr);  // it is made when it leaves
  } else {
    out.set("source", "attachment");
    out.set("size", static_cast<std::size_t>(bytes.attachment_size));
    out.set("sha256", *bytes.attachment);
  }
  if (bytes.base64) out.set("encoding", "base64");
  return out;
}

bool is_file(const PartBytes& bytes) { return bytes.summary_pdf || bytes.attachment.has_value(); }

// The parts of a multipart body: texts as they are, files by name and size. Files stand between the literal pieces, so
// a part whose head ends one piece and whose content is not in it is the file that follows.
Json parts_of(const HttpRequest& request, const std::string& boundary, const Mask& mask) {
  Json parts = Json::array();
  const std::string delimiter = "--" + boundary;
  Json open;  // the part whose file comes next
  for (const PartBytes& piece : request.body) {
    if (is_file(piece)) {
      Json part = open.is_object() ? std::move(open) : Json::object();
      const Json file = file_json(piece);
      for (const auto& [key, value] : file.members()) part.set(key, value);
      parts.push_back(std::move(part));
      open = Json();
      continue;
    }
    for (std::size_t at = piece.text.find(delimiter); at != std::string::npos;) {
      const auto next = piece.text.find(delimiter, at + delimiter.size());
      const std::string section = piece.text.substr(
          at + delimiter.size(), next == std::string::npos ? std::string::npos : next - at - delimiter.size());
      at = next;
      const auto head_end = section.find("\r\n\r\n");
      if (section.starts_with("--") || head_end == std::string::npos) continue;
      const std::string head = section.substr(0, head_end);
      std::string content = section.substr(head_end + 4);
      Json part = Json::object({{"name", parameter(head, "name")}});
      if (const auto name = parameter(head, "filename")) part.set("fileName", *name);
      if (const auto type = ascii_lower(head).find("content-type: "); type != std::string::npos) {
        const auto from = type + std::string_view("content-type: ").size();
        part.set("contentType", head.substr(from, head.find("\r\n", from) - from));
      }
      if (next == std::string::npos && content.empty()) {
        open = std::move(part);
        continue;
      }
      if (content.ends_with("\r\n")) content.resize(content.size() - 2);
      part.set("text", mask(std::move(content)));
      parts.push_back(std::move(part));
    }
  }
  return parts;
}

Json request_json(const HttpRequest& request, Mask mask) {
  for (const Secret& secret : request.secrets) mask.add(secret.reveal());
  Json headers = Json::object();
  for (const auto& [name, value] : request.headers) {
    const std::string earlier = headers[name].text_or();
    headers.set(name, earlier.empty() ? mask(value) : earlier + ", " + mask(value));
  }
  Json out = Json::object({{"step", request.step},
                           {"method", request.method},
                           {"url", mask(request.url)},
                           {"headers", std::move(headers)}});
  const std::string* type = header(request, "Content-Type");
  constexpr std::string_view marker = "boundary=";
  if (type != nullptr && type->starts_with("multipart/") && type->find(marker) != std::string::npos) {
    std::string boundary = type->substr(type->find(marker) + marker.size());
    if (boundary.starts_with('"')) boundary = boundary.substr(1, boundary.find('"', 1) - 1);
    out.set("parts", parts_of(request, boundary.substr(0, boundary.find(';')), mask));
    return out;
  }
  if (std::any_of(request.body.begin(), request.body.end(), is_file)) {
    Json parts = Json::array();
    for (const PartBytes& piece : request.body) {
      parts.push_back(is_file(piece) ? file_json(piece) : Json::object({{"text", mask(piece.text)}}));
    }
    out.set("parts", std::move(parts));
    return out;
  }
  std::string body;
  for (const PartBytes& piece : request.body) body += piece.text;
  body = mask(std::move(body));
  if (body.empty()) {
    out.set("body", nullptr);
  } else if (type != nullptr && ascii_lower(*type).find("json") != std::string::npos) {
    const auto parsed = Json::parse(body);
    out.set("body", parsed ? *parsed : Json(body));
  } else {
    out.set("body", std::move(body));
  }
  return out;
}

// --- a willing destination -----------------------------------------------------------------------------------------

// One answer that each protocol finds its own words in: nothing is held yet, whatever is sent is taken, and nobody has
// accepted the case.
Reply willing_answer(const HttpRequest& request, Instant now) {
  Reply reply;
  reply.at = now;
  reply.status = request.step == "create" ? 201 : 200;
  reply.headers = {{"Content-Type", "application/json"},
                   {"Location", std::string("https://destination.invalid/") + assigned}};
  Json body = Json::object();
  if (request.step == "token") {
    body = Json::object({{"access_token", "TOKEN-OF-DESTINATION"}, {"token_type", "Bearer"}, {"expires_in", 3600}});
  } else if (request.step == "find") {
    for (const char* list : {"items", "records", "results", "data", "entry"}) body.set(list, Json::array());
    body.set("total", 0);
    body.set("totalSize", 0);
    body.set("done", true);
    body.set("resourceType", "Bundle");
  } else {
    body = Json::object({{"id", assigned}, {"success", true}, {"errors", Json::array()}, {"status", "new"}});
    for (const char* object : {"data", "result"}) body.set(object, Json::object({{"id", assigned}}));
  }
  reply.body = body.dump();
  return reply;
}

// Where the profile looks for the number in a place of its own, the walk goes on as if it had been found there.
void take_as_done(const HttpRequest& request, Progress& progress) {
  if (request.step == "create") progress.data.set("remoteId", assigned);
  for (const char* doubt : {"ask", "unknown"}) progress.data.erase(doubt);
  Json done = progress.data["done"].is_array() ? progress.data["done"] : Json::array();
  done.push_back(request.step);
  progress.data.set("done", std::move(done));
}

// As the first delivery of the referral would see it.
DeliveryView view_of(const Integration& integration, const referral::Snapshot& snapshot) {
  DeliveryView view;
  view.delivery_id = std::string(DeliveryIdTag::prefix) + std::string(26, '0');  // no delivery has it
  view.remote_mark = snapshot.referral.id.text();
  view.kind = integration.mode == Mode::every ? DeliveryKind::event : DeliveryKind::create;
  view.triggers = integration.triggers;
  view.snapshot = &snapshot;
  view.settings = &integration.settings;
  view.secrets = &integration.secrets;
  view.mapping = &integration.mapping;
  view.summary_pdf = integration.summary_pdf;
  view.attachments = integration.attachments;
  view.now = snapshot.taken_at;
  return view;
}

}  // namespace

referral::Snapshot take_snapshot(const referral::Referral& referral, const directory::Listing* listing,
                                 const directory::Organization* sender, const directory::Organization* receiver,
                                 const std::vector<referral::SubStatus>& sub_statuses,
                                 const std::vector<referral::Message>& messages, Instant now) {
  referral::Snapshot snapshot;
  snapshot.referral = referral;
  snapshot.referral.integration_errors = 0;  // ours to know; it would make two pictures of one version differ
  if (listing) snapshot.listing = *listing;
  if (sender) snapshot.sender_name = sender->name;
  if (receiver) snapshot.receiver_name = receiver->name;
  for (const auto& row : sub_statuses) {
    if (row.code == referral.sub_status) snapshot.sub_status_label = row.label;
  }
  snapshot.messages = messages;
  std::stable_sort(snapshot.messages.begin(), snapshot.messages.end(),
                   [](const auto& a, const auto& b) { return a.at != b.at ? a.at < b.at : a.id < b.id; });
  snapshot.taken_at = now;
  return snapshot;
}

Faults missing_data(const Connector& connector, const Integration& integration, const referral::Snapshot& snapshot) {
  return connector.missing(view_of(integration, snapshot));
}

Json preview(const Connector& connector, const Integration& integration, const referral::Snapshot& snapshot) {
  DeliveryView view = view_of(integration, snapshot);
  std::map<std::string, Secret> ephemeral;
  view.ephemeral = &ephemeral;

  Mask mask;
  for (const auto& [key, secret] : integration.secrets) mask.add(secret.reveal());
  Json requests = Json::array(), left_out = Json::array(), problem;
  Progress progress;
  for (int i = 0; i < steps_max; ++i) {
    const auto step = connector.next(view, progress);
    if (!step) {
      problem = Json::object({{"code", step.error().code}, {"message", step.error().for_caller}});
      break;
    }
    if (const auto* finished = std::get_if<Finished>(&*step)) {
      for (const auto& file : finished->left_out)
        left_out.push_back(Json::object({{"file", file.file}, {"code", file.code}, {"message", file.why}}));
      break;
    }
    const auto& request = std::get<HttpRequest>(*step);
    requests.push_back(request_json(request, mask));
    const std::string before = progress.data.dump();
    const auto own = connector.rehearse(view, progress, request);
    const Verdict verdict =
        connector.judge(view, request, own ? *own : willing_answer(request, snapshot.taken_at), progress);
    const auto* done = std::get_if<StepDone>(&verdict);
    if (done && !done->ephemeral.empty()) {
      ephemeral = done->ephemeral;
      continue;
    }
    if (!done || progress.data.dump() == before) take_as_done(request, progress);
  }
  Json missing = Json::array();
  for (const auto& fault : missing_data(connector, integration, snapshot)) {
    missing.push_back(Json::object({{"pointer", fault.pointer}, {"code", fault.code}, {"message", fault.message}}));
  }
  return Json::object({{"requests", std::move(requests)},
                       {"missing", std::move(missing)},
                       {"leftOut", std::move(left_out)},
                       {"problem", std::move(problem)}});
}

}  // namespace handoff::exchange
