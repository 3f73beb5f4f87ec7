/* Signatures, epoch by epoch, in slices that each end in a small transaction.
 *
 *   poke ──► wait until no poke came for QUIET_MS, at most PATIENCE_MS ──► slices to the head
 *
 * While tills upload their backlog the processors are theirs: a check is as good some seconds
 * later. The patience is counted from the first poke that is not worked off, so that a shop where
 * someone always uploads is checked too.
 */
#include "sync/ledger/verifier.h"

#include "sync/ledger/finding.h"
#include "sync/ledger/store/schema.h"
#include "terminal/base/log.h"
#include "terminal/journal/device.h"
#include "terminal/journal/entry.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SLICE       500
#define BACKGROUND  10 /* nice: entries are taken in first */
#define QUIET_MS    500
#define PATIENCE_MS 10000

struct verifier {
    struct readers *readers;
    struct writer *writer;
    bool threaded;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int64_t asked;             /* pokes so far */
    int64_t done;              /* of those, how many are worked off */
    int64_t hurry;             /* at once, while fewer than these are worked off */
    int64_t first_ms, last_ms; /* monotonic: of the pokes that are not worked off */
    bool stopping;
};

/* One epoch's next entries, and what was found wrong with them. */
struct slice {
    int64_t number;
    struct id epoch;
    struct public_key key;
    char location[LOCATION_ID_SIZE];
    int64_t from, to; /* verified mark before and after */
    int64_t bad[SLICE];
    int bad_count;
};

/* An epoch with entries behind its mark; slice->number is 0 when there is none. */
static enum status find_epoch(struct store_session *session, struct slice *slice,
                              struct error *error)
{
    struct store_query *query;
    bool row = false;
    size_t id_length, key_length;
    enum status status = store_query(
        session,
        "SELECT number, epoch, epoch_key, location, verified FROM epoch WHERE verified < seq "
        "LIMIT 1",
        NULL, 0, &query, error);

    memset(slice, 0, sizeof *slice);
    if (status == STATUS_OK)
        status = store_next(session, query, &row, error);
    if (status != STATUS_OK || !row)
        return status;
    const void *id = store_column_blob(session, query, 1, &id_length);
    const void *key = store_column_blob(session, query, 2, &key_length);
    const char *location = store_column_text(session, query, 3);
    if (id_length == ID_SIZE && key_length == PUBLIC_KEY_SIZE &&
        strlen(location) < sizeof slice->location) {
        memcpy(slice->epoch.bytes, id, ID_SIZE);
        memcpy(slice->key.bytes, key, PUBLIC_KEY_SIZE);
        strcpy(slice->location, location);
        slice->number = store_column_int(session, query, 0);
        slice->from = store_column_int(session, query, 4);
    }
    store_done(session, query);
    return slice->number != 0 ? STATUS_OK
                              : error_set(error, STATUS_CORRUPT, "an epoch's row is damaged");
}

static void check_row(struct store_session *session, struct store_query *query, struct slice *slice)
{
    size_t hash_length, signature_length, length;
    const void *hash = store_column_blob(session, query, 1, &hash_length);
    const void *signature = store_column_blob(session, query, 2, &signature_length);
    const char *bytes = store_column_blob(session, query, 3, &length);
    struct hash recorded;
    struct signature signed_with;
    bool sound = hash_length == HASH_SIZE && signature_length == SIGNATURE_SIZE;

    slice->to = schema_entry_seq(store_column_int(session, query, 0));
    if (sound) {
        static const struct signature none;

        memcpy(recorded.bytes, hash, HASH_SIZE);
        memcpy(signed_with.bytes, signature, SIGNATURE_SIZE);
        if (bytes == NULL && memcmp(none.bytes, signature, SIGNATURE_SIZE) == 0)
            return; /* lost at the till: filed as damaged already */
        sound = entry_signature_valid(&recorded, &signed_with, &slice->key);
    }
    if (sound && bytes != NULL) {
        struct hash actual = entry_hash(bytes, length);
        sound = hash_equal(&recorded, &actual);
    }
    if (!sound)
        slice->bad[slice->bad_count++] = slice->to;
}

static enum status check_slice(struct store_session *session, struct slice *slice,
                               struct error *error)
{
    struct store_value values[] = {store_int(schema_entry_id(slice->number, slice->from + 1)),
                                   store_int(schema_entry_id(slice->number, UINT32_MAX)),
                                   store_int(SLICE)};
    struct store_query *query;
    bool row = false;
    enum status status = store_query(session,
                                     "SELECT id, hash, signature, bytes FROM entry "
                                     "WHERE id >= ?1 AND id <= ?2 ORDER BY id LIMIT ?3",
                                     values, 3, &query, error);

    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row)
        check_row(session, query, slice);
    return status;
}

static enum status mark_slice(void *context, const struct writer_turn *turn, struct error *error)
{
    const struct slice *slice = context;
    struct store_value values[] = {store_int(slice->number), store_int(slice->to)};
    enum status status = store_run(
        turn->session, "UPDATE epoch SET verified = ?2 WHERE number = ?1", values, 2, error);

    for (int i = 0; i < slice->bad_count && status == STATUS_OK; i++) {
        struct finding finding = {.kind = "signature",
                                  .location = slice->location,
                                  .epoch = &slice->epoch,
                                  .seq = slice->bad[i]};
        status = finding_add(turn->session, &finding, turn->now_ms, error,
                             "the signature of entry %lld does not hold", (long long)slice->bad[i]);
    }
    return status;
}

/* *more is false when every epoch is verified to its head. */
static enum status work(struct verifier *verifier, bool *more, struct error *error)
{
    struct slice *slice = mem_alloc(sizeof *slice);
    struct writer_job job = {.run = mark_slice, .context = slice};
    struct store_session *session;
    enum status status = readers_take(verifier->readers, &session, error);

