/* What stands around the rows: epoch row, head, parent, mark, and the ledger's word.
 */
#include "terminal/journal/verify.h"

#include "tests/unit/terminal/journal/verify_fixture.h"

static void test_verify__tampered_epoch_row_is_found(void **state)
{
    static const struct {
        const char *column;
        int size;
    } columns[] = {{"epoch", ID_SIZE},
                   {"device", ID_SIZE},
                   {"epoch_key", PUBLIC_KEY_SIZE},
                   {"device_sig", SIGNATURE_SIZE}};
    struct fixture *fixture = *state;
    for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++) {
        for (int i = 1; i <= columns[c].size; i++) {
            char sql[256];
            fixture_ok(fixture, db_begin(fixture->db, &fixture->error));
            (void)snprintf(sql, sizeof sql,
                           "UPDATE epoch SET %s = CAST(substr(%s, 1, %d) ||"
                           " CASE substr(%s, %d, 1) WHEN x'55' THEN x'aa' ELSE x'55' END ||"
                           " substr(%s, %d) AS BLOB)",
                           columns[c].column, columns[c].column, i - 1, columns[c].column, i,
                           columns[c].column, i + 1);
            fixture_sql(fixture, sql);
            fixture_ok(fixture, db_commit(fixture->db, &fixture->error));
            one_fault(fixture, FAULT_ALTERED, 1, 1, columns[c].column);
            struct row row = get_row(fixture, 1);
            struct entry entry;
            struct epoch_open open;
            struct db_statement *statement;
            fixture_ok(fixture, entry_parse(row.bytes, row.length, &entry, &fixture->error));
            fixture_ok(fixture, epoch_open_get(&entry, &open, &fixture->error));
            fixture_ok(fixture, db_prepare(fixture->db,
                                           "UPDATE epoch SET epoch = ?1, device = ?2,"
                                           " epoch_key = ?3, device_sig = ?4",
                                           &statement, &fixture->error));
            db_bind_blob(statement, 1, entry.head.epoch.bytes, ID_SIZE);
            db_bind_blob(statement, 2, entry.head.device.bytes, ID_SIZE);
            db_bind_blob(statement, 3, open.epoch_key.bytes, PUBLIC_KEY_SIZE);
            db_bind_blob(statement, 4, open.device_sig.bytes, SIGNATURE_SIZE);
            fixture_ok(fixture, db_run(statement, &fixture->error));
            entry_finish(&entry);
        }
    }
    no_fault(fixture);
    fixture_sql(fixture, "DELETE FROM epoch");
    one_fault(fixture, FAULT_ALTERED, 1, 1, "no epoch row");
}

/* A whole chain by somebody else's key, with an epoch row to match. */
static void test_verify__key_that_the_device_does_not_know_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct device_identity old = fixture->identity;
    struct device_identity other;
    fixture_identity(fixture);
    other = fixture->identity;
    other.device = old.device;
    fixture_close(fixture);
    (void)unlink(fixture->path);
    free(fixture->path);
    fixture->path = path_join(fixture->folder.path, "foreign.db");
    fixture->identity = other;
    fixture_open_db(fixture, "");
    fixture_ok(fixture, fixture_open_journal(fixture, NULL, 0));
    fixture_commit_one(fixture, 1);
    fixture->identity = old;
    one_fault(fixture, FAULT_SIGNATURE, 1, 1, "another device's");
}

static void test_verify__planted_tail_and_lost_chain_row_are_found(void **state)
{
    struct fixture *fixture = *state;
    fixture_sql(fixture, "CREATE TEMP TABLE kept AS SELECT * FROM chain");
    fixture_commit_one(fixture, 10);
    fixture_sql(fixture, "DELETE FROM chain; INSERT INTO chain SELECT * FROM kept");
    one_fault(fixture, FAULT_ALTERED, ENTRIES + 1, 1, "behind the head");
    fixture_sql(fixture, "DELETE FROM chain");
    one_fault(fixture, FAULT_ALTERED, ENTRIES + 1, 1, "no head");
}

static void test_verify__rewritten_parent_is_found_by_the_child(void **state)
{
    struct fixture *fixture = *state;
    struct chain_point ahead = journal_head(fixture->journal);
    struct journal_fault want = {FAULT_FORK, 1, 1};
    struct row before = get_row(fixture, ENTRIES);
    ahead.seq++;
    fixture_reopen(fixture, &ahead, 1); /* as if restored: a second epoch upon the first */
    assert_true(journal_opened_anew(fixture->journal));
    struct journal_report report = verify(fixture, false, NULL, 0);
    assert_int_equal(report.count, 2);
    assert_true(report.ok);
    /* the first epoch's last entry, signed anew by its own key with another content */
    struct secret_key secret;
    struct public_key key;
    struct entry entry;
    struct sealed_entry sealed;
    epoch_keys(&fixture->identity.device_secret, &report.epochs[0].epoch, &key, &secret);
    journal_report_finish(&report);
    fixture_ok(fixture, entry_parse(before.bytes, before.length, &entry, &fixture->error));
    json_put_int(entry.body, "amount", 999999);
    fixture_ok(fixture, entry_seal(entry.body, &secret, &sealed, &fixture->error));
    struct row row = {.hash = sealed.hash, .signature = sealed.signature};
    row.length = sealed.length;
    memcpy(row.bytes, sealed.bytes, sealed.length);
    put_row(fixture, ENTRIES, &row);
    entry_finish(&entry);
    sealed_entry_finish(&sealed);
    fixture_sql(fixture, "UPDATE chain SET hash = (SELECT hash FROM entry WHERE id = (1 << 40 | 9))"
                         " WHERE number = 1");
    report = verify(fixture, false, NULL, 0);
    report_is(&report, 0, NULL, 0, "the parent for itself");
    report_is(&report, 1, &want, 1, "the child");
    journal_report_finish(&report);
}

