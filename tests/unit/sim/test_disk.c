/* The promises of the virtual disk, one by one.
 */
#include "tests/sim/disk.h"

#include "terminal/base/db.h"
#include "terminal/base/file.h"
#include "terminal/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct disk *disk;
static struct disk_process *process;

static void start_process(void)
{
    process = disk_process_start(disk, "till");
    (void)disk_enter(process);
}

static int set_up(void **state)
{
    (void)state;
    disk_begin(1, NULL);
    disk = disk_create("m1", NULL);
    start_process();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (process != NULL)
        disk_process_end(process);
    process = NULL;
    disk_destroy(disk);
    return 0;
}

static void begin_again(uint64_t seed)
{
    (void)tear_down(NULL);
    disk_begin(seed, NULL);
    disk = disk_create("m1", NULL);
    start_process();
}

static void reboot(void)
{
    disk_power_cut(disk);
    disk_process_end(process);
    start_process();
}

static int write_file(const char *path, const char *text, bool sync)
{
    int file = fs_open(path, O_RDWR | O_CREAT, 0600);
    assert_true(file >= 0);
    assert_true(fs_write_all(file, text, strlen(text), 0));
    if (sync)
        assert_int_equal(fs_sync(file), 0);
    return file;
}

static void assert_content(const char *path, const char *text)
{
    struct buf content;
    buf_init(&content, 1 << 20);
    assert_int_equal(file_read(path, &content, NULL), STATUS_OK);
    assert_string_equal(buf_text(&content), text);
    buf_finish(&content);
}

static void sync_root(void)
{
    assert_int_equal(file_sync("/", NULL), STATUS_OK);
}

static void test_disk__a_synced_file_in_a_synced_folder_survives(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        begin_again(seed);
        int file = write_file("/a", "kept for ever", true);
        sync_root();
        assert_true(fs_write_all(file, "LOST", 4, 0));
        assert_int_equal(fs_close(file), 0);
        reboot();
        struct buf content;
        buf_init(&content, 64);
        assert_int_equal(file_read("/a", &content, NULL), STATUS_OK);
        assert_int_equal(content.used, 13);
        assert_memory_equal(content.data + 4, " for ever", 9);
        buf_finish(&content);
    }
}

/* Over many seeds: the write is lost, kept, and torn; the name is lost and kept. */
static void test_disk__what_is_not_synced_may_be_lost_kept_or_torn(void **state)
{
    int lost = 0, kept = 0, torn = 0, gone = 0, zeros = 0;
    char *before = malloc(16384), *now = malloc(16384);

    (void)state;
    memset(now, 'n', 16384);
    for (uint64_t seed = 1; seed <= 300; seed++) {
        begin_again(seed);
        memset(before, 'b', 16384);
        int file = fs_open("/a", O_RDWR | O_CREAT, 0600);
        assert_true(fs_write_all(file, before, 8192, 0));
        assert_int_equal(fs_sync(file), 0);
        if (seed % 2 == 0)
            sync_root();
        assert_true(fs_write_all(file, now, 16384, 0));
        assert_int_equal(fs_close(file), 0);
        reboot();
        file = fs_open("/a", O_RDONLY, 0);
        if (file < 0) {
            assert_int_equal(seed % 2, 1);
            gone++;
            continue;
        }
        ssize_t size = fs_pread(file, before, 16384, 0);
        assert_true(size >= 8192);
        int new_sectors = 0, sectors = (int)(size / 512);
        for (int i = 0; i < sectors; i++) {
            char first = before[(ptrdiff_t)i * 512];
            assert_true(first == 'n' || (first == 'b' && i < 16) || (first == 0 && i >= 16));
            zeros += first == 0;
            new_sectors += first == 'n';
            for (int j = 1; j < 512; j++)
                assert_int_equal(before[i * 512 + j], first);
        }
        lost += new_sectors == 0;
        kept += new_sectors == 32;
        torn += new_sectors > 0 && new_sectors < 32;
        assert_int_equal(fs_close(file), 0);
    }
    assert_true(lost > 30 && kept > 30 && torn > 30 && gone > 30 && zeros > 30);
    free(before);
    free(now);
}

/* A power cut in the middle of writing "1", "2" ... in order: what is left of two files. */
static void test_disk__writes_are_kept_out_of_order(void **state)
{
    int reordered = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        begin_again(seed);
        int first = write_file("/first", "0", true), second = write_file("/second", "0", true);
        sync_root();
        assert_true(fs_write_all(first, "1", 1, 0));
        assert_true(fs_write_all(second, "1", 1, 0));
        char a = 0, b = 0;
        assert_int_equal(fs_close(first) | fs_close(second), 0);
        reboot();
        first = fs_open("/first", O_RDONLY, 0);
        second = fs_open("/second", O_RDONLY, 0);
        assert_int_equal(fs_pread(first, &a, 1, 0), 1);
        assert_int_equal(fs_pread(second, &b, 1, 0), 1);
        reordered += a == '0' && b == '1';
        assert_int_equal(fs_close(first) | fs_close(second), 0);
    }
    assert_true(reordered > 10);
}

