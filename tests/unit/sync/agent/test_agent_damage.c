/* What a disk can do to the rows of till.db: nothing of it stops the upload, the chain goes on, and
 * every sound entry arrives as it was signed.
 */
#include "tests/unit/sync/agent/ready.h"

/* Entries up to `seq`, committed while nothing gets through; then the triggers are gone. */
static struct world *offline_world(int entries)
{
    struct world *world = ready();

    world->down = true;
    for (int i = 0; i < entries; i++)
        fixture_commit_one(world->till, 1000 + i);
    fixture_drop_triggers(world->till);
    return world;
}

static void online(struct world *world)
{
    world->down = false;
    world_poke(world, AGENT_POKE_ENTRIES);
    world_drain(world, 1000);
}

static void spoil(struct world *world, const char *set, int64_t from, int64_t to)
{
    char sql[256];

    (void)snprintf(sql, sizeof sql,
                   "UPDATE entry SET %s WHERE (id & 1099511627775) BETWEEN %lld AND %lld", set,
                   (long long)from, (long long)to);
    fixture_sql(world->till, sql);
}

static void lose(struct world *world, int64_t from, int64_t to)
{
    char sql[256];

    (void)snprintf(sql, sizeof sql,
                   "DELETE FROM entry WHERE (id & 1099511627775) BETWEEN %lld AND %lld",
                   (long long)from, (long long)to);
    fixture_sql(world->till, sql);
}

static struct hash recorded(struct world *world, int64_t seq)
{
    struct db_statement *statement;
    struct hash hash;
    struct error error;
    size_t length;
    bool row;

    fake_ok(db_prepare(world->till->db, "SELECT hash FROM entry WHERE (id & 1099511627775) = ?1",
                       &statement, &error),
            &error);
    db_bind_int(statement, 1, seq);
    fake_ok(db_step(statement, &row, &error), &error);
    assert_true(row);
    memcpy(hash.bytes, db_blob(statement, 0, &length), HASH_SIZE);
    db_reset(statement);
    return hash;
}

static struct hash at_ledger(const struct world *world, int64_t seq)
{
    return world->ledger->epochs[0].hashes[seq - 1];
}

static void test_damage__a_missing_row_goes_as_lost_and_the_chain_goes_on(void **state)
{
    struct world *world = offline_world(20);
    struct hash hash = recorded(world, 12);
    struct hash there;

    (void)state;
    lose(world, 12, 12);
    online(world);
    there = at_ledger(world, 12);
    assert_int_equal(world->ledger->epochs[0].damaged, 1);
    assert_true(hash_equal(&there, &hash)); /* the next entry's word for it */
    assert_int_equal(world->ledger->epochs[0].count, 26);
    finish(world);
}

static void test_damage__a_run_of_missing_rows(void **state)
{
    struct world *world = offline_world(600);
    struct hash hash = recorded(world, 303);
    struct hash there;

    (void)state;
    lose(world, 9, 303);
    online(world);
    there = at_ledger(world, 303);
    assert_int_equal(world->ledger->epochs[0].damaged, 295);
    assert_true(hash_equal(&there, &hash));
    finish(world);
}

static void test_damage__altered_bytes_keep_the_recorded_hash(void **state)
{
    struct world *world = offline_world(20);
    struct hash hash = recorded(world, 12);
    struct hash there;

    (void)state;
    spoil(world, "bytes = CAST('{\"v\":1}' AS BLOB)", 12, 12);
    online(world);
    there = at_ledger(world, 12);
    assert_int_equal(world->ledger->epochs[0].damaged, 1);
    assert_true(hash_equal(&there, &hash));
    finish(world);
}

/* The entry itself is whole: nothing is given up for a wrong byte beside it. */
static void test_damage__a_wrong_recorded_hash_loses_nothing(void **state)
{
    struct world *world = offline_world(20);
    struct hash hash = recorded(world, 12);
    struct hash there;

    (void)state;
    spoil(world, "hash = zeroblob(32)", 12, 12);
    online(world);
    there = at_ledger(world, 12);
    assert_int_equal(world->ledger->epochs[0].damaged, 0);
    assert_true(hash_equal(&there, &hash));
    finish(world);
}

static void test_damage__a_broken_signature_travels_with_those_that_follow(void **state)
{
    struct world *world = offline_world(20);

    (void)state;
    spoil(world, "signature = zeroblob(3)", 12, 12);
    online(world);
    assert_int_equal(world->ledger->epochs[0].damaged, 0);
    assert_int_equal(world->ledger->epochs[0].count, 26);
    finish(world);
}

static void test_damage__everything_of_a_row_is_wrong(void **state)
{
    struct world *world = offline_world(20);
    struct hash hash = recorded(world, 13);
    struct hash there;

    (void)state;
    spoil(world, "bytes = x'00', hash = x'01', signature = x'02'", 12, 13);
    online(world);
    there = at_ledger(world, 13);
    assert_int_equal(world->ledger->epochs[0].damaged, 2);
    assert_true(hash_equal(&there, &hash));
    finish(world);
}