/* ---- what others know ---- */

static void test_verify__cut_end_is_found_by_the_ledgers_word(void **state)
{
    struct fixture *fixture = *state;
    struct chain_point acked[2] = {{.epoch = {{7}}, .seq = 3}};
    struct journal_fault want = {FAULT_GAP, 7, 3};
    struct journal_report report;
    acked[1] = journal_head(fixture->journal);
    remove_rows(fixture, 7, ENTRIES);
    fixture_sql(fixture, "UPDATE chain SET seq = 6, hash = (SELECT hash FROM entry WHERE id ="
                         " (1 << 40 | 6))");
    no_fault(fixture); /* all traces gone: nobody here can know */
    report = verify(fixture, false, acked, 2);
    report_is(&report, 0, &want, 1, "cut");
    journal_report_finish(&report);
}

static void test_verify__other_entry_than_the_ledgers_is_a_fork(void **state)
{
    struct fixture *fixture = *state;
    struct journal_fault want = {FAULT_FORK, 5, 1};
    struct chain_point acked = {.epoch = *journal_epoch(fixture->journal), .seq = 5};
    struct row row = get_row(fixture, 5);
    acked.hash = row.hash;
    struct journal_report report = verify(fixture, false, &acked, 1);
    report_is(&report, 0, NULL, 0, "the same");
    journal_report_finish(&report);
    acked.hash.bytes[0] ^= 1;
    report = verify(fixture, false, &acked, 1);
    report_is(&report, 0, &want, 1, "another");
    journal_report_finish(&report);
}

static void test_verify__from_the_mark_only_what_is_new_is_read(void **state)
{
    struct fixture *fixture = *state;
    struct journal_report report = verify(fixture, true, NULL, 0);
    assert_int_equal(report.epochs[0].checked, ENTRIES); /* no mark yet: everything */
    fixture_ok(fixture, journal_mark_verified(fixture->db, &report, &fixture->error));
    journal_report_finish(&report);
    fixture_commit_one(fixture, 10);
    fixture_commit_one(fixture, 11);
    report = verify(fixture, true, NULL, 0);
    assert_true(report.ok);
    assert_int_equal(report.epochs[0].checked, 3); /* the mark's own entry, and two */
    assert_int_equal(report.epochs[0].entries, ENTRIES + 2);
    journal_report_finish(&report);
    /* Each of: the marked entry, its mark, what is new. */
    static const struct {
        const char *sql;
        struct journal_fault want;
    } damages[] = {
        {"UPDATE entry SET hash = zeroblob(32) WHERE id = (1 << 40 | 9)", {FAULT_ALTERED, 9, 1}},
        {"UPDATE verified SET hash = zeroblob(32)", {FAULT_FORK, 9, 1}},
        {"UPDATE verified SET seq = 15", {FAULT_GAP, 12, 4}},
        {"UPDATE entry SET hash = zeroblob(32) WHERE id = (1 << 40 | 11)", {FAULT_ALTERED, 11, 1}},
        {"DELETE FROM entry WHERE id = (1 << 40 | 9)", {FAULT_GAP, 9, 1}},
        {"DELETE FROM entry WHERE id >= (1 << 40 | 9)", {FAULT_GAP, 9, 3}},
    };
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        fixture_sql(fixture, "CREATE TEMP TABLE e AS SELECT * FROM entry;"
                             "CREATE TEMP TABLE v AS SELECT * FROM verified");
        fixture_sql(fixture, damages[i].sql);
        report = verify(fixture, i != 2, NULL, 0);
        report_is(&report, 0, &damages[i].want, 1, damages[i].sql);
        journal_report_finish(&report);
        fixture_sql(fixture, "DELETE FROM entry; INSERT INTO entry SELECT * FROM e; DROP TABLE e;"
                             "DELETE FROM verified; INSERT INTO verified SELECT * FROM v;"
                             "DROP TABLE v");
    }
    no_fault(fixture);
}

static void test_verify__faulty_epoch_gets_no_mark(void **state)
{
    struct fixture *fixture = *state;
    struct db_statement *statement;
    bool row = true;
    fixture_sql(fixture, "UPDATE entry SET hash = zeroblob(32) WHERE id = (1 << 40 | 4)");
    struct journal_report report = verify(fixture, false, NULL, 0);
    fixture_ok(fixture, journal_mark_verified(fixture->db, &report, &fixture->error));
    journal_report_finish(&report);
    fixture_ok(fixture,
               db_prepare(fixture->db, "SELECT 1 FROM verified", &statement, &fixture->error));
    fixture_ok(fixture, db_step(statement, &row, &fixture->error));
    assert_false(row);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, verify_make, verify_clear)
int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_verify__tampered_epoch_row_is_found),
        CASE(test_verify__key_that_the_device_does_not_know_is_found),
        CASE(test_verify__planted_tail_and_lost_chain_row_are_found),
        CASE(test_verify__rewritten_parent_is_found_by_the_child),
        CASE(test_verify__cut_end_is_found_by_the_ledgers_word),
        CASE(test_verify__other_entry_than_the_ledgers_is_a_fork),
        CASE(test_verify__from_the_mark_only_what_is_new_is_read),
        CASE(test_verify__faulty_epoch_gets_no_mark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
