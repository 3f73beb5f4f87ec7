/* Barcode to item, pack and price, beside a bare look-up of the code in the same file. Both ask for
 * the same product in turn, each first as often as the other, each on a connection of its own.
 */
#include "tests/bench/shop.h"

#include "terminal/base/file.h"
#include "terminal/catalogue/catalogue.h"

#include <stdlib.h>
#include <string.h>

enum { LOOKUPS = 20000, WARM = 500, TRIES = 2 * LOOKUPS };

struct lookup {
    struct replica *replica;
    struct catalogue *catalogue;
    struct price_context price;
    struct db *bare_db;
    sqlite3_stmt *bare;
};

static enum status product(struct lookup *lookup, const char *scanned, double *us,
                           struct error *error)
{
    struct code code;
    struct found_item found;
    double start = now_us();
    enum status status =
        code_parse(scanned, strlen(scanned), SYMBOLOGY_EAN_UPC, NULL, 2026, &code, error);
    if (!status)
        status = catalogue_find_code(lookup->catalogue, &code, &lookup->price, &found, error);
    *us = now_us() - start;
    if (!status && !found.has_price)
        status = error_set(error, STATUS_NOT_FOUND, "%s has no price", scanned);
    return status;
}

static enum status bare(struct lookup *lookup, const char *scanned, double *us, struct error *error)
{
    char code[REFERENCE_CODE_MAX + 1], sku[KEY_SIZE];
    const char *kind;
    enum status status = code_canonical(scanned, code, &kind, error);
    if (status)
        return status;
    double start = now_us();
    sqlite3_bind_text(lookup->bare, 1, code, -1, SQLITE_STATIC);
    int result = sqlite3_step(lookup->bare);
    if (result == SQLITE_ROW)
        strncpy(sku, (const char *)sqlite3_column_text(lookup->bare, 0), sizeof sku);
    sqlite3_reset(lookup->bare);
    *us = now_us() - start;
    return result == SQLITE_ROW ? STATUS_OK
                                : error_set(error, STATUS_NOT_FOUND, "%s is not there", code);
}

static enum status open_lookup(const char *folder, struct lookup *out, struct error *error)
{
    struct local_time now = {.year = 2026, .month = 11, .day = 21, .hour = 9};
    enum status status = replica_open_reader(folder, &out->replica, error);
    if (!status)
        status = catalogue_open(out->replica, "S01", &out->catalogue, error);
    if (status)
        return status;
    out->price = price_context_at(&now);
    char *path = path_join(folder, replica_name(out->replica));
    status = db_open(path, DB_READER, &out->bare_db, error);
    free(path);
    if (status)
        return status;
    int result = sqlite3_prepare_v2(db_handle(out->bare_db),
                                    "SELECT sku FROM item_code WHERE code=?", -1, &out->bare, NULL);
    return result == SQLITE_OK ? STATUS_OK : db_error(out->bare_db, result, "item_code", error);
}

static void close_lookup(struct lookup *lookup)
{
    sqlite3_finalize(lookup->bare);
    db_close(lookup->bare_db);
    catalogue_close(lookup->catalogue);
    replica_close(lookup->replica);
}

/* The product and its limit on the same code, in the order that `product_first` says. */
static enum status measure_one(struct lookup *lookup, const char *scanned, bool product_first,
                               double us[2], struct error *error)
{
    enum status status = STATUS_OK;
    if (product_first)
        status = product(lookup, scanned, &us[0], error);
    if (!status)
        status = bare(lookup, scanned, &us[1], error);
    if (!status && !product_first)
        status = product(lookup, scanned, &us[0], error);
    return status;
}

static enum status measure(struct lookup *lookup, const struct shop *shop, struct samples *ours,
                           struct samples *limit, struct error *error)
{
    enum status status = STATUS_OK;
    for (int i = 0; i < TRIES && ours->count < LOOKUPS && !status; i++) {
        const char *scanned = shop_product(shop, shop_random(shop), PRODUCT_GTIN);
        double us[2];
        bench_disturbed();
        status = measure_one(lookup, scanned, i % 2 == 0, us, error);
        if (status || bench_disturbed() || i < WARM)
            continue;
        samples_add(ours, us[0]);
        samples_add(limit, us[1]);
    }
    return status;
}

enum status bench_lookup(struct bench *bench, struct error *error)
{
    struct shop *shop;
    int agent = 0;
    struct lookup lookup = {0};
    struct samples ours = {0}, limit = {0};
    enum status status = bench_shop(bench, &shop, error);
    if (!status)
        status = shop_start_agent(bench, shop->till, &agent, error);
    if (status)
        return status;
    status = open_lookup(shop->till, &lookup, error);
    if (!status)
        status = measure(&lookup, shop, &ours, &limit, error);
    close_lookup(&lookup);
    bench_stop(agent);
    if (!status) {
        bench_below(bench, "lookup", "barcode to item with price, p50", samples_at(&ours, 0.5),
                    samples_at(&limit, 0.5), "us", 50, "<= 50 us");
        bench_below(bench, "lookup", "barcode to item with price, p99", samples_at(&ours, 0.99),
                    samples_at(&limit, 0.99), "us", 50, "<= 50 us");
    }
    samples_finish(&ours);
    samples_finish(&limit);
    return status;
}
