/* Readers of another program's database. The owner is a child process, because what is tested is
 * what one process can do to another: the main process never opens the file as its owner while the
 * child has it.
 */
#include "terminal/base/db.h"

#include "tests/unit/terminal/base/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Every byte that means something in a URI. */
#define NAME "a b?c=d&e#f%20'g\xC3\xA9.db"

struct fixture {
    struct folder folder;
    char *path;
    char *shm;
    struct error error;
};

static int make(void **state)
{
    struct fixture *fixture = mem_alloc(sizeof *fixture);
    fixture->folder = folder_make();
    fixture->path = path_join(fixture->folder.path, NAME);
    fixture->shm = path_join(fixture->folder.path, NAME "-shm");
    *state = fixture;
    return 0;
}

static int clear(void **state)
{
    struct fixture *fixture = *state;
    folder_remove(&fixture->folder);
    free(fixture->path);
    free(fixture->shm);
    free(fixture);
    return 0;
}

static struct db *own(const char *path)
{
    struct db *db = NULL;
    struct error error;
    if (db_open(path, DB_OWNER_FULL, &db, &error) != STATUS_OK)
        INVARIANT(false); /* the owner cannot open */
    return db;
}

static void must(struct db *db, const char *sql)
{
    struct error error;
    if (db_exec(db, sql, &error) != STATUS_OK)
        INVARIANT(false); /* SQL failed */
}

/* Three committed rows, and the database stays open. */
static void owner_with_three_rows(const char *path)
{
    must(own(path), "CREATE TABLE t(a); INSERT INTO t VALUES (1),(2),(3)");
}

static void owner_with_all_in_the_file(const char *path)
{
    must(own(path), "CREATE TABLE t(a); INSERT INTO t VALUES (1),(2),(3);"
                    "PRAGMA wal_checkpoint(PASSIVE)");
}

static void owner_adds_a_row(const char *path)
{
    must(own(path), "INSERT INTO t VALUES (4)");
}

static void owner_inside_a_transaction(const char *path)
{
    struct db *db = own(path);
    must(db, "CREATE TABLE t(a); INSERT INTO t VALUES (1),(2),(3)");
    must(db, "BEGIN IMMEDIATE; INSERT INTO t VALUES (4); UPDATE t SET a=a+100");
}

/* Inside a transaction so large that its pages went to the WAL before the commit. */
static void owner_that_spilled(const char *path)
{
    struct db *db = own(path);
    must(db, "CREATE TABLE t(a); INSERT INTO t VALUES (1),(2),(3)");
    must(db, "PRAGMA cache_size=10; BEGIN IMMEDIATE;"
             "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<2000)"
             "INSERT INTO t SELECT zeroblob(1000) FROM n");
}

static int64_t count_rows(struct db *db)
{
    struct db_statement *statement;
    struct error error = {0};
    bool row = false;
    if (db_prepare(db, "SELECT count(*) FROM t", &statement, &error) != STATUS_OK ||
        db_step(statement, &row, &error) != STATUS_OK || !row)
        fail_msg("%s", error.text);
    int64_t count = db_int(statement, 0);
    db_reset(statement);
    return count;
}

static struct db *read_from(struct fixture *fixture)
{
    struct db *db = NULL;
    if (db_open(fixture->path, DB_READER, &db, &fixture->error) != STATUS_OK)
        fail_msg("%s", fixture->error.text);
    return db;
}

/* An owner that died between the header of its WAL and the first frame. */
static void test_reader__a_wal_of_its_header_alone_is_read_at_once(void **state)
{
    struct fixture *fixture = *state;
    child_kill(child_after(owner_with_all_in_the_file, fixture->path));
    char *wal = path_join(fixture->folder.path, NAME "-wal");
    assert_int_equal(truncate(wal, 32), 0);
    free(wal);
    struct db *db = read_from(fixture);
    assert_int_equal(count_rows(db), 3);
    assert_int_equal(count_rows(db), 3);
    db_close(db);
    child_kill(child_after(owner_adds_a_row, fixture->path));
    db = read_from(fixture);
    assert_int_equal(count_rows(db), 4);
    db_close(db);
}

