/* The agent, step by step, against a ledger with the wire's whole contract: each thing that can go
 * wrong on the way up, alone, and what holds for both ways. The way down is in
 * test_agent_snapshot.c.
 */
#include "tests/unit/sync/agent/ready.h"

#include "terminal/journal/acked.h"

static void test_agent__first_start_brings_everything(void **state)
{
    struct world *world = ready();
    struct agent_view view = view_of(world);
    struct acked_head acked;
    struct db *sync_db = NULL;
    struct chain_point head = journal_head(world->till->journal);
    char *path = path_join(world->till->folder.path, "sync.db");
    struct error error;

    (void)state;
    assert_true(view.online);
    assert_true(view.has_replica);
    assert_int_equal(view.queue, 0);
    assert_string_equal(view.reason, "");
    assert_int_equal(world->pokes_replica, 1);
    /* The till finds the countersigned head in sync.db. */
    fake_ok(db_open(path, DB_READER, &sync_db, &error), &error);
    fake_ok(acked_get(sync_db, &world->till->identity.device, &head.epoch, &acked, &error), &error);
    assert_int_equal(acked.head.seq, head.seq);
    assert_true(head_countersigned(&world->till->identity.device, &acked.head, &acked.countersig,
                                   &world->ledger->key));
    db_close(sync_db);
    free(path);
    finish(world);
}

static void test_agent__entries_go_up_while_the_snapshot_is_prepared(void **state)
{
    struct world *world = world_make(1);

    (void)state;
    world->ledger->prepare = 100000;
    for (int i = 0; i < 700; i++)
        fixture_commit_one(world->till, i);
    world_start_agent(world);
    for (int i = 0; i < 500 && fake_total(world->ledger) < 701; i++)
        world_turn(world);
    assert_int_equal(fake_total(world->ledger), 701);
    assert_false(view_of(world).has_replica);
    assert_true(world->sent_journal <= 3); /* 500 and 201 */
    world->ledger->prepare = 0;
    finish(world);
}

static void test_agent__a_lost_answer_costs_nothing(void **state)
{
    struct world *world = ready();
    int64_t before = fake_total(world->ledger);

    (void)state;
    for (int i = 0; i < 20; i++) {
        fixture_commit_one(world->till, i);
        world->lose_answer = 1000;
        world_poke(world, AGENT_POKE_ENTRIES);
        world_turns(world, 3);
        world->lose_answer = 0;
        world_drain(world, 500);
        assert_int_equal(fake_total(world->ledger), before + i + 1);
    }
    finish(world);
}

static void test_agent__a_gap_is_filled_from_where_the_ledger_says(void **state)
{
    struct world *world = ready();
    struct fake_epoch *epoch = &world->ledger->epochs[0];

    (void)state;
    /* The ledger forgot the last entries without saying so. */
    epoch->count -= 2;
    world->sent_journal = 0;
    fixture_commit_one(world->till, 1);
    world_poke(world, AGENT_POKE_ENTRIES);
    world_drain(world, 100);
    assert_int_equal(world->sent_journal, 2); /* the one that left a gap, and the right one */
    finish(world);
}

static void test_agent__a_restored_ledger_gets_everything_again(void **state)
{
    struct world *world = ready();
    const struct entropy entropy = fixture_entropy(world->till);

    (void)state;
    world->ledger->incarnation = id_random(&entropy);
    world->ledger->epochs[0].count = 1;
    fake_project(world->ledger, &world->ledger->epochs[0]);
    free(world->ledger->packed);
    world->ledger->packed = NULL;
    /* Nothing is sold meanwhile: the change poll finds it out. */
    world_turns(world, 60);
    world_drain(world, 500);
    assert_int_equal(world->ledger->epochs[0].count, 6);
    assert_int_equal(world->pokes_replica, 2);
    finish(world);
}

