#include "face/salesforce/soql.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "base/time.h"

namespace handoff::face::salesforce {
namespace {

constexpr std::size_t query_max = 20'000, nesting_max = 50, in_values_max = 4'000, path_max = 5;
constexpr std::int64_t count_max = 50'000, days_max = 100'000;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

struct Token {
  enum class Kind { end, name, text, number, date, sign };
  Kind kind = Kind::end;
  std::string text;
  std::size_t at = 0;
  bool is(std::string_view sign) const { return kind == Kind::sign && text == sign; }
  bool word(std::string_view name) const { return kind == Kind::name && ascii_equal_fold(text, name); }
};

constexpr std::array outside{"GROUP", "HAVING", "WITH", "FOR", "USING", "UPDATE", "TYPEOF", "ALL"};
constexpr std::array aggregates{
    "COUNT",           "SUM",    "AVG",      "MIN",     "MAX", "COUNT_DISTINCT", "FORMAT", "TOLABEL",
    "CONVERTCURRENCY", "FIELDS", "GROUPING", "DISTANCE"};
constexpr std::array date_words{"TODAY",     "YESTERDAY",  "TOMORROW",     "THIS_WEEK",   "LAST_WEEK",
                                "NEXT_WEEK", "THIS_MONTH", "LAST_MONTH",   "NEXT_MONTH",  "THIS_YEAR",
                                "LAST_YEAR", "NEXT_YEAR",  "LAST_90_DAYS", "NEXT_90_DAYS"};
constexpr std::array counted_date_words{"LAST_N_DAYS", "NEXT_N_DAYS"};

template <class List>
bool among(const List& list, std::string_view word) {
  return std::any_of(list.begin(), list.end(), [&](const char* each) { return ascii_equal_fold(each, word); });
}

class Parser {
 public:
  explicit Parser(std::string_view query) : query_(query) {}

  Result<Soql> run() {
    if (query_.size() > query_max)
      return Error{Kind::invalid_input,
                   "salesforce.malformed_query",
                   "SOQL statements cannot be longer than " + std::to_string(query_max) + " characters.",
                   {},
                   {}};
    if (!is_utf8(query_))
      return Error{Kind::invalid_input, "salesforce.malformed_query", "The query is not UTF-8.", {}, {}};
    HANDOFF_TRY(advance());
    Soql out;
    HANDOFF_TRY(expect_word("SELECT"));
    HANDOFF_TRY(select(out));
    HANDOFF_TRY(expect_word("FROM"));
    if (token_.kind != Token::Kind::name) return unexpected();
    out.object = token_.text;
    out.object_at = token_.at;
    HANDOFF_TRY(advance());
    if (token_.word("AS")) HANDOFF_TRY(advance());
    if (token_.kind == Token::Kind::name && !is_clause()) {
      out.alias = token_.text;
      HANDOFF_TRY(advance());
    }
    if (token_.is(",")) return fault(token_.at, "Only one object can be queried here.");
    if (token_.word("WHERE")) {
      HANDOFF_TRY(advance());
      out.where = HANDOFF_TRY(condition(0));
    }
    if (token_.word("ORDER")) HANDOFF_TRY(order(out));
    if (token_.word("LIMIT")) {
      HANDOFF_TRY(advance());
      out.limit = HANDOFF_TRY(whole_number(count_max));
    }
    if (token_.word("OFFSET")) {
      HANDOFF_TRY(advance());
      out.offset = HANDOFF_TRY(whole_number(2000));
    }
    if (token_.kind != Token::Kind::end) return unexpected();
    for (auto* list : {&out.select}) {
      for (auto& path : *list) drop_alias(path, out);
    }
    for (auto& each : out.order) drop_alias(each.path, out);
    if (out.where) drop_aliases(*out.where, out);
    return out;
  }

