/* The keys: what can be typed, and what cannot. */
#include "ui/screens/pad.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void type(struct pad *pad, const char *keys, int decimals)
{
    for (; *keys; keys++) {
        char key[2] = {*keys, '\0'};
        pad_press(pad, key, decimals);
    }
}

static void test_pad__digits_point_and_back(void **state)
{
    struct pad pad = {""};

    (void)state;
    type(&pad, "12.34", 2);
    assert_string_equal(pad.text, "12.34");
    type(&pad, "<<", 2);
    assert_string_equal(pad.text, "12.");
    type(&pad, "<<<<<", 2);
    assert_string_equal(pad.text, "");
}

static void test_pad__never_more_decimals_than_the_currency_has(void **state)
{
    struct pad pad = {""};

    (void)state;
    type(&pad, "1.239", 2);
    assert_string_equal(pad.text, "1.23");
    pad_clear(&pad);
    type(&pad, "1.5", 0);
    assert_string_equal(pad.text, "15");
}

static void test_pad__one_point_and_no_leading_zeros(void **state)
{
    struct pad pad = {""};

    (void)state;
    type(&pad, ".5.", 2);
    assert_string_equal(pad.text, "0.5");
    pad_clear(&pad);
    type(&pad, "007", 2);
    assert_string_equal(pad.text, "7");
}

static void test_pad__a_number_has_at_most_nine_digits(void **state)
{
    struct pad pad = {""};
    int64_t milli;

    (void)state;
    type(&pad, "12345678901234", 2);
    assert_string_equal(pad.text, "123456789");
    type(&pad, ".999999", 3);
    assert_string_equal(pad.text, "123456789.999");
    assert_true(pad_milli(&pad, &milli));
    assert_true(milli == 123456789999);
}

static void test_pad__a_bare_point_is_the_number_before_it(void **state)
{
    struct pad pad = {"3."};
    int64_t milli = 0;

    (void)state;
    assert_true(pad_milli(&pad, &milli));
    assert_true(milli == 3000);
    pad_clear(&pad);
    assert_false(pad_milli(&pad, &milli));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pad__digits_point_and_back),
        cmocka_unit_test(test_pad__never_more_decimals_than_the_currency_has),
        cmocka_unit_test(test_pad__one_point_and_no_leading_zeros),
        cmocka_unit_test(test_pad__a_number_has_at_most_nine_digits),
        cmocka_unit_test(test_pad__a_bare_point_is_the_number_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
