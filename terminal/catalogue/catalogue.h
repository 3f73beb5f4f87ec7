/* The catalogue of one location: items, codes, packs, categories, favourites, settings.
 * Reads a replica; writes nothing. One thread.
 *
 * Every call sees one state of the replica: it opens a read transaction of its own unless the
 * caller has one open (db_begin_read on catalogue_db), which is the way to do several calls on one
 * state. Results are copies; nothing stays borrowed. Lists are paged: at most `capacity` elements
 * from `skip` on, *count tells how many.
 *
 * Errors everywhere: STATUS_NOT_FOUND where said, STATUS_BUSY, STATUS_CORRUPT, STATUS_IO.
 */
#ifndef HOLDFAST_CATALOGUE_CATALOGUE_H
#define HOLDFAST_CATALOGUE_CATALOGUE_H

#include "terminal/base/clock.h"
#include "terminal/catalogue/code.h"
#include "terminal/catalogue/item.h"
#include "terminal/catalogue/prices.h"
#include "terminal/catalogue/replica.h"

struct catalogue;

/* A catalogue over `replica` (borrowed, outlives it) for `location`. STATUS_NOT_FOUND when the
 * replica has no row for the location. */
enum status catalogue_open(struct replica *replica, const char *location, struct catalogue **out,
                           struct error *error) MUST_USE;
void catalogue_close(struct catalogue *catalogue); /* NULL is fine */

/* Follows the replica's pointer and re-reads the location's row. Call it between two operations. */
enum status catalogue_refresh(struct catalogue *catalogue, bool *changed,
                              struct error *error) MUST_USE;

struct db *catalogue_db(struct catalogue *catalogue);
/* The location's id. */
const char *catalogue_location_id(const struct catalogue *catalogue);

struct location {
    char location[KEY_SIZE];
    char name[NAME_SIZE];
    char kind[KEY_SIZE];
    char legal_name[NAME_SIZE];
    char address[REFERENCE_TEXT_MAX + 1];
    char tax_id[KEY_SIZE];
    char timezone[KEY_SIZE];
    struct currency currency;
    char tax_list[KEY_SIZE];
    bool tax_included;
    int64_t cash_round_minor;
    char language[KEY_SIZE];
    char locale[KEY_SIZE];
    char receipt_header[REFERENCE_TEXT_MAX + 1];
    char receipt_footer[REFERENCE_TEXT_MAX + 1];
    int panel_mm;
};

/* The location's row as of the last open or refresh. Borrowed until the next refresh. */
const struct location *catalogue_location(const struct catalogue *catalogue);

/* --- Items and codes --- */

/* What a code stands for. */
struct found_item {
    struct item item;
    char code[REFERENCE_CODE_MAX + 1]; /* item_code.code, "" when found by its SKU */
    char pack[KEY_SIZE];               /* "" for the single unit */
    struct quantity factor;            /* base units in one pack; 1000 for the single unit */
    bool has_price;                    /* false: no list has one (or the item has an open price) */
    struct item_price price;           /* of the pack: see catalogue_price */
};

/* The hot path: the first candidate of `code` that is in item_code; when none is, the item whose
 * SKU is the text. Item, pack and price in one go. STATUS_NOT_FOUND. */
enum status catalogue_find_code(struct catalogue *catalogue, const struct code *code,
                                const struct price_context *context, struct found_item *out,
                                struct error *error) MUST_USE;

/* By SKU, with the price of the single unit. STATUS_NOT_FOUND. */
enum status catalogue_find_sku(struct catalogue *catalogue, const char *sku,
                               const struct price_context *context, struct found_item *out,
                               struct error *error) MUST_USE;

/* The item alone. STATUS_NOT_FOUND. */
enum status catalogue_item(struct catalogue *catalogue, const char *sku, struct item *out,
                           struct error *error) MUST_USE;

