/* Numbers that are typed on keys: amounts, quantities, percentages.
 */
#ifndef HOLDFAST_SCREENS_PAD_H
#define HOLDFAST_SCREENS_PAD_H

#include "ui/screens/desk.h"

#include <stdbool.h>

/* Adds a digit, "00", "." (once, and only where `decimals` > 0), or takes the last away ("<"). A
 * key that would make an impossible number does nothing. */
void pad_press(struct pad *pad, const char *key, int decimals);
void pad_clear(struct pad *pad);

/* The amount typed; false while nothing is. */
bool pad_money(const struct desk *desk, const struct pad *pad, struct money *out);
/* Thousandths; false while nothing is. */
bool pad_milli(const struct pad *pad, int64_t *out);
void pad_set_money(const struct desk *desk, struct pad *pad, struct money amount);

/* What a readout shows: the amount with its symbol, or "" while nothing is typed. */
const char *pad_money_text(struct desk *desk, const struct pad *pad);

/* The decimal mark of the location. Keyboards differ from locations, and a mark that is swallowed
 * makes ten times the amount: the other one of point and comma, typed, counts as the mark too. */
const char *pad_mark(struct desk *desk, struct pad *pad, int decimals);

/* Four rows of keys, digits never mirrored, and the action "ID/do": with UI_PRIMARY the primary
 * button below the keys, else the last key. While it is disabled it says what is missing. True
 * when the action was pressed, by touch or by Enter. */
struct pad_keys {
    const char *action;
    enum ui_kind kind;
    bool disabled;
    int decimals; /* 0: the point is not offered */
    int weight;
};
bool pad_keys(struct desk *desk, const char *id, struct pad *pad, const struct pad_keys *keys);

#endif
