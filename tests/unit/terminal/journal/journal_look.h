/* Looking at a journal as its readers do.
 */
#ifndef HOLDFAST_TESTS_JOURNAL_LOOK_H
#define HOLDFAST_TESTS_JOURNAL_LOOK_H

#include "tests/unit/terminal/journal/journal_fixture.h"

static inline void verify_is(struct fixture *fixture, bool ok)
{
    struct verify_options options = {.device_key = &fixture->identity.device_key};
    struct journal_report report;
    fixture_ok(fixture, journal_verify(fixture->db, &options, &report, &fixture->error));
    assert_int_equal(report.ok, ok);
    journal_report_finish(&report);
}

struct seen {
    int64_t first, last;
    size_t count, bytes, stop_after;
    struct entry opening;
};

static inline enum status see(void *context, const struct stored_entry *entry)
{
    struct seen *seen = context;
    struct hash hash = entry_hash(entry->bytes, entry->length);
    assert_true(hash_equal(&hash, &entry->hash));
    if (seen->count == 0)
        seen->first = entry->seq;
    else
        assert_int_equal(entry->seq, seen->last + 1);
    seen->last = entry->seq;
    seen->count++;
    seen->bytes += entry->length;
    if (entry->seq == 1) {
        entry_finish(&seen->opening);
        assert_int_equal(entry_parse(entry->bytes, entry->length, &seen->opening, NULL), STATUS_OK);
    }
    return seen->count == seen->stop_after ? STATUS_CANCELLED : STATUS_OK;
}

static inline struct seen read_epoch(struct fixture *fixture, const struct id *epoch, int64_t after,
                                     size_t entries, size_t bytes)
{
    struct seen seen = {0};
    fixture_ok(fixture, journal_read(fixture->db, epoch, after, entries, bytes, see, &seen,
                                     &fixture->error));
    return seen;
}

static inline void append_sale(struct fixture *fixture, int64_t minor)
{
    struct perpetual totals = journal_perpetual(fixture->journal);
    struct sealed_entry sealed;
    json_t *entry;
    totals.sales++;
    totals.sales_minor += minor;
    fixture_ok(fixture, db_begin(fixture->db, &fixture->error));
    entry = fixture_start(fixture, "sale");
    perpetual_put(entry, &totals);
    fixture_ok(fixture, journal_append(fixture->journal, entry, &totals, &sealed, &fixture->error));
    assert_string_equal(sealed.head.kind, "sale");
    sealed_entry_finish(&sealed);
    json_decref(entry);
    fixture_ok(fixture, journal_commit(fixture->journal, &fixture->error));
}

#endif
