/* What others are told as it happens: rows of `event`, written in the transaction of their cause,
 * so that what was told happened and what happened is told. Webhooks read them from there.
 *
 *   kind                body (no personal data)
 *   exception.opened    {"id","kind","location","detail"}         also when it is reopened
 *   exception.changed   {"id","op","who"}
 *   stock.low           {"sku","location","available_milli","low_milli"}
 *   stock.oversell      {"sku","location","available_milli"}
 *   stock.changed       {"location","items":[{"sku","status","quantity_milli"}]}   per transaction
 *   sale                {"location","device","epoch","seq","type","currency","gross_minor"}
 *   order.placed        {"channel","id","location"}
 *   order.changed       {"channel","id","location","state"}
 *
 * An event that no webhook subscribed to is not written.
 */
#ifndef HOLDFAST_LEDGER_EVENT_H
#define HOLDFAST_LEDGER_EVENT_H

#include "sync/ledger/store/store.h"

#include <jansson.h>

/* Whether any webhook wants events of this kind, as of this transaction. */
enum status event_wanted(struct store_session *session, const char *kind, bool *out,
                         struct error *error) MUST_USE;

/* Writes one, if it is wanted. The body is borrowed. */
enum status event_add(struct store_session *session, int64_t at_ms, const char *kind,
                      const char *location, const json_t *body, struct error *error) MUST_USE;

#endif
