/* The laid-out tree as a draw list and a semantic list, in one walk. A sheet is drawn over the
 * scrim; whatever comes before the topmost sheet is marked as behind it.
 */
#include "ui/widgets/tree.h"

#include "terminal/base/buf.h"

#include <string.h>

/* What a node inherits on the way down. */
struct context {
    struct colour ground;
    int target; /* index of the semantic node that holds it, or -1 */
    int list;   /* the same, of the list */
    const char *group_key;
    struct rect clip;
    struct rect room; /* what all boxes around leave to a text; a list scrolls, and leaves all */
    bool in_list, behind;
};

static bool visible(struct colour colour)
{
    return colour.a != 0;
}

static unsigned corners_on_screen(const struct ui *ui, unsigned corners)
{
    if (!ui->setup.rtl)
        return corners;
    unsigned left = corners & ((unsigned)DRAW_TOP_LEFT | (unsigned)DRAW_BOTTOM_LEFT);
    unsigned right = corners & ((unsigned)DRAW_TOP_RIGHT | (unsigned)DRAW_BOTTOM_RIGHT);
    return left << 1 | right >> 1;
}

/* ---- semantics -------------------------------------------------------------------------- */

static struct ui_node *add_node(struct frame *frame)
{
    if (frame->count == frame->capacity) {
        frame->capacity = frame->capacity == 0 ? 128 : frame->capacity * 2;
        frame->nodes = mem_resize(frame->nodes, frame->capacity * sizeof *frame->nodes);
    }
    struct ui_node *node = &frame->nodes[frame->count++];
    memset(node, 0, sizeof *node);
    return node;
}

static void mean(struct frame *frame, const struct node *node, const struct context *context)
{
    const struct node_meaning *meaning = &node->meaning;
    struct ui_node *out = add_node(frame);
    *out = (struct ui_node){
        .id = meaning->id,
        .role = meaning->role,
        .label = meaning->label,
        .value = meaning->value,
        .key = meaning->key,
        .group_key = context->group_key,
        .state = meaning->state,
        .rect = node->rect,
        .seen = rect_cut(node->rect, context->clip),
        .ground = visible(node->look.fill) ? node->look.fill : context->ground,
        .around = context->ground,
        .edge = node->look.edge,
        .group = meaning->group,
        .parent = context->target,
        .list = context->list,
        .order = -1,
    };
    if (visible(out->edge))
        out->state |= UI_HAS_EDGE;
    if (context->behind)
        out->state |= UI_BEHIND;
    if (context->in_list && !rect_equal(out->seen, out->rect))
        out->state |= UI_PARTLY;
}

/* Of several texts in one target the one that is worst off speaks for it. */
static void tell_text(struct ui_node *out, const struct node *node, struct size needed,
                      const struct context *context)
{
    struct colour ground = context->ground;
    struct rect inside = rect_cut(node->rect, context->room);
    struct size given = {inside.w, inside.h};
    bool cut = needed.w > given.w || needed.h > given.h;
    if (cut && node->text.may_cut) {
        out->state |= UI_MAY_CUT;
        needed = given;
        cut = false;
    }
    bool first = (out->state & UI_HAS_TEXT) == 0;
    if (first || theme_contrast(node->ink, ground) < theme_contrast(out->ink, out->ground)) {
        out->ink = node->ink;
        out->ground = ground;
    }
    bool was_cut = out->text_needed.w > out->text_given.w || out->text_needed.h > out->text_given.h;
    if (first || (cut && !was_cut)) {
        out->text_needed = needed;
        out->text_given = given;
    }
    out->state |= UI_HAS_TEXT;
}

static void number_order(struct frame *frame)
{
    int order = 0;
    for (size_t i = 0; i < frame->count; i++)
        if (in_reach(&frame->nodes[i]))
            frame->nodes[i].order = order++;
}

/* ---- drawing ---------------------------------------------------------------------------- */

static void draw_bar(struct ui *ui, const struct node *node)
{
    struct rect r = node->rect;
    int width = node->look.bar_w;
    bool right = ui->setup.rtl;
    struct rect bar = {right ? r.x + r.w - width : r.x, r.y, width, r.h};
    draw_fill(ui->list, bar, node->look.bar);
}

