/* The way down, step by step: snapshots that are cut, damaged, replaced or too old, and the files
 * that they leave.
 */
#include "tests/unit/sync/agent/ready.h"

static void test_agent__a_compacted_feed_means_a_new_snapshot(void **state)
{
    struct world *world = ready();

    (void)state;
    fake_commit(world->ledger, 0, ITEM("D", "Dates"));
    world->ledger->feeds[0].floor = world->ledger->feeds[0].count;
    free(world->ledger->packed);
    world->ledger->packed = NULL;
    world_turns(world, 100);
    assert_int_equal(world->pokes_replica, 2);
    finish(world);
}

static void test_agent__a_new_replica_is_never_older_than_the_old(void **state)
{
    struct world *world = ready();

    (void)state;
    /* The snapshot on offer is of the start; changes since then must be in before the switch. */
    for (int i = 0; i < 30; i++)
        fake_commit(world->ledger, 0, ITEM("E", "Egg"));
    world_turns(world, 30);
    world_drain(world, 500);
    world->ledger->page = 4;
    world->ledger->feeds[3].floor = 1; /* customers: a cursor of 0 is below it */
    world->ledger->feeds[3].rows[1] =
        mem_copy_text("{\"t\":\"customer\",\"op\":\"put\",\"row\":{\"id\":\"c\",\"name\":\"Cy\"}}");
    world->ledger->feeds[3].count = 1;
    /* A snapshot with the customer's cursor, made before the next items. */
    fake_ok(db_exec(world->ledger->db, "INSERT INTO customer(id, name) VALUES('c', 'Cy')", NULL),
            &world->till->error);
    fake_make_snapshot(world->ledger);
    for (int i = 0; i < 30; i++)
        fake_commit(world->ledger, 0, ITEM("F", "Fig"));
    world_turns(world, 200);
    assert_int_equal(world->pokes_replica, 2);
    finish(world);
}

static void test_agent__a_cut_snapshot_goes_on_where_it_was(void **state)
{
    struct world *world = world_make(3);
    int64_t size;

    (void)state;
    for (int i = 0; i < 200; i++) {
        char row[256];
        (void)snprintf(
            row, sizeof row,
            "{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"N%d\",\"name\":\"%x %x\"}}", i,
            world_random(world, 1u << 30), world_random(world, 1u << 30));
        fake_commit(world->ledger, 0, row);
    }
    fake_make_snapshot(world->ledger);
    size = (int64_t)world->ledger->packed_size;
    assert_true(size > 4 * WORLD_CHUNK);
    world->cut_stream = 300;
    world_start_agent(world);
    for (int i = 0; i < 5000 && !view_of(world).has_replica; i++) {
        if (world->sent_bytes % 3 == 2) { /* and sometimes the agent is killed in between */
            world->sent_bytes++;
            world_kill_agent(world);
            world_start_agent(world);
        }
        world_turn(world);
    }
    assert_true(world->sent_bytes > 2);
    assert_int_equal(world->bytes_streamed, size); /* no byte came twice */
    world->cut_stream = 0;
    finish(world);
}

static void test_agent__a_damaged_snapshot_is_fetched_anew(void **state)
{
    struct world *world = world_make(4);

    (void)state;
    fake_commit(world->ledger, 0, ITEM("A", "Apple"));
    fake_make_snapshot(world->ledger);
    world->ledger->packed[world->ledger->packed_size / 2] ^= 1;
    world_start_agent(world);
    for (int i = 0; i < 300 && world->sent_bytes < 3; i++)
        world_turn(world);
    assert_false(view_of(world).has_replica);
    assert_non_null(strstr(view_of(world).reason, "damaged"));
    world->ledger->packed[world->ledger->packed_size / 2] ^= 1;
    finish(world);
}

