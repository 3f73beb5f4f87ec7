/* The figures of a cart, and the view of it that screens read: totals by pricing, settlement by the
 * tenders. Derived, never stored.
 */
#ifndef HOLDFAST_SELLING_FIGURES_H
#define HOLDFAST_SELLING_FIGURES_H

#include "terminal/selling/cart.h"

struct figures {
    struct pricing_line_total lines[PRICING_LINES]; /* of the cart's lines, by index; zeros for
                                                       removed and unknown ones */
    struct pricing_totals totals;
    struct settlement settlement;
};

/* `cash_step`: the location's cash_round_minor. STATUS_RANGE: a figure does not fit, or too many
 * tax rates in one sale. */
enum status figures_make(const struct cart *cart, int64_t cash_step, struct figures *out,
                         struct error *error) MUST_USE;

/* The view, borrowing from the cart and from `lines`, which it fills (count lines of the cart are
 * enough). `undo`: whether there is something to undo. */
void figures_view(const struct cart *cart, const struct figures *figures, bool undo,
                  struct line_view *lines, struct cart_view *out);

#endif
