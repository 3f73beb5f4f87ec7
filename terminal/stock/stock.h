/* Stock at the till: what the ledger confirmed, plus what this till did since.
 *
 *   confirmed = replica.stock, physical statuses of this location
 *   pending   = own moves, into minus out of them, of each epoch after watermark(device, epoch);
 *               of an epoch whose entries here are a fork that the ledger keeps aside (the entry at
 *               branch_mark.start has that hash): after branch_mark.seq instead
 *   on hand   = confirmed + pending
 *
 * The watermark changes in the very transaction that projects entries into replica.stock, so no
 * sale is counted twice or missed, whatever was lost, repeated or late between. The replica is read
 * first, then the journal: an entry made meanwhile is then pending at least, never lost.
 *
 *   move (in till.db)   sku · epoch number · seq · ordinal ─ line, quantity, from, to
 */
#ifndef HOLDFAST_STOCK_STOCK_H
#define HOLDFAST_STOCK_STOCK_H

#include "terminal/base/db.h"
#include "terminal/base/status.h"
#include "terminal/journal/journal.h"
#include "terminal/journal/moves.h"
#include "terminal/money/money.h"

#include <stddef.h>
#include <stdint.h>

/* DDL of `move`: part of the till's migration 1, after journal_schema. Append-only as `entry`. */
extern const char stock_schema[];

/* Records the moves of the entry just appended, in the same transaction. The same list must have
 * been put into the entry with entry_put_moves. */
enum status stock_record(struct db *till_db, int64_t epoch_number, int64_t seq,
                         const struct stock_move *moves, size_t count,
                         struct error *error) MUST_USE;

/* The physical statuses, in the order of struct stock_level's array. */
enum stock_status {
    STOCK_AVAILABLE,
    STOCK_RESERVED,
    STOCK_STAGED,
    STOCK_HOLD,
    STOCK_DAMAGED,
    STOCK_STATUSES
};
const char *stock_status_name(enum stock_status status);

struct stock_level {
    struct quantity on_hand;   /* = confirmed + pending = sum of by_status; may be negative */
    struct quantity confirmed; /* by the ledger as of as_of_ms */
    struct quantity pending;   /* own moves not yet in `confirmed`; negative when sold */
    struct quantity by_status[STOCK_STATUSES];
    int64_t as_of_ms;  /* when the ledger's word was true; 0: never heard */
    int64_t watermark; /* last seq of the current epoch that `confirmed` contains */
};

/* The level of one item at `location`. Either database may be NULL (a
 * till that never sold, a replica that has not come yet). An item that
 * nobody knows has zeros. Each database is read in one short transaction of its own unless one is
 * open. Costs O(moves of this item after the watermark). STATUS_RANGE: a sum does not fit. */
enum status stock_of(struct db *till_db, struct db *replica_db, const char *location,
                     const char *sku, struct stock_level *out, struct error *error) MUST_USE;

/* The same for a grid of items, consistent with each other: one reading of each database. */
enum status stock_of_each(struct db *till_db, struct db *replica_db, const char *location,
                          const char *const *skus, size_t count, struct stock_level *out,
                          struct error *error) MUST_USE;

#endif
