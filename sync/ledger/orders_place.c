/* Placing and cancelling: the request is checked whole, then kept, reserved and told in one
 * transaction. (orders.h) */
#include "sync/ledger/orders.h"

#include "sync/ledger/availability.h"
#include "sync/ledger/effect.h"
#include "sync/ledger/event.h"
#include "sync/ledger/projection.h"
#include "terminal/base/json.h"
#include "terminal/base/text.h"
#include "terminal/catalogue/reference.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MAX ((size_t)256 << 10)

struct order_line {
    int64_t line;
    const char *sku;
    int64_t quantity_milli;
};

struct order {
    const char *channel, *id, *location, *customer;
    struct order_line *lines;
    size_t count;
    struct buf body; /* as it is kept: the same order gives the same bytes */
    int64_t placed_ms;
    enum status refusal;
    struct error why;
};

/* --- reading --- */

static enum status read_line(const json_t *json, struct order_line *out, struct error *error)
{
    enum status status = json_want_int(json, "line", 1, 999999, &out->line, error);

    if (status == STATUS_OK)
        status = json_want_text(json, "sku", REFERENCE_KEY_MAX, &out->sku, error);
    if (status == STATUS_OK)
        status =
            json_want_int(json, "quantity_milli", 1, EFFECT_MOVE_MAX, &out->quantity_milli, error);
    return status;
}

static enum status read_lines(const json_t *request, struct order *out, struct error *error)
{
    json_t *lines;
    enum status status = json_want_array(request, "lines", ORDER_LINES_MAX, &lines, error);

    if (status != STATUS_OK)
        return status;
    out->count = json_array_size(lines);
    if (out->count == 0)
        return error_set(error, STATUS_INVALID, "an order has lines");
    out->lines = mem_alloc(out->count * sizeof *out->lines);
    for (size_t i = 0; i < out->count && status == STATUS_OK; i++) {
        status = read_line(json_array_get(lines, i), &out->lines[i], error);
        for (size_t k = 0; k < i && status == STATUS_OK; k++) {
            if (out->lines[k].line == out->lines[i].line)
                status = error_set(error, STATUS_INVALID, "line numbers differ");
        }
    }
    return status;
}

static enum status write_body(struct order *order, struct error *error)
{
    json_t *body = json_object(), *lines = json_array();
    enum status status;

    json_put_text(body, "location", order->location);
    json_put_text(body, "customer", order->customer);
    for (size_t i = 0; i < order->count; i++) {
        json_t *line = json_object();
        json_put_int(line, "line", order->lines[i].line);
        json_put_text(line, "sku", order->lines[i].sku);
        json_put_int(line, "quantity_milli", order->lines[i].quantity_milli);
        json_add(lines, line);
    }
    json_put(body, "lines", lines);
    status = json_write(body, &order->body);
    json_decref(body);
    return status == STATUS_OK ? status : error_set(error, status, "the order is too large");
}

static enum status read_order(const json_t *request, struct order *out, struct error *error)
{
    enum status status = json_want_text(request, "channel", EFFECT_ORDER_MAX, &out->channel, error);

    if (status == STATUS_OK)
        status = json_want_text(request, "id", EFFECT_ORDER_MAX, &out->id, error);
    if (status == STATUS_OK)
        status = json_want_text(request, "location", LOCATION_ID_SIZE - 1, &out->location, error);
    if (status != STATUS_OK)
        return status;
    out->customer = json_text_or(request, "customer", "");
    if (!effect_id_sound(out->channel, EFFECT_ORDER_MAX) ||
        !effect_id_sound(out->id, EFFECT_ORDER_MAX))
        return error_set(error, STATUS_INVALID, "channel and id: letters, digits, '.', '_', '-'");
    if (out->customer[0] != '\0' && !effect_id_sound(out->customer, EFFECT_CUSTOMER_MAX))
        return error_set(error, STATUS_INVALID, "customer: a pseudonym");
    status = read_lines(request, out, error);
    return status == STATUS_OK ? write_body(out, error) : status;
}

/* --- placing --- */

static enum status refuse(struct order *order, enum status status, const char *why, int64_t line)
{
    order->refusal = line == 0 ? error_set(&order->why, status, "%s", why)
                               : error_set(&order->why, status, "line %" PRId64 ": %s", line, why);
    return STATUS_OK;
}

/* Whether it is there, and the very same. */
static enum status find_order(const struct writer_turn *turn, struct order *order, bool *found,
                              struct error *error)
{
    struct store_value values[] = {store_text(order->channel), store_text(order->id)};
    struct store_query *query;
    enum status status = store_query(
        turn->session, "SELECT placed_ms, body FROM order_request WHERE channel = ?1 AND id = ?2",
        values, 2, &query, error);

