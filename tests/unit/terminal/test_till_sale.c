/* Tender, commit, what the journal and the paper say, stock, returns, the disk. */
#include "tests/unit/support/desk.h"

#include "terminal/base/db.h"
#include "terminal/base/file.h"
#include "terminal/base/json.h"

/* The body of the last entry of a kind, read by a stranger's connection. */
static json_t *last_entry(struct desk *desk, const char *kind)
{
    struct db_statement *statement;
    struct db *db;
    json_t *found = NULL;
    bool row;
    char *path = path_join(desk->store.folder, "till.db");

    desk_ok(desk, db_open(path, DB_READER, &db, &desk->error));
    free(path);
    desk_ok(desk,
            db_prepare(db, "SELECT bytes FROM entry ORDER BY id DESC", &statement, &desk->error));
    while (found == NULL && db_step(statement, &row, &desk->error) == STATUS_OK && row) {
        size_t length;
        const char *bytes = db_blob(statement, 0, &length);
        json_t *entry;

        desk_ok(desk, json_read(bytes, length, &entry, &desk->error));
        if (strcmp(json_text_or(entry, "kind", ""), kind) == 0)
            found = entry;
        else
            json_decref(entry);
    }
    db_reset(statement);
    db_close(db);
    assert_non_null(found);
    return found;
}

static json_t *line_of(const json_t *entry, size_t index)
{
    return json_array_get(json_object_get(entry, "lines"), index);
}

static void test_sale__is_one_entry_with_everything(void **state)
{
    struct desk *desk = *state;
    struct sale_result result;
    json_t *entry, *line;

    desk_scan(desk, "5018374350015");
    desk_scan(desk, "5018374350015");
    desk_add(desk, (struct add_request){.sku = "APPLES", .quantity = {742}});
    desk_scan(desk, "5449000000996");
    assert_int_equal(desk_total(desk), 480 + 215 + 95 + 25);
    result = desk_pay_cash(desk, 1000);
    assert_int_equal(result.change.minor, 185);
    assert_true(result.drawer);
    assert_string_equal(result.receipt + 7, "-000001");
    assert_int_equal(till_cart(desk->till)->count, 0);

    entry = last_entry(desk, "sale");
    assert_string_equal(json_text_or(entry, "type", ""), "sale");
    assert_string_equal(json_text_or(entry, "receipt", ""), result.receipt);
    assert_string_equal(json_text_or(entry, "staff", ""), "M1");
    assert_int_equal(json_int_or(entry, "gross", 0), 815);
    assert_int_equal(json_int_or(entry, "shift", 0), 1);
    assert_int_equal(json_int_or(entry, "change", 0), 185);
    assert_int_equal(json_int_or(entry, "prices_position", 0), 7);
    assert_int_equal(json_array_size(json_object_get(entry, "lines")), 4);
    assert_int_equal(json_array_size(json_object_get(entry, "moves")), 3); /* no deposit */
    assert_int_equal(json_array_size(json_object_get(entry, "rates")), 2);
    line = line_of(entry, 1);
    assert_int_equal(json_int_or(line, "base", 0), 742);
    assert_string_equal(json_text_or(line, "unit", ""), "kg");
    assert_int_equal(json_int_or(line_of(entry, 3), "linked_to", 0), 3);
    json_decref(entry);
    assert_int_equal(desk_on_hand(desk, "CRACKERS"), 98);
    assert_int_equal(desk_on_hand(desk, "WATER"), 99);
    desk_verify(desk);
}

static void test_sale__receipt_says_what_was_signed(void **state)
{
    struct desk *desk = *state;
    struct pricing_discount ten = {.percent = true, .ppm = 100000};
    struct sale_result result;
    char *text;

    desk_scan(desk, "5018374350015");
    desk_scan(desk, "5018374350015");
    desk_add(desk, (struct add_request){.sku = "APPLES", .quantity = {742}});
    desk_ok(desk, till_cart_line_discount(desk->till, 1, ten, "Winter", &desk->error));
    desk_ok(desk, till_cart_note(desk->till, "Gate 4", &desk->error));
    result = desk_pay_cash(desk, 1000);
    text = desk_receipt_text(desk, result.receipt);
    assert_non_null(strstr(text, "<drawer>\nHarbour Street\nHarbour Trading Ltd\n1 Harbour Street\n"
                                 "Falmouth TR11 3AA\nTax no. GB123456789\n"));
    assert_non_null(strstr(text, "21 Nov 2026 14:36 +00:00\n"));
    assert_non_null(strstr(text, "Till T01 | Morgan B.\n"));
    assert_non_null(
        strstr(text, "Sea Salt Crackers 200 g | 4.80 A\n2 × £2.40 | \nWinter | -£0.48\n"));
    assert_non_null(strstr(text, "Cox Apples, loose | 2.15 Z\n0.742 kg × £2.90/kg | \n"));
    assert_non_null(strstr(text, "Total | £6.47\nCash | £10.00\nChange | £3.53\n"));
    assert_non_null(strstr(text, "A | 20% | 3.60 | 0.72 | 4.32\nZ | 0% | 2.15 | 0.00 | 2.15\n"));
    assert_non_null(strstr(text, "Gate 4\nThank you\nHF1:"));
    free(text);
}

