/* The till, part four: sales and corrections prepared elsewhere (a file of real sales), put on the
 * journal as this till would have sold them. The open cart is not touched, nothing is printed.
 * See till.h for the rules of all calls; nobody needs to be signed in (`staff` goes into the
 * entry). A replayed sale belongs to shift 0: it is not in the drawer and in no Z.
 *
 * A reference ("csv:536365") is unique on a till for ever, over all kinds: what is there already is
 * STATUS_EXISTS and changes nothing, so a broken-off run is simply run again.
 */
#ifndef HOLDFAST_TILL_REPLAY_H
#define HOLDFAST_TILL_REPLAY_H

#include "terminal/till_day.h"

#define REPLAY_LINES 1000

struct replay_line {
    const char *sku;
    struct quantity quantity; /* base units; negative: a return */
    bool has_price;           /* false: the till's own price today */
    struct price price;       /* in the location's sense; goes in as price_from "reference" */
    const char *reason;       /* of a return, or NULL */
};

struct replay_sale {
    const char *reference;
    const char *staff;    /* "" for none */
    const char *customer; /* pseudonym, "" for none */
    const struct replay_line *lines;
    int count;
    const char *tender; /* "cash" or "card"; exactly what is due */
};

/* STATUS_NOT_FOUND: an item is not in the catalogue (*error names it), nothing is recorded.
 * STATUS_RANGE: more than REPLAY_LINES lines, or the entry would be above its ceiling. Durable when
 * it returns. *receipt may be NULL. Blocked items, limits and hours are not asked about: it
 * happened. */
enum status till_replay_sale(struct till *till, const struct replay_sale *sale,
                             char receipt[TILL_RECEIPT_SIZE], struct error *error) MUST_USE;

/* As till_adjust, without a person. */
enum status till_replay_adjust(struct till *till, const char *reference, const char *staff,
                               const struct adjust_line *lines, int count, const char *reason,
                               struct error *error) MUST_USE;

/* Whether the reference is on this till's journal. */
enum status till_replay_known(struct till *till, const char *reference, bool *known,
                              struct error *error) MUST_USE;

#endif
