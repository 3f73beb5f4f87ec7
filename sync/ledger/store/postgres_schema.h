/* The ledger's tables in a PostgreSQL database, whose they are, and which version they have.
 *
 *   holdfast_state   one row: version of the schema; owner, the process that serves it, by a random
 *                    text; turn, counted by every transaction of the writer
 */
#ifndef HOLDFAST_LEDGER_POSTGRES_SCHEMA_H
#define HOLDFAST_LEDGER_POSTGRES_SCHEMA_H

#include "terminal/base/status.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#define POSTGRES_OWNER_SIZE 37

/* Makes the database that the URI names, UTF-8 and in byte order, if the server lacks it.
 * STATUS_INVALID for a template, of which every new database would be a copy. */
enum status postgres_create_database(const char *uri, struct error *error) MUST_USE;

/* The version of the schema, 0 when there is none. STATUS_UNSUPPORTED when it is a later one than
 * this program knows. */
enum status postgres_schema_version(PGconn *conn, int *out, struct error *error) MUST_USE;
/* Makes the tables as of `version`, in the transaction that is open, in place of what is there.
 * With the reference tables as they are today. */
enum status postgres_schema_make(PGconn *conn, int version, struct error *error) MUST_USE;
/* Brings the schema to schema_version(), each step one transaction; makes it if there is none. */
enum status postgres_schema_migrate(PGconn *conn, struct error *error) MUST_USE;

/* The right to be the one ledger of this database: a lock of this connection, gone with it. Tries
 * for a while: the server may not have noticed yet that the one before is dead. STATUS_BUSY. */
enum status postgres_lock(PGconn *conn, struct error *error) MUST_USE;
/* Makes this process the owner, or, with owner[0] set, sees that it still is: STATUS_CONFLICT when
 * another process has been meanwhile. *turn is what the database has counted to. */
enum status postgres_own(PGconn *conn, char owner[POSTGRES_OWNER_SIZE], int64_t *turn,
                         struct error *error) MUST_USE;

/* The first value of the only row as a number. */
enum status postgres_number(PGconn *conn, const char *sql, int64_t *out,
                            struct error *error) MUST_USE;

#endif
