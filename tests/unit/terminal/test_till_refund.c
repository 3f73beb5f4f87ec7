/* Returns that name the line they take back: what was paid, and never more than was sold. */
#include "tests/unit/support/desk.h"

#include "terminal/base/db.h"
#include "terminal/base/file.h"

static struct sold_line only_line(struct desk *desk, const char *receipt)
{
    struct sold_line sold = {0};
    int count = 0;

    desk_ok(desk, till_sold_lines(desk->till, receipt, &sold, 1, &count, &desk->error));
    assert_int_equal(count, 1);
    return sold;
}

/* A return of so many candles in the open cart; the line's id. */
static int bring_back(struct desk *desk, int64_t milli)
{
    int line;

    desk_ok(desk, till_cart_returning(desk->till, "unwanted", "restock", &desk->error));
    line = desk_add(desk, (struct add_request){.sku = "CANDLE", .quantity = {milli}}).line;
    desk_ok(desk, till_cart_returning(desk->till, "", "", &desk->error));
    return line;
}

static enum status take_back(struct desk *desk, int line, const struct sold_line *sold)
{
    return till_cart_take_back(desk->till, line, &sold->origin, sold->sold, &desk->error);
}

static void give_up(struct desk *desk)
{
    desk_ok(desk, till_cart_discard(desk->till, "left", &desk->error));
}

/* Three candles at 10.00 instead of 12.50. */
static struct sale_result sell_dented(struct desk *desk)
{
    int line = desk_add(desk, (struct add_request){.sku = "CANDLE", .quantity = {3000}}).line;

    desk_ok(desk, till_cart_price(desk->till, line, (struct money){1000}, "dented", &desk->error));
    return desk_pay_cash(desk, 3000);
}

static struct sold_line sell_candles(struct desk *desk)
{
    return only_line(desk, sell_dented(desk).receipt);
}

static void test_refund__gives_back_what_was_paid(void **state)
{
    struct desk *desk = *state;
    struct sale_result sale = sell_dented(desk);
    struct sold_line sold = only_line(desk, sale.receipt);
    int line;

    assert_string_equal(sold.sku, "CANDLE");
    assert_int_equal(sold.sold.milli, 3000);
    assert_int_equal(sold.amount.minor, 3000);
    assert_int_equal(sold.back.milli, 0);
    line = bring_back(desk, 2000);
    assert_int_equal(desk_total(desk), -2500);
    desk_ok(desk, take_back(desk, line, &sold));
    assert_int_equal(desk_total(desk), -2000);
    desk_pay_cash(desk, -2000);
    assert_int_equal(only_line(desk, sale.receipt).back.milli, 2000);
    desk_verify(desk);
}

/* Three candles for 10.00: no price of one gives that. */
static struct sold_line sell_for_ten(struct desk *desk, struct money *tax)
{
    struct pricing_discount off = {.amount = {2750}};
    int line = desk_add(desk, (struct add_request){.sku = "CANDLE", .quantity = {3000}}).line;

    desk_ok(desk, till_cart_line_discount(desk->till, line, off, "three for ten", &desk->error));
    assert_int_equal(desk_total(desk), 1000);
    *tax = till_cart(desk->till)->tax;
    return only_line(desk, desk_pay_cash(desk, 1000).receipt);
}

/* Takes back so many and pays out `minor`; the tax that goes with it. */
static int64_t pay_back(struct desk *desk, const struct sold_line *sold, int64_t milli,
                        int64_t minor)
{
    int64_t tax;

    desk_ok(desk, take_back(desk, bring_back(desk, milli), sold));
    assert_int_equal(desk_total(desk), -minor);
    tax = till_cart(desk->till)->tax.minor;
    desk_pay_cash(desk, -minor);
    return tax;
}

static void test_refund__parts_give_back_exactly_what_was_paid(void **state)
{
    struct desk *desk = *state;
    struct money tax;
    struct sold_line sold = sell_for_ten(desk, &tax);

    tax.minor += pay_back(desk, &sold, 1000, 333);
    tax.minor += pay_back(desk, &sold, 1000, 334);
    desk_restart(desk);
    tax.minor += pay_back(desk, &sold, 1000, 333);
    assert_int_equal(tax.minor, 0);
    sold = sell_for_ten(desk, &tax);
    tax.minor += pay_back(desk, &sold, 2000, 667);
    tax.minor += pay_back(desk, &sold, 1000, 333);
    assert_int_equal(tax.minor, 0);
    desk_verify(desk);
}

