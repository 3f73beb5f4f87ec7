/* Coverage: how much of each pixel a shape covers, 0..255. Text, icons and rounded corners are all
 * masks; the canvas tints them. One byte per pixel, rows without padding.
 *
 * `digest` is a hash of size and coverage, so that two frames are compared without looking at
 * pixels: the same shape has the same digest, also after it was dropped from a cache and made
 * again.
 */
#ifndef HOLDFAST_DRAW_MASK_H
#define HOLDFAST_DRAW_MASK_H

#include <stddef.h>
#include <stdint.h>

struct mask {
    uint64_t digest; /* set by mask_seal */
    int w, h;
    uint8_t *coverage; /* w * h; NULL when either is 0 */
};

/* A blank mask; both sides 0..16384. The caller owns it. */
struct mask *mask_create(int w, int h);
/* Sets the digest once the coverage is complete; a mask is drawn only after it. */
void mask_seal(struct mask *mask);
void mask_free(struct mask *mask);
/* What the mask costs in memory. */
size_t mask_bytes(const struct mask *mask);

/* Quarters of discs, made once per radius. Not thread-safe. A quarter is the top left one, of
 * `radius` x `radius` pixels, anti-aliased; radius 1..CORNER_MAX. Borrowed until corners_free. */
enum { CORNER_MAX = 256 };
struct corners;
struct corners *corners_create(void);
void corners_free(struct corners *corners);
const struct mask *corners_get(struct corners *corners, int radius);

#endif
