/* One batch of journal entries, read from till.db and written as a frame.
 */
#ifndef HOLDFAST_AGENT_BATCH_H
#define HOLDFAST_AGENT_BATCH_H

#include "sync/protocol/frame.h"
#include "terminal/base/buf.h"
#include "terminal/base/crypto.h"
#include "terminal/base/db.h"
#include "terminal/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch {
    struct id epoch;
    int count; /* 0: there is none */
    int64_t first;
    int64_t last;
    struct hash last_hash; /* as recorded */
};

struct batch_limits {
    size_t entries;  /* 1 to FRAME_MAX_ENTRIES */
    int64_t damaged; /* send this entry as damaged whatever it looks like; 0: none */
};

/* The entries of the epoch after `after`, as many as the limits and the frame allow, with their
 * side records, appended to *body. A gap in till.db ends the batch before it. An entry whose bytes
 * do not give the recorded hash goes as damaged. *out has count 0 when there is nothing.
 * STATUS_CORRUPT: the next entry is missing from till.db though later ones are there. */
enum status batch_build(struct db *till_db, const struct id *epoch, int64_t after,
                        const struct batch_limits *limits, struct batch *out, struct buf *body,
                        struct error *error) MUST_USE;

/* Whether the entry's bytes are well formed, give its hash, and the epoch's key signed it. */
bool batch_entry_sound(struct db *till_db, const struct id *epoch, const struct public_key *key,
                       int64_t seq);

#endif
