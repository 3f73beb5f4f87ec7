/* One line of text as one mask: bidi, faces, HarfBuzz through SDL_ttf. Part of text; not cached.
 */
#ifndef HOLDFAST_DRAW_SHAPE_H
#define HOLDFAST_DRAW_SHAPE_H

#include "ui/draw/faces.h"
#include "ui/draw/text.h"

/* The paragraph's direction: that of its first strong character, else `fallback_rtl`. */
bool shape_is_rtl(const char *string, int length, bool fallback_rtl);

/* Shapes `length` bytes; `rtl` is the paragraph's direction. With `draw` the line has a mask of its
 * own, which the caller frees; without, only its measures. */
struct text_line shape_line(struct faces *faces, struct text_font font, const char *string,
                            int length, bool rtl, bool draw);

#endif
