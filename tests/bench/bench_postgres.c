/* Entries taken in on PostgreSQL, beside bare inserts and COPY of the same rows there.
 *
 *   before.db ─ restored ─► base ─┬─ template ─► here     the batches are taken in
 *                                 ├─ template ─► bare     the rows by prepared statements
 *                                 └─ template ─► copied   those that are new, by COPY
 *
 * The cluster is the one that $HOLDFAST_TEST_DB names, as for the unit tests (packaging/postgres
 * start DIR --fsync prints such a URI): all three commit as it is told to.
 */
#include "tests/bench/offline.h"

#include "terminal/base/buf.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RUNS = 3, URI_SIZE = 256 };

/* That a database to be dropped is not there is no news. */
static void say_nothing(void *context, const char *message)
{
    (void)context;
    (void)message;
}

static enum status execute(const char *uri, const char *sql, struct error *error)
{
    PGconn *conn = PQconnectdb(uri);
    PQsetNoticeProcessor(conn, say_nothing, NULL);
    PGresult *result = PQexec(conn, sql);
    enum status status = PQresultStatus(result) == PGRES_COMMAND_OK
                             ? STATUS_OK
                             : error_set(error, STATUS_IO, "%s: %.80s", sql, PQerrorMessage(conn));
    PQclear(result);
    PQfinish(conn);
    return status;
}

/* The cluster's URI with a database of ours in place of its own. */
static void database_uri(const char *name, char out[URI_SIZE])
{
    const char *uri = getenv("HOLDFAST_TEST_DB");
    const char *own = strchr(uri + strlen("postgresql://"), '/') + 1;
    snprintf(out, URI_SIZE, "%.*shf_bench_%d_%s%s", (int)(own - uri), uri, (int)getpid(), name,
             own + strcspn(own, "?"));
}

static enum status drop(const char *name, struct error *error)
{
    char sql[128];
    snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS hf_bench_%d_%s", (int)getpid(), name);
    return execute(getenv("HOLDFAST_TEST_DB"), sql, error);
}

/* A copy of the base, and all of it on the disk. */
static enum status make(const char *name, char uri[URI_SIZE], struct error *error)
{
    char sql[192];
    enum status status = drop(name, error);
    snprintf(sql, sizeof sql, "CREATE DATABASE hf_bench_%d_%s TEMPLATE hf_bench_%d_base",
             (int)getpid(), name, (int)getpid());
    database_uri(name, uri);
    if (!status)
        status = execute(getenv("HOLDFAST_TEST_DB"), sql, error);
    return status ? status : execute(getenv("HOLDFAST_TEST_DB"), "CHECKPOINT", error);
}

static enum status make_base(const struct offline *offline, struct error *error)
{
    char sql[128], uri[URI_SIZE], from[128];
    snprintf(sql, sizeof sql, "CREATE DATABASE hf_bench_%d_base TEMPLATE template0", (int)getpid());
    snprintf(from, sizeof from, "%s/before.db", offline->shop->folder);
    database_uri("base", uri);
    enum status status = execute(getenv("HOLDFAST_TEST_DB"), sql, error);
    return status ? status : store_restore(uri, from, error);
}

struct medians {
    struct samples here, bare, copied;
};

static enum status measure(const struct offline *offline, struct medians *to, struct error *error)
{
    char uri[URI_SIZE];
    struct effort here = {0}, bare = {0}, copied = {0};
    enum status status = make("here", uri, error);
    if (!status)
        status = batches_ingest(&offline->batches, uri, NULL, &here, error);
    if (!status)
        status = make("bare", uri, error);
    if (!status)
        status = taken_insert(offline->taken, uri, &bare, error);
    if (!status)
        status = make("copied", uri, error);
    if (!status)
        status = taken_copy(offline->taken, uri, &copied, error);
    samples_add(&to->here, here.wall_s);
    samples_add(&to->bare, bare.wall_s);
    samples_add(&to->copied, copied.wall_s);
    return status;
}

enum status bench_postgres(struct bench *bench, struct error *error)
{
    static const char *const made[] = {"here", "bare", "copied", "base"};
    const char *uri = getenv("HOLDFAST_TEST_DB");
    const struct offline *offline;
    struct medians medians = {{0}, {0}, {0}};
    if (!uri || strncmp(uri, "postgresql://", 13) != 0) {
        fprintf(stderr, "holdfast-bench: postgres: $HOLDFAST_TEST_DB names no PostgreSQL: not "
                        "measured\n");
        return STATUS_OK;
    }
    enum status status = offline_make(bench, &offline, error);
    if (!status)
        status = make_base(offline, error);
    for (int i = 0; i < RUNS && !status; i++)
        status = measure(offline, &medians, error);
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        struct error ignored;
        (void)!drop(made[i], status ? &ignored : error);
    }
    double entries = (double)(status ? 0 : offline->batches.entries);
    if (!status) {
        bench_at_least(bench, "postgres", "entries taken in, no network, PostgreSQL",
                       entries / samples_at(&medians.here, 0.5),
                       entries / samples_at(&medians.bare, 0.5), "/s", 0.5,
                       ">= 0.5 x bare inserts");
        bench_at_least(bench, "postgres", "  beside COPY of the rows that are new",
                       entries / samples_at(&medians.here, 0.5),
                       entries / samples_at(&medians.copied, 0.5), "/s", 0, "(no budget)");
    }
    samples_finish(&medians.here);
    samples_finish(&medians.bare);
    samples_finish(&medians.copied);
    return status;
}
