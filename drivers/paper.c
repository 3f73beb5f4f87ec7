/* State: the pen's row, the line of characters being collected, and the style. A line feed paints
 * the collected line and moves down; a raster is painted where the pen stands.
 */
#include "drivers/paper.h"

#include "drivers/escpos.h"
#include "terminal/base/text.h"

#include <qrencode.h>
#include <string.h>

#define LINE_CHARACTERS 256

struct head {
    struct paper *paper;
    struct type *type;
    int y;
    int pitch;
    int align; /* 0 start, 1 centre, 2 end */
    int wide, high;
    bool bold;
    uint8_t line[LINE_CHARACTERS];
    int count;
    char code[2048];
    size_t code_length;
    int module;
};

void paper_init(struct paper *paper, int width_dots)
{
    *paper = (struct paper){0};
    bitmap_init(&paper->dots, width_dots);
    buf_init(&paper->text, (size_t)1 << 20);
}

void paper_finish(struct paper *paper)
{
    bitmap_finish(&paper->dots);
    buf_finish(&paper->text);
}

/* Each character stands in its own cell, as a printer's font does; scaled by doubling dots. */
static void paint_character(struct head *head, uint8_t byte, int x)
{
    struct buf utf8;
    buf_init(&utf8, 8);
    struct bitmap cell;
    bitmap_init(&cell, 16);
    if (!text_append_char(&utf8, code_page_character(byte)) &&
        !bitmap_grow(&cell, ESCPOS_CELL_HEIGHT + 6)) {
        type_draw(head->type, (struct type_style){.pixels = 20, .bold = head->bold, .mono = true},
                  buf_text(&utf8), utf8.used, &cell, 0, 0);
        for (int row = 0; row < cell.height; row++)
            for (int column = 0; column < cell.width; column++)
                if (bitmap_get(&cell, column, row))
                    bitmap_fill(&head->paper->dots, x + column * head->wide,
                                head->y + row * head->high, head->wide, head->high);
    }
    bitmap_finish(&cell);
    buf_finish(&utf8);
}

static enum status line_feed(struct head *head)
{
    struct paper *paper = head->paper;
    int height = head->pitch > ESCPOS_CELL_HEIGHT * head->high + 6
                     ? head->pitch
                     : ESCPOS_CELL_HEIGHT * head->high + 6;
    enum status status = bitmap_grow(&paper->dots, head->y + height);
    if (status)
        return status;
    int advance = ESCPOS_CELL_WIDTH * head->wide;
    int spare = paper->dots.width - head->count * advance;
    int x = spare > 0 ? spare * head->align / 2 : 0;
    for (int i = 0; i < head->count; i++) {
        paint_character(head, head->line[i], x + i * advance);
        if ((status = text_append_char(&paper->text, code_page_character(head->line[i]))))
            return status;
    }
    head->count = 0;
    head->y += height;
    return buf_append_byte(&paper->text, '\n');
}

static enum status paint_raster(struct head *head, const uint8_t *bits, int stride, int rows)
{
    struct bitmap *dots = &head->paper->dots;
    enum status status = bitmap_grow(dots, head->y + rows);
    if (status)
        return status;
    for (int row = 0; row < rows; row++)
        for (int x = 0; x < 8 * stride; x++)
            if (bits[row * stride + x / 8] & (0x80 >> (x % 8)))
                bitmap_set(dots, x, head->y + row);
    head->y += rows;
    return buf_append_byte(&head->paper->text, '\n');
}

static enum status paint_code(struct head *head)
{
    QRcode *code = QRcode_encodeData((int)head->code_length, (const unsigned char *)head->code, 0,
                                     QR_ECLEVEL_M);
    if (!code)
        return STATUS_INVALID;
    int module = head->module > 0 ? head->module : 3;
    int side = code->width * module;
    struct bitmap *dots = &head->paper->dots;
    enum status status = bitmap_grow(dots, head->y + side + 16);
    int left = (dots->width - side) * head->align / 2;
    for (int y = 0; !status && y < code->width; y++)
        for (int x = 0; x < code->width; x++)
            if (code->data[y * code->width + x] & 1)
                bitmap_fill(dots, left + x * module, head->y + 8 + y * module, module, module);
    head->y += side + 16;
    head->paper->codes++;
    QRcode_free(code);
    return status;
}

