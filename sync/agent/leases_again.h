/* Which leases the ledger is to be asked for again. One that was put back to an earlier state has
 * forgotten what it granted since, and might promise the same to somebody else.
 *
 *   due = held here - told by the greeting - used up by entries that the ledger held then
 *         - answered for by this life of the ledger already
 *
 * What is due is marked in sync.db (told = -1) before any entry is sent, and stays so until it is
 * granted: entries that are up since make none done with. All else follows from sync.db, till.db
 * and the greeting: an agent that was killed at any instant finds the same at its next start.
 * Asking for one that the ledger knows changes nothing. Those of ledgers of earlier versions, whose
 * ids were drawn at random, can't be granted again and are never due.
 *
 *   round 0    at once, and before entries, which use leases: the ledger would tell of them as of
 *              some that nobody granted
 *   round 1    when the entries here have gone up: they may load its account
 *   round 2... minutes later, further and further apart: what others loaded comes back, too
 *
 * A part that is granted counts for good. Therefore it is all of a lease or nothing at first; what
 * there is will do in rounds from 1 on, some minutes after this life of the ledger was first heard.
 */
#ifndef HOLDFAST_AGENT_LEASES_AGAIN_H
#define HOLDFAST_AGENT_LEASES_AGAIN_H

#include "terminal/base/crypto.h"
#include "terminal/base/db.h"
#include "terminal/base/status.h"
#include "terminal/people/lease.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct leases_again {
    struct held_lease *due;
    size_t count;
    size_t next; /* of this round; at its end it is 0 again */
    int round;
    int64_t not_before;  /* mono_ms: of this round */
    int64_t parts_from;  /* mono_ms; 0: nothing was due yet in this life of the ledger */
    struct id *answered; /* requests, by this life of the ledger, since this agent's start */
    size_t answered_count;
    bool granted; /* one was, since the greeting: how much is left another greeting tells */
};

void again_finish(struct leases_again *again);

/* Another life of the ledger: what the one before answered counts no more. */
void again_forget(struct leases_again *again);

/* What there is to see after a greeting, when its word is in sync.db. */
struct again_view {
    const struct id *device;
    struct db *till_db, *sync_db;
    const struct held_lease *held; /* as it was before the greeting */
    size_t held_count;
    const struct held_lease *told; /* by it */
    size_t told_count;
    int64_t mono_ms;
};
/* Begins with round 0. Durable on return. Fails as till.db can't be read or sync.db not written;
 * nothing is due then. */
enum status again_gather(struct leases_again *again, const struct again_view *view,
                         struct error *error) MUST_USE;
/* Nothing is due. */
void again_clear(struct leases_again *again);

/* The one to ask for now, NULL: none. `sent`: the entries here have gone up, or can't. Borrowed. */
const struct held_lease *again_next(const struct leases_again *again, int64_t mono_ms, bool sent);
/* Less of it than that is no use now. */
int64_t again_least(const struct leases_again *again, int64_t mono_ms);
/* Whether the first rounds are not over: what the till newly wishes waits for them. */
bool again_first(const struct leases_again *again);

/* What the ledger said to again_next's. */
void again_answered(struct leases_again *again, int64_t mono_ms);
void again_refused(struct leases_again *again, int64_t mono_ms);

#endif
