#include "terminal/money/money.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

__extension__ typedef __int128 model;

static uint64_t seed = 88172645463325252U;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* Any int64, all magnitudes alike often, the edges too. */
static int64_t random_int64(void)
{
    switch (next_random() % 40) {
    case 0:
        return INT64_MIN;
    case 1:
        return INT64_MAX;
    case 2:
        return 0;
    default: {
        uint64_t value = next_random() >> (1 + next_random() % 63);
        return next_random() % 2 == 0 ? (int64_t)value : -(int64_t)value;
    }
    }
}

static int64_t random_up_to(int64_t max)
{
    return (int64_t)(next_random() % ((uint64_t)max + 1));
}

/* n / d, half away from zero, the schoolbook way: truncate, then look at the rest. d > 0. */
static model divide_model(model n, model d)
{
    model quotient = n / d;
    model rest = n % d;
    if (rest < 0)
        rest = -rest;
    if (rest >= d - rest)
        quotient += n < 0 ? -1 : 1;
    return quotient;
}

static bool fits(model value)
{
    return value >= INT64_MIN && value <= INT64_MAX;
}

static void expect_model(enum status status, int64_t got, model wanted)
{
    if (!fits(wanted)) {
        assert_int_equal(status, STATUS_RANGE);
        return;
    }
    assert_int_equal(status, STATUS_OK);
    assert_true(got == (int64_t)wanted);
}

static void test_money__sums_agree_with_a_wider_model(void **state)
{
    (void)state;
    for (int i = 0; i < 200000; i++) {
        struct money a = {random_int64()};
        struct money b = {random_int64()};
        struct money out = {0};
        enum status status = money_add(a, b, &out);
        expect_model(status, out.minor, (model)a.minor + b.minor);
        status = money_subtract(a, b, &out);
        expect_model(status, out.minor, (model)a.minor - b.minor);
        struct quantity sum = {0};
        status = quantity_add((struct quantity){a.minor}, (struct quantity){b.minor}, &sum);
        expect_model(status, sum.milli, (model)a.minor + b.minor);
        assert_int_equal(money_compare(a, b), (a.minor > b.minor) - (a.minor < b.minor));
    }
    assert_int_equal(money_negate((struct money){5}).minor, -5);
}

static void test_multiply_divide__agrees_with_a_wider_model(void **state)
{
    (void)state;
    for (int i = 0; i < 200000; i++) {
        int64_t a = random_int64();
        int64_t b = random_int64();
        int64_t c = random_int64();
        if (c <= 0)
            continue;
        int64_t out = 0;
        enum status status = multiply_divide(a, b, c, &out);
        expect_model(status, out, divide_model((model)a * b, c));
    }
}

static void test_multiply_divide__rounds_half_away_from_zero(void **state)
{
    (void)state;
    static const int64_t cases[][4] = {{1, 1, 2, 1},   {-1, 1, 2, -1}, {3, 1, 2, 2},
                                       {-3, 1, 2, -2}, {1, 1, 3, 0},   {2, 1, 3, 1},
                                       {-2, 1, 3, -1}, {5, 1, 10, 1},  {4, 1, 10, 0},
                                       {0, 9, 7, 0},   {7, -1, 2, -4}, {-7, -1, 2, 4}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t out;
        assert_int_equal(multiply_divide(cases[i][0], cases[i][1], cases[i][2], &out), STATUS_OK);
        assert_int_equal(out, cases[i][3]);
    }
}

static void test_price__extends_as_the_shelf_says(void **state)
{
    (void)state;
    static const struct {
        int64_t scaled, per, milli, minor;
    } cases[] = {
        {1230000, 1000, 3000, 369},  /* 3 at 1.23 */
        {2990000, 1000, 742, 222},   /* 0.742 kg at 2.99: 2.21858 */
        {12345, 1000, 1000, 1},      /* 0.012345 each */
        {12345, 1000, 100000, 123},  /* 100 of them */
        {10000, 3000, 1000, 0},      /* 3 for 0.01: one is a third of a penny */
        {10000, 3000, 3000, 1},      /* three are a penny */
        {1000000, 3000, 1000, 33},   /* 3 for 1.00 */
        {5000, 1000, 1000, 1},       /* half a penny goes up */
        {5000, 1000, -1000, -1},     /* and its return goes down */
        {-500000, 1000, 2000, -100}, /* a deposit that is paid back */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct money out;
        assert_int_equal(price_extend((struct price){cases[i].scaled, cases[i].per},
                                      (struct quantity){cases[i].milli}, &out),
                         STATUS_OK);
        assert_int_equal(out.minor, cases[i].minor);
    }
}

