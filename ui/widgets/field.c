/* Text fields. The text is kept by id; the caret stands between characters, given in bytes, never
 * inside a character or before a mark that clings to the one before.
 */
#include "ui/widgets/tree.h"

#include "terminal/base/text.h"

#include <stdio.h>
#include <string.h>

enum { DEFAULT_BYTES = 120 };
static const char dot[] = "\xE2\x80\xA2";

static int clamp_bytes(int wish)
{
    if (wish <= 0)
        return DEFAULT_BYTES;
    return wish < FIELD_SIZE - 1 ? wish : FIELD_SIZE - 1;
}

/* ---- editing ---------------------------------------------------------------------------- */

static int step_right(const struct kept *kept, int at)
{
    size_t length = strlen(kept->text);
    size_t here = (size_t)at;
    if (here >= length)
        return at;
    text_next(kept->text, length, &here);
    while (here < length) {
        size_t next = here;
        if (!text_clings(text_next(kept->text, length, &next)))
            break;
        here = next;
    }
    return (int)here;
}

static int step_left(const struct kept *kept, int at)
{
    int here = 0;
    int before = 0;
    while (here < at) {
        before = here;
        here = step_right(kept, here);
    }
    return before;
}

static bool takes(const struct kept *kept, uint32_t c)
{
    if (c < 0x20 || (c >= 0x7F && c < 0xA0))
        return false;
    return !kept->digits || (c >= '0' && c <= '9') || c == '.' || c == ',';
}

/* Character by character: what a field does not take is left out, what does not fit ends it. */
void field_insert(struct kept *kept, const char *text)
{
    size_t length = strlen(text);
    for (size_t at = 0; at < length;) {
        size_t start = at;
        uint32_t c = text_next(text, length, &at);
        size_t size = at - start;
        size_t used = strlen(kept->text);
        if (!takes(kept, c) || !text_is_utf8(text + start, size))
            continue;
        if (used + size > (size_t)clamp_bytes(kept->max_bytes))
            return;
        memmove(kept->text + kept->caret + size, kept->text + kept->caret,
                used + 1 - (size_t)kept->caret);
        memcpy(kept->text + kept->caret, text + start, size);
        kept->caret += (int)size;
        kept->changed = true;
    }
}

static void cut(struct kept *kept, int from, int to)
{
    if (from == to)
        return;
    memmove(kept->text + from, kept->text + to, strlen(kept->text + to) + 1);
    kept->caret = from;
    kept->changed = true;
}

bool field_key(struct ui *ui, struct kept *kept, const char *key)
{
    int end = (int)strlen(kept->text);
    bool rtl = text_is_rtl(kept->text, ui->setup.rtl);
    if (strcmp(key, "Left") == 0)
        kept->caret = rtl ? step_right(kept, kept->caret) : step_left(kept, kept->caret);
    else if (strcmp(key, "Right") == 0)
        kept->caret = rtl ? step_left(kept, kept->caret) : step_right(kept, kept->caret);
    else if (strcmp(key, "Home") == 0)
        kept->caret = 0;
    else if (strcmp(key, "End") == 0)
        kept->caret = end;
    else if (strcmp(key, "Backspace") == 0)
        cut(kept, step_left(kept, kept->caret), kept->caret);
    else if (strcmp(key, "Delete") == 0)
        cut(kept, kept->caret, step_right(kept, kept->caret));
    else if (strcmp(key, "Ctrl+Backspace") == 0)
        cut(kept, 0, end);
    else if (strcmp(key, "Enter") == 0)
        kept->done = true;
    else
        return false;
    return true;
}

const char *ui_field_text(const struct ui *ui, const char *id)
{
    const struct kept *kept = kept_find(ui, id);
    return kept == NULL ? "" : kept->text;
}

void ui_field_set(struct ui *ui, const char *id, const char *text)
{
    struct kept *kept = kept_get(ui, id);
    size_t length = text_cut(text, strlen(text), FIELD_SIZE - 1);
    memmove(kept->text, text, length);
    kept->text[length] = '\0';
    kept->caret = (int)length;
    kept->shift = 0;
}

