/* The figures that the ledger makes from entries: one descriptor per table. Every one of them is a
 * sum over entries and documents, so it does not matter in which order they came.
 *
 *   table            key (texts)                             sums
 *   stock            location, sku, status                   quantity_milli
 *   total            location, currency                      entries, sales, returns, gross_minor
 *   money            location, business_date, currency, what amount_minor, count
 *   account          account, currency                       balance_minor
 *   lease_use        lease, device                           spent, returned
 *   customer_total   customer, currency                      sales, returns, gross_minor
 *   customer_fact    customer, stamp, op, group_id, hash     count
 *   refunded         original                                quantity_milli
 *   order_mark       channel, id                             picked, staged, handed_over, refused,
 *                                                            returned
 *   order_handed     channel, id, sku                        quantity_milli
 *
 * money.what: gross, net, tax:CODE, rounding, change, discount, tender:TYPE, returns (the gross of
 * returns), paid_in, paid_out, drawer_difference; `count` counts the entries (lines of a rate,
 * tenders) that it was taken from. What names no currency (paid_in) has "": the location's.
 * customer_fact.stamp orders what was said of a customer: hlc, device, epoch, seq.
 * refunded.original: epoch hex / seq (10 digits) / line id (6 digits) of the line that was sold.
 */
#ifndef HOLDFAST_LEDGER_FIGURE_H
#define HOLDFAST_LEDGER_FIGURE_H

#include <stdbool.h>

enum figure {
    FIGURE_STOCK,
    FIGURE_TOTAL,
    FIGURE_MONEY,
    FIGURE_ACCOUNT,
    FIGURE_LEASE_USE,
    FIGURE_CUSTOMER_TOTAL,
    FIGURE_CUSTOMER_FACT,
    FIGURE_REFUNDED,
    FIGURE_ORDER_MARK,
    FIGURE_ORDER_HANDED,
    FIGURES
};

#define FIGURE_KEYS 5
#define FIGURE_SUMS 5

struct figure_table {
    const char *name;
    int keys, sums;
    const char *key[FIGURE_KEYS];
    const char *sum[FIGURE_SUMS];
    bool judged;        /* what it comes to is looked at after it was changed */
    const char *select; /* all keys, then all sums, of all rows */
    const char *clear;  /* deletes all rows */
};

const struct figure_table *figure_table(enum figure figure);

/* Statements that add rows of keys and sums, in this order, to their tables; those of a judged
 * figure return keys and sums as they come to. A text is made when it is first wanted.
 * One thread. */
#define FIGURE_ROWS_MAX 256
struct figure_sql;
struct figure_sql *figure_sql_new(void);
void figure_sql_free(struct figure_sql *sql); /* NULL is fine; nothing runs them after that */
/* The statement that takes the most of `count` rows, at least 1: *rows of them. */
const char *figure_sql_add(struct figure_sql *sql, enum figure figure, int count, int *rows);

#endif
