#include "tests/unit/ui/widgets/stage.h"
#include <string.h>

#include "ui/widgets/share.h"

static uint64_t seed = 4711;

static int below(int limit)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (int)((seed >> 33) % (uint64_t)limit);
}

/* ---- sharing -------------------------------------------------------------------------- */

static void test_layout__weights_sum_exactly_to_the_parent(void **state)
{
    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct share shares[9];
        int count = 1 + below(9);
        int minimal = 0;
        int weights = 0;
        for (int i = 0; i < count; i++) {
            int min = below(120);
            shares[i] = (struct share){
                .min = min, .nat = min + below(200), .weight = below(3) == 0 ? 0 : below(7)};
            minimal += min;
            weights += shares[i].weight;
        }
        int room = below(1500);
        share_room(shares, count, room);
        int sum = 0;
        for (int i = 0; i < count; i++) {
            assert_true(shares[i].size >= shares[i].min);
            sum += shares[i].size;
        }
        if (weights > 0 && minimal <= room)
            assert_int_equal(sum, room);
        if (minimal > room)
            assert_int_equal(sum, minimal);
    }
}

static void test_layout__shares_follow_the_weights(void **state)
{
    (void)state;
    struct share shares[3] = {{.weight = 40}, {.nat = 100, .weight = 0}, {.weight = 60}};
    share_room(shares, 3, 1100);
    assert_int_equal(shares[0].size, 400);
    assert_int_equal(shares[1].size, 100);
    assert_int_equal(shares[2].size, 600);
    /* One that would fall under its minimum gets that; the others share the rest. */
    struct share uneven[3] = {{.min = 500, .nat = 500, .weight = 1}, {.weight = 1}, {.weight = 1}};
    share_room(uneven, 3, 900);
    assert_int_equal(uneven[0].size, 500);
    assert_int_equal(uneven[1].size, 200);
    assert_int_equal(uneven[2].size, 200);
}

/* ---- boxes ---------------------------------------------------------------------------- */

static void columns(struct ui *ui, void *context)
{
    (void)context;
    ui_row(ui, (struct ui_box){.pad_mm = 2, .gap_mm = 1, .id = "row", .label = "Row"});
    ui_button(ui, "a", &(struct ui_button){.label = "A", .weight = 1, .key = "A"});
    ui_button(ui, "b", &(struct ui_button){.label = "B", .weight = 2, .key = "B"});
    ui_column(ui, (struct ui_box){.weight = 4, .gap_mm = 1});
    ui_button(ui, "c", &(struct ui_button){.label = "C", .key = "C"});
    ui_field_set(ui, "field", "typed");
    ui_field(ui, "field", &(struct ui_field){.hint = "Hint", .icon = "search", .key = "F1"});
    ui_list_begin(ui, "list", &(struct ui_list){.key = "L", .label = "List"});
    for (int i = 0; i < 3; i++) {
        ui_item(ui, ui_id(ui, "item/%d", i),
                &(struct ui_item){.label = "Item", .selected = i == 1});
        ui_text(ui, "Name", (struct ui_text){.weight = 1, .id = ui_id(ui, "name/%d", i)});
        ui_text(ui, "£2.40", (struct ui_text){.align = UI_END_EDGE, .id = ui_id(ui, "sum/%d", i)});
        ui_end(ui);
    }
    ui_end(ui);
    ui_grid(ui, (struct ui_box){.columns = 3, .gap_mm = 2, .id = "grid", .key = "G"});
    for (int i = 0; i < 5; i++)
        ui_tile(
            ui, ui_id(ui, "tile/%d", i),
            &(struct ui_tile){.name = i == 2 ? "A long name of a thing" : "Tea", .price = "£1"});
    ui_end(ui);
    ui_end(ui);
    ui_end(ui);
}

static struct rect rect_of(const struct ui *ui, const char *id)
{
    const struct ui_node *node = ui_node(ui, id);
    assert_non_null(node);
    return node->rect;
}

static void sentence(struct ui *ui, void *context)
{
    const char **made = context;
    *made = ui_id(ui, "%0200d and its end", 7);
    ui_column(ui, (struct ui_box){.id = "column"});
    ui_end(ui);
}

/* A sentence of two hundred Arabic bytes is not cut inside a character, or at all. */
static void test_layout__made_text_is_whole_however_long(void **state)
{
    struct ui *ui = stage_ui(*state, 1000, 600, false);
    const char *made = NULL;
    ui_run(ui, sentence, &made);
    assert_int_equal(strlen(made), 200 + strlen(" and its end"));
    assert_string_equal(made + 200, " and its end");
    ui_free(ui);
}

