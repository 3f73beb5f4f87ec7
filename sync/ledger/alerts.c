/* A row per alert that lasts. */
#include "sync/ledger/alerts.h"

#include "sync/ledger/event.h"
#include "sync/ledger/known.h"
#include "terminal/base/json.h"
#include "terminal/base/text.h"

#include <string.h>

enum status alerts_rule(struct store_session *session, const char *location, const char *sku,
                        struct stock_rule *out, struct error *error)
{
    struct store_value values[] = {store_text(location), store_text(sku)};
    struct store_query *query;
    bool row = false;
    enum status status = store_query(session,
                                     "SELECT safety_milli, low_milli FROM stock_rule "
                                     "WHERE location = ?1 AND (sku = ?2 OR sku = '') "
                                     "ORDER BY sku DESC LIMIT 1",
                                     values, 2, &query, error);

    *out = (struct stock_rule){.low_milli = -1};
    if (status == STATUS_OK)
        status = store_next(session, query, &row, error);
    if (status != STATUS_OK || !row)
        return status;
    out->safety_milli = store_column_int(session, query, 0);
    out->low_milli = store_column_int(session, query, 1);
    store_done(session, query);
    return STATUS_OK;
}

static enum status raise_alert(const struct writer_turn *turn, const char *location,
                               const char *sku, const char *kind, int64_t quantity, int64_t low,
                               struct error *error)
{
    struct store_value values[] = {store_text(location), store_text(sku), store_text(kind),
                                   store_int(turn->now_ms), store_int(quantity)};
    json_t *body = json_object();
    bool oversell = strcmp(kind, "oversell") == 0;
    enum status status = store_run(turn->session,
                                   "INSERT INTO alert(location, sku, kind, at_ms, quantity_milli) "
                                   "VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(location, sku, kind) "
                                   "DO UPDATE SET quantity_milli = excluded.quantity_milli",
                                   values, 5, error);

    json_put_text(body, "sku", sku);
    json_put_text(body, "location", location);
    json_put_int(body, "available_milli", quantity);
    if (!oversell)
        json_put_int(body, "low_milli", low);
    if (status == STATUS_OK)
        status = event_add(turn->session, turn->now_ms, oversell ? "stock.oversell" : "stock.low",
                           location, body, error);
    json_decref(body);
    return status;
}

static enum status end_alert(const struct writer_turn *turn, const char *location, const char *sku,
                             const char *kind, struct error *error)
{
    struct store_value values[] = {store_text(location), store_text(sku), store_text(kind)};

    return store_run(turn->session,
                     "DELETE FROM alert WHERE location = ?1 AND sku = ?2 AND kind = ?3", values, 3,
                     error);
}

/* The alert lasts while the quantity is at most `limit`. */
static enum status cross(const struct writer_turn *turn, const char *location, const char *sku,
                         const char *kind, int64_t limit, int64_t before, int64_t after,
                         struct error *error)
{
    if (before > limit && after <= limit)
        return raise_alert(turn, location, sku, kind, after, limit, error);
    if (before <= limit && after > limit)
        return end_alert(turn, location, sku, kind, error);
    return STATUS_OK;
}

enum status alerts_judge(const struct writer_turn *turn, const char *location, const char *sku,
                         int64_t before, int64_t after, struct error *error)
{
    struct stock_rule rule;
    bool any = false;
    enum status status = cross(turn, location, sku, "oversell", -1, before, after, error);

    if (status == STATUS_OK)
        status = known_rules(turn->known, turn->session, &any, error);
    if (status != STATUS_OK || !any)
        return status;
    status = alerts_rule(turn->session, location, sku, &rule, error);
    if (status != STATUS_OK || rule.low_milli < 0)
        return status;
    return cross(turn, location, sku, "low_stock", rule.low_milli, before, after, error);
}

enum status alerts_list(struct store_session *session, const char *location, struct buf *out,
                        struct error *error)
{
    struct store_value values[] = {store_text(location)};
    json_t *report = json_object(), *list = json_array();
    struct store_query *query;
    bool row = false;
    enum status status =
        store_query(session,
                    "SELECT location, sku, kind, at_ms, quantity_milli FROM alert "
                    "WHERE location = ?1 OR ?1 = '' ORDER BY location, sku, kind LIMIT 1000",
                    values, 1, &query, error);

    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row) {
        json_t *alert = json_object();
        json_put_text(alert, "location", store_column_text(session, query, 0));
        json_put_text(alert, "sku", store_column_text(session, query, 1));
        json_put_text(alert, "kind", store_column_text(session, query, 2));
        json_put_int(alert, "at_ms", store_column_int(session, query, 3));
        json_put_int(alert, "quantity_milli", store_column_int(session, query, 4));
        json_add(list, alert);
    }
    json_put(report, "alerts", list);
    if (status == STATUS_OK)
        status = json_write(report, out);
    json_decref(report);
    return status;
}
