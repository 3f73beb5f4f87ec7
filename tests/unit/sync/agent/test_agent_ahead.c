/* A backlog goes up in batches, one of which may be out ahead of the answer to the one before. */
#include "tests/unit/sync/agent/ready.h"

#define BATCH 40

/* An agent whose batches are short, with nothing to do. */
static struct world *short_batches(void)
{
    struct world *world = ready();

    world->batch = BATCH;
    world_kill_agent(world);
    world_start_agent(world);
    world_drain(world, 500);
    world->kills = 0;
    return world;
}

/* The till has sold `count` times while nobody listened, and the agent is told. */
static void sell(struct world *world, int count)
{
    world->sent_journal = 0;
    world->most_journal = 0;
    for (int i = 0; i < count; i++)
        fixture_commit_one(world->till, i);
    world_poke(world, AGENT_POKE_ENTRIES);
}

/* Where answers come in the order of their requests, every batch goes once. */
static void test_agent_ahead__a_backlog_goes_up_once_and_in_order(void **state)
{
    struct world *world = short_batches();
    int before = world->ledger->epochs[0].count;

    (void)state;
    world->in_order = true;
    sell(world, 6 * BATCH - 1);
    world_drain(world, 400);
    assert_int_equal(world->ledger->epochs[0].count, before + 6 * BATCH - 1);
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
        struct world *world = short_batches();
        sell(world, 4 * BATCH);
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

/* What was made ready follows a batch that the ledger does not take: it is made anew. On a line
 * where nothing is guessed, nothing is sent that could not follow. */
static void test_agent_ahead__what_was_ready_is_dropped_when_the_answer_wants_another(void **state)
{
    (void)state;
    for (int slow = 0; slow < 2; slow++) {
        struct world *world = short_batches();
        int before = world->ledger->epochs[0].count;
        world->slow_ms = slow * 1500;
        sell(world, 1);
        world_drain(world, 100);
        world->ledger->refuse_entry = before + 3 * BATCH;
        sell(world, 6 * BATCH);
        world_turns(world, 200);
        assert_int_equal(world->ledger->epochs[0].count, before + 3 * BATCH - 1);
        assert_true(world->gaps <= (slow ? 0 : 3)); /* each guess that was wrong, and no more */
        world->ledger->refuse_entry = 0;
        world->slow_ms = 0;
        world_drain(world, 500);
        finish(world);
    }
}

/* A line that is full with one batch is not given another. */
static void test_agent_ahead__a_slow_line_carries_one_batch_at_a_time(void **state)
{
    struct world *world = short_batches();

    (void)state;
    world->slow_ms = 1500;
    sell(world, 1); /* by which the agent learns how the line is */
    world_drain(world, 100);
    sell(world, 4 * BATCH);
    world_drain(world, 400);
    assert_int_equal(world->most_journal, 1);
    world->slow_ms = 0;
    finish(world);
}

static bool is_out(const struct world *world, int64_t call)
{
    for (int i = 0; i < WORLD_FLIGHTS; i++) {
        if (world->flights[i].call == call)
            return true;
    }
    return false;
}

/* A batch is out, and a guess behind it: their calls. */
static struct world *guessing(int64_t *first, int64_t *guess)
{
    struct world *world = short_batches();

    world->in_order = true;
    sell(world, 1);
    world_drain(world, 100);
    sell(world, 4 * BATCH);
    while (world_journal_out(world) < 2)
        world_turn(world);
    *first = *guess = 0;
    for (int i = 0; i < WORLD_FLIGHTS; i++) {
        const struct flight *flight = &world->flights[i];
        if (flight->call == 0 || strcmp(flight->request.path, "/v1/journal") != 0)
            continue;
        *first = *first == 0 || flight->call < *first ? flight->call : *first;
        *guess = flight->call > *guess ? flight->call : *guess;
    }
    return world;
}

static void test_agent_ahead__what_followed_a_fork_is_judged_anew(void **state)
{
    int64_t first, guess;
    struct world *world = guessing(&first, &guess);
    int count = world->ledger->epochs[0].count;
    struct agent_event event = {.kind = AGENT_ANSWERED, .call = first, .status = 409};
    char body[128];

    (void)state;
    (void)snprintf(body, sizeof body, "{\"error\":\"fork\",\"seq\":%d,\"taken\":%d}", count + 1,
                   count + BATCH);
    event.bytes = body;
    event.length = strlen(body);
    world_cancel(world, first);
    world_step(world, &event);
    assert_false(is_out(world, guess));
    assert_int_equal(world_journal_out(world), 1);
    world_free(world);
}

static void test_agent_ahead__a_lost_guess_is_no_cut(void **state)
{
    int64_t first, guess;
    struct world *world = guessing(&first, &guess);
    struct agent_event event = {.kind = AGENT_UNREACHABLE, .call = guess, .why = "the line is cut"};

    (void)state;
    world_cancel(world, guess);
    world_step(world, &event);
    assert_true(is_out(world, first));
    assert_int_equal(view_of(world).failures, 0);
    finish(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agent_ahead__a_backlog_goes_up_once_and_in_order),
        cmocka_unit_test(test_agent_ahead__whatever_comes_of_it_nothing_is_lost_or_taken_twice),
        cmocka_unit_test(test_agent_ahead__what_was_ready_is_dropped_when_the_answer_wants_another),
        cmocka_unit_test(test_agent_ahead__what_followed_a_fork_is_judged_anew),
        cmocka_unit_test(test_agent_ahead__a_lost_guess_is_no_cut),
        cmocka_unit_test(test_agent_ahead__a_slow_line_carries_one_batch_at_a_time),
    };

    crypto_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
