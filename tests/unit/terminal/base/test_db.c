#include "terminal/base/db.h"

#include "tests/unit/terminal/base/folder.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

struct fixture {
    struct folder folder;
    char *path;
    struct db *db;
    struct error error;
};

static int make(void **state)
{
    struct fixture *fixture = mem_alloc(sizeof *fixture);
    fixture->folder = folder_make();
    fixture->path = path_join(fixture->folder.path, "till.db");
    *state = fixture;
    return db_open(fixture->path, DB_OWNER_FULL, &fixture->db, &fixture->error) == STATUS_OK ? 0
                                                                                             : -1;
}

static int clear(void **state)
{
    struct fixture *fixture = *state;
    db_close(fixture->db);
    folder_remove(&fixture->folder);
    free(fixture->path);
    free(fixture);
    return 0;
}

static void run(struct fixture *fixture, const char *sql)
{
    if (db_exec(fixture->db, sql, &fixture->error) != STATUS_OK)
        fail_msg("%s", fixture->error.text);
}

static int64_t ask(struct db *db, const char *sql)
{
    struct db_statement *statement;
    struct error error;
    bool row = false;
    assert_int_equal(db_prepare(db, sql, &statement, &error), STATUS_OK);
    assert_int_equal(db_step(statement, &row, &error), STATUS_OK);
    assert_true(row);
    int64_t value = db_int(statement, 0);
    db_reset(statement);
    return value;
}

static void test_db__owner_is_set_up_as_promised(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(ask(fixture->db, "PRAGMA synchronous"), 2);
    assert_int_equal(ask(fixture->db, "PRAGMA foreign_keys"), 1);
    assert_int_equal(ask(fixture->db, "PRAGMA trusted_schema"), 0);
    assert_int_equal(ask(fixture->db, "PRAGMA cell_size_check"), 1);
    assert_int_equal(ask(fixture->db, "PRAGMA wal_autocheckpoint"), 1000);
    assert_int_equal(ask(fixture->db, "PRAGMA journal_size_limit"), 16777216);
    assert_int_equal(ask(fixture->db, "PRAGMA busy_timeout"), 5000);
    assert_int_equal(ask(fixture->db, "SELECT count(*) FROM pragma_journal_mode WHERE "
                                      "journal_mode='wal'"),
                     1);
    int kept = 0;
    (void)sqlite3_db_config(db_handle(fixture->db), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, -1, &kept);
    assert_int_equal(kept, 1);
    db_close(fixture->db);
    fixture->db = NULL;
    assert_int_equal(db_open(fixture->path, DB_OWNER_NORMAL, &fixture->db, &fixture->error),
                     STATUS_OK);
    assert_int_equal(ask(fixture->db, "PRAGMA synchronous"), 1);
}

static void test_db__values_go_there_and_back(void **state)
{
    struct fixture *fixture = *state;
    run(fixture, "CREATE TABLE t(a, b, c, d, e)");
    struct db_statement *put;
    assert_int_equal(
        db_prepare(fixture->db, "INSERT INTO t VALUES (?,?,?,?,?)", &put, &fixture->error),
        STATUS_OK);
    db_bind_int(put, 1, INT64_MIN);
    db_bind_text(put, 2, "caf\xC3\xA9");
    db_bind_text_n(put, 3, "12345", 3);
    db_bind_blob(put, 4, "\0\1\2", 3);
    db_bind_null(put, 5);
    assert_int_equal(db_run(put, &fixture->error), STATUS_OK);
    assert_int_equal(db_changes(fixture->db), 1);
    struct db_statement *get;
    bool row;
    assert_int_equal(db_prepare(fixture->db, "SELECT * FROM t", &get, &fixture->error), STATUS_OK);
    assert_int_equal(db_column_count(get), 5);
    assert_int_equal(db_step(get, &row, &fixture->error), STATUS_OK);
    assert_true(row);
    assert_true(db_int(get, 0) == INT64_MIN);
    assert_string_equal(db_text(get, 1), "caf\xC3\xA9");
    assert_string_equal(db_text(get, 2), "123");
    size_t length;
    assert_memory_equal(db_blob(get, 3, &length), "\0\1\2", 3);
    assert_int_equal(length, 3);
    assert_true(db_is_null(get, 4));
    assert_false(db_is_null(get, 3));
    assert_string_equal(db_text(get, 4), "");
    assert_non_null(db_blob(get, 4, &length));
    assert_int_equal(length, 0);
    assert_int_equal(db_step(get, &row, &fixture->error), STATUS_OK);
    assert_false(row);
}

