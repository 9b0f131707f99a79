// What an answer of the org means, and what is remembered of it.
#include <algorithm>

#include "base/text.h"
#include "connector/salesforce/record_id.h"
#include "connector/salesforce/salesforce_connector.h"

namespace handoff::connector::salesforce {

using exchange::DeliveryKind;
using exchange::DeliveryView;
using exchange::HttpRequest;
using exchange::Misconfigured;
using exchange::NeedsData;
using exchange::NeedsPerson;
using exchange::Progress;
using exchange::Reply;
using exchange::RetryLater;
using exchange::StepDone;
using exchange::TooLarge;
using exchange::Unknown;
using exchange::Verdict;

namespace {

bool asks_rows(const std::string& step) { return step == "find" || step == "read" || step == "status"; }
bool asks(const std::string& step) {
  return asks_rows(step) || step == "files" || step == "providers" || step == "versions" || step == "token";
}

Unknown without(const Reply& reply, const char* what) {
  return Unknown{"The org answered " + std::to_string(reply.status) + " without " + what + "."};
}

// A token and what was learned with it; kept until the token runs out.
StepDone keep(const Session& session, const Reply& reply) {
  StepDone done;
  done.ephemeral = session.as_secrets();
  done.ephemeral_for = std::max<milliseconds>(seconds(1), from_ms(session.until_ms) - reply.at);
  return done;
}

void remember_content(const Content& content, OrgMemory& memory) {
  for (const std::string& target : content.blank) memory.remove("filled", target);
  for (const std::string& target : content.filled) memory.add("filled", target);
  for (const char* field : told_fields) {
    const Json* value = content.referral.find(field);
    if (value == nullptr) continue;
    const std::string begins = std::string(referral_prefix) + field + "=";
    for (const std::string& before : memory.all("filled")) {
      if (before.starts_with(begins)) memory.remove("filled", before);
    }
    memory.add("filled", told_key(field, *value));
  }
}

}  // namespace

Verdict SalesforceConnector::judge(const DeliveryView& delivery, const HttpRequest& request, const Reply& reply,
                                   Progress& progress) const {
  OrgMemory memory(progress.data);
  const Sight sight(delivery);
  // The runner forgets its doubt with the first step that is done; this keeps it until the org was asked.
  if (delivery.doubtful) {
    memory.set("ask");
    memory.set("unknown");
    memory.clear("asked");
  }
  const std::string& step = request.step;
  const bool needs_json = asks(step) || step == "create";
  Verdict verdict =
      exchange::verdict_of(reply, reply.at, needs_json ? exchange::Expect::json : exchange::Expect::anything);
  const bool success = reply.outcome == Reply::Outcome::answered && reply.status >= 200 && reply.status < 300 &&
                       std::holds_alternative<StepDone>(verdict);
  if (success) {
    // The list of versions is open to everybody: only what needs the token shows that it is taken.
    if (step != "token" && step != "versions") memory.clear("tokenRenewed");
    verdict = judge_success(sight, request, reply, memory);
  } else {
    verdict = judge_refusal(sight, request, reply, std::move(verdict), memory);
  }
  if (auto* done = std::get_if<StepDone>(&verdict)) done->pause = std::max(done->pause, pause_asked(reply));
  progress.data = memory.data();
  return verdict;
}

Verdict SalesforceConnector::judge_success(const Sight& sight, const HttpRequest& request, const Reply& reply,
                                           OrgMemory& memory) const {
  const std::string& step = request.step;
  if (step == "token") {
    auto session = session_in(reply, sight.options);
    if (!session) {
      if (session.error().kind == Kind::unavailable) return Unknown{session.error().for_caller};
      return exchange::verdict_of(session.error());
    }
    return keep(*session, reply);
  }
  const Json answer = Json::parse(reply.body).value_or(Json());
  if (step == "versions") {
    auto version = version_in(answer, sight.options);
    if (!version) {
      if (version.error().kind == Kind::unavailable) return Unknown{version.error().for_caller};
      return exchange::verdict_of(version.error());
    }
    if (!sight.session) return StepDone{};  // the token ran out meanwhile; both are asked again
    Session session = *sight.session;
    session.version = *version;
    return keep(session, reply);
  }
  if (step == "providers") {
    if (!answer["records"].is_array()) return without(reply, "the list that was asked for");
    if (!sight.session) return StepDone{};
    Session session = *sight.session;
    if (const auto taken = take_providers(answer, sight.options, session); !taken)
      return exchange::verdict_of(taken.error());
    return keep(session, reply);
  }
  if (asks_rows(step)) return judge_rows(sight, step, answer, memory);
  if (step == "files") return judge_files(sight, answer, memory);
  if (step == "create") return judge_create(sight, reply, memory);
  // A change that was said twice does no harm and settles nothing: doubt about files stays until they are looked at.
  if (!step.starts_with("update")) memory.clear("ask");
  memory.clear("unknown");
  memory.add("done", step);
  if (step.starts_with("update")) {
    const Content content = content_of(sight.delivery, sight.options, {true, memory.all("filled"), true, {}});
    remember_content(content, memory);
  }
  const auto ids = ids_of(memory, sight.delivery);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    for (const File& file : files_for(sight.delivery)) {
      if (step == attach_step(file, i)) memory.add("sent", sent_key(file, ids, i));
    }
  }
  return StepDone{};
}