static void test_agent__a_wrong_countersignature_is_not_believed(void **state)
{
    struct world *world = ready();
    struct secret_key right = world->ledger->secret;
    const struct entropy entropy = entropy_system();
    struct public_key stranger;

    (void)state;
    key_pair(&entropy, &stranger, &world->ledger->secret);
    fixture_commit_one(world->till, 1);
    world_poke(world, AGENT_POKE_ENTRIES);
    world_turns(world, 10);
    assert_non_null(strstr(view_of(world).reason, "countersignature"));
    assert_int_not_equal(view_of(world).queue, 0);
    world->ledger->secret = right;
    finish(world);
}

static void test_agent__a_wrong_clock_still_syncs(void **state)
{
    static const int64_t offs[] = {86400000LL * 400, -86400000LL * 400, 301000, -301000};

    (void)state;
    for (size_t i = 0; i < sizeof offs / sizeof offs[0]; i++) {
        struct world *world = world_make(7 + i);

        world->clock_off_ms = offs[i];
        fake_commit(world->ledger, 0, ITEM("A", "Apple"));
        world_start_agent(world);
        while (!view_of(world).hello)
            world_turn(world);
        assert_in_range(world->mono_ms, 1000, 1050); /* put right at once, without a pause */
        world_drain(world, 300);
        /* And it jumps while running: nothing changes. */
        world->clock_off_ms = -offs[i];
        fixture_commit_one(world->till, 1);
        world_poke(world, AGENT_POKE_ENTRIES);
        world_drain(world, 300);
        assert_string_equal(view_of(world).reason, "");
        finish(world);
    }
}

static void test_agent__without_a_line_it_waits_and_wakes_seldom(void **state)
{
    struct world *world = ready();
    int64_t until;
    int turns = 0;

    (void)state;
    world->down = true;
    fixture_commit_one(world->till, 1);
    until = world->mono_ms + 600000;
    for (; world->mono_ms < until; turns++)
        world_turn(world);
    assert_false(view_of(world).online);
    assert_true(turns < 300); /* ten minutes */
    assert_non_null(strstr(view_of(world).reason, "No answer"));
    world->down = false;
    finish(world);
}

static void test_agent__an_idle_line_is_quiet(void **state)
{
    struct world *world = ready();
    int64_t until = world->mono_ms + 600000;
    int requests = world->ledger->requests;

    (void)state;
    while (world->mono_ms < until)
        world_turn(world);
    assert_true(world->ledger->requests - requests <= 600 / 25 + 2);
    finish(world);
}

/* Till.db went back to a backup and sold on: the ledger knows other entries at those places. */
static void fork_till(struct world *world, int sold_before, int sold_after)
{
    char *backup = path_join(world->till->folder.path, "backup.db");
    char sql[256];

    (void)snprintf(sql, sizeof sql, "VACUUM INTO '%s'", backup);
    fixture_sql(world->till, sql);
    for (int i = 0; i < sold_before; i++)
        fixture_commit_one(world->till, 100 + i);
    world_poke(world, AGENT_POKE_ENTRIES);
    world_drain(world, 500);
    world_kill_agent(world);
    fixture_close(world->till);
    assert_int_equal(unlink(world->till->path), 0);
    for (int i = 0; i < 2; i++) {
        char *side = mem_alloc(strlen(world->till->path) + 5);
        (void)sprintf(side, "%s%s", world->till->path, i == 0 ? "-wal" : "-shm");
        (void)unlink(side);
        free(side);
    }
    assert_int_equal(rename(backup, world->till->path), 0);
    fixture_reopen(world->till, NULL, 0); /* started without knowing the acknowledged head */
    for (int i = 0; i < sold_after; i++)
        fixture_commit_one(world->till, 200 + i);
    free(backup);
}

