/* The orders' rows made anew from what was asked and what was marked. (orders.h) */
#include "sync/ledger/orders.h"

#include "sync/ledger/store/store.h"
#include "terminal/base/json.h"

#include <string.h>

static enum status write_line(const struct writer_turn *turn, const char *location,
                              const char *channel, const char *id, const json_t *line,
                              struct error *error)
{
    struct store_value values[] = {store_text(location),
                                   store_text(channel),
                                   store_text(id),
                                   store_int(json_int_or(line, "line", 0)),
                                   store_text(json_text_or(line, "sku", "")),
                                   store_int(json_int_or(line, "quantity_milli", 0))};

    return store_run(turn->session,
                     "INSERT INTO pickup_line(location, channel, id, line, sku, quantity_milli) "
                     "SELECT ?1, ?2, ?3, ?4, ?5, ?6",
                     values, 6, error);
}

static enum status write_order(const struct writer_turn *turn, const char *channel, const char *id,
                               const json_t *body, const char *state, int64_t placed_ms,
                               struct error *error)
{
    const char *location = json_text_or(body, "location", "");
    struct store_value values[] = {
        store_text(location), store_text(channel),
        store_text(id),       store_text(json_text_or(body, "customer", "")),
        store_text(state),    store_int(placed_ms)};
    size_t index;
    json_t *line;
    enum status status =
        store_run(turn->session,
                  "INSERT INTO pickup_order(location, channel, id, customer, state, placed_ms) "
                  "SELECT ?1, ?2, ?3, ?4, ?5, ?6",
                  values, 6, error);

    json_array_foreach(json_object_get(body, "lines"), index, line)
    {
        if (status == STATUS_OK)
            status = write_line(turn, location, channel, id, line, error);
    }
    return status;
}

static enum status refold_row(const struct writer_turn *turn, struct store_query *query,
                              struct error *error)
{
    const char *text = store_column_text(turn->session, query, 2);
    int64_t sums[5];
    json_t *body;
    enum status status = json_read(text, strlen(text), &body, error);

    if (status != STATUS_OK)
        return error_set(error, STATUS_CORRUPT, "an order's request is damaged");
    for (int i = 0; i < 5; i++)
        sums[i] = store_column_int(turn->session, query, 5 + i);
    status = write_order(turn, store_column_text(turn->session, query, 0),
                         store_column_text(turn->session, query, 1), body,
                         orders_state(sums, store_column_int(turn->session, query, 4)),
                         store_column_int(turn->session, query, 3), error);
    json_decref(body);
    return status;
}

enum status orders_refold(const struct writer_turn *turn, struct error *error)
{
    struct store_query *query;
    bool row = false;
    enum status status = store_run(turn->session, "DELETE FROM pickup_order", NULL, 0, error);

    if (status == STATUS_OK)
        status = store_run(turn->session, "DELETE FROM pickup_line", NULL, 0, error);
    if (status == STATUS_OK)
        status = store_query(
            turn->session,
            "SELECT r.channel, r.id, r.body, r.placed_ms, r.cancelled_ms, coalesce(m.picked, 0), "
            "coalesce(m.staged, 0), coalesce(m.handed_over, 0), coalesce(m.refused, 0), "
            "coalesce(m.returned, 0) FROM order_request r LEFT JOIN order_mark m "
            "ON m.channel = r.channel AND m.id = r.id ORDER BY r.channel, r.id",
            NULL, 0, &query, error);
    while (status == STATUS_OK &&
           (status = store_next(turn->session, query, &row, error)) == STATUS_OK && row) {
        status = refold_row(turn, query, error);
        if (status != STATUS_OK)
            store_done(turn->session, query);
    }
    return status;
}
