/* The store interface, on whichever engine the tests run: what a module may rely on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/sync/ledger/engine_fixture.h"

#include "sync/ledger/store/store.h"
#include "terminal/base/log.h"

#include <pthread.h>

struct fixture {
    char folder[64];
    char location[ENGINE_LOCATION_SIZE];
    struct store *store;
    struct store_session *writer;
    struct store_session *reader;
};

static void must(enum status status, const struct error *error)
{
    if (status != STATUS_OK)
        fail_msg("%s: %s", status_name(status), error->text);
}

static int setup(void **state)
{
    struct fixture *fixture = mem_alloc(sizeof *fixture);
    struct error error = {0};

    log_set_level(LOG_LEVEL_ERROR);
    strcpy(fixture->folder, "/tmp/holdfast-store-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    engine_location(fixture->folder, false, fixture->location);
    must(store_open(fixture->location, true, &fixture->store, &error), &error);
    must(store_session_open(fixture->store, STORE_WRITER, &fixture->writer, &error), &error);
    must(store_session_open(fixture->store, STORE_READER, &fixture->reader, &error), &error);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    char command[160];

    store_session_close(fixture->reader);
    store_session_close(fixture->writer);
    store_close(fixture->store);
    engine_remove(fixture->folder);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", fixture->folder);
    assert_int_equal(system(command), 0);
    free(fixture);
    return 0;
}

static void begin(struct store_session *session)
{
    struct error error = {0};
    must(store_begin(session, &error), &error);
}

static void commit(struct store_session *session)
{
    struct error error = {0};
    must(store_commit(session, &error), &error);
}

static int64_t number(struct store_session *session, const char *sql)
{
    struct error error = {0};
    int64_t out = 0;
    must(store_one_int(session, sql, NULL, 0, -1, &out, &error), &error);
    return out;
}

static const char add_side[] =
    "INSERT INTO side_record(epoch, hash, received_ms, body) VALUES(?1, ?2, ?3, ?4)";

static enum status add(struct store_session *session, const char *hash, size_t length, int64_t ms,
                       const char *body, struct error *error)
{
    struct store_value values[] = {store_int(1), store_blob(hash, length), store_int(ms),
                                   store_text(body)};
    return store_run(session, add_side, values, 4, error);
}

static void test_store__keeps_every_value_as_it_is(void **state)
{
    static const int64_t numbers[] = {0, 1, -1, INT64_MAX, INT64_MIN, INT32_MAX, INT32_MIN};
    static const char *const texts[] = {
        "", "a", "Grüße, 北京 🙂", "it's \"quoted\" ?1 $1 \\ \n", "%s", "x", "y"};
    struct fixture *fixture = *state;
    struct error error = {0};
    struct store_query *query;
    bool row;

    begin(fixture->writer);
    for (size_t i = 0; i < 7; i++) {
        char hash[5] = {(char)i, 0, (char)255, 0, 'x'};
        must(add(fixture->writer, hash, i == 6 ? 0 : 5, numbers[i], texts[i], &error), &error);
    }
    commit(fixture->writer);
    must(store_begin_read(fixture->reader, &error), &error);
    must(store_query(fixture->reader,
                     "SELECT hash, received_ms, body FROM side_record ORDER BY length(hash) DESC, "
                     "hash",
                     NULL, 0, &query, &error),
         &error);
    for (size_t i = 0; i < 7; i++) {
        size_t length;
        must(store_next(fixture->reader, query, &row, &error), &error);
        assert_true(row);
        const char *hash = store_column_blob(fixture->reader, query, 0, &length);
        assert_int_equal(length, i == 6 ? 0 : 5);
        if (i < 6)
            assert_memory_equal(hash, ((char[]){(char)i, 0, (char)255, 0, 'x'}), 5);
        assert_true(store_column_int(fixture->reader, query, 1) == numbers[i]);
        assert_string_equal(store_column_text(fixture->reader, query, 2), texts[i]);
    }
    must(store_next(fixture->reader, query, &row, &error), &error);
    assert_false(row);
    commit(fixture->reader);
}

static void test_store__null_is_no_value(void **state)
{
    struct fixture *fixture = *state;
    struct store_value values[] = {store_blob("code", 4), store_text("T01"), store_text("S01"),
                                   store_int(5), store_null()};
    struct store_query *query;
    struct error error = {0};
    size_t length = 9;
    bool row;

    begin(fixture->writer);
    must(store_run(fixture->writer,
                   "INSERT INTO enroll_code(code_hash, till, location, expires_ms, device) "
                   "VALUES(?1, ?2, ?3, ?4, ?5)",
                   values, 5, &error),
         &error);
    must(store_query(fixture->writer, "SELECT device FROM enroll_code WHERE device IS NULL", NULL,
                     0, &query, &error),
         &error);
    must(store_next(fixture->writer, query, &row, &error), &error);
    assert_true(row);
    (void)store_column_blob(fixture->writer, query, 0, &length);
    assert_int_equal(length, 0);
    assert_string_equal(store_column_text(fixture->writer, query, 0), "");
    assert_int_equal(store_column_int(fixture->writer, query, 0), 0);
    store_done(fixture->writer, query);
    commit(fixture->writer);
}

/* No language's order, no case: what the replica's SQLite does too. */
static void test_store__texts_compare_byte_for_byte(void **state)
{
    static const char *const sorted[] = {"", "A", "B", "Z", "a", "a b", "aB", "ab", "z", "Ä", "ä"};
    struct fixture *fixture = *state;
    struct store_query *query;
    struct error error = {0};
    bool row;

    begin(fixture->writer);
    for (size_t i = 11; i-- > 0;) {
        struct store_value values[] = {store_text(sorted[i])};
        must(store_run(fixture->writer, "INSERT INTO item(sku) VALUES(?1)", values, 1, &error),
             &error);
    }
    must(store_query(fixture->writer, "SELECT sku FROM item WHERE sku < 'Ã' ORDER BY sku", NULL, 0,
                     &query, &error),
         &error);
    for (size_t i = 0; i < 9; i++) {
        must(store_next(fixture->writer, query, &row, &error), &error);
        assert_true(row);
        assert_string_equal(store_column_text(fixture->writer, query, 0), sorted[i]);
    }
    store_done(fixture->writer, query);
    commit(fixture->writer);
}

