/* Out: SELECT in single-row mode, binary, into a prepared INSERT. In: COPY FROM STDIN in its binary
 * form.
 */
#include "sync/ledger/store/postgres_copy.h"

#include "sync/ledger/store/postgres_connect.h"
#include "sync/ledger/store/postgres_sql.h"
#include "sync/ledger/store/postgres_value.h"

#include <stdlib.h>

#define SQL_MAX 16384
#define CHUNK   (256 << 10)

/* --- Out --- */

static enum status prepare_insert(struct db *target, const struct store_copy *copy,
                                  const PGresult *row, sqlite3_stmt **out, struct error *error)
{
    struct buf sql;
    int columns = PQnfields(row), result;
    enum status status;

    buf_init(&sql, SQL_MAX);
    status = buf_printf(&sql, "INSERT INTO main.%s(%s", copy->into,
                        copy->columns == NULL ? "" : copy->columns);
    for (int i = 0; i < columns && copy->columns == NULL && status == STATUS_OK; i++)
        status = buf_printf(&sql, "%s%s", i > 0 ? "," : "", PQfname(row, i));
    for (int i = 0; i < columns && status == STATUS_OK; i++)
        status = buf_append_text(&sql, i > 0 ? ",?" : ") VALUES(?");
    if (status == STATUS_OK)
        status = buf_append_text(&sql, ")");
    INVARIANT(status == STATUS_OK);
    result = sqlite3_prepare_v2(db_handle(target), buf_text(&sql), -1, out, NULL);
    buf_finish(&sql);
    return result == SQLITE_OK ? STATUS_OK : db_error(target, result, copy->into, error);
}

static enum status insert_row(struct db *target, sqlite3_stmt *insert, const PGresult *row,
                              struct error *error)
{
    int result;

    for (int i = 0; i < PQnfields(row); i++) {
        const char *bytes = PQgetvalue(row, 0, i);
        int length = PQgetlength(row, 0, i);
        if (PQgetisnull(row, 0, i))
            (void)sqlite3_bind_null(insert, i + 1);
        else if (value_kind(row, i) == STORE_INT)
            (void)sqlite3_bind_int64(insert, i + 1, value_int(row, i));
        else if (value_kind(row, i) == STORE_TEXT)
            (void)sqlite3_bind_text(insert, i + 1, bytes, length, SQLITE_STATIC);
        else
            (void)sqlite3_bind_blob(insert, i + 1, bytes, length, SQLITE_STATIC);
    }
    result = sqlite3_step(insert);
    (void)sqlite3_reset(insert);
    return result == SQLITE_DONE ? STATUS_OK : db_error(target, result, "copy", error);
}

/* The answers to a query that has been sent, one result per row. */
static enum status take_rows(PGconn *conn, struct db *target, const struct store_copy *copy,
                             sqlite3_stmt **insert, struct error *error)
{
    enum status status = STATUS_OK;
    PGresult *row;

    for (;;) {
        if (!postgres_answer(conn, &row))
            return postgres_error(conn, NULL, error);
        if (row == NULL)
            return status;
        if (PQresultStatus(row) == PGRES_SINGLE_TUPLE) {
            if (status == STATUS_OK && *insert == NULL)
                status = prepare_insert(target, copy, row, insert, error);
            if (status == STATUS_OK)
                status = insert_row(target, *insert, row, error);
        } else if (PQresultStatus(row) != PGRES_TUPLES_OK && status == STATUS_OK) {
            status = postgres_error(conn, row, error);
        }
        PQclear(row);
    }
}

static enum status copy_table(PGconn *conn, struct db *target, const struct store_copy *copy,
                              struct error *error)
{
    struct value_list values = {0};
    sqlite3_stmt *insert = NULL;
    char *select = postgres_sql(copy->select);
    enum status status = STATUS_OK;

    value_list_set(&values, copy->values, copy->count);
    if (PQsendQueryParams(conn, select, values.count, values.types, values.pointers, values.lengths,
                          values.formats, 1) != 1 ||
        PQsetSingleRowMode(conn) != 1)
        status = postgres_error(conn, NULL, error);
    if (status == STATUS_OK)
        status = take_rows(conn, target, copy, &insert, error);
    (void)sqlite3_finalize(insert);
    value_list_finish(&values);
    free(select);
    return status;
}

