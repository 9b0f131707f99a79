// A manifest as the API shows it.
#include "connector/rest/rest.h"

namespace handoff::connector {
namespace {

using exchange::Manifest;
using exchange::SettingRule;

const char* mode_word(exchange::Mode mode) {
  switch (mode) {
    case exchange::Mode::once: return "once";
    case exchange::Mode::until_accepted: return "until_accepted";
    case exchange::Mode::every: return "every";
  }
  return "";
}

const char* type_word(SettingRule::Type type) {
  switch (type) {
    case SettingRule::Type::text: return "text";
    case SettingRule::Type::url: return "url";
    case SettingRule::Type::integer: return "integer";
    case SettingRule::Type::boolean: return "boolean";
    case SettingRule::Type::list: return "list";
  }
  return "";
}

Json texts_json(const std::vector<std::string>& texts) {
  Json list = Json::array();
  for (const std::string& text : texts) list.push_back(text);
  return list;
}

}  // namespace

Json manifest_json(const Manifest& manifest, const std::string& profile_hash) {
  Json settings = Json::array();
  for (const SettingRule& rule : manifest.settings) {
    settings.push_back(Json::object({{"key", rule.key},
                                     {"label", rule.label},
                                     {"description", rule.description},
                                     {"type", type_word(rule.type)},
                                     {"required", rule.required},
                                     {"secret", rule.secret},
                                     {"default", rule.fallback}}));
  }
  return Json::object(
      {{"id", manifest.id},
       {"name", manifest.name},
       {"version", manifest.version},
       {"description", manifest.description},
       {"minimumPlan", directory::plan_code(manifest.minimum_plan)},
       {"defaultMode", mode_word(manifest.default_mode)},
       {"includeRouted", manifest.include_routed_default},
       {"updates", manifest.updates},
       {"reportsAcceptance", manifest.reports_acceptance},
       {"appointments", manifest.appointments},
       {"attachments", manifest.attachments},
       {"summaryPdfRequired", manifest.summary_pdf_required},
       {"idempotencyKey", manifest.idempotency_key},
       {"canBeAsked", manifest.can_be_asked},
       {"settlesWithinMs", static_cast<std::int64_t>(manifest.settles_within.count())},
       {"fileBytesMax", manifest.file_bytes_max ? Json(static_cast<std::size_t>(*manifest.file_bytes_max)) : Json()},
       {"triggers", texts_json(manifest.triggers)},
       {"capabilities", texts_json(manifest.capabilities)},
       {"limitations", texts_json(manifest.limitations)},
       {"fees", manifest.fees},
       {"settings", std::move(settings)},
       {"profileHash", profile_hash}});
}

}  // namespace handoff::connector