Verdict SalesforceConnector::judge_rows(const Sight& sight, const std::string& step, const Json& answer,
                                        OrgMemory& memory) const {
  const Json& records = answer["records"];
  if (!records.is_array()) return Unknown{"The org answered without the list that was asked for."};
  std::vector<Row> rows;
  std::string patient;
  std::size_t accepted = 0, standing = 0;
  for (const Json& record : records.items()) {
    const std::string id = record["Id"].text_or();
    if (!is_given_id(id)) return Unknown{"The org answered with a record that has no id."};
    rows.push_back({id, record["PerformerId"].text_or(), record["Name"].text_or()});
    if (patient.empty() && is_given_id(record["PatientId"].text_or())) patient = record["PatientId"].text_or();
    const std::string status = record["Status"].text_or();
    if (status == "Revoked" || status == "Entered-in-Error") continue;
    standing += 1;
    accepted += record["IsAccepted"].bool_or(false) ? 1 : 0;
  }
  // One performer may take a case on while others have not looked yet: it counts as taken on when all who still may
  // have.
  const bool taken_on = accepted > 0 && accepted == standing;
  if (!patient.empty()) memory.put("patient", patient);
  if (step == "status") {
    if (rows.empty()) {
      return NeedsPerson{"destination.record_gone",
                         "The org no longer holds this referral, or no longer shows it to the user."};
    }
    memory.add("done", "status");
    if (taken_on) memory.set("accepted");
    return StepDone{};
  }
  // Copies made by hand carry the mark, too. The first of each performer is ours, in the order of their making.
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.id < b.id; });
  std::vector<Row> ours;
  for (Row& row : rows) {
    const bool again = std::any_of(ours.begin(), ours.end(), [&](const Row& one) {
      return one.performer.empty() ? row.performer.empty() : same_record(one.performer, row.performer);
    });
    if (!again) ours.push_back(std::move(row));
  }
  const bool posted = memory.is("posted");
  memory.clear("ask");
  memory.clear("unknown");
  memory.set_rows(ours);
  if (sight.delivery.kind == DeliveryKind::update) {
    if (ours.empty()) memory.set("absent");
    return StepDone{};
  }
  memory.set("asked");
  const auto confirmed = memory.all("sentTo");
  for (const std::string& performer : confirmed) {
    if (still_missing({performer}, ours).empty()) continue;
    if (ours.empty()) {
      return Misconfigured{"destination.not_readable",
                           "The org took the referral and does not show it to this user. Give the user the right to "
                           "read referrals, or nothing can keep it from being made twice.",
                           "put that right"};
    }
    return NeedsPerson{"destination.incomplete",
                       "The org said that it made a referral for each performer, and not every one is there."};
  }
  const auto performers = sight.performers();
  if (!performers || !still_missing(*performers, ours).empty()) return StepDone{};
  memory.add("done", "create");
  if (!posted) {
    // They stood there before: made by a try whose answer was lost, or by an earlier delivery. Which files are there is
    // not known, and what they say may be old.
    memory.set("ask");
    if (taken_on) {
      memory.set("accepted");
    } else {
      memory.set("refresh");
    }
  }
  return StepDone{};
}

