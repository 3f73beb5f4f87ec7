/* Catalogue files: what is refused and why, and what goes in. */
#include "ledger_fixture.h"

#include "sync/ledger/import.h"

#include <pthread.h>
#include <stdatomic.h>

static struct answer import_text(struct fixture *fixture, const char *query, const char *text)
{
    return admin_call(fixture, "POST", "/v1/admin/import", query, text, strlen(text));
}

static void import_ok(struct fixture *fixture, const char *query, const char *text,
                      int64_t imported, int64_t rejected)
{
    struct answer answer = import_text(fixture, query, text);

    if (answer.status != 200 || json_int_or(answer.json, "imported", -1) != imported ||
        json_int_or(answer.json, "rejected", -1) != rejected)
        fail_msg("%d %s", answer.status, answer.text);
    assert_non_null(json_object_get(answer.json, "seconds"));
    answer_free(&answer);
}

#define LONG10  "0123456789"
#define LONG64  LONG10 LONG10 LONG10 LONG10 LONG10 LONG10 "0123"
#define LONG260 LONG64 LONG64 LONG64 LONG64 "0123"

static void test_import__refuses_bad_rows_and_says_why(void **state)
{
    static const struct {
        const char *row; /* between two good ones */
        const char *reason;
    } cases[] = {
        {"X\t5449000000997\tCola\t1.00", "check digit"},
        {"X\t123\tCola\t1.00", "8, 12, 13 or 14 digits"},
        {"X\t54490000O0996\tCola\t1.00", "8, 12, 13 or 14 digits"},
        {"X\t\tCola\t-1.00", "negative"},
        {"X\t\tCola\t1,00", "decimal"},
        {"X\t\tCola\t1e3", "decimal"},
        {"X\t\tCola\tabc", "decimal"},
        {"X\t\tCola\t0.1234567", "decimal"},
        {"X\t\tCola\t99999999999999999999", "decimal"},
        {"X\t\tCola\t", "price: missing"},
        {"X\t\tCola", "price: missing"},
        {"X", "missing"},
        {"X\t\t\t1.00", "name: missing"},
        {"\t\tCola\t1.00", "sku: missing"},
        {"X\t\tCo\xFFla\t1.00", "UTF-8"},
        {"X\t\tCo\xC3(la\t1.00", "UTF-8"},
        {"X\t\tCo\xED\xA0\x80la\t1.00", "UTF-8"},
        {LONG64 "4\t\tCola\t1.00", "sku"},
        {"X\t\t" LONG260 "\t1.00", "name"},
        {"G1\t\tagain\t1.00", "sku: twice"},
        {"X\t4006381333931\tother\t1.00", "another item"},
        {"X\t04006381333931\tthe same as GTIN-14\t1.00", "another item"},
    };

    admin_put(*state, SHOP_ROWS);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char file[2048];
        (void)snprintf(file, sizeof file,
                       "sku\tgtin\tname\tprice\nG1\t4006381333931\tGood one\t1.00\n%s\n"
                       "G2\t\tGood two\t2.50\n",
                       cases[i].row);
        struct answer answer = import_text(*state, "", file);
        assert_int_equal(answer.status, 200);
        const json_t *rejection = json_array_get(json_object_get(answer.json, "rejections"), 0);
        if (json_int_or(answer.json, "imported", 0) != 2 ||
            json_int_or(answer.json, "rejected", 0) != 1 ||
            json_int_or(rejection, "line", 0) != 3 ||
            strstr(json_text_or(rejection, "reason", ""), cases[i].reason) == NULL)
            fail_msg("case %zu: %s", i, answer.text);
        answer_free(&answer);
        assert_int_equal(query_int(*state, "SELECT count(*) FROM item WHERE sku LIKE 'G%'"), 2);
        assert_int_equal(query_int(*state, "SELECT count(*) FROM item WHERE sku LIKE 'X%'"), 0);
    }
}

