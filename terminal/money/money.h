/* Money, quantities and prices: whole numbers with checked arithmetic.
 *
 *   money     minor units of one currency (pence)                   int64
 *   quantity  thousandths of the item's base unit (1 each = 1000)   int64
 *   price     1/10,000 of a minor unit, for `per` thousandths       int64, int64
 *   rate      parts per million (20 % = 200,000)                    int32
 *
 * There is no floating point here. A result that does not fit is STATUS_RANGE; intermediate
 * products are 128 bits wide. Rounding happens in the named functions below and nowhere else.
 */
#ifndef HOLDFAST_MONEY_MONEY_H
#define HOLDFAST_MONEY_MONEY_H

#include "terminal/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUANTITY_ONE 1000
#define PRICE_SCALE  10000
#define RATE_ONE     1000000

struct money {
    int64_t minor;
};
struct quantity {
    int64_t milli;
};
struct price {
    int64_t scaled;
    int64_t per_milli; /* > 0, 1000 for "each" and "per kg" */
};

enum status money_add(struct money a, struct money b, struct money *out) MUST_USE;
enum status money_subtract(struct money a, struct money b, struct money *out) MUST_USE;
enum status quantity_add(struct quantity a, struct quantity b, struct quantity *out) MUST_USE;
struct money money_negate(struct money a); /* asserts a.minor != INT64_MIN */
int money_compare(struct money a, struct money b);

/* a * b / c, half away from zero; c > 0. */
enum status multiply_divide(int64_t a, int64_t b, int64_t c, int64_t *out) MUST_USE;

/* price x quantity, rounded to the minor unit half away from zero (the commercial rounding). A
 * negative quantity gives exactly the negative of the positive one. STATUS_INVALID when per_milli
 * is not positive. */
enum status price_extend(struct price price, struct quantity quantity, struct money *out) MUST_USE;

/* Tax in an amount that includes it: gross * rate / (1 + rate), half away from zero; and tax on an
 * amount that does not: net * rate. STATUS_INVALID unless
 * 0 <= rate_ppm <= 10,000,000. */
enum status tax_inside(struct money gross, int32_t rate_ppm, struct money *tax) MUST_USE;
enum status tax_on_top(struct money net, int32_t rate_ppm, struct money *tax) MUST_USE;

/* Rounds to the nearest multiple of `step` minor units, half away from zero (cash rounding: 5 for
 * CHF, 1 for none). *difference = rounded - amount. STATUS_INVALID when step is not positive. */
enum status cash_round(struct money amount, int64_t step, struct money *rounded,
                       struct money *difference) MUST_USE;

/* Splits `total` in proportion to `weights` (all >= 0, else STATUS_INVALID) so that the parts sum
 * to it exactly: largest remainder, ties to the earlier index. A part has the sign of the total;
 * one of weight zero gets nothing. All weights zero: everything goes to the first. count > 0. */
enum status money_allocate(struct money total, const int64_t *weights, size_t count,
                           struct money *parts) MUST_USE;

struct currency {
    char code[4]; /* ISO 4217 */
    int exponent; /* digits of the minor unit: 2 for GBP, 0 for JPY, 3 for KWD */
};
/* Unknown codes of three capitals have exponent 2; anything else is STATUS_INVALID. */
enum status currency_find(const char *code, struct currency *out) MUST_USE;

/* "12.50" <-> minor units with the currency's exponent; no symbol, no grouping. */
enum status money_read(const char *text, const struct currency *currency,
                       struct money *out) MUST_USE;
#define MONEY_TEXT_SIZE 32
void money_write(struct money amount, const struct currency *currency, char out[MONEY_TEXT_SIZE]);

#endif