Verdict SalesforceConnector::judge_create(const Sight& sight, const Reply& reply, OrgMemory& memory) const {
  memory.clear("asked");
  const Json answer = Json::parse(reply.body).value_or(Json());
  if (const Json& error = answer["error"]; error.is_object()) {
    const Refusal refusal = refusal_in(answer);
    if (auto verdict = verdict_of_code(refusal, reply)) return *std::move(verdict);
    std::string message = exchange::message_of(reply, {"/error"});
    if (message.empty()) message = "The org refused the referral without saying why.";
    return with_field(sight, refusal, NeedsData{std::move(message), std::nullopt});
  }
  const Json& ids = answer["referralIds"].is_array() ? answer["referralIds"] : answer["referralsIds"];
  std::vector<std::string> made;
  if (ids.is_array()) {
    for (const Json& id : ids.items()) {
      if (is_given_id(id.text_or())) made.push_back(id.text_or());
    }
  }
  if (made.empty()) {
    memory.set("ask");
    memory.set("unknown");
    return without(reply, "the ids of the referrals it made");
  }
  memory.clear("ask");
  memory.clear("unknown");
  memory.clear("duplicate");
  memory.set("posted");
  // Which row is whose is read back by the mark; until then the ids stand in the order of the performers.
  std::vector<Row> rows = memory.rows();
  auto sent = still_missing(sight.performers().value_or(std::vector<std::string>{}), rows);
  if (sent.size() > performers_per_request) sent.resize(performers_per_request);
  for (const std::string& performer : sent) memory.add("sentTo", performer);
  for (std::size_t i = 0; i < made.size(); ++i) rows.push_back({made[i], i < sent.size() ? sent[i] : "", ""});
  memory.set_rows(rows);
  remember_content(content_of(sight.delivery, sight.options, {false, {}, true, {}}), memory);
  return StepDone{};
}

Verdict SalesforceConnector::judge_files(const Sight& sight, const Json& answer, OrgMemory& memory) const {
  const Json& records = answer["records"];
  if (!records.is_array()) return Unknown{"The org answered without the list that was asked for."};
  memory.clear("ask");
  memory.clear("unknown");
  const auto ids = ids_of(memory, sight.delivery);
  const auto files = files_for(sight.delivery);
  for (const Json& record : records.items()) {
    const std::string where = record["FirstPublishLocationId"].text_or(), title = record["Title"].text_or();
    const Json& description = record["Description"];
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (where.empty() || !same_record(where, ids[i])) continue;
      for (const File& file : files) {
        // A description that the user may not see leaves the name to go by.
        const bool same =
            description.is_string() ? description.string().ends_with(file_mark(file)) : title == file.name;
        if (same) memory.add("sent", sent_key(file, ids, i));
      }
    }
  }
  return StepDone{};
}

