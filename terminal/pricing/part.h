/* What goes back for a part of a sold line, so that the parts give back exactly what was paid.
 *
 *   paid    ├──────────────── amount, of it tax ────────────────┤  for base
 *   shares  0 ─► share(before) ─► share(before + back) ─► ... ─► amount
 *
 * Each part by itself, rounded, would leave a unit over or take one too many (10.00 in thirds). A
 * part is therefore the difference of two shares of the whole: what went back after it, minus what
 * had gone back before it. In whatever order and sizes the parts come back, they sum to what was
 * paid as soon as their quantities do; no part is negative, and after each one the amount is within
 * half a unit, net and tax within one, of exact proportion.
 */
#ifndef HOLDFAST_PRICING_PART_H
#define HOLDFAST_PRICING_PART_H

#include "terminal/money/money.h"

/* As the sale's entry says it. */
struct pricing_paid {
    struct quantity base; /* > 0 */
    struct money amount;  /* >= 0, in the price's sense */
    struct money tax;     /* >= 0; at most the amount where prices include tax */
    bool tax_included;
};

/* Amount and tax (both >= 0) of `back` base units that come back after `before` of them had; what
 * is beyond the sale's quantity gives nothing. STATUS_INVALID: a figure out of its bounds, before
 * negative or back not positive. STATUS_RANGE: a sum does not fit. */
enum status pricing_part(const struct pricing_paid *paid, struct quantity before,
                         struct quantity back, struct money *amount, struct money *tax) MUST_USE;

#endif
