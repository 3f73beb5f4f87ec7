/* The descriptors of the reference tables: what a column is called, holds and may hold.
 *
 * The order of tables and columns is part of the contract: snapshots are copied column by column.
 * A column is added at the end of its table, with a default, and never changes its meaning.
 */
#include "terminal/catalogue/reference.h"

#include <string.h>

/* Rows of the tables below: name, then what distinguishes the column. */
#define TEXT(name, form, length)                                                                   \
    {                                                                                              \
        name, REFERENCE_TEXT, false, form, length, NULL, "", 0, 0, 0                               \
    }
#define KEY(name)                                                                                  \
    {                                                                                              \
        name, REFERENCE_TEXT, true, REFERENCE_PLAIN, REFERENCE_KEY_MAX, NULL, "", 0, 0, 0          \
    }
#define KEY_OR_NONE(name) TEXT(name, REFERENCE_PLAIN, REFERENCE_KEY_MAX)
#define NAME(name)        TEXT(name, REFERENCE_PLAIN, REFERENCE_NAME_MAX)
#define LINES(name)       TEXT(name, REFERENCE_LINES, REFERENCE_TEXT_MAX)
#define STAMP(name)       TEXT(name, REFERENCE_STAMP, REFERENCE_KEY_MAX)
#define CURRENCY(name)    TEXT(name, REFERENCE_CURRENCY, 3)
#define HEX_ID(name)                                                                               \
    {                                                                                              \
        name, REFERENCE_TEXT, true, REFERENCE_HEX_ID, 32, NULL, "", 0, 0, 0                        \
    }
#define WITH_DEFAULT(name, text)                                                                   \
    {                                                                                              \
        name, REFERENCE_TEXT, true, REFERENCE_PLAIN, REFERENCE_KEY_MAX, NULL, text, 0, 0, 0        \
    }
#define ONE_OF(name, words, text)                                                                  \
    {                                                                                              \
        name, REFERENCE_TEXT, true, REFERENCE_WORDS, REFERENCE_KEY_MAX, words, text, 0, 0, 0       \
    }
#define INT(name, number, min, max)                                                                \
    {                                                                                              \
        name, REFERENCE_INT, false, REFERENCE_PLAIN, 0, NULL, "", number, min, max                 \
    }
#define FLAG(name, number) INT(name, number, 0, 1)

/* Quantities up to a million million units, prices up to a million million minor units: products of
 * both stay inside the 128 bits that money computes with, and sums of many inside int64. */
#define MILLI_MAX INT64_C(1000000000000000)
#define PRICE_MAX INT64_C(10000000000000000)
#define RATE_MAX  10000000

static const struct reference_column category_columns[] = {
    KEY("id"),
    NAME("name"),
    KEY_OR_NONE("parent"),
    KEY_OR_NONE("colour"),
    INT("position", 0, -1000000000, 1000000000),
};

static const struct reference_column item_columns[] = {
    KEY("sku"),
    NAME("name"),
    KEY_OR_NONE("category"),
    WITH_DEFAULT("tax_class", "standard"),
    WITH_DEFAULT("unit", "each"),
    ONE_OF("price_mode", "fixed open weighed", "fixed"),
    INT("tare_milli", 0, 0, MILLI_MAX),
    FLAG("stocked", 1),
    KEY_OR_NONE("variant_of"),
    NAME("variant_label"),
    INT("min_age", 0, 0, 150),
    INT("sale_from", -1, -1, 1440),
    INT("sale_to", -1, -1, 1440),
    INT("max_per_sale_milli", 0, 0, MILLI_MAX),
    ONE_OF("state", "active blocked recalled", "active"),
    NAME("state_reason"),
    INT("popularity", 0, 0, MILLI_MAX),
    FLAG("is_kit", 0),
};

static const struct reference_column item_code_columns[] = {
    {"code", REFERENCE_TEXT, true, REFERENCE_PLAIN, REFERENCE_CODE_MAX, NULL, "", 0, 0, 0},
    KEY("sku"),
    TEXT("given", REFERENCE_PLAIN, REFERENCE_CODE_MAX),
    ONE_OF("kind", "gtin plu own", "gtin"),
    KEY_OR_NONE("pack"),
};

