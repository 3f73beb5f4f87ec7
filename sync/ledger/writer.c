/* Group commit by a leader among the callers; no thread of its own. */
#include "sync/ledger/writer.h"

#include "sync/ledger/known.h"
#include "terminal/base/buf.h"

#include <pthread.h>
#include <stdlib.h>

#define GROUP_MAX   32
#define REPEATS_MAX 7

/* A queued job: on its caller's stack, which waits until `done`. */
struct ticket {
    const struct writer_job *job;
    struct ticket *next;
    enum status status;
    struct error error;
    bool done;
};

struct writer {
    pthread_mutex_t mutex;
    pthread_cond_t finished;
    struct ticket *first, **last;
    bool led; /* someone is writing */

    /* The leader's. */
    struct store_session *session;
    struct feed *feed;
    struct feed_draft *draft;
    struct known *known;
    struct clock clock;

    _Atomic int64_t commits, jobs;
};

struct writer *writer_new(struct store_session *session, struct feed *feed,
                          const struct clock *clock)
{
    struct writer *writer = mem_alloc(sizeof *writer);

    (void)pthread_mutex_init(&writer->mutex, NULL);
    (void)pthread_cond_init(&writer->finished, NULL);
    writer->last = &writer->first;
    writer->session = session;
    writer->feed = feed;
    writer->draft = feed_draft_new();
    writer->known = known_new();
    writer->clock = *clock;
    return writer;
}

void writer_free(struct writer *writer)
{
    if (writer == NULL)
        return;
    INVARIANT(writer->first == NULL && !writer->led);
    feed_draft_free(writer->draft);
    known_free(writer->known);
    (void)pthread_cond_destroy(&writer->finished);
    (void)pthread_mutex_destroy(&writer->mutex);
    free(writer);
}

/* One transaction over the tickets from `first` up to, not including, `end`. */
static enum status try_group(struct writer *writer, struct ticket *first, const struct ticket *end,
                             bool *begun, struct error *error)
{
    struct writer_turn turn = {.session = writer->session,
                               .feed = writer->draft,
                               .known = writer->known,
                               .now_ms = clock_wall_ms(&writer->clock)};
    enum status status = store_begin(writer->session, error);

    *begun = status == STATUS_OK;
    if (status != STATUS_OK)
        return status;
    feed_draft_clear(writer->draft);
    known_begin(writer->known);
    for (struct ticket *ticket = first; ticket != end && status == STATUS_OK; ticket = ticket->next)
        status = ticket->job->run(ticket->job->context, &turn, error);
    if (status == STATUS_OK)
        status = feed_publish(writer->draft, writer->session, error);
    if (status == STATUS_OK)
        status = store_commit(writer->session, error);
    if (status != STATUS_OK) {
        store_rollback(writer->session);
        known_forget(writer->known);
        return status;
    }
    feed_published(writer->feed, writer->draft);
    writer->commits++;
    for (struct ticket *ticket = first; ticket != end; ticket = ticket->next)
        writer->jobs++;
    return STATUS_OK;
}

/* A transaction that another one was in the way of is tried again, a few times. */
static enum status run_group(struct writer *writer, struct ticket *first, const struct ticket *end,
                             struct error *error)
{
    for (int attempt = 0;; attempt++) {
        bool begun = false;
        enum status status = try_group(writer, first, end, &begun, error);
        if (status != STATUS_BUSY || !begun || attempt == REPEATS_MAX)
            return status;
        store_pause(attempt);
    }
}

static void run_tickets(struct writer *writer, struct ticket *first)
{
    struct error error = {0};
    enum status status = STATUS_OK;

    if (first->next != NULL) {
        status = run_group(writer, first, NULL, &error);
        if (status == STATUS_OK) {
            for (struct ticket *ticket = first; ticket != NULL; ticket = ticket->next)
                ticket->status = STATUS_OK;
            return;
        }
    }
    for (struct ticket *ticket = first; ticket != NULL; ticket = ticket->next)
        ticket->status = run_group(writer, ticket, ticket->next, &ticket->error);
}

/* Takes up to GROUP_MAX tickets off the queue as a list of their own. */
static struct ticket *take_group(struct writer *writer)
{
    struct ticket *first = writer->first, *ticket = first;

    for (int i = 1; i < GROUP_MAX && ticket->next != NULL; i++)
        ticket = ticket->next;
    writer->first = ticket->next;
    if (writer->first == NULL)
        writer->last = &writer->first;
    ticket->next = NULL;
    return first;
}

/* Called with the mutex held; leads until the caller's own ticket is done. */
static void lead(struct writer *writer, const struct ticket *own)
{
    writer->led = true;
    while (!own->done) {
        struct ticket *group = take_group(writer);
        (void)pthread_mutex_unlock(&writer->mutex);
        run_tickets(writer, group);
        (void)pthread_mutex_lock(&writer->mutex);
        for (struct ticket *ticket = group, *next; ticket != NULL; ticket = next) {
            next = ticket->next; /* the ticket ends with its caller's wait */
            ticket->done = true;
        }
        (void)pthread_cond_broadcast(&writer->finished);
    }
    writer->led = false;
}

enum status writer_run(struct writer *writer, const struct writer_job *job, struct error *error)
{
    struct ticket ticket = {.job = job};

    (void)pthread_mutex_lock(&writer->mutex);
    *writer->last = &ticket;
    /* Every group is taken off the queue whole before its tickets are done, so the queue never
     * points at a ticket whose caller has left. */
    /* cppcheck-suppress autoVariables */
    writer->last = &ticket.next;
    while (!ticket.done) {
        if (!writer->led)
            lead(writer, &ticket);
        else
            (void)pthread_cond_wait(&writer->finished, &writer->mutex);
    }
    (void)pthread_mutex_unlock(&writer->mutex);
    if (ticket.status != STATUS_OK)
        return error_set(error, ticket.status, "%s", ticket.error.text);
    return STATUS_OK;
}

void writer_counts(const struct writer *writer, int64_t *commits, int64_t *jobs)
{
    *commits = writer->commits;
    *jobs = writer->jobs;
}
