#include "drivers/escpos.h"

#include "drivers/layout.h"
#include "terminal/base/text.h"

#include <stdio.h>
#include <string.h>

/* Windows-1252 from 0x80 to 0x9F; the rest above is Latin-1. */
static const uint16_t code_page_high[32] = {
    0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD, 0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178};

int code_page_byte(uint32_t character)
{
    if (character < 0x20 || character == 0x7F || character == 0xFFFD)
        return -1;
    if (character < 0x7F || (character >= 0xA0 && character <= 0xFF))
        return (int)character;
    if (character == 0x2212) /* ICU's minus sign */
        return '-';
    if (character == 0x202F || character == 0x2009) /* thin spaces in amounts */
        return 0xA0;
    for (int i = 0; i < 32; i++)
        if (code_page_high[i] == character)
            return 0x80 + i;
    return -1;
}

uint32_t code_page_character(uint8_t byte)
{
    return byte >= 0x80 && byte < 0xA0 ? code_page_high[byte - 0x80] : byte;
}

struct writer {
    const struct profile *profile;
    struct type *type;
    struct buf *out;
    bool rtl;
    struct layout layout;
    struct type_style style; /* of the block being measured as raster */
};

static enum status put(struct writer *writer, const void *bytes, size_t length)
{
    return buf_append(writer->out, bytes, length);
}

static bool encodable(const struct writer *writer, const char *text)
{
    size_t length = strlen(text);
    for (size_t at = 0; at < length;) {
        uint32_t character = text_next(text, length, &at);
        if (code_page_byte(character) < 0 || (writer->profile->code_page < 0 && character > 0x7E))
            return false;
    }
    return true;
}

static bool block_encodable(const struct writer *writer, const struct document_block *block)
{
    if (block->type == BLOCK_COLUMNS) {
        for (int i = 0; i < block->cell_count; i++)
            if (!encodable(writer, block->cells[i]))
                return false;
        return true;
    }
    return encodable(writer, block->text) &&
           (block->type != BLOCK_PAIR || encodable(writer, block->end_text));
}

static int count_characters(void *context, const char *text, size_t length)
{
    (void)context;
    int count = 0;
    for (size_t at = 0; at < length; count++)
        text_next(text, length, &at);
    return count;
}

static int measure_dots(void *context, const char *text, size_t length)
{
    struct writer *writer = context;
    return type_width(writer->type, writer->style, text, length);
}

static int block_size(const struct document_block *block)
{
    return block->type != BLOCK_COLUMNS && block->size == 2 ? 2 : 1;
}

/* One row of cells as characters, padded with spaces to their places. */
static enum status text_row(struct writer *writer, int row, int columns)
{
    uint8_t line[128];
    memset(line, ' ', sizeof line);
    int end = 0;
    for (size_t i = 0; i < writer->layout.count; i++) {
        const struct layout_piece *piece = &writer->layout.pieces[i];
        if (piece->row != row)
            continue;
        int x = piece->x;
        for (size_t at = 0; at < piece->length && x < columns; x++)
            line[x] = (uint8_t)code_page_byte(text_next(piece->text, piece->length, &at));
        if (x > end)
            end = x;
    }
    line[end] = '\n';
    return put(writer, line, (size_t)end + 1);
}

static enum status write_text(struct writer *writer, const struct document_block *block)
{
    int size = block_size(block);
    int columns = writer->profile->columns / size;
    struct layout_measure measure = {
        .width = count_characters, .line = columns, .gap = 1, .indent = 2};
    layout_block(&writer->layout, block, writer->rtl, &measure);
    uint8_t style[] = {0x1B, 'E', block->bold, 0x1D, '!', size == 2 ? 0x11 : 0x00};
    enum status status = put(writer, style, sizeof style);
    for (int row = 0; !status && row < writer->layout.rows; row++)
        status = text_row(writer, row, columns);
    return status;
}

/* GS v 0: a raster of whole bytes, at most 65,535 rows. */
static enum status write_raster(struct writer *writer, const struct bitmap *bitmap)
{
    int stride = bitmap_stride(bitmap);
    uint8_t head[] = {0x1D,
                      'v',
                      '0',
                      0,
                      (uint8_t)(stride & 0xFF),
                      (uint8_t)(stride >> 8),
                      (uint8_t)(bitmap->height & 0xFF),
                      (uint8_t)(bitmap->height >> 8)};
    enum status status = put(writer, head, sizeof head);
    return status ? status : put(writer, bitmap->bits, (size_t)stride * (size_t)bitmap->height);
}

