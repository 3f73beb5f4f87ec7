/* Scrolling: an offset per list, a speed while it glides, and what has to come into sight.
 *
 * Gliding loses speed by e every GLIDE_MS; below STOP_SPEED it stands. No time, no frame: the
 * program is asked for ticks only while something glides.
 */
#include "ui/widgets/tree.h"

#include <math.h>
#include <string.h>

enum { GLIDE_MS = 325 };
static const float stop_speed = 0.03F; /* px per ms */

static float end_of(const struct kept *kept)
{
    return kept->content_h > kept->view_h ? (float)(kept->content_h - kept->view_h) : 0;
}

void scroll_by(struct kept *kept, float by)
{
    float wanted = kept->offset + by;
    float end = end_of(kept);
    kept->offset = wanted < 0 ? 0 : wanted > end ? end : wanted;
    if (kept->offset != wanted) {
        kept->speed = 0;
        kept->moving = false;
    }
}

void scroll_tick(struct ui *ui, int64_t now_ms)
{
    float passed = (float)(now_ms - ui->last_ms);
    if (passed <= 0)
        return;
    if (passed > 100)
        passed = 100;
    for (struct kept *kept = ui->kept; kept != NULL; kept = kept->next) {
        if (!kept->moving)
            continue;
        float decay = expf(-passed / (float)GLIDE_MS);
        scroll_by(kept, kept->speed * (float)GLIDE_MS * (1 - decay));
        kept->speed *= decay;
        if (fabsf(kept->speed) < stop_speed)
            kept->moving = false;
    }
}

bool scroll_moving(const struct ui *ui)
{
    for (const struct kept *kept = ui->kept; kept != NULL; kept = kept->next)
        if (kept->moving)
            return true;
    return false;
}

/* Where the item with this id lies in the list's content; NULL when it is not there. */
static const struct node *item_named(const struct node *list, const char *id, int *top)
{
    *top = list->list.first * list->list.item_h;
    for (const struct node *child = list->first; child != NULL; child = child->next) {
        if (strcmp(child->meaning.id, id) == 0)
            return child;
        *top += child->rect.h + list->box.gap;
    }
    return NULL;
}

static void bring_into_sight(struct ui *ui, struct node *list)
{
    int top = 0;
    const struct node *item = item_named(list, ui->reveal, &top);
    if (item == NULL)
        return;
    struct kept *kept = list->list.kept;
    if ((float)(top + item->rect.h) > kept->offset + (float)kept->view_h)
        kept->offset = (float)(top + item->rect.h - kept->view_h);
    if ((float)top < kept->offset)
        kept->offset = (float)top;
    kept->moving = false;
    ui->reveal[0] = '\0';
}

void scroll_settle(struct ui *ui, struct node *node)
{
    if (node->kind == NODE_LIST) {
        struct kept *kept = node->list.kept;
        bool grew = node->list.content_h > kept->content_h;
        kept->view_h = node->rect.h - 2 * node->box.pad_y;
        kept->content_h = node->list.content_h;
        if (node->list.stick && grew && kept->at_end)
            kept->offset = end_of(kept);
        if (ui->reveal[0] != '\0')
            bring_into_sight(ui, node);
        float end = end_of(kept);
        kept->offset = kept->offset < 0 ? 0 : kept->offset > end ? end : kept->offset;
        kept->at_end = kept->offset >= end - 1;
    }
    for (struct node *child = node->first; child != NULL; child = child->next)
        if (!child->sheet)
            scroll_settle(ui, child);
}
