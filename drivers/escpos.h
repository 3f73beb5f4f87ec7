/* A receipt document as ESC/POS bytes (Epson ESC/POS application programming guide).
 *
 * What the printer's code page has is sent as text in its own font, 12 x 24 dots; any block with a
 * character beyond it is drawn with our fonts and sent as a raster (GS v 0). No byte below 0x20 and
 * no 0x7F from a text ever reaches the printer. Real-time commands are switched off first, for
 * they would act inside raster data.
 */
#ifndef HOLDFAST_DRIVERS_ESCPOS_H
#define HOLDFAST_DRIVERS_ESCPOS_H

#include "drivers/profile.h"
#include "drivers/type.h"
#include "terminal/base/buf.h"
#include "terminal/selling/document.h"

#include <stdint.h>

#define ESCPOS_BYTES_MAX ((size_t)16 << 20)

#define ESCPOS_CELL_WIDTH  12
#define ESCPOS_CELL_HEIGHT 24
#define ESCPOS_LINE        30 /* dots from line to line */

/* Windows-1252, the code page we use: -1 when it lacks the character. And back: 0xFFFD for the five
 * bytes that mean nothing. */
int code_page_byte(uint32_t character);
uint32_t code_page_character(uint8_t byte);

/* Appends the whole job. With `proof` in the profile it ends by asking the printer to say when
 * `job` (its low 16 bits as 4 hexadecimal digits) is on paper. STATUS_RANGE at the ceiling. */
enum status escpos_write(const struct document *document, const struct profile *profile,
                         struct type *type, int64_t job, struct buf *out,
                         struct error *error) MUST_USE;

/* The bytes that open the drawer. */
enum status escpos_drawer(const struct profile *profile, struct buf *out) MUST_USE;

#endif
