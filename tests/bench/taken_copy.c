/* COPY in its text form (PostgreSQL 15, COPY, "Text Format"): what was inserted, table by table, in
 * one transaction. The text is made before the clock starts. */
#include "tests/bench/taken.h"

#include "terminal/base/buf.h"
#include "tests/bench/taken_internal.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INSERTS_MAX = 64 };

/* The rows of one INSERT text. */
struct block {
    const char *sql;
    struct buf rows;
};

static void put_text(struct buf *out, const char *bytes, size_t length)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < length && !status; i++) {
        const char *special = bytes[i] == '\\'   ? "\\\\"
                              : bytes[i] == '\n' ? "\\n"
                              : bytes[i] == '\t' ? "\\t"
                              : bytes[i] == '\r' ? "\\r"
                                                 : NULL;
        status = special ? buf_append_text(out, special) : buf_append_byte(out, (uint8_t)bytes[i]);
    }
    INVARIANT(status == STATUS_OK);
}

static void put_value(struct buf *out, const struct store_value *value)
{
    enum status status = STATUS_OK;
    const unsigned char *bytes = value->bytes;
    switch (value->type) {
    case STORE_NULL:
        status = buf_append_text(out, "\\N");
        break;
    case STORE_INT:
        status = buf_printf(out, "%lld", (long long)value->number);
        break;
    case STORE_TEXT:
        put_text(out, value->bytes, value->length);
        break;
    case STORE_BLOB:
        status = buf_append_text(out, "\\\\x");
        for (size_t i = 0; i < value->length && !status; i++)
            status = buf_append_byte(out, (uint8_t) "0123456789abcdef"[bytes[i] >> 4]) ||
                     buf_append_byte(out, (uint8_t) "0123456789abcdef"[bytes[i] & 15]);
        break;
    }
    INVARIANT(status == STATUS_OK);
}

static int write_blocks(const struct taken *taken, struct block blocks[INSERTS_MAX])
{
    int count = 0;
    for (size_t i = 0; i < taken->count; i++) {
        const struct op *op = &taken->ops[i];
        int at = 0;
        if (strncmp(op->sql, "INSERT", 6) != 0)
            continue;
        while (at < count && blocks[at].sql != op->sql)
            at++;
        INVARIANT(at < INSERTS_MAX);
        if (at == count) {
            blocks[count].sql = op->sql;
            buf_init(&blocks[count++].rows, (size_t)2 << 30);
        }
        for (int column = 0; column < op->count; column++) {
            enum status status = STATUS_OK;
            if (column > 0)
                status = buf_append_byte(&blocks[at].rows, '\t');
            INVARIANT(status == STATUS_OK);
            put_value(&blocks[at].rows, &op->values[column]);
        }
        enum status status = buf_append_byte(&blocks[at].rows, '\n');
        INVARIANT(status == STATUS_OK);
    }
    return count;
}

static bool run(PGconn *conn, const char *sql, ExecStatusType wanted)
{
    PGresult *result = PQexec(conn, sql);
    bool good = PQresultStatus(result) == wanted;
    PQclear(result);
    return good;
}

/* "INSERT INTO t(a, b) VALUES(...)" names what COPY needs. */
static bool copy_block(PGconn *conn, const struct block *block)
{
    static const char before[] = "INSERT INTO ";
    const char *name = block->sql + sizeof before - 1;
    char sql[4096];
    snprintf(sql, sizeof sql, "COPY %.*s FROM STDIN", (int)(strstr(name, " VALUES") - name), name);
    bool good = run(conn, sql, PGRES_COPY_IN) &&
                PQputCopyData(conn, buf_text(&block->rows), (int)block->rows.used) == 1 &&
                PQputCopyEnd(conn, NULL) == 1;
    PGresult *result = good ? PQgetResult(conn) : NULL;
    good = good && PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    while ((result = PQgetResult(conn)))
        PQclear(result);
    return good;
}

enum status taken_copy(const struct taken *taken, const char *uri, struct effort *out,
                       struct error *error)
{
    struct block blocks[INSERTS_MAX];
    int count = write_blocks(taken, blocks);
    PGconn *conn = PQconnectdb(uri);
    *out = effort_begin();
    bool good = run(conn, "BEGIN", PGRES_COMMAND_OK);
    for (int i = 0; i < count && good; i++)
        good = copy_block(conn, &blocks[i]);
    good = good && run(conn, "COMMIT", PGRES_COMMAND_OK);
    effort_end(out);
    enum status status =
        good ? STATUS_OK : error_set(error, STATUS_IO, "COPY: %.100s", PQerrorMessage(conn));
    PQfinish(conn);
    for (int i = 0; i < count; i++)
        buf_finish(&blocks[i].rows);
    return status;
}
