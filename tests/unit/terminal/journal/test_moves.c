#include "terminal/journal/moves.h"

#include "tests/unit/terminal/journal/journal_fixture.h"

static void test_moves__come_back_as_put(void **state)
{
    struct stock_move moves[2];
    struct move_list list;
    json_t *entry = json_object();
    struct buf text;
    (void)state;
    moves[0] = stock_move_make(1, "A", (struct quantity){1000}, "S01", BUCKET_AVAILABLE, "S01",
                               BUCKET_CUSTOMER, "sale");
    moves[1] = stock_move_make(0, "B\xc3\xa9", (struct quantity){250}, "S01", BUCKET_LOSS, "S02",
                               BUCKET_HOLD, "");
    moves[1].cost_scaled = 12500;
    entry_put_moves(entry, moves, 2);
    buf_init(&text, 4096);
    assert_int_equal(json_write(entry, &text), STATUS_OK);
    assert_string_equal(text.data,
                        "{\"moves\":[{\"line\":1,\"sku\":\"A\",\"qty\":1000,\"from\":\"S01/"
                        "available\",\"to\":\"S01/@customer\",\"reason\":\"sale\"},{\"line\":0,"
                        "\"sku\":\"B\xc3\xa9\",\"qty\":250,\"from\":\"S01/@loss\",\"to\":\"S02/"
                        "hold\",\"reason\":\"\",\"cost_scaled\":12500}]}");
    buf_finish(&text);
    assert_int_equal(entry_get_moves(entry, &list, NULL), STATUS_OK);
    assert_int_equal(list.count, 2);
    assert_memory_equal(list.items, moves, sizeof moves);
    move_list_finish(&list);
    json_decref(entry);
}

static void test_moves__none_is_an_empty_list(void **state)
{
    struct move_list list;
    json_t *entry = json_object();
    (void)state;
    entry_put_moves(entry, NULL, 0);
    assert_null(json_object_get(entry, "moves"));
    assert_int_equal(entry_get_moves(entry, &list, NULL), STATUS_OK);
    assert_int_equal(list.count, 0);
    json_decref(entry);
}

static void test_moves__broken_rules_are_refused(void **state)
{
    static const char *const bad[] = {
        "{\"moves\":{}}",
        "{\"moves\":[1]}",
#define MOVE(sku, qty, from, to)                                                                   \
    "{\"moves\":[{\"line\":1,\"sku\":" sku ",\"qty\":" qty ",\"from\":" from ",\"to\":" to         \
    ",\"reason\":\"\"}]}"
        MOVE("\"\"", "1", "\"S/a\"", "\"S/b\""),
        MOVE("1", "1", "\"S/a\"", "\"S/b\""),
        MOVE("\"A\"", "0", "\"S/a\"", "\"S/b\""),
        MOVE("\"A\"", "-1", "\"S/a\"", "\"S/b\""),
        MOVE("\"A\"", "1", "\"S/a\"", "\"S/a\""),
        MOVE("\"A\"", "1", "\"S\"", "\"S/b\""),
        MOVE("\"A\"", "1", "\"/a\"", "\"S/b\""),
        MOVE("\"A\"", "1", "\"S/\"", "\"S/b\""),
        MOVE("\"A\"", "1", "\"S/a\"", "\"S/@\""),
        MOVE("\"A\"", "1", "\"S/a/b\"", "\"S/b\""),
        MOVE("\"A\"", "1", "\"S/A\"", "\"S/b\""),
        MOVE("\"A\"", "1", "\"S/abcdefghijklmnopq\"", "\"S/b\""),
        MOVE("\"A\"", "1", "\"S x/a\"", "\"S/b\""),
        MOVE("\"A\"", "1", "\"123456789012345678901234567890123/a\"", "\"S/b\""),
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct move_list list;
        json_t *entry = NULL;
        assert_int_equal(json_read(bad[i], strlen(bad[i]), &entry, NULL), STATUS_OK);
        if (entry_get_moves(entry, &list, NULL) != STATUS_INVALID)
            fail_msg("accepted: %s", bad[i]);
        assert_null(list.items);
        json_decref(entry);
    }
}

static void test_moves__physical_is_what_stands_in_the_shop(void **state)
{
    (void)state;
    assert_true(stock_status_physical("available"));
    assert_true(stock_status_physical("reserved"));
    assert_true(stock_status_physical("staged"));
    assert_true(stock_status_physical("hold"));
    assert_true(stock_status_physical("damaged"));
    assert_false(stock_status_physical("in_transit"));
    assert_false(stock_status_physical("@customer"));
    assert_false(stock_status_physical("@supplier"));
    assert_false(stock_status_physical("@loss"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moves__come_back_as_put),
        cmocka_unit_test(test_moves__none_is_an_empty_list),
        cmocka_unit_test(test_moves__broken_rules_are_refused),
        cmocka_unit_test(test_moves__physical_is_what_stands_in_the_shop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
