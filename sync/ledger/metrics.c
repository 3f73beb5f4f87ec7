/* Counters and histograms. */
#include "sync/ledger/metrics.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* The answers that are told apart; any other one counts as the first of its hundred. */
static const int statuses[] = {200, 202, 206, 400, 401, 403, 404, 405,
                               409, 410, 413, 416, 429, 500, 503};
#define STATUS_COUNT (sizeof statuses / sizeof statuses[0])

/* Upper ends in microseconds. */
static const int64_t bounds[] = {1000,   2500,   5000,   10000,   25000,  50000,
                                 100000, 250000, 500000, 1000000, 5000000};
#define BOUND_COUNT (sizeof bounds / sizeof bounds[0])

struct route_counts {
    _Atomic int64_t answers[STATUS_COUNT];
    _Atomic int64_t took[BOUND_COUNT + 1];
    _Atomic int64_t sum_us;
};

struct metrics {
    _Atomic int64_t numbers[METRIC_COUNT];
    struct route_counts routes[METRICS_ROUTES];
};

struct metrics *metrics_new(void)
{
    return mem_alloc(sizeof(struct metrics));
}

void metrics_free(struct metrics *metrics)
{
    free(metrics);
}

static void add(_Atomic int64_t *number, int64_t amount)
{
    (void)atomic_fetch_add_explicit(number, amount, memory_order_relaxed);
}

static int64_t get(const _Atomic int64_t *number)
{
    return atomic_load_explicit(number, memory_order_relaxed);
}

void metrics_add(struct metrics *metrics, enum metric metric, int64_t amount)
{
    add(&metrics->numbers[metric], amount);
}

static size_t status_index(int http_status)
{
    size_t index = STATUS_COUNT - 1;

    for (size_t i = 0; i < STATUS_COUNT; i++) {
        if (statuses[i] == http_status)
            return i;
        if (statuses[i] / 100 == http_status / 100 && statuses[index] / 100 != http_status / 100)
            index = i;
    }
    return index;
}

void metrics_request(struct metrics *metrics, int route, int http_status, int64_t took_us)
{
    struct route_counts *counts;
    size_t bucket = 0;

    INVARIANT(route >= 0 && route < METRICS_ROUTES);
    counts = &metrics->routes[route];
    while (bucket < BOUND_COUNT && took_us > bounds[bucket])
        bucket++;
    add(&counts->answers[status_index(http_status)], 1);
    add(&counts->took[bucket], 1);
    add(&counts->sum_us, took_us);
}

enum status metrics_write_one(struct buf *out, const char *name, const char *type, int64_t value)
{
    return buf_printf(out, "# TYPE %s %s\n%s %" PRId64 "\n", name, type, name, value);
}

static enum status write_answers(const struct route_counts *counts, const char *name,
                                 struct buf *out)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < STATUS_COUNT && status == STATUS_OK; i++) {
        if (get(&counts->answers[i]) > 0)
            status =
                buf_printf(out, "holdfast_requests_total{route=\"%s\",status=\"%d\"} %" PRId64 "\n",
                           name, statuses[i], get(&counts->answers[i]));
    }
    return status;
}

static enum status write_histogram(const struct route_counts *counts, const char *name,
                                   struct buf *out)
{
    enum status status = STATUS_OK;
    int64_t total = 0;

    for (size_t i = 0; i < BOUND_COUNT && status == STATUS_OK; i++) {
        total += get(&counts->took[i]);
        status = buf_printf(out,
                            "holdfast_request_microseconds_bucket{route=\"%s\",le=\"%" PRId64
                            "\"} %" PRId64 "\n",
                            name, bounds[i], total);
    }
    total += get(&counts->took[BOUND_COUNT]);
    if (status == STATUS_OK)
        status =
            buf_printf(out,
                       "holdfast_request_microseconds_bucket{route=\"%s\",le=\"+Inf\"} %" PRId64
                       "\nholdfast_request_microseconds_sum{route=\"%s\"} %" PRId64
                       "\nholdfast_request_microseconds_count{route=\"%s\"} %" PRId64 "\n",
                       name, total, name, get(&counts->sum_us), name, total);
    return status;
}

static enum status write_numbers(const struct metrics *metrics, struct buf *out)
{
    static const struct {
        const char *name, *type;
    } names[METRIC_COUNT] = {
        [METRIC_LIMITED] = {"holdfast_requests_limited_total", "counter"},
        [METRIC_CUT_OFF] = {"holdfast_connections_cut_off_total", "counter"},
        [METRIC_REFUSED] = {"holdfast_requests_refused_early_total", "counter"},
        [METRIC_CONNECTIONS] = {"holdfast_connections", "gauge"},
        [METRIC_WAITS] = {"holdfast_waits", "gauge"},
        [METRIC_BODY_BYTES] = {"holdfast_body_bytes", "gauge"},
    };
    enum status status = STATUS_OK;

    for (int i = 0; i < METRIC_COUNT && status == STATUS_OK; i++)
        status = metrics_write_one(out, names[i].name, names[i].type, get(&metrics->numbers[i]));
    return status;
}

enum status metrics_write(struct metrics *metrics, const char *(*route_name)(int route, char *room),
                          struct buf *out)
{
    char room[METRICS_NAME_SIZE];
    const char *name;
    enum status status = write_numbers(metrics, out);

    if (status == STATUS_OK)
        status = buf_append_text(out, "# TYPE holdfast_requests_total counter\n");
    for (int i = 0; status == STATUS_OK && (name = route_name(i, room)) != NULL; i++)
        status = write_answers(&metrics->routes[i], name, out);
    if (status == STATUS_OK)
        status = buf_append_text(out, "# TYPE holdfast_request_microseconds histogram\n");
    for (int i = 0; status == STATUS_OK && (name = route_name(i, room)) != NULL; i++) {
        if (get(&metrics->routes[i].sum_us) > 0)
            status = write_histogram(&metrics->routes[i], name, out);
    }
    return status;
}