static void test_price__return_is_the_opposite_of_its_sale(void **state)
{
    (void)state;
    for (int i = 0; i < 200000; i++) {
        struct price price = {random_int64(), 1 + random_up_to(INT64_MAX - 1)};
        if (i % 2 == 0)
            price.per_milli = 1000;
        struct quantity quantity = {random_int64()};
        if (quantity.milli == INT64_MIN)
            continue;
        struct money sold = {0};
        struct money returned = {0};
        enum status status = price_extend(price, quantity, &sold);
        model divisor = (model)price.per_milli * PRICE_SCALE;
        model wanted = divide_model((model)price.scaled * quantity.milli, divisor);
        expect_model(status, sold.minor, wanted);
        quantity.milli = -quantity.milli;
        status = price_extend(price, quantity, &returned);
        expect_model(status, returned.minor, -wanted);
    }
}

static void test_price__refuses_a_price_for_nothing(void **state)
{
    (void)state;
    struct money out;
    struct quantity one = {QUANTITY_ONE};
    assert_int_equal(price_extend((struct price){1, 0}, one, &out), STATUS_INVALID);
    assert_int_equal(price_extend((struct price){1, -1000}, one, &out), STATUS_INVALID);
}

static void test_tax__inside_and_on_top_agree_with_a_wider_model(void **state)
{
    (void)state;
    for (int i = 0; i < 200000; i++) {
        struct money amount = {random_int64()};
        int32_t rate = (int32_t)random_up_to(10 * RATE_ONE);
        struct money tax = {0};
        enum status status = tax_inside(amount, rate, &tax);
        expect_model(status, tax.minor,
                     divide_model((model)amount.minor * rate, (model)RATE_ONE + rate));
        status = tax_on_top(amount, rate, &tax);
        expect_model(status, tax.minor, divide_model((model)amount.minor * rate, RATE_ONE));
    }
}

static void test_tax__inside_and_net_make_the_gross(void **state)
{
    (void)state;
    static const int32_t rates[] = {0, 50000, 55000, 70000, 190000, 200000, 270000};
    for (int64_t minor = -20000; minor <= 20000; minor++) {
        for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
            struct money gross = {minor};
            struct money tax;
            struct money net;
            struct money sum;
            struct money again;
            assert_int_equal(tax_inside(gross, rates[i], &tax), STATUS_OK);
            assert_int_equal(money_subtract(gross, tax, &net), STATUS_OK);
            assert_int_equal(money_add(net, tax, &sum), STATUS_OK);
            assert_int_equal(sum.minor, gross.minor);
            /* And the other way round: the tax on that net is the same tax, within a unit. */
            assert_int_equal(tax_on_top(net, rates[i], &again), STATUS_OK);
            assert_true(llabs(again.minor - tax.minor) <= 1);
        }
    }
    struct money tax;
    assert_int_equal(tax_inside((struct money){120}, 200000, &tax), STATUS_OK);
    assert_int_equal(tax.minor, 20);
    assert_int_equal(tax_inside((struct money){1}, -1, &tax), STATUS_INVALID);
    assert_int_equal(tax_on_top((struct money){1}, 10000001, &tax), STATUS_INVALID);
}

