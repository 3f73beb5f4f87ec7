/* The real till on the virtual disk: killed and without power at every single file operation of a
 * few sales, with faults at every call, on a disk that fills up. What a person was told is there
 * afterwards, and the journal verifies.
 */
#include "tests/sim/chance.h"
#include "tests/sim/disk.h"
#include "tests/unit/support/desk.h"

#include "terminal/base/file.h"
#include "terminal/base/log.h"

#define FOLDER    "/data"
#define MAX_SALES 64

/* A machine with the fixture's shop: the till, and in a process of its own what the agent keeps
 * open. */
static struct {
    struct disk_image *image; /* the shift is open, nothing sold */
    struct store made;
    struct disk *disk;
    struct disk_process *till_process, *agent_process;
    struct db *replica;
    struct desk desk;
    struct chance chance;
    char told[MAX_SALES][TILL_RECEIPT_SIZE];
    int told_count;
    int doubtful; /* sales that were given up: perhaps nobody knew */
} shop;

static void agent_start(void)
{
    struct error error;

    shop.agent_process = disk_process_start(shop.disk, "agent");
    (void)disk_enter(shop.agent_process);
    if (db_open(FOLDER "/replica-1.db", DB_OWNER_NORMAL, &shop.replica, &error) != STATUS_OK)
        fail_msg("the replica: %s", error.text);
}

static void agent_end(void)
{
    (void)disk_enter(shop.agent_process);
    db_close(shop.replica);
    disk_process_end(shop.agent_process);
}

static enum status till_start(void)
{
    struct till_options options = {.folder = FOLDER,
                                   .program = "test",
                                   .mode = TILL_WRITER,
                                   .clock = store_clock(&shop.desk.store),
                                   .entropy = store_entropy(&shop.desk.seed)};

    shop.till_process = disk_process_start(shop.disk, "till");
    (void)disk_enter(shop.till_process);
    return till_open(&options, &shop.desk.till, &shop.desk.error);
}

static void till_end(void)
{
    (void)disk_enter(shop.till_process);
    till_close(shop.desk.till);
    shop.desk.till = NULL;
    disk_process_end(shop.till_process);
}

/* After a death of either kind, and before the next start. */
static void bury(void)
{
    bool agent_dead = disk_dead(shop.agent_process);

    till_end();
    if (agent_dead) {
        agent_end();
        agent_start();
    }
}

static void make_image(void)
{
    struct error error;

    disk_begin(0, NULL);
    shop.disk = disk_create("shop", NULL);
    shop.agent_process = disk_process_start(shop.disk, "agent");
    (void)disk_enter(shop.agent_process);
    assert_int_equal(file_make_folder(FOLDER, 0700, &error), STATUS_OK);
    store_make_in(&shop.made, FOLDER);
    shop.replica = shop.made.replica;
    shop.desk.store = shop.made;
    shop.desk.seed = 42;
    desk_ok(&shop.desk, till_start());
    desk_sign_in(&shop.desk, "M1", "2222");
    desk_ok(&shop.desk, till_shift_open(shop.desk.till, (struct money){10000}, &shop.desk.error));
    till_end();
    agent_end();
    shop.image = disk_freeze(shop.disk);
    disk_destroy(shop.disk);
}

static void begin(uint64_t seed)
{
    disk_begin(seed, NULL);
    shop.disk = disk_create("shop", shop.image);
    shop.desk = (struct desk){.store = shop.made, .seed = seed};
    shop.chance = chance_start(seed, 5);
    shop.told_count = 0;
    shop.doubtful = 0;
    agent_start();
    desk_ok(&shop.desk, till_start());
    desk_sign_in(&shop.desk, "M1", "2222");
}

static void finish(void)
{
    till_end();
    agent_end();
    disk_destroy(shop.disk);
}

/* The cart filled and tendered; gives up at the first refusal. */
static enum status ring_up(void)
{
    static const char *const codes[] = {"5018374350015", "CANDLE", "TEA"};
    struct till *till = shop.desk.till;
    struct error *error = &shop.desk.error;
    struct scan_result scan;
    enum status status = STATUS_OK;

