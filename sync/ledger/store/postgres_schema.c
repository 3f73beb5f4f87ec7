/* Schema, lock and owner of a PostgreSQL ledger. */
#include "sync/ledger/store/postgres_schema.h"

#include "sync/ledger/store/postgres_connect.h"
#include "sync/ledger/store/postgres_sql.h"
#include "sync/ledger/store/schema.h"
#include "terminal/catalogue/reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* "Holdfast": advisory locks are numbers, per database. */
#define LOCK_SQL   "SELECT pg_try_advisory_lock(5219112361042474868)::int"
#define LOCK_TRIES 20
#define LOCK_PAUSE (INT64_C(50) * 1000 * 1000)

enum status postgres_number(PGconn *conn, const char *sql, int64_t *out, struct error *error)
{
    PGresult *result;
    enum status status = postgres_exec(conn, sql, PGRES_TUPLES_OK, &result, error);

    if (status != STATUS_OK)
        return status;
    *out = PQntuples(result) > 0 ? strtoll(PQgetvalue(result, 0, 0), NULL, 10) : 0;
    PQclear(result);
    return STATUS_OK;
}

static enum status run(PGconn *conn, const char *sql, struct error *error)
{
    return postgres_exec(conn, sql, PGRES_COMMAND_OK, NULL, error);
}

static bool has_database(PGconn *conn, const char *name)
{
    PGresult *result = PQexecParams(conn, "SELECT 1 FROM pg_database WHERE datname = $1", 1, NULL,
                                    &name, NULL, NULL, 0);
    bool found = PQntuples(result) > 0;

    PQclear(result);
    return found;
}

static enum status create_named(PGconn *conn, const char *name, struct error *error)
{
    char *quoted = PQescapeIdentifier(conn, name, strlen(name));
    struct buf sql;
    enum status status;

    buf_init(&sql, 4096);
    status = buf_printf(&sql,
                        "CREATE DATABASE %s TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' "
                        "LC_CTYPE 'C'",
                        quoted == NULL ? "" : quoted);
    PQfreemem(quoted);
    if (status == STATUS_OK)
        status = run(conn, buf_text(&sql), error);
    buf_finish(&sql);
    return status;
}

/* A server that we may not look around in may still have the database: connecting to it tells. */
enum status postgres_create_database(const char *uri, struct error *error)
{
    char *name;
    PGconn *conn;
    enum status status = postgres_database_name(uri, &name, error);

    if (status != STATUS_OK)
        return status;
    if (strcmp(name, "template0") == 0 || strcmp(name, "template1") == 0) {
        (void)error_set(error, STATUS_INVALID, "%s is what new databases are copied from", name);
        free(name);
        return STATUS_INVALID;
    }
    conn = postgres_connect_other(uri, "postgres");
    if (PQstatus(conn) == CONNECTION_OK && name[0] != '\0' && !has_database(conn, name))
        status = create_named(conn, name, error);
    PQfinish(conn);
    free(name);
    return status;
}

enum status postgres_schema_version(PGconn *conn, int *out, struct error *error)
{
    int64_t version = 0;
    enum status status = postgres_number(
        conn, "SELECT (to_regclass('holdfast_state') IS NOT NULL)::int", &version, error);

    if (status == STATUS_OK && version != 0)
        status = postgres_number(conn, "SELECT version FROM holdfast_state", &version, error);
    if (status == STATUS_OK && version > schema_version())
        status = error_set(error, STATUS_UNSUPPORTED,
                           "the database's version %lld is later than the %d this program knows",
                           (long long)version, schema_version());
    *out = status == STATUS_OK ? (int)version : 0;
    return status;
}

static enum status run_ddl(PGconn *conn, const char *ddl, struct error *error)
{
    struct buf text;
    enum status status;

    buf_init(&text, 4 * SCHEMA_TEXT_MAX);
    status = buf_append_text(&text, postgres_ddl_prelude());
    if (status == STATUS_OK)
        status = postgres_ddl(ddl, &text, error);
    if (status == STATUS_OK)
        status = run(conn, buf_text(&text), error);
    buf_finish(&text);
    return status;
}

static enum status run_step(PGconn *conn, int version, struct error *error)
{
    char count[64];
    struct buf ddl;
    enum status status;

    buf_init(&ddl, SCHEMA_TEXT_MAX);
    schema_step(version, &ddl);
    status = run_ddl(conn, buf_text(&ddl), error);
    buf_finish(&ddl);
    (void)snprintf(count, sizeof count, "UPDATE holdfast_state SET version = %d", version);
    return status == STATUS_OK ? run(conn, count, error) : status;
}