static void test_db__statement_arrives_reset_and_unbound(void **state)
{
    struct fixture *fixture = *state;
    static const char *const sql = "SELECT ?1 IS NULL";
    struct db_statement *first;
    struct db_statement *second;
    bool row;
    assert_int_equal(db_prepare(fixture->db, sql, &first, &fixture->error), STATUS_OK);
    db_bind_int(first, 1, 5);
    assert_int_equal(db_step(first, &row, &fixture->error), STATUS_OK);
    assert_int_equal(db_int(first, 0), 0);
    assert_int_equal(db_prepare(fixture->db, sql, &second, &fixture->error), STATUS_OK);
    assert_ptr_equal(first, second);
    assert_int_equal(db_step(second, &row, &fixture->error), STATUS_OK);
    assert_int_equal(db_int(second, 0), 1);
}

static void test_db__many_statements_stay_themselves(void **state)
{
    struct fixture *fixture = *state;
    enum { COUNT = 500 };
    static char texts[COUNT][32];
    struct db_statement *statements[COUNT];
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "SELECT %d;\n", i);
        assert_int_equal(db_prepare(fixture->db, texts[i], &statements[i], &fixture->error),
                         STATUS_OK);
    }
    for (int i = 0; i < COUNT; i++) {
        struct db_statement *again;
        assert_int_equal(db_prepare(fixture->db, texts[i], &again, &fixture->error), STATUS_OK);
        assert_ptr_equal(again, statements[i]);
        assert_int_equal(ask(fixture->db, texts[i]), i);
    }
}

static void test_db__reused_address_cannot_give_another_statement(void **state)
{
    struct fixture *fixture = *state;
    char text[16] = "SELECT 1";
    assert_int_equal(ask(fixture->db, text), 1);
    (void)snprintf(text, sizeof text, "SELECT 2");
    assert_int_equal(ask(fixture->db, text), 2);
    (void)snprintf(text, sizeof text, "SELECT 1");
    assert_int_equal(ask(fixture->db, text), 1);
}

static void test_db__double_quotes_are_no_strings(void **state)
{
    struct fixture *fixture = *state;
    run(fixture, "CREATE TABLE t(a)");
    struct db_statement *statement;
    assert_int_equal(db_prepare(fixture->db, "SELECT * FROM t WHERE a=\"no_column\"", &statement,
                                &fixture->error),
                     STATUS_INVALID);
}

static void test_db__rollback_and_commit(void **state)
{
    struct fixture *fixture = *state;
    run(fixture, "CREATE TABLE t(a)");
    assert_int_equal(db_begin(fixture->db, &fixture->error), STATUS_OK);
    assert_true(db_in_transaction(fixture->db));
    run(fixture, "INSERT INTO t VALUES (1)");
    db_rollback(fixture->db);
    db_rollback(fixture->db);
    assert_false(db_in_transaction(fixture->db));
    assert_int_equal(ask(fixture->db, "SELECT count(*) FROM t"), 0);
    assert_int_equal(db_begin(fixture->db, &fixture->error), STATUS_OK);
    run(fixture, "INSERT INTO t VALUES (1)");
    assert_int_equal(db_commit(fixture->db, &fixture->error), STATUS_OK);
    assert_int_equal(ask(fixture->db, "SELECT count(*) FROM t"), 1);
}

static void test_db__failed_commit_rolls_back(void **state)
{
    struct fixture *fixture = *state;
    run(fixture, "CREATE TABLE p(id INTEGER PRIMARY KEY);"
                 "CREATE TABLE c(p REFERENCES p DEFERRABLE INITIALLY DEFERRED)");
    assert_int_equal(db_begin(fixture->db, &fixture->error), STATUS_OK);
    run(fixture, "INSERT INTO c VALUES (9)");
    assert_int_equal(db_commit(fixture->db, &fixture->error), STATUS_INVALID);
    assert_false(db_in_transaction(fixture->db));
    assert_int_equal(ask(fixture->db, "SELECT count(*) FROM c"), 0);
}

