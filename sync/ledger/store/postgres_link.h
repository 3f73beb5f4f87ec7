/* A connection to PostgreSQL that is always in pipeline mode: statements go out without waiting,
 * and their results are taken off in order.
 *
 *   link_send ─► libpq's buffer ─► server ─► results, in the order of `waiting`
 *                                            [prepare][run][run][run][query][sync]
 *
 * A statement that fails fails its transaction: the failure is kept, every later call answers with
 * it, and link_reset rolls back and forgets it. A connection that is lost is STATUS_IO until
 * link_ready connects again; statements are prepared again then.
 *
 * Nothing here waits for ever: see postgres_connect.h, where SQLSTATEs become statuses too.
 *
 * A link belongs to one thread at a time.
 */
#ifndef HOLDFAST_LEDGER_POSTGRES_LINK_H
#define HOLDFAST_LEDGER_POSTGRES_LINK_H

#include "sync/ledger/store/store.h"

#include <libpq-fe.h>

struct link;

/* What is done with each new connection before it is used, in the ordinary mode. A failure ends it.
 */
struct link_start {
    enum status (*run)(void *context, PGconn *conn, struct error *error); /* NULL: nothing */
    void *context;
};

/* `uri` and `application` as postgres_connect takes them. Copied. */
enum status link_open(const char *uri, const char *application, const struct link_start *start,
                      struct link **out, struct error *error) MUST_USE;
void link_close(struct link *link); /* NULL is fine */

/* Whether there is a connection, as far as is known without asking. */
bool link_alive(struct link *link);
bool link_in_transaction(const struct link *link);
/* Connects again if it is lost. *fresh tells that it did. Blocks for at most POSTGRES_CONNECT_S. */
enum status link_ready(struct link *link, bool *fresh, struct error *error) MUST_USE;
/* Ends the transaction that is open, if one is, and forgets its failure. */
void link_reset(struct link *link);

/* Begins a transaction: `sql` is sent with what follows. Forgets nothing: after link_reset only. */
enum status link_begin(struct link *link, const char *sql, struct error *error) MUST_USE;
/* Sends COMMIT. With `wait`, until it is durable; without, the answer is looked at before the next
 * transaction (of readers, whose commit means nothing). *known: the server has answered, so that a
 * failure says that nothing was committed. */
enum status link_commit(struct link *link, bool wait, bool *known, struct error *error) MUST_USE;

/* A statement without rows. With `changed` its result is waited for. */
enum status link_run(struct link *link, const char *sql, const struct store_value *values,
                     int count, int64_t *changed, struct error *error) MUST_USE;

/* store_insert_many as COPY; leaves the pipeline for it, and waits for what is under way before. In
 * a transaction. */
enum status link_copy(struct link *link, const char *sql, const struct store_value *values,
                      int columns, int rows, struct error *error) MUST_USE;

struct link_query;
enum status link_query(struct link *link, const char *sql, const struct store_value *values,
                       int count, struct link_query **out, struct error *error) MUST_USE;
/* Rows arrive one by one off the wire. A statement that is sent before the last row was taken lets
 * the remaining ones be held in memory. */
enum status link_next(struct link_query *query, bool *row, struct error *error) MUST_USE;
void link_done(struct link_query *query);
const PGresult *link_row(const struct link_query *query); /* the row is number 0 */

#endif
