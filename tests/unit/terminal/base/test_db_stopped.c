/* A reader beside an owner that stands still with a lock of the wal-index in its hand. The owner
 * that stands still is a child that takes the locks and leaves the -shm just as SQLite does on the
 * way; the owner that is well is SQLite itself, in another child.
 */
#include "terminal/base/db.h"

#include "tests/unit/terminal/base/folder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define LIMIT_MS 200

/* Bytes of the -shm that are locks: https://www.sqlite.org/walformat.html, 2.3; DMS is 128. */
enum { WRITE = 120, RECOVER = 122, READ_ZERO = 123, READ_ONE = 124, ATTACH = 128 };

struct fixture {
    struct folder folder;
    char *path;
    pid_t owner;
    struct error error;
};

static int make(void **state)
{
    struct fixture *fixture = mem_alloc(sizeof *fixture);
    fixture->folder = folder_make();
    fixture->path = path_join(fixture->folder.path, "some.db");
    *state = fixture;
    return 0;
}

static int clear(void **state)
{
    struct fixture *fixture = *state;
    if (fixture->owner != 0)
        child_kill(fixture->owner);
    folder_remove(&fixture->folder);
    free(fixture->path);
    free(fixture);
    return 0;
}

/* ---- owners -----------------------------------------------------------------------------------
 */

static struct db *own(const char *path)
{
    struct db *db = NULL;
    INVARIANT(db_open(path, DB_OWNER_FULL, &db, NULL) == STATUS_OK);
    (void)sqlite3_busy_timeout(db_handle(db), 0); /* it may not need to wait */
    return db;
}

static void must(struct db *db, const char *sql)
{
    INVARIANT(db_exec(db, sql, NULL) == STATUS_OK);
}

static void try_to(struct db *db, const char *sql)
{
    (void)sqlite3_exec(db_handle(db), sql, NULL, NULL, NULL);
}

/* One row in the database, two in the WAL. */
static void owner_of_three_rows(const char *path)
{
    struct db *db = own(path);
    must(db, "CREATE TABLE t(a); INSERT INTO t VALUES (1)");
    must(db, "PRAGMA wal_checkpoint(TRUNCATE)");
    must(db, "INSERT INTO t VALUES (2); INSERT INTO t VALUES (3)");
}

static void owner_of_one_more(const char *path)
{
    must(own(path), "INSERT INTO t SELECT max(a)+1 FROM t");
}

/* Does all that could take the pages from under a reader: changes every row, checkpoints in each
 * way, and writes over the WAL from its start if it may. */
static void owner_that_is_busy(const char *path)
{
    struct db *db = own(path);
    for (int i = 0; i < 3; i++) {
        must(db, "UPDATE t SET a=a+1000; INSERT INTO t SELECT max(a)+1 FROM t");
        try_to(db, "PRAGMA wal_checkpoint(PASSIVE)");
        must(db, "UPDATE t SET a=a+1000");
        try_to(db, "PRAGMA wal_checkpoint(RESTART)");
        try_to(db, "PRAGMA wal_checkpoint(TRUNCATE)");
    }
}

/* Stops itself with all of the WAL copied into the database: its next commit starts the WAL over.
 * Continued, it does what the busy one does, and stops itself again. */
static void owner_that_starts_over(const char *path)
{
    struct db *db = own(path);
    try_to(db, "PRAGMA wal_checkpoint(PASSIVE)");
    INVARIANT(write(STDOUT_FILENO, "r", 1) == 1);
    (void)raise(SIGSTOP);
    for (int i = 0; i < 5; i++)
        must(db, "UPDATE t SET a=a+1000");
    (void)raise(SIGSTOP);
}

static int open_shm(const char *path)
{
    char shm[128];
    (void)snprintf(shm, sizeof shm, "%s-shm", path);
    int file = open(shm, O_RDWR);
    INVARIANT(file >= 0);
    return file;
}

static void lock(int file, short type, int first, int count)
{
    struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = first, .l_len = count};
    INVARIANT(fcntl(file, F_SETLK, &range) == 0);
}

static void spoil_header(int file)
{
    static const char zeros[136];
    INVARIANT(pwrite(file, zeros, sizeof zeros, 0) == (ssize_t)sizeof zeros);
}

