/* Search as you type over names and codes: 50 best rows in a defined order.
 *
 * The order is (popularity descending, folded name, SKU), bytewise. The index is an FTS5 table
 * whose rowid IS the rank in that order, with gaps between, so `ORDER BY rowid LIMIT 50` is the
 * answer and costs what it reads:
 *
 *   rowid (rank)   64            128           192      ...
 *   words          "coca cola 5449000000996"            folded name and codes, made by fold.h
 *
 * A product matches when every word of the query is the beginning of one of its words. A code is
 * found by the beginning of what is printed below the bars, or of what was entered.
 *
 * The index is derived data: search_build makes it from `item` and `item_code` in one go (the
 * ledger does it in the snapshot), search_put_item and search_remove_item keep it up.
 */
#ifndef HOLDFAST_CATALOGUE_SEARCH_H
#define HOLDFAST_CATALOGUE_SEARCH_H

#include "terminal/base/db.h"
#include "terminal/base/status.h"
#include "terminal/catalogue/item.h"

#include <stddef.h>
#include <stdint.h>

#define SEARCH_PAGE      50
#define SEARCH_QUERY_MAX 256 /* bytes of a query that are looked at */
#define SEARCH_WORDS_MAX 12  /* words of a query that are looked at */

/* Creates the empty index. */
enum status search_create(struct db *db, struct error *error) MUST_USE;

/* --- Keeping it (the ledger's snapshot, the agent) --- */

/* Holds the fold tables and prepared statements; close it before its database. One thread. */
struct search_writer;
enum status search_writer_open(struct db *db, struct search_writer **out,
                               struct error *error) MUST_USE;
void search_writer_close(struct search_writer *writer); /* NULL is fine */

/* Drops what the index holds and builds it over all items, in a transaction of its own (none may be
 * open). Takes about 150 bytes of memory per
 * item, and 64 MiB. */
enum status search_build(struct search_writer *writer, struct error *error) MUST_USE;

/* Brings the index up to the rows that `item` and `item_code` now hold for the SKU: inserts, moves
 * or leaves it; removes it when the item is gone. Call it after the rows of an item or its codes
 * were put or deleted, in the same transaction. Once per SKU and transaction is enough. A failure
 * leaves the transaction to be rolled back. */
enum status search_put_item(struct search_writer *writer, const char *sku,
                            struct error *error) MUST_USE;
enum status search_remove_item(struct search_writer *writer, const char *sku,
                               struct error *error) MUST_USE;

/* --- Asking --- */

struct search_hit {
    int64_t rank; /* for the next page */
    char sku[KEY_SIZE];
    char name[NAME_SIZE];
};

/* Holds the fold tables. One thread; works on any replica's database. */
struct search;
struct search *search_open(void);
void search_close(struct search *search); /* NULL is fine */

/* The best `capacity` products for what was typed, after rank `after` (0 for the first page).
 * An empty query (or spaces) finds everything; one of signs only ("***") what is called so. Never
 * fails on what was typed. */
enum status search_find(struct search *search, struct db *db, const char *query, int64_t after,
                        struct search_hit *out, size_t capacity, size_t *count,
                        struct error *error) MUST_USE;

/* The same among the items of one category (not of those beneath it); an empty query lists them. */
enum status search_category(struct search *search, struct db *db, const char *category,
                            const char *query, int64_t after, struct search_hit *out,
                            size_t capacity, size_t *count, struct error *error) MUST_USE;

#endif
