#include "tests/unit/terminal/catalogue/fixture.h"

static const struct price_context now = {"2026-11-21T09:00", "", ""};

static enum status scan(struct fixture *fixture, const char *text, struct found_item *out)
{
    struct code *code = mem_alloc(sizeof *code);
    assert_ok(code_parse(text, strlen(text), SYMBOLOGY_UNKNOWN, NULL, 2026, code, &fixture->error));
    enum status status = catalogue_find_code(fixture->catalogue, code, &now, out, &fixture->error);
    free(code);
    return status;
}

static int with_goods(void **state)
{
    if (fixture_make(state) != 0)
        return -1;
    struct fixture *fixture = *state;
    fixture_put(fixture, "price_list", "{'list':'base'}");
    fixture_put(fixture, "category", "{'id':'drinks','name':'Drinks','position':2}");
    fixture_put(fixture, "category", "{'id':'food','name':'Food','position':1}");
    fixture_put(fixture, "category", "{'id':'beer','name':'Beer','parent':'drinks'}");
    fixture_put(fixture, "item",
                "{'sku':'COLA','name':'Cola','category':'drinks','popularity':7,'min_age':0,"
                "'max_per_sale_milli':48000}");
    fixture_put(fixture, "item_code",
                "{'code':'05449000000996','given':'5449000000996','sku':'COLA'}");
    fixture_put(fixture, "item_code",
                "{'code':'15449000000993','given':'15449000000993','sku':'COLA','pack':'case'}");
    fixture_put(fixture, "item_code", "{'code':'4011','given':'4011','kind':'plu','sku':'COLA'}");
    fixture_put(fixture, "item_pack",
                "{'sku':'COLA','pack':'case','factor_milli':24000,'label':'Case of 24'}");
    fixture_put(fixture, "item_pack", "{'sku':'COLA','pack':'six','factor_milli':6000}");
    fixture_put(fixture, "price", "{'list':'base','sku':'COLA','price_scaled':1200000}");
    fixture_put(fixture, "item", "{'sku':'DEP','name':'Deposit'}");
    fixture_put(fixture, "item_link", "{'sku':'COLA','linked_sku':'DEP'}");
    fixture_put(fixture, "item_link", "{'sku':'COLA','linked_sku':'ECO','kind':'fee'}");
    return 0;
}

static void test_catalogue__code_gives_item_pack_and_price(void **state)
{
    struct fixture *fixture = *state;
    struct found_item found;
    assert_ok(scan(fixture, "5449000000996", &found));
    assert_string_equal(found.item.sku, "COLA");
    assert_string_equal(found.code, "05449000000996");
    assert_string_equal(found.pack, "");
    assert_int_equal(found.factor.milli, 1000);
    assert_true(found.has_price);
    assert_int_equal(found.price.price.scaled, 1200000);
    assert_ok(scan(fixture, "15449000000993", &found));
    assert_string_equal(found.pack, "case");
    assert_int_equal(found.factor.milli, 24000);
    assert_false(found.price.of_pack);
    assert_ok(scan(fixture, "04011", &found)); /* a PLU with a leading zero */
    assert_string_equal(found.code, "4011");
    assert_ok(scan(fixture, "COLA", &found)); /* by its SKU */
    assert_string_equal(found.code, "");
    assert_int_equal(found.factor.milli, 1000);
    assert_int_equal(scan(fixture, "cola", &found), STATUS_NOT_FOUND);
    assert_int_equal(scan(fixture, "9999999999994", &found), STATUS_NOT_FOUND);
    assert_false(db_in_transaction(fixture->db));
}

static void test_catalogue__case_without_its_pack_is_not_sold_as_one(void **state)
{
    struct fixture *fixture = *state;
    struct found_item found;
    fixture_change(fixture, "item_pack", "del", "{'sku':'COLA','pack':'case'}");
    assert_int_equal(scan(fixture, "15449000000993", &found), STATUS_CORRUPT);
    assert_false(db_in_transaction(fixture->db));
}

static void test_catalogue__item_without_price_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct found_item found;
    assert_ok(catalogue_find_sku(fixture->catalogue, "DEP", &now, &found, &fixture->error));
    assert_false(found.has_price);
    assert_int_equal(catalogue_find_sku(fixture->catalogue, "NONE", &now, &found, &fixture->error),
                     STATUS_NOT_FOUND);
}