static void expect_status(struct fixture *fixture, const char *sql, enum status wanted)
{
    enum status status = db_exec(fixture->db, sql, &fixture->error);
    if (status != wanted)
        fail_msg("%s: %s \"%s\"", sql, status_name(status), fixture->error.text);
    assert_int_equal(fixture->error.status, wanted);
}

static void test_db__results_become_statuses(void **state)
{
    struct fixture *fixture = *state;
    run(fixture, "CREATE TABLE t(a PRIMARY KEY NOT NULL, b CHECK (b > 0));"
                 "CREATE TRIGGER keep BEFORE DELETE ON t BEGIN SELECT raise(ABORT,'kept'); END;"
                 "INSERT INTO t VALUES (1, 1)");
    expect_status(fixture, "INSERT INTO t VALUES (1, 1)", STATUS_EXISTS);
    expect_status(fixture, "INSERT INTO t VALUES (NULL, 1)", STATUS_INVALID);
    expect_status(fixture, "INSERT INTO t VALUES (2, 0)", STATUS_INVALID);
    expect_status(fixture, "DELETE FROM t", STATUS_DENIED);
    assert_non_null(strstr(fixture->error.text, "kept"));
    expect_status(fixture, "SELECT * FROM gone", STATUS_INVALID);
    run(fixture, "PRAGMA max_page_count=5");
    expect_status(fixture, "INSERT INTO t VALUES (zeroblob(100000), 1)", STATUS_FULL);
    sqlite3_interrupt(db_handle(fixture->db));
}

static void test_db__second_writer_is_told_to_wait(void **state)
{
    struct fixture *fixture = *state;
    struct db *second;
    assert_int_equal(db_open(fixture->path, DB_OWNER_FULL, &second, &fixture->error), STATUS_OK);
    (void)sqlite3_busy_timeout(db_handle(second), 0);
    assert_int_equal(db_begin(fixture->db, &fixture->error), STATUS_OK);
    assert_int_equal(db_begin(second, &fixture->error), STATUS_BUSY);
    assert_false(db_in_transaction(second));
    db_rollback(fixture->db);
    assert_int_equal(db_begin(second, &fixture->error), STATUS_OK);
    db_rollback(second);
    db_close(second);
}

static void test_db__what_is_no_database_is_corrupt(void **state)
{
    struct fixture *fixture = *state;
    char *path = path_join(fixture->folder.path, "garbage.db");
    static char bytes[8192];
    memset(bytes, 'x', sizeof bytes);
    assert_int_equal(file_write_durable(path, bytes, sizeof bytes, 0600, NULL), STATUS_OK);
    struct db *db = NULL;
    assert_int_equal(db_open(path, DB_OWNER_FULL, &db, &fixture->error), STATUS_CORRUPT);
    assert_int_equal(db_open(path, DB_READER, &db, &fixture->error), STATUS_CORRUPT);
    assert_null(db);
    free(path);
}

static void test_db__failing_disk_loses_nothing_committed(void **state)
{
    struct fixture *fixture = *state;
    run(fixture, "CREATE TABLE t(a); INSERT INTO t VALUES (1)");
    db_close(fixture->db);
    fixture->db = NULL;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        /* Room for the -shm, but not for the WAL that this transaction needs. */
        struct rlimit limit = {40000, 40000};
        (void)signal(SIGXFSZ, SIG_IGN);
        struct db *db;
        struct error error;
        bool refused = setrlimit(RLIMIT_FSIZE, &limit) == 0 &&
                       db_open(fixture->path, DB_OWNER_FULL, &db, &error) == STATUS_OK &&
                       db_begin(db, &error) == STATUS_OK &&
                       db_exec(db, "INSERT INTO t VALUES (zeroblob(60000))", &error) == STATUS_OK &&
                       db_commit(db, &error) == STATUS_IO && !db_in_transaction(db);
        _exit(refused ? 0 : 1);
    }
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    assert_int_equal(db_open(fixture->path, DB_OWNER_FULL, &fixture->db, &fixture->error),
                     STATUS_OK);
    assert_int_equal(ask(fixture->db, "SELECT count(*) FROM t"), 1);
}