/* GS ( : a function with its own length. `at` stands behind "GS (". */
static enum status function(struct head *head, const uint8_t *at, size_t left, size_t *used)
{
    if (left < 3)
        return STATUS_INVALID;
    size_t length = (size_t)at[1] + ((size_t)at[2] << 8);
    if (left < 3 + length || length < 2)
        return STATUS_INVALID;
    const uint8_t *data = at + 3;
    *used = 3 + length;
    if (at[0] == 'D')
        return STATUS_OK;
    if (at[0] == 'H' && length == 6 && data[0] == '0') {
        memcpy(head->paper->proof, data + 2, 4);
        head->paper->proof[4] = '\0';
        return STATUS_OK;
    }
    if (at[0] != 'k' || data[0] != 0x31)
        return STATUS_INVALID;
    if (data[1] == 0x43 && length == 3)
        head->module = data[2];
    if (data[1] == 0x50) {
        if (length - 3 >= sizeof head->code)
            return STATUS_INVALID;
        head->code_length = length - 3;
        memcpy(head->code, data + 3, head->code_length);
    }
    return data[1] == 0x51 ? paint_code(head) : STATUS_OK;
}

static enum status escape(struct head *head, const uint8_t *at, size_t left, size_t *used)
{
    static const struct {
        char name;
        size_t length;
    } known[] = {{'@', 1}, {'t', 2}, {'3', 2}, {'E', 2}, {'a', 2}, {'d', 2}, {'p', 4}};
    size_t length = 0;
    for (size_t i = 0; left > 0 && i < sizeof known / sizeof known[0]; i++)
        if (known[i].name == (char)at[0])
            length = known[i].length;
    if (length == 0 || left < length)
        return STATUS_INVALID;
    *used = length;
    switch (at[0]) {
    case '@':
        head->align = 0;
        head->wide = head->high = 1;
        head->bold = false;
        break;
    case '3':
        head->pitch = at[1];
        break;
    case 'E':
        head->bold = at[1] & 1;
        break;
    case 'a':
        head->align = at[1] % 3;
        break;
    case 'd':
        head->y += at[1] * head->pitch;
        return bitmap_grow(&head->paper->dots, head->y);
    case 'p':
        head->paper->drawer_pulses++;
        break;
    default:
        break;
    }
    return STATUS_OK;
}

static enum status group(struct head *head, const uint8_t *at, size_t left, size_t *used)
{
    if (left >= 2 && at[0] == '!') {
        head->wide = 1 + (at[1] >> 4 & 7);
        head->high = 1 + (at[1] & 7);
        *used = 2;
        return STATUS_OK;
    }
    if (left >= 3 && at[0] == 'V' && at[1] == 66) {
        head->paper->cuts++;
        head->y += 4 * head->pitch;
        *used = 3;
        return bitmap_grow(&head->paper->dots, head->y);
    }
    if (left >= 7 && at[0] == 'v' && at[1] == '0') {
        int stride = at[3] + (at[4] << 8), rows = at[5] + (at[6] << 8);
        size_t size = (size_t)stride * (size_t)rows;
        if (left < 7 + size)
            return STATUS_INVALID;
        *used = 7 + size;
        return paint_raster(head, at + 7, stride, rows);
    }
    if (left >= 1 && at[0] == '(') {
        enum status status = function(head, at + 1, left - 1, used);
        *used += 1;
        return status;
    }
    return STATUS_INVALID;
}

enum status paper_print(struct paper *paper, struct type *type, const uint8_t *bytes, size_t length,
                        struct error *error)
{
    struct head head = {.paper = paper,
                        .type = type,
                        .y = paper->dots.height,
                        .pitch = ESCPOS_LINE,
                        .wide = 1,
                        .high = 1};
    for (size_t at = 0; at < length;) {
        enum status status = STATUS_OK;
        size_t used = 0;
        if (bytes[at] == 0x1B)
            status = escape(&head, bytes + at + 1, length - at - 1, &used);
        else if (bytes[at] == 0x1D)
            status = group(&head, bytes + at + 1, length - at - 1, &used);
        else if (bytes[at] == '\n')
            status = line_feed(&head);
        else if (bytes[at] < 0x20 || bytes[at] == 0x7F || head.count == LINE_CHARACTERS)
            status = STATUS_INVALID;
        else
            head.line[head.count++] = bytes[at];
        if (status)
            return error_set(error, status, "byte %zu: 0x%02X is no command that this printer has",
                             at, bytes[at]);
        at += 1 + used;
    }
    return STATUS_OK;
}
