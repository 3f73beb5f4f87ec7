/* What has come back and what has not: a run that ends when all is done, a ledger that forgot what
 * it acknowledged, a replica of an earlier program, one that can't be read.
 */
#include "tests/unit/sync/agent/ready.h"

#include "sync/agent/sync_db.h"

static struct flight *flight_to(struct world *world, const char *path)
{
    for (int i = 0; i < WORLD_FLIGHTS; i++) {
        if (world->flights[i].call != 0 && strcmp(world->flights[i].request.path, path) == 0)
            return &world->flights[i];
    }
    fail_msg("nothing is out to %s", path);
    return NULL;
}

/* One entry on its way up, a change poll hanging. */
static struct world *sending(void)
{
    struct world *world = ready();

    fixture_commit_one(world->till, 99);
    world_poke(world, AGENT_POKE_ENTRIES);
    (void)flight_to(world, "/v1/journal");
    (void)flight_to(world, "/v1/changes");
    assert_false(agent_drained(world->agent));
    return world;
}

/* The ledger has the batch; its answer is kept back. */
static struct flight take_batch(struct world *world, struct fake_answer *answer)
{
    struct flight *flight = flight_to(world, "/v1/journal");
    struct flight sent = *flight;

    fake_handle(world->ledger, &flight->request, answer);
    assert_int_equal(answer->status, 200);
    for (int i = 0; i < 3; i++)
        free(flight->copies[i]);
    memset(flight, 0, sizeof *flight);
    return sent;
}

static void give_answer(struct world *world, const struct flight *sent, struct fake_answer *answer)
{
    struct agent_event event = {.kind = AGENT_ANSWERED,
                                .call = sent->call,
                                .status = answer->status,
                                .bytes = buf_text(&answer->body),
                                .length = answer->body.used};

    world_step(world, &event);
    buf_finish(&answer->body);
}

static void test_back__rows_before_the_head_are_not_waited_for_again(void **state)
{
    struct world *world = sending();
    struct fake_answer answer;
    struct flight sent = take_batch(world, &answer);
    int asked;

    (void)state;
    world_answer(world, flight_to(world, "/v1/changes"));
    asked = world->sent_changes;
    assert_false(agent_drained(world->agent));
    give_answer(world, &sent, &answer);
    assert_true(agent_drained(world->agent));
    assert_int_equal(world->sent_changes, asked);
    finish(world);
}

static void test_back__a_head_before_its_rows_is_waited_for(void **state)
{
    struct world *world = sending();
    struct fake_answer answer;
    struct flight sent = take_batch(world, &answer);

    (void)state;
    give_answer(world, &sent, &answer);
    assert_int_equal(view_of(world).queue, 0);
    assert_false(agent_drained(world->agent));
    world_answer(world, flight_to(world, "/v1/changes"));
    assert_true(agent_drained(world->agent));
    finish(world);
}

/* A copy of the ledger's database was put back by hand: the same incarnation, but less. */
static void test_back__a_ledger_that_forgot_gets_its_entries_and_gives_its_rows(void **state)
{
    struct world *world = ready();
    struct fake_ledger *ledger = world->ledger;
    struct error error;

    (void)state;
    fake_commit(ledger, 0, ITEM("D", "Dates"));
    fixture_commit_one(world->till, 99);
    world_poke(world, AGENT_POKE_ENTRIES);
    world_drain(world, 500);
    world_turns(world, 20);
    ledger->epochs[0].count--;
    free(ledger->feeds[0].rows[ledger->feeds[0].count--]);
    fake_ok(db_exec(ledger->db, "DELETE FROM item WHERE sku = 'D'", &error), &error);
    free(ledger->packed);
    ledger->packed = NULL;
    world_kill_agent(world);
    world_start_agent(world);
    world_drain(world, 2000);
    check_all(world);
    finish(world);
}

/* Neither the ledger nor this disk has the epoch any more: it is said once, not at each greeting.
 */
static void test_back__an_epoch_that_nobody_has_is_told_once(void **state)
{
    struct world *world = ready();
    const struct entropy entropy = fixture_entropy(world->till);
    struct head gone = {.epoch = id_random(&entropy), .seq = 7};
    struct sync_db *sync;
    struct error error;
    int made = world->ledger->snapshots;

    (void)state;
    world_kill_agent(world);
    countersign_head(&world->ledger->device, &gone, &world->ledger->secret);
    fake_ok(sync_db_open(world->till->folder.path, &sync, &error), &error);
    fake_ok(sync_db_put_heads(sync, &world->ledger->device, &gone, 1, &error), &error);
    sync_db_close(sync);
    for (int i = 0; i < 3; i++) {
        free(world->ledger->packed);
        world->ledger->packed = NULL;
        world_start_agent(world);
        world_drain(world, 2000);
        assert_int_equal(world->ledger->snapshots, made + 1);
        world_kill_agent(world);
    }
    world_start_agent(world);
    finish(world);
}

