/* SQLite on the virtual disk: what it promises holds there, and what it can't hold is seen to fail.
 */
#include "tests/sim/chance.h"
#include "tests/sim/disk.h"

#include "terminal/base/db.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PATH "/till.db"

static struct disk *disk;
static struct disk_process *process;

static void start_process(void)
{
    process = disk_process_start(disk, "till");
    (void)disk_enter(process);
}

static void begin(uint64_t seed)
{
    disk_begin(seed, NULL);
    disk = disk_create("m1", NULL);
    start_process();
}

static void finish(void)
{
    disk_process_end(process);
    disk_destroy(disk);
}

static struct db *open_owner(struct error *error)
{
    struct db *db = NULL;
    enum status status = db_open(PATH, DB_OWNER_FULL, &db, error);

    return status == STATUS_OK ? db : NULL;
}

/* -1 when the process dies of it. */
static int64_t ask(struct db *db, const char *sql)
{
    struct db_statement *statement;
    struct error error;
    bool row;

    if (db_prepare(db, sql, &statement, &error) != STATUS_OK ||
        db_step(statement, &row, &error) != STATUS_OK) {
        if (!disk_dead(process))
            fail_msg("%s: %s", sql, error.text);
        return -1;
    }
    int64_t value = db_int(statement, 0);
    db_reset(statement);
    return value;
}

/* Adds rows until the process dies; the number that were committed. */
static int64_t add_rows(struct chance *chance)
{
    int64_t committed = -1;
    struct error error;
    struct db *db = open_owner(&error);

    if (db != NULL &&
        db_exec(db, "CREATE TABLE IF NOT EXISTS row(n INTEGER PRIMARY KEY, filler BLOB)", &error) ==
            STATUS_OK &&
        db_exec(db, "PRAGMA wal_autocheckpoint=20", &error) == STATUS_OK) {
        committed = ask(db, "SELECT count(*) FROM row");
        while (!disk_dead(process)) {
            char sql[128];
            (void)snprintf(sql, sizeof sql,
                           "INSERT INTO row VALUES(NULL, zeroblob(%d)); UPDATE row SET filler = "
                           "zeroblob(%d) WHERE n = %d",
                           (int)chance_below(chance, 6000), (int)chance_below(chance, 3000),
                           (int)chance_below(chance, 50));
            if (db_begin(db, &error) != STATUS_OK)
                continue;
            if (db_exec(db, sql, &error) != STATUS_OK)
                db_rollback(db);
            else if (db_commit(db, &error) == STATUS_OK)
                committed++;
        }
    }
    db_close(db);
    disk_process_end(process);
    start_process();
    return committed;
}

/* A broken database and lost rows, over `cuts` power cuts. */
static void cut_often(uint64_t seed, int cuts, bool lying, enum disk_death how, int *broken,
                      int *lost)
{
    struct chance chance = chance_start(seed, 1);
    int64_t committed = 0;

    begin(seed);
    disk_set_lying(disk, lying);
    for (int i = 0; i < cuts; i++) {
        disk_die_at(process, 1 + chance_below(&chance, i % 10 == 0 ? 30 : 400), how);
        int64_t more = add_rows(&chance);
        committed = more > committed ? more : committed;
        struct error error;
        struct db *db = open_owner(&error);
        if (db == NULL) {
            (*broken)++;
            break;
        }
        struct db_statement *statement;
        bool row;
        assert_int_equal(db_prepare(db, "PRAGMA integrity_check(1)", &statement, &error),
                         STATUS_OK);
        bool sound = db_step(statement, &row, &error) == STATUS_OK &&
                     strcmp(db_text(statement, 0), "ok") == 0;
        db_reset(statement);
        if (!sound) {
            (*broken)++;
            db_close(db);
            break;
        }
        int64_t there = committed == 0 ? 0 : -1;
        if (committed > 0 &&
            db_prepare(db, "SELECT count(*), max(n) FROM row", &statement, &error) == STATUS_OK &&
            db_step(statement, &row, &error) == STATUS_OK) {
            there = db_int(statement, 0);
            assert_int_equal(there, db_int(statement, 1));
            db_reset(statement);
        }
        (*lost) += there < committed;
        committed = there > committed ? there : committed;
        db_close(db);
    }
    finish();
}