static void test_store__refuses_texts_that_are_none(void **state)
{
    struct fixture *fixture = *state;
    struct store_value values[] = {store_text_n("a\0b", 3)};
    struct error error = {0};

    begin(fixture->writer);
    assert_int_equal(
        store_run(fixture->writer, "INSERT INTO item(sku) VALUES(?1)", values, 1, &error),
        STATUS_INVALID);
    values[0] = store_text("\xC3(");
    assert_int_equal(
        store_run(fixture->writer, "INSERT INTO item(sku) VALUES(?1)", values, 1, &error),
        STATUS_INVALID);
    values[0] = store_text("fine");
    must(store_run(fixture->writer, "INSERT INTO item(sku) VALUES(?1)", values, 1, &error), &error);
    commit(fixture->writer);
    assert_int_equal(number(fixture->writer, "SELECT count(*) FROM item"), 1);
}

static enum status forbidden(struct fixture *fixture, const char *sql)
{
    struct error error = {0};
    int64_t changed;
    enum status status;

    begin(fixture->writer);
    status = store_run_counted(fixture->writer, sql, NULL, 0, &changed, &error);
    if (status == STATUS_DENIED)
        assert_non_null(strstr(error.text, "entries are for ever"));
    store_rollback(fixture->writer);
    return status;
}

static void test_store__entries_are_for_ever(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};

    begin(fixture->writer);
    must(add(fixture->writer, "h", 1, 0, "", &error), &error);
    must(store_run(fixture->writer,
                   "INSERT INTO entry(id, received_ms, kind, hash, signature, bytes) "
                   "SELECT 4294967297, 1, 'sale', hash, hash, NULL FROM side_record",
                   NULL, 0, &error),
         &error);
    commit(fixture->writer);
    assert_int_equal(forbidden(fixture, "UPDATE entry SET received_ms = 2"), STATUS_DENIED);
    assert_int_equal(forbidden(fixture, "DELETE FROM entry"), STATUS_DENIED);
    assert_int_equal(number(fixture->writer, "SELECT count(*) FROM entry WHERE received_ms = 1"),
                     1);
}

