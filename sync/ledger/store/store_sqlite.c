/* The store on SQLite: one file in WAL mode, one writing connection, any number of readers.
 *
 * Everything is a thin cover over terminal/base/db: a session is a connection, a query is its
 * cached statement. Readers open the file as another program's: they can neither write nor
 * checkpoint, so a single connection alone ever does (SQLite before 3.51.3 can corrupt a WAL that
 * two connections reset).
 */
#include "sync/ledger/store/schema.h"
#include "sync/ledger/store/store.h"

#include "terminal/base/file.h"

#include <stdlib.h>
#include <string.h>

struct store_sqlite {
    struct store base;
    char *path;
    struct lock *lock;
    bool has_writer;
};

struct session_sqlite {
    struct store_session base;
    struct store_sqlite *store;
    struct db *db;
    enum store_role role;
};

/* A query is nothing but the statement beneath: the types are converted at this border. */
static struct store_query *as_query(struct db_statement *statement)
{
    return (struct store_query *)statement;
}

static struct db_statement *as_statement(struct store_query *query)
{
    return (struct db_statement *)query;
}

static struct session_sqlite *as_session(struct store_session *session)
{
    return (struct session_sqlite *)session;
}

static const struct store_methods sqlite_methods;

static void sqlite_close(struct store *base)
{
    struct store_sqlite *store = (struct store_sqlite *)base;

    lock_release(store->lock);
    free(store->path);
    free(store);
}

static enum status sqlite_session_open(struct store *base, enum store_role role,
                                       struct store_session **out, struct error *error)
{
    struct store_sqlite *store = (struct store_sqlite *)base;
    struct session_sqlite *session;
    struct db *db;
    enum status status;

    INVARIANT(role == STORE_READER || !store->has_writer);
    status = db_open(store->path, role == STORE_WRITER ? DB_OWNER_FULL : DB_READER, &db, error);
    if (status != STATUS_OK)
        return status;
    if (role == STORE_WRITER) {
        /* A bulk import touches pages all over three trees: 64 MiB keeps them in memory. A WAL of
         * 4,000 pages holds a few full batches between two checkpoints. */
        status = db_exec(db, "PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=4000", error);
        if (status == STATUS_OK)
            status = schema_migrate(db, error);
        if (status != STATUS_OK) {
            db_close(db);
            return status;
        }
        store->has_writer = true;
    }
    session = mem_alloc(sizeof *session);
    session->base.methods = &sqlite_methods;
    session->store = store;
    session->db = db;
    session->role = role;
    *out = &session->base;
    return STATUS_OK;
}

/* After a clean stop the file alone is the whole database: people copy files. A reader that is
 * still there (a backup) makes it incomplete, which costs nothing but that. */
static void sqlite_session_close(struct store_session *base)
{
    struct session_sqlite *session = as_session(base);

    if (session->role == STORE_WRITER) {
        (void)sqlite3_wal_checkpoint_v2(db_handle(session->db), NULL, SQLITE_CHECKPOINT_TRUNCATE,
                                        NULL, NULL);
        session->store->has_writer = false;
    }
    db_close(session->db);
    free(session);
}

static enum status sqlite_begin(struct store_session *session, struct error *error)
{
    return db_begin(as_session(session)->db, error);
}

static enum status sqlite_begin_read(struct store_session *session, struct error *error)
{
    return db_begin_read(as_session(session)->db, error);
}

static enum status sqlite_commit(struct store_session *session, struct error *error)
{
    return db_commit(as_session(session)->db, error);
}

static void sqlite_rollback(struct store_session *session)
{
    db_rollback(as_session(session)->db);
}

static void bind_values(struct db_statement *statement, const struct store_value *values, int count)
{
    for (int i = 0; i < count; i++) {
        const struct store_value *value = &values[i];
        switch (value->type) {
        case STORE_NULL:
            db_bind_null(statement, i + 1);
            break;
        case STORE_INT:
            db_bind_int(statement, i + 1, value->number);
            break;
        case STORE_TEXT:
            db_bind_text_n(statement, i + 1, value->bytes, value->length);
            break;
        case STORE_BLOB:
            db_bind_blob(statement, i + 1, value->bytes, value->length);
            break;
        }
    }
}

static enum status sqlite_query(struct store_session *session, const char *sql,
                                const struct store_value *values, int count,
                                struct store_query **out, struct error *error)
{
    struct db_statement *statement;
    enum status status = db_prepare(as_session(session)->db, sql, &statement, error);

    if (status != STATUS_OK)
        return status;
    bind_values(statement, values, count);
    *out = as_query(statement);
    return STATUS_OK;
}

static enum status sqlite_run(struct store_session *session, const char *sql,
                              const struct store_value *values, int count, int64_t *changed,
                              struct error *error)
{
    struct store_query *query;
    enum status status = sqlite_query(session, sql, values, count, &query, error);

    if (status == STATUS_OK)
        status = db_run(as_statement(query), error);
    if (status == STATUS_OK && changed != NULL)
        *changed = db_changes(as_session(session)->db);
    return status;
}

static enum status sqlite_next(struct store_query *query, bool *row, struct error *error)
{
    return db_step(as_statement(query), row, error);
}

