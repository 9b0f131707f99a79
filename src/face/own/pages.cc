// The few answers beside the API: what runs here, whether it is well, and the documentation.
#include <fmt/format.h>

#include "base/text.h"
#include "face/own/documentation.h"
#include "face/own/handlers.h"

namespace handoff::face::own {
namespace {

net::Response html(std::string body) {
  net::Response response;
  response.body = std::move(body);
  response.headers.set("Content-Type", "text/html; charset=utf-8");
  response.headers.set("Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
                       "frame-ancestors 'none'");
  response.headers.set("Cache-Control", "no-cache");
  return response;
}

std::string lines_html(const std::vector<FrontPage::Line>& lines) {
  std::string out = "<table>\n";
  for (const auto& line : lines) {
    const std::string text = "<code>" + html_escape(line.text) + "</code>";
    out += "<tr><th>" + html_escape(line.label) + "</th><td>" +
           (line.link.empty() ? text : "<a href=\"" + html_escape(line.link) + "\">" + text + "</a>") + "</td></tr>\n";
  }
  return out + "</table>\n";
}

constexpr std::string_view front_style =
    ":root{color-scheme:light dark}body{font:17px/1.6 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 "
    "1rem}th{text-align:left;padding-right:1.5rem;vertical-align:top;font-weight:600}code{font:.9em "
    "ui-monospace,monospace;overflow-wrap:anywhere}td,th{padding-bottom:.3rem}";

}  // namespace

Result<net::Response> front_page(Call& call) {
  const FrontPage page = call.parts.front_page();
  std::string body =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>handoff</title><style>" +
      std::string(front_style) +
      "</style></head><body>\n<h1>handoff</h1>\n<p>This server exchanges referrals between organizations and hands "
      "them "
      "to the systems that act on them. Version " +
      html_escape(page.version) + ".</p>\n";
  body +=
      "<h2>Signing in</h2>\n<p>Programs send an API key, or an access token from <code>POST /oauth2/token</code>, as "
      "<code>Authorization: Bearer …</code>.</p>\n";
  if (page.demo) {
    body += "<p>This is a demonstration with invented people. Try it with:</p>\n" + lines_html(page.sign_in);
    body += "<pre><code>curl -H \"Authorization: Bearer …\" " + html_escape(call.parts.settings.public_url) +
            "/api/v1/referrals</code></pre>\n";
  }
  body +=
      "<h2>Documentation</h2>\n<p><a href=\"/docs\">The API</a>, and the same for programs: <a "
      "href=\"/api/v1/openapi.json\">openapi.json</a>.</p>\n";
  if (!page.sandboxes.empty())
    body += "<h2>Sandboxes</h2>\n<p>Partner systems to rehearse with:</p>\n" + lines_html(page.sandboxes);
  body +=
      "<h2>Health</h2>\n<p><a href=\"/healthz\">/healthz</a> · <a href=\"/readyz\">/readyz</a> · <a "
      "href=\"/metrics\">/metrics</a></p>\n</body></html>\n";
  return html(std::move(body));
}

Result<net::Response> documentation(Call& call) { return html(call.shared.documentation); }

Result<net::Response> openapi_document(Call&) {
  net::Response response;
  response.body = std::string(openapi_text());
  response.headers.set("Content-Type", "application/json");
  response.headers.set("Cache-Control", "no-cache");
  return response;
}

Result<net::Response> health(Call&) { return Call::json(200, Json::object({{"status", "ok"}})); }

Result<net::Response> readiness(Call& call) {
  HANDOFF_TRY(call.parts.ready());
  return Call::json(200, Json::object({{"status", "ready"}}));
}

Result<net::Response> metrics(Call& call) {
  std::string text = call.shared.metrics.text();
  const DeliveryFigures figures = HANDOFF_TRY(call.parts.figures());
  text +=
      "# HELP handoff_deliveries Deliveries by state.\n"
      "# TYPE handoff_deliveries gauge\n";
  for (const auto& [state, count] : figures.by_state)
    text += fmt::format("handoff_deliveries{{state=\"{}\"}} {}\n", state, count);
  text += fmt::format(
      "# HELP handoff_oldest_pending_seconds Age of the oldest delivery that waits for its turn.\n"
      "# TYPE handoff_oldest_pending_seconds gauge\n"
      "handoff_oldest_pending_seconds {:.3f}\n",
      figures.oldest_pending_seconds);
  net::Response response;
  response.body = std::move(text);
  response.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  response.headers.set("Cache-Control", "no-store");
  return response;
}

}  // namespace handoff::face::own