static void test_reader__missing_file_is_not_found_and_not_made(void **state)
{
    struct fixture *fixture = *state;
    struct db *db = NULL;
    assert_int_equal(db_open(fixture->path, DB_READER, &db, &fixture->error), STATUS_NOT_FOUND);
    assert_null(db);
    assert_false(file_exists(fixture->path));
}

static void test_reader__missing_shm_means_that_the_owner_has_not_started(void **state)
{
    struct fixture *fixture = *state;
    child_kill(child_after(owner_with_three_rows, fixture->path));
    assert_int_equal(unlink(fixture->shm), 0);
    struct db *db = NULL;
    assert_int_equal(db_open(fixture->path, DB_READER, &db, &fixture->error), STATUS_BUSY);
    assert_non_null(strstr(fixture->error.text, "owner has not started"));
    assert_null(db);
    assert_false(file_exists(fixture->shm));
}

static void test_reader__empty_database_means_that_the_owner_has_not_started(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(file_write_durable(fixture->path, "", 0, 0600, NULL), STATUS_OK);
    struct db *db = NULL;
    assert_int_equal(db_open(fixture->path, DB_READER, &db, &fixture->error), STATUS_BUSY);
    db_close(own(fixture->path));
    assert_int_equal(db_open(fixture->path, DB_READER, &db, &fixture->error), STATUS_BUSY);
    assert_null(db);
}

static void test_reader__sees_what_is_committed_and_cannot_write(void **state)
{
    struct fixture *fixture = *state;
    pid_t owner = child_after(owner_with_three_rows, fixture->path);
    struct db *db = read_from(fixture);
    assert_int_equal(count_rows(db), 3);
    assert_int_equal(db_exec(db, "INSERT INTO t VALUES (4)", &fixture->error), STATUS_DENIED);
    assert_int_equal(db_begin(db, &fixture->error), STATUS_DENIED);
    db_close(db);
    child_kill(owner);
}

static void test_reader__reads_at_once_while_the_owner_is_stopped_in_a_transaction(void **state)
{
    struct fixture *fixture = *state;
    void (*const owners[])(const char *) = {owner_inside_a_transaction, owner_that_spilled};
    for (size_t i = 0; i < 2; i++) {
        pid_t owner = child_after(owners[i], fixture->path);
        child_stop(owner);
        struct db *db = read_from(fixture);
        (void)sqlite3_busy_timeout(db_handle(db), 0); /* it may not need to wait at all */
        assert_int_equal(count_rows(db), 3);
        assert_int_equal(db_begin_read(db, &fixture->error), STATUS_OK);
        assert_int_equal(count_rows(db), 3);
        assert_int_equal(db_commit(db, &fixture->error), STATUS_OK);
        child_kill(owner);
        assert_int_equal(count_rows(db), 3);
        db_close(db);
        assert_int_equal(remove(fixture->path), 0);
        assert_int_equal(remove(fixture->shm), 0);
        char *wal = path_join(fixture->folder.path, NAME "-wal");
        assert_int_equal(remove(wal), 0);
        free(wal);
    }
}

static void test_reader__holds_its_view_while_the_owner_goes_on(void **state)
{
    struct fixture *fixture = *state;
    child_kill(child_after(owner_with_three_rows, fixture->path));
    struct db *owner = own(fixture->path);
    struct db *reader = read_from(fixture);
    assert_int_equal(db_begin_read(reader, &fixture->error), STATUS_OK);
    assert_int_equal(count_rows(reader), 3);
    (void)sqlite3_busy_timeout(db_handle(owner), 0); /* the owner may not need to wait either */
    for (int i = 0; i < 50; i++)
        must(owner, "INSERT INTO t VALUES (zeroblob(4000))");
    assert_int_equal(count_rows(reader), 3);
    assert_int_equal(db_commit(reader, &fixture->error), STATUS_OK);
    assert_int_equal(count_rows(reader), 53);
    db_close(reader);
    db_close(owner);
}

