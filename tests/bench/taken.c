/* Changesets into statements:
 *
 *   insert  t(a, b, c)      INSERT INTO t(a, b, c) VALUES(?1, ?2, ?3)
 *   update  t, b changed    UPDATE t SET b = ?1 WHERE a = ?2
 *   delete  t               DELETE FROM t WHERE a = ?1
 *
 * Equal texts are kept once: sessions know their statements by address.
 */
#define SQLITE_ENABLE_SESSION        1
#define SQLITE_ENABLE_PREUPDATE_HOOK 1
#include "tests/bench/taken.h"

#include "terminal/base/buf.h"
#include "tests/bench/bench.h"
#include "tests/bench/taken_internal.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first connection since taken_new that may write its file: SQLite tells of each that is made.
 */
static sqlite3 *watched;

static int note_connection(sqlite3 *db, char **message, const struct sqlite3_api_routines *api)
{
    (void)message;
    (void)api;
    if (!watched && !sqlite3_db_readonly(db, "main"))
        watched = db;
    return SQLITE_OK;
}

struct taken *taken_new(void)
{
    watched = NULL;
    sqlite3_auto_extension((void (*)(void))note_connection);
    return mem_alloc(sizeof(struct taken));
}

void taken_end(struct taken *taken)
{
    sqlite3_cancel_auto_extension((void (*)(void))note_connection);
    if (taken->session)
        sqlite3session_delete(taken->session);
    taken->session = NULL;
}

void taken_free(struct taken *taken)
{
    if (!taken)
        return;
    taken_end(taken);
    for (size_t i = 0; i < taken->count; i++) {
        for (int at = 0; at < taken->ops[i].count; at++)
            free((void *)(uintptr_t)taken->ops[i].values[at].bytes);
        free(taken->ops[i].values);
    }
    for (size_t i = 0; i < taken->text_count; i++)
        free(taken->texts[i]);
    free(taken->texts);
    free(taken->ops);
    free(taken->ends);
    free(taken);
}

enum status taken_begin(struct taken *taken, struct error *error)
{
    if (!watched)
        return error_set(error, STATUS_NOT_FOUND, "no database is open for writing");
    if (taken->session)
        sqlite3session_delete(taken->session);
    taken->session = NULL;
    if (sqlite3session_create(watched, "main", &taken->session) != SQLITE_OK ||
        sqlite3session_attach(taken->session, NULL) != SQLITE_OK)
        return error_set(error, STATUS_UNSUPPORTED, "this SQLite has no session extension");
    return STATUS_OK;
}

/* ---- a changeset into ops -------------------------------------------------------------------- */

static const char *intern(struct taken *taken, const char *text)
{
    for (size_t i = 0; i < taken->text_count; i++)
        if (strcmp(taken->texts[i], text) == 0)
            return taken->texts[i];
    taken->texts = mem_resize(taken->texts, (taken->text_count + 1) * sizeof(char *));
    return taken->texts[taken->text_count++] = mem_copy_text(text);
}

static struct store_value copy_value(sqlite3_value *value)
{
    int type = sqlite3_value_type(value);
    if (type == SQLITE_INTEGER)
        return store_int(sqlite3_value_int64(value));
    if (type == SQLITE_NULL)
        return store_null();
    size_t length = (size_t)sqlite3_value_bytes(value);
    char *bytes = mem_alloc(length + 1);
    if (length > 0)
        memcpy(bytes, sqlite3_value_blob(value), length);
    return type == SQLITE_TEXT ? store_text_n(bytes, length) : store_blob(bytes, length);
}

