/* Translation word by word. A word is what SQL calls one: a name, a number, a quoted text, or a
 * single other character; white space before it belongs to it. Keywords are written in capitals,
 * names are not, so that a column called `text` is no type. */
#include "sync/ledger/store/postgres_sql.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct word {
    const char *space; /* where the white space before it begins */
    const char *text;
    size_t length; /* 0: the end */
};

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static struct word next_word(const char **at)
{
    struct word word = {.space = *at};
    const char *end;

    while (is_space(**at))
        (*at)++;
    word.text = end = *at;
    if (*end == '\'' || *end == '"') {
        const char *close = strchr(end + 1, *end);
        end = close == NULL ? end + strlen(end) : close + 1; /* '' inside is two words: harmless */
    } else if (is_name(*end)) {
        while (is_name(*end))
            end++;
    } else if (*end != '\0') {
        end++;
    }
    word.length = (size_t)(end - word.text);
    *at = end;
    return word;
}

static bool is(struct word word, const char *text)
{
    return word.length == strlen(text) && memcmp(word.text, text, word.length) == 0;
}

static void add(struct buf *out, const char *bytes, size_t length)
{
    enum status status = buf_append(out, bytes, length);
    INVARIANT(status == STATUS_OK);
}

static void add_text(struct buf *out, const char *text)
{
    add(out, text, strlen(text));
}

static void add_word(struct buf *out, struct word word)
{
    add(out, word.space, (size_t)(word.text - word.space) + word.length);
}

static struct word peek(const char *at)
{
    return next_word(&at);
}

char *postgres_sql(const char *sql)
{
    struct buf out;
    struct word word;
    char *text;

    buf_init(&out, SIZE_MAX - 1);
    while ((word = next_word(&sql)).length > 0) {
        add(&out, word.space, (size_t)(word.text - word.space));
        if (is(word, "?"))
            add_text(&out, "$");
        else if (is(word, "INTEGER"))
            add_text(&out, "BIGINT");
        else if (is(word, "source") && *sql == '.')
            sql++;
        else
            add(&out, word.text, word.length);
    }
    text = mem_copy_text(buf_text(&out));
    buf_finish(&out);
    return text;
}

char *postgres_copy_sql(const char *insert)
{
    const char *table = strstr(insert, "INTO "), *values = strstr(insert, " VALUES");
    struct buf out;
    enum status status;
    char *text;

    INVARIANT(table != NULL && values != NULL && table < values);
    table += strlen("INTO ");
    buf_init(&out, SIZE_MAX - 1);
    status = buf_printf(&out, "COPY %.*s FROM STDIN (FORMAT binary)", (int)(values - table), table);
    INVARIANT(status == STATUS_OK);
    text = mem_copy_text(buf_text(&out));
    buf_finish(&out);
    return text;
}

/* --- Schema --- */

const char *postgres_ddl_prelude(void)
{
    return "SET LOCAL check_function_bodies = off;"
           "CREATE OR REPLACE FUNCTION holdfast_refuse() RETURNS trigger LANGUAGE plpgsql AS "
           "$$BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END$$;"
           "CREATE OR REPLACE FUNCTION holdfast_turn(mine TEXT) RETURNS void LANGUAGE plpgsql AS "
           "$$BEGIN UPDATE holdfast_state SET turn = turn + 1 WHERE owner = mine; IF NOT FOUND "
           "THEN "
           "RAISE EXCEPTION 'the database has another owner now' USING ERRCODE = 'HF001'; END IF; "
           "END$$;";
}

static enum status refuse(struct word word, struct error *error)
{
    return error_set(error, STATUS_UNSUPPORTED, "schema: \"%.*s\" cannot be said to PostgreSQL",
                     (int)word.length, word.text);
}

static enum status expect(const char **at, const char *text, struct error *error)
{
    struct word word = next_word(at);
    return is(word, text) ? STATUS_OK : refuse(word, error);
}

/* CREATE TRIGGER name BEFORE UPDATE|DELETE ON t BEGIN SELECT RAISE(ABORT, 'text'); END;
 * A table that may not be deleted from may not be emptied either. */
static enum status add_trigger(const char **at, struct buf *out, struct error *error)
{
    static const char *const body[] = {"BEGIN", "SELECT", "RAISE", "(", "ABORT", ","};
    static const char *const end[] = {")", ";", "END", ";"};
    struct word name = next_word(at), operation, table, text;
    enum status status = expect(at, "BEFORE", error);

