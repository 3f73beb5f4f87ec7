/* Colours by meaning. A theme is a file, assets/themes/NAME.json; the code knows only the tokens.
 *
 *   { "name": "light", "border_px": 1,
 *     "colours": { "page": "EEF1EE", ... every token below ... },
 *     "categories": [ "2E7D5B", ... THEME_CATEGORIES of them ... ] }
 *
 * Promise of every shipped theme, held by a test: text pairs 7:1, controls and focus 3:1 (WCAG
 * 2.2, 1.4.6 and 1.4.11).
 */
#ifndef HOLDFAST_DRAW_THEME_H
#define HOLDFAST_DRAW_THEME_H

#include "terminal/base/status.h"

#include <stdint.h>

struct colour {
    uint8_t r, g, b, a; /* a = 255 is opaque */
};

enum theme_token {
    THEME_PAGE,     /* behind everything */
    THEME_SURFACE,  /* cards, buttons, tiles */
    THEME_SUNKEN,   /* wells, disabled controls, the track of progress */
    THEME_PRESSED,  /* a normal control under the finger */
    THEME_INK,      /* text; also the ground of a chosen segment, with SURFACE as its text */
    THEME_INK2,     /* secondary text, also on PAGE, SUNKEN and SELECTED */
    THEME_LINE,     /* separators: carry no meaning */
    THEME_EDGE,     /* the border of whatever can be pressed */
    THEME_BRAND,    /* the one primary action; savings and good news as text */
    THEME_ON_BRAND, /* text on BRAND */
    THEME_BRAND_PRESSED,
    THEME_SELECTED, /* the ground of the selected line, and of good news */
    THEME_WARN,
    THEME_WARN_GROUND,
    THEME_BAD,
    THEME_BAD_GROUND,
    THEME_INFO,
    THEME_INFO_GROUND,
    THEME_FOCUS, /* the ring around what the keyboard acts on */
    THEME_SCRIM, /* over everything behind a sheet; may be translucent, "RRGGBBAA" */
    THEME_TOKENS
};

enum { THEME_CATEGORIES = 10 };

struct theme {
    char name[24];
    int border_px; /* of controls, at 3.97 px/mm */
    struct colour colours[THEME_TOKENS];
    struct colour categories[THEME_CATEGORIES];
};

/* Reads FOLDER/NAME.json. STATUS_NOT_FOUND, or STATUS_INVALID naming the token that is missing or
 * is no colour; *theme is unchanged then. */
enum status theme_load(const char *folder, const char *name, struct theme *theme,
                       struct error *error) MUST_USE;

/* The token's name in the file: "page", "on_brand". Static text. */
const char *theme_token_name(enum theme_token token);

/* WCAG contrast ratio in hundredths, 100..2100, of the colours taken as opaque. */
int theme_contrast(struct colour a, struct colour b);

#endif
