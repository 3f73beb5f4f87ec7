/* A stack of idle sessions. */
#include "sync/ledger/store/readers.h"

#include "terminal/base/buf.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#define IDLE_MAX 16

struct readers {
    pthread_mutex_t mutex;
    pthread_cond_t given; /* by the monotonic clock */
    struct store *store;
    struct store_session *idle[IDLE_MAX];
    int count;
    int lent;
};

struct readers *readers_new(struct store *store)
{
    struct readers *readers = mem_alloc(sizeof *readers);
    pthread_condattr_t clock;

    (void)pthread_mutex_init(&readers->mutex, NULL);
    (void)pthread_condattr_init(&clock);
    (void)pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&readers->given, &clock);
    (void)pthread_condattr_destroy(&clock);
    readers->store = store;
    return readers;
}

void readers_free(struct readers *readers)
{
    if (readers == NULL)
        return;
    INVARIANT(readers->lent == 0);
    while (readers->count > 0)
        store_session_close(readers->idle[--readers->count]);
    (void)pthread_cond_destroy(&readers->given);
    (void)pthread_mutex_destroy(&readers->mutex);
    free(readers);
}

static struct timespec patience(void)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += READERS_PATIENCE_MS / 1000;
    return until;
}

/* With the mutex held: until one is idle or, with `more`, another may be opened. */
static bool wait_for_one(struct readers *readers, bool more)
{
    struct timespec until = patience();
    int waited = 0;

    while (readers->count == 0 && !(more && readers->lent < READERS_MAX) && waited == 0)
        waited = pthread_cond_timedwait(&readers->given, &readers->mutex, &until);
    return waited == 0;
}

/* With the mutex held. */
static struct store_session *take_idle(struct readers *readers)
{
    readers->lent++;
    return readers->count > 0 ? readers->idle[--readers->count] : NULL;
}

/* A server has only so many connections: what is lent comes back. */
static enum status instead(struct readers *readers, enum status status, struct store_session **out)
{
    (void)pthread_mutex_lock(&readers->mutex);
    readers->lent--;
    if (readers->lent + readers->count > 0 && wait_for_one(readers, false)) {
        *out = take_idle(readers);
        status = STATUS_OK;
    }
    (void)pthread_mutex_unlock(&readers->mutex);
    return status;
}

enum status readers_take(struct readers *readers, struct store_session **out, struct error *error)
{
    enum status status = STATUS_OK;
    bool found;

    *out = NULL;
    (void)pthread_mutex_lock(&readers->mutex);
    found = wait_for_one(readers, true);
    if (found)
        *out = take_idle(readers);
    (void)pthread_mutex_unlock(&readers->mutex);
    if (!found)
        return error_set(error, STATUS_BUSY, "every reading session is in use");
    if (*out == NULL)
        status = store_session_open(readers->store, STORE_READER, out, error);
    return status == STATUS_OK ? STATUS_OK : instead(readers, status, out);
}

void readers_give(struct readers *readers, struct store_session *session)
{
    bool kept;

    (void)pthread_mutex_lock(&readers->mutex);
    readers->lent--;
    kept = readers->count < IDLE_MAX;
    if (kept)
        readers->idle[readers->count++] = session;
    (void)pthread_cond_signal(&readers->given);
    (void)pthread_mutex_unlock(&readers->mutex);
    if (!kept)
        store_session_close(session);
}
