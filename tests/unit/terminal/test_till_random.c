/* Thousands of random calls, restarts between them: every total follows from the lines, every sale
 * balances, nothing comes back that was not sold, the Z equals the journal (closing asserts it),
 * and the journal verifies.
 */
#include "tests/unit/support/desk.h"

#define CALLS 4000

static const char *const codes[] = {"5018374350015", "CANDLE", "5449000000996", "CASE-WATER",
                                    "TEA",           "SOAP",   "EGGS",          "NEWS",
                                    "BOOK",          "FUEL",   "BAG",           "PENCIL",
                                    "PILLS",         "HAMPER", "NOBODY-KNOWS",  "HONEY"};

struct chance {
    uint64_t state;
};

static int64_t pick(struct chance *chance, int64_t low, int64_t high)
{
    chance->state ^= chance->state << 13;
    chance->state ^= chance->state >> 7;
    chance->state ^= chance->state << 17;
    return low + (int64_t)(chance->state % (uint64_t)(high - low + 1));
}

/* Refusals are part of the play; faults are not. */
static void fine(struct desk *desk, enum status status)
{
    switch (status) {
    case STATUS_OK:
    case STATUS_INVALID:
    case STATUS_RANGE:
    case STATUS_NOT_FOUND:
    case STATUS_CONFLICT:
        return;
    default:
        fail_msg("%s: %s", status_name(status), desk->error.text);
    }
}

static int any_line(struct desk *desk, struct chance *chance)
{
    const struct cart_view *cart = till_cart(desk->till);

    return cart->count == 0 ? 1 : cart->lines[pick(chance, 0, cart->count - 1)].id;
}

static struct pricing_discount any_discount(struct chance *chance)
{
    struct pricing_discount discount = {.percent = pick(chance, 0, 1) == 1};

    discount.ppm = (int32_t)pick(chance, 0, 10) * 50000;
    discount.amount.minor = pick(chance, 0, 800);
    return discount;
}

static void add_something(struct desk *desk, struct chance *chance)
{
    struct scan_result result;
    struct add_request weighed = {.sku = "APPLES", .quantity = {pick(chance, 1, 3000)}};
    struct add_request open = {.sku = "WRAP", .has_price = true, .price = {pick(chance, 0, 900)}};
    struct add_request loose = {
        .name = "Loose thing", .has_price = true, .price = {pick(chance, 1, 900)}};

    switch (pick(chance, 0, 9)) {
    case 0:
        fine(desk, till_add(desk->till, &weighed, &result, &desk->error));
        break;
    case 1:
        fine(desk, till_add(desk->till, &open, &result, &desk->error));
        break;
    case 2:
        fine(desk, till_add(desk->till, &loose, &result, &desk->error));
        break;
    case 3:
        fine(desk, till_cart_arm(desk->till, (int)pick(chance, 0, 12), &desk->error));
        break;
    default:
        fine(desk, till_scan(desk->till, codes[pick(chance, 0, 15)], SYMBOLOGY_UNKNOWN, &result,
                             &desk->error));
    }
}

static void change_something(struct desk *desk, struct chance *chance)
{
    struct till *till = desk->till;
    struct error *error = &desk->error;
    int line = any_line(desk, chance);

    switch (pick(chance, 0, 7)) {
    case 0:
        fine(desk,
             till_cart_quantity(till, line, (struct quantity){1000 * pick(chance, 0, 9)}, error));
        break;
    case 1:
        fine(desk,
             till_cart_price(till, line, (struct money){pick(chance, 0, 3000)}, "dent", error));
        break;
    case 2:
        fine(desk, till_cart_remove(till, line, error));
        break;
    case 3:
        fine(desk, till_cart_undo(till, error));
        break;
    case 4:
        fine(desk, till_cart_line_discount(till, line, any_discount(chance), "friend", error));
        break;
    case 5:
        fine(desk, till_cart_discount(till, any_discount(chance), "winter", error));
        break;
    case 6:
        fine(desk, till_cart_returning(till, pick(chance, 0, 1) == 0 ? "" : "broken",
                                       pick(chance, 0, 1) == 0 ? "restock" : "damaged", error));
        break;
    default:
        fine(desk, till_cart_select(till, line, error));
    }
}

static void settle_codes(struct desk *desk, struct chance *chance)
{
    const struct cart_view *cart = till_cart(desk->till);
    struct scan_result result;

    for (int i = 0; i < cart->count; i++) {
        if (cart->lines[i].state != LINE_UNKNOWN)
            continue;
        int line = cart->lines[i].id;
        if (pick(chance, 0, 2) == 0)
            fine(desk, till_cart_settle_out(desk->till, line, &desk->error));
        else if (pick(chance, 0, 1) == 0)
            fine(desk,
                 till_cart_settle_item(desk->till, line, "5449000000996", &result, &desk->error));
        else
            fine(desk, till_cart_settle_price(desk->till, line, (struct money){150}, "Thing", NULL,
                                              &desk->error));
        return;
    }
}

