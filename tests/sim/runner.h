/* Seeds, each in a process of its own: a crash or a leak of one is its own, and the machine's
 * processors share them out.
 */
#ifndef HOLDFAST_SIM_RUNNER_H
#define HOLDFAST_SIM_RUNNER_H

#include "tests/sim/world.h"

#include <stdbool.h>
#include <stdint.h>

struct seed_report {
    uint64_t seed;
    uint64_t trace_hash;
    uint64_t faults[FAULTS];
    uint64_t fault_count, steps, operations, entries;
    int64_t cpu_us;
    struct failure failure;
};

/* Runs one seed in this process; `shown` prints every event. */
void runner_seed(uint64_t seed, bool shown, struct seed_report *out);

/* Runs first .. last in `jobs` processes at a time; `done` hears of each, in the order in which
 * they end; it returns false to end early. */
void runner_seeds(uint64_t first, uint64_t last, int jobs,
                  bool (*done)(void *context, const struct seed_report *report), void *context);

#endif