static void stand_before_recovery(const char *path)
{
    int file = open_shm(path);
    lock(file, F_RDLCK, ATTACH, 1);
    lock(file, F_WRLCK, WRITE, 1);
    spoil_header(file);
}

static void stand_in_recovery(const char *path)
{
    int file = open_shm(path);
    lock(file, F_RDLCK, ATTACH, 1);
    lock(file, F_WRLCK, WRITE, RECOVER - WRITE + 1);
    spoil_header(file);
}

static void stand_before_any_lock(const char *path)
{
    int file = open_shm(path);
    lock(file, F_RDLCK, ATTACH, 1);
    spoil_header(file);
}

/* These two only happen when nobody else is attached. */
static void stand_while_attaching(const char *path)
{
    int file = open_shm(path);
    lock(file, F_WRLCK, ATTACH, 1);
    INVARIANT(ftruncate(file, 3) == 0);
}

static void stand_after_attaching(const char *path)
{
    int file = open_shm(path);
    INVARIANT(ftruncate(file, 3) == 0);
    lock(file, F_RDLCK, ATTACH, 1);
}

static void stand_while_moving_a_read_mark(const char *path)
{
    int file = open_shm(path);
    lock(file, F_RDLCK, ATTACH, 1);
    lock(file, F_WRLCK, READ_ONE, 1);
}

static void (*const owners[])(const char *) = {
    stand_before_recovery, stand_in_recovery,
    stand_before_any_lock, stand_while_moving_a_read_mark,
    stand_while_attaching, stand_after_attaching,
    owner_of_three_rows,   owner_of_one_more,
    owner_that_is_busy,    owner_that_starts_over,
};

enum { BESIDE_AN_OPEN_READER = 4, ALL_STANDS = 6, THREE_ROWS = 6, ONE_MORE, BUSY, STARTS_OVER };

/* A program of its own: a mere fork would take over what SQLite knows of this process's files. It
 * says when its work is done, and then waits to be killed. */
static int be_owner(const char *which, const char *path)
{
    owners[atoi(which)](path);
    INVARIANT(write(STDOUT_FILENO, "r", 1) == 1);
    for (;;)
        (void)pause();
}

static pid_t start_owner(int which, const char *path)
{
    int ready[2];
    char number[8], byte;
    (void)snprintf(number, sizeof number, "%d", which);
    INVARIANT(pipe(ready) == 0);
    pid_t child = fork();
    INVARIANT(child >= 0);
    if (child == 0) {
        (void)dup2(ready[1], STDOUT_FILENO);
        (void)close(ready[0]);
        (void)close(ready[1]);
        (void)execl("/proc/self/exe", "owner", number, path, (char *)NULL);
        _exit(1);
    }
    (void)close(ready[1]);
    INVARIANT(read(ready[0], &byte, 1) == 1);
    (void)close(ready[0]);
    return child;
}

static void replace_owner(struct fixture *fixture, int which)
{
    if (fixture->owner != 0)
        child_kill(fixture->owner);
    fixture->owner = start_owner(which, fixture->path);
}

static void stand(struct fixture *fixture, int how)
{
    replace_owner(fixture, how);
    child_stop(fixture->owner);
}

/* A new file for the next round. */
static void start_over(struct fixture *fixture)
{
    if (fixture->owner != 0)
        child_kill(fixture->owner);
    fixture->owner = 0;
    folder_remove(&fixture->folder);
    free(fixture->path);
    fixture->folder = folder_make();
    fixture->path = path_join(fixture->folder.path, "some.db");
    replace_owner(fixture, THREE_ROWS);
}

/* ---- the reader -------------------------------------------------------------------------------
 */

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct db *read_from(struct fixture *fixture)
{
    struct db *db = NULL;
    if (db_open(fixture->path, DB_READER, &db, &fixture->error) != STATUS_OK)
        fail_msg("%s", fixture->error.text);
    return db;
}

/* The sum tells old rows from new ones. */
static int64_t sum_rows(struct db *db)
{
    struct db_statement *statement;
    struct error error = {0};
    bool row = false;
    if (db_prepare(db, "SELECT sum(a) FROM t", &statement, &error) != STATUS_OK ||
        db_step(statement, &row, &error) != STATUS_OK || !row)
        fail_msg("%s", error.text);
    int64_t sum = db_int(statement, 0);
    db_reset(statement);
    return sum;
}

