/* Stock and totals, projected from entries and documents.
 *
 *   entry.moves ─┐
 *   document ────┴► tally ──► stock(location, sku, status)   physical ones are told in the feed
 *   sale         ───────────► total(location, currency)
 *
 * `stock` holds virtual buckets (@customer, @supplier, @loss) too: per item all rows sum to zero.
 * Moves of an item that the catalogue lacks wait in `suspense` and are applied by the transaction
 * that brings the item. Everything here runs in the writer's transaction.
 */
#ifndef HOLDFAST_LEDGER_PROJECTION_H
#define HOLDFAST_LEDGER_PROJECTION_H

#include "sync/ledger/effect.h"
#include "sync/ledger/finding.h"
#include "sync/ledger/tally.h"
#include "sync/ledger/writer.h"

/* Sums an entry's effect: moves of known items go to the tally, others to suspense, each with a
 * finding. `location` is that of the epoch. */
enum status projection_add(const struct writer_turn *turn, struct tally *tally,
                           const struct effect *effect, int64_t entry_id, const char *location,
                           const struct finding *place, struct error *error) MUST_USE;

/* Writes a tally into stock and total, and tells the feed about physical balances. */
enum status projection_apply(const struct writer_turn *turn, const struct tally *tally,
                             struct error *error) MUST_USE;

/* Up to where a device's entries are in the stock of its location. */
enum status projection_watermark(const struct writer_turn *turn, const char *location,
                                 const struct id *device, const struct id *epoch, int64_t seq,
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

/* Folds every entry and document anew and compares the result with the tables, both ways. */
struct projection_report {
    int64_t entries;
    int64_t balances;    /* not zero */
    int64_t differences; /* balances, totals and suspended moves that differ */
    char first[256];     /* the first difference in words */
};
enum status projection_check(struct store_session *session, struct projection_report *out,
                             struct error *error) MUST_USE;

/* Writes what the fold says over the tables, and tells the feed that it did: for a ledger whose
 * projections were found to differ. */
enum status projection_repair(const struct writer_turn *turn, struct error *error) MUST_USE;

#endif
