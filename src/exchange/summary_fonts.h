// The fonts of the summary: the same ones on every machine that has the Noto packages, whatever else is installed.
#pragma once

#include <pango/pangocairo.h>

#include <mutex>
#include <utility>

#include "base/result.h"

namespace handoff::exchange {

// The families in order of preference: the first that holds a character draws it.
extern const char* const summary_families;

// The right to draw, held until it goes: one summary is drawn at a time. Cairo 1.16 opens font files of one FreeType
// library from every thread without a lock of its own; two threads at once end the process, with font maps of their own
// too. Everything made from the map is given back before the turn ends.
class DrawingTurn {
 public:
  PangoFontMap* fonts() const { return fonts_; }

 private:
  friend Result<DrawingTurn> wait_for_drawing_turn();
  DrawingTurn(std::unique_lock<std::mutex> lock, PangoFontMap* fonts) : lock_(std::move(lock)), fonts_(fonts) {}
  std::unique_lock<std::mutex> lock_;
  PangoFontMap* fonts_;
};
Result<DrawingTurn> wait_for_drawing_turn();

}  // namespace handoff::exchange
