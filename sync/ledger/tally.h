/* What a set of entries and documents does to the figures (figure.h), summed up in memory.
 *
 * Ingestion sums a batch and then touches each row once; a rebuild sums everything and compares.
 * Both therefore run the same code. Every move adds to one stock cell what it takes from another of
 * the same item, so the stock cells of an item sum to zero, always.
 */
#ifndef HOLDFAST_LEDGER_TALLY_H
#define HOLDFAST_LEDGER_TALLY_H

#include "sync/ledger/figure.h"
#include "terminal/base/status.h"
#include "terminal/journal/moves.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tally;
struct tally *tally_new(void);
void tally_free(struct tally *tally); /* NULL is fine */
void tally_clear(struct tally *tally);

/* One row of a figure: borrowed texts, valid until the tally changes. */
struct tally_cell {
    enum figure figure;
    const char *key[FIGURE_KEYS];
    const int64_t *sum;
};

/* Adds the figure's sums to the row of its keys. STATUS_RANGE, and nothing changed, when a sum
 * would leave int64. */
enum status tally_add(struct tally *tally, enum figure figure, const char *const *key,
                      const int64_t *sums) MUST_USE;

/* A move of stock: two cells. STATUS_RANGE, and nothing changed, when a sum would leave int64. */
enum status tally_move(struct tally *tally, const char *sku, int64_t quantity_milli,
                       const struct bucket *from, const struct bucket *to) MUST_USE;

/* All cells, in order of appearance. */
size_t tally_cells(const struct tally *tally);
struct tally_cell tally_cell(const struct tally *tally, size_t index);
/* All cells by figure and, within it, by key, byte for byte: an array of tally_cells, to be freed.
 * Rows that are written in this order walk through their table's tree once. */
struct tally_cell *tally_sorted(const struct tally *tally);
/* The sums of a row, or NULL when nothing was added to it. Valid until the tally changes. */
const int64_t *tally_sums(const struct tally *tally, enum figure figure, const char *const *key);

#endif
