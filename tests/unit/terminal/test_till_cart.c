/* Scanning, changing the cart, parking: in memory and after a restart. */
#include "tests/unit/support/desk.h"

#include "terminal/base/db.h"
#include "terminal/base/file.h"

static void test_scan__adds_a_line_with_price_and_merges(void **state)
{
    struct desk *desk = *state;
    struct scan_result first = desk_scan(desk, "5018374350015");
    struct scan_result second = desk_scan(desk, "5018374350015");

    assert_int_equal(first.outcome, SCAN_ADDED);
    assert_false(first.merged);
    assert_true(second.merged);
    assert_int_equal(first.line, second.line);
    assert_int_equal(till_cart(desk->till)->count, 1);
    assert_int_equal(desk_line(desk, 0)->quantity.milli, 2000);
    assert_int_equal(desk_total(desk), 480);
    assert_int_equal(till_cart(desk->till)->tax.minor, 80);
    assert_true(desk_line(desk, 0)->selected);
}

static void test_scan__unknown_code_bars_payment_until_settled(void **state)
{
    struct desk *desk = *state;
    struct scan_result result = desk_scan(desk, "5018374921103");

    assert_int_equal(result.outcome, SCAN_UNKNOWN);
    desk_scan(desk, "5018374350015");
    assert_int_equal(till_cart(desk->till)->unsettled, 1);
    assert_int_equal(desk_line(desk, 0)->state, LINE_UNKNOWN);
    assert_int_equal(till_tender_cash(desk->till, (struct money){240}, &desk->error),
                     STATUS_INVALID);
    desk_ok(desk, till_cart_settle_item(desk->till, result.line, "CANDLE", &result, &desk->error));
    assert_int_equal(result.outcome, SCAN_ADDED);
    assert_int_equal(till_cart(desk->till)->unsettled, 0);
    assert_string_equal(desk_line(desk, 0)->sku, "CANDLE");
    assert_string_equal(desk_line(desk, 0)->code, "5018374921103");
    assert_int_equal(desk_total(desk), 1250 + 240);
    desk_pay_cash(desk, 1490);
    desk_verify(desk);
}

static void test_scan__unknown_code_settled_by_price_or_left_out(void **state)
{
    struct desk *desk = *state;
    int first = desk_scan(desk, "SOMETHING").line;
    int second = desk_scan(desk, "OTHER").line;

    desk_ok(desk,
            till_cart_settle_price(desk->till, first, (struct money){199}, "", NULL, &desk->error));
    desk_ok(desk, till_cart_settle_out(desk->till, second, &desk->error));
    assert_int_equal(till_cart(desk->till)->count, 1);
    assert_string_equal(desk_line(desk, 0)->name, "SOMETHING");
    assert_int_equal(desk_total(desk), 199);
    assert_int_equal(till_cart_settle_out(desk->till, first, &desk->error), STATUS_NOT_FOUND);
}

static void test_scan__what_may_not_be_sold_is_not_added(void **state)
{
    struct desk *desk = *state;
    struct scan_result result = desk_scan(desk, "HONEY");

    assert_int_equal(result.outcome, SCAN_BLOCKED);
    assert_string_equal(result.reason, "New label is missing");
    assert_int_equal(desk_scan(desk, "TOY").outcome, SCAN_BLOCKED);
    assert_int_equal(desk_scan(desk, "SCARF").outcome, SCAN_NEEDS_VARIANT);
    assert_int_equal(desk_scan(desk, "WRAP").outcome, SCAN_NEEDS_PRICE);
    assert_int_equal(desk_scan(desk, "4011").outcome, SCAN_NEEDS_WEIGHT);
    assert_int_equal(desk_scan(desk, "NOPRICE").outcome, SCAN_NO_PRICE);
    assert_int_equal(desk_scan(desk, "NOTAX").outcome, SCAN_BLOCKED);
    result = desk_scan(desk, "WINE");
    assert_int_equal(result.outcome, SCAN_AGE);
    assert_int_equal(result.min_age, 18);
    assert_int_equal(till_cart(desk->till)->count, 0);
    result = desk_add(desk, (struct add_request){.sku = "WINE", .age_confirmed = true});
    assert_int_equal(result.outcome, SCAN_ADDED);
    assert_int_equal(desk_scan(desk, "WINE").outcome, SCAN_ADDED);
    desk->store.clock.wall_ms += INT64_C(9) * 3600 * 1000;
    assert_int_equal(desk_scan(desk, "WINE").outcome, SCAN_HOURS);
}