 private:
  Error fault(std::size_t at, std::string_view sentence) const {
    return Error{Kind::invalid_input, "salesforce.malformed_query", soql_place(query_, at, sentence), {}, {}};
  }
  Error unexpected() const {
    if (token_.kind == Token::Kind::end) return fault(token_.at, "unexpected end of the query");
    if (token_.kind == Token::Kind::name && among(outside, token_.text))
      return fault(token_.at, "unexpected token: '" + token_.text + "'. " + token_.text +
                                  " is not part of the SOQL that is served here.");
    return fault(token_.at, "unexpected token: '" + token_.text + "'");
  }

  bool is_clause() const {
    static constexpr std::array clauses{"WHERE", "ORDER", "LIMIT", "OFFSET"};
    return among(clauses, token_.text) || among(outside, token_.text);
  }

  // --- tokens

  Result<void> advance() {
    while (at_ < query_.size() && is_space(query_[at_])) ++at_;
    token_ = Token{Token::Kind::end, {}, at_};
    if (at_ == query_.size()) return {};
    const char c = query_[at_];
    if (is_letter(c)) {
      while (at_ < query_.size() && (is_letter(query_[at_]) || is_digit(query_[at_]))) token_.text += query_[at_++];
      token_.kind = Token::Kind::name;
      return {};
    }
    if (c == '\'') return quoted();
    if (is_digit(c) || ((c == '-' || c == '+') && at_ + 1 < query_.size() && is_digit(query_[at_ + 1]))) {
      number_or_date();
      return {};
    }
    for (const std::string_view sign : {"!=", "<>", "<=", ">=", "=", "<", ">", "(", ")", ",", ".", ":"}) {
      if (query_.substr(at_).starts_with(sign)) {
        token_.kind = Token::Kind::sign;
        token_.text = sign;
        at_ += sign.size();
        return {};
      }
    }
    // A whole character, not a byte of it.
    std::size_t size = 1;
    while (at_ + size < query_.size() && (static_cast<unsigned char>(query_[at_ + size]) & 0xC0U) == 0x80U) ++size;
    return fault(at_, "unexpected character: '" + std::string(query_.substr(at_, size)) + "'");
  }

  Result<void> quoted() {
    const std::size_t from = at_++;
    token_.kind = Token::Kind::text;
    while (at_ < query_.size() && query_[at_] != '\'') {
      char c = query_[at_++];
      if (c == '\\') {
        if (at_ == query_.size()) break;
        c = query_[at_++];
        switch (c) {
          case 'n':
          case 'N': c = '\n'; break;
          case 'r':
          case 'R': c = '\r'; break;
          case 't':
          case 'T': c = '\t'; break;
          case '%':
          case '_': token_.text += '\\'; break;  // LIKE reads the mark itself
          case '\\': token_.text += '\\'; break;
          case '\'':
          case '"': break;
          default: return fault(at_ - 2, "invalid string escape sequence");
        }
      }
      token_.text += c;
    }
    if (at_ == query_.size()) return fault(from, "unterminated string");
    ++at_;
    return {};
  }

  void number_or_date() {
    token_.kind = Token::Kind::number;
    const std::size_t from = at_;
    ++at_;
    while (at_ < query_.size()) {
      const char c = query_[at_];
      const bool date_like = is_digit(c) || c == '-' || c == ':' || c == '.' || c == 'T' || c == 'Z' || c == 't' ||
                             c == 'z' || (c == '+' && token_.kind != Token::Kind::end);
      if (!date_like) break;
      ++at_;
    }
    token_.text = query_.substr(from, at_ - from);
    if (token_.text.find('-', 1) != std::string::npos) token_.kind = Token::Kind::date;
  }

  Result<void> expect_word(std::string_view word) {
    if (!token_.word(word)) return unexpected();
    return advance();
  }
  Result<void> expect(std::string_view sign) {
    if (!token_.is(sign)) return unexpected();
    return advance();
  }

  Result<std::int64_t> whole_number(std::int64_t max) {
    const auto number = token_.kind == Token::Kind::number ? parse_int(token_.text) : std::nullopt;
    if (!number || *number < 0) return unexpected();
    if (*number > max) return fault(token_.at, "at most " + std::to_string(max));
    HANDOFF_TRY(advance());
    return *number;
  }

