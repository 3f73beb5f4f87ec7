#include "terminal/money/locale.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NBSP "\xC2\xA0"

static struct locale_format *make(const char *locale, const char *code)
{
    struct currency currency;
    struct error error;
    struct locale_format *format = NULL;
    assert_int_equal(currency_find(code, &currency), STATUS_OK);
    if (locale_format_create(locale, &currency, &format, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    return format;
}

static void test_locale__writes_british_money(void **state)
{
    (void)state;
    struct locale_format *format = make("en-GB", "GBP");
    char text[LOCALE_TEXT_SIZE];
    locale_money(format, (struct money){5460}, text);
    assert_string_equal(text, "\xC2\xA3"
                              "54.60");
    locale_money(format, (struct money){-123456789}, text);
    assert_string_equal(text, "-\xC2\xA3"
                              "1,234,567.89");
    locale_amount(format, (struct money){-5}, text);
    assert_string_equal(text, "-0.05");
    locale_money_short(format, (struct money){2000}, text);
    assert_string_equal(text, "\xC2\xA3"
                              "20");
    locale_money_short(format, (struct money){2050}, text);
    assert_string_equal(text, "\xC2\xA3"
                              "20.50");
    locale_decimal_mark(format, text);
    assert_string_equal(text, ".");
    locale_format_destroy(format);
}

static void test_locale__writes_german_money(void **state)
{
    (void)state;
    struct locale_format *format = make("de-DE", "EUR");
    char text[LOCALE_TEXT_SIZE];
    locale_money(format, (struct money){5460}, text);
    assert_string_equal(text, "54,60" NBSP "\xE2\x82\xAC");
    locale_amount(format, (struct money){123456}, text);
    assert_string_equal(text, "1.234,56");
    locale_rate(format, 55000, text);
    assert_string_equal(text, "5,5" NBSP "%");
    locale_decimal_mark(format, text);
    assert_string_equal(text, ",");
    locale_format_destroy(format);
}

static void test_locale__currency_decides_the_decimals(void **state)
{
    (void)state;
    char text[LOCALE_TEXT_SIZE];
    struct locale_format *format = make("en-GB", "JPY");
    locale_amount(format, (struct money){1250}, text);
    assert_string_equal(text, "1,250");
    locale_format_destroy(format);
    format = make("en-GB", "KWD");
    locale_amount(format, (struct money){1250}, text);
    assert_string_equal(text, "1.250");
    locale_money(format, (struct money){1250}, text);
    assert_string_equal(text, "KWD" NBSP "1.250");
    locale_format_destroy(format);
}

static void test_locale__digits_follow_the_locale(void **state)
{
    (void)state;
    struct locale_format *format = make("ar-EG", "EGP");
    char text[LOCALE_TEXT_SIZE];
    locale_amount(format, (struct money){5460}, text);
    assert_string_equal(text, "\xD9\xA5\xD9\xA4\xD9\xAB\xD9\xA6\xD9\xA0");
    locale_format_destroy(format);
}

static void test_locale__price_has_the_decimals_it_needs(void **state)
{
    (void)state;
    static const struct {
        int64_t scaled;
        const char *text;
    } cases[] = {{1230000, "1.23"}, {12345, "0.012345"}, {1000, "0.001"}, {500000, "0.50"}};
    struct locale_format *format = make("en-GB", "GBP");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[LOCALE_TEXT_SIZE];
        locale_price(format, (struct price){cases[i].scaled, 1000}, text);
        assert_string_equal(text + 2, cases[i].text);
    }
    locale_format_destroy(format);
}

static void test_locale__no_digit_is_lost_at_the_edges(void **state)
{
    (void)state;
    struct locale_format *format = make("en-GB", "GBP");
    char text[LOCALE_TEXT_SIZE];
    locale_integer(format, INT64_MIN, text);
    assert_string_equal(text, "-9,223,372,036,854,775,808");
    locale_amount(format, (struct money){INT64_MAX}, text);
    assert_string_equal(text, "92,233,720,368,547,758.07");
    locale_quantity(format, (struct quantity){INT64_MAX}, text);
    assert_string_equal(text, "9,223,372,036,854,775.807");
    locale_format_destroy(format);
}

static void test_locale__quantities_and_rates(void **state)
{
    (void)state;
    struct locale_format *format = make("en-GB", "GBP");
    char text[LOCALE_TEXT_SIZE];
    locale_quantity(format, (struct quantity){2000}, text);
    assert_string_equal(text, "2");
    locale_quantity(format, (struct quantity){-742}, text);
    assert_string_equal(text, "-0.742");
    locale_rate(format, 200000, text);
    assert_string_equal(text, "20%");
    locale_rate(format, 1, text);
    assert_string_equal(text, "0.0001%");
    locale_integer(format, 1234567, text);
    assert_string_equal(text, "1,234,567");
    locale_format_destroy(format);
}

static void test_locale__dates_and_times(void **state)
{
    (void)state;
    struct local_time time = local_time_at(1795271796000, "Europe/London");
    char text[LOCALE_TEXT_SIZE];
    struct locale_format *format = make("en-GB", "GBP");
    locale_clock(format, &time, text);
    assert_string_equal(text, "14:36");
    locale_date(format, &time, text);
    assert_string_equal(text, "21 Nov 2026");
    locale_format_destroy(format);
    format = make("de-DE", "EUR");
    locale_date(format, &time, text);
    assert_string_equal(text, "21.11.2026");
    locale_format_destroy(format);
}

/* The text says the civil fields that were handed in, whatever zone the machine is in. */
static void test_locale__the_machines_zone_does_not_matter(void **state)
{
    (void)state;
    struct locale_format *format = make("en-GB", "GBP");
    for (int hour = 0; hour < 24; hour++) {
        struct local_time time = {
            .year = 2026, .month = 3, .day = 29, .hour = hour, .minute = 30, .utc_offset_min = 60};
        char text[LOCALE_TEXT_SIZE];
        char wanted[40];
        (void)snprintf(wanted, sizeof wanted, "%02d:30", hour);
        locale_clock(format, &time, text);
        assert_string_equal(text, wanted);
        locale_date(format, &time, text);
        assert_string_equal(text, "29 Mar 2026");
    }
    locale_format_destroy(format);
}

static void test_locale__unknown_is_refused(void **state)
{
    (void)state;
    static const char *const unknown[] = {"", "xx-YY", "klingon", "und", "../etc"};
    struct currency currency;
    assert_int_equal(currency_find("GBP", &currency), STATUS_OK);
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        struct locale_format *format = NULL;
        struct error error;
        if (locale_format_create(unknown[i], &currency, &format, &error) != STATUS_INVALID)
            fail_msg("%s", unknown[i]);
        assert_null(format);
    }
    locale_format_destroy(NULL);
}

int main(void)
{
    (void)setenv("TZ", "Pacific/Apia", 1);
    (void)setenv("LC_ALL", "fr_FR.UTF-8", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_locale__writes_british_money),
        cmocka_unit_test(test_locale__writes_german_money),
        cmocka_unit_test(test_locale__currency_decides_the_decimals),
        cmocka_unit_test(test_locale__digits_follow_the_locale),
        cmocka_unit_test(test_locale__price_has_the_decimals_it_needs),
        cmocka_unit_test(test_locale__no_digit_is_lost_at_the_edges),
        cmocka_unit_test(test_locale__quantities_and_rates),
        cmocka_unit_test(test_locale__dates_and_times),
        cmocka_unit_test(test_locale__the_machines_zone_does_not_matter),
        cmocka_unit_test(test_locale__unknown_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