/* A failure is told at the latest by commit, and then nothing of the transaction is there. */
static void test_store__a_failed_statement_fails_the_transaction(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    enum status status;

    begin(fixture->writer);
    must(add(fixture->writer, "one", 3, 0, "", &error), &error);
    status = add(fixture->writer, "one", 3, 0, "", &error);
    if (status == STATUS_OK)
        status = add(fixture->writer, "two", 3, 0, "", &error);
    if (status == STATUS_OK)
        status = store_commit(fixture->writer, &error);
    assert_int_equal(status, STATUS_EXISTS);
    store_rollback(fixture->writer);
    assert_int_equal(number(fixture->writer, "SELECT count(*) FROM side_record"), 0);
    begin(fixture->writer);
    must(add(fixture->writer, "two", 3, 0, "", &error), &error);
    commit(fixture->writer);
    assert_int_equal(number(fixture->writer, "SELECT count(*) FROM side_record"), 1);
}

static void test_store__a_statement_that_is_wrong_is_told(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    int64_t changed;

    begin(fixture->writer);
    assert_int_equal(
        store_run_counted(fixture->writer, "DELETE FROM no_such_table", NULL, 0, &changed, &error),
        STATUS_INVALID);
    store_rollback(fixture->writer);
    begin(fixture->writer);
    must(add(fixture->writer, "one", 3, 0, "", &error), &error);
    commit(fixture->writer);
}

static void test_store__many_statements_in_one_transaction(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    char body[400];

    memset(body, 'b', sizeof body - 1);
    body[sizeof body - 1] = '\0';
    begin(fixture->writer);
    for (int i = 0; i < 5000; i++)
        must(add(fixture->writer, (const char *)&i, sizeof i, i, body, &error), &error);
    assert_int_equal(number(fixture->writer, "SELECT count(*) FROM side_record"), 5000);
    commit(fixture->writer);
    assert_true(number(fixture->writer, "SELECT sum(received_ms) FROM side_record") == 12497500);
    assert_true(number(fixture->writer, "SELECT -sum(received_ms) * 100000 FROM side_record") ==
                -INT64_C(1249750000000));
}

static const char add_many[] =
    "INSERT INTO side_record(epoch, hash, received_ms, body) VALUES(?1, ?2, ?3, ?4)";

static enum status insert_many(struct fixture *fixture, int first, int count, struct error *error)
{
    struct store_value *values = mem_alloc((size_t)count * 4 * sizeof *values);
    int *hashes = mem_alloc((size_t)count * sizeof *hashes);
    enum status status;

    for (int i = 0; i < count; i++) {
        hashes[i] = first + i;
        values[4 * i] = store_int(1);
        values[4 * i + 1] = store_blob(&hashes[i], sizeof hashes[i]);
        values[4 * i + 2] = store_int(first + i == 7 ? INT64_MIN : first + i);
        values[4 * i + 3] = store_text(i % 3 == 0 ? "" : "Grüße");
    }
    status = store_insert_many(fixture->writer, add_many, values, 4, count, error);
    free(hashes);
    free(values);
    return status;
}

static void test_store__inserts_many_rows_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    enum status status;

    begin(fixture->writer);
    must(insert_many(fixture, 0, 3, &error), &error);
    must(insert_many(fixture, 3, 2000, &error), &error);
    assert_int_equal(number(fixture->writer, "SELECT count(*) FROM side_record"), 2003);
    must(insert_many(fixture, 2003, 500, &error), &error);
    commit(fixture->writer);
    assert_int_equal(number(fixture->writer, "SELECT count(*) FROM side_record"), 2503);
    assert_int_equal(
        number(fixture->writer, "SELECT count(*) FROM side_record WHERE body = 'Grüße'"),
        2 + 1333 + 333);
    assert_true(number(fixture->writer, "SELECT min(received_ms) FROM side_record") == INT64_MIN);
    /* One of them is there: none of the others, and the session goes on. */
    begin(fixture->writer);
    status = insert_many(fixture, 2490, 100, &error);
    if (status == STATUS_OK)
        status = store_commit(fixture->writer, &error);
    assert_int_equal(status, STATUS_EXISTS);
    store_rollback(fixture->writer);
    assert_int_equal(number(fixture->writer, "SELECT count(*) FROM side_record"), 2503);
    begin(fixture->writer);
    must(insert_many(fixture, 3000, 100, &error), &error);
    commit(fixture->writer);
    assert_int_equal(number(fixture->writer, "SELECT count(*) FROM side_record"), 2603);
}

