/* A settled cart as the body of a journal entry, with its stock moves.
 *
 * Members of a line that have their usual value are left out: texts "", numbers 0, unit "each",
 * factor and per 1000, empty lists, no original. Everything else is as the journal's format says.
 */
#ifndef HOLDFAST_SELLING_SALE_H
#define HOLDFAST_SELLING_SALE_H

#include "terminal/base/db.h"
#include "terminal/catalogue/catalogue.h"
#include "terminal/journal/journal.h"
#include "terminal/journal/moves.h"
#include "terminal/selling/figures.h"

/* A component of a kit that was sold as one line. */
struct kit_part {
    int64_t line;
    char sku[KEY_SIZE];
    bool stocked;
    struct quantity base; /* sign of the line */
    struct money amount;  /* share of the line's amount; the shares sum to it */
};

struct sale_terms {
    const char *location; /* "S01" */
    const char *till;     /* "T01" */
    const char *receipt;
    const char *reference; /* external id or "" */
    const char *currency;
    int64_t shift; /* 0: a replayed sale */
    int64_t prices_position;
    const struct kit_part *parts;
    size_t part_count;
};

/* The components of the cart's kits. *out is new memory (free), NULL when there are none. */
enum status sale_kit_parts(struct catalogue *catalogue, const struct cart *cart,
                           const struct figures *figures, struct kit_part **out, size_t *count,
                           struct error *error) MUST_USE;

/* A sale is a "return" when every line that stands is one. */
bool sale_is_return(const struct cart *cart);

/* Adds the body, from "type" to "change", to an entry. The cart is settled: INVARIANT net + tax +
 * rounding = taken tenders - change. */
void sale_put(json_t *entry, const struct cart *cart, const struct figures *figures,
              const struct sale_terms *terms);

/* Whether the entry of this sale will be small enough, however it is paid: lines and moves are
 * measured as they will stand there, the rest has a fixed room. The cart need not be settled.
 * STATUS_RANGE: too many or too long lines; no tender may be taken for it. */
enum status sale_fits(const struct cart *cart, const struct figures *figures,
                      const struct sale_terms *terms, struct error *error) MUST_USE;

/* Adds the body of a cart that is given up: lines, amount, reason, and the tenders that were taken
 * and reversed. */
void sale_put_cancelled(json_t *entry, const struct cart *cart, const struct figures *figures,
                        const char *reason, int64_t shift);

/* The perpetual totals after this sale. STATUS_RANGE. */
enum status sale_perpetual(const struct cart *cart, const struct figures *figures,
                           struct perpetual *totals, struct error *error) MUST_USE;

/* The stock moves of the sale, new memory (free); NULL when *count is 0. */
void sale_moves(const struct cart *cart, const struct sale_terms *terms, struct stock_move **out,
                size_t *count);

#endif
