/* What the till wishes is asked for once, whatever is lost or killed; answers are on the disk
 * before the till is poked; a new epoch at the till is told anew what is left.
 */
#include "tests/unit/sync/agent/ready.h"

#include "terminal/people/lease.h"

#define ACCOUNT "GC-1001"

static struct world *lease_world(void)
{
    struct world *world = ready();

    fixture_sql(world->till, lease_schema);
    fixture_sql(world->till, "PRAGMA user_version = 2");
    world->ledger->leases.known = true;
    world->ledger->leases.balance = 1000;
    return world;
}

static struct id wish(struct world *world, int64_t amount)
{
    const struct entropy entropy = fixture_entropy(world->till);
    struct lease_wish wanted = {.request = id_random(&entropy),
                                .kind = LEASE_OF_VALUE,
                                .subject = ACCOUNT,
                                .currency = "GBP",
                                .amount = amount};

    fixture_ok(world->till, lease_ask(world->till->db, &wanted, &world->till->error));
    world_poke(world, AGENT_POKE_STATE);
    return wanted.request;
}

/* What the till reads in sync.db; *count of them. New memory. */
static struct held_lease *held(struct world *world, size_t *count)
{
    struct held_lease *all = NULL;
    struct db *db = NULL;
    struct error error;
    char *path = path_join(world->till->folder.path, "sync.db");

    fake_ok(db_open(path, DB_READER, &db, &error), &error);
    fake_ok(lease_held(db, &all, count, &error), &error);
    db_close(db);
    free(path);
    return all;
}

static int64_t left(struct world *world, const struct held_lease *lease, bool *now)
{
    struct lease_balance balance;
    struct db *db = NULL;
    struct error error;
    char *path = path_join(world->till->folder.path, "sync.db");

    fake_ok(db_open(path, DB_READER, &db, &error), &error);
    fake_ok(lease_balance(world->till->db, db, journal_epoch(world->till->journal), lease, &balance,
                          &error),
            &error);
    db_close(db);
    free(path);
    *now = balance.told_now;
    return balance.left;
}

/* An entry that spends. */
static void spend(struct world *world, const struct id *lease, int64_t amount)
{
    struct fixture *till = world->till;
    const struct lease_use use = {*lease, amount};

    fixture_ok(till, db_begin(till->db, &till->error));
    fixture_append(till, amount);
    fixture_ok(till, lease_record(till->db, journal_epoch_number(till->journal),
                                  journal_head(till->journal).seq, &use, 1, &till->error));
    fixture_ok(till, journal_commit(till->journal, &till->error));
}

static void test_leases__asked_for_granted_and_refused(void **state)
{
    struct world *world = lease_world();
    struct held_lease *all;
    size_t count;
    bool now;
    int pokes = world->pokes_state;

    (void)state;
    (void)wish(world, 700);
    world_drain(world, 200);
    (void)wish(world, 700);
    world_drain(world, 200);
    (void)wish(world, 700);
    world_drain(world, 200);
    all = held(world, &count);
    assert_int_equal(count, 3);
    assert_int_equal(all[0].amount + all[1].amount + all[2].amount, 1000);
    for (size_t i = 0; i < 3; i++) {
        assert_true((all[i].amount == 0) == (all[i].refused[0] != '\0'));
        assert_int_equal(left(world, &all[i], &now), all[i].amount);
    }
    assert_true(world->pokes_state >= pokes + 3);
    free(all);
    finish(world);
}

static void test_leases__an_earlier_ledger_grants_none(void **state)
{
    struct world *world = lease_world();
    struct held_lease *all;
    size_t count;

    (void)state;
    world->ledger->leases.known = false;
    (void)wish(world, 700);
    world_drain(world, 200);
    all = held(world, &count);
    assert_int_equal(count, 1);
    assert_string_equal(all[0].refused, "this ledger grants nothing beforehand");
    assert_string_equal(view_of(world).reason, "");
    free(all);
    finish(world);
}