void ui_field_insert(struct ui *ui, const char *id, const char *text)
{
    field_insert(kept_get(ui, id), text);
}

void ui_field_backspace(struct ui *ui, const char *id)
{
    struct kept *kept = kept_get(ui, id);
    cut(kept, step_left(kept, kept->caret), kept->caret);
}

/* ---- the widget ------------------------------------------------------------------------- */

static struct node *open_field(struct ui *ui, const char *id, const struct ui_field *field)
{
    struct node *node =
        node_open(ui, NODE_ROW,
                  &(struct ui_box){.width_mm = field->width_mm > 0 ? field->width_mm : 30,
                                   .height_mm = 15,
                                   .weight = field->weight,
                                   .pad_x_mm = 4,
                                   .gap_mm = 2.5F,
                                   .align = UI_CENTER});
    const char *name = field->label != NULL ? field->label : field->hint;
    node_target(ui, node, UI_ROLE_FIELD, id, name, field->key, field->disabled);
    bool focused = (node->meaning.state & UI_FOCUSED) != 0;
    node->look.fill = token(ui, field->disabled ? THEME_SUNKEN : THEME_SURFACE);
    node->look.ring = token(ui, focused ? THEME_BRAND : THEME_EDGE);
    node->look.edge = field->disabled ? (struct colour){0, 0, 0, 0} : node->look.ring;
    node->look.border = (focused ? 2 : 1) * border_px(ui);
    node->look.radius = px(ui, 2.5F);
    node->look.corners = DRAW_ALL_CORNERS;
    return node;
}

static const char *dots(struct ui *ui, const char *text)
{
    char out[FIELD_SIZE * 3];
    size_t length = strlen(text);
    size_t used = 0;
    for (size_t at = 0; at < length; used += sizeof dot - 1) {
        text_next(text, length, &at);
        memcpy(out + used, dot, sizeof dot - 1);
    }
    out[used] = '\0';
    return arena_text(ui, out);
}

static void text_part(struct ui *ui, const struct ui_field *field, struct kept *kept)
{
    struct node *node = node_leaf(ui, NODE_FIELD);
    bool empty = kept->text[0] == '\0' && ui->compose[0] == '\0';
    node->field = kept;
    node->weight = 1;
    node->is_part = true;
    node->text.font = font_of(ui, TEXT_BODY);
    node->text.lines = 1;
    node->text.may_cut = kept->text[0] != '\0';
    /* Room for the hint is kept while one types, so that nothing moves. */
    node->least_w =
        text_measure(ui->setup.text, node->text.font, field->hint == NULL ? "" : field->hint, -1).w;
    node->text.align = UI_START;
    if (empty)
        node->text.string = arena_text(ui, field->hint);
    else
        node->text.string = field->secret ? dots(ui, kept->text) : arena_text(ui, kept->text);
    node->ink = token(ui, empty || field->disabled ? THEME_INK2 : THEME_INK);
    node->side = field->secret;
}

enum ui_edit ui_field(struct ui *ui, const char *id, const struct ui_field *field)
{
    struct kept *kept = kept_get(ui, id);
    kept->max_bytes = field->max_bytes;
    kept->digits = field->digits;
    struct node *node = open_field(ui, id, field);
    node->field = kept;
    node->meaning.value = field->secret ? dots(ui, kept->text) : arena_text(ui, kept->text);
    if (field->icon != NULL)
        icon_leaf(ui, field->icon, token(ui, THEME_INK2), 5.3F);
    text_part(ui, field, kept);
    if (kept->text[0] != '\0' && !field->disabled) {
        const char *clear = ui_id(ui, "%s/clear", id);
        node->box.pad_x = px(ui, 2);
        node->box.pad_start = px(ui, 2);
        if (ui_button(ui, clear,
                      &(struct ui_button){.label = "\xC3\x97",
                                          .icon = "close",
                                          .icon_only = true,
                                          .kind = UI_QUIET,
                                          .key = "Ctrl+Backspace"})) {
            cut(kept, 0, (int)strlen(kept->text));
            ui_focus(ui, id);
        }
    }
    ui_end(ui);

