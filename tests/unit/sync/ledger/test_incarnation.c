/* Which life of the database: restarts keep it, every way of putting an old file back ends it. */
#include "ledger_fixture.h"

#include <signal.h>
#include <sys/wait.h>

static void copy_file(const char *from, const char *to)
{
    struct buf bytes;
    struct error error = {0};

    buf_init(&bytes, (size_t)64 << 20);
    must(file_read(from, &bytes, &error), &error);
    must(file_write_durable(to, bytes.data, bytes.used, 0600, &error), &error);
    buf_finish(&bytes);
}

static void path_beside(const struct fixture *fixture, const char *suffix, char out[160])
{
    (void)snprintf(out, 160, "%s%s", fixture->db, suffix);
}

/* An older state of the database, kept and put back by other means than the ledger's own. */
static void keep_state(const struct fixture *fixture, const char *kept)
{
    char name[64];

    if (!engine_is_postgres()) {
        copy_file(fixture->db, kept);
        return;
    }
    engine_database(fixture->location, name);
    (void)engine_sql(NULL, "CREATE DATABASE \"%s_other\" TEMPLATE \"%s\"", name, name);
}

static void put_back_state(const struct fixture *fixture, const char *kept)
{
    char name[64], wal[160], shm[160];

    if (!engine_is_postgres()) {
        path_beside(fixture, "-wal", wal);
        path_beside(fixture, "-shm", shm);
        copy_file(kept, fixture->db);
        (void)unlink(wal);
        (void)unlink(shm);
        return;
    }
    engine_database(fixture->location, name);
    (void)engine_sql(NULL, "DROP DATABASE \"%s\"", name);
    (void)engine_sql(NULL, "ALTER DATABASE \"%s_other\" RENAME TO \"%s\"", name, name);
}

static bool reopened_as(struct fixture *fixture, const struct id *before)
{
    fixture_open(fixture);
    return memcmp(before->bytes, fixture->ledger->incarnation.bytes, ID_SIZE) == 0;
}

static void test_incarnation__stays_over_restarts(void **state)
{
    struct fixture *fixture = *state;
    struct id before = fixture->ledger->incarnation;

    for (int i = 0; i < 3; i++) {
        fixture_close(fixture);
        assert_true(reopened_as(fixture, &before));
    }
}

static void test_incarnation__stays_after_a_kill(void **state)
{
    struct fixture *fixture = *state;
    struct id before = fixture->ledger->incarnation;

    for (int i = 0; i < 3; i++) {
        int ends[2];
        char byte;
        fixture_close(fixture);
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            fixture_open(fixture);
            (void)!write(ends[1], "x", 1);
            for (;;)
                (void)pause();
        }
        assert_int_equal(read(ends[0], &byte, 1), 1);
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
        (void)close(ends[0]);
        (void)close(ends[1]);
        assert_true(reopened_as(fixture, &before));
    }
}

/* A crash between any two of the stamp's writes is no restore. */
static void test_incarnation__stays_when_stamping_was_cut(void **state)
{
    struct fixture *fixture = *state;
    struct id before = fixture->ledger->incarnation;
    char boot[160], kept[160];
    struct buf old, both;
    struct error error = {0};

    path_beside(fixture, ".boot", boot);
    path_beside(fixture, ".kept", kept);
    fixture_close(fixture);
    buf_init(&old, 256);
    must(file_read(boot, &old, &error), &error);
    /* The sidecar already names the next stamp first; the database has the old one. */
    buf_init(&both, 256);
    assert_int_equal(buf_printf(&both, "%032d %.32s\n", 7, buf_text(&old)), STATUS_OK);
    must(file_write_durable(boot, both.data, both.used, 0600, &error), &error);
    assert_true(reopened_as(fixture, &before));
    buf_finish(&old);
    buf_finish(&both);
}

static void test_incarnation__ends_without_the_sidecar(void **state)
{
    struct fixture *fixture = *state;
    struct id before = fixture->ledger->incarnation;
    char boot[160];

    path_beside(fixture, ".boot", boot);
    fixture_close(fixture);
    assert_int_equal(unlink(boot), 0);
    assert_false(reopened_as(fixture, &before));
}

