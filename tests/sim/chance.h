/* Chance that replays: one 64-bit state, the same numbers from the same seed on every machine.
 *
 * Each part of a simulation that draws has a stream of its own, so that one more draw in one part
 * moves nothing in another.
 */
#ifndef HOLDFAST_SIM_CHANCE_H
#define HOLDFAST_SIM_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chance {
    uint64_t state;
};

/* A stream of its own for each pair of seed and purpose. */
struct chance chance_start(uint64_t seed, uint64_t purpose);
uint64_t chance_next(struct chance *chance);
uint64_t chance_below(struct chance *chance, uint64_t limit);             /* 0 for a limit of 0 */
int64_t chance_between(struct chance *chance, int64_t low, int64_t high); /* both included */
/* True this often in a million. Draws nothing for 0. */
bool chance_hit(struct chance *chance, uint32_t ppm);
void chance_fill(struct chance *chance, void *bytes, size_t length);

#endif