static const struct reference_column item_pack_columns[] = {
    KEY("sku"),
    KEY("pack"),
    INT("factor_milli", 1000, 1, MILLI_MAX),
    NAME("label"),
};

static const struct reference_column item_link_columns[] = {
    KEY("sku"),
    KEY("linked_sku"),
    INT("quantity_milli", 1000, 1, MILLI_MAX),
    ONE_OF("kind", "deposit fee", "deposit"),
};

static const struct reference_column kit_component_columns[] = {
    KEY("sku"),
    KEY("component"),
    INT("quantity_milli", 1000, 1, MILLI_MAX),
    INT("share_ppm", 0, 0, 1000000),
};

static const struct reference_column tax_rate_columns[] = {
    KEY("tax_list"),
    KEY("tax_class"),
    STAMP("valid_from"),
    STAMP("valid_to"),
    KEY_OR_NONE("code"),
    NAME("name"),
    INT("rate_ppm", 0, 0, RATE_MAX),
    KEY_OR_NONE("treatment"),
};

static const struct reference_column price_list_columns[] = {
    KEY("list"),
    CURRENCY("currency"),
    KEY_OR_NONE("location"),
    KEY_OR_NONE("channel"),
    KEY_OR_NONE("customer_group"),
    INT("priority", 0, -1000000000, 1000000000),
    FLAG("tax_included", 1),
    STAMP("valid_from"),
    STAMP("valid_to"),
};

static const struct reference_column price_columns[] = {
    KEY("list"),
    KEY("sku"),
    KEY_OR_NONE("pack"),
    STAMP("valid_from"),
    STAMP("valid_to"),
    INT("price_scaled", 0, 0, PRICE_MAX),
    INT("per_milli", 1000, 1, MILLI_MAX),
};

static const struct reference_column role_columns[] = {
    KEY("id"),
    NAME("name"),
    TEXT("permissions", REFERENCE_PLAIN, REFERENCE_TEXT_MAX),
};

static const struct reference_column staff_columns[] = {
    KEY("id"),
    NAME("name"),
    KEY_OR_NONE("role"),
    NAME("pin_hash"),
    TEXT("badge", REFERENCE_PLAIN, REFERENCE_CODE_MAX),
    KEY_OR_NONE("language"),
    FLAG("active", 1),
};

static const struct reference_column customer_columns[] = {
    KEY("id"),
    NAME("name"),
    KEY_OR_NONE("group_id"),
    LINES("note"),
};

static const struct reference_column location_columns[] = {
    KEY("location"),
    NAME("name"),
    WITH_DEFAULT("kind", "shop"),
    NAME("legal_name"),
    LINES("address"),
    KEY_OR_NONE("tax_id"),
    KEY_OR_NONE("timezone"),
    CURRENCY("currency"),
    KEY_OR_NONE("tax_list"),
    FLAG("tax_included", 1),
    INT("cash_round_minor", 1, 1, 1000000),
    WITH_DEFAULT("language", "en"),
    WITH_DEFAULT("locale", "en-GB"),
    LINES("receipt_header"),
    LINES("receipt_footer"),
    INT("panel_mm", 0, 0, 10000),
};

static const struct reference_column setting_columns[] = {
    KEY("location"),
    KEY("key"),
    LINES("value"),
};

static const struct reference_column favourite_columns[] = {
    KEY("location"),
    INT("position", 0, 0, 1000000),
    KEY("sku"),
};

static const struct reference_column stock_columns[] = {
    KEY("location"),
    KEY("sku"),
    KEY("status"),
    INT("quantity_milli", 0, -MILLI_MAX, MILLI_MAX),
};

static const struct reference_column watermark_columns[] = {
    KEY("location"),
    HEX_ID("device"),
    HEX_ID("epoch"),
    INT("seq", 0, 0, INT64_MAX),
};

