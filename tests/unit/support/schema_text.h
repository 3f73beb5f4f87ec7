/* The schema of a SQLite database as text, one line per table, column, index, first check and
 * trigger, whether it was made at once or altered on the way; and its comparison with a file of
 * tests/golden. Those files are what databases of tills and ledgers look like today: they change
 * with a new step, and only by what the step says. */
#ifndef HOLDFAST_TEST_SCHEMA_TEXT_H
#define HOLDFAST_TEST_SCHEMA_TEXT_H

#include "terminal/base/buf.h"
#include "terminal/base/file.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SCHEMA_TEXT_CEILING ((size_t)1 << 20)

/* Each row of the query on `table` as a line: `lead`, then its columns. */
static inline void schema_text_rows(sqlite3 *db, const char *lead, const char *sql,
                                    const char *table, struct buf *out)
{
    sqlite3_stmt *rows;

    if (sqlite3_prepare_v2(db, sql, -1, &rows, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    (void)sqlite3_bind_text(rows, 1, table, -1, SQLITE_STATIC);
    while (sqlite3_step(rows) == SQLITE_ROW) {
        assert_int_equal(buf_append_text(out, lead), STATUS_OK);
        for (int i = 0; i < sqlite3_column_count(rows); i++) {
            const char *text = (const char *)sqlite3_column_text(rows, i);
            if (text != NULL && text[0] != '\0')
                assert_int_equal(buf_printf(out, " %s", text), STATUS_OK);
        }
        assert_int_equal(buf_append_text(out, "\n"), STATUS_OK);
    }
    assert_int_equal(sqlite3_finalize(rows), SQLITE_OK);
}

static inline void schema_text_table(sqlite3 *db, const char *table, struct buf *out)
{
    schema_text_rows(db, "table",
                     "SELECT name, iif(wr, 'without rowid', '') FROM pragma_table_list(?1)", table,
                     out);
    schema_text_rows(
        db, "  column",
        "SELECT name, type, iif(\"notnull\", 'not null', ''), 'default ' || dflt_value,"
        " iif(pk > 0, 'key ' || pk, '') FROM pragma_table_info(?1)",
        table, out);
    schema_text_rows(
        db, "  index",
        "SELECT iif(origin = 'c', name, origin), iif(\"unique\", 'unique', ''),"
        " iif(partial, 'partial', ''), (SELECT group_concat(iif(\"desc\", '-', '') ||"
        " coalesce(x.name, '(...)'), ' ') FROM pragma_index_xinfo(list.name) x WHERE x.key) AS keys"
        " FROM pragma_index_list(?1) list ORDER BY 1, 4",
        table, out);
    schema_text_rows(db, "  check",
                     "SELECT substr(sql, instr(sql, 'CHECK ('), instr(substr(sql, instr(sql, "
                     "'CHECK (')), ')')) FROM sqlite_master WHERE type = 'table' AND name = ?1 AND "
                     "sql LIKE '%CHECK (%'",
                     table, out);
    schema_text_rows(db, "  partial",
                     "SELECT name, substr(sql, instr(sql, 'WHERE ')) FROM sqlite_master WHERE type "
                     "= 'index' AND tbl_name = ?1 AND sql LIKE '%WHERE %' ORDER BY name",
                     table, out);
    schema_text_rows(db, "  trigger",
                     "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?1"
                     " ORDER BY name",
                     table, out);
}

static inline void schema_text_write(const char *path, struct buf *out)
{
    sqlite3 *db;
    sqlite3_stmt *tables;

    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT name FROM sqlite_master WHERE type = 'table' AND "
                                        "name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
                                        -1, &tables, NULL),
                     SQLITE_OK);
    while (sqlite3_step(tables) == SQLITE_ROW)
        schema_text_table(db, (const char *)sqlite3_column_text(tables, 0), out);
    assert_int_equal(sqlite3_finalize(tables), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* `what` says in the failure how the database was made. */
static inline void assert_schema(const char *path, const char *golden, const char *what)
{
    struct buf is, wanted;
    struct error error;
    size_t at = 0;

    buf_init(&is, SCHEMA_TEXT_CEILING);
    buf_init(&wanted, SCHEMA_TEXT_CEILING);
    schema_text_write(path, &is);
    if (file_read(golden, &wanted, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    if (strcmp(buf_text(&is), buf_text(&wanted)) != 0) {
        const char *now = buf_text(&is), *then = buf_text(&wanted);
        for (size_t i = 0; now[i] != '\0' && now[i] == then[i]; i++)
            at = now[i] == '\n' ? i + 1 : at;
        (void)printf("%s reads now:\n%s", golden, now);
        (void)fflush(stdout);
        fail_msg("%s: not \"%.*s\" but \"%.*s\"", what, (int)strcspn(then + at, "\n"), then + at,
                 (int)strcspn(now + at, "\n"), now + at);
    }
    buf_finish(&is);
    buf_finish(&wanted);
}

#endif
