/* Two open hash tables of 16-byte digests of (keyid, nonce). */
#include "sync/ledger/nonces.h"

#include "sync/ledger/store/meta.h"
#include "terminal/base/buf.h"
#include "terminal/base/crypto.h"
#include "terminal/base/text.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 1024
#define LIFETIME_S  (2 * SIGNATURE_WINDOW_S)

struct digest {
    uint64_t low, high; /* both 0: an empty slot */
};

struct generation {
    struct digest *slots;
    size_t slot_count;
    size_t used;
    int64_t since_s;
};

struct nonces {
    pthread_mutex_t mutex;
    int64_t floor_s; /* what was signed before may have been seen by a ledger that crashed */
    int64_t quiet_s; /* until then nothing is taken */
    struct generation newer, older;
};

static struct generation generation_new(int64_t now_s)
{
    return (struct generation){.slots = mem_alloc(FIRST_SLOTS * sizeof(struct digest)),
                               .slot_count = FIRST_SLOTS,
                               .since_s = now_s};
}

static struct digest digest_of(const char *keyid, const char *nonce)
{
    struct hash_stream stream;
    struct hash hash;
    struct digest digest;

    hash_start(&stream);
    hash_update(&stream, keyid, strlen(keyid) + 1);
    hash_update(&stream, nonce, strlen(nonce));
    hash = hash_end(&stream);
    memcpy(&digest, hash.bytes, sizeof digest);
    digest.low |= 1; /* never the empty slot */
    return digest;
}

static struct digest *find_slot(const struct generation *generation, struct digest digest)
{
    size_t at = (size_t)digest.high & (generation->slot_count - 1);

    while (generation->slots[at].low != 0 &&
           (generation->slots[at].low != digest.low || generation->slots[at].high != digest.high))
        at = (at + 1) & (generation->slot_count - 1);
    return &generation->slots[at];
}

static bool holds(const struct generation *generation, struct digest digest)
{
    return find_slot(generation, digest)->low != 0;
}

static void add(struct generation *generation, struct digest digest)
{
    if ((generation->used + 1) * 2 > generation->slot_count) {
        struct generation grown = {.slot_count = generation->slot_count * 2,
                                   .used = generation->used,
                                   .since_s = generation->since_s};
        grown.slots = mem_alloc(grown.slot_count * sizeof *grown.slots);
        for (size_t i = 0; i < generation->slot_count; i++) {
            if (generation->slots[i].low != 0)
                *find_slot(&grown, generation->slots[i]) = generation->slots[i];
        }
        free(generation->slots);
        *generation = grown;
    }
    *find_slot(generation, digest) = digest;
    generation->used++;
}

/* ---- over a stop ---------------------------------------------------------------------------- */

/* ledger_meta.nonces: "open" while a ledger serves, "FLOOR QUIET" after a stop, "" in a new one. */
#define KEY  "nonces"
#define OPEN "open"

static void take(struct generation *generation, const struct digest *digests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (digests[i].low != 0 && !holds(generation, digests[i]))
            add(generation, digests[i]);
    }
}

static enum status load_generations(struct nonces *nonces, struct store_session *writing,
                                    struct error *error)
{
    struct store_query *query;
    bool row = false;
    enum status status =
        store_query(writing, "SELECT generation, since_s, digests FROM nonce ORDER BY generation",
                    NULL, 0, &query, error);

    if (status != STATUS_OK)
        return status;
    while ((status = store_next(writing, query, &row, error)) == STATUS_OK && row) {
        struct generation *generation =
            store_column_int(writing, query, 0) == 0 ? &nonces->newer : &nonces->older;
        size_t length;
        const void *bytes = store_column_blob(writing, query, 2, &length);
        struct digest *digests = mem_alloc(length + 1);
        if (length > 0)
            memcpy(digests, bytes, length);
        generation->since_s = store_column_int(writing, query, 1);
        take(generation, digests, length / sizeof *digests);
        free(digests);
    }
    store_done(writing, query);
    return status;
}

/* "FLOOR QUIET", as save writes it; `text` is cut in two. */
static bool read_mark(char *text, int64_t *floor_s, int64_t *quiet_s)
{
    char *space = strchr(text, ' ');

    if (space == NULL)
        return false;
    *space = '\0';
    return decimal_read(text, 0, floor_s) == STATUS_OK &&
           decimal_read(space + 1, 0, quiet_s) == STATUS_OK;
}

/* What is known of before: all of it after a stop, nothing after a crash or a restore. */
static enum status load(struct nonces *nonces, struct store_session *writing, int64_t now_s,
                        bool restored, struct error *error)
{
    char left[META_VALUE_SIZE];
    int64_t floor_s, quiet_s;
    enum status status = meta_get(writing, KEY, left, error);

    if (status != STATUS_OK || left[0] == '\0')
        return status;
    if (!restored && strcmp(left, OPEN) != 0 && read_mark(left, &floor_s, &quiet_s)) {
        nonces->floor_s = floor_s;
        nonces->quiet_s = quiet_s;
        return load_generations(nonces, writing, error);
    }
    nonces->floor_s = now_s;
    nonces->quiet_s = now_s + NONCES_AHEAD_S;
    return STATUS_OK;
}

