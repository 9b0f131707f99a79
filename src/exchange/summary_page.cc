#include "exchange/summary_page.h"

#include <cairo-pdf.h>

#include <algorithm>
#include <numeric>

#include "exchange/summary_fonts.h"

namespace handoff::exchange {
namespace {

// Letter, in points.
constexpr double page_width = 612, page_height = 792;
constexpr double margin = 48;
constexpr double text_width = page_width - 2 * margin;
constexpr double top = 44, running_top = 76, bottom = page_height - 56;
constexpr double label_width = 138, gutter = 16;
constexpr double value_left = margin + label_width + gutter, value_width = text_width - label_width - gutter;
constexpr double row_padding = 2.6;
constexpr double panel_padding = 10, panel_gutter = 14;
constexpr std::size_t panel_columns = 3;

constexpr Colour ink = colour(0x1b2329), quiet = colour(0x5b6872), accent = colour(0x1d5b6b),
                 hairline = colour(0xdfe5e8), ground = colour(0xf1f5f6), alarm = colour(0x9c3a1c);
constexpr TextStyle kind_style{8, true, accent}, number_style{11, true, accent}, name_style{19, true, ink},
    fact_style{10, false, ink}, panel_label_style{7.5, false, quiet}, panel_value_style{9.5, true, ink},
    panel_urgent_style{9.5, true, alarm}, panel_minor_style{8.5, false, ink}, heading_style{11, true, accent},
    label_style{9, false, quiet}, continued_style{8.5, true, accent}, value_style{10, false, ink},
    running_style{8.5, true, quiet}, footer_style{7.5, false, quiet}, banner_style{8.5, true, alarm},
    running_banner_style{7.5, true, alarm};

// Text is laid out in pieces of at most this many bytes: the time for one word of n letters grows with n squared.
constexpr std::size_t piece_max = 3'000;

// Noto Sans above and below the baseline, as parts of its size. Lines of taller scripts keep this height as long as
// their letters fit, so that rows stand evenly.
constexpr double ascent = 1.069, descent = 0.293;

// Line ends as one character, other control characters gone: they have no picture and would print as boxes. Gone too
// are the two characters that make letters stand in an order of their own (U+202D, U+202E): a name must read as it is
// written.
std::string drawable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r') {
      if (i + 1 >= text.size() || text[i + 1] != '\n') out += '\n';
    } else if (text.substr(i, 3) == "\u202D" || text.substr(i, 3) == "\u202E") {
      i += 2;
    } else if (c == '\t') {
      out += "    ";
    } else if (c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f)) {
      out += c;
    }
  }
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

