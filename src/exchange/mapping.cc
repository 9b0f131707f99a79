#include "exchange/mapping.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/text.h"

namespace handoff::exchange {
namespace {

// Paths that every referral may have. Answers and details carry keys of their own and are known by their beginning.
const std::vector<std::string>& known_paths() {
  static const std::vector<std::string> paths{"id",
                                              "number",
                                              "version",
                                              "status",
                                              "priority",
                                              "notes",
                                              "createdAt",
                                              "updatedAt",
                                              "source.method",
                                              "source.name",
                                              "subStatus.code",
                                              "subStatus.label",
                                              "subStatus.category",
                                              "listing.name",
                                              "sender.name",
                                              "receiver.name",
                                              "recipient.name",
                                              "registrant.firstName",
                                              "registrant.middleName",
                                              "registrant.lastName",
                                              "registrant.birthDate",
                                              "registrant.gender",
                                              "registrant.preferredLanguage",
                                              "registrant.email",
                                              "registrant.address.line",
                                              "registrant.address.city",
                                              "registrant.address.province",
                                              "registrant.address.country",
                                              "registrant.address.postalCode",
                                              "registrant.phones.main",
                                              "registrant.phones.alternate",
                                              "requester.firstName",
                                              "requester.lastName",
                                              "requester.organization",
                                              "requester.phone",
                                              "requester.email",
                                              "appointment.id",
                                              "appointment.start",
                                              "appointment.durationMinutes",
                                              "appointment.timeZone",
                                              "appointment.location",
                                              "appointment.providerName"};
  return paths;
}

// The referral as rules see it: the API's JSON, the chosen appointment under its own name, and the names around it.
struct View {
  Json root = Json::object();
  std::optional<std::size_t> chosen;  // index of the appointment that "appointment.…" speaks of
};

View view_of(const referral::Snapshot& snapshot) {
  View view;
  const referral::Referral& referral = snapshot.referral;
  view.root = referral::to_json(referral);
  view.root.set("subStatus",
                Json::object({{"code", referral.sub_status},
                              {"label", snapshot.sub_status_label},
                              {"category", referral.category ? Json(referral::word(*referral.category)) : Json()}}));
  view.root.set("listing", Json::object({{"name", snapshot.listing ? Json(snapshot.listing->name) : Json()}}));
  view.root.set("sender", Json::object({{"name", snapshot.sender_name}}));
  view.root.set("receiver", Json::object({{"name", snapshot.receiver_name}}));
  const referral::Appointment* chosen = referral::chosen_appointment(referral.appointments, snapshot.taken_at);
  if (chosen != nullptr) {
    view.chosen = static_cast<std::size_t>(chosen - referral.appointments.data());
    view.root.set("appointment", referral::appointment_to_json(*chosen));
  }
  return view;
}

const Json* value_in(const Json& root, std::string_view path) {
  const Json* here = &root;
  while (!path.empty()) {
    // A form's keys are the clinic's own and may hold dots: the whole rest is a key before its parts are.
    if (const Json* whole = here->find(path)) return whole;
    const auto dot = path.find('.');
    const std::string_view name = path.substr(0, dot);
    if (here->is_array()) {
      const auto index = parse_int(name);
      if (!index || *index < 0 || static_cast<std::size_t>(*index) >= here->size()) return nullptr;
      here = &here->items()[static_cast<std::size_t>(*index)];
    } else {
      here = here->find(name);
      if (here == nullptr) return nullptr;
    }
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
  return here;
}

// The texts of a value: none where it is absent or blank, several for a list.
void texts_of(const Json& json, std::vector<std::string>& out) {
  if (json.is_string()) {
    if (!trim(json.string()).empty()) out.push_back(json.string());
  } else if (json.is_number()) {
    out.push_back(json.number_text());
  } else if (json.is_bool()) {
    out.push_back(json.boolean() ? "true" : "false");
  } else if (json.is_array()) {
    for (const Json& item : json.items()) texts_of(item, out);
  } else if (json.is_object()) {
    for (const auto& member : json.members()) texts_of(member.second, out);
  }
}

// "appointment.start" is told apart from other appointments by its index.
std::string datum_path(const View& view, std::string_view path) {
  constexpr std::string_view prefix = "appointment.";
  if (!view.chosen || !path.starts_with(prefix)) return std::string(path);
  return "appointments." + std::to_string(*view.chosen) + "." + std::string(path.substr(prefix.size()));
}

struct Piece {
  bool name = false;
  std::string text;
};
// "{a} and {b}" in pieces; "{{" is a brace.
std::optional<std::vector<Piece>> pieces_of(std::string_view text) {
  std::vector<Piece> pieces;
  std::string literal;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c == '{' || c == '}') && i + 1 < text.size() && text[i + 1] == c) {
      literal += c;
      ++i;
    } else if (c == '{') {
      const auto end = text.find('}', i);
      if (end == std::string_view::npos || end == i + 1) return {};
      if (!literal.empty()) pieces.push_back({false, std::exchange(literal, {})});
      pieces.push_back({true, std::string(trim(text.substr(i + 1, end - i - 1)))});
      i = end;
    } else if (c == '}') {
      return {};
    } else {
      literal += c;
    }
  }
  if (!literal.empty()) pieces.push_back({false, literal});
  return pieces;
}

