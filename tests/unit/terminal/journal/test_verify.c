/* Every kind of tampering, at the first, a middle and the last place, done to the rows with the
 * triggers dropped: one thing done, one fault, with its name and place.
 */
#include "terminal/journal/verify.h"

#include "tests/unit/terminal/journal/journal_fixture.h"

#define ENTRIES 9
static const int64_t places[] = {1, 5, ENTRIES};
#define PLACES (sizeof places / sizeof places[0])

static int make(void **state)
{
    struct fixture *fixture = fixture_make("");
    for (int i = 2; i <= ENTRIES; i++)
        fixture_commit_one(fixture, i);
    fixture_drop_triggers(fixture);
    *state = fixture;
    return 0;
}

static int clear(void **state)
{
    fixture_free(*state);
    return 0;
}

/* ---- an attacker's hands ---- */

struct row {
    struct hash hash;
    struct signature signature;
    char bytes[2048];
    size_t length;
};

static int64_t id_of(const struct fixture *fixture, int64_t seq)
{
    (void)fixture;
    return INT64_C(1) << 40 | seq;
}

static struct row get_row(struct fixture *fixture, int64_t seq)
{
    struct db_statement *statement;
    struct row row;
    bool there = false;
    size_t length;
    fixture_ok(fixture,
               db_prepare(fixture->db, "SELECT hash, signature, bytes FROM entry WHERE id = ?1",
                          &statement, &fixture->error));
    db_bind_int(statement, 1, id_of(fixture, seq));
    fixture_ok(fixture, db_step(statement, &there, &fixture->error));
    assert_true(there);
    memcpy(&row.hash, db_blob(statement, 0, &length), sizeof row.hash);
    memcpy(&row.signature, db_blob(statement, 1, &length), sizeof row.signature);
    const void *bytes = db_blob(statement, 2, &row.length);
    assert_true(row.length <= sizeof row.bytes);
    memcpy(row.bytes, bytes, row.length);
    db_reset(statement);
    return row;
}

static void put_row(struct fixture *fixture, int64_t seq, const struct row *row)
{
    struct db_statement *statement;
    fixture_ok(fixture, db_prepare(fixture->db,
                                   "INSERT OR REPLACE INTO entry(id, hash, signature, bytes)"
                                   " VALUES(?1, ?2, ?3, ?4)",
                                   &statement, &fixture->error));
    db_bind_int(statement, 1, id_of(fixture, seq));
    db_bind_blob(statement, 2, &row->hash, sizeof row->hash);
    db_bind_blob(statement, 3, &row->signature, sizeof row->signature);
    db_bind_blob(statement, 4, row->bytes, row->length);
    fixture_ok(fixture, db_run(statement, &fixture->error));
}

static void remove_rows(struct fixture *fixture, int64_t first, int64_t last)
{
    char sql[128];
    (void)snprintf(sql, sizeof sql, "DELETE FROM entry WHERE id BETWEEN %lld AND %lld",
                   (long long)id_of(fixture, first), (long long)id_of(fixture, last));
    fixture_sql(fixture, sql);
}

static void epoch_secret(struct fixture *fixture, struct secret_key *secret)
{
    struct public_key key;
    epoch_keys(&fixture->identity.device_secret, journal_epoch(fixture->journal), &key, secret);
}

/* Signs row `seq` anew with another prev, and all after it so that they follow; `chain` too. */
static void rewrite_from(struct fixture *fixture, int64_t seq, struct hash prev)
{
    struct secret_key secret;
    struct db_statement *statement;
    epoch_secret(fixture, &secret);
    for (; seq <= ENTRIES; seq++) {
        struct row row = get_row(fixture, seq);
        struct entry entry;
        struct sealed_entry sealed;
        fixture_ok(fixture, entry_parse(row.bytes, row.length, &entry, &fixture->error));
        json_put_hex(entry.body, "prev", prev.bytes, HASH_SIZE);
        fixture_ok(fixture, entry_seal(entry.body, &secret, &sealed, &fixture->error));
        row.hash = sealed.hash;
        row.signature = sealed.signature;
        memcpy(row.bytes, sealed.bytes, sealed.length);
        row.length = sealed.length;
        put_row(fixture, seq, &row);
        prev = sealed.hash;
        entry_finish(&entry);
        sealed_entry_finish(&sealed);
    }
    fixture_ok(fixture,
               db_prepare(fixture->db, "UPDATE chain SET hash = ?1", &statement, &fixture->error));
    db_bind_blob(statement, 1, prev.bytes, HASH_SIZE);
    fixture_ok(fixture, db_run(statement, &fixture->error));
}

/* ---- what verify says ---- */

static struct journal_report verify(struct fixture *fixture, bool from_mark,
                                    const struct chain_point *acked, size_t count)
{
    struct verify_options options = {.device_key = &fixture->identity.device_key,
                                     .from_mark = from_mark,
                                     .acked = acked,
                                     .acked_count = count};
    struct journal_report report;
    fixture_ok(fixture, journal_verify(fixture->db, &options, &report, &fixture->error));
    return report;
}

static void report_is(struct journal_report *report, size_t epoch, const struct journal_fault *want,
                      size_t count, const char *what)
{
    const struct epoch_report *got = &report->epochs[epoch];
    bool same = got->fault_count == count && got->ok == (count == 0);
    for (size_t i = 0; same && i < count; i++)
        same = got->faults[i].kind == want[i].kind && got->faults[i].seq == want[i].seq &&
               got->faults[i].count == want[i].count;
    if (!same) {
        print_message("%s: wanted %zu faults, got %zu:", what, count, got->fault_count);
        for (size_t i = 0; i < got->fault_count; i++)
            print_message(" %s@%lld+%lld", fault_name(got->faults[i].kind),
                          (long long)got->faults[i].seq, (long long)got->faults[i].count);
        fail_msg("%s", what);
    }
}

static void one_fault(struct fixture *fixture, enum fault_kind kind, int64_t seq, int64_t count,
                      const char *what)
{
    struct journal_fault want = {.kind = kind, .seq = seq, .count = count};
    struct journal_report report = verify(fixture, false, NULL, 0);
    assert_int_equal(report.count, 1);
    assert_false(report.ok);
    report_is(&report, 0, &want, 1, what);
    journal_report_finish(&report);
}

static void no_fault(struct fixture *fixture)
{
    struct journal_report report = verify(fixture, false, NULL, 0);
    report_is(&report, 0, NULL, 0, "whole");
    assert_true(report.ok);
    journal_report_finish(&report);
}

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
        rewrite_from(fixture, seq, wrong);
        one_fault(fixture, FAULT_FORK, seq, 1, "joined");
        for (int64_t i = 1; i <= ENTRIES; i++)
            put_row(fixture, i, &whole[i]);
    }
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

/* ---- around the rows ---- */

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

#define CASE(name) cmocka_unit_test_setup_teardown(name, make, clear)
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
        CASE(test_verify__clones_rows_are_a_fork),
        CASE(test_verify__several_faults_are_all_told),
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