static void test_import__refuses_codes_of_the_catalogue(void **state)
{
    struct fixture *fixture = *state;

    admin_put(fixture, SHOP_ROWS);
    import_ok(fixture, "", "gtin,name,price\n4006381333931,Pen,1.00\n", 1, 0);
    import_ok(fixture, "", "sku,gtin,name,price\nOther,4006381333931,Pen,1.00\n", 0, 1);
    /* Its own code again is an update. */
    import_ok(fixture, "", "gtin,name,price\n4006381333931,New name,1.00\n", 1, 0);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM item WHERE name = 'New name'"), 1);
}

static void test_import__refuses_files_it_cannot_use(void **state)
{
    static const struct {
        const char *query, *file;
        int status;
    } cases[] = {
        {"", "", 400},
        {"", "gtin,price\n4006381333931,1\n", 400},
        {"", "gtin,name\n4006381333931,Pen\n", 400},
        {"", "name,price\nPen,1\n", 400},
        {"list=other", "sku,name,price\nP,Pen,1\n", 404},
        {"stock=S09=5", "sku,name,price\nP,Pen,1\n", 404},
        {"stock=S01", "sku,name,price\nP,Pen,1\n", 400},
        {"stock=S01=-5", "sku,name,price\nP,Pen,1\n", 400},
        {"stock=S01=1e5", "sku,name,price\nP,Pen,1\n", 400},
        {"currency=pounds", "sku,name,price\nP,Pen,1\n", 400},
        {"currency=12a", "sku,name,price\nP,Pen,1\n", 400},
    };

    /* Neither a location nor a currency is there. */
    struct answer answer = import_text(*state, "", "sku,name,price\nP,Pen,1\n");
    assert_int_equal(answer.status, 404);
    answer_free(&answer);
    admin_put(*state, SHOP_ROWS);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        answer = import_text(*state, cases[i].query, cases[i].file);
        if (answer.status != cases[i].status)
            fail_msg("case %zu: %d %s", i, answer.status, answer.text);
        answer_free(&answer);
        assert_int_equal(query_int(*state, "SELECT count(*) FROM price"), 0);
        assert_int_equal(query_int(*state, "SELECT count(*) FROM price_list"), 0);
    }
    import_ok(*state, "", "sku,name,price\nP,Pen,1\n", 1, 0);
    answer = import_text(*state, "currency=EUR", "sku,name,price\nP,Pen,1\n");
    assert_int_equal(answer.status, 409);
    answer_free(&answer);
}

static void test_import__reads_prices_by_the_currency(void **state)
{
    struct fixture *fixture = *state;

    admin_put(fixture, SHOP_ROWS);
    import_ok(fixture, "", "sku,name,price\nP,Pen,1.25\nQ,Screw,0.000125\n", 2, 0);
    assert_int_equal(query_int(fixture, "SELECT price_scaled FROM price WHERE sku = 'P'"), 1250000);
    assert_int_equal(query_int(fixture, "SELECT price_scaled FROM price WHERE sku = 'Q'"), 125);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM price_list WHERE list = 'base' AND "
                                        "currency = 'GBP' AND priority = 0 AND tax_included = 1"),
                     1);
}

static void test_import__makes_the_list_in_the_asked_currency(void **state)
{
    import_ok(*state, "currency=JPY", "sku,name,price\nP,Pen,125\n", 1, 0);
    assert_int_equal(query_int(*state, "SELECT price_scaled FROM price WHERE sku = 'P'"), 1250000);
    assert_int_equal(query_int(*state, "SELECT count(*) FROM price_list WHERE currency = 'JPY'"),
                     1);
}

