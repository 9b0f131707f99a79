// Lays text out on pages and draws them. It knows rows and headings, not referrals. Pages are composed first and drawn
// after, because a footer names the number of pages.
#pragma once

#include <pango/pangocairo.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace handoff::exchange {

struct Colour {
  double red, green, blue;
};
constexpr Colour colour(unsigned rgb) {
  return {(rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0};
}

struct TextStyle {
  double size;
  bool bold;
  Colour ink;
};

// What stands on every page. Texts may be about a person; the title is not.
struct PageFrame {
  std::string title;           // of the document, for its properties
  std::string running_number;  // following pages begin with these two
  std::string running_name;
  std::string footer;
  std::string banner;    // "" for none
  Instant changed_at{};  // stands as the document's date, so that the same content gives the same bytes
};

struct Cell {
  std::string label;
  std::string value;
  enum class Weight { normal, urgent, minor } weight = Weight::normal;
};

class PageComposer {
 public:
  PageComposer(PangoFontMap* fonts, PageFrame frame);
  ~PageComposer();
  PageComposer(const PageComposer&) = delete;
  PageComposer& operator=(const PageComposer&) = delete;

  // The head of the first page.
  void title(std::string_view kind, std::string_view number, std::string_view name,
             const std::vector<std::string>& facts);
  // Short facts side by side, labels above values, on a tinted ground.
  void panel(const std::vector<Cell>& cells);
  // Stands with the row that follows it, never alone at the foot of a page.
  void heading(std::string_view text);
  // A label and its value beside it. Both wrap, and go on over as many pages as they need.
  void row(std::string_view label, std::string_view value);

  Result<std::string> write();

 private:
  struct Line {
    PangoLayoutLine* line;  // owned by a layout in layouts_
    double left;            // where the line begins, from the left edge of its column
    double height;
    double baseline;  // from the top of the line
    Colour ink;
  };
  struct Mark {  // a line of text in its place, or a filled rectangle where `line` is null
    PangoLayoutLine* line;
    double x, y, width, height;
    Colour ink;
    const char* tag;  // the structure element it belongs to; null for decoration
    int element;      // marks of one element have one number
  };
  struct Page {
    std::vector<Mark> marks;
  };
  struct Bookmark {
    std::string text;
    std::size_t page;
    double y;
  };

  // Which side a text begins on: as its first letter says, or as told.
  enum class Direction { of_text, left_to_right, right_to_left };
  PangoLayout* layout(std::string_view text, const TextStyle& style, double width, int line_count_max,
                      Direction direction);
  // line_count_max 0 is no limit; beyond a limit the text ends with an ellipsis.
  std::vector<Line> lines(std::string_view text, const TextStyle& style, double width, int line_count_max = 0,
                          Direction direction = Direction::of_text);
  double draw(const std::vector<Line>& lines, std::size_t from, std::size_t to, double x, double y, const char* tag,
              int element);
  void fill(double x, double y, double width, double height, Colour ink);
  void new_page();
  void place_heading();
  double heading_height() const;
  void frame_page(std::size_t index);
  void draw_page(cairo_t* cairo, const Page& page) const;

  PageFrame frame_;
  PangoContext* left_to_right_;
  PangoContext* right_to_left_;
  std::vector<PangoLayout*> layouts_;
  std::vector<Page> pages_;
  std::vector<Bookmark> bookmarks_;
  std::string waiting_heading_;
  std::string section_;  // the heading that rows stand under now
  double begin_ = 0;     // where rows begin on the current page
  double y_ = 0;         // where the next thing goes on it
  int element_ = 0;
};

}  // namespace handoff::exchange
