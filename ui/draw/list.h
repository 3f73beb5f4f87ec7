/* The draw list: what a frame looks like, as commands in order of painting. A cell of
 * DRAW_CELL x DRAW_CELL pixels looks the same in two frames when the commands that touch it are
 * the same; their hash per cell gives the damage (see canvas.h).
 *
 * Masks in commands are borrowed from text and icons; the list may be drawn until they are
 * trimmed. Every command is clipped to the clip that was set when it was added.
 */
#ifndef HOLDFAST_DRAW_LIST_H
#define HOLDFAST_DRAW_LIST_H

#include "ui/draw/geometry.h"
#include "ui/draw/mask.h"
#include "ui/draw/theme.h"

#include <stddef.h>
#include <stdint.h>

enum { DRAW_CELL = 32 };

enum draw_kind { DRAW_FILL, DRAW_ROUND, DRAW_MASK };

/* Which corners of a DRAW_ROUND are round; in pixels of the screen, not of reading. */
enum draw_corner {
    DRAW_TOP_LEFT = 1,
    DRAW_TOP_RIGHT = 2,
    DRAW_BOTTOM_LEFT = 4,
    DRAW_BOTTOM_RIGHT = 8,
    DRAW_ALL_CORNERS = 15
};

struct draw_command {
    enum draw_kind kind;
    struct rect rect; /* for a mask: where its top left pixel lies, and its size */
    struct rect clip;
    struct colour colour;
    int radius, border;      /* DRAW_ROUND: border 0 fills, else a ring of that width, inside */
    unsigned corners;        /* DRAW_ROUND */
    const struct mask *mask; /* DRAW_MASK */
};

struct draw_list;

struct draw_list *draw_list_create(void);
void draw_list_free(struct draw_list *list);
/* Forgets the commands, keeps the memory, sets the clip to the whole screen. */
void draw_list_clear(struct draw_list *list, int width, int height);

/* Everything after is cut to `clip` (and to nothing else); returns the clip before. */
struct rect draw_clip(struct draw_list *list, struct rect clip);

void draw_fill(struct draw_list *list, struct rect rect, struct colour colour);
void draw_round(struct draw_list *list, struct rect rect, int radius, unsigned corners,
                struct colour colour);
void draw_ring(struct draw_list *list, struct rect rect, int radius, unsigned corners, int border,
               struct colour colour);
void draw_mask(struct draw_list *list, const struct mask *mask, int x, int y, struct colour colour);

size_t draw_count(const struct draw_list *list);
const struct draw_command *draw_at(const struct draw_list *list, size_t index);

/* Hashes per cell, row by row: `columns` x `rows` cells cover the screen. Borrowed until the next
 * draw_hash or free. Equal hashes mean equal pixels (64 bits, FNV-1a over the commands). */
const uint64_t *draw_hash(struct draw_list *list, int *columns, int *rows);

#endif