static void test_agent__sales_of_a_restored_till_come_as_a_branch(void **state)
{
    struct world *world = ready();
    struct fake_epoch *epoch = &world->ledger->epochs[0];
    int count;

    (void)state;
    fork_till(world, 4, 2);
    count = epoch->count;
    assert_int_equal(count, 10);
    world_start_agent(world);
    world_drain(world, 500);
    assert_int_equal(epoch->count, count);
    assert_int_equal(epoch->fork, 7);
    assert_int_equal(epoch->branch, 2);
    /* Not again after the next start. */
    world_kill_agent(world);
    world->sent_journal = 0;
    world_start_agent(world);
    world_drain(world, 500);
    assert_int_equal(world->sent_journal, 0);
    /* The till learns of its head from sync.db, opens a new epoch, and that one goes up whole. */
    {
        struct db *sync_db = NULL;
        struct chain_point *acked = NULL;
        size_t heads = 0;
        char *path = path_join(world->till->folder.path, "sync.db");
        struct error error;

        fake_ok(db_open(path, DB_READER, &sync_db, &error), &error);
        fake_ok(acked_list(sync_db, &world->till->identity.device, &world->ledger->key, &acked,
                           &heads, &error),
                &error);
        fixture_reopen(world->till, acked, heads);
        assert_true(journal_opened_anew(world->till->journal));
        free(acked);
        db_close(sync_db);
        free(path);
    }
    fixture_commit_one(world->till, 300);
    world_poke(world, AGENT_POKE_ENTRIES);
    world_drain(world, 500);
    assert_int_equal(world->ledger->epoch_count, 2);
    assert_int_equal(world->ledger->epochs[1].count, 2);
    world_free(world);
}

/* What the branch was to a ledger that has since forgotten it, is nothing to the one restored. */
static void test_agent__a_branch_is_sent_again_to_a_restored_ledger(void **state)
{
    struct world *world = ready();
    struct fake_epoch *epoch = &world->ledger->epochs[0];
    struct entropy entropy = entropy_system();

    (void)state;
    fork_till(world, 4, 2);
    world_start_agent(world);
    world_drain(world, 500);
    assert_int_equal(epoch->branch, 2);
    world_kill_agent(world);
    epoch->fork = 0;
    epoch->branch = 0;
    world->ledger->incarnation = id_random(&entropy);
    free(world->ledger->packed);
    world->ledger->packed = NULL;
    world_start_agent(world);
    world_drain(world, 1000);
    assert_int_equal(epoch->fork, 7);
    assert_int_equal(epoch->branch, 2);
    world_free(world);
}

static void test_agent__a_fork_that_is_not_taken_holds_up_nothing_else(void **state)
{
    struct world *world = ready();

    (void)state;
    world->ledger->blind_to_forks = true;
    fork_till(world, 3, 2);
    world_start_agent(world);
    world_turns(world, 60);
    fake_commit(world->ledger, 0, ITEM("Z", "Zest"));
    world_turns(world, 60);
    assert_true(agent_drained(world->agent));
    assert_non_null(strstr(view_of(world).reason, "head office"));
    world_check_replica(world);
    assert_true(world->sent_journal < 20);
    world_free(world);
}

static void test_agent__an_entry_damaged_on_the_disk_goes_as_damaged(void **state)
{
    struct world *world = ready();

    (void)state;
    world->down = true;
    for (int i = 0; i < 6; i++)
        fixture_commit_one(world->till, i);
    fixture_drop_triggers(world->till);
    fixture_sql(world->till, "UPDATE entry SET bytes = CAST('{\"v\":1}' AS BLOB)"
                             " WHERE rowid = (SELECT max(rowid) - 3 FROM entry)");
    world->down = false;
    world_poke(world, AGENT_POKE_ENTRIES);
    world_drain(world, 500);
    assert_int_equal(world->ledger->epochs[0].damaged, 1);
    finish(world);
}

static void test_agent__one_refused_entry_does_not_hold_up_those_before_it(void **state)
{
    struct world *world = ready();

    (void)state;
    world->ledger->refuse_entry = 40;
    for (int i = 0; i < 60; i++)
        fixture_commit_one(world->till, i);
    world_poke(world, AGENT_POKE_ENTRIES);
    world_turns(world, 100);
    assert_int_equal(world->ledger->epochs[0].count, 39);
    assert_int_equal(world->ledger->epochs[0].damaged, 0); /* a sound entry is never given up */
    assert_non_null(strstr(view_of(world).reason, "400"));
    world->ledger->refuse_entry = 0;
    finish(world);
}

