#include "face/own/documentation.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"

namespace handoff::face::own {
namespace {

constexpr std::string_view style = R"css(
:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
* { box-sizing: border-box }
body { font: 16px/1.55 system-ui, sans-serif; margin: 0; display: grid; grid-template-columns: 19rem minmax(0, 1fr); }
nav { border-right: 1px solid var(--line); padding: 1.5rem 1rem; height: 100vh; overflow: auto; position: sticky; top: 0; font-size: .9rem }
nav ul { list-style: none; padding: 0; margin: 0 0 1rem } nav li { margin: .15rem 0 } nav a { text-decoration: none }
main { padding: 1.5rem 2.5rem 6rem; max-width: 62rem }
h2 { margin-top: 3rem; border-bottom: 1px solid var(--line) } h3 { margin: 2.2rem 0 .3rem }
code, pre { font: .86rem/1.45 ui-monospace, monospace } pre { background: var(--soft); padding: .8rem 1rem; overflow: auto; border-radius: 6px }
.method { display: inline-block; min-width: 4.2rem; font-weight: 700 } .path { overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100%; margin: .6rem 0 1rem } td, th { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line) }
details { margin: .4rem 0 } summary { cursor: pointer } .quiet { opacity: .75 } .required { font-weight: 600 }
@media (max-width: 60rem) { body { display: block } nav { height: auto; position: static; border: 0 } main { padding: 1rem } }
)css";

std::string text_of(const Json& value) { return html_escape(value.text_or()); }

// Code between backticks: as much Markdown as the document uses.
std::string line_of(std::string_view text) {
  std::string line;
  bool in_code = false;
  for (const char c : html_escape(text)) {
    if (c == '`') {
      line += in_code ? "</code>" : "<code>";
      in_code = !in_code;
    } else {
      line.push_back(c);
    }
  }
  return in_code ? line + "</code>" : line;
}

std::string prose(const Json& value) {
  std::string out;
  for (const auto& paragraph : split(value.text_or(), '\n')) {
    if (!trim(paragraph).empty()) out += "<p>" + line_of(paragraph) + "</p>\n";
  }
  return out;
}

class Page {
 public:
  explicit Page(const Json& document) : document_(document) {}

  std::string html() {
    const Json& info = document_["info"];
    std::string nav = "<nav><p><strong>" + text_of(info["title"]) + "</strong><br><span class=quiet>" +
                      text_of(info["version"]) + "</span></p>\n";
    std::string main =
        "<main><h1>" + text_of(info["title"]) + "</h1>\n" + prose(info["description"]) +
        "<p>The same as a document for programs: <a href=\"/api/v1/openapi.json\">openapi.json</a></p>\n";
    for (const Json& tag : items(document_["tags"])) {
      const std::string name = tag["name"].text_or();
      nav += "<p><strong>" + html_escape(name) + "</strong></p><ul>\n";
      main += "<h2>" + html_escape(name) + "</h2>\n" + prose(tag["description"]);
      for (const auto& [path, methods] : members(document_["paths"])) {
        for (const auto& [method, operation] : members(methods)) {
          if (method == "parameters" || !tagged(operation, name)) continue;
          nav += "<li><a href=\"#" + text_of(operation["operationId"]) + "\">" + text_of(operation["summary"]) +
                 "</a></li>\n";
          main += operation_html(method, path, methods, operation);
        }
      }
      nav += "</ul>\n";
    }
    main += "<h2>Schemas</h2>\n";
    nav += "<p><strong>Schemas</strong></p><ul>\n";
    for (const auto& [name, schema] : members(document_["components"]["schemas"])) {
      nav += "<li><a href=\"#schema-" + html_escape(name) + "\">" + html_escape(name) + "</a></li>\n";
      main += "<h3 id=\"schema-" + html_escape(name) + "\">" + html_escape(name) + "</h3>\n" + schema_html(schema);
    }
    return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
           "content=\"width=device-width\"><title>" +
           text_of(info["title"]) + "</title><style>" + std::string(style) + "</style></head><body>\n" + nav +
           "</ul></nav>\n" + main + "</main></body></html>\n";
  }

 private:
  static const Json::Array& items(const Json& list) {
    static const Json::Array none;
    return list.is_array() ? list.items() : none;
  }
  static const Json::Object& members(const Json& object) {
    static const Json::Object none;
    return object.is_object() ? object.members() : none;
  }
  static bool tagged(const Json& operation, const std::string& tag) {
    for (const Json& each : items(operation["tags"])) {
      if (each.text_or() == tag) return true;
    }
    return false;
  }

  // What a $ref within the document points at; the value itself where it is none.
  const Json& resolved(const Json& value) const {
    const Json* ref = value.find("$ref");
    if (!ref) return value;
    const Json* at = &document_;
    for (const auto& step : split(ref->text_or().substr(2), '/')) {
      at = at->find(step);
      if (!at) return value;
    }
    return *at;
  }

