/* From cart lines to totals. Pure: no database, no clock; the same lines give the same figures on
 * the till, at the ledger and in the tests.
 *
 *   price x base ─► gross ─► - line discount ─► - share of the cart's discount ─► amount
 *   amounts of one (rate, direction) ─► their sum ─► tax of the sum ─► shared out to the lines
 *
 * Tax is computed once per rate and direction (goods sold, goods returned), on the sum of amounts,
 * and then shared out to the lines by largest remainder. So the printed tax of a rate is what the
 * rate gives on the printed sum, splitting a line in two changes nothing, the lines sum to the
 * rates and the rates to the totals, and returning everything gives the exact negative of the sale.
 * Goods of which it is known what was paid are the exception: their gross and tax are given (see
 * part.h) and are added to the sum and the tax of their rate as they are.
 *
 * For every line, rate and for the whole:  net + tax = gross  (in `pricing_line_total`: total).
 */
#ifndef HOLDFAST_PRICING_TOTALS_H
#define HOLDFAST_PRICING_TOTALS_H

#include "terminal/money/money.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PRICING_LINES 1000
#define PRICING_RATES 12

struct pricing_discount {
    bool percent;
    int32_t ppm;         /* percent: 0..RATE_ONE */
    struct money amount; /* not percent: >= 0, in the price's sense */
};

struct pricing_line {
    struct quantity base; /* not zero; negative: a return */
    struct price price;   /* scaled >= 0 */
    const char *tax_code; /* what is printed; rates are told apart by code, rate and treatment */
    const char *treatment;
    int32_t rate_ppm;
    struct pricing_discount discount;    /* of this line; an amount is cut at what is there */
    bool charge;                         /* a linked charge: takes no share of a cart discount */
    bool given;                          /* the next two stand, not price x base; a return */
    struct money given_gross, given_tax; /* <= 0; of less by a discount, less tax goes back */
};

struct pricing_line_total {
    struct money gross;         /* price x base, in the price's sense; sign of base */
    struct money line_discount; /* taken off, sign of base; |discount| <= |gross| */
    struct money cart_discount; /* share of the cart's, >= 0; 0 for returns and charges */
    struct money amount;        /* gross - discounts, in the price's sense */
    struct money net, tax;
    struct money total; /* net + tax; equals amount where prices include tax */
    int rate;           /* index into pricing_totals.rates */
};

struct pricing_rate {
    const char *code, *treatment; /* borrowed from the lines */
    int32_t rate_ppm;
    struct money net, tax, gross;
};

struct pricing_totals {
    struct pricing_rate rates[PRICING_RATES]; /* by code, then rate, then treatment */
    int rate_count;
    struct money net, tax, gross;
    struct money saved; /* all discounts of goods sold, minus those of goods returned */
};

/* The totals of `count` lines (0 is fine: all zero). `cart` is a discount on all goods sold that
 * are no charges; an amount is cut at what is there. Fills out[0..count).
 * STATUS_RANGE: a figure does not fit, more than PRICING_LINES lines or PRICING_RATES rates.
 * STATUS_INVALID: a quantity of zero, a negative price, a rate or discount out of bounds; figures
 * given for goods sold, or above zero. */
enum status pricing_total(const struct pricing_line *lines, size_t count, bool tax_included,
                          struct pricing_discount cart, struct pricing_line_total *out,
                          struct pricing_totals *totals) MUST_USE;

#endif
