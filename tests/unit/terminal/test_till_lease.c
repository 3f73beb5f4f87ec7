/* Gift cards at the till: asked for, spent offline up to what is left, given back, loaded; and what
 * a restart, a power cut between two writes, and a restored disk make of it. */
#include "tests/unit/support/lease_desk.h"

#include "terminal/base/db.h"
#include "terminal/base/file.h"
#include "terminal/base/json.h"

#define CARD "GC-1001"

static enum status pay(struct desk *desk, int64_t minor)
{
    return till_tender_account(desk->till, CARD, (struct money){minor}, &desk->error);
}

static struct sale_result commit(struct desk *desk)
{
    struct sale_result result;

    desk_ok(desk, till_sale_commit(desk->till, &result, &desk->error));
    return result;
}

/* The newest entry, as a stranger reads it. */
static json_t *last_entry(struct desk *desk)
{
    struct db_statement *statement;
    struct db *db;
    json_t *entry = NULL;
    size_t length;
    bool row;
    char *path = path_join(desk->store.folder, "till.db");
    const char *bytes;

    desk_ok(desk, db_open(path, DB_READER, &db, &desk->error));
    free(path);
    desk_ok(desk, db_prepare(db, "SELECT bytes FROM entry ORDER BY id DESC LIMIT 1", &statement,
                             &desk->error));
    desk_ok(desk, db_step(statement, &row, &desk->error));
    bytes = db_blob(statement, 0, &length);
    desk_ok(desk, json_read(bytes, length, &entry, &desk->error));
    db_reset(statement);
    db_close(db);
    return entry;
}

static void test_lease__is_spent_offline_and_no_further(void **state)
{
    struct desk *desk = *state;
    struct lease_view lease = desk_hold(desk, CARD, 1000);
    json_t *entry, *item;

    assert_int_equal(lease.state, LEASE_HELD);
    assert_true(lease.usable);
    assert_int_equal(lease.left, 1000);
    desk_add(desk, (struct add_request){.sku = "CANDLE"}); /* 12.50 */
    assert_int_equal(pay(desk, 1250), STATUS_CONFLICT);
    assert_int_equal(till_cart(desk->till)->tender_count, 0);
    assert_int_equal(pay(desk, 2000), STATUS_RANGE);
    desk_ok(desk, pay(desk, 1000));
    assert_int_equal(desk_lease(desk).left, 0);
    assert_int_equal(pay(desk, 1), STATUS_CONFLICT);
    desk_ok(desk, till_tender_cash(desk->till, (struct money){250}, &desk->error));
    commit(desk);
    entry = last_entry(desk);
    item = json_array_get(json_object_get(entry, "accounts"), 0);
    assert_string_equal(json_text_or(item, "account", ""), CARD);
    assert_int_equal(json_int_or(item, "amount", 0), -1000);
    assert_string_equal(json_text_or(item, "currency", ""), "GBP");
    assert_string_equal(json_text_or(item, "lease", ""), lease.lease);
    assert_string_equal(json_text_or(item, "reason", ""), "spend");
    item = json_array_get(json_object_get(entry, "leases"), 0);
    assert_string_equal(json_text_or(item, "lease", ""), lease.lease);
    assert_int_equal(json_int_or(item, "amount", 0), 1000);
    item = json_array_get(json_object_get(entry, "tenders"), 0);
    assert_string_equal(json_text_or(item, "type", ""), "account");
    assert_string_equal(json_text_or(item, "account", ""), CARD);
    assert_string_equal(json_text_or(item, "lease", ""), lease.lease);
    json_decref(entry);
    desk_verify(desk);
}

static void test_lease__without_one_nothing_is_paid(void **state)
{
    struct desk *desk = *state;

    desk_add(desk, (struct add_request){.sku = "TEA"});
    assert_int_equal(pay(desk, 100), STATUS_NOT_FOUND);
    assert_int_equal(
        till_tender_account(desk->till, "4111 1111 1111 1111", (struct money){1}, NULL),
        STATUS_INVALID);
    assert_int_equal(till_tender_account(desk->till, "4111-1111-1111", (struct money){1}, NULL),
                     STATUS_INVALID);
    assert_int_equal(till_cart(desk->till)->tender_count, 0);
}