static void test_store__counts_what_changed(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    struct store_value values[] = {store_int(3)};
    int64_t changed;

    begin(fixture->writer);
    for (int i = 0; i < 5; i++)
        must(add(fixture->writer, (const char *)&i, sizeof i, i, "", &error), &error);
    must(store_run_counted(fixture->writer, "DELETE FROM side_record WHERE received_ms < ?1",
                           values, 1, &changed, &error),
         &error);
    assert_int_equal(changed, 3);
    must(store_run_counted(fixture->writer, "DELETE FROM side_record WHERE received_ms < ?1",
                           values, 1, &changed, &error),
         &error);
    assert_int_equal(changed, 0);
    commit(fixture->writer);
}

static void test_store__statements_between_the_rows_of_another(void **state)
{
    struct fixture *fixture = *state;
    struct store_query *outer, *inner;
    struct error error = {0};
    bool row;

    begin(fixture->writer);
    for (int i = 0; i < 300; i++)
        must(add(fixture->writer, (const char *)&i, sizeof i, i, "", &error), &error);
    must(store_query(fixture->writer, "SELECT received_ms FROM side_record ORDER BY received_ms",
                     NULL, 0, &outer, &error),
         &error);
    for (int i = 0; i < 300; i++) {
        must(store_next(fixture->writer, outer, &row, &error), &error);
        assert_true(row);
        struct store_value values[] = {store_int(store_column_int(fixture->writer, outer, 0))};
        assert_int_equal(values[0].number, i);
        must(store_query(fixture->writer,
                         "SELECT count(*) FROM side_record WHERE received_ms <= ?1", values, 1,
                         &inner, &error),
             &error);
        must(store_next(fixture->writer, inner, &row, &error), &error);
        assert_int_equal(store_column_int(fixture->writer, inner, 0), i + 1);
        store_done(fixture->writer, inner);
        struct store_value item[] = {store_text(i % 2 == 0 ? "even" : "odd")};
        must(store_run(fixture->writer,
                       "INSERT INTO item(sku) VALUES(?1) ON CONFLICT(sku) DO UPDATE SET "
                       "popularity = item.popularity + 1",
                       item, 1, &error),
             &error);
    }
    must(store_next(fixture->writer, outer, &row, &error), &error);
    assert_false(row);
    commit(fixture->writer);
    assert_int_equal(number(fixture->writer, "SELECT popularity FROM item WHERE sku = 'odd'"), 149);
}

static void test_store__a_query_may_be_left(void **state)
{
    struct fixture *fixture = *state;
    struct store_query *query;
    struct error error = {0};
    bool row;

    begin(fixture->writer);
    for (int i = 0; i < 100; i++)
        must(add(fixture->writer, (const char *)&i, sizeof i, i, "", &error), &error);
    for (int i = 0; i < 3; i++) {
        must(store_query(fixture->writer, "SELECT body FROM side_record", NULL, 0, &query, &error),
             &error);
        if (i > 0)
            must(store_next(fixture->writer, query, &row, &error), &error);
        store_done(fixture->writer, query);
    }
    commit(fixture->writer);
}

static void test_store__a_reader_sees_one_state(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};

    must(store_begin_read(fixture->reader, &error), &error);
    assert_int_equal(number(fixture->reader, "SELECT count(*) FROM item"), 0);
    begin(fixture->writer);
    must(store_run(fixture->writer, "INSERT INTO item(sku) VALUES('A')", NULL, 0, &error), &error);
    assert_int_equal(number(fixture->reader, "SELECT count(*) FROM item"), 0);
    commit(fixture->writer);
    assert_int_equal(number(fixture->reader, "SELECT count(*) FROM item"), 0);
    commit(fixture->reader);
    must(store_begin_read(fixture->reader, &error), &error);
    assert_int_equal(number(fixture->reader, "SELECT count(*) FROM item"), 1);
    commit(fixture->reader);
}

