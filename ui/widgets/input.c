/* Events, one by one, against the frame that the person saw.
 *
 *   touch   down on a target: it shows as pressed, nothing fires (keypad keys fire here)
 *           moved beyond 4 mm: the press is off; over a list the list scrolls instead
 *           up over the same target: it fires
 *   key     field with focus > sheet's Escape > Enter on the focus > shortcut of a widget >
 *           key of a group > arrows and pages > ui_shortcut
 *   text    field with focus > shortcut of a widget > ui_shortcut, ui_typed
 */
#include "ui/widgets/tree.h"

#include "terminal/base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const float slop_mm = 4.0F;
enum { STILL_MS = 80 }; /* a finger that rested this long before lifting throws nothing */

/* ---- the queue -------------------------------------------------------------------------- */

bool input_left(const struct ui *ui)
{
    return ui->queue_count > 0;
}

static void push_event(struct ui *ui, const struct event *event, bool front)
{
    if (ui->queue_count == QUEUE_MAX) {
        ui->queue_start = (ui->queue_start + 1) % QUEUE_MAX;
        ui->queue_count--;
    }
    if (front) {
        ui->queue_start = (ui->queue_start + QUEUE_MAX - 1) % QUEUE_MAX;
        ui->queue[ui->queue_start] = *event;
    } else {
        ui->queue[(ui->queue_start + ui->queue_count) % QUEUE_MAX] = *event;
    }
    ui->queue_count++;
}

bool ui_feed(struct ui *ui, const struct ui_input *input)
{
    bool waiting = ui->queue_count > 0;
    if (input->kind == UI_INPUT_MOVE && !ui->touch.down && !waiting)
        return false; /* a mouse passing over shows nothing */
    if (input->kind == UI_INPUT_TICK && !scroll_moving(ui))
        return false;
    if (input->kind == UI_INPUT_MOVE && waiting) {
        struct event *last = &ui->queue[(ui->queue_start + ui->queue_count - 1) % QUEUE_MAX];
        if (last->press[0] == '\0' && last->input.kind == UI_INPUT_MOVE &&
            last->input.pointer == input->pointer) {
            last->input = *input;
            return true;
        }
    }
    push_event(ui, &(struct event){.input = *input}, false);
    return true;
}

int ui_wait_ms(const struct ui *ui)
{
    if (input_left(ui))
        return 0;
    return scroll_moving(ui) ? 16 : -1;
}

/* ---- what fires ------------------------------------------------------------------------- */

static void fire(struct ui *ui, enum fired_kind kind, const char *id)
{
    ui->fired = kind;
    ui->fired_taken = false;
    set_id(ui->fired_id, id);
}

/* A target was chosen, by whatever means. Fields take the focus instead. */
static void choose(struct ui *ui, const struct ui_node *node, bool by_key)
{
    if (node->role == UI_ROLE_FIELD || node->role == UI_ROLE_SIGNATURE) {
        focus_set(ui, node->id, by_key);
        set_id(ui->touched, node->role == UI_ROLE_FIELD && !by_key ? node->id : "");
    } else {
        fire(ui, FIRED_PRESS, node->id);
    }
}

static struct kept *focused_field(struct ui *ui)
{
    const struct ui_node *node = frame_find(frame_before(ui), ui->focus);
    if (node == NULL || node->role != UI_ROLE_FIELD || !in_reach(node))
        return NULL;
    return kept_find(ui, ui->focus);
}

bool ui_wants_text(const struct ui *ui, struct rect *caret)
{
    const struct ui_node *node = ui_node(ui, ui->focus);
    *caret = ui->caret;
    return node != NULL && node->role == UI_ROLE_FIELD && in_reach(node);
}

const char *ui_touched_field(const struct ui *ui)
{
    return ui->touch.down || strcmp(ui->focus, ui->touched) == 0 ? ui->touched : "";
}

static const struct ui_node *sheet_of(const struct frame *frame)
{
    const struct ui_node *found = NULL;
    for (size_t i = 0; i < frame->count; i++)
        if (frame->nodes[i].role == UI_ROLE_SHEET && !(frame->nodes[i].state & UI_BEHIND))
            found = &frame->nodes[i];
    return found;
}

/* ---- pointers --------------------------------------------------------------------------- */

static const struct ui_node *hit(const struct frame *frame, int x, int y)
{
    for (size_t i = frame->count; i-- > 0;) {
        const struct ui_node *node = &frame->nodes[i];
        if ((node->state & UI_TARGET) && !(node->state & UI_BEHIND) && rect_has(node->seen, x, y))
            return node->state & UI_DISABLED ? NULL : node;
    }
    return NULL;
}