/* With so many descriptors more than are open now. */
static enum status open_with(struct fixture *fixture, enum db_role role, int spare)
{
    struct rlimit before, now;
    struct db *db;
    int lowest = dup(STDIN_FILENO);
    assert_true(lowest >= 0);
    (void)close(lowest);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    now = before;
    now.rlim_cur = (rlim_t)(lowest + spare);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
    enum status status = db_open(fixture->path, role, &db, &fixture->error);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    if (status == STATUS_OK)
        db_close(db);
    return status;
}

/* The file is there and sound, whichever one beside it could not be opened. */
static void expect_too_many(struct fixture *fixture, enum db_role role)
{
    int spare = 0;
    enum status status;
    while ((status = open_with(fixture, role, spare)) != STATUS_OK && spare < 20) {
        assert_int_equal(status, STATUS_IO);
        if (strstr(fixture->error.text, strerror(EMFILE)) == NULL)
            fail_msg("%d descriptors: %s", spare, fixture->error.text);
        spare++;
    }
    assert_in_range(spare, 2, 19);
}

static void test_db__without_descriptors_nothing_else_is_blamed(void **state)
{
    struct fixture *fixture = *state;
    run(fixture, "CREATE TABLE t(x); INSERT INTO t VALUES(1)");
    db_close(fixture->db);
    fixture->db = NULL;
    expect_too_many(fixture, DB_READER);
    expect_too_many(fixture, DB_OWNER_FULL);
    /* A file that is not there: it could not be made, which is not the same. */
    (void)unlink(fixture->path);
    assert_int_equal(open_with(fixture, DB_OWNER_FULL, 0), STATUS_IO);
    assert_non_null(strstr(fixture->error.text, strerror(EMFILE)));
}

static void test_db__without_memory_it_says_so(void **state)
{
    struct fixture *fixture = *state;
    struct db *db;
    int refused = 0;
    enum status status = STATUS_FULL;
    db_close(fixture->db);
    fixture->db = NULL;
    for (int64_t room = 1; status != STATUS_OK; room += 4096) {
        (void)sqlite3_hard_heap_limit64(sqlite3_memory_used() + room);
        status = db_open(fixture->path, DB_OWNER_FULL, &db, &fixture->error);
        (void)sqlite3_hard_heap_limit64(0);
        if (status == STATUS_OK)
            break;
        assert_int_equal(status, STATUS_FULL);
        assert_non_null(strstr(fixture->error.text, "out of memory"));
        refused++;
    }
    db_close(db);
    assert_true(refused > 2);
}

