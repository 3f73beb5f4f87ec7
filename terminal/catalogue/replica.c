/* The replica file and the pointer that names it.
 *
 * The pointer is read again between two operations of the till. Comparing names is enough: a file
 * that was replaced always has another number.
 */
#include "terminal/catalogue/replica.h"

#include "terminal/base/file.h"
#include "terminal/catalogue/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for the inner pages of the trees that a scan walks, so that it reads leaves only: measured
 * on 807,872 products, where SQLite's 2 MiB were not enough. */
#define READER_CACHE_KIB 8000

struct replica {
    char *folder; /* NULL: over a borrowed database */
    struct db *db;
    char name[REPLICA_NAME_SIZE];
};

static enum status create_tables(struct db *db, struct error *error)
{
    enum status status = reference_create(db, error);
    if (status == STATUS_OK)
        status = db_exec(db,
                         "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL)"
                         " WITHOUT ROWID;"
                         "CREATE TABLE cursor(scope TEXT PRIMARY KEY, incarnation TEXT NOT NULL,"
                         " position INTEGER NOT NULL, as_of_ms INTEGER NOT NULL) WITHOUT ROWID;",
                         error);
    if (status == STATUS_OK)
        status = search_create(db, error);
    char pragma[64];
    (void)snprintf(pragma, sizeof pragma, "PRAGMA user_version=%d", REPLICA_VERSION);
    return status == STATUS_OK ? db_exec(db, pragma, error) : status;
}

enum status replica_create(struct db *db, struct error *error)
{
    enum status status = db_begin(db, error);
    if (status != STATUS_OK)
        return status;
    status = create_tables(db, error);
    if (status == STATUS_OK)
        return db_commit(db, error);
    db_rollback(db);
    return status;
}

/* Preparing a select of every column asks SQLite whether all are there, without reading rows. */
static enum status check_select(struct db *db, const char *columns, const char *table,
                                struct error *error)
{
    char *sql = sqlite3_mprintf("SELECT %s FROM \"%w\"", columns, table);
    if (sql == NULL)
        return error_set(error, STATUS_FULL, "cannot check the replica: out of memory");
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(db_handle(db), sql, -1, &statement, NULL);
    enum status status = STATUS_OK;
    if ((result & 0xFF) == SQLITE_ERROR)
        status = error_set(error, STATUS_CORRUPT, "not a whole replica: %s",
                           sqlite3_errmsg(db_handle(db)));
    else if (result != SQLITE_OK)
        status = db_error(db, result, "cannot check the replica", error);
    (void)sqlite3_finalize(statement);
    sqlite3_free(sql);
    return status;
}

static enum status check_tables(struct db *db, struct error *error)
{
    struct buf columns;
    buf_init(&columns, 4096);
    enum status status = STATUS_OK;
    for (int i = 0; i < reference_table_count() && status == STATUS_OK; i++) {
        const struct reference_table *table = reference_table_at(i);
        buf_clear(&columns);
        enum status fits = reference_columns(table, &columns);
        INVARIANT(fits == STATUS_OK);
        status = check_select(db, buf_text(&columns), table->name, error);
    }
    buf_finish(&columns);
    if (status == STATUS_OK)
        status = check_select(db, "key,value", "meta", error);
    if (status == STATUS_OK)
        status = check_select(db, "scope,incarnation,position,as_of_ms", "cursor", error);
    return status == STATUS_OK ? check_select(db, "rowid,words", "search", error) : status;
}

static bool has_table(struct db *db, const char *name)
{
    int result = sqlite3_table_column_metadata(db_handle(db), NULL, name, NULL, NULL, NULL, NULL,
                                               NULL, NULL);
    return result == SQLITE_OK;
}

enum status replica_complete(struct db *db, bool *grown, struct error *error)
{
    int version;
    enum status status = db_version(db, &version, error);
    *grown = false;
    if (status != STATUS_OK || version != REPLICA_VERSION || !has_table(db, "item"))
        return status; /* no replica of ours: replica_check says so */
    for (int i = 0; i < reference_table_count(); i++)
        *grown = *grown || !has_table(db, reference_table_at(i)->name);
    if (!*grown)
        return STATUS_OK;
    status = db_begin(db, error);
    if (status == STATUS_OK)
        status = reference_create(db, error);
    if (status == STATUS_OK)
        return db_commit(db, error);
    db_rollback(db);
    return status;
}

