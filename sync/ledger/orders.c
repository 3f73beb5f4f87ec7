/* States and hand-overs: what entries do to orders. Placing them: orders_place.c. */
#include "sync/ledger/orders.h"

#include "sync/ledger/event.h"
#include "sync/ledger/finding.h"
#include "terminal/base/json.h"
#include "terminal/base/text.h"
#include "terminal/catalogue/reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum mark { PICKED, STAGED, HANDED_OVER, REFUSED, RETURNED };

const char *orders_state(const int64_t *sums, int64_t cancelled_ms)
{
    static const int64_t none[RETURNED + 1];

    if (sums == NULL)
        sums = none;
    if (sums[RETURNED] > 0)
        return "returned";
    if (sums[HANDED_OVER] > 0)
        return "handed_over";
    if (sums[REFUSED] > 0)
        return "refused";
    if (cancelled_ms != 0)
        return "cancelled";
    if (sums[STAGED] > 0)
        return "staged";
    return sums[PICKED] > 0 ? "picked" : "placed";
}

/* The row as the tills have it. */
struct order_row {
    bool found;
    char location[LOCATION_ID_SIZE];
    char state[16];
    int64_t cancelled_ms;
};

static enum status read_order(struct store_session *session, const char *channel, const char *id,
                              struct order_row *out, struct error *error)
{
    struct store_value values[] = {store_text(channel), store_text(id)};
    struct store_query *query;
    enum status status =
        store_query(session,
                    "SELECT r.location, p.state, r.cancelled_ms FROM order_request r "
                    "JOIN pickup_order p ON p.location = r.location AND p.channel = r.channel AND "
                    "p.id = r.id WHERE r.channel = ?1 AND r.id = ?2",
                    values, 2, &query, error);

    memset(out, 0, sizeof *out);
    if (status == STATUS_OK)
        status = store_next(session, query, &out->found, error);
    if (status != STATUS_OK || !out->found)
        return status;
    (void)snprintf(out->location, sizeof out->location, "%s", store_column_text(session, query, 0));
    (void)snprintf(out->state, sizeof out->state, "%s", store_column_text(session, query, 1));
    out->cancelled_ms = store_column_int(session, query, 2);
    store_done(session, query);
    return STATUS_OK;
}

static enum status tell_state(const struct writer_turn *turn, const char *channel, const char *id,
                              const char *location, struct error *error)
{
    struct store_value values[] = {store_text(location), store_text(channel), store_text(id)};
    struct reference_row row;
    struct store_query *query;
    bool found = false;
    enum status status = store_query(turn->session,
                                     "SELECT customer, state, placed_ms FROM pickup_order "
                                     "WHERE location = ?1 AND channel = ?2 AND id = ?3",
                                     values, 3, &query, error);

    if (status == STATUS_OK)
        status = store_next(turn->session, query, &found, error);
    if (status != STATUS_OK || !found)
        return status;
    reference_row_init(&row, reference_table_find("pickup_order"));
    reference_row_set_text(&row, "location", location);
    reference_row_set_text(&row, "channel", channel);
    reference_row_set_text(&row, "id", id);
    reference_row_set_text(&row, "customer", store_column_text(turn->session, query, 0));
    reference_row_set_text(&row, "state", store_column_text(turn->session, query, 1));
    reference_row_set_int(&row, "placed_ms", store_column_int(turn->session, query, 2));
    feed_add_row(turn->feed, &row, false);
    store_done(turn->session, query);
    return STATUS_OK;
}

static enum status set_state(const struct writer_turn *turn, const char *channel, const char *id,
                             const struct order_row *order, const char *state, struct error *error)
{
    struct store_value values[] = {store_text(order->location), store_text(channel), store_text(id),
                                   store_text(state)};
    json_t *body;
    enum status status;

    if (strcmp(order->state, state) == 0)
        return STATUS_OK;
    status = store_run(turn->session,
                       "UPDATE pickup_order SET state = ?4 "
                       "WHERE location = ?1 AND channel = ?2 AND id = ?3",
                       values, 4, error);
    if (status == STATUS_OK)
        status = tell_state(turn, channel, id, order->location, error);
    if (status != STATUS_OK)
        return status;
    body = json_object();
    json_put_text(body, "channel", channel);
    json_put_text(body, "id", id);
    json_put_text(body, "location", order->location);
    json_put_text(body, "state", state);
    status = event_add(turn->session, turn->now_ms, "order.changed", order->location, body, error);
    json_decref(body);
    return status;
}

