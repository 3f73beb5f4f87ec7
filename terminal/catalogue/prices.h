/* Which price and which tax rate hold for an item at a location, a channel and a moment.
 *
 * A list takes part when its location, channel and customer group are empty or equal to the asked
 * ones, its currency is empty or the location's, and the stamp lies in its validity; a price row
 * when the stamp lies in its own. Validity is [valid_from, valid_to) in local stamps
 * "YYYY-MM-DDTHH:MM"; "" is open. Among the rows that take part the highest list priority wins,
 * then the latest valid_from of the row, then the smaller list name.
 */
#ifndef HOLDFAST_CATALOGUE_PRICES_H
#define HOLDFAST_CATALOGUE_PRICES_H

#include "terminal/base/clock.h"
#include "terminal/base/status.h"
#include "terminal/catalogue/item.h"
#include "terminal/money/money.h"

#include <stdbool.h>

struct catalogue;

/* What a price depends on beside the item. */
struct price_context {
    char stamp[LOCAL_STAMP_SIZE]; /* the location's local time, never empty */
    const char *channel;          /* "" for the shop's own tills */
    const char *customer_group;   /* "" for no group */
};

/* The context of the shop's own tills at a local time. */
struct price_context price_context_at(const struct local_time *now);

struct item_price {
    struct price price; /* per base quantity: scaled for per_milli thousandths of the base unit */
    char list[KEY_SIZE];
    bool tax_included; /* of the list */
    bool of_pack;      /* a price row of the pack itself, not factor x the unit's price */
};

/* The price of an item sold in `pack` ("" for the single unit) of `factor` base thousandths.
 *
 * A price row of the pack itself, in any list that takes part, wins over the unit's price. It is
 * given per base quantity, so that the caller always extends it with the base quantity: a case of
 * 24 at 20.00 is 20.00 per 24,000. Without one the unit's price holds as it is (24 x 1.00 for the
 * case). STATUS_NOT_FOUND when no list has a price. */
enum status catalogue_price(struct catalogue *catalogue, const char *sku, const char *pack,
                            struct quantity factor, const struct price_context *context,
                            struct item_price *out, struct error *error) MUST_USE;

struct tax_rate {
    char code[KEY_SIZE]; /* "A" */
    char name[NAME_SIZE];
    int32_t rate_ppm;
    char treatment[KEY_SIZE];
};

/* The rate of a tax class in the location's tax list at a local stamp: the row with the latest
 * valid_from that holds. STATUS_NOT_FOUND when none does: the item cannot be sold until head office
 * gives it a rate. */
enum status catalogue_tax_rate(struct catalogue *catalogue, const char *tax_class,
                               const char *stamp, struct tax_rate *out,
                               struct error *error) MUST_USE;

#endif