std::vector<std::string> texts_at(const View& view, const MapContext& context, std::string_view name) {
  if (const auto variable = context.variables.find(name); variable != context.variables.end()) {
    if (variable->second.empty()) return {};
    return {variable->second};
  }
  std::vector<std::string> texts;
  if (const Json* value = value_in(view.root, name)) texts_of(*value, texts);
  return texts;
}

std::string one_space(std::string_view text) {
  std::string out;
  for (const char c : trim(text)) {
    if (c == ' ' && !out.empty() && out.back() == ' ') continue;
    out += c;
  }
  return out;
}

// What a source says, and which data it says it with.
struct Sourced {
  std::vector<std::string> texts;
  std::vector<std::string> paths;
};
Sourced read_source(const View& view, const MapContext& context, const std::string& source) {
  Sourced sourced;
  if (source.find('{') == std::string::npos) {
    sourced.texts = texts_at(view, context, source);
    if (!sourced.texts.empty()) sourced.paths.push_back(datum_path(view, source));
    return sourced;
  }
  std::string text;
  for (const Piece& piece : pieces_of(source).value_or(std::vector<Piece>{})) {
    if (!piece.name) {
      text += piece.text;
      continue;
    }
    const auto texts = texts_at(view, context, piece.text);
    if (texts.empty()) continue;
    text += join(texts, ", ");
    sourced.paths.push_back(datum_path(view, piece.text));
  }
  // A template whose names are all absent has no value: its own words alone say nothing about anybody.
  if (!sourced.paths.empty()) sourced.texts.push_back(one_space(text));
  return sourced;
}

std::optional<std::string> dated(std::string_view text, std::string_view format) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  std::string plain;
  if (const auto instant = parse_instant(text)) {
    plain = format_instant(instant->at, instant->offset);  // keeps the place's own clock
  } else if (Date::parse(text)) {
    plain = std::string(text) + "T00:00:00";
  } else {
    return {};
  }
  if (std::sscanf(plain.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d", &year, &month, &day, &hour, &minute, &second) != 6)
    return {};
  std::string out;
  char digits[8];
  const auto put = [&](const char* shape, int value) {
    std::snprintf(digits, sizeof digits, shape, value % 10000);
    out += digits;
  };
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      out += format[i];
      continue;
    }
    switch (format[++i]) {
      case 'Y': put("%04d", year); break;
      case 'm': put("%02d", month); break;
      case 'd': put("%02d", day); break;
      case 'H': put("%02d", hour); break;
      case 'M': put("%02d", minute); break;
      case 'S': put("%02d", second); break;
      default: out += format[i];
    }
  }
  return out;
}

std::string ascii_upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

