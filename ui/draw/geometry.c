#include "ui/draw/geometry.h"

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int most(int a, int b)
{
    return a > b ? a : b;
}

bool rect_empty(struct rect rect)
{
    return rect.w <= 0 || rect.h <= 0;
}

struct rect rect_cut(struct rect a, struct rect b)
{
    int left = most(a.x, b.x);
    int top = most(a.y, b.y);
    int right = least(a.x + a.w, b.x + b.w);
    int bottom = least(a.y + a.h, b.y + b.h);
    if (right <= left || bottom <= top)
        return (struct rect){0, 0, 0, 0};
    return (struct rect){left, top, right - left, bottom - top};
}

struct rect rect_join(struct rect a, struct rect b)
{
    if (rect_empty(a))
        return b;
    if (rect_empty(b))
        return a;
    int left = least(a.x, b.x);
    int top = least(a.y, b.y);
    return (struct rect){left, top, most(a.x + a.w, b.x + b.w) - left,
                         most(a.y + a.h, b.y + b.h) - top};
}

bool rect_has(struct rect rect, int x, int y)
{
    return x >= rect.x && y >= rect.y && x < rect.x + rect.w && y < rect.y + rect.h;
}

bool rect_contains(struct rect outer, struct rect inner)
{
    return inner.x >= outer.x && inner.y >= outer.y && inner.x + inner.w <= outer.x + outer.w &&
           inner.y + inner.h <= outer.y + outer.h;
}

bool rect_equal(struct rect a, struct rect b)
{
    return a.x == b.x && a.y == b.y && a.w == b.w && a.h == b.h;
}

struct rect rect_inset(struct rect rect, int by)
{
    return (struct rect){rect.x + by, rect.y + by, rect.w - 2 * by, rect.h - 2 * by};
}
