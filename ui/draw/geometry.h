/* Rectangles in pixels. Empty when a side is not positive; the right and lower edges are outside.
 */
#ifndef HOLDFAST_DRAW_GEOMETRY_H
#define HOLDFAST_DRAW_GEOMETRY_H

#include <stdbool.h>

struct size {
    int w, h;
};

struct rect {
    int x, y, w, h;
};

bool rect_empty(struct rect rect);
/* The common part; {0, 0, 0, 0} when there is none. */
struct rect rect_cut(struct rect a, struct rect b);
/* The smallest rectangle around both; an empty one adds nothing. */
struct rect rect_join(struct rect a, struct rect b);
bool rect_has(struct rect rect, int x, int y);
bool rect_contains(struct rect outer, struct rect inner);
bool rect_equal(struct rect a, struct rect b);
/* Smaller by `by` on every side; larger when negative. */
struct rect rect_inset(struct rect rect, int by);

#endif
