// Answering a query: which records to look at, which of them fit, in what order, a page at a time.
#include <algorithm>
#include <cmath>
#include <map>

#include "base/text.h"
#include "face/salesforce/handlers.h"
#include "face/salesforce/soql.h"
#include "face/salesforce/view.h"
#include "record/record_id.h"
#include "record/value.h"

namespace handoff::face::salesforce {
namespace {

using record::Field;
using record::FieldType;
using record::Found;
using record::Object;

constexpr std::size_t looked_through_max = 50'000, page_fallback = 2000, page_least = 200, page_most = 2000;
constexpr std::size_t locator_query_max = 8'000;
constexpr std::string_view locator_prefix = "01g", locator_context = "salesforce query locator";

// The name of the object behind a reference that may name several.
constexpr Field type_of_parent{"Type", "Type", FieldType::text, 80, record::read_only, "", ""};

struct Path {
  std::vector<const Field*> parents;
  const Field* field = nullptr;
  std::vector<std::string> names;  // as the query spells them
};

struct Condition {
  SoqlCondition::Kind kind;
  std::vector<Condition> parts;
  Path path;
  SoqlOperator op = SoqlOperator::equal;
  const std::vector<SoqlValue>* values = nullptr;
};

struct Prepared {
  const Object* object = nullptr;
  std::vector<Path> select;
  std::optional<Condition> where;
  std::vector<Path> order;
};

Error column_error(std::string_view text, std::size_t at, const std::string& sentence) {
  return Error{Kind::invalid_input, "salesforce.unknown_column", soql_place(text, at, sentence), {}, {}};
}

// --- from names to fields

class Resolver {
 public:
  Resolver(std::string_view text, const Soql& query) : text_(text), query_(query) {}

  Result<Prepared> run() {
    Prepared out;
    out.object = record::find_object(query_.object);
    if (out.object == nullptr) {
      return Error{Kind::invalid_input,
                   "salesforce.unknown_object",
                   soql_place(text_, query_.object_at, "sObject type '" + query_.object + "' is not supported."),
                   {},
                   {}};
    }
    object_ = out.object;
    for (const auto& each : query_.select) out.select.push_back(HANDOFF_TRY(path(each)));
    if (query_.where) out.where = HANDOFF_TRY(condition(*query_.where));
    for (const auto& each : query_.order) {
      out.order.push_back(HANDOFF_TRY(path(each.path)));
      HANDOFF_TRY(filterable(out.order.back(), each.path, "sorted"));
    }
    return out;
  }

 private:
  Result<Path> path(const SoqlPath& from) {
    Path out;
    out.names = from.names;
    std::vector<const Object*> objects{object_};
    for (std::size_t i = 0; i + 1 < from.names.size(); ++i) {
      const Field* parent = nullptr;
      for (const Object* object : objects) {
        if (parent == nullptr) parent = record::find_parent(*object, from.names[i]);
      }
      std::vector<const Object*> next;
      if (parent) {
        for (const auto& name : record::words_of(parent->values)) {
          if (const Object* object = record::find_object(name)) next.push_back(object);
        }
      }
      if (next.empty()) {
        return column_error(text_, from.at,
                            "Didn't understand relationship '" + from.names[i] +
                                "' in field path. "
                                "describe lists the relationships there are.");
      }
      out.parents.push_back(parent);
      objects = std::move(next);
    }
    const std::string& name = from.names.back();
    if (objects.size() > 1 && ascii_equal_fold(name, "Type")) {
      out.field = &type_of_parent;
      return out;
    }
    for (const Object* object : objects) {
      if (out.field == nullptr) out.field = record::find_field(*object, name);
    }
    if (out.field == nullptr) {
      return column_error(text_, from.at,
                          "No such column '" + name + "' on entity '" +
                              (objects.size() == 1 ? objects.front()->name : "Name") +
                              "'. If you are attempting to use a custom field, be sure to append the '__c' after the "
                              "custom field name. Please reference your WSDL or the describe call for the appropriate "
                              "names.");
    }
    return out;
  }

  Result<void> filterable(const Path& path, const SoqlPath& from, const char* how) {
    if (!(path.field->use & record::not_filterable)) return {};
    return column_error(text_, from.at,
                        "field '" + std::string(path.field->name) + "' can not be " + how + " in a query call");
  }