static void test_sqlite__survives_power_cuts_with_every_committed_row(void **state)
{
    int broken = 0, lost = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++)
        cut_often(seed, 50, false, DISK_DEATH_POWER, &broken, &lost);
    assert_int_equal(broken, 0);
    assert_int_equal(lost, 0);
    assert_int_equal(disk_tally()->power_cuts, 50);
    assert_true(disk_tally()->writes_torn > 0);
}

static void test_sqlite__survives_kills_with_every_committed_row(void **state)
{
    int broken = 0, lost = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++)
        cut_often(seed, 50, false, DISK_DEATH_KILL, &broken, &lost);
    assert_int_equal(broken, 0);
    assert_int_equal(lost, 0);
}

static void test_sqlite__loses_rows_when_syncs_lie(void **state)
{
    int broken = 0, lost = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++)
        cut_often(seed, 50, true, DISK_DEATH_POWER, &broken, &lost);
    assert_true(broken + lost > 10);
}

/* Every fault is an error to the caller, never another content. */
static void test_sqlite__faults_are_told_and_break_nothing(void **state)
{
    struct disk_faults faults = {
        .read_error = 3000, .write_error = 3000, .full = 3000, .open_error = 3000};
    const struct disk_faults none = {0};
    int refused = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct error error;
        begin(seed);
        struct db *db = open_owner(&error);
        assert_int_equal(db_exec(db, "CREATE TABLE row(n INTEGER PRIMARY KEY, filler BLOB)", NULL),
                         STATUS_OK);
        assert_int_equal(db_exec(db, "PRAGMA wal_autocheckpoint=20; PRAGMA cache_size=5", NULL),
                         STATUS_OK);
        int64_t committed = 0;
        disk_set_faults(disk, &faults);
        for (int i = 0; i < 300; i++) {
            enum status status =
                db_exec(db, "INSERT INTO row VALUES(NULL, zeroblob(5000))", &error);
            committed += status == STATUS_OK;
            refused += status != STATUS_OK;
        }
        disk_set_faults(disk, &none);
        db_close(db);
        db = open_owner(&error);
        assert_non_null(db);
        assert_int_equal(ask(db, "SELECT count(*) = max(n) FROM row"), 1);
        assert_true(ask(db, "SELECT count(*) FROM row") >= committed);
        db_close(db);
        finish();
    }
    assert_true(refused > 20);
}

/* ---- two programs -------------------------------------------------------------------------------
 */

static struct disk_process *second;

static enum status read_count(struct db **db, int64_t *out, struct error *error)
{
    struct db_statement *statement;
    bool row;
    enum status status = STATUS_OK;

    (void)disk_enter(second);
    if (*db == NULL)
        status = db_open(PATH, DB_READER, db, error);
    if (status == STATUS_OK)
        status = db_prepare(*db, "SELECT count(*) FROM row", &statement, error);
    if (status == STATUS_OK)
        status = db_step(statement, &row, error);
    if (status == STATUS_OK) {
        *out = db_int(statement, 0);
        db_reset(statement);
    }
    (void)disk_enter(process);
    return status;
}

static void begin_two(void)
{
    begin(1);
    second = disk_process_start(disk, "agent");
}

static void end_reader(struct db *reader)
{
    (void)disk_enter(second);
    db_close(reader);
    disk_process_end(second);
    (void)disk_enter(process);
}

