#include "record/object.h"

#include <array>

#include "base/text.h"

namespace handoff::record {
namespace {

using F = FieldType;

constexpr const char* requesters = "Account;Asset;HealthcareProvider;CareRegisteredDevice";

constexpr std::array every{
    Field{"Id", "Record ID", F::id, 18, read_only, "", ""},
    Field{"OwnerId", "Owner ID", F::reference, 18, read_only, "User", ""},
    Field{"IsDeleted", "Deleted", F::boolean, 0, read_only, "", ""},
    Field{"CreatedDate", "Created Date", F::date_time, 0, read_only, "", ""},
    Field{"CreatedById", "Created By ID", F::reference, 18, read_only, "User", ""},
    Field{"LastModifiedDate", "Last Modified Date", F::date_time, 0, read_only, "", ""},
    Field{"LastModifiedById", "Last Modified By ID", F::reference, 18, read_only, "User", ""},
    Field{"SystemModstamp", "System Modstamp", F::date_time, 0, read_only, "", ""},
};

// A person account has a last name, a business account a name; which of both is required depends on what is sent.
constexpr std::array account{
    Field{"Name", "Account Name", F::text, 255, plain, "", ""},
    Field{"IsPersonAccount", "Is Person Account", F::boolean, 0, read_only, "", ""},
    Field{"RecordTypeId", "Record Type ID", F::reference, 18, plain, "RecordType", ""},
    Field{"Salutation", "Salutation", F::picklist, 40, of_person, "Mr.;Ms.;Mrs.;Dr.;Prof.;Mx.", ""},
    Field{"FirstName", "First Name", F::text, 40, of_person, "", ""},
    Field{"MiddleName", "Middle Name", F::text, 40, of_person, "", ""},
    Field{"LastName", "Last Name", F::text, 80, of_person, "", ""},
    Field{"Suffix", "Suffix", F::text, 40, of_person, "", ""},
    Field{"Phone", "Account Phone", F::phone, 40, plain, "", ""},
    Field{"Fax", "Account Fax", F::phone, 40, plain, "", ""},
    Field{"Website", "Website", F::url, 255, plain, "", ""},
    Field{"Description", "Account Description", F::text_area, 32000, not_filterable, "", ""},
    Field{"Type", "Account Type", F::picklist, 255, plain, "", ""},
    Field{"AccountNumber", "Account Number", F::text, 40, keyed, "", ""},
    Field{"BillingStreet", "Billing Street", F::text_area, 255, plain, "", ""},
    Field{"BillingCity", "Billing City", F::text, 40, plain, "", ""},
    Field{"BillingState", "Billing State/Province", F::text, 80, plain, "", ""},
    Field{"BillingPostalCode", "Billing Zip/Postal Code", F::text, 20, plain, "", ""},
    Field{"BillingCountry", "Billing Country", F::text, 80, plain, "", ""},
    Field{"PersonBirthdate", "Birthdate", F::date, 0, of_person, "", ""},
    Field{"PersonEmail", "Email", F::email, 80, of_person, "", ""},
    Field{"PersonMobilePhone", "Mobile", F::phone, 40, of_person, "", ""},
    Field{"PersonHomePhone", "Home Phone", F::phone, 40, of_person, "", ""},
    Field{"PersonOtherPhone", "Other Phone", F::phone, 40, of_person, "", ""},
    Field{"PersonMailingStreet", "Mailing Street", F::text_area, 255, of_person, "", ""},
    Field{"PersonMailingCity", "Mailing City", F::text, 40, of_person, "", ""},
    Field{"PersonMailingState", "Mailing State/Province", F::text, 80, of_person, "", ""},
    Field{"PersonMailingPostalCode", "Mailing Zip/Postal Code", F::text, 20, of_person, "", ""},
    Field{"PersonMailingCountry", "Mailing Country", F::text, 80, of_person, "", ""},
    Field{"PersonGenderIdentity", "Gender Identity", F::picklist, 255, of_person, "Male;Female;Nonbinary;Not Listed",
          ""},
    Field{"PersonPronouns", "Pronouns", F::picklist, 255, of_person, "He/Him;She/Her;They/Them;Not Listed", ""},
    Field{"HealthCloudGA__Gender__pc", "Gender", F::picklist, 255, of_person, "Male;Female;Other;Unknown", ""},
    Field{"HealthCloudGA__PrimaryLanguage__pc", "Primary Language", F::text, 255, of_person, "", ""},
    Field{"HealthCloudGA__MedicalRecordNumber__c", "Medical Record Number", F::text, 255, keyed, "", ""},
    Field{"HealthCloudGA__SourceSystemId__c", "Source System ID", F::text, 255, keyed, "", ""},
    Field{"HealthCloudGA__SourceSystem__c", "Source System", F::text, 255, plain, "", ""},
    Field{person_name_key, "Person Name", F::text, 255, read_only | keyed | hidden, "", ""},
};

constexpr std::array contact{
    Field{"Name", "Full Name", F::text, 121, read_only, "", ""},
    Field{"FirstName", "First Name", F::text, 40, plain, "", ""},
    Field{"LastName", "Last Name", F::text, 80, required, "", ""},
    Field{"AccountId", "Account ID", F::reference, 18, keyed, "Account", "Account"},
    Field{"Phone", "Business Phone", F::phone, 40, plain, "", ""},
    Field{"Email", "Email", F::email, 80, plain, "", ""},
};

constexpr std::array provider{
    Field{"Name", "Name", F::text, 255, required, "", ""},
    Field{"AccountId", "Account ID", F::reference, 18, keyed, "Account", "Account"},
    Field{"PractitionerId", "Practitioner ID", F::reference, 18, keyed, "Contact", "Practitioner"},
    Field{"ProviderType", "Provider Type", F::picklist, 255, plain,
          "Hospital;Ambulatory Care;Laboratory;Pharmacy;Dentist;Pharmacist;Medical Doctor", ""},
    Field{"ProviderClass", "Provider Class", F::picklist, 255, plain, "IPA;Medical Group;Solo Practitioner", ""},
    Field{"Status", "Status", F::picklist, 255, plain, "Active;Inactive", ""},
    Field{"EffectiveFrom", "Effective From", F::date, 0, plain, "", ""},
    Field{"EffectiveTo", "Effective To", F::date, 0, plain, "", ""},
    Field{"SourceSystem", "Source System", F::text, 64, plain, "", ""},
    Field{"SourceSystemIdentifier", "Source System Identifier", F::text, 255, keyed, "", ""},
    Field{"SourceSystemModified", "Source System Modified", F::date_time, 0, plain, "", ""},
    // Ours: which listing a referral to this provider arrives in.
    Field{"HandoffListing__c", "Handoff Listing", F::text, 40, plain, "", ""},
};

constexpr std::array provider_npi{
    Field{"Name", "Name", F::text, 255, plain, "", ""},
    Field{"Npi", "National Provider ID", F::text, 80, required | keyed, "", ""},
    Field{"NpiType", "NPI Type", F::picklist, 255, plain, "Individual;Organization", ""},
    Field{"AccountId", "Account ID", F::reference, 18, keyed, "Account", "Account"},
    Field{"PractitionerId", "Practitioner ID", F::reference, 18, keyed, "Contact", "Practitioner"},
    Field{"HealthcareProviderId", "Healthcare Provider ID", F::reference, 18, keyed, "HealthcareProvider",
          "HealthcareProvider"},
    Field{"IsActive", "Active", F::boolean, 0, plain, "", ""},
    Field{"EffectiveFrom", "Effective From", F::date, 0, plain, "", ""},
    Field{"EffectiveTo", "Effective To", F::date, 0, plain, "", ""},
    Field{"SourceSystem", "Source System", F::text, 64, plain, "", ""},
    Field{"SourceSystemIdentifier", "Source System Identifier", F::text, 255, keyed, "", ""},
};

constexpr std::array member_plan{
    Field{"Name", "Name", F::text, 255, required, "", ""},
    Field{"MemberId", "Member ID", F::reference, 18, required | keyed, "Account", "Member"},
    Field{"MemberNumber", "Member Number", F::text, 64, keyed, "", ""},
    Field{"GroupNumber", "Group Number", F::text, 64, plain, "", ""},
    Field{"IssuerNumber", "Issuer Number", F::text, 64, plain, "", ""},
    Field{"PayerId", "Payer ID", F::reference, 18, plain, "Account", "Payer"},
    Field{"PlanId", "Plan ID", F::reference, 18, plain, "PurchaserPlan", ""},
    Field{"SubscriberId", "Subscriber ID", F::reference, 18, plain, "Account", "Subscriber"},
    Field{"EffectiveFrom", "Effective From", F::date, 0, plain, "", ""},
    Field{"EffectiveTo", "Effective To", F::date, 0, plain, "", ""},
    Field{"PrimarySecondaryTertiary", "Primary/Secondary/Tertiary", F::picklist, 255, plain,
          "Primary;Secondary;Tertiary", ""},
    Field{"RelationshipToSubscriber", "Relationship to Subscriber", F::picklist, 255, plain,
          "Self;Spouse;Child;Unknown;Other Relationship", ""},
    Field{"VerificationStatus", "Verification Status", F::picklist, 255, plain,
          "Active - Verified;Rejected;Not Checked;Unknown;Inactive", ""},
    Field{"Status", "Status", F::picklist, 255, plain, "Active;Inactive", ""},
    Field{"Notes", "Notes", F::text_area, 32000, not_filterable, "", ""},
    Field{"SourceSystem", "Source System", F::text, 64, plain, "", ""},
    Field{"SourceSystemIdentifier", "Source System Identifier", F::text, 255, keyed, "", ""},
};

constexpr std::array condition{
    Field{"Name", "Name", F::text, 255, plain, "", ""},
    Field{"PatientId", "Patient ID", F::reference, 18, required | keyed, "Account", "Patient"},
    Field{"ConditionStatus", "Condition Status", F::picklist, 255, plain,
          "Active;Recurrence;Relapse;Inactive;Remission;Resolved", ""},
    Field{"DiagnosticStatus", "Diagnostic Status", F::picklist, 255, plain,
          "Unconfirmed;Provisional;Differential;Confirmed;Refuted;Entered in error", ""},
    Field{"Type", "Type", F::picklist, 255, plain, "Problem List Item;Encounter Diagnosis", ""},
    Field{"Severity", "Severity", F::picklist, 255, plain, "Severe;Moderate;Mild", ""},
    Field{"ConditionCodeId", "Condition Code ID", F::reference, 18, plain, "CodeSetBundle", "ConditionCode"},
    Field{"OnsetStartDateTime", "Onset Start", F::date_time, 0, plain, "", ""},
    Field{"SourceSystem", "Source System", F::text, 64, plain, "", ""},
    Field{"SourceSystemIdentifier", "Source System Identifier", F::text, 255, keyed, "", ""},
};

constexpr std::array code_set{
    Field{"Name", "Name", F::text, 255, required, "", ""},
    Field{"Code", "Code", F::text, 255, required | keyed, "", ""},
    Field{"CodeDescription", "Code Description", F::text_area, 32000, not_filterable, "", ""},
    Field{"SourceSystem", "Code System", F::text, 255, plain, "", ""},
    Field{"SystemVersion", "System Version", F::text, 255, plain, "", ""},
    Field{"IsActive", "Active", F::boolean, 0, plain, "", ""},
    Field{"IsPrimary", "Primary", F::boolean, 0, plain, "", ""},
    Field{"SourceSystemIdentifier", "Source System Identifier", F::text, 255, keyed, "", ""},
};

#define HANDOFF_CODE_SET(n) \
  Field { "CodeSet" #n "Id", "Code Set " #n " ID", F::reference, 18, plain, "CodeSet", "CodeSet" #n }
constexpr std::array code_set_bundle{
    Field{"Name", "Name", F::text, 255, required, "", ""},
    HANDOFF_CODE_SET(1),
    HANDOFF_CODE_SET(2),
    HANDOFF_CODE_SET(3),
    HANDOFF_CODE_SET(4),
    HANDOFF_CODE_SET(5),
    HANDOFF_CODE_SET(6),
    HANDOFF_CODE_SET(7),
    HANDOFF_CODE_SET(8),
    HANDOFF_CODE_SET(9),
    HANDOFF_CODE_SET(10),
    HANDOFF_CODE_SET(11),
    HANDOFF_CODE_SET(12),
    HANDOFF_CODE_SET(13),
    HANDOFF_CODE_SET(14),
    HANDOFF_CODE_SET(15),
    Field{"SourceSystem", "Source System", F::text, 64, plain, "", ""},
    Field{"SourceSystemIdentifier", "Source System Identifier", F::text, 255, keyed, "", ""},
};
#undef HANDOFF_CODE_SET

constexpr std::array author_note{
    Field{"Name", "Name", F::text, 255, read_only, "", ""},
    Field{"ParentId", "Parent ID", F::reference, 18, required | once | keyed, "ClinicalServiceRequest", "Parent"},
    Field{"NoteText", "Note Text", F::text_area, 32000, required | not_filterable, "", ""},
    Field{"AuthorId", "Author ID", F::reference, 18, plain, requesters, "Author"},
    Field{"AuthoredDateTime", "Authored", F::date_time, 0, plain, "", ""},
};

constexpr std::array asset{
    Field{"Name", "Asset Name", F::text, 255, required, "", ""},
    Field{"AccountId", "Account ID", F::reference, 18, keyed, "Account", "Account"},
    Field{"SerialNumber", "Serial Number", F::text, 80, keyed, "", ""},
    Field{"Status", "Status", F::picklist, 40, plain, "Shipped;Installed;Registered;Obsolete;Purchased", ""},
    Field{"Description", "Description", F::text_area, 32000, not_filterable, "", ""},
};

constexpr std::array device{
    Field{"Name", "Name", F::text, 255, required, "", ""},
    Field{"PatientId", "Patient ID", F::reference, 18, keyed, "Account", "Patient"},
    Field{"DeviceSerialNumber", "Device Serial Number", F::text, 255, keyed, "", ""},
    Field{"Manufacturer", "Manufacturer", F::text, 255, plain, "", ""},
    Field{"Status", "Status", F::picklist, 255, plain, "Active;Inactive;Entered in Error;Unknown", ""},
};

constexpr std::array content_version{
    Field{"Title", "Title", F::text, 255, required, "", ""},
    Field{"PathOnClient", "Path On Client", F::text, 500, required | once, "", ""},
    Field{"VersionData", "Version Data", F::base64, 0, required | once | not_filterable, "", ""},
    Field{"FirstPublishLocationId", "First Publish Location ID", F::reference, 18, once | keyed,
          "ClinicalServiceRequest;Account", "FirstPublishLocation"},
    Field{"ContentDocumentId", "Content Document ID", F::reference, 18, read_only, "ContentDocument", ""},
    Field{"ContentSize", "Size", F::number, 18, read_only, "", ""},
    Field{"FileExtension", "File Extension", F::text, 40, read_only, "", ""},
    Field{"FileType", "File Type", F::text, 255, read_only, "", ""},
    Field{"Checksum", "Checksum", F::text, 50, read_only, "", ""},
    Field{"IsLatest", "Is Latest", F::boolean, 0, read_only, "", ""},
    Field{"VersionNumber", "Version Number", F::text, 20, read_only, "", ""},
    Field{"Description", "Description", F::text_area, 1000, plain, "", ""},
};

// The referral. Status, Type and Priority are open lists: any other value of the length is stored and shown as given.
constexpr std::array request{
    Field{"Name", "Name", F::text, 255, read_only, "", ""},
    Field{"PatientId", "Patient ID", F::reference, 18, required | once | keyed, "Account", "Patient"},
    Field{"Status", "Status", F::picklist, 40, plain, "Active;Completed;Draft;Entered-in-Error;On-Hold;Revoked;Unknown",
          ""},
    Field{"Type", "Type", F::picklist, 40, plain,
          "Directive;Filler-Order;Instance-Order;Option;Order;Original-Order;Plan;Proposal;Reflex-Order", ""},
    Field{"Priority", "Priority", F::picklist, 40, plain, "ASAP;Routine;Stat;Urgent", ""},
    Field{"RequesterId", "Requester ID", F::reference, 18, keyed, requesters, "Requester"},
    Field{"PerformerId", "Performer ID", F::reference, 18, keyed, requesters, "Performer"},
    Field{"PatientInstruction", "Patient Instruction", F::text_area, 32000, not_filterable, "", ""},
    Field{"IsAccepted", "Is Accepted", F::boolean, 0, plain, "", ""},
    Field{"StatusReason", "Status Reason", F::multi_picklist, 4099, plain, "", ""},
    Field{"StartDate", "Start Date", F::date_time, 0, plain, "", ""},
    Field{"EndDate", "End Date", F::date_time, 0, plain, "", ""},
    Field{"DateSigned", "Date Signed", F::date_time, 0, plain, "", ""},
    Field{"SourceSystem", "Source System", F::text, 255, plain, "", ""},
    Field{"SourceSystemIdentifier", "Source System Identifier", F::text, 255, keyed, "", ""},
    Field{"SourceSystemModified", "Source System Modified", F::date_time, 0, plain, "", ""},
    Field{"OriginalRequestId", "Original Request ID", F::reference, 18, plain, "ClinicalServiceRequest",
          "OriginalRequest"},
    Field{"ServiceRequestGroupIdentifierId", "Service Request Group Identifier ID", F::reference, 18, plain,
          "Identifier", ""},
    Field{"RequestCodeId", "Request Code ID", F::reference, 18, plain, "CodeSetBundle", "RequestCode"},
    Field{"CategoryId", "Category ID", F::reference, 18, plain, "CodeSetBundle", "Category"},
    Field{"ReasonCodeId", "Reason Code ID", F::reference, 18, plain, "CodeSetBundle", "ReasonCode"},
    Field{"BodySiteId", "Body Site ID", F::reference, 18, plain, "CodeSetBundle", "BodySite"},
    Field{"PerformerTypeId", "Performer Type ID", F::reference, 18, plain, "CodeSetBundle", "PerformerType"},
    Field{"FacilityCodeId", "Facility Code ID", F::reference, 18, plain, "CodeSetBundle", "FacilityCode"},
    Field{"PrerequisiteCodeId", "Prerequisite Code ID", F::reference, 18, plain, "CodeSetBundle", "PrerequisiteCode"},
    Field{"ConditionId", "Condition ID", F::reference, 18, plain, "HealthCondition", "Condition"},
    Field{"ObservationId", "Observation ID", F::reference, 18, plain, "CareObservation", "Observation"},
    Field{"FacilityId", "Facility ID", F::reference, 18, plain, "HealthcareFacility", "Facility"},
    Field{"HasPrerequisites", "Has Prerequisites", F::boolean, 0, plain, "", ""},
    Field{"IsIgnored", "Is Ignored", F::boolean, 0, plain, "", ""},
    Field{"QuantityNumerator", "Quantity Numerator", F::number, 18, plain, "", ""},
    Field{"QuantityDenominator", "Quantity Denominator", F::number, 18, plain, "", ""},
    Field{"QuantityType", "Quantity Type", F::picklist, 255, restricted, "Range;Ratio", ""},
    Field{"ReferralScore", "Referral Score", F::number, 18, plain, "", ""},
    Field{"SourceChannel", "Source Channel", F::text, 255, plain, "", ""},
    // Ours: the referral behind it, for whoever has both APIs at hand.
    Field{"HandoffReferral__c", "Handoff Referral", F::text, 40, read_only, "", ""},
};

constexpr const char* detail_records =
    "ClinicalServiceRequest;MedicationRequest;HealthCondition;CareObservation;DiagnosticSummary;HealthcareFacility;"
    "Specimen;MemberPlan;CarePlan;CareRegisteredDevice;CareSpecialty;WorkType";

constexpr std::array detail{
    Field{"Name", "Name", F::text, 255, read_only, "", ""},
    Field{"ClinicalServiceRequestId", "Clinical Service Request ID", F::reference, 18, required | once | keyed,
          "ClinicalServiceRequest", "ClinicalServiceRequest"},
    Field{"DetailType", "Detail Type", F::picklist, 255, required,
          "Based On;Body Site;Reason Reference;Request Facility;Specimen;Insurance", ""},
    Field{"DetailRecordId", "Detail Record ID", F::reference, 18, plain, detail_records, "DetailRecord"},
    Field{"DetailCodeId", "Detail Code ID", F::reference, 18, plain, "CodeSet;CodeSetBundle", "DetailCode"},
};

// What a detail may point at beside the objects above; kept with the few fields that say what it is.
constexpr std::array fact{
    Field{"Name", "Name", F::text, 255, plain, "", ""},
    Field{"PatientId", "Patient ID", F::reference, 18, keyed, "Account", "Patient"},
    Field{"Status", "Status", F::picklist, 255, plain, "", ""},
    Field{"CodeId", "Code ID", F::reference, 18, plain, "CodeSetBundle", "Code"},
    Field{"Description", "Description", F::text_area, 32000, not_filterable, "", ""},
    Field{"SourceSystem", "Source System", F::text, 64, plain, "", ""},
    Field{"SourceSystemIdentifier", "Source System Identifier", F::text, 255, keyed, "", ""},
};

// Prefixes of objects whose own one is not published are ours: clients learn them by describe.
constexpr std::array all{
    Object{"Account", "Account", "Accounts", "001", account},
    Object{"Asset", "Asset", "Assets", "02i", asset},
    Object{"AuthorNote", "Author Note", "Author Notes", "0ln", author_note},
    Object{"CareObservation", "Care Observation", "Care Observations", "0hI", fact},
    Object{"CarePlan", "Care Plan", "Care Plans", "0lp", fact},
    Object{"CareRegisteredDevice", "Care Registered Device", "Care Registered Devices", "0hB", device},
    Object{"CareSpecialty", "Care Specialty", "Care Specialties", "0bc", fact},
    Object{"ClinicalServiceRequest", "Clinical Service Request", "Clinical Service Requests", "0lv", request},
    Object{"ClinicalServiceRequestDetail", "Clinical Service Request Detail", "Clinical Service Request Details", "0lw",
           detail},
    Object{"CodeSet", "Code Set", "Code Sets", "0hs", code_set},
    Object{"CodeSetBundle", "Code Set Bundle", "Code Set Bundles", "0iP", code_set_bundle},
    Object{"Contact", "Contact", "Contacts", "003", contact},
    Object{"ContentVersion", "Content Version", "Content Versions", "068", content_version},
    Object{"DiagnosticSummary", "Diagnostic Summary", "Diagnostic Summaries", "0ls", fact},
    Object{"HealthCondition", "Health Condition", "Health Conditions", "0j4", condition},
    Object{"HealthcareFacility", "Healthcare Facility", "Healthcare Facilities", "0kl", fact},
    Object{"HealthcareProvider", "Healthcare Provider", "Healthcare Providers", "0cm", provider},
    Object{"HealthcareProviderNpi", "Healthcare Provider NPI", "Healthcare Provider NPIs", "0bN", provider_npi},
    Object{"MedicationRequest", "Medication Request", "Medication Requests", "0lm", fact},
    Object{"MemberPlan", "Member Plan", "Member Plans", "0Sq", member_plan},
    Object{"Specimen", "Specimen", "Specimens", "0lt", fact},
    Object{"WorkType", "Work Type", "Work Types", "08q", fact},
};

struct Prefix {
  const char* prefix;
  const char* object;
};
constexpr std::array elsewhere{
    Prefix{"005", "User"},
    Prefix{"00D", "Organization"},
    Prefix{"012", "RecordType"},
    Prefix{"500", "Case"},
    Prefix{"069", "ContentDocument"},
    Prefix{"06A", "ContentDocumentLink"},
    Prefix{"08p", "ServiceAppointment"},
    Prefix{"0Sb", "PurchaserPlan"},
    Prefix{"0hE", "UnitOfMeasure"},
    Prefix{"0GK", "DuplicateRecordSet"},
    Prefix{"0bS", "HealthcarePractitionerFacility"},
};

constexpr std::size_t prefix_size = 3;

}  // namespace

std::span<const Object> objects() { return all; }

const Object* find_object(std::string_view name) {
  for (const Object& object : all) {
    if (ascii_equal_fold(object.name, name)) return &object;
  }
  return nullptr;
}

const Object* object_labelled(std::string_view label) {
  for (const Object& object : all) {
    if (ascii_equal_fold(object.label, label)) return &object;
  }
  return nullptr;
}

const Object* object_of_prefix(std::string_view id) {
  for (const Object& object : all) {
    if (id.substr(0, prefix_size) == object.prefix) return &object;
  }
  return nullptr;
}

std::string_view object_name_of_prefix(std::string_view id) {
  if (const Object* object = object_of_prefix(id)) return object->name;
  for (const Prefix& row : elsewhere) {
    if (id.substr(0, prefix_size) == row.prefix) return row.object;
  }
  return {};
}

std::span<const Field> system_fields() { return every; }

const Field* find_field(const Object& object, std::string_view name) {
  for (const std::span<const Field> list : {object.fields, system_fields()}) {
    for (const Field& field : list) {
      if (!(field.use & hidden) && ascii_equal_fold(field.name, name)) return &field;
    }
  }
  return nullptr;
}

const Field* find_parent(const Object& object, std::string_view name) {
  for (const Field& field : object.fields) {
    if (*field.parent != '\0' && ascii_equal_fold(field.parent, name)) return &field;
  }
  return nullptr;
}

std::vector<std::string> words_of(const char* values) {
  return *values == '\0' ? std::vector<std::string>() : split(values, ';');
}

}  // namespace handoff::record
