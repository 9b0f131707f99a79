// What an answer means, from its status alone. One table for every connector, so that the same status is never somebody
// else's problem at another destination. No text made here repeats what the destination wrote, but for the message of
// a refusal of data, which is written for the person who mends it.
#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "exchange/connector.h"

namespace handoff::exchange {
namespace {

constexpr std::size_t message_characters_max = 1000;
constexpr std::chrono::milliseconds day = std::chrono::hours(24);

const std::string* header(const Reply& reply, std::string_view name) {
  for (const auto& [key, value] : reply.headers) {
    if (ascii_equal_fold(key, name)) return &value;
  }
  return nullptr;
}

std::optional<int> number_between(std::string_view text, int low, int high) {
  int value = 0;
  const auto done = std::from_chars(text.data(), text.data() + text.size(), value);
  if (done.ec != std::errc{} || done.ptr != text.data() + text.size() || value < low || value > high) return {};
  return value;
}

// "Sun, 06 Nov 1994 08:49:37 GMT", the one form of a date that HTTP still allows to be written.
std::optional<Instant> http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  text = trim(text);
  if (text.size() != 29 || text.substr(3, 2) != ", " || !text.ends_with(" GMT")) return {};
  const auto month = std::find(months.begin(), months.end(), text.substr(8, 3));
  const auto d = number_between(text.substr(5, 2), 1, 31);
  const auto y = number_between(text.substr(12, 4), 1970, 9999);
  const auto h = number_between(text.substr(17, 2), 0, 23);
  const auto m = number_between(text.substr(20, 2), 0, 59);
  const auto s = number_between(text.substr(23, 2), 0, 60);
  if (month == months.end() || !d || !y || !h || !m || !s) return {};
  const std::chrono::year_month_day date{std::chrono::year(*y),
                                         std::chrono::month(static_cast<unsigned>(month - months.begin()) + 1),
                                         std::chrono::day(static_cast<unsigned>(*d))};
  if (!date.ok()) return {};
  return Instant{std::chrono::sys_days(date)} + std::chrono::hours(*h) + minutes(*m) + seconds(*s);
}

std::string answered(const Reply& reply, std::string_view rest) {
  return "The destination answered " + std::to_string(reply.status) + ": " + std::string(rest);
}

Verdict retry(const Reply& reply, Instant now, std::string_view rest) {
  return RetryLater{answered(reply, rest), retry_after(reply, now)};
}

Verdict misconfigured(const Reply& reply, const char* code, std::string_view rest) {
  return Misconfigured{code, answered(reply, rest)};
}

// A page where data was expected is the work of something between us and the destination: a proxy, a sign-in page.
bool is_page(const Reply& reply) {
  const std::string* type = header(reply, "content-type");
  if (type != nullptr && ascii_lower(*type).find("html") != std::string::npos) return true;
  const std::string_view start = trim(std::string_view(reply.body).substr(0, 64));
  return ascii_lower(start).starts_with("<!doctype html") || ascii_lower(start).starts_with("<html");
}

Verdict of_success(const Reply& reply, Expect expect) {
  if (reply.truncated) return Unknown{answered(reply, "but the answer breaks off.")};
  if (expect == Expect::json && !trim(reply.body).empty()) {
    if (is_page(reply)) return Unknown{answered(reply, "with a web page instead of data.")};
    if (!Json::parse(reply.body)) return Unknown{answered(reply, "but the answer is not JSON.")};
  }
  return StepDone{};
}

Verdict of_refusal(const Reply& reply, Instant now) {
  switch (reply.status) {
    case 400:
    case 422: {
      std::string message = message_of(reply, {});
      if (message.empty()) message = answered(reply, "it refused the data without saying why.");
      return NeedsData{std::move(message), std::nullopt};
    }
    case 401: return misconfigured(reply, "destination.unauthorized", "the credentials are not accepted.");
    case 403: return misconfigured(reply, "destination.forbidden", "the credentials do not allow this.");
    case 404: return misconfigured(reply, "destination.address_not_found", "there is nothing at this address.");
    case 405: return misconfigured(reply, "destination.method_not_allowed", "the address does not take this request.");
    case 406: return misconfigured(reply, "destination.not_acceptable", "it cannot answer in the form asked for.");
    case 408: return retry(reply, now, "the request took too long to arrive.");
    case 409:
      if (ascii_lower(reply.body).find("duplicate") != std::string::npos) return StepDone{};
      return NeedsPerson{"destination.conflict", answered(reply, "what it holds contradicts what was sent.")};
    case 410: return Gone{answered(reply, "the receiver is gone for good.")};
    case 412:
      return NeedsPerson{"destination.version_conflict", answered(reply, "its record was changed in the meantime.")};
    case 413: return TooLarge{answered(reply, "what was sent is too large for it.")};
    case 415: return misconfigured(reply, "destination.media_type", "it does not take this kind of content.");
    case 425: return retry(reply, now, "the request came too early.");
    case 429: return retry(reply, now, "too many requests.");
    default:
      return NeedsPerson{"destination.refused", answered(reply, "it refused for a reason that nothing here can mend.")};
  }
}

Verdict of_failure(const Reply& reply, Instant now) {
  switch (reply.status) {
    case 501: return misconfigured(reply, "destination.not_implemented", "it does not know this request.");
    case 505: return misconfigured(reply, "destination.http_version", "it does not speak this version of HTTP.");
    case 506:
    case 510: return misconfigured(reply, "destination.negotiation", "it is set up for another kind of request.");
    case 511: return misconfigured(reply, "destination.network_sign_in", "the network asks for a sign-in first.");
    case 502:
    case 504: return retry(reply, now, "something in front of it could not reach it.");
    case 503: return retry(reply, now, "it is not available at the moment.");
    // 500, 507, 508 and the numbers that proxies invented: trouble over there that passes or is mended there.
    default: return retry(reply, now, "it had an error of its own.");
  }
}

// One line that is safe to show: no control characters, bounded.
std::string presentable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool blank = byte < 0x20 || byte == 0x7F;
    if (blank && (out.empty() || out.back() == ' ')) continue;
    out += blank ? ' ' : c;
  }
  out = std::string(trim(out));
  if (utf8_length(out) <= message_characters_max) return out;
  return utf8_prefix(out, message_characters_max) + "…";
}