Verdict SalesforceConnector::judge_refusal(const Sight& sight, const HttpRequest& request, const Reply& reply,
                                           Verdict verdict, OrgMemory& memory) const {
  const std::string& step = request.step;
  const bool answered = reply.outcome == Reply::Outcome::answered;
  const Json body = answered ? Json::parse(reply.body).value_or(Json()) : Json();
  const Refusal refusal = refusal_in(body);
  const bool sign_in_lost = answered && (reply.status == 401 || refusal.code == "INVALID_SESSION_ID");
  if (sign_in_lost && step != "token" && sight.session && !memory.is("tokenRenewed")) {
    // There is no telling when a token runs out. One new one is tried; a second refusal is the administrator's.
    memory.set("tokenRenewed");
    StepDone done;
    done.forget_ephemeral = true;
    return done;
  }
  if (step == "token") {
    if (answered && (reply.status == 400 || reply.status == 401)) return sign_in_refused(reply);
    return verdict;
  }
  const bool may_be_saved =
      answered && (reply.status == 408 || reply.status == 500 || reply.status == 502 || reply.status >= 504);
  if (request.changes_destination && (std::holds_alternative<Unknown>(verdict) || may_be_saved)) {
    memory.set("ask");
    if (std::holds_alternative<Unknown>(verdict)) memory.set("unknown");
  }
  if (step == "create") memory.clear("asked");  // no POST is repeated without a look
  // A later try of an update asks afresh whether the case was taken on in the meantime.
  if (step.starts_with("update")) memory.remove("done", "status");
  const bool gone = reply.status == 404 && (refusal.code == "NOT_FOUND" || refusal.code == "ENTITY_IS_DELETED");
  if (answered && gone && step.starts_with("update")) {
    return NeedsPerson{"destination.record_gone",
                       "The org no longer holds this referral, or no longer shows it to the user."};
  }
  if (answered) {
    if (auto by_code = verdict_of_code(refusal, reply)) return *std::move(by_code);
  }
  if (auto* data = std::get_if<NeedsData>(&verdict)) return with_field(sight, refusal, std::move(*data));
  if (auto* large = std::get_if<TooLarge>(&verdict)) {
    if (request.changes_destination) {
      memory.clear("ask");
      memory.clear("unknown");
    }
    if (step.starts_with(attach_prefix)) {
      std::string file = step.substr(std::string_view(attach_prefix).size());
      memory.leave_out(file.substr(0, file.find('@')), "destination.file_too_large");
      return verdict;
    }
    // Only the notes grow without end. They are sent short once; the summary PDF carries the whole of them.
    if (step == "create" && !memory.is("shortNote") && sight.delivery.summary_pdf) {
      memory.set("shortNote");
      return verdict;
    }
    return NeedsPerson{"destination.too_large", std::move(large->why)};
  }
  if (!std::holds_alternative<StepDone>(verdict)) return verdict;
  // 409 with "duplicate": what was sent is there already, and the org is asked where.
  if (!request.changes_destination || memory.is("duplicate")) {
    return NeedsPerson{"destination.duplicate_not_found",
                       "The org says that it holds this already, and does not find it by its mark."};
  }
  memory.set("duplicate");
  memory.set("ask");
  return StepDone{};
}

NeedsData SalesforceConnector::with_field(const Sight& sight, const Refusal& refusal, NeedsData verdict) const {
  Faults ignored;
  static const Json none;
  const exchange::Mapping mapping =
      mapping_with(sight.options, sight.delivery.mapping == nullptr ? none : *sight.delivery.mapping, ignored);
  const exchange::FieldRule* found = nullptr;
  for (const std::string& name : refusal.fields) {
    for (const auto& rule : mapping.fields) {
      const bool same = ascii_equal_fold(rule.target.substr(rule.target.find('.') + 1), name);
      if (same && found == nullptr) found = &rule;
    }
  }
  if (found == nullptr) found = exchange::rule_named(mapping, {}, verdict.message);
  if (found != nullptr) {
    const std::string path = exchange::source_path(*found);
    if (exchange::is_source_path(path)) verdict.field = path;
  }
  return verdict;
}

}  // namespace handoff::connector::salesforce