static void spoil_replica(struct world *world, const char *sql)
{
    char name[REPLICA_NAME_SIZE];
    struct error error;
    struct db *db;
    char *path;

    world_kill_agent(world);
    fake_ok(replica_pointer_read(world->till->folder.path, name, &error), &error);
    path = path_join(world->till->folder.path, name);
    fake_ok(db_open(path, DB_OWNER_NORMAL, &db, &error), &error);
    fake_ok(db_exec(db, sql, &error), &error);
    db_close(db);
    free(path);
}

/* It is usable at once, and the rows that it lacks come with a new snapshot. */
static void test_back__a_replica_of_an_earlier_program(void **state)
{
    struct world *world = ready();
    int made = world->ledger->snapshots;

    (void)state;
    fake_commit(world->ledger, 4,
                "{\"t\":\"pickup_order\",\"op\":\"put\",\"row\":{\"location\":\"S01\","
                "\"channel\":\"web\",\"id\":\"W-1\"}}");
    world_drain(world, 200);
    world_turns(world, 20);
    spoil_replica(world, "DROP TABLE pickup_order; DROP TABLE pickup_line; DROP TABLE stock_rule;"
                         "DROP TABLE branch_mark");
    free(world->ledger->packed);
    world->ledger->packed = NULL;
    world_start_agent(world);
    assert_true(view_of(world).has_replica);
    world_drain(world, 2000);
    assert_int_equal(world->ledger->snapshots, made + 1);
    check_all(world);
    world_kill_agent(world);
    world_start_agent(world); /* and not once more */
    world_drain(world, 2000);
    assert_int_equal(world->ledger->snapshots, made + 1);
    finish(world);
}

static void test_back__a_replica_that_is_no_database_is_fetched_anew(void **state)
{
    struct world *world = ready();
    char name[REPLICA_NAME_SIZE];
    struct error error;
    char *path;

    (void)state;
    world_kill_agent(world);
    fake_ok(replica_pointer_read(world->till->folder.path, name, &error), &error);
    path = path_join(world->till->folder.path, name);
    fake_ok(file_write_durable(path, "no database at all", 18, 0600, &error), &error);
    free(path);
    world_start_agent(world);
    world_drain(world, 2000);
    check_all(world);
    finish(world);
}

/* A ledger of a later program serves this agent as its neighbour; one that is too far ahead says
 * so, and nothing is lost until the programs are updated. */
static void test_back__versions_that_are_too_far_apart_are_told(void **state)
{
    struct world *world = ready();

    (void)state;
    world->ledger->oldest = MESSAGE_VERSION;
    world->ledger->newest = MESSAGE_VERSION + 2;
    fixture_commit_one(world->till, 1);
    world_poke(world, AGENT_POKE_ENTRIES);
    world_drain(world, 500);
    world->ledger->oldest = MESSAGE_VERSION + 1;
    fixture_commit_one(world->till, 2);
    world_poke(world, AGENT_POKE_ENTRIES);
    world_turns(world, 100);
    assert_non_null(strstr(view_of(world).reason, "too far apart in age"));
    assert_int_equal(view_of(world).queue, 1);
    world->ledger->oldest = 1;
    finish(world);
    assert_true(message_version_fits(MESSAGE_VERSION - 1));
    assert_true(message_version_fits(MESSAGE_VERSION + 1));
    assert_false(message_version_fits(MESSAGE_VERSION + 2));
    assert_false(message_version_fits(message_version_read("x")));
    assert_int_equal(message_version_read(NULL), 1);
}

/* What --status shows while nothing gets through: the queue grows before one's eyes, with a reason.
 */
static void test_back__status_counts_offline_too(void **state)
{
    struct world *world = ready();
    struct buf text;
    struct error error;

    (void)state;
    world->down = true;
    for (int i = 0; i < 37; i++)
        fixture_commit_one(world->till, i);
    world_poke(world, AGENT_POKE_ENTRIES);
    world_turns(world, 60);
    buf_init(&text, 65536);
    fake_ok(sync_db_report(world->till->folder.path, &text, &error), &error);
    assert_non_null(strstr(buf_text(&text), "\"queue\":37"));
    assert_non_null(strstr(buf_text(&text), "No answer from the ledger"));
    assert_non_null(strstr(buf_text(&text), "\"bytes_received\":"));
    buf_finish(&text);
    world->down = false;
    finish(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_back__rows_before_the_head_are_not_waited_for_again),
        cmocka_unit_test(test_back__a_head_before_its_rows_is_waited_for),
        cmocka_unit_test(test_back__a_ledger_that_forgot_gets_its_entries_and_gives_its_rows),
        cmocka_unit_test(test_back__an_epoch_that_nobody_has_is_told_once),
        cmocka_unit_test(test_back__a_replica_of_an_earlier_program),
        cmocka_unit_test(test_back__status_counts_offline_too),
        cmocka_unit_test(test_back__versions_that_are_too_far_apart_are_told),
        cmocka_unit_test(test_back__a_replica_that_is_no_database_is_fetched_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
