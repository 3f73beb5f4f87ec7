/* People, shifts, the drawer, the strip, restored and cloned tills. */
#include "tests/unit/support/desk.h"

#include "terminal/base/db.h"
#include "terminal/base/file.h"
#include "terminal/journal/journal.h"

static enum status try_pin(struct desk *desk, const char *staff, const char *pin)
{
    struct pin_check check;
    enum status status = till_pin_begin(desk->till, staff, pin, &check, &desk->error);

    if (status != STATUS_OK)
        return status;
    pin_check_run(&check);
    return till_sign_in(desk->till, &check, &desk->error);
}

static void test_people__wrong_pins_lock_out_until_time_or_a_manager(void **state)
{
    struct desk *desk = *state;
    struct staff_view staff[5];
    int count;

    till_sign_out(desk->till);
    assert_int_equal(try_pin(desk, "C1", "12"), STATUS_INVALID);
    for (int i = 0; i < PIN_FREE_FAILURES; i++)
        assert_int_equal(try_pin(desk, "C1", "9999"), STATUS_DENIED);
    assert_int_equal(try_pin(desk, "C1", "1111"), STATUS_BUSY);
    desk_ok(desk, till_staff(desk->till, staff, 5, &count, &desk->error));
    assert_int_equal(count, 3);
    assert_string_equal(staff[0].id, "C1");
    assert_string_equal(staff[0].role, "Cashier");
    assert_true(staff[0].permissions & PERMISSION_SELL);
    assert_false(staff[0].permissions & PERMISSION_APPROVE);
    assert_string_equal(staff[1].id, "M1");
    assert_true(staff[1].permissions & PERMISSION_APPROVE);
    assert_true(staff[0].locked_until_ms > desk->store.clock.wall_ms);
    till_close(desk->till);
    desk_open(desk);
    assert_int_equal(try_pin(desk, "C1", "1111"), STATUS_BUSY);
    assert_int_equal(try_pin(desk, "M1", "2222"), STATUS_OK);
    desk_ok(desk, till_staff_unlock(desk->till, "C1", &desk->error));
    assert_int_equal(try_pin(desk, "C1", "1111"), STATUS_OK);
}

static void test_people__approval_is_for_one_call_by_another_person(void **state)
{
    struct desk *desk = *state;
    struct pin_check check;

    desk_sign_in(desk, "C1", "1111");
    assert_false(till_may(desk->till, PERMISSION_PAID_IN_OUT));
    desk_ok(desk, till_pin_begin(desk->till, "N1", "3333", &check, &desk->error));
    pin_check_run(&check);
    assert_int_equal(till_approve(desk->till, &check, PERMISSION_PAID_IN_OUT, &desk->error),
                     STATUS_DENIED);
    desk_ok(desk, till_pin_begin(desk->till, "C1", "1111", &check, &desk->error));
    pin_check_run(&check);
    assert_int_equal(till_approve(desk->till, &check, PERMISSION_PAID_IN_OUT, &desk->error),
                     STATUS_DENIED);
    desk_ok(desk, till_pin_begin(desk->till, "M1", "2222", &check, &desk->error));
    pin_check_run(&check);
    desk_ok(desk, till_approve(desk->till, &check, PERMISSION_PAID_IN_OUT, &desk->error));
    desk_ok(desk, till_paid_out(desk->till, (struct money){500}, "window cleaner", &desk->error));
    assert_int_equal(till_paid_out(desk->till, (struct money){500}, "again", &desk->error),
                     STATUS_DENIED);
    assert_int_equal(till_denied(desk->till), PERMISSION_PAID_IN_OUT);
}

static void sell(struct desk *desk, const char *code, int64_t cash)
{
    desk_scan(desk, code);
    desk_pay_cash(desk, cash);
}

