/* The ledger's tables on SQLite.
 *
 *   ledger_meta   incarnation, boot stamp, keys, hash of the administrator's token
 *   device, enroll_code, epoch
 *   entry         every accepted entry: id = epoch number << 32 | seq, its bytes as they came
 *   branch        entries of a fork, kept and not applied
 *   side_record   what is personal, beside the entries, deletable
 *   document      stock that the ledger itself moved (imports): moves, packed
 *   suspense      moves of items that are not known (yet)
 *   exception     what a person should look at
 *   total         entries, sales, returns and gross per location and currency
 *   feed, change  positions and rows per scope
 *   + the reference tables of terminal/catalogue/reference.h; `stock` there also holds the
 *     virtual buckets (status starts with '@'), which never leave the ledger
 */
#ifndef HOLDFAST_LEDGER_SCHEMA_H
#define HOLDFAST_LEDGER_SCHEMA_H

#include "terminal/base/db.h"

/* Brings an open database to schema_version(). */
enum status schema_migrate(struct db *db, struct error *error) MUST_USE;
int schema_version(void);

/* entry.id of an epoch's entry, and back. */
int64_t schema_entry_id(int64_t epoch_number, int64_t seq);
int64_t schema_entry_epoch(int64_t entry_id);
int64_t schema_entry_seq(int64_t entry_id);

#endif
