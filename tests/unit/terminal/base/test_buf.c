#include "terminal/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_buf__is_empty_text_before_the_first_append(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 10);
    assert_string_equal(buf_text(&buf), "");
    assert_null(buf.data);
    buf_finish(&buf);
}

static void test_buf__holds_exactly_its_ceiling(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 5);
    assert_int_equal(buf_append(&buf, "12345", 5), STATUS_OK);
    assert_int_equal(buf_append_byte(&buf, '6'), STATUS_RANGE);
    assert_int_equal(buf_printf(&buf, "%d", 7), STATUS_RANGE);
    assert_int_equal(buf_append(&buf, NULL, 0), STATUS_OK);
    assert_string_equal(buf_text(&buf), "12345");
    assert_int_equal(buf.used, 5);
    buf_finish(&buf);
    assert_int_equal(buf.ceiling, 5);
}

static void test_buf__refused_append_changes_nothing(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 6);
    assert_int_equal(buf_append_text(&buf, "abc"), STATUS_OK);
    assert_int_equal(buf_append_text(&buf, "defg"), STATUS_RANGE);
    assert_int_equal(buf_append(&buf, "", SIZE_MAX), STATUS_RANGE);
    assert_string_equal(buf_text(&buf), "abc");
    assert_int_equal(buf_append_text(&buf, "def"), STATUS_OK);
    assert_string_equal(buf_text(&buf), "abcdef");
    buf_finish(&buf);
}

static void test_buf__grows_and_keeps_every_byte(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 100000);
    for (size_t i = 0; i < 100000; i++)
        assert_int_equal(buf_append_byte(&buf, (uint8_t)(i * 7)), STATUS_OK);
    for (size_t i = 0; i < 100000; i++)
        assert_int_equal((uint8_t)buf.data[i], (uint8_t)(i * 7));
    assert_int_equal(buf.data[buf.used], 0);
    assert_true(buf.capacity <= buf.ceiling + 1);
    buf_finish(&buf);
}

static void test_buf__consume_moves_the_rest_to_the_front(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 100);
    assert_int_equal(buf_printf(&buf, "%s-%03d", "abc", 7), STATUS_OK);
    buf_consume(&buf, 2);
    assert_string_equal(buf_text(&buf), "c-007");
    buf_consume(&buf, 99);
    assert_string_equal(buf_text(&buf), "");
    assert_int_equal(buf.used, 0);
    buf_consume(&buf, 1);
    buf_finish(&buf);
    buf_consume(&buf, 1);
    assert_string_equal(buf_text(&buf), "");
}

static void test_mem__alloc_is_zeroed_and_never_null(void **state)
{
    (void)state;
    unsigned char *bytes = mem_alloc(1000);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(bytes[i], 0);
    bytes = mem_resize(bytes, 0);
    assert_non_null(bytes);
    free(bytes);
    void *nothing = mem_alloc(0);
    assert_non_null(nothing);
    free(nothing);
    char *copy = mem_copy_text("till");
    assert_string_equal(copy, "till");
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buf__is_empty_text_before_the_first_append),
        cmocka_unit_test(test_buf__holds_exactly_its_ceiling),
        cmocka_unit_test(test_buf__refused_append_changes_nothing),
        cmocka_unit_test(test_buf__grows_and_keeps_every_byte),
        cmocka_unit_test(test_buf__consume_moves_the_rest_to_the_front),
        cmocka_unit_test(test_mem__alloc_is_zeroed_and_never_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
