/* SQLite as Holdfast opens it.
 *
 * What an owner sets, and why:
 *
 *   journal_mode=WAL            readers never wait for the writer, nor it for them
 *   NO_CKPT_ON_CLOSE            -wal and -shm outlive the owner: its readers stay attached
 *   wal_autocheckpoint, journal_size_limit
 *                               the WAL is bounded, on disk too after a long read
 *   busy_timeout                finite: nothing in a shop waits for ever
 *   mmap_size=0                 a fault of the disk is an error code, not a SIGBUS
 *   cell_size_check, trusted_schema=OFF
 *                               a damaged or planted file is found, not followed
 *
 * A reader says readonly_shm=1: without it, a reader that is stopped while it recovers the WAL
 * holds a lock that the owner needs. It goes through a VFS of ours, and is opened anew when the
 * wal-index that it has mapped went bad: an owner that stands still must not hinder it either.
 */
#include "terminal/base/db.h"

#include "terminal/base/db_internal.h"
#include "terminal/base/db_vfs.h"
#include "terminal/base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OWNER_BUSY_MS  5000
#define READER_BUSY_MS 500

static enum status status_of_constraint(int extended)
{
    switch (extended) {
    case SQLITE_CONSTRAINT_TRIGGER:
        return STATUS_DENIED;
    case SQLITE_CONSTRAINT_CHECK:
    case SQLITE_CONSTRAINT_NOTNULL:
    case SQLITE_CONSTRAINT_FOREIGNKEY:
    case SQLITE_CONSTRAINT_DATATYPE:
        return STATUS_INVALID;
    default:
        return STATUS_EXISTS;
    }
}

static enum status status_of_result(int result)
{
    switch (result & 0xFF) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return STATUS_OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return STATUS_BUSY;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
        return STATUS_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return STATUS_CORRUPT;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return STATUS_DENIED;
    case SQLITE_CONSTRAINT:
        return status_of_constraint(result);
    case SQLITE_INTERRUPT:
        return STATUS_CANCELLED;
    case SQLITE_TOOBIG:
        return STATUS_RANGE;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return STATUS_IO;
    default:
        return STATUS_INVALID;
    }
}

static bool has_shm(const struct db *db)
{
    size_t size = strlen(db->path) + sizeof "-shm";
    char *path = mem_alloc(size);
    (void)snprintf(path, size, "%s-shm", db->path);
    bool there = file_exists(path);
    free(path);
    return there;
}

/* A reader can't make the -shm nor recover a WAL: both are the owner's to do. */
static bool waits_for_owner(const struct db *db, int result)
{
    if (!db->reader)
        return false;
    if (result == SQLITE_READONLY_RECOVERY || result == SQLITE_READONLY_CANTLOCK ||
        result == SQLITE_READONLY_CANTINIT)
        return true;
    return (result & 0xFF) == SQLITE_CANTOPEN && file_exists(db->path) && !has_shm(db);
}

/* What the process has run out of, and not the file, when SQLite could not open or use one. */
static const char *lacking(const struct db *db, int extended)
{
    int number = sqlite3_system_errno(db->handle);
    if ((extended & 0xFF) != SQLITE_CANTOPEN && (extended & 0xFF) != SQLITE_IOERR)
        return NULL;
    return number == EMFILE || number == ENFILE || number == ENOMEM ? strerror(number) : NULL;
}

enum status db_error(struct db *db, int result, const char *what, struct error *error)
{
    int extended = sqlite3_extended_errcode(db->handle);
    if ((extended & 0xFF) != (result & 0xFF))
        extended = result;
    INVARIANT((result & 0xFF) != SQLITE_MISUSE);
    const char *lack = lacking(db, extended);
    if (lack != NULL)
        return error_set(error, status_of_result(extended), "%s: %s: %s", what, lack, db->path);
    if (waits_for_owner(db, extended))
        return error_set(error, STATUS_BUSY, "%s: the owner has not started: %s", what, db->path);
    if ((extended & 0xFF) == SQLITE_CANTOPEN && !file_exists(db->path))
        return error_set(error, STATUS_NOT_FOUND, "%s: no such database: %s", what, db->path);
    return error_set(error, status_of_result(extended), "%s: %s (SQLite %d)", what,
                     sqlite3_errmsg(db->handle), extended);
}

/* file:PATH?mode=ro&readonly_shm=1, every byte that means something in a URI escaped. */
static char *reader_uri(const char *path)
{
    struct buf uri;
    buf_init(&uri, SIZE_MAX - 1);
    enum status status = buf_append_text(&uri, "file:");
    while (path[0] == '/' && path[1] == '/')
        path++; /* two slashes would start an authority */
    for (; *path != '\0' && status == STATUS_OK; path++) {
        unsigned char byte = (unsigned char)*path;
        bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                     (byte >= '0' && byte <= '9') || strchr("/-._~", byte) != NULL;
        status = plain ? buf_append_byte(&uri, byte) : buf_printf(&uri, "%%%02X", byte);
    }
    if (status == STATUS_OK)
        status = buf_append_text(&uri, "?mode=ro&readonly_shm=1");
    INVARIANT(status == STATUS_OK);
    return uri.data;
}