static void test_disk__write_durable_is_old_or_new_at_every_operation(void **state)
{
    bool old_seen = false, new_seen = false, finished = false;

    (void)state;
    for (uint64_t at = 1; !finished; at++) {
        for (uint64_t seed = 1; seed <= 20; seed++) {
            begin_again(seed * 1000 + at);
            assert_int_equal(file_write_durable("/pointer", "old", 3, 0600, NULL), STATUS_OK);
            disk_die_at(process, at, DISK_DEATH_POWER);
            enum status status = file_write_durable("/pointer", "new", 3, 0600, NULL);
            finished = !disk_dead(process);
            assert_true(finished == (status == STATUS_OK));
            reboot();
            struct buf content;
            buf_init(&content, 64);
            assert_int_equal(file_read("/pointer", &content, NULL), STATUS_OK);
            bool is_new = strcmp(buf_text(&content), "new") == 0;
            assert_true(is_new || strcmp(buf_text(&content), "old") == 0);
            assert_true(is_new || !finished);
            old_seen |= !is_new;
            new_seen |= is_new && !finished;
            buf_finish(&content);
        }
    }
    assert_true(old_seen && new_seen);
}

static void test_disk__a_killed_process_leaves_its_writes_and_no_lock(void **state)
{
    struct lock *mine = NULL, *other = NULL;
    struct error error;

    (void)state;
    assert_int_equal(lock_take("/", "till.db", "holdfast", &mine, &error), STATUS_OK);
    int file = write_file("/a", "written", false);
    struct disk_process *second = disk_process_start(disk, "agent");
    (void)disk_enter(second);
    assert_int_equal(lock_take("/", "till.db", "holdfast", &other, &error), STATUS_BUSY);
    assert_non_null(strstr(error.text, "in use by holdfast (pid "));
    disk_kill(process);
    (void)disk_enter(process);
    char byte;
    assert_int_equal(fs_pread(file, &byte, 1, 0), -1);
    assert_int_equal(errno, EIO);
    (void)disk_enter(second);
    assert_int_equal(lock_take("/", "till.db", "holdfast", &other, &error), STATUS_OK);
    (void)disk_enter(process);
    (void)fs_close(file);
    lock_release(mine);
    disk_process_end(process);
    process = second;
    (void)disk_enter(process);
    assert_content("/a", "written");
    lock_release(other);
}

static void test_disk__a_full_disk_refuses_growth_only(void **state)
{
    char page[4096];

    (void)state;
    memset(page, 'x', sizeof page);
    int file = write_file("/a", "1", false);
    disk_set_size(disk, 3 * 4096);
    assert_int_equal(disk_used(disk), 4096);
    assert_true(fs_write_all(file, page, sizeof page, 4096));
    assert_int_equal(fs_pwrite(file, page, sizeof page, 3 * 4096), -1);
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(fs_pwrite(file, page, sizeof page, 2 * 4096 + 1), 4095);
    assert_true(fs_write_all(file, page, sizeof page, 0));
    assert_int_equal(fs_allocate(file, 4 * 4096), -1);
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(fs_unlink("/a"), 0);
    assert_int_equal(disk_used(disk), 3 * 4096);
    assert_int_equal(fs_close(file), 0);
    assert_int_equal(disk_used(disk), 0);
}

/* After a failed sync the next one succeeds, and the bytes are lost all the same. */
static void test_disk__a_failed_sync_loses_pages_for_good(void **state)
{
    int gone_when_closed = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        begin_again(seed);
        int file = write_file("/a", "old", true);
        char text[4] = "";
        sync_root();
        assert_true(fs_write_all(file, "new", 3, 0));
        disk_fail_next(disk, DISK_SYNC, "/a", 1);
        assert_int_equal(fs_sync(file), -1);
        assert_int_equal(fs_sync(file), 0);
        assert_int_equal(fs_pread(file, text, 3, 0), 3);
        assert_string_equal(text, "new");
        assert_int_equal(fs_close(file), 0);
        file = fs_open("/a", O_RDONLY, 0);
        assert_int_equal(fs_pread(file, text, 3, 0), 3);
        gone_when_closed += strcmp(text, "old") == 0;
        assert_int_equal(disk_took_back(disk), strcmp(text, "old") == 0);
        assert_int_equal(fs_close(file), 0);
        reboot();
        assert_content("/a", "old");
    }
    assert_true(gone_when_closed > 5 && gone_when_closed < 35);
}

