/* Opening and closing of boxes; lists, items and sheets.
 */
#include "ui/widgets/tree.h"

#include <string.h>

static struct node *node_new(struct ui *ui, enum node_kind kind)
{
    struct node *node = arena_alloc(ui, sizeof *node);
    node->kind = kind;
    node->meaning.id = "";
    node->meaning.label = "";
    node->meaning.value = "";
    node->meaning.key = "";
    return node;
}

static void attach(struct node *parent, struct node *node)
{
    node->parent = parent;
    if (parent->last != NULL)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
}

struct node *node_leaf(struct ui *ui, enum node_kind kind)
{
    struct node *node = node_new(ui, kind);
    INVARIANT(ui->depth > 0);
    attach(ui->stack[ui->depth - 1], node);
    return node;
}

static void dress(struct ui *ui, struct node *node, enum ui_surface surface)
{
    struct node_look *look = &node->look;
    look->corners = DRAW_ALL_CORNERS;
    switch (surface) {
    case UI_PLAIN:
        break;
    case UI_PAGE:
        look->fill = token(ui, THEME_PAGE);
        break;
    case UI_CARD:
        look->fill = token(ui, THEME_SURFACE);
        look->radius = px(ui, 2.5F);
        if (ui->setup.theme.border_px > 1) { /* where page and surface are one colour */
            look->ring = token(ui, THEME_LINE);
            look->border = border_px(ui);
            node->box.pad_x += look->border; /* what is inside stays off the line */
            node->box.pad_y += look->border;
        }
        break;
    case UI_STRIP:
        look->fill = token(ui, THEME_SURFACE);
        look->below = token(ui, THEME_LINE);
        break;
    case UI_WELL:
        look->fill = token(ui, THEME_SUNKEN);
        look->radius = px(ui, 2.5F);
        break;
    case UI_OUTLINED:
        look->fill = token(ui, THEME_SURFACE);
        look->radius = px(ui, 2.5F);
        look->ring = token(ui, THEME_EDGE);
        look->border = border_px(ui);
        break;
    case UI_MARKED:
        look->fill = token(ui, THEME_SELECTED);
        look->radius = px(ui, 2.5F);
        break;
    }
}

struct node *node_open(struct ui *ui, enum node_kind kind, const struct ui_box *box)
{
    struct node *node = node_new(ui, kind);
    if (ui->depth > 0)
        attach(ui->stack[ui->depth - 1], node);
    INVARIANT(ui->depth < STACK_MAX);
    ui->stack[ui->depth++] = node;

    node->weight = box->weight;
    node->least_w = px(ui, box->width_mm);
    node->least_h = px(ui, box->height_mm);
    node->box = (struct node_box){
        .pad_x = px(ui, box->pad_mm + box->pad_x_mm),
        .pad_y = px(ui, box->pad_mm + box->pad_y_mm),
        .gap = px(ui, box->gap_mm),
        .align = box->align == UI_DEFAULT ? UI_STRETCH : box->align,
        .justify = box->justify == UI_DEFAULT ? UI_START : box->justify,
        .turned = box->mirror,
        .wrap = box->wrap,
        .columns = box->columns > 0 ? box->columns : 1,
    };
    dress(ui, node, box->surface);
    if (box->id != NULL) {
        node->meaning.present = true;
        node->meaning.role = UI_ROLE_GROUP;
        node->meaning.id = arena_text(ui, box->id);
        node->meaning.label = arena_text(ui, box->label);
        node->meaning.key = arena_text(ui, box->key);
    }
    return node;
}

void ui_row(struct ui *ui, struct ui_box box)
{
    node_open(ui, NODE_ROW, &box);
}

void ui_column(struct ui *ui, struct ui_box box)
{
    node_open(ui, NODE_COLUMN, &box);
}

void ui_grid(struct ui *ui, struct ui_box box)
{
    node_open(ui, NODE_GRID, &box);
}

void ui_card(struct ui *ui, struct ui_box box)
{
    box.surface = UI_CARD;
    node_open(ui, NODE_COLUMN, &box);
}

void ui_end(struct ui *ui)
{
    INVARIANT(ui->depth > 1); /* the first is the page, which ui_finish closes */
    ui->depth--;
}

void ui_spacer(struct ui *ui, int weight)
{
    node_leaf(ui, NODE_SPACE)->weight = weight > 0 ? weight : 1;
}

static bool down_the_page(const struct ui *ui)
{
    enum node_kind kind = ui->stack[ui->depth - 1]->kind;
    return kind == NODE_COLUMN || kind == NODE_LIST;
}

void ui_gap(struct ui *ui, float mm)
{
    bool down = down_the_page(ui);
    struct node *node = node_leaf(ui, NODE_SPACE);
    node->least_w = down ? 0 : px(ui, mm);
    node->least_h = down ? px(ui, mm) : 0;
}

void ui_separator(struct ui *ui)
{
    bool down = down_the_page(ui);
    struct node *node = node_leaf(ui, NODE_SPACE);
    node->look.fill = token(ui, THEME_LINE);
    node->least_w = down ? 0 : border_px(ui);
    node->least_h = down ? border_px(ui) : 0;
}

void node_target(struct ui *ui, struct node *node, enum ui_role role, const char *id,
                 const char *label, const char *key, bool disabled)
{
    node->meaning = (struct node_meaning){
        .present = true,
        .role = role,
        .id = arena_text(ui, id),
        .label = arena_text(ui, label),
        .value = "",
        .key = arena_text(ui, key),
        .state = UI_TARGET | (disabled ? (unsigned)UI_DISABLED : 0U),
    };
    if (strcmp(ui->focus, id) == 0)
        node->meaning.state |= UI_FOCUSED;
    if (is_pressed(ui, id) && !disabled)
        node->meaning.state |= UI_PRESSED;
}

