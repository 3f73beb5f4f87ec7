/* Judges a frame by its semantic list: what a person would stumble over. Run for every screen,
 * language, size, theme and text scale.
 */
#ifndef HOLDFAST_WIDGETS_AUDIT_H
#define HOLDFAST_WIDGETS_AUDIT_H

#include "ui/draw/metrics.h"
#include "ui/widgets/semantics.h"

#include <stddef.h>

enum audit_kind {
    AUDIT_CLIPPED,       /* text needs more room than it has */
    AUDIT_OVERLAP,       /* two targets share pixels, and neither contains the other */
    AUDIT_SMALL,         /* a target under 10 mm in either direction */
    AUDIT_OUTSIDE,       /* not wholly on the screen */
    AUDIT_TEXT_CONTRAST, /* under 7:1 */
    AUDIT_EDGE_CONTRAST, /* a control's border, or its ground where it has none, under 3:1 */
    AUDIT_NO_KEY,        /* an action reached by neither a key of its own nor one of its group */
    AUDIT_KEY_TWICE,     /* two actions in reach with the same key */
    AUDIT_ORDER,         /* a target in reach that the focus never comes to, or comes to twice */
    AUDIT_ID_TWICE,
    AUDIT_NAMELESS, /* a target without id or label */
    AUDIT_KINDS
};

struct audit_fault {
    enum audit_kind kind;
    size_t node;    /* index in the semantic list */
    size_t other;   /* the second of an overlap or a double; else the same as node */
    char text[160]; /* "clipped: button pay 'Pay £54.60' needs 210x38, has 180x38" */
};

/* Fills at most `max` faults and returns how many there are. Disabled targets are excused from
 * contrast as WCAG does, but not their text: that says what is missing. */
size_t audit(const struct ui_node *nodes, size_t count, const struct metrics *metrics,
             struct audit_fault *faults, size_t max);

/* "clipped", "overlap": static text. */
const char *audit_kind_name(enum audit_kind kind);

#endif