/* The whole shape in the bar's colour, and the ground over it from the bar's edge on: the bar
 * follows the corners outside and inside. */
static void draw_round_bar(struct ui *ui, const struct node *node)
{
    struct rect r = node->rect;
    int width = node->look.bar_w;
    bool right = ui->setup.rtl;
    struct rect before = draw_clip(ui->list, r);
    unsigned corners = right ? (unsigned)DRAW_TOP_RIGHT | (unsigned)DRAW_BOTTOM_RIGHT
                             : (unsigned)DRAW_TOP_LEFT | (unsigned)DRAW_BOTTOM_LEFT;
    struct rect half = {right ? r.x + r.w / 2 : r.x, r.y, r.w / 2, r.h};
    struct rect rest = {right ? half.x : half.x + width, r.y, half.w - width, r.h};
    draw_clip(ui->list, rect_cut(half, before));
    draw_round(ui->list, half, node->look.radius, corners, node->look.bar);
    draw_round(ui->list, rest, node->look.radius - width / 2, corners, node->look.fill);
    draw_clip(ui->list, before);
}

static void draw_ground(struct ui *ui, const struct node *node)
{
    const struct node_look *look = &node->look;
    unsigned corners = corners_on_screen(ui, look->corners);
    if (visible(look->fill))
        draw_round(ui->list, node->rect, look->radius, corners, look->fill);
    if (visible(look->bar) && look->bar_round)
        draw_round_bar(ui, node);
    if (visible(look->below)) {
        int width = border_px(ui);
        struct rect r = node->rect;
        draw_fill(ui->list, (struct rect){r.x, r.y + r.h - width, r.w, width}, look->below);
    }
}

static void draw_edge(struct ui *ui, const struct node *node)
{
    const struct node_look *look = &node->look;
    unsigned corners = corners_on_screen(ui, look->corners);
    if (visible(look->ring))
        draw_ring(ui->list, node->rect, look->radius, corners, look->border, look->ring);
    if (visible(look->bar) && look->bar_w > 0 && !look->bar_round)
        draw_bar(ui, node);
    bool ringed = (node->meaning.state & UI_FOCUSED) != 0 && ui->focus_seen;
    if (!ringed)
        return;
    int width = 3 * border_px(ui) > 4 ? 4 : 3 * border_px(ui);
    bool inside = node->meaning.role == UI_ROLE_ITEM || node->meaning.role == UI_ROLE_SEGMENT ||
                  node->meaning.role == UI_ROLE_FIELD;
    struct rect ring = inside ? node->rect : rect_inset(node->rect, -width);
    int radius = look->radius + (inside ? 0 : width);
    draw_ring(ui->list, ring, radius, inside ? corners : (unsigned)DRAW_ALL_CORNERS, width,
              token(ui, THEME_FOCUS));
    if (inside && node->meaning.role != UI_ROLE_FIELD) /* seen on a chosen, dark ground too */
        draw_ring(ui->list, rect_inset(ring, width), radius - width, corners, border_px(ui),
                  token(ui, THEME_SURFACE));
}

static int text_x(const struct ui *ui, const struct node *node, int width)
{
    int slack = node->rect.w - width;
    enum ui_align align = node->text.align;
    if (align == UI_CENTER)
        return node->rect.x + slack / 2;
    bool right = (align == UI_END_EDGE) != ui->setup.rtl;
    return node->rect.x + (right ? slack : 0);
}

static struct size draw_text(struct ui *ui, const struct node *node)
{
    const struct node_text *text = &node->text;
    int height = text_height(ui->setup.text, text->font);
    int step = line_step(ui, text);
    int whole = height + (text->piece_count - 1) * step;
    int y = node->rect.y + (node->rect.h - whole) / 2;
    struct size needed = {0, text->piece_count > 0 ? whole : 0};
    for (int i = 0; i < text->piece_count; i++, y += step) {
        struct text_line line =
            text_shape_piece(ui->setup.text, text->font, text->string, text->pieces[i]);
        int x = text_x(ui, node, line.width);
        draw_mask(ui->list, line.mask, x + line.offset_x, y + line.offset_y, node->ink);
        if (text->underline)
            draw_fill(ui->list, (struct rect){x, y + line.baseline + 2, line.width, border_px(ui)},
                      node->ink);
        if (line.width > needed.w)
            needed.w = line.width;
        if (text->pieces[i].ellipsis && text->lines == 1)
            needed.w = text->natural;
        else if (text->pieces[i].ellipsis)
            needed.h += height;
    }
    return needed;
}

