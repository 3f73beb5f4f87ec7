/* An item as the till knows it, and whether it may be sold now. Values; pure functions.
 */
#ifndef HOLDFAST_CATALOGUE_ITEM_H
#define HOLDFAST_CATALOGUE_ITEM_H

#include "terminal/base/db.h"
#include "terminal/catalogue/reference.h"
#include "terminal/money/money.h"

#include <stdbool.h>
#include <stdint.h>

#define KEY_SIZE  (REFERENCE_KEY_MAX + 1)
#define NAME_SIZE (REFERENCE_NAME_MAX + 1)

enum price_mode {
    PRICE_FIXED,
    PRICE_OPEN,   /* the cashier enters the price */
    PRICE_WEIGHED /* the quantity is weighed; the price is per 1 kg or whatever the unit says */
};

enum item_state { ITEM_ACTIVE, ITEM_BLOCKED, ITEM_RECALLED };

struct item {
    char sku[KEY_SIZE];
    char name[NAME_SIZE];
    char category[KEY_SIZE];
    char tax_class[KEY_SIZE];
    char unit[KEY_SIZE]; /* "each", "kg", "m", "l" */
    enum price_mode price_mode;
    struct quantity tare;
    bool stocked;
    char variant_of[KEY_SIZE]; /* the grouping item's SKU, "" for none */
    char variant_label[NAME_SIZE];
    int min_age;
    int sale_from, sale_to; /* minutes of the local day, -1 none; from inclusive, to exclusive */
    struct quantity max_per_sale; /* 0: no maximum */
    enum item_state state;
    char state_reason[NAME_SIZE];
    int64_t popularity;
    bool is_kit;
};

/* The columns for a select that item_read understands: "i.sku,i.name,..." of `item AS i`. */
#define ITEM_COLUMNS                                                                               \
    "i.sku,i.name,i.category,i.tax_class,i.unit,i.price_mode,i.tare_milli,i.stocked,"              \
    "i.variant_of,i.variant_label,i.min_age,i.sale_from,i.sale_to,i.max_per_sale_milli,"           \
    "i.state,i.state_reason,i.popularity,i.is_kit"
#define ITEM_COLUMN_COUNT 18

/* Copies the row under the statement whose ITEM_COLUMNS begin at `first`. Texts that are too long
 * (a damaged file) are cut at a character. */
void item_read(struct db_statement *statement, int first, struct item *out);

enum sale_check {
    SALE_ALLOWED,
    SALE_BLOCKED,       /* item.state; state_reason says why */
    SALE_RECALLED,      /* item.state; state_reason says why */
    SALE_HAS_VARIANTS,  /* choose a variant: the item only groups them */
    SALE_OUTSIDE_HOURS, /* sale_from..sale_to */
    SALE_ABOVE_MAXIMUM, /* max_per_sale */
    SALE_NEEDS_AGE      /* somebody must confirm min_age first */
};

struct sale_circumstances {
    int minute_of_day;        /* 0..1439, local */
    struct quantity quantity; /* base quantity of this item in the sale, the new line included */
    int confirmed_age;        /* the highest age confirmed in this sale, 0 none */
    bool has_variants;        /* the item has variants (catalogue_has_variants) */
};

/* The first reason against the sale, in the order of enum sale_check. A window whose end lies
 * before its start goes over midnight (22:00-06:00); one end of -1 leaves that side open, from = to
 * closes nothing. Negative quantities (returns) are only refused SALE_HAS_VARIANTS. */
enum sale_check item_may_sell(const struct item *item,
                              const struct sale_circumstances *circumstances);

/* "blocked", "needs_age": for logs and tests. Static text. */
const char *sale_check_name(enum sale_check check);

#endif
