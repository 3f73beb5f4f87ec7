/* The reference tables in a database: DDL, copying, and the writer of rows.
 *
 * Statements are made from the descriptors when a writer is opened, and belong to it:
 *
 *   put[table]     INSERT OR REPLACE INTO item(sku,...) VALUES(?,...)
 *   remove[table]  DELETE FROM item WHERE sku=?
 *   get[table]     SELECT sku,... FROM item WHERE sku=?
 *
 * Each is prepared when it is first used.
 */
#include "terminal/catalogue/reference.h"

#include <stdlib.h>
#include <string.h>

/* The paths on which rows are looked for beside their keys. */
static const char indexes[] =
    "CREATE INDEX IF NOT EXISTS item_code_of_sku ON item_code(sku);"
    "CREATE INDEX IF NOT EXISTS item_of_group ON item(variant_of) WHERE variant_of<>'';"
    "CREATE INDEX IF NOT EXISTS category_of_parent ON category(parent);"
    "CREATE INDEX IF NOT EXISTS price_list_of_location ON price_list(location);";

enum kind { KIND_PUT, KIND_REMOVE, KIND_GET, KIND_COUNT };

#define TABLES_MAX 32

struct reference_writer {
    struct db *db;
    sqlite3_stmt *statements[TABLES_MAX][KIND_COUNT];
    struct buf texts; /* of the row that reference_get gave last */
};

/* SQL is made of our own names only and always fits. */
static void sql_add(struct buf *sql, const char *text)
{
    enum status status = buf_append_text(sql, text);
    INVARIANT(status == STATUS_OK);
}

static void sql_init(struct buf *sql)
{
    buf_init(sql, 16384);
}

