/* Waiting questions. The thread looks at all of them after each growth: a few thousand comparisons
 * in memory, beside a commit that cost an fsync. */
#include "sync/ledger/http/waits.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define TICK_MS 250 /* how late a deadline may be answered */

struct waits {
    struct ledger *ledger;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct wait_entry *first;
    bool grown;
    bool ending; /* everything is over at once */
    bool stopping;
};

static void feed_grown(void *context)
{
    struct waits *waits = context;

    (void)pthread_mutex_lock(&waits->mutex);
    waits->grown = true;
    (void)pthread_cond_signal(&waits->changed);
    (void)pthread_mutex_unlock(&waits->mutex);
}

/* Takes those that are over off the list, as a list of their own. */
static struct wait_entry *take_over(struct waits *waits)
{
    int64_t now_us = clock_monotonic_us(&waits->ledger->clock);
    struct wait_entry *taken = NULL;

    for (struct wait_entry **at = &waits->first; *at != NULL;) {
        struct wait_entry *entry = *at;
        if (!waits->ending && !ledger_wait_over(waits->ledger, entry->wait, now_us)) {
            at = &entry->next;
            continue;
        }
        *at = entry->next;
        entry->next = taken;
        taken = entry;
    }
    return taken;
}

static void sleep_a_tick(struct waits *waits)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += TICK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    (void)pthread_cond_timedwait(&waits->changed, &waits->mutex, &until);
}

static void *waits_thread(void *argument)
{
    struct waits *waits = argument;

    (void)pthread_mutex_lock(&waits->mutex);
    while (!waits->stopping) {
        struct wait_entry *over, *next;
        waits->grown = false;
        over = take_over(waits);
        (void)pthread_mutex_unlock(&waits->mutex);
        for (; over != NULL; over = next) {
            next = over->next;
            over->over(over);
        }
        (void)pthread_mutex_lock(&waits->mutex);
        if (waits->grown || waits->stopping)
            continue;
        if (waits->first != NULL)
            sleep_a_tick(waits);
        else
            (void)pthread_cond_wait(&waits->changed, &waits->mutex);
    }
    (void)pthread_mutex_unlock(&waits->mutex);
    return NULL;
}

struct waits *waits_start(struct ledger *ledger)
{
    struct waits *waits = mem_alloc(sizeof *waits);
    pthread_condattr_t attributes;
    int result;

    waits->ledger = ledger;
    (void)pthread_mutex_init(&waits->mutex, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&waits->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    result = pthread_create(&waits->thread, NULL, waits_thread, waits);
    INVARIANT(result == 0);
    feed_set_grown(ledger->feed, feed_grown, waits);
    return waits;
}

void waits_add(struct waits *waits, struct wait_entry *entry)
{
    (void)pthread_mutex_lock(&waits->mutex);
    entry->next = waits->first;
    waits->first = entry;
    waits->grown = true; /* the feed may have grown between the question and now */
    (void)pthread_cond_signal(&waits->changed);
    (void)pthread_mutex_unlock(&waits->mutex);
}

void waits_end_all(struct waits *waits)
{
    (void)pthread_mutex_lock(&waits->mutex);
    waits->ending = true;
    waits->grown = true;
    (void)pthread_cond_signal(&waits->changed);
    (void)pthread_mutex_unlock(&waits->mutex);
}

void waits_stop(struct waits *waits)
{
    if (waits == NULL)
        return;
    feed_set_grown(waits->ledger->feed, NULL, NULL);
    (void)pthread_mutex_lock(&waits->mutex);
    waits->stopping = true;
    (void)pthread_cond_signal(&waits->changed);
    (void)pthread_mutex_unlock(&waits->mutex);
    (void)pthread_join(waits->thread, NULL);
    INVARIANT(waits->first == NULL);
    (void)pthread_cond_destroy(&waits->changed);
    (void)pthread_mutex_destroy(&waits->mutex);
    free(waits);
}