static void test_catalogue__several_calls_see_one_state(void **state)
{
    struct fixture *fixture = *state;
    struct found_item found;
    assert_ok(db_begin_read(catalogue_db(fixture->catalogue), &fixture->error));
    assert_ok(scan(fixture, "5449000000996", &found));
    assert_int_equal(scan(fixture, "nothing", &found), STATUS_NOT_FOUND);
    assert_true(db_in_transaction(fixture->db)); /* the caller's transaction is still its own */
    assert_ok(db_commit(fixture->db, &fixture->error));
}

static void test_catalogue__restricted_code_falls_back_to_its_reference(void **state)
{
    struct fixture *fixture = *state;
    static const char masks_text[] = "{\"masks\":[{\"pattern\":\"20IIIIIPPPPPC\",\"decimals\":2}]}";
    struct code_masks *masks;
    struct code *code = mem_alloc(sizeof *code);
    struct found_item found;
    fixture_put(fixture, "item", "{'sku':'HAM','name':'Ham','price_mode':'weighed','unit':'kg'}");
    fixture_put(fixture, "item_code", "{'code':'123','given':'123','kind':'plu','sku':'HAM'}");
    assert_ok(code_masks_read(masks_text, sizeof masks_text - 1, &masks, &fixture->error));
    char ean[14] = "200012300599";
    ean[12] = gtin_check_digit(ean, 12);
    assert_ok(code_parse(ean, 13, SYMBOLOGY_EAN_UPC, masks, 2026, code, &fixture->error));
    assert_ok(catalogue_find_code(fixture->catalogue, code, &now, &found, &fixture->error));
    assert_string_equal(found.item.sku, "HAM");
    assert_int_equal(found.item.price_mode, PRICE_WEIGHED);
    assert_int_equal(code->price_minor, 599);
    code_masks_destroy(masks);
    free(code);
}

static void test_catalogue__lists(void **state)
{
    struct fixture *fixture = *state;
    struct error *error = &fixture->error;
    struct item_pack packs[4], pack;
    struct item_code codes[2];
    struct item_link links[4];
    size_t count;
    assert_ok(catalogue_packs(fixture->catalogue, "COLA", packs, 4, &count, error));
    assert_int_equal(count, 2);
    assert_string_equal(packs[0].pack, "six");
    assert_string_equal(packs[1].label, "Case of 24");
    assert_ok(catalogue_pack(fixture->catalogue, "COLA", "case", &pack, error));
    assert_int_equal(pack.factor.milli, 24000);
    assert_ok(catalogue_pack(fixture->catalogue, "COLA", "", &pack, error));
    assert_int_equal(pack.factor.milli, 1000);
    assert_int_equal(catalogue_pack(fixture->catalogue, "COLA", "box", &pack, error),
                     STATUS_NOT_FOUND);
    assert_ok(catalogue_codes(fixture->catalogue, "COLA", codes, 2, &count, error));
    assert_int_equal(count, 2); /* no more than there is room for */
    assert_string_equal(codes[0].code, "05449000000996");
    assert_ok(catalogue_links(fixture->catalogue, "COLA", links, 4, &count, error));
    assert_int_equal(count, 2);
    assert_string_equal(links[0].linked_sku, "DEP");
    assert_int_equal(links[0].kind, LINK_DEPOSIT);
    assert_int_equal(links[1].kind, LINK_FEE);
}

