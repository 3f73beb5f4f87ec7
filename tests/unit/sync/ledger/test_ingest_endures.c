/* Journals in while much happens at once, or the process is killed; and projections that were
 * harmed.
 */
#include "ledger_fixture.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

static struct fixture *shop(void **state)
{
    admin_put(*state, SHOP_ROWS);
    return *state;
}

static int64_t sold(struct fixture *fixture)
{
    return query_int(fixture, "SELECT sum(quantity_milli) FROM stock WHERE sku = 'A' AND "
                              "status = '@customer'");
}

struct poster {
    struct fixture *fixture;
    struct device *device;
    pthread_t thread;
};

static void *post_all(void *argument)
{
    struct poster *poster = argument;

    for (int first = 1; first <= poster->device->count; first += 7) {
        int count = poster->device->count - first + 1;
        (void)post_ok(poster->fixture, poster->device, first, count > 7 ? 7 : count);
    }
    return NULL;
}

/* Six tills at once share commits, and none loses or gains by it. */
static void test_ingest__commits_many_tills_together(void **state)
{
    struct fixture *fixture = shop(state);
    struct poster posters[6];

    for (int i = 0; i < 6; i++) {
        posters[i].fixture = fixture;
        posters[i].device = device_make(fixture, i % 2 == 0 ? "S01" : "S02", "T01");
        add_open(posters[i].device, NULL);
        for (int j = 0; j < 100; j++)
            add_sale(posters[i].device, "A", 1000, 3);
    }
    for (int i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&posters[i].thread, NULL, post_all, &posters[i]), 0);
    for (int i = 0; i < 6; i++)
        (void)pthread_join(posters[i].thread, NULL);
    assert_int_equal(sold(fixture), 600000);
    assert_int_equal(query_int(fixture, "SELECT sum(entries) FROM total"), 606);
    assert_int_equal(query_int(fixture, "SELECT sum(gross_minor) FROM total"), 1800);
    assert_projections_true(fixture);
    for (int i = 0; i < 6; i++)
        device_free(posters[i].device);
}

/* In a process of its own: posts everything, telling each acknowledged seq, until it is killed. */
static void post_until_killed(struct fixture *fixture, struct device *device, int64_t acked,
                              int pipe)
{
    fixture_open(fixture);
    fixture->now_ms += 3000; /* the last one crashed, see nonces.h */
    while (acked < device->count) {
        int count = device->count - (int)acked;
        acked = post_ok(fixture, device, acked + 1, count > 3 ? 3 : count);
        if (write(pipe, &acked, sizeof acked) != sizeof acked)
            _exit(1);
    }
    for (;;)
        (void)pause();
}

/* Killed after any acknowledgement, in the middle of whatever comes next: what was acknowledged is
 * there, what is there is whole, and sending goes on. */
static void test_ingest__survives_kills(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    int64_t acked = 0;

    srand(7);
    add_open(device, NULL);
    for (int i = 0; i < 240; i++)
        add_sale(device, "A", 1000, 100);
    for (int round = 0; round < 15 && acked < device->count; round++) {
        int ends[2], wanted = 1 + rand() % 5;
        fixture_close(fixture);
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0)
            post_until_killed(fixture, device, acked, ends[1]);
        (void)close(ends[1]);
        for (int i = 0; i < wanted && acked < device->count; i++)
            assert_int_equal(read(ends[0], &acked, sizeof acked), sizeof acked);
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
        int64_t late;
        while (read(ends[0], &late, sizeof late) == sizeof late)
            acked = late;
        (void)close(ends[0]);
        fixture_open(fixture);
        assert_true(query_int(fixture, "SELECT coalesce(max(seq), 0) FROM epoch") >= acked);
        assert_projections_true(fixture);
        acked = query_int(fixture, "SELECT coalesce(max(seq), 0) FROM epoch");
    }
    fixture->now_ms += 3000;
    while (acked < device->count)
        acked = post_ok(fixture, device, acked + 1, device->count - (int)acked);
    assert_int_equal(sold(fixture), 240000);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM entry"), 241);
    assert_projections_true(fixture);
    device_free(device);
}

static enum status repair_job(void *context, const struct writer_turn *turn, struct error *error)
{
    (void)context;
    return projection_repair(turn, error);
}

static void repair(struct fixture *fixture)
{
    struct writer_job job = {.run = repair_job};
    struct error error = {0};

    must(writer_run(fixture->ledger->writer, &job, &error), &error);
}

/* The check is able to fail, and the repair to mend. */
static void test_ingest__rebuild_finds_and_mends_a_difference(void **state)
{
    struct fixture *fixture = shop(state);
    struct device *device = device_make(fixture, "S01", "T01");
    struct projection_report report;
    struct store_session *reader;
    struct error error = {0};
    static const char *const harm[] = {
        "UPDATE stock SET quantity_milli = quantity_milli + 1 WHERE status = 'available'",
        "DELETE FROM stock WHERE status = '@customer'",
        "UPDATE total SET gross_minor = 0",
        "UPDATE total SET entries = entries + 1",
        "INSERT INTO stock VALUES('S09', 'A', 'available', 5)",
    };

    add_open(device, NULL);
    add_sale(device, "A", 1000, 100);
    (void)post_ok(fixture, device, 1, 2);
    for (size_t i = 0; i < sizeof harm / sizeof harm[0]; i++) {
        run_sql(fixture, harm[i]);
        must(ledger_reader(fixture->ledger, &reader, &error), &error);
        must(projection_check(reader, &report, &error), &error);
        ledger_reader_back(fixture->ledger, reader);
        assert_true(report.differences > 0);
        repair(fixture);
        assert_projections_true(fixture);
    }
    device_free(device);
}
int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_ingest__commits_many_tills_together),
        TEST(test_ingest__survives_kills),
        TEST(test_ingest__rebuild_finds_and_mends_a_difference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
