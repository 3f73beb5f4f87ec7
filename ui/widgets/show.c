/* What is only shown: text, icons, pills, progress, codes.
 */
#include "ui/widgets/tree.h"

#include "terminal/base/buf.h"

#include <stdio.h>
#include <string.h>

enum { MODULES_MAX = 177 }; /* QR version 40 */

struct node *text_leaf(struct ui *ui, const char *string, enum text_style style, struct colour ink)
{
    struct node *node = node_leaf(ui, NODE_TEXT);
    node->ink = ink;
    node->text.string = arena_text(ui, string);
    node->text.font = font_of(ui, style);
    node->text.align = UI_START;
    node->text.lines = 1;
    return node;
}

struct node *icon_leaf(struct ui *ui, const char *name, struct colour ink, float mm)
{
    struct node *node = node_leaf(ui, NODE_ICON);
    /* Icons stand beside words and grow with them. */
    int side = px(ui, mm) * ui->setup.metrics.text_percent / 100;
    node->icon = arena_text(ui, name);
    node->ink = ink;
    node->least_w = side;
    node->least_h = side;
    return node;
}

void ui_text(struct ui *ui, const char *string, struct ui_text wish)
{
    struct node *node = text_leaf(ui, string, wish.style, tone_ink(ui, wish.tone));
    struct node_text *text = &node->text;
    text->align = wish.align == UI_DEFAULT ? UI_START : wish.align;
    text->lines = wish.lines < 1 ? 1 : wish.lines > LINES_MAX ? LINES_MAX : wish.lines;
    text->shrink = wish.shrink;
    text->keep = wish.keep;
    text->may_cut = wish.may_cut;
    node->weight = wish.weight;
    node->least_w = px(ui, wish.width_mm) * ui->setup.metrics.text_percent / 100;
    node->meaning.present = true;
    node->meaning.role = UI_ROLE_TEXT;
    node->meaning.id = arena_text(ui, wish.id);
    if (wish.label != NULL) {
        node->meaning.label = arena_text(ui, wish.label);
        node->meaning.value = text->string;
    } else {
        node->meaning.label = text->string;
    }
}

void ui_icon(struct ui *ui, const char *name, enum ui_tone tone, float mm)
{
    icon_leaf(ui, name, tone_ink(ui, tone), mm > 0 ? mm : 5.3F);
}

static void pill(struct ui *ui, const struct ui_pill *wish, bool wide)
{
    struct ui_box box = {.gap_mm = 1.2F, .align = UI_CENTER, .weight = wish->weight};
    if (!wish->plain) {
        box.pad_x_mm = wide ? 3.5F : 2.5F;
        box.pad_y_mm = wide ? 2.0F : wish->strong ? 0.75F : 1.0F;
    }
    struct node *node = node_open(ui, NODE_ROW, &box);
    if (!wish->plain) {
        node->look.fill = tone_ground(ui, wish->tone);
        node->look.corners = DRAW_ALL_CORNERS;
        node->look.radius = wide ? px(ui, 2.5F) : CORNER_MAX;
    }
    node->meaning.present = true;
    node->meaning.role = UI_ROLE_PILL;
    node->meaning.id = arena_text(ui, wish->id);
    node->meaning.label = arena_text(ui, wish->text);
    struct colour ink = tone_ink(ui, wish->tone);
    if (wish->icon != NULL)
        icon_leaf(ui, wish->icon, ink, 5.3F);
    enum text_style style = wish->strong ? TEXT_CAPTION : wide ? TEXT_BODY : TEXT_SMALL;
    struct node *text = text_leaf(ui, wish->text, style, ink);
    text->is_part = true;
    text->text.lines = wish->lines > 1 ? wish->lines : 1;
    text->weight = wide ? 1 : 0;
    ui_end(ui);
}

void ui_pill(struct ui *ui, const struct ui_pill *wish)
{
    pill(ui, wish, false);
}

void ui_banner(struct ui *ui, const struct ui_pill *wish)
{
    struct ui_pill banner = *wish;
    if (banner.lines == 0)
        banner.lines = 3;
    pill(ui, &banner, true);
}

void badge_leaf(struct ui *ui, const char *string, enum ui_tone tone)
{
    struct node *node = node_open(ui, NODE_ROW,
                                  &(struct ui_box){.pad_x_mm = 1.8F,
                                                   .pad_y_mm = 0.5F,
                                                   .width_mm = 6.5F,
                                                   .height_mm = 6.2F,
                                                   .align = UI_CENTER,
                                                   .justify = UI_CENTER});
    node->look.fill = tone_ground(ui, tone);
    node->look.corners = DRAW_ALL_CORNERS;
    node->look.radius = CORNER_MAX;
    struct node *text = text_leaf(ui, string, TEXT_CAPTION, tone_ink(ui, tone));
    text->text.keep = true;
    ui_end(ui);
}

void ui_progress(struct ui *ui, const char *id, int permille, const char *label)
{
    struct node *node = node_leaf(ui, NODE_BAR);
    permille = permille < 0 ? 0 : permille > 1000 ? 1000 : permille;
    node->side = permille;
    node->least_h = px(ui, 2.5F);
    node->least_w = px(ui, 20);
    node->ink = token(ui, THEME_BRAND);
    node->look.fill = token(ui, THEME_SUNKEN);
    node->look.ring = token(ui, THEME_LINE);
    node->look.border = 1;
    node->look.corners = DRAW_ALL_CORNERS;
    node->look.radius = CORNER_MAX;
    node->meaning.present = true;
    node->meaning.role = UI_ROLE_PROGRESS;
    node->meaning.id = arena_text(ui, id);
    node->meaning.label = arena_text(ui, label);
    node->meaning.value = ui_id(ui, "%d", permille);
}

void ui_modules(struct ui *ui, const char *id, const char *label, const uint8_t *modules, int side,
                float mm)
{
    INVARIANT(side > 0 && side <= MODULES_MAX);
    struct node *node = node_leaf(ui, NODE_MODULES);
    size_t count = (size_t)side * (size_t)side;
    node->modules = memcpy(arena_alloc(ui, count), modules, count);
    node->side = side;
    node->least_w = px(ui, mm);
    node->least_h = node->least_w;
    node->meaning.present = true;
    node->meaning.role = UI_ROLE_IMAGE;
    node->meaning.id = arena_text(ui, id);
    node->meaning.label = arena_text(ui, label);
}