// True where the result no longer says all that the text said: the note tells it then, too.
bool loses(const Transform& transform, std::string_view text) {
  if (transform.kind == Transform::Kind::digits) {
    return std::any_of(text.begin(), text.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
    });
  }
  if (transform.kind != Transform::Kind::date) return false;
  const bool instant = text.size() > 10;
  for (const char* part : {"%Y", "%m", "%d", "%H", "%M"}) {
    if (!instant && part[1] == 'H') break;
    if (transform.argument.find(part) == std::string::npos) return true;
  }
  return instant;  // the offset is never written
}

// Nothing where the text is not what the transform works on.
std::optional<std::string> transformed(const Transform& transform, const std::string& text) {
  switch (transform.kind) {
    case Transform::Kind::upper: return ascii_upper(text);
    case Transform::Kind::lower: return ascii_lower(text);
    case Transform::Kind::trim: return std::string(trim(text));
    case Transform::Kind::digits: {
      std::string out;
      for (const char c : text) {
        if (c >= '0' && c <= '9') out += c;
      }
      return out;
    }
    case Transform::Kind::date: return dated(text, transform.argument);
    case Transform::Kind::prefix: return transform.argument + text;
    case Transform::Kind::suffix: return text + transform.argument;
    case Transform::Kind::join: return text;
  }
  return text;
}

std::optional<Json> typed(ValueType type, const std::vector<std::string>& texts) {
  if (type == ValueType::list) {
    Json list = Json::array();
    for (const std::string& text : texts) list.push_back(text);
    return list;
  }
  const std::string text = join(texts, ", ");
  switch (type) {
    case ValueType::integer: {
      const auto number = parse_int(text);
      if (!number) return {};
      return Json(*number);
    }
    case ValueType::number: {
      const auto number = Json::parse(text);
      if (!number || !number->is_number()) return {};
      return *number;
    }
    case ValueType::boolean: {
      const std::string word = ascii_lower(text);
      if (word == "true" || word == "yes" || word == "1") return Json(true);
      if (word == "false" || word == "no" || word == "0") return Json(false);
      return {};
    }
    default: return Json(text);
  }
}

std::string name_of(const FieldRule& rule) { return rule.label.empty() ? rule.target : rule.label; }

// One rule on one referral.
class Field {
 public:
  Field(const FieldRule& rule, const View& view, const MapContext& context, Mapped& mapped)
      : rule_(rule), view_(view), context_(context), mapped_(mapped) {}

  void map() {
    Sourced sourced = read_source(view_, context_, rule_.source);
    const bool filled = context_.filled.contains(rule_.target);
    if (sourced.texts.empty() && rule_.fallback) sourced.texts.push_back(*rule_.fallback);
    if (sourced.texts.empty()) return absent(filled);
    // The destination keeps what it has; how the referral stands now is told in the note.
    if (context_.update && (rule_.write == WritePolicy::once || (rule_.write == WritePolicy::if_empty && filled)))
      return;
    bool whole = true;  // the field says all that its source says
    if (!change(sourced.texts, whole) || !translate(sourced.texts, whole)) return;
    if (sourced.texts.empty()) return;
    cut(sourced.texts, whole);
    auto value = typed(rule_.type, sourced.texts);
    if (!value) return warn("mapping.wrong_type", "is not of the kind its field takes; it stands in the note instead");
    mapped_.values.push_back({rule_.target, *std::move(value)});
    if (whole) mapped_.covered.insert(sourced.paths.begin(), sourced.paths.end());
  }

 private:
  void absent(bool filled) {
    if (rule_.required) {
      const std::string& who = context_.destination;
      mapped_.missing.push_back(
          {path_to_pointer(source_path(rule_)), "mapping.required",
           (who.empty() ? std::string("The destination") : who) + " needs \"" + name_of(rule_) + "\"."});
    }
    if (context_.update && filled && rule_.write == WritePolicy::always)
      mapped_.values.push_back({rule_.target, Json()});
  }

