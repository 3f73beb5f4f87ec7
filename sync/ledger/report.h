/* What people and other systems read of the projections. */
#ifndef HOLDFAST_LEDGER_REPORT_H
#define HOLDFAST_LEDGER_REPORT_H

#include "sync/ledger/store/store.h"
#include "terminal/base/buf.h"
#include "terminal/base/clock.h"
#include "terminal/journal/device.h"

/* {"entries","sales","returns","gross_minor":{"GBP":n},"locations":{"S01":{the same}}} */
enum status report_totals(struct store_session *session, struct buf *out,
                          struct error *error) MUST_USE;

/* {"sku","locations":{"S01":{"available":100,"reserved":0,"in_transit":0,"damaged":0}}}: decimals
 * written exactly, in base units. Other statuses are told where they are not zero; virtual ones
 * never. STATUS_NOT_FOUND when neither item nor stock is known. */
enum status report_stock(struct store_session *session, const char *sku, struct buf *out,
                         struct error *error) MUST_USE;

/* {"location","from","to","business_dates":[{"date","GBP":{"gross":{"minor":n,"amount":12.50,
 *  "count":n},"net":...,"tax:A":...,"tender:cash":...}}],"sums":{"GBP":{...the same over all}},
 *  "as_of_ms"}
 * The figures of figure.h's `money`: minor units, and the same as an exact decimal. What names no
 * currency is told in the location's. from and to are business dates, both included, "" is open.
 * as_of_ms is when the location's most silent till was last heard of: what is newer may be missing.
 * At most 20,000 figures: ask for fewer days at a time. STATUS_NOT_FOUND: no such location. */
struct report_money_query {
    char location[LOCATION_ID_SIZE];
    char from[LOCAL_DATE_SIZE], to[LOCAL_DATE_SIZE];
    int64_t now_ms;
};
enum status report_money(struct store_session *session, const struct report_money_query *query,
                         struct buf *out, struct error *error) MUST_USE;

#endif
