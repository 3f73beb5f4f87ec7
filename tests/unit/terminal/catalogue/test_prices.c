#include "tests/unit/terminal/catalogue/fixture.h"

__extension__ typedef __int128 wide; /* products of two int64 */

static const struct quantity one = {1000};

static struct price_context at(const char *stamp)
{
    struct price_context context = {.channel = "", .customer_group = ""};
    memcpy(context.stamp, stamp, sizeof context.stamp);
    return context;
}

/* The price in whole minor units of one base unit, -1 for none. */
static int64_t price_at(struct fixture *fixture, const char *sku, const char *stamp)
{
    struct price_context context = at(stamp);
    struct item_price price;
    enum status status =
        catalogue_price(fixture->catalogue, sku, "", one, &context, &price, &fixture->error);
    if (status == STATUS_NOT_FOUND)
        return -1;
    assert_ok(status);
    return price.price.scaled / PRICE_SCALE;
}

static void test_prices__change_at_local_midnight(void **state)
{
    struct fixture *fixture = *state;
    fixture_put(fixture, "price_list", "{'list':'base','currency':'GBP'}");
    fixture_put(fixture, "price", "{'list':'base','sku':'A','price_scaled':1000000}");
    fixture_put(fixture, "price",
                "{'list':'base','sku':'A','valid_from':'2026-11-27T00:00',"
                "'valid_to':'2026-11-28T00:00','price_scaled':800000}");
    assert_int_equal(price_at(fixture, "A", "2026-11-26T23:59"), 100);
    assert_int_equal(price_at(fixture, "A", "2026-11-27T00:00"), 80);
    assert_int_equal(price_at(fixture, "A", "2026-11-27T23:59"), 80);
    assert_int_equal(price_at(fixture, "A", "2026-11-28T00:00"), 100);
    assert_int_equal(price_at(fixture, "B", "2026-11-28T00:00"), -1);
}

static void test_prices__priority_before_date_then_name(void **state)
{
    struct fixture *fixture = *state;
    fixture_put(fixture, "price_list", "{'list':'base'}");
    fixture_put(fixture, "price_list",
                "{'list':'sale','priority':10,'tax_included':0,"
                "'valid_from':'2026-11-01T00:00'}");
    fixture_put(fixture, "price_list", "{'list':'aaa','priority':10}");
    fixture_put(fixture, "price",
                "{'list':'base','sku':'A','valid_from':'2026-11-20T00:00','price_scaled':10000}");
    fixture_put(fixture, "price", "{'list':'sale','sku':'A','price_scaled':20000}");
    assert_int_equal(price_at(fixture, "A", "2026-10-31T23:59"), -1);
    assert_int_equal(price_at(fixture, "A", "2026-11-01T00:00"), 2);
    assert_int_equal(price_at(fixture, "A", "2026-11-21T00:00"), 2);
    fixture_put(fixture, "price", "{'list':'aaa','sku':'A','price_scaled':30000}");
    assert_int_equal(price_at(fixture, "A", "2026-11-21T00:00"), 3); /* the smaller name */
    fixture_put(fixture, "price",
                "{'list':'sale','sku':'A','valid_from':'2026-11-02T00:00','price_scaled':40000}");
    assert_int_equal(price_at(fixture, "A", "2026-11-21T00:00"), 4); /* the later date */
    struct price_context context = at("2026-11-21T00:00");
    struct item_price price;
    assert_ok(catalogue_price(fixture->catalogue, "A", "", one, &context, &price, &fixture->error));
    assert_string_equal(price.list, "sale");
    assert_false(price.tax_included);
    assert_false(price.of_pack);
}

static void test_prices__lists_of_others_do_not_count(void **state)
{
    struct fixture *fixture = *state;
    static const char *const lists[] = {
        "{'list':'other','location':'S02','priority':9}",
        "{'list':'web','channel':'web','priority':9}",
        "{'list':'staff','customer_group':'staff','priority':9}",
        "{'list':'euro','currency':'EUR','priority':9}",
        "{'list':'here','location':'S01','currency':'GBP','priority':1}",
        "{'list':'base','currency':'GBP'}",
    };
    static const char *const names[] = {"other", "web", "staff", "euro", "here", "base"};
    for (size_t i = 0; i < 6; i++) {
        char row[128];
        fixture_put(fixture, "price_list", lists[i]);
        (void)snprintf(row, sizeof row, "{'list':'%s','sku':'A','price_scaled':%zu0000}", names[i],
                       i + 1);
        fixture_put(fixture, "price", row);
    }
    assert_int_equal(price_at(fixture, "A", "2026-11-21T00:00"), 5);
    struct price_context context = at("2026-11-21T00:00");
    struct item_price price;
    context.customer_group = "staff";
    assert_ok(catalogue_price(fixture->catalogue, "A", "", one, &context, &price, &fixture->error));
    assert_string_equal(price.list, "staff");
    context.channel = "web";
    assert_ok(catalogue_price(fixture->catalogue, "A", "", one, &context, &price, &fixture->error));
    assert_string_equal(price.list, "staff"); /* both at 9: the smaller name */
}

