/* What can be pressed: buttons, chips, segments, tiles, keypads, read-outs. Each is a box with a
 * meaning, and text and icons inside.
 */
#include "ui/widgets/tree.h"

#include <stdio.h>
#include <string.h>

static const struct colour none = {0, 0, 0, 0};

/* How a pressable looks in its state. */
struct paint_set {
    struct colour fill, ink, ring;
};

static struct paint_set paint_of(const struct ui *ui, enum ui_kind kind, bool disabled, bool on,
                                 bool pressed)
{
    struct colour surface = token(ui, THEME_SURFACE);
    struct colour edge = token(ui, THEME_EDGE);
    if (disabled)
        return (struct paint_set){token(ui, THEME_SUNKEN), token(ui, THEME_INK2),
                                  token(ui, THEME_LINE)};
    if (on)
        return (struct paint_set){token(ui, THEME_INK), surface, token(ui, THEME_INK)};
    if (kind == UI_PRIMARY)
        return (struct paint_set){token(ui, pressed ? THEME_BRAND_PRESSED : THEME_BRAND),
                                  token(ui, THEME_ON_BRAND), none};
    struct colour fill = pressed ? token(ui, THEME_PRESSED) : surface;
    if (kind == UI_DANGER)
        return (struct paint_set){fill, token(ui, THEME_BAD), token(ui, THEME_BAD)};
    if (kind == UI_QUIET || kind == UI_LINK)
        return (struct paint_set){pressed ? fill : none, token(ui, THEME_INK), none};
    return (struct paint_set){fill, token(ui, THEME_INK), edge};
}

static void dress(struct ui *ui, struct node *node, struct paint_set set)
{
    node->look.fill = set.fill;
    node->look.ring = set.ring;
    node->look.edge = set.ring;
    node->look.border = border_px(ui);
    node->look.radius = px(ui, 2.5F);
    node->look.corners = DRAW_ALL_CORNERS;
}

static bool has(const char *text)
{
    return text != NULL && *text != '\0';
}

static const char *label_of(const struct ui_button *button)
{
    return has(button->why) ? button->why : button->label != NULL ? button->label : "";
}

static enum text_style style_of(const struct ui_button *button)
{
    if (button->kind == UI_PRIMARY) {
        if (has(button->why))
            return TEXT_HEADING;
        return button->compact ? TEXT_NUMBER : TEXT_PRIMARY;
    }
    return button->large ? TEXT_HEADING : TEXT_STRONG;
}

static void label_leaf(struct ui *ui, const char *label, enum text_style style, struct colour ink,
                       int lines)
{
    struct node *text = text_leaf(ui, label, style, ink);
    text->is_part = true;
    text->text.align = UI_CENTER;
    text->text.lines = lines;
    text->text.shrink = lines == 1;
}

/* Icon, label and badge of a button, in its middle. */
static void fill_button(struct ui *ui, const struct ui_button *button, enum text_style style,
                        struct colour ink)
{
    const char *label = label_of(button);
    if (has(button->icon))
        icon_leaf(ui, button->icon, ink, button->kind == UI_PRIMARY ? 6.0F : 5.3F)->optional =
            has(label) && !button->icon_only;
    if (has(label) && !button->icon_only) {
        label_leaf(ui, label, style, ink, 2);
        if (button->kind == UI_LINK)
            ui->stack[ui->depth - 1]->last->text.underline = true;
    }
    if (has(button->badge))
        badge_leaf(ui, button->badge, UI_WARN);
}

static struct ui_box button_box(const struct ui_button *button, float height, float pad)
{
    return (struct ui_box){
        .width_mm = button->width_mm > 0 ? button->width_mm
                    : height < 12        ? height
                                         : 12,
        .height_mm = button->height_mm > 0 ? button->height_mm : height,
        .weight = button->weight,
        .pad_x_mm = button->icon_only ? 1 : pad,
        .pad_y_mm = 1,
        .gap_mm = 2.2F,
        .align = UI_CENTER,
        .justify = UI_CENTER,
    };
}

static bool press(struct ui *ui, const char *id, enum ui_role role, const struct ui_button *button,
                  struct ui_box box, enum text_style style)
{
    bool disabled = button->disabled || has(button->why);
    struct node *node = node_open(ui, NODE_ROW, &box);
    node_target(ui, node, role, id, label_of(button), button->key, disabled);
    bool shown_on = button->on && role != UI_ROLE_TOGGLE;
    struct paint_set set =
        paint_of(ui, button->kind, disabled, shown_on, (node->meaning.state & UI_PRESSED) != 0);
    dress(ui, node, set);
    if (button->on)
        node->meaning.state |= role == UI_ROLE_TOGGLE ? UI_CHECKED : UI_SELECTED;
    if (role == UI_ROLE_TOGGLE)
        icon_leaf(ui, button->on ? "done" : "todo",
                  button->on && !disabled ? token(ui, THEME_BRAND) : set.ink, 5.3F);
    fill_button(ui, button, style, set.ink);
    if (has(button->badge))
        node->meaning.value = arena_text(ui, button->badge);
    ui_end(ui);
    return !disabled && fired_press(ui, node->meaning.id);
}