    *found = false;
    if (status == STATUS_OK)
        status = store_next(turn->session, query, found, error);
    if (status != STATUS_OK || !*found)
        return status;
    order->placed_ms = store_column_int(turn->session, query, 0);
    if (strcmp(store_column_text(turn->session, query, 1), buf_text(&order->body)) != 0)
        status = refuse(order, STATUS_EXISTS, "another order has this id", 0);
    store_done(turn->session, query);
    return status;
}

/* What all lines up to this one want of the item. */
static int64_t wanted(const struct order *order, size_t index)
{
    int64_t sum = 0;

    for (size_t i = 0; i <= index; i++) {
        if (strcmp(order->lines[i].sku, order->lines[index].sku) == 0)
            sum += order->lines[i].quantity_milli;
    }
    return sum;
}

static enum status check_line(const struct writer_turn *turn, struct order *order, size_t index,
                              bool *stocked, struct error *error)
{
    const struct order_line *line = &order->lines[index];
    struct store_value values[] = {store_text(line->sku)};
    struct availability availability;
    char number[DECIMAL_SIZE], why[96];
    int64_t kind = -1;
    enum status status = store_one_int(turn->session, "SELECT stocked FROM item WHERE sku = ?1",
                                       values, 1, -1, &kind, error);

    *stocked = kind == 1;
    if (status != STATUS_OK)
        return status;
    if (kind < 0)
        return refuse(order, STATUS_INVALID, "no item has this SKU", line->line);
    if (kind == 0)
        return STATUS_OK;
    status = availability_of(turn->session, order->location, line->sku, turn->now_ms, &availability,
                             error);
    if (status != STATUS_OK || wanted(order, index) <= availability.sellable_milli)
        return status;
    decimal_write(availability.sellable_milli, 3, number);
    (void)snprintf(why, sizeof why, "only %s may be sold", number);
    return refuse(order, STATUS_CONFLICT, why, line->line);
}

static enum status keep_request(const struct writer_turn *turn, const struct order *order,
                                const struct buf *reserved, struct error *error)
{
    struct store_value values[] = {
        store_text(order->channel),
        store_text(order->id),
        store_text(order->location),
        store_text(buf_text(&order->body)),
        store_text_n(reserved->used > 0 ? reserved->data : "", reserved->used),
        store_int(turn->now_ms)};

    return store_run(turn->session,
                     "INSERT INTO order_request(channel, id, location, body, reserved, placed_ms) "
                     "VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
                     values, 6, error);
}

static enum status keep_line(const struct writer_turn *turn, const struct order *order,
                             const struct order_line *line, struct error *error)
{
    struct store_value values[] = {store_text(order->location), store_text(order->channel),
                                   store_text(order->id),       store_int(line->line),
                                   store_text(line->sku),       store_int(line->quantity_milli)};
    struct reference_row row;

    reference_row_init(&row, reference_table_find("pickup_line"));
    reference_row_set_text(&row, "location", order->location);
    reference_row_set_text(&row, "channel", order->channel);
    reference_row_set_text(&row, "id", order->id);
    reference_row_set_int(&row, "line", line->line);
    reference_row_set_text(&row, "sku", line->sku);
    reference_row_set_int(&row, "quantity_milli", line->quantity_milli);
    feed_add_row(turn->feed, &row, false);
    return store_run(turn->session,
                     "INSERT INTO pickup_line(location, channel, id, line, sku, quantity_milli) "
                     "VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
                     values, 6, error);
}

static enum status keep_rows(const struct writer_turn *turn, const struct order *order,
                             struct error *error)
{
    struct store_value values[] = {store_text(order->location), store_text(order->channel),
                                   store_text(order->id), store_text(order->customer),
                                   store_int(turn->now_ms)};
    struct reference_row row;
    enum status status =
        store_run(turn->session,
                  "INSERT INTO pickup_order(location, channel, id, customer, state, placed_ms) "
                  "VALUES(?1, ?2, ?3, ?4, 'placed', ?5)",
                  values, 5, error);

    reference_row_init(&row, reference_table_find("pickup_order"));
    reference_row_set_text(&row, "location", order->location);
    reference_row_set_text(&row, "channel", order->channel);
    reference_row_set_text(&row, "id", order->id);
    reference_row_set_text(&row, "customer", order->customer);
    reference_row_set_text(&row, "state", "placed");
    reference_row_set_int(&row, "placed_ms", turn->now_ms);
    feed_add_row(turn->feed, &row, false);
    for (size_t i = 0; i < order->count && status == STATUS_OK; i++)
        status = keep_line(turn, order, &order->lines[i], error);
    return status;
}

