/* Typefaces: which file draws a character, and open fonts by (face, size, weight). Part of text.
 */
#ifndef HOLDFAST_DRAW_FACES_H
#define HOLDFAST_DRAW_FACES_H

#include "terminal/base/status.h"

#include <SDL_ttf.h>
#include <stdbool.h>
#include <stdint.h>

struct faces;

/* As text_create. Starts SDL_ttf; faces_free stops it. */
enum status faces_create(const char *fonts_file, struct faces **out, struct error *error) MUST_USE;
void faces_free(struct faces *faces);

/* The open font of a face; NULL when its file cannot be opened (never for face 0). Borrowed until
 * the next call: at most 40 fonts are open, the least recently used is closed. */
TTF_Font *faces_font(struct faces *faces, int face, int px, bool bold);
int faces_open_count(const struct faces *faces);

/* ISO 15924, as four letters in an integer: 'L' << 24 | 'a' << 16 | ... */
uint32_t faces_script(uint32_t character);
/* Common, inherited or unknown: takes the script of its neighbours. */
bool faces_script_is_shared(uint32_t script);

/* The face that draws the character of that script; `now` (a face, or -1) when it can. Face 0,
 * which draws a box, when none can. */
int faces_find(struct faces *faces, uint32_t character, uint32_t script, int now);

/* Combining marks, joiners and variation selectors: they stay with the character before. */
bool faces_clings(uint32_t character);

#endif