static void test_shift__z_equals_journal_and_drawer(void **state)
{
    struct desk *desk = *state;
    struct pricing_discount ten = {.percent = true, .ppm = 100000};
    struct shift_view x, z;
    struct money difference;
    struct print_job_view jobs[20];
    struct document *document;
    struct sale_result result;
    int count;
    char *text;

    sell(desk, "CANDLE", 2000);
    desk_scan(desk, "TEA");
    desk_ok(desk, till_cart_discount(desk->till, ten, "friend", &desk->error));
    desk_ok(desk, till_tender_card(desk->till, (struct money){200}, "S1", &desk->error));
    desk_pay_cash(desk, 200);
    desk_ok(desk, till_cart_returning(desk->till, "broken", "damaged", &desk->error));
    sell(desk, "BOOK", -380);
    desk_ok(desk, till_paid_in(desk->till, (struct money){1000}, "change", &desk->error));
    desk_ok(desk, till_paid_out(desk->till, (struct money){250}, "stamps", &desk->error));
    desk_ok(desk, till_no_sale(desk->till, "change for a customer", &desk->error));
    desk_scan(desk, "SOAP");
    desk_ok(desk, till_cart_discard(desk->till, "left", &desk->error));

    desk_ok(desk, till_shift_x(desk->till, &x, &desk->error));
    assert_int_equal(x.sales, 2);
    assert_int_equal(x.returns, 1);
    assert_int_equal(x.cancelled, 1);
    assert_int_equal(x.no_sales, 1);
    assert_int_equal(x.sales_gross.minor, 1250 + 355);
    assert_int_equal(x.returns_gross.minor, 380);
    assert_int_equal(x.discounts.minor, 40);
    assert_int_equal(x.cash_taken.minor, 1250 + 155 - 380);
    assert_int_equal(x.card_taken.minor, 200);
    assert_int_equal(x.expected.minor, 10000 + 1025 + 1000 - 250);
    assert_int_equal(x.rate_count, 2);
    assert_string_equal(x.rates[0].code, "A");
    assert_int_equal(x.rates[0].gross.minor, 1605);
    assert_int_equal(x.rates[1].gross.minor, -380);

    desk_scan(desk, "TEA");
    assert_int_equal(till_shift_close(desk->till, (struct money){0}, &z, &difference, &desk->error),
                     STATUS_CONFLICT);
    desk_ok(desk, till_cart_remove(desk->till, desk_line(desk, 0)->id, &desk->error));
    desk_ok(desk,
            till_shift_close(desk->till, (struct money){11700}, &z, &difference, &desk->error));
    assert_int_equal(difference.minor, 11700 - 11775);
    assert_int_equal(till_shift(desk->till, &x, &desk->error), STATUS_NOT_FOUND);
    desk_scan(desk, "TEA");
    assert_int_equal(till_tender_cash(desk->till, (struct money){395}, &desk->error),
                     STATUS_CONFLICT);
    desk_ok(desk, till_print_jobs(desk->till, jobs, 20, &count, &desk->error));
    assert_int_equal(count, 8); /* 3 receipts, 2 slips, the drawer, X, Z */
    do {
        desk_ok(desk, till_print_next(desk->till, &jobs[0], &document, &desk->error));
        text = desk_text(document);
        count = document_kind(document) == DOCUMENT_Z;
        document_destroy(document);
        if (count == 0)
            free(text);
    } while (count == 0);
    assert_non_null(strstr(text, "Z report 1\n"));
    assert_non_null(strstr(text, "Expected in the drawer | £117.75\nCounted | £117.00\n"
                                 "Difference | -£0.75\n"));
    free(text);
    (void)result;
    desk_verify(desk);
}

