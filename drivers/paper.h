/* A printer in memory: reads ESC/POS bytes and is the paper that would come out.
 *
 * It knows the commands that escpos.h writes, and nothing of how they were made: what it shows is
 * what the bytes say. An unknown command, a truncated one, or a control byte outside a command is
 * STATUS_INVALID with its offset, so that it also is a check of the writer.
 */
#ifndef HOLDFAST_DRIVERS_PAPER_H
#define HOLDFAST_DRIVERS_PAPER_H

#include "drivers/bitmap.h"
#include "drivers/type.h"
#include "terminal/base/buf.h"

#include <stddef.h>
#include <stdint.h>

struct paper {
    struct bitmap dots;
    struct buf text; /* what was sent as text, UTF-8, a line per line; drawn rows are empty lines */
    int cuts;
    int drawer_pulses;
    int codes;     /* QR codes printed */
    char proof[5]; /* the last job asked for, "" for none */
};

void paper_init(struct paper *paper, int width_dots);
void paper_finish(struct paper *paper);

enum status paper_print(struct paper *paper, struct type *type, const uint8_t *bytes, size_t length,
                        struct error *error) MUST_USE;

#endif
