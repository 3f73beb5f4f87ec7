/* A child appends and reports each seq after its commit; it is killed at some instant. Whatever it
 * reported is there afterwards, and the chain is whole.
 */
#include "terminal/journal/journal.h"

#include "tests/unit/terminal/journal/journal_fixture.h"

#define ROUNDS 50

static void append_for_ever(struct fixture *fixture, int report)
{
    if (db_open(fixture->path, DB_OWNER_FULL, &fixture->db, &fixture->error) != STATUS_OK ||
        fixture_open_journal(fixture, NULL, 0) != STATUS_OK)
        _exit(1);
    for (;;) {
        int64_t seq;
        json_t *entry;
        if (db_begin(fixture->db, &fixture->error) != STATUS_OK)
            _exit(2);
        entry = fixture_start(fixture, "paid_in");
        json_put_int(entry, "amount", (int64_t)getpid());
        if (journal_append(fixture->journal, entry, NULL, NULL, &fixture->error) != STATUS_OK ||
            journal_commit(fixture->journal, &fixture->error) != STATUS_OK)
            _exit(3);
        json_decref(entry);
        seq = journal_head(fixture->journal).seq;
        if (write(report, &seq, sizeof seq) != (ssize_t)sizeof seq)
            _exit(4);
    }
}

/* The last seq reported by a child that was killed after `patience` reports and some more turns. */
static int64_t run_and_kill(struct fixture *fixture, int patience, unsigned turns)
{
    int pipes[2];
    int64_t last = 0, seq;
    volatile unsigned spin = 0;
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(pipes[0]);
        append_for_ever(fixture, pipes[1]);
    }
    (void)close(pipes[1]);
    for (int i = 0; i < patience; i++) {
        if (read(pipes[0], &seq, sizeof seq) != (ssize_t)sizeof seq)
            fail_msg("the child gave up by itself");
        last = seq;
    }
    while (spin < turns)
        spin++;
    child_kill(child);
    while (read(pipes[0], &seq, sizeof seq) == (ssize_t)sizeof seq)
        last = seq;
    (void)close(pipes[0]);
    return last;
}

static void test_journal__killed_at_any_instant_loses_nothing_reported(void **state)
{
    struct fixture *fixture = fixture_make("");
    int64_t before = journal_head(fixture->journal).seq;
    (void)state;
    fixture_close(fixture);
    for (int round = 0; round < ROUNDS; round++) {
        struct hash random = hash_bytes(&round, sizeof round);
        struct verify_options options = {.device_key = &fixture->identity.device_key,
                                         .from_mark = round + 1 < ROUNDS};
        struct journal_report report;
        int64_t last = run_and_kill(fixture, random.bytes[0] % 8,
                                    (unsigned)random.bytes[1] * 256 * 40 + random.bytes[2]);
        fixture_ok(fixture, db_open(fixture->path, DB_OWNER_FULL, &fixture->db, &fixture->error));
        fixture_ok(fixture, fixture_open_journal(fixture, NULL, 0));
        int64_t head = journal_head(fixture->journal).seq;
        assert_true(head >= last);                  /* nothing reported is missing */
        assert_true(head <= last + 1 || last == 0); /* at most one was not reported yet */
        assert_true(head >= before);
        fixture_ok(fixture, journal_verify(fixture->db, &options, &report, &fixture->error));
        assert_true(report.ok);
        assert_int_equal(report.count, 1);
        assert_int_equal(report.epochs[0].head.seq, head);
        fixture_ok(fixture, journal_mark_verified(fixture->db, &report, &fixture->error));
        journal_report_finish(&report);
        before = head;
        fixture_close(fixture);
    }
    print_message("%d kills, %lld entries\n", ROUNDS, (long long)before);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journal__killed_at_any_instant_loses_nothing_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