static void test_shift__numbers_go_on_and_survive_a_restart(void **state)
{
    struct desk *desk = *state;
    struct shift_view view;
    struct money difference;

    sell(desk, "CANDLE", 1250);
    desk_restart(desk);
    desk_ok(desk, till_shift(desk->till, &view, &desk->error));
    assert_int_equal(view.sales, 1);
    assert_int_equal(till_shift_open(desk->till, (struct money){0}, &desk->error), STATUS_CONFLICT);
    desk_ok(desk,
            till_shift_close(desk->till, (struct money){11250}, &view, &difference, &desk->error));
    assert_int_equal(difference.minor, 0);
    desk_ok(desk, till_shift_open(desk->till, (struct money){5000}, &desk->error));
    desk_ok(desk, till_shift(desk->till, &view, &desk->error));
    assert_int_equal(view.shift, 2);
    assert_int_equal(view.sales, 0);
    assert_int_equal(view.expected.minor, 5000);
}

static int64_t damaged_closes(struct desk *desk)
{
    char *path = path_join(desk->store.folder, "till.db");
    struct db_statement *count;
    struct db *db;
    bool row;
    int64_t found;

    desk_ok(desk, db_open(path, DB_READER, &db, &desk->error));
    desk_ok(desk, db_prepare(db,
                             "SELECT count(*) FROM entry WHERE instr(CAST(bytes AS TEXT), "
                             "'\"kind\":\"shift_close\"') > 0 AND "
                             "instr(CAST(bytes AS TEXT), '\"journal\":\"damaged\"') > 0",
                             &count, &desk->error));
    desk_ok(desk, db_step(count, &row, &desk->error));
    found = db_int(count, 0);
    db_close(db);
    free(path);
    return found;
}

/* The till is closed meanwhile; M1 signs in when it is open again. */
static void change_file(struct desk *desk, const char *sql)
{
    char *path = path_join(desk->store.folder, "till.db");
    struct db *db;

    till_close(desk->till);
    desk_ok(desk, db_open(path, DB_OWNER_FULL, &db, &desk->error));
    desk_ok(desk, db_exec(db,
                          "DROP TRIGGER IF EXISTS entry_delete;"
                          "DROP TRIGGER IF EXISTS entry_update",
                          &desk->error));
    desk_ok(desk, db_exec(db, sql, &desk->error));
    db_close(db);
    free(path);
    desk_open(desk);
    desk_sign_in(desk, "M1", "2222");
}

/* The shop closes with what was counted while it sold; the Z says why the entries do not bear it
 * out. */
static void test_shift__closes_though_an_entry_is_lost_or_spoilt(void **state)
{
    static const char *const damage[] = {
        "DELETE FROM entry WHERE id = (SELECT max(id) - 1 FROM entry)",
        "UPDATE entry SET bytes = 'xx' WHERE id = (SELECT max(id) - 1 FROM entry)"};
    struct desk *desk = *state;

    for (int i = 0; i < 2; i++) {
        struct shift_view view;
        struct money difference;

        sell(desk, "CANDLE", 1250);
        sell(desk, "TEA", 395);
        change_file(desk, damage[i]);
        desk_ok(desk, till_shift_close(desk->till, (struct money){11645}, &view, &difference,
                                       &desk->error));
        assert_int_equal(view.sales, 2);
        assert_int_equal(difference.minor, 0);
        assert_int_equal(damaged_closes(desk), i + 1);
        desk_ok(desk, till_shift_open(desk->till, (struct money){10000}, &desk->error));
    }
}

/* The entries can't be compared now: the shift stays open, and closes when they can. */
static void test_shift__stays_open_while_the_journal_cannot_be_read(void **state)
{
    struct desk *desk = *state;
    struct shift_view view;
    struct money difference;

    sell(desk, "CANDLE", 1250);
    sell(desk, "TEA", 395);
    change_file(desk, "DELETE FROM entry WHERE id = (SELECT max(id) - 1 FROM entry);"
                      "ALTER TABLE verified RENAME TO elsewhere");
    assert_int_equal(
        till_shift_close(desk->till, (struct money){11645}, &view, &difference, &desk->error),
        STATUS_INVALID);
    change_file(desk, "ALTER TABLE elsewhere RENAME TO verified");
    desk_ok(desk,
            till_shift_close(desk->till, (struct money){11645}, &view, &difference, &desk->error));
    assert_int_equal(damaged_closes(desk), 1);
}

