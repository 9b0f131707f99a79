#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <optional>
#include <vector>

#include "base/text.h"
#include "people/fold.h"
#include "people/normalize.h"

namespace handoff::people {
namespace {

struct Parts {
  int year = -1, month = -1, day = -1;
  bool two_digit_year = false;
};

int month_of(std::string_view word) {
  static constexpr std::array<std::string_view, 12> months{"jan", "feb", "mar", "apr", "may", "jun",
                                                           "jul", "aug", "sep", "oct", "nov", "dec"};
  for (std::size_t i = 0; i < months.size(); ++i) {
    if (word.size() >= 3 && word.substr(0, 3) == months[i]) return static_cast<int>(i) + 1;
  }
  return -1;
}

// Follows a format strictly, but for numbers with fewer digits than usual; missing tail parts end the reading.
std::optional<Parts> read_by_format(std::string_view text, std::string_view format) {
  Parts parts;
  std::size_t at = 0;
  const auto number = [&](std::size_t digits_max) -> int {
    int value = 0;
    std::size_t count = 0;
    while (count < digits_max && at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0) {
      value = value * 10 + (text[at++] - '0');
      ++count;
    }
    return count == 0 ? -1 : value;
  };
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      if (at < text.size() && text[at] == format[i])
        ++at;
      else if (at < text.size())
        return std::nullopt;
      continue;
    }
    switch (format[++i]) {
      case 'Y': {
        const std::size_t before = at;
        parts.year = number(4);
        if (parts.year >= 0 && at - before < 4) return std::nullopt;  // two digits where four are promised
        break;
      }
      case 'y':
        parts.year = number(2);
        parts.two_digit_year = true;
        break;
      case 'm': parts.month = number(2); break;
      case 'd': parts.day = number(2); break;
      case 'b':
      case 'B': {
        std::string word;
        while (at < text.size() && std::isalpha(static_cast<unsigned char>(text[at])) != 0) word.push_back(text[at++]);
        parts.month = month_of(ascii_lower(word));
        break;
      }
      default: return std::nullopt;
    }
  }
  if (at < text.size() || parts.year < 0) return std::nullopt;
  return parts;
}

// Without a format, or where the text does not follow it: groups of digits and names of months.
std::optional<Parts> read_freely(std::string_view text, bool day_first) {
  // A time behind the date tells nothing.
  if (const auto time = text.find('T'); time == 10) text = text.substr(0, time);
  if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    const auto blank = text.rfind(' ', colon);
    if (blank != std::string_view::npos) text = text.substr(0, blank);
  }
  std::vector<std::string> numbers;
  int named_month = -1;
  for (const auto& word : words(fold(text))) {
    if (std::isdigit(static_cast<unsigned char>(word.front())) != 0) {
      for (const char c : word) {
        if (std::isdigit(static_cast<unsigned char>(c)) == 0) return std::nullopt;
      }
      numbers.push_back(word);
    } else if (named_month = month_of(word); named_month < 0) {
      return std::nullopt;  // a sentence, not a date
    }
  }
  Parts parts;
  const auto value = [&](std::size_t i) { return static_cast<int>(parse_int(numbers[i].substr(0, 8)).value_or(-1)); };
  const auto set_year = [&](std::size_t i) {
    parts.year = value(i);
    parts.two_digit_year = numbers[i].size() <= 2;
  };
  if (named_month > 0) {
    parts.month = named_month;
    if (numbers.empty()) return std::nullopt;
    if (numbers.size() == 1) {
      set_year(0);
    } else if (numbers[0].size() == 4) {
      set_year(0);
      parts.day = value(1);
    } else {
      parts.day = value(0);
      set_year(1);
    }
    return parts;
  }
  if (numbers.size() == 1 && numbers[0].size() == 8) {
    const bool year_first = numbers[0][0] == '1' || numbers[0].starts_with("20");
    const auto cut = [&](std::size_t at, std::size_t count) {
      return static_cast<int>(parse_int(numbers[0].substr(at, count)).value_or(-1));
    };
    if (year_first) return Parts{cut(0, 4), cut(4, 2), cut(6, 2), false};
    return Parts{cut(4, 4), cut(day_first ? 2 : 0, 2), cut(day_first ? 0 : 2, 2), false};
  }
  if (numbers.size() == 1 && numbers[0].size() == 4) return Parts{value(0), -1, -1, false};
  if (numbers.size() == 2 && numbers[0].size() == 4) return Parts{value(0), value(1), -1, false};
  if (numbers.size() == 2 && numbers[1].size() == 4) return Parts{value(1), value(0), -1, false};
  if (numbers.size() != 3) return std::nullopt;
  if (numbers[0].size() >= 3) {
    set_year(0);
    parts.month = value(1);
    parts.day = value(2);
    return parts;
  }
  set_year(2);
  int first = value(0), second = value(1);
  if (day_first) std::swap(first, second);
  if (first > 12 && second <= 12) std::swap(first, second);
  parts.month = first;
  parts.day = second;
  return parts;
}

int days_in(int year, int month) {
  constexpr std::array days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month == 2 && (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))) return 29;
  return days[static_cast<std::size_t>(month - 1)];
}

}  // namespace

PartialDate normalize_date(std::string_view text, std::string_view format, const Locale& locale) {
  PartialDate date;
  text = trim(text);
  if (text.empty()) return date;
  std::optional<Parts> parts;
  if (!format.empty()) parts = read_by_format(text, format);
  const auto day_at = format.find("%d"), month_at = format.find("%m");
  const bool day_first =
      day_at != std::string_view::npos && month_at != std::string_view::npos && format.find("%Y") > day_at
          ? day_at < month_at
          : locale.day_first;
  if (!parts) parts = read_freely(text, day_first);
  if (!parts || parts->year < 0 || parts->year > 9999) return date;
  if (parts->two_digit_year)
    parts->year +=
        parts->year > locale.year_now % 100 ? locale.year_now / 100 * 100 - 100 : locale.year_now / 100 * 100;
  const bool has_month = parts->month >= 0, has_day = has_month && parts->day >= 0;
  if ((parts->month > 99) || (parts->day > 99)) return date;
  std::array<char, 16> digits{};
  std::snprintf(digits.data(), digits.size(), "%04d%02d%02d", parts->year, has_month ? parts->month : 0,
                has_day ? parts->day : 0);
  std::copy_n(digits.data(), 8, date.digits);
  date.two_digit_year = parts->two_digit_year;
  // Values that systems write when they know nothing.
  const auto view = date.view();
  if (parts->year == 0 || view == "19000101" || view == "99991231" || view == "11111111" || view == "19010101")
    return {};
  const bool month_right = !has_month || (parts->month >= 1 && parts->month <= 12);
  const bool day_right =
      !has_day || (month_right && parts->day >= 1 && parts->day <= days_in(parts->year, parts->month));
  date.implausible = parts->year > locale.year_now || parts->year < locale.year_now - 120;
  if (!month_right || !day_right || parts->year > locale.year_now + 1 || parts->year < 1850) {
    date.kind = PartialDate::Kind::impossible;
  } else {
    date.kind = has_day ? PartialDate::Kind::day : has_month ? PartialDate::Kind::month : PartialDate::Kind::year;
  }
  return date;
}

}  // namespace handoff::people
