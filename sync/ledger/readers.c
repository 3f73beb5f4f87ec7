/* A stack of idle sessions. */
#include "sync/ledger/readers.h"

#include "terminal/base/buf.h"

#include <pthread.h>
#include <stdlib.h>

#define IDLE_MAX 16

struct readers {
    pthread_mutex_t mutex;
    struct store *store;
    struct store_session *idle[IDLE_MAX];
    int count;
    int lent;
};

struct readers *readers_new(struct store *store)
{
    struct readers *readers = mem_alloc(sizeof *readers);

    (void)pthread_mutex_init(&readers->mutex, NULL);
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
    (void)pthread_mutex_destroy(&readers->mutex);
    free(readers);
}

enum status readers_take(struct readers *readers, struct store_session **out, struct error *error)
{
    enum status status = STATUS_OK;

    *out = NULL;
    (void)pthread_mutex_lock(&readers->mutex);
    if (readers->count > 0)
        *out = readers->idle[--readers->count];
    readers->lent++;
    (void)pthread_mutex_unlock(&readers->mutex);
    if (*out == NULL)
        status = store_session_open(readers->store, STORE_READER, out, error);
    if (status != STATUS_OK) {
        (void)pthread_mutex_lock(&readers->mutex);
        readers->lent--;
        (void)pthread_mutex_unlock(&readers->mutex);
    }
    return status;
}

void readers_give(struct readers *readers, struct store_session *session)
{
    bool kept;

    (void)pthread_mutex_lock(&readers->mutex);
    readers->lent--;
    kept = readers->count < IDLE_MAX;
    if (kept)
        readers->idle[readers->count++] = session;
    (void)pthread_mutex_unlock(&readers->mutex);
    if (!kept)
        store_session_close(session);
}