enum status postgres_copy_out(PGconn *conn, struct db *target, const struct store_copy *copies,
                              int count, struct error *error)
{
    enum status status = postgres_exec(conn,
                                       "SET statement_timeout = 0;"
                                       "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                                       PGRES_COMMAND_OK, NULL, error);

    if (status == STATUS_OK)
        status = db_begin(target, error);
    if (status != STATUS_OK)
        return status;
    for (int i = 0; i < count && status == STATUS_OK; i++)
        status = copy_table(conn, target, &copies[i], error);
    if (status == STATUS_OK)
        status = db_commit(target, error);
    else
        db_rollback(target);
    if (postgres_exec(conn, "COMMIT", PGRES_COMMAND_OK, NULL, NULL) != STATUS_OK)
        return status; /* the rows are here: how the server ends its part is all one */
    return status;
}

/* --- In --- */

static struct store_value value_of(struct db_statement *row, int column, enum store_type kind)
{
    size_t length = 0;
    const void *bytes;

    if (db_is_null(row, column))
        return store_null();
    if (kind == STORE_INT)
        return store_int(db_int(row, column));
    bytes = db_blob(row, column, &length);
    return store_blob(bytes, length);
}

static void add_row(struct buf *out, struct db_statement *row, const PGresult *shape)
{
    int columns = PQnfields(shape);

    value_copy_fields(out, columns);
    for (int i = 0; i < columns; i++) {
        struct store_value value = value_of(row, i, value_kind(shape, i));
        value_copy_field(out, &value);
    }
}

static enum status put_chunk(PGconn *conn, struct buf *chunk, struct error *error)
{
    enum status status = postgres_put(conn, chunk->data, chunk->used, error);

    buf_clear(chunk);
    return status;
}

static enum status put_rows(PGconn *conn, struct db_statement *rows, const PGresult *shape,
                            struct buf *chunk, struct error *error)
{
    enum status status = STATUS_OK;
    bool row = false;

    value_copy_begin(chunk);
    while (status == STATUS_OK && (status = db_step(rows, &row, error)) == STATUS_OK && row) {
        add_row(chunk, rows, shape);
        if (chunk->used >= CHUNK)
            status = put_chunk(conn, chunk, error);
    }
    value_copy_end(chunk);
    return status == STATUS_OK ? put_chunk(conn, chunk, error) : status;
}

/* "column,column,..." of a table in the SQLite file. */
static enum status read_columns(struct db *source, const char *table, struct buf *out,
                                struct error *error)
{
    static const char sql[] = "SELECT name FROM pragma_table_info(?1)";
    struct db_statement *names;
    bool row = false;
    enum status status = db_prepare(source, sql, &names, error);

    if (status != STATUS_OK)
        return status;
    db_bind_text(names, 1, table);
    while ((status = db_step(names, &row, error)) == STATUS_OK && row) {
        if (buf_printf(out, "%s%s", out->used > 0 ? "," : "", db_text(names, 0)) == STATUS_OK)
            continue;
        db_reset(names);
        return error_set(error, STATUS_RANGE, "%s has too many columns", table);
    }
    return status;
}

/* A result without rows that says what types the columns have. */
static enum status ask_shape(PGconn *conn, const char *columns, const char *table, PGresult **out,
                             struct error *error)
{
    struct buf sql;
    enum status status;

    buf_init(&sql, SQL_MAX);
    status = buf_printf(&sql, "SELECT %s FROM %s LIMIT 0", columns, table);
    if (status == STATUS_OK)
        status = postgres_exec(conn, buf_text(&sql), PGRES_TUPLES_OK, out, error);
    buf_finish(&sql);
    return status;
}

static enum status start_copy(PGconn *conn, const char *columns, const char *table,
                              struct error *error)
{
    struct buf sql;
    enum status status;

    buf_init(&sql, SQL_MAX);
    status = buf_printf(&sql, "COPY %s(%s) FROM STDIN (FORMAT binary)", table, columns);
    if (status == STATUS_OK)
        status = postgres_exec(conn, buf_text(&sql), PGRES_COPY_IN, NULL, error);
    buf_finish(&sql);
    return status;
}

static enum status copy_rows(PGconn *conn, struct db *source, const char *columns,
                             const char *table, const PGresult *shape, struct error *error)
{
    struct db_statement *rows;
    struct buf sql, chunk;
    enum status status;

    buf_init(&sql, SQL_MAX);
    buf_init(&chunk, SIZE_MAX - 1);
    status = buf_printf(&sql, "SELECT %s FROM %s", columns, table);
    INVARIANT(status == STATUS_OK);
    status = db_prepare(source, buf_text(&sql), &rows, error);
    if (status == STATUS_OK)
        status = start_copy(conn, columns, table, error);
    if (status == STATUS_OK)
        status = put_rows(conn, rows, shape, &chunk, error);
    if (status == STATUS_OK)
        status = postgres_put_end(conn, error);
    buf_finish(&chunk);
    buf_finish(&sql);
    return status;
}

enum status postgres_copy_in(PGconn *conn, struct db *source, const char *table,
                             struct error *error)
{
    PGresult *shape = NULL;
    struct buf columns;
    enum status status;

    buf_init(&columns, SQL_MAX / 2);
    status = read_columns(source, table, &columns, error);
    if (status == STATUS_OK)
        status = ask_shape(conn, buf_text(&columns), table, &shape, error);
    if (status == STATUS_OK)
        status = copy_rows(conn, source, buf_text(&columns), table, shape, error);
    PQclear(shape);
    buf_finish(&columns);
    return status;
}

enum status postgres_copy_values(PGconn *conn, const char *insert, const struct store_value *values,
                                 int columns, int rows, struct error *error)
{
    char *copy = postgres_copy_sql(insert);
    enum status status = postgres_exec(conn, copy, PGRES_COPY_IN, NULL, error);
    struct buf chunk;

    buf_init(&chunk, SIZE_MAX - 1);
    value_copy_begin(&chunk);
    for (int i = 0; i < rows && status == STATUS_OK; i++) {
        value_copy_row(&chunk, values + (ptrdiff_t)i * columns, columns);
        if (chunk.used >= CHUNK)
            status = put_chunk(conn, &chunk, error);
    }
    value_copy_end(&chunk);
    if (status == STATUS_OK)
        status = put_chunk(conn, &chunk, error);
    if (status == STATUS_OK)
        status = postgres_put_end(conn, error);
    buf_finish(&chunk);
    free(copy);
    return status;
}
