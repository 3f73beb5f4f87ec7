/* The reasons a person may give, in English; they go into the journal as they are, and onto screen
 * and paper through tr().
 */
#ifndef HOLDFAST_SCREENS_REASONS_H
#define HOLDFAST_SCREENS_REASONS_H

enum {
    DISCOUNT_REASONS = 5,
    PRICE_REASONS = 4,
    RETURN_REASONS = 4,
    IN_REASONS = 3,
    OUT_REASONS = 4,
    NO_SALE_REASONS = 3
};

extern const char *const discount_reasons[DISCOUNT_REASONS];
extern const char *const price_reasons[PRICE_REASONS];
extern const char *const return_reasons[RETURN_REASONS];
extern const char *const paid_in_reasons[IN_REASONS];
extern const char *const paid_out_reasons[OUT_REASONS];
extern const char *const no_sale_reasons[NO_SALE_REASONS];

#endif