static void test_db__one_number_is_read_and_the_statement_reset(void **state)
{
    struct fixture *fixture = *state;
    struct db_statement *statement;
    int64_t number = 5;
    run(fixture, "CREATE TABLE t(x); INSERT INTO t VALUES(7), (8)");
    static const struct {
        const char *sql;
        int64_t expected;
    } cases[] = {
        {"SELECT x FROM t ORDER BY x", 7},
        {"SELECT max(x) FROM t WHERE x > 8", -1},
        {"SELECT x FROM t WHERE x > 8", -1},
        {"SELECT count(*) FROM t WHERE x > 8", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(db_prepare(fixture->db, cases[i].sql, &statement, &fixture->error),
                         STATUS_OK);
        assert_int_equal(db_one_int(statement, -1, &number, &fixture->error), STATUS_OK);
        assert_int_equal(number, cases[i].expected);
    }
    run(fixture, "DROP TABLE t"); /* refused while a select stands open */
    assert_int_equal(db_prepare(fixture->db, "SELECT abs(-9223372036854775807 - 1)", &statement,
                                &fixture->error),
                     STATUS_OK);
    assert_int_not_equal(db_one_int(statement, -1, &number, &fixture->error), STATUS_OK);
    assert_int_equal(number, -1);
}

static const struct db_migration history[] = {
    {"CREATE TABLE item(sku TEXT PRIMARY KEY); INSERT INTO item VALUES ('A');"},
    {"ALTER TABLE item ADD COLUMN name TEXT NOT NULL DEFAULT 'unnamed'"},
    {"CREATE TABLE price(sku TEXT, minor INT); INSERT INTO price SELECT sku, 100 FROM item;"},
};

static void test_db__migrates_from_every_version(void **state)
{
    struct fixture *fixture = *state;
    for (int from = 0; from <= 3; from++) {
        char name[32];
        (void)snprintf(name, sizeof name, "from-%d.db", from);
        char *path = path_join(fixture->folder.path, name);
        struct db *db;
        int version = -1;
        assert_int_equal(db_open(path, DB_OWNER_FULL, &db, &fixture->error), STATUS_OK);
        assert_int_equal(db_migrate(db, history, from, &fixture->error), STATUS_OK);
        assert_int_equal(db_version(db, &version, &fixture->error), STATUS_OK);
        assert_int_equal(version, from);
        db_close(db);
        assert_int_equal(db_open(path, DB_OWNER_FULL, &db, &fixture->error), STATUS_OK);
        assert_int_equal(db_migrate(db, history, 3, &fixture->error), STATUS_OK);
        assert_int_equal(db_version(db, &version, &fixture->error), STATUS_OK);
        assert_int_equal(version, 3);
        assert_int_equal(ask(db, "SELECT count(*) FROM item JOIN price USING (sku) "
                                 "WHERE name='unnamed' AND minor=100"),
                         1);
        db_close(db);
        free(path);
    }
}

static void test_db__later_version_is_refused_untouched(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(db_migrate(fixture->db, history, 3, &fixture->error), STATUS_OK);
    assert_int_equal(db_migrate(fixture->db, history, 2, &fixture->error), STATUS_UNSUPPORTED);
    int version = 0;
    assert_int_equal(db_version(fixture->db, &version, &fixture->error), STATUS_OK);
    assert_int_equal(version, 3);
}

static void test_db__failed_migration_leaves_the_version_before(void **state)
{
    struct fixture *fixture = *state;
    static const struct db_migration broken[] = {
        {"CREATE TABLE a(x)"},
        {"CREATE TABLE b(x); INSERT INTO nowhere VALUES (1)"},
    };
    assert_int_equal(db_migrate(fixture->db, broken, 2, &fixture->error), STATUS_INVALID);
    assert_non_null(strstr(fixture->error.text, "migration 2"));
    assert_false(db_in_transaction(fixture->db));
    int version = 0;
    assert_int_equal(db_version(fixture->db, &version, &fixture->error), STATUS_OK);
    assert_int_equal(version, 1);
    assert_int_equal(ask(fixture->db, "SELECT count(*) FROM sqlite_schema"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_db__owner_is_set_up_as_promised, make, clear),
        cmocka_unit_test_setup_teardown(test_db__values_go_there_and_back, make, clear),
        cmocka_unit_test_setup_teardown(test_db__statement_arrives_reset_and_unbound, make, clear),
        cmocka_unit_test_setup_teardown(test_db__many_statements_stay_themselves, make, clear),
        cmocka_unit_test_setup_teardown(test_db__reused_address_cannot_give_another_statement, make,
                                        clear),
        cmocka_unit_test_setup_teardown(test_db__double_quotes_are_no_strings, make, clear),
        cmocka_unit_test_setup_teardown(test_db__rollback_and_commit, make, clear),
        cmocka_unit_test_setup_teardown(test_db__failed_commit_rolls_back, make, clear),
        cmocka_unit_test_setup_teardown(test_db__results_become_statuses, make, clear),
        cmocka_unit_test_setup_teardown(test_db__second_writer_is_told_to_wait, make, clear),
        cmocka_unit_test_setup_teardown(test_db__what_is_no_database_is_corrupt, make, clear),
        cmocka_unit_test_setup_teardown(test_db__failing_disk_loses_nothing_committed, make, clear),
        cmocka_unit_test_setup_teardown(test_db__without_descriptors_nothing_else_is_blamed, make,
                                        clear),
        cmocka_unit_test_setup_teardown(test_db__without_memory_it_says_so, make, clear),
        cmocka_unit_test_setup_teardown(test_db__one_number_is_read_and_the_statement_reset, make,
                                        clear),
        cmocka_unit_test_setup_teardown(test_db__migrates_from_every_version, make, clear),
        cmocka_unit_test_setup_teardown(test_db__later_version_is_refused_untouched, make, clear),
        cmocka_unit_test_setup_teardown(test_db__failed_migration_leaves_the_version_before, make,
                                        clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
