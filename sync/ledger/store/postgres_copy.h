/* Rows in bulk between PostgreSQL and SQLite files: snapshots, backups, restores.
 *
 * A backup of a ledger on PostgreSQL is a SQLite ledger: any backup can be restored into either
 * engine, and that is also the way from the one to the other.
 */
#ifndef HOLDFAST_LEDGER_POSTGRES_COPY_H
#define HOLDFAST_LEDGER_POSTGRES_COPY_H

#include "sync/ledger/store/store.h"

#include <libpq-fe.h>

/* What store_copy promises, on a connection of its own. A row at a time is in memory. */
enum status postgres_copy_out(PGconn *conn, struct db *target, const struct store_copy *copies,
                              int count, struct error *error) MUST_USE;

/* All rows of a table of `source` into the table of that name, in the transaction that is open. */
enum status postgres_copy_in(PGconn *conn, struct db *source, const char *table,
                             struct error *error) MUST_USE;

/* Rows of values, row by row, where INSERT INTO table(columns) VALUES(...) would put them; in the
 * transaction that is open, outside pipeline mode. */
enum status postgres_copy_values(PGconn *conn, const char *insert, const struct store_value *values,
                                 int columns, int rows, struct error *error) MUST_USE;

#endif
