#include "tests/unit/ui/widgets/world.h"

/* ---- pointers ------------------------------------------------------------------------- */

static void test_input__button_fires_on_release_once(void **state)
{
    struct world *world = open_world(state);
    struct rect pay = rect_of(world, "pay");
    pointer(world, UI_INPUT_DOWN, pay.x + 20, pay.y + 20);
    assert_int_equal(world->shown.pay, 0);
    assert_true(ui_node(world->ui, "pay")->state & UI_PRESSED);
    pointer(world, UI_INPUT_UP, pay.x + 20, pay.y + 20);
    assert_int_equal(world->shown.pay, 1);
    run(world);
    assert_int_equal(world->shown.pay, 1);
    close_world(world);
}

static void test_input__release_beyond_slop_does_nothing(void **state)
{
    struct world *world = open_world(state);
    struct rect pay = rect_of(world, "pay");
    int x = pay.x + 100;
    int y = pay.y + 30;
    pointer(world, UI_INPUT_DOWN, x, y);
    pointer(world, UI_INPUT_MOVE, x + SLOP, y);
    pointer(world, UI_INPUT_UP, x + SLOP, y);
    assert_int_equal(world->shown.pay, 1); /* just within */

    pointer(world, UI_INPUT_DOWN, x, y);
    pointer(world, UI_INPUT_MOVE, x + SLOP + 1, y);
    assert_false(ui_node(world->ui, "pay")->state & UI_PRESSED);
    pointer(world, UI_INPUT_MOVE, x, y); /* coming back is too late */
    pointer(world, UI_INPUT_UP, x, y);
    assert_int_equal(world->shown.pay, 1);

    pointer(world, UI_INPUT_DOWN, x, y);
    pointer(world, UI_INPUT_UP, x, y + 200);
    pointer(world, UI_INPUT_DOWN, x, y);
    pointer(world, UI_INPUT_CANCEL, x, y);
    pointer(world, UI_INPUT_UP, x, y);
    assert_int_equal(world->shown.pay, 1);
    close_world(world);
}

static void test_input__keypad_acts_on_touch(void **state)
{
    struct world *world = open_world(state);
    struct rect seven = rect_of(world, "pad/7");
    struct rect nine = rect_of(world, "pad/9");
    pointer(world, UI_INPUT_DOWN, seven.x + 9, seven.y + 9);
    assert_string_equal(world->shown.digits, "7");
    pointer(world, UI_INPUT_UP, seven.x + 9, seven.y + 9);
    pointer(world, UI_INPUT_DOWN, nine.x + 9, nine.y + 9);
    pointer(world, UI_INPUT_UP, nine.x + 9, nine.y + 9);
    assert_string_equal(world->shown.digits, "79");
    close_world(world);
}

static void test_input__second_finger_is_not_followed(void **state)
{
    struct world *world = open_world(state);
    struct rect pay = rect_of(world, "pay");
    struct rect park = rect_of(world, "park");
    pointer(world, UI_INPUT_DOWN, pay.x + 9, pay.y + 9);
    struct ui_input second = {
        .kind = UI_INPUT_DOWN, .x = park.x + 9, .y = park.y + 9, .pointer = 2};
    ui_feed(world->ui, &second);
    second.kind = UI_INPUT_UP;
    ui_feed(world->ui, &second);
    run(world);
    assert_int_equal(world->shown.park, 0);
    pointer(world, UI_INPUT_UP, pay.x + 9, pay.y + 9);
    assert_int_equal(world->shown.pay, 1);
    close_world(world);
}

static void test_input__passing_mouse_asks_for_no_frame(void **state)
{
    struct world *world = open_world(state);
    struct ui_input input = {.kind = UI_INPUT_MOVE, .x = 100, .y = 100, .pointer = -1};
    assert_false(ui_feed(world->ui, &input));
    assert_int_equal(ui_wait_ms(world->ui), -1);
    input.kind = UI_INPUT_TICK;
    assert_false(ui_feed(world->ui, &input));
    close_world(world);
}

/* ---- scrolling ------------------------------------------------------------------------ */

static void drag(struct world *world, int x, int from, int to, int steps, int64_t per_step)
{
    pointer(world, UI_INPUT_DOWN, x, from);
    for (int i = 1; i <= steps; i++) {
        world->now += per_step;
        pointer(world, UI_INPUT_MOVE, x, from + (to - from) * i / steps);
    }
    pointer(world, UI_INPUT_UP, x, to);
}

static int tick_until_still(struct world *world)
{
    int ticks = 0;
    while (ui_wait_ms(world->ui) > 0 && ticks < 1000) {
        world->now += ui_wait_ms(world->ui);
        pointer(world, UI_INPUT_TICK, 0, 0);
        ticks++;
    }
    return ticks;
}

