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

static json_t *report_of(struct world *world)
{
    struct buf text;
    json_t *report = NULL;
    struct error error;

    buf_init(&text, 65536);
    fake_ok(sync_db_report(world->till->folder.path, &text, &error), &error);
    fake_ok(json_read(buf_text(&text), text.used, &report, &error), &error);
    buf_finish(&text);
    return report;
}

/* The oldest entry that waits keeps its time while others come after it; and each scope has one. */
static void test_back__status_tells_ages(void **state)
{
    struct world *world = ready();
    int64_t first_ms = 0;
    json_t *report;

    (void)state;
    world->down = true;
    for (int i = 0; i < 3; i++) {
        world->till->now_ms += 60000;
        fixture_commit_one(world->till, i);
        first_ms = i == 0 ? world->till->now_ms : first_ms;
        world_poke(world, AGENT_POKE_ENTRIES);
        world_turns(world, 60);
    }
    report = report_of(world);
    assert_int_equal(json_int_or(report, "queue", 0), 3);
    assert_int_equal(json_int_or(report, "oldest_ms", 0), first_ms);
    assert_int_equal(json_array_size(json_object_get(report, "scopes")), 5);
    for (size_t i = 0; i < 5; i++) {
        const json_t *scope = json_array_get(json_object_get(report, "scopes"), i);
        assert_true(json_int_or(scope, "as_of_ms", 0) > 0);
    }
    json_decref(report);
    /* An agent that starts without a line counts by what the ledger said last. */
    world_kill_agent(world);
    fixture_commit_one(world->till, 3);
    world_start_agent(world);
    world_turns(world, 10);
    assert_int_equal(view_of(world).queue, 4);
    world->down = false;
    world_drain(world, 2000);
    report = report_of(world);
    assert_int_equal(json_int_or(report, "queue", 1), 0);
    assert_null(json_object_get(report, "oldest_ms"));
    json_decref(report);
    finish(world);
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

static void refuse(struct world *world, const char *path, int status, int64_t retry_ms)
{
    static const char body[] = "{\"error\":\"busy\",\"message\":\"not now\"}";
    struct flight *flight = flight_to(world, path);
    struct agent_event event = {.kind = AGENT_ANSWERED,
                                .call = flight->call,
                                .status = status,
                                .retry_ms = retry_ms,
                                .bytes = body,
                                .length = sizeof body - 1};

    flight_clear(flight);
    world_step(world, &event);
}

static void rename_till(struct world *world, const char *from, const char *to)
{
    static const char *const tails[] = {"", "-wal", "-shm"};

    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        char old[256], new[256];

        (void)snprintf(old, sizeof old, "%s/%s%s", world->till->folder.path, from, tails[i]);
        (void)snprintf(new, sizeof new, "%s/%s%s", world->till->folder.path, to, tails[i]);
        assert_int_equal(rename(old, new), 0);
    }
}

/* Something else stands where till.db was: nothing of it is counted or sent, it is told, and the
 * journal goes up once it is there again. */
static void test_back__a_till_db_that_does_not_open_is_waited_for(void **state)
{
    struct world *world = sending();
    char *path = path_join(world->till->folder.path, "till.db");
    struct error error;

    (void)state;
    rename_till(world, "till.db", "aside.db");
    fake_ok(file_write_durable(path, "no database at all", 18, 0600, &error), &error);
    refuse(world, "/v1/journal", 503, 0); /* it is to be read and sent again */
    for (int i = 0; i < 3; i++) {
        world_poke(world, AGENT_POKE_ENTRIES);
        world_turns(world, 30);
        assert_int_equal(view_of(world).queue, -1);
        assert_non_null(strstr(view_of(world).reason, "Reading the journal failed"));
    }
    world_kill_agent(world);
    world_start_agent(world);
    world_turns(world, 100);
    assert_int_equal(view_of(world).queue, -1);
    rename_till(world, "aside.db", "till.db");
    world_poke(world, AGENT_POKE_ENTRIES);
    world_drain(world, 2000);
    check_all(world);
    finish(world);
    free(path);
}

/* Retry-After of 429 and 503: nothing is sent again before, though entries come; downloads go on.
 * One that would send the till to sleep is cut to five minutes. */
static void test_back__an_answer_that_names_a_pause_is_obeyed(void **state)
{
    static const struct {
        int status;
        int64_t asked_ms, paused_ms;
    } pauses[] = {{503, 90000, 90000}, {429, 90000, 90000}, {503, 86400000, 300000}};

    (void)state;
    for (size_t i = 0; i < sizeof pauses / sizeof pauses[0]; i++) {
        struct world *world = sending();
        int sent = world->sent_journal, asked = world->sent_changes;
        int64_t until = world->mono_ms + pauses[i].paused_ms;

        refuse(world, "/v1/journal", pauses[i].status, pauses[i].asked_ms);
        fixture_commit_one(world->till, 100);
        world_poke(world, AGENT_POKE_ENTRIES);
        assert_non_null(strstr(view_of(world).reason, "busy"));
        fake_commit(world->ledger, 0, ITEM("P", "Pear"));
        while (world->sent_journal == sent)
            world_turn(world);
        assert_true(world->mono_ms >= until);
        assert_true(world->mono_ms < until + 60000); /* and of its own accord soon after */
        assert_true(world->sent_changes > asked);
        finish(world);
    }
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
        cmocka_unit_test(test_back__status_tells_ages),
        cmocka_unit_test(test_back__a_till_db_that_does_not_open_is_waited_for),
        cmocka_unit_test(test_back__an_answer_that_names_a_pause_is_obeyed),
        cmocka_unit_test(test_back__versions_that_are_too_far_apart_are_told),
        cmocka_unit_test(test_back__a_replica_that_is_no_database_is_fetched_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