static void test_agent__a_second_agent_is_refused_in_one_line(void **state)
{
    struct world *world = ready();
    struct agent_options options = {.folder = world->till->folder.path,
                                    .identity = &world->till->identity,
                                    .entropy = entropy_system()};
    struct agent *second = NULL;
    struct error error;

    (void)state;
    assert_int_equal(agent_create(&options, &second, &error), STATUS_BUSY);
    assert_null(second);
    assert_non_null(strstr(error.text, "sync.db is in use"));
    finish(world);
}

static void test_agent__rows_it_does_not_know_are_left_out(void **state)
{
    struct world *world = ready();
    struct fake_feed *feed = &world->ledger->feeds[0];

    (void)state;
    feed->rows[++feed->count] =
        mem_copy_text("{\"t\":\"hologram\",\"op\":\"put\",\"row\":{\"x\":1}},{\"t\":7},null,"
                      "{\"t\":\"staff\",\"op\":\"put\",\"row\":{\"id\":\"x\",\"name\":\"y\"}}");
    fake_commit(world->ledger, 0, ITEM("G", "Grape"));
    world_drain(world, 500);
    assert_true(view_of(world).up_to_date);
    assert_string_equal(view_of(world).reason, "");
    finish(world);
}

static void test_agent__a_state_for_people_is_kept(void **state)
{
    struct world *world = ready();
    struct buf report;
    json_t *object = NULL;
    struct error error;

    (void)state;
    world->down = true;
    for (int i = 0; i < 50; i++)
        world_turn(world);
    buf_init(&report, 65536);
    fake_ok(sync_db_report(world->till->folder.path, &report, &error), &error);
    fake_ok(json_read(buf_text(&report), report.used, &object, &error), &error);
    assert_false(json_bool_or(object, "online", true));
    assert_non_null(strstr(json_text_or(object, "reason", ""), "No answer"));
    assert_string_equal(json_text_or(object, "trouble", ""), "no_answer");
    assert_int_equal(json_array_size(json_object_get(object, "epochs")), 1);
    json_decref(object);
    buf_finish(&report);
    world->down = false;
    finish(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agent__first_start_brings_everything),
        cmocka_unit_test(test_agent__entries_go_up_while_the_snapshot_is_prepared),
        cmocka_unit_test(test_agent__a_lost_answer_costs_nothing),
        cmocka_unit_test(test_agent__a_gap_is_filled_from_where_the_ledger_says),
        cmocka_unit_test(test_agent__a_restored_ledger_gets_everything_again),
        cmocka_unit_test(test_agent__a_wrong_countersignature_is_not_believed),
        cmocka_unit_test(test_agent__a_wrong_clock_still_syncs),
        cmocka_unit_test(test_agent__without_a_line_it_waits_and_wakes_seldom),
        cmocka_unit_test(test_agent__an_idle_line_is_quiet),
        cmocka_unit_test(test_agent__sales_of_a_restored_till_come_as_a_branch),
        cmocka_unit_test(test_agent__a_branch_is_sent_again_to_a_restored_ledger),
        cmocka_unit_test(test_agent__a_fork_that_is_not_taken_holds_up_nothing_else),
        cmocka_unit_test(test_agent__an_entry_damaged_on_the_disk_goes_as_damaged),
        cmocka_unit_test(test_agent__one_refused_entry_does_not_hold_up_those_before_it),
        cmocka_unit_test(test_agent__a_second_agent_is_refused_in_one_line),
        cmocka_unit_test(test_agent__rows_it_does_not_know_are_left_out),
        cmocka_unit_test(test_agent__a_state_for_people_is_kept),
    };

    crypto_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
