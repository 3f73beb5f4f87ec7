#include "drivers/layout.h"

#include "terminal/base/buf.h"
#include "terminal/base/text.h"

#include <stdlib.h>
#include <string.h>

/* A cell: a text in a part of the line. Every block is one row of such cells. */
struct cell {
    const char *text;
    int at;    /* from the start side */
    int width; /* >= 1 */
    enum document_align align;
};

void layout_init(struct layout *layout)
{
    *layout = (struct layout){0};
}

void layout_finish(struct layout *layout)
{
    free(layout->pieces);
    *layout = (struct layout){0};
}

static void add_piece(struct layout *layout, struct layout_piece piece)
{
    if (layout->count == layout->room) {
        layout->room = layout->room ? 2 * layout->room : 16;
        layout->pieces = mem_resize(layout->pieces, layout->room * sizeof piece);
    }
    layout->pieces[layout->count++] = piece;
    if (piece.row >= layout->rows)
        layout->rows = piece.row + 1;
}

/* How many bytes of the text fit the width: up to a space, or inside a word that is too long. At
 * least one character, so that every text ends. */
static size_t fitting(const char *text, size_t length, int width,
                      const struct layout_measure *measure)
{
    if (measure->width(measure->context, text, length) <= width)
        return length;
    size_t fits = 0, space = 0;
    for (size_t at = 0; at < length;) {
        size_t start = at;
        uint32_t character = text_next(text, length, &at);
        if (character == ' ')
            space = start;
        if (measure->width(measure->context, text, at) > width)
            break;
        fits = at;
    }
    if (space > 0 && space >= fits / 4)
        return space <= fits ? space : fits;
    if (fits == 0)
        text_next(text, length, &fits);
    return fits;
}

static void lay_cell(struct layout *layout, const struct cell *cell, bool rtl,
                     const struct layout_measure *measure)
{
    const char *text = cell->text;
    size_t left = strlen(text);
    for (int row = 0; left > 0; row++) {
        size_t length = fitting(text, left, cell->width, measure);
        size_t shown = length;
        while (shown > 0 && text[shown - 1] == ' ')
            shown--;
        int width = measure->width(measure->context, text, shown);
        int spare = cell->width > width ? cell->width - width : 0;
        int start = cell->at + (cell->align == ALIGN_END      ? spare
                                : cell->align == ALIGN_CENTER ? spare / 2
                                                              : 0);
        int x = rtl ? measure->line - start - width : start;
        add_piece(layout, (struct layout_piece){text, shown, x < 0 ? 0 : x, row});
        text += length;
        left -= length;
        while (left > 0 && *text == ' ') {
            text++;
            left--;
        }
    }
}

static int pair_cells(const struct document_block *block, const struct layout_measure *measure,
                      struct cell *cells)
{
    int indent = block->indent * measure->indent;
    int end = measure->width(measure->context, block->end_text, strlen(block->end_text));
    int most = measure->line * 2 / 3;
    if (end > most)
        end = most;
    int gap = end > 0 ? measure->gap : 0;
    cells[0] = (struct cell){block->text, indent, measure->line - indent - gap - end, ALIGN_START};
    cells[1] = (struct cell){block->end_text, measure->line - end, end, ALIGN_END};
    return end > 0 ? 2 : 1;
}

/* Widths by weight that sum to the line exactly, a gap between each two. */
static int column_cells(const struct document_block *block, const struct layout_measure *measure,
                        struct cell *cells)
{
    int total = 0, before = 0;
    for (int i = 0; i < block->cell_count; i++)
        total += block->weights[i];
    for (int i = 0; i < block->cell_count; i++) {
        int at = (int)((int64_t)measure->line * before / total);
        before += block->weights[i];
        int end = (int)((int64_t)measure->line * before / total);
        int gap = i + 1 < block->cell_count ? measure->gap : 0;
        int width = end - at - gap > 1 ? end - at - gap : 1;
        cells[i] = (struct cell){block->cells[i], at, width, i == 0 ? ALIGN_START : ALIGN_END};
    }
    return block->cell_count;
}

void layout_block(struct layout *layout, const struct document_block *block, bool rtl,
                  const struct layout_measure *measure)
{
    layout->count = 0;
    layout->rows = 0;
    struct cell cells[DOCUMENT_COLUMNS];
    int count = 0;
    if (block->type == BLOCK_TEXT) {
        cells[0] = (struct cell){block->text, 0, measure->line, block->align};
        count = 1;
    } else if (block->type == BLOCK_PAIR) {
        count = pair_cells(block, measure, cells);
    } else if (block->type == BLOCK_COLUMNS) {
        count = column_cells(block, measure, cells);
    }
    for (int i = 0; i < count; i++)
        lay_cell(layout, &cells[i], rtl, measure);
}