static void test_drawer__every_opening_is_on_the_journal(void **state)
{
    struct desk *desk = *state;
    struct till_status before, after;
    struct print_job_view job;
    struct document *document;

    till_status(desk->till, &before);
    assert_int_equal(till_no_sale(desk->till, "", &desk->error), STATUS_INVALID);
    desk_ok(desk, till_no_sale(desk->till, "coins", &desk->error));
    till_status(desk->till, &after);
    assert_int_equal(after.entries, before.entries + 1);
    desk_ok(desk, till_print_next(desk->till, &job, &document, &desk->error));
    assert_int_equal(document_kind(document), DOCUMENT_DRAWER);
    document_destroy(document);
    assert_int_equal(till_paid_in(desk->till, (struct money){-5}, "x", &desk->error), STATUS_RANGE);
}

/* ---- the strip ------------------------------------------------------------------------------ */

static struct chain_point head_of(struct desk *desk)
{
    struct till_figures figures;
    struct chain_point head;

    desk_ok(desk, till_figures(desk->till, &figures, &desk->error));
    desk_ok(desk, hex_read(figures.epoch_hex, head.epoch.bytes, ID_SIZE));
    desk_ok(desk, hex_read(figures.head_hex, head.hash.bytes, HASH_SIZE));
    head.seq = figures.head_seq;
    return head;
}

static void test_status__says_what_is_not_sent_yet(void **state)
{
    struct desk *desk = *state;
    struct till_status status;
    struct chain_point head;
    bool changed;

    till_status(desk->till, &status);
    assert_int_equal(status.unsent, 2); /* epoch_open, shift_open */
    assert_int_equal(status.unsent_sales, 0);
    assert_false(status.sync_known);
    sell(desk, "TEA", 395);
    sell(desk, "TEA", 395);
    till_status(desk->till, &status);
    assert_int_equal(status.unsent_sales, 2);
    head = head_of(desk);
    store_acknowledge(&desk->store, &head.epoch, head.seq, &head.hash);
    store_agent_state(&desk->store, "online", "1");
    desk_ok(desk, till_refresh(desk->till, &changed, &desk->error));
    till_status(desk->till, &status);
    assert_true(status.sync_known && status.online);
    assert_int_equal(status.unsent, 0);
    assert_int_equal(status.unsent_sales, 0);
    sell(desk, "TEA", 395);
    store_agent_state(&desk->store, "online", "0");
    store_agent_state(&desk->store, "since_ms", "1795271000000");
    desk_ok(desk, till_refresh(desk->till, &changed, &desk->error));
    assert_true(changed);
    till_status(desk->till, &status);
    assert_false(status.online);
    assert_int_equal(status.offline_since_ms, INT64_C(1795271000000));
    assert_int_equal(status.unsent, 1);
    assert_int_equal(status.unsent_sales, 1);
    assert_int_equal(status.unsent_since_ms, STORE_NOON);
    assert_string_equal(status.location_name, "Harbour Street");
    assert_string_equal(status.staff_role, "Manager");
    assert_int_equal(status.replica_as_of_ms, STORE_NOON - 60000);
}

