/* A disk that fails at the Nth write, cut, or sync, for every N, and then for good; or only once.
 * Whatever was said to be committed is there afterwards, whatever was not is there whole or not at
 * all, and the chain is sound.
 *
 *   SQLite ─► "failing" VFS ─► the real one        counts calls; from `fail_at` on they fail
 */
#include "terminal/journal/journal.h"

#include "tests/unit/terminal/journal/journal_fixture.h"

struct fault {
    int calls;
    int fail_at; /* 0: never */
    int lasting; /* all later calls fail too */
    int result;
};
static struct fault fault;

struct failing_file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct */
};

static int strike(void)
{
    fault.calls++;
    if (fault.fail_at == 0)
        return SQLITE_OK;
    return fault.calls == fault.fail_at || (fault.lasting && fault.calls > fault.fail_at)
               ? fault.result
               : SQLITE_OK;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct failing_file *)file)->real;
}

static int f_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}
static int f_read(sqlite3_file *file, void *out, int size, sqlite3_int64 at)
{
    return real_of(file)->pMethods->xRead(real_of(file), out, size, at);
}
static int f_write(sqlite3_file *file, const void *in, int size, sqlite3_int64 at)
{
    int result = strike();
    return result ? result : real_of(file)->pMethods->xWrite(real_of(file), in, size, at);
}
static int f_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int result = strike();
    return result ? result : real_of(file)->pMethods->xTruncate(real_of(file), size);
}
static int f_sync(sqlite3_file *file, int flags)
{
    int result = strike();
    if (result == SQLITE_FULL) /* a sync does not fail so */
        result = SQLITE_IOERR_FSYNC;
    return result ? result : real_of(file)->pMethods->xSync(real_of(file), flags);
}
static int f_size(sqlite3_file *file, sqlite3_int64 *out)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), out);
}
static int f_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}
static int f_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}
static int f_check(sqlite3_file *file, int *out)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}
static int f_control(sqlite3_file *file, int op, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), op, argument);
}
static int f_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}
static int f_traits(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}
static int f_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}
static int f_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}
static void f_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}
static int f_shm_unmap(sqlite3_file *file, int erase)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), erase);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = f_close,
    .xRead = f_read,
    .xWrite = f_write,
    .xTruncate = f_truncate,
    .xSync = f_sync,
    .xFileSize = f_size,
    .xLock = f_lock,
    .xUnlock = f_unlock,
    .xCheckReservedLock = f_check,
    .xFileControl = f_control,
    .xSectorSize = f_sector,
    .xDeviceCharacteristics = f_traits,
    .xShmMap = f_shm_map,
    .xShmLock = f_shm_lock,
    .xShmBarrier = f_shm_barrier,
    .xShmUnmap = f_shm_unmap,
};

static int f_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *out)
{
    sqlite3_vfs *real = vfs->pAppData;
    struct failing_file *failing = (struct failing_file *)file;
    int result;
    failing->real = (sqlite3_file *)(void *)(failing + 1);
    result = real->xOpen(real, name, failing->real, flags, out);
    file->pMethods = failing->real->pMethods == NULL ? NULL : &methods;
    return result;
}

static void install(void)
{
    static sqlite3_vfs vfs;
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);
    vfs = *real;
    vfs.zName = "failing";
    vfs.pNext = NULL;
    vfs.pAppData = real;
    vfs.szOsFile = (int)sizeof(struct failing_file) + real->szOsFile;
    vfs.xOpen = f_open;
    assert_int_equal(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
}

/* ---- */

#define ENTRIES 6

static enum status append_one(struct fixture *fixture, int amount)
{
    struct chain_point before = journal_head(fixture->journal);
    json_t *entry;
    enum status status = db_begin(fixture->db, &fixture->error);
    if (status != STATUS_OK)
        return status;
    entry = fixture_start(fixture, "paid_in");
    json_put_int(entry, "amount", amount);
    status = journal_append(fixture->journal, entry, NULL, NULL, &fixture->error);
    json_decref(entry);
    if (status == STATUS_OK)
        status = journal_commit(fixture->journal, &fixture->error);
    else
        journal_rollback(fixture->journal);
    assert_int_equal(journal_head(fixture->journal).seq, before.seq + (status == STATUS_OK));
    assert_false(db_in_transaction(fixture->db));
    return status;
}

/* Appends entries; after one that failed it tries on. Gives the seq last said to be durable. */
static int64_t append_through_failure(struct fixture *fixture, bool checkpoint)
{
    int64_t durable = journal_head(fixture->journal).seq;
    bool distrusts = false;
    for (int i = 0; i < ENTRIES; i++) {
        enum status status = append_one(fixture, i);
        if (status == STATUS_OK) {
            assert_false(distrusts); /* after a failed sync only opening again helps */
            durable++;
        } else if (status == STATUS_IO) {
            distrusts = true;
        }
        if (checkpoint && i == ENTRIES / 2 &&
            db_exec(fixture->db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL) != STATUS_OK)
            continue; /* a later one will do it */
    }
    return durable;
}

/* What is on the disk, by a fresh connection. */
static void check_disk(struct fixture *fixture, int64_t durable)
{
    struct verify_options options = {.device_key = &fixture->identity.device_key};
    struct journal_report report;
    fixture_reopen(fixture, NULL, 0);
    int64_t head = journal_head(fixture->journal).seq;
    assert_true(head == durable || head == durable + 1);
    fixture_ok(fixture, journal_verify(fixture->db, &options, &report, &fixture->error));
    assert_true(report.ok);
    assert_int_equal(report.epochs[0].head.seq, head);
    journal_report_finish(&report);
    fixture_commit_one(fixture, 99);
    assert_int_equal(journal_head(fixture->journal).seq, head + 1);
}

/* Runs with the fault at every place, until a run gets by without meeting it. Gives how many. */
static int fail_everywhere(int result, int lasting, bool checkpoint)
{
    for (int n = 1;; n++) {
        struct fixture *fixture = fixture_make("");
        fixture_sql(fixture, "PRAGMA cache_size=5");
        fault = (struct fault){.fail_at = n, .lasting = lasting, .result = result};
        int64_t durable = append_through_failure(fixture, checkpoint);
        bool met = fault.calls >= n;
        fault = (struct fault){0};
        check_disk(fixture, durable);
        fixture_free(fixture);
        if (!met) {
            assert_int_equal(durable, 1 + ENTRIES);
            return n - 1;
        }
    }
}

static void test_journal__disk_failing_at_the_nth_call_breaks_nothing(void **state)
{
    static const int results[] = {SQLITE_IOERR_WRITE, SQLITE_FULL};
    (void)state;
    for (size_t r = 0; r < sizeof results / sizeof results[0]; r++) {
        for (int lasting = 0; lasting <= 1; lasting++) {
            int plain = fail_everywhere(results[r], lasting, false);
            int folded = fail_everywhere(results[r], lasting, true);
            print_message("%d and %d places\n", plain, folded);
            assert_true(plain > 2 * ENTRIES && folded > plain);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journal__disk_failing_at_the_nth_call_breaks_nothing),
    };
    install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
