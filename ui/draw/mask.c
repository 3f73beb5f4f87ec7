/* Masks, and the one shape that is computed instead of rasterised: a quarter of a disc.
 *
 * The quarter's coverage is the share of 16 x 16 sample points of a pixel that lie inside: exact
 * integers, so that the same radius is the same bytes on every machine.
 */
#include "ui/draw/mask.h"

#include "terminal/base/buf.h"

#include <assert.h>
#include <stdlib.h>

enum { SIDE_MAX = 16384, SAMPLES = 16 };

struct corners {
    struct mask *quarters[CORNER_MAX + 1];
};

struct mask *mask_create(int w, int h)
{
    assert(w >= 0 && h >= 0 && w <= SIDE_MAX && h <= SIDE_MAX);
    struct mask *mask = mem_alloc(sizeof *mask);
    mask->w = w;
    mask->h = h;
    if (w > 0 && h > 0)
        mask->coverage = mem_alloc((size_t)w * (size_t)h);
    return mask;
}

/* FNV-1a, 64 bits. */
void mask_seal(struct mask *mask)
{
    uint64_t hash = 14695981039346656037U ^ (uint64_t)mask->w << 32 ^ (uint64_t)mask->h;
    size_t size = (size_t)mask->w * (size_t)mask->h;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ mask->coverage[i]) * 1099511628211U;
    mask->digest = hash;
}

void mask_free(struct mask *mask)
{
    if (mask == NULL)
        return;
    free(mask->coverage);
    free(mask);
}

size_t mask_bytes(const struct mask *mask)
{
    return sizeof *mask + (size_t)mask->w * (size_t)mask->h;
}

/* In units of 1/(2 * SAMPLES) pixel, the centre of the disc at the quarter's lower right. */
static uint8_t covered(int x, int y, int radius)
{
    const int unit = 2 * SAMPLES;
    int64_t limit = (int64_t)radius * unit * radius * unit;
    int inside = 0;
    for (int j = 0; j < SAMPLES; j++) {
        int64_t dy = (int64_t)(radius - y) * unit - (2 * j + 1);
        for (int i = 0; i < SAMPLES; i++) {
            int64_t dx = (int64_t)(radius - x) * unit - (2 * i + 1);
            inside += dx * dx + dy * dy <= limit;
        }
    }
    return (uint8_t)((inside * 255 + SAMPLES * SAMPLES / 2) / (SAMPLES * SAMPLES));
}

struct corners *corners_create(void)
{
    return mem_alloc(sizeof(struct corners));
}

void corners_free(struct corners *corners)
{
    if (corners == NULL)
        return;
    for (int i = 0; i <= CORNER_MAX; i++)
        mask_free(corners->quarters[i]);
    free(corners);
}

const struct mask *corners_get(struct corners *corners, int radius)
{
    assert(radius >= 1 && radius <= CORNER_MAX);
    struct mask *quarter = corners->quarters[radius];
    if (quarter != NULL)
        return quarter;
    quarter = mask_create(radius, radius);
    for (int y = 0; y < radius; y++)
        for (int x = 0; x < radius; x++)
            quarter->coverage[y * radius + x] = covered(x, y, radius);
    mask_seal(quarter);
    corners->quarters[radius] = quarter;
    return quarter;
}