/* A killed agent can't take its "online" back. */
static void test_status__an_agent_that_fell_silent_is_not_online(void **state)
{
    struct desk *desk = *state;
    struct till_status status;
    char last[24];
    bool changed;

    store_agent_state(&desk->store, "online", "1");
    (void)snprintf(last, sizeof last, "%lld", (long long)STORE_NOON - 110000);
    store_agent_state(&desk->store, "last_ok_ms", last);
    desk_ok(desk, till_refresh(desk->till, &changed, &desk->error));
    till_status(desk->till, &status);
    assert_true(status.online);
    assert_int_equal(status.sync_trouble, SYNC_WELL);

    (void)snprintf(last, sizeof last, "%lld", (long long)STORE_NOON - 130000);
    store_agent_state(&desk->store, "last_ok_ms", last);
    desk_ok(desk, till_refresh(desk->till, &changed, &desk->error));
    till_status(desk->till, &status);
    assert_false(status.online);
    assert_int_equal(status.sync_trouble, SYNC_STOPPED);
    assert_int_equal(status.offline_since_ms, STORE_NOON - 130000);

    store_agent_state(&desk->store, "trouble", "revoked");
    store_agent_state(&desk->store, "reason", "Head office has taken this till's access away");
    desk_ok(desk, till_refresh(desk->till, &changed, &desk->error));
    till_status(desk->till, &status);
    assert_int_equal(status.sync_trouble, SYNC_REVOKED);
    assert_string_equal(status.sync_reason, "Head office has taken this till's access away");
    store_agent_state(&desk->store, "trouble", "a word of tomorrow");
    desk_ok(desk, till_refresh(desk->till, &changed, &desk->error));
    till_status(desk->till, &status);
    assert_int_equal(status.sync_trouble, SYNC_ODD);
}

static void test_open__waits_for_the_first_replica(void **state)
{
    struct desk *desk = *state;
    struct scan_result result;
    bool changed;
    char pointer[128];

    till_close(desk->till);
    snprintf(pointer, sizeof pointer, "%s/replica.current", desk->store.folder);
    assert_int_equal(remove(pointer), 0);
    desk_open(desk);
    assert_int_equal(till_phase(desk->till), TILL_NO_REPLICA);
    assert_string_equal(till_locale(desk->till), "en-GB");
    assert_int_equal(till_scan(desk->till, "TEA", SYMBOLOGY_UNKNOWN, &result, &desk->error),
                     STATUS_BUSY);
    desk_ok(desk, file_write_durable(pointer, "replica-1.db\n", 13, 0644, &desk->error));
    desk_ok(desk, till_refresh(desk->till, &changed, &desk->error));
    assert_true(changed);
    assert_int_equal(till_phase(desk->till), TILL_READY);
    desk_sign_in(desk, "M1", "2222");
    assert_int_equal(desk_scan(desk, "TEA").outcome, SCAN_ADDED);
}

static void test_open__one_writer_many_readers(void **state)
{
    struct desk *desk = *state;
    struct till_options options = {.folder = desk->store.folder,
                                   .program = "second",
                                   .mode = TILL_WRITER,
                                   .clock = store_clock(&desk->store),
                                   .entropy = store_entropy(&desk->seed)};
    struct till *second;
    struct scan_result result;
    struct sale_result last;

    sell(desk, "TEA", 395);
    assert_int_equal(till_open(&options, &second, &desk->error), STATUS_BUSY);
    assert_non_null(strstr(desk->error.text, "test"));
    options.mode = TILL_READER;
    desk_ok(desk, till_open(&options, &second, &desk->error));
    desk_ok(desk, till_last_sale(second, &last, &desk->error));
    assert_int_equal(last.total.minor, 395);
    assert_int_equal(till_scan(second, "TEA", SYMBOLOGY_UNKNOWN, &result, &desk->error),
                     STATUS_UNSUPPORTED);
    till_close(second);
}

/* ---- restored and cloned -----------------------------------------------------------------------
 */

