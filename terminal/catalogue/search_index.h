/* What a row of the search index holds: shared by the writer and by those who ask.
 *
 *   words = "coca cola light | cocacola 5449000000996 §6472696e6b73"
 *            └ folded name ┘   └ joined words, codes, category ──┘
 *
 * The bar ends the folded name, which orders the rows; to FTS5 it is a space. A category is one
 * word that begins with a sign that no folded word can hold.
 */
#ifndef HOLDFAST_CATALOGUE_SEARCH_INDEX_H
#define HOLDFAST_CATALOGUE_SEARCH_INDEX_H

#include "terminal/base/buf.h"
#include "terminal/base/db.h"
#include "terminal/catalogue/fold.h"

/* Appends the word of a category. */
enum status search_index_category(const char *category, struct buf *out) MUST_USE;

/* Makes the words of an item: its name, SKU and category, to be followed by its codes. `out` is
 * cleared first. */
enum status search_index_item(struct fold *fold, const char *name, const char *sku,
                              const char *category, struct buf *out) MUST_USE;
/* Appends the words of one code: as it was given, and as a GTIN is printed. */
enum status search_index_code(struct fold *fold, const char *code, const char *given,
                              struct buf *out) MUST_USE;

/* Where a row stands: by popularity descending, then the folded name, then the SKU. */
struct search_key {
    int64_t popularity;
    const char *words; /* up to its bar it is the folded name */
    const char *sku;
};
int search_key_compare(const struct search_key *a, const struct search_key *b);

#endif
