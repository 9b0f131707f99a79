#include "face/own/attachments.h"

#include "base/text.h"
#include "face/file_type.h"
#include "face/own/handlers.h"
#include "face/own/referral_view.h"
#include "net/multipart.h"
#include "net/uri.h"
#include "referral/intake.h"

namespace handoff::face::own {
namespace {

constexpr std::size_t download_piece = 256 * 1024;
constexpr std::size_t name_max = 1000, field_max = 200;

Error too_large(const Call& call) {
  return Error{Kind::too_large,
               "attachment.too_large",
               "A file may have at most " + std::to_string(call.parts.settings.file_bytes_max / (1024 * 1024)) + " MB.",
               {},
               {}};
}

// A file may say which question of the form it answers.
void check_field(const std::optional<std::string>& field, const directory::Listing* listing, const std::string& at,
                 Faults& faults) {
  if (!field) return;
  const directory::FormField* question = listing ? directory::find_field(*listing, *field) : nullptr;
  if (question && question->type == directory::FieldType::attachment) return;
  std::vector<std::string> keys;
  if (listing) {
    for (const auto& known : listing->form) {
      if (known.type == directory::FieldType::attachment) keys.push_back(known.key);
    }
  }
  faults.push_back({at, "attachment.unknown_field",
                    keys.empty() ? "The listing's form has no question that a file answers; leave field out."
                                 : "The questions that a file answers: " + join(keys, ", ") + "."});
}

std::optional<std::string> member_text(const Json& item, const char* key, const std::string& at, std::size_t max,
                                       bool required, Faults& faults) {
  const Json& value = item[key];
  if (value.is_string() && utf8_length(value.string()) <= max) return value.string();
  if (value.is_null() && !required) return std::nullopt;
  faults.push_back({at + "/" + key,
                    value.is_null()     ? "property.required"
                    : value.is_string() ? "property.too_long"
                                        : "property.wrong_type",
                    value.is_null()     ? "This is required."
                    : value.is_string() ? "At most " + std::to_string(max) + " characters."
                                        : "Send a text."});
  return std::nullopt;
}

}  // namespace

std::vector<SentFile> read_sent_files(Call& call, const directory::Listing* listing, Faults& faults) {
  std::vector<SentFile> files;
  const Json& list = call.body["attachments"];
  if (list.is_null()) return files;
  if (!list.is_array()) {
    faults.push_back({"/attachments", "property.wrong_type", "Send a list of files."});
    return files;
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string at = "/attachments/" + std::to_string(i);
    const Json& item = list.items()[i];
    if (!item.is_object()) {
      faults.push_back({at, "property.wrong_type", "Send an object with fileName, contentType and data."});
      continue;
    }
    referral::refuse_unknown(item, at, {"fileName", "contentType", "data", "field"}, faults);
    const auto name = member_text(item, "fileName", at, name_max, true, faults);
    const auto type = member_text(item, "contentType", at, name_max, true, faults);
    const auto data = member_text(item, "data", at, std::string::npos, true, faults);
    const auto field = member_text(item, "field", at, field_max, false, faults);
    check_field(field, listing, at + "/field", faults);
    if (!data) continue;
    auto bytes = base64_decode(*data);
    if (!bytes) {
      faults.push_back(
          {at + "/data", "attachment.bad_base64", "Send the file as base64 with its padding, without line breaks."});
      continue;
    }
    if (bytes->empty()) {
      faults.push_back({at + "/data", "attachment.empty", "The file is empty."});
      continue;
    }
    const auto settled = settled_type(std::string_view(*bytes).substr(0, sniffed_bytes), type.value_or(""));
    if (!settled) {
      faults.push_back({at + "/contentType", settled.error().code, settled.error().for_caller});
      continue;
    }
    if (!name) continue;
    referral::Attachment attachment{AttachmentId::make(call.now(), call.parts.random),
                                    Text(clean_file_name(*name)),
                                    *settled,
                                    bytes->size(),
                                    hex(sha256(*bytes)),
                                    field};
    files.push_back({std::move(attachment), std::move(*bytes)});
  }
  return files;
}

Result<net::Response> upload_attachment(Call& call) {
  const auto id = HANDOFF_TRY(call.id<ReferralId>(0, "referral"));
  // Everything that can be refused is refused before the bytes are stored.
  const auto standing = HANDOFF_TRY(call.parts.referrals.referral(call.organization(), id));
  if (!standing) return Call::not_found("referral");
  const net::Body& body = *call.request.body;
  const auto parts = HANDOFF_TRY(net::parse_multipart(body, call.request.headers.get("Content-Type")));
  const net::FormPart* file = nullptr;
  std::optional<std::string> field;
  Faults faults;
  for (const auto& part : parts) {
    if (part.name == "file") {
      if (file) faults.push_back({"/file", "attachment.one_at_a_time", "Send one file in a request."});
      file = &part;
    } else if (part.name == "field" && part.file_name.empty()) {
      const std::string text = HANDOFF_TRY(body.read(part.offset, field_max + 1));
      if (part.size > field_max || !is_utf8(text.substr(0, static_cast<std::size_t>(part.size)))) {
        faults.push_back({"/field", "property.too_long", "The key of a form field, as UTF-8 text."});
      } else {
        field = text.substr(0, static_cast<std::size_t>(part.size));
      }
    } else {
      faults.push_back(
          {"/" + pointer_escape(is_utf8(part.name) ? part.name : "?"), "property.unknown",
           "The form takes a file named \"file\" and, where it answers a question, its key as \"field\"."});
    }
  }
  if (!file) {
    faults.push_back({"/file", "property.required", "The form needs a file named \"file\"."});
  } else {
    if (file->size > call.parts.settings.file_bytes_max) return too_large(call);
    if (file->size == 0) faults.push_back({"/file", "attachment.empty", "The file is empty."});
    if (!is_utf8(file->file_name) || file->file_name.size() > name_max)
      faults.push_back({"/file", "attachment.bad_name", "The file's name must be UTF-8 text of at most 1000 bytes."});
  }
  std::optional<directory::Listing> listing;
  if (standing->listing) {
    listing =
        HANDOFF_TRY(call.parts.referrals.listing(standing->receiver.value_or(call.organization()), *standing->listing));
  }
  check_field(field, listing ? &*listing : nullptr, "/field", faults);
  std::string type;
  if (file && file->size > 0) {
    const std::string first = HANDOFF_TRY(
        body.read(file->offset, static_cast<std::size_t>(std::min<std::uint64_t>(file->size, sniffed_bytes))));
    auto settled = settled_type(first, file->content_type);
    if (!settled) faults.push_back({"/file", settled.error().code, settled.error().for_caller});
    if (settled) type = std::move(*settled);
  }
  if (!faults.empty()) return fault_error(std::move(faults));

  std::string sha256_hex;
  const bool may = referral::permitted(*standing, call.organization(), referral::Act::edit).has_value();
  if (may && standing->attachments.size() < files_max) {
    sha256_hex = HANDOFF_TRY(call.parts.files.put(
        standing->owner, file->size, [&](std::uint64_t offset, std::size_t size_max) -> Result<std::string> {
          if (offset >= file->size) return std::string();
          return body.read(file->offset + offset,
                           static_cast<std::size_t>(std::min<std::uint64_t>(size_max, file->size - offset)));
        }));
  }
  const referral::Attachment attachment{AttachmentId::make(call.now(), call.parts.random),
                                        Text(clean_file_name(file->file_name)),
                                        type,
                                        file->size,
                                        sha256_hex,
                                        field};
  return change_referral(call, id, {}, [&](exchange::OfficeUnit& unit) -> Result<exchange::CommandAnswer> {
    HANDOFF_TRY(call.parts.commands.attach(unit, id, {attachment}, {}));
    // Between the look beforehand and now the referral may have become one that takes files; its bytes are not there.
    if (attachment.sha256.empty())
      return Error{Kind::unavailable, "attachment.try_again", "The referral was just changed; try again.", {}, {}};
    return exchange::CommandAnswer{201, referral::attachment_to_json(attachment), unit.referral(id)->version,
                                   referral_path(id) + "/attachments/" + attachment.id.text()};
  });
}

Result<net::Response> download_attachment(Call& call) {
  const referral::Referral r = HANDOFF_TRY(find_referral(call));
  const auto id = HANDOFF_TRY(call.id<AttachmentId>(1, "attachment"));
  const auto found = std::find_if(r.attachments.begin(), r.attachments.end(),
                                  [&](const referral::Attachment& a) { return a.id == id; });
  if (found == r.attachments.end()) return Call::not_found("attachment");
  HANDOFF_TRY(call.looked("attachment.read", "attachment", id.text(), {r.owner, call.organization()}));
  net::Response response;
  response.headers.set("Content-Type", found->content_type);
  response.headers.set("Content-Disposition",
                       "attachment; filename*=UTF-8''" + percent_encode(found->file_name.reveal()));
  // A file from outside is never to run in a page of ours.
  response.headers.set("Content-Security-Policy", "sandbox; default-src 'none'");
  response.headers.set("Cache-Control", "private, no-transform, no-store");
  response.headers.set("ETag", "\"" + found->sha256 + "\"");
  response.chunks_size = found->size;
  response.chunks = [&files = call.parts.files, owner = r.owner, sha256_hex = found->sha256, size = found->size,
                     at = std::uint64_t{0}]() mutable -> Result<std::string> {
    if (at >= size) return std::string();
    std::string piece = HANDOFF_TRY(files.read(owner, sha256_hex, at, download_piece));
    at += piece.size();
    return piece;
  };
  return response;
}

}  // namespace handoff::face::own
