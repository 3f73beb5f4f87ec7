/* Linked returns: a return line that says which sold line it takes back, so that nobody gets more
 * back than was sold.
 *
 *   refund (in till.db)   epoch·seq·line that was sold · number·seq·line of the return ─ quantity
 *   "original":{"device","epoch","seq","line"}          in the return line of the entry
 *
 * Of a sold line this till takes back at most what was sold by it: all of its own returns count,
 * and those of the open cart. What was sold is what the entry says where the sale is on this
 * journal, else what the receipt says. What other tills took back of it nobody knows here: the
 * ledger opens an exception when it was too much altogether.
 *
 * Where the sale is on this journal, what was paid for its line goes back by parts
 * (pricing/part.h): all returns of the line together give back exactly its amount and its tax.
 */
#ifndef HOLDFAST_SELLING_REFUND_H
#define HOLDFAST_SELLING_REFUND_H

#include "terminal/selling/cart.h"

/* DDL for step 3 of till.db. Append-only as `entry`. */
extern const char refund_schema[];

/* What stands on this journal at that place. */
struct refund_sold {
    char sku[KEY_SIZE];
    char name[NAME_SIZE];
    struct quantity base;
    struct money amount; /* that was paid for it, in the price's sense */
    struct money tax;    /* ... of it, or on top of it */
    bool tax_included;
    char tax_code[KEY_SIZE];
    char treatment[KEY_SIZE];
    int64_t rate_ppm;
};

/* STATUS_NOT_FOUND: the entry is not on this journal, or can't be read any more.
 * STATUS_INVALID: it is there, and sold nothing by such a line. */
enum status refund_sold(struct db *db, const struct refund_origin *origin, struct refund_sold *out,
                        struct error *error) MUST_USE;

/* The lines of an entry that sold something, in order, as far as there is room. STATUS_NOT_FOUND as
 * refund_sold. */
struct refund_line {
    struct refund_origin origin;
    struct refund_sold sold;
    struct quantity back; /* taken back by this till's entries */
};
enum status refund_lines(struct db *db, const struct id *device, const struct id *epoch,
                         int64_t seq, struct refund_line *out, int max, int *count,
                         struct error *error) MUST_USE;

/* The return line of the cart takes back that line. `sold` NULL: the receipt alone says that it was
 * `told`; else price and tax become those of the sale. A discount of the line goes.
 * STATUS_NOT_FOUND: no such line. STATUS_INVALID: it is no return, a linked charge or an unknown
 * code; or another item was sold. STATUS_RANGE: `told` is no quantity. */
enum status refund_link(struct cart *cart, int64_t line, const struct refund_origin *origin,
                        const struct refund_sold *sold, struct quantity told,
                        struct error *error) MUST_USE;

/* Tells each line of the cart that takes something back how much of the same went before it: by
 * what is recorded, and by earlier lines of the cart. To be called after each change of the cart,
 * and before its figures. */
enum status refund_place(struct db *db, struct cart *cart, struct error *error) MUST_USE;

/* STATUS_CONFLICT: the cart, with what was taken back before, takes back more of a line than was
 * sold by it. */
enum status refund_holds(struct db *db, const struct cart *cart, struct error *error) MUST_USE;

/* Records what the cart takes back, in the transaction that appended the entry. */
enum status refund_record(struct db *db, int64_t epoch_number, int64_t seq, const struct cart *cart,
                          struct error *error) MUST_USE;

/* Adds "original" to a line of an entry, where there is one. */
void refund_put(json_t *object, const struct cart_line *line);

/* For verifying: whether the return line of an entry is recorded as it says (a line without
 * "original" is); *linked tells whether it has one. How many records there are. */
enum status refund_recorded(struct db *db, int64_t epoch_number, int64_t seq, const json_t *line,
                            bool *linked, bool *same, struct error *error) MUST_USE;
enum status refund_records(struct db *db, int64_t *out, struct error *error) MUST_USE;

#endif
