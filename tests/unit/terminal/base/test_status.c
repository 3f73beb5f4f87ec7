#include "terminal/base/status.h"
#include "terminal/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_status__every_status_has_its_own_name(void **state)
{
    (void)state;
    for (int a = STATUS_OK; a <= STATUS_CANCELLED; a++) {
        assert_string_not_equal(status_name((enum status)a), "unknown");
        for (int b = STATUS_OK; b < a; b++)
            assert_string_not_equal(status_name((enum status)a), status_name((enum status)b));
    }
    assert_string_equal(status_name(STATUS_NOT_FOUND), "not_found");
    assert_string_equal(status_name((enum status)99), "unknown");
}

static void test_error__set_fills_and_returns_the_status(void **state)
{
    (void)state;
    struct error error = {0};
    assert_int_equal(error_set(&error, STATUS_RANGE, "line %d: %s", 7, "too long"), STATUS_RANGE);
    assert_int_equal(error.status, STATUS_RANGE);
    assert_string_equal(error.text, "line 7: too long");
    assert_int_equal(error_set(NULL, STATUS_IO, "nobody listens"), STATUS_IO);
}

static void test_error__is_one_line(void **state)
{
    (void)state;
    struct error error;
    (void)error_set(&error, STATUS_INVALID, "a\nb\r\tc\x7F");
    assert_string_equal(error.text, "a b  c ");
}

static void test_error__is_cut_between_characters(void **state)
{
    (void)state;
    char text[600];
    for (size_t lead = 0; lead < 3; lead++) {
        memset(text, 'x', lead);
        size_t used = lead;
        for (; used + 3 < sizeof text; used += 3)
            memcpy(text + used, "\xE2\x82\xAC", 3);
        text[used] = '\0';
        struct error error;
        (void)error_set(&error, STATUS_INVALID, "%s", text);
        size_t length = strlen(error.text);
        assert_true(length < sizeof error.text && length > sizeof error.text - 4);
        assert_true(text_is_utf8(error.text, length));
    }
}

static void test_error__prefix_goes_before(void **state)
{
    (void)state;
    struct error error;
    (void)error_set(&error, STATUS_CORRUPT, "bad page");
    assert_int_equal(error_prefix(&error, "replica %d", 3), STATUS_CORRUPT);
    assert_string_equal(error.text, "replica 3: bad page");
}

static void test_error__may_quote_itself(void **state)
{
    (void)state;
    struct error error;
    (void)error_set(&error, STATUS_IO, "inner");
    (void)error_set(&error, STATUS_IO, "outer(%s)", error.text);
    assert_string_equal(error.text, "outer(inner)");
    (void)error_prefix(&error, "%s", error.text);
    assert_string_equal(error.text, "outer(inner): outer(inner)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status__every_status_has_its_own_name),
        cmocka_unit_test(test_error__set_fills_and_returns_the_status),
        cmocka_unit_test(test_error__is_one_line),
        cmocka_unit_test(test_error__is_cut_between_characters),
        cmocka_unit_test(test_error__prefix_goes_before),
        cmocka_unit_test(test_error__may_quote_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