static void test_input__drag_scrolls_and_does_not_press(void **state)
{
    struct world *world = open_world(state);
    int before = rect_of(world, "item/0").y;
    drag(world, 100, 400, 300, 10, 200); /* slowly: no momentum */
    assert_int_equal(world->shown.item, 0);
    int moved = before - rect_of(world, "item/0").y;
    assert_in_range(moved, 100 - SLOP - 11, 100);
    assert_int_equal(ui_wait_ms(world->ui), -1);
    close_world(world);
}

static void test_input__throw_glides_and_stops(void **state)
{
    struct world *world = open_world(state);
    drag(world, 100, 500, 300, 8, 8);
    int thrown = rect_of(world, "item/0").y;
    assert_int_equal(ui_wait_ms(world->ui), 16);
    int ticks = tick_until_still(world);
    assert_in_range(ticks, 3, 400);
    assert_true(rect_of(world, "item/0").y < thrown - 50);
    assert_int_equal(ui_wait_ms(world->ui), -1);
    /* It never leaves its ends. */
    for (int i = 0; i < 6; i++) {
        drag(world, 100, 550, 20, 4, 4);
        tick_until_still(world);
    }
    struct rect list = rect_of(world, "list");
    struct rect last = rect_of(world, "item/19");
    assert_int_equal(last.y + last.h, list.y + list.h);
    close_world(world);
}

static void test_input__finger_that_rests_throws_nothing(void **state)
{
    struct world *world = open_world(state);
    pointer(world, UI_INPUT_DOWN, 100, 500);
    for (int i = 1; i <= 8; i++) {
        world->now += 8;
        pointer(world, UI_INPUT_MOVE, 100, 500 - 20 * i);
    }
    world->now += 300;
    pointer(world, UI_INPUT_UP, 100, 340);
    assert_int_equal(ui_wait_ms(world->ui), -1);
    close_world(world);
}

static void test_input__touch_stops_the_glide_without_pressing(void **state)
{
    struct world *world = open_world(state);
    drag(world, 100, 500, 300, 8, 8);
    assert_int_equal(ui_wait_ms(world->ui), 16);
    pointer(world, UI_INPUT_DOWN, 100, 200);
    assert_int_equal(ui_wait_ms(world->ui), -1);
    pointer(world, UI_INPUT_UP, 100, 200);
    assert_int_equal(world->shown.item, 0);
    close_world(world);
}

static void test_input__long_list_builds_only_what_is_seen(void **state)
{
    struct world *world = open_world(state);
    world->shown.many = true;
    run(world);
    size_t count = 0;
    ui_nodes(world->ui, &count);
    assert_true(count < 60);
    ui_list_reveal(world->ui, "list", 700);
    run(world);
    const struct ui_node *item = ui_node(world->ui, "item/700");
    assert_non_null(item);
    assert_true(rect_equal(item->rect, item->seen));
    assert_int_equal(ui_press(world->ui, "item/700", UI_ROLE_ITEM), STATUS_OK);
    run(world);
    assert_int_equal(world->shown.item, 701);
    assert_null(ui_node(world->ui, "item/0"));
    close_world(world);
}

static void test_input__focus_walks_through_a_long_list(void **state)
{
    struct world *world = open_world(state);
    world->shown.many = true;
    run(world);
    key(world, "F2");
    assert_string_equal(ui_focused(world->ui), "item/0");
    for (int i = 0; i < 40; i++)
        key(world, "Down");
    assert_string_equal(ui_focused(world->ui), "item/40");
    const struct ui_node *item = ui_node(world->ui, "item/40");
    assert_true(rect_equal(item->rect, item->seen));
    key(world, "Enter");
    assert_int_equal(world->shown.item, 41);
    close_world(world);
}

/* ---- by id ---------------------------------------------------------------------------- */

static void test_input__press_by_id_and_role(void **state)
{
    struct world *world = open_world(state);
    assert_int_equal(ui_press(world->ui, "pay", UI_ROLE_BUTTON), STATUS_OK);
    run(world);
    assert_int_equal(world->shown.pay, 1);
    assert_int_equal(ui_press(world->ui, "pay", UI_ROLE_CHIP), STATUS_NOT_FOUND);
    assert_int_equal(ui_press(world->ui, "nothing", UI_ROLE_BUTTON), STATUS_NOT_FOUND);
    world->shown.blocked = true;
    run(world);
    assert_int_equal(ui_press(world->ui, "pay", UI_ROLE_BUTTON), STATUS_DENIED);
    assert_int_equal(ui_press(world->ui, "item/19", UI_ROLE_ITEM), STATUS_CONFLICT);
    ui_reveal(world->ui, "item/19");
    run(world);
    assert_int_equal(ui_press(world->ui, "item/19", UI_ROLE_ITEM), STATUS_OK);
    run(world);
    assert_int_equal(world->shown.item, 20);
    close_world(world);
}

