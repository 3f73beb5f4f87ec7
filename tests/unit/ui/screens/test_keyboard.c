/* Typing without a keyboard: the keys on the screen, and the layouts they come from. */
#include "tests/unit/ui/screens/screen_fixture.h"

static void touch(struct fixture *fixture, const char *id)
{
    const struct ui_node *node = ui_node(fixture->ui, id);

    assert_non_null(node);
    struct ui_input input = {.kind = UI_INPUT_DOWN,
                             .x = node->rect.x + node->rect.w / 2,
                             .y = node->rect.y + node->rect.h / 2};
    ui_feed(fixture->ui, &input);
    show(fixture);
    input.kind = UI_INPUT_UP;
    ui_feed(fixture->ui, &input);
    show(fixture);
}

static int typing_start(void **state)
{
    fixture_selling(state);
    struct fixture *fixture = *state;

    return key_layout_load("assets", "en", &fixture->desk->keyboard.layout, NULL) == STATUS_OK ? 0
                                                                                               : -1;
}

static void test_keyboard__a_name_is_found_by_touch_alone(void **state)
{
    struct fixture *fixture = *state;
    int total = ui_node(fixture->ui, "total")->rect.y, pay = ui_node(fixture->ui, "pay")->rect.y;
    int field = ui_node(fixture->ui, "search")->rect.y;

    assert_null(ui_node(fixture->ui, "keyboard/q"));
    touch(fixture, "search");
    touch(fixture, "keyboard/o");
    touch(fixture, "keyboard/a");
    touch(fixture, "keyboard/r");
    touch(fixture, "keyboard/back");
    touch(fixture, "keyboard/t");
    assert_string_equal(ui_field_text(fixture->ui, "search"), "oat");
    assert_int_equal(ui_node(fixture->ui, "total")->rect.y, total);
    assert_int_equal(ui_node(fixture->ui, "pay")->rect.y, pay);
    assert_int_equal(ui_node(fixture->ui, "search")->rect.y, field);
    char found[96];
    snprintf(found, sizeof found, "tile/%s", fixture->desk->shelf.tiles[0].sku);
    touch(fixture, found);
    assert_int_equal(till_cart(fixture->till)->count, 1);
    assert_null(ui_node(fixture->ui, "keyboard/q"));
}

static void test_keyboard__done_puts_the_keys_away_and_sells_nothing(void **state)
{
    struct fixture *fixture = *state;

    touch(fixture, "search");
    touch(fixture, "keyboard/page-digits");
    touch(fixture, "keyboard/4");
    touch(fixture, "keyboard/page-letters");
    touch(fixture, "keyboard/space");
    touch(fixture, "keyboard/shift");
    touch(fixture, "keyboard/Q");
    assert_non_null(ui_node(fixture->ui, "keyboard/q")); /* one capital at a time */
    touch(fixture, "keyboard/done");
    assert_null(ui_node(fixture->ui, "keyboard/q"));
    assert_string_equal(ui_field_text(fixture->ui, "search"), "4 Q");
    assert_int_equal(till_cart(fixture->till)->count, 0);
    assert_screen(fixture, SCREEN_SELL);
}

static void test_keyboard__hardware_keys_need_none(void **state)
{
    struct fixture *fixture = *state;

    touch(fixture, "search");
    assert_non_null(ui_node(fixture->ui, "keyboard/q"));
    keys(fixture, "o");
    assert_null(ui_node(fixture->ui, "keyboard/q"));
    keys(fixture, "at");
    assert_string_equal(ui_field_text(fixture->ui, "search"), "oat");
    touch(fixture, "search/clear");
    ui_key(fixture->ui, "Escape");
    show(fixture);
    ui_key(fixture->ui, "F2");
    show(fixture);
    assert_string_equal(ui_focused(fixture->ui), "search");
    assert_null(ui_node(fixture->ui, "keyboard/q"));
}

