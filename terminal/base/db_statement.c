/* Statements: prepared once per literal, bound, stepped, read.
 *
 * They are cached in an open hash table keyed by the address of their text; the text itself is
 * compared too, so that an address that is used again can't give the wrong statement.
 *
 * A reader's statement also remembers what is bound to it: when its first step finds that the
 * connection must be opened anew, it is prepared, bound and stepped again, and nobody sees it.
 */
#include "terminal/base/db_internal.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 64

/* ---- binding ----------------------------------------------------------------------------------
 */

static int bind_one(sqlite3_stmt *handle, int index, const struct db_binding *binding)
{
    switch (binding->kind) {
    case BOUND_INT:
        return sqlite3_bind_int64(handle, index, binding->number);
    case BOUND_TEXT:
        return sqlite3_bind_text64(handle, index, binding->bytes, binding->length, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case BOUND_BLOB:
        return sqlite3_bind_blob64(handle, index, binding->bytes, binding->length, SQLITE_STATIC);
    case BOUND_NULL:
        break;
    }
    return sqlite3_bind_null(handle, index);
}

static void bind_and_remember(struct db_statement *statement, int index, struct db_binding binding)
{
    int result = bind_one(statement->handle, index, &binding);
    INVARIANT(result == SQLITE_OK);
    if (statement->bindings != NULL)
        statement->bindings[index - 1] = binding;
}

static void forget_bindings(struct db_statement *statement)
{
    if (statement->bindings == NULL)
        return;
    size_t count = (size_t)sqlite3_bind_parameter_count(statement->handle);
    memset(statement->bindings, 0, count * sizeof statement->bindings[0]);
}

void db_bind_int(struct db_statement *statement, int index, int64_t value)
{
    bind_and_remember(statement, index, (struct db_binding){.kind = BOUND_INT, .number = value});
}

void db_bind_text(struct db_statement *statement, int index, const char *text)
{
    if (text == NULL)
        db_bind_null(statement, index);
    else
        db_bind_text_n(statement, index, text, strlen(text));
}

void db_bind_text_n(struct db_statement *statement, int index, const char *text, size_t length)
{
    bind_and_remember(statement, index,
                      (struct db_binding){.kind = BOUND_TEXT, .bytes = text, .length = length});
}

void db_bind_blob(struct db_statement *statement, int index, const void *bytes, size_t length)
{
    bind_and_remember(statement, index,
                      (struct db_binding){.kind = BOUND_BLOB, .bytes = bytes, .length = length});
}

void db_bind_null(struct db_statement *statement, int index)
{
    bind_and_remember(statement, index, (struct db_binding){.kind = BOUND_NULL});
}

/* ---- the cache
 * ----------------------------------------------------------------------------------- */

/* Fibonacci hashing: literals lie close together, the product spreads them. */
static size_t first_slot(const char *sql, size_t count)
{
    return (size_t)((uint64_t)(uintptr_t)sql * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (count - 1);
}

/* The slot that holds `sql`, or the empty one where it belongs. */
static struct db_statement **find_slot(struct db_statement **slots, size_t count, const char *sql)
{
    size_t at = first_slot(sql, count);
    while (slots[at] != NULL && (slots[at]->key != sql || strcmp(slots[at]->text, sql) != 0))
        at = (at + 1) & (count - 1);
    return &slots[at];
}

static void grow_slots(struct db *db)
{
    size_t count = db->slot_count * 2;
    struct db_statement **slots = mem_alloc(count * sizeof(struct db_statement *));
    for (size_t i = 0; i < db->slot_count; i++) {
        struct db_statement *statement = db->slots[i];
        if (statement == NULL)
            continue;
        size_t at = first_slot(statement->key, count);
        while (slots[at] != NULL)
            at = (at + 1) & (count - 1);
        slots[at] = statement;
    }
    free(db->slots);
    db->slots = slots;
    db->slot_count = count;
}

static enum status prepare_new(struct db *db, const char *sql, struct db_statement **out,
                               struct error *error)
{
    sqlite3_stmt *handle = NULL;
    const char *tail = NULL;
    int result = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, &tail);
    if (result != SQLITE_OK && db_reopens(db, result))
        result = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, &tail);
    if (result != SQLITE_OK)
        return db_error(db, result, "cannot prepare", error);
    INVARIANT(handle != NULL && tail[strspn(tail, " ;\n\t")] == '\0'); /* one statement, not none */
    if ((db->statement_count + 1) * 2 > db->slot_count)
        grow_slots(db);
    struct db_statement *statement = mem_alloc(sizeof *statement);
    *statement =
        (struct db_statement){.handle = handle, .db = db, .key = sql, .text = mem_copy_text(sql)};
    int parameters = sqlite3_bind_parameter_count(handle);
    if (db->reader && parameters > 0)
        statement->bindings = mem_alloc((size_t)parameters * sizeof statement->bindings[0]);
    *find_slot(db->slots, db->slot_count, sql) = statement;
    db->statement_count++;
    *out = statement;
    return STATUS_OK;
}

