/* What is still to pay, what is rounded, what goes back. Pure.
 *
 *   rest     = total - cards
 *   rounded  = rest to the next cash step        (only when cash settles it)
 *   rounding = rounded - rest
 *   change   = cash handed over - rounded
 *
 * Therefore: total + rounding = cards + cash - change, always.
 */
#ifndef HOLDFAST_PRICING_SETTLE_H
#define HOLDFAST_PRICING_SETTLE_H

#include "terminal/money/money.h"

#include <stdbool.h>
#include <stddef.h>

struct settle_tender {
    bool cash;
    struct money amount; /* handed over; negative: paid out */
};

struct settlement {
    struct money paid;     /* sum of the tenders */
    struct money to_pay;   /* exact rest, as a card would be asked for; negative: to pay out */
    struct money cash_due; /* the rest when cash settles it */
    struct money rounding; /* 0 until covered, and whenever no cash tender stands */
    struct money change;   /* >= 0, 0 until covered */
    bool covered;
};

/* `step` is the smallest cash amount in minor units, 1 for none. Only tenders that stand are given.
 * Covered means: without cash, the rest is exactly zero; with cash, the cash reaches the rounded
 * rest (a rest to be paid out is matched exactly). STATUS_RANGE when a sum does not fit. */
enum status settle(struct money total, const struct settle_tender *tenders, size_t count,
                   int64_t step, struct settlement *out) MUST_USE;

/* The amounts people hand over for `due` (> 0, already a multiple of the cash step): exact, then
 * rounded up to each note or large coin of the currency, ascending, each once. Returns how many,
 * at most `max`. A currency without an entry in the table uses 1-2-5 steps. */
int quick_amounts(struct money due, const struct currency *currency, struct money *out, int max);

#endif
