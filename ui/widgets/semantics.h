/* What a frame means: one node for every thing that can be read or acted on, in reading order,
 * which is also the order of focus. Tests read it, the audit judges it, scripts press by it.
 */
#ifndef HOLDFAST_WIDGETS_SEMANTICS_H
#define HOLDFAST_WIDGETS_SEMANTICS_H

#include "ui/draw/geometry.h"
#include "ui/draw/theme.h"

#include <stdbool.h>
#include <stddef.h>

enum ui_role {
    UI_ROLE_TEXT,
    UI_ROLE_GROUP,
    UI_ROLE_BUTTON,
    UI_ROLE_TOGGLE,
    UI_ROLE_SEGMENT,
    UI_ROLE_CHIP,
    UI_ROLE_TILE,
    UI_ROLE_LIST,
    UI_ROLE_ITEM,
    UI_ROLE_FIELD,
    UI_ROLE_READOUT,
    UI_ROLE_KEY, /* of a keypad */
    UI_ROLE_PILL,
    UI_ROLE_PROGRESS,
    UI_ROLE_IMAGE,
    UI_ROLE_SHEET,
    UI_ROLE_SIGNATURE
};

enum ui_state {
    UI_FOCUSED = 1,
    UI_SELECTED = 2,
    UI_DISABLED = 4,
    UI_CHECKED = 8,
    UI_PRESSED = 16,
    UI_TARGET = 32,    /* can be pressed */
    UI_BEHIND = 64,    /* behind a sheet: out of reach now */
    UI_PARTLY = 128,   /* a list shows only a part of it; the audit does not blame it */
    UI_MAY_CUT = 256,  /* an ellipsis is allowed */
    UI_HAS_TEXT = 512, /* draws text: text_* and ink are set */
    UI_HAS_EDGE = 1024 /* draws a border: edge is set */
};

struct ui_node {
    const char *id; /* "" for plain text */
    enum ui_role role;
    const char *label;     /* what is shown, or what it is called */
    const char *value;     /* typed text, figure, permille; "" when none */
    const char *key;       /* its own shortcut; "" when none */
    const char *group_key; /* the key that brings the focus to its group; "" when none */
    unsigned state;
    struct rect rect;                    /* where it is, uncut */
    struct rect seen;                    /* what of it is in sight */
    struct size text_needed, text_given; /* in pixels; needed > given is clipped */
    struct colour ink, ground, edge;
    struct colour around; /* the ground the control itself stands on */
    int group;            /* targets of one group may touch (segments): same number, else 0 */
    int parent;           /* index of the target that contains it, or -1 */
    int list;             /* index of the list that holds it, or -1 */
    int order;            /* position in the focus order from 0, or -1 */
};

/* Of the last frame; borrowed until the next ui_finish. */
struct ui;
const struct ui_node *ui_nodes(const struct ui *ui, size_t *count);
/* By id; NULL when it is not there. */
const struct ui_node *ui_node(const struct ui *ui, const char *id);
/* The first whose label or value holds `text`; NULL when it is nowhere. */
const struct ui_node *ui_node_saying(const struct ui *ui, const char *text);

/* "button", "field": static text. */
const char *ui_role_name(enum ui_role role);

#endif
