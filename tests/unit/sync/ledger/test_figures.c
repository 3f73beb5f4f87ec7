/* Random histories against a model that knows nothing of tallies: it adds up, as each entry is
 * made, what the entry is said to mean (the folder's headers say so in words), under names like
 * "stock|S01|A|available". Tills of two shops, returns, leases, orders, customers, items that
 * become known late, clones whose branches are taken in or not, batches in any order and again and
 * again.
 */
#include "figures_model.h"
#include "trade_fixture.h"

#define TILLS  4
#define ROUNDS 220

/* --- the world --- */

struct held {
    struct id lease;
    int64_t left;
    int till;
};

struct sold {
    int till;
    int64_t seq;
    const char *sku;
};

struct world {
    struct fixture *fixture;
    struct model model;
    struct device *till[TILLS];
    int acked[TILLS];
    struct held held[64];
    int held_count;
    struct sold sold[64];
    int sold_count;
    int orders;
    bool x_known; /* the item X is in the catalogue */
};

static int chance(int below)
{
    return rand() % below;
}

static const char *any_sku(void)
{
    static const char *const skus[] = {"A", "B", "C\"q", "X"};

    return skus[chance(4)];
}

static json_t *begin(struct device *till, const char *kind, const char **date)
{
    static const char *const dates[] = {"2026-11-20", "2026-11-21", "2026-11-22"};
    json_t *entry = next_entry(till, kind);

    *date = dates[chance(3)];
    json_put_text(entry, "business_date", *date);
    return entry;
}

static void mean_entry(struct meaning *meaning, const char *location, const char *currency)
{
    mean(meaning, 1, "total|%s|%s#0", location, currency);
}

static void mean_money(struct meaning *meaning, const struct device *till, const char *date,
                       const char *what, int64_t amount)
{
    if (amount == 0)
        return;
    mean(meaning, amount, "money|%s|%s|GBP|%s#0", till->location, date, what);
    mean(meaning, 1, "money|%s|%s|GBP|%s#1", till->location, date, what);
}

static json_t *tender_item(const char *type, int64_t amount, const char *state)
{
    json_t *item = json_object();

    json_put_text(item, "type", type);
    json_put_int(item, "amount", amount);
    json_put_text(item, "state", state);
    return item;
}

/* The money of a sale; `sign` is -1 for a return. */
static void put_money(json_t *entry, const struct device *till, const char *date, int sign,
                      struct meaning *meaning)
{
    int64_t gross = sign * (1 + chance(5000)), tax = gross / 6, rounding = chance(5) - 2;
    int64_t change = sign < 0 ? 0 : chance(100), card = chance(3) == 0 ? gross / 2 : 0;
    int64_t cash = gross + rounding + change - card;
    json_t *tenders = json_array(), *rate = json_object();

    json_put_text(entry, "type", sign < 0 ? "return" : "sale");
    json_put_text(entry, "currency", "GBP");
    json_put_int(entry, "net", gross - tax);
    json_put_int(entry, "tax", tax);
    json_put_int(entry, "rounding", rounding);
    json_put_int(entry, "gross", gross);
    json_put_int(entry, "change", change);
    json_put_text(rate, "code", "A");
    json_put_int(rate, "tax", tax);
    json_put(entry, "rates", list_of(rate));
    json_add(tenders, tender_item("cash", cash, "taken"));
    json_add(tenders, tender_item("card", card, "taken"));
    json_add(tenders, tender_item("card", 12345, "reversed"));
    json_put(entry, "tenders", tenders);
    mean(meaning, 1, "total|%s|GBP#%d", till->location, sign < 0 ? 2 : 1);
    mean(meaning, gross, "total|%s|GBP#3", till->location);
    mean_money(meaning, till, date, "gross", gross);
    mean_money(meaning, till, date, "returns", sign < 0 ? gross : 0);
    mean_money(meaning, till, date, "net", gross - tax);
    mean_money(meaning, till, date, "tax:A", tax);
    mean_money(meaning, till, date, "rounding", rounding);
    mean_money(meaning, till, date, "change", change);
    mean_money(meaning, till, date, "tender:cash", cash);
    mean_money(meaning, till, date, "tender:card", card);
}

