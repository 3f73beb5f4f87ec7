/* A backlog goes up in batches, one of which may be out ahead of the answer to the one before. */
#include "tests/unit/sync/agent/ready.h"

/* A till that sold `count` times while nobody listened, and an agent that is about to be told. */
static struct world *backlog(int count)
{
    struct world *world = ready();

    world->sent_journal = 0;
    world->most_journal = 0;
    for (int i = 0; i < count; i++)
        fixture_commit_one(world->till, i);
    world_poke(world, AGENT_POKE_ENTRIES);
    return world;
}

/* Where answers come in the order of their requests, every batch goes once. */
static void test_agent_ahead__a_backlog_goes_up_once_and_in_order(void **state)
{
    struct world *world = ready();
    int before = world->ledger->epochs[0].count;

    (void)state;
    world_free(world);
    world = backlog(2600);
    world->in_order = true;
    world_drain(world, 400);
    assert_int_equal(world->ledger->epochs[0].count, before + 2600);
    assert_int_equal(world->sent_journal, 6);
    assert_int_equal(world->most_journal, 2);
    assert_int_equal(world->gaps, 0);
    finish(world);
}

/* What overtakes the batch before it is refused, or answered too soon, and goes again in its turn;
 * lost requests, answers and agents cost no more than that. */
static void test_agent_ahead__whatever_comes_of_it_nothing_is_lost_or_taken_twice(void **state)
{
    int gaps = 0, lost = 0, kills = 0;

    (void)state;
    for (int seed = 1; seed <= 40; seed++) {
        struct world *world = backlog(1800);
        world->seed = (uint64_t)seed;
        world->lose_request = seed % 3 == 0 ? 100 : 0;
        world->lose_answer = seed % 4 == 0 ? 100 : 0;
        world->kill = seed % 5 == 0 ? 100 : 0;
        world_drain(world, 4000);
        assert_true(world->most_journal <= 2);
        gaps += world->gaps;
        lost += world->lost;
        kills += world->kills;
        world->lose_request = world->lose_answer = world->kill = 0;
        finish(world);
    }
    assert_true(gaps > 5);
    assert_true(lost > 20);
    assert_true(kills > 5);
}

/* What was made ready follows a batch that the ledger does not take: it is made anew. */
static void test_agent_ahead__what_was_ready_is_dropped_when_the_answer_wants_another(void **state)
{
    struct world *world = ready();
    int before = world->ledger->epochs[0].count;

    (void)state;
    world_free(world);
    world = backlog(0);
    world->ledger->refuse_entry = before + 1100;
    for (int i = 0; i < 2600; i++)
        fixture_commit_one(world->till, i);
    world_poke(world, AGENT_POKE_ENTRIES);
    world_turns(world, 100);
    assert_int_equal(world->ledger->epochs[0].count, before + 1099);
    assert_true(world->gaps <= 3); /* each guess that was wrong, and no more of them */
    world->ledger->refuse_entry = 0;
    world_drain(world, 500);
    finish(world);
}

static void finish_batch(struct world *world)
{
    world_poke(world, AGENT_POKE_ENTRIES);
    world_drain(world, 100);
    world->most_journal = 0;
}

/* A line that is full with one batch is not given another. */
static void test_agent_ahead__a_slow_line_carries_one_batch_at_a_time(void **state)
{
    struct world *world = ready();

    (void)state;
    world->slow_ms = 1500;
    fixture_commit_one(world->till, 1);
    finish_batch(world);
    for (int i = 0; i < 1800; i++)
        fixture_commit_one(world->till, i);
    world_poke(world, AGENT_POKE_ENTRIES);
    world_drain(world, 400);
    assert_int_equal(world->most_journal, 1);
    world->slow_ms = 0;
    finish(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agent_ahead__a_backlog_goes_up_once_and_in_order),
        cmocka_unit_test(test_agent_ahead__whatever_comes_of_it_nothing_is_lost_or_taken_twice),
        cmocka_unit_test(test_agent_ahead__what_was_ready_is_dropped_when_the_answer_wants_another),
        cmocka_unit_test(test_agent_ahead__a_slow_line_carries_one_batch_at_a_time),
    };

    crypto_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