  bool change(std::vector<std::string>& texts, bool& whole) {
    for (const Transform& transform : rule_.transforms) {
      if (transform.kind == Transform::Kind::join) {
        texts = {join(texts, transform.argument)};
        continue;
      }
      for (std::string& text : texts) {
        auto changed = transformed(transform, text);
        if (!changed) {
          warn("mapping.not_a_date", "is not a date; it stands in the note instead");
          return false;
        }
        if (loses(transform, text)) whole = false;
        text = *std::move(changed);
      }
    }
    std::erase_if(texts, [](const std::string& text) { return text.empty(); });
    return true;
  }

  bool translate(std::vector<std::string>& texts, bool& whole) {
    if (rule_.values.empty()) return true;
    std::vector<std::string> kept;
    for (const std::string& text : texts) {
      auto found = rule_.values.find(text);
      if (found == rule_.values.end()) {
        whole = false;
        warn("mapping.unknown_value", "has a value that the destination has no word for; it stands in the note");
        found = rule_.values.find("*");
      }
      if (found != rule_.values.end()) kept.push_back(found->second);
    }
    texts = std::move(kept);
    return !texts.empty();
  }

  void cut(std::vector<std::string>& texts, bool& whole) {
    if (!rule_.length_max) return;
    if (rule_.type != ValueType::list) texts = {join(texts, ", ")};
    for (std::string& text : texts) {
      if (utf8_length(text) <= *rule_.length_max) continue;
      text = utf8_prefix(text, *rule_.length_max);
      whole = false;
      warn("mapping.cut", "is longer than the " + std::to_string(*rule_.length_max) +
                              " characters its field takes; the whole of it stands in the note");
    }
  }

  void warn(const char* code, const std::string& what) {
    mapped_.warnings.push_back({path_to_pointer(source_path(rule_)), code, "\"" + name_of(rule_) + "\" " + what + "."});
  }

  const FieldRule& rule_;
  const View& view_;
  const MapContext& context_;
  Mapped& mapped_;
};

// A datum is covered by its own path, or by the path of the whole value it is a part of.
bool is_covered(const Mapped& mapped, std::string_view path) {
  while (!path.empty()) {
    if (mapped.covered.contains(path)) return true;
    const auto dot = path.rfind('.');
    path = dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
  }
  return false;
}

void write_line(std::string& note, const referral::Datum& datum) {
  const std::string& value = datum.value.reveal();
  note += datum.label;
  if (value.find('\n') == std::string::npos) {
    note += datum.label.empty() ? value : ": " + value;
  } else {
    note += datum.label.empty() ? "" : ":";
    for (const std::string& line : split(value, '\n')) {
      if (!note.empty() && note.back() != '\n') note += '\n';
      note += "  " + std::string(trim(line));
    }
  }
  note += '\n';
}

std::string note_text(const std::vector<std::string>& notices, const std::vector<referral::Datum>& overflow) {
  std::string note;
  for (const std::string& notice : notices) note += notice + "\n";
  std::string section;
  bool first = note.empty();
  for (const referral::Datum& datum : overflow) {
    if (first || datum.section != section) {
      if (!note.empty()) note += '\n';
      if (!datum.section.empty()) note += datum.section + "\n";
      section = datum.section;
      first = false;
    }
    write_line(note, datum);
  }
  while (!note.empty() && note.back() == '\n') note.pop_back();
  return note;
}

bool cut_note(std::string& note, std::size_t length_max, bool summary_follows) {
  if (utf8_length(note) <= length_max) return false;
  const std::string closing =
      summary_follows ? "\n[…] The rest stands in the Referral Summary PDF." : "\n[…] The rest had no room here.";
  const std::size_t room = length_max - std::min(length_max, utf8_length(closing));
  note = utf8_prefix(note, room) + closing;
  if (utf8_length(note) > length_max) note = utf8_prefix(note, length_max);
  return true;
}

// "phoneMain" and "Phone (Home/Main)" as words with a space around each, so that whole words are compared.
std::string as_words(std::string_view text) {
  std::string out = " ";
  bool lower_before = false;
  for (const char c : text) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
    if (upper && lower_before && out.back() != ' ') out += ' ';
    if (upper || plain) {
      out += upper ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (out.back() != ' ') {
      out += ' ';
    }
    lower_before = plain;
  }
  if (out.back() != ' ') out += ' ';
  return out;
}

}  // namespace