static void test_import__takes_skus_byte_for_byte(void **state)
{
    struct fixture *fixture = *state;

    admin_put(fixture, SHOP_ROWS);
    import_ok(fixture, "",
              "sku\tname\tprice\nab\tone\t1\nAB\ttwo\t1\n ab\tthree\t1\n0ab\tfour\t1\n", 4, 0);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM item WHERE sku IN "
                                        "('ab', 'AB', ' ab', '0ab')"),
                     4);
    /* Without a sku column the code is the SKU, as it stands. */
    import_ok(fixture, "", "gtin\tname\tprice\n0000000000017\tCrackers\t34.29\n", 1, 0);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM item_code WHERE "
                                        "code = '00000000000017' AND sku = '0000000000017' "
                                        "AND given = '0000000000017' AND kind = 'gtin'"),
                     1);
}

static void test_import__reads_quotes_options_and_packs(void **state)
{
    struct fixture *fixture = *state;

    admin_put(fixture, SHOP_ROWS);
    import_ok(fixture, "",
              "sku,gtin,name,price,category,tax,unit,pack,pack_quantity,pack_gtin,pack_price\r\n"
              "W,4006381333931,\"Water, \"\"still\"\"\",0.50,Drinks,reduced,l,case,24,"
              "14006381333938,10.00\r\n"
              "P,,Plain,1.00,,,,,,,\r\n"
              "Bad,,Bad,1.00,,,,case,0,,\r\n",
              2, 1);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM item WHERE sku = 'W' AND "
                                        "name = 'Water, \"still\"' AND category = 'Drinks' AND "
                                        "tax_class = 'reduced' AND unit = 'l'"),
                     1);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM category WHERE id = 'Drinks'"), 1);
    assert_int_equal(query_int(fixture, "SELECT factor_milli FROM item_pack WHERE sku = 'W' AND "
                                        "pack = 'case'"),
                     24000);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM item_code WHERE "
                                        "code = '14006381333938' AND sku = 'W' AND pack = 'case'"),
                     1);
    assert_int_equal(query_int(fixture, "SELECT price_scaled FROM price WHERE sku = 'W' AND "
                                        "pack = 'case'"),
                     10000000);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM item WHERE sku = 'P' AND "
                                        "tax_class = 'standard' AND unit = 'each'"),
                     1);
}

/* A second file changes what its columns say, and nothing else. */
static void test_import__updates_only_the_columns_given(void **state)
{
    struct fixture *fixture = *state;

    admin_put(fixture, SHOP_ROWS);
    import_ok(fixture, "", "sku,name,price,tax\nP,Pen,1.00,reduced\n", 1, 0);
    import_ok(fixture, "", "sku,name,price\nP,Better pen,2.00\n", 1, 0);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM item WHERE sku = 'P' AND "
                                        "name = 'Better pen' AND tax_class = 'reduced'"),
                     1);
    assert_int_equal(query_int(fixture, "SELECT price_scaled FROM price WHERE sku = 'P'"), 2000000);
}

static void test_import__receives_stock_that_a_rebuild_finds_again(void **state)
{
    struct fixture *fixture = *state;

    admin_put(fixture, SHOP_ROWS);
    import_ok(fixture, "stock=S01=100",
              "sku,name,price,stocked\nP,Pen,1.00,1\nQ,Service,1.00,0\nR,Rule,1.00,1\n", 3, 0);
    import_ok(fixture, "stock=S01%3D0.5", "sku,name,price\nP,Pen,1.00\n", 1, 0);
    assert_int_equal(query_int(fixture, "SELECT quantity_milli FROM stock WHERE sku = 'P' AND "
                                        "status = 'available'"),
                     100500);
    assert_int_equal(query_int(fixture, "SELECT quantity_milli FROM stock WHERE sku = 'P' AND "
                                        "status = '@supplier'"),
                     -100500);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM stock WHERE sku = 'Q'"), 0);
    assert_projections_true(fixture);
}

static void test_import__cleans_control_characters_in_names(void **state)
{
    struct fixture *fixture = *state;

    admin_put(fixture, SHOP_ROWS);
    import_ok(fixture, "", "sku\tname\tprice\nP\tC\xC2\x9Curs d'artichaut\t1\n", 1, 0);
    assert_int_equal(
        query_int(fixture, "SELECT count(*) FROM item WHERE name = 'C urs d''artichaut'"), 1);
}