enum status reference_columns(const struct reference_table *table, struct buf *out)
{
    for (int i = 0; i < table->column_count; i++) {
        enum status status = buf_printf(out, i > 0 ? ",%s" : "%s", table->columns[i].name);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static void add_columns(struct buf *sql, const struct reference_table *table)
{
    enum status status = reference_columns(table, sql);
    INVARIANT(status == STATUS_OK);
}

static void add_table(struct buf *sql, const struct reference_table *table)
{
    enum status status = buf_printf(sql, "CREATE TABLE IF NOT EXISTS %s(", table->name);
    for (int i = 0; i < table->column_count && status == STATUS_OK; i++) {
        const struct reference_column *column = &table->columns[i];
        if (column->type == REFERENCE_TEXT)
            status = buf_printf(sql, "%s TEXT NOT NULL DEFAULT '%s',", column->name, column->text);
        else
            status = buf_printf(sql, "%s INTEGER NOT NULL DEFAULT %lld,", column->name,
                                (long long)column->number);
    }
    INVARIANT(status == STATUS_OK);
    sql_add(sql, "PRIMARY KEY(");
    for (int i = 0; i < table->key_count; i++) {
        sql_add(sql, i > 0 ? "," : "");
        sql_add(sql, table->columns[i].name);
    }
    sql_add(sql, ")) WITHOUT ROWID;");
}

void reference_schema(struct buf *out)
{
    for (int i = 0; i < reference_table_count(); i++)
        add_table(out, reference_table_at(i));
    sql_add(out, indexes);
}

enum status reference_create(struct db *db, struct error *error)
{
    struct buf sql;
    sql_init(&sql);
    reference_schema(&sql);
    enum status status = db_exec(db, buf_text(&sql), error);
    buf_finish(&sql);
    return status;
}

/* `SELECT *` without a condition lets SQLite move whole records (its transfer optimisation). */
static enum status copy_table(struct db *db, const struct reference_table *table, const char *from,
                              const char *location, struct error *error)
{
    char *sql = table->scope == REFERENCE_LOCATION
                    ? sqlite3_mprintf("INSERT INTO main.%s SELECT * FROM \"%w\".%s "
                                      "WHERE location=%Q",
                                      table->name, from, table->name, location)
                    : sqlite3_mprintf("INSERT INTO main.%s SELECT * FROM \"%w\".%s", table->name,
                                      from, table->name);
    if (sql == NULL)
        return error_set(error, STATUS_FULL, "cannot copy %s: out of memory", table->name);
    enum status status = db_exec(db, sql, error);
    sqlite3_free(sql);
    return status;
}

enum status reference_copy(struct db *db, const char *from, const char *location,
                           struct error *error)
{
    for (int i = 0; i < reference_table_count(); i++) {
        enum status status = copy_table(db, reference_table_at(i), from, location, error);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

void reference_row_read(const struct reference_table *table, struct db_statement *statement,
                        int first, struct reference_row *row)
{
    row->table = table;
    for (int i = 0; i < table->column_count; i++) {
        struct reference_value *value = &row->values[i];
        *value = (struct reference_value){.text = ""};
        if (table->columns[i].type == REFERENCE_INT)
            value->number = db_int(statement, first + i);
        else
            value->text = db_blob(statement, first + i, &value->length);
    }
}

/* --- The writer --- */

static void add_key_condition(struct buf *sql, const struct reference_table *table)
{
    for (int i = 0; i < table->key_count; i++) {
        enum status status =
            buf_printf(sql, "%s%s=?", i > 0 ? " AND " : " WHERE ", table->columns[i].name);
        INVARIANT(status == STATUS_OK);
    }
}

static void add_statement(struct buf *sql, const struct reference_table *table, enum kind kind)
{
    switch (kind) {
    case KIND_PUT:
        sql_add(sql, "INSERT OR REPLACE INTO ");
        sql_add(sql, table->name);
        sql_add(sql, "(");
        add_columns(sql, table);
        sql_add(sql, ") VALUES(");
        for (int i = 0; i < table->column_count; i++)
            sql_add(sql, i > 0 ? ",?" : "?");
        sql_add(sql, ")");
        return;
    case KIND_REMOVE:
        sql_add(sql, "DELETE FROM ");
        sql_add(sql, table->name);
        add_key_condition(sql, table);
        return;
    case KIND_GET:
        sql_add(sql, "SELECT ");
        add_columns(sql, table);
        sql_add(sql, " FROM ");
        sql_add(sql, table->name);
        add_key_condition(sql, table);
        return;
    case KIND_COUNT:
        break;
    }
    INVARIANT(kind < KIND_COUNT);
}

static enum status statement_for(struct reference_writer *writer,
                                 const struct reference_table *table, enum kind kind,
                                 sqlite3_stmt **out, struct error *error)
{
    int index = (int)(table - reference_table_at(0));
    INVARIANT(index >= 0 && index < TABLES_MAX);
    sqlite3_stmt **slot = &writer->statements[index][kind];
    if (*slot == NULL) {
        struct buf sql;
        sql_init(&sql);
        add_statement(&sql, table, kind);
        int result = sqlite3_prepare_v3(db_handle(writer->db), buf_text(&sql), -1,
                                        SQLITE_PREPARE_PERSISTENT, slot, NULL);
        buf_finish(&sql);
        if (result != SQLITE_OK)
            return db_error(writer->db, result, table->name, error);
    }
    *out = *slot;
    return STATUS_OK;
}

static void bind_values(sqlite3_stmt *statement, const struct reference_row *row, int count)
{
    for (int i = 0; i < count; i++) {
        const struct reference_value *value = &row->values[i];
        int result = row->table->columns[i].type == REFERENCE_INT
                         ? sqlite3_bind_int64(statement, i + 1, value->number)
                         : sqlite3_bind_text64(statement, i + 1, value->text, value->length,
                                               SQLITE_STATIC, SQLITE_UTF8);
        INVARIANT(result == SQLITE_OK);
    }
}

enum status reference_writer_open(struct db *db, struct reference_writer **out, struct error *error)
{
    INVARIANT(reference_table_count() <= TABLES_MAX);
    struct reference_writer *writer = mem_alloc(sizeof *writer);
    writer->db = db;
    buf_init(&writer->texts, REFERENCE_COLUMNS_MAX * (REFERENCE_TEXT_MAX + 1));
    /* One statement now: whoever forgot reference_create learns it here. */
    sqlite3_stmt *statement;
    enum status status = statement_for(writer, reference_table_at(0), KIND_PUT, &statement, error);
    if (status != STATUS_OK) {
        reference_writer_close(writer);
        return status;
    }
    *out = writer;
    return STATUS_OK;
}

void reference_writer_close(struct reference_writer *writer)
{
    if (writer == NULL)
        return;
    for (int i = 0; i < TABLES_MAX; i++)
        for (int kind = 0; kind < KIND_COUNT; kind++)
            (void)sqlite3_finalize(writer->statements[i][kind]);
    buf_finish(&writer->texts);
    free(writer);
}

static enum status run(struct reference_writer *writer, const struct reference_row *row,
                       enum kind kind, int count, struct error *error)
{
    sqlite3_stmt *statement;
    enum status status = statement_for(writer, row->table, kind, &statement, error);
    if (status != STATUS_OK)
        return status;
    bind_values(statement, row, count);
    int result = sqlite3_step(statement);
    if (result != SQLITE_DONE)
        status = db_error(writer->db, result, row->table->name, error);
    (void)sqlite3_reset(statement);
    return status;
}

enum status reference_put(struct reference_writer *writer, const struct reference_row *row,
                          struct error *error)
{
    return run(writer, row, KIND_PUT, row->table->column_count, error);
}

enum status reference_delete(struct reference_writer *writer, const struct reference_row *row,
                             struct error *error)
{
    return run(writer, row, KIND_REMOVE, row->table->key_count, error);
}

/* The texts move into the writer's buffer: the statement is reset at once and blocks nothing. */
static enum status keep_row(struct reference_writer *writer, sqlite3_stmt *statement,
                            struct reference_row *row, struct error *error)
{
    size_t starts[REFERENCE_COLUMNS_MAX];
    int count = row->table->column_count;
    buf_clear(&writer->texts);
    for (int i = 0; i < count; i++) {
        struct reference_value *value = &row->values[i];
        const char *text = (const char *)sqlite3_column_text(statement, i);
        *value = (struct reference_value){.length = (size_t)sqlite3_column_bytes(statement, i),
                                          .number = sqlite3_column_int64(statement, i)};
        starts[i] = writer->texts.used;
        if (buf_append(&writer->texts, text != NULL ? text : "", value->length) != STATUS_OK)
            return error_set(error, STATUS_CORRUPT, "%s: a row is too long", row->table->name);
    }
    for (int i = 0; i < count; i++)
        row->values[i].text = buf_text(&writer->texts) + starts[i];
    return STATUS_OK;
}

enum status reference_get(struct reference_writer *writer, struct reference_row *row,
                          struct error *error)
{
    sqlite3_stmt *statement;
    enum status status = statement_for(writer, row->table, KIND_GET, &statement, error);
    if (status != STATUS_OK)
        return status;
    bind_values(statement, row, row->table->key_count);
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        status = keep_row(writer, statement, row, error);
    else if (result == SQLITE_DONE)
        status = error_set(error, STATUS_NOT_FOUND, "%s: no such row", row->table->name);
    else
        status = db_error(writer->db, result, row->table->name, error);
    (void)sqlite3_reset(statement);
    return status;
}