static void make_sale(struct world *world, struct device *till, struct meaning *meaning)
{
    const char *date, *sku = any_sku();
    json_t *entry = begin(till, "sale", &date), *line = json_object(), *discount = json_object();
    int64_t milli = 1 + chance(3000), off = chance(50);

    put_money(entry, till, date, 1, meaning);
    mean_entry(meaning, till->location, "GBP");
    json_put_int(line, "id", 1);
    json_put_text(line, "sku", sku);
    json_put_int(line, "base", milli);
    json_put_int(discount, "amount", off);
    json_put(line, "discounts", list_of(discount));
    json_put(entry, "lines", list_of(line));
    mean_money(meaning, till, date, "discount", off);
    if (chance(3) == 0) {
        json_put_text(entry, "customer", "p-1");
        mean(meaning, 1, "customer_total|p-1|GBP#0");
        mean(meaning, json_int_or(entry, "gross", 0), "customer_total|p-1|GBP#2");
    }
    put_move(entry, sku, milli, till->location, "available", "@customer");
    mean_move(meaning, sku, milli, till->location, "available", "@customer");
    seal_entry(till, entry);
    for (int i = 0; i < TILLS; i++) {
        if (world->till[i] == till && world->sold_count < 64)
            world->sold[world->sold_count++] = (struct sold){i, till->count, sku};
    }
}

static void make_return(struct world *world, struct device *till, struct meaning *meaning)
{
    const struct sold *sold = &world->sold[chance(world->sold_count)];
    const struct device *of = world->till[sold->till];
    const char *date;
    json_t *entry = begin(till, "sale", &date), *line = json_object(), *original = json_object();
    char hex[ID_HEX_SIZE];
    int64_t milli = 1 + chance(2000);

    put_money(entry, till, date, -1, meaning);
    mean_entry(meaning, till->location, "GBP");
    json_put_hex(original, "device", of->id.bytes, ID_SIZE);
    json_put_hex(original, "epoch", of->epoch.bytes, ID_SIZE);
    json_put_int(original, "seq", sold->seq);
    json_put_int(original, "line", 1);
    json_put_int(line, "id", 1);
    json_put_int(line, "base", -milli);
    json_put(line, "original", original);
    json_put(entry, "lines", list_of(line));
    hex_write(of->epoch.bytes, ID_SIZE, hex);
    mean(meaning, milli, "refunded|%s/%010lld/%06d#0", hex, (long long)sold->seq, 1);
    put_move(entry, sold->sku, milli, till->location, "@customer", "hold");
    mean_move(meaning, sold->sku, milli, till->location, "@customer", "hold");
    seal_entry(till, entry);
}

static void make_adjust(struct device *till, struct meaning *meaning)
{
    const char *date, *sku = any_sku();
    json_t *entry = begin(till, "adjust", &date);
    int64_t milli = 1 + chance(9000);

    mean_entry(meaning, till->location, "");
    put_move(entry, sku, milli, till->location, "@loss", "available");
    mean_move(meaning, sku, milli, till->location, "@loss", "available");
    seal_entry(till, entry);
}

static void make_paid(struct device *till, struct meaning *meaning)
{
    static const char *const kinds[] = {"paid_in", "paid_out"};
    const char *date, *kind = kinds[chance(2)];
    json_t *entry = begin(till, kind, &date);
    int64_t amount = 1 + chance(400);

    mean_entry(meaning, till->location, "");
    json_put_int(entry, "amount", amount);
    mean(meaning, amount, "money|%s|%s||%s#0", till->location, date, kind);
    mean(meaning, 1, "money|%s|%s||%s#1", till->location, date, kind);
    seal_entry(till, entry);
}