/* Sound by itself and signed by the ledger, but not the bytes that were signed. */
static void test_agent__a_snapshot_with_another_hash_is_not_used(void **state)
{
    struct world *world = world_make(8);
    struct snapshot_answer *manifest = &world->ledger->manifest;
    struct snapshot_answer right;

    (void)state;
    fake_commit(world->ledger, 0, ITEM("A", "Apple"));
    fake_make_snapshot(world->ledger);
    right = *manifest;
    manifest->sha256.bytes[0] ^= 1;
    manifest->signature =
        countersign_snapshot(manifest->id, &manifest->sha256, &world->ledger->secret);
    world_start_agent(world);
    for (int i = 0; i < 300 && world->sent_bytes < 2; i++)
        world_turn(world);
    assert_int_equal(world->pokes_replica, 0);
    assert_non_null(strstr(view_of(world).reason, "the hash is another"));
    *manifest = right;
    finish(world);
}

static void test_agent__a_server_without_ranges_starts_the_snapshot_over(void **state)
{
    struct world *world = world_make(9);

    (void)state;
    for (int i = 0; i < 100; i++) {
        char row[256];
        (void)snprintf(row, sizeof row,
                       "{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"N%d\",\"name\":\"%x\"}}",
                       i, world_random(world, 1u << 30));
        fake_commit(world->ledger, 0, row);
    }
    fake_make_snapshot(world->ledger);
    world->ledger->ignore_range = true;
    world_start_agent(world);
    for (int i = 0; i < 300 && world->bytes_streamed < 2 * WORLD_CHUNK; i++)
        world_turn(world);
    world->cut_stream = 1000;
    world_turn(world);
    world->cut_stream = 0;
    world_drain(world, 500);
    assert_int_equal(world->pokes_replica, 1);
    assert_int_equal(world->bytes_streamed, 2 * WORLD_CHUNK + (int64_t)world->ledger->packed_size);
    finish(world);
}

/* A feed that is shorter than what it gave before, under the same incarnation, is a broken ledger.
 */
static void test_agent__a_replica_is_not_replaced_by_an_older_one(void **state)
{
    struct world *world = ready();
    struct fake_feed *feed = &world->ledger->feeds[0];

    (void)state;
    fake_make_snapshot(world->ledger);
    fake_commit(world->ledger, 0, ITEM("D", "Dates"));
    world_turns(world, 20);
    world_drain(world, 200);
    feed->count--;
    world_turns(world, 200);
    assert_int_equal(world->pokes_replica, 1);
    assert_non_null(strstr(view_of(world).reason, "older"));
    feed->count++;
    finish(world);
}

static void test_agent__a_snapshot_that_another_key_signed_is_not_taken(void **state)
{
    struct world *world = world_make(5);
    const struct entropy entropy = entropy_system();
    struct public_key stranger;
    struct secret_key stranger_secret;
    struct signature right;

    (void)state;
    fake_commit(world->ledger, 0, ITEM("A", "Apple"));
    fake_make_snapshot(world->ledger);
    right = world->ledger->manifest.signature;
    key_pair(&entropy, &stranger, &stranger_secret);
    world->ledger->manifest.signature = countersign_snapshot(
        world->ledger->manifest.id, &world->ledger->manifest.sha256, &stranger_secret);
    world_start_agent(world);
    world_turns(world, 100);
    assert_int_equal(world->sent_bytes, 0);
    assert_non_null(strstr(view_of(world).reason, "signature"));
    world->ledger->manifest.signature = right;
    finish(world);
}

static void test_agent__a_snapshot_that_vanished_is_asked_for_again(void **state)
{
    struct world *world = world_make(6);

    (void)state;
    fake_commit(world->ledger, 0, ITEM("A", "Apple"));
    fake_make_snapshot(world->ledger);
    world->cut_stream = 1000;
    world_start_agent(world);
    for (int i = 0; i < 300 && world->sent_bytes < 1; i++)
        world_turn(world);
    assert_false(view_of(world).has_replica);
    world->cut_stream = 0;
    fake_make_snapshot(world->ledger); /* another id */
    world_drain(world, 2000);
    assert_true(view_of(world).has_replica);
    finish(world);
}