/* What channels may sell, and when a shop is told that little is left. */
static const struct reference_column stock_rule_columns[] = {
    KEY("location"), KEY_OR_NONE("sku"), /* "": all items of the location */
    INT("safety_milli", 0, 0, MILLI_MAX), INT("low_milli", -1, -1, MILLI_MAX), /* -1: never */
};

static const struct reference_column pickup_order_columns[] = {
    KEY("location"),
    KEY("channel"),
    KEY("id"),
    KEY_OR_NONE("customer"),
    ONE_OF("state", "placed picked staged handed_over refused returned cancelled", "placed"),
    INT("placed_ms", 0, 0, INT64_MAX),
};

static const struct reference_column pickup_line_columns[] = {
    KEY("location"),           KEY("channel"), KEY("id"),
    INT("line", 1, 1, 999999), KEY("sku"),     INT("quantity_milli", 1000, 1, MILLI_MAX),
};

/* A fork of an epoch: the till whose own entry at `start` has this hash made it, and its entries
 * from there on are in the ledger's stock up to `seq` (start - 1: none), whatever the watermark of
 * the epoch says. */
static const struct reference_column branch_mark_columns[] = {
    KEY("location"),
    HEX_ID("device"),
    HEX_ID("epoch"),
    KEY("hash"),
    INT("start", 1, 1, INT64_MAX),
    INT("seq", 0, 0, INT64_MAX),
};

#define TABLE(name, scope, keys)                                                                   \
    {                                                                                              \
#name, scope, keys, sizeof name##_columns / sizeof name##_columns[0], name##_columns       \
    }

static const struct reference_table tables[] = {
    TABLE(category, REFERENCE_CATALOGUE, 1),    TABLE(item, REFERENCE_CATALOGUE, 1),
    TABLE(item_code, REFERENCE_CATALOGUE, 1),   TABLE(item_pack, REFERENCE_CATALOGUE, 2),
    TABLE(item_link, REFERENCE_CATALOGUE, 2),   TABLE(kit_component, REFERENCE_CATALOGUE, 2),
    TABLE(tax_rate, REFERENCE_PRICES, 3),       TABLE(price_list, REFERENCE_PRICES, 1),
    TABLE(price, REFERENCE_PRICES, 4),          TABLE(role, REFERENCE_STAFF, 1),
    TABLE(staff, REFERENCE_STAFF, 1),           TABLE(customer, REFERENCE_CUSTOMERS, 1),
    TABLE(location, REFERENCE_LOCATION, 1),     TABLE(setting, REFERENCE_LOCATION, 2),
    TABLE(favourite, REFERENCE_LOCATION, 2),    TABLE(stock, REFERENCE_LOCATION, 3),
    TABLE(watermark, REFERENCE_LOCATION, 3),    TABLE(stock_rule, REFERENCE_LOCATION, 2),
    TABLE(pickup_order, REFERENCE_LOCATION, 3), TABLE(pickup_line, REFERENCE_LOCATION, 4),
    TABLE(branch_mark, REFERENCE_LOCATION, 4),
};

int reference_table_count(void)
{
    return (int)(sizeof tables / sizeof tables[0]);
}

const struct reference_table *reference_table_at(int index)
{
    INVARIANT(index >= 0 && index < reference_table_count());
    return &tables[index];
}

const struct reference_table *reference_table_find(const char *name)
{
    for (int i = 0; i < reference_table_count(); i++)
        if (strcmp(tables[i].name, name) == 0)
            return &tables[i];
    return NULL;
}

int reference_column_find(const struct reference_table *table, const char *name)
{
    for (int i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return i;
    return -1;
}

void reference_scope(const struct reference_row *row, char out[REFERENCE_SCOPE_SIZE])
{
    static const char *const names[] = {"catalogue", "prices", "staff", "customers", "location:"};
    const char *name = names[row->table->scope];
    size_t length = strlen(name);
    memcpy(out, name, length + 1);
    if (row->table->scope != REFERENCE_LOCATION)
        return;
    const struct reference_value *location = &row->values[0];
    INVARIANT(location->length <= REFERENCE_KEY_MAX);
    memcpy(out + length, location->text, location->length);
    out[length + location->length] = '\0';
}
