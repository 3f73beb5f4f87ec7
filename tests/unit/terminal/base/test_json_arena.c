#include "terminal/base/json.h"
#include "terminal/base/json_arena.h"

#include "terminal/base/buf.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static json_t *read_text(const char *text)
{
    struct error error = {0};
    json_t *value = NULL;

    if (json_read(text, strlen(text), &value, &error) != STATUS_OK)
        fail_msg("%s: %s", text, error.text);
    return value;
}

static void expect_text(json_t *value, const char *text)
{
    char *written = json_dumps(value, JSON_COMPACT);

    assert_string_equal(written, text);
    free(written);
}

static void test_json_arena__reads_what_malloc_reads(void **state)
{
    static const char text[] = "{\"a\":[1,2,{\"b\":\"x\\n\"}],\"c\":null}";
    json_t *outside = read_text(text);

    (void)state;
    for (int i = 0; i < 1000; i++) {
        json_arena_enter();
        json_t *inside = read_text(text);
        assert_true(json_equal(inside, outside));
        json_decref(inside);
        json_arena_leave();
    }
    expect_text(outside, text);
    json_decref(outside);
}

static void test_json_arena__values_from_outside_may_be_dropped_inside(void **state)
{
    json_t *outside = read_text("[\"outside\"]");

    (void)state;
    json_arena_enter();
    json_t *inside = read_text("[\"inside\"]");
    json_decref(outside);
    assert_string_equal(json_string_value(json_array_get(inside, 0)), "inside");
    json_decref(inside);
    json_arena_leave();
}

/* More than the block holds: what does not fit comes from malloc, and is given back to it. */
static void test_json_arena__a_value_larger_than_the_block_is_whole(void **state)
{
    struct buf text;

    (void)state;
    buf_init(&text, (size_t)1 << 24);
    assert_int_equal(buf_append_text(&text, "[0"), STATUS_OK);
    for (int i = 1; i < 50000; i++)
        assert_int_equal(buf_printf(&text, ",\"%d\"", i), STATUS_OK);
    assert_int_equal(buf_append_text(&text, "]"), STATUS_OK);
    json_arena_enter();
    json_t *value = read_text(buf_text(&text));
    assert_int_equal(json_array_size(value), 50000);
    for (size_t i = 1; i < 50000; i++)
        assert_int_equal(strtoul(json_string_value(json_array_get(value, i)), NULL, 10), i);
    json_decref(value);
    json_arena_leave();
    buf_finish(&text);
}

static void test_json_arena__what_cannot_be_read_leaves_nothing_behind(void **state)
{
    json_t *value = NULL;

    (void)state;
    json_arena_enter();
    assert_int_equal(json_read("{\"a\":[1,2,{\"b\":", 15, &value, NULL), STATUS_INVALID);
    json_arena_leave();
}

static void *read_often(void *argument)
{
    (void)argument;
    for (int i = 0; i < 2000; i++) {
        json_arena_enter();
        json_t *value = read_text("{\"k\":[\"one\",\"two\",3]}");
        assert_int_equal(json_integer_value(json_array_get(json_object_get(value, "k"), 2)), 3);
        json_decref(value);
        json_arena_leave();
    }
    return NULL;
}

static void test_json_arena__each_thread_has_its_own(void **state)
{
    pthread_t threads[4];

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_often, NULL), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_arena__reads_what_malloc_reads),
        cmocka_unit_test(test_json_arena__values_from_outside_may_be_dropped_inside),
        cmocka_unit_test(test_json_arena__a_value_larger_than_the_block_is_whole),
        cmocka_unit_test(test_json_arena__what_cannot_be_read_leaves_nothing_behind),
        cmocka_unit_test(test_json_arena__each_thread_has_its_own),
    };
    json_arena_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