Mapped map_referral(const Mapping& mapping, const referral::Snapshot& snapshot, const MapContext& context) {
  Mapped mapped;
  const View view = view_of(snapshot);
  mapped.covered = context.told;
  for (const FieldRule& rule : mapping.fields) Field(rule, view, context, mapped).map();
  for (referral::Datum& datum : referral::all_data(snapshot)) {
    if (!is_covered(mapped, datum.path) && !datum.value.reveal().empty()) mapped.overflow.push_back(std::move(datum));
  }
  if (!mapping.note) return mapped;
  mapped.note = note_text(context.notices, mapped.overflow);
  std::optional<std::size_t> length_max = mapping.note->length_max;
  if (context.note_length_max)
    length_max = std::min(length_max.value_or(*context.note_length_max), *context.note_length_max);
  if (length_max) mapped.note_cut = cut_note(mapped.note, *length_max, context.summary_follows);
  if (!mapped.note.empty()) {
    mapped.values.push_back({mapping.note->target, Json(mapped.note)});
  } else if (context.update && context.filled.contains(mapping.note->target)) {
    mapped.values.push_back({mapping.note->target, Json()});
  }
  return mapped;
}

std::string fill_template(std::string_view text, const referral::Snapshot* snapshot, const MapContext& context,
                          Encode encode) {
  std::string out;
  std::optional<View> view;
  for (const Piece& piece : pieces_of(text).value_or(std::vector<Piece>{})) {
    if (!piece.name) {
      out += piece.text;
      continue;
    }
    if (!view) view = snapshot == nullptr ? View{} : view_of(*snapshot);
    const std::string value = join(texts_at(*view, context, piece.text), ", ");
    out += encode == nullptr ? value : encode(value);
  }
  return out;
}

std::optional<std::vector<std::string>> template_names(std::string_view text) {
  const auto pieces = pieces_of(text);
  if (!pieces) return {};
  std::vector<std::string> names;
  for (const Piece& piece : *pieces) {
    if (piece.name) names.push_back(piece.text);
  }
  return names;
}

bool is_source_path(std::string_view path) {
  const auto& paths = known_paths();
  if (std::find(paths.begin(), paths.end(), path) != paths.end()) return true;
  for (const std::string_view open : {"answers.", "details."}) {
    if (path.starts_with(open) && path.size() > open.size()) return true;
  }
  return false;
}

std::optional<std::string> nearest_source_path(std::string_view path) { return nearest(path, known_paths()); }

std::string path_to_pointer(std::string_view path) {
  std::string pointer;
  if (path.starts_with("answers.")) return "/answers/" + pointer_escape(path.substr(8));
  for (const std::string& name : split(path, '.')) pointer += "/" + pointer_escape(name);
  return pointer;
}

std::string source_path(const FieldRule& rule) {
  if (rule.source.find('{') == std::string::npos) return rule.source;
  const auto names = template_names(rule.source);
  for (const std::string& name : names.value_or(std::vector<std::string>{})) {
    if (is_source_path(name)) return name;
  }
  return rule.source;
}

const FieldRule* rule_named(const Mapping& mapping, std::string_view key, std::string_view message) {
  for (const FieldRule& rule : mapping.fields) {
    if (!key.empty() && rule.target == key) return &rule;
  }
  const std::string words = as_words(message);
  const FieldRule* best = nullptr;
  std::size_t best_length = 0;
  for (const FieldRule& rule : mapping.fields) {
    std::vector<std::string> names = rule.aliases;
    names.push_back(rule.label);
    names.push_back(rule.target);
    for (const std::string& name : names) {
      const std::string wanted = as_words(name);
      if (wanted.size() <= 2 || wanted.size() <= best_length || words.find(wanted) == std::string::npos) continue;
      best = &rule;
      best_length = wanted.size();
    }
  }
  return best;
}

}  // namespace handoff::exchange