enum status db_prepare(struct db *db, const char *sql, struct db_statement **out,
                       struct error *error)
{
    struct db_statement *statement = *find_slot(db->slots, db->slot_count, sql);
    if (statement == NULL)
        return prepare_new(db, sql, out, error);
    (void)sqlite3_reset(statement->handle);
    (void)sqlite3_clear_bindings(statement->handle);
    forget_bindings(statement);
    *out = statement;
    return STATUS_OK;
}

/* ---- all statements at once --------------------------------------------------------------------
 */

void db_statements_init(struct db *db)
{
    db->slot_count = FIRST_SLOTS;
    db->slots = mem_alloc(FIRST_SLOTS * sizeof(struct db_statement *));
}

void db_statements_finish(struct db *db)
{
    for (size_t i = 0; i < db->slot_count; i++) {
        struct db_statement *statement = db->slots[i];
        if (statement == NULL)
            continue;
        (void)sqlite3_finalize(statement->handle);
        free(statement->bindings);
        free(statement->text);
        free(statement);
    }
    free(db->slots);
}

static sqlite3_stmt *prepare_again(struct db *db, const struct db_statement *statement)
{
    sqlite3_stmt *handle = NULL;
    if (sqlite3_prepare_v3(db->handle, statement->text, -1, SQLITE_PREPARE_PERSISTENT, &handle,
                           NULL) != SQLITE_OK)
        return NULL;
    int count = statement->bindings == NULL ? 0 : sqlite3_bind_parameter_count(handle);
    for (int i = 0; i < count; i++) {
        int result = bind_one(handle, i + 1, &statement->bindings[i]);
        INVARIANT(result == SQLITE_OK);
    }
    return handle;
}

bool db_statements_move(struct db *db)
{
    sqlite3_stmt **handles = mem_alloc(db->slot_count * sizeof(sqlite3_stmt *));
    bool moves = true;
    for (size_t i = 0; i < db->slot_count && moves; i++) {
        if (db->slots[i] == NULL)
            continue;
        handles[i] = prepare_again(db, db->slots[i]);
        moves = handles[i] != NULL;
    }
    for (size_t i = 0; i < db->slot_count; i++) {
        if (moves && db->slots[i] != NULL) {
            sqlite3_stmt *old = db->slots[i]->handle;
            db->slots[i]->handle = handles[i];
            handles[i] = old;
        }
        (void)sqlite3_finalize(handles[i]);
    }
    free(handles);
    return moves;
}

/* ---- stepping and reading ---------------------------------------------------------------------
 */

enum status db_step(struct db_statement *statement, bool *row, struct error *error)
{
    *row = false;
    enum status status = db_end_abandoned(statement->db, error);
    if (status != STATUS_OK)
        return status;
    int result = sqlite3_step(statement->handle);
    if (result != SQLITE_ROW && result != SQLITE_DONE && db_reopens(statement->db, result))
        result = sqlite3_step(statement->handle);
    *row = result == SQLITE_ROW;
    if (*row)
        return STATUS_OK;
    if (result != SQLITE_DONE)
        status = db_error(statement->db, result, "cannot step", error);
    (void)sqlite3_reset(statement->handle);
    return status;
}

enum status db_run(struct db_statement *statement, struct error *error)
{
    bool row = true;
    enum status status = STATUS_OK;
    while (row && status == STATUS_OK)
        status = db_step(statement, &row, error);
    return status;
}

void db_reset(struct db_statement *statement)
{
    (void)sqlite3_reset(statement->handle);
}

enum status db_one_int(struct db_statement *statement, int64_t fallback, int64_t *out,
                       struct error *error)
{
    bool row = false;
    enum status status = db_step(statement, &row, error);
    *out = row && !db_is_null(statement, 0) ? db_int(statement, 0) : fallback;
    db_reset(statement);
    return status;
}

int64_t db_int(struct db_statement *statement, int column)
{
    return sqlite3_column_int64(statement->handle, column);
}

const char *db_text(struct db_statement *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement->handle, column);
    /* No memory for it is no empty text. */
    INVARIANT(text != NULL || db_is_null(statement, column));
    return text != NULL ? text : "";
}

const void *db_blob(struct db_statement *statement, int column, size_t *length)
{
    const void *bytes = sqlite3_column_blob(statement->handle, column);
    *length = (size_t)sqlite3_column_bytes(statement->handle, column);
    INVARIANT(bytes != NULL || *length == 0);
    return bytes != NULL ? bytes : "";
}

bool db_is_null(struct db_statement *statement, int column)
{
    return sqlite3_column_type(statement->handle, column) == SQLITE_NULL;
}

int db_column_count(struct db_statement *statement)
{
    return sqlite3_column_count(statement->handle);
}
