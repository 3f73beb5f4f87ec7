/* Findings: what the ledger accepted but a person should look at (the table `exception`).
 *
 *   kind            when
 *   fork            an entry differs from the one that is known at its place; kept as a branch
 *   damaged         the till's disk lost the entry's bytes
 *   unreadable      well signed, but not an entry by our rules; kept, not projected
 *   signature       a signature within an accepted chain does not hold
 *   unknown_item    a move of an item that is not in the catalogue; in suspense
 *   moves           the moves of an entry break their rules; none is projected
 *   sale            a sale's sums do not agree
 *   location        an epoch was opened for, or an entry moves stock of, another location than its
 *                   device's
 *   restored        a device opened another epoch: it was restored, cloned, or lost its journal
 *   negative_stock  a physical balance fell below zero
 */
#ifndef HOLDFAST_LEDGER_FINDING_H
#define HOLDFAST_LEDGER_FINDING_H

#include "sync/ledger/store.h"
#include "terminal/base/crypto.h"
#include "terminal/base/status.h"

struct finding {
    const char *kind;
    const char *location;   /* "" when of none */
    const struct id *epoch; /* NULL when of none */
    int64_t seq;            /* 0 when of none */
};

/* Adds one, in the caller's transaction. The detail is one line without personal data. */
enum status finding_add(struct store_session *session, const struct finding *finding, int64_t at_ms,
                        struct error *error, const char *detail, ...) PRINTF_LIKE(5, 6) MUST_USE;

#endif
