// Reading one rule of a mapping, with every fault named and the nearest known word beside an unknown one.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "exchange/mapping.h"

namespace handoff::exchange {
namespace {

template <class T>
struct Word {
  const char* word;
  T value;
};
constexpr std::array policies{
    Word<WritePolicy>{"always", WritePolicy::always},
    Word<WritePolicy>{"once", WritePolicy::once},
    Word<WritePolicy>{"if_empty", WritePolicy::if_empty},
    Word<WritePolicy>{"never_blank_out", WritePolicy::never_blank_out},
};
constexpr std::array types{
    Word<ValueType>{"text", ValueType::text},     Word<ValueType>{"integer", ValueType::integer},
    Word<ValueType>{"number", ValueType::number}, Word<ValueType>{"boolean", ValueType::boolean},
    Word<ValueType>{"list", ValueType::list},
};
constexpr std::array transforms{
    Word<Transform::Kind>{"upper", Transform::Kind::upper},   Word<Transform::Kind>{"lower", Transform::Kind::lower},
    Word<Transform::Kind>{"trim", Transform::Kind::trim},     Word<Transform::Kind>{"digits", Transform::Kind::digits},
    Word<Transform::Kind>{"date", Transform::Kind::date},     Word<Transform::Kind>{"prefix", Transform::Kind::prefix},
    Word<Transform::Kind>{"suffix", Transform::Kind::suffix}, Word<Transform::Kind>{"join", Transform::Kind::join},
};
constexpr bool takes_argument(Transform::Kind kind) { return kind >= Transform::Kind::date; }

const std::vector<std::string> members{"target",  "source",   "label",     "aliases", "transform", "values",
                                       "default", "required", "maxLength", "write",   "type"};

template <class T, std::size_t n>
std::vector<std::string> words_of(const std::array<Word<T>, n>& table) {
  std::vector<std::string> words;
  for (const auto& row : table) words.emplace_back(row.word);
  return words;
}

std::string meant(std::string_view word, const std::vector<std::string>& known) {
  const auto near = nearest(word, known);
  return near ? " Did you mean \"" + *near + "\"?" : " Known are: " + join(known, ", ") + ".";
}

class Reader {
 public:
  Reader(const Json& json, const std::string& pointer, const std::vector<std::string>& variables, Faults& faults)
      : json_(json), pointer_(pointer), variables_(variables), faults_(faults) {}

  void read(FieldRule& into) {
    if (!json_.is_object()) return fault("", "profile.wrong_type", "A field is described by a table.");
    for (const auto& member : json_.members()) {
      if (std::find(members.begin(), members.end(), member.first) == members.end()) {
        fault(member.first, "profile.unknown_key",
              "\"" + member.first + "\" is not known here." + meant(member.first, members));
      }
    }
    text("target", into.target);
    text("label", into.label);
    text("source", into.source);
    texts("aliases", into.aliases);
    if (json_.contains("source")) check_source(into.source);
    if (const Json* list = json_.find("transform")) read_transforms(*list, into);
    if (const Json* values = json_.find("values")) read_values(*values, into);
    if (const Json* fallback = json_.find("default")) {
      if (fallback->is_string()) {
        into.fallback = fallback->string();
      } else {
        fault("default", "profile.wrong_type", "A default is a text.");
      }
    }
    if (const Json* required = json_.find("required")) {
      if (!required->is_bool()) fault("required", "profile.wrong_type", "\"required\" is true or false.");
      into.required = required->bool_or(into.required);
    }
    if (const Json* length = json_.find("maxLength")) {
      const std::int64_t count = length->int_or(0);
      if (count < 1) fault("maxLength", "profile.out_of_range", "A length is a whole number of at least 1.");
      if (count >= 1) into.length_max = static_cast<std::size_t>(count);
    }
    word("write", policies, into.write);
    word("type", types, into.type);
    if (into.target.empty()) fault("target", "profile.missing_key", "A field needs a \"target\".");
    if (into.source.empty()) fault("source", "profile.missing_key", "A field needs a \"source\".");
  }

 private:
  void fault(std::string_view key, const char* code, std::string message) {
    faults_.push_back({key.empty() ? pointer_ : pointer_ + "/" + pointer_escape(key), code, std::move(message)});
  }