    operation = next_word(at);
    if (status == STATUS_OK && !is(operation, "UPDATE") && !is(operation, "DELETE"))
        status = refuse(operation, error);
    if (status == STATUS_OK)
        status = expect(at, "ON", error);
    table = next_word(at);
    for (size_t i = 0; i < sizeof body / sizeof body[0] && status == STATUS_OK; i++)
        status = expect(at, body[i], error);
    text = next_word(at);
    for (size_t i = 0; i < sizeof end / sizeof end[0] && status == STATUS_OK; i++)
        status = expect(at, end[i], error);
    if (status == STATUS_OK)
        status = buf_printf(out,
                            "CREATE TRIGGER %.*s BEFORE %.*s ON %.*s FOR EACH ROW "
                            "EXECUTE FUNCTION holdfast_refuse(%.*s);",
                            (int)name.length, name.text, (int)operation.length, operation.text,
                            (int)table.length, table.text, (int)text.length, text.text);
    if (status == STATUS_OK && is(operation, "DELETE"))
        status = buf_printf(out,
                            "CREATE TRIGGER %.*s_all BEFORE TRUNCATE ON %.*s "
                            "EXECUTE FUNCTION holdfast_refuse(%.*s);",
                            (int)name.length, name.text, (int)table.length, table.text,
                            (int)text.length, text.text);
    return status;
}

/* What a table's statement needs to know of itself. */
struct table {
    struct word name;
    struct word column; /* the word before a type */
};

static bool is_forbidden(struct word word)
{
    static const char *const words[] = {"AUTOINCREMENT", "CHECK", "REFERENCES", "FOREIGN",
                                        "REPLACE",       "REAL",  "VIRTUAL",    "PRAGMA",
                                        "COLLATE",       "GLOB",  "VIEW",       "STRICT"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (is(word, words[i]))
            return true;
    return false;
}

/* The largest number and one more, as SQLite counts. The table has one writer, so that two never
 * take the same; and a transaction that is rolled back leaves no gap. */
static enum status add_counter(const struct table *table, struct buf *counters, struct buf *out)
{
    int name = (int)table->name.length, column = (int)table->column.length;
    enum status status =
        buf_printf(counters,
                   "CREATE OR REPLACE FUNCTION holdfast_next_%.*s() RETURNS BIGINT LANGUAGE sql AS "
                   "$$SELECT coalesce(max(%.*s), 0) + 1 FROM %.*s$$;",
                   name, table->name.text, column, table->column.text, name, table->name.text);

    return status == STATUS_OK
               ? buf_printf(out, " BIGINT DEFAULT holdfast_next_%.*s()", name, table->name.text)
               : status;
}

/* One statement after its first word, up to its semicolon. */
static enum status add_statement(const char **at, bool creates_table, struct buf *counters,
                                 struct buf *out, struct error *error)
{
    struct table table = {.name.length = 0};
    struct word word;

    while (!is(word = next_word(at), ";")) {
        enum status status = STATUS_OK;
        if (word.length == 0 || is_forbidden(word))
            return refuse(word, error);
        if (creates_table && is(peek(*at), "(") && table.name.length == 0)
            table.name = word;
        if (is(word, "INTEGER") && creates_table && is(peek(*at), "PRIMARY"))
            status = add_counter(&table, counters, out);
        else if (is(word, "INTEGER"))
            add_text(out, " BIGINT");
        else if (is(word, "TEXT"))
            add_text(out, " TEXT COLLATE \"C\"");
        else if (is(word, "BLOB"))
            add_text(out, " BYTEA");
        else if (is(word, "WITHOUT"))
            status = expect(at, "ROWID", error);
        else
            add_word(out, word);
        if (status != STATUS_OK)
            return status;
        table.column = word;
    }
    add_text(out, ";");
    return STATUS_OK;
}

/* The counters of a table are made before it. */
static enum status add_any(struct word first, const char **at, struct buf *out, struct error *error)
{
    static const char *const known[] = {"CREATE", "ALTER", "DROP", "UPDATE", "INSERT", "DELETE"};
    struct buf counters, body;
    bool fine = false;
    enum status status;

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        fine = fine || is(first, known[i]);
    if (!fine)
        return refuse(first, error);
    if (is(first, "CREATE") && is(peek(*at), "TRIGGER")) {
        (void)next_word(at);
        return add_trigger(at, out, error);
    }
    buf_init(&counters, SIZE_MAX - 1);
    buf_init(&body, SIZE_MAX - 1);
    add(&body, first.text, first.length);
    status =
        add_statement(at, is(first, "CREATE") && is(peek(*at), "TABLE"), &counters, &body, error);
    if (status == STATUS_OK)
        status = buf_append(out, buf_text(&counters), counters.used);
    if (status == STATUS_OK)
        status = buf_append(out, buf_text(&body), body.used);
    buf_finish(&counters);
    buf_finish(&body);
    return status;
}

enum status postgres_ddl(const char *ddl, struct buf *out, struct error *error)
{
    enum status status = STATUS_OK;
    struct word word;

    while (status == STATUS_OK && (word = next_word(&ddl)).length > 0)
        status = add_any(word, &ddl, out, error);
    return status;
}
