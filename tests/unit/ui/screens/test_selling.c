/* Selling: what is promised about scans, the total, unknown codes, questions and the change. */
#include "tests/unit/ui/screens/screen_fixture.h"

#define CRACKERS "9520000010010"
#define BISCUITS "9520000010027"
#define WATER    "9520000010669"
#define CIDER    "9520000010799"
#define RECALLED "9520000010478"
#define UNKNOWN  "9529999999996"

static void test_sell__total_and_pay_never_move(void **state)
{
    struct fixture *fixture = *state;
    struct rect pay = ui_node(fixture->ui, "pay")->rect;
    struct rect total = ui_node(fixture->ui, "total")->rect;

    for (int i = 0; i < 30; i++) {
        char code[32];
        snprintf(code, sizeof code, "95200000%05d", 10010 + i); /* mostly unknown codes */
        scan(fixture, i % 2 ? code : CRACKERS);
        assert_true(rect_equal(ui_node(fixture->ui, "pay")->rect, pay));
        assert_true(rect_equal(ui_node(fixture->ui, "total")->rect, total));
    }
}

static void test_sell__lines_above_stay_when_a_notice_comes(void **state)
{
    struct fixture *fixture = *state;

    scan(fixture, CRACKERS);
    struct rect line = ui_node(fixture->ui, "line/1")->rect;
    struct rect pay = ui_node(fixture->ui, "pay")->rect;
    scan(fixture, RECALLED);
    assert_says(fixture, "notice", "Recalled");
    assert_true(rect_equal(ui_node(fixture->ui, "line/1")->rect, line));
    assert_true(rect_equal(ui_node(fixture->ui, "pay")->rect, pay));
    assert_int_equal(fixture->bad_tones, 1);
}

static void test_sell__unknown_code_bars_payment_until_settled(void **state)
{
    struct fixture *fixture = *state;

    scan(fixture, UNKNOWN);
    assert_int_equal(fixture->bad_tones, 1);
    assert_says(fixture, "pay", "1 code to settle");
    assert_true(ui_node(fixture->ui, "pay")->state & UI_DISABLED);
    scan(fixture, CRACKERS); /* the rhythm goes on */
    assert_int_equal(fixture->good_tones, 1);
    assert_true(ui_node(fixture->ui, "pay")->state & UI_DISABLED);
    press(fixture, "line/1");
    press(fixture, "settle/out");
    assert_says(fixture, "pay", "Pay £2.40");
    assert_false(ui_node(fixture->ui, "pay")->state & UI_DISABLED);
}

static void test_sell__unknown_code_is_linked_to_an_article(void **state)
{
    struct fixture *fixture = *state;

    scan(fixture, UNKNOWN);
    press(fixture, "settle/link");
    press(fixture, "tile/PAN-002");
    assert_says(fixture, "total", "£1.95");
    assert_null(ui_node(fixture->ui, "unknown"));
}

static void test_sell__digits_and_times_arm_the_next_scan(void **state)
{
    struct fixture *fixture = *state;

    keys(fixture, "12*");
    assert_says(fixture, "armed", "12");
    scan(fixture, CRACKERS);
    assert_says(fixture, "total", "£28.80");
    assert_null(ui_node(fixture->ui, "armed"));
}

static void test_sell__the_next_scan_leaves_the_keypad(void **state)
{
    struct fixture *fixture = *state;

    scan(fixture, CRACKERS);
    press(fixture, "line/1");
    assert_non_null(ui_node(fixture->ui, "pad/7"));
    scan(fixture, BISCUITS);
    assert_null(ui_node(fixture->ui, "pad/7"));
    assert_non_null(ui_node(fixture->ui, "tile/PAN-001"));
}

static void test_sell__a_comma_is_a_point(void **state)
{
    struct fixture *fixture = *state;

    press(fixture, "tile/GIF-001");
    keys(fixture, "10,5");
    press(fixture, "ask/do");
    assert_says(fixture, "total", "£10.50");
}

static void test_question__waits_bars_payment_and_refuses_a_second(void **state)
{
    struct fixture *fixture = *state;

    scan(fixture, CIDER);
    assert_says(fixture, "pay", "Answer first");
    scan(fixture, CRACKERS);
    assert_says(fixture, "total", "£2.40");
    assert_non_null(ui_node(fixture->ui, "age/yes"));
    scan(fixture, "4105"); /* apples want a weight: another question */
    assert_says(fixture, "notice", "First answer");
    assert_int_equal(fixture->bad_tones, 1);
    press(fixture, "age/yes");
    assert_says(fixture, "total", "£6.05");
    assert_false(ui_node(fixture->ui, "pay")->state & UI_DISABLED);
}

static void test_question__dropped_means_not_sold(void **state)
{
    struct fixture *fixture = *state;

    scan(fixture, CRACKERS);
    scan(fixture, CIDER);
    press(fixture, "age/no");
    assert_says(fixture, "total", "£2.40");
    assert_false(ui_node(fixture->ui, "pay")->state & UI_DISABLED);
}

