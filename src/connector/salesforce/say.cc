// What to say next to the org.
#include <algorithm>

#include "base/text.h"
#include "connector/salesforce/record_id.h"
#include "connector/salesforce/salesforce_connector.h"

namespace handoff::connector::salesforce {

using exchange::DeliveryKind;
using exchange::DeliveryView;
using exchange::Finished;
using exchange::HttpRequest;
using exchange::LeftOut;
using exchange::PartBytes;
using exchange::Progress;
using exchange::Step;

namespace {

constexpr const char* referrals_path = "/connect/health/referral-management/referrals";
constexpr const char* patient_step = "update:patient";
constexpr std::size_t short_note_characters = 2000;

const Json no_settings = Json::object();
const std::map<std::string, Secret> no_secrets;

bool doubtful(const DeliveryView& delivery, const OrgMemory& memory) { return delivery.doubtful || memory.is("ask"); }

std::string update_step(std::size_t index) { return index == 0 ? "update" : "update:" + std::to_string(index + 1); }

ContentContext context_of(const DeliveryView& delivery, const OrgMemory& memory, bool update) {
  ContentContext context;
  context.update = update;
  context.filled = memory.all("filled");
  context.summary_follows = delivery.summary_pdf;
  if (memory.is("shortNote")) context.note_length_max = short_note_characters;
  return context;
}

Result<Content> checked_content(const DeliveryView& delivery, const Options& options, const ContentContext& context) {
  Content content = content_of(delivery, options, context);
  if (content.note_cut && !delivery.summary_pdf) {
    return Error{Kind::precondition_failed,
                 "connector.note_too_long",
                 "What has no field of its own does not fit into the notes of a referral, and the Referral Summary PDF "
                 "that would carry it is switched off. Switch it on.",
                 {},
                 {}};
  }
  if (!content.missing.empty()) {
    const Fault& first = content.missing.front();
    return Error{Kind::invalid_input, first.code, first.message, {}, content.missing};
  }
  return content;
}

}  // namespace

std::vector<Row> OrgMemory::rows() const {
  std::vector<Row> out;
  const Json& rows = data()["rows"];
  if (!rows.is_array()) return out;
  for (const Json& row : rows.items())
    out.push_back({row["id"].text_or(), row["performer"].text_or(), row["name"].text_or()});
  return out;
}

void OrgMemory::set_rows(const std::vector<Row>& rows) {
  Json list = Json::array();
  std::vector<std::string> ids;
  for (const Row& row : rows) {
    list.push_back(Json::object({{"id", row.id}, {"performer", row.performer}, {"name", row.name}}));
    ids.push_back(row.id);
  }
  put("rows", std::move(list));
  if (!ids.empty()) set_remote_id(join(ids, ","));
}

std::vector<std::string> ids_of(const OrgMemory& memory, const DeliveryView& delivery) {
  std::vector<std::string> ids;
  for (const std::string& id : split(memory.remote_id().value_or(delivery.remote_id.value_or("")), ',')) {
    if (is_given_id(id)) ids.push_back(id);
  }
  return ids;
}

std::vector<std::string> still_missing(const std::vector<std::string>& performers, const std::vector<Row>& rows) {
  std::vector<std::string> missing;
  for (const std::string& performer : performers) {
    const bool there = std::any_of(rows.begin(), rows.end(), [&](const Row& row) {
      return performer.empty() || same_record(row.performer, performer);
    });
    if (!there) missing.push_back(performer);
  }
  return missing;
}

std::vector<File> files_for(const DeliveryView& delivery) {
  std::vector<File> files = files_of(delivery);
  if (delivery.kind == DeliveryKind::create || delivery.snapshot == nullptr) return files;
  for (File& file : files) {
    if (!file.summary) continue;
    const std::string version = std::to_string(delivery.snapshot->referral.version);
    file.key += ":" + version;
    file.name = "Referral Summary, version " + version + ".pdf";
  }
  return files;
}

std::string told_key(const char* field, const Json& value) {
  return std::string(referral_prefix) + field + "=" + (value.is_string() ? value.string() : value.dump());
}

std::string file_mark(const File& file) { return file.summary ? file.name : "SHA-256 " + file.key; }

std::string sent_key(const File& file, const std::vector<std::string>& rows, std::size_t index) {
  return index == 0 ? file.key : file.key + "@" + rows[index];
}

std::string attach_step(const File& file, std::size_t index) {
  return attach_prefix + file.id + (index == 0 ? std::string() : "@" + std::to_string(index + 1));
}

SalesforceConnector::Sight::Sight(const DeliveryView& view)
    : delivery(view),
      options(options_of(view.settings == nullptr ? no_settings : *view.settings,
                         view.secrets == nullptr ? no_secrets : *view.secrets)),
      session(session_of(view.ephemeral)) {}

bool SalesforceConnector::Sight::knows_providers() const {
  if (!session) return false;
  const auto known = [&](const Provider& provider) { return session->record_of(provider).has_value(); };
  return std::all_of(options.performers.begin(), options.performers.end(), known) &&
         (!options.requester || known(*options.requester));
}

std::optional<std::vector<std::string>> SalesforceConnector::Sight::performers() const {
  if (options.performers.empty()) return std::vector<std::string>{""};
  if (!session) return {};
  std::vector<std::string> out;
  for (const Provider& provider : options.performers) {
    const auto record = session->record_of(provider);
    if (!record) return {};
    // Two entries may be one record: an NPI and its id.
    const bool known = std::any_of(out.begin(), out.end(), [&](const auto& id) { return same_record(id, *record); });
    if (!known) out.push_back(*record);
  }
  return out;
}

Result<Step> SalesforceConnector::next(const DeliveryView& delivery, const Progress& progress) const {
  if (delivery.snapshot == nullptr) {
    return Error{
        Kind::internal, "connector.no_snapshot", "There is nothing to send: the referral is no longer kept.", {}, {}};
  }
  return say(Sight(delivery), OrgMemory(progress.data));
}

Result<Step> SalesforceConnector::say(const Sight& sight, const OrgMemory& memory) const {
  const DeliveryView& delivery = sight.delivery;
  const bool known = memory.remote_id().has_value() || delivery.remote_id.has_value();
  // The first event of a lane creates, and has said everything with that: an update after it would say it twice.
  const bool creates = !known || memory.is("asked") || memory.is("posted") || memory.has("done", "create");
  if (delivery.kind == DeliveryKind::create || (delivery.kind == DeliveryKind::event && creates))
    return say_create(sight, memory);
  return say_update(sight, memory);
}

Result<std::optional<HttpRequest>> SalesforceConnector::prepare(const Sight& sight, bool with_providers) const {
  using Maybe = std::optional<HttpRequest>;
  if (!sight.session) return Maybe(HANDOFF_TRY(sight.org().sign_in(sight.delivery.now)));
  if (sight.session->version.empty()) return Maybe(sight.org().versions());
  if (!with_providers || sight.knows_providers()) return Maybe();
  std::vector<std::string> npis;
  const auto ask_for = [&](const Provider& provider) {
    const bool listed = std::find(npis.begin(), npis.end(), provider.npi) != npis.end();
    if (!provider.npi.empty() && !listed && !sight.session->record_of(provider)) npis.push_back(provider.npi);
  };
  for (const Provider& performer : sight.options.performers) ask_for(performer);
  if (sight.options.requester) ask_for(*sight.options.requester);
  return Maybe(sight.org().query("providers", providers_query(npis)));
}

Result<Step> SalesforceConnector::say_create(const Sight& sight, const OrgMemory& memory) const {
  const DeliveryView& delivery = sight.delivery;
  if (!memory.has("done", "create")) {
    if (auto first = HANDOFF_TRY(prepare(sight, true))) return Step(*std::move(first));
    // The mark is asked for before the first and before every repeated POST; an answer to it settles any doubt.
    if (!memory.is("asked") || delivery.doubtful) {
      const char* step = memory.is("posted") && !delivery.doubtful && !memory.is("unknown") ? "read" : "find";
      return Step(sight.org().query(step, mark_query(sight.options, delivery.remote_mark)));
    }
    auto missing = still_missing(*sight.performers(), memory.rows());
    HANDOFF_ASSERT(!missing.empty());  // else judge_rows() had said so
    if (missing.size() > performers_per_request) missing.resize(performers_per_request);
    return Step(HANDOFF_TRY(create_request(sight, memory, missing)));
  }
  if (memory.is("refresh")) {
    if (auto change = HANDOFF_TRY(say_changes(sight, memory))) return Step(*std::move(change));
  }
  return say_files(sight, memory);
}

Result<HttpRequest> SalesforceConnector::create_request(const Sight& sight, const OrgMemory& memory,
                                                        const std::vector<std::string>& performers) const {
  Content content =
      HANDOFF_TRY(checked_content(sight.delivery, sight.options, context_of(sight.delivery, memory, false)));
  Json patient = Json::object();
  // Whoever was made with the first referral is the patient of the others.
  if (const std::string made = memory.patient(); !made.empty()) {
    patient.set("id", made);
  } else if (content.patient_id) {
    patient.set("id", *content.patient_id);
  } else {
    patient.set("fields", std::move(content.patient));
  }
  content.referral.set("SourceSystem", sight.options.source_system);
  content.referral.set("SourceSystemIdentifier", sight.delivery.remote_mark);
  Json body = Json::object(
      {{"patient", std::move(patient)}, {"referral", Json::object({{"fields", std::move(content.referral)}})}});
  if (sight.options.requester) {
    body.set("requester", Json::object({{"id", sight.session->record_of(*sight.options.requester).value_or("")}}));
  }
  Json list = Json::array();
  for (const std::string& performer : performers) {
    if (!performer.empty()) list.push_back(Json::object({{"id", performer}}));
  }
  if (list.size() > 0) body.set("performers", std::move(list));
  if (content.details.size() > 0) body.set("referralDetails", std::move(content.details));
  if (!content.note.empty()) body.set("referralNotes", content.note);
  body.set("shouldUseHighConfidenceMatch", sight.options.match_patients);
  return sight.org().send("create", "POST", referrals_path, body);
}

Result<Step> SalesforceConnector::say_update(const Sight& sight, const OrgMemory& memory) const {
  const DeliveryView& delivery = sight.delivery;
  if (ids_of(memory, delivery).empty()) {
    if (memory.is("absent")) {
      return Error{Kind::conflict,
                   "connector.nothing_to_update",
                   "The org does not hold this referral, so there is nothing to update. Resend it as new.",
                   {},
                   {}};
    }
    if (auto first = HANDOFF_TRY(prepare(sight, false))) return Step(*std::move(first));
    return Step(sight.org().query("find", mark_query(sight.options, delivery.remote_mark)));
  }
  // Who asked for every event is told every event, the case taken on or not.
  const bool regardless = delivery.retraction || delivery.even_if_accepted || delivery.kind == DeliveryKind::event;
  if (!regardless && memory.is("accepted") && !memory.has("done", "update"))
    return Step(Finished{memory.remote_id().value_or(delivery.remote_id.value_or("")), true, {}});
  if (!memory.has("done", "status")) {
    if (auto first = HANDOFF_TRY(prepare(sight, false))) return Step(*std::move(first));
    return Step(sight.org().query("status", rows_query(ids_of(memory, delivery))));
  }
  if (auto change = HANDOFF_TRY(say_changes(sight, memory))) return Step(*std::move(change));
  return say_files(sight, memory);
}

// Writes the present state over what the org holds. Saying it twice does no harm.
Result<std::optional<HttpRequest>> SalesforceConnector::say_changes(const Sight& sight, const OrgMemory& memory) const {
  using Maybe = std::optional<HttpRequest>;
  const DeliveryView& delivery = sight.delivery;
  const auto ids = ids_of(memory, delivery);
  Content content = HANDOFF_TRY(checked_content(delivery, sight.options, context_of(delivery, memory, true)));
  // The org's people work with these, too: our word is written where it has changed, not over theirs each time.
  for (const char* field : told_fields) {
    const Json* value = content.referral.find(field);
    if (value != nullptr && !delivery.retraction && memory.has("filled", told_key(field, *value)))
      content.referral.erase(field);
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (memory.has("done", update_step(i))) continue;
    if (auto first = HANDOFF_TRY(prepare(sight, false))) return first;
    return Maybe(
        sight.org().send(update_step(i), "PATCH", "/sobjects/ClinicalServiceRequest/" + ids[i], content.referral));
  }
  const bool patient = sight.options.update_patient && !delivery.retraction && !content.patient_id &&
                       !memory.patient().empty() && content.patient.size() > 0;
  if (patient && !memory.has("done", patient_step)) {
    if (auto first = HANDOFF_TRY(prepare(sight, false))) return first;
    return Maybe(sight.org().send(patient_step, "PATCH", "/sobjects/Account/" + memory.patient(), content.patient));
  }
  return Maybe();
}

Result<Step> SalesforceConnector::say_files(const Sight& sight, const OrgMemory& memory) const {
  const DeliveryView& delivery = sight.delivery;
  const auto ids = ids_of(memory, delivery);
  const auto files = files_for(delivery);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    for (const File& file : files) {
      const std::string step = attach_step(file, i);
      if (memory.has("done", step) || memory.has("sent", sent_key(file, ids, i)) || memory.left_out(file.id)) continue;
      if (auto first = HANDOFF_TRY(prepare(sight, false))) return Step(*std::move(first));
      if (doubtful(delivery, memory)) {
        return Step(sight.org().query("files",
                                      "SELECT Id, Title, Description, FirstPublishLocationId FROM ContentVersion WHERE "
                                      "FirstPublishLocationId IN (" +
                                          soql_list(ids) + ")"));
      }
      return Step(attach_request(sight, file, step, ids[i]));
    }
  }
  std::vector<LeftOut> left_out;
  for (const File& file : files) {
    if (memory.left_out(file.id))
      left_out.push_back({file.id, "destination.file_too_large", "The org refused the file as too large."});
  }
  return Step(Finished{join(ids, ","), memory.is("accepted"), std::move(left_out)});
}