/* Nothing breaks the line, so nobody says that entries are missing: the snapshot does. */
static void test_agent__a_ledger_restored_while_it_prepares_gets_its_entries_again(void **state)
{
    struct world *world = world_make(8);

    (void)state;
    world->ledger->prepare = 100000;
    for (int i = 0; i < 5; i++)
        fixture_commit_one(world->till, i);
    world_start_agent(world);
    for (int i = 0; i < 500 && fake_total(world->ledger) < 6; i++)
        world_turn(world);
    assert_int_equal(fake_total(world->ledger), 6);
    world_turns(world, 5);
    world->ledger->incarnation.bytes[0] ^= 1;
    world->ledger->epochs[0].count -= 2;
    world->ledger->prepare = 0;
    world_turns(world, 300);
    assert_int_equal(fake_total(world->ledger), 6);
    finish(world);
}

static void test_agent__old_replicas_go_when_no_till_reads_them(void **state)
{
    struct world *world = ready();
    struct replica *reader = NULL;
    char *first = path_join(world->till->folder.path, "replica-1.db");
    bool changed = false;
    struct error error;

    (void)state;
    fake_ok(replica_open_reader(world->till->folder.path, &reader, &error), &error);
    assert_string_equal(replica_name(reader), "replica-1.db");
    /* A reader holds the file only once it has read. */
    fake_ok(db_exec(replica_db(reader), "SELECT count(*) FROM item", &error), &error);
    fake_commit(world->ledger, 0, ITEM("D", "Dates"));
    world->ledger->feeds[0].floor = world->ledger->feeds[0].count;
    free(world->ledger->packed);
    world->ledger->packed = NULL;
    world_turns(world, 100);
    assert_int_equal(world->pokes_replica, 2);
    assert_true(file_exists(first));
    fake_ok(replica_refresh(reader, &changed, &error), &error);
    assert_true(changed);
    world_poke(world, AGENT_POKE_REPLICA);
    assert_false(file_exists(first));
    replica_close(reader);
    free(first);
    finish(world);
}

static void test_agent__leftovers_of_a_killed_run_go_at_the_start(void **state)
{
    struct world *world = ready();
    char *half = path_join(world->till->folder.path, "replica-9.db");
    char *part = path_join(world->till->folder.path, "snapshot-x.part");

    (void)state;
    world_kill_agent(world);
    assert_int_equal(file_write_durable(half, "half", 4, 0600, NULL), STATUS_OK);
    assert_int_equal(file_write_durable(part, "part", 4, 0600, NULL), STATUS_OK);
    world_start_agent(world);
    assert_false(file_exists(half));
    assert_false(file_exists(part));
    free(half);
    free(part);
    finish(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agent__a_compacted_feed_means_a_new_snapshot),
        cmocka_unit_test(test_agent__a_new_replica_is_never_older_than_the_old),
        cmocka_unit_test(test_agent__a_cut_snapshot_goes_on_where_it_was),
        cmocka_unit_test(test_agent__a_damaged_snapshot_is_fetched_anew),
        cmocka_unit_test(test_agent__a_snapshot_with_another_hash_is_not_used),
        cmocka_unit_test(test_agent__a_server_without_ranges_starts_the_snapshot_over),
        cmocka_unit_test(test_agent__a_replica_is_not_replaced_by_an_older_one),
        cmocka_unit_test(test_agent__a_snapshot_that_another_key_signed_is_not_taken),
        cmocka_unit_test(test_agent__a_snapshot_that_vanished_is_asked_for_again),
        cmocka_unit_test(test_agent__a_ledger_restored_while_it_prepares_gets_its_entries_again),
        cmocka_unit_test(test_agent__old_replicas_go_when_no_till_reads_them),
        cmocka_unit_test(test_agent__leftovers_of_a_killed_run_go_at_the_start),
    };

    crypto_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