  std::string type_html(const Json& schema) const {
    if (const Json* ref = schema.find("$ref")) {
      const std::string name = ref->text_or().substr(ref->text_or().rfind('/') + 1);
      return "<a href=\"#schema-" + html_escape(name) + "\">" + html_escape(name) + "</a>";
    }
    for (const char* choice : {"oneOf", "anyOf", "allOf"}) {
      if (!schema.contains(choice)) continue;
      std::string out;
      for (const Json& each : items(schema[choice])) out += (out.empty() ? "" : " or ") + type_html(each);
      return out;
    }
    if (schema.contains("const")) return "<code>" + html_escape(schema["const"].dump()) + "</code>";
    if (schema.contains("enum")) {
      std::string out;
      for (const Json& each : items(schema["enum"]))
        out += (out.empty() ? "" : " · ") + ("<code>" + html_escape(each.is_string() ? each.string() : each.dump())) +
               "</code>";
      return out;
    }
    std::vector<std::string> words;
    if (schema["type"].is_string()) words.push_back(schema["type"].string());
    for (const Json& each : items(schema["type"])) words.push_back(each.text_or());
    std::string out = html_escape(join(words, " or "));
    if (schema.contains("items")) out += " of " + type_html(schema["items"]);
    if (schema.contains("format")) out += " <span class=quiet>(" + text_of(schema["format"]) + ")</span>";
    return out.empty() ? "anything" : out;
  }

  std::string schema_html(const Json& schema) const {
    std::string out = prose(schema["description"]);
    if (!schema.contains("properties")) return out + "<p>" + type_html(schema) + "</p>\n";
    std::vector<std::string> required;
    for (const Json& each : items(schema["required"])) required.push_back(each.text_or());
    out += "<table>\n";
    for (const auto& [name, property] : members(schema["properties"])) {
      const bool must = std::find(required.begin(), required.end(), name) != required.end();
      out += "<tr><td><code" + std::string(must ? " class=required" : "") + ">" + html_escape(name) +
             "</code></td><td>" + type_html(property) + "</td><td>" + line_of(property["description"].text_or()) +
             "</td></tr>\n";
    }
    return out + "</table>\n";
  }

  std::string content_html(const Json& content, const std::string& heading) const {
    std::string out;
    for (const auto& [type, media] : members(content)) {
      out += "<p>" + heading + " <code>" + html_escape(type) + "</code>: " + type_html(media["schema"]) + "</p>\n";
      if (media.contains("example")) out += example_html(media["example"]);
      for (const auto& [name, example] : members(media["examples"])) out += example_html(resolved(example)["value"]);
    }
    return out;
  }

  static std::string example_html(const Json& example) {
    const std::string text = example.is_string() ? example.string() : example.dump_pretty();
    return "<details><summary>Example</summary><pre>" + html_escape(text) + "</pre></details>\n";
  }

  std::string operation_html(const std::string& method, const std::string& path, const Json& methods,
                             const Json& operation) const {
    std::string shout;
    for (const char c : method) shout.push_back(static_cast<char>(c - 'a' + 'A'));
    std::string out = "<h3 id=\"" + text_of(operation["operationId"]) + "\">" + text_of(operation["summary"]) +
                      "</h3>\n<p><code><span class=method>" + html_escape(shout) + "</span><span class=path>" +
                      html_escape(path) + "</span></code></p>\n" + prose(operation["description"]);
    std::string rows;
    for (const Json* list : {&methods["parameters"], &operation["parameters"]}) {
      for (const Json& told : items(*list)) {
        const Json& parameter = resolved(told);
        rows += "<tr><td><code>" + text_of(parameter["name"]) + "</code></td><td class=quiet>" +
                text_of(parameter["in"]) + "</td><td>" + type_html(parameter["schema"]) + "</td><td>" +
                line_of(parameter["description"].text_or()) + "</td></tr>\n";
      }
    }
    if (!rows.empty()) out += "<table>\n" + rows + "</table>\n";
    out += content_html(resolved(operation["requestBody"])["content"], "Send");
    out += "<table>\n";
    std::string examples;
    for (const auto& [status, told] : members(operation["responses"])) {
      const Json& response = resolved(told);
      std::string types;
      for (const auto& [type, media] : members(response["content"])) types += type_html(media["schema"]) + " ";
      out += "<tr><td>" + html_escape(status) + "</td><td>" + line_of(response["description"].text_or()) + "</td><td>" +
             types + "</td></tr>\n";
      if (status.starts_with('2')) examples += content_html(response["content"], "Answer");
    }
    return out + "</table>\n" + examples;
  }

  const Json& document_;
};

}  // namespace

std::string documentation_page() {
  // Built in and read by a test of the document, so it cannot fail to parse here.
  const auto document = Json::parse(openapi_text());
  return document ? Page(*document).html() : std::string();
}

}  // namespace handoff::face::own