static void test_sale__split_tender_reversal_and_items_added_meanwhile(void **state)
{
    struct desk *desk = *state;
    struct sale_result result;
    struct money quick[6];
    json_t *entry;
    int count;

    desk_scan(desk, "CANDLE");
    desk_ok(desk, till_quick_cash(desk->till, quick, 6, &count, &desk->error));
    assert_int_equal(quick[0].minor, 1250);
    assert_int_equal(quick[1].minor, 1300);
    desk_ok(desk, till_tender_card(desk->till, (struct money){500}, "SLIP 77", &desk->error));
    desk_ok(desk, till_tender_cash(desk->till, (struct money){200}, &desk->error));
    desk_ok(desk, till_tender_reverse(desk->till, 2, &desk->error));
    assert_int_equal(till_tender_reverse(desk->till, 2, &desk->error), STATUS_NOT_FOUND);
    assert_int_equal(till_cart_park(desk->till, "", &desk->error), STATUS_CONFLICT);
    assert_int_equal(till_cart_discard(desk->till, "", &desk->error), STATUS_CONFLICT);
    assert_int_equal(till_sale_commit(desk->till, &result, &desk->error), STATUS_CONFLICT);
    desk_scan(desk, "TEA");
    assert_int_equal(till_cart(desk->till)->to_pay.minor, 1250 + 395 - 500);
    assert_int_equal(till_tender_card(desk->till, (struct money){1146}, "x", &desk->error),
                     STATUS_RANGE);
    assert_int_equal(
        till_tender_card(desk->till, (struct money){100}, "4111 1111 1111 1111", &desk->error),
        STATUS_INVALID);
    result = desk_pay_cash(desk, 2000);
    assert_int_equal(result.change.minor, 855);
    entry = last_entry(desk, "sale");
    assert_int_equal(json_array_size(json_object_get(entry, "tenders")), 3);
    assert_string_equal(
        json_text_or(json_array_get(json_object_get(entry, "tenders"), 1), "state", ""),
        "reversed");
    json_decref(entry);
    desk_verify(desk);
}

static void test_sale__cash_is_rounded_where_the_shop_rounds(void **state)
{
    struct desk *desk = *state;
    struct sale_result result;
    struct shift_view shift;
    bool changed;

    store_put(&desk->store, "location",
              "{\"location\":\"S01\",\"name\":\"Zürich\",\"timezone\":\"Europe/Zurich\","
              "\"currency\":\"CHF\",\"tax_list\":\"uk\",\"cash_round_minor\":5,"
              "\"locale\":\"de-CH\"}");
    store_put(&desk->store, "price_list",
              "{\"list\":\"base\",\"currency\":\"CHF\","
              "\"tax_included\":1}");
    desk_ok(desk, till_refresh(desk->till, &changed, &desk->error));
    assert_true(changed);
    assert_string_equal(till_currency(desk->till)->code, "CHF");
    desk_add(desk, (struct add_request){.sku = "WRAP", .has_price = true, .price = {1898}});
    assert_int_equal(till_cart(desk->till)->cash_due.minor, 1900);
    result = desk_pay_cash(desk, 2000);
    assert_int_equal(result.rounding.minor, 2);
    assert_int_equal(result.change.minor, 100);
    desk_ok(desk, till_shift(desk->till, &shift, &desk->error));
    assert_int_equal(shift.rounding.minor, 2);
    assert_int_equal(shift.cash_taken.minor, 1900);
    desk_verify(desk);
}

