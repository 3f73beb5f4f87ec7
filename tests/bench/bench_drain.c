/* Offline sales of 3 lines drained by holdfast-sync --once, from its start to its end; beside bare
 * inserts of the very rows that the ledger has more afterwards: entries, balances, changes,
 * exceptions (the shop counted no stock, so that every sale makes it negative).
 *
 *   before   what the ledger held      taken   what it has more, in memory
 */
#include "tests/bench/bare.h"
#include "tests/bench/shop.h"

#include "terminal/till_replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SALES = 5000, SALES_FULL = 100000, LINES = 3 };

static enum status sell(const struct shop *shop, struct till *till, int number, struct error *error)
{
    struct replay_line lines[LINES] = {0};
    char reference[32];
    snprintf(reference, sizeof reference, "bench:%d", number);
    for (int i = 0; i < LINES; i++) {
        lines[i].sku = shop_product(shop, shop_random(shop), PRODUCT_GTIN);
        lines[i].quantity.milli = QUANTITY_ONE;
    }
    struct replay_sale sale = {.reference = reference,
                               .staff = "P01",
                               .customer = "",
                               .lines = lines,
                               .count = LINES,
                               .tender = "cash"};
    return till_replay_sale(till, &sale, NULL, error);
}

static enum status sell_offline(const struct shop *shop, const char *folder, int sales,
                                struct error *error)
{
    struct till *till;
    enum status status = shop_open_till(folder, &till, error);
    if (status)
        return status;
    for (int i = 0; i < sales && !status; i++)
        status = sell(shop, till, i, error);
    till_close(till);
    return status;
}

static enum status sql(sqlite3 *db, const char *text, struct error *error)
{
    return sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK
               ? STATUS_OK
               : error_set(error, STATUS_IO, "%s: %s", text, sqlite3_errmsg(db));
}

static enum status look_before(const struct shop *shop, sqlite3 **out, struct error *error)
{
    char attach[256];
    snprintf(attach, sizeof attach,
             "ATTACH 'file:%s/ledger.db?mode=ro&readonly_shm=1' AS ledger;"
             "ATTACH ':memory:' AS before; ATTACH ':memory:' AS taken",
             shop->folder);
    if (sqlite3_open_v2(":memory:", out, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI, NULL) !=
        SQLITE_OK)
        return error_set(error, STATUS_IO, "no memory for a database");
    enum status status = sql(*out, attach, error);
    return status ? status
                  : sql(*out,
                        "CREATE TABLE before.entry AS SELECT id FROM ledger.entry;"
                        "CREATE TABLE before.stock AS SELECT * FROM ledger.stock;"
                        "CREATE TABLE before.change AS SELECT id FROM ledger.change;"
                        "CREATE TABLE before.exception AS SELECT id FROM ledger.exception",
                        error);
}

static enum status look_after(sqlite3 *db, struct error *error)
{
    return sql(db,
               "CREATE TABLE taken.entry AS SELECT * FROM ledger.entry"
               "  WHERE id NOT IN (SELECT id FROM before.entry);"
               "CREATE TABLE taken.stock AS SELECT * FROM ledger.stock"
               "  EXCEPT SELECT * FROM before.stock;"
               "CREATE TABLE taken.change AS SELECT * FROM ledger.change"
               "  WHERE id NOT IN (SELECT id FROM before.change);"
               "CREATE TABLE taken.exception AS SELECT * FROM ledger.exception"
               "  WHERE id NOT IN (SELECT id FROM before.exception)",
               error);
}

static enum status want_taken(sqlite3 *db, int sales, struct error *error)
{
    sqlite3_stmt *count = NULL;
    int64_t entries = 0;
    if (sqlite3_prepare_v2(db, "SELECT count(*) FROM taken.entry WHERE kind='sale'", -1, &count,
                           NULL) == SQLITE_OK &&
        sqlite3_step(count) == SQLITE_ROW)
        entries = sqlite3_column_int64(count, 0);
    sqlite3_finalize(count);
    return entries == sales ? STATUS_OK
                            : error_set(error, STATUS_INVALID, "%lld of %d sales have arrived",
                                        (long long)entries, sales);
}

enum status bench_drain(struct bench *bench, struct error *error)
{
    struct shop *shop;
    sqlite3 *ledger = NULL;
    char folder[96], bare[128], what[96];
    double drain_s = 0, bare_s = 0;
    int sales = bench_full(bench) ? SALES_FULL : SALES;
    enum status status = bench_shop(bench, &shop, error);
    if (!status)
        status = shop_enroll(bench, shop, "T10", folder, error);
    if (!status)
        status = shop_sync(bench, folder, NULL, error);
    if (!status)
        status = sell_offline(shop, folder, sales, error);
    if (!status)
        status = look_before(shop, &ledger, error);
    if (!status)
        status = shop_sync(bench, folder, &drain_s, error);
    if (!status)
        status = look_after(ledger, error);
    if (!status)
        status = want_taken(ledger, sales, error);
    if (!status) {
        snprintf(bare, sizeof bare, "%s/bare-ledger.db", shop->folder);
        status = bare_ledger(ledger, bare, &bare_s, error);
        unlink(bare);
    }
    sqlite3_close(ledger);
    if (status)
        return status;
    snprintf(what, sizeof what, "%d offline sales drained, per second", sales);
    bench_at_least(bench, "drain", what, sales / drain_s, sales / bare_s, "/s", 0.5,
                   ">= 0.5 x bare inserts");
    return STATUS_OK;
}
