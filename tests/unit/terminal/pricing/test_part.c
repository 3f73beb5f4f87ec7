/* Parts of what was paid: an algebra, held against exact fractions. */
#include "terminal/pricing/part.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

__extension__ typedef __int128 wide;

#define ROUNDS 50000
#define PARTS  200

static uint64_t state = 7;

static int64_t pick(int64_t low, int64_t high)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return low + (int64_t)(state % (uint64_t)(high - low + 1));
}

/* Goods by the piece and by weight, dear and next to nothing; tax as no rate would give it, too. */
static struct pricing_paid random_paid(void)
{
    struct pricing_paid paid = {.tax_included = pick(0, 1) == 1};

    paid.base.milli = pick(0, 1) == 0 ? 1000 * pick(1, 40) : pick(1, 90000);
    paid.amount.minor = pick(0, 3) == 0 ? pick(0, 30) : pick(0, 999999);
    paid.tax.minor = pick(0, paid.amount.minor);
    return paid;
}

/* Whether `sum` is within one unit of whole * base / all. */
static void assert_near(int64_t sum, int64_t whole, int64_t base, int64_t all)
{
    wide off = (wide)sum * all - (wide)whole * base;

    assert_true((off < 0 ? -off : off) <= all);
}

/* All of it comes back, in parts of any size. */
static void give_back_all(const struct pricing_paid *paid)
{
    int64_t back = 0, amounts = 0, taxes = 0;

    for (int part = 1; back < paid->base.milli; part++) {
        int64_t left = paid->base.milli - back;
        int64_t next = part == PARTS ? left : pick(1, pick(0, 2) == 0 ? left : (left + 4) / 5);
        struct money amount, tax;

        assert_int_equal(
            pricing_part(paid, (struct quantity){back}, (struct quantity){next}, &amount, &tax),
            STATUS_OK);
        assert_true(amount.minor >= 0 && tax.minor >= 0);
        assert_true(!paid->tax_included || tax.minor <= amount.minor);
        back += next;
        amounts += amount.minor;
        taxes += tax.minor;
        assert_near(amounts, paid->amount.minor, back, paid->base.milli);
        assert_near(taxes, paid->tax.minor, back, paid->base.milli);
        if (paid->tax_included)
            assert_near(amounts - taxes, paid->amount.minor - paid->tax.minor, back,
                        paid->base.milli);
    }
    assert_int_equal(amounts, paid->amount.minor);
    assert_int_equal(taxes, paid->tax.minor);
}

static void test_part__all_parts_give_back_what_was_paid(void **unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        struct pricing_paid paid = random_paid();

        give_back_all(&paid);
    }
}

static void test_part__thirds_of_ten(void **unused)
{
    static const int64_t amounts[] = {333, 334, 333};
    static const int64_t taxes[] = {56, 55, 56};
    struct pricing_paid paid = {
        .base = {3000}, .amount = {1000}, .tax = {167}, .tax_included = true};
    struct money amount, tax;

    (void)unused;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pricing_part(&paid, (struct quantity){1000 * i}, (struct quantity){1000},
                                      &amount, &tax),
                         STATUS_OK);
        assert_int_equal(amount.minor, amounts[i]);
        assert_int_equal(tax.minor, taxes[i]);
    }
}

/* Two carts that each took back all but one; what they may be paid is for the caller to refuse. */
static void test_part__nothing_beyond_what_was_sold(void **unused)
{
    struct pricing_paid paid = {.base = {3000}, .amount = {1000}, .tax = {200}};
    struct money amount, tax;

    (void)unused;
    assert_int_equal(pricing_part(&paid, (struct quantity){2000}, (struct quantity){INT64_MAX / 2},
                                  &amount, &tax),
                     STATUS_OK);
    assert_int_equal(amount.minor, 333);
    assert_int_equal(tax.minor, 67);
    assert_int_equal(
        pricing_part(&paid, (struct quantity){3000}, (struct quantity){1000}, &amount, &tax),
        STATUS_OK);
    assert_int_equal(amount.minor, 0);
    assert_int_equal(tax.minor, 0);
}

static void assert_refused(struct pricing_paid paid, int64_t before, int64_t back,
                           enum status expected)
{
    struct money amount, tax;

    assert_int_equal(
        pricing_part(&paid, (struct quantity){before}, (struct quantity){back}, &amount, &tax),
        expected);
}

static void test_part__refuses_figures_out_of_bounds(void **unused)
{
    struct pricing_paid paid = {.base = {1000}, .amount = {100}, .tax = {20}};
    struct pricing_paid none = paid, owed = paid, gift = paid, taxing = paid;

    (void)unused;
    none.base.milli = 0;
    owed.amount.minor = -1;
    gift.tax.minor = -1;
    taxing.tax_included = true;
    taxing.tax.minor = 101;
    assert_refused(none, 0, 1000, STATUS_INVALID);
    assert_refused(owed, 0, 1000, STATUS_INVALID);
    assert_refused(gift, 0, 1000, STATUS_INVALID);
    assert_refused(taxing, 0, 1000, STATUS_INVALID);
    assert_refused(paid, -1, 1000, STATUS_INVALID);
    assert_refused(paid, 0, 0, STATUS_INVALID);
    assert_refused(paid, INT64_MAX, 1, STATUS_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_part__all_parts_give_back_what_was_paid),
        cmocka_unit_test(test_part__thirds_of_ten),
        cmocka_unit_test(test_part__nothing_beyond_what_was_sold),
        cmocka_unit_test(test_part__refuses_figures_out_of_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
