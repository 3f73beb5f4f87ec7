/* Signing in, another person's leave, questions before what cannot be taken back, the lock. */
#include "tests/unit/ui/screens/screen_fixture.h"

static void test_sign_in__person_first_then_pin(void **state)
{
    struct fixture *fixture = *state;

    assert_says(fixture, "pin-go", "Choose a person");
    press(fixture, "person/P01");
    assert_says(fixture, "pin-go", "Type the PIN");
    keys(fixture, "1234");
    press(fixture, "pin-go");
    assert_screen(fixture, SCREEN_SHIFT_OPEN);
}

static void test_sign_in__a_wrong_pin_is_said_and_forgotten(void **state)
{
    struct fixture *fixture = *state;

    sign_in(fixture, "P01", "9999");
    assert_screen(fixture, SCREEN_SIGN_IN);
    assert_says(fixture, "pin-says", "not right");
    assert_string_equal(fixture->desk->entry.digits, "");
    assert_int_equal(fixture->bad_tones, 1);
}

static void test_sign_in__a_badge_says_who_but_the_pin_is_asked(void **state)
{
    struct fixture *fixture = *state;

    scan(fixture, "HFB-1002");
    assert_screen(fixture, SCREEN_SIGN_IN);
    assert_says(fixture, "pin-says", "Joana Reis");
}

static void test_sign_in__a_scan_without_anybody_sells_nothing(void **state)
{
    struct fixture *fixture = *state;

    scan(fixture, "9520000010010");
    assert_says(fixture, "notice", "Nobody is signed in");
    assert_int_equal(till_cart(fixture->till)->count, 0);
}

static void ask_for_discount(struct fixture *fixture)
{
    scan(fixture, "9520000010010");
    press(fixture, "discount");
    press(fixture, "reason/0");
    keys(fixture, "50");
    press(fixture, "pad/do");
}

static void test_approval__the_deed_waits_for_another_persons_leave(void **state)
{
    struct fixture *fixture = *state;

    ask_for_discount(fixture);
    assert_non_null(ui_node(fixture->ui, "approval/no"));
    assert_int_equal(till_cart(fixture->till)->total.minor, 240);
    scan(fixture, "HFB-1003"); /* the manager's badge: who, not yet leave */
    assert_int_equal(till_cart(fixture->till)->total.minor, 240);
    keys(fixture, "3456");
    press(fixture, "pin-go");
    assert_null(ui_node(fixture->ui, "approval/no"));
    assert_int_equal(till_cart(fixture->till)->total.minor, 120);
    assert_string_equal(fixture->desk->names.staff, "P01");
}

static void test_approval__given_up_leaves_everything_as_it_was(void **state)
{
    struct fixture *fixture = *state;

    ask_for_discount(fixture);
    press(fixture, "approval/no");
    assert_int_equal(till_cart(fixture->till)->total.minor, 240);
    assert_false(fixture->desk->approval.open);
}

static void test_approval__a_cashier_cannot_allow_it(void **state)
{
    struct fixture *fixture = *state;

    ask_for_discount(fixture);
    assert_non_null(ui_node(fixture->ui, "person/P02"));
    assert_non_null(ui_node(fixture->ui, "person/P03"));
    assert_null(ui_node(fixture->ui, "person/P01")); /* who asks */
    assert_null(ui_node(fixture->ui, "person/P05")); /* may not allow anything */
    scan(fixture, "HFB-1005");                       /* but has a badge */
    keys(fixture, "5678");
    press(fixture, "pin-go");
    assert_non_null(ui_node(fixture->ui, "approval/no"));
    assert_int_equal(till_cart(fixture->till)->total.minor, 240);
}

static void test_lock__keeps_the_cart_and_scanning_but_not_tender(void **state)
{
    struct fixture *fixture = *state;

    scan(fixture, "9520000010010");
    press(fixture, "pay");
    desk_lock(fixture->desk);
    show(fixture);
    assert_screen(fixture, SCREEN_TENDER);
    press(fixture, "back-to-sale");
    desk_lock(fixture->desk);
    show(fixture);
    assert_screen(fixture, SCREEN_SIGN_IN);
    scan(fixture, "9520000010010");
    assert_int_equal(till_cart(fixture->till)->total.minor, 480);
    keys(fixture, "1234");
    press(fixture, "pin-go");
    assert_screen(fixture, SCREEN_SELL);
}

static void test_confirm__giving_up_a_sale_is_asked_first(void **state)
{
    struct fixture *fixture = *state;

    scan(fixture, "9520000010010");
    press(fixture, "more");
    press(fixture, "discard");
    assert_int_equal(till_cart(fixture->till)->count, 1);
    press(fixture, "confirm/no");
    assert_int_equal(till_cart(fixture->till)->count, 1);
    press(fixture, "discard");
    press(fixture, "confirm/yes");
    assert_int_equal(till_cart(fixture->till)->count, 0);
}

static void test_close__the_count_is_blind_and_the_difference_is_shown(void **state)
{
    struct fixture *fixture = *state;

    scan(fixture, "9520000010010");
    press(fixture, "pay");
    press(fixture, "cash/0");
    press(fixture, "next-sale");
    press(fixture, "more");
    press(fixture, "close-shift");
    assert_null(ui_node_saying(fixture->ui, "£102.40"));
    keys(fixture, "102.40");
    press(fixture, "pad/do");
    press(fixture, "confirm/yes");
    assert_says(fixture, "verdict", "The drawer is right");
    assert_says(fixture, "difference", "£0.00");
    press(fixture, "done");
    assert_screen(fixture, SCREEN_SIGN_IN);
}

int main(void)
{
#define STARTED(name) cmocka_unit_test_setup_teardown(name, fixture_start, fixture_stop)
#define SELLING(name) cmocka_unit_test_setup_teardown(name, fixture_selling, fixture_stop)
    const struct CMUnitTest tests[] = {
        STARTED(test_sign_in__person_first_then_pin),
        STARTED(test_sign_in__a_wrong_pin_is_said_and_forgotten),
        STARTED(test_sign_in__a_badge_says_who_but_the_pin_is_asked),
        STARTED(test_sign_in__a_scan_without_anybody_sells_nothing),
        SELLING(test_approval__the_deed_waits_for_another_persons_leave),
        SELLING(test_approval__given_up_leaves_everything_as_it_was),
        SELLING(test_approval__a_cashier_cannot_allow_it),
        SELLING(test_lock__keeps_the_cart_and_scanning_but_not_tender),
        SELLING(test_confirm__giving_up_a_sale_is_asked_first),
        SELLING(test_close__the_count_is_blind_and_the_difference_is_shown),
    };
#undef STARTED
#undef SELLING
    return cmocka_run_group_tests(tests, NULL, NULL);
}
