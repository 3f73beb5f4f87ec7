/* On hand equals an independent fold, whatever happens in whatever order.
 *
 *   till:    entries with moves, rolled back ones, new epochs
 *   ledger:  takes entries in order, late, repeatedly; takes other tills' moves; each step is one
 *            transaction of its log
 *   replica: applies the log in order, late, repeatedly, or is replaced by a snapshot, even by one
 *            that is older than itself (a ledger restored from a backup)
 *
 * The model knows neither watermarks nor journals: what the till did is added up as it was done;
 * what others did counts once the replica has it.
 */
#include "terminal/stock/stock.h"

#include "tests/unit/terminal/stock/stock_fixture.h"

#define SKUS      5
#define EPOCHS    4
#define LOG_MAX   4000
#define STEPS     1500
#define ENTRY_MAX 6
#define PER_EPOCH 4000

static const char *const skus[SKUS] = {"A", "B", "b", "A-1", "\xc3\xa9"};

struct step {
    bool own;
    int epoch;
    int64_t seq;
    struct stock_move moves[ENTRY_MAX];
    size_t count;
};

struct balance {
    int64_t milli[SKUS][STOCK_STATUSES];
};

struct world {
    struct shop *shop;
    uint64_t random;
    struct id epochs[EPOCHS];
    int epoch;                    /* the current one */
    struct step *journal[EPOCHS]; /* own entries by epoch, [seq] */
    int64_t head[EPOCHS];
    int64_t taken[EPOCHS]; /* by the ledger */
    struct step *log;      /* of the ledger */
    int log_count;
    int applied;         /* by the replica */
    struct balance done; /* the model: all own moves */
};

static unsigned roll(struct world *world, unsigned sides)
{
    world->random = world->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(world->random >> 33) % sides;
}

static int status_of(const char *name)
{
    for (int i = 0; i < STOCK_STATUSES; i++) {
        if (strcmp(name, stock_status_name((enum stock_status)i)) == 0)
            return i;
    }
    return -1;
}

static int sku_of(const char *sku)
{
    int i = 0;
    while (strcmp(skus[i], sku) != 0)
        i++;
    return i;
}

static void fold(struct balance *balance, const struct step *step)
{
    for (size_t i = 0; i < step->count; i++) {
        const struct stock_move *move = &step->moves[i];
        int sku = sku_of(move->sku);
        int from = strcmp(move->from.location, "S01") == 0 ? status_of(move->from.status) : -1;
        int to = strcmp(move->to.location, "S01") == 0 ? status_of(move->to.status) : -1;
        if (from >= 0)
            balance->milli[sku][from] -= move->quantity.milli;
        if (to >= 0)
            balance->milli[sku][to] += move->quantity.milli;
    }
}

static void roll_moves(struct world *world, struct step *step)
{
    static const char *const ends[][2] = {
        {"S01", "available"},  {"S01", "reserved"},  {"S01", "staged"},    {"S01", "hold"},
        {"S01", "damaged"},    {"S01", "@customer"}, {"S01", "@supplier"}, {"S01", "@loss"},
        {"S01", "in_transit"}, {"S02", "available"}};
    step->count = roll(world, ENTRY_MAX + 1);
    for (size_t i = 0; i < step->count; i++) {
        unsigned from = roll(world, 10), to = (from + 1 + roll(world, 9)) % 10;
        step->moves[i] = stock_move_make((int64_t)i, skus[roll(world, SKUS)],
                                         (struct quantity){1 + roll(world, 5000)}, ends[from][0],
                                         ends[from][1], ends[to][0], ends[to][1], "any");
    }
}

/* ---- what may happen ---- */

static void till_sells(struct world *world)
{
    int64_t seq = world->head[world->epoch] + 1;
    struct step *step = &world->journal[world->epoch][seq];
    *step = (struct step){.own = true, .epoch = world->epoch, .seq = seq};
    roll_moves(world, step);
    shop_commit(world->shop, step->moves, step->count);
    assert_int_equal(journal_head(world->shop->till->journal).seq, seq);
    world->head[world->epoch] = seq;
    fold(&world->done, step);
}

static void till_gives_up(struct world *world)
{
    struct step step = {0};
    roll_moves(world, &step);
    fixture_ok(world->shop->till, db_begin(world->shop->till->db, &world->shop->till->error));
    shop_append(world->shop, step.moves, step.count);
    journal_rollback(world->shop->till->journal);
}

