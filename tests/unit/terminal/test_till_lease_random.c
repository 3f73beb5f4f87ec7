/* Random lives of a till with leases: sales, returns of leases, restarts, disks put back to earlier
 * copies. A model of the ledger, which is shown every entry before a copy is put back, keeps the
 * sum: nothing is spent beyond what was granted, and what the till says is left is what the model
 * says, whenever the ledger was heard in the open epoch.
 */
#include "tests/unit/support/lease_desk.h"

#include "terminal/base/db.h"
#include "terminal/base/file.h"
#include "terminal/base/log.h"

#define CARD  "GC-1001"
#define STEPS 220
#define MOST  16

struct model {
    struct desk *desk;
    uint64_t chance;
    struct held_lease leases[MOST];
    int64_t used[MOST]; /* by all entries that ever were, here or forgotten */
    int count;
    bool heard; /* the ledger, in this epoch */
};

static int64_t pick(struct model *model, int64_t low, int64_t high)
{
    model->chance ^= model->chance << 13;
    model->chance ^= model->chance >> 7;
    model->chance ^= model->chance << 17;
    return low + (int64_t)(model->chance % (uint64_t)(high - low + 1));
}

static int of_hex(const struct model *model, const char *hex)
{
    struct id lease = desk_id(hex);

    for (int i = 0; i < model->count; i++) {
        if (memcmp(&model->leases[i].lease, &lease, sizeof lease) == 0)
            return i;
    }
    fail_msg("a lease that nobody granted");
    return 0;
}

static void ask(struct model *model)
{
    struct desk *desk = model->desk;
    char request[ID_HEX_SIZE];

    if (model->count == MOST || !model->heard)
        return;
    desk_ok(desk, till_lease_ask(desk->till, LEASE_OF_VALUE, CARD, pick(model, 1, 900), request,
                                 &desk->error));
    model->leases[model->count] = desk_grant_of(desk, request, CARD, pick(model, 1, 900));
    model->leases[model->count].granted_ms = model->count;
    desk_ok(desk, lease_keep(store_sync(&desk->store), &model->leases[model->count], &desk->error));
    model->count++;
    desk_refresh(desk);
}

/* A sale paid from the card as far as it goes, the rest in cash. */
static void sell(struct model *model)
{
    struct desk *desk = model->desk;
    struct sale_result result;
    struct money wanted;
    enum status status;

    desk_add(desk, (struct add_request){.sku = "TEA"});
    wanted.minor = pick(model, 1, desk_total(desk));
    status = till_tender_account(desk->till, CARD, wanted, &desk->error);
    if (status != STATUS_OK && status != STATUS_CONFLICT && status != STATUS_NOT_FOUND &&
        status != STATUS_BUSY)
        fail_msg("%s: %s", status_name(status), desk->error.text);
    assert_true(model->heard || status != STATUS_OK);
    for (int i = 0; i < till_cart(desk->till)->tender_count; i++)
        assert_string_equal(till_cart(desk->till)->tenders[i].type, "account");
    if (till_cart(desk->till)->to_pay.minor > 0)
        desk_ok(desk, till_tender_cash(desk->till, till_cart(desk->till)->cash_due, &desk->error));
    desk_ok(desk, till_sale_commit(desk->till, &result, &desk->error));
}

static void give_back(struct model *model)
{
    struct desk *desk = model->desk;
    struct lease_view views[VIEWS];
    int count = desk_leases(desk, views);
    const struct lease_view *lease = count > 0 ? &views[pick(model, 0, count - 1)] : NULL;
    int64_t amount;
    enum status status;

    if (lease == NULL || lease->state != LEASE_HELD)
        return;
    amount = pick(model, 1, lease->left + 1);
    status = till_lease_return(desk->till, lease->lease, amount, &desk->error);
    assert_true(status == STATUS_OK ? model->heard && amount <= lease->left
                                    : status == STATUS_BUSY || status == STATUS_CONFLICT);
}