static void test_restore__an_older_copy_opens_a_new_epoch(void **state)
{
    struct desk *desk = *state;
    struct sale_result before, after;
    struct chain_point acked;
    struct till_figures figures;

    till_close(desk->till);
    store_copy_file(&desk->store, "till.db", "till.backup");
    desk_open(desk);
    desk_sign_in(desk, "M1", "2222");
    desk_scan(desk, "TEA");
    before = desk_pay_cash(desk, 395);
    acked = head_of(desk);
    store_acknowledge(&desk->store, &acked.epoch, acked.seq, &acked.hash);
    till_close(desk->till);
    store_copy_file(&desk->store, "till.backup", "till.db");
    desk_open(desk);
    desk_sign_in(desk, "M1", "2222");
    desk_scan(desk, "TEA");
    after = desk_pay_cash(desk, 395);
    assert_string_not_equal(before.receipt, after.receipt);
    desk_ok(desk, till_figures(desk->till, &figures, &desk->error));
    assert_int_equal(figures.head_seq, 2); /* epoch_open, sale */
    assert_int_equal(figures.sales, 1);
}

static void test_restore__found_while_running_when_the_agent_says_so(void **state)
{
    struct desk *desk = *state;
    struct chain_point head = head_of(desk);
    struct till_figures figures;
    bool changed;

    memset(head.hash.bytes, 7, sizeof head.hash.bytes); /* a clone of this till sold already */
    desk_scan(desk, "CANDLE");
    store_acknowledge(&desk->store, &head.epoch, head.seq, &head.hash);
    desk_ok(desk, till_refresh(desk->till, &changed, &desk->error));
    assert_int_equal(desk_total(desk), 1250);
    desk_pay_cash(desk, 1250);
    desk_ok(desk, till_figures(desk->till, &figures, &desk->error));
    assert_int_equal(figures.head_seq, 2);
    assert_int_equal(figures.sales, 1);
}

/* ---- looking things up -------------------------------------------------------------------------
 */

static void test_look__favourites_search_grid_and_variants(void **state)
{
    struct desk *desk = *state;
    struct tile_view tiles[50];
    struct category_view categories[5];
    int count;

    desk_ok(desk, till_categories(desk->till, categories, 5, &count, &desk->error));
    assert_int_equal(count, 2);
    assert_string_equal(categories[0].name, "Pantry");
    desk_ok(desk, till_favourites(desk->till, tiles, 50, &count, &desk->error));
    assert_int_equal(count, 2);
    assert_string_equal(tiles[1].sku, "APPLES");
    assert_int_equal(tiles[1].price_mode, PRICE_WEIGHED);
    assert_string_equal(tiles[0].colour, "#2E7D57");
    assert_int_equal(tiles[0].stock.on_hand.milli, 100000);
    desk_ok(desk, till_search(desk->till, "wool", tiles, 50, &count, &desk->error));
    assert_int_equal(count, 3);
    assert_int_equal(tiles[0].variants, 2);
    desk_ok(desk, till_variants(desk->till, "SCARF", tiles, 50, &count, &desk->error));
    assert_int_equal(count, 2);
    assert_string_equal(tiles[0].name, "Moss");
    desk_ok(desk, till_grid(desk->till, "pantry", 0, tiles, 50, &count, &desk->error));
    assert_int_equal(count, 2);
    desk_ok(desk, till_grid(desk->till, "pantry", 1, tiles, 50, &count, &desk->error));
    assert_int_equal(count, 1);
    desk_ok(desk, till_grid(desk->till, "pantry", 2, tiles, 50, &count, &desk->error));
    assert_int_equal(count, 0);
    sell(desk, "TEA", 395);
    desk_ok(desk, till_item(desk->till, "TEA", &tiles[0], &desk->error));
    assert_int_equal(tiles[0].stock.on_hand.milli, 99000);
    assert_int_equal(tiles[0].stock.unsent.milli, -1000);
    assert_int_equal(till_item(desk->till, "NOBODY", &tiles[0], &desk->error), STATUS_NOT_FOUND);
    assert_string_equal(till_setting(desk->till, "lock_after_s", "0"), "300");
    assert_string_equal(till_setting(desk->till, "unheard-of", "x"), "x");
}

/* ---- the fiscal seam ----------------------------------------------------------------------------
 */

