/* A durable sale: entry, signature, moves, receipt, print job, shift and totals in one transaction;
 * beside append and fdatasync of as many bytes as its journal entry has, in the same loop and on
 * the same file system. The cart is filled and covered before; only till_sale_commit is timed.
 */
#include "tests/bench/shop.h"

#include "terminal/base/db.h"
#include "terminal/base/file.h"
#include "terminal/till_sell.h"

#include <stdio.h>
#include <stdlib.h>

enum { SMALL = 3, LARGE = 21, LARGE_EVERY = 4, ROUNDS = 600, ROUNDS_FULL = 4000, WARM = 20 };

struct selling {
    const struct shop *shop;
    struct till *till;
    struct db *reader; /* of till.db */
};

struct timed {
    struct samples ours, limit;
    double bytes;
};

static enum status fill_cart(struct selling *selling, int lines, struct error *error)
{
    enum status status = STATUS_OK;
    while (!status && till_cart(selling->till)->count < lines) {
        struct scan_result result;
        const char *code = shop_product(selling->shop, shop_random(selling->shop), PRODUCT_GTIN);
        status = till_scan(selling->till, code, SYMBOLOGY_EAN_UPC, &result, error);
        if (!status && result.outcome != SCAN_ADDED)
            status = error_set(error, STATUS_INVALID, "%s was not added", code);
    }
    return status ? status
                  : till_tender_cash(selling->till, till_cart(selling->till)->cash_due, error);
}

static enum status entry_length(struct selling *selling, int64_t seq, size_t *out,
                                struct error *error)
{
    struct db_statement *statement;
    bool row;
    enum status status =
        db_prepare(selling->reader, "SELECT length(bytes) FROM entry ORDER BY id DESC LIMIT 1",
                   &statement, error);
    if (!status)
        status = db_step(statement, &row, error);
    if (status)
        return status;
    if (!row)
        return error_set(error, STATUS_NOT_FOUND, "entry %lld is not there", (long long)seq);
    *out = (size_t)db_int(statement, 0);
    db_reset(statement);
    return STATUS_OK;
}

static enum status sell(struct selling *selling, int lines, struct timed *timed,
                        struct error *error)
{
    struct sale_result sale;
    size_t length = 0;
    enum status status = fill_cart(selling, lines, error);
    if (status)
        return status;
    double start = now_us();
    status = till_sale_commit(selling->till, &sale, error);
    double us = now_us() - start;
    if (!status)
        status = entry_length(selling, sale.seq, &length, error);
    if (status)
        return status;
    samples_add(&timed->limit, bench_append_sync(selling->shop->folder, length));
    samples_add(&timed->ours, us);
    timed->bytes += (double)length;
    return STATUS_OK;
}

static void report(struct bench *bench, struct timed *timed, int lines)
{
    char what[96];
    double count = (double)timed->ours.count;
    snprintf(what, sizeof what, "durable sale of %d lines (%.0f bytes), p50", lines,
             timed->bytes / count);
    bench_at_most(bench, "sale", what, samples_at(&timed->ours, 0.5),
                  samples_at(&timed->limit, 0.5), "us", 1.5, "<= 1.5 x limit");
    snprintf(what, sizeof what, "durable sale of %d lines, p99", lines);
    bench_at_most(bench, "sale", what, samples_at(&timed->ours, 0.99),
                  samples_at(&timed->limit, 0.99), "us", 3, "<= 3 x limit");
    samples_finish(&timed->ours);
    samples_finish(&timed->limit);
}

static enum status measure(struct selling *selling, int rounds, struct timed *small,
                           struct timed *large, struct error *error)
{
    struct timed warm = {0};
    enum status status = STATUS_OK;
    for (int i = 0; i < WARM && !status; i++)
        status = sell(selling, i % 2 ? SMALL : LARGE, &warm, error);
    for (int i = 0; i < rounds && !status; i++) {
        status = sell(selling, SMALL, small, error);
        if (!status && i % LARGE_EVERY == 0)
            status = sell(selling, LARGE, large, error);
    }
    samples_finish(&warm.ours);
    samples_finish(&warm.limit);
    return status;
}

enum status bench_sale(struct bench *bench, struct error *error)
{
    struct shop *shop;
    struct selling selling = {0};
    struct timed small = {0}, large = {0};
    enum status status = bench_shop(bench, &shop, error);
    if (status)
        return status;
    selling.shop = shop;
    status = shop_open_till(shop->till, &selling.till, error);
    char *path = path_join(shop->till, "till.db");
    if (!status)
        status = db_open(path, DB_READER, &selling.reader, error);
    if (!status)
        status = measure(&selling, bench_full(bench) ? ROUNDS_FULL : ROUNDS, &small, &large, error);
    free(path);
    db_close(selling.reader);
    till_close(selling.till);
    if (!status) {
        report(bench, &small, SMALL);
        report(bench, &large, LARGE);
    }
    return status;
}