// A message may be a text, a list of texts, or a list of objects that carry one.
std::string message_in(const Json& json) {
  if (json.is_string()) return json.string();
  if (json.is_array()) {
    std::vector<std::string> parts;
    for (const Json& item : json.items()) {
      std::string part = message_in(item);
      if (!part.empty() && std::find(parts.begin(), parts.end(), part) == parts.end()) parts.push_back(std::move(part));
    }
    return join(parts, " ");
  }
  for (const char* key : {"message", "detail", "description", "reason", "error_description", "title"}) {
    if (const Json* found = json.find(key)) {
      std::string text = message_in(*found);
      if (!text.empty()) return text;
    }
  }
  return {};
}

}  // namespace

const Json* at_pointer(const Json& json, std::string_view pointer) {
  if (pointer.empty()) return &json;
  if (pointer.front() != '/') return nullptr;
  const Json* here = &json;
  for (const std::string& raw : split(pointer.substr(1), '/')) {
    std::string name;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      const bool escape = raw[i] == '~' && i + 1 < raw.size();
      name += !escape ? raw[i] : raw[i + 1] == '1' ? '/' : '~';
      if (escape) ++i;
    }
    if (here->is_array()) {
      const auto index = parse_int(name);
      if (!index || *index < 0 || static_cast<std::size_t>(*index) >= here->size()) return nullptr;
      here = &here->items()[static_cast<std::size_t>(*index)];
    } else {
      here = here->find(name);
      if (here == nullptr) return nullptr;
    }
  }
  return here;
}

