/* A till's folder of the first version (tests/golden, written by that version's programs: six
 * sales, of which the ledger has three) opens, verifies and sells with this one's; a later
 * version's files are refused in one line; an upgrade that is cut off anywhere leaves a whole file.
 */
#include "sync/agent/agent.h"
#include "sync/protocol/compress.h"
#include "terminal/base/db.h"
#include "terminal/base/file.h"
#include "terminal/catalogue/replica.h"
#include "terminal/till_lease.h"
#include "tests/unit/support/schema_text.h"
#include "tests/unit/terminal/base/folder.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static struct folder folder;

static void put_file(const char *golden, const char *name, bool packed)
{
    char from[128];
    struct buf bytes, plain;
    struct buf *whole = packed ? &plain : &bytes;
    struct error error;
    char *path = path_join(folder.path, name);

    (void)snprintf(from, sizeof from, "tests/golden/%s", golden);
    buf_init(&bytes, (size_t)1 << 20);
    buf_init(&plain, (size_t)4 << 20);
    assert_int_equal(file_read(from, &bytes, &error), STATUS_OK);
    if (packed)
        assert_int_equal(compress_unpack(buf_text(&bytes), bytes.used, &plain, &error), STATUS_OK);
    assert_int_equal(file_write_durable(path, whole->data, whole->used, 0600, &error), STATUS_OK);
    buf_finish(&bytes);
    buf_finish(&plain);
    free(path);
}

static int make_version(const char *version)
{
    static const char *const files[][2] = {{"till-%s-device.json", "device.json"},
                                           {"till-%s.db.zst", "till.db"},
                                           {"sync-%s.db.zst", "sync.db"},
                                           {"replica-%s.db.zst", "replica-1.db"}};

    crypto_start();
    log_set_level(LOG_LEVEL_ERROR);
    folder = folder_make();
    for (int i = 0; i < 4; i++) {
        char name[64];
        const char *mark = strchr(files[i][0], '%');
        (void)snprintf(name, sizeof name, "%.*s%s%s", (int)(mark - files[i][0]), files[i][0],
                       version, mark + 2);
        put_file(name, files[i][1], i > 0);
    }
    return replica_pointer_write(folder.path, "replica-1.db", NULL) == STATUS_OK ? 0 : -1;
}

static int make(void **state)
{
    (void)state;
    return make_version("v1");
}

static int make_2(void **state)
{
    (void)state;
    return make_version("v2");
}

static int discard(void **state)
{
    (void)state;
    folder_remove(&folder);
    return 0;
}

static struct till *open_till(enum status wanted)
{
    struct till_options options = {.folder = folder.path,
                                   .program = "test",
                                   .mode = TILL_WRITER,
                                   .clock = clock_system(),
                                   .entropy = entropy_system()};
    struct error error = {0};
    struct till *till = NULL;
    enum status status = till_open(&options, &till, &error);

    if (status != wanted)
        fail_msg("%s: %s", status_name(status), error.text);
    assert_null(strchr(error.text, '\n'));
    return till;
}

/* The agent's start brings sync.db and the replica up. */
static struct agent *open_agent(enum status wanted)
{
    struct device_identity identity;
    struct agent_options options = {.folder = folder.path,
                                    .identity = &identity,
                                    .entropy = entropy_system(),
                                    .wait_s = 25,
                                    .batch = FRAME_MAX_ENTRIES};
    struct error error = {0};
    struct agent *agent = NULL;
    enum status status = device_read(folder.path, &identity, &error);

    assert_int_equal(status, STATUS_OK);
    status = agent_create(&options, &agent, &error);
    if (status != wanted)
        fail_msg("%s: %s", status_name(status), error.text);
    assert_null(strchr(error.text, '\n'));
    return agent;
}

static void exec_in(const char *name, const char *sql)
{
    char *path = path_join(folder.path, name);
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    free(path);
}

static void check_till(struct till *till, int entries, int sales, int64_t sales_minor)
{
    struct till_figures figures;
    struct error error = {0};
    int64_t checked = 0;
    enum status status = till_verify(till, &checked, &error);

    if (status != STATUS_OK)
        fail_msg("%s: %s", status_name(status), error.text);
    assert_int_equal(checked, entries);
    assert_int_equal(till_figures(till, &figures, &error), STATUS_OK);
    assert_int_equal(figures.sales, sales);
    assert_int_equal(figures.sales_minor, sales_minor);
}

static void test_upgrade__a_till_of_the_first_version(void **state)
{
    struct agent *agent = open_agent(STATUS_OK);
    struct till *till = open_till(STATUS_OK);
    struct lease_view leases[4];
    struct till_status status;
    struct tile_view tea;
    struct error error;
    int count;

    (void)state;
    check_till(till, 7, 6, 2 * 1735);
    assert_int_equal(till_phase(till), TILL_READY);
    assert_int_equal(till_item(till, "TEA", &tea, &error), STATUS_OK);
    assert_int_equal(tea.stock.on_hand.milli, 94000);
    till_status(till, &status);
    assert_int_equal(status.unsent, 3);
    assert_int_equal(till_leases(till, leases, 4, &count, &error), STATUS_OK);
    assert_int_equal(count, 0);
    till_close(till);
    agent_destroy(agent);
    agent = open_agent(STATUS_OK);
    till = open_till(STATUS_OK);
    check_till(till, 7, 6, 2 * 1735);
    till_close(till);
    agent_destroy(agent);
}

