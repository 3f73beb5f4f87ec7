/* Offline sales of 3 lines on their way into the ledger, beside bare inserts of the very rows that
 * the ledger writes for them (taken.h says what bare is).
 *
 *   drain    holdfast-sync --once, from its start to its end: reading the journal, packing, HTTP,
 *            checks, projections, commits, and the changes that come back
 *   ingest   the same batches in one process, one after the other: what the ledger's part is
 */
#include "tests/bench/offline.h"

#include <sqlite3.h>
#include <stdio.h>

enum { RUNS = 3 };

static enum status count_sales(const char *path, int64_t *out, struct error *error)
{
    char uri[160];
    sqlite3 *db = NULL;
    sqlite3_stmt *count = NULL;
    snprintf(uri, sizeof uri, "file:%s?mode=ro&readonly_shm=1", path);
    bool counted =
        sqlite3_open_v2(uri, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "SELECT count(*) FROM entry WHERE kind='sale'", -1, &count, NULL) ==
            SQLITE_OK &&
        sqlite3_step(count) == SQLITE_ROW;
    *out = counted ? sqlite3_column_int64(count, 0) : 0;
    sqlite3_finalize(count);
    sqlite3_close(db);
    return counted ? STATUS_OK : error_set(error, STATUS_IO, "%s can't be read", path);
}

static enum status drain(struct bench *bench, const struct offline *offline, double *seconds,
                         struct error *error)
{
    char path[128];
    int64_t before = 0, after = 0;
    snprintf(path, sizeof path, "%s/ledger.db", offline->shop->folder);
    enum status status = count_sales(path, &before, error);
    if (!status)
        status = shop_sync(bench, offline->folder, seconds, error);
    if (!status)
        status = count_sales(path, &after, error);
    return status || after - before == offline->sales
               ? status
               : error_set(error, STATUS_INVALID, "%lld of %d sales have arrived",
                           (long long)(after - before), offline->sales);
}

/* Both, in turn, each time on a copy of the database as it was; the medians. */
static enum status compare(const struct offline *offline, struct effort *here, struct effort *bare,
                           struct error *error)
{
    struct samples samples[4] = {{0}};
    enum status status = STATUS_OK;
    for (int i = 0; i < RUNS && !status; i++) {
        char location[160];
        status = offline_copy(offline, "here", location, error);
        if (!status)
            status = batches_ingest(&offline->batches, location, NULL, here, error);
        offline_remove(location);
        if (!status)
            status = offline_copy(offline, "bare", location, error);
        if (!status)
            status = taken_insert(offline->taken, location, bare, error);
        offline_remove(location);
        samples_add(&samples[0], here->wall_s);
        samples_add(&samples[1], here->cpu_s);
        samples_add(&samples[2], bare->wall_s);
        samples_add(&samples[3], bare->cpu_s);
    }
    *here = (struct effort){samples_at(&samples[0], 0.5), samples_at(&samples[1], 0.5)};
    *bare = (struct effort){samples_at(&samples[2], 0.5), samples_at(&samples[3], 0.5)};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        samples_finish(&samples[i]);
    return status;
}

static void tell_rows(const struct offline *offline, char what[96], const char *text)
{
    snprintf(what, 96, "%s (%.1f rows each, %zu commits)", text,
             (double)taken_rows(offline->taken) / (double)offline->batches.entries,
             taken_transactions(offline->taken));
}

enum status bench_drain(struct bench *bench, struct error *error)
{
    const struct offline *offline;
    char what[96], text[48];
    double drain_s = 0;
    struct effort here = {0}, bare = {0};
    enum status status = offline_make(bench, &offline, error);
    if (!status)
        status = drain(bench, offline, &drain_s, error);
    if (!status)
        status = compare(offline, &here, &bare, error);
    if (status)
        return status;
    snprintf(text, sizeof text, "%d offline sales drained", offline->sales);
    tell_rows(offline, what, text);
    bench_at_least(bench, "drain", what, offline->sales / drain_s, offline->sales / bare.wall_s,
                   "/s", 0.5, ">= 0.5 x bare inserts");
    return STATUS_OK;
}

enum status bench_ingest(struct bench *bench, struct error *error)
{
    const struct offline *offline;
    struct effort here = {0}, bare = {0};
    enum status status = offline_make(bench, &offline, error);
    if (!status)
        status = compare(offline, &here, &bare, error);
    if (status)
        return status;
    double entries = (double)offline->batches.entries;
    bench_at_least(bench, "ingest", "entries taken in, no network, SQLite", entries / here.wall_s,
                   entries / bare.wall_s, "/s", 0.5, ">= 0.5 x bare inserts");
    bench_at_least(bench, "ingest", "  the same per second of processor time", entries / here.cpu_s,
                   entries / bare.cpu_s, "/s", 0, "(no budget)");
    return STATUS_OK;
}
