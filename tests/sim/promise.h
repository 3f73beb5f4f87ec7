/* Promises: leases of value, returns of what was sold, orders that wait for their customer. What
 * the ledger told the tills, what entries used up of it, and what must follow from both at every
 * instant.
 *
 *   at the till     a new entry uses up a lease, or takes back a sold line: the till's own history
 *                   never goes beyond what it was granted, or what was sold
 *                   (a restored ledger forgets; what it grants again may be less, and the till may
 *                   have used more before it heard)
 *   at the ledger   a lease takes from what is promised to nobody, and no more than there is; its
 *                   figures are the fold of the entries that it has taken; where they go
 *                   beyond, which only copies of a till or two tills can bring about, exactly one
 *                   exception
 */
#ifndef HOLDFAST_SIM_PROMISE_H
#define HOLDFAST_SIM_PROMISE_H

#include "tests/sim/world.h"

/* A till has written this entry. */
void promise_written(struct world *world, const struct seat *seat, int record);
/* The ledger answered POST /v1/leases so. */
void promise_granted(struct world *world, const char *bytes, size_t length);
/* ... or refused this body of one. */
void promise_refused(struct world *world, const char *bytes, size_t length);
/* ... and GET /v1/device. */
void promise_greeted(struct world *world, const char *bytes, size_t length);
/* The ledger's tables of this moment, when anything has changed since the last look. */
void promise_look(struct world *world, struct store_session *reader);
/* Everything is drained: what a restored ledger had forgotten was asked for again. */
void promise_end(struct world *world, struct store_session *reader);

/* How much of a sold line the till's own entries took back so far. */
int64_t promise_taken_back(const struct world *world, const struct seat *seat,
                           const struct taken_back *back);

#endif