  Result<Condition> condition(const SoqlCondition& from) {
    Condition out{from.kind, {}, {}, from.op, &from.values};
    for (const auto& part : from.parts) out.parts.push_back(HANDOFF_TRY(condition(part)));
    if (from.kind != SoqlCondition::Kind::compare) return out;
    out.path = HANDOFF_TRY(path(from.path));
    HANDOFF_TRY(filterable(out.path, from.path, "filtered"));
    const bool parts = from.op == SoqlOperator::includes || from.op == SoqlOperator::excludes;
    if (parts && out.path.field->type != FieldType::multi_picklist)
      return column_error(text_, from.path.at, "INCLUDES and EXCLUDES are for multi-select picklists");
    for (const auto& value : from.values) HANDOFF_TRY(fits(out.path, from, value));
    return out;
  }

  Result<void> fits(const Path& path, const SoqlCondition& from, const SoqlValue& value) {
    using K = SoqlValue::Kind;
    if (value.kind == K::null) {
      if (from.op == SoqlOperator::like) return column_error(text_, value.at, "LIKE needs a text");
      return {};
    }
    const char* wanted = "string and should be enclosed in quotes";
    bool good = value.kind == K::text;
    switch (path.field->type) {
      case FieldType::boolean:
        wanted = "boolean and should not be enclosed in quotes";
        good = value.kind == K::boolean;
        break;
      case FieldType::number:
        wanted = "double and should not be enclosed in quotes";
        good = value.kind == K::number;
        break;
      case FieldType::date:
        wanted = "date and should not be enclosed in quotes";
        good = value.kind == K::date || value.kind == K::literal;
        break;
      case FieldType::date_time:
        wanted = "dateTime and should not be enclosed in quotes";
        good = value.kind == K::date_time || value.kind == K::literal;
        break;
      case FieldType::id:
      case FieldType::reference:
        if (good && !value.text.empty() && !record::has_id_form(value.text)) {
          return Error{Kind::invalid_input,
                       "salesforce.unknown_column",
                       soql_place(text_, value.at, "invalid ID field: " + value.text),
                       {},
                       {}};
        }
        break;
      default: break;
    }
    if (good && from.op == SoqlOperator::like && value.kind != K::text) good = false;
    if (good) return {};
    return column_error(
        text_, value.at,
        "value of filter criterion for field '" + std::string(path.field->name) + "' must be of type " + wanted);
  }

