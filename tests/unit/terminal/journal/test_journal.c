#include "terminal/journal/journal.h"

#include "tests/unit/terminal/journal/journal_look.h"

#include <sys/resource.h>

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

static int64_t ask(struct fixture *fixture, const char *sql)
{
    struct db_statement *statement;
    bool row = false;
    int64_t value;
    fixture_ok(fixture, db_prepare(fixture->db, sql, &statement, &fixture->error));
    fixture_ok(fixture, db_step(statement, &row, &fixture->error));
    assert_true(row);
    value = db_int(statement, 0);
    db_reset(statement);
    return value;
}

/* ---- opening and appending ---- */

static void test_journal__first_opening_writes_epoch_open(void **state)
{
    struct fixture *fixture = *state;
    struct seen seen = read_epoch(fixture, journal_epoch(fixture->journal), 0, 10, 1 << 20);
    struct epoch_open open;
    struct device_identity *identity = &fixture->identity;
    assert_true(journal_opened_anew(fixture->journal));
    assert_int_equal(journal_head(fixture->journal).seq, 1);
    assert_int_equal(seen.count, 1);
    assert_int_equal(epoch_open_get(&seen.opening, &open, NULL), STATUS_OK);
    assert_string_equal(open.reason, "enrolled");
    assert_string_equal(open.location, "S01");
    assert_string_equal(open.till, "T01");
    assert_false(open.has_parent);
    assert_string_equal(seen.opening.head.business_date, "2026-11-21");
    assert_true(epoch_key_vouched(&identity->device, journal_epoch(fixture->journal),
                                  &open.epoch_key, &open.device_sig, &identity->device_key));
    assert_int_equal(strlen(journal_epoch_tag(fixture->journal)), 3);
    entry_finish(&seen.opening);
    verify_is(fixture, true);
}

static void test_journal__reopening_goes_on_with_the_epoch(void **state)
{
    struct fixture *fixture = *state;
    struct chain_point head;
    for (int i = 0; i < 5; i++)
        fixture_commit_one(fixture, i);
    head = journal_head(fixture->journal);
    fixture_reopen(fixture, NULL, 0);
    assert_false(journal_opened_anew(fixture->journal));
    struct chain_point again = journal_head(fixture->journal);
    assert_memory_equal(&again, &head, sizeof head);
    fixture_commit_one(fixture, 6);
    assert_int_equal(journal_head(fixture->journal).seq, 7);
    verify_is(fixture, true);
}

static void test_journal__rollback_takes_the_head_back(void **state)
{
    struct fixture *fixture = *state;
    struct chain_point before = journal_head(fixture->journal), after;
    for (int round = 0; round < 2; round++) {
        fixture_ok(fixture, db_begin(fixture->db, &fixture->error));
        fixture_append(fixture, 1);
        fixture_append(fixture, 2);
        assert_int_equal(journal_head(fixture->journal).seq, before.seq + 2);
        journal_rollback(fixture->journal);
        after = journal_head(fixture->journal);
        assert_memory_equal(&after, &before, sizeof before);
    }
    fixture_commit_one(fixture, 3);
    assert_int_equal(journal_head(fixture->journal).seq, before.seq + 1);
    assert_int_equal(ask(fixture, "SELECT count(*) FROM entry"), 2);
    verify_is(fixture, true);
}

static void test_journal__several_entries_share_a_transaction(void **state)
{
    struct fixture *fixture = *state;
    fixture_ok(fixture, db_begin(fixture->db, &fixture->error));
    for (int i = 0; i < 4; i++)
        fixture_append(fixture, i);
    fixture_ok(fixture, journal_commit(fixture->journal, &fixture->error));
    assert_int_equal(journal_head(fixture->journal).seq, 5);
    verify_is(fixture, true);
}

