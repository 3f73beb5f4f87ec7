/* Entering: fields, signatures; and the sheet that takes everything. */
#include "tests/unit/ui/widgets/world.h"

/* ---- fields --------------------------------------------------------------------------- */

static void test_entry__field_edits_by_character(void **state)
{
    struct world *world = open_world(state);
    struct rect caret;
    key(world, "F1");
    assert_true(ui_wants_text(world->ui, &caret));
    ui_key(world->ui, "t");
    ui_key(world->ui, "é");
    ui_key(world->ui, "7");
    run(world);
    assert_string_equal(ui_field_text(world->ui, "search"), "té7");
    assert_string_equal(world->shown.digits, ""); /* the field has it, not the keypad */
    assert_int_equal(world->shown.edits, 3);
    key(world, "Left");
    key(world, "Backspace");
    assert_string_equal(ui_field_text(world->ui, "search"), "t7");
    key(world, "Home");
    key(world, "Delete");
    key(world, "緑");
    assert_string_equal(ui_field_text(world->ui, "search"), "緑7");
    key(world, "Enter");
    assert_string_equal(world->shown.done, "緑7");
    key(world, "Escape");
    assert_false(ui_wants_text(world->ui, &caret));
    assert_string_equal(ui_field_text(world->ui, "search"), "緑7");
    close_world(world);
}

static void test_entry__touch_elsewhere_leaves_the_field_but_keypad_keys_do_not(void **state)
{
    struct world *world = open_world(state);
    struct rect caret;
    struct rect seven = rect_of(world, "pad/7");
    struct rect park = rect_of(world, "park");
    key(world, "F1");
    pointer(world, UI_INPUT_DOWN, seven.x + 9, seven.y + 9);
    pointer(world, UI_INPUT_UP, seven.x + 9, seven.y + 9);
    assert_true(ui_wants_text(world->ui, &caret));
    pointer(world, UI_INPUT_DOWN, park.x + 9, park.y + 9);
    pointer(world, UI_INPUT_UP, park.x + 9, park.y + 9);
    assert_false(ui_wants_text(world->ui, &caret));
    key(world, "8");
    assert_string_equal(world->shown.digits, "78");
    close_world(world);
}

static void test_entry__a_touched_field_wants_keys_until_keys_are_typed(void **state)
{
    struct world *world = open_world(state);
    struct rect field = rect_of(world, "search");
    struct rect seven = rect_of(world, "pad/7");
    struct rect park = rect_of(world, "park");

    key(world, "F1");
    assert_string_equal(ui_touched_field(world->ui), "");
    pointer(world, UI_INPUT_DOWN, field.x + 40, field.y + 9);
    pointer(world, UI_INPUT_UP, field.x + 40, field.y + 9);
    assert_string_equal(ui_touched_field(world->ui), "search");
    pointer(world, UI_INPUT_DOWN, seven.x + 9, seven.y + 9);
    pointer(world, UI_INPUT_UP, seven.x + 9, seven.y + 9);
    pointer(world, UI_INPUT_DOWN, W - 1, H - 1); /* empty ground */
    pointer(world, UI_INPUT_UP, W - 1, H - 1);
    assert_string_equal(ui_touched_field(world->ui), "search");
    ui_field_insert(world->ui, "search", "ab");
    ui_field_insert(world->ui, "search", "ü");
    ui_field_backspace(world->ui, "search");
    run(world);
    assert_string_equal(ui_field_text(world->ui, "search"), "ab");
    assert_true(world->shown.edits > 0);
    pointer(world, UI_INPUT_DOWN, park.x + 9, park.y + 9);
    assert_string_equal(ui_touched_field(world->ui), "search"); /* nothing moves under it */
    pointer(world, UI_INPUT_UP, park.x + 9, park.y + 9);
    assert_string_equal(ui_touched_field(world->ui), "");
    assert_int_equal(world->shown.park, 1);
    pointer(world, UI_INPUT_DOWN, field.x + 40, field.y + 9);
    pointer(world, UI_INPUT_UP, field.x + 40, field.y + 9);
    key(world, "c");
    assert_string_equal(ui_touched_field(world->ui), "");
    close_world(world);
}

static void test_entry__touch_places_the_caret(void **state)
{
    struct world *world = open_world(state);
    assert_int_equal(ui_type(world->ui, "search", "abcdef"), STATUS_OK);
    run(world);
    struct rect field = rect_of(world, "search");
    pointer(world, UI_INPUT_DOWN, field.x + 17, field.y + 20);
    pointer(world, UI_INPUT_UP, field.x + 17, field.y + 20);
    key(world, "x");
    assert_string_equal(ui_field_text(world->ui, "search"), "xabcdef");
    close_world(world);
}

static void test_entry__field_keeps_marks_with_their_letter(void **state)
{
    struct world *world = open_world(state);
    assert_int_equal(ui_type(world->ui, "search", "ae\u0301"), STATUS_OK);
    run(world);
    key(world, "Backspace");
    assert_string_equal(ui_field_text(world->ui, "search"), "a");
    close_world(world);
}

