/* Every rule is a function over one node, or over one node and those after it.
 */
#include "ui/widgets/audit.h"

#include <stdio.h>
#include <string.h>

static const int text_contrast = 700;
static const int edge_contrast = 300;
static const float target_mm = 10.0F;

struct report {
    const struct ui_node *nodes;
    size_t count;
    const struct metrics *metrics;
    struct audit_fault *faults;
    size_t max, found;
};

static const char *const kind_names[AUDIT_KINDS] = {
    [AUDIT_CLIPPED] = "clipped",
    [AUDIT_OVERLAP] = "overlap",
    [AUDIT_SMALL] = "small",
    [AUDIT_OUTSIDE] = "outside",
    [AUDIT_TEXT_CONTRAST] = "text contrast",
    [AUDIT_EDGE_CONTRAST] = "edge contrast",
    [AUDIT_NO_KEY] = "no key",
    [AUDIT_KEY_TWICE] = "key twice",
    [AUDIT_ORDER] = "focus order",
    [AUDIT_ID_TWICE] = "id twice",
    [AUDIT_NAMELESS] = "nameless",
};

const char *audit_kind_name(enum audit_kind kind)
{
    return kind_names[kind];
}

static void blame(struct report *report, enum audit_kind kind, size_t node, size_t other,
                  const char *why)
{
    if (report->found++ >= report->max)
        return;
    struct audit_fault *fault = &report->faults[report->found - 1];
    const struct ui_node *n = &report->nodes[node];
    fault->kind = kind;
    fault->node = node;
    fault->other = other;
    snprintf(fault->text, sizeof fault->text, "%s: %s %.40s '%.40s' %s", kind_names[kind],
             ui_role_name(n->role), n->id, n->label, why);
}

static bool is_target(const struct ui_node *node)
{
    return (node->state & UI_TARGET) != 0;
}

static bool reachable(const struct ui_node *node)
{
    return is_target(node) && !(node->state & UI_DISABLED) && !(node->state & UI_BEHIND);
}

static void check_clipping(struct report *report, size_t i)
{
    const struct ui_node *node = &report->nodes[i];
    if (!(node->state & UI_HAS_TEXT))
        return;
    struct size needed = node->text_needed;
    struct size given = node->text_given;
    if (needed.w <= given.w && needed.h <= given.h)
        return;
    char why[64];
    snprintf(why, sizeof why, "needs %dx%d, has %dx%d", needed.w, needed.h, given.w, given.h);
    blame(report, AUDIT_CLIPPED, i, i, why);
}

static void check_size(struct report *report, size_t i)
{
    const struct ui_node *node = &report->nodes[i];
    int limit = metrics_px(report->metrics, target_mm);
    if (!is_target(node) || (node->rect.w >= limit && node->rect.h >= limit))
        return;
    char why[64];
    snprintf(why, sizeof why, "is %dx%d px, under %d", node->rect.w, node->rect.h, limit);
    blame(report, AUDIT_SMALL, i, i, why);
}

static void check_place(struct report *report, size_t i)
{
    const struct ui_node *node = &report->nodes[i];
    struct rect screen = {0, 0, report->metrics->width_px, report->metrics->height_px};
    if ((node->state & UI_PARTLY) || rect_empty(node->rect) || rect_contains(screen, node->rect))
        return;
    char why[64];
    snprintf(why, sizeof why, "at %d,%d %dx%d", node->rect.x, node->rect.y, node->rect.w,
             node->rect.h);
    blame(report, AUDIT_OUTSIDE, i, i, why);
}

static void check_contrast(struct report *report, size_t i)
{
    const struct ui_node *node = &report->nodes[i];
    char why[64];
    int ratio = theme_contrast(node->ink, node->ground);
    if ((node->state & UI_HAS_TEXT) && ratio < text_contrast) {
        snprintf(why, sizeof why, "%d.%02d:1", ratio / 100, ratio % 100);
        blame(report, AUDIT_TEXT_CONTRAST, i, i, why);
    }
    if (!reachable(node) || !(node->state & UI_HAS_EDGE))
        return;
    ratio = theme_contrast(node->edge, node->around);
    if (ratio < edge_contrast) {
        snprintf(why, sizeof why, "%d.%02d:1", ratio / 100, ratio % 100);
        blame(report, AUDIT_EDGE_CONTRAST, i, i, why);
    }
}

static void check_names(struct report *report, size_t i)
{
    const struct ui_node *node = &report->nodes[i];
    if (!is_target(node))
        return;
    if (*node->id == '\0' || *node->label == '\0')
        blame(report, AUDIT_NAMELESS, i, i, "");
    if (*node->key == '\0' && *node->group_key == '\0')
        blame(report, AUDIT_NO_KEY, i, i, "");
}

static void check_order(struct report *report, size_t i)
{
    const struct ui_node *node = &report->nodes[i];
    if (!reachable(node))
        return;
    if (node->order < 0) {
        blame(report, AUDIT_ORDER, i, i, "is never reached");
        return;
    }
    for (size_t j = i + 1; j < report->count; j++)
        if (report->nodes[j].order == node->order)
            blame(report, AUDIT_ORDER, i, j, "is reached twice");
}

/* Does `inner` lie, by way of its parents, in `outer`? */
static bool holds(const struct report *report, size_t outer, size_t inner)
{
    int at = report->nodes[inner].parent;
    for (size_t steps = 0; at >= 0 && steps < report->count; steps++) {
        if ((size_t)at == outer)
            return true;
        at = report->nodes[at].parent;
    }
    return false;
}

static bool overlap(const struct report *report, size_t i, size_t j)
{
    const struct ui_node *a = &report->nodes[i];
    const struct ui_node *b = &report->nodes[j];
    bool same_layer = (a->state & UI_BEHIND) == (b->state & UI_BEHIND);
    return is_target(b) && same_layer && !(a->state & UI_BEHIND) &&
           !rect_empty(rect_cut(a->seen, b->seen)) && !holds(report, i, j) && !holds(report, j, i);
}

static void check_pairs(struct report *report, size_t i)
{
    const struct ui_node *node = &report->nodes[i];
    for (size_t j = i + 1; j < report->count; j++) {
        const struct ui_node *other = &report->nodes[j];
        if (*node->id != '\0' && strcmp(node->id, other->id) == 0)
            blame(report, AUDIT_ID_TWICE, j, i, "");
        if (!is_target(node))
            continue;
        if (overlap(report, i, j))
            blame(report, AUDIT_OVERLAP, i, j, other->id);
        if (reachable(node) && reachable(other) && *node->key != '\0' &&
            strcmp(node->key, other->key) == 0)
            blame(report, AUDIT_KEY_TWICE, j, i, node->key);
    }
}

size_t audit(const struct ui_node *nodes, size_t count, const struct metrics *metrics,
             struct audit_fault *faults, size_t max)
{
    struct report report = {nodes, count, metrics, faults, max, 0};
    for (size_t i = 0; i < count; i++) {
        check_clipping(&report, i);
        check_size(&report, i);
        check_place(&report, i);
        check_contrast(&report, i);
        check_names(&report, i);
        check_order(&report, i);
        check_pairs(&report, i);
    }
    return report.found;
}
