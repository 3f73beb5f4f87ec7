#include "terminal/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The Unicode Standard 15, table 3-7, written as ranges of whole characters: what each code point
 * encodes to, by arithmetic alone. */
static size_t encode_model(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 + c / 64);
        out[1] = (char)(0x80 + c % 64);
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 + c / 4096);
        out[1] = (char)(0x80 + c / 64 % 64);
        out[2] = (char)(0x80 + c % 64);
        return 3;
    }
    out[0] = (char)(0xF0 + c / 262144);
    out[1] = (char)(0x80 + c / 4096 % 64);
    out[2] = (char)(0x80 + c / 64 % 64);
    out[3] = (char)(0x80 + c % 64);
    return 4;
}

static void test_text__every_code_point_goes_there_and_back(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 8);
    for (uint32_t c = 1; c <= 0x10FFFF; c++) {
        char bytes[4];
        size_t length = encode_model(c, bytes);
        bool surrogate = c >= 0xD800 && c <= 0xDFFF;
        if (text_is_utf8(bytes, length) == surrogate)
            fail_msg("U+%04X", c);
        buf_clear(&buf);
        assert_int_equal(text_append_char(&buf, c), STATUS_OK);
        size_t at = 0;
        assert_int_equal(text_next(buf.data, buf.used, &at), surrogate ? 0xFFFD : c);
        assert_int_equal(at, buf.used);
    }
    buf_finish(&buf);
}

static void test_text__malformed_sequences_are_refused(void **state)
{
    (void)state;
    static const char *const malformed[] = {
        "\x80",             /* a continuation alone */
        "\xC0\x80",         /* overlong NUL */
        "\xC1\xBF",         /* overlong */
        "\xE0\x9F\xBF",     /* overlong */
        "\xED\xA0\x80",     /* surrogate */
        "\xF0\x8F\xBF\xBF", /* overlong */
        "\xF4\x90\x80\x80", /* beyond U+10FFFF */
        "\xF5\x80\x80\x80", /* no such first byte */
        "\xFF",
        "\xE2\x82",
        "a\xC3",
        "\xC3(",
        "\xE2\x28\xA1",
        "\xF0\x9F\x98",
    };
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++)
        assert_false(text_is_utf8(malformed[i], strlen(malformed[i])));
    assert_false(text_is_utf8("a\0b", 3));
    assert_true(text_is_utf8("", 0));
    assert_true(text_is_utf8("Caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80", 14));
}

static void test_text__next_always_moves_on(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            char bytes[2] = {(char)a, (char)b};
            size_t at = 0;
            size_t before = 0;
            while (at < 2) {
                (void)text_next(bytes, 2, &at);
                assert_true(at > before && at <= 2);
                before = at;
            }
        }
    }
}

static void expect_clean(const char *bytes, size_t length, const char *wanted)
{
    struct buf buf;
    buf_init(&buf, 100);
    assert_int_equal(text_clean(bytes, length, &buf), STATUS_OK);
    assert_string_equal(buf_text(&buf), wanted);
    assert_true(text_is_utf8(buf_text(&buf), buf.used));
    buf_finish(&buf);
}