static void test_scan__badges_and_receipts_are_no_goods(void **state)
{
    struct desk *desk = *state;
    struct scan_result result = desk_scan(desk, "BADGE-C1");

    assert_int_equal(result.outcome, SCAN_BADGE);
    assert_string_equal(result.staff, "C1");
    result = desk_scan(desk, "HF1:T01-K7Q-000012:0123456789ABCDEF");
    assert_int_equal(result.outcome, SCAN_RECEIPT);
    assert_string_equal(result.receipt, "T01-K7Q-000012");
    assert_int_equal(till_cart(desk->till)->count, 0);
}

static void test_scan__weighed_open_and_packs(void **state)
{
    struct desk *desk = *state;
    struct scan_result result =
        desk_add(desk, (struct add_request){.sku = "APPLES", .quantity = {742}});

    assert_int_equal(result.outcome, SCAN_ADDED);
    assert_int_equal(desk_total(desk), 215);
    desk_add(desk, (struct add_request){.sku = "WRAP", .has_price = true, .price = {350}});
    assert_int_equal(desk_total(desk), 565);
    result = desk_scan(desk, "CASE-WATER");
    assert_int_equal(result.outcome, SCAN_ADDED);
    assert_int_equal(desk_line(desk, 2)->base.milli, 24000);
    assert_int_equal(desk_line(desk, 2)->amount.minor, 2000);
    assert_string_equal(desk_line(desk, 2)->pack, "case of 24");
    assert_int_equal(desk_line(desk, 3)->amount.minor, 24 * 25); /* deposits */
    assert_int_equal(desk_total(desk), 565 + 2000 + 600);
    assert_int_equal(till_cart(desk->till)->items, 3);
}

static void test_cart__a_line_is_sold_by_the_case_and_back(void **state)
{
    struct desk *desk = *state;
    struct pack_view packs[4];
    int count;
    int water = desk_add(desk, (struct add_request){.sku = "WATER", .quantity = {2000}}).line;
    int64_t single = desk_total(desk);

    desk_ok(desk, till_packs(desk->till, "WATER", packs, 4, &count, &desk->error));
    assert_int_equal(count, 1);
    assert_string_equal(packs[0].pack, "case");
    assert_string_equal(packs[0].label, "case of 24");
    desk_ok(desk, till_cart_pack(desk->till, water, "case", &desk->error));
    assert_int_equal(desk_line(desk, 0)->quantity.milli, 2000);
    assert_int_equal(desk_line(desk, 0)->base.milli, 48000);
    assert_int_equal(desk_line(desk, 0)->amount.minor, 2 * 2000);
    assert_string_equal(desk_line(desk, 0)->pack, "case of 24");
    assert_int_equal(desk_line(desk, 1)->amount.minor, 48 * 25); /* deposits */
    till_close(desk->till);
    desk_open(desk);
    desk_sign_in(desk, "M1", "2222");
    assert_string_equal(desk_line(desk, 0)->pack, "case of 24");
    desk_ok(desk, till_cart_pack(desk->till, water, "", &desk->error));
    assert_string_equal(desk_line(desk, 0)->pack, "");
    assert_int_equal(desk_total(desk), single);
    desk_ok(desk, till_cart_undo(desk->till, &desk->error));
    assert_int_equal(desk_line(desk, 0)->base.milli, 48000);
    desk_pay_cash(desk, 2 * 2000 + 48 * 25);
    desk_verify(desk);
}