    for (int i = till_cart(till)->count; i < 3 && status == STATUS_OK; i++)
        status = till_scan(till, codes[i], SYMBOLOGY_UNKNOWN, &scan, error);
    if (status == STATUS_OK && !till_cart(till)->covered)
        status = till_tender_cash(till, (struct money){20000}, error);
    return status;
}

/* One sale as a person makes it. */
static enum status sell(void)
{
    struct sale_result sale;
    enum status status = ring_up();

    if (status == STATUS_OK)
        status = till_sale_commit(shop.desk.till, &sale, &shop.desk.error);
    shop.doubtful += status != STATUS_OK;
    if (status == STATUS_OK && shop.told_count < MAX_SALES)
        (void)snprintf(shop.told[shop.told_count++], TILL_RECEIPT_SIZE, "%s", sale.receipt);
    return status;
}

static int64_t sales(void)
{
    struct till_figures figures;

    desk_ok(&shop.desk, till_figures(shop.desk.till, &figures, &shop.desk.error));
    return figures.sales;
}

/* Everything told is there, no more than was doubtful beside it, and the whole journal is sound. */
static void assert_all_there(const char *when, uint64_t at)
{
    int64_t there;

    desk_verify(&shop.desk);
    there = sales();
    if (there < shop.told_count || there > shop.told_count + shop.doubtful)
        fail_msg("%s %d: %d sales told, %d there", when, (int)at, shop.told_count, (int)there);
    for (int i = 0; i < shop.told_count; i++) {
        struct document *document;
        desk_ok(&shop.desk,
                till_receipt(shop.desk.till, shop.told[i], &document, &shop.desk.error));
        document_destroy(document);
    }
}

static void restart_and_look(const char *when, uint64_t at)
{
    bury();
    if (till_start() != STATUS_OK)
        fail_msg("%s %d: does not open: %s", when, (int)at, shop.desk.error.text);
    assert_all_there(when, at);
}

/* Dies at each operation of two sales and of the pause after them. */
static void die_everywhere(enum disk_death how, int seeds)
{
    bool died = true;

    for (uint64_t at = 1; died; at++) {
        for (int i = 0; i < seeds; i++) {
            begin(at * 100 + (uint64_t)i);
            disk_die_at(shop.till_process, at, how);
            for (int j = 0; j < 2 && !disk_dead(shop.till_process); j++)
                (void)sell();
            till_idle(shop.desk.till);
            died = disk_dead(shop.till_process);
            if (!died)
                disk_kill(shop.till_process);
            restart_and_look(how == DISK_DEATH_KILL ? "killed at" : "no power at", at);
            desk_sign_in(&shop.desk, "M1", "2222");
            desk_ok(&shop.desk, sell());
            assert_all_there("after", at);
            finish();
        }
    }
}

static void test_till__killed_at_every_file_operation(void **state)
{
    (void)state;
    die_everywhere(DISK_DEATH_KILL, 1);
}

static void test_till__without_power_at_every_file_operation(void **state)
{
    (void)state;
    die_everywhere(DISK_DEATH_POWER, 3);
}

/* Starting up dies at every operation, too. */
static void test_till__dies_at_every_operation_of_a_start(void **state)
{
    bool died = true;

    (void)state;
    for (uint64_t at = 1; died; at++) {
        begin(at);
        desk_ok(&shop.desk, sell());
        disk_power_cut(shop.disk);
        bury();
        struct disk_process *process = disk_process_start(shop.disk, "till");
        struct till_options options = {.folder = FOLDER,
                                       .program = "test",
                                       .mode = TILL_WRITER,
                                       .clock = store_clock(&shop.desk.store),
                                       .entropy = store_entropy(&shop.desk.seed)};
        (void)disk_enter(process);
        disk_die_at(process, at, at % 2 == 0 ? DISK_DEATH_KILL : DISK_DEATH_POWER);
        enum status status = till_open(&options, &shop.desk.till, &shop.desk.error);
        died = disk_dead(process);
        assert_true(died || status == STATUS_OK);
        if (!died)
            disk_kill(process);
        shop.till_process = process;
        if (status != STATUS_OK)
            shop.desk.till = NULL;
        restart_and_look("start at", at);
        finish();
    }
}

