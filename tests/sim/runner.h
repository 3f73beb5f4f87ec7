/* Seeds in processes of their own, many one after the other in each: what a crash takes with it is
 * the one seed that crashed, and the machine's processors share them out. A seed leaves nothing
 * behind for the next one: it is the same day alone and after a hundred others.
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

/* Once per program, before the template is made: whatever is random, or allocates, below the
 * programs. */
void runner_install(void);

/* Runs one seed in this process; `shown` prints every event. */
void runner_seed(uint64_t seed, bool shown, struct seed_report *out);

/* Runs first .. last in `jobs` processes at a time, each of which ends after `per_process` seeds
 * (at least 1), or after one that failed. `done` hears of each seed, in the order in which they
 * end; it returns false to end early. False when a process that had nothing to report did not end
 * well: then it has said why on standard error. */
bool runner_seeds(uint64_t first, uint64_t last, int jobs, int per_process,
                  bool (*done)(void *context, const struct seed_report *report), void *context);

#endif
