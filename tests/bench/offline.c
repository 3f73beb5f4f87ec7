/*   ledger.db ─► before.db ─┬─► noted.db   the batches are taken in here: which rows, is noted
 *                           └─► others     offline_copy
 */
#include "tests/bench/offline.h"

#include "terminal/till_replay.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SALES = 20000, SALES_FULL = 100000, LINES = 3, ASSORTMENT = 20000 };

static enum status sell(const struct shop *shop, struct till *till, int number, struct error *error)
{
    struct replay_line lines[LINES] = {0};
    char reference[32];
    snprintf(reference, sizeof reference, "bench:%d", number);
    for (int i = 0; i < LINES; i++) {
        lines[i].sku = shop_product(shop, shop_random(shop) % ASSORTMENT, PRODUCT_GTIN);
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

/* What a shop has on its shelves: the first of all products, counted. */
static enum status stock_shop(struct bench *bench, const struct shop *shop, struct error *error)
{
    char path[128];
    snprintf(path, sizeof path, "%s/assortment.tsv", shop->folder);
    FILE *file = fopen(path, "w");
    if (!file)
        return error_set(error, STATUS_IO, "%s can't be written", path);
    fputs("gtin\tname\tprice\n", file);
    for (int64_t i = 0; i < ASSORTMENT && i < shop->product_count; i++)
        fprintf(file, "%s\t%s\t%s\n", shop_product(shop, i, PRODUCT_GTIN),
                shop_product(shop, i, PRODUCT_NAME), shop_product(shop, i, PRODUCT_PRICE));
    if (fclose(file) != 0)
        return error_set(error, STATUS_IO, "%s can't be written", path);
    char *import[] = {"import", path, "--stock", "S01=100000", NULL};
    return shop_admin(bench, shop, import, error);
}

static enum status sell_offline(const struct offline *offline, struct error *error)
{
    struct till *till;
    enum status status = shop_open_till(offline->folder, &till, error);
    if (status)
        return status;
    for (int i = 0; i < offline->sales && !status; i++)
        status = sell(offline->shop, till, i, error);
    till_close(till);
    return status;
}

static enum status keep_before(const struct shop *shop, struct error *error)
{
    char from[160], to[128];
    snprintf(from, sizeof from, "sqlite:%s/ledger.db", shop->folder);
    snprintf(to, sizeof to, "%s/before.db", shop->folder);
    return store_backup(from, to, error);
}

enum status offline_copy(const struct offline *offline, const char *name, char location[160],
                         struct error *error)
{
    char from[128], to[128];
    snprintf(from, sizeof from, "%s/before.db", offline->shop->folder);
    snprintf(to, sizeof to, "%s/%s.db", offline->shop->folder, name);
    snprintf(location, 160, "sqlite:%s", to);
    char *copy[] = {"/bin/cp", from, to, NULL};
    enum status status = bench_run(copy, NULL, 0, error);
    sync(); /* or the writes of the copy would be timed with what follows */
    return status;
}

void offline_remove(const char *location)
{
    static const char *const parts[] = {"", "-wal", "-shm", ".boot", ".lock"};
    char name[192];
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        snprintf(name, sizeof name, "%s%s", location + strlen("sqlite:"), parts[i]);
        unlink(name);
    }
}

static enum status note_rows(struct offline *offline, struct error *error)
{
    char location[160];
    struct effort effort;
    enum status status = offline_copy(offline, "noted", location, error);
    if (status)
        return status;
    offline->taken = taken_new();
    status = batches_ingest(&offline->batches, location, offline->taken, &effort, error);
    offline_remove(location);
    return status;
}

enum status offline_make(struct bench *bench, const struct offline **out, struct error *error)
{
    static struct offline made;
    *out = &made;
    if (made.taken)
        return STATUS_OK;
    made.sales = bench_full(bench) ? SALES_FULL : SALES;
    enum status status = bench_shop(bench, &made.shop, error);
    if (!status)
        status = stock_shop(bench, made.shop, error);
    if (!status)
        status = shop_enroll(bench, made.shop, "T10", made.folder, error);
    if (!status)
        status = shop_sync(bench, made.folder, NULL, error);
    if (!status)
        status = keep_before(made.shop, error);
    if (!status)
        status = sell_offline(&made, error);
    if (!status)
        status = batches_read(made.folder, &made.batches, error);
    return status ? status : note_rows(&made, error);
}