static void test_input__queued_presses_fire_one_by_one(void **state)
{
    struct world *world = open_world(state);
    for (int i = 0; i < 5; i++)
        assert_int_equal(ui_press(world->ui, "park", UI_ROLE_BUTTON), STATUS_OK);
    ui_key(world->ui, "789");
    for (int i = 0; i < 3; i++) {
        const char digit[2] = {(char)('7' + i), '\0'};
        ui_key(world->ui, digit);
    }
    run(world);
    assert_int_equal(world->shown.park, 5);
    assert_string_equal(world->shown.digits, "789");
    close_world(world);
}

/* ---- keys ----------------------------------------------------------------------------- */

static void test_input__shortcuts_reach_widgets_then_screens(void **state)
{
    struct world *world = open_world(state);
    key(world, "F12");
    assert_int_equal(world->shown.pay, 1);
    key(world, "8");
    assert_string_equal(world->shown.digits, "8");
    key(world, "Ctrl+F9");
    assert_int_equal(world->shown.shortcut, 1);
    key(world, "x");
    assert_string_equal(world->shown.typed, "x");
    world->shown.blocked = true;
    run(world);
    key(world, "F12");
    assert_int_equal(world->shown.pay, 1);
    close_world(world);
}

static void test_input__focus_order_is_complete(void **state)
{
    struct world *world = open_world(state);
    size_t count = 0;
    const struct ui_node *nodes = ui_nodes(world->ui, &count);
    int targets = 0;
    for (size_t i = 0; i < count; i++)
        targets += (nodes[i].state & UI_TARGET) != 0;
    char first[64] = "";
    int seen = 0;
    for (int i = 0; i <= targets; i++) {
        key(world, "Tab");
        if (i == 0)
            snprintf(first, sizeof first, "%s", ui_focused(world->ui));
        else if (strcmp(first, ui_focused(world->ui)) == 0)
            break;
        seen++;
        const struct ui_node *node = ui_node(world->ui, ui_focused(world->ui));
        assert_non_null(node);
        assert_true(node->state & UI_FOCUSED);
        assert_true(rect_equal(node->rect, node->seen)); /* scrolled to, where needed */
    }
    assert_int_equal(seen, targets);
    key(world, "Shift+Tab");
    assert_string_equal(ui_focused(world->ui), "pay");
    close_world(world);
}

static void test_input__enter_activates_the_focus(void **state)
{
    struct world *world = open_world(state);
    ui_focus(world->ui, "park");
    run(world);
    key(world, "Tab");
    assert_string_equal(ui_focused(world->ui), "pay");
    key(world, "Enter");
    assert_int_equal(world->shown.pay, 1);
    key(world, "Up");
    assert_string_equal(ui_focused(world->ui), "park");
    /* A touch takes the focus away: Enter must not repeat what a finger did. */
    struct rect park = rect_of(world, "park");
    pointer(world, UI_INPUT_DOWN, park.x + 9, park.y + 9);
    pointer(world, UI_INPUT_UP, park.x + 9, park.y + 9);
    assert_int_equal(world->shown.park, 1);
    key(world, "Enter");
    assert_int_equal(world->shown.park, 1);
    close_world(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_input__button_fires_on_release_once),
        cmocka_unit_test(test_input__release_beyond_slop_does_nothing),
        cmocka_unit_test(test_input__keypad_acts_on_touch),
        cmocka_unit_test(test_input__second_finger_is_not_followed),
        cmocka_unit_test(test_input__passing_mouse_asks_for_no_frame),
        cmocka_unit_test(test_input__drag_scrolls_and_does_not_press),
        cmocka_unit_test(test_input__throw_glides_and_stops),
        cmocka_unit_test(test_input__finger_that_rests_throws_nothing),
        cmocka_unit_test(test_input__touch_stops_the_glide_without_pressing),
        cmocka_unit_test(test_input__long_list_builds_only_what_is_seen),
        cmocka_unit_test(test_input__focus_walks_through_a_long_list),
        cmocka_unit_test(test_input__press_by_id_and_role),
        cmocka_unit_test(test_input__queued_presses_fire_one_by_one),
        cmocka_unit_test(test_input__shortcuts_reach_widgets_then_screens),
        cmocka_unit_test(test_input__focus_order_is_complete),
        cmocka_unit_test(test_input__enter_activates_the_focus),
    };
    return cmocka_run_group_tests(tests, stage_open, stage_close);
}
