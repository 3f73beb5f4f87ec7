/* No memory for SQLite: every request of it fails in turn, once, or it and all after it until the
 * trouble is over.
 */
#include "terminal/base/db.h"
#include "terminal/base/fs.h"

#include "tests/unit/terminal/base/folder.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ENDLESS 1000000

/* ---- memory that fails ---- */

static struct {
    sqlite3_mem_methods real;
    int64_t until; /* requests before the first that fails; negative: none fails */
    int64_t fails; /* that fail then */
} memory;

static bool refuses(void)
{
    if (memory.until < 0 || memory.until-- > 0)
        return false;
    memory.until = --memory.fails > 0 ? 0 : -1;
    return true;
}

static void *failing_malloc(int size)
{
    return refuses() ? NULL : memory.real.xMalloc(size);
}

static void *failing_realloc(void *block, int size)
{
    return refuses() ? NULL : memory.real.xRealloc(block, size);
}

static void fail_after(int64_t requests, int64_t fails)
{
    memory.until = requests;
    memory.fails = fails;
}

/* Whether the trouble came at all; it is over. */
static bool was_met(int64_t fails)
{
    bool met = memory.until < 0 || memory.fails < fails;

    memory.until = -1;
    return met;
}

static int install(void **state)
{
    sqlite3_mem_methods failing;

    (void)state;
    (void)sqlite3_shutdown();
    memory.until = -1;
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory.real) != SQLITE_OK)
        return -1;
    failing = memory.real;
    failing.xMalloc = failing_malloc;
    failing.xRealloc = failing_realloc;
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &failing) == SQLITE_OK ? 0 : -1;
}

/* ---- what is tried ---- */

struct fixture {
    struct folder folder;
    char *path;
};

static int make(void **state)
{
    struct fixture *fixture = mem_alloc(sizeof *fixture);

    fixture->folder = folder_make();
    fixture->path = path_join(fixture->folder.path, "till.db");
    *state = fixture;
    return 0;
}

static int clear(void **state)
{
    struct fixture *fixture = *state;

    folder_remove(&fixture->folder);
    free(fixture->path);
    free(fixture);
    return 0;
}

static struct db *open_well(const struct fixture *fixture)
{
    struct error error;
    struct db *db;

    assert_int_equal(db_open(fixture->path, DB_OWNER_FULL, &db, &error), STATUS_OK);
    assert_int_equal(
        db_exec(db, "CREATE TABLE IF NOT EXISTS sale(id INTEGER PRIMARY KEY, words TEXT)", &error),
        STATUS_OK);
    return db;
}

static int64_t rows_of(struct db *db)
{
    struct db_statement *statement;
    struct error error;
    bool row = false;
    int64_t rows;

    assert_int_equal(db_prepare(db, "SELECT count(*) FROM sale", &statement, &error), STATUS_OK);
    assert_int_equal(db_step(statement, &row, &error), STATUS_OK);
    rows = db_int(statement, 0);
    db_reset(statement);
    return rows;
}

/* Two rows and a cursor over what is there, in one transaction. */
static enum status write_two(struct db *db, struct error *error)
{
    struct db_statement *insert, *select;
    bool row = true;
    enum status status = db_begin(db, error);

    if (status != STATUS_OK)
        return status;
    for (int i = 0; status == STATUS_OK && i < 2; i++) {
        status = db_prepare(db, "INSERT INTO sale(words) VALUES(upper(?1))", &insert, error);
        if (status != STATUS_OK)
            break;
        db_bind_text(insert, 1, "a pint of milk, and what else there was");
        status = db_run(insert, error);
    }
    if (status == STATUS_OK)
        status = db_prepare(db, "SELECT words FROM sale ORDER BY words", &select, error);
    while (status == STATUS_OK && row)
        status = db_step(select, &row, error);
    if (status == STATUS_OK)
        return db_commit(db, error);
    db_rollback(db);
    return status;
}

/* Failed is nothing written, succeeded is all of it; the connection goes on either way. How many
 * requests were tried. */
static int64_t try_each(struct fixture *fixture, int64_t fails)
{
    int64_t before, n = 0;
    bool met = true;

    for (; met; n++) {
        struct db *db = open_well(fixture);
        struct error error;
        enum status status;
        before = rows_of(db);
        fail_after(n, fails);
        status = write_two(db, &error);
        if (fails == ENDLESS && status != STATUS_OK)
            assert_int_not_equal(db_exec(db, "DELETE FROM sale", &error), STATUS_OK);
        met = was_met(fails);
        assert_false(db_in_transaction(db));
        assert_int_equal(rows_of(db), before + (status == STATUS_OK ? 2 : 0));
        assert_int_equal(write_two(db, &error), STATUS_OK);
        db_close(db);
        db = open_well(fixture);
        assert_int_equal(rows_of(db), before + (status == STATUS_OK ? 4 : 2));
        db_close(db);
    }
    return n;
}

