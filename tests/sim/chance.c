/* SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
 */
#include "tests/sim/chance.h"

#include <string.h>

#define STEP UINT64_C(0x9E3779B97F4A7C15)

static uint64_t mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94D049BB133111EB);
    return value ^ (value >> 31);
}

struct chance chance_start(uint64_t seed, uint64_t purpose)
{
    return (struct chance){.state = mix(mix(seed + STEP) ^ (purpose * STEP))};
}

uint64_t chance_next(struct chance *chance)
{
    chance->state += STEP;
    return mix(chance->state);
}

/* The remainder's bias is below limit / 2^64: nothing that a simulation could notice. */
uint64_t chance_below(struct chance *chance, uint64_t limit)
{
    return limit == 0 ? 0 : chance_next(chance) % limit;
}

int64_t chance_between(struct chance *chance, int64_t low, int64_t high)
{
    uint64_t width = (uint64_t)high - (uint64_t)low + 1;

    return (int64_t)((uint64_t)low + chance_below(chance, width));
}

bool chance_hit(struct chance *chance, uint32_t ppm)
{
    return ppm > 0 && chance_below(chance, 1000000) < ppm;
}

void chance_fill(struct chance *chance, void *bytes, size_t length)
{
    unsigned char *at = bytes;

    while (length > 0) {
        uint64_t word = chance_next(chance);
        size_t part = length < sizeof word ? length : sizeof word;
        memcpy(at, &word, part);
        at += part;
        length -= part;
    }
}
