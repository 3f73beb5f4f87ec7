/* An attacker's hands on the rows of a journal, and what verify says to it.
 */
#ifndef HOLDFAST_TESTS_VERIFY_FIXTURE_H
#define HOLDFAST_TESTS_VERIFY_FIXTURE_H

#include "tests/unit/terminal/journal/journal_fixture.h"

#define ENTRIES 9
static const int64_t places[] = {1, 5, ENTRIES};
#define PLACES (sizeof places / sizeof places[0])

static inline int verify_make(void **state)
{
    struct fixture *fixture = fixture_make("");
    for (int i = 2; i <= ENTRIES; i++)
        fixture_commit_one(fixture, i);
    fixture_drop_triggers(fixture);
    fixture_sql(fixture, "PRAGMA synchronous=OFF"); /* thousands of damages, none need last */
    *state = fixture;
    return 0;
}

static inline int verify_clear(void **state)
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

static inline int64_t id_of(const struct fixture *fixture, int64_t seq)
{
    (void)fixture;
    return INT64_C(1) << 40 | seq;
}

static inline struct row get_row(struct fixture *fixture, int64_t seq)
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

static inline void put_row(struct fixture *fixture, int64_t seq, const struct row *row)
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

static inline void remove_rows(struct fixture *fixture, int64_t first, int64_t last)
{
    char sql[128];
    (void)snprintf(sql, sizeof sql, "DELETE FROM entry WHERE id BETWEEN %lld AND %lld",
                   (long long)id_of(fixture, first), (long long)id_of(fixture, last));
    fixture_sql(fixture, sql);
}

static inline void epoch_secret(struct fixture *fixture, struct secret_key *secret)
{
    struct public_key key;
    epoch_keys(&fixture->identity.device_secret, journal_epoch(fixture->journal), &key, secret);
}

/* Signs row `seq` anew with another prev, and hlc unless 0, and all after it so that they follow;
 * `chain` too. */
static inline void rewrite_from(struct fixture *fixture, int64_t seq, struct hash prev, int64_t hlc)
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
        if (hlc != 0)
            json_put_int(entry.body, "hlc", hlc);
        hlc = 0;
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

static inline struct journal_report verify(struct fixture *fixture, bool from_mark,
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

static inline void report_is(struct journal_report *report, size_t epoch,
                             const struct journal_fault *want, size_t count, const char *what)
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

static inline void one_fault(struct fixture *fixture, enum fault_kind kind, int64_t seq,
                             int64_t count, const char *what)
{
    struct journal_fault want = {.kind = kind, .seq = seq, .count = count};
    struct journal_report report = verify(fixture, false, NULL, 0);
    assert_int_equal(report.count, 1);
    assert_false(report.ok);
    report_is(&report, 0, &want, 1, what);
    journal_report_finish(&report);
}

static inline void no_fault(struct fixture *fixture)
{
    struct journal_report report = verify(fixture, false, NULL, 0);
    report_is(&report, 0, NULL, 0, "whole");
    assert_true(report.ok);
    journal_report_finish(&report);
}

#endif