static void test_sqlite__a_reader_sees_each_commit_of_the_owner(void **state)
{
    struct db *reader = NULL;
    struct error error;
    int64_t count = -1;

    (void)state;
    begin_two();
    assert_int_equal(read_count(&reader, &count, &error), STATUS_NOT_FOUND);
    struct db *owner = open_owner(&error);
    assert_int_equal(read_count(&reader, &count, &error), STATUS_BUSY);
    assert_int_equal(db_exec(owner, "CREATE TABLE row(n INTEGER PRIMARY KEY)", NULL), STATUS_OK);
    for (int i = 0; i < 5; i++) {
        if (read_count(&reader, &count, &error) != STATUS_OK)
            fail_msg("%s", error.text);
        assert_int_equal(count, i);
        assert_int_equal(db_exec(owner, "INSERT INTO row VALUES(NULL)", NULL), STATUS_OK);
    }
    db_close(owner);
    end_reader(reader);
    finish();
}

/* The wal-index outlives its owner because a reader maps it; and the other way round. */
static void test_sqlite__shared_memory_survives_the_death_of_one(void **state)
{
    struct db *reader = NULL;
    struct error error;
    int64_t count = -1;

    (void)state;
    begin_two();
    struct db *owner = open_owner(&error);
    assert_int_equal(db_exec(owner, "CREATE TABLE row(n INTEGER PRIMARY KEY)", NULL), STATUS_OK);
    for (uint64_t at = 1; at < 60; at++) {
        assert_int_equal(read_count(&reader, &count, &error), STATUS_OK);
        int64_t before = count;
        disk_die_at(process, at % 20, DISK_DEATH_KILL);
        bool done = db_exec(owner, "INSERT INTO row VALUES(NULL)", &error) == STATUS_OK;
        disk_kill(process);
        db_close(owner);
        disk_process_end(process);
        start_process();
        if (read_count(&reader, &count, &error) != STATUS_OK)
            fail_msg("%s", error.text);
        assert_true(count == before || count == before + 1);
        assert_true(count == before + 1 || !done);
        owner = open_owner(&error);
        assert_non_null(owner);
        assert_int_equal(ask(owner, "SELECT count(*) FROM row"), count);
    }
    db_close(owner);
    end_reader(reader);
    finish();
}

/* A byte of the wal-index that SQLite never uses (walformat.html, 2.1: "unused"). */
static volatile char *spare_byte(struct db *db)
{
    sqlite3_file *file = NULL;
    void volatile *memory = NULL;

    assert_int_equal(sqlite3_file_control(db_handle(db), "main", SQLITE_FCNTL_FILE_POINTER, &file),
                     SQLITE_OK);
    assert_int_equal(file->pMethods->xShmMap(file, 0, 32768, 0, &memory) & 0xFF & ~SQLITE_READONLY,
                     SQLITE_OK);
    return (volatile char *)memory + 132;
}

static void test_sqlite__what_the_dead_write_to_shared_memory_is_not_seen(void **state)
{
    struct db *reader = NULL;
    struct error error;
    int64_t count;

    (void)state;
    begin_two();
    struct db *owner = open_owner(&error);
    assert_int_equal(db_exec(owner, "CREATE TABLE row(n INTEGER PRIMARY KEY)", NULL), STATUS_OK);
    assert_int_equal(read_count(&reader, &count, &error), STATUS_OK);
    volatile char *byte = spare_byte(owner);
    *byte = 'a';
    assert_int_equal(*spare_byte(reader), 'a');
    disk_kill(process);
    *byte = 'b';
    db_close(owner);
    disk_process_end(process);
    start_process();
    assert_int_equal(*spare_byte(reader), 'a');
    disk_power_cut(disk);
    end_reader(reader);
    disk_process_end(process);
    start_process();
    owner = open_owner(&error);
    assert_int_equal(*spare_byte(owner), 0);
    db_close(owner);
    finish();
}

/* After a power cut the reader's program may be up long before the owner's: it reads what is there
 * or waits, again and again, and then beside the owner. */