static void test_journal__stale_or_foreign_entry_is_refused(void **state)
{
    struct fixture *fixture = *state;
    json_t *stale = fixture_start(fixture, "no_sale");
    json_t *changed;
    fixture_commit_one(fixture, 1);
    fixture_ok(fixture, db_begin(fixture->db, &fixture->error));
    assert_int_equal(journal_append(fixture->journal, stale, NULL, NULL, &fixture->error),
                     STATUS_INVALID);
    changed = fixture_start(fixture, "no_sale");
    json_put_int(changed, "seq", 9);
    assert_int_equal(journal_append(fixture->journal, changed, NULL, NULL, &fixture->error),
                     STATUS_INVALID);
    journal_rollback(fixture->journal);
    json_decref(stale);
    json_decref(changed);
    assert_int_equal(ask(fixture, "SELECT count(*) FROM entry"), 2);
}

static void test_journal__second_writer_is_noticed_before_anything_is_appended(void **state)
{
    struct fixture *fixture = *state;
    struct journal *mine = fixture->journal;
    json_t *entry = fixture_start(fixture, "no_sale");
    fixture_ok(fixture, fixture_open_journal(fixture, NULL, 0)); /* another upon the same file */
    fixture_commit_one(fixture, 1);
    fixture_ok(fixture, db_begin(fixture->db, &fixture->error));
    assert_int_not_equal(journal_append(mine, entry, NULL, NULL, &fixture->error), STATUS_OK);
    journal_rollback(mine);
    fixture_sql(fixture, "DROP TRIGGER entry_insert; DROP TRIGGER entry_delete;"
                         "DELETE FROM entry WHERE id = (SELECT max(id) FROM entry)");
    fixture_ok(fixture, db_begin(fixture->db, &fixture->error));
    assert_int_equal(journal_append(mine, entry, NULL, NULL, &fixture->error), STATUS_CONFLICT);
    journal_rollback(mine);
    json_decref(entry);
    journal_close(mine);
}

static void test_journal__too_large_entry_is_refused_whole(void **state)
{
    struct fixture *fixture = *state;
    char *text = mem_alloc(ENTRY_MAX_BYTES + 1);
    json_t *entry = fixture_start(fixture, "adjust");
    memset(text, 'x', ENTRY_MAX_BYTES);
    json_put_text(entry, "reason", text);
    fixture_ok(fixture, db_begin(fixture->db, &fixture->error));
    assert_int_equal(journal_append(fixture->journal, entry, NULL, NULL, &fixture->error),
                     STATUS_RANGE);
    journal_rollback(fixture->journal);
    json_decref(entry);
    free(text);
    fixture_commit_one(fixture, 1);
    verify_is(fixture, true);
}

static void test_journal__rows_refuse_update_delete_and_replace(void **state)
{
    static const char *const attempts[] = {
        "UPDATE entry SET bytes = x'00'",
        "UPDATE entry SET id = id + 1",
        "DELETE FROM entry",
        "INSERT OR REPLACE INTO entry SELECT id, hash, signature, x'00' FROM entry",
        "REPLACE INTO entry SELECT * FROM entry",
        "UPDATE epoch SET epoch_key = x'00'",
        "DELETE FROM epoch",
    };
    struct fixture *fixture = *state;
    fixture_commit_one(fixture, 1);
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        if (db_exec(fixture->db, attempts[i], &fixture->error) == STATUS_OK)
            fail_msg("went through: %s", attempts[i]);
    }
    verify_is(fixture, true);
}

static void test_journal__clock_set_back_keeps_the_order(void **state)
{
    struct fixture *fixture = *state;
    fixture_commit_one(fixture, 1);
    fixture->now_ms -= 86400000;
    fixture_commit_one(fixture, 2);
    fixture_reopen(fixture, NULL, 0);
    fixture->now_ms -= 86400000;
    fixture_commit_one(fixture, 3);
    verify_is(fixture, true); /* order of hlc is part of it */
}

static void test_journal__perpetual_totals_live_on(void **state)
{
    struct fixture *fixture = *state;
    append_sale(fixture, 250);
    append_sale(fixture, 100);
    fixture_commit_one(fixture, 1);
    fixture_reopen(fixture, NULL, 0);
    struct perpetual totals = journal_perpetual(fixture->journal);
    assert_int_equal(totals.sales, 2);
    assert_int_equal(totals.sales_minor, 350);
    fixture_ok(fixture, db_begin(fixture->db, &fixture->error));
    json_t *entry = fixture_start(fixture, "sale");
    totals.sales = 99;
    perpetual_put(entry, &totals);
    fixture_ok(fixture, journal_append(fixture->journal, entry, &totals, NULL, &fixture->error));
    json_decref(entry);
    assert_int_equal(journal_perpetual(fixture->journal).sales, 99);
    journal_rollback(fixture->journal);
    assert_int_equal(journal_perpetual(fixture->journal).sales, 2);
}