/* It pays from its own account alone, and what is promised of an item is no money at all. */
static void test_lease__of_something_else_pays_nothing(void **state)
{
    struct desk *desk = *state;
    struct held_lease goods;
    char request[ID_HEX_SIZE];

    desk_hold(desk, "GC-2002", 1000);
    desk_ok(desk, till_lease_ask(desk->till, LEASE_OF_STOCK, CARD, 500, request, &desk->error));
    goods = desk_grant_of(desk, request, CARD, 500);
    copy_text(goods.kind, sizeof goods.kind, LEASE_OF_STOCK);
    copy_text(goods.currency, sizeof goods.currency, "");
    desk_ok(desk, lease_keep(store_sync(&desk->store), &goods, &desk->error));
    desk_refresh(desk);
    desk_add(desk, (struct add_request){.sku = "TEA"});
    assert_int_equal(pay(desk, 100), STATUS_NOT_FOUND);
    desk_ok(desk, till_tender_account(desk->till, "GC-2002", (struct money){100}, &desk->error));
    assert_int_equal(pay(desk, 100), STATUS_NOT_FOUND);
    assert_int_equal(till_cart(desk->till)->tender_count, 1);
}

static void test_lease__survives_a_restart_and_a_reversed_tender(void **state)
{
    struct desk *desk = *state;

    desk_hold(desk, CARD, 1000);
    desk_add(desk, (struct add_request){.sku = "TEA"}); /* 3.95 */
    desk_ok(desk, pay(desk, 300));
    desk_restart(desk);
    assert_int_equal(desk_lease(desk).left, 700);
    desk_ok(desk,
            till_tender_reverse(desk->till, till_cart(desk->till)->tenders[0].id, &desk->error));
    assert_int_equal(desk_lease(desk).left, 1000);
    desk_ok(desk, pay(desk, 395));
    commit(desk);
    desk_restart(desk);
    assert_int_equal(desk_lease(desk).left, 605);
    desk_verify(desk);
}

static void test_lease__several_on_one_account_pay_together(void **state)
{
    struct desk *desk = *state;
    struct held_lease second;
    char request[ID_HEX_SIZE];

    desk_hold(desk, CARD, 200);
    desk_ok(desk, till_lease_ask(desk->till, LEASE_OF_VALUE, CARD, 500, request, &desk->error));
    second = desk_grant_of(desk, request, CARD, 500);
    second.granted_ms = 1;
    desk_ok(desk, lease_keep(store_sync(&desk->store), &second, &desk->error));
    desk_refresh(desk);
    desk_add(desk, (struct add_request){.sku = "TEA"});
    desk_ok(desk, pay(desk, 395));
    assert_int_equal(till_cart(desk->till)->tender_count, 2);
    assert_int_equal(till_cart(desk->till)->tenders[0].amount.minor, 200);
    assert_int_equal(till_cart(desk->till)->tenders[1].amount.minor, 195);
    commit(desk);
    assert_int_equal(desk_lease(desk).left, 305);
    desk_verify(desk);
}

static void test_lease__given_back_is_an_entry(void **state)
{
    struct desk *desk = *state;
    struct lease_view lease = desk_hold(desk, CARD, 1000);
    json_t *entry;

    assert_int_equal(till_lease_return(desk->till, lease.lease, 1001, &desk->error),
                     STATUS_CONFLICT);
    desk_ok(desk, till_lease_return(desk->till, lease.lease, 400, &desk->error));
    entry = last_entry(desk);
    assert_string_equal(json_text_or(entry, "kind", ""), "lease_return");
    assert_string_equal(json_text_or(entry, "lease", ""), lease.lease);
    assert_int_equal(json_int_or(entry, "amount", 0), 400);
    json_decref(entry);
    assert_int_equal(desk_lease(desk).left, 600);
    desk_add(desk, (struct add_request){.sku = "TEA"});
    desk_ok(desk, pay(desk, 395));
    assert_int_equal(till_lease_return(desk->till, lease.lease, 206, &desk->error),
                     STATUS_CONFLICT);
    desk_ok(desk, till_lease_return(desk->till, lease.lease, 205, &desk->error));
    commit(desk);
    desk_verify(desk);
}

