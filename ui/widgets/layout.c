/* From wishes to rectangles, in four walks:
 *
 *   1 widths   up     min_w, nat_w of every node, from its content
 *   2 fix      down   each gets its width; heights come back up, since text wraps to its width
 *   3 heights  down   each gets its height; columns share what is left
 *   4 places   down   x and y, mirrored where reading runs from the right
 *
 * Along the main axis: children without weight get their natural size, those with weight share the
 * rest, never below their minimum; if that is too much, the ones without weight shrink towards
 * their minimum, in proportion. Shares are cumulative roundings, so they sum to the pixel.
 */
#include "ui/widgets/share.h"
#include "ui/widgets/tree.h"

#include <stdlib.h>

static int most(int a, int b)
{
    return a > b ? a : b;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

bool node_flows(const struct node *node)
{
    return !node->sheet && !node->dropped;
}

int node_count(const struct node *node)
{
    int count = 0;
    for (const struct node *child = node->first; child != NULL; child = child->next)
        count += node_flows(child);
    return count;
}

int node_pads(const struct node *node)
{
    return 2 * node->box.pad_x + node->box.pad_start;
}

/* ---- 1: widths -------------------------------------------------------------------------- */

static void measure_text(struct ui *ui, struct node *node)
{
    struct node_text *text = &node->text;
    text->natural = text_measure(ui->setup.text, text->font, text->string, -1).w;
    node->nat_w = most(text->natural, node->least_w);
    if (text->keep)
        node->min_w = node->nat_w;
    else if (text->lines > 1 && !text->may_cut)
        node->min_w =
            most(node->least_w, text_word_width(ui->setup.text, text->font, text->string));
    else if (text->shrink && node->kind == NODE_TEXT)
        node->min_w = most(node->least_w, text->natural * 6 / 10 + 1);
    else
        node->min_w = node->least_w;
}

static void measure_grid(struct node *node)
{
    int columns = node->box.columns;
    int gaps = (columns - 1) * node->box.gap;
    int min = 0;
    int nat = 0;
    for (struct node *child = node->first; child != NULL; child = child->next) {
        int span = child->span > 1 ? child->span : 1;
        int inside = (span - 1) * node->box.gap; /* a wide child has the gaps too */
        min = most(min, (child->min_w - inside + span - 1) / span);
        nat = most(nat, (child->nat_w - inside + span - 1) / span);
    }
    node->min_w = min * columns + gaps;
    node->nat_w = nat * columns + gaps;
}

static void measure_row(struct node *node)
{
    int gaps = most(0, node_count(node) - 1) * node->box.gap;
    node->min_w = node->box.wrap ? 0 : gaps;
    node->nat_w = gaps;
    for (struct node *child = node->first; child != NULL; child = child->next) {
        int min = child->optional ? -node->box.gap : child->min_w;
        if (node->box.wrap)
            node->min_w = most(node->min_w, min);
        else
            node->min_w += min;
        node->nat_w += child->nat_w;
    }
}

static void measure_widths(struct ui *ui, struct node *node)
{
    for (struct node *child = node->first; child != NULL; child = child->next)
        measure_widths(ui, child);
    switch (node->kind) {
    case NODE_TEXT:
    case NODE_FIELD:
        measure_text(ui, node);
        return;
    case NODE_ROW:
        measure_row(node);
        break;
    case NODE_GRID:
        measure_grid(node);
        break;
    default:
        node->min_w = 0;
        node->nat_w = 0;
        for (struct node *child = node->first; child != NULL; child = child->next) {
            node->min_w = most(node->min_w, child->sheet ? 0 : child->min_w);
            node->nat_w = most(node->nat_w, child->sheet ? 0 : child->nat_w);
        }
    }
    node->min_w = most(node->least_w, node->min_w + node_pads(node));
    node->nat_w = most(node->min_w, node->nat_w + node_pads(node));
}

/* ---- 2: widths down, heights up --------------------------------------------------------- */

static void fix_width(struct ui *ui, struct node *node, int width);

static void wrap_text(struct ui *ui, struct node *node, int lines)
{
    struct node_text *text = &node->text;
    if (text->shrink && text->natural > node->rect.w && lines == 1) {
        int floor = text->font.px * 6 / 10;
        while (text->font.px > floor && text->natural > node->rect.w) {
            int wanted = (int)((int64_t)text->font.px * node->rect.w / text->natural);
            text->font.px = most(floor, least(wanted, text->font.px - 1));
            text->natural = text_measure(ui->setup.text, text->font, text->string, -1).w;
        }
    }
    if (text->pieces == NULL)
        text->pieces = arena_alloc(ui, (size_t)LINES_MAX * sizeof *text->pieces);
    text->piece_count =
        text_wrap(ui->setup.text, text->font, text->string, node->rect.w, text->pieces, lines);
}

int line_step(struct ui *ui, const struct node_text *text)
{
    int height = text_height(ui->setup.text, text->font);
    return text->tight ? least(height, text->font.px * 6 / 5) : height;
}

static void fix_text(struct ui *ui, struct node *node)
{
    int height = text_height(ui->setup.text, node->text.font);
    wrap_text(ui, node, node->text.lines);
    int lines = most(1, node->text.piece_count);
    node->nat_h = most(node->least_h, height + (lines - 1) * line_step(ui, &node->text));
    node->min_h = node->text.may_cut ? most(node->least_h, height) : node->nat_h;
}

int node_baseline(struct ui *ui, const struct node *node)
{
    if (node->kind != NODE_TEXT)
        return node->nat_h;
    return text_shape(ui->setup.text, node->text.font, "0", 1).baseline;
}

static struct share *shares_of(struct ui *ui, const struct node *node, int *count)
{
    *count = node_count(node);
    return arena_alloc(ui, ((size_t)*count + 1) * sizeof(struct share));
}

/* When not everything fits at its natural size, icons beside a label go first. */
static void drop_icons(struct node *node, int inner)
{
    int wanted = most(0, node_count(node) - 1) * node->box.gap;
    for (const struct node *child = node->first; child != NULL; child = child->next)
        wanted += child->nat_w;
    for (struct node *child = node->first; child != NULL; child = child->next)
        child->dropped = child->optional && wanted > inner;
}

static bool is_target(const struct node *node)
{
    return (node->meaning.state & UI_TARGET) != 0;
}

/* Buttons that share a row keep their icons as long as all of them can: their weights give way. */
static bool all_fit(const struct node *node, int room)
{
    int wanted = 0;
    for (const struct node *child = node->first; child != NULL; child = child->next)
        if (node_flows(child))
            wanted += child->weight == 0 || is_target(child) ? child->nat_w : child->min_w;
    return wanted <= room;
}

static void fix_row(struct ui *ui, struct node *node, int inner)
{
    drop_icons(node, inner);
    int count = 0;
    struct share *shares = shares_of(ui, node, &count);
    int i = 0;
    int room = inner - most(0, count - 1) * node->box.gap;
    bool roomy = all_fit(node, room);
    for (struct node *child = node->first; child != NULL; child = child->next)
        if (node_flows(child))
            shares[i++] =
                (struct share){.min = roomy && is_target(child) ? child->nat_w : child->min_w,
                               .nat = child->nat_w,
                               .weight = child->weight};
    share_room(shares, count, room);
    i = 0;
    int above = 0;
    int below = 0;
    int tallest = 0;
    for (struct node *child = node->first; child != NULL; child = child->next) {
        if (!node_flows(child))
            continue;
        fix_width(ui, child, shares[i++].size);
        tallest = most(tallest, child->nat_h);
        above = most(above, node_baseline(ui, child));
        below = most(below, child->nat_h - node_baseline(ui, child));
    }
    node->nat_h = node->box.align == UI_BASELINE ? above + below : tallest;
    node->min_h = 0;
    for (struct node *child = node->first; child != NULL; child = child->next)
        node->min_h = most(node->min_h, child->min_h);
}

/* Lines of a wrapping row stand no further apart than 2 mm, however wide its gaps. */
int node_line_gap(const struct ui *ui, const struct node *node)
{
    return least(node->box.gap, px(ui, 2));
}

/* Lines of a wrapping row: each child takes its natural width, at most all of it. */
static void fix_wrap(struct ui *ui, struct node *node, int inner)
{
    int x = 0;
    int line_h = 0;
    int height = 0;
    for (struct node *child = node->first; child != NULL; child = child->next) {
        fix_width(ui, child, least(child->nat_w, inner));
        if (x > 0 && x + child->rect.w > inner) {
            height += line_h + node_line_gap(ui, node);
            x = 0;
            line_h = 0;
        }
        x += child->rect.w + node->box.gap;
        line_h = most(line_h, child->nat_h);
    }
    node->wrapped_h = height + line_h;
    node->nat_h = node->wrapped_h;
    node->min_h = node->nat_h;
}

static void fix_column(struct ui *ui, struct node *node, int inner)
{
    int gaps = most(0, node_count(node) - 1) * node->box.gap;
    node->nat_h = gaps;
    node->min_h = gaps;
    bool stretch = node->box.align == UI_STRETCH;
    for (struct node *child = node->first; child != NULL; child = child->next) {
        if (!node_flows(child))
            continue;
        fix_width(ui, child, stretch ? inner : least(child->nat_w, inner));
        node->nat_h += child->nat_h;
        node->min_h += child->min_h;
    }
    if (node->kind == NODE_LIST) {
        node->list.content_h =
            node->list.rows > 0 ? node->list.rows * node->list.item_h : node->nat_h;
        node->min_h = least(node->nat_h, node->list.item_h);
    }
}

int grid_cell(int total, int gap, int columns, int index)
{
    return (int)((int64_t)(total + gap) * index / columns);
}

int grid_row_count(const struct node *node)
{
    int cells = 0;
    for (const struct node *child = node->first; child != NULL; child = child->next)
        cells += child->span > 1 ? child->span : 1;
    return (cells + node->box.columns - 1) / node->box.columns;
}

static void fix_grid(struct ui *ui, struct node *node, int inner)
{
    int gap = node->box.gap;
    int columns = node->box.columns;
    int cell = 0;
    int tallest = 0;
    int lowest = 0;
    for (struct node *child = node->first; child != NULL; child = child->next) {
        int span = child->span > 1 ? child->span : 1;
        int column = cell % columns;
        int left = grid_cell(inner, gap, columns, column);
        int right = grid_cell(inner, gap, columns, least(column + span, columns)) - gap;
        fix_width(ui, child, right - left);
        tallest = most(tallest, child->nat_h);
        lowest = most(lowest, child->min_h);
        cell += span;
    }
    int rows = grid_row_count(node);
    node->nat_h = rows * tallest + most(0, rows - 1) * gap;
    node->min_h = rows * lowest + most(0, rows - 1) * gap;
}

static void fix_width(struct ui *ui, struct node *node, int width)
{
    node->rect.w = width;
    int inner = width - node_pads(node);
    switch (node->kind) {
    case NODE_TEXT:
    case NODE_FIELD:
        fix_text(ui, node);
        return;
    case NODE_ROW:
        if (node->box.wrap)
            fix_wrap(ui, node, inner);
        else
            fix_row(ui, node, inner);
        break;
    case NODE_GRID:
        fix_grid(ui, node, inner);
        break;
    default:
        fix_column(ui, node, inner);
    }
    int pads = 2 * node->box.pad_y;
    node->nat_h = most(node->least_h, node->nat_h + pads);
    node->min_h = most(node->least_h, node->min_h + pads);
    if (node->parent != NULL && node->parent->kind == NODE_LIST && node->parent->list.rows > 0)
        node->nat_h = node->least_h; /* rows of such a list are all of one height */
}

/* ---- 3: heights down -------------------------------------------------------------------- */

static void fix_height(struct ui *ui, struct node *node, int height);

static void heights_of_column(struct ui *ui, struct node *node, int inner)
{
    int count = 0;
    struct share *shares = shares_of(ui, node, &count);
    int i = 0;
    for (struct node *child = node->first; child != NULL; child = child->next)
        if (node_flows(child))
            shares[i++] =
                (struct share){.min = child->min_h, .nat = child->nat_h, .weight = child->weight};
    share_room(shares, count, inner - most(0, count - 1) * node->box.gap);
    i = 0;
    for (struct node *child = node->first; child != NULL; child = child->next)
        if (node_flows(child))
            fix_height(ui, child, shares[i++].size);
}

static void heights_of_grid(struct ui *ui, struct node *node, int inner)
{
    int rows = most(1, grid_row_count(node));
    int cell = 0;
    for (struct node *child = node->first; child != NULL; child = child->next) {
        int row = cell / node->box.columns;
        int top = grid_cell(inner, node->box.gap, rows, row);
        int bottom = grid_cell(inner, node->box.gap, rows, row + 1) - node->box.gap;
        fix_height(ui, child, bottom - top);
        cell += child->span > 1 ? child->span : 1;
    }
}

static void fix_height(struct ui *ui, struct node *node, int height)
{
    node->rect.h = height;
    int inner = height - 2 * node->box.pad_y;
    bool stretch = node->box.align == UI_STRETCH && !node->box.wrap;
    switch (node->kind) {
    case NODE_TEXT:
        if (node->text.may_cut && height < node->nat_h && node->text.lines > 1) {
            int more = height - text_height(ui->setup.text, node->text.font);
            int lines = 1 + most(0, more) / line_step(ui, &node->text);
            wrap_text(ui, node, least(node->text.lines, lines));
        }
        return;
    case NODE_COLUMN:
        heights_of_column(ui, node, inner);
        break;
    case NODE_GRID:
        heights_of_grid(ui, node, inner);
        break;
    case NODE_LIST:
        for (struct node *child = node->first; child != NULL; child = child->next) {
            bool fills = child == node->last && child == node->first && child->weight > 0;
            fix_height(ui, child, fills ? most(inner, child->nat_h) : child->nat_h);
        }
        break;
    default:
        for (struct node *child = node->first; child != NULL; child = child->next)
            fix_height(ui, child, stretch ? inner : least(child->nat_h, inner));
    }
}

static void place_all(struct ui *ui, struct node *node, int x, int y)
{
    place_node(ui, node, x, y);
    if (ui->reveal[0] != '\0' && scroll_reveal(ui, node))
        place_node(ui, node, x, y);
}

/* A sheet stands in the middle, no larger than the screen. */
static void layout_sheet(struct ui *ui, struct node *sheet, struct rect screen)
{
    int width = least(most(sheet->least_w, sheet->min_w), screen.w);
    fix_width(ui, sheet, width);
    fix_height(ui, sheet, least(sheet->nat_h, screen.h));
    scroll_settle(ui, sheet);
    place_all(ui, sheet, (screen.w - width) / 2, (screen.h - sheet->rect.h) / 2);
}

void layout_tree(struct ui *ui, struct frame *frame)
{
    struct rect screen = {0, 0, ui->setup.metrics.width_px, ui->setup.metrics.height_px};
    struct node *root = frame->root;
    if (node_count(root) == 1)
        for (struct node *child = root->first; child != NULL; child = child->next)
            if (node_flows(child) && child->weight == 0)
                child->weight = 1; /* the only box of a screen fills it */
    measure_widths(ui, root);
    fix_width(ui, root, screen.w);
    fix_height(ui, root, screen.h);
    scroll_settle(ui, root);
    place_all(ui, root, 0, 0);
    for (struct node *child = root->first; child != NULL; child = child->next)
        if (child->sheet)
            layout_sheet(ui, child, screen);
    ui->reveal[0] = '\0';
}
