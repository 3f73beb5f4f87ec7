/* A till whose file is older than what the ledger knows, or that has a twin.
 */
#include "terminal/journal/journal.h"

#include "tests/unit/terminal/journal/journal_look.h"

static int make(void **state)
{
    *state = fixture_make("");
    return 0;
}

static int clear(void **state)
{
    fixture_free(*state);
    return 0;
}

static void copy_file(const char *from, const char *to)
{
    struct buf bytes;
    buf_init(&bytes, 64 << 20);
    assert_int_equal(file_read(from, &bytes, NULL), STATUS_OK);
    assert_int_equal(file_write_durable(to, bytes.data, bytes.used, 0600, NULL), STATUS_OK);
    buf_finish(&bytes);
}

/* till.db as a backup would have it, all in one file. */
static char *backup(struct fixture *fixture)
{
    char *path = path_join(fixture->folder.path, "backup.db");
    fixture_sql(fixture, "PRAGMA wal_checkpoint(TRUNCATE)");
    copy_file(fixture->path, path);
    return path;
}

static void restore(struct fixture *fixture, char *path, const struct chain_point *acked,
                    size_t count)
{
    char *wal = path_join(fixture->folder.path, "till.db-wal");
    char *shm = path_join(fixture->folder.path, "till.db-shm");
    fixture_close(fixture);
    (void)unlink(wal);
    (void)unlink(shm);
    copy_file(path, fixture->path);
    fixture_ok(fixture, db_open(fixture->path, DB_OWNER_FULL, &fixture->db, &fixture->error));
    fixture_ok(fixture, fixture_open_journal(fixture, acked, count));
    free(wal);
    free(shm);
    free(path);
}

static struct epoch_open opening_of(struct fixture *fixture)
{
    struct seen seen = read_epoch(fixture, journal_epoch(fixture->journal), 0, 1, 1 << 20);
    struct epoch_open open;
    assert_int_equal(epoch_open_get(&seen.opening, &open, NULL), STATUS_OK);
    entry_finish(&seen.opening);
    return open;
}

static void test_journal__restored_till_opens_a_new_epoch(void **state)
{
    struct fixture *fixture = *state;
    struct chain_point at_backup, acked[2];
    struct epoch_open open;
    char tag[EPOCH_TAG_SIZE];
    append_sale(fixture, 500);
    at_backup = journal_head(fixture->journal);
    char *path = backup(fixture);
    append_sale(fixture, 700);
    acked[0] = journal_head(fixture->journal);
    memcpy(tag, journal_epoch_tag(fixture->journal), sizeof tag);
    restore(fixture, path, acked, 1);
    assert_true(journal_opened_anew(fixture->journal));
    assert_int_equal(journal_head(fixture->journal).seq, 1);
    assert_int_equal(journal_epoch_number(fixture->journal), 2);
    assert_string_not_equal(tag, journal_epoch_tag(fixture->journal));
    open = opening_of(fixture);
    assert_string_equal(open.reason, "restored");
    assert_true(open.has_parent);
    assert_memory_equal(&open.parent, &at_backup, sizeof at_backup);
    assert_int_equal(open.perpetual.sales_minor, 500);
    fixture_commit_one(fixture, 1);
    verify_is(fixture, true);
    /* The old epoch stays behind what the ledger knows for ever; that is no news. */
    acked[1] = journal_head(fixture->journal);
    fixture_reopen(fixture, acked, 2);
    assert_false(journal_opened_anew(fixture->journal));
    struct verify_options options = {
        .device_key = &fixture->identity.device_key, .acked = acked, .acked_count = 2};
    struct journal_report report;
    fixture_ok(fixture, journal_verify(fixture->db, &options, &report, &fixture->error));
    assert_true(report.ok);
    assert_int_equal(report.count, 2);
    journal_report_finish(&report);
}

static void test_journal__cloned_till_opens_a_new_epoch(void **state)
{
    struct fixture *fixture = *state;
    struct chain_point acked, local;
    fixture_commit_one(fixture, 1);
    char *path = backup(fixture);
    fixture_commit_one(fixture, 2);
    acked = journal_head(fixture->journal);
    restore(fixture, path, NULL, 0);
    assert_false(journal_opened_anew(fixture->journal));
    fixture_commit_one(fixture, 3); /* another entry at the same place */
    fixture_commit_one(fixture, 4);
    local = journal_head(fixture->journal);
    fixture_reopen(fixture, &acked, 1);
    assert_true(journal_opened_anew(fixture->journal));
    struct epoch_open open = opening_of(fixture);
    assert_memory_equal(&open.parent, &local, sizeof local);
    verify_is(fixture, true);
}

