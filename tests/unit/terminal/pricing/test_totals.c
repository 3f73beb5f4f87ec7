/* Totals against an independent model: rational arithmetic in 128 bits, written from the contract
 * and not from the code.
 */
#include "terminal/pricing/totals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

__extension__ typedef __int128 wide;

#define ROUNDS 20000
#define MOST   12

static uint64_t state = 1;

static int64_t pick(int64_t low, int64_t high)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return low + (int64_t)(state % (uint64_t)(high - low + 1));
}

/* n / d, half away from zero */
static int64_t rounded(wide n, wide d)
{
    wide size = n < 0 ? -n : n;
    wide q = (2 * size + d) / (2 * d);

    return (int64_t)(n < 0 ? -q : q);
}

static const struct {
    const char *code;
    int32_t ppm;
} rates[] = {{"A", 200000}, {"B", 50000}, {"Z", 0}, {"C", 77777}};

static void random_line(struct pricing_line *line)
{
    int64_t rate = pick(0, 3);

    memset(line, 0, sizeof *line);
    line->base.milli = pick(0, 3) == 0 ? pick(1, 5000) : 1000 * pick(1, 9);
    if (pick(0, 5) == 0)
        line->base.milli = -line->base.milli;
    line->price.scaled = pick(0, 3) == 0 ? pick(0, 99999999) : 10000 * pick(0, 9999);
    line->price.per_milli = pick(0, 9) == 0 ? 24000 : 1000;
    line->tax_code = rates[rate].code;
    line->rate_ppm = rates[rate].ppm;
    line->charge = pick(0, 7) == 0;
    if (pick(0, 3) == 0) {
        line->discount.percent = pick(0, 1) == 1;
        line->discount.ppm = (int32_t)pick(0, RATE_ONE);
        line->discount.amount.minor = pick(0, 2000);
    }
}

static int64_t model_discount(struct pricing_discount discount, int64_t available)
{
    if (discount.percent)
        return rounded((wide)available * discount.ppm, RATE_ONE);
    return discount.amount.minor < available ? discount.amount.minor : available;
}

static int64_t size_of(int64_t value)
{
    return value < 0 ? -value : value;
}

/* Every figure of the contract that can be said without the code's own allocation. */
static void check_against_model(const struct pricing_line *lines, size_t count, bool included,
                                struct pricing_discount cart, const struct pricing_line_total *out,
                                const struct pricing_totals *totals)
{
    int64_t available = 0, shared = 0, net = 0, tax = 0, gross = 0, saved = 0;

    for (size_t i = 0; i < count; i++) {
        int64_t sign = lines[i].base.milli < 0 ? -1 : 1;
        int64_t line_gross = rounded((wide)lines[i].price.scaled * lines[i].base.milli,
                                     (wide)lines[i].price.per_milli * PRICE_SCALE);
        int64_t line_off = sign * model_discount(lines[i].discount, size_of(line_gross));

        assert_int_equal(out[i].gross.minor, line_gross);
        assert_int_equal(out[i].line_discount.minor, line_off);
        assert_int_equal(out[i].amount.minor, line_gross - line_off - out[i].cart_discount.minor);
        assert_true(out[i].cart_discount.minor >= 0);
        if (sign < 0 || lines[i].charge)
            assert_int_equal(out[i].cart_discount.minor, 0);
        else
            available += line_gross - line_off;
        shared += out[i].cart_discount.minor;
        assert_int_equal(out[i].net.minor + out[i].tax.minor, out[i].total.minor);
        assert_int_equal(included ? out[i].total.minor : out[i].net.minor, out[i].amount.minor);
        net += out[i].net.minor;
        tax += out[i].tax.minor;
        gross += out[i].total.minor;
        saved += line_off + out[i].cart_discount.minor;
    }
    assert_int_equal(shared, model_discount(cart, available));
    assert_int_equal(totals->net.minor, net);
    assert_int_equal(totals->tax.minor, tax);
    assert_int_equal(totals->gross.minor, gross);
    assert_int_equal(totals->saved.minor, saved);
    assert_int_equal(net + tax, gross);
}

