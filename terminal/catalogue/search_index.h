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

#include <stdbool.h>

/* Words of one item, in bytes. */
#define SEARCH_WORDS_BYTES_MAX 16384

/* Appends the word of a category. */
enum status search_index_category(const char *category, struct buf *out) MUST_USE;

/* Appends the word of a name (or a query) that holds signs only, like "***": a product that is
 * called so is found by its beginning. Nothing when there are only spaces. */
enum status search_index_signs(const char *text, size_t length, struct buf *out) MUST_USE;

/* The words of an item are made in three steps: begin clears `out` and writes the name and the
 * category; each code is added as it was given, and as a GTIN is printed; end adds the SKU unless
 * it was one of the codes (an item that is called by its GTIN). */
struct search_words {
    struct fold *fold;
    struct buf out;
    bool sku_is_code;
};
void search_words_init(struct search_words *words);
void search_words_finish(struct search_words *words);
enum status search_words_begin(struct search_words *words, const char *name,
                               const char *category) MUST_USE;
/* Codes that do not fit any more are not searched for. */
void search_words_code(struct search_words *words, const char *sku, const char *code,
                       const char *given);
void search_words_end(struct search_words *words, const char *sku);

/* Where a row stands: by popularity descending, then the folded name, then the SKU. */
struct search_key {
    int64_t popularity;
    const char *words; /* up to its bar it is the folded name */
    const char *sku;
};
int search_key_compare(const struct search_key *a, const struct search_key *b);

#endif
