/* What the sell screen does with codes and articles, apart from how it looks.
 */
#ifndef HOLDFAST_SCREENS_SELLING_H
#define HOLDFAST_SCREENS_SELLING_H

#include "ui/screens/desk.h"

/* A code into the cart, from a scanner or typed. */
void selling_scan(struct desk *desk, const char *code);
/* A product was touched; settles the unknown line while one is being linked. */
void selling_choose(struct desk *desk, const char *sku);
/* The open question, answered as far as desk->ask says: tries to add again. */
void selling_answer(struct desk *desk);
/* The question is dropped: its article is not sold. */
void selling_drop(struct desk *desk);
/* To the tender, or, when nothing is to be paid, straight to the end of the sale. */
void selling_pay(struct desk *desk);
/* The tenders cover the sale: commits it and shows the change. */
void selling_finish(struct desk *desk);
/* Why Pay is not possible now, in the cashier's words; NULL when it is. */
const char *selling_obstacle(struct desk *desk);

/* The selected line, NULL for none. */
const struct line_view *selling_selected(struct desk *desk);

#endif