static void test_sale__tax_is_added_where_prices_are_net(void **state)
{
    struct desk *desk = *state;
    bool changed;
    char *text;
    struct sale_result result;

    store_put(&desk->store, "location",
              "{\"location\":\"S01\",\"name\":\"Portland\",\"timezone\":\"America/New_York\","
              "\"currency\":\"USD\",\"tax_list\":\"uk\",\"tax_included\":0,\"locale\":\"en-US\"}");
    store_put(&desk->store, "price_list",
              "{\"list\":\"base\",\"currency\":\"USD\","
              "\"tax_included\":0}");
    desk_ok(desk, till_refresh(desk->till, &changed, &desk->error));
    desk_scan(desk, "CANDLE");
    assert_int_equal(till_cart(desk->till)->net.minor, 1250);
    assert_int_equal(desk_total(desk), 1500);
    result = desk_pay_cash(desk, 1500);
    text = desk_receipt_text(desk, result.receipt);
    assert_non_null(strstr(text, "Net | $12.50\nTax | $2.50\nTotal | $15.00\n"));
    free(text);
    desk_verify(desk);
}

static void test_sale__a_list_in_the_other_sense_is_converted(void **state)
{
    struct desk *desk = *state;

    store_put(&desk->store, "price_list",
              "{\"list\":\"base\",\"currency\":\"GBP\","
              "\"tax_included\":0}");
    desk_scan(desk, "CANDLE");
    assert_int_equal(desk_total(desk), 1500);
    assert_int_equal(till_cart(desk->till)->net.minor, 1250);
}

static void test_return__goes_back_to_stock_or_to_damaged(void **state)
{
    struct desk *desk = *state;
    struct sale_result result;
    struct perpetual_totals {
        int64_t returns;
    };
    struct till_figures figures;
    json_t *entry;

    desk_ok(desk, till_cart_returning(desk->till, "too small", "restock", &desk->error));
    desk_scan(desk, "CANDLE");
    assert_int_equal(desk_total(desk), -1250);
    assert_true(desk_line(desk, 0)->is_return);
    assert_int_equal(till_tender_cash(desk->till, (struct money){-1000}, &desk->error),
                     STATUS_RANGE);
    result = desk_pay_cash(desk, -1250);
    assert_int_equal(result.total.minor, -1250);
    assert_int_equal(result.change.minor, 0);
    assert_int_equal(desk_on_hand(desk, "CANDLE"), 101);
    entry = last_entry(desk, "sale");
    assert_string_equal(json_text_or(entry, "type", ""), "return");
    assert_string_equal(json_text_or(line_of(entry, 0), "reason", ""), "too small");
    json_decref(entry);
    desk_ok(desk, till_cart_returning(desk->till, "broken", "damaged", &desk->error));
    desk_scan(desk, "TEA");
    desk_ok(desk, till_cart_returning(desk->till, "", "", &desk->error));
    desk_scan(desk, "SOAP");
    result = desk_pay_cash(desk, 155);
    entry = last_entry(desk, "sale");
    assert_string_equal(json_text_or(entry, "type", ""), "sale"); /* an exchange */
    assert_string_equal(json_text_or(json_array_get(json_object_get(entry, "moves"), 0), "to", ""),
                        "S01/damaged");
    json_decref(entry);
    desk_ok(desk, till_figures(desk->till, &figures, &desk->error));
    assert_int_equal(figures.sales, 1);
    assert_int_equal(figures.returns, 1);
    assert_int_equal(figures.returns_minor, 1250 + 395);
    assert_int_equal(figures.sales_minor, 550);
    desk_verify(desk);
}

static void test_sale__a_kit_takes_its_components(void **state)
{
    struct desk *desk = *state;
    json_t *entry, *kit;

    desk_scan(desk, "HAMPER");
    desk_pay_cash(desk, 2000);
    assert_int_equal(desk_on_hand(desk, "TEA"), 99);
    assert_int_equal(desk_on_hand(desk, "SOAP"), 98);
    assert_int_equal(desk_on_hand(desk, "HAMPER"), 100);
    entry = last_entry(desk, "sale");
    kit = json_object_get(line_of(entry, 0), "kit");
    assert_int_equal(json_array_size(kit), 2);
    assert_int_equal(json_int_or(json_array_get(kit, 0), "amount", 0) +
                         json_int_or(json_array_get(kit, 1), "amount", 0),
                     2000);
    json_decref(entry);
    desk_verify(desk);
}

static void test_sale__removed_lines_stay_on_the_journal(void **state)
{
    struct desk *desk = *state;
    json_t *entry, *removed;

    desk_ok(desk, till_cart_remove(desk->till, desk_scan(desk, "CANDLE").line, &desk->error));
    desk_scan(desk, "SOAP");
    desk_ok(desk, till_cart_undo(desk->till, &desk->error));
    desk_scan(desk, "TEA");
    desk_pay_cash(desk, 400);
    entry = last_entry(desk, "sale");
    removed = json_object_get(entry, "removed");
    assert_int_equal(json_array_size(removed), 2);
    assert_string_equal(json_text_or(json_array_get(removed, 0), "sku", ""), "CANDLE");
    assert_int_equal(json_int_or(json_array_get(removed, 0), "amount", 0), 1250);
    assert_string_equal(json_text_or(json_array_get(removed, 1), "sku", ""), "SOAP");
    json_decref(entry);
}

