/* What looks like a card number, and what does not. */
#include "terminal/base/card.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The networks' published test numbers. */
static const char *const numbers[] = {"4111111111111111", "4012888888881881", "4222222222222",
                                      "5555555555554444", "5105105105105100", "2223003122003222",
                                      "378282246310005",  "371449635398431",  "30569309025904",
                                      "38520000023237",   "6011111111111117", "6011000990139424",
                                      "3530111333300000", "6200000000000005", "6759649826438453"};
#define NUMBERS (sizeof numbers / sizeof numbers[0])

static void test_card__finds_the_networks_test_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < NUMBERS; i++) {
        char text[64];
        if (!card_number_like(numbers[i]))
            fail_msg("%s", numbers[i]);
        (void)snprintf(text, sizeof text, "paid with%s, ok", numbers[i]);
        assert_true(card_number_like(text));
        (void)snprintf(text, sizeof text, "12 %s 12/29 123", numbers[i]);
        assert_true(card_number_like(text));
    }
}

static void test_card__finds_them_however_they_are_written(void **state)
{
    static const char *const written[] = {
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "4111 - 1111 - 1111 - 1111",
        "4111\xC2\xA0"
        "1111\xE2\x80\x93"
        "1111\xE2\x80\xAF"
        "1111",
        "card:4111 1111 1111 1111 exp 12/29",
        "3782 822463 10005",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "order 17 4111 1111 1111 1111 12 29 123",
        "\xD9\xA4\xD9\xA1\xD9\xA1\xD9\xA1\xD9\xA1\xD9\xA1\xD9\xA1\xD9\xA1"
        "\xD9\xA1\xD9\xA1\xD9\xA1\xD9\xA1\xD9\xA1\xD9\xA1\xD9\xA1\xD9\xA1",
        "\xEF\xBC\x94"
        "111111111111111"};

    (void)state;
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++) {
        if (!card_number_like(written[i]))
            fail_msg("%s", written[i]);
    }
}

static void test_card__leaves_other_numbers_alone(void **state)
{
    static const char *const others[] = {"",
                                         "4111111111111112",     /* the check digit */
                                         "411111111111",         /* 12 digits */
                                         "41111111111111111111", /* 20 digits */
                                         "1234567890123452",     /* no network: starts with 1 */
                                         "9999999999999995",     /* with 9 */
                                         "0000000000000000",     /* with 0 */
                                         "4111 1111, 1111 1111", /* two things */
                                         "4111 1111 (1111 1111)",
                                         "1795239458707",    /* a time in milliseconds */
                                         "+44 20 7946 0958", /* a telephone */
                                         "2026-11-21 09:05:01",
                                         "T01-K7Q-000012",
                                         "csv:536365",
                                         "5449000000996"}; /* an EAN: its check digit is another */

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (card_number_like(others[i]))
            fail_msg("%s", others[i]);
    }
}

/* An independent reading: every window of digits that a word of the text holds. */
static bool model(const char *digits)
{
    size_t length = strlen(digits);
    int sum = 0;

    if (length < 13 || length > 19)
        return false;
    for (size_t i = 0; i < length; i++) {
        int digit = digits[length - 1 - i] - '0', twice = digit * 2;
        sum += i % 2 == 0 ? digit : twice / 10 + twice % 10;
    }
    return sum % 10 == 0;
}

static void test_card__agrees_with_the_check_digit_for_random_numbers(void **state)
{
    int found = 0;

    (void)state;
    srand(5);
    for (int i = 0; i < 20000; i++) {
        char digits[32], text[80];
        int length = 11 + rand() % 11, used = 0;
        digits[0] = '4'; /* of any length */
        for (int j = 1; j < length; j++)
            digits[j] = (char)('0' + rand() % 10);
        digits[length] = '\0';
        assert_int_equal(card_number_like(digits), model(digits));
        found += model(digits);
        if (!model(digits))
            continue;
        for (int j = 0; j < length; j++) { /* grouped at random: never less is found */
            text[used++] = digits[j];
            if (rand() % 4 == 0)
                text[used++] = " -."[rand() % 3];
        }
        text[used] = '\0';
        assert_true(card_number_like(text));
        /* One wrong digit, and it is none any more. */
        int at = 1 + rand() % (length - 1);
        digits[at] = (char)('0' + (digits[at] - '0' + 1 + rand() % 9) % 10);
        assert_false(card_number_like(digits));
    }
    assert_true(found > 1000);
}

static void test_card__looks_through_json_but_not_at_codes(void **state)
{
    static const struct {
        const char *text;
        bool found;
    } cases[] = {
        {"{\"note\":\"4111111111111111\"}", true},
        {"{\"a\":[{\"b\":{\"reason\":\"x 4111 1111 1111 1111\"}}]}", true},
        {"[\"4111111111111111\"]", true},
        {"{\"4111111111111111\":1}", true},
        {"{\"code\":\"4111111111111111\",\"lines\":[{\"sku\":\"4111111111111111\"}]}", false},
        {"{\"id\":\"4111111111111111\"}", false},
        {"{\"amount\":4111111111111111}", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *value = json_loads(cases[i].text, 0, NULL);
        assert_non_null(value);
        if (card_number_in(value) != cases[i].found)
            fail_msg("%s", cases[i].text);
        json_decref(value);
    }
}

/* Keys and ids of 16, 32 and 64 bytes; nothing else is taken for one. */
static void test_card__no_key_is_one(void **state)
{
    static const char hex[] = "4111111111111111abcdef0123456789a4111111111111111bcdef0123456789"
                              "c4111111111111111abcdef01234567894111111111111111dcabcdef0123456";

    (void)state;
    for (int length = 20; length <= 128; length++) {
        char text[140];
        bool machine = length == 32 || length == 64 || length == 128;
        (void)snprintf(text, sizeof text, "%.*s", length, hex);
        if (card_number_like(text) == machine)
            fail_msg("%s", text);
        text[length - 1] = 'g';
        assert_true(card_number_like(text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_card__finds_the_networks_test_numbers),
        cmocka_unit_test(test_card__finds_them_however_they_are_written),
        cmocka_unit_test(test_card__leaves_other_numbers_alone),
        cmocka_unit_test(test_card__agrees_with_the_check_digit_for_random_numbers),
        cmocka_unit_test(test_card__no_key_is_one),
        cmocka_unit_test(test_card__looks_through_json_but_not_at_codes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
