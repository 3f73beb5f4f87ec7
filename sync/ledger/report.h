/* What people and other systems read of the projections. */
#ifndef HOLDFAST_LEDGER_REPORT_H
#define HOLDFAST_LEDGER_REPORT_H

#include "sync/ledger/store.h"
#include "terminal/base/buf.h"

/* {"entries","sales","returns","gross_minor":{"GBP":n},"locations":{"S01":{the same}}} */
enum status report_totals(struct store_session *session, struct buf *out,
                          struct error *error) MUST_USE;

/* {"sku","locations":{"S01":{"available":100,"reserved":0,"in_transit":0,"damaged":0}}}: decimals
 * written exactly, in base units. Other statuses are told where they are not zero; virtual ones
 * never. STATUS_NOT_FOUND when neither item nor stock is known. */
enum status report_stock(struct store_session *session, const char *sku, struct buf *out,
                         struct error *error) MUST_USE;

#endif