static void test_sale__print_job_is_there_and_worked_off(void **state)
{
    struct desk *desk = *state;
    struct print_job_view job;
    struct document *document;
    struct sale_result result;
    struct till_status status;

    desk_scan(desk, "TEA");
    result = desk_pay_cash(desk, 395);
    till_status(desk->till, &status);
    assert_int_equal(status.prints_waiting, 1);
    desk_ok(desk, till_print_next(desk->till, &job, &document, &desk->error));
    assert_int_equal(job.id, result.print_job);
    assert_string_equal(document_number(document), result.receipt);
    assert_false(job.uncertain);
    document_destroy(document);
    assert_int_equal(till_print_next(desk->till, &job, &document, &desk->error), STATUS_NOT_FOUND);
    desk_restart(desk); /* it was printing: nobody knows whether it came out */
    desk_ok(desk, till_print_next(desk->till, &job, &document, &desk->error));
    assert_true(job.uncertain);
    assert_int_equal(job.attempts, 2);
    assert_int_equal(document_kind(document), DOCUMENT_COPY);
    document_destroy(document);
    desk_ok(desk, till_print_done(desk->till, job.id, false, "paper out", &desk->error));
    till_status(desk->till, &status);
    assert_int_equal(status.prints_failed, 1);
    desk_ok(desk, till_print_retry(desk->till, 0, &desk->error));
    desk_ok(desk, till_print_next(desk->till, &job, &document, &desk->error));
    document_destroy(document);
    desk_ok(desk, till_print_done(desk->till, job.id, true, "", &desk->error));
    till_status(desk->till, &status);
    assert_int_equal(status.prints_waiting + status.prints_failed, 0);
}

static void test_receipt__reprint_is_a_copy_also_from_the_entry_alone(void **state)
{
    struct desk *desk = *state;
    struct receipt_view receipts[3];
    struct print_job_view job;
    struct document *document;
    struct sale_result result;
    int64_t id;
    int count;
    char *kept, *rebuilt;

    desk_scan(desk, "TEA");
    result = desk_pay_cash(desk, 395);
    kept = desk_receipt_text(desk, result.receipt);
    desk_ok(desk, till_print_next(desk->till, &job, &document, &desk->error));
    document_destroy(document);
    desk_ok(desk, till_print_done(desk->till, job.id, true, "", &desk->error));
    desk_ok(desk, till_reprint(desk->till, result.receipt, &id, &desk->error));
    desk_ok(desk, till_print_next(desk->till, &job, &document, &desk->error));
    assert_int_equal(job.id, id);
    assert_int_equal(document_kind(document), DOCUMENT_COPY);
    document_destroy(document);
    desk_ok(desk, till_receipts(desk->till, "0001", 0, receipts, 3, &count, &desk->error));
    assert_int_equal(count, 1);
    assert_int_equal(receipts[0].total.minor, 395);
    assert_int_equal(till_reprint(desk->till, "T01-ZZZ-000001", NULL, &desk->error),
                     STATUS_NOT_FOUND);
    till_close(desk->till);
    struct db *db;
    char *path = path_join(desk->store.folder, "till.db");
    desk_ok(desk, db_open(path, DB_OWNER_FULL, &db, &desk->error));
    desk_ok(desk, db_exec(db, "DELETE FROM print_job", &desk->error));
    db_close(db);
    free(path);
    desk_open(desk);
    rebuilt = desk_receipt_text(desk, result.receipt);
    assert_string_equal(kept, rebuilt);
    free(kept);
    free(rebuilt);
}

static void test_sale__the_last_one_is_known_after_a_restart(void **state)
{
    struct desk *desk = *state;
    struct sale_result result, last;

    assert_int_equal(till_last_sale(desk->till, &last, &desk->error), STATUS_NOT_FOUND);
    desk_scan(desk, "TEA");
    result = desk_pay_cash(desk, 500);
    desk_restart(desk);
    desk_ok(desk, till_last_sale(desk->till, &last, &desk->error));
    assert_string_equal(last.receipt, result.receipt);
    assert_int_equal(last.change.minor, 105);
    assert_string_equal(last.sku_last, "TEA");
}