/* Faults of every kind while it sells; then a power cut: nothing that was told is missing. */
static void sell_with_faults(const struct disk_faults *faults, uint64_t seeds, int *refused)
{
    static const struct disk_faults none;

    for (uint64_t seed = 1; seed <= seeds; seed++) {
        begin(seed);
        disk_set_faults(shop.disk, faults);
        for (int i = 0; i < 12; i++) {
            *refused += sell() != STATUS_OK;
            if (chance_below(&shop.chance, 3) == 0)
                till_idle(shop.desk.till);
        }
        disk_set_faults(shop.disk, &none);
        disk_power_cut(shop.disk);
        restart_and_look("faults of seed", seed);
        desk_sign_in(&shop.desk, "M1", "2222");
        desk_ok(&shop.desk, sell());
        finish();
    }
}

static void test_till__failing_reads_and_writes_lose_nothing_told(void **state)
{
    const struct disk_faults faults = {
        .read_error = 5000, .write_error = 5000, .full = 5000, .open_error = 5000};
    int refused = 0;

    (void)state;
    sell_with_faults(&faults, 150, &refused);
    assert_true(refused > 100);
}

static void test_till__failing_syncs_lose_nothing_told(void **state)
{
    const struct disk_faults faults = {.sync_error = 150000};
    int refused = 0;

    (void)state;
    sell_with_faults(&faults, 150, &refused);
    assert_true(refused > 30);
}

/* The agent reads till.db, so that nobody recovers its log after the failed sync: what the till
 * shows then is what there is, after the next death of both, too. */
static void test_till__what_was_told_as_failed_does_not_come_back(void **state)
{
    int refused = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct db *reader;
        struct error error;
        struct sale_result sale;
        begin(seed);
        (void)disk_enter(shop.agent_process);
        assert_int_equal(db_open(FOLDER "/till.db", DB_READER, &reader, &error), STATUS_OK);
        (void)disk_enter(shop.till_process);
        for (uint64_t i = chance_below(&shop.chance, 3); i > 0; i--)
            desk_ok(&shop.desk, sell());
        desk_ok(&shop.desk, ring_up());
        disk_fail_next(shop.disk, DISK_SYNC, "till.db-wal", 1);
        refused += till_sale_commit(shop.desk.till, &sale, &error) != STATUS_OK;
        int64_t shown = sales();
        if (seed % 2 == 0)
            disk_power_cut(shop.disk);
        else
            disk_kill(shop.agent_process);
        disk_kill(shop.till_process);
        (void)disk_enter(shop.agent_process);
        db_close(reader);
        shop.doubtful++;
        restart_and_look("told as failed, seed", seed);
        assert_int_equal(sales(), shown);
        finish();
    }
    assert_true(refused > 0);
}

/* The disk grows page by page from nothing left: each sale is refused, or there. */
static void test_till__a_full_disk_refuses_or_records_whole(void **state)
{
    int refused = 0, recorded = 0;

    (void)state;
    for (int left = 0; left < 40; left++) {
        begin((uint64_t)left + 1);
        disk_set_size(shop.disk, disk_used(shop.disk) + (int64_t)left * 4096);
        for (int i = 0; i < 30; i++) {
            bool told = sell() == STATUS_OK;
            refused += !told;
            recorded += told;
        }
        disk_power_cut(shop.disk);
        restart_and_look("with pages left", (uint64_t)left);
        disk_set_size(shop.disk, 0);
        till_idle(shop.desk.till);
        desk_sign_in(&shop.desk, "M1", "2222");
        desk_ok(&shop.desk, sell());
        finish();
    }
    assert_true(recorded > 100);
    (void)refused;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_till__killed_at_every_file_operation),
        cmocka_unit_test(test_till__without_power_at_every_file_operation),
        cmocka_unit_test(test_till__dies_at_every_operation_of_a_start),
        cmocka_unit_test(test_till__failing_reads_and_writes_lose_nothing_told),
        cmocka_unit_test(test_till__failing_syncs_lose_nothing_told),
        cmocka_unit_test(test_till__what_was_told_as_failed_does_not_come_back),
        cmocka_unit_test(test_till__a_full_disk_refuses_or_records_whole),
    };
    disk_install();
    log_set_level(LOG_LEVEL_ERROR);
    make_image();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