static void make_training(struct device *till, struct meaning *meaning)
{
    const char *date;
    json_t *entry = begin(till, "training", &date);

    mean_entry(meaning, till->location, "");
    put_move(entry, "A", 5000, till->location, "available", "@customer");
    json_put(entry, "accounts", list_of(account_item("GC-1", 999)));
    seal_entry(till, entry);
}

static void make_load(struct device *till, struct meaning *meaning)
{
    const char *date, *account = chance(2) == 0 ? "GC-1" : "GC-2";
    json_t *entry = begin(till, "sale", &date);
    int64_t amount = 1 + chance(1000);

    put_money(entry, till, date, 1, meaning);
    mean_entry(meaning, till->location, "GBP");
    json_put(entry, "accounts", list_of(account_item(account, amount)));
    mean(meaning, amount, "account|%s|GBP#0", account);
    seal_entry(till, entry);
}

/* Spends, or gives back, some of a lease that the till holds; sometimes too much. */
static void make_use(struct world *world, struct device *till, struct meaning *meaning)
{
    struct held *held = &world->held[chance(world->held_count)];
    int64_t amount = 1 + chance(300);
    bool back = chance(3) == 0;
    const char *date;
    json_t *entry = begin(till, back ? "lease_return" : "no_sale", &date);
    char lease[ID_HEX_SIZE], device[ID_HEX_SIZE];

    mean_entry(meaning, till->location, "");
    hex_write(held->lease.bytes, ID_SIZE, lease);
    hex_write(till->id.bytes, ID_SIZE, device);
    if (back) {
        json_put_hex(entry, "lease", held->lease.bytes, ID_SIZE);
        json_put_int(entry, "amount", amount);
    } else {
        json_put(entry, "accounts", list_of(account_item("GC-1", -amount)));
        json_put(entry, "leases", list_of(lease_item(&held->lease, amount)));
        mean(meaning, -amount, "account|GC-1|GBP#0");
    }
    mean(meaning, amount, "lease_use|%s|%s#%d", lease, device, back);
    seal_entry(till, entry);
}

static void make_pickup(struct world *world, struct device *till, struct meaning *meaning)
{
    static const struct {
        const char *kind, *state, *from, *to;
        int mark;
    } steps[] = {{"pickup_pick", "picked", "reserved", "staged", 0},
                 {"pickup_pick", "staged", "reserved", "staged", 1},
                 {"pickup_hand_over", "handed_over", "staged", "@customer", 2},
                 {"pickup_refuse", "refused", "staged", "available", 3},
                 {"pickup_refuse", "returned", "@customer", "available", 4}};
    int at = chance(5), order = chance(world->orders + 2); /* some are not known */
    int64_t milli = 1 + chance(700);
    char id[16];

    (void)snprintf(id, sizeof id, "W-%d", order);
    mean_entry(meaning, till->location, "");
    add_pickup(till, steps[at].kind, id, steps[at].state, "A", milli, steps[at].from, steps[at].to);
    mean(meaning, 1, "order_mark|web|%s#%d", id, steps[at].mark);
    if (at == 2)
        mean(meaning, milli, "order_handed|web|%s|A#0", id);
    mean_move(meaning, "A", milli, till->location, steps[at].from, steps[at].to);
}

static void make_customer(struct device *till, struct meaning *meaning)
{
    static const char *const ops[] = {"created", "updated", "updated", "erased"};
    const char *op = ops[chance(4)];
    char epoch[ID_HEX_SIZE], device[ID_HEX_SIZE];
    int64_t hlc = (START_MS + till->count) << 16;
    const char *group = chance(2) == 0 ? "gold" : "";

    add_customer(till, "p-1", op, group);
    hex_write(till->epoch.bytes, ID_SIZE, epoch);
    hex_write(till->id.bytes, ID_SIZE, device);
    mean_entry(meaning, till->location, "");
    mean(meaning, 1, "customer_fact|p-1|%019lld/%s/%s/%010d|%s|%s|#0", (long long)hlc, device,
         epoch, till->count, op, group);
}

