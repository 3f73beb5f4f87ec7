/* What the two halves of the index's writer share: search_writer.c keeps single items,
 * search_build.c builds the whole. Callers use terminal/catalogue/search.h.
 */
#ifndef HOLDFAST_CATALOGUE_SEARCH_WRITER_H
#define HOLDFAST_CATALOGUE_SEARCH_WRITER_H

#include "terminal/catalogue/search.h"
#include "terminal/catalogue/search_index.h"

/* Where ranks begin (far from 0, so that there is room before the first) and how far apart they are
 * after a bulk build. */
#define SEARCH_RANK_START (INT64_C(1) << 40)
#define SEARCH_RANK_GAP   64

/* Words of one item: codes that do not fit any more are not searched for. */
#define SEARCH_WORDS_BYTES_MAX 16384

struct search_writer {
    struct db *db;
    struct fold *fold;
    struct buf words; /* of the item at hand */
};

/* Inserts a row at a rank that is free, and notes the rank of its SKU. */
enum status search_index_insert(struct search_writer *writer, int64_t rank,
                                const struct search_key *key, struct error *error) MUST_USE;

/* Appends a code's words to writer->words; nothing when they do not fit. */
void search_index_add_code(struct search_writer *writer, const char *code, const char *given);

#endif