/* The tax of each rate is that of the sums of what was sold and of what was returned. */
static void check_rates(const struct pricing_line *lines, size_t count, bool included,
                        const struct pricing_line_total *out, const struct pricing_totals *totals)
{
    for (int r = 0; r < totals->rate_count; r++) {
        const struct pricing_rate *rate = &totals->rates[r];
        int64_t sold = 0, returned = 0, tax = 0;

        for (size_t i = 0; i < count; i++) {
            if (strcmp(lines[i].tax_code, rate->code) != 0)
                continue;
            if (lines[i].base.milli < 0)
                returned += size_of(out[i].amount.minor);
            else
                sold += out[i].amount.minor;
        }
        wide below = included ? RATE_ONE + rate->rate_ppm : RATE_ONE;
        tax = rounded((wide)sold * rate->rate_ppm, below) -
              rounded((wide)returned * rate->rate_ppm, below);
        assert_int_equal(rate->tax.minor, tax);
        assert_int_equal(rate->net.minor + rate->tax.minor, rate->gross.minor);
        if (r > 0)
            assert_true(strcmp(totals->rates[r - 1].code, rate->code) < 0);
    }
}

static void test_totals__equal_an_independent_model(void **unused)
{
    struct pricing_line lines[MOST];
    struct pricing_line_total out[MOST];
    struct pricing_totals totals;

    (void)unused;
    for (int round = 0; round < ROUNDS; round++) {
        size_t count = (size_t)pick(0, MOST);
        bool included = pick(0, 1) == 1;
        struct pricing_discount cart = {.percent = pick(0, 1) == 1};

        cart.ppm = pick(0, 2) == 0 ? 0 : (int32_t)pick(0, RATE_ONE);
        cart.amount.minor = pick(0, 2) == 0 ? 0 : pick(0, 20000);
        for (size_t i = 0; i < count; i++)
            random_line(&lines[i]);
        assert_int_equal(pricing_total(lines, count, included, cart, out, &totals), STATUS_OK);
        check_against_model(lines, count, included, cart, out, &totals);
        check_rates(lines, count, included, out, &totals);
    }
}

/* Selling n and selling a and n - a of the same thing come to the same, to the penny of tax. */
static void test_totals__splitting_a_line_changes_nothing(void **unused)
{
    (void)unused;
    for (int round = 0; round < ROUNDS / 4; round++) {
        struct pricing_line whole[3], split[4];
        struct pricing_line_total out[4];
        struct pricing_totals one, two;
        struct pricing_discount none = {0};
        int64_t units = pick(2, 30), part = pick(1, units - 1);
        bool included = pick(0, 1) == 1;

        for (int i = 0; i < 3; i++) {
            random_line(&whole[i]);
            memset(&whole[i].discount, 0, sizeof whole[i].discount);
        }
        whole[0].base.milli = 1000 * units;
        whole[0].price = (struct price){10000 * pick(0, 9999), 1000};
        memcpy(split, whole, sizeof whole);
        split[0].base.milli = 1000 * part;
        split[3] = whole[0];
        split[3].base.milli = 1000 * (units - part);
        assert_int_equal(pricing_total(whole, 3, included, none, out, &one), STATUS_OK);
        assert_int_equal(pricing_total(split, 4, included, none, out, &two), STATUS_OK);
        assert_int_equal(one.gross.minor, two.gross.minor);
        assert_int_equal(one.tax.minor, two.tax.minor);
        assert_int_equal(one.net.minor, two.net.minor);
    }
}

static void test_totals__returning_everything_is_the_exact_negative(void **unused)
{
    (void)unused;
    for (int round = 0; round < ROUNDS / 4; round++) {
        struct pricing_line lines[MOST];
        struct pricing_line_total sold[MOST], back[MOST];
        struct pricing_totals one, two;
        struct pricing_discount none = {0};
        size_t count = (size_t)pick(1, MOST);
        bool included = pick(0, 1) == 1;

        for (size_t i = 0; i < count; i++)
            random_line(&lines[i]);
        assert_int_equal(pricing_total(lines, count, included, none, sold, &one), STATUS_OK);
        for (size_t i = 0; i < count; i++)
            lines[i].base.milli = -lines[i].base.milli;
        assert_int_equal(pricing_total(lines, count, included, none, back, &two), STATUS_OK);
        assert_int_equal(one.gross.minor, -two.gross.minor);
        assert_int_equal(one.tax.minor, -two.tax.minor);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(sold[i].tax.minor, -back[i].tax.minor);
    }
}

static struct pricing_line plain(int64_t pence, int64_t units, const char *code, int32_t ppm)
{
    return (struct pricing_line){.base = {1000 * units},
                                 .price = {pence * PRICE_SCALE, 1000},
                                 .tax_code = code,
                                 .rate_ppm = ppm};
}