static void test_incarnation__ends_when_an_older_file_comes_back(void **state)
{
    struct fixture *fixture = *state;
    struct id before = fixture->ledger->incarnation;
    struct signature_params signed_since = {.created = START_MS / 1000, .keyid = "aa"};
    char kept[160];
    struct error error = {0};

    path_beside(fixture, ".kept", kept);
    admin_put(fixture, SHOP_ROWS);
    fixture_close(fixture);
    keep_state(fixture, kept);
    assert_true(reopened_as(fixture, &before));
    strcpy(signed_since.nonce, "0123456789abcdef");
    must(nonces_use(fixture->ledger->nonces, &signed_since, START_MS / 1000, &error), &error);
    fixture_close(fixture);
    put_back_state(fixture, kept);
    assert_false(reopened_as(fixture, &before));
    /* What was asked since may not be asked again. */
    assert_int_not_equal(
        nonces_use(fixture->ledger->nonces, &signed_since, START_MS / 1000, &error), STATUS_OK);
}

/* No start lies between the copy and its return, only the time of a renewal. */
static void test_incarnation__ends_when_a_copy_of_the_same_run_comes_back(void **state)
{
    static const char *const files[] = {"", "-wal", ".boot"};
    struct fixture *fixture = *state;
    struct id before = fixture->ledger->incarnation;
    struct error error = {0};
    char path[160], kept[176];

    if (engine_is_postgres())
        return; /* its databases can't be copied while they serve */
    for (int renewals = 1; renewals >= 0; renewals--) {
        must(watch_run(fixture->ledger->watch, &error), &error);
        for (int i = 0; i < 3; i++) {
            if (i == 2 && renewals > 0)
                must(watch_run(fixture->ledger->watch, &error), &error);
            path_beside(fixture, files[i], path);
            (void)snprintf(kept, sizeof kept, "%s.kept", path);
            copy_file(path, kept);
        }
        fixture_close(fixture); /* as if killed: what the stop writes is overwritten here */
        path_beside(fixture, "-shm", path);
        (void)unlink(path);
        for (int i = 0; i < 3; i++) {
            path_beside(fixture, files[i], path);
            (void)snprintf(kept, sizeof kept, "%s.kept", path);
            copy_file(kept, path);
        }
        assert_int_equal(reopened_as(fixture, &before), renewals == 0);
        before = fixture->ledger->incarnation;
    }
}

static void test_incarnation__ends_with_a_restore(void **state)
{
    struct fixture *fixture = *state;
    struct id before = fixture->ledger->incarnation;
    char backup[160];
    struct device *device;
    struct error error = {0};

    path_beside(fixture, ".backup", backup);
    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    add_open(device, NULL);
    add_sale(device, "A", 1000, 100);
    (void)post_ok(fixture, device, 1, 1);
    /* While it is served. */
    must(store_backup(fixture->location, backup, &error), &error);
    assert_int_equal(store_backup(fixture->location, backup, &error), STATUS_EXISTS);
    (void)post_ok(fixture, device, 2, 1);
    assert_int_equal(store_restore(fixture->location, backup, &error), STATUS_BUSY);
    fixture_close(fixture);
    must(store_restore(fixture->location, backup, &error), &error);
    assert_false(reopened_as(fixture, &before));
    fixture->now_ms += 3000; /* which requests it had seen is lost, see nonces.h */
    /* What the restored ledger lacks is wanted again. */
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM entry"), 1);
    assert_int_equal(post_ok(fixture, device, 1, 2), 2);
    assert_projections_true(fixture);
    struct changes_query query = changes_from(fixture, "S01");
    query.incarnation = before;
    struct answer answer = ask_changes(fixture, device, &query);
    assert_int_equal(answer.status, 410);
    answer_free(&answer);
    device_free(device);
}

/* A backup that is copied over by hand, in the very run that made it. */
static void test_incarnation__ends_with_a_backup_copied_by_hand(void **state)
{
    struct fixture *fixture = *state;
    struct id before = fixture->ledger->incarnation;
    char backup[160];
    struct error error = {0};

    if (engine_is_postgres())
        skip(); /* a server's files are not copied by hand */
    path_beside(fixture, ".backup", backup);
    must(store_backup(fixture->location, backup, &error), &error);
    fixture_close(fixture);
    put_back_state(fixture, backup);
    assert_false(reopened_as(fixture, &before));
}

