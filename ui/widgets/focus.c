/* Where the keyboard acts. The order is that of the semantic list; arrows go to the nearest target
 * that way, on the screen as it is seen.
 */
#include "ui/widgets/tree.h"

#include <stdlib.h>
#include <string.h>

struct frame *frame_before(struct ui *ui)
{
    return &ui->frames[ui->depth > 0 ? 1 - ui->current : ui->current];
}

void set_id(char out[ID_SIZE], const char *id)
{
    size_t length = strlen(id);
    if (length >= ID_SIZE)
        length = ID_SIZE - 1;
    memcpy(out, id, length);
    out[length] = '\0';
}

const char *ui_focused(const struct ui *ui)
{
    return ui->focus;
}

void ui_focus(struct ui *ui, const char *id)
{
    set_id(ui->want_focus, id);
}

void ui_unfocus(struct ui *ui)
{
    ui->want_focus[0] = '\0';
    focus_set(ui, "", false);
}

void focus_set(struct ui *ui, const char *id, bool seen)
{
    set_id(ui->focus, id);
    ui->compose[0] = '\0';
    ui->focus_seen = seen && *id != '\0';
    if (ui->focus_seen)
        set_id(ui->reveal, id);
}

void focus_step(struct ui *ui, int by)
{
    const struct frame *frame = frame_before(ui);
    const struct ui_node *now = frame_find(frame, ui->focus);
    int last = -1;
    for (size_t i = 0; i < frame->count; i++)
        if (frame->nodes[i].order > last)
            last = frame->nodes[i].order;
    if (last < 0)
        return;
    int wanted = now == NULL || now->order < 0 ? (by > 0 ? 0 : last) : now->order + by;
    if (wanted < 0)
        wanted = last;
    if (wanted > last)
        wanted = 0;
    for (size_t i = 0; i < frame->count; i++)
        if (frame->nodes[i].order == wanted)
            focus_set(ui, frame->nodes[i].id, true);
}

/* Gap between two stretches; 0 when they overlap. */
static int apart(int a, int a_size, int b, int b_size)
{
    if (b >= a + a_size)
        return b - (a + a_size) + 1;
    if (a >= b + b_size)
        return a - (b + b_size) + 1;
    return 0;
}

/* How far `to` lies in the direction; smaller is nearer, -1: not that way. */
static long way_to(struct rect from, struct rect to, int dx, int dy)
{
    int ahead;
    int aside;
    int along;
    if (dx != 0) {
        ahead = dx > 0 ? to.x - from.x - from.w : from.x - to.x - to.w;
        aside = apart(from.y, from.h, to.y, to.h);
        along = abs(2 * to.y + to.h - 2 * from.y - from.h) / 2;
    } else {
        ahead = dy > 0 ? to.y - from.y - from.h : from.y - to.y - to.h;
        aside = apart(from.x, from.w, to.x, to.w);
        along = abs(2 * to.x + to.w - 2 * from.x - from.w) / 2;
    }
    if (ahead < -1)
        return -1;
    return (long)(ahead < 0 ? 0 : ahead) * 8 + (long)aside * 24 + along;
}

bool focus_move(struct ui *ui, int dx, int dy)
{
    const struct frame *frame = frame_before(ui);
    const struct ui_node *now = frame_find(frame, ui->focus);
    if (now == NULL || !in_reach(now)) {
        focus_step(ui, 1);
        return true;
    }
    const struct ui_node *best = NULL;
    long least = -1;
    for (size_t i = 0; i < frame->count; i++) {
        const struct ui_node *node = &frame->nodes[i];
        if (node == now || !in_reach(node))
            continue;
        if (rect_empty(node->seen) && (node->list < 0 || node->list != now->list))
            continue;
        long way = way_to(now->rect, node->rect, dx, dy);
        if (way >= 0 && (best == NULL || way < least)) {
            best = node;
            least = way;
        }
    }
    if (best != NULL)
        focus_set(ui, best->id, true);
    return best != NULL;
}

/* The selected target of the group, else its first. */
void focus_into(struct ui *ui, const struct ui_node *group)
{
    const struct frame *frame = frame_before(ui);
    const struct ui_node *first = NULL;
    for (size_t i = 0; i < frame->count; i++) {
        const struct ui_node *node = &frame->nodes[i];
        if (!in_reach(node) || strcmp(node->group_key, group->key) != 0)
            continue;
        if (first == NULL || ((node->state & UI_SELECTED) && !(first->state & UI_SELECTED)))
            first = node;
    }
    if (first != NULL)
        focus_set(ui, first->id, true);
}