static void test_cart__what_has_no_such_pack_stays_as_it_is(void **state)
{
    struct desk *desk = *state;
    int water = desk_add(desk, (struct add_request){.sku = "WATER"}).line;
    int apples = desk_add(desk, (struct add_request){.sku = "APPLES", .quantity = {742}}).line;
    int unknown = desk_scan(desk, "SOMETHING").line;
    int64_t before = desk_total(desk);

    assert_int_equal(till_cart_pack(desk->till, water, "pallet", &desk->error), STATUS_NOT_FOUND);
    assert_int_equal(till_cart_pack(desk->till, 99, "case", &desk->error), STATUS_NOT_FOUND);
    assert_int_equal(till_cart_pack(desk->till, desk_line(desk, 1)->id, "", &desk->error),
                     STATUS_INVALID); /* the deposit */
    assert_int_equal(till_cart_pack(desk->till, apples, "", &desk->error), STATUS_INVALID);
    assert_int_not_equal(till_cart_pack(desk->till, unknown, "", &desk->error), STATUS_OK);
    assert_int_equal(desk_total(desk), before);
}

static void test_cart__armed_multiplier_counts_once(void **state)
{
    struct desk *desk = *state;

    assert_int_equal(till_cart_arm(desk->till, 1000, &desk->error), STATUS_RANGE);
    desk_ok(desk, till_cart_arm(desk->till, 6, &desk->error));
    assert_int_equal(till_cart(desk->till)->armed, 6);
    desk_scan(desk, "5449000000996");
    assert_int_equal(till_cart(desk->till)->armed, 0);
    assert_int_equal(desk_line(desk, 0)->quantity.milli, 6000);
    assert_int_equal(desk_line(desk, 1)->quantity.milli, 6000); /* the deposit follows */
    desk_scan(desk, "5449000000996");
    assert_int_equal(desk_line(desk, 0)->quantity.milli, 7000);
    assert_int_equal(desk_line(desk, 1)->quantity.milli, 7000);
}

static void test_cart__linked_charges_follow_their_line(void **state)
{
    struct desk *desk = *state;
    int line = desk_scan(desk, "5449000000996").line;
    int charge = desk_line(desk, 1)->id;

    assert_int_equal(till_cart_remove(desk->till, charge, &desk->error), STATUS_INVALID);
    assert_int_equal(till_cart_quantity(desk->till, charge, (struct quantity){2000}, &desk->error),
                     STATUS_INVALID);
    desk_ok(desk, till_cart_quantity(desk->till, line, (struct quantity){3000}, &desk->error));
    assert_int_equal(desk_total(desk), 3 * (95 + 25));
    desk_ok(desk, till_cart_remove(desk->till, line, &desk->error));
    assert_int_equal(till_cart(desk->till)->count, 0);
    assert_int_equal(desk_total(desk), 0);
}

static void test_cart__maximum_per_sale(void **state)
{
    struct desk *desk = *state;
    int line = desk_scan(desk, "PILLS").line;
    struct scan_result result;

    desk_scan(desk, "PILLS");
    result = desk_scan(desk, "PILLS");
    assert_int_equal(result.outcome, SCAN_LIMIT);
    assert_int_equal(result.limit.milli, 2000);
    assert_int_equal(till_cart_quantity(desk->till, line, (struct quantity){3000}, &desk->error),
                     STATUS_CONFLICT);
    assert_int_equal(desk_line(desk, 0)->quantity.milli, 2000);
}

static void test_cart__void_restores_total(void **state)
{
    struct desk *desk = *state;
    int64_t before;
    int line;

    desk_scan(desk, "CANDLE");
    before = desk_total(desk);
    line = desk_scan(desk, "TEA").line;
    desk_ok(desk, till_cart_remove(desk->till, line, &desk->error));
    assert_int_equal(desk_total(desk), before);
    assert_int_equal(till_cart_remove(desk->till, line, &desk->error), STATUS_NOT_FOUND);
}

