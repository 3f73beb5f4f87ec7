/* The last walk of layout: sizes are known, each node gets its x and y. Children are placed from
 * where reading starts; only `across` knows on which side that is.
 */
#include "ui/widgets/tree.h"

static int most(int a, int b)
{
    return a > b ? a : b;
}

static bool from_the_right(const struct ui *ui, const struct node *node)
{
    if (node->box.fixed_direction)
        return false;
    return ui->setup.rtl != node->box.turned;
}

/* `offset` from where the children start, to a place on the screen. */
static int across(const struct ui *ui, const struct node *node, int offset, int width)
{
    int start = node->box.pad_x + (from_the_right(ui, node) ? 0 : node->box.pad_start);
    if (!from_the_right(ui, node))
        return node->rect.x + start + offset;
    return node->rect.x + node->rect.w - node->box.pad_x - node->box.pad_start - offset - width;
}

static int slack_before(enum ui_align align, int slack)
{
    if (align == UI_CENTER)
        return slack / 2;
    return align == UI_END_EDGE ? slack : 0;
}

static int down_in_row(struct ui *ui, const struct node *node, const struct node *child, int top,
                       int height, int above)
{
    if (node->box.align == UI_BASELINE && child->kind == NODE_TEXT) {
        return top + above - node_baseline(ui, child);
    }
    enum ui_align align = node->box.align == UI_BASELINE ? UI_END_EDGE : node->box.align;
    return top + slack_before(align, height - child->rect.h);
}

static void place_row(struct ui *ui, struct node *node)
{
    int inner_w = node->rect.w - node_pads(node);
    int inner_h = node->rect.h - 2 * node->box.pad_y;
    int top = node->rect.y + node->box.pad_y;
    int used = most(0, node_count(node) - 1) * node->box.gap;
    int above = 0;
    int below = 0;
    for (struct node *child = node->first; child != NULL; child = child->next) {
        if (!node_flows(child))
            continue;
        used += child->rect.w;
        above = most(above, node_baseline(ui, child));
        below = most(below, child->nat_h - node_baseline(ui, child));
    }
    above += most(0, inner_h - above - below) / 2;
    int at = slack_before(node->box.justify, most(0, inner_w - used));
    for (struct node *child = node->first; child != NULL; child = child->next) {
        if (!node_flows(child))
            continue;
        bool last = child->next == NULL && child != node->first;
        if (node->box.spread && last)
            at = most(at, inner_w - child->rect.w);
        place_node(ui, child, across(ui, node, at, child->rect.w),
                   down_in_row(ui, node, child, top, inner_h, above));
        at += child->rect.w + node->box.gap;
    }
}

static void place_wrap(struct ui *ui, struct node *node)
{
    int inner = node->rect.w - node_pads(node);
    int slack = node->rect.h - node->wrapped_h - 2 * node->box.pad_y;
    int y = node->rect.y + node->box.pad_y + slack_before(node->box.align, most(0, slack));
    struct node *start = node->first;
    while (start != NULL) {
        int used = 0;
        int height = 0;
        struct node *end = start;
        while (end != NULL && (end == start || used + end->rect.w <= inner)) {
            used += end->rect.w + node->box.gap;
            height = most(height, end->rect.h);
            end = end->next;
        }
        int at = slack_before(node->box.justify, most(0, inner - (used - node->box.gap)));
        for (struct node *child = start; child != end; child = child->next) {
            bool to_end = node->box.spread && child->next == NULL && child != node->first;
            if (to_end)
                at = inner - child->rect.w;
            place_node(ui, child, across(ui, node, at, child->rect.w),
                       y + (height - child->rect.h) / 2);
            at += child->rect.w + node->box.gap;
        }
        y += height + node_line_gap(ui, node);
        start = end;
    }
}

static void place_grid(struct ui *ui, struct node *node)
{
    int inner_w = node->rect.w - node_pads(node);
    int inner_h = node->rect.h - 2 * node->box.pad_y;
    int rows = most(1, grid_row_count(node));
    int cell = 0;
    for (struct node *child = node->first; child != NULL; child = child->next) {
        int left = grid_cell(inner_w, node->box.gap, node->box.columns, cell % node->box.columns);
        int top = grid_cell(inner_h, node->box.gap, rows, cell / node->box.columns);
        place_node(ui, child, across(ui, node, left, child->rect.w),
                   node->rect.y + node->box.pad_y + top);
        cell += child->span > 1 ? child->span : 1;
    }
}

static void place_column(struct ui *ui, struct node *node)
{
    int inner_w = node->rect.w - node_pads(node);
    int inner_h = node->rect.h - 2 * node->box.pad_y;
    int used = most(0, node_count(node) - 1) * node->box.gap;
    for (struct node *child = node->first; child != NULL; child = child->next)
        used += node_flows(child) ? child->rect.h : 0;
    int y = node->rect.y + node->box.pad_y;
    if (node->kind != NODE_LIST)
        y += slack_before(node->box.justify, most(0, inner_h - used));
    else
        y += node->list.first * node->list.item_h - (int)node->list.kept->offset;
    for (struct node *child = node->first; child != NULL; child = child->next) {
        if (!node_flows(child))
            continue;
        int slack = slack_before(node->box.align, inner_w - child->rect.w);
        place_node(ui, child, across(ui, node, slack, child->rect.w), y);
        y += child->rect.h + node->box.gap;
    }
}

void place_node(struct ui *ui, struct node *node, int x, int y)
{
    node->rect.x = x;
    node->rect.y = y;
    if (node->kind == NODE_ROW && node->box.wrap)
        place_wrap(ui, node);
    else if (node->kind == NODE_ROW)
        place_row(ui, node);
    else if (node->kind == NODE_GRID)
        place_grid(ui, node);
    else
        place_column(ui, node);
}
