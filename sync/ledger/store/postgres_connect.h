/* Connecting to PostgreSQL, waiting for its answers, and what its errors mean.
 *
 * Nothing here waits for ever: POSTGRES_SILENCE_MS without a byte from the server, or a statement
 * that takes longer than POSTGRES_STATEMENT_MS, is a failure. Both are longer than anything that a
 * request waits for; whoever needs less says statement_timeout in the URI's `options`.
 *
 * SQLSTATE (PostgreSQL 15, appendix A)                     status
 *
 *   40001 40P01 55P03    serialization, deadlock, lock     STATUS_BUSY: repeat the transaction
 *   53300 57P03          connections, starting up          STATUS_BUSY
 *   23505                unique                            STATUS_EXISTS
 *   P0001 42501 28...  25006   a trigger's RAISE, rights   STATUS_DENIED
 *   53...                disk, memory                      STATUS_FULL
 *   22001 22003 54...                                      STATUS_RANGE
 *   57014                a time-out, a cancel              STATUS_CANCELLED
 *   08... 57P0.  58... 25P03   connection, server, system  STATUS_IO
 *   XX001 XX002          damaged pages                     STATUS_CORRUPT
 *   3D000                no such database                  STATUS_NOT_FOUND
 *   HF001                our own: another owner            STATUS_CONFLICT
 *   none                 the connection is lost            STATUS_IO
 *   anything else                                          STATUS_INVALID
 */
#ifndef HOLDFAST_LEDGER_POSTGRES_CONNECT_H
#define HOLDFAST_LEDGER_POSTGRES_CONNECT_H

#include "terminal/base/status.h"

#include <libpq-fe.h>
#include <stdbool.h>

#define POSTGRES_CONNECT_S    10
#define POSTGRES_LOCK_MS      10000
#define POSTGRES_STATEMENT_MS 120000
#define POSTGRES_SILENCE_MS   130000

/* `uri` is libpq's, completed with time-outs and keep-alives where it has none; `application` is
 * what the server shows for the session. A commit is durable on this connection whatever the
 * server's default is. STATUS_INVALID for a server whose encoding is not UTF8. PQfinish it. */
enum status postgres_connect(const char *uri, const char *application, PGconn **out,
                             struct error *error) MUST_USE;

/* False when the connection is known to be lost, without asking the server. */
bool postgres_alive(PGconn *conn);

/* The next result (NULL ends a statement's), sending meanwhile what is queued. Only when one is to
 * come. False when the connection is lost or the server silent. */
bool postgres_answer(PGconn *conn, PGresult **out);

/* Runs one text of statements and waits; outside pipeline mode. The last result must be of kind
 * `wanted`; *out may be NULL, or is PQcleared by the caller. */
enum status postgres_exec(PGconn *conn, const char *sql, ExecStatusType wanted, PGresult **out,
                          struct error *error) MUST_USE;

/* Sends bytes of a COPY FROM STDIN that has begun, and ends it. */
enum status postgres_put(PGconn *conn, const void *bytes, size_t length,
                         struct error *error) MUST_USE;
enum status postgres_put_end(PGconn *conn, struct error *error) MUST_USE;

/* Fills *error with PostgreSQL's message, on one line; NULL: the connection's own. */
enum status postgres_error(PGconn *conn, const PGresult *result, struct error *error);

/* The database's name in the URI, "" when it says none; STATUS_INVALID for a URI that libpq does
 * not understand. Freed by the caller. */
enum status postgres_database_name(const char *uri, char **out, struct error *error) MUST_USE;
/* The same server, another database: in whatever state the attempt ended, NULL for a bad URI.
 * PQfinish it. */
PGconn *postgres_connect_other(const char *uri, const char *database);

#endif
