/* Webhooks: what others are told of events (event.h), at least once and in order.
 *
 *   webhook(name, url, events, secret, position, tries, next_ms, delivered, dead, ...)
 *   event 1 ─ 2 ─ 3 ─ 4 ─ 5 ─ 6
 *                 └ position: everything up to here was delivered, or given up
 *
 * The ledger keeps the queue and signs; the program holdfast-hooks fetches what is due, posts it,
 * and reports (one such program at a time: two would deliver twice, and out of order). What it was
 * given and did not report is given again.
 *
 * A delivery is one POST of {"webhook","first","last","events":[{"id","at_ms","kind","location",
 * "body"}]} with up to WEBHOOK_EVENTS events, and the header
 *
 *   Holdfast-Signature: t=<seconds>,v1=<hex of HMAC-SHA-256(secret, "<seconds>.<body>")>
 *
 * The receiver computes the same, refuses a `t` that is far from its clock, and passes over the ids
 * that it has seen. Any 2xx is "delivered". Otherwise it is tried again, a single event at a time,
 * after a random part of 2 s, 4 s, ... at most an hour; after WEBHOOK_TRIES it is given up with an
 * exception (`webhook`, one for each), and the next one's turn comes.
 */
#ifndef HOLDFAST_LEDGER_WEBHOOKS_H
#define HOLDFAST_LEDGER_WEBHOOKS_H

#include "sync/ledger/writer.h"
#include "terminal/base/buf.h"
#include "terminal/base/crypto.h"

#include <stdbool.h>
#include <stdint.h>

#define WEBHOOK_NAME_SIZE   33
#define WEBHOOK_URL_SIZE    513
#define WEBHOOK_SECRET_SIZE 65
#define WEBHOOK_EVENTS      100 /* in one delivery */
#define WEBHOOK_BYTES       ((size_t)256 << 10)
#define WEBHOOK_TRIES       16
#define WEBHOOKS_MAX        50

/* Subscribes to the kinds in `events` (words, or "*"), from now on. https, or http to this very
 * computer. `secret` is shown this once. STATUS_EXISTS, STATUS_INVALID, STATUS_CONFLICT. */
enum status webhooks_add(struct writer *writer, const struct entropy *entropy, const char *name,
                         const char *url, const char *events, char secret[WEBHOOK_SECRET_SIZE],
                         struct error *error) MUST_USE;
/* Its queue goes with it. STATUS_NOT_FOUND. */
enum status webhooks_remove(struct writer *writer, const char *name, struct error *error) MUST_USE;

/* {"webhooks":[{"name","url","events","created_ms","position","waiting","delivered","dead","tries",
 * "next_ms","last_status"}]} without secrets. */
enum status webhooks_list(struct store_session *reader, struct buf *out,
                          struct error *error) MUST_USE;

/* What is due: {"deliveries":[{"webhook","url","first","last","signature","body"}]}, `body` as the
 * text that was signed. At most one per webhook. */
enum status webhooks_due(struct writer *writer, struct store_session *reader, int64_t now_ms,
                         struct buf *out, struct error *error) MUST_USE;

/* What became of one: HTTP's status, 0 when there was no answer. `first` and `last` are those of
 * the delivery; a report that comes twice changes nothing. STATUS_NOT_FOUND. */
enum status webhooks_report(struct writer *writer, const struct entropy *entropy, const char *name,
                            int64_t first, int64_t last, int http_status,
                            struct error *error) MUST_USE;

#endif