static void till_opens_epoch(struct world *world)
{
    struct chain_point ahead = journal_head(world->shop->till->journal);
    if (world->epoch + 1 == EPOCHS)
        return;
    ahead.seq++;
    fixture_reopen(world->shop->till, &ahead, 1);
    world->epochs[++world->epoch] = *journal_epoch(world->shop->till->journal);
    world->head[world->epoch] = 1; /* the epoch_open, without moves */
}

static void ledger_logs(struct world *world, const struct step *step)
{
    assert_true(world->log_count < LOG_MAX);
    world->log[world->log_count++] = *step;
}

/* A batch of one epoch; it may begin with entries that the ledger has already: those are skipped.
 */
static void ledger_takes(struct world *world)
{
    int epoch = (int)roll(world, (unsigned)world->epoch + 1);
    int64_t last = world->taken[epoch] + roll(world, 4);
    for (int64_t seq = 1; seq <= last && seq <= world->head[epoch]; seq++) {
        if (seq <= world->taken[epoch])
            continue;
        struct step step = world->journal[epoch][seq];
        step.own = true;
        step.epoch = epoch;
        step.seq = seq;
        ledger_logs(world, &step);
        world->taken[epoch] = seq;
    }
}

static void others_sell(struct world *world)
{
    struct step step = {0};
    roll_moves(world, &step);
    ledger_logs(world, &step);
}

/* Writes the rows of the log up to `position` into the open replica: stock and watermarks. */
static void write_replica(struct world *world, int position)
{
    struct balance balance = {0};
    int64_t marks[EPOCHS] = {0};
    for (int i = 0; i < position; i++) {
        fold(&balance, &world->log[i]);
        if (world->log[i].own)
            marks[world->log[i].epoch] = world->log[i].seq;
    }
    shop_ok(world->shop, db_begin(world->shop->replica, &world->shop->error));
    for (int sku = 0; sku < SKUS; sku++) {
        for (int status = 0; status < STOCK_STATUSES; status++)
            shop_put_stock(world->shop, skus[sku], stock_status_name((enum stock_status)status),
                           balance.milli[sku][status]);
    }
    for (int epoch = 0; epoch <= world->epoch; epoch++) {
        if (marks[epoch] > 0)
            shop_put_mark(world->shop, &world->epochs[epoch], marks[epoch]);
    }
    shop_ok(world->shop, db_commit(world->shop->replica, &world->shop->error));
    world->applied = position;
}

static void replica_applies(struct world *world)
{
    int ahead = world->log_count - world->applied;
    write_replica(world, world->applied + (int)roll(world, (unsigned)ahead + 1));
}

static void replica_is_replaced(struct world *world)
{
    shop_new_replica(world->shop);
    write_replica(world, (int)roll(world, (unsigned)world->log_count + 1));
}

static void anything(struct world *world)
{
    unsigned dice = roll(world, 1000);
    if (dice < 350)
        till_sells(world);
    else if (dice < 400)
        till_gives_up(world);
    else if (dice < 650)
        ledger_takes(world);
    else if (dice < 750)
        others_sell(world);
    else if (dice < 980)
        replica_applies(world);
    else if (dice < 995)
        replica_is_replaced(world);
    else
        till_opens_epoch(world);
}

static void check(struct world *world)
{
    struct balance want = world->done;
    struct stock_level levels[SKUS];
    for (int i = 0; i < world->applied; i++) {
        if (!world->log[i].own)
            fold(&want, &world->log[i]);
    }
    shop_ok(world->shop, stock_of_each(world->shop->till->db, world->shop->reader, "S01", skus,
                                       SKUS, levels, &world->shop->error));
    for (int sku = 0; sku < SKUS; sku++) {
        int64_t sum = 0;
        for (int status = 0; status < STOCK_STATUSES; status++) {
            assert_int_equal(levels[sku].by_status[status].milli, want.milli[sku][status]);
            sum += want.milli[sku][status];
        }
        assert_int_equal(levels[sku].on_hand.milli, sum);
    }
}

static void run(uint64_t seed)
{
    struct world world = {.shop = shop_make(), .random = seed};
    for (int i = 0; i < EPOCHS; i++)
        world.journal[i] = mem_alloc(PER_EPOCH * sizeof(struct step));
    world.log = mem_alloc(LOG_MAX * sizeof(struct step));
    world.epochs[0] = *journal_epoch(world.shop->till->journal);
    world.head[0] = 1;
    for (int i = 0; i < STEPS; i++) {
        anything(&world);
        check(&world);
    }
    for (int i = 0; i < EPOCHS; i++)
        free(world.journal[i]);
    free(world.log);
    shop_free(world.shop);
}

static void test_stock__on_hand_is_the_fold_of_everything(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        run(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stock__on_hand_is_the_fold_of_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
