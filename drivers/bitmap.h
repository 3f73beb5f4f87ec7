/* A one-bit picture, as thermal paper is: set dots are black. It grows downwards up to a ceiling.
 */
#ifndef HOLDFAST_DRIVERS_BITMAP_H
#define HOLDFAST_DRIVERS_BITMAP_H

#include "terminal/base/buf.h"
#include "terminal/base/status.h"

#include <stdbool.h>
#include <stdint.h>

#define BITMAP_ROWS_MAX 60000

struct bitmap {
    int width;  /* dots; a row is (width + 7) / 8 bytes, most significant bit first */
    int height; /* rows there are */
    int room;   /* rows that memory is there for */
    uint8_t *bits;
};

/* An empty picture of no rows; width 8..4096. */
void bitmap_init(struct bitmap *bitmap, int width);
void bitmap_finish(struct bitmap *bitmap);
int bitmap_stride(const struct bitmap *bitmap);

/* Makes it at least `rows` high, new rows white. STATUS_RANGE beyond BITMAP_ROWS_MAX. */
enum status bitmap_grow(struct bitmap *bitmap, int rows) MUST_USE;

/* Outside the picture: nothing happens, white. */
void bitmap_set(struct bitmap *bitmap, int x, int y);
bool bitmap_get(const struct bitmap *bitmap, int x, int y);
void bitmap_fill(struct bitmap *bitmap, int x, int y, int width, int height);

/* Black dots of `from` are set at (x, y). */
void bitmap_stamp(struct bitmap *bitmap, const struct bitmap *from, int x, int y);

/* Appends a PNG (ISO/IEC 15948, greyscale, 1 bit) with a white margin of `margin` dots. */
enum status bitmap_png(const struct bitmap *bitmap, int margin, struct buf *out,
                       struct error *error) MUST_USE;

#endif