/* What is ordered of stocked items, as the lines of a document. It is kept with the request: what
 * a cancelled order gives back is what it took, whatever became of the items since. */
static enum status write_reserved(const struct order *order, const bool *stocked, struct buf *out)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < order->count && status == STATUS_OK; i++) {
        if (stocked[i])
            status = buf_printf(out, "%s\t%" PRId64 "\n", order->lines[i].sku,
                                order->lines[i].quantity_milli);
    }
    return status;
}

static enum status move_stock(const struct writer_turn *turn, const struct order *order,
                              const struct buf *reserved, struct error *error)
{
    const struct projection_document document = {.kind = "order",
                                                 .location = order->location,
                                                 .from_status = BUCKET_AVAILABLE,
                                                 .to_status = BUCKET_RESERVED,
                                                 .lines = reserved->data,
                                                 .length = reserved->used};

    return reserved->used == 0 ? STATUS_OK : projection_document(turn, &document, error);
}

static enum status tell_placed(const struct writer_turn *turn, const struct order *order,
                               struct error *error)
{
    json_t *body = json_object();
    enum status status;

    json_put_text(body, "channel", order->channel);
    json_put_text(body, "id", order->id);
    json_put_text(body, "location", order->location);
    status = event_add(turn->session, turn->now_ms, "order.placed", order->location, body, error);
    json_decref(body);
    return status;
}

/* An order that may be placed. */
static enum status keep(const struct writer_turn *turn, struct order *order, const bool *stocked,
                        struct error *error)
{
    struct buf reserved;
    enum status status;

    buf_init(&reserved, BODY_MAX);
    order->placed_ms = turn->now_ms;
    status = write_reserved(order, stocked, &reserved);
    if (status == STATUS_OK)
        status = keep_request(turn, order, &reserved, error);
    if (status == STATUS_OK)
        status = keep_rows(turn, order, error);
    if (status == STATUS_OK)
        status = move_stock(turn, order, &reserved, error);
    buf_finish(&reserved);
    if (status == STATUS_OK)
        status = orders_meet(turn, order->channel, order->id, error);
    return status == STATUS_OK ? tell_placed(turn, order, error) : status;
}

static enum status place(const struct writer_turn *turn, struct order *order, bool *stocked,
                         struct error *error)
{
    struct store_value location = store_text(order->location);
    int64_t there = 0;
    enum status status = store_one_int(turn->session, "SELECT 1 FROM location WHERE location = ?1",
                                       &location, 1, 0, &there, error);

    if (status == STATUS_OK && there == 0)
        return refuse(order, STATUS_NOT_FOUND, "there is no such location", 0);
    for (size_t i = 0; i < order->count && status == STATUS_OK && order->refusal == STATUS_OK; i++)
        status = check_line(turn, order, i, &stocked[i], error);
    if (status != STATUS_OK || order->refusal != STATUS_OK)
        return status;
    return keep(turn, order, stocked, error);
}

static enum status run_place(void *context, const struct writer_turn *turn, struct error *error)
{
    struct order *order = context;
    bool found, *stocked;
    enum status status;

    order->refusal = STATUS_OK;
    status = find_order(turn, order, &found, error);
    if (status != STATUS_OK || found)
        return status;
    stocked = mem_alloc(order->count * sizeof *stocked);
    status = place(turn, order, stocked, error);
    free(stocked);
    return status;
}

enum status orders_place(struct writer *writer, const json_t *request, json_t **answer,
                         struct error *error)
{
    struct order order = {0};
    struct writer_job job = {.run = run_place, .context = &order};
    enum status status;

    buf_init(&order.body, BODY_MAX);
    status = read_order(request, &order, error);
    if (status == STATUS_OK)
        status = writer_run(writer, &job, error);
    if (status == STATUS_OK && order.refusal != STATUS_OK)
        status = error_set(error, order.refusal, "%s", order.why.text);
    if (status == STATUS_OK) {
        *answer = json_object();
        json_put_text(*answer, "channel", order.channel);
        json_put_text(*answer, "id", order.id);
        json_put_text(*answer, "location", order.location);
        json_put_text(*answer, "state", "placed");
        json_put_int(*answer, "placed_ms", order.placed_ms);
    }
    free(order.lines);
    buf_finish(&order.body);
    return status;
}