static int open_handle(struct db *db)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (!db->reader)
        return sqlite3_open_v2(db->path, &db->handle,
                               flags | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    db_vfs_register();
    char *uri = reader_uri(db->path);
    int result = sqlite3_open_v2(uri, &db->handle, flags | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
                                 DB_VFS_READER);
    free(uri);
    return result;
}

/* SQLITE_ROW, or why there is none. */
static int query_once(struct db *db, const char *sql, int64_t *out)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        *out = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return result;
}

static enum status query_int(struct db *db, const char *what, const char *sql, int64_t *out,
                             struct error *error)
{
    int result = query_once(db, sql, out);
    if (result != SQLITE_ROW && db_reopens(db, result))
        result = query_once(db, sql, out);
    return result == SQLITE_ROW ? STATUS_OK : db_error(db, result, what, error);
}

static enum status enter_wal(struct db *db, struct error *error)
{
    sqlite3_stmt *statement;
    int result = sqlite3_prepare_v2(db->handle, "PRAGMA journal_mode=WAL", -1, &statement, NULL);
    if (result != SQLITE_OK)
        return db_error(db, result, "cannot enter WAL mode", error);
    enum status status = STATUS_OK;
    result = sqlite3_step(statement);
    if (result != SQLITE_ROW) {
        status = db_error(db, result, "cannot enter WAL mode", error);
    } else {
        const char *mode = (const char *)sqlite3_column_text(statement, 0);
        if (mode == NULL || (strcmp(mode, "wal") != 0 && strcmp(mode, "memory") != 0))
            status = error_set(error, STATUS_UNSUPPORTED, "no WAL mode on this disk: %s", db->path);
    }
    (void)sqlite3_finalize(statement);
    return status;
}