static void test_journal__damaged_head_is_found_at_opening(void **state)
{
    static const char *const damages[] = {
        "UPDATE entry SET hash = zeroblob(32) WHERE id = (SELECT max(id) FROM entry)",
        "UPDATE entry SET signature = x'00' WHERE id = (SELECT max(id) FROM entry)",
        "UPDATE entry SET signature = randomblob(64) WHERE id = (SELECT max(id) FROM entry)",
        "DELETE FROM entry WHERE id = (SELECT max(id) FROM entry)",
        "INSERT INTO entry SELECT id + 1, hash, signature, bytes FROM entry"
        " ORDER BY id DESC LIMIT 1",
        "UPDATE chain SET seq = seq - 1",
        "UPDATE chain SET hash = zeroblob(32)",
        "UPDATE entry SET hash = zeroblob(32); UPDATE chain SET hash = zeroblob(32)",
        "UPDATE chain SET sales_minor = sales_minor + 1",
        "UPDATE chain SET totals_seq = 1",
        "DELETE FROM chain",
        "UPDATE epoch SET epoch_key = zeroblob(32)",
    };
    struct fixture *fixture = *state;
    append_sale(fixture, 100);
    fixture_drop_triggers(fixture);
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        journal_close(fixture->journal);
        fixture->journal = NULL;
        fixture_ok(fixture, db_begin(fixture->db, &fixture->error));
        fixture_sql(fixture, damages[i]);
        /* what opening sees inside the transaction, which is then undone */
        if (fixture_open_journal(fixture, NULL, 0) != STATUS_CORRUPT)
            fail_msg("not found: %s", damages[i]);
        db_rollback(fixture->db);
        fixture_ok(fixture, fixture_open_journal(fixture, NULL, 0));
    }
}

/* Bytes that rotted do not keep a shop from selling: the recorded hash carries the chain. */
static void test_journal__rotten_last_entry_does_not_stop_the_till(void **state)
{
    struct fixture *fixture = *state;
    struct verify_options options = {.device_key = &fixture->identity.device_key};
    struct journal_report report;
    append_sale(fixture, 100);
    fixture_drop_triggers(fixture);
    fixture_sql(fixture, "UPDATE entry SET bytes = substr(bytes, 2)"
                         " WHERE id = (SELECT max(id) FROM entry)");
    fixture_reopen(fixture, NULL, 0);
    assert_false(journal_opened_anew(fixture->journal));
    assert_int_equal(journal_perpetual(fixture->journal).sales_minor, 100);
    append_sale(fixture, 50);
    fixture_ok(fixture, journal_verify(fixture->db, &options, &report, &fixture->error));
    assert_int_equal(report.epochs[0].fault_count, 1);
    assert_int_equal(report.epochs[0].faults[0].kind, FAULT_ALTERED);
    assert_int_equal(report.epochs[0].faults[0].seq, 2);
    journal_report_finish(&report);
}

static void test_journal__a_lost_sale_does_not_stop_the_till(void **state)
{
    struct fixture *fixture = *state;

    append_sale(fixture, 100);
    fixture_commit_one(fixture, 1);
    fixture_drop_triggers(fixture);
    fixture_sql(fixture, "DELETE FROM entry WHERE id = (SELECT max(id) - 1 FROM entry)");
    fixture_reopen(fixture, NULL, 0);
    assert_false(journal_opened_anew(fixture->journal));
    assert_int_equal(journal_perpetual(fixture->journal).sales_minor, 100);
    append_sale(fixture, 50);
    assert_int_equal(journal_perpetual(fixture->journal).sales_minor, 150);
}

/* ---- a disk that refuses ---- */

