#include "ui/widgets/tree.h"

#include <string.h>

static const char *const role_names[] = {
    [UI_ROLE_TEXT] = "text",     [UI_ROLE_GROUP] = "group",         [UI_ROLE_BUTTON] = "button",
    [UI_ROLE_TOGGLE] = "toggle", [UI_ROLE_SEGMENT] = "segment",     [UI_ROLE_CHIP] = "chip",
    [UI_ROLE_TILE] = "tile",     [UI_ROLE_LIST] = "list",           [UI_ROLE_ITEM] = "item",
    [UI_ROLE_FIELD] = "field",   [UI_ROLE_READOUT] = "readout",     [UI_ROLE_KEY] = "key",
    [UI_ROLE_PILL] = "pill",     [UI_ROLE_PROGRESS] = "progress",   [UI_ROLE_IMAGE] = "image",
    [UI_ROLE_SHEET] = "sheet",   [UI_ROLE_SIGNATURE] = "signature",
};

const char *ui_role_name(enum ui_role role)
{
    return role_names[role];
}

static const struct frame *complete(const struct ui *ui)
{
    return &ui->frames[ui->depth > 0 ? 1 - ui->current : ui->current];
}

const struct ui_node *ui_nodes(const struct ui *ui, size_t *count)
{
    const struct frame *frame = complete(ui);
    *count = frame->count;
    return frame->nodes;
}

const struct ui_node *frame_find(const struct frame *frame, const char *id)
{
    if (id == NULL || *id == '\0')
        return NULL;
    for (size_t i = 0; i < frame->count; i++)
        if (strcmp(frame->nodes[i].id, id) == 0)
            return &frame->nodes[i];
    return NULL;
}

const struct ui_node *ui_node(const struct ui *ui, const char *id)
{
    return frame_find(complete(ui), id);
}

const struct ui_node *ui_node_saying(const struct ui *ui, const char *text)
{
    const struct frame *frame = complete(ui);
    for (size_t i = 0; i < frame->count; i++)
        if (strstr(frame->nodes[i].label, text) != NULL ||
            strstr(frame->nodes[i].value, text) != NULL)
            return &frame->nodes[i];
    return NULL;
}

bool in_reach(const struct ui_node *node)
{
    return (node->state & UI_TARGET) != 0 && (node->state & UI_DISABLED) == 0 &&
           (node->state & UI_BEHIND) == 0;
}
