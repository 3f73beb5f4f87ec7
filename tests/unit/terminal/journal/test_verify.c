/* Every kind of tampering, at the first, a middle and the last place, done to the rows with the
 * triggers dropped: one thing done, one fault, with its name and place.
 */
#include "terminal/journal/verify.h"

#include "tests/unit/terminal/journal/verify_fixture.h"

static void test_verify__whole_journal_has_no_fault(void **state)
{
    struct fixture *fixture = *state;
    struct journal_report report = verify(fixture, false, NULL, 0);
    struct chain_point head = journal_head(fixture->journal);
    assert_true(report.ok);
    assert_int_equal(report.count, 1);
    assert_int_equal(report.epochs[0].entries, ENTRIES);
    assert_int_equal(report.epochs[0].checked, ENTRIES);
    assert_memory_equal(&report.epochs[0].head, &head, sizeof head);
    journal_report_finish(&report);
    journal_report_finish(&report);
}

/* Every byte of bytes, hash and signature, in two ways. */
static void test_verify__every_flipped_byte_is_found_and_named(void **state)
{
    static const uint8_t masks[] = {0x01, 0x80};
    struct fixture *fixture = *state;
    for (size_t p = 0; p < PLACES; p++) {
        const struct row whole = get_row(fixture, places[p]);
        for (size_t m = 0; m < sizeof masks; m++) {
            for (size_t i = 0; i < whole.length; i++) {
                struct row row = whole;
                row.bytes[i] = (char)((uint8_t)row.bytes[i] ^ masks[m]);
                put_row(fixture, places[p], &row);
                one_fault(fixture, FAULT_ALTERED, places[p], 1, "a byte of the entry");
            }
            for (size_t i = 0; i < HASH_SIZE; i++) {
                struct row row = whole;
                row.hash.bytes[i] ^= masks[m];
                put_row(fixture, places[p], &row);
                one_fault(fixture, FAULT_ALTERED, places[p], 1, "a byte of the hash");
            }
            for (size_t i = 0; i < SIGNATURE_SIZE; i++) {
                struct row row = whole;
                row.signature.bytes[i] ^= masks[m];
                put_row(fixture, places[p], &row);
                one_fault(fixture, FAULT_SIGNATURE, places[p], 1, "a byte of the signature");
            }
        }
        put_row(fixture, places[p], &whole);
        no_fault(fixture);
    }
}

static void test_verify__cut_columns_are_found(void **state)
{
    struct fixture *fixture = *state;
    for (size_t p = 0; p < PLACES; p++) {
        const struct row whole = get_row(fixture, places[p]);
        static const struct {
            const char *set;
            enum fault_kind kind;
        } cuts[] = {{"hash = x''", FAULT_ALTERED},
                    {"hash = substr(hash, 1, 31)", FAULT_ALTERED},
                    {"signature = x''", FAULT_SIGNATURE},
                    {"signature = CAST(signature || x'00' AS BLOB)", FAULT_SIGNATURE},
                    {"bytes = x''", FAULT_ALTERED},
                    {"bytes = CAST(bytes || x'20' AS BLOB)", FAULT_ALTERED},
                    {"bytes = x'', hash = x'', signature = x''", FAULT_ALTERED}};
        for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
            char sql[160];
            (void)snprintf(sql, sizeof sql, "UPDATE entry SET %s WHERE id = %lld", cuts[i].set,
                           (long long)id_of(fixture, places[p]));
            fixture_sql(fixture, sql);
            one_fault(fixture, cuts[i].kind, places[p], 1, cuts[i].set);
            put_row(fixture, places[p], &whole);
        }
    }
}