bool ui_button(struct ui *ui, const char *id, const struct ui_button *button)
{
    float height = button->kind == UI_PRIMARY ? 19.0F : button->icon_only ? 12.0F : 15.0F;
    float pad = button->kind == UI_LINK ? 1.5F : 3.5F;
    return press(ui, id, UI_ROLE_BUTTON, button, button_box(button, height, pad), style_of(button));
}

bool ui_toggle(struct ui *ui, const char *id, const struct ui_button *button)
{
    return press(ui, id, UI_ROLE_TOGGLE, button, button_box(button, 15, 3.5F), style_of(button));
}

bool ui_chip(struct ui *ui, const char *id, const struct ui_button *button)
{
    return press(ui, id, UI_ROLE_CHIP, button, button_box(button, 12, 3.5F), TEXT_BODY);
}

/* ---- one of several --------------------------------------------------------------------- */

static const char *option_id(struct ui *ui, const char *id, const struct ui_option *option,
                             int index)
{
    return has(option->name) ? ui_id(ui, "%s/%s", id, option->name) : ui_id(ui, "%s/%d", id, index);
}

static struct ui_button option_button(const struct ui_option *option, bool on)
{
    return (struct ui_button){.label = option->label,
                              .icon = option->icon,
                              .badge = option->badge,
                              .key = option->key,
                              .disabled = option->disabled,
                              .on = on};
}

/* The parts share one frame: only its ends are round, and a line parts two that are not chosen. */
static void join_parts(struct ui *ui, struct node *group, int chosen)
{
    int index = 0;
    for (struct node *part = group->first; part != NULL; part = part->next, index++) {
        bool last = part->next == NULL;
        part->look.corners =
            (index == 0 ? (unsigned)DRAW_TOP_LEFT | (unsigned)DRAW_BOTTOM_LEFT : 0U) |
            (last ? (unsigned)DRAW_TOP_RIGHT | (unsigned)DRAW_BOTTOM_RIGHT : 0U);
        part->look.ring = none;
        part->look.edge = token(ui, THEME_EDGE);
        part->meaning.group = ui->next_group;
        if (index > 0 && index != chosen && index - 1 != chosen) {
            part->look.bar = token(ui, THEME_EDGE);
            part->look.bar_w = border_px(ui);
        }
    }
}

int ui_segments(struct ui *ui, const char *id, const struct ui_option *options, int count,
                int chosen, int weight)
{
    int pressed = -1;
    struct node *group =
        node_open(ui, NODE_ROW, &(struct ui_box){.weight = weight, .height_mm = 15, .id = id});
    dress(ui, group, (struct paint_set){token(ui, THEME_SURFACE), none, token(ui, THEME_EDGE)});
    ui->next_group++;
    for (int i = 0; i < count; i++) {
        struct ui_button button = option_button(&options[i], i == chosen);
        struct ui_box box = button_box(&button, 15, 3.5F);
        box.weight = weight;
        if (press(ui, option_id(ui, id, &options[i], i), UI_ROLE_SEGMENT, &button, box,
                  TEXT_STRONG))
            pressed = i;
    }
    join_parts(ui, group, chosen);
    ui_end(ui);
    return pressed;
}

int ui_chips(struct ui *ui, const char *id, const struct ui_option *options, int count, int chosen,
             const char *key)
{
    int pressed = -1;
    ui_row(ui, (struct ui_box){.gap_mm = 2, .wrap = true, .id = id, .key = key});
    for (int i = 0; i < count; i++) {
        struct ui_button button = option_button(&options[i], i == chosen);
        if (ui_chip(ui, option_id(ui, id, &options[i], i), &button))
            pressed = i;
    }
    ui_end(ui);
    return pressed;
}

/* ---- tiles ------------------------------------------------------------------------------ */

static void tile_foot(struct ui *ui, const struct ui_tile *tile)
{
    struct node *foot =
        node_open(ui, NODE_ROW, &(struct ui_box){.gap_mm = 1.5F, .wrap = true, .align = UI_CENTER});
    foot->box.spread = true;
    foot->box.gap = px(ui, 0.5F);
    struct node *price = text_leaf(ui, tile->price, TEXT_SMALL, token(ui, THEME_INK2));
    price->is_part = true;
    if (has(tile->note)) {
        enum ui_tone tone = tile->note_tone == UI_INK ? UI_INK2 : tile->note_tone;
        ui_row(ui, (struct ui_box){.gap_mm = 0.8F, .align = UI_CENTER});
        if (has(tile->note_icon))
            icon_leaf(ui, tile->note_icon, tone_ink(ui, tone), 4.0F);
        struct node *note = text_leaf(
            ui, tile->note, tone == UI_INK2 ? TEXT_SMALL : TEXT_SMALL_STRONG, tone_ink(ui, tone));
        note->is_part = true;
        ui_end(ui);
    }
    ui_end(ui);
}