static void test_incarnation__restores_into_an_empty_place(void **state)
{
    struct fixture *fixture = *state;
    struct id before = fixture->ledger->incarnation;
    char backup[160];
    struct error error = {0};

    path_beside(fixture, ".backup", backup);
    admin_put(fixture, SHOP_ROWS);
    fixture_close(fixture);
    must(store_backup(fixture->location, backup, &error), &error); /* nobody serves it */
    engine_location(fixture->folder, true, fixture->location);
    must(store_restore(fixture->location, backup, &error), &error);
    assert_false(reopened_as(fixture, &before));
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM location"), 2);
}

static void test_incarnation__restores_only_sound_ledgers(void **state)
{
    struct fixture *fixture = *state;
    struct id before = fixture->ledger->incarnation;
    char other[160];
    struct error error = {0};
    struct db *db;

    path_beside(fixture, ".other", other);
    fixture_close(fixture);
    assert_int_equal(store_restore(fixture->location, other, &error), STATUS_NOT_FOUND);
    must(file_write_durable(other, "no database at all, but long enough to look like one", 52, 0600,
                            &error),
         &error);
    assert_int_not_equal(store_restore(fixture->location, other, &error), STATUS_OK);
    (void)unlink(other);
    must(db_open(other, DB_OWNER_NORMAL, &db, &error), &error);
    must(db_exec(db, "CREATE TABLE t(a); PRAGMA user_version = 1", &error), &error);
    db_close(db);
    assert_int_equal(store_restore(fixture->location, other, &error), STATUS_INVALID);
    assert_true(reopened_as(fixture, &before));
}

static void refuse_itself(struct fixture *fixture, const char *from)
{
    struct error error = {0};

    assert_int_equal(store_restore(fixture->location, from, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, "the ledger itself"));
}

/* By its own name, by links, by the log beside it: a copy onto itself would be no backup's. */
static void test_incarnation__restores_nothing_from_the_ledger_itself(void **state)
{
    struct fixture *fixture = *state;
    struct id before = fixture->ledger->incarnation;
    char link_name[160], twin[160], wal[160];

    if (engine_is_postgres())
        skip();
    admin_put(fixture, SHOP_ROWS);
    path_beside(fixture, ".link", link_name);
    path_beside(fixture, ".twin", twin);
    path_beside(fixture, "-wal", wal);
    assert_int_equal(symlink(fixture->db, link_name), 0);
    assert_int_equal(link(fixture->db, twin), 0);
    assert_true(file_exists(wal));
    refuse_itself(fixture, wal);
    fixture_close(fixture);
    refuse_itself(fixture, fixture->db);
    refuse_itself(fixture, link_name);
    refuse_itself(fixture, twin);
    assert_int_equal(unlink(twin), 0);
    assert_true(reopened_as(fixture, &before));
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM location"), 2);
}

static void test_incarnation__is_one_process_alone(void **state)
{
    struct fixture *fixture = *state;
    struct ledger_options options = fixture_options(fixture);
    struct ledger *second;
    struct error error = {0};

    assert_int_equal(ledger_open(&options, &second, &error), STATUS_BUSY);
    assert_non_null(strstr(error.text, "in use"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_incarnation__stays_over_restarts),
        TEST(test_incarnation__stays_after_a_kill),
        TEST(test_incarnation__stays_when_stamping_was_cut),
        TEST(test_incarnation__ends_without_the_sidecar),
        TEST(test_incarnation__ends_when_an_older_file_comes_back),
        TEST(test_incarnation__ends_when_a_copy_of_the_same_run_comes_back),
        TEST(test_incarnation__ends_with_a_restore),
        TEST(test_incarnation__ends_with_a_backup_copied_by_hand),
        TEST(test_incarnation__restores_into_an_empty_place),
        TEST(test_incarnation__restores_only_sound_ledgers),
        TEST(test_incarnation__restores_nothing_from_the_ledger_itself),
        TEST(test_incarnation__is_one_process_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