static enum status note_twice(const struct writer_turn *turn, const char *channel, const char *id,
                              const char *location, const char *detail, struct error *error)
{
    char cause[FINDING_CAUSE_SIZE];
    struct finding finding = {.kind = "double_pickup", .location = location, .cause = cause};

    (void)snprintf(cause, sizeof cause, "%s/%s", channel, id);
    return finding_add(turn->session, &finding, turn->now_ms, error, "order %s of %s: %s", id,
                       channel, detail);
}

static enum status note_unknown(const struct writer_turn *turn, const char *channel, const char *id,
                                struct error *error)
{
    char cause[FINDING_CAUSE_SIZE];
    struct finding finding = {.kind = "order", .location = "", .cause = cause};

    (void)snprintf(cause, sizeof cause, "%s/%s", channel, id);
    return finding_add(turn->session, &finding, turn->now_ms, error,
                       "a till worked on order %s of %s, which is not known here", id, channel);
}

/* What no order can have gone through: its goods were freed and are counted as available although
 * they were given away or freed once more. NULL when all is well. Each end is said once: parts
 * before the last name the state that the order is in. */
static const char *contradiction(const int64_t *sums, int64_t cancelled_ms)
{
    if (cancelled_ms != 0 &&
        (sums[PICKED] > 0 || sums[STAGED] > 0 || sums[HANDED_OVER] > 0 || sums[REFUSED] > 0))
        return "the shop worked on it although it was cancelled: count its items";
    if (sums[REFUSED] > 0 && sums[HANDED_OVER] > 0)
        return "it was refused and handed over: count its items";
    return sums[REFUSED] > 1 ? "it was refused twice: count its items" : NULL;
}

static enum status note_contradiction(const struct writer_turn *turn, const char *channel,
                                      const char *id, const char *location, const char *detail,
                                      struct error *error)
{
    char cause[FINDING_CAUSE_SIZE];
    struct finding finding = {.kind = "order", .location = location, .cause = cause};

    (void)snprintf(cause, sizeof cause, "%s/%s/freed", channel, id);
    return finding_add(turn->session, &finding, turn->now_ms, error, "order %s of %s: %s", id,
                       channel, detail);
}

enum status orders_judge(const struct writer_turn *turn, const char *channel, const char *id,
                         const int64_t *sums, struct error *error)
{
    struct order_row order;
    const char *wrong;
    enum status status = read_order(turn->session, channel, id, &order, error);

    if (status == STATUS_OK && sums[HANDED_OVER] > 1)
        status = note_twice(turn, channel, id, order.location, "it was handed over twice", error);
    wrong = contradiction(sums, order.cancelled_ms);
    if (status == STATUS_OK && wrong != NULL)
        status = note_contradiction(turn, channel, id, order.location, wrong, error);
    if (status != STATUS_OK)
        return status;
    if (!order.found)
        return note_unknown(turn, channel, id, error);
    return set_state(turn, channel, id, &order, orders_state(sums, order.cancelled_ms), error);
}

enum status orders_judge_handed(const struct writer_turn *turn, const char *channel, const char *id,
                                const char *sku, int64_t quantity_milli, struct error *error)
{
    struct store_value values[] = {store_text(channel), store_text(id), store_text(sku),
                                   store_text("")};
    struct order_row order;
    int64_t ordered = 0;
    enum status status = read_order(turn->session, channel, id, &order, error);

    if (status != STATUS_OK || !order.found)
        return status; /* orders_judge tells it */
    values[3] = store_text(order.location);
    status = store_one_int(turn->session,
                           "SELECT CAST(sum(quantity_milli) AS INTEGER) FROM pickup_line "
                           "WHERE location = ?4 AND channel = ?1 AND id = ?2 AND sku = ?3",
                           values, 4, 0, &ordered, error);
    if (status != STATUS_OK || quantity_milli <= ordered)
        return status;
    return note_twice(turn, channel, id, order.location, "more left with the customer than ordered",
                      error);
}

enum status orders_meet(const struct writer_turn *turn, const char *channel, const char *id,
                        struct error *error)
{
    struct store_value values[] = {store_text(channel), store_text(id)};
    int64_t sums[RETURNED + 1];
    struct store_query *query;
    bool row = false;
    enum status status = store_query(turn->session,
                                     "SELECT picked, staged, handed_over, refused, returned "
                                     "FROM order_mark WHERE channel = ?1 AND id = ?2",
                                     values, 2, &query, error);

