/* From a block of a receipt document to rows of cells, in whatever unit the caller measures:
 * characters of a printer's own font, or dots of ours.
 *
 *   pair "2 x Wool Scarf, Moss …" / "76.00", 24 wide ─►  |2 x Wool Scarf,    76.00|
 *                                                        |Moss / One size        |
 *
 * Nothing is cut away: what does not fit wraps, at spaces where it can. In a right-to-left document
 * the cells change sides.
 */
#ifndef HOLDFAST_DRIVERS_LAYOUT_H
#define HOLDFAST_DRIVERS_LAYOUT_H

#include "terminal/selling/document.h"

#include <stddef.h>

/* How wide a piece of text is, in the caller's unit. */
struct layout_measure {
    int (*width)(void *context, const char *text, size_t length);
    void *context;
    int line;   /* what fits in a line */
    int gap;    /* between two cells */
    int indent; /* of one step */
};

/* One piece of text in one row; x from the left edge of the paper. */
struct layout_piece {
    const char *text; /* borrowed from the document */
    size_t length;
    int x;
    int row; /* from 0 within the block */
};

struct layout {
    struct layout_piece *pieces;
    size_t count;
    size_t room;
    int rows;
};

void layout_init(struct layout *layout);
void layout_finish(struct layout *layout);

/* The pieces of a text, pair or columns block (other blocks have none), in order of their rows. */
void layout_block(struct layout *layout, const struct document_block *block, bool rtl,
                  const struct layout_measure *measure);

#endif
