/* What was heard, and gaps: in memory, under one mutex; and the thread. What it does with the
 * database is in watch_chores.c. */
#include "sync/ledger/watch_chores.h"

#include "sync/ledger/finding.h"
#include "terminal/base/buf.h"
#include "terminal/base/log.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST_SLOTS 256
#define GAPS_MAX    256

struct gap {
    struct id epoch;
    char location[LOCATION_ID_SIZE];
    int64_t expected;
    int answers; /* 0: free */
    bool raised;
};

struct watch {
    struct store *store;
    struct writer *writer;
    struct clock clock;
    struct entropy entropy;
    int64_t started_ms;
    int64_t next_us; /* when watch_work is due */
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct heard *slots; /* open addressing; at_ms 0 is free */
    size_t slot_count, used;
    struct gap gaps[GAPS_MAX];
    size_t next_gap; /* the one to overwrite when all are in use */
    pthread_t thread;
    bool threaded, stopping;
};

/* --- heard --- */

static struct heard *find_slot(struct heard *slots, size_t count, const struct id *device)
{
    size_t at;

    memcpy(&at, device->bytes, sizeof at); /* ids are random */
    for (at &= count - 1; slots[at].at_ms != 0; at = (at + 1) & (count - 1)) {
        if (memcmp(slots[at].device.bytes, device->bytes, ID_SIZE) == 0)
            break;
    }
    return &slots[at];
}

static void grow(struct watch *watch)
{
    size_t count = watch->slot_count * 2;
    struct heard *slots = mem_alloc(count * sizeof *slots);

    for (size_t i = 0; i < watch->slot_count; i++) {
        if (watch->slots[i].at_ms != 0)
            *find_slot(slots, count, &watch->slots[i].device) = watch->slots[i];
    }
    free(watch->slots);
    watch->slots = slots;
    watch->slot_count = count;
}

void watch_heard(struct watch *watch, const struct id *device)
{
    struct heard *slot;
    int64_t now = clock_wall_ms(&watch->clock);

    (void)pthread_mutex_lock(&watch->mutex);
    if ((watch->used + 1) * 2 > watch->slot_count)
        grow(watch);
    slot = find_slot(watch->slots, watch->slot_count, device);
    watch->used += slot->at_ms == 0;
    *slot = (struct heard){.device = *device, .at_ms = now > 0 ? now : 1, .dirty = true};
    (void)pthread_mutex_unlock(&watch->mutex);
}

/* The devices that were heard of since the last time. *out is the caller's. */
static size_t take_heard(struct watch *watch, struct heard **out)
{
    size_t count = 0;

    (void)pthread_mutex_lock(&watch->mutex);
    *out = mem_alloc((watch->used + 1) * sizeof **out);
    for (size_t i = 0; i < watch->slot_count; i++) {
        if (watch->slots[i].at_ms != 0 && watch->slots[i].dirty)
            (*out)[count++] = watch->slots[i];
        watch->slots[i].dirty = false;
    }
    (void)pthread_mutex_unlock(&watch->mutex);
    return count;
}

/* --- gaps --- */

static struct gap *find_gap(struct watch *watch, const struct id *epoch)
{
    for (size_t i = 0; i < GAPS_MAX; i++) {
        if (watch->gaps[i].answers > 0 &&
            memcmp(watch->gaps[i].epoch.bytes, epoch->bytes, ID_SIZE) == 0)
            return &watch->gaps[i];
    }
    return NULL;
}

static struct gap *new_gap(struct watch *watch, const struct id *epoch)
{
    struct gap *gap = &watch->gaps[watch->next_gap];

    watch->next_gap = (watch->next_gap + 1) % GAPS_MAX;
    memset(gap, 0, sizeof *gap);
    gap->epoch = *epoch;
    return gap;
}

static void gap_cause(const struct gap *gap, char out[FINDING_CAUSE_SIZE])
{
    char hex[ID_HEX_SIZE];

    hex_write(gap->epoch.bytes, ID_SIZE, hex);
    (void)snprintf(out, FINDING_CAUSE_SIZE, "%s/%" PRId64, hex, gap->expected);
}

static enum status raise_gap(void *context, const struct writer_turn *turn, struct error *error)
{
    const struct gap *gap = context;
    char cause[FINDING_CAUSE_SIZE];
    struct finding finding = {.kind = "gap",
                              .location = gap->location,
                              .epoch = &gap->epoch,
                              .seq = gap->expected,
                              .cause = cause,
                              .again = true};

    gap_cause(gap, cause);
    return finding_add(turn->session, &finding, turn->now_ms, error,
                       "the till does not send entry %" PRId64 ", which it is asked for",
                       gap->expected);
}

static enum status end_gap(void *context, const struct writer_turn *turn, struct error *error)
{
    const struct gap *gap = context;
    char cause[FINDING_CAUSE_SIZE];

    gap_cause(gap, cause);
    return finding_over(turn->session, "gap", cause, turn->now_ms, "the entries have come", error);
}

enum status watch_gap(struct watch *watch, const struct id *epoch, const char *location,
                      int64_t expected, struct error *error)
{
    struct gap *gap, copy;
    struct writer_job job = {.run = raise_gap, .context = &copy};
    bool raise;

    (void)pthread_mutex_lock(&watch->mutex);
    gap = find_gap(watch, epoch);
    if (gap == NULL)
        gap = new_gap(watch, epoch);
    if (gap->expected != expected)
        gap->answers = 0;
    gap->expected = expected;
    (void)snprintf(gap->location, sizeof gap->location, "%s", location);
    gap->answers++;
    raise = gap->answers >= WATCH_GAP_ANSWERS && !gap->raised;
    gap->raised = gap->raised || raise;
    copy = *gap;
    (void)pthread_mutex_unlock(&watch->mutex);
    return raise ? writer_run(watch->writer, &job, error) : STATUS_OK;
}

