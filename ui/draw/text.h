/* Text: from a UTF-8 string to a mask.
 *
 *   string ─► FriBidi levels ─► runs of one direction, script and face ─► SDL_ttf (HarfBuzz)
 *          ─► one mask per line ─► cache by (style, pixels, direction, string)
 *
 * The colour is no part of the key: masks are tinted when they are drawn. Faces come from Debian
 * packages and are named by a file (assets/themes/fonts.json):
 *
 *   { "faces": [ { "name": "Noto Sans", "package": "fonts-noto-core", "required": true,
 *                  "regular": "/usr/.../NotoSans-Regular.ttf", "bold":
 * "/usr/.../NotoSans-Bold.ttf", "index": 0, "scripts": "Latn Grek Cyrl" }, ... ] }
 *
 * A required face that is not there is one clear error naming its package. The others are opened
 * when a character needs them: first the face whose scripts name the character's, then each in
 * order. A character that no face has is drawn as the first face's box; never a failure.
 * Control characters are drawn as spaces; malformed bytes as U+FFFD.
 * The UI's thread only. SDL need not be initialised.
 */
#ifndef HOLDFAST_DRAW_TEXT_H
#define HOLDFAST_DRAW_TEXT_H

#include "terminal/base/status.h"
#include "ui/draw/geometry.h"
#include "ui/draw/mask.h"

#include <stdbool.h>
#include <stddef.h>

struct text;

enum { TEXT_LENGTH_MAX = 4096 }; /* bytes; what follows is not drawn */

/* `cache_bytes` bounds what the cache of lines keeps between frames. */
enum status text_create(const char *fonts_file, size_t cache_bytes, struct text **out,
                        struct error *error) MUST_USE;
void text_free(struct text *text);

struct text_font {
    int px; /* em size, 6..400 */
    bool bold;
    bool rtl; /* the direction of a text without a strong character; others go by their first */
};

/* One line, shaped. `mask` is NULL for an empty string. Height and baseline are those of the first
 * face at that size, whatever faces the line uses: lines of one style have one height. */
struct text_line {
    const struct mask *mask;
    int width;    /* the advance, in pixels: what the layout counts with */
    int height;   /* of the line box */
    int baseline; /* from the top of the line box */
    int offset_x; /* where the mask lies against the line box */
    int offset_y;
};

/* Borrowed until the next text_trim. `length` bytes of `string`, all of it when -1. */
struct text_line text_shape(struct text *text, struct text_font font, const char *string,
                            int length);
/* The same without drawing: width and height only. Cached too. */
struct size text_measure(struct text *text, struct text_font font, const char *string, int length);
/* Height of the line box of a font. */
int text_height(struct text *text, struct text_font font);
/* How far the bytes before `at` advance: where a caret stands in left-to-right text. */
int text_advance_to(struct text *text, struct text_font font, const char *string, int at);

/* The direction of its first strong character (UAX 9, P2), else the fallback. */
bool text_is_rtl(const char *string, bool fallback);
/* Marks, joiners and variation selectors, which stay with the character before them. */
bool text_clings(uint32_t character);

/* One piece of a wrapped string. */
struct text_piece {
    int start, length; /* bytes; spaces at the break belong to no piece */
    bool ellipsis;     /* an ellipsis has to follow: the text did not fit */
};

/* Breaks at spaces, after hyphens, at new lines, and between CJK characters; a word wider than
 * `width` breaks anywhere between characters. At most `max` pieces; when the text needs more, the
 * last is cut to leave room for an ellipsis, and its flag is set. Returns how many, at least 1 for
 * a text that is not empty. With max = 1 this is plain cutting. */
int text_wrap(struct text *text, struct text_font font, const char *string, int width,
              struct text_piece *pieces, int max);
/* The widest unbreakable word: a box narrower than this splits it. */
int text_word_width(struct text *text, struct text_font font, const char *string);

/* A piece as a shaped line, the ellipsis included. */
struct text_line text_shape_piece(struct text *text, struct text_font font, const char *string,
                                  struct text_piece piece);

/* Ends a frame: lines not used since the last call go, least recently used first, until the cache
 * is within its bound. Invalidates borrowed masks that were not used since the call before. */
void text_trim(struct text *text);

struct text_stats {
    size_t cached_lines, cached_bytes;
    long shaped, found; /* misses and hits since the start */
    int faces_open;     /* (face, size) pairs */
};
struct text_stats text_stats(const struct text *text);

#endif
