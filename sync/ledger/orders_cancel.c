/* Cancelling an order that nobody picked yet. (orders.h) */
#include "sync/ledger/orders.h"

#include "sync/ledger/projection.h"
#include "terminal/base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LINES_MAX ((size_t)256 << 10)

struct cancelling {
    const char *channel, *id;
    enum status refusal;
    const char *why;
};

static enum status refuse(struct cancelling *cancelling, enum status status, const char *why)
{
    cancelling->refusal = status;
    cancelling->why = why;
    return STATUS_OK;
}

/* An order of a ledger that did not keep what it took: what its items would take today. */
static enum status guess_reserved(const struct writer_turn *turn, const struct cancelling *order,
                                  const char *location, struct buf *lines, struct error *error)
{
    struct store_value values[] = {store_text(location), store_text(order->channel),
                                   store_text(order->id)};
    struct store_query *query;
    bool row = false;
    enum status status =
        store_query(turn->session,
                    "SELECT l.sku, l.quantity_milli FROM pickup_line l JOIN item i ON i.sku = "
                    "l.sku WHERE l.location = ?1 AND l.channel = ?2 AND l.id = ?3 AND "
                    "i.stocked = 1 ORDER BY l.line",
                    values, 3, &query, error);

    while (status == STATUS_OK &&
           (status = store_next(turn->session, query, &row, error)) == STATUS_OK && row) {
        status = buf_printf(lines, "%s\t%" PRId64 "\n", store_column_text(turn->session, query, 0),
                            store_column_int(turn->session, query, 1));
        INVARIANT(status == STATUS_OK);
    }
    return status;
}

/* What the order took, not what it would take today. */
static enum status give_back(const struct writer_turn *turn, const char *location,
                             const struct buf *reserved, struct error *error)
{
    const struct projection_document document = {.kind = "cancel",
                                                 .location = location,
                                                 .from_status = BUCKET_RESERVED,
                                                 .to_status = BUCKET_AVAILABLE,
                                                 .lines = reserved->data,
                                                 .length = reserved->used};

    return reserved->used == 0 ? STATUS_OK : projection_document(turn, &document, error);
}

static enum status cancel(const struct writer_turn *turn, const struct cancelling *order,
                          const char *location, const struct buf *reserved, struct error *error)
{
    static const int64_t unmarked[FIGURE_SUMS];
    const struct store_value values[] = {store_text(order->channel), store_text(order->id),
                                         store_int(turn->now_ms)};
    enum status status = store_run(
        turn->session, "UPDATE order_request SET cancelled_ms = ?3 WHERE channel = ?1 AND id = ?2",
        values, 3, error);

    if (status == STATUS_OK)
        status = give_back(turn, location, reserved, error);
    return status == STATUS_OK ? orders_judge(turn, order->channel, order->id, unmarked, error)
                               : status;
}

static enum status run_cancel(void *context, const struct writer_turn *turn, struct error *error)
{
    struct cancelling *order = context;
    struct store_value values[] = {store_text(order->channel), store_text(order->id)};
    char location[LOCATION_ID_SIZE], state[16];
    struct store_query *query;
    struct buf reserved;
    bool row = false;
    enum status status =
        store_query(turn->session,
                    "SELECT p.location, p.state, r.reserved FROM order_request r "
                    "JOIN pickup_order p ON p.location = r.location AND p.channel = r.channel AND "
                    "p.id = r.id WHERE r.channel = ?1 AND r.id = ?2",
                    values, 2, &query, error);

    order->refusal = STATUS_OK;
    if (status == STATUS_OK)
        status = store_next(turn->session, query, &row, error);
    if (status != STATUS_OK)
        return status;
    if (!row)
        return refuse(order, STATUS_NOT_FOUND, "there is no such order");
    (void)snprintf(location, sizeof location, "%s", store_column_text(turn->session, query, 0));
    (void)snprintf(state, sizeof state, "%s", store_column_text(turn->session, query, 1));
    buf_init(&reserved, LINES_MAX);
    INVARIANT(buf_append_text(&reserved, store_column_text(turn->session, query, 2)) == STATUS_OK);
    store_done(turn->session, query);
    if (strcmp(buf_text(&reserved), "unknown") == 0) {
        buf_clear(&reserved);
        status = guess_reserved(turn, order, location, &reserved, error);
    }
    if (status == STATUS_OK && strcmp(state, "placed") == 0)
        status = cancel(turn, order, location, &reserved, error);
    else if (status == STATUS_OK && strcmp(state, "cancelled") != 0)
        status = refuse(order, STATUS_CONFLICT, "the shop has begun with it: it refuses it there");
    buf_finish(&reserved);
    return status;
}

enum status orders_cancel(struct writer *writer, const char *channel, const char *id,
                          struct error *error)
{
    struct cancelling cancelling = {.channel = channel, .id = id};
    struct writer_job job = {.run = run_cancel, .context = &cancelling};
    enum status status = writer_run(writer, &job, error);

    if (status == STATUS_OK && cancelling.refusal != STATUS_OK)
        status = error_set(error, cancelling.refusal, "%s", cancelling.why);
    return status;
}