static void test_damage__an_entry_too_large_for_the_wire(void **state)
{
    struct world *world = offline_world(20);

    (void)state;
    spoil(world, "bytes = zeroblob(300000)", 12, 12);
    online(world);
    assert_int_equal(world->ledger->epochs[0].damaged, 1);
    finish(world);
}

/* Nobody vouches for the last row: it waits, said in words, and goes with the next one. */
static void test_damage__at_the_end_it_waits_for_the_next_entry(void **state)
{
    struct world *world = offline_world(4);
    struct fake_epoch *epoch = &world->ledger->epochs[0];
    int64_t last = journal_head(world->till->journal).seq;

    (void)state;
    spoil(world, "bytes = x'00', signature = x'02'", last, last);
    world->down = false;
    world_poke(world, AGENT_POKE_ENTRIES);
    world_turns(world, 200);
    assert_int_equal(epoch->count, last - 1);
    assert_non_null(strstr(view_of(world).reason, "vouches"));
    fixture_commit_one(world->till, 7);
    world_poke(world, AGENT_POKE_ENTRIES);
    world_turns(world, 200);
    assert_int_equal(epoch->count, last + 1);
    assert_int_equal(epoch->damaged, 1);
    finish(world);
}

static void test_damage__side_records_of_a_lost_entry_still_travel(void **state)
{
    struct world *world = offline_world(6);
    int64_t last = journal_head(world->till->journal).seq;

    (void)state;
    lose(world, last - 2, last - 2);
    online(world);
    assert_int_equal(world->ledger->epochs[0].count, last);
    finish(world);
}

/* A page of the file is garbage: SQLite itself can't read those rows. */
static void test_damage__a_page_that_can_not_be_read(void **state)
{
    struct world *world = offline_world(200);
    struct fixture *till = world->till;
    struct buf file;
    struct error error;
    char *found = NULL;
    int64_t last = journal_head(till->journal).seq;

    (void)state;
    fixture_sql(till, "PRAGMA wal_checkpoint(TRUNCATE)");
    buf_init(&file, (size_t)16 << 20);
    fake_ok(file_read(till->path, &file, &error), &error);
    for (size_t at = 0; !found && at + 13 < file.used; at++) {
        if (memcmp(file.data + at, "\"amount\":1100", 13) == 0)
            found = file.data + at;
    }
    assert_non_null(found);
    found = file.data + ((size_t)(found - file.data) & ~(size_t)4095);
    memset(found, 0xA5, 4096);
    fixture_close(till);
    fake_ok(file_write_durable(till->path, file.data, file.used, 0600, &error), &error);
    buf_finish(&file);
    fixture_ok(till, db_open(till->path, DB_OWNER_FULL, &till->db, &till->error));
    online(world);
    assert_int_equal(world->ledger->epochs[0].count, last);
    assert_in_range(world->ledger->epochs[0].damaged, 1, 60);
    world_free(world);
}

/* A batch of one is out, the file is gone (a backup is being put back), and no answer comes. */
static void test_damage__an_unanswered_entry_whose_file_is_gone_waits_for_the_file(void **state)
{
    struct world *world = ready();
    char *path = path_join(world->till->folder.path, "till.db");
    char *aside = path_join(world->till->folder.path, "aside.db");

    (void)state;
    fixture_commit_one(world->till, 1);
    world_poke(world, AGENT_POKE_ENTRIES);
    assert_int_equal(world_journal_out(world), 1);
    assert_int_equal(rename(path, aside), 0);
    world_poke(world, AGENT_POKE_ENTRIES);
    world->down = true;
    world_turns(world, 20);
    assert_int_equal(world_journal_out(world), 0);
    world->down = false;
    assert_int_equal(rename(aside, path), 0);
    free(path);
    free(aside);
    finish(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damage__a_missing_row_goes_as_lost_and_the_chain_goes_on),
        cmocka_unit_test(test_damage__a_run_of_missing_rows),
        cmocka_unit_test(test_damage__altered_bytes_keep_the_recorded_hash),
        cmocka_unit_test(test_damage__a_wrong_recorded_hash_loses_nothing),
        cmocka_unit_test(test_damage__a_broken_signature_travels_with_those_that_follow),
        cmocka_unit_test(test_damage__everything_of_a_row_is_wrong),
        cmocka_unit_test(test_damage__an_entry_too_large_for_the_wire),
        cmocka_unit_test(test_damage__at_the_end_it_waits_for_the_next_entry),
        cmocka_unit_test(test_damage__side_records_of_a_lost_entry_still_travel),
        cmocka_unit_test(test_damage__a_page_that_can_not_be_read),
        cmocka_unit_test(test_damage__an_unanswered_entry_whose_file_is_gone_waits_for_the_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
