/* Two open hash tables of 16-byte digests of (keyid, nonce). */
#include "sync/ledger/nonces.h"

#include "sync/protocol/signature.h"
#include "terminal/base/buf.h"
#include "terminal/base/crypto.h"

#include <pthread.h>
#include <stdbool.h>
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
    struct generation newer, older;
};

static struct generation generation_new(int64_t now_s)
{
    return (struct generation){.slots = mem_alloc(FIRST_SLOTS * sizeof(struct digest)),
                               .slot_count = FIRST_SLOTS,
                               .since_s = now_s};
}

struct nonces *nonces_new(int64_t now_s)
{
    struct nonces *nonces = mem_alloc(sizeof *nonces);

    (void)pthread_mutex_init(&nonces->mutex, NULL);
    nonces->newer = generation_new(now_s);
    nonces->older = generation_new(now_s);
    return nonces;
}

void nonces_free(struct nonces *nonces)
{
    if (nonces == NULL)
        return;
    (void)pthread_mutex_destroy(&nonces->mutex);
    free(nonces->newer.slots);
    free(nonces->older.slots);
    free(nonces);
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

enum status nonces_use(struct nonces *nonces, const char *keyid, const char *nonce, int64_t now_s,
                       struct error *error)
{
    struct digest digest = digest_of(keyid, nonce);
    enum status status = STATUS_OK;

    (void)pthread_mutex_lock(&nonces->mutex);
    if (now_s - nonces->newer.since_s >= LIFETIME_S) {
        free(nonces->older.slots);
        nonces->older = nonces->newer;
        nonces->newer = generation_new(now_s);
    }
    if (holds(&nonces->newer, digest) || holds(&nonces->older, digest))
        status = error_set(error, STATUS_DENIED, "this request was made before");
    else if (nonces->newer.used >= NONCES_MAX)
        status = error_set(error, STATUS_BUSY, "too many requests");
    else
        add(&nonces->newer, digest);
    (void)pthread_mutex_unlock(&nonces->mutex);
    return status;
}