static void test_leases__lost_answers_and_kills_ask_once(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct world *world = lease_world();
        struct held_lease *all;
        size_t count;
        bool now;

        world->seed = seed;
        world->lose_answer = world->lose_request = 300;
        world->kill = 60;
        for (int i = 0; i < 5; i++) {
            (void)wish(world, 150);
            world_turns(world, 60);
        }
        world->lose_answer = world->lose_request = world->kill = 0;
        world_poke(world, AGENT_POKE_STATE);
        world_drain(world, 3000);
        assert_int_equal(world->ledger->leases.count, 5);
        all = held(world, &count);
        assert_int_equal(count, 5);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(left(world, &all[i], &now), 150);
            assert_true(now);
        }
        free(all);
        finish(world);
    }
}

static void test_leases__a_lost_sync_db_is_told_again(void **state)
{
    struct world *world = lease_world();
    struct held_lease *all;
    size_t count;
    bool now;
    char *path = path_join(world->till->folder.path, "sync.db");
    char *wal = path_join(world->till->folder.path, "sync.db-wal");
    char *shm = path_join(world->till->folder.path, "sync.db-shm");

    (void)state;
    (void)wish(world, 400);
    world_drain(world, 200);
    all = held(world, &count);
    spend(world, &all[0].lease, 150);
    world->ledger->leases.items[0].left = 250; /* the entry has arrived */
    world_poke(world, AGENT_POKE_ENTRIES);
    world_drain(world, 200);
    free(all);
    world_kill_agent(world);
    assert_int_equal(unlink(path), 0);
    (void)unlink(wal);
    (void)unlink(shm);
    world_start_agent(world);
    world_drain(world, 500);
    all = held(world, &count);
    assert_int_equal(count, 1);
    assert_int_equal(left(world, &all[0], &now), 250);
    assert_true(now);
    free(all);
    free(path);
    free(wal);
    free(shm);
    finish(world);
}

/* The till opens a new epoch: what was told before counts no more, until the agent, which sees the
 * epoch, has asked again. */
static void test_leases__a_new_epoch_is_told_anew(void **state)
{
    struct world *world = lease_world();
    struct chain_point ahead;
    struct held_lease *all;
    size_t count;
    bool now;

    (void)state;
    (void)wish(world, 400);
    world_drain(world, 200);
    ahead = journal_head(world->till->journal);
    ahead.seq += 3; /* the ledger knows three entries that this disk has forgotten */
    fixture_reopen(world->till, &ahead, 1);
    assert_true(journal_opened_anew(world->till->journal));
    all = held(world, &count);
    assert_int_equal(left(world, &all[0], &now), 400);
    assert_false(now);
    free(all);
    world->ledger->leases.items[0].left = 70; /* they spent 330 */
    world_poke(world, AGENT_POKE_ENTRIES);
    world_turns(world, 30);
    world_drain(world, 500);
    all = held(world, &count);
    assert_int_equal(left(world, &all[0], &now), 70);
    assert_true(now);
    spend(world, &all[0].lease, 30);
    assert_int_equal(left(world, &all[0], &now), 40);
    free(all);
    finish(world);
}

/* ---- a ledger that was put back to an earlier state ----------------------------------------- */

#define LATER_MS 600000

/* The line is cut once, and the ledger greeted again. */
static void cut_line(struct world *world)
{
    world->down = true;
    world_turns(world, 6);
    world->down = false;
    world_turns(world, 60);
    world_drain(world, 2000);
}

/* Of the lease that the request got. */
static struct held_lease held_by(struct world *world, const struct id *request)
{
    struct held_lease found = {.amount = -1};
    struct held_lease *all;
    size_t count;

    all = held(world, &count);
    for (size_t i = 0; i < count; i++) {
        if (memcmp(all[i].request.bytes, request->bytes, ID_SIZE) == 0)
            found = all[i];
    }
    free(all);
    return found;
}

