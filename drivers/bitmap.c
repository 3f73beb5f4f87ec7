#include "drivers/bitmap.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

void bitmap_init(struct bitmap *bitmap, int width)
{
    INVARIANT(width >= 8 && width <= 4096);
    *bitmap = (struct bitmap){.width = width};
}

void bitmap_finish(struct bitmap *bitmap)
{
    free(bitmap->bits);
    *bitmap = (struct bitmap){.width = bitmap->width};
}

int bitmap_stride(const struct bitmap *bitmap)
{
    return (bitmap->width + 7) / 8;
}

enum status bitmap_grow(struct bitmap *bitmap, int rows)
{
    if (rows > BITMAP_ROWS_MAX)
        return STATUS_RANGE;
    if (rows <= bitmap->height)
        return STATUS_OK;
    size_t stride = (size_t)bitmap_stride(bitmap);
    if (rows > bitmap->room) {
        int room = rows + rows / 2 + 64;
        bitmap->bits = mem_resize(bitmap->bits, (size_t)room * stride);
        bitmap->room = room;
    }
    memset(bitmap->bits + (size_t)bitmap->height * stride, 0,
           (size_t)(rows - bitmap->height) * stride);
    bitmap->height = rows;
    return STATUS_OK;
}

void bitmap_set(struct bitmap *bitmap, int x, int y)
{
    if (x < 0 || y < 0 || x >= bitmap->width || y >= bitmap->height)
        return;
    uint8_t *byte = &bitmap->bits[y * bitmap_stride(bitmap) + x / 8];
    *byte = (uint8_t)(*byte | (0x80 >> (x % 8)));
}

bool bitmap_get(const struct bitmap *bitmap, int x, int y)
{
    if (x < 0 || y < 0 || x >= bitmap->width || y >= bitmap->height)
        return false;
    return bitmap->bits[y * bitmap_stride(bitmap) + x / 8] & (0x80 >> (x % 8));
}

void bitmap_fill(struct bitmap *bitmap, int x, int y, int width, int height)
{
    for (int row = y; row < y + height; row++)
        for (int column = x; column < x + width; column++)
            bitmap_set(bitmap, column, row);
}

void bitmap_stamp(struct bitmap *bitmap, const struct bitmap *from, int x, int y)
{
    for (int row = 0; row < from->height; row++)
        for (int column = 0; column < from->width; column++)
            if (bitmap_get(from, column, row))
                bitmap_set(bitmap, x + column, y + row);
}

struct png_target {
    struct buf *out;
    enum status status;
};

static void png_to_buf(png_structp png, png_bytep bytes, png_size_t length)
{
    struct png_target *target = png_get_io_ptr(png);
    if (!target->status)
        target->status = buf_append(target->out, bytes, length);
}

static void png_nothing(png_structp png)
{
    (void)png;
}

/* Rows with the margin around them, inverted: in a PNG of one bit, 0 is black. */
static void png_rows(png_structp png, const struct bitmap *bitmap, int margin)
{
    int width = bitmap->width + 2 * margin;
    size_t stride = (size_t)(width + 7) / 8;
    uint8_t *row = mem_alloc(stride);
    for (int y = -margin; y < bitmap->height + margin; y++) {
        memset(row, 0xFF, stride);
        for (int x = 0; x < bitmap->width; x++)
            if (bitmap_get(bitmap, x, y)) {
                int at = x + margin;
                row[at / 8] = (uint8_t)(row[at / 8] & ~(0x80 >> (at % 8)));
            }
        png_write_row(png, row);
    }
    free(row);
}

/* libpng leaves by longjmp only on its own errors; ours are told by `target`, so none can happen
 * between creation and destruction except out of memory, which aborts here as elsewhere. */
static void png_abort(png_structp png, png_const_charp message)
{
    (void)png;
    invariant_failed(message, __FILE__, __LINE__);
}

enum status bitmap_png(const struct bitmap *bitmap, int margin, struct buf *out,
                       struct error *error)
{
    struct png_target target = {.out = out};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, png_abort, NULL);
    INVARIANT(png);
    png_infop info = png_create_info_struct(png);
    INVARIANT(info);
    png_set_write_fn(png, &target, png_to_buf, png_nothing);
    png_set_IHDR(png, info, (png_uint_32)(bitmap->width + 2 * margin),
                 (png_uint_32)(bitmap->height + 2 * margin), 1, PNG_COLOR_TYPE_GRAY,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_pHYs(png, info, 7992, 7992, PNG_RESOLUTION_METER); /* 203 dpi */
    png_set_compression_level(png, 3);
    png_write_info(png, info);
    png_rows(png, bitmap, margin);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    if (target.status)
        return error_set(error, target.status, "the picture is larger than %zu bytes",
                         out->ceiling);
    return STATUS_OK;
}