/* A quoted word that is no column is a mistake in our SQL, not a string. */
static void configure_handle(struct db *db, bool owner)
{
    (void)sqlite3_busy_timeout(db->handle, owner ? OWNER_BUSY_MS : READER_BUSY_MS);
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (owner)
        (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

static enum status configure_owner(struct db *db, enum db_role role, struct error *error)
{
    enum status status = enter_wal(db, error);
    if (status == STATUS_OK)
        status = db_log_write_again(db, role, error);
    if (status != STATUS_OK)
        return status;
    status = db_exec(db,
                     "PRAGMA mmap_size=0;"
                     "PRAGMA foreign_keys=ON;"
                     "PRAGMA cell_size_check=ON;"
                     "PRAGMA wal_autocheckpoint=1000;"
                     "PRAGMA journal_size_limit=16777216;",
                     error);
    if (status != STATUS_OK)
        return status;
    return db_exec(
        db, role == DB_OWNER_FULL ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL", error);
}

static enum status configure_reader(struct db *db, struct error *error)
{
    enum status status =
        db_exec(db, "PRAGMA mmap_size=0; PRAGMA cell_size_check=ON; PRAGMA query_only=ON;", error);
    if (status != STATUS_OK)
        return status;
    int64_t tables = 0;
    status = query_int(db, "cannot read", "SELECT count(*) FROM sqlite_schema", &tables, error);
    if (status == STATUS_OK && tables == 0)
        return error_set(error, STATUS_BUSY, "the owner has not started: nothing in it yet: %s",
                         db->path);
    return status;
}

enum status db_open(const char *path, enum db_role role, struct db **out, struct error *error)
{
    struct db *db = mem_alloc(sizeof *db);
    db->path = mem_copy_text(path);
    db->reader = role == DB_READER;
    db_statements_init(db);
    int result = open_handle(db); /* without memory there is no handle: SQLite's calls know NULL */
    enum status status = STATUS_OK;
    if (result != SQLITE_OK) {
        status = db_error(db, result, "cannot open", error);
    } else {
        configure_handle(db, !db->reader);
        status = db->reader ? configure_reader(db, error) : configure_owner(db, role, error);
    }
    if (status != STATUS_OK) {
        db_close(db);
        return status;
    }
    *out = db;
    return STATUS_OK;
}

void db_close(struct db *db)
{
    if (db == NULL)
        return;
    db_statements_finish(db);
    int result = sqlite3_close(db->handle);
    INVARIANT(result == SQLITE_OK);
    free(db->path);
    free(db);
}

sqlite3 *db_handle(struct db *db)
{
    return db->handle;
}

enum status db_exec(struct db *db, const char *sql, struct error *error)
{
    enum status status = db_end_abandoned(db, error);
    if (status != STATUS_OK)
        return status;
    int result = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    if (result != SQLITE_OK && db_reopens(db, result))
        result = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? STATUS_OK : db_error(db, result, "SQL failed", error);
}

static enum status apply_cache(struct db *db, struct error *error)
{
    char pragma[64];
    if (db->cache_kib == 0)
        return STATUS_OK;
    (void)snprintf(pragma, sizeof pragma, "PRAGMA cache_size=-%d", db->cache_kib);
    return db_exec(db, pragma, error);
}

enum status db_set_cache(struct db *db, int kib, struct error *error)
{
    INVARIANT(kib > 0);
    db->cache_kib = kib;
    return apply_cache(db, error);
}

/* ---- a reader, opened anew ------------------------------------------------------------------ */

static bool open_anew(struct db *db, bool inside)
{
    if (open_handle(db) != SQLITE_OK)
        return false;
    configure_handle(db, false);
    return configure_reader(db, NULL) == STATUS_OK && apply_cache(db, NULL) == STATUS_OK &&
           (!inside || db_exec(db, "BEGIN", NULL) == STATUS_OK) && db_statements_move(db);
}

bool db_reopens(struct db *db, int result)
{
    bool stale = result == SQLITE_READONLY_RECOVERY || result == SQLITE_READONLY_CANTINIT ||
                 result == SQLITE_BUSY_RECOVERY || result == SQLITE_PROTOCOL;
    if (!db->reader || !stale || db->reopening ||
        sqlite3_txn_state(db->handle, "main") != SQLITE_TXN_NONE)
        return false;
    sqlite3 *old = db->handle;
    bool inside = db_in_transaction(db);
    db->reopening = true;
    bool anew = open_anew(db, inside);
    db->reopening = false;
    sqlite3 *other = old;
    if (anew)
        db->opened++;
    else {
        other = db->handle;
        db->handle = old;
    }
    int closed = sqlite3_close(other);
    INVARIANT(closed == SQLITE_OK);
    return anew;
}

static enum status run_text(struct db *db, const char *sql, struct error *error)
{
    struct db_statement *statement;
    enum status status = db_prepare(db, sql, &statement, error);
    return status == STATUS_OK ? db_run(statement, error) : status;
}

enum status db_begin(struct db *db, struct error *error)
{
    INVARIANT(!db_in_transaction(db));
    return run_text(db, "BEGIN IMMEDIATE", error);
}

enum status db_begin_read(struct db *db, struct error *error)
{
    INVARIANT(!db_in_transaction(db));
    return run_text(db, "BEGIN", error);
}

enum status db_commit(struct db *db, struct error *error)
{
    INVARIANT(db_in_transaction(db));
    enum status status = run_text(db, "COMMIT", error);
    if (status == STATUS_OK)
        return STATUS_OK;
    /* Memory may fail behind the synced frame: SQLite's list of the log's index grows after it. */
    if ((sqlite3_extended_errcode(db->handle) & 0xFF) == SQLITE_NOMEM)
        status = error_set(error, STATUS_IO, "out of memory at the commit: %s", db->path);
    db_rollback(db);
    return status;
}

void db_rollback(struct db *db)
{
    enum status status = STATUS_OK;

    /* SQLite itself has rolled back after some errors. */
    if (db_in_transaction(db))
        status = run_text(db, "ROLLBACK", NULL);
    (void)status;
    db->abandoned = db_in_transaction(db);
}

enum status db_end_abandoned(struct db *db, struct error *error)
{
    if (!db->abandoned)
        return STATUS_OK;
    db->abandoned = false;
    db_rollback(db);
    return db->abandoned
               ? error_set(error, STATUS_FULL,
                           "out of memory: a transaction can't be rolled back: %s", db->path)
               : STATUS_OK;
}

bool db_in_transaction(const struct db *db)
{
    return !db->abandoned && sqlite3_get_autocommit(db->handle) == 0;
}

enum status db_version(struct db *db, int *out, struct error *error)
{
    int64_t version = 0;
    enum status status =
        query_int(db, "cannot read the version", "PRAGMA user_version", &version, error);
    if (status == STATUS_OK)
        *out = (int)version;
    return status;
}

static enum status migrate_step(struct db *db, const char *sql, int version, struct error *error)
{
    enum status status = db_begin(db, error);
    if (status != STATUS_OK)
        return status;
    char pragma[64];
    (void)snprintf(pragma, sizeof pragma, "PRAGMA user_version=%d", version);
    status = db_exec(db, sql, error);
    if (status == STATUS_OK)
        status = db_exec(db, pragma, error);
    if (status == STATUS_OK)
        return db_commit(db, error);
    db_rollback(db);
    if (error != NULL)
        (void)error_prefix(error, "migration %d", version);
    return status;
}

enum status db_migrate(struct db *db, const struct db_migration *steps, int count,
                       struct error *error)
{
    int version;
    enum status status = db_version(db, &version, error);
    if (status != STATUS_OK)
        return status;
    if (version > count || version < 0)
        return error_set(error, STATUS_UNSUPPORTED,
                         "version %d is later than the %d this program knows: %s", version, count,
                         db->path);
    for (; version < count; version++) {
        status = migrate_step(db, steps[version].sql, version + 1, error);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

int64_t db_changes(struct db *db)
{
    return sqlite3_changes64(db->handle);
}

int64_t db_data_version(struct db *db)
{
    struct db_statement *statement;
    bool row = false;
    if (db_prepare(db, "PRAGMA data_version", &statement, NULL) != STATUS_OK ||
        db_step(statement, &row, NULL) != STATUS_OK || !row)
        return 0;
    int64_t version = db_int(statement, 0);
    db_reset(statement);
    return ((int64_t)db->opened << 32) + version;
}