#define SHOPIFY_HEADER                                                                             \
    "Handle,Title,Body (HTML),Vendor,Type,Option1 Name,Option1 Value,Option2 Name,Option2 Value,"  \
    "Variant SKU,Variant Price,Variant Barcode,Image Src,Status\n"

static void test_import__knows_shopifys_export(void **state)
{
    struct fixture *fixture = *state;

    admin_put(fixture, SHOP_ROWS);
    import_ok(fixture, "",
              SHOPIFY_HEADER
              "mug,Mug,\"<p>Holds\ntea</p>\",V,Kitchen,Title,Default Title,,,MUG-1,9.50,"
              "4006381333931,http://x/1.png,active\n"
              "mug,,,,,,,,,,,,http://x/2.png,\n"
              "shirt,Shirt,,V,Clothes,Size,S,Colour,Red,SH-S-R,20.00,,,active\n"
              "shirt,,,,,,M,,Red,SH-M-R,20.00,,,\n"
              "shirt,,,,,,L,,Red,,21.00,,,\n"
              "cap,,,,,,One,,,CAP-1,5.00,,,\n",
              4, 1);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM item WHERE sku = 'MUG-1' AND "
                                        "name = 'Mug' AND variant_of = '' AND "
                                        "category = 'Kitchen'"),
                     1);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM item WHERE sku = 'shirt'"), 1);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM item WHERE variant_of = 'shirt'"), 3);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM item WHERE sku = 'SH-M-R' AND "
                                        "variant_label = 'M / Red' AND name = 'Shirt'"),
                     1);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM item WHERE sku = 'shirt-L / Red'"),
                     1);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM price WHERE sku = 'shirt'"), 0);
    assert_int_equal(query_int(fixture, "SELECT price_scaled FROM price WHERE sku = 'MUG-1'"),
                     9500000);
}

static void test_import__tells_small_files_and_raises_the_floor_for_large(void **state)
{
    struct fixture *fixture = *state;
    struct buf file;

    admin_put(fixture, SHOP_ROWS);
    import_ok(fixture, "", "sku,name,price\nP,Pen,1.00\n", 1, 0);
    struct feed_mark mark = feed_mark(fixture->ledger->feed, "catalogue");
    assert_int_equal(mark.position, 2);
    assert_int_equal(mark.floor, 0);
    buf_init(&file, (size_t)4 << 20);
    assert_int_equal(buf_append_text(&file, "sku,name,price\n"), STATUS_OK);
    for (int i = 0; i < FEED_BULK_ROWS + 5; i++)
        assert_int_equal(buf_printf(&file, "N%d,Name %d,1\n", i, i), STATUS_OK);
    import_ok(fixture, "stock=S01=1", buf_text(&file), FEED_BULK_ROWS + 5, 0);
    buf_finish(&file);
    mark = feed_mark(fixture->ledger->feed, "catalogue");
    assert_true(mark.position > 2);
    assert_int_equal(mark.floor, mark.position);
    mark = feed_mark(fixture->ledger->feed, "location:S01");
    assert_int_equal(mark.floor, mark.position);
    assert_projections_true(fixture);
}