static void test_journal__failed_commit_takes_the_head_back_and_trusts_nothing(void **state)
{
    struct fixture *fixture = *state;
    fixture_commit_one(fixture, 1);
    fixture_close(fixture);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {40000, 40000}; /* no room for the WAL of a large entry */
        char *text = mem_alloc(60001);
        struct chain_point before;
        bool right;
        memset(text, 'x', 60000);
        (void)signal(SIGXFSZ, SIG_IGN);
        fixture_reopen(fixture, NULL, 0);
        before = journal_head(fixture->journal);
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
            _exit(2);
        json_t *entry = fixture_start(fixture, "adjust");
        json_put_text(entry, "reason", text);
        right = db_begin(fixture->db, NULL) == STATUS_OK &&
                journal_append(fixture->journal, entry, NULL, NULL, NULL) == STATUS_OK &&
                journal_commit(fixture->journal, NULL) == STATUS_IO &&
                journal_head(fixture->journal).seq == before.seq &&
                !db_in_transaction(fixture->db) && db_begin(fixture->db, NULL) == STATUS_OK &&
                journal_append(fixture->journal, entry, NULL, NULL, NULL) == STATUS_IO;
        _exit(right ? 0 : 1);
    }
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 0);
    fixture_ok(fixture, db_open(fixture->path, DB_OWNER_FULL, &fixture->db, &fixture->error));
    fixture_ok(fixture, fixture_open_journal(fixture, NULL, 0));
    fixture_commit_one(fixture, 2);
    verify_is(fixture, true);
}

/* ---- reading ---- */

static void test_journal__reading_is_bounded_by_count_and_bytes(void **state)
{
    struct fixture *fixture = *state;
    const struct id *epoch = journal_epoch(fixture->journal);
    struct seen seen;
    size_t two;
    for (int i = 0; i < 9; i++)
        fixture_commit_one(fixture, 100 + i);
    seen = read_epoch(fixture, epoch, 1, 100, 1 << 20);
    assert_int_equal(seen.first, 2);
    assert_int_equal(seen.last, 10);
    seen = read_epoch(fixture, epoch, 3, 4, 1 << 20);
    assert_int_equal(seen.first, 4);
    assert_int_equal(seen.last, 7);
    two = read_epoch(fixture, epoch, 1, 2, 1 << 20).bytes;
    assert_int_equal(read_epoch(fixture, epoch, 1, 100, two).count, 2);
    assert_int_equal(read_epoch(fixture, epoch, 1, 100, two - 1).count, 1);
    assert_int_equal(read_epoch(fixture, epoch, 1, 100, 0).count, 1);
    assert_int_equal(read_epoch(fixture, epoch, 10, 100, 1 << 20).count, 0);
    assert_int_equal(read_epoch(fixture, epoch, 1, 0, 1 << 20).count, 0);
    seen = (struct seen){.stop_after = 3};
    fixture_ok(fixture,
               journal_read(fixture->db, epoch, 1, 100, 1 << 20, see, &seen, &fixture->error));
    assert_int_equal(seen.count, 3);
    assert_false(db_in_transaction(fixture->db));
    assert_int_equal(journal_read(fixture->db, &(struct id){{1}}, 0, 1, 1, see, &seen, NULL),
                     STATUS_NOT_FOUND);
}

static enum status refuse(void *context, const struct stored_entry *entry)
{
    (void)context;
    (void)entry;
    return STATUS_NETWORK;
}

static void test_journal__visitors_failure_comes_out(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(journal_read(fixture->db, journal_epoch(fixture->journal), 0, 9, 999, refuse,
                                  NULL, &fixture->error),
                     STATUS_NETWORK);
    assert_false(db_in_transaction(fixture->db));
    fixture_commit_one(fixture, 1);
}

static void test_journal__a_reader_sees_what_is_committed(void **state)
{
    struct fixture *fixture = *state;
    struct db *reader;
    struct seen seen = {0};
    fixture_commit_one(fixture, 1);
    fixture_ok(fixture, db_open(fixture->path, DB_READER, &reader, &fixture->error));
    fixture_ok(fixture, db_begin(fixture->db, &fixture->error));
    fixture_append(fixture, 2);
    fixture_ok(fixture, journal_read(reader, journal_epoch(fixture->journal), 1, 9, 1 << 20, see,
                                     &seen, &fixture->error));
    assert_int_equal(seen.last, 2);
    fixture_ok(fixture, journal_commit(fixture->journal, &fixture->error));
    seen = (struct seen){0};
    fixture_ok(fixture, journal_read(reader, journal_epoch(fixture->journal), 1, 9, 1 << 20, see,
                                     &seen, &fixture->error));
    assert_int_equal(seen.last, 3);
    db_close(reader);
}

