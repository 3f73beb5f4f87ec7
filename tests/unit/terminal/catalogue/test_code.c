#include "terminal/catalogue/code_masks.h"
#include "tests/unit/terminal/catalogue/fixture.h"

static struct code code;
static struct error error;

static const char mask_file[] =
    "{\"v\":1,\"masks\":["
    "{\"name\":\"us\",\"pattern\":\"02IIIIIVPPPPC\",\"decimals\":2},"
    "{\"name\":\"price\",\"pattern\":\"20IIIIIPPPPPC\",\"decimals\":2},"
    "{\"name\":\"verified\",\"pattern\":\"22IIIIVPPPPPC\",\"decimals\":2},"
    "{\"name\":\"weight\",\"pattern\":\"23IIIIIWWWWWC\",\"decimals\":3},"
    "{\"name\":\"coarse\",\"pattern\":\"25IIIIIIWWWWC\",\"decimals\":2},"
    "{\"name\":\"pieces\",\"pattern\":\"24IIIIINNNNNC\"}]}";

static struct code_masks *masks(void)
{
    struct code_masks *out = NULL;
    assert_ok(code_masks_read(mask_file, sizeof mask_file - 1, &out, &error));
    return out;
}

static enum status parse(const char *text, enum symbology hint)
{
    struct code_masks *all = masks();
    enum status status = code_parse(text, strlen(text), hint, all, 2026, &code, &error);
    code_masks_destroy(all);
    return status;
}

/* The 12 digits with their check digit, as scanned. */
static enum status parse_ean(const char *twelve)
{
    char text[14];
    (void)snprintf(text, sizeof text, "%s%c", twelve, gtin_check_digit(twelve, 12));
    return parse(text, SYMBOLOGY_EAN_UPC);
}

static void assert_candidates(const char *const *wanted, int count)
{
    assert_int_equal(code.candidate_count, count);
    for (int i = 0; i < count; i++)
        assert_string_equal(code.candidates[i], wanted[i]);
}

static void test_code__gtins_of_every_length(void **state)
{
    (void)state;
    static const char *const same[] = {"036000291452", "0036000291452", "]E00036000291452",
                                       " 036000291452\r\n", "00036000291452"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        assert_ok(parse(same[i], SYMBOLOGY_UNKNOWN));
        assert_int_equal(code.kind, CODE_GTIN);
        assert_string_equal(code.gtin, "00036000291452");
        assert_candidates((const char *const[]){"00036000291452"}, 1);
    }
    assert_ok(parse("]E496385074", SYMBOLOGY_UNKNOWN));
    assert_string_equal(code.gtin, "00000096385074");
    assert_int_equal(code.symbology, SYMBOLOGY_EAN8);
    assert_ok(parse("]I110012345678902", SYMBOLOGY_UNKNOWN));
    assert_string_equal(code.gtin, "10012345678902");
}

static void test_code__magazine_with_add_on(void **state)
{
    (void)state;
    assert_ok(parse("]E3977123456789812", SYMBOLOGY_UNKNOWN));
    assert_string_equal(code.text, "9771234567898");
    assert_string_equal(code.gtin, "09771234567898");
}

static void test_code__upce_by_hint_and_by_check_digit(void **state)
{
    (void)state;
    assert_ok(parse("425261", SYMBOLOGY_UPCE));
    assert_string_equal(code.gtin, "00042100005264");
    assert_ok(parse("04252614", SYMBOLOGY_UPCE));
    assert_candidates((const char *const[]){"00042100005264"}, 1);
    assert_ok(parse("425261", SYMBOLOGY_UNKNOWN)); /* six digits may be anything */
    assert_int_equal(code.kind, CODE_TEXT);
    assert_ok(parse("04252614", SYMBOLOGY_UNKNOWN)); /* no valid GTIN-8: a UPC-E */
    assert_string_equal(code.gtin, "00042100005264");
    assert_ok(parse("01201303", SYMBOLOGY_EAN8)); /* the reader says it is no UPC-E */
    assert_true(code.kind == CODE_TEXT || code.gtin[7] != '2');
}

static void test_code__wrong_check_digit_is_text(void **state)
{
    (void)state;
    assert_ok(parse("4006381333932", SYMBOLOGY_EAN_UPC));
    assert_int_equal(code.kind, CODE_TEXT);
    assert_string_equal(code.gtin, "");
    assert_candidates((const char *const[]){"4006381333932"}, 1);
}

