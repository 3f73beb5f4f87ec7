/* The one door to the writing session: jobs that wait together commit together.
 *
 *   post ─┐
 *   post ─┼─► begin · job · job · job · feed counters · commit ─► every caller returns
 *   post ─┘       (one fsync for all)                              (its own result)
 *
 * The first caller to come leads: it takes all jobs that have queued up, runs them in order in one
 * transaction, and wakes the others when it is durable. When a job fails, the transaction is rolled
 * back and each of its jobs is run again alone, so that one's failure is never another's.
 */
#ifndef HOLDFAST_LEDGER_WRITER_H
#define HOLDFAST_LEDGER_WRITER_H

#include "sync/ledger/feed.h"
#include "sync/ledger/store/store.h"
#include "terminal/base/clock.h"

struct known;
struct writer;

/* What a job works with, inside the transaction. */
struct writer_turn {
    struct store_session *session;
    struct feed_draft *feed; /* what the transaction tells; published by the writer */
    struct known *known;     /* what is remembered between transactions; see known.h */
    int64_t now_ms;
};

/* A job. It may run more than once (each time from the same state of the database), so it sets its
 * results anew each time. Results count only when writer_run returns STATUS_OK. A job that finds
 * nothing to do, or refuses what it was asked, says so in its context and returns STATUS_OK. */
struct writer_job {
    enum status (*run)(void *context, const struct writer_turn *turn, struct error *error);
    void *context;
};

/* Borrows session and feed, both for as long as it lives. */
struct writer *writer_new(struct store_session *session, struct feed *feed,
                          const struct clock *clock);
void writer_free(struct writer *writer); /* no job may be running */

/* Runs the job; durable when this returns STATUS_OK. Any thread; blocks. */
enum status writer_run(struct writer *writer, const struct writer_job *job,
                       struct error *error) MUST_USE;

/* How many transactions were committed, and how many jobs they held, since writer_new. Any thread.
 */
void writer_counts(const struct writer *writer, int64_t *commits, int64_t *jobs);

#endif