/* Bytes changed and hashed anew: only the signature is left to tell. */
static void test_verify__rehashed_entry_is_found(void **state)
{
    struct fixture *fixture = *state;
    for (size_t p = 0; p < PLACES; p++) {
        const struct row whole = get_row(fixture, places[p]);
        struct row row = whole;
        row.bytes[row.length - 2] ^= 1;
        row.hash = entry_hash(row.bytes, row.length);
        put_row(fixture, places[p], &row);
        one_fault(fixture, FAULT_SIGNATURE, places[p], 1, "hashed anew");
        put_row(fixture, places[p], &whole);
    }
}

static void test_verify__foreign_key_is_a_signature_fault(void **state)
{
    struct fixture *fixture = *state;
    for (size_t p = 0; p < PLACES; p++) {
        const struct row whole = get_row(fixture, places[p]);
        struct row row = whole;
        row.signature = sign_bytes(row.hash.bytes, HASH_SIZE, &fixture->ledger_secret);
        put_row(fixture, places[p], &row);
        one_fault(fixture, FAULT_SIGNATURE, places[p], 1, "foreign key");
        put_row(fixture, places[p], &whole);
    }
}

static void test_verify__removed_entries_are_one_gap(void **state)
{
    struct fixture *fixture = *state;
    struct row whole[ENTRIES + 1];
    for (int64_t seq = 1; seq <= ENTRIES; seq++)
        whole[seq] = get_row(fixture, seq);
    for (int64_t first = 1; first <= ENTRIES; first++) {
        for (int64_t last = first; last <= ENTRIES; last++) {
            remove_rows(fixture, first, last);
            one_fault(fixture, FAULT_GAP, first, last - first + 1, "removed");
            for (int64_t seq = first; seq <= last; seq++)
                put_row(fixture, seq, &whole[seq]);
        }
    }
    no_fault(fixture);
}

static void test_verify__swapped_pair_is_one_order_fault(void **state)
{
    struct fixture *fixture = *state;
    for (int64_t a = 1; a <= ENTRIES; a++) {
        for (int64_t b = a + 1; b <= ENTRIES; b++) {
            const struct row first = get_row(fixture, a), second = get_row(fixture, b);
            put_row(fixture, a, &second);
            put_row(fixture, b, &first);
            one_fault(fixture, FAULT_ORDER, a, 1, "swapped");
            put_row(fixture, a, &first);
            put_row(fixture, b, &second);
        }
    }
    no_fault(fixture);
}

static void test_verify__copied_entry_is_an_order_fault(void **state)
{
    struct fixture *fixture = *state;
    for (size_t p = 0; p < PLACES; p++) {
        const struct row whole = get_row(fixture, places[p]), other = get_row(fixture, 3);
        put_row(fixture, places[p], &other);
        one_fault(fixture, FAULT_ORDER, places[p], 1, "copied");
        put_row(fixture, places[p], &whole);
    }
}

static void test_verify__joined_histories_are_a_fork(void **state)
{
    struct fixture *fixture = *state;
    struct row whole[ENTRIES + 1];
    struct hash wrong = {{1, 2, 3}};
    for (int64_t seq = 1; seq <= ENTRIES; seq++)
        whole[seq] = get_row(fixture, seq);
    for (int64_t seq = 1; seq <= ENTRIES; seq++) {
        rewrite_from(fixture, seq, wrong, 0);
        one_fault(fixture, FAULT_FORK, seq, 1, "joined");
        for (int64_t i = 1; i <= ENTRIES; i++)
            put_row(fixture, i, &whole[i]);
    }
}

/* Only a broken till could do this: its clock of entries went back. */
static void test_verify__hlc_that_does_not_grow_is_an_order_fault(void **state)
{
    struct fixture *fixture = *state;
    struct row fourth = get_row(fixture, 4);
    struct entry entry;
    fixture_ok(fixture, entry_parse(fourth.bytes, fourth.length, &entry, &fixture->error));
    rewrite_from(fixture, 5, fourth.hash, entry.head.hlc + 1);
    no_fault(fixture);
    rewrite_from(fixture, 5, fourth.hash, entry.head.hlc);
    one_fault(fixture, FAULT_ORDER, 5, 1, "the same hlc");
    rewrite_from(fixture, 5, fourth.hash, 1);
    one_fault(fixture, FAULT_ORDER, 5, 1, "a lower hlc");
    entry_finish(&entry);
}

