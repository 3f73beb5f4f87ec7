/* What a set of entries does to stock and totals, summed up in memory: the fold of `moves`.
 *
 * Ingestion sums a batch and then touches each balance once; a rebuild sums everything and
 * compares. Both therefore run the same code. Every move adds to one cell what it takes from
 * another of the same item, so the cells of an item sum to zero, always.
 */
#ifndef HOLDFAST_LEDGER_TALLY_H
#define HOLDFAST_LEDGER_TALLY_H

#include "terminal/base/status.h"
#include "terminal/journal/moves.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tally;
struct tally *tally_new(void);
void tally_free(struct tally *tally); /* NULL is fine */
void tally_clear(struct tally *tally);

/* One balance: borrowed texts, valid until the tally changes. */
struct tally_cell {
    const char *location;
    const char *status;
    const char *sku;
    int64_t delta_milli;
};

/* STATUS_RANGE, and nothing changed, when a sum would leave int64. */
enum status tally_move(struct tally *tally, const char *sku, int64_t quantity_milli,
                       const struct bucket *from, const struct bucket *to) MUST_USE;
size_t tally_cells(const struct tally *tally);
struct tally_cell tally_cell(const struct tally *tally, size_t index); /* in order of appearance */
/* 0 for a cell that is not there. */
int64_t tally_delta(const struct tally *tally, const char *location, const char *status,
                    const char *sku);

/* What a location's journal says in sum. `currency` is "" where no money is counted. */
struct tally_total {
    char location[LOCATION_ID_SIZE];
    char currency[4];
    int64_t entries;
    int64_t sales;
    int64_t returns;
    int64_t gross_minor;
};

/* Adds the numbers of `add` to the total of its location and currency. STATUS_RANGE, and nothing
 * changed, when the gross would leave int64. */
enum status tally_total_add(struct tally *tally, const struct tally_total *add) MUST_USE;
size_t tally_totals(const struct tally *tally);
const struct tally_total *tally_total(const struct tally *tally, size_t index);

#endif
