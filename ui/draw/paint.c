/* Three shapes: a fill, a rounded rectangle (filled, or a ring), a tinted mask.
 *
 * A rounded rectangle is nine parts: four corners from quarter masks, the rest fills.
 *
 *     +---+-------+---+
 *     | q |  top  | q |   q: quarter of radius r, mirrored as its corner wants;
 *     +---+-------+---+   in a ring the coverage of the inner quarter is taken off
 *     |      middle   |
 *     +---+-------+---+
 *     | q | bottom| q |
 *     +---+-------+---+
 */
#include "ui/draw/paint.h"

static uint32_t packed(struct colour colour)
{
    return 0xFF000000U | (uint32_t)colour.r << 16 | (uint32_t)colour.g << 8 | colour.b;
}

/* (source * alpha + target * (255 - alpha)) / 255, rounded, red and blue in one go. */
static uint32_t mixed(uint32_t target, uint32_t source, uint32_t alpha)
{
    uint32_t rest = 255 - alpha;
    uint32_t rb = (source & 0xFF00FF) * alpha + (target & 0xFF00FF) * rest + 0x800080;
    uint32_t g = (source >> 8 & 0xFF) * alpha + (target >> 8 & 0xFF) * rest + 0x80;
    rb = (rb + (rb >> 8 & 0xFF00FF)) >> 8 & 0xFF00FF;
    g = (g + (g >> 8)) >> 8 & 0xFF;
    return 0xFF000000U | rb | g << 8;
}

static uint32_t scaled(uint32_t coverage, uint32_t alpha)
{
    return (coverage * alpha + 127) / 255;
}

static uint32_t *row_at(struct pixels pixels, int x, int y)
{
    return pixels.first + (ptrdiff_t)y * pixels.stride + x;
}

static void fill(struct pixels pixels, struct rect rect, struct rect clip, struct colour colour)
{
    rect = rect_cut(rect, clip);
    uint32_t value = packed(colour);
    for (int y = rect.y; y < rect.y + rect.h; y++) {
        uint32_t *row = row_at(pixels, rect.x, y);
        if (colour.a == 255) {
            for (int x = 0; x < rect.w; x++)
                row[x] = value;
        } else {
            for (int x = 0; x < rect.w; x++)
                row[x] = mixed(row[x], value, colour.a);
        }
    }
}

static void blend_row(uint32_t *row, const uint8_t *coverage, int length, struct colour colour)
{
    uint32_t value = packed(colour);
    for (int x = 0; x < length; x++) {
        uint32_t alpha = coverage[x];
        if (alpha == 0)
            continue;
        if (colour.a != 255)
            alpha = scaled(alpha, colour.a);
        row[x] = alpha == 255 ? value : mixed(row[x], value, alpha);
    }
}

static void paint_mask(struct pixels pixels, const struct draw_command *command, struct rect clip)
{
    const struct mask *mask = command->mask;
    for (int y = clip.y; y < clip.y + clip.h; y++) {
        const uint8_t *coverage = mask->coverage + (ptrdiff_t)(y - command->rect.y) * mask->w +
                                  (clip.x - command->rect.x);
        blend_row(row_at(pixels, clip.x, y), coverage, clip.w, command->colour);
    }
}

/* Coverage of a ring's or disc's quarter at (x, y) from its outer corner. */
static uint32_t quarter_at(const struct mask *outer, const struct mask *inner, int border, int x,
                           int y)
{
    uint32_t value = outer->coverage[y * outer->w + x];
    if (inner == NULL || x < border || y < border)
        return value;
    uint32_t hole = inner->coverage[(y - border) * inner->w + (x - border)];
    return value > hole ? value - hole : 0;
}