static enum status write_drawn(struct writer *writer, const struct document_block *block)
{
    int size = block_size(block);
    writer->style =
        (struct type_style){.pixels = 22 * size, .bold = block->bold, .rtl = writer->rtl};
    struct layout_measure measure = {.width = measure_dots,
                                     .context = writer,
                                     .line = writer->profile->width_dots,
                                     .gap = ESCPOS_CELL_WIDTH,
                                     .indent = 2 * ESCPOS_CELL_WIDTH};
    layout_block(&writer->layout, block, writer->rtl, &measure);
    int pitch = ESCPOS_LINE * size + 4;
    for (int row = 0; row < writer->layout.rows; row++) {
        struct bitmap line;
        bitmap_init(&line, writer->profile->width_dots);
        enum status status = bitmap_grow(&line, pitch);
        for (size_t i = 0; !status && i < writer->layout.count; i++) {
            const struct layout_piece *piece = &writer->layout.pieces[i];
            if (piece->row == row)
                type_draw(writer->type, writer->style, piece->text, piece->length, &line, piece->x,
                          2);
        }
        if (!status)
            status = write_raster(writer, &line);
        bitmap_finish(&line);
        if (status)
            return status;
    }
    return STATUS_OK;
}

static enum status write_rule(struct writer *writer)
{
    struct bitmap line;
    bitmap_init(&line, writer->profile->width_dots);
    enum status status = bitmap_grow(&line, 14);
    if (!status) {
        bitmap_fill(&line, 0, 6, line.width, 2);
        status = write_raster(writer, &line);
    }
    bitmap_finish(&line);
    return status;
}

/* GS ( k, functions 165 (model), 167 (module size), 169 (error correction M), 180 (store, length is
 * data + 3) and 181 (print), centred. */
static enum status write_qr(struct writer *writer, const char *text)
{
    size_t length = strlen(text);
    if (!writer->profile->qr || length > 2000)
        return STATUS_OK; /* the number in clear stands beside every code */
    size_t stored = length + 3;
    uint8_t setup[] = {0x1B, 'a', 1,    0x1D, '(', 'k',  4,    0,    0x31, 0x41,
                       0x32, 0,   0x1D, '(',  'k', 3,    0,    0x31, 0x43, 5,
                       0x1D, '(', 'k',  3,    0,   0x31, 0x45, 0x31};
    uint8_t store[] = {0x1D, '(',  'k', (uint8_t)(stored & 0xFF), (uint8_t)(stored >> 8),
                       0x31, 0x50, 0x30};
    uint8_t print[] = {0x1D, '(', 'k', 3, 0, 0x31, 0x51, 0x30, '\n', 0x1B, 'a', 0};
    enum status status = put(writer, setup, sizeof setup);
    if (!status)
        status = put(writer, store, sizeof store);
    if (!status)
        status = put(writer, text, length);
    return status ? status : put(writer, print, sizeof print);
}

static enum status write_block(struct writer *writer, const struct document_block *block)
{
    switch (block->type) {
    case BLOCK_TEXT:
    case BLOCK_PAIR:
    case BLOCK_COLUMNS:
        return block_encodable(writer, block) ? write_text(writer, block)
                                              : write_drawn(writer, block);
    case BLOCK_RULE:
        return write_rule(writer);
    case BLOCK_QR:
        return write_qr(writer, block->text);
    case BLOCK_FEED:
        return put(writer, (uint8_t[]){0x1B, 'd', (uint8_t)block->lines}, 3);
    case BLOCK_CUT:
        return writer->profile->cutter ? put(writer, (uint8_t[]){0x1D, 'V', 66, 0}, 4)
                                       : put(writer, (uint8_t[]){0x1B, 'd', 4}, 3);
    case BLOCK_DRAWER:
        return escpos_drawer(writer->profile, writer->out);
    }
    return STATUS_OK;
}

enum status escpos_drawer(const struct profile *profile, struct buf *out)
{
    uint8_t pulse[] = {0x1B, 'p', (uint8_t)profile->drawer_pin,
                       (uint8_t)(profile->drawer_on_ms / 2), (uint8_t)(profile->drawer_off_ms / 2)};
    return buf_append(out, pulse, sizeof pulse);
}

enum status escpos_write(const struct document *document, const struct profile *profile,
                         struct type *type, int64_t job, struct buf *out, struct error *error)
{
    struct writer writer = {
        .profile = profile, .type = type, .out = out, .rtl = document_is_rtl(document)};
    layout_init(&writer.layout);
    uint8_t start[] = {0x1B, '@', 0x1D, '(', 'D', 3, 0, 20, 1, 0, 0x1B, '3', ESCPOS_LINE};
    uint8_t page[] = {0x1B, 't', (uint8_t)(profile->code_page < 0 ? 0 : profile->code_page)};
    enum status status = put(&writer, start, sizeof start);
    if (!status)
        status = put(&writer, page, sizeof page);
    for (size_t i = 0; !status && i < document_count(document); i++)
        status = write_block(&writer, document_block(document, i));
    if (!status && profile->proof)
        status = buf_printf(out, "\x1D(H\x06%c00%04X", 0, (unsigned)(job & 0xFFFF));
    layout_finish(&writer.layout);
    if (status)
        return error_set(error, status, "the print job is larger than %zu bytes", out->ceiling);
    return STATUS_OK;
}
