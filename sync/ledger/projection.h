/* Figures, projected from entries and documents.
 *
 *   entry ──► effect ─┐                     ┌─► stock, total, money, account, lease_use, ...
 *   document ─────────┴► tally ──► apply ───┤
 *   branch, by decision ─┘                  └─► judged: feed, exceptions, alerts, orders' states
 *
 * A tally touches every row of a figure once, however many entries it sums; what a row comes to is
 * then judged (judge.h). `stock` holds virtual buckets (@customer, @supplier, @loss) too: per item
 * all rows sum to zero. Moves of an item that the catalogue lacks wait in `suspense` and are
 * applied by the transaction that brings the item. Everything here runs in the writer's
 * transaction.
 */
#ifndef HOLDFAST_LEDGER_PROJECTION_H
#define HOLDFAST_LEDGER_PROJECTION_H

#include "sync/ledger/effect.h"
#include "sync/ledger/epochs.h"
#include "sync/ledger/finding.h"
#include "sync/ledger/tally.h"
#include "sync/ledger/writer.h"

/* Where an entry stands. */
struct projection_place {
    struct epoch_row *epoch; /* its hlc goes up with the entries of the main chain */
    int64_t seq;
    int64_t branch; /* number of the applied branch (branch.h), 0: the main chain */
};

/* The finding that names this place; its kind is left to the caller. `cause` must live as long. */
struct finding projection_finding(const struct projection_place *place,
                                  char cause[FINDING_CAUSE_SIZE]);

/* Sums an entry's effect: moves of known items go to the tally, others to suspense; what is odd
 * becomes a finding. */
enum status projection_add(const struct writer_turn *turn, struct tally *tally,
                           const struct effect *effect, const struct projection_place *place,
                           struct error *error) MUST_USE;

/* Adds a tally to the figures and judges what they come to. */
enum status projection_apply(const struct writer_turn *turn, const struct tally *tally,
                             struct error *error) MUST_USE;

/* Up to where a device's entries are in the stock of its location: the row's seq. */
enum status projection_watermark(const struct writer_turn *turn, const struct epoch_row *epoch,
                                 struct error *error) MUST_USE;

/* Applies what waits in suspense for items that are there now. Call it after items were put. */
enum status projection_resolve(const struct writer_turn *turn, struct error *error) MUST_USE;

/* Stock that the ledger itself moves: a document of lines `sku TAB milli LF`, which is stored
 * (packed) and applied. The items are known. */
struct projection_document {
    const char *kind;
    const char *location;
    const char *from_status;
    const char *to_status;
    const char *lines;
    size_t length;
};
enum status projection_document(const struct writer_turn *turn,
                                const struct projection_document *document,
                                struct error *error) MUST_USE;

/* Folds every entry, applied branch and document anew and compares the result with the tables, both
 * ways: all figures, suspense, watermarks, the branches' marks, what leases have left, the orders'
 * states. */
struct projection_report {
    int64_t entries;
    int64_t balances;    /* of stock that are not zero */
    int64_t differences; /* rows that differ */
    char first[256];     /* the first difference in words */
};
enum status projection_check(struct store_session *session, struct projection_report *out,
                             struct error *error) MUST_USE;

/* Writes what the fold says over the tables, and tells the feed that it did: for a ledger whose
 * projections were found to differ, or whose schema has new ones. Opens no exceptions. */
enum status projection_repair(const struct writer_turn *turn, struct error *error) MUST_USE;

/* The repair, once, when a step of the schema brought new figures (ledger_meta "refold"). */
enum status projection_refold(struct writer *writer, struct error *error) MUST_USE;

/* Adds a tally to the figures and judges nothing. For the repair. */
enum status projection_write(const struct writer_turn *turn, const struct tally *tally,
                             struct error *error) MUST_USE;

#endif
