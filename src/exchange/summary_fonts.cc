#include "exchange/summary_fonts.h"

#include <fontconfig/fontconfig.h>
#include <pango/pangofc-fontmap.h>

namespace handoff::exchange {

// With the machine's own settings Arabic and Inuktitut fall back to whatever sans-serif is at hand, without a word.
// Each script of the exchange is therefore named; scripts beyond the list are still found among the Noto fonts.
const char* const summary_families =
    "Noto Sans,Noto Sans Arabic,Noto Sans Canadian Aboriginal,Noto Sans Devanagari,Noto Sans Thai,Noto Sans Hebrew,"
    "Noto Sans Gurmukhi,Noto Sans Gujarati,Noto Sans Bengali,Noto Sans Tamil,Noto Sans Telugu,Noto Sans Kannada,"
    "Noto Sans Malayalam,Noto Sans Sinhala,Noto Sans Ethiopic,Noto Sans Armenian,Noto Sans Georgian,Noto Sans Khmer,"
    "Noto Sans Lao,Noto Sans Myanmar,Noto Serif Tibetan,Noto Sans Cherokee,Noto Sans Tifinagh,Noto Sans Syriac,"
    "Noto Sans CJK SC,Noto Sans Symbols,Noto Sans Symbols2,Noto Sans Math";

namespace {

// Directories as Debian and its neighbours lay them out; those that do not exist are passed over. The caches are the
// system's: without one the first summary of a process waits for a scan of all fonts.
constexpr const char* settings = R"xml(<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts/truetype/noto</dir>
  <dir>/usr/share/fonts/opentype/noto</dir>
  <dir>/usr/share/fonts/noto</dir>
  <dir>/usr/share/fonts/noto-cjk</dir>
  <dir>/usr/share/fonts/google-noto</dir>
  <cachedir>/var/cache/fontconfig</cachedir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <selectfont>
    <rejectfont><glob>*-Italic.*</glob></rejectfont>
    <rejectfont><glob>*-BoldItalic.*</glob></rejectfont>
    <rejectfont><glob>*NotoSansDisplay-*</glob></rejectfont>
    <rejectfont><glob>*NotoSerifDisplay-*</glob></rejectfont>
    <rejectfont><glob>*NotoSerifCJK-*</glob></rejectfont>
  </selectfont>
</fontconfig>
)xml";

bool has_family(FcConfig* config, const char* family) {
  const FcFontSet* fonts = FcConfigGetFonts(config, FcSetSystem);
  for (int i = 0; fonts && i < fonts->nfont; ++i) {
    FcChar8* name = nullptr;
    if (FcPatternGetString(fonts->fonts[i], FC_FAMILY, 0, &name) == FcResultMatch &&
        FcStrCmpIgnoreCase(name, reinterpret_cast<const FcChar8*>(family)) == 0) {
      return true;
    }
  }
  return false;
}

// Read once a process.
FcConfig* load_configuration() {
  FcConfig* config = FcConfigCreate();
  if (!config) return nullptr;
  if (!FcConfigParseAndLoadFromMemory(config, reinterpret_cast<const FcChar8*>(settings), FcTrue) ||
      !FcConfigBuildFonts(config) || !has_family(config, "Noto Sans")) {
    FcConfigDestroy(config);
    return nullptr;
  }
  return config;
}

std::mutex drawing;
PangoFontMap* font_map = nullptr;  // guarded by drawing; made at the first summary, kept to the end of the process

}  // namespace

Result<DrawingTurn> wait_for_drawing_turn() {
  std::unique_lock lock(drawing);
  if (!font_map) {
    // Looked for again at the next summary where it failed: fonts may be installed meanwhile.
    FcConfig* config = load_configuration();
    if (!config) {
      return Error{Kind::internal,
                   "summary.fonts_missing",
                   "The Referral Summary cannot be drawn here: the Noto fonts are missing. The operator installs the "
                   "packages fonts-noto-core and fonts-noto-cjk.",
                   "summary: no Noto Sans in the font directories",
                   {}};
    }
    font_map = pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT);
    HANDOFF_ASSERT(font_map != nullptr);
    pango_fc_font_map_set_config(PANGO_FC_FONT_MAP(font_map), config);
    FcConfigDestroy(config);  // the map holds its own reference
    // Points are points: the page is measured in them.
    pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(font_map), 72.0);
  }
  return DrawingTurn(std::move(lock), font_map);
}

}  // namespace handoff::exchange