  // --- parts

  Result<SoqlPath> path() {
    if (token_.kind != Token::Kind::name) return unexpected();
    SoqlPath out;
    out.at = token_.at;
    for (;;) {
      if (token_.kind != Token::Kind::name) return unexpected();
      out.names.push_back(token_.text);
      if (out.names.size() > path_max + 1) return fault(out.at, "at most 5 parents can be walked up");
      const Token name = token_;
      HANDOFF_TRY(advance());
      if (token_.is("(")) {
        return fault(name.at, among(aggregates, name.text) ? "the function " + name.text +
                                                                 " is not part of the SOQL that is served here, but "
                                                                 "for SELECT COUNT()"
                                                           : "unexpected token: '('");
      }
      if (!token_.is(".")) return out;
      HANDOFF_TRY(advance());
    }
  }

  Result<void> select(Soql& out) {
    if (token_.is("(")) return fault(token_.at, "a query inside a query is not part of the SOQL that is served here");
    if (token_.word("COUNT")) {
      const std::size_t before = at_;
      const Token name = token_;
      HANDOFF_TRY(advance());
      if (token_.is("(")) {
        HANDOFF_TRY(advance());
        if (!token_.is(")")) return fault(name.at, "of the functions only SELECT COUNT() is served here");
        HANDOFF_TRY(advance());
        out.count = true;
        return {};
      }
      at_ = before;
      token_ = name;
    }
    if (token_.word("TYPEOF")) return unexpected();
    for (;;) {
      if (token_.is("(")) return fault(token_.at, "a query inside a query is not part of the SOQL that is served here");
      out.select.push_back(HANDOFF_TRY(path()));
      if (!token_.is(",")) return {};
      HANDOFF_TRY(advance());
    }
  }

  Result<void> order(Soql& out) {
    HANDOFF_TRY(advance());
    HANDOFF_TRY(expect_word("BY"));
    for (;;) {
      SoqlOrder each;
      each.path = HANDOFF_TRY(path());
      if (token_.word("ASC") || token_.word("DESC")) {
        each.descending = token_.word("DESC");
        HANDOFF_TRY(advance());
      }
      if (token_.word("NULLS")) {
        HANDOFF_TRY(advance());
        if (!token_.word("FIRST") && !token_.word("LAST")) return unexpected();
        each.nulls_last = token_.word("LAST");
        HANDOFF_TRY(advance());
      }
      out.order.push_back(std::move(each));
      if (!token_.is(",")) return {};
      HANDOFF_TRY(advance());
    }
  }

  // AND and OR of one level are not mixed without parentheses, as in SOQL itself.
  Result<SoqlCondition> condition(std::size_t depth) {
    if (depth > nesting_max) return fault(token_.at, "nested too deeply");
    SoqlCondition first = HANDOFF_TRY(term(depth));
    if (!token_.word("AND") && !token_.word("OR")) return first;
    SoqlCondition out;
    out.kind = token_.word("AND") ? SoqlCondition::Kind::all : SoqlCondition::Kind::any;
    const std::string joint = token_.text;
    out.parts.push_back(std::move(first));
    while (token_.word("AND") || token_.word("OR")) {
      if (!token_.word(joint))
        return fault(token_.at, "unexpected token: '" + token_.text + "'. Put AND and OR in parentheses of their own.");
      HANDOFF_TRY(advance());
      out.parts.push_back(HANDOFF_TRY(term(depth)));
    }
    return out;
  }