static void test_adjust__moves_to_and_from_loss(void **state)
{
    struct desk *desk = *state;
    struct adjust_line lines[] = {{"TEA", {-2000}}, {"SOAP", {3000}}};
    struct adjust_line bad[] = {{"NOBODY", {1000}}};

    desk_ok(desk, till_adjust(desk->till, lines, 2, "count", "adj:1", &desk->error));
    assert_int_equal(desk_on_hand(desk, "TEA"), 98);
    assert_int_equal(desk_on_hand(desk, "SOAP"), 103);
    assert_int_equal(till_adjust(desk->till, lines, 2, "count", "adj:1", &desk->error),
                     STATUS_EXISTS);
    assert_int_equal(till_adjust(desk->till, bad, 1, "count", "", &desk->error), STATUS_NOT_FOUND);
    assert_int_equal(till_adjust(desk->till, lines, 2, "", "", &desk->error), STATUS_INVALID);
    desk_verify(desk);
}

static void test_replay__is_once_and_leaves_the_cart_alone(void **state)
{
    struct desk *desk = *state;
    struct replay_line lines[] = {{"TEA", {3000}, true, {2550000, 1000}, NULL},
                                  {"SOAP", {1000}, false, {0, 0}, NULL}};
    struct replay_line back[] = {{"TEA", {-1000}, true, {2550000, 1000}, "returned"}};
    struct replay_sale sale = {"csv:1", "", "", lines, 2, "cash"};
    char receipt[TILL_RECEIPT_SIZE];
    struct till_status before, after;
    bool known;

    desk_scan(desk, "CANDLE");
    till_status(desk->till, &before);
    desk_ok(desk, till_replay_sale(desk->till, &sale, receipt, &desk->error));
    assert_int_equal(till_replay_sale(desk->till, &sale, receipt, &desk->error), STATUS_EXISTS);
    desk_ok(desk, till_replay_known(desk->till, "csv:1", &known, &desk->error));
    assert_true(known);
    sale = (struct replay_sale){"csv:2", "", "", back, 1, "card"};
    desk_ok(desk, till_replay_sale(desk->till, &sale, NULL, &desk->error));
    back[0].sku = "NOBODY";
    sale.reference = "csv:3";
    assert_int_equal(till_replay_sale(desk->till, &sale, NULL, &desk->error), STATUS_NOT_FOUND);
    till_status(desk->till, &after);
    assert_int_equal(after.entries, before.entries + 2);
    assert_int_equal(after.prints_waiting, before.prints_waiting);
    assert_int_equal(desk_total(desk), 1250);
    assert_int_equal(desk_on_hand(desk, "TEA"), 98);
    json_t *entry = last_entry(desk, "sale");
    assert_int_equal(json_int_or(entry, "gross", 0), -255);
    assert_string_equal(json_text_or(line_of(entry, 0), "price_from", ""), "reference");
    json_decref(entry);
    desk_verify(desk);
}

static void test_replay__takes_the_longest_invoice(void **state)
{
    struct desk *desk = *state;
    struct replay_line *lines = calloc(700, sizeof *lines);
    struct replay_sale sale = {"csv:long", "", "17850", lines, 700, "cash"};

    for (int i = 0; i < 700; i++)
        lines[i] = (struct replay_line){"CRACKERS", {6000}, true, {2550000, 1000}, NULL};
    desk_ok(desk, till_replay_sale(desk->till, &sale, NULL, &desk->error));
    assert_int_equal(desk_on_hand(desk, "CRACKERS"), 100 - 4200);
    free(lines);
    desk_verify(desk);
}

#define DESK_TEST(test) cmocka_unit_test_setup_teardown(test, desk_make, desk_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(test_sale__is_one_entry_with_everything),
        DESK_TEST(test_sale__receipt_says_what_was_signed),
        DESK_TEST(test_sale__split_tender_reversal_and_items_added_meanwhile),
        DESK_TEST(test_sale__cash_is_rounded_where_the_shop_rounds),
        DESK_TEST(test_sale__tax_is_added_where_prices_are_net),
        DESK_TEST(test_sale__a_list_in_the_other_sense_is_converted),
        DESK_TEST(test_return__goes_back_to_stock_or_to_damaged),
        DESK_TEST(test_sale__a_kit_takes_its_components),
        DESK_TEST(test_sale__removed_lines_stay_on_the_journal),
        DESK_TEST(test_sale__print_job_is_there_and_worked_off),
        DESK_TEST(test_receipt__reprint_is_a_copy_also_from_the_entry_alone),
        DESK_TEST(test_sale__the_last_one_is_known_after_a_restart),
        DESK_TEST(test_adjust__moves_to_and_from_loss),
        DESK_TEST(test_replay__is_once_and_leaves_the_cart_alone),
        DESK_TEST(test_replay__takes_the_longest_invoice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