static void draw_progress(struct ui *ui, const struct node *node)
{
    struct rect done = node->rect;
    done.w = (int)((int64_t)node->rect.w * node->side / 1000);
    if (done.w > 0 && done.w < done.h)
        done.w = done.h;
    if (ui->setup.rtl)
        done.x = node->rect.x + node->rect.w - done.w;
    draw_round(ui->list, done, node->look.radius, DRAW_ALL_CORNERS, node->ink);
}

static void draw_modules(struct ui *ui, const struct node *node)
{
    const struct colour white = {255, 255, 255, 255};
    const struct colour black = {0, 0, 0, 255};
    const int quiet = 4;
    int room = node->rect.w < node->rect.h ? node->rect.w : node->rect.h;
    int unit = room / (node->side + 2 * quiet);
    if (unit < 1)
        unit = 1;
    int whole = unit * (node->side + 2 * quiet);
    int left = node->rect.x + (node->rect.w - whole) / 2;
    int top = node->rect.y + (node->rect.h - whole) / 2;
    draw_fill(ui->list, (struct rect){left, top, whole, whole}, white);
    for (int y = 0; y < node->side; y++) {
        for (int x = 0; x < node->side; x++) {
            int start = x;
            while (x < node->side && node->modules[y * node->side + x] != 0)
                x++;
            if (x > start)
                draw_fill(ui->list,
                          (struct rect){left + (start + quiet) * unit, top + (y + quiet) * unit,
                                        (x - start) * unit, unit},
                          black);
        }
    }
}

static void draw_scroll_mark(struct ui *ui, const struct node *node)
{
    const struct kept *kept = node->list.kept;
    if (kept->content_h <= kept->view_h || kept->view_h <= 0)
        return;
    int width = px(ui, 1);
    int length = (int)((int64_t)kept->view_h * kept->view_h / kept->content_h);
    if (length < px(ui, 8))
        length = px(ui, 8);
    int way = kept->content_h - kept->view_h;
    int at = (int)((float)(kept->view_h - length) * kept->offset / (float)way);
    /* Rows leave room at their end; tiles do not, there the mark stands in the gap beside them. */
    bool beside = node->first != NULL && node->first->kind == NODE_GRID;
    int inset = beside ? -width - 1 : 1;
    int x = ui->setup.rtl ? node->rect.x + inset : node->rect.x + node->rect.w - width - inset;
    draw_round(ui->list, (struct rect){x, node->rect.y + node->box.pad_y + at, width, length},
               width / 2, DRAW_ALL_CORNERS, token(ui, THEME_EDGE));
}

/* ---- the walk --------------------------------------------------------------------------- */

static void walk(struct ui *ui, struct frame *frame, struct node *node, struct context context);

static void show_text(struct ui *ui, struct frame *frame, struct node *node, int own,
                      const struct context *context)
{
    struct size needed;
    if (node->kind == NODE_FIELD) {
        field_draw(ui, node);
        needed = (struct size){node->text.natural, text_height(ui->setup.text, node->text.font)};
    } else {
        needed = draw_text(ui, node);
    }
    int speaker = own >= 0 ? own : node->is_part ? context->target : -1;
    if (speaker >= 0)
        tell_text(&frame->nodes[speaker], node, needed, context);
}