static int64_t left_by(struct world *world, const struct id *request)
{
    struct held_lease lease = held_by(world, request);
    bool now;
    int64_t rest = left(world, &lease, &now);

    assert_true(now);
    return rest;
}

static void spend_of(struct world *world, const struct id *request, int64_t amount)
{
    struct held_lease lease = held_by(world, request);

    spend(world, &lease.lease, amount);
}

static void forget_entries(struct world *world, int count)
{
    world->ledger->epochs[0].count -= count;
    fake_project(world->ledger, &world->ledger->epochs[0]);
}

static void test_leases__forgotten_ones_are_asked_for_before_new_ones(void **state)
{
    struct world *world = lease_world();
    struct id known, forgotten, new;
    struct held_lease before;

    (void)state;
    known = wish(world, 100);
    world_drain(world, 200);
    forgotten = wish(world, 600);
    world_drain(world, 200);
    before = held_by(world, &forgotten);
    world->down = true;
    new = wish(world, 900);
    fake_forget_leases(world->ledger, 1, 900);
    world->ledger->leases.asks = 0;
    cut_line(world);
    assert_int_equal(world->ledger->leases.asks, 2);
    assert_int_equal(left_by(world, &known), 100);
    assert_int_equal(left_by(world, &forgotten), 600);
    assert_int_equal(left_by(world, &new), 300);
    assert_memory_equal(held_by(world, &forgotten).lease.bytes, before.lease.bytes, ID_SIZE);
    assert_int_equal(held_by(world, &forgotten).granted_ms, before.granted_ms);
    fake_forget_leases(world->ledger, 0, 1000); /* and once more */
    cut_line(world);
    assert_int_equal(world->ledger->leases.count, 3);
    assert_int_equal(left_by(world, &forgotten), 600);
    finish(world);
}

static void test_leases__those_that_the_ledger_knows_are_not_asked_for(void **state)
{
    struct world *world = lease_world();
    struct id request;

    (void)state;
    request = wish(world, 400);
    world_drain(world, 200);
    spend_of(world, &request, 150); /* not counted at the ledger yet */
    world->ledger->leases.asks = 0;
    for (int i = 0; i < 3; i++) {
        cut_line(world);
        world_kill_agent(world);
        world_start_agent(world);
        world_drain(world, 500);
    }
    assert_int_equal(world->ledger->leases.asks, 0);
    world->ledger->leases.items[0].left = 250;
    cut_line(world);
    assert_int_equal(left_by(world, &request), 250);
    /* Another life of it that knows what this one knew. */
    fake_forget_leases(world->ledger, 1, 600);
    cut_line(world);
    assert_int_equal(world->ledger->leases.asks, 0);
    assert_int_equal(left_by(world, &request), 250);
    /* By entries that this disk has forgotten nothing is left: a question once, not for ever. */
    world->ledger->leases.items[0].left = 0;
    for (int i = 0; i < 3; i++)
        cut_line(world);
    assert_int_equal(world->ledger->leases.asks, 1);
    assert_int_equal(left_by(world, &request), 0);
    finish(world);
}

/* Others have got it meanwhile: a part is taken only after patience, and then it is all there
 * is. */
static void test_leases__a_smaller_grant_lowers_what_is_left(void **state)
{
    struct world *world = lease_world();
    struct held_lease lease;
    struct id request, new;
    bool now;

    (void)state;
    request = wish(world, 400);
    world_drain(world, 200);
    lease = held_by(world, &request);
    spend(world, &lease.lease, 150);
    world_poke(world, AGENT_POKE_ENTRIES);
    world_drain(world, 200);
    fake_forget_leases(world->ledger, 0, 100);
    world->ledger->leases.used = 150;
    world->ledger->leases.asks = 0;
    cut_line(world);
    assert_true(world->ledger->leases.asks >= 2); /* all of it; and again, the entries being up */
    assert_int_equal(world->ledger->leases.count, 0);
    lease = held_by(world, &request);
    assert_int_equal(lease.amount, 400);
    assert_int_equal(left(world, &lease, &now), 0);
    world->mono_ms += LATER_MS;
    world_turns(world, 60);
    world_drain(world, 500);
    assert_int_equal(held_by(world, &request).amount, 250);
    assert_int_equal(left_by(world, &request), 100);
    new = wish(world, 100);
    world_drain(world, 200);
    assert_string_not_equal(held_by(world, &new).refused, "");
    finish(world);
}

