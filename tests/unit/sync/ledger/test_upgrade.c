/* A ledger of the first version (tests/golden/ledger-v1.sql, written by that version's programs:
 * two tills, ten sales and returns, an opening document, a clone's branch) opens in this one; and
 * so does one of the second (ledger-v2.sql: a till, two orders). SQLite takes the file itself;
 * PostgreSQL, which the first version did not know, takes it as a backup. */
#include "ledger_fixture.h"

#include "sync/ledger/store/schema.h"
#include "tests/unit/support/schema_text.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#define TOKEN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void write_version(int version, const char *path)
{
    char golden[64];
    char hex[2 * HASH_SIZE + 1];
    struct error error = {0};
    struct hash hash;
    struct buf sql;
    sqlite3 *db;

    hash = hash_bytes(TOKEN, strlen(TOKEN));
    hex_write(hash.bytes, HASH_SIZE, hex);
    buf_init(&sql, (size_t)1 << 20);
    (void)snprintf(golden, sizeof golden, "tests/golden/ledger-v%d.sql", version);
    must(file_read(golden, &sql, &error), &error);
    /* A token that is known here; and nothing was verified. */
    assert_int_equal(buf_printf(&sql,
                                version == 1
                                    ? "UPDATE ledger_meta SET value = '%s' WHERE key = 'token';"
                                    : "UPDATE token SET hash = X'%s' WHERE name = 'admin';",
                                hex),
                     STATUS_OK);
    assert_int_equal(buf_append_text(&sql, "UPDATE epoch SET verified = 0;"), STATUS_OK);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, buf_text(&sql), NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    buf_finish(&sql);
}

/* Puts the version where the fixture's ledger is going to be. */
static void place(struct fixture *fixture, int version)
{
    char path[128];
    struct error error = {0};

    (void)snprintf(path, sizeof path, "%s/%s", fixture->folder,
                   engine_is_postgres() ? "old.db" : "ledger.db");
    (void)unlink(path);
    write_version(version, path);
    if (engine_is_postgres())
        must(store_restore(fixture->location, path, &error), &error);
}

static int setup_version(void **state, int version)
{
    struct fixture *fixture = mem_alloc(sizeof *fixture);

    crypto_start();
    log_set_level(LOG_LEVEL_ERROR);
    strcpy(fixture->folder, "/tmp/holdfast-ledger-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    engine_location(fixture->folder, false, fixture->location);
    fixture->now_ms = START_MS;
    strcpy(fixture->token, TOKEN);
    place(fixture, version);
    *state = fixture;
    return 0;
}

static int setup(void **state)
{
    return setup_version(state, 1);
}

static int setup_2(void **state)
{
    return setup_version(state, 2);
}

static void assert_whole(struct fixture *fixture)
{
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM entry"), 12);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM branch"), 1);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM document"), 1);
    assert_int_equal(
        query_int(fixture, "SELECT count(*) FROM item WHERE name = 'Crème brûlée 北京'"), 1);
    assert_int_equal(query_int(fixture, "SELECT gross_minor FROM total WHERE location = 'S01' AND "
                                        "currency = 'GBP'"),
                     3900);
    assert_int_equal(query_int(fixture, "SELECT quantity_milli FROM stock WHERE location = 'S01' "
                                        "AND sku = 'A' AND status = 'available'"),
                     986000);
    assert_projections_true(fixture);
}

static void test_upgrade__takes_the_first_version_on(void **state)
{
    struct fixture *fixture = *state;
    struct device *device;

    fixture_open(fixture);
    assert_whole(fixture);
    device = device_make(fixture, "S01", "T09");
    add_open(device, NULL);
    add_sale(device, "A", 1000, 100);
    (void)post_ok(fixture, device, 1, 2);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM entry"), 14);
    assert_projections_true(fixture);
    fixture_close(fixture);
    fixture_open(fixture); /* once is enough */
    assert_projections_true(fixture);
    device_free(device);
}