static void test_text__clean_replaces_what_is_malformed_or_control(void **state)
{
    (void)state;
    expect_clean("a\x01\n\x7F\xC2\x85z", 7, "a    z");
    expect_clean("a\0b", 3, "a b");
    /* Section 3.9: one replacement per maximal subpart. */
    expect_clean("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64", 13,
                 "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
                 "b\xEF\xBF\xBD"
                 "c\xEF\xBF\xBD\xEF\xBF\xBD"
                 "d");
    expect_clean("\xED\xA0\x80", 3, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

static void test_text__clean_leaves_the_buffer_at_its_ceiling(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 6);
    assert_int_equal(buf_append_text(&buf, "ab"), STATUS_OK);
    assert_int_equal(text_clean("cd\xFF", 3, &buf), STATUS_RANGE);
    assert_string_equal(buf_text(&buf), "ab");
    buf_finish(&buf);
}

static void test_text__cut_never_splits_a_character(void **state)
{
    (void)state;
    const char *text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
    static const size_t cuts[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
    for (size_t max = 0; max < sizeof cuts / sizeof cuts[0]; max++)
        assert_int_equal(text_cut(text, strlen(text), max), cuts[max]);
    assert_int_equal(text_cut("\x80\x80\x80\x80\x80\x80", 6, 5), 5);
    assert_int_equal(text_cut("\x80\x80\x80", 3, 1), 1);
}

static void expect_decimal(const char *text, int decimals, enum status status, int64_t value)
{
    int64_t out = 4711;
    enum status got = decimal_read(text, decimals, &out);
    if (got != status)
        fail_msg("\"%s\": %s", text, status_name(got));
    assert_int_equal(out, status == STATUS_OK ? value : 4711);
}

static void test_decimal__reads_exactly(void **state)
{
    (void)state;
    expect_decimal("1.25", 3, STATUS_OK, 1250);
    expect_decimal("100", 3, STATUS_OK, 100000);
    expect_decimal("-0.001", 3, STATUS_OK, -1);
    expect_decimal("+7", 0, STATUS_OK, 7);
    expect_decimal("007.50", 2, STATUS_OK, 750);
    expect_decimal("9223372036854775.807", 3, STATUS_OK, INT64_MAX);
    expect_decimal("-9223372036854775.808", 3, STATUS_OK, INT64_MIN);
    expect_decimal("0.000000000000000001", 18, STATUS_OK, 1);
}

static void test_decimal__refuses_what_is_no_plain_decimal(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",    "-",   "+",   ".",    ".5",    "5.",      " 1",
                                        "1 ",  "1,5", "1e3", "0x10", "1.2.3", "--1",     "1.-2",
                                        "nan", "1a",  "+-1", "1.x",  "1.1f",  "\xD9\xA1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        expect_decimal(wrong[i], 2, STATUS_INVALID, 0);
    expect_decimal("1.255", 2, STATUS_INVALID, 0);
    expect_decimal("1.0", 0, STATUS_INVALID, 0);
}

static void test_decimal__refuses_what_does_not_fit(void **state)
{
    (void)state;
    expect_decimal("9223372036854775.808", 3, STATUS_RANGE, 0);
    expect_decimal("-9223372036854775.809", 3, STATUS_RANGE, 0);
    expect_decimal("99999999999999999999999999", 0, STATUS_RANGE, 0);
    expect_decimal("10", 18, STATUS_RANGE, 0);
    expect_decimal("99999999999999999999999999x", 0, STATUS_INVALID, 0);
}

static void test_decimal__writes_without_trailing_zeros(void **state)
{
    (void)state;
    static const struct {
        int64_t scaled;
        int decimals;
        const char *text;
    } cases[] = {
        {1250, 3, "1.25"},
        {100000, 3, "100"},
        {0, 3, "0"},
        {-1, 3, "-0.001"},
        {42, 0, "42"},
        {INT64_MIN, 0, "-9223372036854775808"},
        {INT64_MIN, 18, "-9.223372036854775808"},
        {INT64_MAX, 4, "922337203685477.5807"},
        {10, 18, "0.00000000000000001"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[DECIMAL_SIZE];
        decimal_write(cases[i].scaled, cases[i].decimals, out);
        assert_string_equal(out, cases[i].text);
    }
}

static void test_decimal__what_is_written_is_read_back(void **state)
{
    (void)state;
    uint64_t random = 88172645463325252U;
    for (int i = 0; i < 20000; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        int64_t value = (int64_t)(random >> (random % 60)) * (random & 1 ? 1 : -1);
        for (int decimals = 0; decimals <= 18; decimals += 3) {
            char text[DECIMAL_SIZE];
            decimal_write(value, decimals, text);
            expect_decimal(text, decimals, STATUS_OK, value);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text__every_code_point_goes_there_and_back),
        cmocka_unit_test(test_text__malformed_sequences_are_refused),
        cmocka_unit_test(test_text__next_always_moves_on),
        cmocka_unit_test(test_text__clean_replaces_what_is_malformed_or_control),
        cmocka_unit_test(test_text__clean_leaves_the_buffer_at_its_ceiling),
        cmocka_unit_test(test_text__cut_never_splits_a_character),
        cmocka_unit_test(test_decimal__reads_exactly),
        cmocka_unit_test(test_decimal__refuses_what_is_no_plain_decimal),
        cmocka_unit_test(test_decimal__refuses_what_does_not_fit),
        cmocka_unit_test(test_decimal__writes_without_trailing_zeros),
        cmocka_unit_test(test_decimal__what_is_written_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
