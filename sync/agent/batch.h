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
    struct hash last_hash; /* as sent */
};

struct batch_limits {
    size_t entries;  /* 1 to FRAME_MAX_ENTRIES; more when the last would be vouched for by nobody */
    int64_t damaged; /* send this entry as damaged whatever it looks like; 0: none */
    const struct public_key *key; /* the epoch's */
    int64_t clock_ms;             /* this computer's wall clock */
};

/* The entries of the epoch after `after`, as many as the limits and the frame allow, with their
 * side records, appended to *body. Damaged rows go as damaged, missing ones as lost (see frame.h);
 * the last entry's signature always holds. STATUS_CORRUPT: there is none whose does, or so many are
 * missing that the next sound one does not fit into the frame with them. */
enum status batch_build(struct db *till_db, const struct id *epoch, int64_t after,
                        const struct batch_limits *limits, struct batch *out, struct buf *body,
                        struct error *error) MUST_USE;

/* Whether the entry's bytes are well formed, give its hash, and the epoch's key signed it. */
bool batch_entry_sound(struct db *till_db, const struct id *epoch, const struct public_key *key,
                       int64_t seq);

#endif