static void test_prices__pack_price_is_exact_per_base(void **state)
{
    struct fixture *fixture = *state;
    struct price_context context = at("2026-11-21T00:00");
    struct item_price price;
    struct money amount;
    fixture_put(fixture, "price_list", "{'list':'base'}");
    fixture_put(fixture, "price", "{'list':'base','sku':'A','price_scaled':1000000}");
    assert_ok(catalogue_price(fixture->catalogue, "A", "case", (struct quantity){24000}, &context,
                              &price, &fixture->error));
    assert_false(price.of_pack);
    assert_ok(price_extend(price.price, (struct quantity){24000}, &amount));
    assert_int_equal(amount.minor, 2400);
    fixture_put(fixture, "price",
                "{'list':'base','sku':'A','pack':'case','price_scaled':19990000}");
    assert_ok(catalogue_price(fixture->catalogue, "A", "case", (struct quantity){24000}, &context,
                              &price, &fixture->error));
    assert_true(price.of_pack);
    assert_ok(price_extend(price.price, (struct quantity){24000}, &amount));
    assert_int_equal(amount.minor, 1999);
    assert_ok(price_extend(price.price, (struct quantity){48000}, &amount));
    assert_int_equal(amount.minor, 3998);
    assert_int_equal(price_at(fixture, "A", "2026-11-21T00:00"), 100);
}

/* Any factor and any `per`: the price of one pack is what its row says. */
static void test_prices__pack_price_for_any_factor(void **state)
{
    struct fixture *fixture = *state;
    struct price_context context = at("2026-11-21T00:00");
    struct dice dice = {0xABCDEF12345U};
    fixture_put(fixture, "price_list", "{'list':'base'}");
    for (int i = 0; i < 500; i++) {
        char row[200];
        int64_t scaled = dice_below(&dice, 100000000), per = 1 + dice_below(&dice, 3000);
        struct quantity factor = {1 + dice_below(&dice, 50000)};
        (void)snprintf(row, sizeof row,
                       "{'list':'base','sku':'A','pack':'p','price_scaled':%lld,'per_milli':%lld}",
                       (long long)scaled, (long long)per);
        fixture_put(fixture, "price", row);
        struct item_price price;
        assert_ok(catalogue_price(fixture->catalogue, "A", "p", factor, &context, &price,
                                  &fixture->error));
        /* scaled/per for a thousandth of a pack = out.scaled/out.per for factor/1000 base. */
        assert_true((wide)price.price.scaled * factor.milli * per ==
                    (wide)scaled * price.price.per_milli * 1000);
    }
}

/* --- Against a scan of everything --- */

struct model_row {
    int list, from, to; /* days; 0 open */
    int64_t price;
};
struct model_list {
    int priority, from, to;
    const char *location;
};

static void day_stamp(int day, char out[LOCAL_STAMP_SIZE])
{
    out[0] = '\0';
    if (day > 0)
        (void)snprintf(out, LOCAL_STAMP_SIZE, "2026-11-%02dT00:00", day % 100);
}

static bool holds(int from, int to, int day)
{
    return from <= day && (to == 0 || day < to);
}

static int64_t model_price(const struct model_list *lists, const struct model_row *rows, int count,
                           int day)
{
    const struct model_row *best = NULL;
    for (int i = 0; i < count; i++) {
        const struct model_list *list = &lists[rows[i].list];
        if (!holds(list->from, list->to, day) || !holds(rows[i].from, rows[i].to, day) ||
            strcmp(list->location, "S02") == 0)
            continue;
        if (best == NULL) {
            best = &rows[i];
            continue;
        }
        const struct model_list *other = &lists[best->list];
        int order = list->priority - other->priority;
        if (order == 0)
            order = rows[i].from - best->from;
        if (order == 0)
            order = best->list - rows[i].list;
        if (order > 0)
            best = &rows[i];
    }
    return best == NULL ? -1 : best->price;
}

static void put_list(struct fixture *fixture, int index, const struct model_list *list)
{
    char row[300], from[LOCAL_STAMP_SIZE], to[LOCAL_STAMP_SIZE];
    day_stamp(list->from, from);
    day_stamp(list->to, to);
    (void)snprintf(row, sizeof row,
                   "{'list':'L%d','priority':%d,'location':'%s','valid_from':'%s','valid_to':'%s'}",
                   index, list->priority, list->location, from, to);
    fixture_put(fixture, "price_list", row);
}