static struct kept *list_at(struct ui *ui, int x, int y)
{
    const struct frame *frame = frame_before(ui);
    for (size_t i = frame->count; i-- > 0;) {
        const struct ui_node *node = &frame->nodes[i];
        if (node->role == UI_ROLE_LIST && !(node->state & UI_BEHIND) && rect_has(node->seen, x, y))
            return kept_find(ui, node->id);
    }
    return NULL;
}

static void on_down(struct ui *ui, const struct ui_input *input)
{
    if (ui->touch.down)
        return;
    const struct ui_node *node = hit(frame_before(ui), input->x, input->y);
    bool typing = *ui_touched_field(ui) != '\0';
    if (!typing)
        ui->touched[0] = '\0';
    memset(&ui->touch, 0, sizeof ui->touch);
    ui->touch.down = true;
    ui->touch.pointer = input->pointer;
    ui->touch.at_ms = input->at_ms;
    ui->touch.x = input->x;
    ui->touch.y = input->y;
    ui->touch.last_x = input->x;
    ui->touch.last_y = input->y;
    ui->touch.list = list_at(ui, input->x, input->y);
    ui->focus_seen = false;
    if (ui->touch.list != NULL && ui->touch.list->moving) {
        ui->touch.list->moving = false; /* the touch only stopped it */
        ui->touch.cancelled = true;
        return;
    }
    if (ui->touch.list != NULL)
        ui->touch.list->speed = 0;
    if (node == NULL ? !typing : node->role != UI_ROLE_KEY)
        focus_set(ui, "", false);
    if (node == NULL)
        return;
    if (node->role == UI_ROLE_SIGNATURE) {
        ui->touch.signature = kept_find(ui, node->id);
        ui->touch.list = NULL;
        ui->touch.cancelled = true;
        signature_touch(ui, ui->touch.signature, input->x, input->y, true);
        return;
    }
    set_id(ui->touch.id, node->id);
    if (node->role == UI_ROLE_KEY)
        fire(ui, FIRED_PRESS, node->id);
}

static void drag(struct ui *ui, const struct ui_input *input)
{
    struct kept *list = ui->touch.list;
    float by = (float)(ui->touch.last_y - input->y);
    int64_t passed = input->at_ms - ui->touch.at_ms;
    if (passed > 0)
        list->speed = 0.3F * list->speed + 0.7F * by / (float)passed;
    float speed = list->speed;
    scroll_by(list, by);
    list->speed = speed;
    ui->touch.last_y = input->y;
    ui->touch.at_ms = input->at_ms;
}

static void on_move(struct ui *ui, const struct ui_input *input)
{
    if (!ui->touch.down || input->pointer != ui->touch.pointer)
        return;
    ui->touch.last_x = input->x;
    if (ui->touch.signature != NULL) {
        signature_touch(ui, ui->touch.signature, input->x, input->y, false);
        ui->touch.last_y = input->y;
        return;
    }
    int slop = px(ui, slop_mm);
    int dx = input->x - ui->touch.x;
    int dy = input->y - ui->touch.y;
    struct kept *list = ui->touch.list;
    if (!ui->touch.scrolling && list != NULL && abs(dy) > slop && list->content_h > list->view_h) {
        ui->touch.scrolling = true;
        ui->touch.cancelled = true;
    }
    if (ui->touch.scrolling)
        drag(ui, input);
    else if (dx * dx + dy * dy > slop * slop)
        ui->touch.cancelled = true;
}

static void throw_list(struct ui *ui, const struct ui_input *input, bool rested)
{
    struct kept *list = ui->touch.list;
    if (rested)
        list->speed = 0;
    list->moving = fabsf(list->speed) > 0.15F;
    ui->last_ms = input->at_ms;
}

