/* A disk that fills up, and one that fails: the sale is refused before tender, or recorded whole.
 */
#include "tests/unit/support/desk.h"

#include "terminal/base/db.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct small {
    struct desk desk;
    char mount[64];
    char filler[96];
    bool mounted;
};

static int make_small(void **state)
{
    struct small *small = calloc(1, sizeof *small);

    snprintf(small->mount, sizeof small->mount, "/tmp/holdfast-small-XXXXXX");
    assert_non_null(mkdtemp(small->mount));
    snprintf(small->filler, sizeof small->filler, "%s/filler", small->mount);
    small->mounted = mount("tmpfs", small->mount, "tmpfs", 0, "size=24m") == 0;
    small->desk.seed = 9;
    if (small->mounted) {
        store_make(&small->desk.store, small->mount);
        desk_open(&small->desk);
        desk_sign_in(&small->desk, "M1", "2222");
        desk_ok(&small->desk,
                till_shift_open(small->desk.till, (struct money){0}, &small->desk.error));
    }
    *state = small;
    return 0;
}

static int remove_small(void **state)
{
    struct small *small = *state;

    if (small->mounted) {
        till_close(small->desk.till);
        store_remove(&small->desk.store);
        (void)umount2(small->mount, MNT_DETACH);
    }
    (void)rmdir(small->mount);
    free(small);
    return 0;
}