static void test_code__plu_with_and_without_zeros(void **state)
{
    (void)state;
    assert_ok(parse("04011", SYMBOLOGY_UNKNOWN));
    assert_int_equal(code.kind, CODE_TEXT);
    assert_candidates((const char *const[]){"04011", "4011"}, 2);
    assert_ok(parse("0", SYMBOLOGY_UNKNOWN));
    assert_candidates((const char *const[]){"0"}, 1);
    assert_ok(parse("0A", SYMBOLOGY_UNKNOWN));
    assert_candidates((const char *const[]){"0A"}, 1);
}

static void test_code__embedded_price(void **state)
{
    (void)state;
    assert_ok(parse_ean("201234502599"));
    assert_int_equal(code.kind, CODE_RESTRICTED);
    assert_true(code.has_price);
    assert_int_equal(code.price_minor, 2599);
    assert_int_equal(code.price_exponent, 2);
    assert_false(code.has_quantity);
    assert_int_equal(code.candidate_count, 3);
    assert_string_equal(code.candidates[0], code.gtin);
    assert_memory_equal(code.candidates[1], "0201234500000", 13);
    assert_true(gtin_check_valid(code.candidates[1], 14));
    assert_string_equal(code.candidates[2], "12345");
}

static void test_code__embedded_weight_and_pieces(void **state)
{
    (void)state;
    assert_ok(parse_ean("230004200742"));
    assert_true(code.has_quantity);
    assert_int_equal(code.quantity_milli, 742);
    assert_string_equal(code.quantity_unit, "kg");
    assert_int_equal(code.candidate_count, 4);
    assert_string_equal(code.candidates[2], "00042");
    assert_string_equal(code.candidates[3], "42");
    assert_ok(parse_ean("251234560125"));
    assert_int_equal(code.quantity_milli, 1250); /* two decimals: 1.25 kg */
    assert_ok(parse_ean("240004200012"));
    assert_int_equal(code.quantity_milli, 12000);
    assert_string_equal(code.quantity_unit, "");
    assert_false(code.has_price);
}

/* The two examples that the General Specifications work through. */
static void test_code__price_verifiers(void **state)
{
    (void)state;
    assert_int_equal(mask_price_verifier("2875", 4), '9');
    assert_int_equal(mask_price_verifier("14685", 5), '6');
    assert_ok(parse_ean("021234592875"));
    assert_true(code.has_price);
    assert_int_equal(code.price_minor, 2875);
    assert_ok(parse_ean("021234582875")); /* a wrong verifier: the price is not believed */
    assert_int_equal(code.kind, CODE_RESTRICTED);
    assert_false(code.has_price);
    assert_int_equal(code.candidate_count, 1);
    assert_ok(parse_ean("221234614685"));
    assert_int_equal(code.price_minor, 14685);
}

/* The same rules by tables written out, for every price. */
static void test_code__verifier_finds_every_wrong_digit(void **state)
{
    (void)state;
    static const int two_minus[] = {0, 2, 4, 6, 8, 9, 1, 3, 5, 7};
    static const int three[] = {0, 3, 6, 9, 2, 5, 8, 1, 4, 7};
    static const int five_plus[] = {0, 5, 1, 6, 2, 7, 3, 8, 4, 9};
    static const int five_minus[] = {0, 5, 9, 4, 8, 3, 7, 2, 6, 1};
    for (int price = 0; price < 100000; price++) {
        char text[16];
        int d[5];
        (void)snprintf(text, sizeof text, "%05d", price);
        for (int i = 0; i < 5; i++)
            d[i] = text[i] - '0';
        int four = (two_minus[d[1]] + two_minus[d[2]] + three[d[3]] + five_minus[d[4]]) * 3 % 10;
        if (price < 10000)
            assert_int_equal(mask_price_verifier(text + 1, 4), '0' + four);
        int sum = five_plus[d[0]] + two_minus[d[1]] + five_minus[d[2]] + five_plus[d[3]] +
                  two_minus[d[4]];
        int found = mask_price_verifier(text, 5) - '0';
        assert_int_equal((sum + five_minus[found]) % 10, 0);
    }
}