bool is_pressed(const struct ui *ui, const char *id)
{
    return ui->touch.down && !ui->touch.cancelled && strcmp(ui->touch.id, id) == 0;
}

/* ---- lists ---------------------------------------------------------------------------- */

void ui_list_begin(struct ui *ui, const char *id, const struct ui_list *list)
{
    struct ui_box box = list->box;
    if (box.weight == 0)
        box.weight = 1;
    struct node *node = node_open(ui, NODE_LIST, &box);
    node->meaning.present = true;
    node->meaning.role = UI_ROLE_LIST;
    node->meaning.id = arena_text(ui, id);
    node->meaning.label = arena_text(ui, list->label);
    node->meaning.key = arena_text(ui, list->key);
    node->list.kept = kept_get(ui, id);
    node->list.rows = list->rows;
    node->list.item_h = px(ui, list->item_mm > 0 ? list->item_mm : 13);
    node->list.stick = list->stick_to_end;
    node->list.kept->item_h = node->list.item_h;
    node->text.string = arena_text(ui, list->empty);
}

void ui_list_sight(struct ui *ui, int *first, int *last)
{
    struct node *node = ui->stack[ui->depth - 1];
    INVARIANT(node->kind == NODE_LIST);
    struct kept *kept = node->list.kept;
    int view = kept->view_h > 0 ? kept->view_h : ui->setup.metrics.height_px;
    int rows = node->list.rows;
    int item = node->list.item_h;
    if (kept->reveal >= 0) {
        int top = kept->reveal * item;
        if ((float)top < kept->offset)
            kept->offset = (float)top;
        else if ((float)(top + item) > kept->offset + (float)view)
            kept->offset = (float)(top + item - view);
        kept->reveal = -1;
    }
    int most = rows * item > view ? rows * item - view : 0;
    if (kept->offset > (float)most)
        kept->offset = (float)most;
    /* One more on either side, so that the focus always has a neighbour to go to. */
    int from = (int)kept->offset / item - 1;
    int to = ((int)kept->offset + view) / item + 2;
    *first = from < 0 ? 0 : from;
    *last = to > rows ? rows : to;
    if (*first > *last)
        *first = *last;
    node->list.first = *first;
}

void ui_list_reveal(struct ui *ui, const char *id, int row)
{
    kept_get(ui, id)->reveal = row;
}

void ui_reveal(struct ui *ui, const char *item_id)
{
    set_id(ui->reveal, item_id);
}

static void dress_item(struct ui *ui, struct node *node, const struct ui_item *item)
{
    struct node_look *look = &node->look;
    look->below = token(ui, THEME_LINE);
    if (item->tone == UI_WARN || item->tone == UI_BAD || item->tone == UI_INFO) {
        look->fill = tone_ground(ui, item->tone);
        look->bar = tone_ink(ui, item->tone);
        look->bar_w = px(ui, 1);
    } else if (item->selected) {
        look->fill = token(ui, THEME_SELECTED);
    }
    if (item->selected) {
        look->bar = item->tone == UI_INK ? token(ui, THEME_BRAND) : tone_ink(ui, item->tone);
        look->bar_w = px(ui, item->tone == UI_INK ? 1.0F : 1.6F);
    }
}

bool ui_item(struct ui *ui, const char *id, const struct ui_item *item)
{
    struct node *node =
        node_open(ui, NODE_ROW,
                  &(struct ui_box){.height_mm = item->height_mm > 0 ? item->height_mm : 13,
                                   .pad_x_mm = 3.5F,
                                   .pad_y_mm = 2.2F,
                                   .gap_mm = item->gap_mm > 0 ? item->gap_mm : 2,
                                   .align = UI_CENTER});
    if (node->parent->kind == NODE_LIST && node->parent->list.rows > 0) {
        node->least_h = node->parent->list.item_h;
        node->box.pad_y = 0;
    }
    dress_item(ui, node, item);
    node_target(ui, node, UI_ROLE_ITEM, id, item->label, item->key, false);
    node->meaning.value = arena_text(ui, item->value);
    if (item->selected)
        node->meaning.state |= UI_SELECTED;
    if (item->still)
        node->meaning.state &= ~(unsigned)(UI_TARGET | UI_PRESSED);
    else if (node->meaning.state & UI_PRESSED)
        node->look.fill = token(ui, THEME_PRESSED);
    return fired_press(ui, node->meaning.id);
}

/* ---- sheets --------------------------------------------------------------------------- */

bool ui_sheet(struct ui *ui, const char *id, const struct ui_sheet *sheet)
{
    INVARIANT(ui->depth == 1); /* at the outermost level, after the screen */
    struct frame *frame = &ui->frames[ui->current];
    struct node *node =
        node_open(ui, NODE_COLUMN,
                  &(struct ui_box){.width_mm = sheet->width_mm > 0 ? sheet->width_mm : 120,
                                   .pad_mm = 5,
                                   .gap_mm = 3,
                                   .surface = UI_CARD});
    node->sheet = true;
    node->meaning.present = true;
    node->meaning.role = UI_ROLE_SHEET;
    node->meaning.id = arena_text(ui, id);
    node->meaning.label = arena_text(ui, sheet->title);
    node->meaning.value = sheet->dismiss ? "dismiss" : "";
    frame->sheet = node;
    if (sheet->title != NULL && *sheet->title != '\0')
        ui_text(ui, sheet->title, (struct ui_text){.style = TEXT_HEADING, .lines = 2});
    bool dismissed = ui->fired == FIRED_DISMISS && !ui->fired_taken &&
                     strcmp(ui->fired_id, node->meaning.id) == 0;
    if (dismissed) {
        ui->fired_taken = true;
        ui->changed = true;
    }
    return dismissed;
}