static enum status read_table(const char *name, struct table *out, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(watched, "SELECT name FROM pragma_table_info(?1)", -1, &statement,
                           NULL) != SQLITE_OK)
        return error_set(error, STATUS_IO, "%s", sqlite3_errmsg(watched));
    snprintf(out->name, sizeof out->name, "%s", name);
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    while (sqlite3_step(statement) == SQLITE_ROW && out->count < TAKEN_COLUMNS_MAX)
        snprintf(out->columns[out->count++], sizeof out->columns[0], "%s",
                 (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return STATUS_OK;
}

static enum status find_table(struct taken *taken, const char *name, int columns,
                              const struct table **out, struct error *error)
{
    for (int i = 0; i < taken->table_count; i++)
        if (strcmp(taken->tables[i].name, name) == 0) {
            *out = &taken->tables[i];
            return STATUS_OK;
        }
    if (taken->table_count == TAKEN_TABLES_MAX)
        return error_set(error, STATUS_RANGE, "too many tables");
    struct table *table = &taken->tables[taken->table_count++];
    enum status status = read_table(name, table, error);
    *out = table;
    return status || table->count == columns
               ? status
               : error_set(error, STATUS_RANGE, "%s has too many columns", name);
}

struct writing {
    struct buf sql;
    struct store_value values[2 * TAKEN_COLUMNS_MAX];
    int count;
};

static void add(struct writing *to, const char *before, const char *name, const char *after,
                sqlite3_value *value)
{
    to->values[to->count++] = copy_value(value);
    enum status status = buf_printf(&to->sql, "%s%s%s?%d", before, name, after, to->count);
    INVARIANT(status == STATUS_OK);
}

static void write_insert(struct writing *to, sqlite3_changeset_iter *at, const char *name,
                         const struct table *table)
{
    enum status status = buf_printf(&to->sql, "INSERT INTO %s(", name);
    for (int i = 0; i < table->count && !status; i++)
        status = buf_printf(&to->sql, "%s%s", i ? ", " : "", table->columns[i]);
    INVARIANT(status == STATUS_OK);
    for (int i = 0; i < table->count; i++) {
        sqlite3_value *value = NULL;
        sqlite3changeset_new(at, i, &value);
        add(to, i ? ", " : ") VALUES(", "", "", value);
    }
    status = buf_append_text(&to->sql, ")");
    INVARIANT(status == STATUS_OK);
}

static void write_key(struct writing *to, sqlite3_changeset_iter *at, const struct table *table)
{
    unsigned char *key = NULL;
    bool first = true;
    sqlite3changeset_pk(at, &key, NULL);
    for (int i = 0; i < table->count; i++) {
        sqlite3_value *value = NULL;
        if (!key[i])
            continue;
        sqlite3changeset_old(at, i, &value);
        add(to, first ? " WHERE " : " AND ", table->columns[i], " = ", value);
        first = false;
    }
}

static void write_update(struct writing *to, sqlite3_changeset_iter *at, const char *name,
                         const struct table *table)
{
    enum status status = buf_printf(&to->sql, "UPDATE %s", name);
    INVARIANT(status == STATUS_OK);
    for (int i = 0; i < table->count; i++) {
        sqlite3_value *value = NULL;
        sqlite3changeset_new(at, i, &value);
        if (value)
            add(to, to->count ? ", " : " SET ", table->columns[i], " = ", value);
    }
    write_key(to, at, table);
}

static enum status take_row(struct taken *taken, sqlite3_changeset_iter *at, struct error *error)
{
    const char *name;
    int columns, kind, indirect;
    const struct table *table = NULL;
    struct writing writing = {.count = 0};
    sqlite3changeset_op(at, &name, &columns, &kind, &indirect);
    enum status status = find_table(taken, name, columns, &table, error);
    if (status)
        return status;
    buf_init(&writing.sql, 8192);
    if (kind == SQLITE_INSERT) {
        write_insert(&writing, at, name, table);
    } else if (kind == SQLITE_UPDATE) {
        write_update(&writing, at, name, table);
    } else {
        status = buf_printf(&writing.sql, "DELETE FROM %s", name);
        INVARIANT(status == STATUS_OK);
        write_key(&writing, at, table);
    }
    if (taken->count == taken->room) {
        taken->room = taken->room ? 2 * taken->room : 4096;
        taken->ops = mem_resize(taken->ops, taken->room * sizeof *taken->ops);
    }
    struct op *op = &taken->ops[taken->count++];
    *op = (struct op){.sql = intern(taken, buf_text(&writing.sql)), .count = writing.count};
    op->values = mem_alloc((size_t)writing.count * sizeof *op->values);
    memcpy(op->values, writing.values, (size_t)writing.count * sizeof *op->values);
    buf_finish(&writing.sql);
    return STATUS_OK;
}

enum status taken_note(struct taken *taken, struct error *error)
{
    sqlite3_changeset_iter *at = NULL;
    void *bytes = NULL;
    int size = 0;
    enum status status = STATUS_OK;
    if (sqlite3session_changeset(taken->session, &size, &bytes) != SQLITE_OK ||
        sqlite3changeset_start(&at, size, bytes) != SQLITE_OK)
        return error_set(error, STATUS_IO, "the rows of a transaction are not told");
    while (!status && sqlite3changeset_next(at) == SQLITE_ROW)
        status = take_row(taken, at, error);
    sqlite3changeset_finalize(at);
    sqlite3_free(bytes);
    taken->ends = mem_resize(taken->ends, (taken->transactions + 1) * sizeof *taken->ends);
    taken->ends[taken->transactions++] = taken->count;
    return status ? status : taken_begin(taken, error);
}

size_t taken_rows(const struct taken *taken)
{
    return taken->count;
}

size_t taken_transactions(const struct taken *taken)
{
    return taken->transactions;
}

/* ---- the same again -------------------------------------------------------------------------- */

static enum status insert_all(const struct taken *taken, struct store_session *session,
                              struct error *error)
{
    size_t at = 0;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < taken->transactions && !status; i++) {
        status = store_begin(session, error);
        for (; at < taken->ends[i] && !status; at++)
            status = store_run(session, taken->ops[at].sql, taken->ops[at].values,
                               taken->ops[at].count, error);
        if (!status)
            status = store_commit(session, error);
    }
    return status;
}

enum status taken_insert(const struct taken *taken, const char *location, struct effort *out,
                         struct error *error)
{
    struct store *store;
    struct store_session *session = NULL;
    enum status status = store_open(location, false, &store, error);
    if (status)
        return status;
    status = store_session_open(store, STORE_WRITER, &session, error);
    *out = effort_begin();
    if (!status)
        status = insert_all(taken, session, error);
    effort_end(out);
    store_session_close(session);
    store_close(store);
    return status;
}