static void test_tender__a_scan_goes_to_the_sale_and_keeps_what_was_paid(void **state)
{
    struct fixture *fixture = *state;

    scan(fixture, WATER);
    scan(fixture, WATER);
    press(fixture, "pay");
    keys(fixture, "1");
    press(fixture, "card");
    press(fixture, "card/approved");
    assert_says(fixture, "to-pay", "£1.30");
    scan(fixture, CRACKERS);
    assert_screen(fixture, SCREEN_TENDER);
    assert_says(fixture, "to-pay", "£3.70");
}

static void pay_cash(struct fixture *fixture)
{
    press(fixture, "pay");
    press(fixture, "cash/0");
    assert_screen(fixture, SCREEN_CHANGE);
}

static void test_change__the_echo_of_the_last_scan_is_not_the_next_sale(void **state)
{
    struct fixture *fixture = *state;

    scan(fixture, CRACKERS);
    pay_cash(fixture);
    fixture->monotonic_us += 1900 * 1000;
    scan(fixture, CRACKERS);
    assert_screen(fixture, SCREEN_CHANGE);
    assert_int_equal(till_cart(fixture->till)->count, 0);
    fixture->monotonic_us += 200 * 1000;
    scan(fixture, CRACKERS);
    assert_screen(fixture, SCREEN_SELL);
    assert_int_equal(till_cart(fixture->till)->count, 1);
}

static void test_change__another_code_dismisses_it_at_once(void **state)
{
    struct fixture *fixture = *state;

    scan(fixture, CRACKERS);
    press(fixture, "pay");
    keys(fixture, "5");
    press(fixture, "pad/do");
    assert_screen(fixture, SCREEN_CHANGE);
    scan(fixture, BISCUITS);
    assert_screen(fixture, SCREEN_SELL);
    assert_says(fixture, "total", "£1.95");
    assert_says(fixture, "last-change", "£2.60");
}

static void test_receipt__its_code_brings_it_back(void **state)
{
    struct fixture *fixture = *state;
    struct document *document = NULL;
    struct error error = {0};
    char code[1024] = "";

    scan(fixture, CRACKERS);
    pay_cash(fixture);
    assert_int_equal(till_receipt(fixture->till, fixture->desk->last.receipt, &document, &error),
                     STATUS_OK);
    for (size_t i = 0; i < document_count(document); i++) {
        if (document_block(document, i)->type == BLOCK_QR) {
            snprintf(code, sizeof code, "%s", document_block(document, i)->text);
        }
    }
    document_destroy(document);
    assert_true(*code);
    press(fixture, "next-sale");
    scan(fixture, code);
    assert_screen(fixture, SCREEN_RECEIPTS);
    assert_string_equal(fixture->desk->receipts.chosen, fixture->desk->last.receipt);
    assert_int_equal(till_cart(fixture->till)->count, 0);
}

static void test_change__figure_is_a_tenth_of_the_screen(void **state)
{
    struct fixture *fixture = *state;

    scan(fixture, CRACKERS);
    press(fixture, "pay");
    keys(fixture, "20");
    press(fixture, "pad/do");
    assert_says(fixture, "change", "£17.60");
    assert_true(ui_node(fixture->ui, "change")->rect.h >= 77);
    assert_true(fixture->recorded > 0);
}

static void test_scan__means_the_obvious_on_every_pane(void **state)
{
    static const enum screen panes[] = {SCREEN_MORE,   SCREEN_PARKED,     SCREEN_DISCOUNT,
                                        SCREEN_RETURN, SCREEN_DRAWER,     SCREEN_RECEIPTS,
                                        SCREEN_STATUS, SCREEN_SHIFT_CLOSE};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof panes / sizeof *panes; i++) {
        fixture->desk->screen = panes[i];
        show(fixture);
        scan(fixture, CRACKERS);
        assert_screen(fixture, SCREEN_SELL);
        assert_int_equal(fixture->good_tones, (int)i + 1);
    }
}

int main(void)
{
#define SELLING(name) cmocka_unit_test_setup_teardown(name, fixture_selling, fixture_stop)
    const struct CMUnitTest tests[] = {
        SELLING(test_sell__total_and_pay_never_move),
        SELLING(test_sell__lines_above_stay_when_a_notice_comes),
        SELLING(test_sell__unknown_code_bars_payment_until_settled),
        SELLING(test_sell__unknown_code_is_linked_to_an_article),
        SELLING(test_sell__digits_and_times_arm_the_next_scan),
        SELLING(test_sell__the_next_scan_leaves_the_keypad),
        SELLING(test_sell__a_comma_is_a_point),
        SELLING(test_question__waits_bars_payment_and_refuses_a_second),
        SELLING(test_question__dropped_means_not_sold),
        SELLING(test_tender__a_scan_goes_to_the_sale_and_keeps_what_was_paid),
        SELLING(test_change__the_echo_of_the_last_scan_is_not_the_next_sale),
        SELLING(test_change__another_code_dismisses_it_at_once),
        SELLING(test_receipt__its_code_brings_it_back),
        SELLING(test_change__figure_is_a_tenth_of_the_screen),
        SELLING(test_scan__means_the_obvious_on_every_pane),
    };
#undef SELLING
    return cmocka_run_group_tests(tests, NULL, NULL);
}