static enum status run_reference(PGconn *conn, struct error *error)
{
    struct buf ddl;
    enum status status;

    buf_init(&ddl, SCHEMA_TEXT_MAX);
    reference_schema(&ddl);
    status = run_ddl(conn, buf_text(&ddl), error);
    buf_finish(&ddl);
    return status;
}

static enum status make_state(PGconn *conn, struct error *error)
{
    return run(conn,
               "CREATE TABLE holdfast_state(version BIGINT NOT NULL, owner TEXT NOT NULL, "
               "turn BIGINT NOT NULL); INSERT INTO holdfast_state VALUES(0, '', 0)",
               error);
}

/* The tables of every version that this program knows, by their names in a SQLite ledger. */
static enum status drop_tables(PGconn *conn, struct error *error)
{
    struct db_statement *names;
    struct db *model;
    bool row = false;
    enum status status = db_open(":memory:", DB_OWNER_NORMAL, &model, error);

    if (status != STATUS_OK)
        return status;
    status = schema_migrate(model, error);
    if (status == STATUS_OK)
        status =
            db_prepare(model, "SELECT name FROM sqlite_master WHERE type = 'table'", &names, error);
    while (status == STATUS_OK && (status = db_step(names, &row, error)) == STATUS_OK && row) {
        char sql[128];
        (void)snprintf(sql, sizeof sql, "DROP TABLE IF EXISTS %s CASCADE", db_text(names, 0));
        status = run(conn, sql, error);
    }
    db_close(model);
    return status == STATUS_OK ? run(conn, "DROP TABLE IF EXISTS holdfast_state", error) : status;
}

enum status postgres_schema_make(PGconn *conn, int version, struct error *error)
{
    enum status status = drop_tables(conn, error);

    if (status == STATUS_OK)
        status = make_state(conn, error);
    for (int step = 1; step <= version && status == STATUS_OK; step++)
        status = run_step(conn, step, error);
    return status == STATUS_OK ? run_reference(conn, error) : status;
}

static enum status finish(PGconn *conn, enum status status, struct error *error)
{
    if (status == STATUS_OK)
        return run(conn, "COMMIT", error);
    (void)run(conn, "ROLLBACK", NULL);
    return status;
}

static enum status migrate_step(PGconn *conn, int from, struct error *error)
{
    enum status status = run(conn, "BEGIN", error);

    if (status == STATUS_OK && from == 0)
        status = make_state(conn, error);
    if (status == STATUS_OK)
        status = run_step(conn, from + 1, error);
    return finish(conn, status, error);
}

enum status postgres_schema_migrate(PGconn *conn, struct error *error)
{
    int version;
    enum status status = postgres_schema_version(conn, &version, error);

    for (; status == STATUS_OK && version < schema_version(); version++)
        status = migrate_step(conn, version, error);
    if (status == STATUS_OK)
        status = run(conn, "BEGIN", error);
    return status == STATUS_OK ? finish(conn, run_reference(conn, error), error) : status;
}

/* --- Whose it is --- */

enum status postgres_lock(PGconn *conn, struct error *error)
{
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE};
    int64_t mine = 0;

    for (int i = 0; i < LOCK_TRIES; i++) {
        enum status status = postgres_number(conn, LOCK_SQL, &mine, error);
        if (status != STATUS_OK || mine != 0)
            return status;
        (void)nanosleep(&pause, NULL);
    }
    return error_set(error, STATUS_BUSY, "database %s is in use by another ledger", PQdb(conn));
}

enum status postgres_own(PGconn *conn, char owner[POSTGRES_OWNER_SIZE], int64_t *turn,
                         struct error *error)
{
    const char *sql = owner[0] == '\0'
                          ? "UPDATE holdfast_state SET owner = gen_random_uuid()::text "
                            "RETURNING owner, turn"
                          : "SELECT owner, turn FROM holdfast_state";
    PGresult *result;
    enum status status = postgres_exec(conn, sql, PGRES_TUPLES_OK, &result, error);

    if (status != STATUS_OK)
        return status;
    if (PQntuples(result) != 1)
        status = error_set(error, STATUS_CORRUPT, "the database lacks its state");
    else if (owner[0] != '\0' && strcmp(owner, PQgetvalue(result, 0, 0)) != 0)
        status = error_set(error, STATUS_CONFLICT,
                           "another ledger has served this database meanwhile: start again");
    if (status == STATUS_OK) {
        (void)snprintf(owner, POSTGRES_OWNER_SIZE, "%s", PQgetvalue(result, 0, 0));
        *turn = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
    }
    PQclear(result);
    return status;
}