    if (status == STATUS_OK)
        status = store_next(turn->session, query, &row, error);
    if (status != STATUS_OK || !row)
        return status;
    for (int i = 0; i <= RETURNED; i++)
        sums[i] = store_column_int(turn->session, query, i);
    store_done(turn->session, query);
    status = orders_judge(turn, channel, id, sums, error);
    if (status == STATUS_OK)
        status = store_query(turn->session,
                             "SELECT sku, quantity_milli FROM order_handed "
                             "WHERE channel = ?1 AND id = ?2 ORDER BY sku",
                             values, 2, &query, error);
    while (status == STATUS_OK &&
           (status = store_next(turn->session, query, &row, error)) == STATUS_OK && row) {
        status = orders_judge_handed(turn, channel, id, store_column_text(turn->session, query, 0),
                                     store_column_int(turn->session, query, 1), error);
        if (status != STATUS_OK)
            store_done(turn->session, query);
    }
    return status;
}

/* --- looking --- */

static enum status read_lines(struct store_session *session, const char *location,
                              const char *channel, const char *id, json_t *lines,
                              struct error *error)
{
    struct store_value values[] = {store_text(location), store_text(channel), store_text(id)};
    struct store_query *query;
    bool row = false;
    enum status status = store_query(session,
                                     "SELECT line, sku, quantity_milli FROM pickup_line "
                                     "WHERE location = ?1 AND channel = ?2 AND id = ?3 "
                                     "ORDER BY line",
                                     values, 3, &query, error);

    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row) {
        json_t *line = json_object();
        json_put_int(line, "line", store_column_int(session, query, 0));
        json_put_text(line, "sku", store_column_text(session, query, 1));
        json_put_int(line, "quantity_milli", store_column_int(session, query, 2));
        json_add(lines, line);
    }
    return status;
}

enum status orders_show(struct store_session *session, const char *channel, const char *id,
                        struct buf *out, struct error *error)
{
    struct store_value values[] = {store_text(channel), store_text(id)};
    struct store_query *query;
    json_t *order, *lines;
    char location[LOCATION_ID_SIZE];
    bool row = false;
    enum status status =
        store_query(session,
                    "SELECT p.location, p.customer, p.state, p.placed_ms, r.cancelled_ms "
                    "FROM order_request r JOIN pickup_order p ON p.location = r.location AND "
                    "p.channel = r.channel AND p.id = r.id WHERE r.channel = ?1 AND r.id = ?2",
                    values, 2, &query, error);

    if (status == STATUS_OK)
        status = store_next(session, query, &row, error);
    if (status != STATUS_OK)
        return status;
    if (!row)
        return error_set(error, STATUS_NOT_FOUND, "there is no such order");
    order = json_object();
    lines = json_array();
    (void)snprintf(location, sizeof location, "%s", store_column_text(session, query, 0));
    json_put_text(order, "channel", channel);
    json_put_text(order, "id", id);
    json_put_text(order, "location", location);
    json_put_text(order, "customer", store_column_text(session, query, 1));
    json_put_text(order, "state", store_column_text(session, query, 2));
    json_put_int(order, "placed_ms", store_column_int(session, query, 3));
    json_put_int(order, "cancelled_ms", store_column_int(session, query, 4));
    store_done(session, query);
    status = read_lines(session, location, channel, id, lines, error);
    json_put(order, "lines", lines);
    if (status == STATUS_OK)
        status = json_write(order, out);
    json_decref(order);
    return status;
}

enum status orders_list(struct store_session *session, const char *location, const char *state,
                        struct buf *out, struct error *error)
{
    struct store_value values[] = {store_text(location), store_text(state)};
    json_t *report = json_object(), *list = json_array();
    struct store_query *query;
    bool row = false;
    enum status status =
        store_query(session,
                    "SELECT channel, id, state, placed_ms FROM pickup_order WHERE location = ?1 "
                    "AND (?2 = '' OR state = ?2) ORDER BY placed_ms, channel, id LIMIT 500",
                    values, 2, &query, error);

    while (status == STATUS_OK && (status = store_next(session, query, &row, error)) == STATUS_OK &&
           row) {
        json_t *order = json_object();
        json_put_text(order, "channel", store_column_text(session, query, 0));
        json_put_text(order, "id", store_column_text(session, query, 1));
        json_put_text(order, "location", location);
        json_put_text(order, "state", store_column_text(session, query, 2));
        json_put_int(order, "placed_ms", store_column_int(session, query, 3));
        json_add(list, order);
    }
    json_put(report, "orders", list);
    if (status == STATUS_OK)
        status = json_write(report, out);
    json_decref(report);
    return status;
}