static void test_code__masks_refuse_nonsense(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "02IIIIIVPPPP",  "02IIIIIVPPPPCC", "92IIIIIPPPPPC", "02IIIIIPPWWWC", "02IIPIIPPPPPC",
        "02PPPPPPPPPPC", "02IIIIIVVPPPC",  "02IIIIIVPPPCP", "02iiiiiPPPPPC", "02IIIIVWWWWWC",
    };
    char text[200];
    struct code_masks *out = NULL;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        (void)snprintf(text, sizeof text, "{\"v\":1,\"masks\":[{\"pattern\":\"%s\"}]}", wrong[i]);
        assert_int_equal(code_masks_read(text, strlen(text), &out, &error), STATUS_INVALID);
    }
    static const char five[] = "{\"masks\":[{\"pattern\":\"20IIIIIPPPPPC\",\"decimals\":5}]}";
    assert_int_equal(code_masks_read(five, sizeof five - 1, &out, &error), STATUS_INVALID);
    assert_int_equal(code_masks_read("{}", 2, &out, &error), STATUS_INVALID);
    assert_int_equal(code_masks_read("[", 1, &out, &error), STATUS_INVALID);
    assert_ok(code_masks_load("assets/barcode-masks.json", &out, &error));
    code_masks_destroy(out);
}

static void test_code__gs1_tells_item_lot_dates_and_weight(void **state)
{
    (void)state;
    assert_ok(parse("]C1010950600013435210ABC-1\x1d"
                    "17261130310300075021SN1\x1d"
                    "15260900",
                    SYMBOLOGY_UNKNOWN));
    assert_int_equal(code.kind, CODE_GS1);
    assert_candidates((const char *const[]){"09506000134352"}, 1);
    assert_string_equal(code.lot, "ABC-1");
    assert_string_equal(code.serial, "SN1");
    assert_string_equal(code.expires, "2026-11-30");
    assert_string_equal(code.best_before, "2026-09-30");
    assert_true(code.has_quantity);
    assert_int_equal(code.quantity_milli, 750);
    assert_string_equal(code.quantity_unit, "kg");
}

static void test_code__gs1_measures_round_to_thousandths(void **state)
{
    (void)state;
    static const struct {
        const char *tail, *unit;
        int64_t milli;
    } cases[] = {
        {"3100000012", "kg", 12000}, {"3101000012", "kg", 1200},  {"3104000015", "kg", 2},
        {"3105000049", "kg", 0},     {"3105999999", "kg", 10000}, {"3202000150", "lb", 1500},
        {"3112000150", "m", 1500},   {"3153000330", "l", 330},    {"3012", "", 12000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "]d20109506000134352%s", cases[i].tail);
        assert_ok(parse(text, SYMBOLOGY_UNKNOWN));
        assert_true(code.has_quantity);
        assert_int_equal(code.quantity_milli, cases[i].milli);
        assert_string_equal(code.quantity_unit, cases[i].unit);
    }
}

static void test_code__gs1_amounts_and_content(void **state)
{
    (void)state;
    assert_ok(parse("]e001095060001343523922599", SYMBOLOGY_UNKNOWN));
    assert_true(code.has_price);
    assert_int_equal(code.price_minor, 599);
    assert_int_equal(code.price_exponent, 2);
    assert_string_equal(code.price_currency, "");
    assert_ok(parse("]e001095060001343523933826"
                    "12345",
                    SYMBOLOGY_UNKNOWN));
    assert_string_equal(code.price_currency, "826");
    assert_int_equal(code.price_minor, 12345);
    assert_int_equal(code.price_exponent, 3);
    assert_ok(parse("]C102095060001343523724", SYMBOLOGY_UNKNOWN));
    assert_true(code.is_content);
    assert_int_equal(code.quantity_milli, 24000);
    assert_candidates((const char *const[]){"09506000134352"}, 1);
    assert_ok(parse("]C100340123450000000000", SYMBOLOGY_GS1)); /* a pallet: no item */
    assert_string_equal(code.gtin, "");
    assert_int_equal(code.candidate_count, 1);
}

static void test_code__gs1_unmarked_and_links(void **state)
{
    (void)state;
    assert_ok(parse("010950600013435217261130", SYMBOLOGY_UNKNOWN));
    assert_int_equal(code.kind, CODE_GS1);
    assert_candidates((const char *const[]){"010950600013435217261130", "09506000134352"}, 2);
    assert_ok(parse("https://id.gs1.org/01/09506000134352/10/L1", SYMBOLOGY_OTHER));
    assert_int_equal(code.kind, CODE_GS1);
    assert_string_equal(code.lot, "L1");
    assert_candidates((const char *const[]){"09506000134352"}, 1);
    assert_ok(parse("https://example.com/", SYMBOLOGY_OTHER));
    assert_int_equal(code.kind, CODE_TEXT);
    assert_ok(parse("0109506000134352XX", SYMBOLOGY_UNKNOWN));
    assert_int_equal(code.kind, CODE_TEXT);
    assert_candidates((const char *const[]){"0109506000134352XX"}, 1);
}