static void make_entry(struct world *world, struct device *till, struct meaning *meaning)
{
    switch (chance(12)) {
    case 0:
        make_adjust(till, meaning);
        break;
    case 1:
        make_paid(till, meaning);
        break;
    case 2:
        make_training(till, meaning);
        break;
    case 3:
        make_load(till, meaning);
        break;
    case 4:
        make_customer(till, meaning);
        break;
    case 5:
        make_pickup(world, till, meaning);
        break;
    case 6:
        if (world->held_count > 0)
            make_use(world, till, meaning);
        else
            make_sale(world, till, meaning);
        break;
    case 7:
        if (world->sold_count > 0)
            make_return(world, till, meaning);
        else
            make_sale(world, till, meaning);
        break;
    default:
        make_sale(world, till, meaning);
    }
}

static void make_main(struct world *world, int index)
{
    struct meaning meaning = {0};

    make_entry(world, world->till[index], &meaning);
    take_in(&world->model, &meaning); /* it will be sent, sooner or later */
}

/* --- what is asked of the ledger --- */

static void post_some(struct world *world, int index)
{
    struct device *till = world->till[index];
    int first =
        1 + chance(world->acked[index] < till->count ? world->acked[index] + 1 : till->count);
    int most = till->count - first + 1, count = 1 + chance(most < 60 ? most : 60);

    (void)post_ok(world->fixture, till, first, count);
    if (first + count - 1 > world->acked[index])
        world->acked[index] = first + count - 1;
}

static void ask_for_lease(struct world *world)
{
    struct entropy entropy = entropy_system();
    struct id request = id_random(&entropy);
    int index = chance(TILLS);
    struct answer answer =
        ask_lease(world->fixture, world->till[index], &request, "value", "GC-1", 1 + chance(400));

    if (answer.status == 200 && world->held_count < 64) {
        struct held *held = &world->held[world->held_count++];
        held->till = index;
        if (hex_read(json_text_or(answer.json, "lease", ""), held->lease.bytes, ID_SIZE) !=
            STATUS_OK)
            fail();
    }
    answer_free(&answer);
}

static void order_something(struct world *world)
{
    char body[256];
    int64_t milli = 1 + chance(2000);
    struct meaning meaning = {0};
    struct answer answer;

    (void)snprintf(body, sizeof body,
                   "{\"channel\":\"web\",\"id\":\"W-%d\",\"location\":\"S01\",\"lines\":[{\"line\":"
                   "1,\"sku\":\"A\",\"quantity_milli\":%lld}]}",
                   world->orders, (long long)milli);
    answer = post_json(world->fixture, "/v1/orders", body);
    if (answer.status == 200) {
        mean_move(&meaning, "A", milli, "S01", "available", "reserved");
        take_in(&world->model, &meaning);
        world->orders++;
        (void)snprintf(body, sizeof body, "/v1/orders/web/W-%d/cancel", world->orders - 1);
        if (chance(4) == 0) {
            struct answer cancelled = post_json(world->fixture, body, "{}");
            if (cancelled.status == 200)
                mean_move(&meaning, "A", milli, "S01", "reserved", "available");
            take_in(&world->model, &meaning);
            answer_free(&cancelled);
        }
    }
    answer_free(&answer);
}