static void test_layout__row_shares_its_inner_width(void **state)
{
    struct ui *ui = stage_ui(*state, 1000, 600, false);
    ui_run(ui, columns, NULL);
    struct rect a = rect_of(ui, "a");
    struct rect b = rect_of(ui, "b");
    struct rect c = rect_of(ui, "c");
    assert_true(rect_equal(a, (struct rect){8, 8, 139, 584})); /* 976 in shares of 1, 2, 4 */
    assert_int_equal(b.x, 8 + 139 + 4);
    assert_int_equal(c.x, b.x + b.w + 4);
    assert_int_equal(c.x + c.w, 1000 - 8);
    assert_in_range(b.w, 2 * a.w - 1, 2 * a.w + 2);
    assert_int_equal(c.h, 60); /* a button is 15 mm */
    ui_free(ui);
}

static void test_layout__grid_cells_are_equal_and_fill_it(void **state)
{
    struct ui *ui = stage_ui(*state, 1000, 600, false);
    ui_run(ui, columns, NULL);
    struct rect grid = rect_of(ui, "grid");
    struct rect first = rect_of(ui, "tile/0");
    struct rect third = rect_of(ui, "tile/2");
    struct rect fourth = rect_of(ui, "tile/3");
    assert_int_equal(first.x, grid.x);
    assert_int_equal(third.x + third.w, grid.x + grid.w);
    assert_in_range(third.w - first.w + 1, 0, 2);
    assert_int_equal(first.h, third.h);
    assert_int_equal(fourth.x, first.x);
    assert_int_equal(fourth.y, first.y + first.h + 8);
    assert_int_equal(fourth.y + fourth.h, grid.y + grid.h);
    ui_free(ui);
}

static void test_layout__list_takes_what_is_left(void **state)
{
    struct ui *ui = stage_ui(*state, 1000, 600, false);
    ui_run(ui, columns, NULL);
    struct rect list = rect_of(ui, "list");
    struct rect grid = rect_of(ui, "grid");
    assert_int_equal(list.y, 8 + 60 + 4 + 60 + 4);
    assert_int_equal(list.y + list.h + 4, grid.y);
    assert_int_equal(grid.y + grid.h, 592);
    assert_int_equal(rect_of(ui, "item/1").h, 52); /* 13 mm */
    ui_free(ui);
}

static void test_layout__right_to_left_mirrors_everything(void **state)
{
    struct ui *left = stage_ui(*state, 1000, 600, false);
    struct ui *right = stage_ui(*state, 1000, 600, true);
    ui_run(left, columns, NULL);
    ui_run(right, columns, NULL);
    size_t count = 0;
    size_t other = 0;
    const struct ui_node *a = ui_nodes(left, &count);
    const struct ui_node *b = ui_nodes(right, &other);
    assert_int_equal(count, other);
    assert_true(count > 15);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(a[i].id, b[i].id);
        struct rect mirrored = {1000 - a[i].rect.x - a[i].rect.w, a[i].rect.y, a[i].rect.w,
                                a[i].rect.h};
        if (!rect_equal(mirrored, b[i].rect))
            fail_msg("%s: %d,%d is not the mirror of %d,%d", a[i].id, b[i].rect.x, b[i].rect.y,
                     a[i].rect.x, a[i].rect.y);
    }
    ui_free(left);
    ui_free(right);
}

static void pad(struct ui *ui, void *context)
{
    (void)context;
    static const struct ui_pad_key keys[] = {{.label = "7", .key = "7"},
                                             {.label = "8", .key = "8"},
                                             {.label = "9", .key = "9"},
                                             {.label = "0", .key = "0", .span = 2},
                                             {.label = ".", .key = "."}};
    ui_keypad(ui, "pad", &(struct ui_keypad){.keys = keys, .count = 5, .columns = 3});
}

static void test_layout__keypad_is_never_mirrored(void **state)
{
    struct ui *ui = stage_ui(*state, 800, 600, true);
    ui_run(ui, pad, NULL);
    struct rect seven = rect_of(ui, "pad/7");
    struct rect nine = rect_of(ui, "pad/9");
    struct rect zero = rect_of(ui, "pad/0");
    assert_true(seven.x < nine.x);
    assert_int_equal(zero.x, seven.x);
    assert_int_equal(zero.w, nine.x - 6 - seven.x); /* spans two keys and their gap */
    assert_true(seven.h >= 72);                     /* 18 mm */
    ui_free(ui);
}

static void hands(struct ui *ui, void *context)
{
    ui_row(ui, (struct ui_box){.mirror = *(bool *)context});
    ui_button(ui, "cart", &(struct ui_button){.label = "Cart", .weight = 4, .key = "C"});
    ui_button(ui, "goods", &(struct ui_button){.label = "Goods", .weight = 6, .key = "G"});
    ui_end(ui);
}