static void test_stopped__new_reader_answers_at_once(void **state)
{
    struct fixture *fixture = *state;
    for (int how = 0; how < ALL_STANDS; how++) {
        start_over(fixture);
        stand(fixture, how);
        int64_t start = now_ms();
        struct db *db = read_from(fixture);
        assert_int_equal(sum_rows(db), 6);
        assert_int_equal(db_begin_read(db, &fixture->error), STATUS_OK);
        assert_int_equal(sum_rows(db), 6);
        assert_int_equal(db_commit(db, &fixture->error), STATUS_OK);
        assert_in_range(now_ms() - start, 0, LIMIT_MS);
        db_close(db);
    }
}

static void test_stopped__open_reader_answers_at_once(void **state)
{
    struct fixture *fixture = *state;
    for (int how = 0; how < BESIDE_AN_OPEN_READER; how++) {
        start_over(fixture);
        struct db *db = read_from(fixture);
        assert_int_equal(sum_rows(db), 6);
        stand(fixture, how);
        int64_t start = now_ms();
        assert_int_equal(sum_rows(db), 6);
        for (int i = 0; i < 50; i++)
            assert_int_equal(sum_rows(db), 6);
        assert_in_range(now_ms() - start, 0, LIMIT_MS);
        db_close(db);
    }
}

static void test_stopped__bindings_and_transaction_survive(void **state)
{
    struct fixture *fixture = *state;
    struct db_statement *first, *second;
    bool row;
    start_over(fixture);
    struct db *db = read_from(fixture);
    assert_int_equal(db_set_cache(db, 4000, &fixture->error), STATUS_OK);
    assert_int_equal(
        db_prepare(db, "SELECT count(*),?2 FROM t WHERE a>?1", &first, &fixture->error), STATUS_OK);
    assert_int_equal(db_prepare(db, "SELECT ?1, ?2", &second, &fixture->error), STATUS_OK);
    assert_int_equal(db_begin_read(db, &fixture->error), STATUS_OK);
    db_bind_int(first, 1, 1);
    db_bind_text(first, 2, "one");
    db_bind_blob(second, 1, "\1\0\2", 3);
    db_bind_null(second, 2);
    stand(fixture, 1);
    assert_int_equal(db_step(first, &row, &fixture->error), STATUS_OK);
    assert_true(row);
    assert_int_equal(db_int(first, 0), 2);
    assert_string_equal(db_text(first, 1), "one");
    assert_true(db_in_transaction(db));
    assert_int_equal(db_step(second, &row, &fixture->error), STATUS_OK);
    size_t length;
    assert_memory_equal(db_blob(second, 0, &length), "\1\0\2", 3);
    assert_int_equal(length, 3);
    assert_true(db_is_null(second, 1));
    db_reset(first);
    db_reset(second);
    assert_int_equal(db_commit(db, &fixture->error), STATUS_OK);
    int64_t cache = 0;
    assert_int_equal(db_prepare(db, "PRAGMA cache_size", &first, &fixture->error), STATUS_OK);
    assert_int_equal(db_step(first, &row, &fixture->error), STATUS_OK);
    cache = db_int(first, 0);
    db_reset(first);
    assert_int_equal(cache, -4000);
    db_close(db);
}

static void test_stopped__new_commits_are_seen_when_the_owner_is_well(void **state)
{
    struct fixture *fixture = *state;
    for (int how = 0; how < ALL_STANDS; how++) {
        start_over(fixture);
        struct db *open_before = how < BESIDE_AN_OPEN_READER ? read_from(fixture) : NULL;
        stand(fixture, how);
        struct db *db = read_from(fixture);
        assert_int_equal(sum_rows(db), 6);
        int64_t version = db_data_version(db);
        replace_owner(fixture, ONE_MORE);
        assert_int_equal(sum_rows(db), 10);
        assert_int_not_equal(db_data_version(db), version);
        if (open_before != NULL)
            assert_int_equal(sum_rows(open_before), 10);
        child_kill(fixture->owner); /* and when it is gone */
        fixture->owner = 0;
        assert_int_equal(sum_rows(db), 10);
        replace_owner(fixture, ONE_MORE);
        assert_int_equal(sum_rows(db), 15);
        db_close(db);
        db_close(open_before);
    }
}