static void test_cart__undo_takes_back_one_change_after_the_other(void **state)
{
    struct desk *desk = *state;
    int line = desk_scan(desk, "CANDLE").line;

    desk_scan(desk, "TEA");
    desk_ok(desk, till_cart_quantity(desk->till, line, (struct quantity){5000}, &desk->error));
    assert_int_equal(desk_total(desk), 5 * 1250 + 395);
    desk_ok(desk, till_cart_undo(desk->till, &desk->error));
    assert_int_equal(desk_total(desk), 1250 + 395);
    desk_ok(desk, till_cart_undo(desk->till, &desk->error));
    assert_int_equal(desk_total(desk), 1250);
    desk_ok(desk, till_cart_remove(desk->till, line, &desk->error));
    desk_ok(desk, till_cart_undo(desk->till, &desk->error));
    assert_int_equal(desk_total(desk), 1250);
    desk_ok(desk, till_cart_undo(desk->till, &desk->error));
    assert_int_equal(desk_total(desk), 0);
    assert_false(till_cart(desk->till)->can_undo);
    assert_int_equal(till_cart_undo(desk->till, &desk->error), STATUS_NOT_FOUND);
}

static void test_cart__undo_leaves_the_tenders_alone(void **state)
{
    struct desk *desk = *state;

    desk_scan(desk, "CANDLE");
    desk_scan(desk, "TEA");
    desk_ok(desk, till_tender_card(desk->till, (struct money){500}, "S1", &desk->error));
    desk_ok(desk, till_cart_undo(desk->till, &desk->error));
    assert_int_equal(desk_total(desk), 1250);
    assert_int_equal(till_cart(desk->till)->paid.minor, 500);
    assert_int_equal(till_cart(desk->till)->to_pay.minor, 750);
    desk_restart(desk);
    assert_int_equal(till_cart(desk->till)->paid.minor, 500);
}

static void test_cart__override_and_discount_need_permission_and_reason(void **state)
{
    struct desk *desk = *state;
    struct pricing_discount ten = {.percent = true, .ppm = 100000}, fifty = {.amount = {50}};
    struct pin_check check;
    int line;

    desk_sign_in(desk, "C1", "1111");
    line = desk_scan(desk, "CANDLE").line;
    assert_int_equal(
        till_cart_price(desk->till, line, (struct money){1000}, "scratched", &desk->error),
        STATUS_DENIED);
    assert_int_equal(till_denied(desk->till), PERMISSION_PRICE_OVERRIDE);
    desk_ok(desk, till_pin_begin(desk->till, "M1", "2222", &check, &desk->error));
    pin_check_run(&check);
    desk_ok(desk, till_approve(desk->till, &check, PERMISSION_PRICE_OVERRIDE, &desk->error));
    assert_int_equal(till_cart_price(desk->till, line, (struct money){1000}, "", &desk->error),
                     STATUS_INVALID);
    desk_ok(desk,
            till_cart_price(desk->till, line, (struct money){1000}, "scratched", &desk->error));
    assert_int_equal(desk_total(desk), 1000);
    /* Nobody writes a card number down, wherever he may write. */
    const char *card = "gave 4111 1111 1111 1111";
    assert_int_equal(till_cart_price(desk->till, line, (struct money){1000}, card, &desk->error),
                     STATUS_INVALID);
    assert_int_equal(till_cart_note(desk->till, card, &desk->error), STATUS_INVALID);
    assert_int_equal(till_cart_price(desk->till, line, (struct money){900}, "again", &desk->error),
                     STATUS_DENIED);
    assert_int_equal(till_cart_line_discount(desk->till, line, fifty, "x", &desk->error),
                     STATUS_DENIED);
    desk_sign_in(desk, "M1", "2222");
    desk_ok(desk, till_cart_line_discount(desk->till, line, fifty, "dent", &desk->error));
    desk_ok(desk, till_cart_discount(desk->till, ten, "friend", &desk->error));
    assert_int_equal(desk_total(desk), 855);
    assert_int_equal(till_cart(desk->till)->saved.minor, 145);
    assert_int_equal(desk_line(desk, 0)->discount_count, 2);
}

