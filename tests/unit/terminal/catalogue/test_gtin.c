#include "terminal/catalogue/gtin.h"
#include "tests/unit/terminal/catalogue/fixture.h"

/* The check digit as the standard's table puts it: the digits in a row of 14 cells, right-aligned,
 * multiplied by the fixed row 3 1 3 1 ... 3, and what is missing to the next ten. */
static char by_table(const char *digits)
{
    static const int row[13] = {3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3};
    int cells[13] = {0};
    size_t length = strlen(digits);
    for (size_t i = 0; i < length; i++)
        cells[13 - length + i] = digits[i] - '0';
    int sum = 0;
    for (int i = 0; i < 13; i++)
        sum += cells[i] * row[i];
    int next_ten = sum;
    while (next_ten % 10 != 0)
        next_ten++;
    return (char)('0' + (next_ten - sum));
}

static void test_gtin__check_digit_equals_table(void **state)
{
    (void)state;
    struct dice dice = {88172645463325252U};
    for (int i = 0; i < 20000; i++) {
        char digits[14] = {0};
        int length = 1 + dice_below(&dice, 13);
        for (int j = 0; j < length; j++)
            digits[j] = (char)('0' + dice_below(&dice, 10));
        assert_int_equal(gtin_check_digit(digits, (size_t)length), by_table(digits));
    }
}

static void test_gtin__known_numbers(void **state)
{
    (void)state;
    static const char *const valid[] = {"4006381333931", "9506000134352",  "96385074",
                                        "036000291452",  "10012345678902", "5449000000996"};
    for (size_t i = 0; i < sizeof valid / sizeof valid[0]; i++)
        assert_true(gtin_check_valid(valid[i], strlen(valid[i])));
    assert_false(gtin_check_valid("4006381333932", 13));
    assert_false(gtin_check_valid("40063813339a1", 13));
    assert_false(gtin_check_valid("", 0));
    assert_false(gtin_check_valid("0", 1));
}

static void test_gtin__every_wrong_digit_is_found(void **state)
{
    (void)state;
    char digits[] = "4006381333931";
    for (size_t i = 0; i < 13; i++) {
        char right = digits[i];
        for (char c = '0'; c <= '9'; c++) {
            digits[i] = c;
            assert_int_equal(gtin_check_valid(digits, 13), c == right);
        }
        digits[i] = right;
    }
}

static void test_gtin__canonical_is_one_for_all_forms(void **state)
{
    (void)state;
    char out[GTIN_SIZE];
    assert_ok(gtin_canonical("036000291452", 12, out));
    assert_string_equal(out, "00036000291452");
    assert_ok(gtin_canonical("0036000291452", 13, out));
    assert_string_equal(out, "00036000291452");
    assert_ok(gtin_canonical("96385074", 8, out));
    assert_string_equal(out, "00000096385074");
    assert_ok(gtin_canonical("10012345678902", 14, out));
    assert_string_equal(out, "10012345678902");
    assert_int_equal(gtin_canonical("96385075", 8, out), STATUS_INVALID);
    assert_int_equal(gtin_canonical("0000096385074", 10, out), STATUS_INVALID);
    assert_int_equal(gtin_canonical("000000096385074", 15, out), STATUS_INVALID);
    assert_int_equal(gtin_canonical("", 0, out), STATUS_INVALID);
}

static void test_gtin__upce_known_numbers(void **state)
{
    (void)state;
    char out[GTIN_SIZE];
    assert_ok(gtin_from_upce("04252614", 8, out));
    assert_string_equal(out, "00042100005264");
    assert_ok(gtin_from_upce("425261", 6, out));
    assert_string_equal(out, "00042100005264");
    assert_ok(gtin_from_upce("0425261", 7, out));
    assert_string_equal(out, "00042100005264");
    assert_ok(gtin_from_upce("01234565", 8, out));
    assert_string_equal(out, "00012345000065");
    assert_int_equal(gtin_from_upce("04252615", 8, out), STATUS_INVALID);
    assert_int_equal(gtin_from_upce("24252614", 8, out), STATUS_INVALID);
    assert_int_equal(gtin_from_upce("42526", 5, out), STATUS_INVALID);
    assert_int_equal(gtin_from_upce("42526x", 6, out), STATUS_INVALID);
}

/* Shortens a UPC-A (11 digits) by the rules for those who encode: manufacturer number m1..m5,
 * product number p1..p5. False when it can't be shortened. */
static bool shorten(const char *upca, char six[7])
{
    const char *m = upca + 1, *p = upca + 6;
    six[6] = '\0';
    if (m[3] == '0' && m[4] == '0' && m[2] <= '2' && p[0] == '0' && p[1] == '0')
        (void)snprintf(six, 7, "%c%c%c%c%c%c", m[0], m[1], p[2], p[3], p[4], m[2]);
    else if (m[3] == '0' && m[4] == '0' && m[2] >= '3' && p[0] == '0' && p[1] == '0' && p[2] == '0')
        (void)snprintf(six, 7, "%c%c%c%c%c3", m[0], m[1], m[2], p[3], p[4]);
    else if (m[4] == '0' && m[3] != '0' && strncmp(p, "0000", 4) == 0)
        (void)snprintf(six, 7, "%c%c%c%c%c4", m[0], m[1], m[2], m[3], p[4]);
    else if (m[4] != '0' && strncmp(p, "0000", 4) == 0 && p[4] >= '5')
        (void)snprintf(six, 7, "%c%c%c%c%c%c", m[0], m[1], m[2], m[3], m[4], p[4]);
    else
        return false;
    return true;
}

static void test_gtin__upce_undoes_shortening(void **state)
{
    (void)state;
    struct dice dice = {362436069U};
    int tried = 0;
    for (int i = 0; i < 200000; i++) {
        char upca[13] = "00000000000", six[7], out[GTIN_SIZE];
        for (int j = 1; j < 11; j++)
            upca[j] = (char)(dice_below(&dice, 3) == 0 ? '0' + dice_below(&dice, 10) : '0');
        if (!shorten(upca, six))
            continue;
        upca[11] = by_table(upca);
        assert_ok(gtin_from_upce(six, 6, out));
        assert_string_equal(out + 2, upca);
        tried++;
    }
    assert_true(tried > 1000);
}

static void test_gtin__printed_form_and_ranges(void **state)
{
    (void)state;
    assert_int_equal(gtin_printed("00000096385074"), 6);
    assert_int_equal(gtin_printed("00036000291452"), 2);
    assert_int_equal(gtin_printed("04006381333931"), 1);
    assert_int_equal(gtin_printed("10012345678902"), 0);
    static const char *const restricted[] = {"02012345000003", "00212345000007", "00412345000001",
                                             "02999999999999", "00000020123451", "00000001234565"};
    static const char *const world[] = {"04006381333931", "00036000291452", "00000096385074",
                                        "10012345678902", "00312345000004", "12012345000000"};
    for (size_t i = 0; i < 6; i++) {
        assert_true(gtin_restricted(restricted[i]));
        assert_false(gtin_restricted(world[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gtin__check_digit_equals_table),
        cmocka_unit_test(test_gtin__known_numbers),
        cmocka_unit_test(test_gtin__every_wrong_digit_is_found),
        cmocka_unit_test(test_gtin__canonical_is_one_for_all_forms),
        cmocka_unit_test(test_gtin__upce_known_numbers),
        cmocka_unit_test(test_gtin__upce_undoes_shortening),
        cmocka_unit_test(test_gtin__printed_form_and_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