struct recorder {
    int begun, finished, cancelled;
    bool fails;
    char cart[64];
};

static enum status fiscal_began(void *context, const char *cart, struct error *error)
{
    struct recorder *recorder = context;

    (void)error;
    recorder->begun++;
    snprintf(recorder->cart, sizeof recorder->cart, "%s", cart);
    return STATUS_OK;
}

static enum status fiscal_done(void *context, const char *cart, const json_t *sale, json_t **answer,
                               struct error *error)
{
    struct recorder *recorder = context;

    recorder->finished++;
    assert_string_equal(cart, recorder->cart);
    assert_int_equal(json_integer_value(json_object_get(sale, "gross")), 395);
    if (recorder->fails)
        return error_set(error, STATUS_TIMEOUT, "no answer");
    *answer = json_pack("{s:s,s:[s]}", "signature", "abc", "receipt", "TSE 1234");
    return STATUS_OK;
}

static enum status fiscal_gone(void *context, const char *cart, struct error *error)
{
    (void)cart, (void)error;
    ((struct recorder *)context)->cancelled++;
    return STATUS_OK;
}

static void test_fiscal__answer_or_failure_is_on_the_receipt(void **state)
{
    struct desk *desk = *state;
    struct recorder recorder = {0};
    struct fiscal fiscal = {"test", &recorder, fiscal_began, fiscal_done, fiscal_gone};
    struct till_options options = {.folder = desk->store.folder,
                                   .program = "test",
                                   .mode = TILL_WRITER,
                                   .clock = store_clock(&desk->store),
                                   .entropy = store_entropy(&desk->seed),
                                   .fiscal = &fiscal};
    struct sale_result result;
    char *text;

    till_close(desk->till);
    desk_ok(desk, till_open(&options, &desk->till, &desk->error));
    desk_sign_in(desk, "M1", "2222");
    desk_scan(desk, "TEA");
    result = desk_pay_cash(desk, 395);
    text = desk_receipt_text(desk, result.receipt);
    assert_non_null(strstr(text, "TSE 1234\n"));
    free(text);
    recorder.fails = true;
    desk_scan(desk, "TEA");
    result = desk_pay_cash(desk, 395);
    text = desk_receipt_text(desk, result.receipt);
    assert_non_null(strstr(text, "The fiscal device did not answer.\n"));
    free(text);
    desk_scan(desk, "TEA");
    desk_ok(desk, till_cart_discard(desk->till, "left", &desk->error));
    assert_int_equal(recorder.begun, 3);
    assert_int_equal(recorder.finished, 2);
    assert_int_equal(recorder.cancelled, 1);
    desk_verify(desk);
}

#define DESK_TEST(test) cmocka_unit_test_setup_teardown(test, desk_make, desk_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(test_people__wrong_pins_lock_out_until_time_or_a_manager),
        DESK_TEST(test_people__approval_is_for_one_call_by_another_person),
        DESK_TEST(test_shift__z_equals_journal_and_drawer),
        DESK_TEST(test_shift__numbers_go_on_and_survive_a_restart),
        DESK_TEST(test_shift__closes_though_an_entry_is_lost_or_spoilt),
        DESK_TEST(test_shift__stays_open_while_the_journal_cannot_be_read),
        DESK_TEST(test_drawer__every_opening_is_on_the_journal),
        DESK_TEST(test_status__says_what_is_not_sent_yet),
        DESK_TEST(test_status__an_agent_that_fell_silent_is_not_online),
        DESK_TEST(test_open__waits_for_the_first_replica),
        DESK_TEST(test_open__one_writer_many_readers),
        DESK_TEST(test_restore__an_older_copy_opens_a_new_epoch),
        DESK_TEST(test_restore__found_while_running_when_the_agent_says_so),
        DESK_TEST(test_look__favourites_search_grid_and_variants),
        DESK_TEST(test_fiscal__answer_or_failure_is_on_the_receipt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