enum status watch_filled(struct watch *watch, const struct id *epoch, int64_t seq,
                         struct error *error)
{
    struct gap *gap, copy = {.raised = false};
    struct writer_job job = {.run = end_gap, .context = &copy};

    (void)pthread_mutex_lock(&watch->mutex);
    gap = find_gap(watch, epoch);
    if (gap != NULL && seq >= gap->expected) {
        copy = *gap;
        memset(gap, 0, sizeof *gap);
    }
    (void)pthread_mutex_unlock(&watch->mutex);
    return copy.raised ? writer_run(watch->writer, &job, error) : STATUS_OK;
}

/* Gaps that were open when the ledger stopped: it must know that they are over. */
static enum status load_gaps(struct watch *watch, struct store_session *session,
                             struct error *error)
{
    struct store_query *query;
    bool row = false;
    enum status status = store_query(session,
                                     "SELECT epoch, location, seq FROM exception WHERE "
                                     "kind = 'gap' AND state <> 'settled' ORDER BY id DESC "
                                     "LIMIT 256",
                                     NULL, 0, &query, error);

    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row) {
        size_t length;
        struct id epoch;
        struct gap *gap;
        const void *bytes = store_column_blob(session, query, 0, &length);
        if (length != ID_SIZE)
            continue;
        memcpy(epoch.bytes, bytes, ID_SIZE);
        gap = new_gap(watch, &epoch);
        gap->expected = store_column_int(session, query, 2);
        gap->answers = WATCH_GAP_ANSWERS;
        gap->raised = true;
        (void)snprintf(gap->location, sizeof gap->location, "%s",
                       store_column_text(session, query, 1));
    }
    return status;
}

/* --- what is due --- */

enum status watch_run(struct watch *watch, struct error *error)
{
    struct chores chores = {
        .started_ms = watch->started_ms, .store = watch->store, .entropy = watch->entropy};
    struct heard *heard;
    enum status status;

    chores.heard_count = take_heard(watch, &heard);
    chores.heard = heard;
    status = chores_run(watch->writer, &chores, error);
    free(heard);
    return status;
}

static void run_due(struct watch *watch)
{
    struct error error;

    if (watch_run(watch, &error) != STATUS_OK)
        log_line(LOG_LEVEL_ERROR, "watch", "%s", error.text);
}

bool watch_work(struct watch *watch)
{
    int64_t now = clock_monotonic_us(&watch->clock);

    if (watch->threaded || now < watch->next_us)
        return false;
    watch->next_us = now + INT64_C(1000) * WATCH_PERIOD_MS;
    run_due(watch);
    return true;
}

static void *watch_thread(void *argument)
{
    struct watch *watch = argument;

    (void)pthread_mutex_lock(&watch->mutex);
    while (!watch->stopping) {
        struct timespec until;
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += WATCH_PERIOD_MS / 1000;
        if (pthread_cond_timedwait(&watch->wake, &watch->mutex, &until) == 0)
            continue;
        (void)pthread_mutex_unlock(&watch->mutex);
        run_due(watch);
        (void)pthread_mutex_lock(&watch->mutex);
    }
    (void)pthread_mutex_unlock(&watch->mutex);
    return NULL;
}

static void start_thread(struct watch *watch)
{
    pthread_condattr_t monotonic;

    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&watch->wake, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    if (watch->threaded) {
        int result = pthread_create(&watch->thread, NULL, watch_thread, watch);
        INVARIANT(result == 0);
    }
}

enum status watch_open(struct store *store, struct store_session *session, struct writer *writer,
                       const struct clock *clock, const struct entropy *entropy, bool threaded,
                       struct watch **out, struct error *error)
{
    struct watch *watch = mem_alloc(sizeof *watch);
    enum status status;

    watch->store = store;
    watch->writer = writer;
    watch->clock = *clock;
    watch->entropy = *entropy;
    watch->started_ms = clock_wall_ms(clock);
    watch->next_us = clock_monotonic_us(clock) + INT64_C(1000) * WATCH_PERIOD_MS;
    watch->slot_count = FIRST_SLOTS;
    watch->slots = mem_alloc(FIRST_SLOTS * sizeof *watch->slots);
    watch->threaded = threaded;
    (void)pthread_mutex_init(&watch->mutex, NULL);
    status = load_gaps(watch, session, error);
    if (status != STATUS_OK) {
        (void)pthread_mutex_destroy(&watch->mutex);
        free(watch->slots);
        free(watch);
        return status;
    }
    start_thread(watch);
    *out = watch;
    return STATUS_OK;
}

void watch_close(struct watch *watch)
{
    if (watch == NULL)
        return;
    if (watch->threaded) {
        (void)pthread_mutex_lock(&watch->mutex);
        watch->stopping = true;
        (void)pthread_cond_broadcast(&watch->wake);
        (void)pthread_mutex_unlock(&watch->mutex);
        (void)pthread_join(watch->thread, NULL);
    }
    run_due(watch); /* what was heard last is kept over a stop */
    (void)pthread_cond_destroy(&watch->wake);
    (void)pthread_mutex_destroy(&watch->mutex);
    free(watch->slots);
    free(watch);
}
