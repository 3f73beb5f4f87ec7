/* Low stock and oversell, told while they last: rows of `alert` (location, sku, kind), and events.
 *
 *   low_stock   available <= stock_rule.low_milli of the item (or of all items, sku '') there
 *   oversell    available < 0
 *
 * stock_rule is reference data: safety_milli (never sold by a channel) and low_milli (-1: none).
 */
#ifndef HOLDFAST_LEDGER_ALERTS_H
#define HOLDFAST_LEDGER_ALERTS_H

#include "sync/ledger/writer.h"
#include "terminal/base/buf.h"

/* After what is available of an item went from `before` to `after`. */
enum status alerts_judge(const struct writer_turn *turn, const char *location, const char *sku,
                         int64_t before, int64_t after, struct error *error) MUST_USE;

/* The rule that holds for an item: its own, or that of all items of the location. Without one:
 * safety 0, low -1. */
struct stock_rule {
    int64_t safety_milli, low_milli;
};
enum status alerts_rule(struct store_session *session, const char *location, const char *sku,
                        struct stock_rule *out, struct error *error) MUST_USE;

/* A rule of the location was put or deleted, of one item or of all ("" as sku): alerts end and
 * begin by what stands on hand now. One pass over the location's stock. */
enum status alerts_rule_changed(const struct writer_turn *turn, const char *location,
                                const char *sku, struct error *error) MUST_USE;

/* Appends {"alerts":[{"location","sku","kind","at_ms","quantity_milli"}]}, of one location or of
 * all (""), in order, at most 1000. */
enum status alerts_list(struct store_session *session, const char *location, struct buf *out,
                        struct error *error) MUST_USE;

#endif