/* In every text, but for those that hold codes. */
static void test_import__takes_no_card_numbers(void **state)
{
    static const char *const columns[] = {"name", "category", "pack", NULL};
    struct fixture *fixture = *state;
    struct answer answer;
    char file[256], reason[64];

    admin_put(fixture, SHOP_ROWS);
    for (int i = 0; columns[i] != NULL; i++) {
        const char *const card = "4111 1111 1111 1111";
        (void)snprintf(file, sizeof file,
                       "sku,name,category,pack,pack_quantity,price\nK%d,%s,%s,%s,6,1.00\n", i,
                       i == 0 ? card : "Kite", i == 1 ? card : "", i == 2 ? card : "");
        answer = import_text(fixture, "", file);
        assert_int_equal(answer.status, 200);
        assert_int_equal(json_int_or(answer.json, "rejected", 0), 1);
        (void)snprintf(reason, sizeof reason, "\"%s: looks like a card number\"", columns[i]);
        if (strstr(answer.text, reason) == NULL)
            fail_msg("%s", answer.text);
        answer_free(&answer);
    }
    import_ok(fixture, "",
              "Handle,Title,Type,Option1 Value,Variant SKU,Variant Price\n"
              "kite,Kite,Toys,5555 5555 5555 4444,K-1,5.00\n",
              0, 1);
    import_ok(fixture, "", "sku,code,name,price\n4111111111111111,5555555555554444,Kite,1.00\n", 1,
              0);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM item WHERE name = 'Kite'"), 1);
}

/* Sales of items that were not there yet are applied by the import that brings them. */
static void test_import__resolves_suspense(void **state)
{
    struct fixture *fixture = *state;
    struct device *device;

    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    add_open(device, NULL);
    add_sale(device, "P", 3000, 100);
    (void)post_ok(fixture, device, 1, 2);
    import_ok(fixture, "stock=S01=10", "sku,name,price\nP,Pen,1.00\n", 1, 0);
    assert_int_equal(query_int(fixture, "SELECT quantity_milli FROM stock WHERE sku = 'P' AND "
                                        "status = 'available'"),
                     7000);
    assert_projections_true(fixture);
    device_free(device);
}

/* ---- turns ----------------------------------------------------------------------------------- */

/* A file of `count` items N0.. */
static void write_items(struct buf *file, int count)
{
    buf_init(file, (size_t)16 << 20);
    assert_int_equal(buf_append_text(file, "sku,name,price\n"), STATUS_OK);
    for (int i = 0; i < count; i++)
        assert_int_equal(buf_printf(file, "N%d,Name %d,1\n", i, i), STATUS_OK);
}

static int64_t count_commits(const struct fixture *fixture)
{
    int64_t commits, jobs;

    writer_counts(fixture->ledger->writer, &commits, &jobs);
    return commits;
}

/* What an earlier turn has put in is known to the later ones. */
static void test_import__goes_in_by_turns_that_know_of_each_other(void **state)
{
    struct fixture *fixture = *state;
    struct buf file;

    admin_put(fixture, SHOP_ROWS);
    write_items(&file, 2 * IMPORT_TURN + 10);
    assert_int_equal(buf_append_text(&file, "N7,again,1\n"), STATUS_OK);
    int64_t before = count_commits(fixture);
    import_ok(fixture, "stock=S01=2", buf_text(&file), 2 * IMPORT_TURN + 10, 1);
    assert_int_equal(count_commits(fixture) - before, 3);
    buf_finish(&file);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM item WHERE sku LIKE 'N%'"),
                     2 * IMPORT_TURN + 10);
    assert_int_equal(query_int(fixture, "SELECT min(quantity_milli) + max(quantity_milli) FROM "
                                        "stock WHERE status = 'available'"),
                     4000);
    assert_int_equal(
        query_int(fixture, "SELECT count(*) FROM ledger_meta WHERE key LIKE 'import_received%'"),
        0);
    assert_projections_true(fixture);
}