  std::string_view text_;
  const Soql& query_;
  const Object* object_ = nullptr;
};

// --- comparing

struct Span {  // from … to, `to` not included
  Instant from, to;
};

Span span_of(const SoqlValue& literal, Instant now) {
  using namespace std::chrono;
  const auto today = floor<days>(now);
  const year_month_day date{today};
  const auto whole = [](sys_days from, sys_days to) { return Span{from, to}; };
  const auto month = [&](int shift) {
    const year_month first = date.year() / date.month() + months{shift};
    return whole(sys_days{first / 1}, sys_days{(first + months{1}) / 1});
  };
  const auto this_year = [&](int shift) {
    const year first = date.year() + years{shift};
    return whole(sys_days{first / 1 / 1}, sys_days{(first + years{1}) / 1 / 1});
  };
  const auto week = [&](int shift) {  // from Sunday on, as in the locale that identity() tells
    const auto sunday = today - days{weekday{today}.c_encoding()} + days{7 * shift};
    return whole(sunday, sunday + days{7});
  };
  const std::string& word = literal.text;
  if (word == "YESTERDAY") return whole(today - days{1}, today);
  if (word == "TOMORROW") return whole(today + days{1}, today + days{2});
  if (word == "THIS_WEEK") return week(0);
  if (word == "LAST_WEEK") return week(-1);
  if (word == "NEXT_WEEK") return week(1);
  if (word == "THIS_MONTH") return month(0);
  if (word == "LAST_MONTH") return month(-1);
  if (word == "NEXT_MONTH") return month(1);
  if (word == "THIS_YEAR") return this_year(0);
  if (word == "LAST_YEAR") return this_year(-1);
  if (word == "NEXT_YEAR") return this_year(1);
  const std::int64_t count = word.ends_with("90_DAYS") ? 90 : literal.count;
  if (word.starts_with("LAST_")) return whole(today - days{count}, today + days{1});
  if (word.starts_with("NEXT_")) return whole(today + days{1}, today + days{1 + count});
  return whole(today, today + days{1});
}

// What LIKE reads as marks is plain text everywhere else.
std::string plain_text(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

std::optional<Instant> instant_of(const Json& value) {
  const std::string text = value.text_or();
  if (const auto at = record::read_date_time(text)) return at;
  if (!Date::parse(text)) return std::nullopt;
  return record::read_date_time(text + "T00:00:00Z");
}

class Judge {
 public:
  explicit Judge(Instant now) : now_(now) {}

  bool compare(const Json& value, const Field& field, SoqlOperator op, const std::vector<SoqlValue>& values) const {
    using O = SoqlOperator;
    switch (op) {
      case O::in:
        return std::any_of(values.begin(), values.end(), [&](const auto& v) { return equal(value, field, v); });
      case O::not_in:
        return std::none_of(values.begin(), values.end(), [&](const auto& v) { return equal(value, field, v); });
      case O::equal: return equal(value, field, values.front());
      case O::not_equal: return !equal(value, field, values.front());
      case O::like: return value.is_string() && soql_like(value.string(), values.front().text);
      case O::includes: return includes(value, values);
      case O::excludes: return !includes(value, values);
      case O::less:
      case O::at_most:
      case O::more:
      case O::at_least: break;
    }
    if (value.is_null() || values.front().kind == SoqlValue::Kind::null) return false;
    const auto [low, high] = order(value, field, values.front());
    switch (op) {
      case O::less: return low < 0;
      case O::at_most: return high <= 0;
      case O::more: return high > 0;
      default: return low >= 0;
    }
  }

 private:
  bool equal(const Json& value, const Field& field, const SoqlValue& given) const {
    if (given.kind == SoqlValue::Kind::null) return value.is_null();
    if (value.is_null()) return given.kind == SoqlValue::Kind::text && given.text.empty();
    if (given.kind == SoqlValue::Kind::boolean) return value.bool_or(false) == (given.text == "true");
    if (field.type == FieldType::id || field.type == FieldType::reference) {
      const auto ids = record::stored_ids(given.text);
      const std::string stored = record::registered_id(value.text_or());
      return std::find(ids.begin(), ids.end(), stored) != ids.end();
    }
    const auto [low, high] = order(value, field, given);
    return low >= 0 && high <= 0;
  }

  // The value against the beginning and the end of what is given: -1, 0, 1 each; both the same but for a span.
  std::pair<int, int> order(const Json& value, const Field& field, const SoqlValue& given) const {
    const auto sign = [](auto a, auto b) { return a < b ? -1 : b < a ? 1 : 0; };
    switch (given.kind) {
      case SoqlValue::Kind::number: {
        const auto number = Json::parse(given.text.starts_with('+') ? given.text.substr(1) : given.text);
        const int one = sign(value.real().value_or(NAN), number ? number->real().value_or(NAN) : NAN);
        return {one, one};
      }
      case SoqlValue::Kind::date:
      case SoqlValue::Kind::date_time: {
        const auto at = instant_of(value), wanted = instant_of(Json(given.text));
        const int one = at && wanted ? sign(*at, *wanted) : -1;
        return {one, one};
      }
      case SoqlValue::Kind::literal: {
        const auto at = instant_of(value);
        if (!at) return {-1, -1};
        const Span span = span_of(given, now_);
        return {sign(*at, span.from) < 0 ? -1 : 0, *at < span.to ? (*at < span.from ? -1 : 0) : 1};
      }
      default: break;
    }
    (void)field;
    const int one = sign(ascii_lower(value.text_or()), ascii_lower(plain_text(given.text)));
    return {one, one};
  }

  static bool includes(const Json& value, const std::vector<SoqlValue>& values) {
    const auto has = split(value.text_or(), ';');
    return std::any_of(values.begin(), values.end(), [&](const SoqlValue& each) {
      const auto wanted = split(plain_text(each.text), ';');
      return std::all_of(wanted.begin(), wanted.end(),
                         [&](const auto& one) { return std::find(has.begin(), has.end(), one) != has.end(); });
    });
  }

  Instant now_;
};

// --- running

struct Match {
  std::string id;  // stored
  std::vector<Json> order;
};

class Run {
 public:
  Run(Call& call, const Soql& soql, Prepared prepared)
      : call_(call), soql_(soql), prepared_(std::move(prepared)), view_(call), judge_(call.now()) {}

  Result<void> prepare() { return view_.prepare(); }

  // Every record that fits and was there at `until`; no more than `enough`.
  Result<std::vector<Match>> matches(std::optional<Instant> until, std::size_t enough) {
    std::vector<Match> out;
    std::size_t looked = 0;
    const auto take = [&](std::vector<Found> piece) -> Result<bool> {
      looked += piece.size();
      if (looked > looked_through_max) {
        return Error{Kind::invalid_input,
                     "salesforce.query_too_wide",
                     "Your query request was running for too long: it would look through more than " +
                         std::to_string(looked_through_max) +
                         " records. Narrow it by an id, a reference, an identifier or SystemModstamp.",
                     {},
                     {}};
      }
      std::erase_if(piece, [&](const Found& each) {
        return each.record.object != prepared_.object || (until && each.record.created_at > *until);
      });
      HANDOFF_TRY(load_parents(piece, condition_paths()));
      for (const Found& found : piece) {
        if (prepared_.where && !HANDOFF_TRY(fits(found, *prepared_.where))) continue;
        Match match{found.record.id, {}};
        for (const auto& path : prepared_.order) match.order.push_back(value(found, path));
        out.push_back(std::move(match));
        if (out.size() >= enough) return false;
      }
      return true;
    };
    HANDOFF_TRY(each(take));
    std::sort(out.begin(), out.end(), [&](const Match& a, const Match& b) { return before(a, b); });
    return out;
  }

  Result<Json> show(const std::vector<Match>& page) {
    std::vector<std::string> ids;
    for (const auto& match : page) ids.push_back(record::shown_id(match.id));
    auto found = HANDOFF_TRY(call_.parts.records.by_ids(call_.organization(), ids));
    std::vector<const Path*> paths;
    for (const auto& path : prepared_.select) paths.push_back(&path);
    HANDOFF_TRY(load_parents(found, paths));
    std::map<std::string, const Found*> by_id;
    for (const auto& each : found) by_id[each.record.id] = &each;
    Json out = Json::array();
    for (const auto& match : page) {
      const auto at = by_id.find(match.id);
      if (at != by_id.end()) out.push_back(shown(*at->second));
    }
    HANDOFF_TRY(call_.looked_at("record.read", "record", std::move(ids)));
    return out;
  }

  const Object& object() const { return *prepared_.object; }

 private:
  // What narrows the records to look at, of conditions that all must hold: an id, a key, a time of change.
  struct Narrowed {
    const Condition* ids = nullptr;
    const Condition* key = nullptr;
    std::optional<Instant> since;
  };
  void narrow(const Condition& condition, Narrowed& into) const {
    if (condition.kind == SoqlCondition::Kind::all) {
      for (const auto& part : condition.parts) narrow(part, into);
      return;
    }
    if (condition.kind != SoqlCondition::Kind::compare || !condition.path.parents.empty()) return;
    const Field& field = *condition.path.field;
    const std::string_view name = field.name;
    const auto& values = *condition.values;
    const bool equals = (condition.op == SoqlOperator::equal || condition.op == SoqlOperator::in) &&
                        std::all_of(values.begin(), values.end(), [](const SoqlValue& each) {
                          return each.kind == SoqlValue::Kind::text && !each.text.empty();
                        });
    if (equals && name == "Id") into.ids = &condition;
    if (equals && (field.use & record::keyed)) into.key = &condition;
    const bool later = condition.op == SoqlOperator::more || condition.op == SoqlOperator::at_least ||
                       condition.op == SoqlOperator::equal;
    if (later && (name == "SystemModstamp" || name == "LastModifiedDate") &&
        values.front().kind != SoqlValue::Kind::null) {
      into.since = values.front().kind == SoqlValue::Kind::literal
                       ? std::optional(span_of(values.front(), call_.now()).from)
                       : instant_of(Json(values.front().text));
    }
  }

  Result<void> each(const std::function<Result<bool>(std::vector<Found>)>& take) {
    Narrowed narrowed;
    if (prepared_.where) narrow(*prepared_.where, narrowed);
    const OrganizationId& organization = call_.organization();
    if (narrowed.ids) {
      std::vector<std::string> ids;
      for (const auto& each : *narrowed.ids->values) ids.push_back(each.text);
      HANDOFF_TRY(take(HANDOFF_TRY(call_.parts.records.by_ids(organization, ids))));
      return {};
    }
    if (narrowed.key) {
      const Field& field = *narrowed.key->path.field;
      std::vector<std::string> keys;
      for (const auto& each : *narrowed.key->values) {
        if (field.type == FieldType::reference) {
          for (auto& stored : record::stored_ids(each.text)) keys.push_back(std::move(stored));
        } else {
          keys.push_back(record::key_of(field, plain_text(each.text)));
        }
      }
      HANDOFF_TRY(take(HANDOFF_TRY(call_.parts.records.by_key(organization, object().name, field.name, keys))));
      return {};
    }
    return call_.parts.records.each(organization, object().name, narrowed.since, take);
  }

  std::vector<const Path*> condition_paths() const {
    std::vector<const Path*> out;
    if (prepared_.where) add_paths(*prepared_.where, out);
    for (const auto& path : prepared_.order) out.push_back(&path);
    return out;
  }
  static void add_paths(const Condition& condition, std::vector<const Path*>& into) {
    if (condition.path.field) into.push_back(&condition.path);
    for (const auto& part : condition.parts) add_paths(part, into);
  }

  // The records that paths lead through, level by level.
  Result<void> load_parents(const std::vector<Found>& from, const std::vector<const Path*>& paths) {
    std::size_t depth = 0;
    for (const Path* path : paths) depth = std::max(depth, path->parents.size());
    for (std::size_t level = 0; level < depth; ++level) {
      std::vector<std::string> ids;
      for (const Path* path : paths) {
        if (path->parents.size() <= level) continue;
        for (const Found& found : from) {
          const Found* at = walk(found, *path, level);
          if (at == nullptr) continue;
          const Json id = at->record.field(path->parents[level]->name);
          if (id.is_string() && !parents_.contains(record::registered_id(id.string()))) ids.push_back(id.string());
        }
      }
      if (ids.empty()) continue;
      for (auto& found : HANDOFF_TRY(call_.parts.records.by_ids(call_.organization(), ids))) {
        std::string id = found.record.id;
        parents_.insert_or_assign(std::move(id), std::move(found));
      }
    }
    return {};
  }

  // The record after `steps` parents; nullptr where one is missing.
  const Found* walk(const Found& from, const Path& path, std::size_t steps) const {
    const Found* at = &from;
    for (std::size_t i = 0; i < steps; ++i) {
      const Json& id = at->record.field(path.parents[i]->name);
      const auto next = id.is_string() ? parents_.find(record::registered_id(id.string())) : parents_.end();
      if (next == parents_.end()) return nullptr;
      at = &next->second;
    }
    return at;
  }

  Json value(const Found& from, const Path& path) const {
    return value_at(walk(from, path, path.parents.size()), path);
  }
  Json value_at(const Found* at, const Path& path) const {
    if (at == nullptr) return nullptr;
    if (path.field == &type_of_parent) return Json(at->record.object->name);
    const Field* field = record::find_field(*at->record.object, path.field->name);
    return field ? view_.value(*at, *field) : Json();
  }

  Result<bool> fits(const Found& found, const Condition& condition) const {
    switch (condition.kind) {
      case SoqlCondition::Kind::all:
        for (const auto& part : condition.parts) {
          if (!HANDOFF_TRY(fits(found, part))) return false;
        }
        return true;
      case SoqlCondition::Kind::any:
        for (const auto& part : condition.parts) {
          if (HANDOFF_TRY(fits(found, part))) return true;
        }
        return false;
      case SoqlCondition::Kind::none: return !HANDOFF_TRY(fits(found, condition.parts.front()));
      case SoqlCondition::Kind::compare: break;
    }
    return judge_.compare(value(found, condition.path), *condition.path.field, condition.op, *condition.values);
  }

  bool before(const Match& a, const Match& b) const {
    for (std::size_t i = 0; i < prepared_.order.size(); ++i) {
      const SoqlOrder& rule = soql_.order[i];
      const Json &left = a.order[i], &right = b.order[i];
      if (left.is_null() || right.is_null()) {
        if (left.is_null() == right.is_null()) continue;
        return left.is_null() != rule.nulls_last;
      }
      const int sign = compare(left, right);
      if (sign != 0) return (sign < 0) != rule.descending;
    }
    return a.id < b.id;
  }
  static int compare(const Json& a, const Json& b) {
    if (a.is_number() && b.is_number()) {
      const double x = a.real().value_or(0), y = b.real().value_or(0);
      return x < y ? -1 : y < x ? 1 : 0;
    }
    if (a.is_bool() && b.is_bool()) return static_cast<int>(a.boolean()) - static_cast<int>(b.boolean());
    // Dates and times are written so that their texts sort as they do.
    return ascii_lower(a.text_or()).compare(ascii_lower(b.text_or()));
  }

  Json shown(const Found& found) const {
    Json out = Json::object({{"attributes", view_.attributes(found)}});
    for (const auto& path : prepared_.select) {
      if (path.parents.empty()) {
        out.set(path.field->name, value(found, path));
        continue;
      }
      Json* into = &out;
      const Found* at = &found;
      for (std::size_t i = 0; i < path.parents.size() && into; ++i) {
        at = walk(found, path, i + 1);
        const std::string name = path.parents[i]->parent;
        if (at == nullptr) {
          if (!into->contains(name)) into->set(name, nullptr);
          into = nullptr;
        } else {
          if (!(*into)[name].is_object()) into->set(name, Json::object({{"attributes", view_.attributes(*at)}}));
          into = member(*into, name);
        }
      }
      if (into) into->set(path.field->name, value_at(at, path));
    }
    return out;
  }
  static Json* member(Json& object, const std::string& name) {
    for (auto& [key, value] : object.members()) {
      if (key == name) return &value;
    }
    return nullptr;
  }

  Call& call_;
  const Soql& soql_;
  Prepared prepared_;
  View view_;
  Judge judge_;
  std::map<std::string, Found> parents_;
};

// --- pages

struct Page {
  std::string query;
  std::optional<Instant> until;  // records made later are not of this result
  std::string after;             // stored id of the last one shown, where there is no order
  std::size_t shown = 0;         // how many have been shown
  std::size_t size = page_fallback;
};

Result<std::string> locator_of(Call& call, const Page& page) {
  if (page.query.size() > locator_query_max) {
    return Error{Kind::invalid_input,
                 "salesforce.malformed_query",
                 "A query of more than " + std::to_string(locator_query_max) +
                     " characters is answered in one page only: narrow it, or give it a LIMIT.",
                 {},
                 {}};
  }
  const Json told = Json::object({{"q", page.query},
                                  {"o", call.organization().text()},
                                  {"u", to_ms(*page.until)},
                                  {"a", page.after},
                                  {"n", page.shown},
                                  {"s", page.size}});
  // Sealed, because a query may carry names and a path stands in many a log.
  std::string sealed = call.parts.key.seal(Secret(told.dump()), locator_context, call.parts.random);
  std::replace(sealed.begin(), sealed.end(), '+', '~');
  std::replace(sealed.begin(), sealed.end(), '/', '_');
  return std::string(locator_prefix) + sealed + "-" + std::to_string(page.shown);
}

Error bad_locator() { return Error{Kind::invalid_input, "salesforce.bad_locator", "invalid query locator", {}, {}}; }

Result<Page> page_of(Call& call, const std::string& locator) {
  const auto dash = locator.rfind('-');
  if (!locator.starts_with(locator_prefix) || dash == std::string::npos || dash < locator_prefix.size())
    return bad_locator();
  std::string sealed = locator.substr(locator_prefix.size(), dash - locator_prefix.size());
  std::replace(sealed.begin(), sealed.end(), '~', '+');
  std::replace(sealed.begin(), sealed.end(), '_', '/');
  const auto opened = call.parts.key.open(sealed, locator_context);
  const auto told = opened ? Json::parse(opened->reveal()) : Result<Json>(opened.error());
  if (!told || (*told)["o"].text_or() != call.organization().text()) return bad_locator();
  return Page{(*told)["q"].text_or(), from_ms((*told)["u"].int_or(0)), (*told)["a"].text_or(),
              static_cast<std::size_t>((*told)["n"].int_or(0)),
              static_cast<std::size_t>((*told)["s"].int_or(page_fallback))};
}

std::size_t page_size(const Call& call) {
  for (const auto& option : split(call.request.headers.get("Sforce-Query-Options"), ',')) {
    const auto equals = option.find('=');
    if (equals == std::string::npos || !ascii_equal_fold(trim(option.substr(0, equals)), "batchSize")) continue;
    const auto size = parse_int(trim(std::string_view(option).substr(equals + 1)));
    if (size) return std::clamp(static_cast<std::size_t>(std::max<std::int64_t>(*size, 0)), page_least, page_most);
  }
  return page_fallback;
}

Result<net::Response> answer_page(Call& call, Page page) {
  HANDOFF_TRY(call.needs_scope("referrals.read"));
  const Soql soql = HANDOFF_TRY(parse_soql(page.query));
  Run run(call, soql, HANDOFF_TRY(Resolver(page.query, soql).run()));
  if (soql.count && !soql.where && !soql.limit && !soql.offset) {
    const auto count = HANDOFF_TRY(call.parts.records.count(call.organization(), run.object().name));
    return json_answer(200, Json::object({{"totalSize", count}, {"done", true}, {"records", Json::array()}}));
  }
  HANDOFF_TRY(run.prepare());
  const auto skip = static_cast<std::size_t>(soql.offset.value_or(0));
  const auto limit = soql.limit ? static_cast<std::size_t>(*soql.limit) : std::string::npos;
  // One page's worth needs no more looking; several pages must agree on what they are pages of.
  const bool one_page = soql.order.empty() && limit != std::string::npos && skip + limit <= page.size && !soql.count;
  if (limit == 0) return json_answer(200, Json::object({{"totalSize", 0}, {"done", true}, {"records", Json::array()}}));
  auto matches = HANDOFF_TRY(run.matches(page.until, one_page ? skip + limit : std::string::npos));
  matches.erase(matches.begin(), matches.begin() + static_cast<std::ptrdiff_t>(std::min(skip, matches.size())));
  if (matches.size() > limit) matches.resize(limit);
  if (soql.count)
    return json_answer(200, Json::object({{"totalSize", matches.size()}, {"done", true}, {"records", Json::array()}}));

  std::size_t from = std::min(page.shown, matches.size());
  if (soql.order.empty() && !page.after.empty()) {
    from = static_cast<std::size_t>(
        std::upper_bound(matches.begin(), matches.end(), page.after,
                         [](const std::string& id, const Match& match) { return id < match.id; }) -
        matches.begin());
  }
  const std::size_t to = std::min(matches.size(), from + page.size);
  const std::vector<Match> shown(matches.begin() + static_cast<std::ptrdiff_t>(from),
                                 matches.begin() + static_cast<std::ptrdiff_t>(to));
  Json out = Json::object({{"totalSize", matches.size()}, {"done", to == matches.size()}});
  if (to < matches.size()) {
    page.shown = to;
    page.after = shown.back().id;
    if (!page.until) page.until = call.now();
    out.set("nextRecordsUrl", call.path("/query/" + HANDOFF_TRY(locator_of(call, page))));
  }
  out.set("records", HANDOFF_TRY(run.show(shown)));
  return json_answer(200, out);
}

}  // namespace

Result<net::Response> query(Call& call) {
  const std::string* text = call.parameter("q");
  if (text == nullptr || trim(*text).empty()) {
    return Error{Kind::invalid_input, "salesforce.malformed_query", "SOQL query is required: send it as ?q=…", {}, {}};
  }
  Page page;
  page.query = *text;
  page.size = page_size(call);
  return answer_page(call, std::move(page));
}

Result<net::Response> query_more(Call& call, const std::string& locator) {
  return answer_page(call, HANDOFF_TRY(page_of(call, locator)));
}

}  // namespace handoff::face::salesforce