/* A clone goes on from what the ledger has, by itself; its entries are a branch. */
static void fork_off(struct world *world)
{
    int index = chance(TILLS), shared = world->acked[index];
    struct device *clone;
    struct meaning meaning = {0};

    if (shared < 2)
        return;
    clone = clone_of(world->till[index]);
    clone->count = shared - 1;
    for (int i = 1 + chance(6); i > 0; i--)
        make_sale(world, clone, &meaning); /* never noted as sold: it is not one of the tills */
    expect_status(post_entries(world->fixture, clone, shared, clone->count - shared + 1), 409);
    if (chance(2) == 0) {
        for (int i = 0; i < 2; i++)
            expect_status(change_exception(world->fixture, exception_id(world->fixture, "fork"),
                                           "{\"op\":\"apply\"}"),
                          200);
        take_in(&world->model, &meaning);
    }
    free(meaning.parts);
    clone_free(clone, shared - 1);
}

static void go_on(struct world *world)
{
    int what = chance(40), index = chance(TILLS);

    if (what == 0)
        ask_for_lease(world);
    else if (what == 1)
        order_something(world);
    else if (what == 2)
        fork_off(world);
    else if (what < 12)
        post_some(world, index);
    else
        make_main(world, index);
}

/* --- the comparison --- */

/* Rows of keys (texts) and sums against the model's sums of that name. */
static void compare(struct world *world, const char *table, const char *sql, int keys, int sums)
{
    struct store_session *reader;
    struct store_query *query;
    struct error error = {0};
    bool row = false;

    must(ledger_reader(world->fixture->ledger, &reader, &error), &error);
    must(store_query(reader, sql, NULL, 0, &query, &error), &error);
    while (store_next(reader, query, &row, &error) == STATUS_OK && row) {
        char name[NAME_SIZE];
        size_t used = (size_t)snprintf(name, sizeof name, "%s", table);
        for (int i = 0; i < keys; i++)
            used += (size_t)snprintf(name + used, sizeof name - used, "|%s",
                                     store_column_text(reader, query, i));
        for (int i = 0; i < sums; i++) {
            (void)snprintf(name + used, sizeof name - used, "#%d", i);
            struct sum *sum = model_sum(&world->model, name);
            int64_t stored = store_column_int(reader, query, keys + i);
            if (sum->value != stored)
                fail_msg("%s: %lld, the model says %lld", name, (long long)stored,
                         (long long)sum->value);
            sum->met = true;
        }
    }
    ledger_reader_back(world->fixture->ledger, reader);
}

static void compare_all(struct world *world)
{
    for (size_t i = 0; i < world->model.count; i++)
        world->model.sums[i].met = false;
    compare(world, "stock", "SELECT location, sku, status, quantity_milli FROM stock", 3, 1);
    compare(world, "total",
            "SELECT location, currency, entries, sales, returns, gross_minor FROM total", 2, 4);
    compare(world, "money",
            "SELECT location, business_date, currency, what, amount_minor, count FROM money", 4, 2);
    compare(world, "account", "SELECT account, currency, balance_minor FROM account", 2, 1);
    compare(world, "lease_use", "SELECT lease, device, spent, returned FROM lease_use", 2, 2);
    compare(world, "customer_total",
            "SELECT customer, currency, sales, returns, gross_minor FROM customer_total", 2, 3);
    compare(world, "customer_fact",
            "SELECT customer, stamp, op, group_id, hash, count FROM customer_fact", 5, 1);
    compare(world, "refunded", "SELECT original, quantity_milli FROM refunded", 1, 1);
    compare(world, "order_mark",
            "SELECT channel, id, picked, staged, handed_over, refused, returned FROM order_mark", 2,
            5);
    compare(world, "order_handed", "SELECT channel, id, sku, quantity_milli FROM order_handed", 3,
            1);
    for (size_t i = 0; i < world->model.count; i++) {
        const struct sum *sum = &world->model.sums[i];
        if (!sum->met && sum->value != 0)
            fail_msg("%s is missing: %lld", sum->name, (long long)sum->value);
    }
}

static enum status repair(void *context, const struct writer_turn *turn, struct error *error)
{
    (void)context;
    return projection_repair(turn, error);
}