    enum ui_edit edit = kept->done ? UI_EDIT_DONE : kept->changed ? UI_EDIT_CHANGED : UI_EDIT_NONE;
    if (edit != UI_EDIT_NONE)
        ui->changed = true;
    kept->done = false;
    kept->changed = false;
    return edit;
}

/* ---- drawing ---------------------------------------------------------------------------- */

/* What stands before the caret, in pixels: of the text as it is shown. */
static int caret_advance(struct ui *ui, const struct node *node, const struct kept *kept)
{
    int at = kept->caret;
    if (node->side != 0) { /* secret: a dot for each character */
        int characters = 0;
        for (size_t here = 0; here < (size_t)kept->caret; characters++)
            text_next(kept->text, strlen(kept->text), &here);
        at = characters * (int)(sizeof dot - 1);
    }
    return text_advance_to(ui->setup.text, node->text.font, node->text.string, at);
}

static int held_in(int shift, int advance, int view)
{
    if (advance - shift > view - 2)
        shift = advance - view + 2;
    if (advance < shift)
        shift = advance;
    return shift < 0 ? 0 : shift;
}

void field_draw(struct ui *ui, struct node *node)
{
    struct kept *kept = node->field;
    struct rect view = node->rect;
    const char *string = node->text.string;
    struct text_font font = node->text.font;
    struct text_line line = text_shape(ui->setup.text, font, string, -1);
    bool hint = kept->text[0] == '\0';
    bool rtl = text_is_rtl(string, ui->setup.rtl);
    bool from_right = hint ? ui->setup.rtl : rtl;
    bool focused = strcmp(ui->focus, kept->id) == 0;
    int advance = hint ? 0 : caret_advance(ui, node, kept);
    kept->view_x = view.x;
    kept->view_w = view.w;
    kept->shift = focused ? held_in(kept->shift, advance, view.w) : 0;

    /* Only the sides cut: marks and tails of other scripts may stand out above and below. */
    struct rect sides = {view.x, view.y - line.height, view.w, view.h + 2 * line.height};
    struct rect before = draw_clip(ui->list, sides);
    draw_clip(ui->list, rect_cut(sides, before));
    int x = from_right ? view.x + view.w - line.width + kept->shift : view.x - kept->shift;
    int y = view.y + (view.h - line.height) / 2;
    draw_mask(ui->list, line.mask, x + line.offset_x, y + line.offset_y, node->ink);
    draw_clip(ui->list, before);
    if (!focused)
        return;
    int caret_x =
        from_right ? view.x + view.w + kept->shift - advance : view.x - kept->shift + advance;
    ui->caret = (struct rect){caret_x, y, 2, line.height};
    if (ui->compose[0] != '\0') {
        struct text_line held = text_shape(ui->setup.text, font, ui->compose, -1);
        struct rect under = {caret_x, y + held.height - 2, held.width, 2};
        draw_fill(ui->list, (struct rect){caret_x, y, held.width, held.height},
                  token(ui, THEME_SELECTED));
        draw_mask(ui->list, held.mask, caret_x + held.offset_x, y + held.offset_y,
                  token(ui, THEME_INK));
        draw_fill(ui->list, under, token(ui, THEME_BRAND));
        caret_x += held.width;
    }
    draw_fill(ui->list, (struct rect){caret_x, y, 2, line.height}, token(ui, THEME_BRAND));
}

/* The caret goes to the character boundary nearest to the touch. */
void field_touch(struct ui *ui, const struct ui_node *node, int x)
{
    struct kept *kept = kept_find(ui, node->id);
    if (kept == NULL)
        return;
    struct text_font font = font_of(ui, TEXT_BODY);
    bool rtl = text_is_rtl(kept->text, ui->setup.rtl);
    int wanted = kept->shift + (rtl ? kept->view_x + kept->view_w - x : x - kept->view_x);
    int best = 0;
    int distance = wanted < 0 ? -wanted : wanted;
    for (int at = step_right(kept, 0); at > best; at = step_right(kept, at)) {
        int off = text_advance_to(ui->setup.text, font, kept->text, at) - wanted;
        off = off < 0 ? -off : off;
        if (off > distance)
            break;
        best = at;
        distance = off;
    }
    kept->caret = best;
}