static enum status collect_side(void *context, int64_t seq, const char *json)
{
    struct buf *out = context;
    return buf_printf(out, "%lld%s", (long long)seq, json);
}

static void test_journal__side_records_go_and_the_chain_stays(void **state)
{
    struct fixture *fixture = *state;
    struct buf seen;
    json_t *body = json_object();
    buf_init(&seen, 4096);
    json_put_text(body, "pseudonym", "p1");
    fixture_ok(fixture, db_begin(fixture->db, &fixture->error));
    fixture_append(fixture, 1);
    fixture_ok(fixture, journal_put_side(fixture->journal, 2, "p1", body, &fixture->error));
    fixture_append(fixture, 2);
    fixture_ok(fixture, journal_put_side(fixture->journal, 3, "p1", body, &fixture->error));
    fixture_ok(fixture, journal_put_side(fixture->journal, 3, "p2", body, &fixture->error));
    fixture_ok(fixture, journal_commit(fixture->journal, &fixture->error));
    const struct id *epoch = journal_epoch(fixture->journal);
    fixture_ok(fixture,
               journal_read_side(fixture->db, epoch, 1, 2, collect_side, &seen, &fixture->error));
    assert_string_equal(buf_text(&seen), "2{\"pseudonym\":\"p1\"}");
    fixture_ok(fixture, journal_erase_side(fixture->db, "p1", &fixture->error));
    buf_clear(&seen);
    fixture_ok(fixture,
               journal_read_side(fixture->db, epoch, 1, 9, collect_side, &seen, &fixture->error));
    assert_string_equal(buf_text(&seen), "3{\"pseudonym\":\"p1\"}");
    verify_is(fixture, true);
    json_decref(body);
    buf_finish(&seen);
}

static void test_journal__epochs_that_cannot_be_read_leave_nothing_to_free(void **state)
{
    struct fixture *fixture = *state;
    struct journal_epoch_info rubbish;
    struct journal_epoch_info *epochs = &rubbish;
    struct error error;
    size_t count = 7;

    assert_int_equal(db_exec(fixture->db, "ALTER TABLE entry RENAME TO gone", &error), STATUS_OK);
    assert_int_not_equal(journal_epochs(fixture->db, &epochs, &count, &error), STATUS_OK);
    assert_null(epochs);
    assert_int_equal(count, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make, clear)
int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_journal__first_opening_writes_epoch_open),
        CASE(test_journal__reopening_goes_on_with_the_epoch),
        CASE(test_journal__rollback_takes_the_head_back),
        CASE(test_journal__several_entries_share_a_transaction),
        CASE(test_journal__stale_or_foreign_entry_is_refused),
        CASE(test_journal__second_writer_is_noticed_before_anything_is_appended),
        CASE(test_journal__too_large_entry_is_refused_whole),
        CASE(test_journal__rows_refuse_update_delete_and_replace),
        CASE(test_journal__clock_set_back_keeps_the_order),
        CASE(test_journal__perpetual_totals_live_on),
        CASE(test_journal__a_lost_sale_does_not_stop_the_till),
        CASE(test_journal__damaged_head_is_found_at_opening),
        CASE(test_journal__rotten_last_entry_does_not_stop_the_till),
        CASE(test_journal__failed_commit_takes_the_head_back_and_trusts_nothing),
        CASE(test_journal__reading_is_bounded_by_count_and_bytes),
        CASE(test_journal__visitors_failure_comes_out),
        CASE(test_journal__a_reader_sees_what_is_committed),
        CASE(test_journal__side_records_go_and_the_chain_stays),
        CASE(test_journal__epochs_that_cannot_be_read_leave_nothing_to_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