static void test_cart__survives_a_restart_with_everything(void **state)
{
    struct desk *desk = *state;
    struct pricing_discount ten = {.percent = true, .ppm = 100000};
    int64_t total;

    desk_scan(desk, "5449000000996");
    desk_add(desk, (struct add_request){.sku = "APPLES", .quantity = {1250}});
    desk_scan(desk, "NOBODY-KNOWS");
    desk_ok(desk, till_cart_settle_out(desk->till, 4, &desk->error));
    desk_ok(desk, till_cart_discount(desk->till, ten, "friend", &desk->error));
    desk_ok(desk, till_cart_note(desk->till, "For Joana", &desk->error));
    desk_ok(desk, till_tender_cash(desk->till, (struct money){100}, &desk->error));
    total = desk_total(desk);
    desk_restart(desk);
    assert_int_equal(desk_total(desk), total);
    assert_int_equal(till_cart(desk->till)->count, 3);
    assert_int_equal(till_cart(desk->till)->tender_count, 1);
    assert_int_equal(till_cart(desk->till)->paid.minor, 100);
    assert_string_equal(till_cart(desk->till)->note, "For Joana");
    desk_pay_cash(desk, 1000);
    desk_verify(desk);
}

static void test_cart__parked_carts_wait_and_come_back(void **state)
{
    struct desk *desk = *state;
    struct parked_view parked[4];
    int count;

    desk_scan(desk, "CANDLE");
    desk_ok(desk, till_cart_park(desk->till, "blue coat", &desk->error));
    assert_int_equal(till_cart(desk->till)->count, 0);
    desk_scan(desk, "TEA");
    desk_restart(desk);
    desk_ok(desk, till_parked(desk->till, parked, 4, &count, &desk->error));
    assert_int_equal(count, 1);
    assert_string_equal(parked[0].label, "blue coat");
    assert_int_equal(parked[0].total.minor, 1250);
    assert_int_equal(till_cart_recall(desk->till, parked[0].id, &desk->error), STATUS_CONFLICT);
    desk_pay_cash(desk, 395);
    desk_ok(desk, till_cart_recall(desk->till, parked[0].id, &desk->error));
    assert_int_equal(desk_total(desk), 1250);
    desk_ok(desk, till_parked(desk->till, parked, 4, &count, &desk->error));
    assert_int_equal(count, 0);
    desk_restart(desk);
    assert_int_equal(desk_total(desk), 1250);
    desk_pay_cash(desk, 1250);
    desk_verify(desk);
}

static void test_cart__discarded_is_on_the_journal(void **state)
{
    struct desk *desk = *state;
    struct till_status before, after;
    struct shift_view shift;

    till_status(desk->till, &before);
    desk_scan(desk, "CANDLE");
    desk_ok(desk, till_cart_discard(desk->till, "changed their mind", &desk->error));
    till_status(desk->till, &after);
    assert_int_equal(after.entries, before.entries + 1);
    assert_int_equal(till_cart(desk->till)->count, 0);
    desk_ok(desk, till_shift(desk->till, &shift, &desk->error));
    assert_int_equal(shift.cancelled, 1);
    desk_ok(desk, till_cart_discard(desk->till, "nothing there", &desk->error));
    till_status(desk->till, &before);
    assert_int_equal(after.entries, before.entries);
    desk_verify(desk);
}

