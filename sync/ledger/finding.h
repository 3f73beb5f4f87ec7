/* Findings: what the ledger accepted but a person should look at (the table `exception`).
 *
 *   kind              when                                                   cause (besides kind)
 *   fork              an entry differs from the one known at its place;      epoch, seq, hash
 *                     kept as a branch, applied by a person alone
 *   damaged           the till's disk lost the entry's bytes                 epoch, seq
 *   unreadable        well signed, but not an entry by our rules             epoch, seq
 *   signature         a signature within an accepted chain does not hold     epoch, seq
 *   suspense          moves of an item that is not in the catalogue          sku
 *   moves             the moves of an entry break their rules; none counts   epoch, seq
 *   sale              a sale's sums do not agree                             epoch, seq
 *   account lease order customer
 *                     that member of an entry breaks its rules; or an        epoch, seq; or
 *                     account fell below zero; or an order is not known      account; or order
 *   location          an epoch was opened for, or an entry names or moves    epoch, seq
 *                     stock of, another location or till than its device's
 *   restored          a device opened another epoch: it was restored,        epoch
 *                     cloned, or lost its journal
 *   oversell          what is available at a location fell below zero        location, sku
 *   negative_stock    another physical balance did                           location, sku, status
 *   double_pickup     an order was handed over twice, or more than ordered   channel, id
 *   refund_over_sale  more was refunded of a line than was sold by it        original
 *   lease_overspent   more was spent and returned than granted, or by        lease
 *                     another device than the one it was granted to, or
 *                     for another account or item than it is of; or
 *                     it was never granted here: settled by itself when a
 *                     ledger put back to an earlier state grants it again
 *   gap               a till is told again and again what is missing before  epoch, seq
 *                     its entries, and does not send it: its journal is lost
 *   skew              a till's clock is off by more than five minutes, or    epoch
 *                     its entries go back in time
 *   card_number       a text of the entry looks like a card number             epoch, seq
 *   silent_till       a till was not heard of for longer than its location   device
 *                     allows; settled by itself when it speaks again
 *   webhook           an event could not be delivered (webhooks.h)           its name
 *
 * Each cause opens exactly one, whatever is repeated or comes in another order. Lives:
 * exceptions.h.
 */
#ifndef HOLDFAST_LEDGER_FINDING_H
#define HOLDFAST_LEDGER_FINDING_H

#include "sync/ledger/store/store.h"
#include "terminal/base/crypto.h"
#include "terminal/base/status.h"

struct finding {
    const char *kind;
    const char *location;   /* "" when of none */
    const struct id *epoch; /* NULL when of none */
    int64_t seq;            /* 0 when of none */
    const char *cause;      /* what it is about, without the kind; NULL: epoch and seq */
    bool again;             /* a condition that may come back: reopened when it was settled */
};

#define FINDING_CAUSE_SIZE 320

/* Opens one, unless its cause has one already; in the caller's transaction. The detail is one line
 * without personal data. */
enum status finding_add(struct store_session *session, const struct finding *finding, int64_t at_ms,
                        struct error *error, const char *detail, ...) PRINTF_LIKE(5, 6) MUST_USE;

/* Settles what the kind and cause have open, because the condition is over; nothing when nothing
 * is open. */
enum status finding_over(struct store_session *session, const char *kind, const char *cause,
                         int64_t at_ms, const char *note, struct error *error) MUST_USE;

#endif