/* Its account was loaded by an entry that the ledger has lost, too: the card is full again when the
 * entries are up. Meanwhile nothing can be spent, and new wishes wait. */
static void test_leases__refused_ones_are_asked_for_after_the_entries(void **state)
{
    struct world *world = lease_world();
    struct id request, new;

    (void)state;
    request = wish(world, 400);
    world_drain(world, 200);
    spend_of(world, &request, 150);
    world_poke(world, AGENT_POKE_ENTRIES);
    world_drain(world, 200);
    forget_entries(world, 3);
    fake_forget_leases(world->ledger, 0, 0);
    world->ledger->leases.loads_after = world->ledger->epochs[0].count + 1;
    world->ledger->leases.loads = 350;
    world->ledger->leases.uses = 150;
    new = wish(world, 400);
    cut_line(world);
    assert_int_equal(left_by(world, &request), 250); /* by a word and marks of one moment */
    assert_int_equal(left_by(world, &new), 100);
    finish(world);
}

/* All of it was spent. With entries that the ledger holds, that is the end of it; when it has lost
 * them, it is granted again before they tell of a lease that nobody knows. */
static void test_leases__wholly_used_ones_are_asked_for_while_entries_are_lost(void **state)
{
    struct world *world = lease_world();
    struct id request;
    int entries;

    (void)state;
    request = wish(world, 400);
    world_drain(world, 200);
    spend_of(world, &request, 400);
    world_poke(world, AGENT_POKE_ENTRIES);
    world_drain(world, 200);
    fake_forget_leases(world->ledger, 0, 600);
    world->ledger->leases.asks = 0;
    cut_line(world);
    assert_int_equal(world->ledger->leases.asks, 0);
    entries = world->ledger->epochs[0].count;
    forget_entries(world, 1);
    fake_forget_leases(world->ledger, 0, 1000);
    cut_line(world);
    assert_int_equal(world->ledger->leases.count, 1);
    assert_int_equal(world->ledger->leases.items[0].amount, 400);
    assert_int_equal(world->ledger->leases.entries_then, entries - 1);
    assert_int_equal(left_by(world, &request), 0);
    finish(world);
}

/* A ledger of an earlier version drew its ids: none can be granted again under its own. */
static void test_leases__drawn_ids_are_given_up(void **state)
{
    struct world *world = lease_world();
    struct held_lease lease;
    struct id request;
    bool now;

    (void)state;
    request = wish(world, 400);
    world_drain(world, 200);
    world->ledger->leases.items[0].lease.bytes[0] ^= 0xFF;
    cut_line(world);
    lease = held_by(world, &request);
    assert_memory_equal(lease.lease.bytes, world->ledger->leases.items[0].lease.bytes, ID_SIZE);
    assert_int_equal(left_by(world, &request), 400);
    fake_forget_leases(world->ledger, 0, 1000);
    world->ledger->leases.asks = 0;
    cut_line(world);
    assert_int_equal(world->ledger->leases.asks, 0);
    lease = held_by(world, &request);
    assert_int_equal(left(world, &lease, &now), 0);
    finish(world);
}

/* The agent dies, and nothing of what it asked arrives. */
static void die(struct world *world)
{
    agent_destroy(world->agent);
    world->agent = NULL;
    for (int i = 0; i < WORLD_FLIGHTS; i++)
        flight_clear(&world->flights[i]);
}