static void test_journal__lost_till_db_names_what_the_ledger_knows(void **state)
{
    struct fixture *fixture = *state;
    struct chain_point acked;
    struct epoch_open open;
    fixture_commit_one(fixture, 1);
    acked = journal_head(fixture->journal);
    fixture_close(fixture);
    free(fixture->path);
    fixture->path = path_join(fixture->folder.path, "new.db");
    fixture_open_db(fixture, "");
    fixture_ok(fixture, fixture_open_journal(fixture, &acked, 1));
    open = opening_of(fixture);
    assert_string_equal(open.reason, "restored");
    assert_memory_equal(&open.parent, &acked, sizeof acked);
    assert_int_equal(open.perpetual.sales, 0);
    verify_is(fixture, true);
}

static void test_journal__acked_heads_that_are_here_change_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct chain_point acked[2];
    acked[0] = (struct chain_point){.epoch = {{9}}, .seq = 40}; /* of a clone: not ours to judge */
    fixture_commit_one(fixture, 1);
    acked[1] = journal_head(fixture->journal);
    fixture_commit_one(fixture, 2);
    fixture_reopen(fixture, acked, 2);
    assert_false(journal_opened_anew(fixture->journal));
}

static void test_journal__standing_is_told_for_each_case(void **state)
{
    struct fixture *fixture = *state;
    enum journal_standing standing;
    struct chain_point point;
    fixture_commit_one(fixture, 1);
    point = journal_head(fixture->journal);
    fixture_ok(fixture, journal_compare(fixture->db, &point, &standing, &fixture->error));
    assert_int_equal(standing, JOURNAL_HOLDS);
    point.seq++;
    fixture_ok(fixture, journal_compare(fixture->db, &point, &standing, &fixture->error));
    assert_int_equal(standing, JOURNAL_BEHIND);
    point.seq = 1;
    fixture_ok(fixture, journal_compare(fixture->db, &point, &standing, &fixture->error));
    assert_int_equal(standing, JOURNAL_DIFFERS);
    point.epoch.bytes[0] ^= 1;
    fixture_ok(fixture, journal_compare(fixture->db, &point, &standing, &fixture->error));
    assert_int_equal(standing, JOURNAL_UNKNOWN);
}

/* The row is gone; what follows it still says which entry that was. */
static void test_journal__destroyed_entry_is_known_by_the_next(void **state)
{
    struct fixture *fixture = *state;
    enum journal_standing standing;
    struct chain_point lost, other;
    fixture_commit_one(fixture, 1);
    lost = other = journal_head(fixture->journal);
    other.hash.bytes[3] ^= 1;
    fixture_commit_one(fixture, 2);
    fixture_sql(fixture, "DROP TRIGGER entry_delete");
    fixture_sql(fixture, "DELETE FROM entry WHERE id & 1099511627775 = 2");
    fixture_ok(fixture, journal_compare(fixture->db, &lost, &standing, &fixture->error));
    assert_int_equal(standing, JOURNAL_HOLDS);
    fixture_ok(fixture, journal_compare(fixture->db, &other, &standing, &fixture->error));
    assert_int_equal(standing, JOURNAL_DIFFERS);
    /* A word that nothing vouches for is none. */
    fixture_sql(fixture, "DROP TRIGGER entry_update");
    fixture_sql(fixture, "UPDATE entry SET bytes = CAST(replace(CAST(bytes AS TEXT), 'hlc', 'hld') "
                         "AS BLOB) WHERE id & 1099511627775 = 3");
    fixture_ok(fixture, journal_compare(fixture->db, &lost, &standing, &fixture->error));
    assert_int_equal(standing, JOURNAL_BEHIND);
}

static void test_journal__epochs_are_listed_with_their_heads(void **state)
{
    struct fixture *fixture = *state;
    struct journal_epoch_info *infos = NULL;
    size_t count = 0;
    struct chain_point head;
    fixture_commit_one(fixture, 1);
    head = journal_head(fixture->journal);
    fixture_ok(fixture, journal_epochs(fixture->db, &infos, &count, &fixture->error));
    assert_int_equal(count, 1);
    assert_int_equal(infos[0].head_seq, 2);
    assert_memory_equal(&infos[0].head_hash, &head.hash, HASH_SIZE);
    assert_memory_equal(&infos[0].epoch, &head.epoch, ID_SIZE);
    free(infos);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make, clear)
int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_journal__restored_till_opens_a_new_epoch),
        CASE(test_journal__cloned_till_opens_a_new_epoch),
        CASE(test_journal__lost_till_db_names_what_the_ledger_knows),
        CASE(test_journal__acked_heads_that_are_here_change_nothing),
        CASE(test_journal__standing_is_told_for_each_case),
        CASE(test_journal__destroyed_entry_is_known_by_the_next),
        CASE(test_journal__epochs_are_listed_with_their_heads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