static void test_totals__known_receipt(void **unused)
{
    struct pricing_line lines[] = {plain(240, 2, "A", 200000), plain(1250, 1, "A", 200000),
                                   plain(380, 1, "Z", 0)};
    struct pricing_line_total out[3];
    struct pricing_totals totals;
    struct pricing_discount ten = {.percent = true, .ppm = 100000};

    (void)unused;
    assert_int_equal(pricing_total(lines, 3, true, ten, out, &totals), STATUS_OK);
    assert_int_equal(totals.saved.minor, 211); /* 10 % of 21.10 */
    assert_int_equal(totals.gross.minor, 1899);
    assert_int_equal(totals.rates[0].gross.minor, 1557); /* 17.30 - 1.73 */
    assert_int_equal(totals.rates[0].tax.minor, 260);    /* 15.57 / 6 = 2.595 */
    assert_int_equal(totals.rates[1].gross.minor, 342);
}

/* Beside a candle without its receipt, whose tax is computed: sixths of 5.00. */
static void test_totals__given_figures_stand(void **unused)
{
    struct pricing_line lines[] = {plain(500, -1, "A", 200000), plain(400, -2, "A", 200000)};
    struct pricing_line_total out[2];
    struct pricing_totals totals;
    struct pricing_discount none = {0};

    (void)unused;
    lines[1].given = true;
    lines[1].given_gross.minor = -667;
    lines[1].given_tax.minor = -100;
    assert_int_equal(pricing_total(lines, 2, true, none, out, &totals), STATUS_OK);
    assert_int_equal(out[0].tax.minor, -83);
    assert_int_equal(out[1].gross.minor, -667);
    assert_int_equal(out[1].tax.minor, -100);
    assert_int_equal(out[1].net.minor, -567);
    assert_int_equal(totals.rates[0].gross.minor, -1167);
    assert_int_equal(totals.rates[0].tax.minor, -183);
    lines[1].discount = (struct pricing_discount){.amount = {333}};
    assert_int_equal(pricing_total(lines, 2, false, none, out, &totals), STATUS_OK);
    assert_int_equal(out[1].amount.minor, -334);
    assert_int_equal(out[1].tax.minor, -50);
    assert_int_equal(out[1].total.minor, -384);
}

static void test_totals__refuse_what_breaks_the_rules(void **unused)
{
    struct pricing_line line = plain(100, 1, "A", 200000);
    struct pricing_line many[PRICING_RATES + 1];
    struct pricing_line_total out[PRICING_RATES + 1];
    struct pricing_totals totals;
    struct pricing_discount none = {0}, negative = {.amount = {-1}},
                            more = {.percent = true, .ppm = RATE_ONE + 1};

    (void)unused;
    assert_int_equal(pricing_total(&line, 1, true, negative, out, &totals), STATUS_INVALID);
    assert_int_equal(pricing_total(&line, 1, true, more, out, &totals), STATUS_INVALID);
    line.given = true;
    assert_int_equal(pricing_total(&line, 1, true, none, out, &totals), STATUS_INVALID);
    line.base.milli = -1000;
    line.given_tax.minor = 1;
    assert_int_equal(pricing_total(&line, 1, true, none, out, &totals), STATUS_INVALID);
    line.given = false;
    line.base.milli = 0;
    assert_int_equal(pricing_total(&line, 1, true, none, out, &totals), STATUS_INVALID);
    line = plain(100, 1, "A", 200000);
    line.price.scaled = INT64_MAX;
    line.base.milli = INT64_MAX;
    assert_int_equal(pricing_total(&line, 1, true, none, out, &totals), STATUS_RANGE);
    for (int i = 0; i <= PRICING_RATES; i++)
        many[i] = plain(100, 1, "A", i);
    assert_int_equal(pricing_total(many, PRICING_RATES + 1, true, none, out, &totals),
                     STATUS_RANGE);
    assert_int_equal(pricing_total(many, PRICING_RATES, true, none, out, &totals), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_totals__equal_an_independent_model),
        cmocka_unit_test(test_totals__splitting_a_line_changes_nothing),
        cmocka_unit_test(test_totals__returning_everything_is_the_exact_negative),
        cmocka_unit_test(test_totals__known_receipt),
        cmocka_unit_test(test_totals__given_figures_stand),
        cmocka_unit_test(test_totals__refuse_what_breaks_the_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
