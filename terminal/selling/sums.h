/* Named sums of a shift: what the drawer, the X and the Z are made of.
 *
 *   sales returns cancelled no_sales paid_in_count paid_out_count              how often
 *   sales_gross returns_gross discounts rounding paid_in paid_out               minor units
 *   cash card account                                                          by tender
 *   rate:A:200000:net|tax|gross                                                per tax rate
 *
 * A sale adds to them from its figures; closing a shift computes them once more from the entries
 * as they were signed. Two ways to the same numbers, and they must agree.
 */
#ifndef HOLDFAST_SELLING_SUMS_H
#define HOLDFAST_SELLING_SUMS_H

#include "terminal/base/json.h"
#include "terminal/selling/figures.h"

#define SUM_NAME_SIZE 96
#define SUMS_MAX      96

struct sum {
    char name[SUM_NAME_SIZE];
    int64_t value;
};
struct sums {
    struct sum items[SUMS_MAX]; /* by name */
    int count;
};

/* STATUS_RANGE: a sum does not fit, or too many names. */
enum status sums_add(struct sums *sums, const char *name, int64_t value,
                     struct error *error) MUST_USE;
int64_t sums_get(const struct sums *sums, const char *name); /* 0 when it is not there */
bool sums_equal(const struct sums *a, const struct sums *b); /* zeros count as missing */

/* The sums per tax rate, by code, then rate. Returns how many, at most CART_RATES. */
struct sum_rate {
    char code[KEY_SIZE];
    int64_t rate_ppm;
    int64_t net, tax, gross;
};
int sums_rates(const struct sums *sums, struct sum_rate out[CART_RATES]);

/* {"sales":3,...}, zeros left out. */
json_t *sums_to_json(const struct sums *sums);
enum status sums_from_json(const json_t *json, struct sums *out, struct error *error) MUST_USE;

/* What a sale adds, from its cart and figures. */
enum status sums_add_sale(struct sums *sums, const struct cart *cart, const struct figures *figures,
                          bool is_return, struct error *error) MUST_USE;

/* What an entry adds, from its signed body: sale, cancelled, paid_in, paid_out, no_sale; other
 * kinds add nothing. */
enum status sums_add_entry(struct sums *sums, const char *kind, const json_t *body,
                           struct error *error) MUST_USE;

#endif