static void test_lease__wishes_wait_are_refused_and_go(void **state)
{
    struct desk *desk = *state;
    struct held_lease refused;
    struct lease_view views[VIEWS];
    char request[ID_HEX_SIZE], second[ID_HEX_SIZE];

    assert_int_equal(till_lease_ask(desk->till, LEASE_OF_VALUE, CARD, 0, request, NULL),
                     STATUS_INVALID);
    assert_int_equal(till_lease_ask(desk->till, "gold", CARD, 5, request, NULL), STATUS_INVALID);
    desk_ok(desk, till_lease_ask(desk->till, LEASE_OF_VALUE, CARD, 500, request, &desk->error));
    assert_int_equal(desk_lease(desk).state, LEASE_WAITING);
    refused = desk_grant_of(desk, request, CARD, 0);
    copy_text(refused.refused, sizeof refused.refused, "nothing is left on it");
    desk_ok(desk, lease_keep(store_sync(&desk->store), &refused, &desk->error));
    desk_restart(desk);
    assert_int_equal(desk_lease(desk).state, LEASE_REFUSED);
    assert_string_equal(desk_lease(desk).refused, "nothing is left on it");
    desk_ok(desk, till_lease_ask(desk->till, LEASE_OF_STOCK, "TEA", 2000, second, &desk->error));
    assert_int_equal(desk_leases(desk, views), 1);
    assert_string_equal(views[0].request, second);
    assert_string_equal(views[0].currency, "");
}

static void test_lease__a_gift_card_is_sold_and_paid_back_into(void **state)
{
    struct desk *desk = *state;
    json_t *entry, *item;

    desk_add(desk, (struct add_request){.sku = "BAG"});
    assert_int_equal(till_cart_account(desk->till, desk_line(desk, 0)->id, "no spaces", NULL),
                     STATUS_INVALID);
    desk_ok(desk, till_cart_account(desk->till, desk_line(desk, 0)->id, CARD, &desk->error));
    desk_add(desk, (struct add_request){.sku = "BAG"}); /* another bag does not load the card */
    assert_int_equal(till_cart(desk->till)->count, 2);
    desk_add(desk, (struct add_request){.sku = "TEA"});
    assert_int_equal(till_cart_account(desk->till, desk_line(desk, 2)->id, CARD, NULL),
                     STATUS_INVALID); /* goods are no gift card */
    desk_pay_cash(desk, desk_total(desk));
    entry = last_entry(desk);
    assert_int_equal(json_array_size(json_object_get(entry, "accounts")), 1);
    assert_null(json_object_get(entry, "leases"));
    item = json_array_get(json_object_get(entry, "accounts"), 0);
    assert_int_equal(json_int_or(item, "amount", 0), 20);
    assert_string_equal(json_text_or(item, "reason", ""), "load");
    json_decref(entry);

    desk_ok(desk, till_cart_returning(desk->till, "unwanted", "restock", &desk->error));
    desk_add(desk, (struct add_request){.sku = "TEA"});
    desk_ok(desk, pay(desk, -395));
    commit(desk);
    entry = last_entry(desk);
    item = json_array_get(json_object_get(entry, "accounts"), 0);
    assert_int_equal(json_int_or(item, "amount", 0), 395);
    assert_string_equal(json_text_or(item, "reason", ""), "refund");
    assert_string_equal(json_text_or(item, "lease", "x"), "");
    json_decref(entry);
    desk_verify(desk);
}

static void test_lease__shows_in_the_shift_and_the_z(void **state)
{
    struct desk *desk = *state;
    struct shift_view shift;
    struct money difference;

    desk_hold(desk, CARD, 1000);
    desk_add(desk, (struct add_request){.sku = "TEA"});
    desk_ok(desk, pay(desk, 395));
    assert_false(commit(desk).drawer);
    desk_ok(desk, till_shift(desk->till, &shift, &desk->error));
    assert_int_equal(shift.cash_taken.minor, 0);
    assert_int_equal(shift.card_taken.minor, 0);
    desk_ok(desk,
            till_shift_close(desk->till, (struct money){10000}, &shift, &difference, &desk->error));
    assert_int_equal(difference.minor, 0);
}

/* The disk is put back to before the spending, which the ledger has: the lease can't be used until
 * the ledger has said what is left, and then no further. */