// The end of a piece: after its last line end or space, else between two characters.
std::size_t piece_end(std::string_view text) {
  if (text.size() <= piece_max) return text.size();
  const auto white = text.find_last_of("\n ", piece_max - 1);
  if (white != std::string_view::npos && white > 0) return white + 1;
  std::size_t end = piece_max;
  while (end > 1 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return end;
}

PangoFontDescription* font_of(const TextStyle& style) {
  PangoFontDescription* font = pango_font_description_from_string(summary_families);
  pango_font_description_set_weight(font, style.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
  pango_font_description_set_absolute_size(font, style.size * PANGO_SCALE);
  return font;
}

PangoContext* context_of(PangoFontMap* fonts, PangoDirection direction) {
  PangoContext* context = pango_font_map_create_context(fonts);
  // Nothing of the process's locale may show on the page.
  pango_context_set_language(context, pango_language_from_string("en"));
  pango_context_set_base_dir(context, direction);
  pango_context_set_round_glyph_positions(context, FALSE);
  cairo_font_options_t* options = cairo_font_options_create();
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  pango_cairo_context_set_font_options(context, options);
  cairo_font_options_destroy(options);
  return context;
}

const TextStyle& panel_style(Cell::Weight weight) {
  if (weight == Cell::Weight::urgent) return panel_urgent_style;
  return weight == Cell::Weight::minor ? panel_minor_style : panel_value_style;
}

double points(int pango_units) { return static_cast<double>(pango_units) / PANGO_SCALE; }

double width_of(PangoLayoutLine* line) {
  PangoRectangle logical;
  pango_layout_line_get_extents(line, nullptr, &logical);
  return points(logical.width);
}

template <class Lines>
double height_of(const Lines& lines, std::size_t from, std::size_t to) {
  return std::accumulate(lines.begin() + std::ptrdiff_t(from), lines.begin() + std::ptrdiff_t(to), 0.0,
                         [](double sum, const auto& line) { return sum + line.height; });
}

// How many lines from `from` on fit into `room`.
template <class Lines>
std::size_t fitting(const Lines& lines, std::size_t from, double room) {
  std::size_t to = from;
  for (; to < lines.size() && lines[to].height <= room; ++to) room -= lines[to].height;
  return to;
}

cairo_status_t append(void* target, const unsigned char* bytes, unsigned length) {
  static_cast<std::string*>(target)->append(reinterpret_cast<const char*>(bytes), length);
  return CAIRO_STATUS_SUCCESS;
}

}  // namespace

PageComposer::PageComposer(PangoFontMap* fonts, PageFrame frame)
    : frame_(std::move(frame)),
      left_to_right_(context_of(fonts, PANGO_DIRECTION_LTR)),
      right_to_left_(context_of(fonts, PANGO_DIRECTION_RTL)) {
  pages_.emplace_back();
  y_ = top;
}

PageComposer::~PageComposer() {
  for (PangoLayout* layout : layouts_) g_object_unref(layout);
  g_object_unref(left_to_right_);
  g_object_unref(right_to_left_);
}

PangoLayout* PageComposer::layout(std::string_view text, const TextStyle& style, double width, int line_count_max,
                                  Direction direction) {
  PangoContext* context = direction == Direction::right_to_left ? right_to_left_ : left_to_right_;
  PangoLayout* made = layouts_.emplace_back(pango_layout_new(context));
  PangoFontDescription* font = font_of(style);
  pango_layout_set_font_description(made, font);
  pango_font_description_free(font);
  pango_layout_set_width(made, static_cast<int>(width * PANGO_SCALE));
  pango_layout_set_wrap(made, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_auto_dir(made, direction == Direction::of_text);
  // A hyphen that nobody wrote would be read as part of a number or a hash.
  PangoAttrList* attributes = pango_attr_list_new();
  pango_attr_list_insert(attributes, pango_attr_insert_hyphens_new(FALSE));
  pango_layout_set_attributes(made, attributes);
  pango_attr_list_unref(attributes);
  if (line_count_max > 0) {
    pango_layout_set_height(made, -line_count_max);
    pango_layout_set_ellipsize(made, PANGO_ELLIPSIZE_END);
    pango_layout_set_single_paragraph_mode(made, line_count_max == 1);
  }
  pango_layout_set_text(made, text.data(), static_cast<int>(text.size()));
  return made;
}

std::vector<PageComposer::Line> PageComposer::lines(std::string_view text, const TextStyle& style, double width,
                                                    int line_count_max, Direction direction) {
  std::vector<Line> made;
  const std::string clean = drawable(text);
  bool whole = true;
  for (std::string_view rest = clean; !rest.empty();) {
    std::string_view piece = rest.substr(0, line_count_max > 0 ? rest.size() : piece_end(rest));
    whole = whole && piece.size() == rest.size();
    const bool ends_paragraph = piece.ends_with('\n');
    PangoLayout* laid =
        layout(ends_paragraph ? piece.substr(0, piece.size() - 1) : piece, style, width, line_count_max, direction);
    int count = pango_layout_get_line_count(laid);
    // The last line of a piece inside a paragraph is laid out again with what follows, and in the same direction: a
    // reader sees no seam.
    std::size_t used = piece.size();
    if (piece.size() < rest.size() && !ends_paragraph && count > 1) {
      const PangoLayoutLine* last = pango_layout_get_line_readonly(laid, --count);
      used = static_cast<std::size_t>(last->start_index);
      direction = last->is_paragraph_start                    ? Direction::of_text
                  : last->resolved_dir == PANGO_DIRECTION_RTL ? Direction::right_to_left
                                                              : Direction::left_to_right;
    } else {
      direction = ends_paragraph ? Direction::of_text : direction;
    }
    rest.remove_prefix(used);
    // Right-to-left text goes to the right edge only where it fills a paragraph: one line stays beside its label.
    const bool single = whole && count == 1;
    PangoLayoutIter* iter = pango_layout_get_iter(laid);
    for (int i = 0; i < count; ++i, pango_layout_iter_next_line(iter)) {
      PangoLayoutLine* line = pango_layout_iter_get_line(iter);
      PangoRectangle place, inked;
      pango_layout_iter_get_line_extents(iter, nullptr, &place);
      // Pango hangs a line on the baseline of its first script, and lifts or lowers every other; a line that begins
      // with Chinese would have the Arabic after it float. All scripts stand on one baseline here.
      for (GSList* run = line->runs; run; run = run->next) static_cast<PangoGlyphItem*>(run->data)->y_offset = 0;
      pango_layout_line_get_extents(line, &inked, nullptr);
      const double above = std::max(ascent * style.size, points(-inked.y) + 1);
      const double below = std::max(descent * style.size, points(inked.y + inked.height) + 1);
      made.push_back({line, single ? 0.0 : points(place.x), above + below, above, style.ink});
    }
    pango_layout_iter_free(iter);
  }
  return made;
}

double PageComposer::draw(const std::vector<Line>& lines, std::size_t from, std::size_t to, double x, double y,
                          const char* tag, int element) {
  for (std::size_t i = from; i < to; ++i) {
    const Line& line = lines[i];
    pages_.back().marks.push_back({line.line, x + line.left, y + line.baseline, 0, 0, line.ink, tag, element});
    y += line.height;
  }
  return y;
}

void PageComposer::fill(double x, double y, double width, double height, Colour colour) {
  pages_.back().marks.push_back({nullptr, x, y, width, height, colour, nullptr, 0});
}

void PageComposer::new_page() {
  pages_.emplace_back();
  y_ = begin_ = running_top;
  // "Phone" at the top of a page says nothing without its section.
  if (section_.empty() || !waiting_heading_.empty()) return;
  const auto again = lines(section_ + " (continued)", continued_style, text_width, 1);
  y_ = draw(again, 0, again.size(), margin, y_, "P", ++element_) + 2;
  fill(margin, y_, text_width, 0.5, hairline);
  y_ = begin_ = y_ + 0.5;
}

void PageComposer::title(std::string_view kind, std::string_view number, std::string_view name,
                         const std::vector<std::string>& facts) {
  fill(margin, y_, text_width, 2.5, accent);
  y_ += 12;
  const auto kind_lines = lines(kind, kind_style, text_width / 2, 1);
  const auto number_lines = lines(number, number_style, text_width / 2 - gutter, 1);
  draw(kind_lines, 0, kind_lines.size(), margin, y_ + 2, "P", ++element_);
  // The number stands at the right edge, where a person leafing through papers looks for it.
  for (const Line& line : number_lines) {
    PangoRectangle logical;
    pango_layout_line_get_extents(line.line, nullptr, &logical);
    draw(number_lines, 0, 1, margin + text_width - static_cast<double>(logical.width) / PANGO_SCALE - line.left, y_,
         "P", ++element_);
  }
  y_ += 20;
  if (!frame_.banner.empty()) {
    const auto banner = lines(frame_.banner, banner_style, text_width, 2);
    y_ = draw(banner, 0, banner.size(), margin, y_, "P", ++element_);
  }
  const auto name_lines = lines(name, name_style, text_width, 3);
  y_ = draw(name_lines, 0, name_lines.size(), margin, y_, "H1", ++element_) + 2;
  for (const std::string& fact : facts) {
    const auto fact_lines = lines(fact, fact_style, text_width, 3);
    y_ = draw(fact_lines, 0, fact_lines.size(), margin, y_, "P", ++element_) + 1;
  }
  y_ += 10;
}

void PageComposer::panel(const std::vector<Cell>& cells) {
  constexpr double width = (text_width - 2 * panel_padding - (panel_columns - 1) * panel_gutter) / panel_columns;
  struct Drawn {
    std::vector<Line> label, value;
  };
  std::vector<Drawn> drawn;
  for (const Cell& cell : cells) {
    drawn.push_back({lines(cell.label, panel_label_style, width), lines(cell.value, panel_style(cell.weight), width)});
  }
  std::vector<double> heights;
  for (std::size_t i = 0; i < drawn.size(); i += panel_columns) {
    double height = 0;
    for (std::size_t j = i; j < std::min(i + panel_columns, drawn.size()); ++j) {
      height = std::max(height, height_of(drawn[j].label, 0, drawn[j].label.size()) +
                                    height_of(drawn[j].value, 0, drawn[j].value.size()));
    }
    heights.push_back(height + 7);
  }
  const double total = std::accumulate(heights.begin(), heights.end(), 0.0) + 2 * panel_padding - 7;
  if (total > bottom - y_) {
    // Names as long as these are rare; as plain rows they find their way over the page's end.
    for (const Cell& cell : cells) row(cell.label, cell.value);
    return;
  }
  fill(margin, y_, text_width, total, ground);
  double row_top = y_ + panel_padding;
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    const std::size_t column = i % panel_columns;
    const double x = margin + panel_padding + double(column) * (width + panel_gutter);
    const int element = ++element_;
    const double below = draw(drawn[i].label, 0, drawn[i].label.size(), x, row_top, "P", element);
    draw(drawn[i].value, 0, drawn[i].value.size(), x, below, "P", element);
    if (column + 1 == panel_columns) row_top += heights[i / panel_columns];
  }
  y_ += total + 4;
}

void PageComposer::heading(std::string_view text) { waiting_heading_ = text; }

double PageComposer::heading_height() const { return waiting_heading_.empty() ? 0 : 36; }

void PageComposer::place_heading() {
  if (waiting_heading_.empty()) return;
  if (y_ > begin_) y_ += 14;
  const auto heading_lines = lines(waiting_heading_, heading_style, text_width, 1);
  bookmarks_.push_back({waiting_heading_, pages_.size() - 1, y_});
  y_ = draw(heading_lines, 0, heading_lines.size(), margin, y_, "H2", ++element_) + 3;
  fill(margin, y_, text_width, 0.9, accent);
  y_ += 2;
  section_ = std::move(waiting_heading_);
  waiting_heading_.clear();
}

void PageComposer::row(std::string_view label, std::string_view value) {
  const auto label_lines = lines(label, label_style, label_width);
  const auto value_lines = lines(value, value_style, value_width);
  // The smaller letters of a label stand on the same line as the first of the value.
  const double shift =
      label_lines.empty() || value_lines.empty() ? 0 : std::max(0.0, value_lines[0].baseline - label_lines[0].baseline);
  const double whole =
      std::max(shift + height_of(label_lines, 0, label_lines.size()), height_of(value_lines, 0, value_lines.size()));
  // A short row stays whole; of a long one at least three lines stand at the foot of a page, or it begins on the next.
  const double start = std::min(whole, 3 * 14.5);
  if (y_ + heading_height() + start + 2 * row_padding > bottom) new_page();
  place_heading();
  std::size_t label_at = 0, value_at = 0;
  bool first = true;
  while (label_at < label_lines.size() || value_at < value_lines.size()) {
    const double room = bottom - y_ - 2 * row_padding;
    std::size_t label_to = fitting(label_lines, label_at, room - (first ? shift : 0));
    std::size_t value_to = fitting(value_lines, value_at, room);
    if (label_to == label_at && value_to == value_at) {
      // A line higher than what is left goes over; one higher than a whole page is drawn all the same.
      if (y_ > begin_) {
        new_page();
        continue;
      }
      label_to = std::min(label_at + 1, label_lines.size());
      value_to = std::min(value_at + 1, value_lines.size());
    }
    // No last line of a value alone on a page.
    if (value_to + 1 == value_lines.size() && value_to > value_at + 2) --value_to;
    const int element = ++element_;
    const double y = y_ + row_padding;
    double below_label = draw(label_lines, label_at, label_to, margin, y + (first ? shift : 0), "P", element);
    if (!first && label_at == label_lines.size()) {
      const auto again = lines(std::string(label) + " (continued)", label_style, label_width, 2);
      below_label = draw(again, 0, again.size(), margin, y, "P", element);
    }
    const double below_value = draw(value_lines, value_at, value_to, value_left, y, "P", element);
    y_ = std::max(below_label, below_value) + row_padding;
    label_at = label_to;
    value_at = value_to;
    first = false;
    if (label_at < label_lines.size() || value_at < value_lines.size()) new_page();
  }
  fill(margin, y_, text_width, 0.5, hairline);
  y_ += 0.5;
}

void PageComposer::frame_page(std::size_t index) {
  Page& page = pages_[index];
  const auto put = [&](std::string_view text, const TextStyle& style, double x, double width, double y, bool right) {
    const auto made = lines(text, style, width, 1, Direction::left_to_right);
    if (made.empty()) return;
    const double left = right ? x + width - width_of(made[0].line) : x;
    page.marks.push_back({made[0].line, left, y + ascent * style.size, 0, 0, made[0].ink, nullptr, 0});
  };
  const auto line = [&](double y, double height, Colour colour) {
    page.marks.push_back({nullptr, margin, y, text_width, height, colour, nullptr, 0});
  };
  if (index > 0) {
    put(frame_.running_number, running_style, margin + text_width * 2 / 3, text_width / 3, top, true);
    put(frame_.running_name, running_style, margin, text_width * 2 / 3 - gutter, top, false);
    if (!frame_.banner.empty()) put(frame_.banner, running_banner_style, margin, text_width, top + 12, false);
    line(top + 22, 0.6, hairline);
  }
  line(bottom + 14, 0.5, hairline);
  put(frame_.footer, footer_style, margin, text_width * 3 / 4, bottom + 18, false);
  put("Page " + std::to_string(index + 1) + " / " + std::to_string(pages_.size()), footer_style,
      margin + text_width * 3 / 4, text_width / 4, bottom + 18, true);
}

void PageComposer::draw_page(cairo_t* cairo, const Page& page) const {
  int open = 0;
  const char* tag = nullptr;
  for (const Mark& mark : page.marks) {
    if (open != 0 && mark.element != open) {
      cairo_tag_end(cairo, tag);
      open = 0;
    }
    cairo_set_source_rgb(cairo, mark.ink.red, mark.ink.green, mark.ink.blue);
    if (!mark.line) {
      cairo_rectangle(cairo, mark.x, mark.y, mark.width, mark.height);
      cairo_fill(cairo);
      continue;
    }
    if (mark.element != 0 && open == 0) {
      open = mark.element;
      tag = mark.tag;
      cairo_tag_begin(cairo, tag, nullptr);
    }
    cairo_move_to(cairo, mark.x, mark.y);
    pango_cairo_show_layout_line(cairo, mark.line);
  }
  if (open != 0) cairo_tag_end(cairo, tag);
}

Result<std::string> PageComposer::write() {
  place_heading();
  for (std::size_t i = 0; i < pages_.size(); ++i) frame_page(i);
  std::string bytes;
  cairo_surface_t* surface = cairo_pdf_surface_create_for_stream(append, &bytes, page_width, page_height);
  // Whole seconds: the date format of PDF has no fractions.
  const std::string date = format_instant(std::chrono::floor<seconds>(frame_.changed_at));
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, frame_.title.c_str());
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "handoff");
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, date.c_str());
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_MOD_DATE, date.c_str());
  for (const Bookmark& mark : bookmarks_) {
    const std::string place = "page=" + std::to_string(mark.page + 1) + " pos=[" + std::to_string(int(margin)) + " " +
                              std::to_string(int(mark.y)) + "]";
    cairo_pdf_surface_add_outline(surface, CAIRO_PDF_OUTLINE_ROOT, mark.text.c_str(), place.c_str(),
                                  static_cast<cairo_pdf_outline_flags_t>(0));
  }
  cairo_t* cairo = cairo_create(surface);
  for (const Page& page : pages_) {
    draw_page(cairo, page);
    cairo_show_page(cairo);
  }
  cairo_status_t status = cairo_status(cairo);
  cairo_destroy(cairo);
  cairo_surface_finish(surface);
  if (status == CAIRO_STATUS_SUCCESS) status = cairo_surface_status(surface);
  cairo_surface_destroy(surface);
  if (status != CAIRO_STATUS_SUCCESS) {
    return Error{Kind::internal,
                 "summary.not_drawn",
                 "The Referral Summary could not be drawn. The operator finds the reason in the log.",
                 std::string("summary: cairo: ") + cairo_status_to_string(status),
                 {}};
  }
  return bytes;
}

}  // namespace handoff::exchange