bool ui_tile(struct ui *ui, const char *id, const struct ui_tile *tile)
{
    struct node *node = node_open(
        ui, NODE_COLUMN,
        &(struct ui_box){.width_mm = 20, .height_mm = 20, .pad_x_mm = 2.5F, .pad_y_mm = 1.7F});
    node_target(ui, node, UI_ROLE_TILE, id, tile->name, tile->key, tile->disabled);
    node->meaning.value = arena_text(ui, tile->price);
    dress(ui, node,
          paint_of(ui, UI_NORMAL, tile->disabled, false, (node->meaning.state & UI_PRESSED) != 0));
    if (tile->category > 0) {
        node->look.bar = ui->setup.theme.categories[(tile->category - 1) % THEME_CATEGORIES];
        node->look.bar_w = px(ui, 1.26F) + border_px(ui) - 1;
        node->look.bar_round = true;
    }
    node->box.pad_start = px(ui, 1.26F);
    struct node *name = text_leaf(ui, tile->name, TEXT_NAME,
                                  tile->disabled ? token(ui, THEME_INK2) : token(ui, THEME_INK));
    name->is_part = true;
    name->text.lines = 3;
    name->text.may_cut = true;
    name->text.tight = true;
    ui_spacer(ui, 1);
    tile_foot(ui, tile);
    ui_end(ui);
    return !tile->disabled && fired_press(ui, node->meaning.id);
}

/* ---- keypads ---------------------------------------------------------------------------- */

static enum text_style key_style(const struct ui_pad_key *key)
{
    if (key->letter && !key->word)
        return TEXT_HEADING;
    return key->word || has(key->icon) ? TEXT_STRONG : TEXT_PRIMARY;
}

static bool pad_key(struct ui *ui, const char *id, const struct ui_pad_key *key, float height)
{
    if (key->blank) {
        node_leaf(ui, NODE_SPACE)->span = key->span > 1 ? key->span : 1;
        return false;
    }
    struct ui_button button = {.label = key->label,
                               .icon = key->icon,
                               .key = key->key,
                               .kind = key->kind,
                               .on = key->on,
                               .disabled = key->disabled,
                               .icon_only = has(key->icon),
                               .compact = true};
    struct ui_box box = button_box(&button, height, 1);
    box.width_mm = 10;
    if (key->letter)
        box.pad_x_mm = 0.6F; /* as narrow as keys may be: little room for sides */
    const char *name = has(key->name) ? key->name : key->label;
    bool fired = press(ui, ui_id(ui, "%s/%s", id, name == NULL ? "" : name), UI_ROLE_KEY, &button,
                       box, key_style(key));
    struct node *node = ui->stack[ui->depth - 1]->last;
    node->span = key->span > 1 ? key->span : 1;
    if (key->letter && node->first != NULL) {
        node->first->text.lines = 1;
        node->first->text.shrink = true;
    }
    return fired;
}

int ui_keypad(struct ui *ui, const char *id, const struct ui_keypad *keypad)
{
    int pressed = -1;
    struct node *grid = node_open(
        ui, NODE_GRID,
        &(struct ui_box){
            .weight = keypad->weight, .gap_mm = 1.5F, .columns = keypad->columns, .id = id});
    grid->box.fixed_direction = true;
    for (int i = 0; i < keypad->count; i++)
        if (pad_key(ui, id, &keypad->keys[i], keypad->key_mm > 0 ? keypad->key_mm : 18))
            pressed = i;
    ui_end(ui);
    return pressed;
}

/* ---- read-outs -------------------------------------------------------------------------- */

bool ui_readout(struct ui *ui, const char *id, const struct ui_readout *readout)
{
    struct node *node = node_open(ui, NODE_ROW,
                                  &(struct ui_box){.height_mm = 14,
                                                   .weight = readout->weight,
                                                   .pad_x_mm = 4,
                                                   .pad_y_mm = 1,
                                                   .gap_mm = 3,
                                                   .align = UI_CENTER});
    node_target(ui, node, UI_ROLE_READOUT, id, readout->label, readout->key, false);
    node->meaning.value = arena_text(ui, readout->value);
    dress(ui, node, paint_of(ui, UI_NORMAL, false, false, (node->meaning.state & UI_PRESSED) != 0));
    if (readout->active) {
        node->meaning.state |= UI_SELECTED;
        node->look.ring = token(ui, THEME_BRAND);
        node->look.edge = node->look.ring;
        node->look.border = 2 * border_px(ui);
    }
    struct node *label = text_leaf(ui, readout->label, TEXT_SMALL, token(ui, THEME_INK2));
    label->is_part = true;
    label->weight = 1;
    struct node *value = text_leaf(ui, readout->value, TEXT_HEADING, token(ui, THEME_INK));
    value->is_part = true;
    value->text.shrink = true;
    ui_end(ui);
    return fired_press(ui, node->meaning.id);
}
