/* What is promised: leases to tills, orders of channels, and what may be sold. */
#include "sync/ledger/availability.h"
#include "sync/ledger/leases.h"
#include "sync/ledger/orders.h"
#include "sync/ledger/routes.h"
#include "terminal/journal/moves.h"

#include <stdio.h>
#include <string.h>

#define ORDER_BODY ((size_t)256 << 10)

/* 409 with a code of its own: not a fault of whoever asked. */
static enum status refuse_promise(struct exchange *exchange, const struct error *why)
{
    struct refusal refusal = {0};

    strcpy(refusal.code, "refused");
    (void)snprintf(refusal.message, sizeof refusal.message, "%.*s", (int)sizeof refusal.message - 1,
                   why->text);
    respond_refusal(exchange, 409, &refusal);
    return STATUS_OK;
}

static enum status ask_lease(struct exchange *exchange, struct error *error)
{
    struct ledger *ledger = exchange->ledger;
    struct lease_ask ask = {.device = exchange->caller.device,
                            .location = exchange->caller.location};
    struct lease_answer answer = {.amount = 0};
    enum status status =
        message_read_lease_request(exchange->body, exchange->length, &ask.request, error);

    if (status != STATUS_OK)
        return status;
    status = leases_ask(ledger->writer, &ask, &answer, error);
    if (status == STATUS_CONFLICT)
        return refuse_promise(exchange, error);
    if (status != STATUS_OK)
        return status;
    answer.time_ms = ledger_now_ms(ledger);
    exchange->response->status = 200;
    return message_write_lease_answer(&answer, &exchange->response->body);
}

static enum status place_order(struct exchange *exchange, struct error *error)
{
    json_t *body, *answer = NULL;
    enum status status = json_read(exchange->body, exchange->length, &body, error);

    if (status != STATUS_OK)
        return status;
    status = orders_place(exchange->ledger->writer, body, &answer, error);
    json_decref(body);
    if (status == STATUS_CONFLICT)
        return refuse_promise(exchange, error);
    if (status == STATUS_OK)
        status = respond_json(exchange, 200, answer, error);
    json_decref(answer);
    return status;
}

/* CHANNEL/ID of the path, with `ending` behind it. Ids hold no character that would be escaped. */
static enum status read_name(const struct exchange *exchange, const char *ending, char *channel,
                             char *id, size_t size, struct error *error)
{
    const char *slash = strchr(exchange->tail, '/');
    size_t length = strlen(exchange->tail), tail = strlen(ending);

    if (slash == NULL || length < tail || strcmp(exchange->tail + length - tail, ending) != 0)
        return error_set(error, STATUS_NOT_FOUND, "there is no such order");
    size_t first = (size_t)(slash - exchange->tail), second = length - tail;
    if (first >= size || second < first + 2 || second - first - 1 >= size)
        return error_set(error, STATUS_NOT_FOUND, "there is no such order");
    second -= first + 1;
    memcpy(channel, exchange->tail, first);
    channel[first] = '\0';
    memcpy(id, slash + 1, second);
    id[second] = '\0';
    return STATUS_OK;
}

static enum status show_order(struct exchange *exchange, struct error *error)
{
    char channel[80], id[80];
    enum status status = read_name(exchange, "", channel, id, sizeof id, error);

    exchange->response->status = 200;
    return status == STATUS_OK
               ? orders_show(exchange->reader, channel, id, &exchange->response->body, error)
               : status;
}

static enum status cancel_order(struct exchange *exchange, struct error *error)
{
    char channel[80], id[80];
    enum status status = read_name(exchange, "/cancel", channel, id, sizeof id, error);

    if (status == STATUS_OK)
        status = orders_cancel(exchange->ledger->writer, channel, id, error);
    exchange->response->status = 200;
    return status == STATUS_OK
               ? orders_show(exchange->reader, channel, id, &exchange->response->body, error)
               : status;
}

static enum status list_orders(struct exchange *exchange, struct error *error)
{
    const char *query = exchange->request->query;
    char location[LOCATION_ID_SIZE] = "", state[16] = "";
    enum status status = query_value(query, "location", location, sizeof location, error);

    if (status == STATUS_OK)
        status = query_value(query, "state", state, sizeof state, error);
    if (status != STATUS_OK || location[0] == '\0')
        return error_set(error, STATUS_INVALID, "say where with ?location=");
    exchange->response->status = 200;
    return orders_list(exchange->reader, location, state, &exchange->response->body, error);
}

static enum status show_availability(struct exchange *exchange, struct error *error)
{
    const char *query = exchange->request->query;
    char location[LOCATION_ID_SIZE] = "", sku[SKU_SIZE] = "";
    enum status status = query_value(query, "location", location, sizeof location, error);

    if (status == STATUS_OK)
        status = query_value(query, "sku", sku, sizeof sku, error);
    if (status != STATUS_OK || location[0] == '\0' || sku[0] == '\0')
        return error_set(error, STATUS_INVALID, "say which with ?location= and &sku=");
    exchange->response->status = 200;
    return availability_report(exchange->reader, location, sku, ledger_now_ms(exchange->ledger),
                               &exchange->response->body, error);
}

const struct route trade_routes[] = {
    {"POST", "/v1/leases", false, ACCESS_DEVICE, 0, SMALL_BODY, ask_lease},
    {"POST", "/v1/orders", false, ACCESS_TOKEN, SCOPE_ORDERS, ORDER_BODY, place_order},
    {"GET", "/v1/orders", false, ACCESS_TOKEN, SCOPE_ORDERS | SCOPE_READ, 0, list_orders},
    {"GET", "/v1/orders/", true, ACCESS_TOKEN, SCOPE_ORDERS | SCOPE_READ, 0, show_order},
    {"POST", "/v1/orders/", true, ACCESS_TOKEN, SCOPE_ORDERS, SMALL_BODY, cancel_order},
    {"GET", "/v1/availability", false, ACCESS_TOKEN, SCOPE_ORDERS | SCOPE_STOCK | SCOPE_READ, 0,
     show_availability},
    {0}};
