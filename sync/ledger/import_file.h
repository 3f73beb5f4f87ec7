/* A catalogue file, record by record: TSV or CSV (RFC 4180), UTF-8, its columns named by its
 * header.
 *
 *   ours     sku (default: the gtin) · gtin, ean or upc · code or barcode (GTIN, PLU, own) · name ·
 *            price · category · tax · unit · price_mode · popularity · min_age · stocked ·
 *            pack, pack_quantity, pack_gtin, pack_price
 *   Shopify  the product export, known by its header: Handle, Title, Variant SKU, Variant Price;
 *            also Type, Variant Barcode, Option1..3 Name and Value, Status. A product with real
 *            options becomes a grouping item (the handle) with its variants.
 *
 * Columns that are not known are passed over. SKUs are taken byte for byte; control characters in
 * names (real files have them) become spaces.
 */
#ifndef HOLDFAST_LEDGER_IMPORT_FILE_H
#define HOLDFAST_LEDGER_IMPORT_FILE_H

#include "terminal/base/table_text.h"
#include "terminal/catalogue/reference.h"

#include <stdbool.h>
#include <stdint.h>

enum import_column {
    IMPORT_SKU,
    IMPORT_GTIN,
    IMPORT_CODE,
    IMPORT_NAME,
    IMPORT_PRICE,
    IMPORT_CATEGORY,
    IMPORT_TAX,
    IMPORT_UNIT,
    IMPORT_PRICE_MODE,
    IMPORT_POPULARITY,
    IMPORT_MIN_AGE,
    IMPORT_STOCKED,
    IMPORT_PACK,
    IMPORT_PACK_QUANTITY,
    IMPORT_PACK_GTIN,
    IMPORT_PACK_PRICE,
    IMPORT_HANDLE,
    IMPORT_OPTION1,
    IMPORT_OPTION2,
    IMPORT_OPTION3,
    IMPORT_STATUS,
    IMPORT_COLUMNS
};

#define IMPORT_REASON_SIZE 160

/* One code of an item. */
struct import_code {
    char code[REFERENCE_CODE_MAX + 1]; /* canonical; "" for none */
    struct reference_value given;
    const char *kind; /* "gtin" or "own" */
};

/* A record that may be written. Texts are borrowed until the next record. */
struct import_item {
    struct reference_row row; /* of `item`, checked */
    struct import_code code;
    int64_t price_scaled;
    bool has_pack;
    struct reference_row pack; /* of `item_pack`, checked */
    struct import_code pack_code;
    int64_t pack_price_scaled; /* -1: none */
    bool has_group;            /* a variant: `group`, of `item`, is what it belongs to */
    struct reference_row group;
};

struct import_file {
    struct table_text table;
    int column[IMPORT_COLUMNS]; /* -1: the file lacks it */
    bool shopify;
    int price_decimals; /* of the currency's minor unit, and four more */
    char handle[REFERENCE_KEY_MAX + 1];
    char title[REFERENCE_NAME_MAX + 1];
    char category[REFERENCE_KEY_MAX + 1];
    struct buf text;  /* an option label */
    struct buf clean; /* a name whose control characters became spaces */
    char sku_made[REFERENCE_KEY_MAX + 1];
};

enum import_record { IMPORT_ITEM, IMPORT_REJECTED, IMPORT_PASSED_OVER, IMPORT_END };

/* Reads the header. STATUS_INVALID when a column is missing without which nothing can be imported
 * (name, price, and one of sku and gtin). `currency_exponent` as in money.h. */
enum status import_file_open(struct import_file *file, const char *bytes, size_t length,
                             int currency_exponent, struct error *error) MUST_USE;
void import_file_close(struct import_file *file);

/* The next record: an item; or why not (`reason`, one line that names the column); or one that only
 * carries pictures (Shopify). */
enum import_record import_file_next(struct import_file *file, struct import_item *item,
                                    char reason[IMPORT_REASON_SIZE]);

/* Whether the file has the column: only given columns replace what an item has already. */
bool import_file_has(const struct import_file *file, enum import_column column);

#endif
