// Every handler of the native API; routes.cc says where each stands.
#pragma once

#include "face/own/call.h"

namespace handoff::face::own {

// referrals.cc: reading
Result<net::Response> list_referrals(Call& call);
Result<net::Response> get_referral(Call& call);
Result<net::Response> list_events(Call& call);
Result<net::Response> list_messages(Call& call);
Result<net::Response> get_message(Call& call);
Result<net::Response> list_notes(Call& call);
Result<net::Response> get_note(Call& call);
Result<net::Response> get_appointment(Call& call);
Result<net::Response> get_summary(Call& call);
Result<net::Response> explain_referral(Call& call);

// create_referral.cc and referral_changes.cc: changing
Result<net::Response> create_referral(Call& call);
Result<net::Response> patch_referral(Call& call);
Result<net::Response> submit_referral(Call& call);
Result<net::Response> set_sub_status(Call& call);
Result<net::Response> close_referral(Call& call);
Result<net::Response> reopen_referral(Call& call);
Result<net::Response> archive_referral(Call& call);
Result<net::Response> unarchive_referral(Call& call);
Result<net::Response> route_referral(Call& call);
Result<net::Response> act_on_referrals(Call& call);
Result<net::Response> book_appointment(Call& call);
Result<net::Response> reschedule_appointment(Call& call);
Result<net::Response> unbook_appointment(Call& call);
Result<net::Response> send_message(Call& call);
Result<net::Response> add_note(Call& call);

// attachments.cc
Result<net::Response> upload_attachment(Call& call);
Result<net::Response> download_attachment(Call& call);

// listings.cc
Result<net::Response> list_listings(Call& call);
Result<net::Response> create_listing(Call& call);
Result<net::Response> get_listing(Call& call);
Result<net::Response> patch_listing(Call& call);
Result<net::Response> list_sub_statuses(Call& call);
Result<net::Response> create_sub_status(Call& call);
Result<net::Response> get_sub_status(Call& call);
Result<net::Response> patch_sub_status(Call& call);

// integrations.cc and integration_work.cc
Result<net::Response> list_triggers(Call& call);
Result<net::Response> list_connectors(Call& call);
Result<net::Response> validate_connector(Call& call);
Result<net::Response> list_integrations(Call& call);
Result<net::Response> create_integration(Call& call);
Result<net::Response> get_integration(Call& call);
Result<net::Response> patch_integration(Call& call);
Result<net::Response> delete_integration(Call& call);
Result<net::Response> list_integration_versions(Call& call);
Result<net::Response> get_integration_version(Call& call);
Result<net::Response> test_integration(Call& call);
Result<net::Response> preview_integration(Call& call);
Result<net::Response> send_by_hand(Call& call);
Result<net::Response> issue_hook_token(Call& call);
Result<net::Response> report_acceptance(Call& call);

// deliveries.cc
Result<net::Response> list_deliveries(Call& call);
Result<net::Response> list_deliveries_of_referral(Call& call);
Result<net::Response> get_delivery(Call& call);
Result<net::Response> resend_delivery(Call& call);
Result<net::Response> clear_delivery(Call& call);
Result<net::Response> stop_delivery(Call& call);
Result<net::Response> resend_deliveries(Call& call);

// emr_connections.cc, emr_records.cc and emr_hooks.cc
Result<net::Response> list_emr_connections(Call& call);
Result<net::Response> create_emr_connection(Call& call);
Result<net::Response> get_emr_connection(Call& call);
Result<net::Response> patch_emr_connection(Call& call);
Result<net::Response> delete_emr_connection(Call& call);
Result<net::Response> test_emr_connection(Call& call);
Result<net::Response> preview_emr_connection(Call& call);
Result<net::Response> sync_emr_connection(Call& call);
Result<net::Response> list_emr_runs(Call& call);
Result<net::Response> get_emr_run(Call& call);
Result<net::Response> list_emr_events(Call& call);
Result<net::Response> list_emr_records(Call& call);
Result<net::Response> get_emr_record(Call& call);
Result<net::Response> list_emr_destinations(Call& call);
Result<net::Response> put_emr_destination(Call& call);
Result<net::Response> delete_emr_destination(Call& call);
Result<net::Response> unlock_emr_records(Call& call);
Result<net::Response> issue_emr_hook(Call& call);
Result<net::Response> receive_emr_hook(Call& call);

// opportunities.cc
Result<net::Response> list_opportunities(Call& call);
Result<net::Response> get_opportunity(Call& call);
Result<net::Response> unlock_emr_updates(Call& call);
Result<net::Response> lock_emr_updates(Call& call);
Result<net::Response> confirm_opportunity_link(Call& call);
Result<net::Response> separate_opportunity_link(Call& call);
Result<net::Response> join_opportunities(Call& call);

// office.cc
Result<net::Response> get_organization(Call& call);
Result<net::Response> patch_organization(Call& call);
Result<net::Response> list_api_clients(Call& call);
Result<net::Response> create_api_client(Call& call);
Result<net::Response> get_api_client(Call& call);
Result<net::Response> revoke_api_client(Call& call);
Result<net::Response> list_audit(Call& call);
Result<net::Response> list_notices(Call& call);

// persons.cc and reviews.cc
Result<net::Response> match_person(Call& call);
Result<net::Response> list_persons(Call& call);
Result<net::Response> get_person(Call& call);
Result<net::Response> list_person_events(Call& call);
Result<net::Response> list_person_referrals(Call& call);
Result<net::Response> merge_persons(Call& call);
Result<net::Response> unmerge_persons(Call& call);
Result<net::Response> split_person(Call& call);
Result<net::Response> unsplit_person(Call& call);
Result<net::Response> list_assertions(Call& call);
Result<net::Response> assert_persons(Call& call);
Result<net::Response> list_reviews(Call& call);
Result<net::Response> count_reviews(Call& call);
Result<net::Response> get_review(Call& call);
Result<net::Response> decide_review(Call& call);
Result<net::Response> undo_review(Call& call);
Result<net::Response> stream_events(Call& call);

// sign_in.cc
Result<net::Response> issue_token(Call& call);

// pages.cc
Result<net::Response> front_page(Call& call);
Result<net::Response> documentation(Call& call);
Result<net::Response> openapi_document(Call& call);
Result<net::Response> health(Call& call);
Result<net::Response> readiness(Call& call);
Result<net::Response> metrics(Call& call);

}  // namespace handoff::face::own