/* Commits in the WAL that came after the reader's own index of it, while the -shm is still spoilt.
 */
static void test_stopped__commits_are_seen_from_one_stop_to_the_next(void **state)
{
    struct fixture *fixture = *state;
    start_over(fixture);
    struct db *db = read_from(fixture);
    int64_t expected = 6, next = 4;
    for (int round = 0; round < 10; round++) {
        stand(fixture, round % BESIDE_AN_OPEN_READER);
        assert_int_equal(sum_rows(db), expected);
        int64_t version = db_data_version(db);
        replace_owner(fixture, ONE_MORE);
        stand(fixture, round % BESIDE_AN_OPEN_READER);
        expected += next++;
        assert_int_equal(sum_rows(db), expected);
        assert_int_not_equal(db_data_version(db), version);
    }
    db_close(db);
}

static void test_stopped__view_holds_while_the_owner_goes_on(void **state)
{
    struct fixture *fixture = *state;
    for (int how = 0; how < ALL_STANDS; how++) {
        start_over(fixture);
        stand(fixture, how);
        struct db *db = read_from(fixture);
        assert_int_equal(db_begin_read(db, &fixture->error), STATUS_OK);
        assert_int_equal(sum_rows(db), 6);
        must(db, "PRAGMA shrink_memory"); /* the pages must come from the files again */
        replace_owner(fixture, BUSY);
        assert_int_equal(sum_rows(db), 6);
        assert_int_equal(db_commit(db, &fixture->error), STATUS_OK);
        assert_true(sum_rows(db) > 6000);
        db_close(db);
    }
}

/* The header is torn for as long as the reader looks, and whole again when the owner goes on. */
static void test_stopped__wal_is_not_started_over_under_a_reader(void **state)
{
    struct fixture *fixture = *state;
    char header[136];
    int how;
    start_over(fixture);
    replace_owner(fixture, STARTS_OVER);
    assert_int_equal(waitpid(fixture->owner, &how, WUNTRACED), fixture->owner);
    int shm = open_shm(fixture->path);
    assert_int_equal(pread(shm, header, sizeof header, 0), (int)sizeof header);
    assert_int_equal(pwrite(shm, "torn", 4, 0), 4);
    struct db *db = read_from(fixture);
    assert_int_equal(db_begin_read(db, &fixture->error), STATUS_OK);
    assert_int_equal(sum_rows(db), 6);
    must(db, "PRAGMA shrink_memory");
    assert_int_equal(pwrite(shm, header, sizeof header, 0), (int)sizeof header);
    assert_int_equal(kill(fixture->owner, SIGCONT), 0);
    assert_int_equal(waitpid(fixture->owner, &how, WUNTRACED), fixture->owner);
    assert_true(WIFSTOPPED(how));
    assert_int_equal(sum_rows(db), 6);
    assert_int_equal(db_commit(db, &fixture->error), STATUS_OK);
    assert_int_equal(sum_rows(db), 15006);
    db_close(db);
    (void)close(shm); /* last: it drops the locks of this process */
}

int main(int count, char **arguments)
{
    if (count == 3)
        return be_owner(arguments[1], arguments[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_stopped__new_reader_answers_at_once, make, clear),
        cmocka_unit_test_setup_teardown(test_stopped__open_reader_answers_at_once, make, clear),
        cmocka_unit_test_setup_teardown(test_stopped__bindings_and_transaction_survive, make,
                                        clear),
        cmocka_unit_test_setup_teardown(test_stopped__new_commits_are_seen_when_the_owner_is_well,
                                        make, clear),
        cmocka_unit_test_setup_teardown(test_stopped__commits_are_seen_from_one_stop_to_the_next,
                                        make, clear),
        cmocka_unit_test_setup_teardown(test_stopped__wal_is_not_started_over_under_a_reader, make,
                                        clear),
        cmocka_unit_test_setup_teardown(test_stopped__view_holds_while_the_owner_goes_on, make,
                                        clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
