/* Jobs that commit together, and fail alone. */
#include "ledger_fixture.h"

#include <pthread.h>

struct insert {
    struct fixture *fixture;
    int64_t id;
    bool fails;
    int runs;
    enum status status;
    pthread_t thread;
};

static enum status insert_job(void *context, const struct writer_turn *turn, struct error *error)
{
    struct insert *insert = context;
    struct store_value values[] = {store_int(turn->now_ms), store_int(insert->id)};
    enum status status;

    insert->runs++;
    feed_add(turn->feed, "staff", "{\"t\":\"x\"}", 9);
    status = store_run(turn->session,
                       "INSERT INTO exception(id, at_ms, kind, location, seq, detail, cause) "
                       "SELECT ?2, ?1, 'test', '', 0, '', 'test/' || CAST(?2 AS TEXT)",
                       values, 2, error);
    if (status == STATUS_OK && insert->fails)
        return error_set(error, STATUS_INVALID, "on purpose");
    return status;
}

static void *run_insert(void *argument)
{
    struct insert *insert = argument;
    struct writer_job job = {.run = insert_job, .context = insert};
    struct error error = {0};

    insert->status = writer_run(insert->fixture->ledger->writer, &job, &error);
    if (insert->fails)
        assert_string_equal(error.text, "on purpose");
    return NULL;
}

static void test_writer__fails_one_job_and_keeps_the_others(void **state)
{
    struct insert inserts[40];

    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 40; i++)
            inserts[i] =
                (struct insert){.fixture = *state, .id = round * 100 + i + 1, .fails = i % 7 == 3};
        for (int i = 0; i < 40; i++)
            assert_int_equal(pthread_create(&inserts[i].thread, NULL, run_insert, &inserts[i]), 0);
        for (int i = 0; i < 40; i++)
            (void)pthread_join(inserts[i].thread, NULL);
        for (int i = 0; i < 40; i++)
            assert_int_equal(inserts[i].status, i % 7 == 3 ? STATUS_INVALID : STATUS_OK);
    }
    assert_int_equal(query_int(*state, "SELECT count(*) FROM exception"), 5 * 34);
    /* Positions are dense, and no row of a failed job was told. */
    int64_t position = feed_mark(((struct fixture *)*state)->ledger->feed, "staff").position;
    assert_int_equal(query_int(*state, "SELECT count(*) FROM change"), position);
    assert_int_equal(query_int(*state, "SELECT sum(length(body)) FROM change"), 5 * 34 * 10);
}

static enum status count_job(void *context, const struct writer_turn *turn, struct error *error)
{
    (void)turn;
    (void)error;
    ++*(int *)context;
    return STATUS_OK;
}

static void test_writer__commits_nothing_as_well(void **state)
{
    struct fixture *fixture = *state;
    int runs = 0;
    struct writer_job job = {.run = count_job, .context = &runs};
    struct error error = {0};

    must(writer_run(fixture->ledger->writer, &job, &error), &error);
    assert_int_equal(runs, 1);
    assert_int_equal(feed_mark(fixture->ledger->feed, "staff").position, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_writer__fails_one_job_and_keeps_the_others),
        TEST(test_writer__commits_nothing_as_well),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