static void test_layout__left_hand_mirrors_one_row(void **state)
{
    struct ui *ui = stage_ui(*state, 1000, 600, false);
    bool mirrored = false;
    ui_run(ui, hands, &mirrored);
    assert_int_equal(rect_of(ui, "cart").x, 0);
    mirrored = true;
    ui_run(ui, hands, &mirrored);
    assert_int_equal(rect_of(ui, "goods").x, 0);
    assert_int_equal(rect_of(ui, "cart").x, 600);
    ui_free(ui);
}

static void chips(struct ui *ui, void *context)
{
    (void)context;
    static const struct ui_option options[] = {{.label = "Favourites"}, {.label = "Pantry"},
                                               {.label = "Fresh"},      {.label = "Bakery"},
                                               {.label = "Clothing"},   {.label = "Drinks"}};
    ui_column(ui, (struct ui_box){0});
    ui_chips(ui, "chips", options, 6, 0, "F7");
    ui_text(ui, "below", (struct ui_text){.id = "below"});
    ui_end(ui);
}

static void test_layout__chips_wrap_and_push_what_is_below(void **state)
{
    struct ui *wide = stage_ui(*state, 1000, 600, false);
    struct ui *narrow = stage_ui(*state, 360, 600, false);
    ui_run(wide, chips, NULL);
    ui_run(narrow, chips, NULL);
    assert_int_equal(rect_of(wide, "chips/5").y, 0);
    assert_int_equal(rect_of(wide, "below").y, 48);
    struct rect last = rect_of(narrow, "chips/5");
    assert_true(last.y > 0);
    assert_true(last.x + last.w <= 360);
    assert_true(rect_of(narrow, "below").y >= last.y + last.h);
    ui_free(wide);
    ui_free(narrow);
}

static void wordy(struct ui *ui, void *context)
{
    (void)context;
    ui_column(ui, (struct ui_box){0});
    ui_text(ui, "Nothing is lost. The sales of today will be sent when the line is back.",
            (struct ui_text){.lines = 8, .id = "text"});
    ui_button(ui, "next", &(struct ui_button){.label = "Next", .key = "N"});
    ui_end(ui);
}

static void test_layout__text_wraps_and_takes_the_height_it_needs(void **state)
{
    struct stage *stage = *state;
    struct ui *ui = stage_ui(stage, 400, 600, false);
    ui_run(ui, wordy, NULL);
    const struct ui_node *text = ui_node(ui, "text");
    assert_int_equal(text->text_needed.h, text->text_given.h);
    assert_true(text->rect.h >= 2 * text_height(stage->text, (struct text_font){.px = 17}));
    assert_int_equal(rect_of(ui, "next").y, text->rect.y + text->rect.h);
    ui_free(ui);
}

static void narrow(struct ui *ui, void *context)
{
    ui_row(ui, (struct ui_box){.align = UI_START});
    ui_button(ui, "undo", &(struct ui_button){.label = "Discount", .icon = "discount", .key = "U"});
    ui_gap(ui, *(const float *)context);
    ui_button(ui, "more", &(struct ui_button){.label = "More", .icon = "more", .key = "M"});
    ui_end(ui);
}

static void test_layout__narrow_buttons_lose_their_icon_before_their_words_break(void **state)
{
    struct stage *stage = *state;
    struct ui *ui = stage_ui(stage, 400, 600, false);
    int line = text_height(stage->text, (struct text_font){.px = 17, .bold = true});
    float gap = 10;
    ui_run(ui, narrow, &gap);
    int with_icon = rect_of(ui, "undo").w;
    gap = 54; /* the words still fit, the icons do not */
    ui_run(ui, narrow, &gap);
    const struct ui_node *undo = ui_node(ui, "undo");
    assert_true(undo->rect.w < with_icon);
    assert_in_range(undo->text_needed.h, 1, line);
    assert_true(undo->text_needed.w <= undo->text_given.w);
    ui_free(ui);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout__weights_sum_exactly_to_the_parent),
        cmocka_unit_test(test_layout__shares_follow_the_weights),
        cmocka_unit_test(test_layout__made_text_is_whole_however_long),
        cmocka_unit_test(test_layout__row_shares_its_inner_width),
        cmocka_unit_test(test_layout__grid_cells_are_equal_and_fill_it),
        cmocka_unit_test(test_layout__list_takes_what_is_left),
        cmocka_unit_test(test_layout__right_to_left_mirrors_everything),
        cmocka_unit_test(test_layout__keypad_is_never_mirrored),
        cmocka_unit_test(test_layout__left_hand_mirrors_one_row),
        cmocka_unit_test(test_layout__chips_wrap_and_push_what_is_below),
        cmocka_unit_test(test_layout__narrow_buttons_lose_their_icon_before_their_words_break),
        cmocka_unit_test(test_layout__text_wraps_and_takes_the_height_it_needs),
    };
    return cmocka_run_group_tests(tests, stage_open, stage_close);
}
