#include "face/own/routes.h"

#include <array>

#include "base/text.h"
#include "face/own/handlers.h"

namespace handoff::face::own {
namespace {

using A = Access;
using B = BodyKind;

// In the order in which the documentation shows them.
constexpr std::array table{
    Route{"GET", "/", A::open, "", B::none, "", front_page, "getFrontPage"},
    Route{"GET", "/docs", A::open, "", B::none, "", documentation, "getDocumentation"},
    Route{"GET", "/healthz", A::open, "", B::none, "", health, "getHealth"},
    Route{"GET", "/readyz", A::open, "", B::none, "", readiness, "getReadiness"},
    Route{"GET", "/metrics", A::open, "", B::none, "", metrics, "getMetrics"},
    Route{"GET", "/api/v1/openapi.json", A::open, "", B::none, "", openapi_document, "getOpenApiDocument"},
    Route{"POST", "/oauth2/token", A::client, "", B::form, "", issue_token, "issueToken"},
    Route{"POST", "/api/v1/oauth2/token", A::client, "", B::form, "", issue_token, ""},

    Route{
        "GET", "/api/v1/referrals", A::caller, "referrals.read", B::none,
        "direction status subStatus category listingId archived hasIntegrationErrors updatedSince q sort limit cursor",
        list_referrals, "listReferrals"},
    Route{"POST", "/api/v1/referrals", A::caller, "referrals.write", B::json, "", create_referral, "createReferral"},
    Route{"POST", "/api/v1/referrals/bulk", A::caller, "referrals.write", B::json, "", act_on_referrals,
          "actOnReferrals"},
    Route{"GET", "/api/v1/referrals/{referralId}", A::caller, "referrals.read", B::none, "", get_referral,
          "getReferral"},
    Route{"PATCH", "/api/v1/referrals/{referralId}", A::caller, "referrals.write", B::patch, "", patch_referral,
          "editReferral"},
    Route{"POST", "/api/v1/referrals/{referralId}/submit", A::caller, "referrals.write", B::empty, "", submit_referral,
          "submitReferral"},
    Route{"POST", "/api/v1/referrals/{referralId}/sub-status", A::caller, "referrals.write", B::json, "",
          set_sub_status, "setSubStatus"},
    Route{"POST", "/api/v1/referrals/{referralId}/close", A::caller, "referrals.write", B::json, "", close_referral,
          "closeReferral"},
    Route{"POST", "/api/v1/referrals/{referralId}/reopen", A::caller, "referrals.write", B::json, "", reopen_referral,
          "reopenReferral"},
    Route{"POST", "/api/v1/referrals/{referralId}/archive", A::caller, "referrals.write", B::empty, "",
          archive_referral, "archiveReferral"},
    Route{"POST", "/api/v1/referrals/{referralId}/unarchive", A::caller, "referrals.write", B::empty, "",
          unarchive_referral, "unarchiveReferral"},
    Route{"POST", "/api/v1/referrals/{referralId}/route", A::caller, "referrals.write", B::json, "", route_referral,
          "routeReferral"},
    Route{"POST", "/api/v1/referrals/{referralId}/appointments", A::caller, "referrals.write", B::json, "",
          book_appointment, "bookAppointment"},
    Route{"GET", "/api/v1/referrals/{referralId}/appointments/{appointmentId}", A::caller, "referrals.read", B::none,
          "", get_appointment, "getAppointment"},
    Route{"PATCH", "/api/v1/referrals/{referralId}/appointments/{appointmentId}", A::caller, "referrals.write",
          B::patch, "", reschedule_appointment, "rescheduleAppointment"},
    Route{"DELETE", "/api/v1/referrals/{referralId}/appointments/{appointmentId}", A::caller, "referrals.write",
          B::none, "", unbook_appointment, "unbookAppointment"},
    Route{"GET", "/api/v1/referrals/{referralId}/messages", A::caller, "referrals.read", B::none, "limit cursor",
          list_messages, "listMessages"},
    Route{"POST", "/api/v1/referrals/{referralId}/messages", A::caller, "referrals.write", B::json, "", send_message,
          "sendMessage"},
    Route{"GET", "/api/v1/referrals/{referralId}/messages/{messageId}", A::caller, "referrals.read", B::none, "",
          get_message, "getMessage"},
    Route{"GET", "/api/v1/referrals/{referralId}/notes", A::caller, "referrals.read", B::none, "limit cursor",
          list_notes, "listNotes"},
    Route{"POST", "/api/v1/referrals/{referralId}/notes", A::caller, "referrals.write", B::json, "", add_note,
          "addNote"},
    Route{"GET", "/api/v1/referrals/{referralId}/notes/{noteId}", A::caller, "referrals.read", B::none, "", get_note,
          "getNote"},
    Route{"POST", "/api/v1/referrals/{referralId}/attachments", A::caller, "referrals.write", B::multipart, "",
          upload_attachment, "uploadAttachment"},
    Route{"GET", "/api/v1/referrals/{referralId}/attachments/{attachmentId}", A::caller, "referrals.read", B::none, "",
          download_attachment, "downloadAttachment"},
    Route{"GET", "/api/v1/referrals/{referralId}/events", A::caller, "referrals.read", B::none, "limit cursor",
          list_events, "listEvents"},
    Route{"GET", "/api/v1/referrals/{referralId}/deliveries", A::caller, "referrals.read", B::none,
          "state integrationId since limit cursor", list_deliveries_of_referral, "listDeliveriesOfReferral"},
    Route{"GET", "/api/v1/referrals/{referralId}/summary.pdf", A::caller, "referrals.read", B::none, "", get_summary,
          "getSummary"},
    Route{"GET", "/api/v1/referrals/{referralId}/explain", A::caller, "referrals.read", B::none,
          "integrationId limit cursor", explain_referral, "explainReferral"},

    Route{"GET", "/api/v1/listings", A::caller, "listings.read", B::none, "scope limit cursor", list_listings,
          "listListings"},
    Route{"POST", "/api/v1/listings", A::caller, "listings.write", B::json, "", create_listing, "createListing"},
    Route{"GET", "/api/v1/listings/{listingId}", A::caller, "listings.read", B::none, "", get_listing, "getListing"},
    Route{"PATCH", "/api/v1/listings/{listingId}", A::caller, "listings.write", B::patch, "", patch_listing,
          "editListing"},
    Route{"GET", "/api/v1/sub-statuses", A::caller, "listings.read", B::none, "limit cursor", list_sub_statuses,
          "listSubStatuses"},
    Route{"POST", "/api/v1/sub-statuses", A::caller, "listings.write", B::json, "", create_sub_status,
          "createSubStatus"},
    Route{"GET", "/api/v1/sub-statuses/{code}", A::caller, "listings.read", B::none, "", get_sub_status,
          "getSubStatus"},
    Route{"PATCH", "/api/v1/sub-statuses/{code}", A::caller, "listings.write", B::patch, "", patch_sub_status,
          "renameSubStatus"},

    Route{"GET", "/api/v1/triggers", A::caller, "integrations.read", B::none, "limit cursor", list_triggers,
          "listTriggers"},
    Route{"GET", "/api/v1/connectors", A::caller, "integrations.read", B::none, "limit cursor", list_connectors,
          "listConnectors"},
    Route{"POST", "/api/v1/connectors/validate", A::caller, "integrations.read", B::json, "", validate_connector,
          "validateConnector"},
    Route{"GET", "/api/v1/integrations", A::caller, "integrations.read", B::none, "limit cursor", list_integrations,
          "listIntegrations"},
    Route{"POST", "/api/v1/integrations", A::caller, "integrations.write", B::json, "", create_integration,
          "createIntegration"},
    Route{"GET", "/api/v1/integrations/{integrationId}", A::caller, "integrations.read", B::none, "", get_integration,
          "getIntegration"},
    Route{"PATCH", "/api/v1/integrations/{integrationId}", A::caller, "integrations.write", B::patch, "",
          patch_integration, "editIntegration"},
    Route{"DELETE", "/api/v1/integrations/{integrationId}", A::caller, "integrations.write", B::none, "stop",
          delete_integration, "deleteIntegration"},
    Route{"GET", "/api/v1/integrations/{integrationId}/versions", A::caller, "integrations.read", B::none,
          "limit cursor", list_integration_versions, "listIntegrationVersions"},
    Route{"GET", "/api/v1/integrations/{integrationId}/versions/{version}", A::caller, "integrations.read", B::none, "",
          get_integration_version, "getIntegrationVersion"},
    Route{"POST", "/api/v1/integrations/{integrationId}/test", A::caller, "integrations.write", B::empty, "",
          test_integration, "testIntegration"},
    Route{"POST", "/api/v1/integrations/{integrationId}/preview", A::caller, "referrals.read", B::json, "",
          preview_integration, "previewIntegration"},
    Route{"POST", "/api/v1/integrations/{integrationId}/send", A::caller, "deliveries.manage", B::json, "",
          send_by_hand, "sendByHand"},
    Route{"POST", "/api/v1/integrations/{integrationId}/hook", A::caller, "integrations.write", B::empty, "",
          issue_hook_token, "issueHookToken"},
    Route{"POST", "/api/v1/hooks/destination/{integrationId}", A::hook, "", B::json, "token", report_acceptance,
          "reportAcceptance"},
    Route{"POST", "/hooks/destination/{integrationId}", A::hook, "", B::json, "token", report_acceptance, ""},

    Route{"GET", "/api/v1/deliveries", A::caller, "referrals.read", B::none, "state integrationId since limit cursor",
          list_deliveries, "listDeliveries"},
    Route{"POST", "/api/v1/deliveries/resend", A::caller, "deliveries.manage", B::json, "", resend_deliveries,
          "resendDeliveries"},
    Route{"GET", "/api/v1/deliveries/{deliveryId}", A::caller, "referrals.read", B::none, "", get_delivery,
          "getDelivery"},
    Route{"POST", "/api/v1/deliveries/{deliveryId}/resend", A::caller, "deliveries.manage", B::empty, "",
          resend_delivery, "resendDelivery"},
    Route{"POST", "/api/v1/deliveries/{deliveryId}/clear", A::caller, "deliveries.manage", B::optional_json, "",
          clear_delivery, "clearDelivery"},
    Route{"POST", "/api/v1/deliveries/{deliveryId}/stop", A::caller, "deliveries.manage", B::optional_json, "",
          stop_delivery, "stopDelivery"},

    Route{"GET", "/api/v1/emr-connections", A::caller, "emr.read", B::none, "limit cursor", list_emr_connections,
          "listEmrConnections"},
    Route{"POST", "/api/v1/emr-connections", A::caller, "emr.write", B::json, "", create_emr_connection,
          "createEmrConnection"},
    Route{"GET", "/api/v1/emr-connections/{connectionId}", A::caller, "emr.read", B::none, "", get_emr_connection,
          "getEmrConnection"},
    Route{"PATCH", "/api/v1/emr-connections/{connectionId}", A::caller, "emr.write", B::patch, "", patch_emr_connection,
          "editEmrConnection"},
    Route{"DELETE", "/api/v1/emr-connections/{connectionId}", A::caller, "emr.write", B::none, "",
          delete_emr_connection, "deleteEmrConnection"},
    Route{"POST", "/api/v1/emr-connections/{connectionId}/test", A::caller, "emr.write", B::empty, "",
          test_emr_connection, "testEmrConnection"},
    Route{"GET", "/api/v1/emr-connections/{connectionId}/preview", A::caller, "emr.write", B::none, "",
          preview_emr_connection, "previewEmrConnection"},
    Route{"POST", "/api/v1/emr-connections/{connectionId}/sync", A::caller, "emr.write", B::empty, "wait",
          sync_emr_connection, "syncEmrConnection"},
    Route{"GET", "/api/v1/emr-connections/{connectionId}/runs", A::caller, "emr.read", B::none, "limit cursor",
          list_emr_runs, "listEmrRuns"},
    Route{"GET", "/api/v1/emr-connections/{connectionId}/runs/{runId}", A::caller, "emr.read", B::none, "", get_emr_run,
          "getEmrRun"},
    Route{"GET", "/api/v1/emr-connections/{connectionId}/events", A::caller, "emr.read", B::none, "limit cursor",
          list_emr_events, "listEmrEvents"},
    Route{"GET", "/api/v1/emr-connections/{connectionId}/records", A::caller, "emr.read", B::none,
          "state worklist lockCause locationId lockedBefore limit cursor", list_emr_records, "listEmrRecords"},
    Route{"GET", "/api/v1/emr-connections/{connectionId}/records/{casefileId}", A::caller, "emr.read", B::none, "",
          get_emr_record, "getEmrRecord"},
    Route{"GET", "/api/v1/emr-connections/{connectionId}/destinations", A::caller, "emr.read", B::none, "limit cursor",
          list_emr_destinations, "listEmrDestinations"},
    Route{"PUT", "/api/v1/emr-connections/{connectionId}/destinations/{contactId}", A::caller, "emr.write", B::json, "",
          put_emr_destination, "linkEmrDestination"},
    Route{"DELETE", "/api/v1/emr-connections/{connectionId}/destinations/{contactId}", A::caller, "emr.write", B::none,
          "", delete_emr_destination, "forgetEmrDestination"},
    Route{"POST", "/api/v1/emr-connections/{connectionId}/unlock-emr-updates", A::caller, "emr.unlock", B::json, "",
          unlock_emr_records, "unlockEmrRecords"},
    Route{"POST", "/api/v1/emr-connections/{connectionId}/hooks/{kind}", A::caller, "emr.write", B::empty, "",
          issue_emr_hook, "issueEmrHook"},
    Route{"POST", "/api/v1/hooks/emr/{connectionId}/{kind}", A::emr_hook, "", B::hook, "token", receive_emr_hook,
          "receiveEmrHook"},
    Route{"POST", "/hooks/emr/{connectionId}/{kind}", A::emr_hook, "", B::hook, "token", receive_emr_hook, ""},

    Route{"GET", "/api/v1/intake-opportunities", A::caller, "emr.read", B::none,
          "stage source referralId inReview limit cursor", list_opportunities, "listIntakeOpportunities"},
    Route{"GET", "/api/v1/intake-opportunities/{opportunityId}", A::caller, "emr.read", B::none, "", get_opportunity,
          "getIntakeOpportunity"},
    Route{"POST", "/api/v1/intake-opportunities/{opportunityId}/unlock-emr-updates", A::caller, "emr.unlock",
          B::optional_json, "", unlock_emr_updates, "unlockEmrUpdates"},
    Route{"POST", "/api/v1/intake-opportunities/{opportunityId}/lock-emr-updates", A::caller, "emr.unlock", B::empty,
          "", lock_emr_updates, "lockEmrUpdates"},
    Route{"POST", "/api/v1/intake-opportunities/{opportunityId}/confirm-link", A::caller, "emr.write", B::empty, "",
          confirm_opportunity_link, "confirmOpportunityLink"},
    Route{"POST", "/api/v1/intake-opportunities/{opportunityId}/separate-link", A::caller, "emr.write", B::empty, "",
          separate_opportunity_link, "separateOpportunityLink"},
    Route{"POST", "/api/v1/intake-opportunities/{opportunityId}/join", A::caller, "emr.write", B::json, "",
          join_opportunities, "joinIntakeOpportunities"},

    Route{"POST", "/api/v1/persons/match", A::caller, "persons.read", B::json, "", match_person, "matchPerson"},
    Route{"GET", "/api/v1/persons", A::caller, "persons.read", B::none, "status limit cursor", list_persons,
          "listPersons"},
    Route{"POST", "/api/v1/persons/merge", A::caller, "persons.merge", B::json, "", merge_persons, "mergePersons"},
    Route{"POST", "/api/v1/persons/unmerge", A::caller, "persons.merge", B::json, "", unmerge_persons,
          "unmergePersons"},
    Route{"POST", "/api/v1/persons/split", A::caller, "persons.merge", B::json, "", split_person, "splitPerson"},
    Route{"POST", "/api/v1/persons/unsplit", A::caller, "persons.merge", B::json, "", unsplit_person, "unsplitPerson"},
    Route{"GET", "/api/v1/persons/assertions", A::caller, "persons.read", B::none, "limit cursor", list_assertions,
          "listAssertions"},
    Route{"POST", "/api/v1/persons/assertions", A::caller, "persons.merge", B::json, "", assert_persons,
          "assertPersons"},
    Route{"GET", "/api/v1/persons/reviews", A::caller, "persons.read", B::none, "status kind personId limit cursor",
          list_reviews, "listReviews"},
    Route{"GET", "/api/v1/persons/reviews/figures", A::caller, "persons.read", B::none, "", count_reviews,
          "countReviews"},
    Route{"GET", "/api/v1/persons/reviews/{reviewId}", A::caller, "persons.read", B::none, "", get_review, "getReview"},
    Route{"POST", "/api/v1/persons/reviews/{reviewId}/decide", A::caller, "persons.write", B::json, "", decide_review,
          "decideReview"},
    Route{"POST", "/api/v1/persons/reviews/{reviewId}/undo", A::caller, "persons.write", B::json, "", undo_review,
          "undoReview"},
    Route{"GET", "/api/v1/persons/{personId}", A::caller, "persons.read", B::none, "", get_person, "getPerson"},
    Route{"GET", "/api/v1/persons/{personId}/events", A::caller, "persons.read", B::none, "limit cursor",
          list_person_events, "listPersonEvents"},
    Route{"GET", "/api/v1/persons/{personId}/referrals", A::caller, "persons.read", B::none, "limit cursor",
          list_person_referrals, "listPersonReferrals"},
    Route{"GET", "/api/v1/stream", A::caller, "persons.read", B::none, "lastEventId", stream_events, "streamEvents"},

    Route{"GET", "/api/v1/organizations/{organizationId}", A::caller, "", B::none, "", get_organization,
          "getOrganization"},
    Route{"PATCH", "/api/v1/organizations/{organizationId}", A::caller, "admin", B::patch, "", patch_organization,
          "editOrganization"},
    Route{"GET", "/api/v1/api-clients", A::caller, "admin", B::none, "limit cursor", list_api_clients,
          "listApiClients"},
    Route{"POST", "/api/v1/api-clients", A::caller, "admin", B::json, "", create_api_client, "createApiClient"},
    Route{"GET", "/api/v1/api-clients/{clientId}", A::caller, "admin", B::none, "", get_api_client, "getApiClient"},
    Route{"DELETE", "/api/v1/api-clients/{clientId}", A::caller, "admin", B::none, "", revoke_api_client,
          "revokeApiClient"},
    Route{"GET", "/api/v1/audit", A::caller, "audit.read", B::none, "recordId actorId action limit cursor", list_audit,
          "listAudit"},
    Route{"GET", "/api/v1/notices", A::caller, "integrations.read", B::none, "limit cursor", list_notices,
          "listNotices"},
};

bool is_placeholder(std::string_view step) { return step.starts_with('{'); }

// Whether the path stands for these segments; the names are what its placeholders stand for.
bool matches(std::string_view path, const std::vector<std::string>& segments, std::vector<std::string>& names) {
  names.clear();
  std::size_t at = 0;
  for (path.remove_prefix(1); !path.empty(); ++at) {
    const auto end = path.find('/');
    const std::string_view step = path.substr(0, end);
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
    if (at == segments.size()) return false;
    if (is_placeholder(step)) {
      names.push_back(segments[at]);
    } else if (step != segments[at]) {
      return false;
    }
  }
  return at == segments.size();
}

}  // namespace

std::span<const Route> routes() { return table; }

Match find_route(std::string_view method, const std::vector<std::string>& segments) {
  Match best;
  std::vector<std::string> names;
  for (const Route& route : table) {
    if (!matches(route.path, segments, names)) continue;
    // "bulk" and "resend" look like ids to the placeholder beside them; the path with fewer placeholders is meant.
    if (best.route && method == route.method && names.size() >= best.names.size()) continue;
    best.methods.emplace_back(route.method);
    if (method != route.method) continue;
    best.route = &route;
    best.names = names;
  }
  return best;
}

}  // namespace handoff::face::own
