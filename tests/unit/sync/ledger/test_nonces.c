/* Nonces over time: remembered for as long as a request may be repeated, over stops, crashes and
 * older states, and forgotten in the end. */
#include "ledger_fixture.h"

#include <sys/wait.h>

static struct signature_params params_at(int64_t created_s, int64_t number)
{
    struct signature_params params = {.created = created_s, .keyid = "aa"};

    (void)snprintf(params.nonce, sizeof params.nonce, "%032llx", (unsigned long long)number);
    return params;
}

static enum status use(const struct fixture *fixture, const struct signature_params *params,
                       int64_t now_s)
{
    struct error error;

    return nonces_use(fixture->ledger->nonces, params, now_s, &error);
}

/* Signed ahead as far as it may be, a request is repeated in every second until its window has
 * passed, while others ask. The next one comes a second later in the ledger's turns. */
static void test_nonces__are_known_while_their_window_is_open(void **state)
{
    const struct fixture *fixture = *state;
    int64_t now_s = START_MS / 1000, number = 0;

    for (int phase = 0; phase < 2 * SIGNATURE_WINDOW_S; phase++) {
        struct signature_params once = params_at(now_s + NONCES_AHEAD_S, ++number);
        assert_int_equal(use(fixture, &once, now_s), STATUS_OK);
        for (int second = 0; second <= 2 * SIGNATURE_WINDOW_S; second++, now_s++) {
            struct signature_params other = params_at(now_s, ++number);
            assert_int_equal(use(fixture, &other, now_s), STATUS_OK);
            if (now_s <= once.created + SIGNATURE_WINDOW_S)
                assert_int_equal(use(fixture, &once, now_s), STATUS_DENIED);
        }
    }
}

static void test_nonces__belong_to_a_key_each(void **state)
{
    const struct fixture *fixture = *state;
    int64_t now_s = START_MS / 1000;
    struct signature_params one = params_at(now_s, 1), other = one;

    strcpy(other.keyid, "bb");
    assert_int_equal(use(fixture, &one, now_s), STATUS_OK);
    assert_int_equal(use(fixture, &other, now_s), STATUS_OK);
    assert_int_equal(use(fixture, &other, now_s), STATUS_DENIED);
}

static void reopen(struct fixture *fixture, int64_t now_s)
{
    fixture_close(fixture);
    fixture->now_ms = now_s * 1000;
    fixture_open(fixture);
}

/* The older ones, too: the newer have just begun when it stops. */
static void test_nonces__are_all_known_after_a_stop(void **state)
{
    struct fixture *fixture = *state;
    int64_t now_s = START_MS / 1000 + 2 * SIGNATURE_WINDOW_S - 1;
    struct signature_params late = params_at(now_s, 1), next = params_at(now_s + 1, 2);

    assert_int_equal(use(fixture, &late, now_s), STATUS_OK);
    assert_int_equal(use(fixture, &next, now_s + 1), STATUS_OK);
    reopen(fixture, now_s + 2);
    assert_int_equal(use(fixture, &next, now_s + 2), STATUS_DENIED);
    assert_int_equal(use(fixture, &late, now_s + 2), STATUS_DENIED);
}

/* What a ledger took that then crashed stays refused when the next one was stopped in order. */
static void test_nonces__a_crash_is_not_forgotten_by_a_stop(void **state)
{
    struct fixture *fixture = *state;
    int64_t now_s = START_MS / 1000;
    struct signature_params params = params_at(now_s + NONCES_AHEAD_S, 1);
    int status;
    pid_t child;

    fixture_close(fixture);
    child = fork();
    if (child == 0) {
        fixture_open(fixture);
        _exit(use(fixture, &params, now_s) == STATUS_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    fixture_open(fixture);
    reopen(fixture, now_s);
    for (; now_s <= params.created + SIGNATURE_WINDOW_S; now_s++)
        assert_int_not_equal(use(fixture, &params, now_s), STATUS_OK);
}

/* Forgotten a while after nobody can use them again: otherwise they would pile up. Stops in
 * between, and a clock that was a year ahead, hinder nothing. */
static void test_nonces__are_forgotten_in_the_end(void **state)
{
    struct fixture *fixture = *state;
    int64_t now_s = START_MS / 1000, number = 1;

    for (int back = 0; back < 2; back++) {
        struct signature_params again;
        if (back == 1) {
            int64_t year_on_s = now_s + INT64_C(365) * 86400;
            struct signature_params early = params_at(year_on_s, ++number);
            assert_int_equal(use(fixture, &early, year_on_s), STATUS_OK);
        }
        again = params_at(now_s, 1);
        again.keyid[0] = (char)('a' + back);
        assert_int_equal(use(fixture, &again, now_s), STATUS_OK);
        for (int i = 0; i < 5; i++) {
            struct signature_params other;
            now_s += SIGNATURE_WINDOW_S;
            reopen(fixture, now_s);
            other = params_at(now_s, ++number);
            assert_int_equal(use(fixture, &other, now_s), STATUS_OK);
        }
        again.created = now_s;
        assert_int_equal(use(fixture, &again, now_s), STATUS_OK);
    }
}

static void test_nonces__have_an_end(void **state)
{
    const struct fixture *fixture = *state;
    int64_t now_s = START_MS / 1000, number = 0;
    struct signature_params params;

    for (; number < NONCES_MAX; number++) {
        params = params_at(now_s, number);
        if (use(fixture, &params, now_s) != STATUS_OK)
            fail_msg("after %lld", (long long)number);
    }
    params = params_at(now_s, number);
    assert_int_equal(use(fixture, &params, now_s), STATUS_BUSY);
    now_s += 2 * SIGNATURE_WINDOW_S;
    params = params_at(now_s, number);
    assert_int_equal(use(fixture, &params, now_s), STATUS_OK);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_nonces__are_known_while_their_window_is_open),
        TEST(test_nonces__belong_to_a_key_each),
        TEST(test_nonces__are_all_known_after_a_stop),
        TEST(test_nonces__a_crash_is_not_forgotten_by_a_stop),
        TEST(test_nonces__are_forgotten_in_the_end),
        TEST(test_nonces__have_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
