/* Value accounts (gift cards, store credit) in an entry: like `moves` for stock, a balance is the
 * sum of these alone.
 *
 *   "accounts":[{"account":"GC-1","amount":-500,"currency":"GBP","lease":hex32,"reason":"spend"}]
 *   "leases":[{"lease":hex32,"amount":500}]     what the entry uses up, each lease once
 *
 * A tender of type "account" spends (by its lease) or, negative, refunds (without); a line with an
 * account loads it by what the card is worth, which is the line before discounts. Both members are
 * left out when empty. Pure.
 */
#ifndef HOLDFAST_SELLING_ACCOUNTS_H
#define HOLDFAST_SELLING_ACCOUNTS_H

#include "terminal/base/json.h"
#include "terminal/people/lease.h"
#include "terminal/selling/figures.h"

#include <stddef.h>

#define LEASE_RETURN "lease_return" /* kind; body {"lease":hex32,"amount":n} */

/* Adds both members for a cart. */
void accounts_put(json_t *entry, const struct cart *cart, const struct figures *figures,
                  const char *currency);

/* What the tenders that stand use up, each lease once; at most CART_TENDERS. Returns how many. */
size_t accounts_uses(const struct cart *cart, struct lease_use out[CART_TENDERS]);

/* What an entry of this kind used up, from its body. STATUS_INVALID: it is not of this form. */
enum status accounts_uses_of_entry(const char *kind, const json_t *body,
                                   struct lease_use out[CART_TENDERS], size_t *count,
                                   struct error *error) MUST_USE;

/* {"lease":hex32,"amount":n}: an item of "leases", and the body of a lease_return. */
json_t *lease_use_json(const struct lease_use *use);

#endif