static void paint_corner(struct pixels pixels, const struct draw_command *command, struct rect clip,
                         enum draw_corner corner, struct corners *corners)
{
    int radius = command->radius;
    int border = command->border;
    bool right = corner == DRAW_TOP_RIGHT || corner == DRAW_BOTTOM_RIGHT;
    bool bottom = corner == DRAW_BOTTOM_LEFT || corner == DRAW_BOTTOM_RIGHT;
    struct rect square = {command->rect.x + (right ? command->rect.w - radius : 0),
                          command->rect.y + (bottom ? command->rect.h - radius : 0), radius,
                          radius};
    struct rect part = rect_cut(square, clip);
    if (rect_empty(part))
        return;
    const struct mask *outer = corners_get(corners, radius);
    const struct mask *inner =
        border > 0 && radius > border ? corners_get(corners, radius - border) : NULL;
    uint32_t value = packed(command->colour);
    for (int y = part.y; y < part.y + part.h; y++) {
        int v = bottom ? radius - 1 - (y - square.y) : y - square.y;
        uint32_t *row = row_at(pixels, 0, y);
        for (int x = part.x; x < part.x + part.w; x++) {
            int u = right ? radius - 1 - (x - square.x) : x - square.x;
            uint32_t alpha = quarter_at(outer, inner, border, u, v);
            row[x] = mixed(row[x], value, scaled(alpha, command->colour.a));
        }
    }
}

/* The band of height `radius` at the top or bottom, between its corners. */
static void paint_band(struct pixels pixels, const struct draw_command *command, struct rect clip,
                       bool bottom, struct corners *corners)
{
    struct rect r = command->rect;
    enum draw_corner first = bottom ? DRAW_BOTTOM_LEFT : DRAW_TOP_LEFT;
    enum draw_corner second = bottom ? DRAW_BOTTOM_RIGHT : DRAW_TOP_RIGHT;
    int radius = command->radius;
    int border = command->border;
    int left = command->corners & first ? radius : 0;
    int right = command->corners & second ? radius : 0;
    int top = bottom ? r.y + r.h - radius : r.y;
    if (left > 0)
        paint_corner(pixels, command, clip, first, corners);
    if (right > 0)
        paint_corner(pixels, command, clip, second, corners);
    if (border == 0) {
        fill(pixels, (struct rect){r.x + left, top, r.w - left - right, radius}, clip,
             command->colour);
        return;
    }
    struct rect edge = {r.x + left, bottom ? r.y + r.h - border : r.y, r.w - left - right, border};
    fill(pixels, edge, clip, command->colour);
    int side_top = bottom ? top : top + border;
    if (left == 0)
        fill(pixels, (struct rect){r.x, side_top, border, radius - border}, clip, command->colour);
    if (right == 0)
        fill(pixels, (struct rect){r.x + r.w - border, side_top, border, radius - border}, clip,
             command->colour);
}

static void paint_round(struct pixels pixels, const struct draw_command *command, struct rect clip,
                        struct corners *corners)
{
    struct rect r = command->rect;
    int band = command->radius;
    int border = command->border;
    struct draw_command square = *command;
    if (band < border) {
        /* A ring with corners smaller than its border: its bands are the border itself. */
        square.radius = border;
        square.corners = 0;
        band = border;
    }
    paint_band(pixels, &square, clip, false, corners);
    paint_band(pixels, &square, clip, true, corners);
    struct rect middle = {r.x, r.y + band, r.w, r.h - 2 * band};
    if (border == 0) {
        fill(pixels, middle, clip, command->colour);
        return;
    }
    middle.w = border;
    fill(pixels, middle, clip, command->colour);
    middle.x = r.x + r.w - border;
    fill(pixels, middle, clip, command->colour);
}

void paint(struct pixels pixels, const struct draw_command *command, struct rect clip,
           struct corners *corners)
{
    clip = rect_cut(command->clip, clip);
    if (rect_empty(clip))
        return;
    switch (command->kind) {
    case DRAW_FILL:
        fill(pixels, command->rect, clip, command->colour);
        break;
    case DRAW_ROUND:
        paint_round(pixels, command, clip, corners);
        break;
    case DRAW_MASK:
        paint_mask(pixels, command, clip);
        break;
    }
}
