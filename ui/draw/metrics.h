/* Millimetres to pixels, and the sizes of type.
 *
 * The panel's size comes from the configuration (EDID is unreliable): a screen of 1366 px that is
 * 344 mm wide has 3.97 px/mm. Layout is in millimetres, type in styles; text alone is scaled by
 * `text_percent`, and boxes grow with it.
 */
#ifndef HOLDFAST_DRAW_METRICS_H
#define HOLDFAST_DRAW_METRICS_H

#include "terminal/base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* Sizes are what the design draws at 3.97 px/mm. */
enum text_style {
    TEXT_BODY,         /* 17 */
    TEXT_STRONG,       /* 17 bold: labels of buttons, names of customers */
    TEXT_SMALL,        /* 15: second lines, notes */
    TEXT_SMALL_STRONG, /* 15 bold */
    TEXT_CAPTION,      /* 14 bold: heads of columns, badges */
    TEXT_NUMBER,       /* 19 bold: amounts of lines */
    TEXT_HEADING,      /* 21 bold */
    TEXT_LEAD,         /* 21: sentences around a large number */
    TEXT_PRIMARY,      /* 28 bold: the primary button, keys of the keypad */
    TEXT_TOTAL,        /* 44 bold */
    TEXT_COUNT,        /* 76 bold */
    TEXT_CHANGE,       /* 128 bold */
    TEXT_NAME,         /* 16 bold: names on tiles */
    TEXT_STYLES
};

struct metrics {
    int width_px, height_px;
    int um_per_px;    /* micrometres: 252 at 3.97 px/mm */
    int text_percent; /* 100..150 */
};

/* From the panel's pixels and its width in millimetres. STATUS_INVALID outside 320..16384 px,
 * 0.5..20 px/mm or 100..150 %. */
enum status metrics_init(struct metrics *metrics, int width_px, int height_px, int panel_width_mm,
                         int text_percent, struct error *error) MUST_USE;

/* Rounded to the nearest pixel; at least 1 for anything above zero. */
int metrics_px(const struct metrics *metrics, float mm);
float metrics_mm(const struct metrics *metrics, int px);

/* The em size in pixels, text scale included, and whether the style is bold. */
int metrics_text_px(const struct metrics *metrics, enum text_style style);
bool metrics_text_bold(enum text_style style);

#endif
