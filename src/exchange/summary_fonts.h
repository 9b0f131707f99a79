// The fonts of the summary: the same ones on every machine that has the Noto packages, whatever else is installed.
#pragma once

#include <pango/pangocairo.h>

#include "base/result.h"

namespace handoff::exchange {

// The families in order of preference: the first that holds a character draws it.
extern const char* const summary_families;

// The calling thread's own font map, made at its first summary: Pango's maps are not shared between threads. It stays
// the thread's property.
Result<PangoFontMap*> summary_font_map();

}  // namespace handoff::exchange