/* What the entries of this disk used up: the sums of the till's own records. */
static void count_used(struct model *model, int64_t used[MOST])
{
    struct desk *desk = model->desk;
    struct db_statement *statement;
    struct db *db;
    bool row = true;
    char *path = path_join(desk->store.folder, "till.db");

    memset(used, 0, MOST * sizeof used[0]);
    desk_ok(desk, db_open(path, DB_READER, &db, &desk->error));
    desk_ok(desk,
            db_prepare(db, "SELECT lease, amount FROM lease_spend", &statement, &desk->error));
    while (db_step(statement, &row, &desk->error) == STATUS_OK && row)
        used[of_hex(model, db_text(statement, 0))] += db_int(statement, 1);
    db_close(db);
    free(path);
}

static void check(struct model *model, const int64_t lost[MOST])
{
    struct lease_view views[VIEWS];
    int64_t here[MOST];
    int count = desk_leases(model->desk, views);

    count_used(model, here);
    for (int i = 0; i < model->count; i++) {
        model->used[i] = here[i] + lost[i];
        assert_true(model->used[i] <= model->leases[i].amount);
    }
    for (int i = 0; i < count && model->heard; i++) {
        int at = views[i].state == LEASE_HELD ? of_hex(model, views[i].lease) : 0;

        if (views[i].state == LEASE_HELD)
            assert_int_equal(views[i].left, model->leases[at].amount - model->used[at]);
    }
}

/* The ledger is greeted: it has every entry that there ever was. */
static void greet(struct model *model)
{
    struct desk *desk = model->desk;
    struct till_figures figures = desk_head(desk);
    struct lease_mark marks[64];
    struct journal_epoch_info *epochs;
    struct db *db;
    size_t count;
    char *path = path_join(desk->store.folder, "till.db");

    desk_ok(desk, db_open(path, DB_READER, &db, &desk->error));
    desk_ok(desk, journal_epochs(db, &epochs, &count, &desk->error));
    assert_true(count <= 64);
    for (size_t i = 0; i < count; i++)
        marks[i] = (struct lease_mark){epochs[i].epoch, epochs[i].head_seq};
    for (int i = 0; i < model->count; i++) {
        model->leases[i].told = model->leases[i].amount - model->used[i];
        model->leases[i].epoch = desk_id(figures.epoch_hex);
    }
    desk_ok(desk, lease_told(store_sync(&desk->store), model->leases, (size_t)model->count, marks,
                             count, &desk->error));
    free(epochs);
    db_close(db);
    free(path);
    model->heard = true;
    desk_refresh(desk);
}

static void copy_away(struct model *model)
{
    till_close(model->desk->till);
    store_copy_file(&model->desk->store, "till.db", "till.backup");
    desk_open(model->desk);
    desk_sign_in(model->desk, "M1", "2222");
}

/* The copy is put back; what it lacks is at the ledger. False when it lacks nothing. */
static bool put_back(struct model *model, int64_t lost[MOST])
{
    struct desk *desk = model->desk;
    struct till_figures before = desk_head(desk);
    int64_t here[MOST];

    desk_acknowledge(desk);
    till_close(desk->till);
    store_copy_file(&desk->store, "till.backup", "till.db");
    desk_open(desk);
    desk_sign_in(desk, "M1", "2222");
    count_used(model, here);
    for (int i = 0; i < model->count; i++)
        lost[i] = model->used[i] - here[i];
    return strcmp(desk_head(desk).epoch_hex, before.epoch_hex) != 0;
}

static void live(struct desk *desk, uint64_t seed)
{
    struct model model = {.desk = desk, .chance = seed * 7919 + 1, .heard = true};
    int64_t lost[MOST] = {0};
    bool kept = false;

    for (int i = 0; i < STEPS; i++) {
        int64_t what = pick(&model, 0, 99);

        if (what < 12)
            ask(&model);
        else if (what < 60)
            sell(&model);
        else if (what < 72)
            give_back(&model);
        else if (what < 82)
            desk_restart(desk);
        else if (what < 90)
            greet(&model);
        else if (what < 94)
            copy_away(&model), kept = true;
        else if (kept && put_back(&model, lost))
            model.heard = false;
        check(&model, lost);
    }
    desk_verify(desk);
}

static void test_lease_random__nothing_is_spent_twice(void **state)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        (void)desk_make(state);
        live(*state, seed);
        (void)desk_remove(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lease_random__nothing_is_spent_twice),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