/* The greeting is on the disk and the agent dies before it has asked: the next one asks. */
static void test_leases__a_kill_after_the_greeting_asks_at_the_next_start(void **state)
{
    struct world *world = lease_world();
    struct id request;

    (void)state;
    request = wish(world, 400);
    world_drain(world, 200);
    fake_forget_leases(world->ledger, 0, 1000);
    world->down = true;
    world_turns(world, 6);
    world->down = false;
    while (held_by(world, &request).told > 0)
        world_turn(world);
    assert_int_equal(held_by(world, &request).told, -1);
    assert_int_equal(world->ledger->leases.count, 0);
    die(world);
    world_start_agent(world);
    world_drain(world, 500);
    assert_int_equal(world->ledger->leases.count, 1);
    assert_int_equal(left_by(world, &request), 400);
    finish(world);
}

/* Refused until the entries are up; they are, and the agent dies. All of the lease is used, by what
 * the ledger holds now: it is asked for all the same. */
static void test_leases__a_kill_after_the_entries_asks_at_the_next_start(void **state)
{
    struct world *world = lease_world();
    struct id request;
    int entries;

    (void)state;
    request = wish(world, 400);
    world_drain(world, 200);
    spend_of(world, &request, 400);
    world_poke(world, AGENT_POKE_ENTRIES);
    world_drain(world, 200);
    entries = world->ledger->epochs[0].count;
    forget_entries(world, 2);
    fake_forget_leases(world->ledger, 0, 0);
    world->ledger->leases.loads_after = entries;
    world->ledger->leases.loads = 1000;
    world->down = true;
    world_turns(world, 6);
    world->down = false;
    while (world->ledger->epochs[0].count < entries)
        world_turn(world);
    assert_int_equal(world->ledger->leases.count, 0);
    die(world);
    world_start_agent(world);
    world_drain(world, 500);
    assert_int_equal(world->ledger->leases.count, 1);
    assert_int_equal(left_by(world, &request), 0);
    finish(world);
}

static void test_leases__lost_answers_and_kills_ask_for_all_that_is_forgotten(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct world *world = lease_world();
        struct id requests[5];

        world->seed = seed;
        for (int i = 0; i < 5; i++) {
            requests[i] = wish(world, 150);
            world_drain(world, 200);
        }
        spend_of(world, &requests[3], 50);
        fake_forget_leases(world->ledger, 1, 850);
        world->lose_answer = world->lose_request = 300;
        world->kill = 60;
        cut_line(world);
        world_turns(world, 200);
        world->lose_answer = world->lose_request = world->kill = 0;
        world_poke(world, AGENT_POKE_STATE);
        world_drain(world, 3000);
        cut_line(world);
        assert_int_equal(world->ledger->leases.count, 5);
        assert_int_equal(world->ledger->leases.balance, 250);
        for (int i = 0; i < 5; i++)
            assert_int_equal(left_by(world, &requests[i]), i == 3 ? 100 : 150);
        finish(world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leases__asked_for_granted_and_refused),
        cmocka_unit_test(test_leases__an_earlier_ledger_grants_none),
        cmocka_unit_test(test_leases__lost_answers_and_kills_ask_once),
        cmocka_unit_test(test_leases__a_lost_sync_db_is_told_again),
        cmocka_unit_test(test_leases__a_new_epoch_is_told_anew),
        cmocka_unit_test(test_leases__forgotten_ones_are_asked_for_before_new_ones),
        cmocka_unit_test(test_leases__those_that_the_ledger_knows_are_not_asked_for),
        cmocka_unit_test(test_leases__a_smaller_grant_lowers_what_is_left),
        cmocka_unit_test(test_leases__refused_ones_are_asked_for_after_the_entries),
        cmocka_unit_test(test_leases__wholly_used_ones_are_asked_for_while_entries_are_lost),
        cmocka_unit_test(test_leases__drawn_ids_are_given_up),
        cmocka_unit_test(test_leases__a_kill_after_the_greeting_asks_at_the_next_start),
        cmocka_unit_test(test_leases__a_kill_after_the_entries_asks_at_the_next_start),
        cmocka_unit_test(test_leases__lost_answers_and_kills_ask_for_all_that_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
