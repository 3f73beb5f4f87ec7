/* From an item of the catalogue to a line of the cart: may it be sold, at which price, with which
 * tax and which linked charges. The outcome tells what else is needed; only SCAN_ADDED and
 * SCAN_UNKNOWN change the cart.
 */
#ifndef HOLDFAST_SELLING_CART_ADD_H
#define HOLDFAST_SELLING_CART_ADD_H

#include "terminal/catalogue/catalogue.h"
#include "terminal/selling/cart.h"

/* When and how an item is added. */
struct add_moment {
    struct catalogue *catalogue;
    struct price_context prices;
    int minute_of_day;
};

/* What is known of this one beside the item. */
struct add_terms {
    const char *code;         /* as scanned, "" by hand */
    struct quantity quantity; /* in packs; 0: one, or to be weighed */
    bool has_price;
    struct money price; /* of one entered unit; with label_price: of the whole piece */
    bool label_price;   /* the code carries the price of this piece */
    bool age_confirmed;
    const char *price_from; /* NULL, or what a given price is: "override", "reference" */
    bool unchecked;         /* a replayed sale: no restrictions, no linked charges */
    bool never_merge;
    const char *lot, *serial;
};

/* Adds, or says in out->outcome what is missing; fills the item's fields of *out in any case. In
 * return mode (cart->return_reason) it goes in as a return. `found` is the item with its pack and
 * price as of moment->prices. */
enum status cart_add(struct cart *cart, const struct add_moment *moment,
                     const struct found_item *found, const struct add_terms *terms,
                     struct scan_result *out, struct error *error) MUST_USE;

/* The line is sold in the pack of `found` from now on ("" for the single unit), with the same
 * number of them and at the list's price: an overridden price goes, a discount stays.
 * STATUS_NOT_FOUND: no such line; STATUS_INVALID: not a line of this item at a list's or a given
 * price, or it takes back a sold one; STATUS_RANGE, STATUS_CONFLICT: as cart_quantity. */
enum status cart_repack(struct cart *cart, int64_t line, const struct add_moment *moment,
                        const struct found_item *found, struct error *error) MUST_USE;

/* A line for a code that nobody knows. */
void cart_add_unknown(struct cart *cart, const char *code, int64_t count, struct scan_result *out);

/* A line without item at an open price; `line` 0 adds one, else the unknown line is settled.
 * STATUS_NOT_FOUND: no tax rate for the class, or no such unknown line. */
enum status cart_add_open(struct cart *cart, const struct add_moment *moment, int64_t line,
                          const char *name, const char *tax_class, struct money price,
                          struct scan_result *out, struct error *error) MUST_USE;

#endif
