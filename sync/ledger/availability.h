/* What channels may sell of an item at a location (design, section 4).
 *
 *   sellable = available - safety - buffer - leased, never below zero; all in thousandths
 *
 *   available  the stock row
 *   safety     stock_rule.safety_milli of the item, or of all items (sku '') there, or 0
 *   leased     outstanding of all stock leases of the item at the location (leases.h)
 *   buffer     rate x silence / one day, rounded half up to a thousandth:
 *     silence  of the shop's most silent till that is active: now - when it was last heard of, in
 *              milliseconds; 0 up to AVAILABILITY_QUIET_MS, at most AVAILABILITY_SILENCE_MAX_MS;
 *              0 where there is no till, for nothing is sold there unseen
 *     rate     thousandths a day: the larger of what was sold per day between the last two marks
 *              and what was sold since the last one; sold is what went to @customer, less what came
 *              back, never below 0. Marks are made by chores.h, about once a day per location.
 */
#ifndef HOLDFAST_LEDGER_AVAILABILITY_H
#define HOLDFAST_LEDGER_AVAILABILITY_H

#include "sync/ledger/store/store.h"
#include "terminal/base/buf.h"

#define AVAILABILITY_QUIET_MS       INT64_C(180000)
#define AVAILABILITY_SILENCE_MAX_MS (INT64_C(7) * 86400000)

struct availability {
    int64_t available_milli, safety_milli, buffer_milli, leased_milli, sellable_milli;
    int64_t silent_ms; /* of the most silent till */
};

enum status availability_of(struct store_session *session, const char *location, const char *sku,
                            int64_t now_ms, struct availability *out, struct error *error) MUST_USE;

/* When the location's most silent active till was last heard of; `now_ms` where there is none. */
enum status availability_heard(struct store_session *session, const char *location, int64_t now_ms,
                               int64_t *out, struct error *error) MUST_USE;

/* Appends {"location","sku","available","safety","buffer","leased","sellable","as_of_ms"}:
 * quantities as plain decimals. as_of_ms is when the most silent till was last heard of. */
enum status availability_report(struct store_session *session, const char *location,
                                const char *sku, int64_t now_ms, struct buf *out,
                                struct error *error) MUST_USE;

#endif
