/* Heads that the ledger acknowledged and countersigned, as kept in sync.db: the agent writes them,
 * the till reads them at its start to find out that it was restored or cloned.
 *
 *   acked(device, epoch, seq, hash, countersig, changed)     one row per epoch; `changed` grows by
 *                                                            one with every put: the greatest is
 *                                                            the epoch acknowledged last
 */
#ifndef HOLDFAST_JOURNAL_ACKED_H
#define HOLDFAST_JOURNAL_ACKED_H

#include "terminal/base/db.h"
#include "terminal/base/status.h"
#include "terminal/journal/epoch.h"

#include <stddef.h>

/* The table's DDL, for the agent's migration 1. */
extern const char acked_schema[];

struct acked_head {
    struct chain_point head;
    struct signature countersig;
};

/* Keeps a head, inside the caller's transaction or as its own. A head whose seq is below the one
 * kept replaces it too: a restored ledger acknowledges less. */
enum status acked_put(struct db *sync_db, const struct id *device, const struct acked_head *head,
                      struct error *error) MUST_USE;

/* STATUS_NOT_FOUND when nothing of this epoch was acknowledged. */
enum status acked_get(struct db *sync_db, const struct id *device, const struct id *epoch,
                      struct acked_head *out, struct error *error) MUST_USE;

/* All heads of the device whose countersignature is valid, the one changed last at the end; rows
 * with a bad one are left out and logged. *out is new memory (free), NULL when *count is 0. */
enum status acked_list(struct db *sync_db, const struct id *device,
                       const struct public_key *ledger_key, struct chain_point **out, size_t *count,
                       struct error *error) MUST_USE;

#endif
