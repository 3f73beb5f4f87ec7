/* GET /metrics: what was counted, and what the database knows. */
#include "sync/ledger/routes.h"
#include "terminal/base/fs.h"

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

/* How long the till has been silent that has been silent longest: since its last entry. */
static enum status write_silence(struct exchange *exchange, struct buf *out, struct error *error)
{
    int64_t last_ms = 0, now_ms = ledger_now_ms(exchange->ledger);
    enum status status = store_one_int(
        exchange->reader,
        "SELECT COALESCE(MIN(last.at_ms), 0) FROM (SELECT MAX(entry.received_ms) AS at_ms "
        "FROM device JOIN epoch ON epoch.device = device.device "
        "JOIN entry ON entry.id = epoch.number * 4294967296 + epoch.seq "
        "WHERE device.active = 1 GROUP BY device.device) AS last",
        NULL, 0, 0, &last_ms, error);

    if (status != STATUS_OK)
        return status;
    return metrics_write_one(out, "holdfast_till_silence_milliseconds", "gauge",
                             last_ms == 0 ? 0 : now_ms - last_ms);
}

static enum status write_size(struct exchange *exchange, struct buf *out)
{
    struct stat facts;
    const char *path = store_path(exchange->ledger->store);
    int64_t size = fs_stat(path, &facts) == 0 ? facts.st_size : 0;

    return metrics_write_one(out, "holdfast_database_bytes", "gauge", size);
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
        status = write_size(exchange, out);
    if (status == STATUS_OK)
        status = write_figures(exchange, out, error);
    if (status == STATUS_OK)
        status = write_silence(exchange, out, error);
    if (status == STATUS_OK)
        status = write_exceptions(exchange, out, error);
    return status;
}

const struct route metrics_routes[] = {
    {"GET", "/metrics", false, ACCESS_TOKEN, SCOPE_METRICS, 0, route_metrics}, {0}};