static void test_entry__field_takes_a_long_paste_up_to_its_limit(void **state)
{
    struct world *world = open_world(state);
    char long_text[400];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    assert_int_equal(ui_type(world->ui, "search", long_text), STATUS_OK);
    run(world);
    assert_int_equal(strlen(ui_field_text(world->ui, "search")), 120);
    assert_non_null(ui_node(world->ui, "search/clear"));
    assert_int_equal(ui_press(world->ui, "search/clear", UI_ROLE_BUTTON), STATUS_OK);
    run(world);
    assert_string_equal(ui_field_text(world->ui, "search"), "");
    assert_string_equal(ui_focused(world->ui), "search");
    close_world(world);
}

/* ---- sheets --------------------------------------------------------------------------- */

static void test_entry__sheet_takes_everything(void **state)
{
    struct world *world = open_world(state);
    ui_key(world->ui, "F1");
    world->shown.sheet = true;
    run(world);
    struct rect caret;
    assert_false(ui_wants_text(world->ui, &caret));
    assert_int_equal(ui_press(world->ui, "pay", UI_ROLE_BUTTON), STATUS_DENIED);
    key(world, "F12");
    assert_int_equal(world->shown.pay, 0);
    key(world, "F5"); /* the same key as a button behind it */
    assert_int_equal(world->shown.park, 0);
    assert_int_equal(world->shown.sheet_keep, 1);
    key(world, "Tab");
    assert_string_equal(ui_focused(world->ui), "keep");
    key(world, "Escape");
    assert_int_equal(world->shown.dismissed, 1);
    pointer(world, UI_INPUT_DOWN, 5, 5);
    pointer(world, UI_INPUT_UP, 5, 5);
    assert_int_equal(world->shown.dismissed, 2);
    struct rect sheet = rect_of(world, "sheet");
    pointer(world, UI_INPUT_DOWN, sheet.x + 5, sheet.y + 5);
    pointer(world, UI_INPUT_UP, sheet.x + 5, sheet.y + 5);
    assert_int_equal(world->shown.dismissed, 2);
    close_world(world);
}

/* ---- signing -------------------------------------------------------------------------- */

static void sign(struct ui *ui, void *context)
{
    struct shown *shown = context;
    ui_column(ui, (struct ui_box){.pad_mm = 10});
    if (ui_signature(ui, "sign", &(struct ui_signature){.label = "Signature", .key = "F3"}) ==
        UI_EDIT_CHANGED)
        shown->edits++;
    ui_end(ui);
}

static void test_entry__signature_keeps_its_strokes(void **state)
{
    struct ui *ui = stage_ui(*state, W, H, false);
    struct shown shown = {0};
    ui_run(ui, sign, &shown);
    size_t before = draw_count(ui_list(ui));
    static const struct ui_input strokes[] = {
        {.kind = UI_INPUT_DOWN, .x = 100, .y = 60}, {.kind = UI_INPUT_MOVE, .x = 140, .y = 100},
        {.kind = UI_INPUT_UP, .x = 140, .y = 100},  {.kind = UI_INPUT_DOWN, .x = 200, .y = 60},
        {.kind = UI_INPUT_UP, .x = 260, .y = 5000},
    };
    for (size_t i = 0; i < sizeof strokes / sizeof *strokes; i++) {
        ui_feed(ui, &strokes[i]);
        ui_run(ui, sign, &shown);
    }
    const struct ui_point *points = NULL;
    assert_int_equal(ui_signature_points(ui, "sign", &points), 4);
    assert_int_equal(points[0].x_um, (100 - 40) * 250);
    assert_int_equal(points[0].y_um, (60 - 40) * 250);
    assert_true(points[0].starts && !points[1].starts && points[2].starts);
    assert_int_equal(points[3].y_um, 120 * 250); /* held on the pad */
    assert_int_equal(shown.edits, 2);
    assert_int_equal(draw_count(ui_list(ui)), before + 1);
    assert_true(ui_node(ui, "sign")->state & UI_CHECKED);
    ui_signature_clear(ui, "sign");
    ui_run(ui, sign, &shown);
    assert_int_equal(ui_signature_points(ui, "sign", &points), 0);
    assert_int_equal(draw_count(ui_list(ui)), before);
    ui_free(ui);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entry__field_edits_by_character),
        cmocka_unit_test(test_entry__touch_elsewhere_leaves_the_field_but_keypad_keys_do_not),
        cmocka_unit_test(test_entry__a_touched_field_wants_keys_until_keys_are_typed),
        cmocka_unit_test(test_entry__touch_places_the_caret),
        cmocka_unit_test(test_entry__field_keeps_marks_with_their_letter),
        cmocka_unit_test(test_entry__field_takes_a_long_paste_up_to_its_limit),
        cmocka_unit_test(test_entry__sheet_takes_everything),
        cmocka_unit_test(test_entry__signature_keeps_its_strokes),
    };
    return cmocka_run_group_tests(tests, stage_open, stage_close);
}
