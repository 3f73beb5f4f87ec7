#include "terminal/pricing/settle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct currency gbp = {"GBP", 2};

static struct settlement settled(int64_t total, int64_t step, const struct settle_tender *tenders,
                                 size_t count)
{
    struct settlement out;

    assert_int_equal(settle((struct money){total}, tenders, count, step, &out), STATUS_OK);
    return out;
}

static void test_settle__cash_with_change(void **unused)
{
    struct settle_tender cash[] = {{true, {2000}}};
    struct settlement out = settled(1899, 1, cash, 1);

    (void)unused;
    assert_true(out.covered);
    assert_int_equal(out.change.minor, 101);
    assert_int_equal(out.rounding.minor, 0);
}

static void test_settle__rounding_touches_only_cash(void **unused)
{
    struct settle_tender card[] = {{false, {1898}}};
    struct settle_tender cash[] = {{true, {2000}}};
    struct settle_tender both[] = {{false, {1000}}, {true, {900}}};
    struct settlement out = settled(1898, 5, card, 1);

    (void)unused;
    assert_true(out.covered);
    assert_int_equal(out.rounding.minor, 0);
    out = settled(1898, 5, cash, 1);
    assert_int_equal(out.rounding.minor, 2);
    assert_int_equal(out.change.minor, 100);
    out = settled(1898, 5, both, 2);
    assert_true(out.covered);
    assert_int_equal(out.rounding.minor, 2);
    assert_int_equal(out.change.minor, 0);
    out = settled(1898, 5, NULL, 0);
    assert_false(out.covered);
    assert_int_equal(out.to_pay.minor, 1898);
    assert_int_equal(out.cash_due.minor, 1900);
    assert_int_equal(out.rounding.minor, 0);
}

static void test_settle__a_refund_is_met_exactly(void **unused)
{
    struct settle_tender less[] = {{true, {-400}}}, exact[] = {{true, {-500}}},
                         card[] = {{false, {-500}}};

    (void)unused;
    assert_false(settled(-500, 1, less, 1).covered);
    assert_true(settled(-500, 1, exact, 1).covered);
    assert_true(settled(-500, 1, card, 1).covered);
    assert_int_equal(settled(-500, 1, NULL, 0).to_pay.minor, -500);
}

static void test_settle__nothing_due_is_covered(void **unused)
{
    (void)unused;
    assert_true(settled(0, 1, NULL, 0).covered);
}

/* Whatever is handed over: total + rounding = tenders - change, and rounding is below the step. */
static void test_settle__identity_holds_for_everything(void **unused)
{
    uint64_t state = 7;

    (void)unused;
    for (int round = 0; round < 200000; round++) {
        struct settle_tender tenders[4];
        struct settlement out;
        int64_t step, total, sum = 0;
        size_t count;

        state = state * 6364136223846793005u + 1442695040888963407u;
        count = (size_t)(state >> 60) % 5;
        step = (int64_t[]){1, 5, 10, 50}[(state >> 50) % 4];
        total = (int64_t)((state >> 30) % 4001) - 1000;
        for (size_t i = 0; i < count; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            tenders[i].cash = (state >> 33) % 2 == 0;
            tenders[i].amount.minor = (int64_t)((state >> 36) % 2001) - 300;
            if ((state >> 60) < 8 && i + 1 == count)
                tenders[i].amount.minor = total - sum;
            sum += tenders[i].amount.minor;
        }
        assert_int_equal(settle((struct money){total}, tenders, count, step, &out), STATUS_OK);
        assert_int_equal(out.paid.minor, sum);
        if (!out.covered) {
            assert_int_equal(out.change.minor, 0);
            assert_int_equal(out.to_pay.minor, total - sum);
            continue;
        }
        assert_int_equal(total + out.rounding.minor, out.paid.minor - out.change.minor);
        assert_true(out.rounding.minor < step && out.rounding.minor > -step);
        assert_true(out.change.minor >= 0);
    }
}

static void test_quick_amounts__exact_then_notes(void **unused)
{
    struct money out[5];

    (void)unused;
    assert_int_equal(quick_amounts((struct money){3460}, &gbp, out, 5), 4);
    assert_int_equal(out[0].minor, 3460);
    assert_int_equal(out[1].minor, 3500);
    assert_int_equal(out[2].minor, 4000);
    assert_int_equal(out[3].minor, 5000);
    assert_int_equal(quick_amounts((struct money){2000}, &gbp, out, 5), 2);
    assert_int_equal(out[1].minor, 5000);
    assert_int_equal(quick_amounts((struct money){3460}, &gbp, out, 2), 2);
    assert_int_equal(out[1].minor, 3500);
    assert_int_equal(quick_amounts((struct money){0}, &gbp, out, 5), 0);
}

static void test_quick_amounts__of_a_currency_without_decimals(void **unused)
{
    struct currency jpy = {"JPY", 0};
    struct money out[6];

    (void)unused;
    assert_int_equal(quick_amounts((struct money){1234}, &jpy, out, 6), 6);
    assert_int_equal(out[1].minor, 1300);
    assert_int_equal(out[2].minor, 1500);
    assert_int_equal(out[3].minor, 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settle__cash_with_change),
        cmocka_unit_test(test_settle__rounding_touches_only_cash),
        cmocka_unit_test(test_settle__a_refund_is_met_exactly),
        cmocka_unit_test(test_settle__nothing_due_is_covered),
        cmocka_unit_test(test_settle__identity_holds_for_everything),
        cmocka_unit_test(test_quick_amounts__exact_then_notes),
        cmocka_unit_test(test_quick_amounts__of_a_currency_without_decimals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