static void test_code__refuses_strangers(void **state)
{
    (void)state;
    char long_text[CODE_BYTES_MAX + 2];
    memset(long_text, 'A', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    assert_int_equal(parse(long_text, SYMBOLOGY_UNKNOWN), STATUS_RANGE);
    long_text[CODE_BYTES_MAX] = '\0';
    assert_ok(parse(long_text, SYMBOLOGY_UNKNOWN));
    assert_int_equal(code.candidate_count, 0);
    static const char *const wrong[] = {"",
                                        " \r\n",
                                        "A\x01",
                                        "A\x7f",
                                        "\xc3\xa9",
                                        "A\nB",
                                        "\x1b[0m",
                                        "]C1",
                                        "]C10499",
                                        "]C10109506000134353",
                                        "AB\x1d"
                                        "CD"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (strcmp(wrong[i], "]C1") != 0) /* three characters alone are no identifier */
            assert_int_equal(parse(wrong[i], SYMBOLOGY_UNKNOWN), STATUS_INVALID);
    assert_int_equal(parse("ABC", SYMBOLOGY_GS1), STATUS_INVALID);
    assert_int_equal(code_parse("A\0B", 3, SYMBOLOGY_UNKNOWN, NULL, 2026, &code, &error),
                     STATUS_INVALID);
}

static void test_code__canonical_of_what_people_enter(void **state)
{
    (void)state;
    char out[REFERENCE_CODE_MAX + 1], long_text[200];
    const char *kind;
    assert_ok(code_canonical("5449000000996", out, &kind, &error));
    assert_string_equal(out, "05449000000996");
    assert_string_equal(kind, "gtin");
    assert_ok(code_canonical(" 4011 ", out, &kind, &error));
    assert_string_equal(out, "4011");
    assert_string_equal(kind, "own");
    memset(long_text, '7', sizeof long_text);
    long_text[199] = '\0';
    assert_int_equal(code_canonical(long_text, out, &kind, &error), STATUS_RANGE);
    assert_int_equal(code_canonical("", out, &kind, &error), STATUS_RANGE);
    assert_int_equal(code_canonical("caf\xc3\xa9", out, &kind, &error), STATUS_INVALID);
}

/* What code_canonical stores is what a scan of the same symbol looks for first. */
static void test_code__scan_finds_what_was_entered(void **state)
{
    (void)state;
    struct dice dice = {0x5DEECE66DU};
    for (int i = 0; i < 20000; i++) {
        char text[16] = {0}, out[REFERENCE_CODE_MAX + 1];
        const char *kind;
        int length = 1 + dice_below(&dice, 15);
        for (int j = 0; j < length; j++)
            text[j] = (char)('0' + dice_below(&dice, 10));
        if (length > 1 && dice_below(&dice, 2) == 0)
            text[length - 1] = gtin_check_digit(text, (size_t)length - 1);
        assert_ok(code_canonical(text, out, &kind, &error));
        assert_ok(parse(text, SYMBOLOGY_UNKNOWN));
        bool found = false;
        for (int j = 0; j < code.candidate_count; j++)
            found = found || strcmp(code.candidates[j], out) == 0;
        /* Eight digits that are only a UPC-E are stored as entered, and found by their text. */
        assert_true(found || strcmp(code.text, out) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_code__gtins_of_every_length),
        cmocka_unit_test(test_code__magazine_with_add_on),
        cmocka_unit_test(test_code__upce_by_hint_and_by_check_digit),
        cmocka_unit_test(test_code__wrong_check_digit_is_text),
        cmocka_unit_test(test_code__plu_with_and_without_zeros),
        cmocka_unit_test(test_code__embedded_price),
        cmocka_unit_test(test_code__embedded_weight_and_pieces),
        cmocka_unit_test(test_code__price_verifiers),
        cmocka_unit_test(test_code__verifier_finds_every_wrong_digit),
        cmocka_unit_test(test_code__masks_refuse_nonsense),
        cmocka_unit_test(test_code__gs1_tells_item_lot_dates_and_weight),
        cmocka_unit_test(test_code__gs1_measures_round_to_thousandths),
        cmocka_unit_test(test_code__gs1_amounts_and_content),
        cmocka_unit_test(test_code__gs1_unmarked_and_links),
        cmocka_unit_test(test_code__refuses_strangers),
        cmocka_unit_test(test_code__canonical_of_what_people_enter),
        cmocka_unit_test(test_code__scan_finds_what_was_entered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