/* Whether other items name this one as their variant_of. */
enum status catalogue_has_variants(struct catalogue *catalogue, const char *sku, bool *out,
                                   struct error *error) MUST_USE;

/* The variants of an item by variant_label, then sku. */
enum status catalogue_variants(struct catalogue *catalogue, const char *sku, size_t skip,
                               struct item *out, size_t capacity, size_t *count,
                               struct error *error) MUST_USE;

struct item_code {
    char code[REFERENCE_CODE_MAX + 1];
    char given[REFERENCE_CODE_MAX + 1];
    char kind[KEY_SIZE];
    char pack[KEY_SIZE];
};
/* The codes of an item by code. */
enum status catalogue_codes(struct catalogue *catalogue, const char *sku, struct item_code *out,
                            size_t capacity, size_t *count, struct error *error) MUST_USE;

struct item_pack {
    char pack[KEY_SIZE];
    struct quantity factor;
    char label[NAME_SIZE];
};
/* The packs of an item, the smallest first. */
enum status catalogue_packs(struct catalogue *catalogue, const char *sku, struct item_pack *out,
                            size_t capacity, size_t *count, struct error *error) MUST_USE;
/* One pack; "" is the single unit and is always there. STATUS_NOT_FOUND. */
enum status catalogue_pack(struct catalogue *catalogue, const char *sku, const char *pack,
                           struct item_pack *out, struct error *error) MUST_USE;

enum link_kind { LINK_DEPOSIT, LINK_FEE };
struct item_link {
    char linked_sku[KEY_SIZE];
    struct quantity quantity; /* of the linked item per base unit (1000) of the item */
    enum link_kind kind;
};
/* Charges that go with an item (bottle deposit, eco fee), by linked_sku. */
enum status catalogue_links(struct catalogue *catalogue, const char *sku, struct item_link *out,
                            size_t capacity, size_t *count, struct error *error) MUST_USE;

struct kit_component {
    char component[KEY_SIZE];
    struct quantity quantity; /* per one kit */
    int32_t share_ppm;        /* of the kit's price */
};
/* What a kit consists of, by component. */
enum status catalogue_components(struct catalogue *catalogue, const char *sku,
                                 struct kit_component *out, size_t capacity, size_t *count,
                                 struct error *error) MUST_USE;

/* --- Navigation --- */

struct category {
    char id[KEY_SIZE];
    char name[NAME_SIZE];
    char parent[KEY_SIZE];
    char colour[KEY_SIZE];
    int64_t position;
};
/* The categories under `parent` ("" for the top) by position, then name. The items of a category
 * are search_category in terminal/catalogue/search.h. */
enum status catalogue_categories(struct catalogue *catalogue, const char *parent, size_t skip,
                                 struct category *out, size_t capacity, size_t *count,
                                 struct error *error) MUST_USE;
enum status catalogue_category(struct catalogue *catalogue, const char *id, struct category *out,
                               struct error *error) MUST_USE;

struct favourite {
    int64_t position;
    struct item item;
};
/* The location's favourites by position; those whose item is gone are left out. */
enum status catalogue_favourites(struct catalogue *catalogue, size_t skip, struct favourite *out,
                                 size_t capacity, size_t *count, struct error *error) MUST_USE;

/* --- Settings --- */

/* The location's setting, else `fallback`, as text of at most size-1 bytes (cut at a character). */
enum status catalogue_setting(struct catalogue *catalogue, const char *key, const char *fallback,
                              char *out, size_t size, struct error *error) MUST_USE;
/* The same as a whole number; a value that is none counts as missing. */
enum status catalogue_setting_int(struct catalogue *catalogue, const char *key, int64_t fallback,
                                  int64_t *out, struct error *error) MUST_USE;

/* The position of the prices scope: what a sale records as prices_position. */
enum status catalogue_prices_position(struct catalogue *catalogue, int64_t *out,
                                      struct error *error) MUST_USE;

#endif