static void test_refund__lines_of_one_cart_are_parts_of_one_line(void **state)
{
    struct desk *desk = *state;
    struct money tax;
    struct sold_line sold = sell_for_ten(desk, &tax);
    int first = bring_back(desk, 1000), second;

    desk_ok(desk, take_back(desk, first, &sold));
    second = bring_back(desk, 1000);
    desk_ok(desk, take_back(desk, second, &sold));
    assert_int_equal(desk_line(desk, 0)->amount.minor, -333);
    assert_int_equal(desk_line(desk, 1)->amount.minor, -334);
    /* The first one goes: the second is the first part now. */
    desk_ok(desk, till_cart_remove(desk->till, first, &desk->error));
    assert_int_equal(desk_total(desk), -333);
    desk_ok(desk, till_cart_undo(desk->till, &desk->error));
    desk_ok(desk, till_cart_quantity(desk->till, second, (struct quantity){2000}, &desk->error));
    assert_int_equal(desk_total(desk), -1000);
    assert_int_equal(till_cart(desk->till)->tax.minor, -tax.minor);
    desk_pay_cash(desk, -1000);
    desk_verify(desk);
}

/* What was paid back while the cart was parked went before it; and a restart knows that, too. */
static void test_refund__a_parked_cart_takes_its_place_when_it_is_recalled(void **state)
{
    struct desk *desk = *state;
    struct money tax;
    struct sold_line sold = sell_for_ten(desk, &tax);
    struct parked_view parked;
    int count;

    desk_ok(desk, take_back(desk, bring_back(desk, 1000), &sold));
    assert_int_equal(desk_total(desk), -333);
    desk_ok(desk, till_cart_park(desk->till, "later", &desk->error));
    (void)pay_back(desk, &sold, 1000, 333);
    desk_ok(desk, till_parked(desk->till, &parked, 1, &count, &desk->error));
    desk_ok(desk, till_cart_recall(desk->till, parked.id, &desk->error));
    assert_int_equal(desk_total(desk), -334);
    desk_restart(desk);
    assert_int_equal(desk_total(desk), -334);
    desk_pay_cash(desk, -334);
    (void)pay_back(desk, &sold, 1000, 333);
    desk_verify(desk);
}

/* Worn goods: less goes back than was paid, and of the tax as much less. */
static void test_refund__less_goes_back_when_somebody_says_so(void **state)
{
    struct desk *desk = *state;
    struct pricing_discount half = {.percent = true, .ppm = 500000};
    struct money tax;
    struct sold_line sold = sell_for_ten(desk, &tax);
    int line = bring_back(desk, 3000);

    desk_ok(desk, take_back(desk, line, &sold));
    desk_ok(desk, till_cart_line_discount(desk->till, line, half, "worn", &desk->error));
    assert_int_equal(desk_total(desk), -500);
    assert_int_equal(till_cart(desk->till)->tax.minor, -(tax.minor + 1) / 2);
    desk_ok(desk, till_cart_price(desk->till, line, (struct money){100}, "worn", &desk->error));
    assert_int_equal(desk_total(desk), -150);
    give_up(desk);
}

static void test_refund__never_more_than_was_sold(void **state)
{
    struct desk *desk = *state;
    struct sold_line sold = sell_candles(desk);
    int line = bring_back(desk, 4000), other;

    assert_int_equal(take_back(desk, line, &sold), STATUS_CONFLICT);
    desk_ok(desk, till_cart_quantity(desk->till, line, (struct quantity){2000}, &desk->error));
    desk_ok(desk, take_back(desk, line, &sold));
    assert_int_equal(till_cart_quantity(desk->till, line, (struct quantity){4000}, &desk->error),
                     STATUS_CONFLICT);
    /* A second line of the same item is a line of its own, and counts together with the first. */
    other = bring_back(desk, 2000);
    assert_int_not_equal(other, line);
    assert_int_equal(take_back(desk, other, &sold), STATUS_CONFLICT);
    desk_ok(desk, till_cart_remove(desk->till, other, &desk->error));
    desk_pay_cash(desk, -2000);
    /* After a restart it is still known. */
    desk_restart(desk);
    line = bring_back(desk, 2000);
    assert_int_equal(take_back(desk, line, &sold), STATUS_CONFLICT);
    desk_ok(desk, till_cart_quantity(desk->till, line, (struct quantity){1000}, &desk->error));
    desk_ok(desk, take_back(desk, line, &sold));
    desk_pay_cash(desk, -1000);
    desk_verify(desk);
}

