/* GET /metrics: what was counted, and what the database knows. */
#include "sync/ledger/routes.h"

#include <inttypes.h>
#include <stdio.h>

/* Figures of one number each. */
static const struct {
    const char *name, *type, *sql;
} figures[] = {
    {"holdfast_entries_total", "counter", "SELECT COALESCE(SUM(seq), 0) FROM epoch"},
    {"holdfast_devices", "gauge", "SELECT count(*) FROM device WHERE active = 1"},
    {"holdfast_suspense", "gauge", "SELECT count(*) FROM suspense"},
    {"holdfast_webhook_dead_total", "counter",
     "SELECT COALESCE(SUM(dead), 0) FROM webhook WHERE removed_ms = 0"},
    {"holdfast_webhook_waiting", "gauge",
     "SELECT count(*) FROM webhook JOIN event ON event.id > webhook.position "
     "WHERE webhook.removed_ms = 0"},
};

/* Times of the oldest of something, told as ages; 0 when there is none. */
static const struct {
    const char *name, *sql;
} oldest[] = {
    /* since its last entry, of the till that has been silent longest */
    {"holdfast_till_silence_milliseconds",
     "SELECT COALESCE(MIN(last.at_ms), 0) FROM (SELECT MAX(entry.received_ms) AS at_ms "
     "FROM device JOIN epoch ON epoch.device = device.device "
     "JOIN entry ON entry.id = epoch.number * 4294967296 + epoch.seq "
     "WHERE device.active = 1 GROUP BY device.device) AS last"},
    {"holdfast_exception_oldest_milliseconds",
     "SELECT COALESCE(MIN(at_ms), 0) FROM exception WHERE state <> 'settled'"},
    {"holdfast_webhook_oldest_milliseconds",
     "SELECT at_ms FROM event WHERE id > (SELECT MIN(position) FROM webhook "
     "WHERE removed_ms = 0) ORDER BY id LIMIT 1"},
};

static enum status write_figures(struct exchange *exchange, struct buf *out, struct error *error)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < sizeof figures / sizeof figures[0] && status == STATUS_OK; i++) {
        int64_t value = 0;
        status = store_one_int(exchange->reader, figures[i].sql, NULL, 0, 0, &value, error);
        if (status == STATUS_OK)
            status = metrics_write_one(out, figures[i].name, figures[i].type, value);
    }
    return status;
}

static enum status write_exceptions(struct exchange *exchange, struct buf *out, struct error *error)
{
    struct store_query *query;
    bool row = false;
    enum status status = buf_append_text(out, "# TYPE holdfast_exceptions_open gauge\n");

    if (status == STATUS_OK)
        status = store_query(exchange->reader,
                             "SELECT kind, count(*) FROM exception WHERE state <> 'settled' "
                             "GROUP BY kind ORDER BY kind",
                             NULL, 0, &query, error);
    while (status == STATUS_OK &&
           (status = store_next(exchange->reader, query, &row, error)) == STATUS_OK && row)
        status = buf_printf(out, "holdfast_exceptions_open{kind=\"%s\"} %" PRId64 "\n",
                            store_column_text(exchange->reader, query, 0),
                            store_column_int(exchange->reader, query, 1));
    return status;
}

static enum status write_ages(struct exchange *exchange, struct buf *out, struct error *error)
{
    int64_t now_ms = ledger_now_ms(exchange->ledger);
    enum status status = STATUS_OK;

    for (size_t i = 0; i < sizeof oldest / sizeof oldest[0] && status == STATUS_OK; i++) {
        int64_t at_ms = 0;
        status = store_one_int(exchange->reader, oldest[i].sql, NULL, 0, 0, &at_ms, error);
        if (status == STATUS_OK)
            status = metrics_write_one(out, oldest[i].name, "gauge",
                                       at_ms == 0 || at_ms > now_ms ? 0 : now_ms - at_ms);
    }
    return status;
}

static enum status write_size(struct exchange *exchange, struct buf *out, struct error *error)
{
    int64_t size;
    enum status status = store_size(exchange->reader, &size, error);

    return status == STATUS_OK ? metrics_write_one(out, "holdfast_database_bytes", "gauge", size)
                               : status;
}

static enum status write_commits(struct exchange *exchange, struct buf *out)
{
    int64_t commits, jobs;
    enum status status;

    writer_counts(exchange->ledger->writer, &commits, &jobs);
    status = metrics_write_one(out, "holdfast_commits_total", "counter", commits);
    if (status == STATUS_OK) /* jobs / commits: the size of a group */
        status = metrics_write_one(out, "holdfast_jobs_total", "counter", jobs);
    return status;
}

static enum status route_metrics(struct exchange *exchange, struct error *error)
{
    struct buf *out = &exchange->response->body;
    enum status status = metrics_write(exchange->ledger->metrics, ledger_route_name, out);

    exchange->response->status = 200;
    exchange->response->content_type = "text/plain; version=0.0.4; charset=utf-8";
    if (status == STATUS_OK)
        status = write_commits(exchange, out);
    if (status == STATUS_OK)
        status = write_size(exchange, out, error);
    if (status == STATUS_OK)
        status = write_figures(exchange, out, error);
    if (status == STATUS_OK)
        status = write_ages(exchange, out, error);
    if (status == STATUS_OK)
        status = write_exceptions(exchange, out, error);
    return status;
}

const struct route metrics_routes[] = {
    {"GET", "/metrics", false, ACCESS_TOKEN, SCOPE_METRICS, 0, route_metrics}, {0}};