static int64_t stock_of(struct fixture *fixture, const char *sku, const char *bucket)
{
    char sql[160];

    (void)snprintf(sql, sizeof sql,
                   "SELECT quantity_milli FROM stock WHERE location = 'S01' AND sku = '%s' AND "
                   "status = '%s'",
                   sku, bucket);
    return query_int(fixture, sql);
}

/* Its orders did not keep what they took. */
static void test_upgrade__takes_the_second_version_on(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer;

    fixture_open(fixture);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM entry"), 4);
    assert_int_equal(stock_of(fixture, "A", "available"), 93000);
    assert_int_equal(stock_of(fixture, "A", "reserved"), 4000);
    assert_projections_true(fixture);
    answer = admin_call(fixture, "POST", "/v1/orders/web/W-1/cancel", "", "{}", 2);
    assert_int_equal(answer.status, 200);
    answer_free(&answer);
    assert_int_equal(stock_of(fixture, "A", "available"), 97000);
    assert_int_equal(stock_of(fixture, "A", "reserved"), 0);
    assert_int_equal(stock_of(fixture, "TEA", "reserved"), 2000);
    assert_projections_true(fixture);
}

/* Every signature and every link of the chains, by this version's eyes. */
static void test_upgrade__verifies(void **state)
{
    struct fixture *fixture = *state;
    struct ledger_options options = fixture_options(fixture);
    struct error error = {0};

    options.inline_work = true;
    must(ledger_open(&options, &fixture->ledger, &error), &error);
    assert_int_equal(query_int(fixture, "SELECT sum(verified) FROM epoch"), 0);
    for (int i = 0; i < 100; i++) {
        fixture->monotonic_us += 60000000;
        fixture->now_ms += 60000;
        (void)ledger_work(fixture->ledger);
    }
    assert_int_equal(query_int(fixture, "SELECT sum(verified) FROM epoch"), 12);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM exception WHERE kind = 'damaged'"),
                     0);
}

static void test_upgrade__keeps_what_exceptions_said(void **state)
{
    struct fixture *fixture = *state;

    fixture_open(fixture);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM exception WHERE kind = 'fork'"), 1);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM exception WHERE cause = ''"), 0);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM exception WHERE kind = 'fork' AND "
                                        "changed_ms = at_ms AND state = 'open' AND note = ''"),
                     1);
}

#define GOLDEN_SCHEMA "tests/golden/ledger-schema.txt"

