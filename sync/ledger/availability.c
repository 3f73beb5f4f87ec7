/* Five look-ups of one row each. */
#include "sync/ledger/availability.h"

#include "sync/ledger/alerts.h"
#include "sync/ledger/leases.h"
#include "terminal/base/json.h"
#include "terminal/base/text.h"
#include "terminal/money/money.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

enum status availability_heard(struct store_session *session, const char *location, int64_t now_ms,
                               int64_t *out, struct error *error)
{
    struct store_value values[] = {store_text(location), store_int(now_ms)};

    return store_one_int(session,
                         "SELECT coalesce(min(coalesce(h.at_ms, d.enrolled_ms)), ?2) FROM device d "
                         "LEFT JOIN heard h ON h.device = d.device "
                         "WHERE d.location = ?1 AND d.active = 1 AND d.revoked_ms = 0",
                         values, 2, now_ms, out, error);
}

static enum status rate_of(struct store_session *session, const char *location, const char *sku,
                           int64_t *out, struct error *error)
{
    struct store_value values[] = {store_text(location), store_text(sku)};
    struct store_query *query;
    int64_t since;
    bool row = false;
    enum status status =
        store_query(session,
                    "SELECT s.quantity_milli - coalesce(r.sold_milli, 0), "
                    "coalesce(r.per_day_milli, 0) FROM stock s LEFT JOIN sale_rate r "
                    "ON r.location = s.location AND r.sku = s.sku "
                    "WHERE s.location = ?1 AND s.sku = ?2 AND s.status = '@customer'",
                    values, 2, &query, error);

    *out = 0;
    if (status == STATUS_OK)
        status = store_next(session, query, &row, error);
    if (status != STATUS_OK || !row)
        return status;
    since = store_column_int(session, query, 0);
    *out = store_column_int(session, query, 1);
    store_done(session, query);
    *out = since > *out ? since : *out;
    *out = *out < 0 ? 0 : *out;
    return STATUS_OK;
}

static enum status buffer_of(struct store_session *session, const char *location, const char *sku,
                             int64_t silent_ms, int64_t *out, struct error *error)
{
    int64_t rate;
    enum status status;

    *out = 0;
    if (silent_ms <= AVAILABILITY_QUIET_MS)
        return STATUS_OK;
    if (silent_ms > AVAILABILITY_SILENCE_MAX_MS)
        silent_ms = AVAILABILITY_SILENCE_MAX_MS;
    status = rate_of(session, location, sku, &rate, error);
    if (status == STATUS_OK && multiply_divide(rate, silent_ms, DAY_MS, out) != STATUS_OK)
        *out = INT64_MAX / 4; /* beyond what could be in any shop */
    return status;
}

enum status availability_of(struct store_session *session, const char *location, const char *sku,
                            int64_t now_ms, struct availability *out, struct error *error)
{
    struct store_value values[] = {store_text(location), store_text(sku)};
    struct stock_rule rule = {0};
    int64_t heard_ms = now_ms;
    enum status status =
        store_one_int(session,
                      "SELECT quantity_milli FROM stock WHERE location = ?1 AND sku = ?2 AND "
                      "status = 'available'",
                      values, 2, 0, &out->available_milli, error);

    if (status == STATUS_OK)
        status = alerts_rule(session, location, sku, &rule, error);
    if (status == STATUS_OK)
        status = availability_heard(session, location, now_ms, &heard_ms, error);
    out->safety_milli = rule.safety_milli;
    out->silent_ms = now_ms > heard_ms ? now_ms - heard_ms : 0;
    if (status == STATUS_OK)
        status = buffer_of(session, location, sku, out->silent_ms, &out->buffer_milli, error);
    if (status == STATUS_OK)
        status =
            leases_outstanding(session, LEASE_KIND_STOCK, sku, location, &out->leased_milli, error);
    if (status != STATUS_OK)
        return status;
    out->sellable_milli = out->available_milli - out->safety_milli - out->leased_milli;
    out->sellable_milli =
        out->sellable_milli <= out->buffer_milli ? 0 : out->sellable_milli - out->buffer_milli;
    return STATUS_OK;
}

enum status availability_report(struct store_session *session, const char *location,
                                const char *sku, int64_t now_ms, struct buf *out,
                                struct error *error)
{
    struct availability availability;
    json_t *head = json_object();
    const struct {
        const char *name;
        const int64_t *value;
    } figures[] = {{"available", &availability.available_milli},
                   {"safety", &availability.safety_milli},
                   {"buffer", &availability.buffer_milli},
                   {"leased", &availability.leased_milli},
                   {"sellable", &availability.sellable_milli}};
    enum status status = availability_of(session, location, sku, now_ms, &availability, error);

    json_put_text(head, "location", location);
    json_put_text(head, "sku", sku);
    if (status == STATUS_OK)
        status = json_write(head, out);
    json_decref(head);
    if (status != STATUS_OK)
        return status;
    out->used--; /* the closing brace: decimals follow, which no JSON writer of ours makes */
    for (size_t i = 0; i < sizeof figures / sizeof figures[0] && status == STATUS_OK; i++) {
        char number[DECIMAL_SIZE];
        decimal_write(*figures[i].value, 3, number);
        status = buf_printf(out, ",\"%s\":%s", figures[i].name, number);
    }
    if (status == STATUS_OK)
        status = buf_printf(out, ",\"as_of_ms\":%" PRId64 "}", now_ms - availability.silent_ms);
    return status;
}
