/* What the two halves of the index's writer share: search_writer.c keeps single items,
 * search_build.c builds the whole. Callers use terminal/catalogue/search.h.
 */
#ifndef HOLDFAST_CATALOGUE_SEARCH_WRITER_H
#define HOLDFAST_CATALOGUE_SEARCH_WRITER_H

#include "terminal/catalogue/search.h"
#include "terminal/catalogue/search_index.h"

/* Where ranks begin, and how far apart they are after a bulk build. Small numbers keep the index
 * small: it stores each word's first rank, and differences. */
#define SEARCH_RANK_START (INT64_C(1) << 34)
#define SEARCH_RANK_GAP   64

struct search_writer {
    struct db *db;
    struct search_words words; /* of the item at hand */
};

/* Inserts a row at a rank that is free. */
enum status search_writer_insert(struct search_writer *writer, int64_t rank,
                                 const struct search_key *key, struct error *error) MUST_USE;
/* Notes the rank of a SKU. */
enum status search_writer_note(struct search_writer *writer, const char *sku, int64_t rank,
                               struct error *error) MUST_USE;

#endif