/* Cut short after a turn, and posted again: everything is there, and stock was received once. */
static void test_import__cut_short_receives_the_rest_when_it_comes_again(void **state)
{
    struct fixture *fixture = *state;
    struct buf file;

    admin_put(fixture, SHOP_ROWS);
    write_items(&file, 2 * IMPORT_TURN + 10);
    run_sql(fixture, engine_is_postgres()
                         ? "ALTER TABLE item ADD CONSTRAINT cut CHECK (sku <> 'N1500')"
                         : "CREATE TRIGGER cut BEFORE INSERT ON item WHEN new.sku = 'N1500' "
                           "BEGIN SELECT raise(ABORT, 'cut'); END");
    struct answer answer = import_text(fixture, "stock=S01=2", buf_text(&file));
    assert_true(answer.status >= 400);
    answer_free(&answer);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM item WHERE sku LIKE 'N%'"),
                     IMPORT_TURN);
    assert_projections_true(fixture);
    run_sql(fixture,
            engine_is_postgres() ? "ALTER TABLE item DROP CONSTRAINT cut" : "DROP TRIGGER cut");
    import_ok(fixture, "stock=S01=2", buf_text(&file), 2 * IMPORT_TURN + 10, 0);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM stock WHERE status = 'available' "
                                        "AND quantity_milli = 2000"),
                     2 * IMPORT_TURN + 10);
    /* Once it is whole, the same file is another delivery. */
    import_ok(fixture, "stock=S01=2", buf_text(&file), 2 * IMPORT_TURN + 10, 0);
    assert_int_equal(query_int(fixture, "SELECT count(*) FROM stock WHERE status = 'available' "
                                        "AND quantity_milli = 4000"),
                     2 * IMPORT_TURN + 10);
    buf_finish(&file);
    assert_projections_true(fixture);
}

struct importing {
    struct fixture *fixture;
    struct buf file;
    atomic_bool done;
};

static void *import_thread(void *argument)
{
    struct importing *importing = argument;
    struct import_options options = {.list = "base"};
    struct import_result result;
    struct error error = {0};

    must(import_run(importing->fixture->ledger->writer, importing->fixture->ledger->rows, &options,
                    importing->file.data, importing->file.used, &result, &error),
         &error);
    assert_int_equal(result.imported, 30 * IMPORT_TURN);
    import_finish(&result);
    atomic_store(&importing->done, true);
    return NULL;
}

/* Entries are taken in between the turns: of 30 turns, more than one post finds its way. */
static void test_import__lets_sales_in_between_its_turns(void **state)
{
    struct fixture *fixture = *state;
    struct importing importing = {.fixture = fixture};
    struct device *device;
    pthread_t thread;
    int during = 0, seq = 1;

    admin_put(fixture, SHOP_ROWS);
    device = device_make(fixture, "S01", "T01");
    add_open(device, NULL);
    (void)post_ok(fixture, device, 1, 1);
    write_items(&importing.file, 30 * IMPORT_TURN);
    assert_int_equal(pthread_create(&thread, NULL, import_thread, &importing), 0);
    while (!atomic_load(&importing.done) && seq < MAX_ENTRIES) {
        add_sale(device, "N1", 1000, 100);
        (void)post_ok(fixture, device, ++seq, 1);
        during += !atomic_load(&importing.done);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(during > 1);
    buf_finish(&importing.file);
    assert_projections_true(fixture);
    device_free(device);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_import__refuses_bad_rows_and_says_why),
        TEST(test_import__refuses_codes_of_the_catalogue),
        TEST(test_import__refuses_files_it_cannot_use),
        TEST(test_import__reads_prices_by_the_currency),
        TEST(test_import__makes_the_list_in_the_asked_currency),
        TEST(test_import__takes_skus_byte_for_byte),
        TEST(test_import__reads_quotes_options_and_packs),
        TEST(test_import__updates_only_the_columns_given),
        TEST(test_import__receives_stock_that_a_rebuild_finds_again),
        TEST(test_import__cleans_control_characters_in_names),
        TEST(test_import__knows_shopifys_export),
        TEST(test_import__tells_small_files_and_raises_the_floor_for_large),
        TEST(test_import__takes_no_card_numbers),
        TEST(test_import__resolves_suspense),
        TEST(test_import__goes_in_by_turns_that_know_of_each_other),
        TEST(test_import__cut_short_receives_the_rest_when_it_comes_again),
        TEST(test_import__lets_sales_in_between_its_turns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
