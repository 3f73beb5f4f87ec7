/* A replica in a test: filled from a snapshot or from nothing, kept up by changes, and compared
 * with the ledger's own tables. */
#ifndef HOLDFAST_TEST_REPLICA_FIXTURE_H
#define HOLDFAST_TEST_REPLICA_FIXTURE_H

#include "ledger_fixture.h"

#include "terminal/catalogue/reference.h"
#include "terminal/catalogue/replica.h"

static inline struct db *replica_empty(struct fixture *fixture, const char *name)
{
    char path[128];
    struct db *db;
    struct error error = {0};

    (void)snprintf(path, sizeof path, "%s/%s", fixture->folder, name);
    must(db_open(path, DB_OWNER_NORMAL, &db, &error), &error);
    must(replica_create(db, &error), &error);
    return db;
}

static inline void apply_rows(struct db *db, const json_t *rows)
{
    struct reference_writer *writer;
    struct error error = {0};
    size_t index;
    json_t *change;

    must(reference_writer_open(db, &writer, &error), &error);
    json_array_foreach(rows, index, change)
    {
        struct reference_row row;
        bool deleted;
        must(reference_change_from_json(change, &row, &deleted, &error), &error);
        must(deleted ? reference_delete(writer, &row, &error) : reference_put(writer, &row, &error),
             &error);
    }
    reference_writer_close(writer);
}

/* Asks until nothing more is there; cursors move on. Returns how many answers had changes. */
static inline int catch_up(struct fixture *fixture, const struct device *device, struct db *db,
                           struct changes_query *query)
{
    int answers = 0;

    for (;;) {
        struct changes_answer changes;
        struct error error = {0};
        struct answer answer = ask_changes(fixture, device, query);
        if (answer.status != 200)
            fail_msg("%d %s", answer.status, answer.text);
        must(message_read_changes_answer(answer.text, answer.length, &changes, &error), &error);
        for (int i = 0; i < changes.count; i++) {
            apply_rows(db, changes.scopes[i].rows);
            for (int j = 0; j < query->count; j++) {
                if (strcmp(query->cursors[j].scope, changes.scopes[i].scope) == 0) {
                    assert_true(changes.scopes[i].position > query->cursors[j].position);
                    query->cursors[j].position = changes.scopes[i].position;
                }
            }
        }
        bool more = changes.more;
        answers += changes.count > 0;
        message_finish_changes_answer(&changes);
        answer_free(&answer);
        if (!more)
            return answers;
    }
}

/* Every reference row of the location, as text, in key order. Of the ledger itself without the
 * virtual buckets: a replica may not have them. */
static inline void dump_tables(struct db *db, const char *location, bool of_ledger, struct buf *out)
{
    for (int i = 0; i < reference_table_count(); i++) {
        const struct reference_table *table = reference_table_at(i);
        bool local = table->scope == REFERENCE_LOCATION;
        bool stock = of_ledger && strcmp(table->name, "stock") == 0;
        struct db_statement *statement;
        struct error error = {0};
        struct buf sql;
        bool row = false;
        buf_init(&sql, 8192);
        assert_int_equal(buf_append_text(&sql, "SELECT "), STATUS_OK);
        assert_int_equal(reference_columns(table, &sql), STATUS_OK);
        assert_int_equal(buf_printf(&sql, " FROM %s%s%s%s%s ORDER BY 1, 2, 3", table->name,
                                    local ? " WHERE location = '" : "", local ? location : "",
                                    local ? "'" : "", stock ? " AND status NOT LIKE '@%'" : ""),
                         STATUS_OK);
        char *text = mem_copy_text(buf_text(&sql));
        must(db_prepare(db, text, &statement, &error), &error);
        assert_int_equal(buf_printf(out, "-- %s\n", table->name), STATUS_OK);
        while (db_step(statement, &row, &error) == STATUS_OK && row) {
            for (int c = 0; c < table->column_count; c++)
                assert_int_equal(buf_printf(out, "%s|", db_text(statement, c)), STATUS_OK);
            assert_int_equal(buf_append_text(out, "\n"), STATUS_OK);
        }
        free(text);
        buf_finish(&sql);
    }
}

/* The ledger's own tables, as a SQLite file: on another engine a backup of it. */
static inline struct db *open_ledger(struct fixture *fixture)
{
    char copy[160];
    struct db *db;
    struct error error = {0};

    if (!engine_is_postgres()) {
        must(db_open(fixture->db, DB_READER, &db, &error), &error);
        return db;
    }
    (void)snprintf(copy, sizeof copy, "%s/copy.db", fixture->folder);
    (void)unlink(copy);
    must(store_backup(fixture->location, copy, &error), &error);
    must(db_open(copy, DB_OWNER_NORMAL, &db, &error), &error);
    return db;
}

static inline void assert_replica_true(struct fixture *fixture, struct db *replica,
                                       const char *location)
{
    struct db *ledger;
    struct buf here, there;

    ledger = open_ledger(fixture);
    buf_init(&here, (size_t)64 << 20);
    buf_init(&there, (size_t)64 << 20);
    dump_tables(replica, location, false, &here);
    dump_tables(ledger, location, true, &there);
    assert_string_equal(buf_text(&here), buf_text(&there));
    buf_finish(&here);
    buf_finish(&there);
    db_close(ledger);
}

#endif