std::string message_of(const Reply& reply, const std::vector<std::string>& pointers) {
  const std::string_view body = trim(reply.body);
  if (body.empty() || !is_utf8(body)) return {};
  const Result<Json> json = Json::parse(body);
  if (json) {
    for (const std::string& pointer : pointers) {
      const Json* found = at_pointer(*json, pointer);
      const std::string text = found == nullptr ? std::string() : message_in(*found);
      if (!text.empty()) return presentable(text);
    }
    for (const char* pointer : {"", "/error", "/errors"}) {
      const Json* found = at_pointer(*json, pointer);
      const std::string text = found == nullptr ? std::string() : message_in(*found);
      if (!text.empty()) return presentable(text);
    }
    return {};
  }
  // Plain words are a message; a page, XML or half a JSON object is not.
  if (is_page(reply) || body.front() == '<' || body.front() == '{' || body.front() == '[') return {};
  return presentable(body);
}

std::optional<std::chrono::milliseconds> retry_after(const Reply& reply, Instant now) {
  const std::string* value = header(reply, "retry-after");
  if (value == nullptr) return {};
  const std::string_view text = trim(*value);
  const bool digits =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits) {
    // More digits than a day has seconds are more than a day; the bound keeps them out of the arithmetic.
    const auto count = text.size() > 9 ? std::optional<std::int64_t>(1'000'000'000) : parse_int(text);
    return std::min<std::chrono::milliseconds>(seconds(*count), day);
  }
  const auto date = http_date(text);
  if (!date) return {};
  return std::clamp<std::chrono::milliseconds>(*date - now, std::chrono::milliseconds(0), day);
}

Verdict verdict_of(const Reply& reply, Instant now, Expect expect) {
  // `problem` is the transport's own text and is shown as it is; a transport puts no address with a secret into it.
  if (reply.outcome == Reply::Outcome::not_sent) {
    return RetryLater{reply.problem.empty() ? "The destination could not be reached." : reply.problem, std::nullopt};
  }
  if (reply.outcome == Reply::Outcome::unknown) {
    return Unknown{reply.problem.empty() ? "The request was sent, and no answer came." : reply.problem};
  }
  if (reply.status >= 200 && reply.status < 300) return of_success(reply, expect);
  if (reply.status >= 300 && reply.status < 400) {
    return misconfigured(reply, "destination.redirects", "it points to another address, which is not followed.");
  }
  if (reply.status >= 400 && reply.status < 500) return of_refusal(reply, now);
  if (reply.status >= 500 && reply.status < 600) return of_failure(reply, now);
  return Unknown{answered(reply, "which is not a final answer.")};
}

Verdict verdict_of(const Error& error) {
  switch (error.kind) {
    case Kind::conflict: return NeedsPerson{error.code, error.for_caller};
    case Kind::invalid_input:
      return NeedsData{error.for_caller,
                       error.faults.empty() ? std::nullopt : std::optional(error.faults.front().pointer)};
    case Kind::unavailable: return RetryLater{error.for_caller, std::nullopt};
    default: return Misconfigured{error.code, error.for_caller, "put that right"};
  }
}

Progress carried_over(const Progress& earlier) {
  Progress next;
  for (const char* key : {"remoteId", "sent", "filled"}) {
    if (const Json* value = earlier.data.find(key)) next.data.set(key, *value);
  }
  return next;
}

const char* verdict_word(const Verdict& verdict) {
  struct Word {
    const char* operator()(const StepDone&) const { return "done"; }
    const char* operator()(const RetryLater&) const { return "retry_later"; }
    const char* operator()(const NeedsData&) const { return "needs_data"; }
    const char* operator()(const Misconfigured&) const { return "misconfigured"; }
    const char* operator()(const NeedsPerson&) const { return "needs_person"; }
    const char* operator()(const Gone&) const { return "gone"; }
    const char* operator()(const TooLarge&) const { return "too_large"; }
    const char* operator()(const Unknown&) const { return "unknown"; }
  };
  return std::visit(Word{}, verdict);
}

}  // namespace handoff::exchange
