/* Which engine the ledger's tests run on: $HOLDFAST_TEST_DB is "sqlite", or missing, or the URI of
 * a scratch cluster as packaging/postgres prints it. On PostgreSQL each ledger gets a database of
 * its own there. */
#ifndef HOLDFAST_TEST_ENGINE_FIXTURE_H
#define HOLDFAST_TEST_ENGINE_FIXTURE_H

#include "terminal/base/buf.h"

#include <libpq-fe.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENGINE_LOCATION_SIZE 256

static inline bool engine_is_postgres(void)
{
    const char *uri = getenv("HOLDFAST_TEST_DB");

    return uri != NULL && strncmp(uri, "postgresql://", 13) == 0;
}

/* "postgresql://USER@/postgres?host=DIR" with another database in place of `postgres`. */
static inline void engine_uri(const char *database, char out[ENGINE_LOCATION_SIZE])
{
    const char *uri = getenv("HOLDFAST_TEST_DB");
    const char *name = strchr(uri + 13, '/');

    INVARIANT(name != NULL);
    name++;
    (void)snprintf(out, ENGINE_LOCATION_SIZE, "%.*s%s%s", (int)(name - uri), uri, database,
                   name + strcspn(name, "?"));
}

/* The database of a URI made by engine_uri. */
static inline void engine_database(const char *uri, char out[64])
{
    const char *name = strchr(uri + 13, '/') + 1;

    (void)snprintf(out, 64, "%.*s", (int)strcspn(name, "?"), name);
}

static inline void engine_no_notice(void *context, const PGresult *result)
{
    (void)context, (void)result;
}

/* Runs one statement, on another session of the server; `uri` NULL is the database `postgres`.
 * Returns the first number of its result, 0 without one. Aborts on failure. */
static inline long engine_sql(const char *uri, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static inline long engine_sql(const char *uri, const char *format, ...)
{
    PGconn *conn = PQconnectdb(uri == NULL ? getenv("HOLDFAST_TEST_DB") : uri);
    char sql[512];
    PGresult *result;
    va_list values;
    long number = 0;

    (void)PQsetNoticeReceiver(conn, engine_no_notice, NULL);
    va_start(values, format);
    (void)vsnprintf(sql, sizeof sql, format, values);
    va_end(values);
    result = PQexec(conn, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK) {
        fprintf(stderr, "%s: %s\n", sql, PQerrorMessage(conn));
        abort();
    }
    if (PQntuples(result) > 0)
        number = strtol(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    PQfinish(conn);
    return number;
}

/* A location for a ledger that is not there yet; what belongs to it lies in `folder`. `other`: a
 * second one beside the first. */
static inline void engine_location(const char *folder, bool other, char out[ENGINE_LOCATION_SIZE])
{
    char name[64];

    if (!engine_is_postgres()) {
        (void)snprintf(out, ENGINE_LOCATION_SIZE, "sqlite:%s/%s.db", folder,
                       other ? "other" : "ledger");
        return;
    }
    /* The folder's name is mkdtemp's: it ends with six characters of its own. */
    (void)snprintf(name, sizeof name, "test_%s%s", folder + strlen(folder) - 6,
                   other ? "_other" : "");
    engine_uri(name, out);
    (void)setenv("XDG_STATE_HOME", folder, 1);
}

static inline void engine_remove(const char *folder)
{
    const char *name = folder + strlen(folder) - 6;

    if (!engine_is_postgres())
        return;
    (void)engine_sql(NULL, "DROP DATABASE IF EXISTS \"test_%s\" WITH (FORCE)", name);
    (void)engine_sql(NULL, "DROP DATABASE IF EXISTS \"test_%s_other\" WITH (FORCE)", name);
}

#endif