static void test_sqlite__a_reader_that_comes_first_after_a_power_cut_reads(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct db *reader = NULL, *twin = NULL, *owner = NULL;
        struct error error;
        int64_t count = -1;
        begin(seed);
        second = disk_process_start(disk, "agent");
        struct chance chance = chance_start(seed, 3);
        assert_int_equal(db_open(PATH, DB_OWNER_NORMAL, &owner, &error), STATUS_OK);
        assert_int_equal(db_exec(owner, "CREATE TABLE row(n INTEGER PRIMARY KEY)", NULL),
                         STATUS_OK);
        assert_int_equal(ask(owner, "PRAGMA wal_checkpoint"), 0);
        assert_int_equal(db_exec(owner, "PRAGMA wal_autocheckpoint=7", NULL), STATUS_OK);
        for (uint64_t i = chance_below(&chance, 60); i > 0; i--)
            assert_int_equal(db_exec(owner, "INSERT INTO row VALUES(NULL)", NULL), STATUS_OK);
        disk_power_cut(disk);
        db_close(owner);
        disk_process_end(process);
        (void)disk_enter(second);
        disk_process_end(second);
        start_process();
        second = disk_process_start(disk, "agent");
        for (int i = 0; i < 6; i++) {
            int64_t before = count;
            if (i == 3)
                assert_int_equal(db_open(PATH, DB_OWNER_NORMAL, &owner, &error), STATUS_OK);
            if (i > 3)
                assert_int_equal(db_exec(owner, "INSERT INTO row VALUES(NULL)", NULL), STATUS_OK);
            enum status status = read_count(&reader, &count, &error);
            if (status != STATUS_OK && (status != STATUS_BUSY || i >= 3))
                fail_msg("seed %d, look %d: %s", (int)seed, i, error.text);
            assert_true(count >= before);
            int64_t other = count;
            if (read_count(&twin, &other, &error) == STATUS_OK)
                assert_int_equal(other, count);
            else
                assert_true(i < 3);
        }
        (void)disk_enter(process);
        assert_int_equal(ask(owner, "SELECT count(*) FROM row"), count);
        db_close(owner);
        (void)disk_enter(second);
        db_close(twin);
        end_reader(reader);
        finish();
    }
}

