/* Lines of text as dots, for what a printer's own characters lack: FriBidi for direction, HarfBuzz
 * for shapes, FreeType for dots, Noto for the faces.
 *
 * Faces come from Debian packages and are opened when first needed. A character that no face has is
 * drawn as an empty box, never as '?'. One `struct type` belongs to one thread at a time.
 */
#ifndef HOLDFAST_DRIVERS_TYPE_H
#define HOLDFAST_DRIVERS_TYPE_H

#include "drivers/bitmap.h"
#include "terminal/base/status.h"

#include <stdbool.h>
#include <stddef.h>

struct type;

struct type_style {
    int pixels; /* em size in dots */
    bool bold;
    bool mono; /* Noto Sans Mono first */
    bool rtl;  /* direction of the paragraph */
};

/* STATUS_NOT_FOUND naming the Debian package when the Latin face is missing. */
enum status type_create(struct type **out, struct error *error) MUST_USE;
void type_destroy(struct type *type); /* NULL is fine */

/* The advance of a line in dots. */
int type_width(struct type *type, struct type_style style, const char *text, size_t length);

/* Draws a line whose box starts at (x, y): the baseline is at y + pixels. */
void type_draw(struct type *type, struct type_style style, const char *text, size_t length,
               struct bitmap *onto, int x, int y);

#endif
