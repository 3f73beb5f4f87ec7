/* A row per alert that lasts. */
#include "sync/ledger/alerts.h"

#include "sync/ledger/event.h"
#include "sync/ledger/known.h"
#include "terminal/base/json.h"
#include "terminal/base/text.h"

#include <stdlib.h>
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

/* What is low by the rules as they stand; ?1 the location, ?2 the item or "". */
#define LOW_NOW                                                                                    \
    "SELECT sku, quantity_milli, low_milli FROM (SELECT s.sku, s.quantity_milli, "                 \
    "coalesce((SELECT r.low_milli FROM stock_rule r WHERE r.location = s.location AND "            \
    "r.sku = s.sku), (SELECT r.low_milli FROM stock_rule r WHERE r.location = s.location AND "     \
    "r.sku = ''), -1) AS low_milli FROM stock s WHERE s.location = ?1 AND "                        \
    "s.status = 'available' AND (?2 = '' OR s.sku = ?2)) AS judged "                               \
    "WHERE low_milli >= 0 AND quantity_milli <= low_milli"

struct low_item {
    char *sku;
    int64_t quantity, low;
};

/* The low ones without an alert. *out and its texts are the caller's, also on failure. */
static enum status find_low(const struct writer_turn *turn, const struct store_value values[2],
                            struct low_item **out, size_t *count, struct error *error)
{
    struct store_query *query;
    size_t room = 0;
    bool row = false;
    enum status status =
        store_query(turn->session,
                    LOW_NOW " AND NOT EXISTS (SELECT 1 FROM alert a WHERE a.location = ?1 AND "
                            "a.sku = judged.sku AND a.kind = 'low_stock') ORDER BY sku",
                    values, 2, &query, error);

    while (status == STATUS_OK &&
           (status = store_next(turn->session, query, &row, error)) == STATUS_OK && row) {
        if (*count == room) {
            room = room == 0 ? 64 : room * 2;
            *out = mem_resize(*out, room * sizeof **out);
        }
        (*out)[(*count)++] =
            (struct low_item){.sku = mem_copy_text(store_column_text(turn->session, query, 0)),
                              .quantity = store_column_int(turn->session, query, 1),
                              .low = store_column_int(turn->session, query, 2)};
    }
    return status;
}

enum status alerts_rule_changed(const struct writer_turn *turn, const char *location,
                                const char *sku, struct error *error)
{
    struct store_value values[] = {store_text(location), store_text(sku)};
    struct low_item *low = NULL;
    size_t count = 0;
    enum status status =
        store_run(turn->session,
                  "DELETE FROM alert WHERE location = ?1 AND kind = 'low_stock' AND "
                  "(?2 = '' OR sku = ?2) AND sku NOT IN (SELECT sku FROM (" LOW_NOW ") AS low)",
                  values, 2, error);

    if (status == STATUS_OK)
        status = find_low(turn, values, &low, &count, error);
    for (size_t i = 0; i < count; i++) {
        if (status == STATUS_OK)
            status = raise_alert(turn, location, low[i].sku, "low_stock", low[i].quantity,
                                 low[i].low, error);
        free(low[i].sku);
    }
    free(low);
    return status;
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