static void test_cart__is_full_before_an_entry_would_be(void **state)
{
    struct desk *desk = *state;
    enum scan_outcome outcome = SCAN_ADDED;
    int lines = 0;

    store_add_items(&desk->store, 450);
    while (outcome == SCAN_ADDED && lines < 450) {
        char code[16];

        snprintf(code, sizeof code, "X-%05d", lines + 1);
        outcome = desk_scan(desk, code).outcome;
        lines += outcome == SCAN_ADDED;
    }
    assert_int_equal(outcome, SCAN_CART_FULL);
    assert_true(lines > 200);
    desk_pay_cash(desk, desk_total(desk));
    desk_verify(desk);
}

static void test_cart__damaged_rows_do_not_stop_the_shop(void **state)
{
    static const char *const damage[] = {
        "UPDATE cart_row SET doc = 'xx' WHERE key & 65535 > 0",
        "UPDATE cart_row SET doc = substr(doc, 1, 20) WHERE key & 65535 = 0"};
    struct desk *desk = *state;

    for (int i = 0; i < 2; i++) {
        char *path = path_join(desk->store.folder, "till.db");
        struct db *db;

        desk_scan(desk, "CANDLE");
        till_close(desk->till);
        desk_ok(desk, db_open(path, DB_OWNER_FULL, &db, &desk->error));
        desk_ok(desk, db_exec(db, damage[i], &desk->error));
        db_close(db);
        free(path);
        desk_open(desk);
        desk_sign_in(desk, "M1", "2222");
        assert_int_equal(till_cart(desk->till)->count, 0);
        desk_scan(desk, "TEA");
        desk_pay_cash(desk, 395);
    }
    desk_verify(desk);
}

static void test_cart__nothing_goes_without_a_person(void **state)
{
    struct desk *desk = *state;
    struct scan_result result;

    till_sign_out(desk->till);
    assert_int_equal(till_scan(desk->till, "CANDLE", SYMBOLOGY_UNKNOWN, &result, &desk->error),
                     STATUS_DENIED);
    desk_sign_in(desk, "C1", "1111");
    till_lock(desk->till);
    assert_int_equal(desk_scan(desk, "CANDLE").outcome, SCAN_ADDED);
    assert_int_equal(till_tender_cash(desk->till, (struct money){1250}, &desk->error),
                     STATUS_DENIED);
}

#define DESK_TEST(test) cmocka_unit_test_setup_teardown(test, desk_make, desk_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(test_scan__adds_a_line_with_price_and_merges),
        DESK_TEST(test_scan__unknown_code_bars_payment_until_settled),
        DESK_TEST(test_scan__unknown_code_settled_by_price_or_left_out),
        DESK_TEST(test_scan__what_may_not_be_sold_is_not_added),
        DESK_TEST(test_scan__badges_and_receipts_are_no_goods),
        DESK_TEST(test_scan__weighed_open_and_packs),
        DESK_TEST(test_cart__a_line_is_sold_by_the_case_and_back),
        DESK_TEST(test_cart__what_has_no_such_pack_stays_as_it_is),
        DESK_TEST(test_cart__armed_multiplier_counts_once),
        DESK_TEST(test_cart__linked_charges_follow_their_line),
        DESK_TEST(test_cart__maximum_per_sale),
        DESK_TEST(test_cart__void_restores_total),
        DESK_TEST(test_cart__undo_takes_back_one_change_after_the_other),
        DESK_TEST(test_cart__undo_leaves_the_tenders_alone),
        DESK_TEST(test_cart__override_and_discount_need_permission_and_reason),
        DESK_TEST(test_cart__survives_a_restart_with_everything),
        DESK_TEST(test_cart__parked_carts_wait_and_come_back),
        DESK_TEST(test_cart__discarded_is_on_the_journal),
        DESK_TEST(test_cart__is_full_before_an_entry_would_be),
        DESK_TEST(test_cart__damaged_rows_do_not_stop_the_shop),
        DESK_TEST(test_cart__nothing_goes_without_a_person),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