/* PostgreSQL has each of the golden file's tables, columns and indexes. */
static void assert_schema_there(const struct fixture *fixture)
{
    char table[64] = "", name[64], *line, *rest;
    struct buf golden;
    struct error error = {0};

    buf_init(&golden, SCHEMA_TEXT_CEILING);
    must(file_read(GOLDEN_SCHEMA, &golden, &error), &error);
    for (line = strtok_r((char *)golden.data, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        long found = 1;
        if (sscanf(line, "table %63s", name) == 1)
            strcpy(table, name);
        else if (sscanf(line, "  column %63s", name) == 1)
            found = engine_sql(fixture->location,
                               "SELECT count(*) FROM pg_attribute WHERE attrelid = '%s'::regclass "
                               "AND attname = '%s'",
                               table, name);
        else if (sscanf(line, "  index %63s", name) == 1 && strchr(name, '_') != NULL)
            found = engine_sql(fixture->location,
                               "SELECT count(*) FROM pg_indexes WHERE tablename = '%s' AND "
                               "indexname = '%s'",
                               table, name);
        if (found != 1)
            fail_msg("%s: not there: %s", table, line);
    }
    buf_finish(&golden);
}

/* However a ledger came to this version, it is the same; and what was released stays as it was. */
static void test_upgrade__every_version_becomes_the_same(void **state)
{
    struct fixture *fixture = *state;
    char path[128];
    struct error error = {0};
    struct db *db;

    for (int version = 1; version <= 2; version++) {
        place(fixture, version);
        fixture_open(fixture);
        fixture_close(fixture);
        if (engine_is_postgres()) {
            assert_schema_there(fixture);
            continue;
        }
        (void)snprintf(path, sizeof path, "%s/ledger.db", fixture->folder);
        assert_schema(path, GOLDEN_SCHEMA, version == 1 ? "the first version" : "the second");
    }
    (void)snprintf(path, sizeof path, "%s/new.db", fixture->folder);
    must(db_open(path, DB_OWNER_FULL, &db, &error), &error);
    must(schema_migrate(db, &error), &error);
    db_close(db);
    assert_schema(path, GOLDEN_SCHEMA, "a new ledger");
}

/* A backup of what was upgraded goes into either engine, and so back. */
static void test_upgrade__goes_through_a_backup(void **state)
{
    struct fixture *fixture = *state;
    char backup[160];
    struct error error = {0};

    (void)snprintf(backup, sizeof backup, "%s/backup.db", fixture->folder);
    fixture_open(fixture);
    must(store_backup(fixture->location, backup, &error), &error);
    fixture_close(fixture);
    (void)snprintf(fixture->location, sizeof fixture->location, "sqlite:%s/again.db",
                   fixture->folder);
    must(store_restore(fixture->location, backup, &error), &error);
    fixture_open(fixture);
    assert_whole(fixture);
}

static void set_version(struct fixture *fixture, int version)
{
    char path[128], sql[64];
    sqlite3 *db;

    if (engine_is_postgres()) {
        (void)engine_sql(fixture->location, "UPDATE holdfast_state SET version = %d", version);
        return;
    }
    (void)snprintf(path, sizeof path, "%s/ledger.db", fixture->folder);
    (void)snprintf(sql, sizeof sql, "PRAGMA user_version = %d", version);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_upgrade__refuses_a_later_version(void **state)
{
    struct fixture *fixture = *state;
    struct ledger_options options = fixture_options(fixture);
    struct error error = {0};
    struct ledger *ledger;

    set_version(fixture, schema_version() + 1);
    assert_int_equal(ledger_open(&options, &ledger, &error), STATUS_UNSUPPORTED);
    assert_non_null(strstr(error.text, "later"));
    assert_null(strchr(error.text, '\n'));
    set_version(fixture, 1);
    fixture_open(fixture);
    assert_whole(fixture);
}

static void upgrade_in_child(struct fixture *fixture, long after_us)
{
    int ready[2];
    char byte;
    pid_t child;

    assert_int_equal(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        struct ledger_options options = fixture_options(fixture);
        struct error error;
        struct ledger *ledger;
        (void)!write(ready[1], "x", 1);
        if (ledger_open(&options, &ledger, &error) == STATUS_OK)
            (void)pause();
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)nanosleep(&(struct timespec){.tv_nsec = after_us * 1000}, NULL);
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

/* Killed at any moment of it, an upgrade is done or to be done. */
static void test_upgrade__survives_a_kill(void **state)
{
    struct fixture *fixture = *state;
    int rounds = engine_is_postgres() ? 12 : 40;

    for (int i = 0; i < rounds; i++) {
        upgrade_in_child(fixture, engine_is_postgres() ? 15000L * i : 500L * i);
        fixture_open(fixture);
        assert_whole(fixture);
        fixture_close(fixture);
        place(fixture, 1);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_upgrade__takes_the_second_version_on, setup_2,
                                        fixture_teardown),
        TEST(test_upgrade__takes_the_first_version_on),
        TEST(test_upgrade__verifies),
        TEST(test_upgrade__keeps_what_exceptions_said),
        TEST(test_upgrade__every_version_becomes_the_same),
        TEST(test_upgrade__goes_through_a_backup),
        TEST(test_upgrade__refuses_a_later_version),
        TEST(test_upgrade__survives_a_kill),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