  Result<SoqlCondition> term(std::size_t depth) {
    if (depth > nesting_max) return fault(token_.at, "nested too deeply");
    if (token_.word("NOT")) {
      HANDOFF_TRY(advance());
      SoqlCondition out;
      out.kind = SoqlCondition::Kind::none;
      out.parts.push_back(HANDOFF_TRY(term(depth + 1)));
      return out;
    }
    if (token_.is("(")) {
      HANDOFF_TRY(advance());
      SoqlCondition out = HANDOFF_TRY(condition(depth + 1));
      HANDOFF_TRY(expect(")"));
      return out;
    }
    SoqlCondition out;
    out.path = HANDOFF_TRY(path());
    out.op = HANDOFF_TRY(comparison());
    const bool list = out.op == SoqlOperator::in || out.op == SoqlOperator::not_in ||
                      out.op == SoqlOperator::includes || out.op == SoqlOperator::excludes;
    if (!list) {
      out.values.push_back(HANDOFF_TRY(value()));
      return out;
    }
    HANDOFF_TRY(expect("("));
    if (token_.word("SELECT"))
      return fault(token_.at, "a query inside a query is not part of the SOQL that is served here");
    for (;;) {
      out.values.push_back(HANDOFF_TRY(value()));
      if (out.values.size() > in_values_max) return fault(token_.at, "at most 4000 values in a list");
      if (!token_.is(",")) break;
      HANDOFF_TRY(advance());
    }
    HANDOFF_TRY(expect(")"));
    return out;
  }

  Result<SoqlOperator> comparison() {
    struct Sign {
      const char* text;
      SoqlOperator op;
    };
    using O = SoqlOperator;
    static constexpr std::array signs{Sign{"=", O::equal},    Sign{"!=", O::not_equal}, Sign{"<>", O::not_equal},
                                      Sign{"<", O::less},     Sign{"<=", O::at_most},   Sign{">", O::more},
                                      Sign{">=", O::at_least}};
    static constexpr std::array words{Sign{"LIKE", O::like}, Sign{"IN", O::in}, Sign{"INCLUDES", O::includes},
                                      Sign{"EXCLUDES", O::excludes}};
    for (const auto& sign : signs) {
      if (!token_.is(sign.text)) continue;
      HANDOFF_TRY(advance());
      return sign.op;
    }
    for (const auto& word : words) {
      if (!token_.word(word.text)) continue;
      HANDOFF_TRY(advance());
      return word.op;
    }
    if (token_.word("NOT")) {
      HANDOFF_TRY(advance());
      HANDOFF_TRY(expect_word("IN"));
      return O::not_in;
    }
    return unexpected();
  }

  Result<SoqlValue> value() {
    SoqlValue out;
    out.at = token_.at;
    out.text = token_.text;
    switch (token_.kind) {
      case Token::Kind::text: out.kind = SoqlValue::Kind::text; break;
      case Token::Kind::number:
        out.kind = SoqlValue::Kind::number;
        if (std::count(out.text.begin(), out.text.end(), '.') > 1 ||
            out.text.find_first_not_of("+-.0123456789") != std::string::npos)
          return unexpected();
        break;
      case Token::Kind::date: {
        if (Date::parse(out.text)) {
          out.kind = SoqlValue::Kind::date;
          break;
        }
        out.kind = SoqlValue::Kind::date_time;
        std::string mended = out.text;
        // "+0000", which a caller may have meant by "+00:00"
        if (mended.size() > 5 && mended[mended.size() - 5] == '+') mended.insert(mended.size() - 2, ":");
        const auto parsed = parse_instant(mended);
        if (!parsed) return fault(token_.at, "invalid date: " + token_.text);
        out.text = format_instant(parsed->at);
        break;
      }
      case Token::Kind::name:
        if (token_.word("null")) {
          out.kind = SoqlValue::Kind::null;
        } else if (token_.word("true") || token_.word("false")) {
          out.kind = SoqlValue::Kind::boolean;
          out.text = ascii_lower(out.text);
        } else if (among(date_words, token_.text) || among(counted_date_words, token_.text)) {
          return literal(std::move(out));
        } else {
          return unexpected();
        }
        break;
      case Token::Kind::sign:
        if (token_.is(":")) return fault(token_.at, "a bound variable has no meaning outside of its program");
        return unexpected();
      case Token::Kind::end: return unexpected();
    }
    HANDOFF_TRY(advance());
    return out;
  }

