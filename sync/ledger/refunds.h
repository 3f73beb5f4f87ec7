/* Refunded <= sold, per line, for returns that name the line they came from (figure `refunded`).
 *
 * A return may reach the ledger before the sale: it is judged when it comes if the sale is there,
 * and when the sale comes, as part of a branch, too. What was sold is read from the sale's own
 * bytes; where a fork left several entries at one place, the largest counts. Only what was sold is
 * looked at, so the same exception opens whichever came first.
 */
#ifndef HOLDFAST_LEDGER_REFUNDS_H
#define HOLDFAST_LEDGER_REFUNDS_H

#include "sync/ledger/epochs.h"
#include "sync/ledger/writer.h"

/* After `refunded` of a line came to `quantity_milli`. */
enum status refunds_judge(const struct writer_turn *turn, const char *original,
                          int64_t quantity_milli, struct error *error) MUST_USE;

/* After the entries first .. last of an epoch came: returns of their lines that came earlier. */
enum status refunds_arrived(const struct writer_turn *turn, const struct epoch_row *epoch,
                            int64_t first, int64_t last, struct error *error) MUST_USE;

#endif
