/* Buckets in a hash table of fixed size. */
#include "sync/ledger/limits.h"

#include "terminal/base/buf.h"
#include "terminal/base/crypto.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define WAYS   8
#define SECOND INT64_C(1000000)

/* `full_us`: when it is full again, on the monotonic clock. Each turn puts that off by the time
 * that one turn takes to come back, so one number is the whole bucket. */
struct bucket {
    uint64_t key; /* 0: free */
    int64_t full_us;
};

struct limits {
    pthread_mutex_t mutex;
    uint64_t salt;
    struct bucket buckets[LIMITS_PLACES];
};

static const struct {
    int64_t turn_us; /* how long one turn takes to come back */
    int64_t burst;   /* turns in a full bucket */
} rates[LIMIT_KINDS] = {
    [LIMIT_ADDRESS] = {SECOND / 2000, 10000},
    [LIMIT_DEVICE] = {SECOND / 100, 1000},
    [LIMIT_TOKEN] = {SECOND / 200, 1000},
};

struct limits *limits_new(void)
{
    struct limits *limits = mem_alloc(sizeof *limits);
    struct entropy entropy = entropy_system();

    (void)pthread_mutex_init(&limits->mutex, NULL);
    entropy_fill(&entropy, &limits->salt, sizeof limits->salt);
    return limits;
}

void limits_free(struct limits *limits)
{
    if (limits == NULL)
        return;
    (void)pthread_mutex_destroy(&limits->mutex);
    free(limits);
}

/* Salted, so that nobody outside can choose keys that share a place. */
static uint64_t key_of(const struct limits *limits, enum limit_kind kind, const void *key,
                       size_t length)
{
    struct hash_stream stream;
    struct hash hash;
    uint64_t number;

    hash_start(&stream);
    hash_update(&stream, &limits->salt, sizeof limits->salt);
    hash_update(&stream, &kind, sizeof kind);
    hash_update(&stream, key, length);
    hash = hash_end(&stream);
    memcpy(&number, hash.bytes, sizeof number);
    return number | 1;
}

static struct bucket *find(struct limits *limits, uint64_t key)
{
    struct bucket *ways = &limits->buckets[(key >> 1) % (LIMITS_PLACES / WAYS) * WAYS];
    struct bucket *oldest = ways;

    for (int i = 0; i < WAYS; i++) {
        if (ways[i].key == key)
            return &ways[i];
        if (ways[i].full_us < oldest->full_us)
            oldest = &ways[i];
    }
    *oldest = (struct bucket){.key = key, .full_us = INT64_MIN};
    return oldest;
}

int64_t limits_take(struct limits *limits, enum limit_kind kind, const void *key, size_t length,
                    int64_t monotonic_us)
{
    uint64_t number = key_of(limits, kind, key, length);
    int64_t turn_us = rates[kind].turn_us, empty_us = turn_us * rates[kind].burst, wait_us;
    struct bucket *bucket;

    (void)pthread_mutex_lock(&limits->mutex);
    bucket = find(limits, number);
    if (bucket->full_us < monotonic_us)
        bucket->full_us = monotonic_us;
    wait_us = bucket->full_us + turn_us - (monotonic_us + empty_us);
    if (wait_us <= 0)
        bucket->full_us += turn_us;
    (void)pthread_mutex_unlock(&limits->mutex);
    return wait_us <= 0 ? 0 : wait_us / 1000 + 1;
}

int64_t limits_take_address(struct limits *limits, const struct sockaddr *address,
                            int64_t monotonic_us)
{
    const struct in6_addr *six;

    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)address;
        return limits_take(limits, LIMIT_ADDRESS, &four->sin_addr, sizeof four->sin_addr,
                           monotonic_us);
    }
    if (address->sa_family != AF_INET6)
        return 0;
    six = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    /* Behind a socket that takes both: they would all be of one network. */
    if (IN6_IS_ADDR_V4MAPPED(six))
        return limits_take(limits, LIMIT_ADDRESS, &six->s6_addr[12], 4, monotonic_us);
    return limits_take(limits, LIMIT_ADDRESS, six, 8, monotonic_us);
}