static void fill_until(const struct small *small, long long left)
{
    struct statvfs about;
    long long take;
    int file = open(small->filler, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(file >= 0);
    assert_int_equal(statvfs(small->mount, &about), 0);
    take = (long long)about.f_bavail * (long long)about.f_bsize - left;
    if (take > 0)
        assert_int_equal(posix_fallocate(file, 0, (off_t)take), 0);
    close(file);
}

static int64_t entries(struct desk *desk)
{
    struct till_status status;

    till_status(desk->till, &status);
    return status.entries;
}

/* A reader that does not end keeps the write-ahead log from being written over; changes until all
 * of what lies ready is used, so that the next commit needs new blocks. */
static struct db *use_up_the_log(struct small *small)
{
    struct desk *desk = &small->desk;
    char path[160];
    struct stat about;
    struct db *reader;
    struct db_statement *statement;
    bool row;

    snprintf(path, sizeof path, "%s/till.db", desk->store.folder);
    desk_ok(desk, db_open(path, DB_READER, &reader, &desk->error));
    desk_ok(desk, db_begin_read(reader, &desk->error));
    desk_ok(desk, db_prepare(reader, "SELECT count(*) FROM entry", &statement, &desk->error));
    desk_ok(desk, db_step(statement, &row, &desk->error));
    db_reset(statement);
    snprintf(path, sizeof path, "%s/till.db-wal", desk->store.folder);
    assert_int_equal(stat(path, &about), 0);
    for (off_t ready = about.st_size; about.st_size == ready;) {
        desk_ok(desk, till_cart_note(desk->till, about.st_size % 2 ? "a" : "b", &desk->error));
        desk_ok(desk, till_cart_note(desk->till, "c", &desk->error));
        assert_int_equal(stat(path, &about), 0);
    }
    return reader;
}

static void test_disk__full_after_the_first_tender_is_still_recorded(void **state)
{
    struct small *small = *state;
    struct desk *desk = &small->desk;
    struct sale_result result;
    struct till_status status;
    struct db *reader;
    int64_t before;

    if (!small->mounted)
        skip();
    desk_scan(desk, "CANDLE");
    reader = use_up_the_log(small);
    desk_ok(desk, till_tender_card(desk->till, (struct money){250}, "S1", &desk->error));
    fill_until(small, 0);
    before = entries(desk);
    desk_ok(desk, till_tender_cash(desk->till, (struct money){1000}, &desk->error));
    desk_ok(desk, till_sale_commit(desk->till, &result, &desk->error));
    assert_int_equal(entries(desk), before + 1);
    till_status(desk->till, &status);
    assert_true(status.disk_low);
    db_rollback(reader);
    db_close(reader);
    /* Sooner or later no reserve can be made any more: then the tender is refused. */
    for (int i = 0; i < 100 && !status.disk_low; i++) {
        fill_until(small, 0);
        till_idle(desk->till);
        till_status(desk->till, &status);
    }
    desk_verify(desk);
    assert_int_equal(unlink(small->filler), 0);
    till_idle(desk->till);
    desk_scan(desk, "TEA");
    desk_pay_cash(desk, 395);
    desk_verify(desk);
}

/* One sale on a disk with `left` bytes. Returns whether it was recorded. */
static bool try_sale(struct small *small, long long left, unsigned *chance)
{
    struct desk *desk = &small->desk;
    struct scan_result scan;
    struct sale_result result;
    int64_t before = entries(desk);
    bool early = rand_r(chance) % 2 == 0;
    enum status status;

    if (early)
        fill_until(small, left);
    status = till_scan(desk->till, "CANDLE", SYMBOLOGY_UNKNOWN, &scan, &desk->error);
    assert_true(status == STATUS_OK || status == STATUS_FULL);
    if (!early)
        fill_until(small, left);
    if (till_cart(desk->till)->count == 0)
        return false;
    status = till_tender_check(desk->till, &desk->error);
    if (status != STATUS_OK) {
        assert_int_equal(status, STATUS_FULL);
        assert_int_equal(entries(desk), before);
        return false;
    }
    /* From here on money changes hands: it must be recorded. */
    desk_ok(desk, till_tender_cash(desk->till, till_cart(desk->till)->cash_due, &desk->error));
    desk_ok(desk, till_sale_commit(desk->till, &result, &desk->error));
    assert_int_equal(entries(desk), before + 1);
    return true;
}

static void test_disk__at_any_fill_refused_before_tender_or_recorded_whole(void **state)
{
    struct small *small = *state;
    unsigned chance = 5;
    int recorded = 0, refused = 0;
    char reserve[160];

    if (!small->mounted)
        skip();
    snprintf(reserve, sizeof reserve, "%s/till.reserve", small->desk.store.folder);
    for (int round = 0; round < 200; round++) {
        long long left =
            rand_r(&chance) % 3 == 0 ? rand_r(&chance) % 60000 : rand_r(&chance) % (10 << 20);
        bool done;

        if (rand_r(&chance) % 3 == 0)
            (void)unlink(reserve); /* as when a commit needed it */
        done = try_sale(small, left, &chance);

        recorded += done;
        refused += !done;
        if (rand_r(&chance) % 4 == 0)
            (void)unlink(small->filler);
        if (rand_r(&chance) % 3 == 0)
            till_idle(small->desk.till);
        if (round % 40 == 39) {
            (void)unlink(small->filler);
            desk_verify(&small->desk);
        }
    }
    print_message("%d recorded, %d refused\n", recorded, refused);
    assert_true(recorded > 20);
    assert_true(refused > 5);
    (void)unlink(small->filler);
    desk_restart(&small->desk);
    desk_verify(&small->desk);
}

static void test_disk__that_fails_leaves_the_cart_and_its_tenders(void **state)
{
    struct desk *desk = *state;
    struct rlimit usual, tiny;
    struct sale_result result;
    int64_t before;
    bool changed;
    enum status status;

    desk_scan(desk, "CANDLE");
    desk_ok(desk, till_tender_cash(desk->till, (struct money){2000}, &desk->error));
    before = entries(desk);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &usual), 0);
    tiny = usual;
    tiny.rlim_cur = 100;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tiny), 0);
    status = till_sale_commit(desk->till, &result, &desk->error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &usual), 0);
    assert_true(status == STATUS_IO || status == STATUS_FULL);
    desk_ok(desk, till_refresh(desk->till, &changed, &desk->error));
    assert_int_equal(entries(desk), before);
    assert_int_equal(desk_total(desk), 1250);
    assert_int_equal(till_cart(desk->till)->paid.minor, 2000);
    assert_int_equal(desk_on_hand(desk, "CANDLE"), 100);
    desk_ok(desk, till_sale_commit(desk->till, &result, &desk->error));
    assert_int_equal(result.change.minor, 750);
    assert_int_equal(entries(desk), before + 1);
    assert_int_equal(desk_on_hand(desk, "CANDLE"), 99);
    desk_verify(desk);
}

static void test_disk__that_fails_refuses_the_line(void **state)
{
    struct desk *desk = *state;
    struct rlimit usual, tiny;
    struct scan_result scan;
    enum status status;

    desk_scan(desk, "CANDLE");
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &usual), 0);
    tiny = usual;
    tiny.rlim_cur = 100;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tiny), 0);
    status = till_scan(desk->till, "TEA", SYMBOLOGY_UNKNOWN, &scan, &desk->error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &usual), 0);
    assert_true(status == STATUS_IO || status == STATUS_FULL);
    assert_int_equal(desk_total(desk), 1250);
    desk_scan(desk, "TEA");
    assert_int_equal(desk_total(desk), 1645);
    desk_restart(desk);
    assert_int_equal(desk_total(desk), 1645);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_disk__full_after_the_first_tender_is_still_recorded,
                                        make_small, remove_small),
        cmocka_unit_test_setup_teardown(
            test_disk__at_any_fill_refused_before_tender_or_recorded_whole, make_small,
            remove_small),
        cmocka_unit_test_setup_teardown(test_disk__that_fails_leaves_the_cart_and_its_tenders,
                                        desk_make, desk_remove),
        cmocka_unit_test_setup_teardown(test_disk__that_fails_refuses_the_line, desk_make,
                                        desk_remove),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