static void test_store__a_reader_cannot_write(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    int64_t changed;

    must(store_begin_read(fixture->reader, &error), &error);
    assert_int_equal(store_run_counted(fixture->reader, "INSERT INTO item(sku) VALUES('A')", NULL,
                                       0, &changed, &error),
                     STATUS_DENIED);
    store_rollback(fixture->reader);
    must(store_begin_read(fixture->reader, &error), &error);
    assert_int_equal(number(fixture->reader, "SELECT count(*) FROM item"), 0);
    commit(fixture->reader);
}

static const char add_document[] =
    "INSERT INTO document(at_ms, kind, location, from_status, to_status, lines) "
    "VALUES(1, 'k', 'S01', 'a', 'b', ?1)";

static void test_store__numbers_have_no_gaps(void **state)
{
    struct fixture *fixture = *state;
    struct store_value values[] = {store_blob("", 0)};
    struct error error = {0};

    for (int i = 0; i < 6; i++) {
        begin(fixture->writer);
        must(store_run(fixture->writer, add_document, values, 1, &error), &error);
        must(store_run(fixture->writer, add_document, values, 1, &error), &error);
        if (i % 2 == 0)
            commit(fixture->writer);
        else
            store_rollback(fixture->writer);
    }
    assert_int_equal(number(fixture->writer, "SELECT count(*) FROM document"), 6);
    assert_int_equal(number(fixture->writer, "SELECT max(id) FROM document"), 6);
}

static void test_store__belongs_to_one(void **state)
{
    struct fixture *fixture = *state;
    struct store *second;
    struct error error = {0};

    assert_int_equal(store_open(fixture->location, true, &second, &error), STATUS_EXISTS);
    assert_int_equal(store_open(fixture->location, false, &second, &error), STATUS_BUSY);
    assert_null(strchr(error.text, '\n'));
    store_session_close(fixture->reader);
    store_session_close(fixture->writer);
    store_close(fixture->store);
    must(store_open(fixture->location, false, &fixture->store, &error), &error);
    must(store_session_open(fixture->store, STORE_WRITER, &fixture->writer, &error), &error);
    must(store_session_open(fixture->store, STORE_READER, &fixture->reader, &error), &error);
}

static void *read_often(void *context)
{
    struct fixture *fixture = context;
    struct store_session *session;
    struct error error = {0};

    must(store_session_open(fixture->store, STORE_READER, &session, &error), &error);
    for (int i = 0; i < 50; i++) {
        must(store_begin_read(session, &error), &error);
        int64_t first = number(session, "SELECT count(*) FROM side_record");
        int64_t again = number(session, "SELECT max(received_ms) + 1 FROM side_record");
        assert_int_equal(first, again);
        must(store_commit(session, &error), &error);
    }
    store_session_close(session);
    return NULL;
}

static void test_store__readers_and_the_writer_go_on_beside(void **state)
{
    struct fixture *fixture = *state;
    struct error error = {0};
    pthread_t threads[4];

    begin(fixture->writer);
    must(add(fixture->writer, "\xFF", 1, 0, "", &error), &error);
    commit(fixture->writer);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_often, fixture), 0);
    for (int i = 1; i <= 100; i++) {
        begin(fixture->writer);
        must(add(fixture->writer, (const char *)&i, sizeof i, i, "", &error), &error);
        commit(fixture->writer);
    }
    for (int i = 0; i < 4; i++)
        (void)pthread_join(threads[i], NULL);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_store__keeps_every_value_as_it_is),
        TEST(test_store__null_is_no_value),
        TEST(test_store__texts_compare_byte_for_byte),
        TEST(test_store__refuses_texts_that_are_none),
        TEST(test_store__entries_are_for_ever),
        TEST(test_store__a_failed_statement_fails_the_transaction),
        TEST(test_store__a_statement_that_is_wrong_is_told),
        TEST(test_store__many_statements_in_one_transaction),
        TEST(test_store__inserts_many_rows_at_once),
        TEST(test_store__counts_what_changed),
        TEST(test_store__statements_between_the_rows_of_another),
        TEST(test_store__a_query_may_be_left),
        TEST(test_store__a_reader_sees_one_state),
        TEST(test_store__a_reader_cannot_write),
        TEST(test_store__numbers_have_no_gaps),
        TEST(test_store__belongs_to_one),
        TEST(test_store__readers_and_the_writer_go_on_beside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
