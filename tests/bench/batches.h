/* The batches that an agent would send, read from a till's journal; and what a ledger in this
 * process does with them, without a network between. */
#ifndef HOLDFAST_BENCH_BATCHES_H
#define HOLDFAST_BENCH_BATCHES_H

#include "sync/ledger/ledger.h"
#include "terminal/journal/device.h"
#include "tests/bench/taken.h"

struct batch_body {
    char *bytes;
    size_t length;
};

struct batches {
    struct device_identity device;
    struct batch_body *bodies;
    size_t count;
    int64_t entries;
};

/* All that the till's journal holds, cut as the agent cuts it. */
enum status batches_read(const char *folder, struct batches *out, struct error *error) MUST_USE;
void batches_finish(struct batches *batches);

/* Takes all of them in, one after the other, into the database at `location`, which knows the
 * device; opening is not counted. With `taken` the rows of each are noted, and the effort says
 * nothing. */
enum status batches_ingest(const struct batches *batches, const char *location, struct taken *taken,
                           struct effort *out, struct error *error) MUST_USE;

#endif