static void test_cash__rounds_to_the_nearest_coin(void **state)
{
    (void)state;
    static const int64_t cases[][3] = {
        {102, 5, 100},    {103, 5, 105},  {-103, 5, -105}, {105, 5, 105}, {125, 50, 150},
        {-125, 50, -150}, {124, 50, 100}, {7, 1, 7},       {0, 5, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct money rounded;
        struct money difference;
        assert_int_equal(
            cash_round((struct money){cases[i][0]}, cases[i][1], &rounded, &difference), STATUS_OK);
        assert_int_equal(rounded.minor, cases[i][2]);
        assert_int_equal(difference.minor, cases[i][2] - cases[i][0]);
    }
    struct money rounded = {4711};
    struct money difference;
    assert_int_equal(cash_round((struct money){INT64_MAX}, 5, &rounded, &difference), STATUS_OK);
    assert_int_equal(cash_round((struct money){INT64_MAX}, 10, &rounded, &difference),
                     STATUS_RANGE);
    assert_int_equal(cash_round((struct money){1}, 0, &rounded, &difference), STATUS_INVALID);
}

static void test_cash__rounding_agrees_with_a_wider_model(void **state)
{
    (void)state;
    for (int i = 0; i < 100000; i++) {
        struct money amount = {random_int64()};
        int64_t step = 1 + random_up_to(100000);
        struct money rounded = {0};
        struct money difference = {0};
        enum status status = cash_round(amount, step, &rounded, &difference);
        model wanted = divide_model(amount.minor, step) * step;
        expect_model(status, rounded.minor, wanted);
        if (status == STATUS_OK)
            assert_true(difference.minor == (int64_t)(wanted - amount.minor));
    }
}

/* Each unit in turn to the part that is furthest below its due: the definition, taken literally.
 * For totals >= 0 that are small enough to count. */
static void allocate_model(int64_t total, const int64_t *weights, size_t count, int64_t *parts)
{
    model sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += weights[i];
    int64_t left = total;
    for (size_t i = 0; i < count; i++) {
        parts[i] = (int64_t)((model)total * weights[i] / sum);
        left -= parts[i];
    }
    bool given[16] = {false};
    for (; left > 0; left--) {
        size_t best = count;
        model best_rest = -1;
        for (size_t i = 0; i < count; i++) {
            model rest = (model)total * weights[i] % sum;
            if (!given[i] && rest > best_rest) {
                best = i;
                best_rest = rest;
            }
        }
        given[best] = true;
        parts[best]++;
    }
}

static void test_allocate__agrees_with_the_definition(void **state)
{
    (void)state;
    for (int n = 0; n < 50000; n++) {
        size_t count = 1 + (size_t)random_up_to(15);
        int64_t weights[16];
        int64_t parts[16];
        struct money got[16];
        int64_t sum = 0;
        int64_t largest = n % 3 == 0 ? 3 : 100000;
        for (size_t i = 0; i < count; i++)
            sum += weights[i] = random_up_to(largest);
        if (sum == 0)
            continue;
        int64_t total = random_up_to(100000);
        allocate_model(total, weights, count, parts);
        assert_int_equal(money_allocate((struct money){total}, weights, count, got), STATUS_OK);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(got[i].minor, parts[i]);
        assert_int_equal(money_allocate((struct money){-total}, weights, count, got), STATUS_OK);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(got[i].minor, -parts[i]);
    }
}

static void test_allocate__parts_sum_to_the_total(void **state)
{
    (void)state;
    for (int n = 0; n < 100000; n++) {
        size_t count = 1 + (size_t)random_up_to(15);
        int64_t weights[16];
        struct money parts[16];
        model weight_sum = 0;
        for (size_t i = 0; i < count; i++) {
            int64_t weight = random_int64();
            weights[i] = weight == INT64_MIN ? 0 : llabs(weight);
            weight_sum += weights[i];
        }
        struct money total = {random_int64()};
        assert_int_equal(money_allocate(total, weights, count, parts), STATUS_OK);
        model sum = 0;
        for (size_t i = 0; i < count; i++) {
            sum += parts[i].minor;
            assert_true(weight_sum == 0 || weights[i] > 0 || parts[i].minor == 0);
            assert_true(total.minor >= 0 ? parts[i].minor >= 0 : parts[i].minor <= 0);
        }
        assert_true(sum == total.minor);
    }
}

static void test_allocate__edges(void **state)
{
    (void)state;
    struct money parts[3];
    static const int64_t none[] = {0, 0, 0};
    assert_int_equal(money_allocate((struct money){7}, none, 3, parts), STATUS_OK);
    assert_int_equal(parts[0].minor, 7);
    assert_int_equal(parts[1].minor, 0);
    static const int64_t equal[] = {1, 1, 1};
    assert_int_equal(money_allocate((struct money){100}, equal, 3, parts), STATUS_OK);
    assert_int_equal(parts[0].minor, 34); /* a tie goes to the earlier */
    assert_int_equal(parts[1].minor, 33);
    assert_int_equal(parts[2].minor, 33);
    static const int64_t negative[] = {1, -1, 1};
    assert_int_equal(money_allocate((struct money){100}, negative, 3, parts), STATUS_INVALID);
}

static void test_currency__knows_the_minor_unit(void **state)
{
    (void)state;
    static const struct currency cases[] = {{"GBP", 2}, {"EUR", 2}, {"JPY", 0}, {"KWD", 3},
                                            {"CLF", 4}, {"ISK", 0}, {"XXA", 2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct currency currency;
        assert_int_equal(currency_find(cases[i].code, &currency), STATUS_OK);
        assert_int_equal(currency.exponent, cases[i].exponent);
        assert_string_equal(currency.code, cases[i].code);
    }
    static const char *const wrong[] = {"", "G", "GB", "gbp", "GBPX", "G1P", "\xC2\xA3"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct currency currency;
        assert_int_equal(currency_find(wrong[i], &currency), STATUS_INVALID);
    }
}

static void test_money__text_goes_there_and_back(void **state)
{
    (void)state;
    static const char *const codes[] = {"JPY", "GBP", "KWD", "CLF"};
    for (int n = 0; n < 50000; n++) {
        struct money amount = {random_int64()};
        struct currency currency;
        assert_int_equal(currency_find(codes[n % 4], &currency), STATUS_OK);
        char text[MONEY_TEXT_SIZE];
        money_write(amount, &currency, text);
        struct money again = {0};
        assert_int_equal(money_read(text, &currency, &again), STATUS_OK);
        assert_true(again.minor == amount.minor);
    }
}

static void test_money__is_written_with_all_its_digits(void **state)
{
    (void)state;
    static const struct {
        int64_t minor;
        const char *code, *text;
    } cases[] = {{1250, "GBP", "12.50"},
                 {5, "GBP", "0.05"},
                 {-5, "GBP", "-0.05"},
                 {0, "GBP", "0.00"},
                 {1250, "JPY", "1250"},
                 {1250, "KWD", "1.250"},
                 {INT64_MIN, "GBP", "-92233720368547758.08"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct currency currency;
        char text[MONEY_TEXT_SIZE];
        assert_int_equal(currency_find(cases[i].code, &currency), STATUS_OK);
        money_write((struct money){cases[i].minor}, &currency, text);
        assert_string_equal(text, cases[i].text);
    }
    struct currency yen;
    struct money out;
    assert_int_equal(currency_find("JPY", &yen), STATUS_OK);
    assert_int_equal(money_read("1.5", &yen, &out), STATUS_INVALID);
    assert_int_equal(money_read("99999999999999999999", &yen, &out), STATUS_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_money__sums_agree_with_a_wider_model),
        cmocka_unit_test(test_multiply_divide__agrees_with_a_wider_model),
        cmocka_unit_test(test_multiply_divide__rounds_half_away_from_zero),
        cmocka_unit_test(test_price__extends_as_the_shelf_says),
        cmocka_unit_test(test_price__return_is_the_opposite_of_its_sale),
        cmocka_unit_test(test_price__refuses_a_price_for_nothing),
        cmocka_unit_test(test_tax__inside_and_on_top_agree_with_a_wider_model),
        cmocka_unit_test(test_tax__inside_and_net_make_the_gross),
        cmocka_unit_test(test_cash__rounds_to_the_nearest_coin),
        cmocka_unit_test(test_cash__rounding_agrees_with_a_wider_model),
        cmocka_unit_test(test_allocate__agrees_with_the_definition),
        cmocka_unit_test(test_allocate__parts_sum_to_the_total),
        cmocka_unit_test(test_allocate__edges),
        cmocka_unit_test(test_currency__knows_the_minor_unit),
        cmocka_unit_test(test_money__text_goes_there_and_back),
        cmocka_unit_test(test_money__is_written_with_all_its_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
