#include "drivers/text_form.h"

#include "drivers/layout.h"
#include "terminal/base/text.h"

#include <fribidi.h>
#include <string.h>

/* Unicode's East Asian wide and full-width blocks, as coarse as a terminal needs them. */
static int cells_of(uint32_t character)
{
    if (fribidi_get_bidi_type(character) == FRIBIDI_TYPE_NSM || character == 0x200D)
        return 0;
    bool wide = (character >= 0x1100 && character <= 0x115F) ||
                (character >= 0x2E80 && character <= 0xA4CF) ||
                (character >= 0xAC00 && character <= 0xD7A3) ||
                (character >= 0xF900 && character <= 0xFAFF) ||
                (character >= 0xFF00 && character <= 0xFF60) ||
                (character >= 0x1F300 && character <= 0x1FAFF) ||
                (character >= 0x20000 && character <= 0x3FFFD);
    return wide ? 2 : 1;
}

static int measure_cells(void *context, const char *text, size_t length)
{
    (void)context;
    int cells = 0;
    for (size_t at = 0; at < length;)
        cells += cells_of(text_next(text, length, &at));
    return cells;
}

static enum status write_spaces(struct buf *out, int count)
{
    enum status status = STATUS_OK;
    while (!status && count-- > 0)
        status = buf_append_byte(out, ' ');
    return status;
}

/* The pieces of one row stand in order of x, or the other way round in a right-to-left document. */
static enum status write_row(const struct layout *layout, int row, struct buf *out)
{
    int at = 0;
    for (;;) {
        const struct layout_piece *next = NULL;
        for (size_t i = 0; i < layout->count; i++) {
            const struct layout_piece *piece = &layout->pieces[i];
            if (piece->row == row && piece->x >= at && piece->length > 0 &&
                (!next || piece->x < next->x))
                next = piece;
        }
        if (!next)
            return buf_append_byte(out, '\n');
        enum status status = write_spaces(out, next->x - at);
        if (!status)
            status = buf_append(out, next->text, next->length);
        if (status)
            return status;
        at = next->x + measure_cells(NULL, next->text, next->length);
    }
}

static enum status write_block(struct layout *layout, const struct document_block *block, bool rtl,
                               int columns, struct buf *out)
{
    enum status status = STATUS_OK;
    switch (block->type) {
    case BLOCK_RULE:
        for (int i = 0; !status && i < columns; i++)
            status = buf_append_byte(out, '-');
        return status ? status : buf_append_byte(out, '\n');
    case BLOCK_QR:
        return buf_printf(out, "%s\n", block->text);
    case BLOCK_FEED:
        return buf_append_byte(out, '\n');
    case BLOCK_CUT:
    case BLOCK_DRAWER:
        return STATUS_OK;
    default:
        break;
    }
    struct layout_measure measure = {
        .width = measure_cells, .line = columns, .gap = 1, .indent = 2};
    layout_block(layout, block, rtl, &measure);
    for (int row = 0; !status && row < layout->rows; row++)
        status = write_row(layout, row, out);
    return status;
}

enum status text_form_write(const struct document *document, int columns, struct buf *out)
{
    struct layout layout;
    layout_init(&layout);
    enum status status = STATUS_OK;
    for (size_t i = 0; !status && i < document_count(document); i++)
        status = write_block(&layout, document_block(document, i), document_is_rtl(document),
                             columns, out);
    layout_finish(&layout);
    return status;
}