/* Two tills went on from one copy; the rows of the one are put behind those of the other. */
static void test_verify__clones_rows_are_a_fork(void **state)
{
    struct fixture *fixture = *state;
    struct row ours[ENTRIES + 4];
    for (int64_t seq = 1; seq <= ENTRIES; seq++)
        ours[seq] = get_row(fixture, seq);
    remove_rows(fixture, 4, ENTRIES);
    struct db_statement *statement;
    fixture_ok(fixture, db_prepare(fixture->db,
                                   "UPDATE chain SET seq = 3, hash = ?1, hlc = 1,"
                                   " totals_seq = 1",
                                   &statement, &fixture->error));
    db_bind_blob(statement, 1, ours[3].hash.bytes, HASH_SIZE);
    fixture_ok(fixture, db_run(statement, &fixture->error));
    fixture_reopen(fixture, NULL, 0);
    for (int i = 4; i <= ENTRIES; i++)
        fixture_commit_one(fixture, 1000 + i);
    no_fault(fixture);
    struct row theirs = get_row(fixture, 5);
    put_row(fixture, 4, &ours[4]);
    one_fault(fixture, FAULT_FORK, 5, 1, "the fifth follows another fourth");
    put_row(fixture, 5, &ours[5]);
    one_fault(fixture, FAULT_FORK, 6, 1, "the sixth follows another fifth");
    for (int i = 6; i <= ENTRIES; i++)
        put_row(fixture, i, &ours[i]);
    one_fault(fixture, FAULT_FORK, ENTRIES, 1, "whole, but not the head that was written");
    put_row(fixture, 5, &theirs);
    struct journal_fault want[] = {{FAULT_FORK, 5, 1}, {FAULT_FORK, 6, 1}};
    struct journal_report report = verify(fixture, false, NULL, 0);
    report_is(&report, 0, want, 2, "one of theirs among ours");
    journal_report_finish(&report);
}

static void test_verify__several_faults_are_all_told(void **state)
{
    struct fixture *fixture = *state;
    struct journal_fault want[] = {
        {FAULT_GAP, 2, 2}, {FAULT_ALTERED, 5, 1}, {FAULT_ORDER, 6, 1}, {FAULT_SIGNATURE, 8, 1}};
    struct row row = get_row(fixture, 5), six = get_row(fixture, 6), seven = get_row(fixture, 7);
    struct row eight = get_row(fixture, 8);
    remove_rows(fixture, 2, 3);
    row.bytes[200] ^= 1;
    put_row(fixture, 5, &row);
    put_row(fixture, 6, &seven);
    put_row(fixture, 7, &six);
    eight.signature.bytes[3] ^= 1;
    put_row(fixture, 8, &eight);
    struct journal_report report = verify(fixture, false, NULL, 0);
    report_is(&report, 0, want, 4, "several");
    journal_report_finish(&report);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, verify_make, verify_clear)
int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_verify__whole_journal_has_no_fault),
        CASE(test_verify__every_flipped_byte_is_found_and_named),
        CASE(test_verify__cut_columns_are_found),
        CASE(test_verify__rehashed_entry_is_found),
        CASE(test_verify__foreign_key_is_a_signature_fault),
        CASE(test_verify__removed_entries_are_one_gap),
        CASE(test_verify__swapped_pair_is_one_order_fault),
        CASE(test_verify__copied_entry_is_an_order_fault),
        CASE(test_verify__joined_histories_are_a_fork),
        CASE(test_verify__hlc_that_does_not_grow_is_an_order_fault),
        CASE(test_verify__clones_rows_are_a_fork),
        CASE(test_verify__several_faults_are_all_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
