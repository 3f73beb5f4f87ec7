#include "tests/bench/bare.h"

#include "terminal/base/db.h"
#include "terminal/base/text.h"
#include "terminal/catalogue/code.h"
#include "terminal/catalogue/reference.h"
#include "tests/bench/shop.h"

#include <stdio.h>
#include <string.h>

/* ---- the catalogue --------------------------------------------------------------------------- */

struct catalogue_inserts {
    struct db_statement *item, *code, *price;
};

static enum status prepare_catalogue(struct db *db, struct catalogue_inserts *out,
                                     struct error *error)
{
    enum status status =
        db_prepare(db, "INSERT INTO item(sku,name) VALUES(?,?)", &out->item, error);
    if (!status)
        status = db_prepare(db, "INSERT INTO item_code(code,sku,given,kind) VALUES(?,?,?,'gtin')",
                            &out->code, error);
    if (!status)
        status = db_prepare(
            db, "INSERT INTO price(list,sku,price_scaled,per_milli) VALUES('base',?,?,1000)",
            &out->price, error);
    return status;
}

static enum status insert_product(const struct catalogue_inserts *to, const struct shop *shop,
                                  int64_t index, struct error *error)
{
    const char *gtin = shop_product(shop, index, PRODUCT_GTIN), *kind;
    char code[REFERENCE_CODE_MAX + 1];
    int64_t scaled;
    enum status status = code_canonical(gtin, code, &kind, error);
    if (!status)
        status = decimal_read(shop_product(shop, index, PRODUCT_PRICE), 6, &scaled);
    if (status)
        return status;
    db_bind_text(to->item, 1, gtin);
    db_bind_text(to->item, 2, shop_product(shop, index, PRODUCT_NAME));
    status = db_run(to->item, error);
    db_bind_text(to->code, 1, code);
    db_bind_text(to->code, 2, gtin);
    db_bind_text(to->code, 3, gtin);
    if (!status)
        status = db_run(to->code, error);
    db_bind_text(to->price, 1, gtin);
    db_bind_int(to->price, 2, scaled);
    return status ? status : db_run(to->price, error);
}

static enum status insert_products(struct db *db, const struct shop *shop, struct error *error)
{
    struct catalogue_inserts inserts;
    enum status status = prepare_catalogue(db, &inserts, error);
    if (!status)
        status = db_begin(db, error);
    for (int64_t i = 0; i < shop->product_count && !status; i++)
        status = insert_product(&inserts, shop, i, error);
    return status ? status : db_commit(db, error);
}

enum status bare_catalogue(const struct shop *shop, const char *path, double *seconds,
                           struct error *error)
{
    struct db *db;
    enum status status = db_open(path, DB_OWNER_FULL, &db, error);
    if (status)
        return status;
    status = reference_create(db, error);
    double start = now_us();
    if (!status)
        status = insert_products(db, shop, error);
    *seconds = (now_us() - start) / 1e6;
    db_close(db);
    return status;
}