static void test_upgrade__a_till_of_the_second_version(void **state)
{
    struct agent *agent = open_agent(STATUS_OK);
    struct till *till = open_till(STATUS_OK);
    struct till_status status;
    struct tile_view tea;
    struct error error;

    (void)state;
    check_till(till, 5, 3, 1780 + 395);
    assert_int_equal(till_phase(till), TILL_READY);
    assert_int_equal(till_item(till, "TEA", &tea, &error), STATUS_OK);
    assert_int_equal(tea.stock.on_hand.milli, 95000);
    till_status(till, &status);
    assert_int_equal(status.unsent, 1);
    till_close(till);
    agent_destroy(agent);
}

static void assert_folder_schemas(const char *what)
{
    static const char *const files[][2] = {{"till.db", "tests/golden/till-schema.txt"},
                                           {"sync.db", "tests/golden/sync-schema.txt"},
                                           {"replica-1.db", "tests/golden/replica-schema.txt"}};

    for (int i = 0; i < 3; i++) {
        char *path = path_join(folder.path, files[i][0]);
        assert_schema(path, files[i][1], what);
        free(path);
    }
}

static void make_replica(void)
{
    char *path = path_join(folder.path, "replica-1.db");
    struct error error;
    struct db *db;

    assert_int_equal(db_open(path, DB_OWNER_NORMAL, &db, &error), STATUS_OK);
    assert_int_equal(replica_create(db, &error), STATUS_OK);
    db_close(db);
    assert_int_equal(replica_pointer_write(folder.path, "replica-1.db", &error), STATUS_OK);
    free(path);
}

/* However a till came to this version, its files are the same; and what was released stays as it
 * was. */
static void test_upgrade__every_version_becomes_the_same(void **state)
{
    static const char *const versions[] = {"v1", "v2", "none"};

    (void)state;
    for (int i = 0; i < 3; i++) {
        bool none = strcmp(versions[i], "none") == 0;
        assert_int_equal(make_version(none ? "v2" : versions[i]), 0);
        if (none) {
            folder_remove(&folder);
            folder = folder_make();
            put_file("till-v2-device.json", "device.json", false);
            make_replica();
        }
        agent_destroy(open_agent(STATUS_OK));
        till_close(open_till(STATUS_OK));
        assert_folder_schemas(versions[i]);
        folder_remove(&folder);
    }
}

/* The till is updated before the agent has started: it waits for the replica, and sells then. */
static void test_upgrade__a_till_before_its_agent(void **state)
{
    struct till *till = open_till(STATUS_OK);
    struct agent *agent;
    struct error error;
    bool changed;

    (void)state;
    check_till(till, 7, 6, 2 * 1735);
    assert_int_equal(till_phase(till), TILL_NO_REPLICA);
    agent = open_agent(STATUS_OK);
    assert_int_equal(till_refresh(till, &changed, &error), STATUS_OK);
    assert_int_equal(till_phase(till), TILL_READY);
    till_close(till);
    agent_destroy(agent);
}

static void test_upgrade__later_versions_are_refused(void **state)
{
    (void)state;
    exec_in("till.db", "PRAGMA user_version = 99");
    assert_null(open_till(STATUS_UNSUPPORTED));
    exec_in("sync.db", "PRAGMA user_version = 99");
    assert_null(open_agent(STATUS_UNSUPPORTED));
}

/* SIGKILL at one moment of the upgrade after the other. */
static void test_upgrade__killed_in_the_middle(void **state)
{
    struct agent *agent;
    struct till *till;

    (void)state;
    for (int i = 0; i < 12; i++) {
        const struct timespec moment = {0, 1500000L * i};
        pid_t child = fork();

        if (child == 0) {
            (void)open_agent(STATUS_OK);
            (void)open_till(STATUS_OK);
            _exit(0);
        }
        (void)nanosleep(&moment, NULL);
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
    }
    agent = open_agent(STATUS_OK);
    till = open_till(STATUS_OK);
    check_till(till, 7, 6, 2 * 1735);
    till_close(till);
    agent_destroy(agent);
}

#define UPGRADE(name) cmocka_unit_test_setup_teardown(name, make, discard)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_upgrade__a_till_of_the_second_version, make_2,
                                        discard),
        UPGRADE(test_upgrade__a_till_of_the_first_version),
        cmocka_unit_test(test_upgrade__every_version_becomes_the_same),
        UPGRADE(test_upgrade__a_till_before_its_agent),
        UPGRADE(test_upgrade__later_versions_are_refused),
        UPGRADE(test_upgrade__killed_in_the_middle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
