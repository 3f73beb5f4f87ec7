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

static const struct node *node_named(const struct node *node, const char *id)
{
    if (strcmp(node->meaning.id, id) == 0)
        return node;
    const struct node *found = NULL;
    for (const struct node *child = node->first; child != NULL && found == NULL;
         child = child->next)
        found = node_named(child, id);
    return found;
}

/* After the places are known. True when the list moved: places have to be made again. */
static bool bring_into_sight(struct ui *ui, struct node *list)
{
    const struct node *item = node_named(list, ui->reveal);
    if (item == NULL || item == list)
        return false;
    struct kept *kept = list->list.kept;
    float before = kept->offset;
    int top = item->rect.y - (list->rect.y + list->box.pad_y) + (int)kept->offset;
    if ((float)(top + item->rect.h) > kept->offset + (float)kept->view_h)
        kept->offset = (float)(top + item->rect.h - kept->view_h);
    if ((float)top < kept->offset)
        kept->offset = (float)top;
    kept->moving = false;
    return kept->offset != before;
}

bool scroll_reveal(struct ui *ui, struct node *node)
{
    bool moved = node->kind == NODE_LIST && bring_into_sight(ui, node);
    for (struct node *child = node->first; child != NULL; child = child->next)
        if (scroll_reveal(ui, child))
            moved = true;
    return moved;
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
        float end = end_of(kept);
        kept->offset = kept->offset < 0 ? 0 : kept->offset > end ? end : kept->offset;
        kept->at_end = kept->offset >= end - 1;
    }
    for (struct node *child = node->first; child != NULL; child = child->next)
        if (!child->sheet)
            scroll_settle(ui, child);
}