/* While moves wait for their item: those that were lost are written again. */
static void damage_and_repair_waiting(struct world *world)
{
    struct writer_job job = {.run = repair};
    struct error error = {0};
    int64_t waiting = query_int(world->fixture, "SELECT count(*) FROM suspense");

    assert_true(waiting > 0);
    run_sql(world->fixture, "DELETE FROM suspense WHERE ordinal = 0");
    must(writer_run(world->fixture->ledger->writer, &job, &error), &error);
    assert_int_equal(query_int(world->fixture, "SELECT count(*) FROM suspense"), waiting);
    assert_projections_true(world->fixture);
}

/* The check must see every kind of damage, and the repair mend it. */
static void damage_and_repair(struct world *world)
{
    struct writer_job job = {.run = repair};
    struct error error = {0};
    struct projection_report report;
    struct store_session *reader;

    run_sql(world->fixture, "UPDATE money SET count = count + 1");
    run_sql(world->fixture, "DELETE FROM refunded");
    run_sql(world->fixture, "UPDATE order_mark SET picked = picked + 1");
    run_sql(world->fixture, "UPDATE lease SET closed = 1 - closed");
    run_sql(world->fixture, "UPDATE watermark SET seq = seq - 1");
    run_sql(world->fixture, "DELETE FROM pickup_line");
    run_sql(world->fixture, "UPDATE pickup_order SET state = 'picked'");
    run_sql(world->fixture, "UPDATE branch_mark SET seq = seq + 1");
    run_sql(world->fixture, "INSERT INTO account(account, currency, balance_minor) "
                            "SELECT 'GC-9', 'GBP', 5");
    must(ledger_reader(world->fixture->ledger, &reader, &error), &error);
    must(projection_check(reader, &report, &error), &error);
    ledger_reader_back(world->fixture->ledger, reader);
    assert_true(report.differences > 5);
    must(writer_run(world->fixture->ledger->writer, &job, &error), &error);
    assert_projections_true(world->fixture);
    compare_all(world);
}

static void run_history(struct fixture *fixture, unsigned seed)
{
    static const char *const places[TILLS] = {"S01", "S01", "S02", "S02"};
    struct world world = {.fixture = fixture};
    struct meaning meaning = {0};

    srand(seed);
    admin_put(fixture, SHOP_ROWS);
    open_stock(fixture, "A", 5000);
    mean_move(&meaning, "A", 5000, "S01", "@supplier", "available");
    take_in(&world.model, &meaning);
    for (int i = 0; i < TILLS; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "T%02d", i + 1);
        world.till[i] = device_make(fixture, places[i], name);
        snprintf(world.till[i]->location, sizeof world.till[i]->location, "%s", places[i]);
        add_open(world.till[i], NULL);
        mean_entry(&meaning, places[i], "");
        take_in(&world.model, &meaning);
    }
    for (int round = 0; round < ROUNDS; round++)
        go_on(&world);
    for (int i = 0; i < TILLS; i++) {
        (void)post_ok(fixture, world.till[i], 1, world.till[i]->count);
        (void)post_ok(fixture, world.till[i], 1, world.till[i]->count);
    }
    assert_projections_true(fixture); /* while X is not known */
    if (seed % 4 == 1)
        damage_and_repair_waiting(&world);
    admin_put(fixture, "{\"rows\":[{\"t\":\"item\",\"op\":\"put\",\"row\":{\"sku\":\"X\","
                       "\"name\":\"X\"}}]}");
    assert_projections_true(fixture);
    compare_all(&world);
    if (seed % 4 == 0 && world.held_count > 0)
        damage_and_repair(&world);
    for (int i = 0; i < TILLS; i++)
        device_free(world.till[i]);
    free(world.model.sums);
}

static void test_figures__equal_a_model_for_any_history(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 12; seed++) {
        struct fixture *fixture = fixture_make();
        run_history(fixture, seed);
        fixture_free(fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figures__equal_a_model_for_any_history),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
