/* The change feed: per scope, numbered transactions of rows.
 *
 *   scope "location:S01"   floor 3        position 7
 *                            │  4   5   6   7 │          change.body = row JSON, LF, row JSON, LF
 *
 * A transaction collects its rows in a draft; publishing takes each scope's counter, last of all in
 * the transaction, and so numbers the transactions densely from 1 in the order of their commits. A
 * cursor is a position; with floor <= cursor <= position everything after it can be told, below
 * the floor it can't: take a snapshot. The floor rises when old changes are compacted, and when a
 * transaction is too large to be told at all (its position is then the new floor).
 *
 * Thread-safe, but for drafts and sessions, which belong to their thread.
 */
#ifndef HOLDFAST_LEDGER_FEED_H
#define HOLDFAST_LEDGER_FEED_H

#include "sync/ledger/store/store.h"
#include "sync/protocol/message.h"
#include "terminal/base/status.h"
#include "terminal/catalogue/reference.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FEED_BULK_ROWS         20000               /* of one transaction and scope */
#define FEED_BULK_BYTES        ((size_t)4 << 20)   /* of one transaction and scope */
#define FEED_KEEP_TRANSACTIONS 10000               /* per scope */
#define FEED_KEEP_BYTES        ((int64_t)64 << 20) /* per scope */
#define FEED_ANSWER_BYTES      ((size_t)2 << 20)   /* an answer takes no more transactions then */

struct feed;

/* Reads the positions. `grown` (may be NULL) is called after every publication has committed, from
 * the writing thread; it must not block. */
enum status feed_open(struct store_session *session, void (*grown)(void *context), void *context,
                      struct feed **out, struct error *error) MUST_USE;
void feed_close(struct feed *feed); /* NULL is fine */
void feed_set_grown(struct feed *feed, void (*grown)(void *context), void *context);

/* What one transaction is going to tell. */
struct feed_draft;
struct feed_draft *feed_draft_new(void);
void feed_draft_free(struct feed_draft *draft); /* NULL is fine */
void feed_draft_clear(struct feed_draft *draft);

/* `row` is one {"t":...,"op":...,"row":...} without an LF. */
void feed_add(struct feed_draft *draft, const char *scope, const char *row, size_t length);
/* The row as a change of its own scope. */
void feed_add_row(struct feed_draft *draft, const struct reference_row *row, bool deleted);
/* The scope changes in a way that is not told row by row. */
void feed_add_bulk(struct feed_draft *draft, const char *scope);

/* Writes counters and changes, in the caller's transaction, as its last statements. */
enum status feed_publish(struct feed_draft *draft, struct store_session *session,
                         struct error *error) MUST_USE;
/* After the commit: readers that wait are woken. */
void feed_published(struct feed *feed, const struct feed_draft *draft);

/* The position and floor that are known to be committed; zeros for a scope without changes. */
struct feed_mark {
    int64_t position;
    int64_t floor;
};
struct feed_mark feed_mark(struct feed *feed, const char *scope);

/* Whether any cursor of the question is not at its scope's position (behind it, or beyond reach):
 * there is something to answer. */
bool feed_has_news(struct feed *feed, const struct changes_query *query);

/* Writes the answer to `query` from one read transaction. STATUS_NOT_FOUND when a cursor is below
 * the floor or beyond the position (answer 410); *out is worthless then. */
enum status feed_answer(struct store_session *session, const struct changes_query *query,
                        const struct id *incarnation, int64_t time_ms, struct buf *out,
                        struct error *error) MUST_USE;

#endif