static void on_up(struct ui *ui, const struct ui_input *input)
{
    if (!ui->touch.down || input->pointer != ui->touch.pointer)
        return;
    bool rested = input->at_ms - ui->touch.at_ms > STILL_MS;
    if (input->x != ui->touch.last_x || input->y != ui->touch.last_y)
        on_move(ui, input);
    ui->touch.down = false;
    if (ui->touch.signature != NULL) {
        signature_lift(ui->touch.signature);
        ui->touch.signature = NULL;
        return;
    }
    if (ui->touch.scrolling) {
        throw_list(ui, input, rested);
        return;
    }
    const struct frame *frame = frame_before(ui);
    const struct ui_node *node = hit(frame, input->x, input->y);
    const struct ui_node *sheet = sheet_of(frame);
    if (ui->touch.cancelled)
        return;
    if (node != NULL && node->role != UI_ROLE_KEY && strcmp(node->id, ui->touch.id) == 0) {
        choose(ui, node, false);
        if (node->role == UI_ROLE_FIELD)
            field_touch(ui, node, input->x);
    } else if (sheet != NULL && *sheet->value != '\0' && ui->touch.id[0] == '\0' &&
               !rect_has(sheet->rect, input->x, input->y)) {
        fire(ui, FIRED_DISMISS, sheet->id);
    }
}

static void on_wheel(struct ui *ui, const struct ui_input *input)
{
    struct kept *list = list_at(ui, input->x, input->y);
    if (list != NULL)
        scroll_by(list, (float)(-input->wheel * px(ui, 13)));
}

/* ---- keys ------------------------------------------------------------------------------- */

/* The widget in reach that declares the key; a disabled one swallows it. */
static const struct ui_node *with_key(const struct frame *frame, const char *key)
{
    const struct ui_node *group = NULL;
    for (size_t i = 0; i < frame->count; i++) {
        const struct ui_node *node = &frame->nodes[i];
        if ((node->state & UI_BEHIND) || *node->key == '\0' || strcmp(node->key, key) != 0)
            continue;
        if (node->state & UI_TARGET)
            return node;
        if (group == NULL)
            group = node;
    }
    return group;
}

static bool by_shortcut(struct ui *ui, const char *key)
{
    const struct ui_node *node = with_key(frame_before(ui), key);
    if (node == NULL)
        return false;
    if (!(node->state & UI_TARGET))
        focus_into(ui, node);
    else if (in_reach(node))
        choose(ui, node, true);
    return true;
}

static bool by_arrow(struct ui *ui, const char *key)
{
    static const struct {
        const char *key;
        int dx, dy;
    } arrows[] = {{"Left", -1, 0}, {"Right", 1, 0}, {"Up", 0, -1}, {"Down", 0, 1}};
    for (size_t i = 0; i < sizeof arrows / sizeof *arrows; i++)
        if (strcmp(key, arrows[i].key) == 0) {
            focus_move(ui, arrows[i].dx, arrows[i].dy);
            return true;
        }
    return false;
}

/* Pages through the list that holds the focus, or else the last list in reach. */
static bool by_page(struct ui *ui, const char *key)
{
    int way = strcmp(key, "PageDown") == 0 ? 1 : strcmp(key, "PageUp") == 0 ? -1 : 0;
    if (way == 0)
        return false;
    const struct frame *frame = frame_before(ui);
    const struct ui_node *focus = frame_find(frame, ui->focus);
    const struct ui_node *list = NULL;
    for (size_t i = 0; i < frame->count; i++)
        if (frame->nodes[i].role == UI_ROLE_LIST && !(frame->nodes[i].state & UI_BEHIND))
            list = &frame->nodes[i];
    if (focus != NULL && focus->list >= 0)
        list = &frame->nodes[focus->list];
    struct kept *kept = list == NULL ? NULL : kept_find(ui, list->id);
    if (kept != NULL)
        scroll_by(kept, (float)(way * (kept->view_h - kept->item_h)));
    return kept != NULL;
}

static bool by_focus(struct ui *ui, const char *key)
{
    if (!ui->focus_seen || (strcmp(key, "Enter") != 0 && strcmp(key, "Space") != 0))
        return false;
    const struct ui_node *node = frame_find(frame_before(ui), ui->focus);
    if (node == NULL || !in_reach(node))
        return false;
    choose(ui, node, true);
    return true;
}

static bool by_escape(struct ui *ui, const char *key)
{
    if (strcmp(key, "Escape") != 0)
        return false;
    const struct ui_node *sheet = sheet_of(frame_before(ui));
    if (focused_field(ui) != NULL) {
        focus_set(ui, "", false);
        return true;
    }
    if (sheet == NULL || *sheet->value == '\0')
        return false;
    fire(ui, FIRED_DISMISS, sheet->id);
    return true;
}

