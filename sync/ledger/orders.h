/* Orders of channels for collection in a shop.
 *
 *   POST /v1/orders ──► order_request, the rows pickup_order and pickup_line of the shop's tills,
 *                       a document available -> reserved: one transaction, once per (channel, id)
 *   pickup_pick, pickup_hand_over, pickup_refuse (entries) ──► order_mark, order_handed
 *
 * What was marked is counted, so entries may come in any order; the state is the furthest mark:
 *
 *   returned > handed_over > refused > cancelled > staged > picked > placed
 *
 * Stock is moved by the entries' own moves. An order is handed over twice when two entries say so,
 * or when more of an item left than was ordered: one exception double_pickup per order.
 * No personal data: `customer` is a pseudonym.
 */
#ifndef HOLDFAST_LEDGER_ORDERS_H
#define HOLDFAST_LEDGER_ORDERS_H

#include "sync/ledger/writer.h"
#include "terminal/base/buf.h"
#include "terminal/journal/device.h"
#include "terminal/journal/moves.h"

#include <jansson.h>

#define ORDER_LINES_MAX 1000

/* {"channel","id","location","customer","lines":[{"line":1,"sku","quantity_milli"}]}. The answer is
 * {"channel","id","location","state":"placed","placed_ms"}, and the very same for the same order
 * again. STATUS_CONFLICT: a line is beyond what may be sold (availability.h); the text says which.
 * STATUS_EXISTS: the id was used for another order. STATUS_NOT_FOUND: no such location. */
enum status orders_place(struct writer *writer, const json_t *request, json_t **answer,
                         struct error *error) MUST_USE;

/* Gives back what is reserved. STATUS_CONFLICT: it was picked already; the shop refuses it.
 * Cancelling again is fine. STATUS_NOT_FOUND. */
enum status orders_cancel(struct writer *writer, const char *channel, const char *id,
                          struct error *error) MUST_USE;

/* Appends {"channel","id","location","customer","state","placed_ms","cancelled_ms","lines":[...]}.
 * STATUS_NOT_FOUND. */
enum status orders_show(struct store_session *session, const char *channel, const char *id,
                        struct buf *out, struct error *error) MUST_USE;

/* Appends {"orders":[{"channel","id","location","state","placed_ms"}]}: of one location, with
 * `state` or ("") all, at most 500, oldest first. */
enum status orders_list(struct store_session *session, const char *location, const char *state,
                        struct buf *out, struct error *error) MUST_USE;

/* After an order's marks (in the order of the figure) came to `sums`. */
enum status orders_judge(const struct writer_turn *turn, const char *channel, const char *id,
                         const int64_t *sums, struct error *error) MUST_USE;
/* After what left of an item came to `quantity_milli`. */
enum status orders_judge_handed(const struct writer_turn *turn, const char *channel, const char *id,
                                const char *sku, int64_t quantity_milli,
                                struct error *error) MUST_USE;

/* After an order was placed: marks of it that came before (a till knew it from a ledger that was
 * since restored). */
enum status orders_meet(const struct writer_turn *turn, const char *channel, const char *id,
                        struct error *error) MUST_USE;

/* The state that marks and cancellation make. Static text. `sums` may be NULL: no marks. */
const char *orders_state(const int64_t *sums, int64_t cancelled_ms);

/* Writes every order's rows and state anew, from the requests and marks. For the repair. */
enum status orders_refold(const struct writer_turn *turn, struct error *error) MUST_USE;

#endif