    *more = false;
    if (status == STATUS_OK) {
        status = store_begin_read(session, error);
        if (status == STATUS_OK)
            status = find_epoch(session, slice, error);
        if (status == STATUS_OK && slice->number != 0)
            status = check_slice(session, slice, error);
        store_rollback(session);
        readers_give(verifier->readers, session);
    }
    if (status == STATUS_OK && slice->number != 0) {
        INVARIANT(slice->to > slice->from);
        *more = true;
        status = writer_run(verifier->writer, &job, error);
    }
    free(slice);
    return status;
}

static bool stopping(struct verifier *verifier)
{
    bool result;

    (void)pthread_mutex_lock(&verifier->mutex);
    result = verifier->stopping;
    (void)pthread_mutex_unlock(&verifier->mutex);
    return result;
}

static int64_t mono_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* When the entries of the last pokes are to be checked: the mutex is held. */
static int64_t due_ms(const struct verifier *verifier)
{
    int64_t quiet = verifier->last_ms + QUIET_MS, patience = verifier->first_ms + PATIENCE_MS;

    if (verifier->hurry > verifier->done)
        return 0;
    return quiet < patience ? quiet : patience;
}

/* Returns when there is work and its time has come, or when the thread is to stop: the mutex is
 * held. */
static void wait_for_work(struct verifier *verifier)
{
    while (!verifier->stopping) {
        int64_t due = due_ms(verifier);
        struct timespec until = {.tv_sec = (time_t)(due / 1000),
                                 .tv_nsec = (long)(due % 1000) * 1000000L};
        if (verifier->asked == verifier->done)
            (void)pthread_cond_wait(&verifier->changed, &verifier->mutex);
        else if (due > mono_ms())
            (void)pthread_cond_timedwait(&verifier->changed, &verifier->mutex, &until);
        else
            return;
    }
}

/* A poke, or more, came in: the mutex is held. Only a hurry wakes the thread from its patience. */
static void note_poke(struct verifier *verifier, bool hurry)
{
    bool idle = verifier->asked == verifier->done;

    verifier->last_ms = mono_ms();
    if (idle)
        verifier->first_ms = verifier->last_ms;
    verifier->asked++;
    if (hurry)
        verifier->hurry = verifier->asked;
    if (idle || hurry)
        (void)pthread_cond_broadcast(&verifier->changed);
}

static void *verifier_thread(void *argument)
{
    struct verifier *verifier = argument;

    (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), BACKGROUND);
    (void)pthread_mutex_lock(&verifier->mutex);
    for (wait_for_work(verifier); !verifier->stopping; wait_for_work(verifier)) {
        int64_t asked = verifier->asked;
        bool more = true;
        struct error error;
        verifier->first_ms = mono_ms(); /* of those that come from now on */
        (void)pthread_mutex_unlock(&verifier->mutex);
        while (more && !stopping(verifier)) {
            if (work(verifier, &more, &error) != STATUS_OK) {
                log_line(LOG_LEVEL_ERROR, "verifier", "%s", error.text);
                more = false; /* the next poke tries again */
            }
        }
        (void)pthread_mutex_lock(&verifier->mutex);
        verifier->done = asked;
        (void)pthread_cond_broadcast(&verifier->changed);
    }
    (void)pthread_mutex_unlock(&verifier->mutex);
    return NULL;
}

struct verifier *verifier_start(struct readers *readers, struct writer *writer, bool threaded)
{
    struct verifier *verifier = mem_alloc(sizeof *verifier);
    pthread_condattr_t attributes;

    verifier->readers = readers;
    verifier->writer = writer;
    verifier->asked = 1;
    verifier->hurry = 1;
    (void)pthread_mutex_init(&verifier->mutex, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&verifier->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    verifier->threaded = threaded;
    if (threaded) {
        int result = pthread_create(&verifier->thread, NULL, verifier_thread, verifier);
        INVARIANT(result == 0);
    }
    return verifier;
}

void verifier_stop(struct verifier *verifier)
{
    if (verifier == NULL)
        return;
    (void)pthread_mutex_lock(&verifier->mutex);
    verifier->stopping = true;
    (void)pthread_cond_broadcast(&verifier->changed);
    (void)pthread_mutex_unlock(&verifier->mutex);
    if (verifier->threaded)
        (void)pthread_join(verifier->thread, NULL);
    (void)pthread_cond_destroy(&verifier->changed);
    (void)pthread_mutex_destroy(&verifier->mutex);
    free(verifier);
}

void verifier_poke(struct verifier *verifier)
{
    (void)pthread_mutex_lock(&verifier->mutex);
    note_poke(verifier, false);
    (void)pthread_mutex_unlock(&verifier->mutex);
}

bool verifier_work(struct verifier *verifier)
{
    bool more = false;
    struct error error;

    INVARIANT(!verifier->threaded);
    if (verifier->asked == verifier->done)
        return false;
    if (work(verifier, &more, &error) != STATUS_OK) {
        log_line(LOG_LEVEL_ERROR, "verifier", "%s", error.text);
        more = false;
    }
    if (!more)
        verifier->done = verifier->asked;
    return more;
}

void verifier_wait(struct verifier *verifier)
{
    int64_t until;

    INVARIANT(verifier->threaded);

    (void)pthread_mutex_lock(&verifier->mutex);
    note_poke(verifier, true);
    until = verifier->asked;
    while (verifier->done < until && !verifier->stopping)
        (void)pthread_cond_wait(&verifier->changed, &verifier->mutex);
    (void)pthread_mutex_unlock(&verifier->mutex);
}