HttpRequest SalesforceConnector::attach_request(const Sight& sight, const File& file, const std::string& step,
                                                const std::string& row) const {
  Json fields = Json::object({{"Title", file.name},
                              {"PathOnClient", file.name},
                              {"FirstPublishLocationId", row},
                              {"Description", "From " + sight.options.source_system + ". " + file_mark(file)}});
  std::string head = fields.dump();
  head.pop_back();
  PartBytes bytes;
  bytes.base64 = true;
  bytes.summary_pdf = file.summary;
  if (!file.summary) {
    bytes.attachment = file.key;
    bytes.attachment_size = file.size;
  }
  return sight.org().send(step, "POST", "/sobjects/ContentVersion",
                          {PartBytes{head + ",\"VersionData\":\"", {}, 0, false, false}, std::move(bytes),
                           PartBytes{"\"}", {}, 0, false, false}});
}

std::optional<HttpRequest> SalesforceConnector::status_request(const DeliveryView& delivery) const {
  const Sight sight(delivery);
  const auto ids = ids_of(OrgMemory(Json::object()), delivery);
  if (ids.empty()) return {};
  auto first = prepare(sight, false);
  if (!first) return {};
  if (*first) return **first;
  return sight.org().query("status", rows_query(ids));
}

}  // namespace handoff::connector::salesforce
