/* The fiscal seam: a device or service that some countries put between a sale and its receipt.
 *
 * Order for every sale:  begin -> (the customer pays) -> finish -> entry built -> commit -> print.
 * A cart that is given up after begin gets cancel. What a call answers, or that it failed and why,
 * goes into the journal entry ("fiscal") and on the receipt: an outage of the device is recorded,
 * it never stops the sale.
 */
#ifndef HOLDFAST_SELLING_FISCAL_H
#define HOLDFAST_SELLING_FISCAL_H

#include "terminal/base/status.h"

#include <jansson.h>

#define FISCAL_RECEIPT_LINES 6

/* For a driver's writer. Every call returns within 2 seconds (it runs on the till's thread and is
 * not repeated), keeps no pointer it was given, and may be called again after a failure. `cart` is
 * the till's id of the cart, the same for the three calls, unique for ever on this till. */
struct fiscal {
    const char *provider; /* "none"; short name, goes into every entry */
    void *context;
    /* The first line of a cart was added. */
    enum status (*begin)(void *context, const char *cart, struct error *error);
    /* The sale is settled. `sale` is the entry's body as far as it is known (lines, rates, totals,
     * tenders), borrowed. The answer, a new object with members of the provider's choice (strings
     * and integers) goes to *answer; its member "receipt", an array of at most
     * FISCAL_RECEIPT_LINES strings, is printed; its member "qr" is printed as a symbol. */
    enum status (*finish)(void *context, const char *cart, const json_t *sale, json_t **answer,
                          struct error *error);
    /* The cart is given up. */
    enum status (*cancel)(void *context, const char *cart, struct error *error);
};

/* Provider "none": every call succeeds, the answer is empty. Static. */
const struct fiscal *fiscal_none(void);

/* The entry's "fiscal" member: {"provider":"none"} plus the answer's members, or plus
 * "failed":"one line". A new reference. */
json_t *fiscal_finish(const struct fiscal *fiscal, const char *cart, const json_t *sale);

/* begin and cancel, their failure only logged (finish tells the story). */
void fiscal_begin(const struct fiscal *fiscal, const char *cart);
void fiscal_cancel(const struct fiscal *fiscal, const char *cart);

#endif
