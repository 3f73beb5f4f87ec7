/* Signing on the screen. Points are kept in micrometres from the pad's corner, so that they outlive
 * another size or theme; the ink is one mask, in which each new stretch is stamped when it comes.
 */
#include "ui/widgets/tree.h"

#include "terminal/base/buf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS_MAX = 4096, NEAR_UM = 250 };
static const float pen_mm = 0.35F; /* half the width of a stroke */

struct signature {
    struct ui_point points[POINTS_MAX];
    size_t count, drawn; /* drawn: stretches that are in the mask */
    struct mask *mask;
    bool open; /* the pen is down */
};

void signature_free(struct kept *kept)
{
    if (kept->signature == NULL)
        return;
    mask_free(kept->signature->mask);
    free(kept->signature);
    kept->signature = NULL;
}

/* Distance of a point from the stretch between two others. */
static float distance(float px_x, float px_y, float ax, float ay, float bx, float by)
{
    float dx = bx - ax;
    float dy = by - ay;
    float length = dx * dx + dy * dy;
    float along = length > 0 ? ((px_x - ax) * dx + (px_y - ay) * dy) / length : 0;
    along = along < 0 ? 0 : along > 1 ? 1 : along;
    return hypotf(px_x - ax - along * dx, px_y - ay - along * dy);
}

static void stamp(struct mask *mask, float ax, float ay, float bx, float by, float radius)
{
    int left = (int)floorf(fminf(ax, bx) - radius - 1);
    int right = (int)ceilf(fmaxf(ax, bx) + radius + 1);
    int top = (int)floorf(fminf(ay, by) - radius - 1);
    int bottom = (int)ceilf(fmaxf(ay, by) + radius + 1);
    for (int y = top < 0 ? 0 : top; y < bottom && y < mask->h; y++)
        for (int x = left < 0 ? 0 : left; x < right && x < mask->w; x++) {
            float off = distance((float)x + 0.5F, (float)y + 0.5F, ax, ay, bx, by);
            float cover = radius + 0.5F - off;
            int value = cover >= 1 ? 255 : cover <= 0 ? 0 : (int)(cover * 255);
            uint8_t *at = &mask->coverage[y * mask->w + x];
            if (value > *at)
                *at = (uint8_t)value;
        }
}

/* Brings the mask up to date with the points, for a pad of this size. */
static void ink(const struct ui *ui, struct signature *signature, struct rect rect)
{
    float scale = 1.0F / (float)ui->setup.metrics.um_per_px;
    float radius = pen_mm * 1000.0F * scale;
    struct mask *mask = signature->mask;
    if (mask == NULL || mask->w != rect.w || mask->h != rect.h) {
        mask_free(mask);
        signature->mask = mask_create(rect.w, rect.h);
        signature->drawn = 0;
    }
    size_t first = signature->drawn;
    for (; signature->drawn < signature->count; signature->drawn++) {
        const struct ui_point *to = &signature->points[signature->drawn];
        const struct ui_point *from = to->starts ? to : to - 1;
        stamp(signature->mask, (float)from->x_um * scale, (float)from->y_um * scale,
              (float)to->x_um * scale, (float)to->y_um * scale, radius);
    }
    if (first != signature->drawn || first == 0)
        mask_seal(signature->mask);
}

void signature_draw(struct ui *ui, const struct node *node)
{
    struct kept *kept = node->field;
    struct rect r = node->rect;
    int line = r.y + r.h * 3 / 4;
    int inset = px(ui, 4);
    draw_fill(ui->list, (struct rect){r.x + inset, line, r.w - 2 * inset, border_px(ui)},
              token(ui, THEME_LINE));
    kept->view_x = r.x;
    kept->view_y = r.y;
    kept->view_w = r.w;
    kept->view_h = r.h;
    if (kept->signature == NULL || kept->signature->count == 0 || rect_empty(r))
        return;
    ink(ui, kept->signature, r);
    draw_mask(ui->list, kept->signature->mask, r.x, r.y, token(ui, THEME_INK));
}

void signature_touch(const struct ui *ui, struct kept *kept, int x, int y, bool starts)
{
    if (kept->signature == NULL)
        kept->signature = mem_alloc(sizeof *kept->signature);
    struct signature *signature = kept->signature;
    int x_px = x - kept->view_x;
    int y_px = y - kept->view_y;
    x_px = x_px < 0 ? 0 : x_px > kept->view_w ? kept->view_w : x_px;
    y_px = y_px < 0 ? 0 : y_px > kept->view_h ? kept->view_h : y_px;
    int um = ui->setup.metrics.um_per_px;
    struct ui_point point = {x_px * um, y_px * um, starts};
    signature->open = true;
    if (signature->count == POINTS_MAX)
        return;
    if (!starts && signature->count > 0) {
        const struct ui_point *last = &signature->points[signature->count - 1];
        if (abs(last->x_um - point.x_um) < NEAR_UM && abs(last->y_um - point.y_um) < NEAR_UM)
            return;
    }
    signature->points[signature->count++] = point;
}

void signature_lift(struct kept *kept)
{
    kept->changed = kept->signature != NULL && kept->signature->open;
    if (kept->signature != NULL)
        kept->signature->open = false;
}

enum ui_edit ui_signature(struct ui *ui, const char *id, const struct ui_signature *wish)
{
    struct kept *kept = kept_get(ui, id);
    struct node *node = node_leaf(ui, NODE_SIGNATURE);
    node->weight = wish->weight;
    node->least_w = px(ui, 60);
    node->least_h = px(ui, wish->height_mm > 0 ? wish->height_mm : 30);
    node->field = kept;
    node->look.fill = token(ui, THEME_SURFACE);
    node->look.ring = token(ui, THEME_EDGE);
    node->look.edge = node->look.ring;
    node->look.border = border_px(ui);
    node->look.radius = px(ui, 2.5F);
    node->look.corners = DRAW_ALL_CORNERS;
    node_target(ui, node, UI_ROLE_SIGNATURE, id, wish->label, wish->key, false);
    if (kept->signature != NULL && kept->signature->count > 0)
        node->meaning.state |= UI_CHECKED;
    if (!kept->changed)
        return UI_EDIT_NONE;
    kept->changed = false;
    ui->changed = true;
    return UI_EDIT_CHANGED;
}

size_t ui_signature_points(const struct ui *ui, const char *id, const struct ui_point **points)
{
    const struct kept *kept = kept_find(ui, id);
    if (kept == NULL || kept->signature == NULL) {
        *points = NULL;
        return 0;
    }
    *points = kept->signature->points;
    return kept->signature->count;
}

void ui_signature_clear(struct ui *ui, const char *id)
{
    struct kept *kept = kept_find(ui, id);
    if (kept != NULL)
        signature_free(kept);
}