static void test_sqlite__a_dead_readers_locks_are_gone(void **state)
{
    struct db *reader = NULL;
    struct error error;
    int64_t count;

    (void)state;
    begin_two();
    struct db *owner = open_owner(&error);
    assert_int_equal(db_exec(owner, "CREATE TABLE row(n INTEGER PRIMARY KEY)", NULL), STATUS_OK);
    assert_int_equal(read_count(&reader, &count, &error), STATUS_OK);
    (void)disk_enter(second);
    assert_int_equal(db_begin_read(reader, &error), STATUS_OK);
    assert_int_equal(ask(reader, "SELECT count(*) FROM row"), 0);
    (void)disk_enter(process);
    assert_int_equal(db_exec(owner, "INSERT INTO row VALUES(NULL)", NULL), STATUS_OK);
    assert_int_equal(ask(owner, "PRAGMA wal_checkpoint(TRUNCATE)"), 1);
    (void)disk_enter(second);
    disk_kill(second);
    end_reader(reader);
    assert_int_equal(ask(owner, "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
    assert_int_equal(disk_file_size(disk, PATH "-wal"), 0);
    db_close(owner);
    finish();
}

/* ---- a program that is stopped in the middle ----------------------------------------------------
 */

static struct db *paused_reader, *paused_owner;
static int64_t seen_while_paused;

static void read_while_owner_stands(void *context, struct disk_process *stopped)
{
    enum status *status = context;
    struct error error;

    assert_ptr_equal(stopped, process);
    *status = read_count(&paused_reader, &seen_while_paused, &error);
}

static void write_while_reader_stands(void *context, struct disk_process *stopped)
{
    enum status *status = context;

    assert_ptr_equal(stopped, second);
    (void)disk_enter(process);
    *status = db_exec(paused_owner, "INSERT INTO row VALUES(NULL)", NULL);
    (void)disk_enter(second);
}

static void begin_paused(uint64_t seed, void (*pause)(void *, struct disk_process *),
                         enum status *status)
{
    struct disk_host host = {.pause = pause, .context = status};

    disk_begin(seed, &host);
    disk = disk_create("m1", NULL);
    start_process();
    second = disk_process_start(disk, "agent");
    paused_reader = NULL;
    *status = STATUS_OK;
}

/* Stopped at each operation of a restart with recovery, commits and a checkpoint: the reader is
 * never hindered for long, and never sees a half. */
static void test_sqlite__an_owner_that_stands_anywhere_hinders_no_reader(void **state)
{
    enum status status;
    struct error error;
    int64_t count;
    bool paused = true;

    (void)state;
    for (uint64_t at = 1; paused; at++) {
        begin_paused(at, read_while_owner_stands, &status);
        struct db *owner = open_owner(&error);
        assert_int_equal(db_exec(owner, "CREATE TABLE row(n INTEGER PRIMARY KEY)", NULL),
                         STATUS_OK);
        assert_int_equal(db_exec(owner, "INSERT INTO row VALUES(NULL)", NULL), STATUS_OK);
        if (at % 2 == 0)
            assert_int_equal(read_count(&paused_reader, &count, &error), STATUS_OK);
        disk_kill(process);
        db_close(owner);
        disk_process_end(process);
        start_process();
        disk_pause_at(process, (at + 1) / 2);
        uint64_t before = disk_operations(process);
        owner = open_owner(&error);
        assert_non_null(owner);
        for (int64_t i = 1; i < 4; i++)
            assert_int_equal(db_exec(owner, "INSERT INTO row VALUES(NULL)", NULL), STATUS_OK);
        assert_int_equal(ask(owner, "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
        paused = disk_operations(process) - before >= (at + 1) / 2;
        if (status != STATUS_OK)
            fail_msg("operation %d: %s", (int)(at + 1) / 2, status_name(status));
        assert_true(!paused || (seen_while_paused >= 1 && seen_while_paused <= 4));
        db_close(owner);
        end_reader(paused_reader);
        finish();
    }
}

static void test_sqlite__a_reader_that_stands_anywhere_hinders_no_owner(void **state)
{
    enum status status;
    struct error error;
    int64_t count;
    bool paused = true;

    (void)state;
    for (uint64_t at = 1; paused; at++) {
        begin_paused(at, write_while_reader_stands, &status);
        paused_owner = open_owner(&error);
        assert_int_equal(db_exec(paused_owner, "CREATE TABLE row(n INTEGER PRIMARY KEY)", NULL),
                         STATUS_OK);
        disk_pause_at(second, at);
        assert_int_equal(read_count(&paused_reader, &count, &error), STATUS_OK);
        paused = disk_operations(second) >= at;
        disk_pause_at(second, 0);
        assert_int_equal(status, STATUS_OK);
        assert_int_equal(ask(paused_owner, "SELECT count(*) FROM row"), paused);
        assert_int_equal(read_count(&paused_reader, &count, &error), STATUS_OK);
        assert_int_equal(count, paused);
        db_close(paused_owner);
        end_reader(paused_reader);
        finish();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sqlite__survives_power_cuts_with_every_committed_row),
        cmocka_unit_test(test_sqlite__survives_kills_with_every_committed_row),
        cmocka_unit_test(test_sqlite__loses_rows_when_syncs_lie),
        cmocka_unit_test(test_sqlite__faults_are_told_and_break_nothing),
        cmocka_unit_test(test_sqlite__a_reader_sees_each_commit_of_the_owner),
        cmocka_unit_test(test_sqlite__shared_memory_survives_the_death_of_one),
        cmocka_unit_test(test_sqlite__what_the_dead_write_to_shared_memory_is_not_seen),
        cmocka_unit_test(test_sqlite__a_reader_that_comes_first_after_a_power_cut_reads),
        cmocka_unit_test(test_sqlite__a_dead_readers_locks_are_gone),
        cmocka_unit_test(test_sqlite__an_owner_that_stands_anywhere_hinders_no_reader),
        cmocka_unit_test(test_sqlite__a_reader_that_stands_anywhere_hinders_no_owner),
    };
    disk_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