static void test_reader__stays_attached_over_restarts_of_the_owner(void **state)
{
    struct fixture *fixture = *state;
    struct db *first = own(fixture->path);
    must(first, "CREATE TABLE t(a); INSERT INTO t VALUES (1)");
    struct db *reader = read_from(fixture);
    assert_int_equal(count_rows(reader), 1);
    db_close(first);
    assert_true(file_exists(fixture->shm));
    assert_int_equal(count_rows(reader), 1);
    struct db *second = own(fixture->path);
    must(second, "INSERT INTO t VALUES (2)");
    assert_int_equal(count_rows(reader), 2);
    db_close(second);
    db_close(reader);
}

static void test_reader__reads_what_a_closed_owner_left(void **state)
{
    struct fixture *fixture = *state;
    struct db *owner = own(fixture->path);
    must(owner, "CREATE TABLE t(a); INSERT INTO t VALUES (1)");
    db_close(owner);
    struct db *reader = read_from(fixture);
    assert_int_equal(count_rows(reader), 1);
    db_close(reader);
}

/* The owner opens a database whose WAL must be recovered while a reader of it is stopped. */
static void read_and_stay(const char *path)
{
    struct db *db = NULL;
    struct error error;
    struct db_statement *statement;
    bool row;
    INVARIANT(db_open(path, DB_READER, &db, &error) == STATUS_OK);
    INVARIANT(db_begin_read(db, &error) == STATUS_OK);
    INVARIANT(db_prepare(db, "SELECT a FROM t", &statement, &error) == STATUS_OK);
    INVARIANT(db_step(statement, &row, &error) == STATUS_OK && row);
}

static void test_reader__stopped_one_never_hinders_the_owner(void **state)
{
    struct fixture *fixture = *state;
    child_kill(child_after(owner_inside_a_transaction, fixture->path));
    pid_t reader = child_after(read_and_stay, fixture->path);
    child_stop(reader);
    struct db *owner = NULL;
    assert_int_equal(db_open(fixture->path, DB_OWNER_FULL, &owner, &fixture->error), STATUS_OK);
    (void)sqlite3_busy_timeout(db_handle(owner), 0);
    for (int i = 0; i < 1500; i++) /* past the automatic checkpoint */
        must(owner, "INSERT INTO t VALUES (zeroblob(3000))");
    assert_int_equal(count_rows(owner), 1503);
    db_close(owner);
    child_kill(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reader__a_wal_of_its_header_alone_is_read_at_once,
                                        make, clear),
        cmocka_unit_test_setup_teardown(test_reader__missing_file_is_not_found_and_not_made, make,
                                        clear),
        cmocka_unit_test_setup_teardown(
            test_reader__missing_shm_means_that_the_owner_has_not_started, make, clear),
        cmocka_unit_test_setup_teardown(
            test_reader__empty_database_means_that_the_owner_has_not_started, make, clear),
        cmocka_unit_test_setup_teardown(test_reader__sees_what_is_committed_and_cannot_write, make,
                                        clear),
        cmocka_unit_test_setup_teardown(
            test_reader__reads_at_once_while_the_owner_is_stopped_in_a_transaction, make, clear),
        cmocka_unit_test_setup_teardown(test_reader__holds_its_view_while_the_owner_goes_on, make,
                                        clear),
        cmocka_unit_test_setup_teardown(test_reader__stays_attached_over_restarts_of_the_owner,
                                        make, clear),
        cmocka_unit_test_setup_teardown(test_reader__reads_what_a_closed_owner_left, make, clear),
        cmocka_unit_test_setup_teardown(test_reader__stopped_one_never_hinders_the_owner, make,
                                        clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
