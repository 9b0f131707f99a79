#include "sandbox/cms_page.h"

#include <algorithm>

#include "base/text.h"
#include "sandbox/cms_fields.h"

namespace handoff::sandbox {

namespace {

constexpr std::string_view summary_name = "Referral Summary.pdf";

constexpr std::string_view style = R"(
body { font: 16px/1.45 "Noto Sans", system-ui, sans-serif; margin: 0; color: #1c2430; background: #f3f5f7; }
header, main { max-width: 62rem; margin: 0 auto; padding: 1rem 1.25rem; }
h1 { margin: 0; font-size: 1.6rem; }
header p { margin: .25rem 0 0; color: #4a5563; }
article { background: #fff; border: 1px solid #d5dbe2; border-radius: 6px; margin: 0 0 1.25rem; padding: 1rem 1.25rem; }
h2 { margin: 0; font-size: 1.2rem; }
h3 { margin: 1rem 0 .35rem; font-size: .95rem; color: #33506b; }
.about { margin: .2rem 0 0; color: #4a5563; font-size: .9rem; }
.state { border-radius: 999px; padding: .1rem .6rem; background: #dbe8f5; color: #17375a; font-weight: 600; }
.state.accepted { background: #d6efdc; color: #14502a; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)); gap: .35rem 1rem; margin: 0; }
dt { font-size: .8rem; color: #4a5563; }
dd { margin: 0; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; padding: .6rem .8rem; background: #f3f5f7;
      border-radius: 4px; font: inherit; }
ul { margin: 0; padding-left: 1.2rem; }
)";

void add_group(std::string& out, const Received& one, FieldGroup group, std::string_view title) {
  out.append("<section><h3>").append(title).append("</h3><dl>\n");
  for (const WireField& field : wire_fields()) {
    if (field.group != group) continue;
    std::string value = shown(one.fields, field.key);
    if (field.key == "appointmentDuration" && !value.empty()) value += " minutes";
    out.append("<div><dt>").append(html_escape(field.label)).append("</dt><dd dir=\"auto\">");
    out.append(value.empty() ? std::string("–") : html_escape(value)).append("</dd></div>\n");
  }
  out += "</dl></section>\n";
}

std::string size_words(std::uint64_t size) {
  if (size < 1024) return std::to_string(size) + " bytes";
  return std::to_string((size + 512) / 1024) + " KB";
}

void add_file(std::string& out, const Received& one, std::size_t index) {
  const ReceivedFile& file = one.attachments[index];
  out.append("<li><a dir=\"auto\" href=\"/referrals/").append(percent_encode(one.id)).append("/attachments/");
  out.append(std::to_string(index)).append("\">").append(html_escape(file.file_name)).append("</a> (");
  out.append(size_words(file.size)).append(")</li>\n");
}

void add_files(std::string& out, const Received& one, bool summary, std::string_view title) {
  out.append("<section><h3>").append(title).append("</h3>\n");
  std::string items;
  for (std::size_t i = 0; i < one.attachments.size(); ++i) {
    if ((one.attachments[i].file_name == summary_name) == summary) add_file(items, one, i);
  }
  out += items.empty() ? "<p>–</p>" : "<ul>\n" + items + "</ul>";
  out += "</section>\n";
}

void add_referral(std::string& out, const Received& one) {
  std::string name = shown(one.fields, "firstName");
  for (const std::string_view key : {"middleName", "lastName"}) {
    const std::string part = shown(one.fields, key);
    if (!part.empty()) name += (name.empty() ? "" : " ") + part;
  }
  out.append("<article id=\"").append(html_escape(one.id)).append("\">\n<h2 dir=\"auto\">");
  out.append(name.empty() ? std::string("Without a name") : html_escape(name)).append("</h2>\n<p class=\"about\">");
  out.append(one.accepted ? "<span class=\"state accepted\">accepted</span> " : "<span class=\"state\">new</span> ");
  out.append(html_escape(one.id)).append(" · received ").append(format_instant(one.received_at));
  if (one.updates > 0) {
    out.append(" · updated ").append(one.updates == 1 ? "once" : std::to_string(one.updates) + " times");
  }
  out.append(" · from referral ").append(html_escape(one.external_id())).append("</p>\n");
  add_group(out, one, FieldGroup::registrant, "Registrant/Patient information");
  add_group(out, one, FieldGroup::requester, "Requester information");
  add_group(out, one, FieldGroup::appointment, "Appointment information");
  const std::string note = shown(one.fields, "referralNote");
  out.append("<section><h3>Referral Note</h3><pre dir=\"auto\">");
  out.append(note.empty() ? std::string("–") : html_escape(note)).append("</pre></section>\n");
  add_files(out, one, true, "Referral Summary PDF");
  add_files(out, one, false, "Attachments");
  out += "</article>\n";
}

}  // namespace

std::string inbox_page(std::string_view product_name, const std::vector<Received>& received, std::size_t shown_max) {
  std::string out =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Referral inbox – ";
  out.append(html_escape(product_name))
      .append("</title><style>")
      .append(style)
      .append("</style></head>\n<body><header>");
  out.append("<h1>Referral inbox</h1>\n<p>").append(html_escape(product_name));
  out.append(", a sandbox to rehearse with. ");
  const std::size_t count = received.size();
  if (count == 0) {
    out += "Nothing has arrived yet.";
  } else {
    out += std::to_string(count) + (count == 1 ? " referral has arrived" : " referrals have arrived");
    out += count > shown_max ? "; these are the newest " + std::to_string(shown_max) + "." : ".";
  }
  out += "</p></header>\n<main>\n";
  const std::size_t shown_count = std::min(count, shown_max);
  for (std::size_t i = 0; i < shown_count; ++i) add_referral(out, received[count - 1 - i]);
  out += "</main></body></html>\n";
  return out;
}

}  // namespace handoff::sandbox