/* Two carts that were both fine when they were made. */
static void test_refund__parked_carts_count_when_they_are_paid(void **state)
{
    struct desk *desk = *state;
    struct sold_line sold = sell_candles(desk);
    struct parked_view parked;
    int count;

    desk_ok(desk, take_back(desk, bring_back(desk, 2000), &sold));
    desk_ok(desk, till_cart_park(desk->till, "one", &desk->error));
    desk_restart(desk);
    desk_ok(desk, take_back(desk, bring_back(desk, 2000), &sold));
    desk_pay_cash(desk, -2000);
    desk_ok(desk, till_parked(desk->till, &parked, 1, &count, &desk->error));
    assert_int_equal(count, 1);
    desk_ok(desk, till_cart_recall(desk->till, parked.id, &desk->error));
    assert_int_equal(till_tender_cash(desk->till, (struct money){-2000}, &desk->error),
                     STATUS_CONFLICT);
    desk_ok(desk, till_cart_quantity(desk->till, till_cart(desk->till)->lines[0].id,
                                     (struct quantity){1000}, &desk->error));
    desk_pay_cash(desk, -1000);
    desk_verify(desk);
}

/* The sale of another till: its receipt says what was sold. */
static void test_refund__another_tills_sale_goes_by_its_receipt(void **state)
{
    struct desk *desk = *state;
    struct sold_line sold = {.origin = {.device = {{7}}, .epoch = {{9}}, .seq = 12, .line = 2},
                             .sold = {2000}};
    int line = bring_back(desk, 1000);

    desk_ok(desk, take_back(desk, line, &sold));
    assert_int_equal(desk_total(desk), -1250);
    desk_pay_cash(desk, -1250);
    line = bring_back(desk, 2000);
    assert_int_equal(take_back(desk, line, &sold), STATUS_CONFLICT);
    sold.sold.milli = 0;
    assert_int_equal(take_back(desk, line, &sold), STATUS_RANGE);
    give_up(desk);
    desk_verify(desk);
}

static void test_refund__refuses_what_is_no_such_line(void **state)
{
    struct desk *desk = *state;
    struct sold_line sold = sell_candles(desk), wrong = sold;
    int line = bring_back(desk, 1000);

    wrong.origin.line = 9;
    assert_int_equal(take_back(desk, line, &wrong), STATUS_INVALID);
    assert_int_equal(take_back(desk, 99, &sold), STATUS_NOT_FOUND);
    desk_ok(desk, take_back(desk, line, &sold));
    assert_int_equal(till_cart_pack(desk->till, line, "", &desk->error), STATUS_INVALID);
    line = desk_scan(desk, "5018374350015").line;
    assert_int_equal(take_back(desk, line, &sold), STATUS_INVALID);
    give_up(desk);
    desk_ok(desk, till_cart_returning(desk->till, "unwanted", "restock", &desk->error));
    line = desk_scan(desk, "5018374350015").line;
    assert_int_equal(take_back(desk, line, &sold), STATUS_INVALID);
    assert_int_equal(till_sold_lines(desk->till, "T09-AAA-000001", &wrong, 1, &line, &desk->error),
                     STATUS_NOT_FOUND);
    give_up(desk);
}

/* The entry says which line it is, and what stands beside it is checked against it. */
static void test_refund__is_in_the_entry_and_verified(void **state)
{
    struct desk *desk = *state;
    struct sold_line sold = sell_candles(desk);
    struct db *db;
    int64_t checked;
    char *path = path_join(desk->store.folder, "till.db");

    desk_ok(desk, take_back(desk, bring_back(desk, 1000), &sold));
    desk_pay_cash(desk, -1000);
    desk_verify(desk);
    till_close(desk->till);
    assert_int_equal(db_open(path, DB_OWNER_FULL, &db, &desk->error), STATUS_OK);
    desk_ok(desk, db_exec(db, "DROP TRIGGER refund_delete; DELETE FROM refund", &desk->error));
    db_close(db);
    desk_open(desk);
    assert_int_equal(till_verify(desk->till, &checked, &desk->error), STATUS_CORRUPT);
    free(path);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, desk_make, desk_remove)
    const struct CMUnitTest tests[] = {
        TEST(test_refund__gives_back_what_was_paid),
        TEST(test_refund__parts_give_back_exactly_what_was_paid),
        TEST(test_refund__lines_of_one_cart_are_parts_of_one_line),
        TEST(test_refund__a_parked_cart_takes_its_place_when_it_is_recalled),
        TEST(test_refund__less_goes_back_when_somebody_says_so),
        TEST(test_refund__never_more_than_was_sold),
        TEST(test_refund__parked_carts_count_when_they_are_paid),
        TEST(test_refund__another_tills_sale_goes_by_its_receipt),
        TEST(test_refund__refuses_what_is_no_such_line),
        TEST(test_refund__is_in_the_entry_and_verified),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
