/* What a figure that has changed means: who must be told, and whether it is odd.
 *
 *   stock          feed of the location; oversell, negative_stock; low-stock and oversell alerts
 *   account        below zero
 *   lease_use      lease_overspent; a lease with nothing left is closed      (leases.h)
 *   refunded       refund_over_sale                                          (refunds.h)
 *   order_mark     the order's state at the shop; double_pickup              (orders.h)
 *   order_handed   double_pickup
 *   customer_fact  the customer's row; erasure                               (customers.h)
 */
#ifndef HOLDFAST_LEDGER_JUDGE_H
#define HOLDFAST_LEDGER_JUDGE_H

#include "sync/ledger/figure.h"
#include "sync/ledger/writer.h"

struct judged {
    enum figure figure;
    const char *key[FIGURE_KEYS];
    int64_t before[FIGURE_SUMS], after[FIGURE_SUMS];
};

/* In the transaction that changed it. */
enum status judge_figure(const struct writer_turn *turn, const struct judged *judged,
                         struct error *error) MUST_USE;

#endif