static void show_empty(struct ui *ui, struct frame *frame, const struct node *list,
                       const struct context *context)
{
    if (list->first != NULL || *list->text.string == '\0')
        return;
    struct node *text = arena_alloc(ui, sizeof *text);
    text->kind = NODE_TEXT;
    text->ink = token(ui, THEME_INK2);
    text->text = (struct node_text){.string = list->text.string,
                                    .font = font_of(ui, TEXT_BODY),
                                    .align = UI_CENTER,
                                    .lines = 4};
    text->rect = rect_inset(list->rect, px(ui, 3));
    text->text.pieces = arena_alloc(ui, LINES_MAX * sizeof *text->text.pieces);
    text->text.piece_count = text_wrap(ui->setup.text, text->text.font, text->text.string,
                                       text->rect.w, text->text.pieces, text->text.lines);
    text->meaning = (struct node_meaning){.id = "",
                                          .label = list->text.string,
                                          .value = "",
                                          .key = "",
                                          .role = UI_ROLE_TEXT,
                                          .present = true};
    walk(ui, frame, text, *context);
}

static void walk_children(struct ui *ui, struct frame *frame, struct node *node,
                          struct context context)
{
    struct rect before = {0, 0, 0, 0};
    bool list = node->kind == NODE_LIST;
    const int far = 1 << 20;
    context.room = list ? (struct rect){node->rect.x, -far, node->rect.w, 2 * far}
                        : rect_cut(context.room, node->rect);
    if (list) {
        struct rect view = node->rect;
        view.y += node->box.pad_y;
        view.h -= 2 * node->box.pad_y;
        context.in_list = true;
        context.clip = rect_cut(context.clip, view);
        before = draw_clip(ui->list, context.clip);
    }
    for (struct node *child = node->first; child != NULL; child = child->next)
        if (!child->sheet)
            walk(ui, frame, child, context);
    if (!list)
        return;
    context.in_list = false;
    show_empty(ui, frame, node, &context);
    draw_clip(ui->list, before);
    draw_scroll_mark(ui, node);
}

static void walk(struct ui *ui, struct frame *frame, struct node *node, struct context context)
{
    int own = -1;
    if (node->dropped)
        return;
    if (node->meaning.present) {
        own = (int)frame->count;
        mean(frame, node, &context);
    }
    draw_ground(ui, node);
    if (visible(node->look.fill))
        context.ground = node->look.fill;
    if (own >= 0 && node->meaning.role == UI_ROLE_TEXT && context.target >= 0)
        frame->nodes[own].parent = context.target;
    bool holds =
        own >= 0 && (node->meaning.state & UI_TARGET || node->meaning.role == UI_ROLE_PILL ||
                     node->meaning.role == UI_ROLE_ITEM);
    switch (node->kind) {
    case NODE_TEXT:
    case NODE_FIELD:
        show_text(ui, frame, node, own, &context);
        break;
    case NODE_ICON:
        draw_mask(ui->list,
                  icons_get(ui->setup.icons, node->icon,
                            node->rect.w < node->least_w ? node->rect.w : node->least_w,
                            ui->setup.rtl),
                  node->rect.x, node->rect.y + (node->rect.h - node->least_h) / 2, node->ink);
        break;
    case NODE_BAR:
        draw_progress(ui, node);
        break;
    case NODE_MODULES:
        draw_modules(ui, node);
        break;
    case NODE_SIGNATURE:
        signature_draw(ui, node);
        break;
    default:
        if (holds)
            context.target = own;
        if (own >= 0 && !(node->meaning.state & UI_TARGET) && *node->meaning.key != '\0')
            context.group_key = node->meaning.key;
        if (node->kind == NODE_LIST)
            context.list = own;
        walk_children(ui, frame, node, context);
    }
    draw_edge(ui, node);
}

void render_tree(struct ui *ui, struct frame *frame)
{
    struct rect screen = {0, 0, ui->setup.metrics.width_px, ui->setup.metrics.height_px};
    struct context context = {.ground = token(ui, THEME_PAGE),
                              .target = -1,
                              .list = -1,
                              .group_key = "",
                              .clip = screen,
                              .room = screen,
                              .behind = frame->sheet != NULL};
    ui->caret = (struct rect){0, 0, 0, 0};
    walk(ui, frame, frame->root, context);
    for (struct node *child = frame->root->first; child != NULL; child = child->next) {
        if (!child->sheet)
            continue;
        draw_fill(ui->list, screen, token(ui, THEME_SCRIM));
        context.behind = child != frame->sheet;
        walk(ui, frame, child, context);
    }
    number_order(frame);
}