static void test_lease__a_restored_till_does_not_spend_twice(void **state)
{
    struct desk *desk = *state;
    struct held_lease told;
    struct lease_mark mark;
    struct till_figures before;
    struct lease_view lease = desk_hold(desk, CARD, 1000);

    till_close(desk->till);
    store_copy_file(&desk->store, "till.db", "till.backup");
    desk_open(desk);
    desk_sign_in(desk, "M1", "2222");
    desk_add(desk, (struct add_request){.sku = "CANDLE"});
    desk_ok(desk, pay(desk, 900));
    desk_ok(desk, till_tender_cash(desk->till, (struct money){350}, &desk->error));
    commit(desk);
    desk_acknowledge(desk);
    till_close(desk->till);
    store_copy_file(&desk->store, "till.backup", "till.db");
    desk_open(desk);
    desk_sign_in(desk, "M1", "2222");
    before = desk_head(desk);
    assert_int_equal(before.head_seq, 1); /* a new epoch */
    assert_false(desk_lease(desk).usable);
    desk_add(desk, (struct add_request){.sku = "CANDLE"});
    assert_int_equal(pay(desk, 100), STATUS_BUSY);
    assert_int_equal(till_lease_return(desk->till, lease.lease, 1, &desk->error), STATUS_BUSY);

    told = desk_grant_of(desk, lease.request, CARD, 1000);
    told.told = 100;
    mark = (struct lease_mark){.epoch = told.epoch, .seq = 1};
    desk_ok(desk, lease_told(store_sync(&desk->store), &told, 1, &mark, 1, &desk->error));
    desk_refresh(desk);
    assert_int_equal(desk_lease(desk).left, 100);
    assert_int_equal(pay(desk, 101), STATUS_CONFLICT);
    desk_ok(desk, pay(desk, 100));
    desk_ok(desk, till_tender_cash(desk->till, (struct money){1150}, &desk->error));
    commit(desk);
    assert_int_equal(pay(desk, 1), STATUS_INVALID); /* an empty cart */
    desk_verify(desk);
}

/* Between tender and commit the ledger says that less is left: the sale is not committed with it.
 */
static void test_lease__commit_asks_again(void **state)
{
    struct desk *desk = *state;
    struct lease_view lease = desk_hold(desk, CARD, 1000);
    struct held_lease told = desk_grant_of(desk, lease.request, CARD, 1000);
    struct sale_result result;

    desk_add(desk, (struct add_request){.sku = "TEA"});
    desk_ok(desk, pay(desk, 395));
    told.told = 394;
    desk_ok(desk, lease_told(store_sync(&desk->store), &told, 1, NULL, 0, &desk->error));
    assert_int_equal(till_sale_commit(desk->till, &result, &desk->error), STATUS_CONFLICT);
    desk_ok(desk, lease_told(store_sync(&desk->store), NULL, 0, NULL, 0, &desk->error));
    assert_int_equal(till_sale_commit(desk->till, &result, &desk->error), STATUS_CONFLICT);
    desk_ok(desk,
            till_tender_reverse(desk->till, till_cart(desk->till)->tenders[0].id, &desk->error));
    desk_pay_cash(desk, 395);
    desk_verify(desk);
}

static void test_lease__verify_finds_a_forged_record(void **state)
{
    struct desk *desk = *state;
    struct db *db;
    int64_t checked;
    char *path;

    desk_hold(desk, CARD, 1000);
    desk_add(desk, (struct add_request){.sku = "TEA"});
    desk_ok(desk, pay(desk, 395));
    commit(desk);
    till_close(desk->till);
    path = path_join(desk->store.folder, "till.db");
    desk_ok(desk, db_open(path, DB_OWNER_FULL, &db, &desk->error));
    desk_ok(desk, db_exec(db, "UPDATE lease_spend SET amount = 1", &desk->error));
    db_close(db);
    free(path);
    desk_open(desk);
    assert_int_equal(till_verify(desk->till, &checked, &desk->error), STATUS_CORRUPT);
}

#define LEASE_TEST(name) cmocka_unit_test_setup_teardown(name, desk_make, desk_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEASE_TEST(test_lease__is_spent_offline_and_no_further),
        LEASE_TEST(test_lease__without_one_nothing_is_paid),
        LEASE_TEST(test_lease__of_something_else_pays_nothing),
        LEASE_TEST(test_lease__survives_a_restart_and_a_reversed_tender),
        LEASE_TEST(test_lease__several_on_one_account_pay_together),
        LEASE_TEST(test_lease__given_back_is_an_entry),
        LEASE_TEST(test_lease__wishes_wait_are_refused_and_go),
        LEASE_TEST(test_lease__a_gift_card_is_sold_and_paid_back_into),
        LEASE_TEST(test_lease__shows_in_the_shift_and_the_z),
        LEASE_TEST(test_lease__a_restored_till_does_not_spend_twice),
        LEASE_TEST(test_lease__commit_asks_again),
        LEASE_TEST(test_lease__verify_finds_a_forged_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
