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
    world->ledger->knows_leases = true;
    world->ledger->balance = 1000;
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
    world->ledger->knows_leases = false;
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
        assert_int_equal(world->ledger->lease_count, 5);
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
    world->ledger->leases[0].left = 250; /* the entry has arrived */
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
    world->ledger->leases[0].left = 70; /* they spent 330 */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leases__asked_for_granted_and_refused),
        cmocka_unit_test(test_leases__an_earlier_ledger_grants_none),
        cmocka_unit_test(test_leases__lost_answers_and_kills_ask_once),
        cmocka_unit_test(test_leases__a_lost_sync_db_is_told_again),
        cmocka_unit_test(test_leases__a_new_epoch_is_told_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
