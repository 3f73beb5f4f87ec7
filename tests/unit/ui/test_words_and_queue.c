/* The script's words and the queue. */
#include "ui/queue.h"
#include "ui/script_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_words__quotes_hold_blanks_and_escapes(void **state)
{
    char line[] = "type  search \"oat \\\"milk\\\" # 1\"  # comment";
    struct words words;

    (void)state;
    assert_true(words_cut(line, &words));
    assert_int_equal(words.count, 3);
    assert_string_equal(words.at[0], "type");
    assert_string_equal(words.at[1], "search");
    assert_string_equal(words.at[2], "oat \"milk\" # 1");
}

static void test_words__an_empty_text_is_a_word(void **state)
{
    char line[] = "expect items \"\"";
    struct words words;

    (void)state;
    assert_true(words_cut(line, &words));
    assert_int_equal(words.count, 3);
    assert_string_equal(words.at[2], "");
}

static void test_words__comments_and_blanks_are_nothing(void **state)
{
    char comment[] = "  # press button pay", blank[] = " \t";
    struct words words;

    (void)state;
    assert_true(words_cut(comment, &words));
    assert_int_equal(words.count, 0);
    assert_true(words_cut(blank, &words));
    assert_int_equal(words.count, 0);
}

static void test_words__an_open_quote_and_too_many_words_are_refused(void **state)
{
    char open[] = "note \"never ends", many[] = "a b c d e f g h i";
    struct words words;

    (void)state;
    assert_false(words_cut(open, &words));
    assert_false(words_cut(many, &words));
}

static void test_queue__keeps_the_order_and_refuses_when_full(void **state)
{
    struct queue *queue = queue_create(NULL, NULL);
    struct event event = {.kind = EVENT_PRINTED};

    (void)state;
    assert_false(queue_wait(queue, 0));
    for (int i = 0; i < QUEUE_LENGTH; i++) {
        event.job = i;
        assert_true(queue_post(queue, &event));
    }
    assert_false(queue_post(queue, &event));
    assert_true(queue_wait(queue, 0));
    for (int i = 0; i < QUEUE_LENGTH; i++) {
        assert_true(queue_take(queue, &event));
        assert_int_equal(event.job, i);
    }
    assert_false(queue_take(queue, &event));
    assert_false(queue_wait(queue, 0));
    queue_free(queue);
}

static void test_queue__a_ring_asks_to_end_before_anything_else(void **state)
{
    struct queue *queue = queue_create(NULL, NULL);
    struct event event = {.kind = EVENT_SCAN};

    (void)state;
    assert_true(queue_post(queue, &event));
    queue_ring(queue);
    assert_true(queue_take(queue, &event));
    assert_int_equal(event.kind, EVENT_QUIT);
    assert_true(queue_take(queue, &event));
    assert_int_equal(event.kind, EVENT_SCAN);
    queue_free(queue);
}

static void test_queue__a_scan_of_a_driver_arrives_whole(void **state)
{
    struct queue *queue = queue_create(NULL, NULL);
    struct device_sink sink = queue_sink(queue);
    const uint8_t code[] = {'0', '1', 0x1d, 0, '2'};
    struct device_event told = {.kind = DEVICE_EVENT_SCAN,
                                .device = "scanner:test",
                                .scan = code,
                                .scan_length = sizeof code};
    struct event event;

    (void)state;
    sink.post(sink.context, &told);
    assert_true(queue_take(queue, &event));
    assert_int_equal(event.kind, EVENT_SCAN);
    assert_int_equal(event.scan_length, sizeof code);
    assert_memory_equal(event.scan, code, sizeof code);
    queue_free(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words__quotes_hold_blanks_and_escapes),
        cmocka_unit_test(test_words__an_empty_text_is_a_word),
        cmocka_unit_test(test_words__comments_and_blanks_are_nothing),
        cmocka_unit_test(test_words__an_open_quote_and_too_many_words_are_refused),
        cmocka_unit_test(test_queue__keeps_the_order_and_refuses_when_full),
        cmocka_unit_test(test_queue__a_ring_asks_to_end_before_anything_else),
        cmocka_unit_test(test_queue__a_scan_of_a_driver_arrives_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