static void on_key(struct ui *ui, const char *key)
{
    struct kept *field = focused_field(ui);
    ui->touched[0] = '\0';
    if (strcmp(key, "Tab") == 0)
        focus_step(ui, 1);
    else if (strcmp(key, "Shift+Tab") == 0)
        focus_step(ui, -1);
    else if (!by_escape(ui, key) && !(field != NULL && field_key(ui, field, key)) &&
             !by_focus(ui, key) && !(ui->focus_seen && by_arrow(ui, key)) &&
             !by_shortcut(ui, key) && !by_page(ui, key))
        fire(ui, FIRED_KEY, key);
}

/* Without a field one character is one event: the rest goes back to the front of the queue. */
static void on_text(struct ui *ui, const struct ui_input *input)
{
    struct kept *field = focused_field(ui);
    ui->touched[0] = '\0';
    ui->compose[0] = '\0';
    if (field != NULL) {
        field_insert(field, input->text);
        return;
    }
    size_t length = strlen(input->text);
    size_t at = 0;
    if (length == 0)
        return;
    text_next(input->text, length, &at);
    if (at < length) {
        struct event rest = {.input = *input};
        memmove(rest.input.text, input->text + at, length - at + 1);
        push_event(ui, &rest, true);
    }
    char character[8] = "";
    memcpy(character, input->text, at < sizeof character ? at : sizeof character - 1);
    if (ui->focus_seen && strcmp(character, " ") == 0)
        return; /* the key Space has activated the focus */
    if (!by_shortcut(ui, character))
        fire(ui, FIRED_TEXT, character);
}

static void on_press_by_id(struct ui *ui, const char *id)
{
    const struct ui_node *node = frame_find(frame_before(ui), id);
    if (node != NULL && in_reach(node))
        choose(ui, node, false);
}

void input_resolve(struct ui *ui)
{
    struct event event = ui->queue[ui->queue_start];
    const struct ui_input *input = &event.input;
    ui->queue_start = (ui->queue_start + 1) % QUEUE_MAX;
    ui->queue_count--;
    if (event.press[0] != '\0') {
        on_press_by_id(ui, event.press);
        return;
    }
    switch (input->kind) {
    case UI_INPUT_DOWN:
        on_down(ui, input);
        break;
    case UI_INPUT_MOVE:
        on_move(ui, input);
        break;
    case UI_INPUT_UP:
        on_up(ui, input);
        break;
    case UI_INPUT_CANCEL:
        ui->touch.down = false;
        break;
    case UI_INPUT_WHEEL:
        on_wheel(ui, input);
        break;
    case UI_INPUT_KEY:
        on_key(ui, input->key);
        break;
    case UI_INPUT_TEXT:
        on_text(ui, input);
        break;
    case UI_INPUT_COMPOSE:
        if (focused_field(ui) != NULL)
            memcpy(ui->compose, input->text, sizeof ui->compose);
        break;
    case UI_INPUT_TICK:
        scroll_tick(ui, input->at_ms);
        ui->last_ms = input->at_ms;
        break;
    }
}

/* ---- for tests and scripts -------------------------------------------------------------- */

enum status ui_press(struct ui *ui, const char *id, enum ui_role role)
{
    const struct ui_node *node = ui_node(ui, id);
    if (node == NULL || node->role != role || !(node->state & UI_TARGET))
        return STATUS_NOT_FOUND;
    if (!in_reach(node))
        return STATUS_DENIED;
    if (rect_empty(node->seen))
        return STATUS_CONFLICT;
    struct event event = {.input.kind = UI_INPUT_UP};
    set_id(event.press, id);
    push_event(ui, &event, false);
    return STATUS_OK;
}

enum status ui_type(struct ui *ui, const char *id, const char *text)
{
    enum status status = ui_press(ui, id, UI_ROLE_FIELD);
    size_t length = strlen(text);
    for (size_t at = 0; status == STATUS_OK && at < length;) {
        struct ui_input input = {.kind = UI_INPUT_TEXT};
        size_t size = text_cut(text + at, length - at, UI_TEXT_SIZE - 1);
        memcpy(input.text, text + at, size);
        at += size;
        ui_feed(ui, &input);
    }
    return status;
}

bool ui_key(struct ui *ui, const char *key)
{
    size_t length = strlen(key);
    size_t at = 0;
    struct ui_input input = {.kind = UI_INPUT_KEY};
    if (length > 0)
        text_next(key, length, &at);
    if (length >= UI_KEY_SIZE)
        return false;
    if (at == length)
        input.kind = UI_INPUT_TEXT;
    memcpy(at == length ? input.text : input.key, key, length + 1);
    return ui_feed(ui, &input);
}