/* The whole change of the table and its mark, as one transaction. */
static enum status forget(struct store_session *writing, struct error *error)
{
    enum status status = store_begin(writing, error);

    if (status != STATUS_OK)
        return status;
    status = store_run(writing, "DELETE FROM nonce", NULL, 0, error);
    if (status == STATUS_OK)
        status = meta_set(writing, KEY, OPEN, error);
    if (status == STATUS_OK)
        return store_commit(writing, error);
    store_rollback(writing);
    return status;
}

enum status nonces_open(struct store_session *writing, int64_t now_s, bool restored,
                        struct nonces **out, struct error *error)
{
    struct nonces *nonces = mem_alloc(sizeof *nonces);
    enum status status;

    (void)pthread_mutex_init(&nonces->mutex, NULL);
    nonces->newer = generation_new(now_s);
    nonces->older = generation_new(now_s);
    status = load(nonces, writing, now_s, restored, error);
    if (status == STATUS_OK)
        status = forget(writing, error);
    if (status != STATUS_OK) {
        nonces_close(nonces);
        return status;
    }
    *out = nonces;
    return STATUS_OK;
}

static enum status keep_generation(const struct generation *generation, int64_t number,
                                   struct store_session *writing, struct error *error)
{
    struct digest *digests = mem_alloc((generation->used + 1) * sizeof *digests);
    size_t used = 0;

    for (size_t i = 0; i < generation->slot_count; i++) {
        if (generation->slots[i].low != 0)
            digests[used++] = generation->slots[i];
    }
    struct store_value values[] = {store_int(number), store_int(generation->since_s),
                                   store_blob(digests, used * sizeof *digests)};
    enum status status =
        store_run(writing, "INSERT INTO nonce(generation, since_s, digests) VALUES(?1, ?2, ?3)",
                  values, 3, error);
    free(digests);
    return status;
}

enum status nonces_keep(const struct nonces *nonces, struct store_session *writing,
                        struct error *error)
{
    char mark[META_VALUE_SIZE];
    enum status status = store_begin(writing, error);

    if (status != STATUS_OK)
        return status;
    (void)snprintf(mark, sizeof mark, "%lld %lld", (long long)nonces->floor_s,
                   (long long)nonces->quiet_s);
    status = keep_generation(&nonces->newer, 0, writing, error);
    if (status == STATUS_OK)
        status = keep_generation(&nonces->older, 1, writing, error);
    if (status == STATUS_OK)
        status = meta_set(writing, KEY, mark, error);
    if (status == STATUS_OK)
        return store_commit(writing, error);
    store_rollback(writing);
    return status;
}

void nonces_close(struct nonces *nonces)
{
    if (nonces == NULL)
        return;
    (void)pthread_mutex_destroy(&nonces->mutex);
    free(nonces->newer.slots);
    free(nonces->older.slots);
    free(nonces);
}

/* ---- use ------------------------------------------------------------------------------------ */

/* A clock that was set back: what counts from its start follows, or nobody would be heard until it
 * has caught up. What has been seen is remembered for a whole lifetime more. */
static void follow_clock(struct nonces *nonces, int64_t now_s)
{
    if (now_s < nonces->newer.since_s)
        nonces->newer.since_s = now_s;
    if (now_s < nonces->floor_s) {
        nonces->floor_s = now_s;
        nonces->quiet_s = now_s + NONCES_AHEAD_S;
    }
}

static enum status check_time(const struct nonces *nonces, const struct signature_params *params,
                              int64_t now_s, struct error *error)
{
    if (params->created > now_s + NONCES_AHEAD_S)
        return error_set(error, STATUS_TIMEOUT, "signed %lld s ahead of the ledger's time",
                         (long long)(params->created - now_s));
    if (params->created > nonces->quiet_s)
        return STATUS_OK;
    if (params->created >= nonces->floor_s && now_s <= nonces->quiet_s)
        return error_set(error, STATUS_BUSY, "the ledger has just started");
    if (nonces->quiet_s > 0)
        return error_set(error, STATUS_TIMEOUT, "signed before the ledger started: sign anew");
    return STATUS_OK;
}

enum status nonces_use(struct nonces *nonces, const struct signature_params *params, int64_t now_s,
                       struct error *error)
{
    struct digest digest = digest_of(params->keyid, params->nonce);
    enum status status;

    (void)pthread_mutex_lock(&nonces->mutex);
    follow_clock(nonces, now_s);
    status = check_time(nonces, params, now_s, error);
    if (now_s - nonces->newer.since_s >= LIFETIME_S) {
        free(nonces->older.slots);
        nonces->older = nonces->newer;
        nonces->newer = generation_new(now_s);
    }
    if (status == STATUS_OK && (holds(&nonces->newer, digest) || holds(&nonces->older, digest)))
        status = error_set(error, STATUS_DENIED, "this request was made before");
    else if (status == STATUS_OK && nonces->newer.used >= NONCES_MAX)
        status = error_set(error, STATUS_BUSY, "too many requests");
    if (status == STATUS_OK)
        add(&nonces->newer, digest);
    (void)pthread_mutex_unlock(&nonces->mutex);
    return status;
}