  Result<SoqlValue> literal(SoqlValue out) {
    out.kind = SoqlValue::Kind::literal;
    std::transform(out.text.begin(), out.text.end(), out.text.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    const bool counted = among(counted_date_words, out.text);
    HANDOFF_TRY(advance());
    if (!counted) return out;
    HANDOFF_TRY(expect(":"));
    out.count = HANDOFF_TRY(whole_number(days_max));
    return out;
  }

  static void drop_alias(SoqlPath& path, const Soql& query) {
    if (path.names.size() < 2) return;
    if (ascii_equal_fold(path.names.front(), query.object) ||
        (!query.alias.empty() && ascii_equal_fold(path.names.front(), query.alias)))
      path.names.erase(path.names.begin());
  }
  static void drop_aliases(SoqlCondition& condition, const Soql& query) {
    drop_alias(condition.path, query);
    for (auto& part : condition.parts) drop_aliases(part, query);
  }

  std::string_view query_;
  std::size_t at_ = 0;
  Token token_;
};

}  // namespace

Result<Soql> parse_soql(std::string_view query) { return Parser(query).run(); }

std::string SoqlPath::text() const { return join(names, "."); }

std::string soql_place(std::string_view query, std::size_t at, std::string_view sentence) {
  at = std::min(at, query.size());
  std::size_t row = 1, row_begins = 0;
  for (std::size_t i = 0; i < at; ++i) {
    if (query[i] == '\n') {
      ++row;
      row_begins = i + 1;
    }
  }
  const std::size_t row_ends = std::min(query.find('\n', at), query.size());
  // As much of the row as helps to find the place.
  constexpr std::size_t before = 60, after = 40;
  std::size_t from = at - row_begins > before ? at - before : row_begins;
  while (from > row_begins && (static_cast<unsigned char>(query[from]) & 0xC0U) == 0x80U) --from;
  std::size_t to = std::min(row_ends, at + after);
  while (to < row_ends && (static_cast<unsigned char>(query[to]) & 0xC0U) == 0x80U) ++to;
  const std::string_view shown = query.substr(from, to - from);
  const std::size_t indent = is_utf8(query) ? utf8_length(query.substr(from, at - from)) : at - from;
  std::string out = "\n";
  out += is_utf8(shown) ? shown : std::string_view("?");
  out += "\n" + std::string(indent, ' ') + "^\nERROR at Row:" + std::to_string(row) +
         ":Column:" + std::to_string(at - row_begins + 1) + "\n";
  out += sentence;
  return out;
}

bool soql_like(std::string_view text, std::string_view pattern) {
  const std::string folded_text = ascii_lower(text), folded_pattern = ascii_lower(pattern);
  const std::string_view t = folded_text, p = folded_pattern;
  // The usual walk with one point to come back to: linear but for texts made to hurt, which stay quadratic.
  std::size_t ti = 0, pi = 0, star = std::string_view::npos, back = 0;
  const auto literal_at = [&](std::size_t i) { return p[i] == '\\' && i + 1 < p.size(); };
  while (ti < t.size()) {
    if (pi < p.size() && p[pi] == '%') {
      star = pi++;
      back = ti;
      continue;
    }
    if (pi < p.size()) {
      const bool literal = literal_at(pi);
      const char wanted = literal ? p[pi + 1] : p[pi];
      if ((!literal && wanted == '_') || wanted == t[ti]) {
        // A character of several bytes is one for "_".
        std::size_t size = 1;
        if (!literal && wanted == '_') {
          while (ti + size < t.size() && (static_cast<unsigned char>(t[ti + size]) & 0xC0U) == 0x80U) ++size;
        }
        ti += size;
        pi += literal ? 2 : 1;
        continue;
      }
    }
    if (star == std::string_view::npos) return false;
    pi = star + 1;
    ti = ++back;
  }
  while (pi < p.size() && p[pi] == '%') ++pi;
  return pi == p.size();
}

}  // namespace handoff::face::salesforce