static void test_catalogue__kits_and_variants(void **state)
{
    struct fixture *fixture = *state;
    struct error *error = &fixture->error;
    struct kit_component components[4];
    struct item variants[3];
    size_t count;
    bool has;
    fixture_put(fixture, "item", "{'sku':'KIT','name':'Kit','is_kit':1}");
    fixture_put(fixture, "kit_component",
                "{'sku':'KIT','component':'COLA','quantity_milli':2000,'share_ppm':600000}");
    fixture_put(fixture, "kit_component", "{'sku':'KIT','component':'DEP','share_ppm':400000}");
    assert_ok(catalogue_components(fixture->catalogue, "KIT", components, 4, &count, error));
    assert_int_equal(count, 2);
    assert_int_equal(components[0].quantity.milli, 2000);
    assert_int_equal(components[1].share_ppm, 400000);
    fixture_put(fixture, "item", "{'sku':'SHIRT'}");
    fixture_put(fixture, "item", "{'sku':'S-2','variant_of':'SHIRT','variant_label':'M'}");
    fixture_put(fixture, "item", "{'sku':'S-1','variant_of':'SHIRT','variant_label':'L'}");
    assert_ok(catalogue_has_variants(fixture->catalogue, "SHIRT", &has, error));
    assert_true(has);
    assert_ok(catalogue_has_variants(fixture->catalogue, "COLA", &has, error));
    assert_false(has);
    assert_ok(catalogue_has_variants(fixture->catalogue, "", &has, error));
    assert_false(has);
    assert_ok(catalogue_variants(fixture->catalogue, "SHIRT", 0, variants, 3, &count, error));
    assert_int_equal(count, 2);
    assert_string_equal(variants[0].sku, "S-1");
    assert_ok(catalogue_variants(fixture->catalogue, "SHIRT", 1, variants, 3, &count, error));
    assert_int_equal(count, 1);
    assert_string_equal(variants[0].sku, "S-2");
}

static void test_catalogue__navigation(void **state)
{
    struct fixture *fixture = *state;
    struct error *error = &fixture->error;
    struct category categories[4], category;
    struct favourite favourites[4];
    size_t count;
    assert_ok(catalogue_categories(fixture->catalogue, "", 0, categories, 4, &count, error));
    assert_int_equal(count, 2);
    assert_string_equal(categories[0].id, "food");
    assert_ok(catalogue_categories(fixture->catalogue, "drinks", 0, categories, 4, &count, error));
    assert_int_equal(count, 1);
    assert_string_equal(categories[0].name, "Beer");
    assert_ok(catalogue_category(fixture->catalogue, "beer", &category, error));
    assert_string_equal(category.parent, "drinks");
    assert_int_equal(catalogue_category(fixture->catalogue, "none", &category, error),
                     STATUS_NOT_FOUND);
    fixture_put(fixture, "favourite", "{'location':'S01','position':3,'sku':'COLA'}");
    fixture_put(fixture, "favourite", "{'location':'S01','position':1,'sku':'DEP'}");
    fixture_put(fixture, "favourite", "{'location':'S01','position':2,'sku':'GONE'}");
    fixture_put(fixture, "favourite", "{'location':'S02','position':0,'sku':'COLA'}");
    assert_ok(catalogue_favourites(fixture->catalogue, 0, favourites, 4, &count, error));
    assert_int_equal(count, 2);
    assert_string_equal(favourites[0].item.sku, "DEP");
    assert_int_equal(favourites[1].position, 3);
}

static void test_catalogue__settings_and_location(void **state)
{
    struct fixture *fixture = *state;
    struct error *error = &fixture->error;
    char text[8];
    int64_t number;
    fixture_put(fixture, "setting",
                "{'location':'S01','key':'a','value':'4\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9'}");
    fixture_put(fixture, "setting", "{'location':'S01','key':'n','value':'-15'}");
    fixture_put(fixture, "setting", "{'location':'S02','key':'b','value':'x'}");
    assert_ok(catalogue_setting(fixture->catalogue, "a", "", text, sizeof text, error));
    assert_string_equal(text, "4\xc3\xa9\xc3\xa9\xc3\xa9"); /* cut at a character */
    assert_ok(catalogue_setting(fixture->catalogue, "b", "none", text, sizeof text, error));
    assert_string_equal(text, "none");
    assert_ok(catalogue_setting_int(fixture->catalogue, "n", 3, &number, error));
    assert_int_equal(number, -15);
    assert_ok(catalogue_setting_int(fixture->catalogue, "a", 3, &number, error));
    assert_int_equal(number, 3);
    const struct location *location = catalogue_location(fixture->catalogue);
    assert_string_equal(location->address, "1 High Street\nLeeds");
    assert_string_equal(location->currency.code, "GBP");
    assert_int_equal(location->currency.exponent, 2);
    bool changed;
    fixture_put(fixture, "location", "{'location':'S01','name':'Renamed','currency':'JPY'}");
    assert_ok(catalogue_refresh(fixture->catalogue, &changed, error));
    assert_string_equal(location->name, "Renamed");
    assert_int_equal(location->currency.exponent, 0);
    struct catalogue *other;
    assert_int_equal(catalogue_open(fixture->replica, "S09", &other, error), STATUS_NOT_FOUND);
}