  void text(const char* key, std::string& into) {
    const Json* found = json_.find(key);
    if (found == nullptr) return;
    if (!found->is_string() || found->string().empty()) {
      return fault(key, "profile.wrong_type", "\"" + std::string(key) + "\" is a text that is not empty.");
    }
    into = found->string();
  }

  void texts(const char* key, std::vector<std::string>& into) {
    const Json* found = json_.find(key);
    if (found == nullptr) return;
    into.clear();
    if (!found->is_array()) return fault(key, "profile.wrong_type", "\"" + std::string(key) + "\" is a list of texts.");
    for (const Json& item : found->items()) {
      if (!item.is_string())
        return fault(key, "profile.wrong_type", "\"" + std::string(key) + "\" is a list of texts.");
      into.push_back(item.string());
    }
  }

  template <class T, std::size_t n>
  void word(const char* key, const std::array<Word<T>, n>& table, T& into) {
    const Json* found = json_.find(key);
    if (found == nullptr) return;
    for (const auto& row : table) {
      if (found->text_or() == row.word) {
        into = row.value;
        return;
      }
    }
    fault(key, "profile.unknown_word",
          "\"" + found->text_or() + "\" is not known here." + meant(found->text_or(), words_of(table)));
  }

  void check_source(const std::string& source) {
    if (source.find_first_of("{}") == std::string::npos) return check_name(source);
    const auto names = template_names(source);
    if (!names || names->empty()) {
      return fault("source", "profile.bad_template",
                   "Braces come in pairs and hold a name: \"{registrant.lastName}\".");
    }
    for (const std::string& name : *names) check_name(name);
  }

  void check_name(const std::string& name) {
    if (is_source_path(name) || std::find(variables_.begin(), variables_.end(), name) != variables_.end()) return;
    auto near = nearest(name, variables_);
    if (!near) near = nearest_source_path(name);
    fault("source", "profile.unknown_path",
          "A referral has no \"" + name + "\"." + (near ? " Did you mean \"" + *near + "\"?" : std::string()));
  }

  void read_transforms(const Json& list, FieldRule& into) {
    into.transforms.clear();
    const Json single = list.is_string() ? Json::array({list}) : Json();
    const Json& items = list.is_string() ? single : list;
    if (!items.is_array()) return fault("transform", "profile.wrong_type", "\"transform\" is a list of names.");
    for (const Json& item : items.items()) {
      const std::string all = item.text_or();
      const auto colon = all.find(':');
      const std::string name = all.substr(0, colon);
      const auto row =
          std::find_if(transforms.begin(), transforms.end(), [&](const auto& known) { return name == known.word; });
      if (row == transforms.end()) {
        fault("transform", "profile.unknown_transform",
              "There is no transform \"" + name + "\"." + meant(name, words_of(transforms)));
      } else if (takes_argument(row->value) != (colon != std::string::npos)) {
        fault("transform", "profile.bad_transform",
              takes_argument(row->value) ? "\"" + name + "\" needs an argument after a colon."
                                         : "\"" + name + "\" takes no argument.");
      } else {
        into.transforms.push_back({row->value, colon == std::string::npos ? std::string() : all.substr(colon + 1)});
      }
    }
  }

  void read_values(const Json& values, FieldRule& into) {
    into.values.clear();
    if (!values.is_object())
      return fault("values", "profile.wrong_type", "\"values\" is a table from our value to theirs.");
    for (const auto& [ours, theirs] : values.members()) {
      if (theirs.is_string()) {
        into.values[ours] = theirs.string();
      } else {
        faults_.push_back(
            {pointer_ + "/values/" + pointer_escape(ours), "profile.wrong_type", "The destination's value is a text."});
      }
    }
  }

  const Json& json_;
  const std::string& pointer_;
  const std::vector<std::string>& variables_;
  Faults& faults_;
};

}  // namespace

void read_field_rule(const Json& json, const std::string& pointer, const std::vector<std::string>& variables,
                     FieldRule& into, Faults& faults) {
  Reader(json, pointer, variables, faults).read(into);
}

}  // namespace handoff::exchange