static void test_disk__a_lying_sync_loses(void **state)
{
    int lost = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        begin_again(seed);
        int file = write_file("/a", "old", true);
        sync_root();
        disk_set_lying(disk, true);
        assert_true(fs_write_all(file, "new", 3, 0));
        assert_int_equal(fs_sync(file), 0);
        assert_int_equal(fs_close(file), 0);
        reboot();
        char text[4] = "";
        file = fs_open("/a", O_RDONLY, 0);
        assert_int_equal(fs_pread(file, text, 3, 0), 3);
        lost += strcmp(text, "old") == 0;
        assert_int_equal(fs_close(file), 0);
    }
    assert_true(lost > 10);
}

static void test_disk__faults_come_as_often_as_asked(void **state)
{
    struct disk_faults faults = {.read_error = 250000, .only = ".db"};
    int errors = 0, others = 0;
    char byte;

    (void)state;
    int hit = write_file("/a.db", "x", false), spared = write_file("/b", "x", false);
    disk_set_faults(disk, &faults);
    for (int i = 0; i < 1000; i++) {
        errors += fs_pread(hit, &byte, 1, 0) < 0;
        others += fs_pread(spared, &byte, 1, 0) < 0;
    }
    assert_true(errors > 180 && errors < 320);
    assert_int_equal(others, 0);
    assert_int_equal(disk_tally()->read_errors, errors);
    assert_int_equal(fs_close(hit) | fs_close(spared), 0);
}

static void test_disk__an_image_is_shared_and_stays(void **state)
{
    (void)state;
    assert_int_equal(file_make_folder("/data/x", 0700, NULL), STATUS_OK);
    assert_int_equal(file_write_durable("/data/x/a", "first", 5, 0600, NULL), STATUS_OK);
    struct disk_image *image = disk_freeze(disk);
    uint64_t digest = disk_digest(disk);
    assert_int_equal(file_write_durable("/data/x/a", "second", 6, 0600, NULL), STATUS_OK);
    assert_int_not_equal(disk_digest(disk), digest);
    struct disk *twin = disk_create("m2", image);
    assert_int_equal(disk_digest(twin), digest);
    disk_process_end(process);
    disk_restore(disk, image);
    assert_int_equal(disk_digest(disk), digest);
    start_process();
    assert_content("/data/x/a", "first");
    assert_int_equal(file_write_durable("/data/x/a", "third", 5, 0600, NULL), STATUS_OK);
    reboot();
    assert_content("/data/x/a", "third");
    disk_process_end(process);
    disk_restore_file(disk, image, "/data/x/a");
    start_process();
    assert_content("/data/x/a", "first");
    disk_destroy(twin);
    disk_image_release(image);
}

static void test_disk__a_flipped_bit_is_read(void **state)
{
    (void)state;
    assert_int_equal(file_write_durable("/a", "needle", 6, 0600, NULL), STATUS_OK);
    assert_true(disk_flip(disk, "/a", 1, 'e' ^ 'o'));
    assert_content("/a", "noedle");
    assert_false(disk_flip(disk, "/a", 6, 1));
    assert_true(disk_flip_in(disk, "/a", "dle", 3, 0));
    assert_false(disk_flip_in(disk, "/a", "dle", 3, 0));
    reboot();
    assert_int_equal(disk_file_size(disk, "/a"), 6);
}

static void test_disk__the_same_seed_gives_the_same_disk(void **state)
{
    uint64_t digests[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        begin_again(77);
        for (int j = 0; j < 20; j++) {
            struct db *db = NULL;
            struct error error;
            disk_die_at(process, 100, DISK_DEATH_POWER);
            if (db_open("/a.db", DB_OWNER_FULL, &db, &error) == STATUS_OK) {
                enum status status = db_exec(db, "CREATE TABLE IF NOT EXISTS t(a BLOB)", &error);
                while (!disk_dead(process))
                    status = db_exec(db, "INSERT INTO t VALUES(randomblob(900))", &error);
                assert_int_not_equal(status, STATUS_OK);
            }
            db_close(db);
            disk_process_end(process);
            start_process();
        }
        digests[i] = disk_digest(disk);
    }
    assert_int_equal(digests[0], digests[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_disk__a_synced_file_in_a_synced_folder_survives,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_disk__what_is_not_synced_may_be_lost_kept_or_torn,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_disk__writes_are_kept_out_of_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_disk__write_durable_is_old_or_new_at_every_operation,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_disk__a_killed_process_leaves_its_writes_and_no_lock,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_disk__a_full_disk_refuses_growth_only, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_disk__a_failed_sync_loses_pages_for_good, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_disk__a_lying_sync_loses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_disk__faults_come_as_often_as_asked, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_disk__an_image_is_shared_and_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_disk__a_flipped_bit_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_disk__the_same_seed_gives_the_same_disk, set_up,
                                        tear_down),
    };
    disk_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
