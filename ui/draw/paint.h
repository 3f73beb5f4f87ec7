/* Commands to pixels: 32 bits each, 0xXXRRGGBB. Knows no damage and no SDL.
 */
#ifndef HOLDFAST_DRAW_PAINT_H
#define HOLDFAST_DRAW_PAINT_H

#include "ui/draw/list.h"

struct pixels {
    uint32_t *first;
    int w, h;
    int stride; /* in pixels */
};

/* Paints what of the command lies in `clip`, which lies in the pixels. Every pixel depends only on
 * the command and on what was there: painting in parts gives what painting at once gives. */
void paint(struct pixels pixels, const struct draw_command *command, struct rect clip,
           struct corners *corners);

#endif
