/* The ledger's tables, written once for both engines.
 *
 * A step is written in a small part of SQLite's DDL, that store_postgres_sql.c can translate word
 * by word (and refuses to translate otherwise):
 *
 *   INTEGER                                BIGINT
 *   INTEGER PRIMARY KEY                    BIGINT that counts up from the largest; rows without a
 *                                          number are inserted one per statement
 *   TEXT                                   TEXT COLLATE "C": byte for byte
 *   BLOB                                   BYTEA
 *   ) WITHOUT ROWID                        )
 *   NOT NULL, DEFAULT number or text, UNIQUE, PRIMARY KEY(a, b)            as they are
 *   CREATE TABLE, CREATE [UNIQUE] INDEX .. ON t(..) [WHERE ..], ALTER TABLE t ADD COLUMN,
 *   DROP INDEX, DROP TABLE, UPDATE, INSERT .. SELECT                       as they are
 *   CREATE TRIGGER n BEFORE UPDATE|DELETE ON t
 *     BEGIN SELECT RAISE(ABORT, 'text'); END                               a trigger that raises it
 *
 * No CHECK, no foreign keys, no AUTOINCREMENT, no expressions in indexes; no name that either
 * engine reserves (order, user, end, limit, offset, from, to, when, analyse, ...); no semicolon in
 * a text. Statements end with a semicolon.
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
 *   money, account, lease_use, customer_total, customer_fact, refunded, order_mark, order_handed
 *                 the other figures that are sums of entries (figure.h)
 *   lease         what was granted to tills        order_request   what channels ordered
 *   branch_applied  which branches a person took in, and how far
 *   exception_history  the steps of an exception's life
 *   alert, heard, sale_rate  low stock, when a till was heard of, how fast items sell
 *   event         what webhooks are told
 *   feed, change  positions and rows per scope
 *   + the reference tables of terminal/catalogue/reference.h; `stock` there also holds the
 *     virtual buckets (status starts with '@'), which never leave the ledger
 */
#ifndef HOLDFAST_LEDGER_SCHEMA_H
#define HOLDFAST_LEDGER_SCHEMA_H

#include "terminal/base/db.h"

#define SCHEMA_TEXT_MAX 65536

int schema_version(void);
/* Appends the statements that bring a database from version - 1 to `version`. */
void schema_step(int version, struct buf *out);

/* Brings an open SQLite database to schema_version(), each step one transaction, and makes the
 * reference tables. STATUS_UNSUPPORTED when it is of a later version. */
enum status schema_migrate(struct db *db, struct error *error) MUST_USE;

/* entry.id of an epoch's entry, and back. */
int64_t schema_entry_id(int64_t epoch_number, int64_t seq);
int64_t schema_entry_epoch(int64_t entry_id);
int64_t schema_entry_seq(int64_t entry_id);

#endif