static void test_keyboard__an_unknown_article_gets_its_name(void **state)
{
    struct fixture *fixture = *state;

    scan(fixture, "9529999999996");
    press(fixture, "settle/price");
    touch(fixture, "settle-name");
    touch(fixture, "keyboard/J");
    touch(fixture, "keyboard/a");
    touch(fixture, "keyboard/m");
    touch(fixture, "keyboard/done");
    touch(fixture, "ask/2");
    assert_says(fixture, "price", "£2.00");
    touch(fixture, "ask/do");
    assert_string_equal(till_cart(fixture->till)->lines[0].name, "Jam");
    assert_int_equal(till_cart(fixture->till)->total.minor, 200);
}

static void test_layouts__all_that_are_shipped_are_whole(void **state)
{
    static const char *const languages[] = {"en", "de", "ar"};
    struct key_layout layout;

    (void)state;
    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++) {
        assert_int_equal(key_layout_load("assets", languages[i], &layout, NULL), STATUS_OK);
        assert_true(layout.count >= 3);
        assert_true(key_layout_page(&layout, "digits") > 0);
    }
    assert_int_equal(key_layout_width(&layout), 12);
    assert_int_equal(key_layout_load("assets", "de-AT", &layout, NULL), STATUS_OK);
    assert_string_equal(layout.pages[0].rows[0].keys[10], "ü");
    assert_int_equal(key_layout_load("assets", "xx", &layout, NULL), STATUS_OK);
    assert_string_equal(layout.pages[0].rows[0].keys[5], "y");
    assert_int_equal(key_layout_load("/nowhere", "en", &layout, NULL), STATUS_NOT_FOUND);
    assert_int_equal(layout.count, 0);
}

static void test_layouts__half_a_keyboard_is_refused(void **state)
{
    static const char *const broken[] = {
        "",
        "{}",
        "{\"pages\":[]}",
        "{\"pages\":[{\"name\":\"a\",\"rows\":[\"a\",\"b\"]}]}",
        "{\"pages\":[{\"name\":\"a\",\"rows\":[\"a b c\",\"\",\"d\"]}]}",
        "{\"pages\":[{\"name\":\"a\",\"rows\":[\"a b c\",\"a  b\",\"d\"]}]}",
        "{\"pages\":[{\"name\":\"a\",\"rows\":[\"a b c\",\"a b\",\"d e\"]}]}",
        "{\"pages\":[{\"name\":\"a\",\"shift\":\"b\",\"rows\":[\"a b c\",\"a b\",\"d\"]}]}",
        "{\"pages\":[{\"name\":\"a\",\"rows\":[\"1 2 3 4 5 6 7 8 9 0 1 2 3\",\"a\",\"d\"]}]}"};
    struct key_layout layout;

    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        assert_int_equal(key_layout_read(broken[i], strlen(broken[i]), &layout, NULL),
                         STATUS_INVALID);
        assert_int_equal(layout.count, 0);
    }
    const char whole[] = "{\"pages\":[{\"name\":\"a\",\"rows\":[\"a b c\",\"a b\",\"d\"]}]}";
    assert_int_equal(key_layout_read(whole, sizeof whole - 1, &layout, NULL), STATUS_OK);
    assert_int_equal(layout.pages[0].shift, -1);
}

int main(void)
{
#define TYPING(name) cmocka_unit_test_setup_teardown(name, typing_start, fixture_stop)
    const struct CMUnitTest tests[] = {
        TYPING(test_keyboard__a_name_is_found_by_touch_alone),
        TYPING(test_keyboard__done_puts_the_keys_away_and_sells_nothing),
        TYPING(test_keyboard__hardware_keys_need_none),
        TYPING(test_keyboard__an_unknown_article_gets_its_name),
        cmocka_unit_test(test_layouts__all_that_are_shipped_are_whole),
        cmocka_unit_test(test_layouts__half_a_keyboard_is_refused),
    };
#undef TYPING
    return cmocka_run_group_tests(tests, NULL, NULL);
}