enum status replica_check(struct db *db, struct error *error)
{
    int version;
    enum status status = db_version(db, &version, error);
    if (status != STATUS_OK)
        return status;
    if (version != REPLICA_VERSION)
        return error_set(error, STATUS_UNSUPPORTED,
                         "the replica is of version %d, this program knows %d", version,
                         REPLICA_VERSION);
    return check_tables(db, error);
}

/* --- Cursors and meta --- */

/* The row's incarnation, position and time, in this order. */
static enum status read_cursor(struct db_statement *row, const char *scope,
                               struct replica_cursor *out, struct error *error)
{
    const char *incarnation = db_text(row, 0);

    if (strlen(incarnation) >= sizeof out->incarnation)
        return error_set(error, STATUS_CORRUPT, "the cursor of %s is damaged", scope);
    (void)snprintf(out->incarnation, sizeof out->incarnation, "%s", incarnation);
    out->position = db_int(row, 1);
    out->as_of_ms = db_int(row, 2);
    return STATUS_OK;
}

enum status replica_cursor(struct db *db, const char *scope, struct replica_cursor *out,
                           struct error *error)
{
    struct db_statement *statement;
    bool row;
    enum status status = db_prepare(
        db, "SELECT incarnation,position,as_of_ms FROM cursor WHERE scope=?", &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, scope);
    status = db_step(statement, &row, error);
    if (status != STATUS_OK)
        return status;
    *out = (struct replica_cursor){.position = 0};
    if (!row)
        return STATUS_OK;
    status = read_cursor(statement, scope, out, error);
    db_reset(statement);
    return status;
}

enum status replica_cursors(struct db *db, replica_visit_cursor *visit, void *context,
                            struct error *error)
{
    struct db_statement *statement;
    bool row = false;
    enum status status =
        db_prepare(db, "SELECT incarnation,position,as_of_ms,scope FROM cursor ORDER BY scope",
                   &statement, error);

    if (status != STATUS_OK)
        return status;
    while ((status = db_step(statement, &row, error)) == STATUS_OK && row) {
        struct replica_cursor cursor;

        status = read_cursor(statement, db_text(statement, 3), &cursor, error);
        if (status != STATUS_OK)
            break;
        visit(context, db_text(statement, 3), &cursor);
    }
    db_reset(statement);
    return status;
}

enum status replica_set_cursor(struct db *db, const char *scope,
                               const struct replica_cursor *cursor, struct error *error)
{
    struct db_statement *statement;
    enum status status =
        db_prepare(db,
                   "INSERT OR REPLACE INTO cursor(scope,incarnation,position,as_of_ms)"
                   " VALUES(?,?,?,?)",
                   &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, scope);
    db_bind_text(statement, 2, cursor->incarnation);
    db_bind_int(statement, 3, cursor->position);
    db_bind_int(statement, 4, cursor->as_of_ms);
    return db_run(statement, error);
}

enum status replica_meta(struct db *db, const char *key, char *out, size_t size,
                         struct error *error)
{
    struct db_statement *statement;
    bool row;
    enum status status = db_prepare(db, "SELECT value FROM meta WHERE key=?", &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, key);
    status = db_step(statement, &row, error);
    if (status != STATUS_OK)
        return status;
    INVARIANT(size > 0);
    out[0] = '\0';
    if (!row)
        return STATUS_OK;
    const char *value = db_text(statement, 0);
    size_t length = strlen(value);
    if (length >= size)
        status = error_set(error, STATUS_RANGE, "meta.%s is too long", key);
    else
        memcpy(out, value, length + 1);
    db_reset(statement);
    return status;
}

enum status replica_set_meta(struct db *db, const char *key, const char *value, struct error *error)
{
    struct db_statement *statement;
    enum status status =
        db_prepare(db, "INSERT OR REPLACE INTO meta(key,value) VALUES(?,?)", &statement, error);
    if (status != STATUS_OK)
        return status;
    db_bind_text(statement, 1, key);
    db_bind_text(statement, 2, value);
    return db_run(statement, error);
}