static void sqlite_done(struct store_query *query)
{
    db_reset(as_statement(query));
}

static int64_t sqlite_column_int(struct store_query *query, int column)
{
    return db_int(as_statement(query), column);
}

static const char *sqlite_column_text(struct store_query *query, int column)
{
    return db_text(as_statement(query), column);
}

static const void *sqlite_column_blob(struct store_query *query, int column, size_t *length)
{
    return db_blob(as_statement(query), column, length);
}

/* INSERT INTO item SELECT * FROM source.item copies the tree as it is when both definitions agree
 * (SQLite's transfer optimisation), which needs the form without a column list. */
static enum status copy_table(struct db *target, const struct store_copy *copy, struct error *error)
{
    struct buf sql;
    sqlite3_stmt *handle;
    enum status status;
    int result;

    buf_init(&sql, 8192);
    status = copy->columns == NULL
                 ? buf_printf(&sql, "INSERT INTO main.%s %s", copy->into, copy->select)
                 : buf_printf(&sql, "INSERT INTO main.%s(%s) %s", copy->into, copy->columns,
                              copy->select);
    INVARIANT(status == STATUS_OK);
    result = sqlite3_prepare_v2(db_handle(target), buf_text(&sql), -1, &handle, NULL);
    if (result == SQLITE_OK) {
        for (int i = 0; i < copy->count; i++) {
            const struct store_value *value = &copy->values[i];
            INVARIANT(value->type == STORE_INT || value->type == STORE_TEXT);
            if (value->type == STORE_INT)
                (void)sqlite3_bind_int64(handle, i + 1, value->number);
            else
                (void)sqlite3_bind_text(handle, i + 1, value->bytes, (int)value->length, NULL);
        }
        result = sqlite3_step(handle);
        (void)sqlite3_finalize(handle);
    }
    buf_finish(&sql);
    return result == SQLITE_DONE ? STATUS_OK : db_error(target, result, copy->into, error);
}

static enum status attach_source(struct db *target, const char *path, struct error *error)
{
    sqlite3_stmt *handle;
    int result =
        sqlite3_prepare_v2(db_handle(target), "ATTACH DATABASE ?1 AS source", -1, &handle, NULL);

    if (result == SQLITE_OK) {
        (void)sqlite3_bind_text(handle, 1, path, -1, NULL);
        result = sqlite3_step(handle);
        (void)sqlite3_finalize(handle);
    }
    return result == SQLITE_DONE ? STATUS_OK : db_error(target, result, "attach", error);
}

/* The attached file is this process's own, open for writing in another connection: this one never
 * writes to it, so it never checkpoints it either. */
static enum status sqlite_copy(struct store *base, struct db *target,
                               const struct store_copy *copies, int count, struct error *error)
{
    struct store_sqlite *store = (struct store_sqlite *)base;
    enum status status = attach_source(target, store->path, error);

    if (status != STATUS_OK)
        return status;
    /* DEFERRED: only the target is locked for writing, the source from its first row for reading.
     */
    status = db_begin_read(target, error);
    for (int i = 0; i < count && status == STATUS_OK; i++)
        status = copy_table(target, &copies[i], error);
    if (status == STATUS_OK)
        status = db_commit(target, error);
    else
        db_rollback(target);
    if (status == STATUS_OK)
        status = db_exec(target, "DETACH DATABASE source", error);
    return status; /* after a failure the target is thrown away, and its connection with it */
}

static const char *sqlite_path(const struct store *base)
{
    return ((const struct store_sqlite *)base)->path;
}

static const struct store_methods sqlite_methods = {
    .close = sqlite_close,
    .session_open = sqlite_session_open,
    .session_close = sqlite_session_close,
    .begin = sqlite_begin,
    .begin_read = sqlite_begin_read,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .run = sqlite_run,
    .query = sqlite_query,
    .next = sqlite_next,
    .done = sqlite_done,
    .column_int = sqlite_column_int,
    .column_text = sqlite_column_text,
    .column_blob = sqlite_column_blob,
    .copy = sqlite_copy,
    .path = sqlite_path,
    .size_sql = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
};

/* The lock is named for the file, and lies in its folder. */
static enum status take_lock(const char *path, struct lock **out, struct error *error)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL ? mem_copy_text(".") : mem_copy_text(path);
    enum status status;

    if (slash != NULL)
        folder[slash == path ? 1 : slash - path] = '\0';
    status = lock_take(folder, slash == NULL ? path : slash + 1, "holdfast-ledger", out, error);
    free(folder);
    return status;
}

enum status store_sqlite_open(const char *path, bool create, struct store **out,
                              struct error *error)
{
    struct store_sqlite *store;
    struct lock *lock;
    enum status status;

    if (create && file_exists(path))
        return error_set(error, STATUS_EXISTS, "%s is there already", path);
    if (!create && !file_exists(path))
        return error_set(error, STATUS_NOT_FOUND, "there is no database at %s: run init", path);
    status = take_lock(path, &lock, error);
    if (status != STATUS_OK)
        return status;
    store = mem_alloc(sizeof *store);
    store->base.methods = &sqlite_methods;
    store->path = mem_copy_text(path);
    store->lock = lock;
    *out = &store->base;
    return STATUS_OK;
}
