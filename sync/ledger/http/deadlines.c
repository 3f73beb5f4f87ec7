/* A list of connections and a thread that walks it. Sockets are shut down under the mutex that
 * removing takes, too: a number is never that of another connection by then. */
#include "sync/ledger/http/deadlines.h"

#include "terminal/base/buf.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define NEVER INT64_MAX

struct deadline {
    struct deadline *next, **link;
    int64_t until_s;
    int socket;
};

struct deadlines {
    pthread_mutex_t mutex;
    pthread_cond_t stop;
    pthread_t thread;
    struct deadline *first;
    bool stopping;
    int patience_s;
    void (*cut)(void *context);
    void *context;
};

static int64_t now_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static void cut_late_ones(struct deadlines *deadlines)
{
    int64_t now = now_s();

    for (struct deadline *at = deadlines->first; at != NULL; at = at->next) {
        if (now < at->until_s)
            continue;
        at->until_s = NEVER;
        (void)shutdown(at->socket, SHUT_RDWR);
        deadlines->cut(deadlines->context);
    }
}

static void *watch(void *argument)
{
    struct deadlines *deadlines = argument;
    struct timespec until;

    (void)pthread_mutex_lock(&deadlines->mutex);
    while (!deadlines->stopping) {
        cut_late_ones(deadlines);
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec++;
        (void)pthread_cond_timedwait(&deadlines->stop, &deadlines->mutex, &until);
    }
    (void)pthread_mutex_unlock(&deadlines->mutex);
    return NULL;
}

struct deadlines *deadlines_start(int patience_s, void (*cut)(void *context), void *context)
{
    struct deadlines *deadlines = mem_alloc(sizeof *deadlines);
    pthread_condattr_t attributes;
    int result;

    deadlines->patience_s = patience_s;
    deadlines->cut = cut;
    deadlines->context = context;
    (void)pthread_mutex_init(&deadlines->mutex, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&deadlines->stop, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    result = pthread_create(&deadlines->thread, NULL, watch, deadlines);
    INVARIANT(result == 0);
    return deadlines;
}

void deadlines_stop(struct deadlines *deadlines)
{
    if (deadlines == NULL)
        return;
    (void)pthread_mutex_lock(&deadlines->mutex);
    deadlines->stopping = true;
    (void)pthread_cond_signal(&deadlines->stop);
    (void)pthread_mutex_unlock(&deadlines->mutex);
    (void)pthread_join(deadlines->thread, NULL);
    INVARIANT(deadlines->first == NULL);
    (void)pthread_cond_destroy(&deadlines->stop);
    (void)pthread_mutex_destroy(&deadlines->mutex);
    free(deadlines);
}

static int64_t headers_until(const struct deadlines *deadlines)
{
    return now_s() + deadlines->patience_s + deadlines->patience_s / 2;
}

struct deadline *deadlines_add(struct deadlines *deadlines, int socket)
{
    struct deadline *deadline = mem_alloc(sizeof *deadline);

    deadline->socket = socket;
    deadline->until_s = headers_until(deadlines);
    (void)pthread_mutex_lock(&deadlines->mutex);
    deadline->next = deadlines->first;
    deadline->link = &deadlines->first;
    if (deadline->next != NULL)
        deadline->next->link = &deadline->next;
    deadlines->first = deadline;
    (void)pthread_mutex_unlock(&deadlines->mutex);
    return deadline;
}

void deadlines_remove(struct deadlines *deadlines, struct deadline *deadline)
{
    (void)pthread_mutex_lock(&deadlines->mutex);
    *deadline->link = deadline->next;
    if (deadline->next != NULL)
        deadline->next->link = deadline->link;
    (void)pthread_mutex_unlock(&deadlines->mutex);
    free(deadline);
}

static void set(struct deadlines *deadlines, struct deadline *deadline, int64_t until_s)
{
    (void)pthread_mutex_lock(&deadlines->mutex);
    deadline->until_s = until_s;
    (void)pthread_mutex_unlock(&deadlines->mutex);
}

void deadline_headers(struct deadlines *deadlines, struct deadline *deadline)
{
    set(deadlines, deadline, headers_until(deadlines));
}

void deadline_transfer(struct deadlines *deadlines, struct deadline *deadline, int64_t bytes)
{
    set(deadlines, deadline, now_s() + deadlines->patience_s + bytes / DEADLINE_BYTES);
}

void deadline_none(struct deadlines *deadlines, struct deadline *deadline)
{
    set(deadlines, deadline, NEVER);
}