/* --- The pointer --- */

/* "replica-" digits ".db": a name that can't leave the folder. */
static bool is_replica_name(const char *name)
{
    static const char head[] = "replica-";
    if (strlen(name) >= REPLICA_NAME_SIZE || strncmp(name, head, sizeof head - 1) != 0)
        return false;
    const char *digits = name + sizeof head - 1;
    size_t count = strspn(digits, "0123456789");
    return count > 0 && strcmp(digits + count, ".db") == 0;
}

enum status replica_pointer_read(const char *folder, char out[REPLICA_NAME_SIZE],
                                 struct error *error)
{
    char *path = path_join(folder, REPLICA_POINTER);
    struct buf text;
    buf_init(&text, REPLICA_NAME_SIZE);
    enum status status = file_read(path, &text, error);
    if (status == STATUS_OK) {
        (void)snprintf(out, REPLICA_NAME_SIZE, "%s", buf_text(&text));
        out[strcspn(out, "\n")] = '\0';
        if (!is_replica_name(out))
            status = error_set(error, STATUS_CORRUPT, "%s names no replica", path);
    }
    buf_finish(&text);
    free(path);
    return status;
}

enum status replica_pointer_write(const char *folder, const char *name, struct error *error)
{
    INVARIANT(is_replica_name(name));
    char line[REPLICA_NAME_SIZE + 1];
    int length = snprintf(line, sizeof line, "%s\n", name);
    char *path = path_join(folder, REPLICA_POINTER);
    enum status status = file_write_durable(path, line, (size_t)length, 0644, error);
    free(path);
    return status;
}

/* --- Readers --- */

static enum status open_file(const char *folder, const char *name, struct db **out,
                             struct error *error)
{
    struct db *db;
    char *path = path_join(folder, name);
    enum status status = db_open(path, DB_READER, &db, error);
    free(path);
    if (status != STATUS_OK)
        return status;
    status = replica_check(db, error);
    if (status == STATUS_OK)
        status = db_set_cache(db, READER_CACHE_KIB, error);
    if (status != STATUS_OK) {
        db_close(db);
        return status;
    }
    *out = db;
    return STATUS_OK;
}

enum status replica_open_reader(const char *folder, struct replica **out, struct error *error)
{
    char name[REPLICA_NAME_SIZE];
    struct db *db;
    enum status status = replica_pointer_read(folder, name, error);
    if (status == STATUS_OK)
        status = open_file(folder, name, &db, error);
    if (status != STATUS_OK)
        return status;
    struct replica *replica = mem_alloc(sizeof *replica);
    replica->folder = mem_copy_text(folder);
    replica->db = db;
    memcpy(replica->name, name, sizeof name);
    *out = replica;
    return STATUS_OK;
}

enum status replica_over(struct db *db, struct replica **out, struct error *error)
{
    enum status status = replica_check(db, error);
    if (status != STATUS_OK)
        return status;
    struct replica *replica = mem_alloc(sizeof *replica);
    replica->db = db;
    *out = replica;
    return STATUS_OK;
}

void replica_close(struct replica *replica)
{
    if (replica == NULL)
        return;
    if (replica->folder != NULL)
        db_close(replica->db);
    free(replica->folder);
    free(replica);
}

enum status replica_refresh(struct replica *replica, bool *changed, struct error *error)
{
    *changed = false;
    if (replica->folder == NULL)
        return STATUS_OK;
    INVARIANT(!db_in_transaction(replica->db));
    char name[REPLICA_NAME_SIZE];
    enum status status = replica_pointer_read(replica->folder, name, error);
    if (status != STATUS_OK || strcmp(name, replica->name) == 0)
        return status;
    struct db *db;
    status = open_file(replica->folder, name, &db, error);
    if (status != STATUS_OK)
        return status;
    db_close(replica->db);
    replica->db = db;
    memcpy(replica->name, name, sizeof name);
    *changed = true;
    return STATUS_OK;
}

struct db *replica_db(struct replica *replica)
{
    return replica->db;
}

const char *replica_name(const struct replica *replica)
{
    return replica->name;
}