static enum sale_check check(struct item *item, int minute, int64_t milli, int age)
{
    struct sale_circumstances circumstances = {minute, {milli}, age, false};
    return item_may_sell(item, &circumstances);
}

static void test_item__first_reason_against_a_sale(void **state)
{
    (void)state;
    struct item item = {.sale_from = -1, .sale_to = -1};
    assert_int_equal(check(&item, 0, 1000, 0), SALE_ALLOWED);
    item.min_age = 18;
    assert_int_equal(check(&item, 0, 1000, 16), SALE_NEEDS_AGE);
    assert_int_equal(check(&item, 0, 1000, 18), SALE_ALLOWED);
    item.max_per_sale.milli = 2000;
    assert_int_equal(check(&item, 0, 2000, 18), SALE_ALLOWED);
    assert_int_equal(check(&item, 0, 2001, 0), SALE_ABOVE_MAXIMUM);
    item.sale_from = 480;
    item.sale_to = 1320;
    assert_int_equal(check(&item, 479, 1000, 18), SALE_OUTSIDE_HOURS);
    assert_int_equal(check(&item, 480, 1000, 18), SALE_ALLOWED);
    assert_int_equal(check(&item, 1319, 1000, 18), SALE_ALLOWED);
    assert_int_equal(check(&item, 1320, 9000, 0), SALE_OUTSIDE_HOURS);
    item.state = ITEM_RECALLED;
    assert_int_equal(check(&item, 1320, 9000, 0), SALE_RECALLED);
    assert_int_equal(check(&item, 1320, -1000, 0), SALE_ALLOWED); /* it must come back */
    item.state = ITEM_BLOCKED;
    assert_int_equal(check(&item, 600, 1000, 18), SALE_BLOCKED);
    struct sale_circumstances group = {600, {-1000}, 0, true};
    assert_int_equal(item_may_sell(&item, &group), SALE_HAS_VARIANTS);
    assert_string_equal(sale_check_name(SALE_NEEDS_AGE), "needs_age");
}

static void test_item__hours_over_midnight_and_open_sides(void **state)
{
    (void)state;
    for (int from = -1; from <= 1440; from += 147) {
        for (int to = -1; to <= 1440; to += 131) {
            struct item item = {.sale_from = from, .sale_to = to};
            for (int minute = 0; minute < 1440; minute += 7) {
                /* Walk from the opening, minute by minute, until it closes. */
                int start = from < 0 ? 0 : from, end = to < 0 ? 1440 : to;
                bool open = start == end || (from < 0 && to < 0);
                for (int at = start; !open && at % 1440 != end % 1440; at++)
                    open = at % 1440 == minute;
                if (start != end && start % 1440 == end % 1440)
                    open = start < end; /* 0 to 1440 is the whole day, 1440 to 0 is none */
                assert_int_equal(check(&item, minute, 1000, 0),
                                 open ? SALE_ALLOWED : SALE_OUTSIDE_HOURS);
            }
        }
    }
}

#define GOODS_TEST(name) cmocka_unit_test_setup_teardown(name, with_goods, fixture_clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GOODS_TEST(test_catalogue__code_gives_item_pack_and_price),
        GOODS_TEST(test_catalogue__case_without_its_pack_is_not_sold_as_one),
        GOODS_TEST(test_catalogue__item_without_price_is_found),
        GOODS_TEST(test_catalogue__several_calls_see_one_state),
        GOODS_TEST(test_catalogue__restricted_code_falls_back_to_its_reference),
        GOODS_TEST(test_catalogue__lists),
        GOODS_TEST(test_catalogue__kits_and_variants),
        GOODS_TEST(test_catalogue__navigation),
        GOODS_TEST(test_catalogue__settings_and_location),
        cmocka_unit_test(test_item__first_reason_against_a_sale),
        cmocka_unit_test(test_item__hours_over_midnight_and_open_sides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