static void test_db_memory__a_request_that_fails_leaves_nothing_half_done(void **state)
{
    assert_true(try_each(*state, 1) > 20);
}

static void test_db_memory__without_any_memory_nothing_is_half_done(void **state)
{
    assert_true(try_each(*state, ENDLESS) > 20);
}

static void test_db_memory__without_memory_nothing_opens_and_says_why(void **state)
{
    const struct fixture *fixture = *state;
    bool met = true, told = false;

    db_close(open_well(fixture));
    for (int64_t n = 0; met; n++) {
        struct error error = {0};
        struct db *db = NULL;
        enum status status;
        fail_after(n, ENDLESS);
        status = db_open(fixture->path, DB_OWNER_FULL, &db, &error);
        met = was_met(ENDLESS);
        assert_true(met || status == STATUS_OK);
        if (status == STATUS_OK)
            db_close(db);
        else
            told = told || strstr(error.text, "out of memory") != NULL;
    }
    assert_true(told);
    db_close(open_well(fixture));
}

/* ---- a commit whose frame is in the log ---- */

#define INDEX_FRAMES 4062 /* of the log, in the index's first page (SQLite's wal.c) */

static void must_run(struct db *db, const char *sql)
{
    struct error error;

    if (db_exec(db, sql, &error) != STATUS_OK)
        fail_msg("%s: %s", sql, error.text);
}

static void copy_file(const char *from, const char *to)
{
    struct buf bytes;
    struct error error;

    buf_init(&bytes, (size_t)64 << 20);
    assert_int_equal(file_read(from, &bytes, &error), STATUS_OK);
    assert_int_equal(file_write_durable(to, bytes.data, bytes.used, 0600, &error), STATUS_OK);
    buf_finish(&bytes);
}

/* What a start finds after a power cut now: the files of `db` as they are. */
static int64_t rows_after_a_cut(const struct fixture *fixture)
{
    char *log = path_join(fixture->folder.path, "till.db-wal");
    char *copy = path_join(fixture->folder.path, "copy.db");
    char *log_copy = path_join(fixture->folder.path, "copy.db-wal");
    struct error error;
    struct db *db;
    int64_t rows;

    copy_file(fixture->path, copy);
    copy_file(log, log_copy);
    assert_int_equal(db_open(copy, DB_OWNER_FULL, &db, &error), STATUS_OK);
    rows = rows_of(db);
    db_close(db);
    free(log);
    free(copy);
    free(log_copy);
    return rows;
}

static int64_t frames_of(const char *log)
{
    struct stat about;

    return fs_stat(log, &about) == 0 ? (about.st_size - 32) / (4096 + 24) : 0;
}

/* A log that ends just before its index needs another page. */
static struct db *open_with_long_log(const struct fixture *fixture)
{
    struct db *db = open_well(fixture);
    char *log = path_join(fixture->folder.path, "till.db-wal");

    must_run(db, "PRAGMA wal_autocheckpoint=0");
    while (frames_of(log) < INDEX_FRAMES - 20)
        must_run(db, "INSERT INTO sale(words) VALUES(randomblob(40000))");
    while (frames_of(log) < INDEX_FRAMES - 2)
        must_run(db, "UPDATE sale SET words = hex(randomblob(4)) WHERE id = 1");
    free(log);
    return db;
}

static void test_db_memory__a_refused_commit_that_may_come_back_is_no_plain_refusal(void **state)
{
    const struct fixture *fixture = *state;
    struct db *db = open_with_long_log(fixture);
    int64_t before = rows_of(db);
    bool met = true, came_back = false;

    for (int64_t n = 0; met; n++) {
        struct error error;
        enum status status;
        int64_t found;
        assert_int_equal(db_begin(db, &error), STATUS_OK);
        must_run(db, "INSERT INTO sale(words) VALUES(randomblob(40000))");
        fail_after(n, 1);
        status = db_commit(db, &error);
        met = was_met(1);
        found = rows_after_a_cut(fixture);
        if (status == STATUS_OK)
            assert_int_equal(found, before + 1);
        else if (found != before)
            assert_int_equal(status, STATUS_IO);
        came_back = came_back || (status != STATUS_OK && found != before);
        assert_true(status == STATUS_OK || rows_of(db) == before);
        before += status == STATUS_OK;
    }
    assert_true(came_back);
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_db_memory__a_request_that_fails_leaves_nothing_half_done, make, clear),
        cmocka_unit_test_setup_teardown(test_db_memory__without_any_memory_nothing_is_half_done,
                                        make, clear),
        cmocka_unit_test_setup_teardown(test_db_memory__without_memory_nothing_opens_and_says_why,
                                        make, clear),
        cmocka_unit_test_setup_teardown(
            test_db_memory__a_refused_commit_that_may_come_back_is_no_plain_refusal, make, clear),
    };
    return cmocka_run_group_tests(tests, install, NULL);
}
