/* Reading a price, a weight or a count out of an in-store EAN-13 by the shop's masks. What a mask
 * is and where masks come from is said in terminal/catalogue/code.h.
 */
#ifndef HOLDFAST_CATALOGUE_CODE_MASKS_H
#define HOLDFAST_CATALOGUE_CODE_MASKS_H

#include "terminal/catalogue/code.h"

struct mask_reading {
    char zeroed[GTIN_SIZE];    /* canonical, variable digits 0, check digit computed anew */
    char reference[GTIN_SIZE]; /* the digits under I */
    bool has_price;            /* value: minor units with `decimals` */
    bool has_quantity;         /* value: thousandths of `unit` */
    int64_t value;
    int decimals;
    char unit[4]; /* "kg", or "" for pieces */
};

/* The first mask that fits the canonical GTIN; false when none does. */
bool code_masks_apply(const struct code_masks *masks, const char gtin[GTIN_SIZE],
                      struct mask_reading *out);

/* The price verifier of four or five price digits (General Specifications, section 7.9.2 to 7.9.4).
 */
char mask_price_verifier(const char *digits, size_t count);

#endif