static void put_row(struct fixture *fixture, const struct model_row *price)
{
    char row[300], from[LOCAL_STAMP_SIZE], to[LOCAL_STAMP_SIZE];
    day_stamp(price->from, from);
    day_stamp(price->to, to);
    (void)snprintf(row, sizeof row,
                   "{'list':'L%d','sku':'A','valid_from':'%s','valid_to':'%s','price_scaled':%lld}",
                   price->list, from, to, (long long)price->price * PRICE_SCALE);
    fixture_put(fixture, "price", row);
}

static void roll_validity(struct dice *dice, int *from, int *to)
{
    *from = dice_below(dice, 3) == 0 ? 0 : 1 + dice_below(dice, 25);
    *to = dice_below(dice, 3) == 0 ? 0 : *from + 1 + dice_below(dice, 5);
}

static void check_world(struct fixture *fixture, struct dice *dice)
{
    struct model_list lists[4];
    struct model_row rows[12];
    int count = 0;
    assert_ok(db_exec(fixture->db, "DELETE FROM price; DELETE FROM price_list", &fixture->error));
    for (int i = 0; i < 4; i++) {
        static const char *const locations[] = {"", "S01", "S02"};
        lists[i].priority = dice_below(dice, 3);
        lists[i].location = locations[dice_below(dice, 3)];
        roll_validity(dice, &lists[i].from, &lists[i].to);
        put_list(fixture, i, &lists[i]);
    }
    for (int i = 0; i < 12; i++) {
        struct model_row row = {.list = dice_below(dice, 4), .price = 1 + i};
        roll_validity(dice, &row.from, &row.to);
        bool known = false;
        for (int j = 0; j < count; j++)
            known = known || (rows[j].list == row.list && rows[j].from == row.from);
        if (known)
            continue;
        put_row(fixture, &row);
        rows[count++] = row;
    }
    for (int day = 1; day <= 30; day++) {
        char stamp[LOCAL_STAMP_SIZE];
        day_stamp(day, stamp);
        assert_int_equal(price_at(fixture, "A", stamp), model_price(lists, rows, count, day));
        if (day == 1)
            continue;
        (void)snprintf(stamp, sizeof stamp, "2026-11-%02uT23:59", (unsigned)(day - 1) % 100);
        assert_int_equal(price_at(fixture, "A", stamp), model_price(lists, rows, count, day - 1));
    }
}

static void test_prices__equal_a_scan_of_all_lists(void **state)
{
    struct fixture *fixture = *state;
    struct dice dice = {0x1234567887654321U};
    for (int i = 0; i < 200; i++)
        check_world(fixture, &dice);
}

/* --- Tax --- */

static void test_prices__tax_rate_changes_at_its_date(void **state)
{
    struct fixture *fixture = *state;
    struct tax_rate rate;
    fixture_put(fixture, "tax_rate",
                "{'tax_list':'UK','tax_class':'standard','code':'A','rate_ppm':200000,'name':'VAT',"
                "'valid_to':'2027-01-01T00:00'}");
    fixture_put(fixture, "tax_rate",
                "{'tax_list':'UK','tax_class':'standard','code':'A','rate_ppm':210000,"
                "'valid_from':'2027-01-01T00:00'}");
    fixture_put(fixture, "tax_rate", "{'tax_list':'DE','tax_class':'zero','code':'Z'}");
    assert_ok(catalogue_tax_rate(fixture->catalogue, "standard", "2026-12-31T23:59", &rate,
                                 &fixture->error));
    assert_int_equal(rate.rate_ppm, 200000);
    assert_string_equal(rate.code, "A");
    assert_string_equal(rate.name, "VAT");
    assert_ok(catalogue_tax_rate(fixture->catalogue, "standard", "2027-01-01T00:00", &rate,
                                 &fixture->error));
    assert_int_equal(rate.rate_ppm, 210000);
    assert_int_equal(
        catalogue_tax_rate(fixture->catalogue, "zero", "2027-01-01T00:00", &rate, &fixture->error),
        STATUS_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_prices__change_at_local_midnight),
        FIXTURE_TEST(test_prices__priority_before_date_then_name),
        FIXTURE_TEST(test_prices__lists_of_others_do_not_count),
        FIXTURE_TEST(test_prices__pack_price_is_exact_per_base),
        FIXTURE_TEST(test_prices__pack_price_for_any_factor),
        FIXTURE_TEST(test_prices__equal_a_scan_of_all_lists),
        FIXTURE_TEST(test_prices__tax_rate_changes_at_its_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
