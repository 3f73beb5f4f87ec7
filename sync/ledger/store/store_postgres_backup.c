/* Backup and restore of a ledger on PostgreSQL. The backup is a SQLite ledger of the same version,
 * made from one state of the database while it is served; it remembers that it is a backup by its
 * boot stamp, as a SQLite ledger's does. Restoring replaces everything in one transaction. */
#include "sync/ledger/store/incarnation.h"
#include "sync/ledger/store/postgres_connect.h"
#include "sync/ledger/store/postgres_copy.h"
#include "sync/ledger/store/postgres_schema.h"
#include "sync/ledger/store/schema.h"
#include "sync/ledger/store/store.h"

#include "terminal/base/file.h"
#include "terminal/base/fs.h"
#include "terminal/base/log.h"

#include <stdlib.h>

#define TABLES_MAX 128

/* The tables of a SQLite file by name, with what reads each in the order of its key: rows arrive
 * where they will lie. */
struct tables {
    struct store_copy copies[TABLES_MAX];
    char *names[TABLES_MAX];
    char *selects[TABLES_MAX];
    int count;
};

static void free_tables(struct tables *tables)
{
    for (int i = 0; i < tables->count; i++) {
        free(tables->names[i]);
        free(tables->selects[i]);
    }
    free(tables);
}

static enum status list_tables(struct db *db, struct tables *tables, struct error *error)
{
    struct db_statement *rows;
    bool row = false;
    enum status status = db_prepare(
        db,
        "SELECT m.name, 'SELECT * FROM ' || m.name || ' ORDER BY ' ||"
        "  (SELECT group_concat(name) FROM (SELECT name FROM pragma_table_info(m.name)"
        "    WHERE pk > 0 ORDER BY pk))"
        " FROM sqlite_master m WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' ORDER BY 1",
        &rows, error);

    while (status == STATUS_OK && (status = db_step(rows, &row, error)) == STATUS_OK && row) {
        int i = tables->count;
        if (i == TABLES_MAX) {
            db_reset(rows);
            return error_set(error, STATUS_INVALID, "the file has too many tables for a ledger");
        }
        tables->names[i] = mem_copy_text(db_text(rows, 0));
        tables->selects[i] = mem_copy_text(db_text(rows, 1));
        tables->copies[i] =
            (struct store_copy){.into = tables->names[i], .select = tables->selects[i]};
        tables->count++;
    }
    return status;
}

/* A new schema may begin with rows of its own: these of the other side take their place. */
static char *clearing(const char *table)
{
    struct buf sql;
    char *text;

    buf_init(&sql, SIZE_MAX - 1);
    enum status status = buf_printf(&sql, "DELETE FROM %s", table);
    INVARIANT(status == STATUS_OK);
    text = mem_copy_text(buf_text(&sql));
    buf_finish(&sql);
    return text;
}

/* --- Backup --- */

static enum status check_version(PGconn *conn, struct error *error)
{
    int version;
    enum status status = postgres_schema_version(conn, &version, error);

    if (status == STATUS_OK && version == 0)
        return error_set(error, STATUS_NOT_FOUND, "there is no ledger in database %s", PQdb(conn));
    if (status == STATUS_OK && version < schema_version())
        return error_set(error, STATUS_UNSUPPORTED,
                         "the database is of version %d: serve it once with this program", version);
    return status;
}

static enum status fill_backup(PGconn *conn, struct db *target, struct error *error)
{
    struct tables *tables = mem_alloc(sizeof *tables);
    enum status status = db_exec(target, "PRAGMA synchronous=OFF; PRAGMA cache_size=-65536", error);

    if (status == STATUS_OK)
        status = schema_migrate(target, error);
    if (status == STATUS_OK)
        status = list_tables(target, tables, error);
    for (int i = 0; i < tables->count && status == STATUS_OK; i++) {
        char *clear = clearing(tables->names[i]);
        status = db_exec(target, clear, error);
        free(clear);
    }
    if (status == STATUS_OK)
        status = postgres_copy_out(conn, target, tables->copies, tables->count, error);
    if (status == STATUS_OK)
        status = db_exec(target,
                         "UPDATE ledger_meta SET value = '" INCARNATION_BACKUP_STAMP
                         "' WHERE key = 'boot'; PRAGMA journal_mode=DELETE",
                         error);
    free_tables(tables);
    return status;
}

enum status store_postgres_backup(const char *uri, const char *to, struct error *error)
{
    struct db *target = NULL;
    PGconn *conn;
    enum status status;

    if (file_exists(to))
        return error_set(error, STATUS_EXISTS, "%s is there already", to);
    status = postgres_connect(uri, "holdfast-ledger backup", &conn, error);
    if (status != STATUS_OK)
        return status;
    status = check_version(conn, error);
    if (status == STATUS_OK)
        status = db_open(to, DB_OWNER_NORMAL, &target, error);
    if (status == STATUS_OK) {
        status = fill_backup(conn, target, error);
        db_close(target);
        if (status == STATUS_OK)
            status = file_sync(to, error);
        else
            (void)fs_unlink(to);
    }
    PQfinish(conn);
    return status;
}

/* --- Restore --- */

static enum status replace_rows(PGconn *conn, struct db *backup, struct error *error)
{
    struct tables *tables = mem_alloc(sizeof *tables);
    enum status status = list_tables(backup, tables, error);

    for (int i = 0; i < tables->count && status == STATUS_OK; i++) {
        char *clear = clearing(tables->names[i]);
        status = postgres_exec(conn, clear, PGRES_COMMAND_OK, NULL, error);
        free(clear);
        if (status == STATUS_OK)
            status = postgres_copy_in(conn, backup, tables->names[i], error);
    }
    free_tables(tables);
    return status == STATUS_OK
               ? postgres_exec(conn,
                               "UPDATE ledger_meta SET value = '" INCARNATION_BACKUP_STAMP
                               "' WHERE key = 'boot'",
                               PGRES_COMMAND_OK, NULL, error)
               : status;
}

static enum status replace_content(PGconn *conn, struct db *backup, struct error *error)
{
    int version = 0, there;
    enum status status = db_version(backup, &version, error);

    if (status == STATUS_OK)
        status = postgres_lock(conn, error);
    if (status == STATUS_OK)
        status = postgres_schema_version(conn, &there, error); /* never over a later one */
    if (status == STATUS_OK)
        status =
            postgres_exec(conn, "SET statement_timeout = 0; BEGIN", PGRES_COMMAND_OK, NULL, error);
    if (status == STATUS_OK)
        status = postgres_schema_make(conn, version, error);
    if (status == STATUS_OK)
        status = replace_rows(conn, backup, error);
    if (status == STATUS_OK)
        status = postgres_exec(conn, "COMMIT", PGRES_COMMAND_OK, NULL, error);
    if (status == STATUS_OK &&
        postgres_exec(conn, "ANALYZE", PGRES_COMMAND_OK, NULL, NULL) != STATUS_OK)
        log_line(LOG_LEVEL_WARN, "restore", "the database has no statistics yet");
    return status; /* a failed transaction ends with its connection */
}

enum status store_postgres_restore(const char *uri, const char *from, struct error *error)
{
    struct db *backup = NULL;
    PGconn *conn = NULL;
    enum status status = store_sqlite_backup_open(from, &backup, error);

    if (status == STATUS_OK)
        status = postgres_create_database(uri, error);
    if (status == STATUS_OK)
        status = postgres_connect(uri, "holdfast-ledger restore", &conn, error);
    if (status == STATUS_OK)
        status = replace_content(conn, backup, error);
    PQfinish(conn);
    store_sqlite_backup_close(backup, from);
    return status;
}