static void pay_something(struct desk *desk, struct chance *chance)
{
    const struct cart_view *cart = till_cart(desk->till);
    struct sale_result sale;

    settle_codes(desk, chance);
    switch (pick(chance, 0, 3)) {
    case 0:
        fine(desk,
             till_tender_card(desk->till, (struct money){cart->to_pay.minor / pick(chance, 1, 3)},
                              "S", &desk->error));
        break;
    case 1:
        fine(desk, till_tender_reverse(desk->till, (int)pick(chance, 1, 4), &desk->error));
        break;
    case 2:
        fine(desk, till_tender_cash(desk->till,
                                    (struct money){cart->cash_due.minor + pick(chance, 0, 500)},
                                    &desk->error));
        break;
    default:
        fine(desk, till_tender_cash(desk->till, cart->cash_due, &desk->error));
    }
    if (!cart->covered)
        return;
    desk_ok(desk, till_sale_commit(desk->till, &sale, &desk->error));
    assert_int_equal(sale.total.minor + sale.rounding.minor, sale.paid.minor - sale.change.minor);
}

static void do_something_else(struct desk *desk, struct chance *chance)
{
    struct till *till = desk->till;
    struct parked_view parked[8];
    int count;

    switch (pick(chance, 0, 9)) {
    case 0:
        fine(desk, till_cart_park(till, "later", &desk->error));
        break;
    case 1:
        desk_ok(desk, till_parked(till, parked, 8, &count, &desk->error));
        if (count > 0)
            fine(desk, till_cart_recall(till, parked[count - 1].id, &desk->error));
        break;
    case 2:
        fine(desk, till_cart_discard(till, "left", &desk->error));
        break;
    case 3:
        fine(desk, till_paid_in(till, (struct money){pick(chance, 1, 900)}, "coins", &desk->error));
        break;
    case 4:
        fine(desk, till_no_sale(till, "look", &desk->error));
        break;
    case 5:
        till_idle(till);
        break;
    case 6:
        desk_restart(desk);
        break;
    default:
        desk->store.clock.wall_ms += pick(chance, -60000, 600000);
    }
}

/* Something of the last sale comes back, or is said to. Of no line ever more than was sold. */
static void take_something_back(struct desk *desk, struct chance *chance)
{
    struct till *till = desk->till;
    struct error *error = &desk->error;
    struct sold_line sold[8];
    struct sale_result last;
    struct scan_result added;
    int count = 0;

    if (till_last_sale(till, &last, error) != STATUS_OK)
        return;
    fine(desk, till_sold_lines(till, last.receipt, sold, 8, &count, error));
    for (int i = 0; i < count; i++)
        assert_true(sold[i].back.milli <= sold[i].sold.milli);
    if (count == 0)
        return;
    const struct sold_line *line = &sold[pick(chance, 0, count - 1)];
    struct add_request goods = {.sku = line->sku, .quantity = {1000 * pick(chance, 1, 3)}};
    fine(desk, till_cart_returning(till, "unwanted", "restock", error));
    fine(desk, till_add(till, &goods, &added, error));
    fine(desk, till_cart_returning(till, "", "", error));
    fine(desk, till_cart_take_back(till, added.line, &line->origin, line->sold, error));
}

/* The view's figures follow from its lines. */
static void check_view(struct desk *desk)
{
    const struct cart_view *cart = till_cart(desk->till);
    int64_t amounts = 0, paid = 0, gross = 0;

    for (int i = 0; i < cart->count; i++) {
        int64_t off = 0;

        for (int d = 0; d < cart->lines[i].discount_count; d++)
            off += cart->lines[i].discounts[d].amount.minor;
        assert_int_equal(cart->lines[i].amount.minor, cart->lines[i].gross.minor - off);
        amounts += cart->lines[i].amount.minor;
    }
    for (int i = 0; i < cart->tender_count; i++)
        paid += cart->tenders[i].reversed ? 0 : cart->tenders[i].amount.minor;
    for (int i = 0; i < cart->rate_count; i++)
        gross += cart->rates[i].gross.minor;
    assert_int_equal(cart->total.minor, amounts);
    assert_int_equal(cart->total.minor, gross);
    assert_int_equal(cart->net.minor + cart->tax.minor, cart->total.minor);
    assert_int_equal(cart->paid.minor, paid);
}

static void close_the_day(struct desk *desk)
{
    struct till *till = desk->till;
    struct shift_view view;
    struct money difference;

    for (int i = 1; i <= CART_TENDERS; i++)
        fine(desk, till_tender_reverse(till, i, &desk->error));
    fine(desk, till_cart_discard(till, "end", &desk->error));
    desk_ok(desk, till_shift_close(till, (struct money){0}, &view, &difference, &desk->error));
    desk_ok(desk, till_shift_open(till, (struct money){5000}, &desk->error));
}

static void test_till__random_days_balance(void **state)
{
    struct desk *desk = *state;
    struct till_figures figures;

    for (uint64_t seed = 1; seed <= 2; seed++) {
        struct chance chance = {seed * 0x9E3779B97F4A7C15u};

        for (int i = 0; i < CALLS; i++) {
            int64_t kind = pick(&chance, 0, 99);

            if (kind < 50)
                add_something(desk, &chance);
            else if (kind < 66)
                change_something(desk, &chance);
            else if (kind < 70)
                take_something_back(desk, &chance);
            else if (kind < 92)
                pay_something(desk, &chance);
            else
                do_something_else(desk, &chance);
            check_view(desk);
        }
        close_the_day(desk);
        desk_verify(desk);
    }
    desk_ok(desk, till_figures(desk->till, &figures, &desk->error));
    print_message("%lld sales, %lld returns\n", (long long)figures.sales,
                  (long long)figures.returns);
    assert_true(figures.sales > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_till__random_days_balance, desk_make, desk_remove),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
