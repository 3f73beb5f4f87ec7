/* Customers: pseudonyms in entries, persons in side records.
 *
 *   entry customer {"customer","op":"created|updated|erased","group","hash"}  ─► customer_fact
 *   side record {"pseudonym":...,...}                                         ─► side_record
 *
 * What holds of a customer is the fact with the greatest stamp; `erased` beats all, whenever it
 * comes. Tills get the pseudonym and the group as a row of `customer`, nothing else. Erasure
 * deletes the side records of the pseudonym, those that come later too; the entries stay whole.
 */
#ifndef HOLDFAST_LEDGER_CUSTOMERS_H
#define HOLDFAST_LEDGER_CUSTOMERS_H

#include "sync/ledger/writer.h"

/* After something new was said of a customer. */
enum status customers_judge(const struct writer_turn *turn, const char *customer,
                            struct error *error) MUST_USE;

/* Keeps a side record, unless its pseudonym is erased or it is there already. `epoch` is a number
 * of the table. */
enum status customers_keep_side(const struct writer_turn *turn, int64_t epoch, const char *json,
                                size_t length, struct error *error) MUST_USE;

/* Puts every customer's row anew. For the repair. */
enum status customers_refold(const struct writer_turn *turn, struct error *error) MUST_USE;

#endif
